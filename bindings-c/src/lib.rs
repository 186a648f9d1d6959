//! The C interface of the S/MIME engine postseal: conversions, checks of pointers, and one guard against panics around every
//! function. It decides nothing. `include/postseal.h` is made from it; what a caller must know stands there.
//!
//! What crosses the boundary: an engine with its store, directories, fetcher and tracer ([`engine`], [`store`],
//! [`directory`], [`fetcher`], [`tracer`]); operations, their questions and the answers ([`operation`], [`question`],
//! [`answer`]); reports. Callbacks of the host get the same questions and give the same answers.

// What the header is made of, in its order: versions, errors and names,
pub mod version;

#[rustfmt::skip]
pub mod codes;

pub mod error;
pub mod values;

// the engine and its two calls, with their reports,
pub mod engine;
pub mod options;

pub mod import;

pub mod encryption;
pub mod recipient;

// what the host may bring along, and what it is asked and answers,
pub mod callback;
pub mod store;

pub mod directory;
pub mod fetcher;
pub mod tracer;

pub mod question;

pub mod answer;

pub mod entry;
pub mod operator;

// and operations that the host drives.
pub mod operation;
pub mod plan;

pub mod guard;

mod argument;
mod hand;
mod table;
mod text;
