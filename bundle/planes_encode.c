/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_encode - the encoder: cells that look alike become one piece, coded as
 * its plan says.  Whether a chunk is worth it is decided here, too.
 */
#include <string.h>

#include "bundle/planes.h"
#include "bundle/planes_ctx.h"
#include "bundle/planes_plan.h"
#include "manifests/bytes.h"

#define RULE "planes-internal"
#define RUN_HEADER 5U			/* mode and length of a frame */
#define TOP_SAMPLE 512U			/* elements by which a block's top is chosen */
#define CELL_MIN 256U			/* a last cell under this joins the one before */
#define MOST(len) ((len) / 4 * 3)

/*
 * limit   out[0 .. limit) is all there is
 * full    something did not fit: planes do not pay
 */
struct writer {
	struct planes_ctx *c;
	int level;
	uint8_t *out;
	size_t at;
	size_t limit;
	int full;
};

/* Room for n bytes of output, or NULL. */
static uint8_t *
put(struct writer *w, size_t n)
{
	uint8_t *p = w->out + w->at;

	if (w->full || n > w->limit - w->at) {
		w->full = 1;
		return NULL;
	}
	w->at += n;
	return p;
}

static void
put_bytes(struct writer *w, const uint8_t *bytes, size_t n)
{
	uint8_t *p;

	if ((p = put(w, n)) != NULL && n > 0)
		memcpy(p, bytes, n);
}

static void
put_mode(struct writer *w, enum planes_mode mode)
{
	uint8_t b = (uint8_t)mode;

	put_bytes(w, &b, 1);
}

static void
put_number(struct writer *w, size_t n)
{
	uint8_t b[4];

	put_le32(b, (uint32_t)n);
	put_bytes(w, b, sizeof(b));
}

/* A run as it is, or constant, where that is what it is. */
static void
put_plain(struct writer *w, const uint8_t *bytes, size_t n)
{
	if (n > 1 && planes_all_equal(bytes, n)) {
		put_mode(w, PLANES_CONSTANT);
		put_bytes(w, bytes, 1);
		return;
	}
	put_mode(w, PLANES_RAW);
	put_bytes(w, bytes, n);
}

/* A run as a frame if that saves anything, else plain. */
static enum status
put_frame(struct writer *w, const uint8_t *bytes, size_t n, int matches,
    struct diag *d)
{
	enum status st;
	size_t cap = n - n / 128, len = 0;

	if (w->full || w->limit - w->at <= RUN_HEADER) {
		w->full = 1;
		return ST_OK;
	}
	if (cap > RUN_HEADER) {
		cap -= RUN_HEADER;
		if (cap > w->limit - w->at - RUN_HEADER)
			cap = w->limit - w->at - RUN_HEADER;
		st = matches ? frame_compress(w->c->frame, w->level, bytes,
		    n, w->out + w->at + RUN_HEADER, cap, &len, d) :
		    entropy_compress(w->c->entropy, bytes, n,
		    w->out + w->at + RUN_HEADER, cap, &len, d);
		if (st != ST_OK)
			return st;
	}
	if (len == 0) {
		put_plain(w, bytes, n);
		return ST_OK;
	}
	put_mode(w, PLANES_FRAME);
	put_number(w, len);
	w->at += len;
	return ST_OK;
}

/* The top of a block, by a sample of its first n elements. */
static uint8_t
choose_top(const uint8_t *plane, size_t n, uint8_t before)
{
	uint32_t count[256] = { 0 };
	uint32_t covered;
	size_t i, step = (n + TOP_SAMPLE - 1) / TOP_SAMPLE;

	for (i = 0; i < n; i += step)
		count[plane[i]]++;
	return (uint8_t)planes_top(count, before, &covered);
}

/*
 * One plane while its piece is split.
 *
 * to       where the plane goes, or NULL if a tile of it is enough
 * direct   `to` lies in the output already
 */
struct part {
	uint8_t *to;
	int direct;
	uint8_t *tops;
	uint8_t *pairs;
	uint8_t *escapes;
	size_t n_escapes;
};

/* Find room for all planes of the piece.  Raw planes in front go out directly. */
static enum status
prepare_parts(struct writer *w, const struct planes_plan *plan,
    struct part part[PLANES_MAX], struct diag *d)
{
	const size_t n_tops = (plan->n + PLANES_TOP_BLOCK - 1) /
	    PLANES_TOP_BLOCK;
	struct planes_ctx *c = w->c;
	size_t len;
	unsigned k;
	int direct = 1;

	c->used = 0;
	for (k = 0; k < plan->layout->n_planes; k++) {
		len = plan->n * plan->layout->size[k];
		if (plan->mode[k] == PLANES_DISTANCES) {
			part[k].tops = planes_take(c, n_tops);
			part[k].pairs = planes_take(c, (plan->n + 1) / 2);
			part[k].escapes = planes_take(c, plan->n);
			if (part[k].tops == NULL || part[k].pairs == NULL ||
			    part[k].escapes == NULL)
				return diag_set(d, ST_INTERNAL, RULE,
				    "planes: no room");
			direct = 0;
			continue;
		}
		if (direct && plan->mode[k] == PLANES_RAW) {
			put_mode(w, PLANES_RAW);
			part[k].to = put(w, len);
			part[k].direct = 1;
			if (part[k].to == NULL)
				return ST_OK;
			continue;
		}
		direct = 0;
		if ((part[k].to = planes_take(c, len)) == NULL)
			return diag_set(d, ST_INTERNAL, RULE,
			    "planes: no room");
	}
	return ST_OK;
}

/* Split all elements, a tile at a time. */
static void
split_parts(struct planes_ctx *c, const struct planes_plan *plan,
    const uint8_t *first, struct part part[PLANES_MAX])
{
	const struct planes_layout *l = plan->layout;
	uint8_t *to[PLANES_MAX] = { NULL };
	size_t at, n, block;
	struct part *p;
	unsigned k;

	for (at = 0; at < plan->n; at += n) {
		n = plan->n - at < PLANES_TILE ? plan->n - at : PLANES_TILE;
		for (k = 0; k < l->n_planes; k++)
			to[k] = part[k].to == NULL ? c->tile[k] :
			    part[k].to + at * l->size[k];
		planes_split(l, first + at * l->width, n, to);
		for (k = 0; k < l->n_planes; k++) {
			p = &part[k];
			if (p->to != NULL)
				continue;
			block = at / PLANES_TOP_BLOCK;
			if (at % PLANES_TOP_BLOCK == 0)
				p->tops[block] = choose_top(c->tile[k], n,
				    block == 0 ? 0 : p->tops[block - 1]);
			p->n_escapes += planes_pack(c->tile[k], n,
			    p->tops[block], p->pairs + at / 2,
			    p->escapes + p->n_escapes);
		}
	}
}

static enum status
put_distances(struct writer *w, const struct planes_plan *plan,
    const struct part *p, struct diag *d)
{
	enum status st;

	put_mode(w, PLANES_DISTANCES);
	put_bytes(w, p->tops, (plan->n + PLANES_TOP_BLOCK - 1) /
	    PLANES_TOP_BLOCK);
	if ((st = put_frame(w, p->pairs, (plan->n + 1) / 2, 0, d)) != ST_OK)
		return st;
	put_number(w, p->n_escapes);
	if (p->n_escapes == 0)
		return ST_OK;
	return put_frame(w, p->escapes, p->n_escapes, 0, d);
}

static void
put_header(struct writer *w, const struct planes_layout *l, size_t head,
    size_t len)
{
	uint8_t b[2];

	b[0] = (uint8_t)l->kind;
	b[1] = (uint8_t)head;
	put_bytes(w, b, 2);
	put_number(w, len);
	if (l->kind != PLANES_RECORDS)
		return;
	b[0] = (uint8_t)l->width;
	b[1] = (uint8_t)l->n_planes;
	put_bytes(w, b, 2);
	put_bytes(w, l->size, l->n_planes);
}

static enum status
put_planes(struct writer *w, const struct planes_plan *plan, const uint8_t *in,
    size_t len, struct diag *d)
{
	const struct planes_layout *l = plan->layout;
	struct part part[PLANES_MAX];
	enum status st;
	size_t end = plan->head + plan->n * l->width;
	unsigned k;

	memset(part, 0, sizeof(part));
	put_header(w, l, plan->head, len);
	put_bytes(w, in, plan->head);
	put_bytes(w, in + end, len - end);
	if (l->kind == PLANES_BYTES)
		return put_frame(w, in, len, plan->matches[0], d);
	if ((st = prepare_parts(w, plan, part, d)) != ST_OK || w->full)
		return st;
	split_parts(w->c, plan, in + plan->head, part);
	for (k = 0; k < l->n_planes; k++) {
		if (part[k].direct)
			continue;
		if (plan->mode[k] == PLANES_DISTANCES)
			st = put_distances(w, plan, &part[k], d);
		else if (plan->mode[k] == PLANES_RAW ||
		    (plan->mode[k] == PLANES_CONSTANT &&
		    planes_all_equal(part[k].to, plan->n * l->size[k])))
			put_plain(w, part[k].to, plan->n * l->size[k]);
		else
			st = put_frame(w, part[k].to, plan->n * l->size[k],
			    plan->matches[k] ||
			    plan->mode[k] == PLANES_CONSTANT, d);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

/* The bytes as they lie, as they are or as a frame of zstd -3. */
static enum status
put_as_they_lie(struct writer *w, const uint8_t *in, size_t len, int matches,
    struct diag *d)
{
	put_header(w, &planes_layouts[PLANES_BYTES], 0, len);
	if (matches)
		return put_frame(w, in, len, 1, d);
	put_plain(w, in, len);
	return ST_OK;
}

/*
 * Replace the pieces that make the len bytes of in, and begin at start of the
 * output, by one frame of zstd if that is smaller.
 */
static enum status
try_matches(struct writer *w, size_t start, const uint8_t *in, size_t len,
    struct diag *d)
{
	enum status st;
	uint8_t *room;
	size_t cap = w->at - start, n;

	w->c->used = 0;
	if (cap <= PLANES_PIECE_HEADER + RUN_HEADER)
		return ST_OK;
	cap -= PLANES_PIECE_HEADER + RUN_HEADER;
	if ((room = planes_take(w->c, cap)) == NULL)
		return diag_set(d, ST_INTERNAL, RULE, "planes: no room");
	if ((st = frame_compress(w->c->frame, w->level, in, len, room, cap,
	    &n, d)) != ST_OK || n == 0)
		return st;
	w->at = start;
	put_header(w, &planes_layouts[PLANES_BYTES], 0, len);
	put_mode(w, PLANES_FRAME);
	put_number(w, n);
	put_bytes(w, room, n);
	return ST_OK;
}

/* One piece, by its plan.  Adds to *matches the bytes that zstd does better. */
static enum status
put_piece(struct writer *w, const struct planes_plan *plan, const uint8_t *in,
    size_t len, size_t *matches, struct diag *d)
{
	enum status st = ST_OK;
	size_t start = w->at;

	switch (plan->verdict) {
	case PLAN_STORE:
		return put_as_they_lie(w, in, len, 0, d);
	case PLAN_MATCHES:
		*matches += len;
		return put_as_they_lie(w, in, len, 1, d);
	case PLAN_PLANES:
	case PLAN_EITHER:
		break;
	}
	if ((st = put_planes(w, plan, in, len, d)) != ST_OK || w->full)
		return st;
	if (plan->verdict == PLAN_EITHER) {
		if ((st = try_matches(w, start, in, len, d)) != ST_OK)
			return st;
		if (w->out[start] == PLANES_BYTES)
			*matches += len;
	}
	if (!w->full && w->at - start > len + PLANES_PIECE_HEADER + 1) {
		w->at = start;
		return put_as_they_lie(w, in, len, 0, d);
	}
	return ST_OK;
}

static int
alike(const struct probe_cell *a, const struct probe_cell *b)
{
	return a->layout == b->layout && a->phase == b->phase &&
	    a->variant == b->variant;
}

/* Whether any cell may gain by planes. */
static int
any_hope(const struct probe_cell *cell, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cell[i].layout->kind != PLANES_BYTES ||
		    cell[i].variant == 0)
			return 1;
	return 0;
}

/*
 * Join cells to runs and plan each.  Returns how many runs there are, or 0
 * where none is for planes.  Bytes in which nothing repeats itself are, but not
 * the few in text, such as its beginning, where nothing was seen before: coded
 * apart they would save nothing, and zstd would be run twice.
 */
static size_t
plan_runs(struct planes_ctx *c, const uint8_t *in, size_t len)
{
	const size_t n = (len + PROBE_CELL - 1) / PROBE_CELL;
	const struct probe_cell *cell = c->cell;
	struct probe_matches m;
	struct planes_run *r;
	size_t i, j, n_runs = 0, repeats = 0;
	int planes = 0, bytes = 0;

	for (i = 0; i < n; i = j) {
		m = cell[i].matches;
		for (j = i + 1; j < n && (alike(&cell[i], &cell[j]) ||
		    len - j * PROBE_CELL < CELL_MIN); j++) {
			m.passed += cell[j].matches.passed;
			m.matched += cell[j].matches.matched;
			m.n_matches += cell[j].matches.n_matches;
			m.anchors += cell[j].matches.anchors;
			m.echoes += cell[j].matches.echoes;
			m.inverse += cell[j].matches.inverse;
		}
		r = &c->run[n_runs++];
		r->at = i * PROBE_CELL;
		r->end = j == n ? len : j * PROBE_CELL;
		planes_plan(c, in, r->at, r->end, &cell[i], &m, &r->plan);
		if (r->plan.verdict == PLAN_MATCHES)
			repeats += r->end - r->at;
		else if (r->plan.verdict == PLAN_STORE)
			continue;
		else if (r->plan.layout->kind == PLANES_BYTES ||
		    r->plan.layout->kind == PLANES_HALVES)
			bytes = 1;
		else
			planes = 1;
	}
	return planes || (bytes && repeats <= MOST(len)) ? n_runs : 0;
}

enum status
planes_encode(struct planes_ctx *c, int level, const uint8_t *plain, size_t len,
    uint8_t *out, size_t cap, size_t *out_len, uint32_t *transform,
    struct diag *d)
{
	/* Not cap: what is coded must not depend on it. */
	struct writer w = { .c = c, .level = level, .out = out,
	    .limit = len - len / 128 - 1 };
	const struct planes_run *r;
	enum status st;
	size_t i, n, matches = 0;

	*out_len = 0;
	*transform = 0;
	if (len == 0 || len > CAP_CHUNK_MAX || cap < len)
		return diag_set(d, ST_INTERNAL, RULE,
		    "a chunk of %zu bytes to %zu", len, cap);
	/* whoever only decodes needs none */
	if (c->probe == NULL && (c->probe = probe_new()) == NULL)
		return diag_nomem(d);
	probe_chunk(c->probe, plain, len, c->cell);
	if (!any_hope(c->cell, (len + PROBE_CELL - 1) / PROBE_CELL) ||
	    (n = plan_runs(c, plain, len)) == 0)
		return ST_OK;
	if ((st = planes_reserve(c, len, d)) != ST_OK)
		return st;
	for (i = 0; i < n && !w.full; i++) {
		r = &c->run[i];
		if ((st = put_piece(&w, &r->plan, plain + r->at,
		    r->end - r->at, &matches, d)) != ST_OK)
			return st;
	}
	/* Much that repeats itself may do so across pieces. */
	if (!w.full && n > 1 && matches > MOST(len) &&
	    (st = try_matches(&w, 0, plain, len, d)) != ST_OK)
		return st;
	if (w.full)
		return ST_OK;
	*out_len = w.at;
	*transform = PLANES_TRANSFORM;
	return ST_OK;
}
