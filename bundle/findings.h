/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * findings - all that a run has found wrong or worth saying, in the order in
 * which it was found.  It never prints.
 */
#ifndef SATCHEL_BUNDLE_FINDINGS_H
#define SATCHEL_BUNDLE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"

/* One finding.  status ST_OK is a note: it is said, and changes nothing. */
struct finding {
	enum status status;
	const char *rule;
	char *volume;			/* file it concerns, as shown to a person; NULL if none */
	bool has_range;
	uint64_t offset;		/* bytes, in the volume or file */
	uint64_t length;
	char *text;
	char *hint;			/* NULL if none */
};

/* All zeros is an empty list. */
struct findings {
	struct finding *items;
	size_t n;
	size_t dropped;			/* beyond FINDINGS_MAX: counted, not kept */
	enum status worst;
	/* called for each one when it is added, where set (to show it at once) */
	void (*notify)(void *arg, const struct finding *f);
	void *arg;
};

#define FINDINGS_MAX 10000

/*
 * findings_add - what d says, about a file (volume may be NULL).  st counts
 * towards f->worst even where memory is short.  Returns st.
 */
enum status findings_add(struct findings *f, enum status st, const char *volume,
    const struct diag *d);
/* findings_add_range - the same with a range of bytes. */
enum status findings_add_range(struct findings *f, enum status st,
    const char *volume, uint64_t offset, uint64_t length, const struct diag *d);
/* findings_note - a note: status ST_OK. */
void findings_note(struct findings *f, const char *volume, const char *rule,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* findings_first - the first finding with the worst status, or NULL. */
const struct finding *findings_first(const struct findings *f);
void findings_free(struct findings *f);

#endif
