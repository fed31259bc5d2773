/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sampletest - sample files for the tests of formats: whole files in memory, and
 * the hostile samples with what has to be said of each.  It judges nothing.
 */
#ifndef SATCHEL_TESTS_SAMPLETEST_H
#define SATCHEL_TESTS_SAMPLETEST_H

#include "manifests/bytes.h"
#include "manifests/window.h"

/* sampletest_data - a path below SATCHEL_DATA; skips the test where that is unset. */
const char *sampletest_data(const char *path);

/* sampletest_read - the bytes of a file; fails the test where it cannot be read. */
void sampletest_read(const char *path, struct bytes *out);

/* sampletest_open - a window over b; m must live as long. */
void sampletest_open(struct window *w, struct window_memory *m, const struct bytes *b);

/*
 * sampletest_hostile - call back for each sample of a folder of hostile/.
 * Returns how many there were.
 */
typedef void sampletest_fn(const char *name, const char *expected,
    const struct bytes *b);
size_t sampletest_hostile(const char *folder, sampletest_fn *fn);

#endif
