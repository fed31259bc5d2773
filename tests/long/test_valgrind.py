# SPDX-License-Identifier: BSD-2-Clause
"""memcheck finds nothing in a round trip: create, sign, check, show, list, extract, audit,
and in what is refused.  Of children only those that are copies of the program are looked
at, not gpg."""

import os
import pathlib
import resource
import shutil
import subprocess

from lib_long import need_plain
import lib
from lib import DAMAGED, OK, PACK, REFUSED, UNPACK, USAGE, Room, Skip, expect
from lib_keys import Keyring

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
second = ring.gen("Security Officer", "security@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")
FOUND = 97


def cleanup():
    ring.close()


def few_descriptors():
    """The helper lowers the limit for those that it starts, which valgrind takes only
    where the new hard limit is the one that it was started with."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))


def need_valgrind():
    need_plain()
    if shutil.which("valgrind") is None:
        raise Skip("valgrind is not installed")


def valgrind(room, *words):
    """Run under memcheck; whatever it reports is a failure."""
    logs = room / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    p = subprocess.run(["valgrind", "-q", "--error-exitcode=%d" % FOUND, "--leak-check=full", "--errors-for-leak-kinds=definite",
                        "--show-leak-kinds=definite", "--trace-children=no", "--log-file=%s/%%p" % logs, *map(str, words)],
                       env=dict(os.environ, **ring.env()), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, preexec_fn=few_descriptors, timeout=900, check=False)
    r = lib.Result(words, p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace"))
    told = "".join(log.read_text(errors="replace") for log in sorted(pathlib.Path(logs).iterdir()))
    assert not told.strip(), "%s\n%s" % (r, told[:6000])
    return r


def test_round_trip():
    need_valgrind()
    with Room() as room:
        handoff = lib.sample(room / "in", 3 << 20)
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        for i, options in enumerate((["-r", reader, "-S", "2MiB", "--opening", room / "opening"],
                                     ["--no-encryption", "--portable"],
                                     ["-r", reader, "--hide-recipients", "-S", "64KiB", "--media-size", "2MiB"])):
            out = room / ("out-%d" % i)
            r = expect(valgrind(room, PACK, "create", handoff, "-o", out, "-s", sender, "-j", "2", *options), OK)
            digest = [x for x in r.out.splitlines() if x.startswith("digest: ")][0][8:]
            if i == 0:
                expect(valgrind(room, PACK, "sign", out, "-s", second, "--expect", digest, "--content", room / "opening"), OK)
            media = sorted(out.glob("medium-*")) or [out]
            expect(valgrind(room, UNPACK, "check", *media, "-t", trust, "-j", "2"), OK)
            expect(valgrind(room, UNPACK, "show", *media, "-t", trust, "--json"), OK)
            expect(valgrind(room, UNPACK, "list", *media, "-t", trust), OK)
            dest = room / ("dest-%d" % i)
            dest.mkdir()
            expect(valgrind(room, UNPACK, "extract", *media, "-t", trust, "-C", dest, "-j", "2", "--json"), OK)
            assert lib.tree(dest / "aurora-preview" / "data") == lib.payload(room / "in")
            expect(valgrind(room, UNPACK, "audit", dest / "aurora-preview", "-t", trust, "-j", "2"), OK)


def test_what_is_refused():
    need_valgrind()
    with Room() as room:
        handoff = lib.sample(room / "in")
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        out = room / "out"
        expect(valgrind(room, PACK, "create", handoff, "-o", out, "-s", sender, "-r", reader, "-S", "64KiB"), OK)
        (room / "dest").mkdir()
        lib.flip(out / "payload-00.000001", 3000)
        expect(valgrind(room, UNPACK, "check", out, "-t", trust), DAMAGED)
        expect(valgrind(room, UNPACK, "extract", out, "-t", trust, "-C", room / "dest", "-j", "2"), DAMAGED)
        (out / "payload-00.000002").unlink()
        expect(valgrind(room, UNPACK, "check", out, "-t", trust, "--json"), DAMAGED)
        lib.flip(out / "manifest.yaml", 200)
        assert valgrind(room, UNPACK, "check", out, "-t", trust).status not in (OK, FOUND)
        assert valgrind(room, UNPACK, "check", out).status not in (OK, FOUND)
        (room / "in" / "suites" / "cyber" / "link").symlink_to("run.sh")
        (room / "in" / "suites" / "cyber" / "con").write_text("x")
        expect(valgrind(room, PACK, "create", handoff, "-o", room / "never", "-s", sender, "--no-encryption"), REFUSED)
        handoff.write_text(handoff.read_text() + "components: []\n")
        expect(valgrind(room, PACK, "create", handoff, "-o", room / "never", "-s", sender, "--no-encryption"), USAGE)


lib.main(globals())
