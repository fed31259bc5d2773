/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame - the one wrapper of libzstd: one frame in, one frame out, in one shot.
 * No streaming, no dictionaries, no legacy formats.
 */
#include "bundle/frame.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "manifests/bytes.h"
#include "manifests/caps.h"

#define MAGIC 0xFD2FB528U
#define MAGIC_LEN 4
#define BLOCK_MAX (128U * 1024U)	/* of the zstd format */
#define BLOCK_HEADER_LEN 3
#define STORED_HEADER_LEN 9		/* magic, descriptor, content size of four bytes */

/* Frame header descriptor, RFC 8878, 3.1.1.1.1. */
#define DESCRIPTOR_DICTIONARY 0x03U
#define DESCRIPTOR_SINGLE 0x20U
#define DESCRIPTOR_SIZE4 0x80U

struct frame_ctx {
	ZSTD_CCtx *c;
	ZSTD_DCtx *d;
	int level;			/* that c is set to; 0: none yet */
};

struct frame_ctx *
frame_ctx_new(void)
{
	struct frame_ctx *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if ((c->c = ZSTD_createCCtx()) == NULL ||
	    (c->d = ZSTD_createDCtx()) == NULL) {
		frame_ctx_free(c);
		return NULL;
	}
	return c;
}

void
frame_ctx_free(struct frame_ctx *c)
{
	if (c == NULL)
		return;
	ZSTD_freeCCtx(c->c);
	ZSTD_freeDCtx(c->d);
	free(c);
}

size_t
frame_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static enum status
set_level(struct frame_ctx *c, int level, struct diag *d)
{
	size_t r;

	if (c->level == level)
		return ST_OK;
	c->level = 0;
	if (level < 1 || level > 19)
		return diag_set(d, ST_INTERNAL, "frame-level",
		    "compression level %d", level);
	(void)ZSTD_CCtx_reset(c->c, ZSTD_reset_session_and_parameters);
	if (ZSTD_isError(r = ZSTD_CCtx_setParameter(c->c,
	    ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(r = ZSTD_CCtx_setParameter(c->c,
	    ZSTD_c_contentSizeFlag, 1)) ||
	    ZSTD_isError(r = ZSTD_CCtx_setParameter(c->c,
	    ZSTD_c_checksumFlag, 0)) ||
	    ZSTD_isError(r = ZSTD_CCtx_setParameter(c->c,
	    ZSTD_c_dictIDFlag, 0)))
		return diag_set(d, ST_HOST, "frame-library", "libzstd: %s",
		    ZSTD_getErrorName(r));
	c->level = level;
	return ST_OK;
}

enum status
frame_compress(struct frame_ctx *c, int level, const uint8_t *in, size_t len,
    uint8_t *out, size_t cap, size_t *out_len, struct diag *d)
{
	enum status st;
	size_t r;

	*out_len = 0;
	/* The window is never larger than what is compressed. */
	if (len > (size_t)1 << CAP_WINDOW_LOG)
		return diag_set(d, ST_INTERNAL, "frame-length",
		    "%zu bytes for one frame", len);
	if ((st = set_level(c, level, d)) != ST_OK)
		return st;
	r = ZSTD_compress2(c->c, out, cap, in, len);
	if (ZSTD_isError(r)) {
		if (ZSTD_getErrorCode(r) == ZSTD_error_dstSize_tooSmall)
			return ST_OK;
		return diag_set(d, ST_HOST, "frame-library", "libzstd: %s",
		    ZSTD_getErrorName(r));
	}
	*out_len = r;
	return ST_OK;
}

size_t
frame_stored_len(size_t len)
{
	return STORED_HEADER_LEN + len +
	    (len + BLOCK_MAX - 1) / BLOCK_MAX * BLOCK_HEADER_LEN;
}

void
frame_store(const uint8_t *in, size_t len, uint8_t *out)
{
	uint32_t header;
	size_t n;

	put_le32(out, MAGIC);
	out[MAGIC_LEN] = DESCRIPTOR_SINGLE | DESCRIPTOR_SIZE4;
	put_le32(out + MAGIC_LEN + 1, (uint32_t)len);
	for (out += STORED_HEADER_LEN; len > 0; in += n, len -= n, out += n) {
		n = len < BLOCK_MAX ? len : BLOCK_MAX;
		/* Last block, type raw (0), size. */
		header = (n == len ? 1U : 0U) | (uint32_t)n << 3;
		out[0] = (uint8_t)header;
		out[1] = (uint8_t)(header >> 8);
		out[2] = (uint8_t)(header >> 16);
		out += BLOCK_HEADER_LEN;
		memcpy(out, in, n);
	}
}

/* A window that the header asks for beyond the content itself. */
static int
window_too_large(const uint8_t *in, size_t out_len)
{
	const uint64_t most = (uint64_t)1 << CAP_WINDOW_LOG;
	uint64_t base;

	if (in[4] & DESCRIPTOR_SINGLE)
		return out_len > most;
	if (in[5] >> 3 > CAP_WINDOW_LOG - 10)
		return 1;
	base = (uint64_t)1 << (10 + (in[5] >> 3));
	return base + base / 8 * (in[5] & 7) > most;
}

/* What the frame's header says of itself; RFC 8878, 3.1.1.1. */
static enum status
check_header(const uint8_t *in, size_t len, size_t out_len, struct diag *d)
{
	unsigned long long declared;
	size_t r;

	if (len < MAGIC_LEN || get_le32(in) != MAGIC)
		return diag_set(d, ST_MALFORMED, "frame-magic",
		    "no zstd frame");
	if (len < MAGIC_LEN + 2)
		return diag_set(d, ST_MALFORMED, "frame-length",
		    "zstd frame of %zu bytes", len);
	if (in[4] & DESCRIPTOR_DICTIONARY)
		return diag_set(d, ST_MALFORMED, "frame-dictionary",
		    "zstd frame that names a dictionary");
	if (window_too_large(in, out_len))
		return diag_set(d, ST_MALFORMED, "frame-window",
		    "zstd frame with too large a window");
	declared = ZSTD_getFrameContentSize(in, len);
	if (declared == ZSTD_CONTENTSIZE_ERROR ||
	    declared == ZSTD_CONTENTSIZE_UNKNOWN || declared != out_len)
		return diag_set(d, ST_MALFORMED, "frame-size",
		    "zstd frame does not declare %zu bytes of content",
		    out_len);
	r = ZSTD_findFrameCompressedSize(in, len);
	if (ZSTD_isError(r) &&
	    ZSTD_getErrorCode(r) != ZSTD_error_srcSize_wrong)
		return diag_set(d, ST_MALFORMED, "frame-data",
		    "zstd frame: %s", ZSTD_getErrorName(r));
	if (r != len)
		return diag_set(d, ST_MALFORMED, "frame-length",
		    "zstd frame is not %zu bytes long", len);
	return ST_OK;
}

enum status
frame_decompress(struct frame_ctx *c, const uint8_t *in, size_t len,
    uint8_t *out, size_t out_len, struct diag *d)
{
	enum status st;
	size_t r;

	if ((st = check_header(in, len, out_len, d)) != ST_OK)
		return st;
	r = ZSTD_decompressDCtx(c->d, out, out_len, in, len);
	if (ZSTD_isError(r))
		return diag_set(d, ST_MALFORMED, "frame-data",
		    "zstd frame: %s", ZSTD_getErrorName(r));
	if (r != out_len)
		return diag_set(d, ST_MALFORMED, "frame-data",
		    "zstd frame holds %zu bytes, not %zu", r, out_len);
	return ST_OK;
}
