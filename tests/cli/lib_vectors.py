# SPDX-License-Identifier: BSD-2-Clause
"""The committed test vectors: the table, the folders, their recipes, and both readers on
one of them.  Vectors are only read; one that git cannot store whole is finished in a copy."""

import hashlib
import os
import pathlib
import re
import shutil
import sys

import lib
import lib_decoder
from lib import MALFORMED, OK, Room, unpack
from lib_keys import Keyring

HERE = pathlib.Path(__file__).resolve().parent.parent / "vectors"
READERS = ("reader", "rsa", "nist", "elgamal")      # whose secret keys open what is encrypted
sys.path.insert(0, str(HERE))

import trust                                                # noqa: E402  (of tests/decoder)


class Row:
    """A line of LIST."""

    def __init__(self, line):
        self.name, check, extract, self.section, self.quote, self.word = line.split("\t")
        self.check, self.extract = int(check), int(extract)
        self.accepted = self.name.startswith("accept/")


def rows(name="LIST"):
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [Row(line) for line in lines if line and not line.startswith("#")]


def follow(recipe, folder):
    """What git cannot store, or what is only long: 'fifo NAME', 'fill NAME HEX COUNT' (one byte so often, at the
    end of the file)."""
    for line in recipe.read_text().splitlines():
        verb, name, *more = line.split()
        if verb == "fifo":
            os.mkfifo(folder / name)
            continue
        assert verb == "fill", line
        with open(folder / name, "ab") as f:
            f.write(bytes.fromhex(more[0]) * int(more[1]))


def described(root):
    """A tree in lines: its kind (d directory, - file, x program), digest and path of each."""
    out = []
    for name, (kind, *file) in sorted(lib.tree(root).items(), key=lambda item: item[0].encode()):
        out.append("d %s" % name if kind == "directory" else "%s %s %s" % ("x" if file[0] else "-", file[1], name))
    return "".join(line + "\n" for line in out)


class Readers:
    """A home with the readers' secret keys, and the second decoder's rings of certificates."""

    def __init__(self):
        self.keys, self.rings = Keyring(), {}
        for name in READERS:
            self.keys.import_((HERE / "keys" / (name + ".asc")).read_bytes())

    def close(self):
        for ring in self.rings.values():
            ring.close()
        self.keys.close()

    def ring(self, path):
        data = path.read_bytes()
        key = hashlib.sha256(data).digest()
        if key not in self.rings:
            self.rings[key] = trust.Ring(data)
        return self.rings[key]

    def read(self, row, room, folder=None):
        """What is wrong with a vector: statuses, words, and what is left at the destination."""
        folder = folder or HERE / row.name
        recipe = folder / "recipe"
        if recipe.exists():
            shutil.copytree(folder, room / "copy", symlinks=True)
            folder = room / "copy"
            follow(recipe, folder)
        certificates = folder / "trust.pgp"
        if not certificates.exists():
            certificates = HERE / "keys" / "trust.pgp"
        media = sorted((folder / "bundle").glob("medium-*")) or [folder / "bundle"]
        ours, theirs = room / "ours", room / "theirs"
        ours.mkdir()
        theirs.mkdir()
        check = unpack("check", *media, "-t", certificates, env=self.keys.env())
        extract = unpack("extract", *media, "-t", certificates, "-C", ours, env=self.keys.env())
        audits = [unpack("audit", bag, "-t", certificates, env=self.keys.env()) for bag in ours.iterdir()]
        *second, said = lib_decoder.second(media, theirs, self.ring(certificates), self.keys.home)
        return [str(r) for r in audits if r.status != OK] + list(
            self.problems(row, check, extract, second, said, ours, theirs, folder))

    @staticmethod
    def problems(row, check, extract, second, said, ours, theirs, folder):
        # satchel-unpack(1), CAVEATS: this version opens bundles of one lane only.
        one_lane = re.match("(accept|refuse)/lanes-", row.name) is not None
        wanted_of_extract = MALFORMED if one_lane else row.extract
        for r, wanted in ((check, row.check), (extract, wanted_of_extract)):
            word = "this version opens bundles of one" if one_lane else row.word
            if r.status != wanted:
                yield "status %d, not %d\n%s" % (r.status, wanted, r)
            elif wanted and word not in r.out + r.err:
                yield "%r is not said\n%s" % (word, r)
        if second != [row.check, row.extract]:
            yield "the second decoder: %s\n%s" % (second, said)
        if row.accepted:
            wanted = (folder / "tree").read_text(encoding="utf-8")
            for root in (theirs,) if one_lane else (ours, theirs):
                if described(root) != wanted:
                    yield "another tree:\n%s" % described(root)
        elif os.listdir(ours) or os.listdir(theirs):
            yield "left: %s, %s" % (os.listdir(ours), os.listdir(theirs))


__all__ = ["HERE", "Readers", "Room", "described", "rows"]
