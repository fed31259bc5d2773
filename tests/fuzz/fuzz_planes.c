/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_planes - planes_decode() over any bytes; what it accepts is encoded and
 * decoded again.  Input: the plain length (u32), then the data.
 */
#include <stdlib.h>
#include <string.h>

#include "bundle/planes.h"
#include "manifests/bytes.h"

#define PLAIN_MAX ((uint32_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The way back has to lead to the same bytes. */
static void
again(struct planes_ctx *c, const uint8_t *plain, size_t len)
{
	uint8_t *out = malloc(len), *back = malloc(len);
	struct diag d = DIAG_INIT;
	uint32_t transform;
	size_t n;

	if (out == NULL || back == NULL ||
	    planes_encode(c, 1, plain, len, out, len, &n, &transform,
	    &d) != ST_OK)
		abort();
	if (transform != 0 && (planes_decode(c, transform, out, n, back, len,
	    &d) != ST_OK || memcmp(plain, back, len) != 0))
		abort();
	free(out);
	free(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_ctx *frame;
	static struct planes_ctx *c;
	struct diag d = DIAG_INIT;
	uint8_t *in, *out;
	uint32_t len;
	enum status st;

	if (c == NULL && ((frame = frame_ctx_new()) == NULL ||
	    (c = planes_ctx_new(frame)) == NULL))
		abort();
	if (size < 4 || (len = get_le32(data)) > PLAIN_MAX)
		return 0;
	/* Exactly as long as they are, so that one byte too far is seen. */
	in = malloc(size - 4 + 1);
	out = malloc((size_t)len + 1);
	if (in == NULL || out == NULL)
		abort();
	memcpy(in + 1, data + 4, size - 4);
	st = planes_decode(c, PLANES_TRANSFORM, in + 1, size - 4, out + 1, len,
	    &d);
	if (st != ST_OK && (st != ST_MALFORMED || *d.rule == '\0'))
		abort();
	if (st == ST_OK)
		again(c, out + 1, len);
	free(in);
	free(out);
	return 0;
}
