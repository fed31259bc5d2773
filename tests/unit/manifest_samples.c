/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manifest_samples - valid manifests, made field by field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "manifests/tarspell.h"
#include "tests/unit/manifest_samples.h"

static void *
zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	assert_non_null(p);
	return p;
}

static char *
copy(const char *s)
{
	char *p = strdup(s);

	assert_non_null(p);
	return p;
}

/* The size of a volume whose chunks are all as small as they can be, and `more`. */
static uint64_t
volume_size(const struct transport *t, uint64_t n_chunks, uint64_t more)
{
	return 48 + (t->portable ? 0U : 13U) + 8 + 76 * n_chunks + more +
	    n_chunks * (t->encrypted ? 48 + (uint64_t)t->padding : 9);
}

static void
fill_volume(const struct transport *t, struct transport_volume *v, uint32_t medium,
    uint32_t run, uint64_t first, uint64_t n_chunks)
{
	v->medium = medium;
	v->run = t->encrypted ? run : 0;
	v->first = first;
	v->n_chunks = n_chunks;
	v->size = volume_size(t, n_chunks, t->encrypted ? t->padding : 1);
	memset(v->index, (int)(0x10 + first), sizeof(v->index));
}

static void
fill_run(const struct transport *t, struct transport_run *r, uint32_t run)
{
	size_t i;

	r->run = run;
	memset(r->commitment, (int)(0x20 + run), sizeof(r->commitment));
	r->n_keys = 2;
	r->keys = zeroed(r->n_keys, sizeof(*r->keys));
	for (i = 0; i < r->n_keys; i++) {
		if (t->hidden_recipients)
			strcpy(r->keys[i].recipient, i == 0 ? "000" : "001");
		else
			strcpy(r->keys[i].recipient, i == 0 ? SAMPLE_FPR_A :
			    SAMPLE_FPR_B);
		r->keys[i].file.size = 600 + i;
		memset(r->keys[i].file.digest, (int)(0x30 + i),
		    sizeof(r->keys[i].file.digest));
	}
}

static void
fill_lane(const struct transport *t, struct transport_lane *l, uint32_t lane)
{
	size_t i;

	l->lane = lane;
	memset(l->commitment, (int)(0x40 + lane), sizeof(l->commitment));
	fill_volume(t, &l->contents, 0, 0, 0, 1);
	if (t->encrypted) {
		l->n_runs = lane == 0 ? 2 : 1;
		l->runs = zeroed(l->n_runs, sizeof(*l->runs));
		for (i = 0; i < l->n_runs; i++)
			fill_run(t, &l->runs[i], (uint32_t)(3 * i));
	}
	l->n_volumes = 3;
	l->volumes = zeroed(l->n_volumes, sizeof(*l->volumes));
	fill_volume(t, &l->volumes[0], 1, 0, 0, 2);
	fill_volume(t, &l->volumes[1], 1, 0, 2, 3);
	fill_volume(t, &l->volumes[2], lane == 0 ? 2 : 3, lane == 0 ? 3 : 0, 5, 1);
}

struct transport *
sample_transport(enum sample kind)
{
	struct transport *t = zeroed(1, sizeof(*t));
	size_t i;

	for (i = 0; i < BUNDLE_ID_LEN; i++)
		t->bundle_id[i] = (uint8_t)(i * 16 + i);
	strcpy(t->created, "2026-11-24T19:12:01Z");
	strcpy(t->title, "AE-0042");
	if (kind != SAMPLE_HIDDEN)
		strcpy(t->control_number, "2026-117");
	t->encrypted = kind == SAMPLE_ENCRYPTED || kind == SAMPLE_HIDDEN;
	t->hidden_recipients = kind == SAMPLE_HIDDEN;
	t->portable = kind == SAMPLE_PORTABLE;
	t->chunk_size = 1048576;
	t->padding = t->encrypted ? 4096 : 0;
	t->readme.size = 1234;
	memset(t->readme.digest, 0x50, SHA512_LEN);
	for (i = 0; t->portable && i < 2; i++) {
		t->sums[i].size = 300 + i;
		memset(t->sums[i].digest, (int)(0x60 + i), SHA512_LEN);
	}
	t->n_signers = 2;
	t->signers = zeroed(t->n_signers, sizeof(*t->signers));
	strcpy(t->signers[0], SAMPLE_FPR_A);
	strcpy(t->signers[1], SAMPLE_FPR_B);
	t->n_lanes = t->encrypted ? 2 : 1;
	t->lanes = zeroed(t->n_lanes, sizeof(*t->lanes));
	for (i = 0; i < t->n_lanes; i++)
		fill_lane(t, &t->lanes[i], (uint32_t)i);
	t->n_media = t->encrypted ? 3 : 2;
	return t;
}

void
sample_layout(struct contents *c)
{
	struct content_walk w = { 0, 0 };
	struct content_entry e;
	uint64_t offset = 0, size;

	while (contents_next(c, &w, &e)) {
		size = e.file == NULL ? 0 : e.file->size;
		if (e.file != NULL)
			c->files[w.next_file - 1].offset = offset;
		offset += tar_spell_len(e.path, e.file == NULL, size) + size +
		    tar_padding(size);
	}
}

static void
fill_list(struct string_list *l, const char *const *items, size_t n)
{
	l->items = zeroed(n, sizeof(*l->items));
	for (l->n = 0; l->n < n; l->n++)
		l->items[l->n] = copy(items[l->n]);
}

static void
fill_component(struct component *k, const char *name, enum component_kind kind,
    const char *path)
{
	k->name = copy(name);
	k->kind = kind;
	k->path = copy(path);
	k->marking = copy("UNCLASSIFIED");
}

static void
fill_components(struct contents *c)
{
	static const char *const dtypes[] = { "BF16", "F32" };
	static const char *const command[] = { "lm-eval", "run", "--tasks", "cyber" };
	static const char *const needs[] = { "aurora-7b" };
	struct component *k;

	c->n_components = 3;
	c->components = k = zeroed(c->n_components, sizeof(*k));
	fill_component(&k[0], "aurora-7b", KIND_MODEL, "weights/aurora-7b");
	k[0].license = copy("proprietary");
	k[0].version = copy("2026-11-20");
	k[0].format = copy("safetensors");
	fill_list(&k[0].dtypes, dtypes, 2);
	k[0].has_tensors = k[0].has_parameters = true;
	k[0].tensors = 291;
	k[0].parameters = 7000000000;
	fill_component(&k[1], "cyber-bench", KIND_BENCHMARK, "suites/cyber");
	k[1].has_records = true;
	k[1].records = 1319;
	k[1].harness = copy("lm-evaluation-harness 0.4.9");
	fill_list(&k[1].command, command, 4);
	k[1].n_expected = 2;
	k[1].expected = zeroed(2, sizeof(*k[1].expected));
	k[1].expected[0].metric = copy("acc");
	k[1].expected[0].value = copy("0.41");
	k[1].expected[0].tolerance = copy("0.02");
	k[1].expected[1].metric = copy("loss");
	k[1].expected[1].value = copy("-1.5e-3");
	fill_list(&k[1].needs, needs, 1);
	fill_component(&k[2], "transfer-notes", KIND_DOCUMENT, "notes.md");
}

struct contents *
sample_contents(void)
{
	static const char *const directories[] = { "suites", "suites/cyber",
	    "suites/cyber/empty", "suites/cyber/sub", "weights",
	    "weights/aurora-7b" };
	static const char *const files[] = { "notes.md", "suites/cyber/run.sh",
	    "suites/cyber/sub/\xC3\xA9t\xC3\xA9.jsonl",
	    "weights/aurora-7b/model.safetensors" };
	struct contents *c = zeroed(1, sizeof(*c));
	size_t i;

	c->name = copy("aurora-preview");
	c->sequence = 3;
	c->from = copy("Example \"AI\", Inc.");
	c->to = copy("Evaluation Centre");
	strcpy(c->date, "2026-11-23");
	c->marking = copy("UNCLASSIFIED");
	strcpy(c->not_before, "2026-12-01");
	strcpy(c->not_after, "2026-12-31");
	c->contact = copy("handoff@example.com");
	strcpy(c->originator, SAMPLE_FPR_A);
	c->time = 1790000000;
	fill_components(c);
	c->n_directories = sizeof(directories) / sizeof(directories[0]);
	c->directories = zeroed(c->n_directories, sizeof(*c->directories));
	for (i = 0; i < c->n_directories; i++)
		c->directories[i] = copy(directories[i]);
	c->n_files = sizeof(files) / sizeof(files[0]);
	c->files = zeroed(c->n_files, sizeof(*c->files));
	for (i = 0; i < c->n_files; i++) {
		c->files[i].path = copy(files[i]);
		c->files[i].size = i * 513;
		c->files[i].executable = i == 1;
		memset(c->files[i].digest, (int)(0x70 + i), SHA256_LEN);
	}
	sample_layout(c);
	return c;
}

void
sample_replace(struct bytes *out, const struct bytes *text, const char *old,
    size_t nth, const char *new)
{
	const uint8_t *at = text->data;
	size_t left;

	memset(out, 0, sizeof(*out));
	for (;;) {
		left = text->len - (size_t)(at - text->data);
		if (old[0] == '\0') {
			at += left;
			break;
		}
		at = memmem(at, left, old, strlen(old));
		if (at == NULL)
			fail_msg("the sample has no \"%s\"", old);
		if (nth-- == 0)
			break;
		at++;
	}
	bytes_append(out, text->data, (size_t)(at - text->data));
	bytes_string(out, new);
	at += strlen(old);
	bytes_append(out, at, text->len - (size_t)(at - text->data));
	assert_false(out->failed);
}
