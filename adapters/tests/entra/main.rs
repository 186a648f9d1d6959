//! The directory in Entra ID and Exchange Online, against a strict fake of Microsoft's services.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::too_many_lines,
    reason = "test code"
)]

mod conform;
mod faults;
mod microsoft;
mod odata;
mod seal;
mod server;
mod sources;
mod tenants;
mod tokens;
mod world;
