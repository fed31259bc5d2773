/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * satchel-pack - the company's side.  Options, one verb, exit status; the work
 * is elsewhere.
 */
#include <stdio.h>

#include "bundle/console.h"
#include "bundle/file.h"
#include "bundle/runtime.h"
#include "pack/create.h"
#include "pack/init.h"
#include "pack/options.h"
#include "pack/sign.h"

static enum status
run(const struct pack_options *o, struct console *con, struct diag *d)
{
	struct findings f = { .notify = console_finding, .arg = con };
	enum status st = ST_INTERNAL;

	switch (o->verb) {
	case PACK_INIT:
		st = pack_init(o, con, &f, d);
		break;
	case PACK_CREATE:
		st = pack_create(o, con, &f, d);
		break;
	case PACK_SIGN:
		st = pack_sign(o, con, &f, d);
		break;
	}
	findings_free(&f);
	return st;
}

int
main(int argc, char **argv)
{
	struct console con;
	struct options values = { 0 };
	struct pack_options o;
	struct diag d = DIAG_INIT;
	enum status st;

	console_init(&con, pack_program.name, NULL, false);
	if ((st = runtime_init(&d)) != ST_OK)
		goto out;
	if ((st = options_parse(&pack_program, argc, argv, &values, &d)) != ST_OK)
		goto out;
	if ((st = pack_options_read(&values, &o, &d)) != ST_OK)
		goto out;
	console_init(&con, pack_program.name, &o.common, false);
	if (o.common.help || o.common.version)
		st = console_help(&con, &pack_program, values.verb, o.common.version, &d);
	else
		st = run(&o, &con, &d);
out:
	if (st != ST_OK && d.text[0] != '\0')
		console_error(&con, &d);
	options_free(&values);
	if (console_close(&con, &d) != ST_OK && st == ST_OK) {
		console_error(&con, &d);
		st = ST_HOST;
	}
	return (int)st;
}
