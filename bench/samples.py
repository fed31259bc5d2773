# SPDX-License-Identifier: BSD-2-Clause
"""The data that is packed: made up by bench/generate, in memory; and whether a
result is the same bytes again."""

import concurrent.futures
import hashlib
import os
import pathlib

import measure

HANDOFF = """satchel-handoff: 1
bundle:
  name: bench
  sequence: 1
  title: AE-0042
  from: Example AI, Inc.
  to: Evaluation Centre
  marking: UNCLASSIFIED
components:
"""
COMPONENT = """  - name: %s
    kind: %s
    path: %s
"""
KINDS = {"weights": "model", "suites": "benchmark"}
SUITE_FILES = 8
SUFFIX = {"bf16": "safetensors", "fp32": "safetensors", "fp8": "safetensors", "q4_0": "gguf", "q8_0": "gguf",
          "jsonl": "jsonl"}


def generate(place, kind, size, path):
    """The seed is the file's name, so no two files are alike."""
    seed = int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:7], "little")
    measure.run([place.program("bench/generate"), kind, size, seed, path])


def handoff(folder):
    """Write a handoff of the folders that are there."""
    text = HANDOFF + "".join(COMPONENT % (name, kind, name) for name, kind in KINDS.items() if (folder / name).is_dir())
    (folder / "handoff.yaml").write_text(text)
    return folder


def sample(place, name, kind=None, weights=0, text=0):
    """A folder with so many bytes of weights in one file, and so many of text in a few."""
    folder = place.work / name
    folder.mkdir()
    if weights:
        (folder / "weights").mkdir()
        generate(place, kind, weights, folder / "weights" / f"model-{kind}.{SUFFIX[kind]}")
    if text:
        (folder / "suites").mkdir()
        for i in range(SUITE_FILES):
            generate(place, "jsonl", text // SUITE_FILES, folder / "suites" / f"tasks-{i}.jsonl")
    return handoff(folder)


def mixed(place, name, size):
    """bf16 weights of that size and a suite: 94 and 6 of 100."""
    return sample(place, name, "bf16", size, size * 6 // 94)


def digest_of(path):
    h = hashlib.sha256()
    buffer = memoryview(bytearray(1 << 20))
    with open(path, "rb", buffering=0) as f:
        while n := f.readinto(buffer):
            h.update(buffer[:n])
    return h.hexdigest()


def tree(root):
    """Path below root -> SHA-256, of all files below the folders that are packed."""
    root = pathlib.Path(root)
    paths = sorted(p for name in KINDS for p in (root / name).rglob("*") if p.is_file())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip([str(p.relative_to(root)) for p in paths], pool.map(digest_of, paths)))


def root_of(dest):
    """Where below dest the folders lie again: some tools put others above them."""
    for path, folders, _ in os.walk(dest):
        if set(folders) & set(KINDS):
            return path
    raise measure.Failed(f"nothing that was packed lies below {dest}")


def must_be(dest, wanted, who):
    if tree(root_of(dest)) != wanted:
        raise measure.Failed(f"{who}: what was unpacked is not what was packed")
