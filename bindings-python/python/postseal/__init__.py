"""The S/MIME engine that mail systems embed: it learns certificates from signed mail, and encrypts outgoing mail.

`Engine` is the paved path; its operations step by step, and `postseal.aio` on top of them, are for hosts that do all input and
output themselves. `README.md` beside the sources has an example of each.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from postseal import _postseal, _protocols, aio
from postseal._codes import Code, Fault
from postseal._errors import (
    ApiMisuse,
    LimitExceeded,
    Malformed,
    PostsealError,
    Refused,
    Unavailable,
    Unsealed,
    Untrusted,
)
from postseal._postseal import (
    VERSION,
    Answer,
    Change,
    DirectoryReply,
    Done,
    EncryptOperation,
    Engine,
    Entry,
    FetchCrl,
    FetchCrlQuestion,
    FetchIssuer,
    FetchIssuerQuestion,
    FetchOcsp,
    FetchOcspQuestion,
    FindStored,
    FindStoredQuestion,
    ImportOperation,
    LentCertificate,
    PutOutcome,
    PutStored,
    PutStoredQuestion,
    ResolveDirectory,
    ResolveDirectoryQuestion,
    SqliteStore,
    StoredCert,
    Wait,
    address_key,
)
from postseal._protocols import (
    AsyncCertStore,
    AsyncDirectory,
    AsyncFetcher,
    CertStore,
    Directory,
    Fetcher,
)
from postseal._reports import Encryption, Event, Found, ImportReport, RecipientReport, Rejected, Sealed
from postseal._trace import logging_tracer

__version__: str = VERSION
WAIT: Final[Wait] = _postseal.WAIT
"""What `poll` gives when there is nothing more to ask until an open question is answered."""
Tracer: TypeAlias = _protocols.Tracer
"""Hears of every decision. What it raises goes to `sys.unraisablehook` and changes no verdict."""
ImportQuestion: TypeAlias = _protocols.ImportQuestion
"""All that importing may ask: it has no way to reach a directory."""
EncryptQuestion: TypeAlias = _protocols.EncryptQuestion
"""All that encrypting may ask: it has no way to write to a store."""
Question: TypeAlias = _protocols.Question
"""What an operation may ask."""
__all__ = [
    "WAIT",
    "Answer",
    "ApiMisuse",
    "AsyncCertStore",
    "AsyncDirectory",
    "AsyncFetcher",
    "CertStore",
    "Change",
    "Code",
    "Directory",
    "DirectoryReply",
    "Done",
    "EncryptOperation",
    "EncryptQuestion",
    "Encryption",
    "Engine",
    "Entry",
    "Event",
    "Fault",
    "FetchCrl",
    "FetchCrlQuestion",
    "FetchIssuer",
    "FetchIssuerQuestion",
    "FetchOcsp",
    "FetchOcspQuestion",
    "Fetcher",
    "FindStored",
    "FindStoredQuestion",
    "Found",
    "ImportOperation",
    "ImportQuestion",
    "ImportReport",
    "LentCertificate",
    "LimitExceeded",
    "Malformed",
    "PostsealError",
    "PutOutcome",
    "PutStored",
    "PutStoredQuestion",
    "Question",
    "RecipientReport",
    "Refused",
    "Rejected",
    "ResolveDirectory",
    "ResolveDirectoryQuestion",
    "Sealed",
    "SqliteStore",
    "StoredCert",
    "Tracer",
    "Unavailable",
    "Unsealed",
    "Untrusted",
    "Wait",
    "__version__",
    "address_key",
    "aio",
    "logging_tracer",
]
