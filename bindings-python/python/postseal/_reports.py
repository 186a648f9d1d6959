"""Results and events. They can be pickled and compared; what belongs to persons stays out of their repr."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

from postseal._errors import PostsealError


def _without_cause(report: ImportReport | Encryption) -> tuple[object, ...]:
    # An exception of the host may hold what cannot be pickled; it stays where it was raised.
    return tuple(None if part.name == "cause" else getattr(report, part.name) for part in fields(report))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one received mail, and how far the proof went. Times are seconds since 1970."""

    outcome: Literal["imported", "renewed", "already-known", "held", "refused", "not-signed", "not-active", "deferred"]
    """What became of the mail. `deferred`: the store did not answer, bring the mail again."""
    message_id: str | None = field(repr=False)
    """The Message-ID, escaped and cut."""
    address: str | None = field(repr=False)
    """The mailbox of the certificate, once From and certificate agree on it."""
    fingerprint: str | None
    """SHA-256 of the candidate, or of the signer's certificate when it did not get that far."""
    not_before: int | None
    """Start of that certificate's validity."""
    not_after: int | None
    """End of that certificate's validity."""
    signature: Literal["valid", "invalid", "not-checked"]
    """Whether the mail's signature holds."""
    path: Literal["valid", "invalid", "not-checked"]
    """Whether a path to a trust anchor holds."""
    candidate: Literal["signer", "key-preference"] | None
    """Which certificate of the mail is the candidate."""
    error: PostsealError | None
    """Why it was refused, held or deferred."""
    unavailable: str | None
    """What the store said when it did not answer; of an exception, its class."""
    cause: BaseException | None = field(repr=False, compare=False)
    """The first exception that the host's own store or fetcher raised."""

    def __reduce__(self) -> tuple[type[ImportReport], tuple[object, ...]]:
        return type(self), _without_cause(self)


@dataclass(frozen=True, slots=True)
class Found:
    """A certificate that is encrypted to, as far as it may be told."""

    source: str
    """`store`, or the name of the directory."""
    fingerprint: str
    """SHA-256 of the certificate."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that was not taken."""

    source: str
    """`store`, or the name of the directory."""
    fingerprint: str | None
    """SHA-256 of the certificate, if it could be read as one."""
    error: PostsealError
    """The check that it failed."""


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """One recipient: the outcome, what was found, and every candidate that was rejected."""

    address: str = field(repr=False)
    """The address as the host gave it."""
    hidden: bool
    """Whether the other recipients must not learn of this one."""
    outcome: Literal["found", "not-found", "unusable", "unavailable", "not-asked"]
    """What became of it. `unavailable` is never `not-found`: nobody knows."""
    found: tuple[Found, ...]
    """The certificates to encrypt to, the best first."""
    rejected: tuple[Rejected, ...]
    """What was not taken, the store's first, each source's best first."""
    error: PostsealError | None
    """Why nothing was found: of several reasons that of the best candidate."""
    unavailable: str | None
    """Who did not answer; of an exception, its class."""
    needs_operator: bool
    """Whether an operator has to decide first."""
    may_get_plaintext: bool
    """Whether plaintext may go to this one, where the route sends any: not when nobody answered or an operator must decide."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted message, ready to be sent."""

    addresses: tuple[str, ...] = field(repr=False)
    """For whom."""
    hidden: bool
    """Whether it is for one hidden recipient."""
    content_encryption: str
    """How its content is encrypted, as `aes256-gcm`."""
    mail: bytes = field(repr=False)
    """The message."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """What came of encrypting one mail."""

    messages: tuple[Sealed, ...]
    """The messages to send: one for all visible recipients, or one for each content encryption that some of them read where
    none is common to all; one for each hidden one."""
    left_out: tuple[RecipientReport, ...]
    """Those who get none of them."""
    plaintext_allowed: bool
    """Whether the route lets plaintext go to those who are left out, as far as `RecipientReport.may_get_plaintext`."""
    is_passed: bool
    """The mail is encrypted already, and goes out as it is to all recipients."""
    cause: BaseException | None = field(repr=False, compare=False)
    """The first exception that the host's own store, directory or fetcher raised."""

    def __reduce__(self) -> tuple[type[Encryption], tuple[object, ...]]:
        return type(self), _without_cause(self)


@dataclass(frozen=True, slots=True)
class Event:
    """One decision, as a line of the trace has it. Text from mail in it is escaped already."""

    at: str
    """The engine's clock, RFC 3339, UTC."""
    name: str
    """What was decided, as `imported`. A name never changes its meaning."""
    tenant: str
    """Whose mail."""
    route: str | None
    """The route inside the tenant."""
    message_id: str | None = field(repr=False)
    """The Message-ID of the mail, escaped and cut."""
    address: str | None = field(repr=False)
    """The mailbox that the decision is about."""
    details: dict[str, str | int | bool | None] = field(repr=False)
    """What belongs to this kind of decision, as the JSON Lines have it."""

    def as_json(self, *, private: bool = True) -> dict[str, str | int | bool | None]:
        """The object of the JSON Lines; without `private`, without what belongs to persons.

        >>> events[-1].as_json(private=False)["event"]
        'imported'
        """
        head: dict[str, str | int | bool | None] = {
            "at": self.at,
            "event": self.name,
            "tenant": self.tenant,
            "route": self.route,
        }
        if private:
            head |= {"message_id": self.message_id, "address": self.address}
        return head | self.details
