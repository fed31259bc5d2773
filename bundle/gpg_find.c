/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_find - the one usable key of the user's key ring that a fingerprint or
 * an address names.  It signs nothing and encrypts nothing.
 */
#include <ctype.h>
#include <gpgme.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bundle/gpg_ctx.h"
#include "bundle/gpg_ring.h"
#include "manifests/caps.h"

#define CAP_MATCHES 64U		/* keys that one address may have in the ring */
#define CAP_ADDRESS 254U	/* RFC 5321 */

struct find {
	struct gpg_home home;
	enum gpg_use use;
	bool address;		/* name is a mail address, else a fingerprint */
	char name[CAP_ADDRESS + 1];
	const char *asked;	/* as the user wrote it */
};

/*
 * Take `who' for a fingerprint: blanks anywhere, 0x in front, either case.
 * Returns its digits' number, 0 where it is something else.
 */
static size_t
read_fingerprint(const char *who, char out[FPR_MAX + 1])
{
	size_t n = 0;

	while (*who == ' ')
		who++;
	if (who[0] == '0' && (who[1] == 'x' || who[1] == 'X'))
		who += 2;
	for (; *who != '\0'; who++) {
		if (*who == ' ' || *who == '\t')
			continue;
		if (!isxdigit((unsigned char)*who) || n == FPR_MAX)
			return 0;
		out[n++] = (char)toupper((unsigned char)*who);
	}
	out[n] = '\0';
	return n;
}

/* One @ with something at both ends, and nothing that gpg or a shell could misread. */
static bool
is_address(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	const char *at = strchr(s, '@');

	if (at == NULL || at == s || at[1] == '\0' || strchr(at + 1, '@') != NULL ||
	    strlen(s) > CAP_ADDRESS)
		return false;
	for (; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7F || strchr("<>()[],;:\\\"", *p) != NULL)
			return false;
	return true;
}

static enum status
read_name(const char *who, struct find *f, struct diag *d)
{
	char fpr[FPR_MAX + 1];
	size_t n = read_fingerprint(who, fpr);

	f->asked = who;
	if (n == 40 || n == FPR_MAX) {
		strcpy(f->name, fpr);
		return ST_OK;
	}
	if (n >= 8) {
		diag_set(d, ST_USAGE, "key-none", "%s is no full fingerprint",
		    ESC(who));
		diag_hint(d, "key ids can be forged: give all 40 digits, as "
		    "gpg --list-keys --fingerprint shows them");
		return ST_USAGE;
	}
	if (!is_address(who)) {
		diag_set(d, ST_USAGE, "key-none",
		    "%s is neither a full fingerprint nor a mail address", ESC(who));
		diag_hint(d, "gpg --list-keys shows fingerprints and addresses");
		return ST_USAGE;
	}
	f->address = true;
	strcpy(f->name, who);
	return ST_OK;
}

/* Equal addresses: the domain in either case. */
static bool
same_address(const char *a, const char *b)
{
	const char *at = strchr(a, '@'), *bt = strchr(b, '@');

	return at != NULL && bt != NULL && at - a == bt - b &&
	    memcmp(a, b, (size_t)(at - a)) == 0 && strcasecmp(at, bt) == 0;
}

static bool
uid_matches(const struct _gpgme_user_id *uid, const char *address)
{
	if (uid->revoked || uid->invalid || uid->uid == NULL)
		return false;
	if (uid->email != NULL && uid->email[0] != '\0')
		return same_address(uid->email, address);
	/* A user id that is nothing but an address. */
	return same_address(uid->uid, address);
}

static bool
key_matches(const struct _gpgme_key *key, const struct find *f)
{
	const struct _gpgme_subkey *sub;
	const struct _gpgme_user_id *uid;

	if (f->address) {
		for (uid = key->uids; uid != NULL; uid = uid->next)
			if (uid_matches(uid, f->name))
				return true;
		return false;
	}
	for (sub = key->subkeys; sub != NULL; sub = sub->next)
		if (sub->fpr != NULL && strcmp(sub->fpr, f->name) == 0)
			return true;
	return false;
}

/* What the user's ring says beside the certificate. */
struct ring {
	struct gpg_ring_key *keys;
	size_t n;
};

static const struct gpg_ring_key *
ring_find(const struct ring *r, const char *fpr)
{
	size_t i;

	for (i = 0; fpr != NULL && i < r->n; i++)
		if (strcmp(r->keys[i].fpr, fpr) == 0)
			return &r->keys[i];
	return NULL;
}

/* A secret key for any part that may sign. */
static bool
can_sign_here(const struct _gpgme_key *key, const struct ring *ring)
{
	const struct _gpgme_subkey *sub;
	const struct gpg_ring_key *k;

	for (sub = key->subkeys; sub != NULL; sub = sub->next) {
		if (!sub->can_sign || sub->revoked || sub->expired ||
		    sub->disabled || sub->invalid)
			continue;
		k = ring_find(ring, sub->fpr);
		if (k != NULL && k->secret)
			return true;
	}
	return false;
}

static enum status
none(const struct find *f, struct diag *d)
{
	diag_set(d, ST_USAGE, "key-none", "no key for %s in your key ring",
	    ESC(f->asked));
	diag_hint(d, f->address ?
	    "gpg --list-keys shows the addresses; each counts only if it matches exactly" :
	    "gpg --import takes in the certificate that you were given");
	return ST_USAGE;
}

/*
 * Choose among the keys of the private home, and count what can be used.
 * Fills in d where it is not exactly one.
 */
static enum status
choose(const struct find *f, struct _gpgme_key **keys, size_t n,
    const struct ring *ring, const struct _gpgme_key **chosen, struct diag *d)
{
	const struct gpg_ring_key *mine;
	const char *why, *first_why = NULL, *first_fpr = NULL;
	size_t i, usable = 0;
	char list[400] = "";

	*chosen = NULL;
	for (i = 0; i < n; i++) {
		if (!key_matches(keys[i], f) || keys[i]->subkeys == NULL ||
		    keys[i]->subkeys->fpr == NULL)
			continue;
		mine = ring_find(ring, keys[i]->subkeys->fpr);
		if (mine != NULL && mine->disabled)
			why = "disabled";
		else if (gpg_key_pick(keys[i], f->use, &why) != NULL)
			why = NULL;
		if (why != NULL && first_why == NULL) {
			first_why = why;
			first_fpr = keys[i]->subkeys->fpr;
		}
		if (why != NULL)
			continue;
		*chosen = keys[i];
		if (strlen(list) + FPR_MAX + 3 < sizeof(list))
			snprintf(list + strlen(list), sizeof(list) - strlen(list),
			    "%s%s", usable == 0 ? "" : ", ",
			    keys[i]->subkeys->fpr);
		usable++;
	}
	if (usable == 1)
		return ST_OK;
	if (usable > 1) {
		diag_set(d, ST_USAGE, "key-many", "%zu usable keys for %s", usable,
		    ESC(f->asked));
		diag_hint(d, "give the fingerprint: %s", list);
		return ST_USAGE;
	}
	if (first_why == NULL)
		return none(f, d);
	diag_set(d, ST_USAGE, "key-unusable", "the key %s for %s is %s", first_fpr,
	    ESC(f->asked), first_why);
	diag_hint(d, "gpg --list-keys --with-subkey-fingerprint %s shows more",
	    first_fpr);
	return ST_USAGE;
}

/* The primary fingerprints of what was imported, to ask the ring about. */
static enum status
ask_ring(const struct find *f, struct _gpgme_key **keys, size_t n,
    struct ring *ring, struct diag *d)
{
	const char *fprs[CAP_MATCHES];
	size_t i, o = 0;

	for (i = 0; i < n; i++)
		if (keys[i]->subkeys != NULL && keys[i]->subkeys->fpr != NULL)
			fprs[o++] = keys[i]->subkeys->fpr;
	return gpg_ring_list(fprs, o, false, f->use == GPG_USE_SIGN, &ring->keys,
	    &ring->n, d);
}

/* In the helper. */
static enum status
find(void *arg, struct bytes *out, struct diag *d)
{
	const struct find *f = arg;
	struct _gpgme_key *keys[CAP_MATCHES] = { NULL };
	const struct _gpgme_key *chosen = NULL;
	struct gpgme_context *ctx = NULL;
	struct gpg_cert cert = { 0 };
	struct bytes exported = { 0 };
	struct ring ring = { NULL, 0 };
	char selector[CAP_ADDRESS + 3];
	const char *selectors[] = { selector };
	enum status st;
	size_t n = 0;
	bool secret;

	snprintf(selector, sizeof(selector), f->address ? "<%s>" : "%s", f->name);
	if ((st = gpg_ctx_open(f->home.path, false, &ctx, d)) != ST_OK ||
	    (st = gpg_ring_export(selectors, 1, &exported, d)) != ST_OK)
		goto out;
	if (exported.len == 0) {
		if ((st = gpg_ctx_probe(f->home.path, d)) == ST_OK)
			st = none(f, d);
		goto out;
	}
	if ((st = gpg_ctx_import(ctx, exported.data, exported.len, &secret,
	    d)) != ST_OK ||
	    (st = gpg_ctx_list(ctx, keys, CAP_MATCHES, &n, d)) != ST_OK)
		goto out;
	if (n > CAP_MATCHES) {
		st = diag_set(d, ST_USAGE, "key-many", "more than %u keys for %s",
		    CAP_MATCHES, ESC(f->asked));
		goto out;
	}
	if (n == 0) {
		st = diag_set(d, ST_HOST, "gpg-garbage",
		    "gpg does not accept the key for %s as it exports it itself",
		    ESC(f->asked));
		goto out;
	}
	if ((st = ask_ring(f, keys, n, &ring, d)) != ST_OK ||
	    (st = choose(f, keys, n, &ring, &chosen, d)) != ST_OK)
		goto out;
	if (f->use == GPG_USE_SIGN && !can_sign_here(chosen, &ring)) {
		diag_set(d, ST_HOST, "no-secret-key",
		    "no secret key for %s here", ESC(f->asked));
		diag_hint(d, "is it on a card: insert it and run gpg --card-status");
		st = ST_HOST;
		goto out;
	}
	if ((st = gpg_key_describe(ctx, chosen, f->use, &cert, d)) == ST_OK)
		gpg_cert_put(out, &cert);
out:
	gpg_cert_free(&cert);
	gpg_ctx_free_keys(keys, n < CAP_MATCHES ? n : CAP_MATCHES);
	gpg_ctx_close(ctx);
	bytes_free(&exported);
	free(ring.keys);
	return st;
}

enum status
gpg_find_key(const char *who, enum gpg_use use, struct gpg_cert *out,
    struct diag *d)
{
	struct find f = { .home = GPG_HOME_INIT, .use = use };
	struct helper_reader r;
	struct bytes raw = { 0 };
	enum status st;

	memset(out, 0, sizeof(*out));
	if ((st = read_name(who, &f, d)) != ST_OK)
		return st;
	if (use == GPG_USE_SIGN && (st = gpg_home_launch_agent(d)) != ST_OK)
		return st;
	st = gpg_run(GPG_HOME_VERIFY, GPG_RUN_USER, 2 * CAP_TRUST_FILE, find, &f,
	    &f.home, &raw, d);
	if (st == ST_OK) {
		r = (struct helper_reader){ raw.data, raw.len, false };
		if ((st = gpg_cert_get(&r, out, d)) == ST_OK && r.len != 0)
			st = diag_set(d, ST_HOST, "gpg-failed",
			    "the helper that runs gpg returned nonsense");
	}
	if (st != ST_OK)
		gpg_cert_free(out);
	bytes_free(&raw);
	return st;
}
