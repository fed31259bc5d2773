#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The second decoder: checks, opens and unpacks a bundle as satchel-bundle(5) says, without
a line of the programs.

usage: decode.py --check --trust FILE [--all] MEDIUM ...
       decode.py --trust FILE -C DEST MEDIUM ...

Needs gpgv, gpg and zstd; wrapped keys are opened with the key ring of GNUPGHOME.  The
exit status is the one that the page names; what was broken goes to standard error."""

import argparse
import hashlib
import os
import pathlib
import shutil
import sys

import bag
import contents
import media
import packets
import rules
import tarspell
import transport
import trust
from rules import HOST, INCOMPLETE, UNTRUSTED, USAGE, Broken, require

RULE = "ORDER OF TRUST"
AES256 = b"9"           # its number in OpenPGP, as gpg shows it


class Bundle:
    """A bundle whose manifest is signed by someone trusted, and parsed."""

    def __init__(self, media_given, ring):
        self.media = media_given
        self.data, self.signatures = self.authentic(ring)
        self.manifest = transport.Manifest(self.data)

    def authentic(self, ring):
        """Steps 1 and 2: the manifest's bytes and the accepted signatures, by fingerprint."""
        texts = list(dict.fromkeys(m.manifest() for m in self.media))
        results = [trust.accepted(ring, text, self.signature_files(ring)) for text in texts]
        if len(texts) > 1:
            signed = [good for good, _ in results if good]
            require(len(signed) < 2, RULE, "media of two bundles", USAGE)
            require(False, RULE, "media with different manifests", UNTRUSTED)
        good, bad = results[0]
        for fingerprint, reason in bad:
            print("bad signature: %s: %s" % (fingerprint, reason), file=sys.stderr)
        require(good, RULE, "no signature by someone trusted", UNTRUSTED)
        return texts[0], dict(sorted(good))

    def signature_files(self, ring):
        """The union over all media of the files named after pinned fingerprints."""
        found = []
        for fingerprint in ring.pinned:
            for medium in self.media:
                present, data = medium.signature(fingerprint)
                if present and (fingerprint, data) not in found:
                    found.append((fingerprint, data))
        return found

    def check(self, everything):
        """Steps 3 and 4; returns what is wrong, the first in order of statuses first."""
        self.checked = media.Check(self.manifest, self.media)
        found = list(self.checked.findings)
        missing = self.checked.missing()
        if everything and missing:
            found.append(Broken(INCOMPLETE, "SEVERAL MEDIA", "not here: medium %s" % missing))
        return sorted(found, key=lambda e: rules.ORDER.index(e.status))

    def keys(self, lane):
        """Step 5: the key of every run of a lane, by its number."""
        found, home = {}, os.environ.get("GNUPGHOME", os.path.expanduser("~/.gnupg"))
        certificates, secret = trust.listed(home), trust.secret(home)
        for run in lane.runs:
            key = self.unwrap(lane, run, home, certificates, secret)
            require(rules.run_commitment(self.manifest.id, lane.number, run.number, key) == run.commitment,
                    "Commitments", "run %d: the key is not the one committed to" % run.number)
            found[run.number] = key
        return found

    def unwrap(self, lane, run, home, certificates, secret):
        rule = packets.KEY_RULE
        for recipient, file in run.keys:
            data = self.checked.wrapped[file.name]
            packet = packets.WrappedKey(data, self.manifest.hidden)
            if not self.manifest.hidden:
                ids = {k.id for f, k in certificates.items()
                       if f == recipient or k.primary is not None and k.primary.fingerprint == recipient}
                if not ids & secret:
                    continue
                require(packet.key_id.hex().upper() in ids, rule, "%s: the key id is not the recipient's" % file.name)
            p = trust.gpg("--status-fd", "2", "--pinentry-mode", "error", "--decrypt", home=home, stdin=data,
                          agent=True)
            words = p.stderr.split()
            if self.manifest.hidden and b"DECRYPTION_INFO" not in words:
                continue
            require(b"DECRYPTION_OKAY" in words and b"GOODMDC" in words, rule, "%s: cannot be decrypted" % file.name)
            require(words[words.index(b"DECRYPTION_INFO") + 2] == AES256, rule, "%s: not with AES-256" % file.name)
            key = p.stdout[48:]
            message = rules.wrapped_message(self.manifest.id, lane.number, run.number, key)
            require(len(p.stdout) == 80 and p.stdout == message, rule,
                    "%s: the message is another's, or of another kind" % file.name)
            return key
        raise Broken(HOST, rule, "no secret key here opens run %d" % run.number)

    def read_contents(self, lane, keys):
        """Step 6: opener and content manifest of a lane."""
        text = b"".join(self.stream(lane, [lane.contents], keys))
        opener = b""
        if self.manifest.encrypted:
            require(len(text) >= 32, "STREAMS", "the contents end within the opener")
            opener, text = text[:32], text[32:]
        digest = rules.content_commitment(self.manifest.id, lane.number, opener or bytes(32), text)
        require(digest == lane.commitment, "Commitments", "the content manifest is not the one committed to")
        originator = contents.named_originator(text)
        require(originator in self.signatures, RULE, "not signed by the originator " + originator, UNTRUSTED)
        found = contents.Contents(text)
        require(-(-found.stream_size // self.manifest.chunk_size) == lane.chunks, "TAR STREAM",
                "another number of chunks than the content manifest gives")
        return opener, found

    def stream(self, lane, volumes, keys):
        """The plain bytes of a lane's payload or contents, chunk by chunk."""
        for v in volumes:
            holder = [m for m in self.media if m.holds(v.name)][0]
            reader = holder.volume(self.manifest, lane, v)
            try:
                yield from reader.plain(keys.get(v.run))
            finally:
                reader.file.close()

    def unpack(self, into):
        """Steps 5 to 8: everything below the directory into, which does not exist yet."""
        opened, openers, keys = {}, {}, {}
        for lane in self.manifest.lanes:
            keys[lane.number] = self.keys(lane) if self.manifest.encrypted else {}
            opener, opened[lane.number] = self.read_contents(lane, keys[lane.number])
            if self.manifest.encrypted:
                openers[lane.number] = opener
        contents.check_lanes(list(opened.values()))
        if self.manifest.portable:
            wanted = b"".join(bag.list_of_files(c.files) for c in opened.values())
            require(self.checked.lists["SHA256SUMS"] == wanted, "PORTABLE BUNDLES", "SHA256SUMS is another's")
        into.mkdir(mode=0o700)
        (into / "data").mkdir()
        for lane in self.manifest.lanes:
            unpack_stream(opened[lane.number], self.stream(lane, lane.volumes, keys[lane.number]), into / "data")
        for name, data in bag.tag_files(self.manifest, self.signatures, opened, openers).items():
            (into / name).parent.mkdir(exist_ok=True, parents=True)
            (into / name).write_bytes(data)
        into.chmod(0o755)
        return opened[min(opened)].node["name"]


class Stream:
    """A stream of chunks, read by numbers of bytes."""

    def __init__(self, chunks):
        self.chunks, self.buffer = chunks, b""

    def some(self, most):
        """From one byte to most; nothing at the end of the stream."""
        while not self.buffer:
            self.buffer = next(self.chunks, None)
            if self.buffer is None:
                self.buffer = b""
                return b""
        part, self.buffer = self.buffer[:most], self.buffer[most:]
        return part

    def pieces(self, size, what):
        while size:
            part = self.some(size)
            require(part, "TAR STREAM", "%s: the stream ends early" % what)
            size -= len(part)
            yield part


def unpack_stream(manifest, chunks, data):
    """Step 7: the tar stream, compared byte by byte, into the directory data."""
    stream = Stream(iter(chunks))

    def expect(wanted, what):
        found = b"".join(stream.pieces(len(wanted), what))
        require(found == wanted, "TAR STREAM", "%s: not the bytes that belong there" % what)

    for entry in manifest.entries:
        what = "%.200r" % entry.path
        expect(tarspell.headers(entry, manifest.time), what)
        if entry.directory:
            (data / entry.path).mkdir(mode=0o755)
            continue
        digest = hashlib.sha256()
        with open(data / entry.path, "xb") as f:
            for part in stream.pieces(entry.size, what):
                digest.update(part)
                f.write(part)
        require(digest.digest() == entry.digest, "CONTENT MANIFEST", "%s: another digest" % what)
        (data / entry.path).chmod(0o755 if entry.executable else 0o644)
        expect(tarspell.padding(entry.size), what)
    expect(tarspell.END, "end of the stream")
    require(stream.some(1) == b"", "TAR STREAM", "bytes behind the end")


def extract(bundle, dest):
    """Unpack beside the destination; one rename publishes it, a refusal leaves nothing."""
    staging = pathlib.Path(dest) / (".decode-%d" % os.getpid())
    try:
        name = bundle.unpack(staging)
        final = pathlib.Path(dest) / name
        require(not os.path.lexists(final), RULE, "%s exists" % final, HOST)
        staging.rename(final)
        return final
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def main(argv):
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="verify only; needs no key")
    parser.add_argument("--all", action="store_true", help="the whole set must be here")
    parser.add_argument("--trust", required=True, metavar="FILE", help="certificates")
    parser.add_argument("-C", dest="dest", metavar="DEST", help="where to unpack")
    parser.add_argument("media", nargs="+", metavar="MEDIUM")
    options = parser.parse_args(argv)
    if options.check == (options.dest is not None):
        parser.error("one of --check and -C")
    opened, ring = [], None
    os.umask(0o022)
    try:
        ring = trust.Ring(pathlib.Path(options.trust).read_bytes())
        for path in options.media:
            opened.append(media.Medium(path))
        bundle = Bundle(opened, ring)
        found = bundle.check(options.all or not options.check)
        for problem in found:
            print(problem, file=sys.stderr)
        if found:
            return found[0].status
        print(hashlib.sha512(bundle.data).hexdigest() if options.check else extract(bundle, options.dest))
        return rules.OK
    except Broken as e:
        print(e, file=sys.stderr)
        return e.status
    finally:
        for medium in opened:
            medium.close()
        if ring is not None:
            ring.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
