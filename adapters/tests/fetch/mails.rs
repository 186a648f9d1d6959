//! Hostile addresses as they come: in the certificates of mails and of directories.

use crate::guard::{ADDRESSES, REFUSED};
use crate::pki::{alice, engine, import, policy, resolve};
use crate::world::{Connections, Names, literal, unbound};
use postseal::drive::{self, Keep};
use postseal::revocation::{Mode, Order};
use postseal::verify::Limits;
use postseal::{Code, PerRoute, UnixTime};
use postseal_adapters::fetch::GuardedFetcher;
use postseal_testkit::{MemoryStore, corpus};

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

// hardening: P11
#[test]
fn the_mails_of_the_attack_corpus_ask_for_nothing() {
    let (names, connections, mut seen) = (Names::default(), Connections::default(), 0);
    let asked = names.asked();
    let fetcher = GuardedFetcher::new().with_resolver(names).with_connector(connections.clone());
    for case in corpus::attacks().into_iter().filter(|case| case.name.starts_with("path-ssrf-")) {
        for mode in Mode::ALL {
            let engine = case.engine().with_revocation(PerRoute::new(policy(mode, Order::CrlFirst)));
            let store = MemoryStore::new();
            let operation = engine.import(&case.mail, postseal::import::Context::new(case.verify_at));
            let world = Keep::new(&store).fetching(&fetcher);
            let report = drive::run(operation, &world, &(), &|| false).unwrap();
            assert_eq!(report.outcome.name(), "refused", "{}", case.name);
        }
        seen += 1;
    }
    assert_eq!(seen, 4);
    assert!(asked.lock().unwrap().is_empty() && connections.seen().is_empty());
}

/// Here the certificates have a path: whoever can get one may still not choose where this machine knocks.
// hardening: P11
#[test]
fn hostile_addresses_in_trusted_certificates_reach_nobody() {
    let (names, connections) = (Names::default(), Connections::default());
    let asked = names.asked();
    let fetcher = GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(connections.clone());
    let literals = ADDRESSES.iter().filter(|(_, why)| why.is_some()).map(|(address, _)| literal(address));
    // IA5String has no letters beyond ASCII.
    let urls = REFUSED.iter().map(|(url, _)| (*url).to_owned()).filter(|url| url.is_ascii()).chain(literals);
    let mut tried = 0;
    for url in urls {
        let person = alice(4096, &[&url], &[&url], &[&url]);
        for order in Order::ALL {
            let verdict = import(&engine(policy(Mode::Hard, order)), &person, &fetcher, now());
            assert!(verdict.outcome == "refused" || verdict.outcome == "deferred", "{url:?}: {verdict:?}");
        }
        let verdict = resolve(&engine(policy(Mode::Hard, Order::CrlFirst)), &person, &fetcher, now());
        assert!(verdict.outcome == "unusable" || verdict.outcome == "unavailable", "{url:?}: {verdict:?}");
        tried += 1;
    }
    assert!(tried > 100, "{tried}");
    assert_eq!((asked.lock().unwrap().clone(), connections.seen()), (Vec::new(), Vec::new()));
}

#[test]
fn names_in_trusted_certificates_that_lead_inside_reach_nobody() {
    let connections = Connections::default();
    for (address, refusal) in ADDRESSES {
        let names = Names::default().with("ca.example", &[&[address]]);
        let fetcher =
            GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(connections.clone());
        let person = alice(4096, &["http://ca.example/1.crl"], &["http://ca.example/"], &[]);
        let before = connections.seen().len();
        let verdict = import(&engine(policy(Mode::Hard, Order::CrlFirst)), &person, &fetcher, now());
        assert_eq!(verdict.code, Some(Code::RevocationUnavailable), "{address}: {verdict:?}");
        // Where nothing is wrong with the address, both the list and the response are asked for: the recorder works.
        assert_eq!(connections.seen().len() - before, if refusal.is_some() { 0 } else { 2 }, "{address}");
    }
}

/// What an attacker answers who knows that names are looked at before they are used: good, then bad.
#[test]
fn rebinding_between_two_fetches_reaches_only_the_good_address() {
    let names = Names::default().with("ca.example", &[&["9.9.9.9"], &["127.0.0.1"], &["169.254.169.254"]]);
    let (asked, connections) = (names.asked(), Connections::default());
    let fetcher = GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(connections.clone());
    let person = alice(4096, &["http://ca.example/1.crl", "http://ca.example/2.crl"], &["http://ca.example/"], &[]);
    let verdict = import(&engine(policy(Mode::Hard, Order::CrlFirst)), &person, &fetcher, now());
    assert_eq!(verdict.code, Some(Code::RevocationUnavailable), "{verdict:?}");
    assert!(asked.lock().unwrap().len() > 1, "{verdict:?}");
    assert_eq!(connections.seen(), ["9.9.9.9:80".parse().unwrap()]);
}

/// A certificate may name as many places as fit into it; whoever made it does not choose how many are asked.
#[test]
fn one_certificate_makes_few_requests_whatever_it_names() {
    let urls: Vec<String> = (0..500).map(|number| format!("http://h{number}.example/1.crl")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let names = urls.iter().fold(Names::default(), |names, url| {
        names.with(url.trim_start_matches("http://").trim_end_matches("/1.crl"), &[&["9.9.9.9"]])
    });
    let connections = Connections::default();
    let fetcher = GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(connections.clone());
    let person = alice(4096, &urls, &urls, &urls);
    for (number, order) in Order::ALL.into_iter().enumerate() {
        import(&engine(policy(Mode::Hard, order)), &person, &fetcher, now());
        resolve(&engine(policy(Mode::Hard, order)), &person, &fetcher, now());
        assert_eq!(connections.seen().len(), (number + 1) * 2 * Limits::default().revocation_sources);
    }
}
