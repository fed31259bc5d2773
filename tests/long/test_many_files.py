# SPDX-License-Identifier: BSD-2-Clause
"""100,000 small files: round trip, memory, and packing beside tar, zstd and sha256sum."""

import hashlib
import os
import shutil
import subprocess

from lib_long import need_plain, need_room, say, timed
import lib
from lib import OK, PACK, UNPACK, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_memory import formula, peak

FILES = 100_000
M = 1 << 20

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")


def cleanup():
    ring.close()


def make_tree(folder, directory="d%04d", file="file-%07d.txt", content=True):
    """Files of 0 to 8 KiB, a thousand to a directory; returns the handoff and the lengths of all paths."""
    total = 0
    for d in range(FILES // 1000):
        path = folder / "tree" / (directory % d)
        path.mkdir(parents=True)
        for i in range(d * 1000, d * 1000 + 1000):
            with open(path / (file % i), "wb") as f:
                if content:
                    f.write(hashlib.sha512(b"%d" % i).hexdigest().encode() * (i % 64))
            total += len("tree/") + len(directory % d) + 1 + len(file % i)
    return lib.write_handoff(folder, [("tree", "benchmark", "tree")]), total


def test_round_trip_and_memory():
    need_room(8)
    with Room() as room:
        handoff, path_bytes = make_tree(room / "in")
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        most = formula(2, files=FILES, path_bytes=path_bytes)
        (room / "dest").mkdir()
        bag = room / "dest" / "aurora-preview"
        for words in ([PACK, "create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-j", "2"],
                      [UNPACK, "check", room / "out", "-t", trust, "-j", "2"],
                      [UNPACK, "list", room / "out", "-t", trust, "-j", "2"],
                      [UNPACK, "extract", room / "out", "-t", trust, "-C", room / "dest", "-j", "2"],
                      [UNPACK, "audit", bag, "-t", trust, "-j", "2"]):
            took = peak(words, ring.env())
            say("%s: %.1f MiB of %.1f", words[1], took / M, most / M)
            assert took <= most or os.environ.get("SATCHEL_MODE", "plain") == "sanitize", words
        assert lib.tree(bag / "data") == lib.payload(room / "in")


def test_memory_with_long_paths():
    """Half a path is what the formula has for each file: so it is the paths that count."""
    need_plain()
    need_room(8)
    with Room() as room:
        handoff, path_bytes = make_tree(room / "in", directory="d" * 90 + "-%04d", file="f" * 80 + "-%07d.json", content=False)
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        most = formula(2, files=FILES, path_bytes=path_bytes)
        (room / "dest").mkdir()
        for words in ([PACK, "create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-j", "2"],
                      [UNPACK, "list", room / "out", "-t", trust, "-j", "2"],
                      [UNPACK, "extract", room / "out", "-t", trust, "-C", room / "dest", "-j", "2"],
                      [UNPACK, "audit", room / "dest" / "aurora-preview", "-t", trust, "-j", "2"]):
            took = peak(words, ring.env())
            say("%s, paths of 190 bytes: %.1f MiB of %.1f", words[1], took / M, most / M)
            assert took <= most, words


def test_packing_beside_tar_zstd_and_sha256sum():
    need_plain()
    need_room(8)
    with Room() as room:
        handoff, _ = make_tree(room / "in")
        lib.tree(room / "in")		# in memory now

        def satchel():
            shutil.rmtree(room / "out", ignore_errors=True)
            expect(pack("create", handoff, "-o", room / "out", "--unsigned", "--originator", sender, "--no-encryption",
                        "--no-read-back", "-j", "2"), OK)

        def others():
            subprocess.run(["sh", "-c", "tar -cf - tree | zstd -q -f -T2 -3 -o ../other.tar.zst && "
                            "find tree -type f -print0 | xargs -0 sha256sum > ../other.sums"], cwd=room / "in", check=True)
        ratios = []
        for _ in range(3):
            a, b = timed(satchel), timed(others)
            ratios.append(a / b)
            say("satchel-pack %.2f s, tar, zstd and sha256sum %.2f s: ratio %.2f", a, b, a / b)
        say("best ratio %.2f; at most 2 is asked for", min(ratios))


def test_an_interrupted_import_is_removed_and_taken_up():
    need_room(8)
    with Room() as room:
        handoff, _ = make_tree(room / "in")
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "--no-encryption", env=ring.env()), OK)
        (room / "dest").mkdir()
        words = [UNPACK, "extract", str(room / "out"), "-t", str(trust), "-C", str(room / "dest")]
        # a kill leaves staging, which the next run empties
        p = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while p.poll() is None and not list((room / "dest").glob(".satchel-*/tree/data/tree/d0050")):
            pass
        p.kill()
        p.wait()
        assert [n[:9] for n in os.listdir(room / "dest")] == [".satchel-"]
        expect(unpack("extract", room / "out", "-t", trust, "-C", room / "dest", timeout=900), OK)
        assert os.listdir(room / "dest") == ["aurora-preview"]
        assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(room / "in")


lib.main(globals())
