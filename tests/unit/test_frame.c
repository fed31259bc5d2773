/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_frame - frames made and opened, the hostile samples, and headers that
 * say what ours never say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/frame.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"

static struct frame_ctx *ctx;

static int
setup(void **state)
{
	(void)state;
	return (ctx = frame_ctx_new()) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	frame_ctx_free(ctx);
	frame_ctx_free(NULL);
	return 0;
}

/* kind 0: noise; 1: text that compresses; 2: zeros. */
static void
fill(uint8_t *p, size_t len, int kind)
{
	static const char text[] = "{\"id\": 17, \"text\": \"the quick fox\"}\n";
	uint32_t x = 77;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525U + 1013904223U;
		p[i] = kind == 0 ? (uint8_t)(x >> 24) :
		    kind == 1 ? (uint8_t)text[i % (sizeof(text) - 1)] : 0;
	}
}

static void
test_round_trip(void **state)
{
	static const size_t lens[] = { 1, 2, 255, 256, 65791, 65792, 131071,
	    131072, 131073, 1048576, 16777216 };
	static const int levels[] = { 1, 3, 19 };
	size_t i, l, n, cap = frame_bound(16777216);
	uint8_t *in = malloc(16777216), *out = malloc(cap);
	uint8_t *back = malloc(16777216);
	struct diag d = DIAG_INIT;
	int kind;

	(void)state;
	for (kind = 0; kind < 3; kind++)
		for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			for (l = 0; l < 3; l++) {
				/* The highest level is slow. */
				if (levels[l] == 19 && lens[i] > 1048576)
					continue;
				fill(in, lens[i], kind);
				assert_int_equal(frame_compress(ctx, levels[l],
				    in, lens[i], out, cap, &n, &d), ST_OK);
				assert_int_equal(get_le32(out), 0xFD2FB528);
				/* No checksum, no dictionary id. */
				assert_int_equal(out[4] & 0x07, 0);
				memset(back, 0xAA, lens[i]);
				assert_int_equal(frame_decompress(ctx, out, n,
				    back, lens[i], &d), ST_OK);
				assert_memory_equal(back, in, lens[i]);
			}
	free(in);
	free(out);
	free(back);
}

static void
test_store(void **state)
{
	static const size_t lens[] = { 1, 2, 255, 256, 131071, 131072, 131073,
	    262144, 16777216 };
	size_t i, n, cap = frame_stored_len(16777216);
	uint8_t *in = malloc(16777216), *out = malloc(cap);
	uint8_t *back = malloc(16777216);
	struct diag d = DIAG_INIT;

	(void)state;
	/* The cap on stored chunks leaves 1 KiB for this. */
	assert_true(cap <= CAP_CHUNK_MAX + CAP_STORED_EXTRA);
	fill(in, 16777216, 0);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		n = frame_stored_len(lens[i]);
		frame_store(in, lens[i], out);
		assert_int_equal(frame_decompress(ctx, out, n, back, lens[i],
		    &d), ST_OK);
		assert_memory_equal(back, in, lens[i]);
	}
	free(in);
	free(out);
	free(back);
}

/* What does not fit is no error, and is not half a frame either. */
static void
test_no_room(void **state)
{
	uint8_t in[10000], out[20000], back[10000];
	struct diag d = DIAG_INIT;
	size_t cap, n;
	int kind;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		fill(in, sizeof(in), kind);
		for (cap = 0; cap < 10100; cap += cap < 120 ? 1 : 97) {
			assert_int_equal(frame_compress(ctx, 3, in, sizeof(in),
			    out, cap, &n, &d), ST_OK);
			assert_true(n <= cap);
			if (n == 0)
				continue;
			assert_int_equal(frame_decompress(ctx, out, n, back,
			    sizeof(back), &d), ST_OK);
			assert_memory_equal(in, back, sizeof(in));
		}
	}
	assert_int_equal(frame_compress(ctx, 0, in, 1, out, 9, &n, &d),
	    ST_INTERNAL);
	assert_int_equal(frame_compress(ctx, 20, in, 1, out, 9, &n, &d),
	    ST_INTERNAL);
	/* The next call works again. */
	assert_int_equal(frame_compress(ctx, 3, in, sizeof(in), out,
	    sizeof(out), &n, &d), ST_OK);
	assert_true(n > 0);
}

/* Frames by hand: what libzstd takes, or might, and the format does not. */
static void
test_headers(void **state)
{
	static const struct {
		const char *hex;
		size_t out_len;
		const char *rule;	/* NULL: accepted */
		const char *why;
	} table[] = {
		{ "28b52ffd2003190000616263", 3, NULL, "one raw block" },
		{ "28b52ffd2003190000616263", 2, "frame-size", "other size" },
		{ "28b52ffd2003190000616263", 4, "frame-size", "other size" },
		{ "28b52ffd2002190000616263", 3, "frame-size", "lies: less" },
		{ "28b52ffd2002190000616263", 2, "frame-data", "holds more" },
		{ "28b52ffd2004190000616263", 4, "frame-data", "holds less" },
		{ "28b52ffd0058190000616263", 3, "frame-size", "no size" },
		{ "28b52ffd210003190000616263", 3, "frame-dictionary",
		    "a dictionary id of one byte, though zero" },
		{ "28b52ffd2107 03190000616263", 3, "frame-dictionary", "id 7" },
		{ "28b52ffd23ffffff7f00010000", 0, "frame-dictionary",
		    "the guard of every volume" },
		{ "28b52ffd8070 03000000 190000616263", 3, NULL,
		    "window of 16 MiB" },
		{ "28b52ffd8071 03000000 190000616263", 3, "frame-window",
		    "window of 18 MiB" },
		{ "28b52ffd80ff 03000000 190000616263", 3, "frame-window",
		    "window of 3.75 TiB" },
		{ "28b52ffd2803190000616263", 3, "frame-size", "reserved bit" },
		{ "28b52ffd20031f0000616263", 3, "frame-data",
		    "reserved block type" },
		{ "28b52ffd2003190000616263 00", 3, "frame-length", "a byte behind" },
		{ "28b52ffd20031900006162", 3, "frame-length", "a byte short" },
		{ "28b52ffd2003180000616263", 3, "frame-length", "no last block" },
		{ "28b52ffd2003190000616263 28b52ffd2000010000", 3,
		    "frame-length", "a second frame" },
		{ "502a4d1800000000 28b52ffd2003190000616263", 3,
		    "frame-magic", "a skippable frame in front" },
		{ "28b52ffd2003190000616263 502a4d1800000000", 3,
		    "frame-length", "a skippable frame behind" },
		{ "27b52ffd2003190000616263", 3, "frame-magic", "version 0.7" },
		{ "26b52ffd2003190000616263", 3, "frame-magic", "version 0.6" },
		{ "25b52ffd2003190000616263", 3, "frame-magic", "version 0.5" },
		{ "1eb52ffd2003190000616263", 3, "frame-magic", "version 0.2" },
		{ "2003190000616263", 3, "frame-magic", "magicless" },
		{ "28b52ffd", 3, "frame-length", "magic alone" },
		{ "28b52ffd20", 3, "frame-length", "descriptor alone" },
		{ "28b5", 3, "frame-magic", "two bytes" },
		{ "", 3, "frame-magic", "nothing" },
		{ "28b52ffd241b190000616263", 3, "frame-size", "content checksum announced" },
	};
	size_t i, j, n;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char digits[128] = "";
		uint8_t *in, out[16];
		struct diag d = DIAG_INIT;
		enum status st;

		for (j = n = 0; table[i].hex[j] != '\0'; j++)
			if (table[i].hex[j] != ' ')
				digits[n++] = table[i].hex[j];
		/* Exactly as long as it is, so that a byte too far is seen. */
		in = malloc(n / 2 + 1);
		assert_int_equal(hex_decode(in + 1, n / 2, digits), 0);
		st = frame_decompress(ctx, in + 1, n / 2, out, table[i].out_len,
		    &d);
		if (st != (table[i].rule == NULL ? ST_OK : ST_MALFORMED) ||
		    (table[i].rule != NULL && strcmp(d.rule, table[i].rule) != 0))
			fail_msg("%s (%s): %d %s: %s", table[i].why,
			    table[i].hex, st, d.rule, d.text);
		free(in);
	}
}

/* One bit, in turn, of a frame: never more than a refusal or other bytes. */
static void
test_bit_flips(void **state)
{
	uint8_t in[3000], out[4000], back[3000];
	struct diag d = DIAG_INIT;
	size_t n, bit, refused = 0;

	(void)state;
	fill(in, sizeof(in), 1);
	assert_int_equal(frame_compress(ctx, 19, in, sizeof(in), out,
	    sizeof(out), &n, &d), ST_OK);
	for (bit = 0; bit < 8 * n; bit++) {
		uint8_t *copy = malloc(n);
		enum status st;

		memcpy(copy, out, n);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		st = frame_decompress(ctx, copy, n, back, sizeof(back), &d);
		assert_true(st == ST_OK || st == ST_MALFORMED);
		refused += st == ST_MALFORMED;
		/* The header's bits are all looked at but the unused one. */
		if (bit < 8 * 5 && bit != 8 * 4 + 4)
			assert_int_equal(st, ST_MALFORMED);
		free(copy);
	}
	assert_true(refused > 40);
	for (bit = 0; bit < n; bit++)
		assert_int_equal(frame_decompress(ctx, out, bit, back,
		    sizeof(back), &d), ST_MALFORMED);
}

/* For how many content lengths a frame is accepted. */
static size_t
accepted(const uint8_t *in, size_t n)
{
	static uint8_t out[200000];
	size_t len, count = 0;

	for (len = 0; len < sizeof(out); len += len < 5000 ? 1 : 8192 - len % 8192) {
		struct diag d = DIAG_INIT;
		enum status st = frame_decompress(ctx, in, n, out, len, &d);

		assert_true(st == ST_OK || st == ST_MALFORMED);
		count += st == ST_OK;
	}
	return count;
}

/*
 * One sample of hostile/zst.  Some of them, the control among them, declare no
 * content size, for which alone they are refused: those are tried as well with
 * the control's 120 bytes declared in place of the window.
 */
static void
hostile(const char *folder, const char *name, const char *verdict)
{
	static uint8_t in[65536];
	char path[4096];
	size_t n, count;
	FILE *f;

	snprintf(path, sizeof(path), "%s/hostile/%s", folder, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(in, 1, sizeof(in), f);
	fclose(f);
	count = accepted(in, n);
	if ((in[4] & 0xE0) == 0) {
		assert_int_equal(count, 0);
		in[4] |= 0x20;
		in[5] = 120;
		count = accepted(in, n);
	}
	if (count != (strcmp(verdict, "ACCEPT") == 0 ? 1 : 0))
		fail_msg("%s: %s, accepted %zu times", name, verdict, count);
}

static void
test_hostile(void **state)
{
	const char *folder = getenv("SATCHEL_DATA");
	char path[4096], line[1024], name[256], verdict[64];
	size_t n = 0;
	FILE *f;

	(void)state;
	if (folder == NULL)
		skip();
	snprintf(path, sizeof(path), "%s/hostile/INDEX.tsv", folder);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%255[^\t]\t%63[^\t]", name, verdict) != 2 ||
		    strncmp(name, "zst/", 4) != 0)
			continue;
		hostile(folder, name, verdict);
		n++;
	}
	fclose(f);
	assert_true(n >= 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
