"""Messages of the standard library on their way out."""

from __future__ import annotations

from email.message import Message
from email.policy import SMTP

_WIRE = SMTP.clone(cte_type="8bit", refold_source="none")


def to_wire(message: Message) -> bytes:
    """The octets of a message that is not signed: CRLF, nothing folded anew, 8bit parts as they are."""
    return message.as_bytes(policy=_WIRE)
