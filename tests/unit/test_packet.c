/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_packet - signatures that gpg wrote, and what becomes of them when any
 * bit, byte or length is another.  Nothing is verified here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "manifests/bytes.h"
#include "manifests/caps.h"
#include "manifests/packet.h"
#include "tests/unit/packet_samples.h"

#define MAX 2048
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char document[] = "satchel-manifest: \"1\"\n";

static size_t
unhex(uint8_t *out, const char *hex)
{
	size_t len = strlen(hex) / 2;

	assert_true(len <= MAX);
	assert_int_equal(hex_decode(out, len, hex), 0);
	return len;
}

/* The parser reads from a buffer of exactly the size, so that one byte over is seen. */
static enum status
parse_sig(const uint8_t *buf, size_t len, struct packet_signature *out,
    struct diag *d)
{
	uint8_t *exact = malloc(len == 0 ? 1 : len);
	enum status st;

	assert_non_null(exact);
	memcpy(exact, buf, len);
	st = packet_parse_signature(exact, len, out, d);
	free(exact);
	assert_true(st == ST_OK || st == ST_UNTRUSTED);
	assert_true(st == ST_OK || (d->rule[0] != '\0' && d->text[0] != '\0'));
	return st;
}

static const struct good_sig {
	const char *hex;
	const char *issuer;
	uint8_t pubkey_algo;
	size_t header;			/* bytes of the packet header */
	size_t uid;			/* bytes of the signer's user id subpacket */
	bool other_text;
} good_sigs[] = {
	{ SIG_RSA3072, "018F60916C3A94D50FF5587B684E9A943CCBFAC6", 1, 3, 0, false },
	{ SIG_ED25519, "BB1C93E196DD9FF28787C1BAD33B630E5A9A165D", 22, 2, 0, false },
	{ SIG_ED25519_UID, "BB1C93E196DD9FF28787C1BAD33B630E5A9A165D", 22, 2, 16, false },
	{ SIG_ED25519_SHORT, "BB1C93E196DD9FF28787C1BAD33B630E5A9A165D", 22, 2, 16, true },
	{ SIG_P256, "38D9DC471982329F5CC08C01D83F325E05C8DD38", 19, 2, 0, false },
	{ SIG_P384, "61FE02B3CFE810E7D69F5503DE2B0B0E734868D4", 19, 2, 0, false },
	{ SIG_SUBKEY, "F7E22AA250BA2F577942851B0FF577BF33C9F16D", 19, 2, 0, false },
	{ SIG_P521, "361A53D085934FA97EE5CB7647BF4CD544779A6C", 19, 2, 0, false },
	{ SIG_BRAINPOOL, "40C64D1CBF0ADBA4E06D530E43DF022B668D9A4D", 19, 2, 0, false },
	{ SIG_DSA, "E122EFE6895422A6AF176B28FA6520A7FDF37CAF", 17, 2, 0, false },
};

static void
test_good_signatures(void **state)
{
	uint8_t buf[MAX], digest[EVP_MAX_MD_SIZE];
	struct packet_signature sig;
	struct diag d = DIAG_INIT;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t i, len;

	(void)state;
	assert_non_null(md);
	for (i = 0; i < COUNT(good_sigs); i++) {
		const struct good_sig *g = &good_sigs[i];

		len = unhex(buf, g->hex);
		if (parse_sig(buf, len, &sig, &d) != ST_OK)
			fail_msg("row %zu: %s", i, d.text);
		assert_string_equal(sig.issuer, g->issuer);
		assert_int_equal(sig.pubkey_algo, g->pubkey_algo);
		assert_int_equal(sig.hash_algo, 10);
		assert_in_range(sig.created, 1795548600, 1795549600);
		if (g->other_text)
			continue;
		/* The digest over document, hashed bytes and trailer begins with left16. */
		assert_true(EVP_DigestInit_ex(md, EVP_sha512(), NULL) == 1 &&
		    EVP_DigestUpdate(md, document, strlen(document)) == 1 &&
		    EVP_DigestUpdate(md, buf + sig.hashed_offset, sig.hashed_len) == 1 &&
		    EVP_DigestUpdate(md, sig.trailer, 6) == 1 &&
		    EVP_DigestFinal_ex(md, digest, NULL) == 1);
		assert_memory_equal(digest, sig.left16, 2);
	}
	EVP_MD_CTX_free(md);
}

static void
test_bad_signatures(void **state)
{
	static const struct {
		const char *hex;
		const char *rule;
	} rows[] = {
		{ "", "sig-empty" },
		{ SIG_TEXT_MODE, "sig-text-mode" },
		{ SIG_NOTATION, "sig-notation" },
		{ SIG_POLICY, "sig-subpacket" },
		{ SIG_EXPIRES, "sig-subpacket" },
		{ SIG_INLINE, "sig-inline" },
		{ SIG_INLINE_Z, "sig-inline" },
		{ SIG_ARMORED, "sig-armored" },
		{ SIG_CLEARSIGNED, "sig-clearsigned" },
		{ SIG_TWO, "sig-two-packets" },
		{ SIG_ED25519 SIG_ED25519, "sig-two-packets" },
		{ SIG_ED25519 SIG_RSA3072, "sig-two-packets" },
		{ SIG_ED25519 "00", "sig-trailing" },
		{ SIG_ED25519 "0a", "sig-trailing" },
		{ SIG_ED25519 "a803504750", "sig-trailing" },	/* marker packet */
		{ "a803504750" SIG_ED25519, "sig-packet" },
		{ SIG_ED25519 "cb026200", "sig-inline" },
		{ "cb0c62000000000068656c6c6f0a" SIG_ED25519, "sig-inline" },
		{ KEY_CV25519, "sig-packet" },
		{ "0a" SIG_ED25519, "sig-packet" },
		{ "7f", "sig-packet" },
		{ "88", "sig-truncated" },
		{ "8800", "sig-truncated" },
		{ "880104", "sig-truncated" },
		{ "89", "sig-truncated" },
		{ "8a", "sig-truncated" },
		{ "8b", "sig-truncated" },
		{ "880103", "sig-version" },
		{ "880105", "sig-version" },
	};
	uint8_t buf[MAX];
	struct packet_signature sig;
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		if (parse_sig(buf, unhex(buf, rows[i].hex), &sig, &d) == ST_OK ||
		    strcmp(d.rule, rows[i].rule) != 0)
			fail_msg("row %zu: %s: %s", i, d.rule, d.text);
	}
}

/* The parts of a signature by the Ed25519 key, without packet header. */
#define FPR_SUB "162104bb1c93e196dd9ff28787c1bad33b630e5a9a165d"
#define TIME_SUB "05026b05e830"
#define ISSUER_SUB "0910d33b630e5a9a165d"
#define MPIS "0009" "0181" "000a" "02ff"

/* The same packet in other spellings: gpg takes all of these, we none. */
static const struct {
	const char *hex;
	const char *rule;	/* NULL: the canonical one */
} spellings[] = {
	{ "8839" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS, NULL },
	/* packet header */
	{ "c239" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-new-format" },
	{ "890039" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-length-form" },
	{ "8a00000039" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-length-form" },
	{ "8b" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-length-form" },
	{ "883a" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS "00",
	    "sig-mpi" },
	/* signature type */
	{ "8839" "0402160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-type" },
	{ "8839" "0413160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-type" },
	/* algorithm */
	{ "8839" "0400140a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-algorithm" },
	{ "8839" "0400010a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-mpi" },
	/* hashed subpackets: another order, twice, critical, missing, long form */
	{ "8839" "0400160a" "001d" TIME_SUB FPR_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "883f" "0400160a" "0023" FPR_SUB TIME_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "8839" "0400160a" "001d" FPR_SUB "05826b05e830" "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "8833" "0400160a" "0017" FPR_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "8822" "0400160a" "0006" TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "881c" "0400160a" "0000" "000a" ISSUER_SUB "aabb" MPIS, "sig-subpacket" },
	{ "883d" "0400160a" "0021" FPR_SUB "ff00000005026b05e830" "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "883a" "0400160a" "001e" FPR_SUB TIME_SUB "00" "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "883b" "0400160a" "001f" FPR_SUB TIME_SUB "011c" "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "883c" "0400160a" "0020" FPR_SUB TIME_SUB "021c41" "000a" ISSUER_SUB "aabb" MPIS,
	    NULL },
	{ "883f" "0400160a" "0023" FPR_SUB TIME_SUB "021c41" "021c42" "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "8838" "0400160a" "001c" FPR_SUB "04026b05e8" "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "8839" "0400160a" "001e" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-subpacket" },
	{ "8839" "0400160a" "0fff" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS,
	    "sig-truncated" },
	/* unhashed subpackets */
	{ "882f" "0400160a" "001d" FPR_SUB TIME_SUB "0000" "aabb" MPIS, "sig-unhashed" },
	{ "883c" "0400160a" "001d" FPR_SUB TIME_SUB "000d" ISSUER_SUB "021c41" "aabb" MPIS,
	    "sig-unhashed" },
	{ "8843" "0400160a" "001d" FPR_SUB TIME_SUB "0014" ISSUER_SUB ISSUER_SUB "aabb" MPIS,
	    "sig-unhashed" },
	{ "8839" "0400160a" "001d" FPR_SUB TIME_SUB "000a" "0990d33b630e5a9a165d" "aabb" MPIS,
	    "sig-unhashed" },
	{ "8839" "0400160a" "001d" FPR_SUB TIME_SUB "000a" "0910d33b630e5a9a165e" "aabb" MPIS,
	    "sig-issuer" },
	/* numbers */
	{ "8839" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb"
	    "000a" "0181" "000a" "02ff", "sig-mpi" },
	{ "8839" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb"
	    "0009" "0181" "0010" "02ff", "sig-mpi" },
	{ "8839" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb"
	    "0009" "0381" "000a" "02ff", "sig-mpi" },
	{ "8837" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb"
	    "0000" "000a" "02ff", "sig-mpi" },
	{ "8835" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb"
	    "0009" "0181", "sig-mpi" },
	{ "8836" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb"
	    "0009" "0181" "00", "sig-mpi" },
	{ "883d" "0400160a" "001d" FPR_SUB TIME_SUB "000a" ISSUER_SUB "aabb" MPIS
	    "0009" "0181", "sig-mpi" },
};

static void
test_signature_spellings(void **state)
{
	uint8_t buf[MAX];
	struct packet_signature sig;
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(spellings); i++) {
		enum status st = parse_sig(buf, unhex(buf, spellings[i].hex), &sig, &d);

		if ((st == ST_OK) != (spellings[i].rule == NULL) ||
		    (st != ST_OK && strcmp(d.rule, spellings[i].rule) != 0))
			fail_msg("row %zu: %s: %s", i, d.rule, d.text);
	}
}

/* A packet whose lengths all say the same, and that is as long as a file may be. */
static void
test_signature_cap(void **state)
{
	static uint8_t buf[CAP_SIGNATURE + 1];
	struct packet_signature sig;
	struct diag d = DIAG_INIT;

	(void)state;
	unhex(buf, SIG_ED25519);
	assert_int_equal(parse_sig(buf, sizeof(buf), &sig, &d), ST_UNTRUSTED);
	assert_string_equal(d.rule, "sig-size");
	assert_int_equal(parse_sig(buf, sizeof(buf) - 1, &sig, &d), ST_UNTRUSTED);
	assert_string_equal(d.rule, "sig-trailing");
}

/* Whether a bit belongs to the value of a number, as against its spelling. */
static bool
is_mpi_value(const uint8_t *buf, size_t start, size_t at, int bit)
{
	for (;;) {
		size_t bits = (size_t)buf[start] << 8 | buf[start + 1];
		size_t len = (bits + 7) / 8;

		if (at < start + 2)
			return false;
		if (at == start + 2)
			return bit < (int)((bits - 1) % 8);
		if (at < start + 2 + len)
			return true;
		start += 2 + len;
	}
}

/*
 * Whether the packet's form is the same with that bit changed: so for the
 * hash's number, what the signer says, the left 16 bits and the numbers' values.
 */
static bool
is_sig_value(const struct good_sig *g, const uint8_t *buf, size_t at, int bit)
{
	size_t body = g->header, unhashed = body + 6 + 23 + 6 + g->uid;

	if (at == body + 2)		/* ECDSA and DSA, both with two numbers */
		return (g->pubkey_algo == 19 || g->pubkey_algo == 17) && bit == 1;
	if (at == body + 3)
		return true;
	if (at >= body + 9 && at < body + 9 + 12)	/* fingerprint but for the key id */
		return true;
	if (at >= body + 31 && at < body + 35)		/* time */
		return true;
	if (at >= body + 37 && at < unhashed)		/* text of the user id */
		return true;
	if (at >= unhashed + 12 && at < unhashed + 14)
		return true;
	return at >= unhashed + 14 && is_mpi_value(buf, unhashed + 14, at, bit);
}

static void
test_signature_bits(void **state)
{
	uint8_t buf[MAX];
	struct packet_signature sig;
	struct diag d = DIAG_INIT;
	size_t i, at, len, n = 0, accepted = 0;
	int bit;

	(void)state;
	for (i = 0; i < COUNT(good_sigs); i++) {
		len = unhex(buf, good_sigs[i].hex);
		for (at = 0; at < len; at++)
			for (bit = 0; bit < 8; bit++) {
				bool want = is_sig_value(&good_sigs[i], buf, at, bit), is;

				buf[at] ^= (uint8_t)(1 << bit);
				is = parse_sig(buf, len, &sig, &d) == ST_OK;
				buf[at] ^= (uint8_t)(1 << bit);
				if (is != want)
					fail_msg("row %zu, byte %zu, bit %d: %s", i, at,
					    bit, is ? "accepted" : d.text);
				n++;
				accepted += is;
			}
	}
	assert_true(n > 10000 && accepted > 0);
}

/* Every other value of every byte of the form, every cut, every byte more. */
static void
test_signature_bytes(void **state)
{
	uint8_t buf[MAX], was;
	struct packet_signature sig;
	struct diag d = DIAG_INIT;
	size_t i, at, len;
	int value;

	(void)state;
	for (i = 0; i < COUNT(good_sigs); i++) {
		size_t body = good_sigs[i].header;

		len = unhex(buf, good_sigs[i].hex);
		for (at = 0; at < body + 9; at++) {
			if (at == body + 2 || at == body + 3)
				continue;
			was = buf[at];
			for (value = 0; value < 256; value++) {
				buf[at] = (uint8_t)value;
				if ((parse_sig(buf, len, &sig, &d) == ST_OK) !=
				    (value == was))
					fail_msg("row %zu, byte %zu: %02x", i, at,
					    (unsigned int)value);
			}
			buf[at] = was;
		}
		for (at = 0; at < len; at++)
			if (parse_sig(buf, at, &sig, &d) == ST_OK)
				fail_msg("row %zu, cut at %zu", i, at);
		for (value = 0; value < 256; value++) {
			buf[len] = (uint8_t)value;
			if (parse_sig(buf, len + 1, &sig, &d) == ST_OK)
				fail_msg("row %zu, %02x behind", i, (unsigned int)value);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_signatures),
		cmocka_unit_test(test_bad_signatures),
		cmocka_unit_test(test_signature_spellings),
		cmocka_unit_test(test_signature_cap),
		cmocka_unit_test(test_signature_bits),
		cmocka_unit_test(test_signature_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
