# SPDX-License-Identifier: BSD-2-Clause
"""The signature table, its keys: expiry, revocation, weakness, usage, every change of a byte,
trust files, several media, and signing with a passphrase."""

import concurrent.futures
import os
import pathlib

import lib
from lib import INCOMPLETE, OK, Room, UNTRUSTED, USAGE, expect, pack, unpack
from lib_keys import Keyring
from lib_packets import CERTIFY, Cert, ENCRYPT, Key, SIGN, Signature, packets
from lib_signatures import (  # noqa: F401
    DAY, NOW, at, bad_reasons, bundle_of, cleanup, judged, keys, lax, manifest, other, put, sender,
    trust_file)


def test_expired_key():
    fpr = keys.gen("Expired", "expired@example.com", sub=None, faked=NOW - 10 * DAY, expire="5d")
    text = manifest(fpr)
    before = keys.sign(fpr, text, *at(NOW - 8 * DAY))
    expired = keys.export(fpr)
    keys.gpg("--quick-set-expire", fpr, "0")
    extended = keys.export(fpr)
    after = keys.sign(fpr, text, *at(NOW - 2 * DAY))
    for sig in (before, after):
        judged(sig, UNTRUSTED, "by a key that has expired", fpr=fpr, cert=expired)
        judged(sig, OK, fpr=fpr, cert=extended)
        # Both forms of the certificate in one file: the newer word counts.
        judged(sig, OK, fpr=fpr, cert=expired + extended)
        judged(sig, OK, fpr=fpr, cert=extended + expired)
    # An audit takes a key that has expired since, and says so; not one that had expired before.
    for sig, status in ((before, OK), (after, UNTRUSTED)):
        put(fpr, sig)
        with Room() as room:
            expect(unpack("extract", bundle_of(fpr), "-t", trust_file(extended), "-C", room), OK)
            r = expect(unpack("audit", room / "aurora-preview", "-t", trust_file(expired), "--json"), status)
            rules = [f["rule"] for f in r.json["findings"]]
            assert rules == (["key-expired-since"] if status == OK else ["signature-bad", "no-good-signature"]), r
            r = expect(unpack("audit", room / "aurora-preview", "-t", trust_file(extended), "--json"), OK)
            assert r.json["findings"] == [], r


def test_expired_subkey():
    fpr = keys.gen("Expired Subkey", "expsub@example.com", sub=None, faked=NOW - 10 * DAY, usage="cert")
    keys.gpg("--faked-system-time", NOW - 10 * DAY, "--quick-add-key", fpr, "ed25519", "sign", "5d")
    signing = keys.fingerprints(fpr)[1]
    text = manifest(fpr)
    before = keys.sign(signing, text, *at(NOW - 8 * DAY))
    expired = keys.export(fpr)
    judged(before, UNTRUSTED, "by a key that has expired", fpr=fpr, cert=expired)
    keys.gpg("--quick-set-expire", fpr, "0", signing)
    judged(before, OK, fpr=fpr)


# faketime(1) comes before the sanitizer, which would not start then.
FIRST = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def test_an_audit_years_later():
    fpr = keys.gen("Short Lived", "short@example.com", sub=None, expire="1y")
    put(fpr, keys.sign(fpr, manifest(fpr)))
    trust = trust_file(keys.export(fpr))
    with Room() as room:
        expect(unpack("extract", bundle_of(fpr), "-t", trust, "-C", room), OK)
        for verb, what, status in (("check", bundle_of(fpr), UNTRUSTED), ("audit", room / "aurora-preview", OK)):
            r = lib.run("faketime", "+3 years", lib.UNPACK, verb, what, "-t", trust, env=FIRST)
            expect(r, status, "expired")


def test_expired_signature():
    old = keys.gen("Old", "old@example.com", sub=None, faked=NOW - 20 * DAY)
    judged(keys.sign(old, manifest(old), *at(NOW - 10 * DAY), "--default-sig-expire", "2d"), UNTRUSTED,
           "other hashed subpackets", fpr=old)
    judged(keys.sign(old, manifest(old), *at(NOW - 10 * DAY)), OK, fpr=old)


def test_future_and_past():
    judged(keys.sign(sender, manifest(), *at(NOW + 2 * DAY)), UNTRUSTED, "a day ahead of this machine's clock")
    judged(keys.sign(sender, manifest(), *at(2145916800)), UNTRUSTED, "a day ahead of this machine's clock")
    judged(keys.sign(sender, manifest(), *at(NOW - 9 * DAY), "--ignore-time-conflict"), UNTRUSTED, "older than its key")
    # A key of tomorrow.
    young = keys.gen("Young", "young@example.com", sub=None, faked=NOW + DAY // 2)
    put(young, keys.sign(young, manifest(young), *at(NOW + DAY // 2)))
    expect(unpack("check", bundle_of(young), "-t", trust_file(keys.export(young))), USAGE, "no OpenPGP certificate")


def dearmored(data):
    return keys.gpg("--dearmor", stdin=data)


def test_revoked_key():
    for reason in ("0", "1", "2", "3"):
        fpr = keys.gen("Revoked", "revoked%s@example.com" % reason, sub=None)
        sig = keys.sign(fpr, manifest(fpr))
        good = keys.export(fpr)
        judged(sig, OK, fpr=fpr)
        put(fpr, sig)
        with Room() as room:
            expect(unpack("extract", bundle_of(fpr), "-t", trust_file(good), "-C", room), OK)
            revocation = keys.revocation(fpr, reason)
            for revoked in (good + dearmored(revocation), keys.gpg("--armor", "--export", fpr) + revocation):
                judged(sig, UNTRUSTED, "revoked", fpr=fpr, cert=revoked)
            keys.import_(revocation)
            judged(sig, UNTRUSTED, "revoked", fpr=fpr)
            # Neither an older copy nor an audit makes it good again.
            judged(sig, UNTRUSTED, "revoked", fpr=fpr, cert=keys.export(fpr) + good)
            r = expect(unpack("audit", room / "aurora-preview", "-t", trust_file(keys.export(fpr)), "--json"), UNTRUSTED)
            assert r.json["findings"][-1]["rule"] == "no-good-signature", r


def test_revoked_and_expired():
    fpr = keys.gen("Gone", "gone@example.com", sub=None, faked=NOW - 10 * DAY, expire="5d")
    sig = keys.sign(fpr, manifest(fpr), *at(NOW - 8 * DAY))
    expired = keys.export(fpr)
    revoked = expired + dearmored(keys.revocation(fpr, "1"))
    judged(sig, UNTRUSTED, "", fpr=fpr, cert=revoked)
    keys.gpg("--quick-set-expire", fpr, "0")
    put(fpr, sig)
    with Room() as room:
        expect(unpack("extract", bundle_of(fpr), "-t", trust_file(keys.export(fpr)), "-C", room), OK)
        expect(unpack("audit", room / "aurora-preview", "-t", trust_file(expired)), OK, "has expired since")
        expect(unpack("audit", room / "aurora-preview", "-t", trust_file(revoked)), UNTRUSTED, "revoked")


def test_revoked_subkey():
    fpr = keys.gen("Revoked Subkey", "revsub@example.com", sub=None)
    signing = keys.add_signing_subkey(fpr)
    sig, by_primary = keys.sign(signing, manifest(fpr)), keys.sign(fpr, manifest(fpr))
    judged(sig, OK, fpr=fpr)
    keys.revoke_subkey(fpr, 1)
    judged(sig, UNTRUSTED, "revoked", fpr=fpr)
    judged(by_primary, OK, fpr=fpr)


def test_weak_keys_and_digests():
    for algo in ("rsa1024", "rsa2048", "dsa2048"):
        fpr = keys.gen(algo, algo + "@example.com", algo=algo, sub=None)
        judged(keys.sign(fpr, manifest(fpr)), UNTRUSTED, "too weak", fpr=fpr)
        if algo == "rsa2048":
            for digest, name in (("SHA1", "SHA-1"), ("RIPEMD160", "RIPEMD-160"), ("SHA224", "SHA-224"), ("MD5", "MD5")):
                sig = keys.sign(fpr, manifest(fpr), "--allow-weak-digest-algos", "--digest-algo", digest)
                judged(sig, UNTRUSTED, "digest that is not accepted (%s)" % name, fpr=fpr)
    # A strong subkey on a weak primary key, which anybody may have broken.
    weak = keys.gen("Weak Primary", "weakprimary@example.com", algo="rsa1024", sub=None, usage="cert")
    signing = keys.add_signing_subkey(weak)
    judged(keys.sign(signing, manifest(weak)), UNTRUSTED, "too weak", fpr=weak)


def test_subkeys_that_may_not_sign():
    cert = Cert("Subkeys <subkeys@example.com>", created=NOW - 9 * DAY)
    thief = Cert("Thief <thief@example.com>", created=NOW - 9 * DAY)
    fpr = cert.fpr
    text = manifest(fpr)
    good = cert.add(Key())
    encrypting = cert.add(Key(), flags=ENCRYPT, cross=False)
    nothing = cert.add(Key(), flags=0, cross=False)
    alone = cert.add(Key(), cross=False)
    crossed = cert.add(Key(), cross=Key())
    late = cert.add(Key(created=NOW - 8 * DAY), expires=NOW - 4 * DAY)
    judged(good.sign(text), OK, fpr=fpr, cert=cert.data)
    for key in (encrypting, nothing, alone, crossed):
        judged(key.sign(text), UNTRUSTED, "", fpr=fpr, cert=cert.data)
    judged(late.sign(text, when=NOW - 6 * DAY), UNTRUSTED, "expired", fpr=fpr, cert=cert.data)
    # A subkey of another's, taken over without that subkey's consent.
    thief.add(good, cross=False)
    text = manifest(thief.fpr)
    judged(good.sign(text), UNTRUSTED, "", fpr=thief.fpr, cert=thief.data)
    judged(good.sign(text), UNTRUSTED, "", fpr=thief.fpr, cert=thief.data + cert.data)
    judged(good.sign(text), UNTRUSTED, "", fpr=thief.fpr, cert=cert.data + thief.data)
    # Both have a file with it: gpg then knows both certificates, and the key counts for one alone.
    put(thief.fpr, good.sign(text))
    (bundle_of(thief.fpr) / "signatures" / (fpr + ".sig")).write_bytes(good.sign(text))
    for both in (thief.data + cert.data, cert.data + thief.data):
        r = expect(unpack("check", bundle_of(thief.fpr), "-t", trust_file(both), "--json"), OK)
        assert {s["fingerprint"]: s["accepted"] for s in r.json["signers"]} == {thief.fpr: False, fpr: True}, r
        expect(unpack("list", bundle_of(thief.fpr), "-t", trust_file(both)), UNTRUSTED, "originator")
    # Not even a primary key becomes another's that way, whatever gpg makes of such a pair.
    greedy = Cert("Greedy <greedy@example.com>", created=NOW - 9 * DAY)
    greedy.add(cert.key, cross=False)
    put(greedy.fpr, cert.key.sign(manifest(greedy.fpr)))
    for both in (greedy.data, greedy.data + cert.data, cert.data + greedy.data):
        r = unpack("check", bundle_of(greedy.fpr), "-t", trust_file(both), "--json")
        assert r.status in (UNTRUSTED, lib.HOST) and not any(s["accepted"] for s in r.json["signers"]), r
    # A stranger's subkey, bound by nobody's signature.
    stray = Key()
    stuck = cert.data + thief.data[thief.data.index(good.body) - 2:]
    judged(stray.sign(manifest(fpr)), UNTRUSTED, "", fpr=fpr, cert=stuck)
    judged(good.sign(manifest(fpr)), OK, fpr=fpr, cert=stuck)


def test_a_primary_key_that_may_not_sign():
    for flags in (CERTIFY, CERTIFY | ENCRYPT):
        cert = Cert("Certifier <certifier@example.com>", flags=flags, created=NOW - 9 * DAY)
        judged(cert.key.sign(manifest(cert.fpr)), UNTRUSTED, "", fpr=cert.fpr, cert=cert.data)
    cert = Cert("Certifier <certifier@example.com>", flags=CERTIFY | SIGN, created=NOW - 9 * DAY, expires=NOW - DAY)
    judged(cert.key.sign(manifest(cert.fpr)), UNTRUSTED, "expired", fpr=cert.fpr, cert=cert.data)


# --- Every byte -------------------------------------------------------------------------

def crowd(fpr, sigs, status=UNTRUSTED):
    """Many signatures at once, each on a medium of its own: all are judged, and each has its note."""
    bundle = bundle_of(fpr)
    put(fpr, None)
    names = [p for p in bundle.iterdir() if p.is_file()]
    for start in range(0, len(sigs), 100):
        part = sigs[start:start + 100]
        with Room() as room:
            media = []
            for i, sig in enumerate(part):
                medium = room / str(i)
                (medium / "signatures").mkdir(parents=True)
                for path in names:
                    os.link(path, medium / path.name)
                (medium / "signatures" / (fpr + ".sig")).write_bytes(sig)
                media.append(medium)
            r = expect(unpack("check", *media, "-t", trust_file(keys.export(fpr)), "--json"), status)
            assert len(bad_reasons(r.json, fpr)) == len(set(part)) - (1 if status == OK else 0), r


def test_each_byte_of_the_packet_changed():
    """Each byte, two bits, each alone through the program."""
    good = keys.sign(sender, manifest())
    trust = trust_file(keys.export(sender))

    def work(number):
        with Room() as room:
            bundle = lib.copy_bundle(bundle_of(sender), room / "medium")
            for i in range(number, len(good), 2):
                for bit in (0x01, 0x80):
                    put(sender, good[:i] + bytes([good[i] ^ bit]) + good[i + 1:], bundle)
                    r = unpack("check", bundle, "-t", trust)
                    assert r.status == UNTRUSTED and "note: signatures/%s.sig: a bad" % sender in r.err, "%d, %d: %s" % (i, bit, r)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))


def test_each_bit_of_the_packet_changed():
    good = keys.sign(sender, manifest())
    crowd(sender, [good[:i // 8] + bytes([good[i // 8] ^ (1 << i % 8)]) + good[i // 8 + 1:] for i in range(8 * len(good))])
    # The same crowd with the right one in its midst: nothing hides that.
    crowd(sender, [good[:i] + bytes([good[i] ^ 1]) + good[i + 1:] for i in range(50)] + [good], OK)


def test_each_byte_of_other_algorithms():
    for algo in ("rsa3072", "nistp384"):
        fpr = keys.gen("Bytes", algo + "-bytes@example.com", algo=algo, sub=None)
        good = keys.sign(fpr, manifest(fpr))
        judged(good, OK, fpr=fpr)
        crowd(fpr, [good[:i] + bytes([good[i] ^ 0x10]) + good[i + 1:] for i in range(len(good))])


def test_each_length_of_the_packet():
    good = keys.sign(sender, manifest())
    crowd(sender, [good[:i] for i in range(len(good))])
    crowd(sender, [good + bytes([i]) for i in range(256)])


# --- Trust files -------------------------------------------------------------------------

def test_trust_files():
    put(sender, keys.sign(sender, manifest()))
    third = keys.gen("Third", "third@example.com", sub=None)
    one, two, three = keys.export(sender), keys.export(other), keys.export(third)
    armored = keys.gpg("--armor", "--export", sender)
    hand = Cert("Made By Hand <hand@example.com>")
    many = b"".join(Cert("P%d <p%d@example.com>" % (i, i)).data for i in range(20))
    secret = keys.gpg("--export-secret-keys", sender)
    rows = [
        (one, OK, None),
        (armored, OK, None),
        (b"Our certificate:\n\n" + armored + b"\nsincerely\n", OK, None),
        (keys.gpg("--armor", "--export", other) + armored, OK, None),
        (two + one + three, OK, None),
        (many + one, OK, None),
        (one + one, OK, None),
        (keys.gpg("--export-options", "export-minimal", "--export", sender), OK, None),
        (two, UNTRUSTED, "no signature by a key that you trust"),
        (two + three + hand.data, UNTRUSTED, "no signature by a key that you trust"),
        (secret, USAGE, "secret key"),
        (keys.gpg("--armor", "--export-secret-keys", other), USAGE, "secret key"),
        (one + keys.gpg("--export-secret-keys", other), USAGE, "secret key"),
        (secret + one, USAGE, "secret key"),
        (b"", USAGE, "empty"),
        (b"no certificate\n", USAGE, "no OpenPGP certificate"),
        (one[:20], USAGE, "no OpenPGP certificate"),
        (keys.sign(sender, manifest()), USAGE, "no OpenPGP certificate"),
        (manifest(), USAGE, "no OpenPGP certificate"),
        (b"\xff" * 3000, USAGE, "no OpenPGP certificate"),
    ]
    for cert, status, why in rows:
        for verb in (("check",), ("list",)):
            expect(unpack(*verb, bundle_of(sender), "-t", trust_file(cert), env=lax.env()), status, why)


def test_a_trust_file_with_a_revoked_certificate_beside_a_good_one():
    gone = keys.gen("Was Here", "washere@example.com", sub=None)
    text = manifest(gone)
    both = (keys.sign(gone, text), keys.sign(sender, text))
    keys.revoke(gone)
    cert = keys.export(gone) + keys.export(sender)
    put(gone, both[0])
    expect(unpack("check", bundle_of(gone), "-t", trust_file(cert)), UNTRUSTED, "revoked")
    (bundle_of(gone) / "signatures" / (sender + ".sig")).write_bytes(both[1])
    r = expect(unpack("check", bundle_of(gone), "-t", trust_file(cert), "--json"), OK)
    assert {s["fingerprint"]: s["accepted"] for s in r.json["signers"]} == {gone: False, sender: True}, r
    # The originator's is the one that does not count.
    expect(unpack("list", bundle_of(gone), "-t", trust_file(cert)), UNTRUSTED, "originator")
    expect(unpack("extract", bundle_of(gone), "-t", trust_file(cert), "-C", bundle_of(gone).parent / "dest"), UNTRUSTED,
           "originator")
    assert os.listdir(bundle_of(gone).parent / "dest") == []


# --- Several media ------------------------------------------------------------------------

def test_two_files_for_one_fingerprint_on_two_media():
    with Room() as room:
        lib.sample(room / "in", 1_500_000)
        expect(pack("create", room / "in" / "handoff.yaml", "-o", room / "set", "-s", sender, "--no-encryption",
                    "-S", "128KiB", "--media-size", "2MiB", env=keys.env()), OK)
        media = sorted((room / "set").iterdir())
        assert len(media) == 2, media
        name = pathlib.Path("signatures", sender + ".sig")
        good = (media[0] / name).read_bytes()
        trust = trust_file(keys.export(sender))
        bad = [good[:60] + bytes([good[60] ^ 1]) + good[61:], keys.sign(other, (media[0] / "manifest.yaml").read_bytes()), b""]
        for number in (0, 1):
            for sig in bad:
                (media[number] / name).write_bytes(sig)
                for order in (media, media[::-1]):
                    r = expect(unpack("check", *order, "-t", trust, "--all", "--json"), OK)
                    assert len(bad_reasons(r.json, sender)) == 1, r
                    assert [(s["fingerprint"], s["accepted"]) for s in r.json["signers"]] == [(sender, True)], r
                (room / "dest").mkdir()
                expect(unpack("extract", *media, "-t", trust, "-C", room / "dest"), OK, "a bad signature")
                assert (room / "dest" / "aurora-preview" / "satchel" / name).read_bytes() == good
                lib.force_remove(room / "dest")
                expect(unpack("check", media[number], "-t", trust), UNTRUSTED)
                r = expect(unpack("check", media[1 - number], "-t", trust), OK)
                assert r.verdict == "AUTHENTIC, MEDIUM %d OF 2 WHOLE" % (2 - number), r
            (media[number] / name).write_bytes(good)
        # Two different ones that are both good count once.
        (media[1] / name).write_bytes(keys.sign(sender, (media[0] / "manifest.yaml").read_bytes(), *at(NOW + 60)))
        r = expect(unpack("check", *media, "-t", trust, "--json"), OK)
        assert len(r.json["signers"]) == 1 and r.json["findings"] == [], r
        (media[0] / name).unlink()
        expect(unpack("check", media[0], "-t", trust), UNTRUSTED)
        expect(unpack("check", media[0], media[1], "-t", trust), OK)
        (media[1] / "payload-00.000000").exists() or os.unlink(sorted(media[1].glob("payload-*"))[0])
        expect(unpack("check", *media, "-t", trust), INCOMPLETE)


# --- Making them: passphrases and PINs -------------------------------------------------------

def test_signing_with_a_passphrase():
    ring = Keyring()
    fpr = ring.gen("With Passphrase", "pass@example.com", passphrase="correct horse")
    with Room() as room:
        lib.sample(room / "in", 20_000)
        handoff = room / "in" / "handoff.yaml"
        trust = room / "trust"
        trust.write_bytes(ring.export(fpr))
        expect(pack("create", handoff, "-o", room / "bundle", "--unsigned", "--originator", fpr, "-r", fpr,
                    env=ring.env()), OK)
        before = lib.snapshot(room / "bundle")
        digest = unpack("show", room / "bundle", "--json").json["bundle"]["digest"]
        (room / "dest").mkdir()
        rows = [("echo ERR 83886179 Operation cancelled", lib.HOST, "PIN or passphrase was not given"),
                ("echo D wrong; echo OK", lib.HOST, "PIN or passphrase is wrong"),
                ("exit 1", lib.HOST, None),
                ("echo ERR 67109133 no; exit 1", lib.HOST, None),
                ("echo D correct horse; echo OK", OK, None)]
        for answer, status, text in rows:
            ring.set_pinentry(answer)
            r = pack("create", handoff, "-o", room / "out", "-s", fpr, "-r", fpr, env=ring.env())
            expect(r, status, text)
            assert "GETPIN" in ring.pinentry_log().read_text(), r
            assert (room / "out").exists() == (status == OK), r
            ring.set_pinentry(answer)
            expect(pack("sign", room / "bundle", "-s", "pass@example.com", "--expect", digest, env=ring.env()), status, text)
            assert "GETPIN" in ring.pinentry_log().read_text()
            if status != OK:
                assert lib.snapshot(room / "bundle") == before, "the bundle changed"
        for bundle in (room / "out", room / "bundle"):
            r = expect(unpack("check", bundle, "-t", trust, "--json"), OK)
            sig = Signature(packets((bundle / "signatures" / (fpr + ".sig")).read_bytes())[0][1])
            assert (sig.version, sig.type, sig.hash) == (4, 0, 10), vars(sig)
        # The recipient's PIN.
        for answer, status, text in rows:
            ring.set_pinentry(answer)
            expect(unpack("list", room / "out", "-t", trust, env=ring.env()), status, text)
            ring.set_pinentry(answer)
            expect(unpack("extract", room / "out", "-t", trust, "-C", room / "dest", env=ring.env()), status, text)
            assert "GETPIN" in ring.pinentry_log().read_text()
            assert os.listdir(room / "dest") == (["aurora-preview"] if status == OK else [])
    ring.close()


def test_a_pinentry_that_is_missing():
    ring = Keyring()
    fpr = ring.gen("With Passphrase", "pass@example.com", sub=None, passphrase="correct horse")
    ring.set_pinentry("exit 1")
    (ring.home / "pinentry").unlink()
    with Room() as room:
        lib.sample(room / "in", 20_000)
        expect(pack("create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", fpr, "--no-encryption",
                    env=ring.env()), lib.HOST)
        assert not (room / "out").exists()
    ring.close()


lib.main(globals())
