# SPDX-License-Identifier: BSD-2-Clause
"""What the system can answer where it seldom does, and what another process can do while
a run goes on: the words, the status, and that nothing is left."""

import fcntl
import os
import shutil

import lib
from lib import BUSY, DAMAGED, HOST, INTERRUPTED, OK, REFUSED, UNTRUSTED, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_shim import Rows, faults, folder

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
reader = ring.gen("Evaluator", "evaluator@example.org")
second = ring.gen("Second", "second@example.com", sub=None)
room = Room()
HERE = room.path
HANDOFF = lib.sample(HERE / "in", 20_000)
UNSIGNED = ["--unsigned", "--originator", sender, "--no-encryption"]
CLEAR, SEALED = HERE / "clear", HERE / "sealed"
for _where, _how in ((CLEAR, ["--no-encryption"]), (SEALED, ["-r", reader])):
    expect(pack("create", HANDOFF, "-o", _where, "-s", sender, *_how, env=ring.env()), OK)
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(ring.export(sender))
STAGING = ".satchel-" + unpack("show", CLEAR, "--json").json["bundle"]["digest"][:32]
AGAIN = "hint: something else writes there: find out what, and import again"
LOOK = "hint: this is where the import grows: look at what stands there, and remove it"


def cleanup():
    ring.close()
    room.__exit__()


def extract(dest, *rules, bundle=CLEAR, options=()):
    return unpack("extract", bundle, "-t", TRUST, "-C", dest, *options, env=faults(*rules, env=ring.env()))


def create(out, *rules, options=UNSIGNED, env=None):
    return pack("create", HANDOFF, "-o", out, *options, env=faults(*rules, env=dict(ring.env(), **(env or {}))))


# The tree is looked at as a whole when all of it has been written; with its own fstat() that begins.
SURVEY = "fstat 2 /tree$ "
MEANWHILE = [
    (SURVEY + "!touch tree/data/extra", "data/extra in the staging directory: does not belong there"),
    (SURVEY + "!chmod 600 tree/data/notes.md", "data/notes.md in the staging directory: has another mode"),
    (SURVEY + "!chmod 700 tree", "tree in the staging directory: has another mode or owner"),
    (SURVEY + "!ln tree/data/notes.md link", "data/notes.md in the staging directory: has a second link"),
    (SURVEY + "!echo more >>tree/data/notes.md", "data/notes.md in the staging directory: has another size"),
    (SURVEY + "!rm tree/data/notes.md; mkdir tree/data/notes.md",
     "data/notes.md in the staging directory: is of another type"),
    ("st_uid 1 data/notes.md =12345", "data/notes.md in the staging directory: belongs to another user"),
    ("st_dev 1 data/notes.md =99", "data/notes.md in the staging directory: lies on another file system"),
    (SURVEY + "!rm tree/data/notes.md", "the staging directory holds"),
    ("openat 2 data/suites$ !rm -r tree/data/suites", "data/suites in the staging directory: vanished"),
    ("fsync 1 /%s$ !mv tree other; mkdir tree" % STAGING, "another directory stands in its place"),
]


def test_another_process_writes_into_the_staging_directory():
    def one(rule, text):
        hint = [AGAIN] if " in the staging directory: " in text and "vanished" not in text else []
        with Room() as dest:
            rule = rule.replace("!", "!cd %s/%s && " % (dest, STAGING), 1)
            rows.row(rule, extract(dest, rule), REFUSED, text, *hint, empty=dest)

    with Rows() as rows:
        rows.each(one, MEANWHILE)


def test_a_staging_directory_that_is_there_already():
    with Rows() as rows, folder(HERE / "dest") as dest:
        staging = dest / STAGING
        staging.mkdir()
        staging.chmod(0o755)
        rows.row("mode", extract(dest), HOST, STAGING + ": its mode is not 0700", LOOK)
        staging.chmod(0o700)
        rows.row("owner", extract(dest, "st_uid 1 /%s$ =12345" % STAGING), HOST, "belongs to another user", LOOK)
        rows.row("access", extract(dest, "openat 1 /%s$ EACCES" % STAGING), HOST, "may not be opened", LOOK)
        fd = os.open(staging, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        rows.row("locked", extract(dest), BUSY, "another run is importing this bundle here",
                 "hint: wait until it has ended")
        os.close(fd)
        rows.row("no locks", extract(dest, "flock 1 %s ENOLCK" % STAGING), HOST, STAGING + ": lock: ")
        rows.row("others come and go", extract(dest, "fstatat 0 /%s$ ENOENT" % STAGING), BUSY,
                 "other runs take it all the time")
        staging.mkdir(0o700, exist_ok=True)
        (staging / "/".join(["d"] * 70)).mkdir(parents=True)
        rows.row("depth", extract(dest), HOST, "too deep to be removed", LOOK)
        assert staging.exists()
        shutil.rmtree(staging)
        dest.chmod(0o775)
        rows.row("group", extract(dest), OK, "its group may write there, and so replace what was imported")


IMPORTING = [
    ("f_bavail 1 - =0", "0 bytes are free, ", "hint: make room there, or import into another folder"),
    ("f_files 1 - =9\nf_favail 1 - =3", "room for 3 more files, ",
     "hint: make room there, or import into another folder"),
    ("fchmod 1 /tree$ EPERM", "tree: mode: Operation not permitted"),
    ("fchmod 1 notes.md EPERM", "notes.md: mode: Operation not permitted"),
    ("pwrite 1 data/notes.md ENOSPC", "notes.md: writing: No space left on device"),
    ("close 1 data/notes.md EIO", "notes.md: close: Input/output error"),
    ("fstat 1 /tree$ EIO", "tree: Input/output error"),
    ("futimens 1 /tree$ EPERM", "tree: time: Operation not permitted"),
    ("futimens 1 /data$ EPERM", "data: time: Operation not permitted"),
    ("utimensat 1 notes.md EPERM", "data/notes.md: time: Operation not permitted"),
    ("readdir 1 /tree EIO", "satchel-unpack: tree: directory: Input/output error"),
    ("syncfs 1 - EIO", "sync: Input/output error"),
    ("renameat2 1 - ENOSPC", "rename: No space left on device"),
    ("pread 3 payload-00.000000 EIO", "reading at byte",
     "hint: try another drive or reader, then another copy of the medium"),
    ("pthread_create 1 - EAGAIN", "starting a thread: Resource temporarily unavailable"),
    ("pipe2 1 - EMFILE", "pipe: Too many open files"),
    ("fork 1 - EAGAIN", "fork: Resource temporarily unavailable"),
    ("poll 1 - ENOMEM", "waiting for gpg: Cannot allocate memory"),
    ("read 1 pipe: EIO", "waiting for gpg: Input/output error"),
    ("clock 2 - =1000", "gpg did not answer within 25 seconds",
     "hint: see whether gpg and its agent work at all: gpg --version, gpgconf --kill gpg-agent"),
    ("prctl 1 1$ EPERM", "the helper that runs gpg ended without a result",
     "hint: see whether gpg works, and whether memory is short"),
    ("mkdtemp 0 - ENOSPC", "a temporary folder for gpg: No space left on device",
     "hint: it is made below TMPDIR, or /tmp: see whether there is room, and whether one may write there"),
    ("close 1 gpg.conf EIO", "gpg.conf: Input/output error"),
    ("close 1 common.conf EIO", "common.conf: Input/output error"),
    ("unlink 1 pubring.kbx EIO", "gpg's key ring: Input/output error"),
    ("write 1 pipe: EIO", "gpg: reading certificates: Input/output error"),
    ("setlocale 0 - =0", "no locale for UTF-8 is to be had here, only one for ANSI_X3.4-1968",
     "hint: let C.UTF-8 or en_US.UTF-8 be installed, or name another one in LC_ALL"),
    ("setrlimit 1 - EPERM", "cannot turn core dumps off: Operation not permitted"),
    ("st_size 1 trust.gpg =-1", "trust.gpg: negative size"),
    ("read 1 trust.gpg =0", "trust.gpg: its size changed while it was read"),
]


def test_calls_that_fail_while_a_bundle_is_imported():
    def one(rule, *texts):
        with Room() as dest:
            rows.row(rule, extract(dest, *rule.split("\n"), options=["-j", "2"]), HOST, *texts, empty=dest)

    with Rows() as rows:
        rows.each(one, IMPORTING)


def test_the_last_steps_of_an_import():
    with folder(HERE / "dest") as dest:
        expect(extract(dest, "renameat2 1 - EINVAL"), OK,
               "the destination's file system cannot refuse to replace; its name was looked up first")
        r = expect(extract(dest), HOST, "aurora-preview: is there already")
        assert "hint: import into another folder, or move it away" in r.err, r
    with Room() as dest:
        r = expect(extract(dest, "renameat2 1 - EEXIST"), HOST, "satchel-unpack: aurora-preview: is there already\n")
        assert "hint: import into another folder, or move it away" in r.err and not os.listdir(dest), r
    with folder(HERE / "dest") as dest:
        r = expect(extract(dest, "fsync 1 /dest$ EIO"), HOST, "aurora-preview: sync: Input/output error")
        assert ("hint: aurora-preview is complete, but a loss of power may still take it away: "
                "run sync, then satchel-unpack audit") in r.err.splitlines(), r
        expect(unpack("audit", dest / "aurora-preview", "-t", TRUST), OK)
    with folder(HERE / "dest") as dest:
        expect(extract(dest, "pread 2 payload-00 !kill -TERM $PPID"), INTERRUPTED, "interrupted")
        assert not os.listdir(dest)


def test_calls_that_fail_while_a_key_is_opened():
    with folder(HERE / "dest") as dest:
        expect(extract(dest, "close 1 S.gpg-agent EIO", bundle=SEALED), HOST,
               "the agent's socket file: Input/output error")
        assert not os.listdir(dest)


def test_a_policy_that_this_version_cannot_read():
    r = unpack("check", CLEAR, "-t", TRUST, env=faults("lstat 1 /etc/satchel/policy.yaml =0"))
    expect(r, REFUSED, "/etc/satchel/policy.yaml exists, and this version cannot apply a policy")
    assert "hint: use the version that your security officer has set up" in r.err, r
    expect(unpack("check", CLEAR, "-t", TRUST, env=faults("lstat 1 /etc/satchel/policy.yaml ENOENT")), OK)
    expect(unpack("check", CLEAR, "-t", TRUST, env=faults("lstat 1 /etc/satchel/policy.yaml EACCES")), REFUSED)


def test_an_audit():
    with Rows() as rows, folder(HERE / "audited") as dest:
        expect(extract(dest), OK)
        bag = dest / "aurora-preview"
        for rule, status, text in (
                ("pread 1 model.bin =0", DAMAGED, "data/weights/aurora/model.bin: ends at byte 0"),
                ("pread 1 model.bin EIO", HOST, "data/weights/aurora/model.bin: reading at byte 0: Input/output error"),
                ("readdir 1 /data/suites EIO", HOST, "satchel-unpack: data/suites: directory: Input/output error"),
                # the fifth: with ".", ".." and the one file there are four of the first listing
                ("readdir 5 /satchel/signatures EIO", HOST, "satchel/signatures: directory: Input/output error"),
                ("fstat 1 /aurora-preview$ EIO", HOST, "the bag's folder: Input/output error"),
                ("st_size 2 contents-00.yaml =-1", HOST, "negative size")):
            rows.row(rule, unpack("audit", bag, "-t", TRUST, env=faults(rule)), status, text)


BIG = HERE / "in" / "weights" / "aurora" / "model.bin"
SMALL = HERE / "in" / "notes.md"
PACKING = [
    ("pread 2 model.bin !truncate -s 5 %s" % BIG, REFUSED, "weights/aurora/model.bin: got shorter while it was read"),
    ("pread 1 model.bin !truncate -s 20500 %s" % BIG, REFUSED, "weights/aurora/model.bin: got longer while it was read",
     "hint: let nothing write there, and run it again"),
    ("pread 2 model.bin EIO", HOST, "weights/aurora/model.bin: reading at byte "),
    ("pread 1 notes.md !truncate -s 1 %s" % SMALL, REFUSED, "notes.md: got shorter while it was read"),
    ("st_mode 1 notes.md =0020644", REFUSED, "notes.md: a device: only regular files and directories can be packed"),
    ("st_mode 1 notes.md =0030644", REFUSED,
     "notes.md: a special file: only regular files and directories can be packed"),
    ("st_size 0 /in/suites/ =0x7000000000000000", REFUSED, "here the size of all files passes 64 bits"),
    ("openat 1 notes.md EACCES", HOST, "notes.md: cannot be opened: Permission denied"),
    ("readdir 1 /in/suites EIO", HOST, "suites/cyber: directory: Input/output error"),
    ("time 0 - =-5", HOST, "the clock is before 1970", "hint: see whether the clock is right: date -u"),
    ("time 0 - =253402300800", HOST, "the clock is past 2242-03-15, the last day that a bundle can name",
     "hint: see whether the clock is right: date -u"),
    ("openat 1 /.. EIO", HOST, "/..: Input/output error"),
    ("readdir 1 /out EIO", HOST, "/out: directory: Input/output error"),
    ("fsync 1 README.txt EIO", HOST, "README.txt: sync: Input/output error"),
    ("renameat 1 manifest.yaml EIO", HOST, "manifest.yaml: rename: Input/output error"),
    ("openat 2 /out/README.txt$ !echo more >>%s/out/README.txt" % HERE, DAMAGED,
     "reading the bundle back: it differs from what was written",
     "hint: the medium does not hold what was written to it; nothing was kept: try another medium"),
]


def test_sources_and_calls_while_a_bundle_is_made():
    saved = BIG.read_bytes(), SMALL.read_bytes()
    with Rows() as rows:
        for rule, status, *texts in PACKING:
            rows.row(rule, create(HERE / "out", rule), status, *texts, empty=HERE / "out")
            BIG.write_bytes(saved[0])
            SMALL.write_bytes(saved[1])
        dereference = [*UNSIGNED, "--dereference"]
        (HERE / "in" / "suites" / "link").symlink_to("cyber/tasks.jsonl")
        handoff = HERE / "in" / "link.yaml"
        handoff.write_text(HANDOFF.read_text().replace("suites/cyber", "suites"))
        r = pack("create", handoff, "-o", HERE / "out", *dereference, env=faults("openat2 0 - ENOSYS"))
        rows.row("openat2", r, HOST, "this kernel cannot follow a symbolic link safely (it has no openat2)",
                 "hint: put a copy in its place (cp -rL), and leave --dereference out")
        (HERE / "in" / "suites" / "link").unlink()
        handoff.unlink()
        # What was signed cannot be read again: of one signer, of one of two.
        for signers, text in (([sender], "reading the signatures back: no signature by a key that you trust"),
                              ([sender, second], "1 of 2 signatures can be read back")):
            options = [o for s in signers for o in ("-s", s)]
            r = create(HERE / "out", "openat 1 signatures/%s EIO" % sender, options=[*options, "--no-encryption"])
            rows.row("reading signatures back", r, HOST, text, empty=HERE / "out")


def test_what_init_cannot_read():
    tree = HERE / "in" / "suites"
    with Rows() as rows:
        r = pack("init", tree, "-o", HERE / "draft", env=faults("fstat 2 /suites$ EIO"))
        rows.row("fstat", r, HOST, "the directory to be looked through: Input/output error")
        r = pack("init", tree, "-o", HERE / "draft", env=faults("readdir 1 /suites/cyber EIO"))
        rows.row("readdir", r, OK, "note: cyber: directory: Input/output error")
    (HERE / "draft").unlink()


def test_standard_descriptors():
    r = lib.run("sh", "-c", 'exec "$@" >/dev/full', "sh", lib.UNPACK, "show", CLEAR)
    expect(r, UNTRUSTED, "standard output: No space left on device")
    r = lib.run("sh", "-c", 'exec "$@" <&-', "sh", lib.UNPACK, "show", CLEAR, env=faults("open 1 /dev/null EMFILE"))
    expect(r, HOST, "/dev/null: Too many open files")
    expect(lib.run("sh", "-c", 'exec "$@" <&-', "sh", lib.UNPACK, "show", CLEAR), UNTRUSTED)


lib.main(globals())
