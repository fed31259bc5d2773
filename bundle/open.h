/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open - a verified manifest and its keys to a content manifest and a plain
 * stream: unwrap, compare commitments, read contents, judge the originator.
 * It takes no struct unverified_manifest, and writes nothing.
 */
#ifndef SATCHEL_BUNDLE_OPEN_H
#define SATCHEL_BUNDLE_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/crypto.h"
#include "bundle/findings.h"
#include "bundle/media.h"
#include "bundle/progress.h"
#include "bundle/tarread.h"
#include "bundle/trust.h"
#include "manifests/contents.h"

/* One lane that is being opened. */
struct opened {
	const struct verified_manifest *manifest;
	const struct transport_lane *lane;
	uint8_t **keys;			/* one a run, in the manifest's order; none when not encrypted */
	size_t n_keys;
	struct bytes stream;		/* opener (encrypted) and content manifest */
	const uint8_t *opener;		/* into stream; NULL when not encrypted */
	const uint8_t *text;		/* the content manifest's bytes, into stream */
	size_t text_len;
	struct contents *contents;
	char recipient[FPR_MAX + 1];	/* whose key opened it; "" */
};

/*
 * open_keys - read the wrapped keys of every run of a lane, ask gpg to unwrap
 * one of each, and compare each key with its commitment.
 * Errors: as gpg_unwrap(); ST_DAMAGED or ST_INCOMPLETE if none opens and a wrapped key is not right; ST_MALFORMED
 *         (rules "key-message", "key-commitment").
 */
enum status open_keys(const struct verified_manifest *v, const struct media *m,
    size_t lane, struct opened **out, struct diag *d)
    __attribute__((warn_unused_result));

/* open_with_key - the same for a key that this process made (pack's read-back); NULL when not encrypted. */
enum status open_with_key(const struct verified_manifest *v, size_t lane,
    const uint8_t *key, struct opened **out, struct diag *d)
    __attribute__((warn_unused_result));

void opened_free(struct opened *o);

/* What a reading pass needs. */
struct open_params {
	const struct media *media;
	unsigned jobs;
	struct findings *findings;
	const struct progress *progress;
};

/*
 * open_contents - read the lane's contents on every directory (all have to be
 * right; the first one is opened), compare the content commitment, judge the
 * originator, and parse.  own: the process made the bundle itself, there is no originator's
 * signature to be asked for yet.
 * Errors: ST_MALFORMED  rules "contents-commitment", and those of contents_parse()
 *         ST_UNTRUSTED  rule "originator"
 *         damage is in findings as well
 */
enum status open_contents(struct opened *o, const struct open_params *p,
    bool own, struct diag *d) __attribute__((warn_unused_result));

/*
 * open_payload - read every payload volume of the lane once, and give the tar stream to sink
 * (NULL: only compare).  Goes on after damage, to name it all; then nothing more reaches sink.
 * Returns ST_OK only if every byte was right.
 */
enum status open_payload(struct opened *o, const struct open_params *p,
    const struct tar_sink *sink, struct diag *d) __attribute__((warn_unused_result));

/* check_stored - every volume and contents file on the media given: stored bytes only. */
enum status check_stored(const struct transport *t, const struct open_params *p,
    bool all, struct coverage *cov, struct diag *d) __attribute__((warn_unused_result));

#endif
