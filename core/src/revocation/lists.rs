//! What the lists at hand say of a certificate (RFC 5280 6.3.3).

use super::crl::{Crl, Revocation};
use super::distribution::DistributionPoint;
use super::reason::{Reason, ReasonFlags};
use super::speakers::{BroughtBy, Speakers};
use super::status::Status;
use crate::cert::{Certificate, Fingerprint};
use crate::error::{Code, Error};
use crate::time::{CLOCK_SKEW, UnixTime};
use crate::verify::Path;
use core::cmp::Reverse;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A list, and whether whoever sent the mail chose it: it may be old on purpose (RFC 8550 6).
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) crl: Crl,
    pub(crate) from_mail: bool,
}

/// What the lists come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) status: Status,
    /// Whether it rests on a list from the mail.
    pub(crate) from_mail: bool,
    /// The paths of other keys that signed what it rests on: no certificate of them may be revoked.
    pub(crate) relies_on: Vec<Path>,
    /// The lists that it rests on.
    pub(crate) rests_on: Vec<Fingerprint>,
    /// Lists that are about the certificate and do not count, and why.
    pub(crate) unusable: Vec<(Fingerprint, Error)>,
}

impl Finding {
    fn nothing() -> Self {
        Self {
            status: Status::Unknown(Code::RevocationUnknown.into()),
            from_mail: false,
            relies_on: Vec::new(),
            rests_on: Vec::new(),
            unusable: Vec::new(),
        }
    }

    fn with(self, status: Status) -> Self {
        Self { status, ..self }
    }
}

/// The subject of the question.
struct Subject<'a> {
    certificate: &'a Certificate,
    /// Who stands above it, its issuer first, the anchor last.
    authorities: &'a [Certificate],
    /// The issuer's name in the form that is compared.
    issuer_key: Cow<'a, [u8]>,
    is_ca: bool,
}

/// What `lists` say of `certificate`, above which `authorities` stand: its issuer first, the anchor last.
pub(crate) fn look_up(
    certificate: &Certificate,
    authorities: &[Certificate],
    lists: &[Listed],
    speakers: &mut Speakers<'_>,
) -> Finding {
    let limits = speakers.limits();
    // Where its points cannot be read, its issuer's own list may still revoke it, but says nothing good.
    let (points, unreadable) = match certificate.distribution_points(limits) {
        Ok(points) => (points, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let subject = Subject {
        certificate,
        authorities,
        issuer_key: certificate.issuer_key(limits),
        is_ca: certificate.basic_constraints().ok().flatten().is_some_and(|constraints| constraints.ca),
    };
    let mut newest_first: Vec<&Listed> = lists.iter().filter(|listed| !listed.crl.is_delta()).collect();
    newest_first.sort_by_key(|listed| (Reverse(listed.crl.this_update()), listed.from_mail));
    let mut inquiry =
        Inquiry { subject, lists, covered: BTreeMap::new(), reasons: ReasonFlags::NONE, finding: Finding::nothing() };
    let mut unheard = Vec::new();
    // The last one is not read where the others have answered.
    let implied = core::iter::once_with(|| DistributionPoint::implied(certificate.issuer(), limits));
    for point in points.into_iter().chain(implied) {
        for listed in &newest_first {
            let Some(about) = in_scope(&point, &listed.crl, &inquiry.subject) else { continue };
            match inquiry.hear(listed, about, Hint::Kept, speakers) {
                Ok(None) => {}
                Ok(Some(revoked)) => return inquiry.finding.with(revoked),
                Err(error) => unheard.push((*listed, about, error)),
            }
        }
        if inquiry.reasons.is_all() {
            break;
        }
    }
    // Last, so that the lists of other keys, each hashed in vain, keep none from being heard that is meant.
    for (listed, about, error) in unheard {
        match inquiry.hear(listed, about, Hint::Ignored, speakers) {
            Ok(None) => {}
            Ok(Some(revoked)) => return inquiry.finding.with(revoked),
            Err(later) => {
                let error = if error.code() == Code::CrlIssuerNotFound { later } else { error };
                inquiry.finding.unusable.push((listed.crl.fingerprint(), error));
            }
        }
    }
    let good = inquiry.reasons.is_all().then_some(Status::Good);
    let unknown = if good.is_some() { None } else { inquiry.finding.unusable.first().map(|(_, error)| *error) };
    let status = unreadable.or(unknown).map(Status::Unknown).or(good);
    let unsaid = inquiry.finding.status;
    inquiry.finding.with(status.unwrap_or(unsaid))
}

/// Whether the key that a list names as its own has to be the one that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    Kept,
    Ignored,
}

/// One certificate and all lists.
struct Inquiry<'a> {
    subject: Subject<'a>,
    lists: &'a [Listed],
    /// A newer list takes the place of an older one of the same key only: some CAs have a list for each of their keys. Which
    /// key it is the signature says, never the list itself.
    covered: BTreeMap<Fingerprint, ReasonFlags>,
    reasons: ReasonFlags,
    finding: Finding,
}

impl Inquiry<'_> {
    /// What one list says, which is about these reasons: that the certificate is revoked, or nothing.
    fn hear(
        &mut self,
        listed: &Listed,
        about: ReasonFlags,
        hint: Hint,
        speakers: &mut Speakers<'_>,
    ) -> Result<Option<Status>, Error> {
        let covered = &self.covered;
        let says_more = |key: &Fingerprint| covered.get(key).is_none_or(|covered| about.exceeds(*covered));
        if !listed.crl.signed_by().get().is_none_or(says_more) {
            return Ok(None);
        }
        match consult(&self.subject, listed, self.lists, hint, speakers, &mut self.finding, &says_more)? {
            Consulted::NothingNew => Ok(None),
            Consulted::NoEntry { key, speaks } => {
                let of_key = self.covered.entry(key).or_insert(ReasonFlags::NONE);
                *of_key = of_key.or(about);
                if speaks {
                    self.reasons = self.reasons.or(about);
                }
                Ok(None)
            }
            Consulted::Entry(Revocation { at, reason }) => Ok(Some(Status::Revoked { at, reason })),
        }
    }
}

/// 6.3.3 b and d: the reasons for which the list is about the certificate; `None` when it is about others.
fn in_scope(point: &DistributionPoint, crl: &Crl, subject: &Subject<'_>) -> Option<ReasonFlags> {
    let scope = crl.scope();
    match &point.crl_issuer {
        Some(names) if names.names_directory(crl.issuer_key()) => {
            scope.filter(|scope| scope.indirect)?;
        }
        None if *crl.issuer_key() == *subject.issuer_key => {}
        _ => return None,
    }
    let of_point = point.reasons.unwrap_or(ReasonFlags::ALL);
    let Some(scope) = scope else { return Some(of_point) };
    if let Some(name) = &scope.name {
        let wanted = point.name.as_ref().or(point.crl_issuer.as_ref())?;
        if !name.meets(wanted) {
            return None;
        }
    }
    let others = scope.only_attribute_certs
        || (scope.only_user_certs && subject.is_ca)
        || (scope.only_ca_certs && !subject.is_ca);
    (!others).then(|| of_point.and(scope.only_some_reasons.unwrap_or(ReasonFlags::ALL)))
}

/// 6.3.3 c and f to k: the entry for the certificate, if the list counts and has one.
///
/// A list whose time is over says nothing good, but a certificate that was revoked stays revoked: only a suspension ends.
fn consult(
    subject: &Subject<'_>,
    listed: &Listed,
    lists: &[Listed],
    hint: Hint,
    speakers: &mut Speakers<'_>,
    finding: &mut Finding,
    says_more: &dyn Fn(&Fingerprint) -> bool,
) -> Result<Consulted, Error> {
    let complete = &listed.crl;
    let now = speakers.now();
    check_begun(complete, now)?;
    let signer = speakers.check_list(listed, subject.authorities, hint)?;
    let key = signer.certificate.key_fingerprint();
    if !says_more(&key) {
        return Ok(Consulted::NothingNew);
    }
    let changes = newest_changes(complete, &signer.certificate, lists, speakers);
    let find = |crl: &Crl| crl.find(subject.certificate.serial(), &subject.issuer_key);
    let changed = changes.as_ref().map(|changes| find(&changes.crl)).transpose()?.flatten();
    let found = match changed {
        Some(changed) => Some(changed).filter(|changed| changed.reason != Reason::RemoveFromCrl),
        None => find(complete)?,
    };
    let until = changes.as_ref().map_or_else(|| complete.next_update(), |changes| changes.crl.next_update());
    let stale = until.is_none_or(|until| until < now);
    if stale && found.is_none_or(|found| found.reason == Reason::CertificateHold) {
        return Err(Code::CrlStale.into());
    }
    // A CA may have a list for each of its keys, which says nothing about what the others have issued; or one for all, by the
    // newest key.
    let is_renewed = |issuer: &Certificate| signer.certificate.not_before() > issuer.not_before();
    let speaks = *complete.issuer_key() != *subject.issuer_key
        || signer.speaks_for_its_name()
        || (!listed.from_mail && subject.authorities.first().is_some_and(is_renewed));
    if found.is_none() && !speaks {
        return Ok(Consulted::NoEntry { key, speaks });
    }
    for listed in [listed].into_iter().chain(&changes) {
        finding.from_mail |= listed.from_mail;
        finding.rests_on.push(listed.crl.fingerprint());
    }
    finding.relies_on.extend(signer.path);
    Ok(found.map_or(Consulted::NoEntry { key, speaks }, Consulted::Entry))
}

/// What came of a list.
enum Consulted {
    /// A newer one of the same key was consulted.
    NothingNew,
    /// It does not name the certificate: the key that signed it, and whether it would.
    NoEntry {
        key: Fingerprint,
        speaks: bool,
    },
    Entry(Revocation),
}

fn check_begun(crl: &Crl, now: UnixTime) -> Result<(), Error> {
    if crl.has_unknown_critical() {
        return Err(Code::CrlCriticalExtension.into());
    }
    if crl.this_update().seconds() > now.seconds().saturating_add(CLOCK_SKEW) {
        return Err(Code::CrlNotYetValid.into());
    }
    Ok(())
}

/// The newest current list of changes to `complete` that the same key signed.
fn newest_changes(
    complete: &Crl,
    signer: &Certificate,
    lists: &[Listed],
    speakers: &mut Speakers<'_>,
) -> Option<Listed> {
    let now = speakers.now();
    let current = |crl: &Crl| crl.next_update().is_some_and(|until| until >= now) && check_begun(crl, now).is_ok();
    let mut candidates: Vec<&Listed> = lists
        .iter()
        .filter(|listed| {
            let crl = &listed.crl;
            crl.issuer_key() == complete.issuer_key() && crl.continues(complete) && current(crl)
        })
        .collect();
    candidates.sort_by_key(|listed| (Reverse(listed.crl.this_update()), listed.from_mail));
    candidates.into_iter().find(|listed| speakers.check_signature(listed, signer, BroughtBy::Operator).is_ok()).cloned()
}
