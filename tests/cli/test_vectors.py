# SPDX-License-Identifier: BSD-2-Clause
"""The committed test vectors: satchel-unpack and the second decoder judge each as the table
says, and each rule of satchel-bundle(5) has a vector, or a reason for having none."""

import os
import pathlib
import re
import sys

import lib
from lib import Room
from lib_vectors import HERE, Readers, rows

sys.dont_write_bytecode = True
import page                                                 # noqa: E402  (of tests/vectors)

LIST = rows()
STEP = 1 if os.environ.get("SATCHEL_MODE", "plain") == "plain" else 4     # slow where every access is checked
PAGE = page.Page((pathlib.Path(lib.SRC) / "man" / "satchel-bundle.5").read_text(encoding="utf-8"))


def judged(kind):
    """All vectors whose names begin with this."""
    readers, problems, seen = Readers(), [], 0
    try:
        for row in [r for r in LIST if re.match(kind, r.name)][::STEP]:
            seen += 1
            with Room() as room:
                problems += ["%s: %s" % (row.name, p) for p in readers.read(row, room)]
    finally:
        readers.close()
    assert seen > 0 and not problems, "%d of %d:\n%s" % (len(problems), seen, "\n".join(problems))


def test_vectors_to_accept():
    judged("accept/")


def test_vectors_to_refuse():
    judged("refuse/")


def test_the_table_names_each_folder_once():
    names = [row.name for row in LIST]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
    there = {"%s/%s" % (kind, p.name) for kind in ("accept", "refuse") for p in (HERE / kind).iterdir()}
    assert set(names) == there, sorted(set(names) ^ there)
    for row in LIST:
        folder = HERE / row.name
        assert (folder / "bundle").is_dir() and (folder / "tree").exists() == row.accepted, row.name
        assert {p.name for p in folder.iterdir()} <= {"bundle", "tree", "recipe", "trust.pgp"}, row.name
        assert (row.check, row.extract) == (0, 0) if row.accepted else row.extract != 0 and row.word, row.name


def test_the_generator_makes_each_folder():
    sys.path.insert(0, str(HERE))
    import make                                             # noqa: F401
    import kit
    assert set(kit.VECTORS) == {row.name for row in LIST}, sorted(set(kit.VECTORS) ^ {row.name for row in LIST})


def test_nothing_that_exists_is_made_again():
    import make

    def not_called(_folder):
        raise AssertionError("made again")
    for row in LIST:
        assert make.make(row.name, not_called) is False


def excused():
    lines = (HERE / "EXCUSED").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def test_each_vector_quotes_the_page():
    quotes = [(r.name, r.section, r.quote) for r in LIST] + [("EXCUSED", s, q) for s, q, _ in excused()]
    wrong = [q for q in quotes if q[2] not in " ".join(PAGE.text.get(q[1], "").split())]
    assert not wrong, "not the words of the page: %s" % wrong


def test_each_rule_of_the_page_has_a_vector():
    assert len(PAGE.pieces) > 250, len(PAGE.pieces)
    shown = [(r.section, r.quote) for r in LIST]
    reasons = [(s, q) for s, q, _ in excused()]
    bare = [p for p in PAGE.pieces if not any(s == p[0] and q in p[1] for s, q in shown + reasons)]
    assert not bare, "no vector, and no reason: %s" % bare
    needless = [e for e in reasons if not any(s == e[0] and e[1] in text and not any(
        a == s and q in text for a, q in shown) for s, text in PAGE.pieces)]
    assert not needless, "excused, but shown: %s" % needless
    names = {row.name for row in LIST}
    for _, quote, reason in excused():
        for name in re.findall(r"(?:accept|refuse)/[a-z0-9-]+", reason):
            assert name in names, (quote, name)


if __name__ == "__main__":
    lib.main(globals())
