/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status - names and order of the exit statuses.
 */
#include "manifests/status.h"

const char *
status_name(enum status st)
{
	switch (st) {
	case ST_OK:
		return "ok";
	case ST_HOST:
		return "host";
	case ST_USAGE:
		return "usage";
	case ST_UNTRUSTED:
		return "untrusted";
	case ST_DAMAGED:
		return "damaged";
	case ST_INCOMPLETE:
		return "incomplete";
	case ST_REFUSED:
		return "refused";
	case ST_MALFORMED:
		return "malformed";
	case ST_BUSY:
		return "busy";
	case ST_INTERNAL:
		return "internal";
	case ST_INTERRUPTED:
		return "interrupted";
	}
	return "internal";
}

static int
rank(enum status st)
{
	switch (st) {
	case ST_INTERNAL:
		return 10;
	case ST_INTERRUPTED:
		return 9;
	case ST_USAGE:
		return 8;
	case ST_BUSY:
		return 7;
	case ST_MALFORMED:
		return 6;
	case ST_UNTRUSTED:
		return 5;
	case ST_DAMAGED:
		return 4;
	case ST_INCOMPLETE:
		return 3;
	case ST_REFUSED:
		return 2;
	case ST_HOST:
		return 1;
	case ST_OK:
		return 0;
	}
	return 10;
}

enum status
status_worse(enum status a, enum status b)
{
	return rank(a) >= rank(b) ? a : b;
}
