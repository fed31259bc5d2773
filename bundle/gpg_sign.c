/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_sign - a detached signature by the user's own agent.  It judges none:
 * gpg_verify() does.
 */
#include <gpgme.h>
#include <string.h>

#include "bundle/gpg_ctx.h"
#include "manifests/caps.h"

struct sign {
	struct gpg_home home;
	const struct gpg_cert *signer;
	const uint8_t *doc;
	size_t len;
};

/* In the helper. */
static enum status
sign(void *arg, struct bytes *out, struct diag *d)
{
	const struct sign *s = arg;
	struct gpg_sink sink = { out, CAP_SIGNATURE, false };
	struct gpgme_context *ctx = NULL;
	gpgme_data_t doc = NULL, sig = NULL;
	gpgme_key_t key = NULL;
	gpgme_error_t err;
	enum status st;
	bool secret;

	if ((st = gpg_home_join_agent(&s->home, d)) != ST_OK ||
	    (st = gpg_ctx_open(s->home.path, true, &ctx, d)) != ST_OK ||
	    (st = gpg_ctx_import(ctx, s->signer->data.data, s->signer->data.len,
	    &secret, d)) != ST_OK ||
	    (st = gpg_ctx_sink(&sink, &sig, d)) != ST_OK)
		goto out;
	if ((err = gpg_ctx_key(ctx, s->signer->fpr, &key)) != 0 ||
	    (err = gpgme_signers_add(ctx, key)) != 0 ||
	    (err = gpgme_data_new_from_mem(&doc, (const char *)s->doc, s->len,
	    0)) != 0) {
		st = gpg_ctx_failed(err, "signing", d);
		goto out;
	}
	err = gpgme_op_sign(ctx, doc, sig, GPGME_SIG_MODE_DETACH);
	if (err != 0)
		st = gpg_ctx_asked(err, "signing", d);
	else if (out->len == 0)
		st = diag_set(d, ST_HOST, "gpg-garbage", "gpg wrote no signature");
out:
	if (doc != NULL)
		gpgme_data_release(doc);
	if (sig != NULL)
		gpgme_data_release(sig);
	if (key != NULL)
		gpgme_key_unref(key);
	gpg_ctx_close(ctx);
	return st;
}

enum status
gpg_sign(const struct gpg_cert *signer, const uint8_t *doc, size_t len,
    struct bytes *sig, struct diag *d)
{
	struct sign s = { .home = GPG_HOME_INIT, .signer = signer, .doc = doc,
		.len = len };
	struct bytes made = { 0 };
	enum status st;

	if ((st = gpg_home_launch_agent(d)) != ST_OK)
		return st;
	st = gpg_run(GPG_HOME_SIGN, GPG_RUN_PERSON, CAP_SIGNATURE, sign, &s,
	    &s.home, &made, d);
	if (st == ST_OK) {
		bytes_append(sig, made.data, made.len);
		if (sig->failed)
			st = diag_nomem(d);
	}
	bytes_free(&made);
	return st;
}
