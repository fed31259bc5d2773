# SPDX-License-Identifier: BSD-2-Clause
"""Messages that no other test of this folder reaches (messages.txt is the table): what a
person writes wrong in a handoff or a command line, names that no bundle may hold, and
weights that are not what their name says."""

import json
import os
import socket
import struct

import lib
from lib import REFUSED, USAGE, Room, expect, pack, unpack

FPR = "0123456789ABCDEF0123456789ABCDEF01234567"
UNSIGNED = ["--unsigned", "--originator", FPR, "--no-encryption"]
HANDOFF = lib.HANDOFF % {"name": "aurora", "title": "AE-0042", "components":
                         "  - name: tree\n    kind: model\n    path: tree\n"}


def handoff(here, text):
    (here / "tree").mkdir(exist_ok=True)
    (here / "tree" / "a.txt").write_text("a\n")
    path = here / "handoff.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def dry(path, *more):
    return pack("create", path, "-n", *UNSIGNED, *more)


def change(old, new):
    assert old in HANDOFF, old
    return HANDOFF.replace(old, new, 1)


def all_refused(cases, status=USAGE):
    with Room() as here:
        for text, words in cases:
            r = expect(dry(handoff(here, text)), status, words)
            assert "handoff.yaml: " in r.err and not (here / "out").exists(), r


def test_a_handoff_that_is_not_plain_yaml():
    all_refused([
        (HANDOFF + "# ...\n---\na: b\n", "a second document"),
        ("%YAML 1.1\n---\n" + HANDOFF, "begins with"),
        ("# nothing\n", "nothing but blanks and comments"),
        ("- a\n", "must be a map"),
        (change("title: AE-0042", "title: &a AE-0042"), "an anchor (&)"),
        (change("title: AE-0042", "title: *a"), "an alias (*)"),
        (change("title: AE-0042", "title: !!str AE-0042"), "a tag (!)"),
        (change("  title: AE-0042", "  title: AE-0042\n  title: AE-0043"), "the key is there twice"),
        (change("  title: AE-0042", "  <<: {title: AE-0042}"), "a merge key (<<)"),
        (change("  title: AE-0042", "  ? [title]\n  : AE-0042"), "a map or list in place of a key"),
        (change("  title: AE-0042", "  \"ti\\ntle\": AE-0042"), "a line break in a key"),
        (change("from: Example AI, Inc.", "from: \"Example\\nAI\""), "a line break in the text"),
        (change("from: Example AI, Inc.", "x-deep: " + "[" * 40 + "]" * 40), "nested more than"),
        (change("title: AE-0042", "title: " + "A" * 65537), "a text of more than 65536 bytes"),
        (HANDOFF + "".join("x-%d: y\n" % i for i in range(1024)), "more than 1024 keys in one map"),
    ])


def test_a_handoff_that_lacks_something():
    all_refused([(change(line, ""), "the key %s is missing" % key) for line, key in (
        ("satchel-handoff: 1\n", "satchel-handoff"), ("  name: aurora\n", "name"), ("  sequence: 1\n", "sequence"),
        ("    kind: model\n", "kind"), ("    path: tree\n", "path"))])
    all_refused([
        (HANDOFF.replace("  - name: tree\n    kind", "  - kind"), "the key name is missing"),
        (HANDOFF[:HANDOFF.index("components:")], "the key components is missing"),
        ("satchel-handoff: 1\n" + HANDOFF[HANDOFF.index("components:"):], "the key bundle is missing"),
        (HANDOFF[:HANDOFF.index("components:")] + "components: []\n", "components: the list is empty"),
        (HANDOFF + "    command: []\n", "command: the list is empty"),
        (HANDOFF + "    expected: []\n", "expected: the list is empty"),
        (HANDOFF + "    expected: [{value: 0.4}]\n", "the key metric is missing"),
        (HANDOFF + "    expected: [{metric: acc}]\n", "the key value is missing"),
    ])


def test_a_handoff_that_says_something_wrong():
    window = "  marking: UNCLASSIFIED\n  not-before: 2026-12-02\n  not-after: 2026-12-01"
    all_refused([
        (change("satchel-handoff: 1", "satchel-handoff: 2"), "must be 1, not 2"),
        (change("  marking: UNCLASSIFIED", window), "not-after 2026-12-01 lies before"),
        (change("  marking: UNCLASSIFIED", "  marking: UNCLASSIFIED\n  date: 2242-03-16"), "must not be after 2242-03-15"),
        (HANDOFF + "    format: gguf\n", "does not belong here"),
    ] + [(HANDOFF + "exclude: ['%s']\n" % p, words) for p, words in (
        ("/a", "begins with a slash"), ("a/", "ends with a slash"), ("a\\\\b", "has a backslash"),
        ("[a", "a bracket that does not close"), ("**", "has two stars"), ("", "is empty"))])
    all_refused([
        (change("AE-0042", "AURORA"), "tells"), (change("AE-0042", "DAMAGED"), "reads like a verdict"),
        (change("title: AE-0042", "title: AE-0042\n  control-number: AURORA"), "control-number"),
        (change("title: AE-0042", "title: AE-0042\n  control-number: DAMAGED"), "reads like a verdict"),
    ], REFUSED)


def test_command_lines():
    with Room() as here:
        path = handoff(here, HANDOFF)
        for args, words in (
                (["create", path, *UNSIGNED], "nowhere to put the bundle"),
                (["create", path, "-n", *UNSIGNED, "--jobs", "0"], "--jobs must be a number from 1 to 64, not 0"),
                (["create", path, "-n", "--dry-run=yes"], "option takes no argument: dry-run=yes"),
                (["create", path, "-n", "--unsigned", "--originator", "me", "--no-encryption"],
                 "--originator needs a full primary fingerprint"),
                (["create", path, "-n", "-s", FPR, *["-r%040d" % i for i in range(257)]], "more than 256 recipients"),
                (["sign", here], "sign needs one signer"),
                (["sign", here, "-s", FPR, "-s", FPR[::-1]], "sign needs one signer")):
            expect(pack(*args), USAGE, words)
        r = pack("create", path, "-o", here / "out", *UNSIGNED, env={"SOURCE_DATE_EPOCH": "yesterday"})
        expect(r, USAGE, "SOURCE_DATE_EPOCH is no number of seconds: yesterday")
        for who, words in (("0123ABCD", "neither a full fingerprint nor a mail address"),
                           ("0x0123456789ABCDEF", "is no full fingerprint")):
            r = pack("create", path, "-o", here / "out", "-s", who, "--no-encryption")
            assert r.status == USAGE and ("no full fingerprint" in r.err or words in r.err), r
        assert not (here / "out").exists()
        expect(unpack("check", here, "--jobs", "65"), USAGE, "--jobs must be a number from 1 to 64, not 65")


def test_names_that_no_bundle_may_hold():
    with Room() as here:
        path = handoff(here, HANDOFF)
        names = [(b"dot.", "ends with a dot"), (b" lead", "leading white space"), (b"trail ", "trailing white space"),
                 ("e\u0301".encode(), "not in Unicode normalisation form C"), (b"\xff", "not valid UTF-8"),
                 ("\u200b".encode(), "a format character"), ("\u2028".encode(), "a line or paragraph separator"),
                 ("\ue000".encode(), "a private-use character"), (b"con.txt", "a Windows device name"),
                 ("\U0001f9ff".encode(), "Unicode 9 does not assign"), (b"a\tb", "a control character"),
                 (b"a:b", "one of the characters")]
        for name, _ in names:
            with open(os.path.join(bytes(here / "tree"), name), "w", encoding="ascii"):
                pass
        r = expect(dry(path), REFUSED)
        for _, words in names:
            assert words in r.err, (words, r)


def test_trees_that_are_too_deep_and_things_that_are_no_files():
    with Room() as here:
        path = handoff(here, HANDOFF)
        deep = here / "tree" / "/".join(["d"] * 40)
        deep.mkdir(parents=True)
        (here / "tree" / "s").symlink_to("s")
        (here / "tree" / "out").symlink_to("/etc/hostname")
        (here / "tree" / "gone").symlink_to("nowhere")
        with socket.socket(socket.AF_UNIX) as s:
            at = os.getcwd()
            os.chdir(here / "tree")
            s.bind("sock")
            os.chdir(at)
            r = expect(dry(path, "--dereference"), REFUSED)
        for words in ("32 components deep", "leads back to itself", "leads out of the component's tree", "leads to nothing",
                      "a socket: only regular files"):
            assert words in r.err, (words, r)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(**other):
    return dict({"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, **other)


def bare(**left):
    """A tensor with less or other fields."""
    return {k: v for k, v in tensor(**left).items() if v is not None}


SAFETENSORS = [
    (b"[]", "the header does not begin with {"), ({"__metadata__": 1}, "__metadata__ must be an object"),
    (b'{"t":{"dtype":"U8","dtype":"U8"}}', "a field stands there twice"), ({"t": tensor(x=1)}, "neither dtype, shape nor"),
    (b'{"__metadata__":{"a":"1","a":"2"}}', "a key stands twice in __metadata__"), ({"t": bare(shape=None)}, "without dtype"),
    ({"n" * 600: tensor()}, "name is over 512 bytes"), ({"t": tensor(data_offsets=1)}, "data_offsets must be an array"),
    ({"t": tensor(dtype=1)}, "dtype must be a string"), ({"t": tensor(shape=1)}, "shape must be an array"),
    ({"t": tensor(shape=["a"])}, "shape must hold integers"), (b'{"t" 1}', "a colon must stand here"),
    (b'{"t\n":1}', "a control character in a string"), (b'{"t', "a string that does not end"),
    (b'{"\\x":1}', "a wrong escape"), (b'{"t":', "ends where a value"),
    (b'{"t":?}', "no JSON value"),
]


def test_weights_that_are_not_what_they_are_called():
    with Room() as here:
        path = handoff(here, HANDOFF)
        missing = []
        for i, (header, words) in enumerate(SAFETENSORS):
            (here / "tree" / ("w%02d.safetensors" % i)).write_bytes(safetensors(header, b"x"))
        r = pack("create", path, "-o", here / "out", *UNSIGNED)
        i = pack("init", here / "tree", "-o", here / "draft.yaml")
        missing = [words for _, words in SAFETENSORS if words not in r.err + i.err]
        assert not missing, (missing, r, i)


lib.main(globals())
