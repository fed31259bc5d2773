/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_helper - the bounded child: what comes back, what is refused, and what
 * it has around it.
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/helper.h"
#include "manifests/caps.h"

static const char *const rules[] = { "my-rule", NULL };

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* What a job's function is asked to do. */
enum deed { FINE, BIG, EMPTY, REFUSE, BAD_RULE, NO_RULE, BAD_STATUS, ABORT,
	QUIETLY_GONE, JUNK, SHORT, FLOOD, SLEEP, SPIN };

static enum status
act(void *arg, struct bytes *out, struct diag *d)
{
	static const char junk[] = "this is no result at all, whatever it is";
	char block[4096] = { 0 };
	int i;

	switch (*(enum deed *)arg) {
	case FINE:
		bytes_append(out, "hello\0there", 11);
		return ST_OK;
	case BIG:
		for (i = 0; i < 512; i++)
			bytes_append(out, block, sizeof(block));
		return ST_OK;
	case EMPTY:
		return ST_OK;
	case REFUSE:
		bytes_append(out, "secret", 6);
		diag_set(d, ST_UNTRUSTED, "my-rule", "no: %s", "because");
		diag_hint(d, "do it");
		return ST_UNTRUSTED;
	case BAD_RULE:
		return diag_set(d, ST_UNTRUSTED, "her-rule", "no");
	case NO_RULE:
		return ST_UNTRUSTED;
	case BAD_STATUS:
		diag_set(d, ST_OK, "my-rule", "no");
		return (enum status)77;
	case ABORT:
		abort();
	case QUIETLY_GONE:
		_exit(0);
	case JUNK:
		if (write(3, junk, sizeof(junk)) == -1)
			_exit(9);
		_exit(0);
	case SHORT:
		if (write(3, "SHLP\0\0\0\0", 8) == -1)
			_exit(9);
		_exit(0);
	case FLOOD:
		while (write(3, block, sizeof(block)) > 0)
			;
		_exit(0);
	case SLEEP:
		sleep(1000);
		return ST_OK;
	case SPIN:
		for (;;)
			;
	}
	return ST_INTERNAL;
}

static void
test_results(void **state)
{
	static const struct {
		enum deed deed;
		size_t cap;
		enum status want;
		const char *rule;
		const char *why;
	} table[] = {
		{ FINE, 100, ST_OK, "", "bytes with a NUL come through" },
		{ FINE, 11, ST_OK, "", "exactly the cap" },
		{ FINE, 10, ST_HOST, "gpg-failed", "one more than the cap" },
		{ BIG, 4 * MIB, ST_OK, "", "more than a pipe holds" },
		{ EMPTY, 0, ST_OK, "", "nothing" },
		{ REFUSE, 100, ST_UNTRUSTED, "my-rule", "a refusal with its diag" },
		{ BAD_RULE, 100, ST_HOST, "gpg-failed", "a rule that was not announced" },
		{ NO_RULE, 100, ST_HOST, "gpg-failed", "a refusal without a rule" },
		{ BAD_STATUS, 100, ST_HOST, "gpg-failed", "no such status" },
		{ ABORT, 100, ST_HOST, "gpg-failed", "it crashed" },
		{ QUIETLY_GONE, 100, ST_HOST, "gpg-failed", "it said nothing" },
		{ JUNK, 100, ST_HOST, "gpg-failed", "no magic number" },
		{ SHORT, 100, ST_HOST, "gpg-failed", "cut" },
		{ FLOOD, 100, ST_HOST, "gpg-failed", "it never ends" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct helper_job job = { .cap = table[i].cap, .rules = rules };
		enum deed deed = table[i].deed;
		struct bytes out = { 0 };
		struct diag d = DIAG_INIT;
		enum status st;

		helper_set_left(25000);
		bytes_string(&out, "before");
		st = helper_run(&job, act, &deed, &out, &d);
		if (st != table[i].want || (st != ST_OK &&
		    strcmp(d.rule, table[i].rule) != 0))
			fail_msg("%s: %s, rule %s: %s", table[i].why,
			    status_name(st), d.rule, d.text);
		assert_memory_equal(out.data, "before", 6);
		if (st != ST_OK)
			assert_int_equal(out.len, 6);
		if (deed == FINE && st == ST_OK) {
			assert_int_equal(out.len, 17);
			assert_memory_equal(out.data + 6, "hello\0there", 11);
		}
		if (deed == BIG)
			assert_int_equal(out.len, 6 + 2 * MIB);
		if (deed == REFUSE) {
			assert_string_equal(d.text, "no: because");
			assert_string_equal(d.hint, "do it");
		}
		bytes_free(&out);
	}
}

static void
test_deadline_is_shared(void **state)
{
	struct helper_job job = { .cap = 10, .rules = rules };
	enum deed sleeper = SLEEP, fine = EMPTY, spin = SPIN;
	struct diag d = DIAG_INIT;
	struct bytes out = { 0 };
	double start;

	(void)state;
	helper_set_left(25000);
	assert_int_equal(helper_left(), 25000);
	helper_set_left(400);
	start = seconds();
	assert_int_equal(helper_run(&job, act, &sleeper, &out, &d), ST_HOST);
	assert_string_equal(d.rule, "gpg-timeout");
	assert_true(seconds() - start > 0.35 && seconds() - start < 2);
	assert_int_equal(helper_left(), 0);
	/* Nothing is left for the next, not even for one that is quick. */
	start = seconds();
	assert_int_equal(helper_run(&job, act, &sleeper, &out, &d), ST_HOST);
	assert_string_equal(d.rule, "gpg-timeout");
	assert_true(seconds() - start < 1);
	/* What removes things has time of its own, and what waits for a person too. */
	job.cleanup = true;
	assert_int_equal(helper_run(&job, act, &fine, &out, &d), ST_OK);
	start = seconds();
	assert_int_equal(helper_run(&job, act, &spin, &out, &d), ST_HOST);
	assert_string_equal(d.rule, "gpg-timeout");
	assert_true(seconds() - start < 4);
	job.cleanup = false;
	job.person = true;
	assert_int_equal(helper_run(&job, act, &fine, &out, &d), ST_OK);
	helper_set_left(25000);
	job.person = false;
	assert_int_equal(helper_run(&job, act, &fine, &out, &d), ST_OK);
	assert_true(helper_left() < 25000 + 1);
	bytes_free(&out);
}

/* The environment, line by line; then what is open; then limits. */
static enum status
look_around(void *arg, struct bytes *out, struct diag *d)
{
	struct rlimit rl;
	struct stat sb, null;
	size_t i;
	int fd;

	(void)arg;
	(void)d;
	for (i = 0; environ[i] != NULL; i++)
		bytes_printf(out, "%s\n", environ[i]);
	for (fd = 0; fd < 1000; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			bytes_printf(out, "fd %d\n", fd);
	if (stat("/dev/null", &null) == 0)
		for (fd = 0; fd < 3; fd++)
			if (fstat(fd, &sb) == 0 && sb.st_rdev == null.st_rdev)
				bytes_printf(out, "null %d\n", fd);
	getrlimit(RLIMIT_CORE, &rl);
	bytes_printf(out, "core %d %d\n", (int)rl.rlim_cur, (int)rl.rlim_max);
	getrlimit(RLIMIT_FSIZE, &rl);
	bytes_printf(out, "fsize %llu\n", (unsigned long long)rl.rlim_cur);
	bytes_printf(out, "leader %d\n", getsid(0) == getpid());
	bytes_printf(out, "dumpable %d\n", prctl(PR_GET_DUMPABLE));
	return ST_OK;
}

/* In the child, as the user: env of a program. */
static enum status
look_as_user(void *arg, struct bytes *out, struct diag *d)
{
	char path[256], core[] = "ulimit -c; ulimit -n; env", flag[] = "-c";
	char *argv[] = { path, flag, core, NULL };
	enum status st;
	int code;

	if ((st = helper_find_program("sh", path, sizeof(path), d)) != ST_OK)
		return st;
	if ((st = helper_exec(argv, *(bool *)arg, 65536, out, &code, d)) != ST_OK)
		return st;
	return code == 0 ? ST_OK : diag_set(d, ST_HOST, "my-rule", "code %d", code);
}

static bool
has_line(const struct bytes *text, const char *line)
{
	const char *p = (const char *)text->data, *end = p + text->len, *nl;

	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		if (strncmp(p, line, strlen(line)) == 0)
			return true;
	}
	return false;
}

static void
test_surroundings(void **state)
{
	struct helper_job job = { .cap = 65536, .rules = rules, .home = "/tmp" };
	struct bytes out = { 0 };
	struct diag d = DIAG_INIT;
	char path[PATH_MAX + 100];
	char *old = strdup(getenv("PATH"));
	bool as_user;
	int extra;

	(void)state;
	helper_set_left(25000);
	assert_non_null(old);
	extra = open("/dev/zero", O_RDONLY);	/* no CLOEXEC */
	assert_true(extra != -1);
	snprintf(path, sizeof(path), "relative:.:%s", old);
	setenv("PATH", path, 1);
	setenv("GNUPGHOME", "/nowhere", 1);
	setenv("LD_PRELOAD", "", 1);
	setenv("SATCHEL_SECRET", "x", 1);
	setenv("DISPLAY", ":7", 1);
	setenv("GPG_TTY", "/dev/tty9", 1);
	assert_int_equal(helper_run(&job, look_around, NULL, &out, &d), ST_OK);
	assert_true(has_line(&out, "HOME=/tmp\n"));
	assert_true(has_line(&out, "LC_ALL=C\n"));
	assert_true(has_line(&out, "TZ=UTC\n"));
	assert_true(has_line(&out, "PATH=/"));
	assert_false(has_line(&out, "GNUPGHOME"));
	assert_false(has_line(&out, "LD_PRELOAD"));
	assert_false(has_line(&out, "SATCHEL_SECRET"));
	assert_false(has_line(&out, "DISPLAY"));
	assert_false(has_line(&out, "GPG_TTY"));
	assert_true(has_line(&out, "null 0\n"));
	assert_true(has_line(&out, "null 1\n"));
	assert_true(has_line(&out, "null 2\n"));
	assert_true(has_line(&out, "fd 3\n"));
	assert_false(has_line(&out, "fd 4\n"));
	assert_false(has_line(&out, "fd 5\n"));
	assert_false(has_line(&out, "fd 6\n"));
	assert_true(has_line(&out, "core 0 0\n"));
	assert_true(has_line(&out, "fsize 67108864\n"));
	assert_true(has_line(&out, "leader 1\n"));
	assert_true(has_line(&out, "dumpable 0\n"));
	bytes_free(&out);
	job.person = job.user = true;
	assert_int_equal(helper_run(&job, look_around, NULL, &out, &d), ST_OK);
	assert_true(has_line(&out, "DISPLAY=:7\n"));
	assert_true(has_line(&out, "GPG_TTY=/dev/tty9\n"));
	assert_false(has_line(&out, "SATCHEL_SECRET"));
	bytes_free(&out);
	/* A command of the user's has what the user has. */
	as_user = true;
	if (helper_run(&job, look_as_user, &as_user, &out, &d) != ST_OK)
		fail_msg("%s: %s", d.rule, d.text);
	assert_true(has_line(&out, "SATCHEL_SECRET=x\n"));
	assert_true(has_line(&out, "GNUPGHOME=/nowhere\n"));
	assert_false(has_line(&out, "256\n"));
	bytes_free(&out);
	as_user = false;
	assert_int_equal(helper_run(&job, look_as_user, &as_user, &out, &d), ST_OK);
	assert_true(has_line(&out, "0\n"));
	assert_true(has_line(&out, "256\n"));
	assert_false(has_line(&out, "SATCHEL_SECRET"));
	bytes_free(&out);
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(helper_run(&job, look_as_user, &as_user, &out, &d), ST_HOST);
	assert_string_equal(d.rule, "gpg-missing");
	setenv("PATH", old, 1);
	unsetenv("GNUPGHOME");
	unsetenv("LD_PRELOAD");
	unsetenv("SATCHEL_SECRET");
	unsetenv("DISPLAY");
	unsetenv("GPG_TTY");
	bytes_free(&out);
	free(old);
	close(extra);
}

/* Programs that say too much, too little, or end badly. */
static enum status
run_shell(void *arg, struct bytes *out, struct diag *d)
{
	char path[256], flag[] = "-c", script[256], *argv[] = { path, flag, script, NULL };
	enum status st;
	int code;

	snprintf(script, sizeof(script), "%s", (const char *)arg);
	if ((st = helper_find_program("sh", path, sizeof(path), d)) != ST_OK ||
	    (st = helper_exec(argv, false, 1000, out, &code, d)) != ST_OK)
		return st;
	helper_put_u32(out, (uint32_t)code);
	return ST_OK;
}

static void
test_exec(void **state)
{
	static const struct {
		const char *script;
		enum status want;
		const char *rule;
		uint32_t code;
	} table[] = {
		{ "echo out; echo err >&2", ST_OK, "", 0 },
		{ "exit 3", ST_OK, "", 3 },
		{ "kill -9 $$", ST_OK, "", UINT32_MAX },
		{ "read x && exit 4; exit 5", ST_OK, "", 5 },
		{ "while :; do echo a line that never ends; done", ST_HOST,
			"gpg-garbage", 0 },
	};
	struct helper_job job = { .cap = 65536, .rules = rules };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bytes out = { 0 };
		struct diag d = DIAG_INIT;
		char script[256];

		helper_set_left(5000);
		snprintf(script, sizeof(script), "%s", table[i].script);
		assert_int_equal(helper_run(&job, run_shell, script, &out, &d),
		    table[i].want);
		if (table[i].want == ST_OK) {
			assert_true(out.len >= 4);
			assert_int_equal(get_le32(out.data + out.len - 4),
			    table[i].code);
		} else
			assert_string_equal(d.rule, table[i].rule);
		if (i == 0)
			assert_memory_equal(out.data, "out\n", 4);
		bytes_free(&out);
	}
}

#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifndef WITH_SANITIZER
#define WITH_SANITIZER 0
#endif

/* No more memory than is left over. */
static enum status
take_memory(void *arg, struct bytes *out, struct diag *d)
{
	void *p;

	(void)arg;
	(void)out;
	if ((p = malloc((size_t)3 << 30)) != NULL) {
		free(p);
		return diag_set(d, ST_HOST, "my-rule", "got 3 GiB");
	}
	return ST_OK;
}

static void
test_memory(void **state)
{
	struct helper_job job = { .cap = 100, .rules = rules };
	struct bytes out = { 0 };
	struct diag d = DIAG_INIT;

	(void)state;
	helper_set_left(25000);
	/* A sanitizer needs terabytes: no limit there. */
	assert_int_equal(helper_run(&job, take_memory, NULL, &out, &d),
	    WITH_SANITIZER ? ST_HOST : ST_OK);
}

static void
test_reader(void **state)
{
	struct bytes b = { 0 };
	struct helper_reader r;
	struct diag d = DIAG_INIT, e = DIAG_INIT;
	char text[6];
	size_t len, cut;

	(void)state;
	helper_put_u32(&b, 0xFFFFFFFF);
	helper_put_string(&b, "12345");
	helper_put_bytes(&b, "\0\1", 2);
	diag_set(&d, ST_HOST, "my-rule", "text");
	diag_hint(&d, "hint");
	helper_put_diag(&b, &d);
	r = (struct helper_reader){ b.data, b.len, false };
	assert_int_equal(helper_get_u32(&r), 0xFFFFFFFF);
	helper_get_string(&r, text, sizeof(text));
	assert_string_equal(text, "12345");
	assert_memory_equal(helper_get_bytes(&r, &len), "\0\1", 2);
	helper_get_diag(&r, rules, &e);
	assert_false(r.failed);
	assert_int_equal(r.len, 0);
	assert_string_equal(e.rule, "my-rule");
	assert_string_equal(e.text, "text");
	assert_string_equal(e.hint, "hint");
	/* Cut anywhere it fails, and reads nothing that is not there. */
	for (cut = 0; cut < b.len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		assert_non_null(copy);
		memcpy(copy, b.data, cut);
		r = (struct helper_reader){ copy, cut, false };
		(void)helper_get_u32(&r);
		helper_get_string(&r, text, sizeof(text));
		(void)helper_get_bytes(&r, &len);
		helper_get_diag(&r, rules, &e);
		assert_true(r.failed);
		free(copy);
	}
	/* Too long for its buffer; a NUL inside; a length beyond all. */
	r = (struct helper_reader){ b.data + 4, b.len - 4, false };
	helper_get_string(&r, text, 5);
	assert_true(r.failed);
	r = (struct helper_reader){ b.data + 13, b.len - 13, false };
	helper_get_string(&r, text, sizeof(text));
	assert_true(r.failed);
	r = (struct helper_reader){ b.data, b.len, false };
	assert_null(helper_get_bytes(&r, &len));
	assert_true(r.failed);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_deadline_is_shared),
		cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
