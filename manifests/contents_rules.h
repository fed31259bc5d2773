/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * contents_rules - what the files that read, check and write the content
 * manifest share.  Not for use outside of manifests/.
 */
#ifndef SATCHEL_MANIFESTS_CONTENTS_RULES_H
#define SATCHEL_MANIFESTS_CONTENTS_RULES_H

#include "manifests/contents.h"

#define CONTENTS_PURPOSE "satchel-contents: "

struct canon;

/* contents_spell - make the one spelling of c, to a buffer or against one (canon.h). */
void contents_spell(const struct contents *c, struct canon *out);

/*
 * contents_check - what must hold between the statements of a manifest whose
 * lists are each sorted and whose names and paths are each legal.
 * Errors: ST_MALFORMED with path and rule; ST_HOST.
 */
enum status contents_check(const struct contents *c, const char *what,
    struct diag *d) __attribute__((warn_unused_result));

#endif
