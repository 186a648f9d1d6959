"""What the tests share: the mails of `examples/mail`, a store, a directory and a tracer that are Python's own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

import postseal
from postseal import DirectoryReply, Engine, Entry, Event, FindStored, LentCertificate, PutOutcome, PutStored

ROOT = Path(__file__).parents[2]
MAIL = ROOT / "examples/mail"
NOW = 1780272000
ALICE, BOB, CAROL = "alice@goal.example", "bob@goal.example", "carol@goal.example"
PLAIN = b"From: eve@goal.example\r\nSubject: hello\r\n\r\nIn confidence.\r\n"
TRUST = 'trust = ["anchors.pem"]\nimport = true\n'
STAFF = TRUST + 'directories = ["staff"]\n[directory.staff]\nkind = "host"\n'


def mail(name: str) -> bytes:
    """A mail of `examples/mail`."""
    return (MAIL / f"{name}.eml").read_bytes()


SIGNED = {ALICE: mail("alice-detached"), BOB: mail("bob-opaque-ber"), CAROL: mail("carol-ecdsa")}


class OwnStore:
    """A store as a host would write it: a dictionary and a lock."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Entry] = {}
        self.lock = threading.Lock()
        self.threads: set[int] = set()

    def find(self, query: FindStored, /) -> Sequence[Entry]:
        with self.lock:
            pairs = zip(query.keys, query.addresses, strict=True)
            return [self.kept.get((query.tenant, key)) or Entry.absent(address) for key, address in pairs]

    def put(self, query: PutStored, /) -> PutOutcome:
        self.threads.add(threading.get_ident())
        with self.lock:
            current = self.kept.get((query.tenant, query.key)) or Entry.absent(query.address)
            if current.version != query.expect:
                return PutOutcome.conflict(current)
            self.kept[query.tenant, query.key] = query.change.apply(current)
            return PutOutcome.stored()

    def entries(self, tenant: str, /) -> Sequence[Entry]:
        with self.lock:
            return [entry for (owner, _), entry in sorted(self.kept.items()) if owner == tenant]


class OwnDirectory:
    """A directory as a host would write it: certificates by address."""

    def __init__(self, lends: dict[str, tuple[bytes, tuple[bytes, ...]]]) -> None:
        self.lends = lends
        self.asked: list[tuple[str, ...]] = []

    def resolve(self, query: postseal.ResolveDirectory, /) -> Sequence[DirectoryReply]:
        self.asked.append(query.addresses)
        return [self.reply(address) for address in query.addresses]

    def reply(self, address: str) -> DirectoryReply:
        if address not in self.lends:
            return DirectoryReply.not_found()
        der, issuers = self.lends[address]
        return DirectoryReply.found([LentCertificate(der, issuers=issuers)])


class Trace(list[Event]):
    """A tracer that remembers."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self]


def engine(
    text: str = TRUST,
    *,
    store: postseal.CertStore | None = None,
    directories: dict[str, postseal.Directory] | None = None,
    tracer: postseal.Tracer | None = None,
    fetcher: postseal.Fetcher | None = None,
) -> Engine:
    """An engine that trusts the anchors of `examples/mail`, with a store of its own unless one is given."""
    store = OwnStore() if store is None else store
    return Engine.from_text(text, MAIL, store=store, directories=directories, tracer=tracer, fetcher=fetcher)


@pytest.fixture(scope="session")
def certificates() -> dict[str, tuple[bytes, tuple[bytes, ...]]]:
    """The certificates of `examples/mail` with their issuers, as a directory would lend them."""
    learned = engine()
    for octets in SIGNED.values():
        assert learned.import_mail(octets, now=NOW).outcome == "imported"
    found = {entry.address: entry.active for entry in learned.entries()}
    return {address: (stored.der, stored.issuers) for address, stored in found.items() if stored is not None}


@pytest.fixture
def knowing() -> Engine:
    """An engine that has learned the certificates of Alice, Bob and Carol."""
    learned = engine()
    for octets in SIGNED.values():
        learned.import_mail(octets, now=NOW)
    return learned
