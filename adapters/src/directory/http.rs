mod template;

use super::value::read;
use crate::fetch::{
    Answer, Authorization, Deadline, Fault, Request, Resolve, SystemConnector, SystemResolver, Target, Tls, Wire,
    addresses_of, ask, connect_to_one, over_tls, status_fault,
};
use postseal::Address;
use postseal::directory::{DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::verify::Limits;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use template::Template;
use thiserror::Error;

/// What a directory over HTTP cannot be set up with.
///
/// ```
/// use postseal_adapters::directory::{HttpDirectory, HttpSetupError};
/// let refused = HttpDirectory::new("http://pki.example/{addr}").unwrap_err();
/// assert_eq!(refused, HttpSetupError::Template("it does not begin with https://"));
/// assert_eq!(refused.to_string(), "the URL template cannot be used: it does not begin with https://");
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpSetupError {
    /// Credentials that cannot stand in a header field.
    #[error("the credentials have characters that no header field may have, or are empty")]
    Credentials,
    /// A template that leads nowhere, or not only to one host.
    #[error("the URL template cannot be used: {0}")]
    Template(&'static str),
    /// No certificate among what should be the roots of TLS.
    #[error("there is no usable certificate among the roots for TLS")]
    TlsRoots,
}

/// How long and how much one question to a directory over HTTP may take.
///
/// ```
/// use postseal_adapters::directory::HttpLimits;
/// use std::time::Duration;
/// let mut limits = HttpLimits::default();
/// limits.total = Duration::from_secs(4);
/// assert_eq!(limits.at_once, 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// For making one connection.
    pub connect: Duration,
    /// For all addresses of one question together.
    pub total: Duration,
    /// Addresses that are asked about at the same time.
    pub at_once: usize,
    /// Octets of the status line and the header fields.
    pub header_bytes: usize,
    /// Octets of one answer.
    pub body_bytes: usize,
}

impl Default for HttpLimits {
    /// 3 and 10 seconds: what a mail may wait for a directory. 16 KiB: what web servers take themselves for header fields.
    /// 64 KiB: some forty certificates.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(10),
            at_once: 8,
            header_bytes: 16 << 10,
            body_bytes: 64 << 10,
        }
    }
}

/// A certificate server over HTTP: one URL for each address, as `https://pki.example/certificates/{addr}`.
///
/// * The template may have `{addr}`, `{local}` and `{domain}` in its path and query, and one of the first two. They are written
///   as the engine compares addresses (ASCII in lower case, domains as A-labels) and percent-encoded. Scheme and host are the
///   administrator's words: always https, and wherever they lead, also inside of the network.
/// * The answer is whatever [`decode`](super::decode) reads. 404 and 410 say that there is no certificate, and so does an empty
///   answer of status 200; anything else says that the server could not be asked. Redirects are not followed: credentials and
///   addresses go where they were configured to go.
/// * [`HttpLimits`] holds for time and size. Each address has a connection of its own.
///
/// What goes wrong is said with the host, never with the path, which names a person. Answers are overwritten in memory, but for
/// the buffers of the TLS library.
///
/// ```
/// use postseal_adapters::directory::HttpDirectory;
/// let directory = HttpDirectory::new("https://pki.example/smime?mail={addr}")?.with_bearer_token("s3cret")?;
/// assert_eq!(format!("{directory:?}"), "HttpDirectory(pki.example)");
/// # Ok::<(), postseal_adapters::directory::HttpSetupError>(())
/// ```
pub struct HttpDirectory {
    template: Template,
    authorization: Option<Authorization>,
    limits: HttpLimits,
    reading: Limits,
    tls: Tls,
    resolver: Arc<dyn Resolve>,
}

impl HttpDirectory {
    /// With this template.
    ///
    /// # Errors
    /// [`HttpSetupError::Template`].
    ///
    /// ```
    /// use postseal_adapters::directory::HttpDirectory;
    /// assert!(HttpDirectory::new("https://pki.example/{domain}/{local}.p7c").is_ok());
    /// assert!(HttpDirectory::new("https://{domain}/{local}").is_err());
    /// ```
    pub fn new(template: &str) -> Result<Self, HttpSetupError> {
        Ok(Self {
            template: Template::parse(template).map_err(HttpSetupError::Template)?,
            authorization: None,
            limits: HttpLimits::default(),
            reading: Limits::default(),
            tls: Tls::default(),
            resolver: Arc::new(SystemResolver::default()),
        })
    }

    /// With these limits.
    ///
    /// ```
    /// use postseal_adapters::directory::{HttpDirectory, HttpLimits};
    /// let directory = HttpDirectory::new("https://pki.example/{addr}")?.with_limits(HttpLimits::default());
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::HttpSetupError>(())
    /// ```
    #[must_use]
    pub const fn with_limits(mut self, limits: HttpLimits) -> Self {
        self.limits = limits;
        self
    }

    /// With the engine's limits, for reading what comes.
    ///
    /// ```
    /// use postseal::verify::Limits;
    /// use postseal_adapters::directory::HttpDirectory;
    /// let directory = HttpDirectory::new("https://pki.example/{addr}")?.with_reading_limits(Limits::default());
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::HttpSetupError>(())
    /// ```
    #[must_use]
    pub fn with_reading_limits(mut self, limits: Limits) -> Self {
        self.reading = limits;
        self
    }

    /// With these roots for TLS, in PEM, instead of the system's.
    ///
    /// # Errors
    /// [`HttpSetupError::TlsRoots`] when there is none, or one that cannot be used.
    ///
    /// ```
    /// use postseal_adapters::directory::{HttpDirectory, HttpSetupError};
    /// let refused = HttpDirectory::new("https://pki.example/{addr}")?.with_tls_roots(b"nothing");
    /// assert_eq!(refused.unwrap_err(), HttpSetupError::TlsRoots);
    /// # Ok::<(), HttpSetupError>(())
    /// ```
    pub fn with_tls_roots(mut self, pem: &[u8]) -> Result<Self, HttpSetupError> {
        self.tls = Tls::with_roots(pem).map_err(|_| HttpSetupError::TlsRoots)?;
        Ok(self)
    }

    /// With a bearer token (RFC 6750 2.1).
    ///
    /// # Errors
    /// [`HttpSetupError::Credentials`] when it is empty or cannot stand in a header field.
    ///
    /// ```
    /// use postseal_adapters::directory::HttpDirectory;
    /// assert!(HttpDirectory::new("https://pki.example/{addr}")?.with_bearer_token("a b").is_err());
    /// # Ok::<(), postseal_adapters::directory::HttpSetupError>(())
    /// ```
    pub fn with_bearer_token(mut self, token: &str) -> Result<Self, HttpSetupError> {
        if token.is_empty() || !token.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(HttpSetupError::Credentials);
        }
        self.authorization = Some(Authorization::new("Bearer ", token));
        Ok(self)
    }

    /// With a name and a password (RFC 7617).
    ///
    /// # Errors
    /// [`HttpSetupError::Credentials`] when the name is empty or has a colon, or one of them has control characters.
    ///
    /// ```
    /// use postseal_adapters::directory::HttpDirectory;
    /// let directory = HttpDirectory::new("https://pki.example/{addr}")?.with_password("gateway", "s3cret")?;
    /// assert!(!format!("{directory:?}").contains("s3cret"));
    /// # Ok::<(), postseal_adapters::directory::HttpSetupError>(())
    /// ```
    pub fn with_password(mut self, name: &str, password: &str) -> Result<Self, HttpSetupError> {
        self.authorization = Some(Authorization::basic(name, password).ok_or(HttpSetupError::Credentials)?);
        Ok(self)
    }

    /// With another resolver for the host's name than the operating system's.
    ///
    /// ```
    /// use postseal_adapters::{directory::HttpDirectory, fetch::SystemResolver};
    /// let directory = HttpDirectory::new("https://pki.example/{addr}")?.with_resolver(SystemResolver::default());
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::HttpSetupError>(())
    /// ```
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl Resolve + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    fn reply(&self, about: &Address, deadline: Deadline) -> DirectoryReply {
        match self.get(about, deadline) {
            Ok(Answer::Body(body)) if body.trim_ascii().is_empty() => DirectoryReply::NotFound,
            Ok(Answer::Body(body)) => {
                let decoded = read(&body, about, &self.reading);
                // A page that asks for a password or says that there is maintenance is no word about anybody.
                if !decoded.has_object {
                    return self.unavailable(&Fault::new("answers with something that is no certificate"));
                }
                decoded.reply()
            }
            Ok(Answer::Status(404 | 410)) => DirectoryReply::NotFound,
            Ok(Answer::Status(status)) => self.unavailable(&status_fault(status)),
            Err(fault) => self.unavailable(&fault),
        }
    }

    fn get(&self, about: &Address, deadline: Deadline) -> Result<Answer, Fault> {
        if deadline.left().is_zero() {
            return Err(Fault::new("was not asked in time"));
        }
        let target = self.template.target(about).map_err(Fault::new)?;
        let addresses = addresses_of(&*self.resolver, &target.host, deadline)?;
        let connecting = Deadline::after(self.limits.connect.min(deadline.left()));
        let stream = connect_to_one(&SystemConnector, addresses, target.port, connecting)?;
        let mut wire = over_tls(Wire::new(stream, deadline), &target.host, self.tls.config()?)?;
        let request = Request {
            accept: "application/pkix-cert, application/pkcs7-mime, */*",
            body: None,
            authorization: self.authorization.as_ref(),
            proxy_authorization: None,
            limit: self.limits.body_bytes,
        };
        ask(&mut wire, &target.path, &target.authority(), &request, self.limits.header_bytes)
    }

    fn unavailable(&self, fault: &Fault) -> DirectoryReply {
        DirectoryReply::Unavailable(Unavailable::because(format!("{}: {fault}", self.template.host())))
    }
}

impl DirectoryResolver for HttpDirectory {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let deadline = Deadline::after(self.limits.total);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut replies = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(address) = query.addresses.get(index) else { return replies };
                replies.push((index, self.reply(address, deadline)));
            }
        };
        let mut replies: BTreeMap<usize, DirectoryReply> = thread::scope(|scope| {
            let helpers = 1..self.limits.at_once.min(query.addresses.len());
            // A machine that has no thread left asks one after the other.
            let spawn = |_| thread::Builder::new().name("directory".to_owned()).spawn_scoped(scope, work).ok();
            let helpers: Vec<_> = helpers.map_while(spawn).collect();
            let mut replies = work();
            helpers.into_iter().filter_map(|helper| helper.join().ok()).for_each(|more| replies.extend(more));
            replies.into_iter().collect()
        });
        let missing = || self.unavailable(&Fault::new("was not asked"));
        Ok((0..query.addresses.len()).map(|index| replies.remove(&index).unwrap_or_else(missing)).collect())
    }
}

impl fmt::Debug for HttpDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpDirectory({})", self.template.host())
    }
}
