"""What the host may bring of its own. Every object with these methods will do; they are called from any thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from postseal._postseal import (
    DirectoryReply,
    Entry,
    FetchCrl,
    FetchCrlQuestion,
    FetchIssuer,
    FetchIssuerQuestion,
    FetchOcsp,
    FetchOcspQuestion,
    FindStored,
    FindStoredQuestion,
    PutOutcome,
    PutStored,
    PutStoredQuestion,
    ResolveDirectory,
    ResolveDirectoryQuestion,
)
from postseal._reports import Event

Tracer: TypeAlias = Callable[[Event], object]

ImportQuestion: TypeAlias = FindStoredQuestion | PutStoredQuestion | FetchCrlQuestion | FetchOcspQuestion
EncryptQuestion: TypeAlias = (
    FindStoredQuestion | ResolveDirectoryQuestion | FetchCrlQuestion | FetchOcspQuestion | FetchIssuerQuestion
)
Question: TypeAlias = ImportQuestion | EncryptQuestion


class CertStore(Protocol):
    """Where verified certificates are kept.

    A store holds no rule of its own: it reads an entry, and under a lock it compares the version, lets `Change.apply` make the
    new entry, and writes it. An exception, or anything but what is asked for, is a store that did not answer.
    """

    def find(self, query: FindStored, /) -> Sequence[Entry]:
        """One entry for each address, in the same order; `Entry.absent` for an address that nothing is kept for."""
        ...

    def put(self, query: PutStored, /) -> PutOutcome:
        """Applies the change if the entry still has the version `query.expect`, and makes it durable."""
        ...

    def entries(self, tenant: str, /) -> Sequence[Entry]:
        """All entries of a tenant in the order of their keys, for operators."""
        ...


class Directory(Protocol):
    """Lends certificates for one delivery. An exception is a directory that did not answer, never one that has none."""

    def resolve(self, query: ResolveDirectory, /) -> Sequence[DirectoryReply]:
        """One reply for each address, in the same order."""
        ...


class Fetcher(Protocol):
    """Fetches what certificates point to. Which addresses may be reached is the fetcher's to decide."""

    def fetch_crl(self, query: FetchCrl, /) -> bytes:
        """The octets of a revocation list."""
        ...

    def fetch_ocsp(self, query: FetchOcsp, /) -> bytes:
        """The octets of an OCSP response."""
        ...

    def fetch_issuer(self, query: FetchIssuer, /) -> bytes:
        """The octets of a certificate or of a certs-only CMS."""
        ...


class AsyncCertStore(Protocol):
    """As `CertStore`, for `postseal.aio`."""

    def find(self, query: FindStored, /) -> Awaitable[Sequence[Entry]]:
        """As `CertStore.find`."""
        ...

    def put(self, query: PutStored, /) -> Awaitable[PutOutcome]:
        """As `CertStore.put`."""
        ...


class AsyncDirectory(Protocol):
    """As `Directory`, for `postseal.aio`."""

    def resolve(self, query: ResolveDirectory, /) -> Awaitable[Sequence[DirectoryReply]]:
        """As `Directory.resolve`."""
        ...


class AsyncFetcher(Protocol):
    """As `Fetcher`, for `postseal.aio`."""

    def fetch_crl(self, query: FetchCrl, /) -> Awaitable[bytes]:
        """As `Fetcher.fetch_crl`."""
        ...

    def fetch_ocsp(self, query: FetchOcsp, /) -> Awaitable[bytes]:
        """As `Fetcher.fetch_ocsp`."""
        ...

    def fetch_issuer(self, query: FetchIssuer, /) -> Awaitable[bytes]:
        """As `Fetcher.fetch_issuer`."""
        ...
