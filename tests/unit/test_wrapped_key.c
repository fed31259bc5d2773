/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_wrapped_key - wrapped keys that gpg wrote, and what becomes of them when
 * any bit or length is another, or a packet stands beside.  Nothing is decrypted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/bytes.h"
#include "manifests/caps.h"
#include "manifests/packet.h"
#include "tests/unit/packet_samples.h"

#define MAX 2048
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static size_t
unhex(uint8_t *out, const char *hex)
{
	size_t len = strlen(hex) / 2;

	assert_true(len <= MAX);
	assert_int_equal(hex_decode(out, len, hex), 0);
	return len;
}

/* The check reads from a buffer of exactly the size, so that one byte over is seen. */
static enum status
check_key(const uint8_t *buf, size_t len, bool hidden,
    const uint8_t (*keyids)[8], size_t n, struct diag *d)
{
	uint8_t *exact = malloc(len == 0 ? 1 : len);
	enum status st;

	assert_non_null(exact);
	memcpy(exact, buf, len);
	st = packet_check_wrapped_key(exact, len, hidden, keyids, n, d);
	free(exact);
	assert_true(st == ST_OK || st == ST_MALFORMED);
	assert_true(st == ST_OK || (d->rule[0] != '\0' && d->text[0] != '\0'));
	return st;
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

static const struct good_key {
	const char *hex;
	const char *keyid;		/* NULL: hidden */
	size_t header;
	uint8_t algo;
} good_keys[] = {
	{ KEY_CV25519, "5b309a784955090a", 2, 18 },
	{ KEY_P384, "01a1c6e97ee61fe9", 2, 18 },
	{ KEY_RSA3072, "5c762ee209c5cea0", 3, 1 },
	{ KEY_ELGAMAL, "af49f04106d1f44e", 3, 16 },
	{ KEY_HIDDEN, NULL, 2, 18 },
};

static void
test_good_keys(void **state)
{
	uint8_t buf[MAX], ids[3][8] = { { 1 }, { 2 }, { 3 } };
	struct diag d = DIAG_INIT;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(good_keys); i++) {
		bool hidden = good_keys[i].keyid == NULL;

		len = unhex(buf, good_keys[i].hex);
		if (check_key(buf, len, hidden, NULL, 0, &d) != ST_OK)
			fail_msg("row %zu: %s", i, d.text);
		/* The other way round it must not be. */
		assert_int_equal(check_key(buf, len, !hidden, NULL, 0, &d), ST_MALFORMED);
		assert_string_equal(d.rule, hidden ? "key-hidden" : "key-not-hidden");
		if (hidden)
			continue;
		assert_int_equal(check_key(buf, len, false, ids, 3, &d), ST_MALFORMED);
		assert_string_equal(d.rule, "key-recipient");
		assert_int_equal(check_key(buf, len, false, ids, 0, &d), ST_MALFORMED);
		assert_int_equal(hex_decode(ids[2], 8, good_keys[i].keyid), 0);
		assert_int_equal(check_key(buf, len, false, ids, 3, &d), ST_OK);
		assert_int_equal(check_key(buf, len, false, ids, 2, &d), ST_MALFORMED);
		ids[2][0] ^= 1;
		assert_int_equal(check_key(buf, len, false, ids, 3, &d), ST_MALFORMED);
	}
}

/* A packet for ECDH with made-up numbers, and 129 bytes of message. */
#define ID "5b309a784955090a"
#define Z16 "00000000000000000000000000000000"
#define WRAPPED Z16 Z16 Z16
#define SEIPD "d28101" Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16
static const struct {
	const char *hex;
	const char *rule;	/* NULL: the canonical one */
} spellings[] = {
	{ "", "key-empty" },
	{ KEY_TWO, "key-two-recipients" },
	{ KEY_AND_PASSPHRASE, "key-passphrase-packet" },
	{ KEY_PASSPHRASE, "key-passphrase-packet" },
	{ KEY_81_BYTES, "key-length" },
	{ KEY_FILE_NAME, "key-length" },
	{ KEY_COMPRESSED, "key-length" },
	{ KEY_SIGNED, "key-length" },
	{ KEY_NO_MDC, "key-no-integrity" },
	{ KEY_CV25519 KEY_CV25519, "key-trailing" },
	{ KEY_CV25519 "00", "key-trailing" },
	{ SIG_ED25519, "key-packet" },
	{ "2d2d2d2d2d424547494e", "key-packet" },
	{ SEIPD, "key-packet" },
	{ "843f03" ID "12" "000702" "40" "30" WRAPPED SEIPD, "key-mpi" },
	{ "843e03" ID "12" "000740" "30" WRAPPED SEIPD, NULL },
	{ "843e03" ID "12" "000304" "30" WRAPPED SEIPD, NULL },
	{ "843e03" ID "12" "000840" "30" WRAPPED SEIPD, "key-mpi" },
	{ "843e03" ID "12" "000640" "30" WRAPPED SEIPD, "key-mpi" },
	{ "843e03" ID "12" "000741" "30" WRAPPED SEIPD, "key-mpi" },
	{ "843e03" ID "12" "000740" "2f" WRAPPED SEIPD, "key-mpi" },
	{ "843e03" ID "12" "000740" "31" WRAPPED SEIPD, "key-mpi" },
	{ "843f03" ID "12" "000740" "30" WRAPPED "00" SEIPD, "key-mpi" },
	{ "843d03" ID "12" "000740" "30" Z16 Z16 "000000000000000000000000000000"
	    SEIPD, "key-mpi" },
	/* packet headers */
	{ "c13e03" ID "12" "000740" "30" WRAPPED SEIPD, "key-length-form" },
	{ "85003e03" ID "12" "000740" "30" WRAPPED SEIPD, "key-length-form" },
	{ "860000003e03" ID "12" "000740" "30" WRAPPED SEIPD, "key-length-form" },
	{ "8703" ID "12" "000740" "30" WRAPPED SEIPD, "key-length-form" },
	{ "843e03" ID "12" "000740" "30" WRAPPED
	    "d2ff0000008101" Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16, "key-length" },
	{ "843e03" ID "12" "000740" "30" WRAPPED
	    "d2e701" Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16, "key-length" },
	/* versions, algorithms, other packets */
	{ "843e02" ID "12" "000740" "30" WRAPPED SEIPD, "key-version" },
	{ "843e06" ID "12" "000740" "30" WRAPPED SEIPD, "key-version" },
	{ "843e03" ID "12" "000740" "30" WRAPPED
	    "d28102" Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16, "key-version" },
	{ "843e03" ID "13" "000740" "30" WRAPPED SEIPD, "key-algorithm" },
	{ "843e03" ID "02" "000740" "30" WRAPPED SEIPD, "key-algorithm" },
	{ "840d03" ID "01" "000740" SEIPD, NULL },
	{ "840e03" ID "01" "00074000" SEIPD, "key-mpi" },
	{ "841003" ID "10" "000740" "000740" SEIPD, NULL },
	{ "840d03" ID "10" "000740" SEIPD, "key-mpi" },
	{ "840a03" ID "01" SEIPD, "key-mpi" },
	{ "840903" ID SEIPD, "key-truncated" },
	{ "8400" SEIPD, "key-version" },
	{ "843e03" ID "12" "000740" "30" WRAPPED
	    "d48101" Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16, "key-aead" },
	{ "843e03" ID "12" "000740" "30" WRAPPED "cb026200", "key-packet" },
	{ "843e03" ID "12" "000740" "30" WRAPPED "00" SEIPD, "key-packet" },
	{ "843e03" ID "12" "000740" "30" WRAPPED, "key-truncated" },
	{ "843e03" ID "12" "000740" "30" WRAPPED "d281", "key-truncated" },
	{ "843e03" ID "12" "000740" "30" WRAPPED "d28101" Z16, "key-truncated" },
};

static void
test_bad_keys(void **state)
{
	uint8_t buf[MAX];
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(spellings); i++) {
		enum status st = check_key(buf, unhex(buf, spellings[i].hex), false, NULL,
		    0, &d);

		if ((st == ST_OK) != (spellings[i].rule == NULL) ||
		    (st != ST_OK && strcmp(d.rule, spellings[i].rule) != 0))
			fail_msg("row %zu: %s: %s", i, d.rule, d.text);
	}
}

static bool
is_key_value(const struct good_key *g, const uint8_t *buf, size_t len, size_t at,
    int bit)
{
	size_t mpis = g->header + 10, message = len - 131;

	if (at >= message)
		return at >= message + 3;
	if (at > g->header && at < mpis - 1)
		return g->keyid != NULL;	/* without a list, any key id but zero */
	if (at < mpis)
		return false;
	if (g->algo != 18)
		return is_mpi_value(buf, mpis, at, bit);
	if (at == mpis + 2 || at == message - 49)	/* form of the point, size */
		return false;
	return at >= message - 48 || is_mpi_value(buf, mpis, at, bit);
}

static void
test_key_bits(void **state)
{
	uint8_t buf[MAX];
	struct diag d = DIAG_INIT;
	size_t i, at, len;
	int bit, value;

	(void)state;
	for (i = 0; i < COUNT(good_keys); i++) {
		const struct good_key *g = &good_keys[i];

		len = unhex(buf, g->hex);
		for (at = 0; at < len; at++)
			for (bit = 0; bit < 8; bit++) {
				bool want = is_key_value(g, buf, len, at, bit), is;

				buf[at] ^= (uint8_t)(1 << bit);
				is = check_key(buf, len, g->keyid == NULL, NULL, 0,
				    &d) == ST_OK;
				buf[at] ^= (uint8_t)(1 << bit);
				if (is != want)
					fail_msg("row %zu, byte %zu, bit %d: %s", i, at,
					    bit, is ? "accepted" : d.text);
			}
		for (at = 0; at < len; at++)
			if (check_key(buf, at, g->keyid == NULL, NULL, 0, &d) == ST_OK)
				fail_msg("row %zu, cut at %zu", i, at);
		for (value = 0; value < 256; value++) {
			buf[len] = (uint8_t)value;
			if (check_key(buf, len + 1, g->keyid == NULL, NULL, 0,
			    &d) == ST_OK)
				fail_msg("row %zu, %02x behind", i, (unsigned int)value);
		}
	}
}

static void
test_key_cap(void **state)
{
	static uint8_t buf[CAP_WRAPPED_KEY + 1];
	struct diag d = DIAG_INIT;

	(void)state;
	unhex(buf, KEY_CV25519);
	assert_int_equal(check_key(buf, sizeof(buf), false, NULL, 0, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "key-size");
	assert_int_equal(check_key(buf, sizeof(buf) - 1, false, NULL, 0, &d),
	    ST_MALFORMED);
	assert_string_equal(d.rule, "key-trailing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_keys),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_key_bits),
		cmocka_unit_test(test_key_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
