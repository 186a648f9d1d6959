"""The filter between an SMTP client and a next hop that are real, with the engine and mails of this repository.

    pip install ./bindings-python aiosmtpd pytest && pytest examples/smtp-filter
"""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import postseal
import postseal_filter
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

EXAMPLES = Path(__file__).parents[1]
ALICE, BOB, NOBODY = "alice@goal.example", "bob@goal.example", "nobody@goal.example"
SENDER = "me@ours.example"
MAIL = f"From: {SENDER}\r\nTo: {ALICE}, {NOBODY}\r\nCc: {BOB}\r\nSubject: secret plans\r\n\r\nIn confidence.\r\n.\r\n..x\r\n".encode()
CONFIGURATION = """
trust = ["{examples}/mail/anchors.pem"]
store = "sqlite:postseal.db"
import = true
directories = [{directories}]

[encrypt]
mode = "{mode}"

[directory.staff]
kind = "host"

[tenants.ours.routes.inbound]
import = true

[tenants.ours.routes.outbound]
import = false

[tenants.ours.routes.never]
encrypt = {{ mode = "never" }}

[tenants.strict.routes.delivery]
encrypt = {{ mode = "all-or-nothing" }}

[program.filter]
listen = "127.0.0.1:0"
next = "127.0.0.1:{port}"
left_out = "{left_out}"
{more}

[program.filter.domains]
"ours.example" = {{ tenant = "ours", learn = "inbound", outgoing = "outbound" }}
"never.example" = {{ tenant = "ours", outgoing = "never" }}
"b\u00fccher.example" = {{ tenant = "strict", incoming = "delivery" }}
"""


class NextHop:
    """Keeps what it gets; a recipient may be refused."""

    def __init__(self) -> None:
        self.got = list[Envelope]()
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.got.append(envelope)
        return "250 OK"

    def by_recipient(self) -> dict[str, bytes]:
        return {address: (envelope.original_content or b"") for envelope in self.got for address in envelope.rcpt_tos}


class Silent:
    """A directory that does not answer."""

    def resolve(self, query: postseal.ResolveDirectory, /) -> Any:
        raise postseal.Unavailable(postseal.Code.DIRECTORY_UNAVAILABLE)


class World:
    def __init__(self, folder: Path, hop: NextHop, port: int) -> None:
        self.folder, self.hop, self.port = folder, hop, port

    def start(
        self, mode: str = "if-possible", left_out: str = "report", directory: Any = None, more: str = ""
    ) -> postseal_filter.Handler:
        text = CONFIGURATION.format(
            examples=EXAMPLES,
            mode=mode,
            left_out=left_out,
            port=self.port,
            directories='"staff"' if directory else "",
            more=more,
        )
        (self.folder / "postseal.toml").write_text(text)
        settings = postseal_filter.Settings.read(self.folder / "postseal.toml")
        engine = postseal.Engine.from_file(self.folder / "postseal.toml", directories={"staff": directory or Silent()})
        return postseal_filter.Handler(settings, engine)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    hop = NextHop()
    controller = Controller(hop, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    yield World(tmp_path, hop, controller.port)
    controller.stop()


def free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def send(
    handler: postseal_filter.Handler, sender: str, recipients: list[str], mail: bytes, utf8: bool = False
) -> tuple[int, bytes]:
    """Through a real SMTP session; the answer after the last octet."""
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), decode_data=False, enable_SMTPUTF8=True)
    controller.start()
    try:
        with smtplib.SMTP("127.0.0.1", controller.port) as client:
            client.ehlo()
            client.sendmail(sender, recipients, mail, ["SMTPUTF8"] if utf8 else [])
    except smtplib.SMTPDataError as error:
        return error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    finally:
        controller.stop()
    return 250, b""


def learned(world: World, *names: str, **settings: Any) -> postseal_filter.Handler:
    handler = world.start(**settings)
    for name in names:
        mail = (EXAMPLES / f"mail/{name}.eml").read_bytes()
        assert send(handler, "correspondent@goal.example", [SENDER], mail)[0] == 250
        assert world.hop.by_recipient() == {SENDER: mail}, "a signed mail goes on octet for octet"
        world.hop.got.clear()
    return handler


def test_mixed_recipients_get_a_sealed_message_and_the_sender_a_report(world: World) -> None:
    handler = learned(world, "alice-detached", "bob-opaque-ber")
    assert send(handler, SENDER, [ALICE, BOB, NOBODY], MAIL)[0] == 250
    got = world.hop.by_recipient()
    assert set(got) == {ALICE, BOB, SENDER}
    assert got[ALICE] == got[BOB] and b"enveloped-data" in got[ALICE].lower() and b"In confidence" not in got[ALICE]
    report = message_from_bytes(got[SENDER])
    assert report.get_content_type() == "multipart/report" and NOBODY in report.as_string()
    assert "secret plans" not in report.as_string() and "In confidence" not in report.as_string()
    assert [envelope.mail_from for envelope in world.hop.got if SENDER in envelope.rcpt_tos] == ["<>"], "no report about it"


def test_plaintext_goes_only_where_route_and_settings_say_so(world: World) -> None:
    handler = learned(world, "alice-detached", left_out="plain")
    assert send(handler, SENDER, [ALICE, NOBODY], MAIL)[0] == 250
    got = world.hop.by_recipient()
    assert set(got) == {ALICE, NOBODY} and got[NOBODY] == MAIL and b"In confidence" not in got[ALICE]
    for mode in ("only-encrypted", "all-or-nothing"):
        world.hop.got.clear()
        code, _ = send(world.start(mode=mode, left_out="plain"), SENDER, [ALICE, NOBODY], MAIL)
        assert (code, NOBODY in world.hop.by_recipient()) == ((250, False) if mode == "only-encrypted" else (554, False))


def test_hidden_recipients_get_messages_of_their_own(world: World) -> None:
    handler = learned(world, "alice-detached", "bob-opaque-ber")
    mail = MAIL.replace(f"Cc: {BOB}\r\n".encode(), b"")
    assert send(handler, SENDER, [ALICE, BOB], mail)[0] == 250
    got = world.hop.by_recipient()
    assert set(got) == {ALICE, BOB} and got[ALICE] != got[BOB] and BOB.encode() not in got[ALICE]


def test_who_does_not_answer_keeps_the_message_in_the_queue(world: World) -> None:
    code, said = send(world.start(directory=Silent()), SENDER, [ALICE], MAIL)
    assert code == 451 and b"unavailable" in said and not world.hop.got


def test_the_next_hop_has_the_last_word_and_nothing_goes_out_by_half(world: World) -> None:
    handler = learned(world, "alice-detached", "bob-opaque-ber")
    mail = MAIL.replace(f"Cc: {BOB}\r\n".encode(), b"")
    for answer, code in (("450 not now", 451), ("550 unknown", 554)):
        world.hop.refuses = {BOB: answer}
        assert send(handler, SENDER, [ALICE, BOB], mail)[0] == code
        assert not world.hop.got
    handler.settings = postseal_filter.Settings(**{**vars(handler.settings), "next": ("127.0.0.1", free_port())})
    assert send(handler, SENDER, [ALICE], mail)[0] == 451


def test_a_mistake_keeps_the_message_in_the_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = world.start()
    monkeypatch.setattr(postseal_filter, "hidden_among", lambda *_: 1 / 0)
    assert send(handler, SENDER, [ALICE], MAIL)[0] == 451 and not world.hop.got


def test_what_is_encrypted_already_is_not_wrapped(world: World) -> None:
    handler = learned(world, "alice-detached")
    assert send(handler, SENDER, [ALICE], MAIL)[0] == 250
    sealed = world.hop.by_recipient()[ALICE]
    world.hop.got.clear()
    assert send(handler, SENDER, [ALICE], sealed) == (554, b"5.7.5 already-encrypted")
    assert not world.hop.got


def test_a_report_of_a_machine_goes_the_way_of_its_domain(world: World) -> None:
    handler = world.start(mode="all-or-nothing", more='null_sender = "ours.example"')
    assert send(handler, "", [NOBODY], MAIL)[0] == 554
    assert send(handler, "", [SENDER], MAIL)[0] == 250, "it comes in"


def test_the_mark_of_the_milter_is_removed_and_nothing_else(world: World) -> None:
    signed = (EXAMPLES / "mail/alice-detached.eml").read_bytes()
    marked = b"X-Postseal-Split: hidden;\r\n tenant=ours\r\n" + signed.replace(b"\r\n\r\n", b"\r\nx-postseal-split: x\r\n\r\n", 1)
    assert send(world.start(), "correspondent@goal.example", [SENDER], marked + b"X-Postseal-Split: body\r\n")[0] == 250
    assert world.hop.by_recipient() == {SENDER: signed + b"X-Postseal-Split: body\r\n"}


def test_the_route_of_a_recipient_counts_also_when_the_sender_is_ours(world: World) -> None:
    """Anybody can write a sender, and a domain has two spellings."""
    for recipient in ("bob@b\u00fccher.example", "bob@xn--bcher-kva.example"):
        for sender in (SENDER, "me@never.example", "somebody@else.example"):
            mail = MAIL.replace(ALICE.encode(), recipient.encode())
            handler = world.start(left_out="plain")
            assert send(handler, sender, [recipient], mail, utf8=not recipient.isascii()) == (554, b"5.7.5 no-certificate")
            assert not world.hop.got, (recipient, sender)


def test_a_route_that_never_seals_lets_mail_go(world: World) -> None:
    assert send(world.start(), "me@never.example", [NOBODY], MAIL)[0] == 250
    assert world.hop.by_recipient() == {NOBODY: MAIL}


def test_who_stands_twice_gets_it_once(world: World) -> None:
    handler = learned(world, "alice-detached")
    assert send(handler, SENDER, [ALICE, ALICE.replace("alice", "Alice"), ALICE], MAIL)[0] == 250
    assert [envelope.rcpt_tos for envelope in world.hop.got] == [[ALICE]]


def test_a_report_about_addresses_that_are_not_ascii(world: World) -> None:
    handler = learned(world, "alice-detached")
    missed = "j\u00fcrgen@goal.example"
    assert send(handler, SENDER, [ALICE, missed], MAIL, utf8=True)[0] == 250
    got = world.hop.by_recipient()[SENDER]
    assert f"Final-Recipient: utf-8; {missed}\r\n".encode() in got and b"global-delivery-status" in got
    long = "a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".example"
    world.hop.got.clear()
    assert send(handler, SENDER, [ALICE, long], MAIL)[0] == 250
    assert f"Final-Recipient: rfc822; {long}\r\n".encode() in world.hop.by_recipient()[SENDER]


def test_more_messages_than_connections(world: World) -> None:
    handler = learned(world, "alice-detached", "bob-opaque-ber", more="connections = 1")
    mail = MAIL.replace(f"Cc: {BOB}\r\n".encode(), b"")
    assert send(handler, SENDER, [ALICE, BOB, NOBODY], mail)[0] == 250
    assert set(world.hop.by_recipient()) == {ALICE, BOB, SENDER}
    # Alice has hers already: the whole is brought again.
    world.hop.got.clear()
    world.hop.refuses = {BOB: "550 unknown"}
    assert send(handler, SENDER, [ALICE, BOB], mail)[0] == 451


def test_what_the_milter_says_counts_only_behind_a_milter(world: World) -> None:
    marked = b"X-Postseal-Split: hidden; tenant=ours; route=outbound\r\n" + MAIL
    assert send(world.start(), "me@else.example", [NOBODY], marked)[0] == 250
    assert world.hop.by_recipient() == {NOBODY: MAIL}
    world.hop.got.clear()
    behind = world.start(mode="all-or-nothing", more="behind_milter = true")
    assert send(behind, "me@else.example", [NOBODY], marked) == (554, b"5.7.5 no-certificate")
    assert not world.hop.got


def test_an_address_that_is_none_goes_nowhere(world: World) -> None:
    assert send(world.start(), SENDER, ["a..b@goal.example"], MAIL) == (554, b"5.7.5 address-malformed")


def test_many_at_once(world: World) -> None:
    handler = learned(world, "alice-detached")
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), decode_data=False)
    controller.start()

    def one() -> None:
        with smtplib.SMTP("127.0.0.1", controller.port) as client:
            client.sendmail(SENDER, [ALICE], MAIL)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    controller.stop()
    assert len(world.hop.got) == 20 and handler.busy == 0


@pytest.mark.parametrize(
    "change",
    [
        '[program.filter.domains]\n"a.example" = { tenant = "none" }',
        '[program.filter.domains]\n"a.example" = { learn = "none" }',
        '[program.filter.domains]\n"-" = {}',
        "unknown = 1",
        'left_out = "maybe"',
        'next = "nowhere"',
        'null_sender = "theirs.example"',
    ],
)
def test_settings_that_cannot_be_used_are_errors(tmp_path: Path, change: str) -> None:
    text = '[program.filter]\nlisten = "127.0.0.1:1"\nnext = "127.0.0.1:2"\n'
    key = change.split(" ")[0]
    text = "".join(line + "\n" for line in text.splitlines() if not line.startswith(key)) + change
    (tmp_path / "postseal.toml").write_text(text)
    with pytest.raises((KeyError, ValueError, TypeError)):
        postseal_filter.Settings.read(tmp_path / "postseal.toml")


def test_it_ends_what_it_began(world: World) -> None:
    """SIGTERM: the process ends by itself, with 0."""
    world.start()
    import signal
    import subprocess
    import sys

    text = (world.folder / "postseal.toml").read_text().replace("127.0.0.1:0", f"127.0.0.1:{free_port()}")
    text = text.replace('[directory.staff]\nkind = "host"\n', "")
    (world.folder / "postseal.toml").write_text(text)
    program = [sys.executable, str(Path(__file__).with_name("postseal_filter.py")), str(world.folder / "postseal.toml")]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None and "ready" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_asyncio_is_not_blocked(world: World) -> None:
    """While a directory thinks, another session is answered."""
    entered, release = threading.Event(), threading.Event()

    class Slow:
        def resolve(self, query: postseal.ResolveDirectory, /) -> list[postseal.DirectoryReply]:
            entered.set()
            release.wait(20)
            return [postseal.DirectoryReply.not_found() for _ in query.addresses]

    handler = world.start(directory=Slow())

    async def both() -> list[str]:
        slow = asyncio.create_task(handler.handle_DATA(None, None, envelope([ALICE])))  # type: ignore[arg-type]
        await asyncio.to_thread(entered.wait, 20)
        quick = await handler.handle_DATA(None, None, envelope([]))  # type: ignore[arg-type]
        release.set()
        return [quick, await slow]

    quick, slow = asyncio.run(both())
    assert quick.startswith("554") and slow.startswith("554"), (quick, slow)


def envelope(recipients: list[str]) -> Envelope:
    made = Envelope()
    made.mail_from, made.rcpt_tos, made.original_content = SENDER, recipients, MAIL
    return made
