/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extract - verify, open, import, on one screen: nothing appears under the
 * destination's name until every byte of every medium given was right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unpack/bagging.h"
#include "unpack/place.h"
#include "unpack/session.h"

/* The bag's own files, from what was verified. */
static enum status
make_bag(const struct session *s, struct bag_file **files, size_t *n, struct diag *d)
{
	const struct accepted_signature *accepted;
	struct bag_signature *signatures;
	struct bag_lane *lanes;
	size_t i, n_signatures;
	enum status st;

	accepted = verified_signatures(s->verified, &n_signatures);
	signatures = calloc(n_signatures, sizeof(*signatures));
	lanes = calloc(s->n_lanes, sizeof(*lanes));
	if (signatures == NULL || lanes == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	for (i = 0; i < n_signatures; i++) {
		strcpy(signatures[i].fpr, accepted[i].fpr);
		signatures[i].data = accepted[i].data.data;
		signatures[i].len = accepted[i].data.len;
	}
	for (i = 0; i < s->n_lanes; i++) {
		lanes[i].lane = s->lanes[i]->lane->lane;
		lanes[i].contents = s->lanes[i]->contents;
		lanes[i].text = s->lanes[i]->text;
		lanes[i].text_len = s->lanes[i]->text_len;
		lanes[i].opener = s->lanes[i]->opener;
	}
	st = bagging_make(s->verified, signatures, n_signatures, lanes, s->n_lanes,
	    files, n, d);
out:
	free(signatures);
	free(lanes);
	return st;
}

/* Everything that reads a medium has been read; what was found decides. */
static enum status
read_media(struct session *s, struct place *place, struct diag *d)
{
	struct open_params p;
	struct tar_sink sink;
	enum status st = ST_OK;
	size_t l;

	session_open_params(s, &p);
	place_sink(place, &sink);
	console_step(s->console, "reading, verifying and unpacking");
	console_progress_start(s->console, "importing");
	for (l = 0; l < s->n_lanes && st == ST_OK; l++)
		st = open_payload(s->lanes[l], &p, &sink, d);
	console_progress_end(s->console);
	return st != ST_OK ? st : s->findings.worst;
}

static enum status
import(struct session *s, struct diag *d)
{
	const struct contents *c = s->lanes[0]->contents;
	const char *dest = s->options->directory;
	struct bag_file *files = NULL;
	struct place *place = NULL;
	enum status st;
	size_t n = 0, room;

	st = place_check_destination(dest, c->name, &s->findings, d);
	if (st != ST_OK)
		return st;
	if ((st = make_bag(s, &files, &n, d)) != ST_OK)
		goto out;
	st = place_open(dest, c->name, verified_digest(s->verified),
	    contents_total(c), c->n_files + c->n_directories + n, &place, d);
	if (st != ST_OK)
		goto out;
	if ((st = read_media(s, place, d)) != ST_OK)
		goto out;
	if ((st = place_tag_files(place, files, n, d)) != ST_OK)
		goto out;
	console_step(s->console, "making it durable");
	if ((st = place_publish(place, c, files, n, &s->findings, d)) != ST_OK)
		goto out;
	room = strlen(dest) + strlen(c->name) + 2;
	if ((s->destination = malloc(room)) != NULL)
		snprintf(s->destination, room, "%s/%s", dest, c->name);
	console_result(s->console, "imported to: %s/%s", ESC(dest), c->name);
out:
	place_free(place);
	bag_free(files, n);
	return st;
}

enum status
unpack_extract(struct session *s, struct diag *d)
{
	enum status st;

	if ((st = session_begin(s, d)) != ST_OK)
		return st;
	report_signers(s);
	media_report_strays(s->media, session_transport(s), &s->findings);
	/* first: what is damaged is said also where no key is here */
	st = media_check_small(s->media, session_transport(s), &s->findings, d);
	if (st == ST_OK)
		st = session_open_lanes(s, d);
	return st != ST_OK ? st : import(s, d);
}
