# SPDX-License-Identifier: BSD-2-Clause
"""Ten million chunks, random, structured and made up against the codec, go through the
planes and come back: test_random of tests/unit/test_planes.c, on all processors."""

import os
import pathlib
import subprocess

from lib_long import need_plain, say
import lib

CASES = int(os.environ.get("SATCHEL_PLANES_CASES") or 10_000_000)
PROGRAM = pathlib.Path(os.environ["SATCHEL_BUILD"], "tests", "unit", "test_planes")


def test_ten_million_chunks():
    need_plain()
    n = len(os.sched_getaffinity(0))
    each = -(-CASES // n)
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", SATCHEL_PLANES_CASES=str(each))
    running = [subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env=dict(env, SATCHEL_PLANES_SEED=str(i))) for i in range(n)]
    for i, process in enumerate(running):
        said = process.communicate()[0]
        assert process.returncode == 0, "seed %d: status %d\n%s" % (i, process.returncode, said)
        assert any(line.startswith("ok ") and "test_random" in line for line in said.splitlines()), said
    say("%d chunks with %d seeds", each * n, n)


lib.main(globals())
