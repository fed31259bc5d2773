/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_plan - how a stretch of equal cells is best coded, judged by a sample
 * of it.  It codes nothing.
 */
#ifndef SATCHEL_BUNDLE_PLANES_PLAN_H
#define SATCHEL_BUNDLE_PLANES_PLAN_H

#include "bundle/planes_ctx.h"

/*
 * planes_plan - judge in[at .. end), made of whole cells that look alike.
 *
 * cell     the first of them
 * matches  the sum of what was found in all of them
 */
void planes_plan(struct planes_ctx *c, const uint8_t *in, size_t at,
    size_t end, const struct probe_cell *cell,
    const struct probe_matches *matches, struct planes_plan *plan);

/*
 * planes_top - the top below which most of the counted bytes are near enough for
 * a distance; before, unless another one is better by more than one in 32.
 * covered   how many those are
 */
unsigned planes_top(const uint32_t count[256], unsigned before,
    uint32_t *covered);

#endif
