#!/usr/bin/env python3
"""An after-queue filter for Postfix (its FILTER_README, "advanced content filter"): one message in, one or several out.

It does what a milter cannot. A message to recipients with and without a certificate becomes a sealed one and, by policy, a plain one or
a report to the sender; each hidden recipient gets a message of its own. Incoming signed mail is learned from, and goes on as it is.

    postseal_filter.py postseal.toml

`[program.filter]` in that file says where it listens and what belongs to whom; the README beside this file has every key. Every answer but
250 leaves the message with Postfix: 451 when somebody did not answer, 554 when waiting does not help. Nothing is sent before everything
that is to be sent is made, and every next hop has taken its recipients.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import smtplib
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.parser import BytesHeaderParser
from email.policy import SMTP as WIRE
from email.utils import formatdate, getaddresses, make_msgid
from pathlib import Path
from typing import Any

import postseal
from aiosmtpd.smtp import SMTP, Envelope, Session

LOG = logging.getLogger("postseal-filter")


@dataclass(frozen=True)
class Domain:
    """Whose mail the mail of one domain is, and the routes of `[tenants]` that it takes: to learn from it, from the domain and to it.

    Without `learn` or `outgoing` that is as the tenant's own settings say; without `incoming`, mail to the domain is not sealed.
    """

    tenant: str
    learn: str | None = None
    outgoing: str | None = None
    incoming: str | None = None


@dataclass(frozen=True)
class Settings:
    """The table `[program.filter]`."""

    listen: tuple[str, int]
    next: tuple[str, int]
    domains: dict[str, Domain] = field(default_factory=dict[str, Domain])
    null_sender: str | None = None
    left_out: str = "report"
    message_bytes: int = 52_428_800
    workers: int = 4
    seconds: float = 120.0

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Raises `ValueError` or `TypeError` for what cannot be used; an unknown key is an error."""
        table: dict[str, Any] = dict(tomllib.loads(path.read_text())["program"]["filter"])
        for place in ("listen", "next"):
            host, port = table[place].rsplit(":", 1)
            table[place] = (host.strip("[]"), int(port))
        domains = table.pop("domains", {})
        table["domains"] = {name.lower(): Domain(**{"tenant": "default"} | routes) for name, routes in domains.items()}
        settings = cls(**table)
        if settings.null_sender is not None and settings.of(f"@{settings.null_sender}") is None:
            raise ValueError("null_sender: it is not one of the domains")
        if settings.left_out not in ("report", "plain"):
            raise ValueError(f"left_out: {settings.left_out!r} is neither 'report' nor 'plain'")
        return settings

    def of(self, address: str) -> Domain | None:
        """Whose address it is."""
        return self.domains.get(address.rpartition("@")[2].lower())

    def sender(self, envelope: Envelope) -> Domain | None:
        """Whose outgoing mail it is, if it is outgoing. Reports and replies of machines have no sender (RFC 5321 4.5.5)."""
        sender = sender_of(envelope)
        if not sender and self.null_sender and not all(map(self.of, envelope.rcpt_tos)):
            return self.of(f"@{self.null_sender}")
        return self.of(sender)


def sender_of(envelope: Envelope) -> str:
    """The reverse path; empty for what must not be answered. aiosmtpd writes that one as `<>`."""
    return (envelope.mail_from or "").removeprefix("<").removesuffix(">")


class Temporary(Exception):
    """Bring it again: 451."""


class Permanent(Exception):
    """Waiting does not help: 554."""


@dataclass(frozen=True)
class Outgoing:
    """One message for the next hop."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


# What `examples/milter` adds to a mail that it hands over, and whoever sent the mail may have written.
MARK = re.compile(rb"(?im)^x-postseal-split:.*\r?\n(?:[ \t].*\r?\n)*")


def without_mark(content: bytes) -> bytes:
    """The mail without that field of its header; every other octet stays."""
    header, end, body = content.partition(b"\r\n\r\n")
    return MARK.sub(b"", header + end) + body


def hidden_among(header: Message, recipients: Iterable[str]) -> tuple[list[str], list[str]]:
    """Recipients of the envelope whom the header names, and those whom it does not: the others must not learn of them."""
    fields = [str(value) for name in ("to", "cc") for value in header.get_all(name, [])]
    named = set[str]()
    for _, address in getaddresses(fields):
        with contextlib.suppress(postseal.PostsealError):
            named.add(postseal.address_key(address))
    visible, hidden = list[str](), list[str]()
    for recipient in recipients:
        (visible if postseal.address_key(recipient) in named else hidden).append(recipient)
    return visible, hidden


def report(sender: str, missed: Iterable[postseal.RecipientReport], header: Message) -> Outgoing:
    """What tells the sender who did not get the message (RFC 3464)."""
    missed = tuple(missed)
    reasons = {entry.address: entry.error.name if entry.error else entry.outcome for entry in missed}
    message = MIMEMultipart("report", report_type="delivery-status")
    message["From"] = "Mail Delivery System <MAILER-DAEMON>"
    message["To"] = sender
    message["Subject"] = "Not delivered: it could not be encrypted"
    message["Date"], message["Message-ID"] = formatdate(), make_msgid()
    message["Auto-Submitted"] = "auto-replied"
    lines = "".join(f"    {address}: {reason}\n" for address, reason in reasons.items())
    text = f"Your message was not sent to these recipients, because it could not be encrypted for them:\n\n{lines}"
    # Only the Message-ID: the rest of the header belongs to the message that was not to go out readable.
    identifier = f"Message-ID: {header.get('Message-ID', '')}\n"
    status = MIMENonMultipart("message", "delivery-status")
    blocks = [fields_of(("Reporting-MTA", "dns; localhost"))]
    for address, reason in reasons.items():
        recipient = ("Final-Recipient", f"rfc822; {address}")
        diagnosis = ("Diagnostic-Code", f"x-postseal; {reason}")
        blocks.append(fields_of(recipient, ("Action", "failed"), ("Status", "5.7.5"), diagnosis))
    status.set_payload([*blocks])
    for part in (MIMEText(text), status, MIMEText(identifier, "rfc822-headers")):
        message.attach(part)
    return Outgoing("", (sender,), message.as_bytes(policy=WIRE))


def fields_of(*fields: tuple[str, str]) -> Message:
    """One block of a delivery status."""
    block = Message()
    for name, value in fields:
        block[name] = value
    return block


class Filter:
    """What becomes of one message. It blocks; nothing in it is shared but the engine."""

    def __init__(self, settings: Settings, engine: postseal.Engine) -> None:
        self.settings, self.engine = settings, engine

    def messages(self, envelope: Envelope) -> list[Outgoing]:
        """What goes out for it, all of it or nothing."""
        content, sender = without_mark(envelope.original_content or b""), sender_of(envelope)
        header = BytesHeaderParser().parsebytes(content)
        outgoing = self.settings.sender(envelope)
        if outgoing is None:
            self.learn(content, envelope.rcpt_tos)
        if outgoing is not None:
            return list(self.sealed(sender, header, content, envelope.rcpt_tos, outgoing.tenant, outgoing.outgoing))
        made, as_it_is, groups = list[Outgoing](), list[str](), dict[tuple[str, str], list[str]]()
        for recipient in envelope.rcpt_tos:
            domain = self.settings.of(recipient)
            if domain is None or domain.incoming is None:
                as_it_is.append(recipient)
            else:
                groups.setdefault((domain.tenant, domain.incoming), []).append(recipient)
        for (tenant, route), recipients in groups.items():
            made += self.sealed(sender, header, content, recipients, tenant, route)
        return made + [Outgoing(sender, tuple(as_it_is), content)] * bool(as_it_is)

    def learn(self, content: bytes, recipients: Iterable[str]) -> None:
        """Once for each tenant among the recipients. A refusal says nothing about whether the mail may be read."""
        domains = filter(None, map(self.settings.of, recipients))
        for tenant, route in dict.fromkeys((domain.tenant, domain.learn) for domain in domains):
            outcome = self.engine.import_mail(content, tenant=tenant, route=route, timeout=self.settings.seconds)
            LOG.info("learned tenant=%s outcome=%s", tenant, outcome.outcome)
            if outcome.outcome == "deferred":
                raise Temporary(outcome.error.name if outcome.error else "deferred")

    def sealed(
        self, sender: str, header: Message, content: bytes, recipients: list[str], tenant: str, route: str | None
    ) -> Iterator[Outgoing]:
        """The messages for these recipients. What is not sealed goes out readable only where route and settings both say so."""
        visible, hidden = hidden_among(header, recipients)
        try:
            result = self.engine.encrypt(content, visible, hidden, tenant=tenant, route=route, timeout=self.settings.seconds)
        except postseal.Unsealed as unsealed:
            raise (Temporary if unsealed.is_temporary else Permanent)(unsealed.name) from unsealed
        LOG.info("sealed tenant=%s messages=%d left_out=%d", tenant, len(result.messages), len(result.left_out))
        if result.is_passed:
            yield Outgoing(sender, tuple(recipients), content)
            return
        for message in result.messages:
            yield Outgoing(sender, message.addresses, message.mail)
        may_be_plain = result.plaintext_allowed and self.settings.left_out == "plain"
        plain = [entry for entry in result.left_out if may_be_plain and entry.may_get_plaintext]
        missed = [entry for entry in result.left_out if entry not in plain]
        for entry in missed:
            if entry.outcome == "unavailable":
                raise Temporary(entry.error.name if entry.error else entry.outcome)
        if plain:
            yield Outgoing(sender, tuple(entry.address for entry in plain), content)
        if missed and not result.messages and not plain:
            raise Permanent(missed[0].error.name if missed[0].error else missed[0].outcome)
        if missed and sender:
            yield report(sender, missed, header)


def deliver(messages: list[Outgoing], next_hop: tuple[str, int], utf8: bool, seconds: float) -> None:
    """All of them: their last octets follow only after every next hop has taken sender, recipients and data, so that what fails
    half-way is rare. Then Postfix brings the message again, and somebody gets it twice rather than never."""
    options = ["BODY=8BITMIME", *(["SMTPUTF8"] if utf8 else [])]
    with contextlib.ExitStack() as stack:
        waiting = list[smtplib.SMTP]()
        for message in messages:
            hop = smtplib.SMTP(*next_hop, timeout=seconds)
            # Not QUIT, which would be one more line of a message that is given up: without its end there is no message.
            stack.callback(hop.close)
            hop.ehlo()
            expect(hop.mail(message.sender, options), 250)
            for recipient in message.recipients:
                expect(hop.rcpt(recipient), 250)
            expect(hop.docmd("DATA"), 354)
            body = b"\r\n" + message.content.removesuffix(b"\r\n")
            hop.send(body.replace(b"\r\n.", b"\r\n..").removeprefix(b"\r\n") + b"\r\n")
            waiting.append(hop)
        for hop in waiting:
            hop.send(b".\r\n")
            expect(hop.getreply(), 250)


def expect(reply: tuple[int, bytes], code: int) -> None:
    """Whatever the next hop says but yes is what Postfix hears of us."""
    if reply[0] != code:
        raise (Permanent if 500 <= reply[0] <= 599 else Temporary)(f"the next hop says {reply[0]}")


class Handler:
    """One SMTP session's commands, as aiosmtpd hands them over."""

    def __init__(self, settings: Settings, engine: postseal.Engine) -> None:
        self.settings, self.filter = settings, Filter(settings, engine)
        self.workers, self.busy = asyncio.Semaphore(settings.workers), 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The one answer that counts."""
        self.busy += 1
        try:
            async with self.workers:
                return await asyncio.to_thread(self.work, envelope)
        except Temporary as why:
            return f"451 4.7.5 {why}"
        except Permanent as why:
            return f"554 5.7.5 {why}"
        except (postseal.Malformed, postseal.LimitExceeded, postseal.Refused) as why:
            return f"554 5.6.0 {why.name}"
        except OSError as why:
            LOG.warning("the next hop does not answer: %s", type(why).__name__)
            return "451 4.4.1 the next hop does not answer"
        except Exception:
            # Whatever it was: the message is still Postfix's, and nobody has seen it.
            LOG.exception("a mistake of this program")
            return "451 4.3.0 internal error"
        finally:
            self.busy -= 1

    def work(self, envelope: Envelope) -> str:
        """Blocking, in a thread of its own."""
        messages = self.filter.messages(envelope)
        deliver(messages, self.settings.next, bool(envelope.smtp_utf8), self.settings.seconds)
        return f"250 2.0.0 {len(messages)} sent"


async def serve(settings: Settings, engine: postseal.Engine) -> None:
    """Until SIGTERM or SIGINT: then nobody is let in any more, and those who are in may end what they began."""
    loop, stop, handler = asyncio.get_running_loop(), asyncio.Event(), Handler(settings, engine)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def session() -> SMTP:
        return SMTP(handler, data_size_limit=settings.message_bytes, enable_SMTPUTF8=True, decode_data=False, hostname="localhost")

    server = await loop.create_server(session, *settings.listen)
    LOG.info("ready at %s:%d", *settings.listen)
    await stop.wait()
    server.close()
    while handler.busy:
        await asyncio.sleep(0.05)
    # The last answers are still to be written.
    await asyncio.sleep(0.2)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    # It tells every command, so every address.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    if len(sys.argv) != 2:
        sys.exit("usage: postseal_filter.py POSTSEAL.TOML")
    path = Path(sys.argv[1])
    try:
        settings, engine = Settings.read(path), postseal.Engine.from_file(path)
    except (OSError, KeyError, ValueError, TypeError, postseal.PostsealError) as why:
        sys.exit(f"{path}: {why}")
    asyncio.run(serve(settings, engine))


if __name__ == "__main__":
    main()
