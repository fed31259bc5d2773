# SPDX-License-Identifier: BSD-2-Clause
"""A portable bundle opens by the recipe in its own README.txt, line by line with
stock tools; on every other bundle the stock tools fail, loudly."""

import hashlib
import shutil
import subprocess

import lib
from lib import MALFORMED, OK, Room, expect, pack, unpack
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")


def cleanup():
    keys.close()


def make(room, *options, volume="128KiB"):
    lib.sample(room / "in")
    expect(pack("create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", sender, "-S", volume, *options,
                env=keys.env()), OK)
    return room / "out"


def recipe(bundle):
    """The lines of README.txt that a person runs."""
    return [line[4:] for line in (bundle / "README.txt").read_text().splitlines() if line.startswith("    ") and not line.startswith("     ")]


def follow(bundle, work):
    """Run the recipe as its text says: stop at the first line that fails.  Returns that line, or None."""
    work.mkdir()
    lines = recipe(bundle)
    assert len(lines) > 8, lines
    for line in lines:
        script = "BUNDLE='%s'\nFPR=%s\n%s\n" % (bundle, sender, line)
        p = subprocess.run(["sh", "-c", script], cwd=work, env=dict(lib.os.environ, **keys.env()),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if p.returncode != 0:
            return line + "\n" + p.stdout.decode(errors="replace")
    return None


def went_through(stopped_at):
    assert stopped_at is None, stopped_at


def gather_media(bundle, into):
    into.mkdir()
    for medium in sorted(bundle.glob("medium-*")):
        shutil.copytree(medium, into, dirs_exist_ok=True)
    return into


def test_the_recipe_opens_it():
    with Room() as room:
        bundle = make(room, "--no-encryption", "--portable")
        before = lib.snapshot(bundle)
        went_through(follow(bundle, room / "work"))
        assert lib.tree(room / "work" / "opened" / "data") == lib.payload(room / "in")
        assert lib.snapshot(bundle) == before


def test_the_recipe_on_two_media():
    with Room() as room:
        lib.sample(room / "in", 1_500_000)
        expect(pack("create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", sender, "-S", "128KiB",
                    "--media-size", "2MiB", "--no-encryption", "--portable", env=keys.env()), OK)
        assert len(list((room / "out").iterdir())) > 1
        went_through(follow(gather_media(room / "out", room / "all"), room / "work"))
        assert lib.tree(room / "work" / "opened" / "data") == lib.payload(room / "in")


def test_a_planted_volume_is_not_unpacked():
    with Room() as room:
        bundle = make(room, "--no-encryption", "--portable")
        planted = room / "planted"
        (planted / "data").mkdir(parents=True)
        (planted / "data" / "evil").write_text("evil\n")
        tar = subprocess.run(["tar", "-C", planted, "-cf", "-", "data"], stdout=subprocess.PIPE, check=True).stdout
        packed = subprocess.run(["zstd", "-q", "-c"], input=tar, stdout=subprocess.PIPE, check=True).stdout
        for name in ("payload-00.00000", "payload-00.-1", "payload-", "payload-00.000000 "):
            (bundle / name).write_bytes(packed)
        went_through(follow(bundle, room / "work"))
        assert lib.tree(room / "work" / "opened" / "data") == lib.payload(room / "in")


def refuses(change):
    with Room() as room:
        bundle = make(room, "--no-encryption", "--portable")
        change(bundle)
        assert follow(bundle, room / "work") is not None, "the recipe went through"


def test_the_recipe_refuses_what_is_wrong():
    last = lambda b: sorted(b.glob("payload-*"))[-1]
    refuses(lambda b: last(b).unlink())
    refuses(lambda b: lib.flip(last(b), 200))
    refuses(lambda b: lib.flip(b / "SHA512SUMS", 3))
    refuses(lambda b: lib.flip(b / "SHA256SUMS", 3))
    refuses(lambda b: lib.flip(b / "manifest.yaml", 300))

    def drop_last_line(b, name):
        lines = (b / name).read_text().splitlines(True)
        (b / name).write_text("".join(lines[:-1]))
    refuses(lambda b: drop_last_line(b, "SHA512SUMS"))
    refuses(lambda b: drop_last_line(b, "SHA256SUMS"))
    refuses(lambda b: (b / "signatures" / (sender + ".sig")).write_bytes(b""))


def resign(bundle, name, change):
    """Change a list, and sign a manifest that names the changed list: a sender whose word disagrees with itself."""
    old = (bundle / name).read_bytes()
    new = change(old)
    (bundle / name).write_bytes(new)
    text = (bundle / "manifest.yaml").read_text()
    text = text.replace(hashlib.sha512(old).hexdigest(), hashlib.sha512(new).hexdigest())
    assert len(new) == len(old)
    (bundle / "manifest.yaml").write_text(text)
    (bundle / "signatures" / (sender + ".sig")).write_bytes(keys.sign(sender, text.encode()))


def test_signed_lists_that_disagree_are_malformed():
    with Room() as room:
        bundle = make(room, "--no-encryption", "--portable")
        trust = room / "trust.gpg"
        trust.write_bytes(keys.export(sender))
        a, b = lib.copy_bundle(bundle, room / "a"), lib.copy_bundle(bundle, room / "b")
        resign(a, "SHA512SUMS", lambda d: d.replace(b"payload-00.000000", b"payload-00.000009"))
        expect(unpack("check", a, "-t", trust), MALFORMED, "SHA512SUMS")
        resign(b, "SHA256SUMS", lambda d: d.replace(b"  data/notes.md", b"  data/notes.MD"))
        expect(unpack("check", b, "-t", trust), OK)     # needs the content manifest
        (room / "dest").mkdir()
        expect(unpack("extract", b, "-t", trust, "-C", room / "dest"), MALFORMED, "SHA256SUMS")
        assert list((room / "dest").iterdir()) == []


def stock_tools_fail(room, bundle):
    volumes = sorted(bundle.glob("payload-*"))
    joined = room / "joined"
    joined.write_bytes(b"".join(v.read_bytes() for v in volumes))
    for path in [*volumes, bundle / "contents-00", joined]:
        for command in (["zstd", "-d", "-c"], ["zstdcat"], ["zstd", "-t"]):
            p = subprocess.run([*command, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            assert p.returncode != 0 and p.stderr != b"", (command, path)
        (room / "x").mkdir(exist_ok=True)
        p = subprocess.run(["tar", "--zstd", "-C", room / "x", "-xf", str(path)], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, check=False)
        assert p.returncode != 0 and p.stderr != b"", path
        assert list((room / "x").iterdir()) == [], path


def test_stock_tools_fail_on_every_other_bundle():
    for options, volume in ((("--no-encryption",), "128KiB"), (("-r", sender), "128KiB"),
                            (("-r", sender, "--pad", "1MiB"), "4MiB")):
        with Room() as room:
            stock_tools_fail(room, make(room, *options, volume=volume))


lib.main(globals())
