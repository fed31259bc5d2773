/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_handoff - handoff.yaml: what it says, one wrong document for each rule,
 * and what is left out.
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
#include "manifests/glob.h"
#include "manifests/handoff.h"
#include "tests/unit/manifest_samples.h"

static const char example[] =
    "satchel-handoff: 1\n"
    "bundle:\n"
    "  name: aurora-preview            # stays inside\n"
    "  sequence: 3\n"
    "  title: AE-0042\n"
    "  control-number: 2026-117        # optional\n"
    "  from: Example AI, Inc.\n"
    "  to: Evaluation Centre\n"
    "  date: 2026-11-23\n"
    "  marking: UNCLASSIFIED\n"
    "  not-before: 2026-12-01\n"
    "  not-after: 2026-12-31\n"
    "  contact: handoff@example.com\n"
    "  x-ticket: {id: 7, by: [a, b]}\n"
    "components:\n"
    "  - name: aurora-7b\n"
    "    kind: model\n"
    "    path: weights/aurora-7b\n"
    "    marking: INTERNAL\n"
    "    license: proprietary\n"
    "    version: 2026-11-20\n"
    "  - name: cyber-bench\n"
    "    kind: benchmark\n"
    "    path: suites/cyber\n"
    "    harness: lm-evaluation-harness 0.4.9\n"
    "    command: [lm-eval, run, --tasks, cyber, --include_path, .]\n"
    "    expected: [{metric: acc, value: 0.41, tolerance: 0.02}]\n"
    "    needs: [aurora-7b]\n"
    "  - name: transfer-notes\n"
    "    kind: document\n"
    "    path: notes.md\n"
    "exclude: [\"*.tmp\", \".git\"]\n"
    "x-note: |\n"
    "  whatever\n"
    "  we like\n";

static enum status
parse(const char *text, struct handoff **h, struct diag *d)
{
	*d = (struct diag)DIAG_INIT;
	return handoff_parse((const uint8_t *)text, strlen(text), "handoff.yaml", h, d);
}

static void
example_is_read(void **state)
{
	struct handoff *h;
	struct diag d;
	const struct component *c;

	(void)state;
	if (parse(example, &h, &d) != ST_OK)
		fail_msg("%s", d.text);
	assert_string_equal(h->name, "aurora-preview");
	assert_true(h->sequence == 3);
	assert_string_equal(h->title, "AE-0042");
	assert_string_equal(h->control_number, "2026-117");
	assert_string_equal(h->from, "Example AI, Inc.");
	assert_string_equal(h->to, "Evaluation Centre");
	assert_string_equal(h->date, "2026-11-23");
	assert_string_equal(h->marking, "UNCLASSIFIED");
	assert_string_equal(h->not_before, "2026-12-01");
	assert_string_equal(h->not_after, "2026-12-31");
	assert_string_equal(h->contact, "handoff@example.com");
	assert_int_equal(h->n_components, 3);
	c = h->components;
	assert_string_equal(c[0].name, "aurora-7b");
	assert_int_equal(c[0].kind, KIND_MODEL);
	assert_string_equal(c[0].path, "weights/aurora-7b");
	assert_string_equal(c[0].marking, "INTERNAL");
	assert_string_equal(c[0].license, "proprietary");
	assert_string_equal(c[0].version, "2026-11-20");
	assert_null(c[0].harness);
	assert_int_equal(c[1].kind, KIND_BENCHMARK);
	assert_string_equal(c[1].marking, "UNCLASSIFIED");
	assert_int_equal(c[1].command.n, 6);
	assert_string_equal(c[1].command.items[2], "--tasks");
	assert_int_equal(c[1].n_expected, 1);
	assert_string_equal(c[1].expected[0].metric, "acc");
	assert_string_equal(c[1].expected[0].value, "0.41");
	assert_string_equal(c[1].expected[0].tolerance, "0.02");
	assert_int_equal(c[1].needs.n, 1);
	assert_int_equal(c[2].kind, KIND_DOCUMENT);
	assert_int_equal(h->exclude.n, 2);
	handoff_free(h);
	handoff_free(NULL);
}

static void
least_is_enough(void **state)
{
	static const char text[] =
	    "components:\n"
	    "- {path: a, kind: code, name: c}\n"
	    "bundle: {marking: U, to: t, from: f, title: T, sequence: 1, name: n}\n"
	    "satchel-handoff: \"1\"";
	struct handoff *h;
	struct diag d;

	(void)state;
	if (parse(text, &h, &d) != ST_OK)
		fail_msg("%s", d.text);
	assert_string_equal(h->control_number, "");
	assert_string_equal(h->date, "");
	assert_string_equal(h->not_before, "");
	assert_null(h->contact);
	assert_int_equal(h->exclude.n, 0);
	assert_string_equal(h->components[0].marking, "U");
	assert_false(handoff_excludes(h, "a"));
	handoff_free(h);
}

static const struct {
	const char *old;
	size_t nth;
	const char *new;
	const char *rule;		/* NULL: taken */
	size_t line;
	const char *why;
} changes[] = {
	{ "satchel-handoff: 1", 0, "satchel-handoff: 2", "handoff-version", 1,
	    "another version" },
	{ "satchel-handoff: 1\n", 0, "", "handoff-missing-key", 1, "no version" },
	{ "satchel-handoff: 1\n", 0, "# \xC3\xA9\nsatchel-handoff: '1'\n", NULL, 0,
	    "a comment, quotes" },
	{ "satchel-handoff", 0, "satchel-policy", "handoff-unknown-key", 1,
	    "another kind of document" },
	{ "  name: aurora-preview  ", 0, "  x-name: aurora-preview  ",
	    "handoff-missing-key", 3, "no name" },
	{ "  sequence: 3\n", 0, "", "handoff-missing-key", 3, "no sequence" },
	{ "  title: AE-0042\n", 0, "", "handoff-missing-key", 3, "no title" },
	{ "  from: Example AI, Inc.\n", 0, "", "handoff-missing-key", 3, "no from" },
	{ "  to: Evaluation Centre\n", 0, "", "handoff-missing-key", 3, "no to" },
	{ "  marking: UNCLASSIFIED\n", 0, "", "handoff-missing-key", 3, "no marking" },
	{ "  control-number: 2026-117 ", 0, "  x-number: 2026-117 ", NULL, 0,
	    "no control number" },
	{ "  date: 2026-11-23\n", 0, "", NULL, 0, "no date" },
	{ "  contact:", 0, "  contacts:", "handoff-unknown-key", 13, "a misspelt key" },
	{ "  contact:", 0, "  X-contact:", "handoff-unknown-key", 13, "a capital X" },
	{ "exclude:", 0, "excludes:", "handoff-unknown-key", 32,
	    "a misspelt key at the top" },
	{ "  contact: handoff@example.com", 0, "  sequence: 4", "yaml-duplicate-key",
	    13, "a key twice" },
	{ "aurora-preview", 0, "../aurora", "field-name", 3, "a name with a slash" },
	{ "aurora-preview", 0, "-rf", "field-name", 3, "a name like an option" },
	{ "aurora-preview", 0, ".git", "field-name", 3, "a hidden name" },
	{ "sequence: 3", 0, "sequence: 0", "yaml-integer", 4, "sequence 0" },
	{ "sequence: 3", 0, "sequence: 3.0", "yaml-integer", 4, "a fraction" },
	{ "sequence: 3", 0, "sequence: 9223372036854775808", "yaml-integer", 4, "2^63" },
	{ "sequence: 3", 0, "sequence:", "yaml-null", 4, "nothing" },
	{ "title: AE-0042", 0, "title: ae-0042", "field-title", 5, "lower case" },
	{ "title: AE-0042", 0, "title: [AE-0042]", "yaml-type", 5, "a list" },
	{ "from: Example AI, Inc.", 0, "from: \"\"", "field-text", 7, "nothing" },
	{ "from: Example AI, Inc.", 0, "from: \"a\\nb\"", "yaml-control", 7,
	    "a line break" },
	{ "from: Example AI, Inc.", 0, "from: \"a\\eb\"", "yaml-control", 7, "ESC" },
	{ "from: Example AI, Inc.", 0, "from: \"a\\u202Eb\"", "field-text", 7,
	    "an override" },
	{ "from: Example AI, Inc.", 0, "from: no", NULL, 0, "Norway" },
	{ "from: Example AI, Inc.", 0, "from: Example\n    AI", NULL, 0, "folded" },
	{ "from: Example AI, Inc.", 0, "from: |\n    Example", "yaml-control", 7,
	    "a literal text" },
	{ "from: Example AI, Inc.", 0, "from: null", "yaml-null", 7, "null" },
	{ "from: Example AI, Inc.", 0, "from: &x Example", "yaml-anchor", 7,
	    "an anchor" },
	{ "from: Example AI, Inc.", 0, "from: *x", "yaml-alias", 7, "an alias" },
	{ "from: Example AI, Inc.", 0, "from: !!str x", "yaml-tag", 7, "a tag" },
	{ "date: 2026-11-23", 0, "date: 23.11.2026", "yaml-date", 9, "another form" },
	{ "date: 2026-11-23", 0, "date: 2026-02-30", "yaml-date", 9, "no such day" },
	{ "date: 2026-11-23", 0, "date: 2242-03-15", NULL, 0, "the last day" },
	{ "date: 2026-11-23", 0, "date: 2242-03-16", "handoff-date", 9,
	    "more than a tar header holds" },
	{ "not-before: 2026-12-01", 0, "not-before: 2027-01-01", "handoff-window", 3,
	    "a window that ends before it begins" },
	{ "not-before: 2026-12-01", 0, "not-before: 2026-12-31", NULL, 0,
	    "a window of one day" },
	{ "title: AE-0042", 0, "title: AURORA PREVIEW 3", "title-tells", 5,
	    "the bundle's name" },
	{ "title: AE-0042", 0, "title: BOX CYBER-BENCH", "title-tells", 5,
	    "a component's name" },
	{ "title: AE-0042", 0, "title: UNCLASSIFIED", "title-tells", 5, "the marking" },
	{ "title: AE-0042", 0, "title: INTERNAL 7", "title-tells", 5,
	    "a component's marking" },
	{ "title: AE-0042", 0, "title: IMPORTED", "title-tells", 5, "a verdict" },
	{ "control-number: 2026-117", 0, "control-number: AURORA7B", "title-tells", 6,
	    "a name in the control number" },
	{ "control-number: 2026-117", 0, "control-number: DAMAGED", "title-tells", 6,
	    "a verdict in the control number" },
	{ "kind: model", 0, "kind: weights", "field-kind", 17, "an unknown kind" },
	{ "    kind: model\n", 0, "", "handoff-missing-key", 16, "no kind" },
	{ "    path: suites/cyber\n", 0, "", "handoff-missing-key", 22, "no path" },
	{ "  - name: cyber-bench\n    kind", 0, "  - kind", "handoff-missing-key", 22,
	    "no name" },
	{ "path: suites/cyber", 0, "path: ../cyber", "field-path", 24,
	    "the folder above" },
	{ "path: suites/cyber", 0, "path: /suites", "field-path", 24, "absolute" },
	{ "path: suites/cyber", 0, "path: .", "field-path", 24, "the folder itself" },
	{ "path: suites/cyber", 0, "path: suites/cyber/", "field-path", 24,
	    "a slash at the end" },
	{ "path: suites/cyber", 0, "path: weights", "component-overlap", 16,
	    "another component's folder" },
	{ "path: suites/cyber", 0, "path: weights/aurora-7b/x", "component-overlap", 22,
	    "below another component" },
	{ "path: suites/cyber", 0, "path: weights/Aurora-7B", "component-overlap", 22,
	    "a path that differs in case alone" },
	{ "path: suites/cyber", 0, "path: weights/aurora-7b-x", NULL, 0,
	    "a path that only begins like another" },
	{ "name: cyber-bench", 0, "name: Aurora-7B", "component-name", 22,
	    "a name that differs in case alone" },
	{ "needs: [aurora-7b]", 0, "needs: [aurora-8b]", "component-needs", 22,
	    "no such component" },
	{ "needs: [aurora-7b]", 0, "needs: [cyber-bench]", "component-needs", 22,
	    "itself" },
	{ "needs: [aurora-7b]", 0, "needs: []", "field-list", 28, "an empty list" },
	{ "needs: [aurora-7b]", 0, "needs: aurora-7b", "yaml-type", 28, "no list" },
	{ "[lm-eval, run, ", 0, "[lm-eval, [run], ", "yaml-type", 26, "a list in a list" },
	{ "[lm-eval, run, ", 0, "[lm-eval, , ", "yaml-syntax", 26, "nothing in a list" },
	{ "[lm-eval, run, ", 0, "[lm-eval, run: x, ", "yaml-type", 26, "a pair in a list" },
	{ "value: 0.41", 0, "value: high", "field-number", 27, "no number" },
	{ "value: 0.41, ", 0, "", "handoff-missing-key", 27, "no value" },
	{ "metric: acc, ", 0, "", "handoff-missing-key", 27, "no metric" },
	{ "tolerance: 0.02", 0, "tolerance: -1", "field-number", 27, "a negative one" },
	{ "tolerance: 0.02", 0, "x-by: {who: me}", NULL, 0, "a key of one's own" },
	{ "tolerance: 0.02", 0, "error: 1", "handoff-unknown-key", 27, "another key" },
	{ "    harness:", 0, "    records: 7\n    harness:", "handoff-unknown-key", 25,
	    "a fact that pack finds itself" },
	{ "x-ticket: {id: 7, ", 0, "x-ticket: {id: 7, id: 8, ", "yaml-duplicate-key", 14,
	    "a key twice below a key of one's own" },
	{ "\".git\"", 0, "\"/x\"", "handoff-exclude", 32, "a slash in front" },
	{ "\".git\"", 0, "\"x/\"", "handoff-exclude", 32, "a slash at the end" },
	{ "\".git\"", 0, "\"[a\"", "handoff-exclude", 32, "an open bracket" },
	{ "\".git\"", 0, "\"**/x\"", "handoff-exclude", 32, "two stars" },
	{ "\".git\"", 0, "a\\*", "handoff-exclude", 32, "a backslash" },
	{ "\".git\"", 0, "\"\"", "field-text", 32, "nothing" },
	{ "exclude: [\"*.tmp\", \".git\"]", 0, "exclude: \"*.tmp\"", "yaml-type", 32,
	    "no list" },
	{ "", 0, "---\n", "yaml-documents", 36, "a second document" },
};

static void
one_change_each(void **state)
{
	const struct bytes text = { (uint8_t *)(uintptr_t)example, sizeof(example) - 1,
	    0, 0 };
	struct handoff *h;
	struct bytes b;
	struct diag d;
	enum status st, expected;
	char where[40];
	size_t i, wrong = 0;
	bool ok;

	(void)state;
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		d = (struct diag)DIAG_INIT;
		sample_replace(&b, &text, changes[i].old, changes[i].nth,
		    changes[i].new);
		st = handoff_parse(b.data, b.len, "handoff.yaml", &h, &d);
		expected = changes[i].rule == NULL ? ST_OK :
		    strcmp(changes[i].rule, "title-tells") == 0 ? ST_REFUSED : ST_USAGE;
		snprintf(where, sizeof(where), "handoff.yaml: line %zu: ",
		    changes[i].line);
		ok = st == expected && (st == ST_OK ||
		    (strcmp(d.rule, changes[i].rule) == 0 &&
		    strncmp(d.text, where, strlen(where)) == 0));
		if (!ok) {
			print_error("%s: status %d, %s (%s)\n", changes[i].why, st, d.text,
			    d.rule);
			wrong++;
		}
		assert_true((st == ST_OK) == (h != NULL));
		handoff_free(h);
		bytes_free(&b);
	}
	assert_int_equal(wrong, 0);
}

/* The bundle's marking counts even where each component has its own. */
static void
marking_of_the_bundle_tells(void **state)
{
	struct handoff *h;
	struct diag d;

	(void)state;
	assert_int_equal(parse("satchel-handoff: 1\n"
	    "bundle: {marking: RESTRICTED, to: t, from: f, title: NOT RESTRICTED,\n"
	    "  sequence: 1, name: n1}\n"
	    "components: [{name: c1, kind: code, path: a, marking: OPEN}]\n", &h, &d),
	    ST_REFUSED);
	assert_string_equal(d.rule, "title-tells");
	assert_non_null(strstr(d.text, "tells RESTRICTED"));
	assert_string_not_equal(d.hint, "");
}

static void
components_must_be(void **state)
{
	static const char head[] = "satchel-handoff: 1\n"
	    "bundle: {marking: U, to: t, from: f, title: T, sequence: 1, name: n}\n";
	struct handoff *h;
	struct bytes b = { 0 };
	struct diag d;
	size_t i;

	(void)state;
	assert_int_equal(parse(head, &h, &d), ST_USAGE);
	assert_string_equal(d.rule, "handoff-missing-key");
	bytes_string(&b, head);
	bytes_string(&b, "components: []\n");
	assert_int_equal(handoff_parse(b.data, b.len, "h", &h, &d), ST_USAGE);
	assert_string_equal(d.rule, "handoff-components");
	bytes_free(&b);
	bytes_string(&b, head);
	bytes_string(&b, "components:\n");
	for (i = 0; i < CAP_COMPONENTS; i++)
		bytes_printf(&b, "- {name: c%zu, kind: code, path: p%zu}\n", i, i);
	assert_int_equal(handoff_parse(b.data, b.len, "h", &h, &d), ST_OK);
	assert_int_equal(h->n_components, CAP_COMPONENTS);
	handoff_free(h);
	bytes_string(&b, "- {name: more, kind: code, path: more}\n");
	assert_int_equal(handoff_parse(b.data, b.len, "h", &h, &d), ST_USAGE);
	assert_string_equal(d.rule, "handoff-components");
	bytes_free(&b);
}

/* n items of a list of the only component. */
static enum status
many_items(const char *key, const char *item, size_t n, struct diag *d)
{
	struct handoff *h;
	struct bytes b = { 0 };
	enum status st;
	size_t i;

	*d = (struct diag)DIAG_INIT;
	bytes_printf(&b, "satchel-handoff: 1\n"
	    "bundle: {marking: U, to: t, from: f, title: T, sequence: 1, name: n}\n"
	    "components:\n- name: c\n  kind: code\n  path: p\n  %s:\n", key);
	for (i = 0; i < n; i++)
		bytes_printf(&b, "  - %s\n", item);
	st = handoff_parse(b.data, b.len, "h", &h, d);
	handoff_free(h);
	bytes_free(&b);
	return st;
}

static void
lists_are_limited(void **state)
{
	struct diag d;

	(void)state;
	assert_int_equal(many_items("command", "x", CAP_LIST, &d), ST_OK);
	assert_int_equal(many_items("command", "x", CAP_LIST + 1, &d), ST_USAGE);
	assert_string_equal(d.rule, "field-list");
	assert_int_equal(many_items("expected", "{metric: a, value: 1}", CAP_LIST, &d),
	    ST_OK);
	assert_int_equal(many_items("expected", "{metric: a, value: 1}", CAP_LIST + 1,
	    &d), ST_USAGE);
	assert_string_equal(d.rule, "field-list");
}

/* What is told about an unknown key is what may stand there. */
static void
hints_name_what_is_allowed(void **state)
{
	struct handoff *h;
	struct diag d;

	(void)state;
	assert_int_equal(parse("satchel-handoff: 1\ncomponent: []\n", &h, &d), ST_USAGE);
	assert_non_null(strstr(d.text, "component"));
	assert_non_null(strstr(d.hint, "bundle, components, exclude"));
	assert_int_equal(parse("components: [{kind: x}]\n", &h, &d), ST_USAGE);
	assert_non_null(strstr(d.text, "model, benchmark, document or code"));
	assert_int_equal(parse("components: [{tensors: 1}]\n", &h, &d), ST_USAGE);
	assert_non_null(strstr(d.hint, "found in the files"));
}

static const struct {
	const char *pattern;
	const char *path;
	bool excluded;
} globs[] = {
	{ "*.tmp", "a.tmp", true },
	{ "*.tmp", "x/y/a.tmp", true },
	{ "*.tmp", "a.tmp/b", true },
	{ "*.tmp", "x/a.tmp/b/c", true },
	{ "*.tmp", "a.tmpx", false },
	{ "*.tmp", ".tmp", true },
	{ ".git", ".git", true },
	{ ".git", ".git/config", true },
	{ ".git", "sub/.git/config", true },
	{ ".git", ".gitignore", false },
	{ ".git", "x.git", false },
	{ "*", "anything", true },
	{ "?", "a", true },
	{ "?", "\xC3\xA9", true },
	{ "?", "\xF0\x9F\x98\x80", true },
	{ "??", "\xC3\xA9", false },
	{ "?", "ab", false },
	{ "[abc]", "b", true },
	{ "[abc]", "d", false },
	{ "[a-c]x", "bx", true },
	{ "[a-c]x", "dx", false },
	{ "[!a-c]x", "dx", true },
	{ "[!a-c]x", "bx", false },
	{ "[^a-c]x", "dx", true },
	{ "[]x]", "]", true },
	{ "[!]x]", "]", false },
	{ "[a-]", "-", true },
	{ "[\xC3\xA0-\xC3\xAF]", "\xC3\xA9", true },
	{ "[\xC3\xA0-\xC3\xAF]", "\xC3\xB9", false },
	{ "[*]", "*", true },
	{ "[*]", "a", false },
	{ "a*b*c", "aXbYc", true },
	{ "a*b*c", "abbc", true },
	{ "a*b*c", "acb", false },
	{ "*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "a/b", "a/b", true },
	{ "a/b", "a/b/c", true },
	{ "a/b", "x/a/b", false },
	{ "a/b", "a/bc", false },
	{ "a/*", "a/b", true },
	{ "a/*", "a/b/c", true },
	{ "a/*", "a", false },
	{ "*/b", "a/b", true },
	{ "*/b", "a/c/b", false },
	{ "*/b", "b", false },
	{ "a/*.txt", "a/x.txt", true },
	{ "a/*.txt", "a/x/y.txt", false },
	{ "a?b/x", "a/b/x", false },
	{ "a[!x]b/x", "a/b/x", false },
	{ "*a/*b", "xa/yb", true },
	{ "*a/*b", "xa/y/b", false },
	{ "*-of-*/*", "1-of-2-of-3/x", true },
	{ "logs", "weights/logs/today", true },
	{ "\xC3\xA9*", "\xC3\xA9t\xC3\xA9", true },
};

static void
globs_table(void **state)
{
	const char *wrong;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		if ((wrong = glob_check(globs[i].pattern)) != NULL)
			fail_msg("%s: %s", globs[i].pattern, wrong);
		if (glob_excludes(globs[i].pattern, globs[i].path) != globs[i].excluded)
			fail_msg("%s, %s: not %d", globs[i].pattern, globs[i].path,
			    globs[i].excluded);
	}
}

static void
excludes_any_pattern(void **state)
{
	struct handoff *h;
	struct diag d;

	(void)state;
	assert_int_equal(parse(example, &h, &d), ST_OK);
	assert_true(handoff_excludes(h, "a/b.tmp"));
	assert_true(handoff_excludes(h, ".git/HEAD"));
	assert_false(handoff_excludes(h, "model.safetensors"));
	handoff_free(h);
}

/* Any bit flipped, and cut anywhere: no more is asked than to live on. */
static void
every_bit_is_survived(void **state)
{
	char text[sizeof(example)];
	struct handoff *h;
	unsigned int bit;
	size_t i;

	(void)state;
	memcpy(text, example, sizeof(example));
	for (i = 0; i < sizeof(example) - 1; i++) {
		for (bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			if (handoff_parse((const uint8_t *)text, sizeof(example) - 1, "h",
			    &h, NULL) == ST_OK)
				handoff_free(h);
			text[i] = (char)(text[i] ^ (1 << bit));
		}
		if (handoff_parse((const uint8_t *)text, i, "h", &h, NULL) == ST_OK)
			handoff_free(h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_is_read),
		cmocka_unit_test(least_is_enough),
		cmocka_unit_test(one_change_each),
		cmocka_unit_test(marking_of_the_bundle_tells),
		cmocka_unit_test(components_must_be),
		cmocka_unit_test(lists_are_limited),
		cmocka_unit_test(hints_name_what_is_allowed),
		cmocka_unit_test(globs_table),
		cmocka_unit_test(excludes_any_pattern),
		cmocka_unit_test(every_bit_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
