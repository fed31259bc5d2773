/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_split - how elements lie in a chunk, and the loops that take them
 * apart and put them together.  Nothing is judged or refused here.
 */
#ifndef SATCHEL_BUNDLE_PLANES_SPLIT_H
#define SATCHEL_BUNDLE_PLANES_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#define PLANES_MAX 8U			/* planes of one piece */
#define PLANES_TILE 4096U		/* elements that are worked on while they are in the cache */
#define PLANES_TOP_BLOCK 16384U		/* elements that share one top exponent; a multiple of the tile */
#define PLANES_ESCAPE 15U		/* the distance that stands for "too far" */

/* As the format numbers them. */
enum planes_kind {
	PLANES_BYTES = 0,	/* one plane: the bytes as they lie */
	PLANES_HALVES = 1,	/* pairs of bytes: rotated left by one, upper and lower half */
	PLANES_WORDS16 = 2,	/* the upper 16 bits rotated left by one; a plane per byte */
	PLANES_WORDS32 = 3,
	PLANES_WORDS64 = 4,
	PLANES_RECORDS = 5,	/* records of some bytes, cut into groups of neighbours */
};

/*
 * width      bytes of an element
 * n_planes   1 .. PLANES_MAX
 * size       bytes of an element that go into each plane, in order; their sum
 *            is the width
 */
struct planes_layout {
	enum planes_kind kind;
	unsigned width;
	unsigned n_planes;
	uint8_t size[PLANES_MAX];
};

/* The layouts but for records, by kind. */
extern const struct planes_layout planes_layouts[PLANES_RECORDS];

/* planes_split - n elements of in; plane k gets n * size[k] bytes. */
void planes_split(const struct planes_layout *l, const uint8_t *in, size_t n,
    uint8_t *const plane[PLANES_MAX]);

/* planes_join - the inverse. */
void planes_join(const struct planes_layout *l,
    const uint8_t *const plane[PLANES_MAX], size_t n, uint8_t *out);

/*
 * planes_pack - bytes as distances below top, two to a byte, the first in the
 * lower half.
 *
 * n         1 .. PLANES_TILE
 * pairs     (n + 1) / 2 bytes
 * escapes   room for n; gets, in order, the bytes that are PLANES_ESCAPE or
 *           more away
 * Returns how many those are.
 */
size_t planes_pack(const uint8_t *plane, size_t n, uint8_t top, uint8_t *pairs,
    uint8_t *escapes);

/*
 * planes_unpack - the inverse for n elements, n even or the last of all.
 *
 * plane       room for n + 1
 * escapes     *n_escapes there are; both move on past those used
 * Returns 0, or -1 where they do not suffice or one needed no escape.
 */
int planes_unpack(const uint8_t *pairs, size_t n, uint8_t top, uint8_t *plane,
    const uint8_t **escapes, size_t *n_escapes);

/* planes_all_equal - whether all n bytes are alike. */
int planes_all_equal(const uint8_t *p, size_t n);

#endif
