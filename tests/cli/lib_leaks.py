# SPDX-License-Identifier: BSD-2-Clause
"""Canaries: words that exist nowhere else, the forms in which one could leak, the search
for them; and the parts of a volume, by satchel-bundle(5)."""

import base64
import bz2
import json
import lzma
import secrets
import struct
import unicodedata
import urllib.parse
import zlib

HEAD = 48 + 13		# header and guard
ENTRY = 76
LETTERS = "abcdefghijklmnopqrstuvwxyz"
OTHERS = "\u0430\u0431\u0432\u0433\u0434\u0436\u0437\u0438\u043a\u043b\u043c\u00e9\u00fc\u00f1\u65e5\u672c"


def word(letters=LETTERS, n=16):
    return "".join(secrets.choice(letters) for _ in range(n))


def base64_forms(data):
    """What stands in a base64 text whatever the data are preceded by."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data)
        text = text[(0, 2, 3)[shift]:len(text) - len(text) % 4]
        text = text.rstrip(b"=")[:-1]		# the last character depends on what follows
        yield text
        yield text.replace(b"+", b"-").replace(b"/", b"_")


def data_forms(data):
    yield data
    yield data[::-1]
    yield data.hex().encode()
    yield data.hex().upper().encode()
    yield from base64_forms(data)


def text_forms(text):
    for t in {text, text.upper(), unicodedata.normalize("NFD", text)}:
        yield from data_forms(t.encode())
    yield from data_forms(text.encode("utf-16-le"))
    yield text.encode("utf-16-be")
    yield text.encode("utf-32-le")
    yield urllib.parse.quote(text).encode()
    yield json.dumps(text)[1:-1].encode()
    yield "".join("\\%03o" % b for b in text.encode()).encode()


def forms(secret):
    found = set(data_forms(secret) if isinstance(secret, bytes) else text_forms(secret))
    assert all(len(f) >= 10 for f in found), secret
    return found


def unpacked(data):
    """What the usual decompressors make of a stream that begins anywhere in data."""
    for magic, make in ((b"\x1f\x8b\x08", lambda: zlib.decompressobj(31)), (b"\x78\x01", zlib.decompressobj),
                        (b"\x78\x9c", zlib.decompressobj), (b"\x78\xda", zlib.decompressobj),
                        (b"BZh", bz2.BZ2Decompressor), (b"\xfd7zXZ\0", lzma.LZMADecompressor)):
        at = data.find(magic)
        while at >= 0:
            try:
                yield make().decompress(data[at:], 1 << 20)
            except (zlib.error, OSError, EOFError, lzma.LZMAError):
                pass
            at = data.find(magic, at + 1)


def search(root, secret_list):
    """(secret, file) for each secret that is in a file below root, or in its name, in any form."""
    wanted = [(form, secret) for secret in secret_list for form in forms(secret)]
    found = set()
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        data = name.encode("utf-8", "surrogateescape") + b"\0"
        if path.is_file():
            data += path.read_bytes()
        for part in (data, *unpacked(data)):
            found.update((secret, name) for form, secret in wanted if form in part)
    return found


def search_text(text, secret_list):
    data = text.encode("utf-8", "surrogateescape")
    return {secret for secret in secret_list if any(form in data for form in forms(secret))}


def chunks(path, head=HEAD):
    """The stored chunks of a volume."""
    data = path.read_bytes()
    at, n = len(data) - 8, 0
    # the index is the last frame: as many entries as its length says
    while at > head:
        magic, length = struct.unpack_from("<II", data, at)
        if magic == 0x184D2A54 and at + 8 + length == len(data):
            n = length // ENTRY
            break
        at -= ENTRY
    assert n > 0, path
    end, found = head, []
    for i in range(n):
        length = struct.unpack_from("<I", data, at + 8 + ENTRY * i)[0]
        found.append(data[end:end + length])
        end += length
    assert end == at, path
    return found


def sealed(path):
    """(IV, ciphertext, tag) of each chunk of an encrypted volume."""
    found = []
    for c in chunks(path):
        assert struct.unpack_from("<II", c) == (0x184D2A55, len(c) - 8), path
        found.append((c[8:20], c[20:-16], c[-16:]))
    return found


def chi_square(data):
    """255 and a little for random bytes; its standard deviation is 23."""
    want = len(data) / 256
    return sum((data.count(bytes([b])) - want) ** 2 / want for b in range(256))
