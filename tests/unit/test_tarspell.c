/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_tarspell - the header bytes of tar entries against fields written down
 * here by hand.  What tar programs make of them is tested with real runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/caps.h"
#include "manifests/tarspell.h"

#define X10 "xxxxxxxxxx"
#define X90 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define GIB8 ((uint64_t)1 << 33)

struct row {
	const char *path;
	bool directory;
	uint64_t size;
	bool executable;
	const char *pax;		/* the records, "" for none */
	const char *name;		/* of the ustar header */
	const char *mode;
	const char *octal;		/* the size field */
	const char *why;
};

static const struct row rows[] = {
	{ "a", false, 5, false, "", "data/a", "0000644", "00000000005", "a file" },
	{ "a", false, 0, true, "", "data/a", "0000755", "00000000000", "a program" },
	{ "a", true, 5, false, "", "data/a/", "0000755", "00000000000",
	    "a directory has no size" },
	{ "a", true, GIB8, false, "", "data/a/", "0000755", "00000000000",
	    "a directory has no size, however large" },
	{ X90 "xxxx", false, 0, false, "", "data/" X90 "xxxx", "0000644",
	    "00000000000", "99 bytes" },
	{ X90 "xxxxx", false, 0, false, "", "data/" X90 "xxxxx", "0000644",
	    "00000000000", "100 bytes: no NUL behind it" },
	{ X90 "xxxxxx", false, 0, false, "111 path=data/" X90 "xxxxxx\n",
	    "data/satchel-long-name", "0000644", "00000000000", "101 bytes" },
	{ X90 "xxxx", true, 0, false, "", "data/" X90 "xxxx/", "0000755",
	    "00000000000", "100 bytes with the slash" },
	{ X90 "xxxxx", true, 0, false, "111 path=data/" X90 "xxxxx/\n",
	    "data/satchel-long-name/", "0000755", "00000000000",
	    "101 bytes with the slash" },
	{ "\xC3\xA9", false, 7, false, "16 path=data/\xC3\xA9\n",
	    "data/satchel-long-name", "0000644", "00000000007", "not ASCII" },
	{ "\xC3\xA9", true, 0, false, "17 path=data/\xC3\xA9/\n",
	    "data/satchel-long-name/", "0000755", "00000000000", "not ASCII" },
	{ "a", false, GIB8 - 1, false, "", "data/a", "0000644", "77777777777",
	    "the largest that 11 digits hold" },
	{ "a", false, GIB8, false, "19 size=8589934592\n", "data/a", "0000644",
	    "00000000000", "8 GiB" },
	{ "a", false, UINT64_MAX, true, "29 size=18446744073709551615\n", "data/a",
	    "0000755", "00000000000", "the largest of all" },
	{ "\xC3\xA9", false, GIB8, false, "16 path=data/\xC3\xA9\n19 size=8589934592\n",
	    "data/satchel-long-name", "0000644", "00000000000", "both records" },
};

/* A header block, field by field as POSIX.1 pax(1) names them. */
static void
check_header(const uint8_t *b, const char *name, const char *mode,
    const char *size, const char *mtime, char type)
{
	uint8_t want[TAR_BLOCK] = { 0 };
	unsigned int sum = 0;
	char digits[8];
	size_t i;

	memcpy(want, name, strlen(name));
	memcpy(want + 100, mode, 8);
	memcpy(want + 108, "0000000", 8);
	memcpy(want + 116, "0000000", 8);
	memcpy(want + 124, size, 12);
	memcpy(want + 136, mtime, 12);
	want[156] = (uint8_t)type;
	memcpy(want + 257, "ustar", 6);
	memcpy(want + 263, "00", 2);
	memcpy(want + 329, "0000000", 8);
	memcpy(want + 337, "0000000", 8);
	for (i = 0; i < TAR_BLOCK; i++)
		sum += want[i];
	snprintf(digits, sizeof(digits), "%06o", sum + 8 * ' ');
	memcpy(want + 148, digits, 7);
	want[155] = ' ';
	assert_memory_equal(b, want, TAR_BLOCK);
}

static void
test_spell(void **state)
{
	uint8_t out[TAR_HEADER_MAX];
	char size[12];
	size_t i, n, len, pax_len, at;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		print_message("%s\n", r->why);
		memset(out, 0xAA, sizeof(out));
		n = tar_spell(out, r->path, r->directory, r->size, r->executable, 8);
		len = tar_spell_len(r->path, r->directory, r->size);
		assert_int_equal(n, len);
		pax_len = strlen(r->pax);
		at = pax_len == 0 ? 0 : (1 + (pax_len + 511) / 512) * TAR_BLOCK;
		assert_int_equal(n, at + TAR_BLOCK);
		if (pax_len != 0) {
			snprintf(size, sizeof(size), "%011o", (unsigned int)pax_len);
			check_header(out, "data/satchel-pax-header", "0000644",
			    size, "00000000010", 'x');
			assert_memory_equal(out + TAR_BLOCK, r->pax, pax_len);
			for (len = TAR_BLOCK + pax_len; len < at; len++)
				assert_int_equal(out[len], 0);
		}
		check_header(out + at, r->name, r->mode, r->octal, "00000000010",
		    r->directory ? '5' : '0');
		assert_int_equal(out[n], 0xAA);		/* and no byte more */
	}
}

/* The length in front of a pax record counts itself: every number of digits. */
static void
test_record_lengths(void **state)
{
	uint8_t out[TAR_HEADER_MAX];
	char path[CAP_PATH + 1];
	size_t len, n;
	char *end;

	(void)state;
	for (len = 1; len <= CAP_PATH; len++) {
		memset(path, 'x', len);
		path[len] = '\0';
		n = tar_spell(out, path, false, GIB8, false, 0);
		assert_int_equal(n, tar_spell_len(path, false, GIB8));
		assert_true(n <= TAR_HEADER_MAX);
		if (len <= 95)
			continue;
		n = strtoul((char *)out + TAR_BLOCK, &end, 10);
		assert_memory_equal(end, " path=data/", 11);
		assert_int_equal(out[TAR_BLOCK + n - 1], '\n');
		assert_memory_equal(out + TAR_BLOCK + n, "19 size=", 8);
		assert_int_equal(n, (size_t)(end - (char *)out) - TAR_BLOCK + 11 + len + 1);
	}
}

static void
test_padding(void **state)
{
	static const struct {
		uint64_t size;
		size_t padding;
	} cases[] = { { 0, 0 }, { 1, 511 }, { 511, 1 }, { 512, 0 }, { 513, 511 },
	    { GIB8 - 1, 1 }, { GIB8, 0 }, { UINT64_MAX, 1 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tar_padding(cases[i].size), cases[i].padding);
}

/* The latest time that the field holds: 2242. */
static void
test_time(void **state)
{
	uint8_t out[TAR_HEADER_MAX];

	(void)state;
	tar_spell(out, "a", false, 0, false, GIB8 - 1);
	check_header(out, "data/a", "0000644", "00000000000", "77777777777", '0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spell),
		cmocka_unit_test(test_record_lengths),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
