/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * later - what has to be done with a run of a file's bytes, and by whom does not
 * matter: who reads a stream hands it to whoever has time.
 */
#ifndef SATCHEL_BUNDLE_LATER_H
#define SATCHEL_BUNDLE_LATER_H

#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"

/* work gets len bytes at buf, which stand at byte `at` of the file. */
struct later {
	enum status (*work)(void *arg, const uint8_t *buf, size_t len, uint64_t at,
	    struct diag *d);
	void *arg;
	const uint8_t *buf;
	size_t len;
	uint64_t at;
};

#endif
