//! The engine in Kotlin, Swift and Ruby, through uniffi.
//!
//! This crate converts, catches panics and maps codes; it decides nothing. The README beside it has an example for each language.

mod answer;
mod cert;
mod concurrent;
mod context;
mod engine;
mod error;
mod event;
mod lent;
mod question;
mod report;
mod step;
mod world;

pub use answer::{Answer, Asked, Question};
pub use cert::{
    CertState, CertificateFacts, Change, ChangeKind, Entry, PutOutcome, Source, StoredCert, address_key,
    read_certificate,
};
pub use concurrent::{AsyncCertStore, AsyncDirectory, AsyncFetcher};
pub use context::{EncryptContext, ImportContext};
pub use engine::{Decision, Engine};
pub use error::{EngineError, Failure, Fault, HostError, codes};
pub use event::{Event, Tracer};
pub use lent::{DirectoryReply, LentCertificate, LentOctets};
pub use question::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, PutStored, ResolveDirectory};
pub use report::{
    CandidateKind, Encryption, Found, ImportOutcome, ImportReport, RecipientOutcome, RecipientReport, Rejected,
    SealedMail, Verdict,
};
pub use step::{EncryptOperation, EncryptStep, ImportOperation, ImportStep};
pub use world::{CertStore, Directory, Fetcher};

uniffi::setup_scaffolding!("postseal");
