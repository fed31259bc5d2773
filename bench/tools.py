# SPDX-License-Identifier: BSD-2-Clause
"""satchel and the tools that a user would take instead: how each packs the
folders of a sample and unpacks them again."""

import os
import pathlib
import shlex
import shutil

import measure

FOLDERS = ("weights", "suites")
ADDRESS = "release@example.com"
PASSWORD = "bench"


def folders_of(source):
    return [name for name in FOLDERS if (pathlib.Path(source) / name).is_dir()]


def size_of(path):
    """Bytes of all files at and below a path."""
    path = pathlib.Path(path)
    return sum(p.stat().st_size for p in [path, *path.rglob("*")] if p.is_file())


class Place:
    """Where things are: programs, keys, a scratch folder."""

    def __init__(self, build, work, keys):
        self.build, self.work, self.keys = pathlib.Path(build), pathlib.Path(work), keys
        self.sender = keys.gen("Release", ADDRESS)
        self.trust = self.work / "trust.pgp"
        self.trust.write_bytes(keys.export(self.sender))
        self.env = dict(keys.env(), LC_ALL="C", TMPDIR=str(self.work))

    def program(self, name):
        return self.build / name


class Tool:
    """name; program: what must be there; gives: what a reader can rely on."""

    runs = None         # as many as asked for

    def __init__(self, name, program, gives):
        self.name, self.program, self.gives = name, program, gives

    def version(self):
        return measure.output(*self.program, "--version").splitlines()[0]

    def installed(self):
        return shutil.which(self.program[0]) is not None

    def payload(self, out):
        """Stored bytes of what was packed."""
        return size_of(out)


class Satchel(Tool):
    def __init__(self, name, options=(), jobs=None, engine=None, both=True):
        super().__init__(name, ["satchel-pack"], "signed, encrypted, verified")
        self.options, self.both = list(options), both
        self.jobs = ["-j", str(jobs)] if jobs else []
        self.engine = {"SATCHEL_DIGEST_ENGINE": engine} if engine else {}

    def installed(self):
        return True

    def pack(self, place, source, out):
        return measure.run([place.program("satchel-pack"), "create", "-q", *self.jobs, *self.options,
                            "-s", ADDRESS, "-r", ADDRESS, "-o", out, source / "handoff.yaml"],
                           dict(place.env, **self.engine))

    def unpack(self, place, out, dest):
        return measure.run([place.program("satchel-unpack"), "extract", "-q", *self.jobs, "-t", place.trust,
                            "-C", dest, out], dict(place.env, **self.engine))

    def check(self, place, out):
        return measure.run([place.program("satchel-unpack"), "check", "-q", *self.jobs, "-t", place.trust, out],
                           dict(place.env, **self.engine))

    def payload(self, out):
        return sum(p.stat().st_size for p in out.glob("payload-*"))


class Pipeline(Tool):
    """tar, zstd and gpg; with a list of digests, if wanted, as one would check it by hand."""

    def __init__(self, name, sums):
        super().__init__(name, ["gpg"], "signed, encrypted")
        self.sums = sums

    def version(self):
        return ", ".join(measure.output(p, "--version").splitlines()[0] for p in ("tar", "zstd", "gpg"))

    def pack(self, place, source, out):
        out.mkdir()
        names = " ".join(folders_of(source))
        gpg = (f"gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' --trust-model always"
               f" -u {ADDRESS} -r {ADDRESS} --sign --encrypt -z0 -o {shlex.quote(str(out))}/bundle.tar.zst.gpg")
        sums = f"find {names} -type f -print0 | xargs -0 sha512sum >{shlex.quote(str(out))}/SHA512SUMS; "
        return measure.run((sums if self.sums else "") + f"tar -cf - {names} | zstd -q -T0 -3 | {gpg}",
                           place.env, source)

    def unpack(self, place, out, dest):
        folder = shlex.quote(str(out))
        gpg = "gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' --trust-model always"
        sums = f"; sha512sum --quiet -c {folder}/SHA512SUMS" if self.sums else ""
        return measure.run(f"{gpg} -d {folder}/bundle.tar.zst.gpg | zstd -q -d | tar -xf -{sums}", place.env, dest)


class Squashfs(Tool):
    def __init__(self):
        super().__init__("mksquashfs zstd -3", ["mksquashfs"], "nothing")

    def version(self):
        return measure.output("sh", "-c", "mksquashfs -version | head -n 1").strip()

    def pack(self, place, source, out):
        out.mkdir()
        return measure.run(["mksquashfs", *folders_of(source), out / "image", "-comp", "zstd",
                            "-Xcompression-level", "3", "-no-progress", "-quiet", "-keep-as-directory"],
                           place.env, source)

    def unpack(self, place, out, dest):
        return measure.run(["unsquashfs", "-quiet", "-no-progress", "-d", dest / "image", out / "image"], place.env)


class Restic(Tool):
    def __init__(self):
        super().__init__("restic", ["restic"], "encrypted")

    def version(self):
        return measure.output("restic", "version").strip()

    @staticmethod
    def env(place, out):
        return dict(place.env, RESTIC_REPOSITORY=str(out), RESTIC_PASSWORD=PASSWORD)

    def pack(self, place, source, out):
        measure.run(["restic", "-q", "--no-cache", "init"], self.env(place, out))
        return measure.run(["restic", "-q", "--no-cache", "backup", *folders_of(source)], self.env(place, out), source)

    def unpack(self, place, out, dest):
        return measure.run(["restic", "-q", "--no-cache", "restore", "latest", "--target", dest], self.env(place, out))


class Borg(Tool):
    def __init__(self):
        super().__init__("borg zstd,3", ["borg"], "encrypted")

    @staticmethod
    def env(place, out):
        return dict(place.env, BORG_REPO=str(out), BORG_PASSPHRASE=PASSWORD, BORG_BASE_DIR=str(place.work / "borg"))

    def pack(self, place, source, out):
        measure.run(["borg", "init", "-e", "repokey-blake2"], self.env(place, out))
        return measure.run(["borg", "create", "--compression", "zstd,3", "::bench", *folders_of(source)],
                           self.env(place, out), source)

    def unpack(self, place, out, dest):
        return measure.run(["borg", "extract", "::bench"], self.env(place, out), dest)


class SevenZip(Tool):
    runs = 1            # a minute each

    def __init__(self):
        super().__init__("7z -mx1", ["7z"], "encrypted")

    def version(self):
        return [line for line in measure.output("7z").splitlines() if line.strip()][0]

    def pack(self, place, source, out):
        out.mkdir()
        return measure.run(["7z", "a", "-mx1", "-bd", f"-p{PASSWORD}", "-mhe=on", out / "bundle.7z",
                            *folders_of(source)], place.env, source)

    def unpack(self, place, out, dest):
        return measure.run(["7z", "x", "-bd", f"-p{PASSWORD}", f"-o{dest}", out / "bundle.7z"], place.env)


# Those that the tables refer to.
NO_READ_BACK = Satchel("satchel --no-read-back", ["--no-read-back"])
READ_BACK = Satchel("satchel (reads back)")
LIBCRYPTO = Satchel("satchel, libcrypto alone", ["--no-read-back"], engine="libcrypto")
ONE_THREAD = Satchel("satchel -j 1", ["--no-read-back"], jobs=1)
TAR = Pipeline("tar, zstd, gpg", False)
TAR_SUMS = Pipeline("the same and sha512sum", True)
OTHERS = {"tar": [TAR, TAR_SUMS], "mksquashfs": [Squashfs()], "restic": [Restic()], "borg": [Borg()],
          "7z": [SevenZip()]}


def chosen():
    """The tools to run, and a line for each that is not here. BENCH_TOOLS names some of them."""
    wanted = os.environ.get("BENCH_TOOLS", " ".join(OTHERS)).replace(",", " ").split()
    tools, skipped = [NO_READ_BACK, READ_BACK, LIBCRYPTO, ONE_THREAD], []
    for name, group in OTHERS.items():
        if name not in wanted:
            skipped.append(f"{name}: not asked for")
        elif not group[0].installed():
            skipped.append(f"{name}: not installed (make bench-deps)")
        else:
            tools += group
    return tools, skipped
