/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check - the courier's question: is what I carry whole and authentic?  It needs
 * no secret key, opens nothing, and writes nothing.
 */
#include "unpack/session.h"

enum status
unpack_check(struct session *s, struct diag *d)
{
	const struct transport *t;
	struct open_params p;
	enum status st;

	if ((st = session_begin(s, d)) != ST_OK)
		return st;
	t = session_transport(s);
	report_signers(s);
	report_transport(s);
	media_report_strays(s->media, t, &s->findings);
	session_open_params(s, &p);
	console_step(s->console, "checking every byte against the manifest");
	console_progress_start(s->console, "checking");
	st = check_stored(t, &p, s->options->all, &s->coverage, d);
	console_progress_end(s->console);
	return st;			/* the findings count beside it */
}
