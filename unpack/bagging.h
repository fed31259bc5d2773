/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bagging - the bag's own files, made from what was verified: for extract from
 * the media, for audit from the bag itself.
 */
#ifndef SATCHEL_UNPACK_BAGGING_H
#define SATCHEL_UNPACK_BAGGING_H

#include <stddef.h>

#include "bundle/trust.h"
#include "manifests/bag.h"
#include "manifests/diag.h"

/* bagging_make - see bag_make(); the caller frees *files with bag_free(). */
enum status bagging_make(const struct verified_manifest *v,
    const struct bag_signature *signatures, size_t n_signatures,
    const struct bag_lane *lanes, size_t n_lanes, struct bag_file **files,
    size_t *n, struct diag *d) __attribute__((warn_unused_result));

#endif
