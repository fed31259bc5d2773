/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init - walk, propose, write the draft, and say what a person has to do with
 * it.  It changes no file, and never writes over one.
 */
#include "pack/init.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/file.h"
#include "pack/draft.h"
#include "pack/naming.h"
#include "pack/propose.h"
#include "pack/tree.h"

#define DRAFT "handoff.yaml"
/* How many problems are said; the draft names more. */
#define PROBLEMS_SAID 100

struct init {
	const struct pack_options *options;
	struct console *console;
	int directory;
	int folder;			/* where the draft goes */
	char *path;			/* of the draft, as the user may give it to create */
	const char *base;		/* the last part of it */
	char *bundle;			/* the bundle's name */
	bool elsewhere;			/* the draft's folder is not the directory */
	struct tree *tree;
	struct proposals proposals;
};

/* The draft's path: of -o, or in the directory. */
static enum status
find_place(struct init *n, struct diag *d)
{
	const struct pack_options *o = n->options;
	struct stat here, there;
	enum status st;
	const char *slash;
	char *folder;

	if (o->output != NULL || strcmp(o->directory, ".") == 0)
		n->path = strdup(o->output != NULL ? o->output : DRAFT);
	else if (asprintf(&n->path, "%s%s%s", o->directory,
	    o->directory[strlen(o->directory) - 1] == '/' ? "" : "/", DRAFT) == -1)
		n->path = NULL;
	if (n->path == NULL)
		return diag_nomem(d);
	slash = strrchr(n->path, '/');
	n->base = slash == NULL ? n->path : slash + 1;
	if ((folder = dir_of_path(n->path)) == NULL)
		return diag_nomem(d);
	st = dir_open_path(folder, &n->folder, d);
	free(folder);
	if (st != ST_OK)
		return st;
	if (*n->base == '\0')
		return diag_set(d, ST_USAGE, "output", "-o names no file: %s",
		    ESC(n->path));
	if (fstat(n->folder, &there) == -1 || fstat(n->directory, &here) == -1)
		return diag_errno(d, "%s", ESC(n->path));
	n->elsewhere = here.st_dev != there.st_dev || here.st_ino != there.st_ino;
	/* Said before the walk; the writing itself never goes over a file either. */
	if (fstatat(n->folder, n->base, &there, AT_SYMLINK_NOFOLLOW) == 0) {
		diag_set(d, ST_HOST, "output-exists", "%s exists already", ESC(n->path));
		diag_hint(d, "remove it, or name another file with -o");
		return ST_HOST;
	}
	return ST_OK;
}

/* The bundle is named after the directory. */
static enum status
find_name(struct init *n, struct diag *d)
{
	char *real = realpath(n->options->directory, NULL), *slash;

	slash = real == NULL ? NULL : strrchr(real, '/');
	n->bundle = name_legal(slash == NULL ? "" : slash + 1);
	free(real);
	return n->bundle == NULL ? diag_nomem(d) : ST_OK;
}

/* Notes: they change no status. */
static void
say_problems(const struct init *n, struct findings *f)
{
	const struct tree *t = n->tree;
	const struct tree_problem *p = t->problems;
	struct diag why;
	size_t i, said = t->n_problems < PROBLEMS_SAID ? t->n_problems : PROBLEMS_SAID;

	for (i = 0; i < said; i++, p++) {
		diag_set(&why, ST_OK, "init", "%s", p->text);
		/* Of many alike the last one says what to do. */
		if (i + 1 == said || strcmp(p->hint, p[1].hint) != 0)
			diag_hint(&why, "%s", p->hint);
		(void)findings_add(f, ST_OK,
		    p->path[0] == '\0' ? "." : ESC(p->path), &why);
	}
	if (said < t->n_problems + t->n_unnamed)
		findings_note(f, NULL, "init", "and %zu more; the draft names them",
		    t->n_problems + t->n_unnamed - said);
}

static void
say_component(const struct init *n, const struct proposal *p)
{
	char text[64] = "";

	if (p->c.has_parameters)
		snprintf(text, sizeof(text), ", %" PRIu64 " parameters", p->c.parameters);
	else if (p->c.has_records)
		snprintf(text, sizeof(text), ", %" PRIu64 " records", p->c.records);
	console_result(n->console, "%s: %s  %s  %s%s", component_kind_name(p->c.kind),
	    p->c.name, p->c.path, p->c.format == NULL ? "unknown format" : p->c.format,
	    text);
}

static void
say_what_next(const struct init *n)
{
	console_result(n->console, "draft: %s", ESC(n->path));
	console_result(n->console,
	    "still missing in it: title, from, to and marking, which a person decides");
	if (n->tree->n_problems > 0)
		console_result(n->console,
		    "and its comments name what is to be dealt with before packing");
	if (n->elsewhere)
		console_result(n->console, "then: satchel-pack create %s -C %s",
		    ESC(n->path), ESC(n->options->directory));
	else
		console_result(n->console, "then: satchel-pack create %s", ESC(n->path));
}

static enum status
write_draft(struct init *n, struct diag *d)
{
	struct draft_names names = { .bundle = n->bundle, .file = n->path };
	struct bytes text = { 0 };
	enum status st;

	if (n->elsewhere)
		names.directory = n->options->directory;
	draft_write(n->tree, &n->proposals, &names, &text);
	st = text.failed ? diag_nomem(d) :
	    file_put(n->folder, n->base, 0666, text.data, text.len, d);
	bytes_free(&text);
	return st;
}

enum status
pack_init(const struct pack_options *o, struct console *con, struct findings *f,
    struct diag *d)
{
	struct init n = { .options = o, .console = con, .directory = -1, .folder = -1 };
	enum status st;
	size_t i;

	if ((st = dir_open_path(o->directory, &n.directory, d)) != ST_OK ||
	    (st = find_place(&n, d)) != ST_OK || (st = find_name(&n, d)) != ST_OK)
		goto out;
	if ((st = tree_walk(n.directory, &n.tree, d)) != ST_OK ||
	    (st = propose(n.tree, &n.proposals, d)) != ST_OK ||
	    (st = write_draft(&n, d)) != ST_OK)
		goto out;
	say_problems(&n, f);
	for (i = 0; i < n.proposals.n; i++)
		say_component(&n, &n.proposals.items[i]);
	say_what_next(&n);
out:
	proposals_free(&n.proposals);
	tree_free(n.tree);
	free(n.bundle);
	free(n.path);
	fd_close(&n.folder);
	fd_close(&n.directory);
	return st;
}
