use super::budget::{Budget, is_spent};
use super::cache::Memory;
use super::certificate::{certificate_algorithm, check_certificate, check_denial, check_extensions, check_validity};
use super::inputs::{CertPolicyId, NO_DEMANDS, PathInputs};
use super::policies::{self, Statements};
use super::{KeyRole, Limits, Profile, TrustAnchors, baseline, names, usage};
use crate::cert::{Certificate, Fingerprint};
use crate::crypto::{CryptoBackend, PureRust};
use crate::der::oids;
use crate::error::{Code, Error, Fault};
use crate::time::UnixTime;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A path that holds: the certificate first, then its issuers, the trust anchor last (RFC 5280 6.1).
///
/// ```
/// use postseal::verify::Path;
/// fn length(path: &Path) -> usize { path.intermediates().len() + 1 }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    leaf: Certificate,
    intermediates: Vec<Certificate>,
    anchor: Certificate,
    policies: BTreeSet<CertPolicyId>,
}

impl Path {
    /// The certificate that the path is for.
    ///
    /// ```
    /// fn person(path: &postseal::verify::Path) -> postseal::Fingerprint { path.leaf().fingerprint() }
    /// ```
    pub const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The CA certificates between, nearest issuer first.
    ///
    /// ```
    /// fn direct(path: &postseal::verify::Path) -> bool { path.intermediates().is_empty() }
    /// ```
    pub fn intermediates(&self) -> &[Certificate] {
        &self.intermediates
    }

    /// The trust anchor.
    ///
    /// ```
    /// fn root(path: &postseal::verify::Path) -> postseal::Fingerprint { path.anchor().fingerprint() }
    /// ```
    pub const fn anchor(&self) -> &Certificate {
        &self.anchor
    }

    /// SHA-256 of the SubjectPublicKeyInfo that signed the certificate.
    ///
    /// ```
    /// fn key(path: &postseal::verify::Path) -> postseal::Fingerprint { path.issuer_key() }
    /// ```
    pub fn issuer_key(&self) -> Fingerprint {
        self.intermediates.first().unwrap_or(&self.anchor).key_fingerprint()
    }

    /// The policies that the whole path is valid for and that were asked for, by the names that the domain of the anchor has
    /// for them (RFC 5280 6.1.5 g, 6.1.6: user-constrained-policy-set). anyPolicy is every policy; an empty set is none,
    /// which is no fault where nobody required one.
    ///
    /// ```
    /// use postseal::verify::{CertPolicyId, Path};
    /// fn under(path: &Path, policy: &CertPolicyId) -> bool {
    ///     path.user_constrained_policy_set().iter().any(|valid| valid == policy || valid.is_any_policy())
    /// }
    /// ```
    pub const fn user_constrained_policy_set(&self) -> &BTreeSet<CertPolicyId> {
        &self.policies
    }
}

/// Builds and validates a path from `leaf` to one of `anchors` at the time `now` (RFC 5280 6.1, RFC 8550).
///
/// `pool` are certificates that may help; in whatever order they are, whoever sent them. All of them that have the right
/// name are tried, key identifiers only say which one first. What the leaf itself may be used for, and whether its own key
/// is strong enough for that, is not asked here.
///
/// # Errors
/// Of all candidates the error that got nearest to an anchor; a limit ends the search at once.
///
/// ```
/// use postseal::{Certificate, Error, UnixTime};
/// use postseal::verify::{Limits, Path, Profile, TrustAnchors, find_path};
/// fn again(leaf: &Certificate, stored: &[Certificate], anchors: &TrustAnchors, now: UnixTime) -> Result<Path, Error> {
///     find_path(leaf, stored, anchors, Profile::Default, &Limits::default(), now)
/// }
/// # let _ = again;
/// ```
pub fn find_path(
    leaf: &Certificate,
    pool: &[Certificate],
    anchors: &TrustAnchors,
    profile: Profile,
    limits: &Limits,
    now: UnixTime,
) -> Result<Path, Error> {
    find_path_with(leaf, pool, anchors, &NO_DEMANDS, profile, limits, now)
}

/// As [`find_path`], with the initial inputs of RFC 5280 6.1.1 that a caller may set. A path that fails by its policies
/// only does not end the search: another one may be valid for them.
///
/// Policies and policy constraints of the anchor are taken no notice of (RFC 5280 6.1.1 d), unless
/// [`PathInputs::trust_anchor_constraints`] asks for them (RFC 5937).
///
/// # Errors
/// As [`find_path`]; [`Code::PolicyNotValid`] when a policy is required and none of those asked for is valid.
///
/// ```
/// use postseal::{Certificate, Error, UnixTime};
/// use postseal::verify::{CertPolicyId, Limits, Path, PathInputs, Profile, TrustAnchors, find_path_with};
/// fn under(
///     policy: CertPolicyId, leaf: &Certificate, stored: &[Certificate], anchors: &TrustAnchors, now: UnixTime,
/// ) -> Result<Path, Error> {
///     let mut inputs = PathInputs::default();
///     inputs.initial_explicit_policy = true;
///     inputs.user_initial_policy_set = Some([policy].into());
///     find_path_with(leaf, stored, anchors, &inputs, Profile::Default, &Limits::default(), now)
/// }
/// # let _ = under;
/// ```
pub fn find_path_with(
    leaf: &Certificate,
    pool: &[Certificate],
    anchors: &TrustAnchors,
    inputs: &PathInputs,
    profile: Profile,
    limits: &Limits,
    now: UnixTime,
) -> Result<Path, Error> {
    let terms = Terms {
        anchors,
        inputs,
        profile,
        limits,
        now,
        weakness: Weakness::Refused,
        memory: Memory::Off,
        crypto: &PureRust,
    };
    find_path_on(&terms, leaf, pool)
}

/// Whether algorithms and keys that can be broken end a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weakness {
    /// For every decision.
    Refused,
    /// For looking at old mail only.
    Tolerated,
}

/// What a path is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) anchors: &'a TrustAnchors,
    pub(crate) inputs: &'a PathInputs,
    pub(crate) profile: Profile,
    pub(crate) limits: &'a Limits,
    pub(crate) now: UnixTime,
    pub(crate) weakness: Weakness,
    /// Which signatures are known to hold.
    pub(crate) memory: Memory<'a>,
    pub(crate) crypto: &'a dyn CryptoBackend,
}

/// As [`find_path`].
pub(crate) fn find_path_on(terms: &Terms<'_>, leaf: &Certificate, pool: &[Certificate]) -> Result<Path, Error> {
    find_path_within(&mut Budget::new(terms.limits), terms, leaf, pool)
}

/// The same with work that others have a share in.
pub(crate) fn find_path_within(
    budget: &mut Budget,
    terms: &Terms<'_>,
    leaf: &Certificate,
    pool: &[Certificate],
) -> Result<Path, Error> {
    check_certificate(leaf, terms)?;
    Search::new(budget, terms, leaf, pool).run()
}

struct Search<'a> {
    terms: &'a Terms<'a>,
    leaf: &'a Certificate,
    /// Everything that may stand above something: the anchors first, then the pool.
    issuers: Vec<Issuer<'a>>,
    budget: &'a mut Budget,
    /// The most telling error so far.
    nearest: Error,
    /// Whether a key signed a certificate, by their numbers, so that backtracking repeats no arithmetic.
    signatures: BTreeMap<(Option<usize>, usize), Result<(), Error>>,
    /// The possible issuers of a certificate, by its number, so that no issuer name is read twice.
    named: BTreeMap<Option<usize>, Vec<usize>>,
    /// Whether the constraints of a CA, or (`None`) of the caller, allow the names of a certificate, by their numbers.
    allowed: BTreeMap<(Option<usize>, Option<usize>), Result<(), Error>>,
    /// What certificates say about policies, by their numbers.
    statements: BTreeMap<Option<usize>, Statements<'a>>,
}

/// A certificate that may stand above others.
struct Issuer<'a> {
    certificate: &'a Certificate,
    /// The number of the first certificate of the pool with the same key; cross certificates share one.
    key: usize,
    is_anchor: bool,
    /// What is wrong with it wherever it stands; computed once.
    by_itself: Option<Result<(), Error>>,
}

/// One certificate of the path so far, and which of its possible issuers are still to be tried.
struct Frame<'a> {
    /// Its number among the issuers; `None` is the leaf.
    number: Option<usize>,
    certificate: &'a Certificate,
    untried: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(budget: &'a mut Budget, terms: &'a Terms<'a>, leaf: &'a Certificate, pool: &'a [Certificate]) -> Self {
        let trusted = terms.anchors.certificates().enumerate().map(|(number, certificate)| Issuer {
            certificate,
            key: number,
            is_anchor: true,
            by_itself: None,
        });
        let mut first_with_key = BTreeMap::new();
        for (number, certificate) in pool.iter().enumerate() {
            first_with_key.entry(certificate.public_key_info()).or_insert(number);
        }
        let first_with_key =
            |certificate: &Certificate| first_with_key.get(certificate.public_key_info()).copied().unwrap_or_default();
        let helping = pool.iter().map(|certificate| Issuer {
            certificate,
            key: terms.anchors.len().saturating_add(first_with_key(certificate)),
            is_anchor: false,
            by_itself: None,
        });
        Search {
            terms,
            leaf,
            issuers: trusted.chain(helping).collect(),
            budget,
            nearest: Code::PathNotFound.into(),
            signatures: BTreeMap::new(),
            named: BTreeMap::new(),
            allowed: BTreeMap::new(),
            statements: BTreeMap::new(),
        }
    }

    /// Depth first, with a stack of its own.
    fn run(mut self) -> Result<Path, Error> {
        let leaf = self.leaf;
        let mut frames = vec![self.frame(None, leaf)];
        while let Some(frame) = frames.last_mut() {
            let Some(number) = frame.untried.pop() else {
                frames.pop();
                continue;
            };
            self.budget.spend_step()?;
            let Some((issuer, is_anchor)) =
                self.issuers.get(number).map(|issuer| (issuer.certificate, issuer.is_anchor))
            else {
                continue;
            };
            let tried = self.try_issuer(&frames, number, issuer, is_anchor);
            match tried.and_then(|()| is_anchor.then(|| self.check_policies(&frames, issuer)).transpose()) {
                Ok(Some(policies)) => {
                    self.learn(&frames, issuer);
                    let intermediates = frames.iter().skip(1).map(|frame| frame.certificate.clone()).collect();
                    return Ok(Path { leaf: self.leaf.clone(), intermediates, anchor: issuer.clone(), policies });
                }
                Ok(None) if frames.len() >= self.terms.limits.path_depth => self.note(Code::PathTooDeep.into()),
                Ok(None) => {
                    let frame = self.frame(Some(number), issuer);
                    frames.push(frame);
                }
                Err(error) if is_spent(error) => return Err(error),
                Err(error) => self.note(error),
            }
        }
        Err(self.nearest)
    }

    fn frame(&mut self, number: Option<usize>, certificate: &'a Certificate) -> Frame<'a> {
        let untried = match self.named.get(&number) {
            Some(known) => known.clone(),
            None => {
                let found = self.possible_issuers(certificate);
                self.named.insert(number, found.clone());
                found
            }
        };
        Frame { number, certificate, untried }
    }

    /// All with the right name, the most promising one last: anchors before the pool, a matching key identifier before
    /// others.
    fn possible_issuers(&self, certificate: &Certificate) -> Vec<usize> {
        let wanted = certificate.issuer_key(self.terms.limits);
        let key = certificate.authority_key_identifier();
        let named = self
            .issuers
            .iter()
            .enumerate()
            .filter(|(_, issuer)| issuer.certificate.subject_key(self.terms.limits) == wanted);
        let mut ordered: Vec<_> = named
            .map(|(number, issuer)| {
                let matches = key.is_some() && issuer.certificate.subject_key_identifier() == key;
                ((issuer.is_anchor, matches), number)
            })
            .collect();
        ordered.sort_by_key(|(promise, _)| *promise);
        ordered.into_iter().map(|(_, number)| number).collect()
    }

    fn note(&mut self, error: Error) {
        if rank(error) > rank(self.nearest) {
            self.nearest = error;
        }
    }

    /// Whether `issuer` may stand above the last certificate of the path. For an anchor, the path is complete then.
    fn try_issuer(
        &mut self,
        frames: &[Frame<'_>],
        number: usize,
        issuer: &Certificate,
        is_anchor: bool,
    ) -> Result<(), Error> {
        let repeats = |frame: &Frame<'_>| {
            let below = frame.certificate;
            below.subject() == issuer.subject() && below.public_key_info() == issuer.public_key_info()
        };
        let subject = frames.last().filter(|_| !frames.iter().any(repeats)).ok_or(Code::PathNotFound)?;
        self.check_by_itself(number)?;
        let path: Vec<&Certificate> = frames.iter().map(|frame| frame.certificate).collect();
        check_path_length(issuer, &path)?;
        self.check_signature(subject, number, issuer)?;
        if is_anchor {
            let below = frames.iter().map(|frame| (frame.number, frame.certificate));
            let whole: Vec<_> = below.chain([(Some(number), issuer)]).collect();
            return self.check_names(&whole);
        }
        Ok(())
    }

    /// What does not depend on where the certificate stands. Of an anchor its validity counts, and what it says against
    /// itself; it need not say anything (RFC 5280 6.1.1 d).
    fn check_by_itself(&mut self, number: usize) -> Result<(), Error> {
        let leaf = self.leaf;
        let Some(issuer) = self.issuers.get_mut(number) else { return Err(Code::PathNotFound.into()) };
        if let Some(result) = issuer.by_itself {
            return result;
        }
        let (certificate, terms) = (issuer.certificate, self.terms);
        let check = || {
            check_validity(certificate, terms.now)?;
            if issuer.is_anchor {
                if terms.inputs.trust_anchor_constraints {
                    check_extensions(certificate, terms.limits)?;
                    usage::check_purpose(certificate)?;
                }
                return check_denial(certificate);
            }
            check_certificate(certificate, terms)?;
            if certificate.version() != 3 {
                return Err(Code::CertificateVersion.into());
            }
            if certificate.basic_constraints()?.is_none() {
                return Err(Code::IssuerNotCa.into());
            }
            check_denial(certificate)?;
            usage::check_purpose(certificate)?;
            if terms.profile.rules().baseline {
                baseline::check_authority(certificate, leaf, terms.limits)?;
            }
            Ok(())
        };
        let result = check();
        issuer.by_itself = Some(result);
        result
    }

    /// RFC 5280 6.1.3 a 1, with keys and digests that may be relied on.
    fn check_signature(&mut self, subject: &Frame<'_>, number: usize, issuer: &Certificate) -> Result<(), Error> {
        let pair = (subject.number, self.issuers.get(number).map_or(number, |issuer| issuer.key));
        if let Some(result) = self.signatures.get(&pair) {
            return *result;
        }
        let result = self.verify_signature(subject, issuer);
        self.signatures.insert(pair, result);
        result
    }

    fn verify_signature(&mut self, below: &Frame<'_>, issuer: &Certificate) -> Result<(), Error> {
        let subject = below.certificate;
        let (memory, limits) = (self.terms.memory, self.terms.limits);
        memory.recall(issuer);
        let key = issuer.public_key(limits)?;
        let is_known = memory.knows(subject, issuer);
        if !is_known {
            self.budget.spend_signature(key.cost())?;
        }
        if self.terms.weakness == Weakness::Refused {
            key.check_strength(KeyRole::Authority, limits)?;
        }
        let algorithm = certificate_algorithm(subject, self.terms)?;
        if is_known {
            return Ok(());
        }
        let signed: (&[&[u8]], &[u8]) = (&[subject.tbs()], subject.signature());
        let result = key.verify_issued(self.terms.crypto, memory.tables(), limits, &algorithm, signed);
        result.map_err(|error| match error.fault() {
            Fault::Untrusted | Fault::Malformed => Code::PathSignatureInvalid.into(),
            _ => error,
        })
    }

    /// Remembers the signatures of a path that holds.
    fn learn(&self, frames: &[Frame<'_>], anchor: &Certificate) {
        let authorities = frames.iter().skip(1).map(|frame| frame.certificate).chain([anchor]);
        self.terms.memory.learn(self.leaf, authorities, self.terms.limits);
    }

    /// Policies come downwards from an anchor, so that they are asked about only once there is a whole path.
    fn check_policies(
        &mut self,
        below_anchor: &[Frame<'a>],
        anchor: &Certificate,
    ) -> Result<BTreeSet<CertPolicyId>, Error> {
        let terms = self.terms;
        // There may be very many paths, of few certificates.
        self.budget.spend_policies(below_anchor.len())?;
        for frame in below_anchor {
            if let Entry::Vacant(unread) = self.statements.entry(frame.number) {
                unread.insert(statements_of(frame.certificate, terms)?);
            }
        }
        let statements: Vec<_> =
            below_anchor.iter().rev().filter_map(|frame| self.statements.get(&frame.number)).collect();
        let anchor = terms.inputs.trust_anchor_constraints.then(|| statements_of(anchor, terms)).transpose()?;
        policies::validate(&statements, anchor.as_ref(), terms.inputs, self.budget)
    }

    /// Every name against the constraints of every CA above it, and of the caller above them all (RFC 5280 6.1.1 h and i).
    /// Self-issued CA certificates are exempt, unless last in the path (RFC 5280 6.1.3 b).
    fn check_names(&mut self, path: &[(Option<usize>, &Certificate)]) -> Result<(), Error> {
        let of_authorities = path.iter().enumerate().skip(1).map(|(height, (number, authority))| {
            (height, *number, authority.extension(oids::NAME_CONSTRAINTS).map(|extension| extension.value))
        });
        let below_anchor = path.len().saturating_sub(1);
        let initial = (below_anchor, None, self.terms.inputs.initial_name_constraints.as_deref());
        for (height, number, constraints) in of_authorities.chain([initial]) {
            let Some(constraints) = constraints else { continue };
            for (position, below) in path.iter().enumerate().take(height) {
                if position == 0 || !is_self_issued(below.1) {
                    self.check_names_of(number, constraints, *below)?;
                }
            }
        }
        Ok(())
    }

    /// Where the two stand makes no difference, so that backtracking compares no names again.
    fn check_names_of(
        &mut self,
        number: Option<usize>,
        constraints: &[u8],
        (below, certificate): (Option<usize>, &Certificate),
    ) -> Result<(), Error> {
        if let Some(result) = self.allowed.get(&(number, below)) {
            return *result;
        }
        let result = names::check(constraints, certificate, self.terms.limits, self.budget);
        self.allowed.insert((number, below), result);
        result
    }
}

/// Which error says most: the later a check comes, the nearer its candidate got to an anchor.
const fn rank(error: Error) -> u8 {
    match error.code() {
        Code::PathNotFound => 0,
        Code::PathTooDeep => 6,
        Code::CertificateExpired | Code::CertificateNotYetValid => 4,
        Code::NameNotPermitted | Code::NameExcluded | Code::NameConstraintUndecidable => 7,
        // Everything else about the path is in order.
        Code::PolicyNotValid | Code::PolicyMappingAny => 8,
        Code::PathSignatureInvalid => 1,
        Code::PathLength => 5,
        _ => 3,
    }
}

/// RFC 5280 6.1.4 l and m: self-issued certificates do not count, nor does the leaf.
fn check_path_length(issuer: &Certificate, path: &[&Certificate]) -> Result<(), Error> {
    let Some(allowed) = issuer.basic_constraints()?.and_then(|constraints| constraints.path_length) else {
        return Ok(());
    };
    let below = path.iter().skip(1).filter(|certificate| !is_self_issued(certificate)).count();
    if u32::try_from(below).is_ok_and(|below| below <= allowed) { Ok(()) } else { Err(Code::PathLength.into()) }
}

fn statements_of<'a>(certificate: &'a Certificate, terms: &Terms<'_>) -> Result<Statements<'a>, Error> {
    Statements::of(certificate, is_self_issued(certificate), terms.limits)
}

fn is_self_issued(certificate: &Certificate) -> bool {
    certificate.subject() == certificate.issuer()
}
