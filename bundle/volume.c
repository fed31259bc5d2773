/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * volume - reading a volume: what its header, guard and index say is believed
 * only as far as the manifest's index digest reaches.  Its twin is volume_write.c.
 */
#include "bundle/volume.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/file.h"
#include "bundle/proof.h"
#include "bundle/volume_layout.h"
#include "manifests/bytes.h"
#include "manifests/caps.h"

#define FORMAT_VERSION 1
#define PURPOSE_LEN 16

/* An entry in memory: as in the file, its integers in the host's order. */
struct entry {
	struct chunk_fields f;
	uint8_t digest[SHA512_LEN];
};
_Static_assert(sizeof(struct entry) == VOLUME_ENTRY_LEN,
    "an index is converted in place");

struct volume {
	int fd;
	enum volume_kind kind;		/* a part of each chunk's digest */
	uint64_t n;			/* chunks */
	uint8_t *index;			/* the index frame */
	struct entry *entries;		/* in index, once that is authentic */
	uint64_t *offsets;		/* of each chunk in the file */
};

/* A zstd frame that names a dictionary nobody has: stock tools stop here. */
static const uint8_t guard[VOLUME_GUARD_LEN] = {
	0x28, 0xB5, 0x2F, 0xFD, 0x23, 0xFF, 0xFF, 0xFF, 0x7F, 0x00, 0x01,
	0x00, 0x00
};

/* The header alone, which any reader can tell apart from others. */
static void
make_header(uint8_t h[VOLUME_HEADER_LEN], const struct volume_place *place)
{
	memset(h, 0, VOLUME_HEADER_LEN);
	put_le32(h, FRAME_MAGIC_HEADER);
	put_le32(h + 4, VOLUME_HEADER_LEN - VOLUME_FRAME_HEADER_LEN);
	memcpy(h + 8, "SATCHEL", 8);
	put_le16(h + 16, FORMAT_VERSION);
	h[18] = (uint8_t)place->kind;
	put_le16(h + 20, (uint16_t)place->lane);
	put_le32(h + 24, place->number);
	memcpy(h + 32, place->bundle_id, BUNDLE_ID_LEN);
}

size_t
volume_make_head(uint8_t out[VOLUME_HEAD_MAX], const struct volume_place *place)
{
	make_header(out, place);
	if (place->portable)
		return VOLUME_HEADER_LEN;
	memcpy(out + VOLUME_HEADER_LEN, guard, VOLUME_GUARD_LEN);
	return VOLUME_HEAD_MAX;
}

uint64_t
volume_overhead(bool portable, uint64_t n_chunks)
{
	return VOLUME_HEADER_LEN + (portable ? 0 : (uint64_t)VOLUME_GUARD_LEN) +
	    VOLUME_FRAME_HEADER_LEN + VOLUME_ENTRY_LEN * n_chunks;
}

enum status
volume_index_digest(const uint8_t *head, size_t head_len, const uint8_t *index,
    size_t index_len, uint8_t out[SHA512_LEN], struct diag *d)
{
	static const uint8_t purpose[PURPOSE_LEN] = "satchel-index";
	struct digest *g = NULL;
	enum status st = ST_INTERNAL;

	if ((g = digest_new(DIGEST_SHA512)) == NULL ||
	    digest_update(g, purpose, sizeof(purpose)) == -1 ||
	    digest_update(g, head, head_len) == -1 ||
	    digest_update(g, index, index_len) == -1 ||
	    digest_final(g, out) == -1) {
		st = digest_failed(d);
		goto out;
	}
	st = ST_OK;
out:
	digest_free(g);
	return st;
}

/* What a header says, and whether it is one at all. */
static bool
parse_header(const uint8_t h[VOLUME_HEADER_LEN], struct volume_place *says)
{
	uint8_t same[VOLUME_HEADER_LEN];

	memset(says, 0, sizeof(*says));
	if (h[18] != VOLUME_PAYLOAD && h[18] != VOLUME_CONTENTS)
		return false;
	says->kind = (enum volume_kind)h[18];
	says->lane = get_le16(h + 20);
	says->number = get_le32(h + 24);
	memcpy(says->bundle_id, h + 32, BUNDLE_ID_LEN);
	make_header(same, says);
	return memcmp(same, h, VOLUME_HEADER_LEN) == 0 &&
	    says->lane < CAP_LANES && says->number < CAP_VOLUMES &&
	    (says->kind == VOLUME_PAYLOAD || says->number == 0);
}

/* Whether a header is well formed and names another bundle or volume; says which. */
static bool
is_foreign(const uint8_t h[VOLUME_HEADER_LEN], const struct volume_place *place,
    struct diag *d)
{
	char id[2 * BUNDLE_ID_LEN + 1], name[TRANSPORT_NAME_MAX];
	struct volume_place says;

	if (!parse_header(h, &says))
		return false;
	if (memcmp(says.bundle_id, place->bundle_id, BUNDLE_ID_LEN) != 0) {
		hex_encode(id, says.bundle_id, BUNDLE_ID_LEN);
		diag_set(d, ST_INCOMPLETE, "foreign",
		    "belongs to another bundle, %s", id);
		return true;
	}
	if (says.kind == place->kind && says.lane == place->lane &&
	    says.number == place->number)
		return false;
	diag_set(d, ST_INCOMPLETE, "foreign",
	    "is another volume of this bundle, %s",
	    says.kind == VOLUME_CONTENTS ?
	    transport_name_contents(name, says.lane) :
	    transport_name_payload(name, says.lane, says.number));
	return true;
}

/* A file whose size is not the manifest's: all that is read is its header. */
static enum status
judge_size(int fd, uint64_t size, const struct volume_place *place,
    uint64_t want, struct diag *d)
{
	uint8_t header[VOLUME_HEADER_LEN];
	enum status st;

	if (size >= VOLUME_HEADER_LEN) {
		st = file_pread(fd, header, sizeof(header), 0, d);
		if (st != ST_OK && st != ST_DAMAGED)
			return st;
		if (st == ST_OK && is_foreign(header, place, d))
			return ST_INCOMPLETE;
	}
	return diag_set(d, ST_DAMAGED, "size",
	    "is %llu bytes long, not %llu", (unsigned long long)size,
	    (unsigned long long)want);
}

/*
 * The index digest does not match: whose fault it is.  Another's only if the
 * header that should stand here would not have made it match.
 */
static enum status
judge_digest(const uint8_t *head, size_t head_len, const uint8_t *index,
    size_t index_len, const struct volume_place *place,
    const struct transport_volume *want, struct diag *d)
{
	uint8_t expected[VOLUME_HEAD_MAX], digest[SHA512_LEN];
	enum status st;

	(void)volume_make_head(expected, place);
	if (memcmp(head, expected, VOLUME_HEADER_LEN) == 0)
		return diag_set(d, ST_DAMAGED, "index",
		    "its index differs from what was signed");
	memcpy(expected + VOLUME_HEADER_LEN, head + VOLUME_HEADER_LEN,
	    head_len - VOLUME_HEADER_LEN);
	st = volume_index_digest(expected, head_len, index, index_len, digest, d);
	if (st != ST_OK)
		return st;
	if (!crypto_equal(digest, want->index, SHA512_LEN) &&
	    is_foreign(head, place, d))
		return ST_INCOMPLETE;
	return diag_set(d, ST_DAMAGED, "header",
	    "its header differs from what was signed");
}

static enum status
bad_entry(struct diag *d, const char *rule, uint64_t i, const char *what)
{
	return diag_set(d, ST_MALFORMED, rule, "index entry %llu: %s",
	    (unsigned long long)i, what);
}

static enum status
check_entry(const struct chunk_fields *f, uint64_t i, uint64_t max_stored,
    bool encrypted, struct diag *d)
{
	if (f->stored_len == 0 || f->stored_len > max_stored)
		return bad_entry(d, "index-stored-length", i,
		    "stored length out of range");
	if (encrypted && (f->transform != 0 || f->plain_len != 0))
		return bad_entry(d, "index-encrypted", i,
		    "fields that must be zero in an encrypted bundle");
	if (!encrypted && (f->plain_len == 0 || f->plain_len > CAP_CHUNK_MAX))
		return bad_entry(d, "index-plain-length", i,
		    "plain length out of range");
	return ST_OK;
}

/* An authentic index, converted in place; where each chunk lies follows from it. */
static enum status
load_index(struct volume *v, uint64_t head_len, uint64_t size,
    uint64_t max_stored, bool encrypted, struct diag *d)
{
	uint64_t offset = head_len;
	const uint64_t end = size - VOLUME_FRAME_HEADER_LEN -
	    VOLUME_ENTRY_LEN * v->n;
	uint64_t i;

	if (get_le32(v->index) != FRAME_MAGIC_INDEX ||
	    get_le32(v->index + 4) != VOLUME_ENTRY_LEN * v->n)
		return diag_set(d, ST_MALFORMED, "index-frame",
		    "its index does not begin as the frame of %llu chunks",
		    (unsigned long long)v->n);
	v->entries = (void *)(v->index + VOLUME_FRAME_HEADER_LEN);
	for (i = 0; i < v->n; i++) {
		const uint8_t *raw = v->index + VOLUME_FRAME_HEADER_LEN +
		    VOLUME_ENTRY_LEN * i;
		struct chunk_fields f;
		enum status st;

		f.stored_len = get_le32(raw);
		f.transform = get_le32(raw + 4);
		f.plain_len = get_le32(raw + 8);
		if ((st = check_entry(&f, i, max_stored, encrypted, d)) != ST_OK)
			return st;
		v->entries[i].f = f;
		v->offsets[i] = offset;
		offset += f.stored_len;
	}
	/* At most 2^20 lengths of 32 bits: the sum cannot wrap. */
	if (offset != end)
		return diag_set(d, ST_MALFORMED, "index-sum",
		    "stored lengths do not add up to the volume's size");
	return ST_OK;
}

/* An authentic head that is not what the format asks for here. */
static enum status
check_head(const uint8_t *head, size_t head_len,
    const struct volume_place *place, struct diag *d)
{
	uint8_t expected[VOLUME_HEAD_MAX];

	(void)volume_make_head(expected, place);
	if (memcmp(head, expected, VOLUME_HEADER_LEN) != 0)
		return diag_set(d, ST_MALFORMED, "index-header",
		    "signed, but with the header of something else");
	if (memcmp(head, expected, head_len) != 0)
		return diag_set(d, ST_MALFORMED, "index-guard",
		    "signed, but without the guard frame");
	return ST_OK;
}

/* Header, guard and index, read once, checked, and taken over into v. */
static enum status
read_index(struct volume *v, const struct volume_place *place,
    const struct transport_volume *want, uint64_t max_stored, bool encrypted,
    struct diag *d)
{
	const size_t head_len = VOLUME_HEADER_LEN +
	    (place->portable ? 0 : VOLUME_GUARD_LEN);
	uint8_t head[VOLUME_HEAD_MAX], digest[SHA512_LEN];
	size_t index_len;
	enum status st;

	if (want->n_chunks == 0 || want->n_chunks > CAP_VOLUME_CHUNKS ||
	    want->size > CAP_VOLUME_SIZE ||
	    want->size < volume_overhead(place->portable, want->n_chunks))
		return diag_set(d, ST_MALFORMED, "index-size",
		    "size and number of chunks do not fit");
	v->n = want->n_chunks;
	index_len = (size_t)(VOLUME_FRAME_HEADER_LEN + VOLUME_ENTRY_LEN * v->n);
	if ((v->index = malloc(index_len)) == NULL ||
	    (v->offsets = calloc((size_t)v->n, sizeof(*v->offsets))) == NULL)
		return diag_nomem(d);
	if ((st = file_pread(v->fd, head, head_len, 0, d)) != ST_OK ||
	    (st = file_pread(v->fd, v->index, index_len,
	    want->size - index_len, d)) != ST_OK ||
	    (st = volume_index_digest(head, head_len, v->index, index_len,
	    digest, d)) != ST_OK)
		return st;
	if (!crypto_equal(digest, want->index, SHA512_LEN))
		return judge_digest(head, head_len, v->index, index_len, place,
		    want, d);
	if ((st = check_head(head, head_len, place, d)) != ST_OK)
		return st;
	return load_index(v, head_len, want->size, max_stored, encrypted, d);
}

enum status
volume_open(int dirfd, const char *name, const struct volume_place *place,
    const struct transport_volume *want, uint64_t max_stored, bool encrypted,
    struct volume **out, struct diag *d)
{
	enum status st = ST_INTERNAL;
	struct volume *v = NULL;
	uint64_t size = 0;
	int fd = -1;

	*out = NULL;
	if ((st = file_open_read(dirfd, name, &fd, &size, d)) != ST_OK)
		goto out;
	if (size != want->size) {
		st = judge_size(fd, size, place, want->size, d);
		diag_within(d, "%s", ESC(name));
		goto out;
	}
	if ((v = calloc(1, sizeof(*v))) == NULL) {
		st = diag_nomem(d);
		goto out;
	}
	v->fd = fd;
	v->kind = place->kind;
	fd = -1;
	st = read_index(v, place, want, max_stored, encrypted, d);
	if (st != ST_OK) {
		diag_within(d, "%s", ESC(name));
		goto out;
	}
	(void)posix_fadvise(v->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	*out = v;
	v = NULL;
	st = ST_OK;
out:
	fd_close(&fd);
	volume_close(v);
	return st;
}

void
volume_close(struct volume *v)
{
	if (v == NULL)
		return;
	fd_close(&v->fd);
	free(v->index);
	free(v->offsets);
	free(v);
}

uint64_t
volume_n_chunks(const struct volume *v)
{
	return v->n;
}

const struct chunk_fields *
volume_fields(const struct volume *v, uint64_t i)
{
	return &v->entries[i].f;
}

uint64_t
volume_chunk_offset(const struct volume *v, uint64_t i)
{
	return v->offsets[i];
}

enum status
volume_read_chunk(struct volume *v, uint64_t i, uint8_t *buf,
    struct chunk_digest *g, struct diag *d)
{
	const struct entry *e = &v->entries[i];
	uint8_t digest[SHA512_LEN];
	enum status st;

	proof_stale(buf, e->f.stored_len);
	if ((st = file_pread(v->fd, buf, e->f.stored_len, v->offsets[i], d)) !=
	    ST_OK ||
	    (st = chunk_digest_make(g, v->kind, buf, e->f.stored_len, digest,
	    d)) != ST_OK)
		goto out;
	if (!crypto_equal(digest, e->digest, SHA512_LEN)) {
		st = diag_set(d, ST_DAMAGED, "chunk",
		    "differs from the signed digest");
		goto out;
	}
	proof_verified(buf, e->f.stored_len);
	st = ST_OK;
out:
	if (st != ST_OK)
		diag_within(d, "chunk %llu (bytes %llu to %llu)",
		    (unsigned long long)i, (unsigned long long)v->offsets[i],
		    (unsigned long long)(v->offsets[i] + e->f.stored_len));
	return st;
}
