/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_plan - costs.  All are in bits of the sample, times PROBE_BIT, and
 * integers: every machine comes to the same plan.
 */
#include "bundle/planes_plan.h"

#include <string.h>

#define WINDOW 64U			/* elements that are sampled together */
#define SAMPLE_MIN 512U			/* elements; at least two windows */
#define GAIN 64U			/* what saves less than one part in so many is not worth the time */
#define NEAR_BITS 22U			/* what zstd spends on one match, about */
#define FAR_BITS 27U			/* the same where it is far away */

/* Sample elements evenly over the stretch, split them.  Returns how many. */
static size_t
take_sample(struct planes_ctx *c, const struct planes_layout *l,
    const uint8_t *first, size_t n, uint8_t *plane[PLANES_MAX])
{
	size_t window = l->width <= 8 ? WINDOW : 1;
	size_t most = PLANES_SAMPLE_BYTES / l->width;
	size_t n_windows, i, k, taken;

	if (most > PROBE_SAMPLE)
		most = PROBE_SAMPLE;
	/* A short stretch does not deserve that much work. */
	if (most > n / 8 && most > SAMPLE_MIN)
		most = n / 8 > SAMPLE_MIN ? n / 8 : SAMPLE_MIN;
	if (n <= most) {
		taken = n;
		memcpy(c->sample, first, n * l->width);
	} else {
		n_windows = most / window;
		taken = n_windows * window;
		for (i = 0; i < n_windows; i++)
			memcpy(c->sample + i * window * l->width,
			    first + (n - window) / (n_windows - 1) * i *
			    l->width, window * l->width);
	}
	plane[0] = c->sampled;
	for (k = 1; k < l->n_planes; k++)
		plane[k] = plane[k - 1] + taken * l->size[k - 1];
	planes_split(l, c->sample, taken, plane);
	return taken;
}

unsigned
planes_top(const uint32_t count[256], unsigned before, uint32_t *covered)
{
	uint32_t sum = 0, best = 0, kept = 0;
	unsigned t, j, top = 0;

	for (j = 0; j < PLANES_ESCAPE; j++)
		sum += count[(256 - j) & 255];
	for (t = 0; t < 256; t++) {
		/* The sum is over t - 14 .. t. */
		if (sum > best) {
			best = sum;
			top = t;
		}
		if (t == before)
			kept = sum;
		sum += count[(t + 1) & 255];
		sum -= count[(t + 257 - PLANES_ESCAPE) & 255];
	}
	/* Blocks share their code, which the same top in all of them suits. */
	if (kept + kept / 32 >= best) {
		top = before;
		best = kept;
	}
	*covered = best;
	return top;
}

/* What distances cost: what is too far away takes a byte more. */
static uint64_t
distances_cost(const struct probe *p, const uint32_t count[256], uint32_t n)
{
	uint32_t distance[256] = { 0 };
	uint32_t covered;
	unsigned j, top = planes_top(count, 0, &covered);
	uint64_t cost;

	for (j = 0; j < PLANES_ESCAPE; j++)
		distance[j] = count[(top + 256 - j) & 255];
	distance[PLANES_ESCAPE] = n - covered;
	cost = probe_entropy(p, distance, n);
	/* A pair takes a bit at least. */
	if (cost < (uint64_t)n * PROBE_BIT / 2)
		cost = (uint64_t)n * PROBE_BIT / 2;
	return cost + (uint64_t)(n - covered) * 8 * PROBE_BIT;
}

/*
 * The mode of one plane, from a sample of it.  Returns its cost per byte.
 */
static uint64_t
judge_plane(const struct probe *p, const uint8_t *plane, size_t len, int words,
    enum planes_mode *mode, int *matches)
{
	uint32_t count[256], n;
	uint64_t direct, distances;

	n = probe_count(plane, len, count);
	*matches = 0;
	*mode = PLANES_CONSTANT;
	if (count[plane[0]] == n)
		return 0;
	direct = probe_entropy(p, count, n);
	if (direct > (uint64_t)n * 8 * PROBE_BIT / GAIN * (GAIN - 1)) {
		*mode = PLANES_RAW;
		return 8 * PROBE_BIT;
	}
	*mode = PLANES_FRAME;
	/* Huffman's least is one bit; where that is much too much there are runs. */
	if (direct < (uint64_t)n * PROBE_BIT * 7 / 10)
		*matches = 1;
	else if (direct < (uint64_t)n * PROBE_BIT)
		direct = (uint64_t)n * PROBE_BIT;
	if (words) {
		distances = distances_cost(p, count, n);
		/* They take half the time: a tenth of a bit is well spent. */
		if (distances < direct + (uint64_t)n * PROBE_BIT / 10) {
			*mode = PLANES_DISTANCES;
			*matches = 0;
			return distances / n;
		}
	}
	return direct / n;
}

/* Plan for one layout.  Returns the cost per byte of the chunk. */
static uint64_t
plan_layout(struct planes_ctx *c, const struct planes_layout *l,
    const uint8_t *in, size_t at, size_t end, uint32_t phase,
    struct planes_plan *plan)
{
	const int words = l->kind == PLANES_WORDS16 ||
	    l->kind == PLANES_WORDS32 || l->kind == PLANES_WORDS64;
	uint8_t *plane[PLANES_MAX] = { NULL };
	uint64_t cost = 0;
	size_t n;
	unsigned k;

	plan->layout = l;
	plan->head = (phase + l->width - at % l->width) % l->width;
	if (end - at < plan->head + l->width)
		return UINT64_MAX;
	plan->n = (end - at - plan->head) / l->width;
	n = take_sample(c, l, in + at + plan->head, plan->n, plane);
	for (k = 0; k < l->n_planes; k++)
		cost += l->size[k] * judge_plane(c->probe, plane[k],
		    n * l->size[k], words, &plan->mode[k], &plan->matches[k]);
	return cost / l->width;
}

/* What zstd -3 would make of it, per byte: the better of two guesses. */
static uint64_t
matches_cost(struct planes_ctx *c, const uint8_t *in, size_t len,
    const struct probe_matches *m)
{
	uint32_t count[256], n;
	uint64_t literal, near, far, echoes, inverse;

	n = probe_count(in, len, count);
	literal = probe_entropy(c->probe, count, n) / n;
	near = far = literal;
	if (m->passed > 0)
		near = (literal * (m->passed - m->matched) +
		    (uint64_t)m->n_matches * NEAR_BITS * PROBE_BIT) /
		    m->passed;
	if (m->echoes > 0) {
		/* Half of the places where something is repeated are looked at. */
		echoes = 2 * (uint64_t)m->echoes;
		if (echoes > m->anchors)
			echoes = m->anchors;
		inverse = (uint64_t)m->inverse * echoes / m->echoes;
		far = (literal * (m->anchors - echoes) + inverse * FAR_BITS) /
		    m->anchors;
	}
	return near < far ? near : far;
}

void
planes_plan(struct planes_ctx *c, const uint8_t *in, size_t at, size_t end,
    const struct probe_cell *cell, const struct probe_matches *matches,
    struct planes_plan *plan)
{
	const struct planes_layout *other = NULL;
	struct planes_plan second;
	uint64_t cost, cost2, repeated;

	memset(plan, 0, sizeof(*plan));
	if (cell->layout->kind == PLANES_BYTES && cell->variant != 0) {
		plan->verdict = cell->variant & PROBE_REPEATS ? PLAN_MATCHES :
		    PLAN_STORE;
		return;
	}
	cost = plan_layout(c, cell->layout, in, at, end, cell->phase, plan);
	if (cell->layout->kind == PLANES_BYTES)
		other = &planes_layouts[PLANES_HALVES];
	else if (cell->layout->kind == PLANES_WORDS64)
		other = &planes_layouts[PLANES_WORDS32];
	if (other != NULL) {
		memset(&second, 0, sizeof(second));
		cost2 = plan_layout(c, other, in, at, end,
		    cell->phase % other->width, &second);
		/* Halves take less time, words of 32 bits fewer frames. */
		if (cost2 <= cost + cost / 80) {
			cost = cost2;
			*plan = second;
		}
	}
	plan->verdict = cost > 8 * PROBE_BIT / GAIN * (GAIN - 1) ? PLAN_STORE :
	    PLAN_PLANES;
	if (matches->matched * 64 <= matches->passed &&
	    matches->echoes * 32 <= matches->anchors)
		return;
	repeated = matches_cost(c, in + at, end - at, matches);
	if (repeated < cost / 4 * 3)
		plan->verdict = PLAN_MATCHES;
	else if (repeated < cost / 8 * 11)
		plan->verdict = PLAN_EITHER;
}
