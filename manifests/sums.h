/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sums - the two lists of a portable bundle, for stock tools: SHA512SUMS names
 * the payload volumes in stream order, SHA256SUMS every file as data/PATH.
 */
#ifndef SATCHEL_MANIFESTS_SUMS_H
#define SATCHEL_MANIFESTS_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"
#include "manifests/contents.h"
#include "manifests/transport.h"

/* sums_line - append "HEX  NAME\n" (check out->failed). */
void sums_line(const uint8_t *digest, size_t len, const char *name,
    struct bytes *out);

/* sums_files - append SHA256SUMS as it follows from the content manifest. */
void sums_files(const struct contents *c, struct bytes *out);

/* sums_volumes_fit - whether a SHA512SUMS names exactly the volumes of t, in their order. */
bool sums_volumes_fit(const struct transport *t, const uint8_t *buf, size_t len);

#endif
