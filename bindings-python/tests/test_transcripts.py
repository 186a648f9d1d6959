"""The conversations of `transcripts/`, which every language replays: the same questions, the same end, the same trace."""

from __future__ import annotations

import tomllib
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from conftest import ROOT, OwnStore, Trace

import postseal
from postseal import (
    WAIT,
    Answer,
    ApiMisuse,
    DirectoryReply,
    Done,
    Encryption,
    Engine,
    Entry,
    FetchCrlQuestion,
    FetchIssuerQuestion,
    FetchOcspQuestion,
    FindStoredQuestion,
    ImportReport,
    LentCertificate,
    PostsealError,
    PutOutcome,
    PutStoredQuestion,
    Question,
    RecipientReport,
    ResolveDirectoryQuestion,
    StoredCert,
    Unsealed,
)

Table: TypeAlias = dict[str, Any]
FOLDER = ROOT / "transcripts"
FILES = sorted(FOLDER.glob("*.toml"))
Operation: TypeAlias = postseal.ImportOperation | postseal.EncryptOperation


def test_there_are_transcripts() -> None:
    if not FILES:
        pytest.skip("SKIPPED: there is no transcript in transcripts/; nothing was replayed")
    assert len(FILES) >= 18


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_conversation_is_the_same(path: Path) -> None:
    transcript = tomllib.loads(path.read_text())
    trace = Trace()
    player = Player(transcript, Engine.from_text(transcript["configuration"], FOLDER, tracer=trace))
    player.begin()
    for turn in transcript.get("turn", []):
        player.turn(turn)
    assert player.end() == transcript["outcome"]
    player.close()
    events = [{name: value for name, value in event.as_json().items() if value is not None} for event in trace]
    assert events == transcript.get("event", [])


class Player:
    """Replays one transcript."""

    def __init__(self, transcript: Table, engine: Engine) -> None:
        self.transcript = transcript
        self.engine = engine
        self.operation: Operation | None = None
        self.open: dict[int, Question] = {}
        self.answered: dict[int, Question] = {}
        self.asked = 0
        self.outcome: Table | None = None

    def begin(self) -> None:
        try:
            self.operation = start(self.engine, self.transcript)
        except Unsealed as unsealed:
            self.outcome = sealed_outcome(None, unsealed)
        except PostsealError as error:
            self.outcome = {"error": said(error)}

    def close(self) -> None:
        if self.operation is not None:
            self.operation.close()

    def turn(self, turn: Table) -> None:
        assert self.operation is not None
        if "ask" in turn:
            question = self.operation.poll()
            assert question is not WAIT and not isinstance(question, Done | postseal.Wait)
            self.asked += 1
            assert shown(question) | {"number": self.asked} == turn["ask"]
            self.open[self.asked] = question
        elif "wait" in turn:
            assert self.operation.poll() is WAIT
        elif "answer" in turn:
            number = turn["answer"]["to"]
            question = self.answered[number] = self.open.pop(number)
            self.operation.handle(answer(question, turn["answer"]))
        else:
            self.misuse(self.operation, turn["misuse"])

    def misuse(self, operation: Operation, misuse: Table) -> None:
        action: Callable[[], object]
        match misuse["kind"]:
            case "foreign-answer":
                other = start(Engine.from_text(self.transcript["configuration"], FOLDER), self.transcript)
                question = other.poll()
                assert not isinstance(question, Done | postseal.Wait)
                foreign = question.unavailable("of another operation")
                action = lambda: operation.handle(foreign)
            case "answer-twice":
                answered = self.answered[misuse["to"]]
                action = lambda: answered.unavailable("again")
            case "answer-kind":
                action = lambda: of_another_kind(self.open[misuse["to"]])
            case "poll-after-done":
                self.outcome = self.end()
                action = operation.poll
            case kind:
                pytest.fail(f"a kind of misuse that this player does not know: {kind}")
        with pytest.raises(ApiMisuse) as caught:
            action()
        assert said(caught.value) | {"kind": misuse["kind"]} == {k: v for k, v in misuse.items() if k != "to"}

    def end(self) -> Table:
        if self.outcome is not None:
            return self.outcome
        assert self.operation is not None
        recipients: Callable[[], tuple[RecipientReport, ...] | None] = lambda: getattr(self.operation, "recipients")
        try:
            step = self.operation.poll()
        except Unsealed as unsealed:
            return sealed_outcome(recipients(), unsealed)
        assert isinstance(step, Done)
        if isinstance(step.result, Encryption):
            return sealed_outcome(recipients(), step.result)
        return imported_outcome(step.result)


def start(engine: Engine, transcript: Table) -> Operation:
    mail, nonce = b64decode(transcript["mail"]), transcript.get("ocsp_nonce")
    tenant, route, now = transcript["tenant"], transcript.get("route"), transcript["now"]
    ocsp_nonce = None if nonce is None else bytes.fromhex(nonce)
    if transcript["operation"] == "import":
        dry_run = transcript.get("dry_run", False)
        return engine.import_operation(
            mail, tenant=tenant, route=route, now=now, dry_run=dry_run, ocsp_nonce=ocsp_nonce
        )
    to, bcc = transcript.get("visible", []), transcript.get("hidden", [])
    return engine.encrypt_operation(mail, to, bcc, tenant=tenant, route=route, now=now, ocsp_nonce=ocsp_nonce)


def shown(question: Question) -> Table:
    match question:
        case FindStoredQuestion(query=query):
            return {"question": "find-stored", "tenant": query.tenant, "addresses": list(query.addresses)}
        case PutStoredQuestion(query=query):
            change = {"change": query.change.kind, "fingerprint": query.change.fingerprint}
            head = {"question": "put-stored", "tenant": query.tenant, "address": query.address}
            return head | {"expect": query.expect} | change
        case ResolveDirectoryQuestion(query=query):
            head = {"question": "resolve-directory", "tenant": query.tenant, "directory": query.directory}
            return head | {"addresses": list(query.addresses)}
        case FetchCrlQuestion(query=query):
            return {"question": "fetch-crl", "at": query.at, "limit": query.limit}
        case FetchIssuerQuestion(query=query):
            return {"question": "fetch-issuer", "at": query.at, "limit": query.limit}
        case FetchOcspQuestion(query=query):
            return {"question": "fetch-ocsp", "at": query.at, "request": b64encode(query.request).decode(), "limit": query.limit}


def entry(table: Table) -> Entry:
    certs = [(stored(cert), cert["state"]) for cert in table["certs"]]
    return Entry(table["address"], table["version"], certs)


def stored(cert: Table) -> StoredCert:
    capabilities = b64decode(cert["capabilities"]) if "capabilities" in cert else None
    return StoredCert(
        b64decode(cert["der"]),
        [b64decode(issuer) for issuer in cert["issuers"]],
        cert["issuer_key"],
        capabilities,
        cert.get("signed_at"),
        cert["source"],
        cert["imported_at"],
    )


def reply(table: Table) -> DirectoryReply:
    if "unavailable" in table:
        return DirectoryReply.unavailable(table["unavailable"])
    if "not_found" in table:
        return DirectoryReply.not_found()
    return DirectoryReply.found([lent(loan) for loan in table["found"]])


def lent(loan: Table) -> LentCertificate:
    return LentCertificate(
        b64decode(loan["der"]),
        issuers=[b64decode(issuer) for issuer in loan["issuers"]],
        capabilities=b64decode(loan["capabilities"]) if "capabilities" in loan else None,
        signed_at=loan.get("signed_at"),
        preferred=loan["preferred"],
    )


def answer(question: Question, given: Table) -> Answer:
    if "unavailable" in given:
        return question.unavailable(given["unavailable"])
    match question:
        case FindStoredQuestion():
            return question.answer([entry(table) for table in given["entries"]])
        case PutStoredQuestion():
            conflict = given.get("conflict")
            return question.answer(PutOutcome.stored() if conflict is None else PutOutcome.conflict(entry(conflict)))
        case ResolveDirectoryQuestion():
            return question.answer([reply(table) for table in given["replies"]])
        case FetchCrlQuestion() | FetchOcspQuestion() | FetchIssuerQuestion():
            return question.answer(b64decode(given["body"]))


def of_another_kind(question: Any) -> object:
    fetches = isinstance(question, FetchCrlQuestion | FetchOcspQuestion | FetchIssuerQuestion)
    return question.answer(PutOutcome.stored() if fetches else b"")


def said(error: PostsealError) -> Table:
    table = {"code": error.name, "number": error.number, "fault": str(error.fault)}
    return table if error.offset is None else table | {"offset": error.offset}


def imported_outcome(report: ImportReport) -> Table:
    names = ("outcome", "message_id", "address", "fingerprint", "not_before", "not_after", "candidate", "unavailable")
    table = {name: getattr(report, name) for name in (*names, "signature", "path")}
    error = {} if report.error is None else said(report.error)
    return {name: value for name, value in table.items() if value is not None} | error


def recipient(report: RecipientReport) -> Table:
    rejected = [
        {"source": one.source, "code": one.error.name}
        | ({} if one.fingerprint is None else {"fingerprint": one.fingerprint})
        for one in report.rejected
    ]
    found = [{"source": one.source, "fingerprint": one.fingerprint} for one in report.found]
    table: Table = {"address": report.address, "hidden": report.hidden, "outcome": report.outcome, "found": found}
    table |= {"rejected": rejected, "needs_operator": report.needs_operator}
    table |= {} if report.error is None else {"code": report.error.name}
    return table | ({} if report.unavailable is None else {"unavailable": report.unavailable})


def sealed_outcome(reports: tuple[RecipientReport, ...] | None, outcome: Encryption | Unsealed) -> Table:
    table: Table = {"recipients": [recipient(report) for report in reports or ()]}
    if isinstance(outcome, Unsealed):
        return table | said(outcome) | {"left_out": [report.address for report in outcome.recipients]}
    messages = [
        {"addresses": list(one.addresses), "hidden": one.hidden, "content_encryption": one.content_encryption}
        for one in outcome.messages
    ]
    left_out = [report.address for report in outcome.left_out]
    flags = {"plaintext_allowed": outcome.plaintext_allowed, "is_passed": outcome.is_passed}
    return table | {"messages": messages, "left_out": left_out} | flags


def test_a_difference_is_seen() -> None:
    """The player is no better than its comparison: a transcript that says something else must fail."""
    path = FOLDER / "import-first.toml"
    if not path.exists():
        pytest.skip("SKIPPED: there is no transcripts/import-first.toml")
    for change in ('outcome = "imported"', "version = 0"):
        text = path.read_text()
        assert change in text
        other = change.replace("imported", "renewed").replace("version = 0", "version = 7")
        transcript = tomllib.loads(text.replace(change, other))
        player = Player(transcript, Engine.from_text(transcript["configuration"], FOLDER, store=OwnStore()))
        player.begin()
        with pytest.raises(AssertionError):
            for turn in transcript["turn"]:
                player.turn(turn)
            assert player.end() == transcript["outcome"]
