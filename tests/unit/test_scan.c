/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_scan - volumes read back, given up at each chunk, what is put off for a
 * worker, and signed chunks that are shorter than the format has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "bundle/scan.h"
#include "bundle/writer.h"
#include "tests/unit/foldertest.h"

#define CHUNK 16384U
#define N_CHUNKS 9
#define N_VOLUMES 3

static uint8_t key[KEY_LEN] = { 1 };
static struct seal_params params = { .kind = VOLUME_PAYLOAD, .chunk_size = CHUNK,
	.padding = 4096, .level = 3, .key = key };
static struct scan_item items[N_VOLUMES];
static struct written written;
static uint8_t stream[N_CHUNKS * CHUNK];

static struct scan_params
reading(unsigned jobs, struct findings *f)
{
	struct scan_params p = { .items = items, .n_items = N_VOLUMES,
		.max_stored = seal_bound(&params), .chunk_size = CHUNK,
		.padding = params.padding, .jobs = jobs, .findings = f };

	return p;
}

/* Three chunks in each of three volumes. */
static int
start(void **state)
{
	struct writer_params p = { .seal = params, .jobs = 1 };
	struct writer *w = NULL;
	struct diag d = DIAG_INIT;
	uint32_t x = 7;
	size_t i;

	if (folder_setup(state) != 0)
		return -1;
	for (i = 0; i < sizeof(stream); i++)
		stream[i] = (uint8_t)((x = x * 1664525U + 1013904223U) >> 24);
	p.dirfd = folder;
	p.volume_size = writer_min_volume(&params) + 2 * (seal_bound(&params) + 500);
	assert_int_equal(writer_open(&p, &w, &d), ST_OK);
	assert_int_equal(writer_put(w, stream, sizeof(stream), &d), ST_OK);
	assert_int_equal(writer_finish(w, &written, &d), ST_OK);
	writer_free(w);
	assert_int_equal(written.n, N_VOLUMES);
	for (i = 0; i < N_VOLUMES; i++) {
		items[i] = (struct scan_item){ .dirfd = folder, .want = &written.volumes[i],
			.open = &params, .place = { .kind = VOLUME_PAYLOAD,
			.number = (uint32_t)i } };
		transport_name_payload(items[i].name, 0, i);
		transport_name_payload(items[i].label, 0, i);
	}
	return 0;
}

static int
end(void **state)
{
	written_free(&written);
	return folder_teardown(state);
}

/* Read n chunks, which are what they were, then close. */
static void
read_some(unsigned jobs, size_t n)
{
	struct findings f = { 0 };
	const struct scan_params p = reading(jobs, &f);
	struct diag d = DIAG_INIT;
	struct scan *s = NULL;
	const uint8_t *buf;
	size_t i, len;

	assert_int_equal(scan_open(&p, &s, &d), ST_OK);
	for (i = 0; i < n && i < N_CHUNKS; i++) {
		assert_int_equal(scan_next(s, &buf, &len, &d), ST_OK);
		assert_int_equal(len, CHUNK);
		assert_memory_equal(buf, stream + i * CHUNK, CHUNK);
	}
	if (n > N_CHUNKS) {
		assert_int_equal(scan_next(s, &buf, &len, &d), ST_OK);
		assert_null(buf);
	}
	scan_close(s);
	assert_int_equal(f.n, 0);
	findings_free(&f);
}

static void
test_given_up(void **state)
{
	unsigned jobs;
	size_t n;

	(void)state;
	for (jobs = 1; jobs <= 4; jobs++)
		for (n = 0; n <= N_CHUNKS + 1; n++)
			read_some(jobs, n);
}

/* Where put() puts, and the byte at which it fails. */
struct target {
	uint8_t *data;
	uint64_t fails_at;
};

static enum status
put(void *arg, const uint8_t *buf, size_t len, uint64_t at, struct diag *d)
{
	const struct target *t = arg;

	if (t->fails_at >= at && t->fails_at - at < len)
		return diag_set(d, ST_HOST, "host-io", "no room");
	memcpy(t->data + at, buf, len);
	return ST_OK;
}

/* Chunks in two halves to wherever there is time, settled now and then; up to an error. */
static enum status
copy(unsigned jobs, size_t settle_each, uint64_t fails_at, uint8_t *data, struct diag *d)
{
	struct target t = { data, fails_at };
	struct findings f = { 0 };
	const struct scan_params p = reading(jobs, &f);
	struct later l = { put, &t, NULL, CHUNK / 2, 0 };
	struct scan *s = NULL;
	const uint8_t *buf;
	enum status st;
	size_t i, len, half;

	assert_int_equal(scan_open(&p, &s, d), ST_OK);
	for (i = 0; (st = scan_next(s, &buf, &len, d)) == ST_OK && buf != NULL; i++) {
		for (half = 0; half < 2 && st == ST_OK; half++) {
			l.buf = buf + half * l.len;
			l.at = i * CHUNK + half * l.len;
			st = scan_later(s, &l, d);
		}
		if (st == ST_OK && i % settle_each == settle_each - 1) {
			if ((st = scan_settle(s, d)) == ST_OK)
				assert_memory_equal(data, stream, (i + 1) * CHUNK);
		}
		if (st != ST_OK)
			break;
	}
	if (st == ST_OK)
		st = scan_settle(s, d);
	scan_close(s);
	assert_int_equal(f.n, 0);
	findings_free(&f);
	return st;
}

static void
test_later(void **state)
{
	uint8_t *data = malloc(sizeof(stream));
	struct diag d = DIAG_INIT;
	uint64_t at;
	unsigned jobs;
	size_t each;

	(void)state;
	for (jobs = 1; jobs <= 5; jobs++)
		for (each = 1; each <= N_CHUNKS + 1; each++) {
			memset(data, 0, sizeof(stream));
			assert_int_equal(copy(jobs, each, UINT64_MAX, data, &d), ST_OK);
			assert_memory_equal(data, stream, sizeof(stream));
			for (at = 0; at < sizeof(stream); at += CHUNK / 2) {
				d.text[0] = '\0';
				assert_int_equal(copy(jobs, each, at, data, &d), ST_HOST);
				assert_string_equal(d.text, "no room");
			}
		}
	free(data);
}

/* As if the chunks were to be larger: the stream may not go on behind the first. */
static void
test_short_chunk(void **state)
{
	struct seal_params larger = params;
	struct findings f = { 0 };
	struct scan_params p = reading(2, &f);
	struct diag d = DIAG_INIT;
	struct scan *s = NULL;
	const uint8_t *buf;
	enum status st;
	size_t len, i;

	(void)state;
	larger.chunk_size = p.chunk_size = 2 * CHUNK;
	p.max_stored = seal_bound(&larger);
	for (i = 0; i < N_VOLUMES; i++)
		items[i].open = &larger;
	assert_int_equal(scan_open(&p, &s, &d), ST_OK);
	assert_int_equal(scan_next(s, &buf, &len, &d), ST_OK);
	assert_int_equal(len, CHUNK);
	st = scan_next(s, &buf, &len, &d);
	assert_null(buf);
	scan_close(s);
	for (i = 0; i < N_VOLUMES; i++)
		items[i].open = &params;
	assert_int_equal(st, ST_MALFORMED);
	assert_string_equal(d.rule, "chunk-short");
	assert_int_equal(f.worst, ST_MALFORMED);
	findings_free(&f);
}

/* Only named: the rest is looked at, and nothing more is delivered. */
static void
test_missing(void **state)
{
	struct findings f = { 0 };
	struct scan_params p = reading(2, &f);
	struct diag d = DIAG_INIT;
	struct scan *s = NULL;
	const uint8_t *buf = NULL;
	enum status st = ST_OK;
	size_t len, n = 0;

	(void)state;
	assert_int_equal(renameat(folder, items[1].name, folder, "away"), 0);
	assert_int_equal(scan_open(&p, &s, &d), ST_OK);
	while ((st = scan_next(s, &buf, &len, &d)) == ST_OK && buf != NULL)
		n++;
	assert_int_equal(scan_rest(s, &d), ST_OK);
	scan_close(s);
	assert_int_equal(renameat(folder, "away", folder, items[1].name), 0);
	assert_int_equal(st, ST_INCOMPLETE);
	assert_true(n <= 3);	/* it is opened ahead */
	assert_int_equal(f.n, 1);
	assert_string_equal(f.items[0].rule, "missing");
	assert_non_null(strstr(f.items[0].volume, items[1].name));
	findings_free(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_short_chunk),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, start, end);
}
