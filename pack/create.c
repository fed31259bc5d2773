/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * create - the pipeline of satchel-pack on one screen: read, gather, describe,
 * write, read back, sign.  Each step has a room of its own beside this one.
 */
#include "pack/create.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/file.h"
#include "manifests/caps.h"

/* The handoff, and the folder that its paths are relative to. */
static enum status
read_handoff(struct creation *c, struct diag *d)
{
	const char *path = c->options->handoff;
	char shown[1100], *folder;
	enum status st;

	text_escape(shown, sizeof(shown), path, strlen(path));
	st = file_read_path(path, CAP_HANDOFF, &c->handoff_text, d);
	if (st != ST_OK)
		return st == ST_MALFORMED ? ST_USAGE : st;
	st = handoff_parse(c->handoff_text.data, c->handoff_text.len, shown,
	    &c->handoff, d);
	if (st != ST_OK)
		return st;
	if (c->options->directory != NULL)
		return dir_open_path(c->options->directory, &c->base, d);
	if ((folder = dir_of_path(path)) == NULL)
		return diag_nomem(d);
	st = dir_open_path(folder, &c->base, d);
	free(folder);
	return st;
}

static void
say_gathered(const struct creation *c)
{
	char size[32];

	console_step(c->console, "gathered %zu file%s, %zu director%s, %s",
	    c->gathered->n_files, c->gathered->n_files == 1 ? "" : "s",
	    c->gathered->n_directories,
	    c->gathered->n_directories == 1 ? "y" : "ies",
	    size_format(size, c->gathered->total));
}

/* What a dry run shows of a component. */
static void
say_component(const struct creation *c, const struct component *m)
{
	size_t i;

	console_result(c->console, "component: %s (%s) %s", m->name,
	    component_kind_name(m->kind), m->path);
	if (m->format != NULL)
		console_result(c->console, "  format: %s", m->format);
	for (i = 0; i < m->dtypes.n; i++)
		console_result(c->console, "  dtype: %s", m->dtypes.items[i]);
	if (m->has_tensors)
		console_result(c->console, "  tensors: %" PRIu64, m->tensors);
	if (m->has_parameters)
		console_result(c->console, "  parameters: %" PRIu64, m->parameters);
}

/* What a dry run shows. */
static void
say_plan(const struct creation *c)
{
	const struct contents *m = &c->contents;
	char size[32];
	size_t i;

	console_result(c->console, "bundle: %s, sequence %" PRIu64 ", title %s",
	    m->name, m->sequence, c->transport.title);
	for (i = 0; i < m->n_components; i++)
		say_component(c, &m->components[i]);
	for (i = 0; i < c->gathered->n_files; i++)
		console_result(c->console, "file: %s (%s)", m->files[i].path,
		    size_format(size, m->files[i].size));
	for (i = 0; i < c->n_signers; i++)
		console_result(c->console, "signer: %s %s", c->signers[i].fpr,
		    c->signers[i].user_id);
	for (i = 0; i < c->n_recipients; i++)
		console_result(c->console, "recipient: %s %s", c->recipients[i].fpr,
		    c->recipients[i].user_id);
	console_result(c->console, "nothing was written: this was a dry run");
}

/* All sources have been read: what only they needed makes room for reading back. */
static void
drop_sources(struct creation *c)
{
	c->contents.files = NULL;
	c->contents.n_files = 0;
	c->contents.directories = NULL;
	c->contents.n_directories = 0;
	gathered_free(c->gathered);
	c->gathered = NULL;
	if (c->options->opening == NULL)
		bytes_free(&c->contents_text);
}

static enum status
write_bundle(struct creation *c, struct diag *d)
{
	enum status st;

	st = outdir_open(c->options->output, c->options->media_size != 0,
	    &c->outdir, d);
	if (st != ST_OK)
		return st;
	if ((st = create_check_opening(c, d)) != ST_OK)
		return st;
	if ((st = create_write_keys(c, d)) != ST_OK)
		return st;
	if ((st = create_write_payload(c, d)) != ST_OK)
		return st;
	if ((st = create_write_contents(c, d)) != ST_OK)
		return st;
	if ((st = create_compose(c, d)) != ST_OK)
		return st;
	drop_sources(c);
	if (c->options->read_back && (st = create_read_back(c, d)) != ST_OK)
		return st;
	return create_publish(c, d);
}

static void
creation_clear(struct creation *c, bool keep)
{
	size_t i;

	outdir_close(&c->outdir, keep);
	key_free(c->key);
	explicit_bzero(c->opener, sizeof(c->opener));
	for (i = 0; i < c->n_signers; i++)
		gpg_cert_free(&c->signers[i]);
	for (i = 0; i < c->n_recipients; i++)
		gpg_cert_free(&c->recipients[i]);
	free(c->signers);
	free(c->recipients);
	free(c->transport.signers);
	free(c->run.keys);
	written_free(&c->payload);
	bytes_free(&c->contents_text);
	bytes_free(&c->manifest);
	facts_free(c->facts);
	gathered_free(c->gathered);
	handoff_free(c->handoff);
	bytes_free(&c->handoff_text);
	fd_close(&c->base);
}

enum status
pack_create(const struct pack_options *o, struct console *con,
    struct findings *f, struct diag *d)
{
	struct creation c = { .options = o, .console = con, .findings = f,
		.base = -1, .outdir = { .fd = -1, .stage = -1 } };
	enum status st;

	if ((st = read_handoff(&c, d)) != ST_OK)
		goto out;
	if ((st = gather(c.handoff, c.base, o->dereference, f, &c.gathered, d)) != ST_OK)
		goto out;
	say_gathered(&c);
	if ((st = create_find_people(&c, d)) != ST_OK)
		goto out;
	if ((st = create_describe(&c, d)) != ST_OK)
		goto out;
	if (o->dry_run) {
		if ((st = create_look(&c, d)) == ST_OK)
			say_plan(&c);
		goto out;
	}
	st = write_bundle(&c, d);
out:
	creation_clear(&c, st == ST_OK);
	return st;
}
