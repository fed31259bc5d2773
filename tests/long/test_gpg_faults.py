# SPDX-License-Identifier: BSD-2-Clause
"""gpg is missing, hangs, talks nonsense; its agent is dead; homes cannot be written; a
card is locked: the run ends in time with the right status, and leaves nothing behind.
All of it with /run/user/UID and without."""

import concurrent.futures
import contextlib
import os
import signal
import subprocess
import sys
import time

import lib_long  # noqa: F401  the way to tests/cli
import lib
import lib_faults
from lib import HOST, INTERRUPTED, OK, UNTRUSTED, USAGE, expect, pack, unpack
from lib_faults import LATER, STATUS, USUAL_PATH, Agent, Case, gpgconf, when
from lib_keys import Keyring

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")
PIN = Keyring()
pin = PIN.gen("With Passphrase", "pass@example.com", passphrase="correct horse")
lib_faults.homes.update((ring.home, PIN.home))
HERE = lib_faults.new_room()
lib.sample(HERE / "in", 20_000)
HANDOFF = HERE / "in" / "handoff.yaml"


def prepare(name, keys, fpr, *options):
    keys.kill()
    expect(pack("create", HANDOFF, "-o", HERE / name, *options, env=keys.env()), OK)
    (HERE / (name + ".trust")).write_bytes(keys.export(fpr))
    return HERE / name


SEALED = prepare("sealed", ring, sender, "-s", sender, "-r", reader)
CLEAR = prepare("clear", ring, sender, "-s", sender, "--no-encryption")
PIN.set_pinentry("echo D correct horse; echo OK")
PINNED = prepare("pinned", PIN, pin, "-s", pin, "-r", pin)
TRUST = {SEALED: HERE / "sealed.trust", CLEAR: HERE / "clear.trust", PINNED: HERE / "pinned.trust"}
DIGEST = {b: unpack("show", b, "--json").json["bundle"]["digest"] for b in TRUST}
for keyring in (ring, PIN):
    keyring.kill()

ALL = ("create", "clear", "sign", "check", "list", "extract")
AGENT = ("create", "clear", "sign", "list", "extract")		# those that need the user's agent


def cleanup():
    if OTHER is not None and OTHER.poll() is None:
        OTHER.kill()
    ring.close()
    PIN.close()
    lib.force_remove(HERE)


def command(case, verb, bundle=SEALED, who=sender, to=reader):
    """The program's words, and where its result would be."""
    if verb == "create":
        return (lib.PACK, "create", HANDOFF, "-o", case.room / "out", "-s", who, "-r", to), case.room / "out"
    if verb == "clear":
        return (lib.PACK, "create", HANDOFF, "-o", case.room / "out", "-s", who, "--no-encryption"), case.room / "out"
    if verb == "sign":
        target = case.room / "bundle"
        lib.force_remove(target)
        lib.copy_bundle(bundle, target)
        for path in (target / "signatures").iterdir():
            path.unlink()
        return (lib.PACK, "sign", target, "-s", who, "--expect", DIGEST[bundle]), target / "signatures"
    if verb == "extract":
        (case.room / "dest").mkdir(exist_ok=True)
        return (lib.UNPACK, "extract", bundle, "-t", TRUST[bundle], "-C", case.room / "dest"), case.room / "dest"
    return (lib.UNPACK, verb, bundle, "-t", TRUST[bundle]), None


def nothing_made(result, where, what):
    """Neither a bundle, nor a signature, nor a tree, nor something half of it."""
    if where is None:
        return
    if where.name == "out":
        assert not where.exists(), "%s: %s\n%s" % (where, os.listdir(where), what)
    else:
        assert os.listdir(where) == [], "%s: %s\n%s" % (where, os.listdir(where), what)
    assert result.status != OK


def one(case, verb, status, text=None, prefix=(), alone=True, **which):
    """Run one verb in a case: status, words, and nothing left behind."""
    words, where = command(case, verb, **which)
    bundle = which.get("bundle", SEALED)
    before = lib.snapshot(bundle)
    r = case.run(*words, prefix=prefix, alone=alone)
    expect(r, status, text)
    if status != OK:
        nothing_made(r, where, r)
        assert r.err.strip(), r
    elif where is not None:
        assert os.listdir(where), r
        lib.force_remove(where)
    assert lib.snapshot(bundle) == before, "the bundle changed"
    return r


def each(prepare_case, verbs, status, text=None, **which):
    """A fresh case for each verb; prepare_case(case) breaks something."""
    for verb in verbs:
        with Case(PIN if which.get("bundle") is PINNED else ring) as case:
            prepare_case(case)
            try:
                one(case, verb, status, text, **which)
            except AssertionError as e:
                raise AssertionError("%s: %s" % (verb, e)) from None


def test_all_is_well():
    each(lambda case: None, ALL, OK)
    each(lambda case: None, ("check", "list", "extract"), OK, bundle=CLEAR)
    for verb in ("create", "extract"):
        with Case(ring) as case:
            one(case, verb, OK)
            # The user's own agent now runs, and knows of no private home.
            assert "gpg-agent" in "".join(str(x[1]) for x in lib_faults.processes().values() if str(case.home).encode() in x[1] + x[2])


def test_gpg_is_missing():
    each(lambda case: case.only(), ALL, HOST, "is not installed")
    # What needs no gpg works.
    with Case(ring) as case:
        case.only()
        expect(case.run(lib.PACK, "create", HANDOFF, "-o", case.room / "out", "--unsigned", "--originator", sender,
                        "--no-encryption"), OK)
        assert (case.room / "out" / "manifest.yaml").exists()
        expect(case.run(lib.UNPACK, "check", SEALED), UNTRUSTED, "NOT AUTHENTICATED")
        expect(case.run(lib.UNPACK, "check", SEALED, "--expect", DIGEST[SEALED]), OK)


def test_gpgconf_is_missing():
    each(lambda case: case.only("gpg"), AGENT, HOST, "gpgconf is not installed")
    each(lambda case: case.only("gpg"), ("check",), OK)
    each(lambda case: case.only("gpg"), ("check", "list", "extract"), OK, bundle=CLEAR)


def test_an_odd_path():
    def odd(value):
        def change(case):
            case.env["PATH"] = value
        return change
    each(odd("/nonexistent"), ("check", "create"), HOST, "is not installed")
    # A relative folder is never searched.
    each(odd(".:bin::" + USUAL_PATH), ("check", "create"), OK)

    def folder(case):
        (case.bin / "gpg").mkdir()
        (case.bin / "gpgconf").write_text("#!/bin/sh\nexit 1\n")
    each(folder, ("check", "create"), OK)


# Each in the place of gpg.
GPGS = [
    ("#!/bin/sh\nexit 0\n", "nothing"),
    ("#!/bin/sh\nexit 2\n", "a failure"),
    ("#!/bin/sh\nkill -SEGV $$\n", "a crash"),
    ("#!/nonexistent\n", "no interpreter"),
    ("not a program", "no program"),
    ("#!/bin/sh\nexec head -c 300000 /dev/urandom\n", "noise"),
    ("#!/bin/sh\nexec cat /dev/zero\n", "endless zeros"),
    ("#!/bin/sh\necho 'gpg (GnuPG) 1.0.0'\n", "an old one"),
    (LATER + "exit 0\n", "nothing, later"),
    (LATER + "exit 2\n", "a failure, later"),
    (LATER + "kill -SEGV $$\n", "a crash, later"),
    (LATER + "exec head -c 300000 /dev/urandom\n", "noise, later"),
    (LATER + "exec cat /dev/zero\n", "endless zeros, later"),
    (LATER + STATUS + "head -c 3000 /dev/urandom >&$fd\n", "noise on the status"),
    (LATER + STATUS + "printf '[GNUPG:] GOODSIG\\n[GNUPG:] VALIDSIG \\n[GNUPG:] NEWSIG\\n' >&$fd\n", "half a story"),
    (LATER + STATUS + "printf '[GNUPG:] ERROR %%%%%%%%%%n 99999999999999999999\\n[GNUPG:] FAILURE x -1\\n' >&$fd; exit 2\n", "odd numbers"),
    (LATER + STATUS + "head -c 200000 /dev/zero | tr '\\0' x >&$fd\n", "one long line"),
]


def test_gpgconf_talks_nonsense():
    for text in ("exit 0", "exit 1", "exec cat /dev/zero", "exec head -c 2000 /dev/urandom", "echo relative/path",
                 "echo /nonexistent/socket", "printf '/tmp/a\\n/tmp/b\\n'", "echo /", "kill -SEGV $$"):
        def change(case, t=text):
            case.program("gpgconf", "#!/bin/sh\n%s\n" % t)
        each(change, ("create", "extract") if text != "exit 0" else AGENT, HOST)
        each(change, ("check",), OK)


# --- Agents ------------------------------------------------------------------------

def test_a_dead_socket():
    """Nobody listens at it any more: a new agent is started."""
    def change(case):
        Agent(case.socket(), lambda line: None).server.close()
        assert case.socket().is_socket()
    each(change, AGENT, OK)


def test_something_else_in_the_sockets_place():
    def folder(case):
        case.socket().mkdir(parents=True)
        (case.socket() / "x").write_text("x")

    def nowhere(case):
        case.socket().parent.mkdir(exist_ok=True, parents=True)
        case.socket().write_text("%%Assuan%%\nsocket=%s/none/S.x\n" % case.room)

    def junk(case):
        case.socket().parent.mkdir(exist_ok=True, parents=True)
        case.socket().write_text("junk\n" * 2000)
    for change in (folder, nowhere):
        each(change, ("create", "sign", "extract"), HOST)
    # What is no redirection is taken away by the agent itself, or is not: both are an end.
    for verb in ("create", "extract"):
        with Case(ring) as case:
            junk(case)
            words, where = command(case, verb)
            r = case.run(*words)
            assert r.status in (OK, HOST), r
            if r.status == HOST:
                nothing_made(r, where, r)


def test_an_agent_that_talks_nonsense():
    """One that GnuPG does not take for an agent is replaced by a new one."""
    talks = [(b"", b"hello\n", OK), (b"", b"\0\xff" * 400 + b"\n", OK), (b"", b"x" * 5000, OK), (b"", None, OK),
             (b"OK ready\n", b"OK\n", HOST), (b"OK ready\n", b"ERR 67108922 no\n", HOST), (b"OK ready\n", b"D x\n" * 3 + b"OK\n", HOST)]
    for first, then, status in talks:
        verbs = AGENT if status == HOST else ("create", "extract") if then else ("create",)
        each(lambda case, f=first, t=then: case.agent(lambda line: t if line or t is None else f or t), verbs, status)
    each(lambda case: case.agent(lambda line: b"hello\n"), ("check",), OK)


def start_agent(case, name):
    gpgconf(name, "--create-socketdir")
    subprocess.run(["gpg-agent", "--daemon"], env=lib_faults.user_env(name), stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    return agents_of(case)


def until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not within %d seconds" % seconds
        time.sleep(0.02)


def test_two_agents():
    for verb in ("create", "sign", "extract"):
        # Under two names of the home; where sockets lie below /run/user that makes two of them.
        with Case(ring) as case:
            start_agent(case, case.home)
            agents = start_agent(case, case.alias())
            assert len(agents) == (2 if lib_faults.SOCKETS.parent.is_dir() else 1), agents
            one(case, verb, OK)
            assert agents_of(case) == agents
        # The second one has taken the first one's place, which sees so by itself and ends.
        with Case(ring) as case:
            # While it ends the keys are there for neither.
            first = start_agent(case, case.home)
            case.socket().unlink()
            start_agent(case, case.home)
            until(lambda: not set(first) & set(agents_of(case)))
            one(case, verb, OK)
            assert agents_of(case), "no agent any more"
            for pid in agents_of(case):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGTERM)


def agents_of(case):
    marks = {("GNUPGHOME=%s" % name).encode() for name in case.names}
    return sorted(pid for pid, (_, line, environ) in lib_faults.processes().items()
                  if line.startswith((b"gpg-agent", b"/usr/bin/gpg-agent")) and marks & set(environ.split(b"\0")))


# --- Folders ------------------------------------------------------------------------

def namespaces():
    """Words that run a command in a mount namespace of its own; None where that cannot be."""
    words = ["unshare", "--mount", "--propagation", "private"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    try:
        if subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return words
    except OSError:
        pass
    return None


NAMESPACE = namespaces()


def need_namespace():
    if NAMESPACE is None:
        raise lib.Skip("no mount namespace here")


def in_namespace(script, *args):
    """A prefix: the script with these arguments, then the command."""
    return [*NAMESPACE, "sh", "-c", "%s; shift %d; exec \"$@\"" % (script, len(args)), "sh", *args]


def test_a_home_that_cannot_be_written():
    need_namespace()
    frozen = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\""
    for verb in ALL:
        with Case(ring) as case:
            # No agent can start: there is a lock in there, if not its socket.
            status = OK if verb == "check" else HOST
            before = lib.snapshot(case.home)
            one(case, verb, status, prefix=in_namespace(frozen, case.home))
            assert lib.snapshot(case.home) == before
        with Case(ring) as case:
            gpgconf(case.home, "--launch", "gpg-agent")
            one(case, verb, OK, prefix=in_namespace(frozen, case.home))


def test_a_home_that_is_absent():
    def change(case):
        case.env["GNUPGHOME"] = case.room / "absent"
    for verb, status, text in (("create", USAGE, "no key for"), ("sign", USAGE, "no key for"), ("list", HOST, "none of the keys"),
                               ("extract", HOST, "none of the keys"), ("check", OK, None)):
        with Case(ring) as case:
            case.env["GNUPGHOME"] = case.room / "absent"
            one(case, verb, status, text)
            assert not (case.room / "absent").exists()
        with Case(ring) as case:
            case.env.update(GNUPGHOME=None, HOME=case.room / "absent")
            one(case, verb, status, text)
            assert not (case.room / "absent").exists()


def test_a_home_that_is_no_folder():
    def change(case):
        (case.room / "file").write_text("x")
        case.env["GNUPGHOME"] = case.room / "file"
    for verb, status in (("create", USAGE), ("extract", HOST), ("check", OK)):
        each(change, (verb,), status)


def test_tmpdir_cannot_be_used():
    """/tmp serves."""
    before = set(os.listdir("/tmp"))
    for value in ("/nonexistent", "/proc", "relative", "", "/dev/null", "/tmp/" + "long/" * 30):
        def change(case, v=value):
            case.env["TMPDIR"] = v
        each(change, ("create", "check") if value != "/nonexistent" else ALL, OK)
    new = {n for n in set(os.listdir("/tmp")) - before if n.startswith("satchel-") and not n.startswith("satchel-test")}
    # Another run of a program may be at it; what is left stays.
    until = time.monotonic() + 60
    while new and time.monotonic() < until:
        new &= set(os.listdir("/tmp"))
        time.sleep(0.2)
    assert not new, new


def elsewhere():
    """A room outside /tmp."""
    path = lib_faults.pathlib.Path(lib_faults.tempfile.mkdtemp(prefix="sf-", dir="/var/tmp"))
    return path


def test_neither_tmpdir_nor_tmp_can_be_written():
    need_namespace()
    saved = {}
    at = elsewhere()
    try:
        for old, bundle in enumerate((SEALED, CLEAR)):
            saved[bundle] = lib.copy_bundle(bundle, at / str(old))
            TRUST[saved[bundle]] = at / ("trust%d" % old)
            TRUST[saved[bundle]].write_bytes(TRUST[bundle].read_bytes())
            DIGEST[saved[bundle]] = DIGEST[bundle]
        lib.shutil.copytree(HERE / "in", at / "in")
        moved = {HANDOFF: at / "in" / "handoff.yaml", lib.PACK: at / "pack", lib.UNPACK: at / "unpack"}
        for program in (lib.PACK, lib.UNPACK):
            lib.shutil.copy(program, moved[program])
        for mount in ("-o ro", "-o nr_inodes=2", "-o nr_inodes=3", "-o size=4k,nr_inodes=9"):
            for verb in ALL if mount == "-o ro" else ("create", "check"):
                with Case(ring, at=elsewhere()) as case:
                    case.env["TMPDIR"] = "/nonexistent"
                    words, where = command(case, verb, bundle=saved[SEALED])
                    r = case.run(*[moved.get(w, w) for w in words], prefix=in_namespace("mount -t tmpfs %s none /tmp" % mount))
                    expect(r, HOST)
                    nothing_made(r, where, r)
    finally:
        lib.force_remove(at)


# --- What takes the whole deadline, and what may: all at once ------------------------------

MUTE = "#!/bin/sh\nexec sleep 1000\n"
ENDLESS = LATER + STATUS + "exec yes '[GNUPG:] PROGRESS x ? 1 2' >&$fd\n"
SLOW = [
    ("gpg sleeps", ALL, HOST, lambda case: case.program("gpg", MUTE)),
    ("gpg sleeps, and has a child", ("check", "create"), HOST,
     lambda case: case.program("gpg", "#!/bin/sh\n(trap '' TERM INT HUP; sleep 1000) & sleep 1000\n")),
    ("gpg sleeps later", ("check", "list"), HOST, lambda case: case.program("gpg", LATER + "exec sleep 1000\n")),
    ("gpg sleeps when it is to encrypt", ("create",), HOST, lambda case: case.program("gpg", when("--encrypt", "exec sleep 1000"))),
    ("gpg sleeps when it is to verify", ("create", "clear", "sign", "check", "extract"), HOST,
     lambda case: case.program("gpg", when("--verify", "exec sleep 1000"))),
    ("gpg sleeps when it is to import", ("check", "create"), HOST,
     lambda case: case.program("gpg", when("--import", "exec sleep 1000"))),
    ("gpg sleeps when it is to list keys", ("check", "create", "sign"), HOST,
     lambda case: case.program("gpg", when("--list-keys", "exec sleep 1000"))),
    ("gpg stops", ("check",), HOST, lambda case: case.program("gpg", "#!/bin/sh\nkill -STOP $$\n")),
    ("gpgconf sleeps", AGENT, HOST, lambda case: case.program("gpgconf", MUTE)),
    ("gpgconf sleeps, and no agent is needed", ("check",), OK, lambda case: case.program("gpgconf", MUTE)),
    ("both sleep", ("check", "create"), HOST,
     lambda case: (case.program("gpg", MUTE), case.program("gpgconf", MUTE))),
    ("the agent is mute", AGENT, HOST, lambda case: case.agent(lambda line: b"")),
    ("the agent is mute once it was greeted", AGENT, HOST, lambda case: case.agent(lambda line: b"" if line else b"OK ready\n")),
    ("endless status lines", ("check", "create", "extract"), HOST, lambda case: case.program("gpg", ENDLESS)),
]


def broken(job):
    what, verb, status, change, hangs = job
    with Case(ring) as case:
        change(case)
        try:
            one(case, verb, status, alone=False)
        except AssertionError as e:
            return "%s, %s (%.1f s): %s" % (what, verb, case.took, e)
        if hangs and case.took < 20:
            return "%s, %s: ended after %.1f s, so it did not hang" % (what, verb, case.took)
    return None


def test_gpg_hangs_or_talks_nonsense():
    jobs = [(what, verb, status, change, status == HOST and "endless" not in what)
            for what, verbs, status, change in SLOW for verb in verbs]
    jobs += [(what, verb, HOST, lambda case, t=text: case.program("gpg", t), False)
             for text, what in GPGS for verb in ("create", "check", "extract")]
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        failed = [x for x in pool.map(broken, jobs) if x is not None]
    assert not failed, "\n".join(failed)
    assert not lib_faults.foreign_sockets(), lib_faults.foreign_sockets()


# --- A person is waited for ------------------------------------------------------------------

def interrupted(case, verb, ready, number=signal.SIGINT, **which):
    """The signal comes once ready() holds; the run ends at once."""
    words, where = command(case, verb, **which)
    env = {k: str(v) for k, v in dict(os.environ, **case.env).items()}
    p = subprocess.Popen([str(w) for w in words], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, start_new_session=True)
    until = time.monotonic() + 20
    while not ready() and time.monotonic() < until and p.poll() is None:
        time.sleep(0.05)
    reached = ready()
    p.send_signal(number)
    started = time.monotonic()
    try:
        out, err = p.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        p.kill()
        out, err = p.communicate()
    took = time.monotonic() - started
    r = lib.Result(words, p.returncode, out.decode(), err.decode())
    assert reached, "it never got there\n%s" % r
    expect(r, INTERRUPTED)
    assert took < 5, "took %.1f seconds\n%s" % (took, r)
    nothing_made(r, where, r)
    case.clean(r)


def test_interrupt_while_the_pin_is_waited_for():
    for verb in AGENT:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with pinentry("exec sleep 100") as (case, log):
                interrupted(case, verb, lambda: log.exists() and "GETPIN" in log.read_text(), number, bundle=PINNED, who=pin, to=pin)
            if verb not in ("create", "extract"):
                break


@contextlib.contextmanager
def pinentry(answer):
    with Case(PIN) as case:
        text = (PIN.home / "pinentry").read_text().replace(str(PIN.home), str(case.home))
        (case.home / "pinentry").write_text(text.replace("echo D correct horse; echo OK", answer))
        conf = case.home / "gpg-agent.conf"
        conf.write_text(conf.read_text().replace(str(PIN.home), str(case.home)))
        (case.home / "pinentry.log").unlink(missing_ok=True)
        yield case, case.home / "pinentry.log"
        # The agent and what it started are the user's; they end with the case.
        gpgconf(case.home, "--kill", "gpg-agent")
        for pid, (_, line, environ) in lib_faults.processes().items():
            if line.startswith(b"sleep 100 ") and str(case.home).encode() in environ:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)


def test_interrupt_while_gpg_hangs():
    for verb in ALL:
        with Case(ring) as case:
            case.program("gpg", "#!/bin/sh\n>%s/reached\nexec sleep 1000\n" % case.room)
            interrupted(case, verb, (case.room / "reached").exists)
    for verb in ("create", "extract"):
        with Case(ring) as case:
            case.program("gpgconf", "#!/bin/sh\n>%s/reached\nexec sleep 1000\n" % case.room)
            interrupted(case, verb, (case.room / "reached").exists)


def test_the_program_is_killed():
    """Even then no child stays; only the private home may."""
    for verb in ("check", "create"):
        with Case(ring) as case:
            case.program("gpg", "#!/bin/sh\n>%s/reached\nexec sleep 1000\n" % case.room)
            words, _ = command(case, verb)
            p = subprocess.Popen([str(w) for w in words], env={k: str(v) for k, v in dict(os.environ, **case.env).items()},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            until = time.monotonic() + 20
            while not (case.room / "reached").exists() and time.monotonic() < until:
                time.sleep(0.05)
            p.kill()
            p.wait()
            until = time.monotonic() + 5
            while case.left_running() and time.monotonic() < until:
                time.sleep(0.05)
            assert not case.left_running(), case.left_running()


CARDS = [
    ("blocked", "PKSIGN*|PKDECRYPT*|PKAUTH*) echo 'ERR 100663426 PIN blocked <SCD>';;", "PIN blocked"),
    ("a wrong PIN", "PKSIGN*|PKDECRYPT*) echo 'ERR 100663383 Bad PIN <SCD>';;", "Bad PIN"),
    ("removed", "PKSIGN*|PKDECRYPT*) echo 'ERR 100663406 Card removed <SCD>';;", "is the card inserted"),
    ("not there, and nobody inserts it", "SERIALNO*) echo 'ERR 100663408 Card not present <SCD>';;", "was not given"),
    ("another one, and nobody changes it", "SERIALNO*) echo 'S SERIALNO D2760001240103040006999999990000'; echo OK;;", "was not given"),
    ("nonsense", "PKSIGN*) echo 'D nonsense'; echo OK;;\nPKDECRYPT*) echo 'ERR 100663297 General error <SCD>';;", None),
    ("a card server that ends", "PKSIGN*|PKDECRYPT*|SERIALNO*) exit 1;;", None),
]


def test_cards():
    for what, talk, text in CARDS:
        for verb in ("create", "extract") if what != "blocked" else AGENT:
            with pinentry("echo ERR 83886179 Operation cancelled") as (case, _):
                pin_program = (case.home / "pinentry").read_text()
                # Who is asked to insert a card cancels.
                (case.home / "pinentry").write_text(pin_program.replace("case $line in GETPIN*)", "case $line in GETPIN*|CONFIRM*)"))
                log = lib_faults.move_to_card(case.home, talk)
                try:
                    one(case, verb, HOST, text, bundle=PINNED, who=pin, to=pin)
                    assert log.exists() and "SERIALNO" in log.read_text(), "no card was asked"
                except AssertionError as e:
                    raise AssertionError("%s, %s: %s" % (what, verb, e)) from None


# --- The other kind of machine ------------------------------------------------------------------

OTHER = None


def start_other():
    """The same tests where /run/user/UID is, if it is not here, and the reverse."""
    if NAMESPACE is None or os.environ.get("SATCHEL_RUN_USER") or sys.argv[1:]:
        return None
    kind = "without" if lib_faults.SOCKETS.parent.is_dir() else "with"
    script = "mount -t tmpfs -o mode=755 none /run/user"
    if kind == "with":
        script += " && mkdir -m 700 /run/user/0"
    env = dict(os.environ, SATCHEL_RUN_USER=kind)
    names = [n for n, f in globals().items() if n.startswith("test_") and callable(f) and n != "test_the_other_kind_of_machine"]
    with open(HERE / "other.log", "wb") as log:
        return subprocess.Popen([*in_namespace("mkdir -p /run/user; " + script), sys.executable, os.path.abspath(__file__), *names],
                                env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def test_the_other_kind_of_machine():
    if OTHER is None:
        raise lib.Skip("no mount namespace here" if NAMESPACE is None else "asked for one test")
    status = OTHER.wait(timeout=600)
    text = (HERE / "other.log").read_text()
    assert status == 0 and "\nok " in text, text[-8000:]


OTHER = start_other()
lib.main(globals())
