/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sums - the lists of a portable bundle: what they say, and that a list
 * which says anything else does not pass for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/sums.h"

static void
test_files(void **state)
{
	char path[] = "a/b c";
	struct content_file file = { .path = path };
	struct contents c = { .files = &file, .n_files = 1 };
	struct bytes b = { 0 };

	(void)state;
	file.digest[0] = 0xAB;
	sums_files(&c, &b);
	assert_false(b.failed);
	assert_int_equal(b.len, 64 + 2 + strlen("data/a/b c\n"));
	assert_memory_equal(b.data, "ab00", 4);
	assert_memory_equal(b.data + 64, "  data/a/b c\n", b.len - 64);
	bytes_free(&b);
}

/* Every change of one byte is seen, but for another digit of a digest. */
static void
test_volumes(void **state)
{
	struct transport_volume volumes[3] = { { 0 } };
	struct transport_lane lane = { .volumes = volumes, .n_volumes = 3 };
	struct transport t = { .lanes = &lane, .n_lanes = 1 };
	uint8_t digest[SHA512_LEN] = { 1, 2, 3 };
	char name[TRANSPORT_NAME_MAX];
	struct bytes b = { 0 };
	size_t i, line;

	(void)state;
	for (i = 0; i < 3; i++)
		sums_line(digest, sizeof(digest), transport_name_payload(name, 0, i), &b);
	line = b.len / 3;
	assert_true(sums_volumes_fit(&t, b.data, b.len));
	for (i = 0; i < b.len; i++) {
		uint8_t old = b.data[i];

		b.data[i] = 'G';
		assert_false(sums_volumes_fit(&t, b.data, b.len));
		b.data[i] = old;
		assert_false(sums_volumes_fit(&t, b.data, i));
	}
	b.data[0] = b.data[0] == '5' ? '6' : '5';
	assert_true(sums_volumes_fit(&t, b.data, b.len));
	bytes_append(&b, "x", 1);
	assert_false(sums_volumes_fit(&t, b.data, b.len));
	/* one line fewer, one volume fewer, another order */
	assert_false(sums_volumes_fit(&t, b.data + line, 2 * line));
	lane.n_volumes = 2;
	assert_true(sums_volumes_fit(&t, b.data, 2 * line));
	assert_false(sums_volumes_fit(&t, b.data, 3 * line));
	assert_false(sums_volumes_fit(&t, b.data + line, 2 * line));
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_volumes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
