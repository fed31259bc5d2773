/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path - the one function that decides which names are legal, for pack and
 * unpack alike, and the collisions between them.  It never touches a file.
 */
#ifndef SATCHEL_MANIFESTS_PATH_H
#define SATCHEL_MANIFESTS_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "manifests/diag.h"

/*
 * path_check - NULL if the len bytes are a legal path below data/ (BUNDLE.md,
 * "Names"); else a string literal that names the broken rule for a person
 * ("has a component that is a Windows device name").
 */
const char *path_check(const char *path, size_t len);

/* What path_check(), path_check_name() and text_check() say for want of memory: no rule was broken. */
#define PATH_NO_MEMORY "could not be normalised (out of memory)"

/* path_check_name - the same for a bundle or component name: one legal component that begins with neither "." nor "-". */
const char *path_check_name(const char *name, size_t len);

/*
 * text_check - NULL if the len bytes are legal free text of a manifest (from,
 * to, marking, licence, ...): 1 to CAP_TEXT bytes, valid UTF-8, NFC, assigned
 * in Unicode 9, no control, format, surrogate, private-use, line or paragraph
 * separator characters, no leading or trailing white space.
 */
const char *text_check(const char *text, size_t len);

/* title_check - NULL if s is [A-Z0-9 ./-]{1,32}, no leading or trailing blank; else the rule. */
const char *title_check(const char *s);

/*
 * title_tells - whether a title or control number tells `word` (the bundle's
 * name, a component's name, a marking): both upper-cased and reduced to A-Z and
 * 0-9, the word is contained; a word under three characters counts only as a
 * whole word of the title; one that reduces to nothing never.
 */
bool title_tells(const char *title, const char *word);

/* title_is_verdict - whether it equals a verdict that satchel prints (CLI.md, Output). */
bool title_is_verdict(const char *title);

/*
 * path_fold - the key under which two paths collide: language-neutral case
 * folding of the NFC path (then NFC again).  A new string, or NULL if out of memory.
 * path is legal.
 */
char *path_fold(const char *path);

/*
 * paths_collide - among n legal paths, find two that collide under folding.
 * Linear memory: a hash and an index a path, not n folded strings.
 * Returns ST_OK and *a == *b == n where there are none; else *a < *b are the
 * positions of a pair.  ST_HOST when out of memory.
 */
enum status paths_collide(const char *const *paths, size_t n, size_t *a,
    size_t *b, struct diag *d) __attribute__((warn_unused_result));

/* path_compare - order of the tar stream: strcmp over unsigned bytes. */
int path_compare(const char *a, const char *b);

#endif
