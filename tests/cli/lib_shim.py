# SPDX-License-Identifier: BSD-2-Clause
"""Calls of the system that fail, or before which something changes: shim.c, made once and
put in front of the two programs with LD_PRELOAD.  Not for builds with a sanitizer."""

import atexit
import concurrent.futures
import contextlib
import errno
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import lib

_one_at_a_time = threading.Lock()

@functools.lru_cache(None)
def shim():
    folder = tempfile.mkdtemp(prefix="satchel-shim-")
    atexit.register(shutil.rmtree, folder, True)
    made = pathlib.Path(folder, "shim.so")
    compiler = next(c for c in ("gcc", "cc", "clang") if shutil.which(c))
    subprocess.run([compiler, "-std=gnu11", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", made,
                    pathlib.Path(lib.SRC, "tests", "cli", "shim.c"), "-ldl", "-pthread"], check=True)
    return made


def faults(*rules, env=None):
    """The environment of a program whose calls go wrong.  Each rule is "FUNCTION NTH PATH ACTION",
    as shim.c has it; an errno may stand there by its name, as ENOSPC."""
    lines = []
    for rule in rules:
        function, nth, path, action = rule.split(None, 3)
        if hasattr(errno, action):
            action = "E%d" % getattr(errno, action)
        lines.append(" ".join((function, nth, path, action)))
    with _one_at_a_time:
        return dict(env or {}, LD_PRELOAD=shim(), SATCHEL_FAULTS="\n".join(lines))


class Rows:
    """Cases of a table: all that fail are told, each by its rule."""

    def __init__(self):
        self.wrong, self.n = [], 0

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        if kind is None:
            assert self.n > 0
            assert not self.wrong, "%d of %d rows:\n%s" % (len(self.wrong), self.n, "\n".join(self.wrong))

    def each(self, function, cases, workers=4):
        """A few at a time: most of the time they wait."""
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(function, *case) for case in cases]:
                done.result()

    def row(self, what, result, status, *texts, empty=None):
        """The status, each of the texts on stderr (one that begins with "hint: " is a line), and
        nothing in the directory empty."""
        self.n += 1
        lacks = [t for t in texts if (t not in result.err if not t.startswith("hint: ") else
                                      t not in result.err.splitlines())]
        left = sorted(os.listdir(empty)) if empty is not None and empty.exists() else []
        if result.status != status or lacks or left:
            self.wrong.append("%s: status %d, not %d; lacks %s; left %s\n%s" % (
                what, result.status, status, lacks, left, result))


@contextlib.contextmanager
def folder(path):
    """A fresh directory, gone afterwards."""
    path.mkdir()
    try:
        yield path
    finally:
        lib.force_remove(path)
