/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_yaml_value - what a value must look like, keys in their order, and that
 * the first failure stays.  Documents as such: test_yaml.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/caps.h"
#include "manifests/yaml.h"

/* What the typed readers take; `kind` chooses one. */
static const struct {
	char kind;
	const char *value;
	const char *rule;		/* NULL: taken */
	const char *why;
} values[] = {
	{ 't', "abc", NULL, "text" },
	{ 't', "no", NULL, "a boolean is a string" },
	{ 't', "1.10", NULL, "a number is a string" },
	{ 't', "12:34:56", NULL, "a sexagesimal is a string" },
	{ 't', "2026-11-20", NULL, "a date is a string" },
	{ 't', "\"\"", NULL, "an empty string, quoted" },
	{ 't', "\"null\"", NULL, "null, quoted" },
	{ 't', "a\n  b", NULL, "folded to one line" },
	{ 't', "", "yaml-null", "nothing" },
	{ 't', "~", "yaml-null", "null as a tilde" },
	{ 't', "null", "yaml-null", "null" },
	{ 't', "Null", "yaml-null", "null with a capital" },
	{ 't', "NULL", "yaml-null", "null in capitals" },
	{ 't', "\"a\\nb\"", "yaml-control", "a line break" },
	{ 't', "|\n  a", "yaml-control", "a literal text" },
	{ 't', "[a]", "yaml-type", "a list" },
	{ 't', "{a: b}", "yaml-type", "a map" },
	{ 'l', "a", "yaml-type", "a text for a list" },
	{ 'l', "", "yaml-type", "nothing for a list" },
	{ 'l', "{a: b}", "yaml-type", "a map for a list" },
	{ 'l', "[]", NULL, "an empty list" },
	{ 'm', "a", "yaml-type", "a text for a map" },
	{ 'm', "[a]", "yaml-type", "a list for a map" },
	{ 'm', "{}", NULL, "an empty map" },
	{ 'u', "5", NULL, "the least" },
	{ 'u', "\"900\"", NULL, "the most, quoted" },
	{ 'u', "4", "yaml-integer", "too small" },
	{ 'u', "901", "yaml-integer", "too large" },
	{ 'u', "010", "yaml-integer", "a leading zero" },
	{ 'u', "0x10", "yaml-integer", "hexadecimal" },
	{ 'u', "+10", "yaml-integer", "a sign" },
	{ 'u', "-10", "yaml-integer", "a negative number" },
	{ 'u', "1_0", "yaml-integer", "an underscore" },
	{ 'u', "10.0", "yaml-integer", "a fraction" },
	{ 'u', "1e2", "yaml-integer", "an exponent" },
	{ 'u', "\" 10\"", "yaml-integer", "a leading blank" },
	{ 'u', "\"10 \"", "yaml-integer", "a trailing blank" },
	{ 'u', "\"\"", "yaml-integer", "nothing" },
	{ 'u', "18446744073709551626", "yaml-integer", "2^64 + 10" },
	{ 'u', "\xD9\xA1\xD9\xA0", "yaml-integer", "Arabic digits" },
	{ 'd', "2026-11-23", NULL, "a day" },
	{ 'd', "2028-02-29", NULL, "a leap day" },
	{ 'd', "2000-02-29", NULL, "a leap day of a 400th year" },
	{ 'd', "9999-12-31", NULL, "the last day" },
	{ 'd', "2026-02-29", "yaml-date", "no leap year" },
	{ 'd', "2100-02-29", "yaml-date", "a century" },
	{ 'd', "2026-04-31", "yaml-date", "the 31st of April" },
	{ 'd', "2026-13-01", "yaml-date", "month 13" },
	{ 'd', "2026-00-01", "yaml-date", "month 0" },
	{ 'd', "2026-01-00", "yaml-date", "day 0" },
	{ 'd', "1969-12-31", "yaml-date", "before 1970" },
	{ 'd', "2026-1-1", "yaml-date", "short" },
	{ 'd', "2026-11-233", "yaml-date", "long" },
	{ 'd', "2026/11/23", "yaml-date", "slashes" },
	{ 'd', "2026-11-2x", "yaml-date", "a letter" },
	{ 'h', "00ff", NULL, "digits" },
	{ 'h', "00FF", "yaml-hex", "upper case" },
	{ 'h', "00f", "yaml-hex", "short" },
	{ 'h', "00ff0", "yaml-hex", "long" },
	{ 'h', "00fg", "yaml-hex", "a letter" },
	{ 'w', "yes", NULL, "the word" },
	{ 'w', "Yes", "yaml-word", "a capital" },
	{ 'w', "true", "yaml-word", "another word" },
};

static void
read_value(struct yaml *y, char kind)
{
	char date[11];
	uint8_t two[2];

	switch (kind) {
	case 't':
		yaml_text(y, NULL);
		break;
	case 'l':
		yaml_list(y);
		while (yaml_item(y))
			yaml_skip(y);
		break;
	case 'm':
		yaml_map(y);
		while (yaml_key(y) != NULL)
			yaml_skip(y);
		break;
	case 'u':
		yaml_uint(y, 5, 900);
		break;
	case 'd':
		yaml_date(y, date);
		break;
	case 'h':
		yaml_hex(y, two, sizeof(two));
		break;
	default:
		yaml_word(y, "yes");
		break;
	}
}

static void
values_table(void **state)
{
	struct diag d;
	struct yaml *y;
	enum status st;
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		d = (struct diag)DIAG_INIT;
		snprintf(text, sizeof(text), "key: %s\nnext: 1\n", values[i].value);
		assert_int_equal(yaml_open((const uint8_t *)text, strlen(text),
		    CAP_HANDOFF, "x.yaml", YAML_PERSON, &y, &d), ST_OK);
		yaml_map(y);
		assert_string_equal(yaml_key(y), "key");
		read_value(y, values[i].kind);
		yaml_key_want(y, "next");
		yaml_skip(y);
		yaml_map_end(y);
		st = yaml_close(y);
		if (values[i].rule == NULL ? st != ST_OK : st != ST_USAGE ||
		    strcmp(d.rule, values[i].rule) != 0)
			fail_msg("%s: status %d, %s (%s)", values[i].why, st, d.text,
			    d.rule);
		if (st != ST_OK && strstr(d.text, "line 1: ") == NULL)
			fail_msg("%s: no line in %s", values[i].why, d.text);
	}
}

static void
integers_reach_63_bits(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(uint_parse("0", &v), 0);
	assert_true(v == 0);
	assert_int_equal(uint_parse("9223372036854775807", &v), 0);
	assert_true(v == INT64_MAX);
	v = 7;
	assert_int_equal(uint_parse("9223372036854775808", &v), -1);
	assert_int_equal(uint_parse("9999999999999999999", &v), -1);
	assert_int_equal(uint_parse("10000000000000000000", &v), -1);
	assert_int_equal(uint_parse("00", &v), -1);
	assert_int_equal(uint_parse("", &v), -1);
	assert_true(v == 7);
}

static void
keys_in_order(void **state)
{
	static const struct {
		const char *text;
		const char *rule;
		size_t line;
	} cases[] = {
		{ "a: \"1\"\nc: \"2\"\n", NULL, 0 },
		{ "a: \"1\"\nb: \"1\"\nc: \"2\"\n", NULL, 0 },
		{ "a: \"1\"\n", "yaml-key", 2 },
		{ "c: \"1\"\n", "yaml-key", 1 },
		{ "a: \"1\"\na: \"1\"\n", "yaml-key", 2 },
		{ "a: \"1\"\nc: \"2\"\nd: \"2\"\n", "yaml-key", 3 },
		{ "a: \"1\"\nc: \"2\"\nb: \"2\"\n", "yaml-key", 3 },
	};
	struct diag d;
	struct yaml *y;
	enum status st;
	char where[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(yaml_open((const uint8_t *)cases[i].text,
		    strlen(cases[i].text), 100, "x", YAML_PROGRAM, &y, &d), ST_OK);
		yaml_map(y);
		yaml_key_want(y, "a");
		yaml_text(y, NULL);
		if (yaml_key_is(y, "b"))
			yaml_text(y, NULL);
		yaml_key_want(y, "c");
		yaml_text(y, NULL);
		yaml_map_end(y);
		st = yaml_close(y);
		if (cases[i].rule == NULL) {
			assert_int_equal(st, ST_OK);
			continue;
		}
		assert_int_equal(st, ST_MALFORMED);
		assert_string_equal(d.rule, cases[i].rule);
		snprintf(where, sizeof(where), "x: line %zu: ", cases[i].line);
		assert_ptr_equal(strstr(d.text, where), d.text);
	}
}

/* After a failure every call is inert, and the first one is what is told. */
static void
failure_stays(void **state)
{
	static const char text[] = "a: [1, 2]\nb: 3\n";
	struct diag d = DIAG_INIT;
	struct yaml *y;
	uint8_t one[1] = { 9 };
	char date[11] = "x";
	size_t len = 9;
	int value;

	(void)state;
	assert_int_equal(yaml_open((const uint8_t *)text, strlen(text), 100, "x",
	    YAML_PERSON, &y, &d), ST_OK);
	yaml_map(y);
	yaml_key(y);
	yaml_list(y);
	assert_true(yaml_item(y));
	yaml_fail(y, "first", "number %d", 1);
	yaml_hint(y, "do this");
	yaml_fail(y, "second", "number %d", 2);
	yaml_hint(y, "do that");
	assert_false(yaml_item(y));
	assert_null(yaml_key(y));
	assert_false(yaml_key_is(y, "b"));
	assert_string_equal(yaml_text(y, &len), "");
	assert_int_equal(len, 0);
	assert_int_equal(yaml_uint(y, 1, 2), 0);
	yaml_date(y, date);
	assert_string_equal(date, "");
	yaml_hex(y, one, 1);
	assert_int_equal(one[0], 0);
	yaml_map(y);
	yaml_list(y);
	yaml_skip(y);
	yaml_map_end(y);
	assert_ptr_equal(yaml_array_add(y, &value, 1, sizeof(value)), &value);
	assert_int_equal(yaml_failed(y), ST_USAGE);
	assert_int_equal(yaml_close(y), ST_USAGE);
	assert_string_equal(d.rule, "first");
	assert_string_equal(d.text, "x: line 1: number 1");
	assert_string_equal(d.hint, "do this");
}

/* A document that was not read to its end is our own error. */
static void
unread_is_internal(void **state)
{
	static const char text[] = "a: 1\n";
	struct diag d = DIAG_INIT;
	struct yaml *y;

	(void)state;
	assert_int_equal(yaml_open((const uint8_t *)text, strlen(text), 100, "x",
	    YAML_PERSON, &y, &d), ST_OK);
	yaml_map(y);
	assert_int_equal(yaml_close(y), ST_INTERNAL);
	assert_int_equal(yaml_close(NULL), ST_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_table),
		cmocka_unit_test(integers_reach_63_bits),
		cmocka_unit_test(keys_in_order),
		cmocka_unit_test(failure_stays),
		cmocka_unit_test(unread_is_internal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
