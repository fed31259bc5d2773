/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session - one run of satchel-unpack: what was given, what was found, and what
 * is said of it at the end.  Every verb fills it; report.c and json.c show it.
 */
#ifndef SATCHEL_UNPACK_SESSION_H
#define SATCHEL_UNPACK_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/console.h"
#include "bundle/findings.h"
#include "bundle/gpg.h"
#include "bundle/media.h"
#include "bundle/open.h"
#include "bundle/trust.h"
#include "unpack/options.h"

struct session {
	const struct unpack_options *options;
	struct console *console;
	struct findings findings;
	struct media *media;
	struct gpg_trust *trust;	/* NULL without --trust */
	struct signers signers;
	struct unverified_manifest unverified;	/* used without trust, and by show */
	struct verified_manifest *verified;	/* NULL where nothing was verified */
	struct coverage coverage;
	struct opened **lanes;		/* list and extract: one for each lane */
	size_t n_lanes;
	char *destination;		/* extract: DEST/NAME, once it stands */
	char verdict[64];		/* "" where none is due */
};

/*
 * session_begin - judge the form of --expect, refuse where a policy would apply,
 * load trust, open the media, and verify (with --trust) or read unverified (without).  Then --expect is
 * compared.
 */
enum status session_begin(struct session *s, struct diag *d)
    __attribute__((warn_unused_result));

/* session_transport / session_digest - of whichever manifest there is; NULL before. */
const struct transport *session_transport(const struct session *s);
const uint8_t *session_digest(const struct session *s);

/* session_open_params - what bundle/open.h needs. */
void session_open_params(struct session *s, struct open_params *p);

void session_clear(struct session *s);

/* The verbs; each in a file of its name. */
enum status unpack_check(struct session *s, struct diag *d) __attribute__((warn_unused_result));
enum status unpack_show(struct session *s, struct diag *d) __attribute__((warn_unused_result));
enum status unpack_list(struct session *s, struct diag *d) __attribute__((warn_unused_result));
enum status unpack_extract(struct session *s, struct diag *d) __attribute__((warn_unused_result));
enum status unpack_audit(struct session *s, struct diag *d) __attribute__((warn_unused_result));

/* session_open_lanes - unwrap the keys and read the content manifest of every lane. */
enum status session_open_lanes(struct session *s, struct diag *d)
    __attribute__((warn_unused_result));

/* report.c: lines for a person. */
void report_signers(struct session *s);
void report_transport(struct session *s);
void report_contents(struct session *s);
/* report_verdict - choose and print the verdict of a run that ended with st. */
void report_verdict(struct session *s, enum status st);

/* json.c: the one document of --json. */
enum status json_print(struct session *s, enum status st, const struct diag *d,
    struct diag *out) __attribute__((warn_unused_result));

#endif
