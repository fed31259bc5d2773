/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes - a growable run of bytes in memory, and hexadecimal.
 * It knows nothing of what the bytes mean.
 */
#ifndef SATCHEL_MANIFESTS_BYTES_H
#define SATCHEL_MANIFESTS_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * A run of bytes.  All zeros is an empty one.  A failed append sets `failed`
 * and makes all later ones do nothing, so that a writer checks once at the end.
 */
struct bytes {
	uint8_t *data;
	size_t len;
	size_t cap;
	int failed;
};

void bytes_append(struct bytes *b, const void *data, size_t len);
void bytes_string(struct bytes *b, const char *s);
void bytes_printf(struct bytes *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* bytes_free - release, and wipe first; b may be used again. */
void bytes_free(struct bytes *b);

/* Little-endian fixed-width integers, as all binary fields of the format are. */
void put_le16(uint8_t *p, uint16_t v);
void put_le32(uint8_t *p, uint32_t v);
void put_le64(uint8_t *p, uint64_t v);
uint16_t get_le16(const uint8_t *p);
uint32_t get_le32(const uint8_t *p);
uint64_t get_le64(const uint8_t *p);

/* hex_encode - 2 * len lower-case digits and a NUL to out. */
void hex_encode(char *out, const uint8_t *data, size_t len);
/* hex_encode_upper - the same in upper case, as OpenPGP fingerprints are written. */
void hex_encode_upper(char *out, const uint8_t *data, size_t len);
/*
 * hex_decode - exactly 2 * len lower-case digits of s to out.  Returns 0, or -1
 * where s is anything else (upper case, another length).
 */
int hex_decode(uint8_t *out, size_t len, const char *s);

#endif
