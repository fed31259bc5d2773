# SPDX-License-Identifier: BSD-2-Clause
"""Memory stays within the formula of the manual's promise on 1 GiB of input, whatever -j
is: 64 MiB; per thread 8 chunk sizes, the compressor's state and a volume's index; per
file 256 bytes and its path."""

import hashlib
import os
import random
import shutil
import struct
import tempfile

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import PACK, UNPACK, Room, Skip
from lib_keys import Keyring
from lib_memory import formula, peak

M = 1 << 20
SIZE = int(os.environ.get("SATCHEL_MEMORY_SIZE", 1 << 30))

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")


def cleanup():
    ring.close()


def block():
    """What weights and suites are made of: numbers of two kinds, text, and what does not compress."""
    r = random.Random(1)
    f32 = b"".join(struct.pack("<f", r.gauss(0, 0.02)) for _ in range(M // 4))
    bf16 = b"".join(f32[i + 2:i + 4] for i in range(0, M, 4)) * 2
    text = b"".join(hashlib.sha512(b"%d" % (i % 7000)).hexdigest().encode()[:i % 60] + b" word\n" for i in range(40000))
    return bf16 + f32 + text[:M] + r.randbytes(M)


def generate(path, size):
    data = block()
    with open(path, "wb") as f:
        for _ in range(size // len(data)):
            f.write(data)


def test_one_gibibyte():
    if os.environ.get("SATCHEL_MODE", "plain") not in ("plain", "prove"):
        raise Skip("other memory counts in this build")
    if shutil.disk_usage(tempfile.gettempdir()).free < 5 * SIZE:
        raise Skip("under %d GiB are free" % (5 * SIZE >> 30))
    with Room() as room:
        (room / "in" / "weights").mkdir(parents=True)
        generate(room / "in" / "weights" / "model.bin", SIZE)
        handoff = lib.write_handoff(room / "in", [("weights", "model", "weights")])
        trust = room / "trust.gpg"
        trust.write_bytes(ring.export(sender))
        wrong = []
        for jobs, level in ((1, 3), (2, 3), (8, 3), (2, 19)):
            if level == 19:		# slow: a part of it is enough
                os.truncate(room / "in" / "weights" / "model.bin", 64 * M)
            most = formula(jobs, level=level)
            runs = [[PACK, "create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-j", jobs, "-l", level],
                    [UNPACK, "check", room / "out", "-t", trust, "-j", jobs],
                    [UNPACK, "list", room / "out", "-t", trust, "-j", jobs],
                    [UNPACK, "extract", room / "out", "-t", trust, "-C", room / "dest", "-j", jobs],
                    [UNPACK, "audit", room / "dest" / "aurora-preview", "-t", trust, "-j", jobs]]
            (room / "dest").mkdir()
            for words in runs:
                used = peak(words, ring.env())
                print("# -j %d -l %d %s: %.1f MiB of %.1f" % (jobs, level, words[1], used / M, most / M))
                if used > most:
                    wrong.append("-j %d -l %d %s: %d of %d bytes" % (jobs, level, words[1], used, most))
            shutil.rmtree(room / "out")
            lib.force_remove(room / "dest")
        assert not wrong, "\n".join(wrong)


lib.main(globals())
