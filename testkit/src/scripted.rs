use postseal::Address;
use postseal::cert::{Capabilities, TransientCert};
use postseal::directory::{DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A directory that says what a test wants it to say.
///
/// ```
/// use postseal::{Address, directory::{DirectoryId, DirectoryReply, DirectoryResolver}};
/// use postseal::{query::ResolveDirectory, store::Tenant};
/// use postseal_testkit::ScriptedDirectory;
/// let (alice, bob) = (Address::parse("alice@goal.example")?, Address::parse("bob@goal.example")?);
/// let directory = ScriptedDirectory::new().lends(&alice, vec![0x30, 0]);
/// let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("d"), vec![alice, bob]);
/// let replies = directory.resolve(&query).unwrap();
/// assert!(matches!(replies[..], [DirectoryReply::Found(_), DirectoryReply::NotFound]));
/// assert_eq!(directory.asked().len(), 1);
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Default)]
pub struct ScriptedDirectory {
    loans: BTreeMap<Address, Vec<Loan>>,
    down_for: Vec<Address>,
    partial_for: Vec<Address>,
    is_down: bool,
    talks_nonsense: bool,
    asked: Mutex<Vec<ResolveDirectory>>,
}

/// A certificate that a [`ScriptedDirectory`] lends, with what comes beside it.
///
/// ```
/// use postseal_testkit::Loan;
/// let loan = Loan { preferred: true, ..Loan::of(vec![0x30, 0]) };
/// assert!(loan.issuers.is_empty());
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests set what they are about")]
pub struct Loan {
    /// The certificate.
    pub der: Vec<u8>,
    /// CA certificates beside it.
    pub issuers: Vec<Vec<u8>>,
    /// Capabilities that its owner signed.
    pub capabilities: Option<Capabilities>,
    /// Whether its owner prefers it.
    pub preferred: bool,
}

impl Loan {
    /// Only the certificate.
    ///
    /// ```
    /// assert!(!postseal_testkit::Loan::of(vec![0x30, 0]).preferred);
    /// ```
    #[must_use]
    pub const fn of(der: Vec<u8>) -> Self {
        Self { der, issuers: Vec::new(), capabilities: None, preferred: false }
    }

    fn lend(&self) -> TransientCert {
        let mut lent = TransientCert::from_der(self.der.clone()).with_issuers(self.issuers.clone());
        if let Some(capabilities) = &self.capabilities {
            lent = lent.with_capabilities(capabilities.clone());
        }
        if self.preferred { lent.preferred() } else { lent }
    }
}

impl ScriptedDirectory {
    /// One that has nothing.
    ///
    /// ```
    /// assert!(postseal_testkit::ScriptedDirectory::new().asked().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lends this certificate for this address, after those that it lends for it already.
    ///
    /// ```
    /// use postseal_testkit::ScriptedDirectory;
    /// let alice = postseal::Address::parse("alice@goal.example")?;
    /// let directory = ScriptedDirectory::new().lends(&alice, vec![0x30, 0]).lends(&alice, vec![0x30, 0]);
    /// # drop(directory);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    #[must_use]
    pub fn lends(self, address: &Address, der: Vec<u8>) -> Self {
        self.lends_with(address, Loan::of(der))
    }

    /// The same, with what comes beside it.
    ///
    /// ```
    /// use postseal_testkit::{Loan, ScriptedDirectory};
    /// let alice = postseal::Address::parse("alice@goal.example")?;
    /// let directory = ScriptedDirectory::new().lends_with(&alice, Loan { preferred: true, ..Loan::of(vec![0x30, 0]) });
    /// # drop(directory);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    #[must_use]
    pub fn lends_with(mut self, address: &Address, loan: Loan) -> Self {
        self.loans.entry(address.clone()).or_default().push(loan);
        self
    }

    /// Does not answer about this address.
    ///
    /// ```
    /// let alice = postseal::Address::parse("alice@goal.example")?;
    /// let directory = postseal_testkit::ScriptedDirectory::new().is_down_for(&alice);
    /// # drop(directory);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    #[must_use]
    pub fn is_down_for(mut self, address: &Address) -> Self {
        self.down_for.push(address.clone());
        self
    }

    /// Stops in the middle of its answer about this address: what it lends may not be all.
    ///
    /// ```
    /// let alice = postseal::Address::parse("alice@goal.example")?;
    /// let directory = postseal_testkit::ScriptedDirectory::new().is_partial_for(&alice);
    /// # drop(directory);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    #[must_use]
    pub fn is_partial_for(mut self, address: &Address) -> Self {
        self.partial_for.push(address.clone());
        self
    }

    /// Does not answer at all.
    ///
    /// ```
    /// let directory = postseal_testkit::ScriptedDirectory::new().is_down();
    /// # drop(directory);
    /// ```
    #[must_use]
    pub const fn is_down(mut self) -> Self {
        self.is_down = true;
        self
    }

    /// Gives one reply too many.
    ///
    /// ```
    /// let directory = postseal_testkit::ScriptedDirectory::new().talks_nonsense();
    /// # drop(directory);
    /// ```
    #[must_use]
    pub const fn talks_nonsense(mut self) -> Self {
        self.talks_nonsense = true;
        self
    }

    /// What it was asked, in order.
    ///
    /// ```
    /// assert!(postseal_testkit::ScriptedDirectory::new().asked().is_empty());
    /// ```
    pub fn asked(&self) -> Vec<ResolveDirectory> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for ScriptedDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedDirectory(..)")
    }
}

impl DirectoryResolver for ScriptedDirectory {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(query.clone());
        if self.is_down {
            return Err(Unavailable::because("the scripted directory is down"));
        }
        let lend =
            |address: &Address| -> Vec<_> { self.loans.get(address).into_iter().flatten().map(Loan::lend).collect() };
        let reply = |address: &Address| match self.loans.get(address) {
            _ if self.down_for.contains(address) => {
                DirectoryReply::Unavailable(Unavailable::because("the scripted directory is down for this address"))
            }
            _ if self.partial_for.contains(address) => {
                let stopped = Unavailable::because("the scripted directory stopped in the middle");
                DirectoryReply::Partial(lend(address), stopped)
            }
            Some(_) => DirectoryReply::Found(lend(address)),
            None => DirectoryReply::NotFound,
        };
        let mut replies: Vec<_> = query.addresses.iter().map(reply).collect();
        if self.talks_nonsense {
            replies.push(DirectoryReply::NotFound);
        }
        Ok(replies)
    }
}
