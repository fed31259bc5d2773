/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options - what satchel-pack can be told, and the checks that need nothing but
 * the command line.
 */
#ifndef SATCHEL_PACK_OPTIONS_H
#define SATCHEL_PACK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/options.h"
#include "manifests/diag.h"

enum pack_verb { PACK_INIT, PACK_CREATE, PACK_SIGN };

extern const struct program_spec pack_program;

struct pack_options {
	enum pack_verb verb;
	struct common_options common;
	/* create: */
	const char *handoff;
	const char *output;		/* also of sign and init */
	const char *directory;		/* -C, or NULL; of init its operand */
	const struct option_values *signers;
	const struct option_values *recipients;
	bool encrypt;
	uint64_t volume_size;		/* bytes */
	uint64_t media_size;		/* bytes; 0: no media */
	int level;
	bool portable;
	uint32_t padding;		/* bytes; 0 when not encrypted */
	bool hide_recipients;
	bool dry_run;
	bool dereference;
	bool read_back;
	const char *originator;		/* with --unsigned */
	const char *opening;		/* or NULL */
	/* sign: */
	char **bundles;
	size_t n_bundles;
	const char *expect;		/* or NULL */
	const char *content;		/* or NULL */
};

/* pack_options_read - values into *out, which points into values. Errors: ST_USAGE. */
enum status pack_options_read(const struct options *values,
    struct pack_options *out, struct diag *d) __attribute__((warn_unused_result));

#endif
