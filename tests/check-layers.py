#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules of the layers that a machine can see.

Which folder may include which; which file alone may include a foreign
library's header; that manifests/ opens no file; that no library code prints
or exits. It reads text and compiles nothing.

usage: check-layers.py [DIR]     DIR: top of the source tree
"""
import fnmatch
import glob
import os
import re
import sys

# Who may include whose headers.
ARROWS = {
    "manifests": {"manifests"},
    "bundle": {"bundle", "manifests"},
    "pack": {"pack", "bundle", "manifests"},
    "unpack": {"unpack", "bundle", "manifests"},
}

# A library, its headers, and the only files that may include them. ANY_ONE:
# whichever file does so first is the wrapper. A header never does. GPGME has a
# family of files: one for each of its verbs would be over 1,500 lines in one.
ANY_ONE = None
FOREIGN = [
    ("gpgme", ["gpgme.h"], ["bundle/gpg.c", "bundle/gpg_*.c"]),
    ("libarchive", ["archive.h", "archive_entry.h"], ANY_ONE),
    ("libyaml", ["yaml.h"], ANY_ONE),
    ("jansson", ["jansson.h"], ANY_ONE),
    ("sqlite", ["sqlite3.h"], ANY_ONE),
    ("libseccomp", ["seccomp.h"], ANY_ONE),
    ("libcrypto", ["openssl/*"], ["bundle/crypto.c", "bundle/digest*.c"]),
    ("zstd", ["zstd.h", "zstd_errors.h", "zdict.h"],
     ["bundle/frame.c", "bundle/entropy.c"]),
    ("libunistring",
     ["unistr.h", "uninorm.h", "unicase.h", "unictype.h", "uniconv.h",
      "uniname.h", "unistdio.h", "unitypes.h", "uniwidth.h", "uni?brk.h"],
     ANY_ONE),
    ("ISA-L", ["isa-l.h", "isa-l/*", "erasure_code.h"], ANY_ONE),
    ("IPsec-MB", ["intel-ipsec-mb.h", "ipsec-mb.h"], ANY_ONE),
]

# Headers that have no use but what a layer does not do.
FILE_HEADERS = {"fcntl.h", "unistd.h", "dirent.h", "sys/stat.h", "sys/mman.h",
                "sys/socket.h"}
EXIT_HEADERS = {"assert.h", "err.h", "error.h", "syslog.h"}

OPENING = set("""
    open open64 openat openat2 creat fopen fopen64 freopen fdopen opendir
    fdopendir popen tmpfile mkstemp memfd_create socket system read pread
    write pwrite mmap stat fstat lstat fstatat unlink unlinkat rename renameat
    mkdir mkdirat""".split())
PRINTING = set("""
    printf fprintf vprintf vfprintf dprintf vdprintf puts fputs putc fputc
    putchar fwrite perror psignal syslog vsyslog err errx verr verrx warn
    warnx vwarn vwarnx error error_at_line stdout stderr""".split())
EXITING = set("""
    exit _exit _Exit quick_exit abort assert""".split())

# Where printing and exiting is the job: files, as patterns.
EVERYTHING = PRINTING | EXITING
ALLOWED = {
    "pack/main.c": EVERYTHING,
    "unpack/main.c": EVERYTHING,
    "pack/options.c": EVERYTHING,
    "unpack/options.c": EVERYTHING,
    "bundle/options.c": EVERYTHING,
    "bundle/console.c": EVERYTHING,
    "bundle/proof.c": EVERYTHING,       # only in builds that prove
    "bundle/helper*.c": {"_exit"},      # the child that talks to gpg
}

NOT_CODE = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include\b[ \t]*(.*)$', re.MULTILINE)
# A call: a name and a bracket, unless it is a member's.
CALL = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)(?:[ \t]*\(|(?<=stdout)|(?<=stderr))")


def allowed(path):
    """The calls that are forbidden elsewhere and that path may make."""
    return set().union(*(calls for pattern, calls in ALLOWED.items()
                         if fnmatch.fnmatch(path, pattern)))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def without_comments(text, strings=True):
    """The text without comments, or strings and characters too; lines stay."""
    def keep(m):
        if strings and not m.group().startswith("/"):
            return m.group()
        return " " + "\n" * m.group().count("\n")
    return NOT_CODE.sub(keep, text)


class Check:
    def __init__(self):
        self.found = []
        self.wrapper = {}

    def say(self, path, line, text):
        self.found.append(f"{path}:{line}: {text}")

    def own_include(self, path, line, name):
        here = path.split("/")[0]
        there = name.split("/")[0]
        if not re.fullmatch(r"(pack|unpack|bundle|manifests)(/[\w-]+)+\.h",
                            name):
            self.say(path, line, f'"{name}" is no plain path from the top')
        elif there not in ARROWS[here]:
            self.say(path, line, f"{here}/ may not include {there}/ ({name})")
        elif not os.path.isfile(name):
            self.say(path, line, f"{name} does not exist")

    def foreign_include(self, path, line, name):
        if name.split("/")[0] in ARROWS:
            self.say(path, line, f"<{name}>: own headers stand in quotes")
        if name in EXIT_HEADERS and not allowed(path):
            self.say(path, line, f"<{name}>: library code neither prints nor"
                     " exits")
        if name in FILE_HEADERS and path.startswith("manifests/"):
            self.say(path, line, f"<{name}>: manifests/ opens no file")
        for library, headers, wrappers in FOREIGN:
            if not any(fnmatch.fnmatch(name, h) for h in headers):
                continue
            if path.endswith(".h"):
                self.say(path, line, f"<{name}> in a header: one .c file"
                         f" wraps {library}")
            elif wrappers is ANY_ONE:
                first = self.wrapper.setdefault(library, path)
                if first != path:
                    self.say(path, line, f"<{name}>: {first} wraps {library}")
            elif not any(fnmatch.fnmatch(path, w) for w in wrappers):
                self.say(path, line, f"<{name}>: only {', '.join(wrappers)}"
                         f" may include {library}")

    def file(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        text = without_comments(text)
        for m in INCLUDE.finditer(text):
            line = line_of(text, m.start())
            own = re.match(r'"([^"]*)"', m.group(1))
            foreign = re.match(r"<([^>]*)>", m.group(1))
            if own:
                self.own_include(path, line, own.group(1))
            elif foreign:
                self.foreign_include(path, line, foreign.group(1))
            else:
                self.say(path, line, f"#include {m.group(1)}: not understood")
        code = without_comments(text, strings=False)
        forbidden = EVERYTHING - allowed(path)
        for m in CALL.finditer(code):
            line, name = line_of(code, m.start()), m.group(1)
            if name in forbidden:
                self.say(path, line, f"{name}: library code neither prints nor"
                         " exits")
            if name in OPENING and path.startswith("manifests/"):
                self.say(path, line, f"{name}(): manifests/ opens no file")


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else \
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    os.chdir(top)
    check = Check()
    for folder in sorted(ARROWS):
        for path in sorted(glob.glob(f"{folder}/**/*.[ch]", recursive=True)):
            check.file(path)
    for text in check.found:
        print(text)
    return 1 if check.found else 0


if __name__ == "__main__":
    sys.exit(main())
