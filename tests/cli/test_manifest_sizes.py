# SPDX-License-Identifier: BSD-2-Clause
"""Content manifests, properly signed, of more directories and of more bytes than there may be.  The
second takes over 1 GiB of memory, which is what a reader has to have for one that is no larger."""

import itertools

import lib
from lib import MALFORMED, Room, expect, unpack
from lib_hostile import TRUST, build, cleanup, keys, sender

__all__ = ["cleanup"]


def opened(hooks, words):
    with Room() as here:
        media = build.Builder(keys, sender, {"notes.md": b"First handoff.\n"}, hooks=hooks,
                              chunk_size=16 << 20).write(here / "out")
        (here / "dest").mkdir()
        expect(unpack("extract", *media, "-t", TRUST, "-C", here / "dest", env=keys.env()), MALFORMED, words)
        assert not list((here / "dest").iterdir())


def test_more_directories_than_there_may_be():
    # no two that differ in case alone are looked for so early, and COM1 and LPT1 may not be
    letters = b"0123456789ABDEFGHIJKMNOPQRSTUVWXYZabdefghijkmno"

    def directories(text, _where):
        four = (b'- "%c%c%c%c"\n' % name for name in itertools.product(letters, repeat=4))
        lines = b"".join(itertools.islice(four, 4194305))
        return text[:text.index(b"files:\n")] + b"directories:\n" + lines

    opened({"content_text": directories}, "more than 4194304 directories")


def test_more_bytes_than_there_may_be():
    part = bytes(16 << 20)
    opened({"cut": lambda cut, where: [part] * 65 if where["kind"] == 2 else cut},
           "the content manifest is over its cap of 1073741824 bytes")


lib.main(globals())
