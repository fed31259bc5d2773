/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weights - bytes that look like the tensors of models, and like what else lies
 * between them, made from a seed.  For tests; no model has them.
 */
#ifndef SATCHEL_TESTS_WEIGHTS_H
#define SATCHEL_TESTS_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

enum weights_kind {
	WEIGHTS_BF16,
	WEIGHTS_FP16,
	WEIGHTS_FP32,
	WEIGHTS_FP32_OF_BF16,	/* widened: the lower half is zero */
	WEIGHTS_FP32_OF_FP16,
	WEIGHTS_FP64,
	WEIGHTS_FP64_OF_FP32,
	WEIGHTS_E4M3,
	WEIGHTS_E5M2,
	WEIGHTS_INT8,
	WEIGHTS_Q8_0,		/* blocks of a 16-bit scale and 32 bytes */
	WEIGHTS_Q4_0,		/* blocks of a 16-bit scale and 32 halves of bytes */
	WEIGHTS_PRUNED,		/* bf16, half of them zero */
	WEIGHTS_SPECIAL,	/* fp32: NaN, infinity, denormals, zeros, extremes */
	WEIGHTS_IDS,		/* small numbers of 32 bits */
	WEIGHTS_RAMP,		/* 0, 1, 2, ... in 64 bits */
	WEIGHTS_TEXT,
	WEIGHTS_ZEROS,
	WEIGHTS_NOISE,
	WEIGHTS_KINDS
};

/* weights_random - the next of a sequence; *state is any number to begin with. */
uint64_t weights_random(uint64_t *state);

/* weights_fill - len bytes of this kind, the first one at an element's start. */
void weights_fill(enum weights_kind kind, uint64_t seed, uint8_t *out,
    size_t len);

#endif
