/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_planes_hostile - what the decoder of planes refuses: each field of the
 * format, data cut short at every byte, random damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/frame.h"
#include "bundle/planes.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"
#include "tests/unit/weights.h"

#define LEVEL 3
#define CHUNK 100000U
#define DAMAGES 400U			/* per kind of weights */

static struct frame_ctx *frame;
static struct planes_ctx *ctx;

static int
setup(void **state)
{
	(void)state;
	frame = frame_ctx_new();
	ctx = planes_ctx_new(frame);
	return frame == NULL || ctx == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	planes_ctx_free(ctx);
	frame_ctx_free(frame);
	return 0;
}

static uint8_t *
room(size_t n)
{
	uint8_t *p = malloc(n == 0 ? 1 : n);

	if (p == NULL)
		fail_msg("out of memory");
	return p;
}

/* Decode a copy of exactly n bytes to exactly len bytes. */
static enum status
decode(const uint8_t *bytes, size_t n, size_t len, uint8_t **plain)
{
	uint8_t *data = room(n), *out = room(len);
	struct diag d = DIAG_INIT;
	enum status st;

	memcpy(data, bytes, n);
	st = planes_decode(ctx, PLANES_TRANSFORM, data, n, out, len, &d);
	if (st != ST_OK && st != ST_MALFORMED)
		fail_msg("status %d: %s", st, d.text);
	free(data);
	if (plain != NULL && st == ST_OK)
		*plain = out;
	else
		free(out);
	return st;
}

/* The bytes of hexadecimal digits; blanks do not count. */
static size_t
from_hex(const char *s, uint8_t *out)
{
	size_t n = 0;
	char digits[3] = "";

	for (; *s != '\0'; s++) {
		if (*s == ' ')
			continue;
		digits[0] = s[0];
		digits[1] = s[1];
		out[n++] = (uint8_t)strtoul(digits, NULL, 16);
		s++;
	}
	return n;
}

/* The worked example of satchel-bundle(5), in two pieces. */
#define WORDS "020110000000 7b7d 00 00010000 80019a 03 80 00 21f38005 01000000 00 00"
#define SPACES "000028000000 01 20"

static void
test_example(void **state)
{
	static const char hex[] =
	    "7b 803f 00bf 803e 0000 4040 00bc cd3d 7d";
	uint8_t data[64], expected[56], *plain = NULL;
	size_t n;

	(void)state;
	n = from_hex(WORDS SPACES, data);
	assert_int_equal(n, 37);
	memset(expected, ' ', sizeof(expected));
	assert_int_equal(from_hex(hex, expected), 16);
	assert_int_equal(decode(data, n, sizeof(expected), &plain), ST_OK);
	assert_memory_equal(plain, expected, sizeof(expected));
	free(plain);
}

/* Each row is well formed but for one thing; the fill makes it short enough. */
static const struct {
	const char *hex;
	size_t len;
	enum status expected;
	const char *why;
} rows[] = {
	{ "000028000000 01 20", 40, ST_OK, "the fill alone" },
	{ WORDS SPACES, 56, ST_OK, "the example" },
	{ WORDS SPACES, 55, ST_MALFORMED, "the last piece is too long" },
	{ WORDS SPACES, 57, ST_MALFORMED, "a piece is missing" },
	{ WORDS SPACES "00", 56, ST_MALFORMED, "a byte too many" },
	{ "", 40, ST_MALFORMED, "no data" },
	{ "000008000000 01 20", 8, ST_MALFORMED, "no shorter than the chunk" },
	{ "000000000000 01 20" SPACES, 40, ST_MALFORMED, "an empty piece" },
	{ "060028000000 01 20", 40, ST_MALFORMED, "an unknown kind" },
	{ "060028000000 0802 0107 01 20 01 20", 40, ST_MALFORMED,
	    "an unknown kind, the rest as of records" },
	{ "000128000000 20 01 20", 40, ST_MALFORMED, "a head of bytes" },
	{ "020228000000 2020 00 20", 40, ST_MALFORMED, "a head of a whole word" },
	{ "020128000000 2020 01 20 01 20", 40, ST_OK, "a head of one byte" },
	{ "040728000000 20202020202020 20 01 20 01 20 01 20 01 20 01 20 01 20"
	    " 01 20 01 20", 40, ST_OK, "the longest head of words" },
	{ "020102000000 2020 01 20 01 20" SPACES, 42, ST_MALFORMED,
	    "no element" },
	{ "0000ffffffff 01 20", 40, ST_MALFORMED, "a length that wraps" },
	{ "0007ffffff 7f 01 20", 40, ST_MALFORMED, "a length far over" },
	{ "000028000000 04 20", 40, ST_MALFORMED, "an unknown mode" },
	{ "000028000000 03 20 01 00 00000000", 40, ST_MALFORMED,
	    "distances of bytes" },
	{ "010028000000 03 20 01 00 00000000 01 20", 40, ST_MALFORMED,
	    "distances of halves" },
	{ "010028000000 01 20 01 20", 40, ST_OK, "halves" },
	/* Records. */
	{ "050028000000 0802 0107 01 20 01 20", 40, ST_OK, "records" },
	{ "050028000000 0801 08 01 20", 40, ST_OK, "records of one group" },
	{ "050728000000 0801 08 20202020202020 20 01 20", 40, ST_OK,
	    "a head and a tail of records" },
	{ "050828000000 0801 08 2020202020202020 01 20", 40, ST_MALFORMED,
	    "a head of a whole record" },
	{ "050028000000 0101 01 01 20", 40, ST_MALFORMED, "records of a byte" },
	{ "050028000000 0001 01 01 20", 40, ST_MALFORMED, "records of none" },
	{ "050028000000 0800", 40, ST_MALFORMED, "no group" },
	{ "050028000000 0802 0800 01 20 01 20", 40, ST_MALFORMED,
	    "an empty group" },
	{ "050028000000 0802 0106 01 20 01 20", 40, ST_MALFORMED,
	    "groups too small" },
	{ "050028000000 0802 01ff 01 20 01 20", 40, ST_MALFORMED,
	    "groups too large" },
	{ "05006c000000 0909 010101010101010101 0120 0120 0120 0120 0120 0120"
	    " 0120 0120 0120", 108, ST_MALFORMED, "nine groups" },
	{ "050060000000 0808 0101010101010101 0120 0120 0120 0120 0120 0120"
	    " 0120 0120", 96, ST_OK, "eight groups" },
	{ "050028000000 0802 0107 01 20 03 20", 40, ST_MALFORMED,
	    "distances of records" },
	/* Distances: 20 words. */
	{ "020028000000 01 20 03 80 01 11 00000000", 40, ST_OK, "distances" },
	{ "020028000000 01 20 03 80 01 1f 0a000000 01 00", 40, ST_OK,
	    "half of them escapes" },
	{ "020028000000 01 20 03 80 01 1f 09000000 01 00", 40, ST_MALFORMED,
	    "an escape too few" },
	{ "020028000000 01 20 03 80 01 1f 0b000000 01 00", 40, ST_MALFORMED,
	    "an escape too many" },
	{ "020028000000 01 20 03 80 01 1f 00000000", 40, ST_MALFORMED,
	    "no escape where some are due" },
	{ "020028000000 01 20 03 80 01 11 01000000 01 00", 40, ST_MALFORMED,
	    "an escape where none is due" },
	{ "020028000000 01 20 03 80 01 1f 15000000 01 00", 40, ST_MALFORMED,
	    "more escapes than words" },
	{ "020028000000 01 20 03 80 01 1f ffffffff 01 00", 40, ST_MALFORMED,
	    "far more escapes than words" },
	{ "020028000000 01 20 03 80 01 1f 0a000000 01 72", 40, ST_MALFORMED,
	    "escapes that need none: 14 below" },
	{ "020028000000 01 20 03 80 01 1f 0a000000 01 80", 40, ST_MALFORMED,
	    "escapes that need none: the top" },
	{ "020028000000 01 20 03 80 01 1f 0a000000 01 71", 40, ST_OK,
	    "escapes just beyond: 15 below" },
	{ "020028000000 01 20 03 80 01 1f 0a000000 01 81", 40, ST_OK,
	    "escapes just beyond: above the top" },
	{ "020028000000 01 20 03 80 03 80 01 11 00000000 00000000", 40,
	    ST_MALFORMED, "distances of distances" },
	{ "020028000000 01 20 03 80 01 1f 0a000000 03 80 01 00 00000000", 40,
	    ST_MALFORMED, "escapes as distances" },
	{ "02002a000000 01 20 03 80 01 11 00000000", 42, ST_MALFORMED,
	    "a filling that is not zero" },
	{ "02002a000000 01 20 03 80 00 1111111111 1111111111 01 00000000", 42,
	    ST_OK, "a filling that is" },
	/* Frames: 28b52ffd, single segment, size 40, one block of 40 spaces. */
	{ "000028000000 02 0a000000 28b52ffd 20 28 430100 20", 40, ST_OK,
	    "a frame" },
	{ "000028000000 02 0a000000 28b52ffd 20 27 3b0100 20", 40,
	    ST_MALFORMED, "a frame of fewer bytes" },
	{ "000028000000 02 0a000000 28b52ffd 20 29 4b0100 20", 40,
	    ST_MALFORMED, "a frame of more bytes" },
	{ "000028000000 02 0b000000 28b52ffd 20 28 430100 20 00", 40,
	    ST_MALFORMED, "a frame with a byte behind" },
	{ "000028000000 02 09000000 28b52ffd 20 28 430100 20", 40,
	    ST_MALFORMED, "a frame cut short" },
	{ "000028000000 02 00000000", 40, ST_MALFORMED, "an empty frame" },
	{ "000028000000 02 28000000 28b52ffd 20 28 430100 20", 40,
	    ST_MALFORMED, "a frame no shorter than its plane" },
	{ "00000a000000 02 0a000000 28b52ffd 20 0a 530000 20" SPACES, 50,
	    ST_MALFORMED, "a frame as long as its plane" },
	{ "00000b000000 02 0a000000 28b52ffd 20 0b 5b0000 20" SPACES, 51,
	    ST_OK, "a frame a byte shorter than its plane" },
	{ "000028000000 02 ffffffff 28b52ffd 20 28 430100 20", 40,
	    ST_MALFORMED, "a length of a frame that wraps" },
	{ "000028000000 02 0a000000 1eb52ffd 20 28 430100 20", 40,
	    ST_MALFORMED, "an old format of zstd" },
	{ "000028000000 02 0b000000 28b52ffd 21 01 28 430100 20", 40,
	    ST_MALFORMED, "a dictionary" },
	{ "000028000000 02 0a000000 502a4d18 02000000 2020", 40, ST_MALFORMED,
	    "a skippable frame" },
};

static void
test_rows(void **state)
{
	uint8_t data[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		n = from_hex(rows[i].hex, data);
		if (decode(data, n, rows[i].len, NULL) != rows[i].expected)
			fail_msg("%s: %s", rows[i].hex, rows[i].why);
	}
}

static void
test_declared(void **state)
{
	static const uint8_t fill[] = { 0, 0, 40, 0, 0, 0, 1, ' ' };
	uint8_t plain[40];
	struct diag d = DIAG_INIT;
	uint32_t t;

	(void)state;
	for (t = 0; t < 5; t++)
		assert_int_equal(planes_decode(ctx, t, fill, sizeof(fill),
		    plain, sizeof(plain), &d),
		    t == PLANES_TRANSFORM ? ST_OK : ST_MALFORMED);
	assert_int_equal(planes_decode(ctx, UINT32_MAX, fill, sizeof(fill),
	    plain, sizeof(plain), &d), ST_MALFORMED);
	assert_int_equal(planes_decode(ctx, PLANES_TRANSFORM, fill,
	    sizeof(fill), plain, 0, &d), ST_MALFORMED);
	/* Refused before anything of that size is touched. */
	assert_int_equal(planes_decode(ctx, PLANES_TRANSFORM, fill,
	    sizeof(fill), plain, CAP_CHUNK_MAX + 1, &d), ST_MALFORMED);
	assert_int_equal(planes_decode(ctx, PLANES_TRANSFORM, fill,
	    sizeof(fill), plain, SIZE_MAX, &d), ST_MALFORMED);
}

/* Encode a chunk of this kind; returns the length of the data, or 0. */
static size_t
encode(unsigned kind, uint8_t *in, size_t len, uint8_t *out)
{
	struct diag d = DIAG_INIT;
	uint32_t transform;
	size_t n;

	in[0] = 'x';
	weights_fill((enum weights_kind)kind, kind, in + 1, len - 1);
	assert_int_equal(planes_encode(ctx, LEVEL, in, len, out, len, &n,
	    &transform, &d), ST_OK);
	return n;
}

static void
test_cut(void **state)
{
	static const size_t lens[] = { 2001, 12345 };
	uint8_t *in = room(CHUNK), *out = room(CHUNK);
	unsigned kind;
	size_t i, n, m, tried = 0;

	(void)state;
	for (kind = 0; kind < WEIGHTS_KINDS; kind++) {
		for (i = 0; i < 2; i++) {
			if ((n = encode(kind, in, lens[i], out)) == 0)
				continue;
			tried++;
			for (m = 0; m < n; m += 1 + m / 64)
				assert_int_equal(decode(out, m, lens[i], NULL),
				    ST_MALFORMED);
			assert_int_equal(decode(out, n - 1, lens[i], NULL),
			    ST_MALFORMED);
			assert_int_equal(decode(out, n, lens[i] + 1, NULL),
			    ST_MALFORMED);
			assert_int_equal(decode(out, n, lens[i] - 1, NULL),
			    ST_MALFORMED);
			out[n] = 0;
			assert_int_equal(decode(out, n + 1, lens[i], NULL),
			    ST_MALFORMED);
		}
	}
	assert_true(tried > 10);
	free(in);
	free(out);
}

/* Any damage is refused or decodes to something: never more than that. */
static void
test_damage(void **state)
{
	uint8_t *in = room(CHUNK), *out = room(CHUNK), *bad = room(CHUNK);
	uint64_t seed = 4, r;
	unsigned kind, i, k;
	size_t n, len, at;

	(void)state;
	for (kind = 0; kind < WEIGHTS_KINDS; kind++) {
		len = kind % 2 == 0 ? 9001 : 40000;
		if ((n = encode(kind, in, len, out)) == 0)
			continue;
		for (i = 0; i < DAMAGES; i++) {
			memcpy(bad, out, n);
			r = weights_random(&seed);
			for (k = 0; k <= r % 4; k++) {
				r = weights_random(&seed);
				/* Mostly where the fields are. */
				at = (size_t)(r >> 32) % (r & 16 ? n :
				    n < 64 ? n : 64);
				if (r & 32)
					bad[at] = (uint8_t)(r >> 8);
				else
					bad[at] ^= (uint8_t)(1U <<
					    (r >> 8 & 7));
			}
			(void)decode(bad, n, len, NULL);
		}
	}
	free(in);
	free(out);
	free(bad);
}

/* After all that the context still works. */
static void
test_after(void **state)
{
	uint8_t *in = room(CHUNK), *out = room(CHUNK), *plain = NULL;
	size_t n;

	(void)state;
	n = encode(WEIGHTS_FP32, in, CHUNK, out);
	assert_true(n > 0);
	assert_int_equal(decode(out, n, CHUNK, &plain), ST_OK);
	assert_memory_equal(plain, in, CHUNK);
	free(plain);
	free(in);
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_after),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
