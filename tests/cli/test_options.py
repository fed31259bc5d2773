# SPDX-License-Identifier: BSD-2-Clause
"""The command line: what is refused, what --help says, and that help, man page and
table of options agree."""

import pathlib
import re

import lib
from lib import OK, USAGE, HOST, Room, expect, pack, unpack

VERBS = {"satchel-pack": (lib.pack, ["init", "create", "sign"]),
         "satchel-unpack": (lib.unpack, ["check", "show", "list", "extract"])}


def test_help_goes_to_stdout():
    for program, (call, verbs) in VERBS.items():
        r = expect(call("--help"), OK)
        assert r.err == "" and r.out.startswith(program + " - "), r
        for verb in verbs:
            assert verb in r.out, r
            r2 = expect(call(verb, "--help"), OK)
            assert r2.err == "" and r2.out.startswith("usage: %s %s " % (program, verb)), r2
        expect(call("-h"), OK)


def test_version():
    for program, (call, verbs) in VERBS.items():
        r = expect(call("--version"), OK)
        assert re.match(r"%s \d+\.\d+\.\d+\n" % program, r.out), r
        assert "bundle format: 1" in r.out and "chunk digests: " in r.out, r
        assert expect(call("-V"), OK).out == r.out


def test_wrong_use_is_status_2_with_a_hint():
    rows = [([], "no command"), (["frobnicate"], "unknown command"), (["--frob"], "unknown option"),
            (["-Z"], "unknown option")]
    for program, (call, verbs) in VERBS.items():
        for args, text in rows:
            r = expect(call(*args), USAGE, text)
            assert "hint: see %s --help" % program in r.err and r.out == "", r
        for verb in verbs:
            expect(call(verb), USAGE, "operand")
            expect(call(verb, "x", "--jobs"), USAGE, "argument")
            for jobs in ("0", "-1", "65", "x", "", "1.5", "00", "18446744073709551617"):
                expect(call(verb, "x", "--jobs=" + jobs), USAGE)


def test_abbreviations_are_refused():
    expect(pack("create", "h.yaml", "--no-enc"), USAGE, "unknown option")
    expect(unpack("check", "x", "--tru", "y"), USAGE, "unknown option")


def test_options_of_another_verb_are_refused():
    expect(pack("sign", "x", "--portable"), USAGE, "no option of")
    expect(unpack("check", "x", "-C", "y"), USAGE, "no option of")
    expect(unpack("list", "x", "--all"), USAGE, "no option of")


def test_what_does_not_exist_yet_is_refused():
    for args in (["create", "h.yaml", "-P", "1"], ["create", "h.yaml", "--resume"], ["create", "h.yaml", "--strict"],
                 ["protect", "x"], ["sheet", "x"], ["receipt", "x"]):
        expect(pack(*args), USAGE)
    for args in (["check", "x", "-p", "p"], ["extract", "x", "--resume"], ["repair", "x"], ["inspect", "x"],
                 ["policy", "x"], ["ledger", "verify"], ["custody", "show"], ["report", "x"]):
        expect(unpack(*args), USAGE)


def test_combinations_that_make_no_sense():
    base = ["create", "h.yaml", "-o", "out"]
    rows = [(["-s", "a@b", "--unsigned", "-r", "c@d"], "exclude each other"),
            (["--unsigned", "-r", "c@d"], "--originator"),
            (["-s", "a@b", "--originator", "F" * 40, "-r", "c@d"], "--originator"),
            (["-s", "a@b", "-r", "c@d", "--no-encryption"], "exclude each other"),
            (["-s", "a@b", "-r", "c@d", "--portable"], "--no-encryption"),
            (["-s", "a@b", "--no-encryption", "--pad", "64KiB"], "--pad"),
            (["-s", "a@b", "--no-encryption", "--hide-recipients"], "--hide-recipients"),
            (["-s", "a@b", "-r", "c@d", "-S", "63KiB"], "out of range"),
            (["-s", "a@b", "-r", "c@d", "-S", "4GB"], "not a size"),
            (["-s", "a@b", "-r", "c@d", "-S", "4"], "not a size"),
            (["-s", "a@b", "-r", "c@d", "-S", "9999999TiB"], "size"),
            (["-s", "a@b", "-r", "c@d", "--pad", "1KiB"], "out of range"),
            (["-s", "a@b", "-r", "c@d", "-l", "0"], "--level"),
            (["-s", "a@b", "-r", "c@d", "-l", "20"], "--level"),
            (["-s", "a@b", "-r", "c@d", "-S", "4MiB", "--media-size", "4MiB"], "does not fit"),
            (["-s", "a@b", "-r", "c@d", "-o", "other"], "twice")]
    for extra, text in rows:
        expect(pack(*base, *extra), USAGE, text)


def test_expect_takes_all_digits_only():
    with Room() as room:
        (room / "manifest.yaml").write_text("x\n")
        for digest in ("", "ab", "0" * 127, "0" * 129, "g" * 128):
            r = unpack("check", room, "--expect", digest)
            assert r.status in (USAGE, lib.MALFORMED), r


def test_missing_files():
    expect(pack("create", "/nonexistent/handoff.yaml", "-o", "/nonexistent/out", "-s", "a@b", "-r", "c@d"), HOST)
    expect(unpack("check", "/nonexistent"), HOST)


def page_options(name, verbs):
    """The options that a man page names: -x and --long."""
    text = (pathlib.Path(lib.SRC) / "man" / (name + ".1")).read_text()
    return set(re.findall(r"Fl \\?-\\?-?([a-z][a-z-]+)", text.replace("\\-", "-"))), text


def test_help_and_man_page_agree():
    for program, (call, verbs) in VERBS.items():
        helped = set()
        for verb in verbs:
            helped |= set(re.findall(r" --([a-z-]+)", expect(call(verb, "--help"), OK).out.split("\n\n", 1)[1]))
        documented, text = page_options(program, verbs)
        assert helped == documented & helped, "not in %s(1): %s" % (program, sorted(helped - documented))
        extra = documented - helped
        assert not extra, "in %s(1), but no option: %s" % (program, sorted(extra))
        for verb in verbs:
            assert verb in text


lib.main(globals())
