# SPDX-License-Identifier: BSD-2-Clause
"""SIGINT, SIGTERM and SIGHUP at many moments of every verb: status 130 and nothing left,
or the work was done already and stands whole."""

import itertools
import os
import signal
import subprocess
import time

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import INTERRUPTED, OK, PACK, UNPACK, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_strace import Place, each, need_strace, points, some, strace

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
second = ring.gen("Security Officer", "security@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")
room = Room()
HERE = room.path
HANDOFF = lib.sample(HERE / "in")
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(ring.export(sender))
BUNDLE = HERE / "bundle"
expect(pack("create", HANDOFF, "-o", BUNDLE, "-s", sender, "-r", reader, "-S", "64KiB", env=ring.env()), OK)
DIGEST = unpack("show", BUNDLE, "--json").json["bundle"]["digest"]
ASKED = ("SIGINT", "SIGTERM", "SIGHUP")


def cleanup():
    ring.close()
    room.__exit__()


def signalled(words, found, judge, before=None):
    """Send a signal at each of these calls; judge(place, result) says whether what is
    there afterwards is right.  words(place): the command."""
    asked = itertools.cycle(ASKED)

    def one(case):
        (call, n), sig = case
        with Place(HERE) as place:
            if before is not None:
                before(place)
            r = strace(*words(place), calls=call, inject="signal=%s:when=%d" % (sig, n), env=dict(ring.env(), **place.env))
            assert r.status in (OK, INTERRUPTED), r
            if r.status == INTERRUPTED:
                assert "interrupted" in r.err, r
            judge(place, r)
            place.check_nothing_left()
    each([(p, next(asked)) for p in found], one)


def calls_of(words, **kw):
    with Place(HERE) as place:
        return points(*words(place), env=dict(ring.env(), **place.env), **kw)


def judge_create(place, r):
    made = sorted(p.name for p in place.path.iterdir() if p.name not in ("tmp", "empty"))
    if r.status == OK:
        return expect(unpack("check", *media_of(place), "-t", TRUST, "--all"), OK)
    assert not made, "left: %s\n%s" % (made, r)
    if (place.path / "empty").exists():
        assert not os.listdir(place.path / "empty"), r
    return None


def media_of(place):
    out = place.path / "empty" if (place.path / "empty").exists() else place.path / "out"
    return sorted(out.glob("medium-*")) or [out]


def test_signals_at_many_calls_of_create():
    need_strace()

    def words(place):
        return [PACK, "create", HANDOFF, "-o", place.path / "out", "-s", sender, "-r", reader, "-S", "64KiB", "-j", "2",
                "--opening", place.path / "opening"]
    signalled(words, some(calls_of(words), 48), judge_create)


def test_signals_at_many_calls_of_create_on_media_into_an_empty_folder():
    need_strace()

    def words(place):
        (place.path / "empty").mkdir(exist_ok=True)
        return [PACK, "create", HANDOFF, "-o", place.path / "empty", "-s", sender, "--no-encryption", "-S", "64KiB",
                "--media-size", "2MiB", "-j", "2"]
    signalled(words, some(calls_of(words), 32), judge_create)


def test_signals_at_many_calls_of_sign():
    need_strace()
    before = lib.snapshot(BUNDLE)

    def words(place):
        return [PACK, "sign", place.path / "out", "-s", second, "--expect", DIGEST, "-j", "2"]

    def judge(place, r):
        after = lib.snapshot(place.path / "out")
        new = {k for k in after if k not in before}
        if r.status == OK:
            assert new == {"signatures/%s.sig" % second}, r
        else:
            assert not new, "left: %s\n%s" % (new, r)
        assert all(after[k][3:] == before[k][3:] for k in before), r

    def copy(place):
        lib.copy_bundle(BUNDLE, place.path / "out")
    with Place(HERE) as place:
        copy(place)
        found = points(*words(place), env=dict(ring.env(), **place.env))
    signalled(words, some(found, 32), judge, before=copy)


def test_signals_at_many_calls_of_check_and_list():
    need_strace()
    before = lib.snapshot(BUNDLE)

    for verb in ("check", "list"):
        def words(_place, verb=verb):
            return [UNPACK, verb, BUNDLE, "-t", TRUST, "-j", "2"]

        def judge(_place, r):
            assert r.status == INTERRUPTED or r.verdict.startswith("AUTHENTIC"), r
        signalled(words, some(calls_of(words), 20), judge)
    assert lib.snapshot(BUNDLE) == before, "the media changed"


def test_signals_at_many_calls_of_extract():
    need_strace()
    before, want = lib.snapshot(BUNDLE), lib.payload(HERE / "in")

    def words(place):
        (place.path / "dest").mkdir(exist_ok=True)
        return [UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest", "-j", "2"]

    def judge(place, r):
        left = os.listdir(place.path / "dest")
        if r.status == OK:
            assert left == ["aurora-preview"] and r.verdict == "IMPORTED", r
            assert lib.tree(place.path / "dest" / "aurora-preview" / "data") == want, r
        else:
            assert not left, "left: %s\n%s" % (left, r)
    signalled(words, some(calls_of(words), 48), judge)
    assert lib.snapshot(BUNDLE) == before, "the media changed"


def test_signals_at_many_calls_of_audit():
    need_strace()
    with Room() as mine:
        expect(unpack("extract", BUNDLE, "-t", TRUST, "-C", mine, env=ring.env()), OK)
        bag = mine / "aurora-preview"
        before = lib.snapshot(bag)

        def words(_place):
            return [UNPACK, "audit", bag, "-t", TRUST, "-j", "2"]

        def judge(_place, r):
            assert r.status == INTERRUPTED or r.verdict == "AUTHENTIC AND WHOLE", r
        signalled(words, some(calls_of(words), 20), judge)
        assert lib.snapshot(bag) == before


def at_random(words, place, delay, sig):
    """The signal goes to the whole process group, as from a terminal."""
    p = subprocess.Popen([str(w) for w in words], env=dict(os.environ, **ring.env(), **place.env), start_new_session=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(delay)
    os.killpg(p.pid, sig)
    began = time.monotonic()
    out, err = p.communicate(timeout=60)
    took = time.monotonic() - began
    r = lib.Result(words, p.returncode, out.decode(), err.decode())
    assert r.status in (OK, INTERRUPTED), r
    assert took < 5, "ended %.1f s after the signal\n%s" % (took, r)
    return r


def test_large_input_is_interrupted_at_once_at_any_time():
    with Room() as mine:
        (mine / "in" / "big").mkdir(parents=True)
        block = (mine.parent / "x").name.encode() * 1000 + os.urandom(1 << 18)
        with open(mine / "in" / "big" / "weights.bin", "wb") as f:
            for _ in range((200 << 20) // len(block)):
                f.write(block)
        handoff = lib.write_handoff(mine / "in", [("big", "model", "big")])
        statuses = []
        for i, sig in zip(range(6), itertools.cycle((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))):
            with Place(mine) as place:
                r = at_random([PACK, "create", handoff, "-o", place.path / "out", "-s", sender, "-r", reader, "-j", "2"],
                              place, 0.15 + 0.2 * i, sig)
                judge_create(place, r)
                place.check_nothing_left()
                statuses.append(r.status)
        assert INTERRUPTED in statuses, statuses
        expect(pack("create", handoff, "-o", mine / "out", "-s", sender, "-r", reader, env=ring.env()), OK)
        for i, sig in zip(range(6), itertools.cycle((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))):
            with Place(mine) as place:
                (place.path / "dest").mkdir()
                r = at_random([UNPACK, "extract", mine / "out", "-t", TRUST, "-C", place.path / "dest", "-j", "2"],
                              place, 0.1 + 0.1 * i, sig)
                left = os.listdir(place.path / "dest")
                assert left == ([] if r.status == INTERRUPTED else ["aurora-preview"]), "%s\n%s" % (left, r)
                place.check_nothing_left()


def test_a_signal_that_was_ignored_from_the_start_stays_so():
    with Room() as mine:
        words = [PACK, "create", HANDOFF, "-o", mine / "out", "-s", sender, "-r", reader]
        p = subprocess.Popen([str(w) for w in words], env=dict(os.environ, **ring.env()), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.1)
        p.send_signal(signal.SIGHUP)
        out, err = p.communicate(timeout=60)
        assert p.returncode == OK, (out, err)
        expect(unpack("check", mine / "out", "-t", TRUST), OK)


lib.main(globals())
