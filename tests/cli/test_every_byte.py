# SPDX-License-Identifier: BSD-2-Clause
"""Every byte counts, through the programs: a sample of what tests/unit/test_every_byte.c
does in process.  Bundles of five kinds; each kind of file is changed, cut and extended
at places that a fixed seed chooses; check and extract refuse it, and nothing is left."""

import concurrent.futures
import os
import random
import shutil

import lib
from lib import DAMAGED, OK, UNTRUSTED, Room, expect, pack, unpack
from lib_keys import Keyring

PLACES = 12
SAMPLE = os.environ.get("SATCHEL_MODE", "plain") != "plain"

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
reader = keys.gen("Evaluator", "reader@example.net")
base = Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))


def cleanup():
    keys.close()
    base.__exit__()


def make(name, *options, size=300_000):
    folder = HERE / (name + "-in")
    lib.sample(folder, size)
    expect(pack("create", folder / "handoff.yaml", "-o", HERE / name, "-s", sender, "-S", "128KiB", *options,
                env=keys.env()), OK)
    return HERE / name


def kind_of(path):
    """Files of one kind are changed in turn."""
    if path.name.startswith("payload-"):
        return "volumes"
    return {".sig": "signatures", ".pgp": "keys"}.get(path.suffix, path.name)


def change_at(path, how, dice):
    """Do it, and say what was done."""
    size = path.stat().st_size
    if how == "flip":
        offset, bit = dice.randrange(size), dice.randrange(8)
        lib.flip(path, offset, bit)
        return "bit %d of byte %d" % (bit, offset)
    if how == "cut":
        left = dice.randrange(size)
        os.truncate(path, left)
        return "cut to %d" % left
    with open(path, "ab") as f:
        f.write(bytes([dice.randrange(256)]))
    return "a byte more"


def read_both(dirs, dest, status, what):
    """check and extract; what they printed."""
    found = []
    for r in (unpack("check", *dirs, "-t", TRUST), unpack("extract", *dirs, "-t", TRUST, "-C", dest, env=keys.env())):
        assert r.status == status, "%s: expected status %d\n%s" % (what, status, r)
        found.append(expect(r, status))
    assert status == OK or os.listdir(dest) == [], "%s: %s" % (what, os.listdir(dest))
    return found


def sample_kind(source, kind, files, seed):
    """All changes of one kind of file, on a copy of its own."""
    dice = random.Random(seed)
    with Room() as room:
        bundle = lib.copy_bundle(source, room / "medium")
        dest = room / "dest"
        dest.mkdir()
        dirs = sorted(bundle.glob("medium-*")) or [bundle]
        status = UNTRUSTED if kind in ("manifest.yaml", "signatures") else DAMAGED
        for i in range(3 if SAMPLE else PLACES):
            name = files[i % len(files)]
            how = ("flip", "flip", "flip", "cut", "flip", "append")[i % 6]
            what = "%s: %s" % (name, change_at(bundle / name, how, dice))
            before = lib.snapshot(bundle)
            if kind == "signatures" and len(dirs) > 1:
                # the other medium has a good one; by itself this medium is worth nothing
                for r in read_both(dirs, dest, OK, what):
                    assert "a bad signature" in r.err, (what, r)
                lib.force_remove(dest / "aurora-preview")
                read_both([bundle / name.parts[0]], dest, UNTRUSTED, what)
            else:
                read_both(dirs, dest, status, what)
            assert lib.snapshot(bundle) == before, "the media changed"
            shutil.copy2(source / name, bundle / name)
        for r in read_both(dirs, dest, OK, "as it was"):
            assert "a bad signature" not in r.err, r


def every_kind(source, wanted):
    kinds = {}
    for path in sorted(p.relative_to(source) for p in source.rglob("*") if p.is_file()):
        kinds.setdefault(kind_of(path), []).append(path)
    assert set(kinds) == wanted | {"manifest.yaml", "signatures", "volumes", "contents-00", "README.txt"}, kinds
    assert len(kinds["volumes"]) >= 3, kinds
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(sample_kind, source, kind, kinds[kind], source.name + kind) for kind in sorted(kinds)]
        for job in jobs:
            job.result()


def test_encrypted():
    every_kind(make("encrypted", "-r", sender), {"keys"})


def test_unencrypted():
    every_kind(make("clear", "--no-encryption"), set())


def test_portable():
    every_kind(make("portable", "--no-encryption", "--portable"), {"SHA256SUMS", "SHA512SUMS"})


def test_two_recipients():
    """Each wrapped key in turn; the other's opens it, and what is damaged is said all the same."""
    every_kind(make("recipients", "-r", sender, "-r", reader), {"keys"})


def test_two_media():
    source = make("media", "-r", sender, "--media-size", "2MiB", size=1_500_000)
    assert len(list(source.iterdir())) == 2, list(source.iterdir())
    every_kind(source, {"keys"})


lib.main(globals())
