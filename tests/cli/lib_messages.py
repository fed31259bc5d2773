# SPDX-License-Identifier: BSD-2-Clause
"""Every message that the C source can print as a refusal, an error, a finding or a hint:
the formats given to diag_set() and its like, with what the callers of a wrapper put in."""

import itertools
import math
import pathlib
import re

FOLDERS = ("manifests", "bundle", "pack", "unpack")
TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n\\]|\\.)*)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<char>'(?:[^'\\\n]|\\.)+')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>->|<<|>>|[-+*/%&|^=!<>]=|&&|\|\||\+\+|--|.)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)
DEFINE = re.compile(r'^#define[ \t]+(\w+)[ \t]+("(?:[^"\\\n]|\\.)*")[ \t]*(?:/\*.*)?$', re.MULTILINE)
# What takes a format: which argument it is, and what the message is.
SINKS = {"diag_set": (3, "text"), "diag_errno": (1, "errno"), "diag_hint": (1, "hint"), "diag_within": (1, "within"),
         "findings_note": (3, "note"), "console_warning": (1, "warning")}
CONVERSION = re.compile(r"%(?:%|[-0 #+]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j)?[a-zA-Z])")
MOST = 400		# ways to fill one format in


def unquote(token):
    return bytes(token[1:-1], "utf-8").decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")


class Function:
    """name(parameters) { body }; tokens are (kind, text, line)."""

    def __init__(self, name, parameters, body, file):
        self.name, self.body, self.file = name, body, file
        self.parameters = [next((t[1] for t in reversed(p) if t[0] == "word"), "") for p in parameters]
        self.kinds = {}
        for tokens in [*parameters, body]:
            words = [t[1] for t in tokens]
            for i in range(len(words) - 2):
                if words[i] == "struct":
                    for j in range(i + 2, len(words)):
                        if words[j] in (";", ")", "(", "{", "="):
                            break
                        self.kinds.setdefault(words[j], words[i + 1])

    def kind_of(self, name):
        """The struct that a variable is, or points to."""
        return self.kinds.get(name)


class Source:
    """The C files of some folders, as far as strings go through them."""

    def __init__(self, root):
        self.functions = []
        self.macros = {"PRIu64": "lu", "PRIu32": "u", "PRId64": "ld"}
        files = sorted(p for d in FOLDERS for p in pathlib.Path(root, d).glob("*.[ch]"))
        texts = {str(p.relative_to(root)): p.read_text(encoding="utf-8") for p in files}
        for text in texts.values():
            for name, value in DEFINE.findall(text):
                self.macros[name] = unquote(value)
        for file, text in texts.items():
            if file.endswith(".c"):
                self.read(file, self.tokens(text))
        self.named = {}
        for f in self.functions:
            self.named.setdefault(f.name, []).append(f)
        self.calls = {}			# name -> [(function that calls, arguments)]
        for f in self.functions:
            for name, arguments in calls(f.body):
                self.calls.setdefault(name, []).append((f, arguments))
        self.members = {}		# member -> [(function, variable, what is assigned to it)]
        for f in self.functions:
            for name, base, value in assignments(f.body, member=True):
                self.members.setdefault(name, []).append((f, base, value))

    def tokens(self, text):
        found = []
        line = 1
        for m in TOKEN.finditer(text):
            kind, token = m.lastgroup, m.group()
            if kind == "word" and token in self.macros:
                kind, token = "string", '"%s"' % token
                value = self.macros[token[1:-1]]
            elif kind == "string":
                value = unquote(token)
            else:
                value = token
            if kind == "string" and found and found[-1][0] == "string":
                found[-1] = ("string", found[-1][1] + value, found[-1][2])
            elif kind != "skip":
                found.append((kind, value, line))
            line += m.group().count("\n")
        return found

    def read(self, file, tokens):
        i = 0
        while i < len(tokens):
            if tokens[i][1] == "{" and tokens[i][0] == "sign":
                end = closing(tokens, i)
                if i > 0 and tokens[i - 1][1] == ")":
                    opening = matching_back(tokens, i - 1)
                    parameters = split(tokens[opening + 1:i - 1])
                    self.functions.append(Function(tokens[opening - 1][1], parameters, tokens[i + 1:end], file))
                i = end
            i += 1

    def resolve(self, tokens, function, bound=None, seen=frozenset()):
        """The strings that an expression can be; None among them for what cannot be followed.
        bound: parameter -> (what a caller gives, the caller, what is bound there)."""
        tokens = strip(tokens)
        key = (function.file, function.name, tuple(t[1] for t in tokens))
        if key in seen or len(seen) > 12:
            return set()
        seen = seen | {key}
        if len(tokens) == 1 and tokens[0][0] == "string":
            return {tokens[0][1]}
        parts = ternary(tokens)
        if parts is not None:
            return self.resolve(parts[0], function, bound, seen) | self.resolve(parts[1], function, bound, seen)
        if len(tokens) == 1 and tokens[0][0] == "word":
            return self.variable(tokens[0][1], function, bound, seen)
        if len(tokens) > 2 and tokens[0][0] == "word" and tokens[1][1] == "(" and closing(tokens, 1) == len(tokens) - 1:
            return self.returned(tokens[0][1], function, seen)
        if len(tokens) == 3 and tokens[0][0] == tokens[2][0] == "word" and tokens[1][1] in (".", "->"):
            return self.member(tokens[0][1], tokens[2][1], function, seen)
        return {None}

    def variable(self, name, function, bound, seen):
        found = set()
        if name == "NULL":
            return found
        for target, value in assignments(function.body):
            if target == name:
                found |= self.resolve(value, function, bound, seen)
        for called, arguments in calls(function.body):
            if called == "snprintf" and [t[1] for t in arguments[0]] == [name]:
                found |= self.filled(arguments, 2, function, bound, seen)
            if called == "vsnprintf" and [t[1] for t in arguments[0]] == [name] and bound and bound["..."][0]:
                tokens, caller, outer = bound["..."]
                while outer is not None and [t[1] for t in tokens[0]] == caller.parameters[-2:-1]:
                    tokens, caller, outer = outer["..."]
                found |= self.filled(tokens, 0, caller, outer, seen)
            # an out parameter
            for at, a in enumerate(arguments):
                if [t[1] for t in a] == ["&", name]:
                    for f in self.functions_for(called, function):
                        for target, value in assignments(f.body, star=True):
                            if at < len(f.parameters) and target == f.parameters[at]:
                                found |= self.resolve(value, f, None, seen)
        if name in function.parameters:
            if bound is not None and name in bound:
                return found | (self.resolve(bound[name][0], *bound[name][1:], seen) or {None})
            at = function.parameters.index(name)
            for caller, arguments in self.callers(function):
                if at < len(arguments):
                    found |= self.resolve(arguments[at], caller, None, seen)
        return found or {None}

    def callers(self, function):
        return [(f, arguments) for f, arguments in self.calls.get(function.name, [])
                if function in self.functions_for(function.name, f)]

    def functions_for(self, name, function):
        """Those that a name means here: of the same file, if there is one."""
        found = self.named.get(name, [])
        return [f for f in found if f.file == function.file] or found

    def returned(self, name, function, seen):
        found = set()
        for f in self.functions_for(name, function):
            for i, t in enumerate(f.body):
                if t[1] == "return":
                    end = next(j for j in range(i, len(f.body)) if f.body[j][1] == ";")
                    # a buffer of the caller holds no message of its own
                    if [x[1] for x in f.body[i + 1:end]] != [f.parameters[0]]:
                        found |= self.resolve(f.body[i + 1:end], f, None, seen)
        return found or {None}

    def member(self, base, name, function, seen):
        """What is assigned to this member of this struct anywhere."""
        kind = function.kind_of(base)
        found = set()
        for f, other, value in self.members.get(name, []):
            if kind is not None and f.kind_of(other) == kind:
                found |= self.resolve(value, f, None, seen)
        return found or {None}

    def filled(self, arguments, at, function, bound=None, seen=frozenset()):
        """A format with its %s filled in, as far as these can be followed."""
        found = set()
        for fmt in self.resolve(arguments[at], function, bound, seen):
            if fmt is None:
                found.add(None)
                continue
            ways = []
            k = at + 1
            for m in CONVERSION.finditer(fmt):
                words = {None}
                if m.group() == "%s" and k < len(arguments):
                    words = self.resolve(arguments[k], function, bound, seen) or {None}
                ways.append(sorted({m.group() if w is None else w for w in words}))
                k += (m.group() != "%%") + m.group().count("*")
            if math.prod(map(len, ways)) > MOST:
                ways = [[m.group()] for m in CONVERSION.finditer(fmt)]
            pieces = CONVERSION.split(fmt)
            for chosen in itertools.product(*ways, [""]):
                found.add("".join(itertools.chain(*zip(pieces, chosen))))
        return found or {None}

    def bindings(self, function, arguments, depth=0):
        """One for each way in which callers give what these arguments are made of."""
        used = {a[0][1] for a in arguments if len(a) == 1 and a[0][0] == "word" and a[0][1] in function.parameters}
        if any(name == "vsnprintf" for name, _ in calls(function.body)):
            used.add("...")
        if not used or depth > 3 or not self.callers(function):
            return [None]
        found = []
        for caller, given in self.callers(function):
            pairs = dict(zip(function.parameters, given))
            wanted = given if "..." in used else [pairs[u] for u in used if u in pairs]
            for outer in self.bindings(caller, wanted, depth + 1):
                found.append({name: (tokens, caller, outer) for name, tokens in pairs.items()})
                # a format is the last that has a name
                found[-1]["..."] = (given[len(function.parameters) - 2:], caller, outer)
        return found

    def messages(self):
        """[(kind, text, rules, statuses, file)]; text None where it cannot be followed."""
        found = []
        for f in self.functions:
            if f.file == "manifests/diag.c" or f.name in SINKS:
                continue
            for name, arguments in calls(f.body):
                if name == "diag_nomem":
                    found.append(("text", "out of memory", {"host-memory"}, {"ST_HOST"}, f.file))
                if name not in SINKS:
                    continue
                at, kind = SINKS[name]
                for bound in self.bindings(f, arguments[1:]):
                    rules, statuses = set(), set()
                    if name in ("diag_set", "findings_note"):
                        rules = {r for r in self.resolve(arguments[2], f, bound) if r is not None}
                    if name == "diag_set":
                        statuses = self.status(arguments[1], f, bound)
                    elif name == "diag_errno":
                        rules, statuses = {"host-io"}, {"ST_HOST"}
                    for text in self.filled(arguments, at, f, bound):
                        found.append((kind, text, rules, statuses, origin(f, bound)))
        return found

    def status(self, tokens, function, bound):
        """The names ST_... in an expression, or in what a caller gives for it."""
        found = {t[1] for t in tokens if t[1].startswith("ST_")}
        if len(tokens) == 1 and bound is not None and tokens[0][1] in bound:
            found |= self.status(bound[tokens[0][1]][0], *bound[tokens[0][1]][1:])
        return found


def origin(function, bound):
    """The file that gives a message its words."""
    while bound is not None:
        _, function, bound = bound["..."]
    return function.file


def closing(tokens, i):
    pairs = {"(": ")", "{": "}", "[": "]"}
    close = pairs[tokens[i][1]]
    depth = 0
    while i < len(tokens):
        if tokens[i][0] == "sign":
            depth += tokens[i][1] == {v: k for k, v in pairs.items()}[close]
            depth -= tokens[i][1] == close
            if depth == 0:
                return i
        i += 1
    return len(tokens)


def matching_back(tokens, i):
    depth = 0
    while i >= 0:
        if tokens[i][0] == "sign":
            depth += (tokens[i][1] == ")") - (tokens[i][1] == "(")
            if depth == 0:
                return i
        i -= 1
    return 0


def split(tokens):
    """At the commas that stand in no brackets."""
    parts, depth = [[]], 0
    for t in tokens:
        if t[0] == "sign":
            depth += t[1] in "([{"
            depth -= t[1] in ")]}"
            if t[1] == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(t)
    return parts if parts != [[]] else []


def strip(tokens):
    """Without brackets around it all, and without a cast in front."""
    while tokens and tokens[0][1] == "(":
        end = closing(tokens, 0)
        if end == len(tokens) - 1:
            tokens = tokens[1:-1]
        elif any(t[1] in ("const", "char", "void") for t in tokens[1:end]):
            tokens = tokens[end + 1:]
        else:
            break
    return tokens


def ternary(tokens):
    depth = 0
    level = 0
    question = None
    for i, t in enumerate(tokens):
        if t[0] != "sign":
            continue
        depth += t[1] in "([{"
        depth -= t[1] in ")]}"
        if depth == 0 and t[1] == "?":
            question = i if question is None else question
            level += 1
        elif depth == 0 and t[1] == ":":
            level -= 1
            if level == 0:
                return tokens[question + 1:i], tokens[i + 1:]
    return None


def calls(tokens):
    for i in range(len(tokens) - 1):
        if tokens[i][0] == "word" and tokens[i + 1][1] == "(" and tokens[i + 1][0] == "sign":
            end = closing(tokens, i + 1)
            yield tokens[i][1], split(tokens[i + 2:end])


def assignments(tokens, member=False, star=False):
    """name = value in a body; with member those to x.name and x->name, with star to *name."""
    for i in range(1, len(tokens) - 1):
        if tokens[i][1] != "=" or tokens[i][0] != "sign" or tokens[i - 1][0] != "word":
            continue
        before = tokens[i - 2][1] if i > 1 else ""
        is_member = before in (".", "->")
        is_star = before == "*" and (i < 3 or tokens[i - 3][1] in (";", "{", "}", ")", "else"))
        if is_member != member or (star and not is_star) or (is_star and not star and i > 2 and tokens[i - 3][1] in (";", "{", "}")):
            continue
        end, depth = i + 1, 0
        while end < len(tokens):
            t = tokens[end]
            if t[0] == "sign":
                if depth == 0 and t[1] in (";", ",", ")", "}"):
                    break
                depth += t[1] in "([{"
                depth -= t[1] in ")]}"
            end += 1
        if member:
            yield tokens[i - 1][1], tokens[i - 3][1], tokens[i + 1:end]
        else:
            yield tokens[i - 1][1], tokens[i + 1:end]
