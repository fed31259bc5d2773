# SPDX-License-Identifier: BSD-2-Clause
"""Weights and indexes of shards that are not what they are called: each message of those who read
them, as init notes it.  A file that is large here has a hole for most of its bytes."""

import json
import os
import struct

import lib
from lib import OK, Room, expect, pack

U32, STRING, ARRAY, BOOL, U8 = 4, 8, 9, 7, 0
F32, I8, IQ1_S = 0, 24, 19


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def info(name="t", shape=(1,), kind=I8, offset=0):
    return text(name) + struct.pack("<I%dQIQ" % len(shape), len(shape), *shape, kind, offset)


def gguf(pairs=(), infos=(), version=3, data=b""):
    head = b"GGUF" + struct.pack("<IQQ", version, len(infos), len(pairs)) + b"".join((*pairs, *infos))
    return head + data + bytes(200)


def long_header(path):
    """A list of 257 MiB, and one key more behind it."""
    first = pair("a", ARRAY, struct.pack("<IQ", U8, 257 << 20))
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + first
    with open(path, "wb") as f:
        f.write(head)
        f.seek(len(head) + (257 << 20))
        f.write(pair("b", U8, b"\0") + bytes(200))


ONE = (pair("a", U8, b"\0"),)
GGUF = [
    (gguf([pair("a", BOOL, b"\2")]), "a bool that is neither 0 nor 1"),
    (gguf([pair("a", ARRAY, struct.pack("<IQ", BOOL, 3) + b"\0\1\2")]), "a bool that is neither 0 nor 1"),
    (gguf([pair("a" * 65536, U8, b"\0")]), "a key over 65535 bytes"),
    (gguf(ONE * 2), "a key stands there twice"),
    (gguf([pair("", U8, b"\0")]), "an empty key"),
    (gguf([pair("a", 13, b"\0")]), "a value of an unknown type"),
    (gguf([pair("general.alignment", STRING, text("32"))]), "general.alignment is no uint32"),
    (gguf(version=3 << 24), "big-endian: not read here"),
    (gguf(infos=[info(kind=99)]), "a tensor type that is not known here"),
    (gguf(infos=[info(b"\xff")]), "a tensor's name is not UTF-8"),
    (gguf(infos=[info(shape=(1 << 62,), kind=F32)]), "a tensor's size passes 64 bits"),
    (gguf(infos=[info(shape=(1 << 62,))]), "the data passes 62 bits"),
    (gguf(infos=[info("a", (256, 1 << 54), IQ1_S), info("b", (256, 1 << 54), IQ1_S, 50 << 54)]),
     "the parameters pass 63 bits"),
    (gguf(infos=[info()], data=b"\1" * 64), "padding that is not zero"),
    (long_header, "the header is over 256 MiB"),
]


def safetensors(header, data=b"x"):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


SAFETENSORS = [
    (safetensors(b'{"t":-x}'), "a wrong number"),
    (safetensors({"t": tensor("F64", [1 << 59], 0, 1)}), "the size of a tensor passes 64 bits"),
    (safetensors({"t%d" % i: tensor("F4", [1 << 61], i << 60, (i + 1) << 60) for i in range(4)}),
     "the number of parameters passes 63 bits"),
    (safetensors(b'{"__metadata__":{' + b",".join(b'"%x":""' % i for i in range(1000001)) + b"}}"),
     "over a million keys in __metadata__"),
    (safetensors(b'{"t":{"shape":[[[1]]]}}'), "nested too deep"),
]


# longer than what tells that it is JSON at all
LONG = json.dumps({"weight_map": {"t%d" % i: "w.safetensors" for i in range(20000)}}).encode()


def large_index(path):
    path.write_bytes(LONG[:-2])
    os.truncate(path, 100000001)


INDEXES = [
    (b'{"weight_map":{"t":1}}', "the index maps a tensor to no name"),
    (b'{"weight_map":{"t":"../w.safetensors"}}', "the index names no plain file name"),
    (json.dumps({"weight_map": {"t%d" % i: "w%d" % i for i in range(10001)}}).encode(),
     "the index names over 10000 files"),
    (large_index, "the index is over 100000000 bytes"),
    (LONG + b" {", "something stands behind the value"),
]


def named(suffix, cases):
    with Room() as here:
        for i, (content, _) in enumerate(cases):
            path = here / ("w%02d" % i + suffix)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content)
        r = expect(pack("init", here, "-o", here / "draft.yaml"), OK)
    lines = r.err.splitlines()
    missing = [words for i, (_, words) in enumerate(cases)
               if not any("w%02d%s" % (i, suffix) in line and words in line for line in lines)]
    assert not missing, (missing, r)


def test_gguf():
    named(".gguf", GGUF)


def test_safetensors():
    named(".safetensors", SAFETENSORS)


def test_indexes_of_shards():
    named(".safetensors.index.json", INDEXES)


lib.main(globals())
