/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * safetensors - the header of a safetensors file, held to all its rules, and
 * what it says: element types, tensors, parameters.  It reads no weights.
 */
#ifndef SATCHEL_MANIFESTS_SAFETENSORS_H
#define SATCHEL_MANIFESTS_SAFETENSORS_H

#include <stdbool.h>

#include "manifests/tensors.h"
#include "manifests/window.h"

/* Bytes of a header: the official reader's limit. */
#define SAFETENSORS_HEADER_MAX 100000000U
/* Ours, each far above any real file. */
#define SAFETENSORS_TENSORS_MAX 1000000U	/* entries of one map, __metadata__ too */
#define SAFETENSORS_NAME_MAX 512U
#define SAFETENSORS_RANK_MAX 16U

/*
 * safetensors_looks - whether the first len bytes of a file of that size (16 are
 * enough) begin as safetensors does; no text and no other format here does.
 */
bool safetensors_looks(const uint8_t *head, size_t len);

/*
 * safetensors_read - the facts of a file; the window stands at its beginning.
 * All that the format's README demands, and more: keys once, names printable,
 * no unknown fields, the header begins with { and is padded with blanks alone,
 * no hole and no byte left over in the data.
 *
 * Errors: ST_MALFORMED with a rule "safetensors-..." or "json-...";
 *         WINDOW_SHORT: the file ends within header or data, as where it was
 *         not fetched to the end; "safetensors-dtype": a type that is not
 *         known here.  ST_HOST: out of memory, or what the window's callback said.
 * Time is linear in the header but for sorting; memory 32 bytes a tensor.
 */
enum status safetensors_read(struct window *w, struct tensor_facts *out,
    struct diag *d) __attribute__((warn_unused_result));

#endif
