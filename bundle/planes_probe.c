/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_probe - the judge of samples.  It finds how wide elements are and
 * where they begin, by counting bytes; records are found in planes_records.c.
 */
#include "bundle/planes_probe.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/planes_records.h"

#if defined(__GNUC__) && !defined(__clang__)
#define VECTOR __attribute__((optimize("O3")))
#else
#define VECTOR
#endif

#define WINDOWS 8U			/* of one cell's sample */
#define WINDOW 256U			/* bytes, so that a count's square fits 16 bits and a bit */
#define FEW 32U				/* counts per residue below which nothing is judged */
#define TABLE_BITS 12
#define TRIES 128U			/* of the finder of repetition nearby, per cell */
#define MATCH_MIN 5U			/* as zstd -3 does */
#define ANCHOR 0xb5			/* any byte that is no ASCII */
#define ANCHORS 256U			/* the most of one cell */
#define ECHO_BITS 13
#define ECHO_MIN 6U			/* bytes; four alone occur by chance */
#define ECHO_MAX 64U

struct probe {
	uint32_t lg[PROBE_SAMPLE + 1];	/* log2, in PROBE_BIT */
	uint16_t hist[8][256];		/* by position modulo 8 */
	uint32_t seen[1U << TABLE_BITS];	/* position + 1 by hash */
	uint32_t anchor[1U << ECHO_BITS];	/* likewise, of anchors only */
};

/* log2 of 1 .. 2^16, in PROBE_BIT, by squaring: no libm, the same everywhere. */
static uint32_t
log2_fixed(uint32_t v)
{
	uint32_t whole = 31U - (uint32_t)__builtin_clz(v), bits = 0;
	uint64_t m = (uint64_t)v << (31 - whole);	/* 1 .. 2, times 2^31 */
	unsigned i;

	for (i = 0; i < 16; i++) {
		m = m * m >> 31;
		bits <<= 1;
		if (m >> 32 != 0) {
			bits |= 1;
			m >>= 1;
		}
	}
	return whole * PROBE_BIT + bits;
}

struct probe *
probe_new(void)
{
	struct probe *p;
	uint32_t i;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	for (i = 1; i <= PROBE_SAMPLE; i++)
		p->lg[i] = log2_fixed(i);
	return p;
}

void
probe_free(struct probe *p)
{
	free(p);
}

uint64_t
probe_entropy(const struct probe *p, const uint32_t count[256], uint32_t n)
{
	uint64_t bits = (uint64_t)n * p->lg[n];
	uint32_t kinds = 0;
	unsigned i;

	for (i = 0; i < 256; i++) {
		bits -= (uint64_t)count[i] * p->lg[count[i]];
		kinds += count[i] != 0;
	}
	/* Miller and Madow: a small sample looks more orderly than it is. */
	return bits + (uint64_t)(kinds - (kinds != 0)) * (PROBE_BIT * 7 / 10);
}

uint32_t
probe_count(const uint8_t *plane, size_t n, uint32_t count[256])
{
	/* Four counters, so that runs of one byte do not wait for each other. */
	uint32_t part[4][256] = { { 0 } };
	/* An odd step, which no width of elements divides. */
	size_t i, step = (n + PROBE_SAMPLE - 1) / PROBE_SAMPLE | 1;
	uint32_t total = 0;

	for (i = 0; i < n; i += step)
		part[total++ & 3][plane[i]]++;
	for (i = 0; i < 256; i++)
		count[i] = part[0][i] + part[1][i] + part[2][i] + part[3][i];
	return total;
}

/* Where sample window i of a cell of len bytes begins: at a multiple of 8. */
static size_t
window_at(size_t len, unsigned i)
{
	return (len - WINDOW) / (WINDOWS - 1) * i & ~(size_t)7;
}

static void
count_window(uint16_t hist[8][256], const uint8_t *in, size_t len)
{
	size_t i;
	uint64_t v;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&v, in + i, 8);
		v = le64toh(v);
		hist[0][v & 255]++;
		hist[1][v >> 8 & 255]++;
		hist[2][v >> 16 & 255]++;
		hist[3][v >> 24 & 255]++;
		hist[4][v >> 32 & 255]++;
		hist[5][v >> 40 & 255]++;
		hist[6][v >> 48 & 255]++;
		hist[7][v >> 56]++;
	}
}

/* Count the sample of a cell.  Returns the counts per residue. */
static uint32_t
count_cell(uint16_t hist[8][256], const uint8_t *in, size_t len)
{
	unsigned i;

	memset(hist, 0, 8 * sizeof(*hist));
	if (len <= (size_t)WINDOWS * WINDOW) {
		count_window(hist, in, len);
		return (uint32_t)(len / 8);
	}
	for (i = 0; i < WINDOWS; i++)
		count_window(hist, in + window_at(len, i), WINDOW);
	return WINDOWS * WINDOW / 8;
}

VECTOR static uint32_t
square_sum(const uint16_t a[256])
{
	uint32_t sum = 0;
	unsigned i;

	for (i = 0; i < 256; i++)
		sum += (uint32_t)a[i] * a[i];
	return sum;
}

VECTOR static uint32_t
square_distance(const uint16_t a[256], const uint16_t b[256])
{
	int32_t sum = 0;
	int16_t v;
	unsigned i;

	for (i = 0; i < 256; i++) {
		v = (int16_t)(a[i] - b[i]);
		sum += v * v;
	}
	return (uint32_t)sum;
}

VECTOR static uint32_t
product_sum(const uint16_t a[256], const uint16_t b[256])
{
	int32_t sum = 0;
	unsigned i;

	for (i = 0; i < 256; i++)
		sum += (int16_t)a[i] * (int16_t)b[i];
	return (uint32_t)sum;
}

uint64_t
probe_coincidences(const uint16_t hist[8][256], uint32_t n, uint32_t lag)
{
	uint64_t sum = 0;
	unsigned r;

	for (r = 0; r < 8; r++)
		sum += product_sum(hist[r], hist[(r + lag) & 7]);
	/* Less what a sample has in common with itself. */
	return lag % 8 != 0 ? sum : sum - 8 * (uint64_t)n;
}

/*
 * Whether positions of two residues hold bytes of different distributions:
 * the squared distance, less what chance alone makes of it, against how
 * concentrated the bytes are.
 */
static int
apart(const uint16_t a[256], const uint16_t b[256], uint32_t square_a,
    uint32_t square_b, uint32_t n)
{
	uint32_t d = square_distance(a, b);
	uint32_t square = square_a > square_b ? square_a : square_b;

	return d > 2 * n + square / 4 + n * n / 333 + n;
}

/* The smallest width at which all elements look alike: 1, 2, 4, or 8. */
static unsigned
find_width(const uint16_t hist[8][256], const uint32_t square[8], uint32_t n)
{
	unsigned width, r;

	for (width = 1; width < 8; width *= 2) {
		for (r = 0; r + width < 8; r++)
			if (apart(hist[r], hist[r + width], square[r],
			    square[r + width], n))
				break;
		if (r + width == 8)
			return width;
	}
	return 8;
}

/* The counts of all residues of one class, and the sum of their squares. */
static uint64_t
class_square(const uint16_t hist[8][256], unsigned width, unsigned class)
{
	uint64_t sum = 0;
	unsigned r, s;

	for (r = class; r < 8; r += width)
		for (s = class; s < 8; s += width)
			sum += product_sum(hist[r], hist[s]);
	return sum;
}

/*
 * Words of this width: find the upper byte, and note which lower planes are
 * constant.  Of the bytes that neither are constant nor look like noise it is
 * the one that is most concentrated against the byte below it.
 */
static void
judge_words(const struct probe *p, unsigned width, uint32_t n,
    struct probe_cell *cell)
{
	const uint64_t m = (uint64_t)n * (8 / width);	/* counts per class */
	uint64_t square[8], up, below, best_up = 0, best_below = 1;
	unsigned c, k, top = width - 1;

	for (c = 0; c < width; c++)
		square[c] = class_square(p->hist, width, c);
	for (c = 0; c < width; c++) {
		/* Less what a sample has in common with itself. */
		up = square[c] - m;
		below = square[(c + width - 1) % width] - m + 1;
		/* Not over seven bits by the count of coincidences. */
		if (square[c] == m * m || up * 128 <= m * (m - 1))
			continue;
		/* At most 2^21 each. */
		if (up * best_below >= best_up * below) {
			best_up = up;
			best_below = below;
			top = c;
		}
	}
	cell->layout = &planes_layouts[width == 2 ? PLANES_WORDS16 :
	    width == 4 ? PLANES_WORDS32 : PLANES_WORDS64];
	cell->phase = (top + 1) % width;
	for (k = 0; k + 2 < width; k++)
		if (square[(top + 1 + k) % width] == m * m)
			cell->variant |= 1U << k;
}

/*
 * Whether no residue is concentrated, under 5.6 bits by the count of
 * coincidences: the upper bytes of floats are, but scales among other bytes are
 * too few to show.
 */
static int
near_noise(const uint32_t square[8], uint32_t n)
{
	unsigned r;

	for (r = 0; r < 8; r++)
		if ((uint64_t)(square[r] - n) * 48 > (uint64_t)n * (n - 1))
			return 0;
	return 1;
}

/*
 * Look for repetition nearby as an LZ coder would, in longer and longer steps
 * while there is none.
 */
static void
find_matches(struct probe *p, const uint8_t *in, size_t at, size_t end,
    struct probe_matches *m)
{
	size_t i = at, from, len;
	uint32_t misses = 0, tries, hash;
	uint64_t v;

	for (tries = 0; tries < TRIES && i + 8 <= end; tries++) {
		memcpy(&v, in + i, 8);
		hash = (uint32_t)((le64toh(v) << 24) * 0x9E3779B185EBCA87U >>
		    (64 - TABLE_BITS));
		from = p->seen[hash];
		p->seen[hash] = (uint32_t)i + 1;
		if (from-- == 0 || memcmp(in + from, in + i, MATCH_MIN) != 0) {
			i += 1 + misses++;
			continue;
		}
		for (len = MATCH_MIN; i + len < end && in[from + len] ==
		    in[i + len]; len++)
			;
		m->matched += (uint32_t)len;
		m->n_matches++;
		i += len;
		misses = 0;
	}
	m->passed = (uint32_t)((i < end ? i : end) - at);
}

/*
 * Look for repetition at any distance: only where a certain byte stands, but
 * at all of those places, so that what occurs twice is looked at both times.
 * Returns the earliest place where something of the cell was found again.
 */
static size_t
find_echoes(struct probe *p, const uint8_t *in, size_t at, size_t end,
    struct probe_matches *m)
{
	const size_t scanned = at + (end - at) / 2;
	const uint8_t *q;
	size_t i, from, len, first = end;
	uint32_t hash, v;

	for (i = at; i + 4 <= scanned && m->anchors < ANCHORS; i++) {
		if ((q = memchr(in + i, ANCHOR, scanned - 3 - i)) == NULL)
			break;
		i = (size_t)(q - in);
		m->anchors++;
		memcpy(&v, q, 4);
		hash = le32toh(v) * 0x9E3779B1U >> (32 - ECHO_BITS);
		from = p->anchor[hash];
		p->anchor[hash] = (uint32_t)i + 1;
		if (from-- == 0 || memcmp(in + from, q, 4) != 0)
			continue;
		for (len = 4; len < ECHO_MAX && i + len < end &&
		    in[from + len] == q[len]; len++)
			;
		for (; len < ECHO_MAX && from > 0 && in[from - 1] == *(q - 1);
		    len++, from--, q--)
			;
		if (len < ECHO_MIN)
			continue;
		m->echoes++;
		m->inverse += (uint32_t)(65536 / len);
		if (from < first)
			first = from;
	}
	return first;
}

/* Note that much of a cell occurs elsewhere, and of which cells since when. */
static void
note_echoes(struct probe_cell *cell, size_t at, size_t from)
{
	const struct probe_matches *m = &cell->matches;
	size_t back;

	if (m->anchors < 16 || m->echoes * 16 < m->anchors)
		return;
	cell->variant |= PROBE_REPEATS;
	/* What is repeated has to be in the same piece to be of use. */
	for (back = at / PROBE_CELL - from / PROBE_CELL; back > 0; back--) {
		cell--;
		if (cell[0].layout != cell[1].layout ||
		    cell[0].phase != cell[1].phase)
			break;
		cell->variant |= PROBE_REPEATS;
	}
}

static void
judge_cell(struct probe *p, const uint8_t *in, size_t at, size_t end,
    struct probe_cell *cell)
{
	uint32_t square[8], n;
	uint64_t all;
	size_t from;
	unsigned r, width;

	cell->layout = &planes_layouts[PLANES_BYTES];
	find_matches(p, in, at, end, &cell->matches);
	from = find_echoes(p, in, at, end, &cell->matches);
	if ((n = count_cell(p->hist, in + at, end - at)) < FEW)
		return;
	for (r = 0; r < 8; r++)
		square[r] = square_sum(p->hist[r]);
	width = find_width(p->hist, square, n);
	if (width > 1)
		judge_words(p, width, n, cell);
	else if (cell->matches.matched > cell->matches.passed / 32) {
		cell->variant = PROBE_REPEATS;
		return;
	} else {
		all = class_square(p->hist, 1, 0);
		/* Over 7.93 bits by the count of coincidences. */
		if ((all - 8 * n) * 243 < (uint64_t)8 * n * (8 * n - 1))
			cell->variant = PROBE_NOISE;
	}
	if (near_noise(square, n))
		records_judge(p->hist, n, in, at, end, cell);
	if (from < end)
		note_echoes(cell, at, from);
}

void
probe_chunk(struct probe *p, const uint8_t *in, size_t len,
    struct probe_cell *cell)
{
	size_t at, n;

	memset(p->seen, 0, sizeof(p->seen));
	memset(p->anchor, 0, sizeof(p->anchor));
	for (at = 0; at < len; at += n, cell++) {
		n = len - at < PROBE_CELL ? len - at : PROBE_CELL;
		memset(cell, 0, sizeof(*cell));
		judge_cell(p, in, at, at + n, cell);
	}
}
