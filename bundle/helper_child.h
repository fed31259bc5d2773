/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper_child - what bundle/helper.c does in the child before the function
 * runs.  For no one else.
 */
#ifndef SATCHEL_BUNDLE_HELPER_CHILD_H
#define SATCHEL_BUNDLE_HELPER_CHILD_H

#include "bundle/helper.h"

/*
 * helper_child_prepare - in a child just forked: session, signals, standard
 * descriptors on /dev/null, limits, environment.  *fd is the result pipe, the
 * only other descriptor that stays open; it may move.
 * parent   process id of the parent: where it is gone already, we end
 * tty      the user's terminal, or NULL
 * Returns 0, or -1.
 */
int helper_child_prepare(const struct helper_job *job, int parent,
    const char *tty, int *fd);

#endif
