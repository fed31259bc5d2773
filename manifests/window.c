/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * window - reading ahead by one small buffer.  Every length is compared with
 * the file's size before anything is read.
 */
#include "manifests/window.h"

#include <string.h>

static enum status
read_memory(void *arg, void *buf, size_t len, uint64_t offset, struct diag *d)
{
	const struct window_memory *m = arg;

	if (offset > m->len || len > m->len - offset)
		return window_short(d);
	memcpy(buf, m->data + offset, len);
	return ST_OK;
}

void
window_open(struct window *w, uint64_t size, window_read_fn *read, void *arg)
{
	w->read = read;
	w->arg = arg;
	w->size = size;
	w->at = 0;
	w->start = 0;
	w->len = 0;
}

void
window_open_memory(struct window *w, const struct window_memory *m)
{
	window_open(w, m->len, read_memory, (void *)(uintptr_t)m);
}

uint64_t
window_left(const struct window *w)
{
	return w->at > w->size ? 0 : w->size - w->at;
}

enum status
window_short(struct diag *d)
{
	return diag_set(d, ST_MALFORMED, WINDOW_SHORT,
	    "the file ends before what it says it holds");
}

/* Have at least the byte at w->at in the buffer, which is not the file's end. */
static enum status
fill(struct window *w, struct diag *d)
{
	uint64_t left = window_left(w);
	size_t want = left < WINDOW_LEN ? (size_t)left : WINDOW_LEN;
	enum status st;

	if (w->at >= w->start && w->at - w->start < w->len)
		return ST_OK;
	w->len = 0;
	if ((st = w->read(w->arg, w->buf, want, w->at, d)) != ST_OK)
		return st;
	w->start = w->at;
	w->len = want;
	return ST_OK;
}

enum status
window_span(struct window *w, uint64_t max, const uint8_t **data, size_t *len,
    struct diag *d)
{
	enum status st;
	size_t skip, n;

	*data = w->buf;
	*len = 0;
	if (max == 0 || window_left(w) == 0)
		return ST_OK;
	if ((st = fill(w, d)) != ST_OK)
		return st;
	skip = (size_t)(w->at - w->start);
	n = w->len - skip;
	*data = w->buf + skip;
	*len = n < max ? n : (size_t)max;
	w->at += *len;
	return ST_OK;
}

enum status
window_take(struct window *w, void *buf, size_t len, struct diag *d)
{
	uint8_t *out = buf;
	const uint8_t *data;
	enum status st;
	size_t n;

	if (len > window_left(w))
		return window_short(d);
	for (; len > 0; len -= n, out += n) {
		if ((st = window_span(w, len, &data, &n, d)) != ST_OK)
			return st;
		memcpy(out, data, n);
	}
	return ST_OK;
}

enum status
window_skip(struct window *w, uint64_t n, struct diag *d)
{
	if (n > window_left(w))
		return window_short(d);
	w->at += n;
	return ST_OK;
}
