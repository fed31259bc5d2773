/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manifest_samples - small valid manifests to make wrong ones from, and the
 * replacing of a piece of text.  For tests alone.
 */
#ifndef SATCHEL_TESTS_MANIFEST_SAMPLES_H
#define SATCHEL_TESTS_MANIFEST_SAMPLES_H

#include <stddef.h>

#include "manifests/bytes.h"
#include "manifests/contents.h"
#include "manifests/transport.h"

/* The kinds of transport manifest. */
enum sample {
	SAMPLE_ENCRYPTED,		/* two lanes, the first with two runs and two recipients */
	SAMPLE_HIDDEN,			/* the same with hidden recipients, no control number */
	SAMPLE_PLAIN,			/* one lane, not encrypted */
	SAMPLE_PORTABLE,
};

#define SAMPLE_FPR_A "0123456789ABCDEF0123456789ABCDEF01234567"
#define SAMPLE_FPR_B "89ABCDEF0123456789ABCDEF0123456789ABCDEF"

/* sample_transport - a new manifest; transport_free(). */
struct transport *sample_transport(enum sample kind);

/* sample_contents - a new content manifest with everything in it; contents_free(). */
struct contents *sample_contents(void);

/* sample_layout - set the offset of each file. */
void sample_layout(struct contents *c);

/*
 * sample_replace - `text` with the nth (from 0) `old` replaced by `new`; the
 * test fails where there is none.  old "": new is appended.
 */
void sample_replace(struct bytes *out, const struct bytes *text, const char *old,
    size_t nth, const char *new);

#endif
