#!/usr/bin/env python3
"""Which types and traits of other crates the public interface of the libraries has: those are promises that other people's versions keep.

The interface is what `rustdoc` says in JSON. What may be in it, and why, is in `external-types.toml`; anything else fails, and so does
what is there no more.

    external_types.py          compares
    external_types.py --list   prints what there is
"""
import json
import os
import pathlib
import subprocess
import sys
import tomllib

from crates import ROOT

LIBRARIES = ["postseal", "postseal-accel", "postseal-adapters", "postseal-host"]
# Their types are the language's.
LANGUAGE = {"std", "core", "alloc"}


def interface(library):
    """What rustdoc tells of a library with all its features."""
    command = ["cargo", "rustdoc", "--quiet", "--locked", "-p", library, "--lib", "--all-features", "--", "-Z", "unstable-options",
               "--output-format", "json"]
    # The output in JSON is not stable; its form belongs to this toolchain.
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"RUSTC_BOOTSTRAP": "1"})
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return json.loads((target / "doc" / f"{library.replace('-', '_')}.json").read_text())


def named(value):
    """Identities of all types and traits that are named in a piece of the description."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if "path" in value and "id" in value:
                yield value["id"]
            waiting.extend(value.values())


def external(description):
    """{path of another crate's item: names of the items that name it}."""
    found = {}
    paths = description["paths"]
    ours = {crate for crate, entry in description["external_crates"].items() if entry["name"].startswith("postseal")}
    for item in description["index"].values():
        kind, inner = next(iter(item["inner"].items()))
        if item["crate_id"] != 0 or kind == "use":
            continue
        # What the compiler adds to every type is nobody's promise.
        if kind == "impl" and (inner["is_synthetic"] or inner["blanket_impl"] is not None):
            continue
        # The items of an impl are items of their own.
        inner = {key: value for key, value in inner.items() if key != "items"} if isinstance(inner, dict) else inner
        for identity in named(inner):
            path = paths.get(str(identity))
            if path is None or path["crate_id"] == 0 or str(path["crate_id"]) in ours or path["path"][0] in LANGUAGE:
                continue
            found.setdefault("::".join(path["path"]), set()).add(item["name"] or f"an impl {kind}")
    return found


def main():
    allowed = tomllib.loads((ROOT / "scripts/supply/external-types.toml").read_text())
    wrong = False
    for library in LIBRARIES:
        found = external(interface(library))
        if sys.argv[1:] == ["--list"]:
            for path, where in sorted(found.items()):
                print(f"{library}: {path} in {', '.join(sorted(where)[:4])}")
            continue
        may = allowed.get(library, {})
        for path in sorted(found.keys() - may.keys()):
            print(f"{library}: {path} in {', '.join(sorted(found[path])[:4])}: not in external-types.toml")
            wrong = True
        for path in sorted(may.keys() - found.keys()):
            print(f"{library}: {path} is in external-types.toml, and no more in the interface")
            wrong = True
        print(f"{library}: {len(found)} types and traits of other crates")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
