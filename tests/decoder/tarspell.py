# SPDX-License-Identifier: BSD-2-Clause
"""TAR STREAM: every byte that is no file's content, from path, size, executable bit and
time alone.  Reading and making a stream both use it."""

PAX_NAME = "data/satchel-pax-header"
LONG_NAME = "data/satchel-long-name"
SIZE_IN_PAX = 8589934592
END = bytes(1024)


class Entry:
    """A directory (size None) or a file of the content manifest."""

    def __init__(self, path, size=None, executable=False, digest=None, offset=None):
        self.path, self.size, self.executable = path, size, executable
        self.digest, self.offset = digest, offset

    @property
    def directory(self):
        return self.size is None


def padding(size):
    """Zeros that fill the last block."""
    return bytes(-size % 512)


def ustar(name, mode, size, time, typeflag):
    """One ustar header."""
    block = bytearray(512)

    def put(offset, width, value):
        assert len(value) <= width
        block[offset:offset + len(value)] = value

    put(0, 100, name)
    put(100, 8, b"%07o" % mode)
    put(108, 8, b"0000000")
    put(116, 8, b"0000000")
    put(124, 12, b"%011o" % size)
    put(136, 12, b"%011o" % time)
    put(148, 8, b" " * 8)
    put(156, 1, typeflag)
    put(257, 6, b"ustar")
    put(263, 2, b"00")
    put(329, 8, b"0000000")
    put(337, 8, b"0000000")
    put(148, 8, b"%06o\0 " % sum(block))
    return bytes(block)


def record(key, value):
    """A pax record: its length counts its own digits."""
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def headers(entry, time):
    """All that stands in front of an entry's content."""
    name = b"data/" + entry.path.encode() + (b"/" if entry.directory else b"")
    size = entry.size or 0
    typeflag, mode = (b"5", 0o755) if entry.directory else (b"0", 0o755 if entry.executable else 0o644)
    records = b""
    if len(name) > 100 or not name.isascii():
        records += record(b"path", name)
        name = LONG_NAME.encode() + (b"/" if entry.directory else b"")
    if size >= SIZE_IN_PAX:
        records += record(b"size", str(size).encode())
        size = 0
    pax = b""
    if records:
        pax = ustar(PAX_NAME.encode(), 0o644, len(records), time, b"x") + records + padding(len(records))
    return pax + ustar(name, mode, size, time, typeflag)


def in_order(directories, files):
    """Directories and files in the order of the stream: by the bytes of their paths."""
    return sorted([*directories, *files], key=lambda e: e.path.encode())


def layout(entries, time):
    """(entry, offset of its first header, offset of its content) of each, and the stream's size."""
    found, at = [], 0
    for entry in entries:
        content = at + len(headers(entry, time))
        found.append((entry, at, content))
        size = entry.size or 0
        at = content + size + (-size % 512)
    return found, at + len(END)
