/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bytes - growable buffers, little-endian integers, hexadecimal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"

static void
test_append(void **state)
{
	struct bytes b = { 0 };
	uint8_t want[5000];
	size_t i;

	(void)state;
	bytes_append(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	assert_null(b.data);
	/* Odd sizes, across several growths. */
	for (i = 0; i < sizeof(want); i++)
		want[i] = (uint8_t)(i * 7);
	for (i = 0; i < sizeof(want); i += 50)
		bytes_append(&b, want + i, 50);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
	assert_int_equal(b.failed, 0);
	bytes_free(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
	bytes_string(&b, "again");
	assert_memory_equal(b.data, "again", 5);
	bytes_free(&b);
	bytes_free(&b);
}

static void
test_printf(void **state)
{
	struct bytes b = { 0 };
	char longer[1000];
	size_t i;

	(void)state;
	bytes_printf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	for (i = 0; i < 300; i++)
		bytes_printf(&b, "%03zu,", i);
	assert_int_equal(b.len, 1200);
	assert_memory_equal(b.data + 4 * 299, "299,", 4);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	bytes_printf(&b, "%s", longer);
	assert_int_equal(b.len, 2199);
	assert_memory_equal(b.data + 1200, longer, 999);
	bytes_free(&b);
}

/* Too much fails without touching what is there, and stays failed. */
static void
test_failed(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	/* The sum wraps around, and lies below what is there. */
	bytes_string(&b, "kept");
	bytes_append(&b, "x", SIZE_MAX - 1);
	assert_int_equal(b.failed, 1);
	assert_int_equal(b.len, 4);
	bytes_free(&b);
	bytes_string(&b, "kept");
	bytes_append(&b, "x", SIZE_MAX - 4);
	assert_int_equal(b.failed, 1);
	assert_int_equal(b.len, 4);
	bytes_append(&b, "x", SIZE_MAX);
	bytes_string(&b, "y");
	bytes_printf(&b, "z");
	assert_int_equal(b.failed, 1);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "kept", 4);
	bytes_free(&b);
	assert_int_equal(b.failed, 0);
}

static void
test_integers(void **state)
{
	uint8_t p[9];

	(void)state;
	memset(p, 0xEE, sizeof(p));
	put_le16(p, 0x8182);
	assert_memory_equal(p, "\x82\x81\xEE", 3);
	assert_int_equal(get_le16(p), 0x8182);
	put_le32(p, 0x81828384);
	assert_memory_equal(p, "\x84\x83\x82\x81\xEE", 5);
	assert_true(get_le32(p) == 0x81828384);
	put_le64(p, 0x8182838485868788);
	assert_memory_equal(p, "\x88\x87\x86\x85\x84\x83\x82\x81\xEE", 9);
	assert_true(get_le64(p) == 0x8182838485868788);
	put_le64(p, UINT64_MAX);
	assert_true(get_le16(p) == UINT16_MAX && get_le32(p) == UINT32_MAX &&
	    get_le64(p) == UINT64_MAX);
}

static void
test_hex(void **state)
{
	uint8_t all[256], back[256];
	char hex[513];
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	hex_encode_upper(hex, all, 256);
	assert_string_equal(hex + 508, "FEFF");
	assert_int_equal(hex_decode(back, 256, hex), -1);
	hex_encode(hex, all, 256);
	assert_string_equal(hex + 508, "feff");
	assert_int_equal(hex_decode(back, 256, hex), 0);
	assert_memory_equal(back, all, 256);
	assert_int_equal(hex_decode(back, 255, hex), -1);
	assert_int_equal(hex_decode(back, 257, hex), -1);
	assert_int_equal(hex_decode(back, 0, ""), 0);
	/* Every byte that is no digit, in both places. */
	for (c = 1; c < 256; c++) {
		int good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? 0 : -1;

		hex[0] = '0';
		hex[1] = (char)c;
		hex[2] = '\0';
		assert_int_equal(hex_decode(back, 1, hex), good);
		hex[0] = (char)c;
		hex[1] = '0';
		assert_int_equal(hex_decode(back, 1, hex), good);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
