/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_entropy - planes as frames: any zstd reads them, they are small, and
 * what does not fit is no error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/entropy.h"
#include "bundle/frame.h"
#include "manifests/caps.h"
#include "tests/unit/weights.h"

#define LEN 300000U

static struct entropy_ctx *ctx;
static struct frame_ctx *frame;

static int
setup(void **state)
{
	(void)state;
	ctx = entropy_ctx_new();
	frame = frame_ctx_new();
	return ctx == NULL || frame == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	entropy_ctx_free(ctx);
	entropy_ctx_free(NULL);
	frame_ctx_free(frame);
	return 0;
}

/* n bytes, each the number of one bits of a random number: about 3 bits. */
static uint8_t *
plane(size_t n, uint64_t seed)
{
	uint8_t *p = malloc(n);
	size_t i;

	assert_non_null(p);
	for (i = 0; i < n; i++)
		p[i] = (uint8_t)__builtin_popcountll(weights_random(&seed));
	return p;
}

static void
test_round_trip(void **state)
{
	static const size_t lens[] = { 1, 2, 63, 64, 255, 256, 4096, 65535,
	    131072, 131073, LEN };
	uint8_t *in = plane(LEN, 1), *out = malloc(2 * LEN), *back;
	struct diag d = DIAG_INIT;
	size_t i, n;

	(void)state;
	assert_non_null(out);
	for (i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		assert_int_equal(entropy_compress(ctx, in, lens[i], out,
		    2 * LEN, &n, &d), ST_OK);
		assert_true(n > 0);
		back = malloc(lens[i]);
		assert_non_null(back);
		assert_int_equal(frame_decompress(frame, out, n, back, lens[i],
		    &d), ST_OK);
		assert_memory_equal(back, in, lens[i]);
		free(back);
	}
	/* 4.05 bits is what this distribution has. */
	assert_true(n < LEN * 52 / 100);
	free(in);
	free(out);
}

static void
test_no_room(void **state)
{
	uint8_t *in = plane(LEN, 2), *out = malloc(LEN), *again = malloc(LEN);
	struct diag d = DIAG_INIT;
	size_t n, m;

	(void)state;
	assert_true(out != NULL && again != NULL);
	assert_int_equal(entropy_compress(ctx, in, LEN, out, LEN, &n, &d),
	    ST_OK);
	assert_int_equal(entropy_compress(ctx, in, LEN, again, n / 2, &m, &d),
	    ST_OK);
	assert_int_equal(m, 0);
	assert_int_equal(entropy_compress(ctx, in, LEN, again, 1, &m, &d),
	    ST_OK);
	assert_int_equal(m, 0);
	/* A failure leaves nothing behind. */
	assert_int_equal(entropy_compress(ctx, in, LEN, again, LEN, &m, &d),
	    ST_OK);
	assert_int_equal(m, n);
	assert_memory_equal(again, out, n);
	free(in);
	free(out);
	free(again);
}

static void
test_range(void **state)
{
	uint8_t b[1] = { 0 };
	struct diag d = DIAG_INIT;
	size_t n = 7;

	(void)state;
	assert_int_equal(entropy_compress(ctx, b, 0, b, 1, &n, &d),
	    ST_INTERNAL);
	assert_int_equal(n, 0);
	assert_int_equal(entropy_compress(ctx, b,
	    ((size_t)1 << CAP_WINDOW_LOG) + 1, b, 1, &n, &d), ST_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_range),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
