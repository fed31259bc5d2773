/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet - the exact forms in which gpg writes a detached signature and a
 * wrapped key, and no other.  It checks form; it verifies and decrypts nothing.
 */
#include "manifests/packet.h"

#include <string.h>

#include "manifests/bytes.h"
#include "manifests/caps.h"

/* Packet tags, RFC 4880 4.3. */
enum tag {
	TAG_PKESK = 1,			/* public-key encrypted session key */
	TAG_SIGNATURE = 2,
	TAG_SKESK = 3,			/* session key under a passphrase */
	TAG_ONE_PASS = 4,
	TAG_COMPRESSED = 8,
	TAG_ENCRYPTED = 9,		/* without integrity protection */
	TAG_LITERAL = 11,
	TAG_SEIPD = 18,			/* with it */
	TAG_AEAD = 20,			/* gpg 2.3 and later, unless told otherwise */
};

/* Signature subpackets, RFC 4880 5.2.3.1 (33: as gpg and RFC 9580 have it). */
enum subpacket {
	SUB_CREATED = 2,
	SUB_ISSUER = 16,
	SUB_NOTATION = 20,
	SUB_SIGNER_UID = 28,
	SUB_ISSUER_FPR = 33,
};

/* Public-key algorithms, RFC 4880 9.1 (22: as gpg has it). */
enum pubkey {
	PUBKEY_RSA = 1,
	PUBKEY_ELGAMAL = 16,
	PUBKEY_DSA = 17,
	PUBKEY_ECDH = 18,
	PUBKEY_ECDSA = 19,
	PUBKEY_EDDSA = 22,
};

#define KEYID_LEN 8
#define FPR_LEN 20			/* bytes of a version 4 fingerprint */

/*
 * A wrapped key's message has 80 bytes (satchel-bundle(5)), and gpg puts it
 * uncompressed into a literal packet without a name: 2 bytes of header, mode,
 * length of the name, 4 bytes of time.  In front of that stand the packet's
 * version and the cipher's prefix of 16 + 2 bytes, behind it the 22 bytes of
 * the modification detection code.
 */
#define MESSAGE_LEN 80
#define SEIPD_LEN (1 + 18 + 2 + 1 + 1 + 4 + MESSAGE_LEN + 22)

/* What ECDH (RFC 6637) makes of an AES-256 session key padded to 40 bytes. */
#define ECDH_WRAPPED_LEN 48

/* Bytes not read yet. */
struct reader {
	const uint8_t *p;
	size_t left;
};

/* The next n bytes, or NULL where there are fewer. */
static const uint8_t *
take(struct reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (n > r->left)
		return NULL;
	r->p += n;
	r->left -= n;
	return p;
}

static size_t
be16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/*
 * A multiprecision integer whose bit count is the exact one: no zero, no
 * leading zero byte or bit.  Returns its bytes, NULL where it is not like that.
 */
static const uint8_t *
take_mpi(struct reader *r, size_t *len)
{
	const uint8_t *p = take(r, 2);
	size_t bits;

	if (p == NULL || (bits = be16(p)) == 0)
		return NULL;
	*len = (bits + 7) / 8;
	if ((p = take(r, *len)) == NULL)
		return NULL;
	return p[0] >> ((bits - 1) % 8) == 1 ? p : NULL;
}

/* The tag of a packet that begins with this byte, -1 where none does. */
static int
tag_of(uint8_t byte)
{
	if ((byte & 0x80) == 0)
		return -1;
	return byte & 0x40 ? byte & 0x3F : (byte >> 2) & 0x0F;
}

/*
 * The header that gpg writes for tags below 16: old format, and the shortest
 * form of the length (nothing that we take reaches 64 KiB).
 * Returns the body's length, or SIZE_MAX where the form is another.
 */
static size_t
take_old_header(struct reader *r)
{
	const uint8_t *p = take(r, 1), *n;

	if (p == NULL || (p[0] & 0xC0) != 0x80)
		return SIZE_MAX;
	switch (p[0] & 3) {
	case 0:
		return (n = take(r, 1)) == NULL ? SIZE_MAX : n[0];
	case 1:
		if ((n = take(r, 2)) == NULL || be16(n) < 256)
			return SIZE_MAX;
		return be16(n);
	}
	return SIZE_MAX;
}

static enum status
bad_sig(struct diag *d, const char *rule, const char *why)
{
	return diag_set(d, ST_UNTRUSTED, rule, "%s", why);
}

/* What is wrong with a signature file by its first bytes; ST_OK to go on. */
static enum status
check_sig_start(const uint8_t *buf, size_t len, struct diag *d)
{
	static const char armor[] = "-----BEGIN";
	static const char clear[] = "-----BEGIN PGP SIGNED MESSAGE";

	if (len == 0)
		return bad_sig(d, "sig-empty", "is empty");
	if (len > CAP_SIGNATURE)
		return bad_sig(d, "sig-size", "is over 16 KiB");
	if (len >= strlen(clear) && memcmp(buf, clear, strlen(clear)) == 0)
		return bad_sig(d, "sig-clearsigned",
		    "is a clear-signed text, not a detached signature");
	if (len >= strlen(armor) && memcmp(buf, armor, strlen(armor)) == 0) {
		(void)bad_sig(d, "sig-armored", "is in ASCII armor");
		diag_hint(d, "gpg --dearmor makes the binary form of it");
		return ST_UNTRUSTED;
	}
	switch (tag_of(buf[0])) {
	case TAG_SIGNATURE:
		break;
	case TAG_ONE_PASS:
	case TAG_COMPRESSED:
	case TAG_LITERAL:
		return bad_sig(d, "sig-inline",
		    "is a signed message, not a detached signature");
	default:
		return bad_sig(d, "sig-packet",
		    "does not begin with an OpenPGP signature packet");
	}
	if (buf[0] & 0x40)
		return bad_sig(d, "sig-new-format",
		    "has a packet header that gpg does not write (new format)");
	return ST_OK;
}

/* Header and extent: the packet must be all there is.  *r is left at its body. */
static enum status
check_sig_extent(struct reader *r, struct diag *d)
{
	size_t n = r->left, body;
	uint8_t first = r->p[0];

	body = take_old_header(r);
	if (body == SIZE_MAX && n < 3)
		return bad_sig(d, "sig-truncated", "ends early");
	if (body == SIZE_MAX)
		return bad_sig(d, "sig-length-form",
		    (first & 3) == 3 ? "has a packet of indeterminate length" :
		    "has a packet length that is not in its shortest form");
	if (r->left < body)
		return bad_sig(d, "sig-truncated", "ends early");
	if (r->left == body)
		return ST_OK;
	switch (tag_of(r->p[body])) {
	case TAG_SIGNATURE:
		return bad_sig(d, "sig-two-packets",
		    "holds more than one signature packet");
	case TAG_ONE_PASS:
	case TAG_COMPRESSED:
	case TAG_LITERAL:
		return bad_sig(d, "sig-inline",
		    "is a signed message, not a detached signature");
	}
	return bad_sig(d, "sig-trailing", "has bytes behind the signature packet");
}

/* One subpacket: its type, and its value.  Returns -1 where the form is not gpg's. */
static int
take_subpacket(struct reader *r, uint8_t *type, struct reader *value)
{
	const uint8_t *p = take(r, 1), *q;
	size_t len;

	if (p == NULL)
		return -1;
	len = p[0];
	if (len >= 192) {
		if (len == 255 || (q = take(r, 1)) == NULL)
			return -1;
		len = (len - 192) * 256 + q[0] + 192;
	}
	if (len == 0 || (p = take(r, len)) == NULL)
		return -1;
	*type = p[0];
	value->p = p + 1;
	value->left = len - 1;
	return 0;
}

/*
 * The hashed area as gpg writes it: issuer fingerprint, creation time and
 * maybe the signer's user id, once each and in this order.
 */
static enum status
check_hashed(struct reader area, const uint8_t **fpr,
    struct packet_signature *out, struct diag *d)
{
	static const uint8_t order[] = { SUB_ISSUER_FPR, SUB_CREATED, SUB_SIGNER_UID };
	struct reader value;
	uint8_t type;
	size_t i;

	for (i = 0; area.left > 0; i++) {
		if (take_subpacket(&area, &type, &value) == -1)
			return bad_sig(d, "sig-subpacket",
			    "has a malformed hashed subpacket");
		if ((type & 0x7F) == SUB_NOTATION)
			return bad_sig(d, "sig-notation", "has a notation");
		if (i >= sizeof(order) || type != order[i])
			return bad_sig(d, "sig-subpacket", "has other hashed subpackets "
			    "than issuer fingerprint, time and signer's user id");
		switch (type) {
		case SUB_ISSUER_FPR:
			if (value.left != 1 + FPR_LEN || value.p[0] != 4)
				return bad_sig(d, "sig-subpacket",
				    "has no issuer fingerprint of a version 4 key");
			*fpr = value.p + 1;
			hex_encode_upper(out->issuer, *fpr, FPR_LEN);
			break;
		case SUB_CREATED:
			if (value.left != 4)
				return bad_sig(d, "sig-subpacket",
				    "has a malformed creation time");
			out->created = (uint32_t)(be16(value.p) << 16 | be16(value.p + 2));
			break;
		case SUB_SIGNER_UID:
			if (value.left == 0)
				return bad_sig(d, "sig-subpacket",
				    "has an empty signer's user id");
			break;
		}
	}
	if (i < 2)
		return bad_sig(d, "sig-subpacket",
		    "lacks the issuer fingerprint or the creation time");
	return ST_OK;
}

/* Nothing but the issuer's key id, which is the end of the fingerprint. */
static enum status
check_unhashed(struct reader area, const uint8_t *fpr, struct diag *d)
{
	if (area.left != 2 + KEYID_LEN || area.p[0] != 1 + KEYID_LEN ||
	    area.p[1] != SUB_ISSUER)
		return bad_sig(d, "sig-unhashed",
		    "has other unhashed subpackets than just the issuer");
	if (memcmp(area.p + 2, fpr + FPR_LEN - KEYID_LEN, KEYID_LEN) != 0)
		return bad_sig(d, "sig-issuer",
		    "names an issuer that is not the end of the fingerprint");
	return ST_OK;
}

/* The numbers of the signature itself, and then nothing. */
static enum status
check_sig_mpis(struct reader *r, uint8_t algo, struct diag *d)
{
	size_t n, len;

	switch (algo) {
	case PUBKEY_RSA:
		n = 1;
		break;
	case PUBKEY_DSA:
	case PUBKEY_ECDSA:
	case PUBKEY_EDDSA:
		n = 2;
		break;
	default:
		return bad_sig(d, "sig-algorithm", "is of an unknown algorithm");
	}
	for (; n > 0; n--)
		if (take_mpi(r, &len) == NULL)
			return bad_sig(d, "sig-mpi", "has a number whose length is not exact");
	if (r->left != 0)
		return bad_sig(d, "sig-mpi", "has bytes behind its numbers");
	return ST_OK;
}

enum status
packet_parse_signature(const uint8_t *buf, size_t len,
    struct packet_signature *out, struct diag *d)
{
	struct reader r = { buf, len }, area;
	const uint8_t *body, *p, *fpr = NULL;
	enum status st;

	memset(out, 0, sizeof(*out));
	if ((st = check_sig_start(buf, len, d)) != ST_OK ||
	    (st = check_sig_extent(&r, d)) != ST_OK)
		return st;
	body = r.p;
	if ((p = take(&r, 1)) == NULL)
		return bad_sig(d, "sig-truncated", "ends early");
	if (p[0] != 4)
		return bad_sig(d, "sig-version", "is no version 4 signature");
	if ((p = take(&r, 5)) == NULL)
		return bad_sig(d, "sig-truncated", "ends early");
	if (p[0] == 0x01)
		return bad_sig(d, "sig-text-mode", "is a text-mode signature");
	if (p[0] != 0x00)
		return bad_sig(d, "sig-type", "is no signature of a binary document");
	out->pubkey_algo = p[1];
	out->hash_algo = p[2];
	area.left = be16(p + 3);
	if ((area.p = take(&r, area.left)) == NULL)
		return bad_sig(d, "sig-truncated", "ends early");
	out->hashed_offset = (size_t)(body - buf);
	out->hashed_len = 6 + area.left;
	out->trailer[0] = 4;
	out->trailer[1] = 0xFF;
	out->trailer[4] = (uint8_t)(out->hashed_len >> 8);
	out->trailer[5] = (uint8_t)out->hashed_len;
	if ((st = check_hashed(area, &fpr, out, d)) != ST_OK)
		return st;
	if ((p = take(&r, 2)) == NULL)
		return bad_sig(d, "sig-truncated", "ends early");
	area.left = be16(p);
	if ((area.p = take(&r, area.left)) == NULL)
		return bad_sig(d, "sig-truncated", "ends early");
	if ((st = check_unhashed(area, fpr, d)) != ST_OK)
		return st;
	if ((p = take(&r, 2)) == NULL)
		return bad_sig(d, "sig-truncated", "ends early");
	memcpy(out->left16, p, 2);
	return check_sig_mpis(&r, out->pubkey_algo, d);
}

/* ------------------------------------------------------------ wrapped keys */

static enum status
bad_key(struct diag *d, const char *rule, const char *why)
{
	return diag_set(d, ST_MALFORMED, rule, "%s", why);
}

static enum status
check_key_start(const uint8_t *buf, size_t len, struct diag *d)
{
	if (len == 0)
		return bad_key(d, "key-empty", "is empty");
	if (len > CAP_WRAPPED_KEY)
		return bad_key(d, "key-size", "is over 16 KiB");
	switch (tag_of(buf[0])) {
	case TAG_PKESK:
		return ST_OK;
	case TAG_SKESK:
		return bad_key(d, "key-passphrase-packet",
		    "can be opened with a passphrase");
	}
	return bad_key(d, "key-packet",
	    "does not begin with a session key packet for a public key");
}

static bool
is_one_of(const uint8_t *id, const uint8_t (*keyids)[8], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (memcmp(id, keyids[i], KEYID_LEN) == 0)
			return true;
	return false;
}

static enum status
check_keyid(const uint8_t *id, bool hidden, const uint8_t (*keyids)[8],
    size_t n, struct diag *d)
{
	static const uint8_t none[KEYID_LEN];
	bool zero = memcmp(id, none, KEYID_LEN) == 0;

	if (hidden && !zero)
		return bad_key(d, "key-not-hidden",
		    "names its recipient, though recipients are hidden");
	if (!hidden && zero)
		return bad_key(d, "key-hidden", "does not name its recipient");
	if (!hidden && keyids != NULL && !is_one_of(id, keyids, n))
		return bad_key(d, "key-recipient", "is for another recipient's key");
	return ST_OK;
}

/* The encrypted session key itself, in the packet's last bytes. */
static bool
is_session_key(struct reader *r, uint8_t algo)
{
	const uint8_t *p, *wrapped;
	size_t len;

	switch (algo) {
	case PUBKEY_RSA:
		return take_mpi(r, &len) != NULL && r->left == 0;
	case PUBKEY_ELGAMAL:
		return take_mpi(r, &len) != NULL && take_mpi(r, &len) != NULL &&
		    r->left == 0;
	case PUBKEY_ECDH:
		/* A point: 04 x y, or 40 x as Curve25519 has it. */
		if ((p = take_mpi(r, &len)) == NULL || (p[0] != 0x04 && p[0] != 0x40))
			return false;
		wrapped = take(r, 1 + ECDH_WRAPPED_LEN);
		return wrapped != NULL && wrapped[0] == ECDH_WRAPPED_LEN && r->left == 0;
	}
	return false;
}

static enum status
check_pkesk(struct reader *r, bool hidden, const uint8_t (*keyids)[8], size_t n,
    struct diag *d)
{
	struct reader body;
	const uint8_t *p;
	enum status st;

	if ((body.left = take_old_header(r)) == SIZE_MAX)
		return bad_key(d, "key-length-form",
		    "has a packet header that gpg does not write");
	if ((body.p = take(r, body.left)) == NULL)
		return bad_key(d, "key-truncated", "ends early");
	if ((p = take(&body, 1)) == NULL || p[0] != 3)
		return bad_key(d, "key-version", "has no version 3 session key packet");
	if ((p = take(&body, KEYID_LEN + 1)) == NULL)
		return bad_key(d, "key-truncated", "ends early");
	if ((st = check_keyid(p, hidden, keyids, n, d)) != ST_OK)
		return st;
	if (p[KEYID_LEN] != PUBKEY_RSA && p[KEYID_LEN] != PUBKEY_ELGAMAL &&
	    p[KEYID_LEN] != PUBKEY_ECDH)
		return bad_key(d, "key-algorithm", "is of an unknown algorithm");
	if (!is_session_key(&body, p[KEYID_LEN]))
		return bad_key(d, "key-mpi",
		    "has a session key whose form is not exact");
	return ST_OK;
}

/* The encrypted message, to the end of the file. */
static enum status
check_seipd(struct reader *r, struct diag *d)
{
	const uint8_t *p;

	if (r->left == 0)
		return bad_key(d, "key-truncated", "ends early");
	switch (tag_of(r->p[0])) {
	case TAG_SEIPD:
		break;
	case TAG_PKESK:
		return bad_key(d, "key-two-recipients", "is for more than one key");
	case TAG_SKESK:
		return bad_key(d, "key-passphrase-packet",
		    "can be opened with a passphrase");
	case TAG_ENCRYPTED:
		return bad_key(d, "key-no-integrity",
		    "is encrypted without integrity protection");
	case TAG_AEAD:
		return bad_key(d, "key-aead",
		    "is encrypted in a form that older gpg cannot read (tag 20)");
	default:
		return bad_key(d, "key-packet", "holds a packet that does not belong there");
	}
	if (r->p[0] != (0xC0 | TAG_SEIPD))
		return bad_key(d, "key-length-form",
		    "has a packet header that gpg does not write");
	if (r->left < 3)
		return bad_key(d, "key-truncated", "ends early");
	p = r->p;
	if (p[1] != SEIPD_LEN)
		return bad_key(d, "key-length",
		    "does not hold a message of the one length that a key has");
	if (p[2] != 1)
		return bad_key(d, "key-version",
		    "has no version 1 integrity-protected packet");
	if (r->left < 2 + SEIPD_LEN)
		return bad_key(d, "key-truncated", "ends early");
	if (r->left > 2 + SEIPD_LEN)
		return bad_key(d, "key-trailing", "has bytes behind the message");
	return ST_OK;
}

enum status
packet_check_wrapped_key(const uint8_t *buf, size_t len, bool hidden,
    const uint8_t (*keyids)[8], size_t n, struct diag *d)
{
	struct reader r = { buf, len };
	enum status st;

	if ((st = check_key_start(buf, len, d)) != ST_OK ||
	    (st = check_pkesk(&r, hidden, keyids, n, d)) != ST_OK)
		return st;
	return check_seipd(&r, d);
}
