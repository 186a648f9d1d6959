from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.message import Message
from os import PathLike
from types import GenericAlias
from typing import Any, Final, Generic, Literal, Self, TypeAlias, TypeVar, final

from typing_extensions import Buffer

from postseal._protocols import CertStore, Directory, EncryptQuestion, Fetcher, ImportQuestion, Tracer
from postseal._reports import Encryption, ImportReport, RecipientReport

__all__ = [
    "Answer",
    "CODES",
    "Change",
    "DirectoryReply",
    "Done",
    "EncryptOperation",
    "Engine",
    "Entry",
    "FetchCrl",
    "FetchCrlQuestion",
    "FetchIssuer",
    "FetchIssuerQuestion",
    "FetchOcsp",
    "FetchOcspQuestion",
    "FindStored",
    "FindStoredQuestion",
    "ImportOperation",
    "LentCertificate",
    "PutOutcome",
    "PutStored",
    "PutStoredQuestion",
    "ResolveDirectory",
    "ResolveDirectoryQuestion",
    "SqliteStore",
    "StoredCert",
    "VERSION",
    "WAIT",
    "Wait",
    "address_key",
]

_T = TypeVar("_T", covariant=True)
_State: TypeAlias = Literal["active", "superseded", "held", "rejected", "disabled", "pinned"]
_Decision: TypeAlias = Literal["approve", "reject", "pin", "disable", "remove", "hold"]

VERSION: Final[str]
CODES: Final[tuple[tuple[int, str, str, str], ...]]
WAIT: Final[Wait]

def address_key(address: str) -> str: ...
@final
class Engine:
    @staticmethod
    def from_file(
        path: str | PathLike[str],
        *,
        store: CertStore | None = None,
        directories: Mapping[str, Directory] | None = None,
        fetcher: Fetcher | None = None,
        tracer: Tracer | None = None,
    ) -> Engine: ...
    @staticmethod
    def from_text(
        configuration: str,
        folder: str | PathLike[str] | None = None,
        *,
        store: CertStore | None = None,
        directories: Mapping[str, Directory] | None = None,
        fetcher: Fetcher | None = None,
        tracer: Tracer | None = None,
    ) -> Engine: ...
    def import_mail(
        self,
        mail: bytes | bytearray,
        *,
        tenant: str | None = None,
        route: str | None = None,
        now: float | datetime | None = None,
        dry_run: bool = False,
        timeout: float | None = None,
    ) -> ImportReport: ...
    def encrypt(
        self,
        mail: bytes | bytearray | Message,
        to: str | Iterable[str],
        bcc: str | Iterable[str] | None = None,
        *,
        tenant: str | None = None,
        route: str | None = None,
        now: float | datetime | None = None,
        timeout: float | None = None,
    ) -> Encryption: ...
    def import_operation(
        self,
        mail: bytes | bytearray,
        *,
        tenant: str | None = None,
        route: str | None = None,
        now: float | datetime | None = None,
        dry_run: bool = False,
        ocsp_nonce: bytes | None = None,
    ) -> ImportOperation: ...
    def encrypt_operation(
        self,
        mail: bytes | bytearray | Message,
        to: str | Iterable[str],
        bcc: str | Iterable[str] | None = None,
        *,
        tenant: str | None = None,
        route: str | None = None,
        now: float | datetime | None = None,
        ocsp_nonce: bytes | None = None,
    ) -> EncryptOperation: ...
    def entries(self, *, tenant: str | None = None) -> list[Entry]: ...
    def decide(
        self,
        entry: Entry,
        fingerprint: str,
        decision: _Decision,
        *,
        by: str,
        tenant: str | None = None,
        now: float | datetime | None = None,
    ) -> None: ...

@final
class SqliteStore:
    def __new__(cls, path: str | PathLike[str]) -> Self: ...
    def find(self, query: FindStored) -> list[Entry]: ...
    def put(self, query: PutStored) -> PutOutcome: ...
    def entries(self, tenant: str) -> list[Entry]: ...

@final
class StoredCert:
    def __new__(
        cls,
        der: bytes,
        issuers: Sequence[bytes],
        issuer_key: str,
        capabilities: bytes | None,
        signed_at: int | None,
        source: Literal["signed-mail", "operator"],
        imported_at: int,
    ) -> Self: ...
    @property
    def der(self) -> bytes: ...
    @property
    def issuers(self) -> tuple[bytes, ...]: ...
    @property
    def issuer_key(self) -> str: ...
    @property
    def capabilities(self) -> bytes | None: ...
    @property
    def signed_at(self) -> int | None: ...
    @property
    def source(self) -> Literal["signed-mail", "operator"]: ...
    @property
    def imported_at(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def not_before(self) -> int: ...
    @property
    def not_after(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Entry:
    def __new__(cls, address: str, version: int, certs: Sequence[tuple[StoredCert, _State]]) -> Self: ...
    @staticmethod
    def absent(address: str) -> Entry: ...
    @property
    def address(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def certs(self) -> tuple[tuple[StoredCert, _State], ...]: ...
    @property
    def active(self) -> StoredCert | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Change:
    @property
    def kind(self) -> Literal["activate", "renew", "hold", "update-capabilities", "update-path", "decide", "other"]: ...
    @property
    def fingerprint(self) -> str | None: ...
    def apply(self, entry: Entry) -> Entry: ...

@final
class PutOutcome:
    @staticmethod
    def stored() -> PutOutcome: ...
    @staticmethod
    def conflict(entry: Entry) -> PutOutcome: ...
    @property
    def entry(self) -> Entry | None: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class LentCertificate:
    def __new__(
        cls,
        der: Buffer,
        *,
        issuers: Sequence[Buffer] | None = None,
        capabilities: bytes | None = None,
        signed_at: int | None = None,
        preferred: bool = False,
    ) -> Self: ...
    @staticmethod
    def from_cms(cms: Buffer, about: str) -> list[LentCertificate]: ...

@final
class DirectoryReply:
    @staticmethod
    def found(lent: Sequence[LentCertificate]) -> DirectoryReply: ...
    @staticmethod
    def partial(lent: Sequence[LentCertificate], reason: str | Exception) -> DirectoryReply: ...
    @staticmethod
    def not_found() -> DirectoryReply: ...
    @staticmethod
    def unavailable(reason: str | Exception) -> DirectoryReply: ...

@final
class FindStored:
    def __new__(cls, tenant: str, addresses: str | Iterable[str]) -> Self: ...
    @property
    def tenant(self) -> str: ...
    @property
    def addresses(self) -> tuple[str, ...]: ...
    @property
    def keys(self) -> tuple[str, ...]: ...

@final
class PutStored:
    def __new__(cls, tenant: str, address: str, expect: int, change: Change) -> Self: ...
    @property
    def tenant(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def expect(self) -> int: ...
    @property
    def change(self) -> Change: ...

@final
class ResolveDirectory:
    def __new__(cls, tenant: str, directory: str, addresses: str | Iterable[str]) -> Self: ...
    @property
    def tenant(self) -> str: ...
    @property
    def directory(self) -> str: ...
    @property
    def addresses(self) -> tuple[str, ...]: ...
    @property
    def keys(self) -> tuple[str, ...]: ...

@final
class FetchCrl:
    @property
    def at(self) -> str: ...
    @property
    def limit(self) -> int: ...

@final
class FetchOcsp:
    @property
    def at(self) -> str: ...
    @property
    def request(self) -> bytes: ...
    @property
    def limit(self) -> int: ...

@final
class FetchIssuer:
    @property
    def at(self) -> str: ...
    @property
    def limit(self) -> int: ...

@final
class Answer: ...

@final
class Wait: ...

@final
class Done(Generic[_T]):
    @property
    def result(self) -> _T: ...
    @classmethod
    def __class_getitem__(cls, of: Any) -> GenericAlias: ...

@final
class FindStoredQuestion:
    @property
    def query(self) -> FindStored: ...
    def answer(self, reply: Sequence[Entry]) -> Answer: ...
    def unavailable(self, reason: str | Exception) -> Answer: ...

@final
class PutStoredQuestion:
    @property
    def query(self) -> PutStored: ...
    def answer(self, reply: PutOutcome) -> Answer: ...
    def unavailable(self, reason: str | Exception) -> Answer: ...

@final
class ResolveDirectoryQuestion:
    @property
    def query(self) -> ResolveDirectory: ...
    def answer(self, reply: Sequence[DirectoryReply]) -> Answer: ...
    def unavailable(self, reason: str | Exception) -> Answer: ...

@final
class FetchCrlQuestion:
    @property
    def query(self) -> FetchCrl: ...
    def answer(self, reply: bytes) -> Answer: ...
    def unavailable(self, reason: str | Exception) -> Answer: ...

@final
class FetchOcspQuestion:
    @property
    def query(self) -> FetchOcsp: ...
    def answer(self, reply: bytes) -> Answer: ...
    def unavailable(self, reason: str | Exception) -> Answer: ...

@final
class FetchIssuerQuestion:
    @property
    def query(self) -> FetchIssuer: ...
    def answer(self, reply: bytes) -> Answer: ...
    def unavailable(self, reason: str | Exception) -> Answer: ...

@final
class ImportOperation:
    def poll(self) -> ImportQuestion | Wait | Done[ImportReport]: ...
    def handle(self, answer: Answer) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...

@final
class EncryptOperation:
    def poll(self) -> EncryptQuestion | Wait | Done[Encryption]: ...
    def handle(self, answer: Answer) -> None: ...
    @property
    def recipients(self) -> tuple[RecipientReport, ...] | None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_raised: object) -> None: ...
