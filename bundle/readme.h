/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * readme - the README.txt of every bundle of this format version, from
 * bundle/readme.txt, which the Makefile turns into C.  The text alone; who
 * writes it out and compares it is elsewhere.
 */
#ifndef SATCHEL_BUNDLE_README_H
#define SATCHEL_BUNDLE_README_H

#include <stddef.h>

/* ASCII, LF, at most CAP_README bytes; not terminated by a NUL. */
extern const unsigned char readme_text[];
extern const size_t readme_text_len;

#endif
