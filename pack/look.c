/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * look - format first, then what the format's kind may mean here.  The meaning
 * of bytes is known to manifests/; here files are read.
 */
#include "pack/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/file.h"
#include "manifests/array.h"
#include "manifests/caps.h"
#include "pack/facts.h"
#include "pack/lfs.h"

#define LINES_LEN ((size_t)256 * 1024)
#define SHARDS_NAMED 5

struct look {
	struct window window;
	struct facts_source source;
	struct recognised found;
	uint64_t lines_read;		/* bytes of JSON lines so far */
	struct diag *problems;
	size_t n;
	uint8_t buf[LINES_LEN];
};

struct look *
look_new(void)
{
	return calloc(1, sizeof(struct look));
}

void
look_free(struct look *l)
{
	if (l != NULL)
		free(l->problems);
	free(l);
}

size_t
look_n_problems(const struct look *l)
{
	return l->n;
}

const struct diag *
look_problem(const struct look *l, size_t i)
{
	return &l->problems[i];
}

/* One problem more: *why is what to say. */
static enum status
add_problem(struct look *l, const struct diag *why, struct diag *d)
{
	struct diag *grown = array_add(l->problems, l->n, sizeof(*grown));

	if (grown == NULL)
		return diag_nomem(d);
	l->problems = grown;
	grown[l->n++] = *why;
	return ST_OK;
}

static struct tree_detail *
get_detail(struct tree_entry *e)
{
	if (e->detail == NULL)
		e->detail = calloc(1, sizeof(*e->detail));
	return e->detail;
}

/* The beginning of the file, which is in the window already. */
static enum status
get_head(struct look *l, const uint8_t **head, size_t *len, struct diag *d)
{
	l->window.at = 0;
	return window_span(&l->window, UINT64_MAX, head, len, d);
}

/* A pointer of Git LFS in place of the file. */
static enum status
check_pointer(struct look *l, struct tree_entry *e, bool *pointer, struct diag *d)
{
	struct diag why = DIAG_INIT;
	const uint8_t *head;
	enum status st;
	size_t len;

	*pointer = false;
	if (e->size == 0 || e->size >= LFS_POINTER_MAX)
		return ST_OK;
	if ((st = get_head(l, &head, &len, d)) != ST_OK ||
	    lfs_check(head, len, &why) == ST_OK)
		return st;
	*pointer = true;
	e->role = ROLE_STAND_IN;
	e->format = FORMAT_TEXT;
	return add_problem(l, &why, d);
}

/* A name that a program gave to what it had not fetched to the end. */
static enum status
check_partial(struct look *l, struct tree_entry *e, struct diag *d)
{
	struct diag why = DIAG_INIT;

	if (!format_name_is_partial(e->name))
		return ST_OK;
	e->is_broken = true;
	if (name_ends_with(e->name, ".aria2"))
		diag_set(&why, ST_REFUSED, "half-downloaded", "half-downloaded: "
		    "the file beside it without .aria2 is not whole yet");
	else
		diag_set(&why, ST_REFUSED, "half-downloaded",
		    "half-downloaded, or left behind by a program, as its name says");
	diag_hint(&why, "fetch it to the end; or leave it out with exclude");
	return add_problem(l, &why, d);
}

/* What a recogniser found wrong. */
static enum status
check_found(struct look *l, struct tree_entry *e, struct diag *d)
{
	const struct recognised *r = &l->found;
	struct diag why = DIAG_INIT;

	/* Half-downloaded was said already. */
	if ((!r->is_short && !r->is_malformed) || e->is_broken)
		return ST_OK;
	e->is_broken = true;
	if (e->size == 0) {
		diag_set(&why, ST_REFUSED, "half-downloaded",
		    "half-downloaded: an empty file under the name of weights");
		diag_hint(&why, "fetch it again; or leave it out with exclude");
	} else if (r->is_short) {
		diag_set(&why, ST_REFUSED, "half-downloaded",
		    "half-downloaded %s: it ends before what it says it holds",
		    format_name(r->format));
		diag_hint(&why, "fetch it again; or leave it out with exclude");
	} else {
		why = r->why;
		diag_within(&why, "malformed %s", format_name(r->format));
		diag_hint(&why, "strict readers refuse it: export it anew, or leave it out with exclude");
	}
	return add_problem(l, &why, d);
}

static bool
has_sibling(const struct siblings *s, const char *name)
{
	size_t low = 0, high = s->n, mid;
	int cmp;

	while (low < high) {
		mid = low + (high - low) / 2;
		if ((cmp = strcmp(s->names[mid], name)) == 0)
			return true;
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* The shards of an index that are not there: a few of their names. */
static enum status
check_shards(struct look *l, const struct hub_index *x,
    const struct siblings *siblings, struct diag *d)
{
	struct diag why = DIAG_INIT;
	char names[600] = "";
	size_t i, len = 0, n = 0;

	for (i = 0; i < x->shards.n; i++) {
		if (has_sibling(siblings, x->shards.items[i]))
			continue;
		if (n++ < SHARDS_NAMED)
			len += (size_t)snprintf(names + len, sizeof(names) - len,
			    "%s%.100s", n == 1 ? "" : ", ", ESC(x->shards.items[i]));
	}
	if (n == 0)
		return ST_OK;
	if (n > SHARDS_NAMED)
		snprintf(names + len, sizeof(names) - len, ", ...");
	diag_set(&why, ST_REFUSED, "shard-missing",
	    "half-downloaded: of the %zu shards that it names %zu %s not there: %s",
	    x->shards.n, n, n == 1 ? "is" : "are", names);
	diag_hint(&why, "fetch the missing shards");
	return add_problem(l, &why, d);
}

/* A shard index: each shard must be there.  Without a map of tensors it is none. */
static enum status
read_index(struct look *l, const struct siblings *siblings, struct tree_entry *e,
    struct diag *d)
{
	struct diag why = DIAG_INIT;
	struct hub_index x;
	enum status st;

	l->window.at = 0;
	st = hub_read_index(&l->window, &x, &why);
	if (st == ST_MALFORMED && strcmp(why.rule, "index-map") == 0) {
		st = ST_OK;
	} else if (st == ST_MALFORMED) {
		diag_within(&why, "malformed shard index");
		diag_hint(&why, "fetch it again; or leave it out with exclude");
		st = add_problem(l, &why, d);
	} else if (st != ST_OK) {
		*d = why;
	} else {
		e->role = ROLE_INDEX;
		st = check_shards(l, &x, siblings, d);
	}
	hub_index_clear(&x);
	return st;
}

static enum status
read_json(struct look *l, const struct siblings *siblings, struct tree_entry *e,
    struct diag *d)
{
	struct hub_settings s;
	struct tree_detail *detail;
	const uint8_t *head;
	enum status st;
	size_t len;

	if (name_ends_with(e->name, ".index.json"))
		return read_index(l, siblings, e, d);
	if ((st = get_head(l, &head, &len, d)) != ST_OK)
		return st;
	if (suite_is_records(head, len))
		e->role = ROLE_RECORDS;
	l->window.at = 0;
	if ((st = hub_read_settings(&l->window, &s, d)) != ST_OK)
		return st;
	if (!s.is_model && !s.is_adapter)
		return ST_OK;
	if ((detail = get_detail(e)) == NULL)
		return diag_nomem(d);
	e->role = s.is_adapter ? ROLE_ADAPTER : ROLE_SETTINGS;
	detail->names_code = s.names_code;
	strcpy(detail->model, s.architecture[0] != '\0' ? s.architecture :
	    s.model_type);
	strcpy(detail->base_model, s.base_model);
	return ST_OK;
}

static bool
is_handoff(const uint8_t *head, size_t len)
{
	static const char key[] = "satchel-handoff:";
	const uint8_t *found = memmem(head, len, key, sizeof(key) - 1);

	return found != NULL && (found == head || found[-1] == '\n');
}

/* Text that may be a task, a model card, or a handoff of ours. */
static enum status
read_text(struct look *l, struct tree_entry *e, struct diag *d)
{
	char task[SUITE_TASK_MAX];
	struct tree_detail *detail;
	struct hub_card card;
	const uint8_t *head;
	enum harness h;
	enum status st;
	size_t len;

	if ((st = get_head(l, &head, &len, d)) != ST_OK)
		return st;
	if (e->format == FORMAT_YAML && is_handoff(head, len)) {
		e->role = ROLE_HANDOFF;
		return ST_OK;
	}
	if (e->format == FORMAT_MARKDOWN) {
		if (!hub_read_card(head, len, &card))
			return ST_OK;
		if ((detail = get_detail(e)) == NULL)
			return diag_nomem(d);
		e->role = ROLE_CARD;
		strcpy(detail->license, card.license);
		strcpy(detail->base_model, card.base_model);
		return ST_OK;
	}
	if ((h = suite_recognise(e->format, head, len, task)) == HARNESS_NONE)
		return ST_OK;
	if ((detail = get_detail(e)) == NULL)
		return diag_nomem(d);
	e->role = ROLE_TASK;
	detail->harness = h;
	strcpy(detail->task, task);
	return ST_OK;
}

static enum status
read_lines(struct look *l, struct tree_entry *e, struct diag *d)
{
	struct line_count lines = { 0 };
	struct tree_detail *detail;
	uint64_t at;
	enum status st;
	size_t n;

	if (e->size > LOOK_LINES_MAX - l->lines_read)
		return ST_OK;
	l->lines_read += e->size;
	for (at = 0; at < e->size; at += n) {
		n = e->size - at < LINES_LEN ? (size_t)(e->size - at) : LINES_LEN;
		if ((st = interrupt_check(d)) != ST_OK ||
		    (st = facts_window_read(&l->source, l->buf, n, at, d)) != ST_OK)
			return st;
		line_count_add(&lines, l->buf, n);
	}
	if ((detail = get_detail(e)) == NULL)
		return diag_nomem(d);
	detail->has_records = true;
	detail->records = line_count_total(&lines);
	return ST_OK;
}

static enum status
read_weights(const struct look *l, struct tree_entry *e, struct diag *d)
{
	const struct recognised *r = &l->found;
	struct tree_detail *detail;

	if (!r->counted)
		return ST_OK;
	if ((detail = get_detail(e)) == NULL)
		return diag_nomem(d);
	detail->counted = true;
	detail->tensors = r->tensors;
	strcpy(detail->license, r->license);
	strcpy(detail->model, r->architecture);
	return ST_OK;
}

static enum status
look_closer(struct look *l, const struct siblings *siblings, struct tree_entry *e,
    struct diag *d)
{
	if (e->format == FORMAT_JSON)
		return read_json(l, siblings, e, d);
	if (e->format == FORMAT_JSONL)
		return read_lines(l, e, d);
	if (e->format == FORMAT_YAML || e->format == FORMAT_TEXT ||
	    e->format == FORMAT_MARKDOWN || e->format == FORMAT_PYTHON)
		return read_text(l, e, d);
	return read_weights(l, e, d);
}

enum status
look_at(struct look *l, int fd, const struct siblings *siblings,
    struct tree_entry *e, struct diag *d)
{
	enum status st;
	bool pointer;

	l->n = 0;
	l->source.fd = fd;
	window_open(&l->window, e->size, facts_window_read, &l->source);
	if ((st = check_pointer(l, e, &pointer, d)) != ST_OK || pointer)
		goto out;
	if ((st = check_partial(l, e, d)) != ST_OK)
		goto out;
	l->window.at = 0;
	if ((st = format_recognise(&l->window, e->name, &l->found, d)) != ST_OK)
		goto out;
	e->format = l->found.format;
	if ((st = check_found(l, e, d)) != ST_OK)
		goto out;
	if (e->is_broken && (format_name_is_weights(e->name) ||
	    format_class(e->format) == CLASS_WEIGHTS))
		e->role = ROLE_STAND_IN;
	else
		st = look_closer(l, siblings, e, d);
out:
	if (st != ST_OK)
		diag_within(d, "%s", ESC(e->name));
	return st;
}
