#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the test vectors that are not there yet, and the throw-away keys if there are none.
Nothing that exists is ever written again: a reader of today must still read, or refuse,
what was committed years ago.

usage: make.py [NAME ...]       such as refuse/chunk-digest; without names: all

Vectors of satchel-pack itself are made with the program that SATCHEL_PACK names."""

import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import kit                                                  # noqa: E402
import lib_decoder                                          # noqa: E402  (of tests/cli)
import lib_vectors                                          # noqa: E402
import accepted                                             # noqa: E402,F401
import refused_contents                                     # noqa: E402,F401
import refused_files                                        # noqa: E402,F401
import refused_manifests                                    # noqa: E402,F401
import refused_packets                                      # noqa: E402,F401
import refused_streams                                      # noqa: E402,F401
import refused_volumes                                      # noqa: E402,F401


def make_keys(folder):
    """Secret keys in NAME.asc (of the stranger only the public one), fingerprints in NAMES, and
    in trust.pgp the certificates that a reader pins."""
    names = {}
    into = pathlib.Path(tempfile.mkdtemp(prefix=".keys-", dir=folder.parent))
    with kit.Keyring() as keys:
        for name, (algo, sub, more) in kit.KEYS.items():
            expire = more.get("expire", "never")
            names[name] = keys.gen("%s (%s)" % (name.capitalize(), kit.NOTE), name + "@example.com", algo=algo, sub=sub,
                                   faked=kit.MADE, **{"expire": expire, **more})
        keys.gpg("--faked-system-time", kit.MADE, "--quick-add-key", names["second"], "ed25519", "sign", "never")
        for name, fpr in names.items():
            what = "--export" if name == "stranger" else "--export-secret-keys"
            (into / (name + ".asc")).write_bytes(keys.gpg("--armor", what, fpr))
        keys.revoke(names["revoked"])
        (into / "revoked.pgp").write_bytes(keys.export(names["revoked"]))
        (into / "trust.pgp").write_bytes(b"".join(keys.export(names[n]) for n in kit.TRUSTED))
    (into / "NAMES").write_text("".join("%s %s\n" % item for item in names.items()))
    into.chmod(0o755)
    into.rename(folder)


def write_tree(work):
    """What the second decoder makes of it; whoever adds a vector looks whether this is what went in."""
    trusted = work / "trust.pgp" if (work / "trust.pgp").exists() else kit.HERE / "keys" / "trust.pgp"
    media = sorted((work / "bundle").glob("medium-*")) or [work / "bundle"]
    with tempfile.TemporaryDirectory(prefix="satchel-vector-") as dest:
        r = lib_decoder.decode("--trust", trusted, "-C", dest, *media, env=kit.ring.env())
        assert r.status == 0, r
        (work / "tree").write_text(lib_vectors.described(dest), encoding="utf-8")


def make(name, function):
    folder = kit.HERE / name
    if folder.exists():
        return False
    folder.parent.mkdir(exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        function(work)
        if name.startswith("accept/"):
            write_tree(work)
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def main(names):
    if not (kit.HERE / "keys").exists():
        make_keys(kit.HERE / "keys")
    for name in names or kit.VECTORS:
        if make(name, kit.VECTORS[name]):
            print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
