/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect - comparing what was read out with what is here.  All digits count: a
 * shortened digest is no digest.
 */
#include "bundle/expect.h"

#include <string.h>

#include "bundle/crypto.h"
#include "manifests/bytes.h"

static enum status
wrong_form(struct diag *d)
{
	diag_set(d, ST_USAGE, "expect-form",
	    "--expect needs all 128 hexadecimal digits of the bundle digest");
	diag_hint(d, "blanks and dashes between groups are allowed; leave nothing out");
	return ST_USAGE;
}

static enum status
read_digest(const char *s, uint8_t want[SHA512_LEN], struct diag *d)
{
	char digits[2 * SHA512_LEN + 1];
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (*s == ' ' || *s == '-')
			continue;
		if (n == 2 * SHA512_LEN)
			return wrong_form(d);
		digits[n++] = *s >= 'A' && *s <= 'F' ? (char)(*s - 'A' + 'a') : *s;
	}
	digits[n] = '\0';
	if (hex_decode(want, SHA512_LEN, digits) == -1)
		return wrong_form(d);
	return ST_OK;
}

enum status
expect_form(const char *s, struct diag *d)
{
	uint8_t want[SHA512_LEN];

	return read_digest(s, want, d);
}

enum status
expect_check(const char *s, const uint8_t digest[SHA512_LEN], struct diag *d)
{
	char real[2 * SHA512_LEN + 1];
	uint8_t want[SHA512_LEN];
	enum status st;

	if ((st = read_digest(s, want, d)) != ST_OK)
		return st;
	if (crypto_equal(want, digest, sizeof(want)))
		return ST_OK;
	hex_encode(real, digest, SHA512_LEN);
	diag_set(d, ST_UNTRUSTED, "expect",
	    "the bundle digest is not the one you gave; it is %s", real);
	diag_hint(d, "compare with the sender again; if the digits are right, this is another bundle");
	return ST_UNTRUSTED;
}
