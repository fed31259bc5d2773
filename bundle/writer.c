/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer - plain bytes to volumes.  The owner's thread fills chunks, hands them
 * to the workers, and appends what comes back, in order.  It decides where a
 * volume ends, and nothing else.
 */
#include "bundle/writer.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/file.h"
#include "bundle/pool.h"
#include "manifests/caps.h"

struct writer_job {
	uint64_t number;
	uint8_t *plain;
	size_t plain_len;
	uint8_t *stored;
	struct chunk_fields fields;
	uint8_t digest[SHA512_LEN];
	enum status st;
	struct diag d;
};

struct writer_worker {
	const struct seal_params *params;
	struct sealer *sealer;
	struct chunk_digest *digest;
};

struct writer {
	struct writer_params p;
	struct pool *pool;
	struct writer_job *jobs;
	size_t n_slots;
	struct writer_worker *workers;
	void **worker_ptrs;
	struct writer_job *filling;	/* the slot being filled */
	uint64_t next_number;		/* of the next chunk to be filled */
	struct volume_writer *volume;
	uint64_t chunks_written;
	struct written written;
	size_t cap;
};

static enum status
work_seal(struct writer_worker *w, struct writer_job *j)
{
	enum status st;

	st = seal_chunk(w->sealer, j->number, j->plain, j->plain_len, j->stored,
	    &j->fields, &j->d);
	if (st != ST_OK)
		return st;
	return chunk_digest_make(w->digest, w->params->kind, j->stored,
	    j->fields.stored_len, j->digest, &j->d);
}

static void
work(void *worker, void *slot)
{
	struct writer_job *j = slot;

	j->st = work_seal(worker, j);
}

uint64_t
writer_min_volume(const struct seal_params *p)
{
	return volume_overhead(p->portable, 1) + seal_bound(p);
}

static enum status
writer_allocate(struct writer *w, struct diag *d)
{
	size_t bound = seal_bound(&w->p.seal), k;
	unsigned i;

	w->n_slots = 2 * (size_t)w->p.jobs + 1;
	w->jobs = calloc(w->n_slots, sizeof(*w->jobs));
	w->workers = calloc(w->p.jobs, sizeof(*w->workers));
	w->worker_ptrs = calloc(w->p.jobs, sizeof(*w->worker_ptrs));
	if (w->jobs == NULL || w->workers == NULL || w->worker_ptrs == NULL)
		return diag_nomem(d);
	for (k = 0; k < w->n_slots; k++) {
		w->jobs[k].plain = malloc(w->p.seal.chunk_size);
		w->jobs[k].stored = malloc(bound);
		if (w->jobs[k].plain == NULL || w->jobs[k].stored == NULL)
			return diag_nomem(d);
	}
	for (i = 0; i < w->p.jobs; i++) {
		struct writer_worker *ww = &w->workers[i];

		ww->params = &w->p.seal;
		if ((ww->sealer = sealer_new(&w->p.seal, d)) == NULL)
			return ST_HOST;
		if ((ww->digest = chunk_digest_new()) == NULL)
			return diag_nomem(d);
		w->worker_ptrs[i] = ww;
	}
	return ST_OK;
}

enum status
writer_open(const struct writer_params *p, struct writer **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct writer *w;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return diag_nomem(d);
	w->p = *p;
	if ((st = writer_allocate(w, d)) != ST_OK)
		goto out;
	st = pool_new(p->jobs, w->worker_ptrs, w->jobs, sizeof(*w->jobs),
	    w->n_slots, work, &w->pool, d);
	if (st != ST_OK)
		goto out;
	*out = w;
	w = NULL;
out:
	writer_free(w);
	return st;
}

/* Close the volume that is being written, and book it. */
static enum status
end_volume(struct writer *w, struct diag *d)
{
	struct volume_writer *v = w->volume;
	struct transport_volume *t = &w->written.volumes[w->written.n];
	uint8_t *sum = NULL;
	enum status st;

	memset(t, 0, sizeof(*t));
	t->first = w->chunks_written - volume_writer_chunks(v);
	t->run = w->p.seal.run;
	if (w->written.sums != NULL)
		sum = w->written.sums[w->written.n];
	w->volume = NULL;
	if ((st = volume_finish(v, t, sum, d)) != ST_OK)
		return st;
	w->written.n++;
	return ST_OK;
}

static enum status
begin_volume(struct writer *w, struct diag *d)
{
	char name[TRANSPORT_NAME_MAX];
	struct volume_place place;

	if (w->written.n == CAP_VOLUMES) {
		diag_set(d, ST_USAGE, "volumes",
		    "the bundle needs more than %u volumes", CAP_VOLUMES);
		diag_hint(d, "choose a greater --volume-size");
		return ST_USAGE;
	}
	if (w->written.n == w->cap) {
		size_t cap = w->cap == 0 ? 16 : 2 * w->cap;
		void *v, *s;

		v = reallocarray(w->written.volumes, cap, sizeof(*w->written.volumes));
		if (v == NULL)
			return diag_nomem(d);
		w->written.volumes = v;
		if (w->p.seal.portable) {
			s = reallocarray(w->written.sums, cap, SHA512_LEN);
			if (s == NULL)
				return diag_nomem(d);
			w->written.sums = s;
		}
		w->cap = cap;
	}
	memset(&place, 0, sizeof(place));
	memcpy(place.bundle_id, w->p.seal.bundle_id, BUNDLE_ID_LEN);
	place.kind = w->p.seal.kind;
	place.lane = w->p.seal.lane;
	place.number = (uint32_t)w->written.n;
	place.portable = w->p.seal.portable;
	if (place.kind == VOLUME_CONTENTS)
		transport_name_contents(name, place.lane);
	else
		transport_name_payload(name, place.lane, place.number);
	return volume_create(w->p.dirfd, name, &place, w->p.jobs > 1, &w->volume, d);
}

/* Take the oldest chunk from the workers and append it to its volume. */
static enum status
write_oldest(struct writer *w, struct diag *d)
{
	struct writer_job *j = pool_take(w->pool);
	enum status st;

	if (j == NULL)
		return diag_set(d, ST_INTERNAL, "writer", "no chunk in flight");
	if ((st = j->st) != ST_OK) {
		*d = j->d;
		goto out;
	}
	if (w->volume != NULL && (volume_writer_chunks(w->volume) ==
	    CAP_VOLUME_CHUNKS || volume_size_with(w->volume,
	    j->fields.stored_len) > w->p.volume_size))
		if ((st = end_volume(w, d)) != ST_OK)
			goto out;
	if (w->volume == NULL && (st = begin_volume(w, d)) != ST_OK)
		goto out;
	st = volume_append(w->volume, j->stored, &j->fields, j->digest, d);
	w->chunks_written++;
out:
	pool_release(w->pool);
	return st;
}

enum status
writer_room(struct writer *w, uint8_t **buf, size_t *len, struct diag *d)
{
	struct writer_job *j = w->filling;
	enum status st;

	if (j != NULL && j->plain_len == w->p.seal.chunk_size) {
		w->filling = NULL;
		pool_submit(w->pool);
		j = NULL;
	}
	if (j == NULL) {
		if ((st = interrupt_check(d)) != ST_OK)
			return st;
		while ((j = pool_free_slot(w->pool)) == NULL)
			if ((st = write_oldest(w, d)) != ST_OK)
				return st;
		j->plain_len = 0;
		j->number = w->next_number++;
		w->filling = j;
	}
	*buf = j->plain + j->plain_len;
	*len = w->p.seal.chunk_size - j->plain_len;
	return ST_OK;
}

void
writer_advance(struct writer *w, size_t len)
{
	w->filling->plain_len += len;
}

enum status
writer_put(struct writer *w, const void *buf, size_t len, struct diag *d)
{
	const uint8_t *p = buf;
	enum status st;
	uint8_t *room;
	size_t n;

	while (len > 0) {
		if ((st = writer_room(w, &room, &n, d)) != ST_OK)
			return st;
		n = n < len ? n : len;
		memcpy(room, p, n);
		writer_advance(w, n);
		p += n;
		len -= n;
	}
	return ST_OK;
}

enum status
writer_finish(struct writer *w, struct written *out, struct diag *d)
{
	enum status st;
	uint64_t n;

	if (w->filling != NULL && w->filling->plain_len > 0) {
		w->filling = NULL;
		pool_submit(w->pool);
	}
	n = w->next_number;
	if (w->filling != NULL)		/* taken, but nothing was put into it */
		n--;
	while (w->chunks_written < n)
		if ((st = write_oldest(w, d)) != ST_OK)
			return st;
	if (w->volume == NULL)
		return diag_set(d, ST_INTERNAL, "writer", "an empty stream");
	if ((st = end_volume(w, d)) != ST_OK)
		return st;
	*out = w->written;
	memset(&w->written, 0, sizeof(w->written));
	return ST_OK;
}

void
written_free(struct written *w)
{
	free(w->volumes);
	free(w->sums);
	memset(w, 0, sizeof(*w));
}

void
writer_free(struct writer *w)
{
	size_t k;
	unsigned i;

	if (w == NULL)
		return;
	while (w->pool != NULL && pool_take(w->pool) != NULL)
		pool_release(w->pool);
	pool_free(w->pool);
	volume_abort(w->volume);
	for (k = 0; w->jobs != NULL && k < w->n_slots; k++) {
		if (w->jobs[k].plain != NULL)
			explicit_bzero(w->jobs[k].plain, w->p.seal.chunk_size);
		free(w->jobs[k].plain);
		free(w->jobs[k].stored);
	}
	for (i = 0; w->workers != NULL && i < w->p.jobs; i++) {
		sealer_free(w->workers[i].sealer);
		chunk_digest_free(w->workers[i].digest);
	}
	written_free(&w->written);
	free(w->jobs);
	free(w->workers);
	free(w->worker_ptrs);
	free(w);
}
