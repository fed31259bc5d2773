/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct - large files past the page cache, in whole units from aligned memory,
 * and beside the caller: one unit is under way while it works on another.  What the
 * system does not take goes the usual way.
 */
#ifndef SATCHEL_BUNDLE_DIRECT_H
#define SATCHEL_BUNDLE_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"

/* A new file that is written from its start to its end. */
struct direct_write;

/*
 * direct_write_new - start on an empty file that is open for writing; the caller keeps fd, and
 * does not use it until direct_write_end().
 * beside   a thread of its own may write, if one is to be had; not where the file lies in memory
 * Errors: ST_HOST
 */
enum status direct_write_new(int fd, bool beside, struct direct_write **out,
    struct diag *d) __attribute__((warn_unused_result));
/* direct_write_put - the next bytes.  What failed since the last call is told here, and by the end. */
enum status direct_write_put(struct direct_write *w, const void *data, size_t len,
    struct diag *d) __attribute__((warn_unused_result));
/* direct_write_end - all that was put has been written; to sync it is the caller's. */
enum status direct_write_end(struct direct_write *w, struct diag *d)
    __attribute__((warn_unused_result));
/* direct_write_len - how much was put. */
uint64_t direct_write_len(const struct direct_write *w);
/* direct_write_free - waits for what is under way; accepts NULL. */
void direct_write_free(struct direct_write *w);

/* Files that are read from their start to their end, one after another. */
struct direct_read;

/* direct_read_new - beside: a thread of its own may read ahead; it is started with the first file that needs it, if it can be. */
enum status direct_read_new(bool beside, struct direct_read **out, struct diag *d)
    __attribute__((warn_unused_result));
/*
 * direct_read_begin - a file of size bytes, open for reading.  The caller keeps fd, which may be
 * O_DIRECT until direct_read_end(): whatever else it reads from it, it reads before or after.
 */
void direct_read_begin(struct direct_read *r, int fd, uint64_t size);
/*
 * direct_read - the next len bytes.  What the page cache has is taken from there; from the unit of the
 * first byte that it has not, all is read ahead.  Each byte is given once.
 * Errors: as file_pread()
 */
enum status direct_read(struct direct_read *r, void *buf, size_t len,
    struct diag *d) __attribute__((warn_unused_result));
void direct_read_end(struct direct_read *r);
void direct_read_free(struct direct_read *r);	/* accepts NULL */

#endif
