/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tartest - a small tree as content manifest and tar stream, and a source that
 * hands the stream out in pieces.  For tests and fuzz targets; it tests nothing.
 */
#ifndef SATCHEL_TESTS_UNIT_TARTEST_H
#define SATCHEL_TESTS_UNIT_TARTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/tarread.h"
#include "manifests/bytes.h"
#include "manifests/contents.h"

#define TARTEST_TIME 1790000000U

/* Content is NULL for a directory. */
struct tartest_entry {
	const char *path;
	const void *content;
	size_t size;
	bool executable;
};

struct tartest {
	struct contents contents;	/* directories, files and time are set */
	struct bytes stream;
};

/* tartest_make - paths may come in any order, and need not be legal; abort()s when out of memory. */
void tartest_make(struct tartest *t, const struct tartest_entry *entries,
    size_t n);
void tartest_free(struct tartest *t);

/*
 * A stream in pieces of `step` bytes, each in a buffer of its own that is gone
 * when the next one is asked for.
 */
struct tartest_source {
	const uint8_t *data;
	size_t len;
	size_t step;
	size_t at;
	uint8_t *piece;
};

/* tartest_read - tar_read() of those bytes against c. */
enum status tartest_read(const struct contents *c, const uint8_t *data,
    size_t len, size_t step, const struct tar_sink *sink, struct diag *d)
    __attribute__((warn_unused_result));

#endif
