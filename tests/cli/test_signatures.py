# SPDX-License-Identifier: BSD-2-Clause
"""The signature table, its form: what the packet must be, whose it must be, and what it must
be over.  Each row has its verdict, its status and its reason, and what is refused makes
no destination."""

import lib
from lib import MALFORMED, OK, UNTRUSTED, expect, unpack
from lib_packets import SIGNATURE, Cert, Key, Signature, packet, packets, sub, time4
from lib_signatures import (  # noqa: F401
    DAY, HERE, NOW, at, bad_reasons, bundle_of, cleanup, judged, keys, lax, manifest, other, put,
    sender, trust_file)


def test_good():
    judged(keys.sign(sender, manifest()), OK)


def test_good_from_a_home_that_is_not_there():
    judged(keys.sign(sender, manifest()), OK, env={"GNUPGHOME": HERE / "nowhere", "HOME": HERE / "nowhere"})
    assert not (HERE / "nowhere").exists()


def test_good_by_each_kind_of_key():
    for algo in ("rsa3072", "nistp256", "nistp384", "nistp521"):
        fpr = keys.gen(algo, algo + "@example.com", algo=algo, sub=None)
        judged(keys.sign(fpr, manifest(fpr)), OK, fpr=fpr)


def test_good_with_each_digest():
    for digest in ("SHA256", "SHA384", "SHA512"):
        judged(keys.sign(sender, manifest(), "--digest-algo", digest), OK)


def test_good_with_the_signers_user_id():
    sig = keys.sign(sender, manifest(), "--digest-algo", "SHA512", "--sender", "release@example.com")
    assert 28 in dict(Signature(packets(sig)[0][1]).hashed)
    judged(sig, OK)


def test_good_by_a_subkey():
    fpr = keys.gen("Subkey", "subkey@example.com", sub=None, usage="cert")
    signing = keys.add_signing_subkey(fpr)
    sig = keys.sign(signing, manifest(fpr))
    assert dict(Signature(packets(sig)[0][1]).hashed)[33][1:].hex().upper() == signing
    judged(sig, OK, fpr=fpr)
    # Under the subkey's own fingerprint it is no pinned person's.
    put(signing, sig, bundle_of(fpr))
    r = expect(unpack("check", bundle_of(fpr), "-t", trust_file(keys.export(fpr)), "--json"), UNTRUSTED)
    assert [f["rule"] for f in r.json["findings"]] == ["signature-unpinned", "no-good-signature"], r


def test_good_from_a_clock_that_is_half_a_day_ahead():
    judged(keys.sign(sender, manifest(), *at(NOW + DAY // 2)), OK)


# --- What is no detached signature of ours ---------------------------------------

def test_no_signature():
    judged(None, UNTRUSTED)
    lib.force_remove(bundle_of(sender) / "signatures")
    r = expect(unpack("check", bundle_of(sender), "-t", trust_file(keys.export(sender)), "--json"), UNTRUSTED)
    assert [f["text"] for f in r.json["findings"]] == ["no signature by a key that you trust"], r
    (bundle_of(sender) / "signatures").mkdir()


def test_form():
    text = manifest()
    good = keys.sign(sender, text)
    signed = keys.gpg("--digest-algo", "SHA512", "--local-user", sender, "--compress-algo", "none", "--sign", stdin=text)
    rows = [
        (b"", "is empty"),
        (good + good, "more than one signature packet"),
        (good + keys.sign(other, text), "more than one signature packet"),
        (good + b"\0", "bytes behind"),
        (good + b"\n", "bytes behind"),
        (good + bytes(16_384 - len(good)), "bytes behind"),
        (bytes(1) + good, "does not begin with"),
        (b"\xca\x03PGP" + good, "does not begin with"),		# a marker packet
        (keys.export(sender), "does not begin with"),
        (text, "does not begin with"),
        (good[:2], "ends early"),
        (good[:-1], "ends early"),
        (keys.sign(sender, text, "--digest-algo", "SHA512", "--armor"), "ASCII armor"),
        (keys.sign(sender, text, "--digest-algo", "SHA512", "--textmode"), "text-mode"),
        (signed, "signed message"),
        (keys.gpg("--local-user", sender, "--sign", stdin=text), "signed message"),
        (keys.gpg("--local-user", sender, "--store", stdin=text), "signed message"),
        (good + keys.gpg("--compress-algo", "none", "--store", stdin=text), "signed message"),
        (keys.gpg("--local-user", sender, "--clear-sign", stdin=text), "clear-signed"),
        (keys.gpg("--local-user", sender, "--armor", "--sign", stdin=text), "ASCII armor"),
        (b"\xc2" + good[1:2] + good[2:], "new format"),
        (b"\x89\0" + good[1:], "shortest form"),
        (b"\x8a\0\0\0" + good[1:], "shortest form"),
        (b"\x8b" + good[2:], "indeterminate"),
    ]
    for sig, why in rows:
        judged(sig, UNTRUSTED, why)


def test_a_file_over_the_cap():
    good = keys.sign(sender, manifest())
    put(sender, good + bytes(16_385 - len(good)))
    r = expect(unpack("check", bundle_of(sender), "-t", trust_file(keys.export(sender)), "--json"), UNTRUSTED)
    assert ["over the limit" in x for x in bad_reasons(r.json, sender)] == [True] and r.json["signers"] == [], r


def test_subpackets():
    text = manifest()
    rows = [
        (("--sig-notation", "kind@example.com=manifest"), "notation"),
        (("--sig-notation", "!kind@example.com=manifest"), "notation"),
        (("--default-sig-expire", "1d"), "other hashed subpackets"),
        (("--sig-policy-url", "https://example.com/"), "other hashed subpackets"),
        (("--sig-keyserver-url", "https://example.com/"), "other hashed subpackets"),
        (("--include-key-block",), "other hashed subpackets"),
    ]
    for options, why in rows:
        judged(keys.sign(sender, text, "--digest-algo", "SHA512", *options), UNTRUSTED, why)


def spelled_longer(sig):
    """The last number with a zero in front, which its bit count counts."""
    body = packets(sig)[0][1]
    n = next(n for n in range(32, 0, -1) if (int.from_bytes(body[-n - 2:-n], "big") + 7) // 8 == n)
    return packet(SIGNATURE, body[:-n - 2] + (8 * n + 8).to_bytes(2, "big") + b"\0" + body[-n:])


def test_forms_made_by_hand():
    """Signatures that all hold, and that no gpg would have made like this."""
    cert = Cert("Made By Hand <hand@example.com>", created=NOW - 9 * DAY)
    key, fpr = cert.key, cert.fpr
    text = manifest(fpr)
    now = time4(NOW)
    issuer, created = key.issuer_fpr(), sub(2, now)
    rows = [
        (key.sign(text), OK, None),
        (key.sign(text, hashed=issuer + created + sub(28, b"hand@example.com")), OK, None),
        (key.sign(text, hashed=created + issuer), UNTRUSTED, "other hashed subpackets"),
        (key.sign(text, hashed=issuer + created + created), UNTRUSTED, "other hashed subpackets"),
        (key.sign(text, hashed=issuer + created + sub(3, time4(9 * DAY))), UNTRUSTED, "other hashed subpackets"),
        (key.sign(text, hashed=issuer + sub(2 | 0x80, now)), UNTRUSTED, "other hashed subpackets"),
        (key.sign(text, hashed=sub(33, b"\x05" + bytes.fromhex(fpr)) + created), UNTRUSTED, "of a version 4 key"),
        (key.sign(text, hashed=issuer + sub(2, now[:3])), UNTRUSTED, "a malformed creation time"),
        (key.sign(text, hashed=issuer), UNTRUSTED, "lacks"),
        (key.sign(text, hashed=issuer, unhashed=created + key.issuer()), UNTRUSTED, "lacks"),
        (key.sign(text, hashed=created, unhashed=key.issuer()), UNTRUSTED, "other hashed subpackets"),
        (key.sign(text, unhashed=b""), UNTRUSTED, "other unhashed subpackets"),
        (key.sign(text, unhashed=key.issuer() + sub(100, b"x")), UNTRUSTED, "other unhashed subpackets"),
        (key.sign(text, unhashed=Key().issuer()), UNTRUSTED, "not the end of the fingerprint"),
        (key.sign(text, kind=0x01), UNTRUSTED, "text-mode"),
        (key.sign(text, kind=0x02), UNTRUSTED, "no signature of a binary document"),
        (key.sign(text, kind=0x40), UNTRUSTED, "no signature of a binary document"),
        (key.sign(text, algo=1), UNTRUSTED, "digest that is not accepted (MD5)"),
        (key.sign(text, algo=2), UNTRUSTED, "digest that is not accepted (SHA-1)"),
        (key.sign(text, algo=11), UNTRUSTED, "digest that is not accepted (SHA-224)"),
        (key.sign_v3(text), UNTRUSTED, "version 4"),
        (packet(SIGNATURE, packets(key.sign(text))[0][1] + b"\0"), UNTRUSTED, "bytes behind its numbers"),
        (spelled_longer(key.sign(text)), UNTRUSTED, "length is not exact"),
    ]
    for sig, status, why in rows:
        judged(sig, status, why, fpr=fpr, cert=cert.data)


# --- Another key, another text ----------------------------------------------------

def test_another_key():
    text = manifest()
    double = keys.gen("Release Authority", "release@example.com", sub=None)
    named = "not by the one it is named after"
    judged(keys.sign(other, text), UNTRUSTED, named)
    judged(keys.sign(double, text), UNTRUSTED, named)
    # Also where the other one is trusted as well: a name is a claim.
    judged(keys.sign(other, text), UNTRUSTED, named, cert=keys.export(sender) + keys.export(other))
    judged(keys.sign(double, text), UNTRUSTED, named, cert=keys.export(sender) + keys.export(double))
    # The file has its maker's name, but nobody trusts him.
    put(double, keys.sign(double, text), bundle_of(sender))
    r = expect(unpack("check", bundle_of(sender), "-t", trust_file(keys.export(sender)), "--json", env=lax.env()), UNTRUSTED)
    assert [f["rule"] for f in r.json["findings"]] == ["signature-unpinned", "no-good-signature"], r
    assert r.json["signers"] == [], r


def test_named_after_another_pinned_key():
    text = manifest()
    both = keys.export(sender) + keys.export(other)
    put(sender, keys.sign(sender, text))
    (bundle_of(sender) / "signatures" / (other + ".sig")).write_bytes(keys.sign(sender, text))
    r = expect(unpack("check", bundle_of(sender), "-t", trust_file(both), "--json"), OK)
    judgements = sorted((not s["accepted"], s["fingerprint"]) for s in r.json["signers"])
    assert judgements == [(False, sender), (True, other)], r
    assert ["not by the one it is named after" in x for x in bad_reasons(r.json, other)] == [True], r


def test_names_that_are_not_quite_a_pinned_one():
    good = keys.sign(sender, manifest())
    for name in (sender.lower() + ".sig", sender + ".SIG", sender + ".sig.asc", sender, sender[-16:] + ".sig",
                 "0x" + sender + ".sig", " " + sender + ".sig"):
        put(sender, None)
        (bundle_of(sender) / "signatures" / name).write_bytes(good)
        r = expect(unpack("check", bundle_of(sender), "-t", trust_file(keys.export(sender)), "--json"), UNTRUSTED)
        assert [f["rule"] for f in r.json["findings"]] == ["signature-unpinned", "no-good-signature"], r


TAG = b"object 0123456789012345678901234567890123456789\ntype commit\ntag v1\ntagger A <a@example.com> 1700000000 +0000\n\nv1\n"


def test_a_signature_over_another_kind_of_document():
    text = manifest()
    crlf = text.replace(b"\n", b"\r\n")
    for document in (TAG, crlf, text[:-1], text + b"\n", b"", b" " + text, (HERE / sender / "in" / "notes.md").read_bytes(),
                     manifest(other)):
        judged(keys.sign(sender, document), UNTRUSTED, "does not fit these bytes")


def test_the_same_signature_over_another_manifest():
    """The text is changed, not the signature; and a good signature makes no manifest of what is none."""
    text = manifest()
    path = bundle_of(sender) / "manifest.yaml"
    try:
        for changed in (text.replace(b"\n", b"\r\n"), text[:-1], text + b"\n", text.replace(b"AE-0042", b"AE-0043"), TAG):
            path.write_bytes(changed)
            judged(keys.sign(sender, text), UNTRUSTED, "does not fit these bytes")
        for changed in (text.replace(b"\n", b"\r\n"), text + b"\n", TAG, b""):
            path.write_bytes(changed)
            judged(keys.sign(sender, changed), MALFORMED)
    finally:
        path.write_bytes(text)


# --- Keys that are not good, or not any more ----------------------------------------


lib.main(globals())
