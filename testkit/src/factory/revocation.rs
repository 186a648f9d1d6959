use super::authority::Authority;
use super::certificate::{Person, extension};
use super::der::{bit_string, integer, null, octet_string, oid, sequence, time, tlv, yes};
use super::key::Key;
use super::scheme::Digest;

/// One entry of a revocation list.
///
/// ```
/// use postseal_testkit::factory::Revoked;
/// assert_eq!(Revoked::new(7).reason, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests set what they are about")]
pub struct Revoked {
    /// The serial number, encoded as an INTEGER.
    pub serial: Vec<u8>,
    /// Since when (RFC 3339).
    pub at: String,
    /// The number of the CRLReason (RFC 5280 5.3.1).
    pub reason: Option<u8>,
    /// The encoded name of the certificate's issuer, in an indirect list.
    pub issuer: Option<Vec<u8>>,
    /// Whole Extensions, after the others.
    pub extra_extensions: Vec<Vec<u8>>,
}

impl Revoked {
    /// The certificate with this serial number, since 1 March 2026.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Revoked::new(7).serial, [2, 1, 7]);
    /// ```
    #[must_use]
    pub fn new(serial: u64) -> Self {
        Self {
            serial: integer(serial),
            at: "2026-03-01T00:00:00Z".to_owned(),
            reason: None,
            issuer: None,
            extra_extensions: Vec::new(),
        }
    }

    /// With this reason.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Revoked::new(7).because(1).reason, Some(1));
    /// ```
    #[must_use]
    pub const fn because(mut self, reason: u8) -> Self {
        self.reason = Some(reason);
        self
    }

    fn encode(&self) -> Vec<u8> {
        let mut extensions = Vec::new();
        if let Some(reason) = self.reason {
            extensions.push(extension("2.5.29.21", false, &tlv(0x0a, &[&[reason]])));
        }
        if let Some(issuer) = &self.issuer {
            extensions.push(extension("2.5.29.29", true, &sequence(&[&tlv(0xa4, &[issuer])])));
        }
        extensions.extend(self.extra_extensions.iter().cloned());
        let extensions = if extensions.is_empty() { Vec::new() } else { sequence(&[&extensions.concat()]) };
        sequence(&[&self.serial, &time(&self.at), &extensions])
    }
}

/// What a revocation list is to say. Start from [`CrlSpec::new`] and change what the test is about.
///
/// ```
/// use postseal_testkit::factory::{Authority, CrlSpec, Key, Revoked};
/// let root = Authority::root("Root", Key::P256(1));
/// let mut spec = CrlSpec::new(vec![Revoked::new(4096).because(1)]);
/// spec.number = Some(5);
/// assert_eq!(root.crl(&spec)[0], 0x30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests set what they are about")]
pub struct CrlSpec {
    /// The entries.
    pub entries: Vec<Revoked>,
    /// When it was issued (RFC 3339).
    pub this_update: String,
    /// When there will be a newer one.
    pub next_update: Option<String>,
    /// cRLNumber.
    pub number: Option<u64>,
    /// BaseCRLNumber: makes it a list of changes.
    pub base: Option<u64>,
    /// An encoded IssuingDistributionPoint.
    pub scope: Option<Vec<u8>>,
    /// Whether it names its issuer's key.
    pub key_identifier: bool,
    /// Whole Extensions, after the others.
    pub extra_extensions: Vec<Vec<u8>>,
    /// The key that signs, instead of the CA's.
    pub signed_by: Option<Key>,
    /// Breaks the signature.
    pub broken_signature: bool,
}

impl CrlSpec {
    /// The first complete list of May 2026, good until July.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::CrlSpec::new(Vec::new()).number, Some(1));
    /// ```
    #[must_use]
    pub fn new(entries: Vec<Revoked>) -> Self {
        Self {
            entries,
            this_update: "2026-05-01T00:00:00Z".to_owned(),
            next_update: Some("2026-07-01T00:00:00Z".to_owned()),
            number: Some(1),
            base: None,
            scope: None,
            key_identifier: true,
            extra_extensions: Vec::new(),
            signed_by: None,
            broken_signature: false,
        }
    }
}

/// What an OCSP response is to say. Start from [`OcspSpec::good`] or [`OcspSpec::revoked`].
///
/// ```
/// use postseal_testkit::factory::{Authority, CertSpec, Key, OcspSpec};
/// let root = Authority::root("Root", Key::P256(1));
/// let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
/// assert_eq!(root.ocsp(&alice, &OcspSpec::good())[0], 0x30);
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests set what they are about")]
pub struct OcspSpec {
    /// The encoded CertStatus.
    pub status: Vec<u8>,
    /// From when it counts (RFC 3339).
    pub this_update: String,
    /// Until when.
    pub next_update: Option<String>,
    /// The nonce that it repeats.
    pub nonce: Option<Vec<u8>>,
    /// Whether the responder is named by its key instead of its name.
    pub by_key: bool,
    /// The digest of the CertID.
    pub digest: Digest,
    /// A delegated responder that signs, with its certificate.
    pub responder: Option<Person>,
    /// The serial number instead of the certificate's own, encoded as an INTEGER.
    pub serial: Option<Vec<u8>>,
    /// Breaks the signature.
    pub broken_signature: bool,
}

impl OcspSpec {
    /// Good, on 31 May and 1 June 2026.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::OcspSpec::good().status, [0x80, 0]);
    /// ```
    #[must_use]
    pub fn good() -> Self {
        Self {
            status: tlv(0x80, &[]),
            this_update: "2026-05-31T00:00:00Z".to_owned(),
            next_update: Some("2026-06-02T00:00:00Z".to_owned()),
            nonce: None,
            by_key: false,
            digest: Digest::Sha1,
            responder: None,
            serial: None,
            broken_signature: false,
        }
    }

    /// Revoked since 1 March 2026 for this CRLReason.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::OcspSpec::revoked(1).status[0], 0xa1);
    /// ```
    #[must_use]
    pub fn revoked(reason: u8) -> Self {
        let reason = tlv(0xa0, &[&tlv(0x0a, &[&[reason]])]);
        // CertStatus has GeneralizedTime, whatever the year.
        let at = tlv(0x18, &[b"20260301000000Z"]);
        Self { status: tlv(0xa1, &[&at, &reason]), ..Self::good() }
    }

    /// Not known to the responder.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::OcspSpec::unknown().status, [0x82, 0]);
    /// ```
    #[must_use]
    pub fn unknown() -> Self {
        Self { status: tlv(0x82, &[]), ..Self::good() }
    }
}

impl Authority {
    /// A revocation list of this CA.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, CrlSpec, Key};
    /// assert_eq!(Authority::root("Root", Key::P256(1)).crl(&CrlSpec::new(Vec::new()))[0], 0x30);
    /// ```
    #[must_use]
    pub fn crl(&self, spec: &CrlSpec) -> Vec<u8> {
        let key = spec.signed_by.unwrap_or(self.key);
        let scheme = key.scheme();
        let algorithm = scheme.algorithm(key.algorithm());
        let entries: Vec<Vec<u8>> = spec.entries.iter().map(Revoked::encode).collect();
        let entries = if entries.is_empty() { Vec::new() } else { sequence(&[&entries.concat()]) };
        let mut extensions = Vec::new();
        if spec.key_identifier {
            extensions.push(extension("2.5.29.35", false, &sequence(&[&tlv(0x80, &[&key.identifier()])])));
        }
        extensions.extend(spec.number.map(|number| extension("2.5.29.20", false, &integer(number))));
        extensions.extend(spec.base.map(|base| extension("2.5.29.27", true, &integer(base))));
        extensions.extend(spec.scope.as_ref().map(|scope| extension("2.5.29.28", true, scope)));
        extensions.extend(spec.extra_extensions.iter().cloned());
        let extensions =
            if extensions.is_empty() { Vec::new() } else { tlv(0xa0, &[&sequence(&[&extensions.concat()])]) };
        let next_update = spec.next_update.as_ref().map(|next| time(next)).unwrap_or_default();
        let tbs = sequence(&[
            &integer(1),
            &algorithm,
            &self.name,
            &time(&spec.this_update),
            &next_update,
            &entries,
            &extensions,
        ]);
        let mut signature = key.sign(scheme, &tbs);
        if spec.broken_signature {
            *signature.last_mut().unwrap() ^= 1;
        }
        sequence(&[&tbs, &algorithm, &bit_string(&signature)])
    }

    /// An OCSP response about a certificate of this CA.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, CertSpec, Key, OcspSpec};
    /// let root = Authority::root("Root", Key::P256(1));
    /// let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
    /// assert_ne!(root.ocsp(&alice, &OcspSpec::good()), root.ocsp(&alice, &OcspSpec::unknown()));
    /// ```
    #[must_use]
    pub fn ocsp(&self, about: &Person, spec: &OcspSpec) -> Vec<u8> {
        let (key, name) = match &spec.responder {
            Some(responder) => (responder.spec.key, responder.spec.subject()),
            None => (self.key, self.name.clone()),
        };
        let responder = if spec.by_key { tlv(0xa2, &[&octet_string(&key.identifier())]) } else { tlv(0xa1, &[&name]) };
        let serial = spec.serial.clone().unwrap_or_else(|| about.spec.overrides.serial(about.spec.serial));
        let cert_id = sequence(&[
            &spec.digest.algorithm(),
            &octet_string(&spec.digest.of(&about.issuer)),
            &octet_string(&spec.digest.of(&self.key.public_key_bits())),
            &serial,
        ]);
        let general = |rfc3339: &str| {
            let digits: String = rfc3339.chars().filter(char::is_ascii_digit).take(14).collect();
            tlv(0x18, &[digits.as_bytes(), b"Z"])
        };
        let next_update = spec.next_update.as_ref().map(|next| tlv(0xa0, &[&general(next)])).unwrap_or_default();
        let single = sequence(&[&cert_id, &spec.status, &general(&spec.this_update), &next_update]);
        let nonce = spec.nonce.as_ref().map(|nonce| {
            let nonce = extension("1.3.6.1.5.5.7.48.1.2", false, &octet_string(nonce));
            tlv(0xa1, &[&sequence(&[&nonce])])
        });
        let produced = general(&spec.this_update);
        let tbs = sequence(&[&responder, &produced, &sequence(&[&single]), &nonce.unwrap_or_default()]);
        let scheme = key.scheme();
        let mut signature = key.sign(scheme, &tbs);
        if spec.broken_signature {
            *signature.last_mut().unwrap() ^= 1;
        }
        let certificates = spec.responder.as_ref().map(|responder| tlv(0xa0, &[&sequence(&[responder.der()])]));
        let basic = sequence(&[
            &tbs,
            &scheme.algorithm(key.algorithm()),
            &bit_string(&signature),
            &certificates.unwrap_or_default(),
        ]);
        let bytes = sequence(&[&oid("1.3.6.1.5.5.7.48.1.1"), &octet_string(&basic)]);
        sequence(&[&tlv(0x0a, &[&[0]]), &tlv(0xa0, &[&bytes])])
    }
}

/// A CRLDistributionPoints extension with these addresses, each a point of its own.
///
/// ```
/// assert_eq!(postseal_testkit::factory::crl_at(&["http://ca.example/1.crl"])[0], 0x30);
/// ```
#[must_use]
pub fn crl_at(urls: &[&str]) -> Vec<u8> {
    let point = |url: &&str| {
        let name = tlv(0xa0, &[&tlv(0x86, &[url.as_bytes()])]);
        sequence(&[&tlv(0xa0, &[&name])])
    };
    let points: Vec<Vec<u8>> = urls.iter().map(point).collect();
    extension("2.5.29.31", false, &sequence(&[&points.concat()]))
}

/// An AuthorityInfoAccess extension: OCSP responders, and where the issuer's certificate is.
///
/// ```
/// assert_eq!(postseal_testkit::factory::access_at(&["http://ocsp.ca.example/"], &[])[0], 0x30);
/// ```
#[must_use]
pub fn access_at(ocsp: &[&str], issuers: &[&str]) -> Vec<u8> {
    let description = |method: &str, url: &str| sequence(&[&oid(method), &tlv(0x86, &[url.as_bytes()])]);
    let ocsp = ocsp.iter().map(|url| description("1.3.6.1.5.5.7.48.1", url));
    let all: Vec<Vec<u8>> = ocsp.chain(issuers.iter().map(|url| description("1.3.6.1.5.5.7.48.2", url))).collect();
    extension("1.3.6.1.5.5.7.1.1", false, &sequence(&[&all.concat()]))
}

/// An IssuingDistributionPoint: the name, and the flags by their context tags (RFC 5280 5.2.5).
///
/// ```
/// use postseal_testkit::factory::crl_scope;
/// assert_eq!(crl_scope(None, &[1]), [0x30, 3, 0x81, 1, 0xff]);
/// ```
#[must_use]
pub fn crl_scope(url: Option<&str>, flags: &[u8]) -> Vec<u8> {
    let name = url.map(|url| tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[url.as_bytes()])])])).unwrap_or_default();
    let flags: Vec<Vec<u8>> = flags.iter().map(|flag| tlv(0x80 | flag, &[&yes()[2..]])).collect();
    sequence(&[&name, &flags.concat()])
}

/// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
///
/// ```
/// assert_eq!(postseal_testkit::factory::ocsp_nocheck()[0], 0x30);
/// ```
#[must_use]
pub fn ocsp_nocheck() -> Vec<u8> {
    extension("1.3.6.1.5.5.7.48.1.5", false, &null())
}
