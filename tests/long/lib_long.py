# SPDX-License-Identifier: BSD-2-Clause
"""What the long tests share: the way to tests/cli, time, room, and files with holes."""

import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))

from lib import Skip  # noqa: E402

GIB = 1 << 30


def need_room(gib):
    """Skipped, visibly, where fewer GiB are free below TMPDIR."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < gib * GIB:
        raise Skip("%d GiB have to be free in %s, and %d are" % (gib, tempfile.gettempdir(), free // GIB))


def need_plain():
    """Skipped where memory and time are those of a sanitizer."""
    if os.environ.get("SATCHEL_MODE", "plain") not in ("plain", "prove"):
        raise Skip("other memory counts in this build")


def timed(function):
    began = time.monotonic()
    function()
    return time.monotonic() - began


def say(text, *values):
    print("# " + text % values, flush=True)


def used(path):
    return path.stat().st_blocks * 512


def sparse(path, size, marks=()):
    """A file of zeros with holes; marks: (offset, bytes)."""
    with open(path, "wb") as f:
        f.truncate(size)
        for at, data in marks:
            f.seek(at)
            f.write(data)


def extents(f, size):
    """The ranges of an open file that are no holes."""
    at = 0
    while at < size:
        try:
            start = os.lseek(f.fileno(), at, os.SEEK_DATA)
        except OSError:
            return
        at = os.lseek(f.fileno(), start, os.SEEK_HOLE)
        yield start, at


def same_sparse(a, b):
    """Whether two files are the same bytes; what is a hole in both is not read."""
    size = a.stat().st_size
    if b.stat().st_size != size:
        return False
    with open(a, "rb") as x, open(b, "rb") as y:
        for start, end in sorted([*extents(x, size), *extents(y, size)]):
            x.seek(start)
            y.seek(start)
            while start < end:
                n = min(1 << 20, end - start)
                if x.read(n) != y.read(n):
                    return False
                start += n
    return True
