# SPDX-License-Identifier: BSD-2-Clause
"""A user's gpg.conf, however odd or hostile, changes nothing in what pack writes and
nothing in what unpack decides; and the user's home stays as it is."""

import os
import pathlib
import re

import lib
from lib import OK, UNTRUSTED, Room, expect, pack, unpack
from lib_keys import Keyring
from lib_packets import PKESK, SEIPD, SIGNATURE, Signature, packets

keys = Keyring()
stranger = keys.gen("Stranger", "stranger@example.net")
sender = keys.gen("Release Authority", "release@example.com")
reader = keys.gen("Evaluator", "evaluator@example.org")
rsa = keys.gen("RSA Reader", "rsa@example.org", algo="rsa3072", sub="rsa3072", usage="sign")
HOME = keys.home
base = Room()
HERE = base.path
TRUST = HERE / "trust.gpg"
TRUST.write_bytes(keys.export(sender))
lib.sample(HERE / "in", 20_000)
UNSIGNED = HERE / "unsigned"
expect(pack("create", HERE / "in" / "handoff.yaml", "-o", UNSIGNED, "--unsigned", "--originator", sender, "-r", reader,
            env=keys.env()), OK)
EVIL = HERE / "evil.gpg"
EVIL.write_bytes(keys.export(stranger))

# One gpg.conf each; %(home)s, %(here)s and %(stranger)s are filled in.
CONFS = [
    # Other algorithms, other forms.
    "digest-algo SHA1", "digest-algo MD5\nallow-weak-digest-algos", "digest-algo SHA256",
    "cert-digest-algo SHA1\npersonal-digest-preferences SHA1 MD5", "cipher-algo 3DES", "cipher-algo IDEA",
    "personal-cipher-preferences 3DES CAST5", "compress-algo zip\ncompress-level 9", "compress-algo bzip2\nbzip2-compress-level 9",
    "personal-compress-preferences bzip2 zip", "rfc2440", "openpgp", "pgp7", "compliance de-vs", "force-mdc", "disable-mdc",
    "rfc4880bis", "s2k-mode 0\ns2k-digest-algo SHA1\ns2k-cipher-algo CAST5", "s2k-count 1024",
    "disable-cipher-algo AES256", "disable-pubkey-algo EDDSA", "weak-digest SHA512", "chunk-size 10",
    "armor", "armour\ncomment hello\nemit-version", "textmode", "no-armor\ntextmode", "for-your-eyes-only", "set-filename evil",
    "escape-from-lines\nnot-dash-escaped", "set-policy-url https://example.com/",
    # What is put beside a signature.
    "cert-notation a@example.com=b\nsig-notation a@example.com=b", "sig-notation !kind@example.com=x",
    "sig-policy-url https://example.com/", "sig-keyserver-url https://example.com/", "include-key-block",
    "default-sig-expire 1d", "default-sig-expire 1d\nask-sig-expire", "sig-expire 1d", "force-v3-sigs", "sender stranger@example.net",
    "local-user %(stranger)s", "default-key %(stranger)s",
    # Other recipients.
    "encrypt-to %(stranger)s", "hidden-encrypt-to %(stranger)s", "default-recipient %(stranger)s", "default-recipient-self",
    "recipient %(stranger)s", "hidden-recipient %(stranger)s", "recipient-file %(here)s/evil.gpg",
    "group evaluator@example.org=%(stranger)s\ngroup %(reader)s=%(stranger)s", "throw-keyids", "no-encrypt-to", "symmetric",
    "try-secret-key %(stranger)s", "try-all-secrets", "passphrase secret", "override-session-key 9:00",
    # Where keys are looked for.
    "keyring %(here)s/evil.gpg", "no-default-keyring", "no-default-keyring\nkeyring %(here)s/nothing.gpg",
    "primary-keyring %(here)s/nothing.gpg", "no-keyring", "secret-keyring %(here)s/nothing.gpg",
    "trustdb-name %(here)s/trustdb", "homedir %(here)s/elsewhere", "options %(here)s/elsewhere.conf",
    "auto-key-import\nauto-key-retrieve\nauto-key-locate wkd,dane,keyserver", "keyserver hkp://127.0.0.1:9", "use-keyboxd",
    "agent-program %(here)s/no-agent", "dirmngr-program %(here)s/no-dirmngr", "no-autostart", "no-use-agent", "gpg-agent-info /x:1:1",
    # What it believes.
    "trust-model tofu+pgp", "trust-model direct", "trust-model pgp\nmin-cert-level 3", "trusted-key %(stranger)s",
    "tofu-default-policy bad", "faked-system-time 20010101T000000", "faked-system-time 20380101T000000!",
    "ignore-time-conflict\nignore-valid-from", "ignore-crc-error\nignore-mdc-error", "no-require-cross-certification",
    "allow-weak-key-signatures\nallow-non-selfsigned-uid\nallow-freeform-uid", "no-sig-cache", "exit-on-status-write-error",
    "assert-signer %(stranger)s", "assert-pubkey-algo >rsa9999",
    # How it talks, and where to.
    "verbose\nverbose\ndebug-level guru", "quiet\nno-greeting", "status-fd 2", "status-file %(here)s/status", "status-fd 1",
    "logger-fd 1", "logger-file %(here)s/log", "attribute-fd 1", "output %(here)s/output", "max-output 10", "list-only", "dry-run",
    "no-batch\ninteractive", "command-fd 0", "passphrase-fd 0", "pinentry-mode cancel", "pinentry-mode loopback", "charset iso-8859-1",
    "display-charset utf-16", "utf8-strings", "no-utf8-strings", "fixed-list-mode\nno-fixed-list-mode", "with-colons\nwith-fingerprint",
    "keyid-format none", "list-options show-photos\nverify-options show-photos\nphoto-viewer \"touch %(here)s/photo\"",
    "exec-path %(here)s", "lock-never", "lock-once\nlock-multiple", "require-secmem", "no-permission-warning", "preserve-permissions",
    "no-random-seed-file", "request-origin browser", "enable-progress-filter", "limit-card-insert-tries 1", "enable-large-rsa",
    "import-options merge-only\nexport-options export-minimal export-local-sigs", "import-options import-minimal import-clean",
    "import-filter drop-subkey=1\nexport-filter drop-subkey=1", "import-filter drop-sig=1", "list-filter select=0",
    "no-such-option at-all", "\x00\xff\xfe nonsense\n" * 3, "exit", "version", "list-keys", "delete-secret-keys %(sender)s",
]
IGNORED = re.compile(r"^(S\..*|random_seed|\.#lk.*|.*\.lock)$")


def cleanup():
    keys.close()
    base.__exit__()


def home_now():
    """All that a program which only uses the home may not change: bytes, modes, names."""
    return {k: (v[0], v[1]) + v[3:] if k == "." else v for k, v in lib.snapshot(HOME).items()
            if not IGNORED.match(os.path.basename(k)) or k == "."}


def strays():
    return sorted(p.name for p in HERE.iterdir())


def subkey_ids(fpr):
    """Of the encryption subkey: all others of a certificate are no place for a session key."""
    return {keys.fingerprints(fpr)[1][-16:]}


IDS = {reader: subkey_ids(reader), rsa: subkey_ids(rsa)}
SUBKEY_ALGO = {reader: 18, rsa: 1}


def check_signature(data, fpr):
    (tag, body, new), = packets(data)
    sig = Signature(body)
    assert tag == SIGNATURE and not new and (sig.version, sig.type, sig.algo, sig.hash) == (4, 0x00, 22, 10), data.hex()
    assert [t for t, _ in sig.hashed] == [33, 2] and [t for t, _ in sig.unhashed] == [16], data.hex()
    assert sig.hashed[0][1] == b"\x04" + bytes.fromhex(fpr), data.hex()
    assert sig.unhashed[0][1] == bytes.fromhex(fpr[-16:]), data.hex()


def check_wrapped(data, fpr, hidden=False):
    session, sealed = packets(data)
    tag, body, new = session
    assert tag == PKESK and not new and body[0] == 3, data.hex()
    assert body[1:9] == bytes(8) if hidden else body[1:9].hex().upper() in IDS[fpr], data.hex()
    assert body[9] == SUBKEY_ALGO[fpr] or hidden, data.hex()
    tag, body, new = sealed
    # Version, prefix, literal packet without a name around the 80 bytes of the message, digest.
    assert tag == SEIPD and new and body[0] == 1 and len(body) == 1 + 18 + 8 + 80 + 22, data.hex()


def check_bundle(bundle, hidden=False):
    """What create wrote has the one form that there is."""
    assert sorted(p.name for p in (bundle / "signatures").iterdir()) == [sender + ".sig"]
    check_signature((bundle / "signatures" / (sender + ".sig")).read_bytes(), sender)
    found = sorted((bundle / "keys" / "00.0").iterdir())
    if hidden:
        assert [p.suffix for p in found] == [".pgp", ".pgp"], found
        for path in found:
            check_wrapped(path.read_bytes(), reader, True)
    else:
        assert [p.name for p in found] == sorted([reader + ".pgp", rsa + ".pgp"]), found
        for path in found:
            check_wrapped(path.read_bytes(), path.stem)
    return sorted(str(p.relative_to(bundle)) for p in bundle.rglob("*"))


def once(conf, room, *options):
    """create, check, extract with this gpg.conf; returns the names in the bundle."""
    words = {"home": HOME, "here": HERE, "stranger": stranger, "reader": reader, "sender": sender}
    if conf is not None:
        (HOME / "gpg.conf").write_bytes((conf % words).encode("latin-1") + b"\n")
    before, around = home_now(), strays()
    expect(pack("create", HERE / "in" / "handoff.yaml", "-o", room / "out", "-s", "release@example.com",
                "-r", "evaluator@example.org", "-r", rsa, *options, env=keys.env()), OK)
    names = check_bundle(room / "out", "--hide-recipients" in options)
    r = expect(unpack("check", room / "out", "-t", TRUST, "--json", env=keys.env()), OK)
    assert r.json["findings"] == [] and [s["fingerprint"] for s in r.json["signers"]] == [sender], r
    (room / "dest").mkdir()
    expect(unpack("extract", room / "out", "-t", TRUST, "-C", room / "dest", env=keys.env()), OK)
    assert lib.tree(room / "dest" / "aurora-preview" / "data") == lib.payload(HERE / "in")
    assert home_now() == before, "the user's home changed"
    assert strays() == around, strays()
    return names


def test_each_gpg_conf():
    with Room() as room:
        plain = once(None, room)
    failed = []
    for conf in CONFS:
        with Room() as room:
            try:
                assert once(conf, room) == plain
            except AssertionError as e:
                failed.append("%r: %s" % (conf, e))
    (HOME / "gpg.conf").unlink()
    assert not failed, "\n".join(failed)


def test_all_of_them_at_once():
    """gpg itself does not even start with this one."""
    with Room() as room:
        once("\n".join(CONFS), room)
    with Room() as room:
        once("\n".join(CONFS), room, "--hide-recipients")
    (HOME / "gpg.conf").unlink()


def test_sign_verb():
    digest = unpack("show", UNSIGNED, "--json").json["bundle"]["digest"]
    for conf in ("digest-algo SHA1\narmor\ntextmode\nsig-notation a@example.com=b\ninclude-key-block", "default-key %s" % stranger,
                 "faked-system-time 20010101T000000", "no-such-option"):
        (HOME / "gpg.conf").write_text(conf + "\n")
        before = home_now()
        with Room() as room:
            bundle = lib.copy_bundle(UNSIGNED, room / "bundle")
            expect(pack("sign", bundle, "-s", sender, "--expect", digest, env=keys.env()), OK)
            check_signature((bundle / "signatures" / (sender + ".sig")).read_bytes(), sender)
            expect(unpack("check", bundle, "-t", TRUST, env=keys.env()), OK)
        assert home_now() == before, "the user's home changed"
    (HOME / "gpg.conf").unlink()


def test_what_is_refused_stays_refused():
    """The conf that allows everything, and an owner's trust in the key."""
    (HOME / "gpg.conf").write_text("allow-weak-digest-algos\nauto-key-import\ntrust-model always\nignore-time-conflict\n"
                                   "keyring %s\ntrusted-key %s\n" % (EVIL, stranger))
    keys.gpg("--import-ownertrust", stdin=("%s:6:\n%s:6:\n" % (stranger, sender)).encode())
    text = (UNSIGNED / "manifest.yaml").read_bytes()
    bad = [keys.sign(sender, text, "--digest-algo", "SHA1"),
           keys.sign(sender, text, "--allow-weak-digest-algos", "--digest-algo", "MD5"),
           keys.sign(sender, text, "--digest-algo", "SHA512", "--textmode"),
           keys.sign(sender, text, "--digest-algo", "SHA512", "--faked-system-time", "20370101T000000"),
           keys.sign(sender, text + b"\n"),
           keys.sign(stranger, text),
           keys.sign(stranger, text, "--digest-algo", "SHA512", "--include-key-block")]
    before = home_now()
    for number, sig in enumerate(bad):
        for name in (sender, stranger):
            with Room() as room:
                bundle = lib.copy_bundle(UNSIGNED, room / "bundle")
                (bundle / "signatures").mkdir(exist_ok=True)
                (bundle / "signatures" / (name + ".sig")).write_bytes(sig)
                r = unpack("check", bundle, "-t", TRUST, env=keys.env())
                assert r.status == UNTRUSTED, "%d: %s" % (number, r)
    assert home_now() == before, "the user's home changed"
    (HOME / "gpg.conf").unlink()


def test_an_agent_conf_is_the_agents():
    """gpg-agent.conf is not ours to overrule, and gpgsm's and dirmngr's do not matter."""
    for name in ("gpgsm.conf", "dirmngr.conf", "scdaemon.conf", "gpgconf.conf.not", "common.conf.not"):
        (HOME / name).write_text("no-such-option\n")
    keys.kill()
    with Room() as room:
        once(None, room)
    for name in ("gpgsm.conf", "dirmngr.conf", "scdaemon.conf", "gpgconf.conf.not", "common.conf.not"):
        (HOME / name).unlink()


def test_environment():
    """Nor has the environment a say in what gpg makes."""
    with Room() as room:
        for number, env in enumerate(({"LC_ALL": "C.UTF-8", "LANGUAGE": "de", "TZ": "Asia/Tokyo"}, {"LC_ALL": "tr_TR.UTF-8"},
                                      {"GPG_TTY": "/dev/null", "GPG_AGENT_INFO": "/nowhere:1:1"}, {"COLUMNS": "1", "LINES": "1"},
                                      {"GNUPGHOME": str(HOME) + "/"}, {"GNUPGHOME": str(HOME.parent) + "/./" + HOME.name},
                                      {"GPGME_DEBUG": "9:%s" % (room / "debug")}, {"GCRYPT_BARRETT": "1"})):
            before = home_now()
            out = room / str(number)
            expect(pack("create", HERE / "in" / "handoff.yaml", "-o", out, "-s", sender, "-r", reader, "-r", rsa,
                        env=dict(keys.env(), **env)), OK)
            check_bundle(out)
            expect(unpack("list", out, "-t", TRUST, env=dict(keys.env(), **env)), OK)
            assert home_now() == before, "the user's home changed"
        # Nothing of a key may have been written down.
        assert not pathlib.Path(room / "debug").exists()


lib.main(globals())
