/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * staging - the private directory beside the destination in which an import
 * grows: made or taken over under a lock, and removed.  It knows no tree.
 */
#ifndef SATCHEL_UNPACK_STAGING_H
#define SATCHEL_UNPACK_STAGING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bundle/findings.h"
#include "manifests/diag.h"

#define STAGING_PREFIX ".satchel-"
#define STAGING_DIGITS 32		/* of the bundle digest, in hexadecimal */

/* Inert with STAGING_INIT. */
struct staging {
	int dest;			/* the folder in which it stands */
	int fd;				/* itself, locked */
	dev_t dev;
	ino_t ino;
	char name[sizeof(STAGING_PREFIX) + STAGING_DIGITS];
};

#define STAGING_INIT { -1, -1, 0, 0, "" }

/*
 * staging_check_destination - see place_check_destination(); dest is open.
 * f may be NULL: no note is made then.
 */
enum status staging_check_destination(int dest, const char *shown,
    const char *name, struct findings *f, struct diag *d)
    __attribute__((warn_unused_result));

/*
 * staging_open - make it below s->dest, 0700, and lock it; one that a killed
 * run left is emptied.
 * Errors: ST_BUSY  another run holds it
 *         ST_HOST  it is a link, not ours or not 0700 (rule "staging-foreign");
 *                  or it cannot be made
 */
enum status staging_open(struct staging *s, const uint8_t *bundle_digest,
    struct diag *d) __attribute__((warn_unused_result));

/* staging_stands - whether the name still stands for what was opened. */
bool staging_stands(const struct staging *s);

/* staging_close - remove it with all that it holds, unlock, and close all. */
void staging_close(struct staging *s);

#endif
