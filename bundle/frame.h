/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame - one zstd frame: made, and opened in one shot under every check that
 * the format asks for.
 */
#ifndef SATCHEL_BUNDLE_FRAME_H
#define SATCHEL_BUNDLE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"

/* zstd contexts of one thread. */
struct frame_ctx;
struct frame_ctx *frame_ctx_new(void);
void frame_ctx_free(struct frame_ctx *c);

/* frame_bound - room that frame_compress() needs for len bytes. */
size_t frame_bound(size_t len);

/*
 * frame_compress - one frame with content size, without checksum or dictionary
 * id, window within CAP_WINDOW_LOG.  level 1 .. 19.  *out_len is 0 where it
 * does not fit in cap: no error.
 */
enum status frame_compress(struct frame_ctx *c, int level, const uint8_t *in,
    size_t len, uint8_t *out, size_t cap, size_t *out_len, struct diag *d)
    __attribute__((warn_unused_result));

/* frame_stored_len - length of the frame that frame_store() makes of len bytes. */
size_t frame_stored_len(size_t len);

/*
 * frame_store - one frame as frame_compress() makes it, of raw blocks alone:
 * what does not compress, where only a zstd frame will do.
 * len   1 .. 2^CAP_WINDOW_LOG
 * out   frame_stored_len() bytes
 */
void frame_store(const uint8_t *in, size_t len, uint8_t *out);

/*
 * frame_decompress - in is exactly one frame of magic 28 B5 2F FD that declares
 * content size out_len, no dictionary, window within CAP_WINDOW_LOG; out gets
 * exactly out_len bytes.  Errors: ST_MALFORMED with rule ("frame-magic",
 * "frame-length", "frame-size", "frame-dictionary", "frame-window", "frame-data").
 */
enum status frame_decompress(struct frame_ctx *c, const uint8_t *in, size_t len,
    uint8_t *out, size_t out_len, struct diag *d) __attribute__((warn_unused_result));

#endif
