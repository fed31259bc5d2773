/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gathertest - one run of gather() over components of the test's folder, and
 * what came of it as text.  It tests nothing by itself.
 */
#ifndef SATCHEL_TESTS_UNIT_GATHERTEST_H
#define SATCHEL_TESTS_UNIT_GATHERTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "pack/gather.h"

struct run {
	struct handoff handoff;
	struct component components[4];
	struct findings findings;
	struct gathered *out;
	enum status st;
	struct diag d;
};

/* run_paths - components of those paths; run() - just one; run_free() - afterwards. */
void run_paths(struct run *r, const char *const *paths, size_t n,
    bool dereference);
void run(struct run *r, const char *path, bool dereference);
void run_free(struct run *r);

/* All that was gathered, a line each: directories with a slash, files with size. */
void expect_tree(const struct run *r, const char *expected);
/* All that was refused, "rule path" a line. */
void expect_refused(const struct run *r, enum status st, const char *expected);

#endif
