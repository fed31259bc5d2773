/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_survey - something changes in staging behind the import's back, just
 * before it gets its name: it gets none.
 */
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

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	static const struct CMUnitTest tests[] = {
		T(test_planted),
	};
	int failed;

	if (!placetest_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	placetest_end();
	return failed;
}
