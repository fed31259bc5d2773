/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal - one chunk between its plain and its stored form: transform, padding,
 * AES-256-GCM, frame.  The digest that makes a stored chunk trustworthy is
 * checked by whoever read it (bundle/volume.h) before it comes here.
 */
#ifndef SATCHEL_BUNDLE_SEAL_H
#define SATCHEL_BUNDLE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/crypto.h"
#include "manifests/diag.h"

enum transform { TRANSFORM_STORED = 0, TRANSFORM_ZSTD = 1, TRANSFORM_PLANES = 2 };

/* What is the same for all chunks of one stream. */
struct seal_params {
	uint8_t bundle_id[BUNDLE_ID_LEN];
	uint32_t lane;
	uint32_t run;
	enum volume_kind kind;
	bool portable;
	uint32_t chunk_size;
	uint32_t padding;		/* 0 when not encrypted */
	int level;			/* sealing only: 1 .. 19 */
	const uint8_t *key;		/* KEY_LEN bytes, or NULL: not encrypted.  Lives as long as the sealer */
};

/* The fields of an index entry beside the digest. */
struct chunk_fields {
	uint32_t stored_len;
	uint32_t transform;		/* 0 when encrypted */
	uint32_t plain_len;		/* 0 when encrypted */
};

/* Contexts and scratch of one thread. */
struct sealer;
struct sealer *sealer_new(const struct seal_params *p, struct diag *d);
void sealer_free(struct sealer *s);

/* seal_bound - room for the greatest stored chunk of such a stream. */
size_t seal_bound(const struct seal_params *p);

/*
 * seal_chunk - plain bytes (1 .. chunk_size) to the stored frame.
 * number  of the chunk in its lane and kind
 * out     seal_bound() bytes
 */
enum status seal_chunk(struct sealer *s, uint64_t number, const uint8_t *plain,
    size_t len, uint8_t *out, struct chunk_fields *f, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * unseal_chunk - a stored frame, whose digest has been checked, to plain bytes.
 * f          its index entry's fields
 * out        chunk_size bytes; *len holds how many were written, 1 .. chunk_size
 * scratch: the stored bytes may be overwritten (deciphered in place).
 * Errors: ST_MALFORMED with rule
 */
enum status unseal_chunk(struct sealer *s, uint64_t number, uint8_t *stored,
    const struct chunk_fields *f, uint8_t *out, size_t *len, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * check_stored_chunk - what can be said of a stored frame without its key: frame
 * magic, length, that a chunk of a portable bundle is a zstd frame; status 7.
 */
enum status check_stored_chunk(const struct seal_params *p, const uint8_t *stored,
    const struct chunk_fields *f, struct diag *d) __attribute__((warn_unused_result));

#endif
