/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress - how long work tells how far it is.  Whoever prints decides whether
 * and how; the work only reports.
 */
#ifndef SATCHEL_BUNDLE_PROGRESS_H
#define SATCHEL_BUNDLE_PROGRESS_H

#include <stdint.h>

struct progress {
	/* label: what is worked on ("payload-00.000003"); done and total in bytes */
	void (*report)(void *arg, const char *label, uint64_t done, uint64_t total);
	void *arg;
};

#endif
