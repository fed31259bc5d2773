/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gpg - finding keys and reading certificates with the real gpg.
 */
#include "tests/unit/gpg_fixture.h"

static void
test_find(void **state)
{
	static const struct {
		const char *who;
		enum gpg_use use;
		enum status want;
		const char *rule;	/* or, found, its user id */
		const char *why;
	} table[] = {
		{ "alice@example.com", GPG_USE_SIGN, ST_OK,
			"Alice <alice@example.com>", "the plain case" },
		{ "alice@example.com", GPG_USE_ENCRYPT, ST_OK,
			"Alice <alice@example.com>", "by its subkey" },
		{ "alice@EXAMPLE.com", GPG_USE_SIGN, ST_OK,
			"Alice <alice@example.com>", "the domain in any case" },
		{ "Alice@example.com", GPG_USE_SIGN, ST_USAGE, "key-none",
			"but not what is in front of it" },
		{ "lice@example.com", GPG_USE_SIGN, ST_USAGE, "key-none",
			"a part of an address" },
		{ "alice@example.co", GPG_USE_SIGN, ST_USAGE, "key-none",
			"another part" },
		{ "bare@example.com", GPG_USE_SIGN, ST_OK, "bare@example.com",
			"a user id that is an address only" },
		{ "twin@example.com", GPG_USE_SIGN, ST_USAGE, "key-many", "two keys" },
		{ "half@example.com", GPG_USE_SIGN, ST_OK,
			"Half <half@example.com>", "two keys, one revoked" },
		{ "half@example.com", GPG_USE_ENCRYPT, ST_USAGE, "key-unusable",
			"two keys, one revoked, the other cannot" },
		{ "expired@example.com", GPG_USE_SIGN, ST_USAGE, "key-unusable",
			"expired" },
		{ "disabled@example.com", GPG_USE_SIGN, ST_USAGE, "key-unusable",
			"disabled in the trustdb" },
		{ "subrev@example.com", GPG_USE_ENCRYPT, ST_USAGE, "key-unusable",
			"the encryption subkey is revoked" },
		{ "weak@example.com", GPG_USE_SIGN, ST_USAGE, "key-unusable",
			"RSA-1024" },
		{ "medium@example.com", GPG_USE_SIGN, ST_USAGE, "key-unusable",
			"RSA-2048 to sign" },
		{ "public@example.com", GPG_USE_SIGN, ST_HOST, "no-secret-key",
			"no secret key" },
		{ "public@example.com", GPG_USE_ENCRYPT, ST_OK,
			"Public <public@example.com>", "needs none" },
		{ "olduid@example.com", GPG_USE_SIGN, ST_USAGE, "key-none",
			"a revoked user id" },
		{ "nobody@example.com", GPG_USE_SIGN, ST_USAGE, "key-none", "nobody" },
		{ "Alice", GPG_USE_SIGN, ST_USAGE, "key-none", "a name" },
		{ "", GPG_USE_SIGN, ST_USAGE, "key-none", "nothing" },
		{ "@", GPG_USE_SIGN, ST_USAGE, "key-none", "nothing around it" },
		{ "@example.com", GPG_USE_SIGN, ST_USAGE, "key-none", "gpg's @-search" },
		{ "=Alice <alice@example.com>", GPG_USE_SIGN, ST_USAGE, "key-none",
			"gpg's =-search" },
		{ "--homedir=/@x", GPG_USE_SIGN, ST_USAGE, "key-none", "an option" },
		{ "0x12345678", GPG_USE_SIGN, ST_USAGE, "key-none", "a short key id" },
		{ "0123456789ABCDEF", GPG_USE_SIGN, ST_USAGE, "key-none", "a long key id" },
		{ "0123456789ABCDEF0123456789ABCDEF01234567", GPG_USE_SIGN,
			ST_USAGE, "key-none", "a fingerprint that is not there" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct gpg_cert c;
		struct diag d = DIAG_INIT;
		enum status st;

		helper_set_left(25000);
		st = gpg_find_key(table[i].who, table[i].use, &c, &d);
		if (st != table[i].want || strcmp(st == ST_OK ? c.user_id : d.rule,
		    table[i].rule) != 0)
			fail_msg("%s (%s): %s %s %s: %s", table[i].who,
			    table[i].why, status_name(st), c.user_id, d.rule, d.text);
		if (st != ST_OK)
			assert_true(d.hint[0] != '\0' || strstr(d.text, "more") != NULL);
		gpg_cert_free(&c);
	}
	assert_clean();
}

static void
test_find_fingerprint(void **state)
{
	char *fpr = fpr_of("alice@example.com"), text[128], *hex;
	struct gpg_cert c, again;
	struct diag d = DIAG_INIT;
	struct bytes subs;
	size_t i;

	(void)state;
	c = find_key(fpr, GPG_USE_SIGN);
	assert_string_equal(c.fpr, fpr);
	assert_true(c.fips_weak);
	assert_int_equal(c.n_keyids, 2);
	assert_true(c.data.len > 100);
	/* As gpg prints it, in lower case, with 0x. */
	snprintf(text, sizeof(text), "%.4s %.4s  0", fpr, fpr + 4);
	snprintf(text, sizeof(text), " 0x%.20s  %s ", fpr, fpr + 20);
	for (hex = text; *hex != '\0'; hex++)
		*hex = (char)tolower((unsigned char)*hex);
	again = find_key(text, GPG_USE_ENCRYPT);
	assert_string_equal(again.fpr, fpr);
	gpg_cert_free(&again);
	/* By the subkey's: the primary one comes back. */
	subs = output("gpg --batch --no-tty --quiet --with-colons --list-keys %s "
	    "2>/dev/null | sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p'", fpr);
	assert_int_equal(subs.len, 82);
	snprintf(text, sizeof(text), "%.40s", (char *)subs.data + 41);
	again = find_key(text, GPG_USE_ENCRYPT);
	assert_string_equal(again.fpr, fpr);
	gpg_cert_free(&again);
	/* One digit less, one more, one wrong. */
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%s%s", fpr, i == 1 ? "0" : "");
		if (i == 0)
			text[39] = '\0';
		if (i == 2)
			text[39] = text[39] == '0' ? '1' : '0';
		assert_int_equal(gpg_find_key(text, GPG_USE_SIGN, &again, &d), ST_USAGE);
		assert_string_equal(d.rule, "key-none");
	}
	bytes_free(&subs);
	gpg_cert_free(&c);
	free(fpr);
}

static void
test_fips(void **state)
{
	static const struct {
		const char *who;
		enum gpg_use use;
		bool weak;
	} table[] = {
		{ "alice@example.com", GPG_USE_SIGN, true },
		{ "alice@example.com", GPG_USE_ENCRYPT, true },
		{ "rsa@example.com", GPG_USE_SIGN, false },
		{ "rsa@example.com", GPG_USE_ENCRYPT, false },
		{ "nist@example.com", GPG_USE_SIGN, false },
		{ "nist@example.com", GPG_USE_ENCRYPT, false },
		{ "mixed@example.com", GPG_USE_SIGN, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct gpg_cert c = find_key(table[i].who, table[i].use);

		if (c.fips_weak != table[i].weak)
			fail_msg("%s: %d", table[i].who, c.fips_weak);
		gpg_cert_free(&c);
	}
}

/* A user without any key ring: none is made. */
static void
test_no_ring(void **state)
{
	struct gpg_cert c;
	struct diag d = DIAG_INIT;
	struct bytes left;

	(void)state;
	helper_set_left(25000);
	use_home("empty");
	assert_int_equal(gpg_find_key("alice@example.com", GPG_USE_SIGN, &c, &d),
	    ST_USAGE);
	assert_string_equal(d.rule, "key-none");
	unsetenv("GNUPGHOME");
	assert_int_equal(gpg_find_key("alice@example.com", GPG_USE_ENCRYPT, &c, &d),
	    ST_USAGE);
	assert_string_equal(d.rule, "key-none");
	assert_int_equal(gpg_find_key("alice@example.com", GPG_USE_SIGN, &c, &d),
	    ST_USAGE);
	assert_string_equal(d.rule, "key-none");
	use_home("h");
	left = output("ls -A %s/empty %s/home", base, base);
	assert_int_equal(left.len, strlen(base) * 2 + strlen("/empty:\n\n/home:\n"));
	bytes_free(&left);
}

static void
test_trust_load(void **state)
{
	static const struct {
		const char *make;	/* to standard output */
		enum status want;
		const char *rule;
		size_t n;
		const char *why;
	} table[] = {
		{ "gpg --export '<alice@example.com>'", ST_OK, "", 1, "binary" },
		{ "gpg --armor --export '<alice@example.com>'", ST_OK, "", 1, "armoured" },
		{ "gpg --export '<alice@example.com>' rsa@example.com nist@example.com",
			ST_OK, "", 3, "three in one" },
		{ "gpg --armor --export '<alice@example.com>'; echo; "
			"gpg --armor --export rsa@example.com", ST_OK, "", 2,
			"two armours behind each other" },
		{ "gpg --export '<alice@example.com>'; gpg --export '<alice@example.com>'",
			ST_OK, "", 1, "twice the same" },
		{ "gpg --export expired@example.com", ST_OK, "", 1,
			"an expired one is read; signatures are judged later" },
		{ GPG "--export-secret-keys '<alice@example.com>'", ST_USAGE,
			"secret-key", 0, "a secret key" },
		{ "gpg --export rsa@example.com; " GPG
			"--armor --export-secret-keys '<alice@example.com>'", ST_USAGE,
			NULL, 0, "a secret key behind a certificate" },
		{ "true", ST_USAGE, "no-certificate", 0, "empty" },
		{ "echo hello", ST_USAGE, "no-certificate", 0, "text" },
		{ "head -c 5000 /dev/urandom", ST_USAGE, "no-certificate", 0, "noise" },
		{ "gpg --export '<alice@example.com>' | head -c 60", ST_USAGE,
			"no-certificate", 0, "cut" },
		{ "echo x | " GPG "-u alice@example.com --detach-sign", ST_USAGE,
			"no-certificate", 0, "a signature" },
		{ "cat $GNUPGHOME/pubring.kbx", ST_USAGE, "no-certificate", 0,
			"a key ring of another form" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bytes data = output("( %s ) 2>%s/log", table[i].make, base);
		struct gpg_trust *t;
		struct diag d = DIAG_INIT;
		enum status st;

		helper_set_left(25000);
		st = gpg_trust_load(&data, &t, &d);
		if (st != table[i].want || (st == ST_OK && t->n != table[i].n) ||
		    (st != ST_OK && table[i].rule != NULL &&
		    strcmp(d.rule, table[i].rule) != 0))
			fail_msg("%s: %s, %s: %s", table[i].why, status_name(st),
			    d.rule, d.text);
		if (st == ST_OK) {
			assert_null(data.data);
			assert_non_null(t->data.data);
			assert_ptr_equal(gpg_trust_find(t, t->certs[0].fpr), t->certs);
			assert_null(gpg_trust_find(t, "0"));
		} else
			assert_null(t);
		gpg_trust_free(t);
		bytes_free(&data);
	}
	assert_clean();
}

static int
setup(void **state)
{
	char *fpr;

	(void)state;
	if (fixture_begin() == -1)
		return -1;
	make_key("Alice <alice@example.com>", "ed25519", "sign");
	add_subkey("alice@example.com", "cv25519", "encr");
	make_key("Xalice <xalice@example.com>", "ed25519", "sign");
	make_key("alice@example.com <mallory@example.com>", "ed25519", "sign");
	make_key("Alice <alice@example.com.example.org>", "ed25519", "sign");
	make_key("bare@example.com", "ed25519", "sign");
	make_key("Twin <twin@example.com>", "ed25519", "sign");
	make_key("Other <twin@example.com>", "ed25519", "sign");
	make_key("Revoked <half@example.com>", "ed25519", "sign");
	fpr = fpr_of("half@example.com");
	run("sed 's/^:---/---/' $GNUPGHOME/openpgp-revocs.d/%s.rev | " GPG "--import", fpr);
	free(fpr);
	make_key("Half <half@example.com>", "ed25519", "sign");
	run(GPG "--faked-system-time 20200101T000000 --quick-gen-key "
	    "'Expired <expired@example.com>' ed25519 sign 1y");
	make_key("Disabled <disabled@example.com>", "ed25519", "sign");
	run("printf 'disable\\nsave\\n' | gpg --no-tty --command-fd 0 --edit-key "
	    "disabled@example.com");
	make_key("Subrev <subrev@example.com>", "ed25519", "sign");
	add_subkey("subrev@example.com", "cv25519", "encr");
	run("printf 'key 1\\nrevkey\\ny\\n0\\n\\ny\\nsave\\n' | gpg --no-tty "
	    "--pinentry-mode loopback --passphrase '' --command-fd 0 --edit-key "
	    "subrev@example.com");
	make_key("Weak <weak@example.com>", "rsa1024", "sign");
	make_key("Medium <medium@example.com>", "rsa2048", "sign");
	make_key("Olduid <olduid@example.com>", "ed25519", "sign");
	run(GPG "--quick-add-uid '<olduid@example.com>' 'New <new@example.com>'");
	run(GPG "--quick-revoke-uid '<new@example.com>' 'Olduid <olduid@example.com>'");
	make_key("Rsa <rsa@example.com>", "rsa3072", "sign");
	add_subkey("rsa@example.com", "rsa2048", "encr");
	make_key("Nist <nist@example.com>", "nistp384", "sign");
	add_subkey("nist@example.com", "nistp384", "encr");
	make_key("Mixed <mixed@example.com>", "ed25519", "cert");
	add_subkey("mixed@example.com", "rsa3072", "sign");
	use_home("other");
	make_key("Public <public@example.com>", "ed25519", "sign");
	add_subkey("public@example.com", "cv25519", "encr");
	run("gpg --export >%s/public.gpg", base);
	use_home("h");
	run("gpg --batch --import %s/public.gpg", base);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return fixture_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_fingerprint),
		cmocka_unit_test(test_fips),
		cmocka_unit_test(test_no_ring),
		cmocka_unit_test(test_trust_load),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
