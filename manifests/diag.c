/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag - composing error texts, and escaping what came from outside.
 */
#include "manifests/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "manifests/utf8.h"

enum status
diag_set(struct diag *d, enum status st, const char *rule, const char *fmt, ...)
{
	va_list ap;

	if (d == NULL)
		return st;
	va_start(ap, fmt);
	vsnprintf(d->text, sizeof(d->text), fmt, ap);
	va_end(ap);
	d->hint[0] = '\0';
	d->rule = rule;
	return st;
}

enum status
diag_errno(struct diag *d, const char *fmt, ...)
{
	int err = errno;
	va_list ap;
	size_t n;

	if (d == NULL)
		return ST_HOST;
	va_start(ap, fmt);
	vsnprintf(d->text, sizeof(d->text), fmt, ap);
	va_end(ap);
	n = strlen(d->text);
	snprintf(d->text + n, sizeof(d->text) - n, ": %s", strerror(err));
	d->hint[0] = '\0';
	d->rule = "host-io";
	return ST_HOST;
}

enum status
diag_nomem(struct diag *d)
{
	return diag_set(d, ST_HOST, "host-memory", "out of memory");
}

void
diag_hint(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (d == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(d->hint, sizeof(d->hint), fmt, ap);
	va_end(ap);
}

void
diag_within(struct diag *d, const char *fmt, ...)
{
	char old[sizeof(d->text)];
	va_list ap;
	size_t n;

	if (d == NULL)
		return;
	memcpy(old, d->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(d->text, sizeof(d->text), fmt, ap);
	va_end(ap);
	n = strlen(d->text);
	if (n < sizeof(d->text) - 3)
		snprintf(d->text + n, sizeof(d->text) - n, ": %.*s",
		    (int)(sizeof(d->text) - n - 3), old);
}

/* Code points that change how a terminal shows what stands around them. */
static int
is_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp <= 0xA0) || cp == 0xAD ||
	    cp == 0x61C || cp == 0x180E || (cp >= 0x200B && cp <= 0x200F) ||
	    (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) ||
	    cp == 0xFEFF || (cp >= 0xFFF9 && cp <= 0xFFFF) ||
	    (cp >= 0xE000 && cp <= 0xF8FF) || cp >= 0xE0000;
}

/* How one sequence (or one byte that begins none) is shown; returns the bytes taken of s. */
static size_t
escape_one(const unsigned char *s, size_t n, char piece[20], size_t *k)
{
	uint32_t cp = 0;
	size_t len = utf8_decode(s, n, &cp), j;

	*k = 0;
	if (len == 1 && cp == '\\') {
		memcpy(piece, "\\\\", 2);
		*k = 2;
	} else if (len != 0 && !is_unsafe(cp)) {
		memcpy(piece, s, len);
		*k = len;
	} else {
		len = len == 0 ? 1 : len;
		for (j = 0; j < len; j++)
			*k += (size_t)snprintf(piece + *k, 20 - *k, "\\x%02x", s[j]);
	}
	return len;
}

char *
text_escape(char *out, size_t cap, const void *data, size_t n)
{
	const unsigned char *s = data;
	size_t i = 0, o = 0, fits = 0, k;
	char piece[20];

	if (cap == 0)
		return out;
	while (i < n) {
		i += escape_one(s + i, n - i, piece, &k);
		if (o + k + 1 > cap) {
			/* cut where "..." still fits */
			k = cap >= 4 ? 3 : 0;
			memcpy(out + fits, "...", k);
			out[fits + k] = '\0';
			return out;
		}
		memcpy(out + o, piece, k);
		o += k;
		if (o + 4 <= cap)
			fits = o;
	}
	out[o] = '\0';
	return out;
}
