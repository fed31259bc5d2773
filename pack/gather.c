/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather - the walk over the components' trees, by directory descriptors, and
 * all that is refused there.  It reads no file but for what may be a pointer.
 */
#include "pack/gather.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/file.h"
#include "manifests/array.h"
#include "manifests/caps.h"
#include "manifests/path.h"
#include "pack/lfs.h"
#include "pack/source.h"

/* How many colliding pairs are named, and how many paths are folded for that. */
#define PAIRS_MAX 100
#define PAIRS_WORK 2000000

/* Entries that are looked at: all directories and files that a bundle can hold. */
#define SEEN_MAX (2 * CAP_FILES)

struct identity {
	dev_t dev;
	ino_t ino;
};

struct walk {
	const struct handoff *handoff;
	struct findings *findings;
	struct gathered *out;
	size_t component;
	int root;			/* the component's own directory */
	size_t root_len;		/* of its path, in front of what is below it */
	enum status worst;
	size_t n_refused;
	size_t n_seen;			/* entries, whether they can be packed or not */
	size_t len;
	char path[CAP_PATH + CAP_COMPONENT + 3];
	struct identity ancestors[CAP_DEPTH + 1];	/* below the root */
	size_t depth;
};

static enum status walk_directory(struct walk *w, int fd, const struct stat *sb,
    bool legal, struct diag *d);

/* What why says about the path that the walk stands at. */
static void
refuse(struct walk *w, enum status st, const struct diag *why)
{
	(void)findings_add(w->findings, st, ESC(w->path), why);
	w->worst = status_worse(w->worst, st);
	w->n_refused++;
}

static enum status
too_many(struct walk *w, const char *what, unsigned max)
{
	struct diag why = DIAG_INIT;

	diag_set(&why, ST_REFUSED, "too-many", "here the number of %s passes "
	    "%u, the most that is taken", what, max);
	refuse(w, ST_REFUSED, &why);
	return ST_REFUSED;
}

static enum status
add_directory(struct walk *w, const char *path, size_t len, struct diag *d)
{
	struct gathered *g = w->out;
	char **grown;

	if (g->n_directories >= CAP_FILES)
		return too_many(w, "directories", CAP_FILES);
	grown = array_add(g->directories, g->n_directories, sizeof(*grown));
	if (grown == NULL)
		return diag_nomem(d);
	g->directories = grown;
	if ((grown[g->n_directories] = strndup(path, len)) == NULL)
		return diag_nomem(d);
	g->n_directories++;
	return ST_OK;
}

static void
take_state(struct source_state *state, const struct stat *sb)
{
	state->dev = sb->st_dev;
	state->ino = sb->st_ino;
	state->size = (uint64_t)sb->st_size;
	state->mtime = sb->st_mtim;
	state->ctime = sb->st_ctim;
}

static enum status
add_file(struct walk *w, const struct stat *sb, struct diag *d)
{
	struct gathered *g = w->out;
	struct diag why = DIAG_INIT;
	struct content_file *files;
	struct source *sources;

	if (g->n_files >= CAP_FILES)
		return too_many(w, "files", CAP_FILES);
	if (__builtin_add_overflow(g->total, (uint64_t)sb->st_size, &g->total)) {
		diag_set(&why, ST_REFUSED, "too-large",
		    "here the size of all files passes 64 bits");
		refuse(w, ST_REFUSED, &why);
		return ST_REFUSED;
	}
	if ((files = array_add(g->files, g->n_files, sizeof(*files))) == NULL)
		return diag_nomem(d);
	g->files = files;
	sources = array_add(g->sources, g->n_files, sizeof(*sources));
	if (sources == NULL)
		return diag_nomem(d);
	g->sources = sources;
	files += g->n_files;
	sources += g->n_files;
	if ((files->path = strdup(w->path)) == NULL)
		return diag_nomem(d);
	files->size = (uint64_t)sb->st_size;
	files->executable = (sb->st_mode & S_IXUSR) != 0;
	take_state(&sources->state, sb);
	sources->component = w->component;
	g->n_files++;
	return ST_OK;
}

/* A file that is small enough is looked into: it may stand for another. */
static void
check_pointer(struct walk *w, int fd, const struct stat *sb)
{
	uint8_t buf[LFS_POINTER_MAX];
	struct diag why = DIAG_INIT;
	enum status st;

	if (sb->st_size == 0 || sb->st_size >= LFS_POINTER_MAX)
		return;
	st = file_pread(fd, buf, (size_t)sb->st_size, 0, &why);
	if (st == ST_DAMAGED)
		st = diag_set(&why, ST_REFUSED, "source-changed",
		    "got shorter while it was read");
	else if (st == ST_OK)
		st = lfs_check(buf, (size_t)sb->st_size, &why);
	if (st != ST_OK)
		refuse(w, st, &why);
}

/* What was opened at the walk's path: taken, or entered. */
static enum status
walk_opened(struct walk *w, int fd, const struct stat *sb, bool legal,
    struct diag *d)
{
	if (S_ISDIR(sb->st_mode))
		return walk_directory(w, fd, sb, legal, d);
	check_pointer(w, fd, sb);
	return legal ? add_file(w, sb, d) : ST_OK;
}

/*
 * Whether the walk's path is legal; below a directory that is not (and has been
 * named) only the entry's own name is judged, once.
 */
static bool
check_path(struct walk *w, const char *name, bool legal_parent)
{
	struct diag why = DIAG_INIT;
	const char *rule;

	rule = legal_parent ? path_check(w->path, w->len) :
	    path_check(name, strlen(name));
	if (rule != NULL && strcmp(rule, PATH_NO_MEMORY) == 0) {
		refuse(w, diag_nomem(&why), &why);
	} else if (rule != NULL) {
		diag_set(&why, ST_REFUSED, "illegal-name", "the path %s", rule);
		diag_hint(&why, "rename it, or leave it out with exclude");
		refuse(w, ST_REFUSED, &why);
	}
	return rule == NULL && legal_parent;
}

/* An entry of a directory, by descriptor; a link is followed from the root. */
static enum source_found
open_entry(const struct walk *w, int dirfd, const char *name, int *fd,
    struct stat *sb)
{
	enum source_found found = source_open(dirfd, name, false, fd, sb);

	if (found == SOURCE_LINK && w->out->dereference)
		found = source_open(w->root, w->path + w->root_len + 1, true,
		    fd, sb);
	return found;
}

static enum status
walk_entry(struct walk *w, int dirfd, const char *name, bool legal,
    struct diag *d)
{
	size_t len = w->len;
	struct diag why = DIAG_INIT;
	enum status st = ST_OK, said;
	enum source_found found;
	struct stat sb;
	int fd = -1;

	/* Some file systems have longer names than any that is legal. */
	w->len += (size_t)snprintf(w->path + len, sizeof(w->path) - len,
	    "/%.*s", (int)CAP_COMPONENT + 1, name);
	if (handoff_excludes(w->handoff, w->path + w->root_len + 1))
		goto out;
	/* Links can make a small tree endless. */
	if (w->n_seen++ >= SEEN_MAX) {
		st = too_many(w, "entries", SEEN_MAX);
		goto out;
	}
	if (strlen(name) > CAP_COMPONENT) {
		(void)check_path(w, name, false);
		goto out;
	}
	found = open_entry(w, dirfd, name, &fd, &sb);
	said = source_say(found, &sb, &why);
	legal = check_path(w, name, legal);
	if (said != ST_OK)
		refuse(w, said, &why);
	else
		st = walk_opened(w, fd, &sb, legal, d);
out:
	fd_close(&fd);
	w->len = len;
	w->path[len] = '\0';
	return st;
}

/* Whether the walk may enter the directory: no deeper than any legal path, and no loop. */
static bool
may_enter(struct walk *w, const struct stat *sb)
{
	struct diag why = DIAG_INIT;
	size_t i, components = 1;

	for (i = 0; i < w->len; i++)
		components += w->path[i] == '/';
	/* That was named where the path was judged. */
	if (w->len > CAP_PATH || components > CAP_DEPTH)
		return false;
	for (i = 0; i < w->depth; i++) {
		if (w->ancestors[i].dev != sb->st_dev ||
		    w->ancestors[i].ino != sb->st_ino)
			continue;
		diag_set(&why, ST_REFUSED, "link-loop",
		    "leads back to a directory that holds it");
		diag_hint(&why, "remove it, or leave it out with exclude");
		refuse(w, ST_REFUSED, &why);
		return false;
	}
	return true;
}

static enum status
walk_directory(struct walk *w, int fd, const struct stat *sb, bool legal,
    struct diag *d)
{
	struct diag why = DIAG_INIT;
	enum status st = ST_INTERNAL;
	char **names = NULL;
	size_t n = 0, i;

	if ((st = interrupt_check(d)) != ST_OK || !may_enter(w, sb))
		goto out;
	if (legal && (st = add_directory(w, w->path, w->len, d)) != ST_OK)
		goto out;
	if ((st = dir_list(fd, &names, &n, &why)) != ST_OK) {
		refuse(w, st, &why);
		st = ST_OK;
		goto out;
	}
	w->ancestors[w->depth++] = (struct identity){ sb->st_dev, sb->st_ino };
	for (i = 0; i < n && st == ST_OK; i++)
		st = walk_entry(w, fd, names[i], legal, d);
	w->depth--;
out:
	dir_list_free(names, n);
	return st;
}

/* A component's path: each parent is an entry of its own. */
static enum status
add_parents(struct walk *w, struct diag *d)
{
	enum status st = ST_OK;
	size_t i;

	for (i = 1; i < w->len && st == ST_OK; i++)
		if (w->path[i] == '/')
			st = add_directory(w, w->path, i, d);
	return st;
}

static enum status
walk_component(struct walk *w, size_t component, struct diag *d)
{
	const char *path = w->handoff->components[component].path;
	struct diag why = DIAG_INIT;
	enum source_found found;
	enum status st = ST_OK, said;
	struct stat sb;
	int fd = -1;

	w->component = component;
	w->depth = 0;
	w->len = (size_t)snprintf(w->path, sizeof(w->path), "%.*s",
	    (int)CAP_PATH + 1, path);
	w->root_len = w->len;
	if (!check_path(w, path, true))
		goto out;
	found = source_open(w->out->base, path, w->out->dereference, &fd, &sb);
	/* Nothing there at all is no dangling link. */
	if (found == SOURCE_DANGLES &&
	    source_open(w->out->base, path, false, &fd, &sb) == SOURCE_MISSING)
		found = SOURCE_MISSING;
	if ((said = source_say(found, &sb, &why)) != ST_OK) {
		refuse(w, said, &why);
		goto out;
	}
	w->root = fd;
	if ((st = add_parents(w, d)) == ST_OK)
		st = walk_opened(w, fd, &sb, true, d);
out:
	fd_close(&fd);
	return st;
}

static int
by_string(const void *a, const void *b)
{
	return path_compare(*(char *const *)a, *(char *const *)b);
}

/* Ascending, each once: components share parents. */
static void
sort_directories(struct gathered *g)
{
	size_t i, n = 0;

	if (g->n_directories == 0)
		return;
	qsort(g->directories, g->n_directories, sizeof(*g->directories),
	    by_string);
	for (i = 0; i < g->n_directories; i++) {
		if (n > 0 && strcmp(g->directories[n - 1],
		    g->directories[i]) == 0)
			free(g->directories[i]);
		else
			g->directories[n++] = g->directories[i];
	}
	g->n_directories = n;
}

static int
by_file(const void *a, const void *b, void *arg)
{
	const struct content_file *files = arg;

	return path_compare(files[*(const size_t *)a].path,
	    files[*(const size_t *)b].path);
}

/* Files and their sources alike, in place: along the cycles of the permutation. */
static enum status
sort_files(struct gathered *g, struct diag *d)
{
	struct content_file file;
	struct source source;
	size_t *order, i, to, from;

	if (g->n_files == 0)
		return ST_OK;
	if ((order = reallocarray(NULL, g->n_files, sizeof(*order))) == NULL)
		return diag_nomem(d);
	for (i = 0; i < g->n_files; i++)
		order[i] = i;
	qsort_r(order, g->n_files, sizeof(*order), by_file, g->files);
	for (i = 0; i < g->n_files; i++) {
		file = g->files[i];
		source = g->sources[i];
		for (to = i; (from = order[to]) != i; to = from) {
			g->files[to] = g->files[from];
			g->sources[to] = g->sources[from];
			order[to] = to;
		}
		g->files[to] = file;
		g->sources[to] = source;
		order[to] = to;
	}
	free(order);
	return ST_OK;
}

static void
refuse_pair(struct walk *w, const char *a, const char *b)
{
	struct diag why = DIAG_INIT;

	w->len = (size_t)snprintf(w->path, sizeof(w->path), "%s", b);
	diag_set(&why, ST_REFUSED, "collision",
	    "on some systems this is the same name as %s", ESC(a));
	diag_hint(&why, "rename one of the two");
	refuse(w, ST_REFUSED, &why);
}

/* Name the pairs that collide, as many as can be found in reasonable time. */
static enum status
find_collisions(struct walk *w, struct diag *d)
{
	const struct gathered *g = w->out;
	size_t n = g->n_directories + g->n_files, rounds, i, a, b;
	const char **paths;
	enum status st = ST_OK;

	if (n == 0)
		return ST_OK;
	if ((paths = reallocarray(NULL, n, sizeof(*paths))) == NULL)
		return diag_nomem(d);
	for (i = 0; i < g->n_directories; i++)
		paths[i] = g->directories[i];
	for (i = 0; i < g->n_files; i++)
		paths[g->n_directories + i] = g->files[i].path;
	rounds = PAIRS_WORK / n;
	rounds = rounds > PAIRS_MAX ? PAIRS_MAX : rounds + 1;
	for (i = 0; i < rounds; i++) {
		st = paths_collide(paths, n, &a, &b, d);
		if (st != ST_OK || a >= n)
			break;
		refuse_pair(w, paths[a], paths[b]);
		paths[b] = paths[--n];
	}
	free(paths);
	return st;
}

static enum status
walk_all(struct walk *w, struct diag *d)
{
	enum status st = ST_OK;
	size_t i;

	for (i = 0; i < w->handoff->n_components && st == ST_OK; i++)
		st = walk_component(w, i, d);
	if (st != ST_OK)
		return st;
	sort_directories(w->out);
	if ((st = sort_files(w->out, d)) != ST_OK)
		return st;
	return find_collisions(w, d);
}

enum status
gather(const struct handoff *h, int base, bool dereference, struct findings *f,
    struct gathered **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct walk *w = NULL;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (w->out = calloc(1, sizeof(*w->out))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	w->handoff = h;
	w->findings = f;
	w->worst = ST_OK;
	w->root = -1;
	w->out->base = base;
	w->out->dereference = dereference;
	st = walk_all(w, d);
	if (w->n_refused > 0 && (st == ST_OK || st == ST_REFUSED))
		st = diag_set(d, w->worst, "source-refused",
		    "%zu of the files and directories cannot be packed",
		    w->n_refused);
	if (st != ST_OK)
		goto out;
	*out = w->out;
	w->out = NULL;
out:
	if (w != NULL)
		gathered_free(w->out);
	free(w);
	return st;
}

void
gathered_free(struct gathered *g)
{
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; i < g->n_directories; i++)
		free(g->directories[i]);
	for (i = 0; i < g->n_files; i++)
		free(g->files[i].path);
	free(g->directories);
	free(g->files);
	free(g->sources);
	free(g);
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static enum status
changed(const struct gathered *g, size_t i, struct diag *d)
{
	diag_set(d, ST_REFUSED, "source-changed",
	    "%s: changed since it was gathered", ESC(g->files[i].path));
	diag_hint(d, "let nothing write there, and run it again");
	return ST_REFUSED;
}

enum status
gather_unchanged(const struct gathered *g, size_t i, int fd, struct diag *d)
{
	const struct source_state *was = &g->sources[i].state;
	struct source_state now;
	struct stat sb;

	if (fstat(fd, &sb) == -1)
		return diag_errno(d, "%s", ESC(g->files[i].path));
	take_state(&now, &sb);
	if (!S_ISREG(sb.st_mode) || now.dev != was->dev || now.ino != was->ino ||
	    now.size != was->size || !same_time(&now.mtime, &was->mtime) ||
	    !same_time(&now.ctime, &was->ctime))
		return changed(g, i, d);
	return ST_OK;
}

/* As the walk found it: the component first, then what is below that. */
static enum source_found
open_again(const struct gathered *g, const struct handoff *h, size_t i, int *fd,
    struct stat *sb)
{
	const char *path = g->files[i].path;
	const char *root = h->components[g->sources[i].component].path;
	enum source_found found;
	int dir = -1;

	if (!g->dereference || strcmp(path, root) == 0)
		return source_open(g->base, path, g->dereference, fd, sb);
	*fd = -1;
	found = source_open(g->base, root, true, &dir, sb);
	if (found == SOURCE_OK)
		found = source_open(dir, path + strlen(root) + 1, true, fd, sb);
	fd_close(&dir);
	return found;
}

enum status
gather_open(const struct gathered *g, const struct handoff *h, size_t i, int *fd,
    struct diag *d)
{
	enum status st = ST_INTERNAL;
	enum source_found found;
	struct stat sb;
	int f = -1;

	*fd = -1;
	found = open_again(g, h, i, &f, &sb);
	if (found == SOURCE_ERRNO || found == SOURCE_NO_OPENAT2) {
		st = source_say(found, &sb, d);
		diag_within(d, "%s", ESC(g->files[i].path));
		goto out;
	}
	if (found != SOURCE_OK) {
		st = changed(g, i, d);
		goto out;
	}
	if ((st = gather_unchanged(g, i, f, d)) != ST_OK)
		goto out;
	*fd = f;
	f = -1;
	st = ST_OK;
out:
	fd_close(&f);
	return st;
}
