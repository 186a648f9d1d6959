use super::{Address, Capabilities, Certificate, published};
use crate::error::Error;
use crate::verify::Limits;
use core::fmt;
use zeroize::Zeroizing;

/// A certificate that a directory lends for one delivery.
///
/// It can be made, and it can be spent: on the answer to a [`ResolveDirectory`](crate::query::ResolveDirectory), which
/// leads to sealing and nowhere else. Its memory is overwritten when it ends. There is no way to keep it:
///
/// ```compile_fail,E0308
/// use postseal::cert::{ImportRecord, TransientCert};
/// fn keep(lent: TransientCert) -> ImportRecord {
///     ImportRecord::from(lent)
/// }
/// ```
/// ```
/// use postseal::cert::{ImportRecord, StoredCert};
/// fn keep(earned: &ImportRecord) -> StoredCert {
///     StoredCert::from(earned)
/// }
/// ```
/// or to read it:
///
/// ```compile_fail,E0599
/// fn octets(lent: &postseal::cert::TransientCert) -> &[u8] {
///     lent.der()
/// }
/// ```
/// ```
/// fn octets(stored: &postseal::cert::StoredCert) -> &[u8] {
///     stored.certificate.der()
/// }
/// ```
/// or to show it:
///
/// ```compile_fail,E0277
/// fn show(lent: &postseal::cert::TransientCert) -> String {
///     format!("{lent}")
/// }
/// ```
/// ```
/// fn show(lent: &postseal::cert::TransientCert) -> String {
///     format!("{lent:?}")
/// }
/// assert_eq!(show(&postseal::cert::TransientCert::from_der(vec![0x30, 0])), "TransientCert(..)");
/// ```
/// or to make a second one of it:
///
/// ```compile_fail,E0277
/// fn needs_clone<T: Clone>() {}
/// needs_clone::<postseal::cert::TransientCert>();
/// ```
/// ```
/// fn needs_clone<T: Clone>() {}
/// needs_clone::<postseal::cert::StoredCert>();
/// ```
pub struct TransientCert {
    der: Zeroizing<Vec<u8>>,
    issuers: Vec<Zeroizing<Vec<u8>>>,
    capabilities: Option<Capabilities>,
    /// Who signed the capabilities, as far as it is another certificate: it has to have a path of its own.
    voucher: Option<Zeroizing<Vec<u8>>>,
    preferred: bool,
}

impl TransientCert {
    /// From what the directory sent. It is read and checked when it is spent, never before.
    ///
    /// ```
    /// let lent = postseal::cert::TransientCert::from_der(vec![0x30, 0]);
    /// # drop(lent);
    /// ```
    pub fn from_der(der: Vec<u8>) -> Self {
        let der = Zeroizing::new(der);
        Self { der, issuers: Vec::new(), capabilities: None, voucher: None, preferred: false }
    }

    /// From a SignedData that a directory has for `about` (RFC 2798 2.8), with a signer or without any: each certificate in it,
    /// with its CA certificates as issuers. Where there are only CA certificates, they are lent as what they are, so that the
    /// engine says why nobody can be encrypted to.
    ///
    /// Signed capabilities and the owner's preference come along only when the signature holds under a certificate inside that
    /// bears the address (draft-ietf-smime-certdist). If the signer's certificate has a path as well, the preference orders
    /// what is lent, and the capabilities choose among the algorithms that the policy allows. Neither stands in for any check.
    ///
    /// # Errors
    /// [`Code::CmsNotSignedData`](crate::Code) when it is something else, as a bare certificate; a limit;
    /// [`Code::CmsMalformed`](crate::Code).
    ///
    /// ```
    /// use postseal::{Address, Code, cert::TransientCert, verify::Limits};
    /// let alice = Address::parse("alice@goal.example")?;
    /// let error = TransientCert::from_cms(b"no object", &alice, &Limits::default()).unwrap_err();
    /// assert_eq!(error.code(), Code::DerTruncated);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn from_cms(cms: &[u8], about: &Address, limits: &Limits) -> Result<Vec<Self>, Error> {
        published::read(cms, about, limits)
    }

    /// From certificates that came together: the CA certificates among them are lent as issuers of the others. Where there are
    /// no others, they are lent as what they are.
    ///
    /// ```
    /// use postseal::{cert::TransientCert, verify::Limits};
    /// let lent = TransientCert::from_chain(vec![vec![0x30, 0], vec![0x30, 0]], &Limits::default());
    /// assert_eq!(lent.len(), 2);
    /// ```
    pub fn from_chain(certificates: Vec<Vec<u8>>, limits: &Limits) -> Vec<Self> {
        let certificates: Vec<_> = certificates.into_iter().map(Zeroizing::new).collect();
        published::read_chain(&certificates, limits)
    }

    /// With CA certificates that came beside it and may help to build its path (userSMIMECertificate, RFC 2798 2.8,
    /// carries the chain).
    ///
    /// ```
    /// use postseal::cert::TransientCert;
    /// let lent = TransientCert::from_der(vec![0x30, 0]).with_issuers(vec![vec![0x30, 0]]);
    /// # drop(lent);
    /// ```
    #[must_use]
    pub fn with_issuers(mut self, issuers: Vec<Vec<u8>>) -> Self {
        self.issuers = issuers.into_iter().map(Zeroizing::new).collect();
        self
    }

    /// With capabilities that its owner signed. Whoever calls this has verified that signature.
    ///
    /// ```
    /// use postseal::cert::{Capabilities, TransientCert};
    /// let lent = TransientCert::from_der(vec![0x30, 0]).with_capabilities(Capabilities::new(vec![0x30, 0], None));
    /// # drop(lent);
    /// ```
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = Some(capabilities);
        self
    }

    /// With the certificate of whoever signed the capabilities.
    pub(super) fn vouched_for_by(mut self, signer: &[u8]) -> Self {
        self.voucher = Some(Zeroizing::new(signer.to_vec()));
        self
    }

    /// As the one that its owner prefers among those that the directory lends (RFC 8551 2.5.3).
    ///
    /// ```
    /// let lent = postseal::cert::TransientCert::from_der(vec![0x30, 0]).preferred();
    /// # drop(lent);
    /// ```
    #[must_use]
    pub const fn preferred(mut self) -> Self {
        self.preferred = true;
        self
    }

    /// The certificate, so that it can be told which of many are opened.
    pub(crate) fn certificate(&self, limits: &Limits) -> Result<Certificate, Error> {
        Certificate::lent(&self.der, limits)
    }

    /// Whether its owner prefers it.
    pub(crate) const fn is_preferred(&self) -> bool {
        self.preferred
    }

    /// Spends it: the certificate, which was read of it, and its issuers as views whose octets are overwritten at their end.
    pub(crate) fn open(mut self, certificate: Certificate, limits: &Limits) -> Result<Lent, Error> {
        // What cannot be read helps no path; more than a mail may carry is not looked at.
        let issuers = self.issuers.iter().take(limits.certificates);
        let issuers = issuers.filter_map(|der| Certificate::lent(der, limits).ok()).collect();
        let voucher = self.voucher.as_ref().map(|der| Certificate::lent(der, limits)).transpose()?;
        let capabilities = self.capabilities.take();
        Ok(Lent { certificate, issuers, capabilities, voucher, is_preferred: self.preferred })
    }
}

/// A lent certificate that was read and is not judged yet.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) certificate: Certificate,
    pub(crate) issuers: Vec<Certificate>,
    pub(crate) capabilities: Option<Capabilities>,
    pub(crate) voucher: Option<Certificate>,
    /// The one that its owner prefers, by the word of the voucher where there is one.
    pub(crate) is_preferred: bool,
}

impl fmt::Debug for TransientCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransientCert(..)")
    }
}
