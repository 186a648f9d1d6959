use crate::der::Element;
use crate::error::{Code, Error};

/// Why a certificate was revoked (CRLReason, RFC 5280 5.3.1).
///
/// ```
/// use postseal::revocation::Reason;
/// assert_eq!(Reason::KeyCompromise.name(), "key-compromise");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// None was given.
    Unspecified,
    /// Somebody else may have the private key.
    KeyCompromise,
    /// Somebody else may have the CA's private key.
    CaCompromise,
    /// The subject's name or another statement about it has changed.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is no longer needed.
    CessationOfOperation,
    /// It is suspended, and may be taken back.
    CertificateHold,
    /// It was suspended, and is good again. Only in lists of changes.
    RemoveFromCrl,
    /// What it said about a privilege no longer holds.
    PrivilegeWithdrawn,
    /// Somebody else may have the key of an attribute authority.
    AaCompromise,
}

impl Reason {
    const NUMBERED: [(u8, Self); 10] = [
        (0, Self::Unspecified),
        (1, Self::KeyCompromise),
        (2, Self::CaCompromise),
        (3, Self::AffiliationChanged),
        (4, Self::Superseded),
        (5, Self::CessationOfOperation),
        (6, Self::CertificateHold),
        (8, Self::RemoveFromCrl),
        (9, Self::PrivilegeWithdrawn),
        (10, Self::AaCompromise),
    ];

    /// The name in traces.
    ///
    /// ```
    /// assert_eq!(postseal::revocation::Reason::Superseded.name(), "superseded");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::CertificateHold => "certificate-hold",
            Self::RemoveFromCrl => "remove-from-crl",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
            Self::AaCompromise => "aa-compromise",
        }
    }

    /// From an ENUMERATED, under whatever tag. A number without a meaning is a revocation all the same.
    pub(super) fn read(element: Element<'_>) -> Result<Self, Error> {
        match element.content() {
            [] => Err(Error::from(Code::DerValue).at(element.offset())),
            [octet] => Ok(Self::NUMBERED
                .into_iter()
                .find_map(|(number, reason)| (number == *octet).then_some(reason))
                .unwrap_or(Self::Unspecified)),
            _ => Ok(Self::Unspecified),
        }
    }
}

/// The reasons that a list or a distribution point is about (ReasonFlags, RFC 5280 4.2.1.13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReasonFlags(u16);

impl ReasonFlags {
    pub(crate) const NONE: Self = Self(0);
    /// Bit 0 is unused; 1 to 8 are keyCompromise to aACompromise.
    pub(crate) const ALL: Self = Self(0x7f80);

    /// From a BIT STRING, under whatever tag.
    pub(crate) fn read(element: Element<'_>) -> Result<Self, Error> {
        let (unused, octets) = match element.content() {
            [unused @ 0..=7, octets @ ..] => (u32::from(*unused), octets),
            _ => return Err(Error::from(Code::DerValue).at(element.offset())),
        };
        let octet = |index: usize| {
            let octet = octets.get(index).copied().unwrap_or_default();
            let used = if octets.len().checked_sub(1) == Some(index) { 0xff_u8.unbounded_shl(unused) } else { 0xff };
            u16::from(octet & used)
        };
        Ok(Self((octet(0) << 8 | octet(1)) & Self::ALL.0))
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has a reason that `other` has not.
    pub(crate) const fn exceeds(self, other: Self) -> bool {
        self.0 & !other.0 != 0
    }

    pub(crate) fn is_all(self) -> bool {
        self == Self::ALL
    }
}
