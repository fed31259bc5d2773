/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gguf - the header of a GGUF file of version 2 or 3, held to its rules, and
 * what it says: architecture, element types, tensors, parameters.  It reads no
 * weights.
 */
#ifndef SATCHEL_MANIFESTS_GGUF_H
#define SATCHEL_MANIFESTS_GGUF_H

#include "manifests/tensors.h"
#include "manifests/window.h"

/* Limits; those without a remark are ours, far above any real file. */
#define GGUF_HEADER_MAX ((uint64_t)256 << 20)	/* keys, values and tensor infos */
#define GGUF_KEYS_MAX 65536U
#define GGUF_TENSORS_MAX 1000000U
#define GGUF_KEY_MAX 65535U		/* bytes of a key: the format's */
#define GGUF_STRING_MAX ((uint64_t)1 << 30)	/* the official reader's */
#define GGUF_ARRAY_MAX ((uint64_t)1 << 30)	/* the official reader's */
#define GGUF_NAME_MAX 63U		/* the official reader's */
#define GGUF_ALIGNMENT_MAX 65536U

/* Bytes of a value that is kept. */
#define GGUF_VALUE_MAX 64U

struct gguf_facts {
	struct tensor_facts tensors;
	char architecture[GGUF_VALUE_MAX];	/* "" where it is not said, or no plain word */
	char license[GGUF_VALUE_MAX];
};

/*
 * gguf_read - the facts of a file; the window stands at its beginning.
 *
 * Errors: ST_MALFORMED with a rule "gguf-..."; WINDOW_SHORT: the file ends
 *         within header or data, as where it was not fetched to the end;
 *         "gguf-type": a tensor type that is not known here; "gguf-version".
 *         ST_HOST: out of memory, or what the window's callback said.
 * Time is linear in the header but for sorting; memory 8 bytes a key and tensor.
 */
enum status gguf_read(struct window *w, struct gguf_facts *out, struct diag *d)
    __attribute__((warn_unused_result));

#endif
