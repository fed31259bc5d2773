/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * satchel-unpack - the courier's and the classified side.  Options, one verb,
 * verdict, exit status; the work is elsewhere.
 */
#include <stdbool.h>
#include <string.h>

#include "bundle/runtime.h"
#include "unpack/options.h"
#include "unpack/session.h"

static enum status
run_verb(struct session *s, struct diag *d)
{
	switch (s->options->verb) {
	case UNPACK_CHECK:
		return unpack_check(s, d);
	case UNPACK_SHOW:
		return unpack_show(s, d);
	case UNPACK_LIST:
		return unpack_list(s, d);
	case UNPACK_EXTRACT:
		return unpack_extract(s, d);
	case UNPACK_AUDIT:
		return unpack_audit(s, d);
	}
	return ST_INTERNAL;
}

/* Damage is said when it is found; what ended the run may be the same thing. */
static bool
already_said(const struct findings *f, enum status st, const struct diag *d)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->items[i].status == st &&
		    strstr(d->text, f->items[i].text) != NULL)
			return true;
	return d->text[0] == '\0';
}

/*
 * What the findings come to.  "Malformed" is said of what was signed: where
 * nothing is verified it only takes away that all is well.
 */
static enum status
worst_finding(const struct session *s, bool *well)
{
	const struct findings *f = &s->findings;
	enum status st = ST_OK;
	size_t i;

	*well = f->worst == ST_OK;
	if (s->verified != NULL || f->worst != ST_MALFORMED)
		return f->worst;
	for (i = 0; i < f->n; i++)
		if (f->items[i].status != ST_MALFORMED)
			st = status_worse(st, f->items[i].status);
	return st;
}

/* The end of a run: what ended it, the verdict, and the document of --json. */
static enum status
finish(struct session *s, enum status st, struct diag *d)
{
	const struct unpack_options *o = s->options;
	struct diag fault = DIAG_INIT;
	bool well;

	if (st == ST_OK || already_said(&s->findings, st, d))
		memset(d->text, 0, sizeof(d->text));
	else
		console_error(s->console, d);
	st = status_worse(st, worst_finding(s, &well));
	/* without trust nothing is ever just "done" */
	if (st == ST_OK && o->trust == NULL && (o->expect == NULL || !well))
		st = ST_UNTRUSTED;
	report_verdict(s, st);
	if (o->json && json_print(s, st, d, &fault) != ST_OK) {
		console_error(s->console, &fault);
		st = status_worse(st, ST_HOST);
	}
	return st;
}

static enum status
run(const struct unpack_options *o, struct console *con, struct diag *d)
{
	struct session s = { .options = o, .console = con };
	enum status st;

	s.findings.notify = console_finding;
	s.findings.arg = con;
	st = finish(&s, run_verb(&s, d), d);
	session_clear(&s);
	return st;
}

/* Options that do not fit: there was no run, but --json gets its document. */
static enum status
refuse_options(const struct unpack_options *o, struct console *con,
    enum status st, struct diag *d)
{
	struct session s = { .options = o, .console = con };

	return finish(&s, st, d);
}

int
main(int argc, char **argv)
{
	struct options values = { 0 };
	struct diag d = DIAG_INIT;
	struct unpack_options o;
	struct console con;
	enum status st;

	console_init(&con, unpack_program.name, NULL, false);
	if ((st = runtime_init(&d)) != ST_OK ||
	    (st = options_parse(&unpack_program, argc, argv, &values, &d)) != ST_OK) {
		console_error(&con, &d);
		goto out;
	}
	st = unpack_options_read(&values, &o, &d);
	console_init(&con, unpack_program.name, &o.common, o.json);
	if (st != ST_OK)
		st = refuse_options(&o, &con, st, &d);
	else if (o.common.help || o.common.version)
		st = console_help(&con, &unpack_program, values.verb, o.common.version, &d);
	else
		st = run(&o, &con, &d);
out:
	options_free(&values);
	if (console_close(&con, &d) != ST_OK) {
		console_error(&con, &d);
		st = status_worse(st, ST_HOST);
	}
	return (int)st;
}
