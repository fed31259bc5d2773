/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array - arrays that grow by one zeroed item at a time while a document is read.
 * It owns nothing: pointer and count stay with the caller.
 */
#ifndef SATCHEL_MANIFESTS_ARRAY_H
#define SATCHEL_MANIFESTS_ARRAY_H

#include <stddef.h>

/*
 * array_add - room for one item more behind the n items of `size` bytes that
 * were all added by this function; the new item is zeroed.
 * Returns the array, maybe moved, or NULL (out of memory; the old one stands).
 */
void *array_add(void *array, size_t n, size_t size)
    __attribute__((warn_unused_result));

#endif
