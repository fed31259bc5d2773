/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff - handoff.yaml, what a person writes: read strictly, every error
 * with its line and rule.  It opens no file and looks at no component.
 */
#ifndef SATCHEL_MANIFESTS_HANDOFF_H
#define SATCHEL_MANIFESTS_HANDOFF_H

#include <stddef.h>
#include <stdint.h>

#include "manifests/contents.h"
#include "manifests/diag.h"

struct handoff {
	char *name;
	uint64_t sequence;
	char title[33];
	char control_number[33];	/* "" if there is none */
	char *from;
	char *to;
	char date[11];			/* "" if there is none */
	char *marking;
	char not_before[11];
	char not_after[11];
	char *contact;
	struct component *components;	/* marking is set in each; facts are empty */
	size_t n_components;
	struct string_list exclude;
};

/*
 * handoff_parse - read what a person wrote.
 * what  the file's name for errors ("handoff.yaml"), given as the user gave it
 *
 * Errors: ST_USAGE with "FILE: line N: ..." and rule; ST_REFUSED
 *         (rule "title-tells") for a title or control number that tells what
 *         is inside.
 */
enum status handoff_parse(const uint8_t *buf, size_t len, const char *what,
    struct handoff **out, struct diag *d) __attribute__((warn_unused_result));

void handoff_free(struct handoff *h);

/*
 * handoff_excludes - whether an entry of a component is left out: a pattern
 * without "/" matches any component of the path, one with "/" the whole path.
 * path is relative to the component's own directory.
 */
bool handoff_excludes(const struct handoff *h, const char *path);

#endif
