/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sums - writing the lists, and holding them against the manifests: a list that
 * says something else would make stock tools unpack something else.
 */
#include "manifests/sums.h"

#include <stdio.h>
#include <string.h>

#include "manifests/tarspell.h"

void
sums_line(const uint8_t *digest, size_t len, const char *name, struct bytes *out)
{
	char hex[2 * SHA512_LEN + 1];

	hex_encode(hex, digest, len);
	bytes_printf(out, "%s  %s\n", hex, name);
}

void
sums_files(const struct contents *c, struct bytes *out)
{
	char hex[2 * SHA256_LEN + 1];
	size_t i;

	for (i = 0; i < c->n_files; i++) {
		hex_encode(hex, c->files[i].digest, SHA256_LEN);
		bytes_printf(out, "%s  %s%s\n", hex, TAR_PREFIX, c->files[i].path);
	}
}

static bool
all_hex(const uint8_t *p, size_t n)
{
	for (; n > 0; p++, n--)
		if (!(*p >= '0' && *p <= '9') && !(*p >= 'a' && *p <= 'f'))
			return false;
	return true;
}

bool
sums_volumes_fit(const struct transport *t, const uint8_t *buf, size_t len)
{
	const size_t hex = 2 * (size_t)SHA512_LEN;
	char name[TRANSPORT_NAME_MAX], tail[TRANSPORT_NAME_MAX + 4];
	size_t l, v, at = 0, n;

	for (l = 0; l < t->n_lanes; l++)
		for (v = 0; v < t->lanes[l].n_volumes; v++) {
			transport_name_payload(name, t->lanes[l].lane, v);
			snprintf(tail, sizeof(tail), "  %s\n", name);
			n = strlen(tail);
			if (len - at < hex + n ||
			    memcmp(buf + at + hex, tail, n) != 0 ||
			    !all_hex(buf + at, hex))
				return false;
			at += hex + n;
		}
	return at == len;
}
