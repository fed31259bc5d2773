# SPDX-License-Identifier: BSD-2-Clause
"""A second decoder, written from satchel-bundle(5) alone, reads what satchel-pack makes as
satchel-unpack does, tree and verdict; and satchel-unpack reads what the second builder makes."""

import hashlib
import os
import random
import shutil
import subprocess
import sys

import lib
from lib import OK, Room, expect, pack
from lib_decoder import Both, decode, literal_blocks
from lib_keys import Keyring

sys.dont_write_bytecode = True
import build                                                # noqa: E402  (of tests/decoder)
import canon                                                # noqa: E402
import contents                                             # noqa: E402
import rules                                                # noqa: E402
import tarspell                                             # noqa: E402
import transforms                                           # noqa: E402
import transport                                            # noqa: E402
import volumes                                              # noqa: E402
import weave                                                # noqa: E402

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
reader = keys.gen("Evaluator", "evaluator@example.org")
second = keys.gen("Second Reader", "second@example.org", algo="rsa3072", sub="rsa3072")
stranger = keys.gen("Stranger", "stranger@example.net")
base = lib.Room()
TRUST = base.path / "trust.gpg"
TRUST.write_bytes(keys.export(sender))
PAGE = "satchel-bundle.5"


def cleanup():
    keys.close()
    base.__exit__()


def packed(room, *options, volume="128KiB", size=300_000):
    """The media of a sample that satchel-pack packed."""
    handoff = lib.sample(room / "in", size)
    out = room / "out"
    expect(pack("create", handoff, "-o", out, "-s", sender, "-S", volume, *options, env=keys.env()), OK)
    return sorted(out.glob("medium-*")) or [out]


def both_read(*options, **kw):
    with Room() as room:
        media = packed(room, *options, **kw)
        both = Both(room, media, TRUST, keys.env(), everything=True).accepted()
        assert lib.tree(both.theirs / "aurora-preview" / "data") == lib.payload(room / "in")
        digest = hashlib.sha512((media[0] / "manifest.yaml").read_bytes()).hexdigest()
        assert both.second_check.out == digest + "\n"
        return len([p for m in media for p in m.glob("payload-*")])


# ---------------------------------------------------------------- what satchel-pack makes


def test_one_recipient():
    assert both_read("-r", reader) > 2


def test_two_recipients():
    both_read("-r", reader, "-r", second)


def test_hidden_recipients():
    both_read("-r", second, "-r", reader, "--hide-recipients")


def test_each_recipient_alone():
    with Room() as room:
        media = packed(room, "-r", reader, "-r", second)
        trees = []
        for who in (reader, second):
            with Keyring() as home:
                home.import_(keys.gpg("--export-secret-keys", who))
                trees.append(lib.tree(Both(room, media, TRUST, home.env()).accepted().theirs))
        assert trees[0] == trees[1]
        with Keyring() as home:
            home.import_(keys.gpg("--export-secret-keys", stranger))
            both = Both(room, media, TRUST, home.env()).agree()
            assert both.extract.status == lib.HOST, both.extract


def test_padding():
    both_read("-r", reader, "--pad", "64KiB", volume="256KiB")
    both_read("-r", reader, "--pad", "1MiB", volume="4MiB")


def test_in_clear():
    both_read("--no-encryption")


def test_portable():
    both_read("--no-encryption", "--portable")


def test_small_chunks():
    assert both_read("-r", reader, volume="64KiB") > 4
    assert both_read("--no-encryption", volume="64KiB") > 2
    assert both_read("--no-encryption", "--portable", volume="64KiB") > 2


def test_levels():
    both_read("--no-encryption", "-l", "1", volume="4MiB")
    both_read("--no-encryption", "-l", "19", volume="4MiB")


def test_two_media():
    with Room() as room:
        media = packed(room, "-r", reader, "--media-size", "2MiB", size=1_500_000)
        assert len(media) == 2
        Both(room, media, TRUST, keys.env(), everything=True).accepted()
        Both(room, media[::-1], TRUST, keys.env()).accepted()
        for some in ([media[0]], [media[1]]):
            both = Both(room, some, TRUST, keys.env()).agree()
            assert (both.check.status, both.extract.status) == (OK, lib.INCOMPLETE)
            both = Both(room, some, TRUST, keys.env(), everything=True).agree()
            assert both.check.status == lib.INCOMPLETE


def real(what, *options):
    folder = lib.need_data(what)
    with Room() as room:
        shutil.copytree(folder, room / "in" / what)
        subprocess.run(["chmod", "-R", "u+w", str(room / "in")], check=True)
        handoff = lib.write_handoff(room / "in", [(what, "model", what)])
        expect(pack("create", handoff, "-o", room / "out", "-s", sender, *options, env=keys.env()), OK)
        both = Both(room, [room / "out"], TRUST, keys.env(), everything=True).accepted()
        assert lib.tree(both.theirs / "aurora-preview" / "data") == lib.payload(room / "in")
        used = {t for t in (0, 1, 2) if uses(room / "out", t)}
        return used


def uses(bundle, transform):
    """Whether a chunk of a bundle in clear has this transform."""
    for path in bundle.glob("payload-*"):
        data = path.read_bytes()
        at, chunks = len(data), 0
        while data[at - 8:at - 4] != rules.u32(volumes.INDEX_MAGIC) or data[at - 4:at] != rules.u32(76 * chunks):
            at, chunks = at - 76, chunks + 1
        if any(rules.u32(transform) == data[i + 4:i + 8] for i in range(at, len(data), 76)):
            return True
    return False


def test_real_weights():
    assert 2 in real("weights", "--no-encryption", "-S", "2MiB"), "no weight planes in real weights"


def test_real_weights_encrypted():
    real("weights", "-r", reader, "-S", "8MiB")


def test_real_suites():
    assert 1 in real("benchmarks", "--no-encryption")


def test_all_that_a_handoff_can_say():
    """Every key of the content manifest comes through, texts that need escapes among them."""
    with Room() as room:
        lib.sample(room / "in")
        (room / "in" / "handoff.yaml").write_text("""satchel-handoff: 1
bundle:
  name: "\u00c5ngstr\u00f6m 'quoted' \U0001f600"
  sequence: 9223372036854775807
  title: A/B .-9
  control-number: 2026-117
  from: 'Back\\slash and "quotes"'
  to: "\u8bc4\u4f30\u4e2d\u5fc3"
  date: 2026-12-01
  marking: UNCLASSIFIED
  not-before: 2026-12-01
  not-after: 2028-02-29
  contact: handoff@example.com
components:
  - {name: aurora, kind: model, path: weights/aurora, marking: X-RAY, license: MIT, version: "1.10"}
  - name: cyber
    kind: benchmark
    path: suites/cyber
    harness: lm-evaluation-harness 0.4.9
    command: [lm-eval, run, --tasks, cyber]
    expected: [{metric: acc, value: -0.41e-2, tolerance: 0.02}, {metric: n, value: 400}]
    needs: [aurora]
  - {name: notes, kind: document, path: notes.md}
""", encoding="utf-8")
        expect(pack("create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", sender, "--no-encryption",
                    env=keys.env()), OK)
        Both(room, [room / "out"], TRUST, keys.env()).accepted()


# ---------------------------------------------------------------- what is wrong with it


def test_the_same_verdict_on_damaged_bundles():
    """Flips, cuts, bytes behind, missing and swapped files: the statuses of both are the same."""
    with Room() as room:
        for name, options in (("clear", ["--no-encryption"]), ("sealed", ["-r", reader]),
                              ("portable", ["--no-encryption", "--portable"])):
            (room / name).mkdir()
            bundle = packed(room / name, *options)[0]
            for number, change in enumerate(changes(bundle)):
                copy = lib.copy_bundle(bundle, room / name / ("copy-%d" % number))
                what = change(copy)
                both = Both(room, [copy], TRUST, keys.env())
                try:
                    both.agree()
                except AssertionError as e:
                    raise AssertionError("%s: %s" % (name, what)) from e
                assert both.check.status != OK or what.startswith("added"), what
                lib.force_remove(copy)


def changes(bundle):
    """Functions that change a copy and say what they did."""
    chance = random.Random(str(sorted(p.name for p in bundle.iterdir())))
    names = sorted(str(p.relative_to(bundle)) for p in bundle.rglob("*") if p.is_file())
    volume = [n for n in names if n.startswith("payload-")]
    picked = [n for n in names if n not in volume[1:-1]]

    def flip(name):
        def change(copy):
            offset = chance.randrange((copy / name).stat().st_size)
            lib.flip(copy / name, offset, chance.randrange(8))
            return "flip in %s at %d" % (name, offset)
        return change

    def cut(name):
        def change(copy):
            os.truncate(copy / name, (copy / name).stat().st_size - 1)
            return "cut " + name
        return change

    def longer(name):
        def change(copy):
            with open(copy / name, "ab") as f:
                f.write(b"\0")
            return "longer " + name
        return change

    def missing(name):
        def change(copy):
            (copy / name).unlink()
            return "missing " + name
        return change

    def linked(name):
        def change(copy):
            (copy / name).rename(copy / "elsewhere")
            (copy / name).symlink_to("elsewhere" if "/" not in name else "../" * name.count("/") + "elsewhere")
            return "linked " + name
        return change

    def header(copy):
        lib.flip(copy / volume[0], 24)
        return "header says another number"

    def swap(copy):
        (copy / volume[0]).rename(copy / "x")
        (copy / volume[1]).rename(copy / volume[0])
        (copy / "x").rename(copy / volume[1])
        return "swapped"

    def added(copy):
        (copy / "payload-00.00000").write_bytes(b"hello")
        (copy / "signatures" / (stranger + ".sig")).write_bytes(b"hello")
        return "added files"

    others = (cut, longer, missing, linked)
    return ([flip(name) for name in picked] + [others[i % 4](name) for i, name in enumerate(picked)] +
            [header, swap, added])


# ---------------------------------------------------------------- what the second builder makes

FILES = {"notes.md": b"First handoff.\n", "a/b/noise.bin": random.Random(1).randbytes(50000),
         "a/run.sh": (b"#!/bin/sh\n", True), "caf\u00e9.txt": b"satchel " * 5000, "n" * 120: b"",
         "zeros": bytes(40000)}
SHAPES = {
    "clear": {}, "stored": {"transform": "stored"}, "planes": {"transform": "planes"},
    "portable": {"portable": True, "volume_chunks": 2},
    "volumes": {"volume_chunks": 1}, "media": {"volume_chunks": 2, "media": 3},
    "largest chunks": {"chunk_size": 16 << 20}, "odd chunk size": {"chunk_size": 3 * 16384},
    "control number": {"control_number": "2026-117"}, "lane 7": {"lane": 7},
    "no file": {"files": {}, "directories": ["empty"]},
    "sealed": {"recipients": [reader]}, "two recipients": {"recipients": [reader, second]},
    "hidden": {"recipients": [second, reader], "hidden": True},
    "runs": {"recipients": [reader], "runs": 3, "volume_chunks": 1},
    "padding": {"recipients": [reader], "padding": 4097}, "most padding": {"recipients": [reader], "padding": 1 << 20},
    "sealed media": {"recipients": [reader], "volume_chunks": 3, "media": 2, "lane": 99},
    "two signers": {"signers": sorted([sender, stranger])},
    "validity": {"content_extra": {"not-before": "2026-01-01", "not-after": "2026-01-01", "contact": "A B"}},
}


def two_lanes(room, other, **options):
    """A bundle of two lanes, each made by a builder of its own."""
    saved = {}
    build.Builder(keys, sender, other, {"manifest": lambda n, w: saved.update(n) or n}, lane=3,
                  **options).write(room / "other")

    def both(node, _where):
        node["lanes"] += saved["lanes"]
        return node

    out = build.Builder(keys, sender, {"a/one.txt": b"1"}, {"manifest": both}, lane=1, **options).write(room / "out")[0]
    for path in (room / "other").rglob("*"):
        target = out / path.relative_to(room / "other")
        if path.is_file() and not target.exists():
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
    return out


def test_two_lanes():
    """satchel-unpack of this version checks them; the second decoder opens them too."""
    for options in ({}, {"recipients": [reader]}):
        with Room() as room:
            out = two_lanes(room, {"b/two.txt": b"2"}, **options)
            both = Both(room, [out], TRUST, keys.env(), everything=True)
            assert (both.check.status, both.second_check.status) == (OK, OK), (both.check, both.second_check)
            first, second = both.extract, both.second_extract
            assert (first.status, second.status) == (lib.MALFORMED, OK), (first, second)
            assert os.listdir(both.ours) == []
            found = lib.tree(both.theirs / "notes")
            assert {n for n, what in found.items() if n.startswith("data/") and what[0] == "file"} == {
                "data/a/one.txt", "data/b/two.txt"}
    with Room() as room:
        out = two_lanes(room, {"A/one.txt": b"2"})
        both = Both(room, [out], TRUST, keys.env())
        assert (both.check.status, both.second_check.status) == (OK, OK)
        assert (both.extract.status, both.second_extract.status) == (lib.MALFORMED, lib.MALFORMED), both.second_extract


def test_built_bundles_are_accepted():
    for shape, options in SHAPES.items():
        with Room() as room:
            options = {"files": FILES, "directories": ["empty/er"], **options}
            media = build.Builder(keys, sender, **options).write(room / "out")
            try:
                both = Both(room, media, TRUST, keys.env(), everything=True).accepted()
            except AssertionError as e:
                raise AssertionError(shape) from e
            data = both.ours / "notes" / "data"
            for path, wanted in options["files"].items():
                wanted, executable = wanted if isinstance(wanted, tuple) else (wanted, False)
                assert (data / path).read_bytes() == wanted
                assert bool((data / path).stat().st_mode & 0o100) == executable
            assert all((data / d).is_dir() for d in options["directories"])


def woven(kind, plain, heads=(0,), sizes=None, modes=((0,), (1,), (2,), (3,))):
    """Ways to cut a chunk's plain bytes into pieces of a kind."""
    for head in heads:
        for mode in modes:
            if mode != (3,) or kind in (2, 3, 4):
                yield weave.piece(kind, plain, head, mode, sizes)


def test_every_kind_of_weight_planes():
    """Pieces of every kind, head and mode, made from the page, give both readers the same bytes."""
    chance = random.Random(2)
    floats = b"".join(b"%c\x3c" % chance.randrange(256) + bytes([chance.randrange(16)]) for _ in range(1, 6000))
    slow = bytes(chance.choice(b"\x70\x71\x72\x73\x74\x10") for _ in range(16384))
    samples = []
    for plain in (bytes(16384), slow, floats[:16384]):
        for kind, width in ((0, 1), (1, 2), (2, 2), (3, 4), (4, 8)):
            samples += [(plain, d) for d in woven(kind, plain, sorted({0, width - 1, width // 2}))]
        for sizes in ((1, 1), (3,), (2, 255 - 2), (1,) * 8, (4, 1, 2)):
            samples += [(plain, d) for d in woven(5, plain, (0, sum(sizes) - 1), sizes)]
        samples.append((plain, b"".join(p for kind in (0, 2, 3, 4)
                                        for p in woven(kind, plain[:4096], modes=((2,),)))))
    samples = [(plain, data) for plain, data in samples if len(data) < len(plain)]
    for plain, data in samples:
        assert transforms.restore(2, len(plain), data) in (plain, plain[:4096] * 4)
    assert len({d[0] for _, d in samples}) == 6 and len(samples) > 60, len(samples)
    # one chunk each: a file whose content begins where a chunk does
    path = "w"
    lead = len(tarspell.headers(tarspell.Entry(path, 0), 0))
    with Room() as room:
        wanted = bytes(16384 - lead) + b"".join(transforms.restore(2, 16384, d) for _, d in samples)

        def data(value, where):
            sample = where["number"] - 1
            if where["kind"] == 1 and 0 <= sample < len(samples):
                return 2, 16384, samples[sample][1]
            return value

        media = build.Builder(keys, sender, {path: wanted}, {"data": data}).write(room / "out")
        both = Both(room, media, TRUST, keys.env()).accepted()
        assert (both.ours / "notes" / "data" / path).read_bytes() == wanted


# ---------------------------------------------------------------- the page's own examples


def blocks():
    found = list(literal_blocks(PAGE))
    assert len(found) > 10
    return found


def test_the_pages_small_bundle():
    texts = blocks()
    manifest = transport.Manifest([b for b in texts if b.startswith('satchel-manifest: "1"')][0].encode())
    content = [b for b in texts if b.startswith('satchel-contents: "1"')][0].encode()
    dump = [b for b in texts if b.startswith("00000000  53 2a 4d 18")][0]
    volume = b"".join(bytes.fromhex(line[10:58]) for line in dump.splitlines()[:-1])
    lane = manifest.lanes[0]
    with Room() as room:
        (room / "v").write_bytes(volume)
        with open(room / "v", "rb") as f:
            plain = b"".join(volumes.Reader(manifest, lane, lane.volumes[0], f).plain(None))
    read = contents.Contents(content)
    assert rules.content_commitment(manifest.id, 0, bytes(32), content) == lane.commitment
    entry = read.files[0]
    assert plain == tarspell.headers(entry, read.time) + b"First handoff.\n" + bytes(497) + bytes(1024)
    assert any(hashlib.sha512(manifest.data).hexdigest() == b.replace("\n", "") for b in texts)
    # satchel-pack makes just these bytes of it
    handoff = [b for b in texts if b.startswith("satchel-handoff: 1")][0]
    with Room() as room:
        (room / "handoff.yaml").write_text(handoff)
        (room / "notes.md").write_text("First handoff.\n")
        expect(pack("create", room / "handoff.yaml", "-o", room / "out", "--no-encryption", "--unsigned",
                    "--originator",
                    "0123456789ABCDEF0123456789ABCDEF01234567", env={"SOURCE_DATE_EPOCH": "1795000000"}), OK)
        assert (room / "out" / "manifest.yaml").read_bytes() == manifest.data
        assert (room / "out" / "payload-00.000000").read_bytes() == volume


def test_the_pages_encrypted_values():
    joined = [b.replace("\n", "") for b in blocks()]
    bundle_id, key, opener = bytes(range(16, 32)), bytes(range(32)), bytes(range(64, 96))
    assert rules.wrapped_message(bundle_id, 0, 0, key).hex() in joined
    assert rules.run_commitment(bundle_id, 0, 0, key).hex() in joined
    assert rules.content_commitment(bundle_id, 0, opener, b'satchel-contents: "1"\n').hex() in joined
    assert rules.additional_data(bundle_id, 0, 0, 1, 0).hex() in joined
    with Keyring() as ring:
        builder = build.Builder(ring, "0" * 40, {}, {"iv": lambda value, where: bytes(range(32, 44))})
        builder.id, builder.keys = bundle_id, [key]
        frame = builder.seal(1, 0, 0, 0, 15, b"First handoff.\n")
    assert len(frame) == 4144
    assert rules.chunk_digest(1, frame).hex() in joined
    shown = [b for b in joined if b.startswith("552a4d18")][0].split("...")
    assert frame.hex().startswith(shown[0]) and frame.hex().endswith(shown[1])


def test_the_pages_program():
    """Opening a bundle by hand, as the page says it, with the program that it lists."""
    program = [b for b in blocks() if b.startswith("import hashlib")][0]
    for options in ({}, {"transform": "planes"}, {"portable": True},
                    {"recipients": [reader], "runs": 2, "volume_chunks": 2},
                    {"recipients": [stranger, reader], "transform": "planes"}):
        with Room() as room:
            builder = build.Builder(keys, sender, FILES, **options)
            folder = builder.write(room / "out")[0]
            (folder / "open.py").write_text(program)
            by_hand(folder, builder.tar(), keys.env())
    with Room() as room:
        folder = packed(room, "-r", reader)[0]
        (folder / "open.py").write_text(program)
        by_hand(folder, None, keys.env())
        assert lib.tree(folder / "opened" / "data") == lib.payload(room / "in")


def by_hand(folder, tar, env):
    (folder / "sender.gpg").write_bytes(keys.export(sender))
    commands = [b for b in blocks() if b.startswith("gpgv --keyring ./sender.gpg")]
    assert len(commands) == 1, commands
    r = lib.run("sh", "-ec", "FPR=%s\n%s" % (sender, commands[0].replace("python3", sys.executable)), env=env,
                cwd=folder)
    assert r.status == 0, r
    assert "originator: " + sender in r.err, r
    assert tar is None or (folder / "payload.tar").read_bytes() == tar


def test_canonical_yaml_by_the_page():
    good = [b'a: "1"\n', 'a: "\u00e9\\U0001F600\\"\\\\"\n'.encode(), b'a:\n- "x"\n- "y"\nb:\n  c: "d"\n',
            b'a:\n- b: "1"\n  c:\n  - d: "2"\n- b: "3"\n']
    bad = [b"", b"a: 1\n", b'a: "1"', b'a: "1" \n', b'"a": "1"\n', b'a: "1"\na: "2"\n', b'a:\n  - "x"\n', b"a: []\n",
           b"a:\n",
           b'- "x"\n', b'a: "1"\n\n', b'# c\na: "1"\n', b'---\na: "1"\n', b'a: "\\x41"\n', b'a: "\\u0041"\n',
           b'a: "\\U00000041"\n', b'a: "\\U0001f600"\n', '\U0001f600: "a"\n'.encode(), 'a: "\U0001f600"\n'.encode(),
           b'a:\n    b: "1"\n', b'a:\n- - "x"\n', b'a: "\n"\n', b'a: \'1\'\n', b'\xef\xbb\xbfa: "1"\n', b'a: "\xff"\n',
           b'a:  "1"\n', b'a: "1"\r\n', b'a: &x "1"\n',
           b"".join(b"  " * i + b"a:\n" for i in range(9)) + b"  " * 9 + b'a: "1"\n']
    for document in good:
        assert canon.dump(canon.load(document)) == document
    for document in bad:
        try:
            canon.load(document)
        except rules.Broken:
            continue
        raise AssertionError(document)


def test_the_decoder_refuses_no_trust():
    with Room() as room:
        media = build.Builder(keys, sender, FILES).write(room / "out")
        (room / "other.gpg").write_bytes(keys.export(stranger))
        both = Both(room, media, room / "other.gpg", keys.env()).agree()
        assert both.check.status == lib.UNTRUSTED
        media = build.Builder(keys, sender, FILES, signers=[stranger]).write(room / "foreign")
        both = Both(room, media, room / "other.gpg", keys.env()).agree()
        assert (both.check.status, both.extract.status) == (OK, lib.UNTRUSTED), (both.check, both.extract)
        assert decode("--check", media[0]).status == lib.USAGE


if __name__ == "__main__":
    lib.main(globals())
