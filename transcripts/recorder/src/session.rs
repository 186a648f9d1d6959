//! The engine's operations behind one door: what a player and a recorder drive.

use crate::form::{self, Octets, OperationKind, Question, Reply, Transcript};
use postseal::cert::{Capabilities, Source, StoredCert, TransientCert};
use postseal::directory::DirectoryReply;
use postseal::import::{self, Import};
use postseal::operation::{Operation, Step};
use postseal::query::{
    Answer, FetchCrl, FetchIssuer, FetchOcsp, FindStored, Pending, PutStored, ResolveDirectory, Unavailable,
};
use postseal::resolve::{self, RecipientReport, Resolve, Unsealed};
use postseal::seal::{Begun, Encryption};
use postseal::store::{Change, Entry, PutOutcome, State, Tenant, Version};
use postseal::trace::Tracer;
use postseal::verify::Limits;
use postseal::{Address, Certificate, Error, UnixTime};
use postseal_host::{Configuration, Host};
use postseal_testkit::SeededRandom;
use std::path::Path;
use std::sync::Arc;
use toml::{Table, Value};

/// The host of a transcript, as its configuration says; paths in it are relative to `folder`.
pub(crate) fn host(configuration: &str, folder: &Path) -> Result<Host, String> {
    let made = Configuration::parse(configuration, folder).and_then(|configuration| configuration.host());
    made.map_err(|error| error.to_string())
}

/// A conversation that goes on.
pub(crate) enum Session {
    Import(Box<Import>),
    Encrypt(Box<Resolve>, Vec<u8>),
}

/// A question that waits for its answer.
pub(crate) enum Open {
    FindStored(Pending<FindStored>),
    PutStored(Pending<PutStored>),
    ResolveDirectory(Pending<ResolveDirectory>),
    FetchCrl(Pending<FetchCrl>),
    FetchOcsp(Pending<FetchOcsp>),
    FetchIssuer(Pending<FetchIssuer>),
}

/// What comes next.
pub(crate) enum Next {
    Ask(Open),
    Wait,
    Done(Table),
}

impl Session {
    /// Begins. An encryption may be over before anything is asked.
    pub(crate) fn begin(host: &Host, transcript: &Transcript, tracer: &Arc<dyn Tracer>) -> Result<Self, Table> {
        let (now, tenant) = (UnixTime::from_seconds(transcript.now), Tenant::new(&transcript.tenant));
        let nonce = transcript.ocsp_nonce.as_deref().map(nonce);
        match transcript.operation {
            OperationKind::Import => {
                let mut context = import::Context::new(now).tenant(tenant);
                context.route.clone_from(&transcript.route);
                (context.dry_run, context.ocsp_nonce) = (transcript.dry_run, nonce);
                let import = host.import(&transcript.mail.0, context).map_err(failed)?;
                Ok(Self::Import(Box::new(import)))
            }
            OperationKind::Encrypt => {
                let mut context = resolve::Context::new(now, Arc::clone(tracer)).tenant(tenant);
                context.route.clone_from(&transcript.route);
                context.ocsp_nonce = nonce;
                let addresses = |texts: &[String]| -> Result<Vec<Address>, Table> {
                    texts.iter().map(|text| Address::parse(text).map_err(failed)).collect()
                };
                let (visible, hidden) = (addresses(&transcript.visible)?, addresses(&transcript.hidden)?);
                match host.begin_encryption(&transcript.mail.0, visible, hidden, context) {
                    Ok(Begun::Resolve(resolve)) => Ok(Self::Encrypt(Box::new(resolve), transcript.mail.0.clone())),
                    Ok(Begun::Passed(encryption)) => Err(sealed(&[], &Ok(encryption))),
                    Err(unsealed) => Err(sealed(&[], &Err(unsealed))),
                }
            }
        }
    }

    pub(crate) fn poll(&mut self, tracer: &dyn Tracer) -> Result<Next, Error> {
        match self {
            Self::Import(import) => Ok(match import.poll(tracer)? {
                Step::Ask(import::Ask::FindStored(pending)) => Next::Ask(Open::FindStored(pending)),
                Step::Ask(import::Ask::PutStored(pending)) => Next::Ask(Open::PutStored(pending)),
                Step::Ask(import::Ask::FetchCrl(pending)) => Next::Ask(Open::FetchCrl(pending)),
                Step::Ask(import::Ask::FetchOcsp(pending)) => Next::Ask(Open::FetchOcsp(pending)),
                Step::Ask(other) => panic!("{other:?} is new"),
                Step::Wait => Next::Wait,
                Step::Done(report) => Next::Done(imported(&report)),
            }),
            Self::Encrypt(resolve, mail) => Ok(match resolve.poll(tracer)? {
                Step::Ask(resolve::Ask::FindStored(pending)) => Next::Ask(Open::FindStored(pending)),
                Step::Ask(resolve::Ask::ResolveDirectory(pending)) => Next::Ask(Open::ResolveDirectory(pending)),
                Step::Ask(resolve::Ask::FetchCrl(pending)) => Next::Ask(Open::FetchCrl(pending)),
                Step::Ask(resolve::Ask::FetchOcsp(pending)) => Next::Ask(Open::FetchOcsp(pending)),
                Step::Ask(resolve::Ask::FetchIssuer(pending)) => Next::Ask(Open::FetchIssuer(pending)),
                Step::Ask(other) => panic!("{other:?} is new"),
                Step::Wait => Next::Wait,
                Step::Done(resolution) => {
                    let reports: Vec<RecipientReport> = resolution.reports().cloned().collect();
                    Next::Done(sealed(&reports, &resolution.seal(mail, &mut SeededRandom::new(1))))
                }
            }),
        }
    }

    pub(crate) fn handle(&mut self, answer: Answer) -> Result<(), Error> {
        match self {
            Self::Import(import) => import.handle(answer),
            Self::Encrypt(resolve, _) => resolve.handle(answer),
        }
    }
}

impl Open {
    pub(crate) fn question(&self) -> Question {
        let all = |addresses: &[Address]| addresses.iter().map(|address| address.as_str().to_owned()).collect();
        match self {
            Self::FindStored(pending) => {
                let FindStored { tenant, addresses, .. } = pending.query();
                Question::FindStored { tenant: tenant.name().to_owned(), addresses: all(addresses) }
            }
            Self::PutStored(pending) => {
                let PutStored { tenant, address, expect, change, .. } = pending.query();
                let (change, fingerprint) = change_of(change);
                Question::PutStored {
                    tenant: tenant.name().to_owned(),
                    address: address.as_str().to_owned(),
                    expect: expect.number(),
                    change: change.to_owned(),
                    fingerprint,
                }
            }
            Self::ResolveDirectory(pending) => {
                let ResolveDirectory { tenant, directory, addresses, .. } = pending.query();
                let (tenant, directory) = (tenant.name().to_owned(), directory.name().to_owned());
                Question::ResolveDirectory { tenant, directory, addresses: all(addresses) }
            }
            Self::FetchCrl(pending) => {
                Question::FetchCrl { at: pending.query().at.clone(), limit: pending.query().limit }
            }
            Self::FetchOcsp(pending) => {
                let FetchOcsp { at, request, limit, .. } = pending.query();
                Question::FetchOcsp { at: at.clone(), request: Octets(request.clone()), limit: *limit }
            }
            Self::FetchIssuer(pending) => {
                Question::FetchIssuer { at: pending.query().at.clone(), limit: pending.query().limit }
            }
        }
    }

    /// Answers; an answer of another kind is a mistake in the transcript, because Rust cannot say it.
    pub(crate) fn answer(self, reply: &Reply) -> Result<Answer, String> {
        let wrong = |kind: &str| format!("{reply:?} is no answer to {kind}");
        let down = |detail: &String| Unavailable::because(detail);
        let body = || match reply {
            Reply::Body(octets) => Ok(Ok(octets.0.clone())),
            Reply::Unavailable(detail) => Ok(Err(down(detail))),
            _ => Err(wrong("a fetch")),
        };
        Ok(match self {
            Self::FindStored(pending) => pending.answer(match reply {
                Reply::Entries(entries) => Ok(entries.iter().map(entry).collect::<Result<_, _>>()?),
                Reply::Unavailable(detail) => Err(down(detail)),
                _ => return Err(wrong("find-stored")),
            }),
            Self::PutStored(pending) => pending.answer(match reply {
                Reply::Stored(true) => Ok(PutOutcome::Stored),
                Reply::Conflict(current) => Ok(PutOutcome::Conflict(entry(current)?)),
                Reply::Unavailable(detail) => Err(down(detail)),
                _ => return Err(wrong("put-stored")),
            }),
            Self::ResolveDirectory(pending) => pending.answer(match reply {
                Reply::Replies(replies) => Ok(replies.iter().map(directory_reply).collect()),
                Reply::Unavailable(detail) => Err(down(detail)),
                _ => return Err(wrong("resolve-directory")),
            }),
            Self::FetchCrl(pending) => pending.answer(body()?),
            Self::FetchOcsp(pending) => pending.answer(body()?),
            Self::FetchIssuer(pending) => pending.answer(body()?),
        })
    }

    /// The answer that everything may get.
    pub(crate) fn give_up(self, why: &str) -> Answer {
        self.answer(&Reply::Unavailable(why.to_owned())).expect("everything may be unavailable")
    }
}

fn nonce(text: &str) -> [u8; 32] {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("a nonce has hexadecimal digits");
    let octets: Vec<u8> = (0..64).step_by(2).map(digits).collect();
    octets.try_into().expect("a nonce has 32 octets")
}

fn change_of(change: &Change) -> (&'static str, String) {
    match change {
        Change::Activate(record) => ("activate", record.certificate().fingerprint().to_string()),
        Change::Renew(record) => ("renew", record.certificate().fingerprint().to_string()),
        Change::Hold(record) => ("hold", record.certificate().fingerprint().to_string()),
        Change::UpdateCapabilities { fingerprint, .. } => ("update-capabilities", fingerprint.to_string()),
        Change::UpdatePath(record) => ("update-path", record.certificate().fingerprint().to_string()),
        other => panic!("{other:?} is no question of an operation"),
    }
}

/// What the form says of an entry.
pub(crate) fn entry_to_form(entry: &Entry) -> form::Entry {
    let stored = |(stored, state): &(StoredCert, State)| form::Stored {
        state: state.name().to_owned(),
        der: Octets(stored.certificate.der().to_vec()),
        issuers: stored.issuers.iter().map(|issuer| Octets(issuer.der().to_vec())).collect(),
        issuer_key: stored.issuer_key.to_string(),
        capabilities: stored.capabilities.as_ref().map(|capabilities| Octets(capabilities.der().to_vec())),
        signed_at: stored.capabilities.as_ref().and_then(Capabilities::signed_at).map(UnixTime::seconds),
        source: stored.source.name().to_owned(),
        imported_at: stored.imported_at.seconds(),
    };
    form::Entry {
        address: entry.address.as_str().to_owned(),
        version: entry.version.number(),
        certs: entry.certs.iter().map(stored).collect(),
    }
}

fn capabilities(der: Option<&Octets>, signed_at: Option<i64>) -> Option<Capabilities> {
    der.map(|der| Capabilities::new(der.0.clone(), signed_at.map(UnixTime::from_seconds)))
}

fn entry(entry: &form::Entry) -> Result<Entry, String> {
    let certificate =
        |der: &Octets| Certificate::from_der(&der.0, &Limits::default()).map_err(|error| error.to_string());
    let stored = |stored: &form::Stored| -> Result<(StoredCert, State), String> {
        let cert = StoredCert {
            certificate: certificate(&stored.der)?,
            issuers: stored.issuers.iter().map(certificate).collect::<Result<_, _>>()?,
            issuer_key: stored.issuer_key.parse().map_err(|error: Error| error.to_string())?,
            capabilities: capabilities(stored.capabilities.as_ref(), stored.signed_at),
            source: Source::from_name(&stored.source).ok_or("an unknown source")?,
            imported_at: UnixTime::from_seconds(stored.imported_at),
        };
        Ok((cert, State::from_name(&stored.state).ok_or("an unknown state")?))
    };
    Ok(Entry {
        address: Address::parse(&entry.address).map_err(|error| error.to_string())?,
        version: Version::new(entry.version),
        certs: entry.certs.iter().map(stored).collect::<Result<_, String>>()?,
    })
}

fn directory_reply(reply: &form::DirectoryReply) -> DirectoryReply {
    let lend = |loan: &form::Loan| {
        let issuers = loan.issuers.iter().map(|issuer| issuer.0.clone()).collect();
        let mut lent = TransientCert::from_der(loan.der.0.clone()).with_issuers(issuers);
        if let Some(capabilities) = capabilities(loan.capabilities.as_ref(), loan.signed_at) {
            lent = lent.with_capabilities(capabilities);
        }
        if loan.preferred { lent.preferred() } else { lent }
    };
    match reply {
        form::DirectoryReply::Found(loans) => DirectoryReply::Found(loans.iter().map(lend).collect()),
        form::DirectoryReply::NotFound(_) => DirectoryReply::NotFound,
        form::DirectoryReply::Unavailable(detail) => DirectoryReply::Unavailable(Unavailable::because(detail)),
    }
}

fn put(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.insert(key.to_owned(), value.into());
}

fn put_error(table: &mut Table, error: Error) {
    put(table, "code", error.code().name());
    put(table, "number", i64::from(error.code().number()));
    put(table, "fault", fault(error));
    if let Some(offset) = error.offset() {
        put(table, "offset", i64::try_from(offset).expect("a mail is not that long"));
    }
}

/// The name of whose fault an error is.
pub(crate) fn fault(error: Error) -> &'static str {
    use postseal::error::Fault;
    match error.fault() {
        Fault::ApiMisuse => "api-misuse",
        Fault::LimitExceeded => "limit-exceeded",
        Fault::Malformed => "malformed",
        Fault::Refused => "refused",
        Fault::Unavailable => "unavailable",
        Fault::Untrusted => "untrusted",
        other => panic!("{other:?} is new"),
    }
}

/// The call itself failed.
fn failed(error: Error) -> Table {
    let (mut outcome, mut inner) = (Table::new(), Table::new());
    put_error(&mut inner, error);
    put(&mut outcome, "error", inner);
    outcome
}

fn imported(report: &import::Report) -> Table {
    let mut outcome = Table::new();
    put(&mut outcome, "outcome", report.outcome.name());
    if let Some(id) = &report.message_id {
        put(&mut outcome, "message_id", id.expose().as_str());
    }
    if let Some(address) = &report.address {
        put(&mut outcome, "address", address.expose().as_str());
    }
    if let Some(fingerprint) = report.fingerprint {
        put(&mut outcome, "fingerprint", fingerprint.to_string());
    }
    for (key, time) in [("not_before", report.not_before), ("not_after", report.not_after)] {
        if let Some(time) = time {
            put(&mut outcome, key, time.seconds());
        }
    }
    put(&mut outcome, "signature", report.signature.name());
    put(&mut outcome, "path", report.path.name());
    if let Some(candidate) = report.candidate {
        put(&mut outcome, "candidate", candidate.name());
    }
    if let Some(error) = report.error {
        put_error(&mut outcome, error);
    }
    if let Some(unavailable) = &report.unavailable {
        put(&mut outcome, "unavailable", unavailable.detail());
    }
    outcome
}

fn sealed(reports: &[RecipientReport], result: &Result<Encryption, Unsealed>) -> Table {
    let mut outcome = Table::new();
    put(&mut outcome, "recipients", reports.iter().map(recipient).collect::<Vec<_>>());
    let left_out = |reports: &[RecipientReport]| -> Vec<Value> {
        reports.iter().map(|report| report.address.expose().as_str().into()).collect()
    };
    match result {
        Ok(encryption) => {
            let message = |sealed: &postseal::seal::Sealed| {
                let mut message = Table::new();
                let addresses: Vec<Value> = sealed.addresses.iter().map(|address| address.as_str().into()).collect();
                put(&mut message, "addresses", addresses);
                put(&mut message, "hidden", sealed.hidden);
                put(&mut message, "content_encryption", sealed.content_encryption.name());
                message
            };
            put(&mut outcome, "messages", encryption.messages.iter().map(message).collect::<Vec<_>>());
            put(&mut outcome, "left_out", left_out(&encryption.left_out));
            put(&mut outcome, "plaintext_allowed", encryption.plaintext_allowed);
            put(&mut outcome, "is_passed", encryption.is_passed);
        }
        Err(unsealed) => {
            put_error(&mut outcome, unsealed.error);
            put(&mut outcome, "left_out", left_out(&unsealed.recipients));
        }
    }
    outcome
}

fn recipient(report: &RecipientReport) -> Table {
    let mut table = Table::new();
    put(&mut table, "address", report.address.expose().as_str());
    put(&mut table, "hidden", report.hidden);
    put(&mut table, "outcome", report.outcome.name());
    let found = report.found.iter().map(|found| {
        let mut table = Table::new();
        put(&mut table, "source", found.source.name());
        put(&mut table, "fingerprint", found.fingerprint.to_string());
        table
    });
    put(&mut table, "found", found.collect::<Vec<_>>());
    let rejected = report.rejected.iter().map(|rejected| {
        let mut table = Table::new();
        put(&mut table, "source", rejected.source.name());
        if let Some(fingerprint) = rejected.fingerprint {
            put(&mut table, "fingerprint", fingerprint.to_string());
        }
        put(&mut table, "code", rejected.error.code().name());
        table
    });
    put(&mut table, "rejected", rejected.collect::<Vec<_>>());
    put(&mut table, "needs_operator", report.needs_operator);
    if let Some(error) = report.error {
        put(&mut table, "code", error.code().name());
    }
    if let Some(unavailable) = &report.unavailable {
        put(&mut table, "unavailable", unavailable.detail());
    }
    table
}
