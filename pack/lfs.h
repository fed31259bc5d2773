/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lfs - tell a Git LFS pointer, the small text that stands where a large file
 * was not fetched.  It fetches nothing.
 */
#ifndef SATCHEL_PACK_LFS_H
#define SATCHEL_PACK_LFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"

/* A file of this size and above is no pointer. */
#define LFS_POINTER_MAX 1024

/*
 * lfs_check - ST_OK where the whole file of len bytes is no pointer; else
 * ST_REFUSED (rule "lfs-pointer"), with oid and size of the real file and the
 * way to fetch it.
 */
enum status lfs_check(const uint8_t *buf, size_t len, struct diag *d)
    __attribute__((warn_unused_result));

#endif
