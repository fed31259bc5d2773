# SPDX-License-Identifier: BSD-2-Clause
"""An error at every system call, where test_host_faults.py takes a sample."""

import os
import pathlib
import runpy

os.environ["SATCHEL_EVERY"] = "1"
runpy.run_path(str(pathlib.Path(__file__).resolve().parent / "test_host_faults.py"), run_name="__main__")
