# SPDX-License-Identifier: BSD-2-Clause
"""The refusal table through the programs: whatever is wrong with the media has the
status of the contract, makes no destination, and leaves the media as they were."""

import hashlib
import os
import pathlib
import shutil

import lib
from lib import DAMAGED, HOST, INCOMPLETE, MALFORMED, OK, UNTRUSTED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
other = keys.gen("Second Company", "second@example.net")
base = lib.Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))
BOTH = HERE / "both.gpg"
BOTH.write_bytes(keys.export(sender) + keys.export(other))


def make(name, *options, signer=sender, title="AE-0042", size=300_000):
    """A bundle of several volumes, packed once and copied for each row."""
    folder = HERE / (name + "-in")
    lib.sample(folder, size)
    lib.write_handoff(folder, [("aurora", "model", "weights/aurora"), ("cyber", "benchmark", "suites/cyber"),
                               ("notes", "document", "notes.md")], title=title)
    expect(pack("create", folder / "handoff.yaml", "-o", HERE / name, "-s", signer, "-S", "128KiB", "-j", "1",
                *options, env=keys.env()), OK)
    return HERE / name


BUNDLE = make("one", "-r", sender)
SECOND = make("two", "-r", sender)
CLEAR = make("clear", "--no-encryption")
PORTABLE = make("portable", "--no-encryption", "--portable")
MEDIA = make("media", "-r", sender, "--media-size", "2MiB", size=1_500_000)
KEY = pathlib.Path("keys/00.0/%s.pgp" % sender)
SIG = pathlib.Path("signatures/%s.sig" % sender)


def cleanup():
    keys.close()
    base.__exit__()


def refused(change, status, source=BUNDLE, text=None, check_status=None, trust=TRUST, media=None):
    """Change a copy; check and extract must refuse it, and touch nothing."""
    with Room() as room:
        bundle = lib.copy_bundle(source, room / "medium")
        change(bundle)
        before = lib.snapshot(bundle)
        dirs = media(bundle) if media else [bundle]
        expect(unpack("check", *dirs, "-t", trust), status if check_status is None else check_status, text)
        (room / "dest").mkdir()
        expect(unpack("extract", *dirs, "-t", trust, "-C", room / "dest", env=keys.env()), status)
        assert os.listdir(room / "dest") == [], os.listdir(room / "dest")
        assert lib.snapshot(bundle) == before, "the media changed"


def places(path):
    size = path.stat().st_size
    return sorted({0, 1, size // 3, size // 2, size - 1})


def test_unchanged_bundles_are_accepted():
    for source in (BUNDLE, CLEAR, PORTABLE):
        with Room() as room:
            expect(unpack("check", source, "-t", TRUST), OK)
            (room / "dest").mkdir()
            expect(unpack("extract", source, "-t", TRUST, "-C", room / "dest", env=keys.env()), OK)


def flips(source, name, status):
    for offset in places(source / name):
        refused(lambda b, o=offset: lib.flip(b / name, o), status, source)


def test_flip_in_the_manifest():
    flips(BUNDLE, "manifest.yaml", UNTRUSTED)
    flips(CLEAR, "manifest.yaml", UNTRUSTED)


def test_flip_in_the_signature():
    flips(BUNDLE, SIG, UNTRUSTED)


def test_flip_in_a_volume():
    for name in ("payload-00.000000", "payload-00.000001"):
        flips(BUNDLE, name, DAMAGED)
    flips(CLEAR, "payload-00.000001", DAMAGED)
    flips(PORTABLE, "payload-00.000001", DAMAGED)


def test_flip_in_the_contents():
    flips(BUNDLE, "contents-00", DAMAGED)
    flips(CLEAR, "contents-00", DAMAGED)
    flips(PORTABLE, "contents-00", DAMAGED)


def test_flip_in_a_wrapped_key():
    flips(BUNDLE, KEY, DAMAGED)


def test_flip_in_readme_and_lists():
    flips(BUNDLE, "README.txt", DAMAGED)
    flips(PORTABLE, "SHA512SUMS", DAMAGED)
    flips(PORTABLE, "SHA256SUMS", DAMAGED)


NAMES = [("payload-00.000001", DAMAGED), ("contents-00", DAMAGED), (KEY, DAMAGED), ("README.txt", DAMAGED),
         ("manifest.yaml", UNTRUSTED), (SIG, UNTRUSTED)]


def test_truncated():
    for name, status in NAMES:
        for cut in (1, 100):
            def change(b, n=name, c=cut):
                os.truncate(b / n, max(0, (b / n).stat().st_size - c))
            refused(change, status)


def test_truncated_to_nothing():
    for name, status in NAMES:
        refused(lambda b, n=name: os.truncate(b / n, 0), status)


def test_appended():
    for name, status in NAMES:
        def change(b, n=name):
            with open(b / n, "ab") as f:
                f.write(b"x")
        refused(change, status)


def test_missing():
    for name, status in [("payload-00.000000", INCOMPLETE), ("payload-00.000001", INCOMPLETE),
                         ("contents-00", INCOMPLETE), (KEY, INCOMPLETE), ("README.txt", INCOMPLETE),
                         ("manifest.yaml", MALFORMED), (SIG, UNTRUSTED)]:
        refused(lambda b, n=name: (b / n).unlink(), status)
    refused(lambda b: shutil.rmtree(b / "keys"), INCOMPLETE)
    refused(lambda b: shutil.rmtree(b / "signatures"), UNTRUSTED)


def test_swapped_volumes():
    def change(b):
        os.rename(b / "payload-00.000000", b / "x")
        os.rename(b / "payload-00.000001", b / "payload-00.000000")
        os.rename(b / "x", b / "payload-00.000001")
    refused(change, INCOMPLETE, text="payload-00.000001")


def test_renamed_volume():
    refused(lambda b: os.rename(b / "payload-00.000001", b / "payload-00.000099"), INCOMPLETE)


def test_one_volume_under_anothers_name():
    refused(lambda b: shutil.copy(b / "payload-00.000000", b / "payload-00.000001"), INCOMPLETE)


def test_foreign_volume():
    refused(lambda b: shutil.copy(SECOND / "payload-00.000001", b / "payload-00.000001"), INCOMPLETE)
    refused(lambda b: shutil.copy(SECOND / "contents-00", b / "contents-00"), INCOMPLETE)


def no_file(make_it, name, status=HOST):
    def change(b):
        (b / name).unlink()
        make_it(b, b / name)
    refused(change, status)


def test_no_regular_file_in_place_of_a_volume():
    for name in ("payload-00.000001", "contents-00", "README.txt", KEY):
        def link(b, path, n=name):
            shutil.copy(BUNDLE / n, b / "real")
            os.symlink("real" if "/" not in str(n) else "../../real", path)
        no_file(link, name)
        no_file(lambda b, p: os.mkfifo(p), name)
        no_file(lambda b, p: p.mkdir(), name)
    if os.geteuid() == 0:
        no_file(lambda b, p: os.mknod(p, 0o020644, os.makedev(1, 5)), "payload-00.000001")


def test_no_regular_file_in_place_of_the_manifest():
    def link(b, path):
        shutil.copy(BUNDLE / "manifest.yaml", b / "real")
        os.symlink("real", path)
    no_file(link, "manifest.yaml")
    no_file(lambda b, p: os.mkfifo(p), "manifest.yaml")


def test_a_directory_that_is_a_link():
    def link_keys(b):
        os.rename(b / "keys", b / "real")
        os.symlink("real", b / "keys")
    refused(link_keys, HOST)

    def link_signatures(b):
        os.rename(b / "signatures", b / "real")
        os.symlink("real", b / "signatures")
    refused(link_signatures, UNTRUSTED)


def test_a_signature_that_is_no_file_is_a_bad_one():
    def fifo(b):
        (b / SIG).unlink()
        os.mkfifo(b / SIG)
    refused(fifo, UNTRUSTED)

    def big(b):
        (b / SIG).write_bytes(b"\0" * 20000)
    refused(big, UNTRUSTED)


def test_a_medium_emptied_of_its_volumes():
    def media(b):
        return sorted(b.iterdir())

    def change(b):
        for p in (b / "medium-02").glob("payload-*"):
            p.unlink()
    assert len(list(MEDIA.iterdir())) >= 2
    refused(change, INCOMPLETE, source=MEDIA, media=media)


def test_one_volume_missing_on_a_medium():
    def change(b):
        sorted((b / "medium-01").glob("payload-*"))[0].unlink()
    refused(change, INCOMPLETE, source=MEDIA, media=lambda b: sorted(b.iterdir()))


def test_media_of_two_bundles():
    with Room() as room:
        (room / "dest").mkdir()
        expect(unpack("check", BUNDLE, SECOND, "-t", TRUST), USAGE)
        expect(unpack("extract", BUNDLE, SECOND, "-t", TRUST, "-C", room / "dest", env=keys.env()), USAGE)
        expect(unpack("check", BUNDLE, SECOND), UNTRUSTED)
        changed = lib.copy_bundle(BUNDLE, room / "changed")
        lib.flip(changed / "manifest.yaml", 30)
        expect(unpack("check", BUNDLE, changed, "-t", TRUST), UNTRUSTED)
        expect(unpack("check", BUNDLE, BUNDLE, "-t", TRUST), USAGE)


def test_planted_files_are_reported_and_hide_nothing():
    with Room() as room:
        bundle = lib.copy_bundle(BUNDLE, room / "medium")
        (bundle / "payload-00.00000").write_bytes(b"x")
        (bundle / "autorun.inf").write_bytes(b"x")
        (bundle / "keys" / "00.0" / "evil.pgp").write_bytes(b"x")
        (bundle / "signatures" / "README").write_bytes(b"x")
        (bundle / "signatures" / ("%040X.sig" % 7)).write_bytes((bundle / SIG).read_bytes())
        before = lib.snapshot(bundle)
        r = expect(unpack("check", bundle, "-t", TRUST), OK)
        assert r.verdict == "AUTHENTIC AND WHOLE", r
        for name in ("payload-00.00000", "autorun.inf", "evil.pgp", "signatures/README", "%040X.sig" % 7):
            assert name in r.err, (name, r)
        lib.flip(bundle / "payload-00.000000", 1000)
        before = lib.snapshot(bundle)
        expect(unpack("check", bundle, "-t", TRUST), DAMAGED)
        assert lib.snapshot(bundle) == before


def test_a_forged_signature_hides_no_good_one():
    with Room() as room:
        bundle = lib.copy_bundle(BUNDLE, room / "medium")
        (room / "sigs").mkdir()
        shutil.copy(bundle / SIG, room / "sigs" / SIG.name)
        lib.flip(bundle / SIG, 100)
        r = expect(unpack("check", bundle, "-t", TRUST, "--signatures", room / "sigs"), OK)
        assert "bad signature" in r.err, r


def test_every_damage_is_named():
    with Room() as room:
        bundle = lib.copy_bundle(BUNDLE, room / "medium")
        lib.flip(bundle / "payload-00.000000", 500)
        lib.flip(bundle / "payload-00.000002", 500)
        (bundle / "payload-00.000001").unlink()
        r = expect(unpack("check", bundle, "-t", TRUST), DAMAGED)
        for name in ("payload-00.000000", "payload-00.000001", "payload-00.000002"):
            assert name in r.err, (name, r)
        assert "hint: " in r.err, r
        found = expect(unpack("check", bundle, "-t", TRUST, "--json"), DAMAGED).json
        assert found["status"] == "damaged" and found["verdict"] == "DAMAGED", found
        damaged = {f["volume"]: f for f in found["findings"] if f["status"] == "damaged"}
        assert set(damaged) == {"payload-00.000000", "payload-00.000002"}, found
        assert damaged["payload-00.000000"]["offset"] == 61 and damaged["payload-00.000000"]["length"] > 500, found
        assert any(f["status"] == "incomplete" and f["volume"] == "payload-00.000001" for f in found["findings"]), found


def test_wrong_bytes_and_missing_ones_without_trust():
    with Room() as room:
        bundle = lib.copy_bundle(BUNDLE, room / "medium")
        lib.flip(bundle / "payload-00.000000", 500)
        expect(unpack("check", bundle), DAMAGED)
        shutil.copy(BUNDLE / "payload-00.000000", bundle / "payload-00.000000")
        (bundle / "payload-00.000001").unlink()
        expect(unpack("check", bundle), INCOMPLETE)
        shutil.copy(BUNDLE / "payload-00.000001", bundle / "payload-00.000001")
        expect(unpack("check", bundle), UNTRUSTED, "NOT AUTHENTICATED")
        (bundle / "manifest.yaml").write_text("something: else\n")
        expect(unpack("check", bundle), MALFORMED)
        (bundle / "manifest.yaml").write_text('satchel-manifest: "1"\nsomething: "else"\n')
        expect(unpack("check", bundle), UNTRUSTED)


def test_list_and_extract_need_trust():
    expect(unpack("list", BUNDLE, env=keys.env()), USAGE, "--trust")
    with Room() as room:
        expect(unpack("extract", BUNDLE, "-C", room, env=keys.env()), USAGE, "--trust")
        expect(unpack("check", BUNDLE, "-t", room / "absent"), HOST)
        (room / "junk").write_bytes(b"no certificate\n")
        expect(unpack("check", BUNDLE, "-t", room / "junk"), USAGE)


def test_destinations_that_cannot_be():
    with Room() as room:
        (room / "dest" / "aurora-preview").mkdir(parents=True)
        args = ("extract", BUNDLE, "-t", TRUST, "-C", room / "dest")
        expect(unpack(*args, env=keys.env()), HOST, "already")
        assert os.listdir(room / "dest") == ["aurora-preview"]
        (room / "dest" / "aurora-preview").rmdir()
        os.symlink("nowhere", room / "dest" / "aurora-preview")
        expect(unpack(*args, env=keys.env()), HOST, "already")
        (room / "dest" / "aurora-preview").unlink()
        (room / "dest").chmod(0o777)
        expect(unpack(*args, env=keys.env()), HOST)
        assert os.listdir(room / "dest") == []
        expect(unpack("extract", BUNDLE, "-t", TRUST, "-C", room / "absent", env=keys.env()), HOST)


def test_another_company_signs_volumes_that_are_not_hers():
    """A manifest of her own over the sender's volumes, signed by a key that is trusted
    too: check can only say that she vouches for it; nobody can open it as hers."""
    with Room() as room:
        bundle = lib.copy_bundle(BUNDLE, room / "medium")
        text = (bundle / "manifest.yaml").read_text().replace("AE-0042", "ZZ-0001").replace(sender + '"\nlanes', other + '"\nlanes')
        assert other in text
        (bundle / "manifest.yaml").write_text(text)
        (bundle / SIG).unlink()
        (bundle / "signatures" / ("%s.sig" % other)).write_bytes(keys.sign(other, text.encode()))
        expect(unpack("check", bundle, "-t", BOTH), OK)
        (room / "dest").mkdir()
        expect(unpack("list", bundle, "-t", BOTH, env=keys.env()), UNTRUSTED, "originator")
        expect(unpack("extract", bundle, "-t", BOTH, "-C", room / "dest", env=keys.env()), UNTRUSTED, "originator")
        assert os.listdir(room / "dest") == []


def test_ones_own_wrapped_key_is_damaged_or_missing():
    """That the others' are whole must not turn damage into "no secret key here"."""
    bundle = make("both", "-r", sender, "-r", other)
    only = Keyring()
    only.import_(keys.gpg("--export-secret-keys", sender))
    with Room() as room:
        (room / "dest").mkdir()
        changed = lib.copy_bundle(bundle, room / "medium")
        for change, status in ((lambda: lib.flip(changed / KEY, 50), DAMAGED), ((changed / KEY).unlink, INCOMPLETE)):
            change()
            expect(unpack("list", changed, "-t", TRUST, env=only.env()), status, sender + ".pgp")
            expect(unpack("extract", changed, "-t", TRUST, "-C", room / "dest", env=only.env()), status, sender + ".pgp")
            expect(unpack("list", changed, "-t", TRUST, env=keys.env()), OK)
        assert os.listdir(room / "dest") == []
    only.close()


def test_against_the_format_is_no_verdict_without_a_signature():
    """A manifest that anyone may have made, over a wrapped key that is none: not 7, which
    is the word of a signer; and damage beside it stays what counts."""
    with Room() as room:
        bundle = lib.copy_bundle(BUNDLE, room / "medium")
        old, new = (bundle / KEY).read_bytes(), b"no wrapped key"
        (bundle / KEY).write_bytes(new)
        text = (bundle / "manifest.yaml").read_text()
        for a, b in ((hashlib.sha512(old).hexdigest(), hashlib.sha512(new).hexdigest()),
                     ('%s"\n      size: "%d"' % (sender, len(old)), '%s"\n      size: "%d"' % (sender, len(new)))):
            assert text.count(a) == 1, (a, text)
            text = text.replace(a, b)
        (bundle / "manifest.yaml").write_text(text)
        digest = hashlib.sha512(text.encode()).hexdigest()
        expect(unpack("check", bundle), UNTRUSTED, "NOT AUTHENTICATED")
        r = expect(unpack("check", bundle, "--expect", digest), UNTRUSTED, "session key packet")
        assert "WHOLE" not in r.out, r
        lib.flip(bundle / "payload-00.000000", 500)
        expect(unpack("check", bundle), DAMAGED)
        (bundle / SIG).write_bytes(keys.sign(sender, text.encode()))
        expect(unpack("check", bundle, "-t", TRUST), MALFORMED)


lib.main(globals())
