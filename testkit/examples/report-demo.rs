//! Writes mails of a quarter, for a picture of the report: `cargo run -p postseal-testkit --example report-demo FOLDER`.
//!
//! FOLDER gets `roots.pem`, and for each day a folder with what came in. Everything follows from one seed; nobody in it exists.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a tool of the repository"
)]

use postseal::UnixTime;
use postseal_testkit::factory::{Authority, CertFactory, CertSpec, Digest, KeyAlgorithm, Person, Scheme, SignedMail};
use std::fs;
use std::path::PathBuf;

const FIRST_DAY: &str = "2026-03-02T00:00:00Z";
const DAYS: i64 = 91;
const PEOPLE: u64 = 64;

/// Numbers that look accidental and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        let octets = Digest::Sha256.of(&self.0.to_be_bytes());
        self.0 += 1;
        u64::from_be_bytes(octets[..8].try_into().unwrap()) % end
    }
}

struct World {
    factory: CertFactory,
    dice: Dice,
    folder: PathBuf,
    authorities: Vec<Authority>,
}

impl World {
    fn person(&mut self, number: u64) -> Person {
        let algorithm = match self.dice.below(20) {
            0..11 => KeyAlgorithm::Rsa2048,
            11..16 => KeyAlgorithm::P256,
            16..19 => KeyAlgorithm::P384,
            _ => KeyAlgorithm::P521,
        };
        let name =
            ["anna", "ben", "clara", "david", "emil", "frieda", "georg", "hanna"][usize::try_from(number % 8).unwrap()];
        let domain = ["goal.example", "mail.goal.example", "partner.example", "works.example"]
            [usize::try_from(number / 8 % 4).unwrap()];
        let spec = self.factory.person(&format!("{name}.{number}@{domain}"), algorithm);
        self.issued(spec)
    }

    fn issued(&mut self, mut spec: CertSpec) -> Person {
        let days = if self.dice.below(6) == 0 { 95 + self.dice.below(90) } else { 160 + self.dice.below(900) };
        spec.not_after = after(i64::try_from(days).unwrap());
        let issuer = match self.dice.below(10) {
            0..6 => 0,
            6..9 => 1,
            _ => 2,
        };
        if issuer == 0 && self.dice.below(3) == 0 {
            spec.overrides.signature = Some(Scheme::pss(Digest::Sha256));
        }
        self.authorities[issuer].issue(&spec)
    }

    fn write(&self, day: i64, number: usize, mail: &[u8]) {
        let folder = self.folder.join(after(day).split('T').next().unwrap());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{number}.eml")), mail).unwrap();
    }
}

fn after(days: i64) -> String {
    UnixTime::from_rfc3339(FIRST_DAY).unwrap().plus_days(days).to_string()
}

fn from(person: &Person) -> String {
    let octets = match &person.spec().names[0] {
        postseal_testkit::factory::Name::Rfc822(octets) => octets.clone(),
        _ => Vec::new(),
    };
    String::from_utf8(octets).unwrap()
}

/// One mail: mostly somebody known or new, now and then one that is refused, without a signature, or a conflict.
fn mail(world: &mut World, people: &[Person], day: i64) -> Vec<u8> {
    // More of them are known from week to week.
    let known = u64::try_from(8 + day * 56 / DAYS).unwrap();
    let person = &people[usize::try_from(world.dice.below(known.min(PEOPLE))).unwrap()];
    let signed = SignedMail::new(&from(person), person);
    match world.dice.below(24) {
        0 => SignedMail::new("somebody@else.example", person).build(),
        1 => {
            let mut spec = person.spec().clone();
            spec.overrides.broken_signature = true;
            let broken = world.authorities[0].issue(&spec);
            SignedMail::new(&from(person), &broken).build()
        }
        2 => {
            let stranger = Authority::root("Unknown Root", world.factory.key(KeyAlgorithm::P256)).issue(person.spec());
            SignedMail::new(&from(person), &stranger).build()
        }
        3..6 => b"From: newsletter@goal.example\r\nSubject: news\r\n\r\nnews\r\n".to_vec(),
        _ => signed.build(),
    }
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    let mut factory = CertFactory::new(20);
    let authorities = vec![
        factory.authority("Example Mail CA R1", KeyAlgorithm::Rsa2048),
        factory.authority("Example Mail CA E1", KeyAlgorithm::P384),
        factory.authority("Partner CA", KeyAlgorithm::P256),
    ];
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("roots.pem"), authorities.iter().map(Authority::pem).collect::<String>()).unwrap();
    let mut world = World { factory, dice: Dice(1), folder, authorities };
    let people: Vec<_> = (0..PEOPLE).map(|number| world.person(number)).collect();
    for day in 0..DAYS {
        let weekend = matches!(day % 7, 5 | 6);
        let count = if weekend { world.dice.below(2) } else { 2 + world.dice.below(5) };
        for number in 0..usize::try_from(count).unwrap() {
            let mail = mail(&mut world, &people, day);
            world.write(day, number, &mail);
        }
    }
    // Two people write with certificates that do not continue those they had.
    for (day, person, authority) in [(60, &people[3], 1), (80, &people[5], 2)] {
        let key = world.factory.key(KeyAlgorithm::P256);
        let spec = CertSpec { serial: world.factory.serial(), ..CertSpec::mailbox(&from(person), key) };
        let other = world.authorities[authority].issue(&spec);
        world.write(day, 90, &SignedMail::new(&from(person), person).build());
        world.write(day, 91, &SignedMail::new(&from(person), &other).build());
    }
}
