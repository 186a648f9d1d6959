use crate::cert::{Address, Fingerprint, StoredCert};

/// Counts the changes of an entry, so that a change can say what it was decided on.
///
/// ```
/// use postseal::store::Version;
/// assert_eq!(Version::ABSENT.next(), Version::new(1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// Nothing was ever stored.
    pub const ABSENT: Self = Self(0);

    /// From the number a store has kept.
    ///
    /// ```
    /// assert_eq!(postseal::store::Version::new(7).number(), 7);
    /// ```
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number to keep.
    ///
    /// ```
    /// assert_eq!(postseal::store::Version::ABSENT.number(), 0);
    /// ```
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The version after one change.
    ///
    /// ```
    /// assert_eq!(postseal::store::Version::new(1).next().number(), 2);
    /// ```
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What a stored certificate is to its mailbox.
///
/// ```
/// use postseal::store::State;
/// assert_eq!(State::from_name("held"), Some(State::Held));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// In use.
    Active,
    /// Was in use before the active one; stays usable until it ends.
    Superseded,
    /// A candidate that contradicts what is in use; an operator decides.
    Held,
    /// An operator said no. It stays as a tombstone, so that it is refused when it comes again.
    Rejected,
    /// An operator switched it off. A tombstone as well.
    Disabled,
    /// An operator chose it. Nothing that mail brings replaces it.
    Pinned,
}

impl State {
    /// All states.
    ///
    /// ```
    /// assert_eq!(postseal::store::State::ALL.len(), 6);
    /// ```
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Superseded, Self::Held, Self::Rejected, Self::Disabled, Self::Pinned];

    /// The name in stores and listings.
    ///
    /// ```
    /// assert_eq!(postseal::store::State::Superseded.name(), "superseded");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Superseded => "superseded",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Disabled => "disabled",
            Self::Pinned => "pinned",
        }
    }

    /// The state with this name.
    ///
    /// ```
    /// assert_eq!(postseal::store::State::from_name("unheard of"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a certificate in this state may be sealed to, if it passes its checks.
    ///
    /// ```
    /// use postseal::store::State;
    /// assert!(State::Pinned.is_in_use() && !State::Held.is_in_use());
    /// ```
    pub const fn is_in_use(self) -> bool {
        matches!(self, Self::Active | Self::Superseded | Self::Pinned)
    }
}

/// Everything a store keeps for one mailbox of one tenant.
///
/// ```
/// use postseal::{Address, store::{Entry, Version}};
/// let entry = Entry::absent(Address::parse("alice@goal.example")?);
/// assert_eq!((entry.version, entry.certs.len()), (Version::ABSENT, 0));
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it from their rows")]
pub struct Entry {
    /// The mailbox as it was spelled when it was first stored.
    pub address: Address,
    /// How often the entry was changed.
    pub version: Version,
    /// Certificates with their states, oldest entry first.
    pub certs: Vec<(StoredCert, State)>,
}

impl Entry {
    /// The entry of an address that nothing is kept for.
    ///
    /// ```
    /// let alice = postseal::Address::parse("alice@goal.example")?;
    /// assert!(postseal::store::Entry::absent(alice).certs.is_empty());
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub const fn absent(address: Address) -> Self {
        Self { address, version: Version::ABSENT, certs: Vec::new() }
    }

    /// The state of the certificate with this fingerprint.
    ///
    /// ```
    /// use postseal::{Address, Fingerprint, store::Entry};
    /// let entry = Entry::absent(Address::parse("alice@goal.example")?);
    /// assert_eq!(entry.state_of(&"00".repeat(32).parse()?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn state_of(&self, fingerprint: &Fingerprint) -> Option<State> {
        self.certs.iter().find(|(stored, _)| stored.certificate.fingerprint() == *fingerprint).map(|(_, state)| *state)
    }

    /// The certificate in use: the pinned one, else the active one.
    ///
    /// ```
    /// use postseal::{Address, store::Entry};
    /// assert!(Entry::absent(Address::parse("alice@goal.example")?).active().is_none());
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn active(&self) -> Option<&StoredCert> {
        let in_state = |wanted| self.certs.iter().find(|(_, state)| *state == wanted).map(|(stored, _)| stored);
        in_state(State::Pinned).or_else(|| in_state(State::Active))
    }
}
