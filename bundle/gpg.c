/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg - running work in a helper with a private home, and the certificates of
 * a trust file.  Keys are found in gpg_find.c; gpg_verify.c, gpg_sign.c and
 * gpg_wrap.c do what their names say.
 */
#include "bundle/gpg.h"

#include <gpgme.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/gpg_ctx.h"
#include "manifests/caps.h"

enum status
gpg_run(enum gpg_home_use use, enum gpg_run_as as, size_t cap, helper_fn fn,
    void *arg, struct gpg_home *home, struct bytes *out, struct diag *d)
{
	struct helper_job job = { .person = as == GPG_RUN_PERSON,
		.user = as != GPG_RUN_ALONE, .cap = cap, .rules = gpg_rules };
	enum status st;

	if ((st = gpg_home_make(use, home, d)) != ST_OK)
		return st;
	job.home = home->path;
	st = helper_run(&job, fn, arg, out, d);
	gpg_home_remove(home);
	return st;
}

struct load {
	struct gpg_home home;
	const struct bytes *data;
};

static enum status
put_certs(struct gpgme_context *ctx, struct _gpgme_key **keys, size_t n,
    struct bytes *out, struct diag *d)
{
	struct gpg_cert cert = { 0 };
	enum status st = ST_OK;
	size_t i;

	helper_put_u32(out, (uint32_t)n);
	for (i = 0; i < n && st == ST_OK; i++) {
		st = gpg_key_describe(ctx, keys[i], GPG_USE_SIGN, &cert, d);
		if (st == ST_OK)
			gpg_cert_put(out, &cert);
		gpg_cert_free(&cert);
	}
	return st;
}

/* In the helper: all certificates of a file. */
static enum status
load(void *arg, struct bytes *out, struct diag *d)
{
	const struct load *l = arg;
	struct _gpgme_key *keys[CAP_PINNED] = { NULL };
	struct gpgme_context *ctx = NULL;
	enum status st;
	size_t n = 0;
	bool secret;

	if ((st = gpg_ctx_open(l->home.path, false, &ctx, d)) != ST_OK)
		goto out;
	if ((st = gpg_ctx_import(ctx, l->data->data, l->data->len, &secret,
	    d)) != ST_OK)
		goto out;
	if (secret) {
		diag_set(d, ST_USAGE, "secret-key", "holds a secret key");
		diag_hint(d, "export the certificate alone: gpg --export");
		st = ST_USAGE;
		goto out;
	}
	if ((st = gpg_ctx_list(ctx, keys, CAP_PINNED, &n, d)) != ST_OK)
		goto out;
	if (n == 0) {
		if ((st = gpg_ctx_probe(l->home.path, d)) == ST_OK)
			st = diag_set(d, ST_USAGE, "no-certificate",
			    "holds no OpenPGP certificate that gpg accepts");
	} else if (n > CAP_PINNED)
		st = diag_set(d, ST_USAGE, "many-certificates",
		    "holds %zu certificates; at most %u are allowed", n, CAP_PINNED);
	else
		st = put_certs(ctx, keys, n, out, d);
out:
	gpg_ctx_free_keys(keys, n < CAP_PINNED ? n : CAP_PINNED);
	gpg_ctx_close(ctx);
	return st;
}

static enum status
take_certs(const struct bytes *raw, struct gpg_trust *t, struct diag *d)
{
	struct helper_reader r = { raw->data, raw->len, false };
	uint32_t i, n = helper_get_u32(&r);
	enum status st;

	if (r.failed || n == 0 || n > CAP_PINNED)
		goto nonsense;
	if ((t->certs = calloc(n, sizeof(*t->certs))) == NULL)
		return diag_nomem(d);
	for (i = 0; i < n; i++) {
		if ((st = gpg_cert_get(&r, &t->certs[i], d)) != ST_OK)
			return st;
		t->n = i + 1;
	}
	if (r.len == 0)
		return ST_OK;
nonsense:
	return diag_set(d, ST_HOST, "gpg-failed",
	    "the helper that runs gpg returned nonsense");
}

enum status
gpg_trust_load(struct bytes *data, struct gpg_trust **out, struct diag *d)
{
	struct load l = { .home = GPG_HOME_INIT, .data = data };
	struct gpg_trust *t = NULL;
	struct bytes raw = { 0 };
	enum status st;

	*out = NULL;
	if (data->len == 0)
		return diag_set(d, ST_USAGE, "no-certificate", "is empty");
	if (data->len > CAP_TRUST_FILE)
		return diag_set(d, ST_USAGE, "no-certificate",
		    "is over %u MiB", (unsigned int)(CAP_TRUST_FILE / MIB));
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return diag_nomem(d);
	st = gpg_run(GPG_HOME_VERIFY, GPG_RUN_ALONE, 2 * CAP_TRUST_FILE, load,
	    &l, &l.home, &raw, d);
	if (st == ST_OK)
		st = take_certs(&raw, t, d);
	if (st == ST_OK) {
		t->data = *data;
		memset(data, 0, sizeof(*data));
		*out = t;
		t = NULL;
	}
	gpg_trust_free(t);
	bytes_free(&raw);
	return st;
}

void
gpg_trust_free(struct gpg_trust *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; t->certs != NULL && i < t->n; i++)
		gpg_cert_free(&t->certs[i]);
	free(t->certs);
	bytes_free(&t->data);
	free(t);
}

const struct gpg_cert *
gpg_trust_find(const struct gpg_trust *t, const char *fpr)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->certs[i].fpr, fpr) == 0)
			return &t->certs[i];
	return NULL;
}
