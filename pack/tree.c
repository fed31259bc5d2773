/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree - the walk of init, by directory descriptors, without following a link.
 * What lies where is only noted; propose.c makes something of it.
 */
#include "pack/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/file.h"
#include "manifests/array.h"
#include "manifests/caps.h"
#include "manifests/path.h"
#include "pack/look.h"
#include "pack/source.h"

const char *const tree_junk[TREE_JUNK] = { ".git", ".hg", ".svn", "__pycache__",
	".DS_Store", ".ipynb_checkpoints", ".cache", ".venv" };

/* How many colliding names of one directory are found. */
#define ROUNDS_MAX 100

struct walk {
	struct tree *tree;
	struct look *look;
	bool in_cache;
	size_t len;
	char path[CAP_PATH + CAP_COMPONENT + 3];
};

static enum status walk_directory(struct walk *w, size_t self, int fd,
    struct diag *d);

/* A problem with the entry at the walk's path. */
static enum status
note(struct walk *w, const struct diag *why, struct diag *d)
{
	struct tree *t = w->tree;
	struct tree_problem *p;

	if (t->n_problems == TREE_PROBLEMS_MAX) {
		t->n_unnamed++;
		return ST_OK;
	}
	p = array_add(t->problems, t->n_problems, sizeof(*p));
	if (p == NULL)
		return diag_nomem(d);
	t->problems = p;
	p += t->n_problems++;
	p->path = strdup(w->path);
	p->text = strdup(why->text);
	p->hint = strdup(why->hint);
	return p->path == NULL || p->text == NULL || p->hint == NULL ?
	    diag_nomem(d) : ST_OK;
}

static enum status
add_entry(struct walk *w, size_t parent, const char *name,
    const struct stat *sb, size_t *at, struct diag *d)
{
	struct tree *t = w->tree;
	struct tree_entry *e;

	if (t->n >= CAP_FILES)
		return diag_set(d, ST_REFUSED, "too-many",
		    "more than %u files and directories", CAP_FILES);
	if ((e = array_add(t->entries, t->n, sizeof(*e))) == NULL)
		return diag_nomem(d);
	t->entries = e;
	*at = t->n;
	e += t->n++;
	e->parent = parent;
	e->end = t->n;
	e->is_directory = S_ISDIR(sb->st_mode);
	e->size = e->is_directory ? 0 : (uint64_t)sb->st_size;
	return (e->name = strdup(name)) == NULL ? diag_nomem(d) : ST_OK;
}

/* Whether the entry is one of those that nobody means to hand over. */
static bool
is_junk(struct walk *w, const char *name)
{
	unsigned i;

	for (i = 0; i < TREE_JUNK; i++) {
		if (strcmp(name, tree_junk[i]) == 0) {
			w->tree->junk |= 1U << i;
			return true;
		}
	}
	return false;
}

/* A file: what it is, and the problems that it has. */
static enum status
walk_file(struct walk *w, size_t at, int fd, const struct siblings *siblings,
    struct diag *d)
{
	struct tree_entry *e = &w->tree->entries[at];
	struct diag why = DIAG_INIT;
	enum status st;
	size_t i;

	st = look_at(w->look, fd, siblings, e, &why);
	if (st != ST_OK) {
		/* A file that cannot be read is one problem among others. */
		if (strcmp(why.rule, "source-changed") == 0 ||
		    strcmp(why.rule, "host-io") == 0)
			return note(w, &why, d);
		*d = why;
		return st;
	}
	for (i = 0; st == ST_OK && i < look_n_problems(w->look); i++)
		st = note(w, look_problem(w->look, i), d);
	return st;
}

/* What cannot be opened, or must not be. */
static enum status
walk_refused(struct walk *w, enum source_found found, const struct stat *sb,
    struct diag *d)
{
	struct diag why = DIAG_INIT;

	/* Said once, of the cache. */
	if (found == SOURCE_LINK && w->in_cache)
		return ST_OK;
	if (source_say(found, sb, &why) == ST_OK)
		return ST_OK;
	return note(w, &why, d);
}

static enum status
walk_entry(struct walk *w, size_t parent, int dirfd, const char *name,
    const struct siblings *siblings, struct diag *d)
{
	struct diag why = DIAG_INIT;
	enum source_found found;
	enum status st;
	size_t len = w->len, at;
	const char *rule;
	struct stat sb;
	int fd = -1;

	if ((st = interrupt_check(d)) != ST_OK || is_junk(w, name))
		return st;
	w->len += (size_t)snprintf(w->path + len, sizeof(w->path) - len, "%s%.*s",
	    len == 0 ? "" : "/", (int)CAP_COMPONENT + 1, name);
	if ((rule = path_check(w->path, w->len)) != NULL) {
		if (strcmp(rule, PATH_NO_MEMORY) == 0) {
			st = diag_nomem(d);
			goto out;
		}
		diag_set(&why, ST_REFUSED, "illegal-name", "the path %s", rule);
		diag_hint(&why, "rename it; what it holds was not looked at");
		st = note(w, &why, d);
		goto out;
	}
	found = source_open(dirfd, name, false, &fd, &sb);
	if (found != SOURCE_OK) {
		st = walk_refused(w, found, &sb, d);
		goto out;
	}
	if ((st = add_entry(w, parent, name, &sb, &at, d)) != ST_OK)
		goto out;
	st = S_ISDIR(sb.st_mode) ? walk_directory(w, at, fd, d) :
	    walk_file(w, at, fd, siblings, d);
out:
	fd_close(&fd);
	w->len = len;
	w->path[len] = '\0';
	return st;
}

/*
 * Names that are one and the same on some systems: all but one are left out of
 * the list, and named.
 */
static enum status
drop_collisions(struct walk *w, char **names, size_t *n, struct diag *d)
{
	struct diag why = DIAG_INIT;
	const char **legal;
	size_t i, a, b, k = 0, rounds = 0, len = w->len;
	enum status st = ST_OK;

	if ((legal = calloc(*n + 1, sizeof(*legal))) == NULL)
		return diag_nomem(d);
	for (i = 0; i < *n; i++)
		if (path_check(names[i], strlen(names[i])) == NULL)
			legal[k++] = names[i];
	while (st == ST_OK && rounds++ < ROUNDS_MAX &&
	    (st = paths_collide(legal, k, &a, &b, d)) == ST_OK && a < k) {
		diag_set(&why, ST_REFUSED, "collision",
		    "on some systems this is the same name as %s", ESC(legal[a]));
		diag_hint(&why, "rename one of the two");
		snprintf(w->path + len, sizeof(w->path) - len, "%s%s",
		    len == 0 ? "" : "/", legal[b]);
		st = note(w, &why, d);
		w->path[len] = '\0';
		for (i = 0; names[i] != legal[b]; i++)
			continue;
		free(names[i]);
		memmove(names + i, names + i + 1, (--*n - i) * sizeof(*names));
		legal[b] = legal[--k];
	}
	free(legal);
	return st;
}

static bool
lists(char *const *names, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* The cache of a model hub: links, which pack follows only when told to. */
static enum status
enter_cache(struct walk *w, size_t self, struct diag *d)
{
	struct diag why = DIAG_INIT;

	w->tree->entries[self].is_cache = true;
	w->in_cache = true;
	diag_set(&why, ST_REFUSED, "link",
	    "a model hub's cache: the files of its snapshots are symbolic links");
	diag_hint(&why, "pack it with --dereference");
	return note(w, &why, d);
}

static enum status
walk_directory(struct walk *w, size_t self, int fd, struct diag *d)
{
	struct diag why = DIAG_INIT;
	bool in_cache = w->in_cache;
	struct siblings siblings;
	enum status st;
	char **names = NULL;
	size_t n = 0, i;

	if ((st = dir_list(fd, &names, &n, &why)) != ST_OK) {
		st = note(w, &why, d);
		goto out;
	}
	if ((st = drop_collisions(w, names, &n, d)) != ST_OK)
		goto out;
	if (!in_cache && lists(names, n, "blobs") && lists(names, n, "snapshots") &&
	    (st = enter_cache(w, self, d)) != ST_OK)
		goto out;
	siblings = (struct siblings){ names, n };
	for (i = 0; i < n && st == ST_OK; i++)
		st = walk_entry(w, self, fd, names[i], &siblings, d);
	w->tree->entries[self].end = w->tree->n;
out:
	w->in_cache = in_cache;
	dir_list_free(names, n);
	return st;
}

enum status
tree_walk(int fd, struct tree **out, struct diag *d)
{
	struct walk *w = NULL;
	enum status st = ST_INTERNAL;
	struct stat sb;
	size_t top;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (w->tree = calloc(1, sizeof(*w->tree))) == NULL ||
	    (w->look = look_new()) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	if (fstat(fd, &sb) == -1) {
		st = diag_errno(d, "the directory to be looked through");
		goto out;
	}
	if ((st = add_entry(w, 0, "", &sb, &top, d)) != ST_OK ||
	    (st = walk_directory(w, top, fd, d)) != ST_OK)
		goto out;
	*out = w->tree;
	w->tree = NULL;
out:
	if (w != NULL) {
		tree_free(w->tree);
		look_free(w->look);
	}
	free(w);
	return st;
}

void
tree_free(struct tree *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n; i++) {
		free(t->entries[i].name);
		free(t->entries[i].detail);
	}
	for (i = 0; i < t->n_problems; i++) {
		free(t->problems[i].path);
		free(t->problems[i].text);
		free(t->problems[i].hint);
	}
	free(t->entries);
	free(t->problems);
	free(t);
}

char *
tree_path(const struct tree *t, size_t entry)
{
	char path[CAP_PATH + 1];
	const char *name;
	size_t at = sizeof(path) - 1, n;

	path[at] = '\0';
	for (; entry != 0; entry = t->entries[entry].parent) {
		name = t->entries[entry].name;
		n = strlen(name);
		if (n + 1 > at)
			return NULL;
		if (path[at] != '\0')
			path[--at] = '/';
		memcpy(path + (at -= n), name, n);
	}
	return strdup(path + at);
}

size_t
tree_next(const struct tree *t, size_t entry)
{
	return t->entries[entry].end;
}
