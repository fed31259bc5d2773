/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_tarread - one spelling is read, however it is cut into pieces, and every
 * other byte is refused.  The streams come from tar_spell(), or are hostile.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bundle/crypto.h"
#include "bundle/tarread.h"
#include "manifests/path.h"
#include "manifests/tarspell.h"
#include "tests/unit/tartest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIB_LEN ((size_t)1 << 20)

#define LONG_NAME "n123456789012345678901234567890123456789012345678901234567890" \
    "12345678901234567890123456789012345678901234567890"

static uint8_t block[3 * MIB_LEN + 77];

/* Every kind of header, every kind of padding. */
static const struct tartest_entry tree[] = {
	{ "a", NULL, 0, false },
	{ "a-b", "x", 1, true },
	{ "a/empty", "", 0, false },
	{ "a/block", block, 512, false },
	{ "a/over", block, 513, false },
	{ "a/" LONG_NAME, NULL, 0, false },
	{ "a/" LONG_NAME "/" LONG_NAME, "long", 4, true },
	{ "stra\xc3\x9f" "e", "german", 6, false },
	{ "\xe6\x97\xa5", NULL, 0, false },
};

/* One line an entry, as the sink was called. */
static uint64_t log_at;		/* of the file that is being read */

static enum status
log_begin(void *arg, const struct content_entry *e, struct diag *d)
{
	log_at = 0;
	(void)d;
	bytes_printf(arg, "%s%s\n", e->path, e->file == NULL ? "/" : "");
	return ST_OK;
}

static enum status
log_data(void *arg, const uint8_t *buf, size_t len, uint64_t at, struct diag *d)
{
	(void)d;
	assert_true(len > 0);
	assert_true(at == log_at);
	log_at += len;
	bytes_append(arg, buf, len);
	return ST_OK;
}

static enum status
log_end(void *arg, const struct content_entry *e, struct diag *d)
{
	(void)d;
	bytes_printf(arg, "\nend %s\n", e->path);
	return ST_OK;
}

/* What the sink gets, made without tar_read(). */
static void
expect_log(const struct tartest *t, const struct tartest_entry *entries,
    size_t n, struct bytes *out)
{
	struct content_walk w = { 0, 0 };
	struct content_entry e;
	struct diag d = DIAG_INIT;
	size_t i;

	while (contents_next(&t->contents, &w, &e)) {
		(void)log_begin(out, &e, &d);
		for (i = 0; i < n; i++)
			if (e.file != NULL && strcmp(entries[i].path, e.path) == 0)
				bytes_append(out, entries[i].content,
				    entries[i].size);
		(void)log_end(out, &e, &d);
	}
}

static void
check_read(const struct tartest_entry *entries, size_t n, size_t step)
{
	struct bytes seen = { 0 }, expected = { 0 };
	const struct tar_sink sink = { log_begin, log_data, log_end, &seen };
	struct diag d = DIAG_INIT;
	struct tartest t;
	enum status st;

	tartest_make(&t, entries, n);
	assert_int_equal(tar_stream_size(&t.contents), t.stream.len);
	expect_log(&t, entries, n, &expected);
	st = tartest_read(&t.contents, t.stream.data, t.stream.len, step, &sink,
	    &d);
	if (st != ST_OK)
		fail_msg("pieces of %zu: %s", step, d.text);
	assert_int_equal(seen.len, expected.len);
	if (seen.len != 0)
		assert_memory_equal(seen.data, expected.data, seen.len);
	/* without a sink too */
	assert_int_equal(tartest_read(&t.contents, t.stream.data, t.stream.len,
	    step, NULL, &d), ST_OK);
	bytes_free(&seen);
	bytes_free(&expected);
	tartest_free(&t);
}

static void
test_pieces(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 7, 100, 511, 512, 513, 1023,
		1024, 4096, 10000, MIB_LEN };
	static const struct tartest_entry large[] = {
		{ "f", block, sizeof(block), false },
		{ "g", block, MIB_LEN, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(steps); i++)
		check_read(tree, LEN(tree), steps[i]);
	for (i = 4; i < LEN(steps); i++)
		check_read(large, LEN(large), steps[i]);
	check_read(tree, 1, 512);
	check_read(tree, 0, 512);
}

/* Refused as malformed, with that rule (any, where it is NULL). */
static void
check_refused(const struct contents *c, const uint8_t *data, size_t len,
    size_t step, const char *rule, const char *what, size_t at)
{
	struct diag d = DIAG_INIT;
	enum status st;

	st = tartest_read(c, data, len, step, NULL, &d);
	if (st != ST_MALFORMED)
		fail_msg("%s, %zu, pieces of %zu: status %d, %s", what, at, step,
		    (int)st, d.text);
	if (rule != NULL && strcmp(d.rule, rule) != 0)
		fail_msg("%s, %zu, pieces of %zu: rule %s, not %s (%s)", what,
		    at, step, d.rule, rule, d.text);
}

/* The rule that each byte of a stream falls under. */
static const char **
map_rules(const struct tartest *t)
{
	const char **map = calloc(t->stream.len, sizeof(*map));
	struct content_walk w = { 0, 0 };
	struct content_entry e;
	size_t at = 0, n, size;

	assert_non_null(map);
	while (contents_next(&t->contents, &w, &e)) {
		size = e.file != NULL ? (size_t)e.file->size : 0;
		for (n = tar_spell_len(e.path, e.file == NULL, size); n > 0; n--)
			map[at++] = "tar-header";
		for (n = size; n > 0; n--)
			map[at++] = "file-digest";
		for (n = tar_padding(size); n > 0; n--)
			map[at++] = "tar-padding";
	}
	while (at < t->stream.len)
		map[at++] = "tar-end";
	return map;
}

static void
test_flips(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x20, 0x80, 0xFF };
	struct tartest t;
	const char **map;
	size_t i, m;

	(void)state;
	tartest_make(&t, tree, LEN(tree));
	map = map_rules(&t);
	for (i = 0; i < t.stream.len; i++) {
		m = i % LEN(masks);
		t.stream.data[i] ^= masks[m];
		check_refused(&t.contents, t.stream.data, t.stream.len,
		    i % 3 == 0 ? 512 : MIB_LEN, map[i], "flipped byte", i);
		t.stream.data[i] ^= masks[m];
	}
	free(map);
	tartest_free(&t);
}

static void
test_lengths(void **state)
{
	static const size_t more[] = { 1, 511, 512, 1024, 10240, 3 * MIB_LEN };
	struct tartest t;
	uint8_t *longer;
	size_t i, len, max = more[LEN(more) - 1];

	(void)state;
	tartest_make(&t, tree, LEN(tree));
	for (len = 0; len < t.stream.len; len++)
		check_refused(&t.contents, t.stream.data, len,
		    len % 2 == 0 ? 1000 : MIB_LEN, "tar-size", "cut at", len);
	longer = calloc(1, t.stream.len + max);
	assert_non_null(longer);
	memcpy(longer, t.stream.data, t.stream.len);
	for (i = 0; i < LEN(more); i++) {
		check_refused(&t.contents, longer, t.stream.len + more[i],
		    MIB_LEN, "tar-size", "zeros behind", more[i]);
		check_refused(&t.contents, longer, t.stream.len + more[i],
		    512, "tar-size", "zeros behind", more[i]);
	}
	/* a second archive behind the first */
	memcpy(longer + t.stream.len, t.stream.data, t.stream.len);
	check_refused(&t.contents, longer, 2 * t.stream.len, MIB_LEN, "tar-size",
	    "twice", 2);
	free(longer);
	tartest_free(&t);
}

/* The content manifest says something else than the stream. */
static void
test_contents_differ(void **state)
{
	struct tartest t;
	struct contents *c = &t.contents;
	char *path;

	(void)state;
	tartest_make(&t, tree, LEN(tree));
	c->time++;
	check_refused(c, t.stream.data, t.stream.len, 512, "tar-header", "time", 0);
	c->time--;
	c->files[0].executable = !c->files[0].executable;
	check_refused(c, t.stream.data, t.stream.len, 512, "tar-header", "mode", 0);
	c->files[0].executable = !c->files[0].executable;
	c->files[1].size++;
	check_refused(c, t.stream.data, t.stream.len, 512, "tar-header", "size", 0);
	c->files[1].size--;
	c->files[1].digest[31] ^= 1;
	check_refused(c, t.stream.data, t.stream.len, 512, "file-digest",
	    "digest", 0);
	c->files[1].digest[31] ^= 1;
	path = c->directories[c->n_directories - 1];
	c->n_directories--;
	check_refused(c, t.stream.data, t.stream.len, 512, "tar-end",
	    "one entry more in the stream", 0);
	c->n_directories++;
	assert_ptr_equal(path, c->directories[c->n_directories - 1]);
	tartest_free(&t);
}

/*
 * Our spelling and the stream agree, but libarchive sees something else: it
 * makes NFC of what it reads, and does not take every byte for a name.
 */
static void
test_libarchive_differs(void **state)
{
	static const char *const paths[] = { "e\xcc\x81", "\xff", "a\xed\xa0\x80",
		"\xc0\xaf" };
	struct tartest t;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(paths); i++) {
		const struct tartest_entry one = { paths[i], "x", 1, false };

		tartest_make(&t, &one, 1);
		check_refused(&t.contents, t.stream.data, t.stream.len, 512,
		    "tar-entry", "path", i);
		tartest_free(&t);
	}
}

static size_t
put_utf8(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

/* Each code point that pack may take comes back out of libarchive as it is. */
static void
test_every_name(void **state)
{
	enum { BATCH = 4000, ROOM = 24 };
	static char names[BATCH][ROOM];
	static struct tartest_entry entries[BATCH];
	struct diag d = DIAG_INIT;
	struct tartest t;
	size_t n = 0, total = 0, len;
	uint32_t cp;

	(void)state;
	for (cp = 1; cp <= 0x110000; cp++) {
		if (cp < 0x110000 && (cp < 0xD800 || cp > 0xDFFF)) {
			/* alone, behind a letter, and before a mark */
			len = (size_t)snprintf(names[n], ROOM, "%x-a", cp);
			len += put_utf8(names[n] + len, cp);
			len += put_utf8(names[n] + len, 0x0301);
			names[n][len] = '\0';
			if (path_check(names[n], len) == NULL)
				entries[n] = (struct tartest_entry){ names[n], "x",
					1, false }, n++;
		}
		if (n < BATCH && cp < 0x110000)
			continue;
		tartest_make(&t, entries, n);
		if (tartest_read(&t.contents, t.stream.data, t.stream.len,
		    MIB_LEN, NULL, &d) != ST_OK)
			fail_msg("below U+%04X: %s", cp, d.text);
		tartest_free(&t);
		total += n;
		n = 0;
	}
	assert_true(total > 100000);
}

/* A source or sink that fails at some call. */
struct failing {
	struct tartest_source stream;
	const char *where;
	size_t left;			/* calls that succeed */
	enum status st;
};

static enum status
fails(struct failing *f, const char *where, struct diag *d)
{
	if (strcmp(f->where, where) != 0 || f->left-- > 0)
		return ST_OK;
	return diag_set(d, f->st, "test", "%s fails", where);
}

static enum status
failing_next(void *arg, const uint8_t **buf, size_t *len, struct diag *d)
{
	struct failing *f = arg;
	struct tartest_source *s = &f->stream;

	*buf = NULL;
	*len = 0;
	if (fails(f, "next", d) != ST_OK)
		return f->st;
	if (s->at == s->len)
		return ST_OK;
	*buf = s->data + s->at;
	/* now and then a piece of nothing, which is no end */
	*len = s->at % 1024 == 512 && s->step == 512 ? 0 : 512;
	s->step = *len == 0 ? 511 : 512;
	s->at += *len;
	return ST_OK;
}

static enum status
failing_begin(void *arg, const struct content_entry *e, struct diag *d)
{
	(void)e;
	return fails(arg, "begin", d);
}

static enum status
failing_data(void *arg, const uint8_t *buf, size_t len, uint64_t at, struct diag *d)
{
	(void)buf;
	(void)len;
	(void)at;
	return fails(arg, "data", d);
}

static enum status
failing_end(void *arg, const struct content_entry *e, struct diag *d)
{
	(void)e;
	return fails(arg, "end", d);
}

static void
test_errors_travel(void **state)
{
	static const struct {
		const char *where;
		size_t calls;		/* in a whole run, at least */
		enum status st;
	} cases[] = {
		{ "next", 20, ST_DAMAGED },
		{ "next", 20, ST_INTERRUPTED },
		{ "next", 20, ST_HOST },
		{ "begin", 9, ST_HOST },
		{ "data", 5, ST_HOST },
		{ "end", 9, ST_INTERRUPTED },
		{ "none", 1, ST_OK },
	};
	struct tartest t;
	size_t i, n;

	(void)state;
	tartest_make(&t, tree, LEN(tree));
	for (i = 0; i < LEN(cases); i++)
		for (n = 0; n < cases[i].calls; n++) {
			struct failing f = {
				{ t.stream.data, t.stream.len, 512, 0, NULL },
				cases[i].where, n, cases[i].st };
			const struct tar_source source = { .next = failing_next, .arg = &f };
			const struct tar_sink sink = { failing_begin,
				failing_data, failing_end, &f };
			struct diag d = DIAG_INIT;

			assert_int_equal(tar_read(&t.contents, &source, &sink,
			    &d), cases[i].st);
			if (cases[i].st != ST_OK)
				assert_string_equal(d.rule, "test");
		}
	tartest_free(&t);
}

/* A size that only a pax record holds: 12 GiB begin; the rest is not tried. */
static void
test_large_size(void **state)
{
	static uint8_t stream[TAR_HEADER_MAX + 5120];
	struct content_file file = { .size = (uint64_t)12 << 30 };
	struct contents c = { .time = TARTEST_TIME, .files = &file, .n_files = 1 };
	struct bytes seen = { 0 };
	const struct tar_sink sink = { log_begin, log_data, log_end, &seen };
	struct diag d = DIAG_INIT;
	char path[] = "large";
	size_t len;

	(void)state;
	file.path = path;
	len = tar_spell(stream, path, false, file.size, false, c.time);
	assert_int_equal(len, 3 * TAR_BLOCK);
	assert_int_equal(tar_stream_size(&c), len + file.size + TAR_END);
	memset(stream + len, 'x', 5120);
	assert_int_equal(tartest_read(&c, stream, len + 5120, 512, &sink, &d),
	    ST_MALFORMED);
	assert_string_equal(d.rule, "tar-size");
	assert_int_equal(seen.len, strlen("large\n") + 5120);
	bytes_free(&seen);
}

static void
test_locale(void **state)
{
	struct diag d = DIAG_INIT;
	struct tartest t;

	(void)state;
	tartest_make(&t, tree, LEN(tree));
	assert_non_null(setlocale(LC_CTYPE, "C"));
	assert_int_equal(tartest_read(&t.contents, t.stream.data, t.stream.len,
	    512, NULL, &d), ST_HOST);
	assert_string_equal(d.rule, "locale");
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	tartest_free(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_contents_differ),
		cmocka_unit_test(test_libarchive_differs),
		cmocka_unit_test(test_every_name),
		cmocka_unit_test(test_errors_travel),
		cmocka_unit_test(test_large_size),
		cmocka_unit_test(test_locale),
	};
	size_t i;

	for (i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * 2654435761U >> 13);
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
