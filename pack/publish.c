/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * publish - the last steps: sign the manifest, verify the signatures as the
 * other side will, write them, and manifest.yaml last of all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/file.h"
#include "bundle/trust.h"
#include "pack/create.h"
#include "pack/opening.h"

/* The folder that the opening goes into must not lie in the bundle's own. */
static enum status
check_outside(const struct creation *c, const char *folder, struct diag *d)
{
	char *in = realpath(folder, NULL), *out = realpath(c->options->output, NULL);
	enum status st = ST_OK;
	size_t n;

	if (in == NULL) {
		st = diag_errno(d, "%s", ESC(folder));
	} else if (out == NULL) {
		st = diag_errno(d, "%s", ESC(c->options->output));
	} else if (n = strlen(out), strncmp(in, out, n) == 0 &&
	    (in[n] == '\0' || in[n] == '/' || n == 1)) {
		st = diag_set(d, ST_USAGE, "opening-inside",
		    "%s lies in the bundle's own directory: it would travel with the media",
		    ESC(c->options->opening));
		diag_hint(d, "the opening is for a second signer alone: write it elsewhere");
	}
	free(in);
	free(out);
	return st;
}

enum status
create_check_opening(const struct creation *c, struct diag *d)
{
	const char *path = c->options->opening;
	enum status st;
	struct stat sb;
	char *folder;

	if (path == NULL)
		return ST_OK;
	if ((folder = dir_of_path(path)) == NULL)
		return diag_nomem(d);
	st = check_outside(c, folder, d);
	free(folder);
	if (st != ST_OK)
		return st;
	if (lstat(path, &sb) == 0) {
		diag_set(d, ST_HOST, "exists", "%s: is there already", ESC(path));
		diag_hint(d, "--opening needs a name that does not exist yet");
		return ST_HOST;
	}
	return errno == ENOENT ? ST_OK : diag_errno(d, "%s", ESC(path));
}

/* For a second signer who may see the content: opener and content manifest. */
static enum status
write_opening(const struct creation *c, struct diag *d)
{
	const char *path = c->options->opening;
	struct bytes b = { 0 };
	enum status st;
	int fd = -1;

	opening_emit(c->opener, &c->contents_text, &b);
	if (b.failed)
		st = diag_nomem(d);
	else
		st = file_create_path(path, 0600, &fd, d);
	if (st != ST_OK) {
		diag_hint(d, "--opening needs a name that does not exist yet");
		goto out;
	}
	if ((st = file_write(fd, b.data, b.len, d)) == ST_OK)
		st = file_sync_close(&fd, path, d);
	if (st != ST_OK)
		unlink(path);
out:
	fd_close(&fd);
	bytes_free(&b);
	return st;
}

static enum status
sign_manifest(struct creation *c, struct diag *d)
{
	char name[TRANSPORT_NAME_MAX];
	enum status st;
	size_t i;

	for (i = 0; i < c->n_signers; i++) {
		struct bytes sig = { 0 };

		console_step(c->console, "signing as %s (%s)",
		    c->signers[i].user_id, c->signers[i].fpr);
		st = gpg_sign(&c->signers[i], c->manifest.data, c->manifest.len,
		    &sig, d);
		if (st == ST_OK)
			st = outdir_put(&c->outdir, "signatures",
			    transport_name_signature(name, c->signers[i].fpr), &sig, d);
		bytes_free(&sig);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

/* Would somebody who pins our signers accept what lies on the media?  If not, gpg has failed us. */
static enum status
verify_own(struct creation *c, struct diag *d)
{
	struct verified_manifest *v = NULL;
	/* Their certificates, as the other side would pin them. */
	struct gpg_trust t = { .certs = c->signers, .n = c->n_signers };
	struct signers signers = { 0 };
	struct media *m = NULL;
	enum status st;
	size_t i, n = 0;

	st = media_open(c->outdir.labels, c->outdir.n_media, &m, d);
	if (st != ST_OK)
		goto out;
	st = trust_verify(m, NULL, &t, false, c->findings, &signers, &v, d);
	for (i = 0; i < signers.n && (st == ST_OK || st == ST_UNTRUSTED); i++)
		if (!signers.items[i].accepted) {
			st = diag_set(d, ST_HOST, "own-signature", "%s",
			    signers.items[i].reason);
			diag_within(d, "the signature by %s would not be accepted",
			    signers.items[i].fpr);
			goto out;
		}
	if (st == ST_UNTRUSTED) {	/* they cannot be read, or are not what was written */
		diag_within(d, "reading the signatures back");
		diag_hint(d, "see whether the medium is sound, and run it again");
		st = ST_HOST;
	}
	if (st != ST_OK)
		goto out;
	(void)verified_signatures(v, &n);
	if (n != c->n_signers)
		st = diag_set(d, ST_HOST, "own-signature",
		    "%zu of %zu signatures can be read back", n, c->n_signers);
out:
	verified_free(v);
	signers_free(&signers);
	media_free(m);
	return st;
}

static void
say_done(const struct creation *c, const char *digest)
{
	char size[32];

	console_result(c->console, "bundle: %s", ESC(c->outdir.path));
	console_result(c->console, "digest: %s", digest);
	console_result(c->console, "size: %s in %zu volume%s on %u medi%s",
	    size_format(size, transport_total(&c->transport)), c->payload.n,
	    c->payload.n == 1 ? "" : "s",
	    c->transport.n_media, c->transport.n_media == 1 ? "um" : "a");
	if (c->n_signers == 0)
		console_result(c->console,
		    "not signed yet: satchel-pack sign adds the originator's signature");
}

enum status
create_publish(struct creation *c, struct diag *d)
{
	char hex[2 * SHA512_LEN + 1];
	uint8_t digest[SHA512_LEN];
	bool opening = false;
	enum status st;

	st = digest_sha512(c->manifest.data, c->manifest.len, digest, d);
	if (st != ST_OK)
		return st;
	hex_encode(hex, digest, SHA512_LEN);
	if ((st = sign_manifest(c, d)) != ST_OK)
		return st;
	if (c->options->opening != NULL) {
		if ((st = write_opening(c, d)) != ST_OK)
			return st;
		opening = true;
	}
	if ((st = interrupt_check(d)) == ST_OK)
		st = outdir_put(&c->outdir, NULL, "manifest.yaml", &c->manifest, d);
	if (st == ST_OK && c->n_signers > 0)
		st = verify_own(c, d);
	if (st != ST_OK) {
		if (opening)
			unlink(c->options->opening);
		return st;
	}
	say_done(c, hex);
	return ST_OK;
}
