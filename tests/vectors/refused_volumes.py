# SPDX-License-Identifier: BSD-2-Clause
"""Refused: volumes whose headers, guards, indexes and frames break a rule, and chunks that are
sealed wrongly.  All of it is signed."""

import random
import struct

from kit import (CREATED, DATE, PORTABLE, SEALED, SIGNED, ZEROS, add, at, build, fingerprint, put, refuse, ring, rules,
                 turned)

import volumes                                              # of tests/decoder
import weave

u32 = rules.u32
NOISE = {"noise.bin": random.Random(4).randbytes(16384)}    # two chunks; the first does not compress

# VOLUMES
for _name, _offset, _value in (
        ("magic-number", 0, b"\x50"), ("length", 4, b"\x29"), ("name", 8, b"s"), ("version", 16, b"\2"),
        ("kind", 18, b"\2"), ("byte-19", 19, b"\1"), ("lane", 20, b"\1"), ("bytes-22-and-23", 22, b"\1"),
        ("number", 24, b"\1"), ("bytes-28-to-31", 31, b"\1"), ("bundle-id", 32, b"\0")):
    refuse("header-" + _name, hooks={"header": at(put(_offset, _value))})
refuse("header-kind-of-contents", hooks={"header": at(put(18, b"\1"), kind=2)})
refuse("header-number-of-contents", hooks={"header": at(put(24, b"\1"), kind=2)})
refuse("guard", hooks={"guard": at(turned(12))})
refuse("guard-of-contents", hooks={"guard": at(turned(5), kind=2)}, **SEALED)
refuse("guard-in-a-portable-bundle", hooks={"guard": lambda v, w: volumes.GUARD}, **PORTABLE)
refuse("index-magic-number", hooks={"index": at(put(0, b"\x55"))})
refuse("index-length", hooks={"index": at(put(4, b"\x4d"))})


def entry(number=0, kind=1, stored=0, transform=None, plain=None, digest=None):
    """Another entry for a chunk; stored is added to its length."""
    return {"entry": at(lambda e: (e[0] + stored, e[1] if transform is None else transform,
                                   e[2] if plain is None else plain, digest or e[3]), kind, number)}


refuse("index-chunk-digest", hooks=entry(digest=bytes(64)))
refuse("index-chunk-digest-of-the-second", files=ZEROS, hooks=entry(1, digest=bytes(64)))
refuse("index-stored-length", hooks=entry(stored=1))
refuse("index-transform-encrypted", hooks=entry(transform=1), **SEALED)
refuse("index-plain-length-encrypted", hooks=entry(plain=2048), **SEALED)
refuse("index-plain-length-encrypted-contents", hooks=entry(plain=1, kind=2), **SEALED)
refuse("plain-length-less-than-the-chunk-size", files=ZEROS, hooks=entry(plain=16383))
refuse("plain-length-over-the-chunk-size", hooks=entry(plain=16385))
refuse("plain-length-0", hooks=entry(plain=0))
refuse("transform-3", hooks=entry(transform=3))
refuse("transform-0-of-another-length", transform="stored", hooks=entry(plain=2047))
refuse("transform-0-in-a-portable-bundle", hooks={"data": at(lambda d: (0, 2048, bytes(2048)))}, **PORTABLE)
refuse("transform-2-in-a-portable-bundle", files=ZEROS, **PORTABLE, hooks={"data": at(
    lambda d: (2, d[1], weave.piece(0, bytes(d[1]), modes=(1,))))})
refuse("zstd-not-shorter", hooks={"data": at(lambda d: (1, 2048, weave.raw_frame(bytes(2048))))})
refuse("planes-not-shorter", hooks={"data": at(lambda d: (2, 2048, weave.piece(0, bytes(2048))))})
refuse("frame-magic-number", transform="stored", hooks={"frame": at(put(0, b"\x50"))})
refuse("frame-magic-number-encrypted", hooks={"frame": at(put(0, b"\x54"))}, **SEALED)
refuse("frame-length", transform="stored", hooks={"frame": at(lambda f: put(4, u32(len(f) - 7))(f))})
refuse("frame-length-encrypted", hooks={"frame": at(lambda f: put(4, u32(len(f) - 9))(f))}, **SEALED)
refuse("zstd-magic-number", hooks={"data": at(lambda d: (d[0], d[1], put(0, b"\x27")(d[2])))})
refuse("stored-length-over-the-bound", files=NOISE, hooks={"sealed": at(lambda s: s + bytes(8192))}, **SEALED)
refuse("stored-length-not-padded", hooks={"sealed": at(lambda s: s + b"\0")}, padding=4097, **SEALED)


class Longer(build.Builder):
    """Stored lengths that add up, but each chunk's end lies a byte into the next; digests fit."""

    def finish(self, v):
        if v.kind == 1:
            data, cut = b"".join(v.frames), len(v.frames[0]) + 1
            v.frames = [data[:cut], data[cut:]]
            v.entries = [(len(f), *e[1:3], rules.chunk_digest(1, f)) for f, e in zip(v.frames, v.entries)]
        super().finish(v)


def cut_elsewhere(folder):
    Longer(ring, fingerprint("sender"), ZEROS, time=SIGNED, date=DATE, created=CREATED).write(folder / "bundle")


add("refuse/chunks-cut-elsewhere", cut_elsewhere)

# STREAMS
refuse("chunk-cut-short", files=ZEROS, hooks={"cut": lambda c, w: [c[0][:16383], c[0][16383:] + c[1]]
                                               if w["kind"] == 1 else c})
refuse("chunks-changed-places", hooks={"cut": lambda c, w: [c[1], c[0]] if w["kind"] == 1 else c},
       files={"b.bin": bytes(31232 - 512), "notes.md": b""})
refuse("opener-cut", hooks={"cut": lambda c, w: [c[0][:31]] if w["kind"] == 2 else c}, **SEALED)


# ENCRYPTION

def resealed(transform=None, plain=None, size=None):
    def function(sealed):
        a, b, c = struct.unpack_from("<III", sealed)
        return u32(*(o if n is None else n for n, o in ((transform, a), (plain, b), (size, c)))) + sealed[12:]
    return function


def data_length(sealed):
    return struct.unpack_from("<I", sealed, 8)[0]


def sealed(name, function, number=0, **more):
    refuse("sealed-" + name, hooks={"sealed": at(function, number=number)}, **SEALED, **more)


sealed("transform", resealed(transform=3))
sealed("plain-length-0", resealed(plain=0))
sealed("plain-length-over-the-chunk-size", resealed(plain=16385))
sealed("plain-length-less-than-the-chunk-size", resealed(plain=16383), files=ZEROS)
sealed("plain-length-of-the-last", resealed(plain=2047))
sealed("data-length-over-the-plain-length", resealed(transform=0, size=2049))
sealed("data-length-of-another-padding", resealed(size=4097))
sealed("data-length-0", resealed(size=0))
sealed("padding-more-than-needed", lambda s: s + bytes(4096))
sealed("padding-first-byte", lambda s: put(12 + data_length(s), b"\1")(s))
sealed("padding-last-byte", lambda s: s[:-1] + b"\1")
for _name, _offset in (("version", 0), ("algorithm", 8), ("bundle-id", 16), ("lane", 32), ("run", 40), ("kind", 48),
                       ("chunk-number", 56)):
    refuse("additional-data-" + _name, hooks={"additional": at(turned(_offset))}, **SEALED)
refuse("additional-data-absent", hooks={"additional": lambda v, w: b""}, **SEALED)
refuse("tag", hooks={"frame": at(turned(-1))}, **SEALED)
refuse("iv", hooks={"frame": at(turned(8))}, **SEALED)
refuse("key-of-another-run", hooks={"key": at(turned(0), kind=2)}, **SEALED)
refuse("run-commitment-of-the-second", runs=2, volume_chunks=1, files=ZEROS, **SEALED,
       hooks={"run_commitment": lambda v, w: bytes(64) if w["run"] else v})
refuse("opener-not-committed", hooks={"commitment": lambda v, w: rules.content_commitment(bytes(16), 0, bytes(32),
                                                                                          b"")},
       **SEALED)
