"""Makes the reference from the sources with pdoc (`docs.py FOLDER`), and fails when a public name has no words of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pdoc
import pdoc.doc

from postseal import Code


def undocumented(namespace: Any) -> Iterator[str]:
    """Public names below this one that nothing is said about."""
    for member in namespace.own_members:
        if member.name.startswith("_"):
            continue
        # What a code says is its sentence, from the table of the engine.
        says = "of Code" if namespace.obj is Code else member.docstring
        if not says.strip():
            yield member.fullname
        if isinstance(member, pdoc.doc.Class):
            yield from undocumented(member)


def main(folder: Path) -> int:
    """Writes the reference; 1 when something is missing."""
    modules = (pdoc.doc.Module.from_name(name) for name in ("postseal", "postseal.aio"))
    missing = [name for module in modules for name in undocumented(module)]
    if missing:
        print("nothing is said about:", *missing, sep="\n  ")
        return 1
    rows = (f"| {code.value} | `{code.name}` | {code.label} | {code.fault} | {code.sentence} |" for code in Code)
    Code.__doc__ = "\n".join((f"{Code.__doc__}\n", "| | | label | fault | sentence |", "|---|---|---|---|---|", *rows))
    pdoc.pdoc("postseal", output_directory=folder)
    print(f"{folder}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
