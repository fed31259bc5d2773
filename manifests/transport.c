/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport - reading manifest.yaml: fields, caps, and that its statements
 * agree.  The bytes may be anybody's; whoever signed them is not asked here.
 */
#include "manifests/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/canon.h"
#include "manifests/caps.h"
#include "manifests/fields.h"
#include "manifests/path.h"
#include "manifests/transport_rules.h"
#include "manifests/yaml.h"

static void
read_title(struct yaml *y, char out[33])
{
	field_title(y, out);
	if (yaml_failed(y) == ST_OK && title_is_verdict(out))
		yaml_fail(y, "manifest-title", "%s: %s is a verdict",
		    ESC(yaml_name(y)), ESC(out));
}

static void
read_file(struct yaml *y, uint64_t min, uint64_t max, struct transport_file *f)
{
	yaml_key_want(y, "size");
	f->size = yaml_uint(y, min, max);
	yaml_key_want(y, "digest");
	yaml_hex(y, f->digest, sizeof(f->digest));
}

/* A fingerprint greater than the one before (NULL: none). */
static void
read_fingerprint(struct yaml *y, const char *before, char out[FPR_MAX + 1])
{
	size_t len;
	const char *s = yaml_text(y, &len);

	if (yaml_failed(y) != ST_OK)
		return;
	if (!fingerprint_valid(s)) {
		yaml_fail(y, "manifest-fingerprint",
		    "%s: not 40 or 64 upper-case hexadecimal digits: %s",
		    ESC(yaml_name(y)), ESC(s));
		return;
	}
	memcpy(out, s, len + 1);
	if (before != NULL && strcmp(before, s) >= 0)
		yaml_fail(y, "manifest-order", "%s: not in ascending order, or twice",
		    ESC(yaml_name(y)));
}

static void
read_signers(struct yaml *y, struct transport *t)
{
	char (*signer)[FPR_MAX + 1];

	yaml_key_want(y, "signers");
	yaml_list(y);
	while (yaml_item(y)) {
		if (t->n_signers == CAP_PINNED) {
			yaml_fail(y, "manifest-signers", "more than %u signers",
			    CAP_PINNED);
			return;
		}
		t->signers = yaml_array_add(y, t->signers, t->n_signers,
		    sizeof(*signer));
		if (yaml_failed(y) != ST_OK)
			return;
		signer = &t->signers[t->n_signers++];
		read_fingerprint(y, t->n_signers == 1 ? NULL : signer[-1], *signer);
	}
	if (t->n_signers == 0)
		yaml_fail(y, "manifest-signers", "no signer");
}

static void
read_parameters(struct yaml *y, struct transport *t)
{
	yaml_key_want(y, "digest");
	yaml_word(y, "sha-512");
	yaml_key_want(y, "chunk-size");
	t->chunk_size = (uint32_t)yaml_uint(y, CAP_CHUNK_MIN, CAP_CHUNK_MAX);
	if (t->chunk_size % CAP_CHUNK_MIN != 0)
		yaml_fail(y, "manifest-chunk-size",
		    "chunk-size: not a multiple of %u", (unsigned int)CAP_CHUNK_MIN);
	if (t->encrypted) {
		yaml_key_want(y, "padding");
		t->padding = (uint32_t)yaml_uint(y, PADDING_MIN, CAP_PAD_MAX);
	}
	yaml_key_want(y, "readme");
	yaml_map(y);
	read_file(y, 1, CAP_README, &t->readme);
	yaml_map_end(y);
}

static void
read_sums(struct yaml *y, struct transport *t)
{
	size_t i;

	yaml_key_want(y, "sums");
	yaml_list(y);
	for (i = 0; i < 2; i++) {
		if (!yaml_item(y)) {
			yaml_fail(y, "manifest-sums", "sums: there must be two");
			return;
		}
		yaml_map(y);
		read_file(y, 0, CAP_SUMS, &t->sums[i]);	/* no files: SHA256SUMS is empty */
		yaml_map_end(y);
	}
	if (yaml_item(y))
		yaml_fail(y, "manifest-sums", "sums: there must be two");
}

static void
read_head(struct yaml *y, struct transport *t)
{
	size_t len;
	const char *s;

	yaml_map(y);
	if (!yaml_key_is(y, "satchel-manifest"))
		yaml_fail(y, "manifest-purpose", "not a satchel manifest");
	yaml_word(y, "1");
	yaml_key_want(y, "bundle-id");
	yaml_hex(y, t->bundle_id, sizeof(t->bundle_id));
	yaml_key_want(y, "created");
	s = yaml_text(y, &len);
	if (yaml_failed(y) == ST_OK && !time_exists(s))
		yaml_fail(y, "manifest-created", "created: not a time like "
		    "2026-11-24T19:12:01Z: %s", ESC(s));
	else if (len < sizeof(t->created))
		memcpy(t->created, s, len + 1);
	yaml_key_want(y, "title");
	read_title(y, t->title);
	if (yaml_key_is(y, "control-number"))
		read_title(y, t->control_number);
	yaml_key_want(y, "encryption");
	s = yaml_text(y, NULL);
	t->encrypted = strcmp(s, "aes-256-gcm") == 0;
	if (!t->encrypted && strcmp(s, "none") != 0)
		yaml_fail(y, "manifest-encryption",
		    "encryption: must be aes-256-gcm or none, not %s", ESC(s));
	if (t->encrypted && yaml_key_is(y, "hidden-recipients")) {
		yaml_word(y, "yes");
		t->hidden_recipients = true;
	}
	if (!t->encrypted && yaml_key_is(y, "portable")) {
		yaml_word(y, "yes");
		t->portable = true;
	}
	read_parameters(y, t);
	if (t->portable)
		read_sums(y, t);
	read_signers(y, t);
}

/* A volume's size must be one that its chunks can have. */
static void
check_size(struct yaml *y, const struct transport *t,
    const struct transport_volume *v)
{
	uint64_t fixed, min, max;

	fixed = VOLUME_HEADER + VOLUME_INDEX + VOLUME_ENTRY * v->n_chunks;
	if (!t->portable)
		fixed += VOLUME_GUARD;
	min = t->encrypted ? STORED_SEALED + (uint64_t)t->padding : STORED_MIN_PLAIN;
	max = transport_max_stored(t);
	/* All of these are small: 2^20 chunks of 2^26 bytes. */
	if (v->size < fixed + min * v->n_chunks || v->size > fixed + max * v->n_chunks)
		yaml_fail(y, "volume-size",
		    "%llu bytes cannot be the size of a volume of %llu chunks",
		    (unsigned long long)v->size, (unsigned long long)v->n_chunks);
	else if (t->encrypted && (v->size - fixed - STORED_SEALED * v->n_chunks) %
	    t->padding != 0)
		yaml_fail(y, "volume-padding",
		    "%llu bytes cannot be the size of %llu chunks padded to %u bytes",
		    (unsigned long long)v->size, (unsigned long long)v->n_chunks,
		    t->padding);
}

static void
read_contents(struct yaml *y, const struct transport *t,
    struct transport_volume *v)
{
	yaml_key_want(y, "contents");
	yaml_map(y);
	if (t->encrypted) {
		yaml_key_want(y, "run");
		v->run = (uint32_t)yaml_uint(y, 0, CAP_RUNS - 1);
	}
	yaml_key_want(y, "size");
	v->size = yaml_uint(y, 1, CAP_VOLUME_SIZE);
	yaml_key_want(y, "chunks");
	v->n_chunks = yaml_uint(y, 1, CAP_VOLUME_CHUNKS);
	if (yaml_failed(y) != ST_OK)
		return;
	check_size(y, t, v);
	if ((v->n_chunks - 1) * t->chunk_size >= CAP_OPENING)
		yaml_fail(y, "contents-size",
		    "%llu chunks are more than a content manifest may have",
		    (unsigned long long)v->n_chunks);
	yaml_key_want(y, "index");
	yaml_hex(y, v->index, sizeof(v->index));
	yaml_map_end(y);
}

static void
read_keys(struct yaml *y, const struct transport *t, struct transport_run *r)
{
	struct transport_key *k;
	char number[24];

	yaml_key_want(y, "keys");
	yaml_list(y);
	while (yaml_item(y)) {
		if (r->n_keys == CAP_RECIPIENTS) {
			yaml_fail(y, "manifest-recipients",
			    "more than %u recipients", CAP_RECIPIENTS);
			return;
		}
		r->keys = yaml_array_add(y, r->keys, r->n_keys, sizeof(*k));
		if (yaml_failed(y) != ST_OK)
			return;
		k = &r->keys[r->n_keys++];
		yaml_map(y);
		yaml_key_want(y, "recipient");
		if (t->hidden_recipients) {
			snprintf(number, sizeof(number), "%03zu", r->n_keys - 1);
			yaml_word(y, number);
			memcpy(k->recipient, number, 4);
		} else {
			read_fingerprint(y, r->n_keys == 1 ? NULL : k[-1].recipient,
			    k->recipient);
		}
		read_file(y, 1, CAP_WRAPPED_KEY, &k->file);
		yaml_map_end(y);
	}
	if (r->n_keys == 0)
		yaml_fail(y, "manifest-recipients", "no recipient");
}

/* What one run can be opened with must do for all runs of its lane. */
static void
check_recipients(struct yaml *y, const struct transport_run *a,
    const struct transport_run *b)
{
	bool same = a->n_keys == b->n_keys;
	size_t i;

	for (i = 0; same && i < a->n_keys; i++)
		same = strcmp(a->keys[i].recipient, b->keys[i].recipient) == 0;
	if (!same)
		yaml_fail(y, "run-recipients",
		    "run %u has other recipients than run %u", b->run, a->run);
}

static void
read_runs(struct yaml *y, const struct transport *t, struct transport_lane *l)
{
	struct transport_run *r;

	yaml_key_want(y, "runs");
	yaml_list(y);
	while (yaml_item(y)) {
		if (l->n_runs == CAP_RUNS) {
			yaml_fail(y, "manifest-runs", "more than %u runs", CAP_RUNS);
			return;
		}
		l->runs = yaml_array_add(y, l->runs, l->n_runs, sizeof(*r));
		if (yaml_failed(y) != ST_OK)
			return;
		r = &l->runs[l->n_runs++];
		yaml_map(y);
		yaml_key_want(y, "run");
		r->run = (uint32_t)yaml_uint(y, 0, CAP_RUNS - 1);
		if (l->n_runs > 1 && r->run <= r[-1].run)
			yaml_fail(y, "manifest-order",
			    "run: not in ascending order, or twice");
		yaml_key_want(y, "commitment");
		yaml_hex(y, r->commitment, sizeof(r->commitment));
		read_keys(y, t, r);
		yaml_map_end(y);
		check_recipients(y, &l->runs[0], r);
	}
	if (l->n_runs == 0)
		yaml_fail(y, "manifest-runs", "no run");
}

static void
read_volume(struct yaml *y, const struct transport *t, struct transport_lane *l)
{
	const struct transport_volume *before = NULL;
	struct transport_volume *v;
	uint64_t first = 0;

	l->volumes = yaml_array_add(y, l->volumes, l->n_volumes, sizeof(*v));
	if (yaml_failed(y) != ST_OK)
		return;
	v = &l->volumes[l->n_volumes++];
	if (l->n_volumes > 1) {
		before = v - 1;
		first = before->first + before->n_chunks;
	}
	yaml_map(y);
	yaml_key_want(y, "medium");
	v->medium = (uint32_t)yaml_uint(y, 1, CAP_MEDIA);
	if (before != NULL && v->medium < before->medium)
		yaml_fail(y, "manifest-media", "medium: less than the one before");
	if (t->encrypted) {
		yaml_key_want(y, "run");
		v->run = (uint32_t)yaml_uint(y, 0, CAP_RUNS - 1);
	}
	yaml_key_want(y, "first");
	v->first = yaml_uint(y, 0, YAML_UINT_MAX);
	if (v->first != first)
		yaml_fail(y, "volume-first",
		    "first: %llu, but %llu chunks stand before this volume",
		    (unsigned long long)v->first, (unsigned long long)first);
	yaml_key_want(y, "chunks");
	v->n_chunks = yaml_uint(y, 1, CAP_VOLUME_CHUNKS);
	yaml_key_want(y, "size");
	v->size = yaml_uint(y, 1, CAP_VOLUME_SIZE);
	if (yaml_failed(y) == ST_OK)
		check_size(y, t, v);
	yaml_key_want(y, "index");
	yaml_hex(y, v->index, sizeof(v->index));
	yaml_map_end(y);
}

/* Every run that is named exists, each that exists is used, and none too often. */
static void
check_runs(struct yaml *y, const struct transport_lane *l, size_t line)
{
	uint64_t *chunks = NULL;	/* of the payload, under each run's key */
	const struct transport_run *r;
	size_t i;

	if (yaml_failed(y) != ST_OK)
		return;
	if ((chunks = calloc(l->n_runs, sizeof(*chunks))) == NULL) {
		yaml_nomem(y);
		return;
	}
	for (i = 0; i < l->n_volumes; i++) {
		r = transport_find_run(l, l->volumes[i].run);
		if (r == NULL) {
			yaml_fail_at(y, line, "run-unknown",
			    "lane %u: volume %zu names run %u, which is not listed",
			    l->lane, i, l->volumes[i].run);
			goto out;
		}
		chunks[r - l->runs] += l->volumes[i].n_chunks;
	}
	if (transport_find_run(l, l->contents.run) == NULL)
		yaml_fail_at(y, line, "run-unknown",
		    "lane %u: contents names run %u, which is not listed",
		    l->lane, l->contents.run);
	for (i = 0; i < l->n_runs; i++) {
		if (chunks[i] == 0 && l->contents.run != l->runs[i].run)
			yaml_fail_at(y, line, "run-unused",
			    "lane %u: nothing uses run %u", l->lane, l->runs[i].run);
		if (chunks[i] > RUN_CHUNKS_MAX)
			yaml_fail_at(y, line, "run-chunks",
			    "lane %u: run %u seals more than 2^32 chunks", l->lane,
			    l->runs[i].run);
	}
out:
	free(chunks);
}

static void
read_lane(struct yaml *y, struct transport *t)
{
	struct transport_lane *l;
	size_t line;

	t->lanes = yaml_array_add(y, t->lanes, t->n_lanes, sizeof(*l));
	if (yaml_failed(y) != ST_OK)
		return;
	l = &t->lanes[t->n_lanes++];
	yaml_map(y);
	line = yaml_line(y);
	yaml_key_want(y, "lane");
	l->lane = (uint32_t)yaml_uint(y, 0, CAP_LANES - 1);
	if (t->n_lanes > 1 && l->lane <= l[-1].lane)
		yaml_fail(y, "manifest-order", "lane: not in ascending order, or twice");
	yaml_key_want(y, "commitment");
	yaml_hex(y, l->commitment, sizeof(l->commitment));
	read_contents(y, t, &l->contents);
	if (t->encrypted)
		read_runs(y, t, l);
	yaml_key_want(y, "volumes");
	yaml_list(y);
	while (yaml_item(y)) {
		if (l->n_volumes == CAP_VOLUMES) {
			yaml_fail(y, "manifest-volumes", "more than %u volumes",
			    CAP_VOLUMES);
			return;
		}
		read_volume(y, t, l);
	}
	if (l->n_volumes == 0)
		yaml_fail(y, "manifest-volumes", "no volume");
	yaml_map_end(y);
	if (t->encrypted)
		check_runs(y, l, line);
}

static void
read_lanes(struct yaml *y, struct transport *t)
{
	yaml_key_want(y, "lanes");
	yaml_list(y);
	while (yaml_item(y))
		read_lane(y, t);	/* ascending below CAP_LANES: no more than that */
	if (t->n_lanes == 0)
		yaml_fail(y, "manifest-lanes", "no lane");
	yaml_map_end(y);
}

/* Every medium from 1 to the greatest holds a volume. */
static enum status
check_media(struct transport *t, const char *what, struct diag *d)
{
	enum status st = ST_OK;
	uint8_t *holds = NULL;
	size_t i, j;
	uint32_t m;

	if ((holds = calloc(CAP_MEDIA + 1, 1)) == NULL)
		return diag_nomem(d);
	for (i = 0; i < t->n_lanes; i++) {
		for (j = 0; j < t->lanes[i].n_volumes; j++) {
			m = t->lanes[i].volumes[j].medium;
			holds[m] = 1;
			t->n_media = m > t->n_media ? m : t->n_media;
		}
	}
	for (m = 1; m <= t->n_media && st == ST_OK; m++) {
		if (!holds[m])
			st = diag_set(d, ST_MALFORMED, "manifest-media",
			    "%s: medium %u of %u holds no volume", ESC(what), m,
			    t->n_media);
	}
	free(holds);
	return st;
}

enum status
transport_parse(const uint8_t *buf, size_t len, const char *what,
    struct transport **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct transport *t = NULL;
	struct yaml *y = NULL;
	struct canon c;
	size_t line;

	*out = NULL;
	if (is_other_version(buf, len, TRANSPORT_PURPOSE)) {
		st = diag_set(d, ST_MALFORMED, "manifest-version",
		    "%s: line 1: not a manifest of version 1", ESC(what));
		diag_hint(d, "a newer satchel may read it");
		goto out;
	}
	if ((st = yaml_open(buf, len, CAP_MANIFEST, what, YAML_PROGRAM, &y, d)) != ST_OK)
		goto out;
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		yaml_nomem(y);
	} else {
		read_head(y, t);
		read_lanes(y, t);
	}
	if ((st = yaml_close(y)) != ST_OK)
		goto out;
	if ((st = check_media(t, what, d)) != ST_OK)
		goto out;
	canon_init_compare(&c, buf, len);
	transport_spell(t, &c);
	if (!canon_matches(&c, &line)) {
		st = diag_set(d, ST_MALFORMED, "yaml-spelling",
		    "%s: line %zu: not spelled as satchel writes it", ESC(what), line);
		goto out;
	}
	*out = t;
	t = NULL;
	st = ST_OK;
out:
	transport_free(t);
	return st;
}

void
transport_free(struct transport *t)
{
	struct transport_lane *l;
	size_t i, j;

	if (t == NULL)
		return;
	for (i = 0; i < t->n_lanes; i++) {
		l = &t->lanes[i];
		for (j = 0; j < l->n_runs; j++)
			free(l->runs[j].keys);
		free(l->runs);
		free(l->volumes);
	}
	free(t->lanes);
	free(t->signers);
	free(t);
}
