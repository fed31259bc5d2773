# SPDX-License-Identifier: BSD-2-Clause
"""TRANSPORT MANIFEST: what manifest.yaml says, checked key by key, and the names of files
that follow from it."""

import re

import canon
from rules import (CHUNKS_MAX, CHUNK_SIZES, CONTENTS_MAX, LANES_MAX, MANIFEST_MAX, MEDIA_MAX, PADDINGS, README_MAX,
                   RECIPIENTS_MAX, RUNS_MAX, SEALED_MAX, SIGNERS_MAX, STORED_EXTRA, SUMS_MAX, VOLUMES_MAX, VOLUME_MAX,
                   WRAPPED_MAX, ascending, day, fingerprint, hexadecimal, number, require)

RULE = "TRANSPORT MANIFEST"
FIRST_LINE = b'satchel-manifest: "1"\n'
VERDICTS = ("AUTHENTICANDWHOLE", "AUTHENTICVOLUMESNOTCHECKED", "WHOLEMATCHESTHEDIGESTYOUGAVE",
            "MATCHESTHEDIGESTYOUGAVEVOLUMESNOTCHECKED", "IMPORTED", "DAMAGED", "INCOMPLETE", "MALFORMED", "UNTRUSTED",
            "NOTAUTHENTICATED", "REFUSED")


class File:
    """Name, size and digest of a file that the manifest binds as a whole."""

    def __init__(self, name, node, most, least=0):
        canon.fields(node, (("size", str, True), ("digest", str, True)), RULE, name)
        self.name = name
        self.size = number(node["size"], RULE, least, most)
        self.digest = hexadecimal(node["digest"], 64, RULE)


class Volume:
    """A payload volume, or the contents file (kind 2, number 0)."""

    def __init__(self, manifest, lane, kind, position, node):
        contents = kind == 2
        if contents:
            order = "run", "size", "chunks", "index"
        else:
            order = "medium", "run", "first", "chunks", "size", "index"
        table = tuple((key, str, key != "run" or manifest.encrypted) for key in order)
        self.kind, self.number, self.lane = kind, position, lane
        self.name = "contents-%02d" % lane if contents else "payload-%02d.%06d" % (lane, position)
        canon.fields(node, table, RULE, self.name)
        require(manifest.encrypted or "run" not in node, RULE, "%s: a run, and not encrypted" % self.name)
        self.medium = None if contents else number(node["medium"], RULE, 1, MEDIA_MAX)
        self.run = number(node["run"], RULE, 0, RUNS_MAX - 1) if manifest.encrypted else None
        self.first = 0 if contents else number(node["first"], RULE)
        self.chunks = number(node["chunks"], RULE, 1, CHUNKS_MAX)
        self.size = number(node["size"], RULE, 0, VOLUME_MAX)
        self.index = hexadecimal(node["index"], 64, RULE)
        self.check_size(manifest)

    def check_size(self, manifest):
        """A size that a volume with so many chunks can have."""
        stored = self.size - manifest.head_size - 8 - 76 * self.chunks
        most = manifest.chunk_size + manifest.padding + STORED_EXTRA
        least = 48 + manifest.padding if manifest.encrypted else 9
        require(least * self.chunks <= stored <= most * self.chunks, RULE,
                "%s: %d bytes cannot be %d chunks" % (self.name, self.size, self.chunks))
        require(not manifest.encrypted or (stored - 48 * self.chunks) % manifest.padding == 0, RULE,
                "%s: its size is not one of padded chunks" % self.name)


class Run:
    def __init__(self, manifest, lane, node):
        canon.fields(node, (("run", str, True), ("commitment", str, True), ("keys", list, True)), RULE, "run")
        self.number = number(node["run"], RULE, 0, RUNS_MAX - 1)
        self.commitment = hexadecimal(node["commitment"], 64, RULE)
        require(1 <= len(node["keys"]) <= RECIPIENTS_MAX, RULE, "a run of %d keys" % len(node["keys"]))
        self.keys = []
        for i, key in enumerate(node["keys"]):
            canon.fields(key, (("recipient", str, True), ("size", str, True), ("digest", str, True)), RULE, "key")
            if manifest.hidden:
                require(key["recipient"] == "%03d" % i, RULE,
                        "hidden recipient %.80r is not %03d" % (key["recipient"], i))
            else:
                fingerprint(key["recipient"], RULE)
            file = File("keys/%02d.%d/%s.pgp" % (lane, self.number, key["recipient"]),
                        {"size": key["size"], "digest": key["digest"]}, WRAPPED_MAX, 1)
            self.keys.append((key["recipient"], file))
        ascending(self.recipients(), RULE)

    def recipients(self):
        return [recipient for recipient, _ in self.keys]


class Lane:
    def __init__(self, manifest, node):
        canon.fields(node, (("lane", str, True), ("commitment", str, True), ("contents", dict, True),
                            ("runs", list, manifest.encrypted), ("volumes", list, True)), RULE, "lane")
        require(manifest.encrypted or "runs" not in node, RULE, "runs, and not encrypted")
        self.number = number(node["lane"], RULE, 0, LANES_MAX - 1)
        self.commitment = hexadecimal(node["commitment"], 64, RULE)
        self.contents = Volume(manifest, self.number, 2, 0, node["contents"])
        runs = node.get("runs", [])
        require(len(runs) <= RUNS_MAX, RULE, "%d runs" % len(runs))
        self.runs = [Run(manifest, self.number, r) for r in runs]
        require(1 <= len(node["volumes"]) <= VOLUMES_MAX, RULE, "%d volumes" % len(node["volumes"]))
        self.volumes = [Volume(manifest, self.number, 1, i, v) for i, v in enumerate(node["volumes"])]
        self.chunks = sum(v.chunks for v in self.volumes)
        self.check(manifest)

    def check(self, manifest):
        ascending([r.number for r in self.runs], RULE)
        for r in self.runs:
            require(r.recipients() == self.runs[0].recipients(), RULE, "run %d has other recipients" % r.number)
        first = 0
        for v in self.volumes:
            require(v.first == first, RULE, "%s: first is %d, not %d" % (v.name, v.first, first))
            first += v.chunks
        for a, b in zip(self.volumes, self.volumes[1:]):
            require(a.medium <= b.medium, RULE, "%s: its medium falls behind" % b.name)
        known, used = {r.number for r in self.runs}, {v.run for v in [self.contents, *self.volumes]} - {None}
        require(known == used, RULE, "runs %s, but used are %s" % (sorted(known), sorted(used)))
        for r in known:
            sealed = sum(v.chunks for v in self.volumes if v.run == r)
            require(sealed <= SEALED_MAX, RULE, "run %d seals %d chunks" % (r, sealed))
        longest = CONTENTS_MAX + (32 if manifest.encrypted else 0)
        require(self.contents.chunks <= -(-longest // manifest.chunk_size), RULE, "too many chunks of contents")


class Manifest:
    """A transport manifest that fulfils the page."""

    def __init__(self, data):
        require(len(data) <= MANIFEST_MAX, RULE, "over 32 MiB")
        require(data.startswith(FIRST_LINE), RULE, "the first line is not satchel-manifest: \"1\"")
        node = canon.load(data)
        self.data = data
        encrypted = node.get("encryption") == "aes-256-gcm"
        portable = "portable" in node
        canon.fields(node, (
            ("satchel-manifest", str, True), ("bundle-id", str, True), ("created", str, True), ("title", str, True),
            ("control-number", str, False), ("encryption", str, True), ("hidden-recipients", str, False),
            ("portable", str, False), ("digest", str, True), ("chunk-size", str, True), ("padding", str, encrypted),
            ("readme", dict, True), ("sums", list, portable), ("signers", list, True), ("lanes", list, True)),
            RULE, "manifest")
        self.id = hexadecimal(node["bundle-id"], 16, RULE)
        self.created = moment(node["created"])
        self.title = title(node["title"])
        self.control_number = title(node["control-number"]) if "control-number" in node else None
        require(node["encryption"] in ("aes-256-gcm", "none"), RULE, "encryption %.40r" % node["encryption"])
        for key in ("hidden-recipients", "portable"):
            require(node.get(key, "yes") == "yes", RULE, "%s is not yes" % key)
        self.encrypted, self.portable, self.hidden = encrypted, portable, "hidden-recipients" in node
        require(encrypted or not self.hidden and "padding" not in node, RULE,
                "hidden recipients or padding, and not encrypted")
        require(not (encrypted and portable), RULE, "encrypted and portable")
        require(portable or "sums" not in node, RULE, "sums, and not portable")
        require(node["digest"] == "sha-512", RULE, "digest %.40r" % node["digest"])
        self.chunk_size = number(node["chunk-size"], RULE, *CHUNK_SIZES)
        require(self.chunk_size % 16384 == 0, RULE, "chunk size no multiple of 16384")
        self.padding = number(node["padding"], RULE, *PADDINGS) if encrypted else 0
        self.head_size = 48 if portable else 61
        self.readme = File("README.txt", node["readme"], README_MAX, 1)
        self.sums = []
        if portable:
            require(len(node["sums"]) == 2, RULE, "%d sums" % len(node["sums"]))
            self.sums = [File(n, s, SUMS_MAX) for n, s in zip(("SHA512SUMS", "SHA256SUMS"), node["sums"])]
        require(1 <= len(node["signers"]) <= SIGNERS_MAX, RULE, "%d signers" % len(node["signers"]))
        self.signers = [fingerprint(text(s), RULE) for s in node["signers"]]
        ascending(self.signers, RULE)
        require(1 <= len(node["lanes"]) <= LANES_MAX, RULE, "%d lanes" % len(node["lanes"]))
        self.lanes = [Lane(self, n) for n in node["lanes"]]
        ascending([lane.number for lane in self.lanes], RULE)
        media = {v.medium for v in self.volumes()}
        self.media = max(media)
        require(len(media) == self.media, RULE, "a medium from 1 to %d holds no volume" % self.media)

    def volumes(self):
        return [v for lane in self.lanes for v in lane.volumes]

    def wrapped_keys(self):
        """(lane, run, recipient, file) of every wrapped key."""
        return [(lane, run, recipient, file) for lane in self.lanes for run in lane.runs
                for recipient, file in run.keys]


def text(node):
    require(isinstance(node, str), RULE, "a map where a text belongs")
    return node


def moment(value):
    m = re.fullmatch("([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z", value)
    require(m is not None, RULE, "created is %.40r" % value)
    day(m[1], RULE)
    require(int(m[2]) <= 23 and int(m[3]) <= 59 and int(m[4]) <= 59, RULE, "no such time: " + value)
    return value


def title(value):
    require(re.fullmatch("[A-Z0-9 ./-]{1,32}", value) is not None and value.strip(" ") == value, RULE,
            "title or control number %.60r" % value)
    reduced = re.sub("[^A-Z0-9]", "", value)
    require(reduced not in VERDICTS and re.fullmatch("AUTHENTICMEDIUM[0-9]+OF[0-9]+WHOLE", reduced) is None, RULE,
            "the title is a verdict")
    return value
