"""Every public function has an example in its documentation, and each of them runs."""

from __future__ import annotations

import asyncio
import doctest
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import ALICE, MAIL, PLAIN, SIGNED, OwnStore, Trace, engine

import postseal
from postseal import Entry, FindStored, PutOutcome, PutStored

# What only the engine makes, or the host writes itself, has no function to show.
MADE_BY_THE_ENGINE = {"Answer", "Change", "DirectoryReply", "PutOutcome", "Wait", "Done", "Engine"}


def public() -> dict[str, Any]:
    """Public functions, and classes that are called, by their names."""
    found = dict[str, Any]()
    for name in postseal.__all__:
        thing = getattr(postseal, name)
        if inspect.isbuiltin(thing) or inspect.isfunction(thing):
            found[name] = thing
        elif inspect.isclass(thing) and thing.__module__ == "postseal":
            if "__new__" in vars(thing):
                found[name] = thing
            keys = [key for key in vars(thing) if not key.startswith("_")]
            methods = {key: getattr(thing, key) for key in keys if callable(getattr(thing, key))}
            found |= {f"{name}.{key}": value for key, value in methods.items()}
    found |= {f"aio.{name}": getattr(postseal.aio, name) for name in postseal.aio.__all__}
    return found | {"Event.as_json": postseal.Event.as_json}


class AsyncStore:
    """An own store, awaited."""

    def __init__(self, own: OwnStore) -> None:
        self.own = own

    async def find(self, query: FindStored, /) -> Sequence[Entry]:
        return self.own.find(query)

    async def put(self, query: PutStored, /) -> PutOutcome:
        return self.own.put(query)


def names(name: str, folder: Path) -> dict[str, Any]:
    """What the examples work with."""
    (folder / "anchors.pem").write_bytes((MAIL / "anchors.pem").read_bytes())
    (folder / "postseal.toml").write_text('trust = ["anchors.pem"]\nimport = true\nstore = "sqlite:other.db"')
    events, store, fresh = Trace(), OwnStore(), OwnStore()
    sqlite = postseal.SqliteStore(folder / "sqlite.db")
    learned = engine(store=store, tracer=events)
    learned.import_mail(SIGNED[ALICE])
    operation = engine().import_operation(SIGNED[ALICE])
    find: Any = operation.poll()
    operation.handle(find.answer([Entry.absent(ALICE)]))
    put: Any = operation.poll()
    if name == "SqliteStore.entries":
        sqlite.put(put.query)
    empty = name in ("Engine.import_mail", "aio.import_mail")
    values = {"events": events, "store": store, "sqlite": sqlite, "put": put.query, "stored": store.entries("default")[0].active}
    values |= {"engine": engine(store=fresh) if empty else learned, "astore": AsyncStore(fresh if empty else store)}
    values |= {"importing": engine().import_operation(SIGNED[ALICE]), "encrypting": learned.encrypt_operation(PLAIN, ALICE)}
    return values | {"postseal": postseal, "asyncio": asyncio, "folder": folder, "signed": SIGNED[ALICE], "plain": PLAIN}


@pytest.mark.parametrize("name", public())
def test_the_example_of_the_reference_runs(name: str, tmp_path: Path) -> None:
    documentation = inspect.getdoc(public()[name]) or ""
    example = doctest.DocTestParser().get_doctest(documentation, names(name, tmp_path), name, None, None)
    assert example.examples, f"{name} has no example"
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL, verbose=False)
    said = list[str]()
    assert runner.run(example, out=said.append).failed == 0, "".join(said)
