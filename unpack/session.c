/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session - the part that every verb of satchel-unpack shares: media, trust, and
 * the lanes that are opened.
 */
#include "unpack/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/expect.h"
#include "bundle/file.h"
#include "manifests/caps.h"

#define SYSTEM_POLICY "/etc/satchel/policy.yaml"

/*
 * The system's policy always applies; this version cannot read one, so where
 * one stands nothing may be trusted.  Any error but its absence counts as one.
 */
static enum status
refuse_policy(struct diag *d)
{
	struct stat sb;

	if (lstat(SYSTEM_POLICY, &sb) == -1 && (errno == ENOENT || errno == ENOTDIR))
		return ST_OK;
	diag_set(d, ST_REFUSED, "system-policy",
	    "%s exists, and this version cannot apply a policy", SYSTEM_POLICY);
	diag_hint(d, "use the version that your security officer has set up");
	return ST_REFUSED;
}

static enum status
load_trust(struct session *s, struct diag *d)
{
	struct bytes b = { 0 };
	enum status st;

	st = file_read_path(s->options->trust, CAP_TRUST_FILE, &b, d);
	if (st == ST_OK)
		st = gpg_trust_load(&b, &s->trust, d);
	else if (st == ST_MALFORMED)
		st = ST_USAGE;
	bytes_free(&b);
	return st;
}

/* The media; for audit the bag's own folder with manifest and signatures, which looks like one. */
static enum status
open_media(struct session *s, struct diag *d)
{
	const struct unpack_options *o = s->options;
	char *folder;
	enum status st;
	size_t room;

	if (o->tree == NULL)
		return media_open(o->media, o->n_media, &s->media, d);
	room = strlen(o->tree) + sizeof("/satchel");
	if ((folder = malloc(room)) == NULL)
		return diag_nomem(d);
	snprintf(folder, room, "%s/satchel", o->tree);
	st = media_open(&folder, 1, &s->media, d);
	free(folder);
	return st;
}

enum status
session_begin(struct session *s, struct diag *d)
{
	const struct unpack_options *o = s->options;
	enum status st;

	if (o->expect != NULL && (st = expect_form(o->expect, d)) != ST_OK)
		return st;
	if (o->trust != NULL) {
		if ((st = refuse_policy(d)) != ST_OK)
			return st;
		if ((st = load_trust(s, d)) != ST_OK)
			return st;
	}
	if ((st = open_media(s, d)) != ST_OK)
		return st;
	if (o->trust != NULL)
		st = trust_verify(s->media, o->signatures, s->trust,
		    o->verb == UNPACK_AUDIT,
		    &s->findings, &s->signers, &s->verified, d);
	else
		st = unverified_read(s->media, &s->unverified, d);
	if (st != ST_OK)
		return st;
	if (o->expect != NULL)
		return expect_check(o->expect, session_digest(s), d);
	return ST_OK;
}

const struct transport *
session_transport(const struct session *s)
{
	return s->verified != NULL ? verified_transport(s->verified) :
	    s->unverified.fields;
}

const uint8_t *
session_digest(const struct session *s)
{
	return s->verified != NULL ? verified_digest(s->verified) :
	    s->unverified.digest;
}

void
session_open_params(struct session *s, struct open_params *p)
{
	memset(p, 0, sizeof(*p));
	p->media = s->media;
	p->jobs = s->options->common.jobs;
	p->findings = &s->findings;
	p->progress = &s->console->progress;
}

enum status
session_open_lanes(struct session *s, struct diag *d)
{
	const struct transport *t = verified_transport(s->verified);
	struct open_params p;
	enum status st;
	size_t l;

	if (t->n_lanes != 1)
		return diag_set(d, ST_MALFORMED, "lanes",
		    "the bundle has %zu lanes; this version opens bundles of one",
		    t->n_lanes);
	session_open_params(s, &p);
	if ((s->lanes = calloc(t->n_lanes, sizeof(*s->lanes))) == NULL)
		return diag_nomem(d);
	for (l = 0; l < t->n_lanes; l++) {
		st = open_keys(s->verified, s->media, l, &s->lanes[l], d);
		if (st != ST_OK)
			return st;
		s->n_lanes = l + 1;
		if ((st = open_contents(s->lanes[l], &p, false, d)) != ST_OK)
			return st;
	}
	return ST_OK;
}

void
session_clear(struct session *s)
{
	size_t i;

	for (i = 0; i < s->n_lanes; i++)
		opened_free(s->lanes[i]);
	free(s->lanes);
	free(s->destination);
	coverage_free(&s->coverage);
	verified_free(s->verified);
	unverified_clear(&s->unverified);
	signers_free(&s->signers);
	gpg_trust_free(s->trust);
	media_free(s->media);
	findings_free(&s->findings);
}
