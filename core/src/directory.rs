//! What lends certificates for one delivery, and in which order a tenant asks.

use crate::cert::{Address, TransientCert, comparable_domain};
use crate::error::Error;
use crate::query::{ResolveDirectory, Unavailable};
use core::fmt;
use std::sync::Arc;

/// The name of a directory in configurations, questions and traces, as `ldap:staff`.
///
/// ```
/// assert_eq!(postseal::directory::DirectoryId::new("ldap:staff").name(), "ldap:staff");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectoryId(Arc<str>);

impl DirectoryId {
    /// With this name. Names are compared octet by octet.
    ///
    /// ```
    /// use postseal::directory::DirectoryId;
    /// assert_ne!(DirectoryId::new("a"), DirectoryId::new("A"));
    /// ```
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    ///
    /// ```
    /// assert_eq!(postseal::directory::DirectoryId::new("entra").name(), "entra");
    /// ```
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Where a certificate for a recipient came from.
///
/// ```
/// use postseal::directory::{DirectoryId, Origin};
/// assert_eq!(Origin::Store.name(), "store");
/// assert_eq!(Origin::Directory(DirectoryId::new("ldap:staff")).name(), "ldap:staff");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The tenant's own store.
    Store,
    /// A directory.
    Directory(DirectoryId),
}

impl Origin {
    /// The name in traces and reports.
    ///
    /// ```
    /// assert_eq!(postseal::directory::Origin::Store.name(), "store");
    /// ```
    pub fn name(&self) -> &str {
        match self {
            Self::Store => "store",
            Self::Directory(id) => id.name(),
        }
    }
}

/// What a directory says about one address. A directory that is down is never one that has no certificate.
///
/// ```
/// use postseal::{cert::TransientCert, directory::DirectoryReply};
/// let reply = DirectoryReply::Found(vec![TransientCert::from_der(vec![0x30, 0])]);
/// assert_eq!(format!("{reply:?}"), "Found([TransientCert(..)])");
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a host that gives an answer knows all there are: docs/decisions/0010")]
pub enum DirectoryReply {
    /// These certificates, whatever they are worth, and no others.
    Found(Vec<TransientCert>),
    /// These certificates, and perhaps more: the directory was not heard to its end. Where none of them can be used, nobody
    /// knows whether there is one that can.
    Partial(Vec<TransientCert>, Unavailable),
    /// The directory was asked, and has none.
    NotFound,
    /// The directory could not be asked, or did not answer in time.
    Unavailable(Unavailable),
}

/// Lends certificates.
///
/// It takes the very value that the resolving machine asks with. It holds no rule: everything that it lends is judged by
/// the engine. It keeps nothing of what it lent.
pub trait DirectoryResolver: fmt::Debug + Send + Sync {
    /// One reply for each address asked for, in the same order.
    ///
    /// # Errors
    /// [`Unavailable`] when none of the addresses could be asked about.
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable>;
}

impl<D: DirectoryResolver + ?Sized> DirectoryResolver for &D {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        (**self).resolve(query)
    }
}

impl<D: DirectoryResolver + ?Sized> DirectoryResolver for Box<D> {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        (**self).resolve(query)
    }
}

impl<D: DirectoryResolver + ?Sized> DirectoryResolver for Arc<D> {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        (**self).resolve(query)
    }
}

/// The directories that are asked, in order, each perhaps for some mail domains only.
///
/// Who writes to whom is told to whoever runs a directory, so that a directory is asked only about the domains it is for.
///
/// ```
/// use postseal::{Address, directory::{Directories, DirectoryId}};
/// let directories = Directories::new()
///     .ask_for(DirectoryId::new("ldap:staff"), &["goal.example"])?
///     .ask(DirectoryId::new("smimea"));
/// let names = |address| -> Result<Vec<String>, postseal::Error> {
///     Ok(directories.of(&Address::parse(address)?).map(|id| id.name().to_owned()).collect())
/// };
/// assert_eq!(names("alice@GOAL.example")?, ["ldap:staff", "smimea"]);
/// assert_eq!(names("bob@other.example")?, ["smimea"]);
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directories(Vec<(DirectoryId, Option<Vec<String>>)>);

impl Directories {
    /// None.
    ///
    /// ```
    /// let alice = postseal::Address::parse("alice@goal.example")?;
    /// assert_eq!(postseal::directory::Directories::new().of(&alice).count(), 0);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Then this one, about every address.
    ///
    /// ```
    /// use postseal::directory::{Directories, DirectoryId};
    /// assert_ne!(Directories::new().ask(DirectoryId::new("ldap:staff")), Directories::new());
    /// ```
    #[must_use]
    pub fn ask(mut self, id: DirectoryId) -> Self {
        self.0.push((id, None));
        self
    }

    /// Then this one, about addresses of these domains. Subdomains are domains of their own.
    ///
    /// # Errors
    /// [`Code::AddressMalformed`](crate::Code) or [`Code::DomainNotMapped`](crate::Code) when one is no domain.
    ///
    /// ```
    /// use postseal::directory::{Directories, DirectoryId};
    /// assert!(Directories::new().ask_for(DirectoryId::new("ldap:staff"), &["goal example"]).is_err());
    /// ```
    pub fn ask_for(mut self, id: DirectoryId, domains: &[&str]) -> Result<Self, Error> {
        let domains = domains.iter().map(|domain| comparable_domain(domain)).collect::<Result<_, _>>()?;
        self.0.push((id, Some(domains)));
        Ok(self)
    }

    /// All of them, in order.
    ///
    /// ```
    /// use postseal::directory::{Directories, DirectoryId};
    /// assert_eq!(Directories::new().ask(DirectoryId::new("ldap:staff")).ids().count(), 1);
    /// ```
    pub fn ids(&self) -> impl Iterator<Item = &DirectoryId> {
        self.0.iter().map(|(id, _)| id)
    }

    /// Those that are asked about `address`, in order.
    ///
    /// ```
    /// use postseal::{Address, directory::{Directories, DirectoryId}};
    /// let alice = Address::parse("alice@goal.example")?;
    /// assert_eq!(Directories::new().ask(DirectoryId::new("ldap:staff")).of(&alice).count(), 1);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn of(&self, address: &Address) -> impl Iterator<Item = &DirectoryId> {
        let is_for = |domains: &Option<Vec<String>>| {
            domains.as_ref().is_none_or(|domains| domains.iter().any(|domain| domain == address.domain()))
        };
        self.0.iter().filter(move |(_, domains)| is_for(domains)).map(|(id, _)| id)
    }
}
