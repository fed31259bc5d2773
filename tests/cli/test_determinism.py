# SPDX-License-Identifier: BSD-2-Clause
"""Unencrypted bundles are the same bytes wherever and however they are made;
encrypted ones have no ciphertext in common."""

import os
import shutil

import lib
from lib import OK, Room, expect, pack
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")


def cleanup():
    keys.close()


def bundle_of(room, name, *options, source=None, env=None, umask=0o022, cwd=None):
    e = dict(keys.env(), SOURCE_DATE_EPOCH="1790000000")
    e.update(env or {})
    old = os.umask(umask)
    try:
        expect(pack("create", (source or room / "in") / "handoff.yaml", "-o", room / name, "-s", sender,
                    "-S", "128KiB", *options, env=e, cwd=cwd), OK)
    finally:
        os.umask(old)
    return {p.relative_to(room / name): p.read_bytes() for p in (room / name).rglob("*")
            if p.is_file() and p.parent.name != "signatures"}


def same_everywhere(*options):
    with Room() as room:
        lib.sample(room / "in")
        first = bundle_of(room, "first", *options, "-j", "1")
        assert len(first) > 4
        assert bundle_of(room, "again", *options, "-j", "1") == first
        assert bundle_of(room, "two", *options, "-j", "2") == first
        assert bundle_of(room, "five", *options, "-j", "5") == first
        assert bundle_of(room, "locale", *options, env={"LC_ALL": "de_DE.ISO-8859-1", "LANG": "tr_TR.UTF-8"}) == first
        assert bundle_of(room, "posix", *options, env={"LC_ALL": "C"}) == first
        assert bundle_of(room, "zone", *options, env={"TZ": "Pacific/Kiritimati"}) == first
        assert bundle_of(room, "umask", *options, umask=0o077) == first
        # another order of directory entries, other times, other place
        shutil.copytree(room / "in", room / "elsewhere")
        names = sorted((room / "elsewhere" / "suites" / "cyber").iterdir(), reverse=True)
        for p in names:
            os.rename(p, str(p) + ".moved")
        for p in names:
            os.rename(str(p) + ".moved", p)
            os.utime(p, (1, 1))
        assert bundle_of(room, "order", *options, source=room / "elsewhere", cwd="/") == first


def test_in_clear():
    same_everywhere("--no-encryption")


def test_portable():
    same_everywhere("--no-encryption", "--portable")


def test_on_media():
    same_everywhere("--no-encryption", "--media-size", "2MiB")


def test_encrypted_bundles_have_no_ciphertext_in_common():
    with Room() as room:
        lib.sample(room / "in")
        a = bundle_of(room, "a", "-r", sender)
        b = bundle_of(room, "b", "-r", sender)
        # the same file list: only sizes may agree
        sizes = [{k: len(v) for k, v in bundle.items() if k.name != "manifest.yaml" and k.suffix != ".pgp"}
                 for bundle in (a, b)]
        assert sizes[0] == sizes[1]
        blocks = set()
        for name, data in a.items():
            if name.name.startswith(("payload-", "contents-")):
                body = data[61:-84]
                blocks.update(body[i:i + 16] for i in range(len(body) - 15))
        for name, data in b.items():
            if name.name.startswith(("payload-", "contents-")):
                body = data[61:-84]
                shared = sum(body[i:i + 16] in blocks for i in range(8, len(body) - 15, 16))
                assert shared == 0, "%s shares %d blocks" % (name, shared)


lib.main(globals())
