//! Directories that lend recipients' certificates for one delivery. What they send stays in memory, and is not believed: the engine
//! checks every certificate when it is spent.

#[cfg(feature = "entra")]
pub mod entra;
mod value;

pub(crate) use value::decode;
