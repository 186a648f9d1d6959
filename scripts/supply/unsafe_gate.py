#!/usr/bin/env python3
"""`unsafe` stands in the crates that are named here and nowhere else, as often as is said here; the others forbid it."""
import subprocess
import sys
import tomllib

from crates import ROOT, unsafe_of

# How often the word stands in each crate that may have it. More than that: look at what was added, then write the new number.
COUNTS = {
    "accel": 4,  # vectors of AVX-512-IFMA, behind a look at the processor
    "bindings-c": 398,  # a C interface; Miri and the sanitizers run over it
    "bindings-c/tests": 35,
    "fuzz": 53,  # not shipped; whoever calls a C interface is unsafe
    "memory-proof/tests": 10,  # an allocator that looks at freed memory
}
# Macros write `unsafe` in these, so that they cannot forbid it; what is ours has none.
MACROS = {"bindings-uniffi"}
# Not shipped: packages of their own that measure and compare.
TOOLS = {"benches", "benches/peers/openssl/source", "differential", "fuzz"}


def tracked(pattern):
    done = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines()]


def forbids(manifest):
    lints = manifest.get("lints", {})
    return lints.get("workspace") is True or lints.get("rust", {}).get("unsafe_code") == "forbid"


def main():
    root = tomllib.loads((ROOT / "Cargo.toml").read_text())
    wrong = [] if root["workspace"]["lints"]["rust"]["unsafe_code"] == "forbid" else ["the workspace does not forbid unsafe code"]
    manifests = {path.parent: tomllib.loads(path.read_text()) for path in tracked("*Cargo.toml")}
    crates = {folder: manifest for folder, manifest in manifests.items() if "package" in manifest}
    counts = dict.fromkeys(COUNTS, 0)
    for path in tracked("*.rs"):
        folder = max((folder for folder in crates if folder in path.parents), key=lambda folder: len(folder.parts))
        name = str(folder.relative_to(ROOT))
        counted = f"{name}/tests" if path.relative_to(folder).parts[0] == "tests" else name
        found = unsafe_of(path)
        if found and counted not in COUNTS:
            wrong.append(f"{path.relative_to(ROOT)}: {found} times unsafe, in a crate that has none")
        elif found:
            counts[counted] += found
    for name, found in counts.items():
        if found != COUNTS[name]:
            wrong.append(f"{name}: {found} times unsafe, and {COUNTS[name]} are known (scripts/supply/unsafe_gate.py)")
    for folder, manifest in crates.items():
        name = str(folder.relative_to(ROOT))
        may = {name, f"{name}/tests"} & COUNTS.keys() or name in MACROS | TOOLS
        if not may and not forbids(manifest):
            wrong.append(f"{name}: its manifest does not forbid unsafe code")
    if wrong:
        sys.exit("\n".join(wrong))
    print(", ".join(f"{name} {count}" for name, count in counts.items()) + f"; none in the other {len(crates) - 4} crates")


if __name__ == "__main__":
    main()
