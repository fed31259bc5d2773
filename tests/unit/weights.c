/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weights - the generator.  Normal distributions with a scale per tensor, and
 * some outliers; no libm, so that the bytes are the same everywhere.
 */
#include "tests/unit/weights.h"

#include <string.h>

#define TENSOR 300000U			/* elements until the scale changes */

uint64_t
weights_random(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15U;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
	z = (z ^ z >> 27) * 0x94D049BB133111EBU;
	return z ^ z >> 31;
}

/* Nearly normal, deviation 1: the sum of twelve even numbers, less their mean. */
static double
normal(uint64_t *state)
{
	uint64_t r;
	double sum = 0;
	unsigned i, k;

	for (k = 0; k < 3; k++) {
		r = weights_random(state);
		for (i = 0; i < 4; i++, r >>= 16)
			sum += (double)(r & 0xffff) / 65536;
	}
	return sum - 6;
}

static double
weight(uint64_t *state, double scale)
{
	double x = normal(state) * scale;

	return weights_random(state) % 4096 == 0 ? 10 * x : x;
}

static uint32_t
bits32(double x)
{
	float f = (float)x;
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

static uint64_t
bits64(double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

/* Cut to a smaller float; what is too small becomes zero. */
static uint32_t
narrow(double x, int bits_exponent, int bits_mantissa)
{
	const uint32_t u = bits32(x);
	const int32_t bias = (1 << (bits_exponent - 1)) - 1;
	const int32_t most = (1 << bits_exponent) - 2;
	int32_t e = (int32_t)(u >> 23 & 255) - 127 + bias;
	uint32_t m = u >> (23 - bits_mantissa) &
	    ((1U << bits_mantissa) - 1);

	if (e <= 0)
		e = 0, m = 0;
	if (e > most)
		e = most;
	return u >> 31 << (bits_exponent + bits_mantissa) |
	    (uint32_t)e << bits_mantissa | m;
}

/* A block of 32 numbers: the scale, then each as an integer up to most. */
static size_t
block(uint64_t *state, double scale, int most, uint8_t *out)
{
	double x[32], top = 0, d;
	uint32_t h;
	int q[32];
	unsigned i;

	for (i = 0; i < 32; i++) {
		x[i] = normal(state) * scale;
		if (x[i] * x[i] > top * top)
			top = x[i] < 0 ? -x[i] : x[i];
	}
	d = top / most;
	h = narrow(d, 5, 10);
	out[0] = (uint8_t)h;
	out[1] = (uint8_t)(h >> 8);
	for (i = 0; i < 32; i++)
		q[i] = (int)(x[i] / d + most + 0.5) - most;
	if (most == 127) {
		for (i = 0; i < 32; i++)
			out[2 + i] = (uint8_t)q[i];
		return 34;
	}
	for (i = 0; i < 16; i++)
		out[2 + i] = (uint8_t)((q[i] + 8) | (q[i + 16] + 8) << 4);
	return 18;
}

static size_t
put(uint8_t *out, uint64_t v, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> (8 * i));
	return n;
}

static uint32_t
special(uint64_t *state)
{
	static const uint32_t some[] = { 0, 0x80000000, 0x7f800000, 0xff800000,
	    0x7fc00000, 0x7f800001, 0xffffffff, 1, 0x807fffff, 0x7f7fffff,
	    0x00800000, 0x3f800000 };
	const uint64_t r = weights_random(state);

	return r % 3 == 0 ? (uint32_t)(r >> 32) :
	    some[r / 3 % (sizeof(some) / sizeof(*some))];
}

static size_t
text(uint64_t *state, uint8_t *out)
{
	static const char *const words[] = { "{\"question\": \"", "What is ",
	    "the capital of ", "answer", "\", \"", "42", "\"}\n", "a model ",
	    "of weights ", "and ", "measured ", "in ", "bytes. " };
	const char *w = words[weights_random(state) %
	    (sizeof(words) / sizeof(*words))];

	memcpy(out, w, strlen(w));
	return strlen(w);
}

/* The next element, of n_th place; returns its bytes, at most 64. */
static size_t
element(enum weights_kind kind, uint64_t *state, double s, uint64_t nth,
    uint8_t *out)
{
	switch (kind) {
	case WEIGHTS_BF16:
		return put(out, bits32(weight(state, s)) >> 16, 2);
	case WEIGHTS_FP16:
		return put(out, narrow(weight(state, s), 5, 10), 2);
	case WEIGHTS_FP32:
		return put(out, bits32(weight(state, s)), 4);
	case WEIGHTS_FP32_OF_BF16:
		return put(out, bits32(weight(state, s)) & 0xffff0000, 4);
	case WEIGHTS_FP32_OF_FP16:
		return put(out, bits32(weight(state, s)) & 0xffffe000, 4);
	case WEIGHTS_FP64:
		return put(out, bits64(weight(state, s)) ^
		    (weights_random(state) & 0xfffffff), 8);
	case WEIGHTS_FP64_OF_FP32:
		return put(out, bits64((double)(float)weight(state, s)), 8);
	case WEIGHTS_E4M3:
		return put(out, narrow(weight(state, s) * 70 / s, 4, 3), 1);
	case WEIGHTS_E5M2:
		return put(out, narrow(weight(state, s), 5, 2), 1);
	case WEIGHTS_INT8:
		return put(out, (uint64_t)(int64_t)(normal(state) * 20), 1);
	case WEIGHTS_Q8_0:
		return block(state, s, 127, out);
	case WEIGHTS_Q4_0:
		return block(state, s, 7, out);
	case WEIGHTS_PRUNED:
		return put(out, weights_random(state) & 1 ? 0 :
		    bits32(weight(state, s)) >> 16, 2);
	case WEIGHTS_SPECIAL:
		return put(out, special(state), 4);
	case WEIGHTS_IDS:
		return put(out, weights_random(state) % 50000, 4);
	case WEIGHTS_RAMP:
		return put(out, nth, 8);
	case WEIGHTS_TEXT:
		return text(state, out);
	case WEIGHTS_ZEROS:
		return put(out, 0, 8);
	case WEIGHTS_NOISE:
	case WEIGHTS_KINDS:
		break;
	}
	return put(out, weights_random(state), 8);
}

void
weights_fill(enum weights_kind kind, uint64_t seed, uint8_t *out, size_t len)
{
	uint8_t one[64];
	uint64_t state = seed, nth;
	double scale = 0.02;
	size_t at, n;

	for (at = 0, nth = 0; at < len; at += n, nth++) {
		if (nth % TENSOR == 0)
			scale = 0.01 + 0.09 *
			    (double)(weights_random(&state) % 1000) / 1000;
		n = element(kind, &state, scale, nth, one);
		if (n > len - at)
			n = len - at;
		memcpy(out + at, one, n);
	}
}
