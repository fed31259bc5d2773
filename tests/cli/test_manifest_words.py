# SPDX-License-Identifier: BSD-2-Clause
"""What the readers of the two manifests say, message by message: keys that are missing or stand in
another's place, numbers without end, paths that nobody may have.  `show' reads a transport manifest
whoever signed it; a content manifest is read in bundles that are signed properly."""

import copy
import hashlib

import lib
from lib import MALFORMED, UNTRUSTED, Room, pack, unpack
from lib_hostile import TRUST, build, cleanup, keys, sender, stranger

import canon                                                # of tests/decoder

__all__ = ["cleanup"]
SMALL = {"notes.md": b"First handoff.\n"}
HEX64 = "0" * 128


class Kept(Exception):
    pass


def manifest_of(**options):
    """The transport manifest of a small bundle, as dicts; nothing of it is signed or written."""
    def hook(node, _where):
        raise Kept(node)
    try:
        build.Builder(keys, sender, SMALL, hooks={"manifest": hook}, **options).make()
    except Kept as e:
        return e.args[0]
    raise AssertionError("no manifest")


def parent(node, key):
    *above, last = [int(part) if part.isdigit() else part for part in key.split(".")]
    for part in above:
        node = node[part]
    return node, last


def without(node, key, behind=True):
    """A copy that lacks a key, and what stands behind it in the same map."""
    node = copy.deepcopy(node)
    at, last = parent(node, key)
    for k in list(at)[list(at).index(last):] if behind else [last]:
        del at[k]
    return node


def renamed(node, key):
    node = copy.deepcopy(node)
    at, last = parent(node, key)
    items = [("x-" + k if k == last else k, v) for k, v in at.items()]
    at.clear()
    at.update(items)
    return node


def shown(cases):
    """Each is (text or dicts, words); all that is not said is named at the end."""
    failures = []
    with Room() as here:
        for node, words in cases:
            (here / "manifest.yaml").write_bytes(canon.dump(node) if isinstance(node, dict) else node)
            r = unpack("show", here)
            # that it is signed was not asked, so that nothing was signed properly is the verdict
            if r.status != UNTRUSTED or r.verdict != "NOT AUTHENTICATED" or words not in r.err:
                failures.append("%r is not said\n%s" % (words, r))
    assert not failures, "\n".join(failures)


def test_keys_that_are_missing_from_a_transport_manifest():
    clear, sealed, portable = manifest_of(), manifest_of(recipients=[sender]), manifest_of(portable=True)
    rows = [(clear, key) for key in (
        "bundle-id", "created", "title", "encryption", "digest", "chunk-size", "readme", "readme.digest",
        "signers", "lanes", "lanes.0.commitment", "lanes.0.contents", "lanes.0.contents.chunks",
        "lanes.0.contents.index", "lanes.0.volumes", "lanes.0.volumes.0.first", "lanes.0.volumes.0.chunks",
        "lanes.0.volumes.0.size", "lanes.0.volumes.0.index")]
    rows += [(sealed, key) for key in (
        "padding", "lanes.0.contents.size", "lanes.0.runs", "lanes.0.runs.0.commitment", "lanes.0.runs.0.keys",
        "lanes.0.runs.0.keys.0.size", "lanes.0.volumes.0.run")]
    rows.append((portable, "sums"))
    cases = [(without(node, key), "the key %s is missing" % key.rpartition(".")[2]) for node, key in rows]
    # a map is not empty: its first key is another one
    for node, key in ((sealed, "lanes.0.contents.run"), (sealed, "lanes.0.runs.0.run"), (clear, "lanes.0.lane"),
                      (sealed, "lanes.0.runs.0.keys.0.recipient"), (clear, "lanes.0.volumes.0.medium"),
                      (clear, "lanes.0.volumes.0.first"), (clear, "lanes.0.volumes.0.index"), (clear, "lanes"),
                      (clear, "lanes.0.contents.chunks"), (sealed, "lanes.0.runs.0.keys"), (clear, "signers")):
        last = key.rpartition(".")[2]
        cases.append((renamed(node, key), "expected the key %s, not x-%s" % (last, last)))
    shown(cases)


def test_numbers_of_a_transport_manifest_that_grow_without_end():
    clear, sealed, hidden = (manifest_of(**o) for o in ({}, {"recipients": [sender]},
                                                        {"recipients": [sender], "hidden": True}))
    least = {"none": 76 + 9, "aes-256-gcm": 76 + 48 + 4096}         # bytes of a chunk and its index entry

    def volumes(node, n, chunks):
        """As many volumes of as many chunks, each of the least size that it can have."""
        size = 48 + 13 + 8 + chunks * least[node["encryption"]]
        head = canon.dump(node).split(b'  - medium: "1"\n')[0]
        run = '    run: "0"\n' if node is sealed else ""
        form = '  - medium: "1"\n%s    first: "%%d"\n    chunks: "%d"\n    size: "%d"\n    index: "%s"\n' % (
            run, chunks, size, HEX64)
        return head + "".join(form % (i * chunks) for i in range(n)).encode()

    first = copy.deepcopy(hidden)
    first["lanes"][0]["runs"][0]["keys"][0]["recipient"] = "001"
    shown([(volumes(clear, 65536, 1), "more than 65535 volumes"),
           (volumes(sealed, 4097, 1 << 20), "run 0 seals more than 2^32 chunks"),
           (first, "recipient: must be 000, not 001")])


PART = {"name": "part-0", "kind": "document", "path": "notes.md", "marking": "UNCLASSIFIED"}
PATHS = [
    ("", "is empty"), ("/a", "is not relative"), ("d/" + "x" * 256, "has a component of over 255 bytes"),
    ("a./b", "ends with a dot"),
("a\u200bb", "has a format character"), ("a\ue000b", "has a private-use character"),
    ("a b ", "has trailing white space"), ("a:b", "has one of the characters"),
    ("e\u0301", "is not in Unicode normalisation form C"),
    ("\U0001f9ff", "Unicode 9 does not assign")]


def opened(cases, files=None, **options):
    """Each is (hooks, words): refused once the signatures are known to be good, and nothing is written."""
    failures = []
    for hooks, words in cases:
        with Room() as here:
            media = build.Builder(keys, sender, files or SMALL, hooks=hooks, **options).write(here / "out")
            (here / "dest").mkdir()
            r = unpack("extract", *media, "-t", TRUST, "-C", here / "dest", env=keys.env())
            if r.status != MALFORMED or words not in r.err or list((here / "dest").iterdir()):
                failures.append("%r is not said\n%s" % (words, r))
    assert not failures, "\n".join(failures)


def content(function):
    return {"content": lambda node, _where: function(node)}


def countersigned(cases):
    """Each is (hook on the content manifest, words).  Whoever signs as well may be given the content manifest alone;
    it is read whole there, and nothing is signed if it is wrong."""
    failures = []
    for hook, words in cases:
        kept = []

        def keep(text, _where, kept=kept):
            kept.append(text)
            return text
        with Room() as here:
            media = build.Builder(keys, sender, SMALL, hooks={**hook, "content_text": keep}).write(here / "out")
            (here / "opening").write_bytes(b'satchel-opening: "1"\nopener: "%s"\n' % (b"0" * 64) + kept[0])
            digest = hashlib.sha512((here / "out" / "manifest.yaml").read_bytes()).hexdigest()
            r = pack("sign", *media, "-s", stranger, "--content", here / "opening", "--expect", digest, env=keys.env())
            signed = (here / "out" / "signatures" / (stranger + ".sig")).exists()
            if r.status != MALFORMED or words not in r.err or signed:
                failures.append("%r is not said\n%s" % (words, r))
    assert not failures, "\n".join(failures)


def test_keys_that_are_missing_from_a_content_manifest():
    full = {**PART, "expected": [{"metric": "acc"}]}
    other = {**PART, "expected": [{"metric": "acc", "x": "y"}]}
    opened([(content(lambda n, k=key: without(n, k)), "the key %s is missing" % key.rpartition(".")[2]) for key in (
        "components.0.kind", "components.0.path", "components.0.marking", "files.0.size", "files.0.offset",
        "files.0.digest")] + [
            (content(lambda n: {**n, "components": [full]}), "the key value is missing"),
            (content(lambda n: {**n, "components": [other]}), "expected the key value, not x")])
    countersigned([(content(lambda n, k=key: without(n, k)), "the key %s is missing" % key) for key in (
        "name", "sequence", "from", "to", "date", "marking", "originator", "time", "digest", "components")] + [
            (content(lambda n: {**n, "originator": "me"}),
             "originator: not 40 or 64 upper-case hexadecimal digits: me")])


def test_paths_that_nobody_may_have():
    def hook(path):
        return content(lambda n: {**n, "files": [{**n["files"][0], "path": path}]})

    opened([(hook(path), words) for path, words in PATHS])
    opened([(content(lambda n: {**n, "components": [{**PART, "path": "d/notes.md"}],
                                "files": [{**n["files"][0], "path": "d/notes.md"}]}),
             "the directory that d/notes.md lies in is not listed")])


def test_what_was_not_signed_for():
    """Keys, contents and lists that are others than those that the signed manifest stands for."""
    def other(right, _where):
        return bytes([right[0] ^ 1]) + right[1:]

    def opener_alone(stream, where):
        return stream[:32] if where["kind"] == 2 else stream
    sealed, portable = {"recipients": [sender]}, {"portable": True}
    opened([({"run_commitment": other}, "the wrapped key of lane 0, run 0 is not the key that was signed for"),
            ({"stream": opener_alone}, "the contents of lane 0 hold no content manifest")], **sealed)
    opened([({"commitment": other}, "the content manifest of lane 0 is not the one that was signed for")])
    opened([({"sums256": other}, "SHA256SUMS does not say what the content manifest says")], **portable)


def test_chunks_that_cannot_be():
    """Signed, and sealed with the right key; what is wrong with their lengths shows when they are opened."""
    def shorter(cut, where):
        stream = b"".join(cut)
        ends = [0, 16383, 32767, len(stream)]
        return cut if where["kind"] != 1 else [stream[a:b] for a, b in zip(ends, ends[1:])]

    def moved(frame, where):
        """The first is a byte too long, and the second one too short."""
        if where["kind"] != 1 or where["number"] > 1:
            return frame
        body = frame[8:] + b"x" if where["number"] == 0 else frame[8:-1]
        return frame[:4] + len(body).to_bytes(4, "little") + body

    def brief(data, where):
        """zstd's magic number, and one byte."""
        return (1, data[1], b"\x28\xb5\x2f\xfd\x20") if where["kind"] == 1 else data
    files = {"b.bin": hashlib.shake_256(b"b").digest(34000)}
    opened([({"cut": shorter}, "goes on behind a chunk that is shorter than the chunk size"),
            ({"frame": moved}, "encrypted chunk of an impossible length"),
            ({"data": brief}, "zstd frame of 5 bytes")], files, recipients=[sender])


lib.main(globals())
