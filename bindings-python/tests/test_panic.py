"""A mistake of the engine becomes an exception. Only a wheel with the feature `test-panic` makes one: `test.sh` builds it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from conftest import ALICE, NOW, PLAIN, SIGNED, OwnStore, Trace, engine

from postseal import ApiMisuse, Code, Unavailable, _postseal

arm: Callable[[], None] | None = getattr(_postseal, "test_panic", None)
pytestmark = pytest.mark.skipif(arm is None, reason="the wheel was built without the feature test-panic")


def panics(call: Callable[[], object]) -> None:
    """The next call panics, says so, and the one after it does not."""
    assert arm is not None
    arm()
    with pytest.raises(Unavailable) as caught:
        call()
    assert caught.value.code is Code.INTERNAL_ERROR and caught.value.__cause__ is None


def test_every_call_of_an_engine() -> None:
    store, trace = OwnStore(), Trace()
    host = engine(store=store, tracer=trace)
    calls: list[Callable[[], object]] = [
        lambda: host.import_mail(SIGNED[ALICE], now=NOW),
        lambda: host.encrypt(PLAIN, [ALICE], now=NOW),
        lambda: host.entries(),
        lambda: host.import_operation(SIGNED[ALICE], now=NOW),
        lambda: host.encrypt_operation(PLAIN, [ALICE], now=NOW),
    ]
    for call in calls:
        panics(call)
    # The call counts as not done, and the engine goes on.
    assert not store.kept and not trace
    assert host.import_mail(SIGNED[ALICE], now=NOW).outcome == "imported"
    assert len(store.kept) == 1


def test_every_call_of_an_operation() -> None:
    calls: list[Callable[[Any, Any], object]] = [
        lambda operation, question: operation.poll(),
        lambda operation, question: operation.handle(question.unavailable("x")),
    ]
    for call in calls:
        operation = engine().import_operation(SIGNED[ALICE], now=NOW)
        question = operation.poll()
        panics(partial(call, operation, question))
        # What it had half done is gone.
        with pytest.raises(ApiMisuse) as spent:
            operation.poll()
        assert spent.value.code is Code.HANDLE_IN_USE


def test_inside_of_a_callback() -> None:
    class Clumsy(OwnStore):
        def find(self, query: Any, /) -> Any:
            panics(lambda: other.entries())
            return super().find(query)

    other = engine()
    assert engine(store=Clumsy()).import_mail(SIGNED[ALICE], now=NOW).outcome == "imported"


def test_of_another_thread_is_nothing_to_this_one() -> None:
    assert arm is not None
    thread = threading.Thread(target=arm)
    thread.start()
    thread.join()
    assert list(engine().entries()) == []


def test_where_only_pyo3_stands_between() -> None:
    at_once: Callable[[], None] = getattr(_postseal, "test_panic_at_once")  # noqa: B009
    with pytest.raises(BaseException, match="a test asked for this") as caught:
        at_once()
    assert type(caught.value).__name__ == "PanicException" and not isinstance(caught.value, Exception)
