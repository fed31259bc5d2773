/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_tarother - libarchive sees something else in a stream than the bytes that
 * were compared already: whatever that is, it is refused, and no sink has it whole.
 * The real one does not; the linker puts one in its place that lies (Makefile).
 */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tartest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The one function that lies, and what it says. */
static const char *liar = "";
static la_int64_t number;
static const void *pointer;

#define LIES(type, name, what) \
	type __wrap_##name(struct archive_entry *ae); \
	type __real_##name(struct archive_entry *ae); \
	type __wrap_##name(struct archive_entry *ae) \
	{ \
		return strcmp(liar, #name) == 0 ? (type)(what) : __real_##name(ae); \
	}

LIES(const char *, archive_entry_pathname_utf8, pointer)
LIES(const char *, archive_entry_hardlink, pointer)
LIES(const char *, archive_entry_symlink, pointer)
LIES(const char *, archive_entry_uname, pointer)
LIES(const char *, archive_entry_gname, pointer)
LIES(__LA_MODE_T, archive_entry_filetype, number)
LIES(__LA_MODE_T, archive_entry_perm, number)
LIES(la_int64_t, archive_entry_size, number)
LIES(la_int64_t, archive_entry_uid, number)
LIES(la_int64_t, archive_entry_gid, number)
LIES(time_t, archive_entry_mtime, number)
LIES(long, archive_entry_mtime_nsec, number)
LIES(int, archive_entry_size_is_set, number)
LIES(int, archive_entry_mtime_is_set, number)
LIES(int, archive_entry_atime_is_set, number)
LIES(int, archive_entry_ctime_is_set, number)
LIES(int, archive_entry_birthtime_is_set, number)
LIES(int, archive_entry_xattr_count, number)
LIES(int, archive_entry_acl_types, number)
LIES(int, archive_entry_sparse_count, number)

void __wrap_archive_entry_fflags(struct archive_entry *ae, unsigned long *set,
    unsigned long *clear);
const void *__wrap_archive_entry_mac_metadata(struct archive_entry *ae, size_t *len);
const void *__real_archive_entry_mac_metadata(struct archive_entry *ae, size_t *len);
int __wrap_archive_read_data_block(struct archive *a, const void **buf, size_t *len,
    la_int64_t *offset);
int __real_archive_read_data_block(struct archive *a, const void **buf, size_t *len,
    la_int64_t *offset);
int __wrap_archive_read_next_header(struct archive *a, struct archive_entry **ae);
int __real_archive_read_next_header(struct archive *a, struct archive_entry **ae);

void
__wrap_archive_entry_fflags(struct archive_entry *ae, unsigned long *set,
    unsigned long *clear)
{
	(void)ae;
	*set = strcmp(liar, "set") == 0;
	*clear = strcmp(liar, "clear") == 0;
}

const void *
__wrap_archive_entry_mac_metadata(struct archive_entry *ae, size_t *len)
{
	if (strcmp(liar, "archive_entry_mac_metadata") != 0)
		return __real_archive_entry_mac_metadata(ae, len);
	*len = 1;
	return pointer;
}

/* number: what it returns, or by how much it is wrong. */
int
__wrap_archive_read_data_block(struct archive *a, const void **buf, size_t *len,
    la_int64_t *offset)
{
	int code;

	if (strcmp(liar, "data") == 0)
		return (int)number;
	code = __real_archive_read_data_block(a, buf, len, offset);
	if (strcmp(liar, "offset") == 0)
		*offset += number;
	else if (strcmp(liar, "len") == 0)
		*len += (size_t)number;
	return code;
}

int
__wrap_archive_read_next_header(struct archive *a, struct archive_entry **ae)
{
	int code = strcmp(liar, "header") == 0 ? (int)number :
	    __real_archive_read_next_header(a, ae);

	return strcmp(liar, "end") == 0 && code == ARCHIVE_EOF ? (int)number : code;
}

static size_t n_whole;

static enum status
whole(void *arg, const struct content_entry *e, struct diag *d)
{
	(void)arg;
	(void)e;
	(void)d;
	n_whole++;
	return ST_OK;
}

static void
test_other(void **state)
{
	static const struct tartest_entry entries[] = { { "a", "text", 4, false } };
	static const struct {
		const char *liar;
		la_int64_t number;
		const char *pointer;
		const char *text;	/* part of what is said; NULL: accepted */
		size_t whole;
	} rows[] = {
		{ "", 0, NULL, NULL, 1 },
		{ "archive_entry_pathname_utf8", 0, "data/b", "another path", 0 },
		{ "archive_entry_pathname_utf8", 0, "a", "another path", 0 },
		{ "archive_entry_pathname_utf8", 0, "data/a/", "another path", 0 },
		{ "archive_entry_pathname_utf8", 0, NULL, "another path", 0 },
		{ "archive_entry_filetype", AE_IFDIR, NULL, "another type", 0 },
		{ "archive_entry_filetype", AE_IFLNK, NULL, "another type", 0 },
		{ "archive_entry_size", 5, NULL, "another size", 0 },
		{ "archive_entry_size", -4, NULL, "another size", 0 },
		{ "archive_entry_size_is_set", 0, NULL, "another size", 0 },
		{ "archive_entry_perm", 0755, NULL, "another mode", 0 },
		{ "archive_entry_perm", 04644, NULL, "another mode", 0 },
		{ "archive_entry_mtime", TARTEST_TIME + 1, NULL, "another time", 0 },
		{ "archive_entry_mtime", -1, NULL, "another time", 0 },
		{ "archive_entry_mtime_nsec", 1, NULL, "another time", 0 },
		{ "archive_entry_mtime_is_set", 0, NULL, "another time", 0 },
		{ "archive_entry_hardlink", 0, "a", "a link", 0 },
		{ "archive_entry_symlink", 0, "a", "a link", 0 },
		{ "archive_entry_uid", 1, NULL, "an owner", 0 },
		{ "archive_entry_gid", 1, NULL, "an owner", 0 },
		{ "archive_entry_uname", 0, "root", "an owner", 0 },
		{ "archive_entry_gname", 0, "root", "an owner", 0 },
		{ "archive_entry_xattr_count", 1, NULL, "extended attributes", 0 },
		{ "archive_entry_acl_types", 1, NULL, "an access control list", 0 },
		{ "archive_entry_sparse_count", 1, NULL, "a sparse map", 0 },
		{ "set", 0, NULL, "file flags", 0 },
		{ "clear", 0, NULL, "file flags", 0 },
		{ "archive_entry_mac_metadata", 0, "x", "Mac OS metadata", 0 },
		{ "archive_entry_atime_is_set", 1, NULL, "times besides", 0 },
		{ "archive_entry_ctime_is_set", 1, NULL, "times besides", 0 },
		{ "archive_entry_birthtime_is_set", 1, NULL, "times besides", 0 },
		{ "offset", 1, NULL, "gives other data", 0 },
		{ "offset", -1, NULL, "gives other data", 0 },
		{ "len", 1, NULL, "gives other data", 0 },
		{ "len", -1, NULL, "gives 3 of 4 bytes", 0 },
		{ "data", ARCHIVE_EOF, NULL, "gives 0 of 4 bytes", 0 },
		{ "data", ARCHIVE_FATAL, NULL, "does not take this entry", 0 },
		{ "data", ARCHIVE_WARN, NULL, "does not take this entry", 0 },
		{ "header", ARCHIVE_EOF, NULL, "sees the end of the tar stream", 0 },
		{ "header", ARCHIVE_WARN, NULL, "this entry: no reason given", 0 },
		{ "header", ARCHIVE_FATAL, NULL, "this entry: no reason given", 0 },
		{ "end", ARCHIVE_OK, NULL, "an entry behind the last one", 1 },
		{ "end", ARCHIVE_FATAL, NULL, "does not take the tar stream", 1 },
	};
	const struct tar_sink sink = { .end = whole };
	struct tartest t;
	enum status st;
	struct diag d;
	size_t i;

	(void)state;
	tartest_make(&t, entries, LEN(entries));
	for (i = 0; i < LEN(rows); i++) {
		d = (struct diag)DIAG_INIT;
		number = rows[i].number;
		pointer = rows[i].pointer;
		n_whole = 0;
		liar = rows[i].liar;
		st = tartest_read(&t.contents, t.stream.data, t.stream.len, 700, &sink, &d);
		liar = "";
		if (rows[i].text == NULL ? st != ST_OK : st != ST_MALFORMED ||
		    strcmp(d.rule, "tar-entry") != 0 || strstr(d.text, rows[i].text) == NULL)
			fail_msg("row %zu, %s: %d, %s: %s", i, rows[i].liar, st, d.rule, d.text);
		assert_int_equal(n_whole, rows[i].whole);
	}
	tartest_free(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
