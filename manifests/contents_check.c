/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * contents_check - that the statements of a content manifest agree: parents,
 * components, collisions, the layout of the tar stream.  It reads no bytes.
 */
#include "manifests/contents_rules.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/fields.h"
#include "manifests/path.h"
#include "manifests/tarspell.h"

/* What a walk over all entries carries along. */
struct check {
	const struct contents *c;
	const char **components;	/* paths, in the order of path_tree_compare() */
	const char *directory;		/* the one that was met last, ... */
	size_t directory_len;		/* ... as a prefix of some path */
	const char *before;		/* the entry before */
	uint64_t offset;		/* in the tar stream */
};

static int
compare_strings(const void *a, const void *b)
{
	return path_tree_compare(*(const char *const *)a, *(const char *const *)b);
}

/* Whether the len bytes of path are a directory of the manifest. */
static bool
has_directory(const struct contents *c, const char *path, size_t len)
{
	size_t low = 0, high = c->n_directories, mid;
	const char *s;
	int cmp;

	while (low < high) {
		mid = low + (high - low) / 2;
		s = c->directories[mid];
		if ((cmp = strncmp(s, path, len)) == 0 && s[len] == '\0')
			return true;
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;	/* also where s only begins with it */
	}
	return false;
}

static bool
has_file(const struct contents *c, const char *path)
{
	size_t low = 0, high = c->n_files, mid;
	int cmp;

	while (low < high) {
		mid = low + (high - low) / 2;
		if ((cmp = path_compare(c->files[mid].path, path)) == 0)
			return true;
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/*
 * Whether the directory that an entry lies in is an entry.  Mostly it is the
 * one that was met last or lies above that, whose parents were all looked for.
 */
static bool
has_parent(struct check *k, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len;

	if (slash == NULL)
		return true;
	len = (size_t)(slash - path);
	if (len <= k->directory_len && memcmp(path, k->directory, len) == 0 &&
	    (len == k->directory_len || k->directory[len] == '/'))
		return true;
	if (!has_directory(k->c, path, len))
		return false;
	k->directory = path;
	k->directory_len = len;
	return true;
}

/*
 * Whether an entry lies in a component, or above one.  A file above one needs no
 * thought: the component's parents are directories, and no path is both.
 */
static bool
has_component(const struct check *k, const char *path)
{
	size_t low = 0, high = k->c->n_components, mid;

	/* The first component behind the path, in tree order. */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (path_tree_compare(k->components[mid], path) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	/* No component lies in another, so only its neighbours come into question. */
	if (low > 0 && path_below(k->components[low - 1], path))
		return true;
	return low < k->c->n_components && path_below(path, k->components[low]);
}

/* Add an entry to the layout of the tar stream. */
static enum status
check_layout(struct check *k, const struct content_entry *e, const char *what,
    struct diag *d)
{
	uint64_t size = e->file == NULL ? 0 : e->file->size;

	if (e->file != NULL && e->file->offset != k->offset)
		return diag_set(d, ST_MALFORMED, "contents-offset",
		    "%s: %s: the offset is %llu, but the entry lies at %llu", ESC(what),
		    ESC(e->path), (unsigned long long)e->file->offset,
		    (unsigned long long)k->offset);
	k->offset += tar_spell_len(e->path, e->file == NULL, size);
	if (size > (uint64_t)INT64_MAX / 2 || k->offset > (uint64_t)INT64_MAX / 2)
		return diag_set(d, ST_MALFORMED, "contents-sum",
		    "%s: %s: the files are too large together", ESC(what),
		    ESC(e->path));
	k->offset += size + tar_padding(size);
	return ST_OK;
}

static enum status
check_entry(struct check *k, const struct content_entry *e, const char *what,
    struct diag *d)
{
	if (k->before != NULL && strcmp(k->before, e->path) == 0)
		return diag_set(d, ST_MALFORMED, "contents-both",
		    "%s: %s is a file and a directory", ESC(what), ESC(e->path));
	k->before = e->path;
	if (!has_parent(k, e->path))
		return diag_set(d, ST_MALFORMED, "contents-parent",
		    "%s: the directory that %s lies in is not listed", ESC(what),
		    ESC(e->path));
	if (e->file == NULL) {
		k->directory = e->path;
		k->directory_len = strlen(e->path);
	}
	if (!has_component(k, e->path))
		return diag_set(d, ST_MALFORMED, "contents-stray",
		    "%s: %s belongs to no component", ESC(what), ESC(e->path));
	return check_layout(k, e, what, d);
}

static enum status
check_collisions(const struct contents *c, const char *what, struct diag *d)
{
	enum status st;
	const char **paths;
	struct content_walk w = { 0, 0 };
	struct content_entry e;
	size_t n = 0, a, b;

	if ((paths = calloc(c->n_directories + c->n_files + 1, sizeof(*paths))) == NULL)
		return diag_nomem(d);
	while (contents_next(c, &w, &e))
		paths[n++] = e.path;
	if ((st = paths_collide(paths, n, &a, &b, d)) == ST_OK && a != n)
		st = diag_set(d, ST_MALFORMED, "contents-collision",
		    "%s: %s and %s differ in case alone", ESC(what), ESC(paths[a]),
		    ESC(paths[b]));
	free(paths);
	return st;
}

static enum status
check_components(struct check *k, const char *what, struct diag *d)
{
	enum status st;
	const struct contents *c = k->c;
	const char *path;
	size_t i;

	if ((st = components_check(c->components, c->n_components, &i, d)) != ST_OK) {
		diag_within(d, "%s", ESC(what));
		return st;
	}
	for (i = 0; i < c->n_components; i++) {
		path = k->components[i] = c->components[i].path;
		if (!has_directory(c, path, strlen(path)) && !has_file(c, path))
			return diag_set(d, ST_MALFORMED, "contents-component",
			    "%s: the component's path %s is not listed", ESC(what),
			    ESC(path));
	}
	qsort(k->components, c->n_components, sizeof(*k->components), compare_strings);
	return ST_OK;
}

enum status
contents_check(const struct contents *c, const char *what, struct diag *d)
{
	enum status st;
	struct check k = { .c = c };
	struct content_walk w = { 0, 0 };
	struct content_entry e;

	if ((k.components = calloc(c->n_components + 1, sizeof(*k.components))) == NULL)
		return diag_nomem(d);
	if ((st = check_components(&k, what, d)) != ST_OK)
		goto out;
	while (contents_next(c, &w, &e)) {
		if ((st = check_entry(&k, &e, what, d)) != ST_OK)
			goto out;
	}
	st = check_collisions(c, what, d);
out:
	free(k.components);
	return st;
}
