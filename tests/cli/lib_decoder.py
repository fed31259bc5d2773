# SPDX-License-Identifier: BSD-2-Clause
"""What the tests with the second decoder share: both readers on one bundle, and bundles
that the builder made from the page alone."""

import contextlib
import io
import os
import pathlib
import re
import sys

import lib
from lib import unpack

HERE = pathlib.Path(__file__).resolve().parent.parent / "decoder"
sys.path.insert(0, str(HERE))

NAMES = {"ok": 0, "host": 1, "usage": 2, "untrusted": 3, "damaged": 4, "incomplete": 5, "refused": 6, "malformed": 7}


def decode(*args, env=None):
    """The second decoder as a program."""
    return lib.run(sys.executable, "-B", HERE / "decode.py", *args, env=env)


def second(media, dest, ring, home):
    """The second decoder in this process, with the certificates of a ring: its statuses for
    check and extract, and what it said."""
    import decode as decoder
    import media as decoder_media
    import rules
    statuses, problems, opened = [], io.StringIO(), []
    os.environ["GNUPGHOME"] = str(home)
    try:
        with contextlib.redirect_stderr(problems):
            opened += [decoder_media.Medium(m) for m in media]
            bundle = decoder.Bundle(opened, ring)
            found = bundle.check(False)
            problems.write("".join("%s\n" % f for f in found))
            statuses.append(found[0].status if found else rules.OK)
            if not found:
                decoder.extract(bundle, dest)
                statuses.append(rules.OK)
    except rules.Broken as e:
        statuses.append(e.status)
        problems.write("%s\n" % e)
    finally:
        for medium in opened:
            medium.close()
    return statuses[0], statuses[-1], problems.getvalue()


class Both:
    """satchel-unpack and the second decoder on the same media: check and extract."""

    def __init__(self, room, media, trust, env, everything=False):
        n = len(list(room.glob("ours-*")))
        self.ours, self.theirs = room / ("ours-%d" % n), room / ("theirs-%d" % n)
        self.ours.mkdir()
        self.theirs.mkdir()
        whole = ["--all"] if everything else []
        self.check = unpack("check", *media, "-t", trust, *whole, env=env)
        self.extract = unpack("extract", *media, "-t", trust, "-C", self.ours, env=env)
        self.second_check = decode("--check", *whole, "--trust", trust, *media, env=env)
        self.second_extract = decode("--trust", trust, "-C", self.theirs, *media, env=env)

    def agree(self):
        """The same statuses; what both imported is the same, or nothing is there."""
        for ours, theirs in ((self.check, self.second_check), (self.extract, self.second_extract)):
            assert ours.status == theirs.status, "%s\n%s" % (ours, theirs)
        assert lib.tree(self.ours) == lib.tree(self.theirs), (lib.tree(self.ours), lib.tree(self.theirs))
        assert self.extract.status == 0 or os.listdir(self.ours) == []
        return self

    def accepted(self):
        for r in (self.check, self.extract, self.second_check, self.second_extract):
            assert r.status == 0, r
        return self.agree()


def literal_blocks(page):
    """The literal displays of a man page's source, as a terminal shows them."""
    source = (pathlib.Path(lib.SRC) / "man" / page).read_text(encoding="utf-8")
    signs = {r"\-": "-", r"\e": "\\", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\(aq": "'", r"\(dq": '"', r"\&": ""}
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", source, re.DOTALL | re.MULTILINE):
        yield re.sub(r"\\(\(..|.)", lambda m: signs[m[0]], block)
