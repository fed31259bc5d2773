/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_crypto - published vectors, the digest tree against one written here,
 * the IV, and what a changed bit does.  Vectors of commitments were computed
 * with another implementation from the text of the format.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/crypto.h"
#include "manifests/bytes.h"

#define MIB_LEN ((size_t)1 << 20)

/* Any even number of digits to bytes; returns how many. */
static size_t
unhex(uint8_t *out, const char *hex)
{
	size_t n = strlen(hex) / 2;

	assert_int_equal(hex_decode(out, n, hex), 0);
	return n;
}

static void
fill(uint8_t *p, size_t len, unsigned seed)
{
	uint32_t x = seed * 2654435761U + 12345;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525U + 1013904223U;
		p[i] = (uint8_t)(x >> 24);
	}
}

/* The format's chunk digest, said as plainly as possible. */
static void
naive_chunk(enum volume_kind kind, const uint8_t *p, size_t len,
    uint8_t out[SHA512_LEN])
{
	struct diag d = DIAG_INIT;
	struct bytes all = { 0 };
	uint8_t fixed[32] = "satchel-chunk", leaf[SHA512_LEN];
	size_t at, n;

	put_le64(fixed + 16, (uint64_t)kind);
	put_le64(fixed + 24, len);
	bytes_append(&all, fixed, sizeof(fixed));
	for (at = 0; at < len; at += n) {
		n = len - at < 16384 ? len - at : 16384;
		assert_int_equal(digest_sha512(p + at, n, leaf, &d), ST_OK);
		bytes_append(&all, leaf, sizeof(leaf));
	}
	assert_int_equal(digest_sha512(all.data, all.len, out, &d), ST_OK);
	bytes_free(&all);
}

static bool
chunk_agrees(struct chunk_digest *g, const uint8_t *p, size_t len)
{
	uint8_t want[SHA512_LEN], got[SHA512_LEN];
	struct diag d = DIAG_INIT;
	enum volume_kind kind = len % 2 ? VOLUME_CONTENTS : VOLUME_PAYLOAD;

	naive_chunk(kind, p, len, want);
	return chunk_digest_make(g, kind, p, len, got, &d) == ST_OK &&
	    memcmp(want, got, sizeof(want)) == 0;
}

/* All lengths that matter to one engine, in a process of its own: it is chosen once. */
static int
engine_child(const char *engine)
{
	struct chunk_digest *g;
	uint8_t *p;
	size_t len, i;

	setenv("SATCHEL_DIGEST_ENGINE", engine, 1);
	if (strcmp(chunk_digest_engine(), engine) != 0)
		return 77;
	p = malloc(MIB_LEN + 1);
	g = chunk_digest_new();
	if (p == NULL || g == NULL)
		return 1;
	fill(p, MIB_LEN + 1, 1);
	for (len = 1; len <= 40000; len += len < 300 ? 1 : 487)
		if (!chunk_agrees(g, p, len))
			return 2;
	/* Around leaves and around batches of them. */
	for (i = 1; i <= 34; i++)
		for (len = i * LEAF_LEN - 1; len <= i * LEAF_LEN + 1; len++)
			if (!chunk_agrees(g, p, len))
				return 3;
	if (!chunk_agrees(g, p, MIB_LEN) || !chunk_agrees(g, p + 1, MIB_LEN))
		return 4;
	chunk_digest_free(g);
	free(p);
	return 0;
}

static int
run_engine(const char *engine)
{
	int status;
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(engine_child(engine));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* First of all tests: no engine has been chosen in this process yet. */
static void
test_engine_libcrypto(void **state)
{
	(void)state;
	assert_int_equal(run_engine("libcrypto"), 0);
}

static void
test_engine_multi_buffer(void **state)
{
	int r = run_engine("intel-ipsec-mb");

	(void)state;
	if (r == 77) {
		print_message("no multi-buffer engine in this build or on this"
		    " processor\n");
		skip();
	}
	assert_int_equal(r, 0);
}

static void
test_chunk_vectors(void **state)
{
	static const char *const want[] = {
		"49cdb5536a995a09e87f9d91c31493005c8c25a733e09225eb5e27b54d67490c"
		"6903b19abf0dc5125bc6da4fa92a37ac9713657e450ddeea18cf70b6a4af98d4",
		"72c622fd20917563a5b8ba8a726b705c93bb5642220f660786b42f735d7d0202"
		"942b873f6bfcbff6c8e5a90cc9c6895ebcc42ebb09f7c1363d0a4d2f0a5e98cf",
		"e08e8970d89fefb0599fc04b50ff16ff85a3ea6c4bc442ae131986429708b2d7"
		"d098b0a97d018902cd92407f713f4153754a8cf7e67cf9f3b9b9dc3163a70766",
	};
	struct chunk_digest *g = chunk_digest_new();
	uint8_t data[40000], out[SHA512_LEN];
	char hex[2 * SHA512_LEN + 1];
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	assert_non_null(g);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (i = 0; i < 3; i++) {
		assert_int_equal(chunk_digest_make(g,
		    i == 1 ? VOLUME_CONTENTS : VOLUME_PAYLOAD,
		    i == 2 ? data : (const uint8_t *)"abc",
		    i == 2 ? sizeof(data) : 3, out, &d), ST_OK);
		hex_encode(hex, out, sizeof(out));
		assert_string_equal(hex, want[i]);
	}
	chunk_digest_free(g);
	chunk_digest_free(NULL);
}

/* FIPS 180-4's examples. */
static void
test_digests(void **state)
{
	static const struct {
		enum digest_algo algo;
		const char *text;
		const char *want;
	} table[] = {
		{ DIGEST_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA512, "", "cf83e1357eefb8bdf1542850d66d8007"
		    "d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f"
		    "63b931bd47417a81a538327af927da3e" },
		{ DIGEST_SHA512, "abc", "ddaf35a193617abacc417349ae204131"
		    "12e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
		    "454d4423643ce80e2a9ac94fa54ca49f" },
	};
	size_t i, j, n;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct digest *g = digest_new(table[i].algo);
		uint8_t want[SHA512_LEN], out[SHA512_LEN];
		struct diag d = DIAG_INIT;
		size_t len = strlen(table[i].text);

		assert_non_null(g);
		n = unhex(want, table[i].want);
		/* Twice from one object, byte by byte. */
		for (j = 0; j < 2 * len; j++) {
			assert_int_equal(digest_update(g,
			    table[i].text + j % len, 1), 0);
			if (j % len != len - 1)
				continue;
			assert_int_equal(digest_final(g, out), 0);
			assert_memory_equal(out, want, n);
		}
		assert_int_equal(n == SHA256_LEN ?
		    digest_sha256(table[i].text, len, out, &d) :
		    digest_sha512(table[i].text, len, out, &d), ST_OK);
		assert_memory_equal(out, want, n);
		digest_free(g);
	}
	digest_free(NULL);
}

static void
test_commitments(void **state)
{
	static const char *const want[] = {
		"bf67db64ae3f8c74c31940544dd95c9e5eda3d8c44bebaa2c7fe32b515d36103"
		"69dbc690869d3d05fc5aea69619e7a62d158bbed0055049c74dbcaba6c427713",
		"51bc065f323e26ccb0e80be09f8e607c812d1f5bff46c6794d4ee99fa4b5df45"
		"3e01f050db96251f03b01e843d5a654cad51fa3ae826cfb537f1e5d710d085d5",
		"1fc5a4f12b074a5abe9d777a48f5a1e435bdbecbfb0fdd37ef01619d9900f47f"
		"362e88c8a696c9eaea76d41e26740310beda5b8b0fe3710e894404e14f5691a0",
	};
	uint8_t id[BUNDLE_ID_LEN], key[KEY_LEN], opener[OPENER_LEN];
	uint8_t out[SHA512_LEN], msg[KEY_MESSAGE_LEN];
	char hex[2 * SHA512_LEN + 1], msg_hex[2 * KEY_MESSAGE_LEN + 1];
	const uint8_t *text = (const uint8_t *)"abc";
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < KEY_LEN; i++) {
		key[i] = (uint8_t)i;
		opener[i] = (uint8_t)(64 + i);
		id[i % BUNDLE_ID_LEN] = (uint8_t)(0xf0 + i % BUNDLE_ID_LEN);
	}
	assert_int_equal(commit_run(id, 7, 300, key, out, &d), ST_OK);
	hex_encode(hex, out, sizeof(out));
	assert_string_equal(hex, want[0]);
	assert_int_equal(commit_contents(id, 99, opener, text, 3, out, &d),
	    ST_OK);
	hex_encode(hex, out, sizeof(out));
	assert_string_equal(hex, want[1]);
	assert_int_equal(commit_contents(id, 99, NULL, text, 3, out, &d),
	    ST_OK);
	hex_encode(hex, out, sizeof(out));
	assert_string_equal(hex, want[2]);
	key_message_make(msg, id, 7, 300, key);
	hex_encode(msg_hex, msg, sizeof(msg));
	assert_string_equal(msg_hex, "7361746368656c2d6b65790000000000"
	    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff07000000000000002c01000000000000"
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
}

static void
test_key_message(void **state)
{
	uint8_t id[BUNDLE_ID_LEN] = { 1, 2, 3 }, other[BUNDLE_ID_LEN] = { 4 };
	uint8_t key[KEY_LEN], got[KEY_LEN], msg[KEY_MESSAGE_LEN];
	const uint8_t zeros[KEY_LEN] = { 0 };
	struct diag d = DIAG_INIT;
	size_t bit;

	(void)state;
	fill(key, sizeof(key), 3);
	key_message_make(msg, id, 5, 6, key);
	assert_int_equal(key_message_open(msg, id, 5, 6, got, &d), ST_OK);
	assert_memory_equal(got, key, KEY_LEN);
	assert_int_equal(key_message_open(msg, id, 4, 6, got, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "key-message");
	assert_memory_equal(got, zeros, KEY_LEN);
	assert_int_equal(key_message_open(msg, id, 5, 7, got, &d), ST_MALFORMED);
	assert_int_equal(key_message_open(msg, other, 5, 6, got, &d),
	    ST_MALFORMED);
	/* Each bit but the key's own. */
	for (bit = 0; bit < 8 * (KEY_MESSAGE_LEN - KEY_LEN); bit++) {
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(key_message_open(msg, id, 5, 6, got, &d),
		    ST_MALFORMED);
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* McGrew and Viega's test cases 13, 14 and 16. */
static void
test_gcm_vectors(void **state)
{
	static const struct {
		const char *key, *iv, *aad, *plain, *sealed, *tag;
	} table[] = {
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		    "000000000000000000000000", "", "", "",
		    "530f8afbc74536b9a963b4f1c4cb738b" },
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		    "000000000000000000000000", "",
		    "00000000000000000000000000000000",
		    "cea7403d4d606b6e074ec5d3baf39d18",
		    "d0d1c8a799996bf0265b98b5d48ab919" },
		{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		    "cafebabefacedbaddecaf888",
		    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
		    "76fc6ece0f4e1768cddf8853bb2d551b" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t key[KEY_LEN], iv[IV_LEN], tag[TAG_LEN], aad[32];
		uint8_t plain[64], sealed[64], out[64];
		size_t aad_len, len;
		struct diag d = DIAG_INIT;
		struct cipher *c;

		unhex(key, table[i].key);
		unhex(iv, table[i].iv);
		unhex(tag, table[i].tag);
		aad_len = unhex(aad, table[i].aad);
		unhex(plain, table[i].plain);
		len = unhex(sealed, table[i].sealed);
		assert_non_null(c = cipher_new(key));
		assert_int_equal(cipher_open(c, aad, aad_len, sealed, len, out,
		    iv, tag, &d), ST_OK);
		assert_memory_equal(out, plain, len);
		cipher_free(c);
	}
	cipher_free(NULL);
}

static void
expect_refused(struct cipher *c, const uint8_t *aad, const uint8_t *sealed,
    size_t len, const uint8_t *iv, const uint8_t *tag)
{
	uint8_t out[100];
	const uint8_t zeros[100] = { 0 };
	struct diag d = DIAG_INIT;

	memset(out, 0xAA, sizeof(out));
	assert_int_equal(cipher_open(c, aad, 64, sealed, len, out, iv, tag, &d),
	    ST_MALFORMED);
	assert_string_equal(d.rule, "tag");
	assert_memory_equal(out, zeros, len);
}

static void
test_gcm_round_trip(void **state)
{
	uint8_t key[KEY_LEN], aad[64], plain[100], sealed[100], out[100];
	uint8_t iv[IV_LEN], tag[TAG_LEN];
	struct diag d = DIAG_INIT;
	struct cipher *c, *other;
	struct {
		uint8_t *p;
		size_t len;
	} parts[4] = { { aad, 64 }, { sealed, 100 }, { iv, IV_LEN },
	    { tag, TAG_LEN } };
	size_t i, bit;

	(void)state;
	fill(key, sizeof(key), 4);
	fill(aad, sizeof(aad), 5);
	fill(plain, sizeof(plain), 6);
	assert_non_null(c = cipher_new(key));
	assert_int_equal(cipher_seal(c, aad, 64, plain, 100, sealed, iv, tag,
	    &d), ST_OK);
	assert_memory_not_equal(sealed, plain, 100);
	assert_int_equal(cipher_open(c, aad, 64, sealed, 100, out, iv, tag, &d),
	    ST_OK);
	assert_memory_equal(out, plain, 100);
	for (i = 0; i < 4; i++)
		for (bit = 0; bit < 8 * parts[i].len; bit++) {
			parts[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			expect_refused(c, aad, sealed, 100, iv, tag);
			parts[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	expect_refused(c, aad, sealed, 99, iv, tag);
	/* In place, both ways. */
	memcpy(out, plain, 100);
	assert_int_equal(cipher_seal(c, aad, 64, out, 100, out, iv, tag, &d),
	    ST_OK);
	assert_int_equal(cipher_open(c, aad, 64, out, 100, out, iv, tag, &d),
	    ST_OK);
	assert_memory_equal(out, plain, 100);
	/* Another key. */
	assert_int_equal(cipher_seal(c, aad, 64, plain, 100, sealed, iv, tag,
	    &d), ST_OK);
	key[31] ^= 1;
	assert_non_null(other = cipher_new(key));
	expect_refused(other, aad, sealed, 100, iv, tag);
	/* Without additional data no IV is made: refused. */
	assert_int_equal(cipher_seal(c, aad, 0, plain, 100, sealed, iv, tag,
	    &d), ST_INTERNAL);
	cipher_free(other);
	cipher_free(c);
}

#define SEALS 10000

static int
by_iv(const void *a, const void *b)
{
	return memcmp(a, b, IV_LEN);
}

/* One key, some ciphers over it, opens in between: no IV comes twice. */
static void
test_iv_distinct(void **state)
{
	static uint8_t ivs[SEALS][IV_LEN];
	uint8_t key[KEY_LEN] = { 0 }, aad[64] = { 0 }, text[16] = { 0 };
	uint8_t out[16], tag[TAG_LEN];
	unsigned ones[IV_LEN * 8] = { 0 };
	struct diag d = DIAG_INIT;
	struct cipher *c[3];
	size_t i, bit;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_non_null(c[i] = cipher_new(key));
	for (i = 0; i < SEALS; i++) {
		assert_int_equal(cipher_seal(c[i % 3], aad, 64, text, 16, out,
		    ivs[i], tag, &d), ST_OK);
		/* The IV that was given out is the one that was used. */
		if (i % 16 == 0)
			assert_int_equal(cipher_open(c[i % 3], aad, 64, out, 16,
			    out, ivs[i], tag, &d), ST_OK);
		for (bit = 0; bit < IV_LEN * 8; bit++)
			ones[bit] += ivs[i][bit / 8] >> bit % 8 & 1;
	}
	/* 4,500 of 10,000 is ten standard deviations away. */
	for (bit = 0; bit < IV_LEN * 8; bit++)
		assert_in_range(ones[bit], 4500, 5500);
	qsort(ivs, SEALS, IV_LEN, by_iv);
	for (i = 1; i < SEALS; i++)
		assert_memory_not_equal(ivs[i - 1], ivs[i], IV_LEN);
	for (i = 0; i < 3; i++)
		cipher_free(c[i]);
}

static void
test_random_and_equal(void **state)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };
	struct diag d = DIAG_INIT;

	(void)state;
	assert_true(crypto_equal(a, b, 64));
	assert_int_equal(crypto_random(a, 64, &d), ST_OK);
	assert_int_equal(crypto_random(b, 64, &d), ST_OK);
	assert_false(crypto_equal(a, b, 64));
	memcpy(b, a, 64);
	assert_true(crypto_equal(a, b, 64));
	b[63] ^= 0x80;
	assert_false(crypto_equal(a, b, 64));
	assert_true(crypto_equal(a, b, 63));
}

/* A key's page is its own and stays out of core dumps. */
static void
test_key_page(void **state)
{
	uint8_t *key = key_new();
	char line[512], start[32];
	bool here = false, dontdump = false;
	FILE *f;

	(void)state;
	assert_non_null(key);
	assert_int_equal((uintptr_t)key % 4096, 0);
	memset(key, 0x55, KEY_LEN);
	snprintf(start, sizeof(start), "%lx-", (unsigned long)key);
	assert_non_null(f = fopen("/proc/self/smaps", "r"));
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, start, strlen(start)) == 0)
			here = true;
		else if (here && strncmp(line, "VmFlags:", 8) == 0) {
			dontdump = strstr(line, " dd") != NULL;
			break;
		}
	}
	fclose(f);
	assert_true(here);
	assert_true(dontdump);
	key_free(key);
	key_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engine_libcrypto),
		cmocka_unit_test(test_engine_multi_buffer),
		cmocka_unit_test(test_chunk_vectors),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_commitments),
		cmocka_unit_test(test_key_message),
		cmocka_unit_test(test_gcm_vectors),
		cmocka_unit_test(test_gcm_round_trip),
		cmocka_unit_test(test_iv_distinct),
		cmocka_unit_test(test_random_and_equal),
		cmocka_unit_test(test_key_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
