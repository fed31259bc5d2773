/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bagging - lending libcrypto's digest to the pure room that spells the bag.
 */
#include "unpack/bagging.h"

#include <string.h>

#include "bundle/crypto.h"

static int
sha256(void *arg, const uint8_t *data, size_t len, uint8_t out[SHA256_LEN])
{
	return digest_sha256(data, len, out, arg) == ST_OK ? 0 : -1;
}

enum status
bagging_make(const struct verified_manifest *v,
    const struct bag_signature *signatures, size_t n_signatures,
    const struct bag_lane *lanes, size_t n_lanes, struct bag_file **files,
    size_t *n, struct diag *d)
{
	struct diag why = DIAG_INIT;
	struct bag_source src;
	enum status st;

	memset(&src, 0, sizeof(src));
	src.manifest = verified_text(v)->data;
	src.manifest_len = verified_text(v)->len;
	src.transport = verified_transport(v);
	src.bundle_digest = verified_digest(v);
	src.signatures = signatures;
	src.n_signatures = n_signatures;
	src.lanes = lanes;
	src.n_lanes = n_lanes;
	st = bag_make(&src, sha256, &why, files, n, d);
	if (why.rule[0] == '\0')
		return st;
	/* the pure room knows only that the digest was not to be had */
	if (d != NULL)
		*d = why;
	return ST_HOST;
}
