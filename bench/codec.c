/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * codec - how small files become: the codec's output before padding and sealing,
 * and that of zstd, each file cut alone into chunks.  Nothing is timed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "bundle/frame.h"
#include "bundle/planes.h"

#define CHUNK ((size_t)1 << 20)
#define LEVEL 3
#define LEVELS_MAX 4

struct sizes {
	uint64_t plain;
	uint64_t ours;
	uint64_t zstd[LEVELS_MAX];
};

static struct frame_ctx *frame;
static struct planes_ctx *planes;
static ZSTD_CCtx *zstd;
static int levels[LEVELS_MAX];
static size_t n_levels;

static void
die(const char *file, const char *why)
{
	fprintf(stderr, "codec: %s: %s\n", file, why);
	exit(1);
}

static size_t
lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What bundle/seal.c does: planes, else zstd, else as it is. */
static size_t
ours(const uint8_t *in, size_t len, uint8_t *out)
{
	struct diag d = DIAG_INIT;
	uint32_t transform = 0;
	size_t n = 0;

	if (planes_encode(planes, LEVEL, in, len, out, len, &n, &transform, &d) !=
	    ST_OK)
		die("planes", d.text);
	if (transform != 0)
		return n;
	if (frame_compress(frame, LEVEL, in, len, out, len - 1, &n, &d) != ST_OK)
		die("frame", d.text);
	return n == 0 ? len : n;
}

static void
add_chunk(struct sizes *s, const uint8_t *in, size_t len)
{
	static uint8_t out[2 * CHUNK];
	size_t i, n;

	s->plain += len;
	s->ours += ours(in, len, out);
	for (i = 0; i < n_levels; i++) {
		n = ZSTD_compressCCtx(zstd, out, sizeof(out), in, len, levels[i]);
		if (ZSTD_isError(n))
			die("zstd", ZSTD_getErrorName(n));
		s->zstd[i] += lesser(n, len);
	}
}

static void
measure(const char *name)
{
	static uint8_t in[CHUNK];
	struct sizes s = { 0 };
	FILE *f = stdin;
	size_t i, n;

	if (strcmp(name, "-") != 0 && (f = fopen(name, "rbe")) == NULL)
		die(name, "cannot open it");
	while ((n = fread(in, 1, CHUNK, f)) > 0)
		add_chunk(&s, in, n);
	if (ferror(f))
		die(name, "cannot read it");
	if (f != stdin)
		(void)fclose(f);
	printf("%ju\t%ju", (uintmax_t)s.plain, (uintmax_t)s.ours);
	for (i = 0; i < n_levels; i++)
		printf("\t%ju", (uintmax_t)s.zstd[i]);
	printf("\t%s\n", name);
}

int
main(int argc, char **argv)
{
	char *word, *rest;
	int i;

	if (argc < 3) {
		fputs("usage: codec LEVEL,... FILE...\n"
		    "lines of: bytes, ours, zstd at each level, name; - is stdin\n",
		    stderr);
		return 2;
	}
	for (word = strtok_r(argv[1], ",", &rest); word != NULL &&
	    n_levels < LEVELS_MAX; word = strtok_r(NULL, ",", &rest))
		levels[n_levels++] = atoi(word);
	if ((frame = frame_ctx_new()) == NULL ||
	    (planes = planes_ctx_new(frame)) == NULL ||
	    (zstd = ZSTD_createCCtx()) == NULL)
		die("memory", "none left");
	for (i = 2; i < argc; i++)
		measure(argv[i]);
	ZSTD_freeCCtx(zstd);
	planes_ctx_free(planes);
	frame_ctx_free(frame);
	return 0;
}
