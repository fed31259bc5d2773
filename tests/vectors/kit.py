# SPDX-License-Identifier: BSD-2-Clause
"""What the modules that describe vectors share: the keys, the builder with its hooks, and
the register of all vectors by name."""

import copy
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for _folder in ("decoder", "cli"):
    sys.path.insert(0, str(HERE.parent / _folder))

import build                                                # noqa: E402  (of tests/decoder)
import lib_packets                                          # noqa: E402  (of tests/cli)
import rules                                                # noqa: E402
from lib_keys import Keyring                                # noqa: E402

MADE = 1577836800           # 2020-01-01: every key
SIGNED = 1600000000         # 2020-09-13: every signature, so that no reader's clock is behind it
CREATED, DATE = "2020-09-13T12:26:40Z", "2020-09-13"
NOTE = "public test key, worth nothing"

# name: (algorithm, subkey to encrypt to, further arguments of Keyring.gen)
KEYS = {
    "sender": ("ed25519", None, {}), "second": ("ed25519", None, {}),
    "reader": ("ed25519", "cv25519", {}), "rsa": ("rsa3072", "rsa3072", {}), "nist": ("nistp256", "nistp256", {}),
    "elgamal": ("dsa2048", "elg2048", {}), "stranger": ("ed25519", "cv25519", {}),
    "expired": ("ed25519", None, {"expire": "2y"}), "revoked": ("ed25519", None, {}),
    "certifier": ("ed25519", None, {"usage": "cert"}), "weak": ("rsa2048", None, {})}
TRUSTED = ("sender",)       # by whoever reads a vector that has no trust.pgp of its own
READERS = ("reader", "rsa", "nist", "elgamal")

FILES = {"notes.md": b"First handoff.\n"}
ZEROS = {"b.bin": bytes(20000), "notes.md": b"First handoff.\n"}     # two chunks, the first all but its head zeros
SEALED = {"recipients": ["reader"]}
PORTABLE = {"portable": True}
VECTORS = {}                # "accept/name" or "refuse/name" -> function(folder)


class Ring(Keyring):
    """The committed keys; signatures have one time and are the same whenever they are made."""

    def __init__(self):
        super().__init__()
        self.names = dict(line.split() for line in (HERE / "keys" / "NAMES").read_text().splitlines())
        for path in sorted((HERE / "keys").glob("*.asc")):
            self.import_(path.read_bytes())

    def gpg(self, *args, **more):
        """Keys may be named by their names here."""
        return super().gpg(*(self.names.get(a, a) for a in args), **more)

    def sign(self, fpr, data, *options):
        return self.signed_at(SIGNED, fpr, data, *options)

    def signed_at(self, when, fpr, data, *options):
        fpr = self.names.get(fpr, fpr)
        if fpr == self.names["certifier"]:                  # gpg would not
            return self.by_hand("certifier").sign(data, when=when)
        return super().sign(fpr, data, "--faked-system-time", "%d!" % when, *(options or ["--digest-algo", "SHA512"]))

    def by_hand(self, name):
        """An Ed25519 key for signatures that gpg would not make."""
        body = lib_packets.packets(self.gpg("--export-secret-keys", name))[0][1]
        public = lib_packets.packets(self.gpg("--export", name))[0][1]
        assert body[:len(public)] == public and body[len(public)] == 0
        from cryptography.hazmat.primitives.asymmetric import ed25519
        bits = int.from_bytes(body[len(public) + 1:len(public) + 3], "big")
        secret = body[len(public) + 3:len(public) + 3 + (bits + 7) // 8].rjust(32, b"\0")
        key = object.__new__(lib_packets.Key)
        key.secret, key.created, key.body = ed25519.Ed25519PrivateKey.from_private_bytes(secret), MADE, public
        key.fpr = self.names[name]
        return key


class Late:
    """The ring is opened when the first vector is made."""

    ring = None

    def __getattr__(self, name):
        if Late.ring is None:
            Late.ring = Ring()
        return getattr(Late.ring, name)


ring = Late()


def fingerprint(name):
    return ring.names.get(name, name)


def builder(files=None, sender="sender", recipients=(), signers=None, **options):
    return build.Builder(ring, fingerprint(sender), FILES if files is None else files,
                         recipients=[fingerprint(r) for r in recipients],
                         signers=[fingerprint(s) for s in signers or [sender]],
                         **{"time": SIGNED, "date": DATE, "created": CREATED, **options})


def add(name, function):
    """Any vector: function makes what lies in its folder."""
    assert name not in VECTORS, name
    VECTORS[name] = function


def trust(folder, *names):
    """The certificates to trust with this vector alone."""
    (folder / "trust.pgp").write_bytes(b"".join(ring.export(fingerprint(n)) for n in names))


def accept(name, /, after=None, **options):
    """A bundle that the builder makes; after: changes files behind it."""
    bundle("accept/" + name, after, **options)


def refuse(name, /, after=None, **options):
    bundle("refuse/" + name, after, **options)


def bundle(name, after, /, trusted=None, recipe=None, **options):
    def make(folder):
        builder(**options).write(folder / "bundle")
        if trusted:
            trust(folder, *trusted)
        if recipe:
            (folder / "recipe").write_text(recipe.format(**ring.names) + "\n")
        if after is not None:
            after(folder / "bundle")
    add(name, make)


# ---------------------------------------------------------------- hooks


def at(function, kind=1, number=0):
    """For one chunk or volume: of the payload (kind 1) or the contents (kind 2)."""
    def hook(value, where):
        return function(value) if (where["kind"], where["number"]) == (kind, number) else value
    return hook


def always(value):
    return lambda _value, _where: value


def with_(function):
    return lambda value, _where: function(value)


def put(offset, value):
    return lambda data: data[:offset] + value + data[offset + len(value):]


def turned(offset):
    """One bit of the byte at an offset."""
    return lambda data: put(offset % len(data), bytes([data[offset] ^ 1]))(data)


def changed(node, key, value):
    """A document with another value of a key (a path with dots); None removes it."""
    *above, last = [int(part) if part.isdigit() else part for part in key.split(".")]
    node = found = copy.deepcopy(node)
    for part in above:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return found


def setting(stage, *changes):
    def hook(node, _where):
        for key, value in changes:
            node = changed(node, key, value)
        return node
    return {stage: hook}


def manifest(*changes):
    """Hooks that set keys of the transport manifest: pairs of a path and a value."""
    return setting("manifest", *changes)


def content(*changes):
    return setting("content", *changes)


def inserted(stage, key, value, behind):
    """A key of the top map behind another one."""
    def hook(node, _where):
        out = {}
        for k, v in node.items():
            out[k] = v
            if k == behind:
                out[key] = value
        assert key in out
        return out
    return {stage: hook}


def text(stage, old, new):
    """Bytes of a manifest's text, which must be there, are others."""
    def hook(data, _where):
        assert old in data, old
        return data.replace(old, new, 1)
    return {stage: hook}


__all__ = ["FILES", "HERE", "KEYS", "MADE", "NOTE", "PORTABLE", "READERS", "SEALED", "SIGNED", "TRUSTED", "VECTORS",
           "ZEROS", "Keyring", "accept", "add", "always", "at", "build", "builder", "bundle", "changed", "content",
           "fingerprint", "inserted", "lib_packets", "manifest", "put", "refuse", "ring", "rules", "setting", "text",
           "trust", "turned", "with_"]
