/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_planes - chunks of all sorts through the planes codec and back: nothing
 * is lost, weights get smaller, what is no weights is left alone.  Hostile data
 * are in test_planes_hostile.c.
 *
 * SATCHEL_PLANES_CASES: random chunks to try, 20000 unless set; SATCHEL_PLANES_SEED:
 * other ones (tests/long/test_planes.py tries ten million).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/frame.h"
#include "bundle/planes.h"
#include "manifests/caps.h"
#include "tests/unit/weights.h"

#define CHUNK 1048576U
#define CELL 32768U			/* what the encoder judges at a time */
#define CASES 20000U
#define LEVEL 3

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
	planes_ctx_free(NULL);
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

/* Encode in[0 .. len) and decode it again.  Returns the length of the data, or 0. */
static size_t
trip(struct planes_ctx *c, const uint8_t *in, size_t len)
{
	uint8_t *out = room(len), *data, *back;
	struct diag d = DIAG_INIT;
	uint32_t transform = 77;
	size_t n = 77;

	if (planes_encode(c, LEVEL, in, len, out, len, &n, &transform,
	    &d) != ST_OK)
		fail_msg("encode: %s", d.text);
	if (transform == 0) {
		assert_int_equal(n, 0);
		free(out);
		return 0;
	}
	assert_int_equal(transform, PLANES_TRANSFORM);
	assert_true(n > 0 && n < len);
	/* Of exactly their lengths, so that a sanitizer sees what is beyond. */
	data = room(n);
	memcpy(data, out, n);
	back = room(len);
	if (planes_decode(c, transform, data, n, back, len, &d) != ST_OK)
		fail_msg("decode: %s", d.text);
	assert_memory_equal(back, in, len);
	free(out);
	free(data);
	free(back);
	return n;
}

/* What the caller would store of this chunk: planes, else zstd, else itself. */
static size_t
stored(const uint8_t *in, size_t len, size_t *zstd)
{
	uint8_t *out = room(len);
	struct diag d = DIAG_INIT;
	size_t n = trip(ctx, in, len);

	assert_int_equal(frame_compress(frame, LEVEL, in, len, out, len, zstd,
	    &d), ST_OK);
	free(out);
	if (*zstd == 0)
		*zstd = len;
	return n != 0 ? n : *zstd;
}

static void
test_sizes(void **state)
{
	static const struct {
		enum weights_kind kind;
		size_t permille;	/* of the chunk, at most */
		const char *why;
	} cases[] = {
		{ WEIGHTS_BF16, 667, "bf16" },
		{ WEIGHTS_FP16, 850, "fp16" },
		{ WEIGHTS_FP32, 834, "fp32" },
		{ WEIGHTS_FP32_OF_BF16, 334, "two planes are constant" },
		{ WEIGHTS_FP32_OF_FP16, 430, "one and a half are" },
		{ WEIGHTS_FP64, 885, "fp64" },
		{ WEIGHTS_FP64_OF_FP32, 435, "three and a half are constant" },
		{ WEIGHTS_E4M3, 832, "fp8" },
		{ WEIGHTS_E5M2, 705, "fp8 of fewer mantissa bits" },
		{ WEIGHTS_INT8, 810, "order 0 alone" },
		{ WEIGHTS_Q8_0, 950, "scales apart" },
		{ WEIGHTS_Q4_0, 935, "scales apart" },
		{ WEIGHTS_IDS, 501, "two planes are constant" },
	};
	uint8_t *in = room(CHUNK);
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		weights_fill(cases[i].kind, i, in, CHUNK);
		n = trip(ctx, in, CHUNK);
		if (n == 0 || n > CHUNK / 1000 * cases[i].permille)
			fail_msg("%s: %zu bytes, not %zu permille",
			    cases[i].why, n, cases[i].permille);
	}
	free(in);
}

static void
test_left_alone(void **state)
{
	static const struct {
		enum weights_kind kind;
		const char *why;
	} cases[] = {
		{ WEIGHTS_TEXT, "zstd does it better" },
		{ WEIGHTS_ZEROS, "zstd does it better" },
		{ WEIGHTS_NOISE, "nothing helps" },
	};
	uint8_t *in = room(CHUNK);
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		weights_fill(cases[i].kind, i, in, CHUNK);
		if ((n = trip(ctx, in, CHUNK)) != 0)
			fail_msg("kind %d, %s: %zu bytes", cases[i].kind,
			    cases[i].why, n);
	}
	free(in);
}

/* A text begins with what was not seen before: that alone makes no planes of it. */
static void
test_text_begins(void **state)
{
	const size_t begins[] = { 1000, 40000, CHUNK / 5 };
	uint8_t *in = room(CHUNK);
	uint32_t v = 1;
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(begins) / sizeof(*begins); k++) {
		weights_fill(WEIGHTS_TEXT, k, in, CHUNK);
		for (i = 0; i < begins[k]; i++) {
			v = v * 1664525U + 1013904223U;
			in[i] = (uint8_t)(' ' + (v >> 24) % 64);
		}
		assert_int_equal(trip(ctx, in, CHUNK), 0);
	}
	/* Where it is more than that, it is coded apart. */
	for (i = 0; i < CHUNK / 2; i++) {
		v = v * 1664525U + 1013904223U;
		in[i] = (uint8_t)(' ' + (v >> 24) % 64);
	}
	assert_int_not_equal(trip(ctx, in, CHUNK), 0);
	free(in);
}

static void
test_short(void **state)
{
	uint8_t *in = room(CHUNK);
	unsigned kind, phase;
	size_t len;

	(void)state;
	for (kind = 0; kind < WEIGHTS_KINDS; kind++) {
		phase = kind % 8;
		memset(in, 'x', phase);
		weights_fill((enum weights_kind)kind, kind, in + phase,
		    CHUNK - phase);
		for (len = 1; len <= 300; len++)
			(void)trip(ctx, in, len);
	}
	free(in);
}

static void
test_around_cells(void **state)
{
	static const size_t around[] = { 2048, 4096, 16384, CELL, 2 * CELL,
	    4 * CELL, 2 * 16384 * 2 };
	uint8_t *in = room(CHUNK);
	unsigned kind;
	size_t i, len;

	(void)state;
	for (kind = 0; kind < WEIGHTS_KINDS; kind++) {
		weights_fill((enum weights_kind)kind, kind, in, CHUNK);
		for (i = 0; i < sizeof(around) / sizeof(*around); i++)
			for (len = around[i] - 5; len < around[i] + 6; len++)
				(void)trip(ctx, in, len);
	}
	free(in);
}

/* Elements gain as much wherever in the chunk they begin. */
static void
test_phases(void **state)
{
	static const struct {
		enum weights_kind kind;
		size_t width;
	} cases[] = {
		{ WEIGHTS_BF16, 2 },
		{ WEIGHTS_FP16, 2 },
		{ WEIGHTS_FP32, 4 },
		{ WEIGHTS_FP32_OF_BF16, 4 },
		{ WEIGHTS_FP32_OF_FP16, 4 },
		{ WEIGHTS_FP64, 8 },
		{ WEIGHTS_Q8_0, 34 },
		{ WEIGHTS_Q4_0, 18 },
	};
	const size_t len = 4 * CELL;
	uint8_t *in = room(len);
	size_t i, phase, n, first;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		weights_fill(cases[i].kind, 9, in, len);
		first = trip(ctx, in, len);
		assert_true(first > 0);
		for (phase = 1; phase < cases[i].width; phase++) {
			weights_fill(WEIGHTS_NOISE, phase, in, phase);
			weights_fill(cases[i].kind, 9, in + phase, len - phase);
			n = trip(ctx, in, len);
			if (n == 0 || n > first + first / 512 + 100)
				fail_msg("kind %d, phase %zu: %zu, not %zu",
				    cases[i].kind, phase, n, first);
		}
	}
	free(in);
}

/* A plane that the samples show to be constant need not be. */
static void
test_nearly_constant(void **state)
{
	uint8_t *in = room(CHUNK);
	uint64_t seed = 6;
	unsigned i, k;
	size_t n;

	(void)state;
	for (i = 0; i < 20; i++) {
		weights_fill(WEIGHTS_FP32_OF_BF16, i, in, CHUNK);
		for (k = 0; k <= i % 3; k++)
			in[weights_random(&seed) % (CHUNK / 4) * 4 + i % 2]++;
		n = trip(ctx, in, CHUNK);
		assert_true(n > 0 && n < CHUNK / 100 * 34);
	}
	free(in);
}

/* A chunk of a file's end, a header and tensors of several types: all gain. */
static void
test_mixed(void **state)
{
	static const struct {
		enum weights_kind kind;
		size_t len;
	} parts[] = {
		{ WEIGHTS_TEXT, 100001 },
		{ WEIGHTS_BF16, 300000 },
		{ WEIGHTS_FP32, 200003 },
		{ WEIGHTS_NOISE, 90000 },
		{ WEIGHTS_Q8_0, 150000 },
		{ WEIGHTS_FP64, 99999 },
		{ WEIGHTS_ZEROS, 108573 },
	};
	uint8_t *in = room(CHUNK);
	size_t i, at = 0, n, zstd;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		assert_true(parts[i].len <= CHUNK - at);
		weights_fill(parts[i].kind, i, in + at, parts[i].len);
		at += parts[i].len;
	}
	assert_int_equal(at, CHUNK);
	n = stored(in, CHUNK, &zstd);
	if (n > zstd / 100 * 93)
		fail_msg("%zu bytes, zstd %zu", n, zstd);
	free(in);
}

/* What occurs twice in the chunk is left to zstd, and what is beside it is not. */
static void
test_repeated(void **state)
{
	uint8_t *in = room(CHUNK);
	size_t n, zstd;

	(void)state;
	weights_fill(WEIGHTS_FP32, 1, in, CHUNK);
	memmove(in + CHUNK / 2, in + CHUNK / 4 + 12, CHUNK / 4);
	n = stored(in, CHUNK, &zstd);
	if (n > zstd + zstd / 100)
		fail_msg("%zu bytes, zstd %zu", n, zstd);
	free(in);
}

static void
test_one_result(void **state)
{
	struct frame_ctx *frame2 = frame_ctx_new();
	struct planes_ctx *fresh = planes_ctx_new(frame2);
	uint8_t *in = room(CHUNK), *a = room(CHUNK), *b = room(2 * CHUNK);
	struct diag d = DIAG_INIT;
	uint32_t ta, tb;
	size_t na, nb;
	unsigned kind;

	(void)state;
	assert_non_null(fresh);
	for (kind = 0; kind < WEIGHTS_KINDS; kind++) {
		weights_fill((enum weights_kind)kind, 5, in, CHUNK);
		/* The first context has seen all tests before, at other levels. */
		assert_int_equal(frame_compress(frame, 1, in, 1000, a, CHUNK,
		    &na, &d), ST_OK);
		assert_int_equal(planes_encode(ctx, LEVEL, in, CHUNK, a, CHUNK,
		    &na, &ta, &d), ST_OK);
		assert_int_equal(planes_encode(fresh, LEVEL, in, CHUNK, b,
		    2 * CHUNK, &nb, &tb, &d), ST_OK);
		assert_int_equal(ta, tb);
		assert_int_equal(na, nb);
		assert_memory_equal(a, b, na);
	}
	planes_ctx_free(fresh);
	frame_ctx_free(frame2);
	free(in);
	free(a);
	free(b);
}

static void
test_largest(void **state)
{
	uint8_t *in = room(CAP_CHUNK_MAX);
	size_t n;

	(void)state;
	weights_fill(WEIGHTS_BF16, 3, in, CAP_CHUNK_MAX);
	n = trip(ctx, in, CAP_CHUNK_MAX);
	assert_true(n > 0 && n < CAP_CHUNK_MAX / 100 * 67);
	/* Every byte value that a byte can have, in all planes. */
	for (n = 0; n < CAP_CHUNK_MAX; n++)
		in[n] = (uint8_t)(n * 2654435761U >> 13);
	(void)trip(ctx, in, CAP_CHUNK_MAX);
	free(in);
}

static void
test_range(void **state)
{
	static uint8_t b[100];
	struct diag d = DIAG_INIT;
	uint32_t t;
	size_t n;

	(void)state;
	assert_int_equal(planes_encode(ctx, LEVEL, b, 0, b, 100, &n, &t, &d),
	    ST_INTERNAL);
	assert_int_equal(planes_encode(ctx, LEVEL, b, 100, b, 99, &n, &t, &d),
	    ST_INTERNAL);
	assert_int_equal(planes_encode(ctx, LEVEL, b, CAP_CHUNK_MAX + 1, b,
	    SIZE_MAX, &n, &t, &d), ST_INTERNAL);
}

/* A chunk of random parts; returns its length. */
static size_t
random_chunk(uint64_t *seed, uint8_t *in)
{
	static const size_t most[] = { 300, 600, 600, 3000, 9000, 9000, 40000,
	    100000 };
	size_t len, at, n, copy;
	uint64_t r = weights_random(seed);

	len = 1 + (size_t)(weights_random(seed) % most[r % 8]);
	for (at = 0; at < len; at += n) {
		r = weights_random(seed);
		n = r % 3 == 0 ? len - at : 1 + (size_t)(r >> 8) % (len - at);
		if (r % 16 == 7 && at > 0) {
			/* Again what was there before. */
			copy = n < at ? n : at;
			memmove(in + at, in + (size_t)(r >> 40) %
			    (at - copy + 1), copy);
			n = copy;
			continue;
		}
		weights_fill((enum weights_kind)((r >> 32) % WEIGHTS_KINDS),
		    weights_random(seed), in + at, n);
	}
	return len;
}

static void
test_random(void **state)
{
	const char *set = getenv("SATCHEL_PLANES_CASES");
	unsigned long cases = set != NULL ? strtoul(set, NULL, 10) : CASES;
	const char *other = getenv("SATCHEL_PLANES_SEED");
	unsigned long i, n_planes = 0;
	uint64_t seed = 20260101 + (other != NULL ? strtoul(other, NULL, 10) : 0);
	uint8_t *in = room(CHUNK);
	size_t len;

	(void)state;
	for (i = 0; i < cases; i++) {
		len = random_chunk(&seed, in);
		n_planes += trip(ctx, in, len) != 0;
	}
	/* Enough of them were for planes for this to mean anything. */
	assert_true(n_planes >= cases / 4);
	free(in);
}

/* No real file of weights gets larger than zstd -3 makes it, chunk by chunk. */
static void
test_real(void **state)
{
	static const char *const names[] = {
		"burn-mnist/mnist.pt", "burn-mnist/mnist.safetensors",
		"gguf-vocab/ggml-vocab-deepseek-llm.gguf",
		"gguf-vocab/ggml-vocab-gpt-2.gguf",
		"gguf-with-tensors/silero_vad_16k-F32.gguf",
		"rwkv-tiny/tiny-rwkv-660K-FP32.bin",
		"silero-vad/silero_vad.jit", "silero-vad/silero_vad.onnx",
		"silero-vad/silero_vad_16k.safetensors",
		"ultra-light-face/models/onnx/version-RFB-320.onnx",
		"ultra-light-face/models/pretrained/version-RFB-320.pth",
	};
	const char *folder = getenv("SATCHEL_DATA");
	char path[1024];
	uint8_t *in = room(CHUNK);
	size_t i, n, zstd, sum, sum_zstd;
	FILE *f;

	(void)state;
	if (folder == NULL)
		skip();
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/weights/%s", folder,
		    names[i]);
		if ((f = fopen(path, "rb")) == NULL)
			fail_msg("%s", path);
		sum = sum_zstd = 0;
		while ((n = fread(in, 1, CHUNK, f)) > 0) {
			sum += stored(in, n, &zstd);
			sum_zstd += zstd;
		}
		(void)fclose(f);
		if (sum > sum_zstd + sum_zstd / 100)
			fail_msg("%s: %zu bytes, zstd %zu", names[i], sum,
			    sum_zstd);
	}
	free(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_text_begins),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_around_cells),
		cmocka_unit_test(test_phases),
		cmocka_unit_test(test_nearly_constant),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_one_result),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
