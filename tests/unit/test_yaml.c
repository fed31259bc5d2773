/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_yaml - what the strict reader takes, what it refuses and by which rule,
 * and that no document makes it work for long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/caps.h"
#include "manifests/yaml.h"

/* Read a whole document of which nothing is known. */
static enum status
skip_document(const void *buf, size_t len, enum yaml_writer writer, struct diag *d)
{
	enum status st;
	struct yaml *y = NULL;

	*d = (struct diag)DIAG_INIT;
	if ((st = yaml_open(buf, len, CAP_HANDOFF, "x.yaml", writer, &y, d)) != ST_OK) {
		assert_null(y);
		return st;
	}
	yaml_skip(y);
	return yaml_close(y);
}

static void
expect(const void *buf, size_t len, enum yaml_writer writer, const char *rule,
    size_t line, const char *why)
{
	struct diag d;
	enum status st = skip_document(buf, len, writer, &d);
	enum status bad = writer == YAML_PERSON ? ST_USAGE : ST_MALFORMED;
	char where[64];

	if (rule == NULL) {
		if (st != ST_OK)
			fail_msg("%s: refused: %s (%s)", why, d.text, d.rule);
		return;
	}
	if (st != bad || strcmp(d.rule, rule) != 0)
		fail_msg("%s: status %d, %s (%s), expected %s", why, st, d.text, d.rule,
		    rule);
	snprintf(where, sizeof(where), "x.yaml: line %zu: ", line);
	if (strncmp(d.text, where, strlen(where)) != 0)
		fail_msg("%s: \"%s\" does not begin with \"%s\"", why, d.text, where);
}

static const struct {
	const char *text;
	size_t len;			/* 0: the text is a string */
	const char *rule;		/* NULL: taken */
	size_t line;
	const char *why;
} person[] = {
	{ "a: 1\n", 0, NULL, 0, "a map" },
	{ "a: 1", 0, NULL, 0, "without LF at the end" },
	{ "---\na: 1\n", 0, NULL, 0, "an explicit start" },
	{ "a: 1\n...\n", 0, NULL, 0, "an explicit end" },
	{ "# c\n\na: # c\n  b: [x, {y: z}]\n", 0, NULL, 0, "comments, flow style" },
	{ "a: |\n  b\n  c\n", 0, NULL, 0, "a literal text, skipped" },
	{ "a: \"caf\xC3\xA9 \xF0\x9F\x98\x80\"\n", 0, NULL, 0, "UTF-8" },
	{ "a: \"\\u00e9\\U0001F600\"\n", 0, NULL, 0, "escapes" },
	{ "a: '!x &y *z'\n", 0, NULL, 0, "quoted indicators" },
	{ "a: b !x &y *z\n", 0, NULL, 0, "indicators in a text" },
	{ "a: [b, c]\t# d\n", 0, NULL, 0, "a tab before a comment" },
	{ "[[[[[[[[x]]]]]]]]\n", 0, NULL, 0, "depth 8" },

	{ "", 0, "yaml-empty", 1, "nothing" },
	{ "\n\n", 0, "yaml-empty", 1, "empty lines" },
	{ "# c\n", 0, "yaml-empty", 1, "a comment" },
	{ "a: &x 1\n", 0, "yaml-anchor", 1, "an anchor" },
	{ "a: &x [1]\n", 0, "yaml-anchor", 1, "an anchor of a list" },
	{ "b: 1\na: &x\n", 0, "yaml-anchor", 2, "an anchor of nothing" },
	{ "&x a: 1\n", 0, "yaml-anchor", 1, "an anchor of a key" },
	{ "a: *x\n", 0, "yaml-alias", 1, "an alias" },
	{ "a: 1\nb: [c, *x]\n", 0, "yaml-alias", 2, "an alias in a list" },
	{ "*x : 1\n", 0, "yaml-alias", 1, "an alias for a key" },
	{ "a: !!str b\n", 0, "yaml-tag", 1, "a tag" },
	{ "a: !b c\n", 0, "yaml-tag", 1, "a local tag" },
	{ "a: ! b\n", 0, "yaml-tag", 1, "the tag without a name" },
	{ "\xC3\xA4: \xC3\xBC\na: [x, ! b]\n", 0, "yaml-tag", 2, "the same, behind UTF-8" },
	{ "a: ! 'b'\n", 0, "yaml-tag", 1, "the same, quoted" },
	{ "a: ! \"b\"\n", 0, "yaml-tag", 1, "the same, quoted twice" },
	{ "a: !\n", 0, "yaml-tag", 1, "the same, of nothing" },
	{ "a: ! [b]\n", 0, "yaml-tag", 1, "the same, of a list" },
	{ "! a: b\n", 0, "yaml-tag", 1, "the same, of a key" },
	{ "a: !<tag:x> b\n", 0, "yaml-tag", 1, "a verbatim tag" },
	{ "a: !!python/object:x {}\n", 0, "yaml-tag", 1, "a tag of a map" },
	{ "!!map {a: b}\n", 0, "yaml-tag", 1, "a tag of the root" },
	{ "a: {<<: b}\n", 0, "yaml-merge", 1, "a merge key" },
	{ "a: 1\nb: 2\na: 3\n", 0, "yaml-duplicate-key", 3, "a duplicate key" },
	{ "a: 1\n\"a\": 3\n", 0, "yaml-duplicate-key", 2, "in other quotes" },
	{ "a: 1\n\"\\x61\": 3\n", 0, "yaml-duplicate-key", 2, "by an escape" },
	{ "{a: 1, 'a': 2}\n", 0, "yaml-duplicate-key", 1, "in flow style" },
	{ "x: {b: {a: 1}, c: [{a: 1, a: 2}]}\n", 0, "yaml-duplicate-key", 1, "deep" },
	{ "? [a]\n: 1\n", 0, "yaml-complex-key", 1, "a list for a key" },
	{ "a: 1\n? {b: c}\n: 1\n", 0, "yaml-complex-key", 2, "a map for a key" },
	{ "[a]: 1\n", 0, "yaml-complex-key", 1, "a list for a key, in flow style" },
	{ "a: 1\n---\nb: 2\n", 0, "yaml-documents", 2, "a second document" },
	{ "a: 1\n...\n---\n", 0, "yaml-documents", 3, "an empty second document" },
	{ "a: 1\n...\nb: 2\n", 0, "yaml-syntax", 3, "text behind the end" },
	{ "%YAML 1.1\n---\na: 1\n", 0, "yaml-directive", 1, "a version" },
	{ "%TAG ! x:\n---\na: 1\n", 0, "yaml-directive", 1, "a prefix" },
	{ "a: 1\n%FOO\n", 0, "yaml-directive", 2, "a directive behind a document" },
	{ "[[[[[[[[[x]]]]]]]]]\n", 0, "yaml-depth", 1, "depth 9" },
	{ "a:\n b:\n  c:\n   d:\n    e:\n     f:\n      g:\n       h:\n        i: 1\n", 0,
	    "yaml-depth", 9, "depth 9 in block style" },
	{ "- - - - - - - - - x\n", 0, "yaml-depth", 1, "depth 9 on one line" },
	{ "a: 1\r\nb: 2\r\n", 0, "yaml-cr", 1, "CR LF" },
	{ "a: 1\nb: 2\r", 0, "yaml-cr", 2, "CR" },
	{ "a:\n\tb: 1\n", 0, "yaml-tab", 2, "a tab indents" },
	{ "a:\n  \tb: 1\n", 0, "yaml-tab", 2, "blanks and a tab indent" },
	{ "a: b\x01\n", 0, "yaml-control", 1, "a control character" },
	{ "a: b\0c\n", 8, "yaml-control", 1, "NUL" },
	{ "a: b\x7F\n", 0, "yaml-control", 1, "DEL" },
	{ "a: b\x1B[0m\n", 0, "yaml-control", 1, "ESC" },
	{ "a: b\xC2\x9B\n", 0, "yaml-control", 1, "C1" },
	{ "a: b\xEF\xBF\xBF\n", 0, "yaml-control", 1, "U+FFFF" },
	{ "a: \"b\\0\"\n", 0, "yaml-control", 1, "NUL by escape" },
	{ "a: \"b\\e\"\n", 0, "yaml-control", 1, "ESC by escape" },
	{ "a: \"b\\t\"\n", 0, "yaml-control", 1, "a tab by escape" },
	{ "a: \"b\\x7f\"\n", 0, "yaml-control", 1, "DEL by escape" },
	{ "a: \"b\\N\"\n", 0, "yaml-control", 1, "NEL by escape" },
	{ "a: \"b\\L\"\n", 0, "yaml-control", 1, "U+2028 by escape" },
	{ "a: \"b\\P\"\n", 0, "yaml-control", 1, "U+2029 by escape" },
	{ "a: \"b\\uFEFF\"\n", 0, "yaml-control", 1, "U+FEFF by escape" },
	{ "a: \"b\\x9b\"\n", 0, "yaml-control", 1, "C1 by escape" },
	{ "a: b\tc\n", 0, "yaml-control", 1, "a tab in a text" },
	{ "\"a\\nb\": c\n", 0, "yaml-control", 1, "a line break in a key" },
	{ "\"a\\eb\": c\n", 0, "yaml-control", 1, "ESC in a key" },
	{ "a: \"b\\ud800\"\n", 0, "yaml-syntax", 1, "a surrogate by escape" },
	{ "a: \"b\\q\"\n", 0, "yaml-syntax", 1, "an unknown escape" },
	{ "a: b\xFF\n", 0, "yaml-encoding", 1, "no UTF-8" },
	{ "a: b\xC0\x80\n", 0, "yaml-encoding", 1, "overlong NUL" },
	{ "a: b\xED\xA0\x80\n", 0, "yaml-encoding", 1, "a surrogate" },
	{ "a: b\xF4\x90\x80\x80\n", 0, "yaml-encoding", 1, "over U+10FFFF" },
	{ "a: b\xE2\x82\n", 0, "yaml-encoding", 1, "cut short by the line" },
	{ "a: b\xE2\x82", 0, "yaml-encoding", 1, "cut short by the end" },
	{ "\xFF\xFE" "a\0:\0", 6, "yaml-encoding", 1, "UTF-16LE" },
	{ "\xFE\xFF\0a\0:", 6, "yaml-encoding", 1, "UTF-16BE" },
	{ "\xEF\xBB\xBF" "a: 1\n", 0, "yaml-bom", 1, "a byte order mark" },
	{ "a: 1\n\xEF\xBB\xBF" "b: 1\n", 0, "yaml-bom", 2, "one in the middle" },
	{ "a: b\xC2\x85" "c: d\n", 0, "yaml-line-break", 1, "NEL" },
	{ "a: b\xE2\x80\xA8" "c: d\n", 0, "yaml-line-break", 1, "U+2028" },
	{ "a: b\xE2\x80\xA9\n", 0, "yaml-line-break", 1, "U+2029" },
	{ "a: [b\n", 0, "yaml-syntax", 2, "an open list" },
	{ "a: 'b\n", 0, "yaml-syntax", 2, "an open quote" },
	{ "a: b: c\n", 0, "yaml-syntax", 1, "a map in a value" },
	{ "a: @b\n", 0, "yaml-syntax", 1, "a reserved indicator" },
};

static void
person_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(person) / sizeof(person[0]); i++)
		expect(person[i].text, person[i].len != 0 ? person[i].len :
		    strlen(person[i].text), YAML_PERSON, person[i].rule,
		    person[i].line, person[i].why);
}

static const struct {
	const char *text;
	const char *rule;
	size_t line;
	const char *why;
} program[] = {
	{ "a: \"1\"\n", NULL, 0, "a value" },
	{ "a: \"\"\n", NULL, 0, "an empty value" },
	{ "a-b: \"x \\\"y\\\\\"\n", NULL, 0, "escapes" },
	{ "l:\n- \"1\"\n- \"2\"\n", NULL, 0, "a list" },
	{ "l:\n- a: \"1\"\n  b:\n    c: \"2\"\n", NULL, 0, "maps" },
	{ "a: 1\n", "yaml-spelling", 1, "a plain value" },
	{ "b: \"1\"\na: '1'\n", "yaml-spelling", 2, "other quotes" },
	{ "a:  \"1\"\n", "yaml-spelling", 1, "two blanks" },
	{ "a: \"1\" \n", "yaml-spelling", 1, "a blank at the end" },
	{ "a: \"1\" # c\n", "yaml-spelling", 1, "a comment" },
	{ "# c\na: \"1\"\n", "yaml-spelling", 1, "a comment alone" },
	{ "\na: \"1\"\n", "yaml-spelling", 1, "an empty line" },
	{ "---\na: \"1\"\n", "yaml-spelling", 1, "an explicit start" },
	{ "a: \"1\"\n...\n", "yaml-spelling", 2, "an explicit end" },
	{ "\"a\": \"1\"\n", "yaml-spelling", 1, "a quoted key" },
	{ "A: \"1\"\n", "yaml-spelling", 1, "a key in upper case" },
	{ "a: \"1\"", "yaml-spelling", 1, "no LF at the end" },
	{ "a: \"1\n  2\"\n", "yaml-spelling", 1, "a folded value" },
	{ "a: \"1\\\n", "yaml-spelling", 1, "an escape at the end" },
	{ "a: \"1\\\"\n", "yaml-spelling", 1, "a quote that is escaped" },
	{ "a: \"1\"2\"\n", "yaml-spelling", 1, "a quote inside" },
	{ "a: [\"1\"]\n", "yaml-spelling", 1, "flow style" },
	{ "a: &x \"1\"\n", "yaml-spelling", 1, "an anchor" },
	{ "a: !x \"1\"\n", "yaml-spelling", 1, "a tag" },
	{ "a: \n", "yaml-spelling", 1, "a blank behind the colon" },
	{ "a: |\n", "yaml-spelling", 1, "a literal text" },
	{ "-\n", "yaml-spelling", 1, "a dash alone" },
	{ "- - \"1\"\n", "yaml-spelling", 1, "two dashes" },
	{ "a: \"\xFF\"\n", "yaml-encoding", 1, "no UTF-8" },
	{ "a: \"1\"\r\n", "yaml-cr", 1, "CR LF" },
	{ "a: \"\\e\"\n", "yaml-control", 1, "ESC by escape" },
	{ "", "yaml-empty", 1, "nothing" },
};

/* A bad byte in a long line is found wherever it stands. */
static void
bytes_are_found_anywhere(void **state)
{
	static const struct {
		uint8_t byte;
		const char *rule;
	} bad[] = { { 0x00, "yaml-control" }, { 0x1F, "yaml-control" },
	    { 0x7F, "yaml-control" }, { '\r', "yaml-cr" }, { 0x80, "yaml-encoding" },
	    { 0xC0, "yaml-encoding" }, { 0xFF, "yaml-encoding" } };
	char text[40];
	size_t i, at;
	int c;

	(void)state;
	for (at = 3; at < 36; at++) {
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			snprintf(text, sizeof(text), "a: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
			text[at - 1] = '~';
			text[at] = (char)bad[i].byte;
			expect(text, 37, YAML_PERSON, bad[i].rule, 1, "a bad byte");
		}
	}
	for (c = 0x20; c < 0x7F; c++) {
		snprintf(text, sizeof(text), "# %c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c\na: b\n", c,
		    c, c, c, c, c, c, c, c, c, c, c, c, c, c, c);
		expect(text, strlen(text), YAML_PERSON, NULL, 0, "a good byte");
	}
}

/* Whoever saved the file in the wrong encoding is told so. */
static void
utf16_is_told(void **state)
{
	struct diag d;

	(void)state;
	assert_int_equal(skip_document("\xFF\xFE" "a", 3, YAML_PERSON, &d), ST_USAGE);
	assert_non_null(strstr(d.text, "UTF-16"));
	assert_int_equal(skip_document("\xFE\xFF" "a", 3, YAML_PERSON, &d), ST_USAGE);
	assert_non_null(strstr(d.text, "UTF-16"));
	assert_int_equal(skip_document("\xFF" "a", 2, YAML_PERSON, &d), ST_USAGE);
	assert_null(strstr(d.text, "UTF-16"));
}

static void
nothing_is_no_document(void **state)
{
	(void)state;
	expect(NULL, 0, YAML_PERSON, "yaml-empty", 1, "no memory at all");
	expect(NULL, 0, YAML_PROGRAM, "yaml-empty", 1, "no memory at all");
}

static void
program_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(program) / sizeof(program[0]); i++)
		expect(program[i].text, strlen(program[i].text), YAML_PROGRAM,
		    program[i].rule, program[i].line, program[i].why);
}

/* Documents that are one piece repeated: `head`, n times `piece`, `tail`. */
static const struct {
	const char *head;
	const char *piece;
	size_t n;
	const char *tail;
	const char *rule;
	size_t line;
	const char *why;
} repeated[] = {
	{ "", "[", 1 << 20, "", "yaml-depth", 1, "a million open lists" },
	{ "", "{a: ", 1 << 18, "", "yaml-depth", 1, "open maps" },
	{ "", "[{a: ", 1 << 18, "", "yaml-depth", 1, "both" },
	{ "", "[\n", 1 << 19, "", "yaml-depth", 9, "open lists, line by line" },
	{ "", "- ", 1 << 19, "x\n", "yaml-depth", 1, "lists on one line" },
	{ "", "? ", 1 << 19, "x\n", "yaml-complex-key", 1, "complex keys on one line" },
	{ "x: ", "a", CAP_YAML_SCALAR + 1, "\n", "yaml-scalar", 1, "a long text" },
	{ "x: ", "a", CAP_YAML_SCALAR, "\n", NULL, 0, "the longest text" },
	{ "x: \"", "a\n", 1 << 19, "\"\n", "yaml-scalar", 1, "a long text, folded" },
	{ "x: |\n", " a\n", 1 << 19, "\n", "yaml-scalar", 1, "a long literal text" },
	{ "", "a", 2000, ": 1\n", "yaml-syntax", 1, "a long key" },
	{ "a: &", "x", 1 << 20, " 1\n", "yaml-anchor", 1, "a long anchor" },
	{ "a: !<", "x", 1 << 20, "> 1\n", "yaml-tag", 1, "a long tag" },
	{ "", "%TAG !x! y\n", 1 << 16, "--- a\n", "yaml-directive", 1, "directives" },
	{ "", "# c\n", 1 << 18, "a: 1\n", NULL, 0, "comments" },
	{ "", "\n", 1 << 20, "a: 1\n", NULL, 0, "empty lines" },
	{ "", "- a\n", 1 << 17, "", NULL, 0, "a long list" },
	{ "", "- {a: b}\n", 1 << 16, "", NULL, 0, "a long list of maps" },
	{ "- ", "[", 100, "", "yaml-depth", 1, "a list in a list" },
	{ "", "a: 1\n---\n", 1 << 16, "", "yaml-documents", 2, "many documents" },
};

static void
repetitions_end_soon(void **state)
{
	struct bytes b;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
		memset(&b, 0, sizeof(b));
		bytes_string(&b, repeated[i].head);
		for (j = 0; j < repeated[i].n; j++)
			bytes_string(&b, repeated[i].piece);
		bytes_string(&b, repeated[i].tail);
		assert_false(b.failed);
		expect(b.data, b.len, YAML_PERSON, repeated[i].rule, repeated[i].line,
		    repeated[i].why);
		bytes_free(&b);
	}
}

static void
keys_are_limited(void **state)
{
	struct bytes b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < CAP_YAML_KEYS; i++)
		bytes_printf(&b, "k%zu: 1\n", i);
	expect(b.data, b.len, YAML_PERSON, NULL, 0, "as many keys as may be");
	bytes_string(&b, "more: 1\n");
	expect(b.data, b.len, YAML_PERSON, "yaml-keys", CAP_YAML_KEYS + 1, "one more");
	bytes_free(&b);
}

static void
documents_are_limited(void **state)
{
	static const char text[] = "a: 1\n";
	struct diag d = DIAG_INIT;
	struct yaml *y;

	(void)state;
	assert_int_equal(yaml_open((const uint8_t *)text, 5, 5, "x", YAML_PERSON, &y,
	    &d), ST_OK);
	yaml_skip(y);
	assert_int_equal(yaml_close(y), ST_OK);
	assert_int_equal(yaml_open((const uint8_t *)text, 5, 4, "x", YAML_PERSON, &y,
	    &d), ST_USAGE);
	assert_string_equal(d.rule, "yaml-size");
	assert_null(y);
}

/* Lines of canonical documents are bounded before libyaml gathers them. */
static void
lines_are_limited(void **state)
{
	struct bytes b = { 0 };
	size_t i;

	(void)state;
	bytes_string(&b, "a: \"");
	for (i = 0; i < CAP_YAML_SCALAR; i++)
		bytes_string(&b, "x");
	bytes_string(&b, "\"\n");
	expect(b.data, b.len, YAML_PROGRAM, "yaml-line", 1, "a long line");
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(person_table),
		cmocka_unit_test(bytes_are_found_anywhere),
		cmocka_unit_test(utf16_is_told),
		cmocka_unit_test(nothing_is_no_document),
		cmocka_unit_test(program_table),
		cmocka_unit_test(repetitions_end_soon),
		cmocka_unit_test(keys_are_limited),
		cmocka_unit_test(documents_are_limited),
		cmocka_unit_test(lines_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
