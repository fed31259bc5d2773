# SPDX-License-Identifier: BSD-2-Clause
"""VOLUMES and STREAMS: header, guard, index and chunks of a file, each compared with its
digest before it is used, and the plain bytes of the chunks."""

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import transforms
from rules import (CONTENTS, DAMAGED, INCOMPLETE, LANES_MAX, PAYLOAD, STORED_EXTRA, VOLUMES_MAX, Broken,
                   additional_data, chunk_digest, index_digest, require, u32)

RULE = "VOLUMES"
HEADER_MAGIC, INDEX_MAGIC, CHUNK_MAGIC = 0x184D2A53, 0x184D2A54, 0x184D2A55
HEADER_SIZE, ENTRY_SIZE = 48, 76
GUARD = bytes.fromhex("28b52ffd23ffffff7f00010000")


def header(bundle_id, kind, lane, number):
    return struct.pack("<II8sHBxHxxIxxxx16s", HEADER_MAGIC, 40, b"SATCHEL", 1, kind, lane, number, bundle_id)


def expected_header(manifest, volume):
    return header(manifest.id, volume.kind, volume.lane, volume.number)


def whose(head):
    """(kind, lane, number, bundle id) of a well-formed header, else None."""
    if len(head) < HEADER_SIZE:
        return None
    kind, lane, number, bundle_id = head[18], *struct.unpack("<HxxI", head[20:28]), head[32:48]
    formed = (head[:48] == header(bundle_id, kind, lane, number) and kind in (PAYLOAD, CONTENTS) and lane < LANES_MAX
              and number < VOLUMES_MAX and (kind == PAYLOAD or number == 0))
    return (kind, lane, number, bundle_id) if formed else None


def names_another(head, manifest, volume):
    found = whose(head)
    return found is not None and head[:48] != expected_header(manifest, volume)


def wrong_size(head, manifest, volume):
    """A file of another size than the manifest's: what is wrong."""
    if names_another(head, manifest, volume):
        return Broken(INCOMPLETE, RULE, "%s: the file is another's: %s" % (volume.name, whose(head)))
    return Broken(DAMAGED, RULE, "%s: another size" % volume.name)


class Entry:
    """One entry of an index."""

    def __init__(self, raw):
        self.stored, self.transform, self.plain, self.digest = struct.unpack("<III64s", raw)


class Reader:
    """A volume or contents file: open() checks it up to the index, frames() gives its chunks."""

    def __init__(self, manifest, lane, volume, file):
        """file: an open file of the right size."""
        self.manifest, self.volume, self.file = manifest, volume, file
        self.total = lane.contents.chunks if volume.kind == CONTENTS else lane.chunks
        self.entries = []
        self.open()

    def open(self):
        m, v = self.manifest, self.volume
        index_size = 8 + ENTRY_SIZE * v.chunks
        head = self.file.read(m.head_size)
        self.file.seek(v.size - index_size)
        index = self.file.read(index_size)
        wanted = expected_header(m, v) + (b"" if m.portable else GUARD)
        if index_digest(head, b"", index) != v.index:
            another = names_another(head, m, v) and index_digest(wanted[:48], head[48:], index) != v.index
            require(not another, RULE, "%s: the file is another's" % v.name, INCOMPLETE)
            require(False, RULE, "%s: header or index differs" % v.name, DAMAGED)
        require(head == wanted, RULE, "%s: not the header and guard that belong there" % v.name)
        require(index[:8] == u32(INDEX_MAGIC, ENTRY_SIZE * v.chunks), RULE, "%s: no index" % v.name)
        self.entries = [Entry(index[i:i + ENTRY_SIZE]) for i in range(8, len(index), ENTRY_SIZE)]
        require(m.head_size + index_size + sum(e.stored for e in self.entries) == v.size, RULE,
                "%s: the stored lengths do not add up" % v.name)
        for i, e in enumerate(self.entries):
            self.check_entry(v.first + i, e)

    def check_entry(self, number, e):
        m, where = self.manifest, "%s: chunk %d" % (self.volume.name, number)
        require(e.stored <= m.chunk_size + m.padding + STORED_EXTRA, RULE, "%s: stored too long" % where)
        if m.encrypted:
            require(e.transform == 0 and e.plain == 0, RULE, "%s: transform or plain length not 0" % where)
            most = 48 + -(-m.chunk_size // m.padding) * m.padding
            require(48 < e.stored <= most and (e.stored - 48) % m.padding == 0, RULE, "%s: not padded" % where)
            return
        full = number < self.total - 1
        require(e.plain == m.chunk_size if full else 1 <= e.plain <= m.chunk_size, RULE, "%s: plain length" % where)
        require(e.transform in ((1,) if m.portable else (0, 1, 2)), RULE, "%s: transform %d" % (where, e.transform))
        if e.transform == 0:
            require(e.stored == 8 + e.plain, RULE, "%s: stored length of stored data" % where)
        elif not m.portable:
            data = e.stored if e.transform == 1 else e.stored - 8
            require(data < e.plain, RULE, "%s: data not shorter than the plain length" % where)

    def frames(self):
        """(number, entry, stored chunk) of each, verified; a chunk that is damaged ends it."""
        self.file.seek(self.manifest.head_size)
        for i, e in enumerate(self.entries):
            frame, where = self.file.read(e.stored), "%s: chunk %d" % (self.volume.name, self.volume.first + i)
            require(chunk_digest(self.volume.kind, frame) == e.digest, RULE, "%s: differs" % where, DAMAGED)
            if self.manifest.encrypted or e.transform != 1:
                require(e.stored >= 8 and frame[:8] == u32(CHUNK_MAGIC, e.stored - 8), RULE,
                        "%s: its own length differs" % where)
            else:
                require(frame[:4] == transforms.MAGIC, RULE, "%s: no zstd frame" % where)
            yield self.volume.first + i, e, frame

    def plain(self, key):
        """The plain bytes of each chunk."""
        for number, e, frame in self.frames():
            where = "%s: chunk %d: " % (self.volume.name, number)
            try:
                if key is not None:
                    yield self.unseal(key, number, frame)
                else:
                    yield transforms.restore(e.transform, e.plain, frame if e.transform == 1 else frame[8:])
            except Broken as problem:
                raise Broken(problem.status, problem.rule, where + problem.text) from None

    def unseal(self, key, number, frame):
        m, v, rule = self.manifest, self.volume, "Encryption"
        aad = additional_data(m.id, v.lane, v.run, v.kind, number)
        try:
            sealed = AESGCM(key).decrypt(frame[8:20], frame[20:], aad)
        except InvalidTag:
            require(False, rule, "the tag does not hold")
        transform, plain, size = struct.unpack_from("<III", sealed)
        full = number < self.total - 1
        require(plain == m.chunk_size if full else 1 <= plain <= m.chunk_size, rule, "a plain length of %d" % plain)
        require(size <= plain, rule, "data longer than the plain length")
        padded = max(1, -(-size // m.padding)) * m.padding
        require(len(sealed) == 12 + padded, rule, "a data length that does not give the length of what was sealed")
        require(not any(sealed[12 + size:]), rule, "padding that is not zero")
        require(transform == 0 or size < plain, rule, "data not shorter than the plain length")
        return transforms.restore(transform, plain, sealed[12:12 + size])
