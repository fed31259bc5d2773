/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gguf - counts, keys with their values, tensor infos, and data that lies
 * where the infos say, without hole.  Each length is compared with what is left
 * of the file before it is used.
 */
#include "manifests/gguf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/bytes.h"
#include "manifests/namehash.h"
#include "manifests/unicode9.h"
#include "manifests/utf8.h"

/* The least that a key with its value, and a tensor info, take. */
#define KEY_LEN_MIN (8 + 1 + 4 + 1)
#define INFO_LEN_MIN (8 + 4 + 8 + 4 + 8)
#define DIMENSIONS_MAX 4

enum value_type { TYPE_BOOL = 7, TYPE_STRING = 8, TYPE_ARRAY = 9, TYPE_UINT32 = 4, N_TYPES = 13 };

/* Bytes of a value of each type; 0: it has a length of its own. */
static const uint8_t type_len[N_TYPES] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

struct reading {
	struct window *w;
	struct gguf_facts *out;
	uint64_t n_tensors, n_keys;
	uint64_t alignment;
	uint64_t data;			/* bytes of all tensors so far, padded */
	uint64_t data_end;		/* where the last one ends, from the begin of the data */
	struct namehashes names;
	struct diag *d;
};

static enum status
malformed(struct reading *r, const char *rule, const char *what)
{
	return diag_set(r->d, ST_MALFORMED, rule, "byte %llu: %s",
	    (unsigned long long)r->w->at, what);
}

static enum status
take_u32(struct reading *r, uint32_t *v)
{
	uint8_t raw[4];
	enum status st = window_take(r->w, raw, sizeof(raw), r->d);

	*v = st == ST_OK ? get_le32(raw) : 0;
	return st;
}

static enum status
take_u64(struct reading *r, uint64_t *v)
{
	uint8_t raw[8];
	enum status st = window_take(r->w, raw, sizeof(raw), r->d);

	*v = st == ST_OK ? get_le64(raw) : 0;
	return st;
}

/* The length of a string; it may not lie beyond the file's end. */
static enum status
take_length(struct reading *r, uint64_t max, const char *what, uint64_t *len)
{
	enum status st = take_u64(r, len);

	if (st != ST_OK)
		return st;
	if (*len > max)
		return malformed(r, "gguf-length", what);
	return *len > window_left(r->w) ? window_short(r->d) : ST_OK;
}

static enum status
check_budget(struct reading *r)
{
	return r->w->at <= GGUF_HEADER_MAX ? ST_OK :
	    malformed(r, "gguf-header", "the header is over 256 MiB");
}

static enum status
read_counts(struct reading *r)
{
	uint8_t magic[4];
	uint32_t version;
	enum status st;

	if ((st = window_take(r->w, magic, sizeof(magic), r->d)) != ST_OK)
		return st;
	if (memcmp(magic, "GGUF", sizeof(magic)) != 0)
		return malformed(r, "gguf-magic", "does not begin with GGUF");
	if ((st = take_u32(r, &version)) != ST_OK)
		return st;
	if (version != 2 && version != 3)
		return malformed(r, "gguf-version", (version & 0xFFFF) == 0 ?
		    "big-endian: not read here" : "neither version 2 nor 3");
	if ((st = take_u64(r, &r->n_tensors)) != ST_OK ||
	    (st = take_u64(r, &r->n_keys)) != ST_OK)
		return st;
	if (r->n_tensors > GGUF_TENSORS_MAX)
		return malformed(r, "gguf-many", "over a million tensors");
	if (r->n_keys > GGUF_KEYS_MAX)
		return malformed(r, "gguf-many", "over 65536 keys");
	if (r->n_keys * KEY_LEN_MIN + r->n_tensors * INFO_LEN_MIN > window_left(r->w))
		return window_short(r->d);
	return ST_OK;
}

/* A key: letters, digits, dot, hyphen, underscore; what is kept of it is cut to cap. */
static enum status
read_key(struct reading *r, char *key, size_t cap)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	uint64_t len, hash = NAMEHASH_INIT, i;
	enum status st;
	uint8_t c;

	st = take_length(r, GGUF_KEY_MAX, "a key over 65535 bytes", &len);
	if (st != ST_OK)
		return st;
	if (len == 0)
		return malformed(r, "gguf-key", "an empty key");
	for (i = 0; i < len; i++) {
		if ((st = window_take(r->w, &c, 1, r->d)) != ST_OK)
			return st;
		if (c == '\0' || strchr(allowed, c) == NULL)
			return malformed(r, "gguf-key",
			    "a key with something else than letters, digits, . _ and -");
		hash = namehash_byte(hash, c);
		if (i < cap - 1)
			key[i] = (char)c;
	}
	key[len < cap ? len : cap - 1] = '\0';
	return namehashes_add(&r->names, hash) == -1 ? diag_nomem(r->d) : ST_OK;
}

/* A string that is kept if it is short and printable ASCII. */
static enum status
read_string(struct reading *r, char *out)
{
	char text[GGUF_VALUE_MAX];
	enum status st;
	uint64_t len;
	size_t i;

	st = take_length(r, GGUF_STRING_MAX, "a string over 1 GiB", &len);
	if (st != ST_OK)
		return st;
	if (out == NULL || len >= sizeof(text))
		return window_skip(r->w, len, r->d);
	if ((st = window_take(r->w, text, (size_t)len, r->d)) != ST_OK)
		return st;
	for (i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return ST_OK;
	memcpy(out, text, (size_t)len);
	out[len] = '\0';
	return ST_OK;
}

static enum status
read_bools(struct reading *r, uint64_t n)
{
	const uint8_t *data;
	enum status st;
	size_t len, i;

	if (n > window_left(r->w))
		return window_short(r->d);
	for (; n > 0; n -= len) {
		if ((st = window_span(r->w, n, &data, &len, r->d)) != ST_OK)
			return st;
		for (i = 0; i < len; i++)
			if (data[i] > 1)
				return malformed(r, "gguf-bool", "a bool that is neither 0 nor 1");
	}
	return ST_OK;
}

static enum status
read_array(struct reading *r)
{
	uint32_t type;
	uint64_t n;
	enum status st;

	if ((st = take_u32(r, &type)) != ST_OK || (st = take_u64(r, &n)) != ST_OK)
		return st;
	if (type >= N_TYPES || type == TYPE_ARRAY)
		return malformed(r, "gguf-value", type == TYPE_ARRAY ?
		    "an array of arrays" : "an array of an unknown type");
	if (n > GGUF_ARRAY_MAX)
		return malformed(r, "gguf-length", "an array of over 2^30 elements");
	if (type == TYPE_BOOL)
		return read_bools(r, n);
	if (type != TYPE_STRING)
		return window_skip(r->w, n * type_len[type], r->d);
	/* Each takes eight bytes at least: no more rounds than the header allows. */
	for (; n > 0; n--)
		if ((st = check_budget(r)) != ST_OK ||
		    (st = read_string(r, NULL)) != ST_OK)
			return st;
	return ST_OK;
}

static enum status
read_alignment(struct reading *r, uint32_t type)
{
	uint32_t v;
	enum status st;

	if (type != TYPE_UINT32)
		return malformed(r, "gguf-alignment", "general.alignment is no uint32");
	if ((st = take_u32(r, &v)) != ST_OK)
		return st;
	if (v < 8 || v > GGUF_ALIGNMENT_MAX || (v & (v - 1)) != 0)
		return malformed(r, "gguf-alignment",
		    "general.alignment is no power of two from 8 to 65536");
	r->alignment = v;
	return ST_OK;
}

static enum status
read_pair(struct reading *r)
{
	char key[32], *kept = NULL;
	uint32_t type;
	enum status st;

	if ((st = check_budget(r)) != ST_OK ||
	    (st = read_key(r, key, sizeof(key))) != ST_OK ||
	    (st = take_u32(r, &type)) != ST_OK)
		return st;
	if (strcmp(key, "general.alignment") == 0)
		return read_alignment(r, type);
	if (strcmp(key, "general.architecture") == 0)
		kept = r->out->architecture;
	else if (strcmp(key, "general.license") == 0)
		kept = r->out->license;
	if (type >= N_TYPES)
		return malformed(r, "gguf-value", "a value of an unknown type");
	if (type == TYPE_STRING)
		return read_string(r, kept);
	if (type == TYPE_ARRAY)
		return read_array(r);
	if (type == TYPE_BOOL)
		return read_bools(r, 1);
	return window_skip(r->w, type_len[type], r->d);
}

/* A tensor's name: printable UTF-8. */
static enum status
read_name(struct reading *r)
{
	uint8_t name[GGUF_NAME_MAX];
	uint64_t len, hash = NAMEHASH_INIT;
	enum unicode9 class;
	enum status st;
	uint32_t cp;
	size_t i, n;

	st = take_length(r, GGUF_NAME_MAX, "a tensor's name over 63 bytes", &len);
	if (st != ST_OK)
		return st;
	if ((st = window_take(r->w, name, (size_t)len, r->d)) != ST_OK)
		return st;
	for (i = 0; i < len; i += n) {
		if ((n = utf8_decode(name + i, (size_t)len - i, &cp)) == 0)
			return malformed(r, "gguf-name", "a tensor's name is not UTF-8");
		class = unicode9_class(cp);
		if (class == UNICODE9_CONTROL || class == UNICODE9_FORMAT ||
		    class == UNICODE9_SEPARATOR)
			return malformed(r, "gguf-name", "a tensor's name is not printable");
	}
	for (i = 0; i < len; i++)
		hash = namehash_byte(hash, name[i]);
	return namehashes_add(&r->names, hash) == -1 ? diag_nomem(r->d) : ST_OK;
}

/* The elements of a tensor, and how many there are in its first dimension. */
static enum status
read_dimensions(struct reading *r, uint64_t *elements, uint64_t *row)
{
	uint32_t n, i;
	uint64_t v;
	enum status st;

	if ((st = take_u32(r, &n)) != ST_OK)
		return st;
	if (n < 1 || n > DIMENSIONS_MAX)
		return malformed(r, "gguf-rank", "a tensor of none or over 4 dimensions");
	for (i = 0, *elements = 1; i < n; i++) {
		if ((st = take_u64(r, &v)) != ST_OK)
			return st;
		if (v == 0 || v > INT64_MAX)
			return malformed(r, "gguf-dimension", "a dimension below 1");
		if (i == 0)
			*row = v;
		if (__builtin_mul_overflow(*elements, v, elements) ||
		    *elements > INT64_MAX)
			return malformed(r, "gguf-overflow",
			    "the number of elements passes 63 bits");
	}
	return ST_OK;
}

/* Each tensor begins where the one before it ended, padded. */
static enum status
place(struct reading *r, uint64_t offset, uint64_t size)
{
	if (offset != r->data)
		return malformed(r, "gguf-offset",
		    "a tensor's data lies behind a hole, or over another's");
	if (__builtin_add_overflow(r->data, size, &r->data_end) ||
	    r->data_end > INT64_MAX / 2)
		return malformed(r, "gguf-overflow", "the data passes 62 bits");
	r->data = (r->data_end + r->alignment - 1) & ~(r->alignment - 1);
	return ST_OK;
}

static enum status
read_info(struct reading *r)
{
	uint64_t elements = 0, row = 0, offset, size;
	uint32_t number;
	enum status st;
	int type;

	if ((st = check_budget(r)) != ST_OK || (st = read_name(r)) != ST_OK ||
	    (st = read_dimensions(r, &elements, &row)) != ST_OK ||
	    (st = take_u32(r, &number)) != ST_OK ||
	    (st = take_u64(r, &offset)) != ST_OK)
		return st;
	if ((type = dtype_find_gguf(number)) == -1)
		return malformed(r, "gguf-type", "a tensor type that is not known here");
	if (row % dtypes[type].block != 0)
		return malformed(r, "gguf-block",
		    "a row that is no whole number of its type's blocks");
	if (__builtin_mul_overflow(elements / dtypes[type].block,
	    (uint64_t)dtypes[type].block_len, &size))
		return malformed(r, "gguf-overflow", "a tensor's size passes 64 bits");
	if ((st = place(r, offset, size)) != ST_OK)
		return st;
	return tensor_facts_add(&r->out->tensors, type, elements) == -1 ?
	    malformed(r, "gguf-overflow", "the parameters pass 63 bits") : ST_OK;
}

static enum status
skip_zeros(struct reading *r, uint64_t n)
{
	const uint8_t *data;
	enum status st;
	size_t len, i;

	for (; n > 0; n -= len) {
		if ((st = window_span(r->w, n, &data, &len, r->d)) != ST_OK)
			return st;
		for (i = 0; i < len; i++)
			if (data[i] != 0)
				return malformed(r, "gguf-padding", "padding that is not zero");
	}
	return ST_OK;
}

/*
 * Behind the infos: padding, the tensors, and at most the last one's padding.
 * Real files without tensors have none, a part, or all of the padding.
 */
static enum status
check_data(struct reading *r)
{
	uint64_t padding = (r->alignment - r->w->at % r->alignment) % r->alignment;
	enum status st;

	if (r->n_tensors > 0) {
		if (padding > window_left(r->w))
			return window_short(r->d);
		if ((st = skip_zeros(r, padding)) != ST_OK ||
		    (st = window_skip(r->w, r->data_end, r->d)) != ST_OK)
			return st;
		padding = r->data - r->data_end;
	}
	if (window_left(r->w) > padding)
		return malformed(r, "gguf-trailing", "bytes behind the last tensor");
	return skip_zeros(r, window_left(r->w));
}

static enum status
read_all(struct reading *r)
{
	enum status st;
	uint64_t i;

	if ((st = read_counts(r)) != ST_OK)
		return st;
	for (i = 0; i < r->n_keys; i++)
		if ((st = read_pair(r)) != ST_OK)
			return st;
	if (namehashes_repeat(&r->names))
		return malformed(r, "gguf-twice", "a key stands there twice");
	namehashes_free(&r->names);
	for (i = 0; i < r->n_tensors; i++)
		if ((st = read_info(r)) != ST_OK)
			return st;
	if (namehashes_repeat(&r->names))
		return malformed(r, "gguf-twice", "a tensor stands there twice");
	return check_data(r);
}

enum status
gguf_read(struct window *w, struct gguf_facts *out, struct diag *d)
{
	struct reading r = { .w = w, .out = out, .alignment = 32, .d = d };
	enum status st;

	memset(out, 0, sizeof(*out));
	st = read_all(&r);
	namehashes_free(&r.names);
	if (st != ST_OK)
		memset(out, 0, sizeof(*out));
	return st;
}
