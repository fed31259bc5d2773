/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_file - what is opened, what is refused, what is left behind when a
 * write fails, and signals.  No test here reads a bundle.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"

static char top[64];
static int dir = -1;

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/satchel-file-XXXXXX");
	if (mkdtemp(top) == NULL ||
	    (dir = open(top, O_RDONLY | O_DIRECTORY)) == -1)
		return -1;
	return 0;
}

static int
teardown(void **state)
{
	struct diag d = DIAG_INIT;
	enum status st;

	(void)state;
	fd_close(&dir);
	if (dir_open_path("/tmp", &dir, &d) != ST_OK)
		return -1;
	st = dir_remove_tree(dir, top + strlen("/tmp/"), &d);
	fd_close(&dir);
	return st == ST_OK ? 0 : -1;
}

static void
make(const char *name, const char *text)
{
	struct diag d = DIAG_INIT;

	assert_int_equal(file_put(dir, name, 0644, text, strlen(text), &d),
	    ST_OK);
}

/* What a hostile medium can hold under the name that we open. */
static void
test_open_read(void **state)
{
	static const struct {
		const char *name;
		enum status st;
		const char *rule;
	} table[] = {
		{ "plain", ST_OK, "" },
		{ "empty", ST_OK, "" },
		{ "absent", ST_INCOMPLETE, "missing" },
		{ "link", ST_HOST, "not-regular" },
		{ "dangling", ST_HOST, "not-regular" },
		{ "fifo", ST_HOST, "not-regular" },
		{ "socket", ST_HOST, "not-regular" },
		{ "directory", ST_HOST, "not-regular" },
		{ "linked/plain", ST_INTERNAL, "file-name" },
		{ "..", ST_INTERNAL, "file-name" },
		{ "", ST_INTERNAL, "file-name" },
	};
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t i;
	int s;

	(void)state;
	make("plain", "twelve bytes");
	make("empty", "");
	assert_int_equal(symlinkat("plain", dir, "link"), 0);
	assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);
	assert_int_equal(symlinkat(".", dir, "linked"), 0);
	assert_int_equal(mkfifoat(dir, "fifo", 0644), 0);
	assert_int_equal(mkdirat(dir, "directory", 0755), 0);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/socket", top);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(s, (struct sockaddr *)&un, sizeof(un)), 0);
	close(s);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct diag d = DIAG_INIT;
		struct bytes b = { 0 };
		uint64_t size = 99;
		int fd = -2;

		if (file_open_read(dir, table[i].name, &fd, &size, &d) !=
		    table[i].st || strcmp(d.rule, table[i].rule) != 0)
			fail_msg("%s: %s (%s)", table[i].name, d.text, d.rule);
		assert_true(table[i].st == ST_OK ? fd >= 0 : fd == -1);
		fd_close(&fd);
		assert_int_equal(file_read_whole(dir, table[i].name, 100, &b,
		    &d), table[i].st);
		bytes_free(&b);
	}
}

/* Somebody else puts a link and a file in turn under one name. */
static void *
swap(void *arg)
{
	atomic_bool *stop = arg;
	int fd;

	while (!atomic_load(stop)) {
		if (symlinkat("secret", dir, "swap-new") == 0)
			(void)renameat(dir, "swap-new", dir, "swap");
		fd = openat(dir, "swap-new", O_WRONLY | O_CREAT | O_EXCL, 0644);
		fd_close(&fd);
		(void)renameat(dir, "swap-new", dir, "swap");
	}
	return NULL;
}

/* Looking first and opening then leaves no gap in which a link is followed. */
static void
test_open_race(void **state)
{
	atomic_bool stop = false;
	struct stat secret, sb;
	pthread_t thread;
	uint64_t size;
	int i, fd;

	(void)state;
	make("secret", "of someone else");
	make("swap", "");
	assert_int_equal(fstatat(dir, "secret", &secret, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, swap, &stop), 0);
	for (i = 0; i < 20000; i++) {
		struct diag d = DIAG_INIT;

		if (file_open_read(dir, "swap", &fd, &size, &d) != ST_OK)
			continue;
		if (fstat(fd, &sb) == -1 || sb.st_ino == secret.st_ino)
			break;
		fd_close(&fd);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(i, 20000);
}

static void
test_read_whole(void **state)
{
	static const struct {
		uint64_t cap;
		enum status st;
	} table[] = {
		{ 12, ST_OK }, { 1000, ST_OK },
		{ 11, ST_MALFORMED }, { 0, ST_MALFORMED },
	};
	char path[128];
	size_t i;

	(void)state;
	make("whole", "twelve bytes");
	snprintf(path, sizeof(path), "%s/whole-link", top);
	assert_int_equal(symlinkat("whole", dir, "whole-link"), 0);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct diag d = DIAG_INIT;
		struct bytes b = { 0 };

		assert_int_equal(file_read_whole(dir, "whole", table[i].cap, &b,
		    &d), table[i].st);
		if (table[i].st != ST_OK) {
			assert_string_equal(d.rule, "over-cap");
			assert_null(b.data);
			continue;
		}
		/* A path that a person gave may be a link. */
		assert_int_equal(file_read_path(path, table[i].cap, &b, &d),
		    ST_OK);
		assert_int_equal(b.len, 24);
		assert_memory_equal(b.data, "twelve bytestwelve bytes", 24);
		bytes_free(&b);
	}
}

static void
test_read_path_refusals(void **state)
{
	struct diag d = DIAG_INIT;
	struct bytes b = { 0 };

	(void)state;
	assert_int_equal(file_read_path("/nonexistent/x", 9, &b, &d), ST_HOST);
	assert_string_equal(d.rule, "missing");
	assert_int_equal(file_read_path("/dev/null", 9, &b, &d), ST_HOST);
	assert_string_equal(d.rule, "not-regular");
	assert_int_equal(file_read_path(top, 9, &b, &d), ST_HOST);
	assert_string_equal(d.rule, "not-regular");
}

static void
test_pread(void **state)
{
	static const struct {
		size_t len;
		uint64_t offset;
		enum status st;
		const char *rule;
	} table[] = {
		{ 12, 0, ST_OK, "" },
		{ 2, 10, ST_OK, "" },
		{ 0, 12, ST_OK, "" },
		{ 13, 0, ST_DAMAGED, "short" },
		{ 1, 12, ST_DAMAGED, "short" },
		{ 1, 1000000, ST_DAMAGED, "short" },
		{ 1, UINT64_MAX, ST_INTERNAL, "file-offset" },
		{ 2, INT64_MAX - 1, ST_INTERNAL, "file-offset" },
	};
	struct diag d = DIAG_INIT;
	uint64_t size;
	char buf[16];
	size_t i;
	int fd;

	(void)state;
	make("pread", "twelve bytes");
	assert_int_equal(file_open_read(dir, "pread", &fd, &size, &d), ST_OK);
	assert_int_equal(size, 12);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct diag e = DIAG_INIT;

		assert_int_equal(file_pread(fd, buf, table[i].len,
		    table[i].offset, &e), table[i].st);
		assert_string_equal(e.rule, table[i].rule);
	}
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(file_pread(dir, buf, 1, 0, &d), ST_HOST);
}

static void
test_create_and_replace(void **state)
{
	struct diag d = DIAG_INIT;
	struct bytes b = { 0 };
	struct stat sb;
	int fd;

	(void)state;
	make("kept", "old");
	assert_int_equal(file_put(dir, "kept", 0644, "new", 3, &d), ST_HOST);
	assert_string_equal(d.rule, "exists");
	/* A link is never written through, not even one that leads nowhere. */
	assert_int_equal(symlinkat("target", dir, "trap"), 0);
	assert_int_equal(file_create(dir, "trap", 0644, &fd, &d), ST_HOST);
	assert_int_equal(faccessat(dir, "target", F_OK, 0), -1);
	/* What a killed run left does not stand in the way. */
	make(".part-kept", "rubbish of a killed run");
	assert_int_equal(file_replace(dir, "kept", 0600, "newer", 5, &d), ST_OK);
	assert_int_equal(file_read_whole(dir, "kept", 99, &b, &d), ST_OK);
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.data, "newer", 5);
	bytes_free(&b);
	assert_int_equal(fstatat(dir, "kept", &sb, 0), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	assert_int_equal(faccessat(dir, ".part-kept", F_OK, 0), -1);
	/* A name that cannot be replaced: nothing is left beside it. */
	assert_int_equal(mkdirat(dir, "blocked", 0755), 0);
	assert_int_equal(file_replace(dir, "blocked", 0644, "x", 1, &d),
	    ST_HOST);
	assert_int_equal(faccessat(dir, ".part-blocked", F_OK, 0), -1);
}

/* No space: the file that was begun is removed. */
static void
test_write_failure(void **state)
{
	struct rlimit old, low;
	struct diag d = DIAG_INIT;
	char big[8192] = { 0 };

	(void)state;
	interrupt_install();		/* SIGXFSZ is an error, not the end */
	make("survivor", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	assert_int_equal(file_put(dir, "big", 0644, big, sizeof(big), &d),
	    ST_HOST);
	assert_int_equal(file_replace(dir, "survivor", 0644, big, sizeof(big),
	    &d), ST_HOST);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(faccessat(dir, "big", F_OK, 0), -1);
	assert_int_equal(faccessat(dir, ".part-survivor", F_OK, 0), -1);
	assert_int_equal(faccessat(dir, "survivor", F_OK, 0), 0);
}

static void
test_directories(void **state)
{
	struct diag d = DIAG_INIT;
	char path[128];
	int fd, sub;

	(void)state;
	assert_int_equal(dir_make(dir, "made", 0700, false, &fd, &d), ST_OK);
	assert_int_equal(dir_sync(fd, "made", &d), ST_OK);
	assert_int_equal(dir_make(dir, "made", 0700, false, &sub, &d), ST_HOST);
	assert_string_equal(d.rule, "exists");
	assert_int_equal(sub, -1);
	assert_int_equal(dir_make(dir, "made", 0700, true, &sub, &d), ST_OK);
	fd_close(&sub);
	fd_close(&fd);
	assert_int_equal(symlinkat("made", dir, "made-link"), 0);
	make("made-file", "");
	assert_int_equal(dir_open(dir, "made-link", &fd, &d), ST_HOST);
	assert_string_equal(d.rule, "not-directory");
	assert_int_equal(dir_open(dir, "made-file", &fd, &d), ST_HOST);
	assert_string_equal(d.rule, "not-directory");
	assert_int_equal(dir_open(dir, "made-absent", &fd, &d), ST_INCOMPLETE);
	assert_string_equal(d.rule, "missing");
	assert_int_equal(dir_open(dir, "..", &fd, &d), ST_INTERNAL);
	assert_int_equal(dir_open(dir, "made/x", &fd, &d), ST_INTERNAL);
	/* "existing" takes no link either. */
	assert_int_equal(dir_make(dir, "made-link", 0700, true, &fd, &d),
	    ST_HOST);
	/* What a person named may be a link. */
	snprintf(path, sizeof(path), "%s/made-link", top);
	assert_int_equal(dir_open_path(path, &fd, &d), ST_OK);
	fd_close(&fd);
	assert_int_equal(dir_open_path("/nonexistent", &fd, &d), ST_HOST);
}

static void
test_dir_of_path(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "file", "." }, { "a/file", "a" }, { "/file", "/" },
		{ "/a/b/file", "/a/b" }, { "../file", ".." }, { "a/", "a" },
		{ "", "." },
	};
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = dir_of_path(cases[i].path);
		assert_non_null(got);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void
test_list_and_remove(void **state)
{
	static const char *const want[] = { ".hidden", "Z", "a", "a b", "b",
	    "link", "\xc3\xa9" };
	struct diag d = DIAG_INIT;
	char **names = NULL;
	size_t n = 0, i, round;
	int fd, sub;

	(void)state;
	make("outside", "must stay");
	assert_int_equal(dir_make(dir, "list", 0755, false, &fd, &d), ST_OK);
	assert_int_equal(dir_list(fd, &names, &n, &d), ST_OK);
	assert_int_equal(n, 0);
	dir_list_free(names, n);
	for (i = 7; i-- > 0; ) {
		if (strcmp(want[i], "link") == 0)
			assert_int_equal(symlinkat("../outside", fd, "link"), 0);
		else if (strcmp(want[i], "b") == 0) {
			assert_int_equal(dir_make(fd, "b", 0755, false, &sub, &d),
			    ST_OK);
			assert_int_equal(symlinkat("../..", sub, "up"), 0);
			assert_int_equal(file_put(sub, "deep", 0600, "", 0, &d),
			    ST_OK);
			fd_close(&sub);
		} else
			assert_int_equal(file_put(fd, want[i], 0644, "", 0, &d),
			    ST_OK);
	}
	/* Twice from one descriptor: its position does not matter. */
	for (round = 0; round < 2; round++) {
		assert_int_equal(dir_list(fd, &names, &n, &d), ST_OK);
		assert_int_equal(n, 7);
		for (i = 0; i < n; i++)
			assert_string_equal(names[i], want[i]);
		dir_list_free(names, n);
	}
	fd_close(&fd);
	assert_int_equal(dir_remove_tree(dir, "list", &d), ST_OK);
	assert_int_equal(faccessat(dir, "list", F_OK, 0), -1);
	assert_int_equal(faccessat(dir, "outside", F_OK, 0), 0);
	/* A link to a directory is removed, not what it leads to. */
	assert_int_equal(mkdirat(dir, "real", 0755), 0);
	assert_int_equal(symlinkat("real", dir, "to-real"), 0);
	assert_int_equal(dir_remove_tree(dir, "to-real", &d), ST_OK);
	assert_int_equal(faccessat(dir, "real", F_OK, 0), 0);
	assert_int_equal(dir_remove_tree(dir, "never-was", &d), ST_OK);
	assert_int_equal(dir_remove_tree(dir, "..", &d), ST_INTERNAL);
	assert_int_equal(dir_remove_tree(dir, ".", &d), ST_INTERNAL);
}

/* How a child ends that gets these signals one after the other. */
static int
child(int first, int second, bool ignored)
{
	pid_t pid;
	int status;

	if ((pid = fork()) == 0) {
		struct diag d = DIAG_INIT;

		signal(first, ignored ? SIG_IGN : SIG_DFL);
		interrupt_install();
		raise(SIGPIPE);
		if (interrupted() || interrupt_check(&d) != ST_OK)
			_exit(1);
		raise(first);
		if (interrupted() == ignored ||
		    interrupt_check(&d) != (ignored ? ST_OK : ST_INTERRUPTED))
			_exit(2);
		if (second != 0)
			raise(second);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
test_signals(void **state)
{
	static const struct {
		int first, second;
		bool ignored;
		int end;		/* exit status, or minus the signal */
	} table[] = {
		{ SIGINT, 0, false, 0 },
		{ SIGTERM, 0, false, 0 },
		{ SIGHUP, 0, false, 0 },
		{ SIGINT, SIGTERM, false, 0 },	/* of another kind */
		{ SIGINT, SIGINT, false, -SIGINT },
		{ SIGTERM, SIGTERM, false, -SIGTERM },
		{ SIGHUP, SIGHUP, true, 0 },	/* nohup */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(child(table[i].first, table[i].second,
		    table[i].ignored), table[i].end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_read),
		cmocka_unit_test(test_open_race),
		cmocka_unit_test(test_read_whole),
		cmocka_unit_test(test_read_path_refusals),
		cmocka_unit_test(test_pread),
		cmocka_unit_test(test_create_and_replace),
		cmocka_unit_test(test_write_failure),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_dir_of_path),
		cmocka_unit_test(test_list_and_remove),
		cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
