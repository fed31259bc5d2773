/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey - every name below a directory looked up among those that must be
 * there; as each is met once, equal counts mean that none is missing.
 */
#include "unpack/survey.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/file.h"
#include "manifests/caps.h"
#include "manifests/tarspell.h"

struct survey {
	const struct derived *want;
	bool sync;
	dev_t dev;
	uid_t uid;
	struct timespec times[2];
	uint64_t n_content;		/* files and directories found below data/ */
	uint64_t n_bag;			/* files found outside */
	size_t len;
	/* names come from the disk, and are judged only once they stand here */
	char path[sizeof(TAR_PREFIX) + CAP_PATH + CAP_COMPONENT + 3];
};

static enum status
changed(const struct survey *s, const char *why, struct diag *d)
{
	diag_set(d, ST_REFUSED, "staging-changed",
	    "%s in the staging directory: %s", ESC(s->path), why);
	diag_hint(d, "something else writes there: find out what, and import "
	    "again");
	return ST_REFUSED;
}

/* Owner, type, mode, size, links. */
static enum status
compare(const struct survey *s, const struct derived_entry *e, const struct stat *sb,
    struct diag *d)
{
	if (sb->st_dev != s->dev)
		return changed(s, "lies on another file system", d);
	if (sb->st_uid != s->uid)
		return changed(s, "belongs to another user", d);
	if (e->directory ? !S_ISDIR(sb->st_mode) : !S_ISREG(sb->st_mode))
		return changed(s, "is of another type", d);
	if ((sb->st_mode & 07777) != e->mode)
		return changed(s, "has another mode", d);
	if (!e->directory && sb->st_nlink != 1)
		return changed(s, "has a second link", d);
	if (!e->directory && (sb->st_size < 0 || (uint64_t)sb->st_size != e->size))
		return changed(s, "has another size", d);
	return ST_OK;
}

static enum status
sync_file(const struct survey *s, int dirfd, const char *name, struct diag *d)
{
	enum status st = ST_OK;
	int fd;

	if (!s->sync)
		return ST_OK;
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return diag_errno(d, "%s", ESC(s->path));
	if (fsync(fd) == -1)
		st = diag_errno(d, "%s: sync", ESC(s->path));
	if (close(fd) == -1 && st == ST_OK)
		st = diag_errno(d, "%s: close", ESC(s->path));
	return st;
}

static enum status survey_directory(struct survey *s, int fd, struct diag *d);

static enum status
survey_entry(struct survey *s, int dirfd, const char *name, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct derived_entry e;
	struct stat sb;
	int fd = -1;

	if (!derived_find(s->want, s->path, &e))
		return changed(s, "does not belong there", d);
	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return diag_errno(d, "%s", ESC(s->path));
	if ((st = compare(s, &e, &sb, d)) != ST_OK)
		return st;
	s->n_content += e.file != NULL || e.content_directory;
	s->n_bag += e.bag != NULL;
	if (!e.directory) {
		if (utimensat(dirfd, name, s->times, AT_SYMLINK_NOFOLLOW) == -1)
			return diag_errno(d, "%s: time", ESC(s->path));
		return sync_file(s, dirfd, name, d);
	}
	if ((st = dir_open(dirfd, name, &fd, d)) == ST_OK)
		st = survey_directory(s, fd, d);
	fd_close(&fd);
	return st;
}

/* All that it holds, then its own time: what is made in it changes that. */
static enum status
survey_directory(struct survey *s, int fd, struct diag *d)
{
	enum status st = ST_INTERNAL;
	char **names = NULL;
	size_t n = 0, i, len = s->len;

	if ((st = interrupt_check(d)) != ST_OK)
		goto out;
	if ((st = dir_list(fd, &names, &n, d)) != ST_OK) {
		diag_within(d, "%s", len == 0 ? "tree" : ESC(s->path));
		goto out;
	}
	for (i = 0; i < n && st == ST_OK; i++) {
		/* What does not fit is cut, and is no name that is expected. */
		snprintf(s->path + len, sizeof(s->path) - len, "%s%s",
		    len == 0 ? "" : "/", names[i]);
		s->len = strlen(s->path);
		st = survey_entry(s, fd, names[i], d);
	}
	s->len = len;
	s->path[len] = '\0';
	if (st != ST_OK)
		goto out;
	if (futimens(fd, s->times) == -1)
		st = diag_errno(d, "%s: time", len == 0 ? "tree" : ESC(s->path));
	else if (s->sync)
		st = dir_sync(fd, len == 0 ? "tree" : s->path, d);
out:
	dir_list_free(names, n);
	return st;
}

enum status
survey_tree(int tree, const struct derived *want, bool sync, struct diag *d)
{
	const struct contents *c = want->contents;
	struct survey s = { .want = want, .sync = sync, .uid = geteuid() };
	enum status st;
	struct stat sb;

	s.times[0].tv_sec = s.times[1].tv_sec = (time_t)c->time;
	if (fstat(tree, &sb) == -1)
		return diag_errno(d, "tree");
	s.dev = sb.st_dev;
	if ((sb.st_mode & 07777) != 0755 || sb.st_uid != s.uid) {
		snprintf(s.path, sizeof(s.path), "tree");
		return changed(&s, "has another mode or owner", d);
	}
	if ((st = survey_directory(&s, tree, d)) != ST_OK)
		return st;
	if (s.n_content != (uint64_t)c->n_directories + c->n_files ||
	    s.n_bag != want->n_files) {
		diag_set(d, ST_REFUSED, "staging-changed", "the staging "
		    "directory holds %" PRIu64 " of %zu entries and %" PRIu64
		    " of %zu tag files", s.n_content,
		    c->n_directories + c->n_files, s.n_bag, want->n_files);
		return ST_REFUSED;
	}
	return ST_OK;
}
