/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree - all that lies below a folder of which nobody has yet said what is in
 * it: what each file is, and what cannot or should not be packed as it is.
 */
#ifndef SATCHEL_PACK_TREE_H
#define SATCHEL_PACK_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/format.h"
#include "manifests/hub.h"
#include "manifests/suite.h"

/* What a file is to a model or a suite, beside its format. */
enum tree_role {
	ROLE_NONE,
	ROLE_SETTINGS,			/* config.json of a model, and the like */
	ROLE_ADAPTER,			/* adapter_config.json */
	ROLE_INDEX,			/* which tensor lies in which shard */
	ROLE_CARD,			/* a README.md with YAML in front */
	ROLE_TASK,			/* a harness's task file */
	ROLE_RECORDS,			/* JSON that holds records */
	ROLE_HANDOFF,			/* a handoff */
	ROLE_STAND_IN			/* stands where weights should be: a pointer, a part */
};

/* What only few files have. */
struct tree_detail {
	bool counted;
	struct tensor_facts tensors;
	bool has_records;		/* of JSON lines, unless they were too many to read */
	uint64_t records;
	enum harness harness;
	bool names_code;
	char task[SUITE_TASK_MAX];
	char license[HUB_VALUE_MAX];
	char model[HUB_VALUE_MAX];	/* "llama", "LlamaForCausalLM" */
	char base_model[HUB_VALUE_MAX];
};

/* Entries stand in the order of the walk: a directory, and then all below it. */
struct tree_entry {
	char *name;
	size_t parent;			/* position; of the top its own, 0 */
	size_t end;			/* position behind all below it */
	uint64_t size;
	bool is_directory;
	bool is_cache;			/* a model hub's cache: snapshots of links into blobs */
	bool is_broken;			/* packed it can be, but it is not whole or malformed */
	enum file_format format;
	enum tree_role role;
	struct tree_detail *detail;	/* or NULL */
};

struct tree_problem {
	char *path;
	char *text;
	char *hint;			/* "" if there is none */
};

struct tree {
	struct tree_entry *entries;	/* the folder itself is the first */
	size_t n;
	struct tree_problem *problems;
	size_t n_problems;
	size_t n_unnamed;		/* beyond TREE_PROBLEMS_MAX */
	unsigned junk;			/* bit n: tree_junk[n] was met, and not looked at */
};

#define TREE_PROBLEMS_MAX 1000
#define TREE_JUNK 8

/* Names that are no part of what is handed over, and patterns for `exclude`. */
extern const char *const tree_junk[TREE_JUNK];

/* tree_walk - look at everything below the directory fd.  Errors: ST_HOST, ST_REFUSED (too many). */
enum status tree_walk(int fd, struct tree **out, struct diag *d)
    __attribute__((warn_unused_result));
void tree_free(struct tree *t);

/* tree_path - of an entry, from the top; a new string, or NULL when out of memory. */
char *tree_path(const struct tree *t, size_t entry);

/* tree_next - the entry behind this one and all below it. */
size_t tree_next(const struct tree *t, size_t entry);

#endif
