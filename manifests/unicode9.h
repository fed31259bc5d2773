/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unicode9 - which code points Unicode 9.0 assigns, and what kind they are of.
 * A table of ours, because the distributions' libunistring have Unicode 9 to
 * 15: only on what all of them know do normalisation and folding agree.
 */
#ifndef SATCHEL_MANIFESTS_UNICODE9_H
#define SATCHEL_MANIFESTS_UNICODE9_H

#include <stdint.h>

enum unicode9 {
	UNICODE9_UNASSIGNED,	/* noncharacters and what is no code point at all, too */
	UNICODE9_CHARACTER,
	UNICODE9_SPACE,		/* White_Space that is none of the following */
	UNICODE9_CONTROL,	/* Cc */
	UNICODE9_FORMAT,	/* Cf: zero-width, bidirectional, tags, ... */
	UNICODE9_SURROGATE,	/* Cs */
	UNICODE9_PRIVATE,	/* Co */
	UNICODE9_SEPARATOR,	/* Zl and Zp */
};

/* unicode9_class - the kind of a code point. */
enum unicode9 unicode9_class(uint32_t cp);

#endif
