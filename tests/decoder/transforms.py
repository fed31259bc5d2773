# SPDX-License-Identifier: BSD-2-Clause
"""Transforms: from the data of a chunk to its plain bytes.  A zstd frame is walked here
first, block by block, and then decompressed by the zstd program."""

import struct
import subprocess

from rules import WINDOW_MAX, require

RULE = "Transforms"
PLANES_RULE = "Weight planes"
MAGIC = b"\x28\xb5\x2f\xfd"
GROUP = 16384           # elements that share a top
LOW = bytes(b & 15 for b in range(256))
HIGH = bytes(b >> 4 for b in range(256))
KINDS = {0: (1, (1,)), 1: (2, (1, 1)), 2: (2, (1, 1)), 3: (4, (1,) * 4), 4: (8, (1,) * 8)}


def frame_facts(data, rule=RULE):
    """(content size, window, end) of the zstd frame (RFC 8878) at the beginning."""
    require(len(data) >= 6 and data[:4] == MAGIC, rule, "no zstd frame")
    descriptor = data[4]
    single = descriptor >> 5 & 1
    require(descriptor & 8 == 0, rule, "a reserved bit of the frame header")
    require(descriptor & 3 == 0, rule, "a dictionary id")
    at, window = 5, None
    if not single:
        exponent, mantissa = data[at] >> 3, data[at] & 7
        window = (1 << 10 + exponent) + (1 << 10 + exponent) // 8 * mantissa
        at += 1
    width = (single, 2, 4, 8)[descriptor >> 6]
    require(width > 0, rule, "no content size")
    require(at + width <= len(data), rule, "the frame ends early")
    size = int.from_bytes(data[at:at + width], "little") + (256 if width == 2 else 0)
    window = size if single else window
    require(window <= WINDOW_MAX, rule, "a window of %d bytes" % window)
    at += width
    last = False
    while not last:
        require(at + 3 <= len(data), rule, "the frame ends early")
        header = int.from_bytes(data[at:at + 3], "little")
        last, kind, length = header & 1, header >> 1 & 3, header >> 3
        require(kind < 3, rule, "a block of reserved type")
        require(length <= min(window, 1 << 17), rule, "a block of %d bytes" % length)
        at += 3 + (1 if kind == 1 else length)
    at += 4 * (descriptor >> 2 & 1)
    return size, window, at


def unzstd(data, plain, rule=RULE):
    """Transform 1: exactly one frame that gives plain bytes."""
    size, _, end = frame_facts(data, rule)
    require(end == len(data), rule, "the frame does not end where the data end")
    require(size == plain, rule, "the frame holds %d bytes, not %d" % (size, plain))
    p = subprocess.run(["zstd", "-dcq", "--single-thread", "-M16MiB"], input=data, check=False, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=60)
    require(p.returncode == 0 and len(p.stdout) == plain, rule, "the frame does not decompress")
    return p.stdout


def restore(transform, plain, data):
    """The plain bytes of a chunk."""
    require(transform in (0, 1, 2), RULE, "transform %d" % transform)
    if transform == 0:
        require(len(data) == plain, RULE, "stored data of another length")
        return data
    return unzstd(data, plain) if transform == 1 else Planes(data).restore(plain)


class Planes:
    """The data of a chunk in weight planes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        require(self.at + size <= len(self.data), PLANES_RULE, "the data end early")
        self.at += size
        return self.data[self.at - size:self.at]

    def u32(self):
        return struct.unpack("<I", self.take(4))[0]

    def restore(self, plain):
        out = bytearray()
        while len(out) < plain:
            out += self.piece(plain - len(out))
        require(self.at == len(self.data), PLANES_RULE, "data behind the last piece")
        return bytes(out)

    def piece(self, left):
        kind, head, length = self.take(1)[0], self.take(1)[0], self.u32()
        require(kind <= 5, PLANES_RULE, "a piece of kind %d" % kind)
        require(length <= left, PLANES_RULE, "a piece longer than what is left")
        if kind == 5:
            width, groups = self.take(2)
            require(width >= 2 and 1 <= groups <= 8, PLANES_RULE, "records of %d bytes in %d groups" % (width, groups))
            sizes = tuple(self.take(groups))
            require(0 not in sizes and sum(sizes) == width, PLANES_RULE, "groups that are not the record")
        else:
            width, sizes = KINDS[kind]
        require(head < width and length >= head + width, PLANES_RULE, "a head of %d, or no element" % head)
        count, tail = divmod(length - head, width)
        front, back = self.take(head), self.take(tail)
        planes = [self.plane(kind, count * size) for size in sizes]
        return front + join(kind, count, sizes, planes) + back

    def plane(self, kind, size):
        mode = self.take(1)[0]
        if mode == 3:
            require(kind in (2, 3, 4), PLANES_RULE, "mode 3 in kind %d" % kind)
            return self.distances(size)
        return self.stretch(mode, size)

    def stretch(self, mode, size):
        require(mode <= 2, PLANES_RULE, "mode %d" % mode)
        if mode == 0:
            return self.take(size)
        if mode == 1:
            return self.take(1) * size
        length = self.u32()
        require(length < size, PLANES_RULE, "a frame of %d bytes for %d" % (length, size))
        return unzstd(self.take(length), size, PLANES_RULE)

    def distances(self, size):
        tops = self.take(-(-size // GROUP))
        pairs = self.stretch(self.take(1)[0], (size + 1) // 2)
        escapes_left = self.u32()
        require(escapes_left <= size, PLANES_RULE, "more escapes than elements")
        escapes = self.stretch(self.take(1)[0], escapes_left) if escapes_left else b""
        require(size % 2 == 0 or pairs[-1] >> 4 == 0, PLANES_RULE, "bits behind the last distance")
        both = bytearray(2 * len(pairs))
        both[0::2], both[1::2] = pairs.translate(LOW), pairs.translate(HIGH)
        distances, used = bytes(both[:size]), 0
        out = bytearray()
        for i, top in enumerate(tops):
            group = distances[i * GROUP:(i + 1) * GROUP]
            made = bytearray(group.translate(bytes((top - d) % 256 for d in range(256))))
            found = group.find(15)
            while found >= 0:
                require(used < len(escapes), PLANES_RULE, "escapes too few")
                require((top - escapes[used]) % 256 >= 15, PLANES_RULE, "an escape that needed none")
                made[found] = escapes[used]
                used += 1
                found = group.find(15, found + 1)
            out += made
        require(used == len(escapes), PLANES_RULE, "escapes too many")
        return bytes(out)


def rotated_right(low, high):
    """The two byte planes of 16-bit numbers, each rotated right by one bit."""
    n = len(low)
    l, h = int.from_bytes(low, "little"), int.from_bytes(high, "little")
    ones = int.from_bytes(b"\x01" * n, "little")
    sevens = int.from_bytes(b"\x7f" * n, "little")
    return ((l >> 1 & sevens | (h & ones) << 7).to_bytes(n, "little"),
            (h >> 1 & sevens | (l & ones) << 7).to_bytes(n, "little"))


def join(kind, count, sizes, planes):
    """The elements of a piece, from its planes."""
    if kind == 0:
        return planes[0]
    width = sum(sizes)
    out = bytearray(count * width)
    if kind == 1:
        halves, right = [], bytes(b >> 1 | (b & 1) << 7 for b in range(256))
        for table in (LOW, HIGH):
            low, high = (int.from_bytes(p.translate(table), "little") for p in planes)
            halves.append((low | high << 4).to_bytes(count, "little").translate(right))
        out[0::2], out[1::2] = halves
    elif kind == 5:
        at = 0
        for size, plane in zip(sizes, planes):
            for i in range(size):
                out[at + i::width] = plane[i::size]
            at += size
    else:
        planes[-2:] = rotated_right(*planes[-2:])
        for i, plane in enumerate(planes):
            out[i::width] = plane
    return bytes(out)
