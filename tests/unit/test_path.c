/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_path - legal names, free text and titles, and which paths collide.
 * Names of real attacks are among the rows; no file is touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/caps.h"
#include "manifests/path.h"
#include "manifests/unicode9.h"

/* A name with its length, so that one with a NUL in it can stand here. */
#define ROW(s) (s), sizeof(s) - 1

struct row {
	const char *text;
	size_t len;
	const char *rule;		/* NULL: legal; else part of what is said */
	const char *why;
};

typedef const char *check_fn(const char *, size_t);

static void
run_rows(check_fn *check, const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const char *rule = check(rows[i].text, rows[i].len);

		if (rows[i].rule == NULL ? rule != NULL :
		    rule == NULL || strstr(rule, rows[i].rule) == NULL)
			fail_msg("row %zu, %s: %s", i, rows[i].why,
			    rule == NULL ? "accepted" : rule);
	}
}

static const struct row path_rows[] = {
	{ ROW("a"), NULL, "the shortest" },
	{ ROW("weights/aurora-7b/model-00001-of-00002.safetensors"), NULL, "the usual" },
	{ ROW(".gitattributes"), NULL, "a hidden file, as model hubs have it" },
	{ ROW(".gnupg/gpg.conf"), NULL, "name_gnupg: harmless below data/" },
	{ ROW("-rf"), NULL, "an option: harmless behind data/" },
	{ ROW("~root"), NULL, "a home directory: nothing here expands it" },
	{ ROW("a b/c d"), NULL, "blanks inside" },
	{ ROW("...a"), NULL, "dots in front" },
	{ ROW("a..b"), NULL, "dots inside" },
	{ ROW("caf\xC3\xA9"), NULL, "NFC" },
	{ ROW("a\xC2\xA0" "b"), NULL, "name_nbsp: white space inside" },
	{ ROW("\xE6\xA8\xA1\xE5\x9E\x8B/\xF0\x9D\x9B\xBC"), NULL, "CJK and beyond the BMP" },
	{ ROW("CONSOLE"), NULL, "begins like a device" },
	{ ROW("com10.txt"), NULL, "no device: two digits" },
	{ ROW("COM0"), NULL, "no device: zero" },
	{ ROW("COM\xC2\xB4"), NULL, "no device: an accent, not a superscript" },
	{ ROW("xaux.txt"), NULL, "ends like a device" },
	{ ROW(""), "empty", "nothing" },
	{ ROW("/"), "relative", "name_slash" },
	{ ROW("/etc/passwd"), "relative", "absolute" },
	{ ROW("//a"), "relative", "absolute, twice" },
	{ ROW("a/"), "empty component", "trailing slash" },
	{ ROW("./m//x"), "\".\"", "dup_entry_spelling" },
	{ ROW("m//x"), "empty component", "dup_entry_spelling" },
	{ ROW("."), "\".\"", "the directory itself" },
	{ ROW(".."), "\"..\"", "its parent" },
	{ ROW("a/../b"), "\"..\"", "up and down again" },
	{ ROW("../../../../mnt/hostile-escape-dup"), "\"..\"", "pax_dup_key" },
	{ ROW("a/.."), "\"..\"", "up at the end" },
	{ ROW("a/."), "\".\"", "here at the end" },
	{ ROW("a.txt."), "ends with a dot", "Windows drops it" },
	{ ROW("a."), "ends with a dot", "name_trail_dot" },
	{ ROW("..."), "ends with a dot", "dots alone" },
	{ ROW("a./b"), "ends with a dot", "in a directory" },
	{ ROW("a "), "trailing white space", "name_trail_space" },
	{ ROW(" a"), "leading white space", "blank in front" },
	{ ROW("b/ a"), "leading white space", "blank in front of a component" },
	{ ROW("b /a"), "trailing white space", "blank behind a component" },
	{ ROW(" "), "leading white space", "blank alone" },
	{ ROW("\xC2\xA0" "a"), "leading white space", "no-break space" },
	{ ROW("a\xE3\x80\x80"), "trailing white space", "ideographic space" },
	{ ROW("\xE1\x9A\x80" "a"), "leading white space", "ogham space" },
	{ ROW("a\nb"), "control", "name_newline" },
	{ ROW("a\rb"), "control", "name_cr" },
	{ ROW("a\tb"), "control", "tab" },
	{ ROW("a\0b"), "control", "NUL" },
	{ ROW("a\x7F" "b"), "control", "DEL" },
	{ ROW("\x1B]0;owned\x07\x1B[2Jx"), "control", "name_esc" },
	{ ROW("a\xC2\x9B" "b"), "control", "name_c1" },
	{ ROW("\xEF\xBB\xBF" "a"), "format", "name_bom" },
	{ ROW("model\xE2\x80\xAEsrotnesefas.exe"), "format", "name_rtl" },
	{ ROW("a\xE2\x80\x8B" "b"), "format", "zero-width space" },
	{ ROW("a\xE2\x80\x8D" "b"), "format", "zero-width joiner" },
	{ ROW("a\xC2\xAD" "b"), "format", "soft hyphen" },
	{ ROW("a\xD8\x9C" "b"), "format", "Arabic letter mark" },
	{ ROW("a\xE2\x81\xA6" "b"), "format", "isolate" },
	{ ROW("a\xF3\xA0\x81\x81"), "format", "tag character" },
	{ ROW("a\xE2\x80\xA8" "b"), "separator", "line separator" },
	{ ROW("a\xE2\x80\xA9" "b"), "separator", "paragraph separator" },
	{ ROW("a\xEE\x80\x80"), "private-use", "private use" },
	{ ROW("a\xF3\xB0\x80\x80"), "private-use", "private use, plane 15" },
	{ ROW("a\xED\xA0\x80"), "UTF-8", "surrogate" },
	{ ROW("a\xEF\xBF\xBE"), "Unicode 9", "noncharacter" },
	{ ROW("a\xEF\xB7\x90"), "Unicode 9", "noncharacter in the middle" },
	{ ROW("a\xCD\xB8"), "Unicode 9", "never assigned" },
	{ ROW("a\xE1\xB2\x90"), "Unicode 9", "assigned in Unicode 11: folds" },
	{ ROW("a\xF0\x9F\xA4\xAF"), "Unicode 9", "assigned in Unicode 10" },
	{ ROW("a\xFF" "b"), "UTF-8", "name_nonutf8" },
	{ ROW("..\xC0\xAF..\xC0\xAFx"), "UTF-8", "name_overlong" },
	{ ROW("a\xE0\x80\xAF" "b"), "UTF-8", "overlong slash of three" },
	{ ROW("a\xC3"), "UTF-8", "cut off" },
	{ ROW("a\xF4\x90\x80\x80"), "UTF-8", "beyond 10FFFF" },
	{ ROW("a\x80"), "UTF-8", "continuation alone" },
	{ ROW("a\xC3/b"), "UTF-8", "cut off by the slash" },
	{ ROW("cafe\xCC\x81"), "form C", "unicode_collision: NFD" },
	{ ROW("\xE2\x84\xAA"), "form C", "unicode_collision: Kelvin sign" },
	{ ROW("\xE2\x84\xAB"), "form C", "Angstrom sign" },
	{ ROW("a\xCC\xA3\xCC\x87"), "form C", "combines in part" },
	{ ROW("..\\..\\x"), "one of the characters", "name_backslash" },
	{ ROW("C:\\x"), "one of the characters", "name_drive" },
	{ ROW("a:stream"), "one of the characters", "name_ads" },
	{ ROW("$(id)`id`;id|id"), "one of the characters", "name_shell" },
	{ ROW("a\"b'c"), "one of the characters", "name_quote" },
	{ ROW("a*"), "one of the characters", "glob" },
	{ ROW("a?b"), "one of the characters", "glob" },
	{ ROW("<a"), "one of the characters", "redirection" },
	{ ROW("a>b"), "one of the characters", "redirection" },
	{ ROW("a%b.txt"), "one of the characters", "BagIt tools differ" },
	{ ROW("aux.txt"), "device", "name_aux" },
	{ ROW("CON"), "device", "console" },
	{ ROW("con"), "device", "any case" },
	{ ROW("a/PrN/b"), "device", "as a directory" },
	{ ROW("nul.tar.gz"), "device", "two extensions" },
	{ ROW("NUL .txt"), "device", "blank before the extension" },
	{ ROW("com1"), "device", "serial" },
	{ ROW("COM9.bin"), "device", "serial" },
	{ ROW("lpt1"), "device", "printer" },
	{ ROW("LPT\xC2\xB9"), "device", "superscript one" },
	{ ROW("com\xC2\xB2.x"), "device", "superscript two" },
	{ ROW("COM\xC2\xB3"), "device", "superscript three" },
	{ ROW("conin$"), "device", "console input" },
	{ ROW("CONOUT$.log"), "device", "console output" },
};

static void
test_paths(void **state)
{
	(void)state;
	run_rows(path_check, path_rows, sizeof(path_rows) / sizeof(path_rows[0]));
}

/* Every ASCII byte in every place of a component. */
static void
test_ascii(void **state)
{
	char name[4] = "aaa";
	int c, at;

	(void)state;
	for (c = 0; c < 0x80; c++)
		for (at = 0; at < 3; at++) {
			bool legal = c > 0x20 && c < 0x7F &&
			    strchr("\\:*?\"<>|%", c) == NULL;

			memcpy(name, "aaa", 3);
			name[at] = (char)c;
			if (c == ' ' || c == '/')
				legal = at == 1;
			if (c == '.')
				legal = at != 2;
			if ((path_check(name, 3) == NULL) != legal)
				fail_msg("byte %02x at %d", (unsigned int)c, at);
		}
}

static void
test_limits(void **state)
{
	char p[CAP_PATH + 2];
	size_t i;

	(void)state;
	memset(p, 'n', sizeof(p));
	assert_null(path_check(p, 255));	/* name_255 */
	assert_non_null(strstr(path_check(p, 256), "255"));
	for (i = 200; i < sizeof(p); i += 200)
		p[i] = '/';
	assert_null(path_check(p, 1023));
	assert_null(path_check(p, 1024));
	assert_non_null(strstr(path_check(p, 1025), "1024"));
	for (i = 0; i < sizeof(p); i++)
		p[i] = i % 2 ? '/' : 'q';
	assert_null(path_check(p, 2 * 32 - 1));
	assert_non_null(strstr(path_check(p, 2 * 33 - 1), "32"));	/* depth_2000 */
	/* A component's bytes count, not its characters. */
	for (i = 0; i < 256; i += 2)
		memcpy(p + i, "\xC3\xA9", 2);
	assert_null(path_check(p, 254));
	assert_non_null(strstr(path_check(p, 256), "255"));
}

static const struct row name_rows[] = {
	{ ROW("aurora-preview"), NULL, "the usual" },
	{ ROW("a.b"), NULL, "a dot inside" },
	{ ROW(""), "empty", "nothing" },
	{ ROW(".hidden"), "dot", "a dot in front" },
	{ ROW(".."), "dot", "the parent" },
	{ ROW("-o"), "hyphen", "an option" },
	{ ROW("a/b"), "slash", "two components" },
	{ ROW("/"), "slash", "root" },
	{ ROW("a\nb"), "control", "as for paths" },
	{ ROW("con"), "device", "as for paths" },
	{ ROW("a "), "white space", "as for paths" },
	{ ROW("a:"), "one of the characters", "as for paths" },
};

static void
test_names(void **state)
{
	(void)state;
	run_rows(path_check_name, name_rows, sizeof(name_rows) / sizeof(name_rows[0]));
}

static const struct row text_rows[] = {
	{ ROW("UNCLASSIFIED//FOUO"), NULL, "slashes" },
	{ ROW("a: b \\ * ? \" < > | % 'c'."), NULL, "what no path may have" },
	{ ROW("Forschungszentrum J\xC3\xBClich"), NULL, "non-ASCII" },
	{ ROW(""), "empty", "nothing" },
	{ ROW("a\nb: c"), "control", "a second line" },
	{ ROW(" a"), "leading white space", "blank" },
	{ ROW("a "), "trailing white space", "blank" },
	{ ROW("a\xE2\x80\xAE" "b"), "format", "right-to-left" },
	{ ROW("a\xE2\x80\xA8" "b"), "separator", "line separator" },
	{ ROW("e\xCC\x81"), "form C", "NFD" },
	{ ROW("\xC0\x80"), "UTF-8", "overlong NUL" },
};

static void
test_texts(void **state)
{
	char long_text[CAP_TEXT + 1];

	(void)state;
	run_rows(text_check, text_rows, sizeof(text_rows) / sizeof(text_rows[0]));
	memset(long_text, 'x', sizeof(long_text));
	assert_null(text_check(long_text, CAP_TEXT));
	assert_non_null(text_check(long_text, CAP_TEXT + 1));
}

static void
test_titles(void **state)
{
	static const struct {
		const char *title;
		bool legal;
	} rows[] = {
		{ "AE-0042", true }, { "2026-117", true }, { "A B./-9", true },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", true }, { ".", true },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", false }, { "", false },
		{ "a", false }, { "A_B", false }, { " A", false }, { "A ", false },
		{ "A\n", false }, { "\xC3\x84", false }, { "A,B", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((title_check(rows[i].title) == NULL) != rows[i].legal)
			fail_msg("%s", rows[i].title);
}

static void
test_title_tells(void **state)
{
	static const struct {
		const char *title;
		const char *word;
		bool tells;
	} rows[] = {
		{ "AURORA-7B NOVEMBER", "aurora-7b", true },
		{ "AURORA7B", "aurora-7b", true },
		{ "A.U.R.O.R.A 7 B", "aurora-7b", true },
		{ "XAURORA7BX", "aurora-7b", true },
		{ "AE-0042", "aurora-7b", false },
		{ "AURORA", "aurora-7b", false },
		{ "TOP SECRET", "secret", true },
		{ "TOP-SECRET", "TOP SECRET//SI", false },
		{ "AE-0042", "AE", true },		/* a whole word */
		{ "MAE-0042", "AE", false },
		{ "AEX-0042", "AE", false },
		{ "X AE", "ae", true },
		{ "S-12", "S", true },
		{ "SS-12", "S", false },
		{ "SA 12 S", "S", true },
		{ "A-1 X", "a1", true },
		{ "XA-1 X", "a1", false },
		{ "AE-0042", "", false },
		{ "AE-0042", "\xE6\xA8\xA1", false },	/* reduces to nothing */
		{ "---", "--", false },
		{ "STRASSE", "stra\xC3\x9F" "e", true },	/* upper-cased: SS */
		{ "FILE 1", "\xEF\xAC\x81le", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (title_tells(rows[i].title, rows[i].word) != rows[i].tells)
			fail_msg("%s: %s", rows[i].title, rows[i].word);
}

static void
test_title_is_verdict(void **state)
{
	static const char *const verdicts[] = { "AUTHENTIC AND WHOLE",
	    "AUTHENTIC-AND-WHOLE", "IMPORTED", "DAMAGED", "INCOMPLETE",
	    "MALFORMED", "UNTRUSTED", "NOT AUTHENTICATED", "REFUSED", "RE-FUSED",
	    "AUTHENTIC MEDIUM 2 OF 5 WHOLE", "AUTHENTIC. MEDIUM 10 OF 12 WHOLE" };
	static const char *const others[] = { "AE-0042", "IMPORTED 2", "",
	    "AUTHENTIC MEDIUM OF 5 WHOLE", "AUTHENTIC MEDIUM 2 OF WHOLE", "WHOLE" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!title_is_verdict(verdicts[i]))
			fail_msg("%s", verdicts[i]);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (title_is_verdict(others[i]))
			fail_msg("%s", others[i]);
}

static void
test_fold(void **state)
{
	static const struct {
		const char *path;
		const char *key;
	} rows[] = {
		{ "M/Model.BIN", "m/model.bin" },
		{ "@[`{", "@[`{" },			/* around the letters */
		{ "stra\xC3\x9F" "e", "strasse" },
		{ "\xE1\xBA\x9E", "ss" },		/* capital sharp s */
		{ "\xEF\xAC\x81le", "file" },		/* ligature fi */
		{ "\xC4\xB0", "i\xCC\x87" },		/* dotted I: in no language i */
		{ "I", "i" },				/* not Turkish */
		{ "\xC4\xB1", "\xC4\xB1" },		/* dotless i stays */
		{ "\xCE\xA3\xCE\xA3", "\xCF\x83\xCF\x83" },	/* no final sigma */
		{ "\xCF\x82", "\xCF\x83" },
		{ "\xC5\xBF", "s" },			/* long s */
		{ "\xC3\x89", "\xC3\xA9" },
		{ "\xCE\x90", "\xCE\x90" },		/* folds to three, composed again */
		{ "\xE1\xBE\xB7", "\xE1\xBE\xB6\xCE\xB9" },	/* iota subscript */
		{ "\xE1\x8E\xA0", "\xE1\x8E\xA0" },	/* Cherokee folds upwards */
		{ "\xEA\xAD\xB0", "\xE1\x8E\xA0" },
		{ "\xF0\x90\x90\x80", "\xF0\x90\x90\xA8" },	/* Deseret */
		{ "\xE1\x83\x90", "\xE1\x83\x90" },	/* Georgian: cased since Unicode 11 */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *key = path_fold(rows[i].path);

		assert_non_null(key);
		if (strcmp(key, rows[i].key) != 0)
			fail_msg("row %zu: %s", i, key);
		free(key);
	}
}

/* Folding an ASCII path by the long way must give what the short way gives. */
static void
test_fold_ascii(void **state)
{
	char path[8] = "?\xC3\xA9";
	int c;

	(void)state;
	for (c = 1; c < 0x80; c++) {
		char *key, lower = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);

		path[0] = (char)c;
		key = path_fold(path);
		assert_non_null(key);
		assert_int_equal(key[0], lower);
		assert_string_equal(key + 1, "\xC3\xA9");
		free(key);
	}
}

static void
test_collide(void **state)
{
	static const struct {
		const char *paths[6];
		size_t a, b;		/* equal to the number of paths: none */
	} rows[] = {
		{ { NULL }, 0, 0 },
		{ { "a" }, 1, 1 },
		{ { "a", "b", "a/b", "ab" }, 4, 4 },
		{ { "m/Model.bin", "m/model.bin", "M/model.bin" }, 0, 1 },
		{ { "a", "x", "b", "X", "A" }, 1, 3 },	/* the one that ends first */
		{ { "M", "M/a", "m", "m/b" }, 0, 2 },	/* directories count */
		{ { "caf\xC3\xA9", "CAF\xC3\x89" }, 0, 1 },
		{ { "\xEF\xAC\x81le", "q", "file" }, 0, 2 },
		{ { "stra\xC3\x9F" "e", "STRASSE" }, 0, 1 },
		{ { "\xC4\xB0", "i", "I\xCC\x87" }, 0, 2 },
		{ { "I", "\xC4\xB1" }, 2, 2 },
	};
	size_t i, n, a, b;
	struct diag d = DIAG_INIT;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (n = 0; rows[i].paths[n] != NULL; n++)
			;
		assert_int_equal(paths_collide(rows[i].paths, n, &a, &b, &d), ST_OK);
		if (a != rows[i].a || b != rows[i].b)
			fail_msg("row %zu: %zu %zu", i, a, b);
	}
}

static void
test_collide_many(void **state)
{
	enum { N = 50000 };
	char (*text)[24] = calloc(N, sizeof(*text));
	const char **paths = calloc(N, sizeof(*paths));
	size_t i, a, b;
	struct diag d = DIAG_INIT;

	(void)state;
	assert_non_null(text);
	assert_non_null(paths);
	for (i = 0; i < N; i++) {
		snprintf(text[i], sizeof(text[i]), "dir-%zu/file-%zu", i / 100, i);
		paths[i] = text[i];
	}
	assert_int_equal(paths_collide(paths, N, &a, &b, &d), ST_OK);
	assert_int_equal(b, N);
	snprintf(text[N - 1], sizeof(text[0]), "DIR-3/FILE-333");
	assert_int_equal(paths_collide(paths, N, &a, &b, &d), ST_OK);
	assert_int_equal(a, 333);
	assert_int_equal(b, N - 1);
	free(paths);
	free(text);
}

static void
test_compare(void **state)
{
	(void)state;
	assert_true(path_compare("a", "b") < 0);
	assert_true(path_compare("a", "a") == 0);
	assert_true(path_compare("a", "a-b") < 0);
	assert_true(path_compare("a-b", "a/b") < 0);	/* by bytes, not by components */
	assert_true(path_compare("z", "\xC3\xA9") < 0);	/* unsigned */
}

/* What the table must hold: counts as the Unicode Character Database 9.0 has them. */
static void
test_unicode9(void **state)
{
	size_t n[UNICODE9_SEPARATOR + 1] = { 0 };
	uint32_t cp;

	(void)state;
	for (cp = 0; cp <= 0x110000; cp++)
		n[unicode9_class(cp)]++;
	assert_int_equal(n[UNICODE9_CONTROL], 65);
	assert_int_equal(n[UNICODE9_SURROGATE], 2048);
	assert_int_equal(n[UNICODE9_PRIVATE], 6400 + 2 * 65534);
	assert_int_equal(n[UNICODE9_SEPARATOR], 2);
	assert_int_equal(n[UNICODE9_SPACE], 17);
	assert_int_equal(n[UNICODE9_FORMAT], 151);
	/* 128,172 graphic and format characters: Unicode 9.0, appendix D. */
	assert_int_equal(n[UNICODE9_CHARACTER] + n[UNICODE9_SPACE] +
	    n[UNICODE9_FORMAT] + n[UNICODE9_SEPARATOR], 128172);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_titles),
		cmocka_unit_test(test_title_tells),
		cmocka_unit_test(test_title_is_verdict),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_ascii),
		cmocka_unit_test(test_collide),
		cmocka_unit_test(test_collide_many),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_unicode9),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
