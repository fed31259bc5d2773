# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark's own machinery, on very little data: its samples are what they
claim to be, its tables have their form.  No speed is looked at."""

import json
import os
import pathlib
import struct
import sys

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import Room, run

BUILD = pathlib.Path(os.environ.get("SATCHEL_BUILD", "build")).absolute()
BENCH = pathlib.Path(lib.SRC).absolute() / "bench"
HEADINGS = ["Machine and versions", "What the machine can do, one thread", "bf16 and suite: 4.27 MiB",
            "What must be shown", "Kinds of data, each alone",
            "Where the time goes: ns a byte of input, one thread, without waiting",
            "Levels: stored bytes by bytes of input, and the codec's ns a byte of input, one thread"]
ALWAYS = ["pack, wall / tar, zstd, gpg", "bundle size / theirs, fp8", "pack, peak memory, MiB",
          "size / zstd -3, jsonl, made up", "pack, time a byte, 16 MiB / 1 MiB"]


def generate(kind, size, seed, path):
    r = run(BUILD / "bench/generate", kind, size, seed, path)
    assert r.status == 0, r
    return path.read_bytes()


def test_same_seed_same_bytes():
    with Room() as room:
        for kind in ("bf16", "q4_0", "jsonl"):
            first = generate(kind, 200_000, 1, room / "a")
            assert generate(kind, 200_000, 1, room / "b") == first
            assert generate(kind, 200_000, 2, room / "c") != first
            assert abs(len(first) - 200_000) < 20_000, (kind, len(first))


def test_samples_are_well_formed():
    with Room() as room:
        for kind, width in (("bf16", 2), ("fp32", 4), ("fp8", 1)):
            data = generate(kind, 500_000, 1, room / "a")
            n = struct.unpack("<Q", data[:8])[0]
            header = json.loads(data[8:8 + n])
            header.pop("__metadata__")
            at = 0
            for tensor in header.values():
                begin, end = tensor["data_offsets"]
                rows, columns = tensor["shape"]
                assert begin == at and end == begin + rows * columns * width, tensor
                at = end
            assert len(data) == 8 + n + at
        for kind in ("q4_0", "q8_0"):
            data = generate(kind, 500_000, 1, room / "a")
            assert data[:8] == b"GGUF\3\0\0\0" and len(data) % 32 == 0
        for line in generate("jsonl", 100_000, 1, room / "a").splitlines():
            assert set(json.loads(line)) == {"id", "subject", "question", "choices", "answer", "rationale"}


def bench(room, **env):
    return run(sys.executable, BENCH / "run.py", "--build", BUILD,
               env=dict({"BENCH_SIZE": "4MiB", "BENCH_RUNS": "1", "BENCH_TOOLS": "satchel", "BENCH_DIR": room,
                         "SATCHEL_DATA": room / "none"}, **env))


def test_tables():
    with Room() as room:
        r = bench(room)
        assert r.status == 0, r
        assert not list(room.iterdir()), "left behind"
        lines = r.out.splitlines()
        assert [line[4:] for line in lines if line.startswith("### ")] == HEADINGS, r.out
        columns = None
        for line in lines:
            if not line.startswith("|"):
                columns = None
                continue
            columns = columns or line.count("|")
            assert line.count("|") == columns, line
        first = {line.split("|")[1].strip() for line in lines if line.startswith("|")}
        for name in ALWAYS:
            assert name in first, "no row %r\n%s" % (name, r.out)
        assert "tar: not asked for" in r.out
        assert lines[-1] == "Every result was unpacked again and was the same bytes."


def test_refusals():
    with Room() as room:
        r = bench(room, BENCH_SIZE="much")
        assert r.status == 1 and "BENCH_SIZE=much" in r.err, r
        r = bench(room, BENCH_SIZE="100000GiB")
        assert r.status == 1 and "no room" in r.err, r
        assert not list(room.iterdir()), "left behind"


def test_a_result_that_differs_is_no_result():
    """With an extract that changes a byte."""
    with Room() as room:
        build = room / "build"
        build.mkdir()
        for name in ("satchel-pack", "bench"):
            (build / name).symlink_to(BUILD / name)
        (build / "satchel-unpack").write_text(
            '#!/bin/sh\n"%s/satchel-unpack" "$@" || exit\n'
            'while [ "$1" != -C ]; do shift; done\n'
            'for file in "$2"/*/data/suites/tasks-0.jsonl; do printf X >>"$file"; done\n' % BUILD)
        (build / "satchel-unpack").chmod(0o755)
        (room / "data").mkdir()
        r = run(sys.executable, BENCH / "run.py", "--build", build,
                env={"BENCH_SIZE": "4MiB", "BENCH_RUNS": "1", "BENCH_TOOLS": "satchel", "BENCH_DIR": room / "data"})
        assert r.status == 1 and "is not what was packed" in r.err, r
        assert not list((room / "data").iterdir()), "left behind"


lib.main(globals())
