/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_medium_fails - a file cannot be read on, at each read in turn: whoever
 * looks at what it is says that, and no verdict on the file is made of it.
 */
#include <dirent.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/format.h"
#include "manifests/gguf.h"
#include "manifests/hub.h"
#include "manifests/safetensors.h"
#include "tests/unit/sampletest.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct bytes file;
static const char *name;		/* by which it is looked at */
static size_t reads, fails_at;
static bool failed;

static enum status
read_file(void *arg, void *buf, size_t len, uint64_t offset, struct diag *d)
{
	(void)arg;
	if (reads++ == fails_at) {
		failed = true;
		return diag_set(d, ST_HOST, "host-io", "the medium is gone");
	}
	assert_true(offset <= file.len && len <= file.len - offset);
	memcpy(buf, file.data + offset, len);
	return ST_OK;
}

static enum status
recognise(struct window *w, struct diag *d)
{
	struct recognised r;

	return format_recognise(w, name, &r, d);
}

static enum status
weights(struct window *w, struct diag *d)
{
	struct tensor_facts f;

	return safetensors_read(w, &f, d);
}

static enum status
gguf(struct window *w, struct diag *d)
{
	struct gguf_facts f;

	return gguf_read(w, &f, d);
}

static enum status
shards(struct window *w, struct diag *d)
{
	struct hub_index x;
	enum status st = hub_read_index(w, &x, d);

	hub_index_clear(&x);
	return st;
}

static enum status
settings(struct window *w, struct diag *d)
{
	struct hub_settings s;

	return hub_read_settings(w, &s, d);
}

typedef enum status look_fn(struct window *w, struct diag *d);

/* Returns how many reads there are. */
static size_t
fail_each(look_fn *look, const char *what)
{
	static struct window w;
	struct diag d;
	enum status st;

	for (fails_at = 0;; fails_at++) {
		d = (struct diag)DIAG_INIT;
		failed = false;
		reads = 0;
		window_open(&w, file.len, read_file, NULL);
		st = look(&w, &d);
		if (!failed)
			return reads;
		if (st != ST_HOST || strcmp(d.rule, "host-io") != 0 ||
		    strstr(d.text, "the medium is gone") == NULL)
			fail_msg("%s as %s, read %zu: %d, %s: %s", what, name, fails_at,
			    st, d.rule, d.text);
	}
}

static void
fail_corpus(const char *corpus, size_t prefix)
{
	static look_fn *const looks[] = { recognise, weights, gguf, shards, settings };
	static const char *const names[] = { "x", "model.safetensors", "x.gguf",
		"x.json", "x.onnx", "x.npz", "x.pt", "x.parquet", "x.arrow", "x.md" };
	const char *source = getenv("SATCHEL_SRC");
	char folder[512], path[1024];
	struct bytes whole;
	struct dirent *e;
	size_t i, n = 0;
	DIR *dir;

	if (source == NULL)
		source = ".";
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source, corpus);
	assert_non_null(dir = opendir(folder));
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		sampletest_read(path, &whole);
		file = whole;
		if (whole.len > prefix) {
			file.data += prefix;
			file.len -= prefix;
		}
		for (i = 0; i < LEN(looks) + LEN(names) - 1; i++) {
			name = i < LEN(names) ? names[i] : "x";
			n += fail_each(i < LEN(names) ? recognise :
			    looks[i - LEN(names) + 1], e->d_name);
		}
		bytes_free(&whole);
	}
	closedir(dir);
	assert_true(n > 50);
	print_message("# %s: %zu reads\n", corpus, n);
}

static void
test_formats(void **state)
{
	(void)state;
	fail_corpus("format", 1);	/* the first byte chooses a name there */
}

static void
test_weights(void **state)
{
	(void)state;
	fail_corpus("safetensors", 0);
	fail_corpus("gguf", 0);
}

/* What a window does not hold at once: head, end and middle are read apart. */
static void
test_large(void **state)
{
	static const struct {
		const char *name, *head, *end;
		size_t head_len, end_len;
		size_t reads;		/* that there are at least */
		enum file_format format;
	} rows[] = {
#define ROW(head, end) head, end, sizeof(head) - 1, sizeof(end) - 1
		{ "x", ROW("PAR1", "PAR1"), 2, FORMAT_PARQUET },
		{ "x", ROW("ARROW1\0\0", "ARROW1"), 2, FORMAT_ARROW },
		/* a string of 65,536 bytes, another of them, and the graph */
		{ "x", ROW("\x08\x07\x12\x80\x80\x04", "\x1a\x00\x3a\x00"), 2, FORMAT_ONNX },
		/* cut in a varint; cut behind a tag */
		{ "x", ROW("\x08\x07\x12\x80\x80\x04", "\x9a"), 2, FORMAT_UNKNOWN },
		{ "x", ROW("\x08\x07\x12\x80\x80\x04", "\x1a"), 2, FORMAT_UNKNOWN },
		/* one entry, the directory, the end record */
		{ "x", ROW("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0a.npy",
		    "PK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0"
		    "\0\0\0\0\0\0\0\0\0\0a.npyPK\5\6\0\0\0\0\1\0\1\0\x33\0\0\0\x23\0\1\0\0\0"),
		    2, FORMAT_NPZ },
		/* no directory: the first entry again */
		{ "x.pt", ROW("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0a.npy",
		    ""), 2, FORMAT_NPZ },
#undef ROW
	};
	struct window_memory m;
	static struct window w;
	struct recognised r;
	struct diag d = DIAG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(rows); i++) {
		struct bytes b = { 0 };

		bytes_append(&b, rows[i].head, rows[i].head_len);
		while (b.len < rows[i].head_len + 65536)
			bytes_append(&b, "", 1);
		bytes_append(&b, rows[i].end, rows[i].end_len);
		assert_false(b.failed);
		m = (struct window_memory){ b.data, b.len };
		window_open_memory(&w, &m);
		name = rows[i].name;
		assert_int_equal(format_recognise(&w, name, &r, &d), ST_OK);
		if (r.format != rows[i].format)
			fail_msg("row %zu: %s", i, format_name(r.format));
		file = b;
		if (fail_each(recognise, "a large file") < rows[i].reads)
			fail_msg("row %zu: too few reads", i);
		bytes_free(&b);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_weights),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
