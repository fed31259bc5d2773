/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts - what the files themselves say of a component: format, element types,
 * tensors, parameters, records.  Found while each file is open to be packed.
 */
#ifndef SATCHEL_PACK_FACTS_H
#define SATCHEL_PACK_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/findings.h"
#include "manifests/contents.h"
#include "manifests/format.h"

struct facts;

/* A file that is being read, as window.h takes it: descriptor, and nothing else. */
struct facts_source {
	int fd;
};

/* facts_window_read - a window_read_fn over struct facts_source. */
enum status facts_window_read(void *arg, void *buf, size_t len, uint64_t offset,
    struct diag *d) __attribute__((warn_unused_result));

/* facts_new - for n components; NULL when out of memory. */
struct facts *facts_new(size_t n);
void facts_free(struct facts *f);

/*
 * facts_begin - look at a file of component c (its position is at): a few reads
 * of its header, none of them twice.  Where it breaks the rules of its format,
 * or ends too early, a note is added to notes and its component's tensors stay
 * uncounted: pack says it, and packs it.
 * Errors: ST_REFUSED (rule "source-changed": it got shorter), ST_HOST.
 */
enum status facts_begin(struct facts *f, size_t at, const struct component *c,
    const struct content_file *file, int fd, struct findings *notes,
    struct diag *d) __attribute__((warn_unused_result));

/* facts_pass - bytes of that file as they pass by, all of them in order. */
void facts_pass(struct facts *f, const uint8_t *data, size_t len);

/* facts_end - the file is over. */
void facts_end(struct facts *f);

/* facts_give - put what was found into the n components.  Errors: ST_HOST. */
enum status facts_give(const struct facts *f, struct component *components,
    size_t n, struct diag *d) __attribute__((warn_unused_result));

/*
 * What is added up over the files of one component.  All zeros to begin; for
 * those who count by themselves.
 */
struct fact_sums {
	uint64_t sizes[N_FORMATS];	/* bytes of the files of each format */
	uint64_t files[N_FORMATS];
	struct tensor_facts tensors;
	uint64_t n_counted;		/* files whose tensors were counted, ... */
	uint64_t n_uncounted;		/* ... and those where they could not be */
	uint64_t records;		/* of n_lines files of JSON lines */
	uint64_t n_lines;
};

/* fact_sums_add - count a file of that size; its records are the caller's to add. */
void fact_sums_add(struct fact_sums *s, const struct recognised *r, uint64_t size);

/* fact_sums_give - format, dtypes, and counts as they apply to c's kind.  Errors: ST_HOST. */
enum status fact_sums_give(const struct fact_sums *s, struct component *c,
    struct diag *d) __attribute__((warn_unused_result));

#endif
