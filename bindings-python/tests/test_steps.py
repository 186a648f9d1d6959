"""Operations step by step, by hand."""

from __future__ import annotations

import gc
import sys
import threading
from collections import UserList
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ALICE, BOB, NOW, PLAIN, SIGNED, STAFF, OwnDirectory, OwnStore, Trace, engine

import postseal
from postseal import (
    WAIT,
    ApiMisuse,
    Code,
    DirectoryReply,
    Done,
    Entry,
    FindStoredQuestion,
    ImportReport,
    PutOutcome,
    PutStoredQuestion,
    ResolveDirectoryQuestion,
)

Certificates = dict[str, tuple[bytes, tuple[bytes, ...]]]


def test_an_import_in_steps() -> None:
    store = OwnStore()
    with engine().import_operation(SIGNED[ALICE], now=NOW) as operation:
        find = operation.poll()
        assert isinstance(find, FindStoredQuestion) and find.query.addresses == (ALICE,)
        assert operation.poll() is WAIT and repr(WAIT) == "postseal.WAIT"
        operation.handle(find.answer(store.find(find.query)))
        put = operation.poll()
        assert isinstance(put, PutStoredQuestion)
        assert (put.query.expect, put.query.change.kind) == (0, "activate")
        operation.handle(put.answer(store.put(put.query)))
        done = operation.poll()
        assert isinstance(done, Done) and done.result.outcome == "imported"
        with pytest.raises(ApiMisuse) as finished:
            operation.poll()
        assert finished.value.code is Code.POLLED_WHILE_FINISHED
    assert len(store.kept) == 1 and Done[ImportReport] is not None


def test_a_question_is_answered_once_and_with_its_own_kind() -> None:
    operation = engine().import_operation(SIGNED[ALICE], now=NOW)
    question: Any = operation.poll()
    for wrong in (b"", "", None, [1], PutOutcome.stored(), iter([Entry.absent(ALICE)])):
        with pytest.raises(ApiMisuse) as kind:
            question.answer(wrong)
        assert kind.value.code is Code.ANSWER_KIND and isinstance(kind.value.__cause__, TypeError)
    answer = question.answer([Entry.absent(ALICE)])
    for spend, reply in ((question.answer, [Entry.absent(ALICE)]), (question.unavailable, "x")):
        with pytest.raises(ApiMisuse) as answered:
            spend(reply)
        assert answered.value.code is Code.QUESTION_ANSWERED
    operation.handle(answer)
    with pytest.raises(ApiMisuse) as spent:
        operation.handle(answer)
    assert spent.value.code is Code.QUESTION_ANSWERED
    with pytest.raises(TypeError):
        operation.handle("answer")  # type: ignore[arg-type]


def test_what_the_host_raises_while_it_answers_stays_what_it_is() -> None:
    class Lazy(UserList[Entry]):
        def __iter__(self) -> Iterator[Entry]:
            raise ConnectionError

    operation = engine().import_operation(SIGNED[ALICE], now=NOW)
    question: Any = operation.poll()
    with pytest.raises(ConnectionError):
        question.answer(Lazy())
    # The question is still open.
    operation.handle(question.unavailable(ConnectionError("store.db")))
    done = operation.poll()
    assert isinstance(done, Done) and done.result.outcome == "deferred"
    assert done.result.unavailable == "ConnectionError" and isinstance(done.result.cause, ConnectionError)


def test_an_operation_is_used_by_one_call_at_a_time() -> None:
    seen = list[BaseException]()

    def tracer(_: postseal.Event) -> None:
        try:
            operation.poll()
        except ApiMisuse as error:
            seen.append(error)

    operation = engine(tracer=tracer).import_operation(SIGNED[ALICE], now=NOW)
    while not isinstance(step := operation.poll(), Done):
        assert not isinstance(step, postseal.Wait)
        operation.handle(step.unavailable("none"))
    assert {error.code for error in seen if isinstance(error, ApiMisuse)} == {Code.HANDLE_IN_USE}


def test_a_closed_operation_asks_nothing() -> None:
    operation = engine().import_operation(SIGNED[ALICE], now=NOW)
    question: Any = operation.poll()
    operation.close()
    operation.close()
    for use in (operation.poll, lambda: operation.handle(question.unavailable("x"))):
        with pytest.raises(ApiMisuse) as caught:
            use()
        assert caught.value.code is Code.HANDLE_IN_USE


def test_many_threads_on_one_operation_end_with_one_result() -> None:
    for _ in range(20):
        operation = engine().import_operation(SIGNED[ALICE], now=NOW, dry_run=True)
        question: Any = operation.poll()
        answer = question.answer([Entry.absent(ALICE)])
        results, start = list[object](), threading.Barrier(4)

        def work() -> None:
            start.wait()
            for use in (lambda: operation.handle(answer), operation.poll):
                try:
                    results.append(use())
                except ApiMisuse as error:
                    results.append(error.code)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Whoever came while another call was at work lost nothing: the answer is taken once.
        if results.count(None) == 0:
            operation.handle(answer)
        with pytest.raises(ApiMisuse) as spent:
            operation.handle(answer)
        assert spent.value.code is Code.QUESTION_ANSWERED
        done: list[Any] = [result for result in results if isinstance(result, Done)]
        last: Any = done[0] if done else operation.poll()
        assert len(done) <= 1 and isinstance(last, Done) and results.count(None) <= 1


TWO = STAFF.replace('["staff"]', '["staff", "more"]').replace(
    'kind = "host"\n', 'kind = "host"\ndomains = ["goal.example"]\n[directory.more]\nkind = "host"\ndomains = ["other.example"]\n'
)


def test_an_answer_that_comes_while_another_call_is_at_work_is_not_lost(certificates: Certificates) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def tracer(_: postseal.Event) -> None:
        at_work.set()
        assert go_on.wait(60)

    directory, zoe = OwnDirectory(certificates), "zoe@other.example"
    operation: Any = engine(TWO, tracer=tracer).encrypt_operation(PLAIN, [ALICE, zoe], now=NOW)
    operation.handle(operation.poll().answer([Entry.absent(ALICE), Entry.absent(zoe)]))
    staff, more = operation.poll(), operation.poll()
    operation.handle(staff.answer(directory.resolve(staff.query)))
    answer = more.answer(directory.resolve(more.query))
    polling = threading.Thread(target=operation.poll)
    polling.start()
    assert at_work.wait(60)
    with pytest.raises(ApiMisuse) as busy:
        operation.handle(answer)
    go_on.set()
    polling.join()
    assert busy.value.code is Code.HANDLE_IN_USE
    operation.handle(answer)
    with pytest.raises(postseal.Unsealed) as unsealed:
        operation.poll()
    assert [report.outcome for report in unsealed.value.recipients] == ["not-found"]


def test_an_operation_that_is_closed_while_another_call_is_at_work_stays_closed() -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def tracer(_: postseal.Event) -> None:
        at_work.set()
        assert go_on.wait(60)

    operation = engine(tracer=tracer).import_operation(b"From: a@goal.example\r\n\r\nunsigned", now=NOW)
    polling = threading.Thread(target=operation.poll)
    polling.start()
    assert at_work.wait(60)
    operation.close()
    with pytest.raises(ApiMisuse):
        operation.poll()
    go_on.set()
    polling.join()
    with pytest.raises(ApiMisuse) as closed:
        operation.poll()
    assert closed.value.code is Code.HANDLE_IN_USE


def sealing(certificates: Certificates, trace: Trace) -> tuple[postseal.EncryptOperation, OwnDirectory]:
    directory = OwnDirectory(certificates)
    return engine(STAFF, tracer=trace).encrypt_operation(PLAIN, [ALICE, BOB], now=NOW), directory


def _recipients(operation: postseal.EncryptOperation) -> tuple[postseal.RecipientReport, ...]:
    assert operation.recipients is not None
    return operation.recipients


def test_an_encryption_in_steps(certificates: Certificates) -> None:
    trace = Trace()
    operation, directory = sealing(certificates, trace)
    find = operation.poll()
    assert isinstance(find, FindStoredQuestion) and operation.recipients is None
    operation.handle(find.answer([Entry.absent(ALICE), Entry.absent(BOB)]))
    resolve = operation.poll()
    assert isinstance(resolve, ResolveDirectoryQuestion) and resolve.query.directory == "staff"
    operation.handle(resolve.answer(directory.resolve(resolve.query)))
    done = operation.poll()
    assert isinstance(done, Done) and done.result.messages[0].addresses == (ALICE, BOB)
    assert [report.found[0].source for report in _recipients(operation)] == ["staff", "staff"]
    assert trace.names.count("lent-used") == trace.names.count("lent-discarded") == 2


@pytest.mark.parametrize("end", ["close", "with", "drop", "exception"])
def test_what_was_lent_is_gone_when_the_operation_ends(end: str, certificates: Certificates) -> None:
    trace = Trace()
    directory = OwnDirectory({ALICE: certificates[ALICE]})
    text = STAFF.replace('["staff"]', '["staff", "more"]') + '[directory.more]\nkind = "host"\n'
    operation = engine(text, tracer=trace).encrypt_operation(PLAIN, [ALICE, BOB], now=NOW)
    find: Any = operation.poll()
    operation.handle(find.answer([Entry.absent(ALICE), Entry.absent(BOB)]))
    resolve: Any = operation.poll()
    operation.handle(resolve.answer(directory.resolve(resolve.query)))
    more: Any = operation.poll()
    assert more.query.directory == "more" and more.query.addresses == (BOB,)
    assert "recipient-found" in trace.names and "lent-discarded" not in trace.names
    if end == "close":
        operation.close()
    elif end == "with":
        with operation:
            pass
    elif end == "drop":
        del operation
        gc.collect()
    else:
        held = [operation]
        del operation
        with pytest.raises(ZeroDivisionError):
            _fail_holding(held)
    assert trace.names.count("lent-discarded") == 1 and "lent-used" not in trace.names


def _fail_holding(held: list[Any]) -> None:
    # The last reference goes while the exception is on its way; the tracer is Python all the same.
    last = held.pop()
    try:
        raise ZeroDivisionError
    finally:
        del last


def test_an_interrupt_in_the_tracer_ends_the_operation() -> None:
    def tracer(_: postseal.Event) -> None:
        raise KeyboardInterrupt

    operation = engine(tracer=tracer).import_operation(SIGNED[ALICE], now=NOW)
    with pytest.raises(KeyboardInterrupt):
        operation.poll()
    with pytest.raises(ApiMisuse):
        operation.poll()


@pytest.mark.parametrize("end", ["close", "with"])
def test_an_interrupt_while_what_was_lent_is_given_up_comes_out(end: str, certificates: Certificates) -> None:
    def tracer(event: postseal.Event) -> None:
        if event.name == "lent-discarded":
            raise KeyboardInterrupt

    directory = OwnDirectory({ALICE: certificates[ALICE]})
    operation: Any = engine(TWO, tracer=tracer).encrypt_operation(PLAIN, [ALICE, "zoe@other.example"], now=NOW)
    operation.handle(operation.poll().answer([Entry.absent(ALICE), Entry.absent("zoe@other.example")]))
    staff = operation.poll()
    operation.handle(staff.answer(directory.resolve(staff.query)))
    operation.poll()
    with pytest.raises(KeyboardInterrupt):
        if end == "close":
            operation.close()
        else:
            with operation:
                pass
    operation.close()


def test_a_reply_of_no_use_spends_no_other(certificates: Certificates) -> None:
    operation, directory = sealing(certificates, Trace())
    find: Any = operation.poll()
    operation.handle(find.answer([Entry.absent(ALICE), Entry.absent(BOB)]))
    resolve: Any = operation.poll()
    good = directory.reply(ALICE)
    with pytest.raises(ApiMisuse):
        resolve.answer([good, "nonsense"])
    operation.handle(resolve.answer([good, DirectoryReply.not_found()]))
    with pytest.raises(postseal.Unsealed) as caught:
        operation.poll()
    assert [report.address for report in caught.value.recipients] == [BOB]
    assert sys.getrefcount(good) >= 1
