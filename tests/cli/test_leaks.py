# SPDX-License-Identifier: BSD-2-Clause
"""Nothing leaks: words planted in every name, field and kind of file are nowhere in an
encrypted bundle, nor in what those print who cannot open it; and two handoffs of equal
size that are made up quite differently look the same."""

import hashlib
import json
import os
import pathlib
import re
import struct

import lib
import lib_leaks
from lib import OK, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_leaks import OTHERS, chi_square, search, search_text, sealed, word

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
reader_name = word()
reader = keys.gen("Reader " + reader_name, reader_name + "@example.net")
base = Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))


def cleanup():
    keys.close()
    base.__exit__()


HANDOFF = """# {comment}
satchel-handoff: 1
bundle:
  name: {bundle}
  sequence: 7
  title: AE-0042
  control-number: 2026-117
  from: Sender {sender}
  to: Receiver {to}
  marking: MARK {marking}
  contact: {contact}@example.com
  x-note: {xnote}
components:
  - name: {model}
    kind: model
    path: {modelpath}
    marking: MARK {modelmarking}
    license: {license}
    version: v-{version}
  - name: {suite}
    kind: benchmark
    path: {suitepath}
    harness: {harness} 0.4
    command: [run, --{option}, "{argument}"]
    expected: [{{metric: {metric}, value: 0.4173925, tolerance: 0.0271828}}]
    needs: [{model}]
  - name: {document}
    kind: document
    path: {documentpath}.md
  - name: {code}
    kind: code
    path: {codepath}
exclude: ["*.{excluded}"]
"""
FIELDS = re.findall(r"(?<!\{)\{(\w+)\}(?!\})", HANDOFF)
# What belongs to nobody: not even the recipient gets it.
LEFT_OUT = ("comment", "xnote", "excluded")


class Planted:
    """A handoff folder full of canaries, of which `inside` reach the recipient, and
    `outside` nobody."""

    def __init__(self, folder):
        self.folder = folder
        self.inside, self.outside = [], []
        f = {name: word(OTHERS) if name in ("to", "modelpath", "document", "argument") else word() for name in FIELDS}
        for name, canary in f.items():
            (self.outside if name in LEFT_OUT else self.inside).append(canary)
        folder.mkdir()
        model, suite, code = folder / f["modelpath"], folder / f["suitepath"], folder / f["codepath"]
        self.put(model / "model.safetensors", self.safetensors())
        self.put(model / (self.new() + ".bin"), os.urandom(70_000) + self.new().encode() + os.urandom(70_000))
        self.put(model / (self.new(OTHERS) + ".gguf"), b"\0" * 50_000 + self.new(OTHERS).encode() + b"\0" * 50_000)
        self.put(suite / "tasks.jsonl", "".join('{"id": %d, "q": "%s"}\n' % (i, self.new()) for i in range(20)))
        self.put(suite / "config.json", json.dumps({"model_type": self.new(), self.new(): self.new(OTHERS)}))
        self.put(suite / self.new() / (self.new(OTHERS) + " and a name of more than a hundred bytes" + "n" * 60),
                 self.new() + "\n")
        (suite / self.new()).mkdir()
        self.put(suite / (self.new() + ".empty"), b"")
        self.put(folder / (f["documentpath"] + ".md"), "# %s\n\n%s\n" % (self.new(), self.new(OTHERS)))
        self.put(code / (self.new() + ".py"), "#!/usr/bin/env python3\nprint('%s')\n" % self.new(), 0o755)
        self.put(code / (self.new(out=True) + "." + f["excluded"]), self.new(out=True))
        self.put(folder / (self.new(out=True) + ".txt"), self.new(out=True))
        (folder / "handoff.yaml").write_text(HANDOFF.format(**f))

    def new(self, letters=lib_leaks.LETTERS, out=False):
        canary = word(letters)
        (self.outside if out else self.inside).append(canary)
        return canary

    @staticmethod
    def put(path, data, mode=0o644):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        path.chmod(mode)

    def safetensors(self):
        weights = struct.pack("<20000H", *(0x3F80 + i % 91 for i in range(20_000)))
        header = json.dumps({"__metadata__": {"note": self.new(), self.new(): "x"},
                             self.new(): {"dtype": "BF16", "shape": [20_000], "data_offsets": [0, len(weights)]}})
        return struct.pack("<Q", len(header)) + header.encode() + weights

    def digests(self):
        """Whoever owns a file can test for its digest."""
        found = []
        for path in self.folder.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            if data:
                found += [hashlib.new(n, data).digest() for n in ("sha1", "sha256", "sha512", "md5")]
                found.append(hashlib.sha1(b"blob %d\0" % len(data) + data).digest())
        return found


def create(folder, out, *options, tmp=None, env=None):
    e = dict(keys.env(), **(env or {}))
    if tmp is not None:
        tmp.mkdir(exist_ok=True)
        e["TMPDIR"] = tmp
    r = expect(pack("create", folder / "handoff.yaml", "-o", out, "-s", sender, *options, env=e), OK)
    if tmp is not None:
        assert os.listdir(tmp) == [], os.listdir(tmp)
    return r


def test_the_search_finds_what_is_there():
    """Or it would prove nothing."""
    with Room() as room:
        planted = Planted(room / "in")
        here = {c for c, _ in search(room / "in", planted.inside + planted.outside)}
        assert here == set(planted.inside + planted.outside), set(planted.inside + planted.outside) - here
        ascii_word, other = word(), word(OTHERS)
        (room / "forms").mkdir()
        for secret in (ascii_word, other, b"\x01\x80\xff" * 8):
            for i, form in enumerate(lib_leaks.forms(secret)):
                path = room / "forms" / str(i)
                path.write_bytes(b"\x17" * 100 + form + b"\x17" * 100)
                assert search(room / "forms", [secret]) == {(secret, str(i))}, (secret, form)
                path.unlink()
            for shift in range(3):
                raw = secret if isinstance(secret, bytes) else secret.encode()
                path = room / "forms" / "b"
                path.write_bytes(lib_leaks.base64.b64encode(b"\xa7" * (30 + shift) + raw + b"\xc3" * 31))
                assert search(room / "forms", [secret]), (secret, shift)
                for packed in (lib_leaks.zlib.compress(raw * 3), lib_leaks.bz2.compress(raw), lib_leaks.lzma.compress(raw)):
                    path.write_bytes(b"\x17" * 5 + packed)
                    assert search(room / "forms", [secret]), (secret, packed)


def test_the_search_finds_what_is_not_encrypted():
    with Room() as room:
        planted = Planted(room / "in")
        create(room / "in", room / "out", "--no-encryption")
        assert search(room / "out", planted.inside), "a bundle in clear shows nothing"


def no_leaks(*options, recipient=reader, hidden=False, media=False):
    with Room() as room:
        planted = Planted(room / "in")
        create(room / "in", room / "out", "-r", recipient, *options, tmp=room / "tmp")
        secrets = planted.inside + planted.outside
        found = search(room / "out", secrets + planted.digests())
        assert not found, found
        if hidden:
            ids = [f for fpr in keys.fingerprints(reader) for f in (fpr, fpr[-16:], bytes.fromhex(fpr), bytes.fromhex(fpr[-16:]))]
            found = search(room / "out", [reader_name, *(i for i in ids if isinstance(i, str))])
            assert not found, found
            for path in (p for p in (room / "out").rglob("*") if p.is_file()):
                assert not any(i in path.read_bytes() for i in ids if isinstance(i, bytes)), path
        volumes = 0
        for path in (p for p in (room / "out").rglob("*") if p.name.startswith(("payload-", "contents-"))):
            volumes += 1
            # one zstd frame, the guard, and nothing that only looks so
            assert path.read_bytes().count(b"\x28\xb5\x2f\xfd") == 1, path
            body = b"".join(iv + text + tag for iv, text, tag in sealed(path))
            assert chi_square(body) < 255 + 8 * 23, (path, chi_square(body))
        assert volumes >= 2
        dirs = sorted((room / "out").iterdir()) if media else [room / "out"]
        for verb in ("check", "show"):
            for more in ((), ("-v",), ("--json",)):
                r = expect(unpack(verb, *dirs, "-t", TRUST, *more), OK)
                assert not search_text(r.out + r.err, secrets), r
        # it was all in there: the recipient has every one of them, and none that was left out
        (room / "dest").mkdir()
        expect(unpack("extract", *dirs, "-t", TRUST, "-C", room / "dest", env=keys.env()), OK)
        found = {c for c, _ in search(room / "dest", secrets)}
        assert found == set(planted.inside), (set(planted.inside) - found, found & set(planted.outside))


def test_no_canary_in_a_bundle():
    no_leaks()


def test_no_canary_in_small_volumes():
    no_leaks("-S", "64KiB", "-l", "1")


def test_no_canary_on_media():
    no_leaks("--media-size", "2MiB", media=True)


def test_no_recipient_in_a_bundle_that_hides_them():
    no_leaks("--hide-recipients", hidden=True)


def test_no_canary_is_left_by_a_run_that_fails():
    """Nothing in TMPDIR, nothing of the bundle, and nothing of ours in gpg's own folder."""
    with Room() as room:
        planted = Planted(room / "in")
        (room / "tmp").mkdir()
        (room / "in" / "handoff.yaml").write_text((room / "in" / "handoff.yaml").read_text().replace("x-note", "note"))
        r = pack("create", room / "in" / "handoff.yaml", "-o", room / "out", "-s", sender, "-r", reader,
                 env=dict(keys.env(), TMPDIR=room / "tmp"))
        expect(r, lib.USAGE)
        assert os.listdir(room / "tmp") == [] and not (room / "out").exists()
        planted = Planted(room / "again")
        os.mkfifo(room / "again" / "fifo")
        text = (room / "again" / "handoff.yaml").read_text()
        (room / "again" / "handoff.yaml").write_text(text.replace("exclude:", "  - name: pipe\n    kind: code\n    path: fifo\nexclude:"))
        expect(pack("create", room / "again" / "handoff.yaml", "-o", room / "out", "-s", sender, "-r", reader,
                    env=dict(keys.env(), TMPDIR=room / "tmp")), lib.REFUSED)
        assert os.listdir(room / "tmp") == [] and not (room / "out").exists()
        assert not search(pathlib.Path(keys.home), planted.inside + planted.outside)


def handoff_of(folder, parts):
    """Components of one file each, in folders; parts: {component: bytes}."""
    for name, data in parts.items():
        Planted.put(folder / name / "data.bin", data)
    lib.write_handoff(folder, [(name, "model", name) for name in parts], name="twin-" + word(n=6))


def twins(room):
    """One component of one file, and six of one each: tar streams of one length."""
    one, six = 3_000_000, 6
    # each entry more costs the header of its folder and its own
    handoff_of(room / "a", {"alone": os.urandom(one)})
    rest = one // 512 * 512 - (six - 1) * 4096 - (six - 1) * 1024
    parts = {"part%d" % i: os.urandom(4096) for i in range(six - 1)}
    parts["whole"] = os.urandom(rest + (one % 512))
    handoff_of(room / "b", parts)


def masked(path):
    """A manifest without what is random."""
    text = (path / "manifest.yaml").read_text()
    return re.sub(r'"[0-9a-f]{32,128}"', '"x"', text)


def files_of(root):
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def look_alike(a, b, equal_sizes):
    fa, fb = files_of(a), files_of(b)
    assert set(fa) == set(fb), set(fa) ^ set(fb)
    ma, mb = masked(a), masked(b)
    if not equal_sizes:
        ma, mb = (re.sub(r'size: "\d+"', "size", m) for m in (ma, mb))
    assert ma == mb, "\n".join(x + " | " + y for x, y in zip(ma.split("\n"), mb.split("\n")) if x != y)
    assert fa["README.txt"] == fb["README.txt"]
    for name in sorted(fa):
        if name.startswith(("payload-", "contents-")):
            if equal_sizes:
                assert len(fa[name]) == len(fb[name]), name
            assert fa[name][:32] == fb[name][:32] and fa[name][48:61] == fb[name][48:61], name
            # what differs is random: the bytes of one in those of the other are so many as chance has it
            x, y = (b"".join(iv + text + tag for iv, text, tag in sealed(r / name)) for r in (a, b))
            same = sum(p == q for p, q in zip(x, y))
            n = min(len(x), len(y))
            assert abs(same - n / 256) < 6 * (n / 256) ** 0.5 + 6, (name, same, n)
            assert chi_square(x) < 255 + 8 * 23 and chi_square(y) < 255 + 8 * 23, name
            assert len(sealed(a / name)) == len(sealed(b / name)), name
        elif equal_sizes:
            assert len(fa[name]) == len(fb[name]), name


def test_equal_totals_look_the_same():
    """Only stored sizes tell: of payload chunks, and of the contents."""
    with Room() as room:
        twins(room)
        for name in ("a", "b"):
            create(room / name, room / ("out-" + name), "-r", reader, env={"SOURCE_DATE_EPOCH": "1790000000"})
        look_alike(room / "out-a", room / "out-b", False)
        for name in ("a", "b"):
            for path in (room / ("out-" + name)).glob("*-00*"):
                assert all((len(text) - 12) % 4096 == 0 and len(text) > 12 for _, text, _ in sealed(path)), path


def test_with_padding_of_a_chunk_not_even_sizes_tell():
    with Room() as room:
        twins(room)
        for name in ("a", "b"):
            create(room / name, room / ("out-" + name), "-r", reader, "--pad", "1MiB", "-S", "2MiB",
                   env={"SOURCE_DATE_EPOCH": "1790000000"})
        look_alike(room / "out-a", room / "out-b", True)
        sizes = {len(text) for name in ("a", "b") for path in (room / ("out-" + name)).glob("*-00*")
                 for _, text, _ in sealed(path)}
        assert sizes == {(1 << 20) + 12}, sizes


lib.main(globals())
