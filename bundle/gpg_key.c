/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_key - what a certificate is fit for, as GPGME tells it, and its way from
 * the helper to the program.  It trusts none.
 */
#include <gpgme.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "bundle/gpg_ctx.h"
#include "manifests/caps.h"

/* A key has no more: gpg itself gets slow long before. */
#define CAP_SUBKEYS 4096

const char *
gpg_key_fault(const struct _gpgme_key *key)
{
	if (key->revoked)
		return "revoked";
	if (key->disabled)
		return "disabled";
	if (key->invalid || key->subkeys == NULL || key->subkeys->fpr == NULL)
		return "invalid";
	return NULL;
}

bool
gpg_key_is_weak(const struct _gpgme_subkey *sub, unsigned int min_rsa)
{
	switch (sub->pubkey_algo) {
	case GPGME_PK_RSA:
	case GPGME_PK_RSA_E:
	case GPGME_PK_RSA_S:
		return sub->length < min_rsa;
	case GPGME_PK_ELG_E:
		return sub->length < GPG_RSA_ENCRYPT;
	case GPGME_PK_ECDSA:
		return sub->length < 256;
	case GPGME_PK_ECDH:
	case GPGME_PK_EDDSA:
		return sub->length < 255;
	default:
		return true;
	}
}

/* On a host in FIPS mode there are RSA and the curves of NIST. */
static bool
is_fips_weak(const struct _gpgme_subkey *sub)
{
	switch (sub->pubkey_algo) {
	case GPGME_PK_RSA:
	case GPGME_PK_RSA_E:
	case GPGME_PK_RSA_S:
		return false;
	case GPGME_PK_ECDSA:
	case GPGME_PK_ECDH:
		return sub->curve == NULL ||
		    strncasecmp(sub->curve, "nistp", 5) != 0;
	default:
		return true;
	}
}

static bool
has_expired(const struct _gpgme_subkey *sub, time_t now)
{
	return sub->expired || (sub->expires != 0 && (time_t)sub->expires <= now);
}

/*
 * gpg takes the newest subkey that is fit, and the primary key only where
 * there is none.
 */
const struct _gpgme_subkey *
gpg_key_pick(const struct _gpgme_key *key, enum gpg_use use, const char **why)
{
	const struct _gpgme_subkey *sub, *best = NULL;
	unsigned int min = use == GPG_USE_SIGN ? GPG_RSA_SIGN : GPG_RSA_ENCRYPT;
	time_t now = time(NULL);

	if ((*why = gpg_key_fault(key)) != NULL)
		return NULL;
	if (key->expired || has_expired(key->subkeys, now)) {
		*why = "expired";
		return NULL;
	}
	*why = use == GPG_USE_SIGN ? "not made for signing" :
	    "not made for encryption";
	for (sub = key->subkeys; sub != NULL; sub = sub->next) {
		if (use == GPG_USE_SIGN ? !sub->can_sign : !sub->can_encrypt)
			continue;
		if (sub->revoked || sub->disabled || sub->invalid) {
			*why = "without a subkey that is not revoked";
			continue;
		}
		if (has_expired(sub, now)) {
			*why = "without a subkey that has not expired";
			continue;
		}
		if (best == NULL || best == key->subkeys ||
		    (sub != key->subkeys && sub->timestamp >= best->timestamp))
			best = sub;
	}
	if (best != NULL && (gpg_key_is_weak(best, min) ||
	    gpg_key_is_weak(key->subkeys, min))) {
		*why = use == GPG_USE_SIGN ?
		    "too weak (RSA needs 3072 bits, ECDSA 256)" :
		    "too weak (RSA needs 2048 bits)";
		return NULL;
	}
	if (best != NULL)
		*why = NULL;
	return best;
}

static int
keyid_of(uint8_t out[8], const char *hex)
{
	char lower[17];
	size_t i;

	if (hex == NULL || strlen(hex) != 16)
		return -1;
	for (i = 0; i < 17; i++)
		lower[i] = (char)(hex[i] >= 'A' && hex[i] <= 'F' ?
		    hex[i] - 'A' + 'a' : hex[i]);
	return hex_decode(out, 8, lower);
}

/* A primary fingerprint that names a file: 40 or 64 upper-case digits. */
static bool
is_fingerprint(const char *s)
{
	size_t n = strlen(s);

	return (n == 40 || n == FPR_MAX) && strspn(s, "0123456789ABCDEF") == n;
}

enum status
gpg_key_describe(struct gpgme_context *ctx, const struct _gpgme_key *key,
    enum gpg_use use, struct gpg_cert *out, struct diag *d)
{
	const struct _gpgme_subkey *sub;
	struct gpg_sink sink = { &out->data, CAP_TRUST_FILE, false };
	gpgme_data_t data = NULL;
	gpgme_error_t err;
	enum status st;
	const char *why;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	if (key->subkeys == NULL || key->subkeys->fpr == NULL ||
	    !is_fingerprint(key->subkeys->fpr))
		return diag_set(d, ST_HOST, "gpg-garbage",
		    "gpg lists a key without a fingerprint");
	strcpy(out->fpr, key->subkeys->fpr);
	if (key->uids != NULL && key->uids->uid != NULL)
		text_escape(out->user_id, sizeof(out->user_id), key->uids->uid,
		    strlen(key->uids->uid));
	for (sub = key->subkeys; sub != NULL; sub = sub->next)
		n++;
	if (n > CAP_SUBKEYS)
		return diag_set(d, ST_USAGE, "key-unusable",
		    "%s has more than %d subkeys", out->fpr, CAP_SUBKEYS);
	if ((out->keyids = calloc(n, sizeof(*out->keyids))) == NULL)
		return diag_nomem(d);
	for (sub = key->subkeys; sub != NULL; sub = sub->next)
		if (keyid_of(out->keyids[out->n_keyids++], sub->keyid) == -1)
			return diag_set(d, ST_HOST, "gpg-garbage",
			    "gpg lists a key without a key id");
	sub = gpg_key_pick(key, use, &why);
	out->fips_weak = sub != NULL && is_fips_weak(sub);
	if ((st = gpg_ctx_sink(&sink, &data, d)) != ST_OK)
		return st;
	err = gpgme_op_export(ctx, out->fpr, 0, data);
	gpgme_data_release(data);
	if (err != 0)
		return gpg_ctx_failed(err, "exporting a certificate", d);
	if (out->data.len == 0)
		return diag_set(d, ST_HOST, "gpg-garbage",
		    "gpg exports nothing for %s", out->fpr);
	return ST_OK;
}

void
gpg_cert_free(struct gpg_cert *c)
{
	if (c == NULL)
		return;
	free(c->keyids);
	bytes_free(&c->data);
	memset(c, 0, sizeof(*c));
}

void
gpg_cert_put(struct bytes *b, const struct gpg_cert *c)
{
	helper_put_string(b, c->fpr);
	helper_put_string(b, c->user_id);
	helper_put_u32(b, c->fips_weak);
	helper_put_bytes(b, c->keyids, c->n_keyids * sizeof(*c->keyids));
	helper_put_bytes(b, c->data.data, c->data.len);
}

enum status
gpg_cert_get(struct helper_reader *r, struct gpg_cert *c, struct diag *d)
{
	const uint8_t *ids, *data;
	size_t n_ids, len;

	memset(c, 0, sizeof(*c));
	helper_get_string(r, c->fpr, sizeof(c->fpr));
	helper_get_string(r, c->user_id, sizeof(c->user_id));
	c->fips_weak = helper_get_u32(r) != 0;
	ids = helper_get_bytes(r, &n_ids);
	data = helper_get_bytes(r, &len);
	if (r->failed || !is_fingerprint(c->fpr) || n_ids == 0 ||
	    n_ids % sizeof(*c->keyids) != 0 || len == 0)
		return diag_set(d, ST_HOST, "gpg-failed",
		    "the helper that runs gpg returned nonsense");
	if ((c->keyids = malloc(n_ids)) == NULL)
		return diag_nomem(d);
	memcpy(c->keyids, ids, n_ids);
	c->n_keyids = n_ids / sizeof(*c->keyids);
	bytes_append(&c->data, data, len);
	return c->data.failed ? diag_nomem(d) : ST_OK;
}
