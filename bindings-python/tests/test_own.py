"""Stores, directories and tracers of the host's own, and what happens when they are of no use."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import signal
import sys
import threading
import time
from collections import Counter, UserList
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest
from conftest import ALICE, BOB, CAROL, MAIL, NOW, PLAIN, SIGNED, STAFF, TRUST, OwnDirectory, OwnStore, Trace, engine

import postseal
from postseal import (
    CertStore,
    Code,
    Directory,
    DirectoryReply,
    Engine,
    Entry,
    LentCertificate,
    PutOutcome,
    SqliteStore,
    Unsealed,
)

Certificates = dict[str, tuple[bytes, tuple[bytes, ...]]]


def store(**methods: Callable[[Any], object]) -> CertStore:
    """A store of which some methods are other ones."""
    good = OwnStore()
    parts = {"find": good.find, "put": good.put, "entries": good.entries} | methods
    return cast(CertStore, SimpleNamespace(**parts))


def raising(error: BaseException) -> Callable[[Any], object]:
    def method(_: object) -> object:
        raise error

    return method


class Endless(UserList[Entry]):
    """A list that says of itself that it is one."""

    def __iter__(self) -> Iterator[Entry]:
        return itertools.repeat(Entry.absent(ALICE))


NONSENSE: dict[str, Callable[[Any], object]] = {
    "nothing": lambda _: None,
    "a text": lambda _: "abc",
    "numbers": lambda _: [1],
    "too few": lambda _: [],
    "too many": lambda _: [Entry.absent(ALICE)] * 3,
    "without end": lambda _: itertools.repeat(Entry.absent(ALICE)),
    "a list without end": lambda _: Endless(),
    "of somebody else": lambda _: [Entry.absent(BOB)],
    "an outcome": lambda _: [PutOutcome.stored()],
    "a directory's": lambda _: [DirectoryReply.not_found()],
    "an exception": lambda _: [ValueError("x")],
}
# What is a list of entries is for the engine to judge.
COUNTED = {"a list without end", "too few", "too many", "of somebody else"}


@pytest.mark.parametrize("kind", NONSENSE)
def test_a_store_that_finds_nonsense_did_not_answer(kind: str) -> None:
    hostile = engine(store=store(find=NONSENSE[kind]))
    report = hostile.import_mail(SIGNED[ALICE], now=NOW)
    assert report.outcome == "deferred" and report.unavailable is not None
    assert report.error is not None and report.error.code is Code.STORE_UNAVAILABLE
    assert isinstance(report.cause, TypeError) is (kind not in COUNTED)
    with pytest.raises(Unsealed) as caught:
        hostile.encrypt(PLAIN, ALICE, now=NOW)
    assert caught.value.is_temporary and caught.value.recipients[0].outcome == "unavailable"
    assert not caught.value.recipients[0].may_get_plaintext
    assert isinstance(caught.value.__cause__, TypeError) is (kind not in COUNTED)


@pytest.mark.parametrize("kind", NONSENSE)
def test_a_store_that_puts_nonsense_did_not_answer(kind: str) -> None:
    report = engine(store=store(put=NONSENSE[kind])).import_mail(SIGNED[ALICE], now=NOW)
    assert report.outcome == "deferred" and isinstance(report.cause, TypeError)


def test_the_exception_of_a_store_is_the_cause() -> None:
    gone = ConnectionError(f"no route while asking about {ALICE}")
    hostile = engine(store=store(find=raising(gone), entries=raising(gone)))
    report = hostile.import_mail(SIGNED[ALICE], now=NOW)
    # The class says what happened; the text of an exception may name persons, and stays with the exception.
    assert (report.outcome, report.unavailable, report.cause) == ("deferred", "ConnectionError", gone)
    assert ALICE not in repr(report)
    with pytest.raises(Unsealed) as unsealed:
        hostile.encrypt(PLAIN, ALICE, now=NOW)
    assert unsealed.value.__cause__ is gone and unsealed.value.recipients[0].unavailable == "ConnectionError"
    with pytest.raises(postseal.Unavailable) as entries:
        hostile.entries()
    assert entries.value.__cause__ is gone
    gone.add_note("it holds what cannot be pickled")
    gone.args = (threading.Lock(),)
    assert pickle.loads(pickle.dumps(report)) == report and pickle.loads(pickle.dumps(report)).cause is None
    putting = engine(store=store(put=raising(gone))).import_mail(SIGNED[ALICE], now=NOW)
    assert (putting.outcome, putting.cause) == ("deferred", gone)


def test_a_store_without_its_methods_did_not_answer() -> None:
    report = engine(store=cast(CertStore, object())).import_mail(SIGNED[ALICE], now=NOW)
    assert report.outcome == "deferred" and isinstance(report.cause, AttributeError)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_what_is_no_exception_comes_out_as_it_is(interrupt: type[BaseException]) -> None:
    stop, asked = interrupt(), list[object]()
    for interrupting in (store(find=raising(stop), put=asked.append), store(put=raising(stop))):
        with pytest.raises(interrupt) as caught:
            engine(store=interrupting).import_mail(SIGNED[ALICE], now=NOW)
        assert caught.value is stop and caught.value.__cause__ is None
    directory = cast(Directory, SimpleNamespace(resolve=raising(stop)))
    for hostile, directories in ((store(find=raising(stop)), None), (None, {"staff": directory})):
        with pytest.raises(interrupt):
            engine(STAFF, store=hostile, directories=directories).encrypt(PLAIN, [ALICE], now=NOW)
    with pytest.raises(interrupt):
        engine(store=store(entries=raising(stop))).entries()
    with pytest.raises(interrupt):
        engine(tracer=raising(stop)).import_mail(SIGNED[ALICE], now=NOW)
    assert asked == []


def test_what_a_signal_raises_is_never_lost() -> None:
    class Alarm(Exception):
        pass

    def handler(*_: object) -> None:
        raise Alarm

    class Signalled(OwnStore):
        def find(self, query: postseal.FindStored, /) -> Sequence[Entry]:
            found = super().find(query)
            # It comes at once, here or within the engine.
            signal.setitimer(signal.ITIMER_REAL, 1e-6)
            return found

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(50):
            own, seen = Signalled(), False
            try:
                report = engine(store=own).import_mail(SIGNED[ALICE], now=NOW)
                seen = isinstance(report.cause, Alarm) and report.outcome == "deferred"
                time.sleep(0 if seen else 5)
            except Alarm:
                seen = True
            assert seen
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_store_that_blocks_is_asked_for_nothing_more() -> None:
    asked = list[object]()

    def slow(query: postseal.FindStored) -> Sequence[Entry]:
        time.sleep(0.2)
        return [Entry.absent(address) for address in query.addresses]

    blocking = engine(store=store(find=slow, put=asked.append))
    report = blocking.import_mail(SIGNED[ALICE], now=NOW, timeout=0.05)
    assert report.outcome == "deferred" and asked == []


def test_a_store_may_use_the_engine_while_it_is_asked() -> None:
    seen = list[str]()

    class Nested(OwnStore):
        depth = 0

        def find(self, query: postseal.FindStored, /) -> Sequence[Entry]:
            if self.depth == 0:
                self.depth = 1
                seen.append(nested.import_mail(SIGNED[BOB], now=NOW).outcome)
                seen.append(str(len(nested.entries())))
            return super().find(query)

    nested = engine(store=Nested())
    assert nested.import_mail(SIGNED[ALICE], now=NOW).outcome == "imported"
    assert seen == ["imported", "1"] and len(nested.entries()) == 2


def test_what_went_wrong_in_a_nested_call_stays_there() -> None:
    class Nested(OwnStore):
        def find(self, query: postseal.FindStored, /) -> Sequence[Entry]:
            inner = engine(store=store(find=raising(ConnectionError())))
            assert inner.import_mail(SIGNED[BOB], now=NOW).outcome == "deferred"
            return super().find(query)

    report = engine(store=Nested()).import_mail(SIGNED[ALICE], now=NOW)
    assert report.outcome == "imported" and report.cause is None


def test_a_conflict_is_decided_again() -> None:
    class Racing(OwnStore):
        lost = 0

        def put(self, query: postseal.PutStored, /) -> PutOutcome:
            if self.lost < 3:
                self.lost += 1
                return PutOutcome.conflict(Entry.absent(query.address))
            return super().put(query)

    racing = Racing()
    assert engine(store=racing).import_mail(SIGNED[ALICE], now=NOW).outcome == "imported" and racing.lost == 3
    always = engine(store=store(put=lambda query: PutOutcome.conflict(Entry.absent(query.address))))
    report = always.import_mail(SIGNED[ALICE], now=NOW)
    assert report.outcome == "deferred" and report.error is not None
    assert report.error.code is Code.STORE_CONTENDED


@pytest.mark.parametrize("kind", ["own", "sqlite"])
def test_eight_threads_import_each_certificate_once(kind: str, tmp_path: Path) -> None:
    own = OwnStore()
    shared = engine(store=own if kind == "own" else SqliteStore(tmp_path / "store.db"))
    outcomes, start = list[str](), threading.Barrier(8)

    def work(first: int) -> None:
        start.wait()
        mails = list(SIGNED.values())
        for turn in range(12):
            outcomes.append(shared.import_mail(mails[(first + turn) % 3], now=NOW).outcome)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {"imported": 3, "already-known": 8 * 12 - 3}
    assert [entry.version for entry in shared.entries()] == [1, 1, 1]
    sealed = shared.encrypt(PLAIN, [ALICE, BOB, CAROL], now=NOW).messages[0]
    assert len(sealed.addresses) == 3


def test_a_directory_lends_for_one_message(certificates: Certificates) -> None:
    directory, own = OwnDirectory(certificates), OwnStore()
    sealing = engine(STAFF, store=own, directories={"staff": directory})
    encryption = sealing.encrypt(PLAIN, [ALICE, BOB], [CAROL], now=NOW)
    assert [message.addresses for message in encryption.messages] == [(ALICE, BOB), (CAROL,)]
    assert directory.asked == [(ALICE, BOB, CAROL)] and own.kept == {}
    with pytest.raises(Unsealed) as caught:
        sealing.encrypt(PLAIN, [ALICE, "nobody@goal.example"], now=NOW)
    assert [report.outcome for report in caught.value.recipients] == ["not-found"]


def test_a_directory_that_the_host_did_not_bring_is_unavailable() -> None:
    with pytest.raises(Unsealed) as caught:
        engine(STAFF).encrypt(PLAIN, ALICE, now=NOW)
    assert caught.value.code is Code.DIRECTORY_UNAVAILABLE and caught.value.is_temporary


def test_a_directory_that_nobody_asks_is_an_error() -> None:
    for text in (STAFF, TRUST):
        with pytest.raises(postseal.ApiMisuse, match=r"\[directory.stafff\]") as caught:
            engine(text, directories={"stafff": OwnDirectory({})})
        assert caught.value.code is Code.DIRECTORY_UNKNOWN


def test_directories_come_in_any_mapping(certificates: Certificates) -> None:
    directories = MappingProxyType({"staff": OwnDirectory(certificates)})
    sealing = Engine.from_text(STAFF, MAIL, store=OwnStore(), directories=directories)
    assert sealing.encrypt(PLAIN, ALICE, now=NOW).messages[0].addresses == (ALICE,)


def test_what_was_stored_under_wider_limits_stays_readable() -> None:
    def element(tag: int, *parts: bytes) -> bytes:
        content = b"".join(parts)
        return bytes([tag, 0x82]) + len(content).to_bytes(2) + content

    none, time = element(0x30), element(0x17, b"260101000000Z")
    extensions = [element(0x30, element(6, b"\x55\x1e" + bytes([number])), element(4)) for number in range(70)]
    version, serial = element(0xA0, element(2, b"\x02")), element(2, b"\x01")
    fields = [version, serial, none, none, element(0x30, time, time), none, none]
    tbs = element(0x30, *fields, element(0xA3, element(0x30, *extensions)))
    der = element(0x30, tbs, none, element(3, b"\x00\x00"))
    assert postseal.StoredCert(der, [der], "00" * 32, None, None, "signed-mail", NOW).der == der


def test_a_certificate_of_somebody_else_is_lent_in_vain(certificates: Certificates) -> None:
    for lent in (certificates[BOB], (b"\x30\x00", ()), (b"", ()), (certificates[ALICE][0], ())):
        directory = OwnDirectory({ALICE: lent})
        with pytest.raises(Unsealed) as caught:
            engine(STAFF, directories={"staff": directory}).encrypt(PLAIN, ALICE, now=NOW)
        (report,) = caught.value.recipients
        assert report.outcome == "unusable" and report.rejected[0].source == "staff" and report.found == ()


def test_a_directory_of_no_use_is_unavailable(certificates: Certificates) -> None:
    der, issuers = certificates[ALICE]

    def spent(_: object) -> object:
        reply = DirectoryReply.found([LentCertificate(der, issuers=issuers)])
        return [reply, reply]

    hostile: dict[str, Callable[[Any], object]] = {
        "raises": raising(TimeoutError()),
        "one reply twice": spent,
        "says so": lambda _: [DirectoryReply.unavailable("ldap1: timeout") for _ in range(2)],
        "says a part": lambda _: [DirectoryReply.partial([LentCertificate(b"junk")], "size limit") for _ in range(2)],
        "says why": lambda _: [DirectoryReply.unavailable(TimeoutError("ldap1")) for _ in range(2)],
        "entries": lambda _: [Entry.absent(ALICE), Entry.absent(BOB)],
    }
    hostile |= {kind: NONSENSE[kind] for kind in NONSENSE if kind != "a directory's"}
    hostile["too few"] = lambda _: [DirectoryReply.not_found()]
    hostile["too many"] = lambda _: [DirectoryReply.not_found() for _ in range(3)]
    for kind, resolve in hostile.items():
        directory = cast(Directory, SimpleNamespace(resolve=resolve))
        with pytest.raises(Unsealed) as caught:
            engine(STAFF, directories={"staff": directory}).encrypt(PLAIN, [ALICE, BOB], now=NOW)
        outcomes = {report.outcome for report in caught.value.recipients}
        assert outcomes == {"unavailable"} and caught.value.is_temporary, kind
        if kind in ("raises", "says why"):
            assert isinstance(caught.value.__cause__, TimeoutError)
            assert caught.value.recipients[0].unavailable == "TimeoutError"
        elif kind == "says so":
            assert caught.value.__cause__ is None and caught.value.recipients[0].unavailable == "ldap1: timeout"
        elif kind not in ("too few", "too many", "says a part"):
            assert isinstance(caught.value.__cause__, TypeError | postseal.ApiMisuse), kind


def test_a_lent_certificate_is_told_gone_even_when_nothing_is_sealed(certificates: Certificates) -> None:
    trace = Trace()
    directory = OwnDirectory({ALICE: certificates[ALICE]})
    with pytest.raises(Unsealed):
        engine(STAFF, directories={"staff": directory}, tracer=trace).encrypt(PLAIN, [ALICE, BOB], now=NOW)
    assert "lent-used" not in trace.names and trace.names.count("lent-discarded") == 1


def test_a_tracer_hears_of_everything() -> None:
    trace = Trace()
    engine(tracer=trace).import_mail(SIGNED[ALICE], now=NOW, route="inbound")
    assert trace.names[0] == "signature-verified" and trace.names[-1] == "imported"
    last = trace[-1]
    assert (last.tenant, last.route, last.address) == ("default", "inbound", ALICE)
    assert last.details["source"] == "signed-mail" and str(last.details["fingerprint"]).startswith("1371b08bd453")
    assert last.as_json()["event"] == "imported" and "address" not in last.as_json(private=False)
    assert isinstance(next(event for event in trace if event.name == "path-verified").details["length"], int)


def unraised(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """The exceptions that nobody can catch."""
    heard = list[BaseException | None]()

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        heard.append(unraisable.exc_value)

    monkeypatch.setattr(sys, "unraisablehook", hook)
    return heard


def test_a_tracer_that_raises_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = unraised(monkeypatch)
    learning = engine(tracer=raising(ValueError("tracer")))
    assert learning.import_mail(SIGNED[ALICE], now=NOW).outcome == "imported"
    assert learning.encrypt(PLAIN, ALICE, now=NOW).messages
    assert len(heard) > 5 and all(isinstance(error, ValueError) for error in heard)


def test_a_tracer_may_use_the_engine() -> None:
    seen = list[int]()
    learning = engine(tracer=lambda event: seen.append(len(learning.entries())))
    assert learning.import_mail(SIGNED[ALICE], now=NOW).outcome == "imported"
    assert seen[0] == 0 and seen[-1] == 1


def test_a_circle_ends_with_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = unraised(monkeypatch)
    learning = engine(tracer=lambda event: learning.import_mail(PLAIN, now=NOW))
    assert learning.import_mail(PLAIN, now=NOW).outcome == "not-signed"
    assert [error.code for error in heard if isinstance(error, postseal.ApiMisuse)] == [Code.HANDLE_IN_USE]
    assert len(heard) == 1
