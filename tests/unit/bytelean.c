/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytelean - see bytelean.h.
 */
#include "tests/unit/bytelean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/file.h"
#include "bundle/helper.h"

static void
must(enum status st, const struct diag *d)
{
	if (st != ST_OK)
		fail_msg("%d: %s: %s", st, d->rule, d->text);
}

static enum status
open_lane(const struct lean *l, const struct open_params *p, struct opened **out,
    struct diag *d)
{
	const struct transport *t = verified_transport(l->verified);
	enum status st;

	st = open_with_key(l->verified, 0, t->encrypted ? l->key : NULL, out, d);
	return st != ST_OK ? st : open_contents(*out, p, false, d);
}

struct gpg_trust *
lean_trust(void)
{
	struct gpg_trust *t = NULL;
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;

	must(file_read_path(bytetest_trust, 1 << 20, &b, &d), &d);
	must(gpg_trust_load(&b, &t, &d), &d);
	return t;
}

void
lean_open(struct lean *l, const struct bytetest_copy *c)
{
	char media[2][256], *paths[2] = { media[0], media[1] };
	struct gpg_trust *t = lean_trust();
	struct findings f = { 0 };
	struct signers signers = { 0 };
	struct opened *keys = NULL;
	struct diag d = DIAG_INIT;
	struct open_params p = { .jobs = 1, .findings = &f };

	memset(l, 0, sizeof(*l));
	l->copy = c;
	memcpy(media, c->media, sizeof(media));
	helper_set_left(25000);
	must(media_open(paths, c->n_media, &l->media, &d), &d);
	must(trust_verify(l->media, NULL, t, false, &f, &signers, &l->verified,
	    &d), &d);
	must(open_keys(l->verified, l->media, 0, &keys, &d), &d);
	if (keys->n_keys > 0)
		memcpy(l->key, keys->keys[0], KEY_LEN);
	p.media = l->media;
	must(open_lane(l, &p, &l->opened, &d), &d);
	opened_free(keys);
	signers_free(&signers);
	findings_free(&f);
	gpg_trust_free(t);
}

void
lean_close(struct lean *l)
{
	opened_free(l->opened);
	verified_free(l->verified);
	media_free(l->media);
}

enum status
lean_check(const struct lean *l)
{
	struct findings f = { 0 };
	struct coverage cov = { 0 };
	struct open_params p = { .media = l->media, .jobs = 1, .findings = &f };
	struct diag d = DIAG_INIT;
	enum status st;

	st = check_stored(verified_transport(l->verified), &p, false, &cov, &d);
	st = status_worse(st, f.worst);
	coverage_free(&cov);
	findings_free(&f);
	return st;
}

enum status
lean_keys(const struct lean *l)
{
	struct opened *o = NULL;
	struct diag d = DIAG_INIT;
	enum status st;

	helper_set_left(25000);
	st = open_keys(l->verified, l->media, 0, &o, &d);
	opened_free(o);
	return st;
}

enum status
lean_contents(const struct lean *l)
{
	struct findings f = { 0 };
	struct open_params p = { .media = l->media, .jobs = 1, .findings = &f };
	struct opened *o = NULL;
	struct diag d = DIAG_INIT;
	enum status st;

	st = open_lane(l, &p, &o, &d);
	st = status_worse(st, f.worst);
	opened_free(o);
	findings_free(&f);
	return st;
}

enum status
lean_small(const struct lean *l)
{
	struct findings f = { 0 };
	struct diag d = DIAG_INIT;
	enum status st;

	st = media_check_small(l->media, verified_transport(l->verified), &f, &d);
	st = status_worse(st, f.worst);
	findings_free(&f);
	return st;
}

enum status
lean_payload(const struct lean *l)
{
	struct findings f = { 0 };
	struct open_params p = { .media = l->media, .jobs = 1, .findings = &f };
	struct diag d = DIAG_INIT;
	enum status st;

	st = open_payload(l->opened, &p, NULL, &d);
	st = status_worse(st, f.worst);
	findings_free(&f);
	return st;
}

enum status
lean_volume(const struct lean *l, const struct bytetest_file *f)
{
	const struct transport *t = verified_transport(l->verified);
	struct findings found = { 0 };
	struct coverage cov = { 0 };
	struct scan_item *items = NULL;
	struct volume *v = NULL;
	struct diag d = DIAG_INIT;
	const char *name = strrchr(f->path, '/');
	enum status st;
	size_t i, n = 0;

	name = name == NULL ? f->path : name + 1;
	st = media_plan(l->media, t, false, &found, &items, &n, &cov, &d);
	for (i = 0; i < n && st == ST_OK; i++)
		if (strcmp(items[i].name, name) == 0 &&
		    items[i].dirfd == l->media->items[f->medium].dirfd)
			break;
	if (st == ST_OK)
		st = i == n ? ST_INTERNAL : volume_open(items[i].dirfd, name,
		    &items[i].place, items[i].want, transport_max_stored(t),
		    t->encrypted, &v, &d);
	volume_close(v);
	free(items);
	coverage_free(&cov);
	findings_free(&found);
	return st;
}
