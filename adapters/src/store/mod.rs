//! Stores for certificates.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod columns;
#[cfg(all(fuzzing, any(feature = "sqlite", feature = "postgres")))]
pub mod fuzzing;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresSetup, PostgresSetupError, PostgresStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{OpenError, SqliteStore};
