/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_survey - something changes in staging behind the import's back, just
 * before it gets its name: it gets none.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "tests/unit/foldertest.h"
#include "tests/unit/placetest.h"
#include "unpack/inventory.h"
#include "unpack/survey.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
plant_file(void)
{
	put(TREE "data/a/extra", "x");
}

static void
plant_tag(void)
{
	put(TREE "satchel/extra", "x");
}

static void
plant_top(void)
{
	put(TREE "extra", "x");
}

static void
plant_directory(void)
{
	assert_int_equal(mkdirat(folder, TREE "data/void/more", 0755), 0);
}

static void
plant_link(void)
{
	remove_it(TREE "data/a-b");
	assert_int_equal(symlinkat("a/empty", folder, TREE "data/a-b"), 0);
}

static void
plant_directory_link(void)
{
	remove_it(TREE "data/void");
	assert_int_equal(symlinkat("/etc", folder, TREE "data/void"), 0);
}

static void
plant_hard_link(void)
{
	assert_int_equal(linkat(folder, TREE "data/a/b/c/deep", folder, "outside", 0), 0);
}

static void
plant_fifo(void)
{
	remove_it(TREE "data/a/empty");
	assert_int_equal(mkfifoat(folder, TREE "data/a/empty", 0644), 0);
}

static void
plant_file_mode(void)
{
	assert_int_equal(fchmodat(folder, TREE "data/a/empty", 0664, 0), 0);
}

static void
plant_setuid(void)
{
	assert_int_equal(fchmodat(folder, TREE "data/a-b", 04755, 0), 0);
}

static void
plant_directory_mode(void)
{
	assert_int_equal(fchmodat(folder, TREE "data/void", 0777, 0), 0);
}

static void
plant_data_mode(void)
{
	assert_int_equal(fchmodat(folder, TREE "data", 0700, 0), 0);
}

static void
plant_root_mode(void)
{
	assert_int_equal(fchmodat(folder, STAGING "/tree", 0777, 0), 0);
}

static void
plant_size(void)
{
	put(TREE "data/a/b/c/deep", "longer than it was");
}

static void
plant_swap(void)
{
	remove_it(TREE "data/void");
	put(TREE "data/void", "x");
}

static void
plant_removed_file(void)
{
	remove_it(TREE "data/a/empty");
}

static void
plant_removed_directory(void)
{
	remove_it(TREE "data/void");
}

static void
plant_removed_tag(void)
{
	remove_it(TREE "bagit.txt");
}

static void
plant_other_tree(void)
{
	assert_int_equal(renameat(folder, STAGING "/tree", folder, STAGING "/gone"), 0);
	assert_int_equal(mkdirat(folder, STAGING "/tree", 0755), 0);
}

static void
plant_other_staging(void)
{
	assert_int_equal(renameat(folder, STAGING, folder, "moved"), 0);
	assert_int_equal(mkdirat(folder, STAGING, 0700), 0);
}

static void
plant_owner(void)
{
	/* only root can; for others the next best thing */
	if (geteuid() != 0)
		plant_file_mode();
	else
		assert_int_equal(fchownat(folder, TREE "data/a/empty", 65534,
		    65534, 0), 0);
}

static void
test_planted(void **state)
{
	static void (*const plants[])(void) = {
		plant_file, plant_tag, plant_top, plant_directory, plant_link,
		plant_directory_link, plant_hard_link, plant_fifo,
		plant_file_mode, plant_setuid, plant_directory_mode,
		plant_data_mode, plant_root_mode, plant_size, plant_swap,
		plant_removed_file, plant_removed_directory, plant_removed_tag,
		plant_other_tree, plant_other_staging, plant_owner,
	};
	struct diag d = DIAG_INIT;
	struct place *p;
	enum status st;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(plants); i++) {
		assert_int_equal(place_fill(&p, &d), ST_OK);
		plants[i]();
		st = place_publish(p, &place_tree.contents, place_tags, PLACE_TAGS, NULL, &d);
		if (st != ST_REFUSED || strcmp(d.rule, "staging-changed") != 0)
			fail_msg("plant %zu: status %d, %s", i, (int)st, d.text);
		assert_false(is_there("name"));
		place_free(p);
		/* What is not ours stays. */
		assert_int_equal(is_there(STAGING),
		    plants[i] == plant_other_staging);
		assert_int_equal(dir_remove_tree(folder, STAGING, &d), ST_OK);
		assert_int_equal(dir_remove_tree(folder, "moved", &d), ST_OK);
		assert_int_equal(dir_remove_tree(folder, "outside", &d), ST_OK);
		expect_names("");
	}
}

/* The linker puts these in the place of the system's (Makefile). */
#define FAILS(name, params, ...) \
	int __wrap_##name params; \
	int __real_##name params; \
	int __wrap_##name params \
	{ \
		return fails() ? -1 : __real_##name(__VA_ARGS__); \
	}

static size_t calls_left;
static bool counting, has_failed;

static bool
fails(void)
{
	if (!counting || has_failed || calls_left-- > 0)
		return false;
	errno = EIO;
	return has_failed = true;
}

ssize_t __wrap_pread64(int fd, void *buf, size_t len, off_t at);
ssize_t __real_pread64(int fd, void *buf, size_t len, off_t at);

ssize_t
__wrap_pread64(int fd, void *buf, size_t len, off_t at)
{
	return fails() ? -1 : __real_pread64(fd, buf, len, at);
}

FAILS(fsync, (int fd), fd)
FAILS(futimens, (int fd, const struct timespec times[2]), fd, times)
FAILS(utimensat, (int fd, const char *name, const struct timespec times[2], int flags),
    fd, name, times, flags)
FAILS(fstat64, (int fd, struct stat *sb), fd, sb)
FAILS(fstatat64, (int fd, const char *name, struct stat *sb, int flags), fd, name, sb,
    flags)

/* Whatever cannot be looked at, given its time or synced is no import. */
static void
test_host_fails(void **state)
{
	const struct derived want = { .contents = &place_tree.contents,
		.files = place_tags, .n_files = PLACE_TAGS };
	struct place *p;
	struct diag d = DIAG_INIT;
	enum status st;
	size_t at;
	int tree;

	(void)state;
	assert_int_equal(place_fill(&p, &d), ST_OK);
	assert_int_equal(dir_open(folder, STAGING, &tree, &d), ST_OK);
	for (at = 0;; at++) {
		int fd;

		assert_int_equal(dir_open(tree, "tree", &fd, &d), ST_OK);
		d = (struct diag)DIAG_INIT;
		calls_left = at;
		has_failed = false;
		counting = true;
		st = survey_tree(fd, &want, true, &d);
		counting = false;
		fd_close(&fd);
		if (!has_failed)
			break;
		if (st != ST_HOST || strcmp(d.rule, "host-io") != 0)
			fail_msg("call %zu: %d, %s: %s", at, (int)st, d.rule, d.text);
	}
	assert_int_equal(st, ST_OK);
	assert_true(at > 40);
	fd_close(&tree);
	place_free(p);
}

/* The same where the audit looks: a status, or a finding about that file. */
static void
test_audit_fails(void **state)
{
	const struct derived want = { .contents = &place_tree.contents,
		.files = place_tags, .n_files = PLACE_TAGS };
	const char *rule = "";
	struct place *p;
	struct diag d = DIAG_INIT;
	enum status st;
	size_t at;
	int tree;

	(void)state;
	assert_int_equal(place_fill(&p, &d), ST_OK);
	assert_int_equal(place_publish(p, &place_tree.contents, place_tags, PLACE_TAGS,
	    NULL, &d), ST_OK);
	place_free(p);
	assert_int_equal(dir_open(folder, "name", &tree, &d), ST_OK);
	for (at = 0;; at++) {
		struct findings f = { 0 };
		const struct inventory_params q = { .root = tree, .want = &want,
			.jobs = 1, .findings = &f };

		d = (struct diag)DIAG_INIT;
		calls_left = at;
		has_failed = false;
		counting = true;
		st = inventory(&q, &d);
		counting = false;
		rule = f.n == 0 ? d.rule : f.items[0].rule;
		st = status_worse(st, f.worst);
		if (has_failed && (st != ST_HOST || strcmp(rule, "host-io") != 0))
			fail_msg("call %zu: %d, %s: %s", at, (int)st, rule, d.text);
		findings_free(&f);
		if (!has_failed)
			break;
	}
	assert_int_equal(st, ST_OK);
	assert_true(at > 20);
	fd_close(&tree);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	static const struct CMUnitTest tests[] = {
		T(test_planted),
		T(test_host_fails),
		T(test_audit_fails),
	};
	int failed;

	if (!placetest_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	placetest_end();
	return failed;
}
