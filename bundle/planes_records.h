/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * planes_records - finds the blocks of quantised weights (a scale or two, then
 * small integers) by their bytes.  It reads no header of any file format.
 */
#ifndef SATCHEL_BUNDLE_PLANES_RECORDS_H
#define SATCHEL_BUNDLE_PLANES_RECORDS_H

#include "bundle/planes_probe.h"

/*
 * records_judge - look for records in in[at .. end), the bytes of a cell.
 *
 * hist, n  counts of the cell's sample by position modulo 8, n each
 * cell     judged but for records, as are all before it, back to in[0], which
 *          stand in front; layout, phase and variant are replaced where there
 *          are records
 */
void records_judge(const uint16_t hist[8][256], uint32_t n, const uint8_t *in,
    size_t at, size_t end, struct probe_cell *cell);

#endif
