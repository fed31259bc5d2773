/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trust - from bytes on media to a verified manifest: collect the candidates,
 * let gpg judge them over the bytes in memory, count, and only then parse.
 */
#include "bundle/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/crypto.h"
#include "bundle/file.h"
#include "manifests/caps.h"

struct verified_manifest {
	struct bytes text;
	struct transport *fields;
	uint8_t digest[SHA512_LEN];
	struct accepted_signature *accepted;
	size_t n_accepted;
};

/* One signature file that was read. */
struct candidate {
	const struct gpg_cert *cert;
	char label[512];
	struct bytes data;
};

struct candidates {
	struct candidate *items;
	size_t n, cap;
};

static void
candidates_free(struct candidates *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		bytes_free(&c->items[i].data);
	free(c->items);
	memset(c, 0, sizeof(*c));
}

/* Add a signature file, unless the same bytes stand there under that name. */
static enum status
candidates_add(struct candidates *c, const struct gpg_cert *cert,
    const char *label, struct bytes *data, struct diag *d)
{
	struct candidate *it;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->items[i].cert == cert && c->items[i].data.len == data->len &&
		    (data->len == 0 || memcmp(c->items[i].data.data, data->data,
		    data->len) == 0)) {
			bytes_free(data);
			return ST_OK;
		}
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 8 : 2 * c->cap;

		if ((it = reallocarray(c->items, cap, sizeof(*it))) == NULL)
			return diag_nomem(d);
		c->items = it;
		c->cap = cap;
	}
	it = &c->items[c->n++];
	it->cert = cert;
	snprintf(it->label, sizeof(it->label), "%s", label);
	it->data = *data;
	memset(data, 0, sizeof(*data));
	return ST_OK;
}

/* Note what lies beside the pinned signers' files. */
static void
note_unpinned(int dirfd, const struct gpg_trust *t, const char *where,
    struct findings *f)
{
	char want[TRANSPORT_NAME_MAX], label[1900];
	struct diag d = DIAG_INIT;
	char **names = NULL;
	size_t n = 0, i, k;

	if (dir_list(dirfd, &names, &n, &d) != ST_OK)
		return;
	for (i = 0; i < n; i++) {
		for (k = 0; k < t->n; k++)
			if (strcmp(names[i], transport_name_signature(want,
			    t->certs[k].fpr)) == 0)
				break;
		if (k < t->n)
			continue;
		snprintf(label, sizeof(label), "%s/%s", where, ESC(names[i]));
		findings_note(f, label, "signature-unpinned",
		    "not named after a key that you trust; it was not opened and does not count");
	}
	dir_list_free(names, n);
}

/* One that does not count: why, and what can be done about it. */
static void
note_bad(struct findings *f, const char *label, const struct diag *reason)
{
	struct diag why = *reason;

	why.rule = "signature-bad";
	diag_within(&why, "a bad signature");
	(void)findings_add(f, ST_OK, label, &why);
}

/* Read the pinned signers' files of one directory. */
static enum status
collect_dir(int dirfd, const struct gpg_trust *t, const char *where,
    struct findings *f, struct candidates *c, struct diag *d)
{
	char name[TRANSPORT_NAME_MAX], label[512];
	enum status st;
	size_t k;

	for (k = 0; k < t->n; k++) {
		struct bytes b = { 0 };
		struct diag why = DIAG_INIT;

		transport_name_signature(name, t->certs[k].fpr);
		st = file_read_whole(dirfd, name, CAP_SIGNATURE, &b, &why);
		if (st == ST_INCOMPLETE)
			continue;
		snprintf(label, sizeof(label), "%.300s/%s", where, name);
		if (strcmp(why.rule, "host-memory") == 0) {
			/* no fault of the signature, so no verdict on it */
			if (d != NULL)
				*d = why;
			bytes_free(&b);
			return st;
		}
		if (st != ST_OK) {
			bytes_free(&b);
			note_bad(f, label, &why);
			continue;
		}
		if ((st = candidates_add(c, &t->certs[k], label, &b, d)) != ST_OK) {
			bytes_free(&b);
			return st;
		}
	}
	note_unpinned(dirfd, t, where, f);
	return ST_OK;
}

static enum status
collect(const struct media *m, const char *sigdir, const struct gpg_trust *t,
    struct findings *f, struct candidates *c, struct diag *d)
{
	struct diag why = DIAG_INIT;
	char where[400];
	enum status st;
	size_t i;
	int fd = -1;

	for (i = 0; i < m->n; i++) {
		media_label(where, sizeof(where), m, i, "signatures");
		st = dir_open(m->items[i].dirfd, "signatures", &fd, &why);
		if (st == ST_INCOMPLETE)
			continue;
		if (st != ST_OK) {
			findings_note(f, where, "signature-bad",
			    "bad signatures: %s", why.text);
			continue;
		}
		st = collect_dir(fd, t, where, f, c, d);
		fd_close(&fd);
		if (st != ST_OK)
			return st;
	}
	if (sigdir == NULL)
		return ST_OK;
	if ((st = dir_open_path(sigdir, &fd, d)) != ST_OK)
		return st;
	text_escape(where, sizeof(where), sigdir, strlen(sigdir));
	st = collect_dir(fd, t, where, f, c, d);
	fd_close(&fd);
	return st;
}

/* Take up what gpg said of the candidates over one manifest. */
static enum status
book(struct verified_manifest *v, const struct candidates *c,
    const struct gpg_candidate *g, struct signers *s, struct diag *d)
{
	struct accepted_signature *a;
	struct signer_verdict *sv;
	size_t i, k;

	v->accepted = calloc(c->n, sizeof(*v->accepted));
	s->items = calloc(c->n, sizeof(*s->items));
	if (v->accepted == NULL || s->items == NULL)
		return diag_nomem(d);
	for (i = 0; i < c->n; i++) {
		for (k = 0; k < s->n; k++)
			if (strcmp(s->items[k].fpr, c->items[i].cert->fpr) == 0)
				break;
		sv = &s->items[k];
		if (k == s->n) {
			s->n++;
			strcpy(sv->fpr, c->items[i].cert->fpr);
			strcpy(sv->user_id, c->items[i].cert->user_id);
		}
		if (g[i].status != ST_OK) {
			if (!sv->accepted)
				snprintf(sv->reason, sizeof(sv->reason), "%.250s",
				    g[i].why.text);
			continue;
		}
		if (sv->accepted)
			continue;
		sv->accepted = true;
		sv->created = g[i].created;
		sv->reason[0] = '\0';
		a = &v->accepted[v->n_accepted++];
		strcpy(a->fpr, sv->fpr);
		strcpy(a->user_id, sv->user_id);
		a->created = g[i].created;
		a->key_expired_since = g[i].key_expired_since;
		bytes_append(&a->data, c->items[i].data.data, c->items[i].data.len);
		if (a->data.failed)
			return diag_nomem(d);
	}
	return ST_OK;
}

/* Judge all candidates over one manifest's bytes; f may be NULL (no notes). */
static enum status
judge(const struct bytes *text, const struct candidates *c,
    const struct gpg_trust *t, bool allow_expired_key, struct findings *f,
    struct signers *s, struct verified_manifest **out, struct diag *d)
{
	struct verified_manifest *v = NULL;
	struct gpg_candidate *g = NULL;
	enum status st = ST_INTERNAL, host = ST_OK;
	struct diag why = DIAG_INIT;
	size_t i;

	*out = NULL;
	v = calloc(1, sizeof(*v));
	g = calloc(c->n == 0 ? 1 : c->n, sizeof(*g));
	if (v == NULL || g == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	for (i = 0; i < c->n; i++) {
		g[i].fpr = c->items[i].cert->fpr;
		g[i].data = c->items[i].data.data;
		g[i].len = c->items[i].data.len;
		g[i].status = ST_INTERNAL;
	}
	if (c->n > 0) {
		st = gpg_verify(t, text->data, text->len, g, c->n,
		    allow_expired_key, d);
		if (st != ST_OK)
			goto out;
		if ((st = book(v, c, g, s, d)) != ST_OK)
			goto out;
	}
	for (i = 0; i < c->n; i++) {
		if (g[i].status == ST_HOST && host == ST_OK) {
			host = ST_HOST;
			why = g[i].why;
		}
		if (g[i].status != ST_OK && f != NULL)
			note_bad(f, c->items[i].label, &g[i].why);
	}
	if (v->n_accepted == 0) {
		if (host != ST_OK) {
			*d = why;
			st = host;
			goto out;
		}
		st = diag_set(d, ST_UNTRUSTED, "no-good-signature",
		    c->n == 0 ? "no signature by a key that you trust" :
		    "no good signature by a key that you trust");
		diag_hint(d, "a signature that travelled apart is given with --signatures DIR; the sender's certificate with --trust FILE");
		goto out;
	}
	bytes_append(&v->text, text->data, text->len);
	if (v->text.failed) {
		st = diag_nomem(d);
		goto out;
	}
	*out = v;
	v = NULL;
	st = ST_OK;
out:
	verified_free(v);
	free(g);
	return st;
}

/* The bytes are verified: now they may be parsed. */
static enum status
parse_verified(struct verified_manifest *v, struct diag *d)
{
	enum status st;

	st = digest_sha512(v->text.data, v->text.len, v->digest, d);
	if (st != ST_OK)
		return st;
	return transport_parse(v->text.data, v->text.len, "manifest.yaml",
	    &v->fields, d);
}

/* The media carry different manifests: say what is known of them. */
static enum status
refuse_differing(const struct media *m, size_t other, const struct candidates *c,
    const struct gpg_trust *t, struct diag *d)
{
	size_t i, k, good = 0, last = 0;
	enum status st;

	for (i = 0; i < m->n; i++) {
		struct verified_manifest *v = NULL;
		struct signers s = { 0 };

		for (k = 0; k < i; k++)
			if (m->items[k].manifest.len == m->items[i].manifest.len &&
			    memcmp(m->items[k].manifest.data,
			    m->items[i].manifest.data, m->items[i].manifest.len) == 0)
				break;
		if (k < i)
			continue;
		st = judge(&m->items[i].manifest, c, t, false, NULL, &s, &v, d);
		verified_free(v);
		signers_free(&s);
		if (st != ST_OK && st != ST_UNTRUSTED)
			return st;
		if (st == ST_OK) {
			good++;
			last = i;
		}
	}
	if (good > 1) {
		diag_set(d, ST_USAGE, "two-bundles",
		    "%s and %s carry two different bundles, each well signed",
		    m->items[0].label, m->items[other].label);
		diag_hint(d, "give the media of one bundle at a time");
		return ST_USAGE;
	}
	if (good == 1)
		diag_set(d, ST_UNTRUSTED, "manifests-differ",
		    "the manifests of %s and %s differ; only that of %s is signed by a key that you trust",
		    m->items[0].label, m->items[other].label, m->items[last].label);
	else
		diag_set(d, ST_UNTRUSTED, "manifests-differ",
		    "the manifests of %s and %s differ, and none is signed by a key that you trust",
		    m->items[0].label, m->items[other].label);
	diag_hint(d, "check each medium alone to see which one was changed");
	return ST_UNTRUSTED;
}

enum status
trust_verify(const struct media *m, const char *sigdir,
    const struct gpg_trust *t, bool allow_expired_key, struct findings *f,
    struct signers *signers, struct verified_manifest **out, struct diag *d)
{
	struct candidates c = { 0 };
	struct verified_manifest *v = NULL;
	enum status st;
	size_t other;

	*out = NULL;
	if ((st = collect(m, sigdir, t, f, &c, d)) != ST_OK)
		goto out;
	if ((other = media_differ(m)) != 0) {
		st = refuse_differing(m, other, &c, t, d);
		goto out;
	}
	st = judge(&m->items[0].manifest, &c, t, allow_expired_key, f, signers,
	    &v, d);
	if (st != ST_OK)
		goto out;
	if ((st = parse_verified(v, d)) != ST_OK)
		goto out;
	*out = v;
	v = NULL;
out:
	verified_free(v);
	candidates_free(&c);
	return st;
}

enum status
trust_own(const struct bytes *text, struct verified_manifest **out, struct diag *d)
{
	struct verified_manifest *v;
	enum status st;

	*out = NULL;
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return diag_nomem(d);
	bytes_append(&v->text, text->data, text->len);
	st = v->text.failed ? diag_nomem(d) : parse_verified(v, d);
	if (st == ST_OK) {
		*out = v;
		v = NULL;
	}
	verified_free(v);
	return st;
}

enum status
unverified_read(const struct media *m, struct unverified_manifest *out,
    struct diag *d)
{
	const struct bytes *text = &m->items[0].manifest;
	size_t other = media_differ(m), n = strlen(TRANSPORT_PURPOSE);
	enum status st;

	memset(out, 0, sizeof(*out));
	if (other != 0) {
		diag_set(d, ST_UNTRUSTED, "manifests-differ",
		    "the manifests of %s and %s differ", m->items[0].label,
		    m->items[other].label);
		diag_hint(d, "give the media of one bundle; with --trust FILE the signature tells which manifest is right");
		return ST_UNTRUSTED;
	}
	out->text = text;
	if ((st = digest_sha512(text->data, text->len, out->digest, d)) != ST_OK)
		return st;
	st = transport_parse(text->data, text->len, "manifest.yaml", &out->fields, d);
	if (st == ST_MALFORMED && text->len >= n &&
	    memcmp(text->data, TRANSPORT_PURPOSE, n) == 0)
		st = ST_UNTRUSTED;
	return st;
}

void
unverified_clear(struct unverified_manifest *u)
{
	transport_free(u->fields);
	memset(u, 0, sizeof(*u));
}

void
signers_free(struct signers *s)
{
	free(s->items);
	memset(s, 0, sizeof(*s));
}

void
verified_free(struct verified_manifest *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->n_accepted; i++)
		bytes_free(&v->accepted[i].data);
	free(v->accepted);
	transport_free(v->fields);
	bytes_free(&v->text);
	free(v);
}

const struct transport *
verified_transport(const struct verified_manifest *v)
{
	return v->fields;
}

const uint8_t *
verified_digest(const struct verified_manifest *v)
{
	return v->digest;
}

const struct bytes *
verified_text(const struct verified_manifest *v)
{
	return &v->text;
}

const struct accepted_signature *
verified_signatures(const struct verified_manifest *v, size_t *n)
{
	*n = v->n_accepted;
	return v->accepted;
}

bool
verified_accepts(const struct verified_manifest *v, const char *fpr)
{
	size_t i;

	for (i = 0; i < v->n_accepted; i++)
		if (strcmp(v->accepted[i].fpr, fpr) == 0)
			return true;
	return false;
}
