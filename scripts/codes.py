#!/usr/bin/env python3
"""Every code of core/src/error/code.rs has a case: a test that names it, or a transcript that ends with it. Lists those that have none."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = re.compile(r'^\s+\d+ (\w+) "([a-z0-9-]+)"', re.MULTILINE)


def files(pattern):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines()]


def tests_of(path):
    """What of a source is test code."""
    text = path.read_text()
    if "tests" in path.parts or path.name == "tests.rs" or "recorder" in path.parts:
        return text
    return text.partition("#[cfg(test)]")[2]


def main():
    codes = CODE.findall((ROOT / "core/src/error/code.rs").read_text())
    rust = "\n".join(tests_of(path) for path in files("*.rs"))
    named = set(re.findall(r"Code::(\w+)", rust))
    quoted = set(re.findall(r'"([a-z0-9-]+)"', rust))
    ends = {name for path in files("transcripts/*.toml") for name in re.findall(r'code = "([a-z0-9-]+)"', path.read_text())}
    # As C and Python spell them.
    bound = "\n".join(path.read_text() for pattern in ("*/tests/*.c", "*/tests/*.py") for path in files(pattern)) + rust
    spelled = set(re.findall(r"\b(?:POSTSEAL_|Code\.)([A-Z0-9_]+)\b", bound))
    missing = [name for variant, name in codes
               if variant not in named and name not in quoted | ends and name.upper().replace("-", "_") not in spelled]
    print(f"{len(codes)} codes, {len(codes) - len(missing)} have a case")
    sys.exit("without a case: " + ", ".join(missing) if missing else 0)


main()
