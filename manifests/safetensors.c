/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * safetensors - length, JSON header, and extents that must cover the data
 * without hole or overlap.  What the tensors hold is nobody's business here.
 */
#include "manifests/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/array.h"
#include "manifests/bytes.h"
#include "manifests/json_pull.h"
#include "manifests/namehash.h"

#define LENGTH_LEN 8

/* Where the data of a tensor lies, from the end of the header. */
struct extent {
	uint64_t begin, end;
	size_t position;		/* in the order of the header */
};

struct reading {
	struct json json;
	struct namehashes names;
	struct extent *extents;
	size_t n;
	struct tensor_facts facts;
};

/* A tensor's entry as it is read. */
struct entry {
	int dtype;
	uint64_t elements;
	uint64_t offsets[2];
	bool has_dtype, has_shape, has_offsets;
};

static bool
fail(struct reading *r, const char *rule, const char *what)
{
	(void)json_fail(&r->json, rule, what);
	return false;
}

static bool
fail_nomem(struct reading *r)
{
	r->json.status = diag_nomem(r->json.d);
	return false;
}

bool
safetensors_looks(const uint8_t *head, size_t len)
{
	uint64_t n;

	if (len < LENGTH_LEN + 1)
		return false;
	n = get_le64(head);
	/* Five of the length's bytes are NUL: no text. */
	return n >= 2 && n <= SAFETENSORS_HEADER_MAX && head[LENGTH_LEN] == '{';
}

static bool
read_dtype(struct reading *r, struct entry *e)
{
	struct json *j = &r->json;

	if (json_next(j) != JSON_STRING)
		return fail(r, "safetensors-field", "dtype must be a string");
	if (strlen(j->text) != j->len ||
	    (e->dtype = dtype_find_safetensors(j->text)) == -1)
		return fail(r, "safetensors-dtype", "a dtype that is not known here");
	return true;
}

/* Product with a check; the official reader counts a dimension of 0 no earlier either. */
static bool
read_shape(struct reading *r, struct entry *e)
{
	struct json *j = &r->json;
	enum json_event ev;
	unsigned rank = 0;
	uint64_t n;

	if (json_next(j) != JSON_ARRAY)
		return fail(r, "safetensors-field", "shape must be an array");
	e->elements = 1;
	while ((ev = json_next(j)) == JSON_NUMBER) {
		if (!json_uint(j, &n))
			return fail(r, "safetensors-number",
			    "a dimension must be an integer without sign");
		if (++rank > SAFETENSORS_RANK_MAX)
			return fail(r, "safetensors-rank", "over 16 dimensions");
		if (__builtin_mul_overflow(e->elements, n, &e->elements))
			return fail(r, "safetensors-overflow",
			    "the number of elements passes 64 bits");
	}
	if (ev != JSON_ARRAY_END)
		return fail(r, "safetensors-field", "shape must hold integers");
	return true;
}

static bool
read_offsets(struct reading *r, struct entry *e)
{
	struct json *j = &r->json;
	size_t i;

	if (json_next(j) != JSON_ARRAY)
		return fail(r, "safetensors-field", "data_offsets must be an array");
	for (i = 0; i < 2; i++)
		if (json_next(j) != JSON_NUMBER || !json_uint(j, &e->offsets[i]))
			return fail(r, "safetensors-number",
			    "data_offsets must be two integers without sign");
	if (json_next(j) != JSON_ARRAY_END)
		return fail(r, "safetensors-number",
		    "data_offsets must be two integers without sign");
	return true;
}

static bool
read_field(struct reading *r, struct entry *e)
{
	const struct json *j = &r->json;
	bool *seen, (*reader)(struct reading *, struct entry *);

	if (json_is(j, "dtype")) {
		seen = &e->has_dtype;
		reader = read_dtype;
	} else if (json_is(j, "shape")) {
		seen = &e->has_shape;
		reader = read_shape;
	} else if (json_is(j, "data_offsets")) {
		seen = &e->has_offsets;
		reader = read_offsets;
	} else {
		return fail(r, "safetensors-field",
		    "a field that is neither dtype, shape nor data_offsets");
	}
	if (*seen)
		return fail(r, "safetensors-twice", "a field stands there twice");
	*seen = true;
	return reader(r, e);
}

/* What an entry says must fit together. */
static bool
check_entry(struct reading *r, const struct entry *e)
{
	uint64_t bits;

	if (!e->has_dtype || !e->has_shape || !e->has_offsets)
		return fail(r, "safetensors-field",
		    "a tensor without dtype, shape or data_offsets");
	if (__builtin_mul_overflow(e->elements, (uint64_t)dtypes[e->dtype].bits, &bits))
		return fail(r, "safetensors-overflow",
		    "the size of a tensor passes 64 bits");
	if (bits % 8 != 0)
		return fail(r, "safetensors-misaligned",
		    "a tensor that is no whole number of bytes");
	if (e->offsets[1] < e->offsets[0])
		return fail(r, "safetensors-offset", "a tensor ends before it begins");
	if (e->offsets[1] - e->offsets[0] != bits / 8)
		return fail(r, "safetensors-size",
		    "dtype and shape give another size than data_offsets");
	return true;
}

static bool
read_tensor(struct reading *r)
{
	struct json *j = &r->json;
	struct entry e = { .dtype = -1 };
	struct extent *extents;
	enum json_event ev;

	if (j->len > SAFETENSORS_NAME_MAX || !j->printable)
		return fail(r, "safetensors-name",
		    "a tensor's name is over 512 bytes, or not printable");
	if (r->n == SAFETENSORS_TENSORS_MAX)
		return fail(r, "safetensors-many", "over a million tensors");
	if (json_next(j) != JSON_OBJECT)
		return fail(r, "safetensors-field", "a tensor must be an object");
	while ((ev = json_next(j)) == JSON_KEY)
		if (!read_field(r, &e))
			return false;
	if (ev != JSON_OBJECT_END || !check_entry(r, &e))
		return false;
	if ((extents = array_add(r->extents, r->n, sizeof(*extents))) == NULL)
		return fail_nomem(r);
	r->extents = extents;
	extents[r->n] = (struct extent){ e.offsets[0], e.offsets[1], r->n };
	r->n++;
	if (tensor_facts_add(&r->facts, e.dtype, e.elements) == -1)
		return fail(r, "safetensors-overflow",
		    "the number of parameters passes 63 bits");
	return true;
}

/* A map of strings. */
static bool
read_metadata(struct reading *r)
{
	struct json *j = &r->json;
	struct namehashes keys = { 0 };
	enum json_event ev = JSON_FAILED;
	bool good = false;

	if (json_next(j) != JSON_OBJECT) {
		fail(r, "safetensors-metadata", "__metadata__ must be an object");
		goto out;
	}
	while ((ev = json_next(j)) == JSON_KEY) {
		if (keys.n == SAFETENSORS_TENSORS_MAX) {
			fail(r, "safetensors-many", "over a million keys in __metadata__");
			goto out;
		}
		if (namehashes_add(&keys, j->hash) == -1) {
			fail_nomem(r);
			goto out;
		}
		if (json_next(j) != JSON_STRING) {
			fail(r, "safetensors-metadata",
			    "__metadata__ must hold strings alone");
			goto out;
		}
	}
	if (ev != JSON_OBJECT_END)
		goto out;
	if (namehashes_repeat(&keys)) {
		fail(r, "safetensors-twice", "a key stands twice in __metadata__");
		goto out;
	}
	good = true;
out:
	namehashes_free(&keys);
	return good;
}

static bool
read_header(struct reading *r)
{
	struct json *j = &r->json;
	enum json_event ev;

	if (json_next(j) != JSON_OBJECT)
		return fail(r, "safetensors-header", "the header must be an object");
	while ((ev = json_next(j)) == JSON_KEY) {
		if (namehashes_add(&r->names, j->hash) == -1)
			return fail_nomem(r);
		if (json_is(j, "__metadata__") ? !read_metadata(r) : !read_tensor(r))
			return false;
	}
	if (ev != JSON_OBJECT_END)
		return false;
	if (namehashes_repeat(&r->names))
		return fail(r, "safetensors-twice", "a tensor stands there twice");
	return true;
}

/* From the end of the object to the end of the header: blanks. */
static enum status
check_padding(struct window *w, uint64_t end, struct diag *d)
{
	const uint8_t *data;
	enum status st;
	size_t len, i;

	while (w->at < end) {
		if ((st = window_span(w, end - w->at, &data, &len, d)) != ST_OK)
			return st;
		for (i = 0; i < len; i++)
			if (data[i] != ' ')
				return diag_set(d, ST_MALFORMED, "safetensors-padding",
				    "the header is padded with something else than blanks");
	}
	return ST_OK;
}

static int
compare_extents(const void *x, const void *y)
{
	const struct extent *a = x, *b = y;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

/* The tensors fill the size bytes behind the header. */
static enum status
check_extents(struct reading *r, uint64_t size, struct diag *d)
{
	uint64_t end = 0;
	size_t i;

	if (r->n > 1)
		qsort(r->extents, r->n, sizeof(*r->extents), compare_extents);
	for (i = 0; i < r->n; end = r->extents[i++].end)
		if (r->extents[i].begin != end)
			return diag_set(d, ST_MALFORMED, "safetensors-offset",
			    "the data of tensor %zu lies behind a hole, or over another's",
			    r->extents[i].position + 1);
	if (end > size)
		return window_short(d);
	if (end < size)
		return diag_set(d, ST_MALFORMED, "safetensors-trailing",
		    "%llu bytes stand behind the last tensor",
		    (unsigned long long)(size - end));
	return ST_OK;
}

/* The length in front: at most the limit, and at most what there is. */
static enum status
read_length(struct window *w, uint64_t *len, struct diag *d)
{
	uint8_t raw[LENGTH_LEN];
	enum status st;

	if ((st = window_take(w, raw, sizeof(raw), d)) != ST_OK)
		return st;
	if ((*len = get_le64(raw)) > SAFETENSORS_HEADER_MAX)
		return diag_set(d, ST_MALFORMED, "safetensors-header",
		    "the length of the header is over 100000000");
	if (*len > window_left(w))
		return window_short(d);
	return ST_OK;
}

enum status
safetensors_read(struct window *w, struct tensor_facts *out, struct diag *d)
{
	struct reading *r = NULL;
	enum status st = ST_INTERNAL;
	const uint8_t *first;
	uint64_t len, end;
	size_t n;

	memset(out, 0, sizeof(*out));
	if ((st = read_length(w, &len, d)) != ST_OK)
		goto out;
	end = w->at + len;
	if ((st = window_span(w, len == 0 ? 0 : 1, &first, &n, d)) != ST_OK)
		goto out;
	if (n == 0 || *first != '{') {
		st = diag_set(d, ST_MALFORMED, "safetensors-header",
		    "the header does not begin with {");
		goto out;
	}
	w->at--;
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	json_open(&r->json, w, len, 3, d);
	if (!read_header(r)) {
		st = json_status(&r->json);
		st = st == ST_OK ? ST_INTERNAL : st;
		goto out;
	}
	w->at = json_offset(&r->json);
	if ((st = check_padding(w, end, d)) != ST_OK)
		goto out;
	if ((st = check_extents(r, window_left(w), d)) != ST_OK)
		goto out;
	*out = r->facts;
out:
	if (r != NULL) {
		namehashes_free(&r->names);
		free(r->extents);
	}
	free(r);
	return st;
}
