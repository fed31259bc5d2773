/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_ctx - GPGME, as the rooms bundle/gpg_*.c use it: a context on a private
 * home, certificates in and out, what an error means.  The family bundle/gpg*.c is the
 * wrapper of GPGME: only its .c files include gpgme.h, and all of it runs in helpers.
 */
#ifndef SATCHEL_BUNDLE_GPG_CTX_H
#define SATCHEL_BUNDLE_GPG_CTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/gpg.h"
#include "bundle/gpg_home.h"
#include "bundle/helper.h"
#include "manifests/bytes.h"
#include "manifests/diag.h"

struct gpgme_context;
struct _gpgme_key;
struct _gpgme_subkey;

/* The rules that gpg's helpers return: struct helper_job. */
extern const char *const gpg_rules[];

/*
 * gpg_run - in the parent: run fn(arg) in a helper that has a private home,
 * and remove that again.
 * home   where to put it: a member of *arg, so that fn finds it
 * as     alone; or with commands as the user (bundle/gpg_ring.h,
 *        gpg_home_join_agent()); or so and waiting for the person
 */
enum gpg_run_as { GPG_RUN_ALONE, GPG_RUN_USER, GPG_RUN_PERSON };
enum status gpg_run(enum gpg_home_use use, enum gpg_run_as as, size_t cap,
    helper_fn fn, void *arg, struct gpg_home *home, struct bytes *out,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * gpg_ctx_open - GPGME on the private home.  interactive: the agent may ask.
 * Errors: ST_HOST ("gpg-missing", "gpg-garbage", "gpg-failed")
 */
enum status gpg_ctx_open(const char *home, bool interactive,
    struct gpgme_context **ctx, struct diag *d) __attribute__((warn_unused_result));
void gpg_ctx_close(struct gpgme_context *ctx);	/* accepts NULL */

/*
 * gpg_ctx_probe - is that gpg at all?  Asked where its answer is that there is
 * nothing, as something else in its place would say too.
 * Errors: ST_HOST (rule "gpg-garbage")
 */
enum status gpg_ctx_probe(const char *home, struct diag *d)
    __attribute__((warn_unused_result));

/* gpg_ctx_failed - ST_HOST: what gpg was asked for, and GPGME's error. */
enum status gpg_ctx_failed(unsigned int err, const char *what, struct diag *d);

/* gpg_ctx_asked - the same where an agent, a card or a person was asked ("no-secret-key"). */
enum status gpg_ctx_asked(unsigned int err, const char *what, struct diag *d);

/* gpg_ctx_import - binary or armoured certificates, maybe none; *secret: secret keys were among them. */
enum status gpg_ctx_import(struct gpgme_context *ctx, const uint8_t *data,
    size_t len, bool *secret, struct diag *d) __attribute__((warn_unused_result));
/* gpg_ctx_list - all keys of the home, at most cap of them (*n may be larger); gpg_ctx_free_keys() them. */
enum status gpg_ctx_list(struct gpgme_context *ctx, struct _gpgme_key **keys,
    size_t cap, size_t *n, struct diag *d) __attribute__((warn_unused_result));
void gpg_ctx_free_keys(struct _gpgme_key **keys, size_t n);
/*
 * gpg_ctx_key - the one key of the home with that fingerprint, the caller's to unref; GPGME's error,
 * GPG_ERR_EOF where there is none.  gpgme_get_key() does it in a context of its own, which asks gpg
 * for its version first, twice.  What the last operation left as its result is gone.
 */
unsigned int gpg_ctx_key(struct gpgme_context *ctx, const char *fpr,
    struct _gpgme_key **key) __attribute__((warn_unused_result));

/* Where output of gpg goes: at most cap bytes, else the operation fails and over is set. */
struct gpg_sink {
	struct bytes *out;
	size_t cap;
	bool over;
};
struct gpgme_data;
enum status gpg_ctx_sink(struct gpg_sink *s, struct gpgme_data **data,
    struct diag *d) __attribute__((warn_unused_result));

/* What a key is fit for (gpg_key.c).  `why` texts are lower case and short. */

/* gpg_key_fault - why no part of this key may be used: "revoked", ...; NULL: it may.  Expiry is the caller's. */
const char *gpg_key_fault(const struct _gpgme_key *key);
/* gpg_key_is_weak - RSA under min_rsa bits, DSA, curves under 256 bits. */
bool gpg_key_is_weak(const struct _gpgme_subkey *sub, unsigned int min_rsa);
#define GPG_RSA_SIGN 3072
#define GPG_RSA_ENCRYPT 2048
/* gpg_key_pick - the (sub)key that gpg takes for this use, or NULL with the reason. */
const struct _gpgme_subkey *gpg_key_pick(const struct _gpgme_key *key,
    enum gpg_use use, const char **why);
/* gpg_key_describe - fill in all of a gpg_cert, the exported certificate included. */
enum status gpg_key_describe(struct gpgme_context *ctx,
    const struct _gpgme_key *key, enum gpg_use use, struct gpg_cert *out,
    struct diag *d) __attribute__((warn_unused_result));

/* A gpg_cert in a helper's result. */
void gpg_cert_put(struct bytes *b, const struct gpg_cert *c);
enum status gpg_cert_get(struct helper_reader *r, struct gpg_cert *c,
    struct diag *d) __attribute__((warn_unused_result));

#endif
