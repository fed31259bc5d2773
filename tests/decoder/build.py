# SPDX-License-Identifier: BSD-2-Clause
"""Makes small bundles from satchel-bundle(5) alone, for tests.  Each stage of the making
can be falsified by a hook; all that follows from it is computed anew and signed properly.

    b = Builder(ring, sender, files={"notes.md": b"hello"}, hooks={"tar": lambda value, where: value + bytes(512)})
    b.write("somewhere")

Hooks get the stage's value and a dict that says where (kind, number, ...), and return what
takes its place.  The stages, in order:

    content, content_text                   the content manifest, as a dict and as bytes
    opener, tar, stream                     what is cut: stream has the kind
    cut                                     list of the chunks' plain bytes
    data                                    (transform, plain length, data) of a chunk; where has plain
    sealed, additional, key, iv             encrypted: what AES-256-GCM gets
    frame, entry                            stored chunk; (stored length, transform, plain length, digest)
    header, guard, index, index_digest      of a volume
    file                                    a volume's bytes, behind all digests
    message, wrapped                        of a key, before and after gpg
    run_commitment, commitment
    readme, sums512, sums256
    manifest, manifest_text, signature
    whole                                   any other file, behind all digests; where has its name
"""

import pathlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import bag
import canon
import names
import rules
import tarspell
import volumes
import weave
from rules import CONTENTS, PAYLOAD, sha512, u32

README = b"A bundle made by a test. satchel-bundle(5) says how to open it.\n"


class Volume:
    """A volume while it is made."""

    def __init__(self, kind, number, run):
        self.kind, self.number, self.run = kind, number, run
        self.entries, self.frames, self.first = [], [], 0
        self.data = self.index = None
        self.medium = 1


class Builder:
    """One lane, number `lane`.  Plain attributes; change them before write()."""

    def __init__(self, ring, sender, files, hooks=None, **options):
        self.ring, self.sender = ring, sender
        self.files = files                      # path -> bytes, or (bytes, True) for a program
        self.hooks = dict(hooks or {})
        self.directories = []                   # further ones, such as empty ones
        self.components = None                  # list of dicts; else one document per top path
        self.recipients = []                    # fingerprints in the ring; none: not encrypted
        self.hidden = self.portable = False
        self.chunk_size, self.padding = 16384, 4096
        self.volume_chunks = None               # chunks of a volume; None: all in one
        self.media = 1                          # volumes are dealt out evenly, in order
        self.runs = 1                           # volumes take runs in turn; contents has run 0
        self.lane = 0
        self.transform = "zstd"                 # or "stored", "planes"
        self.seed = b"satchel"                  # of keys, IVs, opener and bundle id
        self.name, self.title = "notes", "AE-0001"
        self.control_number = None
        self.time, self.date, self.created = 1795000000, "2026-11-18", "2026-11-18T11:06:40Z"
        self.signers = [sender]                 # who sign; the originator is sender
        self.content_extra = {}                 # not-before and the like
        for key, value in options.items():
            assert hasattr(self, key), key
            setattr(self, key, value)

    @property
    def encrypted(self):
        return bool(self.recipients)

    def stage(self, stage, value, **where):
        hook = self.hooks.get(stage)
        return value if hook is None else hook(value, where)

    def secret(self, *what, size=32):
        return sha512(self.seed, *(str(w).encode() + b"\0" for w in what))[:size]

    # ------------------------------------------------------------ content manifest and tar

    def entries(self):
        """Files and all directories above them, in order."""
        files = []
        for path, data in self.files.items():
            data, executable = data if isinstance(data, tuple) else (data, False)
            files.append(tarspell.Entry(path, len(data), executable, rules.sha256(data)))
        above = {p for path in [*self.files, *self.directories] for p in names.parents(path)}
        above |= set(self.directories)
        return tarspell.in_order([tarspell.Entry(d) for d in above], files)

    def content(self):
        entries = self.entries()
        at, _ = tarspell.layout(entries, self.time)
        components = self.components
        if components is None:
            tops = sorted({e.path.split("/")[0] for e in entries}, key=str.encode)
            components = [{"name": "part-%d" % i, "kind": "document", "path": top, "marking": "UNCLASSIFIED"}
                          for i, top in enumerate(tops)]
        node = {"satchel-contents": "1", "name": self.name, "sequence": "1", "from": "Example AI, Inc.",
                "to": "Evaluation Centre", "date": self.date, "marking": "UNCLASSIFIED", **self.content_extra,
                "originator": self.sender, "time": str(self.time), "digest": "sha-256", "components": components,
                "directories": [e.path for e in entries if e.directory],
                "files": [self.file_node(e, offset) for e, offset, _ in at if not e.directory]}
        return {key: value for key, value in node.items() if value != []}

    def file_node(self, e, offset):
        node = {"path": e.path, "size": str(e.size), "executable": "yes", "offset": str(offset),
                "digest": e.digest.hex()}
        if not e.executable:
            del node["executable"]
        return node

    def tar(self):
        out = []
        for e in self.entries():
            out.append(tarspell.headers(e, self.time))
            if not e.directory:
                data = self.files[e.path]
                data = data[0] if isinstance(data, tuple) else data
                out.append(data + tarspell.padding(len(data)))
        return b"".join(out) + tarspell.END

    # ------------------------------------------------------------ chunks and volumes

    def chosen(self, kind, plain):
        """(transform, data) of a chunk."""
        if self.portable:
            return 1, weave.zstd(plain)
        if self.transform == "planes" and kind == PAYLOAD and len(plain) > 64:
            data = weave.piece(2, plain, modes=(2, 3))
            if len(data) < len(plain):
                return 2, data
        if self.transform != "stored":
            data = weave.zstd(plain)
            if len(data) < len(plain):
                return 1, data
        return 0, plain

    def seal(self, kind, number, run, transform, size, data):
        padded = max(1, -(-len(data) // self.padding)) * self.padding
        where = {"kind": kind, "number": number, "run": run}
        sealed = self.stage("sealed", u32(transform, size, len(data)) + data.ljust(padded, b"\0"), **where)
        aad = self.stage("additional", rules.additional_data(self.id, self.lane, run, kind, number), **where)
        key = self.stage("key", self.keys[run], **where)
        iv = self.stage("iv", self.secret("iv", self.lane, kind, number, size=12), **where)
        body = iv + AESGCM(key).encrypt(iv, sealed, aad)
        return u32(volumes.CHUNK_MAGIC, len(body)) + body

    def chunk(self, kind, number, run, plain):
        """(entry, frame) of a chunk."""
        where = {"kind": kind, "number": number, "run": run}
        transform, data = self.chosen(kind, plain)
        transform, size, data = self.stage("data", (transform, len(plain), data), plain=plain, **where)
        if self.encrypted:
            frame, shown = self.seal(kind, number, run, transform, size, data), (0, 0)
        else:
            frame = data if transform == 1 else u32(volumes.CHUNK_MAGIC, len(data)) + data
            shown = transform, size
        frame = self.stage("frame", frame, **where)
        entry = (len(frame), *shown, rules.chunk_digest(kind, frame))
        return self.stage("entry", entry, **where), frame

    def finish(self, v):
        """Header, guard and index of a volume, and its bytes."""
        where = {"kind": v.kind, "number": v.number}
        header = self.stage("header", volumes.header(self.id, v.kind, self.lane, v.number), **where)
        guard = self.stage("guard", b"" if self.portable else volumes.GUARD, **where)
        entries = b"".join(u32(*e[:3]) + e[3] for e in v.entries)
        index = self.stage("index", u32(volumes.INDEX_MAGIC, len(entries)) + entries, **where)
        v.index = self.stage("index_digest", rules.index_digest(header, guard, index), **where)
        v.size = len(header) + len(guard) + sum(map(len, v.frames)) + len(index)
        v.data = self.stage("file", header + guard + b"".join(v.frames) + index, **where)

    def make_volumes(self, kind, stream):
        stream = self.stage("stream", stream, kind=kind)
        cut = [stream[i:i + self.chunk_size] for i in range(0, len(stream), self.chunk_size)]
        cut = self.stage("cut", cut, kind=kind)
        step = self.volume_chunks if kind == PAYLOAD and self.volume_chunks else len(cut)
        made = []
        for i in range(0, len(cut), step):
            run = len(made) % self.runs if self.encrypted else None
            v = Volume(kind, len(made), run)
            v.first = i
            for number, plain in enumerate(cut[i:i + step], i):
                entry, frame = self.chunk(kind, number, run, plain)
                v.entries.append(entry)
                v.frames.append(frame)
            self.finish(v)
            made.append(v)
        for i, v in enumerate(made):
            v.medium = 1 + i * self.media // len(made)
        return made

    # ------------------------------------------------------------ keys

    def wrap(self, run, recipient, message):
        """gpg's message to one recipient."""
        if recipient is None:
            return b""
        option = "--hidden-recipient" if self.hidden else "--recipient"
        return self.ring.gpg("--trust-model", "always", "--cipher-algo", "AES256", "--compress-algo", "none",
                             "--no-encrypt-to", option, recipient, "--encrypt", stdin=message)

    def run_nodes(self, whole):
        """The runs of the manifest; wrapped keys are added to whole."""
        nodes = []
        for run in range(self.runs):
            keys = []
            for i, recipient in enumerate(self.recipients if self.hidden else sorted(self.recipients)):
                shown = "%03d" % i if self.hidden else recipient
                where = {"run": run, "recipient": recipient}
                message = rules.wrapped_message(self.id, self.lane, run, self.keys[run])
                message = self.stage("message", message, **where)
                data = self.stage("wrapped", self.wrap(run, recipient, message), **where)
                whole["keys/%02d.%d/%s.pgp" % (self.lane, run, shown)] = data
                keys.append({"recipient": shown, "size": str(len(data)), "digest": sha512(data).hex()})
            commitment = rules.run_commitment(self.id, self.lane, run, self.keys[run])
            nodes.append({"run": str(run), "commitment": self.stage("run_commitment", commitment, run=run).hex(),
                          "keys": keys})
        return nodes

    # ------------------------------------------------------------ the manifest

    def node(self, v):
        chunks, size = {"chunks": str(len(v.entries))}, {"size": str(v.size)}
        if v.kind == CONTENTS:
            node = {"run": str(v.run), **size, **chunks, "index": v.index.hex()}
        else:
            node = {"medium": str(v.medium), "run": str(v.run), "first": str(v.first), **chunks, **size,
                    "index": v.index.hex()}
        if not self.encrypted:
            del node["run"]
        return node

    def make(self):
        """All files: (volumes, other files by name)."""
        self.id = self.secret("id", size=16)
        self.keys = [self.secret("key", self.lane, run) for run in range(self.runs)]
        content = self.stage("content", self.content())
        text = self.stage("content_text", canon.dump(content) if isinstance(content, dict) else content)
        opener = self.stage("opener", self.secret("opener", self.lane)) if self.encrypted else b""
        payload = self.make_volumes(PAYLOAD, self.stage("tar", self.tar()))
        contents = self.make_volumes(CONTENTS, opener + text)[0]
        whole = {"README.txt": self.stage("readme", README)}
        commitment = rules.content_commitment(self.id, self.lane, opener or bytes(32), text)
        lane = {"lane": str(self.lane), "commitment": self.stage("commitment", commitment).hex(),
                "contents": self.node(contents)}
        if self.encrypted:
            lane["runs"] = self.run_nodes(whole)
        lane["volumes"] = [self.node(v) for v in payload]
        node = {"satchel-manifest": "1", "bundle-id": self.id.hex(), "created": self.created, "title": self.title}
        if self.control_number:
            node["control-number"] = self.control_number
        node["encryption"] = "aes-256-gcm" if self.encrypted else "none"
        if self.hidden:
            node["hidden-recipients"] = "yes"
        if self.portable:
            node["portable"] = "yes"
            whole["SHA512SUMS"], whole["SHA256SUMS"] = self.lists(payload)
        node.update({"digest": "sha-512", "chunk-size": str(self.chunk_size)})
        if self.encrypted:
            node["padding"] = str(self.padding)
        node["readme"] = self.bound(whole["README.txt"])
        if self.portable:
            node["sums"] = [self.bound(whole[n]) for n in ("SHA512SUMS", "SHA256SUMS")]
        node["signers"] = sorted(self.signers)
        node["lanes"] = [lane]
        node = self.stage("manifest", node)
        whole["manifest.yaml"] = self.stage("manifest_text", canon.dump(node) if isinstance(node, dict) else node)
        for fpr in self.signers:
            signature = self.ring.sign(fpr, whole["manifest.yaml"])
            whole["signatures/%s.sig" % fpr] = self.stage("signature", signature, fingerprint=fpr)
        return payload, contents, whole

    def bound(self, data):
        return {"size": str(len(data)), "digest": sha512(data).hex()}

    def lists(self, payload):
        names_512 = b"".join(b"%s  payload-%02d.%06d\n" % (sha512(v.data).hex().encode(), self.lane, v.number)
                             for v in payload)
        files = [e for e in self.entries() if not e.directory]
        return self.stage("sums512", names_512), self.stage("sums256", bag.list_of_files(files))

    def write(self, into):
        """Make the bundle; returns the list of its media."""
        payload, contents, whole = self.make()
        into = pathlib.Path(into)
        folders = [into] if self.media == 1 else [into / ("medium-%02d" % (i + 1)) for i in range(self.media)]
        for number, folder in enumerate(folders, 1):
            folder.mkdir(parents=True)
            for name, data in whole.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(self.stage("whole", data, name=name, medium=number))
            (folder / ("contents-%02d" % self.lane)).write_bytes(contents.data)
            for v in payload:
                if v.medium == number:
                    (folder / ("payload-%02d.%06d" % (self.lane, v.number))).write_bytes(v.data)
        return folders
