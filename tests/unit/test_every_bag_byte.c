/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_every_bag_byte - every byte of an import counts: audit refuses whatever is
 * changed, cut off or appended in any file of the bag, tag files included, and any
 * bit of any mode.  What is added or missing is test_audit.py's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/bytetest.h"
#include "tests/unit/gpg_memo.h"

/* Of the payload of a bag whose payload is not what the test is about. */
#define STRIDE 97

static struct bytetest_folder bag;
static bool whole;			/* every byte of the payload too */

/* The originator's signature carries all; another's is known by the tag manifest. */
static enum status
expected(const struct bytetest_file *f)
{
	return f->role == ROLE_MANIFEST || (f->role == ROLE_SIGNATURE &&
	    strstr(f->path, bytetest_sender) != NULL) ? ST_UNTRUSTED : ST_DAMAGED;
}

static void
try(const struct bytetest_copy *c, const struct bytetest_file *f,
    const struct change *how)
{
	struct outcome o;
	char text[64];

	change_make(c, f, how);
	verb_run(UNPACK_AUDIT, c, -1, &o);
	if (o.status != expected(f))
		worker_fail("%s: %s %s: %d (%s), not %d", c->of->name, f->path,
		    change_spell(how, text, sizeof(text)), o.status, o.rule,
		    expected(f));
	change_undo(c, f, how);
	worker_count(1);
}

static bool
is_due(const struct bytetest_file *f, size_t i, size_t n)
{
	return change_due(i, n) && (whole || f->role != ROLE_DATA || i % STRIDE == 0);
}

static void
change_all(const struct bytetest_copy *c, const struct bytetest_file *f,
    unsigned number, unsigned of)
{
	struct change how = { .kind = CHANGE_FLIP };
	unsigned byte;

	for (how.at = number; how.at < f->len; how.at += of) {
		how.value = (uint8_t)(1 << how.at * 5 % 8);
		if (is_due(f, how.at, f->len))
			try(c, f, &how);
	}
	how.kind = CHANGE_CUT;
	for (how.at = number; how.at < f->len; how.at += of)
		if (is_due(f, how.at, f->len))
			try(c, f, &how);
	how.kind = CHANGE_APPEND;
	for (byte = number; byte < 256; byte += of) {
		how.value = (uint8_t)byte;
		if (is_due(f, byte, 256))
			try(c, f, &how);
	}
}

/* Each bit of the mode, but for those without which nothing can be read. */
static void
change_modes(const struct bytetest_copy *c, const char *name)
{
	char path[512];
	struct outcome o;
	struct stat sb;
	mode_t bit, keep;

	snprintf(path, sizeof(path), "%s%s%s", c->path, *name == '\0' ? "" : "/", name);
	if (stat(path, &sb) == -1)
		worker_fail("%s: %s", path, strerror(errno));
	keep = S_ISDIR(sb.st_mode) ? 0700 : 0400;
	for (bit = 1; bit <= S_ISUID; bit <<= 1) {
		if ((bit & keep) != 0)
			continue;
		if (chmod(path, (sb.st_mode ^ bit) & 07777) == -1)
			worker_fail("%s: %s", path, strerror(errno));
		verb_run(UNPACK_AUDIT, c, -1, &o);
		if (o.status != ST_DAMAGED || strcmp(o.rule, "mode") != 0)
			worker_fail("%s with bit %04o of its mode changed: %d (%s)",
			    name, bit, o.status, o.rule);
		worker_count(1);
	}
	if (chmod(path, sb.st_mode & 07777) == -1)
		worker_fail("%s: %s", path, strerror(errno));
}

static void
work_bag(unsigned number, unsigned of, const char *folder)
{
	static const char *const folders[] = { "", "data", "data/w", "data/w/void",
		"satchel", "satchel/signatures" };
	struct bytetest_copy c;
	struct outcome o;
	size_t i;

	copy_make(&c, &bag, folder);
	for (i = 0; i < bag.n_files; i++) {
		change_all(&c, &bag.files[i], number, of);
		if (i % of == number)
			change_modes(&c, bag.files[i].path);
	}
	for (i = number; i < sizeof(folders) / sizeof(folders[0]); i += of)
		change_modes(&c, folders[i]);
	if (!copy_intact(&c))
		worker_fail("%s: it is not what it was", bag.name);
	verb_run(UNPACK_AUDIT, &c, -1, &o);
	if (o.status != ST_OK)
		worker_fail("%s: it is not accepted any more: %s", bag.name, o.rule);
	copy_remove(&c);
}

static void
every_byte_of(enum bytetest_kind kind)
{
	struct bytetest_copy c;
	struct outcome o;
	char path[160];

	bytetest_import(&bytetest_bundles[kind], &bag);
	assert_true(bag.n_files >= 10);
	snprintf(path, sizeof(path), "%s-good", bag.path);
	copy_make(&c, &bag, path);
	verb_run(UNPACK_AUDIT, &c, -1, &o);
	assert_int_equal(o.status, ST_OK);
	copy_remove(&c);
	whole = kind == BYTES_SIGNERS;
	print_message("# %s: %zu changes, each found\n", bag.name,
	    workers_run(work_bag));
	folder_free(&bag);
}

static void
test_encrypted_and_signed_by_two(void **state)
{
	(void)state;
	every_byte_of(BYTES_SIGNERS);
}

static void
test_unencrypted(void **state)
{
	(void)state;
	every_byte_of(BYTES_CLEAR);
}

static int
start(void **state)
{
	(void)state;
	(void)gpg_memo_asked();
	return bytetest_start();
}

static int
end(void **state)
{
	(void)state;
	return bytetest_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encrypted_and_signed_by_two),
		cmocka_unit_test(test_unencrypted),
	};

	return cmocka_run_group_tests(tests, start, end);
}
