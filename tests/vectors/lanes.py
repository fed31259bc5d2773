# SPDX-License-Identifier: BSD-2-Clause
"""A bundle of several lanes: a builder makes each, and the first one's manifest names them all."""

from kit import builder


def write(folder, lanes, **options):
    """lanes: lane number -> further options of that lane's builder, ascending."""
    (first, own), *rest = lanes.items()
    made, nodes = [], []
    for number, more in rest:
        b = builder(lane=number, **{**options, **more})
        earlier = b.hooks.get("manifest")
        b.hooks["manifest"] = lambda n, w, e=earlier: keep(nodes, n if e is None else e(n, w))
        made.append((number, b.make()))
    main = builder(lane=first, **{**options, **own})
    main.hooks["manifest"] = lambda n, w: {**n, "lanes": [*n["lanes"], *(lane for node in nodes
                                                                        for lane in node["lanes"])]}
    main.write(folder)
    for number, (payload, contents, whole) in made:
        (folder / ("contents-%02d" % number)).write_bytes(contents.data)
        for v in payload:
            (folder / ("payload-%02d.%06d" % (number, v.number))).write_bytes(v.data)
        for name, data in whole.items():
            if name.startswith("keys/"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)


def keep(nodes, node):
    nodes.append(node)
    return node
