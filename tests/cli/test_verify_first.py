# SPDX-License-Identifier: BSD-2-Clause
"""Verify before use: the build that proves it goes through the whole job, and ends at
once where a violation is planted.  `make check MODE=prove` runs every test with it."""

import os
import pathlib
import subprocess

import lib
from lib import OK, Room, expect, run
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
BUILD = pathlib.Path(os.environ.get("SATCHEL_BUILD", lib.SRC + "/build"))


def cleanup():
    keys.close()


def programs():
    """The two programs, built to prove; beside the build under test."""
    if os.environ.get("SATCHEL_MODE") == "prove":
        return lib.PACK, lib.UNPACK
    out = BUILD / "prove"
    subprocess.run(["make", "-C", lib.SRC, "--no-print-directory", "-j2", "MODE=prove", "BUILD=%s" % out, "all"],
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
                   env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")})
    return out / "satchel-pack", out / "satchel-unpack"


def test_the_whole_job():
    packer, unpacker = programs()
    for options in (("-r", sender), ("--no-encryption",), ("--no-encryption", "--portable"),
                    ("-r", sender, "--media-size", "2MiB")):
        with Room() as room:
            lib.sample(room / "in", 1_500_000)
            trust = room / "trust.gpg"
            trust.write_bytes(keys.export(sender))
            expect(run(packer, "create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", sender,
                       "-S", "128KiB", "-j", "3", *options, env=keys.env()), OK)
            media = sorted((room / "out").glob("medium-*")) or [room / "out"]
            expect(run(unpacker, "check", *media, "-t", trust), OK)
            (room / "dest").mkdir()
            expect(run(unpacker, "extract", *media, "-t", trust, "-C", room / "dest", "-j", "3", env=keys.env()), OK)
            assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(room / "in")


def test_a_planted_violation_ends_it():
    packer, unpacker = programs()
    planted = dict(keys.env(), SATCHEL_PLANT_VIOLATION="1")
    for options, what in ((("-r", sender), "the cipher"), (("--no-encryption",), "the decompressor")):
        with Room() as room:
            lib.sample(room / "in")
            trust = room / "trust.gpg"
            trust.write_bytes(keys.export(sender))
            expect(run(packer, "create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", sender, *options,
                       env=keys.env()), OK)
            (room / "dest").mkdir()
            r = run(unpacker, "extract", room / "out", "-t", trust, "-C", room / "dest", env=planted)
            assert r.status == -6 and what in r.err, r
            assert not (room / "dest" / "aurora-preview").exists()


lib.main(globals())
