//! Which certificates are meant.

use crate::args::{Chosen, ListOptions};
use crate::failure::Failure;
use postseal::cert::StoredCert;
use postseal::query::FindStored;
use postseal::store::{CertStore, Entries, Entry, Filter, State, Tenant};
use postseal::trace::escape;
use postseal::{Address, Fingerprint};

/// A stored certificate with all that is known of it.
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) stored: StoredCert,
    pub(super) state: State,
}

impl Found {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.stored.certificate.fingerprint()
    }
}

pub(super) fn parse(address: Option<&str>) -> Result<Option<Address>, Failure> {
    let parsed = address.map(Address::parse).transpose();
    parsed.map_err(|error| Failure::usage(format_args!("{:?}: {error}", address.unwrap_or_default())))
}

fn filter(prefix: Option<&str>) -> Result<Filter, Failure> {
    let Some(prefix) = prefix else { return Ok(Filter::All) };
    let wrong = || Failure::usage(format_args!("{prefix:?}: not the beginning of a fingerprint"));
    Filter::fingerprint(prefix).ok_or_else(wrong)
}

/// Calls `each` with every certificate that is like what was said, a page of the store in memory.
pub(super) fn for_each(
    store: &dyn CertStore,
    tenant: &Tenant,
    options: &ListOptions,
    each: &mut dyn FnMut(&Entry, &StoredCert, State),
) -> Result<(), Failure> {
    let wanted = Wanted::new(options)?;
    let mut one = |entry: &Entry| {
        for (stored, state) in entry.certs.iter().filter(|(stored, state)| wanted.has(entry, stored, *state)) {
            each(entry, stored, *state);
        }
    };
    if let Some(address) = &wanted.address {
        let query = FindStored::new(tenant.clone(), vec![address.clone()]);
        store.find(&query)?.iter().for_each(one);
        return Ok(());
    }
    for entry in Entries::of(store, tenant, filter(options.fingerprint.as_deref())?) {
        one(&entry?);
    }
    Ok(())
}

struct Wanted<'a> {
    options: &'a ListOptions,
    address: Option<Address>,
    domain: Option<String>,
    subject: Option<String>,
    issuer: Option<String>,
    fingerprint: Filter,
}

impl<'a> Wanted<'a> {
    fn new(options: &'a ListOptions) -> Result<Self, Failure> {
        // A domain is compared as one of an address is.
        let domain = options.domain.as_deref().map(|domain| Address::parse(&format!("x@{domain}"))).transpose();
        let wrong =
            |error| Failure::usage(format_args!("{:?}: {error}", options.domain.as_deref().unwrap_or_default()));
        let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
        Ok(Self {
            options,
            address: parse(options.address.as_deref())?,
            domain: domain.map_err(wrong)?.map(|address| address.domain().to_owned()),
            subject: lower(&options.subject),
            issuer: lower(&options.issuer),
            fingerprint: filter(options.fingerprint.as_deref())?,
        })
    }

    fn has(&self, entry: &Entry, stored: &StoredCert, state: State) -> bool {
        let certificate = &stored.certificate;
        let says = |part: &Option<String>, text: &dyn Fn() -> String| {
            part.as_ref().is_none_or(|part| text().to_lowercase().contains(part))
        };
        let is_named = match &self.fingerprint {
            Filter::Fingerprint(range) => range.contains(&certificate.fingerprint()),
            _ => true,
        };
        is_named
            && (self.options.state.is_empty() || self.options.state.contains(&state))
            && self.domain.as_ref().is_none_or(|domain| entry.address.domain() == domain)
            && says(&self.subject, &|| certificate.subject_text())
            && says(&self.issuer, &|| certificate.issuer_text())
    }
}

/// The one certificate whose fingerprint begins like this.
pub(super) fn choose(store: &dyn CertStore, tenant: &Tenant, chosen: &Chosen) -> Result<Found, Failure> {
    let prefix = &chosen.fingerprint;
    let options =
        ListOptions { address: chosen.address.clone(), fingerprint: Some(prefix.clone()), ..ListOptions::default() };
    let (mut first, mut other): (Option<Found>, Option<Found>) = (None, None);
    for_each(store, tenant, &options, &mut |entry, stored, state| {
        let found = || Found { entry: entry.clone(), stored: stored.clone(), state };
        match (&first, &other) {
            (None, _) => first = Some(found()),
            (Some(_), None) => other = Some(found()),
            _ => {}
        }
    })?;
    let first = first.ok_or_else(|| Failure::usage(format_args!("{prefix}: no such certificate")))?;
    match other {
        None => Ok(first),
        Some(other) if other.fingerprint() == first.fingerprint() => {
            let (one, two) = (escape(first.entry.address.as_str()), escape(other.entry.address.as_str()));
            Err(Failure::usage(format_args!("{prefix}: filed under {one} and {two}; choose with --address")))
        }
        Some(_) => Err(Failure::usage(format_args!("{prefix}: more than one certificate begins like this"))),
    }
}
