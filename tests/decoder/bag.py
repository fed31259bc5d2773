# SPDX-License-Identifier: BSD-2-Clause
"""THE IMPORTED BAG: the files outside data/, all of which follow from the manifests and
the accepted signatures."""

from rules import sha256, sha512


def info(manifest, lanes):
    """bag-info.txt; lanes: the content manifests that were opened."""
    first = lanes[0].node
    files = [e for lane in lanes for e in lane.files]
    contact = first.get("contact")
    mail = contact is not None and "@" in contact and " " not in contact
    markings = []
    for lane in lanes:
        if not markings or lane.node["marking"] != markings[-1]:
            markings.append(lane.node["marking"])
    pairs = [
        ("Source-Organization", first["from"]),
        ("Contact-Email", contact if mail else None),
        ("Contact-Name", None if mail else contact),
        ("Bagging-Date", first["date"]),
        ("External-Identifier", sha512(manifest.data).hex()),
        ("Payload-Oxum", "%d.%d" % (sum(e.size for e in files), len(files))),
        ("Satchel-Name", first["name"]),
        ("Satchel-Sequence", first["sequence"]),
        ("Satchel-To", first["to"]),
        *(("Satchel-Marking", marking) for marking in markings),
        ("Satchel-Title", manifest.title),
        ("Satchel-Control-Number", manifest.control_number),
        ("Satchel-Originator", first["originator"])]
    return "".join("%s: %s\n" % pair for pair in pairs if pair[1] is not None).encode()


def tag_files(manifest, signatures, lanes, openers):
    """name -> bytes.  signatures: fingerprint -> bytes; lanes: number -> content manifest;
    openers: number -> 32 bytes, empty if the bundle is not encrypted."""
    opened = [lanes[n] for n in sorted(lanes)]
    tags = {"satchel/manifest.yaml": manifest.data}
    for fingerprint, data in signatures.items():
        tags["satchel/signatures/%s.sig" % fingerprint] = data
    for n in sorted(lanes):
        tags["satchel/contents-%02d.yaml" % n] = lanes[n].data
    for n, opener in openers.items():
        tags["satchel/opener-%02d" % n] = opener.hex().encode() + b"\n"
    tags["bagit.txt"] = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    tags["bag-info.txt"] = info(manifest, opened)
    files = sorted((e for lane in opened for e in lane.files), key=lambda e: e.path.encode())
    tags["manifest-sha256.txt"] = list_of_files(files)
    tags["tagmanifest-sha256.txt"] = b"".join(
        b"%s  %s\n" % (sha256(tags[name]).hex().encode(), name.encode())
        for name in sorted(tags, key=lambda n: n.encode()))
    return tags


def list_of_files(files):
    """SHA-256 in hex, two blanks, data/ and the path: a line for each."""
    return b"".join(b"%s  data/%s\n" % (e.digest.hex().encode(), e.path.encode()) for e in files)
