#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules of style that a machine can see: lengths, the licence line, names
of files, marks of unfinished work. Layout is left to .clang-format and eyes.

usage: check-style.py [DIR]     DIR: top of the source tree
"""
import os
import re
import sys

FOLDERS = ("pack", "unpack", "bundle", "manifests", "tests", "bench")
SKIPPED = {"corpus", "vectors", "__pycache__"}
FILE_LINES = 600
FUNCTION_LINES = 80
SPDX = "SPDX-License-Identifier: BSD-2-Clause"
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
NO_NAMES = {"util", "utils", "common", "misc"}


def sources():
    """Every file that someone wrote: C, headers, scripts."""
    yield "Makefile"
    yield ".ci/run"
    for folder in FOLDERS:
        for path, folders, files in os.walk(folder):
            folders[:] = sorted(set(folders) - SKIPPED)
            for name in sorted(files):
                if name.endswith((".c", ".h", ".py", ".sh", ".pl")) or \
                        "." not in name:
                    yield os.path.join(path, name)


def functions(lines):
    """(line, number of lines) of each body in KNF: from ^{ to ^}."""
    start = None
    for i, line in enumerate(lines, 1):
        if line == "{":
            start = i
        elif line == "}" and start:
            yield start, i - start - 1
            start = None


def table_only(lines):
    """A file that is one table of numbers has no length to speak of."""
    rows = sum(re.fullmatch(r"\s*[{}0-9A-Fa-fxXuU,\s]*", row) is not None
               for row in lines)
    return rows > len(lines) * 0.9


def check(path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    count = len(lines) - 1
    if SPDX not in "\n".join(lines[:2]):
        yield 1, "no SPDX line at the top"
    if path.endswith((".c", ".h")):
        if lines[0] != f"/* {SPDX} */":
            yield 1, "the SPDX line is not the first"
        for line, length in functions(lines):
            if length > FUNCTION_LINES:
                yield line, f"a function of {length} lines (at most" \
                    f" {FUNCTION_LINES})"
    if count > FILE_LINES and not table_only(lines):
        yield count, f"{count} lines (at most {FILE_LINES})"
    if set(path.split(".")[0].split("/")) & NO_NAMES:
        yield 1, "a name that says nothing"
    for i, line in enumerate(lines, 1):
        if MARKS.search(line):
            yield i, f"unfinished: {line.strip()}"
        if line.endswith((" ", "\t")):
            yield i, "blanks at the end of the line"


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else \
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    os.chdir(top)
    found = [f"{path}:{line}: {text}" for path in sources()
             for line, text in check(path)]
    for text in found:
        print(text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
