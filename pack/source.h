/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source - open one file or directory that is to be packed: without following
 * a link, or below a directory that no link leads out of.  It gathers nothing.
 */
#ifndef SATCHEL_PACK_SOURCE_H
#define SATCHEL_PACK_SOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "manifests/diag.h"

/* What was found at a path. */
enum source_found {
	SOURCE_OK,			/* a regular file or a directory */
	SOURCE_MISSING,
	SOURCE_LINK,			/* a symbolic link, which was not followed */
	SOURCE_LEAVES,			/* followed, it leads out of the tree */
	SOURCE_DANGLES,			/* followed, it leads to nothing */
	SOURCE_LOOP,			/* followed, it never ends */
	SOURCE_SPECIAL,			/* fifo, socket or device; sb says which */
	SOURCE_NO_OPENAT2,		/* this kernel cannot follow links safely */
	SOURCE_ERRNO			/* errno says why it cannot be opened */
};

/*
 * source_open - open what stands at path below dirfd for reading; a fifo is not
 * waited for, a device not opened.
 * follow  links are followed as long as they stay below dirfd; else none of
 *         the path's components may be one
 * *fd     the caller's where SOURCE_OK is returned, else -1
 * *sb     its state where SOURCE_OK or SOURCE_SPECIAL is returned
 */
enum source_found source_open(int dirfd, const char *path, bool follow, int *fd,
    struct stat *sb);

/*
 * source_say - what was found in words, with the way out; SOURCE_OK is ST_OK.
 * errno must be as source_open() left it.
 * ST_INCOMPLETE for what is missing, ST_HOST for what cannot be opened, else ST_REFUSED.
 */
enum status source_say(enum source_found found, const struct stat *sb,
    struct diag *d);

#endif
