/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tarread - the layout of the tar stream compared byte for byte, then entries
 * and data through libarchive, whose only wrapper this is.  It opens no file.
 */
#include "bundle/tarread.h"

#include <archive.h>
#include <archive_entry.h>
#include <langinfo.h>
#include <stdbool.h>
#include <string.h>

#include "bundle/crypto.h"
#include "bundle/proof.h"
#include "manifests/tarspell.h"

enum phase { PHASE_HEADER, PHASE_CONTENT, PHASE_PADDING, PHASE_END, PHASE_DONE };

/*
 * What must stand at each byte of the stream.  It runs ahead of libarchive, as
 * far as the buffers that libarchive has been given.
 */
struct layout {
	const struct contents *contents;
	struct content_walk walk;
	struct content_entry entry;
	enum phase phase;
	uint64_t left;			/* bytes of this phase to come */
	uint64_t pos;			/* bytes of the stream so far */
	size_t header_len;
	uint8_t header[TAR_HEADER_MAX];
};

struct reader {
	struct layout layout;
	const struct tar_source *source;
	const uint8_t *last;		/* what the source gave last */
	size_t last_len;
	bool ended;			/* the source has said so */
	enum status st;			/* why the read callback failed */
	struct diag *d;
};

uint64_t
tar_stream_size(const struct contents *c)
{
	struct content_walk w = { 0, 0 };
	struct content_entry e;
	uint64_t total = TAR_END, size;

	while (contents_next(c, &w, &e)) {
		size = e.file != NULL ? e.file->size : 0;
		total += tar_spell_len(e.path, e.file == NULL, size) + size +
		    tar_padding(size);
	}
	return total;
}

/* The header of the next entry, or the end. */
static void
layout_entry(struct layout *l)
{
	const struct content_file *f;

	if (!contents_next(l->contents, &l->walk, &l->entry)) {
		l->phase = PHASE_END;
		l->left = TAR_END;
		return;
	}
	f = l->entry.file;
	l->header_len = tar_spell(l->header, l->entry.path, f == NULL,
	    f != NULL ? f->size : 0, f != NULL && f->executable,
	    l->contents->time);
	l->phase = PHASE_HEADER;
	l->left = l->header_len;
}

/* What comes behind a phase that is complete. */
static void
layout_advance(struct layout *l)
{
	uint64_t size = l->entry.file != NULL ? l->entry.file->size : 0;

	switch (l->phase) {
	case PHASE_HEADER:
		l->phase = PHASE_CONTENT;
		l->left = size;
		break;
	case PHASE_CONTENT:
		l->phase = PHASE_PADDING;
		l->left = tar_padding(size);
		break;
	case PHASE_PADDING:
		layout_entry(l);
		break;
	case PHASE_END:
	case PHASE_DONE:
		l->phase = PHASE_DONE;
		l->left = 0;
		break;
	}
}

static void
layout_start(struct layout *l, const struct contents *c)
{
	l->contents = c;
	l->walk = (struct content_walk){ 0, 0 };
	l->entry = (struct content_entry){ NULL, NULL };
	l->pos = 0;
	layout_entry(l);
}

/* The number of bytes that a and b have in common at their start. */
static size_t
same(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	if (memcmp(a, b, n) == 0)
		return n;
	while (a[i] == b[i])
		i++;
	return i;
}

/* n bytes of the current phase, none of them beyond its end. */
static enum status
layout_compare(const struct layout *l, const uint8_t *buf, size_t n,
    struct diag *d)
{
	static const uint8_t zeros[TAR_END];
	size_t good;

	switch (l->phase) {
	case PHASE_HEADER:
		good = same(buf, l->header + (l->header_len - l->left), n);
		if (good != n)
			return diag_set(d, ST_MALFORMED, "tar-header",
			    "data/%s: byte %llu of the tar stream is not what "
			    "the header of this entry has there",
			    ESC(l->entry.path),
			    (unsigned long long)(l->pos + good));
		break;
	case PHASE_CONTENT:
		break;
	case PHASE_PADDING:
		if ((good = same(buf, zeros, n)) != n)
			return diag_set(d, ST_MALFORMED, "tar-padding",
			    "data/%s: byte %llu of the tar stream is padding, "
			    "and not zero", ESC(l->entry.path),
			    (unsigned long long)(l->pos + good));
		break;
	case PHASE_END:
		if ((good = same(buf, zeros, n)) != n)
			return diag_set(d, ST_MALFORMED, "tar-end",
			    "byte %llu of the tar stream belongs to its end, "
			    "and is not zero",
			    (unsigned long long)(l->pos + good));
		break;
	case PHASE_DONE:
		return diag_set(d, ST_MALFORMED, "tar-size",
		    "the tar stream goes on behind its end, byte %llu",
		    (unsigned long long)l->pos);
	}
	return ST_OK;
}

static enum status
layout_check(struct layout *l, const uint8_t *buf, size_t len, struct diag *d)
{
	enum status st;
	size_t n;

	while (len > 0) {
		n = l->left < len && l->phase != PHASE_DONE ?
		    (size_t)l->left : len;
		if ((st = layout_compare(l, buf, n, d)) != ST_OK)
			return st;
		buf += n;
		len -= n;
		l->left -= n;
		l->pos += n;
		while (l->left == 0 && l->phase != PHASE_DONE)
			layout_advance(l);
	}
	return ST_OK;
}

/* The next bytes of the source, compared; *len is 0 at the end of the stream. */
static enum status
pull(struct reader *r, const uint8_t **buf, size_t *len)
{
	enum status st;

	*len = 0;
	while (!r->ended && *len == 0) {
		*buf = NULL;
		st = r->source->next(r->source->arg, buf, len, r->d);
		if (st != ST_OK)
			return st;
		if (*buf == NULL) {
			*len = 0;
			r->ended = true;
		}
	}
	r->last = *buf;
	r->last_len = *len;
	if (*len > 0)
		return layout_check(&r->layout, *buf, *len, r->d);
	if (r->layout.phase != PHASE_DONE)
		return diag_set(r->d, ST_MALFORMED, "tar-size",
		    "the tar stream ends after %llu bytes; it has to have %llu",
		    (unsigned long long)r->layout.pos,
		    (unsigned long long)tar_stream_size(r->layout.contents));
	return ST_OK;
}

static la_ssize_t
read_callback(struct archive *a, void *arg, const void **out)
{
	struct reader *r = arg;
	const uint8_t *buf = NULL;
	size_t len = 0;

	(void)a;
	*out = NULL;
	/* A source that has failed is not asked again. */
	if (r->st == ST_OK)
		r->st = pull(r, &buf, &len);
	if (r->st != ST_OK)
		return ARCHIVE_FATAL;
	proof_require(buf, len, "libarchive");
	*out = buf;
	return (la_ssize_t)len;
}

/* What went wrong in libarchive, or in the callback below it. */
static enum status
archive_failed(const struct reader *r, struct archive *a, const char *path)
{
	const char *why;

	if (r->st != ST_OK)
		return r->st;
	if ((why = archive_error_string(a)) == NULL)
		why = "no reason given";
	if (path == NULL)
		return diag_set(r->d, ST_MALFORMED, "tar-entry",
		    "libarchive does not take the tar stream: %s", ESC(why));
	return diag_set(r->d, ST_MALFORMED, "tar-entry",
	    "data/%s: libarchive does not take this entry: %s", ESC(path),
	    ESC(why));
}

static bool
is_empty(const char *s)
{
	return s == NULL || *s == '\0';
}

/* Whether libarchive gives the entry something that the format cannot say. */
static const char *
entry_extra(struct archive_entry *ae)
{
	unsigned long set = 0, clear = 0;
	size_t len = 0;

	archive_entry_fflags(ae, &set, &clear);
	if (archive_entry_hardlink(ae) != NULL ||
	    archive_entry_symlink(ae) != NULL)
		return "a link";
	if (archive_entry_uid(ae) != 0 || archive_entry_gid(ae) != 0 ||
	    !is_empty(archive_entry_uname(ae)) ||
	    !is_empty(archive_entry_gname(ae)))
		return "an owner";
	if (archive_entry_xattr_count(ae) != 0)
		return "extended attributes";
	if (archive_entry_acl_types(ae) != 0)
		return "an access control list";
	if (archive_entry_sparse_count(ae) != 0)
		return "a sparse map";
	if (set != 0 || clear != 0)
		return "file flags";
	if (archive_entry_mac_metadata(ae, &len) != NULL && len != 0)
		return "Mac OS metadata";
	if (archive_entry_atime_is_set(ae) || archive_entry_ctime_is_set(ae) ||
	    archive_entry_birthtime_is_set(ae))
		return "times besides the one of modification";
	return NULL;
}

/* Whether path is "data/" + want, with a slash behind it for a directory. */
static bool
is_path(const char *path, const char *want, bool directory)
{
	size_t prefix = strlen(TAR_PREFIX), len = strlen(want);

	return path != NULL && strncmp(path, TAR_PREFIX, prefix) == 0 &&
	    strncmp(path + prefix, want, len) == 0 &&
	    strcmp(path + prefix + len, directory ? "/" : "") == 0;
}

/* NULL where libarchive sees the entry that is expected; else what it sees wrong. */
static const char *
entry_differs(struct archive_entry *ae, const struct content_entry *e,
    uint64_t mtime)
{
	bool directory = e->file == NULL;
	uint64_t size = directory ? 0 : e->file->size;
	bool executable = directory || e->file->executable;
	la_int64_t seen = archive_entry_size(ae);

	if (!is_path(archive_entry_pathname_utf8(ae), e->path, directory))
		return "another path";
	if (archive_entry_filetype(ae) != (directory ? AE_IFDIR : AE_IFREG))
		return "another type";
	if (!archive_entry_size_is_set(ae) || seen < 0 || (uint64_t)seen != size)
		return "another size";
	if (archive_entry_perm(ae) != (executable ? 0755 : 0644))
		return "another mode";
	if (!archive_entry_mtime_is_set(ae) || archive_entry_mtime(ae) < 0 ||
	    (uint64_t)archive_entry_mtime(ae) != mtime ||
	    archive_entry_mtime_nsec(ae) != 0)
		return "another time";
	return entry_extra(ae);
}

/* A run of content: written by whoever has time, where it lies in the source's own bytes. */
static enum status
give(struct reader *r, const struct tar_sink *sink, const uint8_t *buf, size_t len, uint64_t at)
{
	const struct later l = { sink->data, sink->arg, buf, len, at };
	uintptr_t offset = (uintptr_t)buf - (uintptr_t)r->last;

	if (r->source->later != NULL && offset <= r->last_len &&
	    len <= r->last_len - offset)
		return r->source->later(r->source->arg, &l, r->d);
	return sink->data(sink->arg, buf, len, at, r->d);
}

/* The content of a file: to the digest and to the sink. */
static enum status
read_file(struct reader *r, struct archive *a, const struct content_entry *e,
    struct digest *g, const struct tar_sink *sink)
{
	uint8_t seen[SHA256_LEN];
	enum status st;
	const void *buf;
	uint64_t done = 0;
	la_int64_t offset;
	size_t len;
	int code;

	for (;;) {
		buf = NULL;
		len = 0;
		offset = 0;
		code = archive_read_data_block(a, &buf, &len, &offset);
		if (code == ARCHIVE_EOF)
			break;
		if (code != ARCHIVE_OK)
			return archive_failed(r, a, e->path);
		if (len == 0)
			continue;
		if (offset < 0 || (uint64_t)offset != done ||
		    len > e->file->size - done)
			return diag_set(r->d, ST_MALFORMED, "tar-entry",
			    "data/%s: libarchive gives other data than the "
			    "content that stands there", ESC(e->path));
		if (digest_update(g, buf, len) != 0)
			return digest_failed(r->d);
		if (sink != NULL && sink->data != NULL &&
		    (st = give(r, sink, buf, len, done)) != ST_OK)
			return st;
		done += len;
	}
	if (r->source->settle != NULL &&
	    (st = r->source->settle(r->source->arg, r->d)) != ST_OK)
		return st;
	if (done != e->file->size)
		return diag_set(r->d, ST_MALFORMED, "tar-entry",
		    "data/%s: libarchive gives %llu of %llu bytes",
		    ESC(e->path), (unsigned long long)done,
		    (unsigned long long)e->file->size);
	if (digest_final(g, seen) != 0)
		return digest_failed(r->d);
	if (!crypto_equal(seen, e->file->digest, sizeof(seen)))
		return diag_set(r->d, ST_MALFORMED, "file-digest",
		    "data/%s: the file's digest differs from the one in the "
		    "content manifest", ESC(e->path));
	return ST_OK;
}

static enum status
read_entry(struct reader *r, struct archive *a, const struct content_entry *e,
    struct digest *g, const struct tar_sink *sink)
{
	struct archive_entry *ae = NULL;
	const char *wrong;
	enum status st;
	int code;

	code = archive_read_next_header(a, &ae);
	if (code == ARCHIVE_EOF && r->st == ST_OK)
		return diag_set(r->d, ST_MALFORMED, "tar-entry",
		    "data/%s: libarchive sees the end of the tar stream here",
		    ESC(e->path));
	if (code != ARCHIVE_OK)
		return archive_failed(r, a, e->path);
	wrong = entry_differs(ae, e, r->layout.contents->time);
	if (wrong != NULL)
		return diag_set(r->d, ST_MALFORMED, "tar-entry",
		    "data/%s: libarchive sees %s here", ESC(e->path), wrong);
	if (sink != NULL && sink->begin != NULL &&
	    (st = sink->begin(sink->arg, e, r->d)) != ST_OK)
		return st;
	if (e->file != NULL && (st = read_file(r, a, e, g, sink)) != ST_OK)
		return st;
	if (sink != NULL && sink->end != NULL)
		return sink->end(sink->arg, e, r->d);
	return ST_OK;
}

/* Behind the last entry: the end for libarchive, and the end of the source. */
static enum status
read_end(struct reader *r, struct archive *a)
{
	struct archive_entry *ae = NULL;
	const uint8_t *buf;
	enum status st;
	size_t len;
	int code;

	if ((code = archive_read_next_header(a, &ae)) == ARCHIVE_OK)
		return diag_set(r->d, ST_MALFORMED, "tar-entry",
		    "libarchive sees an entry behind the last one");
	if (r->st != ST_OK || code != ARCHIVE_EOF)
		return archive_failed(r, a, NULL);
	while (!r->ended)
		if ((st = pull(r, &buf, &len)) != ST_OK)
			return st;
	return ST_OK;
}

static struct archive *
archive_start(void)
{
	struct archive *a;

	if ((a = archive_read_new()) == NULL)
		return NULL;
	if (archive_read_support_filter_none(a) != ARCHIVE_OK ||
	    archive_read_support_format_tar(a) != ARCHIVE_OK) {
		(void)archive_read_free(a);
		return NULL;
	}
	return a;
}

enum status
tar_read(const struct contents *c, const struct tar_source *source,
    const struct tar_sink *sink, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct reader r = { .source = source, .st = ST_OK, .d = d };
	struct content_walk walk = { 0, 0 };
	struct content_entry e;
	struct archive *a = NULL;
	struct digest *g = NULL;

	/* libarchive crashes on pax names elsewhere. */
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
		st = diag_set(d, ST_HOST, "locale", "no locale for UTF-8 is to be "
		    "had here, only one for %s", ESC(nl_langinfo(CODESET)));
		diag_hint(d, "let C.UTF-8 or en_US.UTF-8 be installed, or name "
		    "another one in LC_ALL");
		goto out;
	}
	layout_start(&r.layout, c);
	if ((a = archive_start()) == NULL ||
	    (g = digest_new(DIGEST_SHA256)) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	if (archive_read_open2(a, &r, NULL, read_callback, NULL, NULL) !=
	    ARCHIVE_OK) {
		st = archive_failed(&r, a, NULL);
		goto out;
	}
	while (contents_next(c, &walk, &e))
		if ((st = read_entry(&r, a, &e, g, sink)) != ST_OK)
			goto out;
	st = read_end(&r, a);
out:
	if (a != NULL)
		(void)archive_read_free(a);
	digest_free(g);
	return st;
}
