//! Recipients whose certificates are refused, or chosen among several.

use super::common::*;
use crate::form::{DirectoryReply, Loan, Octets};
use crate::record::{Scene, loan};
use postseal::store::Decision;
use postseal_testkit::factory::der::{null, oid, sequence};
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, Person, extension};

pub(super) fn scenes() -> Vec<Scene> {
    [refused(), chosen(), decided(), capabilities()].concat()
}

/// What one directory lends for Alice.
fn lent(name: &str, about: &str, loans: Vec<Loan>) -> Scene {
    encrypt(name, about, STAFF, &[ALICE]).says("staff", ALICE, DirectoryReply::Found(loans))
}

fn refused() -> Vec<Scene> {
    let one = |name: &str, about: &str, der: &[u8]| lent(name, about, vec![loan(der)]);
    let made = |name: &str, about: &str, spec: &CertSpec| one(name, about, issue(spec).der());
    let critical = {
        let mut odd = spec(ALICE, 9);
        odd.overrides.extra_extensions = vec![extension("1.3.6.1.4.1.99999.1", true, &null())];
        odd
    };
    vec![
        made("recipient-certificate-expired", "It has expired.", &valid(spec(ALICE, 2), "2026-01-01", "2026-02-01")),
        made(
            "recipient-certificate-not-yet-valid",
            "It is not valid yet.",
            &valid(spec(ALICE, 2), "2026-07-01", "2028-02-01"),
        ),
        made(
            "recipient-key-usage-encrypt",
            "It is for signatures.",
            &CertSpec { key_use: KeyUse::Sign, ..spec(ALICE, 2) },
        ),
        made(
            "recipient-extended-key-usage",
            "It is for servers.",
            &CertSpec { extended_key_usage: vec!["1.3.6.1.5.5.7.3.1".to_owned()], ..spec(ALICE, 2) },
        ),
        made("recipient-address-mismatch", "It is somebody else's.", &spec(BOB, 2)),
        made("recipient-key-cannot-encrypt", "Its key cannot encrypt.", &CertSpec::mailbox(ALICE, Key::Ed25519(1))),
        made("recipient-critical-extension", "It has something critical that nobody knows.", &critical),
        one(
            "recipient-path-not-found",
            "Nobody trusts its issuer.",
            Authority::root("Other", Key::P256(9)).issue(&spec(ALICE, 3)).der(),
        ),
        one("recipient-certificate-malformed", "It is no certificate.", b"no certificate"),
        made("recipient-profile-strict", "The strict profile wants more.", &spec(ALICE, 1))
            .with(|scene| scene.transcript.configuration.insert_str(0, "profile = \"strict\"\n")),
    ]
}

/// One of several.
fn chosen() -> Vec<Scene> {
    let good = issue(&spec(ALICE, 1));
    let newest = issue(&CertSpec { not_before: "2026-05-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) });
    vec![
        lent(
            "recipient-candidates-too-many",
            "More certificates than are allowed.",
            vec![loan(issue(&spec(BOB, 5)).der()), loan(issue(&spec(BOB, 6)).der()), loan(good.der())],
        )
        .configured("\n[limits]\ncandidates = 2\n"),
        lent(
            "encrypt-second-candidate",
            "Of two certificates one can be used.",
            vec![loan(issue(&valid(spec(ALICE, 2), "2026-03-01", "2026-04-01")).der()), loan(good.der())],
        ),
        lent(
            "encrypt-newest",
            "Of two certificates the newer one is taken.",
            vec![loan(good.der()), loan(newest.der())],
        ),
        lent(
            "encrypt-preferred",
            "Of two certificates the one that the directory prefers is taken.",
            vec![Loan { preferred: true, ..loan(good.der()) }, loan(newest.der())],
        ),
        lent(
            "encrypt-all-valid",
            "All certificates that can be used are used.",
            vec![loan(good.der()), loan(newest.der())],
        )
        .configured("\n[encrypt]\nall_valid = true\n"),
        lent(
            "encrypt-issuers-lent",
            "The directory lends the issuer as well.",
            vec![Loan {
                issuers: vec![Octets(middle().der().to_vec())],
                ..loan(middle().issue(&spec(ALICE, 1)).der())
            }],
        ),
    ]
}

/// What operators decided about what is stored.
fn decided() -> Vec<Scene> {
    let first = issue(&spec(ALICE, 1));
    let other = issue(&CertSpec { subject: "somebody else".to_owned(), ..spec(ALICE, 2) });
    let third = issue(&spec(ALICE, 3));
    let keeps = |person: &Person| Shelf::of(ALICE).adds(person, NOW);
    let held = || keeps(&first).imports(&signed(&other), NOW);
    let scene = |name: &str, about: &str, shelf: &Shelf| {
        encrypt(name, about, STAFF, &[ALICE]).stored(vec![shelf.entry()]).lends("staff", ALICE, &[third.der()])
    };
    let ended = issue(&valid(spec(ALICE, 4), "2026-01-01", "2026-02-01"));
    let pinned = Shelf::of(ALICE).adds(&ended, "2026-01-15T00:00:00Z").decides(&ended, Decision::Pin);
    vec![
        scene(
            "recipient-certificate-rejected",
            "What an operator rejected is not used, from wherever it comes.",
            &keeps(&third).decides(&third, Decision::Reject),
        ),
        scene(
            "recipient-certificate-disabled",
            "What an operator disabled is not used, from wherever it comes.",
            &keeps(&third).decides(&third, Decision::Disable),
        ),
        scene("encrypt-held", "A certificate that waits changes nothing.", &held()),
        scene("recipient-certificate-conflict", "The policy fails closed while a certificate waits.", &held())
            .configured("\n[encrypt]\nfail_closed = true\n"),
        encrypt("recipient-certificate-held", "The only certificate waits for an operator.", ENCRYPTS, &[ALICE])
            .stored(vec![held().decides(&first, Decision::Remove).entry()]),
        scene(
            "encrypt-pinned",
            "The pinned certificate is taken.",
            &keeps(&first).adds(&third, NOW).decides(&first, Decision::Pin),
        ),
        scene("recipient-pinned-ended", "A pinned certificate that has ended is not replaced.", &pinned),
        scene("encrypt-superseded", "The one before is still usable when the active one is disabled.", &{
            let newer = issue(&CertSpec { not_before: "2026-05-01T00:00:00Z".to_owned(), ..spec(ALICE, 5) });
            keeps(&first).adds(&newer, NOW).decides(&newer, Decision::Disable)
        }),
        scene("encrypt-conflict-plaintext", "Nobody gets plaintext about whom an operator must decide.", &held())
            .configured("\n[encrypt]\nfail_closed = true\nmode = \"if-possible\"\n"),
    ]
}

/// A list of AES algorithms, by the last arc of their names.
fn reads(last: &[u64]) -> Option<Octets> {
    let each = |last: &u64| sequence(&[&oid(&format!("2.16.840.1.101.3.4.1.{last}"))]);
    Some(Octets(sequence(&[&last.iter().flat_map(each).collect::<Vec<u8>>()])))
}

fn capabilities() -> Vec<Scene> {
    let alice = issue(&spec(ALICE, 1));
    let able = |reads: Option<Octets>| vec![Loan { capabilities: reads, ..loan(alice.der()) }];
    let mailboxes = ["r1@goal.example", "r2@goal.example", "r3@goal.example"];
    let differ = (0..3).fold(
        encrypt(
            "encrypt-apart",
            "Three recipients who do not all read one algorithm: two messages.",
            STAFF,
            &mailboxes,
        )
        .configured("\n[encrypt]\npreset = \"strict-aead\"\n"),
        |scene, number| {
            let person = issue(&spec(mailboxes[number], 10 + u64::try_from(number).expect("three")));
            let capabilities = reads(if number == 1 { &[6] } else { &[46] });
            scene.says(
                "staff",
                mailboxes[number],
                DirectoryReply::Found(vec![Loan { capabilities, ..loan(person.der()) }]),
            )
        },
    );
    let other = issue(&spec(ALICE, 2));
    let disagree = vec![
        Loan { capabilities: reads(&[46]), ..loan(alice.der()) },
        Loan { capabilities: reads(&[6]), ..loan(other.der()) },
    ];
    vec![
        lent(
            "encrypt-all-valid-apart",
            "Of two valid certificates, one reads nothing that the better one reads.",
            disagree,
        )
        .configured("\n[encrypt]\npreset = \"strict-aead\"\nall_valid = true\n"),
        lent("encrypt-gcm", "The directory knows that the recipient reads AES-GCM.", able(reads(&[46, 42]))),
        lent("encrypt-aes128", "The recipient reads nothing but AES-128.", able(reads(&[2]))),
        lent("encrypt-aes192", "The recipient reads nothing but AES-192.", able(reads(&[22]))),
        lent("encrypt-aes128-gcm", "The recipient reads nothing but AES-128-GCM.", able(reads(&[6]))),
        lent(
            "encrypt-capabilities-in-future",
            "What was signed in the future is not relied on.",
            vec![Loan { capabilities: reads(&[46]), signed_at: Some(1_780_272_301), ..loan(alice.der()) }],
        ),
        lent("recipient-aead-not-supported", "Authenticated encryption is required, and not read.", able(reads(&[42])))
            .configured("\n[encrypt]\npreset = \"strict-aead\"\n"),
        lent("encrypt-strict-aead", "A preset that assumes AES-GCM.", able(None))
            .configured("\n[encrypt]\npreset = \"strict-aead\"\n"),
        lent("encrypt-edi-energy", "A preset of EDI@Energy.", able(None))
            .configured("\n[encrypt]\npreset = \"edi-energy\"\n"),
        lent("encrypt-edi-energy-gcm", "A preset of EDI@Energy that knows AES-128-GCM and nothing else.", able(None))
            .configured("\n[encrypt]\npreset = \"edi-energy-gcm\"\n"),
        lent(
            "encrypt-outlook-classic",
            "A preset for Outlook, which gets AES-CBC from somebody who reads AES-GCM as well.",
            able(reads(&[46, 42])),
        )
        .configured("\n[encrypt]\npreset = \"outlook-classic\"\n"),
        differ,
    ]
}
