# SPDX-License-Identifier: BSD-2-Clause
"""The rules of satchel-bundle(5) as plain text, so that a vector can quote the words that it
shows.  A piece is what must be shown by a vector, or be excused: a row of a table, an item
of a list, a sentence that says must; where one names several things to refuse, each of them."""

import re

# What is no rule for the reader of a bundle's bytes.
LEFT_OUT = {"NAME", "DESCRIPTION", "THE IMPORTED BAG", "Opening", "EXAMPLES", "A small bundle",
            "Values of an encrypted bundle", "Opening a bundle by hand", "SEE ALSO", "STANDARDS"}
MACROS = set("Pa Fa Em Li Qq Dq Sx Ql Xr No Ns Pq Sy Sq Fl Dl Ar Cm Qo Qc Aq".split())
GLYPHS = {r"\-": "-", r"\e": "\\", r"\(dq": '"', r"\&": "", r"\ ": " "}


def words(line):
    """A line of the source without macros and escapes; the cells of a row are joined by bars."""
    if line.startswith("."):
        tokens = re.findall(r"(?:\\ |\S)+", re.sub(r"^\.(It|Dl|Sh|Ss)\b", ".", line)[1:])
        line = " ".join("|" if t == "Ta" else t for t in tokens if t not in MACROS)
    line = re.sub(r"\\(\(..|.)", lambda m: GLYPHS[m[0]], line)
    return re.sub(r" ([.,;:)])(?= |$)", r"\1", line).replace("( ", "(").strip()


class Page:
    def __init__(self, source):
        self.text = {}              # section -> its whole text
        self.pieces = []            # (section, text)
        self.heads = set()
        section, kinds, item, prose = None, [], None, []

        def flush():
            nonlocal item, prose
            if item is not None:
                self.item(section, *item)
            for sentence in re.split(r"(?<=[.:]) (?=[A-Z])", " ".join(prose)):
                if re.search(r"\b[Mm]ust\b|\bmay reach\b", sentence):
                    self.several(section, sentence)
            item, prose = None, []

        literal = False
        for line in source.splitlines():
            if line.startswith((".Bd", ".Ed")):
                literal = line.startswith(".Bd")
            if literal or line.startswith((".\\\"", ".Dd", ".Dt", ".Os", ".Nm", ".Nd", ".Bd", ".Ed")):
                continue
            if line.startswith((".Sh", ".Ss")):
                flush()
                section = words(line)
                self.text[section] = ""
                continue
            if section in LEFT_OUT or section is None:
                continue
            if line.startswith(".Bl"):
                flush()
                kinds.append(line.split()[1])
                continue
            if line.startswith(".El"):
                flush()
                kinds.pop()
                continue
            if line.startswith(".It"):
                flush()
                header = ".It Sy offset" in line or ".It Sy bundle" in line or ".It Sy kind" in line \
                    or ".It Sy what" in line
                item = None if header else (kinds[-1], [words(line)])
            elif line == ".Pp":
                if item is None or item[0] != "-tag":
                    flush()
                continue
            elif item is not None:
                item[1].append(words(line))
            else:
                prose.append(words(line))
            self.text[section] += words(line) + " "
        flush()

    def item(self, section, kind, parts):
        text = " ".join(" ".join(parts).split())
        if text and kind == "-column":
            self.pieces.append((section, text))
        elif text:
            self.several(section, text, section.endswith("must refuse"))

    def several(self, section, text, split=False):
        """Each of the things that are to be refused is a piece of its own."""
        text = " ".join(text.split())
        head, colon, rest = re.match(r"(?s)(.*?[Mm]ust refuse(?: as well)?)(:?)(.*)", text).groups() \
            if re.search("[Mm]ust refuse(?: as well)?:", text) else ("", "", text)
        if colon and head.replace("Must refuse", "").strip() and len(head) > 40:
            self.pieces.append((section, head.strip()))
        parts = re.split(r"; |(?<=[a-z0-9)])\. (?=[A-Z])", rest) if colon or split else [rest]
        self.pieces += [(section, p.strip(" .;")) for p in parts if p.strip(" .;")]
