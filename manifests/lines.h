/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines - a glance at other people's YAML, line by line: which keys stand where.
 * It is no parser; what has to hold is read by yaml.h.
 */
#ifndef SATCHEL_MANIFESTS_LINES_H
#define SATCHEL_MANIFESTS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines {
	const char *next;
	size_t left;
};

/* A line: "  key: value" or "- value"; texts are not terminated. */
struct line {
	const char *text;		/* all of it, without its end */
	size_t len;
	size_t indent;			/* blanks in front, those around "- " too */
	bool item;			/* begins with "- " */
	const char *key;		/* without quotes; key_len is 0 where there is none */
	size_t key_len;
	const char *value;		/* without quotes, comment and blanks at its ends */
	size_t value_len;
};

void lines_open(struct lines *t, const uint8_t *data, size_t len);
/* lines_next - the next line that is neither blank nor a comment; false at the end. */
bool lines_next(struct lines *t, struct line *l);

/* line_is - whether the line is exactly s but for blanks behind it. */
bool line_is(const struct line *l, const char *s);
bool line_key_is(const struct line *l, const char *key);
/* line_value - a copy of the value if it is printable ASCII and fits; else "". */
void line_value(const struct line *l, char *out, size_t cap);

#endif
