//! A milter that runs inside of the test.

use crate::people::root;
use postseal::directory::DirectoryId;
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, PutOutcome, Tenant};
use postseal_host::Host;
use postseal_milter::config::{Listen, Settings};
use postseal_milter::decide::Service;
use postseal_milter::server::{Listener, Server};
use postseal_testkit::{MemoryStore, ScriptedDirectory};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Both tenants: `goal.example` learns and has to seal, `soft.example` seals for whom it can, and seals what comes to it.
pub(crate) const CONFIGURATION: &str = r#"
trust = ["root.pem"]

[tenants.goal]
import = true
directories = ["staff"]
[tenants.goal.routes.outbound]
encrypt = { mode = "all-or-nothing" }
[tenants.soft.routes.outbound]
directories = ["staff"]
encrypt = { mode = "if-possible", protect_headers = true }
[tenants.soft.routes.inbound]
import = true
[tenants.soft.routes.delivery]
encrypt = { mode = "all-or-nothing" }

[directory.staff]
kind = "host"

[program.milter]
listen = "127.0.0.1:0"
result_header = "X-Postseal-Result"
message_bytes = 2000000
message_seconds = 20

[program.milter.domains]
"goal.example" = { tenant = "goal", outgoing = "outbound" }
"soft.example" = { tenant = "soft", learn = "inbound", outgoing = "outbound", incoming = "delivery" }
"#;

/// A milter that ends with the test.
pub(crate) struct Milter {
    runtime: Option<Runtime>,
    pub(crate) server: Arc<Server>,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Milter {
    pub(crate) fn start(store: Arc<dyn CertStore>) -> Self {
        Self::with(CONFIGURATION, |host| host.with_store(store))
    }

    pub(crate) fn with(configuration: &str, more: impl FnOnce(Host) -> Host) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), root().pem()).unwrap();
        let (configuration, settings) = Settings::parse(configuration, folder.path()).unwrap();
        let (staff, nobody) = (DirectoryId::new("staff"), Arc::new(ScriptedDirectory::new()));
        let service = Service::new(more(configuration.host().unwrap().with_directory(staff, nobody)), settings.clone());
        let runtime = Runtime::new().unwrap();
        let server = Server::new(service);
        let listener = runtime.block_on(Listener::bind(&settings.listen)).unwrap();
        let Listener::Tcp(tcp) = &listener else { unreachable!() };
        let address = tcp.local_addr().unwrap();
        assert!(matches!(settings.listen, Listen::Tcp(_)));
        runtime.spawn(Arc::clone(&server).accept(listener));
        Self { runtime: Some(runtime), server, address, _folder: folder }
    }

    /// Begins to stop.
    pub(crate) fn stop(&self) -> tokio::task::JoinHandle<()> {
        let server = Arc::clone(&self.server);
        self.runtime.as_ref().unwrap().spawn(async move { server.stop().await })
    }
}

impl Drop for Milter {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_timeout(Duration::from_millis(100));
    }
}

/// A store that does as it is told: works, fails, panics, or takes its time.
#[derive(Debug, Default)]
pub(crate) struct Moody {
    inner: MemoryStore,
    mood: AtomicU8,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(crate) enum Mood {
    Works,
    Fails,
    Panics,
    Slow,
}

impl Moody {
    pub(crate) fn is(&self, mood: Mood) {
        let number = [Mood::Works, Mood::Fails, Mood::Panics, Mood::Slow].iter().position(|one| *one == mood).unwrap();
        self.mood.store(u8::try_from(number).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn count(&self, tenant: &str) -> usize {
        let entries = self.inner.entries(&Tenant::new(tenant)).unwrap();
        entries.iter().filter(|entry| !entry.certs.is_empty()).count()
    }

    fn answer<T>(&self, work: impl FnOnce(&MemoryStore) -> T) -> Result<T, Unavailable> {
        match self.mood.load(Ordering::SeqCst) {
            1 => return Err(Unavailable::because("the store is down")),
            2 => panic!("a mistake of the store"),
            3 => std::thread::sleep(Duration::from_millis(1_500)),
            _ => {}
        }
        Ok(work(&self.inner))
    }
}

impl CertStore for Moody {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        self.answer(|store| store.find(query))?
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        self.answer(|store| store.put(query))?
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        self.answer(|store| store.entries(tenant))?
    }
}
