/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign - another person's signature under a finished bundle.  Every volume is
 * checked again, what is signed is shown, and the very bytes that were shown are
 * signed.  Nothing else of the bundle is touched.
 */
#include "pack/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/expect.h"
#include "bundle/file.h"
#include "bundle/gpg.h"
#include "bundle/media.h"
#include "bundle/open.h"
#include "bundle/trust.h"
#include "pack/opening.h"

/* A signature in the making. */
struct signing {
	const struct pack_options *options;
	struct console *console;
	struct findings *findings;
	char **paths;			/* directories with a manifest */
	size_t n_paths;
	struct media *media;
	struct unverified_manifest manifest;
	struct gpg_cert signer;
	struct opening opening;		/* with --content */
};

static enum status
add_path(struct signing *s, const char *dir, const char *name, struct diag *d)
{
	size_t room = strlen(dir) + strlen(name) + 2;
	char **paths = reallocarray(s->paths, s->n_paths + 1, sizeof(*paths)), *p;

	if (paths == NULL)
		return diag_nomem(d);
	s->paths = paths;
	if ((p = malloc(room)) == NULL)
		return diag_nomem(d);
	snprintf(p, room, "%s%s%s", dir, *name == '\0' ? "" : "/", name);
	s->paths[s->n_paths++] = p;
	return ST_OK;
}

/* A directory with a manifest, or one that holds medium-NN. */
static enum status
expand(struct signing *s, const char *dir, struct diag *d)
{
	char **names = NULL;
	enum status st;
	size_t n = 0, i, found = 0;
	bool manifest = false;
	int fd = -1;

	if ((st = dir_open_path(dir, &fd, d)) != ST_OK)
		return st;
	st = dir_list(fd, &names, &n, d);
	fd_close(&fd);
	if (st != ST_OK) {
		diag_within(d, "%s", ESC(dir));
		return st;
	}
	for (i = 0; i < n; i++)
		manifest = manifest || strcmp(names[i], "manifest.yaml") == 0;
	for (i = 0; i < n && !manifest && st == ST_OK; i++)
		if (strncmp(names[i], "medium-", 7) == 0 &&
		    strspn(names[i] + 7, "0123456789") == strlen(names[i] + 7)) {
			st = add_path(s, dir, names[i], d);
			found++;
		}
	dir_list_free(names, n);
	if (st != ST_OK || found > 0)
		return st;
	return add_path(s, dir, "", d);	/* media_open() says what is missing */
}

static void
show(const struct signing *s)
{
	const struct transport *t = s->manifest.fields;
	char hex[2 * SHA512_LEN + 1], size[32];
	size_t l, r, k;

	hex_encode(hex, s->manifest.digest, SHA512_LEN);
	console_result(s->console, "digest: %s", hex);
	console_result(s->console, "title: %s", t->title);
	if (t->control_number[0] != '\0')
		console_result(s->console, "control number: %s", t->control_number);
	console_result(s->console, "created: %s", t->created);
	console_result(s->console, "size: %s on %u medi%s",
	    size_format(size, transport_total(t)), t->n_media,
	    t->n_media == 1 ? "um" : "a");
	for (k = 0; k < t->n_signers; k++)
		console_result(s->console, "expected signer: %s", t->signers[k]);
	if (!t->encrypted)
		console_result(s->console, "encryption: none");
	for (l = 0; l < t->n_lanes; l++)
		for (r = 0; r < t->lanes[l].n_runs; r++)
			for (k = 0; k < t->lanes[l].runs[r].n_keys; k++)
				console_result(s->console, "recipient: %s%s",
				    t->hidden_recipients ? "hidden " : "",
				    t->lanes[l].runs[r].keys[k].recipient);
	console_result(s->console, "signing as: %s (%s)", s->signer.user_id,
	    s->signer.fpr);
}

/* What the signer can know of the inside. */
static enum status
show_content(struct signing *s, struct diag *d)
{
	const struct contents *c;
	char size[32];
	enum status st;
	size_t i;

	if (s->options->content == NULL) {
		console_result(s->console, s->manifest.fields->encrypted ?
		    "content: you cannot see it; you sign for what is named above only" :
		    "content: in clear; satchel-unpack list shows it once the originator has signed");
		return ST_OK;
	}
	st = opening_read(s->options->content, s->manifest.fields, &s->opening, d);
	if (st != ST_OK)
		return st;
	c = s->opening.contents;
	console_result(s->console, "content: %s is what this bundle holds",
	    ESC(s->options->content));
	console_result(s->console, "  %s, sequence %" PRIu64 ", from %s to %s, marked %s",
	    c->name, c->sequence, c->from, c->to, c->marking);
	console_result(s->console, "  originator: %s", c->originator);
	for (i = 0; i < c->n_components; i++)
		console_result(s->console, "  %s: %s (%s)",
		    component_kind_name(c->components[i].kind), c->components[i].name,
		    c->components[i].path);
	console_result(s->console, "  %zu files, %s", c->n_files,
	    size_format(size, contents_total(c)));
	return ST_OK;
}

/* Every byte on the media against the manifest that is going to be signed. */
static enum status
check_all(struct signing *s, struct diag *d)
{
	struct coverage cov = { 0 };
	struct open_params p;
	enum status st;

	memset(&p, 0, sizeof(p));
	p.media = s->media;
	p.jobs = s->options->common.jobs;
	p.findings = s->findings;
	p.progress = &s->console->progress;
	console_step(s->console, "checking every volume");
	console_progress_start(s->console, "checking");
	st = check_stored(s->manifest.fields, &p, true, &cov, d);
	console_progress_end(s->console);
	coverage_free(&cov);
	if (st != ST_OK)
		return st;
	if (s->findings->worst == ST_OK)
		return ST_OK;
	st = s->findings->worst;
	diag_set(d, st, "not-whole", "not signed: the bundle is not whole");
	diag_hint(d, "sign the copy that create made, before anything is copied");
	return st;
}

/* The digest that was given, or a terminal to ask on: no volume is read for nothing. */
static enum status
can_confirm(const struct signing *s, struct diag *d)
{
	if (s->options->expect != NULL)
		return expect_check(s->options->expect, s->manifest.digest, d);
	if (isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1)
		return ST_OK;
	show(s);
	diag_set(d, ST_USAGE, "not-confirmed",
	    "not signed: there is no terminal to ask on");
	diag_hint(d, "answer yes on a terminal, or give the digest with --expect");
	return ST_USAGE;
}

/* The signer says yes, to a question or by the digest that was compared before. */
static enum status
confirm(struct signing *s, struct diag *d)
{
	enum status st;

	if (s->options->expect != NULL ||
	    console_ask(s->console, "Sign this bundle?"))
		return ST_OK;
	if ((st = interrupt_check(d)) != ST_OK)
		return st;
	diag_set(d, ST_USAGE, "not-confirmed", "not signed: nobody said yes");
	diag_hint(d, "answer yes on a terminal, or give the digest with --expect");
	return ST_USAGE;
}

static enum status
put_signature(int dirfd, const char *name, const struct bytes *sig, struct diag *d)
{
	enum status st;

	st = file_replace(dirfd, name, 0666, sig->data, sig->len, d);
	return st == ST_OK ? dir_sync(dirfd, name, d) : st;
}

/* To each medium, or to -o DIR. */
static enum status
write_signature(struct signing *s, const struct bytes *sig, struct diag *d)
{
	char name[TRANSPORT_NAME_MAX];
	enum status st;
	size_t i;
	int fd = -1;

	transport_name_signature(name, s->signer.fpr);
	if (s->options->output != NULL) {
		st = dir_open_path(s->options->output, &fd, d);
		if (st == ST_OK)
			st = put_signature(fd, name, sig, d);
		fd_close(&fd);
		if (st == ST_OK)
			console_result(s->console, "signature: %s/%s",
			    ESC(s->options->output), name);
		return st;
	}
	for (i = 0; i < s->media->n; i++) {
		st = dir_make(s->media->items[i].dirfd, "signatures", 0777, true,
		    &fd, d);
		if (st == ST_OK)
			st = put_signature(fd, name, sig, d);
		fd_close(&fd);
		if (st != ST_OK) {
			diag_within(d, "%s", s->media->items[i].label);
			diag_hint(d, "a closed disc takes no more files: write the signature elsewhere with -o DIR");
			return st;
		}
		console_result(s->console, "signature: %s/signatures/%s",
		    s->media->items[i].label, name);
	}
	return ST_OK;
}

/* As the other side will see it. */
static enum status
check_own(const struct signing *s, const struct bytes *sig, struct diag *d)
{
	struct gpg_cert signer = s->signer;	/* only read, and for the length of the call */
	struct gpg_trust trust = { .certs = &signer, .n = 1 };
	struct gpg_candidate c = { .fpr = signer.fpr, .data = sig->data,
		.len = sig->len };
	const struct bytes *text = s->manifest.text;
	enum status st;

	st = gpg_verify(&trust, text->data, text->len, &c, 1, false, d);
	if (st == ST_OK && c.status != ST_OK) {
		*d = c.why;
		diag_within(d, "the signature that gpg made for %s", signer.fpr);
		st = ST_HOST;
	}
	return st;
}

enum status
pack_sign(const struct pack_options *o, struct console *con, struct findings *f,
    struct diag *d)
{
	struct signing s = { .options = o, .console = con, .findings = f };
	struct bytes sig = { 0 };
	enum status st = ST_INTERNAL;
	size_t i;

	if (o->expect != NULL && (st = expect_form(o->expect, d)) != ST_OK)
		goto out;
	for (i = 0; i < o->n_bundles; i++)
		if ((st = expand(&s, o->bundles[i], d)) != ST_OK)
			goto out;
	if ((st = media_open(s.paths, s.n_paths, &s.media, d)) != ST_OK)
		goto out;
	if ((st = unverified_read(s.media, &s.manifest, d)) != ST_OK)
		goto out;
	st = gpg_find_key(o->signers->items[0], GPG_USE_SIGN, &s.signer, d);
	if (st != ST_OK)
		goto out;
	if ((st = can_confirm(&s, d)) != ST_OK)
		goto out;
	if ((st = check_all(&s, d)) != ST_OK)
		goto out;
	show(&s);
	if ((st = show_content(&s, d)) != ST_OK)
		goto out;
	if ((st = confirm(&s, d)) != ST_OK)
		goto out;
	st = gpg_sign(&s.signer, s.manifest.text->data, s.manifest.text->len, &sig, d);
	if (st == ST_OK)
		st = check_own(&s, &sig, d);
	if (st == ST_OK)
		st = write_signature(&s, &sig, d);
out:
	bytes_free(&sig);
	opening_clear(&s.opening);
	gpg_cert_free(&s.signer);
	unverified_clear(&s.manifest);
	media_free(s.media);
	for (i = 0; i < s.n_paths; i++)
		free(s.paths[i]);
	free(s.paths);
	return st;
}
