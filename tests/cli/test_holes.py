# SPDX-License-Identifier: BSD-2-Clause
"""Zeros that were packed take no room where they are imported, and are the same bytes."""

import hashlib
import os

import lib
from lib import OK, Room, Skip, expect, pack, unpack
from lib_keys import Keyring

K = 1 << 10
M = 1 << 20

# name, pieces: a number is that many zeros, a text is data
FILES = [
    ("all-zeros", [8 * M]),
    ("one-unit", [64 * K]),
    ("under-one-unit", [64 * K - 1]),
    ("a-byte-behind", [3 * M, b"x"]),
    ("a-byte-before", [b"x", 3 * M]),
    ("zeros-to-the-end", [b"x" * 70_001, 5 * M + 17]),
    ("between", [b"x" * (64 * K), 2 * M, b"y" * (64 * K), 2 * M, b"z"]),
    ("odd-places", [b"x" * 13, 1 * M + 77, b"y" * 3, 300_001, b"z" * 9]),
    ("short-runs", [b"ab" * 4001, 5000, b"cd" * 30_000, 63_000, b"e" * 70_000, 70_000, b"f"] * 7),
    ("last-block", [b"x" * (1 * M), 64 * K]),
    ("no-zeros", [b"xyz" * 100_000]),
    ("empty", []),
]

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")


def cleanup():
    ring.close()


def used(path):
    return path.stat().st_blocks * 512


def make(path, pieces):
    with open(path, "wb") as f:
        for p in pieces:
            f.write(bytes(p) if isinstance(p, int) else p)


def has_holes(folder):
    """Whether this file system keeps files with holes, as bytes of one of 8 MiB."""
    probe = folder / "probe"
    with open(probe, "wb") as f:
        f.truncate(8 * M)
    return used(probe) < M


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(M):
            h.update(block)
    return h.hexdigest()


def test_zeros_come_back_as_holes():
    with Room() as room:
        (room / "in" / "tree").mkdir(parents=True)
        for name, pieces in FILES:
            make(room / "in" / "tree" / name, pieces)
        handoff = lib.write_handoff(room / "in", [("tree", "model", "tree")])
        (room / "trust").write_bytes(ring.export(sender))
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "--no-encryption", env=ring.env()), OK)
        (room / "dest").mkdir()
        expect(unpack("extract", room / "out", "-t", room / "trust", "-C", room / "dest"), OK)
        tree = room / "dest" / "aurora-preview" / "data" / "tree"
        for name, pieces in FILES:
            was, is_now = room / "in" / "tree" / name, tree / name
            assert was.stat().st_size == is_now.stat().st_size, name
            assert digest(was) == digest(is_now), name
        assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(room / "in")
        expect(unpack("audit", room / "dest" / "aurora-preview", "-t", room / "trust"), OK)
        if not has_holes(room):
            raise Skip("no holes on this file system")
        for name, most in (("all-zeros", 0), ("one-unit", 64 * K), ("a-byte-behind", 64 * K), ("a-byte-before", 128 * K),
                           ("zeros-to-the-end", 192 * K), ("between", 512 * K), ("last-block", M + 64 * K)):
            assert used(tree / name) <= most + 16 * K, "%s takes %d bytes" % (name, used(tree / name))


def test_a_sparse_source_is_read_as_zeros():
    with Room() as room:
        (room / "in" / "tree").mkdir(parents=True)
        with open(room / "in" / "tree" / "sparse", "wb") as f:
            f.seek(20 * M)
            f.write(b"in the middle")
            f.truncate(64 * M + 5)
        handoff = lib.write_handoff(room / "in", [("tree", "model", "tree")])
        (room / "trust").write_bytes(ring.export(sender))
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "--no-encryption", env=ring.env()), OK)
        (room / "dest").mkdir()
        expect(unpack("extract", room / "out", "-t", room / "trust", "-C", room / "dest"), OK)
        was, is_now = room / "in" / "tree" / "sparse", room / "dest" / "aurora-preview" / "data" / "tree" / "sparse"
        assert os.path.getsize(is_now) == 64 * M + 5
        assert digest(was) == digest(is_now)
        if has_holes(room):
            assert used(is_now) <= 256 * K, used(is_now)


lib.main(globals())
