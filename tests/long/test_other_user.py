# SPDX-License-Identifier: BSD-2-Clause
"""What another user than root may not read or write, for whom permissions mean
something.  It needs a checkout and a TMPDIR that such a user can reach."""

import os
import subprocess

import lib_long  # noqa: F401  the way to tests/cli
import lib
from lib import HOST, OK, PACK, UNPACK, Room, Skip, expect, pack
from lib_keys import Keyring

ring = Keyring()
sender = ring.gen("Release Authority", "release@example.com")
room = Room()
TRUST = room.path / "trust.gpg"
TRUST.write_bytes(ring.export(sender))
EVERYBODY = os.getuid() != 0


def cleanup():
    ring.close()
    room.__exit__()


def test_nobody_may_write_there():
    """As another user than root, for whom permissions mean something."""
    with Room() as mine:
        # the other one has to get there: the test's own folder for temporary files is closed
        if mine.parent.stat().st_mode & 0o077 == 0:
            mine.parent.chmod(0o711)
        mine.chmod(0o755)
        handoff = lib.sample(mine / "in", 30_000)
        expect(pack("create", handoff, "-o", mine / "bundle", "-s", sender, "--no-encryption", env=ring.env()), OK)
        (mine / "trust").write_bytes(TRUST.read_bytes())
        (mine / "closed").mkdir(mode=0o755)
        (mine / "secret").write_bytes(b"x")
        (mine / "secret").chmod(0)
        (mine / "tmp").mkdir()
        (mine / "tmp").chmod(0o1777)
        subprocess.run(["chmod", "-R", "a+rX", str(mine / "in"), str(mine / "bundle"), str(mine / "trust")], check=True)
        became = [] if EVERYBODY else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if EVERYBODY:
            (mine / "closed").chmod(0o555)
        elif lib.run(*became, "true").status != 0 or lib.run(*became, PACK, "-V").status != 0:
            raise Skip("no other user may run the programs here")
        env = {"TMPDIR": mine / "tmp", "HOME": mine / "tmp", "LC_ALL": "C"}
        unsigned = ["--unsigned", "--originator", sender, "--no-encryption"]
        expect(lib.run(*became, PACK, "create", handoff, "-o", mine / "closed" / "out", *unsigned, env=env), HOST,
               "Permission denied")
        expect(lib.run(*became, UNPACK, "extract", mine / "bundle", "-t", mine / "trust", "-C", mine / "closed", env=env),
               HOST, "Permission denied")
        assert not os.listdir(mine / "closed")
        expect(lib.run(*became, UNPACK, "check", mine / "bundle", "-t", mine / "secret", env=env), HOST, "Permission denied")
        (mine / "in" / "weights" / "aurora" / "config.json").chmod(0)
        r = expect(lib.run(*became, PACK, "create", handoff, "-n", *unsigned, env=env), HOST, "config.json")
        assert "Permission denied" in r.err, r
        (mine / "bundle" / "payload-00.000000").chmod(0)
        r = expect(lib.run(*became, UNPACK, "check", mine / "bundle", "-t", mine / "trust", env=env), HOST, "payload-00.000000")
        assert "Permission denied" in r.err, r


lib.main(globals())
