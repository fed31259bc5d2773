/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_frame - frame_decompress() over any bytes.  Input: the content length
 * that is asked for (u32), then the frame.
 */
#include <stdlib.h>

#include "bundle/frame.h"
#include "manifests/bytes.h"

#define OUT_MAX ((uint32_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_ctx *c;
	struct diag d = DIAG_INIT;
	uint8_t *in, *out;
	uint32_t out_len;
	enum status st;

	if (c == NULL && (c = frame_ctx_new()) == NULL)
		abort();
	if (size < 4 || (out_len = get_le32(data)) > OUT_MAX)
		return 0;
	/* Exactly as long as they are, so that one byte too far is seen. */
	in = malloc(size - 4 + 1);
	out = malloc(out_len + 1);
	if (in == NULL || out == NULL)
		abort();
	in++;
	for (size_t i = 4; i < size; i++)
		in[i - 4] = data[i];
	st = frame_decompress(c, in, size - 4, out + 1, out_len, &d);
	if (st != ST_OK && (st != ST_MALFORMED || *d.rule == '\0'))
		abort();
	free(in - 1);
	free(out);
	return 0;
}
