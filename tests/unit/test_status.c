/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_status - the exit statuses' names and which of two a program ends with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/status.h"

/* In the order in which the first that holds is the exit status (CLI). */
static const struct {
	enum status status;
	int number;
	const char *name;
} order[] = {
	{ ST_INTERNAL, 70, "internal" },
	{ ST_INTERRUPTED, 130, "interrupted" },
	{ ST_USAGE, 2, "usage" },
	{ ST_BUSY, 8, "busy" },
	{ ST_MALFORMED, 7, "malformed" },
	{ ST_UNTRUSTED, 3, "untrusted" },
	{ ST_DAMAGED, 4, "damaged" },
	{ ST_INCOMPLETE, 5, "incomplete" },
	{ ST_REFUSED, 6, "refused" },
	{ ST_HOST, 1, "host" },
	{ ST_OK, 0, "ok" },
};

#define N (sizeof(order) / sizeof(order[0]))

static void
test_numbers_and_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N; i++) {
		assert_int_equal(order[i].status, order[i].number);
		assert_string_equal(status_name(order[i].status), order[i].name);
	}
	/* No status of ours: an error of satchel itself. */
	assert_string_equal(status_name((enum status)99), "internal");
}

static void
test_worse(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++)
			assert_int_equal(status_worse(order[i].status, order[j].status),
			    order[i < j ? i : j].status);
	assert_int_equal(status_worse((enum status)99, ST_USAGE), 99);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_and_names),
		cmocka_unit_test(test_worse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
