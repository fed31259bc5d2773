/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canon - the one spelling of a manifest: `key: "value"` in block style, LF,
 * and every value double-quoted.  It either appends the document to a buffer or
 * compares it with one while it is made; it knows no document's fields.
 *
 * The escapes are those of libyaml 0.2.5 with unicode on, and no line is ever
 * folded: \0 \a \b \t \n \v \f \r \e \" \\ \N (U+85) \L (U+2028) \P (U+2029);
 * other characters that it does not print as \xHH, \uHHHH, \UHHHHHHHH with
 * upper-case digits: controls, surrogates, U+FEFF, U+FFFE, U+FFFF, and all
 * above U+FFFF.
 */
#ifndef SATCHEL_MANIFESTS_CANON_H
#define SATCHEL_MANIFESTS_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/bytes.h"

/* A document that is being made; one of the two inits, then the calls below. */
struct canon {
	struct bytes *out;		/* append here, or, if NULL, ... */
	const uint8_t *expected;	/* ... compare with this */
	size_t expected_len;
	size_t at;			/* bytes compared */
	bool differs;
	size_t indent;			/* columns */
	bool dash;			/* the next line begins an item of a list */
};

void canon_init_append(struct canon *c, struct bytes *out);
void canon_init_compare(struct canon *c, const uint8_t *expected, size_t len);

/*
 * canon_matches - after canon_init_compare(): whether the document was the
 * expected one, to its end.  If not, *line is the line of the first difference.
 */
bool canon_matches(const struct canon *c, size_t *line);

/* One line with a value.  Values are valid UTF-8; a byte that is not comes out as \xHH. */
void canon_text(struct canon *c, const char *key, const char *value);
void canon_uint(struct canon *c, const char *key, uint64_t value);
void canon_hex(struct canon *c, const char *key, const uint8_t *data, size_t len);

/* `key:`, and the map below it until canon_map_end(). */
void canon_map(struct canon *c, const char *key);
void canon_map_end(struct canon *c);

/*
 * `key:` of a list, whose items follow at the same column: maps between
 * canon_item() and canon_item_end() (which begin on the dash's line), or
 * canon_item_text().  A list has at least one item.
 */
void canon_list(struct canon *c, const char *key);
void canon_item(struct canon *c);
void canon_item_end(struct canon *c);
void canon_item_text(struct canon *c, const char *value);

#endif
