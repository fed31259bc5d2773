#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tests/check-layers.py finds a planted violation of each kind.

Copies the source to a scratch folder, plants one line at a time, and expects
the check to fail and to name the file.
"""
import os
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ.get("SATCHEL_SRC") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("pack", "unpack", "bundle", "manifests")

# file that gets (or is made of) these lines, the lines, why
PLANTED = [
    ("manifests/planted.c", '#include "bundle/planted.h"', "manifests -> bundle"),
    ("manifests/planted.c", '#include "pack/planted.h"', "manifests -> pack"),
    ("manifests/planted.c", '#include "unpack/planted.h"',
     "manifests -> unpack"),
    ("bundle/planted.c", '#include "pack/planted.h"', "bundle -> pack"),
    ("bundle/planted.c", '#  include "unpack/planted.h"', "bundle -> unpack"),
    ("bundle/planted.h", '#include "unpack/planted.h"', "a header as well"),
    ("pack/planted.c", '#include "unpack/planted.h"', "pack -> unpack"),
    ("unpack/planted.c", '#include "pack/planted.h"', "unpack -> pack"),
    ("unpack/deeper/planted.c", '#include "pack/planted.h"', "in a subfolder"),
    ("pack/planted.c", '#include "../unpack/planted.h"', "a way round"),
    ("pack/planted.c", '#include "bundle/../unpack/planted.h"',
     "another way round"),
    ("pack/planted.c", '#include "planted.h"', "no folder named"),
    ("pack/planted.c", '#include "stdio.h"', "a system header in quotes"),
    ("pack/planted.c", "#include <bundle/planted.h>", "own header in brackets"),
    ("pack/planted.c", '#include "bundle/nowhere.h"', "no such header"),
    ("pack/planted.c", "#include PLANTED", "an include that cannot be read"),
    ("bundle/planted.c", "#include <gpgme.h>\n@bundle/planted2.c#include"
     " <gpgme.h>", "a second wrapper of gpgme"),
    ("pack/planted.c", "#include <archive.h>\n@unpack/planted.c#include"
     " <archive_entry.h>", "a second wrapper of libarchive"),
    ("bundle/planted.c", "#include <yaml.h>\n@manifests/planted.c#include"
     " <yaml.h>", "a second wrapper of libyaml"),
    ("unpack/planted.c", "#include <jansson.h>\n@pack/planted.c#include"
     " <jansson.h>", "a second wrapper of jansson"),
    ("manifests/planted.c", "#include <unicase.h>\n@manifests/planted2.c"
     "#include <uninorm.h>", "a second wrapper of libunistring"),
    ("bundle/planted.h", "#include <seccomp.h>", "a foreign header in a header"),
    ("bundle/planted.c", "#include <openssl/evp.h>", "libcrypto elsewhere"),
    ("unpack/planted.c", "#include <zstd.h>", "zstd elsewhere"),
    ("manifests/planted.c", "#include <fcntl.h>", "manifests opens no file"),
    ("manifests/planted.c", "#include <unistd.h>", "manifests opens no file"),
    ("manifests/planted.c", 'int f(void) { return fopen("x", "r") != 0; }',
     "fopen in manifests"),
    ("manifests/planted.c", "int f(void) { return openat (3, 0, 0); }",
     "openat in manifests"),
    ("bundle/planted.c", 'void f(void) { printf("x"); }', "printf"),
    ("pack/planted.c", 'void f(void) { fprintf(stderr, "x"); }', "fprintf"),
    ("unpack/planted.c", "void *f(void) { return stderr; }", "stderr"),
    ("manifests/planted.c", 'void f(void) { puts("x"); }', "puts"),
    ("unpack/planted.c", "void f(void) { exit(1); }", "exit"),
    ("bundle/planted.c", "void f(void) { if (1) _exit(1); }", "_exit"),
    ("manifests/planted.c", "void f(void) { abort(); }", "abort"),
    ("bundle/planted.c", '#include <err.h>', "err.h"),
    ("bundle/planted.c", 'void f(void) { warnx("x"); }', "warnx"),
    ("pack/planted.c", '#define SAY(x) \\\n\tprintf(x)', "in a macro"),
]

# What only looks like a violation.
INNOCENT = [
    ("bundle/planted.c", '/* printf("x"); exit(1); */', "in a comment"),
    ("bundle/planted.c", '/*\n#include "pack/planted.h"\n*/',
     "an include in a comment"),
    ("bundle/planted.c", 'const char *s = "exit(1); // \\" printf(x)";',
     "in a string"),
    ("bundle/planted.c", "int f(struct x *x) { return x->open(1) + x->err(); }",
     "a member of that name"),
    ("bundle/planted.c", "int f(void) { return volume_open() + my_exit(); }",
     "a longer name"),
    ("bundle/planted.c", "int f(void) { return snprintf(0, 0, 0); }",
     "snprintf does not print"),
    ("manifests/planted.c", '#include "manifests/planted.h"', "an arrow"),
    ("unpack/planted.c", '#include "bundle/planted.h"', "an arrow"),
    ("pack/main.c", "void f(void) { exit(1); }", "main may exit"),
]


def plant(top, path, lines):
    """Appends lines to path; "\\n@OTHER#include" goes to a second file."""
    here, _, other = lines.partition("\n@")
    parts = [(path, here)]
    if other:
        name, _, rest = other.partition("#")
        parts.append((name, "#" + rest))
    for name, text in parts:
        os.makedirs(os.path.dirname(os.path.join(top, name)), exist_ok=True)
        with open(os.path.join(top, name), "a", encoding="utf-8") as f:
            f.write(text + "\n")


def copy(top):
    for folder in FOLDERS:
        shutil.copytree(os.path.join(SRC, folder), os.path.join(top, folder))
    # The headers that planted lines name exist, so that only the arrow counts.
    for folder in FOLDERS:
        plant(top, f"{folder}/planted.h", "struct planted;")


def check(top):
    return subprocess.run(
        [sys.executable, os.path.join(SRC, "tests/check-layers.py"), top],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)


def answer(path="", lines=""):
    """(status, output) of the check on a copy with these lines planted."""
    with tempfile.TemporaryDirectory() as top:
        copy(top)
        if lines:
            plant(top, path, lines)
        r = check(top)
        return r.returncode, r.stdout


def main():
    # Where the tree itself is at fault, that is one failure and not all.
    status, base = answer()
    cases = [("the tree as it is", status == 0 and not base, base)]
    for path, lines, why in PLANTED:
        status, output = answer(path, lines)
        new = "".join(sorted(set(output.splitlines(True)) - set(base.splitlines(True))))
        cases.append((f"refused: {why} ({path})",
                      status == 1 and "/planted" in new, output))
    for path, lines, why in INNOCENT:
        output = answer(path, lines)[1]
        cases.append((f"accepted: {why} ({path})", output == base, output))

    print(f"1..{len(cases)}")
    for n, (name, good, output) in enumerate(cases, 1):
        if not good:
            print("\n".join("# " + line for line in output.splitlines()))
        print(f"{'ok' if good else 'not ok'} {n} - {name}")
    return 0 if all(good for _, good, _ in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
