/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_source - links, followed and not, special files, and what cannot be
 * opened, as gather() meets them.
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
#include "tests/unit/gathertest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
test_special(void **state)
{
	struct run r;

	(void)state;
	make_file("c/file", "x");
	make_fifo("c/fifo");
	make_socket("c/socket");
	make_link("c/link", "file");
	make_link("c/linked-fifo", "fifo");
	run(&r, "c", false);
	expect_refused(&r, ST_REFUSED, "special-file c/fifo\nlink c/link\n"
	    "link c/linked-fifo\nspecial-file c/socket\n");
	assert_non_null(strstr(r.findings.items[1].hint, "--dereference"));
	run_free(&r);
	run(&r, "c", true);
	expect_refused(&r, ST_REFUSED, "special-file c/fifo\n"
	    "special-file c/linked-fifo\nspecial-file c/socket\n");
	run_free(&r);
}

static void
test_unreadable(void **state)
{
	bool root = geteuid() == 0;
	struct run r;

	(void)state;
	make_file("c/secret", "x");
	make_file("c/dir/x", "x");
	assert_int_equal(fchmodat(folder, "c/secret", 0, 0), 0);
	assert_int_equal(fchmodat(folder, "c/dir", 0, 0), 0);
	if (root) {
		/* Root reads it; as nobody it is refused. */
		assert_int_equal(fchmodat(folder, ".", 0755, 0), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	run(&r, "c", false);
	if (root)
		assert_int_equal(seteuid(0), 0);
	expect_refused(&r, ST_HOST, "host-io c/dir\nhost-io c/secret\n");
	run_free(&r);
}

static void
test_dereference(void **state)
{
	struct diag d = DIAG_INIT;
	char seen[8] = "";
	struct run r;
	int fd;

	(void)state;
	/* as a hub's cache: snapshots are links into blobs */
	make_file("hub/blobs/0123", "real");
	make_link("hub/snapshots/main/config.json", "../../blobs/0123");
	make_link("hub/latest", "snapshots/main");
	make_link("hub/twice", "latest/config.json");
	run(&r, "hub", true);
	expect_tree(&r, "hub/\nhub/blobs/\nhub/latest/\nhub/snapshots/\n"
	    "hub/snapshots/main/\nhub/blobs/0123 4\nhub/latest/config.json 4\n"
	    "hub/snapshots/main/config.json 4\nhub/twice 4\n");
	assert_int_equal(gather_open(r.out, &r.handoff, 1, &fd, &d), ST_OK);
	assert_int_equal(read(fd, seen, 4), 4);
	assert_string_equal(seen, "real");
	fd_close(&fd);
	run_free(&r);
	run(&r, "hub", false);
	expect_refused(&r, ST_REFUSED, "link hub/latest\n"
	    "link hub/snapshots/main/config.json\nlink hub/twice\n");
	run_free(&r);
}

static void
test_bad_links(void **state)
{
	char absolute[128];
	struct run r;

	(void)state;
	make_file("outside", "x");
	make_file("c/sub/file", "x");
	make_link("c/out", "../outside");
	make_link("c/sub/out", "../../outside");
	snprintf(absolute, sizeof(absolute), "%s/c/sub/file", folder_top);
	make_link("c/absolute", absolute);
	make_link("c/proc", "/proc/self/fd/0");
	make_link("c/none", "nothing");
	make_link("c/through", "sub/file/x");
	make_link("c/self", "self");
	make_link("c/ping", "pong");
	make_link("c/pong", "ping");
	make_link("c/sub/up", "..");
	make_link("c/sub/here", ".");
	run(&r, "c", true);
	expect_refused(&r, ST_REFUSED, "link-leaves c/absolute\n"
	    "link-dangles c/none\nlink-leaves c/out\nlink-loop c/ping\n"
	    "link-loop c/pong\nlink-leaves c/proc\nlink-loop c/self\n"
	    "link-loop c/sub/here\nlink-leaves c/sub/out\nlink-loop c/sub/up\n"
	    "link-dangles c/through\n");
	run_free(&r);
}

static void
test_component_paths(void **state)
{
	static const struct {
		const char *path;
		bool dereference;
		enum status st;
		const char *rule;
	} cases[] = {
		{ "real", false, ST_OK, NULL },
		{ "real/file", false, ST_OK, NULL },
		{ "link", false, ST_REFUSED, "link" },
		{ "link/file", false, ST_REFUSED, "link" },
		{ "link", true, ST_OK, NULL },
		{ "link/file", true, ST_OK, NULL },
		{ "filelink", true, ST_OK, NULL },
		{ "out", true, ST_REFUSED, "link-leaves" },
		{ "out/passwd", true, ST_REFUSED, "link-leaves" },
		{ "none", false, ST_INCOMPLETE, "missing" },
		{ "none", true, ST_INCOMPLETE, "missing" },
		{ "real/none/x", false, ST_INCOMPLETE, "missing" },
		{ "real/file/x", false, ST_INCOMPLETE, "missing" },
		{ "dangling", true, ST_REFUSED, "link-dangles" },
		{ "fifo", false, ST_REFUSED, "special-file" },
		{ "fifo", true, ST_REFUSED, "special-file" },
		{ "../etc", false, ST_REFUSED, "illegal-name" },
		{ "/etc", false, ST_REFUSED, "illegal-name" },
	};
	struct diag d = DIAG_INIT;
	struct run r;
	size_t i;
	int fd;

	(void)state;
	make_file("real/file", "x");
	make_link("link", "real");
	make_link("filelink", "real/file");
	make_link("out", "/etc");
	make_link("dangling", "nothing");
	make_fifo("fifo");
	for (i = 0; i < LEN(cases); i++) {
		run(&r, cases[i].path, cases[i].dereference);
		if (r.st != cases[i].st)
			fail_msg("%s: status %d", cases[i].path, (int)r.st);
		if (cases[i].rule != NULL) {
			assert_int_equal(r.findings.n, 1);
			assert_string_equal(r.findings.items[0].rule,
			    cases[i].rule);
		} else {
			assert_int_equal(r.out->n_files, 1);
			assert_int_equal(gather_open(r.out, &r.handoff, 0, &fd,
			    &d), ST_OK);
			fd_close(&fd);
		}
		run_free(&r);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	static const struct CMUnitTest tests[] = {
		T(test_special),
		T(test_unreadable),
		T(test_dereference),
		T(test_bad_links),
		T(test_component_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
