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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_weights),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
