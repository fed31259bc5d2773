/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto - digests, AES-256-GCM and random bytes through libcrypto's EVP with
 * the system's providers.  Standard constructions; no key derivation, no policy.
 */
#ifndef SATCHEL_BUNDLE_CRYPTO_H
#define SATCHEL_BUNDLE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/contents.h"
#include "manifests/diag.h"
#include "manifests/transport.h"

#define KEY_LEN 32
#define OPENER_LEN 32
#define IV_LEN 12
#define TAG_LEN 16
#define LEAF_LEN 16384

enum digest_algo { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

/* A running digest; one thread at a time. */
struct digest;
struct digest *digest_new(enum digest_algo algo);	/* NULL: no memory or no provider */
void digest_free(struct digest *g);			/* accepts NULL */
/* Each starts a new message after digest_new() and digest_final(); 0 or -1. */
int digest_update(struct digest *g, const void *data, size_t len);
int digest_final(struct digest *g, uint8_t *out);
/* digest_failed - ST_HOST, for where one of these has failed. */
enum status digest_failed(struct diag *d);

/* The digest of one buffer. */
enum status digest_sha512(const void *data, size_t len, uint8_t out[SHA512_LEN],
    struct diag *d) __attribute__((warn_unused_result));
enum status digest_sha256(const void *data, size_t len, uint8_t out[SHA256_LEN],
    struct diag *d) __attribute__((warn_unused_result));

/*
 * digest_sha1 - only for a name that GnuPG computes so: nothing that is trusted
 * may rest on it.  0 or -1.
 */
#define SHA1_LEN 20
int digest_sha1(const void *data, size_t len, uint8_t out[SHA1_LEN]);

/* crypto_equal - constant-time comparison. */
bool crypto_equal(const void *a, const void *b, size_t len);
enum status crypto_random(void *buf, size_t len, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * key_new / key_free - KEY_LEN bytes on a page of their own: locked where the
 * system lets us, left out of core dumps, wiped when freed.  NULL: no memory.
 */
uint8_t *key_new(void);
void key_free(uint8_t *key);

/* AES-256-GCM under one key, which lives as long as the cipher; one thread at a time. */
struct cipher;
struct cipher *cipher_new(const uint8_t key[KEY_LEN]);
void cipher_free(struct cipher *c);
/*
 * cipher_seal - encrypt len bytes of in to out (may be the same buffer), with a
 * random IV that the module makes (BUNDLE.md, "The IV").
 */
enum status cipher_seal(struct cipher *c, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, uint8_t iv[IV_LEN],
    uint8_t tag[TAG_LEN], struct diag *d) __attribute__((warn_unused_result));
/* cipher_open - decrypt and authenticate.  ST_MALFORMED ("tag") where the tag does not hold; out is wiped then. */
enum status cipher_open(struct cipher *c, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, const uint8_t iv[IV_LEN],
    const uint8_t tag[TAG_LEN], struct diag *d) __attribute__((warn_unused_result));

/* What the format digests; satchel-bundle(5). */
enum volume_kind { VOLUME_PAYLOAD = 1, VOLUME_CONTENTS = 2 };

/* The chunk digest engine of one thread. */
struct chunk_digest;
struct chunk_digest *chunk_digest_new(void);
void chunk_digest_free(struct chunk_digest *g);
enum status chunk_digest_make(struct chunk_digest *g, enum volume_kind kind,
    const uint8_t *stored, size_t len, uint8_t out[SHA512_LEN], struct diag *d)
    __attribute__((warn_unused_result));
/* chunk_digest_engine - "libcrypto" or "intel-ipsec-mb": which one serves. */
const char *chunk_digest_engine(void);

enum status commit_run(const uint8_t id[BUNDLE_ID_LEN], uint32_t lane,
    uint32_t run, const uint8_t key[KEY_LEN], uint8_t out[SHA512_LEN],
    struct diag *d) __attribute__((warn_unused_result));
/* opener is NULL when not encrypted. */
enum status commit_contents(const uint8_t id[BUNDLE_ID_LEN], uint32_t lane,
    const uint8_t *opener, const uint8_t *text, size_t len,
    uint8_t out[SHA512_LEN], struct diag *d) __attribute__((warn_unused_result));

/* The message that is wrapped to each recipient. */
#define KEY_MESSAGE_LEN 80
void key_message_make(uint8_t out[KEY_MESSAGE_LEN], const uint8_t id[BUNDLE_ID_LEN],
    uint32_t lane, uint32_t run, const uint8_t key[KEY_LEN]);
/* key_message_open - ST_MALFORMED where purpose, id, lane or run differ. */
enum status key_message_open(const uint8_t msg[KEY_MESSAGE_LEN],
    const uint8_t id[BUNDLE_ID_LEN], uint32_t lane, uint32_t run,
    uint8_t key[KEY_LEN], struct diag *d) __attribute__((warn_unused_result));

#endif
