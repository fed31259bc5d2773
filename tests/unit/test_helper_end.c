/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_helper_end - that nothing is left of a bounded child: after it is done,
 * after a signal, and after the program itself was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "bundle/helper.h"

static const char *const rules[] = { "my-rule", NULL };

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Long, without an argument. */
static enum status
rest(void *arg, struct bytes *out, struct diag *d)
{
	(void)out;
	(void)d;
	if (arg == NULL)
		sleep(1000);
	return ST_OK;
}

/* Leaves two processes behind, tells who they are. */
static enum status
leave_behind(void *arg, struct bytes *out, struct diag *d)
{
	pid_t a, b;

	(void)d;
	if ((a = fork()) == 0) {
		signal(SIGTERM, SIG_IGN);
		sleep(1000);
		_exit(0);
	}
	if ((b = fork()) == 0) {
		for (;;)
			;
	}
	helper_put_u32(out, (uint32_t)a);
	helper_put_u32(out, (uint32_t)b);
	helper_put_u32(out, (uint32_t)getpid());
	if (arg != NULL) {
		int fd = open(arg, O_WRONLY | O_CREAT, 0600);

		if (write(fd, out->data, out->len) == -1)
			_exit(1);
		close(fd);
		sleep(1000);
	}
	return ST_OK;
}

static bool
is_gone(uint32_t pid)
{
	return kill((pid_t)pid, 0) == -1 && errno == ESRCH;
}

static void
test_nothing_is_left(void **state)
{
	struct helper_job job = { .cap = 100, .rules = rules };
	struct bytes out = { 0 };
	struct diag d = DIAG_INIT;
	int reaper = -1;

	(void)state;
	helper_set_left(25000);
	assert_int_equal(helper_run(&job, leave_behind, NULL, &out, &d), ST_OK);
	assert_int_equal(out.len, 12);
	assert_true(is_gone(get_le32(out.data)));
	assert_true(is_gone(get_le32(out.data + 4)));
	assert_true(is_gone(get_le32(out.data + 8)));
	prctl(PR_GET_CHILD_SUBREAPER, &reaper, 0, 0, 0);
	assert_int_equal(reaper, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	bytes_free(&out);
}

/* Run by a process of its own, so that a signal to it does not end the test. */
static int
interrupted_run(int sig)
{
	struct helper_job job = { .cap = 100, .rules = rules, .person = true };
	int fine = 1;
	struct diag d = DIAG_INIT;
	struct bytes out = { 0 };
	double start = seconds();
	pid_t self = getpid(), killer;

	interrupt_install();
	if ((killer = fork()) == 0) {
		usleep(300000);
		kill(self, sig);
		_exit(0);
	}
	if (helper_run(&job, rest, NULL, &out, &d) != ST_INTERRUPTED)
		return 1;
	if (seconds() - start > 2)
		return 2;
	/* Later work is not begun, but things are removed. */
	if (helper_run(&job, rest, &fine, &out, &d) != ST_INTERRUPTED)
		return 3;
	job.cleanup = true;
	if (helper_run(&job, rest, &fine, &out, &d) != ST_OK)
		return 4;
	waitpid(killer, NULL, 0);
	return waitpid(-1, NULL, WNOHANG) == -1 ? 0 : 5;
}

static void
test_signals(void **state)
{
	static const int sigs[] = { SIGINT, SIGTERM };
	size_t i;
	pid_t pid;
	int ws;

	(void)state;
	for (i = 0; i < 2; i++) {
		if ((pid = fork()) == 0)
			_exit(interrupted_run(sigs[i]));
		assert_int_equal(waitpid(pid, &ws, 0), pid);
		assert_true(WIFEXITED(ws));
		assert_int_equal(WEXITSTATUS(ws), 0);
	}
}

/* The program is killed: its helper and all that hangs on it go too. */
static void
test_death_of_the_parent(void **state)
{
	char file[] = "/tmp/satchel-test-XXXXXX";
	struct helper_job job = { .cap = 100, .rules = rules, .person = true };
	uint8_t pids[12];
	double start;
	pid_t pid;
	int fd, i;

	(void)state;
	assert_true((fd = mkstemp(file)) != -1);
	if ((pid = fork()) == 0) {
		struct bytes out = { 0 };
		struct diag d;

		(void)!helper_run(&job, leave_behind, file, &out, &d);
		_exit(0);
	}
	for (i = 0; i < 500 && pread(fd, pids, 12, 0) != 12; i++)
		usleep(10000);
	assert_int_equal(pread(fd, pids, 12, 0), 12);
	/* Who inherits orphans here may not reap them: do it ourselves. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (start = seconds(); seconds() - start < 3;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (is_gone(get_le32(pids)) && is_gone(get_le32(pids + 4)) &&
		    is_gone(get_le32(pids + 8)))
			break;
		usleep(10000);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	assert_true(is_gone(get_le32(pids)));
	assert_true(is_gone(get_le32(pids + 4)));
	assert_true(is_gone(get_le32(pids + 8)));
	close(fd);
	unlink(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_death_of_the_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
