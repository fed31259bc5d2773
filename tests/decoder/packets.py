# SPDX-License-Identifier: BSD-2-Clause
"""WRAPPED KEYS and SIGNATURES: the OpenPGP packets that may be given to a program, parsed
by their own rules first."""

import hashlib

from rules import SIGNATURE_MAX, require

KEY_RULE = "WRAPPED KEYS"
SIGNATURE_RULE = "SIGNATURES"
RSA, ELGAMAL, ECDH, ECDSA, EDDSA = 1, 16, 18, 19, 22
HASHES = {8: "sha256", 9: "sha384", 10: "sha512"}


class _Bytes:
    """Reading from the front; a piece that is not there breaks the rule."""

    def __init__(self, data, rule):
        self.data, self.at, self.rule = data, 0, rule

    def take(self, size, what):
        require(self.at + size <= len(self.data), self.rule, "%s: ends early" % what)
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size, what):
        return int.from_bytes(self.take(size, what), "big")

    def exactly(self, wanted, what):
        require(self.take(len(wanted), what) == wanted, self.rule, "%s is not %s" % (what, wanted.hex()))

    def rest(self):
        return len(self.data) - self.at

    def integer(self):
        """A multiprecision integer: its bytes, the highest bit of its stated length 1."""
        bits = self.number(2, "integer")
        require(bits > 0, self.rule, "an integer of no bits")
        body = self.take((bits + 7) // 8, "integer")
        require(body[0] >> ((bits - 1) % 8) == 1, self.rule, "an integer whose length is wrong")
        return body

    def packet(self, one_byte, two_bytes, what):
        """The body of a packet with an old header, in the shorter form that fits."""
        head = self.number(1, what)
        require(head in (one_byte, two_bytes), self.rule, "%s begins with %02X" % (what, head))
        size = self.number(1 if head == one_byte else 2, what)
        require(head == one_byte or size > 255, self.rule, "%s: a header longer than it must be" % what)
        return _Bytes(self.take(size, what), self.rule)


class WrappedKey:
    """A wrapped key's file: exactly one session key packet and one protected packet."""

    def __init__(self, data, hidden):
        file = _Bytes(data, KEY_RULE)
        body = file.packet(0x84, 0x85, "session key packet")
        body.exactly(b"\x03", "version")
        self.key_id = body.take(8, "key id")
        require((self.key_id == bytes(8)) == hidden, KEY_RULE, "key id %s" % self.key_id.hex())
        self.algorithm = body.number(1, "algorithm")
        require(self.algorithm in (RSA, ELGAMAL, ECDH), KEY_RULE, "algorithm %d" % self.algorithm)
        if self.algorithm == ECDH:
            point = body.integer()
            require(point[0] in (0x04, 0x40), KEY_RULE, "a point that begins with %02X" % point[0])
            body.exactly(b"\x30", "length of the wrapped session key")
            body.take(0x30, "wrapped session key")
        else:
            for _ in range(1 if self.algorithm == RSA else 2):
                body.integer()
        require(body.rest() == 0, KEY_RULE, "bytes behind the session key")
        file.exactly(b"\xd2\x81\x01", "integrity protected packet")
        require(file.rest() == 128, KEY_RULE, "%d bytes are encrypted" % file.rest())


class Signature:
    """A signature file over the manifest's bytes, in the one form that is accepted."""

    def __init__(self, data, signed):
        require(len(data) <= SIGNATURE_MAX, SIGNATURE_RULE, "over 16 KiB")
        file = _Bytes(data, SIGNATURE_RULE)
        body = file.packet(0x88, 0x89, "signature packet")
        require(file.rest() == 0, SIGNATURE_RULE, "bytes behind the packet")
        body.exactly(b"\x04", "version")
        body.exactly(b"\x00", "type")
        self.algorithm, hashed = body.number(1, "algorithm"), body.number(1, "hash")
        require(self.algorithm in (RSA, ECDSA, EDDSA), SIGNATURE_RULE, "algorithm %d" % self.algorithm)
        require(hashed in HASHES, SIGNATURE_RULE, "hash %d" % hashed)
        area = _Bytes(body.take(body.number(2, "hashed length"), "hashed subpackets"), SIGNATURE_RULE)
        covered = body.data[:body.at]
        area.exactly(b"\x16\x21\x04", "first subpacket")
        self.fingerprint = area.take(20, "fingerprint")
        area.exactly(b"\x05\x02", "second subpacket")
        self.time = area.number(4, "time")
        if area.rest():
            size = area.number(1, "third subpacket")
            require(size < 0xFF, SIGNATURE_RULE, "a long subpacket")
            if size >= 192:
                size = (size - 192) * 256 + area.number(1, "third subpacket") + 192
            area.exactly(b"\x1c", "third subpacket")
            require(size > 1 and size - 1 == area.rest(), SIGNATURE_RULE, "the user id does not fill the area")
        body.exactly(b"\x00\x0a\x09\x10", "unhashed subpackets")
        body.exactly(self.fingerprint[-8:], "issuer")
        left = body.take(2, "left bits")
        for _ in range(1 if self.algorithm == RSA else 2):
            body.integer()
        require(body.rest() == 0, SIGNATURE_RULE, "bytes behind the signature")
        digest = hashlib.new(HASHES[hashed], signed + covered + b"\x04\xff" + len(covered).to_bytes(4, "big")).digest()
        require(left == digest[:2], SIGNATURE_RULE, "the first bytes of the digest differ")
