//! The C interface of the S/MIME engine postseal: conversions, checks of pointers, and one guard against panics around every
//! function. It decides nothing. `include/postseal.h` is made from it; what a caller must know stands there.
//!
//! What crosses the boundary: an engine with its store, directories, fetcher and tracer ([`engine`], [`store`],
//! [`directory`], [`fetcher`], [`tracer`]); operations, their questions and the answers ([`operation`], [`question`],
//! [`answer`]); reports. Callbacks of the host get the same questions and give the same answers.

pub mod answer;
mod argument;
pub mod callback;
#[rustfmt::skip]
pub mod codes;
pub mod directory;
pub mod encryption;
pub mod engine;
pub mod entry;
pub mod error;
pub mod fetcher;
pub mod guard;
mod hand;
pub mod import;
pub mod operation;
pub mod operator;
pub mod options;
pub mod plan;
pub mod question;
pub mod recipient;
pub mod store;
mod table;
mod text;
pub mod tracer;
pub mod values;
pub mod version;
