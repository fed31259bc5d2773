/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_pool - the order of results, the bound on what is in flight, and that
 * every job is done once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/pool.h"

struct job {
	uint64_t in;
	uint64_t out;
	unsigned done;			/* how often, since it was filled */
	bool later;			/* goes to the workers twice */
	char filler[100];
};

struct counter {
	unsigned n;
	bool signals_blocked;
};

/* Longer for some than for others, so that they finish in another order. */
static void
square(void *worker, void *slot)
{
	struct counter *c = worker;
	struct job *j = slot;
	struct timespec t = { 0, (long)((j->in * 7919) % 5) * 50000 };
	sigset_t set;

	nanosleep(&t, NULL);
	j->out = j->in * j->in;
	j->done++;
	c->n++;
	(void)pthread_sigmask(SIG_BLOCK, NULL, &set);
	c->signals_blocked = sigismember(&set, SIGINT) == 1 &&
	    sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGUSR1) == 1;
}

/*
 * n jobs through so many threads and slots; each result is used before the next.
 * later  every so manieth is worked on once more; 0: none
 */
static void
run(unsigned n_threads, size_t n_slots, uint64_t n, unsigned later)
{
	struct job *slots = calloc(n_slots, sizeof(*slots));
	struct counter *counters = calloc(n_threads, sizeof(*counters));
	void **workers = calloc(n_threads, sizeof(*workers));
	struct diag d = DIAG_INIT;
	struct pool *p = NULL;
	uint64_t in = 0, out = 0, total = 0, n_later = 0;
	struct job *j;
	unsigned i;

	for (i = 0; i < n_threads; i++)
		workers[i] = &counters[i];
	assert_int_equal(pool_new(n_threads, workers, slots, sizeof(*slots),
	    n_slots, square, &p, &d), ST_OK);
	assert_null(pool_take(p));
	while (out < n) {
		while (in < n && (j = pool_free_slot(p)) != NULL) {
			/* Asked twice, the same. */
			assert_ptr_equal(pool_free_slot(p), j);
			/* What was left to do with it is done. */
			assert_int_equal(j->done, in < n_slots ? 0 : j->later ? 2 : 1);
			j->in = in++;
			j->done = 0;
			j->later = false;
			pool_submit(p);
			assert_true(in - out <= n_slots);
		}
		assert_non_null(j = pool_take(p));
		assert_int_equal(j->in, out);
		assert_int_equal(j->out, out * out);
		assert_int_equal(j->done, 1);
		/* Not free before it is released. */
		if (in - out == n_slots)
			assert_null(pool_free_slot(p));
		j->later = later != 0 && out % later == 0;
		n_later += j->later;
		if (j->later)
			pool_later(p);
		else
			pool_release(p);
		if (later != 0 && out % 13 == 12) {
			pool_settle(p);
			assert_true(!j->later || j->done == 2);
		}
		out++;
	}
	assert_null(pool_take(p));
	pool_settle(p);
	for (i = 0; i < n_slots && i < n; i++)
		assert_int_equal(slots[i].done, slots[i].later ? 2 : 1);
	pool_free(p);
	for (i = 0; i < n_threads; i++) {
		total += counters[i].n;
		/* The last is this very thread. */
		assert_true(counters[i].n == 0 || i == n_threads - 1 ||
		    counters[i].signals_blocked);
	}
	assert_int_equal(total, n + n_later);
	free(slots);
	free(counters);
	free(workers);
}

static void
test_order(void **state)
{
	(void)state;
	run(1, 1, 20, 0);
	run(1, 4, 50, 0);
	run(4, 1, 20, 0);
	run(2, 2, 100, 0);
	run(3, 7, 500, 0);
	run(8, 64, 1000, 0);
	run(4, 8, 0, 0);
}

static void
test_later(void **state)
{
	(void)state;
	run(1, 1, 20, 1);
	run(1, 4, 50, 2);
	run(4, 1, 20, 1);
	run(2, 5, 200, 1);
	run(2, 2, 100, 3);
	run(3, 7, 500, 2);
	run(8, 17, 1000, 1);
}

/* Two results held at a time, as whoever looks ahead does. */
static void
test_hold_two(void **state)
{
	struct job slots[3] = { { 0 } };
	struct counter c = { 0 };
	void *workers[1] = { &c };
	struct diag d = DIAG_INIT;
	struct job *j, *k;
	struct pool *p;
	uint64_t i;

	(void)state;
	assert_int_equal(pool_new(1, workers, slots, sizeof(slots[0]), 3,
	    square, &p, &d), ST_OK);
	for (i = 0; i < 3; i++) {
		j = pool_free_slot(p);
		j->in = i;
		pool_submit(p);
	}
	j = pool_take(p);
	k = pool_take(p);
	assert_int_equal(j->out, 0);
	assert_int_equal(k->out, 1);
	assert_null(pool_free_slot(p));
	pool_release(p);
	assert_ptr_equal(pool_free_slot(p), j);
	pool_release(p);
	pool_release(p);		/* one more than were taken: nothing */
	j->in = 9;
	pool_submit(p);
	assert_non_null(pool_free_slot(p));
	pool_submit(p);
	assert_null(pool_free_slot(p));
	assert_int_equal(((struct job *)pool_take(p))->in, 2);
	pool_release(p);
	assert_int_equal(((struct job *)pool_take(p))->out, 81);
	pool_release(p);
	pool_free(p);
}

/* Left with work in flight: it is done before the threads end. */
static void
test_free_in_flight(void **state)
{
	struct job slots[16] = { { 0 } };
	struct counter c[2] = { { 0 } };
	void *workers[2] = { &c[0], &c[1] };
	struct diag d = DIAG_INIT;
	struct pool *p;
	struct job *j;
	uint64_t i;

	(void)state;
	assert_int_equal(pool_new(2, workers, slots, sizeof(slots[0]), 16,
	    square, &p, &d), ST_OK);
	for (i = 0; i < 16; i++) {
		j = pool_free_slot(p);
		j->in = i;
		pool_submit(p);
	}
	/* Some of them taken, and one that came back. */
	for (i = 0; i < 3; i++)
		assert_non_null(pool_take(p));
	pool_later(p);
	pool_release(p);
	pool_free(p);
	for (i = 0; i < 16; i++)
		assert_int_equal(slots[i].done, i == 0 ? 2 : 1);
	pool_free(NULL);
}

static void
test_refusals(void **state)
{
	struct diag d = DIAG_INIT;
	void *workers[1] = { NULL };
	struct job slot;
	struct pool *p = (void *)&slot;
	sigset_t before, after;

	(void)state;
	(void)pthread_sigmask(SIG_BLOCK, NULL, &before);
	assert_int_equal(pool_new(0, workers, &slot, sizeof(slot), 1, square,
	    &p, &d), ST_INTERNAL);
	assert_null(p);
	assert_int_equal(pool_new(1, workers, &slot, sizeof(slot), 0, square,
	    &p, &d), ST_INTERNAL);
	assert_null(p);
	/* The caller's own mask is as it was. */
	assert_int_equal(pool_new(1, workers, &slot, sizeof(slot), 1, square,
	    &p, &d), ST_OK);
	pool_free(p);
	(void)pthread_sigmask(SIG_BLOCK, NULL, &after);
	assert_int_equal(sigismember(&before, SIGINT), sigismember(&after,
	    SIGINT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_hold_two),
		cmocka_unit_test(test_free_in_flight),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
