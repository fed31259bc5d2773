/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto - AES-256-GCM, random bytes, keys in memory and the message that is
 * wrapped.  Digests are in digest.c; the format's use of all this is in seal.c.
 */
#include "bundle/crypto.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "manifests/bytes.h"

#define PURPOSE_LEN 16

struct cipher {
	EVP_CIPHER *algo;
	EVP_CIPHER_CTX *ctx;
	const uint8_t *key;		/* the caller's */
	uint8_t last_iv[IV_LEN];	/* of the message before; zeros at first */
};

bool
crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

enum status
crypto_random(void *buf, size_t len, struct diag *d)
{
	uint8_t *p = buf;
	int n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = len > INT_MAX ? INT_MAX : (int)len;
		if (RAND_priv_bytes(p, n) != 1) {
			ERR_clear_error();
			return diag_set(d, ST_HOST, "crypto-random",
			    "libcrypto has no random bytes");
		}
	}
	return ST_OK;
}

static size_t
page_size(void)
{
	long n = sysconf(_SC_PAGESIZE);

	return n < KEY_LEN ? 4096 : (size_t)n;
}

uint8_t *
key_new(void)
{
	size_t len = page_size();
	void *p;

	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	/* As good as the system lets us: a limit on locked memory is no error. */
	(void)mlock(p, len);
	(void)madvise(p, len, MADV_DONTDUMP);
	return p;
}

void
key_free(uint8_t *key)
{
	if (key == NULL)
		return;
	explicit_bzero(key, KEY_LEN);
	(void)munmap(key, page_size());
}

struct cipher *
cipher_new(const uint8_t key[KEY_LEN])
{
	struct cipher *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->key = key;
	if ((c->algo = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL)) == NULL ||
	    EVP_CIPHER_get_key_length(c->algo) != KEY_LEN ||
	    EVP_CIPHER_get_iv_length(c->algo) != IV_LEN ||
	    (c->ctx = EVP_CIPHER_CTX_new()) == NULL) {
		ERR_clear_error();
		cipher_free(c);
		return NULL;
	}
	return c;
}

void
cipher_free(struct cipher *c)
{
	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->ctx);
	EVP_CIPHER_free(c->algo);
	free(c);
}

/*
 * The IV of the message that has just been begun.  Whatever the module did, one
 * that is all zeros or the last message's is never used.
 */
static int
fresh_iv(struct cipher *c, uint8_t iv[IV_LEN])
{
	static const uint8_t zeros[IV_LEN];

	memset(iv, 0, IV_LEN);
	if (EVP_CIPHER_CTX_get_updated_iv(c->ctx, iv, IV_LEN) != 1 ||
	    memcmp(iv, zeros, IV_LEN) == 0 ||
	    memcmp(iv, c->last_iv, IV_LEN) == 0)
		return -1;
	memcpy(c->last_iv, iv, IV_LEN);
	return 0;
}

enum status
cipher_seal(struct cipher *c, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, uint8_t iv[IV_LEN],
    uint8_t tag[TAG_LEN], struct diag *d)
{
	enum status st = ST_INTERNAL;
	int n = 0, rest = 0;

	/* Without additional data no IV would be made before the first byte. */
	if (aad_len == 0 || aad_len > INT_MAX || len > INT_MAX) {
		st = diag_set(d, ST_INTERNAL, "crypto-length",
		    "message of a length that the cipher does not take");
		goto out;
	}
	/*
	 * The module makes the IV at the first update after an init that gave
	 * none; reset, so that no state of the last message can stand for it.
	 */
	if (EVP_CIPHER_CTX_reset(c->ctx) != 1 ||
	    EVP_EncryptInit_ex2(c->ctx, c->algo, c->key, NULL, NULL) != 1 ||
	    EVP_EncryptUpdate(c->ctx, NULL, &n, aad, (int)aad_len) != 1) {
		st = diag_set(d, ST_HOST, "crypto-cipher",
		    "libcrypto could not begin to encrypt");
		goto out;
	}
	if (fresh_iv(c, iv) == -1) {
		st = diag_set(d, ST_HOST, "crypto-iv",
		    "libcrypto made no fresh IV; nothing was encrypted");
		goto out;
	}
	n = 0;
	if ((len > 0 &&
	    EVP_EncryptUpdate(c->ctx, out, &n, in, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(c->ctx, out + n, &rest) != 1 ||
	    (size_t)n + (size_t)rest != len ||
	    EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
	    tag) != 1) {
		st = diag_set(d, ST_HOST, "crypto-cipher",
		    "libcrypto could not encrypt");
		goto out;
	}
	st = ST_OK;
out:
	if (st != ST_OK) {
		ERR_clear_error();
		if (len > 0)
			explicit_bzero(out, len);
	}
	/* The key schedule stays in memory no longer than the message. */
	(void)EVP_CIPHER_CTX_reset(c->ctx);
	return st;
}

enum status
cipher_open(struct cipher *c, const uint8_t *aad, size_t aad_len,
    const uint8_t *in, size_t len, uint8_t *out, const uint8_t iv[IV_LEN],
    const uint8_t tag[TAG_LEN], struct diag *d)
{
	enum status st = ST_INTERNAL;
	int n = 0, rest = 0, held;
	uint8_t want[TAG_LEN];

	if (aad_len > INT_MAX || len > INT_MAX) {
		st = diag_set(d, ST_INTERNAL, "crypto-length",
		    "message of a length that the cipher does not take");
		goto out;
	}
	memcpy(want, tag, TAG_LEN);	/* OpenSSL takes no const tag */
	if (EVP_CIPHER_CTX_reset(c->ctx) != 1 ||
	    EVP_DecryptInit_ex2(c->ctx, c->algo, c->key, iv, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, want) != 1 ||
	    (aad_len > 0 &&
	    EVP_DecryptUpdate(c->ctx, NULL, &n, aad, (int)aad_len) != 1)) {
		st = diag_set(d, ST_HOST, "crypto-cipher",
		    "libcrypto could not decrypt");
		goto out;
	}
	n = 0;
	if (len > 0 && EVP_DecryptUpdate(c->ctx, out, &n, in, (int)len) != 1) {
		st = diag_set(d, ST_HOST, "crypto-cipher",
		    "libcrypto could not decrypt");
		goto out;
	}
	held = EVP_DecryptFinal_ex(c->ctx, out + n, &rest);
	if (held != 1 || (size_t)n + (size_t)rest != len) {
		st = diag_set(d, ST_MALFORMED, "tag",
		    "the authentication tag does not hold");
		goto out;
	}
	st = ST_OK;
out:
	if (st != ST_OK) {
		ERR_clear_error();
		if (len > 0)
			explicit_bzero(out, len);
	}
	(void)EVP_CIPHER_CTX_reset(c->ctx);
	return st;
}

/* All of the message but the key. */
#define KEY_MESSAGE_HEAD (KEY_MESSAGE_LEN - KEY_LEN)

static void
message_head(uint8_t out[KEY_MESSAGE_HEAD], const uint8_t id[BUNDLE_ID_LEN],
    uint32_t lane, uint32_t run)
{
	static const char purpose[] = "satchel-key";

	memset(out, 0, KEY_MESSAGE_HEAD);
	memcpy(out, purpose, sizeof(purpose) - 1);
	memcpy(out + PURPOSE_LEN, id, BUNDLE_ID_LEN);
	put_le64(out + PURPOSE_LEN + BUNDLE_ID_LEN, lane);
	put_le64(out + PURPOSE_LEN + BUNDLE_ID_LEN + 8, run);
}

void
key_message_make(uint8_t out[KEY_MESSAGE_LEN], const uint8_t id[BUNDLE_ID_LEN],
    uint32_t lane, uint32_t run, const uint8_t key[KEY_LEN])
{
	message_head(out, id, lane, run);
	memcpy(out + KEY_MESSAGE_HEAD, key, KEY_LEN);
}

enum status
key_message_open(const uint8_t msg[KEY_MESSAGE_LEN],
    const uint8_t id[BUNDLE_ID_LEN], uint32_t lane, uint32_t run,
    uint8_t key[KEY_LEN], struct diag *d)
{
	uint8_t head[KEY_MESSAGE_HEAD];

	message_head(head, id, lane, run);
	if (!crypto_equal(head, msg, KEY_MESSAGE_HEAD)) {
		explicit_bzero(key, KEY_LEN);
		return diag_set(d, ST_MALFORMED, "key-message",
		    "the wrapped message is no key of this bundle, lane and run");
	}
	memcpy(key, msg + KEY_MESSAGE_HEAD, KEY_LEN);
	return ST_OK;
}
