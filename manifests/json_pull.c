/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_pull - the states of the reader, and the grammar of strings and numbers.
 * What a document means is its caller's business.
 */
#include "manifests/json_pull.h"

#include <string.h>

#include "manifests/namehash.h"
#include "manifests/unicode9.h"
#include "manifests/utf8.h"

#define NO_BYTE (-1)

void
json_open(struct json *j, struct window *w, uint64_t len, unsigned max_depth,
    struct diag *d)
{
	j->text[0] = '\0';
	j->len = 0;
	j->hash = NAMEHASH_INIT;
	j->printable = true;
	j->window = w;
	j->next = j->stop = w->buf;
	j->left = len;
	j->state = JSON_AT_VALUE;
	j->objects = 0;
	j->depth = 0;
	j->max_depth = max_depth < JSON_MAX_DEPTH ? max_depth : JSON_MAX_DEPTH;
	j->status = ST_OK;
	j->d = d;
}

enum status
json_status(const struct json *j)
{
	return j->status;
}

uint64_t
json_offset(const struct json *j)
{
	return j->window->at - (uint64_t)(j->stop - j->next);
}

enum json_event
json_fail(struct json *j, const char *rule, const char *what)
{
	if (j->status == ST_OK)
		j->status = diag_set(j->d, ST_MALFORMED, rule, "byte %llu: %s",
		    (unsigned long long)json_offset(j), what);
	j->state = JSON_BROKEN;
	return JSON_FAILED;
}

/* More bytes at hand; false at the end of the document, and after a failure. */
static bool
refill(struct json *j)
{
	const uint8_t *data;
	size_t n;

	if (j->left == 0 || j->status != ST_OK)
		return false;
	j->status = window_span(j->window, j->left, &data, &n, j->d);
	if (j->status == ST_OK && n == 0)
		j->status = window_short(j->d);
	if (j->status != ST_OK)
		return false;
	j->next = data;
	j->stop = data + n;
	j->left -= n;
	return true;
}

/* The byte that comes, which is not taken. */
static int
peek(struct json *j)
{
	if (j->next == j->stop && !refill(j))
		return NO_BYTE;
	return *j->next;
}

static int
take(struct json *j)
{
	int c = peek(j);

	if (c != NO_BYTE)
		j->next++;
	return c;
}

/* The byte behind white space. */
static int
skip_space(struct json *j)
{
	int c;

	while ((c = peek(j)) == ' ' || c == '\n' || c == '\r' || c == '\t')
		j->next++;
	return c;
}

static void
begin_text(struct json *j)
{
	j->len = 0;
	j->hash = NAMEHASH_INIT;
	j->printable = true;
}

static void
put_byte(struct json *j, uint8_t byte)
{
	if (j->len < JSON_KEPT)
		j->text[j->len] = (char)byte;
	j->len++;
	j->hash = namehash_byte(j->hash, byte);
}

static void
end_text(struct json *j)
{
	j->text[j->len < JSON_KEPT ? j->len : JSON_KEPT] = '\0';
}

/* A character of a string, as UTF-8. */
static void
put_character(struct json *j, uint32_t cp)
{
	switch (unicode9_class(cp)) {
	case UNICODE9_CONTROL:
	case UNICODE9_FORMAT:
	case UNICODE9_SEPARATOR:
		j->printable = false;
		break;
	case UNICODE9_UNASSIGNED:
	case UNICODE9_CHARACTER:
	case UNICODE9_SPACE:
	case UNICODE9_SURROGATE:
	case UNICODE9_PRIVATE:
		break;
	}
	if (cp < 0x80) {
		put_byte(j, (uint8_t)cp);
		return;
	}
	if (cp < 0x800) {
		put_byte(j, (uint8_t)(0xC0 | cp >> 6));
	} else {
		if (cp < 0x10000) {
			put_byte(j, (uint8_t)(0xE0 | cp >> 12));
		} else {
			put_byte(j, (uint8_t)(0xF0 | cp >> 18));
			put_byte(j, (uint8_t)(0x80 | (cp >> 12 & 0x3F)));
		}
		put_byte(j, (uint8_t)(0x80 | (cp >> 6 & 0x3F)));
	}
	put_byte(j, (uint8_t)(0x80 | (cp & 0x3F)));
}

/* Four hexadecimal digits behind \u. */
static bool
take_hex(struct json *j, uint32_t *v)
{
	unsigned i;
	int c;

	*v = 0;
	for (i = 0; i < 4; i++) {
		c = take(j);
		if (c >= '0' && c <= '9')
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else if (c >= 'A' && c <= 'F')
			c -= 'A' - 10;
		else
			return false;
		*v = *v << 4 | (uint32_t)c;
	}
	return true;
}

static bool
take_unicode(struct json *j)
{
	uint32_t cp, low;

	if (!take_hex(j, &cp))
		return false;
	if (cp >= 0xDC00 && cp <= 0xDFFF)
		return false;
	if (cp >= 0xD800 && cp <= 0xDBFF) {
		if (take(j) != '\\' || take(j) != 'u' || !take_hex(j, &low) ||
		    low < 0xDC00 || low > 0xDFFF)
			return false;
		cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
	}
	put_character(j, cp);
	return true;
}

/* What stands behind a backslash. */
static bool
take_escape(struct json *j)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *found;
	int c = take(j);

	if (c == 'u')
		return take_unicode(j);
	if (c <= 0 || (found = strchr(letters, c)) == NULL)
		return false;
	put_character(j, (uint8_t)meant[found - letters]);
	return true;
}

/* A character of two bytes and more; its first was taken. */
static bool
take_sequence(struct json *j, int first)
{
	size_t n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2, i;
	uint8_t s[4] = { (uint8_t)first };
	uint32_t cp;
	int c;

	for (i = 1; i < n; i++) {
		if ((c = take(j)) == NO_BYTE)
			return false;
		s[i] = (uint8_t)c;
	}
	if (utf8_decode(s, n, &cp) != n)
		return false;
	put_character(j, cp);
	return true;
}

/* A string, whose first quote was taken. */
static bool
take_string(struct json *j)
{
	int c;

	begin_text(j);
	while ((c = take(j)) != '"') {
		if (c == NO_BYTE || c < 0x20) {
			(void)json_fail(j, "json-string", c == NO_BYTE ?
			    "a string that does not end" :
			    "a control character in a string");
			return false;
		}
		if (c == '\\') {
			if (!take_escape(j)) {
				(void)json_fail(j, "json-escape", "a wrong escape");
				return false;
			}
		} else if (c >= 0x7F) {
			if (c == 0x7F) {
				put_character(j, 0x7F);
			} else if (!take_sequence(j, c)) {
				(void)json_fail(j, "json-utf8", "not UTF-8");
				return false;
			}
		} else {
			put_byte(j, (uint8_t)c);
		}
	}
	end_text(j);
	return true;
}

/* At least one digit. */
static bool
take_digits(struct json *j)
{
	bool any = false;
	int c;

	while ((c = peek(j)) >= '0' && c <= '9') {
		put_byte(j, (uint8_t)c);
		j->next++;
		any = true;
	}
	return any;
}

/* The byte, if it comes. */
static bool
take_if(struct json *j, int c)
{
	if (peek(j) != c)
		return false;
	put_byte(j, (uint8_t)c);
	j->next++;
	return true;
}

static bool
take_number(struct json *j)
{
	begin_text(j);
	(void)take_if(j, '-');
	if (!take_if(j, '0') && !take_digits(j))
		return false;
	if (take_if(j, '.') && !take_digits(j))
		return false;
	if (take_if(j, 'e') || take_if(j, 'E')) {
		if (!take_if(j, '+'))
			(void)take_if(j, '-');
		if (!take_digits(j))
			return false;
	}
	end_text(j);
	return true;
}

static enum json_event
take_word(struct json *j, const char *word, enum json_event e)
{
	for (; *word != '\0'; word++)
		if (take(j) != *word)
			return json_fail(j, "json-value", "no JSON value");
	return e;
}

static enum json_event
enter(struct json *j, bool object)
{
	if (j->depth == j->max_depth)
		return json_fail(j, "json-depth", "nested too deep");
	j->objects &= ~((uint64_t)1 << j->depth);
	j->objects |= (uint64_t)object << j->depth;
	j->depth++;
	j->next++;
	j->state = object ? JSON_AT_MEMBER : JSON_AT_ITEM;
	return object ? JSON_OBJECT : JSON_ARRAY;
}

static bool
in_object(const struct json *j)
{
	return j->depth > 0 && (j->objects >> (j->depth - 1) & 1) != 0;
}

static enum json_event
leave(struct json *j)
{
	bool object = in_object(j);

	j->next++;
	j->depth--;
	j->state = JSON_BEHIND_VALUE;
	return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

/* The value whose first byte is c. */
static enum json_event
read_value(struct json *j, int c)
{
	if (c == '{' || c == '[')
		return enter(j, c == '{');
	j->state = JSON_BEHIND_VALUE;
	if (c == '"') {
		j->next++;
		return take_string(j) ? JSON_STRING : JSON_FAILED;
	}
	if (c == 't')
		return take_word(j, "true", JSON_TRUE);
	if (c == 'f')
		return take_word(j, "false", JSON_FALSE);
	if (c == 'n')
		return take_word(j, "null", JSON_NULL);
	if (c == '-' || (c >= '0' && c <= '9'))
		return take_number(j) ? JSON_NUMBER :
		    json_fail(j, "json-number", "a wrong number");
	return json_fail(j, "json-value", c == NO_BYTE ?
	    "ends where a value must stand" : "no JSON value");
}

static enum json_event
read_key(struct json *j, int c)
{
	if (c != '"')
		return json_fail(j, "json-key", "a key in quotes must stand here");
	j->next++;
	if (!take_string(j))
		return JSON_FAILED;
	if (skip_space(j) != ':')
		return json_fail(j, "json-colon", "a colon must stand here");
	j->next++;
	j->state = JSON_AT_VALUE;
	return JSON_KEY;
}

/* The end of a container, or of the document. */
static enum json_event
read_behind(struct json *j, int c)
{
	if (j->depth == 0) {
		if (c != NO_BYTE)
			return json_fail(j, "json-trailing",
			    "something stands behind the value");
		j->state = JSON_OVER;
		return JSON_END;
	}
	if (c == (in_object(j) ? '}' : ']'))
		return leave(j);
	return json_fail(j, "json-comma", "a comma or the end must stand here");
}

static enum json_event
step(struct json *j, int c)
{
	switch (j->state) {
	case JSON_AT_ITEM:
		return c == ']' ? leave(j) : read_value(j, c);
	case JSON_AT_VALUE:
		return read_value(j, c);
	case JSON_AT_MEMBER:
		return c == '}' ? leave(j) : read_key(j, c);
	case JSON_AT_KEY:
		return read_key(j, c);
	case JSON_BEHIND_VALUE:
		return read_behind(j, c);
	case JSON_OVER:
		return JSON_END;
	case JSON_BROKEN:
		break;
	}
	return JSON_FAILED;
}

enum json_event
json_next(struct json *j)
{
	enum json_event e;
	int c;

	if (j->state == JSON_BROKEN || j->status != ST_OK)
		return JSON_FAILED;
	c = skip_space(j);
	if (c == ',' && j->state == JSON_BEHIND_VALUE && j->depth > 0) {
		j->next++;
		j->state = in_object(j) ? JSON_AT_KEY : JSON_AT_VALUE;
		c = skip_space(j);
	}
	e = step(j, c);
	/* The medium failed: that, and not what its silence looked like. */
	if (j->status != ST_OK) {
		j->state = JSON_BROKEN;
		return JSON_FAILED;
	}
	return e;
}

bool
json_skip(struct json *j, enum json_event e)
{
	unsigned depth;

	if (e == JSON_FAILED)
		return false;
	if (e != JSON_OBJECT && e != JSON_ARRAY)
		return true;
	for (depth = j->depth; j->depth >= depth; )
		if (json_next(j) == JSON_FAILED)
			return false;
	return true;
}

bool
json_uint(const struct json *j, uint64_t *v)
{
	const char *s = j->text;

	*v = 0;
	if (j->len == 0 || j->len > 20 || (s[0] == '0' && j->len > 1))
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, (uint64_t)(*s - '0'), v))
			return false;
	}
	return true;
}

bool
json_is(const struct json *j, const char *s)
{
	size_t n = strlen(s);

	return j->len == n && memcmp(j->text, s, n) == 0;
}
