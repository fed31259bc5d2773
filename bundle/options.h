/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options - one table of verbs and options makes the parser, --help and the
 * completions of a program.  Of meanings it knows those of the options that both
 * programs take.
 */
#ifndef SATCHEL_BUNDLE_OPTIONS_H
#define SATCHEL_BUNDLE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"
#include "manifests/diag.h"

struct verb_spec {
	const char *name;
	const char *operands;		/* "MEDIUM..." */
	const char *summary;		/* one line */
	size_t min_operands;
	size_t max_operands;
};

/* How a shell completes an option's argument. */
enum option_completes { COMPLETES_NOTHING, COMPLETES_FILE, COMPLETES_DIRECTORY };

struct option_spec {
	int id;				/* position in struct options.values */
	char letter;			/* 0 if there is none */
	const char *name;
	const char *argument;		/* NULL: a flag */
	bool repeat;			/* may be given more than once */
	uint32_t verbs;			/* bit of each verb that takes it; all bits: every one */
	enum option_completes completes;
	const char *help;
};

#define ALL_VERBS UINT32_MAX
#define OPTION_IDS 48

struct program_spec {
	const char *name;
	const char *summary;
	const struct verb_spec *verbs;
	size_t n_verbs;
	const struct option_spec *options;
	size_t n_options;
};

/* Ids of the options that both programs take; a program's own begin at OPT_OWN. */
enum { OPT_HELP, OPT_VERSION, OPT_QUIET, OPT_VERBOSE, OPT_NO_COLOR, OPT_JOBS, OPT_OWN };

/* Their rows in a program's table; --quiet says itself what it silences. */
#define OPTION_ROW_JOBS \
	{ OPT_JOBS, 'j', "jobs", "N", false, ALL_VERBS, COMPLETES_NOTHING, \
	    "threads, 1 to 64; default: one for each processor" }
#define OPTION_ROW_QUIET(help) \
	{ OPT_QUIET, 'q', "quiet", NULL, false, ALL_VERBS, COMPLETES_NOTHING, help }
#define OPTION_ROWS_LAST \
	{ OPT_VERBOSE, 'v', "verbose", NULL, false, ALL_VERBS, COMPLETES_NOTHING, \
	    "say more" }, \
	{ OPT_NO_COLOR, 0, "no-color", NULL, false, ALL_VERBS, COMPLETES_NOTHING, \
	    "no colours" }, \
	{ OPT_HELP, 'h', "help", NULL, false, ALL_VERBS, COMPLETES_NOTHING, "this text" }, \
	{ OPT_VERSION, 'V', "version", NULL, false, ALL_VERBS, COMPLETES_NOTHING, \
	    "version, and the libraries that serve" }

struct common_options {
	bool help, version;		/* without a verb, too: nothing else counts */
	bool quiet, verbose, no_color;
	unsigned jobs;
};

/* What the user wrote; the strings are those of argv. */
struct option_values {
	const char **items;
	size_t n;
};

struct options {
	size_t verb;			/* position in spec->verbs; n_verbs with --help or --version alone */
	struct option_values values[OPTION_IDS];
	char **operands;
	size_t n_operands;
};

/*
 * options_parse - GNU conventions without abbreviations: verb first or after
 * options, operands and options mixed, "--" ends options.
 * Errors: ST_USAGE, with a hint that names --help.
 */
enum status options_parse(const struct program_spec *spec, int argc,
    char *const *argv, struct options *out, struct diag *d)
    __attribute__((warn_unused_result));
void options_free(struct options *o);

/* options_has / options_get - whether a flag or option was given; its (last) argument or NULL. */
bool options_has(const struct options *o, int id);
const char *options_get(const struct options *o, int id);

/*
 * options_read_common - what was said of them; jobs stays 0 with --help or --version.
 * Errors: ST_USAGE, with all but jobs filled in.
 */
enum status options_read_common(const struct options *o, struct common_options *out,
    struct diag *d) __attribute__((warn_unused_result));

/* options_number - an option's number from min to max; *out stands where it was not given. */
enum status options_number(const struct options *o, int id, const char *what,
    uint64_t min, uint64_t max, uint64_t *out, struct diag *d)
    __attribute__((warn_unused_result));

/* options_help - the text of --help; of one verb if it is < n_verbs. */
void options_help(const struct program_spec *spec, size_t verb, struct bytes *out);

/*
 * size_parse - "64KiB", "4GiB", "512B", "2TiB": an integer and B, KiB, MiB, GiB or TiB.
 * Returns 0, or -1 where it is anything else or over 2^63-1.
 */
int size_parse(const char *s, uint64_t *out);
/* number_parse - a decimal number of at most `max`; 0 or -1. */
int number_parse(const char *s, uint64_t max, uint64_t *out);
/* size_format - "1.5 GiB" for a person; out holds 32 bytes. */
char *size_format(char out[32], uint64_t bytes);

#endif
