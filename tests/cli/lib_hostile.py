# SPDX-License-Identifier: BSD-2-Clause
"""What the tests with a hostile signer share: bundles that are signed properly over false
contents, given to both readers, and what must hold of each refusal."""

import os
import sys
import time

import lib
import lib_decoder
from lib import HOST, MALFORMED, OK, UNTRUSTED, Room
from lib_keys import Keyring
from lib_measure import Measure

sys.dont_write_bytecode = True
import build                                                # noqa: E402  (of tests/decoder)
import rules                                                # noqa: E402
import trust                                                # noqa: E402

SECONDS = 10
MEMORY = 96 << 20                                           # bytes of one process
PLAIN = os.environ.get("SATCHEL_MODE", "plain") == "plain"

measure = Measure()
keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
reader = keys.gen("Evaluator", "evaluator@example.org")
stranger = keys.gen("Stranger", "stranger@example.net")
base = lib.Room()
TRUST = base.path / "trust.gpg"
TRUST.write_bytes(keys.export(sender) + keys.export(reader))
ring = trust.Ring(TRUST.read_bytes())

FILES = {"a/one.txt": b"first\n" * 2000, "a/two.txt": (b"#!/bin/sh\n", True), "b.bin": bytes(20000)}
SEALED = {"recipients": [reader]}
PORTABLE = {"portable": True}


def cleanup():
    measure.close()
    ring.close()
    keys.close()
    base.__exit__()


def measured(*args):
    """Run satchel-unpack; the result, its processor time and its greatest memory."""
    status, out, err, seconds, memory = measure.run([lib.UNPACK, *args], dict(os.environ, **keys.env()))
    return lib.Result(args, status, out, err), seconds, memory


def second(media, dest):
    return lib_decoder.second(media, dest, ring, keys.home)


class Table:
    """The rows of a test: each is one bundle; all that fail are named at the end.  Without
    check only extract is run: where nothing that check reads is false."""

    def __init__(self, check=True):
        self.check = check
        self.failures, self.rows, self.most = [], 0, (0, 0)

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        if kind is None:
            assert self.rows > 0
            assert not self.failures, "%d of %d rows:\n%s" % (len(self.failures), self.rows, "\n".join(self.failures))

    def row(self, what, check, extract, files=None, decoder=True, text=None, **options):
        """A bundle with these options of the builder, and the status that each verb must give."""
        with Room() as room:
            media = build.Builder(keys, sender, FILES if files is None else files, **options).write(room / "out")
            self.given(what, check, extract, room, media, decoder, text)

    def given(self, what, check, extract, room, media, decoder=True, text=None):
        self.rows += 1
        problems = []
        dest, theirs = room / "dest", room / "theirs"
        dest.mkdir()
        theirs.mkdir()
        for verb, wanted, more in (("check", check, ()), ("extract", extract, ("-C", dest)))[not self.check:]:
            began = time.monotonic()
            r, seconds, memory = measured(verb, *media, "-t", TRUST, *more)
            if r.status != wanted or text is not None and r.status and text not in r.out + r.err:
                problems.append("status %d, not %d %s\n%s" % (r.status, wanted, text or "", r))
            if seconds > SECONDS or PLAIN and memory > MEMORY:
                elapsed = time.monotonic() - began
                problems.append("%s: %.1f s (%.1f s elapsed), %d MiB" % (verb, seconds, elapsed, memory >> 20))
            self.most = max(self.most[0], seconds), max(self.most[1], memory)
        if extract != OK and os.listdir(dest):
            problems.append("left: %s" % os.listdir(dest))
        if decoder:
            *statuses, said = second(media, theirs)
            if statuses != [check, extract]:
                problems.append("the second decoder: %s, not %s\n%s" % (statuses, [check, extract], said))
            if os.listdir(theirs) and extract != OK:
                problems.append("the second decoder left %s" % os.listdir(theirs))
            if extract == OK and lib.tree(dest) != lib.tree(theirs):
                problems.append("the trees of the two readers differ")
        self.failures += ["%s: %s" % (what, p) for p in problems]

    # How a hostile bundle is refused: by both verbs, or only by what opens it.

    def never(self, what, **options):
        self.row(what, MALFORMED, MALFORMED, **options)

    def unopened(self, what, **options):
        self.row(what, OK, MALFORMED, **options)

    def accepted(self, what, **options):
        self.row(what, OK, OK, **options)


def changed(node, key, value):
    """A document with another value of a key (a path with dots; a number is a place in a sequence); None removes it."""
    *above, last = [int(part) if part.isdigit() else part for part in key.split(".")]
    at = node
    for part in above:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return node


def inserted(key, value, behind):
    """A hook that puts a key of the top map behind another one."""
    def hook(node, _where):
        out = {}
        for k, v in node.items():
            out[k] = v
            if k == behind:
                out[key] = value
        assert key in out
        return out
    return hook


def text_change(old, new, count=1):
    """A hook that replaces bytes of a text, which must be there."""
    def hook(data, _where):
        assert old in data, old
        return data.replace(old, new, count)
    return hook


__all__ = ["FILES", "HOST", "MALFORMED", "OK", "PORTABLE", "SEALED", "Table", "UNTRUSTED", "build",
           "changed", "cleanup", "inserted", "keys", "reader", "rules", "sender", "stranger", "text_change"]
