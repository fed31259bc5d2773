/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failmem - see failmem.h.
 */
#include "tests/unit/failmem.h"

#include <archive.h>
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>
#include <zstd.h>

#define HELD_MAX 65536

/* The linker puts the first of each pair in the place of the second. */
void *__wrap_malloc(size_t len);
void *__real_malloc(size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__real_calloc(size_t n, size_t len);
void *__wrap_realloc(void *p, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_reallocarray(void *p, size_t n, size_t len);
void *__real_reallocarray(void *p, size_t n, size_t len);
char *__wrap_strdup(const char *s);
char *__real_strdup(const char *s);
void __wrap_free(void *p);
void __real_free(void *p);
EVP_CIPHER_CTX *__wrap_EVP_CIPHER_CTX_new(void);
EVP_CIPHER_CTX *__real_EVP_CIPHER_CTX_new(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);
EVP_MD_CTX *__real_EVP_MD_CTX_new(void);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
struct archive *__wrap_archive_read_new(void);
struct archive *__real_archive_read_new(void);
int __wrap_yaml_parser_initialize(yaml_parser_t *parser);
int __real_yaml_parser_initialize(yaml_parser_t *parser);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool armed, all_after;
static size_t left;			/* allocations that still succeed */
static bool failed;
static void *held[HELD_MAX];
static size_t n_held;

/* Whether this allocation fails. */
static bool
fails(void)
{
	bool now = false;

	pthread_mutex_lock(&lock);
	if (armed && left > 0)
		left--;
	else if (armed && (!failed || all_after))
		now = failed = true;
	pthread_mutex_unlock(&lock);
	if (now)
		errno = ENOMEM;
	return now;
}

static void *
hold(void *p)
{
	pthread_mutex_lock(&lock);
	if (armed && p != NULL) {
		if (n_held == HELD_MAX) {
			fputs("failmem: too many blocks\n", stderr);
			abort();
		}
		held[n_held++] = p;
	}
	pthread_mutex_unlock(&lock);
	return p;
}

static void
let_go(const void *p)
{
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = n_held; armed && i-- > 0;)
		if (held[i] == p) {
			held[i] = held[--n_held];
			break;
		}
	pthread_mutex_unlock(&lock);
}

void
failmem_arm(size_t at, bool after)
{
	left = at;
	all_after = after;
	failed = false;
	n_held = 0;
	armed = true;
}

bool
failmem_disarm(size_t *n)
{
	armed = false;
	*n = n_held;
	return failed;
}

void *
__wrap_malloc(size_t len)
{
	return fails() ? NULL : hold(__real_malloc(len));
}

void *
__wrap_calloc(size_t n, size_t len)
{
	return fails() ? NULL : hold(__real_calloc(n, len));
}

/* The old block is let go first: its address may be another's before it is known here. */
void *
__wrap_realloc(void *p, size_t len)
{
	if (fails())
		return NULL;
	let_go(p);
	return hold(__real_realloc(p, len));
}

void *
__wrap_reallocarray(void *p, size_t n, size_t len)
{
	if (fails())
		return NULL;
	let_go(p);
	return hold(__real_reallocarray(p, n, len));
}

char *
__wrap_strdup(const char *s)
{
	return fails() ? NULL : hold(__real_strdup(s));
}

void
__wrap_free(void *p)
{
	let_go(p);
	__real_free(p);
}

EVP_CIPHER_CTX *
__wrap_EVP_CIPHER_CTX_new(void)
{
	return fails() ? NULL : __real_EVP_CIPHER_CTX_new();
}

EVP_MD_CTX *
__wrap_EVP_MD_CTX_new(void)
{
	return fails() ? NULL : __real_EVP_MD_CTX_new();
}

ZSTD_CCtx *
__wrap_ZSTD_createCCtx(void)
{
	return fails() ? NULL : __real_ZSTD_createCCtx();
}

ZSTD_DCtx *
__wrap_ZSTD_createDCtx(void)
{
	return fails() ? NULL : __real_ZSTD_createDCtx();
}

struct archive *
__wrap_archive_read_new(void)
{
	return fails() ? NULL : __real_archive_read_new();
}

int
__wrap_yaml_parser_initialize(yaml_parser_t *parser)
{
	return fails() ? 0 : __real_yaml_parser_initialize(parser);
}
