/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * volume_layout - the fixed parts of a volume that reader and writer share.
 * Internal to bundle/.
 */
#ifndef SATCHEL_BUNDLE_VOLUME_LAYOUT_H
#define SATCHEL_BUNDLE_VOLUME_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "bundle/volume.h"

#define VOLUME_FRAME_HEADER_LEN 8	/* magic, length */
#define VOLUME_HEAD_MAX (VOLUME_HEADER_LEN + VOLUME_GUARD_LEN)

/*
 * volume_make_head - header and guard as they must stand at the start of the
 * volume at that place.  Returns their length.
 */
size_t volume_make_head(uint8_t out[VOLUME_HEAD_MAX],
    const struct volume_place *place);

/* volume_index_digest - over header, guard and the index frame. */
enum status volume_index_digest(const uint8_t *head, size_t head_len,
    const uint8_t *index, size_t index_len, uint8_t out[SHA512_LEN],
    struct diag *d) __attribute__((warn_unused_result));

#endif
