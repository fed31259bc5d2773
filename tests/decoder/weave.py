# SPDX-License-Identifier: BSD-2-Clause
"""Weight planes the other way, for tests: any kind and mode that the page allows, whether
or not it saves anything."""

import subprocess

from rules import u32
from transforms import GROUP, KINDS


def zstd(data, level=3):
    """Exactly one frame with its content size."""
    return subprocess.run(["zstd", "-qc", "--no-check", "--single-thread", "-%d" % level,
                           "--stream-size=%d" % len(data)],
                          input=data, check=True, stdout=subprocess.PIPE).stdout


def raw_frame(data, single=True, window=None, size=None, checksum=b"", descriptor=None, width=4):
    """A frame of raw blocks, made by hand: every field can be made to lie."""
    if descriptor is None:
        descriptor = {1: 0, 2: 0x40, 4: 0x80, 8: 0xC0}[width] | (0x20 if single else 0) | (4 if checksum else 0)
    size = len(data) if size is None else size
    out = b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + (b"" if window is None else bytes([window]))
    out += (size - 256 if width == 2 else size).to_bytes(width, "little")
    parts = [data[i:i + (1 << 17)] for i in range(0, len(data), 1 << 17)] or [b""]
    for i, part in enumerate(parts):
        out += (len(part) << 3 | (i == len(parts) - 1)).to_bytes(3, "little") + part
    return out + checksum


def split(kind, body, sizes):
    """The planes of elements."""
    width = sum(sizes)
    if kind == 0:
        return [body]
    if kind == 1:
        turned = bytes(b << 1 & 255 | b >> 7 for b in body)
        first, second = turned[0::2], turned[1::2]
        return [bytes(a & 15 | (b & 15) << 4 for a, b in zip(first, second)),
                bytes(a >> 4 | b & 0xF0 for a, b in zip(first, second))]
    if kind == 5:
        planes, at = [], 0
        for size in sizes:
            planes.append(b"".join(body[i + at:i + at + size] for i in range(0, len(body), width)))
            at += size
        return planes
    planes = [body[i::width] for i in range(width)]
    upper = [low | high << 8 for low, high in zip(*planes[-2:])]
    upper = [u << 1 & 0xFFFF | u >> 15 for u in upper]
    planes[-2:] = [bytes(u & 255 for u in upper), bytes(u >> 8 for u in upper)]
    return planes


def stretch(mode, data):
    """Bytes in mode 0, 1 or 2, the mode in front."""
    if mode == 0:
        return b"\0" + data
    if mode == 1:
        assert len(set(data)) == 1
        return b"\1" + data[:1]
    frame = zstd(data)
    return b"\2" + u32(len(frame)) + frame


def fitting(mode, data):
    """Mode 1 and 2 where they can be, else mode 0."""
    if mode == 1 and len(set(data)) != 1 or mode == 2 and len(zstd(data)) >= len(data):
        mode = 0
    return stretch(mode, data)


def distances(plane, pairs_mode=0, escapes_mode=0):
    """Mode 3."""
    tops, nibbles, escapes = bytearray(), [], bytearray()
    for at in range(0, len(plane), GROUP):
        group = plane[at:at + GROUP]
        tops.append(max(group))
        for b in group:
            distance = (max(group) - b) % 256
            nibbles.append(min(distance, 15))
            if distance >= 15:
                escapes.append(b)
    nibbles += [0] * (len(nibbles) % 2)
    pairs = bytes(a | b << 4 for a, b in zip(nibbles[0::2], nibbles[1::2]))
    tail = fitting(escapes_mode, bytes(escapes)) if escapes else b""
    return b"\3" + bytes(tops) + fitting(pairs_mode, pairs) + u32(len(escapes)) + tail


def piece(kind, plain, head=0, modes=(0,), sizes=None):
    """One piece; modes are those of its planes, the last one for all further planes."""
    width = KINDS[kind][0] if kind != 5 else sum(sizes)
    sizes = sizes or KINDS[kind][1]
    count, tail = divmod(len(plain) - head, width)
    body = plain[head:head + count * width]
    out = bytes([kind, head]) + u32(len(plain))
    if kind == 5:
        out += bytes([width, len(sizes), *sizes])
    out += plain[:head] + (plain[-tail:] if tail else b"")
    for i, plane in enumerate(split(kind, body, sizes)):
        mode = modes[min(i, len(modes) - 1)]
        out += distances(plane, 2, 2) if mode == 3 else fitting(mode, plane)
    return out
