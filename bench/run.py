#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make bench: satchel beside other tools, on the same data in memory, in turn.

It measures and compares; it judges no speed: the exit status says only whether
everything that was packed came back as the same bytes.

Environment (README.md has more):
  BENCH_SIZE    weights of the main sample (1GiB); others derive from it
  BENCH_RUNS    rounds (3)
  BENCH_DIR     where all data are (/dev/shm)
  BENCH_TOOLS   which of: tar mksquashfs restic borg 7z (all)
  SATCHEL_DATA  sample data (default: ../shared/data beside the checkout)
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time

SRC = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SRC / "tests" / "cli"))
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import lib_keys  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import samples  # noqa: E402
import tools  # noqa: E402

MIB = 1 << 20
GIB = 1 << 30


def size_option(text):
    m = re.fullmatch(r"(\d+)(KiB|MiB|GiB)?", text)
    if not m:
        sys.exit(f"bench: BENCH_SIZE={text}: not a size (128MiB, 1GiB)")
    return int(m.group(1)) * {None: 1, "KiB": 1 << 10, "MiB": MIB, "GiB": GIB}[m.group(2)]


class Bench:
    """One run: what was asked for, and what came out (a report.Results)."""

    def __init__(self, place, size, rounds):
        self.place, self.size, self.rounds = place, size, rounds
        self.began = time.monotonic()
        self.load = os.getloadavg()[0]
        self.tools, self.skipped = tools.chosen()
        self.results = report.Results()

    def say(self, text):
        print(f"[{time.monotonic() - self.began:4.0f} s] {text}", file=sys.stderr, flush=True)

    def room_for(self, n):
        """Are so many bytes free, in the folder and in memory?"""
        with open("/proc/meminfo", encoding="ascii") as f:
            free = int(re.search(r"MemAvailable:\s+(\d+)", f.read()).group(1)) * 1024
        return n + GIB // 2 < min(free, shutil.disk_usage(self.place.work).free)

    # One after the other on the same source: the heart of it all.
    def turn(self, contest, tool, source, wanted, unpack=True):
        """Pack and unpack once; the result is checked and thrown away."""
        out, dest = self.place.work / "out", self.place.work / "dest"
        entry = contest.entry(tool)
        room = samples_size(source)
        self.warm_up(room)
        entry.pack.add(tool.pack(self.place, source, out))
        entry.size, entry.payload = tools.size_of(out), tool.payload(out)
        if unpack:
            dest.mkdir()
            self.warm_up(room)
            entry.unpack.add(tool.unpack(self.place, out, dest))
            samples.must_be(dest, wanted, tool.name)
        self.clear(out, dest)

    @staticmethod
    def clear(*paths):
        for path in paths:
            if path.exists():
                shutil.rmtree(path)

    def contest(self, title, source, contenders, rounds=None):
        contest = report.Contest(title, samples_size(source))
        wanted = samples.tree(source)
        for i in range(rounds or self.rounds):
            for tool in contenders:
                if tool.runs and i >= tool.runs:
                    continue
                self.say(f"{title}: round {i + 1}: {tool.name}")
                self.turn(contest, tool, source, wanted)
        return contest

    # The phases.
    def warm_up(self, size):
        """Touch as much memory as will be written: on a virtual machine the first to use a page
        pays for it, and the host takes back what was free for a while."""
        path, zeros = self.place.work / "warm", bytes(16 * MIB)
        with open(path, "wb", buffering=0) as f:
            for _ in range(size // len(zeros) + 8):
                f.write(zeros)
        path.unlink()

    def limits(self, weights, text):
        self.say("limits of the machine")
        program, seconds = self.place.program("bench/limits"), "0.5" if self.size >= 64 * MIB else "0.02"
        found = []
        for env, file, names in [({}, weights, ["copy", "sha256", "sha512", "aes-256-gcm"]),
                                 ({"SATCHEL_DIGEST_ENGINE": "libcrypto"}, weights, ["chunk-digest"]),
                                 ({"SATCHEL_DIGEST_ENGINE": "intel-ipsec-mb"}, weights, ["chunk-digest"]),
                                 ({}, weights, ["zstd"]), ({}, text, ["zstd"])]:
            for line in measure.output(program, seconds, file, *names, env=env).splitlines():
                name, speed = line.split("\t")
                if names == ["zstd"]:
                    name += f", {file.suffix[1:]}"
                if name not in dict(found):
                    found.append((name, float(speed)))
        self.results.limits = found

    def stages(self, title, file):
        self.say(f"stages: {title}")
        *rows, _ = self.stages_of(file, 512 * MIB)
        self.results.stages[title] = [(name, float(pack), float(unpack)) for name, pack, unpack in rows]

    def stages_of(self, file, most, *level):
        text = measure.output(self.place.program("bench/stages"), file, most, self.place.work, *level)
        return [line.split("\t") for line in text.splitlines()]

    def levels(self, *kinds):
        """What the codec makes of each kind at some levels, and its time; less of it, as 19 is slow."""
        for level in (1, 3, 4, 5, 6, 9, 19):
            self.say(f"level {level}")
            found = []
            for file, most in kinds:
                *rows, stored = self.stages_of(file, most, str(level))
                pack, unpack = next((float(p), float(u)) for name, p, u in rows if name == "codec")
                found.append((float(stored[1]), pack, unpack))
            self.results.levels.append((level, found))

    def main_sample(self):
        source = samples.mixed(self.place, "mixed", self.size)
        weights = next((source / "weights").iterdir())
        text = next((source / "suites").iterdir())
        self.limits(weights, text)
        self.results.main = self.contest("bf16 and suite", source, self.tools)
        self.stages("bf16", weights)
        self.stages("jsonl", text)
        self.levels((text, 4 * MIB), (weights, 32 * MIB))
        self.clear(source)

    def formats(self):
        """Each kind of weights alone: size and speed beside tar, zstd and gpg."""
        contenders = [t for t in self.tools if t in (tools.NO_READ_BACK, tools.TAR)]
        for kind in ("bf16", "fp32", "fp8", "q4_0", "q8_0"):
            source = samples.sample(self.place, kind, kind, self.size // 4)
            self.results.formats[kind] = self.contest(kind, source, contenders)
            self.clear(source)
        source = samples.sample(self.place, "jsonl", text=self.size // 16)
        self.text_alone("jsonl, made up", source, contenders)
        data = os.environ.get("SATCHEL_DATA")
        if data and (pathlib.Path(data) / "benchmarks").is_dir():
            source = self.place.work / "real"
            source.mkdir()
            shutil.copytree(pathlib.Path(data) / "benchmarks", source / "suites")
            self.text_alone("the suites of the sample data", samples.handoff(source), contenders)

    def text_alone(self, title, source, contenders):
        contest = self.contest(title, source, contenders)
        tar = ["bash", "-o", "pipefail", "-c", 'tar -C "$0" --sort=name -cf - suites | "$1" 3 -', source,
               self.place.program("bench/codec")]
        _, ours, zstd, _ = measure.output(*tar).split("\t")
        self.results.text.append((title, contest, int(ours), int(zstd)))
        self.clear(source)

    def scaling(self):
        """A large sample and a small one in turn, and check on the large bundle."""
        small, large = self.size // 4, self.size * 4
        if not self.room_for(large * 3):
            self.skipped.append(f"{report.size(large)} against {report.size(small)}: not enough memory")
            large = self.size
        contests = []
        for size in (small, large):
            self.say(f"making {report.size(size)}")
            source = samples.mixed(self.place, f"mixed-{size // MIB}", size)
            contests.append((source, samples.tree(source), report.Contest(report.size(size), samples_size(source))))
        for i in range(self.rounds):
            for source, wanted, contest in contests:
                self.say(f"{contest.title}: round {i + 1}")
                self.turn(contest, tools.NO_READ_BACK, source, wanted)
        self.results.scaling = [contest for _, _, contest in contests]
        self.check(contests[-1][0])
        for source, _, _ in contests:
            self.clear(source)

    def check(self, source):
        out = self.place.work / "out"
        tools.NO_READ_BACK.pack(self.place, source, out)
        stored = tools.NO_READ_BACK.payload(out)
        limits, weights = self.place.program("bench/limits"), next((source / "weights").iterdir())

        def sha512():
            return float(measure.output(limits, "1" if self.size >= 64 * MIB else "0.02", weights, "sha512").split("\t")[1])

        for engine in ("libcrypto", "intel-ipsec-mb"):
            tool = tools.Satchel("check", jobs=1, engine=engine)
            env = {"SATCHEL_DIGEST_ENGINE": engine}
            version = measure.output(self.place.program("satchel-unpack"), "--version", env=env)
            if engine not in version:
                self.skipped.append(f"check with {engine}: it does not serve on this machine")
                continue
            found = []
            for i in range(self.rounds):
                self.say(f"check, {engine}: round {i + 1}")
                # before and after: the machine's speed varies meanwhile
                before, wall, after = sha512(), tool.check(self.place, out).wall, sha512()
                found.append((stored / wall, (before + after) / 2))
            self.results.check.append((engine, stored, found))
        self.clear(out)

    def real_weights(self):
        data = pathlib.Path(os.environ.get("SATCHEL_DATA", "")) / "weights"
        if not os.environ.get("SATCHEL_DATA") or not data.is_dir():
            self.skipped.append("real weights: sample data not here")
            return
        self.say("real weights")
        files = sorted(p for p in data.rglob("*") if p.is_file() and p.stat().st_size)
        text = measure.output(self.place.program("bench/codec"), "3,19", *files)
        for line in text.splitlines():
            plain, ours, fast, best, name = line.split("\t")
            self.results.weights.append((str(pathlib.Path(name).relative_to(data)), int(plain), int(ours), int(fast),
                                         int(best)))

    def run(self):
        if not self.room_for(4 * self.size):
            sys.exit(f"bench: {self.place.work} has no room for four times {report.size(self.size)}")
        self.warm_up(4 * self.size)
        self.main_sample()
        self.formats()
        self.scaling()
        self.real_weights()
        self.say("done")


def samples_size(source):
    return sum(tools.size_of(source / name) for name in tools.folders_of(source))


def find_data():
    """As tests/run does."""
    data = os.environ.get("SATCHEL_DATA") or SRC / "../shared/data"
    os.environ.pop("SATCHEL_DATA", None)
    if os.path.isdir(data):
        os.environ["SATCHEL_DATA"] = os.path.abspath(data)


def main():
    parser = argparse.ArgumentParser(description="Measure satchel beside other tools.")
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    size = size_option(os.environ.get("BENCH_SIZE") or "1GiB")
    rounds = int(os.environ.get("BENCH_RUNS") or 3)
    find_data()
    # So that what is below is undone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="satchel-bench-", dir=os.environ.get("BENCH_DIR") or "/dev/shm") as work, \
            lib_keys.Keyring() as keys:
        place = tools.Place(os.path.abspath(args.build), work, keys)
        bench = Bench(place, size, rounds)
        try:
            bench.run()
            report.write(bench)
        except measure.Failed as e:
            print(f"bench: {e}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
