/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_gpg_host - gpg on hosts of all kinds: odd settings, odd homes, agents,
 * PINs; and that nothing is left of it.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "manifests/packet.h"
#include "tests/unit/gpg_fixture.h"

#define DOC "satchel-manifest: \"1\"\n"
#define LEN 80

static uint8_t message[LEN];
static struct gpg_trust *trust;
static struct gpg_cert signer;
static struct bytes sig, sealed;	/* made when all was well */

/* Everything once, as on a good day.  Returns the first that failed. */
static enum status
all_at_once(struct diag *d)
{
	struct gpg_cert s = { 0 }, r = { 0 };
	struct packet_signature p;
	struct bytes made = { 0 }, wrapped = { 0 };
	struct gpg_candidate c = { 0 };
	struct gpg_wrapped w;
	uint8_t back[LEN];
	enum status st;
	size_t used;

	helper_set_left(25000);
	if ((st = gpg_find_key("good@x.org", GPG_USE_SIGN, &s, d)) != ST_OK ||
	    (st = gpg_find_key("good@x.org", GPG_USE_ENCRYPT, &r, d)) != ST_OK ||
	    (st = gpg_sign(&s, (const uint8_t *)DOC, strlen(DOC), &made, d)) != ST_OK ||
	    (st = gpg_wrap(&r, false, message, LEN, &wrapped, d)) != ST_OK)
		goto out;
	w = (struct gpg_wrapped){ r.fpr, wrapped.data, wrapped.len };
	if ((st = gpg_unwrap(&w, 1, false, back, LEN, &used, d)) != ST_OK)
		goto out;
	assert_memory_equal(back, message, LEN);
	if ((st = packet_parse_signature(made.data, made.len, &p, d)) != ST_OK)
		goto out;
	assert_int_equal(p.hash_algo, 10);
	c = (struct gpg_candidate){ .fpr = s.fpr, .data = made.data, .len = made.len };
	if ((st = gpg_verify(trust, (const uint8_t *)DOC, strlen(DOC), &c, 1, false,
	    d)) == ST_OK && c.status != ST_OK) {
		*d = c.why;
		st = c.status;
	}
out:
	gpg_cert_free(&s);
	gpg_cert_free(&r);
	bytes_free(&made);
	bytes_free(&wrapped);
	return st;
}

static void
assert_all_well(const char *where)
{
	struct diag d = DIAG_INIT;
	enum status st = all_at_once(&d);

	if (st != ST_OK)
		fail_msg("%s: %s: %s", where, d.rule, d.text);
	assert_clean();
}

/* All of a user's home but for what an agent keeps there. */
static struct bytes
snapshot(const char *home)
{
	return output("cd %s/%s && find . ! -name 'S.*' ! -path './private-keys*' "
	    "! -name . | LC_ALL=C sort | while read f; do echo \"$f\"; "
	    "stat -c '%%a %%Y' \"$f\"; test -d \"$f\" || sha256sum <\"$f\"; done",
	    base, home);
}

static struct bytes
agent_pid(void)
{
	return output("gpg-connect-agent --no-autostart 'getinfo pid' /bye 2>%s/log",
	    base);
}

/* Settings of the user's that would change what we write or decide, or stop gpg. */
static void
test_hostile_conf(void **state)
{
	static const char *const confs[] = {
		"digest-algo SHA1\ncert-digest-algo SHA1\npersonal-digest-preferences SHA1\n",
		"armor\ntextmode\ncomment Hello\nemit-version\n",
		"sig-notation a@x.org=b\nset-policy-url http://x.org/\nask-sig-expire\n"
			"default-sig-expire 1d\nsender good@x.org\n",
		"encrypt-to other@x.org\nhidden-encrypt-to other@x.org\n"
			"default-recipient-self\ngroup good@x.org=other@x.org\n",
		"auto-key-import\nauto-key-retrieve\nauto-key-locate wkd\n"
			"keyserver hkp://127.0.0.1:9\n",
		"cipher-algo 3DES\ncompress-algo bzip2\ndisable-mdc\nrfc2440\n"
			"throw-keyids\n",
		"local-user other@x.org\ndefault-key other@x.org\n",
		"allow-weak-digest-algos\nalways-trust\nverbose\ndebug-all\n",
		"no-such-option at all\n",
		"homedir /nonexistent\nno-default-keyring\nkeyring /nonexistent\n",
	};
	struct bytes before, after;
	size_t i;

	(void)state;
	assert_all_well("without one");
	for (i = 0; i < sizeof(confs) / sizeof(confs[0]); i++) {
		spit("h/gpg.conf", confs[i], 0600);
		before = snapshot("h");
		assert_true(before.len > 100);
		assert_all_well(confs[i]);
		after = snapshot("h");
		assert_int_equal(before.len, after.len);
		assert_memory_equal(before.data, after.data, after.len);
		bytes_free(&before);
		bytes_free(&after);
	}
	run("rm %s/h/gpg.conf", base);
}

/* The user's own agent stays, the same one, with the user's own limits. */
static void
test_agent(void **state)
{
	struct bytes a, b, limits;
	char ours[64];

	(void)state;
	run("gpgconf --kill gpg-agent");
	assert_all_well("no agent runs");
	a = agent_pid();
	assert_true(a.len > 4);
	assert_all_well("an agent runs");
	b = agent_pid();
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	limits = output("p=$(gpg-connect-agent --no-autostart 'getinfo pid' /bye | "
	    "sed -n 's/^D //p'); for f in /proc/$p/limits /proc/self/limits; do "
	    "grep -e 'Max cpu' -e 'Max file' -e 'Max open' -e 'Max address' $f "
	    "| md5sum; done | sort -u | wc -l; grep PPid /proc/$p/status");
	assert_true(limits.len > 2);
	assert_memory_equal(limits.data, "1\n", 2);
	snprintf(ours, sizeof(ours), "PPid:\t%d\n", (int)getpid());
	assert_null(memmem(limits.data, limits.len, ours, strlen(ours)));
	bytes_free(&a);
	bytes_free(&b);
	bytes_free(&limits);
}

/* Homes and temporary folders with all kinds of names. */
static void
test_homes(void **state)
{
	static const char *const names[] = { "we,ird %41 home+", "h\xC3\xA9" };
	char path[256], *tmp = strdup(getenv("TMPDIR"));
	size_t i;

	(void)state;
	assert_non_null(tmp);
	run("gpgconf --kill all");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		run("cp -r %s/h '%s/%s' && rm -f '%s/%s/'S.*", base, base, names[i],
		    base, names[i]);
		use_home(names[i]);
		assert_all_well(names[i]);
		run("gpgconf --kill all");
	}
	/* The default one, and one by a relative name. */
	unsetenv("GNUPGHOME");
	run("cp -r %s/h %s/home/.gnupg && rm -f %s/home/.gnupg/S.*", base, base, base);
	assert_all_well("$HOME/.gnupg");
	run("gpgconf --kill all");
	assert_int_equal(chdir(base), 0);
	setenv("GNUPGHOME", "h", 1);
	assert_all_well("a relative GNUPGHOME");
	assert_int_equal(chdir("/"), 0);
	use_home("h");
	/* Temporary folders: none, no folder, relative, long. */
	setenv("TMPDIR", "/nonexistent", 1);
	assert_all_well("TMPDIR is not there");
	setenv("TMPDIR", ".", 1);
	assert_all_well("TMPDIR is relative");
	snprintf(path, sizeof(path), "%s/%090d", base, 7);
	assert_int_equal(mkdir(path, 0700), 0);
	setenv("TMPDIR", path, 1);
	assert_all_well("TMPDIR is too long for a socket");
	unsetenv("TMPDIR");
	assert_all_well("no TMPDIR");
	setenv("TMPDIR", tmp, 1);
	free(tmp);
}

/* Root may, and others where the system has user namespaces. */
static int
new_namespace(void)
{
	static const char *const files[] = { "/proc/self/setgroups",
		"/proc/self/uid_map", "/proc/self/gid_map" };
	unsigned int ids[] = { 0, getuid(), getgid() };
	size_t i;
	FILE *f;

	if (unshare(CLONE_NEWNS) == 0)
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
		return -1;
	for (i = 0; i < 3; i++) {
		if ((f = fopen(files[i], "we")) == NULL)
			return -1;
		if (i == 0)
			fputs("deny", f);
		else
			fprintf(f, "%u %u 1", ids[i], ids[i]);
		if (fclose(f) != 0)
			return -1;
	}
	return 0;
}

/* What is mounted here stays here.  In a chroot / is no mount, but /run may be one. */
static int
keep_mounts(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		return 0;
	return mount("none", "/run", NULL, MS_SLAVE, NULL);
}

/* In a mount namespace of our own, a /run/user/UID. */
static int
with_run_user(void)
{
	char path[64];
	struct bytes left, want;
	struct diag d = DIAG_INIT;

	if (new_namespace() == -1 || keep_mounts() == -1 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == -1 ||
	    mkdir("/run/user", 0755) == -1)
		return 77;
	snprintf(path, sizeof(path), "/run/user/%u", (unsigned int)getuid());
	if (mkdir(path, 0700) == -1)
		return 77;
	run("gpgconf --kill all; gpgconf --create-socketdir");
	want = output("ls %s/gnupg", path);
	if (want.len < 3 || want.data[0] != 'd')
		return 2;
	if (all_at_once(&d) != ST_OK) {
		fprintf(stderr, "%s: %s\n", d.rule, d.text);
		return 3;
	}
	/* The user's own folder for sockets, and no other. */
	left = output("ls %s/gnupg", path);
	if (left.len != want.len || memcmp(left.data, want.data, left.len) != 0)
		return 4;
	assert_clean();
	run("gpgconf --kill all");
	return 0;
}

static void
test_run_user(void **state)
{
	pid_t pid = fork();
	int ws;

	(void)state;
	if (pid == 0)
		_exit(with_run_user());
	assert_int_equal(waitpid(pid, &ws, 0), pid);
	assert_true(WIFEXITED(ws));
	if (WEXITSTATUS(ws) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(ws), 0);
}

/* A pinentry that answers by itself and writes down what it was told. */
static void
set_pinentry(const char *answer)
{
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\necho 'OK hello'\n"
	    "echo $$ >%s/pinentry.pid\n"
	    "while read line; do echo \"$line\" >>%s/pinentry.log\n"
	    "case $line in GETPIN) %s;; BYE) echo OK; exit 0;; *) echo OK;; esac\n"
	    "done\n", base, base, answer);
	spit("pinentry", text, 0755);
	snprintf(text, sizeof(text), "pinentry-program %s/pinentry\n", base);
	spit("pin/gpg-agent.conf", text, 0600);
	run("gpgconf --kill gpg-agent; rm -f %s/pinentry.log", base);
}

static void
test_passphrase(void **state)
{
	static const struct {
		const char *answer;
		enum status want;
		const char *why;
	} table[] = {
		{ "echo D secret; echo OK", ST_OK, "the right one" },
		{ "echo D wrong; echo OK", ST_HOST, "a wrong one" },
		{ "echo ERR 83886179 Operation cancelled", ST_HOST, "cancelled" },
		{ "exit 1", ST_HOST, "the pinentry is gone" },
	};
	struct gpg_cert cert;
	struct diag d = DIAG_INIT;
	struct bytes made = { 0 }, wrapped = { 0 }, log;
	struct gpg_wrapped w;
	uint8_t back[LEN];
	size_t i, used;

	(void)state;
	use_home("pin");
	run("gpg --batch --no-tty --quiet --pinentry-mode loopback --passphrase secret "
	    "--quick-gen-key 'Pin <pin@x.org>' rsa3072 sign,encr 0");
	setenv("GPG_TTY", "/dev/tty7", 1);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		enum status st;

		set_pinentry(table[i].answer);
		cert = find_key("pin@x.org", GPG_USE_SIGN);
		helper_set_left(25000);
		st = gpg_sign(&cert, (const uint8_t *)DOC, strlen(DOC), &made, &d);
		if (st != table[i].want)
			fail_msg("%s: %s: %s", table[i].why, d.rule, d.text);
		if (st != ST_OK)
			assert_string_equal(d.rule, "no-secret-key");
		bytes_free(&made);
		assert_int_equal(gpg_wrap(&cert, false, message, LEN, &wrapped, &d), ST_OK);
		run("gpgconf --kill gpg-agent");
		w = (struct gpg_wrapped){ cert.fpr, wrapped.data, wrapped.len };
		st = gpg_unwrap(&w, 1, false, back, LEN, &used, &d);
		if (st != table[i].want)
			fail_msg("%s: unwrap: %s: %s", table[i].why, d.rule, d.text);
		if (st != ST_OK)
			assert_string_equal(d.rule, "no-secret-key");
		/* The pinentry knew where to ask. */
		log = output("grep -c ttyname=/dev/tty7 %s/pinentry.log", base);
		assert_memory_equal(log.data, "2\n", 2);
		bytes_free(&log);
		bytes_free(&wrapped);
		gpg_cert_free(&cert);
		assert_clean();
	}
	run("gpgconf --kill gpg-agent");
	unsetenv("GPG_TTY");
	use_home("h");
}

/* ^C while the PIN is waited for. */
static int
interrupted_sign(const struct gpg_cert *cert)
{
	struct bytes made = { 0 };
	struct diag d = DIAG_INIT;
	double start = seconds();
	pid_t self = getpid();

	interrupt_install();
	if (fork() == 0) {
		usleep(1200000);
		kill(self, SIGINT);
		_exit(0);
	}
	if (gpg_sign(cert, (const uint8_t *)DOC, strlen(DOC), &made, &d) !=
	    ST_INTERRUPTED)
		return 1;
	if (seconds() - start > 4)
		return 2;
	while (wait(NULL) > 0)
		;
	return 0;
}

static void
test_interrupt(void **state)
{
	struct gpg_cert cert;
	struct bytes log;
	pid_t pid;
	int ws;

	(void)state;
	use_home("pin");
	set_pinentry("exec sleep 1000");
	cert = find_key("pin@x.org", GPG_USE_SIGN);
	if ((pid = fork()) == 0)
		_exit(interrupted_sign(&cert));
	assert_int_equal(waitpid(pid, &ws, 0), pid);
	assert_true(WIFEXITED(ws));
	assert_int_equal(WEXITSTATUS(ws), 0);
	/* It was really asking. */
	log = output("grep -c GETPIN %s/pinentry.log", base);
	assert_memory_equal(log.data, "1\n", 2);
	bytes_free(&log);
	assert_clean();
	gpg_cert_free(&cert);
	run("gpgconf --kill gpg-agent; kill $(cat %s/pinentry.pid) || true", base);
	use_home("h");
}

/* An agent that cannot start: what needs none works. */
static void
test_broken_agent(void **state)
{
	struct gpg_candidate c = { .fpr = signer.fpr, .data = sig.data, .len = sig.len };
	struct gpg_wrapped w = { signer.fpr, sealed.data, sealed.len };
	struct diag d = DIAG_INIT;
	struct bytes made = { 0 };
	uint8_t back[LEN];
	size_t used;

	(void)state;
	run("cp -r %s/h %s/dead && cd %s/dead && rm -f S.* && mkdir -p S.gpg-agent/x",
	    base, base, base);
	use_home("dead");
	helper_set_left(25000);
	assert_int_equal(gpg_sign(&signer, (const uint8_t *)DOC, strlen(DOC), &made,
	    &d), ST_HOST);
	assert_string_equal(d.rule, "gpg-agent");
	assert_int_equal(gpg_unwrap(&w, 1, false, back, LEN, &used, &d), ST_HOST);
	assert_int_equal(gpg_verify(trust, (const uint8_t *)DOC, strlen(DOC), &c, 1,
	    false, &d), ST_OK);
	assert_int_equal(c.status, ST_OK);
	assert_int_equal(gpg_wrap(&signer, false, message, LEN, &made, &d), ST_OK);
	bytes_free(&made);
	assert_clean();
}

static int
setup(void **state)
{
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	if (fixture_begin() == -1)
		return -1;
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
	use_home("h");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_hostile_conf, restore),
		cmocka_unit_test_teardown(test_agent, restore),
		cmocka_unit_test_teardown(test_homes, restore),
		cmocka_unit_test_teardown(test_run_user, restore),
		cmocka_unit_test_teardown(test_passphrase, restore),
		cmocka_unit_test_teardown(test_interrupt, restore),
		cmocka_unit_test_teardown(test_broken_agent, restore),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
