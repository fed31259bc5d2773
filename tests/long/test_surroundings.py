# SPDX-License-Identifier: BSD-2-Clause
"""What surrounds a run: descriptors that are closed or full, terminals and none, colours,
umask, locale, HOME and TMPDIR, very many and very long arguments."""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import HOST, OK, PACK, UNPACK, UNTRUSTED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_strace import Place

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")
room = Room()
HERE = room.path
HANDOFF = lib.sample(HERE / "in")
WANT = lib.payload(HERE / "in")
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(ring.export(sender))
BUNDLE = HERE / "bundle"
expect(pack("create", HANDOFF, "-o", BUNDLE, "-s", sender, "-r", reader, "-S", "64KiB", env=ring.env()), OK)
NAME = "aurora-preview"
ESCAPE = "\033["


def cleanup():
    ring.close()
    room.__exit__()


def create(out):
    return [PACK, "create", HANDOFF, "-o", out, "-s", sender, "-r", reader, "-S", "64KiB"]


def check():
    return [UNPACK, "check", BUNDLE, "-t", TRUST]


def shell(words, redirect, env=None):
    """Run with redirections as a shell makes them; returns the status."""
    script = 'exec "$@" ' + redirect
    return subprocess.run(["sh", "-c", script, "sh", *map(str, words)], env=dict(os.environ, LC_ALL="C", **(env or {})),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)


def test_closed_descriptors():
    with Place(HERE) as place:
        env = dict(ring.env(), **place.env)
        for i, (redirect, status) in enumerate((("<&-", OK), ("2>&-", OK), ("<&- 2>&-", OK), (">&-", HOST),
                                                ("<&- >&-", HOST), ("<&- >&- 2>&-", HOST))):
            out = place.path / str(i)
            r = shell(create(out), redirect, env)
            assert r.returncode == status, (redirect, r)
            # what was to be said is lost, not the bundle; and no file of it has taken a closed one's place
            expect(unpack("check", out, "-t", TRUST), OK)
            assert status == OK or "2>&-" in redirect or b"standard output" in r.stderr, (redirect, r)
            assert shell(check(), redirect, env).returncode == status, redirect
            (place.path / "dest").mkdir()
            r = shell([UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest"], redirect, env)
            assert r.returncode == status, (redirect, r)
            assert lib.tree(place.path / "dest" / NAME / "data") == WANT
            shutil.rmtree(place.path / "dest")
        place.check_nothing_left()


def test_standard_output_is_full():
    for words in ([UNPACK, "-V"], [UNPACK, "-h"], [PACK, "create", "-h"], check(), [*check(), "--json"],
                  [UNPACK, "show", BUNDLE, "-t", TRUST, "--json"], [UNPACK, "list", BUNDLE, "-t", TRUST],
                  [PACK, "create", HANDOFF, "-n", "-s", sender, "-r", reader]):
        r = shell(words, ">/dev/full", ring.env())
        assert r.returncode == HOST and b"No space left on device" in r.stderr, (words, r)
    # what is worse is said first
    r = shell([UNPACK, "check", BUNDLE], ">/dev/full")
    assert r.returncode == UNTRUSTED, r
    assert shell(check(), "2>/dev/full").returncode == OK


def test_a_reader_that_goes_away():
    r = shell([UNPACK, "list", BUNDLE, "-t", TRUST], "| true; exit 0", ring.env())
    assert r.returncode == 0
    p = subprocess.Popen([UNPACK, "list", str(BUNDLE), "-t", str(TRUST)], env=dict(os.environ, **ring.env()),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.close()
    assert p.wait(60) == HOST, "not killed by SIGPIPE, but told: %s" % p.returncode
    assert b"Broken pipe" in p.stderr.read()
    p.stderr.close()


def on_terminal(words, env, out=True, err=True, stdin=False, answer=None):
    """Run with a terminal as stdout and stderr, or one of these; returns (status, what the
    terminal saw, what the pipe saw)."""
    master, slave = pty.openpty()
    p = subprocess.Popen([str(w) for w in words], env=env, stdin=slave if stdin else subprocess.DEVNULL,
                         stdout=slave if out else subprocess.PIPE, stderr=slave if err else subprocess.PIPE,
                         start_new_session=True)
    os.close(slave)
    seen = b""
    while select.select([master], [], [], 60)[0]:
        try:
            block = os.read(master, 65536)
        except OSError:		# the other side is closed
            break
        seen += block
        if answer is not None and b"[yes/no]" in seen:
            os.write(master, answer)
            answer = None
    piped = b"".join(f.read() for f in (p.stdout, p.stderr) if f is not None)
    for f in (p.stdout, p.stderr):
        if f is not None:
            f.close()
    os.close(master)
    return p.wait(60), seen.decode(errors="replace"), piped.decode(errors="replace")


def terminal_env(**more):
    env = dict(os.environ, TERM="xterm", **ring.env())
    env.pop("NO_COLOR", None)
    for name, value in more.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def test_a_terminal_gets_a_bar_and_colours():
    with Place(HERE) as place:
        status, seen, _ = on_terminal(create(place.path / "out"), terminal_env())
        assert status == OK, seen
        assert "packing" in seen and re.search(r"\r[^\n]*\d+%", seen), seen
        status, seen, _ = on_terminal(check(), terminal_env())
        assert status == OK and re.search(r"\rchecking [a-z0-9.-]+: +\d+%", seen), seen
        assert "\033[1;32mAUTHENTIC AND WHOLE\033[0m\r\n" in seen, repr(seen)
        status, seen, _ = on_terminal([UNPACK, "check", BUNDLE], terminal_env())
        assert status == UNTRUSTED and "\033[1;31mNOT AUTHENTICATED\033[0m" in seen, repr(seen)
        (place.path / "dest").mkdir()
        status, seen, _ = on_terminal([UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest"], terminal_env())
        assert status == OK and re.search(r"\rimporting [^\n]*\d+%", seen), repr(seen)
        # the bar is gone before anything else is said on that line
        for line in seen.split("\r\n"):
            assert not re.search(r"%[^\033]*IMPORTED", line), repr(line)


def test_no_bar_and_no_colours():
    for more, options in (({"TERM": "dumb"}, []), ({"TERM": None}, [])):
        status, seen, _ = on_terminal([*check(), *options], terminal_env(**more))
        assert status == OK and "AUTHENTIC AND WHOLE\r\n" in seen, repr(seen)
        assert "\033" not in seen and "%" not in seen and "\r" not in seen.replace("\r\n", ""), repr(seen)
    for more, options in (({"NO_COLOR": "1"}, []), ({}, ["--no-color"])):
        status, seen, _ = on_terminal([*check(), *options], terminal_env(**more))
        assert status == OK and "\r\nAUTHENTIC AND WHOLE\r\n" in seen.replace("\033[K", "\r\n"), repr(seen)
        assert not re.search(r"\033\[[0-9;]*m", seen) and "%" in seen, repr(seen)
    # an empty NO_COLOR is none
    status, seen, _ = on_terminal(check(), terminal_env(NO_COLOR=""))
    assert "\033[1;32m" in seen, repr(seen)
    status, seen, _ = on_terminal([*check(), "-q"], terminal_env())
    assert status == OK and "%" not in seen, repr(seen)


def test_each_stream_is_looked_at_by_itself():
    status, seen, piped = on_terminal(check(), terminal_env(), err=False)
    assert status == OK and "\033[1;32mAUTHENTIC AND WHOLE" in seen and "%" not in seen, repr(seen)
    assert ESCAPE not in piped and "%" not in piped and "\r" not in piped, repr(piped)
    status, seen, piped = on_terminal(check(), terminal_env(), out=False)
    assert status == OK and "%" in seen, repr(seen)
    assert ESCAPE not in piped and piped.endswith("\nAUTHENTIC AND WHOLE\n"), repr(piped)
    status, seen, piped = on_terminal([*check(), "--json"], terminal_env())
    assert status == OK and "AUTHENTIC AND WHOLE" in seen, repr(seen)
    status, seen, piped = on_terminal([*check(), "--json"], terminal_env(), out=False)
    assert lib.Result([], status, piped, seen).json["verdict"] == "AUTHENTIC AND WHOLE"
    r = expect(lib.run(*check(), env={"TERM": "xterm"}), OK)
    assert "\r" not in r.err + r.out and ESCAPE not in r.err + r.out, r


def test_sign_asks_on_a_terminal():
    second = ring.gen("Security Officer", "security@example.com")
    for answer, status in ((b"no\n", USAGE), (b"\n", USAGE), (b"YES\n", USAGE), (b"\x04", USAGE), (b"yes please\n", USAGE),
                           (b"yes\n", OK)):
        with Place(HERE) as place:
            lib.copy_bundle(BUNDLE, place.path / "out")
            before = lib.snapshot(place.path / "out")
            got, seen, _ = on_terminal([PACK, "sign", place.path / "out", "-s", second], terminal_env(**place.env),
                                       stdin=True, answer=answer)
            assert got == status, (answer, seen)
            made = (place.path / "out" / "signatures" / ("%s.sig" % second)).exists()
            assert made == (status == OK), seen
            assert made or lib.snapshot(place.path / "out") == before
            place.check_nothing_left()


def with_umask(mask, words, env):
    r = subprocess.run([str(w) for w in words], env=dict(os.environ, **env), stdin=subprocess.DEVNULL, check=False,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: os.umask(mask), timeout=120)
    assert r.returncode == OK, r


def test_umask():
    for mask in (0o077, 0o000, 0o027, 0o177):
        with Place(HERE) as place:
            env = dict(ring.env(), **place.env)
            if mask != 0o177 or os.getuid() == 0:
                with_umask(mask, create(place.path / "out"), env)
                for path in [place.path / "out", *(place.path / "out").rglob("*")]:
                    mode = path.stat().st_mode & 0o777
                    assert mode == (0o777 if path.is_dir() else 0o666) & ~mask, (path, oct(mode), oct(mask))
            (place.path / "dest").mkdir()
            with_umask(mask, [UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest"], env)
            bag = place.path / "dest" / NAME
            for path in [bag, *bag.rglob("*")]:
                mode = path.stat().st_mode & 0o7777
                assert mode in ((0o755,) if path.is_dir() else (0o644, 0o755)), (path, oct(mode), oct(mask))
            assert lib.tree(bag / "data") == WANT
            expect(unpack("audit", bag, "-t", TRUST), OK)
            place.check_nothing_left()


def test_a_folder_with_the_set_group_id_bit():
    with Place(HERE) as place:
        (place.path / "dest").mkdir()
        (place.path / "dest").chmod(0o2755)
        expect(unpack("extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest", env=dict(ring.env(), **place.env)), OK)
        assert lib.tree(place.path / "dest" / NAME / "data") == WANT
        expect(unpack("audit", place.path / "dest" / NAME, "-t", TRUST), OK)


def test_locales():
    for lc in ("xx_XX.BROKEN", "C", "POSIX", "tr_TR.UTF-8", "de_DE.ISO-8859-1", "ja_JP.SJIS", "", None):
        with Place(HERE) as place:
            env = dict(ring.env(), LC_ALL=lc, LANG="tr_TR.UTF-8", LANGUAGE="tr:de", **place.env)
            expect(lib.run(*create(place.path / "out"), env=env), OK)
            (place.path / "dest").mkdir()
            r = expect(unpack("extract", place.path / "out", "-t", TRUST, "-C", place.path / "dest", env=env), OK)
            assert r.verdict == "IMPORTED"
            assert lib.tree(place.path / "dest" / NAME / "data") == WANT
            place.check_nothing_left()


def test_home_and_tmpdir():
    with Place(HERE) as place:
        for i, env in enumerate(({"HOME": None}, {"HOME": "/nonexistent"}, {"HOME": ""}, {"TMPDIR": None}, {"TMPDIR": ""},
                                 {"HOME": None, "TMPDIR": None, "PATH": os.environ["PATH"], "LANG": None, "USER": None,
                                  "LOGNAME": None, "SHELL": None, "XDG_RUNTIME_DIR": None})):
            (place.path / str(i)).mkdir()
            more = dict(ring.env(), **env)
            expect(lib.run(*create(place.path / str(i) / "out"), env=more), OK)
            (place.path / str(i) / "dest").mkdir()
            expect(unpack("extract", place.path / str(i) / "out", "-t", TRUST, "-C", place.path / str(i) / "dest", env=more), OK)
        # sockets lie in there, whose paths have room for 107 bytes
        long = place.tmp / ("l" * 120) / ("m" * 100)
        long.mkdir(parents=True)
        expect(lib.run(*create(place.path / "long"), env=dict(ring.env(), TMPDIR=long)), OK)
        expect(unpack("list", place.path / "long", "-t", TRUST, env=dict(ring.env(), TMPDIR=long)), OK)
        assert not os.listdir(long)
        # where nothing can be made, /tmp serves
        for bad in ("/nonexistent", "/dev/null", "/proc"):
            expect(unpack("check", BUNDLE, "-t", TRUST, env={"TMPDIR": bad}), OK)


def test_relative_tmpdir_and_odd_folders():
    with Place(HERE) as place:
        odd = place.path / "a b\n'\"\\$x;\u00e9"
        odd.mkdir()
        (odd / "t").mkdir()
        for tmp in ("t", odd / "t"):
            r = lib.run(*check(), env={"TMPDIR": tmp}, cwd=odd)
            assert r.status in (OK, HOST), r
            assert not os.listdir(odd / "t")
        out = odd / "out"
        r = pack("create", HANDOFF, "-o", out, "-s", sender, "-r", reader, env=ring.env())
        expect(r, OK, "bundle: ")
        assert "a b\n" not in r.out + r.err, r
        expect(unpack("check", out, "-t", TRUST), OK)
        (odd / "dest").mkdir()
        expect(unpack("extract", out, "-t", TRUST, "-C", odd / "dest", env=ring.env()), OK)
        assert lib.tree(odd / "dest" / NAME / "data") == WANT


def test_many_and_long_arguments():
    expect(unpack("check", "x" * 100_000, "-t", TRUST, env={"LC_ALL": "C"}), HOST, "name too long")
    expect(unpack("check", BUNDLE, "-t", "y" * 100_000, env={"LC_ALL": "C"}), HOST, "name too long")
    expect(pack("create", HANDOFF, "-o", "z" * 100_000, "--unsigned", "--originator", sender, "--no-encryption",
                env={"LC_ALL": "C"}), HOST, "name too long")
    expect(unpack("check", BUNDLE, "-t", TRUST, "--expect", "a" * 100_000), USAGE)
    expect(pack("create", HANDOFF, "-o", HERE / "never", "-s", "b" * 100_000, "-r", reader, env=ring.env()), USAGE)
    expect(unpack("check", *[BUNDLE] * 500, "-t", TRUST), USAGE, "are the same directory")
    expect(unpack("check", *[BUNDLE] * 20_000, "-t", TRUST), HOST, "Too many open files")
    expect(unpack("check", *[HERE / ("absent-%d" % i) for i in range(5000)], "-t", TRUST), HOST, "absent-0")
    r = pack("create", HANDOFF, "-o", HERE / "never", "-s", sender, *["-r", reader] * 5000, env=ring.env())
    assert r.status == USAGE, r
    assert not (HERE / "never").exists()
    expect(unpack(*["--"] * 1000), USAGE)
    expect(unpack("-" + "q" * 100_000, "check", BUNDLE), UNTRUSTED)
    expect(unpack("-" + "x" * 100_000, "check", BUNDLE), USAGE)
    expect(unpack("--" + "y" * 100_000, "check", BUNDLE), USAGE)


def test_no_environment_at_all():
    with Place(HERE) as place:
        for words, status in ((check(), OK), ([UNPACK, "-V"], OK),
                              ([UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path], HOST)):
            r = subprocess.run(["env", "-i", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, timeout=120, check=False)
            assert r.returncode == status, r
        assert sorted(os.listdir(place.path)) == ["tmp"]
    assert not [n for n in os.listdir(tempfile.gettempdir()) if n.startswith("satchel-") and not n.startswith("satchel-test-")
                and os.path.isdir(os.path.join(tempfile.gettempdir(), n, "private-keys-v1.d"))]


lib.main(globals())
