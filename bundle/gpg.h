/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg - everything that GnuPG does for satchel: reading certificates, verifying,
 * signing, wrapping and unwrapping.  Each call runs in a bounded helper process
 * with a private GNUPGHOME; no GPGME call is made outside one.  It decides no
 * policy of trust: bundle/trust.h does.
 */
#ifndef SATCHEL_BUNDLE_GPG_H
#define SATCHEL_BUNDLE_GPG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"
#include "manifests/diag.h"
#include "manifests/packet.h"
#include "manifests/transport.h"

/*
 * All calls must come from a process with a single thread (they fork).
 * Common errors: ST_HOST (rule "gpg-missing", "gpg-timeout", "gpg-garbage",
 * "gpg-failed") when gpg is missing, hangs, or answers nonsense.  One deadline of
 * CAP_GPG_SECONDS covers all calls of the process that wait for no person.
 */

/* A certificate (public key), exported binary, and what we need to know of it. */
struct gpg_cert {
	char fpr[FPR_MAX + 1];		/* primary fingerprint, upper-case hex */
	char user_id[256];		/* primary user id, escaped already */
	uint8_t (*keyids)[8];		/* of the primary key and all subkeys */
	size_t n_keyids;
	bool fips_weak;			/* its signing or encryption (sub)key does not work on a FIPS host (Ed25519, X25519) */
	struct bytes data;		/* the certificate itself */
};
void gpg_cert_free(struct gpg_cert *c);	/* what it holds; accepts NULL */

/* The pinned certificates of a trust file. */
struct gpg_trust {
	struct gpg_cert *certs;
	size_t n;
	struct bytes data;		/* the file as read: armoured or binary */
};
/*
 * gpg_trust_load - read the certificates in data (taken over by *out).
 * Errors: ST_USAGE (rule "no-certificate") if it holds none; "many-certificates" if more than CAP_PINNED;
 *         a secret key in it is an error too (rule "secret-key").
 */
enum status gpg_trust_load(struct bytes *data, struct gpg_trust **out,
    struct diag *d) __attribute__((warn_unused_result));
void gpg_trust_free(struct gpg_trust *t);
/* gpg_trust_find - the certificate with that primary fingerprint, or NULL. */
const struct gpg_cert *gpg_trust_find(const struct gpg_trust *t, const char *fpr);

/* One signature file to be judged. */
struct gpg_candidate {
	const char *fpr;		/* pinned fingerprint that its name claims */
	const uint8_t *data;
	size_t len;
	/* the verdict: */
	enum status status;		/* ST_OK: accepted; ST_UNTRUSTED; ST_HOST */
	struct diag why;
	uint32_t created;		/* of the signature, when accepted */
	bool key_expired_since;		/* only with allow_expired_key */
};

/*
 * gpg_verify - judge each candidate over the document: packet rule, left 16
 * bits, gpg's answer, algorithm policy (SHA-256/384/512; RSA of 3072 bits and
 * more, ECDSA on curves of 256 bits and more, EdDSA), times, expiry, revocation,
 * and that the signing key's primary fingerprint is the one its name claims.
 * allow_expired_key: only audit, for a key that expired after the signature.
 * Returns ST_OK if gpg answered at all, however it judged; one that it gave no
 * answer to is ST_HOST in its status, so that a crafted file spoils no good one.
 * Errors: ST_HOST (and each status ST_HOST) where it answered to none.
 */
enum status gpg_verify(const struct gpg_trust *t, const uint8_t *doc, size_t len,
    struct gpg_candidate *c, size_t n, bool allow_expired_key, struct diag *d)
    __attribute__((warn_unused_result));

enum gpg_use { GPG_USE_SIGN, GPG_USE_ENCRYPT };

/*
 * gpg_find_key - the one usable key of the user's key ring that `who` names: a
 * full fingerprint (40 or 64 digits, of the primary key or of a subkey, blanks
 * allowed) or a mail address that matches exactly.  The user's gpg.conf has no say.
 * Errors: ST_USAGE (rules "key-none", "key-many", "key-unusable"; hint lists what there is).
 * For signing a secret key (or a card's stub) must be there: ST_HOST ("no-secret-key").
 */
enum status gpg_find_key(const char *who, enum gpg_use use, struct gpg_cert *out,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * gpg_sign - a detached, binary, canonical signature with SHA-512 by the user's
 * own agent (card, passphrase and pinentry as usual: waits for the person).
 * It is what gpg says it is: the caller has it judged, by gpg_verify() or trust_verify(), before
 * it counts.
 * Errors: ST_HOST (rules "no-secret-key": none here, or the PIN was refused; "gpg-agent")
 */
enum status gpg_sign(const struct gpg_cert *signer, const uint8_t *doc, size_t len,
    struct bytes *sig, struct diag *d) __attribute__((warn_unused_result));

/* gpg_wrap - msg to one recipient: AES-256, no compression, packet rule checked. */
enum status gpg_wrap(const struct gpg_cert *recipient, bool hidden,
    const uint8_t *msg, size_t len, struct bytes *out, struct diag *d)
    __attribute__((warn_unused_result));

/* One wrapped key of a run. */
struct gpg_wrapped {
	const char *recipient;		/* primary fingerprint, or a number when hidden */
	const uint8_t *data;
	size_t len;
};
/*
 * gpg_unwrap - open the first of n wrapped keys for which the user has a secret
 * key (asks the user's agent: waits for the person).
 * hidden   all of the user's own keys are tried, and only those
 * msg      exactly msg_len bytes come out, or it is an error
 * used     index of the one that was opened
 * Errors: ST_HOST (rule "no-secret-key": no recipient's key is here, or the PIN was refused),
 *         ST_MALFORMED (rule "key-message": another kind of message, over-long, not
 *         integrity protected, ...).  Packet rule (packet_check_wrapped_key) is checked
 *         before gpg sees a byte, with key ids where the certificate is at hand.
 */
enum status gpg_unwrap(const struct gpg_wrapped *w, size_t n, bool hidden,
    uint8_t *msg, size_t msg_len, size_t *used, struct diag *d)
    __attribute__((warn_unused_result));

#endif
