//! Who may say that a certificate is revoked: keys of its issuer, or of a list issuer that it names, certified by those who
//! stand above it (RFC 5280 6.3.3 f).

use super::lists::{Hint, Listed};
use crate::cert::{Certificate, Fingerprint};
use crate::error::{Code, Error};
use crate::time::UnixTime;
use crate::verify::{
    Budget, Intermediates, KeyRole, Limits, Path, Sha1, SignatureAlgorithm, Terms, TrustAnchors, check_certificate,
    find_path_within, is_spent,
};
use std::collections::BTreeMap;

/// Whose key signed a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Speaker {
    pub(crate) certificate: Certificate,
    /// Its own path, when it is not one that stands in the path in question: it must not be revoked itself.
    pub(crate) path: Option<Path>,
}

impl Speaker {
    /// Whether its lists are about all certificates that its name has issued, whatever the key: those of a key in the path in
    /// question; of one that issues none (RFC 5280 5 separates the two); or of one that the other key of the same name
    /// certified, as at a rekey (RFC 4210 4.4). Another CA of that name keeps a list of its own.
    pub(super) fn speaks_for_its_name(&self) -> bool {
        let certificate = &self.certificate;
        let issues = certificate.basic_constraints().is_ok_and(|constraints| constraints.is_some_and(|own| own.ca))
            && certificate.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.key_cert_sign()));
        let by_path = self.path.is_none();
        by_path || !issues || certificate.issuer() == certificate.subject()
    }
}

/// The certificates that may stand behind lists, with what was found out about them.
pub(crate) struct Speakers<'a> {
    terms: Terms<'a>,
    /// The anchor of the path in question, alone.
    anchor: TrustAnchors,
    /// Those of the operator, and what came along.
    own: &'a Intermediates,
    pool: &'a [Certificate],
    /// Certificates whose own revocation makes them unfit.
    banned: &'a [Certificate],
    tried: &'a mut Tried,
    /// Signature checks that are left.
    left: usize,
    /// And those for lists from the mail: however many forged ones a sender adds, the right one elsewhere is still checked.
    left_for_mail: usize,
    /// And those with keys of certificates that came along: however many a sender adds, those of the operator are still tried.
    left_for_others: usize,
}

/// Who brings a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BroughtBy {
    /// The operator, or it stands in the path.
    Operator,
    /// The sender, or whoever lends.
    Others,
}

/// What was found out about certificates and lists beside one path. Whoever sends many of both has them looked at once, not
/// once for each certificate of the path and each answer.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    /// By candidate and nearest authority.
    paths: BTreeMap<(Fingerprint, Fingerprint), Result<Path, Error>>,
    /// For all of these paths together.
    budgets: BTreeMap<BroughtBy, Budget>,
    signatures: BTreeMap<(Fingerprint, Fingerprint), Result<(), Error>>,
}

impl<'a> Speakers<'a> {
    pub(crate) fn new(
        terms: Terms<'a>,
        path: &Path,
        own: &'a Intermediates,
        pool: &'a [Certificate],
        banned: &'a [Certificate],
        tried: &'a mut Tried,
    ) -> Self {
        let left = terms.limits.path_signatures;
        let anchor = TrustAnchors::new(vec![path.anchor().clone()]);
        Self { terms, anchor, own, pool, banned, tried, left, left_for_mail: left, left_for_others: left }
    }

    pub(crate) const fn limits(&self) -> &'a Limits {
        self.terms.limits
    }

    pub(crate) const fn now(&self) -> UnixTime {
        self.terms.now
    }

    /// What holds for every certificate on a path, wherever it stands.
    pub(crate) fn check_certificate(&self, certificate: &Certificate) -> Result<(), Error> {
        check_certificate(certificate, &self.terms)
    }

    /// The certificate whose key signed the list, if it may: one of `authorities`, which stand above the certificate in
    /// question, the nearest first and the anchor last, or one of the list issuer's name that one of them issued; then with
    /// that path.
    ///
    /// Anybody else's certificate of that name is nobody's word, although RFC 5280 6.3.3 f asks for the same anchor only: a CA
    /// somewhere below it, perhaps the very one that is revoked, could issue one, and with it take every revocation back.
    pub(super) fn check_list(
        &mut self,
        listed: &Listed,
        authorities: &[Certificate],
        hint: Hint,
    ) -> Result<Speaker, Error> {
        let limits = self.terms.limits;
        let wanted = listed.crl.issuer_key();
        let named = |certificate: &&Certificate| *certificate.subject_key(limits) == *wanted;
        let mut nearest = Error::from(Code::CrlIssuerNotFound);
        for candidate in authorities.iter().filter(named).filter(|candidate| may_be_of(listed, candidate, hint)) {
            match self.check_candidate(listed, candidate, BroughtBy::Operator) {
                Ok(()) => return Ok(Speaker { certificate: candidate.clone(), path: None }),
                Err(error) if error.code() == Code::CrlSignatureInvalid && hint == Hint::Ignored => {}
                Err(error) => nearest = error,
            }
        }
        let own = self.own.certificates().map(|candidate| (candidate, BroughtBy::Operator));
        let others = self.pool.iter().map(|candidate| (candidate, BroughtBy::Others));
        for (candidate, brought_by) in own.chain(others).filter(|(candidate, _)| hint == Hint::Kept && named(candidate))
        {
            if authorities.contains(candidate) || !may_be_of(listed, candidate, hint) {
                continue;
            }
            // The path first: who has none is not worth the work that a long list is.
            let path = self.check_path(candidate, authorities, brought_by);
            match path.and_then(|path| self.check_candidate(listed, candidate, brought_by).map(|()| path)) {
                Ok(path) => return Ok(Speaker { certificate: candidate.clone(), path: Some(path) }),
                Err(error) => nearest = error,
            }
        }
        Err(nearest)
    }

    fn check_candidate(
        &mut self,
        listed: &Listed,
        candidate: &Certificate,
        brought_by: BroughtBy,
    ) -> Result<(), Error> {
        if self.banned.contains(candidate) {
            return Err(Code::CrlIssuerRevoked.into());
        }
        if candidate.key_usage()?.is_some_and(|usage| !usage.crl_sign()) {
            return Err(Code::CrlIssuerKeyUsage.into());
        }
        self.check_signature(listed, candidate, brought_by)
    }

    /// Whether a path from the candidate leads to the anchor through these authorities.
    fn check_path(
        &mut self,
        candidate: &Certificate,
        authorities: &[Certificate],
        brought_by: BroughtBy,
    ) -> Result<Path, Error> {
        let issuer = authorities.first().ok_or(Code::CrlIssuerNotFound)?;
        let pair = (candidate.fingerprint(), issuer.fingerprint());
        if let Some(known) = self.tried.paths.get(&pair) {
            return known.clone();
        }
        let terms = Terms { anchors: &self.anchor, ..self.terms };
        let budget = self.tried.budgets.entry(brought_by).or_insert_with(|| Budget::new(self.terms.limits));
        let found = find_path_within(budget, &terms, candidate, authorities);
        if !found.as_ref().is_err_and(|error| is_spent(*error)) {
            self.tried.paths.insert(pair, found.clone());
        }
        found
    }

    /// 6.3.3 g and h.
    pub(super) fn check_signature(
        &mut self,
        listed: &Listed,
        signer: &Certificate,
        brought_by: BroughtBy,
    ) -> Result<(), Error> {
        let crl = &listed.crl;
        let key = signer.key_fingerprint();
        if crl.signed_by().get() == Some(&key) {
            return Ok(());
        }
        let pair = (crl.fingerprint(), key);
        if let Some(known) = self.tried.signatures.get(&pair) {
            return *known;
        }
        let result = self.verify(listed, signer, brought_by);
        // What could not be paid for in the mail may come from elsewhere as well.
        if !result.is_err_and(|error| error.code() == Code::SignatureBudget) {
            self.tried.signatures.insert(pair, result);
        }
        if result.is_ok() {
            // Another thread may have been faster, with another key at most.
            let _ = crl.signed_by().set(key);
        }
        result
    }

    fn verify(&mut self, listed: &Listed, signer: &Certificate, brought_by: BroughtBy) -> Result<(), Error> {
        let crl = &listed.crl;
        if crl.signature_algorithm() != crl.inner_signature_algorithm() {
            return Err(Code::PathAlgorithm.into());
        }
        let left = match brought_by {
            _ if listed.from_mail => &mut self.left_for_mail,
            BroughtBy::Operator => &mut self.left,
            BroughtBy::Others => &mut self.left_for_others,
        };
        let (algorithm, terms) = (crl.signature_algorithm(), &self.terms);
        verify_within(left, algorithm, &[crl.tbs()], crl.signature(), signer, terms).map_err(|error| {
            if error.code() == Code::SignatureInvalid { Code::CrlSignatureInvalid.into() } else { error }
        })
    }

    /// A signature of an authority, within the budget, with a key and a digest that may be relied on.
    pub(crate) fn verify_octets(
        &mut self,
        algorithm: &[u8],
        message: &[&[u8]],
        signature: &[u8],
        signer: &Certificate,
    ) -> Result<(), Error> {
        verify_within(&mut self.left, algorithm, message, signature, signer, &self.terms)
    }
}

/// Whether the list may be of the certificate's key. The identifier of a key that it names is only a hint (RFC 5280 4.2.1.1):
/// where it leads to nobody, an authority is tried although it has another one.
fn may_be_of(listed: &Listed, candidate: &Certificate, hint: Hint) -> bool {
    let is_meant = match (listed.crl.authority_key(), candidate.subject_key_identifier()) {
        (Some(wanted), Some(own)) => wanted == own,
        _ => true,
    };
    match hint {
        Hint::Kept => is_meant,
        Hint::Ignored => {
            !is_meant && listed.crl.signed_by().get().is_none_or(|key| *key == candidate.key_fingerprint())
        }
    }
}

fn verify_within(
    left: &mut usize,
    algorithm: &[u8],
    message: &[&[u8]],
    signature: &[u8],
    signer: &Certificate,
    terms: &Terms<'_>,
) -> Result<(), Error> {
    let limits = terms.limits;
    terms.memory.recall(signer);
    let key = signer.public_key(limits)?;
    // A megabyte costs about what ten checks do.
    let hashing = message.iter().map(|part| part.len()).sum::<usize>().div_euclid(USUAL_LIST);
    let cost = key.cost().saturating_add(hashing);
    *left = left
        .checked_sub(cost.min(limits.path_signatures.div_euclid(4).max(key.cost())))
        .ok_or(Code::SignatureBudget)?;
    key.check_strength(KeyRole::Authority, limits)?;
    let algorithm = SignatureAlgorithm::from_algorithm_identifier(algorithm, None, limits)?;
    algorithm.require_digests(Sha1::Refused)?;
    key.verify(terms.crypto, &algorithm, message, signature)
}

/// Octets of a list that cost as much to hash as a signature does to check.
const USUAL_LIST: usize = 100 << 10;
