# SPDX-License-Identifier: BSD-2-Clause
"""A trusted signer who is hostile: wrapped keys of another form, kind, bundle or recipient,
whose digests are signed."""

import lib
from lib import HOST
from lib_decoder import Both
from lib_hostile import (FILES, MALFORMED, OK, SEALED, TRUST, Table, build, cleanup, keys, reader, rules, sender,
                         stranger)
from lib_keys import Keyring

__all__ = ["cleanup"]
SUBKEY = bytes.fromhex(keys.fingerprints(reader)[1][-16:])


def gpg(message, *options, cipher="AES256"):
    """A message that gpg encrypts, in the form of the page but for the options."""
    return keys.gpg("--trust-model", "always", "--cipher-algo", cipher, "--compress-algo", "none", "--no-encrypt-to",
                    *options, "--encrypt", stdin=message)


def some_message(size=32):
    return rules.wrapped_message(bytes(16), 0, 0, bytes(size))


def message(data=None, offset=None, value=None):
    """A hook: another message, or one with other bytes at an offset."""
    def hook(right, _where):
        if offset is None:
            return data
        return right[:offset] + value + right[offset + len(value):]
    return {"message": hook}


def wrapped(function):
    """A hook: another file in place of the wrapped key's, from its bytes."""
    return {"wrapped": lambda data, where: function(data)}


def test_messages():
    """What the recipient's program decrypts is of another kind, or over-long."""
    with Table() as table:
        table.accepted("the message itself", **SEALED)
        for what, offset, value in (
                ("purpose", 0, b"S"), ("purpose altogether", 0, b"satchel-run\0"), ("end of the purpose", 15, b"\1"),
                ("longer purpose", 11, b"s"), ("bundle id", 16, b"\0\0\0\0"), ("end of the bundle id", 30, b"\0\0"),
                ("lane", 32, b"\1"), ("high byte of the lane", 39, b"\1"), ("run", 40, b"\1"),
                ("high byte of the run", 47, b"\x80"), ("key", 48, bytes(32)), ("end of the key", 78, b"\0\0")):
            table.unopened("another " + what, hooks=message(offset=offset, value=value), **SEALED)
        table.unopened("80 bytes of text", hooks=message(b"dear reader, " * 6 + b"!!"), **SEALED)
        table.unopened("79 bytes and a file name of one", **SEALED,
                       hooks=wrapped(lambda d: gpg(some_message(31), "--set-filename", "x", "-r", reader)))
        for what, data in (("79 bytes", bytes(79)), ("81 bytes", bytes(81)), ("no bytes", b""),
                           ("200 bytes", bytes(200)),
                           ("10000 bytes", bytes(10000)), ("over 16 KiB", bytes(20000))):
            table.never(what, hooks=message(data), **SEALED)
        table.never("the message and a byte", hooks={"message": lambda right, where: right + b"\0"}, **SEALED)


def test_two_recipients_get_different_keys():
    """The commitment holds for one of them; the other must not decrypt with hers."""
    def other(right, where):
        return right[:48] + bytes(32) if where["recipient"] == reader else right

    with lib.Room() as room:
        media = build.Builder(keys, sender, FILES, {"message": other},
                              recipients=[reader, stranger]).write(room / "out")
        for who, status in ((reader, MALFORMED), (stranger, OK)):
            with Keyring() as home:
                home.import_(keys.gpg("--export-secret-keys", who))
                (room / who).mkdir()
                both = Both(room / who, media, TRUST, home.env()).agree()
                assert (both.check.status, both.extract.status) == (OK, status), both.extract


def test_keys_of_another_bundle_and_run():
    def made(**options):
        """The wrapped keys of a bundle, by run."""
        saved = {}
        with lib.Room() as room:
            build.Builder(keys, sender, FILES, {"wrapped": lambda d, w: saved.setdefault(w["run"], d)}, **options,
                          **SEALED).write(room / "out")
        return saved

    two = {"runs": 2, "volume_chunks": 1}
    ours, others = made(**two), made(seed=b"another")
    with Table() as table:
        table.accepted("the same keys", hooks={"wrapped": lambda d, w: ours[w["run"]]}, **two, **SEALED)
        table.unopened("another bundle's", hooks={"wrapped": lambda d, w: others[0]}, **SEALED)
        table.unopened("runs changed places", hooks={"wrapped": lambda d, w: ours[1 - w["run"]]}, **two, **SEALED)
        table.unopened("the same key twice", hooks={"wrapped": lambda d, w: ours[0]}, **two, **SEALED)


# ---------------------------------------------------------------- forms of the file


def old(tag, body, size=None):
    """A packet with an old header; size: bytes of its length."""
    size = size or (1 if len(body) < 256 else 2)
    return bytes([0x80 | tag << 2 | {1: 0, 2: 1, 4: 2}[size]]) + len(body).to_bytes(size, "big") + body


def new(tag, body, long=False):
    """A packet with a new header, whose length has one byte or five."""
    return bytes([0xC0 | tag]) + (b"\xff" + len(body).to_bytes(4, "big") if long else bytes([len(body)])) + body


def protected(body):
    """The one header that the encrypted packet may have."""
    return b"\xd2\x81" + body


def bits(key, more):
    """The point's length in bits is another."""
    return key[:10] + (int.from_bytes(key[10:12], "big") + more).to_bytes(2, "big") + key[12:]


def forms(key, body):
    """Other files in place of a wrapped key, from its session key packet's body and its encrypted body."""
    good, passphrase = old(1, key) + protected(body), b"\4\x09\3\x08" + bytes(9)
    yield "twice", good * 2
    yield "a byte behind", good + b"\0"
    yield "a packet behind", good + new(11, b"b\0" + bytes(4) + b"hello")
    yield "zeros behind", good + bytes(1000)
    yield "two session keys", old(1, key) + good
    yield "no session key", protected(body)
    yield "only the session key", old(1, key)
    yield "a marker in front", new(10, b"PGP") + good
    yield "a marker between", old(1, key) + new(10, b"PGP") + protected(body)
    yield "padding in front", new(21, bytes(8)) + good
    yield "a passphrase packet in front", old(3, passphrase) + good
    yield "a passphrase packet between", old(1, key) + old(3, passphrase) + protected(body)
    yield "a passphrase packet alone", old(3, passphrase) + protected(body)
    yield "new header of the session key", new(1, key) + protected(body)
    yield "length of two bytes", old(1, key, 2) + protected(body)
    yield "length of four bytes", old(1, key, 4) + protected(body)
    yield "tag 9", old(1, key) + b"\xc9\x81" + body
    yield "tag 9, old header", old(1, key) + old(9, body)
    yield "tag 20", old(1, key) + b"\xd4\x81" + body
    yield "data with five bytes of length", old(1, key) + new(18, body, long=True)
    yield "partial lengths", old(1, key) + b"\xd2\xe7" + body[:128] + b"\1" + body[128:]
    yield "length less", old(1, key) + b"\xd2\x80" + body
    yield "length more", old(1, key) + b"\xd2\x82" + body
    yield "a byte less", good[:-1]
    yield "data of version 2", old(1, key) + protected(b"\2" + body[1:])
    yield "data of version 0", old(1, key) + protected(b"\0" + body[1:])
    for version in (0, 2, 4, 6):
        yield "session key of version %d" % version, old(1, bytes([version]) + key[1:]) + protected(body)
    yield "key id 0", old(1, key[:1] + bytes(8) + key[9:]) + protected(body)
    for algorithm in (0, 1, 2, 3, 16, 17, 19, 22, 25, 255):
        yield "algorithm %d" % algorithm, old(1, key[:9] + bytes([algorithm]) + key[10:]) + protected(body)
    yield "point 41", old(1, key[:12] + b"\x41" + key[13:]) + protected(body)
    yield "bits of the point, less", old(1, bits(key, -1)) + protected(body)
    yield "bits of the point, more", old(1, bits(key, 1)) + protected(body)
    yield "no bits of the point", old(1, key[:10] + b"\0\0" + key[12:]) + protected(body)
    yield "wrapped length 31", old(1, key[:-49] + b"\x31" + key[-48:]) + protected(body)
    yield "wrapped length 28", old(1, key[:-49] + b"\x28" + key[-48:-8]) + protected(body)
    yield "a byte more in the session key", old(1, key + b"\0") + protected(body)
    yield "a byte less in the session key", old(1, key[:-1]) + protected(body)
    yield "empty session key", old(1, b"") + protected(body)
    yield "one byte", b"\x84"
    yield "zeros", bytes(200)
    yield "text", b"-----BEGIN PGP MESSAGE-----\n\nhello\n-----END PGP MESSAGE-----\n"
    yield "no bytes", b""
    yield "over 16 KiB", good + bytes(16385 - len(good))


def test_forms_of_the_file():
    """Refused before gpg sees it, by check as well."""
    file = gpg(some_message(), "-r", reader)
    key, body = file[2:2 + file[1]], file[4 + file[1]:]
    assert file == old(1, key) + protected(body)
    with Table() as table:
        for what, data in forms(key, body):
            table.never(what, hooks={"wrapped": lambda d, w, data=data: data}, **SEALED)
        table.never("a key id, and hidden", hooks=wrapped(lambda d: d[:3] + SUBKEY + d[11:]), hidden=True, **SEALED)


def test_files_that_gpg_makes():
    """What gpg itself opens without a word."""
    with Table() as table:
        for what, options in (
                ("a passphrase too", ("-r", reader, "--symmetric", "--passphrase", "x")),
                ("two recipients", ("-r", reader, "-r", stranger)),
                ("armored", ("-r", reader, "--armor")), ("signed", ("-r", reader, "--sign", "-u", sender)),
                ("compressed", ("-r", reader, "--compress-algo", "zlib")),
                ("a long file name", ("-r", reader, "--set-filename", "satchel-key")),
                ("a hidden recipient", ("-R", reader))):
            table.never(what, hooks=wrapped(lambda d, o=options: gpg(some_message(), *o)), **SEALED)


def test_other_ciphers():
    """The form is the same where the cipher's key and blocks are as long."""
    saved = {}
    with Table() as table:
        for cipher in ("TWOFISH", "CAMELLIA256", "AES256"):
            hooks = {"message": lambda m, w: saved.setdefault("message", m),
                     "wrapped": lambda d, w, c=cipher: gpg(saved["message"], "-r", reader, cipher=c)}
            (table.accepted if cipher == "AES256" else table.unopened)(cipher, hooks=hooks, **SEALED)
        for cipher in ("AES", "AES192"):
            table.never(cipher, hooks=wrapped(lambda d, c=cipher: gpg(some_message(), "-r", reader, cipher=c)),
                        **SEALED)


def test_whom_it_is_wrapped_to():
    with Keyring() as ring:
        nobody = ring.gen("Nobody", "nobody@example.org")
        keys.import_(ring.export(nobody))
    with Table() as table:
        table.unopened("the key id of another", hooks=wrapped(lambda d: d[:3] + b"\x12" * 8 + d[11:]), **SEALED)
        table.unopened("wrapped to another", hooks=wrapped(lambda d: gpg(some_message(), "-r", stranger)), **SEALED)
        table.row("nobody whose key is here", OK, HOST, recipients=[nobody])


def test_broken_protection():
    """The modification detection code does not hold, or the session key does not unwrap."""
    def turned(data, offset):
        return data[:len(data) + offset] + bytes([data[offset] ^ 1]) + data[len(data) + offset + 1:]

    with Table() as table:
        for offset in (-1, -22, -23, -60, -128, -132):
            table.unopened("a byte at %d" % offset, hooks=wrapped(lambda d, o=offset: turned(d, o)), **SEALED)


if __name__ == "__main__":
    lib.main(globals())
