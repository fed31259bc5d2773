# SPDX-License-Identifier: BSD-2-Clause
"""CONTENT MANIFEST: who sends what to whom, and every file; checked key by key."""

import re

import canon
import names
import tarspell
from rules import (COMPONENTS_MAX, CONTENTS_MAX, FILES_MAX, ITEMS_MAX, OFFSET_MAX, TIME_MAX, UNTRUSTED,
                   ascending, day, fingerprint, hexadecimal, number, require)

RULE = "CONTENT MANIFEST"
FIRST_LINE = b'satchel-contents: "1"\n'
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
TABLE = (
    ("satchel-contents", str, True), ("name", str, True), ("sequence", str, True), ("from", str, True),
    ("to", str, True), ("date", str, True), ("marking", str, True), ("not-before", str, False),
    ("not-after", str, False), ("contact", str, False), ("originator", str, True), ("time", str, True),
    ("digest", str, True), ("components", list, True), ("directories", list, False), ("files", list, False))
COMPONENT = (
    ("name", str, True), ("kind", str, True), ("path", str, True), ("marking", str, True), ("license", str, False),
    ("version", str, False), ("format", str, False), ("dtypes", list, False), ("tensors", str, False),
    ("parameters", str, False), ("records", str, False), ("harness", str, False), ("command", list, False),
    ("expected", list, False), ("needs", list, False))
SAME_IN_ALL_LANES = ("name", "sequence", "from", "to", "date", "not-before", "not-after", "contact", "originator",
                     "time", "digest")


def named_originator(data):
    """The value of the line originator: in front of components:, before anything is parsed."""
    head, found, _ = data.partition(b"\ncomponents:\n")
    m = re.search(rb'^originator: "([0-9A-F]{40}|[0-9A-F]{64})"$', head, re.MULTILINE)
    require(bool(found) and m is not None, "ORDER OF TRUST", "the content manifest names no originator", UNTRUSTED)
    return m[1].decode()


class Contents:
    """A content manifest that fulfils the page."""

    def __init__(self, data):
        require(len(data) <= CONTENTS_MAX, RULE, "over 1 GiB")
        require(data.startswith(FIRST_LINE), RULE, "the first line is not satchel-contents: \"1\"")
        node = canon.fields(canon.load(data), TABLE, RULE, "content manifest")
        self.data, self.node = data, node
        names.name(node["name"])
        number(node["sequence"], RULE, 1)
        for key in ("from", "to", "marking", "contact"):
            if key in node:
                names.free_text(node[key], key)
        for key in ("date", "not-before", "not-after"):
            if key in node:
                day(node[key], RULE)
        if "not-before" in node and "not-after" in node:
            require(node["not-before"] <= node["not-after"], RULE, "not-before lies behind not-after")
        self.originator = fingerprint(node["originator"], RULE)
        self.time = number(node["time"], RULE, 0, TIME_MAX)
        require(node["digest"] == "sha-256", RULE, "digest %.40r" % node["digest"])
        self.read_paths(node)
        self.read_components(node["components"])
        self.check_covered()

    def read_paths(self, node):
        directories, files = node.get("directories", []), node.get("files", [])
        require(len(directories) <= FILES_MAX and len(files) <= FILES_MAX, RULE, "too many files or directories")
        self.directories, self.files = [], []
        for d in directories:
            require(isinstance(d, str), RULE, "a directory that is no path")
            self.directories.append(tarspell.Entry(names.path(d)))
        for f in files:
            canon.fields(f, (("path", str, True), ("size", str, True), ("executable", str, False),
                             ("offset", str, True), ("digest", str, True)), RULE, "file")
            require(f.get("executable", "yes") == "yes", RULE, "executable is not yes")
            self.files.append(tarspell.Entry(
                names.path(f["path"]), number(f["size"], RULE, 0, OFFSET_MAX), "executable" in f,
                hexadecimal(f["digest"], 32, RULE), number(f["offset"], RULE)))
        for entries in (self.directories, self.files):
            ascending([e.path.encode() for e in entries], RULE)
        known = {e.path for e in self.directories}
        for e in self.directories + self.files:
            for parent in names.parents(e.path):
                require(parent in known, RULE, "%.100r: its parent %.100r is no directory" % (e.path, parent))
        self.entries = tarspell.in_order(self.directories, self.files)
        no_collisions(self.entries)
        self.layout, self.stream_size = tarspell.layout(self.entries, self.time)
        for entry, offset, content in self.layout:
            require(content <= OFFSET_MAX, RULE, "%.100r: its content lies too far" % entry.path)
            require(entry.directory or entry.offset == offset, RULE,
                    "%.100r: offset %s, not %d" % (entry.path, entry.offset, offset))

    def read_components(self, nodes):
        require(1 <= len(nodes) <= COMPONENTS_MAX, RULE, "%d components" % len(nodes))
        known, self.paths = {e.path for e in self.entries}, []
        for c in nodes:
            canon.fields(c, COMPONENT, RULE, "component")
            names.name(c["name"])
            require(c["kind"] in ("model", "benchmark", "document", "code"), RULE, "kind %.40r" % c["kind"])
            require(names.path(c["path"]) in known, RULE, "component at %.100r: no such path" % c["path"])
            self.paths.append(c["path"])
            for key in ("marking", "license", "version", "format", "harness"):
                if key in c:
                    names.free_text(c[key], key)
            for key in ("tensors", "parameters", "records"):
                if key in c:
                    number(c[key], RULE)
            for key in ("dtypes", "command", "needs", "expected"):
                require(len(c.get(key, ())) <= ITEMS_MAX, RULE, "over %d %s" % (ITEMS_MAX, key))
            for key in ("dtypes", "command", "needs"):
                for item in c.get(key, ()):
                    require(isinstance(item, str), RULE, "%s: a map" % key)
                    names.free_text(item, key)
            for e in c.get("expected", ()):
                expected(e)
        folded = [names.folded(c["name"]) for c in nodes]
        require(len(set(folded)) == len(folded), RULE, "two components of one name")
        known = {c["name"] for c in nodes}
        for c in nodes:
            for item in c.get("needs", ()):
                require(item in known and item != c["name"], RULE, "needs %.100r: no other component" % item)
        folded = [names.folded(p) for p in self.paths]
        require(len(set(folded)) == len(folded), RULE, "two components at one path")
        for p in self.paths:
            require(not set(map(names.folded, names.parents(p))) & set(folded), RULE,
                    "component at %.100r lies in another" % p)

    def check_covered(self):
        """Every entry is a component's path, below one, or a directory above one."""
        paths = set(self.paths)
        above = {parent for p in paths for parent in names.parents(p)}
        for e in self.entries:
            require(e.path in paths or paths & set(names.parents(e.path)) or e.directory and e.path in above, RULE,
                    "%.100r belongs to no component" % e.path)


def no_collisions(entries):
    seen = {}
    for e in entries:
        other = seen.setdefault(names.folded(e.path), e)
        require(other is e, RULE, "%.100r and %.100r collide" % (other.path, e.path))


def expected(node):
    canon.fields(node, (("metric", str, True), ("value", str, True), ("tolerance", str, False)), RULE, "expected")
    names.free_text(node["metric"], "metric")
    for key in ("value", "tolerance"):
        if key in node:
            require(len(node[key]) <= 40 and DECIMAL.fullmatch(node[key]) is not None, RULE, "%s: no number" % key)
    require(not node.get("tolerance", "").startswith("-"), RULE, "a tolerance with a sign")


def check_lanes(lanes):
    """What holds over the content manifests of all lanes together."""
    no_collisions([e for lane in lanes for e in lane.files])
    everything = {}
    for lane in lanes:
        for e in lane.entries:
            other = everything.setdefault(names.folded(e.path), e)
            require(other.path == e.path and other.directory == e.directory, RULE,
                    "%.100r and %.100r of two lanes collide" % (other.path, e.path))
        for key in SAME_IN_ALL_LANES:
            require(lane.node.get(key) == lanes[0].node.get(key), RULE, "%s differs between lanes" % key)
