//! Public certificates for others: in the formats that mail programs, address books and directories read.

mod ldif;
mod pem;
mod vcard;

use postseal::cert::{Certificate, StoredCert, certs_only};
use postseal::store::Entry;
use postseal::{Address, Fingerprint};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use thiserror::Error;

/// Octets of certificates that one `.p7c` may hold. 64 MiB: some 30 000 certificates.
const P7C_BYTES: usize = 64 << 20;

/// How certificates are written.
///
/// ```
/// use postseal_host::ExportFormat;
/// assert_eq!(ExportFormat::from_name("ldif"), Some(ExportFormat::Ldif));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// PEM (RFC 7468), each certificate after a line that says whose it is.
    Pem,
    /// One certs-only CMS (RFC 8551 3.8), in DER: what Outlook and Windows call a `.p7b` or `.p7c`.
    P7c,
    /// A vCard 4.0 (RFC 6350) for each address.
    Vcard,
    /// An inetOrgPerson in LDIF (RFC 2849) for each address.
    Ldif,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pem, Self::P7c, Self::Vcard, Self::Ldif];

    /// The name at a prompt.
    ///
    /// ```
    /// assert_eq!(postseal_host::ExportFormat::P7c.name(), "p7c");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::P7c => "p7c",
            Self::Vcard => "vcard",
            Self::Ldif => "ldif",
        }
    }

    /// The format with this name.
    ///
    /// ```
    /// assert_eq!(postseal_host::ExportFormat::from_name("p12"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether it has a place for certificates that are nobody's, those of CAs.
    ///
    /// ```
    /// use postseal_host::ExportFormat;
    /// assert!(ExportFormat::P7c.holds_issuers() && !ExportFormat::Vcard.holds_issuers());
    /// ```
    pub const fn holds_issuers(self) -> bool {
        matches!(self, Self::Pem | Self::P7c)
    }
}

/// Why certificates cannot be written.
///
/// ```
/// use postseal_host::ExportError;
/// let error = ExportError::from(std::io::Error::other("disk full"));
/// assert_eq!(error.to_string(), "disk full");
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The output failed.
    #[error("{0}")]
    Output(#[from] io::Error),
    /// More certificates than one message may hold.
    #[error("more than 64 MiB of certificates for one .p7c: take another format, or less of them")]
    TooLarge,
}

/// Writes public certificates, one entry of a store after the other: those in use, unless others are asked for.
///
/// Memory does not grow with what is written, but for [`ExportFormat::P7c`]: a definite length stands before all certificates,
/// and many readers know no other. There certificates wait until the end, 64 MiB at the most.
///
/// What a directory lent cannot be in it: it never is an [`Entry`].
///
/// ```compile_fail,E0308
/// fn export(export: &mut postseal_host::Export<Vec<u8>>, lent: &postseal::cert::TransientCert) {
///     let _ = export.entry(lent);
/// }
/// ```
///
/// ```
/// use postseal::{Address, store::Entry};
/// use postseal_host::{Export, ExportFormat};
/// let mut export = Export::new(ExportFormat::Ldif, Vec::new());
/// export.entry(&Entry::absent(Address::parse("alice@goal.example")?))?;
/// assert_eq!(export.finish()?, b"version: 1\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Export<W> {
    format: ExportFormat,
    out: W,
    with_issuers: bool,
    with_unused: bool,
    base: Option<String>,
    has_begun: bool,
    /// Issuers that are written already.
    issuers: BTreeSet<Fingerprint>,
    /// What waits for the length of them all.
    waiting: BTreeMap<Fingerprint, Certificate>,
    waiting_bytes: usize,
}

impl<W: Write> Export<W> {
    /// In this format, to there. Wrap a file in a [`std::io::BufWriter`].
    ///
    /// ```
    /// let export = postseal_host::Export::new(postseal_host::ExportFormat::Pem, Vec::new());
    /// assert!(export.finish()?.is_empty());
    /// # Ok::<(), postseal_host::ExportError>(())
    /// ```
    pub const fn new(format: ExportFormat, out: W) -> Self {
        Self {
            format,
            out,
            with_issuers: false,
            with_unused: false,
            base: None,
            has_begun: false,
            issuers: BTreeSet::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
        }
    }

    /// Also the certificates of CAs that lead to those of people, each once, where the format
    /// [has a place](ExportFormat::holds_issuers) for them.
    ///
    /// ```
    /// use postseal_host::{Export, ExportFormat};
    /// let export = Export::new(ExportFormat::P7c, Vec::new()).with_issuers();
    /// # let _ = export;
    /// ```
    #[must_use]
    pub const fn with_issuers(mut self) -> Self {
        self.with_issuers = true;
        self
    }

    /// Also certificates that are not in use: held, superseded, rejected, disabled.
    ///
    /// ```
    /// use postseal_host::{Export, ExportFormat};
    /// let export = Export::new(ExportFormat::Pem, Vec::new()).with_unused();
    /// # let _ = export;
    /// ```
    #[must_use]
    pub const fn with_unused(mut self) -> Self {
        self.with_unused = true;
        self
    }

    /// In LDIF, everybody below this entry, a distinguished name (RFC 4514), instead of below the one that the domain of the
    /// address names (RFC 2247): `dc=goal,dc=example`.
    ///
    /// ```
    /// use postseal_host::{Export, ExportFormat};
    /// let export = Export::new(ExportFormat::Ldif, Vec::new()).below("ou=partners,dc=corp,dc=example");
    /// # let _ = export;
    /// ```
    #[must_use]
    pub fn below(mut self, base: &str) -> Self {
        self.base = Some(base.to_owned());
        self
    }

    /// Writes the certificates of one address, and says how many. An entry that has none of those that are wanted is left out.
    ///
    /// # Errors
    /// [`ExportError`].
    ///
    /// ```
    /// use postseal::{Address, store::Entry};
    /// use postseal_host::{Export, ExportFormat};
    /// let mut export = Export::new(ExportFormat::Vcard, Vec::new());
    /// assert_eq!(export.entry(&Entry::absent(Address::parse("alice@goal.example")?))?, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn entry(&mut self, entry: &Entry) -> Result<usize, ExportError> {
        let with_unused = self.with_unused;
        let wanted = entry.certs.iter().filter(|(_, state)| with_unused || state.is_in_use());
        let wanted: Vec<&StoredCert> = wanted.map(|(stored, _)| stored).collect();
        if wanted.is_empty() {
            return Ok(0);
        }
        let has_begun = self.begin()?;
        let certificates = wanted.iter().map(|stored| &stored.certificate);
        match self.format {
            ExportFormat::Pem => self.pem(&entry.address, &wanted)?,
            ExportFormat::P7c => self.wait_for_all(&wanted)?,
            ExportFormat::Vcard => vcard::write(&mut self.out, &entry.address, certificates)?,
            ExportFormat::Ldif => {
                let empty_line: &[u8] = if has_begun { b"\n" } else { b"" };
                self.out.write_all(empty_line)?;
                ldif::write(&mut self.out, &entry.address, self.base.as_deref(), certificates)?;
            }
        }
        Ok(wanted.len())
    }

    /// Writes what comes last, and gives the output back.
    ///
    /// # Errors
    /// [`ExportError::Output`].
    ///
    /// ```
    /// use postseal_host::{Export, ExportFormat};
    /// // A message without certificates is one, too.
    /// assert_eq!(Export::new(ExportFormat::P7c, Vec::new()).finish()?.len(), 37);
    /// # Ok::<(), postseal_host::ExportError>(())
    /// ```
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.begin()?;
        if self.format == ExportFormat::P7c {
            let all: Vec<&Certificate> = self.waiting.values().collect();
            self.out.write_all(&certs_only(&all))?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    /// Writes what comes first, and says whether that was done already.
    fn begin(&mut self) -> io::Result<bool> {
        if self.format == ExportFormat::Ldif && !self.has_begun {
            self.out.write_all(b"version: 1\n")?;
        }
        Ok(std::mem::replace(&mut self.has_begun, true))
    }

    fn pem(&mut self, address: &Address, wanted: &[&StoredCert]) -> io::Result<()> {
        for stored in wanted {
            pem::write(&mut self.out, address.as_str(), &stored.certificate)?;
            for issuer in stored.issuers.iter().filter(|_| self.with_issuers) {
                if self.issuers.insert(issuer.fingerprint()) {
                    pem::write(&mut self.out, "issuer", issuer)?;
                }
            }
        }
        Ok(())
    }

    fn wait_for_all(&mut self, wanted: &[&StoredCert]) -> Result<(), ExportError> {
        for stored in wanted {
            let issuers = stored.issuers.iter().filter(|_| self.with_issuers);
            for certificate in [&stored.certificate].into_iter().chain(issuers) {
                if self.waiting.contains_key(&certificate.fingerprint()) {
                    continue;
                }
                self.waiting_bytes = self.waiting_bytes.saturating_add(certificate.der().len());
                if self.waiting_bytes > P7C_BYTES {
                    return Err(ExportError::TooLarge);
                }
                self.waiting.insert(certificate.fingerprint(), certificate.clone());
            }
        }
        Ok(())
    }
}
