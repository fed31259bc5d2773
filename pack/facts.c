/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts - adding up over a component's files, and which of the sums say
 * something about a component of its kind.  Formats are known to manifests/.
 */
#include "pack/facts.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/file.h"
#include "manifests/array.h"

struct facts {
	struct fact_sums *sums;
	size_t n;
	/* of the file that is being read: */
	size_t component;
	bool counts_lines;
	struct line_count lines;
	struct recognised found;
	struct window window;
};

enum status
facts_window_read(void *arg, void *buf, size_t len, uint64_t offset,
    struct diag *d)
{
	const struct facts_source *source = arg;
	enum status st = file_pread(source->fd, buf, len, offset, d);

	if (st != ST_DAMAGED)
		return st;
	diag_set(d, ST_REFUSED, "source-changed", "got shorter while it was read");
	diag_hint(d, "let nothing write there, and run it again");
	return ST_REFUSED;
}

struct facts *
facts_new(size_t n)
{
	struct facts *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->n = n;
	if ((f->sums = calloc(n + 1, sizeof(*f->sums))) == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

void
facts_free(struct facts *f)
{
	if (f == NULL)
		return;
	free(f->sums);
	free(f);
}

void
fact_sums_add(struct fact_sums *s, const struct recognised *r, uint64_t size)
{
	bool countable = r->format == FORMAT_SAFETENSORS || r->format == FORMAT_GGUF;

	s->sizes[r->format] += size;
	s->files[r->format]++;
	if (r->counted && tensor_facts_join(&s->tensors, &r->tensors) == 0)
		s->n_counted++;
	else if (countable)
		s->n_uncounted++;
}

enum status
facts_begin(struct facts *f, size_t at, const struct component *c,
    const struct content_file *file, int fd, struct findings *notes,
    struct diag *d)
{
	struct facts_source source = { fd };
	const char *slash = strrchr(file->path, '/');
	const struct recognised *r = &f->found;
	enum status st;

	f->component = at;
	f->counts_lines = false;
	window_open(&f->window, file->size, facts_window_read, &source);
	st = format_recognise(&f->window, slash == NULL ? file->path : slash + 1,
	    &f->found, d);
	if (st != ST_OK) {
		diag_within(d, "%s", ESC(file->path));
		return st;
	}
	fact_sums_add(&f->sums[at], r, file->size);
	if (r->is_short || r->is_malformed) {
		struct diag why = r->why;

		diag_within(&why, "packed as it is, but it is %s",
		    r->is_short ? "not whole" : "malformed");
		(void)findings_add(notes, ST_OK, ESC(file->path), &why);
	}
	if (r->format == FORMAT_JSONL && c->kind == KIND_BENCHMARK) {
		f->counts_lines = true;
		memset(&f->lines, 0, sizeof(f->lines));
	}
	return ST_OK;
}

void
facts_pass(struct facts *f, const uint8_t *data, size_t len)
{
	if (f->counts_lines)
		line_count_add(&f->lines, data, len);
}

void
facts_end(struct facts *f)
{
	if (!f->counts_lines)
		return;
	f->sums[f->component].records += line_count_total(&f->lines);
	f->sums[f->component].n_lines++;
	f->counts_lines = false;
}

/* Whether the format of a component of that kind is one of this class. */
static bool
tells(enum component_kind kind, enum format_class class)
{
	switch (kind) {
	case KIND_MODEL:
		return class == CLASS_WEIGHTS;
	case KIND_BENCHMARK:
		return class == CLASS_DATA || class == CLASS_SETTINGS;
	case KIND_DOCUMENT:
		return class == CLASS_DOCUMENT;
	case KIND_CODE:
		return class == CLASS_CODE;
	}
	return false;
}

struct rank {
	enum file_format format;
	uint64_t size;
};

/* The larger one first. */
static int
compare_ranks(const void *x, const void *y)
{
	const struct rank *a = x, *b = y;

	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->format < b->format ? -1 : a->format > b->format;
}

/* The formats that occur, by size; only those that tell, or all that are known. */
static size_t
rank_formats(const struct fact_sums *s, enum component_kind kind, bool all,
    struct rank ranks[N_FORMATS])
{
	enum file_format f;
	size_t n = 0;

	for (f = FORMAT_UNKNOWN + 1; f < N_FORMATS; f++)
		if (s->files[f] > 0 && (all || tells(kind, format_class(f))))
			ranks[n++] = (struct rank){ f, s->sizes[f] };
	qsort(ranks, n, sizeof(*ranks), compare_ranks);
	return n;
}

/* As one text: "safetensors, pytorch". */
static enum status
give_format(const struct fact_sums *s, struct component *c, struct diag *d)
{
	struct rank ranks[N_FORMATS];
	struct bytes b = { 0 };
	size_t n, i;

	n = rank_formats(s, c->kind, false, ranks);
	/* A model whose weights nobody knows is no JSON for all that lies beside them. */
	if (n == 0 && c->kind != KIND_MODEL)
		n = rank_formats(s, c->kind, true, ranks);
	if (n == 0)
		return ST_OK;
	for (i = 0; i < n; i++)
		bytes_printf(&b, "%s%s", i == 0 ? "" : ", ", format_name(ranks[i].format));
	c->format = b.failed ? NULL : strndup((char *)b.data, b.len);
	bytes_free(&b);
	return c->format == NULL ? diag_nomem(d) : ST_OK;
}

static enum status
give_dtypes(const struct fact_sums *s, struct component *c, struct diag *d)
{
	char **items;
	size_t i;

	for (i = 0; i < N_DTYPES; i++) {
		if ((s->tensors.dtypes >> i & 1) == 0)
			continue;
		items = array_add(c->dtypes.items, c->dtypes.n, sizeof(*items));
		if (items == NULL)
			return diag_nomem(d);
		c->dtypes.items = items;
		if ((items[c->dtypes.n] = strdup(dtypes[i].name)) == NULL)
			return diag_nomem(d);
		c->dtypes.n++;
	}
	return ST_OK;
}

enum status
fact_sums_give(const struct fact_sums *s, struct component *c, struct diag *d)
{
	enum status st;

	if ((st = give_format(s, c, d)) != ST_OK)
		return st;
	if (c->kind == KIND_BENCHMARK && s->n_lines > 0) {
		c->has_records = true;
		c->records = s->records;
	}
	/* A sum that leaves a file out would be no fact. */
	if (c->kind != KIND_MODEL || s->n_counted == 0 || s->n_uncounted > 0)
		return ST_OK;
	if ((st = give_dtypes(s, c, d)) != ST_OK)
		return st;
	c->has_tensors = c->has_parameters = true;
	c->tensors = s->tensors.tensors;
	c->parameters = s->tensors.parameters;
	return ST_OK;
}

enum status
facts_give(const struct facts *f, struct component *components, size_t n,
    struct diag *d)
{
	enum status st = ST_OK;
	size_t i;

	for (i = 0; i < n && i < f->n && st == ST_OK; i++)
		st = fact_sums_give(&f->sums[i], &components[i], d);
	return st;
}
