/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trust - who signed a manifest, and the two types that say what may be done
 * with it.  struct verified_manifest is made only by a call that has just
 * verified a signature over the very bytes; what was not verified is a struct
 * unverified_manifest, which nothing that decrypts, decompresses or places takes.
 */
#ifndef SATCHEL_BUNDLE_TRUST_H
#define SATCHEL_BUNDLE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/findings.h"
#include "bundle/gpg.h"
#include "bundle/media.h"
#include "manifests/bytes.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

/* For printing and for comparing stored bytes with digests; nothing else. */
struct unverified_manifest {
	const struct bytes *text;	/* manifest.yaml, as in the medium that was read */
	struct transport *fields;
	uint8_t digest[SHA512_LEN];	/* bundle digest */
};

/*
 * unverified_read - parse the manifest that all media share.
 * Errors: ST_UNTRUSTED  the media's manifests differ; or it cannot be parsed, but
 *                       its first line names a satchel manifest
 *         ST_MALFORMED  it cannot be parsed
 */
enum status unverified_read(const struct media *m, struct unverified_manifest *out,
    struct diag *d) __attribute__((warn_unused_result));
void unverified_clear(struct unverified_manifest *u);

/* A signature that was accepted. */
struct accepted_signature {
	char fpr[FPR_MAX + 1];		/* primary fingerprint */
	char user_id[256];		/* escaped */
	uint32_t created;		/* seconds since 1970 */
	bool key_expired_since;
	struct bytes data;		/* the packet */
};

/* What is said about each pinned signer whose signature was looked at. */
struct signer_verdict {
	char fpr[FPR_MAX + 1];
	char user_id[256];
	bool accepted;
	uint32_t created;
	char reason[256];		/* why not */
};

struct signers {
	struct signer_verdict *items;
	size_t n;
};
void signers_free(struct signers *s);

struct verified_manifest;

/*
 * trust_verify - find the signatures by pinned keys on the media and in sigdirs,
 * judge them all over the manifest, and only then parse it.
 *
 * sigdir   a directory of FPR.sig files that arrived alone, or NULL
 * signers  filled with a verdict for each pinned key that had a signature file
 *
 * Bad and unreadable signature files are notes in f.
 * Errors: ST_UNTRUSTED  no signature by a pinned key is good; or the media's
 *                       manifests differ
 *         ST_USAGE      the manifests differ, and more than one is signed
 *         ST_MALFORMED  well signed, but against the format
 *         ST_HOST       gpg fails, sigdir cannot be read
 */
enum status trust_verify(const struct media *m, const char *sigdir,
    const struct gpg_trust *t, bool allow_expired_key, struct findings *f,
    struct signers *signers, struct verified_manifest **out, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * trust_own - the manifest that this very process has just made and still holds
 * (pack's read-back).  text is copied.
 */
enum status trust_own(const struct bytes *text, struct verified_manifest **out,
    struct diag *d) __attribute__((warn_unused_result));

void verified_free(struct verified_manifest *v);

const struct transport *verified_transport(const struct verified_manifest *v);
const uint8_t *verified_digest(const struct verified_manifest *v);
const struct bytes *verified_text(const struct verified_manifest *v);
const struct accepted_signature *verified_signatures(
    const struct verified_manifest *v, size_t *n);
/* verified_accepts - whether fpr's signature is among the accepted. */
bool verified_accepts(const struct verified_manifest *v, const char *fpr);

#endif
