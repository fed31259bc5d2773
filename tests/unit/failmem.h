/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failmem - memory that runs out at a chosen allocation, and a count of what is
 * still held.  Only for programs that are linked with --wrap (Makefile).
 */
#ifndef SATCHEL_TESTS_UNIT_FAILMEM_H
#define SATCHEL_TESTS_UNIT_FAILMEM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * failmem_arm - from now on until failmem_disarm() allocations are counted.
 * Ours and those by which OpenSSL, zstd, libarchive and libyaml make a context
 * or parser for us count; what they allocate within does not.
 * at     the one that fails, from 0
 * after  those after it fail as well; else memory is there again
 */
void failmem_arm(size_t at, bool after);

/*
 * failmem_disarm - whether one failed.
 * held  how many blocks were allocated since failmem_arm() and not freed, but for
 *       the contexts: a sanitizer finds those
 */
bool failmem_disarm(size_t *held);

#endif
