/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_json_pull - what is JSON and what is not, the events, and documents that
 * are longer than the window.  Many rows are JSONTestSuite's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/json_pull.h"
#include "manifests/namehash.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define ROW(s) (s), sizeof(s) - 1

struct row {
	const char *text;
	size_t len;
	const char *rule;		/* NULL: JSON */
	const char *why;
};

static const struct row rows[] = {
	{ ROW("{}"), NULL, "empty map" },
	{ ROW("[]"), NULL, "empty list" },
	{ ROW(" \t\r\n[ 1 , 2 ] \n"), NULL, "white space" },
	{ ROW("null"), NULL, "a word alone" },
	{ ROW("\"x\""), NULL, "a string alone" },
	{ ROW("-0"), NULL, "minus zero" },
	{ ROW("[-1.5e+10,0.0E-2,20]"), NULL, "numbers" },
	{ ROW("[123456789012345678901234567890]"), NULL, "a long number" },
	{ ROW("{\"a\":{\"b\":[{\"c\":[]}]},\"d\":true}"), NULL, "nested" },
	{ ROW("[\"\\u0041\\uD834\\uDD1E\\n\\/\\\"\"]"), NULL, "escapes" },
	{ ROW("[\"\\u0000\"]"), NULL, "an escaped NUL" },
	{ ROW("[\"\xE2\x82\xAC \xF0\x9D\x84\x9E \x7F\"]"), NULL, "UTF-8" },
	{ ROW("{\"\":0}"), NULL, "an empty key" },
	{ ROW("[{},[1,2],{},[3]]"), NULL, "a list where a map was" },
	{ ROW("{\"a\":1,\"a\":2}"), NULL, "a key twice: the caller's business" },
	{ ROW(""), "json-value", "nothing" },
	{ ROW(" "), "json-value", "blank" },
	{ ROW("[1,]"), "json-value", "n_array_extra_comma" },
	{ ROW("[,1]"), "json-value", "n_array_comma_and_number" },
	{ ROW("[1,,2]"), "json-value", "n_array_double_comma" },
	{ ROW("[1 2]"), "json-comma", "n_array_missing_comma" },
	{ ROW("[1"), "json-comma", "n_array_unclosed" },
	{ ROW("["), "json-value", "n_structure_open_array" },
	{ ROW("[1}"), "json-comma", "n_array with the wrong end" },
	{ ROW("{\"a\":1]"), "json-comma", "n_object with the wrong end" },
	{ ROW("]"), "json-value", "n_structure_end_array" },
	{ ROW("[]]"), "json-trailing", "n_structure_array_with_extra" },
	{ ROW("{}{}"), "json-trailing", "two values" },
	{ ROW("1 2"), "json-trailing", "two numbers" },
	{ ROW("{}#"), "json-trailing", "n_object_trailing_comment_slash_open" },
	{ ROW("{/*x*/}"), "json-key", "n_object comment" },
	{ ROW("{\"a\":1,}"), "json-key", "n_object_trailing_comma" },
	{ ROW("{a:1}"), "json-key", "n_object_unquoted_key" },
	{ ROW("{1:1}"), "json-key", "n_object_non_string_key" },
	{ ROW("{'a':1}"), "json-key", "n_object_single_quote" },
	{ ROW("{\"a\" 1}"), "json-colon", "n_object_missing_colon" },
	{ ROW("{\"a\"}"), "json-colon", "n_object_missing_value" },
	{ ROW("{\"a\":}"), "json-value", "n_object_missing_value" },
	{ ROW("{\"a\""), "json-colon", "n_object_unterminated" },
	{ ROW("{"), "json-key", "n_structure_open_object" },
	{ ROW("[01]"), "json-comma", "n_number_leading_zero" },
	{ ROW("[-01]"), "json-comma", "n_number_neg_int_starting_with_zero" },
	{ ROW("[+1]"), "json-value", "n_number_plus" },
	{ ROW("[.5]"), "json-value", "n_number_starting_with_dot" },
	{ ROW("[1.]"), "json-number", "n_number_real_without_fractional_part" },
	{ ROW("[1e]"), "json-number", "n_number_0e" },
	{ ROW("[1e+]"), "json-number", "n_number_0e+" },
	{ ROW("[-]"), "json-number", "n_number_minus_sign" },
	{ ROW("[0x1]"), "json-comma", "n_number_hex" },
	{ ROW("[NaN]"), "json-value", "n_number_NaN" },
	{ ROW("[Infinity]"), "json-value", "n_number_infinity" },
	{ ROW("[-Infinity]"), "json-number", "n_number_minus_infinity" },
	{ ROW("[tru]"), "json-value", "n_incomplete_true" },
	{ ROW("[truer]"), "json-comma", "a longer word" },
	{ ROW("[True]"), "json-value", "n_structure_capitalized_True" },
	{ ROW("nul"), "json-value", "n_incomplete_null" },
	{ ROW("[\"a"), "json-string", "n_string_unterminated" },
	{ ROW("[\"a\nb\"]"), "json-string", "n_string_unescaped_newline" },
	{ ROW("[\"a\tb\"]"), "json-string", "n_string_unescaped_tab" },
	{ ROW("[\"\0\"]"), "json-string", "a NUL" },
	{ ROW("[\"\\x41\"]"), "json-escape", "n_string_escape_x" },
	{ ROW("[\"\\a\"]"), "json-escape", "n_string_invalid_backslash_esc" },
	{ ROW("[\"\\u00G0\"]"), "json-escape", "n_string_invalid_unicode_escape" },
	{ ROW("[\"\\u12\"]"), "json-escape", "n_string_incomplete_escaped" },
	{ ROW("[\"\\"), "json-escape", "n_string_escaped_at_the_end" },
	{ ROW("[\"\\uD800\"]"), "json-escape", "i_string_lone_surrogate" },
	{ ROW("[\"\\uDC00\"]"), "json-escape", "i_string_lone_second_surrogate" },
	{ ROW("[\"\\uD800\\uD800\"]"), "json-escape", "i_string_1st_twice" },
	{ ROW("[\"\\uD800\\n\"]"), "json-escape", "i_string_1st_surrogate_but_2nd_missing" },
	{ ROW("[\"\xFF\"]"), "json-utf8", "i_string_invalid_utf-8" },
	{ ROW("[\"\xC0\x80\"]"), "json-utf8", "i_string_overlong" },
	{ ROW("[\"\xED\xA0\x80\"]"), "json-utf8", "i_string_UTF8_surrogate" },
	{ ROW("[\"\xF4\x90\x80\x80\"]"), "json-utf8", "above 10FFFF" },
	{ ROW("[\"\xE2\x82\"]"), "json-utf8", "i_string_truncated-utf-8" },
	{ ROW("[\"\x80\"]"), "json-utf8", "a continuation alone" },
	{ ROW("\xEF\xBB\xBF{}"), "json-value", "i_structure_UTF-8_BOM" },
	{ ROW("{\0}\0"), "json-key", "UTF-16" },
	{ ROW("\f[]"), "json-value", "n_structure_whitespace_formfeed" },
	{ ROW("[\xC2\xA0]"), "json-value", "n_structure_UTF8_nbsp" },
};

/* Reads all of it; the last event. */
static enum json_event
read_all(struct json *j)
{
	enum json_event e;

	do {
		e = json_next(j);
	} while (e != JSON_FAILED && e != JSON_END);
	return e;
}

static void
test_grammar(void **state)
{
	struct window_memory m;
	struct window w;
	struct json j;
	struct diag d;
	enum json_event e;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		m = (struct window_memory){ (const uint8_t *)rows[i].text, rows[i].len };
		d = (struct diag)DIAG_INIT;
		window_open_memory(&w, &m);
		json_open(&j, &w, m.len, JSON_MAX_DEPTH, &d);
		e = read_all(&j);
		if (rows[i].rule == NULL ? e != JSON_END || json_status(&j) != ST_OK :
		    e != JSON_FAILED || json_status(&j) != ST_MALFORMED ||
		    strcmp(d.rule, rows[i].rule) != 0)
			fail_msg("row %zu, %s: %s %s", i, rows[i].why, d.rule, d.text);
		/* It stays as it is. */
		assert_int_equal(json_next(&j), e);
	}
}

static void
test_events(void **state)
{
	static const char text[] = "{\"k\\u00e9y\": [1, -2.5, \"s\", true, false, null, "
	    "{}], \"n\": 18446744073709551615}";
	static const struct {
		enum json_event event;
		const char *text;
	} want[] = {
		{ JSON_OBJECT, NULL }, { JSON_KEY, "k\xC3\xA9y" }, { JSON_ARRAY, NULL },
		{ JSON_NUMBER, "1" }, { JSON_NUMBER, "-2.5" }, { JSON_STRING, "s" },
		{ JSON_TRUE, NULL }, { JSON_FALSE, NULL }, { JSON_NULL, NULL },
		{ JSON_OBJECT, NULL }, { JSON_OBJECT_END, NULL }, { JSON_ARRAY_END, NULL },
		{ JSON_KEY, "n" }, { JSON_NUMBER, "18446744073709551615" },
		{ JSON_OBJECT_END, NULL }, { JSON_END, NULL },
	};
	struct window_memory m = { (const uint8_t *)text, sizeof(text) - 1 };
	struct window w;
	struct json j;
	struct diag d = DIAG_INIT;
	uint64_t v;
	size_t i;

	(void)state;
	window_open_memory(&w, &m);
	json_open(&j, &w, m.len, 3, &d);
	for (i = 0; i < LEN(want); i++) {
		assert_int_equal(json_next(&j), want[i].event);
		if (want[i].text != NULL) {
			assert_string_equal(j.text, want[i].text);
			assert_true(json_is(&j, want[i].text));
			assert_false(json_is(&j, "other"));
		}
		if (want[i].text != NULL && strcmp(want[i].text, "-2.5") == 0)
			assert_false(json_uint(&j, &v));
		if (want[i].text != NULL && strlen(want[i].text) == 20) {
			assert_true(json_uint(&j, &v));
			assert_true(v == UINT64_MAX);
		}
	}
}

static void
test_integers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t v;
	} numbers[] = {
		{ "0", true, 0 }, { "1", true, 1 }, { "100", true, 100 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "100000000000000000000", false, 0 }, { "-0", false, 0 },
		{ "-1", false, 0 }, { "1.0", false, 0 }, { "1e2", false, 0 },
	};
	struct window_memory m;
	struct window w;
	struct json j;
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(numbers); i++) {
		m = (struct window_memory){ (const uint8_t *)numbers[i].text,
		    strlen(numbers[i].text) };
		window_open_memory(&w, &m);
		json_open(&j, &w, m.len, 1, NULL);
		assert_int_equal(json_next(&j), JSON_NUMBER);
		if (json_uint(&j, &v) != numbers[i].good ||
		    (numbers[i].good && v != numbers[i].v))
			fail_msg("%s", numbers[i].text);
	}
}

/* Nesting is counted, at any depth that is asked for, and costs no stack. */
static void
test_depth(void **state)
{
	char *text = malloc(200001);
	struct window_memory m;
	struct window w;
	struct json j;
	struct diag d = DIAG_INIT;
	unsigned depth;

	(void)state;
	assert_non_null(text);
	for (depth = 1; depth <= JSON_MAX_DEPTH; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		m = (struct window_memory){ (const uint8_t *)text, 2 * depth };
		window_open_memory(&w, &m);
		json_open(&j, &w, m.len, depth, &d);
		assert_int_equal(read_all(&j), JSON_END);
		window_open_memory(&w, &m);
		json_open(&j, &w, m.len, depth - 1, &d);
		assert_int_equal(read_all(&j), JSON_FAILED);
		assert_string_equal(d.rule, "json-depth");
	}
	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	m = (struct window_memory){ (const uint8_t *)text, 200000 };
	window_open_memory(&w, &m);
	json_open(&j, &w, m.len, 1000, &d);
	assert_int_equal(read_all(&j), JSON_FAILED);
	assert_string_equal(d.rule, "json-depth");
	free(text);
}

/* Two spellings of one key have one hash; what is kept is the beginning. */
static void
test_strings(void **state)
{
	static const char text[] = "[\"ab\",\"\\u0061\\u0062\",\"ba\",\"a\\u0001\","
	    "\"a\\u202e\",\"\\u0000\"]";
	struct window_memory m = { (const uint8_t *)text, sizeof(text) - 1 };
	struct window w;
	struct json j;
	uint64_t hash;

	(void)state;
	window_open_memory(&w, &m);
	json_open(&j, &w, m.len, 1, NULL);
	assert_int_equal(json_next(&j), JSON_ARRAY);
	assert_int_equal(json_next(&j), JSON_STRING);
	hash = j.hash;
	assert_true(hash == namehash_byte(namehash_byte(NAMEHASH_INIT, 'a'), 'b'));
	assert_true(j.printable);
	assert_int_equal(json_next(&j), JSON_STRING);
	assert_true(j.hash == hash);
	assert_int_equal(json_next(&j), JSON_STRING);
	assert_false(j.hash == hash);
	assert_int_equal(json_next(&j), JSON_STRING);
	assert_false(j.printable);
	assert_int_equal(json_next(&j), JSON_STRING);
	assert_false(j.printable);
	assert_int_equal(json_next(&j), JSON_STRING);
	assert_true(j.len == 1 && j.text[0] == '\0');
	assert_false(json_is(&j, ""));
}

/* Strings, numbers and characters across the window's edge: shifted byte by byte. */
static void
test_window_edges(void **state)
{
	static const char tail[] = "[\"\xF0\x9D\x84\x9E\\uD834\\uDD1E\",12345,true]";
	size_t shift, len;
	char *text = malloc(2 * WINDOW_LEN);
	struct window_memory m;
	struct window w;
	struct json j;

	(void)state;
	assert_non_null(text);
	for (shift = 0; shift < sizeof(tail) + 4; shift++) {
		len = WINDOW_LEN - shift;
		memset(text, ' ', len);
		memcpy(text + len, tail, sizeof(tail) - 1);
		len += sizeof(tail) - 1;
		m = (struct window_memory){ (const uint8_t *)text, len };
		window_open_memory(&w, &m);
		json_open(&j, &w, len, 4, NULL);
		assert_int_equal(json_next(&j), JSON_ARRAY);
		assert_int_equal(json_next(&j), JSON_STRING);
		assert_string_equal(j.text, "\xF0\x9D\x84\x9E\xF0\x9D\x84\x9E");
		assert_int_equal(json_next(&j), JSON_NUMBER);
		assert_string_equal(j.text, "12345");
		assert_int_equal(json_next(&j), JSON_TRUE);
		assert_int_equal(json_next(&j), JSON_ARRAY_END);
		assert_true(json_offset(&j) == len);
		assert_int_equal(json_next(&j), JSON_END);
	}
	free(text);
}

static void
test_long_string(void **state)
{
	size_t len = 3 * WINDOW_LEN;
	char *text = malloc(len);
	struct window_memory m = { (const uint8_t *)text, len };
	struct window w;
	struct json j;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	text[0] = text[len - 1] = '"';
	window_open_memory(&w, &m);
	json_open(&j, &w, len, 1, NULL);
	assert_int_equal(json_next(&j), JSON_STRING);
	assert_true(j.len == len - 2);
	assert_int_equal(strlen(j.text), JSON_KEPT);
	free(text);
}

static void
test_skip(void **state)
{
	static const char text[] = "{\"a\":[[1,{\"x\":[]}],2],\"b\":\"s\",\"c\":{}} ";
	struct window_memory m = { (const uint8_t *)text, sizeof(text) - 1 };
	struct window w;
	struct json j;
	size_t i;

	(void)state;
	window_open_memory(&w, &m);
	json_open(&j, &w, m.len, 8, NULL);
	assert_int_equal(json_next(&j), JSON_OBJECT);
	for (i = 0; i < 3; i++) {
		assert_int_equal(json_next(&j), JSON_KEY);
		assert_true(j.text[0] == (char)('a' + (int)i));
		assert_true(json_skip(&j, json_next(&j)));
	}
	assert_int_equal(json_next(&j), JSON_OBJECT_END);
	assert_int_equal(json_next(&j), JSON_END);
	m.len = 8;
	window_open_memory(&w, &m);
	json_open(&j, &w, m.len, 8, NULL);
	assert_false(json_skip(&j, json_next(&j)));
}

static enum status
fail_later(void *arg, void *buf, size_t len, uint64_t offset, struct diag *d)
{
	(void)arg;
	if (offset > 0)
		return diag_set(d, ST_HOST, "host-io", "no more");
	memset(buf, '[', len);
	memset(buf, ' ', len - 1);
	return ST_OK;
}

/* A medium that fails is no malformed document; a short one is. */
static void
test_failing_window(void **state)
{
	static const char text[] = "[1,";
	struct window_memory m = { (const uint8_t *)text, sizeof(text) - 1 };
	struct window w;
	struct json j;
	struct diag d = DIAG_INIT;

	(void)state;
	window_open(&w, 2 * WINDOW_LEN, fail_later, NULL);
	json_open(&j, &w, 2 * WINDOW_LEN, 8, &d);
	assert_int_equal(read_all(&j), JSON_FAILED);
	assert_int_equal(json_status(&j), ST_HOST);
	assert_string_equal(d.rule, "host-io");
	window_open_memory(&w, &m);
	json_open(&j, &w, 100, 8, &d);
	assert_int_equal(read_all(&j), JSON_FAILED);
	assert_int_equal(json_status(&j), ST_MALFORMED);
	assert_string_equal(d.rule, WINDOW_SHORT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_window_edges),
		cmocka_unit_test(test_long_string),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_failing_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
