"""The stable codes, made from the table of the extension module, so that there is one table only. `_codes.pyi` says to type
checkers what is made here; `make_codes.py` writes it, and a test compares."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum

from postseal import _postseal

_ROWS = {number: (label, sentence, fault) for number, label, sentence, fault in _postseal.CODES}


class Fault(StrEnum):
    """Whose fault it is that something did not happen."""

    API_MISUSE = "api-misuse"
    """The caller's: can be put right by reading the call, never caused by a mail."""
    LIMIT_EXCEEDED = "limit-exceeded"
    """The input asks for more than a limit allows."""
    MALFORMED = "malformed"
    """The bytes do not follow their grammar."""
    REFUSED = "refused"
    """The proof may be fine, but the profile says no."""
    UNAVAILABLE = "unavailable"
    """The world did not answer; try again later."""
    UNTRUSTED = "untrusted"
    """The proof failed."""


class _Code(IntEnum):
    @property
    def label(self) -> str:
        return _ROWS[self][0]

    @property
    def sentence(self) -> str:
        return _ROWS[self][1]

    @property
    def fault(self) -> Fault:
        return Fault(re.sub("(?<=[a-z])(?=[A-Z])", "-", _ROWS[self][2]).lower())


_CONSTANTS = {label.replace("-", "_").upper(): number for number, (label, _, _) in _ROWS.items()}
Code = _Code("Code", _CONSTANTS, module=__name__)
Code.__doc__ = "The stable code of a refusal or failure: a number for programs, a label for traces, a sentence for people."
