/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glob - the patterns under `exclude` in a handoff.  Not fnmatch(3), whose
 * answer depends on the locale; it looks at no file.
 */
#ifndef SATCHEL_MANIFESTS_GLOB_H
#define SATCHEL_MANIFESTS_GLOB_H

#include <stdbool.h>

/*
 * glob_check - NULL if a pattern can be used; else what is wrong with it for a
 * person ("begins with a slash"), a literal.
 *
 * `*` any characters but "/", `?` one, `[a-z]` one of them, `[!a-z]` or `[^a-z]`
 * one that is none of them; a character is a code point.
 */
const char *glob_check(const char *pattern);

/*
 * glob_excludes - whether a pattern leaves out path: it matches the path or one
 * of the directories above it.  A pattern without "/" is compared with each
 * component, one with "/" with the whole path so far.
 * pattern passed glob_check(); path is legal.
 */
bool glob_excludes(const char *pattern, const char *path);

#endif
