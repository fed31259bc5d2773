# SPDX-License-Identifier: BSD-2-Clause
"""Faults at a chosen system call, by strace(1): which calls a run makes, runs with a
signal, an error or a delay at one of them, and what such a run left behind."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import lib
from lib import Skip

CALL = re.compile(r"(?:\d+ +)?(\w+)\(")
# From here on the program is as it wants to be; before that the loader works.
READY = "SIGXFSZ"
GPG_DAEMONS = ("gpg-agent", "scdaemon", "dirmngr", "keyboxd")
# Leaks cannot be looked for in a process that is traced.
QUIET = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def need_strace():
    """Visibly skipped where nothing may be traced."""
    if shutil.which("strace") is None:
        raise Skip("strace is not installed")
    if subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skip("strace may not trace here")


def strace(*args, calls, inject="", path=None, follow=False, env=None, **kw):
    """Run a program under strace.  calls: which are looked at, with commas; inject: what
    is done to these, as strace spells it; path: only where this file is meant; follow:
    other threads and children as well."""
    words = ["strace", "-qq", "-o", os.devnull, "-e", "trace=" + calls]
    words += ["-f"] if follow else []
    words += ["-P", path] if path is not None else []
    words += ["-e", "inject=%s:%s" % (calls, inject)] if inject else []
    return lib.run(*words, *args, env=dict(QUIET, **(env or {})), **kw)


def points(*args, calls="all", env=None, status=0):
    """The system calls of the first thread in their order, as (name, which one of that
    name), from where the program is ready on."""
    with tempfile.NamedTemporaryFile(mode="r", errors="replace") as log:
        r = lib.run("strace", "-qq", "-o", log.name, "-e", "trace=%s,rt_sigaction" % calls, *args,
                    env=dict(QUIET, **(env or {})))
        assert r.status == status, r
        lines = log.read().splitlines()
    found, count, ready = [], {}, False
    for line in lines:
        m = CALL.match(line)
        if m is None:
            continue
        count[m.group(1)] = count.get(m.group(1), 0) + 1
        if ready and m.group(1) not in ("exit_group", "rt_sigaction", "execve"):
            found.append((m.group(1), count[m.group(1)]))
        ready = ready or READY in line
    assert len(found) > 5, r
    return found


def some(found, most):
    """At most so many of them, spread evenly, first and last among them; but each kind of
    call once if there is room.  All of them with SATCHEL_EVERY (make check-long)."""
    if os.environ.get("SATCHEL_EVERY"):
        return found
    kinds = {}
    for p in found:
        kinds.setdefault(p[0], p)
    first = sorted(kinds.values())[:most]
    rest = [p for p in found if p not in first]
    left = min(most - len(first), len(rest))
    if left > 1:
        first += [rest[i * (len(rest) - 1) // (left - 1)] for i in range(left)]
    return first


def each(cases, function, workers=4):
    """Run all cases, a few at a time (most of the time they wait); every failure is told."""
    wrong = []
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for case, done in [(c, pool.submit(function, c)) for c in cases]:
            try:
                done.result()
            except AssertionError as e:
                wrong.append("%s: %s" % (case, e))
    assert not wrong, "%d of %d cases:\n%s" % (len(wrong), len(cases), "\n".join(wrong[:5]))


class Place:
    """A directory for one case, with a TMPDIR in it that has to be empty at the end."""

    def __init__(self, parent):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="c-", dir=parent))
        self.tmp = self.path / "tmp"
        self.tmp.mkdir()
        self.env = {"TMPDIR": str(self.tmp)}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        lib.force_remove(self.path)

    def running(self):
        """What runs with this TMPDIR, but for the agent of the test's own key ring."""
        mark = ("TMPDIR=%s" % self.tmp).encode()
        found = []
        for pid in [p for p in os.listdir("/proc") if p.isdigit()]:
            try:
                environ = pathlib.Path("/proc", pid, "environ").read_bytes().split(b"\0")
                words = pathlib.Path("/proc", pid, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state = pathlib.Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            agent = any(name in words for name in GPG_DAEMONS) and str(self.tmp) not in words
            if state != "Z" and (mark in environ or str(self.tmp) in words) and not agent:
                found.append(words)
        return found

    def check_nothing_left(self, killed=False):
        """No process, and no private home of gpg; after a kill its folder may be there."""
        end = time.monotonic() + 10
        while (left := self.running()) and time.monotonic() < end:
            time.sleep(0.05)
        assert not left, "left running: %s" % left
        assert killed or not os.listdir(self.tmp), "left in TMPDIR: %s" % list(self.tmp.rglob("*"))
