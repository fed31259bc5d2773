# SPDX-License-Identifier: BSD-2-Clause
"""What satchel-pack does to the places that it writes to: a failed run takes away what it
made and nothing else, an opening never travels with the media, and what a person got
wrong is said before the work and not behind it."""

import os
import pty
import signal
import subprocess
import time

import lib
from lib import BUSY, HOST, INTERRUPTED, OK, UNTRUSTED, USAGE, Room, expect, pack, run, unpack
from lib_keys import Keyring
from lib_strace import need_strace, strace

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
base = lib.Room()
HERE = base.path
(HERE / "in").mkdir()
HANDOFF = lib.sample(HERE / "in", 30_000)
WHO = ("-s", sender, "-r", sender)
BUNDLE = HERE / "bundle"
expect(pack("create", HANDOFF, "-o", BUNDLE, *WHO, env=keys.env()), OK)


def cleanup():
    keys.close()
    base.__exit__()


def long_run(out, *options):
    """A run of satchel-pack that has begun to write, and will go on for a while."""
    folder = HERE / "long"
    if not folder.exists():
        folder.mkdir()
        (folder / "weights").write_bytes(os.urandom(1 << 20) * 40)
        lib.write_handoff(folder, [("aurora", "model", "weights")])
    p = subprocess.Popen([lib.PACK, "create", folder / "handoff.yaml", "-o", out, *WHO, "-l", "19", "-j", "1", *options],
                         env=dict(os.environ, **keys.env()), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while p.poll() is None and not (out.exists() and os.listdir(out)):
        time.sleep(0.01)
    assert p.poll() is None, p.stderr.read()
    return p


def interrupt(p):
    p.send_signal(signal.SIGINT)
    p.communicate()
    assert p.returncode == INTERRUPTED, p.returncode


def test_a_failed_run_removes_what_it_made_and_nothing_else():
    for options in ((), ("--media-size", "100MiB")):
        for made in (True, False):
            with Room() as room:
                if not made:
                    (room / "out").mkdir()
                p = long_run(room / "out", *options)
                (room / "out" / "precious").mkdir()
                (room / "out" / "precious" / "thesis.txt").write_text("not satchel's")
                interrupt(p)
                assert os.listdir(room / "out") == ["precious"], os.listdir(room / "out")
                assert (room / "out" / "precious" / "thesis.txt").read_text() == "not satchel's"


def test_a_failed_run_removes_the_directory_that_it_made():
    for options in ((), ("--media-size", "100MiB")):
        with Room() as room:
            interrupt(long_run(room / "out", *options))
            assert os.listdir(room) == []
            (room / "out").mkdir()
            interrupt(long_run(room / "out", *options))
            assert os.listdir(room / "out") == []


def test_a_new_directory_is_made_durable():
    """The entry of OUTDIR itself as well: a loss of power must not take what was said to be packed."""
    need_strace()
    with Room() as room:
        for made in (True, False):
            if not made:
                (room / "out").mkdir()
            r = strace(lib.PACK, "create", HANDOFF, "-o", room / "out", *WHO, calls="fsync", inject="error=EIO",
                       path=room, env=keys.env())
            expect(r, HOST if made else OK)
            assert os.listdir(room) == ([] if made else ["out"]), os.listdir(room)


def test_a_run_that_is_out_of_descriptors_removes_what_it_made():
    with Room() as room:
        (room / "in").mkdir()
        (room / "in" / "weights").write_bytes(os.urandom(30 << 20))
        handoff = lib.write_handoff(room / "in", [("aurora", "model", "weights")])
        r = run("/bin/sh", "-c", 'ulimit -n 30; exec "$@"', "sh", lib.PACK, "create", handoff, "-o", room / "out", *WHO,
                "--media-size", "2MiB", env=keys.env())
        expect(r, HOST, "Too many open files")
        assert os.listdir(room) == ["in"], os.listdir(room)


def test_two_runs_do_not_share_a_directory():
    with Room() as room:
        p = long_run(room / "out")
        try:
            expect(pack("create", HANDOFF, "-o", room / "out", *WHO, env=keys.env()), BUSY, "another run")
            assert os.listdir(room / "out") != []
        finally:
            interrupt(p)


def test_an_opening_does_not_travel_with_the_media():
    with Room() as room:
        os.symlink("out", room / "link")
        for options in ((), ("--media-size", "100MiB")):
            for name in ("out/opening", "link/opening", "out/../out/opening"):
                expect(pack("create", HANDOFF, "-o", room / "out", *WHO, *options, "--opening", room / name,
                            env=keys.env()), USAGE, "would travel")
                assert sorted(os.listdir(room)) == ["link"], os.listdir(room)
        expect(pack("create", HANDOFF, "-o", room / "out", *WHO, "--opening", room / "outside", env=keys.env()), OK)


def test_an_opening_that_cannot_be_is_refused_before_the_work():
    with Room() as room:
        (room / "there").write_text("x")
        for name in ("there", "absent/opening"):
            r = expect(pack("create", HANDOFF, "-o", room / "out", *WHO, "--opening", room / name, env=keys.env()), HOST)
            assert "signing" not in r.err and "reading back" not in r.err, r
            assert not (room / "out").exists()
        assert (room / "there").read_text() == "x"


def sign(*args):
    return pack("sign", BUNDLE, "-s", sender, *args, env=keys.env())


def test_sign_says_what_is_missing_before_it_reads_the_volumes():
    before = lib.snapshot(BUNDLE)
    for args, status in ((("--expect", "12ab"), USAGE), (("--expect", "0" * 128), UNTRUSTED), ((), USAGE)):
        r = expect(sign(*args), status)
        assert "checking" not in r.err, r
    assert "digest: " in sign().out
    assert lib.snapshot(BUNDLE) == before


def test_an_interrupt_at_the_question_ends_it():
    """However close behind the question: from a moment on when nothing waits for it yet."""
    before = lib.snapshot(BUNDLE)
    for n in range(20):
        master, slave = pty.openpty()
        p = subprocess.Popen([lib.PACK, "sign", BUNDLE, "-s", sender], env=dict(os.environ, **keys.env()), stdin=slave,
                             stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        said = b""
        while b"[yes/no]" not in said:
            said += os.read(master, 4096)
        p.send_signal((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[n % 3])
        try:
            assert p.wait(10) == INTERRUPTED, p.returncode
        finally:
            p.kill()
            os.close(master)
    assert lib.snapshot(BUNDLE) == before


def test_the_form_of_a_digest_is_judged_first():
    expect(unpack("check", HERE / "absent", "--expect", "12ab"), USAGE, "128")


lib.main(globals())
