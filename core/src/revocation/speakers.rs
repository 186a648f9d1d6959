//! Who may say that a certificate is revoked: keys of its issuer, or of a list issuer that it names, certified by those who
//! stand above it (RFC 5280 6.3.3 f).

use super::lists::Listed;
use crate::cert::{Certificate, Fingerprint};
use crate::error::{Code, Error};
use crate::time::UnixTime;
use crate::verify::{Budget, KeyRole, Limits, Path, Sha1, SignatureAlgorithm, Terms, TrustAnchors};
use crate::verify::{check_certificate, find_path_within};
use std::collections::BTreeMap;

/// Whose key signed a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Speaker {
    pub(crate) certificate: Certificate,
    /// Its own path, when it is not one that stands in the path in question: it must not be revoked itself.
    pub(crate) path: Option<Path>,
}

/// The certificates that may stand behind lists, with what was found out about them.
pub(crate) struct Speakers<'a> {
    terms: Terms<'a>,
    /// The anchor of the path in question, alone.
    anchor: TrustAnchors,
    pool: &'a [Certificate],
    /// Certificates whose own revocation makes them unfit.
    banned: &'a [Certificate],
    tried: &'a mut Tried,
    /// Signature checks that are left.
    left: usize,
    /// And those for lists from the mail: however many forged ones a sender adds, the right one elsewhere is still checked.
    left_for_mail: usize,
}

/// What was found out about certificates and lists beside one path. Whoever sends many of both has them looked at once, not
/// once for each certificate of the path and each answer.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    /// By candidate and nearest authority.
    paths: BTreeMap<(Fingerprint, Fingerprint), Result<Path, Error>>,
    /// For all of these paths together.
    budget: Option<Budget>,
    signatures: BTreeMap<(Fingerprint, Fingerprint), Result<(), Error>>,
}

impl<'a> Speakers<'a> {
    pub(crate) fn new(
        terms: Terms<'a>,
        path: &Path,
        pool: &'a [Certificate],
        banned: &'a [Certificate],
        tried: &'a mut Tried,
    ) -> Self {
        let left = terms.limits.path_signatures;
        let anchor = TrustAnchors::new(vec![path.anchor().clone()]);
        Self { terms, anchor, pool, banned, tried, left, left_for_mail: left }
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
    pub(crate) fn check_list(&mut self, listed: &Listed, authorities: &[Certificate]) -> Result<Speaker, Error> {
        let limits = self.terms.limits;
        let wanted = listed.crl.issuer_key();
        let named = |certificate: &&Certificate| *certificate.subject_key(limits) == *wanted;
        let mut nearest = Error::from(Code::CrlIssuerNotFound);
        let mut note = |error: Error| {
            if error.code() != Code::CrlIssuerNotFound {
                nearest = error;
            }
        };
        for candidate in authorities.iter().filter(named) {
            match self.check_candidate(listed, candidate) {
                Ok(()) => return Ok(Speaker { certificate: candidate.clone(), path: None }),
                // Not an answer, only a hint: of many keys under one name this one is not meant.
                Err(error) if error.code() == Code::CrlSignatureInvalid && !is_meant(listed, candidate) => {}
                Err(error) => note(error),
            }
        }
        let pool = self.pool;
        let others = pool.iter().filter(named).filter(|candidate| !authorities.contains(candidate));
        for candidate in others.filter(|candidate| is_meant(listed, candidate)) {
            let path = self.check_candidate(listed, candidate).and_then(|()| self.check_path(candidate, authorities));
            match path {
                Ok(path) => return Ok(Speaker { certificate: candidate.clone(), path: Some(path) }),
                Err(error) => note(error),
            }
        }
        Err(nearest)
    }

    fn check_candidate(&mut self, listed: &Listed, candidate: &Certificate) -> Result<(), Error> {
        if self.banned.contains(candidate) {
            return Err(Code::CrlIssuerRevoked.into());
        }
        if candidate.key_usage()?.is_some_and(|usage| !usage.crl_sign()) {
            return Err(Code::CrlIssuerKeyUsage.into());
        }
        self.check_signature(listed, candidate)
    }

    /// Whether a path from the candidate leads to the anchor through these authorities.
    fn check_path(&mut self, candidate: &Certificate, authorities: &[Certificate]) -> Result<Path, Error> {
        let issuer = authorities.first().ok_or(Code::CrlIssuerNotFound)?;
        let pair = (candidate.fingerprint(), issuer.fingerprint());
        if let Some(known) = self.tried.paths.get(&pair) {
            return known.clone();
        }
        let terms = Terms { anchors: &self.anchor, ..self.terms };
        let budget = self.tried.budget.get_or_insert_with(|| Budget::new(self.terms.limits));
        let found = find_path_within(budget, &terms, candidate, authorities);
        self.tried.paths.insert(pair, found.clone());
        found
    }

    /// 6.3.3 g and h.
    pub(crate) fn check_signature(&mut self, listed: &Listed, signer: &Certificate) -> Result<(), Error> {
        let crl = &listed.crl;
        let key = signer.key_fingerprint();
        if crl.signed_by().get() == Some(&key) {
            return Ok(());
        }
        let pair = (crl.fingerprint(), key);
        if let Some(known) = self.tried.signatures.get(&pair) {
            return *known;
        }
        let result = self.verify(listed, signer);
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

    fn verify(&mut self, listed: &Listed, signer: &Certificate) -> Result<(), Error> {
        let crl = &listed.crl;
        if crl.signature_algorithm() != crl.inner_signature_algorithm() {
            return Err(Code::PathAlgorithm.into());
        }
        let left = if listed.from_mail { &mut self.left_for_mail } else { &mut self.left };
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

/// Whether the identifier of the key that a list names, if it names one, is the certificate's, if that has one.
fn is_meant(listed: &Listed, candidate: &Certificate) -> bool {
    match (listed.crl.authority_key(), candidate.subject_key_identifier()) {
        (Some(wanted), Some(own)) => wanted == own,
        _ => true,
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
