/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * people - the signers and recipients of a bundle, found in the user's key ring
 * before anything is written.
 */
#include <stdlib.h>
#include <string.h>

#include "manifests/caps.h"
#include "pack/create.h"

static enum status
find_all(const struct option_values *names, enum gpg_use use,
    struct gpg_cert **out, size_t *n, struct diag *d)
{
	struct gpg_cert *certs;
	enum status st;
	size_t i, k;

	if (names->n == 0)
		return ST_OK;
	if ((certs = calloc(names->n, sizeof(*certs))) == NULL)
		return diag_nomem(d);
	*out = certs;
	for (i = 0; i < names->n; i++) {
		st = gpg_find_key(names->items[i], use, &certs[i], d);
		if (st != ST_OK)
			return st;
		*n = i + 1;
		for (k = 0; k < i; k++)
			if (strcmp(certs[k].fpr, certs[i].fpr) == 0)
				return diag_set(d, ST_USAGE, "key-twice",
				    "%s and %s name the same key %s",
				    ESC(names->items[k]), ESC(names->items[i]),
				    certs[i].fpr);
	}
	return ST_OK;
}

/* --originator: a full fingerprint; the key itself need not be here. */
static enum status
check_originator(const char *s, struct diag *d)
{
	size_t n = strlen(s);

	if ((n == 40 || n == FPR_MAX) && strspn(s, "0123456789ABCDEF") == n)
		return ST_OK;
	diag_set(d, ST_USAGE, "originator",
	    "--originator needs a full primary fingerprint in capitals, not %s", ESC(s));
	diag_hint(d, "gpg --fingerprint shows it");
	return ST_USAGE;
}

static void
warn_fips(const struct creation *c, const struct gpg_cert *certs, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		/* one that signs as well was named already */
		for (k = 0; certs != c->signers && k < c->n_signers; k++)
			if (strcmp(c->signers[k].fpr, certs[i].fpr) == 0)
				break;
		if (certs != c->signers && k < c->n_signers)
			continue;
		if (certs[i].fips_weak)
			console_warning(c->console,
			    "the key %s (%s) does not work on hosts in FIPS mode",
			    certs[i].fpr, certs[i].user_id);
	}
}

enum status
create_find_people(struct creation *c, struct diag *d)
{
	const struct pack_options *o = c->options;
	enum status st;

	if (o->originator != NULL &&
	    (st = check_originator(o->originator, d)) != ST_OK)
		return st;
	if (o->signers->n > CAP_PINNED)
		return diag_set(d, ST_USAGE, "signers", "more than %u signers",
		    CAP_PINNED);
	st = find_all(o->signers, GPG_USE_SIGN, &c->signers, &c->n_signers, d);
	if (st != ST_OK)
		return st;
	st = find_all(o->recipients, GPG_USE_ENCRYPT, &c->recipients,
	    &c->n_recipients, d);
	if (st != ST_OK)
		return st;
	warn_fips(c, c->signers, c->n_signers);
	warn_fips(c, c->recipients, c->n_recipients);
	return ST_OK;
}
