/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff - reading handoff.yaml: keys in any order, each value checked, and
 * what must hold between them.  It looks at no file that it names.
 */
#include "manifests/handoff.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/array.h"
#include "manifests/caps.h"
#include "manifests/fields.h"
#include "manifests/glob.h"
#include "manifests/path.h"
#include "manifests/yaml.h"

/* The last day whose seconds the time field of a tar header holds. */
#define LAST_DATE "2242-03-15"

/* What is read, and where it stood. */
struct reading {
	struct yaml *y;
	struct handoff *h;
	size_t title_line;
	size_t control_line;
	size_t *lines;			/* of each component */
};

void
handoff_free(struct handoff *h)
{
	size_t i;

	if (h == NULL)
		return;
	free(h->name);
	free(h->from);
	free(h->to);
	free(h->marking);
	free(h->contact);
	for (i = 0; i < h->n_components; i++)
		component_clear(&h->components[i]);
	free(h->components);
	string_list_clear(&h->exclude);
	free(h);
}

bool
handoff_excludes(const struct handoff *h, const char *path)
{
	size_t i;

	for (i = 0; i < h->exclude.n; i++) {
		if (glob_excludes(h->exclude.items[i], path))
			return true;
	}
	return false;
}

/* A key that stands nowhere above; known names the ones that may stand there. */
static void
read_other(struct yaml *y, const char *key, const char *known)
{
	if (strncmp(key, "x-", 2) == 0) {
		yaml_skip(y);
		return;
	}
	yaml_fail(y, "handoff-unknown-key", "unknown key: %s", ESC(key));
	yaml_hint(y, "known here: %s; and x-... for your own", known);
}

/* A required key: `value` is what was read under it. */
static void
require(struct yaml *y, size_t line, const char *in, const char *key,
    const void *value)
{
	if (value == NULL)
		yaml_fail_at(y, line, "handoff-missing-key",
		    "%s: the key %s is missing", in, key);
}

static const void *
string_or_null(const char *s)
{
	return s[0] == '\0' ? NULL : s;
}

static void
read_titles(struct reading *r, const char *key)
{
	if (strcmp(key, "title") == 0) {
		field_title(r->y, r->h->title);
		r->title_line = yaml_line(r->y);
	} else {
		field_title(r->y, r->h->control_number);
		r->control_line = yaml_line(r->y);
	}
}

static void
read_date(struct yaml *y, char out[11])
{
	yaml_date(y, out);
	if (strcmp(out, LAST_DATE) > 0)
		yaml_fail(y, "handoff-date", "date: must not be after " LAST_DATE
		    ", the last day that a tar header can hold");
}

static void
read_bundle_key(struct reading *r, const char *key)
{
	struct yaml *y = r->y;
	struct handoff *h = r->h;

	if (strcmp(key, "name") == 0)
		h->name = field_name(y);
	else if (strcmp(key, "sequence") == 0)
		h->sequence = yaml_uint(y, 1, YAML_UINT_MAX);
	else if (strcmp(key, "title") == 0 || strcmp(key, "control-number") == 0)
		read_titles(r, key);
	else if (strcmp(key, "from") == 0)
		h->from = field_text(y);
	else if (strcmp(key, "to") == 0)
		h->to = field_text(y);
	else if (strcmp(key, "date") == 0)
		read_date(y, h->date);
	else if (strcmp(key, "marking") == 0)
		h->marking = field_text(y);
	else if (strcmp(key, "not-before") == 0)
		yaml_date(y, h->not_before);
	else if (strcmp(key, "not-after") == 0)
		yaml_date(y, h->not_after);
	else if (strcmp(key, "contact") == 0)
		h->contact = field_text(y);
	else
		read_other(y, key, "name, sequence, title, control-number, from, "
		    "to, date, marking, not-before, not-after, contact");
}

static void
read_bundle(struct reading *r)
{
	struct yaml *y = r->y;
	struct handoff *h = r->h;
	const char *key;
	size_t line;

	yaml_map(y);
	line = yaml_line(y);
	while ((key = yaml_key(y)) != NULL)
		read_bundle_key(r, key);
	require(y, line, "bundle", "name", h->name);
	require(y, line, "bundle", "sequence", h->sequence == 0 ? NULL : h);
	require(y, line, "bundle", "title", string_or_null(h->title));
	require(y, line, "bundle", "from", h->from);
	require(y, line, "bundle", "to", h->to);
	require(y, line, "bundle", "marking", h->marking);
	if (h->not_before[0] != '\0' && h->not_after[0] != '\0' &&
	    strcmp(h->not_before, h->not_after) > 0)
		yaml_fail_at(y, line, "handoff-window",
		    "bundle: not-after %s lies before not-before %s", h->not_after,
		    h->not_before);
}

static void
read_metric(struct yaml *y, struct expected_metric *e)
{
	const char *key;
	size_t line;

	yaml_map(y);
	line = yaml_line(y);
	while ((key = yaml_key(y)) != NULL) {
		if (strcmp(key, "metric") == 0)
			e->metric = field_text(y);
		else if (strcmp(key, "value") == 0)
			e->value = field_number(y);
		else if (strcmp(key, "tolerance") == 0)
			e->tolerance = field_tolerance(y);
		else
			read_other(y, key, "metric, value, tolerance");
	}
	require(y, line, "expected", "metric", e->metric);
	require(y, line, "expected", "value", e->value);
}

static void
read_expected(struct yaml *y, struct component *c)
{
	yaml_list(y);
	while (yaml_item(y)) {
		if (c->n_expected == CAP_LIST) {
			yaml_fail(y, "field-list", "expected: more than %u items",
			    CAP_LIST);
			return;
		}
		c->expected = yaml_array_add(y, c->expected, c->n_expected,
		    sizeof(*c->expected));
		if (yaml_failed(y) != ST_OK)
			return;
		read_metric(y, &c->expected[c->n_expected++]);
	}
	if (c->n_expected == 0)
		yaml_fail(y, "field-list", "expected: the list is empty");
}

/* Facts that pack finds in the files itself: nobody's word counts. */
static bool
is_fact(const char *key)
{
	return strcmp(key, "format") == 0 || strcmp(key, "dtypes") == 0 ||
	    strcmp(key, "tensors") == 0 || strcmp(key, "parameters") == 0 ||
	    strcmp(key, "records") == 0;
}

/* Returns whether the key was `kind`, which has no value that says "absent". */
static bool
read_component_key(struct yaml *y, struct component *c, const char *key)
{
	bool is_kind = strcmp(key, "kind") == 0;

	if (is_kind)
		field_kind(y, &c->kind);
	else if (strcmp(key, "name") == 0)
		c->name = field_name(y);
	else if (strcmp(key, "path") == 0)
		c->path = field_path(y);
	else if (strcmp(key, "marking") == 0)
		c->marking = field_text(y);
	else if (strcmp(key, "license") == 0)
		c->license = field_text(y);
	else if (strcmp(key, "version") == 0)
		c->version = field_text(y);
	else if (strcmp(key, "harness") == 0)
		c->harness = field_text(y);
	else if (strcmp(key, "command") == 0)
		field_list(y, &c->command, field_text);
	else if (strcmp(key, "expected") == 0)
		read_expected(y, c);
	else if (strcmp(key, "needs") == 0)
		field_list(y, &c->needs, field_name);
	else if (is_fact(key)) {
		yaml_fail(y, "handoff-unknown-key", "%s does not belong here",
		    ESC(key));
		yaml_hint(y, "leave it out: it is found in the files themselves");
	} else
		read_other(y, key, "name, kind, path, marking, license, version, "
		    "harness, command, expected, needs");
	return is_kind;
}

/* Returns the line where it begins. */
static size_t
read_component(struct yaml *y, struct component *c)
{
	const char *key;
	bool has_kind = false;
	size_t line;

	yaml_map(y);
	line = yaml_line(y);
	while ((key = yaml_key(y)) != NULL) {
		if (read_component_key(y, c, key))
			has_kind = true;
	}
	require(y, line, "component", "name", c->name);
	require(y, line, "component", "kind", has_kind ? c : NULL);
	require(y, line, "component", "path", c->path);
	return line;
}

static void
read_components(struct reading *r)
{
	struct yaml *y = r->y;
	struct handoff *h = r->h;
	size_t n;

	yaml_list(y);
	while (yaml_item(y)) {
		if ((n = h->n_components) == CAP_COMPONENTS) {
			yaml_fail(y, "handoff-components", "more than %u components",
			    CAP_COMPONENTS);
			return;
		}
		r->lines = yaml_array_add(y, r->lines, n, sizeof(*r->lines));
		h->components = yaml_array_add(y, h->components, n,
		    sizeof(*h->components));
		if (yaml_failed(y) != ST_OK)
			return;
		h->n_components++;
		r->lines[n] = read_component(y, &h->components[n]);
	}
	if (h->n_components == 0)
		yaml_fail(y, "handoff-components", "components: the list is empty");
}

static char *
read_pattern(struct yaml *y)
{
	char *pattern = field_text(y);
	const char *wrong;

	if (pattern != NULL && (wrong = glob_check(pattern)) != NULL)
		yaml_fail(y, "handoff-exclude", "exclude: %s %s", ESC(pattern), wrong);
	return pattern;
}

static void
read_version(struct yaml *y)
{
	const char *s = yaml_text(y, NULL);

	if (yaml_failed(y) != ST_OK || strcmp(s, "1") == 0)
		return;
	yaml_fail(y, "handoff-version", "satchel-handoff: must be 1, not %s", ESC(s));
	yaml_hint(y, "a newer satchel may read it");
}

static void
read_document(struct reading *r)
{
	struct yaml *y = r->y;
	const char *key;
	bool has_version = false, has_bundle = false, has_components = false;

	yaml_map(y);
	while ((key = yaml_key(y)) != NULL) {
		if (strcmp(key, "satchel-handoff") == 0) {
			has_version = true;
			read_version(y);
		} else if (strcmp(key, "bundle") == 0) {
			has_bundle = true;
			read_bundle(r);
		} else if (strcmp(key, "components") == 0) {
			has_components = true;
			read_components(r);
		} else if (strcmp(key, "exclude") == 0) {
			field_list(y, &r->h->exclude, read_pattern);
		} else {
			read_other(y, key,
			    "satchel-handoff, bundle, components, exclude");
		}
	}
	require(y, 1, "handoff", "satchel-handoff", has_version ? r : NULL);
	require(y, 1, "handoff", "bundle", has_bundle ? r : NULL);
	require(y, 1, "handoff", "components", has_components ? r : NULL);
}

/* Markings that were left out are the bundle's. */
static void
inherit_markings(struct reading *r)
{
	struct handoff *h = r->h;
	size_t i;

	for (i = 0; yaml_failed(r->y) == ST_OK && i < h->n_components; i++) {
		if (h->components[i].marking == NULL &&
		    (h->components[i].marking = strdup(h->marking)) == NULL)
			yaml_nomem(r->y);
	}
}

/* The first word of the content that a title tells, or NULL. */
static const char *
told_by(const struct handoff *h, const char *title)
{
	size_t i;

	if (title_tells(title, h->name))
		return h->name;
	if (title_tells(title, h->marking))
		return h->marking;
	for (i = 0; i < h->n_components; i++) {
		if (title_tells(title, h->components[i].name))
			return h->components[i].name;
		if (title_tells(title, h->components[i].marking))
			return h->components[i].marking;
	}
	return NULL;
}

static enum status
check_title(const struct handoff *h, const char *key, const char *title,
    const char *what, size_t line, struct diag *d)
{
	const char *word = told_by(h, title);

	if (word != NULL)
		diag_set(d, ST_REFUSED, "title-tells",
		    "%s: line %zu: %s %s tells %s, and it stands outside in clear",
		    ESC(what), line, key, ESC(title), ESC(word));
	else if (title_is_verdict(title))
		diag_set(d, ST_REFUSED, "title-tells",
		    "%s: line %zu: %s %s reads like a verdict of satchel", ESC(what),
		    line, key, ESC(title));
	else
		return ST_OK;
	diag_hint(d, "take a neutral one, such as a number from your register");
	return ST_REFUSED;
}

static enum status
check_document(const struct reading *r, const char *what, struct diag *d)
{
	enum status st;
	const struct handoff *h = r->h;
	size_t at;

	st = components_check(h->components, h->n_components, &at, d);
	if (st != ST_OK) {
		diag_within(d, "%s: line %zu", ESC(what), r->lines[at]);
		return st == ST_MALFORMED ? ST_USAGE : st;
	}
	if ((st = check_title(h, "title", h->title, what, r->title_line, d)) != ST_OK)
		return st;
	if (h->control_number[0] == '\0')
		return ST_OK;
	return check_title(h, "control-number", h->control_number, what,
	    r->control_line, d);
}

enum status
handoff_parse(const uint8_t *buf, size_t len, const char *what,
    struct handoff **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct reading r = { NULL, NULL, 0, 0, NULL };

	*out = NULL;
	if ((st = yaml_open(buf, len, CAP_HANDOFF, what, YAML_PERSON, &r.y, d)) != ST_OK)
		goto out;
	if ((r.h = calloc(1, sizeof(*r.h))) == NULL) {
		yaml_nomem(r.y);
	} else {
		read_document(&r);
		inherit_markings(&r);
	}
	if ((st = yaml_close(r.y)) != ST_OK)
		goto out;
	if ((st = check_document(&r, what, d)) != ST_OK)
		goto out;
	*out = r.h;
	r.h = NULL;
	st = ST_OK;
out:
	free(r.lines);
	handoff_free(r.h);
	return st;
}
