#!/usr/bin/env python3
"""Lines of the code that decides which the tests of `core`, of its stores and of the transcripts run. Fails below 95 % in all, and names the lines of each file that none runs.

Needs `cargo install --locked cargo-llvm-cov`, and llvm-profdata and llvm-cov of LLVM 19 or later: rustup's component llvm-tools, or
Debian's llvm-19.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DECIDES = ["cert", "cms", "der", "import", "mail", "resolve", "revocation", "seal", "store", "verify"]
WANTED = 0.95


def environment():
    tools = {"LLVM_COV": "llvm-cov", "LLVM_PROFDATA": "llvm-profdata"}
    found = {name: next((path for path in map(shutil.which, [f"{tool}-{number}" for number in (22, 21, 20, 19)]) if path), None)
             for name, tool in tools.items()}
    return os.environ | {name: path for name, path in found.items() if path and name not in os.environ}


def measured():
    command = ["cargo", "llvm-cov", "-p", "postseal", "-p", "postseal-testkit", "-p", "postseal-adapters", "-p", "postseal-transcripts", "--lib", "--tests", "--json", "--output-path"]
    target = ROOT / "target/coverage.json"
    target.parent.mkdir(exist_ok=True)
    subprocess.run([*command, target], cwd=ROOT, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return json.loads(target.read_text())["data"][0]


def uncovered(lines):
    """As ranges."""
    ranges = []
    for line in sorted(lines):
        if ranges and line <= ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def lines_of(file):
    """Which lines are code, and whether each was run: the count of the last segment that begins on it or before."""
    counts, current = {}, None
    for line, _, count, has_count, is_entry, *_ in file["segments"]:
        if current is not None:
            for between in range(current[0] + 1, line):
                counts[between] = max(counts.get(between, 0), current[1])
        if has_count and is_entry:
            counts[line] = max(counts.get(line, 0), count)
        current = (line, count) if has_count else None
    return counts


def main():
    covered = total = 0
    for file in measured()["files"]:
        path = pathlib.Path(file["filename"])
        if not path.is_relative_to(ROOT / "core/src"):
            continue
        inside = path.relative_to(ROOT / "core/src")
        if inside.parts[0] not in DECIDES or "tests" in inside.parts or inside.name == "tests.rs":
            continue
        test_code = path.read_text().split("#[cfg(test)]\nmod tests {")[0].count("\n") + 1
        counts = {line: count for line, count in lines_of(file).items() if line <= test_code}
        missed = [line for line, count in counts.items() if count == 0]
        covered, total = covered + len(counts) - len(missed), total + len(counts)
        if counts:
            print(f"{1 - len(missed) / len(counts):7.1%}  {inside}  {uncovered(missed)}")
    print(f"{covered / total:7.1%}  of {total} lines")
    sys.exit(0 if covered >= WANTED * total else f"less than {WANTED:.0%}")


main()
