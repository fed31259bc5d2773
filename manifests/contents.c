/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * contents - reading the content manifest: fields, caps, order.  How its
 * statements must agree is in contents_check.c.
 */
#include "manifests/contents.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/array.h"
#include "manifests/canon.h"
#include "manifests/caps.h"
#include "manifests/contents_rules.h"
#include "manifests/fields.h"
#include "manifests/path.h"
#include "manifests/tarspell.h"
#include "manifests/transport_rules.h"
#include "manifests/yaml.h"

/* Paths, one behind the other, in blocks that are freed together. */
struct path_arena {
	struct path_arena *next;	/* the full ones */
	size_t used;
	char text[];
};

#define ARENA_BLOCK ((size_t)64 * 1024)

char *
contents_keep_path(struct contents *c, const char *path, size_t len)
{
	struct path_arena *a = c->arena;
	char *copy;

	if (len > CAP_PATH)
		return NULL;
	if (a == NULL || ARENA_BLOCK - a->used < len + 1) {
		if ((a = malloc(sizeof(*a) + ARENA_BLOCK)) == NULL)
			return NULL;
		a->next = c->arena;
		a->used = 0;
		c->arena = a;
	}
	copy = a->text + a->used;
	memcpy(copy, path, len);
	copy[len] = '\0';
	a->used += len + 1;
	return copy;
}

void
contents_free(struct contents *c)
{
	struct path_arena *a;
	size_t i;

	if (c == NULL)
		return;
	free(c->name);
	free(c->from);
	free(c->to);
	free(c->marking);
	free(c->contact);
	for (i = 0; i < c->n_components; i++)
		component_clear(&c->components[i]);
	free(c->components);
	for (i = 0; c->arena == NULL && i < c->n_directories; i++)
		free(c->directories[i]);
	for (i = 0; c->arena == NULL && i < c->n_files; i++)
		free(c->files[i].path);
	free(c->directories);
	free(c->files);
	while ((a = c->arena) != NULL) {
		c->arena = a->next;
		free(a);
	}
	free(c);
}

bool
contents_next(const struct contents *c, struct content_walk *w,
    struct content_entry *e)
{
	const struct content_file *f = NULL;
	const char *directory = NULL;

	if (w->next_directory < c->n_directories)
		directory = c->directories[w->next_directory];
	if (w->next_file < c->n_files)
		f = &c->files[w->next_file];
	if (directory == NULL && f == NULL)
		return false;
	if (f == NULL || (directory != NULL && path_compare(directory, f->path) <= 0)) {
		e->path = directory;
		e->file = NULL;
		w->next_directory++;
	} else {
		e->path = f->path;
		e->file = f;
		w->next_file++;
	}
	return true;
}

uint64_t
contents_total(const struct contents *c)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < c->n_files; i++)
		total += c->files[i].size;
	return total;
}

static void
read_expected(struct yaml *y, struct component *c)
{
	struct expected_metric *e;

	yaml_list(y);
	while (yaml_item(y)) {
		if (c->n_expected == CAP_LIST) {
			yaml_fail(y, "field-list", "expected: more than %u items",
			    CAP_LIST);
			return;
		}
		c->expected = yaml_array_add(y, c->expected, c->n_expected, sizeof(*e));
		if (yaml_failed(y) != ST_OK)
			return;
		e = &c->expected[c->n_expected++];
		yaml_map(y);
		yaml_key_want(y, "metric");
		e->metric = field_text(y);
		yaml_key_want(y, "value");
		e->value = field_number(y);
		if (yaml_key_is(y, "tolerance"))
			e->tolerance = field_tolerance(y);
		yaml_map_end(y);
	}
	if (c->n_expected == 0)
		yaml_fail(y, "field-list", "expected: the list is empty");
}

static bool
read_count(struct yaml *y, const char *key, uint64_t *v)
{
	if (!yaml_key_is(y, key))
		return false;
	*v = yaml_uint(y, 0, YAML_UINT_MAX);
	return true;
}

static void
read_component(struct yaml *y, struct component *c)
{
	yaml_map(y);
	yaml_key_want(y, "name");
	c->name = field_name(y);
	yaml_key_want(y, "kind");
	field_kind(y, &c->kind);
	yaml_key_want(y, "path");
	c->path = field_path(y);
	yaml_key_want(y, "marking");
	c->marking = field_text(y);
	if (yaml_key_is(y, "license"))
		c->license = field_text(y);
	if (yaml_key_is(y, "version"))
		c->version = field_text(y);
	if (yaml_key_is(y, "format"))
		c->format = field_text(y);
	if (yaml_key_is(y, "dtypes"))
		field_list(y, &c->dtypes, field_text);
	c->has_tensors = read_count(y, "tensors", &c->tensors);
	c->has_parameters = read_count(y, "parameters", &c->parameters);
	c->has_records = read_count(y, "records", &c->records);
	if (yaml_key_is(y, "harness"))
		c->harness = field_text(y);
	if (yaml_key_is(y, "command"))
		field_list(y, &c->command, field_text);
	if (yaml_key_is(y, "expected"))
		read_expected(y, c);
	if (yaml_key_is(y, "needs"))
		field_list(y, &c->needs, field_name);
	yaml_map_end(y);
}

static void
read_components(struct yaml *y, struct contents *c)
{
	yaml_key_want(y, "components");
	yaml_list(y);
	while (yaml_item(y)) {
		if (c->n_components == CAP_COMPONENTS) {
			yaml_fail(y, "contents-components",
			    "more than %u components", CAP_COMPONENTS);
			return;
		}
		c->components = yaml_array_add(y, c->components, c->n_components,
		    sizeof(*c->components));
		if (yaml_failed(y) != ST_OK)
			return;
		read_component(y, &c->components[c->n_components++]);
	}
	if (c->n_components == 0)
		yaml_fail(y, "contents-components", "no component");
}

static void
read_head(struct yaml *y, struct contents *c)
{
	const char *s;
	size_t len;

	yaml_map(y);
	if (!yaml_key_is(y, "satchel-contents"))
		yaml_fail(y, "contents-purpose", "not a satchel content manifest");
	yaml_word(y, "1");
	yaml_key_want(y, "name");
	c->name = field_name(y);
	yaml_key_want(y, "sequence");
	c->sequence = yaml_uint(y, 1, YAML_UINT_MAX);
	yaml_key_want(y, "from");
	c->from = field_text(y);
	yaml_key_want(y, "to");
	c->to = field_text(y);
	yaml_key_want(y, "date");
	yaml_date(y, c->date);
	yaml_key_want(y, "marking");
	c->marking = field_text(y);
	if (yaml_key_is(y, "not-before"))
		yaml_date(y, c->not_before);
	if (yaml_key_is(y, "not-after"))
		yaml_date(y, c->not_after);
	if (c->not_before[0] != '\0' && c->not_after[0] != '\0' &&
	    strcmp(c->not_before, c->not_after) > 0)
		yaml_fail(y, "contents-window", "not-after lies before not-before");
	if (yaml_key_is(y, "contact"))
		c->contact = field_text(y);
	yaml_key_want(y, "originator");
	s = yaml_text(y, &len);
	if (yaml_failed(y) == ST_OK && fingerprint_valid(s))
		memcpy(c->originator, s, len + 1);
	else
		yaml_fail(y, "contents-originator", "originator: not 40 or 64 "
		    "upper-case hexadecimal digits: %s", ESC(s));
	yaml_key_want(y, "time");
	c->time = yaml_uint(y, 0, TAR_TIME_MAX);
	yaml_key_want(y, "digest");
	yaml_word(y, "sha-256");
}

/* A legal path greater than the one before (NULL: none), kept by the manifest. */
static char *
read_path(struct yaml *y, struct contents *c, const char *before)
{
	size_t len;
	const char *s = yaml_text(y, &len), *wrong;
	char *copy;

	if (yaml_failed(y) != ST_OK)
		return NULL;
	if ((wrong = path_check(s, len)) != NULL) {
		if (strcmp(wrong, PATH_NO_MEMORY) == 0)
			yaml_nomem(y);
		else
			yaml_fail(y, "field-path", "the path %s %s", ESC(s), wrong);
		return NULL;
	}
	if (before != NULL && path_compare(before, s) >= 0) {
		yaml_fail(y, "contents-order",
		    "the path %s is not in ascending order, or there twice", ESC(s));
		return NULL;
	}
	if ((copy = contents_keep_path(c, s, len)) == NULL)
		yaml_nomem(y);
	return copy;
}

static void
read_directories(struct yaml *y, struct contents *c)
{
	const char *before = NULL;

	yaml_list(y);
	while (yaml_item(y)) {
		if (c->n_directories == CAP_FILES) {
			yaml_fail(y, "contents-files", "more than %u directories",
			    CAP_FILES);
			return;
		}
		c->directories = yaml_array_add(y, c->directories, c->n_directories,
		    sizeof(*c->directories));
		if (yaml_failed(y) != ST_OK)
			return;
		before = read_path(y, c, before);
		c->directories[c->n_directories++] = (char *)(uintptr_t)before;
	}
}

static void
read_files(struct yaml *y, struct contents *c)
{
	struct content_file *f;

	yaml_list(y);
	while (yaml_item(y)) {
		if (c->n_files == CAP_FILES) {
			yaml_fail(y, "contents-files", "more than %u files", CAP_FILES);
			return;
		}
		c->files = yaml_array_add(y, c->files, c->n_files, sizeof(*f));
		if (yaml_failed(y) != ST_OK)
			return;
		f = &c->files[c->n_files++];
		yaml_map(y);
		yaml_key_want(y, "path");
		f->path = read_path(y, c, c->n_files == 1 ? NULL : f[-1].path);
		yaml_key_want(y, "size");
		f->size = yaml_uint(y, 0, YAML_UINT_MAX);
		if (yaml_key_is(y, "executable")) {
			yaml_word(y, "yes");
			f->executable = true;
		}
		yaml_key_want(y, "offset");
		f->offset = yaml_uint(y, 0, YAML_UINT_MAX);
		yaml_key_want(y, "digest");
		yaml_hex(y, f->digest, sizeof(f->digest));
		yaml_map_end(y);
	}
}

enum status
contents_parse(const uint8_t *buf, size_t len, const char *what,
    struct contents **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct contents *c = NULL;
	struct yaml *y = NULL;
	struct canon canon;
	size_t line;

	*out = NULL;
	if (is_other_version(buf, len, CONTENTS_PURPOSE)) {
		st = diag_set(d, ST_MALFORMED, "contents-version",
		    "%s: line 1: not a content manifest of version 1", ESC(what));
		diag_hint(d, "a newer satchel may read it");
		goto out;
	}
	if ((st = yaml_open(buf, len, CAP_CONTENTS, what, YAML_PROGRAM, &y, d)) != ST_OK)
		goto out;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		yaml_nomem(y);
	} else {
		read_head(y, c);
		read_components(y, c);
		if (yaml_key_is(y, "directories"))
			read_directories(y, c);
		if (yaml_key_is(y, "files"))
			read_files(y, c);
		yaml_map_end(y);
	}
	if ((st = yaml_close(y)) != ST_OK)
		goto out;
	canon_init_compare(&canon, buf, len);
	contents_spell(c, &canon);
	if (!canon_matches(&canon, &line)) {
		st = diag_set(d, ST_MALFORMED, "yaml-spelling",
		    "%s: line %zu: not spelled as satchel writes it", ESC(what), line);
		goto out;
	}
	if ((st = contents_check(c, what, d)) != ST_OK)
		goto out;
	*out = c;
	c = NULL;
	st = ST_OK;
out:
	contents_free(c);
	return st;
}
