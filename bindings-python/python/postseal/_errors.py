"""Exceptions, one class for each kind of fault, and the table of codes that they bear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postseal._codes import Code, Fault

if TYPE_CHECKING:
    from postseal._reports import RecipientReport

_BY_NUMBER = {int(code): code for code in Code}


class PostsealError(Exception):
    """Why something did not happen. It holds nothing of a mail; `detail` names a file, a host or a setting."""

    code: Code
    """The stable code."""
    offset: int | None
    """The byte at which the fault was seen, when it has a place, from the start of the object that was read."""
    detail: str | None
    """What the engine's host should know beside it."""

    def __init__(self, code: int, offset: int | None = None, detail: str | None = None) -> None:
        super().__init__(int(code), offset, detail)
        self.code = _BY_NUMBER[int(code)]
        self.offset = offset
        self.detail = detail

    @property
    def number(self) -> int:
        """The number that programs compare. It never changes its meaning."""
        return int(self.code)

    @property
    def name(self) -> str:
        """The name in traces, as `digest-mismatch`."""
        return self.code.label

    @property
    def sentence(self) -> str:
        """One English sentence about what is wrong, with the section that says so."""
        return self.code.sentence

    @property
    def fault(self) -> Fault:
        """Whose fault it is."""
        return self.code.fault

    def __str__(self) -> str:
        place = "" if self.offset is None else f" At byte {self.offset}."
        detail = "" if self.detail is None else f" ({self.detail})"
        return f"{self.sentence}{place}{detail}"

    def __repr__(self) -> str:
        return f"<postseal.{type(self).__name__} {self.number} {self.name}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PostsealError) and type(other) is type(self) and other.args == self.args

    def __hash__(self) -> int:
        return hash((type(self), self.args))


class ApiMisuse(PostsealError):
    """The caller's fault: can be put right by reading the call, never caused by a mail."""


class LimitExceeded(PostsealError):
    """The input asks for more than a limit allows."""


class Malformed(PostsealError):
    """The bytes do not follow their grammar."""


class Refused(PostsealError):
    """The proof may be fine, but the profile says no."""


class Unavailable(PostsealError):
    """The world did not answer; try again later. `__cause__` is the exception of the host's own object, if it is one."""


class Untrusted(PostsealError):
    """The proof failed."""


class Unsealed(PostsealError):
    """No message was made: because of the message, or because of recipients who cannot be reached, each by name."""

    recipients: tuple[RecipientReport, ...]
    """The recipients who are the reason; none when it is the message, the randomness or a limit."""

    def __init__(
        self,
        code: int,
        offset: int | None = None,
        detail: str | None = None,
        recipients: tuple[RecipientReport, ...] = (),
    ) -> None:
        super().__init__(code, offset, detail)
        Exception.__init__(self, int(code), offset, detail, recipients)
        self.recipients = recipients

    @property
    def is_temporary(self) -> bool:
        """Whether the same message may succeed later: somebody did not answer, and nothing else is wrong."""
        return self.fault is Fault.UNAVAILABLE

    def __str__(self) -> str:
        count = len(self.recipients)
        tail = ("", " One recipient cannot be reached.")[count] if count < 2 else f" {count} recipients cannot be reached."
        return super().__str__() + tail


_CLASSES: dict[Fault, type[PostsealError]] = {
    Fault.API_MISUSE: ApiMisuse,
    Fault.LIMIT_EXCEEDED: LimitExceeded,
    Fault.MALFORMED: Malformed,
    Fault.REFUSED: Refused,
    Fault.UNAVAILABLE: Unavailable,
    Fault.UNTRUSTED: Untrusted,
}


def error_of(number: int, offset: int | None, detail: str | None) -> PostsealError:
    """The exception for a code, not raised."""
    return _CLASSES[_BY_NUMBER[number].fault](number, offset, detail)
