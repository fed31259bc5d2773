# SPDX-License-Identifier: BSD-2-Clause
"""NAMES AND TEXTS: which characters, texts, paths and names are legal, and when two
paths collide."""

import re
import unicodedata

from rules import TEXT_MAX, require
from unicode9 import assigned

RULE = "NAMES AND TEXTS"
PATH_MAX, COMPONENT_MAX, DEPTH_MAX = 1024, 255, 32
REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Cn"}
WHITE_SPACE = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
               *range(0x09, 0x0E), *range(0x2000, 0x200B)}
DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
           *(d + n for d in ("COM", "LPT") for n in "123456789\u00b9\u00b2\u00b3")}


def characters(text, what):
    for c in text:
        require(assigned(ord(c)) and unicodedata.category(c) not in REFUSED_CATEGORIES, RULE,
                "%s: U+%04X is not allowed" % (what, ord(c)))
    require(unicodedata.normalize("NFC", text) == text, RULE, "%s: %.100r is not in NFC" % (what, text))
    require(text == "" or ord(text[0]) not in WHITE_SPACE and ord(text[-1]) not in WHITE_SPACE, RULE,
            "%s: white space at an end" % what)


def free_text(text, what):
    require(1 <= len(text.encode()) <= TEXT_MAX, RULE, "%s: not 1 to %d bytes" % (what, TEXT_MAX))
    characters(text, what)
    return text


def component(part, what):
    require(1 <= len(part.encode()) <= COMPONENT_MAX, RULE, "%s: a component of %d bytes" % (what, len(part.encode())))
    characters(part, what)
    require(part not in (".", "..") and not part.endswith("."), RULE, "%s: %r ends with a dot" % (what, part))
    require(re.search(r'[\\:*?"<>|%]', part) is None, RULE, "%s: %r has a character that is not allowed" % (what, part))
    stem = part.split(".")[0].rstrip(" ").upper()
    require(stem not in DEVICES, RULE, "%s: %r is a Windows device" % (what, part))


def path(text, what="path"):
    require(1 <= len(text.encode()) <= PATH_MAX, RULE, "%s: not 1 to %d bytes" % (what, PATH_MAX))
    parts = text.split("/")
    require(len(parts) <= DEPTH_MAX, RULE, "%s: over %d components" % (what, DEPTH_MAX))
    for part in parts:
        component(part, what)
    return text


def name(text, what="name"):
    """The name of a bundle or a component: one component, and no hidden one or option."""
    require("/" not in text, RULE, "%s: %.100r has a slash" % (what, text))
    component(text, what)
    require(text[0] not in ".-", RULE, "%s: %.100r begins with a dot or a dash" % (what, text))
    return text


def folded(text):
    """What two paths that collide have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def parents(text):
    """Every directory above a path, the nearest last."""
    parts = text.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]
