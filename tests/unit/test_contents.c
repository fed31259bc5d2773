/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_contents - the content manifest: round trips, one wrong manifest for
 * each rule, every bit of a small one flipped, and many files.
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
#include "manifests/contents.h"
#include "manifests/fields.h"
#include "tests/unit/manifest_samples.h"

static void
emit_sample(struct bytes *out)
{
	struct contents *c = sample_contents();

	memset(out, 0, sizeof(*out));
	contents_emit(c, out);
	assert_false(out->failed);
	contents_free(c);
}

static void
round_trip(void **state)
{
	struct diag d = DIAG_INIT;
	struct contents *c, *s = sample_contents();
	struct bytes a, b = { 0 };
	size_t i;

	(void)state;
	emit_sample(&a);
	if (contents_parse(a.data, a.len, "c", &c, &d) != ST_OK)
		fail_msg("%s (%s)", d.text, d.rule);
	contents_emit(c, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	assert_string_equal(c->name, s->name);
	assert_string_equal(c->from, s->from);
	assert_string_equal(c->not_after, s->not_after);
	assert_string_equal(c->originator, s->originator);
	assert_true(c->time == s->time && c->sequence == s->sequence);
	assert_int_equal(c->n_components, s->n_components);
	assert_int_equal(c->components[1].kind, KIND_BENCHMARK);
	assert_int_equal(c->components[1].n_expected, 2);
	assert_null(c->components[1].expected[1].tolerance);
	assert_true(c->components[0].has_parameters);
	assert_false(c->components[0].has_records);
	assert_true(c->components[0].parameters == 7000000000);
	assert_int_equal(c->n_directories, s->n_directories);
	assert_int_equal(c->n_files, s->n_files);
	for (i = 0; i < c->n_files; i++) {
		assert_string_equal(c->files[i].path, s->files[i].path);
		assert_true(c->files[i].size == s->files[i].size);
		assert_true(c->files[i].offset == s->files[i].offset);
		assert_int_equal(c->files[i].executable, s->files[i].executable);
		assert_memory_equal(c->files[i].digest, s->files[i].digest, SHA256_LEN);
	}
	assert_true(contents_total(c) == 513 * (1 + 2 + 3));
	contents_free(c);
	contents_free(s);
	contents_free(NULL);
	bytes_free(&a);
	bytes_free(&b);
}

static void
walk_is_in_order(void **state)
{
	static const char *const order[] = { "notes.md", "suites", "suites/cyber",
	    "suites/cyber/empty", "suites/cyber/run.sh", "suites/cyber/sub",
	    "suites/cyber/sub/\xC3\xA9t\xC3\xA9.jsonl", "weights",
	    "weights/aurora-7b", "weights/aurora-7b/model.safetensors" };
	struct contents *c = sample_contents();
	struct content_walk w = { 0, 0 };
	struct content_entry e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_true(contents_next(c, &w, &e));
		assert_string_equal(e.path, order[i]);
		assert_int_equal(e.file != NULL, strchr(order[i], '.') != NULL);
	}
	assert_false(contents_next(c, &w, &e));
	contents_free(c);
}

static const char example[] =
    "satchel-contents: \"1\"\n"
    "name: \"aurora-preview\"\n"
    "sequence: \"3\"\n"
    "from: \"Example \\\"AI\\\", Inc.\"\n"
    "to: \"Evaluation Centre\"\n"
    "date: \"2026-11-23\"\n"
    "marking: \"UNCLASSIFIED\"\n"
    "not-before: \"2026-12-01\"\n"
    "not-after: \"2026-12-31\"\n"
    "contact: \"handoff@example.com\"\n"
    "originator: \"" SAMPLE_FPR_A "\"\n"
    "time: \"1790000000\"\n"
    "digest: \"sha-256\"\n"
    "components:\n"
    "- name: \"aurora-7b\"\n"
    "  kind: \"model\"\n"
    "  path: \"weights/aurora-7b\"\n"
    "  marking: \"UNCLASSIFIED\"\n"
    "  license: \"proprietary\"\n"
    "  version: \"2026-11-20\"\n"
    "  format: \"safetensors\"\n"
    "  dtypes:\n"
    "  - \"BF16\"\n"
    "  - \"F32\"\n"
    "  tensors: \"291\"\n"
    "  parameters: \"7000000000\"\n"
    "- name: \"cyber-bench\"\n"
    "  kind: \"benchmark\"\n"
    "  path: \"suites/cyber\"\n"
    "  marking: \"UNCLASSIFIED\"\n"
    "  records: \"1319\"\n"
    "  harness: \"lm-evaluation-harness 0.4.9\"\n"
    "  command:\n"
    "  - \"lm-eval\"\n"
    "  - \"run\"\n"
    "  - \"--tasks\"\n"
    "  - \"cyber\"\n"
    "  expected:\n"
    "  - metric: \"acc\"\n"
    "    value: \"0.41\"\n"
    "    tolerance: \"0.02\"\n"
    "  - metric: \"loss\"\n"
    "    value: \"-1.5e-3\"\n"
    "  needs:\n"
    "  - \"aurora-7b\"\n"
    "- name: \"transfer-notes\"\n"
    "  kind: \"document\"\n"
    "  path: \"notes.md\"\n"
    "  marking: \"UNCLASSIFIED\"\n"
    "directories:\n"
    "- \"suites\"\n"
    "- \"suites/cyber\"\n"
    "- \"suites/cyber/empty\"\n"
    "- \"suites/cyber/sub\"\n"
    "- \"weights\"\n"
    "- \"weights/aurora-7b\"\n"
    "files:\n"
    "- path: \"notes.md\"\n"
    "  size: \"0\"\n"
    "  offset: \"0\"\n"
    "  digest: \"7070707070707070707070707070707070707070707070707070707070707070\"\n"
    "- path: \"suites/cyber/run.sh\"\n"
    "  size: \"513\"\n"
    "  executable: \"yes\"\n"
    "  offset: \"2048\"\n";

static void
spelling_is_fixed(void **state)
{
	struct bytes a;

	(void)state;
	emit_sample(&a);
	assert_true(a.len > sizeof(example));
	assert_memory_equal(a.data, example, sizeof(example) - 1);
	bytes_free(&a);
}

/* A file more at the end; the offset is not looked at if its place is wrong. */
#define MORE(path) "- path: \"" path "\"\n  size: \"0\"\n  offset: \"0\"\n  digest: \"" \
    "0000000000000000000000000000000000000000000000000000000000000000\"\n"

static const struct {
	const char *old;
	size_t nth;
	const char *new;
	const char *rule;		/* NULL: still a manifest */
	const char *why;
} changes[] = {
	{ "satchel-contents: \"1\"", 0, "satchel-contents: \"2\"",
	    "contents-version", "another version" },
	{ "satchel-contents: \"1\"\n", 0, "", "contents-purpose", "no purpose" },
	{ "satchel-contents", 0, "satchel-manifest", "contents-purpose",
	    "another purpose" },
	{ "aurora-preview", 0, ".hidden", "field-name", "a name with a dot in front" },
	{ "aurora-preview", 0, "-rf", "field-name", "a name with a hyphen in front" },
	{ "aurora-preview", 0, "a/b", "field-name", "a name with a slash" },
	{ "aurora-preview", 0, "..", "field-name", "the folder above" },
	{ "aurora-preview", 0, "", "field-name", "no name" },
	{ "aurora-preview", 0, "nul", "field-name", "a device" },
	{ "sequence: \"3\"", 0, "sequence: \"0\"", "yaml-integer", "sequence 0" },
	{ "sequence: \"3\"", 0, "sequence: \"9223372036854775808\"", "yaml-integer",
	    "sequence 2^63" },
	{ "sequence: \"3\"", 0, "sequence: \"9223372036854775807\"", NULL,
	    "sequence 2^63 - 1" },
	{ "sequence: \"3\"\n", 0, "", "yaml-key", "no sequence" },
	{ "Evaluation Centre", 0, "", "field-text", "an empty text" },
	{ "Evaluation Centre", 0, " Evaluation", "field-text", "a leading blank" },
	{ "Evaluation Centre", 0, "a\\u202Eb", "field-text", "an override by escape" },
	{ "Evaluation Centre", 0, "a\\u00E9b", "yaml-spelling",
	    "an escape that is not needed" },
	{ "Evaluation Centre", 0, "a\xE2\x80\xAE" "b", "field-text", "an override" },
	{ "Evaluation Centre", 0, "\\U0001F600", NULL, "an astral character" },
	{ "Evaluation Centre", 0, "\xF0\x9F\x98\x80", "yaml-spelling",
	    "an astral character that is not escaped" },
	{ "Evaluation Centre", 0, "e\xCC\x81", "field-text", "not NFC" },
	{ "2026-11-23", 0, "2026-11-31", "yaml-date", "no such day" },
	{ "not-before: \"2026-12-01\"", 0, "not-before: \"2027-12-01\"",
	    "contents-window", "a window that ends before it begins" },
	{ "not-before: \"2026-12-01\"", 0, "not-before: \"2026-12-31\"", NULL,
	    "a window of one day" },
	{ "not-before: \"2026-12-01\"\n", 0, "", NULL, "no beginning" },
	{ "not-after: \"2026-12-31\"\n", 0, "", NULL, "no end" },
	{ "contact: \"handoff@example.com\"\n", 0, "", NULL, "no contact" },
	{ "originator: \"0", 0, "originator: \"", "contents-originator", "39 digits" },
	{ "time: \"1790000000\"", 0, "time: \"8589934591\"", NULL, "the last second" },
	{ "time: \"1790000000\"", 0, "time: \"8589934592\"", "yaml-integer",
	    "one second more" },
	{ "sha-256", 0, "sha-512", "yaml-word", "another digest" },
	{ "name: \"aurora-7b\"", 0, "name: \"Cyber-Bench\"", "component-name",
	    "names that differ in case alone" },
	{ "kind: \"model\"", 0, "kind: \"Model\"", "field-kind", "an unknown kind" },
	{ "path: \"weights/aurora-7b\"", 0, "path: \"weights/../aurora\"",
	    "field-path", "the folder above" },
	{ "path: \"weights/aurora-7b\"", 0, "path: \"/weights\"", "field-path",
	    "an absolute path" },
	{ "path: \"weights/aurora-7b\"", 0, "path: \"suites\"", "component-overlap",
	    "a component in another" },
	{ "path: \"weights/aurora-7b\"", 0, "path: \"suites/cyber\"",
	    "component-overlap", "two components of one path" },
	{ "path: \"weights/aurora-7b\"", 0, "path: \"Suites/Cyber\"",
	    "component-overlap", "paths that differ in case alone" },
	{ "path: \"weights/aurora-7b\"", 0, "path: \"weights/aurora\"",
	    "contents-component", "a path that is not listed" },
	{ "path: \"weights/aurora-7b\"", 0, "path: \"weights\"", NULL,
	    "the folder above as component" },
	{ "path: \"suites/cyber\"", 0, "path: \"suites/cyber/sub\"",
	    "contents-stray", "a directory that belongs to no component" },
	{ "path: \"weights/aurora-7b\"", 0,
	    "path: \"weights/aurora-7b/model.safetensors\"", NULL, "a file as component" },
	{ "  marking: \"UNCLASSIFIED\"\n", 0, "", "yaml-key",
	    "a component without marking" },
	{ "  license: \"proprietary\"\n  version: \"2026-11-20\"\n", 0,
	    "  version: \"2026-11-20\"\n  license: \"proprietary\"\n", "yaml-key",
	    "keys in another order" },
	{ "  license: \"proprietary\"\n", 0,
	    "  license: \"proprietary\"\n  license: \"proprietary\"\n", "yaml-key",
	    "a key twice" },
	{ "  dtypes:\n  - \"BF16\"\n  - \"F32\"\n", 0, "", NULL, "no dtypes" },
	{ "  dtypes:\n  - \"BF16\"\n  - \"F32\"\n", 0, "  dtypes:\n", "yaml-type",
	    "a list that is nothing" },
	{ "tensors: \"291\"", 0, "tensors: \"-1\"", "yaml-integer", "a sign" },
	{ "value: \"0.41\"", 0, "value: \".41\"", "field-number", "no digit in front" },
	{ "value: \"0.41\"", 0, "value: \"0.\"", "field-number", "no digit behind" },
	{ "value: \"0.41\"", 0, "value: \"00.41\"", "field-number", "leading zeros" },
	{ "value: \"0.41\"", 0, "value: \"NaN\"", "field-number", "no number" },
	{ "value: \"0.41\"", 0, "value: \"0x1p3\"", "field-number", "hexadecimal" },
	{ "value: \"0.41\"", 0, "value: \"1e\"", "field-number", "no exponent" },
	{ "value: \"0.41\"", 0, "value: \"+1\"", "field-number", "a plus" },
	{ "value: \"0.41\"", 0, "value: \"1E+10\"", NULL, "an exponent" },
	{ "value: \"0.41\"", 0, "value: \"10000000000000000000000000000000000000000\"",
	    "field-number", "41 digits" },
	{ "tolerance: \"0.02\"", 0, "tolerance: \"-0.02\"", "field-number",
	    "a negative tolerance" },
	{ "    tolerance: \"0.02\"\n", 0, "", NULL, "no tolerance" },
	{ "  needs:\n  - \"aurora-7b\"", 0, "  needs:\n  - \"aurora\"",
	    "component-needs", "no such component" },
	{ "  needs:\n  - \"aurora-7b\"", 0, "  needs:\n  - \"cyber-bench\"",
	    "component-needs", "itself" },
	{ "- \"suites\"\n", 0, "", "contents-parent", "no parent" },
	{ "- \"suites/cyber/sub\"\n", 0, "", "contents-parent", "a file without one" },
	{ "- \"suites\"\n- \"suites/cyber\"\n", 0,
	    "- \"suites/cyber\"\n- \"suites\"\n", "contents-order",
	    "directories in another order" },
	{ "- \"suites\"\n", 0, "- \"suites\"\n- \"suites\"\n", "contents-order",
	    "a directory twice" },
	{ "- \"suites/cyber/empty\"\n", 0, "- \"suites/cyber/em?ty\"\n", "field-path",
	    "an illegal directory" },
	{ "- \"suites/cyber/empty\"\n", 0, "- \"suites/cyber/run.sh\"\n",
	    "contents-both", "a file and a directory" },
	{ "- \"suites/cyber/empty\"\n", 0, "- \"suites/cyber/SUB\"\n",
	    "contents-collision", "directories that differ in case alone" },
	{ "- \"suites/cyber/empty\"\n", 0, "- \"suites/cyber/RUN.sh\"\n",
	    "contents-collision", "a directory and a file that do" },
	{ "- \"suites/cyber/empty\"\n", 0, "", "contents-offset",
	    "an entry less before a file" },
	{ "- \"weights\"\n", 0, "- \"stray\"\n- \"weights\"\n", "contents-order",
	    "a directory in the wrong place" },
	{ "- \"suites\"\n", 0, "- \"a\"\n- \"suites\"\n", "contents-stray",
	    "a directory that belongs to nothing" },
	{ "- path: \"notes.md\"", 0, "- path: \"notes.me\"", "contents-component",
	    "another file" },
	{ "- path: \"suites/cyber/run.sh\"", 0, "- path: \"suites/abc.sh\"",
	    "contents-stray", "a file that belongs to no component" },
	{ "- path: \"suites/cyber/run.sh\"", 0, "- path: \"notes.md\"",
	    "contents-order", "a file twice" },
	{ "- path: \"suites/cyber/run.sh\"", 0, "- path: \"suites/cyber/run\\u202E.sh\"",
	    "field-path", "an override" },
	{ "- path: \"suites/cyber/run.sh\"", 0, "- path: \"suites/cyber//run.sh\"",
	    "field-path", "another spelling" },
	{ "executable: \"yes\"", 0, "executable: \"no\"", "yaml-word",
	    "executable: no" },
	{ "  executable: \"yes\"\n", 0, "", NULL, "not executable" },
	{ "size: \"513\"", 0, "size: \"514\"", NULL, "a size that rounds to the same" },
	{ "size: \"513\"", 0, "size: \"512\"", "contents-offset", "one that does not" },
	{ "size: \"513\"", 0, "size: \"9223372036854775807\"", "contents-sum",
	    "a size that overflows" },
	{ "size: \"513\"", 0, "size: \"4611686018427387903\"", "contents-sum",
	    "a size that overflows later" },
	{ "size: \"1539\"", 0, "size: \"9223372036854775807\"", "contents-sum",
	    "a last size that overflows" },
	{ "size: \"1539\"", 0, "size: \"8589934592\"", NULL,
	    "a last size that needs a pax header, behind which nothing lies" },
	{ "offset: \"0\"", 0, "offset: \"512\"", "contents-offset", "another offset" },
	{ "digest: \"7070", 0, "digest: \"707", "yaml-hex", "a short digest" },
	{ "digest: \"7070", 0, "digest: \"70A0", "yaml-hex", "upper case" },
	{ "", 0, MORE("x"), "contents-stray", "a file of no component" },
	{ "", 0, MORE("weights/aurora-7b/n"), "contents-offset", "one of a component" },
	{ "", 0, MORE("weights/aurora-7b/model.safetensors/x"), "contents-parent",
	    "a file below a file" },
	{ "", 0, MORE("weights/aurora/x"), "contents-parent",
	    "a directory that is only how another one begins" },
	{ "", 0, MORE("weights/aurora-7c/x"), "contents-parent",
	    "a directory that is only as long as another one" },
	{ "", 0, "more: \"1\"\n", "yaml-key", "a key more" },
};

static size_t
print_wrong(const char *why, enum status st, const struct diag *d)
{
	print_error("%s: status %d, %s (%s)\n", why, st, d->text, d->rule);
	return 1;
}

static void
one_change_each(void **state)
{
	struct diag d;
	struct contents *c;
	struct bytes a, b;
	enum status st;
	size_t i, wrong = 0;

	(void)state;
	emit_sample(&a);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		d = (struct diag)DIAG_INIT;
		sample_replace(&b, &a, changes[i].old, changes[i].nth, changes[i].new);
		st = contents_parse(b.data, b.len, "c", &c, &d);
		if (changes[i].rule == NULL ? st != ST_OK : st != ST_MALFORMED ||
		    strcmp(d.rule, changes[i].rule) != 0)
			wrong += print_wrong(changes[i].why, st, &d);
		assert_true((st == ST_OK) == (c != NULL));
		contents_free(c);
		bytes_free(&b);
	}
	bytes_free(&a);
	assert_int_equal(wrong, 0);
}

static void
every_bit_counts(void **state)
{
	struct bytes a, b = { 0 };
	struct contents *c;
	unsigned int bit;
	size_t i;

	(void)state;
	emit_sample(&a);
	for (i = 0; i < a.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			a.data[i] ^= (uint8_t)(1U << bit);
			if (contents_parse(a.data, a.len, "c", &c, NULL) == ST_OK) {
				contents_emit(c, &b);
				assert_int_equal(a.len, b.len);
				assert_memory_equal(a.data, b.data, a.len);
				bytes_free(&b);
				contents_free(c);
			}
			a.data[i] ^= (uint8_t)(1U << bit);
		}
	}
	bytes_free(&a);
}

/* n files below one component, `per` in a directory. */
static struct contents *
many_files(size_t n, size_t per)
{
	struct contents *c = sample_contents();
	struct component *k;
	char path[64];
	size_t i;
	int len;

	for (i = 0; i < c->n_components; i++)
		component_clear(&c->components[i]);
	for (i = 0; i < c->n_directories; i++)
		free(c->directories[i]);
	for (i = 0; i < c->n_files; i++)
		free(c->files[i].path);
	free(c->directories);
	free(c->files);
	c->n_components = 1;
	k = &c->components[0];
	assert_non_null(k->name = strdup("m"));
	assert_non_null(k->path = strdup("weights"));
	assert_non_null(k->marking = strdup("U"));
	c->n_directories = 1 + (n + per - 1) / per;
	assert_non_null(c->directories = calloc(c->n_directories, sizeof(char *)));
	assert_non_null(c->files = calloc(n, sizeof(*c->files)));
	c->directories[0] = contents_keep_path(c, "weights", 7);
	for (i = 1; i < c->n_directories; i++) {
		len = snprintf(path, sizeof(path), "weights/d%06zu", i - 1);
		c->directories[i] = contents_keep_path(c, path, (size_t)len);
		assert_non_null(c->directories[i]);
	}
	for (i = 0; i < n; i++) {
		len = snprintf(path, sizeof(path), "weights/d%06zu/f%07zu", i / per, i);
		c->files[i].path = contents_keep_path(c, path, (size_t)len);
		assert_non_null(c->files[i].path);
		c->files[i].size = i % 5000;
	}
	c->n_files = n;
	sample_layout(c);
	return c;
}

static void
many_files_are_read(void **state)
{
	static const size_t per[] = { 1000, 1 };
	struct diag d = DIAG_INIT;
	struct contents *c, *again;
	struct bytes a = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(per) / sizeof(per[0]); i++) {
		c = many_files(200000, per[i]);
		contents_emit(c, &a);
		assert_false(a.failed);
		if (contents_parse(a.data, a.len, "c", &again, &d) != ST_OK)
			fail_msg("%s (%s)", d.text, d.rule);
		assert_int_equal(again->n_files, 200000);
		assert_true(contents_total(again) == contents_total(c));
		contents_free(c);
		contents_free(again);
		bytes_free(&a);
	}
}

static void
paths_are_kept(void **state)
{
	static char path[CAP_PATH + 2];
	struct contents *c = calloc(1, sizeof(*c));
	const char *kept[200];
	size_t i;

	(void)state;
	assert_non_null(c);
	memset(path, 'x', sizeof(path) - 1);
	assert_null(contents_keep_path(c, path, CAP_PATH + 1));
	for (i = 0; i < 200; i++) {
		path[0] = (char)('a' + i % 26);
		assert_non_null(kept[i] = contents_keep_path(c, path, CAP_PATH - i));
	}
	for (i = 0; i < 200; i++) {
		assert_int_equal(kept[i][0], 'a' + i % 26);
		assert_int_equal(strlen(kept[i]), CAP_PATH - i);
	}
	contents_free(c);
}

/* The order in which all below a directory follows it at once. */
static void
tree_order(void **state)
{
	static const char *const sorted[] = { "a", "a/b", "a/b/c", "a/c", "a b", "a-b",
	    "a-b/c", "a.b", "ab", "b" };
	const size_t n = sizeof(sorted) / sizeof(sorted[0]);
	size_t i, j;
	int cmp;

	(void)state;
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			cmp = path_tree_compare(sorted[i], sorted[j]);
			assert_true(i < j ? cmp < 0 : i > j ? cmp > 0 : cmp == 0);
		}
	}
	assert_true(path_below("a", "a"));
	assert_true(path_below("a", "a/b"));
	assert_false(path_below("a", "ab"));
	assert_false(path_below("a", "a-b/c"));
	assert_false(path_below("a/b", "a"));
}

/* Found by its line alone, whatever the rest is. */
static void
originator_by_its_line(void **state)
{
#define LINE "\noriginator: \"" SAMPLE_FPR_A "\""
	static const struct {
		const char *text;
		bool there;
		const char *why;
	} rows[] = {
		{ "x" LINE "\ncomponents:\n", true, "right" },
		{ "" LINE "\nx" LINE "\ncomponents:\n", true, "the first of two" },
		{ "" LINE "\n", false, "no components" },
		{ "x\ncomponents:" LINE "\n", false, "no line feed behind components" },
		{ "x\ncomponents:\n" LINE "\n", false, "behind components" },
		{ "x\noriginator: " SAMPLE_FPR_A "\ncomponents:\n", false, "no quotes" },
		{ " originator: \"" SAMPLE_FPR_A "\"\ncomponents:\n", false, "indented" },
		{ "\noriginator: \"" SAMPLE_FPR_A "\ncomponents:\n\"", false, "no end" },
		{ "\noriginator: \"0" SAMPLE_FPR_A "\"\ncomponents:\n", false, "41 digits" },
		{ "\noriginator: \"\"\ncomponents:\n", false, "empty" },
		{ "\noriginator: \"0123456789abcdef0123456789abcdef01234567\""
		    "\ncomponents:\n", false, "lower case" },
		{ "", false, "nothing" },
	};
	char originator[FPR_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (contents_originator((const uint8_t *)rows[i].text,
		    strlen(rows[i].text), originator) != rows[i].there)
			fail_msg("%s", rows[i].why);
		if (rows[i].there)
			assert_string_equal(originator, SAMPLE_FPR_A);
	}
#undef LINE
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(walk_is_in_order),
		cmocka_unit_test(spelling_is_fixed),
		cmocka_unit_test(one_change_each),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(many_files_are_read),
		cmocka_unit_test(paths_are_kept),
		cmocka_unit_test(tree_order),
		cmocka_unit_test(originator_by_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
