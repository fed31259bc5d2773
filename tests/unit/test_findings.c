/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_findings - what is kept, what is counted, and which status is the worst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/findings.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
count(void *arg, const struct finding *f)
{
	size_t *n = arg;

	assert_non_null(f->text);
	(*n)++;
}

static void
test_kept(void **state)
{
	struct diag d = DIAG_INIT;
	struct findings f = { 0 };
	size_t shown = 0;

	(void)state;
	f.notify = count;
	f.arg = &shown;
	assert_null(findings_first(&f));
	findings_note(&f, "payload-00.000001", "stray", "%s %d", "number", 7);
	assert_null(findings_first(&f));	/* nothing is wrong */
	diag_set(&d, ST_DAMAGED, "chunk", "differs");
	diag_hint(&d, "ask again");
	assert_int_equal(findings_add_range(&f, ST_DAMAGED, "v", 10, 20, &d),
	    ST_DAMAGED);
	/* What it says is its own. */
	memset(&d, 'x', sizeof(d));
	diag_set(&d, ST_INCOMPLETE, "missing", "gone");
	assert_int_equal(findings_add(&f, ST_INCOMPLETE, NULL, &d), ST_INCOMPLETE);
	assert_int_equal(f.n, 3);
	assert_int_equal(shown, 3);
	assert_int_equal(f.items[0].status, ST_OK);
	assert_string_equal(f.items[0].volume, "payload-00.000001");
	assert_string_equal(f.items[0].rule, "stray");
	assert_string_equal(f.items[0].text, "number 7");
	assert_null(f.items[0].hint);
	assert_false(f.items[0].has_range);
	assert_string_equal(f.items[1].text, "differs");
	assert_string_equal(f.items[1].hint, "ask again");
	assert_string_equal(f.items[1].rule, "chunk");
	assert_true(f.items[1].has_range);
	assert_int_equal(f.items[1].offset, 10);
	assert_int_equal(f.items[1].length, 20);
	assert_null(f.items[2].volume);
	assert_int_equal(f.worst, ST_DAMAGED);
	assert_ptr_equal(findings_first(&f), &f.items[1]);
	findings_free(&f);
	assert_int_equal(f.n, 0);
	findings_free(&f);
}

static void
test_worst(void **state)
{
	static const struct {
		enum status add[3];
		enum status worst;
		size_t first;
	} cases[] = {
		{ { ST_OK, ST_HOST, ST_REFUSED }, ST_REFUSED, 2 },
		{ { ST_HOST, ST_OK, ST_HOST }, ST_HOST, 0 },
		{ { ST_DAMAGED, ST_MALFORMED, ST_UNTRUSTED }, ST_MALFORMED, 1 },
		{ { ST_INTERNAL, ST_INTERRUPTED, ST_USAGE }, ST_INTERNAL, 0 },
		{ { ST_INCOMPLETE, ST_DAMAGED, ST_DAMAGED }, ST_DAMAGED, 1 },
		{ { ST_BUSY, ST_MALFORMED, ST_INTERRUPTED }, ST_INTERRUPTED, 2 },
	};
	struct diag d = DIAG_INIT;
	size_t i, j;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		struct findings f = { 0 };

		for (j = 0; j < 3; j++)
			(void)findings_add(&f, cases[i].add[j], "v", &d);
		assert_int_equal(f.worst, cases[i].worst);
		assert_ptr_equal(findings_first(&f), &f.items[cases[i].first]);
		findings_free(&f);
	}
}

/* Beyond the limit they are counted; one that is worse is kept all the same. */
static void
test_limit(void **state)
{
	struct diag d = DIAG_INIT;
	struct findings f = { 0 };
	size_t i, shown = 0;

	(void)state;
	f.notify = count;
	f.arg = &shown;
	for (i = 0; i < FINDINGS_MAX + 5; i++)
		(void)findings_add(&f, ST_REFUSED, NULL, &d);
	assert_int_equal(f.n, FINDINGS_MAX);
	assert_int_equal(f.dropped, 5);
	(void)findings_add(&f, ST_MALFORMED, NULL, &d);
	(void)findings_add(&f, ST_MALFORMED, NULL, &d);
	(void)findings_add(&f, ST_DAMAGED, NULL, &d);
	assert_int_equal(f.n, FINDINGS_MAX + 1);
	assert_int_equal(f.dropped, 7);
	assert_int_equal(shown, f.n);
	assert_int_equal(f.worst, ST_MALFORMED);
	assert_ptr_equal(findings_first(&f), &f.items[FINDINGS_MAX]);
	findings_free(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_worst),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
