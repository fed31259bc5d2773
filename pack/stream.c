/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream - keys first, then the one reading pass over the sources: file digest,
 * tar, chunks; and the contents file behind it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/direct.h"
#include "bundle/file.h"
#include "manifests/caps.h"
#include "manifests/tarspell.h"
#include "pack/create.h"

/* Wrap the key to one recipient, and write the wrapped key. */
static enum status
write_key(struct creation *c, int dir, const struct gpg_cert *to, size_t k,
    const uint8_t message[KEY_MESSAGE_LEN], struct diag *d)
{
	struct transport_key *key = &c->run.keys[k];
	char name[TRANSPORT_NAME_MAX];
	struct bytes wrapped = { 0 };
	enum status st;

	if (c->transport.hidden_recipients)
		snprintf(key->recipient, sizeof(key->recipient), "%03zu", k);
	else
		strcpy(key->recipient, to->fpr);
	st = gpg_wrap(to, c->transport.hidden_recipients, message,
	    KEY_MESSAGE_LEN, &wrapped, d);
	if (st != ST_OK)
		goto out;
	key->file.size = wrapped.len;
	st = digest_sha512(wrapped.data, wrapped.len, key->file.digest, d);
	if (st != ST_OK)
		goto out;
	transport_name_key(name, key->recipient);
	st = file_put(dir, name, 0666, wrapped.data, wrapped.len, d);
out:
	bytes_free(&wrapped);
	return st;
}

static int
compare_certs(const void *a, const void *b)
{
	const struct gpg_cert *const *x = a, *const *y = b;

	return strcmp((*x)->fpr, (*y)->fpr);
}

/* Ascending by fingerprint; hidden ones in random order. */
static enum status
order_recipients(struct creation *c, const struct gpg_cert **order, struct diag *d)
{
	const struct gpg_cert *swap;
	enum status st;
	size_t i, k;
	uint64_t r;

	for (i = 0; i < c->n_recipients; i++)
		order[i] = &c->recipients[i];
	if (!c->transport.hidden_recipients) {
		qsort(order, c->n_recipients, sizeof(*order), compare_certs);
		return ST_OK;
	}
	for (i = c->n_recipients; i > 1; i--) {
		if ((st = crypto_random(&r, sizeof(r), d)) != ST_OK)
			return st;
		k = (size_t)(r % i);	/* at most 256 of 2^64: the bias is nil */
		swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
	return ST_OK;
}

static enum status
write_wrapped(struct creation *c, int dir, struct diag *d)
{
	const struct gpg_cert *order[CAP_RECIPIENTS];
	uint8_t message[KEY_MESSAGE_LEN];
	enum status st;
	size_t k;

	if ((st = order_recipients(c, order, d)) != ST_OK)
		return st;
	key_message_make(message, c->transport.bundle_id, 0, 0, c->key);
	for (k = 0; k < c->n_recipients && st == ST_OK; k++)
		if ((st = interrupt_check(d)) == ST_OK)
			st = write_key(c, dir, order[k], k, message, d);
	explicit_bzero(message, sizeof(message));
	if (st != ST_OK)
		return st;
	return dir_sync(dir, "keys", d);
}

enum status
create_write_keys(struct creation *c, struct diag *d)
{
	char name[TRANSPORT_NAME_MAX];
	int keys = -1, dir = -1;
	enum status st;

	c->transport.lanes = &c->lane;
	c->transport.n_lanes = 1;
	if (!c->transport.encrypted)
		return ST_OK;
	if ((c->key = key_new()) == NULL)
		return diag_nomem(d);
	if ((st = crypto_random(c->key, KEY_LEN, d)) != ST_OK ||
	    (st = crypto_random(c->opener, OPENER_LEN, d)) != ST_OK)
		return st;
	c->lane.runs = &c->run;
	c->lane.n_runs = 1;
	c->run.n_keys = c->n_recipients;
	c->run.keys = calloc(c->n_recipients, sizeof(*c->run.keys));
	if (c->run.keys == NULL)
		return diag_nomem(d);
	st = commit_run(c->transport.bundle_id, 0, 0, c->key, c->run.commitment, d);
	if (st != ST_OK)
		return st;
	st = dir_make(c->outdir.stage, "keys", 0777, false, &keys, d);
	if (st != ST_OK)
		goto out;
	transport_name_key_dir(name, 0, 0);
	if ((st = dir_make(keys, name, 0777, false, &dir, d)) != ST_OK)
		goto out;
	if ((st = write_wrapped(c, dir, d)) != ST_OK)
		goto out;
	if ((st = dir_sync(keys, "keys", d)) != ST_OK)
		goto out;
	st = dir_sync(c->outdir.stage, "keys", d);
out:
	fd_close(&dir);
	fd_close(&keys);
	return st;
}

static void
writer_params_for(const struct creation *c, enum volume_kind kind,
    struct writer_params *p)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->seal.bundle_id, c->transport.bundle_id, BUNDLE_ID_LEN);
	p->seal.kind = kind;
	p->seal.portable = c->transport.portable;
	p->seal.chunk_size = c->transport.chunk_size;
	p->seal.padding = c->transport.padding;
	p->seal.level = c->options->level;
	p->seal.key = c->key;
	p->dirfd = c->outdir.stage;
	p->jobs = c->options->common.jobs;
	p->volume_size = kind == VOLUME_CONTENTS ? CAP_VOLUME_SIZE :
	    c->options->volume_size;
}

static enum status
changed(const struct content_file *file, const char *how, struct diag *d)
{
	diag_set(d, ST_REFUSED, "source-changed", "%s: %s while it was read",
	    ESC(file->path), how);
	diag_hint(d, "let nothing write there, and run it again");
	return ST_REFUSED;
}

/* Read into the writer's own buffer; the file must have exactly the size that was gathered. */
static enum status
put_content(struct creation *c, struct writer *w,
    const struct content_file *file, struct digest *g, struct diag *d)
{
	const struct progress *p = &c->console->progress;
	uint64_t left = file->size;
	enum status st;
	uint8_t *room;
	size_t n;

	while (left > 0) {
		if ((st = writer_room(w, &room, &n, d)) != ST_OK)
			return st;
		n = n < left ? n : (size_t)left;
		st = direct_read(c->reader, room, n, d);
		if (st == ST_DAMAGED)
			return changed(file, "got shorter", d);
		if (st != ST_OK) {
			diag_within(d, "%s", ESC(file->path));
			return st;
		}
		if (digest_update(g, room, n) == -1)
			return digest_failed(d);
		facts_pass(c->facts, room, n);
		writer_advance(w, n);
		left -= n;
		c->packed += n;
		p->report(p->arg, "files", c->packed, c->gathered->total);
	}
	return ST_OK;
}

/* The whole file, and nothing behind it. */
static enum status
put_whole(struct creation *c, struct writer *w, int fd,
    const struct content_file *file, struct digest *g, struct diag *d)
{
	enum status st;
	uint8_t byte;

	direct_read_begin(c->reader, fd, file->size);
	st = put_content(c, w, file, g, d);
	direct_read_end(c->reader);
	if (st == ST_OK && pread(fd, &byte, 1, (off_t)file->size) == 1)
		return changed(file, "got longer", d);
	return st;
}

/* One file of the stream: header, content, padding; its digest goes into the manifest. */
static enum status
put_file(struct creation *c, struct writer *w, size_t i, struct digest *g,
    struct diag *d)
{
	static const uint8_t zeros[TAR_BLOCK];
	struct content_file *file = &c->contents.files[i];
	size_t component = c->gathered->sources[i].component;
	enum status st;
	int fd = -1;

	st = gather_open(c->gathered, c->handoff, i, &fd, d);
	if (st != ST_OK)
		return st;
	st = facts_begin(c->facts, component, &c->contents.components[component],
	    file, fd, c->findings, d);
	if (st != ST_OK)
		goto out;
	if ((st = put_whole(c, w, fd, file, g, d)) != ST_OK)
		goto out;
	if ((st = gather_unchanged(c->gathered, i, fd, d)) != ST_OK)
		goto out;
	facts_end(c->facts);
	if (digest_final(g, file->digest) == -1) {
		st = digest_failed(d);
		goto out;
	}
	st = writer_put(w, zeros, tar_padding(file->size), d);
out:
	fd_close(&fd);
	return st;
}

static enum status
put_stream(struct creation *c, struct writer *w, struct digest *g, struct diag *d)
{
	static const uint8_t end[TAR_END];
	uint8_t header[TAR_HEADER_MAX];
	struct content_walk walk = { 0 };
	struct content_entry e;
	enum status st;
	size_t n;

	while (contents_next(&c->contents, &walk, &e)) {
		n = tar_spell(header, e.path, e.file == NULL,
		    e.file == NULL ? 0 : e.file->size,
		    e.file != NULL && e.file->executable, c->contents.time);
		if ((st = writer_put(w, header, n, d)) != ST_OK)
			return st;
		if (e.file == NULL)
			continue;
		if ((st = put_file(c, w, walk.next_file - 1, g, d)) != ST_OK)
			return st;
	}
	return writer_put(w, end, sizeof(end), d);
}

enum status
create_write_payload(struct creation *c, struct diag *d)
{
	struct writer_params p;
	struct digest *g = NULL;
	struct writer *w = NULL;
	enum status st;

	writer_params_for(c, VOLUME_PAYLOAD, &p);
	if ((g = digest_new(DIGEST_SHA256)) == NULL)
		return diag_nomem(d);
	if ((c->facts = facts_new(c->contents.n_components)) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	st = direct_read_new(p.jobs > 1, &c->reader, d);
	if (st != ST_OK)
		goto out;
	if ((st = writer_open(&p, &w, d)) != ST_OK)
		goto out;
	console_progress_start(c->console, "packing");
	if ((st = put_stream(c, w, g, d)) != ST_OK)
		goto out;
	if ((st = writer_finish(w, &c->payload, d)) != ST_OK)
		goto out;
	c->lane.volumes = c->payload.volumes;
	c->lane.n_volumes = c->payload.n;
	st = facts_give(c->facts, c->contents.components,
	    c->contents.n_components, d);
out:
	console_progress_end(c->console);
	direct_read_free(c->reader);
	c->reader = NULL;
	writer_free(w);
	digest_free(g);
	return st;
}

enum status
create_write_contents(struct creation *c, struct diag *d)
{
	const uint8_t *opener = c->transport.encrypted ? c->opener : NULL;
	struct written out = { 0 };
	struct writer_params p;
	struct writer *w = NULL;
	enum status st;

	contents_emit(&c->contents, &c->contents_text);
	if (c->contents_text.failed)
		return diag_nomem(d);
	if (c->contents_text.len > CAP_CONTENTS)
		return diag_set(d, ST_REFUSED, "over-cap",
		    "the content manifest would be over 1 GiB");
	st = commit_contents(c->transport.bundle_id, 0, opener,
	    c->contents_text.data, c->contents_text.len, c->lane.commitment, d);
	if (st != ST_OK)
		return st;
	writer_params_for(c, VOLUME_CONTENTS, &p);
	if ((st = writer_open(&p, &w, d)) != ST_OK)
		return st;
	if (opener != NULL)
		st = writer_put(w, opener, OPENER_LEN, d);
	if (st == ST_OK)
		st = writer_put(w, c->contents_text.data, c->contents_text.len, d);
	if (st == ST_OK)
		st = writer_finish(w, &out, d);
	if (st == ST_OK)
		c->lane.contents = out.volumes[0];
	written_free(&out);
	writer_free(w);
	return st;
}
