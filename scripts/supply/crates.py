"""What the scripts beside this one know of dependencies: the graph of `cargo metadata`, and the source of each crate."""
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is built and shipped. The other platforms add crates that only call their systems.
TARGET = "x86_64-unknown-linux-gnu"


def metadata(*arguments):
    command = ["cargo", "metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", TARGET, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


class Graph:
    """The packages of the workspace with the features that were asked for, and what they need."""

    def __init__(self, *arguments):
        answer = metadata(*arguments)
        self.packages = {package["id"]: package for package in answer["packages"]}
        self.nodes = {node["id"]: node for node in answer["resolve"]["nodes"]}
        self.members = {self.packages[identity]["name"]: identity for identity in answer["workspace_members"]}

    def needs(self, identity, kinds=(None,)):
        """Identities that a package needs for itself (`None`) or for its build script ("build")."""
        for needed in self.nodes[identity]["deps"]:
            if any(kind["kind"] in kinds for kind in needed["dep_kinds"]):
                yield needed["pkg"]

    def reach(self, roots, kinds=(None,)):
        seen, waiting = set(), [self.members[name] for name in roots]
        while waiting:
            identity = waiting.pop()
            if identity not in seen:
                seen.add(identity)
                waiting.extend(self.needs(identity, kinds))
        return seen

    def is_macro(self, identity):
        return any("proc-macro" in target["kind"] for target in self.packages[identity]["targets"])

    def has_build_script(self, identity):
        return any("custom-build" in target["kind"] for target in self.packages[identity]["targets"])

    def folder(self, identity):
        return pathlib.Path(self.packages[identity]["manifest_path"]).parent


# Comments and texts, in which the word says nothing; characters so that '"' opens no text.
NO_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'""", re.DOTALL)
UNSAFE = re.compile(r"\bunsafe\b(?!_)")


def unsafe_of(path):
    """How often a file says `unsafe`, outside of comments and texts, and not to forbid it."""
    return len(UNSAFE.findall(NO_CODE.sub(" ", path.read_text(errors="replace"))))


def unsafe_in(folder):
    """The same of a crate's source without its tests, examples and benches."""
    aside = {"tests", "benches", "examples", "target"}
    files = (path for path in folder.rglob("*.rs") if not aside & set(path.relative_to(folder).parts) and path.name != "tests.rs")
    return sum(unsafe_of(path) for path in files)
