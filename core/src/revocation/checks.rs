//! The revocation of whole paths as part of an operation: what is at hand first, then what the policy lets be fetched. It
//! asks each address once for an operation, whoever needs it.

use super::cache::Cache;
use super::crl::Crl;
use super::lists::{Finding, Listed, look_up};
use super::ocsp::{self, Asked};
use super::policy::{Mode, Order, RevocationPolicy};
use super::reason::Reason;
use super::speakers::{Speakers, Tried};
use super::status::Status;
use crate::cert::{Certificate, Fingerprint};
use crate::der::oids;
use crate::engine::Engine;
use crate::error::{Code, Error, Fault};
use crate::query::Unavailable;
use crate::store::Tenant;
use crate::time::UnixTime;
use crate::trace::{Kind, escape};
use crate::verify::{DigestAlgorithm, Limits, Path, Terms, find_path_on};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The revocation checks of one operation.
#[derive(Debug)]
pub(crate) struct Checks {
    engine: Engine,
    policy: RevocationPolicy,
    tenant: Tenant,
    now: UnixTime,
    nonce: Option<[u8; 32]>,
    /// Whether there is somebody to ask.
    asks: bool,
    /// Lists from the configuration, the mail and the cache, and those that were fetched.
    lists: Vec<Listed>,
    /// Lists that were fetched for something that may be cached, until they are known to count.
    fresh: Vec<(String, Crl)>,
    responses: BTreeMap<Fingerprint, Vec<Response>>,
    sources: BTreeMap<Source, State>,
    /// Questions that are to be asked, and those that are open.
    outbox: VecDeque<(Want, Fetch)>,
    open: BTreeMap<u32, Want>,
    told: BTreeSet<(Fingerprint, Option<Code>)>,
    events: Vec<Kind>,
}

/// Something that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Crl(String),
    Ocsp(String, Fingerprint),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Answered,
    Failed,
}

#[derive(Clone, Debug)]
struct Response {
    octets: Arc<[u8]>,
    /// Whether it answers a request of this operation, so that a nonce can be expected.
    is_answer: bool,
    cacheable: bool,
}

/// A path in question.
#[derive(Debug)]
pub(crate) struct Job {
    path: Path,
    /// What may help to find another path, or the issuer of a list.
    pool: Vec<Certificate>,
    /// Lent by a directory: nothing that is learned about it outlives the operation.
    lent: bool,
    /// Certificates that turned out to be revoked.
    revoked: Vec<Certificate>,
    /// What was asked because of it: nothing changes for it before one of these has answered.
    waits_for: Vec<Source>,
    tried: Tried,
}

/// What the answer to a question is for.
#[derive(Clone, Debug)]
struct Want {
    source: Source,
    cacheable: bool,
}

/// What to fetch.
#[derive(Clone, Debug)]
pub(crate) enum Fetch {
    Crl { at: String },
    Ocsp { at: String, request: Vec<u8> },
}

/// What a path comes to.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Not revoked, as far as the policy asks; perhaps by another path than the one that was asked about.
    Passed(Path),
    /// A certificate of it is revoked.
    Revoked,
    /// The policy asks for more than is known.
    Blocked(Error),
}

/// What one certificate comes to for now.
struct Knowledge {
    status: Status,
    /// It rests on a list that the sender of the mail chose.
    from_mail: bool,
}

impl Job {
    pub(crate) fn new(path: Path, pool: Vec<Certificate>, lent: bool) -> Self {
        Self { path, pool, lent, revoked: Vec::new(), waits_for: Vec::new(), tried: Tried::default() }
    }
}

impl Checks {
    pub(crate) fn new(
        engine: &Engine,
        policy: RevocationPolicy,
        tenant: &Tenant,
        now: UnixTime,
        nonce: Option<[u8; 32]>,
    ) -> Self {
        let configured = engine.crls().iter().map(|crl| Listed { crl: crl.clone(), from_mail: false });
        Self {
            policy,
            tenant: tenant.clone(),
            now,
            nonce,
            asks: true,
            lists: configured.collect(),
            fresh: Vec::new(),
            responses: BTreeMap::new(),
            sources: BTreeMap::new(),
            outbox: VecDeque::new(),
            open: BTreeMap::new(),
            told: BTreeSet::new(),
            events: Vec::new(),
            engine: engine.clone(),
        }
    }

    /// For a decision that is made at once.
    pub(super) const fn without_asking(mut self) -> Self {
        self.asks = false;
        self
    }

    /// Lists that came with the mail.
    pub(crate) fn add_from_mail(&mut self, crls: Vec<Crl>) {
        self.lists.extend(crls.into_iter().map(|crl| Listed { crl, from_mail: true }));
    }

    pub(crate) const fn policy(&self) -> &RevocationPolicy {
        &self.policy
    }

    /// What there is to tell, oldest first.
    pub(crate) fn events(&mut self) -> Vec<Kind> {
        core::mem::take(&mut self.events)
    }

    /// What is known without asking, leaf first.
    pub(crate) fn known(&mut self, job: &mut Job) -> Vec<(Fingerprint, Status)> {
        let statuses = self.statuses(job);
        statuses.into_iter().map(|(certificate, known)| (certificate.fingerprint(), known.status)).collect()
    }

    /// The next question, to be asked under this number.
    pub(crate) fn next_fetch(&mut self, number: u32) -> Option<Fetch> {
        let (want, fetch) = self.outbox.pop_front()?;
        self.open.insert(number, want);
        Some(fetch)
    }

    /// What the path comes to, or `None` while sources are asked for it.
    pub(crate) fn verdict(&mut self, job: &mut Job) -> Option<Verdict> {
        if self.policy.mode == Mode::Off {
            return Some(Verdict::Passed(job.path.clone()));
        }
        let is_open = |source: &Source| self.sources.get(source) == Some(&State::Open);
        if !job.waits_for.is_empty() && job.waits_for.iter().all(is_open) {
            return None;
        }
        loop {
            let statuses = self.statuses(job);
            let revoked = statuses.iter().find_map(|(certificate, state)| match state.status {
                Status::Revoked { at, reason } => Some((certificate.clone(), at, reason)),
                _ => None,
            });
            let Some((certificate, at, reason)) = revoked else {
                return self.conclude(job, &statuses);
            };
            self.tell_revoked(&certificate, at, reason);
            if !self.go_around(job, certificate) {
                return Some(Verdict::Revoked);
            }
        }
    }

    /// Looks for a path without an issuer that is revoked: another CA may vouch for the same key.
    fn go_around(&self, job: &mut Job, revoked: Certificate) -> bool {
        if revoked.is_same_as(job.path.leaf()) {
            return false;
        }
        job.revoked.push(revoked);
        job.pool.retain(|helper| !job.revoked.iter().any(|revoked| revoked.is_same_as(helper)));
        match find_path_on(&terms(&self.engine, self.now, job), job.path.leaf(), &job.pool) {
            Ok(path) => {
                job.path = path;
                // Another anchor, perhaps, and fewer certificates to get there.
                job.tried = Tried::default();
                true
            }
            Err(_) => false,
        }
    }

    /// The state of each certificate below the anchor, leaf first, as far as it is known without asking.
    fn statuses(&mut self, job: &mut Job) -> Vec<(Certificate, Knowledge)> {
        let mut tried = core::mem::take(&mut job.tried);
        let mut statuses = Vec::new();
        for (certificate, issuer) in links(&job.path) {
            let state = self.status(&certificate, &issuer, job, &mut tried);
            let is_over = matches!(state.status, Status::Revoked { .. });
            statuses.push((certificate, state));
            if is_over {
                break;
            }
        }
        job.tried = tried;
        statuses
    }

    fn status(&mut self, certificate: &Certificate, issuer: &Certificate, job: &Job, tried: &mut Tried) -> Knowledge {
        self.take_from_cache(certificate);
        let engine = self.engine.clone();
        let authorities = authorities_above(certificate, &job.path);
        let mut banned: Vec<Certificate> = job.revoked.clone();
        let finding = loop {
            let mut speakers = Speakers::new(
                terms(&engine, self.now, job),
                &job.path,
                engine.intermediates(),
                &job.pool,
                &banned,
                tried,
            );
            let finding = look_up(certificate, &authorities, &self.lists, &mut speakers);
            match self.unfit_speaker(&finding, job, &banned, tried) {
                Some(unfit) => banned.push(unfit),
                None => break finding,
            }
        };
        self.tell_unusable(&finding);
        let mut speakers =
            Speakers::new(terms(&engine, self.now, job), &job.path, engine.intermediates(), &job.pool, &banned, tried);
        let answered = self.ask_responses(certificate, issuer, job, &mut speakers);
        self.keep_lists(certificate, &finding);
        let (status, from_mail) = match (finding.status, answered) {
            (revoked @ Status::Revoked { .. }, _) | (_, Some(revoked @ Status::Revoked { .. })) => (revoked, false),
            (_, Some(Status::Good)) => (Status::Good, false),
            (Status::Good, _) => (Status::Good, finding.from_mail),
            // Of two that know nothing, one that may know later says more.
            (Status::Unknown(error), Some(Status::Unknown(other)))
                if error.code() == Code::RevocationUnknown || other.fault() == Fault::Unavailable =>
            {
                (Status::Unknown(other), false)
            }
            (unknown, _) => (unknown, false),
        };
        Knowledge { status, from_mail }
    }

    /// A certificate that a finding relies on and that must not be relied on: it is revoked, or nothing is known of it
    /// where the policy wants to know. A key may speak for its own certificate, or nobody could ever.
    fn unfit_speaker(
        &self,
        finding: &Finding,
        job: &Job,
        banned: &[Certificate],
        tried: &mut Tried,
    ) -> Option<Certificate> {
        let mut seen: BTreeSet<Fingerprint> = links(&job.path).iter().map(|(own, _)| own.fingerprint()).collect();
        let mut waiting: Vec<Path> = finding.relies_on.clone();
        while let Some(path) = waiting.pop() {
            for (certificate, _) in links(&path) {
                if !seen.insert(certificate.fingerprint()) {
                    continue;
                }
                let terms = terms(&self.engine, self.now, job);
                let mut speakers =
                    Speakers::new(terms, &job.path, self.engine.intermediates(), &job.pool, banned, tried);
                let authorities = authorities_above(&certificate, &path);
                let found = look_up(&certificate, &authorities, &self.lists, &mut speakers);
                match found.status {
                    Status::Good => waiting.extend(found.relies_on),
                    Status::Unknown(_) if self.policy.mode != Mode::Hard => {}
                    _ => return Some(path.leaf().clone()),
                }
            }
        }
        None
    }

    fn ask_responses(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
        job: &Job,
        speakers: &mut Speakers<'_>,
    ) -> Option<Status> {
        let fingerprint = certificate.fingerprint();
        let nonce = self.nonce(fingerprint);
        let authorities = authorities_above(certificate, &job.path);
        let mut best = None;
        for response in self.responses.get(&fingerprint).cloned().unwrap_or_default() {
            let nonce = nonce.as_deref().filter(|_| response.is_answer);
            let asked = Asked {
                certificate,
                issuer,
                authorities: &authorities,
                nonce,
                nonce_required: self.policy.nonce_required,
                lists: &self.lists,
                must_be_known: self.policy.mode == Mode::Hard,
            };
            match ocsp::evaluate(&response.octets, &asked, speakers) {
                Ok(answered) => {
                    if response.cacheable && !job.lent && !matches!(answered.status, Status::Unknown(_)) {
                        let limit = self.limits().revocation_cache_bytes;
                        let (cache, octets) = (self.cache(), &response.octets);
                        cache.keep_ocsp(&self.tenant, fingerprint, octets, answered.until, limit, self.now);
                    }
                    if !matches!(best, Some(Status::Revoked { .. } | Status::Good))
                        || matches!(answered.status, Status::Revoked { .. })
                    {
                        best = Some(answered.status);
                    }
                }
                Err(error) => {
                    self.tell_source(fingerprint, error);
                    // Something that is no response is no answer yet.
                    let is_none = error.fault() == Fault::Malformed;
                    let error = if is_none { Code::RevocationUnavailable.into() } else { error };
                    best.get_or_insert(Status::Unknown(error));
                }
            }
        }
        best
    }

    /// Nothing is revoked. Either all that the policy asks for is known, or more is to be fetched, or it ends here.
    fn conclude(&mut self, job: &mut Job, statuses: &[(Certificate, Knowledge)]) -> Option<Verdict> {
        job.waits_for.clear();
        for ((certificate, issuer), (_, state)) in links(&job.path).into_iter().zip(statuses) {
            let is_known = state.status == Status::Good && !state.from_mail;
            if !is_known && self.policy.fetch && self.asks {
                let wanted = self.want(&certificate, &issuer, job.lent);
                job.waits_for.extend(wanted);
            }
        }
        if !job.waits_for.is_empty() {
            return None;
        }
        let mut blocked = None;
        for (certificate, state) in statuses {
            let fingerprint = certificate.fingerprint();
            match state.status {
                Status::Unknown(error) => {
                    let error = self.why_unknown(certificate, error);
                    if self.told.insert((fingerprint, Some(Code::RevocationUnknown))) {
                        self.events.push(Kind::RevocationUnknown { fingerprint, error });
                    }
                    blocked.get_or_insert(error);
                }
                _ if self.told.insert((fingerprint, None)) => self.events.push(Kind::RevocationGood { fingerprint }),
                _ => {}
            }
        }
        match blocked {
            Some(error) if self.policy.mode == Mode::Hard => Some(Verdict::Blocked(error)),
            _ => Some(Verdict::Passed(job.path.clone())),
        }
    }

    /// Where somebody did not answer, trying again later may help, whatever is wrong with what is at hand.
    fn why_unknown(&self, certificate: &Certificate, error: Error) -> Error {
        let failed = |(source, state): (&Source, &State)| {
            *state == State::Failed && self.sources_of(certificate).contains(source)
        };
        if error.fault() != Fault::Unavailable && self.sources.iter().any(failed) {
            return Code::RevocationUnavailable.into();
        }
        error
    }

    /// The source of the certificate that is being asked, or is to be asked now: one after the other.
    fn want(&mut self, certificate: &Certificate, issuer: &Certificate, lent: bool) -> Option<Source> {
        for source in self.sources_of(certificate) {
            match self.sources.get(&source) {
                Some(State::Open) => return Some(source),
                Some(State::Answered | State::Failed) => continue,
                None => {}
            }
            let fetch = match &source {
                Source::Crl(at) => Fetch::Crl { at: at.clone() },
                Source::Ocsp(at, fingerprint) => {
                    let nonce = self.nonce(*fingerprint);
                    match ocsp::request(certificate, issuer, nonce.as_deref()) {
                        Ok(request) => Fetch::Ocsp { at: at.clone(), request },
                        Err(_) => continue,
                    }
                }
            };
            self.sources.insert(source.clone(), State::Open);
            self.outbox.push_back((Want { source: source.clone(), cacheable: !lent }, fetch));
            return Some(source);
        }
        None
    }

    /// Everything that a certificate says about where its state can be fetched, in the policy's order.
    fn sources_of(&self, certificate: &Certificate) -> Vec<Source> {
        let limits = self.limits();
        let changes = certificate.freshest(limits).unwrap_or_default();
        let points = certificate.distribution_points(limits).unwrap_or_default();
        let names = changes.iter().chain(&points).filter_map(|point| point.name.as_ref());
        let lists = names.flat_map(|name| name.urls()).map(|url| Source::Crl(url.clone()));
        let responders = certificate.access_locations(oids::OCSP, limits);
        let responders = responders.into_iter().map(|url| Source::Ocsp(url, certificate.fingerprint()));
        let ordered: Vec<Source> = match self.policy.order {
            Order::CrlFirst => lists.chain(responders).collect(),
            Order::OcspFirst => responders.chain(lists).collect(),
        };
        ordered.into_iter().take(limits.revocation_sources).collect()
    }

    /// A source has answered, or not. An error when the number is of no open question.
    pub(crate) fn answered(&mut self, number: u32, reply: Result<Vec<u8>, Unavailable>) -> Result<(), Error> {
        let want = self.open.remove(&number).ok_or(Code::ForeignAnswer)?;
        let state = match reply {
            Ok(octets) => self.read(&want, octets),
            Err(unavailable) => {
                let at = escape(want.source.url());
                self.events.push(Kind::SourceUnavailable { at, detail: escape(unavailable.detail()) });
                State::Failed
            }
        };
        self.sources.insert(want.source, state);
        Ok(())
    }

    /// Whoever answers with something that is no list, as a page that asks for a password, has not answered yet.
    fn read(&mut self, want: &Want, octets: Vec<u8>) -> State {
        match &want.source {
            Source::Crl(url) => match Crl::read_all(&octets, self.limits()) {
                Ok(crls) => {
                    // One address, one list; what else a text may hold is nobody's list.
                    for crl in crls.into_iter().take(1) {
                        if want.cacheable {
                            self.fresh.push((url.clone(), crl.clone()));
                        }
                        self.lists.push(Listed { crl, from_mail: false });
                    }
                }
                Err(error) => {
                    self.events.push(Kind::SourceRejected { at: escape(url), error });
                    return State::Failed;
                }
            },
            Source::Ocsp(_, fingerprint) => {
                let response = Response { octets: octets.into(), is_answer: true, cacheable: want.cacheable };
                self.responses.entry(*fingerprint).or_default().push(response);
            }
        }
        State::Answered
    }

    /// What earlier operations of the tenant have learned about the certificate.
    fn take_from_cache(&mut self, certificate: &Certificate) {
        if !self.policy.fetch {
            return;
        }
        for source in self.sources_of(certificate) {
            if self.sources.contains_key(&source) {
                continue;
            }
            match &source {
                Source::Crl(url) => {
                    let Some(crl) = self.cache().crl(&self.tenant, url, self.now) else { continue };
                    self.lists.push(Listed { crl, from_mail: false });
                }
                Source::Ocsp(_, fingerprint) => {
                    // A response that was kept repeats no nonce of this operation.
                    if self.policy.nonce_required {
                        continue;
                    }
                    let Some(octets) = self.cache().ocsp(&self.tenant, *fingerprint, self.now) else { continue };
                    let response = Response { octets, is_answer: false, cacheable: false };
                    self.responses.entry(*fingerprint).or_default().push(response);
                }
            }
            self.sources.insert(source, State::Answered);
        }
    }

    /// Only a list that counts for a certificate which names its address is kept: a forged one, or one about others, would
    /// keep the right one out until its time is over.
    fn keep_lists(&mut self, certificate: &Certificate, finding: &Finding) {
        let (limit, now) = (self.limits().revocation_cache_bytes, self.now);
        let sources = self.sources_of(certificate);
        for (url, crl) in core::mem::take(&mut self.fresh) {
            if finding.rests_on.contains(&crl.fingerprint()) && sources.contains(&Source::Crl(url.clone())) {
                self.cache().keep_crl(&self.tenant, &url, &crl, limit, now);
            } else {
                self.fresh.push((url, crl));
            }
        }
    }

    fn cache(&self) -> &Cache {
        self.engine.revocation_cache()
    }

    fn limits(&self) -> &Limits {
        self.engine.limits()
    }

    /// A nonce of its own for each certificate, from what the host has supplied.
    fn nonce(&self, certificate: Fingerprint) -> Option<Vec<u8>> {
        self.nonce.map(|seed| DigestAlgorithm::Sha256.digest(&[&seed, certificate.as_bytes()]))
    }

    fn tell_revoked(&mut self, certificate: &Certificate, at: UnixTime, reason: Reason) {
        let fingerprint = certificate.fingerprint();
        if self.told.insert((fingerprint, Some(Code::CertificateRevoked))) {
            self.events.push(Kind::CertificateRevoked { fingerprint, at, reason });
        }
    }

    /// Lists that are about the certificate and do not count, each once.
    fn tell_unusable(&mut self, finding: &Finding) {
        for (crl, error) in &finding.unusable {
            if self.told.insert((*crl, Some(error.code()))) {
                self.events.push(Kind::CrlUnusable { crl: *crl, error: *error });
            }
        }
    }

    fn tell_source(&mut self, fingerprint: Fingerprint, error: Error) {
        if self.told.insert((fingerprint, Some(error.code()))) {
            self.events.push(Kind::OcspUnusable { fingerprint, error });
        }
    }
}

impl Source {
    fn url(&self) -> &str {
        match self {
            Self::Crl(url) | Self::Ocsp(url, _) => url,
        }
    }
}

/// What paths are judged by. Nothing that comes with a lent certificate is remembered.
fn terms<'a>(engine: &'a Engine, now: UnixTime, job: &Job) -> Terms<'a> {
    let terms = engine.terms(now);
    if job.lent { Terms { memory: terms.memory.without_learning(), ..terms } } else { terms }
}

/// Each certificate below the anchor with the one above it, leaf first.
fn links(path: &Path) -> Vec<(Certificate, Certificate)> {
    let below = core::iter::once(path.leaf()).chain(path.intermediates());
    let above = path.intermediates().iter().chain([path.anchor()]);
    below.cloned().zip(above.cloned()).collect()
}

/// Who stands above a certificate of the path, its issuer first.
fn authorities_above(certificate: &Certificate, path: &Path) -> Vec<Certificate> {
    let links = links(path).into_iter().skip_while(|(below, _)| below != certificate);
    links.map(|(_, issuer)| issuer).collect()
}
