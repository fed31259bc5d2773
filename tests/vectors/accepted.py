# SPDX-License-Identifier: BSD-2-Clause
"""Accepted: small bundles of every form that the page allows, by the builder and by satchel-pack."""

import json
import pathlib
import random
import subprocess
import tempfile

import lanes
import lib                                                  # of tests/cli
from kit import (FILES, SEALED, SIGNED, ZEROS, accept, add, at, content, fingerprint, lib_packets, ring)

import weave                                                # of tests/decoder

TREE = {"a/one.txt": b"one\n", "a/run": (b"#!/bin/sh\n", True), "notes.md": FILES["notes.md"]}
PART = {"name": "part-0", "kind": "document", "path": "a", "marking": "UNCLASSIFIED"}
REST = {"name": "part-1", "kind": "document", "path": "notes.md", "marking": "UNCLASSIFIED"}
WIDE = {"b.bin": bytes(16384 + 15872)}                      # the second of three chunks is zeros alone
FULL = bytes(16384)
SIZE = (16384).to_bytes(4, "little")

# Whole bundles
accept("clear", files=TREE)
accept("encrypted", files=TREE, **SEALED)
accept("portable", files=TREE, portable=True)
accept("empty-file-and-directories", files={"a/empty": b"", "b/c/d": b"x"}, directories=["a/none", "e"],
       components=[{**PART, "name": n, "path": n} for n in "abe"])
accept("directories-alone", files={}, directories=["a", "a/b"])
accept("sizes-around-512", files={"n%d" % n: b"x" * n for n in (1, 511, 512, 513, 1024)})
accept("control-number", control_number="A/B .-9", title="DAMAGED 2")
accept("lane-7", files=TREE, lane=7)
add("accept/lanes-0-and-7", lambda folder: lanes.write(folder / "bundle", {
    0: {"files": {"a": b"1"}}, 7: {"files": {"b": b"2"}, "components": [{**REST, "name": "other", "path": "b"}]}}))
add("accept/lanes-encrypted", lambda folder: lanes.write(folder / "bundle", {
    1: {"files": {"a": b"1"}}, 99: {"files": {"b": b"2"}, "components": [{**REST, "name": "other", "path": "b"}]}},
    **SEALED))

# Volumes, media, streams
accept("a-volume-for-each-chunk", files={"b.bin": bytes(70000)}, volume_chunks=1)
accept("two-media", files={"b.bin": bytes(40000)}, volume_chunks=1, media=2)
accept("two-media-encrypted", files=ZEROS, volume_chunks=1, media=2, runs=2, **SEALED)
accept("chunk-size-16-mib", chunk_size=16 << 20, **SEALED)
accept("chunk-size-32-kib", files={"b.bin": bytes(70000)}, chunk_size=32768)
accept("contents-of-several-chunks", files={"d/%04d" % i: b"" for i in range(200)}, directories=["d"],
       components=[{**PART, "path": "d"}])
accept("stored", files=TREE, transform="stored")
accept("stored-encrypted", files=TREE, transform="stored", **SEALED)
accept("padding-5000", padding=5000, **SEALED)
accept("padding-16-kib", padding=16384, **SEALED)
accept("several-runs", files={"b.bin": bytes(40000)}, volume_chunks=1, runs=3, **SEALED)


# Transforms
def frame(name, data, **more):
    accept("zstd-" + name, files=WIDE, hooks={"data": at(lambda d: (1, 16384, data), number=1)}, **more)


def zeros(size, least):
    """Blocks of one zero each, none over `least`."""
    out = b""
    while size:
        part = min(size, least)
        size -= part
        out += (part << 3 | 2 | (size == 0)).to_bytes(3, "little") + b"\0"
    return out


frame("with-a-checksum", subprocess.run(["zstd", "-qc", "--check", "--single-thread", "--stream-size=16384"],
                                        input=FULL,
                                        check=True, stdout=subprocess.PIPE).stdout)
frame("window-of-16-mib", b"\x28\xb5\x2f\xfd\x80\x70" + SIZE + zeros(16384, 1 << 17))
frame("window-of-1-kib", b"\x28\xb5\x2f\xfd\x80\x00" + SIZE + zeros(16384, 1024))
frame("not-shorter-but-portable", weave.raw_frame(FULL), portable=True)


# Weight planes: one piece of each kind, with heads and tails, and every mode.
def weights(count, seed):
    """Numbers like those of trained weights: near zero, of either sign, as bf16."""
    dice = random.Random(seed)
    return b"".join(((dice.getrandbits(1) << 15) | ((118 + min(int(dice.expovariate(0.9)), 40)) << 7)
                     | dice.choice((3, 17, 60, 99))).to_bytes(2, "little") for _ in range(count))


WEIGHTS = {"weights.bin": bytes(15872) + weights(8192, 5)}


def planes(value):
    plain, at_, pieces = WEIGHTS["weights.bin"][15872:], 0, []
    for kind, size, head, modes, sizes in (
            (0, 500, 0, (0,), None), (1, 2001, 1, (2, 2), None), (2, 4002, 1, (2, 3), None),
            (3, 2007, 3, (2, 2, 2, 3), None),
            (4, 2015, 7, (2, 2, 2, 2, 2, 2, 2, 3), None), (5, 1201, 4, (0, 2), [2, 1, 4]), (2, 4658, 0, (2, 3), None)):
        pieces.append(weave.piece(kind, plain[at_:at_ + size], head, modes, sizes))
        at_ += size
    assert at_ == 16384 and value[1] == 16384
    data = b"".join(pieces)
    assert len(data) < 16384
    return 2, 16384, data


accept("planes-of-every-kind", files=WEIGHTS, hooks={"data": at(planes, number=1)})
accept("planes-constant", files=WIDE, hooks={"data": at(lambda d: (2, 16384, weave.piece(0, FULL, modes=(1,))),
                                                        number=1)})
accept("planes-encrypted", files=WEIGHTS, transform="planes", **SEALED)

# Wrapped keys
for _name in ("rsa", "nist", "elgamal"):
    accept("recipient-" + _name, recipients=[_name])
accept("two-recipients", recipients=["reader", "stranger"])
accept("hidden-recipients", recipients=["stranger", "reader"], hidden=True)

# Signatures
accept("two-signers", signers=["sender", "second"], trusted=["sender", "second"])
accept("signer-rsa", sender="rsa", trusted=["rsa"])
accept("signer-nist", sender="nist", trusted=["nist"])


def signed(name, function, **more):
    text = {}

    def keep(data, _where):
        text["data"] = data
        return data
    accept(name, hooks={"manifest_text": keep, "signature": lambda s, w: function(text["data"])}, **more)


def with_user_id(size):
    def function(data):
        key, uid = ring.by_hand("sender"), b"u" * size
        length = bytes([size + 1]) if size + 1 < 192 else bytes([((size + 1 - 192) >> 8) + 192, (size + 1 - 192) & 255])
        return key.sign(data, when=SIGNED, hashed=key.issuer_fpr() + lib_packets.sub(2, lib_packets.time4(SIGNED)) +
                        length + b"\x1c" + uid)
    return function


signed("signature-by-a-subkey", lambda data: ring.signed_at(SIGNED, ring.fingerprints(
    fingerprint("second"))[1], data), sender="second", trusted=["second"])
signed("signature-sha-256", lambda data: ring.sign("sender", data, "--digest-algo", "SHA256"))
signed("signature-sha-384", lambda data: ring.sign("sender", data, "--digest-algo", "SHA384"))
signed("signature-with-a-user-id", with_user_id(20))
signed("signature-with-a-user-id-of-300-bytes", with_user_id(300))


def beside(folder):
    """Signatures that are bad, each in another way, beside the good one; and files that nothing names."""
    signatures = folder / "signatures"
    (signatures / (fingerprint("second") + ".sig")).symlink_to(fingerprint("sender") + ".sig")
    (signatures / (fingerprint("rsa") + ".sig")).mkdir()
    (signatures / (fingerprint("rsa") + ".sig") / "file").write_bytes(b"")
    (signatures / (fingerprint("nist") + ".sig")).write_bytes(b"not a signature\n")
    (signatures / (fingerprint("reader") + ".sig")).write_bytes(b"by nobody who is trusted\n")
    (folder / "payload-00.000001").write_bytes(b"not in the manifest\n")
    (folder / "notes.txt").write_bytes(b"not in the manifest\n")


accept("bad-signatures-and-other-files", beside, trusted=["sender", "second", "rsa", "nist"])


def one_of_two(folder):
    """The signature on the first medium is bad, that on the second good."""
    path = folder / "medium-01" / "signatures" / (fingerprint("sender") + ".sig")
    path.write_bytes(path.read_bytes()[:-1])


accept("signature-good-on-one-medium", one_of_two, files=ZEROS, volume_chunks=1, media=2)

# Content manifest
EXPECTED = [{"metric": "acc", "value": "-1.5e-3", "tolerance": "0"}, {"metric": "f1", "value": "1" * 40}]
FULL_PART = {**PART, "license": "MIT", "version": "1", "format": "text", "dtypes": ["F32", "BF16"], "tensors": "0",
             "parameters": "9223372036854775807", "records": "1", "harness": "h", "command": ["run", "-x"],
             "expected": EXPECTED, "needs": ["part-1"]}
accept("every-key", files=TREE, components=[{**FULL_PART, "kind": "benchmark"}, {**REST, "kind": "model"}],
       content_extra={"not-before": "2020-01-01", "not-after": "2020-01-01", "contact": "a@b"})
accept("texts", hooks=content(("from", "x" * 1024), ("to", "a\u00a0b \"\\' \U0001f600"), ("marking", "\u00e9" * 512)))
accept("time-0", time=0)
accept("time-8589934591", time=8589934591)
NAMES = ["a b", "$(id)`id`;id", "a'b", ".gnupg/gpg.conf", "-rf", "COM0", "nul-file", "=1+1", "\U0001f991", "\u00e9",
         "\u65e5\u672c.txt", "\u0131", "i", "~", "a..b", "...a", "#", "{}", "COM\u2074", "satchel-pax-header"]
accept("names-that-are-allowed", files={n: n.encode() for n in NAMES})
accept("path-of-100-bytes", files={"p" * 95: b"x", "q" * 96: b"y"})
accept("path-of-1024-bytes", files={"/".join(["d" * 254] * 4) + "/eeee": b"x"})
accept("path-of-32-components", files={"/".join("e" * 32): b"x"})


# satchel-pack
def packed(name, *options):
    def make(folder):
        with tempfile.TemporaryDirectory(prefix="satchel-vector-") as room:
            source = pathlib.Path(room) / "in"
            (source / "model").mkdir(parents=True)
            header = json.dumps({"w": {"dtype": "BF16", "shape": [64, 64], "data_offsets": [0, 8192]}}).encode()
            (source / "model" / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header +
                                                                weights(4096, 7))
            (source / "model" / "config.json").write_bytes(b'{"model_type": "aurora"}\n')
            (source / "run.sh").write_bytes(b"#!/bin/sh\necho run\n")
            (source / "run.sh").chmod(0o755)
            handoff = lib.write_handoff(source, [("aurora", "model", "model"), ("run", "code", "run.sh")])
            r = lib.pack("create", handoff, "-o", folder / "bundle", "--unsigned", "--originator",
                         fingerprint("sender"),
                         *(fingerprint(o) for o in options),
                         env={"SOURCE_DATE_EPOCH": str(SIGNED), "GNUPGHOME": str(ring.home)})
            assert r.status == 0, r
        signatures = folder / "bundle" / "signatures"
        signatures.mkdir(exist_ok=True)
        text = (folder / "bundle" / "manifest.yaml").read_bytes()
        (signatures / (fingerprint("sender") + ".sig")).write_bytes(ring.sign("sender", text))
    add("accept/packed-" + name, make)


packed("clear", "--no-encryption")
packed("encrypted", "-r", "reader")
packed("two-recipients", "-r", "reader", "-r", "stranger")
packed("hidden-recipients", "-r", "reader", "-r", "stranger", "--hide-recipients")
packed("portable", "--no-encryption", "--portable")
packed("padding", "-r", "reader", "--pad", "5000B")
