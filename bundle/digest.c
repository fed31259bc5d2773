/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * digest - SHA-256 and SHA-512 through EVP, the digest tree of a chunk, and the
 * commitments.  It holds no key longer than one call, and no policy.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/crypto.h"
#include "bundle/digest_engine.h"
#include "manifests/bytes.h"

#define PURPOSE_LEN 16

struct digest {
	EVP_MD_CTX *ctx;
	const EVP_MD *md;
};

/* Fetched once: looking an algorithm up costs more than digesting a small message. */
static EVP_MD *fetched[3];
static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;

static void
fetch_all(void)
{
	fetched[DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	fetched[DIGEST_SHA384] = EVP_MD_fetch(NULL, "SHA2-384", NULL);
	fetched[DIGEST_SHA512] = EVP_MD_fetch(NULL, "SHA2-512", NULL);
}

static const EVP_MD *
algorithm(enum digest_algo algo)
{
	(void)pthread_once(&fetched_once, fetch_all);
	return fetched[algo];
}

enum status
digest_failed(struct diag *d)
{
	ERR_clear_error();
	return diag_set(d, ST_HOST, "crypto-digest",
	    "libcrypto could not compute a digest");
}

struct digest *
digest_new(enum digest_algo algo)
{
	struct digest *g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	if ((g->md = algorithm(algo)) == NULL ||
	    (g->ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex2(g->ctx, g->md, NULL) != 1) {
		ERR_clear_error();
		digest_free(g);
		return NULL;
	}
	return g;
}

void
digest_free(struct digest *g)
{
	if (g == NULL)
		return;
	EVP_MD_CTX_free(g->ctx);
	free(g);
}

int
digest_update(struct digest *g, const void *data, size_t len)
{
	if (len == 0)
		return 0;
	return EVP_DigestUpdate(g->ctx, data, len) == 1 ? 0 : -1;
}

int
digest_final(struct digest *g, uint8_t *out)
{
	if (EVP_DigestFinal_ex(g->ctx, out, NULL) != 1 ||
	    EVP_DigestInit_ex2(g->ctx, g->md, NULL) != 1)
		return -1;
	return 0;
}

/* One piece of a message that lies in several places. */
struct piece {
	const void *data;
	size_t len;
};

static enum status
digest_pieces(enum digest_algo algo, const struct piece *p, size_t n,
    uint8_t *out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct digest *g = NULL;
	size_t i;

	if ((g = digest_new(algo)) == NULL) {
		st = digest_failed(d);
		goto out;
	}
	for (i = 0; i < n; i++)
		if (digest_update(g, p[i].data, p[i].len) == -1) {
			st = digest_failed(d);
			goto out;
		}
	if (digest_final(g, out) == -1) {
		st = digest_failed(d);
		goto out;
	}
	st = ST_OK;
out:
	digest_free(g);
	return st;
}

enum status
digest_sha512(const void *data, size_t len, uint8_t out[SHA512_LEN],
    struct diag *d)
{
	struct piece p = { data, len };

	return digest_pieces(DIGEST_SHA512, &p, 1, out, d);
}

enum status
digest_sha256(const void *data, size_t len, uint8_t out[SHA256_LEN],
    struct diag *d)
{
	struct piece p = { data, len };

	return digest_pieces(DIGEST_SHA256, &p, 1, out, d);
}

int
digest_sha1(const void *data, size_t len, uint8_t out[SHA1_LEN])
{
	if (EVP_Q_digest(NULL, "SHA1", NULL, data, len, out, NULL) == 1)
		return 0;
	ERR_clear_error();
	return -1;
}

/* A purpose, padded with zeros: no message of one purpose can serve as another's. */
static void
put_purpose(uint8_t *p, const char *purpose)
{
	memset(p, 0, PURPOSE_LEN);
	memcpy(p, purpose, strlen(purpose));
}

enum status
commit_run(const uint8_t id[BUNDLE_ID_LEN], uint32_t lane, uint32_t run,
    const uint8_t key[KEY_LEN], uint8_t out[SHA512_LEN], struct diag *d)
{
	uint8_t head[PURPOSE_LEN + BUNDLE_ID_LEN + 16];
	struct piece p[2] = { { head, sizeof(head) }, { key, KEY_LEN } };

	put_purpose(head, "satchel-run");
	memcpy(head + PURPOSE_LEN, id, BUNDLE_ID_LEN);
	put_le64(head + PURPOSE_LEN + BUNDLE_ID_LEN, lane);
	put_le64(head + PURPOSE_LEN + BUNDLE_ID_LEN + 8, run);
	return digest_pieces(DIGEST_SHA512, p, 2, out, d);
}

enum status
commit_contents(const uint8_t id[BUNDLE_ID_LEN], uint32_t lane,
    const uint8_t *opener, const uint8_t *text, size_t len,
    uint8_t out[SHA512_LEN], struct diag *d)
{
	static const uint8_t none[OPENER_LEN];
	uint8_t head[PURPOSE_LEN + BUNDLE_ID_LEN + 8];
	struct piece p[3] = {
		{ head, sizeof(head) },
		{ opener == NULL ? none : opener, OPENER_LEN },
		{ text, len },
	};

	put_purpose(head, "satchel-contents");
	memcpy(head + PURPOSE_LEN, id, BUNDLE_ID_LEN);
	put_le64(head + PURPOSE_LEN + BUNDLE_ID_LEN, lane);
	return digest_pieces(DIGEST_SHA512, p, 3, out, d);
}

struct chunk_digest {
	struct digest *outer;
	struct digest *leaf;
#ifdef HAVE_IPSEC_MB
	struct leaf_engine *engine;	/* NULL: libcrypto serves */
#endif
};

void
chunk_digest_free(struct chunk_digest *g)
{
	if (g == NULL)
		return;
#ifdef HAVE_IPSEC_MB
	leaf_engine_free(g->engine);
#endif
	digest_free(g->outer);
	digest_free(g->leaf);
	free(g);
}

/* The reference: one leaf after another. */
static int
leaves_libcrypto(struct digest *leaf, const uint8_t *data, size_t len,
    uint8_t *out)
{
	size_t n;

	for (; len > 0; data += n, len -= n, out += SHA512_LEN) {
		n = len < LEAF_LEN ? len : LEAF_LEN;
		if (digest_update(leaf, data, n) == -1 ||
		    digest_final(leaf, out) == -1)
			return -1;
	}
	return 0;
}

#ifdef HAVE_IPSEC_MB
static bool engine_serves;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

/* A host in FIPS mode computes with its validated module and nothing else. */
static bool
fips_mode(void)
{
	FILE *f;
	int c;

	if (EVP_default_properties_is_fips_enabled(NULL) == 1)
		return true;
	if ((f = fopen("/proc/sys/crypto/fips_enabled", "re")) == NULL)
		return errno != ENOENT;	/* hidden from us is no "no" */
	c = getc(f);
	(void)fclose(f);
	return c != '0';
}

/*
 * Whether the engine says what libcrypto says: of one leaf and of more than it
 * takes at a time, over every kind of length that the last one can have.
 */
static bool
engine_agrees(struct leaf_engine *e)
{
	static const size_t lens[] = { 1, 55, 111, 112, 127, 128, 129, 8191,
	    LEAF_LEN - 1, LEAF_LEN, 8 * LEAF_LEN + 1, 9 * LEAF_LEN - 1,
	    LEAF_BATCH * LEAF_LEN };
	const size_t room = LEAF_BATCH * LEAF_LEN;
	uint8_t want[LEAF_BATCH * SHA512_LEN], got[LEAF_BATCH * SHA512_LEN];
	struct digest *leaf = NULL;
	uint8_t *data = NULL;
	bool agrees = false;
	size_t i;

	if ((data = malloc(room)) == NULL ||
	    (leaf = digest_new(DIGEST_SHA512)) == NULL)
		goto out;
	for (i = 0; i < room; i++)
		data[i] = (uint8_t)(i * 131 + (i >> 8) * 29);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memset(want, 0, sizeof(want));
		memset(got, 0, sizeof(got));
		if (leaves_libcrypto(leaf, data, lens[i], want) == -1 ||
		    leaf_engine_run(e, data, lens[i], got) == -1 ||
		    memcmp(want, got, sizeof(want)) != 0)
			goto out;
	}
	agrees = true;
out:
	digest_free(leaf);
	free(data);
	return agrees;
}

static void
engine_choose(void)
{
	const char *forced = getenv("SATCHEL_DIGEST_ENGINE");
	struct leaf_engine *e = NULL;

	if ((forced != NULL && strcmp(forced, "intel-ipsec-mb") != 0) ||
	    fips_mode() || (e = leaf_engine_new()) == NULL)
		return;
	engine_serves = engine_agrees(e);
	leaf_engine_free(e);
}
#endif

const char *
chunk_digest_engine(void)
{
#ifdef HAVE_IPSEC_MB
	(void)pthread_once(&engine_once, engine_choose);
	if (engine_serves)
		return "intel-ipsec-mb";
#endif
	return "libcrypto";
}

struct chunk_digest *
chunk_digest_new(void)
{
	struct chunk_digest *g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	if ((g->outer = digest_new(DIGEST_SHA512)) == NULL ||
	    (g->leaf = digest_new(DIGEST_SHA512)) == NULL) {
		chunk_digest_free(g);
		return NULL;
	}
#ifdef HAVE_IPSEC_MB
	(void)pthread_once(&engine_once, engine_choose);
	if (engine_serves)
		g->engine = leaf_engine_new();	/* NULL serves as well */
#endif
	return g;
}

static int
leaves(struct chunk_digest *g, const uint8_t *data, size_t len, uint8_t *out)
{
#ifdef HAVE_IPSEC_MB
	if (g->engine != NULL) {
		if (leaf_engine_run(g->engine, data, len, out) == 0)
			return 0;
		leaf_engine_free(g->engine);
		g->engine = NULL;
	}
#endif
	return leaves_libcrypto(g->leaf, data, len, out);
}

enum status
chunk_digest_make(struct chunk_digest *g, enum volume_kind kind,
    const uint8_t *stored, size_t len, uint8_t out[SHA512_LEN], struct diag *d)
{
	uint8_t head[PURPOSE_LEN + 16], batch[LEAF_BATCH * SHA512_LEN];
	size_t n, n_leaves;

	put_purpose(head, "satchel-chunk");
	put_le64(head + PURPOSE_LEN, (uint64_t)kind);
	put_le64(head + PURPOSE_LEN + 8, len);
	if (digest_update(g->outer, head, sizeof(head)) == -1)
		return digest_failed(d);
	for (; len > 0; stored += n, len -= n) {
		n = len < LEAF_BATCH * LEAF_LEN ? len : LEAF_BATCH * LEAF_LEN;
		n_leaves = (n + LEAF_LEN - 1) / LEAF_LEN;
		if (leaves(g, stored, n, batch) == -1 ||
		    digest_update(g->outer, batch, n_leaves * SHA512_LEN) == -1)
			return digest_failed(d);
	}
	return digest_final(g->outer, out) == -1 ? digest_failed(d) : ST_OK;
}
