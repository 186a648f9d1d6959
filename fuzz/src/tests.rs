//! The seeds through their targets, and what the stub lets through.

use crate::world::{VICTIM, world};
use postseal::import::{Context, Outcome};
use postseal_testkit::MemoryStore;

#[test]
fn every_seed_holds() {
    let mut targets: Vec<(&str, fn(&[u8]))> = vec![
        ("crl", crate::crl),
        ("ocsp", crate::ocsp),
        ("directory-value", crate::directory_value),
        ("verdict-stub", crate::verdict_stub),
        ("signed-mail", crate::signed_mail),
        ("mime", crate::mime),
        ("path", crate::path),
        ("san", crate::san),
        ("address", crate::address),
    ];
    #[cfg(feature = "outside")]
    targets.extend([
        ("ldap-answer", crate::ldap_answer as fn(&[u8])),
        ("ldap-filter", crate::ldap_filter),
        ("entra-answer", crate::entra_answer),
        ("store-record", crate::store_record),
        ("c-calls", crate::c_calls),
    ]);
    for (name, target) in targets {
        // What is made once is not counted.
        let seeds = crate::seeds::of(name);
        assert!(!seeds.is_empty(), "{name}");
        seeds.iter().for_each(|(_, seed)| target(seed));
    }
}

/// With the stub honest mail is learned, the attacker's own, too, with any signature and any content; and nothing for the victim.
#[test]
fn the_stub_opens_the_attackers_door_and_no_other() {
    let import = |mail: &[u8]| {
        let report = world().engine().import_mail(mail, Context::new(crate::now()), &MemoryStore::new(), &()).unwrap();
        (report.outcome, report.address.map(|address| address.expose().key().to_owned()), report.error)
    };
    for (name, mail) in crate::world::seeds() {
        let (outcome, address, error) = import(&mail);
        let expected = match name.split('-').next().unwrap() {
            "alice" if name != "alice-prefers-mallory" => Some(VICTIM),
            "mallory" if name != "mallory-prefers-alice" => Some("mallory@evil.example"),
            "forged" if name == "forged-0" => Some("eve@evil.example"),
            _ => None,
        };
        assert_eq!(outcome == Outcome::Imported, expected.is_some(), "{name}: {error:?}");
        if let Some(expected) = expected {
            assert_eq!(address.as_deref(), Some(expected), "{name}");
        }
    }
    let find = |wanted: &str| crate::world::seeds().into_iter().find(|(name, _)| name == wanted).unwrap().1;
    let change = |mail: &[u8], from: &[u8], to: &[u8]| -> Vec<u8> {
        let at = mail.windows(from.len()).position(|window| window == from).unwrap();
        [&mail[..at], to, &mail[at + from.len()..]].concat()
    };
    // His content can be changed, and hers cannot.
    assert_eq!(import(&change(&find("mallory-Detached"), b"Buy this", b"Buy that")).0, Outcome::Imported);
    assert_eq!(import(&change(&find("alice-Detached"), b"Hello", b"Hallo")).0, Outcome::Refused);
}
