use crate::args::{Period, TraceOptions};
use crate::failure::Failure;
use postseal::trace::escape;
use postseal::{Address, Code, UnixTime};
use serde_json::Value;

/// Which events are wanted: for each list that is not empty, what is like one of it.
pub(super) struct Filter<'a> {
    tenant: &'a str,
    period: Period,
    addresses: Vec<Address>,
    domains: Vec<String>,
    events: &'a [String],
    codes: Vec<&'static str>,
    prefixes: Vec<String>,
    messages: Vec<String>,
    operators: Vec<String>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(tenant: &'a str, options: &'a TraceOptions) -> Result<Self, Failure> {
        let each = |given: &[String], read: fn(&str) -> Result<Address, postseal::Error>| -> Result<Vec<_>, Failure> {
            let wrong = |text: &str, error| Failure::usage(format_args!("{}: {error}", escape(text)));
            given.iter().map(|text| read(text).map_err(|error| wrong(text, error))).collect()
        };
        let domains = each(&options.domain, |domain| Address::parse(&format!("a@{domain}")))?;
        let codes = options.code.iter().map(|text| {
            let is_meant = |code: &&Code| code.name() == text || text.parse() == Ok(code.number());
            let code = Code::ALL.iter().find(is_meant).map(|code| code.name());
            code.ok_or_else(|| Failure::usage(format_args!("{}: no such code", escape(text))))
        });
        let prefixes = options.fingerprint.iter().map(|text| {
            let is_prefix = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_hexdigit());
            let wrong = || Failure::usage(format_args!("{}: not the beginning of a fingerprint", escape(text)));
            is_prefix.then(|| text.to_ascii_lowercase()).ok_or_else(wrong)
        });
        Ok(Self {
            tenant,
            period: options.period,
            addresses: each(&options.address, Address::parse)?,
            domains: domains.iter().map(|address| address.domain().to_owned()).collect(),
            events: &options.event,
            codes: codes.collect::<Result<_, _>>()?,
            prefixes: prefixes.collect::<Result<_, _>>()?,
            // As they were escaped when they were written.
            messages: options.message_id.iter().map(|id| bare(&escape(id)).to_owned()).collect(),
            operators: options.by.iter().map(|name| escape(name)).collect(),
        })
    }

    pub(super) fn is_of_tenant(&self, event: &Value) -> bool {
        event.get("tenant").and_then(Value::as_str) == Some(self.tenant)
    }

    /// Whether it is what was asked for, whatever the tenant.
    pub(super) fn wants(&self, event: &Value) -> bool {
        let text = |field: &str| event.get(field).and_then(Value::as_str);
        let is_one_of =
            |list: &[String], field: &str| text(field).is_some_and(|text| list.iter().any(|one| one == text));
        let address = || text("address").and_then(|text| Address::parse(text).ok());
        let in_time = || text("at").and_then(UnixTime::from_rfc3339).is_some_and(|at| self.period.holds(at));
        let named = || ["fingerprint", "previous", "active"].into_iter().filter_map(text);
        let is_any_time = self.period.since.is_none() && self.period.until.is_none();
        (self.events.is_empty() || is_one_of(self.events, "event"))
            && (self.codes.is_empty() || text("code").is_some_and(|code| self.codes.contains(&code)))
            && (self.operators.is_empty() || is_one_of(&self.operators, "by"))
            && (self.messages.is_empty()
                || text("message_id").is_some_and(|id| self.messages.iter().any(|wanted| wanted == bare(id))))
            && (self.prefixes.is_empty()
                || named().any(|fingerprint| self.prefixes.iter().any(|prefix| fingerprint.starts_with(prefix))))
            && (is_any_time || in_time())
            && (self.addresses.is_empty() || address().is_some_and(|address| self.addresses.contains(&address)))
            && (self.domains.is_empty()
                || address().is_some_and(|address| self.domains.iter().any(|domain| domain == address.domain())))
    }
}

/// A Message-ID without its angle brackets.
fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}
