# SPDX-License-Identifier: BSD-2-Clause
"""The tables that `make bench` prints, as Markdown. It measures nothing."""

import os
import platform
import re
import statistics
import time

import measure
import tools

MIB = 1 << 20
GIB = 1 << 30
BIG = MIB               # files of the sample data from here on may not do worse than zstd -3
TOLERATED = 1.01


class Entry:
    """What one tool did with one sample."""

    def __init__(self):
        self.pack, self.unpack = measure.Series(), measure.Series()
        self.size = self.payload = 0


class Contest:
    """Some tools on one sample of so many bytes."""

    def __init__(self, title, plain):
        self.title, self.plain, self.entries = title, plain, {}

    def entry(self, tool):
        return self.entries.setdefault(tool, Entry())

    def get(self, tool):
        return self.entries.get(tool)


class Results:
    def __init__(self):
        self.limits = []        # (name, bytes a second)
        self.stages = {}        # title -> [(stage, pack, unpack)]
        self.levels = []        # (level, [(size, ns pack, ns unpack)] of jsonl and of bf16)
        self.main = None
        self.formats = {}       # kind -> Contest
        self.text = []          # (title, Contest, codec's output, zstd -3)
        self.scaling = []       # small and large Contest
        self.check = []         # (engine, stored bytes, [(bytes a second, SHA-512's)])
        self.weights = []       # (name, plain, ours, zstd -3, zstd -19)


def size(n):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (1 << 10, "KiB")):
        if n >= unit:
            return f"{n / unit:.3g} {name}"
    return f"{n} B"


def table(header, rows):
    """The first column to the left, the others to the right."""
    rows = [[str(c) for c in row] for row in rows]
    widths = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]

    def line(cells):
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(padded) + " |"
    rule = "|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|"
    print("\n".join([line(header), rule, *map(line, rows)]) + "\n")


def heading(text):
    print(f"### {text}\n")


def first_of(pattern, path):
    try:
        with open(path, encoding="utf-8") as f:
            found = re.search(pattern, f.read(), re.MULTILINE)
            return found.group(1) if found else "unknown"
    except OSError:
        return "unknown"


def machine(bench):
    heading("Machine and versions")
    memory = int(first_of(r"MemTotal:\s+(\d+)", "/proc/meminfo")) * 1024
    program = bench.place.program("satchel-unpack")
    print(f"- {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} processors,"
          f" {first_of('model name.*: (.*)', '/proc/cpuinfo')}, {size(memory)} of memory")
    print(f"- {first_of('PRETTY_NAME=.(.*).$', '/etc/os-release')}, Linux {platform.release()},"
          f" data in {bench.place.work.parent}")
    print("- " + ", ".join(measure.output(program, "--version").split("\n")[:3]))
    seen = set()
    for tool in bench.tools:
        if not isinstance(tool, tools.Satchel) and tool.program[0] not in seen:
            seen.add(tool.program[0])
            print(f"- {tool.version()}")
    print(f"- weights of the main sample: {size(bench.size)}; rounds: {bench.rounds}")
    busy = ": NOT QUIET, no ratio of times means much" if bench.load > 1 else ""
    print(f"- load average when it began: {bench.load:.2f}{busy}")
    for text in bench.skipped:
        print(f"- skipped: {text}")
    print()


def limits(bench):
    heading("What the machine can do, one thread")
    table(["", "MB/s"], [(name, f"{speed / 1e6:.0f}") for name, speed in bench.results.limits])


def contest(found):
    base = found.get(tools.NO_READ_BACK).pack
    base_unpack = found.get(tools.NO_READ_BACK).unpack
    rows = []
    for tool, e in found.entries.items():
        rows.append((tool.name, tool.gives, f"{e.pack.wall:.2f}", f"{e.pack.cpu:.2f}", f"{e.pack.peak / MIB:.0f}",
                     f"{1 / measure.ratio(base, e.pack):.2f}", f"{e.unpack.wall:.2f}", f"{e.unpack.cpu:.2f}",
                     f"{e.unpack.peak / MIB:.0f}", f"{1 / measure.ratio(base_unpack, e.unpack):.2f}",
                     f"{e.size / found.plain:.4f}", len(e.pack)))
    heading(f"{found.title}: {size(found.plain)}")
    table(["", "gives", "pack s", "CPU s", "peak MiB", "times ours", "unpack s", "CPU s", "peak MiB", "times ours",
           "size", "runs"], rows)


def formats(bench):
    rows = []
    for kind, c in [*bench.results.formats.items(), *((t, c) for t, c, *_ in bench.results.text)]:
        ours, theirs = c.get(tools.NO_READ_BACK), c.get(tools.TAR)
        speed = [f"{c.plain / ours.pack.wall / 1e6:.0f}", f"{c.plain / ours.unpack.wall / 1e6:.0f}"]
        if theirs:
            rows.append((kind, size(c.plain), f"{ours.size / c.plain:.4f}", f"{theirs.size / c.plain:.4f}",
                         f"{ours.size / theirs.size:.4f}", *speed, f"{measure.ratio(ours.pack, theirs.pack):.2f}",
                         f"{measure.ratio(ours.unpack, theirs.unpack):.2f}"))
        else:
            rows.append((kind, size(c.plain), f"{ours.size / c.plain:.4f}", "-", "-", *speed, "-", "-"))
    heading("Kinds of data, each alone")
    table(["", "input", "satchel", "tar, zstd, gpg", "ours/theirs", "pack MB/s", "unpack MB/s", "pack time/theirs",
           "unpack time/theirs"], rows)


class Shown:
    """Rows of the table of what must be shown."""

    def __init__(self):
        self.rows = []

    def add(self, what, value, must=None, aim=None, more=False, form="%.3f"):
        """more: greater is better."""
        if value is None:
            self.rows.append((what, "not measured", form % must if must else "-", form % aim if aim else "-", ""))
            return

        def reaches(limit):
            return limit is not None and (value >= limit if more else value <= limit)
        met = "" if must is None else "aim" if reaches(aim) else "must" if reaches(must) else "MISSED"
        self.rows.append((what, form % value, form % must if must else "-", form % aim if aim else "-", met))

    def ratio(self, what, ours, theirs, *limits_, **kw):
        both = ours and theirs and len(ours) and len(theirs)
        self.add(what, measure.ratio(ours, theirs) if both else None, *limits_, **kw)


def series(found, tool, what):
    e = found.get(tool) if found else None
    return getattr(e, what) if e else None


def shown_pack(r, s):
    def pack(tool):
        return series(r.main, tool, "pack")

    def unpack(tool):
        return series(r.main, tool, "unpack")
    tar, sums = tools.TAR, tools.TAR_SUMS
    s.ratio("pack, wall / tar, zstd, gpg", pack(tools.NO_READ_BACK), pack(tar), 0.35, 0.25)
    s.ratio("pack, wall / that and sha512sum", pack(tools.NO_READ_BACK), pack(sums), 0.20, 0.15)
    s.ratio("pack and read back, wall / tar, zstd, gpg", pack(tools.READ_BACK), pack(tar))
    s.ratio("pack and read back, wall / that and sha512sum", pack(tools.READ_BACK), pack(sums))
    s.ratio("pack, libcrypto alone, wall / tar, zstd, gpg", pack(tools.LIBCRYPTO), pack(tar), 0.40)
    s.ratio("extract, wall / gpg, zstd, tar", unpack(tools.NO_READ_BACK), unpack(tar), 0.55, 0.40)
    s.ratio("extract, wall / that and sha512sum -c", unpack(tools.NO_READ_BACK), unpack(sums))
    s.ratio("extract, libcrypto alone, wall / gpg, zstd, tar", unpack(tools.LIBCRYPTO), unpack(tar), 0.60)
    n = os.cpu_count()
    s.ratio(f"pack, {n} threads, times as fast as one", pack(tools.ONE_THREAD), pack(tools.NO_READ_BACK), 1.7, 1.9,
            more=True, form="%.2f")
    s.ratio(f"extract, {n} threads, times as fast as one", unpack(tools.ONE_THREAD), unpack(tools.NO_READ_BACK), 1.7,
            1.9, more=True, form="%.2f")
    most = 64 + 8 * n
    for what, used in (("pack", pack(tools.READ_BACK)), ("extract", unpack(tools.NO_READ_BACK))):
        s.add(f"{what}, peak memory, MiB", used.peak / MIB, most, most / 2, form="%.0f")


def shown(bench):
    r, s = bench.results, Shown()
    shown_pack(r, s)
    for kind, must, aim in (("bf16", 0.87, 0.855), ("fp32", 0.91, 0.90), ("fp8", 1.01, 1.00)):
        c = r.formats[kind]
        theirs = c.get(tools.TAR)
        s.add(f"bundle size / theirs, {kind}", c.get(tools.NO_READ_BACK).size / theirs.size if theirs else None, must,
              aim)
    for title, c, ours, zstd in r.text:
        s.add(f"size / zstd -3, {title}", c.get(tools.NO_READ_BACK).payload / zstd, 1.01, 0.97)
        s.add("the same before padding and sealing", ours / zstd)
    limit = {"libcrypto": (0.9, 0.97), "intel-ipsec-mb": (2.5, 4)}
    for engine, stored, found in r.check:
        s.add(f"check -j 1 of {size(stored)}, {engine}, speed / SHA-512", statistics.median(a / b for a, b in found),
              *limit[engine], more=True)
    small, large = r.scaling
    for what in ("pack", "unpack"):
        a, b = (series(c, tools.NO_READ_BACK, what) for c in (large, small))
        s.add(f"{what}, time a byte, {large.title} / {small.title}",
              measure.ratio(a, b) * small.plain / large.plain, 1.10, 1.05)
    heading("What must be shown")
    table(["", "here", "must", "aim", "reaches"], s.rows)


def stages(bench):
    heading("Where the time goes: ns a byte of input, one thread, without waiting")
    for title, rows in bench.results.stages.items():
        print(f"{title}:\n")
        total = ("sum", sum(p for _, p, _ in rows), sum(u for _, _, u in rows))
        table(["", "pack", "extract"], [(n, f"{p:.3f}", f"{u:.3f}") for n, p, u in [*rows, total]])


def levels(bench):
    heading("Levels: stored bytes by bytes of input, and the codec's ns a byte of input, one thread")
    table(["-l", "jsonl", "pack", "extract", "bf16", "pack", "extract"],
          [(level, *(cell for size, *ns in kinds for cell in (f"{size:.4f}", *(f"{t:.2f}" for t in ns))))
           for level, kinds in bench.results.levels])


def weights(bench):
    found = bench.results.weights
    if not found:
        return
    heading("Real weights: the codec's output, each file cut alone into chunks of 1 MiB")
    rows, rest = [], [0, 0, 0, 0]
    for name, plain, ours, fast, best in sorted(found, key=lambda row: -row[1]):
        if plain < BIG // 8:
            rest = [a + b for a, b in zip(rest, (plain, ours, fast, best))]
            continue
        worse = plain >= BIG and ours > fast * TOLERATED
        rows.append((name, plain, f"{ours / plain:.4f}", f"{fast / plain:.4f}", f"{best / plain:.4f}",
                     f"{ours / fast:.4f}", "WORSE" if worse else ""))
    smaller = sum(plain < BIG // 8 for _, plain, *_ in found)
    sums = [sum(row[i] for row in found) for i in range(1, 5)]
    for name, (plain, ours, fast, best) in ((f"{smaller} smaller files", rest), ("all files", sums)):
        if plain:
            rows.append((name, plain, f"{ours / plain:.4f}", f"{fast / plain:.4f}", f"{best / plain:.4f}",
                         f"{ours / fast:.4f}", ""))
    table(["", "bytes", "satchel", "zstd -3", "zstd -19", "ours/zstd -3", ""], rows)


def write(bench):
    machine(bench)
    limits(bench)
    contest(bench.results.main)
    shown(bench)
    formats(bench)
    stages(bench)
    levels(bench)
    weights(bench)
    print("Every result was unpacked again and was the same bytes.")
