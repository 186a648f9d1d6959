"""The coroutines: the same results, all questions at once, and nothing left behind when they are cancelled."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
from conftest import ALICE, BOB, CAROL, NOW, PLAIN, SIGNED, STAFF, TRUST, OwnDirectory, OwnStore, Trace, engine

import postseal
from postseal import DirectoryReply, Entry, FindStored, PutOutcome, PutStored, ResolveDirectory, Unsealed, aio

Certificates = dict[str, tuple[bytes, tuple[bytes, ...]]]
TWO = STAFF.replace('["staff"]', '["staff", "more"]') + '[directory.more]\nkind = "host"\ndomains = ["goal.example"]\n'
# A recipient of each directory alone, so that both are asked at the same time.
SPLIT = (
    TRUST
    + 'directories = ["staff", "more"]\n[directory.staff]\nkind = "host"\ndomains = ["goal.example"]\n'
    + '[directory.more]\nkind = "host"\ndomains = ["other.example"]\n'
)


class Gate:
    """Counts the steps of the host, and stops for good at one of them."""

    def __init__(self, stop: int | None = None) -> None:
        self.steps = 0
        self.stop = stop
        self.stopped = asyncio.Event()

    async def step(self) -> None:
        self.steps += 1
        if self.steps == self.stop:
            self.stopped.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)


class AsyncStore:
    """An asynchronous store: a step before and after each of its works."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.own = OwnStore()

    async def find(self, query: FindStored, /) -> Sequence[Entry]:
        await self.gate.step()
        found = self.own.find(query)
        await self.gate.step()
        return found

    async def put(self, query: PutStored, /) -> PutOutcome:
        await self.gate.step()
        outcome = self.own.put(query)
        await self.gate.step()
        return outcome


class AsyncDirectory:
    """An asynchronous directory: a step before and after its work."""

    def __init__(self, gate: Gate, lends: Certificates) -> None:
        self.gate = gate
        self.own = OwnDirectory(lends)
        self.open = 0

    async def resolve(self, query: ResolveDirectory, /) -> Sequence[DirectoryReply]:
        self.open += 1
        try:
            await self.gate.step()
            replies = self.own.resolve(query)
            await self.gate.step()
            return replies
        finally:
            self.open -= 1


def test_import_and_encrypt() -> None:
    async def work() -> None:
        learning, store = engine(), AsyncStore(Gate())
        report = await aio.import_mail(learning, SIGNED[ALICE], store=store, now=NOW)
        assert report.outcome == "imported" and len(store.own.kept) == 1
        again = await aio.import_mail(learning, SIGNED[ALICE], store=store, now=NOW)
        assert again.outcome == "already-known"
        encryption = await aio.encrypt(learning, PLAIN, ALICE, store=store, now=NOW)
        assert encryption.messages[0].addresses == (ALICE,)
        with pytest.raises(Unsealed) as caught:
            await aio.encrypt(learning, PLAIN, [ALICE, BOB], store=store, now=NOW)
        assert [report.address for report in caught.value.recipients] == [BOB]

    asyncio.run(work())


def test_all_open_questions_are_asked_at_the_same_time(certificates: Certificates) -> None:
    async def work() -> None:
        both = asyncio.Barrier(2)

        class Meeting(AsyncDirectory):
            async def resolve(self, query: ResolveDirectory, /) -> Sequence[DirectoryReply]:
                # Nobody passes alone.
                await both.wait()
                return await super().resolve(query)

        gate = Gate()
        staff, more = Meeting(gate, certificates), Meeting(gate, {})
        sealing = engine(SPLIT + '[encrypt]\nmode = "if-possible"\n')
        async with asyncio.timeout(10):
            encryption = await aio.encrypt(
                sealing,
                PLAIN,
                [ALICE, "dora@other.example"],
                store=AsyncStore(gate),
                directories={"staff": staff, "more": more},
                now=NOW,
            )
        assert encryption.messages[0].addresses == (ALICE,)
        assert [report.outcome for report in encryption.left_out] == ["not-found"]
        assert staff.own.asked == [(ALICE,)] and more.own.asked == [("dora@other.example",)]

    asyncio.run(work())


def test_what_raises_or_answers_nonsense_did_not_answer(certificates: Certificates) -> None:
    class Raising(AsyncStore):
        async def find(self, query: FindStored, /) -> Sequence[Entry]:
            raise ConnectionError

    class Nonsense(AsyncStore):
        async def put(self, query: PutStored, /) -> Any:
            return None

    class Down(AsyncDirectory):
        async def resolve(self, query: ResolveDirectory, /) -> Sequence[DirectoryReply]:
            raise TimeoutError

    async def work() -> None:
        gate, learning = Gate(), engine(STAFF)
        report = await aio.import_mail(learning, SIGNED[ALICE], store=Raising(gate), now=NOW)
        assert (report.outcome, report.unavailable) == ("deferred", "ConnectionError")
        assert isinstance(report.cause, ConnectionError)
        report = await aio.import_mail(learning, SIGNED[ALICE], store=Nonsense(gate), now=NOW)
        assert report.outcome == "deferred" and isinstance(report.cause, postseal.ApiMisuse)
        down: dict[str, postseal.AsyncDirectory] = {"staff": Down(gate, {})}
        for directories in (down, None):
            with pytest.raises(Unsealed) as caught:
                await aio.encrypt(learning, PLAIN, ALICE, store=AsyncStore(gate), directories=directories, now=NOW)
            assert caught.value.is_temporary
            assert isinstance(caught.value.__cause__, TimeoutError) is (directories is down)

    asyncio.run(work())


async def _cancelled_at(stop: int, work: Coroutine[Any, Any, object], gate: Gate) -> bool:
    """Cancels the work when it has come to its step `stop`; whether it came there."""
    task = asyncio.ensure_future(work)
    reached = asyncio.ensure_future(gate.stopped.wait())
    await asyncio.wait({task, reached}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        reached.cancel()
        await task
        return False
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return True


def test_an_import_that_is_cancelled_leaves_nothing_behind() -> None:
    async def work() -> int:
        for stop in range(1, 100):
            gate, trace = Gate(stop), Trace()
            store = AsyncStore(gate)
            learning = engine(tracer=trace)
            coroutine = aio.import_mail(learning, SIGNED[ALICE], store=store, now=NOW)
            if not await _cancelled_at(stop, coroutine, gate):
                assert store.own.kept and trace.names[-1] == "imported"
                return stop
            # Either all of it was stored, by the store's own last step, or nothing.
            versions = [entry.version for entry in store.own.kept.values()]
            assert versions in ([], [1]) and "imported" not in trace.names
            # The mail comes again, and is imported or known.
            gate.stop = None
            again = await aio.import_mail(learning, SIGNED[ALICE], store=store, now=NOW)
            assert again.outcome == ("already-known" if versions else "imported")
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return 0

    assert asyncio.run(work()) == 5


def test_an_encryption_that_is_cancelled_keeps_nothing_that_was_lent(certificates: Certificates) -> None:
    async def work() -> tuple[int, int]:
        discarded_early = 0
        for stop in range(1, 100):
            gate, trace = Gate(stop), Trace()
            store = AsyncStore(gate)
            lends = {ALICE: certificates[ALICE]}
            staff, more = AsyncDirectory(gate, lends), AsyncDirectory(gate, {BOB: certificates[BOB]})
            directories = {"staff": staff, "more": more}
            coroutine = aio.encrypt(
                engine(TWO, tracer=trace), PLAIN, [ALICE, BOB], store=store, directories=directories, now=NOW
            )
            if not await _cancelled_at(stop, coroutine, gate):
                assert trace.names.count("lent-discarded") == 2 and "sealed" in trace.names
                return stop, discarded_early
            found = trace.names.count("recipient-found")
            assert trace.names.count("lent-discarded") == found
            discarded_early += found
            assert "lent-used" not in trace.names and "sealed" not in trace.names
            assert store.own.kept == {} and staff.open == more.open == 0
            assert asyncio.all_tasks() == {asyncio.current_task()}
            gc.collect()
        return 0, 0

    steps, discarded = asyncio.run(work())
    assert steps == 7 and discarded == 2


def test_cancelling_cancels_every_open_question(certificates: Certificates) -> None:
    async def work() -> None:
        gate = Gate()
        blocked, waiting = asyncio.Event(), list[str]()

        class Blocking(AsyncDirectory):
            async def resolve(self, query: ResolveDirectory, /) -> Sequence[DirectoryReply]:
                waiting.append(query.directory)
                if len(waiting) == 2:
                    blocked.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    waiting.remove(query.directory)
                return []

        first, second = Blocking(gate, {}), Blocking(gate, {})

        task = asyncio.ensure_future(
            aio.encrypt(
                engine(SPLIT),
                PLAIN,
                [ALICE, "dora@other.example"],
                store=AsyncStore(gate),
                directories={"staff": first, "more": second},
                now=NOW,
            )
        )
        await blocked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert waiting == [] and asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(work())


def test_a_deadline_of_the_host_ends_it() -> None:
    class Slow(AsyncStore):
        async def find(self, query: FindStored, /) -> Sequence[Entry]:
            await asyncio.Event().wait()
            return []

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await aio.import_mail(engine(), SIGNED[ALICE], store=Slow(Gate()), now=NOW)

    asyncio.run(work())


def test_many_imports_on_one_store_import_each_certificate_once() -> None:
    async def work() -> list[str]:
        learning, store = engine(), AsyncStore(Gate())
        mails = list(SIGNED.values()) * 20
        reports = await asyncio.gather(*(aio.import_mail(learning, mail, store=store, now=NOW) for mail in mails))
        return [report.outcome for report in reports]

    outcomes = asyncio.run(work())
    assert outcomes.count("imported") == 3 and outcomes.count("already-known") == 57


def test_it_needs_no_asyncio(certificates: Certificates) -> None:
    """Driven by hand, as another framework drives its coroutines: what the host awaits comes out of them as it is."""

    class Yield:
        def __await__(self) -> Any:
            yield "a trap of another framework"

    class Store:
        def __init__(self) -> None:
            self.own = OwnStore()

        async def find(self, query: FindStored, /) -> Sequence[Entry]:
            await Yield()
            return self.own.find(query)

        async def put(self, query: PutStored, /) -> PutOutcome:
            await Yield()
            return self.own.put(query)

    class Directory(OwnDirectory):
        async def resolve(self, query: ResolveDirectory, /) -> Sequence[DirectoryReply]:  # type: ignore[override]
            await Yield()
            return super().resolve(query)

    def drive(coroutine: Coroutine[Any, Any, Any]) -> tuple[Any, list[object]]:
        traps = list[object]()
        while True:
            try:
                traps.append(coroutine.send(None))
            except StopIteration as stop:
                return stop.value, traps

    report, traps = drive(aio.import_mail(engine(), SIGNED[CAROL], store=Store(), now=NOW))
    assert report.outcome == "imported" and len(traps) == 2
    directories: Any = {"staff": Directory(certificates), "more": Directory({})}
    coroutine = aio.encrypt(
        engine(SPLIT + '[encrypt]\nmode = "if-possible"\n'),
        PLAIN,
        [ALICE, "dora@other.example"],
        store=Store(),
        directories=directories,
        now=NOW,
    )
    encryption, traps = drive(coroutine)
    assert encryption.messages[0].addresses == (ALICE,) and len(traps) == 3
