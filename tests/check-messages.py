#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of all messages, tests/cli/messages.txt, against the C source and against
what the two programs said while the tests ran.

It fails where the source has a message or a hint that is not in the table, or the table
one that the source no longer has; and where a test that reaches a message by the table
has run, and the message was not seen.  With --write it makes the table anew from the
same: RECORDS is a folder that tests/run has filled (build/messages).

A message that no test reaches has to stand in tests/cli/unreached.txt with the reason,
and one that is reached must not.

usage: check-messages.py [--write] RECORDS"""

import json
import os
import pathlib
import re
import sys

SRC = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SRC / "tests" / "cli"))
from lib_messages import CONVERSION, Source  # noqa: E402

TABLE = SRC / "tests" / "cli" / "messages.txt"
UNREACHED = TABLE.with_name("unreached.txt")
STATUS = {"ST_OK": 0, "ST_HOST": 1, "ST_USAGE": 2, "ST_UNTRUSTED": 3, "ST_DAMAGED": 4, "ST_INCOMPLETE": 5, "ST_REFUSED": 6,
          "ST_MALFORMED": 7, "ST_BUSY": 8, "ST_INTERNAL": 70, "ST_INTERRUPTED": 130}
# Fingerprints, digests and names made up for one run, whose digits are zeros already.
RANDOM = re.compile(r"\b(?=[a-fA-F]*0)(?:[0a-f]{8,}|[0A-F]{8,})\b")
SYSTEM = ": (?:%s)" % "|".join(sorted({re.escape(os.strerror(n)) for n in range(1, 134)}))
OPEN = "none"
# Where they strike depends on what gpg made, or on time: what they show, others have to.
UNSTEADY = ("test_every_byte/", "test_signature_keys/test_each_", "test_sources/test_a_file_that_changes_while_")
HEAD = """\
# Every message of satchel-pack and satchel-unpack that refuses, reports an error or a
# finding, as the source composes it.  tests/check-messages.py compares this with the
# source and with what the programs said in the tests, and makes it anew (--write).
#
# message  the text; in front of it stands where (a file, a line, a volume, a key), and
#          behind one that ends in "..." what the system says
# from     the source that words it
# rule     its name in --json
# status   what it counts as; the run's exit status is that of the worst
# seen     as it was printed, numbers as 0 and folders as "..."; then what to do, if that
#          was said
# test     the test that reaches it through the programs.  "none": no test of tests/cli
#          was seen to, and tests/cli/unreached.txt says why
"""
HINTS = "\n# Hints that none of the messages above shows, and the test that shows them\n"


class Message:
    def __init__(self, kind, text):
        self.kind, self.text = kind, text
        self.rules, self.statuses, self.files = set(), set(), set()
        self.seen = {}			# test -> (line, hint)
        self.test = OPEN
        self.example = None
        # as lib.py writes down what was said: numbers as 0, folders as "..."
        text = re.sub(r"(?<!\S)/\S*/(?=\S)", ".../", text)
        self.weight = len(re.sub("[0-9]+", "0", CONVERSION.sub("", text)))
        self.part = re.sub("[0-9]+", "0", max(CONVERSION.split(text), key=len))
        end = SYSTEM if kind == "errno" else ""
        self.pattern = re.compile(r"satchel-(?:un)?pack: (?:.*: |note: |warning: )?%s%s$" % (pattern(text) or ".*", end))

    @property
    def key(self):
        return self.text + ("..." if self.kind == "errno" else "")

    def block(self):
        lines = ["message: " + self.key, "from:    " + " ".join(sorted(self.files))]
        if self.rules:
            lines.append("rule:    " + " ".join(sorted(self.rules)))
        if self.statuses:
            lines.append("status:  " + " ".join(str(s) for s in sorted(STATUS[x] for x in self.statuses)))
        lines += ["seen:    " + RANDOM.sub("0", x) for x in self.example or () if x]
        lines.append("test:    " + self.test)
        return "\n".join(lines) + "\n"


def pattern(fmt):
    """A format as a regular expression, without numbers of its own."""
    pieces = CONVERSION.split(fmt)
    found = re.escape(re.sub(r"[0-9]+", "0", pieces[0]))
    for m, piece in zip(CONVERSION.finditer(fmt), pieces[1:]):
        last = m.group()[-1]
        found += "%" if last == "%" else r"[0-9a-f]+" if last in "diuxz" else ".*"
        found += re.escape(re.sub(r"[0-9]+", "0", piece))
    return found


def from_source():
    """{key: Message}, and {hint: files}; what stands in front of others is part of these."""
    messages, hints = {}, {}
    for kind, text, rules, statuses, file in Source(SRC).messages():
        assert text is not None, "%s: a message that cannot be followed" % file
        if kind == "hint":
            if CONVERSION.sub("", text).strip():
                hints.setdefault(text, set()).add(file)
            continue
        if kind == "within":
            continue
        # where something is stands in front, and is not the message
        while text.startswith("%s: "):
            text = text[4:]
        if text == "%s":
            if kind != "errno":
                continue
            text = ""
        m = Message("errno" if kind == "errno" else "text", text)
        m = messages.setdefault(m.key, m)
        m.rules |= rules
        m.statuses |= statuses
        m.files.add(file)
    return messages, hints


def records(folder):
    """Tests that ran to their end, those that were skipped, and {(test, status, line, hint)}."""
    ran, skipped, said = set(), set(), set()
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            kind, test, *rest = json.loads(line)
            name = "%s/%s" % (path.stem, test)
            if kind == "test":
                ran.add(name)
            elif kind == "skipped":
                skipped.add(name)
            else:
                said.add((name, *rest))
    return ran - skipped, skipped, said


def attribute(messages, said):
    """To the message that fits best; where that only leads to another one (": %s"), to both."""
    cache = {}
    everything = sorted(messages.values(), key=lambda m: -m.weight)
    for test, _, line, hint in sorted(said):
        if line not in cache:
            fits = [m for m in everything if m.part in line and m.pattern.match(line)]
            cache[line] = [m for m in fits if m.weight == fits[0].weight]
            if fits and fits[0].text.endswith(": %s"):
                last = [m for m in fits if not m.text.endswith(": %s")]
                cache[line] += [m for m in last if m.weight == last[0].weight]
        for m in cache[line]:
            if test not in m.seen or (hint and not m.seen[test][1]):
                m.seen[test] = (line, hint)
    return sorted(line for line, found in cache.items() if not found)


def read_table():
    """{key: test}, the hints that were seen, and those at the end, with their tests."""
    table, hints, alone = {}, set(), {}
    key = hint = None
    for line in TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []:
        if line.startswith("message: "):
            key, hint = line[9:], None
        elif line.startswith("hint: "):
            hint = line[6:].strip()
            alone[hint] = OPEN
        elif line.startswith("test: "):
            if hint is None:
                table[key] = line[6:].strip()
            else:
                alone[hint] = line[6:].strip()
        elif line.startswith("seen:    hint: "):
            hints.add(line[15:].strip())
    return table, hints, alone


def read_unreached():
    """{message, or "hint: " and a hint}, in paragraphs of which each begins with the reason ("because: ...")."""
    found, because = set(), False
    for line in UNREACHED.read_text(encoding="utf-8").splitlines():
        if line.startswith("because: "):
            because = True
        elif line.startswith("    "):
            assert because and line[4:] not in found, line
            found.add(line[4:])
        else:
            assert not line or line[0] in "#\t", line
    return found


def said_hint(hint, texts):
    fits = re.compile(pattern(hint) + "$")
    return any(fits.match(re.sub(r"[0-9]+", "0", t)) for t in texts)


def tests_of(hint, said):
    fits = re.compile(pattern("hint: " + hint) + "$")
    return {test for test, _, _, text in said if fits.match(text)}


def write(messages, hints, table, said):
    for m in messages.values():
        test = table.get(m.key, OPEN)
        m.seen = {t: what for t, what in m.seen.items() if not t.startswith(UNSTEADY)}
        if test.startswith(UNSTEADY):
            test = OPEN
        if m.seen and test not in m.seen:
            # cases that were made for it, else one that may be told to run alone fast
            test = min(m.seen, key=lambda t: (not t.startswith("test_messages"), t))
        m.test = test
        m.example = m.seen.get(test)
    shown = {m.example[1][6:] for m in messages.values() if m.example and m.example[1]}
    alone = {h: min((t for t in tests_of(h, said) if not t.startswith(UNSTEADY)), default=OPEN)
             for h in sorted(hints) if not said_hint(h, shown)}
    order = sorted(messages.values(), key=lambda m: (min(m.files), m.key))
    TABLE.write_text(HEAD + "\n" + "\n".join(m.block() for m in order) + HINTS +
                     "".join("hint:    %s\ntest:    %s\n" % item for item in alone.items()), encoding="utf-8")


def no_such_test(test):
    script, _, name = test.partition("/")
    path = SRC / "tests" / "cli" / (script + ".py")
    return not path.exists() or name != "start" and "def %s(" % name not in path.read_text(encoding="utf-8")


def check(messages, hints, table, seen_hints, alone, ran, said):
    unreached = read_unreached()
    wrong = ["not in the table: %s (%s)" % (key, " ".join(sorted(m.files))) for key, m in messages.items() if key not in table]
    wrong += ["no longer in the source: %s" % key for key in table if key not in messages]
    wrong += ["hint not in the table: %s" % h for h in hints if h not in alone and not said_hint(h, seen_hints)]
    wrong += ["in unreached.txt, but no longer in the source: %s" % key for key in unreached - messages.keys() if not key.startswith("hint: ")]
    told = {key[6:] for key in unreached if key.startswith("hint: ")}
    wrong += ["a hint that no test reaches, and unreached.txt does not say why: %s" % h
              for h in sorted(alone) if alone[h] == OPEN and h not in told]
    wrong += ["a hint in unreached.txt, but the table has it not as such: %s" % h for h in told
              if alone.get(h) != OPEN]
    for hint, test in alone.items():
        if test != OPEN and no_such_test(test):
            wrong.append("there is no test %s: hint: %s" % (test, hint))
        elif test in ran and test not in tests_of(hint, said):
            wrong.append("not seen in %s: hint: %s" % (test, hint))
    for key, test in table.items():
        if key in messages and (key in unreached) != (test == OPEN):
            wrong.append(("reached by %s, but in unreached.txt: %s" if key in unreached else
                          "reached by %s, and unreached.txt does not say why: %s") % (test, key))
        if test == OPEN or key not in messages:
            continue
        if no_such_test(test):
            wrong.append("there is no test %s: %s" % (test, key))
        elif test in ran and test not in messages[key].seen:
            wrong.append("not seen in %s: %s" % (test, key))
    return wrong


def main():
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    messages, hints = from_source()
    ran, _, said = records(arguments[0])
    unknown = attribute(messages, said)
    table, seen_hints, alone = read_table()
    if "--write" in sys.argv[1:]:
        write(messages, hints, table, said)
        table, seen_hints, alone = read_table()
    wrong = check(messages, hints, table, seen_hints, alone, ran, said)
    wrong += ["said, but no message of the table: %s" % line for line in unknown]
    for text in wrong:
        print(text)
    reached = sum(test != OPEN for test in table.values())
    print("%d messages, %d reached by tests/cli; %d tests ran, %d lines were looked at"
          % (len(table), reached, len(ran), len(said)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
