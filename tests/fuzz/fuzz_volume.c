/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_volume - volume_open() and volume_read_chunk() over any file.  Input: a
 * byte of FORM_ bits, the number of chunks less one, then the file.  With
 * FORM_SIGNED the index digest is made to match, with the others the parts are.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/file.h"
#include "bundle/volume.h"
#include "bundle/volume_layout.h"
#include "manifests/bytes.h"

#define MAX_STORED 65536U
#define NAME "payload-00.000000"

enum {
	FORM_SIGNED = 1,	/* the index digest is that of the bytes there */
	FORM_HEAD = 2,		/* header and guard as they should be */
	FORM_INDEX = 4,		/* the index frame's header as it should be */
	FORM_CHUNKS = 8,	/* the chunk digests of the index match */
	FORM_ENCRYPTED = 16,
	FORM_PORTABLE = 32,
	FORM_OTHER_SIZE = 64,	/* the manifest says another size */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/satchel-fuzz-XXXXXX";
static int dir = -1;

static void
clean_up(void)
{
	(void)unlinkat(dir, NAME, 0);
	(void)rmdir(folder);
}

static void
start(void)
{
	if (mkdtemp(folder) == NULL) {
		memcpy(folder, "/tmp/satchel-fuzz-XXXXXX",
		    sizeof("/tmp/satchel-fuzz-XXXXXX"));
		if (mkdtemp(folder) == NULL)
			abort();
	}
	if ((dir = open(folder, O_RDONLY | O_DIRECTORY)) == -1)
		abort();
	(void)atexit(clean_up);
}

/* Make the digest of each chunk right that lies inside the file. */
static void
fix_chunks(uint8_t *file, size_t head, size_t index, uint64_t n)
{
	struct chunk_digest *g = chunk_digest_new();
	struct diag d = DIAG_INIT;
	size_t at = head;
	uint64_t i;

	if (g == NULL)
		abort();
	for (i = 0; i < n; i++) {
		uint8_t *entry = file + index + 8 + VOLUME_ENTRY_LEN * i;
		uint32_t len = get_le32(entry);

		if (len > index - at)
			break;
		if (chunk_digest_make(g, VOLUME_PAYLOAD, file + at, len,
		    entry + 12, &d) != ST_OK)
			abort();
		at += len;
	}
	chunk_digest_free(g);
}

static void
read_all(struct volume *v, uint64_t size)
{
	struct chunk_digest *g = chunk_digest_new();
	struct diag d = DIAG_INIT;
	uint64_t i, end = 0;
	uint8_t *buf;
	enum status st;

	if (g == NULL)
		abort();
	for (i = 0; i < volume_n_chunks(v); i++) {
		uint32_t len = volume_fields(v, i)->stored_len;

		/* One chunk behind the other, all inside the file. */
		if (len == 0 || len > MAX_STORED ||
		    (i > 0 && volume_chunk_offset(v, i) != end))
			abort();
		end = volume_chunk_offset(v, i) + len;
		if (end > size || (buf = malloc(len)) == NULL)
			abort();
		st = volume_read_chunk(v, i, buf, g, &d);
		if (st != ST_OK && st != ST_DAMAGED)
			abort();
		free(buf);
	}
	chunk_digest_free(g);
}

/* Everything but the status is the caller's; 5, 4 and 7 are all there is. */
static void
try(const struct volume_place *place, const struct transport_volume *want,
    bool encrypted)
{
	struct diag d = DIAG_INIT;
	struct volume *v = NULL;
	enum status st;

	st = volume_open(dir, NAME, place, want, MAX_STORED, encrypted, &v, &d);
	if (st == ST_OK)
		read_all(v, want->size);
	else if ((st != ST_INCOMPLETE && st != ST_DAMAGED &&
	    st != ST_MALFORMED) || *d.rule == '\0' || v != NULL)
		abort();
	volume_close(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct volume_place place = { .kind = VOLUME_PAYLOAD };
	struct transport_volume want = { .medium = 1 };
	uint8_t head[VOLUME_HEAD_MAX], form, *file;
	size_t head_len, index_len, len;
	struct diag d = DIAG_INIT;

	if (dir == -1)
		start();
	if (size < 2 || size > MAX_STORED)
		return 0;
	form = data[0];
	want.n_chunks = (uint64_t)data[1] + 1;
	want.size = len = size - 2;
	if ((file = malloc(len + 1)) == NULL)
		abort();
	memcpy(file, data + 2, len);
	place.portable = form & FORM_PORTABLE;
	head_len = volume_make_head(head, &place);
	index_len = 8 + VOLUME_ENTRY_LEN * (size_t)want.n_chunks;
	if (len >= head_len + index_len) {
		if (form & FORM_HEAD)
			memcpy(file, head, head_len);
		if (form & FORM_INDEX) {
			put_le32(file + len - index_len, FRAME_MAGIC_INDEX);
			put_le32(file + len - index_len + 4,
			    (uint32_t)index_len - 8);
		}
		if (form & FORM_CHUNKS)
			fix_chunks(file, head_len, len - index_len,
			    want.n_chunks);
		if ((form & FORM_SIGNED) && volume_index_digest(file, head_len,
		    file + len - index_len, index_len, want.index, &d) != ST_OK)
			abort();
	}
	if (form & FORM_OTHER_SIZE)
		want.size++;
	(void)unlinkat(dir, NAME, 0);
	if (file_put(dir, NAME, 0600, file, len, &d) != ST_OK)
		abort();
	try(&place, &want, form & FORM_ENCRYPTED);
	free(file);
	return 0;
}
