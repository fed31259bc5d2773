# SPDX-License-Identifier: BSD-2-Clause
"""OpenPGP packets for the command-line tests: a reader that shows what is in a file,
and a maker of Ed25519 certificates and signatures that gpg itself would not make."""

import hashlib
import struct
import time

SIGNATURE, PUBKEY, USERID, SUBKEY, PKESK, SEIPD = 2, 6, 13, 14, 1, 18
EDDSA = 22
SHA1, SHA256, SHA384, SHA512 = 2, 8, 9, 10
HASHES = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
ED25519_OID = bytes.fromhex("2b06010401da470f01")

CERTIFY, SIGN, ENCRYPT = 1, 2, 12	# key flags


# --- Reading -----------------------------------------------------------------

def packets(data):
    """[(tag, body, new format)] of a file; no partial and no indeterminate lengths."""
    found = []
    i = 0
    while i < len(data):
        first = data[i]
        assert first & 0x80, "byte %d begins no packet" % i
        i += 1
        if first & 0x40:
            tag = first & 0x3F
            if data[i] < 192:
                n, i = data[i], i + 1
            elif data[i] < 224:
                n, i = (data[i] - 192) * 256 + data[i + 1] + 192, i + 2
            else:
                assert data[i] == 255, "a partial length"
                n, i = struct.unpack(">I", data[i + 1:i + 5])[0], i + 5
        else:
            tag = first >> 2 & 0x0F
            size = first & 3
            assert size < 3, "an indeterminate length"
            n, i = int.from_bytes(data[i:i + (1 << size)], "big"), i + (1 << size)
        assert i + n <= len(data), "a packet that is cut"
        found.append((tag, data[i:i + n], bool(first & 0x40)))
        i += n
    return found


def subpackets(area):
    """[(type, value)] of a hashed or unhashed area."""
    found = []
    while area:
        n, at = area[0], 1
        if n >= 192:
            n, at = (area[0] - 192) * 256 + area[1] + 192, 2
        found.append((area[at], area[at + 1:at + n]))
        area = area[at + n:]
    return found


class Signature:
    """The fields of a version 4 signature packet's body."""

    def __init__(self, body):
        self.version, self.type, self.algo, self.hash = body[:4]
        n = struct.unpack(">H", body[4:6])[0]
        self.hashed = subpackets(body[6:6 + n])
        m = struct.unpack(">H", body[6 + n:8 + n])[0]
        self.unhashed = subpackets(body[8 + n:8 + n + m])


# --- Making ------------------------------------------------------------------

def packet(tag, body):
    """In old format with the shortest length, as gpg writes it."""
    if len(body) < 256:
        return bytes([0x80 | tag << 2, len(body)]) + body
    return struct.pack(">BH", 0x81 | tag << 2, len(body)) + body


def sub(kind, value):
    return bytes([len(value) + 1, kind]) + value


def mpi(raw):
    number = int.from_bytes(raw, "big")
    return struct.pack(">H", number.bit_length()) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def time4(when):
    return struct.pack(">I", int(when))


class Key:
    """An Ed25519 key pair, primary key or subkey."""

    def __init__(self, created=None):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
        self.secret = ed25519.Ed25519PrivateKey.generate()
        raw = self.secret.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.created = int(created if created is not None else time.time())
        self.body = b"\x04" + time4(self.created) + bytes([EDDSA, len(ED25519_OID)]) + ED25519_OID + mpi(b"\x40" + raw)
        self.fpr = hashlib.sha1(self.hashable()).hexdigest().upper()

    def hashable(self):
        return b"\x99" + struct.pack(">H", len(self.body)) + self.body

    def issuer_fpr(self):
        return sub(33, b"\x04" + bytes.fromhex(self.fpr))

    def issuer(self):
        return sub(16, bytes.fromhex(self.fpr[-16:]))

    def numbers(self, digest):
        raw = self.secret.sign(digest)
        return mpi(raw[:32]) + mpi(raw[32:])

    def sign(self, what, kind=0, hashed=None, unhashed=None, algo=SHA512, when=None):
        """A signature over what (what comes in front of the trailer).  hashed and unhashed:
        whole areas; else those that gpg writes."""
        when = time.time() if when is None else when
        if hashed is None:
            hashed = self.issuer_fpr() + sub(2, time4(when))
        if unhashed is None:
            unhashed = self.issuer()
        head = bytes([4, kind, EDDSA, algo]) + struct.pack(">H", len(hashed)) + hashed
        digest = hashlib.new(HASHES[algo], what + head + b"\x04\xff" + struct.pack(">I", len(head))).digest()
        return packet(SIGNATURE, head + struct.pack(">H", len(unhashed)) + unhashed + digest[:2] + self.numbers(digest))

    def sign_v3(self, what, when=None):
        """A version 3 signature that holds."""
        head = b"\x00" + time4(time.time() if when is None else when)
        digest = hashlib.sha512(what + head).digest()
        return packet(SIGNATURE, b"\x03\x05" + head + bytes.fromhex(self.fpr[-16:]) + bytes([EDDSA, SHA512]) +
                      digest[:2] + self.numbers(digest))


class Cert:
    """A certificate: primary key, one user id, subkeys."""

    def __init__(self, user_id, flags=CERTIFY | SIGN, created=None, expires=None, key=None):
        self.key = key or Key(created)
        uid = user_id.encode()
        hashed = self.key.issuer_fpr() + sub(2, time4(self.key.created)) + sub(27, bytes([flags]))
        if expires is not None:
            hashed += sub(9, time4(expires - self.key.created))
        self.data = packet(PUBKEY, self.key.body) + packet(USERID, uid) + self.key.sign(
            self.key.hashable() + b"\xb4" + struct.pack(">I", len(uid)) + uid, 0x13, hashed)

    @property
    def fpr(self):
        return self.key.fpr

    def add(self, key, flags=SIGN, cross=True, expires=None, when=None):
        """Bind a subkey; cross: True, with the signature back that a signing subkey needs;
        False, without; a Key, with one by that key."""
        what = self.key.hashable() + key.hashable()
        when = key.created if when is None else when
        hashed = self.key.issuer_fpr() + sub(2, time4(when)) + sub(27, bytes([flags]))
        if expires is not None:
            hashed += sub(9, time4(expires - key.created))
        unhashed = self.key.issuer()
        if cross:
            back = (key if cross is True else cross).sign(what, 0x19, when=when)
            unhashed += sub(32, packets(back)[0][1])
        self.data += packet(SUBKEY, key.body) + self.key.sign(what, 0x18, hashed, unhashed)
        return key
