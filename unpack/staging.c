/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * staging - owner, mode and lock of the staging directory, and the folder it
 * stands in.  It writes no file.
 */
#include "unpack/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/file.h"
#include "manifests/bytes.h"

/* Runs that remove theirs while this one opens it: so often it tries again. */
#define TRIES 16
#define STAGING_HINT "this is where the import grows: look at what stands there, and remove it"

enum status
staging_check_destination(int dest, const char *shown, const char *name,
    struct findings *f, struct diag *d)
{
	struct stat sb;

	if (fstat(dest, &sb) == -1)
		return diag_errno(d, "%s", ESC(shown));
	if ((sb.st_mode & S_IWOTH) && !(sb.st_mode & S_ISVTX)) {
		diag_set(d, ST_HOST, "dest-writable", "%s: everyone may write "
		    "there, and so replace what was imported", ESC(shown));
		diag_hint(d, "chmod o-w, or import into another folder");
		return ST_HOST;
	}
	if ((sb.st_mode & S_IWGRP) && !(sb.st_mode & S_ISVTX) && f != NULL)
		findings_note(f, NULL, "dest-writable", "%s: its group may "
		    "write there, and so replace what was imported",
		    ESC(shown));
	if (fstatat(dest, name, &sb, AT_SYMLINK_NOFOLLOW) == 0) {
		diag_set(d, ST_HOST, "dest-exists", "%s/%s: is there already",
		    ESC(shown), ESC(name));
		diag_hint(d, "import into another folder, or move it away");
		return ST_HOST;
	}
	if (errno != ENOENT)
		return diag_errno(d, "%s/%s", ESC(shown), ESC(name));
	return ST_OK;
}

bool
staging_stands(const struct staging *s)
{
	struct stat sb;

	return fstatat(s->dest, s->name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(sb.st_mode) && sb.st_dev == s->dev && sb.st_ino == s->ino;
}

static enum status
foreign(const struct staging *s, const char *why, struct diag *d)
{
	diag_set(d, ST_HOST, "staging-foreign", "%s: %s", s->name, why);
	diag_hint(d, STAGING_HINT);
	return ST_HOST;
}

/* Open what stands under the name; nothing of it is believed yet. */
static enum status
open_existing(struct staging *s, struct diag *d)
{
	do
		s->fd = openat(s->dest, s->name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (s->fd == -1 && errno == EINTR && !interrupted());
	if (s->fd != -1)
		return ST_OK;
	switch (errno) {
	case ENOENT:
		return diag_set(d, ST_INCOMPLETE, "missing", "%s: missing",
		    s->name);
	case ENOTDIR:
	case ELOOP:
		return foreign(s, "no directory", d);
	case EACCES:
		return foreign(s, "may not be opened", d);
	default:
		return diag_errno(d, "%s", s->name);
	}
}

/* Ours, 0700, and locked by nobody else. */
static enum status
claim(struct staging *s, bool made, struct diag *d)
{
	struct stat sb;

	if (fstat(s->fd, &sb) == -1)
		return diag_errno(d, "%s", s->name);
	if (sb.st_uid != geteuid())
		return foreign(s, "belongs to another user", d);
	if (made && fchmod(s->fd, 0700) == -1)
		return diag_errno(d, "%s: mode", s->name);
	/* A folder's set-group-id bit is inherited; a killed run may have left it. */
	if (!made && (sb.st_mode & 07777 & ~(mode_t)S_ISGID) != 0700)
		return foreign(s, "its mode is not 0700", d);
	if (flock(s->fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			return diag_errno(d, "%s: lock", s->name);
		diag_set(d, ST_BUSY, "staging-busy",
		    "%s: another run is importing this bundle here", s->name);
		diag_hint(d, "wait until it has ended");
		return ST_BUSY;
	}
	s->dev = sb.st_dev;
	s->ino = sb.st_ino;
	return ST_OK;
}

/* Remove what a killed run left. */
static enum status
empty(struct staging *s, struct diag *d)
{
	enum status st;
	char **names = NULL;
	size_t n = 0, i;

	if ((st = dir_list(s->fd, &names, &n, d)) == ST_OK)
		for (i = 0; i < n && st == ST_OK; i++)
			st = dir_remove_tree(s->fd, names[i], d);
	dir_list_free(names, n);
	if (st != ST_OK) {
		diag_within(d, "%s", s->name);
		diag_hint(d, STAGING_HINT);
	}
	return st;
}

/* ST_INCOMPLETE: it vanished meanwhile, so another run has ended. */
static enum status
open_once(struct staging *s, struct diag *d)
{
	enum status st;
	bool made;

	made = mkdirat(s->dest, s->name, 0700) == 0;
	if (!made && errno != EEXIST)
		return diag_errno(d, "%s", s->name);
	if ((st = open_existing(s, d)) == ST_OK)
		st = claim(s, made, d);
	if (st == ST_OK && !staging_stands(s))
		st = diag_set(d, ST_INCOMPLETE, "missing", "%s: missing",
		    s->name);
	if (st == ST_OK)
		st = empty(s, d);
	/* Only an empty one goes; it was made here. */
	if (made && st == ST_HOST)
		(void)unlinkat(s->dest, s->name, AT_REMOVEDIR);
	return st;
}

enum status
staging_open(struct staging *s, const uint8_t *bundle_digest, struct diag *d)
{
	char hex[STAGING_DIGITS + 1];
	enum status st;
	int i;

	hex_encode(hex, bundle_digest, STAGING_DIGITS / 2);
	snprintf(s->name, sizeof(s->name), STAGING_PREFIX "%s", hex);
	for (i = 0; i < TRIES; i++) {
		if ((st = open_once(s, d)) == ST_OK)
			return ST_OK;
		fd_close(&s->fd);
		if (st != ST_INCOMPLETE)
			return st;
	}
	return diag_set(d, ST_BUSY, "staging-busy",
	    "%s: other runs take it all the time", s->name);
}

void
staging_close(struct staging *s)
{
	enum status st = ST_OK;

	/* Only what this run has locked; and before the lock goes. */
	if (s->fd != -1 && staging_stands(s))
		st = dir_remove_tree(s->dest, s->name, NULL);
	(void)st;			/* the next run tries again */
	fd_close(&s->fd);
	fd_close(&s->dest);
}
