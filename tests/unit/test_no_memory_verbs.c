/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_no_memory_verbs - check, extract and audit run out of memory at each of
 * their allocations in turn: they end as a failure of the host, or only a note
 * is lost; nothing stands under the import's name, and nothing is held.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "tests/unit/bytetest.h"
#include "tests/unit/failmem.h"
#include "tests/unit/gpg_memo.h"

static struct bytetest_copy copy;

static void
start_copy(const struct bytetest_folder *f)
{
	char path[160];
	struct outcome o;

	snprintf(path, sizeof(path), "%s-memory", f->path);
	copy_make(&copy, f, path);
	/* what gpg says is known from here on */
	if (copy.n_media > 0)
		verb_run(UNPACK_CHECK, &copy, -1, &o);
	else
		verb_run(UNPACK_AUDIT, &copy, -1, &o);
	assert_int_equal(o.status, ST_OK);
}

/* Remove the import, or what was to become it; whether it stood under its name. */
static bool
remove_import(void)
{
	struct diag d = DIAG_INIT;
	bool named = false;
	char **names;
	int fd = -1;
	size_t n, i;

	assert_int_equal(dir_open_path(copy.dest, &fd, &d), ST_OK);
	assert_int_equal(dir_list(fd, &names, &n, &d), ST_OK);
	for (i = 0; i < n; i++) {
		if (strcmp(names[i], "aurora") == 0)
			named = true;
		else
			assert_memory_equal(names[i], ".satchel-", 9);
		assert_int_equal(dir_remove_tree(fd, names[i], &d), ST_OK);
	}
	dir_list_free(names, n);
	fd_close(&fd);
	return named;
}

/* How many allocations only a note was to be made of: all went well. */
static size_t spared;

static void
without(enum unpack_verb verb, size_t at, bool after, const struct outcome *o,
    size_t held)
{
	if (o->status == ST_OK && held == 0) {
		spared++;
		assert_int_equal(remove_import(), verb == UNPACK_EXTRACT);
		return;
	}
	/* where no memory is left the finding itself is lost, and its status counts */
	if (o->status != ST_HOST || (o->rule[0] == '\0' && !after))
		fail_msg("%s, verb %d without allocation %zu%s: %d, %s", copy.of->name,
		    verb, at, after ? " and more" : "", o->status, o->rule);
	if (held != 0)
		fail_msg("%s, verb %d without allocation %zu%s: holds %zu blocks",
		    copy.of->name, verb, at, after ? " and more" : "", held);
	/* to look into what is to be removed takes memory; the next import removes it */
	if (after)
		assert_false(remove_import());
	if (!dest_empty(&copy))
		fail_msg("%s, verb %d without allocation %zu%s: something is there",
		    copy.of->name, verb, at, after ? " and more" : "");
}

static void
run_out(enum unpack_verb verb, bool after)
{
	struct outcome o;
	size_t at, held;

	spared = 0;
	for (at = 0;; at++) {
		failmem_arm(at, after);
		verb_run(verb, &copy, -1, &o);
		if (!failmem_disarm(&held))
			break;
		without(verb, at, after, &o, held);
	}
	assert_int_equal(o.status, ST_OK);
	assert_true(at > 100 && spared < at / 4);
	print_message("# %s, verb %d: %zu allocations, %zu for notes\n", copy.of->name,
	    verb, at, spared);
}

static void
both_verbs(enum bytetest_kind kind)
{
	start_copy(&bytetest_bundles[kind]);
	run_out(UNPACK_CHECK, false);
	run_out(UNPACK_CHECK, true);
	assert_true(copy_intact(&copy));
	copy_remove(&copy);
	start_copy(&bytetest_bundles[kind]);
	run_out(UNPACK_EXTRACT, false);
	copy_remove(&copy);
	start_copy(&bytetest_bundles[kind]);
	run_out(UNPACK_EXTRACT, true);
	copy_remove(&copy);
}

static void
test_encrypted(void **state)
{
	(void)state;
	both_verbs(BYTES_ENCRYPTED);
}

static void
test_portable(void **state)
{
	(void)state;
	both_verbs(BYTES_PORTABLE);
}

static void
test_two_media(void **state)
{
	(void)state;
	both_verbs(BYTES_MEDIA);
}

static void
test_audit(void **state)
{
	static struct bytetest_folder bag;

	(void)state;
	bytetest_import(&bytetest_bundles[BYTES_SIGNERS], &bag);
	start_copy(&bag);
	run_out(UNPACK_AUDIT, false);
	run_out(UNPACK_AUDIT, true);
	assert_true(copy_intact(&copy));
	copy_remove(&copy);
	folder_free(&bag);
}

static int
start(void **state)
{
	(void)state;
	(void)gpg_memo_asked();
	return bytetest_start();
}

static int
end(void **state)
{
	(void)state;
	return bytetest_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_portable),
		cmocka_unit_test(test_two_media),
		cmocka_unit_test(test_audit),
	};

	return cmocka_run_group_tests(tests, start, end);
}
