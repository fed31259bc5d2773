# SPDX-License-Identifier: BSD-2-Clause
"""Where GnuPG fails: a place of its own for each case, stubs for its programs and its
agent, and the question what a run left behind."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import lib

USUAL_PATH = os.environ.get("PATH", "/usr/bin:/bin")
SOCKETS = pathlib.Path("/run/user/%d/gnupg" % os.getuid())
# Seconds.  Under a sanitizer, and where much else is going on, all but the deadlines is slower.
LIMIT = 30 if os.environ.get("SATCHEL_MODE") != "sanitize" and os.getloadavg()[0] < 6 * (os.cpu_count() or 1) else 45

homes = set()		# every home of a user that there was: their folders for sockets are not ours to judge


def new_room():
    """Short: sockets lie in there."""
    return pathlib.Path(tempfile.mkdtemp(prefix="sf-", dir="/tmp"))


def user_env(home):
    return dict(os.environ, GNUPGHOME=str(home), PATH=USUAL_PATH)


def gpgconf(home, *args):
    return subprocess.run(["gpgconf", *args], env=user_env(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout.decode().strip()


def processes():
    """{pid: (parent, command line, environment)} of all that can be read."""
    found = {}
    for pid in (int(p) for p in os.listdir("/proc") if p.isdigit()):
        try:
            fields = pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
            if fields[0] == "Z":
                continue
            try:
                environ = pathlib.Path("/proc/%d/environ" % pid).read_bytes()
            except PermissionError:
                environ = b""
            found[pid] = (int(fields[1]), pathlib.Path("/proc/%d/cmdline" % pid).read_bytes().replace(b"\0", b" "), environ)
        except OSError:
            continue
    return found


class Case:
    """One fault: its room holds the user's home h, a TMPDIR tmp, and programs in bin
    that come in front of the usual ones."""

    def __init__(self, ring, at=None):
        self.room = at or new_room()
        self.home = self.room / "h"
        self.names = {self.home}	# of the home
        self.bin = self.room / "bin"
        self.tmp = self.room / "tmp"
        shutil.copytree(ring.home, self.home, ignore=shutil.ignore_patterns("S.*", ".#lk*"))
        self.home.chmod(0o700)
        self.bin.mkdir()
        self.tmp.mkdir()
        homes.add(self.home)
        self.env = {"GNUPGHOME": self.home, "TMPDIR": self.tmp, "HOME": self.room, "PATH": "%s:%s" % (self.bin, USUAL_PATH)}
        self.agents = []
        self.took = 0.0
        self.sockets_before = set(foreign_sockets())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for agent in self.agents:
            agent.close()
        for name in self.names:
            gpgconf(name, "--kill", "all")
        for name in self.names:
            gpgconf(name, "--remove-socketdir")
        shutil.rmtree(self.room, ignore_errors=True)

    def program(self, name, text):
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def only(self, *names):
        """A PATH that holds these programs of GnuPG and no other program."""
        for name in names:
            os.symlink(shutil.which(name, path=USUAL_PATH), self.bin / name)
        self.env["PATH"] = str(self.bin)

    def alias(self):
        """Another name of the home."""
        name = self.room / "alias"
        name.symlink_to(self.home)
        self.names.add(name)
        homes.add(name)
        return name

    def socket(self):
        return pathlib.Path(gpgconf(self.home, "--list-dirs", "agent-socket"))

    def agent(self, talk):
        """In the place of the user's agent."""
        self.agents.append(Agent(self.socket(), talk))

    def run(self, *args, prefix=(), alone=True):
        started = time.monotonic()
        try:
            r = lib.run(*prefix, *args, env=self.env, timeout=LIMIT + 30)
        finally:
            self.took = time.monotonic() - started
        assert self.took < LIMIT, "took %.1f seconds\n%s" % (self.took, r)
        self.clean(r, alone)
        return r

    def left_running(self):
        """What names this case's places, but for the user's own agent and what it started."""
        table = processes()
        mark = str(self.room).encode() + b"/"
        own = {pid for pid, (_, line, environ) in table.items() if line.startswith((b"gpg-agent ", b"/usr/bin/gpg-agent "))
               and self.is_own_agent(line, environ)}
        left = []
        for pid, (parent, line, environ) in table.items():
            if pid == os.getpid() or (mark not in line and mark not in environ):
                continue
            up = pid
            while up in table and up not in own:
                up = table[up][0]
            if up not in own:
                left.append("%d (of %d): %s" % (pid, parent, line.decode(errors="replace")))
        return left

    def is_own_agent(self, line, environ):
        """The user's own one knows nothing of a private home."""
        private = str(self.tmp).encode() + b"/satchel-"
        return private not in line and private not in environ and any(
            b"--homedir %s " % str(name).encode() in line or
            (b"--homedir" not in line and b"GNUPGHOME=%s\0" % str(name).encode() in environ) for name in self.names)

    def clean(self, what="", alone=True):
        """Nothing is left: no process, no private home, and where no other run goes on no
        folder for its sockets."""
        until = time.monotonic() + 3
        while True:
            left = self.left_running()
            if not left or time.monotonic() > until:
                break
            time.sleep(0.05)
        assert not left, "still running: %s\n%s" % ("\n".join(left), what)
        if self.tmp.is_dir():
            assert os.listdir(self.tmp) == [], "left in TMPDIR: %s\n%s" % (os.listdir(self.tmp), what)
        if alone:
            left = foreign_sockets(self.sockets_before)
            assert not left, "left below %s: %s\n%s" % (SOCKETS, left, what)


def foreign_sockets(known=()):
    """Folders for sockets below /run/user/UID that are none of the users' own, nor known.
    Only where the folder is this test's alone."""
    if not os.environ.get("SATCHEL_RUN_USER") or not SOCKETS.is_dir():
        return []
    return sorted(set(os.listdir(SOCKETS)) - {socket_folder(h) for h in list(homes)} - set(known))


def socket_folder(home):
    """What GnuPG calls it.  gpgconf tells too, and makes it."""
    number = int.from_bytes(hashlib.sha1(str(home).encode()).digest()[:15], "big")
    return "d." + "".join("ybndrfg8ejkmcpqxot1uwisza345h769"[number >> shift & 31] for shift in range(115, -1, -5))


class Agent:
    """A thread at a socket; talk(line) returns what is answered to each line, None to hang up."""

    def __init__(self, path, talk):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(8)
        self.talk = talk
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(peer,), daemon=True).start()

    def answer(self, peer):
        line = b""
        # They hang up whenever they like.
        with contextlib.suppress(OSError, ValueError), peer, peer.makefile("rwb") as f:
            while True:
                answer = self.talk(line)
                if answer is None:
                    return
                f.write(answer)
                f.flush()
                line = f.readline()
                if not line:
                    return
                self.asked.append(line)

    def close(self):
        # Wakes the accept().
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.path.unlink(missing_ok=True)


# --- Stubs of gpg and gpgconf ----------------------------------------------------

REAL = {name: shutil.which(name, path=USUAL_PATH) for name in ("gpg", "gpgconf")}
# gpg as it is when asked for its version, and the end of the script else.
LATER = "#!/bin/sh\ncase \" $* \" in *' --version '*) exec %s \"$@\";; esac\n" % REAL["gpg"]
STATUS = "fd=1; for a; do test \"$last\" = --status-fd && fd=$a; last=$a; done\n"


def when(word, action):
    """The real gpg, but for calls that have this word."""
    return "#!/bin/sh\ncase \" $* \" in *' %s '*) %s;; esac\nexec %s \"$@\"\n" % (word, action, REAL["gpg"])


# --- A card ----------------------------------------------------------------------

SERIAL = "D2760001240103040006123456780000"


def move_to_card(home, talk):
    """All secret keys of a home lie on a card from now on; scdaemon is a script whose part
    that answers what gpg-agent asks for is talk (shell, with $line)."""
    for number, path in enumerate(sorted((home / "private-keys-v1.d").iterdir()), 1):
        path.write_bytes(shadow(path.read_bytes(), number))
    program = home / "scdaemon"
    program.write_text("#!/bin/sh\nlog=%s/scdaemon.log\necho 'OK GNU Privacy Guard Smartcard server ready'\n"
                       "while read -r line; do echo \"$line\" >>$log\ncase $line in\n%s\n"
                       "'GETINFO version'*) echo D 2.2.40; echo OK;;\n"
                       "SERIALNO*) echo 'S SERIALNO %s'; echo OK;;\n"
                       "BYE*) echo OK; exit 0;;\n'GETINFO socket_name'*) echo 'ERR 100663571 no';;\n"
                       "*) echo OK;;\nesac\ndone\n" % (home, talk, SERIAL))
    program.chmod(0o755)
    with open(home / "gpg-agent.conf", "a", encoding="ascii") as f:
        f.write("scdaemon-program %s\n" % program)
    gpgconf(home, "--kill", "all")
    return home / "scdaemon.log"


def shadow(data, number):
    """The file of a secret key on disk, as the one of a key on a card."""
    text = data
    if not data.startswith(b"("):
        lines = data.split(b"\n")
        at = next(i for i, x in enumerate(lines) if x.startswith(b"Key:"))
        text = b"\n".join([lines[at][4:]] + [x for x in lines[at + 1:] if x.startswith(b" ")])
    key = parse(text)
    assert key[0] in (b"private-key", b"protected-private-key"), key[0]
    public = [p for p in key[1] if not isinstance(p, list) or p[0] not in (b"d", b"protected", b"protected-at")]
    where = [b"shadowed", b"t1-v1", [bytes.fromhex(SERIAL), b"OPENPGP.%d" % number]]
    return emit([b"shadowed-private-key", public + [where]])


def parse(text):
    """An S-expression, canonical or advanced as gpg-agent writes it."""
    stack, i = [[]], 0
    while i < len(text):
        c = text[i:i + 1]
        if c == b"(":
            stack.append([])
            i += 1
        elif c == b")":
            done = stack.pop()
            stack[-1].append(done)
            i += 1
        elif c.isspace():
            i += 1
        elif c == b"#":
            end = text.index(b"#", i + 1)
            stack[-1].append(bytes.fromhex("".join(text[i + 1:end].decode().split())))
            i = end + 1
        elif c == b"\"":
            end = text.index(b"\"", i + 1)
            stack[-1].append(text[i + 1:end])
            i = end + 1
        elif c.isdigit() and b":" in text[i:i + 8]:
            colon = text.index(b":", i)
            n = int(text[i:colon])
            stack[-1].append(text[colon + 1:colon + 1 + n])
            i = colon + 1 + n
        else:
            end = i
            while end < len(text) and text[end:end + 1] not in (b" ", b"(", b")", b"\n", b"\t"):
                end += 1
            stack[-1].append(text[i:end])
            i = end
    return stack[0][0]


def emit(item):
    if isinstance(item, list):
        return b"(" + b"".join(emit(x) for x in item) + b")"
    return b"%d:%s" % (len(item), item)
