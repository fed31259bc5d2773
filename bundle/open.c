/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open - the order of trust behind the signature: key commitment before
 * decryption, content commitment before parsing, originator before belief.
 */
#include "bundle/open.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/file.h"
#include "bundle/gpg.h"
#include "bundle/scan.h"
#include "manifests/caps.h"
#include "manifests/sums.h"

static enum status
opened_new(const struct verified_manifest *v, size_t lane, struct opened **out,
    struct diag *d)
{
	const struct transport *t = verified_transport(v);
	struct opened *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return diag_nomem(d);
	o->manifest = v;
	o->lane = &t->lanes[lane];
	o->n_keys = o->lane->n_runs;
	if (o->n_keys > 0 &&
	    (o->keys = calloc(o->n_keys, sizeof(*o->keys))) == NULL) {
		free(o);
		return diag_nomem(d);
	}
	*out = o;
	return ST_OK;
}

void
opened_free(struct opened *o)
{
	size_t i;

	if (o == NULL)
		return;
	for (i = 0; i < o->n_keys; i++)
		key_free(o->keys[i]);
	free(o->keys);
	bytes_free(&o->stream);
	contents_free(o->contents);
	free(o);
}

/* Take a key for run r, if it is the one that was signed for. */
static enum status
take_key(struct opened *o, size_t r, const uint8_t key[KEY_LEN], struct diag *d)
{
	const struct transport *t = verified_transport(o->manifest);
	uint8_t commitment[SHA512_LEN];
	enum status st;

	st = commit_run(t->bundle_id, o->lane->lane, o->lane->runs[r].run, key,
	    commitment, d);
	if (st != ST_OK)
		return st;
	if (!crypto_equal(commitment, o->lane->runs[r].commitment, SHA512_LEN)) {
		diag_set(d, ST_MALFORMED, "key-commitment",
		    "the wrapped key of lane %u, run %u is not the key that was signed for",
		    o->lane->lane, o->lane->runs[r].run);
		diag_hint(d, "this cannot be damage: ask the sender");
		return ST_MALFORMED;
	}
	if ((o->keys[r] = key_new()) == NULL)
		return diag_nomem(d);
	memcpy(o->keys[r], key, KEY_LEN);
	return ST_OK;
}

/* Unwrap the key of run r from whichever wrapped key is right and ours. */
static enum status
unwrap_run(struct opened *o, const struct media *m, size_t r, struct diag *d)
{
	const struct transport *t = verified_transport(o->manifest);
	const struct transport_run *run = &o->lane->runs[r];
	char dir[TRANSPORT_NAME_MAX], name[TRANSPORT_NAME_MAX];
	uint8_t message[KEY_MESSAGE_LEN], key[KEY_LEN];
	struct gpg_wrapped *w = NULL;
	struct bytes *files = NULL;
	struct diag why = DIAG_INIT, fault_why = DIAG_INIT;
	enum status st, fault, bad = ST_OK;
	size_t k, n = 0, used = 0;

	w = calloc(run->n_keys, sizeof(*w));
	files = calloc(run->n_keys, sizeof(*files));
	if (w == NULL || files == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	transport_name_key_dir(dir, o->lane->lane, run->run);
	for (k = 0; k < run->n_keys; k++) {
		transport_name_key(name, run->keys[k].recipient);
		fault = media_read_file(m, "keys", dir, name, &run->keys[k].file,
		    CAP_WRAPPED_KEY, &files[n], &fault_why);
		if (fault != ST_OK) {
			if (status_worse(bad, fault) != bad)
				why = fault_why;
			bad = status_worse(bad, fault);
			continue;
		}
		w[n].recipient = run->keys[k].recipient;
		w[n].data = files[n].data;
		w[n].len = files[n].len;
		n++;
	}
	st = n == 0 ? bad : gpg_unwrap(w, n, t->hidden_recipients, message,
	    sizeof(message), &used, d);
	if (st != ST_OK) {
		/* "No secret key here" may be for want of the one that is not right. */
		if (bad != ST_OK && (st = status_worse(st, bad)) == bad) {
			*d = why;
			diag_within(d, "keys/%s", dir);
			diag_hint(d, "copy the medium again");
		}
		goto out;
	}
	st = key_message_open(message, t->bundle_id, o->lane->lane, run->run, key, d);
	if (st == ST_OK)
		st = take_key(o, r, key, d);
	strcpy(o->recipient, w[used].recipient);
out:
	explicit_bzero(message, sizeof(message));
	explicit_bzero(key, sizeof(key));
	for (k = 0; files != NULL && k < run->n_keys; k++)
		bytes_free(&files[k]);
	free(files);
	free(w);
	return st;
}

enum status
open_keys(const struct verified_manifest *v, const struct media *m, size_t lane,
    struct opened **out, struct diag *d)
{
	struct opened *o;
	enum status st;
	size_t r;

	*out = NULL;
	if ((st = opened_new(v, lane, &o, d)) != ST_OK)
		return st;
	for (r = 0; r < o->n_keys; r++)
		if ((st = unwrap_run(o, m, r, d)) != ST_OK) {
			opened_free(o);
			return st;
		}
	*out = o;
	return ST_OK;
}

enum status
open_with_key(const struct verified_manifest *v, size_t lane, const uint8_t *key,
    struct opened **out, struct diag *d)
{
	struct opened *o;
	enum status st;

	*out = NULL;
	if ((st = opened_new(v, lane, &o, d)) != ST_OK)
		return st;
	if (o->n_keys == 1)
		st = take_key(o, 0, key, d);
	if (st != ST_OK) {
		opened_free(o);
		return st;
	}
	*out = o;
	return ST_OK;
}

/* What the workers need to unseal chunks of a run. */
static void
seal_params_for(const struct opened *o, enum volume_kind kind, size_t r,
    struct seal_params *p)
{
	const struct transport *t = verified_transport(o->manifest);

	memset(p, 0, sizeof(*p));
	memcpy(p->bundle_id, t->bundle_id, BUNDLE_ID_LEN);
	p->lane = o->lane->lane;
	p->kind = kind;
	p->portable = t->portable;
	p->chunk_size = t->chunk_size;
	p->padding = t->padding;
	p->level = 1;
	if (o->n_keys > 0) {
		p->run = o->lane->runs[r].run;
		p->key = o->keys[r];
	}
}

/* The position of a run in the lane's list (the manifest's parser has checked that it is there). */
static size_t
run_position(const struct opened *o, uint32_t run)
{
	size_t r;

	for (r = 0; r + 1 < o->n_keys; r++)
		if (o->lane->runs[r].run == run)
			break;
	return r;
}

/*
 * Let the first copy of each volume of a kind be opened; the others are checked
 * only.  params: one for each run, which must outlive the scan.
 */
static enum status
choose_copies(struct opened *o, enum volume_kind kind, struct scan_item *items,
    size_t n, struct seal_params **params, struct diag *d)
{
	size_t i, r, n_params = o->n_keys == 0 ? 1 : o->n_keys;
	bool first;

	if ((*params = calloc(n_params, sizeof(**params))) == NULL)
		return diag_nomem(d);
	for (r = 0; r < n_params; r++)
		seal_params_for(o, kind, r, &(*params)[r]);
	for (i = 0; i < n; i++) {
		first = i == 0 || items[i].place.number != items[i - 1].place.number;
		if (first)
			items[i].open = &(*params)[run_position(o, items[i].want->run)];
	}
	return ST_OK;
}

/* The items of a lane and kind out of a whole plan; they lie together. */
static struct scan_item *
items_of(struct scan_item *items, size_t n, uint32_t lane,
    enum volume_kind kind, size_t *count)
{
	size_t i, first = n;

	*count = 0;
	for (i = 0; i < n; i++) {
		if (items[i].place.lane != lane || items[i].place.kind != kind)
			continue;
		if (*count == 0)
			first = i;
		(*count)++;
	}
	return items + (first == n ? 0 : first);
}

static enum status
start_scan(const struct transport *t, const struct open_params *p,
    const struct scan_item *items, size_t n, struct scan **out, struct diag *d)
{
	struct scan_params sp;

	memset(&sp, 0, sizeof(sp));
	sp.items = items;
	sp.n_items = n;
	sp.max_stored = transport_max_stored(t);
	sp.chunk_size = t->chunk_size;
	sp.padding = t->padding;
	sp.portable = t->portable;
	sp.jobs = p->jobs;
	sp.findings = p->findings;
	sp.progress = p->progress;
	return scan_open(&sp, out, d);
}

/* Collect the plain bytes of the contents stream. */
static enum status
read_stream(struct scan *s, uint64_t cap, struct bytes *out, struct diag *d)
{
	const uint8_t *buf;
	enum status st;
	size_t len;

	for (;;) {
		if ((st = scan_next(s, &buf, &len, d)) != ST_OK)
			return st;
		if (buf == NULL)
			return ST_OK;
		if (len > cap - out->len)
			return diag_set(d, ST_MALFORMED, "over-cap",
			    "the content manifest is over its cap of %llu bytes",
			    (unsigned long long)CAP_CONTENTS);
		bytes_append(out, buf, len);
		if (out->failed)
			return diag_nomem(d);
	}
}

/* Commitment first, then the originator, then the whole text. */
static enum status
judge_contents(struct opened *o, bool own, struct diag *d)
{
	const struct transport *t = verified_transport(o->manifest);
	uint8_t commitment[SHA512_LEN];
	char originator[FPR_MAX + 1];
	size_t skip = t->encrypted ? OPENER_LEN : 0;
	enum status st;

	if (o->stream.len <= skip)
		return diag_set(d, ST_MALFORMED, "contents-short",
		    "the contents of lane %u hold no content manifest", o->lane->lane);
	o->opener = t->encrypted ? o->stream.data : NULL;
	o->text = o->stream.data + skip;
	o->text_len = o->stream.len - skip;
	st = commit_contents(t->bundle_id, o->lane->lane, o->opener, o->text,
	    o->text_len, commitment, d);
	if (st != ST_OK)
		return st;
	if (!crypto_equal(commitment, o->lane->commitment, SHA512_LEN))
		return diag_set(d, ST_MALFORMED, "contents-commitment",
		    "the content manifest of lane %u is not the one that was signed for",
		    o->lane->lane);
	if (!own && (!contents_originator(o->text, o->text_len, originator) ||
	    !verified_accepts(o->manifest, originator))) {
		diag_set(d, ST_UNTRUSTED, "originator",
		    "the originator's signature is not among the good ones");
		diag_hint(d, "get the originator's certificate and signature; a good signature by somebody else does not say who packed this");
		return ST_UNTRUSTED;
	}
	return contents_parse(o->text, o->text_len, "content manifest",
	    &o->contents, d);
}

/* Portable: the list that stock tools go by must say what the content manifest says. */
static enum status
compare_sums(const struct opened *o, const struct media *m, struct diag *d)
{
	const struct transport *t = verified_transport(o->manifest);
	struct bytes list = { 0 }, want = { 0 };
	struct diag ignored;
	enum status st = ST_OK;

	if (!t->portable || media_read_file(m, NULL, NULL, "SHA256SUMS",
	    &t->sums[1], CAP_SUMS, &list, &ignored) != ST_OK)
		return ST_OK;	/* media_check_small() names what is wrong with it */
	sums_files(o->contents, &want);
	if (want.failed)
		st = diag_nomem(d);
	else if (want.len != list.len ||
	    (want.len > 0 && memcmp(want.data, list.data, want.len) != 0))
		st = diag_set(d, ST_MALFORMED, "sums",
		    "SHA256SUMS does not say what the content manifest says");
	bytes_free(&list);
	bytes_free(&want);
	return st;
}

enum status
open_contents(struct opened *o, const struct open_params *p, bool own,
    struct diag *d)
{
	const struct transport *t = verified_transport(o->manifest);
	struct seal_params *params = NULL;
	struct scan_item *items = NULL, *mine;
	struct findings quiet = { 0 };	/* the payload pass reports media that are not whole */
	struct coverage cov = { 0 };
	struct scan *s = NULL;
	enum status st, rest;
	struct diag ignored;
	size_t n = 0, n_mine;

	st = media_plan(p->media, t, false, &quiet, &items, &n, &cov, d);
	if (st != ST_OK)
		goto out;
	mine = items_of(items, n, o->lane->lane, VOLUME_CONTENTS, &n_mine);
	st = choose_copies(o, VOLUME_CONTENTS, mine, n_mine, &params, d);
	if (st != ST_OK)
		goto out;
	if ((st = start_scan(t, p, mine, n_mine, &s, d)) != ST_OK)
		goto out;
	st = read_stream(s, CAP_CONTENTS + OPENER_LEN, &o->stream, d);
	rest = scan_rest(s, &ignored);
	if (st == ST_OK)
		st = rest;
	if (st != ST_OK)
		goto out;
	if ((st = judge_contents(o, own, d)) == ST_OK)
		st = compare_sums(o, p->media, d);
out:
	scan_close(s);
	findings_free(&quiet);
	coverage_free(&cov);
	free(params);
	free(items);
	return st;
}

static enum status
next_chunk(void *arg, const uint8_t **buf, size_t *len, struct diag *d)
{
	return scan_next(arg, buf, len, d);
}

static enum status
put_off(void *arg, const struct later *l, struct diag *d)
{
	return scan_later(arg, l, d);
}

static enum status
settle(void *arg, struct diag *d)
{
	return scan_settle(arg, d);
}

enum status
open_payload(struct opened *o, const struct open_params *p,
    const struct tar_sink *sink, struct diag *d)
{
	const struct transport *t = verified_transport(o->manifest);
	struct tar_source source = { .next = next_chunk, .later = put_off,
	    .settle = settle };
	struct seal_params *params = NULL;
	struct scan_item *items = NULL, *mine;
	struct coverage cov = { 0 };
	struct diag why = DIAG_INIT;
	struct scan *s = NULL;
	enum status st, rest, before = p->findings->worst;
	size_t n = 0, n_mine;

	st = media_plan(p->media, t, true, p->findings, &items, &n, &cov, d);
	if (st != ST_OK)
		goto out;
	mine = items_of(items, n, o->lane->lane, VOLUME_PAYLOAD, &n_mine);
	st = choose_copies(o, VOLUME_PAYLOAD, mine, n_mine, &params, d);
	if (st != ST_OK)
		goto out;
	if ((st = start_scan(t, p, mine, n_mine, &s, d)) != ST_OK)
		goto out;
	if (p->findings->worst == before && cov.whole) {
		source.arg = s;
		st = tar_read(o->contents, &source, sink, d);
	} else {
		st = ST_INCOMPLETE;	/* in findings: only name what else is wrong */
		diag_set(d, st, "missing", "not all volumes are here");
	}
	rest = scan_rest(s, st == ST_OK ? d : &why);
	st = st == ST_OK || rest == ST_INTERRUPTED ? rest : st;
	if (st == ST_OK && p->findings->worst != before)
		st = p->findings->worst;
out:
	scan_close(s);
	coverage_free(&cov);
	free(params);
	free(items);
	return st;
}

enum status
check_stored(const struct transport *t, const struct open_params *p, bool all,
    struct coverage *cov, struct diag *d)
{
	struct scan_item *items = NULL;
	struct scan *s = NULL;
	enum status st;
	size_t n = 0;

	st = media_plan(p->media, t, all, p->findings, &items, &n, cov, d);
	if (st != ST_OK)
		goto out;
	if ((st = media_check_small(p->media, t, p->findings, d)) != ST_OK)
		goto out;
	if ((st = start_scan(t, p, items, n, &s, d)) != ST_OK)
		goto out;
	st = scan_rest(s, d);
out:
	scan_close(s);
	free(items);
	return st;
}
