/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct_write - whole units at aligned offsets; only the file's end goes
 * through the page cache.  Its twin is direct_read.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/direct.h"
#include "bundle/direct_unit.h"
#include "bundle/file.h"
#include "bundle/pool.h"

/* Written back while we go on, so that the sync at the end finds little to do. */
#define WRITE_BACK ((uint64_t)64 << 20)

#define N_UNITS 2
#define N_WORKERS 2			/* a thread, and the caller where it would wait */

struct unit {
	struct direct_write *of;
	uint8_t *buf;			/* UNIT bytes */
	size_t used;
	uint64_t at;			/* in the file */
	enum status st;
	struct diag d;
};

struct direct_write {
	int fd;
	bool beside;
	atomic_bool direct;		/* whole units go past the page cache */
	struct unit units[N_UNITS];
	struct unit *filling;
	uint64_t len;
	struct pool *pool;
};

static enum status
write_unit(struct direct_write *w, const struct unit *u, struct diag *d)
{
	uint64_t end = u->at + u->used;
	size_t done = 0;
	enum status st;
	ssize_t n;

	if (w->direct && u->used == UNIT) {
		do
			n = pwrite(w->fd, u->buf, UNIT, (off_t)u->at);
		while (n == -1 && errno == EINTR);
		if (n == (ssize_t)UNIT)
			return ST_OK;
		/* Refused, or cut short: what is left goes the other way. */
		done = n > 0 ? (size_t)n : 0;
		direct_unit_plain(w->fd, &w->direct);
	}
	if ((st = file_pwrite(w->fd, u->buf + done, u->used - done, u->at + done,
	    d)) != ST_OK)
		return st;
	/* Only begun, never waited for: an error is fsync's to tell. */
	if (end % WRITE_BACK == 0)
		(void)sync_file_range(w->fd, (off_t)(end - WRITE_BACK),
		    (off_t)WRITE_BACK, SYNC_FILE_RANGE_WRITE);
	return ST_OK;
}

static void
work(void *worker, void *slot)
{
	struct unit *u = slot;

	(void)worker;
	u->st = write_unit(u->of, u, &u->d);
}

/* Wait for the oldest unit that is under way; *any is false where none was. */
static enum status
reap(struct direct_write *w, bool *any, struct diag *d)
{
	struct unit *u = pool_take(w->pool);
	enum status st;

	*any = u != NULL;
	if (u == NULL)
		return ST_OK;
	if ((st = u->st) != ST_OK)
		*d = u->d;
	pool_release(w->pool);
	return st;
}

static enum status
reap_all(struct direct_write *w, struct diag *d)
{
	enum status st;
	bool any;

	do
		st = reap(w, &any, d);
	while (st == ST_OK && any);
	return st;
}

static enum status
submit(struct direct_write *w, struct diag *d)
{
	w->filling = NULL;
	pool_submit(w->pool);
	return w->beside ? ST_OK : reap_all(w, d);
}

static enum status
next_unit(struct direct_write *w, struct diag *d)
{
	enum status st;
	bool any;

	while ((w->filling = pool_free_slot(w->pool)) == NULL)
		if ((st = reap(w, &any, d)) != ST_OK)
			return st;
	w->filling->used = 0;
	w->filling->at = w->len;
	return ST_OK;
}

enum status
direct_write_new(int fd, bool beside, struct direct_write **out, struct diag *d)
{
	static void *const workers[N_WORKERS] = { NULL };
	enum status st = ST_INTERNAL;
	struct direct_write *w = NULL;
	bool in_memory = file_in_memory(fd);
	size_t i;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	w->fd = fd;
	w->beside = beside && !in_memory;
	for (i = 0; i < N_UNITS; i++) {
		w->units[i].of = w;
		if ((w->units[i].buf = direct_unit_new()) == NULL) {
			st = diag_nomem(d);
			goto out;
		}
	}
	if (w->beside && pool_new(N_WORKERS, workers, w->units,
	    sizeof(w->units[0]), N_UNITS, work, &w->pool, d) != ST_OK)
		w->beside = false;	/* no thread to be had */
	if (!w->beside && (st = pool_new(1, workers, w->units,
	    sizeof(w->units[0]), N_UNITS, work, &w->pool, d)) != ST_OK)
		goto out;
	w->direct = !in_memory && direct_unit_set(fd, true);
	*out = w;
	w = NULL;
	st = ST_OK;
out:
	direct_write_free(w);
	return st;
}

enum status
direct_write_put(struct direct_write *w, const void *data, size_t len,
    struct diag *d)
{
	const uint8_t *p = data;
	enum status st;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		if (w->filling == NULL && (st = next_unit(w, d)) != ST_OK)
			return st;
		n = UNIT - w->filling->used < len ? UNIT - w->filling->used : len;
		memcpy(w->filling->buf + w->filling->used, p, n);
		w->filling->used += n;
		w->len += n;
		if (w->filling->used == UNIT && (st = submit(w, d)) != ST_OK)
			return st;
	}
	return ST_OK;
}

enum status
direct_write_end(struct direct_write *w, struct diag *d)
{
	enum status st;

	if ((st = reap_all(w, d)) != ST_OK)
		return st;
	direct_unit_plain(w->fd, &w->direct);
	if (w->filling == NULL)
		return ST_OK;
	if ((st = submit(w, d)) != ST_OK)
		return st;
	return reap_all(w, d);
}

uint64_t
direct_write_len(const struct direct_write *w)
{
	return w->len;
}

void
direct_write_free(struct direct_write *w)
{
	size_t i;

	if (w == NULL)
		return;
	pool_free(w->pool);
	for (i = 0; i < N_UNITS; i++)
		free(w->units[i].buf);
	free(w);
}
