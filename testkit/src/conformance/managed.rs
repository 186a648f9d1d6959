//! What every store does that can be moved and examined, and what every quota does.

use super::store::{address, asked, find, learn, learn_at, learn_person, now};
use postseal::import::Outcome;
use postseal::query::PutStored;
use postseal::store::{
    CertStore, Change, Decision, Entries, Entry, Filter, ManagedStore, PutOutcome, Quota, Quotas, Restored, State,
    Tenant,
};

/// Runs the suite of what operators do with a store. `make` gives an empty store each time it is called.
///
/// # Panics
/// When the store does not behave.
///
/// ```
/// use postseal_testkit::{MemoryStore, conformance};
/// conformance::managed_store(&|| Box::new(MemoryStore::new()));
/// ```
pub fn managed_store(make: &dyn Fn() -> Box<dyn ManagedStore>) {
    pages_are_in_order_and_complete(&*make());
    fingerprints_and_ends_find_their_entries(&*make());
    tenants_are_listed(&*make());
    a_copy_is_the_same_and_keeps_what_is_there(&*make(), &*make());
    assert_eq!(make().damage().unwrap(), Vec::<String>::new());
}

/// Runs the suite of quotas. `make` gives an empty store with these quotas each time it is called.
///
/// # Panics
/// When the store does not behave.
///
/// ```
/// use postseal_testkit::{MemoryStore, conformance};
/// conformance::quotas(&|quotas| Box::new(MemoryStore::new().with_quotas(quotas)));
/// ```
pub fn quotas(make: &dyn Fn(Quotas) -> Box<dyn CertStore>) {
    a_tenant_has_so_many_addresses(&*make(Quotas { addresses_per_tenant: Some(2), ..Quotas::default() }));
    let quotas = Quotas { new_addresses_per_domain_and_day: Some(2), ..Quotas::default() };
    a_domain_brings_so_many_addresses_a_day(&*make(quotas));
    what_is_put_together_is_counted_in_its_order(&*make(quotas));
    an_address_has_so_many_certificates(&*make(Quotas { certificates_per_address: Some(2), ..Quotas::default() }));
}

fn decide(store: &dyn CertStore, tenant: &str, entry: &Entry, decision: Decision) {
    let fingerprint = entry.certs[0].0.certificate.fingerprint();
    let change = Change::Decide { fingerprint, decision };
    let query = PutStored::new(Tenant::new(tenant), entry.address.clone(), entry.version, change);
    assert_eq!(store.put(&query).unwrap(), PutOutcome::Stored);
}

fn pages_are_in_order_and_complete(store: &dyn ManagedStore) {
    // The keys decide the order, not the spelling.
    for mailbox in ["b@goal.example", "C@goal.example", "a@goal.example", "a+b@goal.example", "A@corp.example"] {
        assert_eq!(learn(store, "t", mailbox), Outcome::Imported);
    }
    learn(store, "u", "aa@goal.example");
    let (tenant, all) = (Tenant::new("t"), store.entries(&Tenant::new("t")).unwrap());
    let keys: Vec<&str> = all.iter().map(|entry| entry.address.key()).collect();
    assert_eq!(
        keys,
        ["a+b@goal.example", "a@corp.example", "a@goal.example", "b@goal.example", "c@goal.example"],
        "by octets"
    );
    for most in 1..=6 {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = store.page(&tenant, &Filter::All, after.as_ref(), most).unwrap();
            assert!(page.len() <= most);
            let Some(last) = page.last() else { break };
            after = Some(last.address.clone());
            paged.extend(page);
        }
        assert_eq!(paged, all, "pages of {most}");
    }
    let behind = address("a@zzz.example");
    assert_eq!(
        store.page(&tenant, &Filter::All, Some(&behind), 1).unwrap(),
        [all[3].clone()],
        "behind one that is not there"
    );
}

fn fingerprints_and_ends_find_their_entries(store: &dyn ManagedStore) {
    for mailbox in ["a@goal.example", "b@goal.example", "c@goal.example"] {
        learn(store, "t", mailbox);
    }
    let tenant = Tenant::new("t");
    let found = |filter: &Filter| store.page(&tenant, filter, None, 9).unwrap();
    for entry in store.entries(&tenant).unwrap() {
        let certificate = &entry.certs[0].0.certificate;
        let text = certificate.fingerprint().to_string();
        for length in [7, 8, 63, 64] {
            assert_eq!(
                found(&Filter::fingerprint(&text[..length]).unwrap()),
                std::slice::from_ref(&entry),
                "{length} digits"
            );
        }
        assert!(found(&Filter::EndsBefore(certificate.not_after())).is_empty());
        assert_eq!(found(&Filter::EndsBefore(certificate.not_after().plus_days(1))).len(), 3);
        assert!(store.page(&Tenant::new("u"), &Filter::fingerprint(&text).unwrap(), None, 9).unwrap().is_empty());
    }
    assert_eq!(found(&Filter::fingerprint("").unwrap()).len(), 3);
    let first = Filter::fingerprint("").unwrap();
    let second = store.page(&tenant, &first, Some(&address("a@goal.example")), 1).unwrap();
    assert_eq!(second[0].address, address("b@goal.example"));
}

fn tenants_are_listed(store: &dyn ManagedStore) {
    assert!(store.tenants().unwrap().is_empty());
    for tenant in ["b", "a", "\u{e4}", ""] {
        learn(store, tenant, "a@goal.example");
        learn(store, tenant, "b@goal.example");
    }
    let tenants = store.tenants().unwrap();
    assert_eq!(tenants.iter().map(Tenant::name).collect::<Vec<_>>(), ["", "a", "b", "\u{e4}"]);
}

fn a_copy_is_the_same_and_keeps_what_is_there(from: &dyn ManagedStore, to: &dyn ManagedStore) {
    let tenant = Tenant::new("t");
    for mailbox in ["a@goal.example", "B@goal.example", "c@goal.example"] {
        learn(from, "t", mailbox);
    }
    decide(from, "t", &find(from, "t", "b@goal.example"), Decision::Pin);
    decide(from, "t", &find(from, "t", "c@goal.example"), Decision::Remove);
    let entries: Vec<Entry> = Entries::of(from, &tenant, Filter::All).map(Result::unwrap).collect();
    assert_eq!(to.restore(&tenant, &entries).unwrap(), [Restored::Written; 3]);
    assert_eq!(to.entries(&tenant).unwrap(), entries);
    assert_eq!(to.restore(&tenant, &entries).unwrap(), [Restored::Same; 3]);
    decide(to, "t", &find(to, "t", "a@goal.example"), Decision::Hold);
    let before = find(to, "t", "a@goal.example");
    assert_eq!(before.certs[0].1, State::Held);
    assert_eq!(to.restore(&tenant, &entries).unwrap(), [Restored::Differs, Restored::Same, Restored::Same]);
    assert_eq!(find(to, "t", "a@goal.example"), before);
    assert_eq!(learn(to, "t", "c@goal.example"), Outcome::Imported, "a copy is a store like any other");
}

fn a_tenant_has_so_many_addresses(store: &dyn CertStore) {
    let learn = |tenant, mailbox| learn(store, tenant, mailbox);
    assert_eq!(learn("t", "a@goal.example"), Outcome::Imported);
    assert_eq!(learn("t", "b@corp.example"), Outcome::Imported);
    assert_eq!(learn("t", "c@home.example"), Outcome::Refused);
    assert!(find(store, "t", "c@home.example").certs.is_empty());
    assert_eq!(learn("t", "a@goal.example"), Outcome::AlreadyKnown, "what is there stays in use");
    assert_eq!(learn("u", "c@home.example"), Outcome::Imported, "other tenants have their own");
    decide(store, "t", &find(store, "t", "a@goal.example"), Decision::Remove);
    assert_eq!(learn("t", "c@home.example"), Outcome::Imported, "room was made");
    assert_eq!(learn("t", "a@goal.example"), Outcome::Refused);
}

fn a_domain_brings_so_many_addresses_a_day(store: &dyn CertStore) {
    let learn = |mailbox| learn(store, "t", mailbox);
    assert_eq!(learn("a@goal.example"), Outcome::Imported);
    assert_eq!(learn("b@GOAL.example"), Outcome::Imported);
    assert_eq!(learn("c@goal.example"), Outcome::Refused);
    assert_eq!(learn("c@corp.example"), Outcome::Imported, "another domain");
    assert_eq!(learn_at(store, "t", "c@goal.example", now().plus_days(1)), Outcome::Imported, "another day");
    assert_eq!(learn("c@goal.example"), Outcome::AlreadyKnown);
}

fn an_address_has_so_many_certificates(store: &dyn CertStore) {
    for (person, outcome) in [(1, Outcome::Imported), (2, Outcome::Held), (3, Outcome::Refused), (2, Outcome::Held)] {
        assert_eq!(learn_person(store, "t", "a@goal.example", person, now()), outcome, "{person}");
    }
    assert_eq!(find(store, "t", "a@goal.example").certs.len(), 2);
}

fn what_is_put_together_is_counted_in_its_order(store: &dyn CertStore) {
    let mailboxes = ["a@goal.example", "b@goal.example", "c@goal.example", "a@else.example"];
    let asked: Vec<_> = mailboxes.iter().map(|mailbox| asked("t", mailbox, 0)).collect();
    let outcomes = store.put_all(&asked.iter().collect::<Vec<_>>());
    let outcomes: Vec<PutOutcome> = outcomes.into_iter().map(Result::unwrap).collect();
    let over = PutOutcome::OverQuota(Quota::NewAddressesPerDomainAndDay);
    assert_eq!(outcomes, [PutOutcome::Stored, PutOutcome::Stored, over, PutOutcome::Stored]);
    assert_eq!(store.entries(&Tenant::new("t")).unwrap().len(), 3);
}
