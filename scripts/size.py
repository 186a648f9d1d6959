#!/usr/bin/env python3
"""Reports and checks the size budgets: median file <= 200 lines, no file over 600, no function over 60, a binding at most 15 % of
what it wraps; tests and generated files excluded."""
import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WRAPPED = ["core/src", "adapters/src", "host/src"]
BINDINGS = {
    "bindings-c": ["bindings-c/src"],
    "bindings-python": ["bindings-python/src", "bindings-python/python"],
    "bindings-uniffi": ["bindings-uniffi/src"],
}
FOLDERS = [*WRAPPED, "accel/src", "examples/milter/src", "testkit/src", "cli/src", *(folders[0] for folders in BINDINGS.values())]
# Of what a binding wraps.
SHARE = 0.15


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


def binding_lines(folder):
    """Without stubs, which only repeat types for checkers."""
    paths = [*(ROOT / folder).rglob("*.rs"), *(ROOT / folder).rglob("*.py")]
    return sum(len(lines_of(path)) for path in paths if "@generated" not in path.read_text()[:400])


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
    wrapped = sum(binding_lines(folder) for folder in WRAPPED)
    for binding, folders in BINDINGS.items():
        lines = sum(map(binding_lines, folders))
        print(f"{binding}: {lines} lines, {lines / wrapped:.1%} of the {wrapped} that it wraps")
        if lines > SHARE * wrapped:
            faults.append(f"{binding}: more than {SHARE:.0%} of what it wraps")
    if median > 200:
        faults.append(f"the median file has {median:.0f} lines")
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
