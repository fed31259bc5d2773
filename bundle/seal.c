/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal - sealing and unsealing one chunk; satchel-bundle(5) has the layout.
 * It decides which transform pays; it reads and writes no file.
 */
#include "bundle/seal.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/frame.h"
#include "bundle/planes.h"
#include "bundle/proof.h"
#include "bundle/volume.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"

#define FRAME_HEADER_LEN 8		/* magic, length */
#define FIELDS_LEN 12			/* transform, plain length, data length */
#define CIPHER_EXTRA (IV_LEN + TAG_LEN)
#define AAD_LEN 64
#define FORMAT_VERSION 1
#define ALGORITHM_AES_256_GCM 1
#define ZSTD_MAGIC 0xFD2FB528U

struct sealer {
	struct seal_params p;
	struct frame_ctx *frame;
	struct planes_ctx *planes;	/* NULL in portable bundles */
	struct cipher *cipher;		/* NULL: not encrypted */
};

/* data and the zeros behind it: at least one unit of padding. */
static size_t
padded_len(const struct seal_params *p, size_t data_len)
{
	size_t units = (data_len + p->padding - 1) / p->padding;

	return (units == 0 ? 1 : units) * p->padding;
}

static enum status
check_params(const struct seal_params *p, struct diag *d)
{
	bool ok = p->chunk_size >= CAP_CHUNK_MIN &&
	    p->chunk_size <= CAP_CHUNK_MAX && p->chunk_size % LEAF_LEN == 0;

	if (p->key != NULL)
		ok = ok && !p->portable && p->padding > 0 &&
		    p->padding <= CAP_PAD_MAX;
	else
		ok = ok && p->padding == 0;
	if (!ok)
		return diag_set(d, ST_INTERNAL, "seal-params",
		    "chunk size or padding out of range");
	return ST_OK;
}

struct sealer *
sealer_new(const struct seal_params *p, struct diag *d)
{
	struct sealer *s;

	if (check_params(p, d) != ST_OK)
		return NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		diag_nomem(d);
		return NULL;
	}
	s->p = *p;
	if ((s->frame = frame_ctx_new()) == NULL || (!p->portable &&
	    (s->planes = planes_ctx_new(s->frame)) == NULL)) {
		diag_nomem(d);
		sealer_free(s);
		return NULL;
	}
	if (p->key != NULL && (s->cipher = cipher_new(p->key)) == NULL) {
		diag_set(d, ST_HOST, "crypto-cipher",
		    "libcrypto has no AES-256-GCM");
		sealer_free(s);
		return NULL;
	}
	return s;
}

void
sealer_free(struct sealer *s)
{
	if (s == NULL)
		return;
	planes_ctx_free(s->planes);	/* borrows the frame's */
	frame_ctx_free(s->frame);
	cipher_free(s->cipher);
	free(s);
}

size_t
seal_bound(const struct seal_params *p)
{
	if (p->key != NULL)
		return FRAME_HEADER_LEN + CIPHER_EXTRA + FIELDS_LEN +
		    padded_len(p, p->chunk_size);
	if (p->portable)
		return frame_stored_len(p->chunk_size);
	return FRAME_HEADER_LEN + (size_t)p->chunk_size;
}

static void
make_aad(uint8_t aad[AAD_LEN], const struct seal_params *p, uint64_t number)
{
	put_le64(aad, FORMAT_VERSION);
	put_le64(aad + 8, ALGORITHM_AES_256_GCM);
	memcpy(aad + 16, p->bundle_id, BUNDLE_ID_LEN);
	put_le64(aad + 32, p->lane);
	put_le64(aad + 40, p->run);
	put_le64(aad + 48, (uint64_t)p->kind);
	put_le64(aad + 56, number);
}

/*
 * The transform that makes the chunk shorter than it is, if there is one.
 * out   room for len bytes: the data; nothing is written for TRANSFORM_STORED
 * Planes come first: they say no quickly, and to what zstd does better.
 */
static enum status
transform_data(struct sealer *s, const uint8_t *plain, size_t len,
    uint8_t *out, uint32_t *transform, size_t *data_len, struct diag *d)
{
	enum status st;

	if (s->p.kind != VOLUME_CONTENTS) {	/* a content manifest is text */
		st = planes_encode(s->planes, s->p.level, plain, len, out, len,
		    data_len, transform, d);
		if (st != ST_OK || *transform != 0)
			return st;
	}
	*transform = TRANSFORM_ZSTD;
	st = frame_compress(s->frame, s->p.level, plain, len, out, len - 1,
	    data_len, d);
	if (st == ST_OK && *data_len == 0) {
		*transform = TRANSFORM_STORED;
		*data_len = len;
	}
	return st;
}

/* The inverse: exactly plain_len bytes to out. */
static enum status
restore_data(struct sealer *s, uint32_t transform, const uint8_t *data,
    size_t data_len, uint8_t *out, size_t plain_len, struct diag *d)
{
	enum status st = ST_OK;

	proof_require(data, data_len, "the decompressor");
	if (transform == TRANSFORM_STORED)
		memcpy(out, data, plain_len);
	else if (transform == TRANSFORM_PLANES)
		st = planes_decode(s->planes, transform, data, data_len, out,
		    plain_len, d);
	else
		st = frame_decompress(s->frame, data, data_len, out, plain_len, d);
	if (st == ST_OK)
		proof_verified(out, plain_len);
	return st;
}

static void
put_frame(uint8_t *out, size_t n)
{
	put_le32(out, FRAME_MAGIC_CHUNK);
	put_le32(out + 4, (uint32_t)n);
}

static enum status
seal_encrypted(struct sealer *s, uint64_t number, const uint8_t *plain,
    size_t len, uint8_t *out, struct chunk_fields *f, struct diag *d)
{
	uint8_t *iv = out + FRAME_HEADER_LEN, *sealed = iv + IV_LEN;
	uint8_t *data = sealed + FIELDS_LEN;
	uint8_t aad[AAD_LEN];
	size_t data_len = 0, room, sealed_len;
	uint32_t transform = 0;
	enum status st;

	st = transform_data(s, plain, len, data, &transform, &data_len, d);
	if (st != ST_OK)
		return st;
	if (transform == TRANSFORM_STORED)
		memcpy(data, plain, len);
	room = padded_len(&s->p, data_len);
	memset(data + data_len, 0, room - data_len);
	put_le32(sealed, transform);
	put_le32(sealed + 4, (uint32_t)len);
	put_le32(sealed + 8, (uint32_t)data_len);
	sealed_len = FIELDS_LEN + room;
	make_aad(aad, &s->p, number);
	st = cipher_seal(s->cipher, aad, sizeof(aad), sealed, sealed_len, sealed,
	    iv, sealed + sealed_len, d);
	if (st != ST_OK)
		return st;
	put_frame(out, CIPHER_EXTRA + sealed_len);
	f->stored_len = (uint32_t)(FRAME_HEADER_LEN + CIPHER_EXTRA + sealed_len);
	return ST_OK;
}

static enum status
seal_portable(struct sealer *s, const uint8_t *plain, size_t len, uint8_t *out,
    struct chunk_fields *f, struct diag *d)
{
	size_t most = frame_stored_len(len), n = 0;
	enum status st;

	st = frame_compress(s->frame, s->p.level, plain, len, out, most, &n, d);
	if (st != ST_OK)
		return st;
	if (n == 0) {
		frame_store(plain, len, out);
		n = most;
	}
	f->stored_len = (uint32_t)n;
	f->transform = TRANSFORM_ZSTD;
	f->plain_len = (uint32_t)len;
	return ST_OK;
}

static enum status
seal_clear(struct sealer *s, const uint8_t *plain, size_t len, uint8_t *out,
    struct chunk_fields *f, struct diag *d)
{
	uint8_t *data = out + FRAME_HEADER_LEN;
	size_t data_len = 0;
	uint32_t transform = 0;
	enum status st;

	st = transform_data(s, plain, len, data, &transform, &data_len, d);
	if (st != ST_OK)
		return st;
	f->transform = transform;
	f->plain_len = (uint32_t)len;
	if (transform == TRANSFORM_ZSTD) {
		/* A frame by itself. */
		memmove(out, data, data_len);
		f->stored_len = (uint32_t)data_len;
		return ST_OK;
	}
	if (transform == TRANSFORM_STORED)
		memcpy(data, plain, len);
	put_frame(out, data_len);
	f->stored_len = (uint32_t)(FRAME_HEADER_LEN + data_len);
	return ST_OK;
}

enum status
seal_chunk(struct sealer *s, uint64_t number, const uint8_t *plain, size_t len,
    uint8_t *out, struct chunk_fields *f, struct diag *d)
{
	memset(f, 0, sizeof(*f));
	if (len == 0 || len > s->p.chunk_size)
		return diag_set(d, ST_INTERNAL, "seal-length",
		    "chunk of %zu bytes", len);
	if (s->cipher != NULL)
		return seal_encrypted(s, number, plain, len, out, f, d);
	if (s->p.portable)
		return seal_portable(s, plain, len, out, f, d);
	return seal_clear(s, plain, len, out, f, d);
}

static enum status
malformed(struct diag *d, const char *rule, const char *what)
{
	return diag_set(d, ST_MALFORMED, rule, "%s", what);
}

/* What transform, plain length and data length can be together. */
static enum status
check_lengths(const struct seal_params *p, uint32_t transform,
    uint32_t plain_len, uint64_t data_len, struct diag *d)
{
	if (plain_len == 0 || plain_len > p->chunk_size)
		return malformed(d, "chunk-plain-length",
		    "plain length of a chunk out of range");
	switch (transform) {
	case TRANSFORM_STORED:
		if (p->portable)
			return malformed(d, "chunk-portable",
			    "chunk of a portable bundle is no zstd frame");
		if (data_len != plain_len)
			return malformed(d, "chunk-data-length",
			    "stored chunk of another length than its plain length");
		return ST_OK;
	case TRANSFORM_ZSTD:
		/* Only portable bundles have no other way for what does not compress. */
		if (!p->portable && data_len >= plain_len)
			return malformed(d, "chunk-data-length",
			    "compressed chunk that is not shorter than its plain length");
		return ST_OK;
	case TRANSFORM_PLANES:
		if (p->portable)
			return malformed(d, "chunk-portable",
			    "chunk of a portable bundle is no zstd frame");
		if (data_len >= plain_len)
			return malformed(d, "chunk-data-length",
			    "weight planes that are not shorter than their plain length");
		return ST_OK;
	}
	return malformed(d, "chunk-transform", "unknown transform of a chunk");
}

static enum status
check_skippable(const uint8_t *stored, uint32_t stored_len, struct diag *d)
{
	if (stored_len < FRAME_HEADER_LEN ||
	    get_le32(stored) != FRAME_MAGIC_CHUNK)
		return malformed(d, "chunk-frame",
		    "chunk does not begin as its kind of frame");
	if (get_le32(stored + 4) != stored_len - FRAME_HEADER_LEN)
		return malformed(d, "chunk-frame-length",
		    "frame of a chunk of another length than the index says");
	return ST_OK;
}

/* Length of the data and zeros of an encrypted chunk, 0 if there can be none. */
static size_t
padded_room(const struct seal_params *p, uint32_t stored_len)
{
	const size_t extra = FRAME_HEADER_LEN + CIPHER_EXTRA + FIELDS_LEN;
	size_t room;

	if (stored_len <= extra)
		return 0;
	room = stored_len - extra;
	return room % p->padding == 0 &&
	    room <= padded_len(p, p->chunk_size) ? room : 0;
}

enum status
check_stored_chunk(const struct seal_params *p, const uint8_t *stored,
    const struct chunk_fields *f, struct diag *d)
{
	enum status st;

	if (p->padding != 0) {
		if (f->transform != 0 || f->plain_len != 0)
			return malformed(d, "chunk-fields",
			    "index shows fields of an encrypted chunk");
		if ((st = check_skippable(stored, f->stored_len, d)) != ST_OK)
			return st;
		return padded_room(p, f->stored_len) != 0 ? ST_OK :
		    malformed(d, "chunk-padding",
		    "encrypted chunk of an impossible length");
	}
	if (f->transform == TRANSFORM_ZSTD) {
		if (f->stored_len < 4 || get_le32(stored) != ZSTD_MAGIC)
			return malformed(d, "frame-magic", "no zstd frame");
		return check_lengths(p, f->transform, f->plain_len,
		    f->stored_len, d);
	}
	st = check_lengths(p, f->transform, f->plain_len, f->stored_len <
	    FRAME_HEADER_LEN ? 0 : f->stored_len - FRAME_HEADER_LEN, d);
	return st != ST_OK ? st : check_skippable(stored, f->stored_len, d);
}

/* Whether all of len bytes are zero. */
static bool
all_zero(const uint8_t *p, size_t len)
{
	uint64_t any = 0, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		any |= word;
	}
	for (; len > 0; p++, len--)
		any |= *p;
	return any == 0;
}

static enum status
unseal_encrypted(struct sealer *s, uint64_t number, uint8_t *stored,
    const struct chunk_fields *f, uint8_t *out, size_t *len, struct diag *d)
{
	uint8_t *iv = stored + FRAME_HEADER_LEN, *sealed = iv + IV_LEN;
	uint8_t *data = sealed + FIELDS_LEN;
	size_t room = padded_room(&s->p, f->stored_len);
	uint32_t transform, plain_len, data_len;
	uint8_t aad[AAD_LEN];
	enum status st;

	make_aad(aad, &s->p, number);
	proof_require(stored, f->stored_len, "the cipher");
	st = cipher_open(s->cipher, aad, sizeof(aad), sealed, FIELDS_LEN + room,
	    sealed, iv, data + room, d);
	if (st != ST_OK)
		return st;
	transform = get_le32(sealed);
	plain_len = get_le32(sealed + 4);
	data_len = get_le32(sealed + 8);
	st = check_lengths(&s->p, transform, plain_len, data_len, d);
	if (st != ST_OK)
		return st;
	/* So data_len is no more than room, either. */
	if (padded_len(&s->p, data_len) != room)
		return malformed(d, "chunk-padding",
		    "data length of a chunk does not fit its padding");
	if (!all_zero(data + data_len, room - data_len))
		return malformed(d, "chunk-zeros",
		    "padding of a chunk is not zero");
	st = restore_data(s, transform, data, data_len, out, plain_len, d);
	if (st == ST_OK)
		*len = plain_len;
	return st;
}

enum status
unseal_chunk(struct sealer *s, uint64_t number, uint8_t *stored,
    const struct chunk_fields *f, uint8_t *out, size_t *len, struct diag *d)
{
	size_t skip;
	enum status st;

	*len = 0;
	proof_stale(out, s->p.chunk_size);
	if ((st = check_stored_chunk(&s->p, stored, f, d)) != ST_OK)
		return st;
	if (s->cipher != NULL)
		return unseal_encrypted(s, number, stored, f, out, len, d);
	skip = f->transform == TRANSFORM_ZSTD ? 0 : FRAME_HEADER_LEN;
	st = restore_data(s, f->transform, stored + skip, f->stored_len - skip,
	    out, f->plain_len, d);
	if (st == ST_OK)
		*len = f->plain_len;
	return st;
}
