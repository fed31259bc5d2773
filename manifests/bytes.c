/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes - growable buffers, little-endian integers, hexadecimal.
 */
#include "manifests/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * From here on memory comes in pages of its own (runtime_init() sees to that),
 * which are moved, not copied.  Documents are that large, keys are not.
 */
#define GREAT ((size_t)1 << 20)

/* New memory of cap bytes with what b holds; the old is wiped before it is released. */
static uint8_t *
move(const struct bytes *b, size_t cap)
{
	uint8_t *p;

	if (b->cap >= GREAT)
		return realloc(b->data, cap);
	if ((p = malloc(cap)) == NULL)
		return NULL;
	if (b->data != NULL) {
		memcpy(p, b->data, b->len);
		explicit_bzero(b->data, b->len);
		free(b->data);
	}
	return p;
}

/* Make room for n bytes more. */
static int
reserve(struct bytes *b, size_t n)
{
	size_t cap = b->cap == 0 ? 256 : b->cap;
	uint8_t *p;

	if (b->failed || n > SIZE_MAX - b->len) {
		b->failed = 1;
		return -1;
	}
	if (b->len + n <= b->cap)
		return 0;
	while (cap < b->len + n) {
		if (cap > SIZE_MAX / 2) {
			b->failed = 1;
			return -1;
		}
		cap *= 2;
	}
	if ((p = move(b, cap)) == NULL) {
		b->failed = 1;
		return -1;
	}
	b->data = p;
	b->cap = cap;
	return 0;
}

void
bytes_append(struct bytes *b, const void *data, size_t len)
{
	if (len == 0 || reserve(b, len) == -1)
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void
bytes_string(struct bytes *b, const char *s)
{
	bytes_append(b, s, strlen(s));
}

void
bytes_printf(struct bytes *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || reserve(b, (size_t)n + 1) == -1) {
		b->failed = 1;
		return;
	}
	va_start(ap, fmt);
	vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
bytes_free(struct bytes *b)
{
	if (b->data != NULL) {
		/* behind len nothing was written; touching it would take memory */
		explicit_bzero(b->data, b->cap >= GREAT ? b->len : b->cap);
		free(b->data);
	}
	memset(b, 0, sizeof(*b));
}

void
put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void
put_le32(uint8_t *p, uint32_t v)
{
	put_le16(p, (uint16_t)v);
	put_le16(p + 2, (uint16_t)(v >> 16));
}

void
put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, (uint32_t)v);
	put_le32(p + 4, (uint32_t)(v >> 32));
}

uint16_t
get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t
get_le32(const uint8_t *p)
{
	return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

uint64_t
get_le64(const uint8_t *p)
{
	return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static void
encode(char *out, const uint8_t *data, size_t len, const char *digits)
{
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
}

void
hex_encode(char *out, const uint8_t *data, size_t len)
{
	encode(out, data, len, "0123456789abcdef");
}

void
hex_encode_upper(char *out, const uint8_t *data, size_t len)
{
	encode(out, data, len, "0123456789ABCDEF");
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
hex_decode(uint8_t *out, size_t len, const char *s)
{
	size_t i;

	if (strlen(s) != 2 * len)
		return -1;
	for (i = 0; i < len; i++) {
		int hi = digit(s[2 * i]), lo = digit(s[2 * i + 1]);

		if (hi == -1 || lo == -1)
			return -1;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}
