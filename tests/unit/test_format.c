/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_format - what files are taken for: real ones, texts of every kind, and
 * files that are cut.  Names that lie are among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/format.h"
#include "tests/unit/sampletest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define ROW(s) (s), sizeof(s) - 1

static void
recognise(const struct bytes *b, const char *name, struct recognised *r)
{
	struct window_memory m;
	struct diag d = DIAG_INIT;
	struct window w;

	assert_false(b->failed);
	sampletest_open(&w, &m, b);
	assert_int_equal(format_recognise(&w, name, r, &d), ST_OK);
	assert_true(r->format < N_FORMATS);
	if (r->is_short || r->is_malformed)
		assert_true(r->why.text[0] != '\0');
}

static const char *
base(const char *path)
{
	return strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
}

static const struct {
	const char *path;
	const char *format;
	bool is_short, is_malformed;
} real[] = {
	{ "weights/basic-pitch-multiformat/nmp.onnx", "onnx", false, false },
	{ "weights/basic-pitch-multiformat/nmp.tflite", "tflite", false, false },
	{ "weights/basic-pitch-multiformat/nmp/saved_model.pb", "tensorflow", false, false },
	{ "weights/basic-pitch-multiformat/nmp/variables/variables.data-00000-of-00001",
	    "tensorflow", false, false },
	{ "weights/basic-pitch-multiformat/nmp/variables/variables.index", "data", false, false },
	{ "weights/basic-pitch-multiformat/nmp.mlpackage/Data/com.apple.CoreML/model.mlmodel",
	    "coreml", false, false },
	{ "weights/basic-pitch-multiformat/nmp.mlpackage/Manifest.json", "json", false, false },
	{ "weights/burn-mnist/mnist.pt", "pytorch", false, false },
	{ "weights/burn-mnist/mnist.safetensors", "safetensors", false, false },
	{ "weights/burn-torch-tar/large_shape.pt", "pytorch", false, false },
	{ "weights/burn-torch-tar/tar_float32.tar", "pytorch", false, false },
	{ "weights/candle/candle-core/tests/test.pt", "pytorch", false, false },
	{ "weights/gguf-vocab/ggml-vocab-gpt-2.gguf", "gguf", false, false },
	{ "weights/lpips/v0.1/alex.pth", "pytorch", false, false },
	{ "weights/mtcnn/rnet.pt", "pytorch", false, false },
	{ "weights/onnx-light/light_resnet50.onnx", "onnx", false, false },
	{ "weights/rwkv-tiny/tiny-rwkv-660K-FP32.bin", "ggml", false, false },
	{ "weights/silero-vad/silero_vad.jit", "torchscript", false, false },
	{ "weights/silero-vad/silero_vad.onnx", "onnx", false, false },
	{ "weights/tflite-micro/person_detect.tflite", "tflite", false, false },
	{ "weights/tokenizers/test_model.model", "sentencepiece", false, false },
	{ "weights/weight-inspect/mnist.onnx", "onnx", false, false },
	{ "weights/weight-inspect/tiny.gguf", "gguf", true, false },
	{ "weights/weight-inspect/tiny.safetensors", "safetensors", false, true },
	{ "weights/whisper-ggml/for-tests-ggml-tiny.en.bin", "ggml", false, false },
	{ "weights/tokenizers/LICENSE", "text", false, false },
	{ "benchmarks/gsm8k/grade_school_math/data/train.jsonl", "jsonl", false, false },
	{ "benchmarks/gsm8k/README.md", "markdown", false, false },
	{ "benchmarks/human-eval/data/example_problem.jsonl", "jsonl", false, false },
	{ "benchmarks/human-eval/data/HumanEval.jsonl.gz", "gzip", false, false },
	{ "benchmarks/big-bench-hard/bbh/snarks.json", "json", false, false },
	{ "benchmarks/cyberseceval/datasets/mitre_frr/mitre_frr.json", "json", false, false },
	{ "benchmarks/lm-eval-tasks/lm_eval/tasks/arc/arc_easy.yaml", "yaml", false, false },
	{ "manifests/croissant/1.0/titanic/data/titanic.csv", "csv", false, false },
	{ "manifests/model-cards/whisper/assets/mel_filters.npz", "npz", false, false },
	{ "manifests/hf-sharded-index/model.safetensors.index.json", "json", false, false },
	{ "malicious/picklescan/data/malicious1_v4.pkl", "pickle", false, false },
	{ "malicious/picklescan/data/malicious1_v0.pkl", "pickle", false, false },
	{ "malicious/picklescan/data/new_pytorch_model.bin", "pytorch", false, false },
	{ "malicious/picklescan/data/pytorch_model.bin", "pytorch", false, false },
	{ "malicious/picklescan/data/bad_pytorch.pt", "image", false, false },
	{ "malicious/picklescan/data/malicious1.zip", "zip", false, false },
	{ "malicious/picklescan/data/malicious1.7z", "7z", false, false },
	{ "hostile/safetensors/is_pickle.safetensors", "safetensors", false, true },
	{ "hostile/gguf/magic.gguf", "gguf", false, true },
};

static void
test_real_files(void **state)
{
	struct recognised r;
	struct bytes b;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(real); i++) {
		sampletest_read(sampletest_data(real[i].path), &b);
		recognise(&b, base(real[i].path), &r);
		if (strcmp(format_name(r.format), real[i].format) != 0 ||
		    r.is_short != real[i].is_short ||
		    r.is_malformed != real[i].is_malformed)
			fail_msg("%s: %s%s%s %s", real[i].path, format_name(r.format),
			    r.is_short ? ", short" : "", r.is_malformed ? ", malformed" : "",
			    r.why.text);
		assert_true(r.counted == (!r.is_short && !r.is_malformed &&
		    (r.format == FORMAT_SAFETENSORS || r.format == FORMAT_GGUF)));
		bytes_free(&b);
	}
}

/* Weights are known by their bytes, whatever they are called. */
static void
test_names_do_not_matter(void **state)
{
	static const char *const by_bytes[] = { "weights/burn-mnist/mnist.safetensors",
		"weights/gguf-with-tensors/chronos-Q8_0.gguf",
		"weights/onnx-light/light_resnet50.onnx", "weights/burn-mnist/mnist.pt",
		"weights/lpips/v0.1/alex.pth", "weights/burn-torch-tar/tar_float32.tar",
		"weights/tflite-micro/person_detect.tflite",
		"weights/silero-vad/silero_vad.jit" };
	struct recognised r, other;
	struct bytes b;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(by_bytes); i++) {
		sampletest_read(sampletest_data(by_bytes[i]), &b);
		recognise(&b, base(by_bytes[i]), &r);
		recognise(&b, "5e2bf1b2c3", &other);
		assert_int_equal(r.format, other.format);
		assert_int_equal(r.counted, other.counted);
		recognise(&b, "notes.md", &other);
		assert_int_equal(r.format, other.format);
		bytes_free(&b);
	}
}

/* What was not fetched to the end: the format is told, and that it is cut. */
static void
test_cut_files(void **state)
{
	static const char *const cut[] = { "weights/burn-mnist/mnist.safetensors",
		"weights/gguf-with-tensors/silero_vad_16k-F32.gguf",
		"weights/onnx-light/light_densenet121.onnx", "weights/burn-mnist/mnist.pt" };
	struct recognised whole, r;
	struct bytes b;
	size_t i, k, len;

	(void)state;
	for (i = 0; i < LEN(cut); i++) {
		sampletest_read(sampletest_data(cut[i]), &b);
		recognise(&b, base(cut[i]), &whole);
		assert_false(whole.is_short);
		for (k = 1, len = b.len; k < 16; k += 3) {
			b.len = len * k / 16;
			recognise(&b, base(cut[i]), &r);
			if (r.format != whole.format || !r.is_short)
				fail_msg("%s cut at %zu: %s", cut[i], b.len,
				    format_name(r.format));
		}
		bytes_free(&b);
	}
}

static const struct {
	const char *name;
	const char *text;
	size_t len;
	const char *format;
} texts[] = {
	{ "a", ROW("some words\n"), "text" },
	{ "a", ROW(""), "text" },
	{ "a.md", ROW("# Title\n"), "markdown" },
	{ "a.md", ROW("\x00\x01"), "data" },
	{ "a.txt", ROW("caf\xC3\xA9\n"), "text" },
	{ "a.txt", ROW("caf\xE9\n"), "data" },
	{ "a.txt", ROW("\xEF\xBB\xBF" "marked"), "text" },
	{ "a.txt", ROW("form\ffeed \x1b[1m"), "text" },
	{ "a.txt", ROW("a\x7f"), "data" },
	{ "a.yaml", ROW("a: 1\n"), "yaml" },
	{ "a.YML", ROW("a: 1\n"), "yaml" },
	{ "a.csv", ROW("a,b\n1,2\n"), "csv" },
	{ "a.tsv", ROW("a\tb\n"), "tsv" },
	{ "a.py", ROW("import os\n"), "python" },
	{ "run", ROW("#!/usr/bin/env python3\n"), "python" },
	{ "run", ROW("#!/bin/sh\n"), "shell" },
	{ "run", ROW("#!/usr/bin/awk -f\n"), "source" },
	{ "Makefile", ROW("all:\n"), "source" },
	{ "a.c", ROW("int x;\n"), "source" },
	{ "x", ROW("<!DOCTYPE html><p>"), "html" },
	{ "x", ROW("{}"), "json" },
	{ "x", ROW(" \n{\"a\": [1, 2]}\n"), "json" },
	{ "x.json", ROW("{\"a\": }"), "text" },
	{ "x.json", ROW("{\"a\": 1"), "text" },
	{ "x.ipynb", ROW("{\"cells\": []}"), "notebook" },
	{ "x", ROW("{\"a\":1}\n{\"a\":2}\n"), "jsonl" },
	{ "x", ROW("{\"a\":1}\n\n \n{\"a\":2}"), "jsonl" },
	{ "x", ROW("[1]\n[2]\n"), "jsonl" },
	{ "x", ROW("{\"a\":1}\n"), "json" },
	{ "x.jsonl", ROW("{\"a\":1}\n"), "jsonl" },
	{ "x.ndjson", ROW("{\"a\":1}"), "jsonl" },
	{ "x.jsonl", ROW("1\n2\n"), "jsonl" },
	{ "x", ROW("1\n2\n"), "text" },
	{ "x.jsonl", ROW("{\"a\":1}\nnot JSON\n"), "text" },
	{ "x.jsonl", ROW("not JSON\n"), "text" },
	{ "x.jsonl", ROW("\xEF\xBB\xBF{\"a\":1}\n{}\n"), "jsonl" },
	{ "x", ROW("{\n\"a\":1}\n"), "json" },
	{ "x.jsonl", ROW("{\"a\":1}\n{\"a\"\n"), "text" },
	{ "x", ROW("%PDF-1.7"), "pdf" },
	{ "x.pdf", ROW("no PDF"), "text" },
	{ "x", ROW("\x7f" "ELF\2\1\1"), "executable" },
	{ "x", ROW("\x80\4\x95\0\0"), "pickle" },
	{ "x", ROW("\x80\6\x95\0\0"), "data" },
	{ "x", ROW("PK\3\4 and no more"), "zip" },
	{ "x.pt", ROW("PK\3\4 and no more"), "pytorch" },
	{ "x.safetensors", ROW("<html>not found</html>"), "safetensors" },
	{ "x.gguf", ROW("not found"), "gguf" },
	{ "x", ROW("\x08\x07"), "data" },
	{ "x", ROW("\x08\x07\x3a\x00"), "onnx" },
	{ "x", ROW("\x08\x07\x3a\x01"), "onnx" },
	{ "x", ROW("\x08\x07\x3a\x00\x00"), "data" },
	{ "x", ROW("\x08\x7f\x3a\x00"), "data" },
	{ "x", ROW("\x08\x07\x12\x05" "onn"), "data" },
	{ "x.onnx", ROW("\x08\x07\x12\x05" "onn"), "onnx" },
	{ "x", ROW("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "data" },
};

static void
test_texts(void **state)
{
	struct recognised r;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(texts); i++) {
		struct bytes b = { 0 };

		bytes_append(&b, texts[i].text, texts[i].len);
		recognise(&b, texts[i].name, &r);
		if (strcmp(format_name(r.format), texts[i].format) != 0)
			fail_msg("row %zu, %s: %s, not %s", i, texts[i].name,
			    format_name(r.format), texts[i].format);
		bytes_free(&b);
	}
}

/* Lines, values and characters that the first 32 KiB cut. */
static void
test_long_texts(void **state)
{
	struct recognised r;
	struct bytes b = { 0 };
	size_t shift, i;

	(void)state;
	for (shift = 0; shift < 50; shift++) {
		while (b.len < 3 * WINDOW_LEN)
			bytes_string(&b, "{\"text\": \"caf\xC3\xA9 \xF0\x9D\x84\x9E\", \"n\": [1, true]}\n");
		recognise(&b, "x", &r);
		assert_int_equal(r.format, FORMAT_JSONL);
		bytes_free(&b);
		for (i = 0; i < shift; i++)
			bytes_string(&b, " ");
	}
	bytes_string(&b, "[");
	while (b.len < 3 * WINDOW_LEN)
		bytes_string(&b, "{\"x\": \"\\u00e9\"},\n");
	recognise(&b, "x.json", &r);
	assert_int_equal(r.format, FORMAT_JSON);
	bytes_free(&b);
	/* One record longer than what is read: by its name. */
	bytes_string(&b, "{\"x\": \"");
	while (b.len < 3 * WINDOW_LEN)
		bytes_string(&b, "words ");
	bytes_string(&b, "\"}\n{}\n");
	recognise(&b, "x.jsonl", &r);
	assert_int_equal(r.format, FORMAT_JSONL);
	recognise(&b, "x", &r);
	assert_int_equal(r.format, FORMAT_JSON);
	bytes_free(&b);
}

/* A zip file with one empty entry, and a comment. */
static void
make_zip(struct bytes *b, const char *name, const char *comment, size_t comment_len)
{
	uint8_t local[30] = "PK\3\4", central[46] = "PK\1\2", end[22] = "PK\5\6";
	size_t n = strlen(name);

	put_le16(local + 26, (uint16_t)n);
	bytes_append(b, local, sizeof(local));
	bytes_append(b, name, n);
	put_le16(central + 28, (uint16_t)n);
	put_le16(end + 10, 1);
	put_le32(end + 12, (uint32_t)(sizeof(central) + n));
	put_le32(end + 16, (uint32_t)b->len);
	put_le16(end + 20, (uint16_t)comment_len);
	bytes_append(b, central, sizeof(central));
	bytes_append(b, name, n);
	bytes_append(b, end, sizeof(end));
	bytes_append(b, comment, comment_len);
}

static void
test_zip(void **state)
{
	static const char decoy[60] = "PK\5\6";
	static const struct {
		const char *name;
		const char *format;
	} entries[] = {
		{ "m/data.pkl", "pytorch" }, { "data.pkl", "zip" }, { "m/xdata.pkl", "zip" },
		{ "a.npy", "npz" }, { "[Content_Types].xml", "office" },
		{ "model.weights.h5", "keras" }, { "m/code/x.py", "zip" },
	};
	struct recognised r;
	size_t i, comment;

	(void)state;
	for (i = 0; i < LEN(entries); i++) {
		for (comment = 0; comment <= sizeof(decoy); comment += sizeof(decoy)) {
			struct bytes b = { 0 };

			make_zip(&b, entries[i].name, decoy, comment);
			recognise(&b, "x", &r);
			if (strcmp(format_name(r.format), entries[i].format) != 0 ||
			    r.is_short || r.is_malformed)
				fail_msg("%s: %s", entries[i].name, format_name(r.format));
			b.len--;
			recognise(&b, "x", &r);
			assert_true(r.is_short);
			bytes_free(&b);
		}
	}
}

/* What says at its end, too, what it is: another end is an early one. */
static void
test_both_ends(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *format;
		bool is_short;
	} rows[] = {
		{ ROW("PAR1xPAR1"), "parquet", false },
		{ ROW("PAR1PAR1"), "parquet", false },
		{ ROW("PAR1PAR"), "parquet", true },
		{ ROW("PAR1xPAR1x"), "parquet", true },
		{ ROW("ARROW1\0\0xARROW1"), "arrow", false },
		{ ROW("ARROW1\0\0xARROW"), "arrow", true },
		{ ROW("ARROW1\0\0"), "arrow", true },
	};
	struct recognised r;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		struct bytes b = { 0 };

		bytes_append(&b, rows[i].text, rows[i].len);
		recognise(&b, "x", &r);
		if (strcmp(format_name(r.format), rows[i].format) != 0 ||
		    r.is_short != rows[i].is_short)
			fail_msg("row %zu: %s, %d", i, format_name(r.format), r.is_short);
		bytes_free(&b);
	}
}

/* The directory's offset stands in a longer record, which a locator names. */
static void
test_zip64(void **state)
{
	static const struct {
		uint64_t directory, record;	/* added to what is right */
		const char *magic;		/* of the locator */
		bool locator;
		const char *format;
		bool malformed;
	} rows[] = {
		{ 0, 0, "PK\6\7", true, "npz", false },
		{ 1, 0, "PK\6\7", true, "zip", false },
		{ 1 << 20, 0, "PK\6\7", true, "zip", false },
		{ 0, 1 << 20, "PK\6\7", true, "zip", true },
		{ 0, UINT64_MAX - 1000, "PK\6\7", true, "zip", true },
		{ 0, 0, "PK\6\6", true, "zip", false },
		{ 0, 0, "", false, "zip", false },
	};
	struct recognised r;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		uint8_t local[30] = "PK\3\4", central[46] = "PK\1\2";
		uint8_t record[56] = "PK\6\6", locator[20] = "", end[22] = "PK\5\6";
		struct bytes b = { 0 };

		put_le16(local + 26, 5);
		bytes_append(&b, local, sizeof(local));
		bytes_string(&b, "a.npy");
		put_le64(record + 48, b.len + rows[i].directory);
		put_le16(central + 28, 5);
		bytes_append(&b, central, sizeof(central));
		bytes_string(&b, "a.npy");
		memcpy(locator, rows[i].magic, strlen(rows[i].magic));
		put_le64(locator + 8, b.len + rows[i].record);
		bytes_append(&b, record, sizeof(record));
		if (rows[i].locator)
			bytes_append(&b, locator, sizeof(locator));
		put_le32(end + 16, UINT32_MAX);
		bytes_append(&b, end, sizeof(end));
		recognise(&b, "x", &r);
		if (strcmp(format_name(r.format), rows[i].format) != 0 || r.is_short ||
		    r.is_malformed != rows[i].malformed)
			fail_msg("row %zu: %s, %d, %d, %s", i, format_name(r.format),
			    r.is_short, r.is_malformed, r.why.text);
		bytes_free(&b);
	}
}

static void
test_empty_weights(void **state)
{
	struct recognised r;
	struct bytes b = { 0 };

	(void)state;
	recognise(&b, "model.bin", &r);
	assert_true(r.is_short && r.format == FORMAT_TEXT);
	recognise(&b, "model.safetensors", &r);
	assert_true(r.is_short && r.format == FORMAT_SAFETENSORS);
	recognise(&b, "model.gguf", &r);
	assert_true(r.is_short && r.format == FORMAT_GGUF);
	recognise(&b, "__init__.py", &r);
	assert_true(!r.is_short && r.format == FORMAT_PYTHON);
}

static void
check_hostile(const char *name, const char *expected, const struct bytes *b)
{
	struct recognised r;

	recognise(b, name, &r);
	if (strcmp(expected, "ACCEPT") == 0 ? !r.counted :
	    r.counted || (!r.is_short && !r.is_malformed))
		fail_msg("%s: %s, but %s", name, expected, format_name(r.format));
}

static void
recognise_anything(const char *name, const char *expected, const struct bytes *b)
{
	struct recognised r;

	(void)expected;
	recognise(b, name, &r);
}

static void
test_hostile(void **state)
{
	(void)state;
	sampletest_hostile("safetensors", check_hostile);
	sampletest_hostile("gguf", check_hostile);
	sampletest_hostile("tar", recognise_anything);
	sampletest_hostile("zst", recognise_anything);
	sampletest_hostile("yaml", recognise_anything);
	sampletest_hostile("pickle", recognise_anything);
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(format_name_is_partial("model.safetensors.incomplete"));
	assert_true(format_name_is_partial("a.PART"));
	assert_true(format_name_is_partial("model.gguf.aria2"));
	assert_true(format_name_is_partial("x.crdownload"));
	assert_false(format_name_is_partial("model.part1"));
	assert_false(format_name_is_partial(".part"));
	assert_false(format_name_is_partial("part"));
	assert_true(format_name_is_weights("a.b.safetensors"));
	assert_true(format_name_is_weights("pytorch_model.BIN"));
	assert_false(format_name_is_weights("safetensors"));
	assert_false(format_name_is_weights("a.safetensors.md"));
}

static void
test_line_count(void **state)
{
	static const struct {
		const char *text;
		uint64_t n;
	} rows[] = {
		{ "", 0 }, { "\n", 0 }, { "\n\n\n", 0 }, { " \t\r\n", 0 }, { "a", 1 },
		{ "a\n", 1 }, { "a\nb", 2 }, { "a\r\nb\r\n", 2 }, { "\na\n\nb\n\n", 2 },
		{ " a \n b \n", 2 }, { "a\n \n", 1 },
	};
	struct line_count whole, single;
	size_t i, k;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		whole = single = (struct line_count){ 0 };
		line_count_add(&whole, (const uint8_t *)rows[i].text, strlen(rows[i].text));
		for (k = 0; k < strlen(rows[i].text); k++)
			line_count_add(&single, (const uint8_t *)rows[i].text + k, 1);
		if (line_count_total(&whole) != rows[i].n ||
		    line_count_total(&single) != rows[i].n)
			fail_msg("row %zu", i);
	}
}

static void
test_table(void **state)
{
	enum file_format f, g;

	(void)state;
	for (f = FORMAT_UNKNOWN; f < N_FORMATS; f++) {
		assert_non_null(format_name(f));
		for (g = FORMAT_UNKNOWN; g < f; g++)
			assert_string_not_equal(format_name(f), format_name(g));
	}
}

static enum status
fail_read(void *arg, void *buf, size_t len, uint64_t offset, struct diag *d)
{
	(void)arg;
	(void)buf;
	(void)len;
	(void)offset;
	return diag_set(d, ST_HOST, "host-io", "no");
}

static void
test_failing_medium(void **state)
{
	struct recognised r;
	struct diag d = DIAG_INIT;
	struct window w;

	(void)state;
	window_open(&w, 100, fail_read, NULL);
	assert_int_equal(format_recognise(&w, "x", &r, &d), ST_HOST);
	assert_string_equal(d.rule, "host-io");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_files),
		cmocka_unit_test(test_names_do_not_matter),
		cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_zip),
		cmocka_unit_test(test_zip64),
		cmocka_unit_test(test_both_ends),
		cmocka_unit_test(test_empty_weights),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_line_count),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_failing_medium),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
