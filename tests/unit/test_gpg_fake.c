/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gpg_fake - a gpg that is missing, hangs, babbles or says nothing: each
 * call ends in time, as an error of the host, and leaves nothing behind.
 */
#include "tests/unit/gpg_fixture.h"

#define DOC "satchel-manifest: \"1\"\n"
#define LEN 80

static uint8_t message[LEN];
static char *good_path;			/* PATH with the real gpg */
static struct gpg_trust *trust;
static struct gpg_cert signer;
static struct bytes sig, sealed;	/* made when all was well */

/* Put this in gpg's place (and in gpgconf's). */
static void
fake(const char *gpg, const char *gpgconf)
{
	char path[8192];

	run("rm -rf %s/fake && mkdir %s/fake", base, base);
	if (gpg != NULL)
		spit("fake/gpg", gpg, 0755);
	if (gpgconf != NULL)
		spit("fake/gpgconf", gpgconf, 0755);
	snprintf(path, sizeof(path), "%s/fake:%s", base, good_path);
	setenv("PATH", path, 1);
}

enum call { FIND, LOAD, VERIFY, WRAP, LAST_QUICK = WRAP, SIGN, UNWRAP };
static const char *const call_names[] = { "find", "load", "verify", "wrap",
	"sign", "unwrap" };

static enum status
call(enum call which, struct diag *d)
{
	struct gpg_candidate c = { .fpr = signer.fpr, .data = sig.data, .len = sig.len };
	struct gpg_wrapped w = { signer.fpr, sealed.data, sealed.len };
	struct gpg_cert found = { 0 };
	struct gpg_trust *t = NULL;
	struct bytes out = { 0 };
	uint8_t back[LEN];
	enum status st = ST_INTERNAL;
	size_t used;

	switch (which) {
	case FIND:
		st = gpg_find_key("good@x.org", GPG_USE_ENCRYPT, &found, d);
		break;
	case LOAD:
		bytes_append(&out, signer.data.data, signer.data.len);
		st = gpg_trust_load(&out, &t, d);
		break;
	case VERIFY:
		st = gpg_verify(trust, (const uint8_t *)DOC, strlen(DOC), &c, 1,
		    false, d);
		assert_int_equal(c.status, st);
		if (st != ST_OK)
			assert_string_equal(c.why.rule, d->rule);
		break;
	case WRAP:
		st = gpg_wrap(&signer, false, message, LEN, &out, d);
		break;
	case SIGN:
		st = gpg_sign(&signer, (const uint8_t *)DOC, strlen(DOC), &out, d);
		break;
	case UNWRAP:
		st = gpg_unwrap(&w, 1, false, back, LEN, &used, d);
		break;
	}
	gpg_cert_free(&found);
	gpg_trust_free(t);
	bytes_free(&out);
	return st;
}

#define REAL "case \" $* \" in *' --version '*) PATH=${PATH#*:}; exec gpg \"$@\";; esac\n"

static void
test_fake_gpg(void **state)
{
	static const struct {
		const char *gpg;
		const char *rule;	/* NULL: any */
		const char *why;
	} table[] = {
		{ "#!/bin/sh\nexec sleep 1000\n", "gpg-timeout", "it hangs" },
		{ "#!/bin/sh\n(trap '' TERM INT; sleep 1000) & sleep 1000\n",
			"gpg-timeout", "it hangs, and has a child" },
		{ "#!/bin/sh\nexec head -c 100000 /dev/urandom\n", NULL, "noise" },
		{ "#!/bin/sh\nexec cat /dev/zero\n", NULL, "endless zeros" },
		{ "#!/bin/sh\nexit 0\n", "gpg-garbage", "it says nothing" },
		{ "#!/bin/sh\nexit 1\n", "gpg-garbage", "it fails" },
		{ "#!/bin/sh\nkill -SEGV $$\n", "gpg-garbage", "it crashes" },
		{ "#!/bin/sh\necho 'gpg (GnuPG) 1.0.0'\n", "gpg-garbage", "it is old" },
		{ "#!/nonexistent\n", NULL, "it cannot be run" },
		{ "#!/bin/sh\nwhile :; do echo '[GNUPG:] PROGRESS x ? 1 2'; "
			"echo '[GNUPG:] PROGRESS x ? 1 2' >&2; done\n", NULL,
			"endless status lines" },
		/* The same, once its version has been asked for. */
		{ "#!/bin/sh\n" REAL "exec sleep 1000\n", "gpg-timeout", "it hangs later" },
		{ "#!/bin/sh\n" REAL "exec head -c 100000 /dev/urandom\n", NULL,
			"noise later" },
		{ "#!/bin/sh\n" REAL "exit 0\n", NULL, "nothing later" },
		{ "#!/bin/sh\n" REAL "fd=1; while test $# -gt 0; do test \"$1\" = "
			"--status-fd && fd=$2; shift; done; while :; do "
			"echo '[GNUPG:] PROGRESS x ? 1 2' >&$fd; done\n",
			NULL, "endless status lines later" },
		{ "#!/bin/sh\n" REAL "fd=1; while test $# -gt 0; do test \"$1\" = "
			"--status-fd && fd=$2; shift; done; echo '[GNUPG:] GOODSIG "
			"0123456789ABCDEF You' >&$fd; exit 0\n",
			NULL, "half a story later" },
	};
	size_t i;
	int which;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		fake(table[i].gpg, NULL);
		for (which = 0; which <= LAST_QUICK; which++) {
			struct diag d = DIAG_INIT;
			double start = seconds();
			enum status st;

			helper_set_left(table[i].rule != NULL && strcmp(
			    table[i].rule, "gpg-timeout") == 0 ? 300 : 700);
			st = call((enum call)which, &d);
			if (st != ST_HOST || (table[i].rule != NULL &&
			    strcmp(d.rule, table[i].rule) != 0))
				fail_msg("%s, %s: %s, %s: %s", table[i].why,
				    call_names[which], status_name(st), d.rule, d.text);
			if (seconds() - start > 4)
				fail_msg("%s, %s: took %.1f s", table[i].why,
				    call_names[which], seconds() - start);
		}
		assert_clean();
	}
}

static void
test_no_gpg(void **state)
{
	char path[256];
	int which;

	(void)state;
	snprintf(path, sizeof(path), "%s/nothing", base);
	assert_int_equal(mkdir(path, 0700), 0);
	setenv("PATH", path, 1);
	for (which = FIND; which <= UNWRAP; which++) {
		struct diag d = DIAG_INIT;

		helper_set_left(25000);
		assert_int_equal(call((enum call)which, &d), ST_HOST);
		assert_string_equal(d.rule, "gpg-missing");
		assert_true(d.hint[0] != '\0');
	}
	setenv("PATH", good_path, 1);
	assert_clean();
}

/* gpg is fine, but gpgconf is not: what needs no agent works, and ends in time. */
static void
test_fake_gpgconf(void **state)
{
	static const char *const fakes[] = { "#!/bin/sh\nexec sleep 1000\n",
		"#!/bin/sh\nexec cat /dev/zero\n", "#!/bin/sh\nexit 1\n" };
	size_t i;
	int which;

	(void)state;
	for (i = 0; i < 3; i++) {
		fake(NULL, fakes[i]);
		for (which = FIND; which <= LAST_QUICK; which++) {
			struct diag d = DIAG_INIT;
			double start = seconds();

			helper_set_left(25000);
			if (call((enum call)which, &d) != ST_OK)
				fail_msg("%s: %s", call_names[which], d.text);
			assert_true(seconds() - start < 5);
		}
		if (i > 0) {
			struct diag d = DIAG_INIT;

			assert_int_equal(call(SIGN, &d), ST_HOST);
			assert_int_equal(call(UNWRAP, &d), ST_HOST);
		}
		assert_clean();
	}
}

static int
setup(void **state)
{
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	if (fixture_begin() == -1)
		return -1;
	good_path = strdup(getenv("PATH"));
	for (i = 0; i < LEN; i++)
		message[i] = (uint8_t)(i * 7 + 1);
	make_key("Good <good@x.org>", "ed25519", "sign");
	add_subkey("good@x.org", "cv25519", "encr");
	make_key("Other <other@x.org>", "ed25519", "sign");
	add_subkey("other@x.org", "cv25519", "encr");
	run("gpg --export '<good@x.org>' >%s/trust.gpg", base);
	trust = trust_of("trust.gpg");
	signer = find_key("good@x.org", GPG_USE_SIGN);
	if (gpg_sign(&signer, (const uint8_t *)DOC, strlen(DOC), &sig, &d) != ST_OK ||
	    gpg_wrap(&signer, false, message, LEN, &sealed, &d) != ST_OK) {
		fprintf(stderr, "%s\n", d.text);
		return -1;
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(good_path);
	gpg_trust_free(trust);
	gpg_cert_free(&signer);
	bytes_free(&sig);
	bytes_free(&sealed);
	return fixture_end();
}

/* After each test, also one that failed half-way. */
static int
restore(void **state)
{
	(void)state;
	return setenv("PATH", good_path, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_fake_gpg, restore),
		cmocka_unit_test_teardown(test_no_gpg, restore),
		cmocka_unit_test_teardown(test_fake_gpgconf, restore),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
