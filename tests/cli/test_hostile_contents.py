# SPDX-License-Identifier: BSD-2-Clause
"""A trusted signer who is hostile: content manifests, signed and committed to, that name
what must not be, twice, or more than the limits allow."""

import copy

import lib
from lib import OK, UNTRUSTED
from lib_hostile import SEALED, Table, changed, cleanup, inserted, reader, sender, stranger, text_change

__all__ = ["cleanup"]
SMALL = {"a/one.txt": b"first\n" * 2000, "a/two.txt": (b"#!/bin/sh\n", True), "b.bin": bytes(20000)}
PART = {"name": "part-0", "kind": "document", "path": "a", "marking": "UNCLASSIFIED"}
REST = {"name": "part-1", "kind": "document", "path": "b.bin", "marking": "UNCLASSIFIED"}


def content(*changes):
    """Hooks that set keys of the content manifest: pairs of a path and a value."""
    def hook(node, _where):
        node = copy.deepcopy(node)
        for key, value in changes:
            node = changed(node, key, value)
        return node
    return {"content": hook}


def components(*parts):
    return content(("components", list(parts)))


# ---------------------------------------------------------------- names

LEGAL = ["a b", "$(id)`id`;id", "a'b", ".gnupg/gpg.conf", "-rf", "COM0", "COM10", "nul-file", "CONSOLE", "aux_",
         "xcon", "a\u00a0b", "=1+1",
         "c" * 255, "/".join(["d" * 127] * 8), "/".join(["d" * 255] * 4)[:1024], "/".join("e" * 32), "\U0001f991",
         "\u00e9", "\u65e5\u672c.txt",
         "\u0131", "~", "a..b", "..a", "...a", "satchel-pax-header", "satchel-long-name", "#", "@", "[a]", "{}", "&",
         "!", "COM\u2074"]
ILLEGAL = ["..", ".", "../x", "../../etc/passwd", "a/../b", "a/./b", "./a", "a/..", "/", "/etc/passwd", "a//b", "//a",
           "a/", "", "a.", "a..", "...", "a./b",
           "a ", " a", "a /b", "a/ b", "\u00a0a", "a\u3000", "a\tb", "a\nb", "a\rb", "a\x00b", "\x1b[2J", "a\x7f",
           "a\x85b", "a\x9bb", "a\u2028b", "a\u2029b",
           "a\u200bb", "a\u200e", "\u202emodel", "\ufeffa", "a\u00adb", "a\U000e0001", "a\ue000", "a\U000f0000",
           "a\ufffe", "a\U0010ffff", "a\u0378",
           "\U0001f9d0", "\u20bf", "e\u0301", "\u212a", "\uf900", "a\\b", "..\\x", "C:", "C:\\x", "a:b", "a*", "a?",
           'a"b', "a<b", "a>b", "a|b", "a%20b",
           "CON", "con", "Con.txt", "PRN", "AUX", "aux.tar.gz", "NUL", "nul ", "NUL .txt", "nul.", "CONIN$",
           "conout$.x", "COM1", "com9.log", "LPT1", "lpt5",
           "COM\u00b9", "lpt\u00b2.x", "LPT\u00b3", "a/CON/b", "a/nul", "f" * 256, "\u00e9" * 128,
           "/".join(["d" * 255] * 4) + "/d", "/".join("e" * 33)]


def test_paths():
    with Table(check=False) as table:
        for path in LEGAL:
            table.accepted("path %.60r" % path, files={path: b"x"})
        for path in ILLEGAL:
            table.unopened("path %.60r" % path, files={path: b"x"})
        for path in ILLEGAL[::5]:
            if path:
                table.unopened("directory %.60r" % path, files={"a": b"x"}, directories=[path])
                table.unopened("component's path %.60r" % path, files=SMALL,
                               hooks=components({**PART, "path": path}, REST))
        for what, old, new in (("not UTF-8", b"two", b"\xff\xfe"), ("overlong", b"two.", b"tw\xc0\xaf"),
                               ("surrogate", b"two", b"\xed\xa0\x80"),
                               ("over U+10FFFF", b"two", b"\\U00110000"), ("NUL", b"two", b"t\0o")):
            table.unopened("path: " + what, files=SMALL, hooks={"content_text": text_change(b"a/" + old, b"a/" + new)})


def test_bundle_names():
    with Table(check=False) as table:
        for name in ("n", "a b", "x" * 255, "\u65e5\u672c", "a..b", "a-b.c", "~", "satchel"):
            table.accepted("name %.60r" % name, files={"a": b"x"}, name=name)
        for name in (*(p for p in ILLEGAL if p not in ("a\nb", "a\rb")), "a/b", ".hidden", ".satchel-" + "0" * 32,
                     "-rf", ".x", "-"):
            table.unopened("name %.60r" % name, files={"a": b"x"}, name=name)
        for name in ("", "..", "a/b", ".x", "-x", "nul", "a ", "x" * 256, "e\u0301"):
            table.unopened("component %.60r" % name, files=SMALL, hooks=components({**PART, "name": name}, REST))


def test_collisions():
    rows = [("case", ["a.txt", "A.txt"]), ("sharp s", ["stra\u00dfe", "STRASSE"]),
            ("capital sharp s", ["\u1e9e", "ss"]), ("ligature", ["\ufb01", "fi"]),
            ("dotted I", ["\u0130", "i\u0307"]), ("sigma", ["\u03c2", "\u03c3"]), ("micro", ["\u00b5", "\u03bc"]),
            ("long s", ["\u017f", "s"]),
            ("directories", ["a/x", "A/y"]), ("a file and a directory", ["a/x", "A"]), ("deep", ["a/b/C/d", "a/B/e"]),
            ("e acute", ["\u00e9", "\u00c9"]),
            ("greek with iota", ["\u1fb3", "\u0391\u0399"]), ("n with apostrophe", ["\u0149", "\u02bcn"]),
            ("cherokee", ["\u13a0", "\uab70"])]
    with Table(check=False) as table:
        table.accepted("dotless i and i", files={"\u0131": b"", "i": b""})
        table.accepted("superscript", files={"\u00b2": b"", "2": b""})
        for what, paths in rows:
            table.unopened(what, files={p: b"x" for p in paths})
        table.unopened("a file that is a directory", files={"a": b"x", "a/b": b"x"})
        table.unopened("the same, not in directories", files={"a": b"x", "a/b": b"x"},
                       hooks=content(("directories", None)))
        table.unopened("components' names", files=SMALL, hooks=components(PART, {**REST, "name": "PART-0"}))
        table.unopened("components' paths", files=SMALL, hooks=components(PART, {**REST, "path": "a"}))
        table.unopened("one name twice", files=SMALL, hooks=components(PART, {**REST, "name": "part-0"}))
        table.unopened("a component in another", files=SMALL,
                       hooks=components(PART, REST, {**PART, "name": "x", "path": "a/one.txt"}))


def test_files_and_directories():
    def lists(function):
        return {"content": lambda n, w: function(copy.deepcopy(n))}

    rows = {
        "a file twice": lambda n: {**n, "files": [n["files"][0], *n["files"]]},
        "files that fall": lambda n: {**n, "files": n["files"][::-1]},
        "a directory twice": lambda n: {**n, "directories": ["a", "a"]},
        "directories that fall": lambda n: {**n, "directories": ["b", "a"]},
        "a directory that is a file": lambda n: {**n, "directories": ["a", "b.bin"]},
        "no directories": lambda n: {k: v for k, v in n.items() if k != "directories"},
        "a parent missing": lambda n: {**n, "directories": ["b"]},
        "an empty list of directories": lambda n: {**n, "directories": []},
        "an empty list of files": lambda n: {**n, "files": []},
        "no files": lambda n: {k: v for k, v in n.items() if k != "files"},
        "a file more": lambda n: {**n, "files": [*n["files"], {**n["files"][-1], "path": "c"}]},
        "a directory more": lambda n: {**n, "directories": ["a", "a/b"]},
        "a file that no component has": lambda n: {**n, "components": n["components"][:1]},
        "a component without a file": lambda n: {**n,
                                                 "components": [*n["components"], {**REST, "name": "x", "path": "c"}]},
        "files as a map": lambda n: {**n, "files": {"path": "a"}},
        "files as a text": lambda n: {**n, "files": "a"},
        "a file that is a text": lambda n: {**n, "files": ["a"]},
        "directories as maps": lambda n: {**n, "directories": [{"path": "a"}]},
        "an empty list of components": lambda n: {**n, "components": []}}
    with Table(check=False) as table:
        for what, function in rows.items():
            table.unopened(what, files=SMALL, hooks=lists(function))
        table.unopened("a directory above no component", files={"a/b": b"x"}, directories=["c"],
                       components=[{**PART, "path": "a/b"}])
        table.accepted("only above and below", files={"a/b/c": b"x"}, components=[{**PART, "path": "a/b"}])
        for key in ("size", "offset"):
            for value in ("", "-1", "+1", "012000", " 12000", "12001", "11999", "0", "1e4", "0x10",
                          "4611686018427387904", "9223372036854775807",
                          "9223372036854775808", "18446744073709551616", "9" * 40):
                table.unopened("%s %r" % (key, value), files=SMALL, hooks=content(("files.0." + key, value)))
        for value in ("", "no", "true", "Yes", "1"):
            table.unopened("executable %r" % value, files=SMALL, hooks=content(("files.1.executable", value)))
        table.unopened("not executable, but packed so", files=SMALL, hooks=content(("files.1.executable", None)))
        for value in ("", "0" * 64, "0" * 63, "A" * 64, "0" * 128):
            table.unopened("digest %r" % value, files=SMALL, hooks=content(("files.2.digest", value)))
        for key in ("path", "size", "offset", "digest"):
            table.unopened("without " + key, files=SMALL, hooks=content(("files.0." + key, None)))
        for path in ("a/one.tx", "a/one.txt2", "b/one.txt"):
            table.unopened("another path " + path, files=SMALL, hooks=content(("files.0.path", path)))


# ---------------------------------------------------------------- keys and values

TEXTS = ["", " a", "a ", "\u3000a", "a\u2003", "a\tb", "\x1b[31m", "a\x85", "\u202e", "\u200f", "\ufeff", "e\u0301",
         "a\ue000", "a\u0378", "\U0001f9d0", "x" * 1025,
         "\u00e9" * 513, "y" * 65537]


def test_values():
    rows = [("satchel-contents", v) for v in ("2", "", "01")]
    rows += [("sequence", v) for v in ("", "0", "-1", "01", "1.5", "9223372036854775808")]
    rows += [(key, v) for key in ("from", "to", "marking") for v in TEXTS]
    rows += [("date", v) for v in ("", "2026-02-29", "2026-13-01", "2026-1-1", "1969-12-31", "20261118",
                                   "2026-11-18T00:00:00Z", "2100-02-29")]
    rows += [("time", v) for v in ("", "-1", "01", "8589934592", "9223372036854775807", "1795000001", "0")]
    rows += [("digest", v) for v in ("", "sha-512", "sha-1", "SHA-256")]
    for key in ("license", "version", "format", "harness"):
        rows += [("components.0." + key, v) for v in TEXTS[::4]]
    rows += [("components.0.kind", v) for v in ("", "Model", "dataset", "model ")]
    rows += [("components.0.marking", v) for v in TEXTS[::3]]
    with Table(check=False) as table:
        for key, value in rows:
            table.unopened("%s: %.30r" % (key, value), files=SMALL, hooks=content((key, value)))
        for text in ("x" * 1024, "a\u00a0b", "\U0001f600 \"\\'", "\u00e9" * 512):
            table.accepted("text %.30r" % text, files=SMALL,
                           hooks=content(("from", text), ("to", text), ("marking", text)))
        for key in ("name", "sequence", "from", "to", "date", "marking", "time", "digest"):
            table.unopened("without " + key, files=SMALL, hooks=content((key, None)))
        for key in ("name", "kind", "path", "marking"):
            table.unopened("component without " + key, files=SMALL, hooks=content(("components.0." + key, None)))


def test_validity_and_contact():
    with Table(check=False) as table:
        for extra in ({"not-before": "2026-01-02", "not-after": "2026-01-01"}, {"not-before": "2026-02-30"},
                      {"not-after": ""}, {"not-before": "tomorrow"},
                      {"contact": ""}, {"contact": " x"}, {"contact": "x" * 1025}, {"contact": "\u202e"},
                      {"not-after": "2026-01-01", "not-before": "2026-01-01"},
                      {"x-note": "hello"}, {"caveat": "none"}):
            table.unopened("%r" % extra, files=SMALL, content_extra=extra)
        for extra in ({"not-before": "2026-01-01", "not-after": "2026-01-01"}, {"not-after": "1970-01-01"},
                      {"contact": "a@b"}):
            table.accepted("%r" % extra, files=SMALL, content_extra=extra)


def test_components():
    full = {**PART, "license": "MIT", "version": "1", "format": "text", "dtypes": ["F32"], "tensors": "0",
            "parameters": "9223372036854775807", "records": "1",
            "harness": "h", "command": ["x"], "expected": [{"metric": "acc", "value": "-1.5e-3", "tolerance": "0"}],
            "needs": ["part-1"]}

    def expecting(**values):
        return {**PART, "expected": [{"metric": "acc", "value": "1", **values}]}

    rows = [{**PART, "needs": [n]} for n in ("part-2", "part-0", "", "PART-1")]
    rows += [{**PART, "command": v} for v in ([], "x", [""], ["a\tb"], [" x"], [{"a": "b"}])]
    rows += [{**PART, key: v} for key in ("tensors", "parameters", "records")
             for v in ("", "-1", "01", "9223372036854775808")]
    rows += [expecting(value=v) for v in ("", "+1", "01", ".5", "1.", "1e", "0x1", "NaN", "Infinity", "-", "1,5",
                                          "1" * 41, " 1", "-0x")]
    rows += [expecting(tolerance=v) for v in ("", "-1", "-0", "+1", "1" * 41)]
    rows += [expecting(metric=v) for v in ("", " a", "x" * 1025)]
    rows += [{**PART, "expected": v} for v in ([], "x", ["x"], [{"metric": "a"}], [{"value": "1"}],
                                               [{"value": "1", "metric": "a"}],
                                               [{"metric": "a", "value": "1", "x": "y"}])]
    rows += [{**PART, "x-mine": "y"}, {"kind": "model", **{k: v for k, v in PART.items() if k != "kind"}},
             {**PART, "dtypes": ["F32", ""]}, {**PART, "dtypes": []},
             {**PART, "harness": ["x"]}, {**PART, "command": ["x"] * 4097}, {**PART, "dtypes": ["x"] * 4097},
             {**PART, "needs": ["part-1"] * 4097},
             {**PART, "expected": [{"metric": "m", "value": "1"}] * 4097}]
    with Table(check=False) as table:
        table.accepted("all keys", files=SMALL, hooks=components(full, REST))
        for value in ("0", "-0", "0.0", "1E+5", "1" * 40):
            table.accepted("value " + value, files=SMALL, hooks=components(expecting(value=value), REST))
        table.accepted("4096 items", files=SMALL, hooks=components({**PART, "command": ["x"] * 4096}, REST))
        for part in rows:
            table.unopened("%.120r" % {k: v for k, v in part.items() if PART.get(k) != v}, files=SMALL,
                           hooks=components(part, REST))
        table.unopened("a component that is a text", files=SMALL, hooks=content(("components", ["a", "b.bin"])))
        many = {"d/%04d" % i: b"" for i in range(4097)}
        parts = [{**PART, "name": "p%d" % i, "path": p} for i, p in enumerate(many)]
        table.unopened("4097 components", files=many, components=parts, chunk_size=1 << 20)
        del many["d/4096"]
        table.accepted("4096 components", files=many, components=parts[:-1], chunk_size=1 << 20)


def test_keys_and_order():
    with Table(check=False) as table:
        for key, behind in (("x", "name"), ("satchel-manifest", "satchel-contents"), ("parity", "digest"),
                            ("files2", "files")):
            table.unopened("unknown key " + key, files=SMALL, hooks={"content": inserted(key, "1", behind)})
        first = "satchel-contents", "sequence", "name"
        table.unopened("other order", files=SMALL, hooks={
            "content": lambda n, w: {k: n[k] for k in (*first, *(k for k in n if k not in first))}})
        table.unopened("other order of a file's keys", files=SMALL,
                       hooks=content(("files.0",
                                      {"size": "12000", "path": "a/one.txt", "offset": "512", "digest": "0" * 64})))
        table.unopened("1025 keys", files=SMALL,
                       hooks=content(("components.0", {**PART, **{"k%d" % i: "v" for i in range(1025)}})))
        deep = {"a": "b"}
        for _ in range(9):
            deep = {"a": deep}
        table.unopened("nested too deep", files=SMALL, hooks=content(("components.0", {**PART, "license": deep})))
        for what, function in (("nothing", lambda d: b"\n"), ("another first line", lambda d: b"# c\n" + d),
                               ("version 2", lambda d: d.replace(b'"1"', b'"2"', 1)),
                               ("a manifest", lambda d: d.replace(b"satchel-contents", b"satchel-manifest", 1)),
                               ("no LF", lambda d: d[:-1]), ("LF more", lambda d: d + b"\n"),
                               ("twice", lambda d: d + d), ("CR", lambda d: d.replace(b"\n", b"\r\n")),
                               ("single quotes", lambda d: d.replace(b'"', b"'", 4)),
                               ("needless escape", lambda d: d.replace(b"notes", b"n\\x6ftes", 1)),
                               ("BOM", lambda d: b"\xef\xbb\xbf" + d)):
            status = UNTRUSTED if what in ("nothing", "CR") else lib.MALFORMED
            table.row(what, OK, status, files=SMALL, hooks={"content_text": lambda d, w, f=function: f(d)},
                      **(SEALED if what == "twice" else {}))


def test_originators():
    """Who answers for it must have signed: before anything else in there counts."""
    with Table(check=False) as table:
        for value in (stranger, reader, sender.lower(), sender[:-1], "", sender + "0" * 24, "0" * 40):
            table.row("originator %.50s" % value, OK, UNTRUSTED, files=SMALL, hooks=content(("originator", value)))
        table.row("none", OK, UNTRUSTED, files=SMALL, hooks=content(("originator", None)))
        table.row("no components before which it could stand", OK, UNTRUSTED, files=SMALL,
                  hooks=content(("components", None)))
        table.row("behind the components", OK, UNTRUSTED, files=SMALL, hooks={
            "content": lambda n, w: {**{k: v for k, v in n.items() if k != "originator"}, "originator": sender}})
        table.row("malformed as well", OK, UNTRUSTED, files=SMALL,
                  hooks=content(("originator", stranger), ("name", "../x"), ("components.0.path", "..")))
        table.unopened("twice", files=SMALL, hooks={"content_text": text_change(b"time:",
            b'originator: "%s"\ntime:' % sender.encode())})
        table.row("in a text", OK, UNTRUSTED, files=SMALL, hooks={"content_text": text_change(
            b'originator: "%s"' % sender.encode(), b'contact: "originator: \\"%s\\""' % sender.encode())})
        table.accepted("with two signers", files=SMALL, signers=[reader, sender])
        table.row("signed by another of those trusted", OK, UNTRUSTED, files=SMALL, signers=[reader])


if __name__ == "__main__":
    lib.main(globals())
