//! What carries out the questions to addresses that certificates name, guarded: those addresses were written by whoever made
//! the certificate, and the machine that asks stands inside somebody's network.

mod allowance;
mod budget;
mod connect;
mod guarded;
mod http;
mod limits;
mod network;
mod proxy;
mod resolve;
mod setup;
mod target;
mod tls;

pub use connect::{Connect, SystemConnector};
#[cfg(feature = "http")]
pub(crate) use connect::{Wire, connect_to_one, over_tls};
pub use guarded::GuardedFetcher;
#[cfg(feature = "http")]
pub(crate) use http::{Answer, Authorization, Fault, Request, ask, status_fault};
#[cfg(feature = "http")]
pub(crate) use limits::Deadline;
pub use limits::FetchLimits;
pub use network::Network;
#[cfg(feature = "http")]
pub(crate) use resolve::addresses_of;
pub use resolve::{Resolve, SystemResolver};
pub use setup::SetupError;
#[cfg(feature = "http")]
pub(crate) use target::Target;
#[cfg(feature = "http")]
pub(crate) use tls::Tls;
