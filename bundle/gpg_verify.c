/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_verify - judging detached signatures: form and digest here, then gpg in
 * a private home, then what its answer is worth.  Who is trusted for what is
 * decided elsewhere.
 */
#include <errno.h>
#include <gpgme.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle/crypto.h"
#include "bundle/gpg_ctx.h"
#include "manifests/caps.h"

#define HASH_SHA256 8	/* RFC 4880 9.4 */
#define HASH_SHA384 9
#define HASH_SHA512 10

#define MIN_CURVE 256

struct verify {
	struct gpg_home home;
	const struct gpg_trust *trust;
	const uint8_t *doc;
	size_t len;
	const struct gpg_candidate *c;
	const struct packet_signature *p;
	const bool *wanted;	/* of each candidate: gpg is to see it */
	size_t n;
	bool allow_expired_key;
};

/* What the helper finds out about one candidate. */
struct verdict {
	enum status status;
	struct diag why;
	bool key_expired_since;
};

/* The two bytes of the digest that stand in the packet. */
static enum status
check_left16(const struct verify *v, const struct gpg_candidate *c,
    const struct packet_signature *p, struct diag *d)
{
	enum digest_algo algo;
	uint8_t out[SHA512_LEN];
	struct digest *g;
	int r;

	switch (p->hash_algo) {
	case HASH_SHA256:
		algo = DIGEST_SHA256;
		break;
	case HASH_SHA384:
		algo = DIGEST_SHA384;
		break;
	case HASH_SHA512:
		algo = DIGEST_SHA512;
		break;
	default:
		return diag_set(d, ST_UNTRUSTED, "hash-weak",
		    "is made with a digest that is not accepted (%s)",
		    p->hash_algo == 1 ? "MD5" : p->hash_algo == 2 ? "SHA-1" :
		    p->hash_algo == 3 ? "RIPEMD-160" :
		    p->hash_algo == 11 ? "SHA-224" : "unknown");
	}
	if ((g = digest_new(algo)) == NULL)
		return diag_set(d, ST_HOST, "host-memory",
		    "no memory, or no provider, for a digest");
	r = digest_update(g, v->doc, v->len) == 0 &&
	    digest_update(g, c->data + p->hashed_offset, p->hashed_len) == 0 &&
	    digest_update(g, p->trailer, sizeof(p->trailer)) == 0 &&
	    digest_final(g, out) == 0 ? 0 : -1;
	digest_free(g);
	if (r == -1)
		return digest_failed(d);
	if (memcmp(out, p->left16, 2) != 0)
		return diag_set(d, ST_UNTRUSTED, "sig-bad",
		    "does not fit these bytes (another text was signed, or it is changed)");
	return ST_OK;
}

/* The last (version 4) or first (version 5) eight bytes of the fingerprint. */
static bool
belongs(const struct gpg_cert *cert, const char *issuer)
{
	const char *id = strlen(issuer) == 40 ? issuer + 24 : issuer;
	char hex[17];
	size_t i;

	for (i = 0; i < cert->n_keyids; i++) {
		hex_encode_upper(hex, cert->keyids[i], 8);
		if (memcmp(hex, id, 16) == 0)
			return true;
	}
	return false;
}

/* All that needs no gpg. */
static enum status
check_form(const struct verify *v, const struct gpg_candidate *c,
    struct packet_signature *p, struct diag *d)
{
	const struct gpg_cert *cert = gpg_trust_find(v->trust, c->fpr);
	enum status st;

	if (cert == NULL)
		return diag_set(d, ST_UNTRUSTED, "key-unknown",
		    "is by a key that is not trusted here");
	if ((st = packet_parse_signature(c->data, c->len, p, d)) != ST_OK)
		return st;
	if (p->created > time(NULL) + CAP_CLOCK_AHEAD) {
		diag_set(d, ST_UNTRUSTED, "sig-future",
		    "is dated more than a day ahead of this machine's clock");
		diag_hint(d, "see whether the clock is right: date -u");
		return ST_UNTRUSTED;
	}
	if (!belongs(cert, p->issuer))
		return diag_set(d, ST_UNTRUSTED, "sig-wrong-key",
		    "is made by the key %s, not by the one it is named after",
		    p->issuer);
	return check_left16(v, c, p, d);
}

/* gpg's verdict on one signature, where it is not good. */
static enum status
bad_status(gpgme_error_t status, struct diag *d)
{
	switch (gpgme_err_code(status)) {
	case GPG_ERR_BAD_SIGNATURE:
		return diag_set(d, ST_UNTRUSTED, "sig-bad",
		    "does not fit these bytes (another text was signed, or it is changed)");
	case GPG_ERR_NO_PUBKEY:
		return diag_set(d, ST_UNTRUSTED, "key-unknown",
		    "is by a key that gpg does not find in the certificate");
	case GPG_ERR_SIG_EXPIRED:
		return diag_set(d, ST_UNTRUSTED, "sig-expired", "has expired");
	case GPG_ERR_KEY_EXPIRED:
		return diag_set(d, ST_UNTRUSTED, "key-expired",
		    "is by a key that has expired");
	case GPG_ERR_CERT_REVOKED:
		return diag_set(d, ST_UNTRUSTED, "key-revoked",
		    "is by a key that is revoked");
	case GPG_ERR_DIGEST_ALGO:
		return diag_set(d, ST_UNTRUSTED, "hash-weak",
		    "is made with a digest that gpg does not accept");
	case GPG_ERR_TIME_CONFLICT:
		return diag_set(d, ST_UNTRUSTED, "sig-time",
		    "is older than its key");
	default:
		return diag_set(d, ST_UNTRUSTED, "sig-error",
		    "cannot be verified: %s", ESC(gpgme_strerror(status)));
	}
}

static bool
expired_at(const struct _gpgme_subkey *sub, time_t when)
{
	return sub->expires != 0 && (time_t)sub->expires <= when;
}

/* The key that made it, and the primary key it hangs on. */
static enum status
check_key(const struct verify *v, const struct packet_signature *p,
    const struct _gpgme_key *key, struct verdict *out)
{
	const struct _gpgme_subkey *sub, *primary = key->subkeys;
	struct diag *d = &out->why;
	const char *fault = gpg_key_fault(key);
	time_t now = time(NULL), made = (time_t)p->created;

	for (sub = primary; sub != NULL; sub = sub->next)
		if (sub->fpr != NULL && strcmp(sub->fpr, p->issuer) == 0)
			break;
	if (sub == NULL)
		return diag_set(d, ST_UNTRUSTED, "sig-wrong-key",
		    "is by a key that gpg did not name");
	/* gpg reports an expired key before a revoked one: ask for both. */
	if (key->revoked || primary->revoked || sub->revoked)
		return diag_set(d, ST_UNTRUSTED, "key-revoked",
		    "is by a key that is revoked");
	if (key->disabled || sub->disabled)
		return diag_set(d, ST_UNTRUSTED, "key-disabled",
		    "is by a key that is disabled");
	if (fault != NULL || sub->invalid || primary->invalid)
		return diag_set(d, ST_UNTRUSTED, "key-invalid",
		    "is by a key that gpg calls invalid");
	if (!sub->can_sign)
		return diag_set(d, ST_UNTRUSTED, "key-usage",
		    "is by a key that is not made for signing");
	if (gpg_key_is_weak(sub, GPG_RSA_SIGN) ||
	    gpg_key_is_weak(primary, GPG_RSA_SIGN))
		return diag_set(d, ST_UNTRUSTED, "key-weak", "is by a key that is "
		    "too weak (RSA needs 3072 bits, ECDSA %d)", MIN_CURVE);
	if (made < (time_t)sub->timestamp || made < (time_t)primary->timestamp)
		return diag_set(d, ST_UNTRUSTED, "sig-time", "is older than its key");
	if (expired_at(primary, now) || expired_at(sub, now)) {
		if (!v->allow_expired_key || expired_at(primary, made) ||
		    expired_at(sub, made))
			return diag_set(d, ST_UNTRUSTED, "key-expired",
			    "is by a key that has expired");
		out->key_expired_since = true;
	} else if (key->expired || primary->expired || sub->expired)
		/* gpg says so, and gives no time: it is the one who knows. */
		return diag_set(d, ST_UNTRUSTED, "key-expired",
		    "is by a key that has expired");
	return ST_OK;
}

static gpgme_hash_algo_t
hash_of(uint8_t algo)
{
	return algo == HASH_SHA256 ? GPGME_MD_SHA256 :
	    algo == HASH_SHA384 ? GPGME_MD_SHA384 : GPGME_MD_SHA512;
}

/* gpg's whole answer to one candidate. */
static enum status
judge(const struct verify *v, struct gpgme_context *ctx, size_t i,
    struct verdict *out)
{
	const struct packet_signature *p = &v->p[i];
	gpgme_verify_result_t r = gpgme_op_verify_result(ctx);
	gpgme_signature_t s = r == NULL ? NULL : r->signatures;
	struct diag *d = &out->why;
	gpgme_key_t key = NULL;
	gpgme_error_t err;
	enum status st;

	/* The file is one signature packet: any other number is no answer to it. */
	if (s == NULL || s->next != NULL)
		return diag_set(d, ST_HOST, "gpg-garbage",
		    "gpg does not report on exactly one signature");
	if (gpgme_err_code(s->status) != GPG_ERR_NO_ERROR &&
	    !(gpgme_err_code(s->status) == GPG_ERR_KEY_EXPIRED &&
	    v->allow_expired_key))
		return bad_status(s->status, d);
	/* Only a signature that holds is reported with its full fingerprint. */
	if (s->fpr == NULL || strcmp(s->fpr, p->issuer) != 0 ||
	    s->timestamp != p->created || s->hash_algo != hash_of(p->hash_algo))
		return diag_set(d, ST_HOST, "gpg-garbage",
		    "gpg reports on another signature than it was asked about");
	if (s->exp_timestamp != 0)
		return diag_set(d, ST_UNTRUSTED, "sig-expired",
		    "is made to expire");
	if (s->wrong_key_usage)
		return diag_set(d, ST_UNTRUSTED, "key-usage",
		    "is by a key that is not made for signing");
	if ((err = gpg_ctx_key(ctx, p->issuer, &key)) != 0) {
		if (gpgme_err_code(err) == GPG_ERR_EOF)
			return bad_status(gpgme_error(GPG_ERR_NO_PUBKEY), d);
		return gpg_ctx_failed(err, "looking a key up", d);
	}
	if (key->subkeys == NULL || key->subkeys->fpr == NULL ||
	    strcmp(key->subkeys->fpr, v->c[i].fpr) != 0)
		st = diag_set(d, ST_UNTRUSTED, "sig-wrong-key",
		    "is by another key than the one it is named after");
	else
		st = check_key(v, p, key, out);
	gpgme_key_unref(key);
	return st;
}

static enum status
verify_one(const struct verify *v, struct gpgme_context *ctx, size_t i,
    struct verdict *out)
{
	gpgme_data_t sig = NULL, doc = NULL;
	enum status st;
	gpgme_error_t err;

	if ((err = gpgme_data_new_from_mem(&sig, (const char *)v->c[i].data,
	    v->c[i].len, 0)) == 0)
		err = gpgme_data_new_from_mem(&doc, (const char *)v->doc, v->len, 0);
	if (err == 0)
		err = gpgme_op_verify(ctx, sig, doc, NULL);
	if (err != 0)
		st = gpg_ctx_failed(err, "verifying", &out->why);
	else
		st = judge(v, ctx, i, out);
	if (sig != NULL)
		gpgme_data_release(sig);
	if (doc != NULL)
		gpgme_data_release(doc);
	return st;
}

/*
 * A key ring that holds one certificate alone.  A second one may have taken
 * over the first one's subkey without its consent, and of the two gpg asks
 * only the one that it finds first.
 */
static enum status
use_ring_of(const struct verify *v, struct gpgme_context *ctx, const char *fpr,
    struct diag *d)
{
	const struct gpg_cert *cert = gpg_trust_find(v->trust, fpr);
	char ring[GPG_HOME_PATH + sizeof("/pubring.kbx")];
	bool secret;

	snprintf(ring, sizeof(ring), "%s/pubring.kbx", v->home.path);
	if (unlink(ring) == -1 && errno != ENOENT)
		return diag_errno(d, "gpg's key ring");
	return gpg_ctx_import(ctx, cert->data.data, cert->data.len, &secret, d);
}

/* In the helper. */
static enum status
verify(void *arg, struct bytes *out, struct diag *d)
{
	const struct verify *v = arg;
	struct gpgme_context *ctx = NULL;
	const char *last = "";
	enum status st;
	size_t i;

	if ((st = gpg_ctx_open(v->home.path, false, &ctx, d)) != ST_OK)
		goto out;
	for (i = 0; i < v->n; i++) {
		struct verdict one = { ST_INTERNAL, DIAG_INIT, false };

		if (!v->wanted[i])
			continue;
		if (strcmp(last, v->c[i].fpr) != 0 &&
		    (st = use_ring_of(v, ctx, v->c[i].fpr, d)) != ST_OK)
			goto out;
		last = v->c[i].fpr;
		one.status = verify_one(v, ctx, i, &one);
		helper_put_u32(out, (uint32_t)one.status);
		helper_put_diag(out, &one.why);
		helper_put_u32(out, one.key_expired_since);
	}
out:
	gpg_ctx_close(ctx);
	return st;
}

/*
 * What the helper found out, into the candidates.  One that gpg gave no answer
 * to is ST_HOST by itself, so that a crafted file spoils no good one; all of
 * them without an answer: the host failed.
 */
static enum status
take_verdicts(const struct bytes *raw, struct gpg_candidate *c,
    const struct packet_signature *p, const bool *wanted, size_t n,
    struct diag *d)
{
	struct helper_reader r = { raw->data, raw->len, false };
	bool answered = false;
	size_t i, last = n;

	for (i = 0; i < n && !r.failed; i++) {
		uint32_t status, since;

		if (!wanted[i])
			continue;
		status = helper_get_u32(&r);
		helper_get_diag(&r, gpg_rules, &c[i].why);
		since = helper_get_u32(&r);
		if (r.failed || since > 1 || (status != ST_OK &&
		    status != ST_UNTRUSTED && status != ST_HOST))
			break;
		last = i;
		if (status == ST_HOST)
			continue;
		answered = true;
		c[i].status = (enum status)status;
		if (c[i].status == ST_OK) {
			c[i].created = p[i].created;
			c[i].key_expired_since = since == 1;
		}
	}
	if (r.failed || i < n || r.len != 0 || last == n)
		return diag_set(d, ST_HOST, "gpg-failed",
		    "the helper that runs gpg returned nonsense");
	if (answered)
		return ST_OK;
	if (d != NULL)
		*d = c[last].why;
	return ST_HOST;
}

/* The part that needs gpg: those that are wanted, which are ST_HOST until it has spoken. */
static enum status
ask_gpg(struct verify *v, struct gpg_candidate *c, struct diag *d)
{
	struct diag failure = DIAG_INIT;
	struct bytes raw = { 0 };
	enum status st;
	size_t i;

	st = gpg_run(GPG_HOME_VERIFY, GPG_RUN_ALONE,
	    v->n * (sizeof(struct diag) + 64), verify, v, &v->home, &raw, &failure);
	if (st == ST_OK)
		st = take_verdicts(&raw, c, v->p, v->wanted, v->n, &failure);
	for (i = 0; i < v->n && st != ST_OK; i++)
		if (v->wanted[i]) {
			c[i].status = ST_HOST;
			c[i].why = failure;
		}
	if (st != ST_OK && d != NULL)
		*d = failure;
	bytes_free(&raw);
	return st;
}

enum status
gpg_verify(const struct gpg_trust *t, const uint8_t *doc, size_t len,
    struct gpg_candidate *c, size_t n, bool allow_expired_key, struct diag *d)
{
	struct verify v = { .home = GPG_HOME_INIT, .trust = t, .doc = doc,
		.len = len, .c = c, .n = n, .allow_expired_key = allow_expired_key };
	struct packet_signature *p = NULL;
	bool *wanted = NULL, any = false;
	enum status st = ST_OK;
	size_t i;

	for (i = 0; i < n; i++) {
		c[i].status = ST_HOST;
		c[i].created = 0;
		c[i].key_expired_since = false;
		diag_set(&c[i].why, ST_HOST, "gpg-failed", "was not judged");
	}
	if (n == 0)
		return ST_OK;
	if ((p = calloc(n, sizeof(*p))) == NULL ||
	    (wanted = calloc(n, sizeof(*wanted))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	for (i = 0; i < n; i++) {
		struct diag why = DIAG_INIT;

		st = check_form(&v, &c[i], &p[i], &why);
		if (st == ST_OK) {
			wanted[i] = any = true;
		} else if (st == ST_UNTRUSTED) {
			c[i].status = ST_UNTRUSTED;
			c[i].why = why;
		} else {	/* the host failed: no verdict on anything */
			if (d != NULL)
				*d = why;
			goto out;
		}
	}
	v.p = p;
	v.wanted = wanted;
	st = any ? ask_gpg(&v, c, d) : ST_OK;
out:
	free(p);
	free(wanted);
	return st;
}
