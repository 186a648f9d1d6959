//! From the bytes of a mail to a verified signer: every check of an import that needs no store.

use super::candidate::unusable;
use super::report::{CandidateKind, Report, Verdict};
use crate::cert::{Address, Capabilities, Certificate, ImportRecord};
use crate::cms::{AttributeOrder, Content, KeyPreference, Kind, SignedData, SignerInfo, kind};
use crate::der::Document;
use crate::engine::Engine;
use crate::error::{Code, Error, Fault};
use crate::mail::{self, Root, SignedContent, SignedEntity, SmimeType};
use crate::private::Private;
use crate::revocation::Crl;
use crate::time::UnixTime;
use crate::trace::Kind as EventKind;
use crate::verify::{
    Budget, DigestAlgorithm, KeyRole, Limits, Path, check_candidate_within, check_recipient, check_signer,
    find_path_within, is_spent,
};

pub(super) enum Finding {
    Verified(Box<Verified>),
    NotSigned,
}

/// A mail whose signature, signer and address hold.
#[derive(Debug)]
pub(super) struct Verified {
    /// The mailbox as the certificate spells it.
    pub(super) address: Address,
    pub(super) signer: Certificate,
    pub(super) path: Path,
    pub(super) candidate: Candidate,
    /// What may help to find a path: the certificates in the mail and the configured ones.
    pub(super) pool: Vec<Certificate>,
    /// The revocation lists in the mail. They count only under the path.
    pub(super) crls: Vec<Crl>,
    /// Certificates in the mail that nothing was done with.
    pub(super) ignored: usize,
    capabilities: Option<Capabilities>,
}

/// The certificate to keep.
#[derive(Debug)]
pub(super) enum Candidate {
    /// The signer's own.
    Signer,
    /// The one that the signer prefers, after the same checks.
    Preferred(Box<Path>),
    /// The one that the signer prefers; it is not in the mail, perhaps it is in the store.
    Wanted(KeyPreference),
}

impl Verified {
    /// The proof, once the candidate is known.
    pub(super) fn record(&self, now: UnixTime) -> Option<(ImportRecord, CandidateKind)> {
        let (path, kind) = match &self.candidate {
            Candidate::Signer => (&self.path, CandidateKind::Signer),
            Candidate::Preferred(path) => (&**path, CandidateKind::KeyPreference),
            Candidate::Wanted(_) => return None,
        };
        let issuers = path.intermediates().to_vec();
        let record =
            ImportRecord::verified(path.leaf().clone(), issuers, path.issuer_key(), self.capabilities.clone(), now);
        Some((record, kind))
    }
}

/// Reads and verifies. What was learned on the way, and what was decided, goes into `report` and `events` also when the
/// mail is refused.
pub(super) fn verify(
    engine: &Engine,
    mail: &[u8],
    now: UnixTime,
    report: &mut Report,
    events: &mut Vec<EventKind>,
) -> Result<Finding, Error> {
    let limits = engine.limits();
    if mail.len() > limits.message_bytes {
        return Err(Code::MessageTooLarge.into());
    }
    report.message_id = mail::message_id(mail, limits).map(Private::new);
    let entity = match mail::root(mail, limits)? {
        Root::Signed(entity) => entity,
        Root::Encrypted => return Err(Code::Encrypted.into()),
        Root::NotSigned => return Ok(Finding::NotSigned),
    };
    let author = mail::author(mail, limits)?;
    let document = Document::new(&entity.cms, limits);
    let signed = read_signed_data(&entity, &document, engine)?;
    let content = match (entity.content, signed.content) {
        (SignedContent::Detached(bytes), _) => Content::Detached(bytes),
        (SignedContent::Opaque, Some(string)) => Content::Encapsulated(&document, string),
        (SignedContent::Opaque, None) => Content::Absent,
    };
    check_protected_author(&entity, &content, &author, engine)?;
    let signer_info = signed.only_signer(&content, limits)?;
    let digest = check_digest(signer_info, engine)?;
    let (bag, unreadable) = read_bag(&signed, limits);
    let digest_value = content.digest(engine.crypto(), digest)?;
    let pool: Vec<Certificate> = bag.iter().chain(engine.intermediates().certificates()).cloned().collect();
    let mut budget = Budget::new(limits);
    let try_signer = |certificate: &Certificate, report: &mut Report| {
        check_signer_certificate(
            &mut budget,
            engine,
            signer_info,
            certificate,
            &content,
            &digest_value,
            &author,
            &pool,
            now,
            report,
        )
    };
    let candidates = bag.iter().filter(|certificate| signer_info.names(certificate));
    // A certificate that could not be read may have been the signer's; why it could not says more than that it is missing.
    let missing = unreadable.unwrap_or_else(|| Code::SignerNotFound.into());
    let (address, path) = best_of(candidates, try_signer, missing, report)?;
    let signer = path.leaf().clone();
    report.address = Some(Private::new(address.clone()));
    events.extend(proof_events(&path));
    let candidate = choose(&mut budget, engine, signer_info, &signer, &address, &bag, &pool, now, events)?;
    let capabilities = signer_info.capabilities()?.filter(|capabilities| capabilities.are_signed_by(now));
    let crls = signed.crls.iter().filter_map(|raw| Crl::from_der(raw, limits).ok()).collect();
    let ignored = ignored(&path, &candidate, &bag);
    let verified = Verified { address, signer, path, candidate, pool, crls, ignored, capabilities };
    Ok(Finding::Verified(Box::new(verified)))
}

/// The object must be what its smime-type says (RFC 8551 3.2.2).
fn read_signed_data<'a>(
    entity: &SignedEntity<'_>,
    document: &Document<'a>,
    engine: &Engine,
) -> Result<SignedData<'a>, Error> {
    let limits = engine.limits();
    if entity.content == SignedContent::Opaque && kind(document) == Ok(Kind::Encrypted) {
        let code = if entity.smime_type.is_none() { Code::Encrypted } else { Code::SmimeTypeMismatch };
        return Err(code.into());
    }
    let signed = SignedData::read(document, limits)?;
    let certs_only = signed.signers.is_empty();
    match entity.smime_type {
        _ if certs_only && entity.smime_type != Some(SmimeType::SignedData) => Err(Code::CertsOnly.into()),
        Some(SmimeType::CertsOnly | SmimeType::Other) => Err(Code::SmimeTypeMismatch.into()),
        Some(SmimeType::SignedData) if certs_only => Err(Code::SmimeTypeMismatch.into()),
        _ => Ok(signed),
    }
}

/// A From field under the signature must name whom the outer one names (RFC 9788 4.4).
fn check_protected_author(
    entity: &SignedEntity<'_>,
    content: &Content<'_, '_>,
    author: &Address,
    engine: &Engine,
) -> Result<(), Error> {
    let limits = engine.limits();
    let beginning = content.beginning(limits.header_bytes)?;
    match entity.protected_author(&beginning, limits) {
        Some(Ok(protected)) if protected == *author => Ok(()),
        Some(_) => Err(Code::ProtectedFromMismatch.into()),
        None => Ok(()),
    }
}

/// The certificates that came with the mail, and why the first unreadable one is unreadable.
fn read_bag(signed: &SignedData<'_>, limits: &Limits) -> (Vec<Certificate>, Option<Error>) {
    let mut unreadable = None;
    let mut bag = Vec::new();
    for raw in &signed.certificates {
        match Certificate::from_der(raw, limits) {
            Ok(certificate) => bag.push(certificate),
            Err(error) => {
                unreadable.get_or_insert(error);
            }
        }
    }
    (bag, unreadable)
}

/// The digest of the message, if it may be relied on in this profile.
fn check_digest(signer_info: &SignerInfo<'_>, engine: &Engine) -> Result<DigestAlgorithm, Error> {
    signer_info.require_digests(engine.profile().rules().message_sha1)?;
    signer_info.digest_algorithm()
}

/// Tries every certificate that the signer identifier names; signature and path must hold for the same one.
fn best_of<'c, T>(
    certificates: impl Iterator<Item = &'c Certificate>,
    mut check: impl FnMut(&Certificate, &mut Report) -> Result<T, Error>,
    missing: Error,
    report: &mut Report,
) -> Result<T, Error> {
    let mut nearest: Option<(Error, Report)> = None;
    for certificate in certificates {
        let mut attempt = report.clone();
        match check(certificate, &mut attempt) {
            Ok(found) => {
                *report = attempt;
                return Ok(found);
            }
            // Nothing is left for the others: a mail has one budget, however many certificates its signer identifier names.
            Err(error) if is_spent(error) => {
                *report = attempt;
                return Err(error);
            }
            Err(error) => {
                let further = nearest.as_ref().is_none_or(|(_, best)| attempt.signature < best.signature);
                if further {
                    nearest = Some((error, attempt));
                }
            }
        }
    }
    let (error, attempt) = nearest.ok_or(missing)?;
    *report = attempt;
    Err(error)
}

/// signature → path → address → usage, on one certificate.
#[expect(clippy::too_many_arguments, reason = "the facts of one mail, used here together and nowhere else")]
fn check_signer_certificate<'a>(
    budget: &mut Budget,
    engine: &Engine,
    signer_info: &SignerInfo<'a>,
    certificate: &Certificate,
    content: &Content<'_, 'a>,
    digest: &[u8],
    author: &Address,
    pool: &[Certificate],
    now: UnixTime,
    report: &mut Report,
) -> Result<(Address, Path), Error> {
    let (limits, profile) = (engine.limits(), engine.profile());
    report.set_certificate(certificate);
    engine.terms(now).memory.recall(certificate);
    let key = certificate.public_key(limits)?;
    key.check_strength(KeyRole::EndEntity, limits)?;
    budget.spend_signature(signer_info.cost(key, content))?;
    let verify = |order| signer_info.verify(engine.crypto(), key, certificate, content, digest, order);
    let mut signature = verify(AttributeOrder::Der);
    if signature.is_err() && !signer_info.attributes_are_in_der_order() && verify(AttributeOrder::AsSent).is_ok() {
        let allowed = profile.rules().attributes_as_sent;
        signature = if allowed { Ok(()) } else { Err(Code::AttributesNotDer.into()) };
    }
    report.signature = verdict(&signature);
    signature?;
    let path = find_path_within(budget, &engine.terms(now), certificate, pool);
    report.path = verdict(&path);
    let path = path?;
    let mailboxes = certificate.mailboxes(profile.rules().subject_email, limits)?;
    let address = mailboxes.into_iter().find(|mailbox| mailbox == author).ok_or(Code::AddressMismatch)?;
    check_signer(certificate, profile, limits)?;
    Ok((address, path))
}

/// Valid, or invalid where the proof failed; what could not be computed was not checked.
fn verdict<T>(result: &Result<T, Error>) -> Verdict {
    match result {
        Ok(_) => Verdict::Valid,
        Err(error) if error.code() == Code::DsaKey => Verdict::NotChecked,
        Err(error) if error.fault() == Fault::LimitExceeded => Verdict::NotChecked,
        Err(_) => Verdict::Invalid,
    }
}

/// The signer's own certificate, or the one that he prefers. When the preferred one is in the mail and fails a check,
/// there is no falling back.
#[expect(clippy::too_many_arguments, reason = "the facts of one mail, used here together and nowhere else")]
fn choose(
    budget: &mut Budget,
    engine: &Engine,
    signer_info: &SignerInfo<'_>,
    signer: &Certificate,
    address: &Address,
    bag: &[Certificate],
    pool: &[Certificate],
    now: UnixTime,
    events: &mut Vec<EventKind>,
) -> Result<Candidate, Error> {
    let (limits, profile) = (engine.limits(), engine.profile());
    let preference = signer_info.key_preference()?;
    let Some(preference) = preference.filter(|preference| !preference.matches(signer, limits)) else {
        check_recipient(signer, profile, limits)?;
        return Ok(Candidate::Signer);
    };
    let matching: Vec<&Certificate> =
        bag.iter().filter(|certificate| preference.matches(certificate, limits)).collect();
    if matching.is_empty() {
        return Ok(Candidate::Wanted(preference));
    }
    let mut refusal = Code::KeyPreferenceUnusable.into();
    for certificate in matching {
        match check_candidate_within(budget, &engine.terms(now), address, certificate, pool) {
            Ok(path) => return Ok(Candidate::Preferred(Box::new(path))),
            Err(error) => {
                events.push(EventKind::KeyPreferenceRejected { fingerprint: certificate.fingerprint(), error });
                refusal = unusable(error);
                // Nothing is left for the others, which would be refused for another reason.
                if is_spent(error) {
                    break;
                }
            }
        }
    }
    Err(refusal)
}

fn proof_events(path: &Path) -> [EventKind; 2] {
    let fingerprint = path.leaf().fingerprint();
    let length = path.intermediates().len().saturating_add(1);
    [
        EventKind::SignatureVerified { fingerprint },
        EventKind::PathVerified { fingerprint, anchor: path.anchor().fingerprint(), length },
    ]
}

/// How many certificates came along and are neither the signer's, nor preferred, nor on a path.
fn ignored(path: &Path, candidate: &Candidate, bag: &[Certificate]) -> usize {
    let preferred = match candidate {
        Candidate::Preferred(path) => Some(&**path),
        _ => None,
    };
    let used = |certificate: &Certificate| {
        [Some(path), preferred].into_iter().flatten().any(|path| {
            path.leaf() == certificate || path.anchor() == certificate || path.intermediates().contains(certificate)
        })
    };
    bag.iter().filter(|certificate| !used(certificate)).count()
}
