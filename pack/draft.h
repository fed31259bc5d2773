/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draft - the text of a handoff that init proposes: what was found as comments,
 * what a person must decide as lines to fill in.  It reads nothing.
 */
#ifndef SATCHEL_PACK_DRAFT_H
#define SATCHEL_PACK_DRAFT_H

#include "manifests/bytes.h"
#include "pack/propose.h"
#include "pack/tree.h"

struct draft_names {
	const char *bundle;		/* name of the bundle, legal */
	const char *file;		/* of the draft, as the user gave it */
	const char *directory;		/* for create -C, or NULL where it is the draft's own folder */
};

/* draft_write - append the text (check out->failed). */
void draft_write(const struct tree *t, const struct proposals *p,
    const struct draft_names *names, struct bytes *out);

#endif
