/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct_unit - what direct_read and direct_write have in common.  Nobody else includes this.
 */
#ifndef SATCHEL_BUNDLE_DIRECT_UNIT_H
#define SATCHEL_BUNDLE_DIRECT_UNIT_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* What is read or written at a time: a multiple of every sector and page. */
#define UNIT ((size_t)1 << 20)
#define UNIT_ALIGNMENT 4096

/* A unit's memory, or NULL; free() it. */
static inline uint8_t *
direct_unit_new(void)
{
	return aligned_alloc(UNIT_ALIGNMENT, UNIT);
}

/* Past the page cache, or through it again.  Returns whether it is past it now. */
static inline bool
direct_unit_set(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return false;
	flags = on ? flags | O_DIRECT : flags & ~O_DIRECT;
	return fcntl(fd, F_SETFL, flags) == 0 && on;
}

/*
 * Through it from now on.  In this order: another unit, which finds that *direct is false, must not
 * meet the descriptor before it is.
 */
static inline void
direct_unit_plain(int fd, atomic_bool *direct)
{
	(void)direct_unit_set(fd, false);
	*direct = false;
}

#endif
