/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yaml - a strict reader of YAML documents, over libyaml's event parser, never
 * a loader: every scalar is a string, which the caller converts with the
 * grammars below.  It knows no document's meaning and opens no file.
 *
 * Refused with "FILE: line N: ..." and the rule: anchors, aliases, tags, merge
 * keys, duplicate keys, keys that are no scalars, directives, a second document,
 * an empty one, depth over CAP_YAML_DEPTH, over CAP_YAML_KEYS keys in a map, a
 * scalar over CAP_YAML_SCALAR, control characters (also escaped ones), and what
 * yaml_scan() refuses.
 *
 * The first failure stays.  After it every call gives what is inert (NULL,
 * false, "", 0), so that all loops end, and yaml_close() returns the status.
 */
#ifndef SATCHEL_MANIFESTS_YAML_H
#define SATCHEL_MANIFESTS_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"

struct yaml;

/* Whose spelling it is.  A refusal is ST_USAGE for a person, else ST_MALFORMED. */
enum yaml_writer {
	YAML_PERSON,			/* ordinary strict YAML */
	YAML_PROGRAM,			/* the canonical spelling, see yaml_scan() and canon.h */
};

#define YAML_UINT_MAX ((uint64_t)INT64_MAX)

/*
 * yaml_open - begin to read the len bytes of buf, which must outlive the reader.
 * cap   the document may have this many bytes
 * what  how errors name the document
 * d     gets the error, whenever it happens; may be NULL
 * out   NULL if this failed; else for yaml_close()
 */
enum status yaml_open(const uint8_t *buf, size_t len, uint64_t cap,
    const char *what, enum yaml_writer writer, struct yaml **out, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * yaml_close - unless it failed before: nothing may follow the root node.
 * Releases y (accepts NULL: ST_INTERNAL) and returns the status of it all.
 */
enum status yaml_close(struct yaml *y) __attribute__((warn_unused_result));

/* yaml_failed - the status so far. */
enum status yaml_failed(const struct yaml *y);

/* yaml_line - the line of the node that was read last, from 1. */
size_t yaml_line(const struct yaml *y);

/* yaml_name - the key that was read last, cut to 63 bytes and not escaped. */
const char *yaml_name(const struct yaml *y);

/* yaml_fail - refuse at yaml_line(); the rule is a literal. */
void yaml_fail(struct yaml *y, const char *rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* yaml_fail_at - refuse at a line that was noted earlier. */
void yaml_fail_at(struct yaml *y, size_t line, const char *rule,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* yaml_hint - what to do about the refusal just made, if it was the first. */
void yaml_hint(struct yaml *y, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* yaml_nomem - the caller ran out of memory: ST_HOST. */
void yaml_nomem(struct yaml *y);

/*
 * yaml_array_add - array_add() for what is being read: the array, with room for
 * one zeroed item behind its n; the old array after a failure.
 */
void *yaml_array_add(struct yaml *y, void *array, size_t n, size_t size)
    __attribute__((warn_unused_result));

/* Maps.  yaml_map() enters one; yaml_key() until NULL, a value after each key. */
void yaml_map(struct yaml *y);
/* yaml_key - the next key, valid until the next call; NULL: the map is over. */
const char *yaml_key(struct yaml *y);
/* yaml_key_is - whether the next key is this one, which is then consumed. */
bool yaml_key_is(struct yaml *y, const char *key);
/* yaml_key_want - the next key must be this one. */
void yaml_key_want(struct yaml *y, const char *key);
/* yaml_map_end - the map must be over. */
void yaml_map_end(struct yaml *y);

/* Lists.  yaml_list() enters one; a node after each yaml_item() that is true. */
void yaml_list(struct yaml *y);
bool yaml_item(struct yaml *y);

/*
 * yaml_text - a scalar without control characters, valid until the next call;
 * len may be NULL.  A person's empty plain scalar or plain null is refused.
 */
const char *yaml_text(struct yaml *y, size_t *len);
/* yaml_uint - ^(0|[1-9][0-9]{0,18})$, from min to max <= YAML_UINT_MAX. */
uint64_t yaml_uint(struct yaml *y, uint64_t min, uint64_t max);
/* yaml_date - YYYY-MM-DD, a day that exists, from 1970 on. */
void yaml_date(struct yaml *y, char out[11]);
/* yaml_hex - exactly 2 * len lower-case digits. */
void yaml_hex(struct yaml *y, uint8_t *out, size_t len);
/* yaml_word - must be exactly this. */
void yaml_word(struct yaml *y, const char *word);

/* yaml_skip - any node, held to the rules of the format alone. */
void yaml_skip(struct yaml *y);

/* uint_parse - the grammar of yaml_uint(); 0, or -1. */
int uint_parse(const char *s, uint64_t *v);
/* date_exists - whether s is YYYY-MM-DD, a day that exists, from 1970 on. */
bool date_exists(const char *s);

#endif
