# SPDX-License-Identifier: BSD-2-Clause
"""Sizes around 2^31 and 2^32, as files and as a volume: round trip, memory, and flips
behind these offsets, which are found and named."""

import os

from lib_long import GIB, need_room, same_sparse, say, sparse, used
import lib
from lib import DAMAGED, PACK, UNPACK, Room, expect, unpack
from lib_keys import Keyring
from lib_memory import formula, peak

M = 1 << 20
SIZES = [5 * GIB, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**32, 2**32 + 1]
# So that nothing can be left out or moved unnoticed: where sizes and offsets may turn over.
MARKS = [(2**31 - 3, b"before"), (2**31, b"at"), (2**32 - 2, b"over"), (2**32 + 5 * M, b"behind"), (5 * GIB - 4, b"last")]

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")


def cleanup():
    ring.close()


def measured(words, most):
    took = peak(words, ring.env())
    say("%s: %.1f MiB of %.1f", words[1], took / M, most / M)
    assert took <= most or os.environ.get("SATCHEL_MODE", "plain") == "sanitize", words


def test_sizes_around_two_and_four_gibibytes():
    need_room(40)
    with Room() as room:
        tree = room / "in" / "tree"
        tree.mkdir(parents=True)
        for size in SIZES:
            sparse(tree / ("%d.bin" % size), size, MARKS if size == 5 * GIB else [])
        handoff = lib.write_handoff(room / "in", [("tree", "model", "tree")])
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        chunks = sum(SIZES) // M + 10
        (room / "dest").mkdir()
        bag = room / "dest" / "aurora-preview"
        for words in ([PACK, "create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-j", "2"],
                      [UNPACK, "check", room / "out", "-t", trust, "-j", "2"],
                      [UNPACK, "extract", room / "out", "-t", trust, "-C", room / "dest", "-j", "2"],
                      [UNPACK, "audit", bag, "-t", trust, "-j", "2"]):
            measured(words, formula(2, volume_chunks=chunks))
        taken = 0
        for size in SIZES:
            name = "%d.bin" % size
            assert same_sparse(tree / name, bag / "data" / "tree" / name), name
            taken += used(bag / "data" / "tree" / name)
        say("%d bytes were imported, which take %d", sum(SIZES), taken)
        assert taken < 64 * M, taken
        for offset in (2**31 - 1, 2**31, 2**32 - 1, 2**32, 5 * GIB - 1):
            lib.flip(bag / "data" / "tree" / ("%d.bin" % (5 * GIB)), offset)
            r = expect(unpack("audit", bag, "-t", trust, timeout=900), DAMAGED, "%d.bin" % (5 * GIB))
            assert r.verdict == "DAMAGED", r
            lib.flip(bag / "data" / "tree" / ("%d.bin" % (5 * GIB)), offset)


def test_a_volume_over_four_gibibytes():
    need_room(40)
    with Room() as room:
        tree = room / "in" / "tree"
        tree.mkdir(parents=True)
        sparse(tree / "zeros.bin", 5 * GIB, MARKS)
        handoff = lib.write_handoff(room / "in", [("tree", "model", "tree")])
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        # each chunk is filled up to 1 MiB
        most = formula(2, volume_chunks=5 * 1024 + 10)
        measured([PACK, "create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-j", "2", "-S", "1TiB",
                  "--pad", "1MiB"], most)
        volume = room / "out" / "payload-00.000000"
        size = volume.stat().st_size
        assert size > 5 * GIB, size
        assert not (room / "out" / "payload-00.000001").exists()
        measured([UNPACK, "check", room / "out", "-t", trust, "-j", "2"], most)
        flips = [2**31 - 1, 2**31, 2**31 + 12345, 2**32 - 1, 2**32, 2**32 + 54321, 5 * GIB - 7]
        for offset in flips:
            lib.flip(volume, offset, bit=offset % 8)
        r = expect(unpack("check", room / "out", "-t", trust, "--json", timeout=900), DAMAGED)
        found = [(f["offset"], f["length"]) for f in r.json["findings"] if f["status"] == "damaged"]
        for offset in flips:
            assert any(at <= offset < at + n for at, n in found), (offset, found)
        assert len(found) <= len(flips), found
        (room / "dest").mkdir()
        r = expect(unpack("extract", room / "out", "-t", trust, "-C", room / "dest", env=ring.env(), timeout=900), DAMAGED)
        assert not os.listdir(room / "dest"), r
        for offset in flips:
            lib.flip(volume, offset, bit=offset % 8)
        # the index at the end, and what is cut off there
        lib.flip(volume, size - 1000)
        expect(unpack("check", room / "out", "-t", trust, timeout=900), DAMAGED, "payload-00.000000")
        lib.flip(volume, size - 1000)
        os.truncate(volume, 2**32)
        expect(unpack("check", room / "out", "-t", trust, timeout=900), DAMAGED, "payload-00.000000")
        with open(volume, "ab") as f:
            f.truncate(size)
        r = expect(unpack("check", room / "out", "-t", trust, timeout=900), DAMAGED, "payload-00.000000")
        assert r.verdict == "DAMAGED", r


lib.main(globals())
