/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status - what a function of satchel returns, and what the programs exit
 * with.  It holds the numbers and their names; it does not decide anything.
 */
#ifndef SATCHEL_MANIFESTS_STATUS_H
#define SATCHEL_MANIFESTS_STATUS_H

enum status {
	ST_OK = 0,		/* done, and everything that was asked holds */
	ST_HOST = 1,		/* the host failed: space, permission, a medium that cannot be read */
	ST_USAGE = 2,		/* wrong use, or a document a person wrote is wrong */
	ST_UNTRUSTED = 3,	/* the good signatures do not suffice */
	ST_DAMAGED = 4,		/* bytes differ from what was signed */
	ST_INCOMPLETE = 5,	/* a volume or a file is missing */
	ST_REFUSED = 6,		/* refused by policy */
	ST_MALFORMED = 7,	/* not a bundle, over a limit, or signed but against the format */
	ST_BUSY = 8,		/* another run holds the destination */
	ST_INTERNAL = 70,	/* an error of satchel itself */
	ST_INTERRUPTED = 130,	/* SIGINT or SIGTERM */
};

/* status_name - "ok", "host", "usage", "untrusted", ...: the name in --json. */
const char *status_name(enum status st);

/*
 * status_worse - the one of two statuses that a program exits with: the first
 * that holds in the order 70, 130, 2, 8, 7, 3, 4, 5, 6, 1, 0.
 */
enum status status_worse(enum status a, enum status b);

#endif
