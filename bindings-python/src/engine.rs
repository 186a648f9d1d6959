//! The engine with all that it works with: a configuration, and the host's own objects instead of what it names.

use crate::convert::{addresses, deadline, fingerprint, named, tenant, time};
use crate::entries::Entry;
use crate::errors::{Trouble, is_parsed, raise, raise_code, raise_unsealed, raise_with_detail, refuse_parsed};
use crate::own::Own;
use crate::reports;
use crate::sqlite::SqliteStore;
use crate::steps::{EncryptOperation, ImportOperation};
use postseal::directory::DirectoryId;
use postseal::store::Decision;
use postseal::trace::Tracer;
use postseal::{Address, Code, Error, import, resolve};
use postseal_host::{Configuration, ConfigurationError, Host};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyMapping;
use pyo3::{PyTraverseError, PyVisit};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Learns certificates from signed mail, and encrypts mail. Made from a configuration, for as many threads as there are.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct Engine {
    host: Host,
    store: Option<Py<PyAny>>,
    directories: Vec<(DirectoryId, Py<PyAny>)>,
    fetcher: Option<Py<PyAny>>,
    tracer: Option<Py<PyAny>>,
}

/// What one call works with, and what goes wrong in it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) host: Host,
    pub(crate) trouble: Arc<Trouble>,
}

impl Call {
    /// Runs with the interpreter released. A panic is a mistake of the engine: the call counts as not done.
    pub(crate) fn run<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&Host) -> T + Send) -> PyResult<T> {
        detached(py, &self.trouble, || work(&self.host))
    }

    /// Whether the time is over, or a signal has come.
    fn is_over(&self, end: Option<Instant>) -> bool {
        let signal = |py: Python<'_>| py.check_signals().map_err(|error| self.trouble.stop(error));
        let _ = Python::try_attach(signal);
        self.trouble.is_interrupted() || end.is_some_and(|end| Instant::now() >= end)
    }

    /// The exception for an error, with what the host's own objects have to do with it.
    fn raise(&self, py: Python<'_>, error: Error) -> PyErr {
        let error = raise(py, error);
        self.trouble.explain(py, &error);
        error
    }

    fn tracer(&self) -> Arc<dyn Tracer> {
        Arc::clone(self.host.tracer())
    }
}

/// Calls of this thread that may be under way inside each other, when a host's own objects use the engine themselves. More
/// are a circle, which would end with the stack.
const NESTED: usize = 16;

thread_local! {
    static UNDER_WAY: Cell<usize> = const { Cell::new(0) };
}

/// Runs with the interpreter released; what ends the call comes out of it.
pub(crate) fn detached<T: Send>(py: Python<'_>, trouble: &Trouble, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let under_way = UNDER_WAY.get();
    if under_way >= NESTED {
        return Err(raise_code(py, Code::HandleInUse));
    }
    UNDER_WAY.set(under_way.saturating_add(1));
    let outcome = py.detach(|| {
        catch_unwind(AssertUnwindSafe(|| {
            #[cfg(feature = "test-panic")]
            crate::test_panic::trip();
            work()
        }))
        .ok()
    });
    UNDER_WAY.set(under_way);
    trouble.interrupt()?;
    outcome.ok_or_else(|| raise_code(py, Code::InternalError))
}

/// For whom and when; the names are those of the methods.
struct When<'a> {
    tenant: Option<&'a str>,
    route: Option<&'a str>,
    now: Option<Bound<'a, PyAny>>,
    ocsp_nonce: Option<[u8; 32]>,
}

impl When<'_> {
    fn to_import(&self, dry_run: bool) -> PyResult<import::Context> {
        let mut context = import::Context::new(time(self.now.as_ref())?).tenant(tenant(self.tenant));
        context.route = self.route.map(str::to_owned);
        (context.ocsp_nonce, context.dry_run) = (self.ocsp_nonce, dry_run);
        Ok(context)
    }

    fn to_resolve(&self, call: &Call) -> PyResult<resolve::Context> {
        let mut context = resolve::Context::new(time(self.now.as_ref())?, call.tracer()).tenant(tenant(self.tenant));
        context.route = self.route.map(str::to_owned);
        context.ocsp_nonce = self.ocsp_nonce;
        Ok(context)
    }
}

/// The visible and the hidden recipients.
fn recipients(to: &Bound<'_, PyAny>, bcc: Option<&Bound<'_, PyAny>>) -> PyResult<(Vec<Address>, Vec<Address>)> {
    Ok((addresses(to)?, bcc.map(addresses).transpose()?.unwrap_or_default()))
}

/// The octets of a mail that goes out; a message of the standard library is serialised.
fn outgoing(mail: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    if is_parsed(mail)? {
        return Ok(mail.py().import("postseal._mail")?.call_method1("to_wire", (mail,))?.extract()?);
    }
    Ok(mail.extract()?)
}

/// The host's own objects, as they were given.
#[derive(Debug)]
struct Given {
    store: Option<Py<PyAny>>,
    directories: BTreeMap<String, Py<PyAny>>,
    fetcher: Option<Py<PyAny>>,
    tracer: Option<Py<PyAny>>,
}

/// Directories by their names, from any mapping.
fn directories(given: Option<&Bound<'_, PyMapping>>) -> PyResult<BTreeMap<String, Py<PyAny>>> {
    given.map_or_else(|| Ok(BTreeMap::new()), |given| given.items()?.iter().map(|item| item.extract()).collect())
}

impl Engine {
    fn new(
        py: Python<'_>,
        own: Given,
        read: impl FnOnce() -> Result<Configuration, ConfigurationError> + Send,
    ) -> PyResult<Self> {
        let made = py.detach(|| read().and_then(|configuration| Ok((configuration.host()?, configuration))));
        let (mut host, configuration) =
            made.map_err(|error| raise_with_detail(py, error.code(), &error.to_string()))?;
        let sqlite = own.store.as_ref().and_then(|store| store.bind(py).cast::<SqliteStore>().ok());
        if let Some(sqlite) = sqlite {
            host = host.with_store(sqlite.get().shared());
        }
        let store = if sqlite.is_some() { None } else { own.store };
        let directory = |(name, directory): (String, Py<PyAny>)| {
            // One that nobody asks would look like one that has no certificates.
            let is_known = configuration.directories().any(|known| known == name);
            let missing = || raise_with_detail(py, Code::DirectoryUnknown, &format!("there is no [directory.{name}]"));
            if is_known { Ok((DirectoryId::new(&name), directory)) } else { Err(missing()) }
        };
        let directories = own.directories.into_iter().map(directory).collect::<PyResult<_>>()?;
        Ok(Self { host, store, directories, fetcher: own.fetcher, tracer: own.tracer })
    }

    /// For one call.
    pub(crate) fn call(&self, py: Python<'_>) -> Call {
        let (mut host, trouble) = (self.host.clone(), Arc::<Trouble>::default());
        let own = |object: &Py<PyAny>| Arc::new(Own { object: object.clone_ref(py), trouble: Arc::clone(&trouble) });
        if let Some(store) = &self.store {
            host = host.with_store(own(store));
        }
        for (id, directory) in &self.directories {
            host = host.with_directory(id.clone(), own(directory));
        }
        if let Some(fetcher) = &self.fetcher {
            host = host.with_fetcher(own(fetcher));
        }
        if let Some(tracer) = &self.tracer {
            host = host.with_tracer(own(tracer));
        }
        Call { host, trouble }
    }
}

#[pymethods]
impl Engine {
    /// From a configuration file (`postseal.toml`). Paths in it are relative to its folder. The host's own store, directories
    /// (by their names in the configuration), fetcher and tracer take the place of what it names.
    ///
    /// Raises `ApiMisuse` when the configuration cannot be used, with the line, and `Unavailable` when its store cannot be opened.
    ///
    /// >>> postseal.Engine.from_file(folder / "postseal.toml")
    /// <postseal.Engine>
    #[staticmethod]
    #[pyo3(signature = (path, *, store = None, directories = None, fetcher = None, tracer = None))]
    fn from_file(
        py: Python<'_>,
        path: PathBuf,
        store: Option<Py<PyAny>>,
        directories: Option<&Bound<'_, PyMapping>>,
        fetcher: Option<Py<PyAny>>,
        tracer: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let directories = self::directories(directories)?;
        Self::new(py, Given { store, directories, fetcher, tracer }, || Configuration::read(&path))
    }

    /// From the text of a configuration. Paths in it are relative to `folder`, the current one without it.
    ///
    /// Raises as `from_file`.
    ///
    /// >>> postseal.Engine.from_text('trust = ["anchors.pem"]', folder, store=store)
    /// <postseal.Engine>
    #[staticmethod]
    #[pyo3(signature = (configuration, folder = None, *, store = None, directories = None, fetcher = None, tracer = None))]
    fn from_text(
        py: Python<'_>,
        configuration: &str,
        folder: Option<PathBuf>,
        store: Option<Py<PyAny>>,
        directories: Option<&Bound<'_, PyMapping>>,
        fetcher: Option<Py<PyAny>>,
        tracer: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let folder = folder.unwrap_or_default();
        let directories = self::directories(directories)?;
        Self::new(py, Given { store, directories, fetcher, tracer }, || Configuration::parse(configuration, &folder))
    }

    /// Reads and verifies a received mail, and keeps its author's certificate when everything is in order. What is wrong with
    /// the mail or the store is in the report. After `timeout` seconds the store is asked for nothing more.
    ///
    /// `now` is seconds since 1970 or an aware datetime; without it, the system's clock. Raises `ApiMisuse` when there is no store,
    /// and `TypeError` for a parsed message, whose signature parsing has broken.
    ///
    /// >>> engine.import_mail(signed).outcome
    /// 'imported'
    #[pyo3(signature = (mail, *, tenant = None, route = None, now = None, dry_run = false, timeout = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn import_mail<'py>(
        &self,
        py: Python<'py>,
        mail: &Bound<'py, PyAny>,
        tenant: Option<&str>,
        route: Option<&str>,
        now: Option<Bound<'py, PyAny>>,
        dry_run: bool,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        refuse_parsed(mail)?;
        let (mail, end): (PyBackedBytes, _) = (mail.extract()?, deadline(timeout)?);
        let context = When { tenant, route, now, ocsp_nonce: None }.to_import(dry_run)?;
        let call = self.call(py);
        let report = call.run(py, |host| host.import_mail(&mail, context, &|| call.is_over(end)))?;
        reports::import(py, &report.map_err(|error| raise(py, error))?, &call.trouble)
    }

    /// Encrypts a mail for its recipients: one message for those in `to`, or several where they read no content encryption in
    /// common, and one of its own for each in `bcc`. After `timeout` seconds nobody is asked anything more.
    ///
    /// `now` is seconds since 1970 or an aware datetime; without it, the system's clock. Raises `Unsealed` when there is no message,
    /// naming whoever cannot be reached, and `Malformed` for what is no address.
    ///
    /// >>> engine.encrypt(plain, "alice@goal.example").messages[0].addresses
    /// ('alice@goal.example',)
    #[pyo3(signature = (mail, to, bcc = None, *, tenant = None, route = None, now = None, timeout = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn encrypt<'py>(
        &self,
        py: Python<'py>,
        mail: &Bound<'py, PyAny>,
        to: &Bound<'py, PyAny>,
        bcc: Option<&Bound<'py, PyAny>>,
        tenant: Option<&str>,
        route: Option<&str>,
        now: Option<Bound<'py, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (mail, (visible, hidden), end) = (outgoing(mail)?, recipients(to, bcc)?, deadline(timeout)?);
        let call = self.call(py);
        let context = When { tenant, route, now, ocsp_nonce: None }.to_resolve(&call)?;
        let expired = || call.is_over(end);
        let outcome = call.run(py, |host| host.encrypt_mail(&mail, visible, hidden, context, &expired))?;
        let encryption = outcome.map_err(|unsealed| raise_unsealed(py, &unsealed, &call.trouble))?;
        reports::encryption(py, &encryption, &call.trouble)
    }

    /// The import of a mail, step by step: the host carries out what it asks.
    ///
    /// `ocsp_nonce`: 32 random octets, never used twice; without them, the system's randomness where the policy fetches.
    ///
    /// >>> with engine.import_operation(signed) as operation:
    /// ...     operation.poll()
    /// <postseal.FindStoredQuestion>
    #[pyo3(signature = (mail, *, tenant = None, route = None, now = None, dry_run = false, ocsp_nonce = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn import_operation<'py>(
        &self,
        py: Python<'py>,
        mail: &Bound<'py, PyAny>,
        tenant: Option<&str>,
        route: Option<&str>,
        now: Option<Bound<'py, PyAny>>,
        dry_run: bool,
        ocsp_nonce: Option<[u8; 32]>,
    ) -> PyResult<ImportOperation> {
        refuse_parsed(mail)?;
        let mail: PyBackedBytes = mail.extract()?;
        let context = When { tenant, route, now, ocsp_nonce }.to_import(dry_run)?;
        let call = self.call(py);
        let import = call.run(py, |host| host.import(&mail, context))?.map_err(|error| raise(py, error))?;
        Ok(ImportOperation::new(import, call))
    }

    /// The encryption of a mail, step by step: the host carries out what it asks.
    ///
    /// Raises `Unsealed` when the mail or its recipients are none that can be encrypted.
    ///
    /// >>> with engine.encrypt_operation(plain, "alice@goal.example") as operation:
    /// ...     operation.poll()
    /// <postseal.FindStoredQuestion>
    #[pyo3(signature = (mail, to, bcc = None, *, tenant = None, route = None, now = None, ocsp_nonce = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn encrypt_operation<'py>(
        &self,
        py: Python<'py>,
        mail: &Bound<'py, PyAny>,
        to: &Bound<'py, PyAny>,
        bcc: Option<&Bound<'py, PyAny>>,
        tenant: Option<&str>,
        route: Option<&str>,
        now: Option<Bound<'py, PyAny>>,
        ocsp_nonce: Option<[u8; 32]>,
    ) -> PyResult<EncryptOperation> {
        let (mail, (visible, hidden)) = (outgoing(mail)?, recipients(to, bcc)?);
        let call = self.call(py);
        let context = When { tenant, route, now, ocsp_nonce }.to_resolve(&call)?;
        let begun = call.run(py, |host| host.begin_encryption(&mail, visible, hidden, context))?;
        let begun = begun.map_err(|unsealed| raise_unsealed(py, &unsealed, &call.trouble))?;
        Ok(EncryptOperation::new(begun, mail, call))
    }

    /// All that the store keeps for a tenant, in the order of the addresses.
    ///
    /// Raises `Unavailable` when the store does not answer.
    ///
    /// >>> [entry.address for entry in engine.entries()]
    /// ['alice@goal.example']
    #[pyo3(signature = (*, tenant = None))]
    fn entries(&self, py: Python<'_>, tenant: Option<&str>) -> PyResult<Vec<Entry>> {
        let (call, tenant) = (self.call(py), self::tenant(tenant));
        let entries = call.run(py, |host| host.entries(&tenant))?;
        Ok(entries.map_err(|error| call.raise(py, error))?.into_iter().map(Entry).collect())
    }

    /// An operator's decision about a certificate of an entry: "approve", "reject", "pin", "disable", "remove" or "hold" (a
    /// candidate again). `by` is who decided, for the trace.
    ///
    /// Raises `Refused` when the entry has no such certificate, and `Unavailable` when somebody else changed the entry meanwhile.
    ///
    /// >>> engine.decide(engine.entries()[0], stored.fingerprint, "pin", by="root")
    /// >>> engine.entries()[0].certs[0][1]
    /// 'pinned'
    #[pyo3(signature = (entry, fingerprint, decision, *, by, tenant = None, now = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    fn decide(
        &self,
        py: Python<'_>,
        entry: &Entry,
        fingerprint: &str,
        decision: &str,
        by: &str,
        tenant: Option<&str>,
        now: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (call, now, tenant) = (self.call(py), time(now.as_ref())?, self::tenant(tenant));
        let fingerprint = self::fingerprint(py, fingerprint)?;
        let decision = named(py, Decision::ALL.into_iter().find(|known| known.name() == decision), decision)?;
        let entry = &entry.0;
        let outcome = call.run(py, |host| host.decide(&tenant, entry, fingerprint, decision, by, now))?;
        outcome.map_err(|error| call.raise(py, error))
    }

    fn __repr__(&self) -> &'static str {
        "<postseal.Engine>"
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let directories = self.directories.iter().map(|(_, directory)| directory);
        let own = [&self.store, &self.fetcher, &self.tracer].into_iter().flatten();
        own.chain(directories).try_for_each(|object| visit.call(object))
    }
}
