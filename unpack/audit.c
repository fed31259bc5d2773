/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit - is an imported tree still what was imported?  Signature, commitment,
 * content manifest, tag files, every file and directory, in that order.  It only
 * reads, and asks nothing of the host but the tree and the trust.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/crypto.h"
#include "bundle/file.h"
#include "manifests/caps.h"
#include "unpack/bagging.h"
#include "unpack/derived.h"
#include "unpack/inventory.h"
#include "unpack/session.h"

/* What is read from the bag itself. */
struct audit {
	struct session *session;
	int root;
	int satchel;			/* root/satchel */
	struct bytes text;		/* content manifest */
	uint8_t opener[OPENER_LEN];
	struct contents *contents;
	struct bag_signature *signatures;
	struct bytes *signature_bytes;
	size_t n_signatures;
};

static void
audit_clear(struct audit *a)
{
	size_t i;

	for (i = 0; i < a->n_signatures; i++)
		bytes_free(&a->signature_bytes[i]);
	free(a->signature_bytes);
	free(a->signatures);
	contents_free(a->contents);
	bytes_free(&a->text);
	fd_close(&a->satchel);
	fd_close(&a->root);
}

/* A file of the bag that does not hold what was signed for. */
static enum status
changed(struct audit *a, const char *path, const char *text, struct diag *d)
{
	diag_set(d, ST_DAMAGED, "changed", "%s", text);
	diag_hint(d, "import the bundle again");
	findings_add(&a->session->findings, ST_DAMAGED, path, d);
	return ST_DAMAGED;
}

static enum status
read_tag(struct audit *a, const char *name, const char *shown, uint64_t cap,
    struct bytes *out, struct diag *d)
{
	enum status st = file_read_whole(a->satchel, name, cap, out, d);

	if (st == ST_OK || st == ST_INTERRUPTED)
		return st;
	/* of another type, or grown: that is a change */
	if (strcmp(d->rule, "not-regular") == 0 || strcmp(d->rule, "over-cap") == 0 ||
	    strcmp(d->rule, "file-changed") == 0)
		st = ST_DAMAGED;
	findings_add(&a->session->findings, st, shown, d);
	return st;
}

/* satchel/opener-NN: 64 digits and a line feed.  name: with its folder. */
static enum status
read_opener(struct audit *a, const char *name, struct diag *d)
{
	char hex[2 * OPENER_LEN + 1];
	struct bytes b = { 0 };
	enum status st;

	st = read_tag(a, strchr(name, '/') + 1, name, KIB, &b, d);
	if (st != ST_OK)
		return st;
	if (b.len == sizeof(hex) && b.data[b.len - 1] == '\n') {
		memcpy(hex, b.data, sizeof(hex));
		hex[sizeof(hex) - 1] = '\0';
		if (hex_decode(a->opener, OPENER_LEN, hex) == 0)
			goto out;
	}
	st = changed(a, name, "is not an opener", d);
out:
	bytes_free(&b);
	return st;
}

/* Content manifest: commitment, originator, text. */
static enum status
read_contents(struct audit *a, struct diag *d)
{
	const struct verified_manifest *v = a->session->verified;
	const struct transport *t = verified_transport(v);
	uint32_t lane = t->lanes[0].lane;
	uint8_t commitment[SHA512_LEN];
	char name[40], opener[40];
	char originator[FPR_MAX + 1];
	enum status st;

	if (t->n_lanes != 1)
		return diag_set(d, ST_MALFORMED, "lanes",
		    "the bundle has several lanes; this version audits one");
	snprintf(name, sizeof(name), "satchel/contents-%02u.yaml", lane);
	snprintf(opener, sizeof(opener), "satchel/opener-%02u", lane);
	st = read_tag(a, strchr(name, '/') + 1, name, CAP_CONTENTS, &a->text, d);
	if (st != ST_OK)
		return st;
	if (t->encrypted && (st = read_opener(a, opener, d)) != ST_OK)
		return st;
	st = commit_contents(t->bundle_id, lane, t->encrypted ? a->opener : NULL,
	    a->text.data, a->text.len, commitment, d);
	if (st != ST_OK)
		return st;
	if (!crypto_equal(commitment, t->lanes[0].commitment, SHA512_LEN))
		return changed(a, name, t->encrypted ?
		    "this or its opener is not what was signed for" :
		    "is not what was signed for", d);
	if (!contents_originator(a->text.data, a->text.len, originator) ||
	    !verified_accepts(v, originator)) {
		diag_set(d, ST_UNTRUSTED, "originator",
		    "the originator's signature is not among the good ones");
		diag_hint(d, "give the originator's certificate with --trust");
		return ST_UNTRUSTED;
	}
	return contents_parse(a->text.data, a->text.len, "content manifest",
	    &a->contents, d);
}

/* FPR.sig, with FPR a fingerprint. */
static bool
is_signature_name(const char *name, char fpr[FPR_MAX + 1])
{
	size_t n = strspn(name, "0123456789ABCDEF");

	if ((n != 40 && n != FPR_MAX) || strcmp(name + n, ".sig") != 0)
		return false;
	memcpy(fpr, name, n);
	fpr[n] = '\0';
	return true;
}

/* All signatures that lie in the bag: its tag files follow from them. */
static enum status
read_signatures(struct audit *a, struct diag *d)
{
	char **names = NULL, fpr[FPR_MAX + 1];
	struct diag why = DIAG_INIT;
	enum status st;
	size_t n = 0, i;
	int fd = -1;

	if ((st = dir_open(a->satchel, "signatures", &fd, d)) != ST_OK)
		return st;
	if ((st = dir_list(fd, &names, &n, d)) != ST_OK) {
		diag_within(d, "satchel/signatures");
		goto out;
	}
	a->signatures = calloc(n + 1, sizeof(*a->signatures));
	a->signature_bytes = calloc(n + 1, sizeof(*a->signature_bytes));
	if (a->signatures == NULL || a->signature_bytes == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	for (i = 0; i < n && a->n_signatures < CAP_PINNED; i++) {
		struct bytes *b = &a->signature_bytes[a->n_signatures];

		/* what is no such file is found by the inventory */
		if (!is_signature_name(names[i], fpr))
			continue;
		st = file_read_whole(fd, names[i], CAP_SIGNATURE, b, &why);
		if (st != ST_OK && strcmp(why.rule, "host-memory") != 0) {
			bytes_free(b);
			st = ST_OK;
			continue;
		}
		if (st != ST_OK) {
			*d = why;
			goto out;
		}
		strcpy(a->signatures[a->n_signatures].fpr, fpr);
		a->signatures[a->n_signatures].data = b->data;
		a->signatures[a->n_signatures].len = b->len;
		a->n_signatures++;
	}
out:
	dir_list_free(names, n);
	fd_close(&fd);
	return st;
}

/* Everything that must stand there, against what does. */
static enum status
compare_tree(struct audit *a, struct diag *d)
{
	struct session *s = a->session;
	const struct transport *t = verified_transport(s->verified);
	struct bag_lane lane = { .lane = t->lanes[0].lane, .contents = a->contents,
		.text = a->text.data, .text_len = a->text.len };
	struct derived want = { .contents = a->contents };
	struct bag_file *files = NULL;
	struct inventory_params p;
	enum status st;
	size_t n = 0;

	if (t->encrypted)
		lane.opener = a->opener;
	st = bagging_make(s->verified, a->signatures, a->n_signatures, &lane, 1,
	    &files, &n, d);
	if (st != ST_OK)
		return st;
	want.files = files;
	want.n_files = n;
	memset(&p, 0, sizeof(p));
	p.root = a->root;
	p.want = &want;
	p.jobs = s->options->common.jobs;
	p.findings = &s->findings;
	p.progress = &s->console->progress;
	console_step(s->console, "comparing every file with its digest");
	console_progress_start(s->console, "auditing");
	st = inventory(&p, d);
	console_progress_end(s->console);
	bag_free(files, n);
	return st;
}

/* Years later a key may have expired; that it had not when it signed is enough here. */
static void
note_expired(struct session *s)
{
	const struct accepted_signature *a;
	size_t n, i;

	a = verified_signatures(s->verified, &n);
	for (i = 0; i < n; i++)
		if (a[i].key_expired_since)
			findings_note(&s->findings, NULL, "key-expired-since",
			    "the key %s has expired since it signed", a[i].fpr);
}

enum status
unpack_audit(struct session *s, struct diag *d)
{
	struct audit a = { .session = s, .root = -1, .satchel = -1 };
	enum status st;

	if ((st = session_begin(s, d)) != ST_OK)
		return st;
	report_signers(s);
	note_expired(s);
	st = dir_open_path(s->options->tree, &a.root, d);
	if (st == ST_OK)
		st = dir_open(a.root, "satchel", &a.satchel, d);
	if (st == ST_OK)
		st = read_contents(&a, d);
	if (st == ST_OK)
		st = read_signatures(&a, d);
	if (st == ST_OK)
		st = compare_tree(&a, d);
	audit_clear(&a);
	return st != ST_OK ? st : s->findings.worst;
}
