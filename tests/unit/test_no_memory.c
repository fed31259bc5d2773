/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_no_memory - whatever reads bytes from outside runs out of memory at each
 * of its allocations in turn: it says so, hands out nothing and holds nothing.
 * test_no_memory_verbs.c does the same with the verbs of satchel-unpack.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/crypto.h"
#include "bundle/entropy.h"
#include "bundle/file.h"
#include "bundle/frame.h"
#include "bundle/planes.h"
#include "bundle/seal.h"
#include "bundle/volume.h"
#include "manifests/bag.h"
#include "manifests/caps.h"
#include "manifests/gguf.h"
#include "manifests/handoff.h"
#include "manifests/hub.h"
#include "manifests/path.h"
#include "manifests/safetensors.h"
#include "tests/unit/failmem.h"
#include "tests/unit/foldertest.h"
#include "tests/unit/manifest_samples.h"
#include "tests/unit/tartest.h"
#include "tests/unit/weights.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CHUNK 65536U

static const char handoff[] =
    "satchel-handoff: 1\n"
    "bundle:\n"
    "  name: aurora-preview\n"
    "  sequence: 3\n"
    "  title: AE-0042\n"
    "  from: Example AI, Inc.\n"
    "  to: Evaluation Centre\n"
    "  marking: UNCLASSIFIED\n"
    "  contact: handoff@example.com\n"
    "  x-ticket: {id: 7, by: [a, b]}\n"
    "components:\n"
    "  - name: aurora-7b\n"
    "    kind: model\n"
    "    path: weights/aurora-7b\n"
    "    license: proprietary\n"
    "  - name: cyber-bench\n"
    "    kind: benchmark\n"
    "    path: suites/cyber\n"
    "    command: [lm-eval, run, --tasks]\n"
    "    expected: [{metric: acc, value: 0.41, tolerance: 0.02}]\n"
    "    needs: [aurora-7b]\n"
    "exclude: [\"*.tmp\", \".git\"]\n";

static struct bytes transport, contents, tensors;
static struct contents *parsed;
static struct transport *sealed;
static struct tartest tree;
static uint8_t plain[CHUNK], key[KEY_LEN], *stored, *planes;
static size_t planes_len;
static struct seal_params params = { .kind = VOLUME_PAYLOAD, .chunk_size = CHUNK,
	.padding = 4096, .level = 3, .key = key };
static struct chunk_fields fields;
static struct volume_place place = { .kind = VOLUME_PAYLOAD };
static struct transport_volume volume;

static enum status
read_transport(struct diag *d)
{
	struct transport *t = (struct transport *)key;
	enum status st = transport_parse(transport.data, transport.len, "m", &t, d);

	assert_int_equal(t == NULL, st != ST_OK);
	transport_free(t);
	return st;
}

static enum status
read_contents(struct diag *d)
{
	struct contents *c = (struct contents *)key;
	enum status st = contents_parse(contents.data, contents.len, "c", &c, d);

	assert_int_equal(c == NULL, st != ST_OK);
	contents_free(c);
	return st;
}

static enum status
read_handoff(struct diag *d)
{
	struct handoff *h = (struct handoff *)key;
	enum status st;

	st = handoff_parse((const uint8_t *)handoff, strlen(handoff), "h", &h, d);
	assert_int_equal(h == NULL, st != ST_OK);
	handoff_free(h);
	return st;
}

/* What writes tells by its buffer. */
static enum status
emit(struct diag *d)
{
	struct bytes b = { 0 };
	enum status st = ST_OK;

	transport_emit(sealed, &b);
	contents_emit(parsed, &b);
	if (b.failed)
		st = diag_nomem(d);
	else
		assert_int_equal(b.len, transport.len + contents.len);
	bytes_free(&b);
	return st;
}

static enum status
read_index(struct diag *d)
{
	static const char text[] = "{\"weight_map\":{\"a\":\"m-2\",\"b\":\"m-1\","
	    "\"c\":\"m-2\",\"d\":\"m-3\"}}";
	const struct window_memory m = { (const uint8_t *)text, strlen(text) };
	struct hub_index x;
	struct window w;
	enum status st;

	window_open_memory(&w, &m);
	if ((st = hub_read_index(&w, &x, d)) == ST_OK)
		assert_int_equal(x.shards.n, 3);
	hub_index_clear(&x);
	return st;
}

static enum status
read_safetensors(struct diag *d)
{
	const struct window_memory m = { tensors.data, tensors.len };
	struct tensor_facts f;
	struct window w;
	enum status st;

	window_open_memory(&w, &m);
	if ((st = safetensors_read(&w, &f, d)) == ST_OK)
		assert_true(f.tensors == 2 && f.parameters == 12);
	return st;
}

static enum status
read_gguf(struct diag *d)
{
	static const uint8_t file[] = "GGUF\3\0\0\0" "\1\0\0\0\0\0\0\0"
	    "\2\0\0\0\0\0\0\0"
	    "\1\0\0\0\0\0\0\0" "a" "\4\0\0\0" "\7\0\0\0"
	    "\1\0\0\0\0\0\0\0" "b" "\4\0\0\0" "\7\0\0\0"
	    "\1\0\0\0\0\0\0\0" "t" "\1\0\0\0" "\2\0\0\0\0\0\0\0" "\0\0\0\0"
	    "\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	const size_t header = 24 + 2 * 17 + 33, data = (header + 31) / 32 * 32;
	const struct window_memory m = { file, data + 8 };
	struct gguf_facts f;
	struct window w;
	enum status st;

	assert_true(data + 8 <= sizeof(file));
	window_open_memory(&w, &m);
	if ((st = gguf_read(&w, &f, d)) == ST_OK)
		assert_true(f.tensors.tensors == 1 && f.tensors.parameters == 2);
	return st;
}

static int
no_sha256(void *arg, const uint8_t *data, size_t len, uint8_t out[SHA256_LEN])
{
	(void)arg;
	(void)data;
	(void)len;
	memset(out, 7, SHA256_LEN);
	return 0;
}

static enum status
make_bag(struct diag *d)
{
	const struct bag_signature signature = { SAMPLE_FPR_A, key, 3 };
	const struct bag_lane lane = { 0, parsed, contents.data, contents.len, key };
	static const uint8_t digest[SHA512_LEN];
	const struct bag_source src = { transport.data, transport.len, sealed, digest,
		&signature, 1, &lane, 1 };
	struct bag_file *files = (struct bag_file *)key;
	size_t n = 77;
	enum status st = bag_make(&src, no_sha256, NULL, &files, &n, d);

	if (st != ST_OK)
		assert_null(files);
	else
		assert_true(n > 7);
	bag_free(files, st == ST_OK ? n : 0);
	return st;
}

static enum status
collide(struct diag *d)
{
	static const char *const paths[] = { "a/B", "a/b", "stra\xC3\x9F-e", "x" };
	size_t a = 7, b = 7;
	enum status st = paths_collide(paths, LEN(paths), &a, &b, d);

	if (st == ST_OK)
		assert_true(a == 0 && b == 1);
	return st;
}

static enum status
fold(struct diag *d)
{
	char *s = path_fold("STRASSE/b");

	if (s == NULL)
		return diag_nomem(d);
	assert_string_equal(s, "strasse/b");
	free(s);
	return ST_OK;
}

static enum status
open_frame(struct diag *d)
{
	uint8_t out[1000], frame[2000];
	struct frame_ctx *c = frame_ctx_new();
	enum status st;

	if (c == NULL)
		return diag_nomem(d);
	frame_store(plain, sizeof(out), frame);
	st = frame_decompress(c, frame, frame_stored_len(sizeof(out)), out,
	    sizeof(out), d);
	frame_ctx_free(c);
	if (st == ST_OK)
		assert_memory_equal(out, plain, sizeof(out));
	return st;
}

static enum status
make_entropy(struct diag *d)
{
	struct entropy_ctx *c = entropy_ctx_new();

	if (c == NULL)
		return diag_nomem(d);
	entropy_ctx_free(c);
	return ST_OK;
}

/* Both ways: each has room to make. */
static enum status
code_planes(struct diag *d)
{
	static uint8_t out[CHUNK], back[CHUNK];
	struct frame_ctx *frame = frame_ctx_new();
	struct planes_ctx *c = frame == NULL ? NULL : planes_ctx_new(frame);
	uint32_t transform = 0;
	enum status st;
	size_t n = 0;

	st = c == NULL ? diag_nomem(d) : planes_decode(c, PLANES_TRANSFORM, planes,
	    planes_len, back, CHUNK, d);
	if (st == ST_OK) {
		assert_memory_equal(back, plain, CHUNK);
		st = planes_encode(c, 3, plain, CHUNK, out, CHUNK, &n, &transform, d);
	}
	if (st == ST_OK) {
		assert_int_equal(n, planes_len);
		assert_memory_equal(out, planes, n);
	}
	planes_ctx_free(c);
	frame_ctx_free(frame);
	return st;
}

static enum status
unseal(struct diag *d)
{
	static uint8_t back[CHUNK], copy[2 * CHUNK];
	struct sealer *s = sealer_new(&params, d);
	size_t len = 0;
	enum status st;

	if (s == NULL)
		return ST_HOST;
	memcpy(copy, stored, fields.stored_len);
	st = unseal_chunk(s, 5, copy, &fields, back, &len, d);
	sealer_free(s);
	if (st == ST_OK) {
		assert_int_equal(len, CHUNK);
		assert_memory_equal(back, plain, CHUNK);
	}
	return st;
}

static enum status
open_volume(struct diag *d)
{
	struct volume *v = (struct volume *)key;
	enum status st;

	st = volume_open(folder, "v", &place, &volume, CHUNK, false, &v, d);
	assert_int_equal(v == NULL, st != ST_OK);
	volume_close(v);
	return st;
}

static enum status
write_volume(struct diag *d)
{
	static const struct chunk_fields f = { 100, 1, 100 };
	struct volume_writer *w = (struct volume_writer *)key;
	uint8_t digest[SHA512_LEN] = { 0 };
	enum status st;
	size_t i;

	if ((st = volume_create(folder, "v", &place, false, &w, d)) != ST_OK) {
		assert_null(w);
		return st;
	}
	for (i = 0; i < 5 && st == ST_OK; i++)
		st = volume_append(w, plain, &f, digest, d);
	if (st == ST_OK)
		return volume_finish(w, &volume, NULL, d);
	volume_abort(w);
	assert_false(is_there(".part-v"));
	return st;
}

static enum status
whole(void *arg, const struct content_entry *e, struct diag *d)
{
	size_t *n = arg;

	(void)e;
	(void)d;
	++*n;
	return ST_OK;
}

struct one_piece {
	bool over;
};

static enum status
next(void *arg, const uint8_t **buf, size_t *len, struct diag *d)
{
	struct one_piece *p = arg;

	(void)d;
	*buf = p->over ? NULL : tree.stream.data;
	*len = p->over ? 0 : tree.stream.len;
	p->over = true;
	return ST_OK;
}

static enum status
read_tar(struct diag *d)
{
	struct one_piece p = { false };
	const struct tar_source source = { .next = next, .arg = &p };
	size_t n = 0;
	const struct tar_sink sink = { .end = whole, .arg = &n };
	enum status st = tar_read(&tree.contents, &source, &sink, d);

	if (st == ST_OK)
		assert_int_equal(n, 3);
	return st;
}

static enum status
read_file(struct diag *d)
{
	struct bytes b = { 0 };
	enum status st = file_read_whole(folder, "f", 100, &b, d);

	if (st == ST_OK)
		assert_int_equal(b.len, 4);
	bytes_free(&b);
	return st;
}

static enum status
list(struct diag *d)
{
	char **names = (char **)key;
	size_t n = 77;
	enum status st = dir_list(folder, &names, &n, d);

	if (st == ST_OK) {
		assert_int_equal(n, 2);
		dir_list_free(names, n);
	}
	return st;
}

/*
 * n       at least so many allocations are to be seen
 * closed  a rule that is taken as broken where there is no memory to judge it
 */
static const struct job {
	const char *name;
	enum status (*run)(struct diag *d);
	size_t n;
	const char *closed;
} jobs[] = {
	{ "transport_parse", read_transport, 10, NULL },
	{ "contents_parse", read_contents, 30, NULL },
	{ "handoff_parse", read_handoff, 20, "title-tells" },
	{ "transport_emit, contents_emit", emit, 2, NULL },
	{ "hub_read_index", read_index, 5, NULL },
	{ "safetensors_read", read_safetensors, 2, NULL },
	{ "gguf_read", read_gguf, 2, NULL },
	{ "bag_make", make_bag, 5, NULL },
	{ "paths_collide", collide, 1, NULL },
	{ "path_fold", fold, 1, NULL },
	{ "frame_decompress", open_frame, 3, NULL },
	{ "entropy_ctx_new", make_entropy, 2, NULL },
	{ "planes_decode, planes_encode", code_planes, 5, NULL },
	{ "unseal_chunk", unseal, 5, NULL },
	{ "volume_open", open_volume, 3, NULL },
	{ "volume_append", write_volume, 2, NULL },
	{ "tar_read", read_tar, 2, NULL },
	{ "file_read_whole", read_file, 1, NULL },
	{ "dir_list", list, 3, NULL },
};

/* libcrypto does not say why it makes no context: that is its own rule. */
static bool
is_refused(const struct job *j, enum status st, const struct diag *d)
{
	if (st == ST_REFUSED)
		return j->closed != NULL && strcmp(d->rule, j->closed) == 0;
	return st == ST_HOST && (strcmp(d->rule, "host-memory") == 0 ||
	    strncmp(d->rule, "crypto-", 7) == 0);
}

/* Returns how many allocations there are. */
static size_t
run_out(const struct job *j, bool after)
{
	struct diag d;
	enum status st;
	size_t at, held;

	for (at = 0;; at++) {
		d = (struct diag)DIAG_INIT;
		failmem_arm(at, after);
		st = j->run(&d);
		if (!failmem_disarm(&held))
			break;
		if (!is_refused(j, st, &d))
			fail_msg("%s: without allocation %zu: %d, %s: %s", j->name, at,
			    st, d.rule, d.text);
		if (held != 0)
			fail_msg("%s: without allocation %zu: holds %zu blocks",
			    j->name, at, held);
	}
	if (st != ST_OK || held != 0)
		fail_msg("%s: %d, %s, holds %zu blocks", j->name, st, d.text, held);
	return at;
}

static void
test_each_allocation(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < LEN(jobs); i++) {
		n = run_out(&jobs[i], false);
		if (n < jobs[i].n)
			fail_msg("%s: %zu allocations, not %zu or more", jobs[i].name, n,
			    jobs[i].n);
		assert_int_equal(run_out(&jobs[i], true), n);
		print_message("# %s: %zu allocations\n", jobs[i].name, n);
	}
}

static void
make_samples(void)
{
	static const struct tartest_entry entries[] = {
		{ "a", NULL, 0, false }, { "a/b", "text", 4, false },
		{ "c", "x", 1, true },
	};
	static const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],"
	    "\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"U8\",\"shape\":[8],"
	    "\"data_offsets\":[16,24]}}";
	uint8_t raw[8] = { sizeof(header) - 1 };

	sealed = sample_transport(SAMPLE_ENCRYPTED);
	transport_emit(sealed, &transport);
	parsed = sample_contents();
	contents_emit(parsed, &contents);
	bytes_append(&tensors, raw, sizeof(raw));
	bytes_string(&tensors, header);
	bytes_append(&tensors, key, 24);
	assert_false(transport.failed || contents.failed || tensors.failed);
	tartest_make(&tree, entries, LEN(entries));
}

static int
start(void **state)
{
	struct frame_ctx *frame = frame_ctx_new();
	struct planes_ctx *c = planes_ctx_new(frame);
	struct sealer *s;
	uint32_t transform = 0;
	struct diag d = DIAG_INIT;

	/* libarchive reads no UTF-8 without */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL || folder_setup(state) != 0)
		return -1;
	make_samples();
	make_file("f", "text");
	weights_fill(WEIGHTS_BF16, 1, plain, CHUNK);
	planes = malloc(CHUNK);
	stored = malloc(seal_bound(&params));
	s = sealer_new(&params, &d);
	assert_true(planes != NULL && stored != NULL && s != NULL);
	assert_int_equal(planes_encode(c, 3, plain, CHUNK, planes, CHUNK, &planes_len,
	    &transform, &d), ST_OK);
	assert_int_equal(transform, PLANES_TRANSFORM);
	assert_int_equal(seal_chunk(s, 5, plain, CHUNK, stored, &fields, &d), ST_OK);
	assert_int_equal(write_volume(&d), ST_OK);
	sealer_free(s);
	planes_ctx_free(c);
	frame_ctx_free(frame);
	return 0;
}

static int
end(void **state)
{
	transport_free(sealed);
	contents_free(parsed);
	bytes_free(&transport);
	bytes_free(&contents);
	bytes_free(&tensors);
	tartest_free(&tree);
	free(planes);
	free(stored);
	return folder_teardown(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
	};

	return cmocka_run_group_tests(tests, start, end);
}
