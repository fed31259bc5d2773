/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_pull - a strict reader of JSON (RFC 8259) that gives one event after the
 * other.  It builds nothing, does not recurse, and keeps only what was read
 * last; whether a key stands in a map twice is the caller's to find (hash).
 *
 * Refused: what is not UTF-8, a byte order mark, control characters in a string,
 * a lone surrogate, numbers and words that JSON does not have, comments,
 * trailing commas, a second value, nesting over the given depth.
 */
#ifndef SATCHEL_MANIFESTS_JSON_PULL_H
#define SATCHEL_MANIFESTS_JSON_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"
#include "manifests/window.h"

enum json_event {
	JSON_OBJECT, JSON_OBJECT_END, JSON_ARRAY, JSON_ARRAY_END,
	JSON_KEY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL,
	JSON_END,			/* the document is over, and was right */
	JSON_FAILED,			/* json_status() says why; it stays so */
};

/* Bytes of a string or number that are kept; of longer ones the beginning. */
#define JSON_KEPT 1024
#define JSON_MAX_DEPTH 64

enum json_state {
	JSON_AT_VALUE, JSON_AT_ITEM,	/* a value; a value or ] */
	JSON_AT_KEY, JSON_AT_MEMBER,	/* a key; a key or } */
	JSON_BEHIND_VALUE, JSON_OVER, JSON_BROKEN
};

struct json {
	/* of a key, a string, a number: */
	char text[JSON_KEPT + 1];	/* without escapes; NUL behind what is kept */
	uint64_t len;			/* bytes of all of it */
	uint64_t hash;			/* of all of it, see namehash.h */
	bool printable;			/* no control, format or separator characters */
	/* the reader's own: */
	struct window *window;
	const uint8_t *next, *stop;	/* bytes at hand */
	uint64_t left;			/* of the document, behind those */
	enum json_state state;
	uint64_t objects;		/* bit n: the container at depth n is an object */
	unsigned depth, max_depth;
	enum status status;
	struct diag *d;
};

/*
 * json_open - a document of len bytes where the window stands.
 * max_depth  of nested containers, at most JSON_MAX_DEPTH
 * d          gets the error, whenever it happens; may be NULL
 */
void json_open(struct json *j, struct window *w, uint64_t len,
    unsigned max_depth, struct diag *d);

/* json_next - the next event. */
enum json_event json_next(struct json *j);

/*
 * json_skip - behind the value that e, the last event, began: to the end of a
 * container, nowhere for the rest.  False where the document fails.
 */
bool json_skip(struct json *j, enum json_event e);

/* json_fail - refuse here, with a rule that is a literal; returns JSON_FAILED. */
enum json_event json_fail(struct json *j, const char *rule, const char *what);

/* json_status - ST_OK, ST_MALFORMED, or what the window's callback said. */
enum status json_status(const struct json *j);

/* json_offset - of the byte that comes next, in the file. */
uint64_t json_offset(const struct json *j);

/* json_uint - the number just read is 0 to 2^64-1, as an integer without sign. */
bool json_uint(const struct json *j, uint64_t *v);

/* json_is - whether the key or string just read is s. */
bool json_is(const struct json *j, const char *s);

#endif
