# SPDX-License-Identifier: BSD-2-Clause
"""Refused: manifest.yaml in another spelling, or with a value, key or number that may not be.
All of it is signed."""

import copy

from kit import PORTABLE, SEALED, ZEROS, inserted, manifest, refuse, text, with_

TWO = {"files": ZEROS, "volume_chunks": 1}
HEX = "0" * 128
VOLUME, RUN = "lanes.0.volumes.1.", "lanes.0.runs.0."

# CANONICAL YAML
for _name, _old, _new in (
        ("blank-behind-a-value", b'"AE-0001"\n', b'"AE-0001" \n'), ("plain-value", b'"AE-0001"', b"AE-0001"),
        ("single-quotes", b'"AE-0001"', b"'AE-0001'"), ("comment", b'"AE-0001"\n', b'"AE-0001" # c\n'),
        ("empty-line", b"title:", b"\ntitle:"), ("quoted-key", b"title:", b'"title":'),
        ("needless-escape", b"AE-0001", b"A\\x45-0001"), ("escape-below-10000", b"AE-0001", b"A\\U00000045-0001"),
        ("folded-value", b'"AE-0001"', b'"AE-\\\n  0001"'), ("cr-lf", b'"AE-0001"\n', b'"AE-0001"\r\n'),
        ("tab", b'title: "', b'title:\t"'), ("two-blanks", b'title: "', b'title:  "'),
        ("flow-map", b'readme:\n  size: "64"\n  digest: ', b'readme: {size: "64", digest: '),
        ("indented-sequence", b"signers:\n- ", b"signers:\n  - "), ("anchor", b'title: "', b'title: &a "'),
        ("alias", b'title: "AE-0001"', b"title: *a"), ("tag", b'title: "', b'title: !!str "'),
        ("literal-value", b'title: "AE-0001"', b"title: |-\n  AE-0001"),
        ("question-mark", b'title: "', b'? title\n: "'), ("key-twice", b"title:", b'title: "AE-0001"\ntitle:'),
        ("not-utf-8", b"AE-0001", b"AE-\xff"), ("overlong-utf-8", b"AE-0001", b"AE\xc0\xad0001"),
        ("three-columns", b"\n  size", b"\n   size")):
    refuse("yaml-" + _name, hooks=text("manifest_text", _old, _new))
for _name, _function in (
        ("no-lf-at-the-end", lambda d: d[:-1]), ("empty-line-at-the-end", lambda d: d + b"\n"),
        ("document-end", lambda d: d + b"...\n"), ("second-document", lambda d: d + b"---\n" + d),
        ("all-indented", lambda d: d[:22] + b" " + d[22:].replace(b"\n", b"\n "))):
    refuse("yaml-" + _name, hooks={"manifest_text": with_(_function)})
for _name, _function in (
        ("byte-order-mark", lambda d: b"\xef\xbb\xbf" + d), ("directive", lambda d: b"%YAML 1.1\n---\n" + d),
        ("document-start", lambda d: b"---\n" + d), ("comment", lambda d: b"# c\n" + d),
        ("of-contents", lambda d: d.replace(b"satchel-manifest", b"satchel-contents", 1)),
        ("of-version-2", lambda d: d.replace(b'"1"', b'"2"', 1)), ("alone", lambda d: d[:22]),
        ("of-a-text", lambda d: b"Dear reader,\n" + d)):
    refuse("first-line-" + _name, hooks={"manifest_text": with_(_function)})
refuse("yaml-empty-sequence", hooks=text("manifest_text", b"signers:\n- ", b"signers: []\nx:\n- "))
refuse("yaml-key-without-value", hooks=text("manifest_text", b"encryption:", b"control-number:\nencryption:"))


# TRANSPORT MANIFEST

def refuse_values(*rows, **options):
    for name, key, value in rows:
        refuse("manifest-" + name, hooks=manifest((key, value)), **options)


refuse_values(
    ("bundle-id-of-15-bytes", "bundle-id", "0" * 30), ("bundle-id-in-upper-case", "bundle-id", "A" * 32),
    ("created-without-time", "created", "2020-09-13"), ("created-on-no-day", "created", "2021-02-29T00:00:00Z"),
    ("created-at-24-hours", "created", "2020-09-13T24:00:00Z"),
    ("created-at-60-seconds", "created", "2020-09-13T23:59:60Z"),
    ("created-before-1970", "created", "1969-12-31T23:59:59Z"),
    ("title-empty", "title", ""), ("title-of-33-characters", "title", "A" * 33),
    ("title-in-small-letters", "title", "a"),
    ("title-ends-with-a-blank", "title", "A "), ("title-is-a-verdict", "title", "AUTHENTIC-AND/WHOLE"),
    ("title-is-a-verdict-of-a-medium", "title", "AUTHENTIC MEDIUM 2 OF 5 WHOLE"),
    ("encryption", "encryption", "aes-128-gcm"), ("digest", "digest", "sha-256"),
    ("chunk-size-8192", "chunk-size", "8192"), ("chunk-size-no-multiple", "chunk-size", "24576"),
    ("chunk-size-over-16-mib", "chunk-size", "16793600"),
    ("readme-size-0", "readme.size", "0"), ("readme-size-over-64-kib", "readme.size", "65537"),
    ("readme-digest", "readme.digest", HEX[2:]), ("number-with-a-leading-zero", "readme.size", "064"),
    ("number-over-63-bits", "readme.size", "9223372036854775808"), ("number-with-a-sign", "readme.size", "+64"),
    ("hex-in-upper-case", "readme.digest", "A" * 128), ("signers-0", "signers", None),
    ("signers-257", "signers", ["%040X" % i for i in range(257)]), ("signers-twice", "signers", ["A" * 40, "A" * 40]),
    ("signers-descending", "signers", ["F" * 40, "0" * 40]), ("fingerprint-of-39-digits", "signers", ["0" * 39]),
    ("fingerprint-in-small-letters", "signers", ["a" * 40]), ("signer-is-a-map", "signers", [{"a": "b"}]),
    ("lanes-absent", "lanes", None), ("lane-100", "lanes.0.lane", "100"),
    ("commitment", "lanes.0.commitment", HEX[2:]), ("contents-index", "lanes.0.contents.index", HEX[2:]),
    ("contents-size", "lanes.0.contents.size", "145"), ("contents-without-size", "lanes.0.contents.size", None),
    ("volumes-absent", "lanes.0.volumes", None), ("medium-0", "lanes.0.volumes.0.medium", "0"),
    ("no-medium-1", "lanes.0.volumes.0.medium", "2"), ("medium-65536", "lanes.0.volumes.0.medium", "65536"),
    ("first-1", "lanes.0.volumes.0.first", "1"), ("chunks-0", "lanes.0.volumes.0.chunks", "0"),
    ("chunks-1048577", "lanes.0.volumes.0.chunks", "1048577"), ("volume-size-over-1-tib", "lanes.0.volumes.0.size",
                                                              str((1 << 40) + 1)),
    ("volume-size-too-small", "lanes.0.volumes.0.size", "153"), ("volume-size-too-large", "lanes.0.volumes.0.size",
                                                               str(145 + 16384 + 1024 + 1)),
    ("volume-index", "lanes.0.volumes.0.index", HEX + "00"))
refuse_values(("first-not-the-sum", VOLUME + "first", "2"), ("medium-left-out", VOLUME + "medium", "3"), **TWO)
refuse("manifest-media-descending", hooks=manifest(("lanes.0.volumes.0.medium", "2"), (VOLUME + "medium", "1")), **TWO)
refuse_values(
    ("padding-4095", "padding", "4095"), ("padding-over-16-mib", "padding", "16777217"),
    ("padding-absent", "padding", None), ("volume-size-not-padded", "lanes.0.volumes.0.size", "4290"),
    ("run-1000", RUN + "run", "1000"), ("run-commitment", RUN + "commitment", HEX[2:]),
    ("keys-absent", RUN + "keys", None),
    ("wrapped-key-size-0", RUN + "keys.0.size", "0"), ("wrapped-key-digest", RUN + "keys.0.digest", HEX[2:]),
    ("recipient-in-small-letters", RUN + "keys.0.recipient", "a" * 40),
    ("recipient-000", RUN + "keys.0.recipient", "000"),
    ("contents-run-unknown", "lanes.0.contents.run", "1"), ("contents-run-absent", "lanes.0.contents.run", None),
    ("volume-run-unknown", "lanes.0.volumes.0.run", "1"), ("volume-run-absent", "lanes.0.volumes.0.run", None),
    ("runs-absent", "lanes.0.runs", None), **SEALED)
refuse("manifest-hidden-recipient-001", hidden=True, hooks=manifest((RUN + "keys.0.recipient", "001")), **SEALED)
for _name, _key, _value, _behind, _options in (
        ("unknown-key", "x-note", "hello", "title", {}), ("control-number-empty", "control-number", "", "title", {}),
        ("control-number-of-33-characters", "control-number", "A" * 33, "title", {}),
        ("control-number-is-a-verdict", "control-number", "DAMAGED", "title", {}),
        ("hidden-recipients-not-encrypted", "hidden-recipients", "yes", "encryption", {}),
        ("hidden-recipients-no", "hidden-recipients", "no", "encryption", SEALED),
        ("portable-no", "portable", "no", "encryption", {}),
        ("portable-encrypted", "portable", "yes", "encryption", SEALED),
        ("padding-not-encrypted", "padding", "4096", "chunk-size", {}),
        ("sums-not-portable", "sums", [{"size": "1", "digest": HEX}] * 2, "readme", {})):
    refuse("manifest-" + _name, hooks=inserted("manifest", _key, _value, _behind), **_options)
refuse_values(("sums-of-one", "sums", [{"size": "1", "digest": HEX}]), ("sums-absent", "sums", None),
              ("sums-over-1-gib", "sums", [{"size": "1073741825", "digest": HEX}] * 2), **PORTABLE)


def reordered(node, _where):
    order = list(node)
    a, b = order.index("created"), order.index("title")
    order[a], order[b] = order[b], order[a]
    return {key: node[key] for key in order}


def lanes(function):
    return {"manifest": lambda n, w: {**n, "lanes": function(copy.deepcopy(n["lanes"][0]))}}


def runs(function):
    """Other runs; all have what the first has."""
    def other(lane):
        lane["runs"] = function(lane["runs"][0])
        return [lane]
    return lanes(other)


refuse("manifest-keys-in-another-order", hooks={"manifest": reordered})
refuse("manifest-lane-twice", hooks=lanes(lambda n: [n, n]))
refuse("manifest-lanes-descending", hooks=lanes(lambda n: [{**n, "lane": "1"}, n]))
refuse("manifest-runs-in-clear", hooks=lanes(lambda n: [{**{k: n[k] for k in ("lane", "commitment", "contents")},
                                                         "runs": [
    {"run": "0", "commitment": HEX, "keys": [{"recipient": "A" * 40, "size": "1", "digest": HEX}]}],
    "volumes": n["volumes"]}]))
refuse("manifest-contents-over-1-gib", hooks=lanes(lambda n: [{**n, "contents": {
    **n["contents"], "chunks": "65538", "size": str(69 + 85 * 65538)}}]))
refuse("manifest-run-twice", hooks=runs(lambda r: [r, r]), **SEALED)
refuse("manifest-runs-descending", hooks=runs(lambda r: [{**r, "run": "1"}, r]), **SEALED)
refuse("manifest-run-unused", hooks=runs(lambda r: [r, {**r, "run": "1"}]), **SEALED)
refuse("manifest-recipient-twice", hooks=runs(lambda r: [{**r, "keys": r["keys"] * 2}]), **SEALED)
refuse("manifest-recipients-descending", hooks=runs(lambda r: [{**r, "keys": [
    {**r["keys"][0], "recipient": "F" * 40}, *r["keys"]]}]), **SEALED)
refuse("manifest-recipients-257", hidden=True, **SEALED, hooks=runs(lambda r: [{**r, "keys": [
    {**r["keys"][0], "recipient": "%03d" % i} for i in range(257)]}]))
refuse("manifest-recipients-of-a-run-differ", recipients=["reader", "stranger"], runs=2, **TWO, hooks=manifest(
    ("lanes.0.runs.1.keys.1", None)))
