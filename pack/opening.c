/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opening - writing and reading the opening: two lines in front of the content
 * manifest.
 */
#include "pack/opening.h"

#include <string.h>

#include "bundle/file.h"
#include "manifests/caps.h"

#define LINE_LEN (sizeof(OPENING_OPENER) - 1 + 2 * OPENER_LEN + 2)

void
opening_emit(const uint8_t opener[OPENER_LEN], const struct bytes *text,
    struct bytes *out)
{
	char hex[2 * OPENER_LEN + 1];

	hex_encode(hex, opener, OPENER_LEN);
	bytes_printf(out, OPENING_PURPOSE OPENING_OPENER "%s\"\n", hex);
	bytes_append(out, text->data, text->len);
	explicit_bzero(hex, sizeof(hex));
}

static enum status
malformed(const char *path, struct diag *d)
{
	diag_set(d, ST_USAGE, "opening-form", "%s: not an opening", ESC(path));
	diag_hint(d, "--content takes the file that create --opening wrote");
	return ST_USAGE;
}

enum status
opening_read(const char *path, const struct transport *t, struct opening *o,
    struct diag *d)
{
	uint8_t opener[OPENER_LEN], commitment[SHA512_LEN];
	const size_t skip = strlen(OPENING_PURPOSE), head = skip + LINE_LEN;
	char hex[2 * OPENER_LEN + 1], *text;
	enum status st;
	size_t l;

	st = file_read_path(path, CAP_OPENING, &o->file, d);
	if (st != ST_OK)
		return st == ST_MALFORMED ? ST_USAGE : st;
	text = (char *)o->file.data;
	if (o->file.len <= head || memcmp(text, OPENING_PURPOSE, skip) != 0 ||
	    memcmp(text + skip, OPENING_OPENER, sizeof(OPENING_OPENER) - 1) != 0 ||
	    memcmp(text + head - 2, "\"\n", 2) != 0)
		return malformed(path, d);
	memcpy(hex, text + skip + sizeof(OPENING_OPENER) - 1, 2 * OPENER_LEN);
	hex[2 * OPENER_LEN] = '\0';
	if (hex_decode(opener, sizeof(opener), hex) == -1)
		return malformed(path, d);
	for (l = 0; l < t->n_lanes; l++) {
		st = commit_contents(t->bundle_id, t->lanes[l].lane,
		    t->encrypted ? opener : NULL, o->file.data + head,
		    o->file.len - head, commitment, d);
		if (st != ST_OK)
			return st;
		if (crypto_equal(commitment, t->lanes[l].commitment, SHA512_LEN))
			return contents_parse(o->file.data + head,
			    o->file.len - head, ESC(path), &o->contents, d);
	}
	diag_set(d, ST_UNTRUSTED, "contents-commitment",
	    "%s is not the content of this bundle", ESC(path));
	diag_hint(d, "ask who packed it for the opening of this very bundle; do not sign");
	return ST_UNTRUSTED;
}

void
opening_clear(struct opening *o)
{
	contents_free(o->contents);
	o->contents = NULL;
	bytes_free(&o->file);
}
