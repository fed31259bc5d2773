/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey - the last look at an imported tree before it gets its name: exactly
 * what content manifest and bag say, and nothing else.  It reads no content.
 */
#ifndef SATCHEL_UNPACK_SURVEY_H
#define SATCHEL_UNPACK_SURVEY_H

#include <stdbool.h>

#include "manifests/diag.h"
#include "unpack/derived.h"

/*
 * survey_tree - walk the tree through directory descriptors: exactly the
 * derived set, with owner, types, modes, sizes and link count 1; and give each
 * entry the time of the contents.
 * sync  also sync each file and directory (where syncfs(2) cannot be relied on)
 *
 * Errors: ST_REFUSED (rule "staging-changed"), ST_HOST.
 */
enum status survey_tree(int tree, const struct derived *want, bool sync,
    struct diag *d) __attribute__((warn_unused_result));

#endif
