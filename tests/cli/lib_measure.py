# SPDX-License-Identifier: BSD-2-Clause
"""Processor time and greatest memory of a program.  A process begins with the memory of
the one that started it, so a small process of its own starts what is measured."""

import json
import os
import subprocess
import sys
import tempfile


class Measure:
    """The small process; it ends with this one."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-I", "-S", "-B", __file__], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def run(self, argv, env):
        """(status, output, errors, seconds, bytes)"""
        with tempfile.TemporaryDirectory(prefix="satchel-measure-") as room:
            order = {"argv": [str(a) for a in argv], "env": env, "out": room + "/out", "err": room + "/err"}
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            status, seconds, memory = json.loads(self.process.stdout.readline())
            texts = []
            for name in (order["out"], order["err"]):
                with open(name, "rb") as f:
                    texts.append(f.read().decode("utf-8", "surrogateescape"))
        return status, *texts, seconds, memory

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def serve():
    for line in sys.stdin:
        order = json.loads(line)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        pid = os.posix_spawn(order["argv"][0], order["argv"], order["env"], file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, order["out"], flags, 0o600), (os.POSIX_SPAWN_OPEN, 2, order["err"], flags, 0o600)])
        _, status, used = os.wait4(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]),
              flush=True)


if __name__ == "__main__":
    serve()
