/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool - threads over a ring of slots.  All is decided by four counters that
 * only grow: released <= taken <= claimed <= submitted <= released + n_slots.
 */
#include "bundle/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One thread, and what is its own. */
struct member {
	struct pool *pool;
	void *worker;
	pthread_t thread;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;		/* a slot was submitted, or it is over */
	pthread_cond_t finished;	/* a slot is done */
	bool over;
	uint64_t submitted;
	uint64_t claimed;
	uint64_t taken;			/* the owner's alone, as is released */
	uint64_t released;
	bool *done;			/* for each slot in flight */
	unsigned char *slots;
	size_t slot_size;
	size_t n_slots;
	pool_work *do_work;
	struct member *members;
	unsigned n_threads;		/* that were started */
	void *owner;			/* what is the owner's own, as a worker */
};

static void *
slot_at(const struct pool *p, uint64_t i)
{
	return p->slots + p->slot_size * (size_t)(i % p->n_slots);
}

static void *
run(void *arg)
{
	struct member *m = arg;
	struct pool *p = m->pool;
	uint64_t i;

	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->claimed == p->submitted && !p->over)
			(void)pthread_cond_wait(&p->work, &p->lock);
		if (p->claimed == p->submitted)
			break;
		i = p->claimed++;
		(void)pthread_mutex_unlock(&p->lock);
		p->do_work(m->worker, slot_at(p, i));
		(void)pthread_mutex_lock(&p->lock);
		p->done[i % p->n_slots] = true;
		(void)pthread_cond_signal(&p->finished);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Signals are the first thread's; but for those that tell of a fault in this one. */
static void
worker_signals(sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
	    SIGTRAP, SIGSYS };
	size_t i;

	(void)sigfillset(set);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(set, faults[i]);
}

static enum status
start_threads(struct pool *p, unsigned n, void *const *workers, struct diag *d)
{
	sigset_t blocked, old;
	enum status st = ST_OK;
	struct member *m;
	int r;

	worker_signals(&blocked);
	(void)pthread_sigmask(SIG_BLOCK, &blocked, &old);
	for (; p->n_threads < n; p->n_threads++) {
		m = &p->members[p->n_threads];
		m->pool = p;
		m->worker = workers[p->n_threads];
		if ((r = pthread_create(&m->thread, NULL, run, m)) != 0) {
			errno = r;
			st = diag_errno(d, "starting a thread");
			break;
		}
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return st;
}

enum status
pool_new(unsigned n_workers, void *const *workers, void *slots,
    size_t slot_size, size_t n_slots, pool_work *work, struct pool **out,
    struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct pool *p = NULL;

	*out = NULL;
	if (n_workers == 0 || n_slots == 0) {
		st = diag_set(d, ST_INTERNAL, "pool", "no workers or no slots");
		goto out;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->work, NULL);
	(void)pthread_cond_init(&p->finished, NULL);
	p->slots = slots;
	p->slot_size = slot_size;
	p->n_slots = n_slots;
	p->do_work = work;
	if ((p->done = calloc(n_slots, sizeof(*p->done))) == NULL ||
	    (p->members = calloc(n_workers, sizeof(*p->members))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	p->owner = workers[n_workers - 1];
	if ((st = start_threads(p, n_workers - 1, workers, d)) != ST_OK)
		goto out;
	*out = p;
	p = NULL;
	st = ST_OK;
out:
	pool_free(p);
	return st;
}

void *
pool_free_slot(struct pool *p)
{
	/* Both are written by this thread alone. */
	if (p->submitted - p->released == p->n_slots)
		return NULL;
	return slot_at(p, p->submitted);
}

void
pool_submit(struct pool *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->done[p->submitted % p->n_slots] = false;
	p->submitted++;
	(void)pthread_cond_signal(&p->work);
	(void)pthread_mutex_unlock(&p->lock);
}

/* Rather than wait, the owner does a slot that nobody has begun; called with the lock. */
static void
help(struct pool *p)
{
	uint64_t i = p->claimed++;

	(void)pthread_mutex_unlock(&p->lock);
	p->do_work(p->owner, slot_at(p, i));
	(void)pthread_mutex_lock(&p->lock);
	p->done[i % p->n_slots] = true;
}

void *
pool_take(struct pool *p)
{
	if (p->taken == p->submitted)
		return NULL;
	(void)pthread_mutex_lock(&p->lock);
	while (!p->done[p->taken % p->n_slots])
		if (p->claimed < p->submitted)
			help(p);
		else
			(void)pthread_cond_wait(&p->finished, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
	return slot_at(p, p->taken++);
}

void
pool_release(struct pool *p)
{
	if (p->released < p->taken)
		p->released++;
}

void
pool_free(struct pool *p)
{
	unsigned i;

	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	while (p->claimed < p->submitted)
		help(p);
	p->over = true;
	(void)pthread_cond_broadcast(&p->work);
	(void)pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++)
		(void)pthread_join(p->members[i].thread, NULL);
	(void)pthread_cond_destroy(&p->finished);
	(void)pthread_cond_destroy(&p->work);
	(void)pthread_mutex_destroy(&p->lock);
	free(p->members);
	free(p->done);
	free(p);
}
