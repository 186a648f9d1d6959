#!/usr/bin/env python3
"""The table of attacks and faults in docs/hardening.md, from scripts/hardening.toml and the marks in the sources.

    scripts/hardening.py table          writes the table
    scripts/hardening.py check          fails when the table is not current, or when a row has neither a test nor a word why
    scripts/hardening.py run [ROW...]   runs the tests of these rows, or of all; what takes hours or a server only with --long

A mark is a comment in front of a test, or of a recipe in the justfile. A recipe may be followed by its arguments:

    // hardening: D4, D7
    # hardening: L2 long: million sqlite:$TMP/million.db
"""
import collections
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/hardening.md"
BEGIN, END = "<!-- table:begin -->", "<!-- table:end -->"
ROW = r"[A-Z]\d+(?:, [A-Z]\d+)*"
TEST = re.compile(rf"// hardening: ({ROW})\n(?:\s*(?:///?|#\[)[^\n]*\n)*?\s*#\[test\](?:\s*#\[[^\n]*\])*\s*fn (\w+)")
ANY_MARK = re.compile(r"// hardening:")
RECIPE = re.compile(rf"# hardening: ({ROW})( long)?(?:: ([^\n]*))?\n(?:#[^\n]*\n)*([a-z][\w-]*)")

Test = collections.namedtuple("Test", "rows name path package target")
Recipe = collections.namedtuple("Recipe", "rows name is_long command")


def parts():
    return tomllib.loads((ROOT / "scripts/hardening.toml").read_text())["part"]


def package_of(path):
    folder = next(parent for parent in path.parents if (parent / "Cargo.toml").exists())
    return folder, tomllib.loads((folder / "Cargo.toml").read_text())["package"]["name"]


def target_of(inside):
    """What cargo calls the file at this place inside of its package."""
    if inside.parts[0] == "tests":
        return ["--test", inside.parts[1].removesuffix(".rs")]
    return ["--lib"]


def tests():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.rs"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = []
    for path in sorted(ROOT / line for line in listed.stdout.splitlines()):
        text = path.read_text()
        marks = list(TEST.finditer(text))
        if len(marks) != len(ANY_MARK.findall(text)):
            sys.exit(f"{path.relative_to(ROOT)}: a mark that stands in front of no test")
        if marks:
            folder, package = package_of(path)
            target = target_of(path.relative_to(folder))
            found += [Test(mark[1].split(", "), mark[2], path.relative_to(ROOT), package, target) for mark in marks]
    return found


def recipes():
    marks = RECIPE.finditer((ROOT / "justfile").read_text())
    return [Recipe(mark[1].split(", "), mark[4], bool(mark[2]), mark[3] or mark[4]) for mark in marks]


def table():
    marked = tests() + recipes()
    known = [row["id"] for part in parts() for row in part["row"]]
    unknown = {row for mark in marked for row in mark.rows} - set(known)
    if unknown:
        sys.exit(f"marks for rows that are not in scripts/hardening.toml: {', '.join(sorted(unknown))}")
    lines = []
    for part in parts():
        lines += [f"## {part['title']}", "", "| | attack or fault | what must become of it | test |", "|---|---|---|---|"]
        for row in part["row"]:
            own = [mark for mark in marked if row["id"] in mark.rows]
            if not own and "open" not in row:
                sys.exit(f"{row['id']}: neither a test nor a word why there is none")
            lines.append(f"| {row['id']} | {row['against']} | {row['must']} | {cell(own, row.get('open'))} |")
        lines.append("")
    return "\n".join(lines)


def cell(marks, why):
    by_file = collections.defaultdict(list)
    for mark in marks:
        if isinstance(mark, Test):
            by_file[mark.path].append(mark.name)
    shown = [f"[`{path}`](../{path}): {', '.join(name.replace('_', ' ') for name in names)}" for path, names in by_file.items()]
    shown += [f"`just {mark.name}`" + (" (long)" if mark.is_long else "") for mark in marks if isinstance(mark, Recipe)]
    return ".<br>".join(shown + ([f"*{why}*"] if why else []))


def page():
    before, rest = PAGE.read_text().split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n{END}{rest.split(END)[1]}"


def features():
    """What is off by default and tested all the same, as the justfile has it."""
    return shlex.split(re.search(r'^optional := "(.*)"$', (ROOT / "justfile").read_text(), re.MULTILINE)[1])


def run(rows, long):
    wanted = [mark for mark in tests() + recipes() if not rows or set(rows) & set(mark.rows)]
    groups = collections.defaultdict(list)
    for test in (mark for mark in wanted if isinstance(mark, Test)):
        groups[tuple(test.target)].append(test)
    failed = [title for title, command, names in commands(groups) if not succeeds(title, command, names)]
    for recipe in (mark for mark in wanted if isinstance(mark, Recipe)):
        if recipe.is_long and not long:
            print(f"LEFT OUT without --long: just {recipe.command}", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            words = [word.replace("$TMP", folder) for word in shlex.split(recipe.command)]
            if subprocess.run(["just", *words], cwd=ROOT).returncode:
                failed.append(f"just {recipe.command}")
    sys.exit("failed: " + ", ".join(failed) if failed else 0)


def commands(groups):
    """One for each target, of all packages that have one of this name: they were built by `just test`, with the same features."""
    for target, marked in sorted(groups.items()):
        names = {test.name for test in marked}
        packages = ", ".join(sorted({test.package for test in marked}))
        yield f"{packages} {' '.join(target)}", ["cargo", "test", "--workspace", *features(), *target, "--", *sorted(names)], names


def succeeds(title, command, names):
    """Whether the command passed and ran each of these tests."""
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    ends = re.findall(r"^test (?:\S*::)?(\w+)(?: - should panic)? \.\.\. (ok|ignored)", result.stdout, re.MULTILINE)
    missing = names - {name for name, _ in ends}
    is_right = result.returncode == 0 and not missing
    ignored = sum(end == "ignored" for _, end in ends)
    print(f"{'ok' if is_right else 'FAILED'}  {title}: {len(ends) - ignored} passed, {ignored} left to commands of their own", flush=True)
    if not is_right:
        print(f"did not run: {', '.join(sorted(missing)) or 'none'}", result.stdout[-4000:], result.stderr[-4000:], sep="\n")
    return is_right


def main(arguments):
    match arguments:
        case ["table"]:
            PAGE.write_text(page())
        case ["check"]:
            if page() != PAGE.read_text():
                sys.exit("docs/hardening.md is not current: scripts/hardening.py table")
        case ["run", *rest]:
            run([word for word in rest if word != "--long"], "--long" in rest)
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
