/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * derived - looking a path up in what must be there.
 */
#include "unpack/derived.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/path.h"
#include "manifests/tarspell.h"

#define PREFIX_LEN (sizeof(TAR_PREFIX) - 1)

static int
by_string(const void *key, const void *item)
{
	return path_compare(key, *(char *const *)item);
}

static int
by_path(const void *key, const void *item)
{
	return path_compare(key, ((const struct content_file *)item)->path);
}

/* Below data/. */
static bool
find_content(const struct contents *c, const char *path, struct derived_entry *e)
{
	char **dir;

	if (c->n_files > 0)
		e->file = bsearch(path, c->files, c->n_files, sizeof(*c->files),
		    by_path);
	if (e->file != NULL) {
		e->size = e->file->size;
		e->mode = e->file->executable ? 0755 : 0644;
		e->position = (size_t)(e->file - c->files);
		return true;
	}
	dir = c->n_directories == 0 ? NULL : bsearch(path, c->directories,
	    c->n_directories, sizeof(*c->directories), by_string);
	if (dir == NULL)
		return false;
	e->directory = e->content_directory = true;
	e->mode = 0755;
	e->position = (size_t)(dir - c->directories);
	return true;
}

/* Outside data/: a file of the bag, or a directory that holds one. */
static bool
find_bag(const struct derived *want, const char *path, struct derived_entry *e)
{
	size_t len = strlen(path), i;

	for (i = 0; i < want->n_files; i++) {
		const struct bag_file *f = &want->files[i];

		if (strncmp(f->path, path, len) != 0)
			continue;
		if (f->path[len] == '\0') {
			e->bag = f;
			e->size = f->bytes.len;
			e->mode = 0644;
			e->position = i;
			return true;
		}
		if (f->path[len] == '/') {
			e->directory = true;
			e->mode = 0755;
			return true;
		}
	}
	return false;
}

bool
derived_find(const struct derived *want, const char *path,
    struct derived_entry *e)
{
	memset(e, 0, sizeof(*e));
	if (strncmp(path, TAR_PREFIX, PREFIX_LEN) == 0)
		return find_content(want->contents, path + PREFIX_LEN, e);
	if (strlen(path) == PREFIX_LEN - 1 &&
	    strncmp(path, TAR_PREFIX, PREFIX_LEN - 1) == 0) {
		e->directory = true;
		e->mode = 0755;
		return true;
	}
	return find_bag(want, path, e);
}
