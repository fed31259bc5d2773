# SPDX-License-Identifier: BSD-2-Clause
"""The completions of bash, zsh and fish know the commands and options of --help and
of the man pages, and no others."""

import os
import pathlib
import re
import shutil
import subprocess

import lib
from lib import OK, expect

BUILD = pathlib.Path(os.environ.get("SATCHEL_BUILD", lib.SRC + "/build"))
PROGRAMS = {"satchel-pack": lib.pack, "satchel-unpack": lib.unpack}


def verbs(call, program):
    return re.findall(r"^  %s ([a-z]+) " % program, expect(call("--help"), OK).out, re.M)


def options(call, verb):
    """The options of a command, as --help has them."""
    text = expect(call(verb, "--help"), OK).out.split("\n\n", 1)[1]
    return set(re.findall(r"^  (?:-\w, |    )--([a-z-]+)", text, re.M))


def test_bash_completes_what_help_says():
    for program, call in PROGRAMS.items():
        script = BUILD / "completions" / (program + ".bash")
        subprocess.run(["bash", "-n", script], check=True)
        function = "_" + program.replace("-", "_")

        def complete(*words):
            code = '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); %s; printf "%%s\\n" "${COMPREPLY[@]}"' % function
            return set(subprocess.run(["bash", "-c", code, "bash", script, program, *words], check=True,
                                      stdout=subprocess.PIPE, text=True).stdout.split())
        assert set(verbs(call, program)) <= complete(""), complete("")
        for verb in verbs(call, program):
            assert complete(verb, "--") == {"--" + o for o in options(call, verb)}, verb
        assert complete(verbs(call, program)[0], "--jobs", "") == set()


def test_fish_has_each_option_once():
    for program, call in PROGRAMS.items():
        script = BUILD / "completions" / (program + ".fish")
        if shutil.which("fish"):
            subprocess.run(["fish", "-n", script], check=True)
        lines = script.read_text().splitlines()
        for verb in verbs(call, program):
            found = [re.search(r" -l ([a-z-]+)", x).group(1) for x in lines
                     if re.search(r"seen_subcommand_from( [a-z]+)* %s[ ']" % verb, x)]
            assert sorted(found) == sorted(options(call, verb)), verb


def test_zsh_has_each_option_once():
    for program, call in PROGRAMS.items():
        script = BUILD / "completions" / (program + ".zsh")
        if shutil.which("zsh"):
            subprocess.run(["zsh", "-n", script], check=True)
        text = script.read_text()
        for verb in verbs(call, program):
            part = text.split("\t%s)\n\t\t_arguments" % verb)[1].split(";;")[0]
            found = re.findall(r"^\t\t\t.*?--([a-z-]+)(?:\}'|\)'|\[)", part, re.M)
            assert sorted(set(found)) == sorted(options(call, verb)), (verb, found)


def test_man_pages_have_every_option():
    for program, call in PROGRAMS.items():
        page = (pathlib.Path(lib.SRC) / "man" / (program + ".1")).read_text().replace("\\-", "-")
        for verb in verbs(call, program):
            for option in options(call, verb):
                assert re.search(r"Fl -%s\b" % option, page), "--%s is not in %s(1)" % (option, program)


lib.main(globals())
