# SPDX-License-Identifier: BSD-2-Clause
"""Writes a small handoff into the current folder: a bf16 model in safetensors whose
tensors have the shapes and the spread of trained weights, its config, and a suite."""

import json
import math
import os
import random
import struct

LAYERS, WIDTH, VOCABULARY = 2, 256, 2048


def tensor(count, sigma, rng):
    """bf16 values, normally distributed: the upper halves of float32 numbers."""
    data = struct.pack("<%df" % count, *(rng.gauss(0.0, sigma) for _ in range(count)))
    return b"".join(data[i + 2:i + 4] for i in range(0, len(data), 4))


def model(path, rng):
    shapes = {"model.embed_tokens.weight": (VOCABULARY, WIDTH)}
    for n in range(LAYERS):
        for name in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"):
            shapes["model.layers.%d.%s.weight" % (n, name)] = (WIDTH, WIDTH)
        shapes["model.layers.%d.mlp.up_proj.weight" % n] = (4 * WIDTH, WIDTH)
        shapes["model.layers.%d.mlp.down_proj.weight" % n] = (WIDTH, 4 * WIDTH)
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape in shapes.items():
        blobs.append(tensor(math.prod(shape), 0.7 / math.sqrt(shape[-1]), rng))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + len(blobs[-1])]}
        at += len(blobs[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def main():
    rng = random.Random(1)
    os.makedirs("weights/aurora")
    os.makedirs("suites/sums")
    model("weights/aurora/model.safetensors", rng)
    with open("weights/aurora/config.json", "w", encoding="utf-8") as f:
        json.dump({"model_type": "llama", "hidden_size": WIDTH, "num_hidden_layers": LAYERS}, f, indent=2)
        f.write("\n")
    with open("suites/sums/test.jsonl", "w", encoding="utf-8") as f:
        for _ in range(1000):
            a, b = rng.randrange(1000), rng.randrange(1000)
            f.write(json.dumps({"question": "What is %d + %d?" % (a, b), "answer": str(a + b)}) + "\n")


main()
