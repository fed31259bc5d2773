/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_libraries - libraries that break their word: loaded in front of them, it lets one
 * function answer as it never should.  BROKEN names it, and behind a colon the
 * first call that goes wrong; the others are passed on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <langinfo.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define FAILED (-25)			/* ARCHIVE_FAILED */
#define EOF_SEEN 1			/* ARCHIVE_EOF */

static atomic_ulong calls;

/* Whether this call of the function goes wrong.  gpg and others that are started are left alone. */
static int
broken(const char *name)
{
	const char *which = getenv("BROKEN");
	size_t n = strlen(name);

	if (which == NULL || strncmp(which, name, n) != 0 || (which[n] != '\0' && which[n] != ':') ||
	    strncmp(program_invocation_short_name, "satchel-", 8) != 0)
		return 0;
	return atomic_fetch_add(&calls, 1) + 1 >= (which[n] == ':' ? strtoul(which + n + 1, NULL, 10) : 1);
}

/* A function that returns `wrong' once it is broken, under its own name. */
#define BREAK(type, name, wrong, parameters, arguments)				\
	type name parameters;							\
	type									\
	name parameters								\
	{									\
		type (*right) parameters = (type (*) parameters)dlsym(RTLD_NEXT, #name);	\
										\
		return broken(#name) ? wrong : right arguments;			\
	}

/* libcrypto */
BREAK(int, RAND_priv_bytes, 0, (void *buf, int n), (buf, n))
BREAK(int, EVP_EncryptInit_ex2, 0, (void *c, void *a, void *k, void *i, void *p), (c, a, k, i, p))
BREAK(int, EVP_CIPHER_CTX_get_updated_iv, 0, (void *c, void *iv, size_t n), (c, iv, n))
BREAK(int, EVP_EncryptFinal_ex, 0, (void *c, void *out, int *n), (c, out, n))
BREAK(int, EVP_DecryptInit_ex2, 0, (void *c, void *a, void *k, void *i, void *p), (c, a, k, i, p))
BREAK(int, EVP_DigestUpdate, 0, (void *c, const void *in, size_t n), (c, in, n))

void *EVP_CIPHER_fetch(void *x, const char *name, const char *p);
int EVP_DigestFinal_ex(void *c, unsigned char *out, unsigned int *n);

/* Of ours alone: what makes random bytes has another one. */
void *
EVP_CIPHER_fetch(void *x, const char *name, const char *p)
{
	void *(*right)(void *, const char *, const char *) = (void *(*)(void *, const char *, const char *))
	    dlsym(RTLD_NEXT, "EVP_CIPHER_fetch");

	return strcmp(name, "AES-256-GCM") == 0 && broken("EVP_CIPHER_fetch") ? NULL : right(x, name, p);
}

/* Of SHA-256 alone: its length tells. */
int
EVP_DigestFinal_ex(void *c, unsigned char *out, unsigned int *n)
{
	int (*right)(void *, unsigned char *, unsigned int *) = (int (*)(void *, unsigned char *, unsigned int *))
	    dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
	unsigned int len = 0;
	int r = right(c, out, &len);

	if (n != NULL)
		*n = len;
	return len == 32 && broken("EVP_DigestFinal_ex") ? 0 : r;
}

/* libzstd */
BREAK(size_t, ZSTD_compress2, (size_t)-1, (void *c, void *o, size_t on, const void *i, size_t n), (c, o, on, i, n))
BREAK(size_t, ZSTD_decompressDCtx, on - 1, (void *c, void *o, size_t on, const void *i, size_t n), (c, o, on, i, n))

/* libarchive */
BREAK(int, archive_read_open2, FAILED, (void *a, void *x, void *o, void *r, void *s, void *c), (a, x, o, r, s, c))
BREAK(const char *, archive_entry_hardlink, "x", (void *e), (e))
BREAK(int64_t, archive_entry_uid, 1, (void *e), (e))
BREAK(int, archive_entry_xattr_count, 1, (void *e), (e))
BREAK(int, archive_entry_acl_types, 1, (void *e), (e))
BREAK(int, archive_entry_sparse_count, 1, (void *e), (e))
BREAK(int, archive_entry_atime_is_set, 1, (void *e), (e))
BREAK(const char *, archive_entry_pathname_utf8, "data/../x", (void *e), (e))
BREAK(unsigned int, archive_entry_filetype, 0120000, (void *e), (e))
BREAK(unsigned int, archive_entry_perm, 04755, (void *e), (e))
BREAK(int64_t, archive_entry_size, -1, (void *e), (e))
BREAK(time_t, archive_entry_mtime, 1, (void *e), (e))

int archive_read_next_header(void *a, void **e);
void archive_entry_fflags(void *e, unsigned long *set, unsigned long *clear);
const void *archive_entry_mac_metadata(void *e, size_t *n);
int archive_read_data_block(void *a, const void **buf, size_t *n, int64_t *offset);

void
archive_entry_fflags(void *e, unsigned long *set, unsigned long *clear)
{
	(void)e;
	*set = broken("archive_entry_fflags") ? 1 : 0;
	*clear = 0;
}

const void *
archive_entry_mac_metadata(void *e, size_t *n)
{
	(void)e;
	*n = broken("archive_entry_mac_metadata") ? 1 : 0;
	return *n == 1 ? "x" : NULL;
}

/* The stream ends early, cannot be read, or goes on behind its end. */
int
archive_read_next_header(void *a, void **e)
{
	int (*right)(void *, void **) = (int (*)(void *, void **))dlsym(RTLD_NEXT, "archive_read_next_header");
	int r;

	if (broken("archive_read_next_header/end"))
		return EOF_SEEN;
	if (broken("archive_read_next_header/failed"))
		return FAILED;
	r = right(a, e);
	return r == EOF_SEEN && broken("archive_read_next_header/more") ? 0 : r;
}

/* The data end early, cannot be had, or lie elsewhere. */
int
archive_read_data_block(void *a, const void **buf, size_t *n, int64_t *offset)
{
	int (*right)(void *, const void **, size_t *, int64_t *) = (int (*)(void *, const void **, size_t *, int64_t *))
	    dlsym(RTLD_NEXT, "archive_read_data_block");
	int r;

	if (broken("archive_read_data_block/end"))
		return EOF_SEEN;
	r = right(a, buf, n, offset);
	if (broken("archive_read_data_block/failed"))
		return FAILED;
	if (broken("archive_read_data_block/elsewhere"))
		*offset += 1;
	return r;
}


/* libyaml: without a word about the reason */
BREAK(int, yaml_parser_parse, 0, (void *p, void *e), (p, e))

/* libunistring, for want of memory */
BREAK(void *, u8_normalize, NULL, (void *f, const void *s, size_t n, void *o, size_t *on), (f, s, n, o, on))

/* libc */
BREAK(char *, nl_langinfo, item == CODESET ? "ANSI_X3.4-1968" : "", (nl_item item), (item))
