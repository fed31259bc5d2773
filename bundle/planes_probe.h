/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_probe - what the bytes of a chunk look like, judged by samples: the
 * width and phase of elements, what their planes would cost, what repetition
 * there is.  It decides nothing about the format; a wrong guess costs bytes.
 * Integers only, so that every machine judges alike.
 */
#ifndef SATCHEL_BUNDLE_PLANES_PROBE_H
#define SATCHEL_BUNDLE_PLANES_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/planes_split.h"

#define PROBE_CELL 32768U		/* bytes that are judged together; a multiple of 8 */
#define PROBE_SAMPLE 4096U		/* the most bytes of a plane that are counted */
#define PROBE_BIT 65536U		/* one bit, in the unit of costs */

/* Variants of cells; for words the lower byte has a bit per constant plane. */
#define PROBE_REPEATS 0x100U		/* much of it occurs elsewhere */
#define PROBE_NOISE 0x200U		/* bytes without any order */

/*
 * What was found of repetition.
 *
 * passed, matched, n_matches  nearby: bytes looked at, found again, in how many
 *           pieces
 * anchors, echoes  at any distance in the chunk: places looked at, found again
 * inverse   sum of 2^16 / length over the latter
 */
struct probe_matches {
	uint32_t passed;
	uint32_t matched;
	uint32_t n_matches;
	uint32_t anchors;
	uint32_t echoes;
	uint32_t inverse;
};

/*
 * layout    how the elements lie
 * phase     (offset in the chunk) modulo width at which elements begin
 * variant   cells of the same layout and phase that differ in this are coded
 *           apart
 */
struct probe_cell {
	const struct planes_layout *layout;
	uint32_t phase;
	uint32_t variant;
	struct probe_matches matches;
};

/* Tables and counters; one per thread. */
struct probe;
struct probe *probe_new(void);
void probe_free(struct probe *p);

/*
 * probe_chunk - judge each PROBE_CELL bytes (the last cell may be shorter).
 * cell    room for (len + PROBE_CELL - 1) / PROBE_CELL
 */
void probe_chunk(struct probe *p, const uint8_t *in, size_t len,
    struct probe_cell *cell);

/*
 * probe_entropy - bits that n bytes (at most PROBE_SAMPLE) of this distribution
 * take with an ideal order-0 code, n * PROBE_BIT each; corrected for the sample's
 * smallness.  count[] sums to n.
 */
uint64_t probe_entropy(const struct probe *p, const uint32_t count[256],
    uint32_t n);

/* probe_count - count n bytes of plane, PROBE_SAMPLE of them at most.  Returns how many. */
uint32_t probe_count(const uint8_t *plane, size_t n, uint32_t count[256]);

/*
 * probe_coincidences - how many of 8 * n * n pairs of bytes that many positions
 * apart would be equal, if nothing but the position modulo 8 mattered; hist
 * counts n bytes for each of those.
 */
uint64_t probe_coincidences(const uint16_t hist[8][256], uint32_t n,
    uint32_t lag);

#endif
