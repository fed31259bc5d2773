# SPDX-License-Identifier: BSD-2-Clause
"""A trusted signer who is hostile, below the tar stream: signed headers, guards, indexes,
chunks, sealed bytes, weight planes, commitments and lists that break a rule."""

import random
import struct

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import DAMAGED
from lib_hostile import MALFORMED, OK, PORTABLE, SEALED, Table, build, cleanup, keys, rules, sender

import volumes                                              # of tests/decoder
import weave
from rules import u32

__all__ = ["cleanup"]
NOISE = {"noise.bin": random.Random(4).randbytes(60000)}    # stored chunks
ZEROS = {"zeros.bin": bytes(60000)}                         # compressed ones


def at_volume(function, kind=1, number=0):
    def hook(value, where):
        return function(value) if (where["kind"], where["number"]) == (kind, number) else value
    return hook


at_chunk = at_volume


def put(offset, value):
    return lambda data: data[:offset] + value + data[offset + len(value):]


def test_headers_and_guards():
    """Signed together with the index: a reader knows what must stand there."""
    fields = {"magic": (0, b"\x50"), "length": (4, b"\x29"), "name": (8, b"s"), "end of name": (15, b"\1"),
              "version 2": (16, b"\2"),
              "version 257": (17, b"\1"), "other kind": (18, b"\2"), "kind 3": (18, b"\3"), "byte 19": (19, b"\1"),
              "lane": (20, b"\1"), "lane 100": (20, b"\x64"), "byte 22": (22, b"\1"), "number": (24, b"\1"),
              "number 65535": (24, b"\xff\xff"), "byte 28": (28, b"\1"), "byte 31": (31, b"\1"),
              "bundle id": (32, b"\0")}
    with Table() as table:
        for what, (offset, value) in fields.items():
            table.never("header: " + what, hooks={"header": at_volume(put(offset, value))})
        for what, (offset, value) in list(fields.items())[::3]:
            other = b"\1" if what == "other kind" else value
            table.never("header of contents: " + what, hooks={"header": at_volume(put(offset, other), kind=2)},
                        **SEALED)
            table.never("header, portable: " + what, hooks={"header": at_volume(put(offset, value))}, **PORTABLE)
        for i in range(13):
            table.never("guard: byte %d" % i, hooks={"guard": at_volume(lambda d, i=i: put(i, bytes([d[i] ^ 1]))(d))})
        table.never("guard: zeros", hooks={"guard": at_volume(lambda d: bytes(13))}, **SEALED)
        table.never("guard: a skippable frame", hooks={"guard": at_volume(lambda d: u32(0x184D2A50, 5) + b"guard")})


def test_a_guard_in_a_portable_bundle():
    """Sizes agree with the manifest: the guard takes the place of a chunk's first bytes, so digests differ."""
    with Table() as table:
        table.row("guard", DAMAGED, DAMAGED, hooks={"guard": lambda v, w: volumes.GUARD}, **PORTABLE)


def test_indexes():
    with Table() as table:
        for options in ({}, SEALED, PORTABLE):
            for what, offset, value in (("magic", 0, b"\x55"), ("length", 4, b"\x4d"), ("length 0", 4, bytes(4)),
                                        ("length of 2^32 - 1", 4, b"\xff" * 4)):
                table.never("index: " + what, hooks={"index": at_volume(put(offset, value))}, **options)
        table.row("index digest", DAMAGED, DAMAGED, hooks={"index_digest": lambda v, w: bytes(64)})
        table.row("chunk digest", DAMAGED, DAMAGED, hooks={"entry": at_chunk(lambda e: (*e[:3], bytes(64)))})
        frames = {}
        table.row("digest of the other kind", DAMAGED, DAMAGED, files=NOISE, hooks={
            "frame": lambda f, w: frames.setdefault((w["kind"], w["number"]), f),
            "entry": lambda e, w: (*e[:3], rules.chunk_digest(3 - w["kind"], frames[w["kind"], w["number"]]))})


def with_entry(stored=None, transform=None, plain=None):
    return lambda e: (e[0] if stored is None else e[0] + stored, e[1] if transform is None else transform,
                      e[2] if plain is None else plain, e[3])


def test_entries_of_an_index():
    rows = [("stored length one more", with_entry(1)), ("stored length one less", with_entry(-1)),
            ("stored length 2^32 less", lambda e: (2**32 - 1, *e[1:])), ("stored length 0", lambda e: (0, *e[1:]))]
    always = [("plain length 0", with_entry(plain=0)), ("plain length one more", with_entry(plain=16385)),
              ("plain length 2^32 - 1", with_entry(plain=2**32 - 1)), ("transform 3", with_entry(transform=3)),
              ("transform 255", with_entry(transform=255)), ("transform 2^31", with_entry(transform=1 << 31))]
    full = ("plain length one less", with_entry(plain=16383))
    with Table() as table:
        for what, function in [*rows, *always, full]:
            table.never("clear: " + what, files=ZEROS, hooks={"entry": at_chunk(function, number=1)})
            table.never("stored: " + what, files=NOISE, hooks={"entry": at_chunk(function, number=1)})
            table.never("portable: " + what, files=NOISE, hooks={"entry": at_chunk(function, number=1)}, **PORTABLE)
        for what, function in rows + always:
            table.never("last: " + what, files=NOISE, hooks={"entry": at_chunk(function, number=3)})
            table.never("contents: " + what, hooks={"entry": at_chunk(function, kind=2)})
        for options in ({}, PORTABLE):
            table.unopened("last: " + full[0], files=ZEROS, hooks={"entry": at_chunk(full[1], number=3)}, **options)
        for what, function in [*rows, ("transform 1", with_entry(transform=1)),
                               ("plain length", with_entry(plain=16384))]:
            table.never("sealed: " + what, hooks={"entry": at_chunk(function)}, **SEALED)
            table.never("sealed contents: " + what, hooks={"entry": at_chunk(function, kind=2)}, **SEALED)
        table.never("transform 0 of a frame", files=ZEROS, hooks={"entry": at_chunk(with_entry(transform=0), number=1)})
        table.never("transform 1 of stored data", files=NOISE,
                    hooks={"entry": at_chunk(with_entry(transform=1), number=1)})
        table.never("transform 2 of stored data", files=NOISE,
                    hooks={"entry": at_chunk(with_entry(transform=2), number=1)})
        table.never("transform 2 of a frame", files=ZEROS, hooks={"entry": at_chunk(with_entry(transform=2), number=1)})
        table.never("planes in a portable bundle", files=ZEROS, hooks={"data": at_chunk(planes)}, **PORTABLE)
        table.never("stored in a portable bundle", files=ZEROS,
                    hooks={"data": at_chunk(lambda d: (0, 16384, bytes(16384)))}, **PORTABLE)
        frame = weave.raw_frame(bytes(16384))
        table.never("a frame that is not shorter", files=ZEROS,
                    hooks={"data": at_chunk(lambda d: (1, 16384, frame), number=1)})
        table.accepted("the same, portable", files=ZEROS,
                       hooks={"data": at_chunk(lambda d: (1, 16384, frame), number=1)}, **PORTABLE)


def planes(value):
    return 2, value[1], weave.piece(0, bytes(value[1]), modes=(1,))


class Recut(build.Builder):
    """Chunks whose bounds in the volume lie elsewhere; every digest fits."""

    shift = 1

    def finish(self, v):
        if v.kind == 1:
            data, at, frames = b"".join(v.frames), 0, []
            for i, f in enumerate(v.frames):
                end = len(data) if i == len(v.frames) - 1 else at + len(f) + (self.shift if i == 0 else 0)
                frames.append(data[at:end])
                at = end
            v.frames = frames
            v.entries = [(len(f), *e[1:3], rules.chunk_digest(1, f)) for f, e in zip(frames, v.entries)]
        super().finish(v)


def test_chunks_cut_elsewhere():
    with Table() as table:
        for what, options, shift in (("clear", {"files": ZEROS}, 1), ("clear, less", {"files": ZEROS}, -1),
                                     ("stored", {"files": NOISE}, 1), ("sealed", {"files": NOISE, **SEALED}, 4096)):
            with lib.Room() as room:
                builder = Recut(keys, sender, **options)
                builder.shift = shift
                table.given(what, MALFORMED, MALFORMED, room, builder.write(room / "out"))


def test_frames_of_chunks():
    """The skippable frame around what is sealed, stored or in planes."""
    rows = [("magic", put(0, b"\x50")), ("index magic", put(0, b"\x54")),
            ("length one more", lambda f: put(4, u32(len(f) - 7))(f)),
            ("length one less", lambda f: put(4, u32(len(f) - 9))(f)), ("length 0", put(4, bytes(4))),
            ("length of all", put(4, b"\xff" * 4))]
    with Table() as table:
        for what, function in rows:
            table.never("stored: " + what, files=NOISE, hooks={"frame": at_chunk(function, number=1)})
            table.never("sealed: " + what, hooks={"frame": at_chunk(function)}, **SEALED)
            table.never("sealed contents: " + what, hooks={"frame": at_chunk(function, kind=2)}, **SEALED)
            table.never("planes: " + what, files=ZEROS, transform="planes", hooks={"frame": at_chunk(function)})


# ---------------------------------------------------------------- what is sealed


def resealed(transform=None, plain=None, size=None):
    def function(sealed):
        a, b, c = struct.unpack_from("<III", sealed)
        return u32(*(o if n is None else n for n, o in ((transform, a), (plain, b), (size, c)))) + sealed[12:]
    return function


def test_sealed_bytes():
    stored = [("transform %d" % t, resealed(transform=t)) for t in (1, 2, 3, 4, 255, 1 << 31, 2**32 - 1)]
    stored += [("plain length %d" % n, resealed(plain=n)) for n in (0, 1, 16383, 16385, 32768, 2**32 - 1)]
    stored += [("data length %d" % n, resealed(size=n)) for n in (0, 1, 12288, 12289, 16383, 16385, 20480, 2**32 - 1)]
    small = [("data length one more", lambda s: resealed(size=struct.unpack_from("<I", s, 8)[0] + 1)(s)),
             ("data length of all", lambda s: resealed(size=len(s) - 12)(s)),
             ("data length 0", resealed(size=0)), ("data length 4097", resealed(size=4097)),
             ("last byte of the padding", lambda s: s[:-1] + b"\1"),
             ("first byte of the padding", lambda s: put(12 + struct.unpack_from("<I", s, 8)[0], b"\1")(s)),
             ("transform 0", resealed(transform=0)), ("transform 2", resealed(transform=2)),
             ("transform 3", resealed(transform=3)), ("plain length 0", resealed(plain=0)),
             ("plain length one less", lambda s: resealed(plain=struct.unpack_from("<I", s, 4)[0] - 1)(s)),
             ("plain length one more", lambda s: resealed(plain=struct.unpack_from("<I", s, 4)[0] + 1)(s)),
             ("padding more than needed", lambda s: s + bytes(4096))]
    with Table() as table:
        for what, function in stored:
            table.unopened("stored: " + what, files=NOISE, hooks={"sealed": at_chunk(function, number=1)}, **SEALED)
        for what, function in small:
            table.unopened("compressed: " + what, files=ZEROS, hooks={"sealed": at_chunk(function, number=1)}, **SEALED)
            table.unopened("last: " + what, files=ZEROS, hooks={"sealed": at_chunk(function, number=3)}, **SEALED)
            table.unopened("contents: " + what, hooks={"sealed": at_chunk(function, kind=2)}, **SEALED)
        table.unopened("a frame that is not shorter", files=ZEROS, hooks={
            "data": at_chunk(lambda d: (1, 16384, weave.raw_frame(bytes(16384))), number=1)}, padding=5000, **SEALED)
        table.never("data longer than a chunk", files=ZEROS, hooks={
            "data": at_chunk(lambda d: (1, 16384, weave.raw_frame(bytes(16384))), number=1)}, **SEALED)
        table.unopened("no data", files=ZEROS, hooks={"data": at_chunk(lambda d: (1, 16384, b""), number=1)}, **SEALED)
        table.never("not padded", hooks={"sealed": at_chunk(lambda s: s + b"\0")}, **SEALED)
        table.never("nothing behind the fields", hooks={"sealed": at_chunk(lambda s: s[:12])}, **SEALED)
        table.never("less than the fields", hooks={"sealed": at_chunk(lambda s: s[:5])}, **SEALED)
        table.never("nothing", hooks={"sealed": at_chunk(lambda s: b"")}, **SEALED)
        table.never("stored over the bound", files=NOISE, hooks={"sealed": at_chunk(lambda s: s + bytes(8192))},
                    **SEALED)


def test_additional_data_and_keys():
    with Table(check=False) as table:
        for what, offset in (("version", 0), ("algorithm", 8), ("bundle id", 16), ("lane", 32), ("run", 40),
                             ("kind", 48),
                             ("number", 56), ("high byte of the number", 63)):
            def other(aad, offset=offset):
                return put(offset, bytes([aad[offset] ^ 1]))(aad)
            table.unopened("other " + what, hooks={"additional": at_chunk(other)}, **SEALED)
            table.unopened("contents: other " + what, hooks={"additional": at_chunk(other, kind=2)}, **SEALED)
        for kind in (1, 2):
            table.unopened("another key", hooks={"key": at_chunk(lambda k: bytes(32), kind=kind)}, **SEALED)
            table.unopened("no additional data", hooks={"additional": at_chunk(lambda a: b"", kind=kind)}, **SEALED)
        table.unopened("the tag", hooks={"frame": at_chunk(lambda f: f[:-1] + bytes([f[-1] ^ 1]))}, **SEALED)
        table.unopened("the IV", hooks={"frame": at_chunk(lambda f: put(8, bytes([f[8] ^ 1]))(f))}, **SEALED)
        table.unopened("two chunks changed places", files=NOISE, hooks={"cut": swap}, runs=1, **SEALED)


def swap(cut, where):
    return [cut[1], cut[0], *cut[2:]] if where["kind"] == 1 else cut


# ---------------------------------------------------------------- streams and commitments


def test_streams_cut_in_another_way():
    def cutting(function, kind=1):
        return {"cut": lambda cut, where: function(cut) if where["kind"] == kind else cut}

    def recut(first):
        return cutting(lambda c: [b"".join(c)[:first],
                                  *(b"".join(c)[i:i + 16384] for i in range(first, len(b"".join(c)), 16384))])

    shorter, longer = recut(16383), recut(16896)
    with Table() as table:
        table.never("chunks one byte short", files=NOISE, hooks=shorter)
        table.unopened("sealed: chunks one byte short", files=NOISE, hooks=shorter, **SEALED)
        table.never("a chunk too long", files=NOISE, hooks=longer)
        table.never("sealed: a chunk too long", files=NOISE, hooks=longer, **SEALED)
        for options in ({}, SEALED, PORTABLE):
            short = MALFORMED if options != SEALED else OK
            table.row("a short chunk, then a chunk of zeros", short, MALFORMED, files=NOISE,
                      hooks=cutting(lambda c: [*c, bytes(16384)]), **options)
            table.unopened("the last chunk missing", files=NOISE, hooks=cutting(lambda c: c[:-1]), **options)
            table.unopened("only the first chunk", files=NOISE, hooks=cutting(lambda c: c[:1]), **options)
            table.unopened("zeros behind", files=NOISE,
                           hooks=cutting(lambda c: [*c[:-1], c[-1].ljust(16384, b"\0"), bytes(512)]), **options)
            table.unopened("a chunk twice", files=NOISE, hooks=cutting(lambda c: [c[0], *c]), **options)
            table.unopened("one byte less at the end", files=NOISE, hooks=cutting(lambda c: [*c[:-1], c[-1][:-1]]),
                           **options)
            table.unopened("one byte more at the end", files=NOISE, hooks=cutting(lambda c: [*c[:-1], c[-1] + b"\0"]),
                           **options)
        table.unopened("an opener that is cut", hooks=cutting(lambda c: [c[0][:31]], kind=2), **SEALED)
        table.unopened("the opener alone", hooks=cutting(lambda c: [c[0][:32]], kind=2), **SEALED)
        table.unopened("contents one byte short", hooks=cutting(lambda c: [*c[:-1], c[-1][:-1]], kind=2))
        table.unopened("contents one byte more", hooks=cutting(lambda c: [*c[:-1], c[-1] + b"\n"], kind=2), **SEALED)
        table.unopened("contents twice", hooks=cutting(lambda c: [c[0] + c[0]], kind=2))


def test_commitments():
    with Table() as table:
        for options in ({}, SEALED, PORTABLE):
            table.unopened("content commitment", hooks={"commitment": lambda v, w: bytes(64)}, **options)
        table.unopened("commitment without the opener", **SEALED,
                       hooks={"opener": lambda v, w: v,
                              "commitment": lambda v, w: rules.content_commitment(bytes(16), 0, bytes(32), b"")})
        table.unopened("run commitment", hooks={"run_commitment": lambda v, w: bytes(64)}, **SEALED)
        table.unopened("one of two runs", runs=2, volume_chunks=1, files=NOISE, **SEALED,
                       hooks={"run_commitment": lambda v, w: bytes(64) if w["run"] else v})


# ---------------------------------------------------------------- weight planes


def bad_planes():
    """Data of 16384 zeros in planes, or what looks like it."""
    def piece(kind, length, body, head=0):
        return bytes([kind, head]) + u32(length) + body

    whole = piece(0, 16384, b"\1\0")
    fill = b"\1\0"
    zstd = weave.zstd(bytes(16384))
    yield "kind 6", piece(6, 16384, fill)
    yield "kind 255", piece(255, 16384, fill)
    yield "no data", b""
    yield "half a header", whole[:5]
    yield "nothing behind the header", whole[:6]
    yield "a mode alone", whole[:7]
    yield "a byte behind", whole + b"\0"
    yield "a piece behind", whole + piece(0, 1, b"\1\0")
    yield "longer than what is left", piece(0, 16385, fill)
    yield "length 2^32 - 1", piece(0, 2**32 - 1, fill)
    yield "two pieces longer together", piece(0, 16383, fill) + piece(0, 2, fill)
    yield "length 0", piece(0, 0, fill) + whole
    yield "a short piece alone", piece(0, 16383, fill)
    yield "head over the width", piece(0, 16384, b"\0" + fill, 1)
    yield "head as wide as an element", piece(2, 16384, b"\0\0" + fill * 2, 2)
    yield "head longer than the piece", piece(4, 4, b"\0" * 7 + fill * 8, 7) + piece(0, 16380, fill)
    yield "no element", piece(4, 7, b"\0" * 7) + piece(0, 16377, fill)
    yield "no element behind a head", piece(3, 5, b"\0" * 3 + b"\0" * 2, 3) + piece(0, 16379, fill)
    for mode in (4, 5, 255):
        yield "mode %d" % mode, piece(0, 16384, bytes([mode]) + b"\0")
    tops = b"\3\0" + fill + u32(0)
    yield "distances in kind 0", piece(0, 16384, tops)
    yield "distances in kind 1", piece(1, 16384, tops * 2)
    yield "distances in kind 5", piece(5, 16384, b"\2\2\1\1" + tops * 2)
    yield "a plane too few", piece(3, 16384, fill * 3)
    yield "a plane too many", piece(3, 16384, fill * 5)
    for what, fields in (("width 0", b"\0\1\0"), ("width 1", b"\1\1\1"), ("no groups", b"\2\0"),
                         ("nine groups", b"\x09\x09" + b"\1" * 9),
                         ("a group of 0", b"\2\3\1\0\1"), ("groups too small", b"\4\2\1\2"),
                         ("groups too large", b"\4\2\2\3"),
                         ("groups that wrap", b"\2\3\xff\2\1")):
        yield "records: " + what, piece(5, 16384, fields + fill * 9)
    yield "frame not shorter", piece(0, 16, b"\2" + u32(16) + bytes(16)) + piece(0, 16368, fill)
    yield "frame of length 0", piece(0, 16384, b"\2" + u32(0))
    yield "frame longer than the data", piece(0, 16384, b"\2" + u32(len(zstd) + 1) + zstd)
    yield "frame of length 2^32 - 1", piece(0, 16384, b"\2" + u32(2**32 - 1) + zstd)
    yield "frame of another size", piece(0, 16384,
                                         b"\2" + u32(len(weave.zstd(bytes(16383)))) + weave.zstd(bytes(16383)))
    yield "bytes behind the frame", piece(0, 16384, b"\2" + u32(len(zstd) + 1) + zstd + b"\0")
    yield "a skippable frame", piece(0, 16384, b"\2" + u32(12) + u32(0x184D2A50, 4) + bytes(4))
    yield "no frame", piece(0, 16384, b"\2" + u32(20) + bytes(20))

    def coded(plane, count=8192):
        return piece(2, 16384, fill + plane) if count == 8192 else piece(2, 2 * count, fill + plane)

    yield "escapes over the elements", coded(b"\3\0" + fill + u32(8193) + b"\1\x10")
    yield "escapes 2^32 - 1", coded(b"\3\0" + fill + u32(2**32 - 1) + b"\1\x10")
    yield "escapes that nobody takes", coded(b"\3\0" + fill + u32(1) + b"\0\x10")
    yield "an escape too few", coded(b"\3\0" + b"\1\xff" + u32(8191) + b"\1\x10")
    yield "escapes that are not there", coded(b"\3\0" + b"\1\xff" + u32(8192))
    yield "no escapes where all need one", coded(b"\3\0" + b"\1\xff" + u32(0))
    yield "an escape that needs none", coded(b"\3\0" + b"\1\xff" + u32(8192) + b"\1\0")
    yield "an escape at distance 14", coded(b"\3\x0e" + b"\1\xff" + u32(8192) + b"\1\0")
    yield "bits behind the last distance", piece(2, 2, fill + b"\3\0" + b"\0\x10" + u32(0)) + piece(0, 16382, fill)
    yield "pairs in mode 3", coded(b"\3\0" + b"\3\0" + fill + u32(0))
    yield "pairs in mode 4", coded(b"\3\0" + b"\4\0" + u32(0))
    yield "pairs that end early", coded(b"\3\0" + b"\0" + bytes(100))
    yield "escapes in mode 3", coded(b"\3\0" + b"\1\xff" + u32(8192) + b"\3\0\1\0" + u32(0))
    yield "tops that are missing", piece(2, 16384, fill + b"\3")


def test_weight_planes():
    with Table() as table:
        zeros = weave.piece(0, bytes(16384), modes=(1,))
        table.accepted("planes", files=ZEROS, hooks={"data": at_chunk(lambda d: (2, 16384, zeros), number=1)})
        for n, (what, data) in enumerate(bad_planes()):
            assert len(data) < 16384
            hooks = {"data": at_chunk(lambda d, data=data: (2, 16384, data), number=1)}
            table.unopened(what, files=ZEROS, hooks=hooks, **(SEALED if n % 2 else {}))


# ---------------------------------------------------------------- the lists of a portable bundle


def test_lists():
    one = b"payload-00.000000"
    lists = {
        "names another": lambda d: d.replace(one, b"payload-00.000001", 1),
        "a line less": lambda d: d[:d.index(b"\n") + 1],
        "a line more": lambda d: d + b"0" * 128 + b"  payload-00.000009\n",
        "a line twice": lambda d: d[:d.index(b"\n") + 1] + d,
        "another order": lambda d: b"".join(reversed(d.splitlines(True))), "empty": lambda d: b"",
        "no LF": lambda d: d[:-1],
        "a path": lambda d: d.replace(b"  payload", b"  ./payload", 1),
        "binary mode": lambda d: d.replace(b"  ", b" *", 1),
        "escaped": lambda d: b"\\" + d, "CR": lambda d: d.replace(b"\n", b"\r\n", 1),
        "a comment": lambda d: b"# list\n" + d,
        "a name that escapes": lambda d: d.replace(one, b"../../../etc/passw", 1),
        "upper case": lambda d: d[:128].upper() + d[128:],
        "a NUL": lambda d: d[:-1] + b"\0\n"}
    with Table() as table:
        for what, function in lists.items():
            table.never("SHA512SUMS: " + what, files=NOISE, volume_chunks=2,
                        hooks={"sums512": lambda d, w, f=function: f(d)}, **PORTABLE)
        table.unopened("SHA256SUMS: empty", hooks={"sums256": lambda d, w: b""}, **PORTABLE)
        table.unopened("SHA256SUMS: a line more", hooks={"sums256": lambda d, w: d + d[-80:]}, **PORTABLE)
        table.unopened("SHA256SUMS: a digest", hooks={"sums256": lambda d, w: b"0" * 64 + d[64:]}, **PORTABLE)
        table.unopened("SHA256SUMS: no LF", hooks={"sums256": lambda d, w: d[:-1]}, **PORTABLE)
        table.unopened("SHA256SUMS: order", hooks={"sums256": lambda d, w: b"".join(reversed(d.splitlines(True)))},
                       **PORTABLE)


if __name__ == "__main__":
    lib.main(globals())
