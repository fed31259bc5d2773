/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_wrap - a short message encrypted to one recipient, and opened again.  It
 * knows the message's length, not its meaning.
 */
#include <gpgme.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/gpg_ctx.h"
#include "bundle/gpg_ring.h"
#include "manifests/caps.h"

#define CAP_MESSAGE 1024U
#define CAP_OWN_KEYS 256U	/* of the user's, that may fit */

struct wrap {
	struct gpg_home home;
	const struct gpg_cert *recipient;
	bool hidden;
	const uint8_t *msg;
	size_t len;
};

/* In the helper. */
static enum status
wrap(void *arg, struct bytes *out, struct diag *d)
{
	const struct wrap *w = arg;
	struct gpg_sink sink = { out, CAP_WRAPPED_KEY, false };
	gpgme_encrypt_flags_t flags = GPGME_ENCRYPT_ALWAYS_TRUST |
	    GPGME_ENCRYPT_NO_ENCRYPT_TO | GPGME_ENCRYPT_NO_COMPRESS;
	gpgme_key_t keys[2] = { NULL, NULL };
	gpgme_data_t plain = NULL, sealed = NULL;
	struct gpgme_context *ctx = NULL;
	gpgme_encrypt_result_t r;
	gpgme_error_t err;
	enum status st;
	bool secret;

	if (w->hidden)
		flags |= GPGME_ENCRYPT_THROW_KEYIDS;
	if ((st = gpg_ctx_open(w->home.path, false, &ctx, d)) != ST_OK ||
	    (st = gpg_ctx_import(ctx, w->recipient->data.data,
	    w->recipient->data.len, &secret, d)) != ST_OK ||
	    (st = gpg_ctx_sink(&sink, &sealed, d)) != ST_OK)
		goto out;
	if ((err = gpg_ctx_key(ctx, w->recipient->fpr, &keys[0])) != 0 ||
	    (err = gpgme_data_new_from_mem(&plain, (const char *)w->msg, w->len,
	    0)) != 0 ||
	    (err = gpgme_op_encrypt(ctx, keys, flags, plain, sealed)) != 0) {
		st = gpg_ctx_failed(err, "wrapping a key", d);
		diag_within(d, "%s", w->recipient->fpr);
		goto out;
	}
	r = gpgme_op_encrypt_result(ctx);
	if (out->len == 0 || (r != NULL && r->invalid_recipients != NULL))
		st = diag_set(d, ST_HOST, "gpg-garbage",
		    "gpg wrapped no key to %s", w->recipient->fpr);
out:
	if (plain != NULL)
		gpgme_data_release(plain);
	if (sealed != NULL)
		gpgme_data_release(sealed);
	if (keys[0] != NULL)
		gpgme_key_unref(keys[0]);
	gpg_ctx_close(ctx);
	return st;
}

enum status
gpg_wrap(const struct gpg_cert *recipient, bool hidden, const uint8_t *msg,
    size_t len, struct bytes *out, struct diag *d)
{
	struct wrap w = { .home = GPG_HOME_INIT, .recipient = recipient,
		.hidden = hidden, .msg = msg, .len = len };
	struct bytes made = { 0 };
	enum status st;

	st = gpg_run(GPG_HOME_WRAP, GPG_RUN_ALONE, CAP_WRAPPED_KEY, wrap, &w,
	    &w.home, &made, d);
	if (st == ST_OK && packet_check_wrapped_key(made.data, made.len, hidden,
	    (const uint8_t (*)[8])recipient->keyids, recipient->n_keyids,
	    d) != ST_OK) {
		diag_within(d, "the key that gpg wrapped to %s", recipient->fpr);
		st = ST_HOST;
	}
	if (st == ST_OK) {
		bytes_append(out, made.data, made.len);
		if (out->failed)
			st = diag_nomem(d);
	}
	bytes_free(&made);
	return st;
}

struct unwrap {
	struct gpg_home home;
	const struct gpg_wrapped *w;
	size_t n;
	bool hidden;
	size_t msg_len;
};

static enum status
not_ours(struct diag *d)
{
	diag_set(d, ST_HOST, "no-secret-key",
	    "none of the keys that this is encrypted to is here");
	diag_hint(d, "gpg --list-secret-keys shows what is; a card must be "
	    "inserted, and known to gpg by gpg --card-status");
	return ST_HOST;
}

static bool
is_recipient(const struct unwrap *u, const char *fpr)
{
	size_t i;

	if (u->hidden)
		return true;
	for (i = 0; i < u->n; i++)
		if (strcmp(u->w[i].recipient, fpr) == 0)
			return true;
	return false;
}

/*
 * Bring the user's own certificates that may serve into the private home, and
 * no other: gpg tries just those.
 */
static enum status
import_own(const struct unwrap *u, struct gpgme_context *ctx, struct diag *d)
{
	const char *own[CAP_OWN_KEYS];
	struct gpg_ring_key *ring = NULL;
	struct bytes certs = { 0 };
	size_t n_ring, n_own = 0, i;
	enum status st;
	bool secret;

	if ((st = gpg_ring_list(NULL, 0, true, true, &ring, &n_ring, d)) != ST_OK)
		goto out;
	for (i = 0; i < n_ring && n_own < CAP_OWN_KEYS; i++) {
		if (n_own > 0 && strcmp(own[n_own - 1], ring[i].primary) == 0)
			continue;
		if (ring[i].secret && is_recipient(u, ring[i].primary))
			own[n_own++] = ring[i].primary;
	}
	if (n_own == 0) {
		st = not_ours(d);
		goto out;
	}
	if ((st = gpg_ring_export(own, n_own, &certs, d)) != ST_OK)
		goto out;
	st = gpg_ctx_import(ctx, certs.data, certs.len, &secret, d);
out:
	bytes_free(&certs);
	free(ring);
	return st;
}

/* The key ids of a recipient whose certificate is at hand; none where it is not. */
static enum status
keyids_of(struct gpgme_context *ctx, const char *fpr, struct gpg_cert *cert,
    struct diag *d)
{
	gpgme_key_t key = NULL;
	gpgme_error_t err;
	enum status st;

	if ((err = gpg_ctx_key(ctx, fpr, &key)) != 0)
		return gpgme_err_code(err) == GPG_ERR_EOF ? ST_OK :
		    gpg_ctx_failed(err, "looking a key up", d);
	st = gpg_key_describe(ctx, key, GPG_USE_ENCRYPT, cert, d);
	gpgme_key_unref(key);
	return st;
}

static enum status
bad_message(const char *why, struct diag *d)
{
	return diag_set(d, ST_MALFORMED, "key-message", "the wrapped key %s", why);
}

/* What gpg says about how it was encrypted. */
static enum status
check_decrypted(struct gpgme_context *ctx, const struct unwrap *u,
    const struct gpg_sink *sink, struct diag *d)
{
	gpgme_decrypt_result_t r = gpgme_op_decrypt_result(ctx);

	if (r == NULL || r->unsupported_algorithm != NULL || r->legacy_cipher_nomdc)
		return bad_message("is not integrity protected", d);
	if (r->symkey_algo == NULL || strncmp(r->symkey_algo, "AES256.", 7) != 0)
		return bad_message("is not encrypted with AES-256", d);
	if (r->recipients == NULL || r->recipients->next != NULL)
		return bad_message("is not for exactly one recipient", d);
	if (sink->out->len != u->msg_len)
		return bad_message("holds a message of another length", d);
	return ST_OK;
}

/*
 * One wrapped key.  *opened is false, with ST_OK, where it is for someone
 * else.  Nothing of out counts unless it was opened.
 */
static enum status
open_one(const struct unwrap *u, struct gpgme_context *ctx,
    const struct gpg_wrapped *w, struct bytes *out, bool *opened, struct diag *d)
{
	struct gpg_sink sink = { out, u->msg_len, false };
	gpgme_data_t sealed = NULL, plain = NULL;
	gpgme_error_t err;
	enum status st;

	*opened = false;
	if ((st = gpg_ctx_sink(&sink, &plain, d)) != ST_OK)
		return st;
	if ((err = gpgme_data_new_from_mem(&sealed, (const char *)w->data, w->len,
	    0)) == 0)
		err = gpgme_op_decrypt(ctx, sealed, plain);
	if (sink.over)
		st = bad_message("holds more than a key", d);
	else if (err == 0) {
		st = check_decrypted(ctx, u, &sink, d);
		*opened = st == ST_OK;
	} else if (gpgme_err_code(err) == GPG_ERR_NO_SECKEY)
		st = ST_OK;
	else if (gpgme_err_code(err) == GPG_ERR_DECRYPT_FAILED ||
	    gpgme_err_code(err) == GPG_ERR_BAD_DATA ||
	    gpgme_err_code(err) == GPG_ERR_NO_DATA ||
	    gpgme_err_code(err) == GPG_ERR_CHECKSUM ||
	    gpgme_err_code(err) == GPG_ERR_INV_PACKET)
		st = bad_message("cannot be decrypted", d);
	else
		st = gpg_ctx_asked(err, "opening the wrapped key", d);
	if (!*opened)
		bytes_free(out);
	gpgme_data_release(plain);
	if (sealed != NULL)
		gpgme_data_release(sealed);
	return st;
}

/* In the helper: the index of the one that was opened, then the message. */
static enum status
unwrap(void *arg, struct bytes *out, struct diag *d)
{
	const struct unwrap *u = arg;
	struct gpgme_context *ctx = NULL;
	struct gpg_cert cert = { 0 };
	struct bytes plain = { 0 };
	bool opened = false;
	enum status st;
	size_t i;

	if ((st = gpg_ctx_open(u->home.path, true, &ctx, d)) != ST_OK ||
	    (st = import_own(u, ctx, d)) != ST_OK ||
	    (st = gpg_home_join_agent(&u->home, d)) != ST_OK)
		goto out;
	for (i = 0; i < u->n && !opened; i++) {
		if (!u->hidden) {
			gpg_cert_free(&cert);
			st = keyids_of(ctx, u->w[i].recipient, &cert, d);
			if (st != ST_OK)
				goto out;
			if (cert.n_keyids == 0)
				continue;
			if (packet_check_wrapped_key(u->w[i].data, u->w[i].len,
			    false, (const uint8_t (*)[8])cert.keyids,
			    cert.n_keyids, NULL) != ST_OK) {
				st = diag_set(d, ST_MALFORMED, "key-recipient",
				    "the wrapped key is not for a key of %s",
				    cert.fpr);
				goto out;
			}
		}
		if ((st = open_one(u, ctx, &u->w[i], &plain, &opened, d)) != ST_OK)
			goto out;
		if (opened) {
			helper_put_u32(out, (uint32_t)i);
			helper_put_bytes(out, plain.data, plain.len);
		}
	}
	if (!opened)
		st = not_ours(d);
out:
	bytes_free(&plain);
	gpg_cert_free(&cert);
	gpg_ctx_close(ctx);
	return st;
}

enum status
gpg_unwrap(const struct gpg_wrapped *w, size_t n, bool hidden, uint8_t *msg,
    size_t msg_len, size_t *used, struct diag *d)
{
	struct unwrap u = { .home = GPG_HOME_INIT, .w = w, .n = n,
		.hidden = hidden, .msg_len = msg_len };
	struct helper_reader r;
	struct bytes raw = { 0 };
	const uint8_t *plain;
	enum status st;
	size_t i, len;

	*used = 0;
	explicit_bzero(msg, msg_len);
	if (msg_len > CAP_MESSAGE)
		return diag_set(d, ST_INTERNAL, "internal", "a key message too long");
	for (i = 0; i < n; i++)
		if ((st = packet_check_wrapped_key(w[i].data, w[i].len, hidden,
		    NULL, 0, d)) != ST_OK) {
			diag_within(d, "wrapped key %s", ESC(w[i].recipient));
			return st;
		}
	if (n == 0)
		return not_ours(d);
	if ((st = gpg_home_launch_agent(d)) != ST_OK ||
	    (st = gpg_run(GPG_HOME_UNWRAP, GPG_RUN_PERSON, 64 + CAP_MESSAGE,
	    unwrap, &u, &u.home, &raw, d)) != ST_OK)
		goto out;
	r = (struct helper_reader){ raw.data, raw.len, false };
	i = helper_get_u32(&r);
	plain = helper_get_bytes(&r, &len);
	if (r.failed || r.len != 0 || i >= n || len != msg_len) {
		st = diag_set(d, ST_HOST, "gpg-failed",
		    "the helper that runs gpg returned nonsense");
		goto out;
	}
	memcpy(msg, plain, msg_len);
	*used = i;
out:
	bytes_free(&raw);
	return st;
}
