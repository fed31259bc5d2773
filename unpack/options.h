/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options - what satchel-unpack can be told, and the checks that need nothing
 * but the command line.
 */
#ifndef SATCHEL_UNPACK_OPTIONS_H
#define SATCHEL_UNPACK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "bundle/options.h"
#include "manifests/diag.h"

enum unpack_verb { UNPACK_CHECK, UNPACK_SHOW, UNPACK_LIST, UNPACK_EXTRACT,
	UNPACK_AUDIT };

extern const struct program_spec unpack_program;

struct unpack_options {
	enum unpack_verb verb;		/* none of these with --help alone */
	struct common_options common;
	bool json;
	char **media;
	size_t n_media;
	const char *tree;		/* audit: the imported bag */
	const char *trust;		/* each of these or NULL */
	const char *expect;
	const char *signatures;
	const char *directory;		/* extract */
	bool all;			/* check */
};

/* unpack_options_read - values into *out, which points into values. Errors: ST_USAGE. */
enum status unpack_options_read(const struct options *values,
    struct unpack_options *out, struct diag *d) __attribute__((warn_unused_result));

#endif
