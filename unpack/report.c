/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report - what a person reads: signers, the manifest, the contents, the
 * verdict.  It decides nothing but the words.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unpack/session.h"

static void
format_time(char out[32], uint32_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(out, 32, "%u", seconds);
}

void
report_signers(struct session *s)
{
	const struct signer_verdict *v;
	char when[32];
	size_t i;

	if (s->verified == NULL) {
		console_warning(s->console,
		    "NOTHING IS VERIFIED: no --trust FILE was given; what follows may be forged");
		return;
	}
	for (i = 0; i < s->signers.n; i++) {
		v = &s->signers.items[i];
		if (!v->accepted)
			continue;
		format_time(when, v->created);
		console_result(s->console, "signed by: %s %s on %s", v->fpr, v->user_id,
		    when);
	}
}

static void
report_keys(struct session *s, const struct transport *t, const char *mark)
{
	const struct transport_run *run;
	size_t l, r, k;

	for (l = 0; l < t->n_lanes; l++)
		for (r = 0; r < t->lanes[l].n_runs; r++) {
			run = &t->lanes[l].runs[r];
			for (k = 0; k < run->n_keys; k++)
				console_result(s->console, "recipient%s: %s%s", mark,
				    t->hidden_recipients ? "hidden " : "",
				    run->keys[k].recipient);
		}
}

void
report_transport(struct session *s)
{
	const struct transport *t = session_transport(s);
	const char *mark = s->verified == NULL ? " (unverified)" : "";
	char hex[2 * SHA512_LEN + 1], size[32];
	size_t i, volumes = transport_n_volumes(t);

	hex_encode(hex, session_digest(s), SHA512_LEN);
	console_result(s->console, "bundle digest: %s", hex);
	console_result(s->console, "title%s: %s", mark, t->title);
	if (t->control_number[0] != '\0')
		console_result(s->console, "control number%s: %s", mark,
		    t->control_number);
	console_result(s->console, "created%s: %s", mark, t->created);
	console_result(s->console, "encryption%s: %s", mark,
	    t->encrypted ? "AES-256-GCM" : "none");
	report_keys(s, t, mark);
	for (i = 0; i < t->n_signers; i++)
		console_result(s->console, "expected signer%s: %s", mark, t->signers[i]);
	console_result(s->console, "size%s: %s, %zu volume%s, %u medi%s", mark,
	    size_format(size, transport_total(t)), volumes, volumes == 1 ? "" : "s",
	    t->n_media, t->n_media == 1 ? "um" : "a");
}

static void
report_component(struct session *s, const struct component *c)
{
	size_t i;

	console_result(s->console, "%s: %s  [%s]  %s", component_kind_name(c->kind),
	    c->name, c->marking, c->path);
	if (c->version != NULL)
		console_result(s->console, "  version: %s", c->version);
	if (c->license != NULL)
		console_result(s->console, "  licence: %s", c->license);
	if (c->format != NULL)
		console_result(s->console, "  format: %s", c->format);
	for (i = 0; i < c->dtypes.n; i++)
		console_result(s->console, "  dtype: %s", c->dtypes.items[i]);
	if (c->has_tensors)
		console_result(s->console, "  tensors: %" PRIu64, c->tensors);
	if (c->has_parameters)
		console_result(s->console, "  parameters: %" PRIu64, c->parameters);
	if (c->has_records)
		console_result(s->console, "  records: %" PRIu64, c->records);
	if (c->harness != NULL)
		console_result(s->console, "  harness: %s", c->harness);
	for (i = 0; i < c->n_expected; i++)
		console_result(s->console, "  expected: %s = %s%s%s",
		    c->expected[i].metric, c->expected[i].value,
		    c->expected[i].tolerance == NULL ? "" : " +- ",
		    c->expected[i].tolerance == NULL ? "" : c->expected[i].tolerance);
	for (i = 0; i < c->needs.n; i++)
		console_result(s->console, "  needs: %s", c->needs.items[i]);
}

static void
report_lane(struct session *s, const struct contents *c)
{
	char size[32];
	size_t i;

	console_result(s->console, "name: %s", c->name);
	console_result(s->console, "sequence: %" PRIu64, c->sequence);
	console_result(s->console, "from: %s", c->from);
	console_result(s->console, "to: %s", c->to);
	console_result(s->console, "date: %s", c->date);
	console_result(s->console, "marking: %s", c->marking);
	if (c->not_before[0] != '\0')
		console_result(s->console, "not before: %s", c->not_before);
	if (c->not_after[0] != '\0')
		console_result(s->console, "not after: %s", c->not_after);
	if (c->contact != NULL)
		console_result(s->console, "contact: %s", c->contact);
	console_result(s->console, "originator: %s", c->originator);
	for (i = 0; i < c->n_components; i++)
		report_component(s, &c->components[i]);
	for (i = 0; i < c->n_files; i++)
		console_result(s->console, "%s %12" PRIu64 " %s",
		    c->files[i].executable ? "x" : "-", c->files[i].size,
		    c->files[i].path);
	console_result(s->console, "%zu files, %zu directories, %s", c->n_files,
	    c->n_directories, size_format(size, contents_total(c)));
}

void
report_contents(struct session *s)
{
	size_t l;

	for (l = 0; l < s->n_lanes; l++)
		report_lane(s, s->lanes[l]->contents);
}

/* "MEDIUM 2 OF 5 WHOLE", "MEDIA 2, 3 OF 5 WHOLE"; many are counted. */
static void
partial(char *out, size_t cap, const struct coverage *c)
{
	size_t n = 0;
	uint32_t k;

	if (c->n_present > 4) {
		snprintf(out, cap, "%u OF %u MEDIA WHOLE", c->n_present, c->n_media);
		return;
	}
	n = (size_t)snprintf(out, cap, c->n_present == 1 ? "MEDIUM" : "MEDIA");
	for (k = 0; k < c->n_media; k++)
		if (c->present[k])
			n += (size_t)snprintf(out + n, cap - n, "%s %u",
			    out[n - 1] >= '0' && out[n - 1] <= '9' ? "," : "", k + 1);
	snprintf(out + n, cap - n, " OF %u WHOLE", c->n_media);
}

static void
good_verdict(struct session *s, char *out, size_t cap)
{
	char part[64];

	switch (s->options->verb) {
	case UNPACK_SHOW:
	case UNPACK_LIST:
		snprintf(out, cap, s->verified != NULL ?
		    "AUTHENTIC, VOLUMES NOT CHECKED" :
		    "MATCHES THE DIGEST YOU GAVE, VOLUMES NOT CHECKED");
		return;
	case UNPACK_EXTRACT:
		snprintf(out, cap, "IMPORTED");
		return;
	case UNPACK_AUDIT:
		snprintf(out, cap, "AUTHENTIC AND WHOLE");
		return;
	case UNPACK_CHECK:
		break;
	}
	partial(part, sizeof(part), &s->coverage);
	if (s->coverage.whole)
		snprintf(out, cap, s->verified != NULL ? "AUTHENTIC AND WHOLE" :
		    "WHOLE, MATCHES THE DIGEST YOU GAVE");
	else if (s->verified != NULL)
		snprintf(out, cap, "AUTHENTIC, %.40s", part);
	else
		snprintf(out, cap, "%.30s, MATCHES THE DIGEST YOU GAVE", part);
}

/* What lies elsewhere, when the media given are only part of the set. */
static void
report_elsewhere(struct session *s)
{
	uint32_t k;

	if (s->options->verb != UNPACK_CHECK || s->coverage.whole ||
	    s->coverage.present == NULL)
		return;
	for (k = 0; k < s->coverage.n_media; k++)
		if (!s->coverage.present[k])
			console_step(s->console, "medium %u of %u is elsewhere", k + 1,
			    s->coverage.n_media);
}

void
report_verdict(struct session *s, enum status st)
{
	const char *word = NULL;

	switch (st) {
	case ST_OK:
		report_elsewhere(s);
		if (s->verified == NULL)
			console_warning(s->console,
			    "the digest proves something only if it reached you by another way than the media");
		good_verdict(s, s->verdict, sizeof(s->verdict));
		console_verdict(s->console, s->verdict, true);
		return;
	case ST_UNTRUSTED:
		word = s->options->trust == NULL ? "NOT AUTHENTICATED" : "UNTRUSTED";
		break;
	case ST_DAMAGED:
		word = "DAMAGED";
		break;
	case ST_INCOMPLETE:
		word = "INCOMPLETE";
		break;
	case ST_REFUSED:
		word = "REFUSED";
		break;
	case ST_MALFORMED:
		word = "MALFORMED";
		break;
	case ST_HOST:
	case ST_USAGE:
	case ST_BUSY:
	case ST_INTERNAL:
	case ST_INTERRUPTED:
		return;
	}
	snprintf(s->verdict, sizeof(s->verdict), "%s", word);
	console_verdict(s->console, word, false);
}
