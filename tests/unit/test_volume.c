/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_volume - volumes written and read, every changed byte refused, whose a
 * volume is that is not the one asked for, and signed indexes against the format.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "bundle/volume.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"

#define NAME "payload-02.000007"
#define MAX_STORED 100000

static char top[64];
static int dir = -1;

static const struct volume_place here = {
	.bundle_id = "\x11\x22\x33\x44\x55\x66\x77\x88"
	    "\x99\xaa\xbb\xcc\xdd\xee\xff\x00",
	.kind = VOLUME_PAYLOAD, .lane = 2, .number = 7,
};

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/satchel-volume-XXXXXX");
	if (mkdtemp(top) == NULL ||
	    (dir = open(top, O_RDONLY | O_DIRECTORY)) == -1)
		return -1;
	return 0;
}

static int
teardown(void **state)
{
	struct diag d = DIAG_INIT;
	enum status st;

	(void)state;
	fd_close(&dir);
	if (dir_open_path("/tmp", &dir, &d) != ST_OK)
		return -1;
	st = dir_remove_tree(dir, top + strlen("/tmp/"), &d);
	fd_close(&dir);
	return st == ST_OK ? 0 : -1;
}

static void
fill(uint8_t *p, size_t len, uint64_t seed)
{
	uint32_t x = (uint32_t)seed * 2654435761U + 7;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525U + 1013904223U;
		p[i] = (uint8_t)(x >> 24);
	}
}

/* A volume of n chunks, chunk i of lens[i % 3] bytes. */
static void
write_volume(const char *name, const struct volume_place *place, uint64_t n,
    const uint32_t lens[3], struct transport_volume *t, uint8_t *sum)
{
	struct chunk_digest *g = chunk_digest_new();
	struct volume_writer *w = NULL;
	uint8_t *buf = malloc(MAX_STORED), digest[SHA512_LEN];
	struct diag d = DIAG_INIT;
	uint64_t i, expected = volume_overhead(place->portable, 0);

	memset(t, 0, sizeof(*t));
	assert_int_equal(volume_create(dir, name, place, true, &w, &d), ST_OK);
	for (i = 0; i < n; i++) {
		struct chunk_fields f = { lens[i % 3], 1, (uint32_t)(i + 1) };

		fill(buf, f.stored_len, i);
		assert_int_equal(chunk_digest_make(g, place->kind, buf,
		    f.stored_len, digest, &d), ST_OK);
		expected += f.stored_len + VOLUME_ENTRY_LEN;
		assert_int_equal(volume_size_with(w, f.stored_len), expected);
		assert_int_equal(volume_append(w, buf, &f, digest, &d), ST_OK);
		assert_int_equal(volume_writer_chunks(w), i + 1);
	}
	assert_int_equal(faccessat(dir, name, F_OK, 0), -1);
	assert_int_equal(volume_finish(w, t, sum, &d), ST_OK);
	assert_int_equal(t->size, expected);
	assert_int_equal(t->n_chunks, n);
	chunk_digest_free(g);
	free(buf);
}

static enum status
open_volume(const struct volume_place *place, const struct transport_volume *t,
    bool encrypted, struct volume **v, struct diag *d)
{
	struct diag none = DIAG_INIT;

	*d = none;
	return volume_open(dir, NAME, place, t, MAX_STORED, encrypted, v, d);
}

static void
replace(const void *data, size_t len)
{
	struct diag d = DIAG_INIT;

	assert_int_equal(file_replace(dir, NAME, 0644, data, len, &d), ST_OK);
}

/* Open and read everything: the first thing that does not hold. */
static enum status
read_all(const struct volume_place *place, const struct transport_volume *t,
    struct diag *d)
{
	struct chunk_digest *g = chunk_digest_new();
	uint8_t *buf = malloc(MAX_STORED);
	struct volume *v = NULL;
	enum status st;
	uint64_t i;

	st = open_volume(place, t, false, &v, d);
	for (i = 0; st == ST_OK && i < volume_n_chunks(v); i++)
		st = volume_read_chunk(v, i, buf, g, d);
	volume_close(v);
	chunk_digest_free(g);
	free(buf);
	return st;
}

static void
test_round_trip(void **state)
{
	static const uint32_t lens[3] = { 100000, 1, 16385 };
	static const uint64_t counts[] = { 1, 2, 40 };
	struct chunk_digest *g = chunk_digest_new();
	uint8_t *buf = malloc(MAX_STORED), *want = malloc(MAX_STORED);
	uint8_t sum[SHA512_LEN], whole[SHA512_LEN];
	struct transport_volume t;
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	struct volume *v;
	uint64_t i, offset;
	size_t c, form;

	(void)state;
	for (form = 0; form < 4; form++)
		for (c = 0; c < 3; c++) {
			struct volume_place place = here;

			place.portable = form & 1;
			if (form & 2) {
				place.kind = VOLUME_CONTENTS;
				place.number = 0;
			}
			write_volume(NAME, &place, counts[c], lens, &t,
			    place.portable ? sum : NULL);
			assert_int_equal(read_all(&place, &t, &d), ST_OK);
			assert_int_equal(open_volume(&place, &t, false, &v, &d),
			    ST_OK);
			offset = place.portable ? 48 : 61;
			/* Backwards: any order will do. */
			for (i = 0; i < counts[c]; i++) {
				assert_int_equal(volume_chunk_offset(v, i),
				    offset);
				offset += volume_fields(v, i)->stored_len;
			}
			for (i = counts[c]; i-- > 0; ) {
				const struct chunk_fields *f =
				    volume_fields(v, i);

				assert_int_equal(f->stored_len, lens[i % 3]);
				assert_int_equal(f->transform, 1);
				assert_int_equal(f->plain_len, i + 1);
				assert_int_equal(volume_read_chunk(v, i, buf, g,
				    &d), ST_OK);
				fill(want, f->stored_len, i);
				assert_memory_equal(buf, want, f->stored_len);
			}
			volume_close(v);
			if (place.portable) {
				assert_int_equal(file_read_whole(dir, NAME,
				    GIB, &b, &d), ST_OK);
				assert_int_equal(digest_sha512(b.data, b.len,
				    whole, &d), ST_OK);
				assert_memory_equal(sum, whole, SHA512_LEN);
				bytes_free(&b);
			}
			assert_int_equal(unlinkat(dir, NAME, 0), 0);
		}
	chunk_digest_free(g);
	free(buf);
	free(want);
}

/* The first and last bytes of a volume, said once more in full. */
static void
test_bytes(void **state)
{
	static const uint32_t lens[3] = { 5, 5, 5 };
	static const char head[] =
	    "532a4d18280000005341544348454c000100010002000000"
	    "070000000000000011223344556677889 9aabbccddeeff00"
	    "28b52ffd23ffffff7f00010000";
	char digits[2 * 61 + 1], got[2 * 61 + 1];
	struct transport_volume t;
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	size_t i, n = 0;

	(void)state;
	for (i = 0; head[i] != '\0'; i++)
		if (head[i] != ' ')
			digits[n++] = head[i];
	digits[n] = '\0';
	write_volume(NAME, &here, 2, lens, &t, NULL);
	assert_int_equal(file_read_whole(dir, NAME, GIB, &b, &d), ST_OK);
	assert_int_equal(b.len, 61 + 10 + 8 + 152);
	hex_encode(got, b.data, 61);
	assert_string_equal(got, digits);
	hex_encode(got, b.data + 71, 8 + 12);
	assert_string_equal(got, "542a4d1898000000" "050000000100000001000000");
	bytes_free(&b);
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

/* Each byte of a small volume in turn, and what is said of it. */
static void
test_each_byte(void **state)
{
	static const uint32_t lens[3] = { 40, 1, 100 };
	struct transport_volume t;
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	size_t i, chunks = 61, index = 61 + 141;
	unsigned bit;

	(void)state;
	write_volume(NAME, &here, 3, lens, &t, NULL);
	assert_int_equal(file_read_whole(dir, NAME, GIB, &b, &d), ST_OK);
	for (i = 0; i < b.len; i++)
		for (bit = 0; bit < 8; bit += i < 61 ? 1 : 7) {
			b.data[i] ^= (uint8_t)(1 << bit);
			replace(b.data, b.len);
			b.data[i] ^= (uint8_t)(1 << bit);
			assert_int_equal(read_all(&here, &t, &d), ST_DAMAGED);
			assert_string_equal(d.rule, i < 48 ? "header" :
			    i < chunks ? "index" : i < index ? "chunk" :
			    "index");
		}
	replace(b.data, b.len);
	assert_int_equal(read_all(&here, &t, &d), ST_OK);
	/* Every length but the right one. */
	for (i = 0; i < b.len; i++) {
		replace(b.data, i);
		assert_int_equal(read_all(&here, &t, &d), ST_DAMAGED);
		assert_string_equal(d.rule, "size");
	}
	bytes_append(&b, "x", 1);
	replace(b.data, b.len);
	assert_int_equal(read_all(&here, &t, &d), ST_DAMAGED);
	assert_string_equal(d.rule, "size");
	bytes_free(&b);
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
	assert_int_equal(read_all(&here, &t, &d), ST_INCOMPLETE);
	assert_string_equal(d.rule, "missing");
	assert_int_equal(symlinkat("elsewhere", dir, NAME), 0);
	assert_int_equal(read_all(&here, &t, &d), ST_HOST);
	assert_string_equal(d.rule, "not-regular");
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

/* What a file under the name of a volume can be. */
enum other { OTHER_BUNDLE, OTHER_NUMBER, OTHER_LANE, OTHER_KIND, ID_ONLY,
    NUMBER_ONLY, BAD_MAGIC, BAD_VERSION, BAD_ZERO, BAD_LANE, CONTENTS_NUMBER,
    OWN_HEADER };

/* Put in place of the volume at `here` what `what` says, of the same size or not. */
static void
plant(enum other what, bool same_size, const struct bytes *own)
{
	static const uint32_t lens[3] = { 100, 1, 40 };	/* the same sum */
	static const uint32_t others[3] = { 41, 1, 100 };
	struct volume_place place = here;
	struct transport_volume t;
	struct bytes b = { 0 };

	place.bundle_id[3] ^= (uint8_t)(what == OTHER_BUNDLE);
	place.number += what == OTHER_NUMBER;
	place.lane += what == OTHER_LANE;
	if (what == OTHER_KIND) {
		place.kind = VOLUME_CONTENTS;
		place.number = 0;
	}
	(void)unlinkat(dir, NAME, 0);
	if (what <= OTHER_KIND || what == OWN_HEADER) {
		/* Whole, another's: with an index of its own. */
		write_volume("other", &place, 3, same_size ? lens : others, &t,
		    NULL);
		assert_int_equal(renameat(dir, "other", dir, NAME), 0);
		if (what != OWN_HEADER || !same_size)
			return;
	}
	/* Ours, but for one thing. */
	bytes_append(&b, own->data, own->len);
	b.data[32] ^= (uint8_t)(what == ID_ONLY);
	b.data[24] ^= (uint8_t)(what == NUMBER_ONLY);
	b.data[0] ^= (uint8_t)(what == BAD_MAGIC);
	b.data[16] ^= (uint8_t)(3 * (what == BAD_VERSION));
	b.data[28] ^= (uint8_t)(what == BAD_ZERO);
	if (what == BAD_LANE)
		b.data[20] = 100;
	if (what == CONTENTS_NUMBER)
		b.data[18] = 2;
	if (what >= BAD_MAGIC)
		b.data[b.len - 1] ^= 1;		/* the index does not match either */
	if (what >= BAD_MAGIC && what != OWN_HEADER)
		b.data[33] ^= 1;		/* nor does it say that it is ours */
	if (!same_size)
		bytes_append(&b, "x", 1);
	replace(b.data, b.len);
	bytes_free(&b);
}

static void
test_foreign(void **state)
{
	static const struct {
		enum other what;
		enum status same, differs;	/* by size */
		const char *text;
	} table[] = {
		{ OTHER_BUNDLE, ST_INCOMPLETE, ST_INCOMPLETE,
		    "another bundle, 11223345556677889" },
		{ OTHER_NUMBER, ST_INCOMPLETE, ST_INCOMPLETE,
		    "payload-02.000008" },
		{ OTHER_LANE, ST_INCOMPLETE, ST_INCOMPLETE,
		    "payload-03.000007" },
		{ OTHER_KIND, ST_INCOMPLETE, ST_INCOMPLETE, "contents-02" },
		/* Our index behind another's header: somebody changed the header. */
		{ ID_ONLY, ST_DAMAGED, ST_INCOMPLETE, "" },
		{ NUMBER_ONLY, ST_DAMAGED, ST_INCOMPLETE, "" },
		/* What names another, but is not well formed, is damaged. */
		{ BAD_MAGIC, ST_DAMAGED, ST_DAMAGED, "" },
		{ BAD_VERSION, ST_DAMAGED, ST_DAMAGED, "" },
		{ BAD_ZERO, ST_DAMAGED, ST_DAMAGED, "" },
		{ BAD_LANE, ST_DAMAGED, ST_DAMAGED, "" },
		{ CONTENTS_NUMBER, ST_DAMAGED, ST_DAMAGED, "" },
		{ OWN_HEADER, ST_DAMAGED, ST_DAMAGED, "" },
	};
	static const uint32_t lens[3] = { 40, 1, 100 };
	struct transport_volume t;
	struct bytes own = { 0 };
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	write_volume(NAME, &here, 3, lens, &t, NULL);
	assert_int_equal(file_read_whole(dir, NAME, GIB, &own, &d), ST_OK);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int same;

		for (same = 0; same < 2; same++) {
			enum status want = same ? table[i].same :
			    table[i].differs;
			enum status st;

			plant(table[i].what, same == 1, &own);
			st = read_all(&here, &t, &d);
			if (st != want || (st == ST_INCOMPLETE &&
			    (strcmp(d.rule, "foreign") != 0 ||
			    strstr(d.text, table[i].text) == NULL)))
				fail_msg("%d, same size %d: %d, %s: %s",
				    table[i].what, same, st, d.rule, d.text);
		}
	}
	bytes_free(&own);
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

/* Change one field of a volume and sign it all the same. */
static void
resign(struct bytes *b, const struct transport_volume *old,
    struct transport_volume *t)
{
	struct diag d = DIAG_INIT;
	struct bytes m = { 0 };
	uint8_t purpose[16] = "satchel-index";
	size_t index_len = 8 + 76 * (size_t)old->n_chunks;

	*t = *old;
	t->size = b->len;
	bytes_append(&m, purpose, sizeof(purpose));
	bytes_append(&m, b->data, 61);
	bytes_append(&m, b->data + b->len - index_len, index_len);
	assert_int_equal(digest_sha512(m.data, m.len, t->index, &d), ST_OK);
	bytes_free(&m);
	replace(b->data, b->len);
}

static void
test_signed_but_wrong(void **state)
{
	static const uint32_t lens[3] = { 40, 1, 100 };
	/* at: counted from the start, or, negative, from the start of the index. */
	static const struct {
		int at;
		uint32_t value;
		bool encrypted;
		const char *rule;	/* NULL: taken */
		const char *why;
	} table[] = {
		{ -8, 0x184D2A54, false, NULL, "unchanged" },
		{ -8, 0x184D2A55, false, "index-frame", "magic" },
		{ -4, 227, false, "index-frame", "length" },
		{ -4, UINT32_MAX, false, "index-frame", "length" },
		{ 0, 0x184D2A54, false, "index-header", "header magic" },
		{ 16, 0x00010002, false, "index-header", "version 2" },
		{ 24, 8, false, "index-header", "another volume's number" },
		{ 32, 0, false, "index-header", "another bundle's id" },
		{ 48, 0x184D2A50, false, "index-guard", "no guard" },
		{ 57, 2, false, "index-guard", "another guard" },
		{ 1000, 0, false, "index-stored-length", "zero" },
		{ 1000, MAX_STORED + 1, false, "index-stored-length", "too long" },
		{ 1000, UINT32_MAX, false, "index-stored-length", "too long" },
		{ 1000, 39, false, "index-sum", "a byte less" },
		{ 1000, 41, false, "index-sum", "a byte more" },
		{ 1000, 99999, false, "index-sum", "beyond the volume" },
		{ 1008, 0, false, "index-plain-length", "zero" },
		{ 1008, 16777216, false, NULL, "the greatest" },
		{ 1008, 16777217, false, "index-plain-length", "too long" },
		{ 1004, 0, true, "index-encrypted", "a plain length" },
	};
	struct transport_volume t, u;
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	uint8_t saved[4];
	struct volume *v;
	size_t i, at;

	(void)state;
	write_volume(NAME, &here, 3, lens, &t, NULL);
	assert_int_equal(file_read_whole(dir, NAME, GIB, &b, &d), ST_OK);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		enum status st;

		at = table[i].at < 0 ? 61 + 141 + 8 - (size_t)-table[i].at :
		    table[i].at >= 1000 ? 61 + 141 + 8 + (size_t)table[i].at -
		    1000 : (size_t)table[i].at;
		memcpy(saved, b.data + at, 4);
		put_le32(b.data + at, table[i].value);
		resign(&b, &t, &u);
		st = open_volume(&here, &u, table[i].encrypted, &v, &d);
		if (st != (table[i].rule == NULL ? ST_OK : ST_MALFORMED) ||
		    (table[i].rule != NULL && strcmp(d.rule, table[i].rule) != 0))
			fail_msg("%s: %d, %s: %s", table[i].why, st, d.rule,
			    d.text);
		assert_int_equal(v != NULL, table[i].rule == NULL);
		volume_close(v);
		memcpy(b.data + at, saved, 4);
	}
	bytes_free(&b);
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

/* Encrypted: transform and plain length are zero, and nothing else. */
static void
test_encrypted_fields(void **state)
{
	static const uint32_t lens[3] = { 40, 1, 100 };
	struct transport_volume t, u;
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	struct volume *v;
	size_t i;

	(void)state;
	write_volume(NAME, &here, 3, lens, &t, NULL);
	assert_int_equal(file_read_whole(dir, NAME, GIB, &b, &d), ST_OK);
	for (i = 0; i < 3; i++)
		memset(b.data + 61 + 141 + 8 + 76 * i + 4, 0, 8);
	resign(&b, &t, &u);
	assert_int_equal(open_volume(&here, &u, true, &v, &d), ST_OK);
	volume_close(v);
	assert_int_equal(open_volume(&here, &u, false, &v, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "index-plain-length");
	put_le32(b.data + 61 + 141 + 8 + 76 * 2 + 4, 1);
	resign(&b, &t, &u);
	assert_int_equal(open_volume(&here, &u, true, &v, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "index-encrypted");
	bytes_free(&b);
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

/* Numbers of the manifest that cannot be, were they to get this far. */
static void
test_impossible_sizes(void **state)
{
	static const uint32_t lens[3] = { 40, 1, 100 };
	static const uint64_t counts[] = { 0, 5, (1 << 20) + 1, UINT64_MAX,
	    UINT64_MAX / 76 };
	struct transport_volume t, u;
	struct diag d = DIAG_INIT;
	struct volume *v;
	size_t i;

	(void)state;
	write_volume(NAME, &here, 3, lens, &t, NULL);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		u = t;
		u.n_chunks = counts[i];
		assert_int_equal(open_volume(&here, &u, false, &v, &d),
		    ST_MALFORMED);
		assert_string_equal(d.rule, "index-size");
		assert_null(v);
	}
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

/* A chunk under another kind, or in another's place, is another digest. */
static void
test_chunk_kind(void **state)
{
	static const uint32_t lens[3] = { 40, 40, 40 };
	struct transport_volume t;
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	uint8_t swap[40];

	(void)state;
	write_volume(NAME, &here, 2, lens, &t, NULL);
	assert_int_equal(file_read_whole(dir, NAME, GIB, &b, &d), ST_OK);
	memcpy(swap, b.data + 61, 40);
	memmove(b.data + 61, b.data + 101, 40);
	memcpy(b.data + 101, swap, 40);
	replace(b.data, b.len);
	assert_int_equal(read_all(&here, &t, &d), ST_DAMAGED);
	assert_string_equal(d.rule, "chunk");
	assert_non_null(strstr(d.text, "chunk 0"));
	bytes_free(&b);
	assert_int_equal(unlinkat(dir, NAME, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_signed_but_wrong),
		cmocka_unit_test(test_encrypted_fields),
		cmocka_unit_test(test_impossible_sizes),
		cmocka_unit_test(test_chunk_kind),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
