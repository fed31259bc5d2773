/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inventory - a tree on disk against the derived set: what changed, is missing,
 * is extra, or has another mode or type; every file's digest, in parallel.
 */
#ifndef SATCHEL_UNPACK_INVENTORY_H
#define SATCHEL_UNPACK_INVENTORY_H

#include "bundle/findings.h"
#include "bundle/progress.h"
#include "manifests/diag.h"
#include "unpack/derived.h"

struct inventory_params {
	int root;			/* descriptor of the bag's folder */
	const struct derived *want;
	unsigned jobs;
	struct findings *findings;
	const struct progress *progress;	/* may be NULL */
};

/*
 * inventory - name every difference in findings: ST_DAMAGED (rules "changed", "extra",
 * "mode", "type", "linked"), ST_INCOMPLETE (rule "missing"), ST_HOST where
 * something cannot be read.
 * Returns ST_OK if all could be looked at (also with findings), ST_INTERRUPTED, ST_HOST.
 */
enum status inventory(const struct inventory_params *p, struct diag *d)
    __attribute__((warn_unused_result));

#endif
