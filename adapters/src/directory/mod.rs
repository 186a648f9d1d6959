//! Directories that lend recipients' certificates for one delivery. What they send stays in memory, and is not believed: the engine
//! checks every certificate when it is spent.

#[cfg(feature = "entra")]
pub mod entra;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "ldap")]
pub mod ldap;
mod not_found;
#[cfg(feature = "smimea")]
mod smimea;
mod value;

#[cfg(feature = "http")]
pub use http::{HttpDirectory, HttpLimits, HttpSetupError};
pub use not_found::NotFoundCache;
#[cfg(feature = "smimea")]
pub use smimea::{SmimeaDirectory, SmimeaLimits, SmimeaSetupError};
pub use value::{decode, decode_all};
