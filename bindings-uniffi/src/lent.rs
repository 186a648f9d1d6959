use crate::error::first_line;
use core::fmt;
use postseal::UnixTime;
use postseal::cert::{Capabilities, TransientCert};
use postseal::directory;
use postseal::query::Unavailable;
use zeroize::Zeroizing;

/// Octets that a directory lends. They are overwritten at their end, whatever becomes of them.
pub struct LentOctets(Zeroizing<Vec<u8>>);

uniffi::custom_type!(LentOctets, Vec<u8>, {
    lower: |octets| octets.0.to_vec(),
    try_lift: |octets| Ok(LentOctets::from(octets)),
});

impl LentOctets {
    /// The octets, to be handed on to who overwrites them as well.
    fn take(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl From<Vec<u8>> for LentOctets {
    fn from(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl fmt::Debug for LentOctets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LentOctets(..)")
    }
}

/// A certificate that a directory of the host lends for one delivery. It only goes in: no function returns one, and nothing that the
/// engine gives holds one. The engine's copy is overwritten when the message is made; what the host keeps is the host's to forget.
#[derive(uniffi::Record)]
#[uniffi::export(Debug)]
pub struct LentCertificate {
    /// What the directory sent: DER.
    pub der: LentOctets,
    /// CA certificates that came beside it and may help to build its path, DER.
    #[uniffi(default = [])]
    pub issuers: Vec<LentOctets>,
    /// SMIMECapabilities (RFC 8551 2.5.2, DER) that its owner signed. Whoever gives them has verified that signature.
    #[uniffi(default = None)]
    pub capabilities: Option<Vec<u8>>,
    /// When its owner says that he signed the capabilities, in seconds since 1970.
    #[uniffi(default = None)]
    pub signed_at: Option<i64>,
    /// Whether its owner prefers it among those that the directory lends (RFC 8551 2.5.3).
    #[uniffi(default = false)]
    pub preferred: bool,
}

impl fmt::Debug for LentCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LentCertificate(..)")
    }
}

impl From<LentCertificate> for TransientCert {
    fn from(lent: LentCertificate) -> Self {
        let signed_at = lent.signed_at.map(UnixTime::from_seconds);
        let issuers = lent.issuers.into_iter().map(LentOctets::take);
        let mut own = Self::from_der(lent.der.take()).with_issuers(issuers.collect());
        if let Some(der) = lent.capabilities {
            own = own.with_capabilities(Capabilities::new(der, signed_at));
        }
        if lent.preferred { own.preferred() } else { own }
    }
}

/// What a directory says about one address. A directory that is down is never one that has no certificate.
#[derive(Debug, uniffi::Enum)]
pub enum DirectoryReply {
    /// These certificates, whatever they are worth: the engine judges them.
    Found {
        /// One or more.
        certificates: Vec<LentCertificate>,
    },
    /// These certificates, and perhaps more: the directory was not heard to its end. Where none of them can be used, nobody
    /// knows whether there is one that can.
    Partial {
        /// What there is of them.
        certificates: Vec<LentCertificate>,
        /// One line for the host's own log, never about a person.
        reason: String,
    },
    /// The directory was asked, and has none.
    NotFound,
    /// The directory could not be asked, or did not answer in time.
    Unavailable {
        /// One line for the host's own log, never about a person.
        reason: String,
    },
}

impl From<DirectoryReply> for directory::DirectoryReply {
    fn from(reply: DirectoryReply) -> Self {
        match reply {
            DirectoryReply::Found { certificates } => Self::Found(certificates.into_iter().map(Into::into).collect()),
            DirectoryReply::Partial { certificates, reason } => {
                let why = Unavailable::because(first_line(&reason));
                Self::Partial(certificates.into_iter().map(Into::into).collect(), why)
            }
            DirectoryReply::NotFound => Self::NotFound,
            DirectoryReply::Unavailable { reason } => Self::Unavailable(Unavailable::because(first_line(&reason))),
        }
    }
}
