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

#include "bundle/file.h"
#include "bundle/volume.h"
#include "bundle/volume_layout.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"

/*
 * Everything is written in whole units from one buffer, the last one aside:
 * at aligned offsets, from aligned memory.
 */
#define UNIT ((size_t)1 << 20)
#define ALIGNMENT 4096

/* Written back while we go on, so that the sync at the end finds little to do. */
#define WRITE_BACK ((uint64_t)64 << 20)

#define PART ".part-"
#define NAME_ROOM 256

struct volume_writer {
	int dirfd;			/* the caller's */
	int fd;
	bool made;			/* the temporary file is ours to remove */
	bool direct;			/* whole units go past the page cache */
	char part[sizeof(PART) + NAME_ROOM];
	struct volume_place place;
	uint8_t head[VOLUME_HEAD_MAX];
	size_t head_len;
	uint8_t *buf;			/* UNIT bytes */
	size_t used;
	uint64_t written;		/* bytes that have left buf */
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
	fd_close(&w->fd);
	if (w->made)
		(void)unlinkat(w->dirfd, w->part, 0);
	digest_free(w->sum);
	bytes_free(&w->index);
	free(w->buf);
	free(w);
}

void
volume_abort(struct volume_writer *w)
{
	writer_free(w);
}

/*
 * Past the page cache a GiB costs a tenth of the processor's time.  Where the
 * file system does not take it, everything goes through the cache.
 */
static void
set_direct(struct volume_writer *w, bool on)
{
	w->direct = fcntl(w->fd, F_SETFL, on ? O_DIRECT : 0) == 0 && on;
}

static enum status
flush(struct volume_writer *w, struct diag *d)
{
	enum status st;
	ssize_t n;

	if (w->used == 0)
		return ST_OK;
	if (w->direct && w->used == UNIT) {
		n = write(w->fd, w->buf, UNIT);
		if (n == (ssize_t)UNIT) {
			w->written += UNIT;
			w->used = 0;
			return ST_OK;
		}
		/* refused, or cut short: what is left goes the other way */
		if (n > 0) {
			w->written += (uint64_t)n;
			w->used -= (size_t)n;
			memmove(w->buf, w->buf + n, w->used);
		}
	}
	if (w->direct)
		set_direct(w, false);
	if ((st = file_write(w->fd, w->buf, w->used, d)) != ST_OK) {
		diag_within(d, "%s", ESC(final_name(w)));
		return st;
	}
	w->written += w->used;
	w->used = 0;
	/* Only begun, never waited for: an error is fsync's to tell. */
	if (w->written % WRITE_BACK == 0)
		(void)sync_file_range(w->fd, (off_t)(w->written - WRITE_BACK),
		    (off_t)WRITE_BACK, SYNC_FILE_RANGE_WRITE);
	return ST_OK;
}

static enum status
put(struct volume_writer *w, const void *data, size_t len, struct diag *d)
{
	const uint8_t *p = data;
	enum status st;
	size_t n;

	if (w->sum != NULL && digest_update(w->sum, data, len) == -1)
		return digest_failed(d);
	for (; len > 0; p += n, len -= n) {
		n = UNIT - w->used < len ? UNIT - w->used : len;
		memcpy(w->buf + w->used, p, n);
		w->used += n;
		if (w->used == UNIT && (st = flush(w, d)) != ST_OK)
			return st;
	}
	return ST_OK;
}

static enum status
start(struct volume_writer *w, const char *name, struct diag *d)
{
	uint8_t frame[VOLUME_FRAME_HEADER_LEN] = { 0 };
	enum status st;

	if ((size_t)snprintf(w->part, sizeof(w->part), PART "%s", name) >=
	    sizeof(w->part))
		return diag_set(d, ST_INTERNAL, "file-name", "%s: too long",
		    ESC(name));
	if ((w->buf = aligned_alloc(ALIGNMENT, UNIT)) == NULL)
		return diag_nomem(d);
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
	set_direct(w, true);
	w->head_len = volume_make_head(w->head, &w->place);
	return put(w, w->head, w->head_len, d);
}

enum status
volume_create(int dirfd, const char *name, const struct volume_place *place,
    struct volume_writer **out, struct diag *d)
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
	if ((st = start(w, name, d)) != ST_OK)
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
	    (st = put(w, w->index.data, w->index.len, d)) != ST_OK ||
	    (st = flush(w, d)) != ST_OK)
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
	out->size = w->written;
	st = ST_OK;
out:
	writer_free(w);
	return st;
}
