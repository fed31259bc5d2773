/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * propose - from the top down: a directory becomes a component as soon as all
 * in it belongs together, and else is entered.
 */
#include "pack/propose.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "manifests/array.h"
#include "manifests/caps.h"
#include "pack/naming.h"

/* What files are for. */
enum use { USE_WEIGHTS, USE_MODEL, USE_TASK, USE_DATA, USE_CODE, USE_DOCUMENT,
	USE_OTHER, USE_NONE, N_USES };

struct census {
	size_t n[N_USES];
	size_t files;
};

static const char *const packed_data[] = { ".jsonl.gz", ".jsonl.zst", ".json.gz",
	".csv.gz", ".tsv.gz", ".parquet.gz", ".jsonl.xz", ".jsonl.bz2" };

/* Directories of a suite that are no suites by themselves. */
static const char *const generic[] = { "data", "dataset", "datasets", "evals",
	"eval_sets", "registry", "tasks", "train", "test", "dev", "validation",
	"prompts", "examples", "scripts", "src", "configs", "assets" };

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct proposing {
	const struct tree *tree;
	struct proposals *out;
	struct diag *d;
};

static enum status enter(struct proposing *p, size_t dir);

static bool
is_packed_data(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(packed_data); i++)
		if (name_ends_with(name, packed_data[i]))
			return true;
	return false;
}

static enum use
use_of_format(const struct tree_entry *e)
{
	/* Arrays and databases lie beside models as often as in suites. */
	if (e->format == FORMAT_NPY || e->format == FORMAT_NPZ ||
	    e->format == FORMAT_SQLITE)
		return USE_OTHER;
	if (e->format == FORMAT_IMAGE)
		return USE_DOCUMENT;
	switch (format_class(e->format)) {
	case CLASS_WEIGHTS:
		return USE_WEIGHTS;
	case CLASS_DATA:
		return USE_DATA;
	case CLASS_DOCUMENT:
		return USE_DOCUMENT;
	case CLASS_CODE:
		return USE_CODE;
	case CLASS_SETTINGS:
	case CLASS_OTHER:
		break;
	}
	return is_packed_data(e->name) ? USE_DATA : USE_OTHER;
}

static enum use
use_of(const struct tree_entry *e)
{
	switch (e->role) {
	case ROLE_SETTINGS:
	case ROLE_ADAPTER:
	case ROLE_INDEX:
		return USE_MODEL;
	case ROLE_TASK:
		return USE_TASK;
	case ROLE_RECORDS:
		return USE_DATA;
	case ROLE_HANDOFF:
		return USE_NONE;
	case ROLE_STAND_IN:
		return format_name_is_weights(e->name) ||
		    format_class(e->format) == CLASS_WEIGHTS ? USE_WEIGHTS :
		    use_of_format(e);
	case ROLE_NONE:
	case ROLE_CARD:
		break;
	}
	return use_of_format(e);
}

/* All below a directory, or only what lies directly in it. */
static struct census
take_census(const struct tree *t, size_t dir, bool below)
{
	struct census c = { { 0 }, 0 };
	size_t i = dir + 1;

	while (i < t->entries[dir].end) {
		if (!t->entries[i].is_directory) {
			c.n[use_of(&t->entries[i])]++;
			c.files++;
		}
		i = below ? i + 1 : tree_next(t, i);
	}
	return c;
}

static bool
holds_models(const struct census *c)
{
	return c->n[USE_WEIGHTS] + c->n[USE_MODEL] > 0;
}

/* Data alone makes a suite only where it is no mere appendix of texts or code. */
static bool
holds_suite(const struct census *c)
{
	return c->n[USE_TASK] > 0 || (c->n[USE_DATA] > 0 &&
	    c->n[USE_DATA] * 4 >= c->n[USE_DOCUMENT] + c->n[USE_CODE]);
}

static bool
holds_documents_alone(const struct census *c)
{
	return c->files == c->n[USE_DOCUMENT] + c->n[USE_NONE];
}

static enum component_kind
kind_of(const struct census *c, bool *guess)
{
	*guess = false;
	if (c->n[USE_TASK] > 0 && c->n[USE_WEIGHTS] == 0)
		return KIND_BENCHMARK;
	if (holds_models(c))
		return KIND_MODEL;
	if (holds_suite(c))
		return KIND_BENCHMARK;
	if (c->n[USE_CODE] > 0 && c->n[USE_CODE] * 2 >= c->n[USE_DOCUMENT])
		return KIND_CODE;
	*guess = c->n[USE_DOCUMENT] == 0;
	return KIND_DOCUMENT;
}

static enum component_kind
kind_of_file(const struct tree_entry *e, bool in_model, bool *guess)
{
	enum use use = use_of(e);

	*guess = false;
	switch (use) {
	case USE_WEIGHTS:
	case USE_MODEL:
		return KIND_MODEL;
	case USE_TASK:
	case USE_DATA:
		return KIND_BENCHMARK;
	case USE_CODE:
		return KIND_CODE;
	case USE_OTHER:
		/* Tokenizers and the like, beside the weights. */
		if (in_model)
			return KIND_MODEL;
		*guess = true;
		break;
	case USE_DOCUMENT:
	case USE_NONE:
	case N_USES:
		break;
	}
	return KIND_DOCUMENT;
}

/* A project of its own: it says what it is, or under what licence. */
static bool
is_project(const struct tree *t, size_t dir)
{
	size_t i;

	for (i = dir + 1; i < t->entries[dir].end; i = tree_next(t, i))
		if (!t->entries[i].is_directory &&
		    (strncasecmp(t->entries[i].name, "readme", 6) == 0 ||
		    strncasecmp(t->entries[i].name, "license", 7) == 0 ||
		    strncasecmp(t->entries[i].name, "licence", 7) == 0))
			return true;
	return false;
}

static bool
is_generic(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(generic); i++)
		if (strcasecmp(name, generic[i]) == 0)
			return true;
	return false;
}

/* A directory that only keeps several suites beside each other. */
static bool
is_shelf(const struct tree *t, size_t dir)
{
	struct census c = take_census(t, dir, false);
	size_t i, suites = 0, projects = 0;

	if (!holds_documents_alone(&c))
		return false;
	for (i = dir + 1; i < t->entries[dir].end; i = tree_next(t, i)) {
		if (!t->entries[i].is_directory)
			continue;
		if (is_generic(t->entries[i].name))
			return false;
		c = take_census(t, i, true);
		suites += holds_suite(&c);
		projects += is_project(t, i);
	}
	return suites >= 2 && (!is_project(t, dir) || projects >= 2);
}

static enum status
leave_out(struct proposing *p, size_t entry)
{
	struct proposals *o = p->out;
	char **grown = array_add(o->left_out, o->n_left_out, sizeof(*grown));

	if (grown == NULL)
		return diag_nomem(p->d);
	o->left_out = grown;
	if ((grown[o->n_left_out] = tree_path(p->tree, entry)) == NULL)
		return diag_nomem(p->d);
	o->n_left_out++;
	return ST_OK;
}

/* What one file adds to what is said of its component. */
static void
take_detail(struct proposal *c, const struct tree_entry *e)
{
	const struct tree_detail *d = e->detail;

	if (d == NULL)
		return;
	if (c->c.kind == KIND_MODEL) {
		if (c->model == NULL && d->model[0] != '\0')
			c->model = d->model;
		if (c->base_model == NULL && d->base_model[0] != '\0')
			c->base_model = d->base_model;
		c->names_code = c->names_code || d->names_code;
	}
	/* A card by itself tells the licence of what it describes. */
	if (c->c.kind != KIND_DOCUMENT && c->license_from == NULL &&
	    d->license[0] != '\0') {
		c->c.license = strdup(d->license);
		c->license_from = e->name;
	}
	if (d->harness == HARNESS_NONE || c->c.kind != KIND_BENCHMARK)
		return;
	if (c->c.harness == NULL)
		c->c.harness = strdup(harness_name(d->harness));
	/* The command is of one harness, the one that was met first. */
	if (d->task[0] == '\0' || c->c.harness == NULL ||
	    strcmp(c->c.harness, harness_name(d->harness)) != 0)
		return;
	if (c->n_tasks == 0)
		c->task_file = e->name;
	if (c->n_tasks < PROPOSAL_TASKS)
		c->tasks[c->n_tasks] = d->task;
	c->n_tasks++;
}

static void
take_facts(struct proposal *c, struct fact_sums *sums, struct recognised *r,
    const struct tree_entry *e)
{
	r->format = e->format;
	r->counted = e->detail != NULL && e->detail->counted;
	if (r->counted)
		r->tensors = e->detail->tensors;
	fact_sums_add(sums, r, e->size);
	if (e->format == FORMAT_JSONL) {
		sums->n_lines++;
		if (e->detail != NULL && e->detail->has_records)
			sums->records += e->detail->records;
		else
			c->is_uncounted = true;
	}
	c->n_files++;
	c->size += e->size;
}

static enum status
fill_in(struct proposing *p, struct proposal *c)
{
	struct recognised *r = calloc(1, sizeof(*r));
	struct fact_sums *sums = calloc(1, sizeof(*sums));
	const struct tree_entry *e;
	enum status st = ST_INTERNAL;
	size_t i;

	if (r == NULL || sums == NULL) {
		st = diag_nomem(p->d);
		goto out;
	}
	for (i = c->entry; i < p->tree->entries[c->entry].end; i++) {
		e = &p->tree->entries[i];
		if (e->is_directory)
			continue;
		take_detail(c, e);
		take_facts(c, sums, r, e);
	}
	st = fact_sums_give(sums, &c->c, p->d);
	if (c->is_uncounted)
		c->c.has_records = false;
out:
	free(sums);
	free(r);
	return st;
}

static enum status
add(struct proposing *p, size_t entry, enum component_kind kind, bool guess)
{
	struct proposals *o = p->out;
	struct proposal *c;

	if (o->n == CAP_COMPONENTS) {
		o->too_many = true;
		return leave_out(p, entry);
	}
	if ((c = array_add(o->items, o->n, sizeof(*c))) == NULL)
		return diag_nomem(p->d);
	o->items = c;
	c += o->n++;
	c->entry = entry;
	c->c.kind = kind;
	c->is_guess = guess;
	c->is_cache = p->tree->entries[entry].is_cache;
	if ((c->c.path = tree_path(p->tree, entry)) == NULL)
		return diag_nomem(p->d);
	return fill_in(p, c);
}

/* One directory below texts that belong to it: README.md beside weights/. */
static bool
is_wrapper(const struct tree *t, size_t dir)
{
	size_t i, n = 0;

	for (i = dir + 1; i < t->entries[dir].end; i = tree_next(t, i))
		n += t->entries[i].is_directory;
	return n == 1 && is_project(t, dir);
}

static enum status
add_directory(struct proposing *p, size_t dir)
{
	struct census all = take_census(p->tree, dir, true);
	struct census here = take_census(p->tree, dir, false);
	enum component_kind kind;
	bool guess;

	if (all.files == 0)
		return leave_out(p, dir);
	kind = kind_of(&all, &guess);
	if (holds_models(&all) && !holds_models(&here) &&
	    holds_documents_alone(&here) && !is_wrapper(p->tree, dir) &&
	    !p->tree->entries[dir].is_cache)
		return enter(p, dir);
	if (kind == KIND_BENCHMARK && is_shelf(p->tree, dir))
		return enter(p, dir);
	return add(p, dir, kind, guess);
}

/* Each entry of a directory by itself. */
static enum status
enter(struct proposing *p, size_t dir)
{
	const struct tree *t = p->tree;
	enum component_kind kind;
	enum status st = ST_OK;
	bool guess;
	size_t i;

	for (i = dir + 1; i < t->entries[dir].end && st == ST_OK; i = tree_next(t, i)) {
		if (t->entries[i].is_directory) {
			st = add_directory(p, i);
		} else if (t->entries[i].name[0] == '.' ||
		    use_of(&t->entries[i]) == USE_NONE) {
			st = leave_out(p, i);
		} else {
			kind = kind_of_file(&t->entries[i], dir == 0 &&
			    p->out->is_flat && p->out->flat_kind == KIND_MODEL, &guess);
			st = add(p, i, kind, guess);
		}
	}
	return st;
}

enum status
propose(const struct tree *t, struct proposals *out, struct diag *d)
{
	struct proposing p = { t, out, d };
	struct census here;
	enum status st;

	memset(out, 0, sizeof(*out));
	here = take_census(t, 0, false);
	out->is_flat = holds_models(&here);
	out->flat_kind = out->is_flat ? KIND_MODEL : KIND_BENCHMARK;
	out->is_flat = out->is_flat || here.n[USE_TASK] + here.n[USE_DATA] > 1;
	if ((st = enter(&p, 0)) != ST_OK)
		return st;
	return name_proposals(t, out, d);
}

void
proposals_free(struct proposals *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		component_clear(&p->items[i].c);
	for (i = 0; i < p->n_left_out; i++)
		free(p->left_out[i]);
	free(p->items);
	free(p->left_out);
	memset(p, 0, sizeof(*p));
}
