/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_safetensors - headers that keep or break each rule, the hostile samples,
 * real files, and every file that is cut or made longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/safetensors.h"
#include "tests/unit/sampletest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A file of this header and so many bytes of data. */
static void
make(struct bytes *b, const char *header, size_t header_len, size_t data)
{
	uint8_t raw[8];

	put_le64(raw, header_len);
	bytes_append(b, raw, sizeof(raw));
	bytes_append(b, header, header_len);
	while (data-- > 0)
		bytes_append(b, "", 1);
	assert_false(b->failed);
}

static enum status
read_bytes(const struct bytes *b, struct tensor_facts *f, struct diag *d)
{
	struct window_memory m;
	struct window w;

	*d = (struct diag)DIAG_INIT;
	sampletest_open(&w, &m, b);
	return safetensors_read(&w, f, d);
}

#define T(name, dtype, shape, begin, end) "\"" name "\":{\"dtype\":\"" dtype \
	"\",\"shape\":[" shape "],\"data_offsets\":[" #begin "," #end "]}"

struct row {
	const char *header;
	size_t data;
	const char *rule;		/* NULL: accepted */
	const char *why;
};

static const struct row rows[] = {
	{ "{}", 0, NULL, "no tensors" },
	{ "{}   ", 0, NULL, "padded with blanks" },
	{ "{" T("a", "F32", "2,2", 0, 16) "}", 16, NULL, "one" },
	{ "{" T("b", "F16", "2", 4, 8) "," T("a", "F32", "", 0, 4) "}", 8, NULL, "any order" },
	{ "{" T("a", "F4", "4", 0, 2) "}", 2, NULL, "half a byte each" },
	{ "{" T("a", "F6_E2M3", "4", 0, 3) "}", 3, NULL, "six bits each" },
	{ "{" T("a", "U8", "0", 0, 0) "," T("b", "U8", "1", 0, 1) "}", 1, NULL, "empty one first" },
	{ "{ \"a\" : { \"shape\" : [ 1 ] , \"data_offsets\" : [0,1] , \"dtype\":\"BOOL\" } }", 1,
	    NULL, "white space inside, fields in any order" },
	{ "{\"__metadata__\":{\"format\":\"pt\",\"x\":\"\"}," T("a", "U8", "1", 0, 1) "}", 1,
	    NULL, "metadata" },
	{ "{" T("caf\xC3\xA9", "U8", "1", 0, 1) "}", 1, NULL, "a name in UTF-8" },
	{ "{" T("", "U8", "1", 0, 1) "}", 1, NULL, "an empty name" },
	{ "", 0, "safetensors-header", "no header" },
	{ " {}", 0, "safetensors-header", "a blank in front" },
	{ "[]", 0, "safetensors-header", "a list" },
	{ "{}\n", 0, "safetensors-padding", "padded with a line end" },
	{ "{}\t", 0, "safetensors-padding", "padded with a tab" },
	{ "{}{}", 0, "safetensors-padding", "two values" },
	{ "{" T("a", "F32", "1", 0, 4) "," T("a", "F32", "1", 4, 8) "}", 8,
	    "safetensors-twice", "a tensor twice" },
	{ "{" T("a", "F32", "1", 0, 4) "," T("\\u0061", "F32", "1", 4, 8) "}", 8,
	    "safetensors-twice", "twice, by escape" },
	{ "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "safetensors-twice", "metadata twice" },
	{ "{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", 0, "safetensors-twice",
	    "a key of the metadata twice" },
	{ "{\"__metadata__\":{\"a\":1}}", 0, "safetensors-metadata", "a number" },
	{ "{\"__metadata__\":[]}", 0, "safetensors-metadata", "a list" },
	{ "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
	    "safetensors-twice", "a field twice" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1,
	    "safetensors-field", "an unknown field" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 0, "safetensors-field", "a field missing" },
	{ "{\"a\":{}}", 0, "safetensors-field", "all missing" },
	{ "{\"a\":1}", 0, "safetensors-field", "no map" },
	{ "{\"a\":{\"dtype\":1}}", 0, "safetensors-field", "dtype is a number" },
	{ "{\"a\":{\"shape\":1}}", 0, "safetensors-field", "shape is a number" },
	{ "{\"a\":{\"shape\":[[1]]}}", 0, "json-depth", "shape of lists" },
	{ "{\"a\":{\"shape\":[[[1]]]}}", 0, "json-depth", "shape of lists of lists" },
	{ "{\"a\":{\"data_offsets\":{}}}", 0, "safetensors-field", "offsets are a map" },
	{ "{" T("a", "F33", "1", 0, 4) "}", 4, "safetensors-dtype", "an unknown type" },
	{ "{" T("a", "f32", "1", 0, 4) "}", 4, "safetensors-dtype", "lower case" },
	{ "{" T("a", "Q8_0", "32", 0, 34) "}", 34, "safetensors-dtype", "a type of GGUF" },
	{ "{" T("a", "F32\\u0000", "1", 0, 4) "}", 4, "safetensors-dtype", "a NUL behind it" },
	{ "{" T("a", "F32", "2", 0, 4) "}", 4, "safetensors-size", "too small" },
	{ "{" T("a", "F32", "1", 0, 8) "}", 8, "safetensors-size", "too large" },
	{ "{" T("a", "F4", "3", 0, 2) "}", 2, "safetensors-misaligned", "one and a half bytes" },
	{ "{" T("a", "F32", "1.0", 0, 4) "}", 4, "safetensors-number", "a fraction" },
	{ "{" T("a", "F32", "-1", 0, 4) "}", 4, "safetensors-number", "negative" },
	{ "{" T("a", "F32", "1", -0, 4) "}", 4, "safetensors-number", "minus zero" },
	{ "{" T("a", "F32", "1", 4, 0) "}", 4, "safetensors-offset", "ends before it begins" },
	{ "{\"a\":{\"data_offsets\":[0]}}", 4, "safetensors-number", "one offset" },
	{ "{\"a\":{\"data_offsets\":[0,4,8]}}", 4, "safetensors-number", "three offsets" },
	{ "{" T("a", "F32", "1", 4, 8) "}", 8, "safetensors-offset", "a hole in front" },
	{ "{" T("a", "U8", "1", 0, 1) "," T("b", "U8", "1", 2, 3) "}", 3,
	    "safetensors-offset", "a hole between" },
	{ "{" T("a", "U8", "2", 0, 2) "," T("b", "U8", "2", 1, 3) "}", 3,
	    "safetensors-offset", "overlap" },
	{ "{" T("a", "U8", "2", 0, 2) "," T("b", "U8", "2", 0, 2) "}", 2,
	    "safetensors-offset", "the same bytes" },
	{ "{" T("a", "U8", "1", 0, 1) "}", 2, "safetensors-trailing", "a byte too many" },
	{ "{" T("a", "U8", "2", 0, 2) "}", 1, WINDOW_SHORT, "a byte too few" },
	{ "{}", 1, "safetensors-trailing", "data of no tensor" },
	{ "{" T("a", "F32", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", 0, 4) "}", 4, NULL, "rank 16" },
	{ "{" T("a", "F32", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", 0, 4) "}", 4,
	    "safetensors-rank", "rank 17" },
	{ "{" T("a", "U8", "4294967296,4294967296", 0, 0) "}", 0, "safetensors-overflow",
	    "elements wrap to 0" },
	{ "{" T("a", "U8", "4294967296,4294967296,0", 0, 0) "}", 0, "safetensors-overflow",
	    "wrap, times 0" },
	{ "{" T("a", "F64", "2305843009213693952", 0, 0) "}", 0, "safetensors-overflow",
	    "bits wrap to 0" },
	{ "{" T("a\\n", "U8", "1", 0, 1) "}", 1, "safetensors-name", "a line end in a name" },
	{ "{" T("a\\u0000", "U8", "1", 0, 1) "}", 1, "safetensors-name", "a NUL in a name" },
	{ "{" T("\\u202e", "U8", "1", 0, 1) "}", 1, "safetensors-name", "a bidirectional one" },
	{ "{" T("a", "U8", "01", 0, 1) "}", 1, "json-comma", "a leading zero" },
	{ "{\"a\xFF\":1}", 0, "json-utf8", "no UTF-8" },
	{ "{/*x*/}", 0, "json-key", "a comment" },
	{ "{\"a\":[[[[]]]]}", 0, "safetensors-field", "deep lists" },
	{ "{\"__metadata__\":{\"a\":\"b\"}", 0, "json-comma", "not closed" },
	{ "{" T("a", "U8", "1", 0, 1), 1, "json-comma", "not closed either" },
};

static void
test_rules(void **state)
{
	struct tensor_facts f;
	struct diag d;
	enum status st;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		struct bytes b = { 0 };

		make(&b, rows[i].header, strlen(rows[i].header), rows[i].data);
		st = read_bytes(&b, &f, &d);
		if (rows[i].rule == NULL ? st != ST_OK : st != ST_MALFORMED ||
		    strcmp(d.rule, rows[i].rule) != 0)
			fail_msg("%s: status %d, %s: %s", rows[i].why, (int)st, d.rule,
			    d.text);
		if (st != ST_OK)
			assert_true(f.tensors == 0 && f.parameters == 0 && f.dtypes == 0);
		bytes_free(&b);
	}
}

static void
check_hostile(const char *name, const char *expected, const struct bytes *b)
{
	struct tensor_facts f;
	struct diag d;
	enum status st = read_bytes(b, &f, &d);

	if (st != (strcmp(expected, "ACCEPT") == 0 ? ST_OK : ST_MALFORMED))
		fail_msg("%s: %s, but status %d, %s", name, expected, (int)st, d.text);
}

static void
test_hostile(void **state)
{
	(void)state;
	assert_true(sampletest_hostile("safetensors", check_hostile) >= 36);
}

static void
test_real_files(void **state)
{
	static const struct {
		const char *path;
		uint64_t tensors, parameters;
		const char *types[3];
	} real[] = {
		/* Counted with the official Python package's layout, by hand. */
		{ "weights/burn-mnist/mnist.safetensors", 20, 376940, { "F32", "I64" } },
		{ "weights/burn-safetensors/safetensors-tests/tests/multi_layer/multi_layer.safetensors",
		    9, 4241, { "F32", "I64" } },
		{ "weights/candle/candle-examples/examples/csm/voices.safetensors", 2,
		    64812, { "I64", "U8" } },
		{ "weights/chronos-hf-layout/dummy-chronos-model/model.safetensors", 28,
		    27136, { "F32" } },
		{ "weights/chronos-hf-layout/dummy-chronos2-lora/adapter_model.safetensors",
		    34, 5568, { "F32" } },
		{ "weights/silero-vad/silero_vad_16k.safetensors", 15, 309633, { "F32" } },
	};
	struct tensor_facts f;
	struct bytes b;
	struct diag d;
	uint64_t types;
	size_t i, k;

	(void)state;
	for (i = 0; i < LEN(real); i++) {
		sampletest_read(sampletest_data(real[i].path), &b);
		if (read_bytes(&b, &f, &d) != ST_OK)
			fail_msg("%s: %s", real[i].path, d.text);
		for (k = 0, types = 0; k < 3 && real[i].types[k] != NULL; k++)
			types |= (uint64_t)1 << dtype_find_safetensors(real[i].types[k]);
		if (f.tensors != real[i].tensors || f.parameters != real[i].parameters ||
		    f.dtypes != types)
			fail_msg("%s: %llu tensors, %llu parameters", real[i].path,
			    (unsigned long long)f.tensors, (unsigned long long)f.parameters);
		bytes_free(&b);
	}
	sampletest_read(sampletest_data("weights/weight-inspect/tiny.safetensors"), &b);
	assert_int_equal(read_bytes(&b, &f, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "safetensors-trailing");
	bytes_free(&b);
}

/* A file that is cut anywhere is short, never right and never anything else. */
static void
test_every_cut(void **state)
{
	static const char header[] = "{\"__metadata__\":{\"k\":\"v\"}," T("a", "F32", "2,2", 0, 16)
	    "," T("b", "BF16", "3", 16, 22) "}  ";
	struct bytes b = { 0 }, cut = { 0 };
	struct tensor_facts f;
	struct diag d;
	size_t len;

	(void)state;
	make(&b, header, sizeof(header) - 1, 22);
	assert_int_equal(read_bytes(&b, &f, &d), ST_OK);
	assert_true(f.tensors == 2 && f.parameters == 7);
	for (len = 0; len < b.len; len++) {
		cut = (struct bytes){ 0 };
		bytes_append(&cut, b.data, len);
		assert_int_equal(read_bytes(&cut, &f, &d), ST_MALFORMED);
		if (strcmp(d.rule, WINDOW_SHORT) != 0)
			fail_msg("cut at %zu: %s", len, d.rule);
		bytes_free(&cut);
	}
	bytes_append(&b, "x", 1);
	assert_int_equal(read_bytes(&b, &f, &d), ST_MALFORMED);
	bytes_free(&b);
}

/* A name's length, and the number of tensors: at the limit, and over it. */
static void
test_limits(void **state)
{
	char name[SAFETENSORS_NAME_MAX + 2], text[SAFETENSORS_NAME_MAX + 100];
	struct tensor_facts f;
	struct bytes header = { 0 }, b = { 0 };
	struct diag d;
	clock_t begin;
	size_t i;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[SAFETENSORS_NAME_MAX + 1] = '\0';
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],"
		    "\"data_offsets\":[0,1]}}", name + 1 - i);
		make(&b, text, strlen(text), 1);
		assert_int_equal(read_bytes(&b, &f, &d), i == 0 ? ST_OK : ST_MALFORMED);
		bytes_free(&b);
	}
	begin = clock();
	bytes_string(&header, "{");
	for (i = 0; i < 200000; i++)
		bytes_printf(&header, "%s\"t%zu\":{\"dtype\":\"U8\",\"shape\":[1],"
		    "\"data_offsets\":[%zu,%zu]}", i == 0 ? "" : ",", i, i, i + 1);
	bytes_string(&header, "}");
	assert_false(header.failed);
	make(&b, (const char *)header.data, header.len, 200000);
	assert_int_equal(read_bytes(&b, &f, &d), ST_OK);
	assert_true(f.tensors == 200000 && f.parameters == 200000);
	/* Under sanitizers on a busy machine, too. */
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 30);
	bytes_free(&b);
	bytes_free(&header);
}

static void
test_looks(void **state)
{
	static const struct {
		uint8_t head[10];
		size_t len;
		bool looks;
	} heads[] = {
		{ { 2, 0, 0, 0, 0, 0, 0, 0, '{', '}' }, 10, true },
		{ { 2, 0, 0, 0, 0, 0, 0, 0, '{' }, 9, true },
		{ { 2, 0, 0, 0, 0, 0, 0, 0 }, 8, false },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, '{', '}' }, 10, false },
		{ { 2, 0, 0, 0, 0, 0, 0, 1, '{', '}' }, 10, false },
		{ { 2, 0, 0, 0, 0, 0, 0, 0, '[', ']' }, 10, false },
		{ { 0, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, '{', '}' }, 10, true },
		{ { 1, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, '{', '}' }, 10, false },
		{ "hello, wor", 10, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(heads); i++)
		if (safetensors_looks(heads[i].head, heads[i].len) != heads[i].looks)
			fail_msg("row %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_real_files),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
