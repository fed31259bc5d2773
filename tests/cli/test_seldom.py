# SPDX-License-Identifier: BSD-2-Clause
"""Messages that need no fault of the host, and that a person seldom meets all the same: odd
sizes, trees that are half there, signing without a look, media of other people."""

import json
import os
import pty
import shutil
import struct
import subprocess

import lib
from lib import DAMAGED, HOST, MALFORMED, OK, PACK, REFUSED, SRC, UNTRUSTED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_shim import Rows

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
second = ring.gen("Security Officer", "officer@example.com", sub=None)
reader = ring.gen("Evaluator", "evaluator@example.org")
room = Room()
HERE = room.path
HANDOFF = lib.sample(HERE / "in", 5_000)
UNSIGNED = ["--unsigned", "--originator", sender, "--no-encryption"]
OFFICER = HERE / "officer.gpg"
OFFICER.write_bytes(ring.export(second))
BOTH = HERE / "both.gpg"
BOTH.write_bytes(ring.export(second) + ring.export(sender))
PLAIN, OTHER, SIGNED = HERE / "plain", HERE / "other", HERE / "signed"
expect(pack("create", HANDOFF, "-o", PLAIN, *UNSIGNED), OK)
expect(pack("create", HANDOFF, "-o", SIGNED, "-s", sender, "-s", second, "-r", reader, "--opening", HERE / "opening",
            env=ring.env()), OK)
shutil.copytree(PLAIN, OTHER)
(OTHER / "manifest.yaml").write_text((OTHER / "manifest.yaml").read_text().replace("AE-0042", "AE-0043"))


def cleanup():
    ring.close()
    room.__exit__()


def digest(bundle):
    return unpack("show", bundle, "--json").json["bundle"]["digest"]


def create(here, *options, handoff=HANDOFF, **kw):
    return pack("create", handoff, "-o", here / "out", *options, **kw)


def test_sizes_that_do_not_go_together():
    with Room() as here:
        (here / "tree").mkdir()
        (here / "tree" / "big.bin").write_bytes(os.urandom(3 << 20))
        for _ in range(800):		# for a content manifest of some size
            (here / "tree" / os.urandom(32).hex()).write_bytes(b"")
        handoff = lib.write_handoff(here, [("tree", "model", "tree")])
        r = create(here, *UNSIGNED, "--media-size", "2MiB", "--volume-size", "1MiB", handoff=handoff)
        expect(r, USAGE, "a medium of 2097152 bytes cannot hold a volume of ")
        assert "hint: choose a greater --media-size or a smaller --volume-size" in r.err, r
        assert not (here / "out").exists(), r
        r = create(here, "--unsigned", "--originator", sender, "-r", reader, "--volume-size", "1MiB", "--pad", "1MiB",
                   env=ring.env())
        expect(r, USAGE, "a volume of 1048576 bytes cannot hold one chunk")
        assert "hint: choose a greater --volume-size or a smaller --pad" in r.err and not (here / "out").exists(), r


def test_an_opening_that_is_there_already():
    with Room() as here:
        (here / "opening").write_text("mine\n")
        r = create(here, "--unsigned", "--originator", sender, "-r", reader, "--opening", "opening", cwd=here,
                   env=ring.env())
        expect(r, HOST, "satchel-pack: opening: is there already\n")
        assert "hint: --opening needs a name that does not exist yet" in r.err, r
        assert (here / "opening").read_text() == "mine\n" and not (here / "out").exists(), r


def index(*shards):
    return json.dumps({"metadata": {}, "weight_map": {"t%d" % i: s for i, s in enumerate(shards)}})


def test_drafts_of_what_is_half_there():
    with Room() as here:
        tree = here / "tree"
        tree.mkdir()
        names = ["model-%05d.safetensors" % i for i in range(9)]
        for i in range(120):
            (tree / ("m%03d.safetensors" % i)).write_bytes(b"")
        (tree / names[0]).write_bytes(struct.pack("<Q", 2) + b"{}")
        (tree / "a.safetensors.index.json").write_text(index(names[0], names[1]))
        (tree / "b.safetensors.index.json").write_text(index(*names[:3]))
        (tree / "c.safetensors.index.json").write_text(index(*names))
        r = expect(pack("init", tree, "-o", here / "draft"), OK)
        for text in ("half-downloaded: of the 2 shards that it names 1 is not there: %s\n" % names[1],
                     "half-downloaded: of the 3 shards that it names 2 are not there: %s\n" % ", ".join(names[1:3]),
                     "half-downloaded: of the 9 shards that it names 8 are not there: %s, ...\n" %
                     ", ".join(names[1:6]),
                     "note: and 23 more; the draft names them\n"):
            assert text in r.err, (text, r)


def test_weights_that_end_too_early_are_packed_and_named():
    with Room() as here:
        (here / "tree").mkdir()
        (here / "tree" / "w.safetensors").write_bytes(struct.pack("<Q", 1000) + b"{")
        r = create(here, *UNSIGNED, handoff=lib.write_handoff(here, [("tree", "model", "tree")]))
        expect(r, OK, "note: tree/w.safetensors: packed as it is, but it is not whole: ")


def test_trees_that_lead_nowhere():
    with Room() as here:
        inner = here / "tree" / "a" / "b"
        inner.mkdir(parents=True)
        (inner / "back").symlink_to("..")
        handoff = lib.write_handoff(here, [("tree", "model", "tree")])
        r = expect(create(here, *UNSIGNED, "--dereference", handoff=handoff), REFUSED,
                   "tree/a/b/back: leads back to a directory that holds it")
        assert "hint: remove it, or leave it out with exclude" in r.err, r
        (inner / "back").unlink()
        at = os.open(inner, os.O_RDONLY)
        for _ in range(4):
            os.mkdir("n" * 250, dir_fd=at)
            below = os.open("n" * 250, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.mkdir("long" * 10, dir_fd=at)
        os.close(at)
        expect(create(here, *UNSIGNED, handoff=handoff), REFUSED, "the path is over 1024 bytes")
        assert not (here / "out").exists()


HANDOFFS = [
    ("satchel-handoff: 1", "satchel-handoff: 1\nsealed: yes", "unknown key: sealed",
     "hint: known here: satchel-handoff, bundle, components, exclude; and x-... for your own"),
    ("kind: document\n", "kind: document\n    title: x\n", "unknown key: title",
     "hint: known here: name, kind, path, marking, license, version, harness, command, expected, needs; "
     "and x-... for your own"),
    ("kind: benchmark\n", "kind: benchmark\n    expected:\n      - metric: acc\n        value: 1\n        unit: x\n",
     "unknown key: unit", "hint: known here: metric, value, tolerance; and x-... for your own"),
    ("bundle:\n", "bundle: &b\n", "an anchor (&)", "hint: write the value out"),
    ("bundle:\n", "bundle: !!map\n", "a tag (!)", "hint: leave it out"),
]


def test_handoffs():
    with Rows() as rows, Room() as here:
        for old, new, *texts in HANDOFFS:
            text = HANDOFF.read_text()
            assert old in text, old
            (here / "handoff.yaml").write_text(text.replace(old, new, 1))
            r = create(here, *UNSIGNED, "-C", HERE / "in", handoff=here / "handoff.yaml")
            rows.row(new, r, USAGE, *texts, empty=here / "out")


def sign(bundle, *options):
    return pack("sign", bundle, "-s", second, "--expect", digest(bundle), *options, env=ring.env())


def at_a_terminal(bundle, answer):
    """sign with a terminal at which somebody answers."""
    ours, theirs = pty.openpty()
    words = [PACK, "sign", str(bundle), "-s", second]
    with subprocess.Popen(words, env=dict(os.environ, **ring.env()), stdin=theirs, stdout=subprocess.PIPE,
                          stderr=theirs, start_new_session=True) as p:
        os.close(theirs)
        err = b""
        while b"[yes/no] " not in err:
            err += os.read(ours, 4096)
        os.write(ours, answer)
        out = p.stdout.read().decode()
    try:
        while data := os.read(ours, 4096):
            err += data
    except OSError:
        pass		# the terminal is gone
    os.close(ours)
    return lib.Result(words, p.returncode, out, err.decode().replace("\r\n", "\n"))


def test_signing_without_need_or_reason():
    with Rows() as rows, Room() as here:
        bundle = lib.copy_bundle(PLAIN, here / "bundle")
        rows.row("no opening", sign(bundle, "--content", HANDOFF), USAGE, "handoff.yaml: not an opening",
                 "hint: --content takes the file that create --opening wrote")
        (here / "another").write_text((HERE / "opening").read_text().replace("Example AI", "Another AI"))
        rows.row("another's opening", sign(bundle, "--content", here / "another"), UNTRUSTED,
                 "another is not the content of this bundle",
                 "hint: ask who packed it for the opening of this very bundle; do not sign")
        assert not (bundle / "signatures").exists(), rows.wrong
        rows.row("nobody said yes", at_a_terminal(bundle, b"no\n"), USAGE, "not signed: nobody said yes",
                 "hint: answer yes on a terminal, or give the digest with --expect")
        rows.row("end of file", at_a_terminal(bundle, b"\4"), USAGE,
                 "[yes/no] \nsatchel-pack: not signed: nobody said yes\n")
        (bundle / "signatures").write_text("in the way\n")
        rows.row("no room for it", sign(bundle), HOST, "signatures: no directory",
                 "hint: a closed disc takes no more files: write the signature elsewhere with -o DIR")
        (bundle / "signatures").unlink()
        lib.flip(bundle / "payload-00.000000", 200)
        rows.row("damaged", sign(bundle), DAMAGED, "not signed: the bundle is not whole",
                 "hint: sign the copy that create made, before anything is copied")
        assert not (bundle / "signatures").exists(), rows.wrong


def test_media_that_nobody_signed_for():
    r = expect(unpack("check", PLAIN, OTHER, "-t", OFFICER), UNTRUSTED,
               "the manifests of %s and %s differ, and none is signed by a key that you trust" % (PLAIN, OTHER))
    assert "hint: check each medium alone to see which one was changed" in r.err, r


def test_a_signature_with_a_digest_of_tomorrow():
    with Room() as here:
        bundle = lib.copy_bundle(SIGNED, here / "bundle")
        for fpr in (sender, second):
            path = bundle / "signatures" / (fpr + ".sig")
            data = bytearray(path.read_bytes())
            at = 2 if data[0] & 3 == 0 else 3
            assert data[at:at + 2] == b"\4\0", data
            data[at + 3] = 12
            path.write_bytes(data)
        expect(unpack("check", bundle, "-t", BOTH), UNTRUSTED, "is made with a digest that is not accepted (unknown)")


def test_audits():
    with Room() as here:
        (here / "dest").mkdir()
        expect(unpack("extract", SIGNED, "-t", BOTH, "-C", here / "dest", env=ring.env()), OK)
        r = expect(unpack("audit", here / "dest" / "aurora-preview", "-t", OFFICER), UNTRUSTED,
                   "the originator's signature is not among the good ones")
        assert "hint: give the originator's certificate with --trust" in r.err, r
        vectors = os.path.join(SRC, "tests", "vectors")
        shutil.copytree(os.path.join(vectors, "accept", "lanes-0-and-7", "bundle"), here / "bag" / "satchel")
        expect(unpack("audit", here / "bag", "-t", os.path.join(vectors, "keys", "trust.pgp")), MALFORMED,
               "the bundle has several lanes; this version audits one")


lib.main(globals())
