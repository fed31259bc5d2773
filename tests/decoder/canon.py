# SPDX-License-Identifier: BSD-2-Clause
"""CANONICAL YAML: a document becomes dicts, lists and strings, is written again, and
must be the same bytes.  The tables of keys are checked with fields()."""

import re

from rules import KEYS_MAX, NESTING_MAX, VALUE_MAX, require

RULE = "CANONICAL YAML"
KEY = re.compile(r"([a-z][a-z0-9-]*):")
ESCAPE = re.compile(r'\\(?:(["\\])|U([0-9A-F]{8}))')
QUOTED = re.compile(r'"((?:[^"\\]|\\["\\]|\\U[0-9A-F]{8})*)"')


def load(data):
    """The document in these bytes; anything but the one spelling is refused."""
    require(data.endswith(b"\n"), RULE, "the last line does not end with LF")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        require(False, RULE, "not UTF-8 at byte %d" % e.start)
    document = _Reader(text.split("\n")[:-1]).map(0, 1)
    require(dump(document) == data, RULE, "not in the canonical spelling")
    return document


def dump(document):
    """The one spelling of a document."""
    out = []
    _write_map(document, 0, out, "")
    return ("\n".join(out) + "\n").encode("utf-8")


class _Reader:
    def __init__(self, lines):
        self.lines, self.at = lines, 0

    def column(self):
        """Of the line that is next; -1 at the end."""
        if self.at == len(self.lines):
            return -1
        line = self.lines[self.at]
        return len(line) - len(line.lstrip(" "))

    def fail(self, text):
        require(False, RULE, "line %d: %s" % (self.at + 1, text))

    def map(self, column, depth, first=None):
        """first: where the first key stands behind the dash of an item."""
        if depth > NESTING_MAX:
            self.fail("nested too deep")
        found = {}
        while self.column() == column or first is not None:
            line = self.lines[self.at]
            start = column if first is None else first
            if first is None and line.startswith("-", column):
                break
            first = None
            m = KEY.match(line, start)
            if m is None:
                self.fail("no key")
            if m[1] in found:
                self.fail("key %s for the second time" % m[1])
            if len(found) == KEYS_MAX:
                self.fail("too many keys")
            found[m[1]] = self.value(line, m.end(), column, depth)
        if not found:
            self.fail("an empty map")
        return found

    def value(self, line, at, column, depth):
        """What belongs to a key that ends before at; it goes on behind it."""
        if at < len(line):
            if line[at] != " ":
                self.fail("no blank behind the key")
            return self.scalar(line, at + 1)
        self.at += 1
        below = self.column()
        if below == column and self.lines[self.at].startswith("- ", column):
            return self.sequence(column, depth + 1)
        if below != column + 2:
            self.fail("a key without a value")
        return self.map(below, depth + 1)

    def sequence(self, column, depth):
        if depth > NESTING_MAX:
            self.fail("nested too deep")
        found = []
        while self.column() == column and self.lines[self.at].startswith("- ", column):
            line = self.lines[self.at]
            if line.startswith('"', column + 2):
                found.append(self.scalar(line, column + 2))
            else:
                found.append(self.map(column + 2, depth + 1, first=column + 2))
        return found

    def scalar(self, line, at):
        m = QUOTED.fullmatch(line, at)
        if m is None:
            self.fail("no value in double quotes")
        value = ESCAPE.sub(lambda e: e[1] or self.character(int(e[2], 16)), m[1])
        if len(value.encode("utf-8")) > VALUE_MAX:
            self.fail("a value too long")
        self.at += 1
        return value

    def character(self, code):
        if not 0x10000 <= code <= 0x10FFFF:
            self.fail("an escape that is not allowed")
        return chr(code)


def quoted(value):
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"%s"' % re.sub("[\U00010000-\U0010ffff]", lambda m: "\\U%08X" % ord(m[0]), value)


def _write_map(node, column, out, dash):
    """dash: what stands before the first key, in place of its indentation."""
    for key, value in node.items():
        lead, dash = dash or " " * column, ""
        if isinstance(value, str):
            out.append("%s%s: %s" % (lead, key, quoted(value)))
            continue
        out.append("%s%s:" % (lead, key))
        if isinstance(value, dict):
            _write_map(value, column + 2, out, "")
            continue
        for item in value:
            item_dash = " " * column + "- "
            if isinstance(item, str):
                out.append(item_dash + quoted(item))
            else:
                _write_map(item, column + 2, out, item_dash)


def fields(node, table, rule, what):
    """A map against its table: (key, type, whether it must be there), in this order."""
    require(isinstance(node, dict), rule, "%s is no map" % what)
    keys = list(node)
    known = [key for key, _, _ in table]
    for key in keys:
        require(key in known, rule, "%s: unknown key %s" % (what, key))
    require(keys == [k for k in known if k in node], rule, "%s: keys out of order" % what)
    for key, kind, needed in table:
        require(key in node or not needed, rule, "%s: no %s" % (what, key))
        require(key not in node or isinstance(node[key], kind), rule, "%s: %s is of another shape" % (what, key))
    return node
