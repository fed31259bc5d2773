/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * digest_engine - what digest.c asks of a multi-buffer engine: SHA-512 of many
 * leaves at a time.  Internal to bundle/; the reference is libcrypto.
 */
#ifndef SATCHEL_BUNDLE_DIGEST_ENGINE_H
#define SATCHEL_BUNDLE_DIGEST_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/crypto.h"

/* Leaves that are handed over at a time. */
#define LEAF_BATCH 16

#ifdef HAVE_IPSEC_MB
struct leaf_engine;
/* leaf_engine_new - one thread's engine, or NULL where this processor gains nothing. */
struct leaf_engine *leaf_engine_new(void);
void leaf_engine_free(struct leaf_engine *e);	/* accepts NULL */
/*
 * leaf_engine_run - the digests of the leaves of len bytes, at most LEAF_BATCH
 * of them; the last may be shorter.  0, or -1: then out is worth nothing.
 */
int leaf_engine_run(struct leaf_engine *e, const uint8_t *data, size_t len,
    uint8_t *out);
#endif

#endif
