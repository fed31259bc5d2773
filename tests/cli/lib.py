# SPDX-License-Identifier: BSD-2-Clause
"""What the command-line tests share: running the two programs, samples, and
comparing trees.  Every test file calls main(globals()): each function whose
name begins with test_ is one line of TAP."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import traceback

PACK = os.path.abspath(os.environ.get("SATCHEL_PACK", "build/satchel-pack"))
UNPACK = os.path.abspath(os.environ.get("SATCHEL_UNPACK", "build/satchel-unpack"))
SRC = os.environ.get("SATCHEL_SRC", ".")
DATA = os.environ.get("SATCHEL_DATA")
# A folder; what the programs say on stderr is gathered there, for tests/messages.py.
MESSAGES = os.environ.get("SATCHEL_MESSAGES")

OK, HOST, USAGE, UNTRUSTED, DAMAGED, INCOMPLETE, REFUSED, MALFORMED, BUSY = range(9)
INTERRUPTED = 130


# A signal that was ignored when the tests were started would stay so in the programs.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, signal.SIG_DFL)


class Skip(Exception):
    pass


class Record:
    """What the programs said, for tests/check-messages.py: one line of JSON each, in a file
    of SATCHEL_RECORDS that is named after the test file.  Said again it is not written again."""

    def __init__(self):
        folder = os.environ.get("SATCHEL_RECORDS")
        self.file = None
        self.known = set()
        self.lock = threading.Lock()
        if folder and sys.argv[0].endswith(".py"):
            self.script = pathlib.Path(sys.argv[0]).stem
            self.file = open(pathlib.Path(folder, self.script + ".json"), "a", encoding="utf-8")	# until the end
        self.begin("start")

    def write(self, *item):
        if self.file is None:
            return
        with self.lock:
            if item not in self.known:
                self.known.add(item)
                self.file.write(json.dumps(item) + "\n")
                self.file.flush()

    def begin(self, test):
        self.test = test
        self.write("test", test)

    def skip(self, why):
        self.write("skipped", self.test, str(why))

    def said(self, status, err):
        lines = err.splitlines()
        for line, after in zip(lines, lines[1:] + [""]):
            if line.startswith("satchel-"):
                hint = after if after.startswith("hint: ") else ""
                # numbers, digests and places of this run alone say nothing new
                self.write("said", self.test, status, *(re.sub(r"(?<!\S)/\S*/(?=\S)", ".../", re.sub(r"[0-9]+", "0", x))
                                                        for x in (line, hint)))


record = Record()


class Result:
    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err
        record.said(status, err)

    @property
    def verdict(self):
        lines = self.out.strip().splitlines()
        return lines[-1] if lines else ""

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return "$ %s\nstatus %s\n--- stdout\n%s--- stderr\n%s" % (
            " ".join(map(str, self.args)), self.status, self.out[-4000:], self.err[-4000:])


said = set()


def gather(err):
    """Lines of stderr that this test file has not seen yet: to MESSAGES/<its name>."""
    if MESSAGES is None:
        return
    new = set(err.splitlines()) - said
    said.update(new)
    if new:
        name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        with open(os.path.join(MESSAGES, name), "a", encoding="utf-8", errors="surrogateescape") as f:
            f.write("".join("%s\n" % line for line in sorted(new)))


def run(*args, env=None, stdin=None, timeout=300, cwd=None):
    """Run a program; env holds additions to the environment (None removes one)."""
    e = dict(os.environ)
    for k, v in (env or {}).items():
        if v is None:
            e.pop(k, None)
        else:
            e[k] = str(v)
    p = subprocess.Popen([str(a) for a in args], env=e, cwd=cwd,
                         stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = p.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        raise AssertionError("timed out: %s" % (args,))
    r = Result(args, p.returncode, out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape"))
    gather(r.err)
    return r


def pack(*args, **kw):
    return run(PACK, *args, **kw)


def unpack(*args, **kw):
    return run(UNPACK, *args, **kw)


def expect(result, status, text=None):
    """The status must be this one, and the text must be in what was printed."""
    assert result.status == status, "expected status %s\n%s" % (status, result)
    if text is not None:
        assert text in result.out + result.err, "expected %r\n%s" % (text, result)
    for c in result.out + result.err:
        o = ord(c)
        assert o >= 32 and not 0x7F <= o < 0xA0 or c == "\n", "control character %r\n%s" % (c, result)
    return result


def snapshot(root):
    """Everything about a tree that may not change: names, types, modes, times, bytes, links."""
    found = {}
    root = pathlib.Path(root)
    for path in sorted([root, *root.rglob("*")]):
        st = path.lstat()
        item = [stat.S_IFMT(st.st_mode), stat.S_IMODE(st.st_mode), st.st_mtime_ns]
        if stat.S_ISREG(st.st_mode):
            item.append(hashlib.sha256(path.read_bytes()).hexdigest())
        elif stat.S_ISLNK(st.st_mode):
            item.append(os.readlink(path))
        found[str(path.relative_to(root))] = tuple(item)
    return found


def tree(root, modes=True):
    """Relative path -> (is directory, executable, digest): what an import must give back."""
    found = {}
    root = pathlib.Path(root)
    for path in sorted(root.rglob("*")):
        st = path.lstat()
        name = str(path.relative_to(root))
        if stat.S_ISDIR(st.st_mode):
            found[name] = ("directory",)
        else:
            found[name] = ("file", bool(st.st_mode & 0o100) if modes else None,
                           hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def force_remove(path):
    shutil.rmtree(path, ignore_errors=True)


class Room:
    """A fresh directory for one test, removed afterwards."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="satchel-test-"))

    def __enter__(self):
        return self.path

    def __exit__(self, *exc):
        subprocess.run(["chmod", "-R", "u+rwX", str(self.path)], stderr=subprocess.DEVNULL, check=False)
        force_remove(self.path)


HANDOFF = """satchel-handoff: 1
bundle:
  name: %(name)s
  sequence: 1
  title: %(title)s
  from: Example AI, Inc.
  to: Evaluation Centre
  marking: UNCLASSIFIED
components:
%(components)s"""


def write_handoff(folder, components, name="aurora-preview", title="AE-0042", extra="", file="handoff.yaml"):
    """components: list of (name, kind, path)."""
    text = "".join("  - name: %s\n    kind: %s\n    path: %s\n" % c for c in components)
    path = pathlib.Path(folder) / file
    path.write_text(HANDOFF % {"name": name, "title": title, "components": text} + extra)
    return path


def sample(folder, size=300_000):
    """A small handoff of every shape: weights, text, empty file and directory, a
    program, a long name, a name that is not ASCII."""
    folder = pathlib.Path(folder)
    model = folder / "weights" / "aurora"
    suite = folder / "suites" / "cyber"
    model.mkdir(parents=True)
    (suite / "empty").mkdir(parents=True)
    (suite / ("n" * 200) / ("m" * 200)).mkdir(parents=True)
    data = bytearray()
    block = b"satchel"
    while len(data) < size:
        block = hashlib.sha512(block).digest()
        data += block
    (model / "model.bin").write_bytes(bytes(data[:size]))
    (model / "config.json").write_text('{"model_type": "aurora"}\n')
    (suite / "tasks.jsonl").write_text("".join('{"id": %d, "q": "how many?"}\n' % i for i in range(400)))
    (suite / "empty.txt").write_bytes(b"")
    (suite / "run.sh").write_text("#!/bin/sh\necho run\n")
    (suite / "run.sh").chmod(0o755)
    (suite / "caf\u00e9 \u65e5\u672c.txt").write_text("nicht ASCII\n")
    (suite / ("n" * 200) / ("m" * 200) / "deep.txt").write_text("deep\n")
    (folder / "notes.md").write_text("# Notes\n")
    return write_handoff(folder, [("aurora", "model", "weights/aurora"), ("cyber", "benchmark", "suites/cyber"),
                                  ("notes", "document", "notes.md")])


def payload(folder):
    """What of a sample's folder goes into the bundle: all but the handoff."""
    found = tree(folder)
    found.pop("handoff.yaml", None)
    return found


def flip(path, offset, bit=0):
    with open(path, "r+b") as f:
        f.seek(offset)
        b = f.read(1)
        f.seek(offset)
        f.write(bytes([b[0] ^ (1 << bit)]))


def copy_bundle(src, dst):
    shutil.copytree(src, dst, symlinks=True)
    return pathlib.Path(dst)


def main(scope):
    """Run the tests of a file, in the order in which they stand; TAP on stdout."""
    tests = [(k, v) for k, v in scope.items() if k.startswith("test_") and callable(v)]
    only = sys.argv[1:]
    if only:
        tests = [t for t in tests if t[0] in only]
    failed = False
    print("1..%d" % len(tests), flush=True)
    for i, (name, function) in enumerate(tests, 1):
        label = name[5:].replace("_", " ")
        record.begin(name)
        try:
            function()
            print("ok %d - %s" % (i, label), flush=True)
        except Skip as e:
            record.skip(e)
            print("ok %d - %s # SKIP %s" % (i, label, e), flush=True)
        except BaseException:
            failed = True
            print("not ok %d - %s" % (i, label))
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            sys.stdout.flush()
    done = scope.get("cleanup")
    if done is not None:
        done()
    sys.exit(1 if failed else 0)


def need_data(*parts):
    """A folder of the shared sample data, or a visible skip."""
    if DATA is None or not pathlib.Path(DATA, *parts).exists():
        raise Skip("sample data not here: %s" % "/".join(parts))
    return pathlib.Path(DATA, *parts)
