/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show - the transport manifest for reading.  It checks no volume, and says
 * loudly what was not verified.
 */
#include "unpack/session.h"

enum status
unpack_show(struct session *s, struct diag *d)
{
	enum status st;

	if ((st = session_begin(s, d)) != ST_OK)
		return st;
	report_signers(s);
	report_transport(s);
	return ST_OK;
}
