//! The S/MIME engine that mail systems embed.
//!
//! It learns a correspondent's certificate from his signed mail. Bytes and answers go in, questions and verdicts come
//! out: the crate opens no socket and no file, reads no clock and starts no thread.

mod der;
pub mod error;
mod private;
mod time;
pub mod verify;

pub use error::{Code, Error};
pub use private::Private;
pub use time::UnixTime;
