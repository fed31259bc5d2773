/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_key_memory - where keys are kept: on pages of their own, locked where the
 * system lets us, left out of dumps, and zeros when they are given back.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/crypto.h"

/* The linker puts the first in the place of the second. */
int __wrap_munmap(void *p, size_t len);
int __real_munmap(void *p, size_t len);

/* What stood in the last mapping that was given back. */
static uint8_t given[65536];
static size_t given_len;
static void *given_at;

int
__wrap_munmap(void *p, size_t len)
{
	given_at = p;
	given_len = len < sizeof(given) ? len : sizeof(given);
	memcpy(given, p, given_len);
	return __real_munmap(p, len);
}

static size_t
page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The flags of the mapping that holds p (proc(5), VmFlags), each with a blank on both sides. */
static void
flags_of(const void *p, char *out, size_t cap)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	uintptr_t from, to;
	bool inside = false;
	char line[500];

	out[0] = '\0';
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, cap, " %s", line + 8);
	}
	fclose(f);
	out[strcspn(out, "\n")] = ' ';
}

/* Whether the system lets us lock one more page. */
static bool
may_lock(void)
{
#ifdef SATCHEL_SANITIZED	/* whose mlock() does nothing, and says that it did */
	return false;
#else
	void *p = mmap(NULL, page(), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool may;

	assert_true(p != MAP_FAILED);
	may = mlock(p, page()) == 0;
	assert_int_equal(__real_munmap(p, page()), 0);
	return may;
#endif
}

static void
test_a_page_of_its_own(void **state)
{
	uint8_t *a = key_new(), *b = key_new();

	(void)state;
	assert_true(a != NULL && b != NULL);
	assert_int_equal((uintptr_t)a % page(), 0);
	assert_int_equal((uintptr_t)b % page(), 0);
	assert_ptr_not_equal(a, b);
	key_free(a);
	key_free(b);
	key_free(NULL);
}

static void
test_locked_and_not_dumped(void **state)
{
	uint8_t *key = key_new();
	char flags[512];

	(void)state;
	assert_non_null(key);
	flags_of(key, flags, sizeof(flags));
	if (strstr(flags, " rd ") == NULL)
		skip();		/* no /proc to ask */
	if (strstr(flags, " dd ") == NULL)
		fail_msg("it would be dumped: %s", flags);
	if (may_lock() && strstr(flags, " lo ") == NULL)
		fail_msg("it is not locked: %s", flags);
	key_free(key);
}

static void
test_wiped_and_gone(void **state)
{
	static const uint8_t zeros[sizeof(given)];
	uint8_t *key = key_new();
	unsigned char vec[1];

	(void)state;
	assert_non_null(key);
	memset(key, 0xA5, KEY_LEN);
	given_at = NULL;
	key_free(key);
	assert_ptr_equal(given_at, key);
	assert_true(given_len >= KEY_LEN);
	assert_memory_equal(given, zeros, given_len);
	assert_int_equal(mincore(given_at, page(), vec), -1);
	assert_int_equal(errno, ENOMEM);
}

/* A user who may lock nothing gets a key all the same. */
static void
test_without_a_right_to_lock(void **state)
{
	static const struct rlimit none = { 0, 0 };
	int status;
	pid_t pid;

	(void)state;
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		uint8_t *key;

		if (setrlimit(RLIMIT_MEMLOCK, &none) == -1 ||
		    (geteuid() == 0 && setuid(65534) == -1))
			_exit(2);
		if (may_lock())
			_exit(3);
		if ((key = key_new()) == NULL)
			_exit(1);
		memset(key, 1, KEY_LEN);
		key_free(key);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_of_its_own),
		cmocka_unit_test(test_locked_and_not_dumped),
		cmocka_unit_test(test_wiped_and_gone),
		cmocka_unit_test(test_without_a_right_to_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
