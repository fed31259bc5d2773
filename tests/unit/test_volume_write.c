/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_volume_write - what a writer leaves behind: a whole volume under its
 * name, or nothing.  What it wrote is read in test_volume.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "bundle/volume.h"

#define NAME "payload-02.000007"

static char top[64];
static int dir = -1;

static const struct volume_place here = {
	.bundle_id = "\x11\x22\x33\x44\x55\x66\x77\x88"
	    "\x99\xaa\xbb\xcc\xdd\xee\xff\x00",
	.kind = VOLUME_PAYLOAD, .lane = 2, .number = 7,
};

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/satchel-write-XXXXXX");
	if (mkdtemp(top) == NULL ||
	    (dir = open(top, O_RDONLY | O_DIRECTORY)) == -1)
		return -1;
	return 0;
}

static int
teardown(void **state)
{
	struct diag d = DIAG_INIT;
	enum status st;

	(void)state;
	fd_close(&dir);
	if (dir_open_path("/tmp", &dir, &d) != ST_OK)
		return -1;
	st = dir_remove_tree(dir, top + strlen("/tmp/"), &d);
	fd_close(&dir);
	return st == ST_OK ? 0 : -1;
}

static void
test_writer(void **state)
{
	uint8_t digest[SHA512_LEN] = { 0 }, byte = 0, sum[SHA512_LEN];
	struct chunk_fields f = { 1, 0, 1 };
	struct transport_volume t;
	struct volume_writer *w;
	struct diag d = DIAG_INIT;

	(void)state;
	/* What a killed run left is replaced; abort leaves nothing. */
	assert_int_equal(file_put(dir, ".part-" NAME, 0600, "old", 3, &d),
	    ST_OK);
	assert_int_equal(volume_create(dir, NAME, &here, true, &w, &d), ST_OK);
	assert_int_equal(volume_append(w, &byte, &f, digest, &d), ST_OK);
	assert_int_equal(faccessat(dir, ".part-" NAME, F_OK, 0), 0);
	volume_abort(w);
	assert_int_equal(faccessat(dir, ".part-" NAME, F_OK, 0), -1);
	assert_int_equal(faccessat(dir, NAME, F_OK, 0), -1);
	/* A volume has at least one chunk. */
	assert_int_equal(volume_create(dir, NAME, &here, true, &w, &d), ST_OK);
	assert_int_equal(volume_finish(w, &t, NULL, &d), ST_INTERNAL);
	assert_int_equal(faccessat(dir, ".part-" NAME, F_OK, 0), -1);
	assert_int_equal(faccessat(dir, NAME, F_OK, 0), -1);
	/* The sum is made for portable bundles alone. */
	assert_int_equal(volume_create(dir, NAME, &here, true, &w, &d), ST_OK);
	assert_int_equal(volume_append(w, &byte, &f, digest, &d), ST_OK);
	assert_int_equal(volume_finish(w, &t, sum, &d), ST_INTERNAL);
	volume_abort(NULL);
	/* Nowhere to go: the temporary file is removed. */
	assert_int_equal(mkdirat(dir, NAME, 0755), 0);
	assert_int_equal(volume_create(dir, NAME, &here, true, &w, &d), ST_OK);
	assert_int_equal(volume_append(w, &byte, &f, digest, &d), ST_OK);
	assert_int_equal(volume_finish(w, &t, NULL, &d), ST_HOST);
	assert_int_equal(faccessat(dir, ".part-" NAME, F_OK, 0), -1);
	assert_int_equal(unlinkat(dir, NAME, AT_REMOVEDIR), 0);
	/* An older volume of that name is replaced. */
	assert_int_equal(file_put(dir, NAME, 0644, "old", 3, &d), ST_OK);
	assert_int_equal(volume_create(dir, NAME, &here, true, &w, &d), ST_OK);
	assert_int_equal(volume_append(w, &byte, &f, digest, &d), ST_OK);
	assert_int_equal(volume_finish(w, &t, NULL, &d), ST_OK);
	assert_int_equal(t.size, 61 + 1 + 8 + 76);
	assert_int_equal(volume_overhead(false, 1) + 1, t.size);
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
