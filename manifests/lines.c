/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines - cutting lines into indentation, key and value.  Block scalars, flow
 * collections and all else are lines like others.
 */
#include "manifests/lines.h"

#include <string.h>

void
lines_open(struct lines *t, const uint8_t *data, size_t len)
{
	t->next = (const char *)data;
	t->left = len;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without blanks and one pair of quotes around. */
static void
strip(const char **s, size_t *len)
{
	while (*len > 0 && is_blank((*s)[*len - 1]))
		(*len)--;
	while (*len > 0 && is_blank(**s)) {
		(*s)++;
		(*len)--;
	}
	if (*len >= 2 && (**s == '"' || **s == '\'') && (*s)[*len - 1] == **s) {
		(*s)++;
		*len -= 2;
	}
}

/* Where the key ends: at a colon before a blank or the end of the line, or len. */
static size_t
find_colon(const char *s, size_t len)
{
	char quote = len > 0 && (s[0] == '"' || s[0] == '\'') ? s[0] : '\0';
	size_t i;

	for (i = quote != '\0'; i < len; i++) {
		if (quote != '\0') {
			if (s[i] == quote)
				quote = '\0';
		} else if (s[i] == ':' && (i + 1 == len || is_blank(s[i + 1]))) {
			return i;
		}
	}
	return len;
}

/* A comment begins with a blank before its "#"; one inside of quotes is none. */
static size_t
without_comment(const char *s, size_t len)
{
	char quote = '\0';
	size_t i;

	for (i = 0; i < len; i++) {
		if (quote != '\0' ? s[i] == quote :
		    (s[i] == '"' || s[i] == '\'') && (i == 0 || is_blank(s[i - 1])))
			quote = quote != '\0' ? '\0' : s[i];
		else if (quote == '\0' && s[i] == '#' && i > 0 && is_blank(s[i - 1]))
			return i;
	}
	return len;
}

static void
cut(struct line *l)
{
	const char *s = l->text;
	size_t len = l->len, colon;

	l->indent = 0;
	l->item = false;
	while (len > 0 && *s == ' ') {
		s++;
		len--;
	}
	if (len > 0 && *s == '-' && (len == 1 || s[1] == ' ')) {
		l->item = true;
		s++;
		len--;
		while (len > 0 && *s == ' ') {
			s++;
			len--;
		}
	}
	l->indent = (size_t)(s - l->text);
	colon = find_colon(s, len);
	l->key = s;
	l->key_len = colon < len ? colon : 0;
	if (colon < len) {
		s += colon + 1;
		len -= colon + 1;
	}
	strip(&l->key, &l->key_len);
	l->value = s;
	l->value_len = without_comment(s, len);
	strip(&l->value, &l->value_len);
}

bool
lines_next(struct lines *t, struct line *l)
{
	const char *end;
	size_t i;

	while (t->left > 0) {
		l->text = t->next;
		end = memchr(t->next, '\n', t->left);
		l->len = end == NULL ? t->left : (size_t)(end - t->next);
		t->next += l->len + (end != NULL);
		t->left -= l->len + (end != NULL);
		for (i = 0; i < l->len && is_blank(l->text[i]); i++)
			continue;
		if (i < l->len && l->text[i] != '#') {
			cut(l);
			return true;
		}
	}
	return false;
}

bool
line_is(const struct line *l, const char *s)
{
	size_t n = l->len;

	while (n > 0 && is_blank(l->text[n - 1]))
		n--;
	return n == strlen(s) && memcmp(l->text, s, n) == 0;
}

bool
line_key_is(const struct line *l, const char *key)
{
	return l->key_len == strlen(key) && memcmp(l->key, key, l->key_len) == 0;
}

void
line_value(const struct line *l, char *out, size_t cap)
{
	size_t i;

	out[0] = '\0';
	if (l->value_len == 0 || l->value_len >= cap)
		return;
	for (i = 0; i < l->value_len; i++)
		if (l->value[i] < ' ' || l->value[i] > '~')
			return;
	memcpy(out, l->value, l->value_len);
	out[l->value_len] = '\0';
}
