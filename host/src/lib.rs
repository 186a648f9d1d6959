//! An [engine](postseal::Engine) with all that it works with: store, directories, fetcher and tracer.
//!
//! A [`Host`] is put together by hand, or made from a [`Configuration`], the file that the command `postseal` reads. It drives the
//! operations of the engine and decides nothing; the bindings for other languages wrap it.
//!
//! ```
//! use postseal::{UnixTime, import::Context};
//! use postseal_host::{Configuration, Host};
//! use std::sync::Arc;
//! let configuration = Configuration::parse("trust = [\"mozilla\"]\nimport = true", "".as_ref())?;
//! let host = configuration.host()?.with_store(Arc::new(postseal_testkit::MemoryStore::new()));
//! let report = host.import_mail(b"Subject: hello\r\n\r\nhello\r\n", Context::new(Host::now()), &|| false)?;
//! assert_eq!(report.outcome.name(), "not-signed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod bulk;
mod configuration;
mod error;
mod host;
mod maintenance;
mod operator;

pub use archive::{Archive, check_is_mail};
pub use bulk::{BulkOutcome, Imported};
pub use configuration::{Configuration, DirectoryCheck, Overrides};
pub use error::ConfigurationError;
pub use host::Host;
pub use maintenance::{Copied, Expiring, Purged, copy_store};
pub use operator::Added;
