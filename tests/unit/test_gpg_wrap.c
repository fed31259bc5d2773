/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gpg_wrap - keys wrapped to recipients and opened again, and messages
 * that are something else.
 */
#include "tests/unit/gpg_fixture.h"

#define LEN 80
#define ENCRYPT GPG "--trust-model always --no-encrypt-to --cipher-algo AES256 " \
	"--compress-algo none -o - -e "

static uint8_t message[LEN];

static struct bytes
wrap(const char *who, bool hidden)
{
	struct gpg_cert c = find_key(who, GPG_USE_ENCRYPT);
	struct bytes out = { 0 };
	struct diag d = DIAG_INIT;

	helper_set_left(25000);
	if (gpg_wrap(&c, hidden, message, LEN, &out, &d) != ST_OK)
		fail_msg("%s: %s: %s", who, d.rule, d.text);
	gpg_cert_free(&c);
	return out;
}

/* Open, and see that nothing comes out unless it is the message. */
static enum status
unwrap(const struct gpg_wrapped *w, size_t n, bool hidden, size_t *used,
    struct diag *d)
{
	static const uint8_t zeros[LEN];
	uint8_t got[LEN];
	enum status st;

	memset(got, 0xAA, sizeof(got));
	st = gpg_unwrap(w, n, hidden, got, LEN, used, d);
	assert_memory_equal(got, st == ST_OK ? message : zeros, LEN);
	return st;
}

static void
test_round(void **state)
{
	static const char *const who[] = { "ecc@x.org", "rsa@x.org", "nist@x.org" };
	struct diag d = DIAG_INIT;
	size_t i, used;
	int hidden;

	(void)state;
	for (i = 0; i < 3; i++)
		for (hidden = 0; hidden < 2; hidden++) {
			struct bytes a = wrap(who[i], hidden), b = wrap(who[i], hidden);
			char *fpr = fpr_of(who[i]);
			struct gpg_wrapped w = { .recipient = hidden ? "000" : fpr,
				.data = a.data, .len = a.len };

			/* A new session key each time. */
			assert_true(a.len != b.len ||
			    memcmp(a.data, b.data, a.len) != 0);
			if (unwrap(&w, 1, hidden, &used, &d) != ST_OK)
				fail_msg("%s: %s: %s", who[i], d.rule, d.text);
			assert_int_equal(used, 0);
			/* Hidden is hidden, and the other way round. */
			assert_int_equal(unwrap(&w, 1, !hidden, &used, &d),
			    ST_MALFORMED);
			free(fpr);
			bytes_free(&a);
			bytes_free(&b);
		}
	assert_clean();
}

/* Ours among others'. */
static void
test_several(void **state)
{
	char *ecc = fpr_of("ecc@x.org"), *far = fpr_of("far@x.org");
	int hidden;

	(void)state;
	for (hidden = 0; hidden < 2; hidden++) {
		struct bytes ours = wrap("ecc@x.org", hidden);
		struct bytes theirs = wrap("far@x.org", hidden);
		struct gpg_wrapped w[] = {
			{ hidden ? "000" : far, theirs.data, theirs.len },
			{ hidden ? "001" : far, theirs.data, theirs.len },
			{ hidden ? "002" : ecc, ours.data, ours.len },
		};
		struct diag d = DIAG_INIT;
		size_t used;

		assert_int_equal(unwrap(w, 3, hidden, &used, &d), ST_OK);
		assert_int_equal(used, 2);
		assert_int_equal(unwrap(w, 2, hidden, &used, &d), ST_HOST);
		assert_string_equal(d.rule, "no-secret-key");
		assert_int_equal(unwrap(w, 0, hidden, &used, &d), ST_HOST);
		assert_string_equal(d.rule, "no-secret-key");
		/* One that is malformed spoils all, wherever it stands. */
		w[1].len--;
		assert_int_equal(unwrap(w, 3, hidden, &used, &d), ST_MALFORMED);
		bytes_free(&ours);
		bytes_free(&theirs);
	}
	free(ecc);
	free(far);
	assert_clean();
}

/* What gpg would open, and we do not.  (From standard input: no name in the literal packet.) */
static void
test_refused(void **state)
{
	static const struct {
		const char *make;
		const char *rule;	/* NULL: any */
		const char *why;
	} table[] = {
		{ ENCRYPT "-r '<ecc@x.org>' <short", NULL, "a shorter message" },
		{ ENCRYPT "-r '<ecc@x.org>' <long", NULL, "a longer message" },
		{ ENCRYPT "-r '<ecc@x.org>' <msg; echo", "key-trailing", "junk behind" },
		{ ENCRYPT "-r '<ecc@x.org>' -r '<rsa@x.org>' <msg", "key-two-recipients",
			"two recipients" },
		{ GPG "--passphrase x -o - -c <msg", "key-passphrase-packet",
			"a passphrase only" },
		{ GPG "--passphrase x --trust-model always -o - -r '<ecc@x.org>' -e -c <msg",
			NULL, "a passphrase as well" },
		{ ENCRYPT "-r '<ecc@x.org>' <msg; " ENCRYPT "-r '<ecc@x.org>' <msg",
			NULL, "two messages" },
		{ ENCRYPT "-r '<ecc@x.org>' <msg >in; " ENCRYPT "-r '<ecc@x.org>' <in",
			NULL, "a message in a message" },
		{ ENCRYPT "-a -r '<ecc@x.org>' <msg", NULL, "armoured" },
		{ ENCRYPT "-u '<rsa@x.org>' -s -r '<ecc@x.org>' <msg", NULL, "signed" },
		{ ENCRYPT "--rfc2440 --cipher-algo 3DES --disable-mdc -r '<rsa@x.org>' <msg",
			NULL, "without integrity protection" },
		{ ENCRYPT "--cipher-algo AES128 -r '<rsa@x.org>' <msg", "key-message",
			"AES-128" },
		{ ENCRYPT "--cipher-algo CAMELLIA256 -r '<rsa@x.org>' <msg",
			"key-message", "another cipher" },
		{ ENCRYPT "-r '<rsa@x.org>' <msg", "", "the control: this one is fine" },
	};
	char *rsa = fpr_of("rsa@x.org"), *ecc = fpr_of("ecc@x.org");
	size_t i, used;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bytes b = output("cd %s && ( %s ) 2>log", base,
		    table[i].make);
		bool is_rsa = strstr(table[i].make, "rsa") != NULL;
		struct gpg_wrapped w = { .recipient = is_rsa ? rsa : ecc,
			.data = b.data, .len = b.len };
		struct diag d = DIAG_INIT;
		enum status st;

		assert_true(b.len > 0);
		st = unwrap(&w, 1, false, &used, &d);
		if (st != (table[i].rule != NULL && table[i].rule[0] == '\0' ?
		    ST_OK : ST_MALFORMED) || (table[i].rule != NULL && st != ST_OK &&
		    strcmp(d.rule, table[i].rule) != 0))
			fail_msg("%s: %s, %s: %s", table[i].why, status_name(st),
			    d.rule, d.text);
		bytes_free(&b);
	}
	free(rsa);
	free(ecc);
	assert_clean();
}

/* A file under another recipient's name. */
static void
test_wrong_name(void **state)
{
	char *ecc = fpr_of("ecc@x.org");
	struct bytes theirs = wrap("far@x.org", false);
	struct gpg_wrapped w = { .recipient = ecc, .data = theirs.data,
		.len = theirs.len };
	struct diag d = DIAG_INIT;
	size_t used;

	(void)state;
	assert_int_equal(unwrap(&w, 1, false, &used, &d), ST_MALFORMED);
	assert_string_equal(d.rule, "key-recipient");
	bytes_free(&theirs);
	free(ecc);
}

static void
test_flips(void **state)
{
	char *ecc = fpr_of("ecc@x.org");
	struct bytes b = wrap("ecc@x.org", false);
	size_t i, used;

	(void)state;
	for (i = 0; i < b.len; i += i < 16 ? 1 : 11) {
		struct gpg_wrapped w = { .recipient = ecc, .data = b.data, .len = b.len };
		struct diag d = DIAG_INIT;
		enum status st;

		b.data[i] ^= 0x10;
		st = unwrap(&w, 1, false, &used, &d);
		if (st != ST_MALFORMED && st != ST_HOST)
			fail_msg("byte %zu: %s", i, status_name(st));
		b.data[i] ^= 0x10;
	}
	bytes_free(&b);
	free(ecc);
	assert_clean();
}

/* A key that has expired since still opens what was sent to it; nothing new goes to it. */
static void
test_expired(void **state)
{
	struct gpg_trust *t = trust_of("expired.gpg");
	struct bytes b = slurp("expired.pgp"), none = { 0 };
	struct gpg_wrapped w = { .recipient = t->certs[0].fpr, .data = b.data,
		.len = b.len };
	struct diag d = DIAG_INIT;
	size_t used;

	(void)state;
	assert_int_equal(unwrap(&w, 1, false, &used, &d), ST_OK);
	helper_set_left(25000);
	assert_int_equal(gpg_wrap(&t->certs[0], false, message, LEN, &none, &d),
	    ST_HOST);
	assert_int_equal(none.len, 0);
	gpg_trust_free(t);
	bytes_free(&b);
	assert_clean();
}

/* Which subkey: the newest that is fit. */
static void
test_revoked_subkey(void **state)
{
	struct bytes b = wrap("resub@x.org", false);
	char *fpr = fpr_of("resub@x.org");
	struct gpg_wrapped w = { .recipient = fpr, .data = b.data, .len = b.len };
	struct diag d = DIAG_INIT;
	size_t used;

	(void)state;
	assert_int_equal(unwrap(&w, 1, false, &used, &d), ST_OK);
	bytes_free(&b);
	free(fpr);
}

/* A user without any key ring: none is made. */
static void
test_no_ring(void **state)
{
	struct bytes b = wrap("ecc@x.org", true), left;
	struct gpg_wrapped w = { .recipient = "000", .data = b.data, .len = b.len };
	struct diag d = DIAG_INIT;
	size_t used;

	(void)state;
	use_home("empty");
	assert_int_equal(unwrap(&w, 1, true, &used, &d), ST_HOST);
	assert_string_equal(d.rule, "no-secret-key");
	left = output("ls -A %s/empty", base);
	assert_int_equal(left.len, 0);
	bytes_free(&b);
	use_home("h");
	assert_clean();
}

static void
write_message(const char *name, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_non_null(f = fopen(path, "we"));
	assert_int_equal(fwrite(message, 1, len < LEN ? len : LEN, f),
	    len < LEN ? len : LEN);
	for (; len > LEN; len--)
		fputc('x', f);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	size_t i;

	(void)state;
	if (fixture_begin() == -1)
		return -1;
	for (i = 0; i < LEN; i++)
		message[i] = (uint8_t)(i * 7 + 1);
	make_key("Ecc <ecc@x.org>", "ed25519", "sign");
	add_subkey("ecc@x.org", "cv25519", "encr");
	make_key("Rsa <rsa@x.org>", "rsa3072", "sign");
	add_subkey("rsa@x.org", "rsa3072", "encr");
	make_key("Nist <nist@x.org>", "nistp384", "sign");
	add_subkey("nist@x.org", "nistp384", "encr");
	make_key("Resub <resub@x.org>", "ed25519", "sign");
	add_subkey("resub@x.org", "cv25519", "encr");
	add_subkey("resub@x.org", "cv25519", "encr");
	run("printf 'key 2\\nrevkey\\ny\\n0\\n\\ny\\nsave\\n' | gpg --no-tty "
	    "--pinentry-mode loopback --passphrase '' --command-fd 0 --edit-key "
	    "resub@x.org");
	write_message("msg", LEN);
	write_message("short", LEN - 1);
	write_message("long", LEN + 1);
	run(GPG "--faked-system-time 20200101T000000 --quick-gen-key "
	    "'Expired <expired@x.org>' rsa2048 encr 1y");
	run("cd %s; gpg --export '<expired@x.org>' >expired.gpg; " ENCRYPT
	    "--set-filename '' --faked-system-time 20200601T000000 "
	    "-r '<expired@x.org>' <msg >expired.pgp", base);
	use_home("far");
	make_key("Far <far@x.org>", "ed25519", "sign");
	add_subkey("far@x.org", "cv25519", "encr");
	run("gpg --export >%s/far.gpg", base);
	use_home("h");
	run("gpg --batch --import %s/far.gpg", base);
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
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wrong_name),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_revoked_subkey),
		cmocka_unit_test(test_no_ring),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
