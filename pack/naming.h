/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naming - names for what a draft proposes: legal, and each different from the
 * others on every system.  A person chooses better ones.
 */
#ifndef SATCHEL_PACK_NAMING_H
#define SATCHEL_PACK_NAMING_H

#include "pack/propose.h"

/* name_proposals - after file or directory, with what lies above where needed.  Errors: ST_HOST. */
enum status name_proposals(const struct tree *t, struct proposals *p,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * name_legal - a new string: s, or what of it can stand in the name of a bundle
 * or component; "bundle" where nothing can.  NULL when out of memory.
 */
char *name_legal(const char *s);

#endif
