# SPDX-License-Identifier: BSD-2-Clause
"""Keys and IVs are new each time, and no key of a running program gets to a disk:
neither by swap, as far as the system lets us, nor by a core dump."""

import os
import pathlib
import resource
import signal
import time

import lib
from lib import OK, Room, expect, pack
from lib_keys import Keyring
from lib_leaks import sealed

RUNS = 30
SANITIZED = os.environ.get("SATCHEL_MODE") == "sanitize"

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
base = Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))


def cleanup():
    keys.close()
    base.__exit__()


def test_no_key_and_no_iv_comes_twice():
    """The same handoff, time and options, thirty times: (key, IV) is what may not repeat,
    and neither may."""
    with Room() as room:
        lib.sample(room / "in", 200_000)
        ivs, messages, openers, ids = [], [], [], []
        for i in range(5 if SANITIZED else RUNS):
            out = room / "out"
            expect(pack("create", room / "in" / "handoff.yaml", "-o", out, "-s", sender, "-r", sender, "-S", "64KiB",
                        "-j", str(i % 3 + 1), "--opening", room / "opening", "--no-read-back",
                        env=dict(keys.env(), SOURCE_DATE_EPOCH="1790000000")), OK)
            volumes = [p for p in out.iterdir() if p.name.startswith(("payload-", "contents-"))]
            found = [iv for p in volumes for iv, _, _ in sealed(p)]
            assert len(found) >= 5 and len(volumes) >= 4, volumes
            ivs += found
            message = keys.gpg("--decrypt", out / "keys" / "00.0" / (sender + ".pgp"))
            assert len(message) == 80 and message[:16] == b"satchel-key\0\0\0\0\0", message
            messages.append(message[48:])
            ids.append(message[16:32])
            openers.append((room / "opening").read_bytes())
            (room / "opening").unlink()
            lib.force_remove(out)
        for what in (ivs, messages, openers, ids):
            assert len(set(what)) == len(what), what
        # random, not counted: no place of them has a byte that is the same in all
        for what in (ivs, messages, ids):
            assert all(len(set(column)) > 3 for column in zip(*what)), what
        assert b"\0" * 12 not in ivs


class Running:
    """A program that has a key in memory and is busy; cwd is where a core would go."""

    def __init__(self, room, *args):
        self.room = room
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.chdir(room)
                # as much as we may: what the program does about it is the question
                hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
                resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
                null = os.open(os.devnull, os.O_RDWR)
                for fd in (0, 1, 2):
                    os.dup2(null, fd)
                os.execve(str(args[0]), [str(a) for a in args], dict(os.environ, **keys.env()))
            finally:
                os._exit(127)

    def proc(self, name):
        return pathlib.Path("/proc/%d/%s" % (self.pid, name)).read_text()

    def field(self, name):
        """In kB."""
        for line in self.proc("status").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        return 0

    def until(self, ready):
        for _ in range(3000):
            assert os.waitpid(self.pid, os.WNOHANG) == (0, 0), "it ended too early"
            if ready(self):
                return
            time.sleep(0.01)
        raise AssertionError("it never came so far")

    def abort(self):
        """Its wait status."""
        os.kill(self.pid, signal.SIGABRT)
        return os.waitpid(self.pid, 0)[1]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def large(room, size):
    """Zeros that take no room, but time to read."""
    (room / "in").mkdir()
    with open(room / "in" / "zeros.bin", "wb") as f:
        f.truncate(size)
    return lib.write_handoff(room / "in", [("zeros", "model", "zeros.bin")])


def may_lock():
    """Whether a process like this one may lock a page; under the sanitizer nobody can."""
    return not SANITIZED and (os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] >= 65536)


def no_core(program, room):
    limits = [line for line in program.proc("limits").splitlines() if line.startswith("Max core file size")]
    assert limits[0].split()[4:6] == ["0", "0"], limits
    if may_lock():
        assert program.field("VmLck") >= 4, program.proc("status")
        # locked, and left out of whatever dumps it nevertheless
        flags = [line.split()[1:] for line in program.proc("smaps").splitlines() if line.startswith("VmFlags:")]
        locked = [f for f in flags if "lo" in f]
        assert locked and all("dd" in f for f in locked), locked
    if not SANITIZED and os.geteuid() != 0:
        # who may not be dumped is not even ours to look at
        assert os.stat("/proc/%d/status" % program.pid).st_uid == 0
    status = program.abort()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT, status
    assert not os.WCOREDUMP(status), "it dumped core"
    assert not [p for p in os.listdir(room) if p.startswith("core")], os.listdir(room)


def test_a_packing_program_leaves_no_core():
    with Room() as room:
        handoff = large(room, 6 << 30)
        with Running(room, lib.PACK, "create", handoff, "-o", room / "out", "-s", sender, "-r", sender, "-j", "1",
                     "-S", "64KiB", "--no-read-back") as program:
            program.until(lambda p: list(room.glob("out/**/*payload-00.000000")))
            no_core(program, room)


def test_an_unpacking_program_leaves_no_core():
    """It has the key from when gpg gave it."""
    with Room() as room:
        handoff = large(room, 1 << 30)
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "-r", sender, "-l", "1", "--no-read-back",
                    env=keys.env()), OK)
        (room / "dest").mkdir()
        with Running(room, lib.UNPACK, "extract", room / "out", "-t", TRUST, "-C", room / "dest", "-j", "1") as program:
            program.until(lambda p: list(room.glob("dest/.satchel-*/tree/data/zeros.bin")))
            no_core(program, room)


lib.main(globals())
