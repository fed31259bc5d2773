# SPDX-License-Identifier: BSD-2-Clause
"""The host fails: an error at many system calls of each verb, no space, no permission,
too few descriptors.  Status 1 with what, where and why; nothing wrong is accepted, and
nothing is left."""

import os
import resource
import subprocess

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import HOST, OK, PACK, REFUSED, UNPACK, UNTRUSTED, Room, Skip, expect, pack, unpack
from lib_keys import Keyring
from lib_strace import Place, each, need_strace, points, some, strace

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
EVERYBODY = os.getuid() != 0

ERRORS = {
    "openat": ("EMFILE", "EACCES", "EIO"), "read": ("EIO",), "pread64": ("EIO",), "getdents64": ("EIO",),
    "newfstatat": ("EIO", "EACCES"), "write": ("ENOSPC", "EIO"), "pwrite64": ("ENOSPC", "EIO", "EINVAL"),
    "fsync": ("EIO",), "fdatasync": ("EIO",),
    "syncfs": ("EIO",), "renameat": ("EIO",), "renameat2": ("ENOSPC", "EACCES"), "mkdir": ("ENOSPC", "EACCES"),
    "mkdirat": ("ENOSPC",), "unlinkat": ("EIO",), "fchmod": ("EPERM",), "utimensat": ("EPERM",),
    "fallocate": ("ENOSPC", "EOPNOTSUPP"), "ftruncate": ("EIO",), "lseek": ("EIO",), "clone": ("EAGAIN",),
    "clone3": ("EAGAIN",), "pipe2": ("EMFILE",), "mmap": ("ENOMEM",), "getrandom": ("EIO",), "flock": ("EIO",),
    "mlock": ("ENOMEM",), "fcntl": ("EMFILE",), "poll": ("ENOMEM",), "fadvise64": ("EINVAL",),
    "sync_file_range": ("EIO",), "fstatfs": ("EIO",), "uname": ("EFAULT",),
}
# A signal without a meaning interrupts these; they are asked again.
AGAIN = ("openat", "read", "pread64", "write", "pwrite64", "wait4", "poll")
# Of these some belong to the cleaning up itself, which then cannot be complete.
CLEANING = ("openat", "getdents64", "fcntl", "unlinkat", "newfstatat")
TEXTS = ("Too many open files", "Permission denied", "Input/output error", "No space left", "Operation not permitted",
         "temporarily unavailable", "out of memory", "Cannot allocate", "no random bytes", "another directory stands",
         "no signature by a key that you trust", "policy.yaml", "cannot be packed", "UTF-8", "may not be opened",
         "not supported", "Invalid argument", "Bad address")


def faults(words, most, judge, before=None):
    """One error at each of these calls.  UNTRUSTED: a signature that cannot be read is none;
    REFUSED: nor is a policy that cannot be looked for absent."""
    with Place(HERE) as place:
        if before is not None:
            before(place)
        found = [p for p in points(*words(place), env=dict(ring.env(), **place.env)) if p[0] in ERRORS or p[0] in AGAIN]
    cases = [(*p, e) for p in found for e in ERRORS.get(p[0], ()) + (("EINTR",) if p[0] in AGAIN else ())]

    def one(case):
        call, n, error = case
        with Place(HERE) as place:
            if before is not None:
                before(place)
            r = strace(*words(place), calls=call, inject="error=%s:when=%d" % (error, n),
                       env=dict(ring.env(), LC_ALL="C", **place.env))
            assert r.status in (OK, HOST, UNTRUSTED, REFUSED), r
            # the C library does not ask again for the files of a locale
            assert error != "EINTR" or r.status == OK or call in ("poll", "wait4") or delivered(r) or "no locale" in r.err, r
            assert r.status == OK or any(t in r.err for t in TEXTS) or delivered(r), r
            assert "No such file" not in r.err, r
            judge(place, r)
            if call not in CLEANING:
                place.check_nothing_left()
    each(some(cases, most), one)


def delivered(r):
    """Whether all that is missing is the report of a success."""
    return r.status == HOST and "standard output: " in r.err


def judge_create(place, r):
    out = place.path / "out"
    media = sorted(out.glob("medium-*")) or [out]
    if r.status == OK or delivered(r):
        expect(unpack("check", *media, "-t", TRUST, "--all"), OK)
    elif out.exists():
        # what could not be removed is no bundle
        assert unpack("check", *media, "-t", TRUST, "--all").status != OK, r


def test_errors_in_create():
    need_strace()
    faults(lambda p: [PACK, "create", HANDOFF, "-o", p.path / "out", "-s", sender, "-r", reader, "-S", "64KiB", "-j", "2"],
           90, judge_create)


def test_errors_in_create_on_media():
    need_strace()
    faults(lambda p: [PACK, "create", HANDOFF, "-o", p.path / "out", "-s", sender, "--no-encryption", "-S", "64KiB",
                      "--media-size", "2MiB", "-j", "2"], 60, judge_create)


def test_errors_in_check_and_list():
    need_strace()
    before = lib.snapshot(BUNDLE)
    for verb in ("check", "list"):
        def judge(_place, r):
            assert r.status != OK or r.verdict.startswith("AUTHENTIC"), r
            assert r.status == OK or "AUTHENTIC" not in r.out or delivered(r), r
        faults(lambda _p, verb=verb: [UNPACK, verb, BUNDLE, "-t", TRUST, "-j", "2"], 40, judge)
    assert lib.snapshot(BUNDLE) == before, "the media changed"


def test_errors_in_extract():
    need_strace()
    before = lib.snapshot(BUNDLE)

    def judge(place, r):
        left = os.listdir(place.path / "dest")
        if NAME in left:		# complete, whatever came afterwards
            assert lib.tree(place.path / "dest" / NAME / "data") == WANT, r
            expect(unpack("audit", place.path / "dest" / NAME, "-t", TRUST), OK)
        else:
            assert r.status != OK and "IMPORTED" not in r.out, r
            assert not left, "left: %s\n%s" % (left, r)
    faults(lambda p: [UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", p.path / "dest", "-j", "2"], 110, judge,
           before=lambda p: (p.path / "dest").mkdir())
    assert lib.snapshot(BUNDLE) == before, "the media changed"


def test_errors_in_sign():
    need_strace()
    second = ring.gen("Security Officer", "security@example.com")
    both = HERE / "second.gpg"
    both.write_bytes(ring.export(second))
    digest = unpack("show", BUNDLE, "--json").json["bundle"]["digest"]
    before = lib.snapshot(BUNDLE)

    def judge(place, r):
        after = lib.snapshot(place.path / "out")
        assert all(after[k][3:] == before[k][3:] for k in before), r
        new = {k for k in after if k not in before}
        assert new <= {"signatures/%s.sig" % second}, "left: %s\n%s" % (new, r)
        if new:
            expect(unpack("check", place.path / "out", "-t", both), OK)
        assert r.status != OK or new, r
    faults(lambda p: [PACK, "sign", p.path / "out", "-s", second, "--expect", digest, "-j", "2"], 50, judge,
           before=lambda p: lib.copy_bundle(BUNDLE, p.path / "out"))


def test_a_medium_that_cannot_be_read_is_named_volume_by_volume():
    need_strace()
    for name in ("payload-00.000001", "contents-00"):
        for verb in ("check", "extract"):
            with Place(HERE) as place:
                (place.path / "dest").mkdir()
                words = [UNPACK, verb, BUNDLE, "-t", TRUST, "-j", "2"]
                words += ["-C", place.path / "dest"] if verb == "extract" else []
                r = strace(*words, calls="pread64", inject="error=EIO", path=BUNDLE / name, follow=True,
                           env=dict(ring.env(), LC_ALL="C", **place.env))
                expect(r, HOST, "Input/output error")
                assert name in r.err, r
                assert "AUTHENTIC" not in r.out, r
                assert not os.listdir(place.path / "dest"), r
                place.check_nothing_left()


def test_a_source_that_cannot_be_read_is_named():
    need_strace()
    for calls in ("pread64", "openat"):
        with Place(HERE) as place:
            path = HERE / "in" / "weights" / "aurora" / "model.bin"
            words = [PACK, "create", HANDOFF, "-o", place.path / "out", "-s", sender, "-r", reader]
            if calls == "pread64":
                r = strace(*words, calls=calls, inject="error=EIO", path=path, env=dict(ring.env(), LC_ALL="C", **place.env))
            elif EVERYBODY:
                path.chmod(0)
                r = pack(*words[1:], env=dict(ring.env(), LC_ALL="C", **place.env))
                path.chmod(0o644)
            else:
                continue
            expect(r, HOST, "model.bin")
            assert "Input/output error" in r.err or "Permission denied" in r.err, r
            assert not (place.path / "out").exists()
            place.check_nothing_left()


def limited(words, env, **limits):
    """Run with resource limits; SIGXFSZ would otherwise say it less politely."""
    def set_limits():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
    p = subprocess.run([str(w) for w in words], env=dict(os.environ, LC_ALL="C", **env), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=set_limits, timeout=120, check=False)
    return lib.Result(words, p.returncode, p.stdout.decode(), p.stderr.decode())


def test_a_file_size_limit_is_told_and_nothing_is_left():
    for size in (0, 1000, 100_000):
        with Place(HERE) as place:
            words = [PACK, "create", HANDOFF, "-o", place.path / "out", "--unsigned", "--originator", sender, "--no-encryption"]
            r = limited(words, place.env, FSIZE=size)
            expect(r, HOST, "File too large")
            assert not (place.path / "out").exists()
            (place.path / "dest").mkdir()
            r = limited([UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest"], dict(ring.env(), **place.env),
                        FSIZE=size)
            assert r.status in (HOST, UNTRUSTED) and "IMPORTED" not in r.out, r
            assert not os.listdir(place.path / "dest"), r
            place.check_nothing_left()


def test_few_descriptors():
    for most in (8, 12, 16, 20, 24, 32, 48):
        with Place(HERE) as place:
            words = [PACK, "create", HANDOFF, "-o", place.path / "out", "-s", sender, "-r", reader, "-S", "64KiB", "-j", "2"]
            r = limited(words, dict(ring.env(), **place.env), NOFILE=most)
            assert r.status in (OK, HOST), r
            assert r.status == OK or most < 32, "not enough: %d\n%s" % (most, r)
            judge_create(place, r)
            assert r.status == OK or not (place.path / "out").exists(), r
            (place.path / "dest").mkdir()
            r = limited([UNPACK, "extract", BUNDLE, "-t", TRUST, "-C", place.path / "dest"], dict(ring.env(), **place.env),
                        NOFILE=most)
            assert r.status in (OK, HOST, UNTRUSTED), r
            assert r.status == OK or most < 32, "not enough: %d\n%s" % (most, r)
            assert os.listdir(place.path / "dest") == ([NAME] if r.status == OK else []), r


class SmallDisk:
    """A tmpfs of so many bytes, where this may be mounted."""

    def __init__(self, path, size):
        self.path = path
        path.mkdir()
        r = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % size, "none", str(path)], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if r.returncode != 0:
            path.rmdir()
            raise Skip("no tmpfs may be mounted here (a loop device would not help)")

    def __enter__(self):
        return self.path

    def __exit__(self, *exc):
        subprocess.run(["umount", str(self.path)], check=True)
        self.path.rmdir()


def test_a_full_disk():
    with Room() as mine:
        handoff = lib.sample(mine / "in", 6 << 20)
        expect(pack("create", handoff, "-o", mine / "bundle", "-s", sender, "--no-encryption", env=ring.env()), OK)
        for size in (1 << 16, 1 << 20, 3 << 20, 5 << 20):
            with SmallDisk(mine / "small", size) as small:
                r = pack("create", handoff, "-o", small / "out", "-s", sender, "--no-encryption", env=ring.env())
                expect(r, HOST, "No space left on device")
                assert not os.listdir(small), r
                r = unpack("extract", mine / "bundle", "-t", TRUST, "-C", small)
                expect(r, HOST)
                assert "bytes are free" in r.err or "world" in r.err or "everyone may write" in r.err, r
                assert not os.listdir(small), r
        # free space is there when it is asked for, and gone when it is needed
        with SmallDisk(mine / "small", 8 << 20) as small:
            small.chmod(0o755)
            (small / "other").write_bytes(bytes(1 << 20))
            r = expect(unpack("extract", mine / "bundle", "-t", TRUST, "-C", small), OK)
        with SmallDisk(mine / "small", 6 << 20) as small:
            small.chmod(0o755)
            r = expect(unpack("extract", mine / "bundle", "-t", TRUST, "-C", small), HOST, "are needed")
            assert not os.listdir(small)


def test_a_read_only_destination():
    with Room() as mine:
        if not EVERYBODY:
            (mine / "ro").mkdir()
            made = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", str(mine / "ro")], check=False,
                                  stderr=subprocess.DEVNULL)
            if made.returncode != 0:
                raise Skip("no tmpfs may be mounted here (a loop device would not help)")
        else:
            (mine / "ro").mkdir(mode=0o555)
        try:
            for text, r in (
                    (None, pack("create", HANDOFF, "-o", mine / "ro" / "out", "-s", sender, "--no-encryption", env=ring.env())),
                    (None, unpack("extract", BUNDLE, "-t", TRUST, "-C", mine / "ro", env=ring.env()))):
                expect(r, HOST, text)
                assert "Read-only file system" in r.err or "Permission denied" in r.err or "everyone may" in r.err, r
                assert not os.listdir(mine / "ro")
        finally:
            if not EVERYBODY:
                subprocess.run(["umount", str(mine / "ro")], check=True)


lib.main(globals())
