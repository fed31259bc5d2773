/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * utf8 - one code point at a time out of bytes that may be anything.
 * It knows nothing of what the code points are; path.h judges them.
 */
#ifndef SATCHEL_MANIFESTS_UTF8_H
#define SATCHEL_MANIFESTS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * utf8_decode - the length of the well-formed sequence (Unicode, table 3-7: no
 * surrogates, no overlong forms, nothing above 10FFFF) at the n bytes of s, and
 * its code point; 0 if there is none.  n is at least 1.
 */
size_t utf8_decode(const uint8_t *s, size_t n, uint32_t *cp);

#endif
