# SPDX-License-Identifier: BSD-2-Clause
"""What gpg, gpgconf and gpg-agent can answer where they seldom do, by a program that stands
in front of gpg and edits its answers; and keys that gpg has and satchel does not take."""

import os
import shutil
import sys
import time

import lib
from lib import HOST, MALFORMED, OK, UNTRUSTED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_packets import Cert
from lib_shim import Rows

DAY = 86400
NOW = int(time.time())
REAL = {name: shutil.which(name) for name in ("gpg", "gpgconf")}
ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
second = ring.gen("Second", "second@example.com", sub=None)
reader = ring.gen("Evaluator", "evaluator@example.org")
by_subkey = ring.gen("By Subkey", "subkey@example.com", sub=None, usage="cert")
ring.add_signing_subkey(by_subkey)
room = Room()
HERE = room.path
HANDOFF = lib.sample(HERE / "in", 5_000)
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(ring.export(sender))
TRUST_SUBKEY = HERE / "subkey.gpg"
TRUST_SUBKEY.write_bytes(ring.export(by_subkey))
CLEAR, SEALED, SUBKEY, UNSIGNED = (HERE / n for n in ("clear", "sealed", "subkey", "unsigned"))
for _where, _how in ((CLEAR, ["-s", sender, "--no-encryption"]), (SEALED, ["-s", sender, "-r", reader]),
                     (SUBKEY, ["-s", by_subkey, "--no-encryption"]),
                     (UNSIGNED, ["--unsigned", "--originator", sender, "--no-encryption"])):
    expect(pack("create", HANDOFF, "-o", _where, *_how, env=ring.env()), OK)
# Quick where nothing is to be edited.
FIRST = "#!/bin/sh\n%sexec %s -IS $0.py \"$@\"\n"
YES = "case \" $* \" in *' %s '*) ;; *) exec %s \"$@\";; esac\n"
NO = "case \" $* \" in *' %s '*) exec %s \"$@\";; esac\n"
STUB = """import os, re, subprocess, sys, threading
def edit(fd, expression, to):
    with open(fd, "rb") as f:
        t = f.read()
    left = memoryview(eval(expression))
    try:
        while left:
            left = left[os.write(to, left):]
    except OSError:
        pass		# it has heard enough
argv = [%r] + sys.argv[1:]
nth, status, out = %r
with open(sys.argv[0] + ".count", "ab", 0) as f:
    f.write(b"x")
    if nth and f.tell() != nth:
        os.execv(argv[0], argv)
threads, more = [], {}
if status and "--status-fd" in argv:
    at = argv.index("--status-fd") + 1
    r, w = os.pipe()
    os.set_inheritable(w, True)
    threads.append(threading.Thread(target=edit, args=(r, status, int(argv[at]))))
    argv[at] = str(w)
p = subprocess.Popen(argv, close_fds=False, stdout=subprocess.PIPE if out else None)
if status and threads:
    os.close(w)
if out:
    threads.append(threading.Thread(target=edit, args=(os.dup(p.stdout.fileno()), out, 1)))
for t in threads:
    t.start()
for t in threads:
    t.join()
sys.exit(p.wait())
"""


def cleanup():
    ring.close()
    room.__exit__()


class Answer:
    """gpg, but for calls with these words (of which "!" in front says that they are not there):
    status and out are expressions over t, what gpg itself said there; nth: only this call."""

    def __init__(self, *words, status=None, out=None, nth=0):
        self.words, self.edits = words, (nth, status, out)

    def put(self, folder):
        folder.mkdir()
        told = "".join(NO % (w[1:], REAL["gpg"]) if w[0] == "!" else YES % (w, REAL["gpg"]) for w in self.words)
        (folder / "gpg").write_text(FIRST % (told, sys.executable))
        (folder / "gpg.py").write_text(STUB % (REAL["gpg"], self.edits))
        (folder / "gpg").chmod(0o755)
        return {"PATH": "%s:%s" % (folder, os.environ["PATH"])}


def script(name, text):
    class Script(Answer):
        def put(self, folder):
            folder.mkdir()
            (folder / name).write_text("#!/bin/sh\n" + text)
            (folder / name).chmod(0o755)
            return {"PATH": "%s:%s" % (folder, os.environ["PATH"])}
    return Script()


class Alone(Answer):
    """A PATH with gpg and nothing else."""

    def put(self, folder):
        folder.mkdir()
        (folder / "gpg").symlink_to(REAL["gpg"])
        return {"PATH": str(folder)}


def check(here, env):
    return unpack("check", CLEAR, "-t", TRUST, env=env)


def check_subkey(here, env):
    return unpack("check", SUBKEY, "-t", TRUST_SUBKEY, env=env)


def opened(here, env):
    return unpack("list", SEALED, "-t", TRUST, env=env)


def find(here, env):
    return pack("create", HANDOFF, "-n", "-s", sender, "--no-encryption", env=env)


def sealed(here, env):
    return pack("create", HANDOFF, "-o", here / "out", "-s", sender, "-r", reader, env=env)


def two(here, env):
    return pack("create", HANDOFF, "-o", here / "out", "-s", sender, "-s", second, "--no-encryption", env=env)


def sign(here, env):
    (here / "out").mkdir()
    r = pack("sign", UNSIGNED, "-s", sender, "--expect", unpack("show", UNSIGNED, "--json").json["bundle"]["digest"], "-o", here / "out", env=env)
    (here / "out").rmdir()
    return r


SAYS = "b'[GNUPG:] %s\\n'"
NO_AGENT = 4 << 24 | 77		# of gpg, in the form of libgpg-error
GENERAL = 4 << 24 | 1
KEY = ("--list-keys", sender)		# one key looked up
ALL_KEYS = ("--list-keys", "!--no-options")
AGENT_FAILED = SAYS % ("ERROR pkdecrypt_failed %d" % NO_AGENT) + " + " + SAYS % "DECRYPTION_FAILED"
AGENT = "hint: try: gpgconf --kill gpg-agent; gpgconf --launch gpg-agent"


def verifying(status):
    return Answer("--verify", status=status)


def sub(old, new, text="t"):
    return "re.sub(rb'(?m)%s', rb'%s', %s)" % (old, new, text)


ANSWERS = [
    # A signature.
    (check, verifying("t * 2"), HOST, "gpg does not report on exactly one signature"),
    (check, verifying(sub("(VALIDSIG )\\w+", "\\g<1>" + "A" * 40)), HOST,
     "gpg reports on another signature than it was asked about"),
    (check, verifying(sub("GOODSIG", "EXPSIG")), UNTRUSTED, "a bad signature: has expired"),
    (check, verifying(sub("^.*GOODSIG(.*\\n)*", "[GNUPG:] ERRSIG %s 22 10 00 1 9\\n" % sender[-16:])), UNTRUSTED,
     "a bad signature: is by a key that gpg does not find in the certificate"),
    (check, verifying(sub("^.*(GOODSIG|VALIDSIG).*$", "[GNUPG:] ERROR verify.findkey 5")), UNTRUSTED,
     "a bad signature: is made with a digest that gpg does not accept"),
    (check, verifying(sub("(VALIDSIG \\S+ \\S+ \\S+) 0", "\\1 4000000000")), UNTRUSTED,
     "a bad signature: is made to expire"),
    (check, verifying(SAYS % "NODATA 4"), HOST, "gpg: verifying: No data"),
    (check, Answer(*KEY, out=sub("^(pub:.*:)scESC:", "\\1cC:")), UNTRUSTED,
     "a bad signature: is by a key that is not made for signing"),
    (check, Answer(*KEY, out=sub("^(pub:.*:)scESC:", "\\1scESCD:")), UNTRUSTED,
     "a bad signature: is by a key that is disabled"),
    (check, Answer(*KEY, out=sub("^pub:.:", "pub:i:")), UNTRUSTED,
     "a bad signature: is by a key that gpg calls invalid"),
    (check, Answer(*KEY, out=sub(sender, "A" * 40)), UNTRUSTED,
     "a bad signature: is by another key than the one it is named after"),
    (check, Answer(*KEY, out="t + " + sub(sender, "A" * 40)), HOST, "gpg: looking a key up: Ambiguous name"),
    (check_subkey, Answer("--list-keys", ring.fingerprints(by_subkey)[1], out=sub("^sub:(.*\\n)*", "")), UNTRUSTED,
     "a bad signature: is by a key that gpg did not name"),
    # Certificates.
    (check, Answer(*ALL_KEYS, out=sub("^fpr:.*\\n", "")), HOST, "gpg lists a key without a fingerprint"),
    (check, Answer(*ALL_KEYS, out=sub("^(pub:([^:]*:){3})\\w+", "\\g<1>12")), HOST, "gpg lists a key without a key id"),
    (check, Answer(*ALL_KEYS, out="t + b'sub:u:255:22:0123456789ABCDEF:1:::::s:\\n' * 4096"), USAGE,
     "has more than 4096 subkeys"),
    (check, Answer(*ALL_KEYS, status=SAYS % ("ERROR keydb_search %d" % GENERAL)), HOST, "gpg: listing certificates: "),
    (check, Answer("--export", "!--no-options", out="b''"), HOST, "gpg exports nothing for " + sender),
    (check, Answer("--export", "!--no-options", out="bytes(17 << 20)"), HOST, "gpg: exporting a certificate: "),
    (check, Answer("--version", out="b'gpg (GnuPG) 1.4.0\\n'"), HOST, "gpg does not answer like GnuPG 2.2 or later (",
     "hint: see what `gpg --version' says"),
    # The user's ring.
    (find, Answer("--no-options", "--export", out="b'no key at all'"), HOST,
     "gpg does not accept the key for %s as it exports it itself" % sender),
    (find, Answer("--no-options", "--export", out="bytes(17 << 20)"), HOST, "/gpg writes more than 16777216 bytes"),
    (find, Answer("--no-options", "--list-keys", out="b'pub:u:\\nfpr:::::::::nonsense:\\n'"), HOST,
     "gpg lists the user's keys in a form that makes no sense"),
    # What it makes.
    (sealed, Answer("--encrypt", out="b''"), HOST, "gpg wrapped no key to " + reader),
    (sealed, Answer("--encrypt", out="bytes(1 << 20)"), HOST, reader + ": gpg: wrapping a key: "),
    (sealed, Answer("--detach", out="b''"), HOST, "gpg wrote no signature"),
    (sealed, Answer("--detach", status=SAYS % ("FAILURE sign %d" % NO_AGENT), out="b''"), HOST,
     "signing: gpg-agent does not answer (", AGENT),
    (two, Answer("--verify", status=sub("GOODSIG", "BADSIG"), nth=2), HOST,
     "the signature by ", " would not be accepted: does not fit these bytes"),
    (sealed, Answer("--verify", status=sub("GOODSIG", "BADSIG")), HOST,
     "the signature by ", " would not be accepted: does not fit these bytes"),
    (sign, Answer("--verify", status=sub("GOODSIG", "BADSIG")), HOST,
     "the signature that gpg made for %s: does not fit these bytes" % sender),
    # What it opens.
    (opened, Answer("--decrypt", out="t + b'x'"), MALFORMED, "the wrapped key holds more than a key"),
    (opened, Answer("--decrypt", status=sub("^(.*ENC_TO .*\\n)", "\\1\\1")), MALFORMED,
     "the wrapped key is not for exactly one recipient"),
    (opened, Answer("--decrypt", status="t + " + SAYS % "ERROR decrypt.algorithm 84 1"), MALFORMED,
     "the wrapped key is not integrity protected"),
    (opened, Answer("--decrypt", status=AGENT_FAILED, out="b''"), HOST,
     "opening the wrapped key: gpg-agent does not answer (", AGENT),
    (opened, script("gpgconf", "case \" $* \" in *' agent-socket '*) echo /nonexistent/S.gpg-agent;; esac\n"), HOST,
     "gpg-agent does not run, and could not be started: no socket at /nonexistent/S.gpg-agent",
     "hint: try: gpgconf --launch gpg-agent"),
    (opened, script("gpgconf", "echo\n"), HOST, "gpgconf does not say where the agent's socket is"),
    (opened, Alone(), HOST, "gpgconf is not installed, or not in PATH",
     "hint: install GnuPG: apt-get install gnupg, or dnf install gnupg2"),
]


def test_answers():
    def one(verb, answer, status, *texts):
        with Room() as here:
            env = dict(ring.env(), **answer.put(here / "bin"))
            rows.row("%s %s %s" % (verb.__name__, answer.words, answer.edits), verb(here, env), status, *texts,
                     empty=here / "out")

    with Rows() as rows:
        rows.each(one, ANSWERS)


def test_keys_that_are_not_taken():
    with Keyring() as keys:
        keys.gen("Good", "good@example.com")
        good = keys.fingerprints("good@example.com")[0]
        disabled = keys.gen("Disabled", "disabled@example.com")
        keys.disable(disabled)
        keys.gen("Expired", "expired@example.com", faked=NOW - 10 * DAY, expire="5d")
        keys.gen("Certifier", "certifier@example.com", usage="cert", sub=None)
        keys.gen("Weak", "weak@example.com", algo="rsa1024", sub="rsa1024")
        revoked = keys.gen("Revoked", "revoked@example.com")
        keys.revoke_subkey(revoked, 1)
        late = keys.gen("Late", "late@example.com", sub=None, faked=NOW - 10 * DAY)
        keys.gpg("--faked-system-time", NOW - 10 * DAY, "--quick-add-key", late, "cv25519", "encr", "5d")
        for number in (1, 2):
            keys.gen("Double %d" % number, "double@example.com")
        keys.import_(ring.export(second))
        many = b"".join(Cert("Many <many@example.com>", created=NOW - DAY).data for _ in range(257))
        keys.import_(many)
        with Room() as here:
            (here / "many.gpg").write_bytes(many)
            expect(unpack("check", CLEAR, "-t", here / "many.gpg"), USAGE,
                   "holds 257 certificates; at most 256 are allowed")
        with Rows() as rows:
            for options, status, *texts in (
                    (["-s", "nobody"], USAGE, "nobody is neither a full fingerprint nor a mail address",
                     "hint: gpg --list-keys shows fingerprints and addresses"),
                    (["-r", sender], USAGE, "no key for %s in your key ring" % sender,
                     "hint: gpg --import takes in the certificate that you were given"),
                    (["-r", "disabled@example.com"], USAGE, "for disabled@example.com is disabled",
                     "hint: gpg --list-keys --with-subkey-fingerprint %s shows more" % disabled),
                    (["-r", "expired@example.com"], USAGE, "for expired@example.com is expired"),
                    (["-r", "certifier@example.com"], USAGE, "for certifier@example.com is not made for encryption"),
                    (["-s", "certifier@example.com"], USAGE, "for certifier@example.com is not made for signing"),
                    (["-r", "weak@example.com"], USAGE, "for weak@example.com is too weak (RSA needs 2048 bits)"),
                    (["-s", "weak@example.com"], USAGE,
                     "for weak@example.com is too weak (RSA needs 3072 bits, ECDSA 256)"),
                    (["-r", "revoked@example.com"], USAGE, "is without a subkey that is not revoked"),
                    (["-r", "late@example.com"], USAGE, "is without a subkey that has not expired"),
                    (["-r", "double@example.com"], USAGE, "2 usable keys for double@example.com"),
                    (["-r", "many@example.com"], USAGE, "more than 64 keys for many@example.com"),
                    (["-s", second], HOST, "no secret key for %s here" % second,
                     "hint: is it on a card: insert it and run gpg --card-status"),
                    (["-s", "good@example.com", "-s", good], USAGE,
                     "good@example.com and %s name the same key %s" % (good, good)),
                    (["-s", "good@example.com"] * 257, USAGE, "more than 256 signers")):
                encrypted = [] if "-r" in options else ["--no-encryption"]
                signed = [] if "-s" in options else ["--unsigned", "--originator", good]
                r = pack("create", HANDOFF, "-n", *options, *encrypted, *signed, env=keys.env())
                rows.row(" ".join(options[:4]), r, status, *texts)
                if "2 usable keys" in texts[0]:
                    assert "hint: give the fingerprint: " in r.err, r


lib.main(globals())
