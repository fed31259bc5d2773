/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_ctx - a GPGME context on a private home.  Only ever called in a helper
 * process; it judges nothing.
 */
#include "bundle/gpg_ctx.h"

#include <errno.h>
#include <gpgme.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/caps.h"

const char *const gpg_rules[] = { "no-certificate", "many-certificates",
	"secret-key", "key-none", "key-many", "key-unusable", "no-secret-key",
	"gpg-agent", "key-message", "key-recipient", "sig-bad", "sig-expired",
	"sig-future", "sig-time", "sig-wrong-key", "sig-error", "hash-weak",
	"key-weak", "key-unknown", "key-expired", "key-revoked", "key-disabled",
	"key-invalid", "key-usage", NULL };

enum status
gpg_ctx_failed(unsigned int err, const char *what, struct diag *d)
{
	switch (gpgme_err_code(err)) {
	case GPG_ERR_ENOMEM:
		return diag_nomem(d);
	case GPG_ERR_INV_ENGINE:
	case GPG_ERR_ENGINE_TOO_OLD:
	case GPG_ERR_UNSUPPORTED_PROTOCOL:
		diag_set(d, ST_HOST, "gpg-garbage",
		    "gpg does not answer like GnuPG 2.2 or later (%s)",
		    gpgme_strerror(err));
		diag_hint(d, "see what `gpg --version' says");
		return ST_HOST;
	default:
		return diag_set(d, ST_HOST, "gpg-failed", "gpg: %s: %s", what,
		    ESC(gpgme_strerror(err)));
	}
}

enum status
gpg_ctx_asked(unsigned int err, const char *what, struct diag *d)
{
	switch (gpgme_err_code(err)) {
	case GPG_ERR_CANCELED:
	case GPG_ERR_FULLY_CANCELED:
		return diag_set(d, ST_HOST, "no-secret-key",
		    "%s: the PIN or passphrase was not given", what);
	case GPG_ERR_BAD_PASSPHRASE:
	case GPG_ERR_BAD_PIN:
	case GPG_ERR_PIN_BLOCKED:
		return diag_set(d, ST_HOST, "no-secret-key",
		    "%s: the PIN or passphrase is wrong (%s)", what,
		    ESC(gpgme_strerror(err)));
	case GPG_ERR_NO_AGENT:
	case GPG_ERR_AGENT:
		diag_set(d, ST_HOST, "gpg-agent", "%s: gpg-agent does not answer (%s)",
		    what, ESC(gpgme_strerror(err)));
		diag_hint(d, "try: gpgconf --kill gpg-agent; gpgconf --launch gpg-agent");
		return ST_HOST;
	case GPG_ERR_NO_SECKEY:
	case GPG_ERR_UNUSABLE_SECKEY:
	case GPG_ERR_CARD_NOT_PRESENT:
	case GPG_ERR_CARD_REMOVED:
	case GPG_ERR_NO_PIN_ENTRY:
	case GPG_ERR_PIN_ENTRY:
	case GPG_ERR_ENOTTY:
	case GPG_ERR_EOF:
		diag_set(d, ST_HOST, "no-secret-key", "%s: %s", what,
		    ESC(gpgme_strerror(err)));
		diag_hint(d, "is the card inserted, and can gpg ask for its PIN: "
		    "gpg --card-status; export GPG_TTY=$(tty)");
		return ST_HOST;
	default:
		return gpg_ctx_failed(err, what, d);
	}
}

/* A version of 2.2 or later; noise is none. */
static bool
is_version(const char *s)
{
	unsigned int major, minor;
	int n = 0;

	return s != NULL && sscanf(s, "%2u.%3u.%n", &major, &minor, &n) == 2 &&
	    n > 0 && (major > 2 || (major == 2 && minor >= 2));
}

static gpgme_engine_info_t
engine(struct gpgme_context *ctx)
{
	gpgme_engine_info_t e = gpgme_ctx_get_engine_info(ctx);

	while (e != NULL && e->protocol != GPGME_PROTOCOL_OpenPGP)
		e = e->next;
	return e;
}

static bool
has_version(struct gpgme_context *ctx)
{
	gpgme_engine_info_t e = engine(ctx);

	return e != NULL && is_version(e->version);
}

/*
 * This gpg, on a home that GNUPGHOME names.  GPGME has looked into PATH itself, and has asked
 * what it found there for its version: it would ask again if it were told the same.
 */
static gpgme_error_t
use_gpg(struct gpgme_context *ctx, const char *gpg, const char *home)
{
	gpgme_engine_info_t e = engine(ctx);

	if (e != NULL && e->file_name != NULL && strcmp(e->file_name, gpg) == 0 &&
	    e->home_dir == NULL)
		return 0;
	return gpgme_ctx_set_engine_info(ctx, GPGME_PROTOCOL_OpenPGP, gpg, home);
}

#define ARG(s) ((char[sizeof(s)]){ s })

enum status
gpg_ctx_probe(const char *home, struct diag *d)
{
	static const char answer[] = "cfg:version:";
	char gpg[PATH_MAX], dir[PATH_MAX];
	char *argv[] = { gpg, ARG("--homedir"), dir, ARG("--batch"),
		ARG("--no-tty"), ARG("--with-colons"), ARG("--list-config"),
		ARG("version"), NULL };
	struct bytes text = { 0 };
	enum status st;
	int code = -1;

	snprintf(dir, sizeof(dir), "%s", home);
	if ((st = helper_find_program("gpg", gpg, sizeof(gpg), d)) == ST_OK)
		st = helper_exec(argv, false, 64 * KIB, &text, &code, d);
	bytes_append(&text, "", 1);
	if (st == ST_OK && text.failed)
		st = diag_nomem(d);
	if (st == ST_OK && (code != 0 ||
	    strncmp((char *)text.data, answer, strlen(answer)) != 0 ||
	    !is_version((char *)text.data + strlen(answer))))
		st = gpg_ctx_failed(gpgme_error(GPG_ERR_INV_ENGINE), "start", d);
	bytes_free(&text);
	return st;
}

enum status
gpg_ctx_open(const char *home, bool interactive, struct gpgme_context **ctx,
    struct diag *d)
{
	enum status st;
	char gpg[PATH_MAX];
	gpgme_error_t err;

	*ctx = NULL;
	if ((st = helper_find_program("gpg", gpg, sizeof(gpg), d)) != ST_OK)
		return st;
	/* We say which gpg; gpgconf would be asked a dozen things for nothing. */
	(void)gpgme_set_global_flag("disable-gpgconf", "1");
	if (gpgme_check_version("1.15.0") == NULL)
		return diag_set(d, ST_HOST, "gpg-failed",
		    "GPGME is older than 1.15.0");
	if (setenv("GNUPGHOME", home, 1) == -1)
		return diag_nomem(d);
	if ((err = gpgme_new(ctx)) != 0)
		return gpg_ctx_failed(err, "start", d);
	if ((err = use_gpg(*ctx, gpg, home)) != 0 ||
	    (err = gpgme_set_protocol(*ctx, GPGME_PROTOCOL_OpenPGP)) != 0 ||
	    (err = gpgme_set_pinentry_mode(*ctx, interactive ?
	    GPGME_PINENTRY_MODE_DEFAULT : GPGME_PINENTRY_MODE_ERROR)) != 0) {
		st = gpg_ctx_failed(err, "start", d);
		gpgme_release(*ctx);
		*ctx = NULL;
		return st;
	}
	if (!has_version(*ctx)) {
		st = gpg_ctx_failed(gpgme_error(GPG_ERR_INV_ENGINE), "start", d);
		gpgme_release(*ctx);
		*ctx = NULL;
		return st;
	}
	gpgme_set_offline(*ctx, 1);
	gpgme_set_armor(*ctx, 0);
	gpgme_set_textmode(*ctx, 0);
	return ST_OK;
}

void
gpg_ctx_close(struct gpgme_context *ctx)
{
	if (ctx != NULL)
		gpgme_release(ctx);
}

enum status
gpg_ctx_import(struct gpgme_context *ctx, const uint8_t *data, size_t len,
    bool *secret, struct diag *d)
{
	gpgme_import_result_t r;
	gpgme_data_t in = NULL;
	gpgme_error_t err;

	*secret = false;
	if ((err = gpgme_data_new_from_mem(&in, (const char *)data, len, 0)) == 0)
		err = gpgme_op_import(ctx, in);
	if (in != NULL)
		gpgme_data_release(in);
	r = gpgme_op_import_result(ctx);
	if (r != NULL && r->secret_read > 0)
		*secret = true;
	/* Nothing in there that is a certificate: the caller sees that none came in. */
	if (err != 0 && gpgme_err_code(err) != GPG_ERR_NO_DATA &&
	    gpgme_err_code(err) != GPG_ERR_BAD_DATA &&
	    (r == NULL || r->considered == 0) && !*secret)
		return gpg_ctx_failed(err, "reading certificates", d);
	return ST_OK;
}

void
gpg_ctx_free_keys(struct _gpgme_key **keys, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		gpgme_key_unref(keys[i]);
}

enum status
gpg_ctx_list(struct gpgme_context *ctx, struct _gpgme_key **keys, size_t cap,
    size_t *n, struct diag *d)
{
	gpgme_key_t key;
	gpgme_error_t err;
	size_t held = 0;

	*n = 0;
	err = gpgme_set_keylist_mode(ctx, GPGME_KEYLIST_MODE_LOCAL);
	if (err == 0)
		err = gpgme_op_keylist_start(ctx, NULL, 0);
	while (err == 0 && (err = gpgme_op_keylist_next(ctx, &key)) == 0) {
		if (held < cap)
			keys[held++] = key;
		else
			gpgme_key_unref(key);
		(*n)++;
	}
	if (gpgme_err_code(err) == GPG_ERR_EOF)
		return ST_OK;
	gpg_ctx_free_keys(keys, held);
	*n = 0;
	return gpg_ctx_failed(err, "listing certificates", d);
}

unsigned int
gpg_ctx_key(struct gpgme_context *ctx, const char *fpr, struct _gpgme_key **key)
{
	gpgme_key_t second = NULL;
	gpgme_error_t err;

	*key = NULL;
	if ((err = gpgme_set_keylist_mode(ctx, GPGME_KEYLIST_MODE_LOCAL)) != 0 ||
	    (err = gpgme_op_keylist_start(ctx, fpr, 0)) != 0)
		return err;
	if ((err = gpgme_op_keylist_next(ctx, key)) == 0) {
		err = gpgme_op_keylist_next(ctx, &second);
		if (gpgme_err_code(err) == GPG_ERR_EOF)
			return 0;
		if (err == 0)
			err = gpgme_error(GPG_ERR_AMBIGUOUS_NAME);
	}
	(void)gpgme_op_keylist_end(ctx);
	if (second != NULL)
		gpgme_key_unref(second);
	if (*key != NULL)
		gpgme_key_unref(*key);
	*key = NULL;
	return err;
}

static ssize_t
sink_write(void *handle, const void *buf, size_t len)
{
	struct gpg_sink *s = handle;

	if (len > s->cap - s->out->len) {
		s->over = true;
		errno = EFBIG;
		return -1;
	}
	bytes_append(s->out, buf, len);
	if (s->out->failed) {
		errno = ENOMEM;
		return -1;
	}
	return (ssize_t)len;
}

enum status
gpg_ctx_sink(struct gpg_sink *s, struct gpgme_data **data, struct diag *d)
{
	/* GPGME keeps the pointer. */
	static struct gpgme_data_cbs cbs = { NULL, sink_write, NULL, NULL };
	gpgme_error_t err = gpgme_data_new_from_cbs(data, &cbs, s);

	return err == 0 ? ST_OK : gpg_ctx_failed(err, "output", d);
}
