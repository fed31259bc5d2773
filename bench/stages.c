/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stages - where the time of packing and of extracting goes: one thread takes
 * each chunk through the stages of the pipelines, and the clock is read between
 * them.  No threads, no waiting, no gpg: their sum is what a core must do.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle/crypto.h"
#include "bundle/frame.h"
#include "bundle/planes.h"

#define CHUNK ((size_t)1 << 20)
#define PADDING 4096
#define AAD_LEN 64
#define LEVEL 3			/* of create, where nothing else is asked for */

enum stage {
	STAGE_READ, STAGE_FILE_DIGEST, STAGE_CODEC, STAGE_CIPHER,
	STAGE_CHUNK_DIGEST, STAGE_WRITE, N_STAGES
};

static const char *const names[] = {
	"read", "file digest", "codec", "AES-256-GCM", "chunk digest", "write",
};

/* What one thread has, and what it has used. */
struct bench {
	int level;
	struct frame_ctx *frame;
	struct planes_ctx *planes;
	struct cipher *cipher;
	struct digest *file;
	struct chunk_digest *chunk;
	uint8_t *plain, *stored, *back;
	double spent[2][N_STAGES];	/* seconds: packing, extracting */
	double clock;
	uint64_t bytes, stored_bytes;
};

static void
die(const char *why)
{
	fprintf(stderr, "stages: %s\n", why);
	exit(1);
}

static void
must(enum status st, const struct diag *d)
{
	if (st != ST_OK)
		die(d->text);
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What has passed since the last call was that stage. */
static void
spent(struct bench *b, int way, enum stage s)
{
	double t = now();

	b->spent[way][s] += t - b->clock;
	b->clock = t;
}

static size_t
encode(struct bench *b, size_t len, uint32_t *transform)
{
	struct diag d = DIAG_INIT;
	size_t n = 0;

	must(planes_encode(b->planes, b->level, b->plain, len, b->stored, len, &n,
	    transform, &d), &d);
	if (*transform != 0)
		return n;
	*transform = 1;
	must(frame_compress(b->frame, b->level, b->plain, len, b->stored, len - 1, &n,
	    &d), &d);
	if (n > 0)
		return n;
	*transform = 0;
	memcpy(b->stored, b->plain, len);
	return len;
}

static void
decode(struct bench *b, uint32_t transform, size_t n, size_t len)
{
	struct diag d = DIAG_INIT;

	if (transform == 0)
		memcpy(b->back, b->stored, len);
	else if (transform == 1)
		must(frame_decompress(b->frame, b->stored, n, b->back, len, &d), &d);
	else
		must(planes_decode(b->planes, transform, b->stored, n, b->back, len,
		    &d), &d);
}

static void
one_chunk(struct bench *b, int in, int media, int copy, size_t len)
{
	static const uint8_t aad[AAD_LEN];
	uint8_t iv[IV_LEN], tag[TAG_LEN], sum[SHA512_LEN];
	struct diag d = DIAG_INIT;
	uint32_t transform = 0;
	off_t at = (off_t)b->bytes, stored_at = (off_t)b->stored_bytes;
	size_t n, room;

	b->clock = now();
	if (pread(in, b->plain, len, at) != (ssize_t)len)
		die("cannot read");
	spent(b, 0, STAGE_READ);
	if (digest_update(b->file, b->plain, len) != 0)
		die("no SHA-256");
	spent(b, 0, STAGE_FILE_DIGEST);
	n = encode(b, len, &transform);
	spent(b, 0, STAGE_CODEC);
	room = (n + PADDING - 1) / PADDING * PADDING;
	memset(b->stored + n, 0, room - n);
	must(cipher_seal(b->cipher, aad, sizeof(aad), b->stored, room,
	    b->stored, iv, tag, &d), &d);
	spent(b, 0, STAGE_CIPHER);
	must(chunk_digest_make(b->chunk, VOLUME_PAYLOAD, b->stored, room, sum, &d),
	    &d);
	spent(b, 0, STAGE_CHUNK_DIGEST);
	if (pwrite(media, b->stored, room, stored_at) != (ssize_t)room)
		die("cannot write");
	spent(b, 0, STAGE_WRITE);

	if (pread(media, b->stored, room, stored_at) != (ssize_t)room)
		die("cannot read");
	spent(b, 1, STAGE_READ);
	must(chunk_digest_make(b->chunk, VOLUME_PAYLOAD, b->stored, room, sum, &d),
	    &d);
	spent(b, 1, STAGE_CHUNK_DIGEST);
	must(cipher_open(b->cipher, aad, sizeof(aad), b->stored, room,
	    b->stored, iv, tag, &d), &d);
	spent(b, 1, STAGE_CIPHER);
	decode(b, transform, n, len);
	spent(b, 1, STAGE_CODEC);
	if (digest_update(b->file, b->back, len) != 0)
		die("no SHA-256");
	spent(b, 1, STAGE_FILE_DIGEST);
	if (pwrite(copy, b->back, len, at) != (ssize_t)len)
		die("cannot write");
	spent(b, 1, STAGE_WRITE);
	if (memcmp(b->plain, b->back, len) != 0)
		die("the chunk has changed");
	b->bytes += len;
	b->stored_bytes += room;
}

static void
open_all(struct bench *b)
{
	static const uint8_t key[KEY_LEN] = { 1 };

	if ((b->frame = frame_ctx_new()) == NULL ||
	    (b->planes = planes_ctx_new(b->frame)) == NULL ||
	    (b->cipher = cipher_new(key)) == NULL ||
	    (b->file = digest_new(DIGEST_SHA256)) == NULL ||
	    (b->chunk = chunk_digest_new()) == NULL ||
	    (b->plain = malloc(CHUNK)) == NULL ||
	    (b->stored = malloc(CHUNK + PADDING)) == NULL ||
	    (b->back = malloc(CHUNK)) == NULL)
		die("no memory");
}

/* A file without a name. */
static int
scratch(const char *dir)
{
	char path[4096];
	int fd = -1;

	if ((size_t)snprintf(path, sizeof(path), "%s/stages-XXXXXX", dir) >=
	    sizeof(path) || (fd = mkostemp(path, O_CLOEXEC)) == -1)
		die("cannot make a file in that folder");
	(void)unlink(path);
	return fd;
}

int
main(int argc, char **argv)
{
	struct bench b = { .level = LEVEL };
	uint64_t left;
	int in, media, copy;
	off_t size = 0;
	size_t i;

	if (argc != 4 && argc != 5) {
		fputs("usage: stages FILE BYTES SCRATCH-FOLDER [LEVEL]\n"
		    "lines of: stage, ns a byte of input packing, extracting;\n"
		    "stored: bytes a byte of input\n", stderr);
		return 2;
	}
	if (argc == 5)
		b.level = atoi(argv[4]);
	if ((in = open(argv[1], O_RDONLY | O_CLOEXEC)) == -1 ||
	    (size = lseek(in, 0, SEEK_END)) <= 0)
		die("cannot open the file");
	left = strtoull(argv[2], NULL, 10);
	left = left < (uint64_t)size ? left : (uint64_t)size;
	media = scratch(argv[3]);
	copy = scratch(argv[3]);
	open_all(&b);
	while (b.bytes < left)
		one_chunk(&b, in, media, copy,
		    left - b.bytes < CHUNK ? (size_t)(left - b.bytes) : CHUNK);
	for (i = 0; i < N_STAGES; i++)
		printf("%s\t%.4f\t%.4f\n", names[i],
		    b.spent[0][i] / (double)b.bytes * 1e9,
		    b.spent[1][i] / (double)b.bytes * 1e9);
	printf("stored\t%.4f\n", (double)b.stored_bytes / (double)b.bytes);
	free(b.plain);
	free(b.stored);
	free(b.back);
	chunk_digest_free(b.chunk);
	digest_free(b.file);
	cipher_free(b.cipher);
	planes_ctx_free(b.planes);
	frame_ctx_free(b.frame);
	return 0;
}
