# SPDX-License-Identifier: BSD-2-Clause
"""Throw-away OpenPGP keys for the command-line tests: key rings in short private
homes, whose agents end with the test."""

import atexit
import os
import pathlib
import shutil
import subprocess
import tempfile

RINGS = []


def _close_all():
    for ring in list(RINGS):
        ring.close()


atexit.register(_close_all)


class Keyring:
    """A GNUPGHOME of its own.  Paths are short: sockets allow 107 bytes."""

    def __init__(self, conf=""):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="sk-", dir="/tmp"))
        self.home.chmod(0o700)
        if conf:
            (self.home / "gpg.conf").write_text(conf)
        RINGS.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def env(self):
        """What a program needs to use this ring."""
        return {"GNUPGHOME": str(self.home)}

    def gpg(self, *args, stdin=None, check=True, options=("--no-options",)):
        """Run gpg on this ring, without its gpg.conf; returns stdout."""
        cmd = ["gpg", *options, "--batch", "--yes", "--quiet", "--no-tty", "--pinentry-mode", "loopback",
               "--passphrase", "", *map(str, args)]
        p = subprocess.run(cmd, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                           env=dict(os.environ, LC_ALL="C", **self.env()))
        if check and p.returncode != 0:
            raise RuntimeError("%s: %s" % (cmd, p.stderr.decode(errors="replace")))
        return p.stdout

    def fingerprints(self, selector):
        """Primary fingerprint first, then those of the subkeys."""
        out = self.gpg("--list-keys", "--with-colons", "--with-subkey-fingerprint", selector).decode()
        return [line.split(":")[9] for line in out.splitlines() if line.startswith("fpr:")]

    def gen(self, name, email, algo="ed25519", sub="cv25519", expire="never", faked=None, usage="sign",
            passphrase=None):
        """A key pair, without passphrase if none is given; returns the primary fingerprint.
        faked: seconds since 1970, the time at which gpg believes to make it."""
        when = ["--faked-system-time", str(faked)] if faked else []
        if passphrase is not None:
            when += ["--passphrase", passphrase]
        before = set(self._primaries())
        self.gpg(*when, "--quick-gen-key", "%s <%s>" % (name, email), algo, usage, expire)
        fpr = [f for f in self._primaries() if f not in before][0]
        if sub:
            self.gpg(*when, "--quick-add-key", fpr, sub, "encr", expire)
        return fpr

    def _primaries(self):
        out = self.gpg("--list-keys", "--with-colons").decode().splitlines()
        return [out[i + 1].split(":")[9] for i, line in enumerate(out) if line.startswith("pub:")]

    def add_signing_subkey(self, fpr, algo="ed25519", expire="never"):
        """Returns the subkey's fingerprint."""
        before = set(self.fingerprints(fpr))
        self.gpg("--quick-add-key", fpr, algo, "sign", expire)
        return [f for f in self.fingerprints(fpr) if f not in before][0]

    def export(self, fpr):
        return self.gpg("--export", fpr)

    def import_(self, data):
        self.gpg("--import", stdin=data)

    def sign(self, fpr, data, *options):
        """A detached signature over data.  With --digest-algo SHA512 (the default here) it
        has the form that satchel accepts."""
        given = list(options) or ["--digest-algo", "SHA512"]
        return self.gpg(*given, "--local-user", fpr + "!", "--detach-sign", stdin=data)

    def revoke(self, fpr):
        """Revoke a primary key with the certificate that gpg made with it."""
        text = (self.home / "openpgp-revocs.d" / (fpr + ".rev")).read_text()
        self.gpg("--import", stdin=text.replace(":-----BEGIN", "-----BEGIN").encode())

    def revocation(self, fpr, reason="0"):
        """A revocation certificate, armoured; reason as gpg numbers them (1: compromised)."""
        return self._ask(["--gen-revoke", fpr], "y\n%s\n\ny\n" % reason)

    def revoke_subkey(self, fpr, number):
        """Revoke subkey number (from 1) of a key."""
        self._edit(fpr, "key %d\nrevkey\ny\n0\n\ny\nsave\n" % number)

    def disable(self, fpr):
        self._edit(fpr, "disable\nsave\n")

    def _edit(self, fpr, commands):
        self._ask(["--edit-key", fpr], commands)

    def _ask(self, args, answers):
        """Run gpg that asks questions; returns stdout."""
        cmd = ["gpg", "--no-options", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
               "--command-fd", "0", *args]
        return subprocess.run(cmd, input=answers.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
                              env=dict(os.environ, LC_ALL="C", **self.env())).stdout

    def set_pinentry(self, answer):
        """A pinentry that answers each GETPIN with these shell commands; it keeps a log of
        what it was told, and the agent keeps no PIN."""
        program = self.home / "pinentry"
        program.write_text("#!/bin/sh\necho 'OK hello'\nwhile read -r line; do echo \"$line\" >>%s/pinentry.log\n"
                           "case $line in GETPIN*) %s;; BYE*) echo OK; exit 0;; *) echo OK;; esac\n"
                           "done\n" % (self.home, answer))
        program.chmod(0o755)
        (self.home / "gpg-agent.conf").write_text(
            "pinentry-program %s\ndefault-cache-ttl 0\nmax-cache-ttl 0\n" % program)
        self.pinentry_log().unlink(missing_ok=True)
        self.kill()

    def pinentry_log(self):
        return self.home / "pinentry.log"

    def kill(self):
        """End the agents of this ring."""
        subprocess.run(["gpgconf", "--kill", "all"], env=dict(os.environ, **self.env()),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def close(self):
        if self not in RINGS:
            return
        RINGS.remove(self)
        self.kill()
        subprocess.run(["gpgconf", "--remove-socketdir"], env=dict(os.environ, **self.env()),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.home, ignore_errors=True)
