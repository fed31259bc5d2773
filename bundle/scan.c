/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan - volumes to verified (and plain) chunks: one read of each stored byte,
 * digest and unsealing in a worker while the chunk is in its cache.  The owner's
 * thread opens volumes, hands out chunks, and takes them in order.
 */
#include "bundle/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/file.h"
#include "bundle/pool.h"
#include "bundle/proof.h"

/* A volume with chunks in flight; closed when the last has been taken. */
struct open_volume {
	struct volume *volume;
	const struct scan_item *item;
	uint64_t left;
};

struct scan_job {
	struct open_volume *from;
	uint64_t i;			/* chunk of the volume */
	bool deliver;			/* unseal as well */
	uint8_t *stored;
	uint8_t *plain;
	size_t plain_len;
	enum status st;
	struct diag d;
	struct later later;		/* what was put off; work is NULL: nothing */
	enum status late;		/* what came of it, and d why */
};

struct scan_worker {
	struct chunk_digest *digest;
	struct sealer *sealer;
	const struct seal_params *sealer_for;
	struct seal_params form;	/* what a stored chunk must look like, without a key */
};

struct scan {
	struct scan_params p;
	struct pool *pool;
	struct scan_job *jobs;
	size_t n_slots;
	struct scan_worker *workers;
	void **worker_ptrs;
	/* owner's side: */
	size_t next_item;
	struct open_volume *current;
	uint64_t next_chunk;
	bool stopped;			/* nothing is delivered any more */
	struct scan_job *held;		/* is with the caller */
	bool ended;			/* a chunk shorter than the chunk size was delivered */
	enum status failed;		/* first error of a delivered item */
	struct diag why;
	enum status late;		/* first error of what was put off */
	struct diag late_why;
	uint64_t done, total;
};

/* Only the last chunk of a stream may be shorter; an encrypted one does not show it. */
static enum status
check_full(const struct scan_job *j, const struct chunk_fields *f,
    uint32_t chunk_size, struct diag *d)
{
	const struct scan_item *item = j->from->item;

	if (f->plain_len == chunk_size ||
	    item->want->first + j->i + 1 == item->stream_chunks)
		return ST_OK;
	return diag_set(d, ST_MALFORMED, "chunk-short",
	    "a chunk of another length than the chunk size that is not the stream's last");
}

static enum status
work_chunk(struct scan_worker *w, struct scan_job *j)
{
	const struct scan_item *item = j->from->item;
	const struct chunk_fields *f = volume_fields(j->from->volume, j->i);
	enum status st;

	st = volume_read_chunk(j->from->volume, j->i, j->stored, w->digest, &j->d);
	if (st == ST_OK && w->form.padding == 0)
		st = check_full(j, f, w->form.chunk_size, &j->d);
	if (st != ST_OK)
		return st;
	if (!j->deliver)
		return check_stored_chunk(&w->form, j->stored, f, &j->d);
	if (w->sealer_for != item->open) {
		sealer_free(w->sealer);
		w->sealer_for = NULL;
		if ((w->sealer = sealer_new(item->open, &j->d)) == NULL)
			return ST_HOST;
		w->sealer_for = item->open;
	}
	return unseal_chunk(w->sealer, item->want->first + j->i, j->stored, f,
	    j->plain, &j->plain_len, &j->d);
}

static void
do_later(struct scan_job *j)
{
	const struct later *l = &j->later;

	j->late = l->work(l->arg, l->buf, l->len, l->at, &j->d);
	j->later.work = NULL;
}

static void
work(void *worker, void *slot)
{
	struct scan_job *j = slot;

	if (j->later.work != NULL) {
		do_later(j);
		return;
	}
	j->plain_len = 0;
	j->st = work_chunk(worker, j);
}

static enum status
scan_allocate(struct scan *s, struct diag *d)
{
	unsigned i, n = s->p.jobs;
	size_t k;

	s->n_slots = 2 * (size_t)n + 1;
	s->jobs = calloc(s->n_slots, sizeof(*s->jobs));
	s->workers = calloc(n, sizeof(*s->workers));
	s->worker_ptrs = calloc(n, sizeof(*s->worker_ptrs));
	if (s->jobs == NULL || s->workers == NULL || s->worker_ptrs == NULL)
		return diag_nomem(d);
	for (k = 0; k < s->n_slots; k++) {
		s->jobs[k].stored = malloc(s->p.max_stored);
		s->jobs[k].plain = malloc(s->p.chunk_size);
		if (s->jobs[k].stored == NULL || s->jobs[k].plain == NULL)
			return diag_nomem(d);
	}
	for (i = 0; i < n; i++) {
		if ((s->workers[i].digest = chunk_digest_new()) == NULL)
			return diag_nomem(d);
		s->workers[i].form.chunk_size = s->p.chunk_size;
		s->workers[i].form.padding = s->p.padding;
		s->workers[i].form.portable = s->p.portable;
		s->worker_ptrs[i] = &s->workers[i];
	}
	return ST_OK;
}

enum status
scan_open(const struct scan_params *p, struct scan **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct scan *s;
	size_t i;

	*out = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return diag_nomem(d);
	s->p = *p;
	for (i = 0; i < p->n_items; i++)
		s->total += p->items[i].want->size;
	if ((st = scan_allocate(s, d)) != ST_OK)
		goto out;
	st = pool_new(p->jobs, s->worker_ptrs, s->jobs, sizeof(*s->jobs),
	    s->n_slots, work, &s->pool, d);
	if (st != ST_OK)
		goto out;
	*out = s;
	s = NULL;
out:
	scan_close(s);
	return st;
}

/* Remember why a delivered stream has to end here. */
static void
scan_stop(struct scan *s, enum status st, const struct diag *why)
{
	if (!s->stopped) {
		s->failed = st;
		s->why = *why;
	}
	s->stopped = true;
}

/* What to do about a volume that is not right, where nothing better was said. */
static void
advise(enum status st, struct diag *d)
{
	if (d->hint[0] != '\0')
		return;
	if (st == ST_DAMAGED)
		diag_hint(d, "copy the medium again; if that does not help, ask for this volume again");
	else if (st == ST_INCOMPLETE)
		diag_hint(d, "ask for this volume, or for the medium that carries it");
	else if (st == ST_HOST)
		diag_hint(d, "try another drive or reader, then another copy of the medium");
}

/* Open the next volume that can be opened; what cannot is a finding. */
static void
open_next_volume(struct scan *s)
{
	while (s->current == NULL && s->next_item < s->p.n_items) {
		const struct scan_item *item = &s->p.items[s->next_item++];
		struct open_volume *o = calloc(1, sizeof(*o));
		struct diag d = DIAG_INIT;
		enum status st;

		if (o == NULL)
			st = diag_nomem(&d);
		else
			st = volume_open(item->dirfd, item->name, &item->place,
			    item->want, s->p.max_stored, s->p.padding != 0,
			    &o->volume, &d);
		if (st != ST_OK) {
			advise(st, &d);
			findings_add(s->p.findings, st, item->label, &d);
			diag_within(&d, "%s", item->label);
			if (item->open != NULL)
				scan_stop(s, st, &d);
			s->done += item->want->size;
			free(o);
			continue;
		}
		o->item = item;
		o->left = volume_n_chunks(o->volume);
		s->current = o;
		s->next_chunk = 0;
	}
}

/* Keep the first error of what was put off; the slot is free, or the caller's. */
static void
collect(struct scan *s, struct scan_job *j)
{
	if (j->late != ST_OK && s->late == ST_OK) {
		s->late = j->late;
		s->late_why = j->d;
	}
	j->late = ST_OK;
}

/* Keep the workers busy: fill every free slot. */
static void
feed(struct scan *s)
{
	struct scan_job *j;

	for (;;) {
		open_next_volume(s);
		if (s->current == NULL || (j = pool_free_slot(s->pool)) == NULL)
			return;
		collect(s, j);
		j->from = s->current;
		j->i = s->next_chunk++;
		j->deliver = s->current->item->open != NULL && !s->stopped;
		pool_submit(s->pool);
		if (s->next_chunk == volume_n_chunks(s->current->volume))
			s->current = NULL;
	}
}

/* Book a chunk that was taken: damage, progress, and its volume when it was the last. */
static void
account(struct scan *s, struct scan_job *j)
{
	struct open_volume *o = j->from;
	const struct chunk_fields *f = volume_fields(o->volume, j->i);
	uint64_t offset = volume_chunk_offset(o->volume, j->i);

	if (j->st != ST_OK) {
		struct diag d = j->d;

		advise(j->st, &d);
		findings_add_range(s->p.findings, j->st, o->item->label, offset,
		    f->stored_len, &d);
		diag_within(&d, "%s", o->item->label);
		if (o->item->open != NULL)
			scan_stop(s, j->st, &d);
	}
	s->done += f->stored_len;
	if (--o->left == 0) {
		uint64_t chunks = volume_n_chunks(o->volume);

		s->done += volume_overhead(o->item->place.portable, chunks);
	}
	if (s->p.progress != NULL)
		s->p.progress->report(s->p.progress->arg, o->item->label, s->done,
		    s->total);
	if (o->left == 0) {
		volume_close(o->volume);
		free(o);
	}
	j->from = NULL;
}

static void
let_go(struct scan *s)
{
	if (s->held == NULL)
		return;
	if (s->held->later.work != NULL)
		pool_later(s->pool);
	else
		pool_release(s->pool);
	s->held = NULL;
}

/* Let go of what the caller held, and take the next chunk; *j is NULL at the end. */
static enum status
take_next(struct scan *s, struct scan_job **j, struct diag *d)
{
	enum status st;

	let_go(s);
	if ((st = interrupt_check(d)) != ST_OK)
		return st;
	feed(s);
	*j = s->held = pool_take(s->pool);
	return ST_OK;
}

enum status
scan_next(struct scan *s, const uint8_t **buf, size_t *len, struct diag *d)
{
	struct scan_job *j;
	enum status st;

	*buf = NULL;
	*len = 0;
	for (;;) {
		if ((st = take_next(s, &j, d)) != ST_OK)
			return st;
		if (j != NULL && j->st == ST_OK && j->deliver) {
			if (s->ended)
				j->st = diag_set(&j->d, ST_MALFORMED, "chunk-short",
				    "the stream goes on behind a chunk that is shorter than the chunk size");
			s->ended = j->plain_len < s->p.chunk_size;
			*buf = j->plain;
			*len = j->plain_len;
		}
		if (j != NULL)
			account(s, j);
		if (s->stopped || s->late != ST_OK) {
			*buf = NULL;
			*len = 0;
			*d = s->stopped ? s->why : s->late_why;
			return s->stopped ? s->failed : s->late;
		}
		if (j == NULL || *buf != NULL)
			return ST_OK;
	}
}

enum status
scan_later(struct scan *s, const struct later *l, struct diag *d)
{
	struct scan_job *j = s->held;

	if (s->late != ST_OK) {
		*d = s->late_why;
		return s->late;
	}
	if (s->p.jobs == 1 || j == NULL || j->later.work != NULL)
		return l->work(l->arg, l->buf, l->len, l->at, d);
	j->later = *l;
	return ST_OK;
}

enum status
scan_settle(struct scan *s, struct diag *d)
{
	size_t k;

	if (s->held != NULL && s->held->later.work != NULL)
		do_later(s->held);
	pool_settle(s->pool);
	for (k = 0; k < s->n_slots; k++)
		collect(s, &s->jobs[k]);
	if (s->late != ST_OK)
		*d = s->late_why;
	return s->late;
}

enum status
scan_rest(struct scan *s, struct diag *d)
{
	struct scan_job *j;
	enum status st;

	s->stopped = true;
	do {
		if ((st = take_next(s, &j, d)) != ST_OK)
			return st;
		if (j != NULL)
			account(s, j);
	} while (j != NULL);
	return ST_OK;
}

void
scan_close(struct scan *s)
{
	struct scan_job *j;
	size_t k;
	unsigned i;

	if (s == NULL)
		return;
	let_go(s);
	/* an early end: let go of the volumes whose chunks are in flight */
	while (s->pool != NULL && (j = pool_take(s->pool)) != NULL) {
		struct open_volume *o = j->from;

		if (--o->left == 0 || (o == s->current && o->left ==
		    volume_n_chunks(o->volume) - s->next_chunk)) {
			if (o == s->current)
				s->current = NULL;
			volume_close(o->volume);
			free(o);
		}
		pool_release(s->pool);
	}
	pool_free(s->pool);
	if (s->current != NULL) {
		volume_close(s->current->volume);
		free(s->current);
	}
	for (k = 0; s->jobs != NULL && k < s->n_slots; k++) {
		proof_stale(s->jobs[k].stored, s->p.max_stored);
		proof_stale(s->jobs[k].plain, s->p.chunk_size);
		free(s->jobs[k].stored);
		if (s->jobs[k].plain != NULL)
			explicit_bzero(s->jobs[k].plain, s->p.chunk_size);
		free(s->jobs[k].plain);
	}
	for (i = 0; s->workers != NULL && i < s->p.jobs; i++) {
		chunk_digest_free(s->workers[i].digest);
		sealer_free(s->workers[i].sealer);
	}
	free(s->jobs);
	free(s->workers);
	free(s->worker_ptrs);
	free(s);
}
