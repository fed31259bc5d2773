# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the signature table share: real gpg keys, made here, a bundle for each
first signer, and one call that puts a signature in its place and asks for the verdict."""

import os
import time

import lib
from lib import OK, UNTRUSTED, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_packets import Signature, packets

DAY = 86400
NOW = int(time.time())
keys = Keyring()
base = Room()
HERE = base.path
sender = keys.gen("Release Authority", "release@example.com")
other = keys.gen("Security Officer", "security@example.com", sub=None)
bundles = {}

# A user's home that allows everything: no verdict may depend on it.
lax = Keyring("allow-weak-digest-algos\nallow-weak-key-signatures\nauto-key-import\nauto-key-retrieve\n"
              "trust-model always\nno-require-cross-certification\nignore-time-conflict\nignore-valid-from\n"
              "keyserver-options auto-key-retrieve\n")
lax.import_(keys.export(sender))
lax.gpg("--import-ownertrust", stdin=("%s:6:\n" % sender).encode())


def cleanup():
    keys.close()
    lax.close()
    base.__exit__()


def bundle_of(fpr):
    """A bundle whose first signer is fpr, without any signature: made once for each."""
    if fpr not in bundles:
        folder = HERE / fpr
        lib.sample(folder / "in", 20_000)
        expect(pack("create", folder / "in" / "handoff.yaml", "-o", folder / "out", "--unsigned", "--originator", fpr,
                    "--no-encryption", "-j", "1"), OK)
        (folder / "out" / "signatures").mkdir(exist_ok=True)
        (folder / "dest").mkdir()
        bundles[fpr] = folder / "out"
    return bundles[fpr]


def manifest(fpr=None):
    return (bundle_of(fpr or sender) / "manifest.yaml").read_bytes()


def put(fpr, sig, bundle=None):
    """sig is the one signature file, under the name of fpr; None: there is none."""
    folder = (bundle or bundle_of(fpr)) / "signatures"
    for path in folder.iterdir():
        path.unlink()
    if sig is not None:
        (folder / (fpr + ".sig")).write_bytes(sig)


def trust_file(*certs):
    path = HERE / "trust.gpg"
    path.write_bytes(b"".join(certs))
    return path


def bad_reasons(found, fpr):
    """The reasons of the notes about bad signature files; nothing else may be wrong with them."""
    notes = [f for f in found["findings"] if f["rule"] == "signature-bad"]
    for f in notes:
        assert f["status"] == "ok" and f["volume"].endswith("signatures/%s.sig" % fpr), f
        assert f["text"].startswith("a bad signature: "), f
    return [f["text"][len("a bad signature: "):] for f in notes]


def judged(sig, status, why=None, fpr=None, cert=None, note=None, env=None):
    """One row: check, list and extract a bundle with this signature alone.
    why: the words of the refusal.  cert: the trust file, else the certificate of fpr."""
    fpr = fpr or sender
    bundle = bundle_of(fpr)
    put(fpr, sig)
    trust = trust_file(keys.export(fpr) if cert is None else cert)
    env = env or lax.env()
    dest = bundle.parent / "dest"
    before = lib.snapshot(bundle)
    r = expect(unpack("check", bundle, "-t", trust, "--json", env=env), status)
    found = r.json
    assert found["exit_status"] == status, r
    if status == OK:
        assert found["verdict"] == "AUTHENTIC AND WHOLE" and found["bundle"]["verified"] is True, r
        assert [(s["fingerprint"], s["accepted"], s["reason"]) for s in found["signers"]] == [(fpr, True, None)], r
        assert found["signers"][0]["created"] == Signature_time(sig), r
        assert found["findings"] == [], r
    elif status == UNTRUSTED:
        assert found["verdict"] == "UNTRUSTED" and found["status"] == "untrusted" and found["bundle"] is None, r
        assert not any(s["accepted"] or s["created"] is not None for s in found["signers"]), r
        assert found["findings"][-1]["status"] == "untrusted", r
        assert found["findings"][-1]["rule"] == "no-good-signature" and found["findings"][-1]["hint"], r
        if why is not None:
            reasons = bad_reasons(found, fpr)
            assert len(reasons) == 1 and why in reasons[0], "%s\n%s" % (why, r)
            assert found["signers"][0]["fingerprint"] == fpr and why in found["signers"][0]["reason"], r
    if note is not None:
        assert note in r.out, (note, r)
    expect(unpack("list", bundle, "-t", trust, env=env), status)
    expect(unpack("extract", bundle, "-t", trust, "-C", dest, env=env), status)
    if status == OK:
        stored = dest / "aurora-preview" / "satchel" / "signatures"
        assert [p.name for p in stored.iterdir()] == [fpr + ".sig"] and \
            (stored / (fpr + ".sig")).read_bytes() == sig, list(stored.iterdir())
        lib.force_remove(dest / "aurora-preview")
    assert os.listdir(dest) == [], os.listdir(dest)
    assert lib.snapshot(bundle) == before, "the media changed"
    return r


def Signature_time(sig):
    return int.from_bytes(dict(Signature(packets(sig)[0][1]).hashed)[2], "big")


def at(when):
    """gpg's options for a clock that shows another time."""
    return ("--digest-algo", "SHA512", "--faked-system-time", str(int(when)))


# --- What is accepted ----------------------------------------------------------
