# SPDX-License-Identifier: BSD-2-Clause
"""A trusted signer who is hostile, in words: transport manifests that break a rule of
satchel-bundle(5), and every sample of hostile YAML as either manifest."""

import copy

import lib
from lib import UNTRUSTED
from lib_hostile import MALFORMED, PORTABLE, SEALED, Table, changed, cleanup, inserted, sender, stranger, text_change

__all__ = ["cleanup"]
SMALL = {"notes.md": b"First handoff.\n", "more.bin": bytes(40000)}
TWO = {"volume_chunks": 1}
HEX64, HEX32 = "0" * 128, "0" * 64


def manifest(*changes):
    """Hooks that set keys of the transport manifest: pairs of a path and a value."""
    def hook(node, _where):
        node = copy.deepcopy(node)
        for key, value in changes:
            node = changed(node, key, value)
        return node
    return {"manifest": hook}


def each_number(key, least, most):
    """Spellings that are no number, and numbers out of range."""
    for value in ("", "-1", "+1", "01", "1.0", "1e1", " 1", "0x1", "\u0661", "9223372036854775808",
                  "18446744073709551617",
                  "1" * 30, str(least - 1) if least else "-0", str(most + 1)):
        yield key, value


def test_values():
    rows = [("satchel-manifest", v) for v in ("2", "", "01", "1.0", "1 ")]
    rows += [("bundle-id", v) for v in ("", "0" * 31, "0" * 33, "A" * 32, "g" * 32, "0" * 30)]
    rows += [("created", v) for v in ("", "2026-11-18", "2026-11-18T11:06:40", "2026-11-18 11:06:40Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
                                      "2026-01-32T00:00:00Z",
                                      "2026-11-18T24:00:00Z", "2026-11-18T23:60:00Z", "2026-11-18T23:59:60Z",
                                      "1969-12-31T23:59:59Z",
                                      "2026-11-18T11:06:40+00:00", "12026-11-18T11:06:40Z", "2100-02-29T00:00:00Z",
                                      "2026-1-18T11:06:40Z")]
    rows += [("title", v) for v in ("", " ", "lower", "A" * 33, " A", "A ", "A_B", "\u00c4", "A\tB",
                                    "AUTHENTIC AND WHOLE", "AUTHENTIC-AND/WHOLE",
                                    "IMPORTED", "DAMAGED", "INCOMPLETE", "MALFORMED", "UNTRUSTED",
                                    "NOT AUTHENTICATED", "REFUSED",
                                    "NOTAUTHENTICATED", "D.A.M.A.G.E.D", "AUTHENTIC MEDIUM 2 OF 5 WHOLE")]
    rows += [("encryption", v) for v in ("", "aes-128-gcm", "None", "aes-256-gcm")]
    rows += [("digest", v) for v in ("", "sha-256", "SHA-512")]
    rows += [("chunk-size", v) for v in ("0", "1", "16383", "8192", "24576", "16385", "16793600", "33554432",
                                         "16777217", "016384", "-16384")]
    rows += [("readme.size", v) for v in ("0", "65537", "-1", "01", "")]
    rows += [("readme.digest", v) for v in ("", HEX64[1:], HEX64 + "0", "A" * 128)]
    rows += [("signers", v) for v in ([], "x", [sender.lower()], [sender[1:]], [sender + "0"], [sender, sender],
                                      ["F" * 40, "0" * 40],
                                      ["%040X" % i for i in range(257)], [{"a": "b"}])]
    rows += [("lanes", []), ("lanes", "x"), ("lanes.0.lane", "100"), ("lanes.0.lane", "00"), ("lanes.0.lane", "-1")]
    rows += [("lanes.0.commitment", v) for v in ("", HEX64[1:], "A" * 128)]
    rows += [("lanes.0.contents.index", HEX64[2:]), ("lanes.0.volumes.0.index", HEX64 + "00"),
             ("lanes.0.volumes", []), ("lanes.0.volumes", "x")]
    with Table() as table:
        table.accepted("as it is", files=SMALL,
                       hooks=manifest(("title", "A/B .-9"), ("created", "2028-02-29T23:59:59Z")))
        table.accepted("a title that has a verdict in it", files=SMALL, hooks=manifest(("title", "DAMAGED 2")))
        for key, value in rows:
            table.never("%s: %.60r" % (key, value), files=SMALL, hooks=manifest((key, value)))


def test_numbers():
    rows = [*each_number("lanes.0.volumes.0.medium", 1, 65535), *each_number("lanes.0.volumes.0.first", 0, 1 << 40),
            *each_number("lanes.0.volumes.0.chunks", 1, 1048576), *each_number("lanes.0.volumes.0.size", 1, 1 << 40),
            *each_number("lanes.0.contents.chunks", 1, 1048576), *each_number("lanes.0.contents.size", 1, 1 << 40)]
    with Table(check=False) as table:
        for key, value in rows:
            table.never("%s: %.60r" % (key, value), files=SMALL, hooks=manifest((key, value)))


def test_what_only_some_bundles_have():
    with Table() as table:
        for key, behind, value, options in (
                ("control-number", "title", "lower", {}), ("control-number", "title", "", {}),
                ("control-number", "title", "DAMAGED", {}),
                ("control-number", "title", "A" * 33, {}), ("hidden-recipients", "encryption", "yes", {}),
                ("hidden-recipients", "encryption", "no", SEALED), ("hidden-recipients", "encryption", "yes", SEALED),
                ("portable", "encryption", "yes", {}), ("portable", "encryption", "no", {}),
                ("portable", "encryption", "yes", SEALED),
                ("padding", "chunk-size", "4096", {}), ("sums", "readme", [{"size": "1", "digest": HEX64}] * 2, {}),
                ("parity", "readme", "1", {}), ("x-note", "title", "hello", {})):
            table.never("%s: %.40r" % (key, value), files=SMALL, hooks={"manifest": inserted(key, value, behind)},
                        **options)
        for value in ("0", "4095", "16777217", "-1", "04096", "8192", "1000000000000"):
            table.never("padding: " + value, files=SMALL, hooks=manifest(("padding", value)), **SEALED)
        table.never("no padding", files=SMALL, hooks=manifest(("padding", None)), **SEALED)
        table.never("clear, but encrypted", files=SMALL, hooks=manifest(("encryption", "none")), **SEALED)
        for value in ([], [{"size": "1", "digest": HEX64}], [{"size": "1", "digest": HEX64}] * 3, "x",
                      [{"size": "1073741825", "digest": HEX64}] * 2, [{"size": "1", "digest": HEX32}] * 2,
                      [{"digest": HEX64, "size": "1"}] * 2):
            table.never("sums: %.40r" % value, files=SMALL, hooks=manifest(("sums", value)), **PORTABLE)
        table.never("no sums", files=SMALL, hooks=manifest(("sums", None)), **PORTABLE)
        table.never("not portable, but sums", files=SMALL, hooks=manifest(("portable", None)), **PORTABLE)
        for key in ("bundle-id", "created", "title", "encryption", "digest", "chunk-size", "readme", "readme.size",
                    "signers", "lanes", "lanes.0.lane", "lanes.0.commitment", "lanes.0.contents",
                    "lanes.0.contents.size", "lanes.0.volumes", "lanes.0.volumes.0.medium",
                    "lanes.0.volumes.0.index"):
            table.never("without " + key, files=SMALL, hooks=manifest((key, None)))
        table.never("title before created", files=SMALL,
                    hooks={"manifest": lambda n, w: reorder(n, ("title", "created"))})
        table.never("lanes first", files=SMALL, hooks={"manifest": lambda n, w: {"lanes": n.pop("lanes"), **n}})


def reorder(node, pair):
    """The two keys change places."""
    order = list(node)
    a, b = order.index(pair[0]), order.index(pair[1])
    order[a], order[b] = order[b], order[a]
    return {key: node[key] for key in order}


def runs_by(function):
    """A hook that puts what function makes of the first lane's runs in their place."""
    return lambda n, w: changed(n, "lanes.0.runs", function(n["lanes"][0]["runs"]))


def test_lanes_runs_and_volumes():
    run = "lanes.0.runs.0."
    volume = "lanes.0.volumes.1."
    rows = [(volume + "first", "0"), (volume + "first", "2"), (volume + "medium", "3"), (volume + "chunks", "2"),
            (volume + "size", "1"),
            (volume + "size", str(1 << 40)), ("lanes.0.contents.size", "150"), ("lanes.0.contents.size", "20000"),
            ("lanes.0.contents.chunks", "65538")]
    sealed = [(run + "run", "1"), (run + "run", "1000"), (run + "run", "-0"), (run + "commitment", HEX32),
              (run + "keys", []), (run + "keys.0.size", "0"),
              (run + "keys.0.size", "16385"), (run + "keys.0.digest", HEX32), (run + "keys.0.recipient", "000"),
              (run + "keys.0.recipient", sender.lower()),
              ("lanes.0.contents.run", "1"), (volume + "run", "1"), (volume + "run", "1000"), ("lanes.0.runs", []),
              ("lanes.0.runs", None),
              ("lanes.0.contents.run", None), (volume + "run", None), (volume + "size", "4200")]
    with Table() as table:
        for key, value in rows:
            table.never("%s: %.40s" % (key, value), files=SMALL, hooks=manifest((key, value)), **TWO)
        for key, value in sealed:
            table.never("%s: %.40s" % (key, value), files=SMALL, hooks=manifest((key, value)), **TWO, **SEALED)
        table.never("media that fall", files=SMALL,
                    hooks=manifest(("lanes.0.volumes.0.medium", "2"), (volume + "medium", "1")), **TWO)
        table.never("no medium 1", files=SMALL,
                    hooks=manifest(("lanes.0.volumes.0.medium", "2"), (volume + "medium", "2"),
                                   ("lanes.0.volumes.2.medium", "2")), **TWO)
        for what, function in (
                ("a lane twice", lambda n: {**n, "lanes": n["lanes"] * 2}),
                ("lanes that fall", lambda n: {**n, "lanes": [{**n["lanes"][0], "lane": "1"}, n["lanes"][0]]}),
                ("101 lanes", lambda n: {**n, "lanes": [{**n["lanes"][0], "lane": str(i)} for i in range(101)]}),
                ("a volume that no lane can have",
                 lambda n: changed(n, "lanes.0.volumes", n["lanes"][0]["volumes"] * 30000))):
            table.never(what, files=SMALL, hooks={"manifest": lambda n, w, f=function: f(copy.deepcopy(n))})
        for what, function in (
                ("a run twice", lambda r: r * 2), ("runs that fall", lambda r: [{**r[0], "run": "1"}, r[0]]),
                ("a run that nothing uses", lambda r: [r[0], {**r[0], "run": "1"}]),
                ("a recipient twice", lambda r: [{**r[0], "keys": r[0]["keys"] * 2}]),
                ("257 recipients", lambda r: [{**r[0], "keys": [{**r[0]["keys"][0], "recipient": "%040X" % i}
                                                               for i in range(257)]}]),
                ("1001 runs", lambda r: [{**r[0], "run": str(i)} for i in range(1001)])):
            table.never(what, files=SMALL, hooks={"manifest": runs_by(function)}, **SEALED)
        table.never("recipients that fall", files=SMALL, recipients=[sender, stranger],
                    hooks={"manifest": lambda n, w: changed(n, run + "keys", n["lanes"][0]["runs"][0]["keys"][::-1])})
        table.never("other recipients in a run", files=SMALL, recipients=[sender, stranger], runs=2, **TWO,
                    hooks={"manifest": lambda n, w: changed(
                        n, "lanes.0.runs.1.keys", n["lanes"][0]["runs"][1]["keys"][:1])})
        for value in ("001", "0", "00", "0000", sender):
            table.never("hidden recipient " + value, files=SMALL, hooks=manifest((run + "keys.0.recipient", value)),
                        hidden=True, **SEALED)


def test_spelling():
    """The same document in another spelling, byte for byte what libyaml would read alike."""
    rows = [("blank behind a value", b'"AE-0001"\n', b'"AE-0001" \n'), ("plain value", b'"AE-0001"', b"AE-0001"),
            ("single quotes", b'"AE-0001"', b"'AE-0001'"),
            ("comment", b'"AE-0001"\n', b'"AE-0001" # c\n'), ("comment line", b"title:", b"# c\ntitle:"),
            ("empty line", b"title:", b"\ntitle:"),
            ("quoted key", b"title:", b'"title":'), ("escape", b"AE-0001", b"A\\x45-0001"),
            ("escaped slash", b"AE-0001", b"AE\\/0001"),
            ("broken line", b'"AE-0001"', b'"AE-\\\n  0001"'), ("CR LF", b'"AE-0001"\n', b'"AE-0001"\r\n'),
            ("NEL", b'"AE-0001"\n', b'"AE-0001"\xc2\x85'),
            ("tab", b'title: "', b'title:\t"'), ("two blanks", b'title: "', b'title:  "'),
            ("no blank", b'title: "', b'title:"'),
            ("flow map", b"readme:\n  size: \"64\"", b"readme: {size: \"64\"}\nx:"),
            ("indented sequence", b"\n- ", b"\n  - "), ("anchor", b'title: "', b'title: &a "'),
            ("tag", b'title: "', b'title: !!str "'), ("literal", b'title: "AE-0001"', b"title: |-\n  AE-0001"),
            ("question mark", b'title: "', b'? title\n: "'),
            ("a key twice", b"title:", b'title: "AE-0001"\ntitle:'), ("merge key", b"title:", b'<<: "x"\ntitle:'),
            ("NUL", b"AE-0001", b"AE-00\0001"),
            ("BOM within", b"AE-0001", b"\xef\xbb\xbfAE-0001"), ("not UTF-8", b"AE-0001", b"AE-\xff"),
            ("overlong", b"AE-0001", b"AE\xc0\xad0001"),
            ("surrogate", b"AE-0001", b"\xed\xa0\x80"), ("three blanks further in", b"\n  size", b"\n   size")]
    with Table() as table:
        for what, old, new in rows:
            table.never(what, files=SMALL, hooks={"manifest_text": text_change(old, new)})
        for what, function in (
                ("no LF at the end", lambda d: d[:-1]), ("an empty line at the end", lambda d: d + b"\n"),
                ("document end", lambda d: d + b"...\n"),
                ("a second document", lambda d: d + b"---\n" + d), ("a document twice", lambda d: d + d),
                ("NUL at the end", lambda d: d + b"\0"),
                ("blank at the end", lambda d: d + b" "), ("a key more", lambda d: d + b'x: "y"\n'),
                ("cut", lambda d: d[:-20]),
                ("cut at a line", lambda d: d[:d.rindex(b"    size")]),
                ("every line indented", lambda d: d[:22] + b" " + d[22:].replace(b"\n", b"\n "))):
            table.never(what, files=SMALL, hooks={"manifest_text": lambda d, w, f=function: f(d)})
        # not the first line: no manifest of this kind
        for what, function in (
                ("nothing", lambda d: b""), ("an LF", lambda d: b"\n"), ("document start", lambda d: b"---\n" + d),
                ("comment first", lambda d: b"# c\n" + d),
                ("BOM", lambda d: b"\xef\xbb\xbf" + d), ("version 2", lambda d: d.replace(b'"1"', b'"2"', 1)),
                ("version 1 in another spelling", lambda d: d.replace(b'"1"', b"1", 1)),
                ("contents in its place", lambda d: d.replace(b"satchel-manifest", b"satchel-contents", 1)),
                ("UTF-16", lambda d: d.decode().encode("utf-16")),
                ("first line only", lambda d: d[:22]), ("text", lambda d: b"Dear reader,\n"),
                ("version 1, then another", lambda d: d[:22] + d)):
            table.never("first line: " + what, files=SMALL, hooks={"manifest_text": lambda d, w, f=function: f(d)})


def test_a_manifest_over_32_mib():
    """Also one whose size alone is too large; nothing is read further."""
    with Table() as table:
        table.row("over the cap", MALFORMED, MALFORMED, files=SMALL,
                  hooks={"manifest_text": lambda d, w: d + b"#" * (33 << 20)})
        table.never("just under the cap", files=SMALL,
                    hooks={"manifest_text": lambda d, w: d + b'x: "y"\n' * (4 << 20)}, decoder=False)
        table.never("one long line", files=SMALL,
                    hooks={"manifest_text": lambda d, w: d.replace(b"AE-0001", b"A" * (30 << 20))}, decoder=False)
        table.never("many signers", files=SMALL, hooks={"manifest_text": lambda d, w: d.replace(
            b"lanes:", b"".join(b'- "%040X"\n' % i for i in range(600000)) + b"lanes:", 1)}, decoder=False)
        table.never("many lanes", files=SMALL,
                    hooks={"manifest_text": lambda d, w: d + d[d.index(b"- lane:"):] * 20000}, decoder=False)
        table.never("deep", files=SMALL, hooks={"manifest_text": lambda d, w: d.replace(
            b"readme:", b"".join(b"  " * i + b"a:\n" for i in range(3000)) + b"readme:", 1)}, decoder=False)
        wide = b"".join(b'k%d: "v"\n' % i for i in range(300000))
        table.never("wide", files=SMALL, hooks={"manifest_text": lambda d, w: d + wide}, decoder=False)


def test_hostile_yaml():
    folder = lib.need_data("hostile", "yaml")
    with Table() as table:
        for path in sorted(folder.iterdir()):
            data = path.read_bytes()
            first = b'satchel-manifest: "1"\n'
            table.never(path.name + " as manifest", files=SMALL, hooks={"manifest_text": lambda d, w, x=data: x})
            table.never(path.name + " behind the first line", files=SMALL,
                        hooks={"manifest_text": lambda d, w, x=data: first + x})
            table.never(path.name + " behind a manifest", files=SMALL,
                        hooks={"manifest_text": lambda d, w, x=data: d + (x or b"\n")})
            # without a line that names the originator nobody answers for it
            table.row(path.name + " as contents", lib.OK, UNTRUSTED, files=SMALL,
                      hooks={"content_text": lambda d, w, x=data: x or b"\n"})
            head = b'satchel-contents: "1"\noriginator: "%s"\ncomponents:\n' % sender.encode()
            table.unopened(path.name + " behind the originator", files=SMALL,
                           hooks={"content_text": lambda d, w, x=data: head + x}, **SEALED)
            table.unopened(path.name + " behind contents", files=SMALL,
                           hooks={"content_text": lambda d, w, x=data: d + (x or b"\n")})


if __name__ == "__main__":
    lib.main(globals())
