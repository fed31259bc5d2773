/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draft - YAML as a person would write it.  All that comes from the tree is
 * quoted or escaped.
 */
#include "pack/draft.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "bundle/options.h"
#include "manifests/path.h"

/* A handoff of thousands of files that have a problem each is no longer read by a person. */
#define PROBLEMS_SHOWN 200
#define LEFT_OUT_SHOWN 100

/* Whether s means itself without quotes. */
static bool
is_plain(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", more[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@+-";
	static const char *const words[] = { "null", "true", "false", "yes", "no",
	    "on", "off", "y", "n" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(s, words[i]) == 0)
			return false;
	return *s != '\0' && strchr(letters, *s) != NULL && s[strspn(s, more)] == '\0';
}

static void
put_scalar(struct bytes *out, const char *s)
{
	if (is_plain(s)) {
		bytes_string(out, s);
		return;
	}
	bytes_string(out, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			bytes_string(out, "\\");
		bytes_append(out, s, 1);
	}
	bytes_string(out, "\"");
}

static void
put_problems(const struct tree *t, struct bytes *out)
{
	const struct tree_problem *p;
	size_t i;

	if (t->n_problems == 0)
		return;
	bytes_string(out, "#\n# To be dealt with before you pack:\n");
	for (i = 0; i < t->n_problems && i < PROBLEMS_SHOWN; i++) {
		p = &t->problems[i];
		bytes_printf(out, "#   %s: %s\n",
		    p->path[0] == '\0' ? "." : ESC(p->path), p->text);
		/* Of many alike the last one says what to do. */
		if (p->hint[0] != '\0' && (i + 1 == t->n_problems ||
		    i + 1 == PROBLEMS_SHOWN || strcmp(p->hint, p[1].hint) != 0))
			bytes_printf(out, "#     %s\n", p->hint);
	}
	if (i < t->n_problems + t->n_unnamed)
		bytes_printf(out, "#   and %zu more\n", t->n_problems + t->n_unnamed - i);
}

static void
put_left_out(const struct proposals *p, struct bytes *out)
{
	size_t i;

	if (p->n_left_out == 0)
		return;
	bytes_printf(out, "#\n# In no component, so not packed%s:\n", p->too_many ?
	    " (a handoff has at most 4096 components: move files into folders)" : "");
	for (i = 0; i < p->n_left_out && i < LEFT_OUT_SHOWN; i++)
		bytes_printf(out, "#   %s\n", ESC(p->left_out[i]));
	if (i < p->n_left_out)
		bytes_printf(out, "#   and %zu more\n", p->n_left_out - i);
}

static void
put_head(const struct tree *t, const struct proposals *p,
    const struct draft_names *names, struct bytes *out)
{
	bytes_string(out,
	    "# A draft by satchel-pack init.  Read and correct it, and fill in the four\n"
	    "# lines that say \"required\" (take the # in front away): until then\n"
	    "# satchel-pack create refuses it.  satchel-handoff(5) explains every line.\n"
	    "#\n");
	bytes_printf(out, "# Then: satchel-pack create %s -o OUTDIR -s KEY -r KEY",
	    ESC(names->file));
	if (names->directory != NULL)
		bytes_printf(out, " -C %s", ESC(names->directory));
	bytes_string(out, "\n");
	if (p->is_flat)
		bytes_printf(out,
		    "#\n# This folder itself looks like one %s.  A component lies below the\n"
		    "# folder of its handoff, so the files are listed one by one.  To have one\n"
		    "# component, run init on the folder above, or move the files into one.\n",
		    p->flat_kind == KIND_MODEL ? "model" : "suite");
	put_problems(t, out);
	put_left_out(p, out);
}

static void
put_bundle(const struct draft_names *names, struct bytes *out)
{
	bytes_string(out, "\nsatchel-handoff: 1\nbundle:\n  name: ");
	put_scalar(out, names->bundle);
	bytes_string(out,
	    "   # stays inside; the imported tree is named after it\n"
	    "  sequence: 1   # grows with every bundle of this name\n"
	    "  #title:     # required: neutral, A-Z 0-9 blank . / - alone; couriers read it\n"
	    "  #from:      # required: who hands over\n"
	    "  #to:        # required: who receives\n"
	    "  #marking:   # required: banner of the highest content\n"
	    "  # and, if you like:\n"
	    "  #control-number:\n"
	    "  #date:\n"
	    "  #not-before:\n"
	    "  #not-after:\n"
	    "  #contact:\n"
	    "components:\n");
}

static void
put_facts(const struct proposal *p, struct bytes *out)
{
	const struct component *c = &p->c;
	char size[32];
	size_t i;

	bytes_printf(out, "    # found: %zu file%s, %s\n", p->n_files,
	    p->n_files == 1 ? "" : "s", size_format(size, p->size));
	if (c->format != NULL)
		bytes_printf(out, "    # format: %s\n", c->format);
	for (i = 0; i < c->dtypes.n; i++)
		bytes_printf(out, "%s%s%s", i == 0 ? "    # dtypes: " : ", ",
		    c->dtypes.items[i], i + 1 == c->dtypes.n ? "\n" : "");
	if (c->has_tensors)
		bytes_printf(out, "    # tensors: %" PRIu64 "\n", c->tensors);
	if (c->has_parameters)
		bytes_printf(out, "    # parameters: %" PRIu64 "\n", c->parameters);
	if (c->has_records)
		bytes_printf(out, "    # records: %" PRIu64 "\n", c->records);
	if (p->is_uncounted && c->kind == KIND_BENCHMARK)
		bytes_string(out, "    # records: counted by create\n");
}

static void
put_model(const struct proposal *p, struct bytes *out)
{
	if (p->model != NULL)
		bytes_printf(out, "    # model: %s\n", ESC(p->model));
	if (p->base_model != NULL)
		bytes_printf(out, "    # made from %s: if that is a component, name it:\n"
		    "    #needs: []\n", ESC(p->base_model));
	if (p->names_code)
		bytes_string(out, "    # loading it runs Python code that lies beside it\n");
	if (p->is_cache)
		bytes_string(out, "    # a model hub's cache: create needs --dereference\n");
}

/* The command that runs the tasks found, as far as it is plain. */
static void
put_command(const struct proposal *p, struct bytes *out)
{
	size_t i;

	if (p->n_tasks == 0)
		return;
	if (strcmp(p->c.harness, harness_name(HARNESS_INSPECT)) == 0) {
		bytes_printf(out, "    #command: [inspect, eval, \"%s@%s\"]\n",
		    ESC(p->task_file), p->tasks[0]);
		return;
	}
	if (strcmp(p->c.harness, harness_name(HARNESS_OPENAI_EVALS)) == 0) {
		bytes_printf(out, "    #command: [oaieval, MODEL, \"%s\"]\n", p->tasks[0]);
		return;
	}
	bytes_string(out, "    #command: [lm-eval, run, --tasks, \"");
	for (i = 0; i < p->n_tasks && i < PROPOSAL_TASKS; i++)
		bytes_printf(out, "%s%s", i == 0 ? "" : ",", p->tasks[i]);
	bytes_printf(out, "%s\", --include_path, .]\n",
	    p->n_tasks > PROPOSAL_TASKS ? ",..." : "");
}

static void
put_benchmark(const struct proposal *p, struct bytes *out)
{
	if (p->c.harness != NULL) {
		bytes_string(out, "    harness: ");
		put_scalar(out, p->c.harness);
		bytes_string(out, "   # add its version\n");
	} else {
		bytes_string(out, "    #harness:   # what runs it, and its version\n");
	}
	put_command(p, out);
	bytes_string(out, "    #expected: [{metric: acc, value: 0.5, tolerance: 0.02}]\n");
}

static void
put_component(const struct proposal *p, struct bytes *out)
{
	const struct component *c = &p->c;

	bytes_string(out, "  - name: ");
	put_scalar(out, c->name);
	bytes_printf(out, "\n    kind: %s%s\n    path: ", component_kind_name(c->kind),
	    p->is_guess ? "   # a guess: nothing in there tells" : "");
	put_scalar(out, c->path);
	bytes_string(out, "\n");
	if (c->license != NULL && text_check(c->license, strlen(c->license)) == NULL) {
		bytes_string(out, "    license: ");
		put_scalar(out, c->license);
		bytes_printf(out, "   # from %s\n", ESC(p->license_from));
	}
	put_facts(p, out);
	switch (c->kind) {
	case KIND_MODEL:
		put_model(p, out);
		break;
	case KIND_BENCHMARK:
		put_benchmark(p, out);
		break;
	case KIND_DOCUMENT:
	case KIND_CODE:
		break;
	}
}

/* What create is to leave out of the components. */
static void
put_exclude(const struct tree *t, const struct proposals *p, struct bytes *out)
{
	bool cache = false, first = true;
	size_t i;

	for (i = 0; i < p->n; i++)
		cache = cache || p->items[i].is_cache;
	if (t->junk == 0 && !cache)
		return;
	bytes_string(out, "exclude: [");
	for (i = 0; i < TREE_JUNK; i++) {
		if ((t->junk >> i & 1) == 0)
			continue;
		bytes_printf(out, "%s\"%s\"", first ? "" : ", ", tree_junk[i]);
		first = false;
	}
	/* The snapshots' links lead to the same bytes. */
	if (cache)
		bytes_printf(out, "%s\"blobs\"", first ? "" : ", ");
	bytes_string(out, "]\n");
}

void
draft_write(const struct tree *t, const struct proposals *p,
    const struct draft_names *names, struct bytes *out)
{
	size_t i;

	put_head(t, p, names, out);
	put_bundle(names, out);
	for (i = 0; i < p->n; i++)
		put_component(&p->items[i], out);
	if (p->n == 0)
		bytes_string(out,
		    "  # required: nothing was found here that could be packed\n");
	put_exclude(t, p, out);
}
