/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * namehash - whether one of many names stands there twice, in eight bytes a
 * name.  It keeps no name.
 */
#ifndef SATCHEL_MANIFESTS_NAMEHASH_H
#define SATCHEL_MANIFESTS_NAMEHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits: begin with this, then byte by byte. */
#define NAMEHASH_INIT UINT64_C(0xcbf29ce484222325)

static inline uint64_t
namehash_byte(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}

/* All zeros is an empty list. */
struct namehashes {
	uint64_t *items;
	size_t n;
};

/* namehashes_add - 0, or -1 when out of memory. */
int namehashes_add(struct namehashes *l, uint64_t hash);
/*
 * namehashes_repeat - whether any two are equal; the list is sorted by it.
 * Equal names always are.  Different ones that are, of a million by chance one
 * time in 10^7, can only be prepared by whoever wants the file to be refused.
 */
bool namehashes_repeat(struct namehashes *l);
void namehashes_free(struct namehashes *l);

#endif
