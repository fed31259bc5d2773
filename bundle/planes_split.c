/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_split - the loops over elements.  They are written so that a compiler
 * makes vector code of them; the results are the same everywhere.
 */
#include "bundle/planes_split.h"

#include <endian.h>
#include <string.h>

/*
 * At -O2 gcc 12 makes no vector code of these loops (three to five times
 * slower); clang needs no telling.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define VECTOR __attribute__((optimize("O3")))
#else
#define VECTOR
#endif

#define SCAN 64U			/* elements that are looked at together for an escape */
#define RECORDS 64U			/* records whose groups are copied while they are in the cache */

const struct planes_layout planes_layouts[PLANES_RECORDS] = {
	[PLANES_BYTES] = { PLANES_BYTES, 1, 1, { 1 } },
	[PLANES_HALVES] = { PLANES_HALVES, 2, 2, { 1, 1 } },
	[PLANES_WORDS16] = { PLANES_WORDS16, 2, 2, { 1, 1 } },
	[PLANES_WORDS32] = { PLANES_WORDS32, 4, 4, { 1, 1, 1, 1 } },
	[PLANES_WORDS64] = { PLANES_WORDS64, 8, 8, { 1, 1, 1, 1, 1, 1, 1, 1 } },
};

/*
 * The upper two bytes of a word, as one number, are rotated left by one bit:
 * the sign goes below the mantissa, so that the exponent is the upper byte.
 */
static inline uint8_t
rotate_lower(uint8_t lower, uint8_t upper)
{
	return (uint8_t)(lower << 1 | upper >> 7);
}

static inline uint8_t
rotate_upper(uint8_t lower, uint8_t upper)
{
	return (uint8_t)(upper << 1 | lower >> 7);
}

static inline uint8_t
restore_lower(uint8_t lower, uint8_t upper)
{
	return (uint8_t)(lower >> 1 | upper << 7);
}

static inline uint8_t
restore_upper(uint8_t lower, uint8_t upper)
{
	return (uint8_t)(upper >> 1 | lower << 7);
}

VECTOR static void
split_halves(const uint8_t *restrict in, size_t n, uint8_t *restrict lower,
    uint8_t *restrict upper)
{
	size_t i;
	uint8_t a, b;

	for (i = 0; i < n; i++) {
		a = (uint8_t)(in[2 * i] << 1 | in[2 * i] >> 7);
		b = (uint8_t)(in[2 * i + 1] << 1 | in[2 * i + 1] >> 7);
		lower[i] = (uint8_t)((a & 0x0f) | b << 4);
		upper[i] = (uint8_t)(a >> 4 | (b & 0xf0));
	}
}

VECTOR static void
join_halves(const uint8_t *restrict lower, const uint8_t *restrict upper,
    size_t n, uint8_t *restrict out)
{
	size_t i;
	uint8_t a, b;

	for (i = 0; i < n; i++) {
		a = (uint8_t)((lower[i] & 0x0f) | upper[i] << 4);
		b = (uint8_t)(lower[i] >> 4 | (upper[i] & 0xf0));
		out[2 * i] = (uint8_t)(a >> 1 | a << 7);
		out[2 * i + 1] = (uint8_t)(b >> 1 | b << 7);
	}
}

VECTOR static void
split16(const uint8_t *restrict in, size_t n, uint8_t *restrict p0,
    uint8_t *restrict p1)
{
	size_t i;

	for (i = 0; i < n; i++) {
		p0[i] = rotate_lower(in[2 * i], in[2 * i + 1]);
		p1[i] = rotate_upper(in[2 * i], in[2 * i + 1]);
	}
}

VECTOR static void
join16(const uint8_t *restrict p0, const uint8_t *restrict p1, size_t n,
    uint8_t *restrict out)
{
	size_t i;
	uint16_t v;

	/* One store of two bytes: with gcc it takes two thirds of the time. */
	for (i = 0; i < n; i++) {
		v = (uint16_t)(p0[i] | p1[i] << 8);
		v = htole16((uint16_t)(v >> 1 | v << 15));
		memcpy(out + 2 * i, &v, 2);
	}
}

VECTOR static void
split32(const uint8_t *restrict in, size_t n, uint8_t *restrict p0,
    uint8_t *restrict p1, uint8_t *restrict p2, uint8_t *restrict p3)
{
	size_t i;

	for (i = 0; i < n; i++) {
		p0[i] = in[4 * i];
		p1[i] = in[4 * i + 1];
		p2[i] = rotate_lower(in[4 * i + 2], in[4 * i + 3]);
		p3[i] = rotate_upper(in[4 * i + 2], in[4 * i + 3]);
	}
}

VECTOR static void
join32(const uint8_t *restrict p0, const uint8_t *restrict p1,
    const uint8_t *restrict p2, const uint8_t *restrict p3, size_t n,
    uint8_t *restrict out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		out[4 * i] = p0[i];
		out[4 * i + 1] = p1[i];
		out[4 * i + 2] = restore_lower(p2[i], p3[i]);
		out[4 * i + 3] = restore_upper(p2[i], p3[i]);
	}
}

VECTOR static void
split64(const uint8_t *restrict in, size_t n, uint8_t *const plane[PLANES_MAX])
{
	uint8_t *restrict p0 = plane[0], *restrict p1 = plane[1];
	uint8_t *restrict p2 = plane[2], *restrict p3 = plane[3];
	uint8_t *restrict p4 = plane[4], *restrict p5 = plane[5];
	uint8_t *restrict p6 = plane[6], *restrict p7 = plane[7];
	size_t i;

	for (i = 0; i < n; i++) {
		p0[i] = in[8 * i];
		p1[i] = in[8 * i + 1];
		p2[i] = in[8 * i + 2];
		p3[i] = in[8 * i + 3];
		p4[i] = in[8 * i + 4];
		p5[i] = in[8 * i + 5];
		p6[i] = rotate_lower(in[8 * i + 6], in[8 * i + 7]);
		p7[i] = rotate_upper(in[8 * i + 6], in[8 * i + 7]);
	}
}

VECTOR static void
join64(const uint8_t *const plane[PLANES_MAX], size_t n, uint8_t *restrict out)
{
	const uint8_t *restrict p0 = plane[0], *restrict p1 = plane[1];
	const uint8_t *restrict p2 = plane[2], *restrict p3 = plane[3];
	const uint8_t *restrict p4 = plane[4], *restrict p5 = plane[5];
	const uint8_t *restrict p6 = plane[6], *restrict p7 = plane[7];
	size_t i;

	for (i = 0; i < n; i++) {
		out[8 * i] = p0[i];
		out[8 * i + 1] = p1[i];
		out[8 * i + 2] = p2[i];
		out[8 * i + 3] = p3[i];
		out[8 * i + 4] = p4[i];
		out[8 * i + 5] = p5[i];
		out[8 * i + 6] = restore_lower(p6[i], p7[i]);
		out[8 * i + 7] = restore_upper(p6[i], p7[i]);
	}
}

/* A copy whose usual lengths the compiler knows. */
static inline void
copy_group(uint8_t *restrict to, const uint8_t *restrict from, size_t len)
{
	switch (len) {
	case 1:
		*to = *from;
		break;
	case 4:
		memcpy(to, from, 4);
		break;
	case 8:
		memcpy(to, from, 8);
		break;
	case 16:
		memcpy(to, from, 16);
		break;
	case 32:
		memcpy(to, from, 32);
		break;
	case 64:
		memcpy(to, from, 64);
		break;
	case 128:
		memcpy(to, from, 128);
		break;
	default:
		memcpy(to, from, len);
		break;
	}
}

static void
split_records(const struct planes_layout *l, const uint8_t *in, size_t n,
    uint8_t *const plane[PLANES_MAX])
{
	size_t i, at, from, to, len;
	unsigned k;

	for (from = 0; from < n; from = to) {
		to = n - from < RECORDS ? n : from + RECORDS;
		for (k = 0, at = 0; k < l->n_planes; at += len, k++) {
			len = l->size[k];
			for (i = from; i < to; i++)
				copy_group(plane[k] + i * len,
				    in + i * l->width + at, len);
		}
	}
}

static void
join_records(const struct planes_layout *l,
    const uint8_t *const plane[PLANES_MAX], size_t n, uint8_t *out)
{
	size_t i, at, from, to, len;
	unsigned k;

	for (from = 0; from < n; from = to) {
		to = n - from < RECORDS ? n : from + RECORDS;
		for (k = 0, at = 0; k < l->n_planes; at += len, k++) {
			len = l->size[k];
			for (i = from; i < to; i++)
				copy_group(out + i * l->width + at,
				    plane[k] + i * len, len);
		}
	}
}

void
planes_split(const struct planes_layout *l, const uint8_t *in, size_t n,
    uint8_t *const plane[PLANES_MAX])
{
	switch (l->kind) {
	case PLANES_BYTES:
		memcpy(plane[0], in, n);
		break;
	case PLANES_HALVES:
		split_halves(in, n, plane[0], plane[1]);
		break;
	case PLANES_WORDS16:
		split16(in, n, plane[0], plane[1]);
		break;
	case PLANES_WORDS32:
		split32(in, n, plane[0], plane[1], plane[2], plane[3]);
		break;
	case PLANES_WORDS64:
		split64(in, n, plane);
		break;
	case PLANES_RECORDS:
		split_records(l, in, n, plane);
		break;
	}
}

void
planes_join(const struct planes_layout *l,
    const uint8_t *const plane[PLANES_MAX], size_t n, uint8_t *out)
{
	switch (l->kind) {
	case PLANES_BYTES:
		memcpy(out, plane[0], n);
		break;
	case PLANES_HALVES:
		join_halves(plane[0], plane[1], n, out);
		break;
	case PLANES_WORDS16:
		join16(plane[0], plane[1], n, out);
		break;
	case PLANES_WORDS32:
		join32(plane[0], plane[1], plane[2], plane[3], n, out);
		break;
	case PLANES_WORDS64:
		join64(plane, n, out);
		break;
	case PLANES_RECORDS:
		join_records(l, plane, n, out);
		break;
	}
}

/* Whether one of n bytes is v. */
VECTOR static int
any_equal(const uint8_t *p, size_t n, uint8_t v)
{
	uint8_t hit = 0;
	size_t i;

	for (i = 0; i < n; i++)
		hit |= p[i] == v;
	return hit;
}

VECTOR static void
measure(const uint8_t *restrict plane, size_t n, uint8_t top,
    uint8_t *restrict distance)
{
	size_t i;
	uint8_t v;

	for (i = 0; i < n; i++) {
		v = (uint8_t)(top - plane[i]);
		distance[i] = v < PLANES_ESCAPE ? v : PLANES_ESCAPE;
	}
}

VECTOR static void
pair(const uint8_t *restrict distance, size_t n_pairs, uint8_t *restrict pairs)
{
	size_t i;

	for (i = 0; i < n_pairs; i++)
		pairs[i] = (uint8_t)(distance[2 * i] |
		    distance[2 * i + 1] << 4);
}

VECTOR static void
unpair(const uint8_t *restrict pairs, size_t n_pairs, uint8_t top,
    uint8_t *restrict plane)
{
	size_t i;

	for (i = 0; i < n_pairs; i++) {
		plane[2 * i] = (uint8_t)(top - (pairs[i] & 0x0f));
		plane[2 * i + 1] = (uint8_t)(top - (pairs[i] >> 4));
	}
}

size_t
planes_pack(const uint8_t *plane, size_t n, uint8_t top, uint8_t *pairs,
    uint8_t *escapes)
{
	uint8_t distance[PLANES_TILE + 1];
	size_t i, j, m, n_escapes = 0;

	measure(plane, n, top, distance);
	for (i = 0; i < n; i += m) {
		m = n - i < SCAN ? n - i : SCAN;
		if (m == SCAN ? !any_equal(distance + i, SCAN, PLANES_ESCAPE) :
		    !any_equal(distance + i, m, PLANES_ESCAPE))
			continue;
		for (j = i; j < i + m; j++) {
			escapes[n_escapes] = plane[j];
			n_escapes += distance[j] == PLANES_ESCAPE;
		}
	}
	distance[n] = 0;
	pair(distance, (n + 1) / 2, pairs);
	return n_escapes;
}

int
planes_unpack(const uint8_t *pairs, size_t n, uint8_t top, uint8_t *plane,
    const uint8_t **escapes, size_t *n_escapes)
{
	const uint8_t mark = (uint8_t)(top - PLANES_ESCAPE);
	size_t i, j, m;

	unpair(pairs, (n + 1) / 2, top, plane);
	for (i = 0; i < n; i += m) {
		m = n - i < SCAN ? n - i : SCAN;
		if (!any_equal(plane + i, m, mark))
			continue;
		for (j = i; j < i + m; j++) {
			if (plane[j] != mark)
				continue;
			if (*n_escapes == 0 ||
			    (uint8_t)(top - **escapes) < PLANES_ESCAPE)
				return -1;
			plane[j] = **escapes;
			(*escapes)++;
			(*n_escapes)--;
		}
	}
	return 0;
}

int
planes_all_equal(const uint8_t *p, size_t n)
{
	return n < 2 || memcmp(p, p + 1, n - 1) == 0;
}
