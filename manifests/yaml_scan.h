/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yaml_scan - a look at the raw bytes of a YAML document before libyaml sees
 * one of them.  It finds what no document of ours may hold; it parses nothing.
 */
#ifndef SATCHEL_MANIFESTS_YAML_SCAN_H
#define SATCHEL_MANIFESTS_YAML_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first thing that is wrong; the strings are literals, hint may be NULL. */
struct yaml_flaw {
	size_t line;			/* from 1 */
	const char *rule;
	const char *text;
	const char *hint;
};

/*
 * yaml_scan - whether nothing stands in the way of parsing buf.
 *
 * Refused always: invalid UTF-8, a byte order mark, UTF-16, control characters
 * (a tab is one where it indents), CR, NEL, U+2028, U+2029, a line that begins
 * with "%" (libyaml is quadratic in its directives).
 *
 * canonical  refused too: a line that is none of `key:`, `key: "value"`,
 *            `"value"`, with blanks and one "- " in front; one over
 *            CAP_YAML_SCALAR (libyaml would gather a scalar of any length); a
 *            last line without LF.
 */
bool yaml_scan(const uint8_t *buf, size_t len, bool canonical,
    struct yaml_flaw *flaw);

/*
 * yaml_has_control - whether a scalar, its escapes resolved, holds a character
 * that no text may hold: a control character but LF, NEL, U+2028, U+2029,
 * U+FEFF, U+FFFE, U+FFFF.  s is valid UTF-8.
 */
bool yaml_has_control(const uint8_t *s, size_t n);

#endif
