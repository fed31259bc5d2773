/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tartest - see tartest.h.  What tar_spell() gives is taken as it is: that has
 * tests of its own.
 */
#include "tests/unit/tartest.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/crypto.h"
#include "manifests/path.h"
#include "manifests/tarspell.h"

static int
by_string(const void *a, const void *b)
{
	return path_compare(*(char *const *)a, *(char *const *)b);
}

static int
by_path(const void *a, const void *b)
{
	return path_compare(((const struct content_file *)a)->path,
	    ((const struct content_file *)b)->path);
}

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static const void *
content_of(const struct tartest_entry *entries, size_t n, const char *path)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (entries[i].content != NULL &&
		    strcmp(entries[i].path, path) == 0)
			return entries[i].content;
	abort();
}

static void
spell(struct tartest *t, const struct tartest_entry *entries, size_t n)
{
	static const uint8_t zeros[TAR_END];
	uint8_t header[TAR_HEADER_MAX];
	struct content_walk w = { 0, 0 };
	struct content_entry e;
	size_t len;

	while (contents_next(&t->contents, &w, &e)) {
		if (e.file != NULL)
			t->contents.files[w.next_file - 1].offset =
			    t->stream.len;
		len = tar_spell(header, e.path, e.file == NULL,
		    e.file != NULL ? e.file->size : 0,
		    e.file != NULL && e.file->executable, TARTEST_TIME);
		bytes_append(&t->stream, header, len);
		if (e.file == NULL)
			continue;
		bytes_append(&t->stream, content_of(entries, n, e.path),
		    (size_t)e.file->size);
		bytes_append(&t->stream, zeros, tar_padding(e.file->size));
	}
	bytes_append(&t->stream, zeros, sizeof(zeros));
	if (t->stream.failed)
		abort();
}

void
tartest_make(struct tartest *t, const struct tartest_entry *entries, size_t n)
{
	struct contents *c = &t->contents;
	struct diag d = DIAG_INIT;
	size_t i;

	memset(t, 0, sizeof(*t));
	c->time = TARTEST_TIME;
	c->directories = must(calloc(n + 1, sizeof(*c->directories)));
	c->files = must(calloc(n + 1, sizeof(*c->files)));
	for (i = 0; i < n; i++) {
		const struct tartest_entry *from = &entries[i];
		struct content_file *f;

		if (from->content == NULL) {
			c->directories[c->n_directories++] =
			    must(strdup(from->path));
			continue;
		}
		f = &c->files[c->n_files++];
		f->path = must(strdup(from->path));
		f->size = from->size;
		f->executable = from->executable;
		if (digest_sha256(from->content, from->size, f->digest, &d) !=
		    ST_OK)
			abort();
	}
	qsort(c->directories, c->n_directories, sizeof(*c->directories),
	    by_string);
	qsort(c->files, c->n_files, sizeof(*c->files), by_path);
	spell(t, entries, n);
}

void
tartest_free(struct tartest *t)
{
	size_t i;

	for (i = 0; i < t->contents.n_directories; i++)
		free(t->contents.directories[i]);
	for (i = 0; i < t->contents.n_files; i++)
		free(t->contents.files[i].path);
	free(t->contents.directories);
	free(t->contents.files);
	bytes_free(&t->stream);
	memset(t, 0, sizeof(*t));
}

static enum status
next_piece(void *arg, const uint8_t **buf, size_t *len, struct diag *d)
{
	struct tartest_source *s = arg;
	size_t n = s->len - s->at < s->step ? s->len - s->at : s->step;

	(void)d;
	free(s->piece);
	s->piece = NULL;
	*buf = NULL;
	*len = 0;
	if (n == 0)
		return ST_OK;
	s->piece = must(malloc(n));
	memcpy(s->piece, s->data + s->at, n);
	s->at += n;
	*buf = s->piece;
	*len = n;
	return ST_OK;
}

enum status
tartest_read(const struct contents *c, const uint8_t *data, size_t len,
    size_t step, const struct tar_sink *sink, struct diag *d)
{
	struct tartest_source s = { .data = data, .len = len, .step = step };
	const struct tar_source source = { .next = next_piece, .arg = &s };
	enum status st;

	st = tar_read(c, &source, sink, d);
	free(s.piece);
	return st;
}
