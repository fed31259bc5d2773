/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gpg_home - a private GNUPGHOME: made, joined to the user's own agent where a
 * secret key is needed, and removed with everything that hangs on it.
 * It knows GnuPG's files and programs, and no GPGME.
 */
#ifndef SATCHEL_BUNDLE_GPG_HOME_H
#define SATCHEL_BUNDLE_GPG_HOME_H

#include "manifests/diag.h"

/* The name of a socket has at most 107 bytes, and it may lie in here. */
#define GPG_HOME_PATH 80

struct gpg_home {
	char path[GPG_HOME_PATH];	/* "" where there is none */
};
#define GPG_HOME_INIT { "" }

/* What the home is for decides what stands in its gpg.conf. */
enum gpg_home_use { GPG_HOME_VERIFY, GPG_HOME_SIGN, GPG_HOME_WRAP, GPG_HOME_UNWRAP };

/* gpg_home_make - in the parent, so that it is there to remove it. */
enum status gpg_home_make(enum gpg_home_use use, struct gpg_home *h,
    struct diag *d) __attribute__((warn_unused_result));

/*
 * gpg_home_remove - the home, and the folder for its sockets that GnuPG made
 * below /run/user.  Also after the child was killed at any moment.  What cannot
 * be removed stays: it holds nothing secret.
 */
void gpg_home_remove(struct gpg_home *h);

/*
 * gpg_home_launch_agent - in the parent, before gpg_home_join_agent(): start
 * the user's own agent if it does not run yet, as the user's own gpg would.
 * Where that fails, what needs it will say so.
 * Errors: those of helper_run(); ST_HOST (rule "gpg-missing")
 */
enum status gpg_home_launch_agent(struct diag *d)
    __attribute__((warn_unused_result));

/*
 * gpg_home_join_agent - in a helper with job.user set: put a file at the place
 * of h's agent socket that leads to the user's agent.
 * Errors: ST_HOST (rule "gpg-agent")
 */
enum status gpg_home_join_agent(const struct gpg_home *h, struct diag *d)
    __attribute__((warn_unused_result));

#endif
