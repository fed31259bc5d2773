/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * window - a file as those see it who recognise formats: its size, and its
 * bytes through a small buffer that a callback fills.  It opens nothing.
 */
#ifndef SATCHEL_MANIFESTS_WINDOW_H
#define SATCHEL_MANIFESTS_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "manifests/diag.h"

/* Fill buf with exactly len bytes at offset; a caller never asks for more than there is. */
typedef enum status window_read_fn(void *arg, void *buf, size_t len,
    uint64_t offset, struct diag *d);

#define WINDOW_LEN ((size_t)32 * 1024)

/* The rule of what is refused because the file ends too early. */
#define WINDOW_SHORT "short-file"

/* Memory in place of a file. */
struct window_memory {
	const uint8_t *data;
	size_t len;
};

struct window {
	window_read_fn *read;
	void *arg;
	uint64_t size;			/* of the file */
	uint64_t at;			/* offset of the byte that comes next */
	uint64_t start;			/* offset of buf[0] */
	size_t len;			/* how much of buf is filled */
	uint8_t buf[WINDOW_LEN];
};

/* window_open - at offset 0 of a file of that size. */
void window_open(struct window *w, uint64_t size, window_read_fn *read, void *arg);
/* window_open_memory - the same over bytes in memory; m must outlive w. */
void window_open_memory(struct window *w, const struct window_memory *m);

/* window_left - how many bytes come. */
uint64_t window_left(const struct window *w);

/*
 * window_span - some of the bytes that come, at most max: *len is 0 only at the
 * end of the file or for max 0.  They are valid until the next call, and taken.
 */
enum status window_span(struct window *w, uint64_t max, const uint8_t **data,
    size_t *len, struct diag *d) __attribute__((warn_unused_result));

/* window_take - exactly len bytes; ST_MALFORMED (rule WINDOW_SHORT) where the file ends. */
enum status window_take(struct window *w, void *buf, size_t len, struct diag *d)
    __attribute__((warn_unused_result));

/* window_skip - go on n bytes; ST_MALFORMED (rule WINDOW_SHORT) where the file ends. */
enum status window_skip(struct window *w, uint64_t n, struct diag *d)
    __attribute__((warn_unused_result));

/* window_short - that error. */
enum status window_short(struct diag *d);

#endif
