/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list - the recipient's view of what is inside.  It opens the content
 * manifest, and no payload.
 */
#include "unpack/session.h"

enum status
unpack_list(struct session *s, struct diag *d)
{
	enum status st;

	if ((st = session_begin(s, d)) != ST_OK)
		return st;
	report_signers(s);
	if ((st = session_open_lanes(s, d)) != ST_OK)
		return st;
	report_contents(s);
	return s->findings.worst;
}
