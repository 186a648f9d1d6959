"""The same engine for coroutines: operations step by step, with the host's own asynchronous store, directories and fetcher.

There is no thread and no runtime of its own. All open questions are carried out at the same time under asyncio, and one after
the other under any other framework. Deadlines are the host's (`asyncio.timeout`). A coroutine that is cancelled leaves nothing
behind: what was asked is cancelled, and what was lent is gone when it ends. Reading and sealing a mail takes the time of the
event loop; for large ones, give `Engine.import_mail` and `Engine.encrypt` to a thread instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from email.message import Message
from typing import Protocol, TypeVar

from postseal._postseal import (
    WAIT,
    Answer,
    Done,
    Engine,
    FetchCrlQuestion,
    FetchIssuerQuestion,
    FetchOcspQuestion,
    FindStoredQuestion,
    PutStoredQuestion,
    ResolveDirectoryQuestion,
    Wait,
)
from postseal._protocols import AsyncCertStore, AsyncDirectory, AsyncFetcher, Question
from postseal._reports import Encryption, ImportReport

__all__ = ["encrypt", "import_mail"]

_T = TypeVar("_T", covariant=True)


class _Operation(Protocol[_T]):
    def poll(self) -> Question | Wait | Done[_T]: ...
    def handle(self, answer: Answer, /) -> None: ...


async def import_mail(
    engine: Engine,
    mail: bytes | bytearray,
    *,
    store: AsyncCertStore,
    fetcher: AsyncFetcher | None = None,
    tenant: str | None = None,
    route: str | None = None,
    now: float | datetime | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """As `Engine.import_mail`, with this store and fetcher instead of the engine's.

    >>> asyncio.run(postseal.aio.import_mail(engine, signed, store=astore)).outcome
    'imported'
    """
    operation = engine.import_operation(mail, tenant=tenant, route=route, now=now, dry_run=dry_run)
    with operation:
        return await _run(operation, _World(store, {}, fetcher).carry_out)


async def encrypt(
    engine: Engine,
    mail: bytes | bytearray | Message,
    to: str | Iterable[str],
    bcc: str | Iterable[str] | None = None,
    *,
    store: AsyncCertStore,
    directories: Mapping[str, AsyncDirectory] | None = None,
    fetcher: AsyncFetcher | None = None,
    tenant: str | None = None,
    route: str | None = None,
    now: float | datetime | None = None,
) -> Encryption:
    """As `Engine.encrypt`, with this store, these directories and this fetcher instead of the engine's.

    >>> encryption = asyncio.run(postseal.aio.encrypt(engine, plain, "alice@goal.example", store=astore))
    >>> encryption.messages[0].addresses
    ('alice@goal.example',)
    """
    operation = engine.encrypt_operation(mail, to, bcc, tenant=tenant, route=route, now=now)
    with operation:
        return await _run(operation, _World(store, directories or {}, fetcher).carry_out)


class _World:
    def __init__(
        self, store: AsyncCertStore, directories: Mapping[str, AsyncDirectory], fetcher: AsyncFetcher | None
    ) -> None:
        self._store = store
        self._directories = directories
        self._fetcher = fetcher

    async def carry_out(self, question: Question) -> Answer:
        # What is no answer leaves the question open, so that it ends here as one that nobody answered.
        try:
            match question:
                case FindStoredQuestion():
                    return question.answer(await self._store.find(question.query))
                case PutStoredQuestion():
                    return question.answer(await self._store.put(question.query))
                case ResolveDirectoryQuestion():
                    directory = self._directories.get(question.query.directory)
                    if directory is None:
                        return question.unavailable("the host has no directory with this name")
                    return question.answer(await directory.resolve(question.query))
                case FetchCrlQuestion() | FetchOcspQuestion() | FetchIssuerQuestion():
                    return await self._fetch(question)
        except Exception as error:
            return question.unavailable(error)

    async def _fetch(self, question: FetchCrlQuestion | FetchOcspQuestion | FetchIssuerQuestion) -> Answer:
        if self._fetcher is None:
            return question.unavailable("the host fetches nothing")
        match question:
            case FetchCrlQuestion():
                return question.answer(await self._fetcher.fetch_crl(question.query))
            case FetchOcspQuestion():
                return question.answer(await self._fetcher.fetch_ocsp(question.query))
            case FetchIssuerQuestion():
                return question.answer(await self._fetcher.fetch_issuer(question.query))


async def _run(operation: _Operation[_T], carry_out: Callable[[Question], Awaitable[Answer]]) -> _T:
    questions: list[Question] = []
    tasks: set[asyncio.Task[Answer]] = set()
    try:
        while True:
            step = operation.poll()
            if isinstance(step, Done):
                return step.result
            if step is not WAIT:
                assert not isinstance(step, Wait)
                questions.append(step)
            elif not tasks and (len(questions) == 1 or not _has_asyncio()):
                # Nothing of asyncio is needed for what is asked alone.
                operation.handle(await carry_out(questions.pop(0)))
            else:
                tasks |= {asyncio.ensure_future(carry_out(question)) for question in questions}
                questions.clear()
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    operation.handle(task.result())
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)


def _has_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
