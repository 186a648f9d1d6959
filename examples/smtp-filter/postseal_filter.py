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
import secrets
import signal
import smtplib
import sys
import time
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import formatdate, make_msgid
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
    behind_milter: bool = False
    left_out: str = "report"
    message_bytes: int = 52_428_800
    workers: int = 4
    connections: int = 8
    seconds: float = 300.0

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Raises `ValueError` or `TypeError` for what cannot be used; an unknown key is an error."""
        file = tomllib.loads(path.read_text())
        milter = file["program"].get("milter", {})
        table: dict[str, Any] = dict(file["program"]["filter"])
        for place in ("listen", "next"):
            host, port = table[place].rsplit(":", 1)
            table[place] = (host.strip("[]"), int(port))
        # One list for both, so that no mail is one's and not the other's.
        domains = table.pop("domains", milter.get("domains", {}))
        table.setdefault("null_sender", milter.get("null_sender"))
        table["domains"] = {domain_of(f"@{name}"): Domain(**{"tenant": "default"} | routes) for name, routes in domains.items()}
        if None in table["domains"]:
            raise ValueError("domains: one of them is no domain")
        settings = cls(**table)
        for domain in settings.domains.values():
            # What is misspelt would get the settings of everybody.
            tenant = file.get("tenants", {}).get(domain.tenant)
            if tenant is None and domain.tenant != "default":
                raise ValueError(f"domains: there is no tenant {domain.tenant!r}")
            for route in filter(None, (domain.learn, domain.outgoing, domain.incoming)):
                if route not in (tenant or {}).get("routes", {}):
                    raise ValueError(f"domains: tenant {domain.tenant!r} has no route {route!r}")
        if settings.null_sender is not None and settings.of(f"@{settings.null_sender}") is None:
            raise ValueError("null_sender: it is not one of the domains")
        if settings.left_out not in ("report", "plain"):
            raise ValueError(f"left_out: {settings.left_out!r} is neither 'report' nor 'plain'")
        return settings

    def of(self, address: str) -> Domain | None:
        """Whose address it is."""
        return self.domains.get(domain_of(address) or "")

    def sender(self, sender: str, recipients: Iterable[str]) -> Domain | None:
        """Whose outgoing mail it is, if it is outgoing. Reports and replies of machines have no sender (RFC 5321 4.5.5)."""
        if not sender and self.null_sender and not all(map(self.of, recipients)):
            return self.of(f"@{self.null_sender}")
        return self.of(sender)


def domain_of(address: str) -> str | None:
    """The domain as postseal compares it: `B\u00fccher.example` and `xn--bcher-kva.example` are one. None: it is no address."""
    try:
        return postseal.address_key(f"a@{address.rpartition('@')[2]}").rpartition("@")[2]
    except postseal.PostsealError:
        return None


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
    utf8: bool = False


# What `examples/milter` adds to a mail that it hands over, and whoever sent the mail may have written.
MARK = re.compile(rb"(?im)^x-postseal-split:.*\r?\n(?:[ \t].*\r?\n)*")


def without_mark(content: bytes) -> tuple[bytes, list[str]]:
    """The mail without that field of its header; every other octet stays. And what the last one said: reason, tenant, route."""
    header, end, body = content.partition(b"\r\n\r\n")
    marks = MARK.findall(header + end)
    # Only the milter's own have these three parts, and names are short.
    said = marks[-1][:4096].decode(errors="replace").partition(":")[2].split(";") if marks else []
    reason, tenant, route = (part.strip() for part in said) if len(said) == 3 else ("", "", "")
    is_whole = reason and tenant.startswith("tenant=") and route.startswith("route=")
    return MARK.sub(b"", header + end) + body, [reason, tenant[7:], route[6:]] if is_whole else []


def unique(recipients: Iterable[str]) -> list[str]:
    """Each address once, as it was written first. Raises `Permanent` for what is none: nobody could say whose route it takes."""
    try:
        return list({postseal.address_key(recipient): recipient for recipient in reversed([*recipients])}.values())[::-1]
    except postseal.PostsealError as why:
        raise Permanent(why.name) from why


WORDS = re.compile(r"[\s<>,;:()\"\[\]]+")


def hidden_among(header: Message, recipients: Iterable[str]) -> tuple[list[str], list[str]]:
    """Recipients of the envelope whom the header names, and those whom it does not: the others must not learn of them."""
    # Words rather than addresses, as the milter does: whatever else stands there, its readers see it anyway.
    words = {word for name in ("to", "cc") for value in header.get_all(name, []) for word in WORDS.split(str(value)) if "@" in word}
    named = set[str]()
    for word in words:
        with contextlib.suppress(postseal.PostsealError):
            named.add(postseal.address_key(word))
    visible, hidden = list[str](), list[str]()
    for recipient in recipients:
        (visible if postseal.address_key(recipient) in named else hidden).append(recipient)
    return visible, hidden


REPORT = """\
From: Mail Delivery System <MAILER-DAEMON>
To: <{sender}>
Subject: Not delivered: it could not be encrypted
Date: {date}
Message-ID: {id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="{boundary}"
Content-Transfer-Encoding: 8bit

--{boundary}
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Your message was not sent to these recipients, because it could not be encrypted for them:

{lines}
--{boundary}
Content-Type: message/{kind}
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; localhost
{blocks}
--{boundary}
Content-Type: text/rfc822-headers

Message-ID: {about}

--{boundary}--
"""


def report(sender: str, missed: Iterable[postseal.RecipientReport], header: Message) -> Outgoing:
    """What tells the sender who did not get the message (RFC 3464; RFC 6533 where an address is not ASCII). Of its header only the
    Message-ID: the rest belongs to what was not to go out readable."""
    reasons = {entry.address: entry.error.name if entry.error else entry.outcome for entry in missed}
    utf8 = not all(text.isascii() for text in (sender, *reasons))
    about = "".join(c for c in str(header.get("Message-ID", "")) if c.isascii() and c.isprintable())
    block = "\nFinal-Recipient: {}; {}\nAction: failed\nStatus: 5.7.5\nDiagnostic-Code: x-postseal; {}\n"
    text = REPORT.format(
        sender=sender,
        date=formatdate(),
        id=make_msgid(),
        kind="global-delivery-status" if utf8 else "delivery-status",
        boundary=secrets.token_hex(16),
        lines="".join(f"    {address}: {reason}\n" for address, reason in reasons.items()),
        blocks="".join(block.format("utf-8" if utf8 else "rfc822", *entry) for entry in reasons.items()),
        about=about[:200],
    )
    return Outgoing("", (sender,), text.replace("\n", "\r\n").encode(), utf8)


@dataclass(frozen=True)
class Mail:
    """What came, and until when something must have become of it."""

    sender: str
    header: Message
    content: bytes
    utf8: bool
    deadline: float

    def left(self) -> float:
        """Seconds."""
        return max(0.001, self.deadline - time.monotonic())


class Filter:
    """What becomes of one message. It blocks; nothing in it is shared but the engine."""

    def __init__(self, settings: Settings, engine: postseal.Engine) -> None:
        self.settings, self.engine = settings, engine

    def messages(self, envelope: Envelope, deadline: float) -> list[Outgoing]:
        """What goes out for it, all of it or nothing: first as the sender's route says, then, for whom that left readable, as the
        recipient's."""
        content, mark = without_mark(envelope.original_content or b"")
        header, utf8 = BytesHeaderParser().parsebytes(content), bool(envelope.smtp_utf8)
        sender, left = sender_of(envelope), unique(envelope.rcpt_tos)
        mail = Mail(sender, header, content, utf8, deadline)
        self.learn(mail, left)
        outgoing = self.settings.sender(sender, left)
        if mark and self.settings.behind_milter and mark[0] != "routes":
            # The milter knows who logged in; a mark from outside it has removed.
            outgoing = Domain(mark[1], outgoing=mark[2] or None)
        made = list[Outgoing]()
        if outgoing is not None:
            made, left = self.sealed(mail, left, outgoing.tenant, outgoing.outgoing)
        groups = dict[tuple[str, str], list[str]]()
        as_it_is = list[str]()
        for recipient in left:
            domain = self.settings.of(recipient)
            if domain is None or domain.incoming is None:
                as_it_is.append(recipient)
            else:
                groups.setdefault((domain.tenant, domain.incoming), []).append(recipient)
        for (tenant, route), recipients in groups.items():
            sealed, plain = self.sealed(mail, recipients, tenant, route)
            made += sealed
            as_it_is += plain
        return made + [Outgoing(sender, tuple(as_it_is), content, utf8)] * bool(as_it_is)

    def learn(self, mail: Mail, recipients: Iterable[str]) -> None:
        """Once for each tenant among the recipients. A refusal says nothing about whether the mail may be read."""
        domains = filter(None, map(self.settings.of, recipients))
        for tenant, route in dict.fromkeys((domain.tenant, domain.learn) for domain in domains):
            outcome = self.engine.import_mail(mail.content, tenant=tenant, route=route, timeout=mail.left())
            LOG.info("learned tenant=%s outcome=%s", tenant, outcome.outcome)
            if outcome.outcome == "deferred":
                raise Temporary(outcome.error.name if outcome.error else "deferred")

    def sealed(self, mail: Mail, recipients: list[str], tenant: str, route: str | None) -> tuple[list[Outgoing], list[str]]:
        """The messages for these recipients, and who may get the mail as it is: only where route and settings both say so."""
        visible, hidden = hidden_among(mail.header, recipients)
        try:
            result = self.engine.encrypt(mail.content, visible, hidden, tenant=tenant, route=route, timeout=mail.left())
        except postseal.Unsealed as unsealed:
            raise (Temporary if unsealed.is_temporary else Permanent)(unsealed.name) from unsealed
        LOG.info("sealed tenant=%s messages=%d left_out=%d", tenant, len(result.messages), len(result.left_out))
        if result.is_passed:
            return [Outgoing(mail.sender, tuple(recipients), mail.content, mail.utf8)], []
        made = [Outgoing(mail.sender, message.addresses, message.mail, mail.utf8) for message in result.messages]
        plain, missed = list[str](), list[postseal.RecipientReport]()
        for entry in result.left_out:
            # "not-asked": the route never seals.
            is_plain = entry.outcome == "not-asked" or (self.settings.left_out == "plain" and entry.may_get_plaintext)
            if result.plaintext_allowed and is_plain:
                plain.append(entry.address)
            elif entry.outcome == "unavailable":
                raise Temporary(entry.error.name if entry.error else entry.outcome)
            else:
                missed.append(entry)
        if missed and not made and not plain:
            raise Permanent(missed[0].error.name if missed[0].error else missed[0].outcome)
        if missed and mail.sender:
            made.append(report(mail.sender, missed, mail.header))
        elif missed:
            LOG.warning("%d recipients of a report got nothing, and nobody can be told", len(missed))
        return made, plain


def deliver(messages: list[Outgoing], next_hop: tuple[str, int], connections: int, deadline: float) -> None:
    """So many at a time. Their last octets follow only after every next hop has taken sender, recipients and data, so that what fails
    half-way is rare. Then Postfix brings the message again, and somebody gets it twice rather than never."""
    is_anything_out = False
    try:
        for at in range(0, len(messages), connections):
            with contextlib.ExitStack() as stack:
                waiting = [begin(stack, message, next_hop, deadline) for message in messages[at : at + connections]]
                for hop in waiting:
                    hop.send(b".\r\n")
                    expect(hop.getreply(), 250)
                    is_anything_out = True
    except Permanent as why:
        raise (Temporary if is_anything_out else Permanent)(str(why)) from why


def begin(stack: contextlib.ExitStack, message: Outgoing, next_hop: tuple[str, int], deadline: float) -> smtplib.SMTP:
    """All of a message but its end."""
    hop = smtplib.SMTP(*next_hop, timeout=max(1.0, deadline - time.monotonic()))
    # Not QUIT, which would be one more line of a message that is given up: without its end there is no message.
    stack.callback(hop.close)
    hop.ehlo()
    expect(hop.mail(message.sender, ["BODY=8BITMIME", *(["SMTPUTF8"] if message.utf8 else [])]), 250)
    for recipient in message.recipients:
        expect(hop.rcpt(recipient), 250)
    expect(hop.docmd("DATA"), 354)
    body = b"\r\n" + message.content.removesuffix(b"\r\n")
    hop.send(body.replace(b"\r\n.", b"\r\n..").removeprefix(b"\r\n") + b"\r\n")
    return hop


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
        deadline = time.monotonic() + self.settings.seconds
        try:
            await asyncio.wait_for(self.workers.acquire(), self.settings.seconds / 2)
            try:
                return await asyncio.to_thread(self.work, envelope, deadline)
            finally:
                self.workers.release()
        except TimeoutError:
            return "451 4.3.2 too much to do"
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

    def work(self, envelope: Envelope, deadline: float) -> str:
        """Blocking, in a thread of its own."""
        messages = self.filter.messages(envelope, deadline)
        deliver(messages, self.settings.next, self.settings.connections, deadline)
        return f"250 2.0.0 {len(messages)} sent"


async def serve(settings: Settings, engine: postseal.Engine) -> None:
    """Until SIGTERM or SIGINT: then nobody is let in any more, and those who are in may end what they began."""
    loop, stop, handler = asyncio.get_running_loop(), asyncio.Event(), Handler(settings, engine)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def session() -> SMTP:
        # Its timeout runs while the mail is worked on, too.
        timeout = 2 * settings.seconds + 60
        return SMTP(
            handler,
            data_size_limit=settings.message_bytes,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname="localhost",
            timeout=timeout,
        )

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
