#!/usr/bin/env python3
"""What stands in `reviews.toml` beside what `cargo tree` says the libraries and the command are made of.

    dependencies.py           compares, and the page docs/dependencies.md with what it would write
    dependencies.py --write   writes the page
"""
import re
import subprocess
import sys
import textwrap
import tomllib

from crates import ROOT, TARGET, Graph, unsafe_in

REVIEWS = ROOT / "scripts/supply/reviews.toml"
PAGE = ROOT / "docs/dependencies.md"
SHIPPED = ["postseal", "postseal-accel", "postseal-adapters", "postseal-host", "postseal-cli"]
DEPTHS = ("read", "parts", "interface")

HEAD = """# Dependencies, and who touches what

Every crate that the libraries and the command are made of on Linux, with every feature on. First those that octets of mail, directories,
revocation servers or stores reach: what calls them, what limits stand before them, which fuzz target goes over them, and what was found
when somebody looked. *Read* means that the code on the way of these octets was read; *parts*, that what is named was; *interface*, that
the crate is taken at its word. `unsafe` is how often the word stands in the crate's source without tests; which crates build C is said. Below are the others, with why nothing of others reaches them.

`just supply` fails when a crate or a version is not here. The page is made of `scripts/supply/reviews.toml`; after an update, read what
changed, write the new version there, and run `scripts/supply/dependencies.py --write`.

## What is checked

| what | command | needs |
|---|---|---|
| advisories of RustSec for every locked version, and for every version that the manifests let in; the facts are in `scripts/supply/advisories.toml`, `cargo deny` judges | `just supply` | nothing |
| the same with what came since | `cargo deny check advisories` | a network |
| licences, sources, one TLS stack | `just deny` | nothing |
| this page, `unsafe` in our own crates, bills of materials (CycloneDX 1.6, with SQLite, which is inside of a crate) | `just supply`; `just sbom` writes them to `target/sbom` | nothing |
| the command and the C library, built twice from clones in other folders, with other users, time zones, languages, umasks: the same octets, and no name of a folder in them | `just reproducible` | two release builds |
| the lowest versions of direct dependencies build | `just minimal-versions` | a nightly toolchain and a network |
| types of other crates in the public interface are those of `scripts/supply/external-types.toml` | `just external-types` | nothing |
| the public interface is the one that `docs/api/*.txt` lists, so that a change of it is seen in its review | `just public-api` | nothing |
| the public interface beside that of a commit, by the rules of SemVer | `just semver COMMIT` | `cargo install --locked cargo-semver-checks` |

Whoever wants the list in the command itself builds it with `cargo auditable build --locked --release -p postseal-cli` (`cargo install --locked
cargo-auditable`); `cargo audit bin` reads it there. The plain build has no such list, so that `just reproducible` needs no more than cargo.
"""


def tree():
    """(name, version) of everything that normal builds need."""
    command = ["cargo", "tree", "--locked", "--offline", "--edges", "normal", "--all-features", "--prefix", "none", "--target", TARGET]
    for name in SHIPPED:
        command += ["-p", name]
    done = subprocess.run([*command, "--format", "{p}"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    lines = {line.split(" (")[0] for line in done.stdout.splitlines() if line}
    crates = (line.split(" v", 1) for line in lines)
    return {(name, version) for name, version in crates if name not in SHIPPED}


def differences(reviews, crates):
    touches = [tuple(crate.split(" ")) for row in reviews["touches"] for crate in row["crates"]]
    untouched = [name for row in reviews["untouched"] for name in row["crates"]]
    names = {name for name, _ in crates}
    for name, version in sorted(crates - set(touches)):
        if name in untouched:
            continue
        before = [old for crate, old in touches if crate == name]
        yield f"{name} {version}: {'looked at in ' + ', '.join(before) if before else 'nobody wrote down what reaches it'}"
    for crate in touches:
        if crate not in crates and crate[0] not in names:
            yield f"{' '.join(crate)}: not needed any more"
        if touches.count(crate) > 1:
            yield f"{' '.join(crate)}: twice"
    for name in untouched:
        if name not in names:
            yield f"{name}: not needed any more"
        if untouched.count(name) > 1:
            yield f"{name}: twice"
    targets = set(re.findall(r'name = "([a-z-]+)"\npath = "fuzz_targets', (ROOT / "fuzz/Cargo.toml").read_text()))
    for row in reviews["touches"]:
        if row["depth"] not in DEPTHS:
            yield f"{row['crates'][0]}: depth {row['depth']}"
        for target in set(row["fuzz"]) - targets:
            yield f"{row['crates'][0]}: no fuzz target {target}"
        if not row["fuzz"] and "unfuzzed" not in row:
            yield f"{row['crates'][0]}: neither a fuzz target nor why there is none"


def page(reviews, graph):
    of = {(package["name"], package["version"]): identity for identity, package in graph.packages.items()}
    lines = [HEAD]
    for row in reviews["touches"]:
        names = list(dict.fromkeys(crate.split(" ")[0] for crate in row["crates"]))
        lines.append(f"## {', '.join(names[:4])}{' and what they need' if len(names) > 4 else ''}\n")
        cells = []
        for crate in row["crates"]:
            identity = of[tuple(crate.split(" "))]
            owner = re.sub(r"https://(github\.com|codeberg\.org)/|(\.git)?/?$", "", graph.packages[identity]["repository"] or "?")
            owner = "/".join(owner.split("/")[:2])
            script = "build script" if graph.has_build_script(identity) else ""
            cells.append(f"| `{crate.split(' ')[0]}` | {crate.split(' ')[1]} | {unsafe_in(graph.folder(identity))} | {script} | {owner} |")
        lines += ["| crate | version | `unsafe` | | kept by |", "|---|---|---|---|---|", *cells, ""]
        fuzz = ", ".join(f"`{target}`" for target in row["fuzz"]) if row["fuzz"] else f"none: {row['unfuzzed']}"
        items = [("Called by", row["caller"]), ("Octets", row["octets"]), ("Limits before", row["limits"]), ("Fuzz targets", fuzz),
                 (f"Found ({row['depth']})", row["found"]), ("Verdict", row["verdict"])]
        for title, text in items:
            stop = "" if text.endswith(".") else "."
            item = f"* **{title}:** {text}{stop}"
            lines += textwrap.wrap(item, 140, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        lines.append("")
    lines.append("## Nothing of others reaches these\n")
    lines += ["| why | crates |", "|---|---|"]
    for row in reviews["untouched"]:
        lines.append(f"| {row['reason']} | {', '.join(f'`{name}`' for name in sorted(row['crates']))} |")
    return "\n".join(lines) + "\n"


def main():
    reviews = tomllib.loads(REVIEWS.read_text())
    crates = tree()
    wrong = list(differences(reviews, crates))
    if wrong:
        sys.exit("scripts/supply/reviews.toml:\n" + "\n".join(wrong))
    text = page(reviews, Graph("--all-features"))
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        sys.exit("docs/dependencies.md is not what dependencies.py --write makes")
    print(f"{len(crates)} crates, each written down; {sum(len(row['crates']) for row in reviews['touches'])} touch octets of others")


if __name__ == "__main__":
    main()
