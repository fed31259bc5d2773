/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_fixture - throw-away key rings for the tests of bundle/gpg*.c, made with
 * the gpg program itself, and the question what was left behind.
 */
#ifndef SATCHEL_TESTS_GPG_FIXTURE_H
#define SATCHEL_TESTS_GPG_FIXTURE_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "bundle/gpg.h"
#include "bundle/helper.h"

/* Words for a gpg that asks nobody. */
#define GPG "gpg --batch --no-tty --quiet --yes --pinentry-mode loopback --passphrase '' "

/* Everything lies in here: user's home h, HOME home, TMPDIR t. */
static char base[] = "/tmp/sgt-XXXXXX";

/* Run a shell command; its last words on failure. */
static inline void __attribute__((format(printf, 1, 2)))
run(const char *fmt, ...)
{
	char cmd[4096], all[4400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "( %s ) >%s/log 2>&1", cmd, base);
	if (system(all) != 0) {
		snprintf(all, sizeof(all), "cat %s/log >&2", base);
		(void)!system(all);
		fail_msg("%s", cmd);
	}
}

/* What a shell command prints. */
static inline struct bytes __attribute__((format(printf, 1, 2)))
output(const char *fmt, ...)
{
	char cmd[4096], buf[4096];
	struct bytes b = { 0 };
	va_list ap;
	size_t n;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_non_null(f = popen(cmd, "re"));
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		bytes_append(&b, buf, n);
	pclose(f);
	assert_false(b.failed);
	return b;
}

static inline struct bytes
slurp(const char *name)
{
	char path[256];
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	if (file_read_path(path, 1 << 24, &b, &d) != ST_OK)
		fail_msg("%s", d.text);
	return b;
}

static inline void
spit(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_non_null(f = fopen(path, "we"));
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* The primary fingerprint for an address, in the home that GNUPGHOME names. */
static inline char *
fpr_of(const char *address)
{
	struct bytes b = output("gpg --batch --no-tty --quiet --with-colons "
	    "--list-keys '<%s>' 2>%s/log | sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -n 1",
	    address, base);
	char *s;

	assert_true(b.len >= 40);
	s = strndup((char *)b.data, 40);
	assert_non_null(s);
	bytes_free(&b);
	return s;
}

static inline void
use_home(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	(void)mkdir(path, 0700);
	setenv("GNUPGHOME", path, 1);
}

/* A key in the home that GNUPGHOME names. */
static inline void
make_key(const char *uid, const char *algo, const char *usage)
{
	run(GPG "--allow-freeform-uid --quick-gen-key '%s' %s %s 0", uid, algo, usage);
}

static inline void
add_subkey(const char *address, const char *algo, const char *usage)
{
	char *fpr = fpr_of(address);

	run(GPG "--quick-add-key %s %s %s 0", fpr, algo, usage);
	free(fpr);
}

/* A private folder or process of ours that is still there. */
static inline void
assert_clean(void)
{
	struct bytes b = output("ls -A %s/t; grep -lsa '%s/t/' /proc/[0-9]*/cmdline",
	    base, base);

	/* The shell that asks names the folder itself. */
	if (b.len > 0) {
		char *list = strndup((char *)b.data, b.len);
		char *line, *save = NULL;
		int left = 0;

		for (line = strtok_r(list, "\n", &save); line != NULL;
		    line = strtok_r(NULL, "\n", &save))
			if (strncmp(line, "/proc/", 6) != 0 || access(line, F_OK) == 0)
				left++;
		if (left > 0)
			fail_msg("left behind: %s", (char *)b.data);
		free(list);
	}
	bytes_free(&b);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static inline double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static inline int
fixture_begin(void)
{
	char path[256];

	if (mkdtemp(base) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/t", base);
	if (mkdir(path, 0700) == -1)
		return -1;
	setenv("TMPDIR", path, 1);
	snprintf(path, sizeof(path), "%s/home", base);
	if (mkdir(path, 0700) == -1)
		return -1;
	setenv("HOME", path, 1);
	unsetenv("GPG_TTY");
	unsetenv("DISPLAY");
	use_home("h");
	return 0;
}

/* End the agents of all homes in here, and remove everything. */
static inline int
fixture_end(void)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "for d in %s/*/; do "
	    "GNUPGHOME=${d%%/} gpgconf --kill all; "
	    "GNUPGHOME=${d%%/} gpgconf --remove-socketdir; done >%s/log 2>&1; "
	    "rm -rf %s", base, base, base);
	return system(cmd) == 0 ? 0 : -1;
}

/* The trust that a file of certificates makes. */
static inline struct gpg_trust *
trust_of(const char *name)
{
	struct bytes data = slurp(name);
	struct gpg_trust *t = NULL;
	struct diag d = DIAG_INIT;

	helper_set_left(25000);
	if (gpg_trust_load(&data, &t, &d) != ST_OK)
		fail_msg("%s: %s: %s", name, d.rule, d.text);
	bytes_free(&data);
	return t;
}

static inline struct gpg_cert
find_key(const char *who, enum gpg_use use)
{
	struct gpg_cert c;
	struct diag d = DIAG_INIT;

	helper_set_left(25000);
	if (gpg_find_key(who, use, &c, &d) != ST_OK)
		fail_msg("%s: %s: %s", who, d.rule, d.text);
	return c;
}

#endif
