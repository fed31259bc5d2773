/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * contents - the content manifest: who sends what to whom, the components,
 * every directory and every file.  Its fields, its one spelling, its limits.
 */
#ifndef SATCHEL_MANIFESTS_CONTENTS_H
#define SATCHEL_MANIFESTS_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

#define SHA256_LEN 32

enum component_kind { KIND_MODEL, KIND_BENCHMARK, KIND_DOCUMENT, KIND_CODE };

struct expected_metric {
	char *metric;
	char *value;			/* decimal number as written */
	char *tolerance;		/* NULL if there is none */
};

struct string_list {
	char **items;
	size_t n;
};

/* Strings are NULL where the field is absent; name, path and marking never are. */
struct component {
	char *name;
	enum component_kind kind;
	char *path;
	char *marking;
	char *license;
	char *version;
	/* facts that pack finds in the files: */
	char *format;
	struct string_list dtypes;
	bool has_tensors, has_parameters, has_records;
	uint64_t tensors, parameters, records;
	/* how to run it: */
	char *harness;
	struct string_list command;
	struct expected_metric *expected;
	size_t n_expected;
	struct string_list needs;
};

/* A file of the payload; size is in bytes. */
struct content_file {
	char *path;			/* below data/ */
	uint64_t size;
	uint64_t offset;		/* of the entry's first header block in the tar stream */
	bool executable;
	uint8_t digest[SHA256_LEN];
};

struct contents {
	char *name;			/* of the bundle: one legal component, no leading . or - */
	uint64_t sequence;
	char *from;
	char *to;
	char date[11];			/* 2026-11-23 */
	char *marking;
	char not_before[11];		/* "" if there is none */
	char not_after[11];
	char *contact;			/* NULL if there is none */
	char originator[FPR_MAX + 1];
	uint64_t time;			/* seconds since 1970, of every tar entry */
	struct component *components;
	size_t n_components;
	char **directories;		/* ascending by bytes */
	size_t n_directories;
	struct content_file *files;	/* ascending by bytes of path */
	size_t n_files;
	struct path_arena *arena;	/* NULL: each of these paths is freed by itself; else see contents_keep_path() */
};

/*
 * contents_keep_path - a copy of a path in memory that contents_free() releases
 * at once: for the paths of directories and files, all of them or none.
 * Returns NULL when out of memory.
 */
char *contents_keep_path(struct contents *c, const char *path, size_t len);

/*
 * contents_parse - read a content manifest.  All rules hold afterwards: one
 * spelling, caps, every path legal (manifests/path.h), sorted, unique, no
 * collisions, each parent a directory entry, no file a directory prefix,
 * component paths disjoint and present, names legal, each offset what the
 * layout of the tar stream gives (manifests/tarspell.h), sums without overflow.
 *
 * Errors: ST_MALFORMED with line or path, and rule.
 * Memory: 256 bytes a file and its path, at most, beside the buffer.
 */
enum status contents_parse(const uint8_t *buf, size_t len, const char *what,
    struct contents **out, struct diag *d) __attribute__((warn_unused_result));

/*
 * contents_originator - the originator that a content manifest names, found by
 * its line alone, before anything else in there is judged.  Returns false where
 * there is none of the right form.
 */
bool contents_originator(const uint8_t *buf, size_t len,
    char originator[FPR_MAX + 1]);

/* contents_emit - append the one spelling (check out->failed). */
void contents_emit(const struct contents *c, struct bytes *out);

/* contents_free - accepts NULL; component_clear frees what one component holds. */
void contents_free(struct contents *c);
void component_clear(struct component *c);

const char *component_kind_name(enum component_kind kind);
/* component_kind_parse - 0, or -1 where s names no kind. */
int component_kind_parse(const char *s, enum component_kind *kind);

/* One entry of the merged order of directories and files: file is NULL for a directory. */
struct content_entry {
	const char *path;
	const struct content_file *file;
};

/* A walk over directories and files in the order of the tar stream; start with zeros. */
struct content_walk {
	size_t next_directory;
	size_t next_file;
};

/* contents_next - the next entry, or false at the end. */
bool contents_next(const struct contents *c, struct content_walk *w,
    struct content_entry *e);

/* contents_total - the sum of all file sizes (checked by contents_parse). */
uint64_t contents_total(const struct contents *c);

#endif
