# SPDX-License-Identifier: BSD-2-Clause
"""Runs a program, or a pipeline of them, and says what the whole tree of
processes has used. It knows nothing of what they do."""

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time

SAMPLE_SECONDS = 0.02


class Failed(Exception):
    """A program did not do what it should: then no figure of the run counts."""


class Used:
    """wall and cpu in seconds, peak in bytes."""

    def __init__(self, wall, cpu, peak):
        self.wall, self.cpu, self.peak = wall, cpu, peak


def tree_of(pid):
    """The process and all that it has started."""
    found, ahead = [], [pid]
    while ahead:
        pid = ahead.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                    ahead += [int(child) for child in f.read().split()]
        except OSError:
            pass
    return found


def resident(pid):
    """Memory of one process; what it shares with others counts by its part."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Sampler(threading.Thread):
    """The greatest sum of memory that was seen."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.over = pid, 0, threading.Event()

    def run(self):
        while not self.over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(resident, tree_of(self.pid))))


def run(command, env=None, cwd=None):
    """Run a list of words, or a string in bash where a pipeline fails as a whole."""
    words = command
    if isinstance(command, str):
        words = ["bash", "-o", "pipefail", "-ec", command]
    with tempfile.TemporaryFile() as log:
        began = time.monotonic()
        process = subprocess.Popen([str(w) for w in words], env=dict(os.environ, **(env or {})), cwd=cwd,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        sampler = Sampler(process.pid)
        sampler.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:       # interrupted: it may not run on without us
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.over.set()
        sampler.join()
        if process.returncode != 0:
            log.seek(0)
            text = log.read().decode("utf-8", "backslashreplace")
            raise Failed(f"{command}\nstatus {process.returncode}\n{text}")
    return Used(wall, usage.ru_utime + usage.ru_stime, sampler.peak)


def output(*words, env=None):
    """What a program prints; not measured."""
    p = subprocess.run([str(w) for w in words], env=dict(os.environ, **(env or {})), check=False,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = p.stdout.decode("utf-8", "backslashreplace")
    if p.returncode != 0:
        raise Failed(f"{words}\nstatus {p.returncode}\n{text}")
    return text


class Series:
    """What several runs of the same have used."""

    def __init__(self):
        self.runs = []

    def add(self, used):
        self.runs.append(used)

    def __len__(self):
        return len(self.runs)

    def median(self, what):
        return statistics.median(getattr(u, what) for u in self.runs)

    @property
    def wall(self):
        return self.median("wall")

    @property
    def cpu(self):
        return self.median("cpu")

    @property
    def peak(self):
        return max(u.peak for u in self.runs)


def ratio(ours, theirs):
    """The median of the ratios of one round each: what a machine that gets slower does not touch."""
    return statistics.median(a.wall / b.wall for a, b in zip(ours.runs, theirs.runs))
