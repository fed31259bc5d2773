/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file - opening, reading and writing single files below directory descriptors,
 * and the flag that a signal sets.  Directories are in dir.c; no format here.
 */
#include "bundle/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Longest name below a directory descriptor, ".part-" included. */
#define NAME_ROOM 320

static volatile sig_atomic_t interrupt_flag;
static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };
#define N_INTERRUPTS (sizeof(interrupts) / sizeof(interrupts[0]))

/* One component, so that O_NOFOLLOW speaks of the whole way. */
static enum status
check_name(const char *name, struct diag *d)
{
	if (*name == '\0' || strchr(name, '/') != NULL ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return diag_set(d, ST_INTERNAL, "file-name",
		    "%s is no file name", ESC(name));
	return ST_OK;
}

static enum status
not_regular(const char *name, struct diag *d)
{
	return diag_set(d, ST_HOST, "not-regular", "%s: no regular file",
	    ESC(name));
}

/* A descriptor's size, if it is a regular file. */
static enum status
regular_size(int fd, const char *name, uint64_t *size, struct diag *d)
{
	struct stat sb;

	if (fstat(fd, &sb) == -1)
		return diag_errno(d, "%s", ESC(name));
	if (!S_ISREG(sb.st_mode))
		return not_regular(name, d);
	if (sb.st_size < 0)
		return diag_set(d, ST_HOST, "host-io", "%s: negative size",
		    ESC(name));
	*size = (uint64_t)sb.st_size;
	return ST_OK;
}

enum status
file_open_read(int dirfd, const char *name, int *fd, uint64_t *size,
    struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct stat sb;
	int f = -1;

	*fd = -1;
	*size = 0;
	if ((st = check_name(name, d)) != ST_OK)
		goto out;
	/* Looked at first: the mere opening of a device can do something. */
	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == -1) {
		st = errno == ENOENT ? diag_set(d, ST_INCOMPLETE, "missing",
		    "%s: missing", ESC(name)) : diag_errno(d, "%s", ESC(name));
		goto out;
	}
	if (!S_ISREG(sb.st_mode)) {
		st = not_regular(name, d);
		goto out;
	}
	do
		f = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
	while (f == -1 && errno == EINTR && !interrupted());
	if (f == -1) {
		if (errno == ENOENT)
			st = diag_set(d, ST_INCOMPLETE, "missing",
			    "%s: missing", ESC(name));
		else if (errno == ELOOP || errno == ENXIO)
			st = not_regular(name, d);
		else
			st = diag_errno(d, "%s", ESC(name));
		goto out;
	}
	if ((st = regular_size(f, name, size, d)) != ST_OK)
		goto out;
	*fd = f;
	f = -1;
	st = ST_OK;
out:
	fd_close(&f);
	return st;
}

/* Up to len bytes from the descriptor's position, less only where it ends; -1. */
static ssize_t
read_up_to(int fd, uint8_t *buf, size_t len)
{
	size_t done = 0;
	ssize_t r;

	while (done < len) {
		if ((r = read(fd, buf + done, len - done)) == -1) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

/* All of an open file of that size, appended to out. */
static enum status
read_all(int fd, const char *name, uint64_t size, uint64_t cap,
    struct bytes *out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	uint8_t *buf = NULL;
	size_t room = 0;
	ssize_t r;

	if (size > cap || size > SSIZE_MAX - 1) {
		st = diag_set(d, ST_MALFORMED, "over-cap",
		    "%s: %llu bytes, over the limit of %llu", ESC(name),
		    (unsigned long long)size, (unsigned long long)cap);
		goto out;
	}
	room = (size_t)size + 1;	/* one more, to see whether it grows */
	if ((buf = malloc(room)) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	if ((r = read_up_to(fd, buf, room)) == -1) {
		st = diag_errno(d, "%s", ESC(name));
		goto out;
	}
	if ((uint64_t)r != size) {
		st = diag_set(d, ST_HOST, "file-changed",
		    "%s: its size changed while it was read", ESC(name));
		goto out;
	}
	if (out->data == NULL && !out->failed) {
		out->data = buf;
		out->len = (size_t)size;
		out->cap = room;
		buf = NULL;
	} else {
		bytes_append(out, buf, (size_t)size);
		if (out->failed) {
			st = diag_nomem(d);
			goto out;
		}
	}
	st = ST_OK;
out:
	if (buf != NULL)
		explicit_bzero(buf, room);
	free(buf);
	return st;
}

enum status
file_read_whole(int dirfd, const char *name, uint64_t cap, struct bytes *out,
    struct diag *d)
{
	enum status st = ST_INTERNAL;
	uint64_t size;
	int fd = -1;

	if ((st = file_open_read(dirfd, name, &fd, &size, d)) != ST_OK)
		goto out;
	st = read_all(fd, name, size, cap, out, d);
out:
	fd_close(&fd);
	return st;
}

enum status
file_read_path(const char *path, uint64_t cap, struct bytes *out,
    struct diag *d)
{
	enum status st = ST_INTERNAL;
	uint64_t size;
	int fd = -1;

	do
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	while (fd == -1 && errno == EINTR && !interrupted());
	if (fd == -1) {
		st = errno == ENOENT ? diag_set(d, ST_HOST, "missing",
		    "%s: missing", ESC(path)) : diag_errno(d, "%s", ESC(path));
		goto out;
	}
	if ((st = regular_size(fd, path, &size, d)) != ST_OK)
		goto out;
	st = read_all(fd, path, size, cap, out, d);
out:
	fd_close(&fd);
	return st;
}

enum status
file_pread(int fd, void *buf, size_t len, uint64_t offset, struct diag *d)
{
	uint8_t *p = buf;
	size_t done = 0;
	ssize_t r;

	if (offset > INT64_MAX || len > INT64_MAX - offset)
		return diag_set(d, ST_INTERNAL, "file-offset",
		    "offset %llu is out of range", (unsigned long long)offset);
	while (done < len) {
		r = pread(fd, p + done, len - done, (off_t)(offset + done));
		if (r == -1) {
			if (errno == EINTR)
				continue;
			return diag_errno(d, "reading at byte %llu",
			    (unsigned long long)(offset + done));
		}
		if (r == 0)
			return diag_set(d, ST_DAMAGED, "short",
			    "ends at byte %llu",
			    (unsigned long long)(offset + done));
		done += (size_t)r;
	}
	return ST_OK;
}

enum status
file_write(int fd, const void *buf, size_t len, struct diag *d)
{
	const uint8_t *p = buf;
	ssize_t r;

	while (len > 0) {
		if ((r = write(fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			return diag_errno(d, "writing");
		}
		p += r;
		len -= (size_t)r;
	}
	return ST_OK;
}

enum status
file_pwrite(int fd, const void *buf, size_t len, uint64_t offset, struct diag *d)
{
	const uint8_t *p = buf;
	ssize_t r;

	while (len > 0) {
		if ((r = pwrite(fd, p, len, (off_t)offset)) == -1) {
			if (errno == EINTR)
				continue;
			return diag_errno(d, "writing");
		}
		p += r;
		len -= (size_t)r;
		offset += (uint64_t)r;
	}
	return ST_OK;
}

bool
file_in_memory(int fd)
{
	struct statfs sf;

	return fstatfs(fd, &sf) == 0 &&
	    (sf.f_type == TMPFS_MAGIC || sf.f_type == RAMFS_MAGIC);
}

enum status
file_create(int dirfd, const char *name, mode_t mode, int *fd, struct diag *d)
{
	enum status st;

	*fd = -1;
	if ((st = check_name(name, d)) != ST_OK)
		return st;
	do
		*fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, mode);
	while (*fd == -1 && errno == EINTR && !interrupted());
	if (*fd == -1)
		return errno == EEXIST ? diag_set(d, ST_HOST, "exists",
		    "%s: is there already", ESC(name)) :
		    diag_errno(d, "%s", ESC(name));
	return ST_OK;
}

enum status
file_create_path(const char *path, mode_t mode, int *fd, struct diag *d)
{
	*fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (*fd != -1)
		return ST_OK;
	return errno == EEXIST ? diag_set(d, ST_HOST, "exists",
	    "%s: is there already", ESC(path)) : diag_errno(d, "%s", ESC(path));
}

enum status
file_sync_close(int *fd, const char *name, struct diag *d)
{
	enum status st = ST_OK;
	int f = *fd;

	*fd = -1;
	/* Not tried again: after a failed fsync the next one says nothing. */
	if (fsync(f) == -1)
		st = diag_errno(d, "%s: sync", ESC(name));
	if (close(f) == -1 && st == ST_OK)
		st = diag_errno(d, "%s: close", ESC(name));
	return st;
}

enum status
file_put(int dirfd, const char *name, mode_t mode, const void *buf, size_t len,
    struct diag *d)
{
	enum status st = ST_INTERNAL;
	bool made = false;
	int fd = -1;

	if ((st = file_create(dirfd, name, mode, &fd, d)) != ST_OK)
		goto out;
	made = true;
	if ((st = file_write(fd, buf, len, d)) != ST_OK) {
		diag_within(d, "%s", ESC(name));
		goto out;
	}
	st = file_sync_close(&fd, name, d);
out:
	fd_close(&fd);
	if (st != ST_OK && made)
		(void)unlinkat(dirfd, name, 0);
	return st;
}

enum status
file_replace(int dirfd, const char *name, mode_t mode, const void *buf,
    size_t len, struct diag *d)
{
	enum status st = ST_INTERNAL;
	char part[NAME_ROOM];

	if ((st = check_name(name, d)) != ST_OK)
		return st;
	if ((size_t)snprintf(part, sizeof(part), ".part-%s", name) >=
	    sizeof(part))
		return diag_set(d, ST_INTERNAL, "file-name", "%s: too long",
		    ESC(name));
	/* What a killed run left. */
	if (unlinkat(dirfd, part, 0) == -1 && errno != ENOENT)
		return diag_errno(d, "%s", ESC(part));
	if ((st = file_put(dirfd, part, mode, buf, len, d)) != ST_OK)
		return st;
	if (renameat(dirfd, part, dirfd, name) == -1) {
		st = diag_errno(d, "%s: rename", ESC(name));
		(void)unlinkat(dirfd, part, 0);
	}
	return st;
}

void
fd_close(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static void
on_signal(int sig)
{
	(void)sig;
	interrupt_flag = 1;
}

void
interrupt_install(void)
{
	struct sigaction sa, old;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	/* The second one meets the default action.  Calls are not restarted. */
	sa.sa_flags = (int)SA_RESETHAND;
	sa.sa_handler = on_signal;
	for (i = 0; i < N_INTERRUPTS; i++) {
		/* What was ignored from the start (nohup) stays so. */
		if (sigaction(interrupts[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(interrupts[i], &sa, NULL);
	}
	sa.sa_flags = 0;
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigaction(SIGXFSZ, &sa, NULL);
}

bool
interrupted(void)
{
	return interrupt_flag != 0;
}

bool
interrupt_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	sigset_t asked, before;
	size_t i;
	int n;

	sigemptyset(&asked);
	for (i = 0; i < N_INTERRUPTS; i++)
		sigaddset(&asked, interrupts[i]);
	(void)pthread_sigmask(SIG_BLOCK, &asked, &before);
	do
		n = interrupted() ? -1 : ppoll(&p, 1, NULL, &before);
	while (n == -1 && errno == EINTR && !interrupted());
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n > 0;
}

enum status
interrupt_check(struct diag *d)
{
	if (interrupted())
		return diag_set(d, ST_INTERRUPTED, "interrupted", "interrupted");
	return ST_OK;
}
