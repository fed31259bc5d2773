/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canon - the emitter of canonical YAML, to a buffer or against one.
 * It uses no libyaml: the spelling must not change when that does.
 */
#include "manifests/canon.h"

#include <stdio.h>
#include <string.h>

#include "manifests/utf8.h"

void
canon_init_append(struct canon *c, struct bytes *out)
{
	memset(c, 0, sizeof(*c));
	c->out = out;
}

void
canon_init_compare(struct canon *c, const uint8_t *expected, size_t len)
{
	memset(c, 0, sizeof(*c));
	c->expected = expected;
	c->expected_len = len;
}

bool
canon_matches(const struct canon *c, size_t *line)
{
	size_t i;

	*line = 0;
	if (!c->differs && c->at == c->expected_len)
		return true;
	*line = 1;
	for (i = 0; i < c->at; i++)
		*line += c->expected[i] == '\n';
	return false;
}

static void
put(struct canon *c, const void *data, size_t len)
{
	const uint8_t *s = data;

	if (c->out != NULL) {
		bytes_append(c->out, data, len);
		return;
	}
	if (c->differs)
		return;
	if (len <= c->expected_len - c->at &&
	    memcmp(c->expected + c->at, s, len) == 0) {
		c->at += len;
		return;
	}
	c->differs = true;
	while (c->at < c->expected_len && *s == c->expected[c->at]) {
		c->at++;
		s++;
	}
}

/* What is not written as it is, as yaml_emitter_write_double_quoted() has it. */
static bool
is_plain(uint32_t cp)
{
	if (cp < 0x20 || cp == '"' || cp == '\\')
		return false;
	if (cp < 0x7F)
		return true;
	return cp >= 0xA0 && cp < 0xFFFE && cp != 0xFEFF && cp != 0x2028 &&
	    cp != 0x2029;
}

static char
short_escape(uint32_t cp)
{
	switch (cp) {
	case 0x00:
		return '0';
	case 0x07:
		return 'a';
	case 0x08:
		return 'b';
	case 0x09:
		return 't';
	case 0x0A:
		return 'n';
	case 0x0B:
		return 'v';
	case 0x0C:
		return 'f';
	case 0x0D:
		return 'r';
	case 0x1B:
		return 'e';
	case '"':
		return '"';
	case '\\':
		return '\\';
	case 0x85:
		return 'N';
	case 0x2028:
		return 'L';
	case 0x2029:
		return 'P';
	default:
		return '\0';
	}
}

static void
put_escape(struct canon *c, uint32_t cp)
{
	char text[12];
	int n;

	if (short_escape(cp) != '\0')
		n = snprintf(text, sizeof(text), "\\%c", short_escape(cp));
	else if (cp <= 0xFF)
		n = snprintf(text, sizeof(text), "\\x%02X", cp);
	else if (cp <= 0xFFFF)
		n = snprintf(text, sizeof(text), "\\u%04X", cp);
	else
		n = snprintf(text, sizeof(text), "\\U%08X", cp);
	put(c, text, (size_t)n);
}

static void
put_quoted(struct canon *c, const char *value)
{
	const uint8_t *s = (const uint8_t *)value;
	size_t n = strlen(value), i = 0, run = 0, len;
	uint32_t cp;

	put(c, "\"", 1);
	while (i < n) {
		if (s[i] >= 0x20 && s[i] < 0x7F && s[i] != '"' && s[i] != '\\') {
			i++;
			continue;
		}
		len = utf8_decode(s + i, n - i, &cp);
		if (len == 0)
			cp = s[i];
		if (len != 0 && is_plain(cp)) {
			i += len;
			continue;
		}
		put(c, s + run, i - run);
		put_escape(c, cp);
		i += len == 0 ? 1 : len;
		run = i;
	}
	put(c, s + run, i - run);
	put(c, "\"\n", 2);
}

/* The blanks of a line, or the dash where it begins an item. */
static void
put_indent(struct canon *c)
{
	static const char blanks[] = "                        ";
	size_t n = c->indent;

	if (c->dash)
		n -= 2;
	if (n >= sizeof(blanks))
		n = sizeof(blanks) - 1;		/* no document of ours is that deep */
	put(c, blanks, n);
	if (c->dash)
		put(c, "- ", 2);
	c->dash = false;
}

static void
put_key(struct canon *c, const char *key)
{
	put_indent(c);
	put(c, key, strlen(key));
}

void
canon_text(struct canon *c, const char *key, const char *value)
{
	put_key(c, key);
	put(c, ": ", 2);
	put_quoted(c, value);
}

void
canon_uint(struct canon *c, const char *key, uint64_t value)
{
	char text[24];
	size_t i = sizeof(text);

	text[--i] = '\n';
	text[--i] = '"';
	do {
		text[--i] = (char)('0' + value % 10);
	} while ((value /= 10) != 0);
	put_key(c, key);
	put(c, ": \"", 3);
	put(c, text + i, sizeof(text) - i);
}

void
canon_hex(struct canon *c, const char *key, const uint8_t *data, size_t len)
{
	char text[2 * 64 + 1];
	size_t n;

	put_key(c, key);
	put(c, ": \"", 3);
	for (; len > 0; len -= n, data += n) {
		n = len < 64 ? len : 64;
		hex_encode(text, data, n);
		put(c, text, 2 * n);
	}
	put(c, "\"\n", 2);
}

void
canon_map(struct canon *c, const char *key)
{
	put_key(c, key);
	put(c, ":\n", 2);
	c->indent += 2;
}

void
canon_map_end(struct canon *c)
{
	c->indent -= 2;
}

void
canon_list(struct canon *c, const char *key)
{
	put_key(c, key);
	put(c, ":\n", 2);
}

void
canon_item(struct canon *c)
{
	c->indent += 2;
	c->dash = true;
}

void
canon_item_end(struct canon *c)
{
	c->indent -= 2;
}

void
canon_item_text(struct canon *c, const char *value)
{
	canon_item(c);
	put_indent(c);
	put_quoted(c, value);
	canon_item_end(c);
}
