/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes - a thread's room, and the decoder.  The encoder is planes_encode.c;
 * what the bytes mean is in satchel-bundle(5), "Weight planes".
 */
#include "bundle/planes.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/planes_ctx.h"
#include "manifests/bytes.h"

#define RULE "planes"

/*
 * data    what is left of the data of the chunk
 * layout  of the current piece; for records made from its header
 * n       elements of the current piece
 * plane   the planes of the current piece that lie in memory whole
 */
struct reader {
	struct planes_ctx *c;
	const uint8_t *data;
	size_t len;
	struct planes_layout layout;
	size_t n;
	struct plane {
		enum planes_mode mode;
		const uint8_t *bytes;	/* all but distances */
		const uint8_t *tops;	/* distances only, as are the following */
		const uint8_t *pairs;
		const uint8_t *escapes;
		size_t n_escapes;
	} plane[PLANES_MAX];
};

struct planes_ctx *
planes_ctx_new(struct frame_ctx *frame)
{
	struct planes_ctx *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->entropy = entropy_ctx_new();
	c->frame = frame;
	if (c->entropy == NULL) {
		planes_ctx_free(c);
		return NULL;
	}
	return c;
}

void
planes_ctx_free(struct planes_ctx *c)
{
	if (c == NULL)
		return;
	probe_free(c->probe);
	entropy_ctx_free(c->entropy);
	free(c->arena);
	free(c);
}

enum status
planes_reserve(struct planes_ctx *c, size_t len, struct diag *d)
{
	/*
	 * A plane of n bytes takes n, or as distances (n + 1) / 2 for pairs, n
	 * for escapes and n / PLANES_TOP_BLOCK + 1 for tops; the planes of a
	 * piece are no longer than the piece.
	 */
	const size_t need = len + len / 2 + len / PLANES_TOP_BLOCK +
	    2 * (size_t)PLANES_MAX;

	c->used = 0;
	if (c->arena_len >= need)
		return ST_OK;
	free(c->arena);
	c->arena_len = 0;
	if ((c->arena = malloc(need)) == NULL)
		return diag_nomem(d);
	c->arena_len = need;
	return ST_OK;
}

uint8_t *
planes_take(struct planes_ctx *c, size_t n)
{
	uint8_t *p;

	if (n > c->arena_len - c->used)
		return NULL;
	p = c->arena + c->used;
	c->used += n;
	return p;
}

/* The next n bytes of the data, or NULL where there are fewer. */
static const uint8_t *
next(struct reader *r, size_t n)
{
	const uint8_t *p = r->data;

	if (n > r->len)
		return NULL;
	r->data += n;
	r->len -= n;
	return p;
}

static enum status
cut_short(struct diag *d)
{
	return diag_set(d, ST_MALFORMED, RULE, "planes: the data end early");
}

/*
 * One run of n bytes, raw, constant or a frame.  It is made in room, or, where
 * that is NULL, stays in the data or goes to the arena; *bytes is where.
 */
static enum status
read_run(struct reader *r, enum planes_mode mode, size_t n, uint8_t *room,
    const uint8_t **bytes, struct diag *d)
{
	const uint8_t *p;
	size_t len;

	if (room == NULL && mode != PLANES_RAW &&
	    (room = planes_take(r->c, n)) == NULL)
		return diag_set(d, ST_INTERNAL, RULE, "planes: no room");
	*bytes = room;

	switch (mode) {
	case PLANES_RAW:
		if ((p = next(r, n)) == NULL)
			return cut_short(d);
		if (room == NULL)
			*bytes = p;
		else
			memcpy(room, p, n);
		return ST_OK;
	case PLANES_CONSTANT:
		if ((p = next(r, 1)) == NULL)
			return cut_short(d);
		memset(room, *p, n);
		return ST_OK;
	case PLANES_FRAME:
		if ((p = next(r, 4)) == NULL)
			return cut_short(d);
		len = get_le32(p);
		if (len >= n)
			return diag_set(d, ST_MALFORMED, RULE,
			    "planes: a frame of %zu bytes for %zu", len, n);
		if ((p = next(r, len)) == NULL)
			return cut_short(d);
		return frame_decompress(r->c->frame, p, len, room, n, d);
	case PLANES_DISTANCES:
		break;
	}
	return diag_set(d, ST_MALFORMED, RULE, "planes: mode %u of a plane",
	    (unsigned)mode);
}

static enum status
read_mode(struct reader *r, enum planes_mode *mode, struct diag *d)
{
	const uint8_t *p;

	if ((p = next(r, 1)) == NULL)
		return cut_short(d);
	if (*p > PLANES_DISTANCES)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: mode %u of a plane", *p);
	*mode = (enum planes_mode)*p;
	return ST_OK;
}

static enum status
read_distances(struct reader *r, struct plane *p, struct diag *d)
{
	const size_t n_pairs = (r->n + 1) / 2;
	enum status st;
	enum planes_mode mode;
	const uint8_t *q;

	if ((p->tops = next(r, (r->n + PLANES_TOP_BLOCK - 1) /
	    PLANES_TOP_BLOCK)) == NULL)
		return cut_short(d);
	if ((st = read_mode(r, &mode, d)) != ST_OK ||
	    (st = read_run(r, mode, n_pairs, NULL, &p->pairs, d)) != ST_OK)
		return st;
	if (r->n % 2 != 0 && p->pairs[n_pairs - 1] >> 4 != 0)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: a distance too many");
	if ((q = next(r, 4)) == NULL)
		return cut_short(d);
	p->n_escapes = get_le32(q);
	if (p->n_escapes > r->n)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: %zu escapes for %zu elements", p->n_escapes, r->n);
	if (p->n_escapes == 0)
		return ST_OK;
	if ((st = read_mode(r, &mode, d)) != ST_OK)
		return st;
	return read_run(r, mode, p->n_escapes, NULL, &p->escapes, d);
}

static int
is_words(enum planes_kind kind)
{
	return kind == PLANES_WORDS16 || kind == PLANES_WORDS32 ||
	    kind == PLANES_WORDS64;
}

/* Plane k; to room if that is not NULL. */
static enum status
read_plane(struct reader *r, unsigned k, uint8_t *room, struct diag *d)
{
	struct plane *p = &r->plane[k];
	enum status st;

	memset(p, 0, sizeof(*p));
	if ((st = read_mode(r, &p->mode, d)) != ST_OK)
		return st;
	if (p->mode == PLANES_DISTANCES && is_words(r->layout.kind))
		return read_distances(r, p, d);
	return read_run(r, p->mode, r->n * r->layout.size[k], room, &p->bytes,
	    d);
}

/* The layout of a piece: fixed by its kind, but for records. */
static enum status
read_layout(struct reader *r, unsigned kind, struct diag *d)
{
	const uint8_t *p;
	unsigned k, sum = 0;

	if (kind < PLANES_RECORDS) {
		r->layout = planes_layouts[kind];
		return ST_OK;
	}
	if (kind > PLANES_RECORDS)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: a piece of kind %u", kind);
	if ((p = next(r, 2)) == NULL)
		return cut_short(d);
	r->layout.kind = PLANES_RECORDS;
	r->layout.width = p[0];
	r->layout.n_planes = p[1];
	if (p[0] < PLANES_RECORD_MIN || p[1] == 0 || p[1] > PLANES_MAX)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: records of %u bytes in %u groups", p[0], p[1]);
	if ((p = next(r, r->layout.n_planes)) == NULL)
		return cut_short(d);
	for (k = 0; k < r->layout.n_planes; k++) {
		if (p[k] == 0)
			return diag_set(d, ST_MALFORMED, RULE,
			    "planes: an empty group of records");
		r->layout.size[k] = p[k];
		sum += p[k];
	}
	if (sum != r->layout.width)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: groups of %u bytes in records of %u", sum,
		    r->layout.width);
	return ST_OK;
}

/* Put the elements of words together, a tile at a time. */
static enum status
join_words(struct reader *r, uint8_t *out, struct diag *d)
{
	const uint8_t *part[PLANES_MAX] = { NULL };
	struct plane *p;
	size_t at, n;
	unsigned k;

	for (at = 0; at < r->n; at += n) {
		n = r->n - at < PLANES_TILE ? r->n - at : PLANES_TILE;
		for (k = 0; k < r->layout.n_planes; k++) {
			p = &r->plane[k];
			if (p->mode != PLANES_DISTANCES) {
				part[k] = p->bytes + at;
				continue;
			}
			if (planes_unpack(p->pairs + at / 2, n,
			    p->tops[at / PLANES_TOP_BLOCK], r->c->tile[k],
			    &p->escapes, &p->n_escapes) == -1)
				return diag_set(d, ST_MALFORMED, RULE,
				    "planes: escapes do not fit");
			part[k] = r->c->tile[k];
		}
		planes_join(&r->layout, part, n, out + at * r->layout.width);
	}
	for (k = 0; k < r->layout.n_planes; k++)
		if (r->plane[k].n_escapes != 0)
			return diag_set(d, ST_MALFORMED, RULE,
			    "planes: %zu escapes left over",
			    r->plane[k].n_escapes);
	return ST_OK;
}

/* One piece to out, of which left bytes are still to be made. */
static enum status
read_piece(struct reader *r, uint8_t *out, size_t left, size_t *len,
    struct diag *d)
{
	const uint8_t *part[PLANES_MAX] = { NULL };
	const uint8_t *p, *loose;
	enum status st;
	size_t head, tail;
	unsigned k;

	r->c->used = 0;
	if ((p = next(r, PLANES_PIECE_HEADER)) == NULL)
		return cut_short(d);
	head = p[1];
	*len = get_le32(p + 2);
	if ((st = read_layout(r, p[0], d)) != ST_OK)
		return st;
	if (*len > left || head >= r->layout.width ||
	    *len < head + r->layout.width)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: a piece of %zu bytes, the first element after %zu",
		    *len, head);
	r->n = (*len - head) / r->layout.width;
	tail = (*len - head) % r->layout.width;
	if ((loose = next(r, head + tail)) == NULL)
		return cut_short(d);
	memcpy(out, loose, head);
	memcpy(out + *len - tail, loose + head, tail);
	if (r->layout.kind == PLANES_BYTES)
		return read_plane(r, 0, out, d);
	for (k = 0; k < r->layout.n_planes; k++)
		if ((st = read_plane(r, k, NULL, d)) != ST_OK)
			return st;
	if (is_words(r->layout.kind))
		return join_words(r, out + head, d);
	for (k = 0; k < r->layout.n_planes; k++)
		part[k] = r->plane[k].bytes;
	planes_join(&r->layout, part, r->n, out + head);
	return ST_OK;
}

enum status
planes_decode(struct planes_ctx *c, uint32_t transform, const uint8_t *data,
    size_t data_len, uint8_t *plain, size_t len, struct diag *d)
{
	struct reader r = { .c = c, .data = data, .len = data_len };
	enum status st;
	size_t at, n = 0;

	if (transform != PLANES_TRANSFORM)
		return diag_set(d, ST_MALFORMED, RULE, "transform %u",
		    transform);
	/* What would be no shorter is stored as it is. */
	if (len == 0 || len > CAP_CHUNK_MAX || data_len >= len)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: a chunk of %zu bytes as %zu", len, data_len);
	if ((st = planes_reserve(c, len, d)) != ST_OK)
		return st;
	for (at = 0; at < len; at += n)
		if ((st = read_piece(&r, plain + at, len - at, &n, d)) != ST_OK)
			return st;
	if (r.len != 0)
		return diag_set(d, ST_MALFORMED, RULE,
		    "planes: %zu bytes too many", r.len);
	return ST_OK;
}
