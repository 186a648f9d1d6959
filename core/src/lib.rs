//! The S/MIME engine that mail systems embed.
//!
//! It learns a correspondent's certificate from his signed mail. Bytes and answers go in, questions and verdicts come
//! out: the crate opens no socket and no file, reads no clock and starts no thread.

pub mod cert;
mod cms;
pub mod crypto;
mod der;
pub mod directory;
pub mod drive;
mod engine;
pub mod error;
pub mod fetch;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod import;
pub mod inspect;
mod mail;
pub mod operation;
mod per_route;
mod private;
pub mod query;
mod random;
pub mod resolve;
pub mod revocation;
pub mod seal;
pub mod store;
mod text;
mod time;
pub mod trace;
pub mod verify;

pub use cert::{Address, Certificate, Fingerprint};
pub use engine::Engine;
pub use error::{Code, Error};
pub use per_route::PerRoute;
pub use private::Private;
pub use random::Random;
pub use time::UnixTime;
