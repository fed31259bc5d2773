/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet - the two OpenPGP objects of a bundle (RFC 4880), parsed by ourselves
 * before gpg sees a byte of them: a detached signature, and a wrapped key.
 * It checks form; it verifies and decrypts nothing.
 */
#ifndef SATCHEL_MANIFESTS_PACKET_H
#define SATCHEL_MANIFESTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"
#include "manifests/transport.h"

/* What a canonical signature packet says (BUNDLE.md, "GPGME: what its answer means"). */
struct packet_signature {
	char issuer[FPR_MAX + 1];	/* fingerprint of the key that made it, maybe a subkey; upper-case hex */
	uint32_t created;		/* seconds since 1970 */
	uint8_t pubkey_algo;		/* RFC 4880 9.1 */
	uint8_t hash_algo;		/* 8 SHA-256, 9 SHA-384, 10 SHA-512, ...: RFC 4880 9.4 */
	uint8_t left16[2];		/* must equal the first two bytes of the digest over: */
	size_t hashed_offset;		/* document | these bytes of the packet ... */
	size_t hashed_len;
	uint8_t trailer[6];		/* ... | this (04 FF len32) */
};

/*
 * packet_parse_signature - exactly one canonical version 4 signature packet
 * of type binary document, and no byte more.
 * Errors: ST_UNTRUSTED; rule and text say what is wrong ("sig-two-packets",
 *         "sig-armored", "sig-text-mode", "sig-empty", ...).
 */
enum status packet_parse_signature(const uint8_t *buf, size_t len,
    struct packet_signature *out, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * packet_check_wrapped_key - exactly one version 3 public-key session key
 * packet and one version 1 integrity-protected data packet (tag 18) to the end.
 * hidden    the key id must be zero; else it must not be
 * keyids    if not NULL: 8-byte key ids of the recipient's subkeys (and primary), n of them,
 *           one of which it must be
 * Errors: ST_MALFORMED, with a rule ("key-passphrase-packet", ...).
 */
enum status packet_check_wrapped_key(const uint8_t *buf, size_t len, bool hidden,
    const uint8_t (*keyids)[8], size_t n, struct diag *d)
    __attribute__((warn_unused_result));

#endif
