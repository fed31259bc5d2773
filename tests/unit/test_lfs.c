/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lfs - Git LFS pointers, made here and real ones, as gather() meets them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "pack/lfs.h"
#include "tests/unit/foldertest.h"
#include "tests/unit/gathertest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
test_lfs(void **state)
{
#define OID "0123456789012345678901234567890123456789012345678901234567890123"
	static const struct {
		const char *text;
		bool pointer;
		const char *why;
	} cases[] = {
		{ "version https://git-lfs.github.com/spec/v1\n"
		    "oid sha256:" OID "\nsize 12\n", true, "as git writes it" },
		{ "version https://hawser.github.com/spec/v1\n"
		    "oid sha256:" OID "\nsize 12\n", true, "old name" },
		{ "version https://git-lfs.github.com/spec/v1\r\n"
		    "oid sha256:" OID "\r\nsize 12\r\n", true, "CR LF" },
		{ "version https://git-lfs.github.com/spec/v1", true, "cut" },
		{ "version https://git-lfs.github.com/spec/v1\n"
		    "ext-0-x sha256:00\noid sha256:" OID "\nsize 12\n", true,
		    "extension" },
		{ "version https://git-lfs.github.com/spec/v2\n", false, "v2" },
		{ " version https://git-lfs.github.com/spec/v1\n", false,
		    "blank in front" },
		{ "# version https://git-lfs.github.com/spec/v1\n", false, "text" },
		{ "", false, "empty" },
		{ "version: 1\n", false, "yaml" },
	};
	char big[LFS_POINTER_MAX + 1];
	struct diag d = DIAG_INIT;
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		make_file("c/f", cases[i].text);
		run(&r, "c", false);
		if ((r.st == ST_REFUSED) != cases[i].pointer)
			fail_msg("%s: status %d", cases[i].why, (int)r.st);
		if (cases[i].pointer) {
			assert_string_equal(r.findings.items[0].rule,
			    "lfs-pointer");
			assert_non_null(strstr(r.findings.items[0].hint,
			    "git lfs pull"));
		}
		if (strstr(cases[i].text, "size") != NULL &&
		    cases[i].pointer) {
			assert_non_null(strstr(r.findings.items[0].text,
			    "sha256:" OID ", size 12)"));
		}
		run_free(&r);
	}
	/* a text of this size is none */
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	memcpy(big, cases[0].text, strlen(cases[0].text));
	make_file("c/f", big);
	assert_int_equal(lfs_check((const uint8_t *)big, LFS_POINTER_MAX, &d),
	    ST_OK);
	run(&r, "c", false);
	assert_int_equal(r.st, ST_OK);
	run_free(&r);
	big[sizeof(big) - 2] = '\0';
	make_file("c/f", big);
	run(&r, "c", false);
	assert_int_equal(r.st, ST_REFUSED);
	run_free(&r);
}

/* Real pointers: all of them are named. */
static void
test_lfs_samples(void **state)
{
	const char *data = getenv("SATCHEL_DATA");
	struct diag d = DIAG_INIT;
	char path[4096], *name = strdup("lfs-pointers");
	struct component c = { .path = name };
	struct handoff h = { .components = &c, .n_components = 1 };
	struct run r = { .st = ST_OK };
	size_t i;
	int fd;

	(void)state;
	if (data == NULL) {
		free(name);
		skip();
	}
	snprintf(path, sizeof(path), "%s/manifests", data);
	assert_int_equal(dir_open_path(path, &fd, &d), ST_OK);
	r.st = gather(&h, fd, false, &r.findings, &r.out, &r.d);
	assert_int_equal(r.st, ST_REFUSED);
	assert_int_equal(r.findings.n, 3);
	for (i = 0; i < r.findings.n; i++)
		assert_string_equal(r.findings.items[i].rule, "lfs-pointer");
	run_free(&r);
	fd_close(&fd);
	free(name);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	static const struct CMUnitTest tests[] = {
		T(test_lfs),
		T(test_lfs_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
