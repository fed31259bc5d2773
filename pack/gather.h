/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather - walk the components of a handoff on disk: which directories and
 * files go into the bundle, and which may not.  Its twin is unpack/place.h.
 */
#ifndef SATCHEL_PACK_GATHER_H
#define SATCHEL_PACK_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "bundle/findings.h"
#include "manifests/contents.h"
#include "manifests/handoff.h"

/* What identifies a source file and its state, to notice a change. */
struct source_state {
	dev_t dev;
	ino_t ino;
	uint64_t size;
	struct timespec mtime;
	struct timespec ctime;
};

/* Parallel to contents.files: where each comes from. */
struct source {
	struct source_state state;
	size_t component;		/* position in handoff->components */
};

struct gathered {
	int base;			/* descriptor of the handoff's folder or -C DIR */
	bool dereference;
	char **directories;		/* ascending; every parent included */
	size_t n_directories;
	struct content_file *files;	/* ascending; path, size, executable are set */
	struct source *sources;
	size_t n_files;
	uint64_t total;			/* bytes of all files */
};

/*
 * gather - walk h's components below the directory base (a descriptor, which
 * stays the caller's and must outlive *out).
 *
 * Every refusal is added to f, and the walk goes on, so that all are named:
 *   ST_REFUSED     illegal name or collision (path and rule), symbolic link (hint: --dereference;
 *                  with it: one that leaves the component's tree, dangles, or makes a loop),
 *                  Git LFS pointer, special file, unreadable by type
 *   ST_INCOMPLETE  a component's path that is not there (rule "missing")
 *   ST_HOST        cannot be opened or read
 * Returns ST_OK when f got no new finding of a status, else the worst of those.
 * Excluded entries (handoff_excludes) are not even looked at.
 */
enum status gather(const struct handoff *h, int base, bool dereference,
    struct findings *f, struct gathered **out, struct diag *d)
    __attribute__((warn_unused_result));
void gathered_free(struct gathered *g);

/*
 * gather_open - open source i again for reading; ST_REFUSED (rule
 * "source-changed") if it is no longer what was gathered.
 */
enum status gather_open(const struct gathered *g, const struct handoff *h,
    size_t i, int *fd, struct diag *d) __attribute__((warn_unused_result));
/* gather_unchanged - after reading: still the same state; else ST_REFUSED. */
enum status gather_unchanged(const struct gathered *g, size_t i, int fd,
    struct diag *d) __attribute__((warn_unused_result));

#endif
