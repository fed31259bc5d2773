# SPDX-License-Identifier: BSD-2-Clause
"""satchel-pack init: what it makes of real and made-up trees, what it names, and
that its draft packs once the four lines are filled in; and the facts that create
finds, against counts made here."""

import json
import os
import random
import re
import shutil
import struct
import subprocess

import lib
from lib import HOST, OK, REFUSED, USAGE, Room, expect, pack, unpack
from lib_keys import Keyring

keys = Keyring()
sender = keys.gen("Release Authority", "release@example.com")
WHO = {"title": "AE-0042", "from": "Example AI, Inc.", "to": "Evaluation Centre", "marking": "UNCLASSIFIED"}


def cleanup():
    keys.close()


def fill(path, values=WHO):
    """What a person does: the lines that say `required`."""
    text = path.read_text()
    for key, value in values.items():
        text, n = re.subn(r"(?m)^  #%s: .*# required.*$" % key, "  %s: %s" % (key, value), text)
        assert n == 1, (key, text)
    path.write_text(text)


def components(draft):
    """Name -> kind, path and the facts in the comments, read without a YAML reader."""
    found, last = {}, None
    for line in draft.read_text().splitlines():
        m = re.match(r"(?:  - |    )(# )?(name|kind|path|license|harness|format|dtypes|tensors|parameters|records): (.*)", line)
        if not m:
            continue
        value = re.sub(r"\s+#.*", "", m[3]).strip('"')
        if m[2] == "name":
            last = found[value] = {}
        else:
            last[m[2]] = value
    return found


def listed(room, out):
    """The same out of satchel-unpack list."""
    trust = room / "trust.gpg"
    trust.write_bytes(keys.export(sender))
    found, last = {}, None
    for line in expect(unpack("list", out, "-t", trust, env=keys.env()), OK).out.splitlines():
        m = re.match(r"(model|benchmark|document|code): (.*?)  \[UNCLASSIFIED\]  (.*)", line)
        if m:
            last = found[m[2]] = {"kind": m[1], "path": m[3]}
            continue
        m = re.match(r"  (format|dtype|tensors|parameters|records|licence|harness): (.*)", line)
        if m and last is not None:
            key = {"dtype": "dtypes", "licence": "license"}.get(m[1], m[1])
            last[key] = last[key] + ", " + m[2] if key in last else m[2]
    return found


def create(handoff, out, *options, status=OK, text=None):
    return expect(pack("create", handoff, "-o", out, "-s", sender, "--no-encryption", *options, env=keys.env()),
                  status, text)


def draft_packs(room, tree, *options):
    """init, fill in, create, list: nothing else is needed; returns components and init's run."""
    before = lib.snapshot(tree)
    r = expect(pack("init", tree), OK, "draft: ")
    draft = tree / "handoff.yaml"
    after = lib.snapshot(tree)
    after.pop("handoff.yaml")
    before.pop("."), after.pop(".")
    assert before == after, "init changed the tree"
    wanted = components(draft)
    create(draft, room / "early", status=USAGE, text="is missing")
    assert not (room / "early").exists()
    fill(draft)
    create(draft, room / "out", *options)
    got = listed(room, room / "out")
    assert got == wanted, "%s\n%s" % (got, wanted)
    return got, r, draft


def safetensors_facts(path):
    data = path.read_bytes()
    n = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + n])
    head.pop("__metadata__", None)
    parameters = 0
    for t in head.values():
        product = 1
        for d in t["shape"]:
            product *= d
        parameters += product
    return {"tensors": len(head), "parameters": parameters, "dtypes": {t["dtype"] for t in head.values()}}


def jsonl_records(folder):
    return sum(sum(1 for line in p.read_bytes().split(b"\n") if line.strip())
               for p in folder.rglob("*.jsonl"))


def safetensors(*shapes, dtype="F32"):
    """A file with these tensors."""
    width = {"F32": 4, "BF16": 2, "I8": 1}[dtype]
    head, at = {}, 0
    for i, shape in enumerate(shapes):
        size = width
        for d in shape:
            size *= d
        head["t%d" % i] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def gguf(architecture="llama", version=3):
    def string(s):
        return struct.pack("<Q", len(s)) + s.encode()
    head = b"GGUF" + struct.pack("<IQQ", version, 1, 1) + string("general.architecture") + struct.pack("<I", 8) + \
        string(architecture) + string("t") + struct.pack("<IQQIQ", 2, 32, 2, 8, 0)
    return head + bytes(-len(head) % 32) + bytes(68)


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def copy(src, dst):
    shutil.copytree(src, dst)
    subprocess.run(["chmod", "-R", "u+w", str(dst)], check=True)


def test_a_tree_of_each_kind():
    with Room() as room:
        tree = room / "aurora preview"
        put(tree / "weights/aurora-7b/model-00001-of-00002.safetensors", safetensors((2, 3), (4,), dtype="BF16"))
        put(tree / "weights/aurora-7b/model-00002-of-00002.safetensors", safetensors((5, 5), dtype="F32"))
        put(tree / "weights/aurora-7b/model.safetensors.index.json", json.dumps({"metadata": {}, "weight_map": {
            "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}))
        put(tree / "weights/aurora-7b/config.json", '{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
        put(tree / "weights/aurora-7b/README.md", "---\nlicense: apache-2.0\n---\n# Aurora\n")
        put(tree / "weights/small/x.bin", gguf())
        put(tree / "suites/cyber/cyber.yaml", "task: cyber\ndataset_path: json\n")
        put(tree / "suites/cyber/test.jsonl", '{"q": 1}\n\n{"q": 2}\n')
        put(tree / "suites/maths/eval.py", "from inspect_ai import task\n@task\ndef maths():\n    pass\n")
        put(tree / "suites/maths/data.jsonl", '{"q": 1}')
        put(tree / "tools/run.py", "import os\n")
        put(tree / "tools/README.md", "# tools\n")
        put(tree / "docs/a.md", "# a\n")
        put(tree / "docs/b.txt", "b\n")
        put(tree / "notes.md", "# notes\n")
        put(tree / ".git/HEAD", "ref: x\n")
        got, r, draft = draft_packs(room, tree)
        assert got == {
            "aurora-7b": {"kind": "model", "path": "weights/aurora-7b", "license": "apache-2.0", "format": "safetensors",
                          "dtypes": "BF16, F32", "tensors": "3", "parameters": "35"},
            "small": {"kind": "model", "path": "weights/small", "format": "gguf", "dtypes": "Q8_0", "tensors": "1",
                      "parameters": "64"},
            "cyber": {"kind": "benchmark", "path": "suites/cyber", "format": "yaml, jsonl", "records": "2",
                      "harness": "lm-evaluation-harness"},
            "maths": {"kind": "benchmark", "path": "suites/maths", "format": "jsonl", "records": "1",
                      "harness": "inspect_ai"},
            "tools": {"kind": "code", "path": "tools", "format": "python"},
            "docs": {"kind": "document", "path": "docs", "format": "markdown, text"},
            "notes": {"kind": "document", "path": "notes.md", "format": "markdown"}}, got
        text = draft.read_text()
        assert 'name: "aurora preview"' in text and 'exclude: [".git"]' in text
        assert "#command: [lm-eval, run, --tasks, \"cyber\"" in text and "eval.py@maths" in text
        assert "To be dealt with" not in text and r.err == "", r
        imported = room / "dest"
        imported.mkdir()
        expect(unpack("extract", room / "out", "-t", room / "trust.gpg", "-C", imported, env=keys.env()), OK)
        assert not (imported / "aurora preview/data/.git").exists()


def test_all_real_weights_and_suites():
    weights, suites = lib.need_data("weights"), lib.need_data("benchmarks")
    with Room() as room:
        copy(weights, room / "in" / "weights")
        copy(suites, room / "in" / "suites")
        got, r, _ = draft_packs(room, room / "in")
        kinds = {c["path"]: c["kind"] for c in got.values()}
        for name in ("gsm8k", "human-eval", "lm-eval-tasks", "cyberseceval", "inspect", "big-bench-hard",
                     "openai-evals-registry"):
            assert kinds["suites/" + name] == "benchmark", kinds
        assert got["lm-eval-tasks"]["harness"] == "lm-evaluation-harness"
        assert got["openai-evals-registry"]["harness"] == "openai-evals"
        for name in ("gsm8k", "inspect", "human-eval"):
            assert got[name]["records"] == str(jsonl_records(suites / name)), got[name]
        counted = 0
        for c in got.values():
            files = sorted((room / "in" / c["path"]).rglob("*.safetensors")) if c["kind"] == "model" else []
            if not files or "tensors" not in c or "gguf" in c["format"]:
                continue
            facts = [safetensors_facts(f) for f in files]
            assert c["tensors"] == str(sum(f["tensors"] for f in facts)), c
            assert c["parameters"] == str(sum(f["parameters"] for f in facts)), c
            assert set(c["dtypes"].split(", ")) == set().union(*(f["dtypes"] for f in facts)), c
            counted += 1
        assert counted >= 6, counted
        # The same model as safetensors and as GGUF, made by others.
        one, other = got["silero-vad"], got["gguf-with-tensors"]
        assert one["parameters"] == "309633" and other["parameters"] == str(309633 + 27136), (one, other)
        for name in ("tiny.safetensors", "hdr-suppress-eos.gguf", "magic-only.bin"):
            assert name in r.err, r


def test_real_manifests_name_pointers_and_missing_shards():
    data = lib.need_data("manifests")
    with Room() as room:
        copy(data, room / "in" / "m")
        r = expect(pack("init", room / "in"), OK)
        text = (room / "in" / "handoff.yaml").read_text()
        for said in (r.err, text):
            for i in range(1, 4):
                assert "lfs-pointers/model-%05d-of-00059.safetensors: a Git LFS pointer" % i in said, r
            assert "git lfs pull" in said and "size 4998663696" in said
            assert "hf-sharded-index/model.safetensors.index.json: half-downloaded: of the 59 shards that it names 59" in said
        found = components(room / "in" / "handoff.yaml")
        assert found["hf-sharded-index"]["license"] == "apache-2.0"
        assert found["lfs-pointers"]["kind"] == "model"
        fill(room / "in" / "handoff.yaml")
        create(room / "in" / "handoff.yaml", room / "out", status=REFUSED, text="Git LFS pointer")


def test_half_downloaded_files_are_named():
    with Room() as room:
        tree = room / "in"
        put(tree / "m/config.json", '{"model_type": "x"}')
        whole = safetensors((64, 64))
        put(tree / "m/cut.safetensors", whole[:-1])
        put(tree / "m/nearly.gguf", gguf()[:-1])
        put(tree / "m/empty.safetensors", b"")
        put(tree / "m/pytorch_model.bin", b"")
        put(tree / "m/a.safetensors.incomplete", whole)
        put(tree / "m/b.gguf.part", b"x")
        put(tree / "m/c.bin.crdownload", b"x")
        put(tree / "m/d.bin.aria2", b"x")
        put(tree / "m/e.safetensors.tmp", b"x")
        put(tree / "m/trailing.safetensors", whole + b"x")
        put(tree / "m/good.safetensors", whole)
        r = expect(pack("init", tree), OK)
        text = (tree / "handoff.yaml").read_text()
        for said in (r.err, text):
            for name in ("cut.safetensors", "nearly.gguf", "empty.safetensors", "pytorch_model.bin",
                         "a.safetensors.incomplete", "b.gguf.part", "c.bin.crdownload", "d.bin.aria2",
                         "e.safetensors.tmp"):
                assert "m/%s: half-downloaded" % name in said, (name, said)
            assert "m/trailing.safetensors: malformed safetensors" in said
            assert "good.safetensors" not in said
        got = components(tree / "handoff.yaml")
        assert list(got) == ["m"] and "tensors" not in got["m"], got
        fill(tree / "handoff.yaml")
        r = create(tree / "handoff.yaml", room / "out")
        for name in ("cut.safetensors", "nearly.gguf", "empty.safetensors", "trailing.safetensors"):
            assert "note: m/" + name in r.err, r
        assert "tensors" not in listed(room, room / "out")["m"]


def test_what_cannot_be_packed_is_named():
    with Room() as room:
        tree = room / "in"
        put(tree / "m/model.safetensors", safetensors((1,)))
        put(tree / "m/a:b", "x")
        put(tree / "bad\nname", "x")
        put(tree / "esc\x1b[31m", "x")
        put(tree / "CON", "x")
        put(tree / "d/Read.txt", "x")
        put(tree / "d/READ.txt", "x")
        os.symlink("model.safetensors", tree / "m/link.safetensors")
        os.symlink("/etc", tree / "etc")
        os.mkfifo(tree / "fifo")
        r = expect(pack("init", tree), OK)
        text = (tree / "handoff.yaml").read_text()
        for said in (r.err, text):
            for name in ("m/a:b", "bad\\x0Aname", "esc\\x1B[31m", "CON", "m/link.safetensors", "etc", "fifo", "d/Read.txt"):
                assert re.search(r"(?i)(?:^|note: |# +)%s: " % re.escape(name), said, re.M), (name, said)
            assert "rename" in said and "--dereference" in said
        assert set(components(tree / "handoff.yaml")) == {"m", "d"}
        assert all(c >= " " or c == "\n" for c in text)
        fill(tree / "handoff.yaml")
        create(tree / "handoff.yaml", room / "out", status=REFUSED, text="m/a:b")
        # The remedies work.
        (tree / "m/a:b").unlink()
        (tree / "m/link.safetensors").unlink()
        (tree / "d/Read.txt").unlink()
        create(tree / "handoff.yaml", room / "out")


def test_a_model_directory_itself():
    model = lib.need_data("weights", "chronos-hf-layout", "dummy-chronos-model")
    with Room() as room:
        copy(model, room / "in")
        got, _, draft = draft_packs(room, room / "in")
        assert "This folder itself looks like one model" in draft.read_text()
        assert {c["path"] for c in got.values()} == {"config.json", "generation_config.json", "model.safetensors"}
        assert all(c["kind"] == "model" for c in got.values())
        assert got["model"]["parameters"] == "27136"


def test_never_over_a_file():
    with Room() as room:
        tree = room / "in"
        put(tree / "notes.md", "x\n")
        put(tree / "handoff.yaml", "mine\n")
        before = lib.snapshot(tree)
        expect(pack("init", tree), HOST, "exists already")
        os.symlink("nowhere", tree / "dangling")
        expect(pack("init", tree, "-o", tree / "dangling"), HOST, "exists already")
        (tree / "dangling").unlink()
        os.utime(tree, ns=(before["."][2], before["."][2]))
        assert lib.snapshot(tree) == before


def test_output_elsewhere_needs_a_directory():
    with Room() as room:
        tree = room / "in dir"
        put(tree / "notes/a.md", "x\n")
        r = expect(pack("init", tree, "-o", room / "draft.yaml"), OK, "-C ")
        assert os.listdir(tree) == ["notes"]
        assert "-C %s" % tree in (room / "draft.yaml").read_text()
        fill(room / "draft.yaml")
        create(room / "draft.yaml", room / "out", status=lib.INCOMPLETE)
        create(room / "draft.yaml", room / "out", "-C", tree)
        # Another name in the same folder needs none, and drafts are no documents.
        r = expect(pack("init", ".", "-o", "other.yaml", cwd=tree), OK)
        assert "-C" not in r.out, r
        r = expect(pack("init", tree, "-o", tree / "third.yaml"), OK)
        assert "other" not in components(tree / "third.yaml"), r


def test_usage_and_missing_folders():
    with Room() as room:
        expect(pack("init"), USAGE, "operand")
        expect(pack("init", room, room), USAGE, "operands")
        expect(pack("init", room, "-s", "x"), USAGE, "no option of")
        expect(pack("init", room / "missing"), HOST)
        expect(pack("init", room, "-o", room / "missing" / "x.yaml"), HOST)
        expect(pack("init", room, "-o", str(room) + "/"), USAGE)
        put(room / "file", "x")
        expect(pack("init", room / "file"), HOST)
        (room / "empty").mkdir()
        expect(pack("init", room / "empty"), OK)
        create(room / "empty" / "handoff.yaml", room / "out", status=USAGE)
        r = expect(pack("init", room, "-q"), OK)
        assert r.err == "", r


def test_each_missing_line_is_named():
    with Room() as room:
        put(room / "in" / "notes.md", "x\n")
        expect(pack("init", room / "in"), OK)
        draft = room / "in" / "handoff.yaml"
        text = draft.read_text()
        line = 1 + text.split("\n").index('  name: in   # stays inside; the imported tree is named after it')
        for key in WHO:
            draft.write_text(text)
            fill(draft)
            filled = draft.read_text()
            assert filled.count("  %s: " % key) == 1
            draft.write_text(filled.replace("  %s: %s\n" % (key, WHO[key]), "  #%s:\n" % key, 1))
            create(draft, room / "out", status=USAGE, text="handoff.yaml: line %d: bundle: the key %s is missing" % (line, key))
            # Taken out of the comment, but not filled in.
            draft.write_text(filled.replace("  %s: %s\n" % (key, WHO[key]), "  %s:     # required\n" % key, 1))
            create(draft, room / "out", status=USAGE, text="line %d: " % (line + 2 + list(WHO).index(key)))


def test_a_hub_cache():
    with Room() as room:
        cache = room / "in" / "hub" / "models--org--tiny"
        put(cache / "blobs/aa", safetensors((3, 3)))
        put(cache / "blobs/bb", '{"model_type": "llama"}')
        put(cache / "refs/main", "c0ffee")
        (cache / "snapshots/c0ffee").mkdir(parents=True)
        os.symlink("../../blobs/aa", cache / "snapshots/c0ffee/model.safetensors")
        os.symlink("../../blobs/bb", cache / "snapshots/c0ffee/config.json")
        r = expect(pack("init", room / "in"), OK, "cache")
        draft = room / "in" / "handoff.yaml"
        assert "--dereference" in r.err and 'exclude: ["blobs"]' in draft.read_text(), r
        fill(draft)
        create(draft, room / "out", status=REFUSED, text="symbolic link")
        create(draft, room / "out", "--dereference")
        got = listed(room, room / "out")["models--org--tiny"]
        assert got["kind"] == "model" and got["parameters"] == "9", got


def test_hostile_headers_end_soon():
    data = lib.need_data("hostile")
    with Room() as room:
        for kind in ("safetensors", "gguf", "pickle", "zst", "yaml"):
            for f in sorted((data / kind).iterdir()):
                put(room / "in" / kind / f.name, f.read_bytes())
        r = expect(pack("init", room / "in", timeout=60), OK)
        for line in (data / "INDEX.tsv").read_text().splitlines()[1:]:
            name, expected = line.split("\t")[:2]
            if name.startswith(("safetensors/", "gguf/")):
                assert (name + ": " in r.err) == (expected != "ACCEPT"), (name, expected, r)
        fill(room / "in" / "handoff.yaml")
        create(room / "in" / "handoff.yaml", room / "out")


def test_dry_run_shows_the_facts():
    with Room() as room:
        put(room / "in/m/model.safetensors", safetensors((7, 11), dtype="BF16"))
        handoff = lib.write_handoff(room / "in", [("m", "model", "m")])
        r = expect(pack("create", handoff, "-n", "--unsigned", "--originator", "0" * 40, "--no-encryption"), OK)
        assert "  format: safetensors\n  dtype: BF16\n  tensors: 1\n  parameters: 77\n" in r.out, r


def test_facts_do_not_depend_on_chunks_or_jobs():
    with Room() as room:
        lines = "".join('{"id": %d, "text": "%s"}\n' % (i, "x" * (i % 97)) for i in range(20000))
        put(room / "in/s/a.jsonl", lines + "\n \n" + '{"last": 1}')
        put(room / "in/s/b.jsonl", '{"a": 1}\n' * 7)
        handoff = lib.write_handoff(room / "in", [("s", "benchmark", "s")])
        for i, options in enumerate((["-S", "64KiB"], ["-j", "1"], ["-j", "8", "--portable"])):
            create(handoff, room / str(i), *options)
            assert listed(room, room / str(i))["s"]["records"] == "20008"


def random_tree(top, rng):
    """Files of every kind in random places."""
    makers = [lambda: ("model%d.safetensors" % rng.randrange(5), safetensors((rng.randrange(1, 9), 3))),
              lambda: ("m%d.gguf" % rng.randrange(3), gguf()),
              lambda: ("config.json", '{"model_type": "x"}'),
              lambda: ("data%d.jsonl" % rng.randrange(5), '{"a": 1}\n' * rng.randrange(1, 9)),
              lambda: ("task.yaml", "task: t\ndataset_path: x\n"),
              lambda: ("run%d.py" % rng.randrange(3), "import os\n"),
              lambda: (rng.choice(["README.md", "LICENSE", "notes.txt", "caf\u00e9.md", "null", "1.10", "a, b.md", "'q'.txt",
                                   "#x.md", "- y.md", "[z].txt", "&w.md", "{k}.md", "@at", "no.md", "!bang"]), "words\n"),
              lambda: ("x.png", b"\x89PNG\r\n\x1a\n"),
              lambda: ("blob.bin", bytes(rng.randrange(256) for _ in range(50))),
              lambda: (".hidden", "x\n"), lambda: ("Makefile", "all:\n")]
    folders = [top]
    for _ in range(rng.randrange(1, 8)):
        name = rng.choice(["a", "b", "weights", "suites", "data", "v0.1", "tests", "\u6a21\u578b", "x y", "-d", "model", "null", "9"])
        folder = rng.choice(folders) / name
        folder.mkdir(parents=True, exist_ok=True)
        folders.append(folder)
    for _ in range(rng.randrange(1, 30)):
        name, data = rng.choice(makers)()
        put(rng.choice(folders) / name, data)


def test_drafts_of_random_trees_pack():
    for seed in range(25):
        rng = random.Random(seed)
        with Room() as room:
            tree = room / "tree"
            tree.mkdir()
            random_tree(tree, rng)
            expect(pack("init", tree), OK)
            draft = tree / "handoff.yaml"
            text = draft.read_text()
            found = components(draft)
            (tree / "handoff.yaml").unlink()
            expect(pack("init", tree), OK)
            assert draft.read_text() == text, "two drafts of one tree differ"
            if not found:
                continue
            # A title may not tell a component's name.
            fill(draft, dict(WHO, title="QXQX-77"))
            r = create(draft, room / "out")
            got = listed(room, room / "out")
            assert {c["path"] for c in got.values()} == {c["path"] for c in found.values()}, (seed, r)
            assert got == found, (seed, got, found)


lib.main(globals())
