/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_hub - settings, shard indexes and model cards, and the task files of
 * suites: what is taken from them, and what is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/hub.h"
#include "manifests/lines.h"
#include "manifests/suite.h"
#include "tests/unit/sampletest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
open_text(struct window *w, struct window_memory *m, const char *text)
{
	*m = (struct window_memory){ (const uint8_t *)text, strlen(text) };
	window_open_memory(w, m);
}

static void
test_settings(void **state)
{
	static const struct {
		const char *text;
		bool model, adapter, code;
		const char *type, *architecture, *base;
	} rows[] = {
		{ "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM\",\"x\"]}",
		    true, false, false, "llama", "LlamaForCausalLM", "" },
		{ "{\"architectures\":[],\"auto_map\":{\"AutoModel\":\"m.M\"}}", true, false,
		    true, "", "", "" },
		{ "{\"architectures\":null,\"model_type\":7}", false, false, false, "", "", "" },
		{ "{\"peft_type\":\"LORA\",\"base_model_name_or_path\":\"org/base\"}", false,
		    true, false, "", "", "org/base" },
		{ "{\"_diffusers_version\":\"0.1\",\"unet\":[\"a\",\"b\"]}", true, false, false,
		    "", "", "" },
		{ "{\"x\":{\"model_type\":\"llama\"}}", false, false, false, "", "", "" },
		{ "{\"model_type\":\"a\\nb\"}", true, false, false, "", "", "" },
		{ "[\"model_type\"]", false, false, false, "", "", "" },
		{ "{\"model_type\":\"llama\"", false, false, false, "", "", "" },
		{ "not JSON", false, false, false, "", "", "" },
		{ "", false, false, false, "", "", "" },
	};
	struct window_memory m;
	struct hub_settings s;
	struct diag d = DIAG_INIT;
	struct window w;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		open_text(&w, &m, rows[i].text);
		assert_int_equal(hub_read_settings(&w, &s, &d), ST_OK);
		if (s.is_model != rows[i].model || s.is_adapter != rows[i].adapter ||
		    s.names_code != rows[i].code ||
		    strcmp(s.model_type, rows[i].type) != 0 ||
		    strcmp(s.architecture, rows[i].architecture) != 0 ||
		    strcmp(s.base_model, rows[i].base) != 0)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
}

static void
test_index(void **state)
{
	static const struct {
		const char *text;
		size_t shards, tensors;
		const char *rule;
	} rows[] = {
		{ "{\"metadata\":{\"total_size\":3},\"weight_map\":{\"a\":\"m-2\",\"b\":\"m-1\","
		    "\"c\":\"m-2\"}}", 2, 3, NULL },
		{ "{\"weight_map\":{}}", 0, 0, NULL },
		{ "{\"metadata\":{}}", 0, 0, "index-map" },
		{ "{\"weight_map\":[]}", 0, 0, "index-map" },
		{ "{\"weight_map\":{},\"weight_map\":{}}", 0, 0, "index-map" },
		{ "[]", 0, 0, "index-map" },
		{ "{\"weight_map\":{\"a\":1}}", 0, 0, "index-name" },
		{ "{\"weight_map\":{\"a\":\"../x\"}}", 0, 0, "index-name" },
		{ "{\"weight_map\":{\"a\":\"d/x\"}}", 0, 0, "index-name" },
		{ "{\"weight_map\":{\"a\":\"\"}}", 0, 0, "index-name" },
		{ "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", 0, 0, "index-name" },
		{ "{\"weight_map\":{\"a\":\"x\\u0000\"}}", 0, 0, "index-name" },
		{ "{\"weight_map\":{\"a\":\"x\"}", 0, 0, "json-comma" },
		{ "{\"weight_map\":{\"a\":\"x\"}} {}", 0, 0, "json-trailing" },
	};
	struct window_memory m;
	struct hub_index x;
	struct diag d;
	struct window w;
	enum status st;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		d = (struct diag)DIAG_INIT;
		open_text(&w, &m, rows[i].text);
		st = hub_read_index(&w, &x, &d);
		if (rows[i].rule != NULL ? st != ST_MALFORMED ||
		    strcmp(d.rule, rows[i].rule) != 0 : st != ST_OK ||
		    x.shards.n != rows[i].shards || x.tensors != rows[i].tensors)
			fail_msg("row %zu: %s, %zu", i, d.text, x.shards.n);
		if (i == 0) {
			assert_string_equal(x.shards.items[0], "m-1");
			assert_string_equal(x.shards.items[1], "m-2");
		}
		hub_index_clear(&x);
	}
}

static void
test_real_index(void **state)
{
	struct window_memory m;
	struct hub_index x;
	struct diag d = DIAG_INIT;
	struct window w;
	struct bytes b;

	(void)state;
	sampletest_read(sampletest_data("manifests/hf-sharded-index/model.safetensors.index.json"), &b);
	sampletest_open(&w, &m, &b);
	assert_int_equal(hub_read_index(&w, &x, &d), ST_OK);
	assert_true(x.shards.n == 59 && x.tensors == 1739);
	assert_string_equal(x.shards.items[0], "model-00001-of-00059.safetensors");
	hub_index_clear(&x);
	bytes_free(&b);
}

/* Over 10,000 shards are refused; so many are sorted in a moment. */
static void
test_many_shards(void **state)
{
	struct bytes b = { 0 };
	struct window_memory m;
	struct hub_index x;
	struct diag d;
	struct window w;
	size_t i, k;

	(void)state;
	for (k = HUB_SHARDS_MAX; k <= HUB_SHARDS_MAX + 1; k++) {
		bytes_string(&b, "{\"weight_map\":{");
		for (i = 0; i < k; i++)
			bytes_printf(&b, "%s\"%zu\":\"%zu\"", i == 0 ? "" : ",", i, k - i);
		bytes_string(&b, "}}");
		d = (struct diag)DIAG_INIT;
		sampletest_open(&w, &m, &b);
		assert_int_equal(hub_read_index(&w, &x, &d),
		    k == HUB_SHARDS_MAX ? ST_OK : ST_MALFORMED);
		assert_int_equal(x.shards.n, HUB_SHARDS_MAX);
		hub_index_clear(&x);
		bytes_free(&b);
	}
}

static void
test_cards(void **state)
{
	static const struct {
		const char *text;
		bool card;
		const char *license, *base;
	} rows[] = {
		{ "---\nlicense: apache-2.0\n---\n# A\n", true, "apache-2.0", "" },
		{ "---\r\nlicense: \"mit\" # really\r\n---\r\n", true, "mit", "" },
		{ "---\ntags:\n- x\nlicense:\n- bsd-2-clause\n- mit\nbase_model:\n  - org/b\n---\n",
		    true, "bsd-2-clause", "org/b" },
		{ "---\nlicense: other\nlicense_name: llama3.1\n---\n", true, "llama3.1", "" },
		{ "---\nlicense: other\n---\n", true, "other", "" },
		{ "---\nx:\n  license: mit\n---\n", true, "", "" },
		{ "---\nx: 1\n---\nlicense: mit\n", true, "", "" },
		{ "---\nlicense: mit\n", false, "", "" },
		{ "# A\n---\nlicense: mit\n---\n", false, "", "" },
		{ "---\nlicense: a\x01" "b\n---\n", true, "", "" },
		{ "", false, "", "" },
		{ "---\n", false, "", "" },
		{ "---\n---\n", true, "", "" },
	};
	struct hub_card c;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++)
		if (hub_read_card((const uint8_t *)rows[i].text, strlen(rows[i].text), &c) !=
		    rows[i].card || strcmp(c.license, rows[i].license) != 0 ||
		    strcmp(c.base_model, rows[i].base) != 0)
			fail_msg("row %zu: %s, %s", i, c.license, c.base_model);
}

static void
test_suites(void **state)
{
	static const struct {
		enum file_format format;
		const char *text;
		enum harness harness;
		const char *task;
	} rows[] = {
		{ FORMAT_YAML, "task: arc_easy\ndataset_path: x\n", HARNESS_LM_EVAL, "arc_easy" },
		{ FORMAT_YAML, "include: a.yaml\ntask: b\n", HARNESS_LM_EVAL, "b" },
		{ FORMAT_YAML, "\"dataset_name\": \"s\"\n\"task\": \"bbh_s\"\n", HARNESS_LM_EVAL,
		    "bbh_s" },
		{ FORMAT_YAML, "group: mmlu\ntask:\n  - a\naggregate_metric_list:\n  - metric: acc\n",
		    HARNESS_LM_EVAL, "mmlu" },
		{ FORMAT_TEXT, "dataset_path: x\noutput_type: y\ndoc_to_text: z\n",
		    HARNESS_LM_EVAL, "" },
		{ FORMAT_YAML, "doc_to_text: !function utils.f\ntask: t\n", HARNESS_LM_EVAL, "t" },
		{ FORMAT_YAML, "task: build\nsteps:\n  - dataset_path: x\n", HARNESS_NONE, "" },
		{ FORMAT_YAML, "dataset_path: x\n", HARNESS_NONE, "" },
		{ FORMAT_YAML, "# task: x\n# dataset_path: y\n", HARNESS_NONE, "" },
		{ FORMAT_YAML, "ab:\n  id: ab.dev.v0\nab.dev.v0:\n  class: evals.elsuite.x:Y\n  args:\n"
		    "    samples_jsonl: ab/s.jsonl\n", HARNESS_OPENAI_EVALS, "ab" },
		{ FORMAT_YAML, "set:\n  evals:\n    - a\n    - b\n", HARNESS_OPENAI_EVALS, "set" },
		{ FORMAT_YAML, "version: 3\nset:\n  evals:\n    - a\n", HARNESS_NONE, "" },
		{ FORMAT_YAML, "services:\n  web:\n    image: x\n", HARNESS_NONE, "" },
		{ FORMAT_PYTHON, "from inspect_ai import Task, task\n\n@task\ndef theory(n=1):\n    pass\n",
		    HARNESS_INSPECT, "theory" },
		{ FORMAT_PYTHON, "import inspect_ai\n", HARNESS_INSPECT, "" },
		{ FORMAT_PYTHON, "import inspect\n@task\ndef f():\n", HARNESS_NONE, "" },
		{ FORMAT_YAML, "", HARNESS_NONE, "" },
		{ FORMAT_JSON, "{}", HARNESS_NONE, "" },
	};
	char task[SUITE_TASK_MAX];
	enum harness h;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		h = suite_recognise(rows[i].format, (const uint8_t *)rows[i].text,
		    strlen(rows[i].text), task);
		if (h != rows[i].harness || strcmp(task, rows[i].task) != 0)
			fail_msg("row %zu: %d, %s", i, (int)h, task);
		assert_true((harness_name(h) == NULL) == (h == HARNESS_NONE));
	}
}

/* Every task file of the gathered suites. */
static void
test_real_suites(void **state)
{
	static const struct {
		const char *path;
		enum harness harness;
		const char *task;
	} rows[] = {
		{ "lm-eval-tasks/lm_eval/tasks/arc/arc_easy.yaml", HARNESS_LM_EVAL, "arc_easy" },
		{ "lm-eval-tasks/lm_eval/tasks/arc/arc_challenge.yaml", HARNESS_LM_EVAL,
		    "arc_challenge" },
		{ "lm-eval-tasks/lm_eval/tasks/mmlu/default/_mmlu_stem.yaml", HARNESS_LM_EVAL,
		    "mmlu_stem" },
		{ "lm-eval-tasks/lm_eval/tasks/bbh/zeroshot/snarks.yaml", HARNESS_LM_EVAL,
		    "bbh_zeroshot_snarks" },
		{ "lm-eval-tasks/lm_eval/tasks/mmlu/default/_default_template_yaml",
		    HARNESS_LM_EVAL, "" },
		{ "openai-evals-registry/evals/registry/evals/ab.yaml", HARNESS_OPENAI_EVALS, "ab" },
		{ "openai-evals-registry/evals/registry/evals/chess.yaml", HARNESS_OPENAI_EVALS,
		    "chess-match" },
		{ "openai-evals-registry/evals/registry/eval_sets/mazes.yaml",
		    HARNESS_OPENAI_EVALS, "mazes" },
	};
	char task[SUITE_TASK_MAX], path[300];
	enum harness h;
	struct bytes b;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		snprintf(path, sizeof(path), "benchmarks/%s", rows[i].path);
		sampletest_read(sampletest_data(path), &b);
		h = suite_recognise(FORMAT_YAML, b.data, b.len, task);
		if (h != rows[i].harness || strcmp(task, rows[i].task) != 0)
			fail_msg("%s: %d, %s", path, (int)h, task);
		bytes_free(&b);
	}
}

static void
test_records(void **state)
{
	static const struct {
		const char *text;
		bool records;
	} rows[] = {
		{ "[{\"a\":1}]", true }, { "[[1,2]]", true }, { "[1,2]", false }, { "[]", false },
		{ "{\"canary\":\"x\",\"examples\":[{\"input\":1}]}", true },
		{ "{\"data\":{\"x\":[{}]}}", false }, { "{\"data\":[1]}", false },
		{ "{\"model\":{\"vocab\":[[1]]},\"added_tokens\":[{}]}", false },
		{ "{\"x\":[[[1]]],\"questions\":[{\"q\"", true }, { "{\"data\":", false },
		{ "", false }, { "null", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++)
		if (suite_is_records((const uint8_t *)rows[i].text, strlen(rows[i].text)) !=
		    rows[i].records)
			fail_msg("row %zu: %s", i, rows[i].text);
}

static void
test_lines(void **state)
{
	static const struct {
		const char *text;
		size_t indent;
		bool item;
		const char *key, *value;
	} rows[] = {
		{ "key: value", 0, false, "key", "value" },
		{ "  key:   value  ", 2, false, "key", "value" },
		{ "key:", 0, false, "key", "" },
		{ "\"k: y\": 'v'", 0, false, "k: y", "v" },
		{ "key: a#b # c", 0, false, "key", "a#b" },
		{ "key: \"a # b\" # c", 0, false, "key", "a # b" },
		{ "- item", 2, true, "", "item" },
		{ "  - key: value", 4, true, "key", "value" },
		{ "-", 1, true, "", "" },
		{ "http://x", 0, false, "", "http://x" },
		{ "key: http://x", 0, false, "key", "http://x" },
		{ "-5", 0, false, "", "-5" },
		{ "\"unclosed: x", 0, false, "", "\"unclosed: x" },
	};
	struct lines t;
	struct line l;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		lines_open(&t, (const uint8_t *)rows[i].text, strlen(rows[i].text));
		assert_true(lines_next(&t, &l));
		if (l.indent != rows[i].indent || l.item != rows[i].item ||
		    l.key_len != strlen(rows[i].key) ||
		    memcmp(l.key, rows[i].key, l.key_len) != 0 ||
		    l.value_len != strlen(rows[i].value) ||
		    memcmp(l.value, rows[i].value, l.value_len) != 0)
			fail_msg("row %zu: %zu, %.*s, %.*s", i, l.indent, (int)l.key_len,
			    l.key, (int)l.value_len, l.value);
		assert_false(lines_next(&t, &l));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_real_index),
		cmocka_unit_test(test_many_shards),
		cmocka_unit_test(test_cards),
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_real_suites),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
