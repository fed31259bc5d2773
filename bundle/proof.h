/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proof - verify before use, checked at run time.  In a build with SATCHEL_PROVE the
 * programs note which buffers hold verified bytes, and end at once when cipher,
 * decompressor or libarchive are about to see any other.  In every other build
 * these calls are nothing.
 */
#ifndef SATCHEL_BUNDLE_PROOF_H
#define SATCHEL_BUNDLE_PROOF_H

#include <stddef.h>

#ifdef SATCHEL_PROVE

/* proof_enable - from here on every use must be proved (the programs call it; unit tests do not). */
void proof_enable(void);
/* proof_verified - these bytes have just been verified, or follow from verified ones. */
void proof_verified(const void *buf, size_t len);
/* proof_stale - whatever the buffer holds now is not verified. */
void proof_stale(const void *buf, size_t len);
/* proof_require - abort unless all of these bytes are verified; what names the use. */
void proof_require(const void *buf, size_t len, const char *what);

#else

static inline void
proof_enable(void)
{
}

static inline void
proof_verified(const void *buf, size_t len)
{
	(void)buf;
	(void)len;
}

static inline void
proof_stale(const void *buf, size_t len)
{
	(void)buf;
	(void)len;
}

static inline void
proof_require(const void *buf, size_t len, const char *what)
{
	(void)buf;
	(void)len;
	(void)what;
}

#endif
#endif
