/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entropy - zstd as a Huffman coder, by stable parameters of libzstd only.
 * It does not judge whether a plane is worth a frame.
 */
#include "bundle/entropy.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "manifests/caps.h"

struct entropy_ctx {
	ZSTD_CCtx *c;
};

/*
 * Long minimal matches and a tiny hash table leave the match finder nothing to
 * do, so that it costs next to nothing.  A target length of 0 keeps the coding
 * of literals; a longer one would turn it off, unless an experimental parameter
 * forces it (measured on pairs of exponents: 3 % faster, which is not worth it).
 */
static const struct {
	ZSTD_cParameter which;
	int value;
} parameters[] = {
	{ ZSTD_c_compressionLevel, 1 },
	{ ZSTD_c_windowLog, 17 },	/* blocks of 128 KiB, the most there is */
	{ ZSTD_c_hashLog, 6 },
	{ ZSTD_c_minMatch, 7 },
	{ ZSTD_c_targetLength, 0 },
	{ ZSTD_c_strategy, ZSTD_fast },
	{ ZSTD_c_contentSizeFlag, 1 },
	{ ZSTD_c_checksumFlag, 0 },
	{ ZSTD_c_dictIDFlag, 0 },
};

struct entropy_ctx *
entropy_ctx_new(void)
{
	struct entropy_ctx *c;
	size_t i;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if ((c->c = ZSTD_createCCtx()) == NULL) {
		entropy_ctx_free(c);
		return NULL;
	}
	for (i = 0; i < sizeof(parameters) / sizeof(*parameters); i++) {
		if (ZSTD_isError(ZSTD_CCtx_setParameter(c->c,
		    parameters[i].which, parameters[i].value))) {
			entropy_ctx_free(c);
			return NULL;
		}
	}
	return c;
}

void
entropy_ctx_free(struct entropy_ctx *c)
{
	if (c == NULL)
		return;
	(void)ZSTD_freeCCtx(c->c);
	free(c);
}

enum status
entropy_compress(struct entropy_ctx *c, const uint8_t *plain, size_t len,
    uint8_t *out, size_t cap, size_t *out_len, struct diag *d)
{
	size_t r;

	*out_len = 0;
	if (len == 0 || len > (size_t)1 << CAP_WINDOW_LOG)
		return diag_set(d, ST_INTERNAL, "planes-internal",
		    "%zu bytes for one frame", len);
	r = ZSTD_compress2(c->c, out, cap, plain, len);
	if (ZSTD_isError(r)) {
		if (ZSTD_getErrorCode(r) == ZSTD_error_dstSize_tooSmall)
			return ST_OK;
		return diag_set(d, ST_HOST, "planes-library", "libzstd: %s",
		    ZSTD_getErrorName(r));
	}
	*out_len = r;
	return ST_OK;
}
