//! Directories that lend recipients' certificates for one delivery. What they send stays in memory, and is not believed: the engine
//! checks every certificate when it is spent.

mod value;

pub use value::decode;
#[cfg(any(feature = "smimea", feature = "http"))]
pub(crate) use value::decode_all;
