/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gpg_verify - the signature table, with real keys and the real gpg: what
 * is accepted, and under which rule all else is refused.
 */
#include "manifests/packet.h"
#include "tests/unit/gpg_fixture.h"

#define DOC "satchel-manifest: \"1\"\ntitle: \"AE-0042\"\n"
#define SIGN GPG "--digest-algo SHA512 --detach-sign -o - "

static struct gpg_trust *trust;

/* Judge one signature. */
static struct gpg_candidate
judge(const char *fpr, const struct bytes *sig, bool allow_expired_key)
{
	struct gpg_candidate c = { .fpr = fpr, .data = sig->data, .len = sig->len };
	struct diag d = DIAG_INIT;

	helper_set_left(25000);
	if (gpg_verify(trust, (const uint8_t *)DOC, strlen(DOC), &c, 1,
	    allow_expired_key, &d) != ST_OK)
		fail_msg("%s: %s", d.rule, d.text);
	return c;
}

static const struct row {
	const char *who;	/* whose name the file has */
	const char *make;	/* to standard output, in the folder with doc */
	bool allow_expired;
	enum status want;
	const char *rule;	/* NULL: any */
	const char *why;
} table[] = {
	{ "good", SIGN "-u '<good@x.org>' doc", false, ST_OK, "", "good" },
	{ "rsa", SIGN "-u '<rsa@x.org>' doc", false, ST_OK, "", "RSA-3072" },
	{ "nist", SIGN "-u '<nist@x.org>' doc", false, ST_OK, "", "P-384" },
	{ "sub", SIGN "-u '<sub@x.org>' doc", false, ST_OK, "", "by a subkey" },
	{ "good", SIGN "--digest-algo SHA256 -u '<good@x.org>' doc", false, ST_OK,
		"", "SHA-256" },
	{ "rsa", SIGN "--digest-algo SHA384 -u '<rsa@x.org>' doc", false, ST_OK,
		"", "SHA-384" },
	{ "good", SIGN "--faked-system-time $(date -u -d '+12 hours' "
		"+%Y%m%dT%H%M%S) -u '<good@x.org>' doc", false, ST_OK, "",
		"a clock that is ahead by half a day" },
	{ "good", SIGN "--sender good@x.org -u '<good@x.org>' doc", false, ST_OK,
		"", "with the signer's user id" },

	{ "good", SIGN "--faked-system-time 20380101T000000 -u '<good@x.org>' doc",
		false, ST_UNTRUSTED, "sig-future", "dated 2038" },
	{ "good", SIGN "--ignore-time-conflict --faked-system-time 20010101T000000 "
		"-u '<good@x.org>' doc", false, ST_UNTRUSTED, "sig-time",
		"older than the key" },
	{ "good", "true", false, ST_UNTRUSTED, "sig-empty", "an empty file" },
	{ "good", SIGN "-u '<good@x.org>' doc; " SIGN "-u '<good@x.org>' doc",
		false, ST_UNTRUSTED, "sig-two-packets", "two packets" },
	{ "good", SIGN "-u '<good@x.org>' doc; echo", false, ST_UNTRUSTED, NULL,
		"junk behind" },
	{ "good", SIGN "-u '<good@x.org>' doc | head -c 100", false, ST_UNTRUSTED,
		"sig-truncated", "cut" },
	{ "good", SIGN "-a -u '<good@x.org>' doc", false, ST_UNTRUSTED,
		"sig-armored", "armoured" },
	{ "good", SIGN "--textmode -u '<good@x.org>' doc", false, ST_UNTRUSTED,
		"sig-text-mode", "text mode" },
	{ "good", GPG "-o - -u '<good@x.org>' --sign doc", false, ST_UNTRUSTED,
		"sig-inline", "inline" },
	{ "good", GPG "-o - -u '<good@x.org>' --clear-sign doc", false, ST_UNTRUSTED,
		"sig-clearsigned", "clear-signed" },
	{ "good", SIGN "--sig-notation a@x.org=b -u '<good@x.org>' doc", false,
		ST_UNTRUSTED, "sig-notation", "a notation" },
	{ "good", SIGN "--default-sig-expire 1d -u '<good@x.org>' doc", false,
		ST_UNTRUSTED, "sig-subpacket", "one that will expire" },
	{ "good", SIGN "--default-sig-expire 1d --faked-system-time 20210101T000000 "
		"--ignore-time-conflict -u '<good@x.org>' doc", false,
		ST_UNTRUSTED, NULL, "one that has expired" },
	{ "good", SIGN "-u '<other@x.org>' doc", false, ST_UNTRUSTED,
		"sig-wrong-key", "by a key that is pinned too, under another's name" },
	{ "good", SIGN "-u '<good@x.org.example.org>' doc", false, ST_UNTRUSTED,
		"sig-wrong-key", "a look-alike user id" },
	{ "stranger", SIGN "-u '<stranger@x.org>' doc", false, ST_UNTRUSTED,
		"key-unknown", "not pinned" },
	{ "good", SIGN "-u '<good@x.org>' other", false, ST_UNTRUSTED, "sig-bad",
		"over another text" },
	{ "rsa", SIGN "--digest-algo SHA1 -u '<rsa@x.org>' doc", false,
		ST_UNTRUSTED, "hash-weak", "SHA-1" },
	{ "rsa", SIGN "--digest-algo RIPEMD160 -u '<rsa@x.org>' doc", false,
		ST_UNTRUSTED, "hash-weak", "RIPEMD-160" },
	{ "rsa", SIGN "--digest-algo SHA224 -u '<rsa@x.org>' doc", false,
		ST_UNTRUSTED, "hash-weak", "SHA-224" },
	{ "rsa", SIGN "--allow-weak-digest-algos --digest-algo MD5 "
		"-u '<rsa@x.org>' doc", false, ST_UNTRUSTED, "hash-weak", "MD5" },
	{ "weak", SIGN "-u '<weak@x.org>' doc", false, ST_UNTRUSTED, "key-weak",
		"RSA-1024" },
	{ "dsa", "cat dsa.sig", false, ST_UNTRUSTED, "key-weak", "DSA" },
	{ "expired", "cat expired.sig", false, ST_UNTRUSTED, "key-expired",
		"the key has expired since" },
	{ "expired", "cat expired.sig", true, ST_OK, "", "but for an audit" },
	{ "expired", "cat late.sig", true, ST_UNTRUSTED, "key-expired",
		"it had expired already" },
	{ "expired", "cat late.sig", false, ST_UNTRUSTED, "key-expired",
		"it had expired already" },
	{ "expsub", "cat expsub.sig", false, ST_UNTRUSTED, "key-expired",
		"the subkey has expired since" },
	{ "expsub", "cat expsub.sig", true, ST_OK, "", "but for an audit" },
	{ "revoked", "cat revoked.sig", false, ST_UNTRUSTED, "key-revoked",
		"revoked" },
	{ "revoked", "cat revoked.sig", true, ST_UNTRUSTED, "key-revoked",
		"revoked, and an audit makes no difference" },
	{ "sha1rev", "cat sha1rev.sig", false, ST_UNTRUSTED, "key-revoked",
		"revoked with SHA-1" },
	{ "revexp", "cat revexp.sig", true, ST_UNTRUSTED, "key-revoked",
		"revoked, and expired as well" },
	{ "revsub", "cat revsub.sig", false, ST_UNTRUSTED, "key-revoked",
		"the subkey is revoked" },
};

static void
test_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct row *r = &table[i];
		struct bytes sig = output("cd %s && ( %s ) 2>log", base, r->make);
		struct gpg_candidate c;
		char address[64], *fpr;

		snprintf(address, sizeof(address), "%s@x.org", r->who);
		fpr = fpr_of(address);
		c = judge(fpr, &sig, r->allow_expired);
		if (c.status != r->want || (r->rule != NULL &&
		    strcmp(c.why.rule, r->rule) != 0))
			fail_msg("%s, %s: %s, %s: %s", r->who, r->why,
			    status_name(c.status), c.why.rule, c.why.text);
		if (c.status == ST_OK) {
			assert_true(c.created > 1500000000);
			assert_int_equal(c.key_expired_since, r->allow_expired);
		} else {
			assert_int_equal(c.created, 0);
			assert_false(c.key_expired_since);
			assert_true(c.why.text[0] != '\0');
		}
		bytes_free(&sig);
		free(fpr);
	}
	assert_clean();
}

/* Each byte of the packet changed, and each byte of the text. */
static void
test_flips(void **state)
{
	static const uint8_t how[] = { 0x01, 0x80, 0xFF };
	struct bytes sig = output("cd %s && " SIGN "-u '<good@x.org>' doc", base);
	char *fpr = fpr_of("good@x.org"), doc[sizeof(DOC)];
	struct gpg_candidate *c;
	struct diag d = DIAG_INIT;
	size_t i, n = sig.len * 3, asked = 0;

	(void)state;
	assert_non_null(c = calloc(n + 1, sizeof(*c)));
	for (i = 0; i <= n; i++) {
		uint8_t *copy = malloc(sig.len);

		assert_non_null(copy);
		memcpy(copy, sig.data, sig.len);
		if (i < n)
			copy[i / 3] ^= how[i % 3];
		c[i].fpr = fpr;
		c[i].data = copy;
		c[i].len = sig.len;
	}
	helper_set_left(25000);
	assert_int_equal(gpg_verify(trust, (const uint8_t *)DOC, strlen(DOC), c,
	    n + 1, false, &d), ST_OK);
	for (i = 0; i < n; i++) {
		if (c[i].status != ST_UNTRUSTED)
			fail_msg("byte %zu ^ %#x: %s", i / 3, how[i % 3],
			    status_name(c[i].status));
		asked += strcmp(c[i].why.rule, "sig-bad") == 0;
	}
	/* The whole one among them is found, and some were bad enough to be asked about. */
	assert_int_equal(c[n].status, ST_OK);
	assert_true(asked > 100);
	for (i = 0; i <= n; i++)
		free((void *)(uintptr_t)c[i].data);
	for (i = 0; i < strlen(DOC); i += 7) {
		struct gpg_candidate one = { .fpr = fpr, .data = sig.data,
			.len = sig.len };

		memcpy(doc, DOC, sizeof(doc));
		doc[i] ^= 1;
		assert_int_equal(gpg_verify(trust, (uint8_t *)doc, strlen(DOC),
		    &one, 1, false, &d), ST_OK);
		assert_int_equal(one.status, ST_UNTRUSTED);
		assert_string_equal(one.why.rule, "sig-bad");
	}
	free(c);
	bytes_free(&sig);
	free(fpr);
}

/* Forged files hide no real one, wherever they stand. */
static void
test_many(void **state)
{
	struct bytes sig = output("cd %s && " SIGN "-u '<good@x.org>' doc", base);
	struct bytes rsa = output("cd %s && " SIGN "-u '<rsa@x.org>' doc", base);
	struct bytes bad = output("cd %s && " SIGN "-u '<good@x.org>' other", base);
	char *fpr = fpr_of("good@x.org"), *rsa_fpr = fpr_of("rsa@x.org");
	struct gpg_candidate c[] = {
		{ .fpr = fpr, .data = bad.data, .len = bad.len },
		{ .fpr = fpr, .data = (const uint8_t *)"", .len = 0 },
		{ .fpr = rsa_fpr, .data = sig.data, .len = sig.len },
		{ .fpr = fpr, .data = sig.data, .len = sig.len },
		{ .fpr = fpr, .data = rsa.data, .len = rsa.len },
		{ .fpr = rsa_fpr, .data = rsa.data, .len = rsa.len },
		{ .fpr = "00", .data = rsa.data, .len = rsa.len },
	};
	static const enum status want[] = { ST_UNTRUSTED, ST_UNTRUSTED, ST_UNTRUSTED,
		ST_OK, ST_UNTRUSTED, ST_OK, ST_UNTRUSTED };
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	helper_set_left(25000);
	assert_int_equal(gpg_verify(trust, (const uint8_t *)DOC, strlen(DOC), c, 7,
	    false, &d), ST_OK);
	for (i = 0; i < 7; i++)
		assert_int_equal(c[i].status, want[i]);
	assert_int_equal(gpg_verify(trust, (const uint8_t *)DOC, strlen(DOC), NULL,
	    0, false, &d), ST_OK);
	free(fpr);
	free(rsa_fpr);
	bytes_free(&sig);
	bytes_free(&rsa);
	bytes_free(&bad);
}

static void
test_sign(void **state)
{
	static const char *const who[] = { "good@x.org", "rsa@x.org", "nist@x.org",
		"sub@x.org" };
	struct packet_signature p;
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct gpg_cert signer = find_key(who[i], GPG_USE_SIGN);
		struct gpg_candidate c;
		struct bytes sig = { 0 };

		if (gpg_sign(&signer, (const uint8_t *)DOC, strlen(DOC), &sig,
		    &d) != ST_OK)
			fail_msg("%s: %s: %s", who[i], d.rule, d.text);
		/* gpg by itself takes SHA-256 for some of these. */
		assert_int_equal(packet_parse_signature(sig.data, sig.len, &p, &d),
		    ST_OK);
		assert_int_equal(p.hash_algo, 10);
		c = judge(signer.fpr, &sig, false);
		assert_int_equal(c.status, ST_OK);
		assert_int_equal(c.created, p.created);
		if (i == 3)
			assert_string_not_equal(p.issuer, signer.fpr);
		bytes_free(&sig);
		gpg_cert_free(&signer);
	}
	assert_clean();
}

/* gpg makes none by a key that is no good, or what it makes is not accepted. */
static void
test_sign_refused(void **state)
{
	static const char *const who[] = { "expired@x.org", "revoked@x.org", "weak@x.org" };
	struct diag d = DIAG_INIT;
	struct bytes sig = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		char *fpr = fpr_of(who[i]);
		enum status st;

		helper_set_left(25000);
		st = gpg_sign(gpg_trust_find(trust, fpr), (const uint8_t *)DOC,
		    strlen(DOC), &sig, &d);
		assert_int_equal(st, i == 2 ? ST_OK : ST_HOST);
		if (st == ST_OK)
			assert_int_equal(judge(fpr, &sig, false).status, ST_UNTRUSTED);
		else
			assert_int_equal(sig.len, 0);
		bytes_free(&sig);
		free(fpr);
	}
	assert_clean();
}

/* Keys that were good once: sign first, spoil them afterwards. */
static void
make_spoiled(void)
{
	char *fpr;

	run(GPG "--faked-system-time 20200101T000000 --quick-gen-key "
	    "'Expired <expired@x.org>' ed25519 sign 1y");
	run("cd %s && " SIGN "--faked-system-time 20200601T000000 "
	    "-u '<expired@x.org>' doc >expired.sig", base);
	run("gpg --export '<expired@x.org>' >%s/expired.gpg", base);
	/* In another home its life is longer. */
	run("cp -r $GNUPGHOME %s/h2", base);
	fpr = fpr_of("expired@x.org");
	run("export GNUPGHOME=%s/h2; rm -f $GNUPGHOME/S.*; " GPG
	    "--quick-set-expire %s 0; cd %s; " SIGN "--faked-system-time "
	    "20230101T000000 -u '<expired@x.org>' doc >late.sig", base, fpr, base);
	free(fpr);

	run(GPG "--faked-system-time 20200101T000000 --quick-gen-key "
	    "'Expsub <expsub@x.org>' ed25519 cert 0");
	fpr = fpr_of("expsub@x.org");
	run(GPG "--faked-system-time 20200101T000000 --quick-add-key %s ed25519 "
	    "sign 1y", fpr);
	free(fpr);
	run("cd %s && " SIGN "--faked-system-time 20200601T000000 "
	    "-u '<expsub@x.org>' doc >expsub.sig", base);

	make_key("Revoked <revoked@x.org>", "ed25519", "sign");
	run("cd %s && " SIGN "-u '<revoked@x.org>' doc >revoked.sig", base);
	fpr = fpr_of("revoked@x.org");
	run("sed 's/^:---/---/' $GNUPGHOME/openpgp-revocs.d/%s.rev | " GPG
	    "--import", fpr);
	free(fpr);

	make_key("Sha1rev <sha1rev@x.org>", "ed25519", "sign");
	run("cd %s && " SIGN "-u '<sha1rev@x.org>' doc >sha1rev.sig", base);
	run("printf 'y\\n0\\n\\ny\\n' | gpg --no-tty --pinentry-mode loopback "
	    "--passphrase '' --cert-digest-algo SHA1 --command-fd 0 --gen-revoke "
	    "'<sha1rev@x.org>' | gpg --import");

	run(GPG "--faked-system-time 20200101T000000 --quick-gen-key "
	    "'Revexp <revexp@x.org>' ed25519 sign 1y");
	run("cd %s && " SIGN "--faked-system-time 20200601T000000 "
	    "-u '<revexp@x.org>' doc >revexp.sig", base);
	fpr = fpr_of("revexp@x.org");
	run("sed 's/^:---/---/' $GNUPGHOME/openpgp-revocs.d/%s.rev | " GPG
	    "--import", fpr);
	free(fpr);

	make_key("Revsub <revsub@x.org>", "ed25519", "cert");
	add_subkey("revsub@x.org", "ed25519", "sign");
	run("cd %s && " SIGN "-u '<revsub@x.org>' doc >revsub.sig", base);
	run("printf 'key 1\\nrevkey\\ny\\n0\\n\\ny\\nsave\\n' | gpg --no-tty "
	    "--pinentry-mode loopback --passphrase '' --command-fd 0 --edit-key "
	    "revsub@x.org");
}

static int
setup(void **state)
{
	(void)state;
	if (fixture_begin() == -1)
		return -1;
	spit("doc", DOC, 0600);
	spit("other", DOC "x", 0600);
	make_key("Good <good@x.org>", "ed25519", "sign");
	make_key("Other <other@x.org>", "ed25519", "sign");
	make_key("Good <good@x.org.example.org>", "ed25519", "sign");
	make_key("Rsa <rsa@x.org>", "rsa3072", "sign");
	make_key("Nist <nist@x.org>", "nistp384", "sign");
	make_key("Weak <weak@x.org>", "rsa1024", "sign");
	make_key("Dsa <dsa@x.org>", "dsa2048", "sign");
	make_key("Stranger <stranger@x.org>", "ed25519", "sign");
	make_key("Sub <sub@x.org>", "ed25519", "cert");
	add_subkey("sub@x.org", "ed25519", "sign");
	run("cd %s && " SIGN "-u '<dsa@x.org>' doc >dsa.sig", base);
	make_spoiled();
	run("gpg --export '<good@x.org>' '<rsa@x.org>' '<nist@x.org>' '<sub@x.org>' "
	    "'<weak@x.org>' '<dsa@x.org>' '<other@x.org>' '<expsub@x.org>' "
	    "'<revoked@x.org>' '<sha1rev@x.org>' '<revexp@x.org>' "
	    "'<revsub@x.org>' >%s/trust.gpg; cat %s/expired.gpg >>%s/trust.gpg",
	    base, base, base);
	trust = trust_of("trust.gpg");
	return trust == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	gpg_trust_free(trust);
	return fixture_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_sign_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
