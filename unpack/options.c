/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options - the table of satchel-unpack's commands and options, and what must
 * hold between them.  It opens nothing.
 */
#include "unpack/options.h"

#include <string.h>
#include <unistd.h>

#include "manifests/caps.h"

enum {
	OPT_HELP, OPT_VERSION, OPT_QUIET, OPT_VERBOSE, OPT_NO_COLOR, OPT_JSON,
	OPT_JOBS, OPT_TRUST, OPT_EXPECT, OPT_SIGNATURES, OPT_ALL, OPT_DIRECTORY,
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
	{ OPT_JOBS, 'j', "jobs", "N", false, ALL_VERBS, COMPLETES_NOTHING,
	    "threads, 1 to 64; default: one for each processor" },
	{ OPT_JSON, 0, "json", NULL, false, ALL_VERBS, COMPLETES_NOTHING,
	    "one JSON document on standard output" },
	{ OPT_QUIET, 'q', "quiet", NULL, false, ALL_VERBS, COMPLETES_NOTHING,
	    "no steps, notes or progress bar" },
	{ OPT_VERBOSE, 'v', "verbose", NULL, false, ALL_VERBS, COMPLETES_NOTHING,
	    "say more" },
	{ OPT_NO_COLOR, 0, "no-color", NULL, false, ALL_VERBS, COMPLETES_NOTHING,
	    "no colours" },
	{ OPT_HELP, 'h', "help", NULL, false, ALL_VERBS, COMPLETES_NOTHING, "this text" },
	{ OPT_VERSION, 'V', "version", NULL, false, ALL_VERBS, COMPLETES_NOTHING,
	    "version, and the libraries that serve" },
};

const struct program_spec unpack_program = {
	.name = "satchel-unpack",
	.summary = "check, open and import bundles of models and benchmark suites",
	.verbs = verbs,
	.n_verbs = sizeof(verbs) / sizeof(verbs[0]),
	.options = table,
	.n_options = sizeof(table) / sizeof(table[0]),
	.help = OPT_HELP,
	.version = OPT_VERSION,
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
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const char *s = options_get(v, OPT_JOBS);
	uint64_t jobs;

	memset(o, 0, sizeof(*o));
	o->help = options_has(v, OPT_HELP);
	o->version = options_has(v, OPT_VERSION);
	o->quiet = options_has(v, OPT_QUIET);
	o->verbose = options_has(v, OPT_VERBOSE);
	o->no_color = options_has(v, OPT_NO_COLOR);
	o->json = options_has(v, OPT_JSON);
	if (o->help || o->version)
		return ST_OK;
	o->verb = (enum unpack_verb)v->verb;
	o->media = v->operands;
	o->n_media = v->n_operands;
	if (o->verb == UNPACK_AUDIT)
		o->tree = v->operands[0];
	o->trust = options_get(v, OPT_TRUST);
	o->expect = options_get(v, OPT_EXPECT);
	o->signatures = options_get(v, OPT_SIGNATURES);
	o->directory = options_get(v, OPT_DIRECTORY);
	o->all = options_has(v, OPT_ALL);
	jobs = cpus < 1 ? 1 : cpus > (long)CAP_JOBS ? CAP_JOBS : (uint64_t)cpus;
	if (s != NULL && (number_parse(s, CAP_JOBS, &jobs) == -1 || jobs == 0))
		return diag_set(d, ST_USAGE, "number",
		    "--jobs must be a number from 1 to %u, not %s", CAP_JOBS, ESC(s));
	o->jobs = (unsigned)jobs;
	return check_needs(o, d);
}
