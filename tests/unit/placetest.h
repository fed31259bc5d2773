/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placetest - a small tree with its bag, imported into the test's folder, and
 * what has to stand there then.  It tests nothing by itself.
 */
#ifndef SATCHEL_TESTS_UNIT_PLACETEST_H
#define SATCHEL_TESTS_UNIT_PLACETEST_H

#include "tests/unit/tartest.h"
#include "unpack/place.h"

#define STAGING ".satchel-000102030405060708090a0b0c0d0e0f"
#define TREE STAGING "/tree/"
#define PLACE_ENTRIES 8
#define PLACE_TAGS 3

extern const struct tartest_entry place_entries[PLACE_ENTRIES];
extern struct tartest place_tree;	/* of place_entries */
extern struct bag_file place_tags[PLACE_TAGS];
extern uint8_t place_digest[64];	/* of the bundle */

/* placetest_start - once before all; false where there is no UTF-8 locale. */
bool placetest_start(void);
void placetest_end(void);

/* place_start - place_open() of an import called "name". */
enum status place_start(struct place **p, struct diag *d);
/* place_fill - all but the last step; whatever goes wrong is the status. */
enum status place_fill(struct place **p, struct diag *d);
/* place_import - from the first step to the last. */
enum status place_import(struct diag *d);

/* expect_names - what the folder holds, one blank behind each name. */
void expect_names(const char *expected);
/* expect_import - the import stands there, and nothing else. */
void expect_import(void);
/* put - write a file anew, where its folder is. */
void put(const char *path, const char *text);

#endif
