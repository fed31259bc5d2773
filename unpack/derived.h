/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * derived - what must stand at each path of an imported bag, as content manifest
 * and bag files say.  It looks at no disk.
 */
#ifndef SATCHEL_UNPACK_DERIVED_H
#define SATCHEL_UNPACK_DERIVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "manifests/bag.h"
#include "manifests/contents.h"

/* The whole derived set: the root, data/ and what is in it, and the bag's files. */
struct derived {
	const struct contents *contents;	/* below data/ */
	const struct bag_file *files;		/* outside data/, ascending */
	size_t n_files;
};

/* What must stand at one path. */
struct derived_entry {
	bool directory;
	mode_t mode;
	uint64_t size;			/* of a file */
	/* which one it is; at most one of these is set: */
	const struct content_file *file;	/* a file below data/ */
	const struct bag_file *bag;	/* a file outside data/ */
	bool content_directory;		/* a directory that the content manifest names */
	size_t position;		/* of it in its list */
};

/* derived_find - false if nothing must stand at that path (relative to the root). */
bool derived_find(const struct derived *want, const char *path,
    struct derived_entry *e);

#endif
