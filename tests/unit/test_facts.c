/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_facts - which sums over a component's files are said of it, for each
 * kind of component, and what is noted about a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pack/facts.h"

/* A file in memory, with the name of one on disk. */
static void
pass(struct facts *f, size_t at, enum component_kind kind, const char *path,
    const void *data, size_t len, struct findings *notes)
{
	struct component c = { .kind = kind };
	struct content_file file = { .path = (char *)(uintptr_t)path, .size = len };
	struct diag d = DIAG_INIT;
	FILE *tmp = tmpfile();
	size_t half = len / 2;

	assert_non_null(tmp);
	assert_true(fwrite(data, 1, len, tmp) == len && fflush(tmp) == 0);
	assert_int_equal(facts_begin(f, at, &c, &file, fileno(tmp), notes, &d), ST_OK);
	facts_pass(f, data, half);
	facts_pass(f, (const uint8_t *)data + half, len - half);
	facts_end(f);
	fclose(tmp);
}

#define PASS(f, at, kind, path, text, notes) \
	pass(f, at, kind, path, text, sizeof(text) - 1, notes)

static const char weights[] = "\x39\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],"
    "\"data_offsets\":[0,16]}}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

static void
test_model(void **state)
{
	struct component c = { .kind = KIND_MODEL };
	struct facts *f = facts_new(1);
	struct findings notes = { 0 };
	struct diag d = DIAG_INIT;

	(void)state;
	PASS(f, 0, KIND_MODEL, "m/config.json", "{\"model_type\":\"x\"}", &notes);
	PASS(f, 0, KIND_MODEL, "m/a.safetensors", weights, &notes);
	PASS(f, 0, KIND_MODEL, "m/b.safetensors", weights, &notes);
	PASS(f, 0, KIND_MODEL, "m/x.jsonl", "{}\n{}\n", &notes);
	assert_int_equal(notes.n, 0);
	assert_int_equal(facts_give(f, &c, 1, &d), ST_OK);
	assert_string_equal(c.format, "safetensors");
	assert_int_equal(c.dtypes.n, 1);
	assert_string_equal(c.dtypes.items[0], "F32");
	assert_true(c.has_tensors && c.tensors == 2);
	assert_true(c.has_parameters && c.parameters == 8);
	assert_false(c.has_records);
	component_clear(&c);
	facts_free(f);
}

/* A sum that leaves a broken file out is not said; the file is noted. */
static void
test_broken_weights(void **state)
{
	struct component c = { .kind = KIND_MODEL };
	struct facts *f = facts_new(1);
	struct findings notes = { 0 };
	struct diag d = DIAG_INIT;

	(void)state;
	PASS(f, 0, KIND_MODEL, "m/a.safetensors", weights, &notes);
	pass(f, 0, KIND_MODEL, "m/b.safetensors", weights, sizeof(weights) - 2, &notes);
	PASS(f, 0, KIND_MODEL, "m/empty.bin", "", &notes);
	assert_int_equal(notes.n, 2);
	assert_int_equal(notes.worst, ST_OK);
	assert_non_null(strstr(notes.items[0].text, "not whole"));
	assert_string_equal(notes.items[0].volume, "m/b.safetensors");
	assert_int_equal(facts_give(f, &c, 1, &d), ST_OK);
	assert_string_equal(c.format, "safetensors");
	assert_false(c.has_tensors || c.has_parameters);
	assert_int_equal(c.dtypes.n, 0);
	component_clear(&c);
	facts_free(f);
	findings_free(&notes);
}

static void
test_benchmark(void **state)
{
	struct component c[3] = { { .kind = KIND_BENCHMARK }, { .kind = KIND_BENCHMARK },
		{ .kind = KIND_DOCUMENT } };
	struct facts *f = facts_new(3);
	struct findings notes = { 0 };
	struct diag d = DIAG_INIT;

	(void)state;
	PASS(f, 0, KIND_BENCHMARK, "s/a.jsonl", "{\"a\":1}\n{\"a\":2}\n\n", &notes);
	PASS(f, 0, KIND_BENCHMARK, "s/task.yaml", "task: x\n", &notes);
	PASS(f, 0, KIND_BENCHMARK, "s/b.jsonl", "{\"a\":3}", &notes);
	PASS(f, 0, KIND_BENCHMARK, "s/m.safetensors", weights, &notes);
	PASS(f, 1, KIND_BENCHMARK, "t/README.md", "# x\n", &notes);
	PASS(f, 2, KIND_DOCUMENT, "d/a.md", "# x\nand more of it\n", &notes);
	PASS(f, 2, KIND_DOCUMENT, "d/b", "words\n", &notes);
	PASS(f, 2, KIND_DOCUMENT, "d/c.jsonl", "{}\n{}\n", &notes);
	assert_int_equal(facts_give(f, c, 3, &d), ST_OK);
	assert_string_equal(c[0].format, "jsonl, yaml");
	assert_true(c[0].has_records && c[0].records == 3);
	assert_false(c[0].has_tensors);
	assert_string_equal(c[1].format, "markdown");
	assert_false(c[1].has_records);
	assert_string_equal(c[2].format, "markdown, text");
	assert_false(c[2].has_records);
	component_clear(&c[0]);
	component_clear(&c[1]);
	component_clear(&c[2]);
	facts_free(f);
}

/* Who counts by himself may count records anywhere; only a benchmark has them. */
static void
test_records_of_others(void **state)
{
	struct fact_sums s = { .records = 5, .n_lines = 1 };
	struct component c[2] = { { .kind = KIND_DOCUMENT }, { .kind = KIND_BENCHMARK } };
	struct diag d = DIAG_INIT;

	(void)state;
	s.files[FORMAT_JSONL] = 1;
	assert_int_equal(fact_sums_give(&s, &c[0], &d), ST_OK);
	assert_int_equal(fact_sums_give(&s, &c[1], &d), ST_OK);
	assert_false(c[0].has_records);
	assert_true(c[1].has_records && c[1].records == 5);
	component_clear(&c[0]);
	component_clear(&c[1]);
}

/* Nothing is said where nothing is known. */
static void
test_unknown(void **state)
{
	struct component c[2] = { { .kind = KIND_MODEL }, { .kind = KIND_CODE } };
	struct facts *f = facts_new(2);
	struct findings notes = { 0 };
	struct diag d = DIAG_INIT;

	(void)state;
	PASS(f, 0, KIND_MODEL, "m/model.bin", "\x01\x02\x03", &notes);
	PASS(f, 0, KIND_MODEL, "m/config.json", "{}", &notes);
	assert_int_equal(facts_give(f, c, 2, &d), ST_OK);
	assert_null(c[0].format);
	assert_false(c[0].has_tensors);
	assert_null(c[1].format);
	facts_free(f);
}

/* A file that gets shorter while its header is read is refused, by name. */
static void
test_shrinking(void **state)
{
	struct component c = { .kind = KIND_MODEL };
	struct content_file file = { .path = (char *)(uintptr_t)"m/x", .size = 100 };
	struct facts *f = facts_new(1);
	struct findings notes = { 0 };
	struct diag d = DIAG_INIT;
	FILE *tmp = tmpfile();

	(void)state;
	assert_non_null(tmp);
	assert_int_equal(facts_begin(f, 0, &c, &file, fileno(tmp), &notes, &d), ST_REFUSED);
	assert_string_equal(d.rule, "source-changed");
	assert_non_null(strstr(d.text, "m/x"));
	fclose(tmp);
	facts_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_broken_weights),
		cmocka_unit_test(test_benchmark),
		cmocka_unit_test(test_records_of_others),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_shrinking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
