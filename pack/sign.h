/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign - the verb that adds a signature to a finished bundle.
 */
#ifndef SATCHEL_PACK_SIGN_H
#define SATCHEL_PACK_SIGN_H

#include "bundle/console.h"
#include "bundle/findings.h"
#include "manifests/diag.h"
#include "pack/options.h"

enum status pack_sign(const struct pack_options *o, struct console *con,
    struct findings *f, struct diag *d) __attribute__((warn_unused_result));

#endif
