# SPDX-License-Identifier: BSD-2-Clause
"""--json: one document on every way out, with every key, whatever the names look like."""

import os
import shutil

import lib
from lib import DAMAGED, HOST, MALFORMED, OK, UNTRUSTED, USAGE, Room, expect, pack, run, unpack
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
base = lib.Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))
(HERE / "in").mkdir()
BUNDLE = HERE / "bundle"
expect(pack("create", lib.sample(HERE / "in", 30_000), "-o", BUNDLE, "-s", sender, "-r", sender, env=keys.env()), OK)
KEYS = {"schema", "program", "verb", "verdict", "status", "exit_status", "digest_engine", "bundle", "signers", "findings"}
FINDING = {"status", "rule", "volume", "text", "hint", "offset", "length"}


def cleanup():
    keys.close()
    base.__exit__()


def whole(result, status, *more):
    """One document with all its keys, and the status that the program ended with."""
    found = expect(result, status).json
    assert set(found) == KEYS | set(more), (sorted(found), result)
    assert found["exit_status"] == status, found
    for f in found["findings"]:
        assert set(f) == FINDING and f["text"] is not None, f
    return found


def test_every_way_out_is_one_document():
    whole(unpack("check", BUNDLE, "-t", TRUST, "--json"), OK)
    whole(unpack("check", BUNDLE, "--json"), UNTRUSTED)
    whole(unpack("list", BUNDLE, "-t", TRUST, "--json", env=keys.env()), OK, "contents")
    whole(unpack("check", HERE / "absent", "-t", TRUST, "--json"), HOST)
    whole(unpack("check", HERE / "in", "-t", TRUST, "--json"), MALFORMED)
    whole(unpack("check", BUNDLE, "-t", TRUST, "--json", env={"PATH": "/nonexistent"}), HOST)
    whole(unpack("check", BUNDLE, BUNDLE, "-t", TRUST, "--json"), USAGE)


def test_a_usage_error_behind_the_parser_is_a_document():
    found = whole(unpack("list", BUNDLE, "--json"), USAGE)
    assert found["verb"] == "list" and found["findings"][0]["rule"] == "no-trust", found
    whole(unpack("check", BUNDLE, "--json", "-j", "0"), USAGE)
    whole(unpack("extract", BUNDLE, "-t", TRUST, "--json"), USAGE, "destination")


def test_names_that_are_no_text():
    with Room() as room:
        odd = os.fsencode(room) + b"/d\xff"
        os.mkdir(odd)
        found = whole(unpack("extract", BUNDLE, "-t", TRUST, "-C", os.fsdecode(odd), "--json", env=keys.env()), OK,
                      "destination")
        assert "\\xff" in found["destination"], found
        shutil.copytree(BUNDLE, os.fsdecode(odd + b"/medium"))
        os.truncate(odd + b"/medium/payload-00.000000", 10)
        found = whole(run(lib.UNPACK, "check", os.fsdecode(odd + b"/medium"), BUNDLE, "-t", TRUST, "--json"), DAMAGED)
        assert "\\xff" in found["findings"][0]["volume"], found


def test_names_that_have_to_be_cut():
    """Labels have room for 512 bytes; a cut may fall into the middle of a character."""
    for extra in ("", "x", "xx"):
        with Room() as room:
            deep = room / extra if extra else room
            for _ in range(4):
                deep = deep / ("\u65e5" * 70)
            deep.mkdir(parents=True)
            medium = lib.copy_bundle(BUNDLE, deep / "medium")
            os.truncate(medium / "payload-00.000000", 10)
            found = whole(unpack("check", medium, BUNDLE, "-t", TRUST, "--json"), DAMAGED)
            assert found["findings"][0]["volume"].endswith("payload-00.000000"), found


lib.main(globals())
