/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tarspell - the one spelling of a tar entry: the header bytes that follow from
 * path, kind, size, executable bit and time alone.  satchel-bundle(5).
 */
#ifndef SATCHEL_MANIFESTS_TARSPELL_H
#define SATCHEL_MANIFESTS_TARSPELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512
#define TAR_END 1024			/* two zero blocks end the stream */
#define TAR_HEADER_MAX 4096		/* pax header, its records (path of 1024, size) and ustar header */
#define TAR_TIME_MAX (((uint64_t)1 << 33) - 1)	/* the time of a ustar header: 11 octal digits */
#define TAR_PREFIX "data/"

/*
 * tar_spell - write the header blocks of one entry.
 * path       legal, below data/ (without the prefix)
 * directory  size and executable are then ignored
 * out        TAR_HEADER_MAX bytes
 * Returns the number of bytes written, a multiple of TAR_BLOCK.
 */
size_t tar_spell(uint8_t *out, const char *path, bool directory, uint64_t size,
    bool executable, uint64_t mtime);

/* tar_spell_len - what tar_spell() would return, without writing. */
size_t tar_spell_len(const char *path, bool directory, uint64_t size);

/* tar_padding - zero bytes behind a content of that size, 0 .. TAR_BLOCK - 1. */
size_t tar_padding(uint64_t size);

#endif
