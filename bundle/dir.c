/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dir - directories by descriptor: opened, made, listed, removed.  The other
 * half of file.h; nothing here follows a link below a descriptor.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/file.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)

/* Deeper than any path that satchel makes: what is deeper is not ours. */
#define DEPTH_MAX 64

static enum status
check_name(const char *name, struct diag *d)
{
	if (*name == '\0' || strchr(name, '/') != NULL ||
	    strcmp(name, "..") == 0)
		return diag_set(d, ST_INTERNAL, "file-name",
		    "%s is no file name", ESC(name));
	return ST_OK;
}

enum status
dir_open(int dirfd, const char *name, int *fd, struct diag *d)
{
	enum status st;

	*fd = -1;
	if ((st = check_name(name, d)) != ST_OK)
		return st;
	do
		*fd = openat(dirfd, name, DIR_FLAGS | O_NOFOLLOW);
	while (*fd == -1 && errno == EINTR && !interrupted());
	if (*fd != -1)
		return ST_OK;
	if (errno == ENOENT)
		return diag_set(d, ST_INCOMPLETE, "missing", "%s: missing",
		    ESC(name));
	if (errno == ENOTDIR || errno == ELOOP)
		return diag_set(d, ST_HOST, "not-directory",
		    "%s: no directory", ESC(name));
	return diag_errno(d, "%s", ESC(name));
}

char *
dir_of_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

enum status
dir_open_path(const char *path, int *fd, struct diag *d)
{
	do
		*fd = open(path, DIR_FLAGS);
	while (*fd == -1 && errno == EINTR && !interrupted());
	if (*fd == -1)
		return diag_errno(d, "%s", ESC(path));
	return ST_OK;
}

enum status
dir_make(int dirfd, const char *name, mode_t mode, bool existing, int *fd,
    struct diag *d)
{
	enum status st;

	*fd = -1;
	if ((st = check_name(name, d)) != ST_OK)
		return st;
	if (mkdirat(dirfd, name, mode) == -1) {
		if (errno != EEXIST)
			return diag_errno(d, "%s", ESC(name));
		if (!existing)
			return diag_set(d, ST_HOST, "exists",
			    "%s: is there already", ESC(name));
	}
	return dir_open(dirfd, name, fd, d);
}

enum status
dir_sync(int dirfd, const char *name, struct diag *d)
{
	if (fsync(dirfd) == -1)
		return diag_errno(d, "%s: sync", ESC(name));
	return ST_OK;
}

enum status
dir_sync_parent(int dirfd, const char *name, struct diag *d)
{
	enum status st;
	int fd;

	do
		fd = openat(dirfd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd == -1 && errno == EINTR && !interrupted());
	if (fd == -1)	/* one may write where one may not read */
		return errno == EACCES ? ST_OK : diag_errno(d, "%s/..", ESC(name));
	st = dir_sync(fd, name, d);
	fd_close(&fd);
	return st;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Put a copy of name behind the n names of a list that doubles. */
static int
list_add(char ***names, size_t *n, size_t *cap, const char *name)
{
	size_t more = *cap == 0 ? 64 : *cap * 2;
	char **grown;

	if (*n == *cap) {
		if ((grown = reallocarray(*names, more, sizeof(**names))) == NULL)
			return -1;
		*names = grown;
		*cap = more;
	}
	if (((*names)[*n] = strdup(name)) == NULL)
		return -1;
	(*n)++;
	return 0;
}

enum status
dir_list(int dirfd, char ***names, size_t *n, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct dirent *e;
	DIR *dir = NULL;
	size_t cap = 0;
	int fd = -1;

	*names = NULL;
	*n = 0;
	/* Its own open description, so that the caller's position stays. */
	do
		fd = openat(dirfd, ".", DIR_FLAGS);
	while (fd == -1 && errno == EINTR && !interrupted());
	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		st = diag_errno(d, "directory");
		goto out;
	}
	fd = -1;			/* dir's */
	for (;;) {
		errno = 0;
		if ((e = readdir(dir)) == NULL)
			break;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (list_add(names, n, &cap, e->d_name) == -1) {
			st = diag_nomem(d);
			goto out;
		}
	}
	if (errno != 0) {
		st = diag_errno(d, "directory");
		goto out;
	}
	if (*n > 1)
		qsort(*names, *n, sizeof(**names), by_bytes);
	st = ST_OK;
out:
	if (dir != NULL)
		(void)closedir(dir);
	fd_close(&fd);
	if (st != ST_OK) {
		dir_list_free(*names, *n);
		*names = NULL;
		*n = 0;
	}
	return st;
}

void
dir_list_free(char **names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static enum status
remove_at(int dirfd, const char *name, unsigned depth, struct diag *d)
{
	enum status st = ST_INTERNAL;
	char **names = NULL;
	size_t n = 0, i;
	struct stat sb;
	int fd = -1;

	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == -1) {
		st = errno == ENOENT ? ST_OK : diag_errno(d, "%s", ESC(name));
		goto out;
	}
	if (S_ISDIR(sb.st_mode)) {
		if (depth == DEPTH_MAX) {
			st = diag_set(d, ST_HOST, "dir-depth",
			    "%s: too deep to be removed", ESC(name));
			goto out;
		}
		if ((st = dir_open(dirfd, name, &fd, d)) != ST_OK ||
		    (st = dir_list(fd, &names, &n, d)) != ST_OK)
			goto out;
		for (i = 0; i < n; i++) {
			st = remove_at(fd, names[i], depth + 1, d);
			if (st != ST_OK)
				goto out;
		}
	}
	if (unlinkat(dirfd, name, S_ISDIR(sb.st_mode) ? AT_REMOVEDIR : 0) == -1 &&
	    errno != ENOENT) {
		st = diag_errno(d, "%s", ESC(name));
		goto out;
	}
	st = ST_OK;
out:
	fd_close(&fd);
	dir_list_free(names, n);
	return st;
}

enum status
dir_remove_tree(int dirfd, const char *name, struct diag *d)
{
	enum status st;

	if ((st = check_name(name, d)) != ST_OK)
		return st;
	if (strcmp(name, ".") == 0)
		return diag_set(d, ST_INTERNAL, "file-name",
		    "a directory cannot remove itself");
	return remove_at(dirfd, name, 0, d);
}
