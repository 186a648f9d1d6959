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
pub use guarded::GuardedFetcher;
pub use limits::FetchLimits;
pub use network::Network;
pub use resolve::{Resolve, SystemResolver};
pub use setup::SetupError;
