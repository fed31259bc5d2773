# SPDX-License-Identifier: BSD-2-Clause
"""Refused: content manifests that break a rule, signed and committed to."""

import copy

import lanes
from kit import FILES, SEALED, add, content, inserted, refuse, text, with_

TREE = {"a/one.txt": b"one\n", "a/run": (b"#!/bin/sh\n", True), "notes.md": FILES["notes.md"]}
PART = {"name": "part-0", "kind": "document", "path": "a", "marking": "UNCLASSIFIED"}
REST = {"name": "part-1", "kind": "document", "path": "notes.md", "marking": "UNCLASSIFIED"}
LARGE = {"chunk_size": 1 << 20}


def refuse_values(*rows):
    for name, key, value in rows:
        refuse("contents-" + name, files=TREE, hooks=content((key, value)))


def components(*parts):
    return content(("components", list(parts)))


def changed(name, function, **more):
    refuse("contents-" + name, files=TREE, hooks={"content": lambda n, w: function(copy.deepcopy(n))}, **more)


# CANONICAL YAML, and its limits
refuse("contents-yaml-comment", hooks=text("content_text", b"files:\n", b"files: # c\n"))
refuse("contents-yaml-small-hex", hooks={
    **content(("to", "\U0001f600")), "content_text": lambda d, w: d.replace(b"\\U0001F600", b"\\U0001f600")})
refuse("contents-yaml-not-escaped", hooks={
    **content(("to", "\U0001f600")), "content_text": lambda d, w: d.replace(b"\\U0001F600", "\U0001f600".encode())})
refuse("contents-yaml-no-lf", hooks={"content_text": with_(lambda d: d[:-1])}, **SEALED)
refuse("contents-of-version-2", hooks=text("content_text", b'"1"', b'"2"'))
refuse("contents-of-a-manifest", hooks=text("content_text", b"satchel-contents", b"satchel-manifest"))
refuse("contents-unknown-key", hooks=inserted("content", "x-note", "hello", "name"))
changed("keys-in-another-order", lambda n: {"satchel-contents": n.pop("satchel-contents"),
                                            "sequence": n.pop("sequence"), **n})
changed("value-over-64-kib", lambda n: {**n, "to": "y" * 65537}, **LARGE)
deep = "x"
for _ in range(9):
    deep = {"a": deep}
changed("nested-9-deep", lambda n: {**n, "to": deep})
changed("keys-1025", lambda n: {**n, "to": {"k%d" % i: "v" for i in range(1025)}}, **LARGE)

# CONTENT MANIFEST
refuse_values(
    ("sequence-0", "sequence", "0"), ("date-that-does-not-exist", "date", "2021-02-29"), ("from-empty", "from", ""),
    ("marking-ends-with-a-blank", "marking", "A "), ("originator-in-small-letters", "originator", "a" * 40),
    ("time-over-8589934591", "time", "8589934592"), ("time-of-another-stream", "time", "1"),
    ("digest-sha-512", "digest", "sha-512"), ("name-absent", "name", None), ("components-absent", "components", None),
    ("file-size-over-4611686018427387903", "files.2.size", "4611686018427387904"),
    ("file-size-of-another-stream", "files.2.size", "16"), ("file-offset", "files.2.offset", "1024"),
    ("executable-no", "files.1.executable", "no"), ("executable-absent", "files.1.executable", None),
    ("file-digest-of-63-digits", "files.2.digest", "0" * 63), ("file-digest", "files.2.digest", "0" * 64),
    ("file-path-absent", "files.2.path", None))
for _name, _extra in (
        ("not-after-not-before", {"not-before": "2026-01-02", "not-after": "2026-01-01"}),
        ("not-after-no-day", {"not-after": "tomorrow"}), ("contact-empty", {"contact": ""})):
    refuse("contents-" + _name, content_extra=_extra)
for _name, _part in (
        ("kind", {"kind": "dataset"}), ("marking-absent", {"marking": None}), ("license-empty", {"license": ""}),
        ("version-a-map", {"version": {"a": "b"}}), ("format-empty", {"format": ""}),
        ("dtypes-a-text", {"dtypes": "F32"}),
        ("tensors-signed", {"tensors": "-1"}), ("records-0x10", {"records": "0x10"}),
        ("harness-empty", {"harness": ""}),
        ("command-with-an-empty-text", {"command": ["x", ""]}), ("command-4097", {"command": ["x"] * 4097}),
        ("expected-value", {"expected": [{"metric": "acc", "value": "01"}]}),
        ("expected-value-of-41-characters", {"expected": [{"metric": "acc", "value": "1" * 41}]}),
        ("expected-tolerance-signed", {"expected": [{"metric": "acc", "value": "1", "tolerance": "-1"}]}),
        ("expected-without-value", {"expected": [{"metric": "acc"}]}), ("needs-unknown", {"needs": ["part-2"]}),
        ("needs-itself", {"needs": ["part-0"]}), ("path-that-is-not-there", {"path": "b"}),
        ("name-with-a-hyphen-in-front", {"name": "-a"}), ("name-of-two", {"name": "a/b"})):
    _node = {**PART, **_part}
    order = ["name", "kind", "path", "marking", "license", "version", "format", "dtypes", "tensors", "parameters",
             "records", "harness", "command", "expected", "needs"]
    refuse("component-" + _name, files=TREE, **LARGE,
           hooks=components({k: _node[k] for k in order if _node.get(k) is not None}, REST))
refuse("component-names-collide", files=TREE, hooks=components(PART, {**REST, "name": "PART-0"}))
refuse("component-paths-collide", files=TREE, hooks=components(PART, REST, {**PART, "name": "x"}))
refuse("component-below-another", files=TREE, hooks=components(PART, REST, {**PART, "name": "x", "path": "a/run"}))
refuse("component-without-its-file", files=TREE, hooks=components(PART))
MANY = {"d/%04d" % i: b"" for i in range(4097)}
refuse("components-4097", files=MANY, chunk_size=1 << 23,
       components=[{**PART, "name": "p%d" % i, "path": p} for i, p in enumerate(MANY)])
changed("directory-twice", lambda n: {**n, "directories": ["a", "a"]})
changed("directories-descending", lambda n: {**n, "directories": ["b", "a"]})
changed("directory-absent", lambda n: {k: v for k, v in n.items() if k != "directories"})
changed("directory-that-is-a-file", lambda n: {**n, "directories": ["a", "notes.md"]})
changed("file-twice", lambda n: {**n, "files": [*n["files"], n["files"][2]]})
changed("files-descending", lambda n: {**n, "files": n["files"][::-1]})
changed("files-absent", lambda n: {k: v for k, v in n.items() if k != "files"})
refuse("contents-directory-of-no-component", files=TREE, directories=["c"], components=[PART, REST])
refuse("contents-file-more", files=TREE, hooks={"content": lambda n, w: {**n, "files": [
    *n["files"], {**n["files"][2], "path": "zz", "offset": "3584"}], "components": [*n["components"], {
        **REST, "name": "z", "path": "zz"}]}})
refuse("contents-of-more-chunks", hooks={"cut": lambda c, w: [*c[:-1], c[-1].ljust(16384, b"\0"), bytes(512)]
                                         if w["kind"] == 1 else c})

# NAMES AND TEXTS
for _name, _path in (
        ("dot", "a/./b"), ("dot-dot", "../a"), ("two-slashes", "a//b"), ("slash-at-the-end", "a/"),
        ("ends-with-a-dot", "a."), ("backslash", "a\\b"), ("colon", "a:b"), ("asterisk", "a*"), ("question-mark", "a?"),
        ("quotation-mark", 'a"b'), ("angle-bracket", "a<b"), ("bar", "a|b"), ("percent", "a%20b"),
        ("device", "con.txt"), ("device-with-blanks", "nul .txt"), ("device-superscript", "COM\u00b9"),
        ("device-console", "conin$"), ("of-1025-bytes", "/".join(["d" * 255] * 4) + "/d"),
        ("of-33-components", "/".join("e" * 33)), ("component-of-256-bytes", "f" * 256),
        ("blank-in-front", "a/ b"), ("not-nfc", "e\u0301"), ("unassigned", "a\u0378"), ("of-unicode-10", "\U0001f9d0"),
        ("control", "a\x85b"), ("escape", "a\x1bb"), ("format-character", "a\u202eb"), ("private-use", "a\ue000"),
        ("line-separator", "a\u2028b"), ("white-space-at-the-end", "a\u3000")):
    refuse("path-" + _name, files={_path: b"x"})
refuse("path-absolute", files={"two": b"x"}, hooks={"content_text": lambda d, w: d.replace(b'path: "', b'path: "/')})
refuse("path-surrogate", files={"two": b"x"}, hooks=text("content_text", b'path: "two"', b'path: "\xed\xa0\x80"'))
refuse("path-of-a-directory", files={"a": b"x"}, directories=["b*"])
for _name, _paths in (
        ("case", ["a.txt", "A.txt"]), ("full-folding", ["stra\u00dfe", "STRASSE"]),
        ("normalisation", ["\u1fb3", "\u0391\u0399"]), ("of-directories", ["a/x", "A/y"]),
        ("file-and-directory", ["a/x", "A"])):
    refuse("paths-collide-" + _name, files={p: b"x" for p in _paths})
refuse("text-over-1024-bytes", hooks=content(("from", "x" * 1025)))
refuse("text-not-nfc", hooks=content(("to", "e\u0301")))
refuse("text-control-character", hooks=content(("to", "a\tb")))
for _name, _value in (("begins-with-a-dot", ".x"), ("begins-with-a-hyphen", "-x"), ("of-two-components", "a/b"),
                      ("dot-dot", ".."), ("device", "nul")):
    refuse("name-" + _name, name=_value)


# SEVERAL LANES

def in_lanes(name, more, first=None):
    add("refuse/lanes-" + name, lambda folder: lanes.write(folder / "bundle", {
        0: {"files": {"a": b"1"}, **(first or {})}, 1: {"files": {"b": b"2"}, **more}}))


PARTS = {"components": [{**REST, "name": "other", "path": "b"}]}
in_lanes("of-other-names", {"name": "others", **PARTS})
in_lanes("of-other-dates", {"date": "2020-09-14", **PARTS})
in_lanes("of-other-times", {"time": 1600000001, **PARTS})
in_lanes("paths-collide", {"files": {"A": b"2"}, "components": [{**REST, "name": "other", "path": "A"}]})
in_lanes("same-path", {"files": {"a": b"2"}, "components": [{**REST, "name": "other", "path": "a"}]})
