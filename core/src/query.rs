//! What an operation may ask of the world, and the only way to answer it.

use crate::cert::Address;
use crate::directory::{DirectoryId, DirectoryReply};
use crate::store::{Change, Entry, PutOutcome, Tenant, Version};
use core::fmt;
use std::sync::Arc;

/// The world did not answer. The detail is for the host's own log: it names the file or the host, never a person.
///
/// ```
/// use postseal::query::Unavailable;
/// assert_eq!(Unavailable::because("disk full").to_string(), "disk full");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    detail: Arc<str>,
}

impl Unavailable {
    /// With one line about what is out of reach and where.
    ///
    /// ```
    /// let gone = postseal::query::Unavailable::because("store.db: database is locked");
    /// assert_eq!(gone.detail(), "store.db: database is locked");
    /// ```
    pub fn because(detail: impl fmt::Display) -> Self {
        Self { detail: detail.to_string().into() }
    }

    /// What is out of reach and where.
    ///
    /// ```
    /// assert_eq!(postseal::query::Unavailable::because("gone").detail(), "gone");
    /// ```
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Unavailable {}

/// One open question: owned, `Send`, not `Clone`, spent by answering it.
///
/// Only the right kind of answer fits, once:
///
/// ```compile_fail,E0308
/// use postseal::query::{Answer, FindStored, Pending};
/// fn wrong_kind(pending: Pending<FindStored>) -> Answer {
///     pending.answer(Ok(7))
/// }
/// ```
/// ```compile_fail,E0382
/// use postseal::query::{Answer, FindStored, Pending, Unavailable};
/// fn twice(pending: Pending<FindStored>) -> [Answer; 2] {
///     [pending.answer(Ok(vec![])), pending.answer(Ok(vec![]))]
/// }
/// ```
/// ```
/// use postseal::query::{Answer, FindStored, Pending};
/// fn once(pending: Pending<FindStored>) -> Answer {
///     pending.answer(Ok(vec![]))
/// }
/// ```
#[must_use = "an unanswered question leaves the operation waiting for ever"]
#[derive(Debug)]
pub struct Pending<Q> {
    ticket: Ticket,
    query: Q,
}

impl<Q> Pending<Q> {
    pub(crate) fn new(ticket: Ticket, query: Q) -> Self {
        Self { ticket, query }
    }

    /// What is asked.
    ///
    /// ```
    /// use postseal::query::{FindStored, Pending};
    /// fn how_many(pending: &Pending<FindStored>) -> usize {
    ///     pending.query().addresses.len()
    /// }
    /// ```
    pub const fn query(&self) -> &Q {
        &self.query
    }
}

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* } -> $answer:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            #[non_exhaustive]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

            impl $name {
                /// The question outside of an operation, so that a store can be tried by itself.
                #[expect(clippy::allow_attributes, reason = "only some questions take everything by reference")]
                #[allow(clippy::needless_pass_by_value, reason = "a question owns what it asks")]
                pub(crate) fn asking($($field: $type,)*) -> Self {
                    Self { $($field,)* }
                }
            }

            impl Pending<$name> {
                /// Spends the question on its answer.
                pub fn answer(self, reply: Result<$answer, Unavailable>) -> Answer {
                    Answer { ticket: self.ticket, body: Body::$name(reply) }
                }
            }
        )*

        #[derive(Debug)]
        pub(crate) enum Body { $($name(Result<$answer, Unavailable>),)* }
    };
}

queries! {
    /// What is kept for these addresses. The answer has one [`Entry`] for each address, in the same order, also for an
    /// address that has no certificate, so that a version exists to compare with.
    FindStored {
        /// Whose store.
        tenant: Tenant,
        /// The mailboxes, each once.
        addresses: Vec<Address>,
    } -> Vec<Entry>;

    /// Change the entry of one address, if it still has the expected version.
    PutStored {
        /// Whose store.
        tenant: Tenant,
        /// The mailbox.
        address: Address,
        /// The version of the entry that the change was decided on.
        expect: Version,
        /// What to change. It carries the proof that the change was earned.
        change: Change,
    } -> PutOutcome;

    /// Certificates that a directory lends for these addresses. The answer has one [`DirectoryReply`] for each address, in
    /// the same order.
    ResolveDirectory {
        /// For whom.
        tenant: Tenant,
        /// Which directory.
        directory: DirectoryId,
        /// The mailboxes, each once.
        addresses: Vec<Address>,
    } -> Vec<DirectoryReply>;

    /// The revocation list at an address that a certificate names. The answer is DER, or PEM, as it was served.
    FetchCrl {
        /// The URL: http or https.
        at: String,
        /// Octets that the answer may have.
        limit: usize,
    } -> Vec<u8>;

    /// The answer of an OCSP responder that a certificate names (RFC 6960 appendix A.1: a POST).
    FetchOcsp {
        /// The URL: http or https.
        at: String,
        /// The OCSPRequest.
        request: Vec<u8>,
        /// Octets that the answer may have.
        limit: usize,
    } -> Vec<u8>;

    /// The issuer of a certificate, from where the certificate says (RFC 5280 4.2.2.1). The answer is one certificate, or a
    /// certs-only CMS, as it was served.
    FetchIssuer {
        /// The URL: http or https.
        at: String,
        /// Octets that the answer may have.
        limit: usize,
    } -> Vec<u8>;
}

impl FindStored {
    /// The question by itself, for those who write or try a store.
    ///
    /// ```
    /// use postseal::{Address, query::FindStored, store::Tenant};
    /// let query = FindStored::new(Tenant::default(), vec![Address::parse("alice@goal.example")?]);
    /// assert_eq!(query.addresses.len(), 1);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn new(tenant: Tenant, addresses: Vec<Address>) -> Self {
        Self::asking(tenant, addresses)
    }
}

impl PutStored {
    /// The question by itself, for operators' commands and for those who write or try a store. The proof is in the
    /// change: an [`ImportRecord`](crate::cert::ImportRecord) can only be earned.
    ///
    /// ```
    /// use postseal::{Address, Fingerprint, query::PutStored};
    /// use postseal::store::{Change, Decision, Tenant, Version};
    /// let fingerprint: Fingerprint = "00".repeat(32).parse()?;
    /// let change = Change::Decide { fingerprint, decision: Decision::Reject };
    /// let query = PutStored::new(Tenant::default(), Address::parse("alice@goal.example")?, Version::ABSENT, change);
    /// assert_eq!(query.expect, Version::ABSENT);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(tenant: Tenant, address: Address, expect: Version, change: Change) -> Self {
        Self::asking(tenant, address, expect, change)
    }
}

impl ResolveDirectory {
    /// The question by itself, for those who write or try a directory.
    ///
    /// ```
    /// use postseal::{Address, directory::DirectoryId, query::ResolveDirectory, store::Tenant};
    /// let alice = Address::parse("alice@goal.example")?;
    /// let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("ldap:staff"), vec![alice]);
    /// assert_eq!(query.directory.name(), "ldap:staff");
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn new(tenant: Tenant, directory: DirectoryId, addresses: Vec<Address>) -> Self {
        Self::asking(tenant, directory, addresses)
    }
}

impl FetchCrl {
    /// The question by itself, for those who write or try a fetcher.
    ///
    /// ```
    /// use postseal::query::FetchCrl;
    /// assert_eq!(FetchCrl::new("http://ca.example/1.crl", 1 << 20).limit, 1 << 20);
    /// ```
    pub fn new(at: &str, limit: usize) -> Self {
        Self::asking(at.to_owned(), limit)
    }
}

impl FetchOcsp {
    /// The question by itself, for those who write or try a fetcher.
    ///
    /// ```
    /// use postseal::query::FetchOcsp;
    /// assert_eq!(FetchOcsp::new("http://ocsp.ca.example/", vec![0x30, 0], 1 << 16).request, [0x30, 0]);
    /// ```
    pub fn new(at: &str, request: Vec<u8>, limit: usize) -> Self {
        Self::asking(at.to_owned(), request, limit)
    }
}

impl FetchIssuer {
    /// The question by itself, for those who write or try a fetcher.
    ///
    /// ```
    /// use postseal::query::FetchIssuer;
    /// assert_eq!(FetchIssuer::new("http://ca.example/ca.cer", 1 << 16).at, "http://ca.example/ca.cer");
    /// ```
    pub fn new(at: &str, limit: usize) -> Self {
        Self::asking(at.to_owned(), limit)
    }
}

/// A spent question. Only [`Pending::answer`] makes one; only the operation that asked takes it.
#[must_use = "hand this back with `Operation::handle`"]
#[derive(Debug)]
pub struct Answer {
    pub(crate) ticket: Ticket,
    pub(crate) body: Body,
}

/// Who asked. Two tickets belong together when they share the operation's own allocation and its count of questions,
/// so that no global counter is needed.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    operation: Arc<()>,
    number: u32,
}

impl Ticket {
    pub(crate) fn new(operation: &Arc<()>, number: u32) -> Self {
        Self { operation: Arc::clone(operation), number }
    }

    /// The number of `operation`'s question that this is the ticket of.
    pub(crate) fn number_for(&self, operation: &Arc<()>) -> Option<u32> {
        Arc::ptr_eq(&self.operation, operation).then_some(self.number)
    }

    /// Whether this is the ticket of `operation`'s question `number`.
    pub(crate) fn is(&self, operation: &Arc<()>, number: u32) -> bool {
        self.number_for(operation) == Some(number)
    }
}
