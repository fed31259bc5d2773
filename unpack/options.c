/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options - the table of satchel-unpack's commands and options, and what must
 * hold between them.  It opens nothing.
 */
#include "unpack/options.h"

#include <string.h>

#include "manifests/caps.h"

enum {
	OPT_JSON = OPT_OWN, OPT_TRUST, OPT_EXPECT, OPT_SIGNATURES, OPT_ALL,
	OPT_DIRECTORY,
};

#define CHECK (1U << UNPACK_CHECK)
#define EXTRACT (1U << UNPACK_EXTRACT)

static const struct verb_spec verbs[] = {
	[UNPACK_CHECK] = { "check", "MEDIUM...",
	    "Is what I carry whole and authentic?  Needs no secret key.", 1, CAP_MEDIA },
	[UNPACK_SHOW] = { "show", "MEDIUM...",
	    "The transport manifest, for reading.", 1, CAP_MEDIA },
	[UNPACK_LIST] = { "list", "MEDIUM...",
	    "The recipient's view: components, files, markings.", 1, CAP_MEDIA },
	[UNPACK_EXTRACT] = { "extract", "MEDIUM...",
	    "Verify, open, and import below -C DEST.", 1, CAP_MEDIA },
	[UNPACK_AUDIT] = { "audit", "DEST/NAME",
	    "Later: is the imported tree still what was imported?", 1, 1 },
};

static const struct option_spec table[] = {
	{ OPT_TRUST, 't', "trust", "FILE", false, ALL_VERBS, COMPLETES_FILE,
	    "certificates of the signers whom you trust" },
	{ OPT_EXPECT, 0, "expect", "DIGEST", false, ALL_VERBS, COMPLETES_NOTHING,
	    "the bundle digest as read from the sheet or over the telephone" },
	{ OPT_SIGNATURES, 0, "signatures", "DIR", false, ALL_VERBS, COMPLETES_DIRECTORY,
	    "signatures that did not travel on the media" },
	{ OPT_ALL, 0, "all", NULL, false, CHECK, COMPLETES_NOTHING,
	    "the whole set must be here" },
	{ OPT_DIRECTORY, 'C', "directory", "DEST", false, EXTRACT, COMPLETES_DIRECTORY,
	    "import to DEST/NAME" },
	OPTION_ROW_JOBS,
	{ OPT_JSON, 0, "json", NULL, false, ALL_VERBS, COMPLETES_NOTHING,
	    "one JSON document on standard output" },
	OPTION_ROW_QUIET("no steps, notes or progress bar"),
	OPTION_ROWS_LAST,
};

const struct program_spec unpack_program = {
	.name = "satchel-unpack",
	.summary = "check, open and import bundles of models and benchmark suites",
	.verbs = verbs,
	.n_verbs = sizeof(verbs) / sizeof(verbs[0]),
	.options = table,
	.n_options = sizeof(table) / sizeof(table[0]),
};

static enum status
check_needs(const struct unpack_options *o, struct diag *d)
{
	if (o->verb != UNPACK_CHECK && o->verb != UNPACK_SHOW && o->trust == NULL) {
		diag_set(d, ST_USAGE, "no-trust",
		    "%s needs trust", verbs[o->verb].name);
		diag_hint(d, "give the sender's certificate with --trust FILE, from a source other than the media");
		return ST_USAGE;
	}
	if (o->verb == UNPACK_EXTRACT && o->directory == NULL) {
		diag_set(d, ST_USAGE, "no-destination", "nowhere to import to");
		diag_hint(d, "name an existing directory with -C DEST");
		return ST_USAGE;
	}
	return ST_OK;
}

enum status
unpack_options_read(const struct options *v, struct unpack_options *o,
    struct diag *d)
{
	enum status st;

	memset(o, 0, sizeof(*o));
	o->json = options_has(v, OPT_JSON);
	o->verb = (enum unpack_verb)v->verb;
	st = options_read_common(v, &o->common, d);
	if (st != ST_OK || o->common.help || o->common.version)
		return st;
	o->media = v->operands;
	o->n_media = v->n_operands;
	if (o->verb == UNPACK_AUDIT)
		o->tree = v->operands[0];
	o->trust = options_get(v, OPT_TRUST);
	o->expect = options_get(v, OPT_EXPECT);
	o->signatures = options_get(v, OPT_SIGNATURES);
	o->directory = options_get(v, OPT_DIRECTORY);
	o->all = options_has(v, OPT_ALL);
	return check_needs(o, d);
}
