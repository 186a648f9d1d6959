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
//!
//! # The file and the same in code
//!
//! Whatever the file can say, the builders of [`Engine`](postseal::Engine), [`Host`] and the adapters can say too.
//!
//! ```
//! # use postseal::directory::{Directories, DirectoryId};
//! # use postseal::import::Activation;
//! # use postseal::revocation::{self, Order, RevocationPolicy};
//! # use postseal::seal::{HeaderProtection, Mode, OnConflict, OnEncrypted, Policy, Preset};
//! # use postseal::verify::{Intermediates, Limits, Profile};
//! # use postseal::{Engine, PerRoute, store::Tenant};
//! # use postseal_adapters::directory::ldap::{LdapAddressFilter, LdapDirectory, LdapServers, LdapTransport};
//! # use postseal_adapters::directory::NotFoundCache;
//! # use postseal_adapters::{email_roots, fetch::GuardedFetcher, store::SqliteStore, trace::JsonLines};
//! # use postseal_host::{Configuration, Host};
//! # use std::{sync::Arc, time::Duration};
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let file = r#"
//!     store = "sqlite:certs.db"
//!     trace = "trace.jsonl"
//!     profile = "strict"
//!     trust = ["mozilla"]
//!     import = true
//!     directories = ["staff"]
//!     encrypt = { mode = "if-possible", preset = "outlook-classic", protect_headers = true }
//!     revocation = { mode = "hard", order = "ocsp-first", fetch = true }
//!     limits = { message_bytes = 10485760 }
//!
//!     [fetch]
//!     ports = [8080]
//!     allow = { "crl.corp.example" = ["10.0.0.0/8"] }
//!     proxy = "http://proxy.example:3128"
//!
//!     [directory.staff]
//!     kind = "ldap"
//!     domains = ["goal.example"]
//!     servers = ["dc1.goal.example"]
//!     transport = "starttls"
//!     filter = "active-directory"
//!     not_found_seconds = 60
//!
//!     [tenants.goal]
//!     import = false
//!     encrypt = { pass_encrypted = true }
//!
//!     [tenants.goal.routes.outbound]
//!     import = true
//!     directories = []
//!     encrypt = { all_valid = true, fail_closed = true }
//!     revocation = { mode = "off" }
//! "#;
//! let by_file = Configuration::parse(file, folder)?.host()?;
//!
//! let goal = Tenant::new("goal");
//! let mut limits = Limits::default();
//! limits.message_bytes = 10_485_760;
//! let mut sealing = Policy::default().with_preset(Preset::from_name("outlook-classic").unwrap());
//! sealing.mode = Mode::IfPossible;
//! sealing.header_protection = HeaderProtection::Baseline;
//! let mut of_goal = sealing.clone();
//! of_goal.already_encrypted = OnEncrypted::Pass;
//! let mut of_outbound = of_goal.clone();
//! of_outbound.all_valid = true;
//! of_outbound.conflict = OnConflict::FailClosed;
//! let mut checking = RevocationPolicy::default();
//! (checking.mode, checking.order, checking.fetch) = (revocation::Mode::Hard, Order::OcspFirst, true);
//! let mut unchecked = checking;
//! unchecked.mode = revocation::Mode::Off;
//! let asked = Directories::new().ask_for(DirectoryId::new("staff"), &["goal.example"])?;
//! let engine = Engine::new(email_roots::trust_anchors()?)
//!     .with_intermediates(Intermediates::default())
//!     .with_profile(Profile::Strict)
//!     .with_limits(limits)
//!     .with_activation(Activation::new(true).tenant(goal.clone(), false).route(goal.clone(), "outbound", true))
//!     .with_policies(PerRoute::new(sealing).tenant(goal.clone(), of_goal).route(goal.clone(), "outbound", of_outbound))
//!     .with_revocation(PerRoute::new(checking).tenant(goal.clone(), checking).route(goal.clone(), "outbound", unchecked))
//!     .with_directories(PerRoute::new(asked).route(goal, "outbound", Directories::new()));
//! let staff = LdapDirectory::new(LdapServers::listed(&["dc1.goal.example"])?, "")
//!     .with_transport(LdapTransport::StartTls)
//!     .with_filter(LdapAddressFilter::active_directory())
//!     .build()?;
//! let fetcher = GuardedFetcher::new()
//!     .allow_port(8080)
//!     .allow_addresses("crl.corp.example", "10.0.0.0/8".parse()?)?
//!     .through_proxy("http://proxy.example:3128")?;
//! let by_hand = Host::new(engine)
//!     .with_store(Arc::new(SqliteStore::open(&folder.join("certs.db"))?))
//!     .with_tracer(Arc::new(JsonLines::open(&folder.join("trace.jsonl"))?))
//!     .with_fetcher(Arc::new(fetcher))
//!     .with_directory(DirectoryId::new("staff"), Arc::new(NotFoundCache::new(staff).for_at_most(Duration::from_secs(60))));
//!
//! let (one, other) = (by_file.engine(), by_hand.engine());
//! assert_eq!(one.activation(), other.activation());
//! assert_eq!(one.policies(), other.policies());
//! assert_eq!(one.revocation(), other.revocation());
//! assert_eq!(one.directories(), other.directories());
//! assert_eq!((one.profile(), one.limits()), (other.profile(), other.limits()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod bulk;
mod configuration;
mod error;
mod export;
mod host;
mod maintenance;
mod operator;

pub use archive::{Archive, check_is_mail};
pub use bulk::{BulkOutcome, Imported};
pub use configuration::{Configuration, DirectoryCheck, Overrides};
pub use error::ConfigurationError;
pub use export::{Export, ExportError, ExportFormat};
pub use host::Host;
pub use maintenance::{Copied, Expiring, Purged, copy_store};
pub use operator::Added;
