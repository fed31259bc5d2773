/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tarread - the tar stream of a lane read through libarchive, after every byte
 * that is no file content has been compared with the one spelling that the
 * content manifest gives.  It writes nothing: a sink does.
 */
#ifndef SATCHEL_BUNDLE_TARREAD_H
#define SATCHEL_BUNDLE_TARREAD_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/later.h"
#include "manifests/contents.h"
#include "manifests/diag.h"

/*
 * Where plain bytes come from.  next() gives the next run of bytes (a chunk), valid until the
 * next call; *buf == NULL and ST_OK at the end of the stream.
 */
struct tar_source {
	enum status (*next)(void *arg, const uint8_t **buf, size_t *len,
	    struct diag *d);
	/*
	 * Both may be NULL.  later() does what it is given at once, or lets another thread
	 * do it before settle() returns; l->buf lies in the bytes that next() gave last.  An
	 * error may be told by any of the three, later than it came about.
	 */
	enum status (*later)(void *arg, const struct later *l, struct diag *d);
	enum status (*settle)(void *arg, struct diag *d);
	void *arg;
};

/* Where entries go, in the order of the stream.  Any of them may be NULL. */
struct tar_sink {
	enum status (*begin)(void *arg, const struct content_entry *e, struct diag *d);
	/*
	 * len bytes of the file begun last, which stand at byte `at` of it.  With a source
	 * that has later(), calls come from several threads at once, and in no order; all have
	 * returned before end().
	 */
	enum status (*data)(void *arg, const uint8_t *buf, size_t len, uint64_t at,
	    struct diag *d);
	/* the entry is whole and, for a file, its digest has matched */
	enum status (*end)(void *arg, const struct content_entry *e, struct diag *d);
	void *arg;
};

/* tar_stream_size - bytes of the whole stream, end blocks included. */
uint64_t tar_stream_size(const struct contents *c);

/*
 * tar_read - read the whole stream and compare it with c: every header, padding
 * and end byte with the one spelling, then each entry as libarchive sees it
 * (path, type, size, mode, time; no link, no owner), then each file's digest.
 * sink may be NULL (read-back).
 *
 * Errors: ST_MALFORMED  rules "tar-header", "tar-padding", "tar-end", "tar-size" (stream too short or
 *                       too long), "tar-entry" (libarchive sees something else), "file-digest"
 *         what source and sink return is returned as it is, with its diag
 */
enum status tar_read(const struct contents *c, const struct tar_source *source,
    const struct tar_sink *sink, struct diag *d) __attribute__((warn_unused_result));

#endif
