/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limits - what this machine can do at all, in one thread, with the libraries
 * that satchel stands on.  Speed only: what comes out is thrown away.
 */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "bundle/crypto.h"

#define MIB ((size_t)1 << 20)
#define CHUNK MIB
#define ROOM (64 * MIB)			/* beyond the caches of one core */

struct limit {
	const char *name;
	const char *text;
	size_t (*run)(void);		/* one pass over some bytes: how many */
};

static uint8_t *from, *to;
static size_t from_len;			/* whole chunks that were filled */
static double seconds = 0.5;

static void
die(const char *why)
{
	fprintf(stderr, "limits: %s\n", why);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t
run_copy(void)
{
	memcpy(to, from, from_len);
	__asm__ volatile("" : : "r"(to) : "memory");
	return from_len;
}

static size_t
run_digest(const EVP_MD *md)
{
	uint8_t out[EVP_MAX_MD_SIZE];

	if (EVP_Digest(from, 4 * CHUNK < from_len ? 4 * CHUNK : from_len, out,
	    NULL, md, NULL) != 1)
		die("libcrypto: no digest");
	return 4 * CHUNK < from_len ? 4 * CHUNK : from_len;
}

static size_t
run_sha256(void)
{
	return run_digest(EVP_sha256());
}

static size_t
run_sha512(void)
{
	return run_digest(EVP_sha512());
}

static size_t
run_gcm(void)
{
	static const uint8_t key[32], iv[12];
	static EVP_CIPHER_CTX *ctx;
	int n;

	if (ctx == NULL && (ctx = EVP_CIPHER_CTX_new()) == NULL)
		die("no memory");
	if (EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, iv, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, to, &n, from, (int)CHUNK) != 1 ||
	    EVP_EncryptFinal_ex(ctx, to, &n) != 1)
		die("libcrypto: no AES-256-GCM");
	return CHUNK;
}

/* Chunk after chunk of the file. */
static const uint8_t *
next_chunk(void)
{
	static size_t at;

	at = at + CHUNK < from_len ? at + CHUNK : 0;
	return from + at;
}

static size_t
run_zstd(void)
{
	static ZSTD_CCtx *ctx;

	if (ctx == NULL && (ctx = ZSTD_createCCtx()) == NULL)
		die("no memory");
	if (ZSTD_isError(ZSTD_compressCCtx(ctx, to, ROOM, next_chunk(), CHUNK, 3)))
		die("libzstd failed");
	return CHUNK;
}

static size_t
run_chunk_digest(void)
{
	static struct chunk_digest *g;
	struct diag d = DIAG_INIT;
	uint8_t out[SHA512_LEN];

	if (g == NULL && (g = chunk_digest_new()) == NULL)
		die("no memory");
	if (chunk_digest_make(g, VOLUME_PAYLOAD, next_chunk(), CHUNK, out, &d) !=
	    ST_OK)
		die(d.text);
	return CHUNK;
}

static const struct limit limits[] = {
	{ "copy", "memory copy, 64 MiB", run_copy },
	{ "sha256", "SHA-256", run_sha256 },
	{ "sha512", "SHA-512", run_sha512 },
	{ "aes-256-gcm", "AES-256-GCM", run_gcm },
	{ "zstd", "zstd -3", run_zstd },
	{ "chunk-digest", "chunk digest", run_chunk_digest },
};

/* Bytes a second. */
static double
measure(const struct limit *l)
{
	double began, passed;
	size_t bytes = 0;

	(void)l->run();
	began = now();
	do {
		bytes += l->run();
	} while ((passed = now() - began) < seconds);
	return (double)bytes / passed;
}

static void
load(const char *file)
{
	FILE *f;
	size_t n = 0, k;

	if ((from = malloc(ROOM)) == NULL || (to = malloc(ROOM)) == NULL)
		die("no memory");
	if ((f = fopen(file, "rbe")) == NULL)
		die("cannot open the file");
	while (n < ROOM && (k = fread(from + n, 1, ROOM - n, f)) > 0)
		n += k;
	(void)fclose(f);
	if (n == 0)
		die("the file is empty");
	for (; n < ROOM; n += k) {
		k = ROOM - n < n ? ROOM - n : n;
		memcpy(from + n, from, k);
	}
	memset(to, 1, ROOM);
	from_len = ROOM;
}

int
main(int argc, char **argv)
{
	bool found;
	size_t k;
	int i;

	if (argc < 4) {
		fputs("usage: limits SECONDS FILE NAME...\n"
		    "lines of: name, bytes a second; chunk-digest says the engine\n",
		    stderr);
		return 2;
	}
	seconds = atof(argv[1]);
	load(argv[2]);
	for (i = 3; i < argc; i++) {
		for (found = false, k = 0; k < sizeof(limits) / sizeof(limits[0]); k++)
			if (strcmp(argv[i], limits[k].name) == 0) {
				printf("%s%s%s\t%.0f\n", limits[k].text,
				    limits[k].run == run_chunk_digest ? ", " : "",
				    limits[k].run == run_chunk_digest ?
				    chunk_digest_engine() : "",
				    measure(&limits[k]));
				found = true;
			}
		if (!found)
			die("no such limit");
	}
	free(from);
	free(to);
	return 0;
}
