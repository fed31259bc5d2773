# SPDX-License-Identifier: BSD-2-Clause
"""SIGKILL at every system call, where test_kills.py takes a sample."""

import os
import pathlib
import runpy

os.environ["SATCHEL_EVERY"] = "1"
runpy.run_path(str(pathlib.Path(__file__).resolve().parent / "test_kills.py"), run_name="__main__")
