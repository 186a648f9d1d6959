#!/usr/bin/env python3
"""Every locked version, and every version that a manifest lets in, beside the advisories of RustSec, without a network.

`advisories.toml` has the facts. They become a database in the form that `cargo deny` reads, and each lock file becomes a graph in the
form of `cargo metadata`, so that nothing has to be downloaded and every locked crate counts, whatever features and targets need it.
Which ranges a version is in, `cargo deny` decides. What may be ignored, and why, stands in `deny.toml`.

    advisories.py             checks the lock files
    advisories.py --self-test shows that old versions are found, also pre-releases, and good ones are not
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACTS = ROOT / "scripts/supply/advisories.toml"
# The folder that `cargo deny` looks for: the last part of the URL of the database, and a hash of the URL.
DATABASE = "advisory-db-3157b0e258782691"
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def locks():
    done = subprocess.run(["git", "ls-files", "*Cargo.lock"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines()]


def locked(path):
    """(name, version) of every crate of a registry."""
    packages = tomllib.loads(path.read_text())["package"]
    return [(package["name"], package["version"]) for package in packages if "source" in package]


def numbers(text):
    """`1.2` as (1, 2, 0)."""
    return (*(int(part) for part in text.split(".")), 0, 0)[:3]


def let_in(facts):
    """(name, version) that the manifest of the workspace would be content with, and others may build the libraries with: the
    lowest, and of the versions that the advisories name those that are above it and compatible."""
    table = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["dependencies"]
    for name, entry in table.items():
        entry = {"version": entry} if isinstance(entry, str) else entry
        if "path" in entry:
            continue
        least = numbers(entry["version"].lstrip("^="))
        significant = next((at for at, number in enumerate(least) if number), 2) + 1
        of_crate = [advisory for advisory in facts["advisory"] if advisory["package"] == name]
        ranges = " ".join(text for advisory in of_crate for text in advisory["patched"] + advisory["unaffected"])
        for version in {least, *map(numbers, re.findall(r"\d+(?:\.\d+)*", ranges))}:
            if version >= least and version[:significant] == least[:significant]:
                yield name, ".".join(map(str, version))


def write_database(facts, folder):
    database = folder / DATABASE
    for advisory in facts["advisory"]:
        of_crate = database / "crates" / advisory["package"]
        of_crate.mkdir(parents=True, exist_ok=True)
        head = [f'{key} = "{advisory[key]}"' for key in ("id", "package", "date", "informational", "withdrawn") if key in advisory]
        ranges = [f"{key} = {json.dumps(advisory[key])}" for key in ("patched", "unaffected")]
        lines = ["```toml", "[advisory]", *head, "", "[versions]", *ranges, "```", "", f"# {advisory['id']} of {advisory['package']}", ""]
        (of_crate / f"{advisory['id']}.md").write_text("\n".join(lines))
    # By its time `cargo deny` judges whether the database is too old. How old it is, this program says.
    (database / ".git").mkdir()
    (database / ".git/FETCH_HEAD").touch()


def write_settings(folder):
    """deny.toml with the place of the database; yanked versions are only known to the registry."""
    text = (ROOT / "deny.toml").read_text()
    before, table, after = text.partition("[advisories]\n")
    if not table:
        sys.exit("deny.toml has no table [advisories]")
    place = f"db-path = {json.dumps(str(folder))}\ndisable-yank-checking = true\n"
    settings = folder / "deny.toml"
    settings.write_text(before + table + place + after)
    return settings


def metadata(crates, folder):
    """What `cargo metadata` would say of a crate that needs all of `crates`."""
    root = f"path+file://{folder}#lock@0.0.0"

    def package(name, version, source, identity, dependencies):
        return {
            "name": name, "version": version, "id": identity, "license": "MIT", "license_file": None, "description": None,
            "source": source, "dependencies": dependencies, "targets": [{
                "kind": ["lib"], "crate_types": ["lib"], "name": name, "src_path": str(folder / "lib.rs"), "edition": "2024",
                "doc": True, "doctest": True, "test": True,
            }],
            "features": {}, "manifest_path": str(folder / "Cargo.toml"), "metadata": None, "publish": None, "authors": [],
            "categories": [], "keywords": [], "readme": None, "repository": None, "homepage": None, "documentation": None,
            "edition": "2024", "links": None, "default_run": None, "rust_version": None,
        }

    packages, needs, edges = [], [], []
    for number, (name, version) in enumerate(crates):
        identity = f"{REGISTRY}#{name}@{version}"
        packages.append(package(name, version, REGISTRY, identity, []))
        rename = f"of_lock_{number}"
        needs.append({
            "name": name, "source": REGISTRY, "req": f"={version}", "kind": None, "rename": rename, "optional": False,
            "uses_default_features": True, "features": [], "target": None, "registry": None,
        })
        edges.append({"name": rename, "pkg": identity, "dep_kinds": [{"kind": None, "target": None}]})
    packages.append(package("lock", "0.0.0", None, root, needs))
    nodes = [{"id": item["id"], "dependencies": [], "deps": [], "features": []} for item in packages[:-1]]
    nodes.append({"id": root, "dependencies": [edge["pkg"] for edge in edges], "deps": edges, "features": []})
    return {
        "packages": packages, "workspace_members": [root], "workspace_default_members": [root],
        "resolve": {"nodes": nodes, "root": root}, "target_directory": str(folder / "target"), "version": 1,
        "workspace_root": str(folder), "metadata": None,
    }


def check(crates, settings, folder):
    """Whether `cargo deny` finds nothing, and what it says."""
    (folder / "Cargo.toml").write_text('[package]\nname = "lock"\nversion = "0.0.0"\nedition = "2024"\n')
    path = folder / "metadata.json"
    path.write_text(json.dumps(metadata(sorted(set(crates)), folder)))
    command = ["cargo", "deny", "--offline", "--log-level", "error", "--metadata-path", str(path), "--config", str(settings)]
    done = subprocess.run([*command, "check", "--hide-inclusion-graph", "advisories"], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


# A version, and whether it must be found.
KNOWN = [
    ("rustls-webpki", "0.103.12", True), ("rustls-webpki", "0.103.13", False), ("rustls-webpki", "0.104.0-alpha.6", True),
    ("rustls-webpki", "0.104.0-alpha.7", False), ("hickory-proto", "0.25.0-alpha.4", True), ("hickory-proto", "0.26.1", False),
    ("rustls", "0.23.44", True), ("rustls", "0.23.45", False), ("tokio", "1.43.0", True), ("tokio", "1.43.1", False),
    ("rand", "0.9.2", True), ("rand", "0.9.3", False), ("rand", "0.10.0", True), ("ring", "0.16.20", True), ("ring", "0.17.14", False),
    ("spin", "0.5.2", False), ("rsa", "0.10.0", False),
]


def self_test(settings, folder):
    for name, version, found in KNOWN:
        good, said = check([(name, version)], settings, folder)
        if good == found:
            sys.exit(f"{name} {version}: {'not found' if found else 'found'}\n{said}")
    print(f"{len(KNOWN)} versions judged as they must be")


def main():
    facts = tomllib.loads(FACTS.read_text())
    looked_up = {*facts["looked-up"], *facts["not-looked-up"]}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_database(facts, folder)
        settings = write_settings(folder)
        if sys.argv[1:] == ["--self-test"]:
            return self_test(settings, folder)
        failed = False
        crates = set()
        for path in locks():
            of_file = locked(path)
            unknown = sorted({name for name, _ in of_file} - looked_up)
            if unknown:
                print(f"{path.relative_to(ROOT)}: nobody looked up {', '.join(unknown)}; see scripts/supply/advisories.toml")
                failed = True
            good, said = check(of_file, settings, folder)
            if not good:
                print(f"{path.relative_to(ROOT)}:\n{said}")
                failed = True
            crates.update(of_file)
        good, said = check(let_in(facts), settings, folder)
        if not good:
            print(f"Cargo.toml lets in:\n{said}")
            failed = True
        if failed:
            sys.exit(1)
        print(f"{len(crates)} locked versions, {len(facts['advisory'])} advisories up to {facts['newest']}: none affected")


if __name__ == "__main__":
    main()
