//! Directories that lend recipients' certificates for one delivery. What they send stays in memory, and is not believed: the engine
//! checks every certificate when it is spent.

#[cfg(feature = "ldap")]
pub mod ldap;
mod value;

pub(crate) use value::decode;
