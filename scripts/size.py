#!/usr/bin/env python3
"""Reports and checks the size budgets: median file <= 200 lines, no file over 600, no function over 60; tests excluded."""
import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["core/src", "adapters/src", "host/src", "testkit/src", "cli/src", "bindings-c/src", "bindings-python/src", "bindings-uniffi/src"]


def lines_of(path):
    """The lines of a file up to its tests."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("#[cfg(test)]"):
            return lines[:number]
    return lines


def functions(lines):
    """(name, length) of every function, by the indentation of its closing brace."""
    for number, line in enumerate(lines):
        match = re.match(r"( *)(?:pub(?:\([a-z]+\))? )?(?:const |async )*fn (\w+)", line)
        if not match or line.rstrip().endswith(";"):
            continue
        closing = match.group(1) + "}"
        end = next((i for i in range(number, len(lines)) if lines[i] == closing), number)
        yield match.group(2), end - number + 1


def main():
    faults, sizes = [], []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.rs")):
            if path.name == "tests.rs":
                continue
            lines = lines_of(path)
            sizes.append(len(lines))
            name = path.relative_to(ROOT)
            if len(lines) > 600:
                faults.append(f"{name}: {len(lines)} lines")
            for function, length in functions(lines):
                if length > 60:
                    faults.append(f"{name}: fn {function} has {length} lines")
    median = statistics.median(sizes)
    print(f"{len(sizes)} files, {sum(sizes)} lines, median {median:.0f}, largest {max(sizes)}")
    if median > 200:
        faults.append(f"the median file has {median:.0f} lines")
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
