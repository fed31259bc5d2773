# SPDX-License-Identifier: BSD-2-Clause
"""The notation and the limits of satchel-bundle(5), and how a broken rule is named.
The second decoder is written from that page alone and shares nothing with the programs."""

import hashlib
import re
import struct

OK, HOST, USAGE, UNTRUSTED, DAMAGED, INCOMPLETE, REFUSED, MALFORMED = range(8)
NAMES = ("ok", "host", "usage", "untrusted", "damaged", "incomplete", "refused", "malformed")
# If several hold, the first of these is the exit status.
ORDER = (USAGE, MALFORMED, UNTRUSTED, DAMAGED, INCOMPLETE, REFUSED, HOST, OK)

MANIFEST_MAX = 32 << 20
CONTENTS_MAX = 1 << 30
FILES_MAX = 4194304
COMPONENTS_MAX = 4096
ITEMS_MAX = 4096
TEXT_MAX = 1024
VALUE_MAX = 64 << 10
NESTING_MAX = 8
KEYS_MAX = 1024
README_MAX = 64 << 10
SUMS_MAX = 1 << 30
SIGNATURE_MAX = 16 << 10
SIGNERS_MAX = 256
WRAPPED_MAX = 16 << 10
RECIPIENTS_MAX = 256
LANES_MAX = 100
RUNS_MAX = 1000
VOLUMES_MAX = 65535
MEDIA_MAX = 65535
VOLUME_MAX = 1 << 40
CHUNKS_MAX = 1048576
CHUNK_SIZES = (16 << 10, 16 << 20)
PADDINGS = (4 << 10, 16 << 20)
STORED_EXTRA = 1024
WINDOW_MAX = 16 << 20
FUTURE_MAX = 86400
NUMBER_MAX = (1 << 63) - 1
TIME_MAX = 8589934591
OFFSET_MAX = (1 << 62) - 1
SEALED_MAX = 1 << 32


class Broken(Exception):
    """A rule of the page does not hold: status, section of the page, what is wrong."""

    def __init__(self, status, rule, text):
        super().__init__(text)
        self.status, self.rule, self.text = status, rule, text

    def __str__(self):
        return "%s: %s: %s" % (NAMES[self.status], self.rule, self.text)


def require(holds, rule, text, status=MALFORMED):
    if not holds:
        raise Broken(status, rule, text)


def sha512(*parts):
    h = hashlib.sha512()
    for part in parts:
        h.update(part)
    return h.digest()


def sha256(data):
    return hashlib.sha256(data).digest()


def u64(*numbers):
    return struct.pack("<%dQ" % len(numbers), *numbers)


def u32(*numbers):
    return struct.pack("<%dI" % len(numbers), *numbers)


def purpose(text):
    return text.encode("ascii").ljust(16, b"\0")


def number(text, rule, least=0, most=NUMBER_MAX):
    require(re.fullmatch("0|[1-9][0-9]{0,18}", text) is not None, rule, "%.60r is no number" % text)
    value = int(text)
    require(least <= value <= most, rule, "%d is not from %d to %d" % (value, least, most))
    return value


def hexadecimal(text, size, rule):
    require(re.fullmatch("[0-9a-f]{%d}" % (2 * size), text) is not None, rule,
            "%.200r is not %d bytes in lower-case hexadecimal" % (text, size))
    return bytes.fromhex(text)


def fingerprint(text, rule):
    require(re.fullmatch("[0-9A-F]{40}|[0-9A-F]{64}", text) is not None, rule, "%.80r is no fingerprint" % text)
    return text


def day(text, rule):
    """YYYY-MM-DD, one that exists, from 1970 on; the text itself, which sorts like the days."""
    m = re.fullmatch("([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    require(m is not None, rule, "%.40r is no day" % text)
    year, month, date = map(int, m.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    require(year >= 1970 and 1 <= month <= 12 and 1 <= date <= lengths[month - 1], rule, "no such day: " + text)
    return text


def ascending(items, rule):
    """Ascending and without duplicates."""
    for a, b in zip(items, items[1:]):
        require(a < b, rule, "%.100r does not stand behind %.100r" % (b, a))


# ---------------------------------------------------------------- digests and commitments

LEAF = 16384
PAYLOAD, CONTENTS = 1, 2


def chunk_digest(kind, frame):
    leaves = [sha512(frame[i:i + LEAF]) for i in range(0, len(frame), LEAF)]
    return sha512(purpose("satchel-chunk"), u64(kind, len(frame)), *leaves)


def index_digest(header, guard, index):
    return sha512(purpose("satchel-index"), header, guard, index)


def run_commitment(bundle_id, lane, run, key):
    return sha512(purpose("satchel-run"), bundle_id, u64(lane, run), key)


def content_commitment(bundle_id, lane, opener, text):
    return sha512(purpose("satchel-contents"), bundle_id, u64(lane), opener, text)


def additional_data(bundle_id, lane, run, kind, chunk):
    return u64(1, 1) + bundle_id + u64(lane, run, kind, chunk)


def wrapped_message(bundle_id, lane, run, key):
    return purpose("satchel-key") + bundle_id + u64(lane, run) + key
