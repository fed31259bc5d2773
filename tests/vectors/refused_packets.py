# SPDX-License-Identifier: BSD-2-Clause
"""Refused: wrapped keys, whose digests are signed, and signatures of another form or by a key
that may not sign."""

from kit import HERE, MADE, SEALED, SIGNED, fingerprint, lib_packets, put, refuse, ring, rules, turned, with_

# ---------------------------------------------------------------- WRAPPED KEYS


def old(tag, body, size=None):
    """A packet with an old header; size: bytes of its length."""
    size = size or (1 if len(body) < 256 else 2)
    return bytes([0x80 | tag << 2 | {1: 0, 2: 1, 4: 2}[size]]) + len(body).to_bytes(size, "big") + body


def wrapped(name, function, **more):
    """function: the file from its session key packet's body and the encrypted packet's body."""
    def hook(file, _where):
        return function(file[2:2 + file[1]], file[4 + file[1]:])
    refuse("wrapped-key-" + name, hooks={"wrapped": hook}, **{**SEALED, **more})


def file(key, body):
    return old(1, key) + b"\xd2\x81" + body


def bits(key, more):
    """The point's length in bits is another."""
    return key[:10] + (int.from_bytes(key[10:12], "big") + more).to_bytes(2, "big") + key[12:]


def remade(*options, cipher="AES256", run_key=None):
    """A file that gpg makes in another way; the message is that of the builder's key."""
    def hook(_file, where):
        seed = b"satchel"
        key = run_key or rules.sha512(seed, b"key\0", b"0\0", b"%d\0" % where["run"])[:32]
        message = rules.wrapped_message(rules.sha512(seed, b"id\0")[:16], 0, where["run"], key)
        return ring.gpg("--trust-model", "always", "--cipher-algo", cipher, "--compress-algo", "none",
                        "--no-encrypt-to", *options, "--encrypt", stdin=message)
    return hook


PASSPHRASE = old(3, b"\4\x09\3\x08" + bytes(9))
wrapped("tag-of-the-first-packet", lambda k, b: b"\x88" + file(k, b)[1:])
wrapped("header-of-the-new-form", lambda k, b: b"\xc1" + bytes([len(k)]) + k + b"\xd2\x81" + b)
wrapped("length-of-two-bytes", lambda k, b: old(1, k, 2) + b"\xd2\x81" + b)
wrapped("length", lambda k, b: put(1, bytes([len(k) - 1]))(file(k, b)))
wrapped("version", lambda k, b: file(b"\2" + k[1:], b))
wrapped("key-id-0", lambda k, b: file(k[:1] + bytes(8) + k[9:], b))
wrapped("key-id-and-hidden", lambda k, b: file(k[:1] + bytes.fromhex(ring.fingerprints(
    fingerprint("reader"))[1][-16:]) + k[9:], b), hidden=True)
wrapped("key-id-of-another", lambda k, b: file(k[:1] + b"\x12" * 8 + k[9:], b))
wrapped("algorithm", lambda k, b: file(k[:9] + b"\x11" + k[10:], b))
wrapped("point", lambda k, b: file(k[:12] + b"\x41" + k[13:], b))
wrapped("bits-of-the-point", lambda k, b: file(bits(k, 1), b))
wrapped("no-bits-of-the-point", lambda k, b: file(k[:10] + b"\0\0" + k[12:], b))
wrapped("session-key-of-31-bytes", lambda k, b: file(k[:-49] + b"\x31" + k[-48:], b))
wrapped("byte-more-in-the-session-key", lambda k, b: file(k + b"\0", b))
wrapped("second-session-key", lambda k, b: old(1, k) + file(k, b))
wrapped("passphrase-too", lambda k, b: old(1, k) + PASSPHRASE + b"\xd2\x81" + b)
wrapped("passphrase-alone", lambda k, b: PASSPHRASE + b"\xd2\x81" + b)
wrapped("tag-9", lambda k, b: old(1, k) + b"\xc9\x81" + b)
wrapped("tag-20", lambda k, b: old(1, k) + b"\xd4\x81" + b)
wrapped("marker-in-front", lambda k, b: b"\xca\x03PGP" + file(k, b))
wrapped("bytes-behind", lambda k, b: file(k, b) + b"\0")
wrapped("data-length", lambda k, b: old(1, k) + b"\xd2\x80" + b)
wrapped("data-length-of-five-bytes", lambda k, b: old(1, k) + b"\xd2\xff\0\0\0\x81" + b)
wrapped("data-version", lambda k, b: file(k, b"\2" + b[1:]))
wrapped("data-cut", lambda k, b: file(k, b)[:-1])
wrapped("modification-detection-code", lambda k, b: turned(-1)(file(k, b)))
wrapped("prefix", lambda k, b: turned(-128)(file(k, b)))
wrapped("session-key", lambda k, b: file(turned(-1)(k), b))
for _name, _options, _cipher in (
        ("compressed", ("-r", "reader", "--compress-algo", "zlib"), "AES256"),
        ("signed", ("-r", "reader", "--sign", "-u", "sender"), "AES256"),
        ("file-name", ("-r", "reader", "--set-filename", "x"), "AES256"),
        ("armored", ("-r", "reader", "--armor"), "AES256"), ("twofish", ("-r", "reader"), "TWOFISH"),
        ("aes-128", ("-r", "reader"), "AES"), ("of-another-recipient", ("-r", "stranger"), "AES256")):
    refuse("wrapped-key-" + _name, hooks={"wrapped": remade(*_options, cipher=_cipher)}, **SEALED)
refuse("wrapped-key-79-bytes-and-a-file-name", **SEALED, hooks={
    "wrapped": remade("-r", "reader", "--set-filename", "x", run_key=bytes(31))})
refuse("wrapped-key-over-16-kib", hooks={"wrapped": lambda d, w: d + bytes(16385 - len(d))}, **SEALED)
for _name, _function in (
        ("purpose", put(0, b"satchel-run\0")), ("bundle-id", turned(16)), ("lane", turned(32)), ("run", turned(40)),
        ("key", turned(48)), ("length", lambda m: m + b"\0")):
    refuse("wrapped-message-" + _name, hooks={"message": with_(_function)}, **SEALED)
refuse("wrapped-key-to-nobody-here", recipients=["stranger"])

# ---------------------------------------------------------------- SIGNATURES


def signature(name, function, **more):
    """function: the file from the sender's proper one and the bytes it is over."""
    signed = {}

    def keep(data, _where):
        signed["text"] = data
        return data
    refuse("signature-" + name, hooks={"manifest_text": keep,
           "signature": lambda sig, where: function(sig, signed["text"])}, **more)


def by_hand(**options):
    """A signature that holds, of another form than gpg's."""
    def function(_sig, data):
        key = ring.by_hand("sender")
        return key.sign(data, when=SIGNED, **{k: v(key) for k, v in options.items()})
    return function


def hashed(*more, front=b""):
    return lambda key: front + key.issuer_fpr() + lib_packets.sub(2, lib_packets.time4(SIGNED)) + b"".join(more)


def by_gpg(*options, fpr="sender", when=SIGNED):
    return lambda _sig, data: ring.signed_at(when, fpr, data, *options)


def version_3(_sig, data):
    return ring.by_hand("sender").sign_v3(data, when=SIGNED)


# Where the two integers begin: in the body, 6 + 29 + 2 + 10 + 2 bytes behind the header.
NUMBERS = 2 + 6 + 29 + 2 + 10 + 2


def with_text_type(_sig, data):
    key = ring.by_hand("sender")
    return key.sign(data.replace(b"\n", b"\r\n"), kind=1, when=SIGNED)


signature("tag", lambda s, d: b"\x84" + s[1:])
signature("header-of-the-new-form", lambda s, d: b"\xc2" + s[1:])
signature("length-of-two-bytes", lambda s, d: b"\x89\0" + s[1:])
signature("bytes-behind", lambda s, d: s + b"\0")
signature("twice", lambda s, d: s + s)
signature("cut", lambda s, d: s[:-1])
signature("armored", by_gpg("--digest-algo", "SHA512", "--armor"))
signature("version-3", version_3)
signature("of-text", with_text_type)
signature("sha-1", by_hand(algo=lambda key: lib_packets.SHA1))
signature("sha-224", by_hand(algo=lambda key: 11))
signature("length-of-hashed", lambda s, d: put(7, b"\x1e")(s))
signature("without-fingerprint", by_hand(hashed=lambda key: lib_packets.sub(2, lib_packets.time4(SIGNED))))
signature("fingerprint-behind-the-time", by_hand(hashed=lambda key: lib_packets.sub(
    2, lib_packets.time4(SIGNED)) + key.issuer_fpr()))
signature("without-time", by_hand(hashed=lambda key: key.issuer_fpr()))
signature("that-expires", by_gpg("--digest-algo", "SHA512", "--default-sig-expire", "90y"))
signature("with-a-notation", by_gpg("--digest-algo", "SHA512", "--sig-notation", "a@example.com=b"))
signature("user-id-empty", by_hand(hashed=hashed(lib_packets.sub(28, b""))))
signature("user-id-twice", by_hand(hashed=hashed(lib_packets.sub(28, b"s"), lib_packets.sub(28, b"s"))))
signature("user-id-of-a-long-length", by_hand(hashed=hashed(b"\xff\0\0\0\2\x1cs")))
signature("without-issuer", by_hand(unhashed=lambda key: b""))
signature("with-more-unhashed", by_hand(unhashed=lambda key: key.issuer() + lib_packets.sub(28, b"s")))
signature("issuer-of-another", lambda s, d: turned(NUMBERS - 3)(s))
signature("first-bytes-of-the-digest", lambda s, d: turned(NUMBERS - 1)(s))
signature("bits-of-an-integer", lambda s, d: put(NUMBERS, bytes([s[NUMBERS], s[NUMBERS + 1] ^ 1]))(s))
signature("three-integers", lambda s, d: bytes([s[0], s[1] + 3]) + s[2:] + b"\0\1\1")
signature("does-not-hold", lambda s, d: turned(-1)(s))
signature("over-another-manifest", lambda s, d: ring.sign("sender", d + b"\n"))
signature("before-its-key", lambda s, d: ring.by_hand("sender").sign(d, when=MADE - 86400))
signature("in-the-future", lambda s, d: ring.by_hand("sender").sign(d, when=4102444800))
for _name, _key in (("dsa-key", "elgamal"), ("key-to-certify", "certifier"), ("key-that-expired", "expired"),
                    ("weak-key", "weak")):
    refuse("signature-by-a-" + _name, sender=_key, trusted=[_key])


def revoked(folder):
    """The certificate with its revocation is what is trusted."""
    (folder.parent / "trust.pgp").write_bytes((HERE / "keys" / "revoked.pgp").read_bytes())


refuse("signature-by-a-key-that-was-revoked", revoked, sender="revoked")
