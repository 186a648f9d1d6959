//! A thousand recipients and four directories, one of them dead.

use crate::fake::{Act, Fake, Request, done, entry, good};
use crate::world::{certificate, plain, root, short};
use postseal::directory::{Directories, DirectoryId, DirectoryResolver};
use postseal::drive::{self, Lookup};
use postseal::resolve::{Context, Outcome};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, PerRoute, UnixTime};
use postseal_adapters::directory::ldap::{LdapDirectory, LdapLimits};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::Key;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whose number is written in the request, when this is among those that the directory holds.
fn number_in(request: &Request) -> Option<usize> {
    let text = String::from_utf8_lossy(&request.octets).into_owned();
    let (_, rest) = text.split_once("person-")?;
    rest.split_once('@')?.0.parse().ok()
}

#[test]
fn one_outcome_for_each_in_time() {
    // One certificate for everybody that is for nobody else is enough: what matters here is who was found where.
    let ders: Arc<Vec<Vec<u8>>> =
        Arc::new((0..8).map(|n| certificate(&format!("person-{n}@goal.example"), Key::P256(2))).collect());
    let holds = |index: usize| {
        let ders = Arc::clone(&ders);
        move |request: &Request| match number_in(request).filter(|number| number % 4 == index && *number < 8) {
            Some(number) => {
                Act::Say([entry(request.id, "userCertificate", &[&ders[number]]), done(request.id, 0)].concat())
            }
            None => Act::Say(done(request.id, 0)),
        }
    };
    let dead = Fake::start(|_| Act::Say(Vec::new()));
    let living = [0, 1, 3].map(|index| Fake::start(holds(index)));
    let ports = [living[0].port, living[1].port, dead.port, living[2].port];
    let directories: Vec<(DirectoryId, LdapDirectory)> = ports
        .iter()
        .enumerate()
        .map(|(index, port)| {
            let limits = if *port == dead.port { short() } else { LdapLimits::default() };
            (DirectoryId::new(&format!("ldap:{index}")), plain(*port).with_limits(limits).build().unwrap())
        })
        .collect();
    let asked = directories.iter().fold(Directories::new(), |asked, (id, _)| asked.ask(id.clone()));
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    let engine = postseal_testkit::engine(anchors).with_directories(PerRoute::new(asked));
    let store = MemoryStore::new();
    let world =
        directories.iter().fold(Lookup::new(&store), |world, (id, directory)| world.directory(id.clone(), directory));
    let addresses: Vec<Address> =
        (0..1_000).map(|number| Address::parse(&format!("person-{number}@goal.example")).unwrap()).collect();
    let context = Context::new(UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap(), Arc::new(()));
    let start = Instant::now();
    let resolve = engine.resolve(addresses, Vec::new(), context).unwrap();
    let resolution = drive::run(resolve, &world, &(), &|| false).unwrap();
    let elapsed = start.elapsed();
    let outcomes: Vec<Outcome> = resolution.reports().map(|report| report.outcome).collect();
    assert_eq!(outcomes.len(), 1_000);
    for (number, outcome) in outcomes.iter().enumerate() {
        let is_held = number < 8 && number % 4 != 2;
        assert_eq!(*outcome, if is_held { Outcome::Found } else { Outcome::Unavailable }, "{number}");
    }
    assert!(elapsed < Duration::from_secs(30), "{elapsed:?}");
    eprintln!("1000 recipients, 4 directories, one dead: {elapsed:?}");
}

#[test]
fn a_thousand_questions_at_once_keep_the_deadline() {
    let slow = Fake::start(|request: &Request| {
        std::thread::sleep(Duration::from_millis(50));
        good(request)
    });
    let directory = plain(slow.port).with_limits(short()).build().unwrap();
    let addresses: Vec<String> = (0..1_000).map(|number| format!("p{number}@goal.example")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let start = Instant::now();
    let replies = directory.resolve(&crate::world::query(&addresses));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    let words = crate::world::words(replies, 1_000);
    assert!(words.iter().any(|word| word == "1") && words.iter().any(|word| word.contains("deadline")));
    assert!(words.iter().all(|word| word == "1" || word.starts_with("127.0.0.1")));
}

#[test]
fn one_odd_address_spoils_nobody_elses_reply() {
    for code in [21, 80] {
        let server = Fake::start(move |request: &Request| match number_in(request) {
            Some(7) => Act::Say(done(request.id, code)),
            _ => good(request),
        });
        let directory = plain(server.port).build().unwrap();
        let addresses: Vec<String> = (0..40).map(|number| format!("person-{number}@goal.example")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let words = crate::world::outcomes(&directory, &addresses);
        let odd: Vec<usize> = (0..40).filter(|number| words[*number] != "1").collect();
        assert_eq!(odd, [7], "{words:?}");
    }
}
