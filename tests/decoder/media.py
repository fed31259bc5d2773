# SPDX-License-Identifier: BSD-2-Clause
"""FILES OF A BUNDLE and SEVERAL MEDIA: opening files by computed names without following
a link, and the checks that need no key."""

import os
import stat

import packets
import volumes
from rules import DAMAGED, HOST, INCOMPLETE, MALFORMED, MANIFEST_MAX, SIGNATURE_MAX, Broken, require, sha512

RULE = "FILES OF A BUNDLE"


class Medium:
    """A directory that holds a bundle or one medium of it."""

    def __init__(self, path):
        self.path = str(path)
        try:
            self.fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as e:
            raise Broken(HOST, RULE, "%s: %s" % (self.path, e.strerror)) from None

    def close(self):
        os.close(self.fd)

    def open(self, name):
        """A file to read; None if it is absent."""
        folder, opened = self.fd, []
        try:
            *above, last = name.split("/")
            for part in above:
                folder = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                opened.append(folder)
            fd = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except FileNotFoundError:
            return None
        except OSError as e:
            raise Broken(HOST, RULE, "%s/%s: %s" % (self.path, name, e.strerror)) from None
        finally:
            for f in opened:
                os.close(f)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise Broken(HOST, RULE, "%s/%s is no regular file" % (self.path, name))
        return os.fdopen(fd, "rb", buffering=0)

    def read(self, name, most):
        """Up to most + 1 bytes of a file; None if it is absent."""
        file = self.open(name)
        if file is None:
            return None
        with file:
            return _read(file, most + 1)

    def manifest(self):
        data = self.read("manifest.yaml", MANIFEST_MAX)
        require(data is not None, RULE, "%s: no manifest.yaml" % self.path)
        require(len(data) <= MANIFEST_MAX, RULE, "%s: manifest.yaml is over 32 MiB" % self.path)
        return data

    def signature(self, fingerprint):
        """(whether there is something of this name, its bytes or None)."""
        try:
            data = self.read("signatures/%s.sig" % fingerprint, SIGNATURE_MAX)
        except Broken:
            return True, None
        return data is not None, data

    def whole(self, file):
        """A file that the manifest binds as a whole."""
        f = self.open(file.name)
        require(f is not None, RULE, "%s: no %s" % (self.path, file.name), INCOMPLETE)
        with f:
            require(os.fstat(f.fileno()).st_size == file.size, RULE, "%s: another size" % file.name, DAMAGED)
            data = _read(f, file.size)
        require(sha512(data) == file.digest, RULE, "%s: differs" % file.name, DAMAGED)
        return data

    def volume(self, manifest, lane, v):
        """A Reader of a volume or contents file, which the caller closes."""
        f = self.open(v.name)
        require(f is not None, RULE, "%s: no %s" % (self.path, v.name), INCOMPLETE)
        try:
            if os.fstat(f.fileno()).st_size != v.size:
                raise volumes.wrong_size(_read(f, volumes.HEADER_SIZE), manifest, v)
            return volumes.Reader(manifest, lane, v, _Whole(f))
        except BaseException:
            f.close()
            raise

    def holds(self, name):
        try:
            os.stat(name, dir_fd=self.fd, follow_symlinks=False)
            return True
        except FileNotFoundError:
            return False


class _Whole:
    """A raw file whose read() gives all that was asked for, unless it ends."""

    def __init__(self, raw):
        self.raw, self.seek, self.close = raw, raw.seek, raw.close

    def read(self, size):
        return _read(self.raw, size)


def _read(file, size):
    parts = []
    while size > 0:
        part = file.read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class Check:
    """Steps 3 and 4 of the order of trust, on all media given; goes on after a finding."""

    def __init__(self, manifest, media):
        self.manifest, self.media = manifest, media
        self.findings = []
        self.wrapped = {}           # name -> bytes that were verified
        self.lists = {}
        self.present = set()        # numbers of the media that are here
        self.run()

    def run(self):
        m = self.manifest
        for medium in self.media:
            self.attempt(medium.whole, m.readme)
            for file in m.sums:
                self.keep(self.lists, medium, file)
            for _, _, _, file in m.wrapped_keys():
                self.keep(self.wrapped, medium, file)
            for name in self.wrapped:
                self.attempt(packets.WrappedKey, self.wrapped[name], m.hidden)
            for lane in m.lanes:
                self.attempt(self.every_chunk, medium, lane, lane.contents)
            numbers = {v.medium for v in m.volumes() if medium.holds(v.name)}
            self.present |= numbers
            if not numbers:
                self.findings.append(Broken(INCOMPLETE, "SEVERAL MEDIA", "%s holds no volume" % medium.path))
            for lane in m.lanes:
                for v in lane.volumes:
                    if v.medium in numbers:
                        self.attempt(self.every_chunk, medium, lane, v)
        if m.portable and "SHA512SUMS" in self.lists:
            self.attempt(self.list_of_volumes, self.lists["SHA512SUMS"])

    def attempt(self, function, *args):
        try:
            return function(*args)
        except Broken as e:
            self.findings.append(e)
            return None

    def keep(self, where, medium, file):
        data = self.attempt(medium.whole, file)
        if data is not None:
            where[file.name] = data

    def every_chunk(self, medium, lane, v):
        reader = medium.volume(self.manifest, lane, v)
        try:
            for _ in reader.frames():
                pass
        finally:
            reader.file.close()

    def list_of_volumes(self, data):
        """SHA512SUMS names exactly the volumes, in their order."""
        lines = data.split(b"\n")
        require(lines.pop() == b"", "PORTABLE BUNDLES", "SHA512SUMS does not end with LF")
        wanted = [v.name.encode() for v in self.manifest.volumes()]
        require([line[130:] for line in lines] == wanted, "PORTABLE BUNDLES", "SHA512SUMS names other volumes")
        for line in lines:
            digest = line[:128]
            require(not digest.strip(b"0123456789abcdef") and line[128:130] == b"  ", "PORTABLE BUNDLES",
                    "SHA512SUMS: a line of another form", MALFORMED)

    def missing(self):
        """Media of the bundle that were not given."""
        return [n for n in range(1, self.manifest.media + 1) if n not in self.present]
