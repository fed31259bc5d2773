# SPDX-License-Identifier: BSD-2-Clause
"""A trusted signer who is hostile: bundles that are signed properly over false streams,
chunks, indexes and keys are refused in bounded time and memory, and leave nothing."""

import os
import random
import subprocess

import lib
from lib import Room, expect, pack, unpack
from lib_hostile import FILES, MALFORMED, OK, PORTABLE, SEALED, Table, cleanup, keys, rules, sender

import names                                                # of tests/decoder
import tarspell
import transforms
import weave

NOISE = random.Random(3).randbytes(40000)
__all__ = ["cleanup"]


def always(value):
    return lambda _value, _where: value


def at_chunk(number, function, kind=1):
    """A hook for one chunk of the payload (kind 1) or the contents (2)."""
    def hook(value, where):
        return function(value, where) if (where["kind"], where["number"]) == (kind, number) else value
    return hook


# ---------------------------------------------------------------- the tar stream


def entry(path, data=None, **more):
    e = tarspell.Entry(path, None if data is None else len(data), **more)
    return tarspell.headers(e, 1795000000) + (b"" if data is None else data + tarspell.padding(len(data)))


STREAM = [entry("a"), entry("a/one.txt", FILES["a/one.txt"]), entry("a/two.txt", b"#!/bin/sh\n", executable=True),
          entry("b.bin", FILES["b.bin"])]
END = tarspell.END


def field(part, offset, value, checksum=True):
    """An entry of STREAM with other bytes in its first header, whose checksum holds again."""
    block = bytearray(STREAM[part][:512])
    block[offset:offset + len(value)] = value
    if checksum:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return b"".join([*STREAM[:part], bytes(block) + STREAM[part][512:], *STREAM[part + 1:], END])


def pax(records, part=1, flag=b"x"):
    block = tarspell.ustar(b"data/satchel-pax-header", 0o644, len(records), 1795000000, flag)
    return b"".join([*STREAM[:part], block + records + tarspell.padding(len(records)), *STREAM[part:], END])


def streams():
    """What a payload stream can say that the content manifest does not."""
    extra, whole = entry("zz", b"extra\n"), b"".join([*STREAM, END])
    yield "an entry more", b"".join([*STREAM, extra, END])
    yield "an entry more in front", b"".join([entry("A", b"extra\n"), *STREAM, END])
    yield "an entry more between", b"".join([*STREAM[:1], entry("a/more", b""), *STREAM[1:], END])
    yield "an entry twice", b"".join([*STREAM[:3], STREAM[2], *STREAM[3:], END])
    yield "a directory twice", b"".join([STREAM[0], *STREAM, END])
    yield "out of order", b"".join([STREAM[0], STREAM[2], STREAM[1], STREAM[3], END])
    yield "an entry less", b"".join([*STREAM[:2], STREAM[3], END])
    yield "the last entry less", b"".join([*STREAM[:3], END])
    yield "the directory less", b"".join([*STREAM[1:], END])
    yield "nothing but the end", END
    yield "another file's content", b"".join([*STREAM[:3], STREAM[3][:512] + b"\1" * 20000 + bytes(480), END])
    yield "one byte of content", b"".join(STREAM[:3]) + STREAM[3][:700] + b"\1" + STREAM[3][701:] + END
    yield "padding behind content", b"".join([*STREAM[:2], STREAM[2][:-1] + b"\1", STREAM[3], END])
    yield "first byte of padding", b"".join([*STREAM[:2], STREAM[2][:522] + b"\1" + STREAM[2][523:], STREAM[3], END])
    yield "one block at the end", b"".join([*STREAM, bytes(512)])
    yield "no end", b"".join(STREAM)
    yield "three blocks at the end", b"".join([*STREAM, bytes(1536)])
    yield "a tar record of 10240 bytes", (whole + bytes(10240))[:-(len(whole) % 10240)]
    yield "data behind the end", b"".join([*STREAM, END, extra, END])
    yield "the last byte not zero", b"".join([*STREAM, END[:-1] + b"\1"])
    yield "the first byte of the end", b"".join([*STREAM, b"\1" + END[1:]])
    yield "one byte behind", b"".join([*STREAM, END, b"\0"])
    yield "one byte less", b"".join([*STREAM, END])[:-1]
    yield "size one more", field(3, 124, b"%011o" % 20001)
    yield "size one less", field(3, 124, b"%011o" % 19999)
    yield "size 0", field(3, 124, b"%011o" % 0)
    yield "size 8 GiB less one", field(3, 124, b"77777777777")
    yield "size in base 256", field(3, 124, b"\x80" + bytes(3) + (20000).to_bytes(8, "big"))
    yield "size with blanks", field(3, 124, b"      47040 ")
    yield "a directory's size", field(0, 124, b"%011o" % 512)
    yield "another name", field(1, 0, b"data/a/oNe.txt")
    yield "bytes behind the name", field(1, 99, b"x")
    yield "a name that escapes", field(1, 0, b"data/../one.tx")
    yield "an absolute name", field(1, 0, b"/ata/a/one.txt")
    yield "name without data/", field(1, 0, b"a/one.txt\0\0\0\0\0")
    yield "a prefix", field(1, 345, b"x")
    yield "set-user-id", field(1, 100, b"0004644")
    yield "executable", field(1, 100, b"0000755")
    yield "not executable", field(2, 100, b"0000644")
    yield "a directory's mode", field(0, 100, b"0000777")
    yield "mode with blanks", field(1, 100, b"   644 \0")
    yield "owner", field(1, 108, b"0000001")
    yield "group", field(1, 116, b"0000001")
    yield "user name", field(1, 265, b"root")
    yield "group name", field(1, 297, b"wheel")
    yield "time", field(1, 136, b"%011o" % 1795000001)
    yield "link target", field(1, 157, b"target")
    yield "device number", field(1, 329, b"0000001")
    yield "bytes at the end of the header", field(1, 511, b"x")
    yield "gnu magic", field(1, 257, b"ustar  \0")
    yield "no magic", field(1, 257, bytes(8))
    yield "checksum off by one", field(1, 148, b"000001\0 ", False)
    yield "checksum in another form", field(1, 148, STREAM[1][148:154].rjust(7, b"0") + b"\0", False)
    for flag in b"\0" b"1234567ADKLMNSVXgxZ":
        yield "type %02x" % flag, field(1, 156, bytes([flag]))
        if flag != ord("5"):
            yield "type %02x of a directory" % flag, field(0, 156, bytes([flag]))
    yield "a pax header that is not needed", pax(tarspell.record(b"path", b"data/a/one.txt"))
    yield "a pax header of another name", pax(tarspell.record(b"path", b"data/evil"))
    yield "a pax size", pax(tarspell.record(b"size", b"12000"))
    yield "an empty pax header", pax(b"")
    yield "a pax global header", pax(tarspell.record(b"path", b"x"), flag=b"g")
    yield "GNU long name", b"".join([STREAM[0],
                                     tarspell.ustar(b"././@LongLink", 0, 5, 0, b"L") + b"evil\0" + bytes(507),
                                     *STREAM[1:], END])
    yield "a long pax header", pax(tarspell.record(b"comment", b"x" * 100000))


def test_streams_in_clear():
    with Table(check=False) as table:
        table.accepted("the stream itself", hooks={"tar": always(b"".join([*STREAM, END]))})
        for what, stream in streams():
            table.unopened(what, hooks={"tar": always(stream)})


def test_streams_encrypted_and_portable():
    with Table(check=False) as table:
        for options in (SEALED, PORTABLE):
            table.accepted("the stream itself", hooks={"tar": always(b"".join([*STREAM, END]))}, **options)
            for what, stream in list(streams())[::7]:
                table.unopened(what, hooks={"tar": always(stream)}, **options)


def test_pax_headers_of_long_names():
    """A name that needs a pax header: no other way to say it is taken."""
    path = "n" * 120 + "/\u00e9"
    files = {path: b"x"}
    folder = tarspell.headers(tarspell.Entry("n" * 120), 1795000000)
    good = tarspell.headers(tarspell.Entry(path, 1), 1795000000)
    ustar, name = good[-512:], ("data/" + path).encode()

    def with_records(records, header=ustar, pax_name=b"data/satchel-pax-header", flag=b"x"):
        block = tarspell.ustar(pax_name, 0o644, len(records), 1795000000, flag)
        return block + records + tarspell.padding(len(records)) + header

    plain = tarspell.record(b"path", name)
    other = bytearray(ustar)
    other[5:12] = b"another"
    other[148:156] = b" " * 8
    other[148:156] = b"%06o\0 " % sum(other)
    rows = {
        "no pax header": ustar, "twice": with_records(plain + plain),
        "a comment more": with_records(plain + tarspell.record(b"comment", b"x")),
        "a size more": with_records(plain + tarspell.record(b"size", b"1")),
        "another name": with_records(plain, bytes(other)),
        "other name of the pax header": with_records(plain, pax_name=b"PaxHeaders/0"),
        "global": with_records(plain, flag=b"g"),
        "a record without end": with_records(plain[:-1]), "a length that lies": with_records(b"99999" + plain[3:]),
        "another path": with_records(plain.replace(b"n", b"m", 1)),
        "sparse": with_records(plain + tarspell.record(b"GNU.sparse.realsize", b"99")),
        "twice the header": with_records(plain, b"") + good, "an orphan": with_records(plain, b""),
        "zeros behind the record": with_records(plain + bytes(8)),
        "binary": with_records(tarspell.record(b"hdrcharset", b"BINARY") + plain)}
    with Table(check=False) as table:
        table.accepted("the stream itself", files=files, hooks={"tar": always(folder + good + b"x" + bytes(511) + END)})
        for what, headers in rows.items():
            table.unopened(what, files=files, hooks={"tar": always(folder + headers + b"x" + bytes(511) + END)})


# ---------------------------------------------------------------- the hostile archives


def archive(path):
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc", str(path)], stdout=subprocess.PIPE, check=True).stdout
    return path.read_bytes()


def blocks(data):
    """(name, type, content) of ustar headers that follow each other, as far as they go; nothing is believed."""
    at, found = 0, []
    while at + 512 <= len(data) and any(data[at:at + 512]):
        name = data[at:at + 100].rstrip(b"\0")
        size = data[at + 124:at + 135]
        size = int(size, 8) if size.isdigit() and not size.strip(b"01234567") else 0
        found.append((name, data[at + 156:at + 157], data[at + 512:at + 512 + size]))
        at += 512 + size + -size % 512
    return found


def described(data):
    """Files and directories of a content manifest that says what an archive seems to hold, where it can."""
    files, directories = {}, []
    for name, flag, content in blocks(data)[:200]:
        try:
            path = names.path(name.decode("utf-8").rstrip("/"))
        except (rules.Broken, UnicodeDecodeError):
            continue
        if flag == b"5":
            directories.append(path)
        else:
            files[path] = content
    taken = {p for path in files for p in names.parents(path)}
    return {p: c for p, c in files.items() if p not in taken and p not in directories}, directories


def test_hostile_archives_as_payload():
    folder = lib.need_data("hostile", "tar")
    with Table(check=False) as table:
        for path in sorted(folder.iterdir()):
            data = archive(path)
            table.unopened(path.name, hooks={"tar": always(data)}, chunk_size=1 << 20)
            files, directories = described(data)
            if files or directories:
                table.unopened(path.name + ", described", files=files, directories=directories,
                               hooks={"tar": always(data)},
                               chunk_size=1 << 20, **(SEALED if len(data) % 3 == 0 else {}))
        assert table.rows > 100, table.rows


def test_entries_of_accepted_archives_are_packed():
    folder = lib.need_data("hostile", "tar")
    index = [line.split("\t") for line in (folder.parent / "INDEX.tsv").read_text().splitlines()]
    wanted = [(row[0][4:], row[1]) for row in index if row[0].startswith("tar/") and row[1].startswith("ACCEPT")]
    assert len(wanted) >= 3
    for name, verdict in wanted:
        with Room() as room:
            tops = set()
            for path, flag, content in blocks(archive(folder / name)):
                path = os.path.normpath(path.decode("ascii"))
                assert ".." not in path and not path.startswith("/")
                if path == ".":
                    continue
                tops.add(path.split("/")[0])
                target = room / "in" / path
                if flag == b"5":
                    target.mkdir(parents=True, exist_ok=True)
                else:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)
            before = lib.payload(room / "in")
            if name.startswith("mode_000"):
                for top in tops:
                    (room / "in" / top).chmod(0)
            handoff = lib.write_handoff(room / "in", [("part-%d" % i, "code", t) for i, t in enumerate(sorted(tops))])
            r = pack("create", handoff, "-o", room / "out", "-s", sender, "--no-encryption", env=keys.env())
            if r.status != OK and verdict == "ACCEPT-NORMALISED" and os.getuid() != 0:
                continue
            expect(r, OK)
            (room / "trust.gpg").write_bytes(keys.export(sender))
            (room / "dest").mkdir()
            expect(unpack("extract", room / "out", "-t", room / "trust.gpg", "-C", room / "dest"), OK)
            assert lib.tree(room / "dest" / "aurora-preview" / "data") == before


# ---------------------------------------------------------------- frames


def rle_frame(declared, yields):
    """A frame that declares one size, and whose blocks of one byte give another."""
    out = b"\x28\xb5\x2f\xfd\xa0" + declared.to_bytes(4, "little")
    while yields > 0:
        part = min(yields, 1 << 17)
        yields -= part
        out += (part << 3 | 2 | (yields <= 0)).to_bytes(3, "little") + b"\0"
    return out


def windowed(size, descriptor):
    """A frame of zeros with a window and a content size."""
    frame = rle_frame(size, size)
    return frame[:4] + b"\x80" + bytes([descriptor]) + frame[5:]


def frames(plain):
    """Frames that stand where one frame of the plain bytes must."""
    good = weave.zstd(plain)
    size = len(plain)
    content_size = size.to_bytes(4, "little")
    yield "trailing bytes", good + b"\0"
    yield "a second frame", good + weave.raw_frame(b"")
    yield "a skippable frame behind", good + rules.u32(0x184D2A50, 4) + b"skip"
    yield "a skippable frame in front", rules.u32(0x184D2A50, 4) + b"skip" + good
    yield "a skippable frame alone", rules.u32(0x184D2A50, 64) + bytes(64)
    yield "cut", good[:-1]
    yield "a header alone", good[:9]
    yield "an empty frame", weave.raw_frame(b"")
    yield "a size one more", rle_frame(size + 1, size)
    yield "a size one less", rle_frame(size - 1, size)
    yield "one byte more than declared", rle_frame(size, size + 1)
    yield "one byte less than declared", rle_frame(size, size - 1)
    yield "declares what it should, gives 100 MiB", rle_frame(size, 100 << 20)
    yield "declares and gives 100 MiB", rle_frame(100 << 20, 100 << 20)
    yield "declares 2^64 - 1", b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8 + rle_frame(size, size)[9:]
    yield "no content size", b"\x28\xb5\x2f\xfd\x00\x58" + rle_frame(size, size)[9:]
    yield "a window over 16 MiB", windowed(size, 14 << 3 | 1)
    yield "a window of 32 MiB", windowed(size, 15 << 3)
    yield "the greatest window", windowed(size, 255)
    yield "a dictionary", b"\x28\xb5\x2f\xfd\xa1\x01" + content_size + rle_frame(size, size)[9:]
    four = b"\x28\xb5\x2f\xfd\xa3\xff\xff\xff\x7f"
    yield "a dictionary of four bytes", four + content_size + rle_frame(size, size)[9:]
    yield "dictionary number 0 named", b"\x28\xb5\x2f\xfd\xa1\x00" + content_size + rle_frame(size, size)[9:]
    yield "a reserved bit", b"\x28\xb5\x2f\xfd\xa8" + rle_frame(size, size)[5:]
    yield "a reserved block type", b"\x28\xb5\x2f\xfd\xa0" + content_size + (7).to_bytes(3, "little")
    raw_block = (size << 3 | 1).to_bytes(3, "little")
    yield "a raw block that ends early", b"\x28\xb5\x2f\xfd\xa0" + content_size + raw_block + b"x"
    yield "a wrong checksum", b"\x28\xb5\x2f\xfd\xa4" + rle_frame(size, size)[5:] + b"\0\1\2\3"
    yield "a checksum that is cut", b"\x28\xb5\x2f\xfd\xa4" + rle_frame(size, size)[5:] + b"\0\1"
    yield "other bytes", weave.zstd(bytes(b ^ 1 for b in plain))
    yield "legacy magic number", b"\x27" + good[1:]
    yield "no frame", b"x" * 100
    yield "no bytes", b""


ZEROS = {"b.bin": bytes(60000)}


def test_frames():
    """Chunk 1 of the payload is 16384 zeros: other frames for it."""
    plain = bytes(16384)
    taken = {"the frame": weave.zstd(plain), "blocks of one byte": rle_frame(16384, 16384),
             "a window of 16 MiB": windowed(16384, 14 << 3), "the least window": windowed_blocks(),
             "with a checksum": subprocess.run(["zstd", "-qc", "--check", "--stream-size=16384"], input=plain,
                                               check=True,
                                               stdout=subprocess.PIPE).stdout}
    with Table() as table:
        for options in ({}, SEALED, PORTABLE):
            for what, frame in taken.items():
                table.accepted(what, files=ZEROS, hooks={"data": at_chunk(1, lambda v, w, f=frame: (1, 16384, f))},
                               **options)
        for n, (what, frame) in enumerate(frames(plain)):
            for options in ({}, SEALED, PORTABLE):
                clear = options != SEALED and frame[:4] != transforms.MAGIC
                table.row(what, MALFORMED if clear else OK, MALFORMED, files=ZEROS,
                          hooks={"data": at_chunk(1, lambda v, w, f=frame: (1, 16384, f))}, **options)
            if n % 4 == 0:
                table.row(what + ", contents", OK, MALFORMED, files=FILES, **SEALED,
                          hooks={"data": at_chunk(0, lambda v, w, f=frame: (1, v[1], f[:v[1] - 1]), kind=2)})


def windowed_blocks():
    """1 KiB of window: blocks of that size."""
    out = b"\x28\xb5\x2f\xfd\x80\x00" + (16384).to_bytes(4, "little")
    for i in range(16):
        out += (1024 << 3 | 2 | (i == 15)).to_bytes(3, "little") + b"\0"
    return out


def test_hostile_frames():
    folder = lib.need_data("hostile", "zst")
    with Table() as table:
        for path in sorted(folder.iterdir()):
            data = path.read_bytes()
            for options in ({}, SEALED, PORTABLE):
                size = 1 << 20 if len(data) > 16384 else 16384
                clear = options != SEALED and data[:4] != transforms.MAGIC
                table.row(path.name, MALFORMED if clear else OK, MALFORMED, chunk_size=size,
                          files={"b.bin": bytes(3 << 20 if size > 16384 else 60000)},
                          hooks={"data": at_chunk(1, lambda v, w, d=data: (1, v[1], d))}, **options)
            # as the frame of a plane; the rest of the chunk is another piece
            for claimed in (120, 1, 131072):
                if len(data) < claimed < 1 << 19:
                    rest = 16384 - claimed if claimed < 16384 else (1 << 20) - claimed
                    piece = b"\0\0" + rules.u32(claimed) + b"\2" + rules.u32(len(data)) + data
                    piece += weave.piece(0, bytes(rest), modes=(1,))
                    table.unopened(path.name + " in a plane", files={"b.bin": bytes(3 << 20)},
                                   chunk_size=claimed + rest,
                                   hooks={"data": at_chunk(1, lambda v, w, d=piece: (2, v[1], d))})
    # the control has no content size, which this format requires; with one it is taken
    ok = (folder / "ok.zst").read_bytes()
    framed = ok[:4] + b"\x24" + bytes([120]) + ok[6:]
    text = transforms.unzstd(framed, 120)
    piece = b"\0\0" + rules.u32(120) + b"\2" + rules.u32(len(framed)) + framed
    piece += weave.piece(0, bytes(16264), modes=(1,))
    lead = 16384 - len(tarspell.headers(tarspell.Entry("w", 0), 0))
    with Table() as table:
        table.accepted("ok.zst with its size", files={"w": bytes(lead) + text + bytes(16264)},
                       hooks={"data": at_chunk(1, lambda v, w: (2, 16384, piece))})


if __name__ == "__main__":
    lib.main(globals())
