"""The filter as a process of its own behind a real Postfix, and the hand-over from the milter.

It needs root, as Postfix does, and `postfix` and `openssl`. POSTSEAL_MILTER names a `postseal-milter` for the hand-over. What is not there
is skipped, with the reason.
"""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HERE = Path(__file__).parent
RUN = HERE.parents[1] / "scripts/servers/postfix/run.sh"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
BOB, ALICE, CAROL, NOBODY = "bob@goal.example", "alice@partner.example", "carol@partner.example", "nobody@partner.example"
RSA = ("-newkey", "rsa:2048", "-nodes")
SECRETS = (b"quarterly", b"in confidence", b"aW4gY29uZmlkZW5jZQ")
CONFIGURATION = """
trust = ["ca.pem"]
store = "sqlite:store.db"

[tenants.goal]
import = true
[tenants.goal.routes.outbound]
encrypt = {{ mode = "{mode}", protect_headers = true }}

[program.filter]
listen = "127.0.0.1:{filter}"
next = "127.0.0.1:{back}"

[program.filter.domains]
"goal.example" = {{ tenant = "goal", outgoing = "outbound" }}

[program.milter]
listen = "127.0.0.1:{milter}"
split = "filter"

[program.milter.domains]
"goal.example" = {{ tenant = "goal", outgoing = "outbound" }}
"""


def what_is_missing() -> str:
    if os.geteuid() != 0:
        return "Postfix needs root"
    missing = [program for program in ("postfix", "openssl") if shutil.which(program, path=PATH) is None]
    return f"no `{missing[0]}` (Debian: postfix openssl)" if missing else ""


pytestmark = pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing())


def free_ports(count: int) -> list[int]:
    """All different, because all are held until the last one is known."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def until(what: str, holds: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


class Sink:
    """The last server: it keeps what it gets."""

    def __init__(self, port: int) -> None:
        self.got = list[Envelope]()
        self.controller = Controller(self, hostname="127.0.0.1", port=port, decode_data=False)
        self.controller.start()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.got.append(envelope)
        return "250 OK"

    def wait_for(self, *recipients: str) -> dict[str, bytes]:
        """The mails when each of these has one; nobody has two, and nobody else has one."""
        until(f"mail to {recipients}", lambda: set(recipients) <= {one for mail in self.got for one in mail.rcpt_tos})
        got = [(one, mail.original_content or b"") for mail in self.got for one in mail.rcpt_tos]
        assert sorted(one for one, _ in got) == sorted(recipients)
        return dict(got)


class Program:
    """A process that ends with the test."""

    def __init__(self, command: Sequence[str | Path], log: Path, port: int) -> None:
        with log.open("ab") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file, env={**os.environ, "PATH": PATH})

        def is_up() -> bool:
            assert self.process.poll() is None, log.read_text()
            return listens(port)

        try:
            until(str(command[0]), is_up)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class People:
    """An authority, and who has certificates of it; all by OpenSSL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "ca.conf").write_text("[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
        self.openssl("req", *RSA, "-keyout", "ca.key", "-subj", "/CN=Root", "-out", "ca.csr")
        self.sign("ca", "-signkey", "ca.key")

    def openssl(self, *arguments: str, given: bytes | None = None) -> bytes:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, input=given, capture_output=True)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    def sign(self, name: str, *how: str) -> None:
        files = ("-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", f"{name}.conf", "-extensions", name)
        self.openssl("x509", "-req", *files, "-days", "30", "-sha256", *how)

    def signed_mail(self, address: str) -> bytes:
        """The first mail of somebody new."""
        name = address.partition("@")[0]
        usage = "keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection\n"
        (self.folder / f"{name}.conf").write_text(f"[{name}]\n{usage}subjectAltName=email:{address}\nsubjectKeyIdentifier=hash\n")
        self.openssl("req", *RSA, "-keyout", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        self.sign(name, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        header = ("-from", address, "-to", BOB, "-subject", "hello")
        signed = self.openssl("cms", "-sign", "-signer", f"{name}.pem", "-inkey", f"{name}.key", *header, given=b"hello\n")
        return signed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def opened(self, mail: bytes, address: str) -> bytes:
        name = address.partition("@")[0]
        return self.openssl("cms", "-decrypt", "-recip", f"{name}.pem", "-inkey", f"{name}.key", given=mail)

    def cannot_open(self, mail: bytes, address: str) -> bool:
        try:
            return not self.opened(mail, address)
        except AssertionError:
            return True


class Gateway:
    """Postfix, the filter and the sink, with two correspondents."""

    def __init__(self, folder: Path, mode: str, milter: str | None = None) -> None:
        self.folder, self.people = folder, People(folder)
        self.smtp, next_port, self.filter_port, back, milter_port = free_ports(5)
        self.file = folder / "postseal.toml"
        self.file.write_text(CONFIGURATION.format(mode=mode, filter=self.filter_port, back=back, milter=milter_port))
        self.sink = Sink(next_port)
        self.programs = dict[str, Program]()
        # Whose folders everybody may pass through, which those of pytest are not for.
        self.postfix = tempfile.TemporaryDirectory(prefix="postseal-postfix-", ignore_cleanup_errors=True)
        try:
            self.start(milter, milter_port, [str(port) for port in (self.smtp, next_port, self.filter_port, back)])
        except BaseException:
            self.close()
            raise

    def start(self, milter: str | None, milter_port: int, ports: list[str]) -> None:
        if milter is not None:
            self.programs["milter"] = Program([milter, self.file], self.folder / "milter.log", milter_port)
        who = f"inet:127.0.0.1:{milter_port}" if milter else "-"
        postfix: list[str | Path] = [RUN, self.postfix.name, *ports[:2], who, *ports[2:]]
        self.programs["postfix"] = Program(postfix, self.folder / "postfix.log", self.smtp)
        self.start_filter()

    def start_filter(self) -> None:
        program: list[str | Path] = [sys.executable, HERE / "postseal_filter.py", self.file]
        self.programs["filter"] = Program(program, self.folder / "filter.log", self.filter_port)

    def stop_filter(self) -> None:
        self.programs.pop("filter").stop()

    def close(self) -> None:
        for name in ("postfix", "filter", "milter"):
            if name in self.programs:
                self.programs[name].stop()
        self.sink.controller.stop()
        self.postfix.cleanup()

    def comes_in(self, sender: str, mail: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp, local_hostname="client.example") as client:
            client.ehlo()
            client.docmd("XCLIENT", "ADDR=192.0.2.7 LOGIN=[UNAVAILABLE]")
            client.ehlo()
            client.sendmail(sender, [BOB], mail)

    def learns(self, *addresses: str) -> None:
        for address in addresses:
            mail = self.people.signed_mail(address)
            self.comes_in(address, mail)
            arrived = self.sink.wait_for(BOB)[BOB]
            assert arrived.endswith(mail.partition(b"\r\n\r\n")[2]), "what is signed goes on as it is"
            self.sink.got.clear()

    def goes_out(self, *recipients: str, to: str) -> None:
        mail = (
            f"From: {BOB}\r\nTo: {to}\r\nSubject: quarterly figures\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nin confidence \u00fc\r\n"
        )
        with smtplib.SMTP("127.0.0.1", self.smtp, local_hostname="client.example") as client:
            client.ehlo()
            client.docmd("XCLIENT", "ADDR=127.0.0.1 LOGIN=bob")
            client.ehlo()
            client.sendmail(BOB, recipients, mail.encode(), ["BODY=8BITMIME"])

    def queue(self) -> list[dict[str, object]]:
        command = ["postqueue", "-c", f"{self.postfix.name}/etc", "-j"]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": PATH}, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def is_deferred(self) -> bool:
        return [one["queue_name"] for one in self.queue()] == ["deferred"]

    def flush(self) -> None:
        """Postfix tries again, until nothing waits."""

        def is_empty() -> bool:
            command = ["postqueue", "-c", f"{self.postfix.name}/etc", "-f"]
            subprocess.run(command, env={**os.environ, "PATH": PATH}, check=True)
            time.sleep(0.4)
            return not self.queue()

        until("an empty queue", is_empty)

    def is_sealed(self, mail: bytes, address: str) -> None:
        """Nothing of it can be read without the key of this recipient, and everything with it."""
        assert b"enveloped-data" in mail.lower(), mail
        assert not any(secret in mail for secret in SECRETS) and b"X-Postseal" not in mail, mail
        inner = self.people.opened(mail, address)
        assert b"Subject: quarterly figures" in inner and "in confidence \u00fc".encode() in inner, inner


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("filter"), "if-possible")
    try:
        gateway.learns(ALICE, CAROL)
        yield gateway
    finally:
        gateway.close()


@pytest.fixture
def gateway(running: Gateway) -> Gateway:
    running.sink.got.clear()
    return running


def test_mixed_recipients(gateway: Gateway) -> None:
    """One is named, one is hidden, one is unknown."""
    gateway.goes_out(ALICE, NOBODY, CAROL, to=f"{ALICE}, {NOBODY}")
    got = gateway.sink.wait_for(ALICE, CAROL, BOB)
    assert not any(secret in mail for mail in got.values() for secret in SECRETS)
    for address, other in ((ALICE, CAROL), (CAROL, ALICE)):
        gateway.is_sealed(got[address], address)
        assert gateway.people.cannot_open(got[address], other), "it is a message of its own"
    assert b"carol" not in got[ALICE], "nobody learns of the hidden one"
    report = message_from_bytes(got[BOB])
    assert report.get_content_type() == "multipart/report" and NOBODY in report.as_string()
    assert [mail.mail_from for mail in gateway.sink.got if BOB in mail.rcpt_tos] == ["<>"]
    assert "@" not in (gateway.folder / "filter.log").read_text(), "nobody's address is in the log"


def test_while_the_filter_is_down_the_mail_stays_in_the_queue(gateway: Gateway) -> None:
    gateway.stop_filter()
    gateway.goes_out(ALICE, CAROL, to=ALICE)
    until("deferred", gateway.is_deferred)
    assert not gateway.sink.got
    gateway.start_filter()
    gateway.flush()
    for address, mail in gateway.sink.wait_for(ALICE, CAROL).items():
        gateway.is_sealed(mail, address)


def test_while_the_store_cannot_be_read_the_mail_stays_in_the_queue(gateway: Gateway) -> None:
    """A damaged file says nothing about who has a certificate."""
    store = gateway.folder / "store.db"
    gateway.stop_filter()
    gateway.start_filter()
    whole = store.read_bytes()
    with store.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(len(whole) - 4096))
    gateway.goes_out(ALICE, CAROL, to=ALICE)
    until("deferred", gateway.is_deferred)
    assert not gateway.sink.got and "451 4.7.5 store-unavailable" in json.dumps(gateway.queue())
    gateway.stop_filter()
    for other in ("-wal", "-shm"):
        store.with_name(store.name + other).unlink(missing_ok=True)
    store.write_bytes(whole)
    gateway.start_filter()
    gateway.flush()
    for address, mail in gateway.sink.wait_for(ALICE, CAROL).items():
        gateway.is_sealed(mail, address)


def test_while_the_store_cannot_be_written_signed_mail_stays_in_the_queue(gateway: Gateway) -> None:
    """The disk is full; the same process learns from it when there is room again."""
    import resource

    dora = "dora@partner.example"
    process = gateway.programs["filter"].process.pid
    before = resource.prlimit(process, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    gateway.comes_in(dora, gateway.people.signed_mail(dora))
    until("deferred", gateway.is_deferred)
    assert not gateway.sink.got and "451 4.7.5 store-unavailable" in json.dumps(gateway.queue())
    resource.prlimit(process, resource.RLIMIT_FSIZE, before)
    gateway.flush()
    gateway.sink.wait_for(BOB)
    gateway.sink.got.clear()
    gateway.goes_out(dora, to=dora)
    gateway.is_sealed(gateway.sink.wait_for(dora)[dora], dora)


def test_the_milter_hands_over_what_has_to_become_several(tmp_path: Path) -> None:
    milter = os.environ.get("POSTSEAL_MILTER")
    if not milter:
        pytest.skip("POSTSEAL_MILTER names no postseal-milter")
    gateway = Gateway(tmp_path, "all-or-nothing", milter)
    try:
        gateway.learns(ALICE, CAROL)
        gateway.goes_out(ALICE, CAROL, to=ALICE)
        got = gateway.sink.wait_for(ALICE, CAROL)
        assert len(gateway.sink.got) == 2
        for address, other in ((ALICE, CAROL), (CAROL, ALICE)):
            gateway.is_sealed(got[address], address)
            assert gateway.people.cannot_open(got[address], other)
        assert b"carol" not in got[ALICE]
        # What the milter does itself does not go there.
        gateway.sink.got.clear()
        gateway.stop_filter()
        gateway.goes_out(ALICE, to=ALICE)
        gateway.is_sealed(gateway.sink.wait_for(ALICE)[ALICE], ALICE)
        # What it does not do waits for the filter, and goes nowhere else.
        gateway.sink.got.clear()
        gateway.goes_out(ALICE, CAROL, to=ALICE)
        until("deferred", gateway.is_deferred)
        assert not gateway.sink.got
        gateway.start_filter()
        gateway.flush()
        for address, mail in gateway.sink.wait_for(ALICE, CAROL).items():
            gateway.is_sealed(mail, address)
    finally:
        gateway.close()
