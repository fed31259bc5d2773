# SPDX-License-Identifier: BSD-2-Clause
"""A source that changes while it is read, and places that cannot be packed to: what is
refused, with which status, and that nothing is left."""

import os
import subprocess
import time

import lib
from lib import HOST, MALFORMED, OK, PACK, REFUSED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_strace import QUIET, Place, each, need_strace

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")
room = Room()
HERE = room.path
UNSIGNED = ["--unsigned", "--originator", sender, "--no-encryption"]


def cleanup():
    ring.close()
    room.__exit__()


def source(place, size=6 << 20):
    """A handoff whose one large file can be changed while it is read."""
    tree = place.path / "in" / "tree"
    tree.mkdir(parents=True)
    (tree / "a-first.txt").write_text("first\n")
    with open(tree / "big.bin", "wb") as f:
        for _ in range(size >> 20):
            f.write(os.urandom(1 << 20))
    (tree / "z-last.txt").write_text("last\n")
    return lib.write_handoff(place.path / "in", [("tree", "model", "tree")])


def while_reading(change, at="pread64", path=True, options=()):
    """Slow create down at its second read of the file (or elsewhere), change something, and wait."""
    with Place(HERE) as place:
        handoff = source(place)
        big = place.path / "in" / "tree" / "big.bin"
        words = ["strace", "-qq", "-o", os.devnull, "-e", "trace=" + at,
                 "-e", "inject=%s:delay_enter=1500000:when=%d" % (at, 2 if path else 1)]
        words += ["-P", str(big)] if path else []
        words += [PACK, "create", str(handoff), "-o", str(place.path / "out"), "-j", "1", *UNSIGNED, *options]
        p = subprocess.Popen(words, env=dict(os.environ, LC_ALL="C", **QUIET, **place.env), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        time.sleep(0.75)
        change(big)
        out, err = p.communicate(timeout=120)
        r = lib.Result(words, p.returncode, out.decode(), err.decode())
        left = sorted(x.name for x in place.path.iterdir() if x.name not in ("in", "tmp"))
        place.check_nothing_left()
        return r, left


def append(big):
    with open(big, "ab") as f:
        f.write(b"more")


def cut(big):
    os.truncate(big, 3 << 20)


def overwrite(big):
    with open(big, "r+b") as f:
        f.seek(5 << 20)
        f.write(b"other bytes")


def overwrite_in_front(big):
    """What was read already."""
    with open(big, "r+b") as f:
        f.write(b"other bytes")


def overwrite_and_set_back(big):
    """The time of modification says nothing then, that of the status change does."""
    st = big.stat()
    overwrite(big)
    os.utime(big, ns=(st.st_atime_ns, st.st_mtime_ns))


def replace(big):
    (big.parent / "new").write_bytes(big.read_bytes())
    os.rename(big.parent / "new", big)


def remove(big):
    big.unlink()


def to_link(big):
    os.rename(big, big.parent.parent / "elsewhere")
    big.symlink_to("../elsewhere")


def to_fifo(big):
    big.unlink()
    os.mkfifo(big)


def to_directory(big):
    big.unlink()
    big.mkdir()


def move_parent(big):
    os.rename(big.parent, big.parent.parent / "moved")


def make_executable(big):
    big.chmod(0o755)


def test_a_file_that_changes_while_it_is_read_is_refused():
    need_strace()

    def one(change):
        r, left = while_reading(change)
        expect(r, REFUSED, "big.bin")
        assert "while it was read" in r.err or "changed since" in r.err, r
        assert not left, "left %s\n%s" % (left, r)
    # the last two: by then it has another name or none, but its link count has changed, and so its time
    each((append, cut, overwrite, overwrite_in_front, overwrite_and_set_back, make_executable, replace, remove), one)


def test_a_file_that_changes_between_the_walk_and_the_reading_is_refused():
    need_strace()

    def one(change):
            # the walk is over when OUTDIR is made
        r, left = while_reading(change, at="mkdir", path=False)
        expect(r, REFUSED)
        assert "changed since it was gathered" in r.err, r
        assert not left, "left %s\n%s" % (left, r)
    each((append, cut, overwrite, overwrite_and_set_back, replace, remove, to_link, to_fifo, to_directory, move_parent,
          make_executable), one)


def test_new_files_that_come_while_it_runs_are_not_packed():
    need_strace()
    with Place(HERE) as place:
        handoff = source(place, 1 << 20)
        (place.path / "trust").write_bytes(ring.export(sender))
        # a call to make a directory: OUTDIR, or a private home before that
        words = ["strace", "-qq", "-o", os.devnull, "-e", "trace=mkdir", "-e", "inject=mkdir:delay_enter=1500000:when=1",
                 PACK, "create", str(handoff), "-o", str(place.path / "out"), "-s", sender, "--no-encryption"]
        p = subprocess.Popen(words, env=dict(os.environ, **QUIET, **ring.env(), **place.env), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.75)
        (place.path / "in" / "tree" / "late.txt").write_text("late\n")
        p.communicate(timeout=60)
        assert p.returncode == OK
        r = expect(unpack("list", place.path / "out", "-t", place.path / "trust"), OK, "z-last.txt")
        assert "late.txt" not in r.out, r


def test_outdir_inside_a_component():
    with Place(HERE) as place:
        handoff = source(place, 1 << 20)
        want = lib.payload(place.path / "in")
        out = place.path / "in" / "tree" / "out"
        expect(pack("create", handoff, "-o", out, "-s", sender, "--no-encryption", env=dict(ring.env(), **place.env)), OK)
        (place.path / "trust").write_bytes(ring.export(sender))
        (place.path / "dest").mkdir()
        expect(unpack("extract", out, "-t", place.path / "trust", "-C", place.path / "dest"), OK)
        assert lib.tree(place.path / "dest" / "aurora-preview" / "data") == want
        # now it is one of the sources, and not empty
        expect(pack("create", handoff, "-o", out, *UNSIGNED), HOST, "not empty")


def test_places_that_cannot_be_packed_to():
    with Place(HERE) as place:
        handoff = source(place, 1 << 20)
        (place.path / "file").write_text("mine\n")
        (place.path / "full").mkdir()
        (place.path / "full" / ".hidden").write_text("mine\n")
        (place.path / "link").symlink_to("nowhere")
        os.mkfifo(place.path / "fifo")
        before = lib.snapshot(place.path)
        for name, text in (("file", "Not a directory"), ("full", "not empty"), ("link", "No such file"),
                           ("fifo", "Not a directory"), ("absent/out", "No such file"), ("x" * 300, "name too long"),
                           ("file/out", "Not a directory"), ("", "No such file")):
            where = "" if name == "" else place.path / name
            r = pack("create", handoff, "-o", where, *UNSIGNED, env={"LC_ALL": "C"})
            assert r.status in (HOST, USAGE), r
            assert text in r.err or r.status == USAGE, r
            assert lib.snapshot(place.path) == before, name


def test_handoffs_that_are_no_file():
    with Place(HERE) as place:
        handoff = source(place, 1 << 20)
        os.mkfifo(place.path / "fifo")
        for name, text in ((place.path / "in", "no regular file"), (place.path / "absent.yaml", "missing"),
                           ("/dev/null", "no regular file"), ("/dev/zero", "no regular file"),
                           (place.path / "fifo", "no regular file"), (handoff / "x", "Not a directory")):
            expect(pack("create", name, "-o", place.path / "out", *UNSIGNED, env={"LC_ALL": "C"}), HOST, text)
            assert not (place.path / "out").exists()
        (place.path / "empty.yaml").write_bytes(b"")
        expect(pack("create", place.path / "empty.yaml", "-o", place.path / "out", *UNSIGNED), USAGE)
        with open(place.path / "huge.yaml", "wb") as f:
            f.truncate((16 << 20) + 1)
        expect(pack("create", place.path / "huge.yaml", "-o", place.path / "out", *UNSIGNED), USAGE, "over the limit")
        assert not (place.path / "out").exists()


def test_media_and_destinations_that_are_none():
    with Place(HERE) as place:
        handoff = source(place, 1 << 20)
        expect(pack("create", handoff, "-o", place.path / "out", "-s", sender, "--no-encryption", env=ring.env()), OK)
        trust = place.path / "trust"
        trust.write_bytes(ring.export(sender))
        for medium, status in ((trust, HOST), (place.path / "absent", HOST), ("/dev/null", HOST), (place.path / "in", MALFORMED)):
            expect(unpack("check", medium, "-t", trust), status)
        for dest in (trust, place.path / "absent", "/dev/null", "/proc"):
            expect(unpack("extract", place.path / "out", "-t", trust, "-C", dest), HOST)
        for bad, status in (("/dev/null", HOST), (place.path, HOST), (place.path / "absent", HOST), (handoff, USAGE)):
            expect(unpack("check", place.path / "out", "-t", bad), status)


lib.main(globals())
