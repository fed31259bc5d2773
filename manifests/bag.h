/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag - the BagIt 1.0 tag files (RFC 8493) of an imported bundle, made from
 * manifests and signatures alone, with nothing of the host or the day, so that
 * a later audit makes them again and compares bytes.
 */
#ifndef SATCHEL_MANIFESTS_BAG_H
#define SATCHEL_MANIFESTS_BAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"
#include "manifests/contents.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

/* One file of the bag outside data/: relative path and bytes. */
struct bag_file {
	char path[160];			/* "bagit.txt", "satchel/signatures/FPR.sig", ... */
	struct bytes bytes;
	bool borrowed;			/* from the source, whose the bytes stay */
};

/* What satchel/ holds, as it came from the bundle. */
struct bag_signature {
	char fpr[FPR_MAX + 1];
	const uint8_t *data;
	size_t len;
};

/* One lane that was opened. */
struct bag_lane {
	uint32_t lane;
	const struct contents *contents;
	const uint8_t *text;		/* the content manifest's bytes */
	size_t text_len;
	const uint8_t *opener;		/* 32 bytes; NULL when not encrypted */
};

struct bag_source {
	const uint8_t *manifest;	/* manifest.yaml */
	size_t manifest_len;
	const struct transport *transport;
	const uint8_t *bundle_digest;	/* SHA512_LEN bytes */
	const struct bag_signature *signatures;
	size_t n_signatures;
	const struct bag_lane *lanes;	/* those opened; transport names the others */
	size_t n_lanes;
};

/*
 * Digests are made by the caller's function, so that this room needs no
 * libcrypto: SHA-256 of data to out.  Returns 0, or -1.
 */
typedef int bag_sha256(void *arg, const uint8_t *data, size_t len,
    uint8_t out[SHA256_LEN]);

/*
 * bag_make - all files of the bag outside data/, sorted by path:
 * bag-info.txt, bagit.txt, manifest-sha256.txt, satchel/contents-00.yaml,
 * satchel/manifest.yaml, satchel/opener-00, satchel/signatures/FPR.sig,
 * tagmanifest-sha256.txt.
 * out    new array of *n files; the caller frees it with bag_free().  The texts of the
 *        lanes are not copied: they must outlive it.
 * Errors: ST_HOST (memory), ST_INTERNAL (digest)
 */
enum status bag_make(const struct bag_source *src, bag_sha256 *sha256, void *arg,
    struct bag_file **out, size_t *n, struct diag *d)
    __attribute__((warn_unused_result));

void bag_free(struct bag_file *files, size_t n);

#endif
