//! SMIMEA records in zones that are really signed, on a real name server (BIND 9, from Debian's bind9 and bind9-utils).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "test code"
)]

mod on_path;
#[path = "../fetch/servers.rs"]
#[allow(dead_code, reason = "the other servers there are for the other tests")]
mod servers;
mod zone;

use hickory_resolver::proto::rr::{Record, RecordType};
use postseal::Address;
use postseal::directory::{DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::query::ResolveDirectory;
use postseal::store::Tenant;
use postseal_adapters::directory::{SmimeaDirectory, SmimeaLimits};
use postseal_testkit::conformance;
use postseal_testkit::factory::{Authority, CertSpec, Key};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use zone::{Zone, is_there};

const BOGUS: &str = "what the name server says does not hold by DNSSEC";

fn directory(port: u16, anchor: &str) -> SmimeaDirectory {
    let mut limits = SmimeaLimits::default();
    (limits.query, limits.total) = (Duration::from_secs(2), Duration::from_secs(5));
    let directory = SmimeaDirectory::new(&[SocketAddr::from(([127, 0, 0, 1], port))]).unwrap();
    directory.with_trust_anchors(anchor).unwrap().with_limits(limits)
}

fn ask(directory: &SmimeaDirectory, addresses: &[&str]) -> Vec<Result<usize, String>> {
    let addresses: Vec<_> = addresses.iter().map(|text| Address::parse(text).unwrap()).collect();
    let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("smimea"), addresses.clone());
    let told = |(reply, about): (&DirectoryReply, &Address)| match reply {
        DirectoryReply::Found(lent) => Ok(lent.len()),
        DirectoryReply::Partial(lent, unavailable) => Err(format!("{}+: {unavailable}", lent.len())),
        DirectoryReply::NotFound => Ok(0),
        DirectoryReply::Unavailable(unavailable) => {
            Err(unavailable.detail().strip_prefix(&format!("{}: ", about.domain())).unwrap().to_owned())
        }
    };
    directory.resolve(&query).unwrap().iter().zip(&addresses).map(told).collect()
}

fn certificate(address: &str, key: Key) -> Vec<u8> {
    Authority::root("Root", Key::P256(1)).issue(&CertSpec::mailbox(address, key)).der().to_vec()
}

fn alice() -> Vec<u8> {
    certificate("alice@goal.example", Key::P256(2))
}

#[test]
fn it_conforms() {
    if !is_there() {
        return;
    }
    let servers = Mutex::new(Vec::new());
    conformance::directory(
        &|listed| {
            let with = |zone: Zone, one: &conformance::Listed| zone.holds(one.address.as_str(), "3 0 0", &one.der);
            let served = listed.iter().fold(Zone::new(), with).serve();
            let directory = directory(served.port(), &served.anchor).also_in_lower_case();
            servers.lock().unwrap().push(served);
            Box::new(directory)
        },
        &|| {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            Box::new(directory(port, &Zone::new().serve().anchor))
        },
    );
}

#[test]
fn secure_records_with_whole_certificates_are_lent() {
    if !is_there() {
        return;
    }
    let der = alice();
    let mut zone = Zone::new()
        .holds("three@goal.example", "3 0 0", &der)
        .holds("one@goal.example", "1 0 0", &der)
        .holds("Spelled@goal.example", "3 0 0", &der)
        .holds("both@goal.example", "3 0 1", &[7; 32])
        .holds("both@goal.example", "3 0 0", &der);
    for usage in ["0 0 0", "2 0 0", "3 1 0", "3 0 1", "3 0 2", "3 1 1", "255 0 0", "4 0 0", "3 0 255"] {
        zone = zone.holds(&format!("other{}@goal.example", usage.replace(' ', "-")), usage, &der);
    }
    let served = zone.alias("alias@goal.example", "three@goal.example").serve();
    let directory = directory(served.port(), &served.anchor);
    let asked =
        ["three@goal.example", "one@goal.example", "both@goal.example", "alias@goal.example", "\"three\"@goal.example"];
    assert_eq!(ask(&directory, &asked), [Ok(1), Ok(1), Ok(1), Ok(1), Ok(1)]);
    assert_eq!(ask(&directory, &["Spelled@goal.example", "spelled@goal.example"]), [Ok(1), Ok(0)]);
    for usage in ["0-0-0", "2-0-0", "3-1-0", "3-0-1", "3-0-2", "3-1-1", "255-0-0", "4-0-0", "3-0-255"] {
        assert_eq!(ask(&directory, &[&format!("other{usage}@goal.example")]), [Ok(0)], "{usage}");
    }
    // No name, and a name with other records only: both are proved.
    assert_eq!(ask(&directory, &["nobody@goal.example", "a@ns.example", "a@far.away.example"]), [Ok(0), Ok(0), Ok(0)]);
}

/// What does not fit into a datagram comes by TCP.
#[test]
fn large_answers_are_whole() {
    if !is_there() {
        return;
    }
    let certificates = (0..4).map(|number| certificate("alice@goal.example", Key::Rsa(number)));
    let served = certificates.fold(Zone::new(), |zone, der| zone.holds("alice@goal.example", "3 0 0", &der)).serve();
    assert_eq!(ask(&directory(served.port(), &served.anchor), &["alice@goal.example"]), [Ok(4)]);
}

#[test]
fn what_is_bogus_is_refused_and_never_nothing() {
    if !is_there() {
        return;
    }
    let zone = || Zone::new().holds("alice@goal.example", "3 0 0", &alice());
    let refused = |zone: Zone, anchor: Option<&str>| {
        let served = zone.serve();
        let directory = directory(served.port(), anchor.unwrap_or(&served.anchor));
        ask(&directory, &["alice@goal.example", "nobody@goal.example"])
    };
    let (bogus, nothing) = (Err(BOGUS.to_owned()), Ok(0));
    assert_eq!(refused(zone().changed_after_signing("SMIMEA"), None), [bogus.clone(), nothing.clone()], "changed");
    assert_eq!(refused(zone().without_signatures_of("SMIMEA"), None), [bogus.clone(), nothing], "stripped");
    let both = [bogus.clone(), bogus];
    assert_eq!(refused(zone().signed_between("20250101000000", "20250201000000"), None), both, "expired");
    assert_eq!(refused(zone().signed_between("20440101000000", "20450101000000"), None), both, "not yet");
    assert_eq!(refused(zone().unsigned(), None), both, "not signed at all, below an anchor");
    let other = Zone::new().serve().anchor;
    assert_eq!(refused(zone(), Some(&other)), both, "another anchor");
}

/// Whoever is on the way answers with what is true of other names.
#[test]
fn what_is_proved_of_others_is_no_proof() {
    if !is_there() {
        return;
    }
    let plain = certificate("alice@plain.example", Key::P256(3));
    let served = Zone::new()
        .holds("alice@goal.example", "3 0 0", &alice())
        .delegates_unsigned("plain.example", "alice@plain.example", &plain)
        .serve();
    let unsigned = || on_path::soa("plain.example.");
    let forgeries: [(&str, on_path::Forge); 5] = [
        ("nothing", Box::new(move |_, answer| answer.authorities = vec![unsigned()])),
        (
            "something else",
            Box::new(move |_, answer| {
                answer.answers = vec![on_path::alias("other.plain.example.", "nobody.plain.example.")];
                answer.authorities = vec![unsigned()];
            }),
        ),
        (
            "an alias to nobody, unsigned",
            Box::new(|name, answer| {
                answer.answers = vec![on_path::alias(name, "nobody.plain.example.")];
            }),
        ),
        (
            "an alias to nobody, signed",
            Box::new(|name, answer| {
                answer.answers = vec![on_path::alias(name, "nobody.example.")];
            }),
        ),
        (
            "an alias to itself",
            Box::new(|name, answer| {
                answer.answers = vec![on_path::alias(name, name)];
                answer.authorities = vec![on_path::soa("plain.example.")];
            }),
        ),
    ];
    for (what, forge) in forgeries {
        let directory = directory(on_path::serve(served.port(), forge, false), &served.anchor);
        assert_eq!(ask(&directory, &["alice@goal.example"]), [Err(BOGUS.to_owned())], "{what}");
    }
    let beside: on_path::Forge =
        Box::new(|_, answer| answer.answers.push(on_path::alias("other.plain.example.", "nobody.plain.example.")));
    let directory = directory(on_path::serve(served.port(), beside, true), &served.anchor);
    assert_eq!(ask(&directory, &["alice@goal.example"]), [Ok(1)], "something beside the answer");
}

/// The library takes a record anywhere for the answer, and would not ask for what the alias leads to.
#[test]
fn what_an_alias_leads_to_is_no_less_there_because_its_record_stands_elsewhere() {
    if !is_there() {
        return;
    }
    let zone =
        Zone::new().holds("alice@goal.example", "3 0 0", &alice()).alias("alias@goal.example", "alice@goal.example");
    let served = zone.serve();
    let elsewhere: on_path::Forge = Box::new(|_, answer| {
        let is_there = |record: &Record| record.record_type() == RecordType::SMIMEA;
        let (moved, left) = std::mem::take(&mut answer.answers).into_iter().partition(is_there);
        (answer.answers, answer.additionals) = (left, moved);
    });
    let directory = directory(on_path::serve(served.port(), elsewhere, true), &served.anchor);
    let bogus = || Err(BOGUS.to_owned());
    assert_eq!(ask(&directory, &["alias@goal.example", "alice@goal.example"]), [bogus(), bogus()]);
}

/// The signature of a wildcard's alias is good for every name below it.
#[test]
fn an_alias_by_a_wildcard_counts_only_with_the_proof_that_there_is_nothing_else() {
    if !is_there() {
        return;
    }
    let served = Zone::new()
        .holds("alice@goal.example", "3 0 0", &alice())
        .and("*.goal.example. IN CNAME www.example.")
        .and("www.example. IN A 127.0.0.1")
        .delegates_unsigned("plain.example", "alice@plain.example", &certificate("alice@plain.example", Key::P256(3)))
        .serve();
    let expanded = on_path::ask(served.port(), "x.goal.example.", RecordType::CNAME);
    let is_signed = expanded.iter().any(|record| record.record_type() == RecordType::RRSIG);
    assert!(expanded.len() >= 2 && is_signed, "{expanded:?}");
    let replay: on_path::Forge = Box::new(move |name, answer| {
        answer.answers = on_path::renamed(&expanded, name);
        answer.authorities = vec![on_path::soa("plain.example.")];
    });
    let on_the_way = directory(on_path::serve(served.port(), replay, false), &served.anchor);
    assert_eq!(ask(&on_the_way, &["alice@goal.example"]), [Err(BOGUS.to_owned())]);
    // The same zone from a server that says all of it; and one where the wildcard is meant.
    let directory_of = |served: &zone::Served| directory(served.port(), &served.anchor);
    assert_eq!(ask(&directory_of(&served), &["alice@goal.example", "bob@goal.example"]), [Ok(1), Ok(0)]);
    let meant = Zone::new()
        .holds("alice@goal.example", "3 0 0", &alice())
        .and("*.wild.example. IN CNAME www.example.")
        .and(&format!("*.all.example. IN CNAME {}", zone::owner("alice@goal.example")))
        .and("www.example. IN A 127.0.0.1")
        .serve();
    assert_eq!(ask(&directory_of(&meant), &["bob@wild.example", "bob@all.example"]), [Ok(0), Ok(1)]);
}

/// An alias that nobody forged may lead to nobody.
#[test]
fn an_alias_to_nobody_is_nothing() {
    if !is_there() {
        return;
    }
    let plain = certificate("alice@plain.example", Key::P256(3));
    let served = Zone::new()
        .alias("away@goal.example", "nobody@plain.example")
        .delegates_unsigned("plain.example", "alice@plain.example", &plain)
        .serve();
    assert_eq!(ask(&directory(served.port(), &served.anchor), &["away@goal.example"]), [Ok(0)]);
}

/// In a zone that is provably not signed there may be anything: nothing of it is used, and it is no fault.
#[test]
fn insecure_records_are_not_used() {
    if !is_there() {
        return;
    }
    let served = Zone::new()
        .holds("alice@goal.example", "3 0 0", &alice())
        .delegates_unsigned("plain.example", "alice@plain.example", &certificate("alice@plain.example", Key::P256(3)))
        .serve();
    let directory = directory(served.port(), &served.anchor);
    let asked = ["alice@plain.example", "nobody@plain.example", "alice@goal.example"];
    assert_eq!(ask(&directory, &asked), [Ok(0), Ok(0), Ok(1)]);
    // With the anchors of the root, nobody can say anything about a zone that no root knows of.
    let by_root = SmimeaDirectory::new(&[SocketAddr::from(([127, 0, 0, 1], served.port()))]).unwrap();
    assert!(ask(&by_root, &["alice@goal.example"])[0].is_err());
}

// hardening: P10
#[test]
fn servers_that_fail_or_are_silent_are_unavailable_within_the_time() {
    if !is_there() {
        return;
    }
    let served = Zone::new().serve();
    let anchor = served.anchor.clone();
    // It refuses what it has no zone for.
    let refused = ask(&directory(served.port(), &anchor), &["alice@elsewhere.test"]);
    assert!(refused[0].is_err(), "{refused:?}");
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    let many: Vec<String> = (0..40).map(|number| format!("a{number}@goal.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let told = ask(&directory(silent.local_addr().unwrap().port(), &anchor), &many);
    assert!(told.len() == 40 && told.iter().all(Result::is_err), "{told:?}");
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    served.pause();
    let told = ask(&directory(served.port(), &anchor), &["alice@goal.example"]);
    assert_eq!(told, [Err("no name server answers in time".to_owned())]);
}

/// Also what never begins ends inside of a runtime.
#[tokio::test]
async fn a_limit_beyond_the_clock_is_no_panic() {
    let mut limits = SmimeaLimits::default();
    limits.total = Duration::MAX;
    let directory = SmimeaDirectory::new(&[SocketAddr::from(([127, 0, 0, 1], 1))]).unwrap().with_limits(limits);
    let alice = Address::parse("alice@goal.example").unwrap();
    let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("smimea"), vec![alice]);
    assert!(directory.resolve(&query).is_err());
}

/// A host may call it from inside of its own runtime.
#[test]
fn it_may_be_asked_from_inside_of_a_runtime() {
    if !is_there() {
        return;
    }
    let served = Zone::new().holds("alice@goal.example", "3 0 0", &alice()).serve();
    let directory = directory(served.port(), &served.anchor);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(async { ask(&directory, &["alice@goal.example"]) }), [Ok(1)]);
}
