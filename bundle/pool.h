/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool - a fixed number of workers for the slots of a ring; results are taken in
 * the order in which the slots were submitted.  Memory is bounded by the number
 * of slots.  The owner's thread is one of the workers: where it would wait, it
 * works.  It knows nothing of the work.
 */
#ifndef SATCHEL_BUNDLE_POOL_H
#define SATCHEL_BUNDLE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "manifests/diag.h"

struct pool;

/*
 * pool_work - called by a worker: worker is what is its own, slot the job.
 * Errors are the job's own business.
 */
typedef void pool_work(void *worker, void *slot);

/*
 * pool_new - n_workers workers, which are n_workers - 1 threads and the owner, over
 * an array of n_slots jobs of slot_size bytes each, which the caller owns and
 * has initialised.
 * workers   n_workers pointers, one for each (its contexts)
 * Errors: ST_HOST
 */
enum status pool_new(unsigned n_workers, void *const *workers, void *slots,
    size_t slot_size, size_t n_slots, pool_work *work, struct pool **out,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * One thread, the owner, calls the following.  Slots go round: free -> (filled
 * by the owner) submitted -> done -> (used by the owner) released -> free; or, from
 * the owner, later -> (worked on once more) free.
 */
/* pool_free_slot - the next free slot, or NULL if it is in flight (then take one). */
void *pool_free_slot(struct pool *p);
/* pool_submit - hand the slot that pool_free_slot() gave to the workers. */
void pool_submit(struct pool *p);
/*
 * pool_take - wait, or work, until the oldest submitted slot is done; NULL if none is in flight.
 * It stays the caller's until pool_release().
 */
void *pool_take(struct pool *p);
/* pool_release - the slot that pool_take() gave is free again. */
void pool_release(struct pool *p);
/*
 * pool_later - in place of pool_release(): what is left to do with the slot needs no order, and
 * is a worker's.  It is called for the slot once more, and then the slot is free.
 */
void pool_later(struct pool *p);
/* pool_settle - wait, or work, until nothing that pool_later() gave is left. */
void pool_settle(struct pool *p);

/* pool_free - wait for what is in flight, end the threads; accepts NULL. */
void pool_free(struct pool *p);

#endif
