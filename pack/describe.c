/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * describe - what the handoff and the walk say, as manifests: everything but
 * what only the stream itself can tell.  Its twin is the comparison in
 * manifests/contents_check.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/file.h"
#include "manifests/caps.h"
#include "manifests/tarspell.h"
#include "pack/create.h"

/* SOURCE_DATE_EPOCH, else now. */
static enum status
read_clock(uint64_t *now, bool *given, struct diag *d)
{
	const char *s = getenv("SOURCE_DATE_EPOCH");
	time_t t;

	*given = s != NULL;
	if (s != NULL) {
		if (number_parse(s, TAR_TIME_MAX, now) == 0)
			return ST_OK;
		return diag_set(d, ST_USAGE, "source-date-epoch",
		    "SOURCE_DATE_EPOCH is no number of seconds: %s", ESC(s));
	}
	if ((t = time(NULL)) >= 0 && (uint64_t)t <= TAR_TIME_MAX) {
		*now = (uint64_t)t;
		return ST_OK;
	}
	diag_set(d, ST_HOST, "clock", t < 0 ? "the clock is before 1970" :
	    "the clock is past 2242-03-15, the last day that a bundle can name");
	diag_hint(d, "see whether the clock is right: date -u");
	return ST_HOST;
}

/* Midnight UTC of a date that the handoff's parser has checked. */
static uint64_t
date_seconds(const char *date)
{
	struct tm tm = { .tm_isdst = 0 };
	time_t t;

	tm.tm_year = atoi(date) - 1900;
	tm.tm_mon = atoi(date + 5) - 1;
	tm.tm_mday = atoi(date + 8);
	t = timegm(&tm);
	return t < 0 ? 0 : (uint64_t)t;
}

static enum status
set_times(struct creation *c, struct diag *d)
{
	const struct handoff *h = c->handoff;
	time_t seconds;
	struct tm tm;
	enum status st;
	uint64_t now;
	bool given;

	if ((st = read_clock(&now, &given, d)) != ST_OK)
		return st;
	seconds = (time_t)now;
	(void)gmtime_r(&seconds, &tm);	/* of no more than 33 bits: it has a year */
	strftime(c->transport.created, sizeof(c->transport.created),
	    "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (h->date[0] != '\0')
		memcpy(c->contents.date, h->date, sizeof(c->contents.date));
	else
		strftime(c->contents.date, sizeof(c->contents.date), "%Y-%m-%d", &tm);
	c->contents.time = given || h->date[0] == '\0' ? now : date_seconds(h->date);
	return ST_OK;
}

/* Where each file's entry begins in the tar stream. */
static void
set_offsets(struct contents *m)
{
	struct content_walk w = { 0 };
	struct content_entry e;
	uint64_t at = 0, size;

	while (contents_next(m, &w, &e)) {
		size = e.file == NULL ? 0 : e.file->size;
		if (e.file != NULL)
			m->files[w.next_file - 1].offset = at;
		at += tar_spell_len(e.path, e.file == NULL, size) + size +
		    tar_padding(size);
	}
}

/* The largest chunk, up to 1 MiB, of which one fits into a volume at its bound. */
static enum status
choose_chunk_size(struct creation *c, struct diag *d)
{
	const struct pack_options *o = c->options;
	struct seal_params p = { .portable = o->portable, .padding = o->padding };
	static const uint8_t some_key[KEY_LEN];
	uint64_t chunk;

	p.key = o->encrypt ? some_key : NULL;	/* only whether there is one counts */
	for (chunk = MIB; chunk >= CAP_CHUNK_MIN; chunk -= CAP_CHUNK_MIN) {
		p.chunk_size = (uint32_t)chunk;
		if (writer_min_volume(&p) <= o->volume_size) {
			c->transport.chunk_size = p.chunk_size;
			return ST_OK;
		}
	}
	diag_set(d, ST_USAGE, "volume-size",
	    "a volume of %" PRIu64 " bytes cannot hold one chunk", o->volume_size);
	diag_hint(d, "choose a greater --volume-size or a smaller --pad");
	return ST_USAGE;
}

/* Random for an encrypted bundle, else derived from all that is known before the first byte is read. */
static enum status
choose_bundle_id(struct creation *c, struct diag *d)
{
	const struct transport *t = &c->transport;
	uint8_t digest[SHA512_LEN];
	struct bytes b = { 0 };
	enum status st;

	if (t->encrypted)
		return crypto_random(c->transport.bundle_id, BUNDLE_ID_LEN, d);
	bytes_printf(&b, "satchel-id\n%s\n%s\n%s\n%u\n%" PRIu64 "\n%d\n%d\n",
	    t->created, t->title, t->control_number, t->chunk_size,
	    c->options->volume_size, c->options->level, t->portable);
	contents_emit(&c->contents, &b);	/* digests are zeros still */
	st = b.failed ? diag_nomem(d) : digest_sha512(b.data, b.len, digest, d);
	bytes_free(&b);
	if (st == ST_OK)
		memcpy(c->transport.bundle_id, digest, BUNDLE_ID_LEN);
	return st;
}

static int
compare_fprs(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum status
set_signers(struct creation *c, struct diag *d)
{
	struct transport *t = &c->transport;
	const char *originator;
	size_t i;

	t->n_signers = c->n_signers == 0 ? 1 : c->n_signers;
	if ((t->signers = calloc(t->n_signers, sizeof(*t->signers))) == NULL)
		return diag_nomem(d);
	originator = c->n_signers == 0 ? c->options->originator : c->signers[0].fpr;
	strcpy(c->contents.originator, originator);
	strcpy(t->signers[0], originator);
	for (i = 1; i < c->n_signers; i++)
		strcpy(t->signers[i], c->signers[i].fpr);
	qsort(t->signers, t->n_signers, sizeof(*t->signers), compare_fprs);
	return ST_OK;
}

enum status
create_describe(struct creation *c, struct diag *d)
{
	struct transport *t = &c->transport;
	struct contents *m = &c->contents;
	struct handoff *h = c->handoff;
	enum status st;

	m->name = h->name;
	m->sequence = h->sequence;
	m->from = h->from;
	m->to = h->to;
	m->marking = h->marking;
	memcpy(m->not_before, h->not_before, sizeof(m->not_before));
	memcpy(m->not_after, h->not_after, sizeof(m->not_after));
	m->contact = h->contact;
	m->components = h->components;
	m->n_components = h->n_components;
	m->directories = c->gathered->directories;
	m->n_directories = c->gathered->n_directories;
	m->files = c->gathered->files;
	m->n_files = c->gathered->n_files;
	set_offsets(m);
	memcpy(t->title, h->title, sizeof(t->title));
	memcpy(t->control_number, h->control_number, sizeof(t->control_number));
	t->encrypted = c->options->encrypt;
	t->hidden_recipients = c->options->hide_recipients;
	t->portable = c->options->portable;
	t->padding = c->options->padding;
	if ((st = set_times(c, d)) != ST_OK)
		return st;
	if ((st = set_signers(c, d)) != ST_OK)
		return st;
	if ((st = choose_chunk_size(c, d)) != ST_OK)
		return st;
	return choose_bundle_id(c, d);
}

enum status
create_look(struct creation *c, struct diag *d)
{
	struct contents *m = &c->contents;
	enum status st = ST_OK;
	size_t i, at;
	int fd = -1;

	if ((c->facts = facts_new(m->n_components)) == NULL)
		return diag_nomem(d);
	for (i = 0; i < m->n_files && st == ST_OK; i++) {
		if ((st = interrupt_check(d)) != ST_OK)
			break;
		st = gather_open(c->gathered, c->handoff, i, &fd, d);
		if (st != ST_OK)
			break;
		at = c->gathered->sources[i].component;
		st = facts_begin(c->facts, at, &m->components[at], &m->files[i], fd,
		    c->findings, d);
		fd_close(&fd);
	}
	return st != ST_OK ? st : facts_give(c->facts, m->components,
	    m->n_components, d);
}
