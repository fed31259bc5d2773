# SPDX-License-Identifier: BSD-2-Clause
"""Libraries, and a gpg, that break their word (shim_libraries.c): what create and extract say, and that neither leaves
anything.  Most of what is asked of libarchive was compared byte for byte before it saw it; these
are the checks of what it makes of that."""

import os
import pathlib
import shutil
import subprocess

import lib
from lib import HOST, MALFORMED, OK, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
base = Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))
HANDOFF = lib.sample(HERE / "in", 20_000)
SIGNED = ("create", HANDOFF, "-s", sender)
CLEAR, SEALED = ("--no-encryption",), ("-r", sender)
for _name, _options in (("clear", CLEAR), ("sealed", SEALED)):
    expect(pack(*SIGNED, *_options, "-o", HERE / _name, env=keys.env()), OK)


def cleanup():
    keys.close()
    base.__exit__()


def shim():
    """The shared object, made when it is first asked for."""
    made = HERE / "shim.so"
    if not made.exists():
        cc = next(filter(shutil.which, filter(None, (os.environ.get("CC"), "gcc", "cc", "clang"))), None)
        if cc is None:
            raise lib.Skip("no compiler")
        subprocess.run([cc, "-shared", "-fPIC", "-O1", pathlib.Path(__file__).with_name("shim_libraries.c"), "-o", made, "-ldl"],
                       check=True)
    return made


def broken(which):
    """The sanitizer wants to be loaded first, and is not: it only lacks the shim's own calls."""
    return dict(keys.env(), BROKEN=which, LD_PRELOAD=shim(),
                ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")


def creates(cases):
    for which, options, status, words in cases:
        r = expect(pack(*SIGNED, *options, "-o", HERE / "out", env=broken(which)), status, words)
        assert not (HERE / "out").exists() and not list(HERE.glob(".*")), (which, r, os.listdir(HERE))


def extracts(cases):
    for which, bundle, status, words in cases:
        with Room() as dest:
            r = expect(unpack("extract", HERE / bundle, "-t", TRUST, "-C", dest, env=broken(which)), status, words)
            assert not list(dest.iterdir()), (which, r, os.listdir(dest))


def test_the_shim_breaks_nothing_by_itself():
    with Room() as dest:
        expect(unpack("extract", HERE / "sealed", "-t", TRUST, "-C", dest, env=broken("nothing")), OK)


def test_create():
    creates([
        ("RAND_priv_bytes", SEALED, HOST, "libcrypto has no random bytes"),
        ("EVP_CIPHER_fetch", SEALED, HOST, "libcrypto has no AES-256-GCM"),
        ("EVP_EncryptInit_ex2", SEALED, HOST, "libcrypto could not begin to encrypt"),
        ("EVP_CIPHER_CTX_get_updated_iv", SEALED, HOST, "libcrypto made no fresh IV; nothing was encrypted"),
        ("EVP_EncryptFinal_ex", SEALED, HOST, "libcrypto could not encrypt"),
        ("EVP_DigestUpdate", CLEAR, HOST, "libcrypto could not compute a digest"),
        ("EVP_DigestFinal_ex", CLEAR, HOST, "libcrypto could not compute a digest"),
        ("ZSTD_compress2", CLEAR, HOST, "libzstd: "),
        # a file whose name is not ASCII is not to blame
        ("u8_normalize", CLEAR, HOST, ".txt: out of memory"),
        ("yaml_parser_parse:9", CLEAR, USAGE, "handoff.yaml: line 1: not YAML: cannot be read"),
    ])


def test_init():
    r = expect(pack("init", HERE / "in", "-o", HERE / "draft", env=broken("u8_normalize")), HOST, "out of memory")
    assert not (HERE / "draft").exists() and "rename" not in r.err, r


def test_a_gpg_that_wraps_the_key_to_somebody_else():
    other = keys.gen("Stranger", "stranger@example.net")
    with Room() as here:
        (here / "wrapped").write_bytes(keys.gpg(
            "--trust-model", "always", "--cipher-algo", "AES256", "--compress-algo", "none", "--no-encrypt-to",
            "-r", other, "--encrypt", stdin=bytes(80)))
        (here / "gpg").write_text('#!/bin/sh\ncase " $* " in *" --encrypt "*) cat > /dev/null; exec cat %s;; esac\n'
                                  'exec %s "$@"\n' % (here / "wrapped", shutil.which("gpg")))
        (here / "gpg").chmod(0o755)
        env = dict(keys.env(), PATH="%s:%s" % (here, os.environ["PATH"]))
        r = expect(pack(*SIGNED, *SEALED, "-o", HERE / "out", env=env), HOST,
                   "the key that gpg wrapped to %s: is for another recipient's key" % sender)
        assert not (HERE / "out").exists(), r


def test_extract():
    extracts([
        ("EVP_DecryptInit_ex2", "sealed", HOST, "libcrypto could not decrypt"),
        ("EVP_CIPHER_fetch", "sealed", HOST, "libcrypto has no AES-256-GCM"),
        ("EVP_DigestUpdate", "clear", HOST, "libcrypto could not compute a digest"),
        ("EVP_DigestFinal_ex:2", "clear", HOST, "libcrypto could not compute a digest"),
        ("ZSTD_decompressDCtx", "clear", MALFORMED, "zstd frame holds "),
        # the path that is not ASCII may be a good one
        ("u8_normalize", "clear", HOST, "out of memory"),
        ("nl_langinfo", "clear", HOST, "no locale for UTF-8 is to be had here, only one for ANSI_X3.4-1968"),
    ])


def test_what_libarchive_sees():
    sees = [("archive_entry_" + name, words) for name, words in (
        ("hardlink", "a link"), ("uid", "an owner"), ("xattr_count", "extended attributes"),
        ("acl_types", "an access control list"), ("sparse_count", "a sparse map"), ("fflags", "file flags"),
        ("mac_metadata", "Mac OS metadata"), ("atime_is_set", "times besides the one of modification"),
        ("pathname_utf8", "another path"), ("filetype", "another type"), ("perm", "another mode"),
        ("size", "another size"), ("mtime", "another time"))]
    # the first entry, and one further on
    extracts([(name + again, "clear", MALFORMED, "libarchive sees %s here" % words)
              for name, words in sees for again in ("", ":4")])
    extracts([(which, "clear", MALFORMED, words) for which, words in (
        ("archive_read_next_header/end", "libarchive sees the end of the tar stream here"),
        ("archive_read_next_header/failed:3", "libarchive does not take this entry: "),
        ("archive_read_next_header/more", "libarchive sees an entry behind the last one"),
        ("archive_read_data_block/end:2", "libarchive gives 0 of "),
        ("archive_read_data_block/failed", "libarchive does not take this entry: "),
        ("archive_read_data_block/elsewhere", "libarchive gives other data than the content that stands there"),
        ("archive_read_open2", "libarchive does not take the tar stream: "))])


lib.main(globals())
