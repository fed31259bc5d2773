#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make install, DESTDIR and uninstall; and how the programs were linked.

`make all install PREFIX=DIR` gives programs that run from there; DESTDIR only
stages; uninstall leaves no file. The build is that of this test run, so only
install itself runs here.
"""
import glob
import os
import shutil
import subprocess
import sys

SRC = os.environ["SATCHEL_SRC"]
BUILD = os.environ["SATCHEL_BUILD"]
MODE = os.environ.get("SATCHEL_MODE", "plain")
TMP = os.environ["TMPDIR"]
PROGRAMS = ("satchel-pack", "satchel-unpack")


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failed(text)


def make(goal, *variables):
    """`-o` for what install would build: only the copying is looked at."""
    old = [f"-o{BUILD}/{name}" for name in PROGRAMS]
    r = subprocess.run(
        [os.environ.get("MAKE", "make"), "-C", SRC, "--no-print-directory",
         f"BUILD={BUILD}", f"MODE={MODE}", *old, goal, *variables],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    expect(r.returncode == 0, r.stdout)


def files(top):
    return {os.path.relpath(os.path.join(folder, name), top)
            for folder, _, names in os.walk(top) for name in names}


def expected():
    names = {f"bin/{name}" for name in PROGRAMS}
    for page in glob.glob(f"{SRC}/man/*.[1-8]"):
        names.add(f"share/man/man{page[-1]}/{os.path.basename(page)}")
    for doc in ("LICENSE", "README.md", "CHANGELOG.md"):
        if os.path.exists(f"{SRC}/{doc}"):
            names.add(f"share/doc/satchel/{doc}")
    for name in ("satchel-pack", "satchel-unpack"):
        names |= {f"share/bash-completion/completions/{name}", f"share/zsh/site-functions/_{name}",
                  f"share/fish/vendor_completions.d/{name}.fish"}
    return names


def install_to_prefix():
    prefix = f"{TMP}/a prefix"
    make("install", f"PREFIX={prefix}")
    expect(files(prefix) == expected(), f"installed: {sorted(files(prefix))}")
    for name in PROGRAMS:
        r = subprocess.run([f"{prefix}/bin/{name}", "--version"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False)
        expect(r.returncode == 0 and name in r.stdout,
               f"{name} --version: {r.returncode}: {r.stdout}")


def destdir_stages():
    stage = f"{TMP}/stage"
    make("install", "PREFIX=/opt/satchel", f"DESTDIR={stage}")
    expect(files(stage) == {f"opt/satchel/{n}" for n in expected()},
           f"staged: {sorted(files(stage))}")
    expect(not os.path.exists("/opt/satchel"), "it wrote outside DESTDIR")


def uninstall_leaves_nothing():
    stage = f"{TMP}/gone"
    make("install", "PREFIX=/opt/satchel", f"DESTDIR={stage}")
    other = f"{stage}/opt/satchel/bin/another-program"
    with open(other, "w", encoding="utf-8"):
        pass
    make("uninstall", "PREFIX=/opt/satchel", f"DESTDIR={stage}")
    expect(files(stage) == {"opt/satchel/bin/another-program"},
           f"left: {sorted(files(stage))}")


def hardened():
    """What tests/probe.sh found is in the programs that were linked."""
    if not shutil.which("readelf"):
        raise Skipped("readelf is not installed")
    for name in PROGRAMS:
        r = subprocess.run(["readelf", "-hldW", f"{BUILD}/{name}"],
                           stdout=subprocess.PIPE, text=True, check=True,
                           env=dict(os.environ, LC_ALL="C"))
        text = r.stdout
        expect("Type:                              DYN" in text, "no PIE")
        expect("GNU_RELRO" in text, "no RELRO")
        expect("BIND_NOW" in text or "Flags: NOW" in text, "no BIND_NOW")
        stack = [line for line in text.splitlines() if "GNU_STACK" in line]
        expect(stack and "RWE" not in stack[0], "executable stack")
        expect("RPATH" not in text and "RUNPATH" not in text, "an RPATH")


TESTS = [install_to_prefix, destdir_stages, uninstall_leaves_nothing]
if MODE == "plain":     # the others are for tests alone
    TESTS.append(hardened)


def main():
    print(f"1..{len(TESTS)}")
    failures = 0
    for n, test in enumerate(TESTS, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {n} - {name}")
        except Skipped as reason:
            print(f"ok {n} - {name} # SKIP {reason}")
        except Failed as problem:
            failures += 1
            print("\n".join(f"# {line}" for line in str(problem).splitlines()))
            print(f"not ok {n} - {name}")
        sys.stdout.flush()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
