# SPDX-License-Identifier: BSD-2-Clause
"""Refused: files of a bundle, the order of trust, several media, and the lists of a portable
bundle.  What a rule says of bytes that no longer match is made by changing files afterwards."""

import os
import shutil

from kit import PORTABLE, SEALED, ZEROS, add, builder, fingerprint, manifest, put, refuse, text, turned, with_

TWO = {"files": ZEROS, "volume_chunks": 1}
PAYLOAD, SECOND, CONTENTS = "payload-00.000000", "payload-00.000001", "contents-00"


def edit(name, function):
    """Change a file of the finished bundle."""
    def after(folder):
        path = folder / name
        path.write_bytes(function(path.read_bytes()))
    return after


def remove(name):
    return lambda folder: (folder / name).unlink()


def wrapped_key(folder):
    return folder / "keys" / "00.0" / (fingerprint("reader") + ".pgp")


def as_link(name):
    """The file or folder lies elsewhere, and a link in its place."""
    def after(folder):
        (folder / name).rename(folder / "elsewhere")
        (folder / name).symlink_to("elsewhere")
    return after


def as_directory(name):
    def after(folder):
        (folder / name).unlink()
        (folder / name).mkdir()
        (folder / name / "file").write_bytes(b"")
    return after


# FILES OF A BUNDLE
refuse("manifest-is-a-link", as_link("manifest.yaml"))
refuse("volume-is-a-link", as_link(PAYLOAD))
refuse("folder-is-a-link", as_link("keys"), **SEALED)
refuse("readme-is-a-directory", as_directory("README.txt"))
refuse("contents-is-a-fifo", remove(CONTENTS), recipe="fifo bundle/contents-00")

# ORDER OF TRUST
refuse("media-differ", edit("medium-02/manifest.yaml", turned(-2)), media=2, **TWO)
refuse("not-signed", lambda f: shutil.rmtree(f / "signatures"))
refuse("signed-by-nobody-trusted", sender="reader")
refuse("malformed-and-not-signed", lambda f: shutil.rmtree(f / "signatures"), hooks=manifest(("digest", "sha-1")))
refuse("malformed-contents-without-originator", hooks=text("content_text", b'originator: "', b'originator:  "'))
refuse("readme-differs", edit("README.txt", turned(0)))
refuse("readme-absent", remove("README.txt"))
refuse("readme-of-another-size", edit("README.txt", lambda d: d + b"\n"))
refuse("wrapped-key-differs", lambda f: wrapped_key(f).write_bytes(turned(-1)(wrapped_key(f).read_bytes())), **SEALED)
refuse("wrapped-key-absent", lambda f: shutil.rmtree(f / "keys"), **SEALED)
refuse("list-differs", edit("SHA256SUMS", turned(0)), **PORTABLE)
refuse("list-absent", remove("SHA512SUMS"), **PORTABLE)
refuse("index-differs", edit(PAYLOAD, turned(-1)))
refuse("chunk-differs", edit(PAYLOAD, turned(80)))
refuse("contents-differ", edit(CONTENTS, turned(80)))
refuse("contents-absent", remove(CONTENTS))
refuse("header-differs", edit(PAYLOAD, turned(19)))
refuse("guard-differs", edit(PAYLOAD, turned(60)))
refuse("volume-of-another-size", edit(PAYLOAD, lambda d: d + b"\0"))
refuse("run-commitment", hooks={"run_commitment": with_(turned(0))}, **SEALED)
refuse("content-commitment", hooks={"commitment": with_(turned(0))})
refuse("content-commitment-encrypted", hooks={"commitment": with_(turned(0))}, **SEALED)
refuse("originator-did-not-sign", signers=["second"], trusted=["sender", "second"])
refuse("no-originator", hooks=text("content_text", b"originator: ", b"originator-: "))
refuse("originator-behind-components", hooks={"content": lambda n, w: {
    **{k: v for k, v in n.items() if k != "originator"}, "originator": n["originator"]}})


def two_bundles(folder):
    """One medium each of two bundles that are both signed well."""
    one, two = folder / "one", folder / "two"
    builder(media=2, **TWO).write(one)
    builder(media=2, seed=b"another", **TWO).write(two)
    (folder / "bundle").mkdir()
    (one / "medium-01").rename(folder / "bundle" / "medium-01")
    (two / "medium-02").rename(folder / "bundle" / "medium-02")
    shutil.rmtree(one)
    shutil.rmtree(two)


add("refuse/media-of-two-bundles", two_bundles)


# SEVERAL MEDIA

def volume_of(name, into, **options):
    """A volume of a bundle with other options takes a place."""
    def after(folder):
        other = folder / "other"
        builder(**options).write(other)
        os.replace(other / name, folder / into)
        shutil.rmtree(other)
    return after


refuse("medium-without-volumes", remove(PAYLOAD))
refuse("medium-lacks-a-volume", remove(SECOND), **TWO)
refuse("volume-of-another-bundle", volume_of(PAYLOAD, PAYLOAD, seed=b"another", transform="stored",
                                             files={"notes.md": b"Another bundle\n"}), transform="stored")
refuse("volume-of-another-bundle-and-size", volume_of(PAYLOAD, PAYLOAD, seed=b"another", **TWO))
refuse("volume-in-place-of-another", volume_of(SECOND, PAYLOAD, **TWO), **TWO)
refuse("volume-with-anothers-header", edit(PAYLOAD, turned(32)))
refuse("volume-of-another-size-without-header", edit(PAYLOAD, lambda d: put(0, b"X")(d) + b"\0"))
refuse("volume-of-a-header-not-well-formed", edit(PAYLOAD, lambda d: put(28, b"\1")(turned(32)(d)) + b"\0"))

# PORTABLE BUNDLES
for _name, _stage, _function in (
        ("sums512-names-another", "sums512", lambda d: d.replace(PAYLOAD.encode(), SECOND.encode())),
        ("sums512-lacks-a-line", "sums512", lambda d: d[:d.index(b"\n") + 1]),
        ("sums512-in-another-order", "sums512", lambda d: b"".join(reversed(d.splitlines(True)))),
        ("sums512-in-binary-mode", "sums512", lambda d: d.replace(b"  ", b" *", 1)),
        ("sums512-without-lf", "sums512", lambda d: d[:-1]),
        ("sums512-digest-in-upper-case", "sums512", lambda d: d[:128].upper() + d[128:]),
        ("sums256-of-another-digest", "sums256", lambda d: b"0" * 64 + d[64:]),
        ("sums256-lacks-a-line", "sums256", lambda d: d[:d.index(b"\n") + 1]),
        ("sums256-in-another-order", "sums256", lambda d: b"".join(reversed(d.splitlines(True))))):
    refuse(_name, hooks={_stage: with_(_function)}, **TWO, **PORTABLE)

# SIGNATURES, as files
refuse("signature-file-over-16-kib", recipe="fill bundle/signatures/{sender}.sig 00 16385")
refuse("signature-under-anothers-name", lambda f: os.rename(
    f / "signatures" / (fingerprint("sender") + ".sig"), f / "signatures" / (fingerprint("second") + ".sig")),
       trusted=["sender", "second"])


def over_32_mib(folder):
    """The manifest ends with a comment of 32 MiB, which the recipe adds; the signature is over all of it."""
    long = {"manifest_text": lambda d, w: d + b"#" * (32 << 20)}
    builder(hooks=long).write(folder / "bundle")
    path = folder / "bundle" / "manifest.yaml"
    data = path.read_bytes()
    os.truncate(path, len(data) - (32 << 20))
    (folder / "recipe").write_text("fill bundle/manifest.yaml 23 %d\n" % (32 << 20))


add("refuse/manifest-over-32-mib", over_32_mib)
