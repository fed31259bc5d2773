/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outdir - where a bundle is put together.  On any failure everything that was
 * made is removed, so that nothing is left that could be taken for a bundle.
 */
#include "pack/outdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/file.h"

#define PART ".part-"
#define STAGE PART "bundle"
#define COPY_LEN (1U << 20)

/* Held as long as the descriptor is open; where there are no locks, none is held. */
static enum status
lock(const struct outdir *o, struct diag *d)
{
	if (flock(o->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return ST_OK;
	diag_set(d, ST_BUSY, "output-busy", "%s: another run is packing into it",
	    ESC(o->path));
	diag_hint(d, "name another directory");
	return ST_BUSY;
}

enum status
outdir_open(const char *path, bool grouped, struct outdir *o, struct diag *d)
{
	char **names = NULL;
	enum status st;
	size_t n = 0;

	memset(o, 0, sizeof(*o));
	o->fd = o->stage = -1;
	o->grouped = grouped;
	if ((o->path = strdup(path)) == NULL)
		return diag_nomem(d);
	if (mkdir(path, 0777) == 0)
		o->made = true;
	else if (errno != EEXIST)
		return diag_errno(d, "%s", ESC(path));
	if ((st = dir_open_path(path, &o->fd, d)) != ST_OK)
		return st;
	if ((st = lock(o, d)) != ST_OK) {
		fd_close(&o->fd);	/* the other run's */
		o->made = false;
		return st;
	}
	if ((st = dir_list(o->fd, &names, &n, d)) != ST_OK) {
		diag_within(d, "%s", ESC(path));
		return st;
	}
	dir_list_free(names, n);
	if (n > 0) {
		diag_set(d, ST_HOST, "output-exists",
		    "%s: exists and is not empty", ESC(path));
		diag_hint(d, "name a directory that is absent or empty");
		fd_close(&o->fd);	/* it is not ours to remove anything from */
		return ST_HOST;
	}
	if (grouped)
		return dir_make(o->fd, STAGE, 0777, false, &o->stage, d);
	return dir_open(o->fd, ".", &o->stage, d);
}

static enum status
add_medium(struct outdir *o, size_t k, int fd, const char *name, struct diag *d)
{
	size_t room = strlen(o->path) + 32;

	o->media[k] = fd;
	o->n_media = k + 1;
	if ((o->labels[k] = malloc(room)) == NULL)
		return diag_nomem(d);
	snprintf(o->labels[k], room, "%s%s%s", o->path, *name == '\0' ? "" : "/", name);
	return ST_OK;
}

static enum status
move(int from, int to, const char *name, struct diag *d)
{
	if (renameat(from, name, to, name) == -1)
		return diag_errno(d, "%s", name);
	return ST_OK;
}

/* Copy one regular file from one medium to another. */
static enum status
copy_file(int from, int to, const char *name, struct diag *d)
{
	enum status st;
	uint8_t *buf = NULL;
	uint64_t size, at;
	int in = -1, out = -1;

	if ((st = file_open_read(from, name, &in, &size, d)) != ST_OK)
		return st;
	if ((buf = malloc(COPY_LEN)) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	if ((st = file_create(to, name, 0666, &out, d)) != ST_OK)
		goto out;
	for (at = 0; at < size;) {
		size_t n = size - at < COPY_LEN ? (size_t)(size - at) : COPY_LEN;

		if ((st = file_pread(in, buf, n, at, d)) != ST_OK ||
		    (st = file_write(out, buf, n, d)) != ST_OK)
			goto out;
		at += n;
	}
	st = file_sync_close(&out, name, d);
out:
	fd_close(&in);
	fd_close(&out);
	free(buf);
	return st;
}

/* Copy all that lies in a directory (files and directories) into another one. */
static enum status
copy_tree(int from, int to, unsigned depth, struct diag *d)
{
	char **names = NULL;
	enum status st;
	struct stat sb;
	size_t n = 0, i;

	if ((st = dir_list(from, &names, &n, d)) != ST_OK)
		return st;
	for (i = 0; i < n && st == ST_OK; i++) {
		int a = -1, b = -1;

		if (fstatat(from, names[i], &sb, AT_SYMLINK_NOFOLLOW) == -1) {
			st = diag_errno(d, "%s", names[i]);
		} else if (!S_ISDIR(sb.st_mode)) {
			if (strncmp(names[i], "payload-", 8) != 0)
				st = copy_file(from, to, names[i], d);
		} else if (depth > 0) {
			st = dir_open(from, names[i], &a, d);
			if (st == ST_OK)
				st = dir_make(to, names[i], 0777, false, &b, d);
			if (st == ST_OK)
				st = copy_tree(a, b, depth - 1, d);
			fd_close(&a);
			fd_close(&b);
		}
	}
	dir_list_free(names, n);
	return st == ST_OK ? dir_sync(to, "medium", d) : st;
}

static enum status
spread_grouped(struct outdir *o, const struct transport *t, struct diag *d)
{
	char name[TRANSPORT_NAME_MAX];
	enum status st;
	size_t l, v, k;
	int fd;

	for (k = 0; k < t->n_media; k++) {
		snprintf(name, sizeof(name), "medium-%02zu", k + 1);
		if ((st = dir_make(o->fd, name, 0777, false, &fd, d)) != ST_OK)
			return st;
		if ((st = add_medium(o, k, fd, name, d)) != ST_OK)
			return st;
	}
	for (l = 0; l < t->n_lanes; l++)
		for (v = 0; v < t->lanes[l].n_volumes; v++) {
			k = t->lanes[l].volumes[v].medium - 1;
			transport_name_payload(name, t->lanes[l].lane, v);
			if ((st = move(o->stage, o->media[k], name, d)) != ST_OK)
				return st;
		}
	for (k = 0; k < t->n_media; k++)
		if ((st = copy_tree(o->stage, o->media[k], 3, d)) != ST_OK)
			return st;
	fd_close(&o->stage);
	return dir_remove_tree(o->fd, STAGE, d);
}

enum status
outdir_spread(struct outdir *o, const struct transport *t, struct diag *d)
{
	enum status st;
	int fd;

	o->media = calloc(t->n_media, sizeof(*o->media));
	o->labels = calloc(t->n_media, sizeof(*o->labels));
	if (o->media == NULL || o->labels == NULL)
		return diag_nomem(d);
	if (o->made && (st = dir_sync_parent(o->fd, o->path, d)) != ST_OK)
		return st;
	if (o->grouped)
		return spread_grouped(o, t, d);
	if ((st = dir_open(o->fd, ".", &fd, d)) != ST_OK)
		return st;
	if ((st = add_medium(o, 0, fd, "", d)) != ST_OK)
		return st;
	return dir_sync(o->fd, o->path, d);
}

enum status
outdir_media(const struct outdir *o, const struct bytes *manifest,
    struct media **out, struct diag *d)
{
	enum status st;
	struct media *m;
	size_t i;

	*out = NULL;
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return diag_nomem(d);
	if ((m->items = calloc(o->n_media, sizeof(*m->items))) == NULL) {
		free(m);
		return diag_nomem(d);
	}
	for (i = 0; i < o->n_media; i++)
		m->items[i].dirfd = -1;
	m->n = o->n_media;
	for (i = 0; i < o->n_media; i++) {
		struct medium *it = &m->items[i];
		size_t room = 4 * strlen(o->labels[i]) + 8;

		if ((it->label = malloc(room)) != NULL)
			text_escape(it->label, room, o->labels[i], strlen(o->labels[i]));
		bytes_append(&it->manifest, manifest->data, manifest->len);
		if (it->label == NULL || it->manifest.failed) {
			media_free(m);
			return diag_nomem(d);
		}
		it->dirfd = fcntl(o->media[i], F_DUPFD_CLOEXEC, 3);
		if (it->dirfd == -1) {
			st = diag_errno(d, "%s", it->label);
			media_free(m);
			return st;
		}
	}
	*out = m;
	return ST_OK;
}

enum status
outdir_put(struct outdir *o, const char *subdir, const char *name,
    const struct bytes *data, struct diag *d)
{
	enum status st;
	size_t k;
	int fd;

	for (k = 0; k < o->n_media; k++) {
		if (subdir != NULL)
			st = dir_make(o->media[k], subdir, 0777, true, &fd, d);
		else
			st = dir_open(o->media[k], ".", &fd, d);
		if (st != ST_OK)
			return st;
		st = file_replace(fd, name, 0666, data->data, data->len, d);
		if (st == ST_OK)
			st = dir_sync(fd, name, d);
		fd_close(&fd);
		if (st == ST_OK && subdir != NULL)
			st = dir_sync(o->media[k], subdir, d);
		if (st != ST_OK) {
			diag_within(d, "%s", ESC(o->labels[k]));
			return st;
		}
	}
	return o->grouped ? dir_sync(o->fd, o->path, d) : ST_OK;
}

/* Whether a run makes something of that name in the directory. */
static bool
is_ours(const struct outdir *o, const char *name)
{
	static const char *const fixed[] = { "keys", "signatures", "README.txt",
		"SHA512SUMS", "SHA256SUMS", "manifest.yaml" };
	size_t i;

	if (o->grouped)
		return strcmp(name, STAGE) == 0 || strncmp(name, "medium-", 7) == 0;
	if (strncmp(name, PART, sizeof(PART) - 1) == 0)
		name += sizeof(PART) - 1;
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(name, fixed[i]) == 0)
			return true;
	return strncmp(name, "payload-", 8) == 0 || strncmp(name, "contents-", 9) == 0;
}

/* Remove what was made.  It was empty when the run began, but others may write there too. */
static void
remove_all(struct outdir *o)
{
	struct diag ignored;
	char **names = NULL;
	size_t n = 0, i;

	/* the manifest goes first: from then on it cannot be taken for a bundle */
	for (i = 0; i < o->n_media; i++) {
		unlinkat(o->media[i], "manifest.yaml", 0);
		fd_close(&o->media[i]);	/* too many of them may be why the run failed */
	}
	fd_close(&o->stage);
	if (dir_list(o->fd, &names, &n, &ignored) != ST_OK)
		return;
	for (i = 0; i < n; i++)
		if (is_ours(o, names[i]) &&
		    dir_remove_tree(o->fd, names[i], &ignored) != ST_OK)
			continue;	/* as much as can be */
	dir_list_free(names, n);
}

void
outdir_close(struct outdir *o, bool keep)
{
	size_t i;

	if (o->fd != -1 && o->path != NULL && !keep)
		remove_all(o);
	if (o->made && !keep)
		rmdir(o->path);		/* if nobody else's is in it */
	for (i = 0; i < o->n_media; i++) {
		fd_close(&o->media[i]);
		free(o->labels[i]);
	}
	free(o->media);
	free(o->labels);
	fd_close(&o->stage);
	fd_close(&o->fd);
	free(o->path);
	memset(o, 0, sizeof(*o));
	o->fd = o->stage = -1;
}
