#!/usr/bin/env python3
"""Bills of materials in the form of CycloneDX 1.6, one for each thing that is shipped: target/sbom/*.cdx.json.

What is in them comes from `cargo tree` (the crates and edges of exactly this build, with build scripts and macros marked as not being in
the result), `Cargo.lock` (SHA-256 of each crate) and `cargo metadata` (licences). The same lock file gives the same octets: no time, no
machine, sorted.

    sbom.py            writes them
    sbom.py --check    writes them, and checks their structure; with `cyclonedx-python-lib[json-validation]` also against the schema
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import urllib.parse
import uuid

from crates import ROOT, TARGET, metadata

# Name of the file, package of the workspace, features besides the default ones, what it is.
SHIPPED = [
    ("postseal", "postseal-cli", [], "application"),
    ("libpostseal", "postseal-capi", [], "library"),
    ("postseal-python", "postseal-python", [], "library"),
]
# Any name of one's own; it makes serial numbers that depend on the content alone.
SPACE = uuid.UUID("6f1f3b0a-6d2c-5d1e-9a55-0b1b8a3c7e11")


def tree(package, features, edges):
    """[(depth, name, version)] of `cargo tree`."""
    command = ["cargo", "tree", "--locked", "--offline", "-p", package, "--edges", edges, "--prefix", "depth",
               "--target", TARGET, "--format", " {p}"]
    if features:
        command += ["--features", ",".join(features)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    for line in done.stdout.splitlines():
        # Between them stand empty lines and headings. What a crate needs is listed where it comes first.
        if line[:1].isdigit():
            depth, name, version = line.split(" ")[:3]
            yield int(depth), name, version.removeprefix("v")


def edges_of(package, features, edges):
    """{crate: {crates that it needs}}, the first being the package itself."""
    needs, above = {}, []
    for depth, *crate in tree(package, features, edges):
        crate = tuple(crate)
        needs.setdefault(crate, set())
        above[depth:] = [crate]
        if depth:
            needs[above[depth - 1]].add(crate)
    return needs


def reference(crate):
    name, version = crate
    return f"pkg:cargo/{name}@{urllib.parse.quote(version, safe='')}"


def sqlite(crate, folders):
    """The C library that comes inside of a crate; those who look for weaknesses look for its own name."""
    header = (folders[crate] / "sqlite3/sqlite3.h").read_text()
    version = re.search(r'#define SQLITE_VERSION +"([0-9.]+)"', header)[1]
    at = f"pkg:generic/sqlite@{version}"
    return {"type": "library", "bom-ref": at, "name": "sqlite", "version": version, "purl": at,
            "licenses": [{"expression": "blessing"}], "description": f"bundled in {crate[0]} {crate[1]}"}


def component(crate, locked, licences, required):
    name, version = crate
    at = reference(crate)
    entry = {"type": "library", "bom-ref": at, "name": name, "version": version}
    if not required:
        entry["scope"] = "excluded"
    if crate in locked:
        entry["hashes"] = [{"alg": "SHA-256", "content": locked[crate]}]
    if licences.get(crate):
        entry["licenses"] = [{"expression": licences[crate]}]
    entry["purl"] = at
    return entry


def bill(package, features, kind, locked, licences, folders):
    linked = edges_of(package, features, "normal,no-proc-macro")
    all_needed = edges_of(package, features, "normal,build")
    root = next(iter(all_needed))
    others = sorted(crate for crate in all_needed if crate != root)
    about = component(root, locked, licences, True) | {"type": kind}
    dependencies = [
        {"ref": reference(crate), "dependsOn": [reference(needed) for needed in sorted(all_needed[crate])]}
        for crate in sorted(all_needed)
    ]
    bundled = [sqlite(crate, folders) for crate in others if crate[0] == "libsqlite3-sys"]
    dependencies += [{"ref": entry["bom-ref"], "dependsOn": []} for entry in bundled]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": about,
            "properties": [{"name": "cargo:target", "value": TARGET}, {"name": "cargo:features", "value": ",".join(["default", *features])}],
        },
        "components": [component(crate, locked, licences, crate in linked) for crate in others] + bundled,
        "dependencies": dependencies,
    }
    text = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(SPACE, text)}"
    return document


def faults(document):
    """What the schema would not have, as far as it matters here."""
    required = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    for key, value in required.items():
        if document.get(key) != value:
            yield f"{key} is {document.get(key)}"
    everything = [document["metadata"]["component"], *document["components"]]
    references = [entry["bom-ref"] for entry in everything]
    if len(references) != len(set(references)):
        yield "a bom-ref comes twice"
    for entry in everything:
        from_registry = entry["purl"].startswith("pkg:cargo/") and not entry["name"].startswith("postseal")
        if entry["type"] not in ("application", "library") or not entry["name"] or not entry["version"]:
            yield f"{entry['bom-ref']}: no type, name or version"
        if from_registry and len(entry.get("hashes", [{"content": ""}])[0]["content"]) != 64:
            yield f"{entry['bom-ref']}: no SHA-256"
        if not entry.get("licenses"):
            yield f"{entry['bom-ref']}: no licence"
        if entry.get("scope", "required") not in ("required", "excluded"):
            yield f"{entry['bom-ref']}: scope {entry['scope']}"
    known = set(references)
    if {entry["ref"] for entry in document["dependencies"]} != known:
        yield "the dependencies are not those of the components"
    for entry in document["dependencies"]:
        for needed in set(entry["dependsOn"]) - known:
            yield f"{entry['ref']}: needs {needed}, which is not there"


def against_schema(path):
    try:
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
        fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text())
    except ImportError:
        return None
    except Exception as error:  # its validators are an extra of their own
        if type(error).__name__ == "MissingOptionalDependencyException":
            return None
        raise
    return str(fault) if fault else ""


def main():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    folder = target / "sbom"
    folder.mkdir(parents=True, exist_ok=True)
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    locked = {(package["name"], package["version"]): package["checksum"] for package in packages if "checksum" in package}
    licences, folders = {}, {}
    for package in metadata("--all-features")["packages"]:
        folders[package["name"], package["version"]] = pathlib.Path(package["manifest_path"]).parent
        # `/` is the old way to write OR.
        licences[package["name"], package["version"]] = (package["license"] or "").replace("/", " OR ").replace("  ", " ")
    for name, package, features, kind in SHIPPED:
        document = bill(package, features, kind, locked, licences, folders)
        path = folder / f"{name}.cdx.json"
        path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
        said = f"{path}: {sum(entry.get('scope') != 'excluded' for entry in document['components'])} crates in it"
        if sys.argv[1:] == ["--check"]:
            wrong = list(faults(document))
            schema = against_schema(path)
            if schema:
                wrong.append(f"schema: {schema}")
            if wrong:
                sys.exit(f"{path}:\n" + "\n".join(wrong))
            said += ", as CycloneDX 1.6 wants it" if schema == "" else ", structure checked"
        print(said)


if __name__ == "__main__":
    main()
