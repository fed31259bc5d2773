/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_diag - error texts, and the one function through which foreign bytes
 * pass before they are printed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/diag.h"

#define ROW(s) (s), sizeof(s) - 1

static void
test_set(void **state)
{
	struct diag d = DIAG_INIT;

	(void)state;
	diag_hint(&d, "old");
	assert_int_equal(diag_set(&d, ST_DAMAGED, "digest", "chunk %d", 3), ST_DAMAGED);
	assert_string_equal(d.text, "chunk 3");
	assert_string_equal(d.hint, "");
	assert_string_equal(d.rule, "digest");
	diag_hint(&d, "ask for volume %d", 2);
	diag_within(&d, "volume %d", 2);
	diag_within(&d, "%s", "medium 1");
	assert_string_equal(d.text, "medium 1: volume 2: chunk 3");
	assert_string_equal(d.hint, "ask for volume 2");
	assert_string_equal(d.rule, "digest");
	errno = ENOENT;
	assert_int_equal(diag_errno(&d, "%s", "a"), ST_HOST);
	assert_string_equal(d.text, "a: No such file or directory");
	assert_string_equal(d.hint, "");
	assert_string_equal(d.rule, "host-io");
	assert_int_equal(diag_nomem(&d), ST_HOST);
	assert_string_equal(d.rule, "host-memory");
}

/* Nobody need ask for the text. */
static void
test_null(void **state)
{
	(void)state;
	assert_int_equal(diag_set(NULL, ST_USAGE, "x", "y"), ST_USAGE);
	assert_int_equal(diag_errno(NULL, "y"), ST_HOST);
	assert_int_equal(diag_nomem(NULL), ST_HOST);
	diag_hint(NULL, "y");
	diag_within(NULL, "y");
}

static void
test_cut(void **state)
{
	struct diag d = DIAG_INIT;
	char longer[3000];
	size_t len;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	diag_set(&d, ST_HOST, "", "%s", longer);
	assert_int_equal(strlen(d.text), sizeof(d.text) - 1);
	diag_within(&d, "%s", "context");
	assert_int_equal(strlen(d.text), sizeof(d.text) - 1);
	assert_memory_equal(d.text, "context: xxx", 12);
	diag_hint(&d, "%s", longer);
	assert_int_equal(strlen(d.hint), sizeof(d.hint) - 1);
	errno = EIO;
	diag_errno(&d, "%s", longer);
	assert_int_equal(strlen(d.text), sizeof(d.text) - 1);
	/* Context that leaves room for nothing else, or just for the colon. */
	for (len = sizeof(d.text) - 6; len < sizeof(d.text) + 2; len++) {
		diag_set(&d, ST_HOST, "", "yyy");
		diag_within(&d, "%.*s", (int)len, longer);
		assert_true(strlen(d.text) < sizeof(d.text));
		assert_memory_equal(d.text, longer, sizeof(d.text) - 6);
	}
}

static void
test_escape(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;	/* NULL: as it is */
		const char *why;
	} rows[] = {
		{ ROW(""), NULL, "nothing" },
		{ ROW("plain text: 'a' \"b\" %s"), NULL, "ASCII" },
		{ ROW("caf\xC3\xA9 \xE6\xA8\xA1 \xF0\x9D\x9B\xBC"), NULL, "other scripts" },
		{ ROW("a\\b"), "a\\\\b", "backslash, so that no escape can be forged" },
		{ ROW("a\nb\r\t"), "a\\x0ab\\x0d\\x09", "a second line" },
		{ ROW("\x1B]0;owned\x07"), "\\x1b]0;owned\\x07", "terminal control" },
		{ ROW("a\0b"), "a\\x00b", "NUL" },
		{ ROW("\x7F"), "\\x7f", "DEL" },
		{ ROW("\xC2\x9B" "31m"), "\\xc2\\x9b31m", "C1 control: CSI" },
		{ ROW("\xC2\xA0"), "\\xc2\\xa0", "no-break space" },
		{ ROW("\xC2\xA1"), NULL, "the first behind it" },
		{ ROW("\xC2\xAD"), "\\xc2\\xad", "soft hyphen" },
		{ ROW("\xD8\x9C"), "\\xd8\\x9c", "Arabic letter mark" },
		{ ROW("\xE2\x80\x8B"), "\\xe2\\x80\\x8b", "zero-width space" },
		{ ROW("\xE2\x80\xA8\xE2\x80\xA9"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9",
		    "line and paragraph separator" },
		{ ROW("\xE2\x80\xAE"), "\\xe2\\x80\\xae", "right-to-left override" },
		{ ROW("\xE2\x81\xA6"), "\\xe2\\x81\\xa6", "isolate" },
		{ ROW("\xEF\xBB\xBF"), "\\xef\\xbb\\xbf", "byte order mark" },
		{ ROW("\xEE\x80\x80"), "\\xee\\x80\\x80", "private use" },
		{ ROW("\xF3\xA0\x81\x81"), "\\xf3\\xa0\\x81\\x81", "tag" },
		{ ROW("\xFF" "a"), "\\xffa", "no UTF-8" },
		{ ROW("\xC0\xAF"), "\\xc0\\xaf", "overlong" },
		{ ROW("\xE0\x80\xAF"), "\\xe0\\x80\\xaf", "overlong" },
		{ ROW("\xF0\x80\x80\xAF"), "\\xf0\\x80\\x80\\xaf", "overlong" },
		{ ROW("\xED\xA0\x80"), "\\xed\\xa0\\x80", "surrogate" },
		{ ROW("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "beyond 10FFFF" },
		{ ROW("\xE6\xA8"), "\\xe6\\xa8", "cut off" },
		{ ROW("\xE6" "a"), "\\xe6a", "cut off by another" },
	};
	char out[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *want = rows[i].want != NULL ? rows[i].want : rows[i].text;

		assert_ptr_equal(text_escape(out, sizeof(out), rows[i].text,
		    rows[i].len), out);
		if (strcmp(out, want) != 0)
			fail_msg("%s: %s", rows[i].why, out);
	}
	assert_string_equal(ESC("a\nb"), "a\\x0ab");
}

/* Whatever the room, what is written ends in it, and is cut between characters. */
static void
test_escape_cut(void **state)
{
	static const char text[] = "ab\xC3\xA9\n\xE6\xA8\xA1" "cdefghijkl";
	size_t cap, len;

	(void)state;
	for (cap = 4; cap < 64; cap++) {
		char *out = malloc(cap), again[200];

		assert_non_null(out);
		text_escape(out, cap, text, sizeof(text) - 1);
		len = strlen(out);
		assert_true(len < cap);
		if (strcmp(out, "ab\xC3\xA9\\x0a\xE6\xA8\xA1" "cdefghijkl") != 0) {
			assert_true(len >= 3);
			assert_string_equal(out + len - 3, "...");
		}
		text_escape(again, sizeof(again), out, len);
		assert_int_equal(strlen(again), len + (strchr(out, '\\') != NULL));
		free(out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
