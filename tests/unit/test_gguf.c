/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gguf - headers that keep or break each rule, made field by field; the
 * hostile samples, real files, and every file that is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/gguf.h"
#include "tests/unit/sampletest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
put32(struct bytes *b, uint32_t v)
{
	uint8_t raw[4];

	put_le32(raw, v);
	bytes_append(b, raw, sizeof(raw));
}

static void
put64(struct bytes *b, uint64_t v)
{
	uint8_t raw[8];

	put_le64(raw, v);
	bytes_append(b, raw, sizeof(raw));
}

static void
put_string(struct bytes *b, const char *s)
{
	put64(b, strlen(s));
	bytes_string(b, s);
}

static void
put_counts(struct bytes *b, uint32_t version, uint64_t tensors, uint64_t keys)
{
	bytes_string(b, "GGUF");
	put32(b, version);
	put64(b, tensors);
	put64(b, keys);
}

static void
put_info(struct bytes *b, const char *name, uint32_t type, uint64_t row,
    uint64_t rows, uint64_t offset)
{
	put_string(b, name);
	put32(b, 2);
	put64(b, row);
	put64(b, rows);
	put32(b, type);
	put64(b, offset);
}

static void
put_zeros(struct bytes *b, size_t n)
{
	while (n-- > 0)
		bytes_append(b, "", 1);
}

static void
pad(struct bytes *b, size_t alignment)
{
	put_zeros(b, (alignment - b->len % alignment) % alignment);
}

static enum status
read_bytes(const struct bytes *b, struct gguf_facts *f, struct diag *d)
{
	struct window_memory m;
	struct window w;

	assert_false(b->failed);
	*d = (struct diag)DIAG_INIT;
	sampletest_open(&w, &m, b);
	return gguf_read(&w, f, d);
}

/* Frees b. */
static void
expect(struct bytes *b, const char *rule, const char *why)
{
	struct gguf_facts f;
	struct diag d;
	enum status st = read_bytes(b, &f, &d);

	if (rule == NULL ? st != ST_OK : st != ST_MALFORMED || strcmp(d.rule, rule) != 0)
		fail_msg("%s: status %d, %s: %s", why, (int)st, d.rule, d.text);
	if (rule != NULL)
		assert_true(f.tensors.tensors == 0 && f.architecture[0] == '\0');
	bytes_free(b);
}

/* A file with one key whose value is what follows. */
static void
begin_key(struct bytes *b, const char *key, uint32_t type)
{
	put_counts(b, 3, 0, 1);
	put_string(b, key);
	put32(b, type);
}

static void
test_counts(void **state)
{
	static const struct {
		uint32_t version;
		uint64_t tensors, keys;
		const char *rule;
	} counts[] = {
		{ 2, 0, 0, NULL }, { 3, 0, 0, NULL }, { 1, 0, 0, "gguf-version" },
		{ 0, 0, 0, "gguf-version" }, { 4, 0, 0, "gguf-version" },
		{ 0x03000000, 0, 0, "gguf-version" },
		{ 3, 1, 0, WINDOW_SHORT }, { 3, 0, 1, WINDOW_SHORT },
		{ 3, 1000001, 0, "gguf-many" }, { 3, 0, 65537, "gguf-many" },
		{ 3, UINT64_MAX, 0, "gguf-many" }, { 3, 0, UINT64_MAX, "gguf-many" },
		{ 3, (uint64_t)1 << 63, (uint64_t)1 << 63, "gguf-many" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(counts); i++) {
		struct bytes b = { 0 };

		put_counts(&b, counts[i].version, counts[i].tensors, counts[i].keys);
		expect(&b, counts[i].rule, "counts");
	}
}

static void
test_values(void **state)
{
	/* Bytes of a value of each type, strings and arrays left out. */
	static const size_t lens[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
	struct bytes b = { 0 };
	uint32_t t;

	(void)state;
	for (t = 0; t < LEN(lens); t++) {
		if (lens[t] == 0)
			continue;
		begin_key(&b, "k", t);
		put_zeros(&b, lens[t]);
		expect(&b, NULL, "a value");
		begin_key(&b, "k", t);
		put_zeros(&b, lens[t] - 1);
		expect(&b, WINDOW_SHORT, "a value cut");
		begin_key(&b, "k", 9);
		put32(&b, t);
		put64(&b, 3);
		put_zeros(&b, 3 * lens[t]);
		expect(&b, NULL, "an array");
		begin_key(&b, "k", 9);
		put32(&b, t);
		put64(&b, 3);
		put_zeros(&b, 3 * lens[t] - 1);
		expect(&b, WINDOW_SHORT, "an array cut");
	}
	for (t = 13; t < 16; t++) {
		begin_key(&b, "k", t);
		put_zeros(&b, 16);
		expect(&b, "gguf-value", "an unknown type");
	}
	begin_key(&b, "k", 7);
	bytes_append(&b, "\2", 1);
	expect(&b, "gguf-bool", "a bool of 2");
	begin_key(&b, "k", 9);
	put32(&b, 7);
	put64(&b, 2);
	bytes_append(&b, "\1\2", 2);
	expect(&b, "gguf-bool", "an array with a bool of 2");
	begin_key(&b, "k", 8);
	put_string(&b, "some words");
	expect(&b, NULL, "a string");
	begin_key(&b, "k", 8);
	put64(&b, (uint64_t)1 << 40);
	expect(&b, "gguf-length", "a string of 1 TiB");
	begin_key(&b, "k", 8);
	put64(&b, 5);
	expect(&b, WINDOW_SHORT, "a string cut");
	begin_key(&b, "k", 9);
	put32(&b, 9);
	put64(&b, 0);
	expect(&b, "gguf-value", "an array of arrays");
	begin_key(&b, "k", 9);
	put32(&b, 10);
	put64(&b, ((uint64_t)1 << 61) + 1);
	put_zeros(&b, 8);
	expect(&b, "gguf-length", "an array whose size wraps");
	begin_key(&b, "k", 9);
	put32(&b, 8);
	put64(&b, 2);
	put_string(&b, "a");
	put_string(&b, "");
	expect(&b, NULL, "an array of strings");
}

static void
test_keys(void **state)
{
	static const struct {
		const char *key;
		const char *rule;
	} keys[] = {
		{ "general.name", NULL }, { "a-b_c.9", NULL }, { "Upper", NULL },
		{ "", "gguf-key" }, { "a b", "gguf-key" }, { "a\n", "gguf-key" },
		{ "caf\xC3\xA9", "gguf-key" }, { "a/b", "gguf-key" },
	};
	struct bytes b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < LEN(keys); i++) {
		begin_key(&b, keys[i].key, 0);
		put_zeros(&b, 2);
		expect(&b, keys[i].rule, keys[i].key);
	}
	put_counts(&b, 3, 0, 1);
	put64(&b, 3);
	bytes_append(&b, "a\0b", 3);
	put32(&b, 0);
	put_zeros(&b, 4);
	expect(&b, "gguf-key", "a NUL in a key");
	put_counts(&b, 3, 0, 1);
	put64(&b, 65536);
	put_zeros(&b, 70000);
	expect(&b, "gguf-length", "a key over 65535 bytes");
	put_counts(&b, 3, 0, 2);
	for (i = 0; i < 2; i++) {
		put_string(&b, "k");
		put_zeros(&b, 5);
	}
	expect(&b, "gguf-twice", "a key twice");
}

static void
test_alignment(void **state)
{
	static const struct {
		uint32_t v;
		const char *rule;
	} alignments[] = { { 8, NULL }, { 32, NULL }, { 65536, NULL },
		{ 0, "gguf-alignment" }, { 3, "gguf-alignment" }, { 12, "gguf-alignment" },
		{ 33, "gguf-alignment" }, { 4, "gguf-alignment" },
		{ 131072, "gguf-alignment" }, { UINT32_MAX, "gguf-alignment" } };
	struct bytes b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < LEN(alignments); i++) {
		put_counts(&b, 3, 2, 1);
		put_string(&b, "general.alignment");
		put32(&b, 4);
		put32(&b, alignments[i].v);
		put_info(&b, "a", 24, 3, 1, 0);
		put_info(&b, "b", 24, 1, 1, alignments[i].v);
		if (alignments[i].rule == NULL) {
			pad(&b, alignments[i].v);
			put_zeros(&b, alignments[i].v + 1);
		}
		expect(&b, alignments[i].rule, "alignment");
	}
	begin_key(&b, "general.alignment", 10);
	put64(&b, 32);
	expect(&b, "gguf-alignment", "alignment as uint64");
}

/* One tensor with so much behind it. */
static void
put_one(struct bytes *b, const char *name, uint32_t type, uint64_t row,
    uint64_t rows, uint64_t offset, size_t data)
{
	put_counts(b, 3, 1, 0);
	put_info(b, name, type, row, rows, offset);
	pad(b, 32);
	put_zeros(b, data);
}

static void
test_tensors(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t row, rows, offset;
		size_t data;
		const char *rule;
		const char *why;
	} infos[] = {
		{ 0, 2, 3, 0, 24, NULL, "F32" },
		{ 0, 2, 3, 0, 32, NULL, "F32, padded" },
		{ 0, 2, 3, 0, 30, NULL, "F32, padded in part" },
		{ 0, 2, 3, 0, 33, "gguf-trailing", "a byte too many" },
		{ 0, 2, 3, 0, 23, WINDOW_SHORT, "a byte too few" },
		{ 0, 2, 3, 0, 0, WINDOW_SHORT, "no data" },
		{ 2, 32, 2, 0, 36, NULL, "Q4_0" },
		{ 2, 33, 1, 0, 36, "gguf-block", "no whole block" },
		{ 2, 16, 2, 0, 18, "gguf-block", "half a block a row" },
		{ 14, 256, 1, 0, 210, NULL, "Q6_K" },
		{ 0, 1, 1, 32, 64, "gguf-offset", "a hole in front" },
		{ 0, 1, 1, UINT64_MAX - 31, 64, "gguf-offset", "an offset that wraps" },
		{ 4, 32, 1, 0, 32, "gguf-type", "a removed type" },
		{ 43, 32, 1, 0, 32, "gguf-type", "a type of tomorrow" },
		{ UINT32_MAX, 32, 1, 0, 32, "gguf-type", "type -1" },
		{ 0, 0, 1, 0, 0, "gguf-dimension", "a dimension of 0" },
		{ 0, UINT64_MAX, 1, 0, 0, "gguf-dimension", "a dimension of -1" },
		{ 0, (uint64_t)1 << 33, (uint64_t)1 << 33, 0, 0, "gguf-overflow",
		    "elements wrap" },
		{ 28, (uint64_t)1 << 61, 1, 0, 0, "gguf-overflow", "bytes wrap" },
		{ 24, (uint64_t)1 << 62, 1, 0, 0, "gguf-overflow", "the data's end wraps" },
	};
	struct bytes b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < LEN(infos); i++) {
		put_one(&b, "t", infos[i].type, infos[i].row, infos[i].rows,
		    infos[i].offset, infos[i].data);
		expect(&b, infos[i].rule, infos[i].why);
	}
	for (i = 0; i < 6; i++) {
		put_counts(&b, 3, 1, 0);
		put_string(&b, "t");
		put32(&b, (uint32_t)i);
		put_zeros(&b, 64);
		expect(&b, i == 0 || i == 5 ? "gguf-rank" : "gguf-dimension", "rank");
	}
	put_counts(&b, 3, 2, 0);
	put_info(&b, "a", 0, 1, 1, 0);
	put_info(&b, "a", 0, 1, 1, 32);
	pad(&b, 32);
	put_zeros(&b, 64);
	expect(&b, "gguf-twice", "a tensor twice");
	put_counts(&b, 3, 2, 0);
	put_info(&b, "a", 0, 1, 1, 0);
	put_info(&b, "b", 0, 1, 1, 64);
	pad(&b, 32);
	put_zeros(&b, 96);
	expect(&b, "gguf-offset", "a hole between");
	put_one(&b, "t", 0, 1, 1, 0, 4);
	b.data[b.len - 5] = 1;
	expect(&b, "gguf-padding", "padding that is not zero");
	put_one(&b, "t", 0, 1, 1, 0, 6);
	b.data[b.len - 1] = 1;
	expect(&b, "gguf-padding", "padding behind that is not zero");
}

static void
test_names(void **state)
{
	char name[65];
	struct bytes b = { 0 };

	(void)state;
	memset(name, 'n', sizeof(name));
	name[63] = '\0';
	put_one(&b, name, 0, 1, 1, 0, 4);
	expect(&b, NULL, "63 bytes");
	name[63] = 'n';
	name[64] = '\0';
	put_one(&b, name, 0, 1, 1, 0, 4);
	expect(&b, "gguf-length", "64 bytes");
	put_one(&b, "a\x01", 0, 1, 1, 0, 4);
	expect(&b, "gguf-name", "a control character");
	put_one(&b, "a\xFF", 0, 1, 1, 0, 4);
	expect(&b, "gguf-name", "no UTF-8");
	put_one(&b, "caf\xC3\xA9", 0, 1, 1, 0, 4);
	expect(&b, NULL, "UTF-8");
}

static void
test_facts(void **state)
{
	struct gguf_facts f;
	struct bytes b = { 0 };
	struct diag d;

	(void)state;
	put_counts(&b, 3, 2, 3);
	put_string(&b, "general.architecture");
	put32(&b, 8);
	put_string(&b, "llama");
	put_string(&b, "general.license");
	put32(&b, 8);
	put_string(&b, "apache-2.0");
	put_string(&b, "general.name");
	put32(&b, 8);
	put_string(&b, "\x01 anything");
	put_info(&b, "a", 0, 3, 5, 0);
	put_info(&b, "b", 2, 64, 2, 64);
	pad(&b, 32);
	put_zeros(&b, 64 + 72);
	assert_int_equal(read_bytes(&b, &f, &d), ST_OK);
	assert_string_equal(f.architecture, "llama");
	assert_string_equal(f.license, "apache-2.0");
	assert_true(f.tensors.tensors == 2 && f.tensors.parameters == 15 + 128);
	assert_true(f.tensors.dtypes == ((uint64_t)1 << dtype_find_gguf(0) |
	    (uint64_t)1 << dtype_find_gguf(2)));
	bytes_free(&b);
	/* What is not printable is not kept. */
	begin_key(&b, "general.architecture", 8);
	put_string(&b, "a\nb");
	assert_int_equal(read_bytes(&b, &f, &d), ST_OK);
	assert_string_equal(f.architecture, "");
	bytes_free(&b);
}

static void
check_hostile(const char *name, const char *expected, const struct bytes *b)
{
	struct gguf_facts f;
	struct diag d;
	enum status st = read_bytes(b, &f, &d);

	if (st != (strcmp(expected, "ACCEPT") == 0 ? ST_OK : ST_MALFORMED))
		fail_msg("%s: %s, but status %d, %s", name, expected, (int)st, d.text);
}

static void
test_hostile(void **state)
{
	(void)state;
	assert_true(sampletest_hostile("gguf", check_hostile) >= 29);
}

static void
test_real_files(void **state)
{
	static const struct {
		const char *path;
		uint64_t tensors, parameters;
		const char *architecture;
	} real[] = {
		{ "gguf-vocab/ggml-vocab-bert-bge.gguf", 0, 0, "bert" },
		{ "gguf-vocab/ggml-vocab-deepseek-llm.gguf", 0, 0, "llama" },
		{ "gguf-vocab/ggml-vocab-gpt-2.gguf", 0, 0, "gpt2" },
		{ "gguf-vocab/ggml-vocab-phi-3.gguf", 0, 0, "phi3" },
		{ "gguf-fuzz-corpus/v3-empty.bin", 0, 0, "" },
		{ "gguf-fuzz-corpus/valid-small.gguf", 0, 0, "llama" },
		/* Made of safetensors files whose counts the other test knows. */
		{ "gguf-with-tensors/chronos-Q8_0.gguf", 28, 27136, "t5" },
		{ "gguf-with-tensors/silero_vad_16k-F32.gguf", 15, 309633, NULL },
		{ "weight-inspect/empty.gguf", 0, 0, "llama" },
	};
	static const char *const broken[] = { "bad-version.bin",
		"hdr-suppress-eos.gguf", "hdr-wrap-first-offset.gguf",
		"hdr-zero-first-dim.gguf", "huge-counts.bin", "kv-arr-huge-n.bin",
		"kv-huge-strlen.bin", "magic-only.bin", "tensor-huge-dims.bin",
		"trunc-magic.bin" };
	struct gguf_facts f;
	struct bytes b;
	struct diag d;
	char path[300];
	size_t i;

	(void)state;
	for (i = 0; i < LEN(real); i++) {
		snprintf(path, sizeof(path), "weights/%s", real[i].path);
		sampletest_read(sampletest_data(path), &b);
		if (read_bytes(&b, &f, &d) != ST_OK)
			fail_msg("%s: %s", path, d.text);
		if (f.tensors.tensors != real[i].tensors ||
		    f.tensors.parameters != real[i].parameters ||
		    (real[i].architecture != NULL &&
		    strcmp(f.architecture, real[i].architecture) != 0))
			fail_msg("%s: %llu, %llu, %s", path,
			    (unsigned long long)f.tensors.tensors,
			    (unsigned long long)f.tensors.parameters, f.architecture);
		bytes_free(&b);
	}
	for (i = 0; i < LEN(broken); i++) {
		snprintf(path, sizeof(path), "weights/gguf-fuzz-corpus/%s", broken[i]);
		sampletest_read(sampletest_data(path), &b);
		if (read_bytes(&b, &f, &d) != ST_MALFORMED)
			fail_msg("%s", path);
		bytes_free(&b);
	}
}

/* A file that is cut anywhere is short, but where only padding is missing. */
static void
test_every_cut(void **state)
{
	struct bytes b = { 0 }, cut;
	struct gguf_facts f;
	struct diag d;
	size_t len;

	(void)state;
	put_counts(&b, 3, 1, 2);
	put_string(&b, "general.architecture");
	put32(&b, 8);
	put_string(&b, "llama");
	put_string(&b, "k");
	put32(&b, 9);
	put32(&b, 8);
	put64(&b, 2);
	put_string(&b, "x");
	put_string(&b, "yz");
	put_info(&b, "a", 0, 2, 2, 0);
	pad(&b, 32);
	put_zeros(&b, 16);
	assert_int_equal(read_bytes(&b, &f, &d), ST_OK);
	for (len = 0; len < b.len; len++) {
		cut = (struct bytes){ 0 };
		bytes_append(&cut, b.data, len);
		expect(&cut, WINDOW_SHORT, "a cut file");
	}
	bytes_free(&b);
}

static enum status
endless_zeros(void *arg, void *buf, size_t len, uint64_t offset, struct diag *d)
{
	const struct bytes *b = arg;
	size_t n = offset < b->len ? b->len - (size_t)offset : 0;

	(void)d;
	memset(buf, 0, len);
	if (n > 0)
		memcpy(buf, b->data + offset, n < len ? n : len);
	return ST_OK;
}

/* An array of 2^30 empty strings in a sparse file: ended by the header's limit. */
static void
test_long_array(void **state)
{
	struct bytes b = { 0 };
	struct gguf_facts f;
	struct diag d = DIAG_INIT;
	struct window w;

	(void)state;
	begin_key(&b, "k", 9);
	put32(&b, 8);
	put64(&b, (uint64_t)1 << 30);
	window_open(&w, (uint64_t)1 << 40, endless_zeros, &b);
	assert_int_equal(gguf_read(&w, &f, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "gguf-header");
	bytes_free(&b);
}

static void
test_types(void **state)
{
	size_t i, safetensors = 0, gguf = 0;

	(void)state;
	for (i = 0; i < N_DTYPES; i++) {
		assert_non_null(dtypes[i].name);
		if (i > 0)
			assert_true(strcmp(dtypes[i - 1].name, dtypes[i].name) < 0);
		safetensors += dtypes[i].bits != 0;
		gguf += dtypes[i].gguf >= 0;
		if (dtypes[i].gguf >= 0)
			assert_true(dtypes[i].block > 0 && dtypes[i].block_len > 0 &&
			    dtype_find_gguf((uint32_t)dtypes[i].gguf) == (int)i);
		else
			assert_true(dtypes[i].bits != 0);
		/* Where both have it, they agree. */
		if (dtypes[i].bits != 0 && dtypes[i].gguf >= 0)
			assert_int_equal(dtypes[i].bits, 8 * dtypes[i].block_len);
	}
	assert_int_equal(safetensors, 22);
	assert_int_equal(gguf, 35);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_tensors),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_real_files),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_long_array),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
