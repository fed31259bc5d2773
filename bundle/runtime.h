/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime - what both programs set up before anything else: descriptors 0 to 2,
 * no core dumps, signals, a UTF-8 character type.
 */
#ifndef SATCHEL_BUNDLE_RUNTIME_H
#define SATCHEL_BUNDLE_RUNTIME_H

#include "manifests/diag.h"

/* Errors: ST_HOST where the system has no UTF-8 character type. */
enum status runtime_init(struct diag *d) __attribute__((warn_unused_result));

#endif
