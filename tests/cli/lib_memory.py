# SPDX-License-Identifier: BSD-2-Clause
"""How much memory a run took at most, and how much it may."""

import os
import subprocess
import sys

CHUNK = 1 << 20
# What zstd itself estimates for one compressor, ZSTD_estimateCCtxSize(level), rounded up.
COMPRESSOR = {1: 1 << 20, 3: (1 << 20) + 400_000, 19: 18 << 20}
ENTRY = 76	# bytes of a volume's index for each chunk


def formula(jobs, level=3, volume_chunks=4096, files=0, path_bytes=0):
    """volume_chunks: chunks of the largest volume; path_bytes: the lengths of all paths."""
    return (64 << 20) + jobs * (8 * CHUNK + COMPRESSOR[level] + ENTRY * volume_chunks) + 256 * files + path_bytes


# What a process has when it starts another one counts for that, so a small one starts it.
STARTER = """
import os, sys
null = os.open(os.devnull, os.O_RDWR)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1)])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
"""


def peak(words, env=None):
    """Run a program, which has to succeed, and return the most bytes that it had in memory
    at one time; of children the largest counts, as if it were the program."""
    p = subprocess.run([sys.executable, "-S", "-c", STARTER, *map(str, words)], env=dict(os.environ, **(env or {})),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    status, size = map(int, p.stdout.split())
    assert status == 0, "%s: status %d\n%s" % (words, status, p.stderr.decode(errors="replace"))
    return size
