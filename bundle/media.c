/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * media - opening the directories, and planning what is read from them.  Names
 * are computed from numbers and fingerprints, never taken from a file.
 */
#include "bundle/media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/file.h"
#include "manifests/caps.h"

static enum status
medium_open(struct medium *m, const char *path, struct diag *d)
{
	size_t n = strlen(path), room;
	enum status st;

	while (n > 1 && path[n - 1] == '/')
		n--;
	room = 4 * n + 8;
	if ((m->label = malloc(room)) == NULL)
		return diag_nomem(d);
	text_escape(m->label, room, path, n);
	if ((st = dir_open_path(path, &m->dirfd, d)) != ST_OK)
		return st;
	st = file_read_whole(m->dirfd, "manifest.yaml", CAP_MANIFEST, &m->manifest, d);
	if (st == ST_INCOMPLETE) {
		diag_set(d, ST_MALFORMED, "no-manifest",
		    "%s: not a bundle: there is no manifest.yaml", m->label);
		diag_hint(d, "name the directory that holds manifest.yaml, for a bundle on several media each medium-NN");
		return ST_MALFORMED;
	}
	if (st != ST_OK)
		diag_within(d, "%s/manifest.yaml", m->label);
	return st;
}

static enum status
check_not_twice(const struct media *m, struct diag *d)
{
	struct stat a, b;
	size_t i, k;

	for (i = 0; i < m->n; i++)
		for (k = 0; k < i; k++) {
			if (fstat(m->items[i].dirfd, &a) == -1 ||
			    fstat(m->items[k].dirfd, &b) == -1)
				return diag_errno(d, "%s", m->items[i].label);
			if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
				return diag_set(d, ST_USAGE, "same-medium",
				    "%s and %s are the same directory",
				    m->items[k].label, m->items[i].label);
		}
	return ST_OK;
}

enum status
media_open(char *const *paths, size_t n, struct media **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct media *m;
	size_t i;

	*out = NULL;
	if ((m = calloc(1, sizeof(*m))) == NULL ||
	    (m->items = calloc(n, sizeof(*m->items))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	m->n = n;
	for (i = 0; i < n; i++)
		m->items[i].dirfd = -1;
	for (i = 0; i < n; i++)
		if ((st = medium_open(&m->items[i], paths[i], d)) != ST_OK)
			goto out;
	if ((st = check_not_twice(m, d)) != ST_OK)
		goto out;
	*out = m;
	m = NULL;
out:
	media_free(m);
	return st;
}

void
media_free(struct media *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; m->items != NULL && i < m->n; i++) {
		free(m->items[i].label);
		fd_close(&m->items[i].dirfd);
		bytes_free(&m->items[i].manifest);
	}
	free(m->items);
	free(m);
}

size_t
media_differ(const struct media *m)
{
	const struct bytes *a = &m->items[0].manifest, *b;
	size_t i;

	for (i = 1; i < m->n; i++) {
		b = &m->items[i].manifest;
		if (a->len != b->len || memcmp(a->data, b->data, a->len) != 0)
			return i;
	}
	return 0;
}

void
media_label(char *out, size_t cap, const struct media *m, size_t i,
    const char *name)
{
	const char *label = m->items[i].label;
	size_t n = strlen(label), most = cap - strlen(name) - 2;

	if (m->n == 1) {
		snprintf(out, cap, "%s", name);
		return;
	}
	if (n > most)			/* not within a character */
		for (n = most; n > 0 && (label[n] & 0xC0) == 0x80;)
			n--;
	snprintf(out, cap, "%.*s/%s", (int)n, label, name);
}

void
coverage_free(struct coverage *c)
{
	free(c->present);
	memset(c, 0, sizeof(*c));
}

/* Whether an entry of that name, of whatever type, lies in the directory. */
static bool
holds(const struct medium *m, const char *name)
{
	struct stat sb;

	return fstatat(m->dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT;
}

/* A plan being made. */
struct plan {
	const struct media *m;
	const struct transport *t;
	bool *stands;			/* n_media x m->n: directory i stands for medium k */
	struct scan_item *items;
	size_t n, cap;
};

static enum status
plan_add(struct plan *p, size_t dir, const struct transport_lane *l,
    enum volume_kind kind, uint32_t number, const struct transport_volume *want,
    struct diag *d)
{
	struct scan_item *it;

	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 64 : 2 * p->cap;

		it = reallocarray(p->items, cap, sizeof(*it));
		if (it == NULL)
			return diag_nomem(d);
		p->items = it;
		p->cap = cap;
	}
	it = &p->items[p->n++];
	memset(it, 0, sizeof(*it));
	it->dirfd = p->m->items[dir].dirfd;
	if (kind == VOLUME_CONTENTS)
		transport_name_contents(it->name, l->lane);
	else
		transport_name_payload(it->name, l->lane, number);
	media_label(it->label, sizeof(it->label), p->m, dir, it->name);
	memcpy(it->place.bundle_id, p->t->bundle_id, BUNDLE_ID_LEN);
	it->place.kind = kind;
	it->place.lane = l->lane;
	it->place.number = number;
	it->place.portable = p->t->portable;
	it->want = want;
	it->stream_chunks = want->n_chunks;
	if (kind == VOLUME_PAYLOAD) {
		const struct transport_volume *last =
		    &l->volumes[l->n_volumes - 1];

		it->stream_chunks = last->first + last->n_chunks;
	}
	return ST_OK;
}

/* For which media of the set does each directory stand? */
static void
plan_stands(struct plan *p, struct findings *f)
{
	char name[TRANSPORT_NAME_MAX];
	size_t i, l, v;
	bool any;

	for (i = 0; i < p->m->n; i++) {
		any = false;
		for (l = 0; l < p->t->n_lanes; l++)
			for (v = 0; v < p->t->lanes[l].n_volumes; v++) {
				uint32_t k = p->t->lanes[l].volumes[v].medium - 1;
				bool *s = &p->stands[(size_t)k * p->m->n + i];

				if (*s)
					continue;
				transport_name_payload(name, p->t->lanes[l].lane, v);
				if (holds(&p->m->items[i], name))
					any = *s = true;
			}
		if (!any) {
			struct diag d = DIAG_INIT;

			diag_set(&d, ST_INCOMPLETE, "no-volumes",
			    "%s holds no volume of this bundle",
			    p->m->items[i].label);
			diag_hint(&d, "copy the medium again, whole");
			findings_add(f, ST_INCOMPLETE, NULL, &d);
		}
	}
}

/* All directories that must hold volume v; a finding if there is none and all must be here. */
static enum status
plan_volume(struct plan *p, const struct transport_lane *l, size_t v, bool all,
    struct findings *f, struct diag *d)
{
	const struct transport_volume *want = &l->volumes[v];
	char name[TRANSPORT_NAME_MAX];
	struct diag why = DIAG_INIT;
	bool found = false;
	enum status st;
	size_t i;

	for (i = 0; i < p->m->n; i++) {
		if (!p->stands[(size_t)(want->medium - 1) * p->m->n + i])
			continue;
		found = true;
		st = plan_add(p, i, l, VOLUME_PAYLOAD, (uint32_t)v, want, d);
		if (st != ST_OK)
			return st;
	}
	if (!found && all) {
		transport_name_payload(name, l->lane, v);
		diag_set(&why, ST_INCOMPLETE, "missing",
		    "not on any medium given; it belongs on medium %u of %u",
		    want->medium, p->t->n_media);
		diag_hint(&why, "give the directory of medium %u as well",
		    want->medium);
		findings_add(f, ST_INCOMPLETE, name, &why);
	}
	return ST_OK;
}

enum status
media_plan(const struct media *m, const struct transport *t, bool all,
    struct findings *f, struct scan_item **items, size_t *n,
    struct coverage *cov, struct diag *d)
{
	struct plan p = { .m = m, .t = t };
	enum status st = ST_INTERNAL;
	size_t i, l, v, k;

	memset(cov, 0, sizeof(*cov));
	cov->n_media = t->n_media;
	cov->present = calloc(t->n_media, sizeof(*cov->present));
	p.stands = calloc((size_t)t->n_media * m->n, sizeof(*p.stands));
	if (cov->present == NULL || p.stands == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	plan_stands(&p, f);
	for (l = 0; l < t->n_lanes; l++)
		for (i = 0; i < m->n; i++) {
			st = plan_add(&p, i, &t->lanes[l], VOLUME_CONTENTS, 0,
			    &t->lanes[l].contents, d);
			if (st != ST_OK)
				goto out;
		}
	for (l = 0; l < t->n_lanes; l++)
		for (v = 0; v < t->lanes[l].n_volumes; v++) {
			st = plan_volume(&p, &t->lanes[l], v, all, f, d);
			if (st != ST_OK)
				goto out;
		}
	for (k = 0; k < t->n_media; k++)
		for (i = 0; i < m->n; i++)
			if (p.stands[k * m->n + i] && !cov->present[k]) {
				cov->present[k] = true;
				cov->n_present++;
			}
	cov->whole = cov->n_present == cov->n_media;
	*items = p.items;
	*n = p.n;
	p.items = NULL;
	st = ST_OK;
out:
	free(p.items);
	free(p.stands);
	return st;
}
