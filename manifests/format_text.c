/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format_text - the kinds of text: JSON and JSON lines by their grammar, code
 * by its first line, the rest by name once the bytes are text at all.
 */
#include "manifests/format_parts.h"

#include <string.h>
#include <strings.h>

#include "manifests/json_pull.h"
#include "manifests/utf8.h"

static const struct {
	const char *end;
	enum file_format format;
} ends[] = {
	{ ".md", FORMAT_MARKDOWN }, { ".markdown", FORMAT_MARKDOWN },
	{ ".mdx", FORMAT_MARKDOWN }, { ".yaml", FORMAT_YAML },
	{ ".yml", FORMAT_YAML }, { ".csv", FORMAT_CSV }, { ".tsv", FORMAT_TSV },
	{ ".html", FORMAT_HTML }, { ".htm", FORMAT_HTML },
	{ ".py", FORMAT_PYTHON }, { ".pyi", FORMAT_PYTHON },
	{ ".sh", FORMAT_SHELL }, { ".bash", FORMAT_SHELL },
	{ ".c", FORMAT_SOURCE }, { ".h", FORMAT_SOURCE }, { ".cc", FORMAT_SOURCE },
	{ ".cpp", FORMAT_SOURCE }, { ".hpp", FORMAT_SOURCE },
	{ ".cu", FORMAT_SOURCE }, { ".cuh", FORMAT_SOURCE },
	{ ".rs", FORMAT_SOURCE }, { ".go", FORMAT_SOURCE },
	{ ".java", FORMAT_SOURCE }, { ".js", FORMAT_SOURCE },
	{ ".mjs", FORMAT_SOURCE }, { ".ts", FORMAT_SOURCE },
	{ ".jl", FORMAT_SOURCE }, { ".lua", FORMAT_SOURCE },
	{ ".pl", FORMAT_SOURCE }, { ".rb", FORMAT_SOURCE },
	{ ".r", FORMAT_SOURCE }, { ".sql", FORMAT_SOURCE },
	{ ".cmake", FORMAT_SOURCE }, { ".toml", FORMAT_TEXT },
};

static const char *const source_names[] = { "Makefile", "Dockerfile",
	"CMakeLists.txt", "GNUmakefile", "meson.build" };

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The byte order mark in front, which some editors write. */
static size_t
mark_len(const struct head *h)
{
	return head_has(h, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
}

/* Whether a byte of ASCII occurs in texts: not the controls but white space and Escape. */
static bool
is_text_byte(uint8_t c)
{
	return (c >= 0x20 && c < 0x7F) || (c >= '\t' && c <= '\r') || c == 27;
}

/* UTF-8 without control characters; a character cut off by the end of the head is none. */
static bool
is_text(const struct head *h)
{
	size_t i, n;
	uint32_t cp;

	for (i = mark_len(h); i < h->len; i += n) {
		n = 1;
		if (is_text_byte(h->data[i]))
			continue;
		if (h->data[i] < 0x80)
			return false;
		n = utf8_decode(h->data + i, h->len - i, &cp);
		if (n == 0)
			return !h->whole && h->len - i < 4;
	}
	return true;
}

enum json_verdict { JSON_IS_NOT, JSON_IS_CUT, JSON_IS_WHOLE };

/* Whether len bytes are one JSON value, or the beginning of one. */
static enum json_verdict
judge_json(const uint8_t *data, size_t len)
{
	struct window_memory m = { data, len };
	enum json_event e;
	struct diag why = DIAG_INIT;
	struct window w;
	struct json j;

	window_open_memory(&w, &m);
	json_open(&j, &w, len, JSON_MAX_DEPTH, &why);
	do {
		e = json_next(&j);
	} while (e != JSON_FAILED && e != JSON_END);
	if (e == JSON_END)
		return JSON_IS_WHOLE;
	/* Deeper than the reader goes is JSON all the same. */
	return json_offset(&j) == len || strcmp(why.rule, "json-depth") == 0 ?
	    JSON_IS_CUT : JSON_IS_NOT;
}

/* The next line that is not blank, from *at; false where there is none. */
static bool
next_line(const struct head *h, size_t *at, const uint8_t **line, size_t *len,
    bool *ended)
{
	const uint8_t *end;

	while (*at < h->len && strchr(" \t\r\n", h->data[*at]) != NULL &&
	    h->data[*at] != '\0')
		(*at)++;
	if (*at == h->len)
		return false;
	*line = h->data + *at;
	end = memchr(*line, '\n', h->len - *at);
	*ended = end != NULL;
	*len = end == NULL ? h->len - *at : (size_t)(end - *line);
	*at += *len;
	return true;
}

/*
 * JSON lines: the first line is a whole value, and the second one, if any, is
 * one or begins like one.  A single line is that by its name alone.
 */
static bool
is_json_lines(const struct head *h)
{
	bool named = name_ends_with(h->name, ".jsonl") ||
	    name_ends_with(h->name, ".ndjson");
	size_t at = mark_len(h), len;
	enum json_verdict v;
	const uint8_t *line;
	bool ended, container;

	if (!next_line(h, &at, &line, &len, &ended))
		return false;
	container = *line == '{' || *line == '[';
	if (!container && !named)
		return false;
	v = judge_json(line, len);
	if (v == JSON_IS_NOT || (v == JSON_IS_CUT && (ended || h->whole || !named)))
		return false;
	if (!next_line(h, &at, &line, &len, &ended))
		return named;
	v = judge_json(line, len);
	if (v == JSON_IS_CUT)
		return !ended && !h->whole && (named || *line == '{' || *line == '[');
	return v == JSON_IS_WHOLE;
}

static bool
is_json(const struct head *h)
{
	size_t at = mark_len(h), len;
	enum json_verdict v;
	const uint8_t *line;
	bool ended;

	if (!next_line(h, &at, &line, &len, &ended) || (*line != '{' && *line != '['))
		return false;
	v = judge_json(line, h->len - (size_t)(line - h->data));
	return v == JSON_IS_WHOLE || (v == JSON_IS_CUT && !h->whole);
}

/* A script's first line names what runs it. */
static enum file_format
by_interpreter(const struct head *h)
{
	const uint8_t *end;
	size_t len;

	if (!head_has(h, 0, "#!", 2))
		return FORMAT_UNKNOWN;
	end = memchr(h->data, '\n', h->len);
	len = end == NULL ? h->len : (size_t)(end - h->data);
	if (memmem(h->data, len, "python", 6) != NULL)
		return FORMAT_PYTHON;
	return memmem(h->data, len, "sh", 2) != NULL ? FORMAT_SHELL : FORMAT_SOURCE;
}

static enum file_format
by_name(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(source_names); i++)
		if (strcmp(name, source_names[i]) == 0)
			return FORMAT_SOURCE;
	for (i = 0; i < LEN(ends); i++)
		if (name_ends_with(name, ends[i].end))
			return ends[i].format;
	return FORMAT_TEXT;
}

static bool
is_html(const struct head *h)
{
	static const char doctype[] = "<!doctype html", tag[] = "<html";
	const char *s = (const char *)h->data;

	return (h->len >= sizeof(doctype) - 1 &&
	    strncasecmp(s, doctype, sizeof(doctype) - 1) == 0) ||
	    (h->len >= sizeof(tag) - 1 && strncasecmp(s, tag, sizeof(tag) - 1) == 0);
}

enum file_format
text_recognise(const struct head *h)
{
	enum file_format f;

	if (!is_text(h))
		return FORMAT_UNKNOWN;
	if (is_json_lines(h))
		return FORMAT_JSONL;
	if (is_json(h))
		return name_ends_with(h->name, ".ipynb") ? FORMAT_NOTEBOOK : FORMAT_JSON;
	if ((f = by_interpreter(h)) != FORMAT_UNKNOWN)
		return f;
	return is_html(h) ? FORMAT_HTML : by_name(h->name);
}
