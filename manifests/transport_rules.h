/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport_rules - what the parsers of manifests share about the things that
 * stand in them.  Not for use outside of manifests/.
 */
#ifndef SATCHEL_MANIFESTS_TRANSPORT_RULES_H
#define SATCHEL_MANIFESTS_TRANSPORT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "manifests/transport.h"

/* Bytes of a volume around its chunks. */
#define VOLUME_HEADER 48
#define VOLUME_GUARD 13
#define VOLUME_INDEX 8
#define VOLUME_ENTRY 76			/* of the index, for each chunk */
#define STORED_SEALED 48		/* frame 8, IV 12, sealed fields 12, tag 16 */
#define STORED_MIN_PLAIN 9		/* a frame's header and one byte */
#define PADDING_MIN 4096

/* At most so many chunks of one kind under one key (random 96-bit IVs). */
#define RUN_CHUNKS_MAX ((uint64_t)1 << 32)

/*
 * is_other_version - whether a document begins with `purpose` ("satchel-...: ")
 * and a version that is not "1": its spelling may be another, so look at it first.
 */
bool is_other_version(const uint8_t *buf, size_t len, const char *purpose);

struct canon;

/* transport_spell - make the one spelling of t, to a buffer or against one (canon.h). */
void transport_spell(const struct transport *t, struct canon *c);

/* fingerprint_valid - 40 or 64 upper-case hexadecimal digits. */
bool fingerprint_valid(const char *s);

/* time_exists - YYYY-MM-DDThh:mm:ssZ, a second that exists, from 1970 on. */
bool time_exists(const char *s);

#endif
