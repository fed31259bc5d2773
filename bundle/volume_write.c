/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * volume_write - writing a volume: header, guard, chunks, index, under a
 * temporary name until it is whole and durable.  Its twin is volume.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/direct.h"
#include "bundle/file.h"
#include "bundle/volume.h"
#include "bundle/volume_layout.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"

#define PART ".part-"
#define NAME_ROOM 256

struct volume_writer {
	int dirfd;			/* the caller's */
	int fd;
	bool made;			/* the temporary file is ours to remove */
	char part[sizeof(PART) + NAME_ROOM];
	struct volume_place place;
	uint8_t head[VOLUME_HEAD_MAX];
	size_t head_len;
	struct direct_write *to;
	uint64_t chunks_len;		/* stored lengths so far */
	struct bytes index;		/* the index frame so far */
	uint64_t n;
	struct digest *sum;		/* of the whole file; portable only */
};

static const char *
final_name(const struct volume_writer *w)
{
	return w->part + strlen(PART);
}

static void
writer_free(struct volume_writer *w)
{
	if (w == NULL)
		return;
	direct_write_free(w->to);
	fd_close(&w->fd);
	if (w->made)
		(void)unlinkat(w->dirfd, w->part, 0);
	digest_free(w->sum);
	bytes_free(&w->index);
	free(w);
}

void
volume_abort(struct volume_writer *w)
{
	writer_free(w);
}

static enum status
put(struct volume_writer *w, const void *data, size_t len, struct diag *d)
{
	enum status st;

	if (w->sum != NULL && digest_update(w->sum, data, len) == -1)
		return digest_failed(d);
	if ((st = direct_write_put(w->to, data, len, d)) != ST_OK)
		diag_within(d, "%s", ESC(final_name(w)));
	return st;
}

static enum status
put_last(struct volume_writer *w, const void *data, size_t len, struct diag *d)
{
	enum status st;

	if ((st = put(w, data, len, d)) != ST_OK)
		return st;
	if ((st = direct_write_end(w->to, d)) != ST_OK)
		diag_within(d, "%s", ESC(final_name(w)));
	return st;
}

static enum status
start(struct volume_writer *w, const char *name, bool beside, struct diag *d)
{
	uint8_t frame[VOLUME_FRAME_HEADER_LEN] = { 0 };
	enum status st;

	if ((size_t)snprintf(w->part, sizeof(w->part), PART "%s", name) >=
	    sizeof(w->part))
		return diag_set(d, ST_INTERNAL, "file-name", "%s: too long",
		    ESC(name));
	if (w->place.portable &&
	    (w->sum = digest_new(DIGEST_SHA512)) == NULL)
		return diag_nomem(d);
	bytes_append(&w->index, frame, sizeof(frame));	/* filled in at the end */
	/* What a killed run left. */
	if (unlinkat(w->dirfd, w->part, 0) == -1 && errno != ENOENT)
		return diag_errno(d, "%s", ESC(w->part));
	if ((st = file_create(w->dirfd, w->part, 0666, &w->fd, d)) != ST_OK)
		return st;
	w->made = true;
	if ((st = direct_write_new(w->fd, beside, &w->to, d)) != ST_OK)
		return st;
	w->head_len = volume_make_head(w->head, &w->place);
	return put(w, w->head, w->head_len, d);
}

enum status
volume_create(int dirfd, const char *name, const struct volume_place *place,
    bool beside, struct volume_writer **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct volume_writer *w = NULL;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	w->fd = -1;
	w->dirfd = dirfd;
	w->place = *place;
	if ((st = start(w, name, beside, d)) != ST_OK)
		goto out;
	*out = w;
	w = NULL;
	st = ST_OK;
out:
	writer_free(w);
	return st;
}

uint64_t
volume_writer_chunks(const struct volume_writer *w)
{
	return w->n;
}

uint64_t
volume_size_with(const struct volume_writer *w, uint64_t stored_len)
{
	return volume_overhead(w->place.portable, w->n + 1) + w->chunks_len +
	    stored_len;
}

enum status
volume_append(struct volume_writer *w, const uint8_t *stored,
    const struct chunk_fields *f, const uint8_t digest[SHA512_LEN],
    struct diag *d)
{
	uint8_t entry[VOLUME_ENTRY_LEN];
	enum status st;

	if (w->n == CAP_VOLUME_CHUNKS ||
	    volume_size_with(w, f->stored_len) > CAP_VOLUME_SIZE)
		return diag_set(d, ST_INTERNAL, "volume-full",
		    "%s: too many chunks for one volume", ESC(final_name(w)));
	if ((st = put(w, stored, f->stored_len, d)) != ST_OK)
		return st;
	put_le32(entry, f->stored_len);
	put_le32(entry + 4, f->transform);
	put_le32(entry + 8, f->plain_len);
	memcpy(entry + 12, digest, SHA512_LEN);
	bytes_append(&w->index, entry, sizeof(entry));
	if (w->index.failed)
		return diag_nomem(d);
	w->chunks_len += f->stored_len;
	w->n++;
	return ST_OK;
}

enum status
volume_finish(struct volume_writer *w, struct transport_volume *out,
    uint8_t *sum, struct diag *d)
{
	enum status st = ST_INTERNAL;

	if (w->n == 0 || (sum != NULL && w->sum == NULL)) {
		st = diag_set(d, ST_INTERNAL, "volume-empty",
		    "%s: no chunk, or no digest of the whole",
		    ESC(final_name(w)));
		goto out;
	}
	put_le32(w->index.data, FRAME_MAGIC_INDEX);
	put_le32(w->index.data + 4, (uint32_t)(VOLUME_ENTRY_LEN * w->n));
	if ((st = volume_index_digest(w->head, w->head_len, w->index.data,
	    w->index.len, out->index, d)) != ST_OK ||
	    (st = put_last(w, w->index.data, w->index.len, d)) != ST_OK)
		goto out;
	if (sum != NULL && digest_final(w->sum, sum) == -1) {
		st = digest_failed(d);
		goto out;
	}
	if ((st = file_sync_close(&w->fd, final_name(w), d)) != ST_OK)
		goto out;
	if (renameat(w->dirfd, w->part, w->dirfd, final_name(w)) == -1) {
		st = diag_errno(d, "%s: rename", ESC(final_name(w)));
		goto out;
	}
	w->made = false;
	out->n_chunks = w->n;
	out->size = direct_write_len(w->to);
	st = ST_OK;
out:
	writer_free(w);
	return st;
}
