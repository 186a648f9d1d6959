use super::super::value::{Decoded, read};
use super::breaker::Service;
use super::cloud::Cloud;
use super::fault::{Fault, Kind};
use super::limits::EntraLimits;
use super::odata::{literal, url};
use super::person::{Values, bears, objects};
use super::source::{EntraSource, ExchangeApi, Place};
use postseal::Address;
use postseal::directory::DirectoryReply;
use postseal::query::Unavailable;
use postseal::verify::Limits;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use url::Url;

/// What a tenant's lookups have in common.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) cloud: Cloud,
    pub(super) tenant: String,
    pub(super) sources: Vec<EntraSource>,
    pub(super) limits: EntraLimits,
    /// For what is read of values.
    pub(super) certificates: Limits,
}

impl Plan {
    pub(super) fn host(&self, service: Service) -> &str {
        match service {
            Service::Graph => self.cloud.graph.host(),
            Service::Exchange => self.cloud.exchange.host(),
        }
    }

    pub(super) fn graph(&self, segments: &[&str], options: &[(&str, &str)]) -> Ask {
        let base = format!("{}/v1.0", self.cloud.graph.as_str());
        Ask { service: Service::Graph, url: url(&base, segments, options), body: None }
    }

    /// The parameters go as JSON strings: they are values of a cmdlet, never a part of a script.
    pub(super) fn cmdlet(&self, api: ExchangeApi, cmdlet: &str, parameters: &Value) -> Ask {
        let base = self.cloud.exchange.as_str();
        let properties = "PrimarySmtpAddress,EmailAddresses,ExternalEmailAddress,UserCertificate,UserSMimeCertificate";
        let url = match api {
            ExchangeApi::AdminApiV2 => url(base, &["adminapi", "v2.0", &self.tenant, "Mailbox"], &[]),
            ExchangeApi::InvokeCommand => {
                url(base, &["adminapi", "beta", &self.tenant, "InvokeCommand"], &[("$select", properties)])
            }
        };
        let body = json!({ "CmdletInput": { "CmdletName": cmdlet, "Parameters": parameters } });
        Ask { service: Service::Exchange, url, body: Some(body.to_string().into_bytes()) }
    }

    pub(super) fn contact(&self, mailbox: &str, id: &str, property: &str) -> Ask {
        let expand = format!("multiValueExtendedProperties($filter=id eq {})", literal(property));
        let options = [("$select", "id,emailAddresses"), ("$expand", expand.as_str())];
        self.graph(&["users", mailbox, "contacts", id], &options)
    }
}

/// One request, without what proves who asks.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) service: Service,
    pub(super) url: String,
    /// A POST of this JSON, or a GET.
    pub(super) body: Option<Vec<u8>>,
}

/// Looks for the certificates of one address, in all sources: what one has may be of no use, which is not known here.
#[derive(Debug)]
pub(super) struct Lookup {
    plan: Arc<Plan>,
    address: Address,
    source: usize,
    tasks: VecDeque<Task>,
    found: Decoded,
    /// The first thing that went wrong.
    trouble: Option<Fault>,
}

#[derive(Clone, Debug)]
enum Task {
    /// A recipient of Exchange.
    Cmdlet(ExchangeApi, &'static str),
    /// A list of contacts with this address, at its next page.
    Contacts { next: Option<String>, page: usize },
    /// One of them.
    Contact { id: String },
    /// A list of people with this address.
    People(People),
}

#[derive(Clone, Debug)]
struct People {
    /// Users, or contacts of the organisation.
    kind: &'static str,
    /// What is compared: addresses of the one spelling, of the other, the mailbox.
    attempt: usize,
    next: Option<String>,
    page: usize,
    has_some: bool,
}

/// The two spellings of proxy addresses: Microsoft does not say whether they compare alike.
const ATTEMPTS: [&str; 3] = ["smtp:", "SMTP:", ""];

impl Lookup {
    pub(super) fn new(plan: Arc<Plan>, address: Address) -> Self {
        let mut lookup =
            Self { plan, address, source: 0, tasks: VecDeque::new(), found: Decoded::default(), trouble: None };
        lookup.start();
        lookup
    }

    /// The next request, or nothing when all is known.
    pub(super) fn next(&mut self) -> Option<Ask> {
        while self.tasks.is_empty() {
            if self.source.saturating_add(1) >= self.plan.sources.len() {
                return None;
            }
            self.source = self.source.saturating_add(1);
            self.start();
        }
        self.tasks.front().and_then(|task| self.ask(task))
    }

    /// The answer to that request.
    pub(super) fn answer(&mut self, answer: &Value) {
        let Some(task) = self.tasks.pop_front() else { return };
        let read = match task {
            Task::Cmdlet(..) => self.read_recipient(answer),
            Task::Contacts { page, .. } => self.read_contacts(answer, page),
            Task::Contact { .. } => self.read_contact(answer),
            Task::People(people) => self.read_people(answer, people),
        };
        if let Err(fault) = read {
            self.unusable(fault);
        }
    }

    /// The service says that there is no such thing.
    pub(super) fn missing(&mut self) {
        match self.tasks.pop_front() {
            // A mailbox that is not there has no contacts for anybody: that is nobody's missing certificate.
            Some(Task::Contacts { .. }) => {
                self.unusable(Fault::new(Kind::Blocked, "the mailbox of the contacts is not there"))
            }
            Some(Task::People(_)) => self.unusable(Fault::new(Kind::Blocked, "answers with status 404")),
            Some(Task::Cmdlet(..) | Task::Contact { .. }) | None => {}
        }
    }

    /// There is no answer. This source is given up.
    pub(super) fn refused(&mut self, fault: Fault) {
        self.tasks.clear();
        self.trouble.get_or_insert(fault);
    }

    /// There is no time left.
    pub(super) fn late(&mut self) {
        self.unusable(Fault::outage("did not answer in time"));
        self.source = self.plan.sources.len();
    }

    fn unusable(&mut self, fault: Fault) {
        self.refused(fault.at(self.host()));
    }

    /// Among what is not looked at there may be a certificate: nobody is without one whose answer was not read to its end.
    fn leave_some_out(&mut self) {
        let fault = Fault::outage("answers with more objects than are read").at(self.host());
        self.trouble.get_or_insert(fault);
    }

    fn host(&self) -> &str {
        self.plan.host(match self.plan.sources.get(self.source).map(|source| &source.0) {
            Some(Place::Exchange { .. }) => Service::Exchange,
            _ => Service::Graph,
        })
    }

    pub(super) fn into_reply(self) -> DirectoryReply {
        let Self { found, trouble, plan, .. } = self;
        match trouble {
            Some(fault) if found.lent.is_empty() => DirectoryReply::Unavailable(Unavailable::because(fault)),
            Some(fault) => DirectoryReply::Partial(found.lent, Unavailable::because(fault)),
            None if plan.sources.is_empty() => {
                DirectoryReply::Unavailable(Unavailable::because("no source of certificates is set up"))
            }
            None => found.reply(),
        }
    }

    fn start(&mut self) {
        let people = |kind| Task::People(People { kind, attempt: 0, next: None, page: 0, has_some: false });
        let tasks = match self.plan.sources.get(self.source).map(|source| &source.0) {
            None => vec![],
            Some(Place::Exchange { api: api @ ExchangeApi::AdminApiV2 }) => vec![Task::Cmdlet(*api, "Get-Mailbox")],
            Some(Place::Exchange { api: api @ ExchangeApi::InvokeCommand }) => {
                ["Get-Mailbox", "Get-MailContact", "Get-MailUser"].map(|cmdlet| Task::Cmdlet(*api, cmdlet)).to_vec()
            }
            Some(Place::Contacts { .. }) => vec![Task::Contacts { next: None, page: 0 }],
            Some(Place::Property { with_contacts: false, .. }) => vec![people("users")],
            Some(Place::Property { with_contacts: true, .. }) => vec![people("users"), people("contacts")],
        };
        self.tasks = tasks.into();
    }

    fn ask(&self, task: &Task) -> Option<Ask> {
        let plan = &self.plan;
        // The domain as certificates and mail servers write it.
        let local = self.address.as_str().rsplit_once('@').map_or("", |(local, _)| local);
        let address = format!("{local}@{}", self.address.domain());
        let page = |next: &String| Ask { service: Service::Graph, url: next.clone(), body: None };
        Some(match (task, &plan.sources.get(self.source)?.0) {
            (Task::Cmdlet(api, cmdlet), _) => plan.cmdlet(*api, cmdlet, &json!({ "Identity": address })),
            (Task::Contacts { next: Some(next), .. } | Task::People(People { next: Some(next), .. }), _) => page(next),
            (Task::Contacts { next: None, .. }, Place::Contacts { mailbox, .. }) => {
                let filter = format!("emailAddresses/any(a:a/address eq {})", literal(&address));
                let options = [("$filter", filter.as_str()), ("$select", "id,emailAddresses"), ("$top", "10")];
                plan.graph(&["users", mailbox, "contacts"], &options)
            }
            (Task::Contact { id }, Place::Contacts { mailbox, property }) => plan.contact(mailbox, id, property),
            (Task::People(people), Place::Property { names, .. }) => {
                let filter = match ATTEMPTS.get(people.attempt)? {
                    &"" => format!("mail eq {}", literal(&address)),
                    prefix => format!("proxyAddresses/any(x:x eq {})", literal(&format!("{prefix}{address}"))),
                };
                let known = if people.kind == "users" {
                    "id,userPrincipalName,mail,proxyAddresses,otherMails"
                } else {
                    "id,mail,proxyAddresses"
                };
                let select = format!("{known},{}", names.join(","));
                let options = [("$filter", filter.as_str()), ("$select", select.as_str()), ("$top", "5")];
                plan.graph(&[people.kind], &options)
            }
            _ => return None,
        })
    }

    fn read_recipient(&mut self, answer: &Value) -> Result<(), Fault> {
        let mut values = Values::default();
        let mut is_there = false;
        // A recipient is one object, so that nobody goes on to read where a list of them continues.
        let goes_on = answer.get("@odata.nextLink").is_some_and(|next| !next.is_null());
        let objects = objects(answer)?;
        if goes_on || objects.len() > self.plan.limits.objects {
            self.leave_some_out();
        }
        for object in objects.iter().take(self.plan.limits.objects) {
            if bears(object, &self.address) {
                is_there = true;
                values.take_recipient(object, self.plan.limits.values)?;
            }
        }
        if is_there {
            self.tasks.clear();
        }
        self.lend(values);
        Ok(())
    }

    fn read_contacts(&mut self, answer: &Value, page: usize) -> Result<(), Fault> {
        let most = self.plan.limits.objects;
        let address = self.address.clone();
        for object in objects(answer)?.iter().filter(|object| bears(object, &address)) {
            let id = object.get("id").and_then(Value::as_str).ok_or_else(odd_shape)?;
            let id = super::source::segment(id).map_err(|_| odd_shape())?;
            if self.tasks.len() < most {
                self.tasks.push_back(Task::Contact { id });
            } else {
                self.leave_some_out();
            }
        }
        if let Some(next) = self.next_page(answer, page)? {
            self.tasks.push_front(Task::Contacts { next: Some(next), page: page.saturating_add(1) });
        }
        Ok(())
    }

    fn read_contact(&mut self, answer: &Value) -> Result<(), Fault> {
        if !bears(answer, &self.address) {
            return Ok(());
        }
        let mut values = Values::default();
        let properties = match answer.get("multiValueExtendedProperties") {
            None | Some(Value::Null) => &[],
            Some(Value::Array(properties)) => properties.as_slice(),
            Some(_) => return Err(odd_shape()),
        };
        for property in properties {
            values.take(property.get("value"), self.plan.limits.values)?;
        }
        self.lend(values);
        Ok(())
    }

    fn read_people(&mut self, answer: &Value, mut people: People) -> Result<(), Fault> {
        let plan = Arc::clone(&self.plan);
        let Some(Place::Property { names, .. }) = plan.sources.get(self.source).map(|source| &source.0) else {
            return Ok(());
        };
        let mut values = Values::default();
        let objects = objects(answer)?;
        if objects.len() > plan.limits.objects {
            self.leave_some_out();
        }
        for object in objects.iter().take(plan.limits.objects) {
            if bears(object, &self.address) {
                people.has_some = true;
                names.iter().try_for_each(|name| values.take(object.get(name), plan.limits.values))?;
            }
        }
        if let Some(next) = self.next_page(answer, people.page)? {
            people.page = people.page.saturating_add(1);
            self.tasks.push_front(Task::People(People { next: Some(next), ..people }));
        } else if !people.has_some && people.attempt.saturating_add(1) < ATTEMPTS.len() {
            let attempt = people.attempt.saturating_add(1);
            self.tasks.push_front(Task::People(People { attempt, next: None, page: 0, ..people }));
        }
        self.lend(values);
        Ok(())
    }

    fn lend(&mut self, values: Values) {
        self.found.is_cut |= values.is_cut;
        for octets in values.octets {
            self.found.add(read(&octets, &self.address, &self.plan.certificates));
        }
        if values.withheld {
            let fault = Values::withheld().at(self.host());
            self.trouble.get_or_insert(fault);
        }
    }

    /// Where a list goes on. A link to anywhere else would take the token there.
    fn next_page(&self, answer: &Value, page: usize) -> Result<Option<String>, Fault> {
        let next = match answer.get("@odata.nextLink") {
            None | Some(Value::Null) => return Ok(None),
            Some(next) => next.as_str().ok_or_else(odd_shape)?,
        };
        let url = Url::parse(next).map_err(|_| odd_shape())?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !is_plain || !self.plan.cloud.graph.is_origin_of(&url) {
            return Err(Fault::new(Kind::Blocked, "continues its answer at another host"));
        }
        if page.saturating_add(1) >= self.plan.limits.pages {
            return Err(Fault::outage("answers with more pages than are read"));
        }
        Ok(Some(url.into()))
    }
}

/// JSON, and not what was asked for.
pub(super) fn odd_shape() -> Fault {
    Fault::outage("answers with JSON of another shape")
}
