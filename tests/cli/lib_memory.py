# SPDX-License-Identifier: BSD-2-Clause
"""How much memory a run took at most, and how much it may."""

import os

CHUNK = 1 << 20
# What zstd itself estimates for one compressor, ZSTD_estimateCCtxSize(level), rounded up.
COMPRESSOR = {1: 1 << 20, 3: (1 << 20) + 400_000, 19: 18 << 20}
ENTRY = 76	# bytes of a volume's index for each chunk


def formula(jobs, level=3, volume_chunks=4096, files=0, path_bytes=0):
    """volume_chunks: chunks of the largest volume; path_bytes: the lengths of all paths."""
    return (64 << 20) + jobs * (8 * CHUNK + COMPRESSOR[level] + ENTRY * volume_chunks) + 256 * files + path_bytes


def peak(words, env=None):
    """Run a program, which has to succeed, and return the most bytes that it had in memory
    at one time; of children the largest counts, as if it were the program."""
    log = os.open(os.devnull, os.O_RDWR)
    # What this process has at this moment counts as well, so it has to be little.
    pid = os.posix_spawn(str(words[0]), [str(w) for w in words], dict(os.environ, **(env or {})),
                         file_actions=[(os.POSIX_SPAWN_DUP2, log, fd) for fd in (0, 1)])
    os.close(log)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "%s: status %d" % (words, os.waitstatus_to_exitcode(status))
    return usage.ru_maxrss * 1024
