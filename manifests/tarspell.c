/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tarspell - writing the header blocks of one tar entry, in the one spelling.
 * It depends on no library, and it does not read tar.
 */
#include "manifests/tarspell.h"

#include <stdio.h>
#include <string.h>

#include "manifests/caps.h"

/* What 11 octal digits hold. */
#define FIELD_MAX (((uint64_t)1 << 33) - 1)

#define NAME_FIELD 100
#define LONG_NAME "satchel-long-name"		/* below data/, as a path is */
#define PAX_NAME TAR_PREFIX "satchel-pax-header"

/* "data/" + path + "/" + NUL */
#define FULL_MAX (sizeof(TAR_PREFIX) - 1 + CAP_PATH + 2)

/* Full name of an entry, as tar programs show it; returns its length. */
static size_t
full_name(char out[FULL_MAX], const char *path, bool directory)
{
	return (size_t)snprintf(out, FULL_MAX, TAR_PREFIX "%s%s", path,
	    directory ? "/" : "");
}

/* Whether the name needs a pax record: it is too long, or not ASCII. */
static bool
is_long(const char *name, size_t len)
{
	size_t i;

	if (len > NAME_FIELD)
		return true;
	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] >= 0x80)
			return true;
	return false;
}

/*
 * Length of a pax record "LEN key=value\n", where LEN counts its own digits.
 */
static size_t
record_len(size_t key_len, size_t value_len)
{
	size_t body = key_len + value_len + 3;	/* blank, "=", newline */
	size_t digits = 1, power = 10;

	while (body + digits >= power) {
		digits++;
		power *= 10;
	}
	return body + digits;
}

/* A number as n octal digits and a NUL. */
static void
put_octal(uint8_t *field, int n, uint64_t value)
{
	int i;

	for (i = n - 1; i >= 0; i--) {
		field[i] = (uint8_t)('0' + (value & 7));
		value >>= 3;
	}
	field[n] = '\0';
}

static void
put_header(uint8_t *block, const char *name, size_t name_len, bool executable,
    uint64_t size, uint64_t mtime, char type)
{
	unsigned int sum = 0;
	size_t i;

	memset(block, 0, TAR_BLOCK);
	memcpy(block, name, name_len);
	put_octal(block + 100, 7, executable ? 0755 : 0644);
	put_octal(block + 108, 7, 0);		/* uid */
	put_octal(block + 116, 7, 0);		/* gid */
	put_octal(block + 124, 11, size);
	put_octal(block + 136, 11, mtime);
	memset(block + 148, ' ', 8);		/* the sum counts its own field as blanks */
	block[156] = (uint8_t)type;
	memcpy(block + 257, "ustar\0" "00", 8);
	put_octal(block + 329, 7, 0);		/* devmajor */
	put_octal(block + 337, 7, 0);		/* devminor */
	for (i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	put_octal(block + 148, 6, sum);		/* digits, NUL; the blank behind it stays */
}

/* Round up to whole blocks. */
static size_t
blocks(size_t len)
{
	return (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

size_t
tar_spell(uint8_t *out, const char *path, bool directory, uint64_t size,
    bool executable, uint64_t mtime)
{
	char name[FULL_MAX], digits[21], records[TAR_HEADER_MAX - 2 * TAR_BLOCK];
	size_t name_len, records_len = 0, len = 0;
	bool long_name;

	if (directory)
		size = 0;
	name_len = full_name(name, path, directory);
	long_name = is_long(name, name_len);
	if (long_name)
		records_len = (size_t)snprintf(records, sizeof(records),
		    "%zu path=%s\n", record_len(4, name_len), name);
	if (size > FIELD_MAX) {
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)size);
		records_len += (size_t)snprintf(records + records_len,
		    sizeof(records) - records_len, "%zu size=%s\n",
		    record_len(4, strlen(digits)), digits);
		size = 0;
	}
	if (records_len != 0) {
		put_header(out, PAX_NAME, strlen(PAX_NAME), false, records_len,
		    mtime, 'x');
		memset(out + TAR_BLOCK, 0, blocks(records_len));
		memcpy(out + TAR_BLOCK, records, records_len);
		len = TAR_BLOCK + blocks(records_len);
	}
	if (long_name)
		name_len = full_name(name, LONG_NAME, directory);
	put_header(out + len, name, name_len, directory || executable, size,
	    mtime, directory ? '5' : '0');
	return len + TAR_BLOCK;
}

size_t
tar_spell_len(const char *path, bool directory, uint64_t size)
{
	char digits[21];
	size_t name_len = strlen(TAR_PREFIX) + strlen(path) + (directory ? 1 : 0);
	size_t records_len = 0;

	if (is_long(path, strlen(path)) || name_len > NAME_FIELD)
		records_len = record_len(4, name_len);
	if (!directory && size > FIELD_MAX)
		records_len += record_len(4, (size_t)snprintf(digits,
		    sizeof(digits), "%llu", (unsigned long long)size));
	return TAR_BLOCK +
	    (records_len == 0 ? 0 : TAR_BLOCK + blocks(records_len));
}

size_t
tar_padding(uint64_t size)
{
	return (size_t)(-size % TAR_BLOCK);
}
