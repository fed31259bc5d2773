/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct_read - from the page cache what is there, and the rest ahead of the
 * caller, past the page cache.  Its twin is direct_write.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bundle/direct.h"
#include "bundle/direct_unit.h"
#include "bundle/file.h"
#include "bundle/pool.h"

#define N_UNITS 2
#define N_WORKERS 2			/* a thread, and the caller where it would wait */
#define AHEAD_MIN (2 * (uint64_t)UNIT)	/* files that it pays for */

struct unit {
	struct direct_read *of;
	uint8_t *buf;			/* UNIT bytes */
	size_t want;
	uint64_t at;			/* in the file */
	enum status st;
	struct diag d;
};

enum way {
	WAY_PLAIN,			/* the system reads ahead, if anybody does */
	WAY_CACHED,			/* all so far was in the page cache */
	WAY_AHEAD
};

struct direct_read {
	bool beside;
	enum way way;
	int fd;
	uint64_t size;
	uint64_t at;			/* of the next byte to be given */
	uint64_t next;			/* of the next unit to be asked for */
	atomic_bool direct;
	struct unit units[N_UNITS];
	struct unit *held;		/* what is given from */
	struct pool *pool;		/* NULL until a file needs it */
};

static enum status
read_unit(struct direct_read *r, struct unit *u, struct diag *d)
{
	ssize_t n;

	if (r->direct) {
		/* Whole, also at the end of the file, which cuts it short. */
		do
			n = pread(r->fd, u->buf, UNIT, (off_t)u->at);
		while (n == -1 && errno == EINTR);
		if (n >= 0 && (size_t)n >= u->want)
			return ST_OK;
		/* Refused, or cut short: once more the other way, which says what it is. */
		direct_unit_plain(r->fd, &r->direct);
	}
	return file_pread(r->fd, u->buf, u->want, u->at, d);
}

static void
work(void *worker, void *slot)
{
	struct unit *u = slot;

	(void)worker;
	u->st = read_unit(u->of, u, &u->d);
}

/* Keep all units under way. */
static void
ask(struct direct_read *r)
{
	struct unit *u;

	while (r->next < r->size && (u = pool_free_slot(r->pool)) != NULL) {
		u->at = r->next;
		u->want = r->size - r->next < UNIT ? (size_t)(r->size - r->next) :
		    UNIT;
		r->next += UNIT;
		pool_submit(r->pool);
	}
}

/* The thread and its room, with the first file that needs them; false where they are not to be had. */
static bool
get_ready(struct direct_read *r)
{
	static void *const workers[N_WORKERS] = { NULL };
	struct diag ignored;
	size_t i;

	for (i = 0; i < N_UNITS && r->pool == NULL; i++) {
		r->units[i].of = r;
		if (r->units[i].buf == NULL &&
		    (r->units[i].buf = direct_unit_new()) == NULL)
			return false;
	}
	return r->pool != NULL || pool_new(N_WORKERS, workers, r->units,
	    sizeof(r->units[0]), N_UNITS, work, &r->pool, &ignored) == ST_OK;
}

static void
go_ahead(struct direct_read *r)
{
	if (!get_ready(r)) {
		r->way = WAY_PLAIN;
		return;
	}
	r->way = WAY_AHEAD;
	r->direct = direct_unit_set(r->fd, true);
	r->next = r->at - r->at % UNIT;
	ask(r);
}

/* Up to len bytes of what the page cache has: how many.  None, and another way, from where it has not. */
static size_t
from_cache(struct direct_read *r, uint8_t *buf, size_t len)
{
	struct iovec to = { buf, len };
	ssize_t got = preadv2(r->fd, &to, 1, (off_t)r->at, RWF_NOWAIT);

	if (got > 0)
		return (size_t)got;
	if (got == -1 && errno == EAGAIN)
		go_ahead(r);
	else
		r->way = WAY_PLAIN;	/* it cannot tell, or something is wrong, which is then told */
	return 0;
}

static enum status
from_unit(struct direct_read *r, uint8_t *buf, size_t len, size_t *n,
    struct diag *d)
{
	struct unit *u = r->held;
	size_t off;

	if (u == NULL && (u = r->held = pool_take(r->pool)) == NULL)
		return diag_set(d, ST_DAMAGED, "short", "ends at byte %llu",
		    (unsigned long long)r->at);
	if (u->st != ST_OK) {
		*d = u->d;
		return u->st;
	}
	off = (size_t)(r->at - u->at);
	*n = u->want - off < len ? u->want - off : len;
	memcpy(buf, u->buf + off, *n);
	if (off + *n == u->want) {
		r->held = NULL;
		pool_release(r->pool);
		ask(r);
	}
	return ST_OK;
}

enum status
direct_read_new(bool beside, struct direct_read **out, struct diag *d)
{
	struct direct_read *r;

	if ((*out = r = calloc(1, sizeof(*r))) == NULL)
		return diag_nomem(d);
	r->beside = beside;
	r->fd = -1;
	return ST_OK;
}

void
direct_read_begin(struct direct_read *r, int fd, uint64_t size)
{
	r->fd = fd;
	r->size = size;
	r->at = 0;
	r->way = r->beside && size >= AHEAD_MIN ? WAY_CACHED : WAY_PLAIN;
}

enum status
direct_read(struct direct_read *r, void *buf, size_t len, struct diag *d)
{
	enum status st = ST_OK;
	uint8_t *p = buf;
	size_t n;

	for (; len > 0 && st == ST_OK; p += n, len -= n, r->at += n) {
		n = 0;
		switch (r->way) {
		case WAY_PLAIN:
			n = len;
			st = file_pread(r->fd, p, n, r->at, d);
			break;
		case WAY_CACHED:
			n = from_cache(r, p, len);
			break;
		case WAY_AHEAD:
			st = from_unit(r, p, len, &n, d);
			break;
		}
	}
	return st;
}

void
direct_read_end(struct direct_read *r)
{
	if (r->held != NULL)
		pool_release(r->pool);
	r->held = NULL;
	while (r->pool != NULL && pool_take(r->pool) != NULL)
		pool_release(r->pool);
	if (r->way == WAY_AHEAD)
		direct_unit_plain(r->fd, &r->direct);
	r->way = WAY_PLAIN;
	r->fd = -1;
}

void
direct_read_free(struct direct_read *r)
{
	size_t i;

	if (r == NULL)
		return;
	direct_read_end(r);
	pool_free(r->pool);
	for (i = 0; i < N_UNITS; i++) {
		if (r->units[i].buf != NULL)
			explicit_bzero(r->units[i].buf, UNIT);
		free(r->units[i].buf);
	}
	free(r);
}
