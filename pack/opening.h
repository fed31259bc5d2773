/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opening - the file of create --opening: opener and content manifest, for a
 * second signer who may see the content.  It is checked against the commitment.
 */
#ifndef SATCHEL_PACK_OPENING_H
#define SATCHEL_PACK_OPENING_H

#include "bundle/crypto.h"
#include "manifests/bytes.h"
#include "manifests/contents.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

struct opening {
	struct bytes file;
	struct contents *contents;
};

/* The first lines of such a file: purpose, and the opener's 64 digits. */
#define OPENING_PURPOSE "satchel-opening: \"1\"\n"
#define OPENING_OPENER "opener: \""

/* opening_emit - the file's bytes (check out->failed); opener is zeros when not encrypted. */
void opening_emit(const uint8_t opener[OPENER_LEN], const struct bytes *text,
    struct bytes *out);

/*
 * opening_read - read the file and compare it with the commitment of a lane of
 * t.  Errors: ST_USAGE (no such file's form), ST_UNTRUSTED (rule
 * "contents-commitment": it belongs to another bundle, or was changed).
 */
enum status opening_read(const char *path, const struct transport *t,
    struct opening *out, struct diag *d) __attribute__((warn_unused_result));
void opening_clear(struct opening *o);

#endif
