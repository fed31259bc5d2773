/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proof - a list of ranges that hold verified bytes.  It is made for few and
 * large buffers, and for builds that prove; it is not part of any other.
 */
#include "bundle/proof.h"

#ifdef SATCHEL_PROVE

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define RANGES 4096

struct range {
	uintptr_t from, to;
};

static struct {
	pthread_mutex_t lock;
	bool enabled;
	struct range ranges[RANGES];
	size_t n;
} proof = { .lock = PTHREAD_MUTEX_INITIALIZER };

void
proof_enable(void)
{
	proof.enabled = true;
}

/* Take a range out of the list; called with the lock. */
static void
cut(uintptr_t from, uintptr_t to)
{
	size_t i;

	for (i = 0; i < proof.n;) {
		struct range *r = &proof.ranges[i], old = *r;

		if (old.to <= from || to <= old.from) {
			i++;
			continue;
		}
		*r = proof.ranges[--proof.n];
		if (old.from < from)
			proof.ranges[proof.n++] = (struct range){ old.from, from };
		if (to < old.to && proof.n < RANGES)
			proof.ranges[proof.n++] = (struct range){ to, old.to };
	}
}

void
proof_verified(const void *buf, size_t len)
{
	uintptr_t from = (uintptr_t)buf;

	if (!proof.enabled || len == 0)
		return;
	/* the one violation that a test plants */
	if (getenv("SATCHEL_PLANT_VIOLATION") != NULL)
		return;
	pthread_mutex_lock(&proof.lock);
	cut(from, from + len);
	if (proof.n == RANGES)
		abort();
	proof.ranges[proof.n++] = (struct range){ from, from + len };
	pthread_mutex_unlock(&proof.lock);
}

void
proof_stale(const void *buf, size_t len)
{
	uintptr_t from = (uintptr_t)buf;

	if (!proof.enabled || len == 0)
		return;
	pthread_mutex_lock(&proof.lock);
	cut(from, from + len);
	pthread_mutex_unlock(&proof.lock);
}

void
proof_require(const void *buf, size_t len, const char *what)
{
	uintptr_t from = (uintptr_t)buf, to = from + len;
	bool found = len == 0;
	size_t i;

	if (!proof.enabled)
		return;
	pthread_mutex_lock(&proof.lock);
	for (i = 0; i < proof.n && !found; i++)
		found = proof.ranges[i].from <= from && to <= proof.ranges[i].to;
	pthread_mutex_unlock(&proof.lock);
	if (found)
		return;
	fprintf(stderr, "satchel: %s is about to use bytes that were not verified\n",
	    what);
	abort();
}

#endif
