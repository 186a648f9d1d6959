//! Reading BER and DER without recursion and without copying, under limits (X.690).

mod oid;
mod reader;
mod time;

pub(crate) use reader::{Children, Document, Element, Tag, definite_length};
pub(crate) use time::time;

/// Object identifiers, as the content octets that stand in the encoding.
pub(crate) mod oids {
    pub(crate) use super::oid::*;
}
