/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init - the verb that drafts a handoff from a folder.
 */
#ifndef SATCHEL_PACK_INIT_H
#define SATCHEL_PACK_INIT_H

#include "bundle/console.h"
#include "bundle/findings.h"
#include "manifests/diag.h"
#include "pack/options.h"

enum status pack_init(const struct pack_options *o, struct console *con,
    struct findings *f, struct diag *d) __attribute__((warn_unused_result));

#endif
