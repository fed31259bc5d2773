/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_transport_limits - as many of everything as a transport manifest may
 * have, and one more; as few, and one less.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/caps.h"
#include "manifests/transport.h"
#include "tests/unit/manifest_samples.h"

/* Emit, release and parse a sample that was changed as a structure. */
static void
expect_rule(struct transport *t, const char *rule, const char *why)
{
	struct diag d = DIAG_INIT;
	struct transport *again;
	struct bytes a = { 0 };
	enum status st;

	transport_emit(t, &a);
	assert_false(a.failed);
	transport_free(t);
	st = transport_parse(a.data, a.len, "m", &again, &d);
	if (rule == NULL ? st != ST_OK : st != ST_MALFORMED ||
	    strcmp(d.rule, rule) != 0)
		fail_msg("%s: status %d, %s (%s)", why, st, d.text, d.rule);
	transport_free(again);
	bytes_free(&a);
}

/* The first lane of an encrypted sample with n volumes of n_chunks each, one run. */
static struct transport *
many_volumes(size_t n, uint64_t n_chunks)
{
	struct transport *t = sample_transport(SAMPLE_ENCRYPTED);
	struct transport_lane *l = &t->lanes[0];
	size_t i;

	free(l->volumes);
	assert_non_null(l->volumes = calloc(n, sizeof(*l->volumes)));
	l->n_volumes = n;
	for (i = 0; i < n; i++) {
		l->volumes[i].medium = i == 0 ? 1 : i == 1 ? 2 : 3;
		l->volumes[i].run = i == 0 ? 3 : 0;
		l->volumes[i].first = i * n_chunks;
		l->volumes[i].n_chunks = n_chunks;
		l->volumes[i].size = 48 + 13 + 8 + (76 + 48 + 4096) * n_chunks;
	}
	return t;
}

static struct transport *
many_signers(size_t n)
{
	struct transport *t = sample_transport(SAMPLE_PLAIN);
	size_t i;

	free(t->signers);
	assert_non_null(t->signers = calloc(n, sizeof(*t->signers)));
	t->n_signers = n;
	for (i = 0; i < n; i++)
		snprintf(t->signers[i], sizeof(t->signers[i]), "%040zX", i);
	return t;
}

static struct transport *
many_recipients(size_t n)
{
	struct transport *t = sample_transport(SAMPLE_HIDDEN);
	struct transport_run *r = &t->lanes[1].runs[0];
	size_t i;

	free(r->keys);
	assert_non_null(r->keys = calloc(n, sizeof(*r->keys)));
	r->n_keys = n;
	for (i = 0; i < n; i++) {
		snprintf(r->keys[i].recipient, sizeof(r->keys[i].recipient), "%03zu", i);
		r->keys[i].file.size = 1;
	}
	return t;
}

/* n runs of one recipient, each with a volume, in the only lane. */
static struct transport *
many_runs(size_t n)
{
	struct transport *t = many_volumes(n, 1);
	struct transport_lane *l = &t->lanes[0];
	size_t i;

	for (i = 0; i < l->n_runs; i++)
		free(l->runs[i].keys);
	free(l->runs);
	assert_non_null(l->runs = calloc(n, sizeof(*l->runs)));
	l->n_runs = n;
	for (i = 0; i < n; i++) {
		l->volumes[i].run = l->runs[i].run = (uint32_t)i;
		assert_non_null(l->runs[i].keys = calloc(1, sizeof(*l->runs[i].keys)));
		l->runs[i].n_keys = 1;
		strcpy(l->runs[i].keys[0].recipient, SAMPLE_FPR_A);
		l->runs[i].keys[0].file.size = 1;
	}
	return t;
}

/* A portable sample with one list of sums. */
static void
one_list_of_sums(void)
{
	struct transport *t = sample_transport(SAMPLE_PORTABLE), *again;
	struct bytes a = { 0 }, b = { 0 };
	struct diag d = DIAG_INIT;
	const uint8_t *second, *behind;

	transport_emit(t, &a);
	second = memmem(a.data, a.len, "- size: \"301\"", 13);
	behind = memmem(a.data, a.len, "signers:", 8);
	assert_true(second != NULL && behind != NULL);
	bytes_append(&b, a.data, (size_t)(second - a.data));
	bytes_append(&b, behind, a.len - (size_t)(behind - a.data));
	assert_int_equal(transport_parse(b.data, b.len, "m", &again, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "manifest-sums");
	bytes_free(&a);
	bytes_free(&b);
	transport_free(t);
}

static struct transport *
large_contents(uint64_t n_chunks)
{
	struct transport *t = sample_transport(SAMPLE_PLAIN);

	t->lanes[0].contents.n_chunks = n_chunks;
	t->lanes[0].contents.size = 48 + 13 + 8 + (76 + 9) * n_chunks;
	return t;
}

static struct transport *
without(size_t what)
{
	struct transport *t = sample_transport(SAMPLE_HIDDEN);

	switch (what) {
	case 0:
		t->n_signers = 0;
		break;
	case 1:
		t->lanes[0].n_volumes = 0;
		break;
	case 2:
		free(t->lanes[1].runs[0].keys);
		t->lanes[1].runs[0].keys = NULL;
		t->lanes[1].runs[0].n_keys = 0;
		break;
	default:
		free(t->lanes[1].runs[0].keys);
		t->lanes[1].n_runs = 0;
		break;
	}
	return t;
}

static void
limits(void **state)
{
	struct transport *t;
	size_t i;

	(void)state;
	expect_rule(many_signers(CAP_PINNED), NULL, "as many signers as may be");
	expect_rule(many_signers(CAP_PINNED + 1), "manifest-signers", "one more");
	expect_rule(many_recipients(CAP_RECIPIENTS), NULL, "recipients");
	expect_rule(many_recipients(CAP_RECIPIENTS + 1), "manifest-recipients",
	    "one more");
	expect_rule(many_runs(CAP_RUNS), NULL, "runs");
	expect_rule(many_runs(CAP_RUNS + 1), "manifest-runs", "one more");
	expect_rule(many_volumes(CAP_VOLUMES, 1), NULL, "volumes");
	expect_rule(many_volumes(CAP_VOLUMES + 1, 1), "manifest-volumes", "one more");
	expect_rule(many_volumes(4097, CAP_VOLUME_CHUNKS), NULL, "2^32 chunks of a run");
	expect_rule(many_volumes(4098, CAP_VOLUME_CHUNKS), "run-chunks", "more of them");
	expect_rule(large_contents(1025), NULL, "contents of 1 GiB and an opener");
	expect_rule(large_contents(1026), "contents-size", "more of them");
	for (i = 0; i < 4; i++)			/* the list is then a null */
		expect_rule(without(i), "yaml-type", "an empty list");
	one_list_of_sums();
	t = sample_transport(SAMPLE_ENCRYPTED);
	t->portable = true;
	expect_rule(t, "yaml-key", "encrypted and portable");
	t = sample_transport(SAMPLE_PLAIN);
	free(t->lanes[0].volumes);
	t->n_lanes = 0;
	expect_rule(t, "yaml-type", "no lane");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
