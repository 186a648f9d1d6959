//! Looking at a mail without deciding: what is there, what holds, what is weak.
//!
//! Old and odd algorithms are computed and named rather than refused, so that an old mail can be understood. Nothing here
//! leads to an import.

use crate::cert::{Certificate, Fingerprint, SubjectEmail, name};
use crate::cms::{AttributeOrder, Content, Kind, SignedData, SignerInfo, kind};
use crate::der::Document;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::import::Verdict;
use crate::mail::{self, SignedContent};
use crate::private::Private;
use crate::revocation::{self, Crl, Status};
use crate::time::UnixTime;
use crate::verify::{
    BaselineRule, Budget, KeyRole, Limits, Memory, NO_DEMANDS, Terms, Weakness, baseline_findings, check_signing,
    find_path_within, is_spent,
};
use std::collections::BTreeMap;

/// What a mail carries.
///
/// ```
/// fn signed_at_root(inspection: &postseal::inspect::Inspection) -> bool {
///     inspection.layers.iter().any(|layer| layer.root && !layer.signers.is_empty())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// The addresses that the From fields seem to name.
    pub from: Vec<Private<String>>,
    /// Every S/MIME entity, outermost first.
    pub layers: Vec<Layer>,
}

/// What an S/MIME entity is.
///
/// ```
/// assert_eq!(postseal::inspect::LayerKind::CertsOnly.name(), "certs-only");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKind {
    /// Signed, the content beside the CMS object.
    Detached,
    /// Signed, the content inside the CMS object.
    Opaque,
    /// Certificates without a signature.
    CertsOnly,
    /// Encrypted; not looked into.
    Encrypted,
    /// A CMS object of another type.
    Other,
    /// No CMS object.
    Unreadable,
}

impl LayerKind {
    /// The name in reports.
    ///
    /// ```
    /// assert_eq!(postseal::inspect::LayerKind::Opaque.name(), "opaque");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detached => "detached",
            Self::Opaque => "opaque",
            Self::CertsOnly => "certs-only",
            Self::Encrypted => "encrypted",
            Self::Other => "other",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One S/MIME entity.
///
/// ```
/// fn holds(layer: &postseal::inspect::Layer) -> bool {
///     layer.signers.iter().all(|signer| signer.signature.name() == "valid")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layer {
    /// Where it stands: `/` is the root, `/2` its second part, `/2/m` the message inside that part.
    pub path: String,
    /// Whether it is the MIME root, as an import asks for.
    pub root: bool,
    /// What it is.
    pub kind: LayerKind,
    /// Whether a length in it is not one of DER; unknown when it cannot be read.
    pub ber: Option<bool>,
    /// Why it cannot be read.
    pub error: Option<Error>,
    /// The signers.
    pub signers: Vec<Signer>,
    /// Whether the mail's one author is a mailbox of the only signer.
    pub address_match: bool,
}

/// One signer of a layer.
///
/// ```
/// fn weak(signer: &postseal::inspect::Signer) -> bool { !signer.weak.is_empty() }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signer {
    /// SHA-256 of the signer's certificate, when it is in the mail.
    pub fingerprint: Option<Fingerprint>,
    /// Its subject, for people.
    pub subject: Option<Private<String>>,
    /// Whether the signature holds.
    pub signature: Verdict,
    /// Why it does not.
    pub error: Option<Error>,
    /// The digest of the message.
    pub digest: Option<&'static str>,
    /// Algorithm and size of the key: `rsa-2048`, `ec-p256`.
    pub key: Option<String>,
    /// Whether a path to an anchor holds, for signing mail.
    pub path: Verdict,
    /// Why it does not.
    pub path_error: Option<Error>,
    /// What the configured lists and those in the mail say about the path, when it holds: the worst of its certificates.
    /// Nothing is fetched for it.
    pub revocation: Option<Status>,
    /// The mailboxes of the certificate.
    pub addresses: Vec<Private<String>>,
    /// Names of the signed attributes.
    pub attributes: Vec<&'static str>,
    /// What an import would refuse as weak.
    pub weak: Vec<String>,
    /// In the strict profile, what its certificate breaks of the S/MIME Baseline Requirements.
    pub baseline: Vec<BaselineRule>,
}

pub(crate) fn mail(engine: &Engine, bytes: &[u8], now: UnixTime) -> Result<Inspection, Error> {
    let limits = engine.limits();
    if bytes.len() > limits.message_bytes {
        return Err(Code::MessageTooLarge.into());
    }
    let author = mail::author(bytes, limits).ok();
    let mut work = Work::new(limits);
    let mut layers = Vec::new();
    for found in mail::layers(bytes, limits)? {
        let content = match found.content {
            SignedContent::Detached(content) => Some(content),
            SignedContent::Opaque => None,
        };
        let mut layer = match &found.cms {
            Ok(object) => layer(engine, object, content, now, &mut work),
            Err(error) => unreadable(*error),
        };
        layer.path = found.path;
        layer.root = found.root;
        layer.address_match = match (&author, layer.signers.as_slice()) {
            (Some(author), [signer]) => signer
                .addresses
                .iter()
                .any(|address| crate::cert::Address::parse(address.expose()).as_ref() == Ok(author)),
            _ => false,
        };
        layers.push(layer);
    }
    let from = mail::author_texts(bytes, limits).into_iter().map(Private::new).collect();
    Ok(Inspection { from, layers })
}

/// What is left of the work that one inspection may cause, whatever the mail names and repeats. Who looks wants to see more
/// than who imports, who ends at the first fault.
struct Work {
    budget: Budget,
    /// Octets of content that are hashed.
    octets: usize,
}

impl Work {
    /// As much as this many imports.
    const TIMES: usize = 4;
    /// Looks at the revocation of a path: each is worth many signatures.
    const LOOKS: usize = 8;

    fn new(limits: &Limits) -> Self {
        let path_signatures = limits.path_signatures.saturating_mul(Self::TIMES);
        let budget = Budget::new(&Limits { path_signatures, ..limits.clone() });
        Self { budget, octets: limits.message_bytes.saturating_mul(Self::TIMES) }
    }

    fn hash(&mut self, octets: usize) -> Result<(), Error> {
        self.octets = self.octets.checked_sub(octets).ok_or(Code::SignatureBudget)?;
        Ok(())
    }

    fn look(&mut self, limits: &Limits) -> Result<(), Error> {
        let whole = limits.path_signatures.saturating_mul(Self::TIMES);
        self.budget.spend_signature(whole.div_euclid(Self::LOOKS))
    }
}

pub(crate) fn cms(engine: &Engine, object: &[u8], content: Option<&[u8]>, now: UnixTime) -> Layer {
    layer(engine, object, content, now, &mut Work::new(engine.limits()))
}

fn layer(engine: &Engine, object: &[u8], content: Option<&[u8]>, now: UnixTime, work: &mut Work) -> Layer {
    let document = Document::new(object, engine.limits());
    let detached = content.is_some();
    let mut layer = match kind(&document) {
        Ok(Kind::Encrypted) => return Layer { kind: LayerKind::Encrypted, ..unreadable_without_error() },
        Ok(Kind::Other) => return Layer { kind: LayerKind::Other, ..unreadable_without_error() },
        Ok(Kind::Signed) => {
            Layer { kind: if detached { LayerKind::Detached } else { LayerKind::Opaque }, ..unreadable_without_error() }
        }
        Err(error) => return unreadable(error),
    };
    match SignedData::read_for_inspection(&document, engine.limits()) {
        Ok(signed) => {
            layer.ber = Some(signed.is_ber);
            if signed.signers.is_empty() {
                layer.kind = LayerKind::CertsOnly;
            }
            layer.signers = signers(engine, &document, &signed, content, now, work);
        }
        Err(error) => layer.error = Some(error),
    }
    layer
}

const fn unreadable_without_error() -> Layer {
    Layer {
        path: String::new(),
        root: false,
        kind: LayerKind::Unreadable,
        ber: None,
        error: None,
        signers: Vec::new(),
        address_match: false,
    }
}

fn unreadable(error: Error) -> Layer {
    Layer { error: Some(error), ..unreadable_without_error() }
}

fn signers<'a>(
    engine: &Engine,
    document: &Document<'a>,
    signed: &SignedData<'a>,
    beside: Option<&'a [u8]>,
    now: UnixTime,
    work: &mut Work,
) -> Vec<Signer> {
    let limits = engine.limits();
    let read = |raw: &&[u8]| Certificate::from_der(raw, limits).ok();
    let bag: Vec<Certificate> = signed.certificates.iter().filter_map(read).collect();
    let pool: Vec<Certificate> = bag.iter().chain(engine.intermediates().certificates()).cloned().collect();
    let crls: Vec<Crl> = signed.crls.iter().filter_map(|raw| Crl::from_der(raw, limits).ok()).collect();
    let around = Around { engine, bag: &bag, pool: &pool, crls: &crls, now };
    // Where the content is given twice, a reader sees the one beside the object.
    let content = match (beside, signed.content) {
        (Some(bytes), _) => Content::Detached(bytes),
        (None, Some(string)) => Content::Encapsulated(document, string),
        (None, None) => Content::Absent,
    };
    let mut digests = BTreeMap::new();
    let look = |signer_info: &SignerInfo<'a>| {
        let value = signer_info.digest_algorithm().and_then(|algorithm| {
            let known = digests.entry(algorithm);
            let compute = || work.hash(content.len()).and_then(|()| content.digest(engine.crypto(), algorithm));
            known.or_insert_with(compute).clone()
        });
        let mut report = signer(&around, signer_info, &content, value, work);
        if let (Verdict::Valid, Err(error)) = (report.signature, signed.check_attributes(signer_info)) {
            report.signature = Verdict::Invalid;
            report.error = Some(error);
        }
        report
    };
    signed.signers.iter().map(look).collect()
}

/// What a signer is looked at with.
struct Around<'a> {
    engine: &'a Engine,
    bag: &'a [Certificate],
    /// The bag, and the configured intermediates.
    pool: &'a [Certificate],
    crls: &'a [Crl],
    now: UnixTime,
}

fn signer<'a>(
    around: &Around<'_>,
    signer_info: &SignerInfo<'a>,
    content: &Content<'_, 'a>,
    value: Result<Vec<u8>, Error>,
    work: &mut Work,
) -> Signer {
    let Around { engine, bag, .. } = *around;
    let attributes = signer_info.signed_attributes.as_ref().map(|attributes| attributes.names()).unwrap_or_default();
    let mut report = Signer { attributes, ..Signer::default() };
    let digest = signer_info.digest_algorithm();
    report.digest = digest.ok().map(|digest| digest.name());
    report.weak.extend(digest.ok().filter(|digest| digest.is_weak()).map(|digest| digest.name().to_owned()));
    let mut verify = |certificate: &Certificate| {
        let key = certificate.public_key(engine.limits())?;
        let value = value.as_ref().map_err(|error| *error)?;
        let mut verify = |order| {
            work.budget.spend_signature(signer_info.cost(key, content))?;
            signer_info.verify(engine.crypto(), key, certificate, content, value, order)
        };
        match verify(AttributeOrder::Der) {
            Err(error) if !signer_info.attributes_are_in_der_order() => {
                verify(AttributeOrder::AsSent).map_err(|_| error)
            }
            verified => verified,
        }
    };
    let mut found: Option<(&Certificate, Result<(), Error>)> = None;
    for certificate in bag.iter().filter(|certificate| signer_info.names(certificate)) {
        let verified = verify(certificate);
        let is_over = verified.is_ok() || verified.is_err_and(is_spent);
        if found.is_none() || verified.is_ok() {
            found = Some((certificate, verified));
        }
        if is_over {
            break;
        }
    }
    let Some((certificate, verified)) = found else {
        report.error = Some(Code::SignerNotFound.into());
        return report;
    };
    report.signature = match verified {
        Ok(()) => Verdict::Valid,
        Err(error) if is_not_computed(error) => Verdict::NotChecked,
        Err(_) => Verdict::Invalid,
    };
    report.error = verified.err();
    describe(around, certificate, &mut report, work);
    report
}

/// Algorithms that are not computed say nothing about the signature.
const fn is_not_computed(error: Error) -> bool {
    matches!(
        error.code(),
        Code::DsaKey
            | Code::KeyUnsupported
            | Code::CurveUnsupported
            | Code::DigestUnsupported
            | Code::SignatureUnsupported
            | Code::RsaTooLarge
            | Code::ContentMissing
            | Code::SignatureBudget
    )
}

/// The signer's certificate: key, path, revocation, mailboxes.
fn describe(around: &Around<'_>, certificate: &Certificate, report: &mut Signer, work: &mut Work) {
    let Around { engine, pool, crls, now, .. } = *around;
    let (limits, profile) = (engine.limits(), engine.profile());
    report.fingerprint = Some(certificate.fingerprint());
    report.subject = Some(Private::new(name::display(certificate.subject(), limits)));
    if let Ok(key) = certificate.public_key(limits) {
        let strength = key.check_strength(KeyRole::EndEntity, limits);
        report.weak.extend(strength.err().map(|error| error.code().name().to_owned()));
        report.key = Some(key.describe());
    }
    if profile.rules().baseline {
        report.baseline = baseline_findings(certificate, limits);
    }
    let mailboxes = certificate.mailboxes(SubjectEmail::WhenNoMailboxInSan, limits).unwrap_or_default();
    report.addresses = mailboxes.iter().map(|address| Private::new(address.as_str().to_owned())).collect();
    let terms = Terms {
        anchors: engine.anchors(),
        profile,
        limits,
        now,
        weakness: Weakness::Tolerated,
        inputs: &NO_DEMANDS,
        memory: Memory::Off,
        crypto: engine.crypto(),
    };
    let path = find_path_within(&mut work.budget, &terms, certificate, pool)
        .and_then(|path| check_signing(certificate, profile, limits).map(|()| path));
    report.path = match &path {
        Ok(_) => Verdict::Valid,
        Err(error) if is_spent(*error) => Verdict::NotChecked,
        Err(_) => Verdict::Invalid,
    };
    report.path_error = path.as_ref().err().copied();
    report.revocation = path.ok().map(|path| match work.look(limits) {
        Ok(()) => revocation::look(engine, path, pool.to_vec(), crls.to_vec(), now),
        Err(error) => Status::Unknown(error),
    });
}
