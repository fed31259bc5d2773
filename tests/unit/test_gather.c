/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gather - what the walk over components takes, what it refuses by name,
 * and sources that change behind its back.  Links are in test_source.c.
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
#include "manifests/caps.h"
#include "tests/unit/foldertest.h"
#include "tests/unit/gathertest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
append(const char *path, const char *text)
{
	int fd = openat(folder, path, O_WRONLY | O_APPEND);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* What can happen to a file behind the walk's back. */
static void
change(const char *path, int how)
{
	struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };
	int fd;

	switch (how) {
	case 0:
		append(path, "more");
		break;
	case 1:
		fd = openat(folder, path, O_WRONLY | O_TRUNC);
		assert_int_not_equal(fd, -1);
		close(fd);
		break;
	case 2:
		assert_int_equal(utimensat(folder, path, times, 0), 0);
		break;
	case 3:
		assert_int_equal(fchmodat(folder, path, 0755, 0), 0);
		break;
	default:
		break;
	}
}

static void
test_tree(void **state)
{
	static const char *const paths[] = { "w/m/a", "w/m/b", "notes.md" };
	struct run r;

	(void)state;
	make_file("w/m/a/x", "xx");
	make_file("w/m/a/x-y/z", "");
	make_file("w/m/a/x.txt", "abc");
	make_file("w/m/a/run", "#!");
	assert_int_equal(fchmodat(folder, "w/m/a/run", 0711, 0), 0);
	make_file("w/m/a/group", "g");
	assert_int_equal(fchmodat(folder, "w/m/a/group", 0677, 0), 0);
	make_directory("w/m/a/void");
	make_file("w/m/b/stra\xc3\x9f" "e/1", "1");
	make_file("w/m/other", "not a component's");
	make_file("notes.md", "notes");
	run_paths(&r, paths, LEN(paths), false);
	expect_tree(&r, "w/\nw/m/\nw/m/a/\nw/m/a/void/\nw/m/a/x-y/\nw/m/b/\n"
	    "w/m/b/stra\xc3\x9f" "e/\n"
	    "notes.md 5\nw/m/a/group 1\nw/m/a/run 2 x\nw/m/a/x 2\n"
	    "w/m/a/x-y/z 0\nw/m/a/x.txt 3\nw/m/b/stra\xc3\x9f" "e/1 1\n");
	assert_int_equal(r.out->total, 14);
	assert_int_equal(r.out->sources[0].component, 2);
	assert_int_equal(r.out->sources[1].component, 0);
	assert_int_equal(r.out->sources[6].component, 1);
	run_free(&r);
}

/* Each source still belongs to its file after sorting. */
static void
test_sources(void **state)
{
	struct diag d = DIAG_INIT;
	char path[32], seen[32];
	struct run r;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "c/%zu%s/f", i * 7919 % 1000,
		    i % 3 == 0 ? "-" : "");
		make_file(path, path);
	}
	run(&r, "c", false);
	assert_int_equal(r.st, ST_OK);
	assert_int_equal(r.out->n_files, 300);
	for (i = 0; i < 300; i++) {
		assert_int_equal(gather_open(r.out, &r.handoff, i, &fd, &d),
		    ST_OK);
		memset(seen, 0, sizeof(seen));
		assert_true(read(fd, seen, sizeof(seen) - 1) > 0);
		assert_string_equal(seen, r.out->files[i].path);
		assert_int_equal(gather_unchanged(r.out, i, fd, &d), ST_OK);
		fd_close(&fd);
		if (i > 0)
			assert_true(strcmp(r.out->files[i - 1].path,
			    r.out->files[i].path) < 0);
	}
	run_free(&r);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		const char *shown;	/* NULL: legal */
	} cases[] = {
		{ "plain", NULL },
		{ ".hidden", NULL },
		{ "-dash", NULL },
		{ "a b", NULL },
		{ "\xc3\xa9", NULL },
		{ "a:b", "a:b" },
		{ "CON", "CON" },
		{ "aux.txt", "aux.txt" },
		{ "dot.", "dot." },
		{ " lead", " lead" },
		{ "trail ", "trail " },
		{ "\xff", "\\xff" },
		{ "e\xcc\x81", "e\xcc\x81" },
		{ "new\nline", "new\\x0aline" },
		{ "esc\033[2J", "esc\\x1b[2J" },
		{ "rtl\xe2\x80\xae", "rtl\\xe2\\x80\\xae" },
		{ "back\\slash", "back\\\\slash" },
		{ "\xcd\xb8", "\xcd\xb8" },	/* not assigned */
	};
	char path[64], expected[128];
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		bool legal = cases[i].shown == NULL;

		snprintf(path, sizeof(path), "c/%s", cases[i].name);
		make_file(path, "x");
		run(&r, "c", false);
		snprintf(expected, sizeof(expected), "illegal-name c/%s\n",
		    legal ? "" : cases[i].shown);
		expect_refused(&r, legal ? ST_OK : ST_REFUSED,
		    legal ? "" : expected);
		run_free(&r);
		remove_it(path);
	}
}

/* Below an illegal directory only what is wrong by itself is named. */
static void
test_illegal_directory(void **state)
{
	struct run r;

	(void)state;
	make_file("c/a:b/good", "x");
	make_file("c/a:b/b?d", "x");
	make_file("c/a:b/deep/er/NUL", "x");
	make_link("c/a:b/link", "good");
	run(&r, "c", false);
	expect_refused(&r, ST_REFUSED, "illegal-name c/a:b\n"
	    "illegal-name c/a:b/b?d\nillegal-name c/a:b/deep/er/NUL\n"
	    "link c/a:b/link\n");
	run_free(&r);
}

static void
test_depth(void **state)
{
	char path[2 * CAP_DEPTH + 20] = "c";
	struct run r;
	size_t i;

	(void)state;
	for (i = 2; i < CAP_DEPTH; i++)
		strcat(path, "/d");
	strcat(path, "/f");
	make_file(path, "deep");	/* CAP_DEPTH components */
	run(&r, "c", false);
	assert_int_equal(r.st, ST_OK);
	assert_int_equal(r.out->n_directories, CAP_DEPTH - 1);
	run_free(&r);
	path[strlen(path) - 1] = 'd';
	strcat(path, "/d/a:b");		/* what is that deep is not even looked at */
	make_file(path, "too deep");
	run(&r, "c", false);
	assert_int_equal(r.st, ST_REFUSED);
	assert_int_equal(r.findings.n, 1);	/* and goes no deeper */
	assert_string_equal(r.findings.items[0].rule, "illegal-name");
	run_free(&r);
}

static void
test_long_path(void **state)
{
	char name[CAP_COMPONENT + 1], path[2 * CAP_PATH] = "c";
	struct run r;
	size_t i;

	(void)state;
	memset(name, 'n', CAP_COMPONENT);
	name[CAP_COMPONENT] = '\0';
	for (i = 0; i < 5; i++) {
		strcat(path, "/");
		strcat(path, name);
	}
	make_directory(path);
	run(&r, "c", false);
	assert_int_equal(r.st, ST_REFUSED);
	assert_int_equal(r.findings.n, 1);
	assert_string_equal(r.findings.items[0].rule, "illegal-name");
	run_free(&r);
}

static void
test_all_named(void **state)
{
	static const char *const paths[] = { "c", "none", "e" };
	struct run r;

	(void)state;
	make_file("c/a*b", "x");
	make_link("c/l", "x");
	make_file("e/p", "version https://git-lfs.github.com/spec/v1\n");
	run_paths(&r, paths, LEN(paths), false);
	expect_refused(&r, ST_INCOMPLETE, "illegal-name c/a*b\nlink c/l\n"
	    "missing none\nlfs-pointer e/p\n");
	run_free(&r);
}

static void
test_collisions(void **state)
{
	static const char *const paths[] = { "c", "D" };
	struct run r;

	(void)state;
	make_file("c/README", "x");
	make_file("c/readme", "x");
	make_file("c/ReadMe", "x");
	make_file("c/stra\xc3\x9f" "e", "x");
	make_file("c/STRASSE", "x");
	make_file("c/same/x", "x");
	make_file("D/x", "x");
	make_directory("c/SAME");
	run_paths(&r, paths, LEN(paths), false);
	assert_int_equal(r.st, ST_REFUSED);
	assert_int_equal(r.findings.n, 4);	/* two, one, one */
	assert_string_equal(r.findings.items[0].rule, "collision");
	run_free(&r);
	remove_it("c/README");
	remove_it("c/readme");
	remove_it("c/STRASSE");
	remove_it("c/SAME");
	run_paths(&r, paths, LEN(paths), false);
	assert_int_equal(r.st, ST_OK);
	run_free(&r);
	/* in two components */
	assert_int_equal(renameat(folder, "D", folder, "C"), 0);
	run_paths(&r, (const char *const[]){ "c", "C" }, 2, false);
	expect_refused(&r, ST_REFUSED, "collision c\n");
	run_free(&r);
}

static void
test_exclude(void **state)
{
	static char tmp[] = "*.tmp", git[] = ".git", whole[] = "sub/skip";
	char *patterns[] = { tmp, git, whole };
	char path[] = "c";
	struct handoff h = { .n_components = 1 };
	struct component c = { .path = path };
	struct run r = { .st = ST_OK };

	(void)state;
	make_file("c/keep", "x");
	make_file("c/a.tmp", "x");
	make_file("c/b.tmp/inside", "x");
	make_link("c/l.tmp", "nowhere");
	make_file("c/.git/a:b", "x");
	make_file("c/sub/.git", "x");
	make_file("c/sub/skip/x", "x");
	make_file("c/skip/x", "x");
	h.components = &c;
	h.exclude.items = patterns;
	h.exclude.n = LEN(patterns);
	r.st = gather(&h, folder, false, &r.findings, &r.out, &r.d);
	expect_tree(&r, "c/\nc/skip/\nc/sub/\nc/keep 1\nc/skip/x 1\n");
	run_free(&r);
}

static void
test_changes(void **state)
{
	struct diag d = DIAG_INIT;
	struct run r;
	int how, fd, again;

	(void)state;
	for (how = 0; how <= 4; how++) {
		make_file("c/f", "content");
		usleep(20000);		/* the clock of file times is coarse */
		run(&r, "c", false);
		assert_int_equal(gather_open(r.out, &r.handoff, 0, &fd, &d),
		    ST_OK);
		assert_int_equal(gather_unchanged(r.out, 0, fd, &d), ST_OK);
		change("c/f", how);
		assert_int_equal(gather_unchanged(r.out, 0, fd, &d),
		    how == 4 ? ST_OK : ST_REFUSED);
		if (how != 4)
			assert_string_equal(d.rule, "source-changed");
		fd_close(&fd);
		assert_int_equal(gather_open(r.out, &r.handoff, 0, &again, &d),
		    how == 4 ? ST_OK : ST_REFUSED);
		fd_close(&again);
		run_free(&r);
	}
}

static void
test_replaced(void **state)
{
	struct diag d = DIAG_INIT;
	struct run r;
	int how, fd;

	(void)state;
	for (how = 0; how < 4; how++) {
		make_file("c/d/f", "content");
		run(&r, "c", how == 3);
		remove_it("c/d/f");
		if (how == 1)
			make_file("c/d/f", "content");
		if (how == 2)
			make_link("c/d/f", "/etc/passwd");
		if (how == 3)
			make_fifo("c/d/f");
		assert_int_equal(gather_open(r.out, &r.handoff, 0, &fd, &d),
		    ST_REFUSED);
		assert_string_equal(d.rule, "source-changed");
		assert_int_equal(fd, -1);
		if (how != 0)
			remove_it("c/d/f");
		run_free(&r);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	static const struct CMUnitTest tests[] = {
		T(test_tree),
		T(test_sources),
		T(test_names),
		T(test_illegal_directory),
		T(test_depth),
		T(test_long_path),
		T(test_all_named),
		T(test_collisions),
		T(test_exclude),
		T(test_changes),
		T(test_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
