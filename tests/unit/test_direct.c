/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_direct - files past the page cache, whatever the system has to say to it:
 * the same bytes come out, and what is wrong is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/direct.h"
#include "bundle/file.h"

#define UNIT ((size_t)1 << 20)
#define ROOM (6 * UNIT)
#define NEVER UINT64_MAX

static uint8_t *want, *seen;
static char name[] = "/tmp/satchel-direct-XXXXXX";
static int fd = -1;

/* What the system says, and what was asked of it. */
static struct {
	uint64_t cached;		/* the page cache has what lies in front of this */
	int no_cache;			/* errno of preadv2(), where not 0 */
	bool no_direct;			/* O_DIRECT is not taken */
	bool no_thread;			/* nor is a thread to be had */
	bool slow;			/* F_SETFL takes its time */
	uint64_t refuse;		/* EINVAL to what is read or written past the cache from here on */
	uint64_t cut;			/* at this, half a unit */
	uint64_t fail;			/* EIO, from here on */
	bool in_memory;
	atomic_bool direct;
	atomic_uint direct_calls, plain_calls;
	atomic_bool misaligned;
	atomic_bool interrupted;	/* the next call */
} says;

ssize_t __real_pread64(int f, void *buf, size_t len, off64_t at);
ssize_t __wrap_pread64(int f, void *buf, size_t len, off64_t at);
ssize_t __real_pwrite64(int f, const void *buf, size_t len, off64_t at);
ssize_t __wrap_pwrite64(int f, const void *buf, size_t len, off64_t at);
ssize_t __wrap_preadv64v2(int f, const struct iovec *to, int n, off64_t at, int flags);
int __real_fcntl64(int f, int cmd, ...);
int __wrap_fcntl64(int f, int cmd, ...);
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a,
    void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a,
    void *(*fn)(void *), void *arg);
bool __wrap_file_in_memory(int f);

/* What becomes of a call: -1 and errno, or how many bytes it may do. */
static ssize_t
judge(const void *buf, size_t len, uint64_t at)
{
	if (atomic_exchange(&says.interrupted, false)) {
		errno = EINTR;
		return -1;
	}
	if (at + len > says.fail) {
		errno = EIO;
		return -1;
	}
	if (!says.direct) {
		says.plain_calls++;
		return (ssize_t)len;
	}
	if (len != UNIT || at % UNIT != 0 || (uintptr_t)buf % 4096 != 0)
		says.misaligned = true;
	if (len != UNIT || at >= says.refuse) {
		errno = EINVAL;
		return -1;
	}
	says.direct_calls++;
	return at == says.cut ? (ssize_t)len / 2 : (ssize_t)len;
}

ssize_t
__wrap_pread64(int f, void *buf, size_t len, off64_t at)
{
	ssize_t n = judge(buf, len, (uint64_t)at);

	return n == -1 ? -1 : __real_pread64(f, buf, (size_t)n, at);
}

ssize_t
__wrap_pwrite64(int f, const void *buf, size_t len, off64_t at)
{
	ssize_t n = judge(buf, len, (uint64_t)at);

	return n == -1 ? -1 : __real_pwrite64(f, buf, (size_t)n, at);
}

ssize_t
__wrap_preadv64v2(int f, const struct iovec *to, int n, off64_t at, int flags)
{
	size_t len = to[0].iov_len;

	assert_int_equal(n, 1);
	assert_int_equal(flags, RWF_NOWAIT);
	assert_false(says.direct);
	if (says.no_cache != 0 || (uint64_t)at >= says.cached) {
		errno = says.no_cache != 0 ? says.no_cache : EAGAIN;
		return -1;
	}
	if (says.cached - (uint64_t)at < len)
		len = (size_t)(says.cached - (uint64_t)at);
	return __real_pread64(f, to[0].iov_base, len, at);
}

int
__wrap_fcntl64(int f, int cmd, ...)
{
	va_list ap;
	int arg;

	if (f != fd || (cmd != F_GETFL && cmd != F_SETFL)) {
		va_start(ap, cmd);
		arg = va_arg(ap, int);
		va_end(ap);
		return __real_fcntl64(f, cmd, arg);
	}
	if (cmd == F_GETFL)
		return O_RDWR | (says.direct ? O_DIRECT : 0);
	va_start(ap, cmd);
	arg = va_arg(ap, int);
	va_end(ap);
	assert_int_equal(arg & ~O_DIRECT, O_RDWR);
	if ((arg & O_DIRECT) != 0 && says.no_direct) {
		errno = EINVAL;
		return -1;
	}
	if (says.slow)
		(void)usleep(2000);
	says.direct = (arg & O_DIRECT) != 0;
	return 0;
}

int
__wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *),
    void *arg)
{
	return says.no_thread ? EAGAIN : __real_pthread_create(t, a, fn, arg);
}

bool
__wrap_file_in_memory(int f)
{
	(void)f;
	return says.in_memory;
}

static void
nothing_wrong(void)
{
	memset(&says, 0, sizeof(says));
	says.refuse = says.cut = says.fail = NEVER;
}

static int
setup(void **state)
{
	uint32_t v = 1;
	size_t i;

	(void)state;
	want = malloc(ROOM);
	seen = malloc(ROOM);
	if (want == NULL || seen == NULL || (fd = mkstemp(name)) == -1)
		return -1;
	for (i = 0; i < ROOM; i++) {
		v = v * 1664525U + 1013904223U;
		want[i] = (uint8_t)(v >> 24);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fd_close(&fd);
	free(want);
	free(seen);
	return unlink(name);
}

static void
make_file(size_t size)
{
	struct diag d = DIAG_INIT;

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(file_pwrite(fd, want, size, 0, &d), ST_OK);
}

static const size_t sizes[] = { 0, 1, UNIT - 1, 2 * UNIT, 2 * UNIT + 1,
	3 * UNIT - 512, 5 * UNIT + 12345 };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))
/* As the stream asks: the rest of a chunk, then whole chunks; or less. */
static const size_t steps[] = { 1000000, UNIT, 4095, 3 * UNIT };
#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

static enum status
read_file(struct direct_read *r, size_t size, size_t step, struct diag *d)
{
	enum status st = ST_OK;
	size_t at = 0, n;

	memset(seen, 0, ROOM);
	direct_read_begin(r, fd, size);
	for (n = step - 512; at < size && st == ST_OK; at += n, n = step) {
		n = n < size - at ? n : size - at;
		st = direct_read(r, seen + at, n, d);
	}
	direct_read_end(r);
	assert_false(says.direct);
	assert_false(says.misaligned);
	return st;
}

/* All sizes and steps, one reader for all of them. */
static void
read_all(bool beside)
{
	struct direct_read *r;
	struct diag d = DIAG_INIT;
	size_t i, k;

	assert_int_equal(direct_read_new(beside, &r, &d), ST_OK);
	for (i = 0; i < N_SIZES; i++) {
		says.fail = NEVER;
		make_file(sizes[i]);
		for (k = 0; k < N_STEPS; k++) {
			says.interrupted = true;
			if (read_file(r, sizes[i], steps[k], &d) != ST_OK)
				fail_msg("%zu by %zu: %s", sizes[i], steps[k], d.text);
			assert_memory_equal(seen, want, sizes[i]);
		}
	}
	direct_read_free(r);
}

static void
test_read(void **state)
{
	(void)state;
	/* All in the cache; nothing; something. */
	nothing_wrong();
	says.cached = NEVER;
	read_all(true);
	assert_int_equal(says.direct_calls, 0);
	nothing_wrong();
	read_all(true);
	assert_true(says.direct_calls >= N_STEPS * (2 + 3 + 3 + 6));
	nothing_wrong();
	says.cached = 2 * UNIT + 77777;
	read_all(true);
	/* Not from what was in the cache: units three to six, and three. */
	assert_int_equal(says.direct_calls, N_STEPS * (4 + 1));
	/* The system cannot tell, or we are not to have a thread. */
	nothing_wrong();
	says.no_cache = EOPNOTSUPP;
	read_all(true);
	assert_int_equal(says.direct_calls, 0);
	nothing_wrong();
	says.no_cache = EIO;
	read_all(false);
	assert_int_equal(says.direct_calls, 0);
}

static void
test_read_refused(void **state)
{
	(void)state;
	nothing_wrong();
	says.no_direct = true;
	read_all(true);
	assert_int_equal(says.direct_calls, 0);
	nothing_wrong();
	says.refuse = 0;
	read_all(true);
	/* By both units at about the same time. */
	says.slow = true;
	read_all(true);
	nothing_wrong();
	says.no_thread = true;
	read_all(true);
	assert_int_equal(says.direct_calls, 0);
	nothing_wrong();
	says.refuse = 3 * UNIT;
	read_all(true);
	assert_true(says.direct_calls > 0);
	nothing_wrong();
	says.cut = UNIT;
	read_all(true);
}

/* A file that is shorter than it was said to be, and one that cannot be read. */
static void
test_read_fails(void **state)
{
	struct direct_read *r;
	struct diag d = DIAG_INIT;
	uint64_t cached;

	(void)state;
	assert_int_equal(direct_read_new(true, &r, &d), ST_OK);
	for (cached = 0; cached <= 4 * UNIT; cached += 2 * UNIT) {
		nothing_wrong();
		says.cached = cached;
		make_file(3 * UNIT + 5);
		assert_int_equal(read_file(r, 5 * UNIT, UNIT, &d), ST_DAMAGED);
		assert_string_equal(d.rule, "short");
		assert_string_equal(d.text, "ends at byte 3145733");
		make_file(5 * UNIT);
		says.fail = 4 * UNIT + 1;
		if (cached < 4 * UNIT) {
			assert_int_equal(read_file(r, 5 * UNIT, UNIT, &d), ST_HOST);
			assert_non_null(strstr(d.text, "reading at byte 4194304"));
		}
		/* It is of use for the next one all the same. */
		says.fail = NEVER;
		assert_int_equal(read_file(r, 5 * UNIT, UNIT, &d), ST_OK);
		assert_memory_equal(seen, want, 5 * UNIT);
	}
	/* The caller gives up at once, or in between. */
	nothing_wrong();
	direct_read_begin(r, fd, 5 * UNIT);
	assert_int_equal(direct_read(r, seen, 10, &d), ST_OK);
	direct_read_end(r);
	direct_read_begin(r, fd, 5 * UNIT);
	direct_read_end(r);
	assert_false(says.direct);
	direct_read_begin(r, fd, 5 * UNIT);
	assert_int_equal(direct_read(r, seen, UNIT + 10, &d), ST_OK);
	direct_read_free(r);
	assert_false(says.direct);
	direct_read_free(NULL);
}

static enum status
write_file(bool beside, size_t size, size_t step, struct diag *d)
{
	struct direct_write *w;
	enum status st;
	size_t at = 0, n;

	assert_int_equal(ftruncate(fd, 0), 0);
	if ((st = direct_write_new(fd, beside, &w, d)) != ST_OK)
		return st;
	for (n = step - 512; at < size && st == ST_OK; at += n, n = step) {
		n = n < size - at ? n : size - at;
		st = direct_write_put(w, want + at, n, d);
	}
	if (st == ST_OK) {
		assert_int_equal(direct_write_len(w), size);
		st = direct_write_end(w, d);
		assert_false(says.direct);
	}
	direct_write_free(w);
	assert_false(says.misaligned);
	says.direct = false;
	return st;
}

static void
write_all(void)
{
	struct diag d = DIAG_INIT;
	unsigned beside;
	size_t i, k;

	for (i = 0; i < N_SIZES; i++)
		for (k = 0; k < N_STEPS; k++)
			for (beside = 0; beside < 2; beside++) {
				says.interrupted = true;
				if (write_file(beside == 1, sizes[i], steps[k],
				    &d) != ST_OK)
					fail_msg("%zu by %zu: %s", sizes[i],
					    steps[k], d.text);
				says.interrupted = false;
				assert_int_equal(lseek(fd, 0, SEEK_END), sizes[i]);
				assert_int_equal(__real_pread64(fd, seen, ROOM, 0),
				    sizes[i]);
				assert_memory_equal(seen, want, sizes[i]);
			}
}

static void
test_write(void **state)
{
	(void)state;
	nothing_wrong();
	write_all();
	/* Whole units past the cache, and the ends through it. */
	assert_int_equal(says.direct_calls, 2 * N_STEPS * (2 + 2 + 2 + 5));
	assert_int_equal(says.plain_calls, 2 * N_STEPS * 5);
	nothing_wrong();
	says.in_memory = true;
	write_all();
	assert_int_equal(says.direct_calls, 0);
	nothing_wrong();
	says.no_direct = true;
	write_all();
	assert_int_equal(says.direct_calls, 0);
	nothing_wrong();
	says.refuse = 0;
	write_all();
	says.slow = true;
	write_all();
	nothing_wrong();
	says.no_thread = true;
	write_all();
	nothing_wrong();
	says.refuse = 3 * UNIT;
	write_all();
	nothing_wrong();
	says.cut = UNIT;
	write_all();
}

static void
test_write_fails(void **state)
{
	struct direct_write *w;
	struct diag d = DIAG_INIT;
	unsigned beside;
	uint64_t at;

	(void)state;
	for (beside = 0; beside < 2; beside++) {
		for (at = 0; at < 5 * UNIT; at += UNIT) {
			nothing_wrong();
			says.fail = at;
			assert_int_equal(write_file(beside == 1, 5 * UNIT - 1, 77777,
			    &d), ST_HOST);
			assert_non_null(strstr(d.text, "writing: "));
		}
		/* The caller gives up in between. */
		nothing_wrong();
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(direct_write_new(fd, beside == 1, &w, &d), ST_OK);
		assert_int_equal(direct_write_put(w, want, 3 * UNIT / 2, &d), ST_OK);
		direct_write_free(w);
	}
	direct_write_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_refused),
		cmocka_unit_test(test_read_fails),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
