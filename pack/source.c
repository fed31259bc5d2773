/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source - opening what is to be packed, by directory descriptors or by
 * openat2(2).  It reads nothing, and writes nothing.
 */
#include "pack/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bundle/file.h"
#include "manifests/caps.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* How often openat2() is asked again where a rename was in its way. */
#define RETRIES 16

static enum source_found
found_by_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return SOURCE_MISSING;
	case ELOOP:
		return SOURCE_LINK;
	default:
		return SOURCE_ERRNO;
	}
}

static enum source_found
found_by_mode(const struct stat *sb)
{
	if (S_ISREG(sb->st_mode) || S_ISDIR(sb->st_mode))
		return SOURCE_OK;
	return S_ISLNK(sb->st_mode) ? SOURCE_LINK : SOURCE_SPECIAL;
}

/* Close fd and leave errno alone. */
static void
drop(int *fd)
{
	int err = errno;

	fd_close(fd);
	errno = err;
}

/* One component. */
static enum source_found
open_entry(int dirfd, const char *name, int *fd, struct stat *sb)
{
	enum source_found found;

	*fd = -1;
	/* Looked at first: the mere opening of a device can do something. */
	if (fstatat(dirfd, name, sb, AT_SYMLINK_NOFOLLOW) == -1)
		return found_by_errno();
	if ((found = found_by_mode(sb)) != SOURCE_OK)
		return found;
	do
		*fd = openat(dirfd, name, READ_FLAGS | O_NOFOLLOW);
	while (*fd == -1 && errno == EINTR && !interrupted());
	if (*fd == -1)
		return found_by_errno();
	found = fstat(*fd, sb) == -1 ? SOURCE_ERRNO : found_by_mode(sb);
	if (found != SOURCE_OK)
		drop(fd);
	return found;
}

/* A path, component by component, none of which is a link. */
static enum source_found
open_walk(int dirfd, const char *path, int *fd, struct stat *sb)
{
	enum source_found found;
	char name[CAP_COMPONENT + 1];
	int dir = -1;
	size_t n;

	*fd = -1;
	for (;;) {
		n = strcspn(path, "/");
		if (n >= sizeof(name)) {
			errno = ENAMETOOLONG;
			found = SOURCE_ERRNO;
			break;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		found = open_entry(dir == -1 ? dirfd : dir, name, fd, sb);
		drop(&dir);
		if (found != SOURCE_OK || path[n] == '\0')
			break;
		if (!S_ISDIR(sb->st_mode)) {
			drop(fd);
			found = SOURCE_MISSING;
			break;
		}
		dir = *fd;
		*fd = -1;
		path += n + 1;
	}
	return found;
}

static int
beneath(int dirfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int i, fd = -1;

	for (i = 0; i < RETRIES; i++) {
		fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd != -1 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

static enum source_found
beneath_by_errno(void)
{
	switch (errno) {
	case EXDEV:
		return SOURCE_LEAVES;
	case ENOENT:
	case ENOTDIR:
		return SOURCE_DANGLES;
	case ELOOP:
		return SOURCE_LOOP;
	case ENOSYS:
	case EPERM:			/* what some sandboxes answer */
		return SOURCE_NO_OPENAT2;
	default:
		return SOURCE_ERRNO;
	}
}

static enum source_found
open_beneath(int dirfd, const char *path, int *fd, struct stat *sb)
{
	enum source_found found;

	/* As a mere place first: see open_entry(). */
	if ((*fd = beneath(dirfd, path, O_PATH | O_CLOEXEC)) == -1)
		return beneath_by_errno();
	found = fstat(*fd, sb) == -1 ? SOURCE_ERRNO : found_by_mode(sb);
	drop(fd);
	if (found != SOURCE_OK)
		return found;
	if ((*fd = beneath(dirfd, path, READ_FLAGS)) == -1)
		return beneath_by_errno();
	found = fstat(*fd, sb) == -1 ? SOURCE_ERRNO : found_by_mode(sb);
	if (found != SOURCE_OK)
		drop(fd);
	return found;
}

enum source_found
source_open(int dirfd, const char *path, bool follow, int *fd, struct stat *sb)
{
	return follow ? open_beneath(dirfd, path, fd, sb) :
	    open_walk(dirfd, path, fd, sb);
}

static const char *
special_name(const struct stat *sb)
{
	if (S_ISFIFO(sb->st_mode))
		return "a fifo";
	if (S_ISSOCK(sb->st_mode))
		return "a socket";
	if (S_ISBLK(sb->st_mode) || S_ISCHR(sb->st_mode))
		return "a device";
	return "a special file";
}

enum status
source_say(enum source_found found, const struct stat *sb, struct diag *d)
{
	enum status st = ST_REFUSED;

	switch (found) {
	case SOURCE_OK:
		return ST_OK;
	case SOURCE_MISSING:
		return diag_set(d, ST_INCOMPLETE, "missing", "missing");
	case SOURCE_LINK:
		st = diag_set(d, st, "link", "a symbolic link");
		diag_hint(d, "--dereference follows links that stay inside "
		    "the component's tree; or put a copy in its place, or "
		    "leave it out with exclude");
		return st;
	case SOURCE_LEAVES:
		st = diag_set(d, st, "link-leaves",
		    "a symbolic link that leads out of the component's tree");
		diag_hint(d, "put a copy in its place (cp -L), or leave it out "
		    "with exclude");
		return st;
	case SOURCE_DANGLES:
		st = diag_set(d, st, "link-dangles",
		    "a symbolic link that leads to nothing");
		diag_hint(d, "fetch what it stands for, or leave it out with "
		    "exclude");
		return st;
	case SOURCE_LOOP:
		st = diag_set(d, st, "link-loop",
		    "a symbolic link that leads back to itself");
		diag_hint(d, "remove it, or leave it out with exclude");
		return st;
	case SOURCE_SPECIAL:
		st = diag_set(d, st, "special-file",
		    "%s: only regular files and directories can be packed",
		    special_name(sb));
		diag_hint(d, "remove it, or leave it out with exclude");
		return st;
	case SOURCE_NO_OPENAT2:
		st = diag_set(d, ST_HOST, "no-openat2", "this kernel cannot "
		    "follow a symbolic link safely (it has no openat2)");
		diag_hint(d, "put a copy in its place (cp -rL), and leave "
		    "--dereference out");
		return st;
	case SOURCE_ERRNO:
		if (errno == EINTR && interrupted())
			return interrupt_check(d);
		return diag_set(d, ST_HOST, "host-io", "cannot be opened: %s",
		    strerror(errno));
	}
	return ST_INTERNAL;
}
