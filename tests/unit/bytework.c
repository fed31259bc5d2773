/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytework - see bytetest.h: changes of files, and the workers that make them.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/bytetest.h"

#define WORKERS 4
#define TOLD 10			/* messages of one worker */

/* Of a sample: one change of so many, but all near the ends of a file. */
#define STRIDE 61
#define ENDS 70

/* In a worker: where it tells what it found. */
static FILE *told;
static size_t n_told, counted;

static int
open_file(const struct bytetest_copy *c, const struct bytetest_file *f)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", c->path, f->path);
	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) == -1)
		worker_fail("%s: %s", path, strerror(errno));
	return fd;
}

/* Bytes of the original to where they belong. */
static bool
put_back(int fd, const struct bytetest_file *f, size_t from, size_t len)
{
	return len == 0 || pwrite(fd, f->data + from, len, (off_t)from) == (ssize_t)len;
}

void
change_make(const struct bytetest_copy *c, const struct bytetest_file *f,
    const struct change *how)
{
	int fd = open_file(c, f);
	bool done = false;
	uint8_t byte;

	switch (how->kind) {
	case CHANGE_FLIP:
		byte = f->data[how->at] ^ how->value;
		done = pwrite(fd, &byte, 1, (off_t)how->at) == 1;
		break;
	case CHANGE_CUT:
		done = ftruncate(fd, (off_t)how->at) == 0;
		break;
	case CHANGE_APPEND:
		done = pwrite(fd, &how->value, 1, (off_t)f->len) == 1;
		break;
	}
	if (!done)
		worker_fail("%s: %s", f->path, strerror(errno));
	close(fd);
}

void
change_undo(const struct bytetest_copy *c, const struct bytetest_file *f,
    const struct change *how)
{
	int fd = open_file(c, f);
	bool done = false;

	switch (how->kind) {
	case CHANGE_FLIP:
		done = put_back(fd, f, how->at, 1);
		break;
	case CHANGE_CUT:
		done = put_back(fd, f, how->at, f->len - how->at);
		break;
	case CHANGE_APPEND:
		done = ftruncate(fd, (off_t)f->len) == 0;
		break;
	}
	if (!done)
		worker_fail("%s: %s", f->path, strerror(errno));
	close(fd);
}

char *
change_spell(const struct change *how, char *out, size_t cap)
{
	static const char *const names[] = { [CHANGE_FLIP] = "flipped",
		[CHANGE_CUT] = "cut", [CHANGE_APPEND] = "appended to" };

	snprintf(out, cap, "%s at %zu (%02x)", names[how->kind], how->at, how->value);
	return out;
}

bool
change_due(size_t i, size_t n)
{
	const char *mode = getenv("SATCHEL_MODE");

	return mode == NULL || strcmp(mode, "plain") == 0 || i < ENDS ||
	    i + ENDS >= n || i % STRIDE == 0;
}

void
worker_fail(const char *fmt, ...)
{
	va_list ap;

	if (++n_told > TOLD)
		return;
	va_start(ap, fmt);
	vfprintf(told == NULL ? stderr : told, fmt, ap);
	va_end(ap);
	fputc('\n', told == NULL ? stderr : told);
}

void
worker_count(size_t n)
{
	counted += n;
}

/* The whole life of a worker; its exit runs what a sanitizer does at the end. */
static void __attribute__((noreturn))
work(worker_fn *fn, unsigned number, unsigned of, int to)
{
	char folder[160];
	const char *tmp = getenv("TMPDIR");

	/* a failure of the fixture's own may not go on with the next test here */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	if ((told = fdopen(to, "we")) == NULL)
		_exit(1);
	snprintf(folder, sizeof(folder), "%s/w%u", tmp == NULL ? "/tmp" : tmp, number);
	fn(number, of, folder);
	if (n_told > TOLD)
		fprintf(told, "and %zu more\n", n_told - TOLD);
	fprintf(told, "=%zu\n", counted);
	exit(fclose(told) == 0 && n_told == 0 ? 0 : 1);
}

/* What a worker has told, to its end. */
static size_t
listen_to(int from, bool *failed)
{
	FILE *f = fdopen(from, "re");
	char line[1024];
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[0] == '=')
			n = strtoul(line + 1, NULL, 10);
		else {
			print_error("%s", line);
			*failed = true;
		}
	fclose(f);
	return n;
}

size_t
workers_run(worker_fn *fn)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned i, n = cpus < 1 ? 1 : cpus > WORKERS ? WORKERS : (unsigned)cpus;
	int from[WORKERS], ends[2], status;
	pid_t pids[WORKERS];
	bool failed = false;
	size_t sum = 0;

	for (i = 0; i < n; i++) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		fflush(NULL);
		assert_int_not_equal(pids[i] = fork(), -1);
		if (pids[i] == 0)
			work(fn, i, n, ends[1]);
		close(ends[1]);
		from[i] = ends[0];
	}
	for (i = 0; i < n; i++) {
		sum += listen_to(from[i], &failed);
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			failed = true;
	}
	if (failed)
		fail_msg("see above");
	return sum;
}
