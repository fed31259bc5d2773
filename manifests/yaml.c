/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yaml - libyaml's event parser behind our own rules; the only file that
 * includes <yaml.h>.  It hands out strings; what they mean is the caller's.
 */
#include "manifests/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "manifests/caps.h"
#include "manifests/yaml_scan.h"

/* A map or list that is open. */
struct level {
	bool is_map;
	size_t n_keys;
};

struct yaml {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_parser;		/* to be deleted */
	bool has_event;			/* to be deleted */
	bool waiting;			/* event was looked at and not taken */
	enum status st;
	enum yaml_writer writer;
	const char *what;
	struct diag *d;
	bool may_hint;			/* d holds our refusal */
	size_t line;			/* of the event that was taken last */
	char key[64];			/* the last key, for errors */
	size_t depth;
	struct level levels[CAP_YAML_DEPTH];
	/*
	 * Hashes of the keys of each open map.  Two keys of one hash are taken
	 * for a duplicate: by chance one in 2^64, and never more than a refusal.
	 */
	uint64_t hashes[CAP_YAML_DEPTH][CAP_YAML_KEYS];
};

static void
vfail(struct yaml *y, size_t line, const char *rule, const char *fmt, va_list ap)
    __attribute__((format(printf, 4, 0)));

static void
vfail(struct yaml *y, size_t line, const char *rule, const char *fmt, va_list ap)
{
	char text[1600];

	y->may_hint = false;
	if (y->st != ST_OK)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	y->st = diag_set(y->d, y->writer == YAML_PERSON ? ST_USAGE : ST_MALFORMED,
	    rule, "%s: line %zu: %s", ESC(y->what), line, text);
	y->may_hint = true;
}

void
yaml_fail_at(struct yaml *y, size_t line, const char *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(y, line, rule, fmt, ap);
	va_end(ap);
}

void
yaml_fail(struct yaml *y, const char *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(y, y->line, rule, fmt, ap);
	va_end(ap);
}

void
yaml_hint(struct yaml *y, const char *fmt, ...)
{
	char text[sizeof(y->d->hint)];
	va_list ap;

	if (!y->may_hint)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_hint(y->d, "%s", text);
}

void
yaml_nomem(struct yaml *y)
{
	y->may_hint = false;
	if (y->st == ST_OK)
		y->st = diag_nomem(y->d);
}

enum status
yaml_failed(const struct yaml *y)
{
	return y->st;
}

size_t
yaml_line(const struct yaml *y)
{
	return y->line;
}

const char *
yaml_name(const struct yaml *y)
{
	return y->key;
}

static void
check_scalar(struct yaml *y, size_t line)
{
	const yaml_event_t *e = &y->event;

	if (e->data.scalar.anchor != NULL) {
		yaml_fail_at(y, line, "yaml-anchor", "an anchor (&)");
		yaml_hint(y, "write the value out; quote a text that begins with \"&\"");
	} else if (e->data.scalar.tag != NULL) {
		yaml_fail_at(y, line, "yaml-tag", "a tag (!)");
		yaml_hint(y, "leave it out; quote a text that begins with \"!\"");
	} else if (e->data.scalar.length > CAP_YAML_SCALAR) {
		yaml_fail_at(y, line, "yaml-scalar", "a text of more than %u bytes",
		    (unsigned int)CAP_YAML_SCALAR);
	} else if (yaml_has_control(e->data.scalar.value, e->data.scalar.length)) {
		yaml_fail_at(y, line, "yaml-control",
		    "a control character or line separator in a text");
	}
}

static void
check_begin(struct yaml *y, size_t line, const yaml_char_t *anchor,
    const yaml_char_t *tag)
{
	if (anchor != NULL) {
		yaml_fail_at(y, line, "yaml-anchor", "an anchor (&)");
		yaml_hint(y, "write the value out");
	} else if (tag != NULL) {
		yaml_fail_at(y, line, "yaml-tag", "a tag (!)");
		yaml_hint(y, "leave it out");
	} else if (y->depth == CAP_YAML_DEPTH) {
		yaml_fail_at(y, line, "yaml-depth",
		    "maps and lists nested more than %u deep", CAP_YAML_DEPTH);
	}
}

static void
check_event(struct yaml *y, size_t line)
{
	const yaml_event_t *e = &y->event;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		check_scalar(y, line);
		break;
	case YAML_MAPPING_START_EVENT:
		check_begin(y, line, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag);
		break;
	case YAML_SEQUENCE_START_EVENT:
		check_begin(y, line, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag);
		break;
	case YAML_ALIAS_EVENT:
		yaml_fail_at(y, line, "yaml-alias", "an alias (*)");
		yaml_hint(y, "write the value out; quote a text that begins with \"*\"");
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (e->data.document_start.version_directive != NULL ||
		    e->data.document_start.tag_directives.start !=
		    e->data.document_start.tag_directives.end)
			yaml_fail_at(y, line, "yaml-directive", "a directive (%%)");
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		break;
	}
}

static void
drop_event(struct yaml *y)
{
	if (y->has_event)
		yaml_event_delete(&y->event);
	y->has_event = false;
	y->waiting = false;
}

/* Make y->event one that nobody has taken; false after any failure. */
static bool
peek(struct yaml *y)
{
	const char *problem;

	if (y->st != ST_OK)
		return false;
	if (y->waiting)
		return true;
	drop_event(y);
	if (!yaml_parser_parse(&y->parser, &y->event)) {
		if (y->parser.error == YAML_MEMORY_ERROR) {
			yaml_nomem(y);
			return false;
		}
		problem = y->parser.problem == NULL ? "cannot be read" :
		    y->parser.problem;
		yaml_fail_at(y, y->parser.problem_mark.line + 1, "yaml-syntax",
		    "not YAML: %s", problem);
		return false;
	}
	y->has_event = true;
	check_event(y, y->event.start_mark.line + 1);
	y->waiting = y->st == ST_OK;
	return y->waiting;
}

/* The event that was looked at is used; its strings live until the next peek. */
static void
take(struct yaml *y)
{
	y->waiting = false;
	y->line = y->event.start_mark.line + 1;
}

static bool
take_if(struct yaml *y, yaml_event_type_t type)
{
	if (!peek(y) || y->event.type != type)
		return false;
	take(y);
	return true;
}

enum status
yaml_open(const uint8_t *buf, size_t len, uint64_t cap, const char *what,
    enum yaml_writer writer, struct yaml **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct yaml *y = NULL;
	struct yaml_flaw flaw;

	*out = NULL;
	if ((y = calloc(1, sizeof(*y))) == NULL)
		return diag_nomem(d);
	y->writer = writer;
	y->what = what;
	y->d = d;
	y->line = 1;
	if (len > cap) {
		yaml_fail(y, "yaml-size", "more than %llu bytes",
		    (unsigned long long)cap);
		goto out;
	}
	if (len == 0) {			/* buf may be NULL, at which libyaml aborts */
		yaml_fail(y, "yaml-empty", "nothing at all");
		goto out;
	}
	if (!yaml_scan(buf, len, writer == YAML_PROGRAM, &flaw)) {
		yaml_fail_at(y, flaw.line, flaw.rule, "%s", flaw.text);
		if (flaw.hint != NULL)
			yaml_hint(y, "%s", flaw.hint);
		goto out;
	}
	if (!yaml_parser_initialize(&y->parser)) {
		yaml_nomem(y);
		goto out;
	}
	y->has_parser = true;
	yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y->parser, buf, len);
	if (!take_if(y, YAML_STREAM_START_EVENT) ||
	    !take_if(y, YAML_DOCUMENT_START_EVENT)) {
		yaml_fail_at(y, 1, "yaml-empty", "nothing but blanks and comments");
		goto out;
	}
	*out = y;
	y = NULL;
	st = ST_OK;
out:
	if (y != NULL)
		st = yaml_close(y);
	return st;
}

enum status
yaml_close(struct yaml *y)
{
	enum status st;

	if (y == NULL)
		return ST_INTERNAL;
	if (y->st == ST_OK && y->depth != 0)
		y->st = diag_set(y->d, ST_INTERNAL, "yaml-reader",
		    "%s: a map or list was not read to its end", ESC(y->what));
	if (y->st == ST_OK && (!take_if(y, YAML_DOCUMENT_END_EVENT) ||
	    !take_if(y, YAML_STREAM_END_EVENT)))
		yaml_fail_at(y, y->event.start_mark.line + 1, "yaml-documents",
		    "a second document");
	st = y->st;
	drop_event(y);
	if (y->has_parser)
		yaml_parser_delete(&y->parser);
	free(y);
	return st;
}

/* A node of another kind than the caller wants. */
static void
fail_kind(struct yaml *y, const char *kind)
{
	size_t line = y->event.start_mark.line + 1;

	if (y->st != ST_OK)
		return;
	if (y->depth == 0)		/* all that there are begin with one */
		yaml_fail_at(y, line, "yaml-type",
		    "the document must be a map (key: value)");
	else
		yaml_fail_at(y, line, "yaml-type", "%s: must be %s", ESC(y->key), kind);
}

static void
descend(struct yaml *y, bool is_map)
{
	y->levels[y->depth].is_map = is_map;
	y->levels[y->depth].n_keys = 0;
	y->depth++;
}

void
yaml_map(struct yaml *y)
{
	if (take_if(y, YAML_MAPPING_START_EVENT))
		descend(y, true);
	else
		fail_kind(y, "a map (key: value)");
}

void
yaml_list(struct yaml *y)
{
	if (take_if(y, YAML_SEQUENCE_START_EVENT))
		descend(y, false);
	else
		fail_kind(y, "a list");
}

bool
yaml_item(struct yaml *y)
{
	if (!peek(y))
		return false;
	if (y->event.type != YAML_SEQUENCE_END_EVENT)
		return true;
	take(y);
	y->depth--;
	return false;
}

/* FNV-1a, 64 bits. */
static uint64_t
hash_key(const uint8_t *s, size_t n)
{
	uint64_t h = 0xCBF29CE484222325U;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001B3U;
	return h;
}

/* Remember a key of the open map; a program's keys have a fixed order anyway. */
static void
note_key(struct yaml *y, const uint8_t *s, size_t n)
{
	struct level *l = &y->levels[y->depth - 1];
	uint64_t *hashes = y->hashes[y->depth - 1], h;
	size_t i;

	if (l->n_keys == CAP_YAML_KEYS) {
		yaml_fail(y, "yaml-keys", "more than %u keys in one map",
		    CAP_YAML_KEYS);
		return;
	}
	if (y->writer == YAML_PERSON) {
		h = hash_key(s, n);
		for (i = 0; i < l->n_keys; i++) {
			if (hashes[i] != h)
				continue;
			yaml_fail(y, "yaml-duplicate-key", "%s: the key is there twice",
			    ESC(y->key));
			return;
		}
		hashes[i] = h;
	}
	l->n_keys++;
}

/* Take the scalar that was looked at as a key of the open map. */
static const char *
take_key(struct yaml *y)
{
	const uint8_t *s = y->event.data.scalar.value;
	size_t n = y->event.data.scalar.length, cut;

	take(y);
	if (n == 2 && memcmp(s, "<<", 2) == 0 &&
	    y->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		yaml_fail(y, "yaml-merge", "a merge key (<<)");
		yaml_hint(y, "write the keys out");
	} else if (memchr(s, '\n', n) != NULL) {
		yaml_fail(y, "yaml-control", "a line break in a key");
	} else {
		cut = n < sizeof(y->key) ? n : sizeof(y->key) - 1;
		memcpy(y->key, s, cut);
		y->key[cut] = '\0';
		note_key(y, s, n);
	}
	return y->st == ST_OK ? (const char *)s : NULL;
}

/* Look at what stands where a key of the open map does: a key, or the end. */
static bool
peek_key(struct yaml *y)
{
	if (!peek(y))
		return false;
	if (y->event.type == YAML_SCALAR_EVENT)
		return true;
	if (y->event.type != YAML_MAPPING_END_EVENT)
		yaml_fail_at(y, y->event.start_mark.line + 1, "yaml-complex-key",
		    "a map or list in place of a key");
	return false;
}

const char *
yaml_key(struct yaml *y)
{
	if (peek_key(y))
		return take_key(y);
	if (y->st == ST_OK) {
		take(y);
		y->depth--;
	}
	return NULL;
}

bool
yaml_key_is(struct yaml *y, const char *key)
{
	if (!peek_key(y) ||
	    strcmp((const char *)y->event.data.scalar.value, key) != 0)
		return false;
	return take_key(y) != NULL;
}

void
yaml_key_want(struct yaml *y, const char *key)
{
	if (yaml_key_is(y, key) || y->st != ST_OK)
		return;
	if (y->event.type == YAML_SCALAR_EVENT)
		yaml_fail_at(y, y->event.start_mark.line + 1, "yaml-key",
		    "expected the key %s, not %s", key,
		    ESC((const char *)y->event.data.scalar.value));
	else
		yaml_fail_at(y, y->event.start_mark.line + 1, "yaml-key",
		    "the key %s is missing", key);
}

void
yaml_map_end(struct yaml *y)
{
	if (take_if(y, YAML_MAPPING_END_EVENT)) {
		y->depth--;
		return;
	}
	if (peek_key(y))
		yaml_fail_at(y, y->event.start_mark.line + 1, "yaml-key",
		    "the key %s does not belong here",
		    ESC((const char *)y->event.data.scalar.value));
}

/* Whether a YAML loader would take a plain scalar for nothing. */
static bool
is_null(const char *s)
{
	return s[0] == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0 ||
	    strcmp(s, "Null") == 0 || strcmp(s, "NULL") == 0;
}

const char *
yaml_text(struct yaml *y, size_t *len)
{
	const char *s;

	if (len != NULL)
		*len = 0;
	if (!take_if(y, YAML_SCALAR_EVENT)) {
		fail_kind(y, "a text");
		return "";
	}
	s = (const char *)y->event.data.scalar.value;
	if (y->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_null(s)) {
		yaml_fail(y, "yaml-null", "%s: the value is missing", ESC(y->key));
		yaml_hint(y, "give a value, or quote it if it is meant literally");
		return "";
	}
	if (memchr(s, '\n', y->event.data.scalar.length) != NULL) {
		yaml_fail(y, "yaml-control", "%s: a line break in the text",
		    ESC(y->key));
		yaml_hint(y, "write the value on one line");
		return "";
	}
	if (len != NULL)
		*len = y->event.data.scalar.length;
	return s;
}

void
yaml_skip(struct yaml *y)
{
	if (!peek(y))
		return;
	if (y->event.type == YAML_MAPPING_START_EVENT) {
		yaml_map(y);
		while (yaml_key(y) != NULL)
			yaml_skip(y);	/* no deeper than CAP_YAML_DEPTH */
	} else if (y->event.type == YAML_SEQUENCE_START_EVENT) {
		yaml_list(y);
		while (yaml_item(y))
			yaml_skip(y);
	} else {
		take(y);
	}
}
