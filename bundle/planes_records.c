/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_records - the list of known blocks and the search for them: bytes that
 * are equal one block apart more often than chance has it are scales.
 */
#include "bundle/planes_records.h"

#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#define VECTOR __attribute__((optimize("O3")))
#else
#define VECTOR
#endif

#define WIDTH_MAX 210U
#define SPAN 16384U			/* bytes that are compared with those one block on */
#define STEP 128U			/* so that a count fits a byte */
#define REST 4U				/* one cell in so many is searched where there were none */

/*
 * layout   groups: scales' lower and upper bytes apart, then the rest
 * keys     where the upper bytes of 16-bit scales lie: they repeat themselves
 */
struct form {
	struct planes_layout layout;
	unsigned n_keys;
	uint8_t key[2];
};

#define R PLANES_RECORDS
static const struct form forms[] = {
	/* GGUF, by its names; others have the same shapes. */
	{ { R, 18, 3, { 1, 1, 16 } }, 1, { 1 } },			/* Q4_0, IQ4_NL */
	{ { R, 20, 5, { 1, 1, 1, 1, 16 } }, 2, { 1, 3 } },		/* Q4_1 */
	{ { R, 22, 4, { 1, 1, 4, 16 } }, 1, { 1 } },			/* Q5_0 */
	{ { R, 24, 6, { 1, 1, 1, 1, 4, 16 } }, 2, { 1, 3 } },		/* Q5_1 */
	{ { R, 34, 3, { 1, 1, 32 } }, 1, { 1 } },			/* Q8_0 */
	{ { R, 84, 6, { 16, 64, 1, 1, 1, 1 } }, 2, { 81, 83 } },	/* Q2_K */
	{ { R, 110, 5, { 32, 64, 12, 1, 1 } }, 1, { 109 } },		/* Q3_K */
	{ { R, 136, 5, { 1, 1, 2, 4, 128 } }, 1, { 1 } },		/* IQ4_XS */
	{ { R, 144, 7, { 1, 1, 1, 1, 8, 4, 128 } }, 2, { 1, 3 } },	/* Q4_K */
	{ { R, 176, 8, { 1, 1, 1, 1, 8, 4, 32, 128 } }, 2, { 1, 3 } },	/* Q5_K */
	{ { R, 210, 5, { 128, 64, 16, 1, 1 } }, 1, { 209 } },		/* Q6_K */
};
#undef R

/* How many of n bytes (a multiple of STEP) are equal in a and b. */
VECTOR static uint32_t
count_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint32_t sum = 0;
	uint8_t part;
	size_t i, j;

	for (i = 0; i < n; i += STEP) {
		part = 0;
		for (j = 0; j < STEP; j++)
			part = (uint8_t)(part + (a[i + j] == b[i + j]));
		sum += part;
	}
	return sum;
}

/* Whether the keys of the form repeat themselves at this phase: one in 24. */
static int
keys_repeat(const struct form *f, const uint8_t *in, size_t at, size_t end,
    uint32_t phase)
{
	const unsigned width = f->layout.width;
	uint32_t n = 0, equal = 0;
	size_t q, first;
	unsigned k;

	for (k = 0; k < f->n_keys; k++) {
		/* The first position of this key in the cell. */
		first = at + (phase + f->key[k] + width - at % width) % width;
		for (q = first; q + width < end; q += width) {
			equal += in[q] == in[q + width];
			n++;
		}
	}
	return n >= 32 && equal * 24 > n;
}

/* The phase at which most keys repeat themselves. */
static uint32_t
find_phase(const struct form *f, const uint8_t *in, size_t at, size_t end)
{
	const unsigned width = f->layout.width;
	uint32_t equal[WIDTH_MAX] = { 0 };
	uint32_t phase, sum, best = 0, best_phase = 0;
	size_t q, c = at % width;
	unsigned k;

	for (q = at; q + width < end; q++) {
		equal[c] += in[q] == in[q + width];
		if (++c == width)
			c = 0;
	}
	for (phase = 0; phase < width; phase++) {
		sum = 0;
		for (k = 0; k < f->n_keys; k++)
			sum += equal[(phase + f->key[k]) % width];
		if (sum > best) {
			best = sum;
			best_phase = phase;
		}
	}
	return best_phase;
}

/* The form whose width stands out, or NULL: the smallest, as multiples do too. */
static const struct form *
find_form(const uint16_t hist[8][256], uint32_t n, const uint8_t *in,
    size_t len)
{
	const struct form *found = NULL;
	uint64_t expected, excess, best = 0;
	size_t i, span;
	uint32_t equal;

	if (len < WIDTH_MAX + STEP)
		return NULL;
	span = len - WIDTH_MAX < SPAN ? len - WIDTH_MAX : SPAN;
	span -= span % STEP;
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		equal = count_equal(in, in + forms[i].layout.width, span);
		expected = probe_coincidences(hist, n,
		    forms[i].layout.width) * span / (8 * (uint64_t)n * n);
		if (equal <= expected)
			continue;
		excess = equal - expected;
		/* Five times the deviation that chance has, and worth the work. */
		if (excess * excess <= 25 * expected || excess * 400 <= span)
			continue;
		if (excess * 2 > best * 3) {
			best = excess;
			found = &forms[i];
		}
	}
	return found;
}

/* The form of a cell's records, or NULL where it has none. */
static const struct form *
form_of(const struct probe_cell *cell)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (&forms[i].layout == cell->layout)
			return &forms[i];
	return NULL;
}

static void
note_form(struct probe_cell *cell, const struct form *f, uint32_t phase)
{
	cell->layout = &f->layout;
	cell->phase = phase;
	cell->variant = 0;
}

void
records_judge(const uint16_t hist[8][256], uint32_t n, const uint8_t *in,
    size_t at, size_t end, struct probe_cell *cell)
{
	const struct probe_cell *before = at == 0 ? NULL : cell - 1;
	const struct form *f = NULL;
	uint32_t phase;

	if (before != NULL && (f = form_of(before)) != NULL &&
	    keys_repeat(f, in, at, end, before->phase)) {
		note_form(cell, f, before->phase);
		return;
	}
	/* Where the cell before had none, mostly there are none here. */
	if (before != NULL && before->layout == cell->layout &&
	    before->variant == cell->variant && at / PROBE_CELL % REST != 0)
		return;
	if ((f = find_form(hist, n, in + at, end - at)) == NULL)
		return;
	phase = find_phase(f, in, at, end);
	if (!keys_repeat(f, in, at, end, phase))
		return;
	/* Those that were passed over, or looked at in vain. */
	for (;;) {
		note_form(cell, f, phase);
		if (at == 0)
			break;
		end = at;
		at -= PROBE_CELL;
		cell--;
		if (cell->layout->kind != PLANES_BYTES ||
		    (cell->variant & PROBE_REPEATS) != 0 ||
		    !keys_repeat(f, in, at, end, phase))
			break;
	}
}
