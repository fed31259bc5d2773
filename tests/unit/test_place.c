/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_place - an import into a folder of its own: what it leaves, what may not
 * be in its way, and a system that fails.  Planted files are in test_survey.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "tests/unit/foldertest.h"
#include "tests/unit/placetest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * System calls that a test lets fail: these take the place of libc's.  errno
 * to fail with, or 0; and how often each was called.
 */
static struct { int err, calls; } fake_rename, fake_syncfs, fake_fsync,
    fake_fallocate;

int
renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	fake_rename.calls++;
	if ((errno = fake_rename.err) != 0)
		return -1;
	return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

int
syncfs(int fd)
{
	fake_syncfs.calls++;
	if ((errno = fake_syncfs.err) != 0)
		return -1;
	return (int)syscall(SYS_syncfs, fd);
}

int
fsync(int fd)
{
	fake_fsync.calls++;
	if ((errno = fake_fsync.err) != 0)
		return -1;
	return (int)syscall(SYS_fsync, fd);
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	fake_fallocate.calls++;
	if ((errno = fake_fallocate.err) != 0)
		return -1;
	return (int)syscall(SYS_fallocate, fd, mode, at, len);
}

static int
setup(void **state)
{
	memset(&fake_rename, 0, sizeof(fake_rename));
	memset(&fake_syncfs, 0, sizeof(fake_syncfs));
	memset(&fake_fsync, 0, sizeof(fake_fsync));
	memset(&fake_fallocate, 0, sizeof(fake_fallocate));
	return folder_setup(state);
}

static void
test_import(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0177 };
	struct diag d = DIAG_INIT;
	enum status st;
	mode_t old;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(masks); i++) {
		if (masks[i] == 0177 && geteuid() != 0)
			continue;
		old = umask(masks[i]);
		st = place_import(&d);
		umask(old);
		if (st != ST_OK)
			fail_msg("umask %o: %s", masks[i], d.text);
		expect_import();
		assert_int_equal(dir_remove_tree(folder, "name", &d), ST_OK);
	}
	/* a folder that hands its group on */
	assert_int_equal(fchmod(folder, 02755), 0);
	assert_int_equal(place_import(&d), ST_OK);
	expect_import();
}

static void
test_staging_is_private(void **state)
{
	struct diag d = DIAG_INIT;
	struct place *p;
	struct stat sb;

	(void)state;
	assert_int_equal(place_fill(&p, &d), ST_OK);
	expect_names(STAGING " ");
	assert_int_equal(fstatat(folder, STAGING, &sb, 0), 0);
	assert_int_equal(sb.st_mode, S_IFDIR | 0700);
	place_free(p);
	expect_names("");
}

/* Nothing may have the name, whatever it is, before and while the tree grows. */
static void
test_name_taken(void **state)
{
	struct diag d = DIAG_INIT;
	struct place *p;
	int how, late;

	(void)state;
	for (how = 0; how < 4; how++)
		for (late = 0; late < 3; late++) {
			p = NULL;
			if (late > 0)
				assert_int_equal(place_fill(&p, &d), ST_OK);
			if (how == 0)
				put("name", "file");
			if (how == 1)
				assert_int_equal(mkdirat(folder, "name", 0755), 0);
			if (how == 2)
				assert_int_equal(symlinkat("none", folder, "name"), 0);
			if (how == 3)
				make_fifo("name");
			fake_rename.err = late == 2 ? EINVAL : 0;
			if (late > 0) {
				assert_int_equal(place_publish(p, &place_tree.contents,
				    place_tags, PLACE_TAGS, NULL, &d), ST_HOST);
			} else {
				assert_int_equal(place_check_destination(folder_top,
				    "name", &(struct findings){ 0 }, &d), ST_HOST);
				assert_string_equal(d.rule, "dest-exists");
				assert_int_equal(place_start(&p, &d), ST_HOST);
				assert_null(p);
			}
			assert_string_equal(d.rule, "dest-exists");
			place_free(p);
			expect_names("name ");
			assert_false(is_there("name/data"));
			remove_it("name");
		}
}

static void
test_rename_fallback(void **state)
{
	static const int errors[] = { EINVAL, ENOSYS };
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(errors); i++) {
		fake_rename.err = errors[i];
		assert_int_equal(place_import(&d), ST_OK);
		expect_import();
		assert_int_equal(dir_remove_tree(folder, "name", &d), ST_OK);
	}
	fake_rename.err = EACCES;
	assert_int_equal(place_import(&d), ST_HOST);
	expect_names("");
}

static void
test_destination(void **state)
{
	static const struct {
		mode_t mode;
		enum status st;
		size_t notes;
	} cases[] = {
		{ 0755, ST_OK, 0 },
		{ 0775, ST_OK, 1 },
		{ 01775, ST_OK, 0 },
		{ 0777, ST_HOST, 0 },
		{ 0757, ST_HOST, 0 },
		{ 02707, ST_HOST, 0 },
		{ 01777, ST_OK, 0 },
	};
	struct diag d = DIAG_INIT;
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		struct findings f = { 0 };
		struct place *p = NULL;

		assert_int_equal(fchmod(folder, cases[i].mode), 0);
		assert_int_equal(place_check_destination(folder_top, "name", &f, &d),
		    cases[i].st);
		assert_int_equal(f.n, cases[i].notes);
		assert_int_equal(f.worst, ST_OK);
		if (cases[i].st != ST_OK)
			assert_string_equal(d.rule, "dest-writable");
		assert_int_equal(place_start(&p, &d), cases[i].st);
		place_free(p);
		expect_names("");
		findings_free(&f);
	}
	snprintf(path, sizeof(path), "%s/none", folder_top);
	assert_int_equal(place_check_destination(path, "name", NULL, &d), ST_HOST);
	put("file", "x");
	snprintf(path, sizeof(path), "%s/file", folder_top);
	assert_int_equal(place_check_destination(path, "name", NULL, &d), ST_HOST);
}

/* What stands where staging is to be made. */
static void
test_foreign_staging(void **state)
{
	struct diag d = DIAG_INIT;
	struct place *p;
	int how;

	(void)state;
	put("victim", "x");
	assert_int_equal(mkdirat(folder, "elsewhere", 0700), 0);
	put("elsewhere/kept", "x");
	for (how = 0; how < 6; how++) {
		if (how == 0)
			assert_int_equal(symlinkat("elsewhere", folder, STAGING), 0);
		if (how == 1)
			assert_int_equal(symlinkat("none", folder, STAGING), 0);
		if (how == 2)
			put(STAGING, "x");
		if (how == 3)
			assert_int_equal(mkfifoat(folder, STAGING, 0700), 0);
		if (how == 4)
			assert_int_equal(mkdirat(folder, STAGING, 0755), 0);
		if (how == 5) {
			assert_int_equal(mkdirat(folder, STAGING, 0700), 0);
			if (geteuid() != 0 ||
			    fchownat(folder, STAGING, 65534, 65534, 0) == -1)
				continue;
		}
		assert_int_equal(place_start(&p, &d), ST_HOST);
		assert_null(p);
		assert_string_equal(d.rule, "staging-foreign");
		assert_true(d.hint[0] != '\0');
		assert_true(is_there(STAGING));
		assert_true(is_there("elsewhere/kept"));
		remove_it(STAGING);
	}
}

/* What a killed run left is emptied, without following what lies in it. */
static void
test_leftover(void **state)
{
	struct diag d = DIAG_INIT;

	(void)state;
	assert_int_equal(mkdirat(folder, "elsewhere", 0700), 0);
	put("elsewhere/kept", "x");
	assert_int_equal(mkdirat(folder, STAGING, 0700), 0);
	put(STAGING "/stray", "x");
	assert_int_equal(mkdirat(folder, STAGING "/tree", 0755), 0);
	assert_int_equal(mkdirat(folder, STAGING "/tree/data", 0755), 0);
	put(STAGING "/tree/data/a", "old");
	assert_int_equal(symlinkat("../../../elsewhere", folder,
	    STAGING "/tree/data/link"), 0);
	assert_int_equal(place_import(&d), ST_OK);
	assert_true(is_there("elsewhere/kept"));
	assert_int_equal(dir_remove_tree(folder, "elsewhere", &d), ST_OK);
	expect_import();
}

static void
test_busy(void **state)
{
	struct diag d = DIAG_INIT;
	struct place *first, *second;

	(void)state;
	assert_int_equal(place_fill(&first, &d), ST_OK);
	assert_int_equal(place_start(&second, &d), ST_BUSY);
	assert_null(second);
	assert_string_equal(d.rule, "staging-busy");
	/* and the first is none the worse for it */
	assert_int_equal(place_publish(first, &place_tree.contents, place_tags, PLACE_TAGS,
	    NULL, &d), ST_OK);
	place_free(first);
	expect_import();
}

static void
test_sync_fails(void **state)
{
	struct diag d = DIAG_INIT;

	(void)state;
	fake_syncfs.err = EIO;
	assert_int_equal(place_import(&d), ST_HOST);
	assert_int_equal(fake_syncfs.calls, 1);
	expect_names("");
	/* no such call: every file and directory one by one */
	fake_syncfs.err = ENOSYS;
	fake_fsync.calls = 0;
	assert_int_equal(place_import(&d), ST_OK);
	expect_import();
	assert_true(fake_fsync.calls >= (int)(PLACE_ENTRIES + PLACE_TAGS) + 4);
	assert_int_equal(dir_remove_tree(folder, "name", &d), ST_OK);
	fake_fsync.err = EIO;
	fake_fsync.calls = 0;
	assert_int_equal(place_import(&d), ST_HOST);
	assert_int_equal(fake_fsync.calls, 1);
	expect_names("");
}

static void
test_space(void **state)
{
	static const struct {
		int err;
		enum status st;
	} cases[] = {
		{ ENOSPC, ST_HOST },
		{ EFBIG, ST_HOST },
		{ EDQUOT, ST_HOST },
		{ EOPNOTSUPP, ST_OK },
		{ ENOSYS, ST_OK },
		{ EINVAL, ST_OK },
	};
	struct diag d = DIAG_INIT;
	struct place *p;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		fake_fallocate.err = cases[i].err;
		assert_int_equal(place_import(&d), cases[i].st);
		if (cases[i].st == ST_OK)
			expect_import();
		else
			expect_names("");
		assert_int_equal(dir_remove_tree(folder, "name", &d), ST_OK);
	}
	assert_int_equal(place_open(folder_top, "name", place_digest, (uint64_t)1 << 60, 1, &p,
	    &d), ST_HOST);
	assert_string_equal(d.rule, "host-space");
	expect_names("");
	assert_int_equal(place_open(folder_top, "name", place_digest, 1, (uint64_t)1 << 60, &p,
	    &d), ST_HOST);
	assert_string_equal(d.rule, "host-space");
	expect_names("");
}

static void
test_write_fails(void **state)
{
	struct rlimit old, limit;
	struct diag d = DIAG_INIT;

	(void)state;
	interrupt_install();		/* ignores SIGXFSZ */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fake_fallocate.err = EOPNOTSUPP;
	assert_int_equal(place_import(&d), ST_HOST);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	expect_names("");
}

/* The stream is refused in its middle: nothing is left. */
static void
test_stream_refused(void **state)
{
	struct diag d = DIAG_INIT;
	size_t at = place_tree.stream.len / 2;

	(void)state;
	place_tree.stream.data[at] ^= 1;
	assert_int_equal(place_import(&d), ST_MALFORMED);
	place_tree.stream.data[at] ^= 1;
	expect_names("");
}

/* The last one: from here on every long loop ends. */
static void
test_interrupted(void **state)
{
	struct diag d = DIAG_INIT;

	(void)state;
	interrupt_install();
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(place_import(&d), ST_INTERRUPTED);
	expect_names("");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, folder_teardown)
	static const struct CMUnitTest tests[] = {
		T(test_import),
		T(test_staging_is_private),
		T(test_name_taken),
		T(test_rename_fallback),
		T(test_destination),
		T(test_foreign_staging),
		T(test_leftover),
		T(test_busy),
		T(test_sync_fails),
		T(test_space),
		T(test_write_fails),
		T(test_stream_refused),
		T(test_interrupted),
	};
	int failed;

	if (!placetest_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	placetest_end();
	return failed;
}
