//! Reading BER and DER without recursion and without copying, under limits, and writing them (X.690).

mod oid;
mod reader;
mod time;
pub(crate) mod writer;

pub(crate) use reader::{Children, Document, Element, Tag};
pub(crate) use time::time;

/// Object identifiers, as the content octets that stand in the encoding.
pub(crate) mod oids {
    pub(crate) use super::oid::*;
}
