/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_tarhostile - hostile tar archives as the stream of a bundle that a
 * trusted key has signed, against a content manifest that says what they claim.
 * None has our one spelling: each is refused, and at once.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "bundle/tarread.h"
#include "manifests/caps.h"
#include "manifests/path.h"
#include "manifests/tarspell.h"
#include "tests/unit/tartest.h"

#define SECONDS_MAX 60			/* for all of them, under sanitizers too */
#define CLAIMS_MAX 30000

/* What an archive claims to hold, read as leniently as any reader might. */
struct claims {
	struct content_file *files;
	char **directories;
	size_t n_files, n_directories;
	uint64_t time;
};

static uint64_t
octal(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && p[i] == ' '; i++)
		continue;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (p[i] & 7U);
	return v;
}

/* A path record of a pax header, if there is one. */
static void
pax_path(const uint8_t *p, size_t n, char *out)
{
	const uint8_t *key = memmem(p, n, " path=", 6), *end;

	if (key == NULL)
		return;
	key += 6;
	end = memchr(key, '\n', (size_t)(p + n - key));
	if (end == NULL || end - key > CAP_PATH)
		return;
	memcpy(out, key, (size_t)(end - key));
	out[end - key] = '\0';
}

static void
claim(struct claims *c, const char *path, bool directory, uint64_t size,
    bool executable)
{
	char *copy = strdup(path);
	size_t len = strlen(path);

	assert_non_null(copy);
	while (len > 0 && copy[len - 1] == '/')
		copy[--len] = '\0';
	if (directory) {
		c->directories[c->n_directories++] = copy;
	} else {
		c->files[c->n_files].path = copy;
		c->files[c->n_files].executable = executable;
		c->files[c->n_files++].size = size;
	}
}

static void
read_claims(const uint8_t *data, size_t len, struct claims *c)
{
	char name[CAP_PATH + 1] = "", plain[101];
	size_t at, left, body;
	uint64_t size;
	char type;

	for (at = 0; at + TAR_BLOCK <= len; at += TAR_BLOCK + body) {
		const uint8_t *h = data + at;

		body = 0;
		if (h[0] == 0 || c->n_files + c->n_directories == CLAIMS_MAX)
			continue;
		left = len - at - TAR_BLOCK;
		type = (char)h[156];
		size = octal(h + 124, 12);
		if (c->time == 0)
			c->time = octal(h + 136, 12);
		body = size < left ? (size_t)size : left;
		if (type == 'x')
			pax_path(h + TAR_BLOCK, body, name);
		if (type == 'L' && body <= CAP_PATH)
			snprintf(name, sizeof(name), "%.*s", (int)body,
			    (const char *)h + TAR_BLOCK);
		body = (body + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (type == 'x' || type == 'g' || type == 'L' || type == 'K')
			continue;
		snprintf(plain, sizeof(plain), "%.100s", (const char *)h);
		claim(c, name[0] != '\0' ? name : plain, type == '5', size,
		    (octal(h + 100, 8) & 0100) != 0);
		name[0] = '\0';
	}
}

static int
by_string(const void *a, const void *b)
{
	return path_compare(*(char *const *)a, *(char *const *)b);
}

static int
by_path(const void *a, const void *b)
{
	return path_compare(((const struct content_file *)a)->path,
	    ((const struct content_file *)b)->path);
}

static void
claims_free(struct claims *k)
{
	size_t i;

	for (i = 0; i < k->n_files; i++)
		free(k->files[i].path);
	for (i = 0; i < k->n_directories; i++)
		free(k->directories[i]);
	free(k->files);
	free(k->directories);
}

/* data is refused in pieces of step bytes, against what `claimed` claims. */
static void
check_stream(const char *name, const uint8_t *claimed, const uint8_t *data,
    size_t len, size_t step)
{
	struct claims k = { 0 };
	struct contents c = { 0 };
	struct diag d = DIAG_INIT;
	enum status st;

	k.files = calloc(CLAIMS_MAX, sizeof(*k.files));
	k.directories = calloc(CLAIMS_MAX, sizeof(*k.directories));
	assert_non_null(k.files);
	assert_non_null(k.directories);
	read_claims(claimed, len, &k);
	/* No content manifest is empty. */
	if (k.n_files + k.n_directories == 0)
		claim(&k, "a", false, 0, false);
	qsort(k.directories, k.n_directories, sizeof(*k.directories), by_string);
	qsort(k.files, k.n_files, sizeof(*k.files), by_path);
	c.time = k.time;
	c.files = k.files;
	c.n_files = k.n_files;
	c.directories = k.directories;
	c.n_directories = k.n_directories;
	st = tartest_read(&c, data, len, step, NULL, &d);
	if (st != ST_MALFORMED)
		fail_msg("%s: status %d, %s", name, (int)st, d.text);
	claims_free(&k);
}

static void
put_octal(uint8_t *p, int digits, unsigned long long v)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%0*llo", digits, v);

	memcpy(p, text, (size_t)n);
	p[n] = '\0';
}

static unsigned
header_sum(const uint8_t *h)
{
	unsigned sum = 8 * ' ';
	size_t i;

	for (i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : h[i];
	return sum;
}

/*
 * The same archive with its names below data/, so that it is not refused for
 * its first byte already.
 */
static void
dress(uint8_t *data, size_t len)
{
	char name[101];
	size_t at, body;
	bool right;

	for (at = 0; at + TAR_BLOCK <= len; at += TAR_BLOCK + body) {
		uint8_t *h = data + at;

		body = 0;
		if (h[0] == 0)
			continue;
		body = (size_t)octal(h + 124, 12);
		if (body > len - at - TAR_BLOCK)
			body = len - at - TAR_BLOCK;
		body = (body + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (strchr("xgLK", h[156]) != NULL)
			continue;
		right = octal(h + 148, 8) == header_sum(h);
		snprintf(name, sizeof(name), TAR_PREFIX "%.95s", (const char *)h);
		memset(h, 0, 100);
		memcpy(h, name, strlen(name));
		if (right)
			put_octal(h + 148, 6, header_sum(h));
	}
}

/* As it lies, and with names as ours. */
static void
check_file(const char *name, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);

	assert_non_null(copy);
	memcpy(copy, data, len);
	dress(copy, len);
	check_stream(name, data, data, len, 512);
	check_stream(name, data, data, len, (size_t)1 << 20);
	check_stream(name, data, copy, len, 4096);
	free(copy);
}

static void
test_hostile(void **state)
{
	const char *top = getenv("SATCHEL_DATA");
	struct diag d = DIAG_INIT;
	char path[4096], **names;
	size_t n, i;
	clock_t began = clock();
	int fd;

	(void)state;
	if (top == NULL)
		skip();
	snprintf(path, sizeof(path), "%s/hostile/tar", top);
	assert_int_equal(dir_open_path(path, &fd, &d), ST_OK);
	assert_int_equal(dir_list(fd, &names, &n, &d), ST_OK);
	assert_true(n > 70);
	for (i = 0; i < n; i++) {
		struct bytes b = { 0 };

		assert_int_equal(file_read_whole(fd, names[i], 64 * MIB, &b, &d),
		    ST_OK);
		check_file(names[i], b.data, b.len);
		bytes_free(&b);
	}
	dir_list_free(names, n);
	fd_close(&fd);
	assert_true((clock() - began) / CLOCKS_PER_SEC < SECONDS_MAX);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
