//! What becomes of a mail: whose it is, what is learned from it, and whether it goes on as it is, sealed, or not at all.
//!
//! There is one way to `Pass`: no route demanded anything, or the route's own policy allowed it. Everything else that is not
//! `Replace` is a refusal.

use crate::config::{Action, Criterion, Domain, Settings, Split};
use crate::message::{Message, address};
use crate::metrics::Metrics;
use crate::protocol::Reply;
use postseal::error::Fault;
use postseal::resolve::{Outcome, RecipientReport, Resolution};
use postseal::seal::{Begun, Encryption, Mode};
use postseal::store::Tenant;
use postseal::{Code, Error, drive, import, resolve};
use postseal_adapters::OsRandom;
use postseal_host::Host;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The field that sends a mail to the filter behind the queue.
pub const SPLIT_HEADER: &str = "X-Postseal-Split";

/// What the milter works with, until a new configuration is read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Service {
    /// The engine with its store, directories and trace.
    pub host: Host,
    /// Of the milter itself.
    pub settings: Settings,
}

impl Service {
    /// Of these two.
    #[must_use]
    pub const fn new(host: Host, settings: Settings) -> Self {
        Self { host, settings }
    }

    /// Whether a mail can go to this recipient besides those whom it has. From outside, where it is sealed when it comes in, and no
    /// filter makes several of it, it has one recipient: its client sends it once more to the others (RFC 5321 4.5.3.1.10).
    ///
    /// # Errors
    /// The line of SMTP that refuses him: also where nobody can say whether mail to him has to be sealed.
    pub fn admits(&self, message: &Message, recipient: &[u8]) -> Result<(), String> {
        if self.is_unclear(recipient) {
            let Refusal(line, _) = Error::from(Code::AddressMalformed).into();
            return Err(line);
        }
        let is_sealed = |path: &[u8]| {
            let domain = address(path).and_then(|address| self.settings.domain(&address));
            self.incoming(domain).demands
        };
        let is_alone = |first: &Vec<u8>| is_sealed(first) || is_sealed(recipient);
        let is_admitted = self.settings.split == Split::Filter
            || self.is_outgoing(message)
            || !message.recipients.first().is_some_and(is_alone);
        let needs_own = || "452 4.5.3 postseal: This recipient needs a mail of his own".to_owned();
        if is_admitted { Ok(()) } else { Err(needs_own()) }
    }

    /// Whether this may be a recipient in a domain that mail is sealed to, and cannot be read as one: an MTA delivers more forms than
    /// [`postseal::Address`] reads, with a route (`<@relay:user@domain>`), a comment, two dots, or no domain at all.
    fn is_unclear(&self, recipient: &[u8]) -> bool {
        let is_sealed_to = |domain: &Domain| self.incoming(Some(domain)).demands;
        address(recipient).is_none() && self.settings.domains.values().any(is_sealed_to)
    }

    fn is_outgoing(&self, message: &Message) -> bool {
        self.settings.outgoing.iter().any(|criterion| match criterion {
            Criterion::Authenticated => message.is_authenticated,
            Criterion::Networks => self.settings.is_in_networks(message.client),
            Criterion::Sender => match address(&message.sender) {
                Some(sender) => self.settings.domain(&sender).is_some(),
                None => self.leaves(message),
            },
        })
    }

    /// Whether somebody gets it who is in no tenant's domain. Without a sender, or with one that cannot be read, that is what it takes
    /// to be outgoing mail: a report or the reply of a machine may hold what it is about.
    fn leaves(&self, message: &Message) -> bool {
        let is_ours = |path: &Vec<u8>| address(path).is_some_and(|address| self.settings.domain(&address).is_some());
        !message.recipients.iter().all(is_ours)
    }

    /// The route on which mail to this domain is sealed.
    fn incoming(&self, domain: Option<&Domain>) -> Sealing {
        let route = domain.and_then(|domain| Some((domain.tenant.clone(), Some(domain.incoming.clone()?))));
        route.map_or_else(|| Sealing::none("not-sealed-here"), |route| self.sealing(route))
    }

    fn sealing(&self, route: Route) -> Sealing {
        let mode = self.host.engine().policies().of(&route.0, route.1.as_deref()).mode;
        Sealing { route: Some(route), demands: mode != Mode::Never, is_mixed: false, reason: "" }
    }
}

/// A tenant and a route of it.
type Route = (Tenant, Option<String>);

/// What becomes of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// It goes on as it is.
    Pass,
    /// It goes on as this.
    Replace(Vec<u8>),
    /// It would have to be several, for this reason.
    Split(&'static str),
    /// It comes back with this line of SMTP.
    Refuse(String),
}

/// What to tell the MTA, and what to tell the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// The last one ends the mail: [`Reply::Continue`] or [`Reply::Refuse`].
    pub replies: Vec<Reply>,
    /// `passed`, `sealed`, `split`, `refused` or `deferred`.
    pub outcome: &'static str,
    /// Why, where there is a reason.
    pub reason: &'static str,
    /// Of the route that sealed, or should have.
    pub route: Option<Route>,
    /// What came of learning, for each route that the mail came on.
    pub learned: Vec<&'static str>,
}

impl Decision {
    /// The mail comes back with this line of SMTP, whatever else was decided.
    #[must_use]
    pub fn refuse(line: &str, reason: &'static str) -> Self {
        let outcome = if line.starts_with('4') { "deferred" } else { "refused" };
        let replies = vec![Reply::Refuse(line.to_owned())];
        Self { replies, outcome, reason, route: None, learned: Vec::new() }
    }
}

/// Why a mail comes back.
struct Refusal(String, &'static str);

impl Refusal {
    fn new(line: &str, reason: &'static str) -> Self {
        Self(format!("{line} ({reason})"), reason)
    }
}

impl From<Error> for Refusal {
    /// The code of SMTP says whether to try again, the enhanced one (RFC 3463) what is wrong. No sentence of an error holds
    /// anything of a mail.
    fn from(error: Error) -> Self {
        let code = error.code();
        let status = match (error.fault(), code) {
            (
                _,
                Code::DirectoryUnavailable
                | Code::RevocationUnavailable
                | Code::OcspUnavailable
                | Code::IssuerUnavailable,
            ) => "451 4.4.3",
            (Fault::Unavailable, _) => "451 4.3.0",
            (Fault::ApiMisuse, _) => "451 4.3.5",
            (_, Code::MessageTooLarge) => "552 5.3.4",
            (_, Code::AddressMalformed) => "550 5.1.3",
            (Fault::LimitExceeded | Fault::Malformed, _) => "554 5.6.0",
            _ => "550 5.7.5",
        };
        Self::new(&format!("{status} postseal: {}", code.sentence()), code.name())
    }
}

/// Decides about a mail. `expired` says when nobody is to be asked any more.
pub fn decide(service: &Service, message: &Message, metrics: &Metrics, expired: &dyn Fn() -> bool) -> Decision {
    let is_outgoing = service.is_outgoing(message);
    let work = Work { service, message, metrics, is_outgoing, expired };
    let mut learned = Vec::new();
    let mut route = None;
    let result = work.fate(&mut learned, &mut route);
    let (fate, reason) = result.unwrap_or_else(|Refusal(line, reason)| (Fate::Refuse(line), reason));
    let mut decision = work.decision(fate, reason, &learned, route.as_ref());
    (decision.learned, decision.route) = (learned, route);
    decision
}

struct Work<'a> {
    service: &'a Service,
    message: &'a Message,
    metrics: &'a Metrics,
    is_outgoing: bool,
    expired: &'a dyn Fn() -> bool,
}

impl Work<'_> {
    /// What its sender's route does not seal may still have to be sealed on the route of its recipients.
    fn fate(
        &self,
        learned: &mut Vec<&'static str>,
        route: &mut Option<Route>,
    ) -> Result<(Fate, &'static str), Refusal> {
        // No recipient comes this far whom [`Service::admits`] refuses. He would count as nobody's.
        if self.message.recipients.iter().any(|path| self.service.is_unclear(path)) {
            return Err(Error::from(Code::AddressMalformed).into());
        }
        let of = |path: &Vec<u8>| address(path).and_then(|address| self.service.settings.domain(&address));
        let domains: Vec<Option<&Domain>> = self.message.recipients.iter().map(of).collect();
        let outgoing = if self.is_outgoing { Some(self.outgoing()?) } else { None };
        let sealings: Vec<Sealing> = outgoing.into_iter().chain([self.incoming(&domains)?]).collect();
        if self.message.is_too_large {
            let is_demanded = sealings.iter().any(|sealing| sealing.demands) || self.message.has_too_many_own;
            let refusal = || Refusal::from(Error::from(Code::MessageTooLarge));
            return if is_demanded { Err(refusal()) } else { Ok((Fate::Pass, "too-large-to-learn")) };
        }
        let mail = self.message.mail();
        let learning = domains.iter().flatten().map(|domain| (domain.tenant.clone(), domain.learn.clone()));
        for route in learning.collect::<BTreeSet<_>>() {
            learned.push(self.learn(&mail, route)?);
        }
        let mut why = "";
        for sealing in sealings {
            let (fate, reason) = match &sealing.route {
                _ if sealing.is_mixed => (Fate::Split("routes"), "routes"),
                Some(route) if sealing.demands => self.seal(&mail, route.clone())?,
                Some(_) => (Fate::Pass, Code::RouteNeverSeals.name()),
                None => (Fate::Pass, sealing.reason),
            };
            if route.is_none() || sealing.demands {
                *route = sealing.route;
            }
            if fate != Fate::Pass {
                return Ok((fate, reason));
            }
            why = if why.is_empty() { reason } else { why };
        }
        Ok((Fate::Pass, why))
    }

    /// The route of the sender.
    fn outgoing(&self) -> Result<Sealing, Refusal> {
        let settings = &self.service.settings;
        let domain = match (self.message.sender.as_slice(), &settings.null_sender) {
            (b"<>" | b"", Some(name)) => settings.domains.get(name),
            (sender, _) => address(sender).and_then(|sender| settings.domain(&sender)),
        };
        match domain {
            Some(domain) => Ok(self.service.sealing((domain.tenant.clone(), domain.outgoing.clone()))),
            None => unknown(settings.unknown_sender, "unknown-sender"),
        }
    }

    /// The route of the recipients. All have to be on one, because the mail becomes one message.
    fn incoming(&self, domains: &[Option<&Domain>]) -> Result<Sealing, Refusal> {
        if !self.is_outgoing && domains.iter().all(Option::is_none) {
            return unknown(self.service.settings.unknown_recipient, "unknown-recipient");
        }
        let incoming = domains.iter().map(|domain| self.service.incoming(*domain));
        let (demanded, others): (Vec<_>, Vec<_>) = incoming.partition(|sealing| sealing.demands);
        let routes: BTreeSet<&Route> = demanded.iter().filter_map(|sealing| sealing.route.as_ref()).collect();
        let is_mixed = routes.len() > 1 || (!demanded.is_empty() && !others.is_empty());
        let first = demanded.into_iter().chain(others).next();
        Ok(Sealing { is_mixed, ..first.unwrap_or_else(|| Sealing::none("not-sealed-here")) })
    }

    /// A mail that proves nothing goes on; one whose proof could not be stored comes again.
    fn learn(&self, mail: &[u8], (tenant, route): Route) -> Result<&'static str, Refusal> {
        let mut context = import::Context::new(Host::now()).tenant(tenant);
        if let Some(route) = &route {
            context = context.route(route);
        }
        let report = self.service.host.import_mail(mail, context, self.expired)?;
        self.metrics.learned(report.outcome.name(), report.error.map(|error| error.code().name()).unwrap_or_default());
        match (report.outcome, report.error) {
            (import::Outcome::Deferred, error) => Err(error.unwrap_or_else(|| Code::StoreUnavailable.into()).into()),
            (outcome, _) => Ok(outcome.name()),
        }
    }

    fn seal(&self, mail: &[u8], (tenant, route): Route) -> Result<(Fate, &'static str), Refusal> {
        let host = &self.service.host;
        let addresses = self.message.addresses().ok_or_else(|| Error::from(Code::AddressMalformed))?;
        let (visible, hidden) = self.message.visible_and_hidden(addresses);
        let needs_several = !hidden.is_empty() && visible.len().saturating_add(hidden.len()) > 1;
        // Where plaintext is allowed, it goes to all together if there is a certificate for none.
        let may_be_plain = host.engine().policies().of(&tenant, route.as_deref()).mode == Mode::IfPossible;
        let mut context = resolve::Context::new(Host::now(), Arc::clone(host.tracer())).tenant(tenant);
        if let Some(route) = &route {
            context = context.route(route);
        }
        let resolve = match host.begin_encryption(mail, visible, hidden, context).map_err(|unsealed| unsealed.error)? {
            Begun::Resolve(_) if needs_several && !may_be_plain => return Ok((Fate::Split("hidden"), "hidden")),
            Begun::Resolve(resolve) => resolve,
            Begun::Passed(_) => return Ok((Fate::Pass, Code::AlreadyEncrypted.name())),
        };
        let resolution = drive::run(resolve, &host.lookup()?, &**host.tracer(), self.expired)?;
        if let Some(why) = divided(&resolution, needs_several)? {
            return Ok((Fate::Split(why), why));
        }
        sealed(resolution.seal(mail, &mut OsRandom).map_err(|unsealed| unsealed.error)?)
    }

    fn decision(&self, fate: Fate, reason: &'static str, learned: &[&str], route: Option<&Route>) -> Decision {
        let settings = &self.service.settings;
        let with = |replies: Vec<Reply>, outcome| {
            let said = || format!(" {outcome}; learned={}", learned.join(","));
            // For the readers of the tenants; nobody else is told what was learned.
            let result = settings.result_header.as_ref().filter(|_| !self.is_outgoing);
            let result = result.map(|name| Reply::AddHeader(name.clone().into_bytes(), self.value(&said())));
            let replies = replies.into_iter().chain(result).chain([Reply::Continue]).collect();
            Decision { replies, outcome, reason, route: None, learned: Vec::new() }
        };
        match fate {
            Fate::Pass => with(self.message.passed(), "passed"),
            Fate::Replace(mail) => with(self.message.replaced(&mail), "sealed"),
            Fate::Split(why) if settings.split == Split::Filter => {
                let (tenant, route) =
                    route.map_or(("", ""), |(tenant, route)| (tenant.name(), route.as_deref().unwrap_or_default()));
                let value = self.value(&format!(" {why}; tenant={tenant}; route={route}"));
                let header = Reply::AddHeader(SPLIT_HEADER.as_bytes().to_vec(), value);
                with(self.message.passed().into_iter().chain([header]).collect(), "split")
            }
            Fate::Split(why) => {
                let line = "550 5.7.1 postseal: The mail would have to be several, and this server cannot make them";
                Decision::refuse(&format!("{line} ({why})"), why)
            }
            Fate::Refuse(line) => Decision::refuse(&line, reason),
        }
    }

    /// A field's value as the MTA wants it.
    fn value(&self, text: &str) -> Vec<u8> {
        let text = if self.message.has_leading_space { text } else { text.trim_start() };
        text.as_bytes().to_vec()
    }
}

/// The route that may demand sealing.
#[derive(Clone, Debug)]
struct Sealing {
    route: Option<Route>,
    /// Whether the policy of the route seals at all.
    demands: bool,
    /// Some recipients are on other routes, or on none.
    is_mixed: bool,
    /// Why there is no route.
    reason: &'static str,
}

impl Sealing {
    const fn none(reason: &'static str) -> Self {
        Self { route: None, demands: false, is_mixed: false, reason }
    }
}

fn unknown(action: Action, reason: &'static str) -> Result<Sealing, Refusal> {
    match action {
        Action::Pass => Ok(Sealing::none(reason)),
        Action::Tempfail => Err(Refusal::new("451 4.7.1 postseal: The mail belongs to no tenant", reason)),
        Action::Refuse => Err(Refusal::new("550 5.7.1 postseal: The mail belongs to no tenant", reason)),
    }
}

/// Why the mail would have to be several, where the route encrypts for whom it can: a milter cannot send some recipients one mail
/// and the others another one. For whom nobody answered is not known yet.
fn divided(resolution: &Resolution, has_hidden: bool) -> Result<Option<&'static str>, Refusal> {
    if !matches!(resolution.policy().mode, Mode::IfPossible | Mode::OnlyEncrypted) {
        return Ok(None);
    }
    if let Some(report) = resolution.reports().find(|report| report.outcome == Outcome::Unavailable) {
        return Err(report.error.unwrap_or_else(|| Code::DirectoryUnavailable.into()).into());
    }
    let is_found = |report: &RecipientReport| report.outcome == Outcome::Found;
    Ok(match (resolution.reports().any(is_found), resolution.reports().all(is_found)) {
        (true, false) => Some("partly-found"),
        (true, true) if has_hidden => Some("hidden"),
        _ => None,
    })
}

/// One message for everybody, or the mail as it is for everybody, where the policy says so of each.
fn sealed(encryption: Encryption) -> Result<(Fate, &'static str), Refusal> {
    let Encryption { mut messages, left_out, plaintext_allowed, .. } = encryption;
    match (messages.pop(), messages.is_empty(), left_out.as_slice()) {
        (Some(message), true, []) => Ok((Fate::Replace(message.mail), "")),
        (Some(_), _, []) => Ok((Fate::Split("apart"), "apart")),
        (Some(_), ..) => Ok((Fate::Split("partly-found"), "partly-found")),
        (None, _, left_out) => {
            let held_back = left_out.iter().find(|report| !plaintext_allowed || !report.may_get_plaintext());
            match (held_back, left_out.first()) {
                (None, Some(report)) => Ok((Fate::Pass, code_of(report).name())),
                (Some(report), _) => Err(Error::from(code_of(report)).into()),
                (None, None) => Err(Error::from(Code::RecipientsMissing).into()),
            }
        }
    }
}

fn code_of(report: &RecipientReport) -> Code {
    report.error.map_or(Code::NoCertificate, |error: Error| error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without [`Service::admits`] before it.
    #[test]
    fn a_recipient_that_cannot_be_read_is_refused_at_the_end_too() {
        let decided = |mode: &str, path: &str| {
            let text = format!(
                "[tenants.soft.routes.delivery]\nencrypt = {{ mode = \"{mode}\" }}\n[program.milter]\nlisten = \"127.0.0.1:1\"\n\
                 unknown_recipient = \"pass\"\n[program.milter.domains]\n\
                 \"soft.example\" = {{ tenant = \"soft\", incoming = \"delivery\" }}\n"
            );
            let (configuration, settings) = Settings::parse(&text, "".as_ref()).unwrap();
            let service = Service::new(configuration.host().unwrap(), settings);
            let message = Message { recipients: vec![path.into()], ..Message::default() };
            decide(&service, &message, &Metrics::default(), &|| false)
        };
        for path in ["<@x:sue@soft.example>", "<sue(x)@soft.example>", "<sue..x@soft.example>", "<postmaster>"] {
            let decision = decided("all-or-nothing", path);
            assert_eq!((decision.outcome, decision.reason), ("refused", "address-malformed"), "{path}");
            assert!(matches!(&decision.replies[..], [Reply::Refuse(line)] if line.starts_with("550 5.1.3 ")), "{path}");
            assert_eq!(decided("never", path).outcome, "passed", "{path}");
        }
    }

    #[test]
    fn replies_to_a_client_are_lines_of_smtp() {
        for number in 100..700 {
            let Some(code) = Code::from_number(number) else { continue };
            let Refusal(line, reason) = Error::from(code).into();
            assert!(line.is_ascii() && line.len() < 400 && !line.contains(['%', '\r', '\n']), "{line}");
            let temporary = matches!(code.fault(), Fault::Unavailable | Fault::ApiMisuse);
            assert!(line.starts_with(if temporary { "451 4." } else { "55" }) && reason == code.name(), "{line}");
        }
    }
}
