# SPDX-License-Identifier: BSD-2-Clause
"""SIGNATURES: a ring of pinned certificates, and which signatures it accepts.  gpgv says
whether a signature holds; what gpgv does not ask is asked here, of the listed keys."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import packets
from rules import FUTURE_MAX, SIGNATURE_MAX, SIGNERS_MAX, USAGE, Broken, require

RULE = packets.SIGNATURE_RULE
DEAD = set("redi")          # revoked, expired, disabled, invalid
BITS = {"nistp256": 256, "nistp384": 384, "nistp521": 521, "secp256k1": 256, "brainpoolP256r1": 256,
        "brainpoolP384r1": 384, "brainpoolP512r1": 512}


class Key:
    """A line of gpg's list: a primary key or a subkey."""

    def __init__(self, line, primary):
        self.validity, self.bits, self.algorithm = line[1], int(line[2] or 0), int(line[3] or 0)
        self.id, self.created, self.uses, self.curve = line[4], int(line[5] or 0), line[11], line[16]
        self.primary, self.fingerprint = primary, None

    def dead(self):
        return self.validity in DEAD or "D" in self.uses


def gpg(*args, home=None, stdin=None, program="gpg", agent=False):
    """Run a program of GnuPG without the user's configuration.  Its exit status is no answer:
    gpg -d of a hidden recipient's message fails for each key that it tries in vain."""
    env = dict(os.environ, LC_ALL="C")
    if home is not None:
        env["GNUPGHOME"] = str(home)
    options = [] if program == "gpgv" else ["--no-options", "--batch", "--quiet", "--no-tty"]
    options += [] if agent or program == "gpgv" else ["--no-autostart"]
    return subprocess.run([program, *options, *map(str, args)], input=stdin, env=env, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)


def listed(home, *options):
    """Every key of a home: fingerprint -> Key."""
    keys, primary, last = {}, None, None
    out = gpg("--list-keys", "--with-colons", "--with-subkey-fingerprint", *options, home=home).stdout
    for line in out.decode("utf-8", "replace").splitlines():
        line = line.split(":")
        if line[0] in ("pub", "sub"):
            last = Key(line, None if line[0] == "pub" else primary)
            primary = last if line[0] == "pub" else primary
        elif line[0] == "fpr" and last is not None:
            last.fingerprint = line[9]
            keys[line[9]], last = last, None
    return keys


def secret(home):
    """The key ids of a home's secret keys."""
    out = gpg("--list-secret-keys", "--with-colons", home=home, agent=True).stdout
    lines = [line.split(":") for line in out.decode("utf-8", "replace").splitlines()]
    return {line[4] for line in lines if line[0] in ("sec", "ssb") and line[14] != "#"}


class Ring:
    """The pinned certificates and nothing else, in a home of its own."""

    def __init__(self, certificates):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="sd-"))
        gpg("--import", home=self.home, stdin=certificates)
        self.file = self.home / "pinned.gpg"
        self.file.write_bytes(gpg("--export", home=self.home).stdout)
        self.keys = listed(self.home)
        self.pinned = sorted(f for f, k in self.keys.items() if k.primary is None)
        if not 1 <= len(self.pinned) <= SIGNERS_MAX:
            self.close()
            raise Broken(USAGE, RULE, "%d certificates to trust" % len(self.pinned))

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def accept(self, fingerprint, signature, manifest):
        """Raises Broken unless this signature, from the file named after fingerprint, is accepted."""
        packet = packets.Signature(signature, manifest)
        key = self.verify(signature, manifest)
        primary = key.primary or key
        require(primary.fingerprint == fingerprint, RULE, "made by %s" % primary.fingerprint)
        require(key.fingerprint == packet.fingerprint.hex().upper(), RULE, "made by another key than it names")
        strong = {packets.RSA: key.bits >= 3072, packets.ECDSA: BITS.get(key.curve, 0) >= 256, packets.EDDSA: True}
        require(strong.get(key.algorithm, False), RULE, "a weak key")
        require("s" in key.uses, RULE, "a key that is not for signing")
        require(not key.dead() and not primary.dead(), RULE, "a key that is expired, revoked or disabled")
        require(key.created <= packet.time <= time.time() + FUTURE_MAX, RULE, "made before its key, or in the future")

    def verify(self, signature, manifest):
        """What gpgv says: exactly one signature and no error; returns the key that made it."""
        with tempfile.TemporaryDirectory(prefix="sv-") as room:
            sig, data = pathlib.Path(room, "sig"), pathlib.Path(room, "data")
            sig.write_bytes(signature)
            data.write_bytes(manifest)
            p = gpg("--homedir", room, "--status-fd", "1", "--keyring", self.file, sig, data, program="gpgv")
        lines = [line.split() for line in p.stdout.decode("utf-8", "replace").splitlines()]
        words = [line[1] for line in lines if line[:1] == ["[GNUPG:]"]]
        good = p.returncode == 0 and [words.count(w) for w in ("NEWSIG", "GOODSIG", "VALIDSIG")] == [1, 1, 1]
        require(good, RULE, "gpgv does not take it (%s)" % " ".join(words[:6]))
        key = self.keys.get([line[2] for line in lines if line[1] == "VALIDSIG"][0])
        require(key is not None, RULE, "made by an unknown key")
        return key


def accepted(ring, manifest, signatures):
    """signatures: (fingerprint, bytes or None if the file is bad) of all media.  The set of
    the fingerprints with an accepted signature, and what is wrong with the others."""
    good, bad = set(), []
    for fingerprint, data in signatures:
        try:
            require(data is not None and len(data) <= SIGNATURE_MAX, RULE, "no file that could be read")
            ring.accept(fingerprint, data, manifest)
            good.add((fingerprint, data))
        except Broken as e:
            bad.append((fingerprint, e.text))
    return good, bad
