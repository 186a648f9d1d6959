"""Writes `python/postseal/_codes.pyi` from the table of codes; with `--check`, only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from postseal import Code, Fault

STUB = Path(__file__).parent / "python/postseal/_codes.pyi"


def stub() -> str:
    """What the stub must be."""
    faults = "\n".join(f'    {fault.name} = "{fault.value}"' for fault in Fault)
    codes = "\n".join(f'    {code.name} = {int(code)}\n    """{code.sentence}"""' for code in Code)
    return f'''# Made by make_codes.py; not to be edited.
from enum import IntEnum, StrEnum

class Fault(StrEnum):
    """{Fault.__doc__}"""

{faults}

class Code(IntEnum):
    """{Code.__doc__}"""

    @property
    def label(self) -> str:
        """The name in traces, as `digest-mismatch`."""
    @property
    def sentence(self) -> str:
        """One English sentence about what is wrong, with the section that says so."""
    @property
    def fault(self) -> Fault:
        """Whose fault it is."""

{codes}
'''


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(STUB.read_text() != stub() and f"{STUB.name} is not what the table of codes makes it: run make_codes.py")
    STUB.write_text(stub())
