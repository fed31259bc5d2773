/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entropy - one plane of bytes as a zstd frame of Huffman-coded literals, fast.
 * It looks for no repetition, and does not read: frame_decompress() does.
 */
#ifndef SATCHEL_BUNDLE_ENTROPY_H
#define SATCHEL_BUNDLE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"
#include "manifests/status.h"

/* The compressor of one thread. */
struct entropy_ctx;

/* entropy_ctx_new - NULL when out of memory. */
struct entropy_ctx *entropy_ctx_new(void);
void entropy_ctx_free(struct entropy_ctx *c);

/*
 * entropy_compress - one frame as frame_compress() makes it (content size, no
 * checksum, no dictionary), but only the order-0 statistics of plain serve.
 *
 * len      1 .. 2^CAP_WINDOW_LOG
 * cap      the most that the frame may take to be of use
 * out_len  length of the frame; 0 where it does not fit into cap: no error
 *
 * The bytes depend on plain, cap and the version of libzstd alone, never on
 * what c was used for before.
 * Errors: ST_HOST      out of memory, or libzstd failed otherwise
 *         ST_INTERNAL  len out of its range
 */
enum status entropy_compress(struct entropy_ctx *c, const uint8_t *plain,
    size_t len, uint8_t *out, size_t cap, size_t *out_len, struct diag *d)
    __attribute__((warn_unused_result));

#endif
