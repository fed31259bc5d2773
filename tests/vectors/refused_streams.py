# SPDX-License-Identifier: BSD-2-Clause
"""Refused: what a transform makes of a chunk - zstd frames and weight planes - and the tar
stream."""

from kit import FILES, PORTABLE, SEALED, SIGNED, always, at, refuse, rules

import tarspell                                             # of tests/decoder
import weave

u32 = rules.u32
WIDE = {"b.bin": bytes(16384 + 15872)}      # the second of three chunks is zeros alone
FULL = bytes(16384)
GOOD = weave.zstd(FULL)
SIZE = (16384).to_bytes(4, "little")


def runs_of_zeros(declared, yields):
    """A frame that declares one size, and whose blocks of one byte give another."""
    out = b"\x28\xb5\x2f\xfd\xa0" + declared.to_bytes(4, "little")
    while yields > 0:
        part = min(yields, 1 << 17)
        yields -= part
        out += (part << 3 | 2 | (yields <= 0)).to_bytes(3, "little") + b"\0"
    return out


BLOCKS = runs_of_zeros(16384, 16384)[9:]


def chunk(name, transform, data, **more):
    """The data of the second chunk."""
    assert len(data) < 16384, name
    refuse(name, files=WIDE, hooks={"data": at(lambda d: (transform, 16384, data), number=1)}, **more)


# TRANSFORMS
for _name, _frame in (
        ("bytes-behind", GOOD + b"\0"), ("second-frame", GOOD + weave.raw_frame(b"")),
        ("skippable-frame-behind", GOOD + u32(0x184D2A50, 4) + b"skip"), ("cut", GOOD[:-1]),
        ("no-content-size", b"\x28\xb5\x2f\xfd\x00\x58" + BLOCKS),
        ("content-size-one-less", runs_of_zeros(16383, 16384)),
        ("gives-a-byte-more", runs_of_zeros(16384, 16385)), ("gives-100-mib", runs_of_zeros(16384, 100 << 20)),
        ("dictionary-id", b"\x28\xb5\x2f\xfd\xa1\x01" + SIZE + BLOCKS),
        ("dictionary-id-0", b"\x28\xb5\x2f\xfd\xa1\x00" + SIZE + BLOCKS),
        ("window-over-16-mib", b"\x28\xb5\x2f\xfd\x80\x71" + SIZE + BLOCKS),
        ("checksum", b"\x28\xb5\x2f\xfd\xa4" + SIZE + BLOCKS + b"\0\1\2\3"),
        ("reserved-bit", b"\x28\xb5\x2f\xfd\xa8" + SIZE + BLOCKS)):
    chunk("zstd-" + _name, 1, _frame)
chunk("zstd-bytes-behind-encrypted", 1, GOOD + b"\0", **SEALED)
chunk("zstd-gives-a-byte-more-portable", 1, runs_of_zeros(16384, 16385), **PORTABLE)


# WEIGHT PLANES

def piece(kind, length, body, head=0):
    return bytes([kind, head]) + u32(length) + body


FILL = b"\1\0"                                              # a constant plane of zeros
REST = piece(0, 16384 - 16, FILL)


def coded(plane):
    """Two planes of 8192 elements, the second in mode 3."""
    return piece(2, 16384, FILL + b"\3" + plane)


for _name, _data in (
        ("kind-6", piece(6, 16384, FILL)),
        ("head-as-wide-as-an-element", piece(2, 16384, b"\0\0" + FILL * 2, 2)),
        ("no-element", piece(4, 7, bytes(7)) + piece(0, 16377, FILL)),
        ("head-longer-than-the-piece", piece(4, 4, bytes(7) + FILL * 8, 7) + piece(0, 16380, FILL)),
        ("length-0", piece(0, 0, FILL) + piece(0, 16384, FILL)),
        ("length-over-what-is-left", piece(0, 16385, FILL)),
        ("piece-over-what-is-left", piece(0, 16383, FILL) + piece(0, 2, FILL)),
        ("end-early", piece(0, 16383, FILL)),
        ("cut-in-a-piece", piece(0, 16384, b"\1")),
        ("bytes-behind", piece(0, 16384, FILL) + b"\0"),
        ("record-width-1", piece(5, 16384, b"\1\1\1" + FILL)),
        ("record-no-groups", piece(5, 16384, b"\2\0")),
        ("record-nine-groups", piece(5, 16384, b"\x09\x09" + b"\1" * 9 + FILL * 9)),
        ("record-group-of-0", piece(5, 16384, b"\2\3\1\0\1" + FILL * 3)),
        ("record-groups-too-small", piece(5, 16384, b"\4\2\1\2" + FILL * 2)),
        ("mode-4", piece(0, 16384, b"\4\0")),
        ("mode-0-ends-early", piece(0, 16384, b"\0" + bytes(100))),
        ("mode-2-not-shorter", piece(0, 16, b"\2" + u32(16) + bytes(16)) + REST),
        ("mode-2-frame-longer-than-the-data", piece(0, 16384, b"\2" + u32(len(GOOD) + 1) + GOOD)),
        ("mode-2-frame-of-another-size", piece(0, 16384, b"\2" + u32(len(runs_of_zeros(16383, 16383))) +
                                               runs_of_zeros(16383, 16383))),
        ("mode-2-bytes-behind-the-frame", piece(0, 16384, b"\2" + u32(len(GOOD) + 1) + GOOD + b"\0")),
        ("mode-3-in-kind-0", piece(0, 16384, b"\3\0" + FILL + u32(0))),
        ("mode-3-in-kind-1", piece(1, 16384, (b"\3\0" + FILL + u32(0)) * 2)),
        ("mode-3-in-kind-5", piece(5, 16384, b"\2\2\1\1" + (b"\3\0" + FILL + u32(0)) * 2)),
        ("tops-missing", coded(b"")),
        ("pairs-in-mode-3", coded(b"\0" + b"\3\0" + FILL + u32(0))),
        ("escapes-in-mode-3", coded(b"\0\1\xff" + u32(8192) + b"\3\0\1\0" + u32(0))),
        ("escapes-over-the-elements", coded(b"\0" + FILL + u32(8193) + b"\1\x10")),
        ("escapes-too-few", coded(b"\0\1\xff" + u32(8191) + b"\1\x10")),
        ("escapes-too-many", coded(b"\0" + FILL + u32(1) + b"\0\x10")),
        ("escape-needless", coded(b"\x0e\1\xff" + u32(8192) + b"\1\0")),
        ("bits-behind-the-last-distance", piece(2, 2, FILL + b"\3\0\0\x10" + u32(0)) + piece(0, 16382, FILL))):
    chunk("planes-" + _name, 2, _data)
chunk("planes-escape-needless-encrypted", 2, coded(b"\x0e\1\xff" + u32(8192) + b"\1\0"), **SEALED)


# TAR STREAM

def entry(path, data=None, **more):
    e = tarspell.Entry(path, None if data is None else len(data), **more)
    return tarspell.headers(e, SIGNED) + (b"" if data is None else data + tarspell.padding(len(data)))


TREE = {"a/run": (b"#!/bin/sh\n", True), "notes.md": FILES["notes.md"]}
STREAM = [entry("a"), entry("a/run", b"#!/bin/sh\n", executable=True), entry("notes.md", FILES["notes.md"])]
END = tarspell.END


def field(part, offset, value, checksum=True):
    """The stream with other bytes in the header of an entry, whose checksum holds again."""
    block = bytearray(STREAM[part][:512])
    block[offset:offset + len(value)] = value
    if checksum:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return b"".join([*STREAM[:part], bytes(block) + STREAM[part][512:], *STREAM[part + 1:], END])


def stream(name, data, files=None):
    refuse("tar-" + name, files=TREE if files is None else files, hooks={"tar": always(data)})


def pax(records, flag=b"x", part=2):
    block = tarspell.ustar(b"data/satchel-pax-header", 0o644, len(records), SIGNED, flag)
    return b"".join([*STREAM[:part], block + records + tarspell.padding(len(records)), *STREAM[part:], END])


WHOLE = b"".join([*STREAM, END])
for _name, _data in (
        ("content", WHOLE.replace(b"First", b"Other")),
        ("out-of-order", b"".join([STREAM[0], STREAM[2], STREAM[1], END])),
        ("entry-more", b"".join([*STREAM, entry("zz", b"extra\n"), END])),
        ("entry-less", b"".join([*STREAM[:2], END])), ("directory-less", b"".join([*STREAM[1:], END])),
        ("entry-twice", b"".join([*STREAM, STREAM[2], END])),
        ("entry-of-data-itself", b"".join([tarspell.ustar(b"data/", 0o755, 0, SIGNED, b"5"), *STREAM, END])),
        ("padding-of-an-entry", b"".join([*STREAM[:2], STREAM[2][:-1] + b"\1", END])),
        ("one-block-at-the-end", b"".join([*STREAM, bytes(512)])),
        ("end-not-zero", b"".join([*STREAM, END[:-1] + b"\1"])),
        ("bytes-behind-the-end", WHOLE + bytes(512)),
        ("name", field(2, 0, b"data/Notes.md")), ("name-not-filled-with-zeros", field(2, 99, b"x")),
        ("name-without-data", field(2, 0, b"notes.md\0\0\0\0\0")),
        ("mode", field(2, 100, b"0000755")), ("mode-of-a-program", field(1, 100, b"0000644")),
        ("mode-set-user-id", field(1, 100, b"0004755")), ("uid", field(2, 108, b"0000001")),
        ("gid", field(2, 116, b"0000001")), ("size", field(2, 124, b"%011o" % 16)),
        ("size-in-base-256", field(2, 124, b"\x80" + bytes(10) + b"\x0f")),
        ("size-of-a-directory", field(0, 124, b"%011o" % 512)), ("mtime", field(2, 136, b"%011o" % (SIGNED + 1))),
        ("chksum", field(2, 148, b"000001\0 ", False)),
        ("chksum-in-another-form", field(2, 148, b"0" + STREAM[2][148:154] + b"\0", False)),
        ("typeflag-link", field(2, 156, b"2")), ("typeflag-0", field(2, 156, b"\0")),
        ("typeflag-of-a-directory", field(0, 156, b"0")), ("linkname", field(2, 157, b"target")),
        ("magic", field(2, 257, b"ustar ")), ("version", field(2, 263, b" \0")), ("uname", field(2, 265, b"root")),
        ("gname", field(2, 297, b"wheel")), ("devmajor", field(2, 329, b"0000001")),
        ("devminor", field(2, 337, b"0000001")), ("prefix", field(2, 345, b"x")),
        ("last-12-bytes", field(2, 511, b"x")),
        ("pax-not-needed", pax(tarspell.record(b"path", b"data/notes.md"))),
        ("pax-size-not-needed", pax(tarspell.record(b"size", b"15"))),
        ("pax-global", pax(tarspell.record(b"path", b"data/x"), b"g"))):
    stream(_name, _data)

PATH = "n" * 120 + "/\u00e9"
FOLDER = tarspell.headers(tarspell.Entry("n" * 120), SIGNED)
PAXED = tarspell.headers(tarspell.Entry(PATH, 1), SIGNED)
RECORD = tarspell.record(b"path", ("data/" + PATH).encode())


def long(name, records, header=PAXED[-512:], pax_name=b"data/satchel-pax-header", mode=0o644, when=SIGNED, tail=None):
    block = tarspell.ustar(pax_name, mode, len(records), when, b"x") if records else b""
    data = block + records + (tarspell.padding(len(records)) if tail is None else tail) + header
    stream("pax-" + name, FOLDER + data + b"x" + bytes(511) + END, {PATH: b"x"})


long("absent", b"")
long("another-path", RECORD.replace(b"n", b"m", 1))
long("record-more", RECORD + tarspell.record(b"comment", b"x"))
long("size-in-front", tarspell.record(b"size", b"1") + RECORD)
long("length-of-a-record", b"99" + RECORD[2:])
long("record-without-newline", RECORD[:-1] + b" ")
long("name", RECORD, pax_name=b"PaxHeaders/0")
long("mode", RECORD, mode=0o600)
long("time", RECORD, when=SIGNED + 1)
long("padding", RECORD, tail=b"\1".rjust(-len(RECORD) % 512, b"\0"))
long("name-of-the-entry", RECORD, header=tarspell.ustar(b"data/" + b"n" * 95, 0o644, 1, SIGNED, b"0"))
long("size-of-the-entry", RECORD, header=tarspell.ustar(b"data/satchel-long-name", 0o644, 0, SIGNED, b"0"))
