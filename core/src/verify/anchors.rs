use super::Limits;
use crate::cert::Certificate;
use crate::error::{Code, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The certificates that a tenant trusts to issue certificates for mail.
///
/// ```
/// use postseal::verify::{Limits, TrustAnchors};
/// let none = TrustAnchors::from_pem(b"no certificate here", &Limits::default());
/// assert!(none.is_err());
/// assert!(TrustAnchors::default().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustAnchors(Vec<Certificate>);

/// CA certificates that help to build a path and that nobody trusts by themselves.
///
/// ```
/// use postseal::verify::Intermediates;
/// assert_eq!(Intermediates::default().len(), 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intermediates(Vec<Certificate>);

macro_rules! certificates {
    ($name:ident) => {
        impl $name {
            /// From certificates.
            ///
            /// ```
            #[doc = concat!("assert!(postseal::verify::", stringify!($name), "::new(Vec::new()).is_empty());")]
            /// ```
            pub const fn new(certificates: Vec<Certificate>) -> Self {
                Self(certificates)
            }

            /// From PEM: every `CERTIFICATE` block counts, text around the blocks does not.
            ///
            /// # Errors
            /// [`Code::PemMalformed`] when there is no block or one is not closed or not base64, and what
            /// [`Certificate::from_der`] reports, with the number of the block as the offset.
            ///
            /// ```
            /// use postseal::verify::Limits;
            #[doc = concat!("assert!(postseal::verify::", stringify!($name), "::from_pem(b\"\", &Limits::default()).is_err());")]
            /// ```
            pub fn from_pem(pem: &[u8], limits: &Limits) -> Result<Self, Error> {
                certificates_from_pem(pem, limits).map(Self::new)
            }

            /// The certificates.
            ///
            /// ```
            #[doc = concat!("assert!(postseal::verify::", stringify!($name), "::default().certificates().next().is_none());")]
            /// ```
            pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
                self.0.iter()
            }

            /// How many.
            ///
            /// ```
            #[doc = concat!("assert_eq!(postseal::verify::", stringify!($name), "::default().len(), 0);")]
            /// ```
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether there is none.
            ///
            /// ```
            #[doc = concat!("assert!(postseal::verify::", stringify!($name), "::default().is_empty());")]
            /// ```
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// Adds those of another set.
            ///
            /// ```
            #[doc = concat!("let mut set = postseal::verify::", stringify!($name), "::default();")]
            /// set.extend(set.clone());
            /// assert!(set.is_empty());
            /// ```
            pub fn extend(&mut self, other: Self) {
                self.0.extend(other.0);
            }
        }
    };
}

certificates!(TrustAnchors);
certificates!(Intermediates);

fn certificates_from_pem(pem: &[u8], limits: &Limits) -> Result<Vec<Certificate>, Error> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let malformed = |number: usize| Error::from(Code::PemMalformed).at(number);
    let text = String::from_utf8_lossy(pem);
    let mut rest = &*text;
    let mut certificates = Vec::new();
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let number = certificates.len().saturating_add(1);
        let (body, after) = after.split_once(END).ok_or_else(|| malformed(number))?;
        let compact: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(compact).map_err(|_| malformed(number))?;
        certificates.push(Certificate::from_der(&der, limits).map_err(|error| Error::from(error.code()).at(number))?);
        rest = after;
    }
    if certificates.is_empty() { Err(Code::PemMalformed.into()) } else { Ok(certificates) }
}
