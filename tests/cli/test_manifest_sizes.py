# SPDX-License-Identifier: BSD-2-Clause
"""Content manifests, properly signed, of more directories and of more bytes than there may be.  The
second takes over 1 GiB of memory, which is what a reader has to have for one that is no larger."""

import functools
import itertools

import lib
from lib import MALFORMED, Room, expect, unpack
from lib_hostile import TRUST, build, cleanup, keys, rules, sender

__all__ = ["cleanup"]
# the same chunk is compressed once
build.weave.zstd = functools.lru_cache(8)(build.weave.zstd)


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
    """A few more, which only the reader of the text counts; and more than are gathered for it."""
    step, most = 16 << 20, 1 << 30
    blanks, texts = b" " * step, []

    def keep(text, _where):
        texts.append(text)
        return text

    def cut(chunks, where):
        return [texts[0].ljust(step), *[blanks] * 63, blanks[:10]] if where["kind"] == 2 else chunks

    def commitment(_right, _where):
        parts = [texts[0].ljust(step), *[blanks] * 63, blanks[:10]]
        assert sum(map(len, parts)) == most + 10
        bundle_id = rules.sha512(b"satchel", b"id\0")[:16]
        return rules.sha512(rules.purpose("satchel-contents"), bundle_id, rules.u64(0), bytes(32), *parts)

    opened({"content_text": keep, "cut": cut, "commitment": commitment}, "line 1: more than %d bytes" % most)
    opened({"cut": lambda chunks, where: [blanks] * 65 if where["kind"] == 2 else chunks},
           "the content manifest is over its cap of %d bytes" % most)


lib.main(globals())
