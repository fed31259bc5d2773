/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag - one error as it travels up: what, where, what to do.
 * It holds text; it never prints.
 */
#ifndef SATCHEL_MANIFESTS_DIAG_H
#define SATCHEL_MANIFESTS_DIAG_H

#include <stddef.h>
#include <stdint.h>

#include "manifests/status.h"

/*
 * text   lower case, no final full stop, at most one line; bytes that came
 *        from a bundle, from gpg or from a file's name are escaped already
 * hint   what the user can do, or empty
 * rule   the short stable name of the rule that was broken ("yaml-alias"),
 *        a string literal; "" where there is none
 */
struct diag {
	char text[2048];
	char hint[512];
	const char *rule;
};

/* An empty diag. */
#define DIAG_INIT { "", "", "" }

/*
 * diag_set - replace what d says; the hint is cleared.  Returns st, so that
 * a function can say `return diag_set(d, ST_MALFORMED, "rule", "...")`.
 * Text that does not fit is cut.  d may be NULL in all of these.
 */
enum status diag_set(struct diag *d, enum status st, const char *rule,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* diag_errno - like diag_set(ST_HOST, "host-io"), ": strerror(errno)" added. */
enum status diag_errno(struct diag *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* diag_nomem - out of memory: ST_HOST. */
enum status diag_nomem(struct diag *d);

/* diag_hint - set the line that says what to do. */
void diag_hint(struct diag *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* diag_within - put context that the caller alone knows in front: "ctx: text". */
void diag_within(struct diag *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * text_escape - copy n bytes of s to out (cap bytes, always terminated) with
 * everything that is not printable UTF-8 as \xNN and a backslash as \\; also
 * escaped: bidirectional controls, line and paragraph separators, and all
 * other format characters of the C1 and General Punctuation blocks.  Cut with
 * "..." where it does not fit (without, where cap is under 4).  Returns out.
 */
char *text_escape(char *out, size_t cap, const void *s, size_t n);

/* ESC - text_escape() of a string into a buffer of this block, for one printf argument. */
#define ESC(s) text_escape((char[1100]){ 0 }, 1100, (s), strlen(s))

#endif
