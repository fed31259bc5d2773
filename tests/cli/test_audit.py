# SPDX-License-Identifier: BSD-2-Clause
"""audit finds whatever was changed, added, removed, linked or re-moded in an imported
bag, and nothing in one that was left alone."""

import os
import shutil
import time

import lib
from lib import DAMAGED, INCOMPLETE, MALFORMED, OK, UNTRUSTED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
second = keys.gen("Security Officer", "security@example.com")
base = Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))


def make(name, *options):
    folder = HERE / (name + "-in")
    lib.sample(folder, 20_000)
    expect(pack("create", folder / "handoff.yaml", "-o", HERE / (name + "-out"), "-s", sender, *options,
                env=keys.env()), OK)
    (HERE / name).mkdir()
    expect(unpack("extract", HERE / (name + "-out"), "-t", TRUST, "-C", HERE / name, env=keys.env()), OK)
    return HERE / name / "aurora-preview"


BAG = make("one", "-r", sender)
CLEAR = make("clear", "--no-encryption")
SIG = "satchel/signatures/%s.sig" % sender


def cleanup():
    keys.close()
    base.__exit__()


def audit(bag, *args):
    before = lib.snapshot(bag)
    r = unpack("audit", bag, "-t", TRUST, *args)
    assert lib.snapshot(bag) == before, "audit changed the bag"
    return r


def found(change, status, name=None, source=BAG):
    with Room() as room:
        bag = room / "bag"
        shutil.copytree(source, bag, symlinks=True)
        change(bag)
        r = expect(audit(bag), status)
        if name is not None:
            assert name in r.err, (name, r)


def test_an_untouched_bag():
    for bag in (BAG, CLEAR):
        r = expect(audit(bag), OK)
        assert r.verdict == "AUTHENTIC AND WHOLE", r
        expect(audit(bag, "-j", "1"), OK)
    with Room() as room:
        shutil.copytree(BAG, room / "other name")
        expect(audit(room / "other name"), OK)


def test_audit_needs_trust():
    expect(unpack("audit", BAG), USAGE, "--trust")


def every_file(bag):
    return [str(p.relative_to(bag)) for p in sorted(bag.rglob("*")) if p.is_file()]


def status_of_change(name):
    return UNTRUSTED if name in ("satchel/manifest.yaml", SIG) else DAMAGED


def test_a_flipped_byte_in_every_file():
    for source in (BAG, CLEAR):
        for name in every_file(source):
            size = (source / name).stat().st_size
            for offset in sorted({0, size // 2, size - 1}):
                if size > 0:
                    found(lambda b, n=name, o=offset: lib.flip(b / n, o), status_of_change(name), source=source)


def test_every_file_cut_and_extended():
    for name in every_file(BAG):
        def extend(b, n=name):
            with open(b / n, "ab") as f:
                f.write(b"\n")
        found(extend, status_of_change(name))
        if (BAG / name).stat().st_size > 0:
            found(lambda b, n=name: os.truncate(b / n, (b / n).stat().st_size - 1), status_of_change(name))


def test_every_file_missing():
    for name in every_file(BAG):
        status = INCOMPLETE
        if name == "satchel/manifest.yaml":
            status = MALFORMED
        elif name == SIG:
            status = UNTRUSTED
        found(lambda b, n=name: (b / n).unlink(), status, None if status != INCOMPLETE else name.split("/")[-1][:20])


def test_every_empty_directory_missing():
    found(lambda b: (b / "data/suites/cyber/empty").rmdir(), INCOMPLETE, "suites/cyber/empty")


def test_every_file_re_moded_linked_and_replaced():
    for name in every_file(BAG):
        mode = (BAG / name).stat().st_mode & 0o777
        tag = name.split("/")[-1][:20] if name.isascii() else None
        found(lambda b, n=name, m=mode: (b / n).chmod(0o755 if m == 0o644 else 0o644), DAMAGED, tag)
        found(lambda b, n=name, m=mode: (b / n).chmod(m | 0o002), DAMAGED, tag)
        found(lambda b, n=name: os.link(b / n, str(b) + ".hard"), DAMAGED, tag)

        def linked(b, n=name):
            os.rename(b / n, str(b) + ".real")
            os.symlink(str(b) + ".real", b / n)
        found(linked, 1 if name == "satchel/manifest.yaml" else status_of_change(name))


def test_every_directory_re_moded():
    for path in sorted(p for p in BAG.rglob("*") if p.is_dir()):
        name = path.relative_to(BAG)
        found(lambda b, n=name: (b / n).chmod(0o700), DAMAGED)
    found(lambda b: b.chmod(0o700), DAMAGED)


def test_anything_added():
    for folder in [".", *sorted({str(p.parent.relative_to(BAG)) for p in BAG.rglob("*")})]:
        found(lambda b, f=folder: (b / f / "added").write_text("x"), DAMAGED, "added")
        found(lambda b, f=folder: (b / f / "added").mkdir(), DAMAGED, "added")
        found(lambda b, f=folder: os.symlink("nowhere", b / f / "added"), DAMAGED, "added")
        found(lambda b, f=folder: os.mkfifo(b / f / "added"), DAMAGED, "added")


def test_renamed():
    found(lambda b: os.rename(b / "data/notes.md", b / "data/notes.MD"), DAMAGED, "notes.md")
    found(lambda b: os.rename(b / "data/suites", b / "data/suites2"), DAMAGED, "suites")


def test_every_difference_is_named():
    with Room() as room:
        bag = room / "bag"
        shutil.copytree(BAG, bag)
        lib.flip(bag / "data/notes.md", 0)
        (bag / "data/weights/aurora/config.json").unlink()
        (bag / "extra").write_text("x")
        (bag / "data/suites/cyber/run.sh").chmod(0o644)
        r = expect(audit(bag, "--json"), DAMAGED)
        rules = {(f["rule"], f["volume"]) for f in r.json["findings"]}
        assert {("changed", "data/notes.md"), ("missing", "data/weights/aurora/config.json"), ("extra", "extra"),
                ("mode", "data/suites/cyber/run.sh")} <= rules, rules


def test_a_signature_added_to_the_bag():
    """A signature that came later does not belong to what was imported."""
    with Room() as room:
        bag = room / "bag"
        shutil.copytree(BAG, bag)
        text = (bag / "satchel/manifest.yaml").read_bytes()
        (bag / "satchel/signatures" / (second + ".sig")).write_bytes(keys.sign(second, text))
        expect(audit(bag), DAMAGED)


def test_a_key_that_expired_since():
    """The signature was made before the key expired: audit takes it, and says so."""
    with Room() as room:
        now = int(time.time())
        old = keys.gen("Old Key", "old@example.com", expire="seconds=6")
        trust = room / "old.gpg"
        trust.write_bytes(keys.export(old))
        lib.sample(room / "in", 1000)
        expect(pack("create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", old, "--no-encryption",
                    env=keys.env()), OK)
        (room / "dest").mkdir()
        expect(unpack("extract", room / "out", "-t", trust, "-C", room / "dest"), OK)
        time.sleep(max(0, now + 9 - time.time()))
        expect(unpack("check", room / "out", "-t", trust), UNTRUSTED)
        expect(unpack("audit", room / "dest" / "aurora-preview", "-t", trust), OK, "expired since")


lib.main(globals())
