/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool - threads over a ring of slots.  All is decided by four counters that
 * only grow: released <= taken <= claimed <= submitted <= released + n_slots; and by
 * a queue of the slots that come back for later, which go first: they hold memory.
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

enum slot_state {
	SLOT_FREE,			/* or submitted, and not done */
	SLOT_DONE,
	SLOT_LATER
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;		/* there is something to do, or it is over */
	pthread_cond_t finished;	/* something was done */
	bool over;
	uint64_t submitted;
	uint64_t claimed;
	uint64_t taken;			/* the owner's alone, as is released */
	uint64_t released;
	enum slot_state *states;	/* by position in the ring, as is the queue */
	size_t *later;			/* a ring as well */
	uint64_t later_in;
	uint64_t later_claimed;
	uint64_t later_done;
	unsigned char *slots;
	size_t slot_size;
	size_t n_slots;
	pool_work *do_work;
	struct member *members;
	unsigned n_threads;		/* that were started */
	void *owner;			/* what is the owner's own, as a worker */
};

static void *
slot_at(const struct pool *p, size_t at)
{
	return p->slots + p->slot_size * at;
}

/* Work on the slot at a position of the ring; called with the lock. */
static void
do_slot(struct pool *p, void *worker, size_t at)
{
	bool later = p->states[at] == SLOT_LATER;

	(void)pthread_mutex_unlock(&p->lock);
	p->do_work(worker, slot_at(p, at));
	(void)pthread_mutex_lock(&p->lock);
	p->states[at] = later ? SLOT_FREE : SLOT_DONE;
	if (later)
		p->later_done++;
	(void)pthread_cond_signal(&p->finished);
}

/* One of those that came back; false if all have been begun.  Called with the lock. */
static bool
do_later(struct pool *p, void *worker)
{
	if (p->later_claimed == p->later_in)
		return false;
	do_slot(p, worker, p->later[p->later_claimed++ % p->n_slots]);
	return true;
}

/* Whatever nobody has begun; false if there is nothing.  Called with the lock. */
static bool
do_any(struct pool *p, void *worker)
{
	if (do_later(p, worker))
		return true;
	if (p->claimed == p->submitted)
		return false;
	do_slot(p, worker, (size_t)(p->claimed++ % p->n_slots));
	return true;
}

static void *
run(void *arg)
{
	struct member *m = arg;
	struct pool *p = m->pool;

	(void)pthread_mutex_lock(&p->lock);
	while (do_any(p, m->worker) || !p->over)
		while (p->later_claimed == p->later_in &&
		    p->claimed == p->submitted && !p->over)
			(void)pthread_cond_wait(&p->work, &p->lock);
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
	if ((p->states = calloc(n_slots, sizeof(*p->states))) == NULL ||
	    (p->later = calloc(n_slots, sizeof(*p->later))) == NULL ||
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
	size_t at = (size_t)(p->submitted % p->n_slots);
	bool is_free;

	/* Both are written by this thread alone. */
	if (p->submitted - p->released == p->n_slots)
		return NULL;
	(void)pthread_mutex_lock(&p->lock);
	while (p->states[at] == SLOT_LATER && p->taken == p->submitted)
		if (!do_later(p, p->owner))
			(void)pthread_cond_wait(&p->finished, &p->lock);
	is_free = p->states[at] == SLOT_FREE;
	(void)pthread_mutex_unlock(&p->lock);
	return is_free ? slot_at(p, at) : NULL;
}

void
pool_submit(struct pool *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->submitted++;
	(void)pthread_cond_signal(&p->work);
	(void)pthread_mutex_unlock(&p->lock);
}

void *
pool_take(struct pool *p)
{
	size_t at = (size_t)(p->taken % p->n_slots);

	if (p->taken == p->submitted)
		return NULL;
	(void)pthread_mutex_lock(&p->lock);
	while (p->states[at] != SLOT_DONE)
		if (!do_any(p, p->owner))
			(void)pthread_cond_wait(&p->finished, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
	p->taken++;
	return slot_at(p, at);
}

/* Let go of the oldest slot that the owner holds. */
static void
let_go(struct pool *p, enum slot_state state)
{
	size_t at = (size_t)(p->released % p->n_slots);

	if (p->released == p->taken)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->released++;
	p->states[at] = state;
	if (state == SLOT_LATER) {
		p->later[p->later_in++ % p->n_slots] = at;
		(void)pthread_cond_signal(&p->work);
	}
	(void)pthread_mutex_unlock(&p->lock);
}

void
pool_release(struct pool *p)
{
	let_go(p, SLOT_FREE);
}

void
pool_later(struct pool *p)
{
	let_go(p, SLOT_LATER);
}

void
pool_settle(struct pool *p)
{
	(void)pthread_mutex_lock(&p->lock);
	while (p->later_done < p->later_in)
		if (!do_later(p, p->owner))
			(void)pthread_cond_wait(&p->finished, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
}

void
pool_free(struct pool *p)
{
	unsigned i;

	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	while (do_any(p, p->owner))
		;
	p->over = true;
	(void)pthread_cond_broadcast(&p->work);
	(void)pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++)
		(void)pthread_join(p->members[i].thread, NULL);
	(void)pthread_cond_destroy(&p->finished);
	(void)pthread_cond_destroy(&p->work);
	(void)pthread_mutex_destroy(&p->lock);
	free(p->members);
	free(p->later);
	free(p->states);
	free(p);
}
