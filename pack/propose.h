/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * propose - which directories and files of a tree make a component each, and
 * what each is said to be.  A person corrects it.
 */
#ifndef SATCHEL_PACK_PROPOSE_H
#define SATCHEL_PACK_PROPOSE_H

#include "manifests/contents.h"
#include "pack/facts.h"
#include "pack/tree.h"

#define PROPOSAL_TASKS 8

/* A component. */
struct proposal {
	struct component c;		/* name, kind, path, facts; license and harness or NULL */
	size_t entry;			/* of the tree */
	const char *license_from;	/* the file that says so */
	const char *model;		/* what a model calls itself, or NULL */
	const char *base_model;		/* of an adapter, or NULL */
	bool names_code;		/* it runs Python of its own when it is loaded */
	bool is_cache;
	bool is_guess;			/* nothing in there tells its kind */
	bool is_uncounted;		/* records that were too many to count here */
	const char *tasks[PROPOSAL_TASKS];
	const char *task_file;		/* of the first one */
	size_t n_tasks;			/* all, also those that are not kept */
	size_t n_files;
	uint64_t size;
};

struct proposals {
	struct proposal *items;
	size_t n;
	char **left_out;		/* paths that no component holds */
	size_t n_left_out;
	bool is_flat;			/* the folder itself is one component, ... */
	enum component_kind flat_kind;	/* ... of this kind, if it could be one */
	bool too_many;			/* for one handoff: the rest is left out */
};

/* propose - Errors: ST_HOST (out of memory). */
enum status propose(const struct tree *t, struct proposals *out, struct diag *d)
    __attribute__((warn_unused_result));
void proposals_free(struct proposals *p);

#endif
