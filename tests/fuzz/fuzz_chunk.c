/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_chunk - unseal_chunk() as whoever can sign, and has the key, may feed it.
 * Input: a byte of FORM_ bits, then for an encrypted chunk the sealed plaintext
 * (it is sealed here), for others transform, plain length and the stored frame.
 */
#include <stdlib.h>
#include <string.h>

#include "bundle/seal.h"
#include "manifests/bytes.h"

#define CHUNK_SIZE 65536U
#define PADDING 4096U
#define STORED_MAX (CHUNK_SIZE + 2 * PADDING)

enum {
	FORM_ENCRYPTED = 1,
	FORM_PORTABLE = 2,
	FORM_PADDED = 4,	/* zeros up to a whole unit of padding */
	FORM_FRAMED = 8,	/* the skippable frame's header is made here */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[KEY_LEN] = "a key for tests, and only tests";

/* Any sealed plaintext at all, sealed as the format has it. */
static void
seal_plaintext(const struct seal_params *p, uint8_t *stored, size_t len,
    struct chunk_fields *f)
{
	struct cipher *c = cipher_new(key);
	struct diag d = DIAG_INIT;
	uint8_t aad[64];

	put_le64(aad, 1);
	put_le64(aad + 8, 1);
	memcpy(aad + 16, p->bundle_id, BUNDLE_ID_LEN);
	put_le64(aad + 32, p->lane);
	put_le64(aad + 40, p->run);
	put_le64(aad + 48, (uint64_t)p->kind);
	put_le64(aad + 56, 5);
	put_le32(stored, 0x184D2A55);
	put_le32(stored + 4, (uint32_t)len + 28);
	if (c == NULL || cipher_seal(c, aad, sizeof(aad), stored + 20, len,
	    stored + 20, stored + 8, stored + 20 + len, &d) != ST_OK)
		abort();
	f->stored_len = (uint32_t)len + 36;
	cipher_free(c);
}

/* What was unsealed comes back from being sealed. */
static void
again(struct sealer *s, const struct seal_params *p, const uint8_t *plain,
    size_t len)
{
	uint8_t *stored = malloc(seal_bound(p)), *back = malloc(CHUNK_SIZE);
	struct diag d = DIAG_INIT;
	struct chunk_fields f;
	size_t n;

	if (stored == NULL || back == NULL ||
	    seal_chunk(s, 5, plain, len, stored, &f, &d) != ST_OK ||
	    unseal_chunk(s, 5, stored, &f, back, &n, &d) != ST_OK ||
	    n != len || memcmp(plain, back, len) != 0)
		abort();
	free(stored);
	free(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seal_params p = { .kind = VOLUME_PAYLOAD, .level = 1,
	    .chunk_size = CHUNK_SIZE };
	struct chunk_fields f = { 0, 0, 0 };
	uint8_t *stored, *out = malloc(CHUNK_SIZE);
	struct diag d = DIAG_INIT;
	static struct sealer *cached[4];
	struct sealer **s;
	size_t len, n = 0, at;
	enum status st;
	uint8_t form;

	if (size < 9 || size > STORED_MAX || out == NULL) {
		free(out);
		return 0;
	}
	form = data[0];
	if (form & FORM_ENCRYPTED) {
		p.padding = PADDING;
		p.key = key;
		len = size - 1;
		if ((form & FORM_PADDED) && len > 12)
			len = 12 + (len - 12 + PADDING - 1) / PADDING * PADDING;
		if ((stored = calloc(1, len + 36)) == NULL)
			abort();
		memcpy(stored + 20, data + 1, size - 1);
		seal_plaintext(&p, stored, len, &f);
	} else {
		p.portable = form & FORM_PORTABLE;
		f.transform = get_le32(data + 1);
		f.plain_len = get_le32(data + 5);
		at = form & FORM_FRAMED ? 8 : 0;
		f.stored_len = (uint32_t)(at + size - 9);
		if ((stored = malloc((size_t)f.stored_len + 1)) == NULL)
			abort();
		if (form & FORM_FRAMED) {
			put_le32(stored, 0x184D2A55);
			put_le32(stored + 4, f.stored_len - 8);
		}
		memcpy(stored + at, data + 9, size - 9);
	}
	s = &cached[form & (FORM_ENCRYPTED | FORM_PORTABLE)];
	if (*s == NULL && (*s = sealer_new(&p, &d)) == NULL)
		abort();
	st = unseal_chunk(*s, 5, stored, &f, out, &n, &d);
	if (st == ST_OK ? n == 0 || n > CHUNK_SIZE :
	    st != ST_MALFORMED || *d.rule == '\0' || n != 0)
		abort();
	if (st == ST_OK)
		again(*s, &p, out, n);
	free(stored);
	free(out);
	return 0;
}
