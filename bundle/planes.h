/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes - one chunk of the tar stream as byte planes of its elements, where
 * that makes it smaller than zstd does: weights.  Memory to memory; it reads no
 * file and knows no file format.
 */
#ifndef SATCHEL_BUNDLE_PLANES_H
#define SATCHEL_BUNDLE_PLANES_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/frame.h"
#include "manifests/diag.h"
#include "manifests/status.h"

/* Transforms 0 (stored) and 1 (zstd) are not this module's. */
#define PLANES_TRANSFORM 2U

/*
 * What one thread needs: tables, a zstd context, room for one and a half of the
 * largest chunk that it was used for.
 */
struct planes_ctx;

/*
 * planes_ctx_new - NULL when out of memory.
 * frame   borrowed, for the time c lives: the thread's own context of zstd
 */
struct planes_ctx *planes_ctx_new(struct frame_ctx *frame);
void planes_ctx_free(struct planes_ctx *c);

/*
 * planes_encode - code one chunk, if planes serve it better than zstd would.
 *
 * level      of zstd, for stretches of the chunk that are no weights
 * plain      len bytes, 1 .. CAP_CHUNK_MAX
 * out        cap bytes, cap >= len; its contents are undefined where planes
 *            do not pay
 * out_len    length of the data, < len; 0 where planes do not pay
 * transform  PLANES_TRANSFORM, or 0 where planes do not pay: the caller tries
 *            zstd, or stores
 *
 * It says no after a look at samples (about a tenth of a nanosecond per byte).
 * The data depend on level, plain and the version of libzstd alone, never on
 * the CPU or on what c was used for before.
 * Errors: ST_HOST      out of memory
 *         ST_INTERNAL  len or cap out of range, or a failure of libzstd
 */
enum status planes_encode(struct planes_ctx *c, int level,
    const uint8_t *plain, size_t len, uint8_t *out, size_t cap,
    size_t *out_len, uint32_t *transform, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * planes_decode - the chunk again.  The data may be hostile.
 *
 * transform  as the index or the sealed plaintext says
 * plain      len bytes, the plain length as declared; undefined on failure
 *
 * Errors: ST_MALFORMED  no transform of ours, len 0 or over CAP_CHUNK_MAX, the
 *                       data not shorter, or not exactly one coding of len
 *                       bytes
 *         ST_HOST       out of memory
 */
enum status planes_decode(struct planes_ctx *c, uint32_t transform,
    const uint8_t *data, size_t data_len, uint8_t *plain, size_t len,
    struct diag *d) __attribute__((warn_unused_result));

#endif
