/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_seal - chunks sealed and unsealed, every changed bit refused, and sealed
 * plaintext that someone with the key made against the format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/frame.h"
#include "bundle/seal.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"

#define CHUNK 65536

static uint8_t key[KEY_LEN];

static struct seal_params
params(bool encrypted, bool portable)
{
	struct seal_params p = {
		.lane = 3, .run = 500, .kind = VOLUME_PAYLOAD,
		.portable = portable, .chunk_size = CHUNK,
		.padding = encrypted ? 4096 : 0, .level = 3,
		.key = encrypted ? key : NULL,
	};

	memcpy(p.bundle_id, "0123456789abcdef", BUNDLE_ID_LEN);
	return p;
}

/* kind 0: noise; 1: text; 2: zeros. */
static void
fill(uint8_t *p, size_t len, int kind)
{
	static const char text[] = "{\"id\": 17, \"text\": \"the quick fox\"}\n";
	uint32_t x = 99;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525U + 1013904223U;
		p[i] = kind == 0 ? (uint8_t)(x >> 24) :
		    kind == 1 ? (uint8_t)text[i % (sizeof(text) - 1)] : 0;
	}
}

static struct sealer *
sealer(const struct seal_params *p)
{
	struct diag d = DIAG_INIT;
	struct sealer *s = sealer_new(p, &d);

	assert_non_null(s);
	return s;
}

/* The form of a stored chunk, looked at from outside. */
static void
check_form(const struct seal_params *p, const uint8_t *stored,
    const struct chunk_fields *f, size_t len)
{
	if (p->key != NULL) {
		assert_int_equal(f->transform, 0);
		assert_int_equal(f->plain_len, 0);
		assert_int_equal(get_le32(stored), 0x184D2A55);
		assert_int_equal(get_le32(stored + 4), f->stored_len - 8);
		assert_true(f->stored_len > 48);
		assert_int_equal((f->stored_len - 48) % p->padding, 0);
		return;
	}
	assert_int_equal(f->plain_len, len);
	if (f->transform == TRANSFORM_ZSTD) {
		assert_int_equal(get_le32(stored), 0xFD2FB528);
		return;
	}
	assert_int_equal(f->transform, TRANSFORM_STORED);
	assert_false(p->portable);
	assert_int_equal(get_le32(stored), 0x184D2A55);
	assert_int_equal(get_le32(stored + 4), len);
	assert_int_equal(f->stored_len, len + 8);
}

static void
round_trip(const struct seal_params *p)
{
	static const size_t lens[] = { 1, 2, 11, 4095, 4096, 4097, CHUNK - 1,
	    CHUNK };
	struct sealer *s = sealer(p), *r = sealer(p);
	uint8_t *plain = malloc(CHUNK), *back = malloc(CHUNK);
	uint8_t *stored = malloc(seal_bound(p));
	struct seal_params courier = *p;
	struct diag d = DIAG_INIT;
	struct chunk_fields f;
	size_t i, n;
	int kind;

	courier.key = NULL;
	for (kind = 0; kind < 3; kind++)
		for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			fill(plain, lens[i], kind);
			assert_int_equal(seal_chunk(s, i, plain, lens[i],
			    stored, &f, &d), ST_OK);
			assert_true(f.stored_len <= seal_bound(p));
			check_form(p, stored, &f, lens[i]);
			assert_int_equal(check_stored_chunk(&courier, stored,
			    &f, &d), ST_OK);
			memset(back, 0xAA, CHUNK);
			assert_int_equal(unseal_chunk(r, i, stored, &f, back,
			    &n, &d), ST_OK);
			assert_int_equal(n, lens[i]);
			assert_memory_equal(back, plain, n);
		}
	assert_int_equal(seal_chunk(s, 0, plain, 0, stored, &f, &d),
	    ST_INTERNAL);
	assert_int_equal(seal_chunk(s, 0, plain, CHUNK + 1, stored, &f, &d),
	    ST_INTERNAL);
	sealer_free(s);
	sealer_free(r);
	free(plain);
	free(back);
	free(stored);
}

static void
test_round_trip(void **state)
{
	static const uint32_t paddings[] = { 4096, 8192, 12288, 65536, 131072 };
	struct seal_params p;
	size_t i;

	(void)state;
	p = params(false, false);
	round_trip(&p);
	p.kind = VOLUME_CONTENTS;
	round_trip(&p);
	p = params(false, true);
	round_trip(&p);
	for (i = 0; i < sizeof(paddings) / sizeof(paddings[0]); i++) {
		p = params(true, false);
		p.padding = paddings[i];
		round_trip(&p);
	}
}

/* What --pad promises: of at least a chunk, all stored chunks are equally long. */
static void
test_pad_whole_chunk(void **state)
{
	struct seal_params p = params(true, false);
	uint8_t *plain = malloc(CHUNK), *stored;
	struct diag d = DIAG_INIT;
	struct chunk_fields f;
	struct sealer *s;
	int kind;

	(void)state;
	p.padding = CHUNK;
	stored = malloc(seal_bound(&p));
	s = sealer(&p);
	for (kind = 0; kind < 3; kind++) {
		fill(plain, CHUNK, kind);
		assert_int_equal(seal_chunk(s, 0, plain, kind == 1 ? 1 : CHUNK,
		    stored, &f, &d), ST_OK);
		assert_int_equal(f.stored_len, 48 + CHUNK);
	}
	sealer_free(s);
	free(plain);
	free(stored);
}

static void
test_params(void **state)
{
	static const struct {
		uint32_t chunk_size, padding;
		bool key, portable, ok;
	} table[] = {
		{ 16384, 4096, true, false, true },
		{ 16777216, 16777216, true, false, true },
		{ 16777216, 0, false, true, true },
		{ 0, 4096, true, false, false },
		{ 16383, 4096, true, false, false },
		{ 20000, 4096, true, false, false },
		{ 16793600, 4096, true, false, false },
		{ 65536, 0, true, false, false },
		{ 65536, 16777217, true, false, false },
		{ 65536, 4096, false, false, false },
		{ 65536, 4096, true, true, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct seal_params p = params(table[i].key, table[i].portable);
		struct diag d = DIAG_INIT;
		struct sealer *s;

		p.chunk_size = table[i].chunk_size;
		p.padding = table[i].padding;
		s = sealer_new(&p, &d);
		assert_int_equal(s != NULL, table[i].ok);
		/* The cap on stored chunks holds every one of these. */
		if (s != NULL)
			assert_true(seal_bound(&p) <= p.chunk_size + p.padding +
			    CAP_STORED_EXTRA);
		sealer_free(s);
	}
}

/* Each single bit of a sealed chunk. */
static void
test_bit_flips(void **state)
{
	struct seal_params p = params(true, false);
	struct sealer *s = sealer(&p);
	uint8_t plain[300], *stored = malloc(seal_bound(&p));
	uint8_t *copy = malloc(seal_bound(&p)), *out = malloc(CHUNK);
	struct diag d = DIAG_INIT;
	struct chunk_fields f;
	size_t bit, n;

	(void)state;
	fill(plain, sizeof(plain), 0);
	assert_int_equal(seal_chunk(s, 9, plain, sizeof(plain), stored, &f, &d),
	    ST_OK);
	assert_int_equal(f.stored_len, 4096 + 48);
	for (bit = 0; bit < 8 * (size_t)f.stored_len; bit++) {
		memcpy(copy, stored, f.stored_len);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(unseal_chunk(s, 9, copy, &f, out, &n, &d),
		    ST_MALFORMED);
		assert_int_equal(n, 0);
		assert_string_equal(d.rule, bit < 32 ? "chunk-frame" :
		    bit < 64 ? "chunk-frame-length" : "tag");
	}
	memcpy(copy, stored, f.stored_len);
	assert_int_equal(unseal_chunk(s, 9, copy, &f, out, &n, &d), ST_OK);
	sealer_free(s);
	free(stored);
	free(copy);
	free(out);
}

/* A chunk opens at its own place only, and nothing but its place matters. */
static void
test_place(void **state)
{
	struct seal_params p = params(true, false), q;
	struct sealer *s = sealer(&p), *r;
	uint8_t plain[100], *stored = malloc(seal_bound(&p));
	uint8_t *copy = malloc(seal_bound(&p)), *out = malloc(CHUNK);
	struct diag d = DIAG_INIT;
	struct chunk_fields f;
	size_t n;
	int i;

	(void)state;
	fill(plain, sizeof(plain), 0);
	assert_int_equal(seal_chunk(s, 7, plain, sizeof(plain), stored, &f, &d),
	    ST_OK);
	for (i = 0; i < 8; i++) {
		q = p;
		q.bundle_id[15] ^= (uint8_t)(i == 1);
		q.lane += i == 2;
		q.run += i == 3;
		q.kind = i == 4 ? VOLUME_CONTENTS : VOLUME_PAYLOAD;
		q.level = i == 6 ? 19 : 3;
		q.chunk_size = i == 7 ? 16384 : CHUNK;
		r = sealer(&q);
		memcpy(copy, stored, f.stored_len);
		assert_int_equal(unseal_chunk(r, i == 5 ? 8 : 7, copy, &f, out,
		    &n, &d), i >= 1 && i <= 5 ? ST_MALFORMED : ST_OK);
		sealer_free(r);
	}
	sealer_free(s);
	free(stored);
	free(copy);
	free(out);
}

/* A chunk as someone with the key can make it: any sealed plaintext at all. */
static void
forge(struct cipher *c, const struct seal_params *p, uint64_t number,
    uint8_t *stored, const uint8_t *sealed, size_t len, struct chunk_fields *f)
{
	struct diag d = DIAG_INIT;
	uint8_t aad[64];

	/* The additional data as the format's text has it. */
	put_le64(aad, 1);
	put_le64(aad + 8, 1);
	memcpy(aad + 16, p->bundle_id, 16);
	put_le64(aad + 32, p->lane);
	put_le64(aad + 40, p->run);
	put_le64(aad + 48, (uint64_t)p->kind);
	put_le64(aad + 56, number);
	put_le32(stored, 0x184D2A55);
	put_le32(stored + 4, (uint32_t)(28 + len));
	assert_int_equal(cipher_seal(c, aad, sizeof(aad), sealed, len,
	    stored + 20, stored + 8, stored + 20 + len, &d), ST_OK);
	memset(f, 0, sizeof(*f));
	f->stored_len = (uint32_t)(36 + len);
}

enum data { RAW, FRAME, JUNK };

static const struct {
	uint32_t transform, plain_len, data_len;
	size_t room;		/* data and zeros */
	enum data data;
	size_t dirty;		/* 1 + place of a byte that is not zero */
	const char *rule;	/* NULL: accepted */
	const char *why;
} plaintexts[] = {
	{ 0, 100, 100, 4096, RAW, 0, NULL, "stored" },
	{ 0, 4096, 4096, 4096, RAW, 0, NULL, "stored, no zeros" },
	{ 0, 4097, 4097, 8192, RAW, 0, NULL, "stored, two units" },
	{ 1, 5000, 0, 4096, FRAME, 0, NULL, "a frame" },
	{ 0, 0, 0, 4096, RAW, 0, "chunk-plain-length", "empty" },
	{ 0, CHUNK + 1, 100, 4096, RAW, 0, "chunk-plain-length",
	    "over the chunk size" },
	{ 0, UINT32_MAX, 100, 4096, RAW, 0, "chunk-plain-length", "huge" },
	{ 0, 100, 99, 4096, RAW, 0, "chunk-data-length", "stored, short" },
	{ 0, 100, 101, 4096, RAW, 0, "chunk-data-length", "stored, long" },
	{ 0, 100, UINT32_MAX, 4096, RAW, 0, "chunk-data-length", "wraps" },
	{ 1, 100, UINT32_MAX, 4096, FRAME, 0, "chunk-data-length", "wraps" },
	{ 1, 30, 30, 4096, FRAME, 0, "chunk-data-length",
	    "a frame that saves nothing" },
	{ 1, 30, 31, 4096, FRAME, 0, "chunk-data-length",
	    "a frame longer than what it holds" },
	{ 1, 4999, 0, 4096, FRAME, 0, "frame-size", "other plain length" },
	{ 1, 5000, 40, 4096, JUNK, 0, "frame-magic", "no frame" },
	{ 1, 5000, 0, 4096, JUNK, 0, "frame-magic", "no data" },
	{ 99, 100, 50, 4096, JUNK, 0, "chunk-transform", "unknown" },
	{ UINT32_MAX, 100, 50, 4096, JUNK, 0, "chunk-transform", "unknown" },
	{ 0, 100, 100, 4096, RAW, 101, "chunk-zeros", "first zero" },
	{ 0, 100, 100, 4096, RAW, 4096, "chunk-zeros", "last zero" },
	{ 0, 100, 100, 4096, RAW, 2000, "chunk-zeros", "one zero between" },
	{ 0, 4091, 4091, 4096, RAW, 4093, "chunk-zeros", "short tail" },
	{ 0, 100, 100, 8192, RAW, 0, "chunk-padding", "a unit too many" },
	{ 0, 5000, 5000, 4096, RAW, 0, "chunk-padding", "data beyond" },
	{ 0, 100, 100, 4095, RAW, 0, "chunk-padding", "no whole unit" },
	{ 0, 100, 100, 4097, RAW, 0, "chunk-padding", "no whole unit" },
	{ 0, 1, 1, 0, RAW, 0, "chunk-padding", "no data at all" },
	{ 0, 100, 100, CHUNK + 4096, RAW, 0, "chunk-padding",
	    "longer than any chunk" },
};

static void
test_sealed_plaintext(void **state)
{
	struct seal_params p = params(true, false);
	struct sealer *s = sealer(&p);
	struct cipher *c = cipher_new(key);
	const size_t room = 3 * (size_t)CHUNK;
	uint8_t *sealed = malloc(room), *stored = malloc(room);
	uint8_t *out = malloc(CHUNK), frame[4096], text[5000];
	struct frame_ctx *ctx = frame_ctx_new();
	struct diag d = DIAG_INIT;
	struct chunk_fields f;
	size_t i, n, frame_len;

	(void)state;
	fill(text, sizeof(text), 1);
	assert_int_equal(frame_compress(ctx, 3, text, sizeof(text), frame,
	    sizeof(frame), &frame_len, &d), ST_OK);
	for (i = 0; i < sizeof(plaintexts) / sizeof(plaintexts[0]); i++) {
		uint32_t data_len = plaintexts[i].data_len;
		enum status st;

		if (plaintexts[i].data == FRAME && data_len == 0)
			data_len = (uint32_t)frame_len;
		memset(sealed, 0, room);
		put_le32(sealed, plaintexts[i].transform);
		put_le32(sealed + 4, plaintexts[i].plain_len);
		put_le32(sealed + 8, data_len);
		if (plaintexts[i].data == FRAME)
			memcpy(sealed + 12, frame, frame_len);
		else if (data_len <= plaintexts[i].room)
			memset(sealed + 12, 'x', data_len);
		if (plaintexts[i].dirty != 0)
			sealed[12 + plaintexts[i].dirty - 1] = 0x80;
		forge(c, &p, i, stored, sealed, 12 + plaintexts[i].room, &f);
		st = unseal_chunk(s, i, stored, &f, out, &n, &d);
		if (st != (plaintexts[i].rule == NULL ? ST_OK : ST_MALFORMED) ||
		    (plaintexts[i].rule != NULL && strcmp(d.rule, plaintexts[i].rule) != 0))
			fail_msg("%s: %d, %s: %s", plaintexts[i].why, st, d.rule,
			    d.text);
		assert_int_equal(n, plaintexts[i].rule == NULL ?
		    plaintexts[i].plain_len : 0);
	}
	frame_ctx_free(ctx);
	cipher_free(c);
	sealer_free(s);
	free(sealed);
	free(stored);
	free(out);
}

/* Stored chunks that are not encrypted, by hand. */
static void
test_clear_forms(void **state)
{
	/* One zstd frame of a raw block "abc", 12 bytes. */
	static const char frame[] = "28b52ffd2003190000616263";
	/* One of a repeated byte, 60 times 0x61: 10 bytes. */
	static const char rle[] = "28b52ffd203ce3010061";
	static const struct {
		bool portable;
		uint32_t transform, plain_len;
		const char *hex;
		const char *rule;
	} table[] = {
		{ false, 1, 60, rle, NULL },
		{ true, 1, 60, rle, NULL },
		{ true, 1, 3, frame, NULL },
		{ false, 1, 3, frame, "chunk-data-length" },
		{ false, 0, 3, "552a4d1803000000616263", NULL },
		{ true, 0, 3, "552a4d1803000000616263", "chunk-portable" },
		{ false, 0, 4, "552a4d1803000000616263", "chunk-data-length" },
		{ false, 0, 3, "552a4d1804000000616263", "chunk-frame-length" },
		{ false, 0, 3, "552a4d1802000000616263", "chunk-frame-length" },
		{ false, 0, 3, "552a4d18ffffffff616263", "chunk-frame-length" },
		{ false, 0, 3, "542a4d1803000000616263", "chunk-frame" },
		{ false, 0, 3, "28b52ffd2003190000616263", "chunk-data-length" },
		{ false, 0, 3, "552a4d18", "chunk-data-length" },
		{ false, 1, 3, "552a4d1803000000616263", "frame-magic" },
		{ true, 1, 3, "552a4d1803000000616263", "frame-magic" },
		{ true, 1, 3, "28b5", "frame-magic" },
		{ false, 1, 0, rle, "chunk-plain-length" },
		{ false, 1, CHUNK + 1, rle, "chunk-plain-length" },
		{ false, 1, 61, rle, "frame-size" },
		{ false, 99, 60, rle, "chunk-transform" },
		{ false, 0, 0, "552a4d1800000000", "chunk-plain-length" },
	};
	uint8_t stored[64], *out = malloc(CHUNK);
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct seal_params p = params(false, table[i].portable);
		struct chunk_fields f = { 0, table[i].transform,
		    table[i].plain_len };
		struct sealer *s = sealer(&p);
		struct diag d = DIAG_INIT;
		enum status st;

		f.stored_len = (uint32_t)strlen(table[i].hex) / 2;
		assert_int_equal(hex_decode(stored, f.stored_len, table[i].hex),
		    0);
		st = unseal_chunk(s, 0, stored, &f, out, &n, &d);
		if (st != (table[i].rule == NULL ? ST_OK : ST_MALFORMED) ||
		    (table[i].rule != NULL && strcmp(d.rule, table[i].rule) != 0))
			fail_msg("%zu: %d, %s: %s", i, st, d.rule, d.text);
		sealer_free(s);
	}
	free(out);
}

/* What a courier sees of an encrypted chunk. */
static void
test_check_encrypted(void **state)
{
	static const struct {
		uint32_t magic, n, stored_len, transform, plain_len;
		const char *rule;
	} table[] = {
		{ 0x184D2A55, 4136, 4144, 0, 0, NULL },
		{ 0x184D2A55, 65576, 65584, 0, 0, NULL },
		{ 0x184D2A55, 69672, 69680, 0, 0, "chunk-padding" },
		{ 0x184D2A54, 4136, 4144, 0, 0, "chunk-frame" },
		{ 0x184D2A55, 4135, 4144, 0, 0, "chunk-frame-length" },
		{ 0x184D2A55, 4135, 4143, 0, 0, "chunk-padding" },
		{ 0x184D2A55, 40, 48, 0, 0, "chunk-padding" },
		{ 0x184D2A55, 0, 8, 0, 0, "chunk-padding" },
		{ 0x184D2A55, 0, 7, 0, 0, "chunk-frame" },
		{ 0x184D2A55, 4136, 4144, 1, 0, "chunk-fields" },
		{ 0x184D2A55, 4136, 4144, 0, 1, "chunk-fields" },
	};
	struct seal_params p = params(true, false);
	uint8_t stored[8];
	size_t i;

	(void)state;
	p.key = NULL;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct chunk_fields f = { table[i].stored_len,
		    table[i].transform, table[i].plain_len };
		struct diag d = DIAG_INIT;
		enum status st;

		put_le32(stored, table[i].magic);
		put_le32(stored + 4, table[i].n);
		st = check_stored_chunk(&p, stored, &f, &d);
		if (st != (table[i].rule == NULL ? ST_OK : ST_MALFORMED) ||
		    (table[i].rule != NULL && strcmp(d.rule, table[i].rule) != 0))
			fail_msg("%zu: %d, %s: %s", i, st, d.rule, d.text);
	}
}

/* Not encrypted, the same bytes come out whatever went before. */
static void
test_reproducible(void **state)
{
	struct seal_params p = params(false, false);
	struct sealer *s = sealer(&p), *r = sealer(&p);
	uint8_t *a = malloc(seal_bound(&p)), *b = malloc(seal_bound(&p));
	uint8_t *plain = malloc(CHUNK);
	struct diag d = DIAG_INIT;
	struct chunk_fields f, g;
	int kind;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		fill(plain, CHUNK, kind);
		assert_int_equal(seal_chunk(s, 1, plain, CHUNK, a, &f, &d),
		    ST_OK);
		fill(plain, CHUNK, 1);
		assert_int_equal(seal_chunk(r, 5, plain, 777, b, &g, &d), ST_OK);
		fill(plain, CHUNK, kind);
		assert_int_equal(seal_chunk(r, 6, plain, CHUNK, b, &g, &d),
		    ST_OK);
		assert_memory_equal(&f, &g, sizeof(f));
		assert_memory_equal(a, b, f.stored_len);
	}
	sealer_free(s);
	sealer_free(r);
	sealer_free(NULL);
	free(a);
	free(b);
	free(plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_pad_whole_chunk),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_sealed_plaintext),
		cmocka_unit_test(test_clear_forms),
		cmocka_unit_test(test_check_encrypted),
		cmocka_unit_test(test_reproducible),
	};

	memset(key, 0x42, sizeof(key));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
