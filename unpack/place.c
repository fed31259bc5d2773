/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place - filling the tree in staging, making it durable, and giving it its
 * name.  What has to stand there is compared in survey.c, and judged nowhere here.
 */
#include "unpack/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bundle/file.h"
#include "manifests/caps.h"
#include "manifests/tarspell.h"
#include "unpack/staging.h"
#include "unpack/survey.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

#define TREE "tree"
#define SPACE_HINT "make room there, or import into another folder"

/* Room is asked for in advance from this size on. */
#define ALLOCATE_MIN (64 * KIB)
/* What is zero from one multiple of this to the next is not written: a hole serves. */
#define HOLE_UNIT (64 * KIB)
/* Files of this size are synced one by one, the others together. */
#define SYNC_MIN (4 * MIB)
/* The system is told to write so many bytes back while the next ones come. */
#define WRITEBACK_STEP (32 * MIB)

/* data, and the components of a path below it */
#define DIRS_MAX (CAP_DEPTH + 1)

struct place {
	struct staging staging;
	char *name;			/* of the bundle */
	int tree;
	dev_t dev;
	ino_t ino;			/* of tree */
	/*
	 * The directories from tree down to the one that is being filled, so
	 * that an entry costs no walk; each with the length of its path.
	 */
	struct {
		int fd;
		size_t len;
	} dirs[DIRS_MAX];
	size_t n_dirs;
	char path[sizeof(TAR_PREFIX) + CAP_PATH + 1];	/* of the deepest */
	int fd;				/* the file that is being written */
	const char *shown;		/* its path, in messages */
	bool allocated;			/* room was asked for, and the file is as long as it will be */
	_Atomic uint64_t written;	/* holes included */
	_Atomic bool holes;		/* something was not written */
	bool in_memory;			/* the file system is: it has nothing to lay out */
};

enum status
place_check_destination(const char *dest, const char *name, struct findings *f,
    struct diag *d)
{
	enum status st;
	int fd;

	if ((st = dir_open_path(dest, &fd, d)) != ST_OK)
		return st;
	st = staging_check_destination(fd, dest, name, f, d);
	fd_close(&fd);
	return st;
}

/* What is to be written fits, as far as the file system says. */
static enum status
check_space(int fd, const char *dest, uint64_t total, uint64_t n_files,
    struct diag *d)
{
	struct statvfs sv;
	uint64_t room;

	if (fstatvfs(fd, &sv) == -1)
		return diag_errno(d, "%s", ESC(dest));
	if (__builtin_mul_overflow((uint64_t)sv.f_bavail, (uint64_t)sv.f_frsize,
	    &room))
		room = UINT64_MAX;
	if (total > room) {
		diag_set(d, ST_HOST, "host-space", "%s: %llu bytes are free, "
		    "%llu are needed", ESC(dest), (unsigned long long)room,
		    (unsigned long long)total);
		diag_hint(d, SPACE_HINT);
		return ST_HOST;
	}
	/* Some file systems have no fixed number of files, and say 0. */
	if (sv.f_files != 0 && sv.f_favail != 0 && n_files > sv.f_favail) {
		diag_set(d, ST_HOST, "host-space", "%s: room for %llu "
		    "more files, %llu are needed", ESC(dest),
		    (unsigned long long)sv.f_favail, (unsigned long long)n_files);
		diag_hint(d, SPACE_HINT);
		return ST_HOST;
	}
	return ST_OK;
}

/* A new directory, 0755 whatever the umask is. */
static enum status
make_directory(int dirfd, const char *name, int *fd, struct diag *d)
{
	enum status st;

	if ((st = dir_make(dirfd, name, 0700, false, fd, d)) != ST_OK)
		return st;
	if (fchmod(*fd, 0755) == -1) {
		st = diag_errno(d, "%s: mode", ESC(name));
		fd_close(fd);
	}
	return st;
}

static enum status
open_tree(struct place *p, struct diag *d)
{
	enum status st;
	struct stat sb;

	p->in_memory = file_in_memory(p->staging.fd);
	st = make_directory(p->staging.fd, TREE, &p->tree, d);
	if (st != ST_OK)
		return st;
	if (fstat(p->tree, &sb) == -1)
		return diag_errno(d, TREE);
	p->dev = sb.st_dev;
	p->ino = sb.st_ino;
	st = make_directory(p->tree, "data", &p->dirs[0].fd, d);
	if (st != ST_OK)
		return st;
	memcpy(p->path, "data", sizeof("data"));
	p->dirs[0].len = strlen(p->path);
	p->n_dirs = 1;
	return ST_OK;
}

enum status
place_open(const char *dest, const char *name, const uint8_t *bundle_digest,
    uint64_t total, uint64_t n_files, struct place **out, struct diag *d)
{
	static const struct staging inert = STAGING_INIT;
	enum status st = ST_INTERNAL;
	struct place *p = NULL;

	*out = NULL;
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	p->staging = inert;
	p->tree = p->fd = -1;
	if ((p->name = strdup(name)) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	if ((st = dir_open_path(dest, &p->staging.dest, d)) != ST_OK)
		goto out;
	st = staging_check_destination(p->staging.dest, dest, name, NULL, d);
	if (st != ST_OK)
		goto out;
	if ((st = staging_open(&p->staging, bundle_digest, d)) != ST_OK)
		goto out;
	st = check_space(p->staging.fd, dest, total, n_files, d);
	if (st != ST_OK)
		goto out;
	if ((st = open_tree(p, d)) != ST_OK)
		goto out;
	*out = p;
	p = NULL;
	st = ST_OK;
out:
	place_free(p);
	return st;
}

/* Close what does not lie on the way to path: the deepest open one does then. */
static void
leave_directories(struct place *p, const char *path, size_t len)
{
	size_t n;

	while (p->n_dirs > 0) {
		n = p->dirs[p->n_dirs - 1].len;
		if (n <= len && memcmp(p->path, path, n) == 0 &&
		    (n == len || path[n] == '/'))
			return;
		fd_close(&p->dirs[--p->n_dirs].fd);
	}
}

/*
 * Open the directory that path (below tree) lies in, from the deepest open one
 * on, and name its last component.
 * make  directories on the way may be missing: those of the bag's own files
 */
static enum status
enter_parent(struct place *p, const char *path, bool make, int *dirfd,
    const char **name, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0, at, n;
	char part[CAP_COMPONENT + 1];
	enum status st;
	int fd;

	*name = slash != NULL ? slash + 1 : path;
	leave_directories(p, path, len);
	at = p->n_dirs > 0 ? p->dirs[p->n_dirs - 1].len : 0;
	*dirfd = p->n_dirs > 0 ? p->dirs[p->n_dirs - 1].fd : p->tree;
	while (at < len) {
		at += at > 0;			/* the slash */
		n = strcspn(path + at, "/");
		if (p->n_dirs == DIRS_MAX || n >= sizeof(part) ||
		    at + n >= sizeof(p->path))
			return diag_set(d, ST_INTERNAL, "place-path",
			    "%s: too deep or too long", ESC(path));
		memcpy(part, path + at, n);
		part[n] = '\0';
		st = dir_open(*dirfd, part, &fd, d);
		if (st == ST_INCOMPLETE && make)
			st = make_directory(*dirfd, part, &fd, d);
		if (st == ST_INCOMPLETE)
			return diag_set(d, ST_REFUSED, "staging-changed",
			    "%.*s in the staging directory: vanished",
			    (int)(at + n), path);
		if (st != ST_OK)
			return st;
		at += n;
		memcpy(p->path, path, at);
		p->dirs[p->n_dirs].fd = *dirfd = fd;
		p->dirs[p->n_dirs++].len = at;
	}
	return ST_OK;
}

static enum status
begin_file(struct place *p, int dirfd, const char *name, const char *shown,
    struct diag *d)
{
	enum status st;

	p->written = 0;
	p->allocated = false;
	p->holes = false;
	p->shown = shown;
	st = file_create(dirfd, name, 0600, &p->fd, d);
	if (st != ST_OK)
		diag_within(d, "%s", ESC(shown));
	return st;
}

/*
 * The room that a file needs, at once: so that it lies together, and is known to be there.
 * Where the system cannot tell, writing finds out.
 */
static enum status
ask_for_room(struct place *p, const struct content_entry *e, struct diag *d)
{
	off_t size = (off_t)e->file->size;

	if (p->in_memory)
		return ST_OK;
	if (fallocate(p->fd, FALLOC_FL_KEEP_SIZE, 0, size) == -1)
		return errno == ENOSPC || errno == EFBIG || errno == EDQUOT ?
		    diag_errno(d, "%s", ESC(e->path)) : ST_OK;
	/* Nothing is given back behind the file's end. */
	p->allocated = ftruncate(p->fd, size) == 0;
	return ST_OK;
}

static enum status
place_begin(void *arg, const struct content_entry *e, struct diag *d)
{
	struct place *p = arg;
	char path[sizeof(TAR_PREFIX) + CAP_PATH + 1];
	const char *name;
	enum status st;
	int dirfd, fd;

	if ((st = interrupt_check(d)) != ST_OK)
		return st;
	if ((size_t)snprintf(path, sizeof(path), TAR_PREFIX "%s", e->path) >=
	    sizeof(path))
		return diag_set(d, ST_INTERNAL, "place-path", "%s: too long",
		    ESC(e->path));
	if ((st = enter_parent(p, path, false, &dirfd, &name, d)) != ST_OK)
		return st;
	if (e->file == NULL) {
		st = make_directory(dirfd, name, &fd, d);
		if (st == ST_OK)
			fd_close(&fd);
		return st;
	}
	if ((st = begin_file(p, dirfd, name, e->path, d)) != ST_OK)
		return st;
	if (e->file->size < ALLOCATE_MIN)
		return ST_OK;
	return ask_for_room(p, e, d);
}

/* How many of the next bytes are alike, in units: zeros (*zero), or to be written. */
static size_t
same_kind(uint64_t at, const uint8_t *buf, size_t len, bool *zero)
{
	size_t done = 0, n;
	bool is;

	while (done < len) {
		n = HOLE_UNIT - (size_t)((at + done) % HOLE_UNIT);
		n = n < len - done ? n : len - done;
		is = buf[done] == 0 &&
		    memcmp(buf + done, buf + done + 1, n - 1) == 0;
		if (done > 0 && is != *zero)
			break;
		*zero = is;
		done += n;
	}
	return done;
}

/* Zeros are not written: a hole serves. */
static enum status
write_data(struct place *p, const uint8_t *buf, size_t len, uint64_t at,
    struct diag *d)
{
	enum status st = ST_OK;
	bool zero = false;
	size_t n;

	for (; len > 0 && st == ST_OK; buf += n, len -= n, at += n) {
		n = same_kind(at, buf, len, &zero);
		if (zero)
			p->holes = true;
		else
			st = file_pwrite(p->fd, buf, n, at, d);
	}
	return st;
}

/* Called by several threads at once; all that it needs of p stands for the whole file. */
static enum status
place_data(void *arg, const uint8_t *buf, size_t len, uint64_t at, struct diag *d)
{
	uint64_t end = at + len, step = end - end % WRITEBACK_STEP;
	struct place *p = arg;
	enum status st;

	if ((st = write_data(p, buf, len, at, d)) != ST_OK) {
		diag_within(d, "%s", ESC(p->shown));
		return st;
	}
	p->written += len;
	/* Only a beginning: whether it succeeds, fdatasync will say. */
	if (step > at)
		(void)sync_file_range(p->fd, (off_t)(step - WRITEBACK_STEP),
		    (off_t)WRITEBACK_STEP, SYNC_FILE_RANGE_WRITE);
	return ST_OK;
}

/* The file gets its length; room that was asked for, and not written to, is given back. */
static int
end_holes(const struct place *p, int fd, off_t size)
{
	off_t at = 0, end;

	if (!p->allocated)
		return ftruncate(fd, size);
	while ((at = lseek(fd, at, SEEK_HOLE)) != -1 && at < size) {
		if ((end = lseek(fd, at, SEEK_DATA)) == -1)
			end = size;
		(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, end - at);
		at = end;
	}
	return 0;
}

/* The final mode; a large file is synced now, small ones are together. */
static enum status
finish_file(struct place *p, const char *path, uint64_t size, mode_t mode,
    struct diag *d)
{
	enum status st = ST_OK;
	int fd = p->fd;

	p->fd = -1;
	if (p->written != size)
		st = diag_set(d, ST_INTERNAL, "place-size",
		    "%s: %llu bytes written, not %llu", ESC(path),
		    (unsigned long long)p->written, (unsigned long long)size);
	else if (p->holes && end_holes(p, fd, (off_t)size) == -1)
		st = diag_errno(d, "%s", ESC(path));
	else if (fchmod(fd, mode) == -1)
		st = diag_errno(d, "%s: mode", ESC(path));
	else if (size >= SYNC_MIN && fdatasync(fd) == -1)
		st = diag_errno(d, "%s: sync", ESC(path));
	if (close(fd) == -1 && st == ST_OK)
		st = diag_errno(d, "%s: close", ESC(path));
	return st;
}

static enum status
place_end(void *arg, const struct content_entry *e, struct diag *d)
{
	if (e->file == NULL)
		return ST_OK;
	return finish_file(arg, e->path, e->file->size,
	    e->file->executable ? 0755 : 0644, d);
}

void
place_sink(struct place *p, struct tar_sink *sink)
{
	sink->begin = place_begin;
	sink->data = place_data;
	sink->end = place_end;
	sink->arg = p;
}

enum status
place_tag_files(struct place *p, const struct bag_file *files, size_t n,
    struct diag *d)
{
	const char *name;
	enum status st;
	size_t i;
	int dirfd;

	for (i = 0; i < n; i++) {
		st = enter_parent(p, files[i].path, true, &dirfd, &name, d);
		if (st != ST_OK)
			return st;
		if ((st = begin_file(p, dirfd, name, files[i].path, d)) != ST_OK)
			return st;
		st = place_data(p, files[i].bytes.data, files[i].bytes.len, 0, d);
		if (st != ST_OK)
			return st;
		st = finish_file(p, files[i].path, files[i].bytes.len, 0644, d);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

/*
 * Whether syncfs(2) tells of what could not be written: since Linux 5.8, and
 * not where it does not reach the disk.
 */
static bool
syncfs_tells(int fd)
{
	unsigned major = 0, minor = 0;
	struct utsname u;
	struct statfs sf;

	if (uname(&u) == -1 ||
	    sscanf(u.release, "%u.%u", &major, &minor) != 2 ||
	    major < 5 || (major == 5 && minor < 8))
		return false;
	return fstatfs(fd, &sf) == 0 && sf.f_type != FUSE_SUPER_MAGIC;
}

/* The tree is what it has to be, and on the disk. */
static enum status
make_durable(struct place *p, const struct derived *want, struct diag *d)
{
	bool together = syncfs_tells(p->staging.fd);
	enum status st;

	if ((st = survey_tree(p->tree, want, !together, d)) != ST_OK)
		return st;
	/* staging was opened before the first write: so it sees each error. */
	if (together && syncfs(p->staging.fd) == -1) {
		if (errno != ENOSYS)
			return diag_errno(d, "%s: sync", p->staging.name);
		if ((st = survey_tree(p->tree, want, true, d)) != ST_OK)
			return st;
	}
	return dir_sync(p->staging.fd, p->staging.name, d);
}

/* Whether name below dirfd is the tree. */
static bool
is_tree(const struct place *p, int dirfd, const char *name)
{
	struct stat sb;

	return fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(sb.st_mode) && sb.st_dev == p->dev && sb.st_ino == p->ino;
}

static enum status
name_taken(const struct place *p, struct diag *d)
{
	diag_set(d, ST_HOST, "dest-exists", "%s: is there already",
	    ESC(p->name));
	diag_hint(d, "import into another folder, or move it away");
	return ST_HOST;
}

static enum status
rename_tree(const struct place *p, struct findings *f, struct diag *d)
{
	const struct staging *s = &p->staging;
	struct stat sb;

	if (renameat2(s->fd, TREE, s->dest, p->name, RENAME_NOREPLACE) == 0)
		return ST_OK;
	if (errno == EEXIST)
		return name_taken(p, d);
	if (errno != EINVAL && errno != ENOSYS)
		return diag_errno(d, "%s: rename", ESC(p->name));
	/*
	 * This file system has no RENAME_NOREPLACE.  A plain rename of a
	 * directory replaces at most an empty one that appears just now.
	 */
	if (fstatat(s->dest, p->name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return name_taken(p, d);
	if (errno != ENOENT)
		return diag_errno(d, "%s", ESC(p->name));
	if (renameat(s->fd, TREE, s->dest, p->name) == -1)
		return diag_errno(d, "%s: rename", ESC(p->name));
	if (f != NULL)
		findings_note(f, NULL, "plain-rename",
		    "the destination's file system cannot refuse to replace; its name was looked up first");
	return ST_OK;
}

enum status
place_publish(struct place *p, const struct contents *c,
    const struct bag_file *files, size_t n, struct findings *f, struct diag *d)
{
	const struct derived want = { c, files, n };
	const struct staging *s = &p->staging;
	enum status st;

	if ((st = make_durable(p, &want, d)) != ST_OK)
		return st;
	if ((st = interrupt_check(d)) != ST_OK)
		return st;
	if (!staging_stands(s) || !is_tree(p, s->fd, TREE))
		return diag_set(d, ST_REFUSED, "staging-changed",
		    "%s: another directory stands in its place", s->name);
	if ((st = rename_tree(p, f, d)) != ST_OK)
		return st;
	if (!is_tree(p, s->dest, p->name))
		return diag_set(d, ST_REFUSED, "staging-changed",
		    "%s: another directory stands in its place", ESC(p->name));
	if ((st = dir_sync(s->dest, p->name, d)) != ST_OK) {
		diag_hint(d, "%s is complete, but a loss of power may still take it away: run sync, then satchel-unpack audit",
		    ESC(p->name));
		return st;
	}
	staging_close(&p->staging);
	return ST_OK;
}

void
place_free(struct place *p)
{
	if (p == NULL)
		return;
	while (p->n_dirs > 0)
		fd_close(&p->dirs[--p->n_dirs].fd);
	fd_close(&p->fd);
	fd_close(&p->tree);
	staging_close(&p->staging);
	free(p->name);
	free(p);
}
