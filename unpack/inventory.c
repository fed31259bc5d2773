/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inventory - walking the tree without following a link, marking what was
 * seen, and digesting the files in the threads of a pool.
 */
#include "unpack/inventory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/crypto.h"
#include "bundle/file.h"
#include "bundle/pool.h"
#include "manifests/caps.h"
#include "manifests/tarspell.h"

#define READ_LEN (1U << 20)

/* Room for any path of the set, and for one name too many at its end. */
#define PATH_ROOM (sizeof(TAR_PREFIX) + CAP_PATH + CAP_COMPONENT + 3)

struct inventory_job {
	int fd;
	const struct content_file *file;
	enum status st;
	struct diag d;
};

struct inventory_worker {
	struct digest *digest;
	uint8_t *buf;
};

struct inventory_walk {
	const struct inventory_params *p;
	bool *seen_directory;		/* of the content manifest */
	bool *seen_file;
	bool *seen_bag;
	struct pool *pool;
	struct inventory_job *jobs;
	size_t n_slots;
	struct inventory_worker *workers;
	void **worker_ptrs;
	uint64_t done, total;
	char path[PATH_ROOM];
	size_t len;
};

static void
find(struct inventory_walk *w, enum status st, const char *rule, const char *text)
{
	struct diag d = DIAG_INIT;

	diag_set(&d, st, rule, "%s", text);
	findings_add(w->p->findings, st, ESC(w->path), &d);
}

static enum status
feed_digest(struct inventory_worker *w, struct inventory_job *j)
{
	uint64_t at = 0;
	enum status st;
	size_t n;

	while (at < j->file->size) {
		n = j->file->size - at < READ_LEN ? (size_t)(j->file->size - at) :
		    READ_LEN;
		if ((st = interrupt_check(&j->d)) != ST_OK ||
		    (st = file_pread(j->fd, w->buf, n, at, &j->d)) != ST_OK)
			return st;
		if (digest_update(w->digest, w->buf, n) == -1)
			return digest_failed(&j->d);
		at += n;
	}
	return ST_OK;
}

static enum status
digest_file(struct inventory_worker *w, struct inventory_job *j)
{
	enum status st = feed_digest(w, j);
	uint8_t out[SHA256_LEN];

	/* In any case: the next file begins with an empty digest. */
	if (digest_final(w->digest, out) == -1)
		return digest_failed(&j->d);
	if (st == ST_OK && !crypto_equal(out, j->file->digest, SHA256_LEN))
		st = diag_set(&j->d, ST_DAMAGED, "changed",
		    "differs from the signed digest");
	return st;
}

static void
work(void *worker, void *slot)
{
	struct inventory_job *j = slot;

	j->st = digest_file(worker, j);
	fd_close(&j->fd);
}

/* Book the oldest file that is in a worker. */
static bool
take_one(struct inventory_walk *w)
{
	struct inventory_job *j = pool_take(w->pool);
	char shown[sizeof(TAR_PREFIX) + CAP_PATH + 1];

	if (j == NULL)
		return false;
	w->done += j->file->size;
	snprintf(shown, sizeof(shown), "%s%s", TAR_PREFIX, j->file->path);
	if (j->st != ST_OK)
		findings_add(w->p->findings, j->st, ESC(shown), &j->d);
	if (w->p->progress != NULL)
		w->p->progress->report(w->p->progress->arg, "files", w->done, w->total);
	pool_release(w->pool);
	return true;
}

/* Hand a file of the payload to the workers. */
static enum status
queue_file(struct inventory_walk *w, int dirfd, const char *name,
    const struct content_file *file, struct diag *d)
{
	struct inventory_job *j;
	enum status st;
	uint64_t size;
	int fd;

	if ((st = file_open_read(dirfd, name, &fd, &size, d)) != ST_OK) {
		findings_add(w->p->findings, st, ESC(w->path), d);
		return ST_OK;
	}
	if (size != file->size) {	/* since its directory was read */
		fd_close(&fd);
		find(w, ST_DAMAGED, "changed", "has another size");
		return ST_OK;
	}
	while ((j = pool_free_slot(w->pool)) == NULL)
		take_one(w);
	j->fd = fd;
	j->file = file;
	pool_submit(w->pool);
	return interrupt_check(d);
}

/* The bytes of an open file against those that it must hold, piece by piece. */
static enum status
compare_bytes(int fd, const struct bytes *want, struct diag *d)
{
	uint8_t buf[16384];
	enum status st;
	size_t at, n;

	for (at = 0; at < want->len; at += n) {
		n = want->len - at < sizeof(buf) ? want->len - at : sizeof(buf);
		if ((st = interrupt_check(d)) != ST_OK ||
		    (st = file_pread(fd, buf, n, at, d)) != ST_OK)
			return st;
		if (memcmp(buf, want->data + at, n) != 0)
			return diag_set(d, ST_DAMAGED, "changed",
			    "is not what the manifests give");
	}
	return ST_OK;
}

static enum status
compare_tag(struct inventory_walk *w, int dirfd, const char *name,
    const struct bag_file *want, struct diag *d)
{
	enum status st;
	uint64_t size;
	int fd = -1;

	st = file_open_read(dirfd, name, &fd, &size, d);
	if (st == ST_OK && size != want->bytes.len)
		st = diag_set(d, ST_DAMAGED, "changed", "has another size");
	if (st == ST_OK)
		st = compare_bytes(fd, &want->bytes, d);
	fd_close(&fd);
	if (st == ST_INTERRUPTED)
		return st;
	if (st != ST_OK)
		findings_add(w->p->findings, st, ESC(w->path), d);
	return ST_OK;
}

static void
mark(struct inventory_walk *w, const struct derived_entry *e)
{
	if (e->file != NULL)
		w->seen_file[e->position] = true;
	else if (e->bag != NULL)
		w->seen_bag[e->position] = true;
	else if (e->content_directory)
		w->seen_directory[e->position] = true;
}

static enum status walk_directory(struct inventory_walk *w, int fd, struct diag *d);

static enum status
walk_entry(struct inventory_walk *w, int dirfd, const char *name, struct diag *d)
{
	struct derived_entry e;
	enum status st;
	struct stat sb;
	int fd = -1;

	if (!derived_find(w->p->want, w->path, &e)) {
		find(w, ST_DAMAGED, "extra", "does not belong there");
		return ST_OK;
	}
	mark(w, &e);
	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return diag_errno(d, "%s", ESC(w->path));
	if (e.directory ? !S_ISDIR(sb.st_mode) : !S_ISREG(sb.st_mode)) {
		find(w, ST_DAMAGED, "type", "is of another type");
		return ST_OK;
	}
	if ((sb.st_mode & 07777) != e.mode)
		find(w, ST_DAMAGED, "mode", e.mode == 0755 ?
		    "has another mode than 0755" : "has another mode than 0644");
	if (!e.directory && sb.st_nlink != 1)
		find(w, ST_DAMAGED, "linked", "has a second link");
	if (e.directory) {
		if ((st = dir_open(dirfd, name, &fd, d)) == ST_OK)
			st = walk_directory(w, fd, d);
		fd_close(&fd);
		return st;
	}
	if ((uint64_t)sb.st_size != e.size) {
		find(w, ST_DAMAGED, "changed", "has another size");
		w->done += e.size;
		return ST_OK;
	}
	return e.file != NULL ? queue_file(w, dirfd, name, e.file, d) :
	    compare_tag(w, dirfd, name, e.bag, d);
}

static enum status
walk_directory(struct inventory_walk *w, int fd, struct diag *d)
{
	enum status st;
	char **names = NULL;
	size_t n = 0, i, len = w->len;

	if ((st = interrupt_check(d)) != ST_OK)
		return st;
	if ((st = dir_list(fd, &names, &n, d)) != ST_OK) {
		diag_within(d, "%s", len == 0 ? "." : ESC(w->path));
		return st;
	}
	for (i = 0; i < n && st == ST_OK; i++) {
		/* What does not fit is cut, and is no path of the set. */
		snprintf(w->path + len, sizeof(w->path) - len, "%s%s",
		    len == 0 ? "" : "/", names[i]);
		w->len = strlen(w->path);
		st = walk_entry(w, fd, names[i], d);
	}
	w->len = len;
	w->path[len] = '\0';
	dir_list_free(names, n);
	return st;
}

/* Whatever was not met is missing. */
static void
name_missing(struct inventory_walk *w)
{
	const struct derived *want = w->p->want;
	size_t i;

	for (i = 0; i < want->n_files; i++)
		if (!w->seen_bag[i]) {
			snprintf(w->path, sizeof(w->path), "%s", want->files[i].path);
			find(w, ST_INCOMPLETE, "missing", "is missing");
		}
	for (i = 0; i < want->contents->n_directories; i++)
		if (!w->seen_directory[i]) {
			snprintf(w->path, sizeof(w->path), "%s%s", TAR_PREFIX,
			    want->contents->directories[i]);
			find(w, ST_INCOMPLETE, "missing", "is missing");
		}
	for (i = 0; i < want->contents->n_files; i++)
		if (!w->seen_file[i]) {
			snprintf(w->path, sizeof(w->path), "%s%s", TAR_PREFIX,
			    want->contents->files[i].path);
			find(w, ST_INCOMPLETE, "missing", "is missing");
		}
}

static enum status
allocate(struct inventory_walk *w, struct diag *d)
{
	const struct contents *c = w->p->want->contents;
	unsigned i, n = w->p->jobs;

	w->n_slots = 2 * (size_t)n + 1;
	w->seen_directory = calloc(c->n_directories + 1, sizeof(bool));
	w->seen_file = calloc(c->n_files + 1, sizeof(bool));
	w->seen_bag = calloc(w->p->want->n_files + 1, sizeof(bool));
	w->jobs = calloc(w->n_slots, sizeof(*w->jobs));
	w->workers = calloc(n, sizeof(*w->workers));
	w->worker_ptrs = calloc(n, sizeof(*w->worker_ptrs));
	if (w->seen_directory == NULL || w->seen_file == NULL ||
	    w->seen_bag == NULL || w->jobs == NULL || w->workers == NULL ||
	    w->worker_ptrs == NULL)
		return diag_nomem(d);
	for (i = 0; i < n; i++) {
		w->workers[i].digest = digest_new(DIGEST_SHA256);
		w->workers[i].buf = malloc(READ_LEN);
		if (w->workers[i].digest == NULL || w->workers[i].buf == NULL)
			return diag_nomem(d);
		w->worker_ptrs[i] = &w->workers[i];
	}
	return pool_new(n, w->worker_ptrs, w->jobs, sizeof(*w->jobs), w->n_slots,
	    work, &w->pool, d);
}

enum status
inventory(const struct inventory_params *p, struct diag *d)
{
	struct inventory_walk w = { .p = p };
	enum status st;
	struct stat sb;
	unsigned i;

	w.total = contents_total(p->want->contents);
	if ((st = allocate(&w, d)) != ST_OK)
		goto out;
	if (fstat(p->root, &sb) == -1) {
		st = diag_errno(d, "the bag's folder");
		goto out;
	}
	if ((sb.st_mode & 07777) != 0755) {
		snprintf(w.path, sizeof(w.path), ".");
		find(&w, ST_DAMAGED, "mode", "has another mode than 0755");
		w.path[0] = '\0';
	}
	st = walk_directory(&w, p->root, d);
	while (take_one(&w))
		;
	if (st == ST_OK)
		st = interrupt_check(d);
	if (st == ST_OK)
		name_missing(&w);
out:
	pool_free(w.pool);
	for (i = 0; w.workers != NULL && i < p->jobs; i++) {
		digest_free(w.workers[i].digest);
		free(w.workers[i].buf);
	}
	free(w.workers);
	free(w.worker_ptrs);
	free(w.jobs);
	free(w.seen_bag);
	free(w.seen_file);
	free(w.seen_directory);
	return st;
}
