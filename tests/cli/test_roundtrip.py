# SPDX-License-Identifier: BSD-2-Clause
"""A handoff goes end to end: pack, sign, check, list, extract, on a sample and on
all the real weights and suites."""

import os
import shutil
import subprocess

import lib
from lib import OK, INCOMPLETE, REFUSED, UNTRUSTED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring

company = Keyring()
site = Keyring()
sender = company.gen("Release Authority", "release@example.com")
second = company.gen("Security Officer", "security@example.com")
reader = site.gen("Evaluator", "evaluator@example.org")
company.import_(site.export(reader))


def cleanup():
    company.close()
    site.close()


def trust_file(room, *fprs, name="trust.gpg"):
    path = room / name
    path.write_bytes(b"".join(company.export(f) for f in fprs))
    return path


def test_sample_round_trip():
    with Room() as room:
        handoff = lib.sample(room / "in")
        trust = trust_file(room, sender)
        r = expect(pack("create", handoff, "-o", room / "out", "-s", sender, "-r", "evaluator@example.org",
                        "-j", "2", env=company.env()), OK, "digest: ")
        digest = [x for x in r.out.splitlines() if x.startswith("digest: ")][0][8:]
        before = lib.snapshot(room / "out")
        r = expect(unpack("check", room / "out", "-t", trust), OK)
        assert r.verdict == "AUTHENTIC AND WHOLE", r
        r = expect(unpack("check", room / "out"), UNTRUSTED, "unverified")
        assert r.verdict == "NOT AUTHENTICATED", r
        r = expect(unpack("check", room / "out", "--expect", digest), OK)
        assert r.verdict == "WHOLE, MATCHES THE DIGEST YOU GAVE", r
        r = expect(unpack("check", room / "out", "-t", trust, "--expect", digest[:-1] + ("0" if digest[-1] != "0" else "1")),
                   UNTRUSTED)
        assert r.verdict == "UNTRUSTED", r
        r = expect(unpack("list", room / "out", "-t", trust, env=site.env()), OK, "weights/aurora/model.bin")
        (room / "dest").mkdir()
        r = expect(unpack("extract", room / "out", "-t", trust, "-C", room / "dest", env=site.env()), OK)
        assert r.verdict == "IMPORTED", r
        assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(room / "in")
        assert os.listdir(room / "dest") == ["aurora-preview"]
        assert lib.snapshot(room / "out") == before, "the media changed"
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "manifest-sha256.txt"],
                       cwd=room / "dest" / "aurora-preview", check=True)
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "tagmanifest-sha256.txt"],
                       cwd=room / "dest" / "aurora-preview", check=True)
        r = expect(unpack("extract", room / "out", "-t", trust, "-C", room / "dest", env=site.env()), 1, "already")


def test_everything_real_on_two_media():
    weights, suites = lib.need_data("weights"), lib.need_data("benchmarks")
    with Room() as room:
        shutil.copytree(weights, room / "in" / "weights")
        shutil.copytree(suites, room / "in" / "suites")
        subprocess.run(["chmod", "-R", "u+w", str(room / "in")], check=True)
        (room / "in" / "weights" / "empty-file").write_bytes(b"")
        (room / "in" / "suites" / "empty-directory").mkdir()
        handoff = lib.write_handoff(room / "in", [("weights", "model", "weights"), ("suites", "benchmark", "suites")])
        trust = trust_file(room, sender)
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-j", "2",
                    "-S", "2MiB", "--media-size", "16MiB", env=company.env()), OK)
        media = sorted((room / "out").iterdir())
        assert [m.name for m in media] == ["medium-01", "medium-02"], media
        assert sum(1 for m in media for p in m.glob("payload-*")) > 5
        r = expect(unpack("check", *media, "-t", trust, "--all"), OK)
        assert r.verdict == "AUTHENTIC AND WHOLE", r
        r = expect(unpack("check", media[1], "-t", trust), OK)
        assert r.verdict == "AUTHENTIC, MEDIUM 2 OF 2 WHOLE", r
        r = expect(unpack("check", media[1], "-t", trust, "--all"), INCOMPLETE)
        assert r.verdict == "INCOMPLETE", r
        (room / "dest").mkdir()
        r = expect(unpack("extract", media[0], "-t", trust, "-C", room / "dest", env=site.env()), INCOMPLETE)
        assert os.listdir(room / "dest") == []
        expect(unpack("extract", media[1], media[0], "-t", trust, "-C", room / "dest", "-j", "2", env=site.env()), OK)
        assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(room / "in")


def test_lfs_pointers_are_refused_and_all_named():
    pointers = lib.need_data("manifests", "lfs-pointers")
    with Room() as room:
        shutil.copytree(pointers, room / "in" / "suite")
        handoff = lib.write_handoff(room / "in", [("suite", "benchmark", "suite")])
        r = expect(pack("create", handoff, "-o", room / "out", "-s", sender, "-r", reader, env=company.env()), REFUSED)
        named = 0
        for path in (room / "in" / "suite").rglob("*"):
            if path.is_file() and path.read_bytes().startswith(b"version https://git-lfs.github.com/spec/v1\n"):
                named += 1
                assert str(path.relative_to(room / "in")) in r.err, (path, r)
        assert named > 1
        assert not (room / "out").exists()


def test_two_signers_and_a_second_signature_later():
    with Room() as room:
        handoff = lib.sample(room / "in")
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "-r", reader,
                    "--opening", room / "opening", env=company.env()), OK)
        assert (room / "opening").stat().st_mode & 0o777 == 0o600
        only_second = trust_file(room, second, name="second.gpg")
        both = trust_file(room, sender, second)
        expect(unpack("check", room / "out", "-t", only_second), UNTRUSTED)
        before = lib.snapshot(room / "out")
        r = expect(pack("sign", room / "out", "-s", second, env=company.env()), USAGE, "--expect")
        assert lib.snapshot(room / "out") == before
        digest = [x for x in r.out.splitlines() if x.startswith("digest: ")][0][8:]
        r = expect(pack("sign", room / "out", "-s", second, "--expect", digest, "--content", room / "opening",
                        env=company.env()), OK, "is what this bundle holds")
        after = lib.snapshot(room / "out")
        new = {k for k in after if k not in before}
        assert new == {"signatures/%s.sig" % second}, new
        assert all(after[k][0] == before[k][0] and after[k][3:] == before[k][3:] for k in before)
        expect(unpack("check", room / "out", "-t", only_second), OK)
        expect(unpack("check", room / "out", "-t", both), OK, second)
        # the second person's signature alone does not say who packed it
        (room / "dest").mkdir()
        expect(unpack("extract", room / "out", "-t", only_second, "-C", room / "dest", env=site.env()), UNTRUSTED,
               "originator")
        assert os.listdir(room / "dest") == []
        # a signature that travels apart
        (room / "sigs").mkdir()
        os.rename(room / "out" / "signatures" / ("%s.sig" % second), room / "sigs" / ("%s.sig" % second))
        expect(unpack("check", room / "out", "-t", only_second), UNTRUSTED)
        expect(unpack("check", room / "out", "-t", only_second, "--signatures", room / "sigs"), OK)


def test_unsigned_then_signed_by_the_originator():
    with Room() as room:
        handoff = lib.sample(room / "in")
        trust = trust_file(room, sender)
        expect(pack("create", handoff, "-o", room / "out", "--unsigned", "--originator", sender, "-r", reader,
                    env=company.env()), OK, "not signed yet")
        expect(unpack("check", room / "out", "-t", trust), UNTRUSTED)
        r = expect(unpack("show", room / "out"), UNTRUSTED, "unverified")
        digest = [x for x in r.out.splitlines() if x.startswith("bundle digest: ")][0][15:]
        expect(pack("sign", room / "out", "-s", sender, "--expect", digest, env=company.env()), OK)
        expect(unpack("list", room / "out", "-t", trust, env=site.env()), OK)


def test_several_recipients_and_hidden_ones():
    with Room() as room:
        handoff = lib.sample(room / "in")
        other = site.gen("Other Reader", "other@example.org")
        company.import_(site.export(other))
        trust = trust_file(room, sender)
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "-r", reader, "-r", other,
                    "--hide-recipients", env=company.env()), OK)
        assert sorted(p.name for p in (room / "out" / "keys" / "00.0").iterdir()) == ["000.pgp", "001.pgp"]
        (room / "dest").mkdir()
        expect(unpack("extract", room / "out", "-t", trust, "-C", room / "dest", env=site.env()), OK)
        with Keyring() as stranger:
            stranger.gen("Stranger", "stranger@example.net")
            expect(unpack("list", room / "out", "-t", trust, env=stranger.env()), 1, "is here")


def test_nobody_to_encrypt_to_or_to_sign_is_explained():
    with Room() as room:
        handoff = lib.sample(room / "in")
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, env=company.env()), USAGE, "--no-encryption")
        expect(pack("create", handoff, "-o", room / "out", "-r", reader, env=company.env()), USAGE, "--unsigned")
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, "-r", "nobody@example.org",
                    env=company.env()), USAGE)
        assert not (room / "out").exists()


def test_dry_run_writes_nothing():
    with Room() as room:
        handoff = lib.sample(room / "in")
        before = lib.snapshot(room)
        expect(pack("create", handoff, "-n", "-s", sender, "-r", reader, env=company.env()), OK, "notes.md")
        assert lib.snapshot(room) == before


lib.main(globals())
