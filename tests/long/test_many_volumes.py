# SPDX-License-Identifier: BSD-2-Clause
"""Over 1,000 volumes, also on media; the longest path there is; the same bytes from one
thread to 64.  Memory within the formula in each."""

import hashlib
import os
import shutil

from lib_long import need_room, say
import lib
from lib import DAMAGED, INCOMPLETE, OK, PACK, UNPACK, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_memory import formula, peak

M = 1 << 20
EPOCH = {"SOURCE_DATE_EPOCH": "1795000000"}

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")


def cleanup():
    ring.close()


def measured(words, most, env=None):
    took = peak(words, dict(ring.env(), **(env or {})))
    say("%s: %.1f MiB of %.1f", " ".join(map(str, [words[1], *words[-2:]])), took / M, most / M)
    assert took <= most or os.environ.get("SATCHEL_MODE", "plain") == "sanitize", words


def noise(path, mib):
    with open(path, "wb") as f:
        for _ in range(mib):
            f.write(os.urandom(M))


def test_over_a_thousand_volumes():
    need_room(2)
    with Room() as room:
        (room / "in" / "tree").mkdir(parents=True)
        noise(room / "in" / "tree" / "noise.bin", 72)
        handoff = lib.write_handoff(room / "in", [("tree", "model", "tree")])
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        most = formula(2, volume_chunks=4)
        out = room / "out"
        measured([PACK, "create", handoff, "-o", out, "-s", sender, "-r", reader, "-S", "64KiB", "-j", "2"], most)
        volumes = sorted(out.glob("payload-*"))
        say("%d volumes", len(volumes))
        assert len(volumes) > 1000 and all(v.stat().st_size <= 64 << 10 for v in volumes)
        measured([UNPACK, "check", out, "-t", trust, "-j", "2"], most)
        (room / "dest").mkdir()
        measured([UNPACK, "extract", out, "-C", room / "dest", "-j", "2", "-t", trust], most)
        assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(room / "in")
        # all that is wrong is named, the first and the last too
        lib.flip(volumes[0], 5000)
        lib.flip(volumes[-1], 50)
        volumes[700].unlink()
        os.rename(volumes[500], room / "kept")
        shutil.copy(volumes[501], volumes[500])
        r = expect(unpack("check", out, "-t", trust, "--json"), DAMAGED)
        named = {f["volume"] for f in r.json["findings"]}
        assert {volumes[i].name for i in (0, 500, 700, -1)} <= named, named
        assert len(named) == 4, named


def test_a_thousand_volumes_on_many_media():
    need_room(2)
    with Room() as room:
        (room / "in" / "tree").mkdir(parents=True)
        noise(room / "in" / "tree" / "noise.bin", 70)
        handoff = lib.write_handoff(room / "in", [("tree", "model", "tree")])
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "--no-encryption", "-S", "64KiB",
                    "--media-size", "3MiB", env=ring.env()), OK)
        media = sorted((room / "out").iterdir())
        say("%d media", len(media))
        assert len(media) > 30
        assert sum(len(list(m.glob("payload-*"))) for m in media) > 1000
        r = expect(unpack("check", *reversed(media), "-t", trust, "--all"), OK)
        assert r.verdict == "AUTHENTIC AND WHOLE"
        r = expect(unpack("check", *media[:3], *media[4:], "-t", trust, "--all"), INCOMPLETE)
        (room / "dest").mkdir()
        expect(unpack("extract", *media[1:], "-t", trust, "-C", room / "dest"), INCOMPLETE)
        assert not os.listdir(room / "dest")
        expect(unpack("extract", *media, "-t", trust, "-C", room / "dest"), OK)
        assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(room / "in")


def test_the_longest_path():
    """1,024 bytes in 32 components, one of them 255 bytes long; and each limit passed by one."""
    with Room() as room:
        parts = ["n" * 255] + ["d%02d" % i + "x" * 21 for i in range(29)]
        parts.append("y" * (1024 - len("tree/") - len("/".join(parts)) - 1))
        path = "/".join(["tree", *parts])
        assert len(path) == 1024 and path.count("/") == 31 and max(map(len, parts)) == 255, (len(path), path.count("/"))
        folder = room / "in"
        folder.mkdir()
        here = os.getcwd()
        try:		# step by step: the whole path is too long for one call
            os.chdir(folder)
            for part in ["tree", *parts[:-1]]:
                os.mkdir(part)
                os.chdir(part)
            with open(parts[-1], "w", encoding="ascii") as f:
                f.write("the longest\n")
        finally:
            os.chdir(here)
        handoff = lib.write_handoff(folder, [("tree", "model", "tree")])
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        measured([PACK, "create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-j", "2"], formula(2, files=1))
        r = expect(unpack("list", room / "out", "-t", trust, env=ring.env()), OK, path)
        (room / "dest").mkdir()
        measured([UNPACK, "extract", room / "out", "-t", trust, "-j", "2", "-C", room / "dest"], formula(2, files=1))
        r = expect(unpack("audit", room / "dest" / "aurora-preview", "-t", trust), OK)
        assert r.verdict == "AUTHENTIC AND WHOLE"
        try:
            os.chdir(room / "dest" / "aurora-preview" / "data")
            for part in ["tree", *parts[:-1]]:
                os.chdir(part)
            with open(parts[-1], encoding="ascii") as f:
                assert f.read() == "the longest\n"
        finally:
            os.chdir(here)
        for wrong in ([*parts[:-1], parts[-1] + "y"], [*parts[:-2], "a", "b", "c"]):
            (room / "wrong").mkdir()
            try:
                os.chdir(room / "wrong")
                for part in ["tree", *wrong[:-1]]:
                    os.mkdir(part)
                    os.chdir(part)
                with open(wrong[-1], "w", encoding="ascii"):
                    pass
            finally:
                os.chdir(here)
            bad = lib.write_handoff(room / "wrong", [("tree", "model", "tree")])
            expect(pack("create", bad, "-o", room / "never", "--unsigned", "--originator", sender, "--no-encryption"), 6)
            assert not (room / "never").exists()
            shutil.rmtree(room / "wrong")


def digests(folder):
    return {str(p.relative_to(folder)): hashlib.sha512(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file() and "signatures" not in p.parts}


def test_one_to_64_threads_give_the_same_bytes():
    need_room(4)
    with Room() as room:
        handoff = lib.sample(room / "in", 3 * M)
        random = os.urandom(M)
        with open(room / "in" / "weights" / "aurora" / "more.bin", "wb") as f:
            for i in range(24):
                f.write(random if i % 3 == 0 else b"text %d\n" % i * 100_000 if i % 3 == 1 else bytes(M))
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        want = lib.payload(room / "in")
        first = None
        for jobs in range(1, 65):
            out = room / "out"
            most = formula(jobs, volume_chunks=8)
            words = [PACK, "create", handoff, "-o", out, "-s", sender, "--no-encryption", "-S", "5MiB", "-j", jobs]
            if jobs in (1, 2, 3, 7, 16, 33, 64):
                measured(words, most, EPOCH)
                (room / "dest").mkdir()
                measured([UNPACK, "extract", out, "-t", trust, "-C", room / "dest", "-j", jobs], most)
                assert lib.tree(room / "dest" / "aurora-preview" / "data") == want
                shutil.rmtree(room / "dest")
                measured([UNPACK, "check", out, "-t", trust, "-j", jobs], most)
            else:
                expect(pack(*words[1:], env=dict(ring.env(), **EPOCH)), OK)
            first = first or digests(out)
            assert digests(out) == first, "-j %d" % jobs
            shutil.rmtree(out)
        for jobs in ("0", "65", "-1", "x", ""):
            expect(pack("create", handoff, "-o", room / "out", "--unsigned", "--originator", sender, "--no-encryption",
                        "-j", jobs), USAGE)


lib.main(globals())
