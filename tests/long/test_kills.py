# SPDX-License-Identifier: BSD-2-Clause
"""SIGKILL at many system calls.  create leaves nothing that check accepts unless it is
whole; extract leaves the destination absent or complete, and the next run succeeds."""

import os
import shutil

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import HOST, OK, PACK, UNPACK, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_strace import Place, each, need_strace, points, some, strace

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")
room = Room()
HERE = room.path
HANDOFF = lib.sample(HERE / "in")
WANT = lib.payload(HERE / "in")
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(ring.export(sender))
BUNDLE = HERE / "bundle"
expect(pack("create", HANDOFF, "-o", BUNDLE, "-s", sender, "-r", reader, "-S", "64KiB", env=ring.env()), OK)
NAME = "aurora-preview"

# What changes something, and what waits; a kill anywhere else is one of these too.
CALLS = ("openat,write,pwrite64,fsync,fdatasync,syncfs,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,"
         "fchmod,utimensat,fallocate,ftruncate,flock,close,clone,clone3,kill,wait4,mlock,fcntl")


def cleanup():
    ring.close()
    room.__exit__()


def killed(words, most, judge):
    with Place(HERE) as place:
        found = points(*words(place), calls=CALLS, env=dict(ring.env(), **place.env))

    def one(case):
        call, n = case
        with Place(HERE) as place:
            r = strace(*words(place), calls=call, inject="signal=KILL:when=%d" % n, env=dict(ring.env(), **place.env))
            assert r.status in (OK, -9), r
            place.check_nothing_left(killed=r.status == -9)
            judge(place, r)
    each(some(found, most), one)


def check_extracts(place, media):
    (place.path / "proof").mkdir()
    expect(unpack("extract", *media, "-t", TRUST, "-C", place.path / "proof", env=ring.env()), OK)
    assert lib.tree(place.path / "proof" / NAME / "data") == WANT


def judge_create(place, r):
    out = place.path / "out"
    media = sorted(out.glob("medium-*")) or [out]
    if r.status == OK:
        return check_extracts(place, media)
    seen = unpack("check", *media, "-t", TRUST, "--all")
    if seen.status == OK:
        return check_extracts(place, media)
    assert seen.status != OK and "AUTHENTIC" not in seen.out, seen
    if out.exists() and os.listdir(out):
        again = pack("create", HANDOFF, "-o", out, "-s", sender, "-r", reader, env=ring.env())
        expect(again, HOST, "exists and is not empty")
        shutil.rmtree(out)
    return expect(pack("create", HANDOFF, "-o", out, "-s", sender, "-r", reader, "-S", "64KiB", env=ring.env()), OK)


def test_create():
    need_strace()
    killed(lambda p: [PACK, "create", HANDOFF, "-o", p.path / "out", "-s", sender, "-r", reader, "-S", "64KiB", "-j", "2"],
           40, judge_create)


def test_create_on_media():
    need_strace()
    killed(lambda p: [PACK, "create", HANDOFF, "-o", p.path / "out", "-s", sender, "--no-encryption", "-S", "64KiB",
                      "--media-size", "2MiB", "-j", "2"], 24, judge_create)


def test_sign():
    need_strace()
    second = ring.gen("Security Officer", "security@example.com")
    digest = unpack("show", BUNDLE, "--json").json["bundle"]["digest"]
    before = lib.snapshot(BUNDLE)
    both = HERE / "both.gpg"
    both.write_bytes(ring.export(second))

    def words(place):
        if not (place.path / "out").exists():
            lib.copy_bundle(BUNDLE, place.path / "out")
        return [PACK, "sign", place.path / "out", "-s", second, "--expect", digest, "-j", "2"]

    def judge(place, r):
        after = lib.snapshot(place.path / "out")
        assert all(after[k][3:] == before[k][3:] for k in before), r
        new = {k for k in after if k not in before}
        assert new <= {"signatures/%s.sig" % second, "signatures/.part-%s.sig" % second}, new
        expect(unpack("check", place.path / "out", "-t", TRUST), OK)
        # it is whole or not there; and a second run makes it
        if "signatures/%s.sig" % second not in new:
            expect(pack("sign", place.path / "out", "-s", second, "--expect", digest, env=ring.env()), OK)
        expect(unpack("check", place.path / "out", "-t", both), OK)
        assert sorted(os.listdir(place.path / "out" / "signatures")) == sorted("%s.sig" % f for f in (sender, second))
    killed(words, 24, judge)


def dest_words(place):
    (place.path / "dest").mkdir(exist_ok=True)
    return [UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest", "-j", "2"]


def check_imported(dest):
    assert os.listdir(dest) == [NAME], os.listdir(dest)
    assert lib.tree(dest / NAME / "data") == WANT
    expect(unpack("audit", dest / NAME, "-t", TRUST), OK)


def test_extract():
    need_strace()
    media = lib.snapshot(BUNDLE)

    def judge(place, r):
        dest = place.path / "dest"
        left = os.listdir(dest)
        assert all(n == NAME or n.startswith(".satchel-") for n in left), left
        if NAME in left:
            assert lib.tree(dest / NAME / "data") == WANT, r
            expect(unpack("audit", dest / NAME, "-t", TRUST), OK)
            expect(unpack("extract", BUNDLE, "-t", TRUST, "-C", dest, env=ring.env()), HOST, "already")
            return
        expect(unpack("extract", BUNDLE, "-t", TRUST, "-C", dest, env=ring.env()), OK)
        check_imported(dest)
    killed(dest_words, 40, judge)
    assert lib.snapshot(BUNDLE) == media, "the media changed"


def test_extract_killed_again_and_again():
    need_strace()
    with Place(HERE) as place:
        words = dest_words(place)
        found = points(*words, calls=CALLS, env=dict(ring.env(), **place.env))
        shutil.rmtree(place.path / "dest" / NAME)
        # always late, so that each run meets what the one before has left
        for call, n in some(found[len(found) // 2:], 12):
            r = strace(*words, calls=call, inject="signal=KILL:when=%d" % n, env=dict(ring.env(), **place.env))
            place.check_nothing_left(killed=True)
            if (place.path / "dest" / NAME).exists():
                expect(unpack("audit", place.path / "dest" / NAME, "-t", TRUST), OK)
                shutil.rmtree(place.path / "dest" / NAME)
            else:
                assert r.status in (OK, -9), r
        expect(unpack("extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest", env=ring.env()), OK)
        check_imported(place.path / "dest")


lib.main(globals())
