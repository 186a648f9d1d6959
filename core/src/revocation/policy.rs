/// Whether revocation is looked at, and what becomes of a certificate about which nothing is known.
///
/// A certificate that is known to be revoked is never used, but with [`Mode::Off`], where nobody looks.
///
/// ```
/// use postseal::revocation::Mode;
/// assert_eq!(Mode::from_name("hard"), Some(Mode::Hard));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Nothing is looked at.
    Off,
    /// Unknown passes, and the trace says so.
    #[default]
    Soft,
    /// Unknown blocks.
    Hard,
}

impl Mode {
    /// All modes.
    ///
    /// ```
    /// assert_eq!(postseal::revocation::Mode::ALL.len(), 3);
    /// ```
    pub const ALL: [Self; 3] = [Self::Off, Self::Soft, Self::Hard];

    /// The name in configurations.
    ///
    /// ```
    /// assert_eq!(postseal::revocation::Mode::default().name(), "soft");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }

    /// The mode with this name.
    ///
    /// ```
    /// assert_eq!(postseal::revocation::Mode::from_name("perhaps"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Which source is fetched first; the other one only when the first leaves the state unknown.
///
/// ```
/// use postseal::revocation::Order;
/// assert_eq!(Order::from_name("ocsp-first"), Some(Order::OcspFirst));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Lists first: they do not tell the issuer whose mail is read.
    #[default]
    CrlFirst,
    /// The online protocol first: it is newer than a list.
    OcspFirst,
}

impl Order {
    /// Both orders.
    ///
    /// ```
    /// assert_eq!(postseal::revocation::Order::ALL.len(), 2);
    /// ```
    pub const ALL: [Self; 2] = [Self::CrlFirst, Self::OcspFirst];

    /// The name in configurations.
    ///
    /// ```
    /// assert_eq!(postseal::revocation::Order::default().name(), "crl-first");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrlFirst => "crl-first",
            Self::OcspFirst => "ocsp-first",
        }
    }

    /// The order with this name.
    ///
    /// ```
    /// assert_eq!(postseal::revocation::Order::from_name("first"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }
}

/// How a tenant or route treats revocation. By default unknown passes, and nothing is fetched.
///
/// ```
/// use postseal::revocation::{Mode, RevocationPolicy};
/// let mut policy = RevocationPolicy::default();
/// policy.mode = Mode::Hard;
/// policy.fetch = true;
/// assert!(!policy.fetch_issuers);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevocationPolicy {
    /// What becomes of the unknown.
    pub mode: Mode,
    /// Which source is fetched first.
    pub order: Order,
    /// Whether lists and responses are fetched from where a certificate says, once it has a path to an anchor. Without it
    /// the configured lists count, and those in the mail.
    pub fetch: bool,
    /// Whether a missing issuer of a recipient's certificate is fetched. Never for a mail that comes in: there the address
    /// is the word of whoever made the certificate.
    pub fetch_issuers: bool,
    /// Whether a response must repeat the nonce that the host supplies (RFC 9654). Many responders never do.
    pub nonce_required: bool,
}
