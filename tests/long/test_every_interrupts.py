# SPDX-License-Identifier: BSD-2-Clause
"""SIGINT, SIGTERM and SIGHUP at every system call, where test_interrupts.py takes a sample."""

import os
import pathlib
import runpy

os.environ["SATCHEL_EVERY"] = "1"
runpy.run_path(str(pathlib.Path(__file__).resolve().parent / "test_interrupts.py"), run_name="__main__")
