/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_canon - the canonical emitter against libyaml's own, and its comparison
 * of a document with one that is there already.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yaml.h>

#include "manifests/canon.h"

static size_t
utf8_put(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

/* libyaml's emitter, set as the format says. */
static int
emitter_write(void *arg, unsigned char *data, size_t len)
{
	bytes_append(arg, data, len);
	return 1;
}

static void
emit(yaml_emitter_t *e, yaml_event_t *ev)
{
	assert_int_equal(yaml_emitter_emit(e, ev), 1);
}

static void
emitter_begin(yaml_emitter_t *e, struct bytes *out)
{
	yaml_event_t ev;

	assert_int_equal(yaml_emitter_initialize(e), 1);
	yaml_emitter_set_output(e, emitter_write, out);
	yaml_emitter_set_unicode(e, 1);
	yaml_emitter_set_width(e, -1);
	yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING);
	emit(e, &ev);
	yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1);
	emit(e, &ev);
}

static void
emitter_end(yaml_emitter_t *e)
{
	yaml_event_t ev;

	yaml_document_end_event_initialize(&ev, 1);
	emit(e, &ev);
	yaml_stream_end_event_initialize(&ev);
	emit(e, &ev);
	yaml_emitter_delete(e);
}

static void
emit_map(yaml_emitter_t *e)
{
	yaml_event_t ev;

	yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1,
	    YAML_BLOCK_MAPPING_STYLE);
	emit(e, &ev);
}

static void
emit_map_end(yaml_emitter_t *e)
{
	yaml_event_t ev;

	yaml_mapping_end_event_initialize(&ev);
	emit(e, &ev);
}

static void
emit_list(yaml_emitter_t *e)
{
	yaml_event_t ev;

	yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1,
	    YAML_BLOCK_SEQUENCE_STYLE);
	emit(e, &ev);
}

static void
emit_list_end(yaml_emitter_t *e)
{
	yaml_event_t ev;

	yaml_sequence_end_event_initialize(&ev);
	emit(e, &ev);
}

static void
emit_scalar(yaml_emitter_t *e, const char *s, yaml_scalar_style_t style)
{
	yaml_event_t ev;

	yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)s,
	    (int)strlen(s), 1, 1, style);
	emit(e, &ev);
}

static void
emit_pair(yaml_emitter_t *e, const char *key, const char *value)
{
	emit_scalar(e, key, YAML_PLAIN_SCALAR_STYLE);
	emit_scalar(e, value, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void
assert_same(const struct bytes *a, const struct bytes *b, uint32_t cp)
{
	if (a->len != b->len || memcmp(a->data, b->data, a->len) != 0)
		fail_msg("U+%04X: libyaml writes %.*s, we write %.*s", cp,
		    (int)a->len, (const char *)a->data, (int)b->len,
		    (const char *)b->data);
}

/* One document `k: "text"` for each text, so that a difference is found where it is. */
static void
compare_text(const char *text, uint32_t cp)
{
	struct bytes theirs = { 0 }, ours = { 0 };
	yaml_emitter_t e;
	struct canon c;
	size_t line;

	emitter_begin(&e, &theirs);
	emit_map(&e);
	emit_pair(&e, "k", text);
	emit_map_end(&e);
	emitter_end(&e);
	canon_init_append(&c, &ours);
	canon_text(&c, "k", text);
	assert_same(&theirs, &ours, cp);
	canon_init_compare(&c, ours.data, ours.len);
	canon_text(&c, "k", text);
	assert_true(canon_matches(&c, &line));
	bytes_free(&theirs);
	bytes_free(&ours);
}

static void
compare_code_point(uint32_t cp)
{
	char text[16] = "a";
	size_t n;

	n = 1 + utf8_put(text + 1, cp);
	text[n] = 'b';
	text[n + 1] = '\0';
	compare_text(text, cp);
	text[n] = '\0';				/* at the end and, then, at both */
	compare_text(text + 1, cp);
}

static void
escapes_are_those_of_libyaml(void **state)
{
	static const uint32_t some[] = { 0x85, 0xA0, 0xAD, 0xFF, 0x100, 0x7FF,
	    0x800, 0x2027, 0x2028, 0x2029, 0x202A, 0x3000, 0xD7FF, 0xE000, 0xF8FF,
	    0xFEFE, 0xFEFF, 0xFF00, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000,
	    0x1F600, 0x1FFFE, 0xE0001, 0x10FFFD, 0x10FFFF };
	uint32_t cp;
	size_t i;

	(void)state;
	for (cp = 1; cp < 0x300; cp++)
		compare_code_point(cp);
	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		compare_code_point(some[i]);
	for (cp = 0x300; cp < 0x10FFFF; cp += 257) {
		if (cp < 0xD800 || cp > 0xDFFF)
			compare_code_point(cp);
	}
}

static void
texts_are_those_of_libyaml(void **state)
{
	static const char *const texts[] = { "", " ", "  two  blanks  ", "-", "- a",
	    "a: b", "# no comment", "'single'", "\"double\"", "back\\slash", "yes",
	    "1.10", "null", "~", "a\nb", "a\n\n b", "tab\there", "%", "@", "`",
	    "a very long text that goes on and on, with many blanks in it, well "
	    "over the eighty columns at which an emitter would like to fold it, "
	    "and then some more to be on the safe side of every width there is" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		compare_text(texts[i], 0);
}

static void
layout_is_that_of_libyaml(void **state)
{
	struct bytes theirs = { 0 }, ours = { 0 };
	const uint8_t digest[3] = { 0x00, 0xAB, 0xFF };
	yaml_emitter_t e;
	struct canon c;

	(void)state;
	emitter_begin(&e, &theirs);
	emit_map(&e);
	emit_pair(&e, "first", "1");
	emit_scalar(&e, "map", YAML_PLAIN_SCALAR_STYLE);
	emit_map(&e);
	emit_pair(&e, "size", "18446744073709551615");
	emit_pair(&e, "digest", "00abff");
	emit_map_end(&e);
	emit_scalar(&e, "texts", YAML_PLAIN_SCALAR_STYLE);
	emit_list(&e);
	emit_scalar(&e, "a", YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	emit_scalar(&e, "b", YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	emit_list_end(&e);
	emit_scalar(&e, "maps", YAML_PLAIN_SCALAR_STYLE);
	emit_list(&e);
	emit_map(&e);
	emit_pair(&e, "x", "0");
	emit_scalar(&e, "inner", YAML_PLAIN_SCALAR_STYLE);
	emit_list(&e);
	emit_map(&e);
	emit_pair(&e, "y", "");
	emit_pair(&e, "z", "2");
	emit_map_end(&e);
	emit_list_end(&e);
	emit_scalar(&e, "below", YAML_PLAIN_SCALAR_STYLE);
	emit_map(&e);
	emit_pair(&e, "w", "3");
	emit_map_end(&e);
	emit_map_end(&e);
	emit_list_end(&e);
	emit_map_end(&e);
	emitter_end(&e);

	canon_init_append(&c, &ours);
	canon_text(&c, "first", "1");
	canon_map(&c, "map");
	canon_uint(&c, "size", UINT64_MAX);
	canon_hex(&c, "digest", digest, sizeof(digest));
	canon_map_end(&c);
	canon_list(&c, "texts");
	canon_item_text(&c, "a");
	canon_item_text(&c, "b");
	canon_list(&c, "maps");
	canon_item(&c);
	canon_uint(&c, "x", 0);
	canon_list(&c, "inner");
	canon_item(&c);
	canon_text(&c, "y", "");
	canon_text(&c, "z", "2");
	canon_item_end(&c);
	canon_map(&c, "below");
	canon_text(&c, "w", "3");
	canon_map_end(&c);
	canon_item_end(&c);
	assert_same(&theirs, &ours, 0);
	bytes_free(&theirs);
	bytes_free(&ours);
}

/* What the comparing sink says of a document that is not quite the one it gets. */
static void
comparison_finds_the_line(void **state)
{
	static const struct {
		const char *document;
		size_t line;		/* 0: they are the same */
		const char *why;
	} cases[] = {
		{ "a: \"1\"\nb: \"2\"\nl:\n- \"3\"\n", 0, "the same" },
		{ "", 1, "nothing" },
		{ "a", 1, "cut in the first key" },
		{ "b: \"1\"\nb: \"2\"\nl:\n- \"3\"\n", 1, "another key" },
		{ "a: \"1\"\nb: \"3\"\nl:\n- \"3\"\n", 2, "another value" },
		{ "a: \"1\"\nb: \"22\"\nl:\n- \"3\"\n", 2, "a longer value" },
		{ "a: \"1\"\nb: \"2\"\nl:\n  - \"3\"\n", 4, "an indented list" },
		{ "a: \"1\"\nb: \"2\"\nl:\n- \"3\"", 4, "no LF at the end" },
		{ "a: \"1\"\nb: \"2\"\nl:\n- \"3\"\n\n", 5, "an empty line more" },
		{ "a: \"1\"\nb: \"2\"\nl:\n- \"3\"\n- \"4\"\n", 5, "an item more" },
	};
	struct canon c;
	size_t i, line;
	bool same;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		canon_init_compare(&c, (const uint8_t *)cases[i].document,
		    strlen(cases[i].document));
		canon_text(&c, "a", "1");
		canon_text(&c, "b", "2");
		canon_list(&c, "l");
		canon_item_text(&c, "3");
		same = canon_matches(&c, &line);
		if (same != (cases[i].line == 0) || line != cases[i].line)
			fail_msg("%s: line %zu, expected %zu", cases[i].why, line,
			    cases[i].line);
	}
}

static void
invalid_bytes_are_escaped(void **state)
{
	static const char expected[] = "k: \"a\\xFFb\\xC3\"\n";
	struct bytes out = { 0 };
	struct canon c;

	(void)state;
	canon_init_append(&c, &out);
	canon_text(&c, "k", "a\xFF" "b\xC3");
	assert_int_equal(out.len, sizeof(expected) - 1);
	assert_memory_equal(out.data, expected, out.len);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_are_those_of_libyaml),
		cmocka_unit_test(texts_are_those_of_libyaml),
		cmocka_unit_test(layout_is_that_of_libyaml),
		cmocka_unit_test(comparison_finds_the_line),
		cmocka_unit_test(invalid_bytes_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
