//! What operators do with certificates and stores.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

mod place;

use place::{Place, complains, rows, stdout};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use serde_json::Value;

const JUNE: [&str; 2] = ["--at", "2026-06-01T00:00:00Z"];

/// A place with a store of a few correspondents, one of whom has a candidate that waits.
struct Office {
    place: Place,
    root: Authority,
}

impl Office {
    fn new() -> Self {
        let root = Authority::root("Office Root", Key::P256(1));
        let office = Self { place: Place::new(), root };
        office.place.write("root.pem", office.root.pem().as_bytes());
        office.learns("alice@goal.example", "Alice Smith", 10, "2027-01-01T00:00:00Z");
        office.learns("bob@GOAL.example", "Bob", 11, "2026-06-20T00:00:00Z");
        office.learns("carol@corp.example", "Carol", 12, "2026-08-25T00:00:00Z");
        office.learns("alice@goal.example", "Mallory", 13, "2028-01-01T00:00:00Z");
        office
    }

    fn learns(&self, mailbox: &str, subject: &str, key: u64, until: &str) -> String {
        let mut spec = CertSpec::mailbox(mailbox, Key::P256(key));
        (spec.subject, spec.not_after) = (subject.to_owned(), until.to_owned());
        let mail = SignedMail::new(mailbox, &self.root.issue(&spec)).build();
        let file = self.place.write("mail.eml", &mail);
        let output = self
            .place
            .run(&[&["import", "--json", "--trust", "root.pem"], &JUNE[..], &[file.to_str().unwrap()]].concat());
        rows(&output)[0]["outcome"].as_str().unwrap().to_owned()
    }

    fn certs(&self, args: &[&str]) -> Vec<Value> {
        rows(&self.place.run(&[&["certs", "--json"], &JUNE[..], args].concat()))
    }

    fn addresses(&self, args: &[&str]) -> Vec<String> {
        let text = |row: &Value| row["address"].as_str().unwrap().to_owned();
        self.certs(&[&["list"], args].concat()).iter().map(text).collect()
    }

    fn fingerprint(&self, subject: &str) -> String {
        self.certs(&["list", "--subject", subject])[0]["fingerprint"].as_str().unwrap().to_owned()
    }

    /// The common name of each certificate with its state.
    fn states(&self) -> Vec<(String, String)> {
        let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
        let name = |row: &Value| text(row, "subject").split(',').next().unwrap().to_owned();
        let mut states: Vec<_> = self.certs(&["list"]).iter().map(|row| (name(row), text(row, "state"))).collect();
        states.sort();
        states
    }

    fn decides(&self, decision: &str, subject: &str) {
        let output = self.place.run(&["certs", decision, &self.fingerprint(subject)]);
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn certificates_are_found_by_what_is_known_of_them() {
    let office = Office::new();
    let all = office.addresses(&[]);
    assert_eq!(all, ["alice@goal.example", "alice@goal.example", "bob@GOAL.example", "carol@corp.example"]);
    assert_eq!(office.addresses(&["--domain", "GOAL.example"]), all[..3]);
    assert_eq!(office.addresses(&["--address", "CAROL@corp.example"]), all[3..]);
    assert_eq!(office.addresses(&["--subject", "mallory"]), all[..1]);
    assert_eq!(office.addresses(&["--issuer", "office root"]), all);
    assert_eq!(office.addresses(&["--issuer", "another root"]), Vec::<String>::new());
    assert_eq!(office.addresses(&["--state", "held"]), all[..1]);
    assert_eq!(office.addresses(&["--state", "held", "--state", "active"]), all);
    assert_eq!(office.addresses(&["--domain", "goal.example", "--subject", "bob", "--state", "active"]), all[2..3]);
    let fingerprint = office.fingerprint("Bob");
    assert_eq!(office.addresses(&["--fingerprint", &fingerprint.to_uppercase()[..9]]), all[2..3]);
    assert_eq!(
        office.addresses(&["--fingerprint", &fingerprint, "--address", "alice@goal.example"]),
        Vec::<String>::new()
    );
    let run = |args: &[&str]| office.place.run(&[&["certs", "list"], args].concat());
    complains(&run(&["--fingerprint", "xyz"]), 2, &["xyz", "not the beginning of a fingerprint"]);
    complains(&run(&["--address", "nobody"]), 2, &["nobody"]);
    complains(&run(&["--domain", "a b"]), 2, &["a b"]);
    assert_eq!(run(&["--state", "forgotten"]).status.code(), Some(2));
}

#[test]
fn a_candidate_stands_beside_what_is_in_use_with_what_differs() {
    let office = Office::new();
    let held = office.certs(&["held"]);
    assert_eq!(held.len(), 1);
    assert_eq!((&held[0]["address"], &held[0]["code"]), (&"alice@goal.example".into(), &"certificate-conflict".into()));
    assert_eq!(held[0]["differs"], serde_json::json!(["subject", "public key"]));
    assert!(held[0]["candidate"]["subject"].as_str().unwrap().contains("Mallory"));
    assert!(held[0]["in_use"]["subject"].as_str().unwrap().contains("Alice Smith"));
    let text = stdout(&office.place.run(&["certs", "held"]));
    for words in ["differs      subject, public key", "candidate CN=Mallory", "in use  CN=Alice Smith", "ec-p256"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    office.decides("reject", "Alice Smith");
    let held = office.certs(&["held"]);
    assert_eq!((&held[0]["code"], &held[0]["in_use"]), (&"address-decided".into(), &Value::Null));
}

#[test]
fn every_decision_is_undone_by_its_opposite() {
    let office = Office::new();
    let before = office.states();
    assert!(before.contains(&("CN=Mallory".to_owned(), "held".to_owned())), "{before:?}");
    // The decision, its effect on the candidate, and what takes it back.
    type Words<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, &str, Words<'_>); 4] = [
        ("approve", "active", &[("approve", "Alice Smith"), ("hold", "Mallory")]),
        ("reject", "rejected", &[("hold", "Mallory")]),
        ("disable", "disabled", &[("hold", "Mallory")]),
        ("pin", "pinned", &[("approve", "Alice Smith"), ("hold", "Mallory")]),
    ];
    for (decision, state, undo) in cases {
        office.decides(decision, "Mallory");
        assert!(office.states().contains(&("CN=Mallory".to_owned(), state.to_owned())), "{decision}");
        for (decision, subject) in undo {
            office.decides(decision, subject);
        }
        assert_eq!(office.states(), before, "{decision}");
    }
    for (decision, state) in [("disable", "disabled"), ("reject", "rejected"), ("pin", "pinned")] {
        office.decides(decision, "Bob");
        assert!(office.states().contains(&("CN=Bob".to_owned(), state.to_owned())));
        office.decides("approve", "Bob");
        assert_eq!(office.states(), before, "{decision}");
    }
    let pem = office.place.run(&["certs", "export", "bob@goal.example"]).stdout;
    let file = office.place.write("bob.pem", &pem);
    office.decides("remove", "Bob");
    assert_eq!(office.states().len(), 3);
    let add = [&["certs", "--trust", "root.pem"], &JUNE[..], &["add", file.to_str().unwrap()]].concat();
    assert!(office.place.run(&add).status.success());
    assert_eq!(office.states(), before, "remove");
    let trace = rows(&office.place.run(&["trace", "--json"]));
    let decided: Vec<_> = trace.iter().filter(|event| event["event"] == "decided").collect();
    assert_eq!(decided.len(), 4 + 2 + 1 + 1 + 2 + 6 + 1);
    assert!(decided.iter().all(|event| event["by"].is_string() && event["at"].is_string()));
    assert!(decided.iter().any(|event| event["decision"] == "hold"));
}

#[test]
fn a_decision_is_about_one_address_of_a_certificate() {
    let office = Office::new();
    let mut spec = CertSpec::mailbox("dora@goal.example", Key::P256(20));
    let name = |mailbox: &str| postseal_testkit::factory::Name::Rfc822(mailbox.as_bytes().to_vec());
    spec.names.extend([name("sales@goal.example"), name("late@goal.example")]);
    spec.subject = "Dora".to_owned();
    let dora = office.root.issue(&spec);
    let learns = |mailbox: &str| {
        let file = office.place.write("mail.eml", &SignedMail::new(mailbox, &dora).build());
        let args = [&["import", "--json", "--trust", "root.pem"], &JUNE[..], &[file.to_str().unwrap()]].concat();
        let row = &rows(&office.place.run(&args))[0];
        (row["outcome"].as_str().unwrap().to_owned(), row["code"].clone())
    };
    assert_eq!((learns("dora@goal.example").0, learns("sales@goal.example").0), ("imported".into(), "imported".into()));
    let fingerprint = office.fingerprint("Dora");
    let reject = |more: &[&str]| office.place.run(&[&["certs", "reject", &fingerprint], more].concat());
    complains(&reject(&[]), 2, &["dora@goal.example", "sales@goal.example", "choose with --address"]);
    assert!(reject(&["--address", "dora@goal.example"]).status.success());
    assert_eq!(learns("dora@goal.example"), ("refused".to_owned(), "certificate-rejected".into()));
    assert_eq!(learns("sales@goal.example").0, "already-known");
    assert_eq!(learns("late@goal.example").0, "imported");
    let help = stdout(&office.place.run(&["certs", "reject", "--help"]));
    assert!(help.starts_with("Never use a certificate for an address"), "{help}");
    assert!(help.contains("Other addresses of the certificate are not concerned"), "{help}");
}

#[test]
fn what_ends_soon_is_reported_in_parts() {
    let office = Office::new();
    let text = stdout(&office.place.run(&[&["certs", "expiring"], &JUNE[..]].concat()));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        (lines[0], lines[2], lines[3]),
        ("within 30 days: 1", "within 60 days: 0", "within 90 days: 1"),
        "{text}"
    );
    assert!(lines[1].contains("bob@GOAL.example until 2026-06-20, 19 days") && lines[4].contains("carol@corp.example"));
    let json = office.certs(&["expiring", "--days", "25"]);
    assert_eq!((json.len(), &json[0]["days"], &json[0]["has_successor"]), (1, &19.into(), &false.into()));
    // The successor of the same person, in time.
    assert_eq!(office.learns("bob@goal.example", "Bob", 11, "2027-06-20T00:00:00Z"), "renewed");
    let json = office.certs(&["expiring", "--days", "25"]);
    assert_eq!((json.len(), &json[0]["has_successor"]), (1, &true.into()));
    assert!(office.place.run(&["certs", "expiring", "--days", "0"]).status.code() == Some(2));
}

#[test]
fn what_ended_long_ago_is_purged_by_policy_and_nothing_else() {
    let office = Office::new();
    office.decides("disable", "Carol");
    let later = ["--at", "2027-03-01T00:00:00Z"];
    let purge = |args: &[&str]| office.place.run(&[&["certs", "--json"], &later[..], &["purge"], args].concat());
    complains(&purge(&[]), 2, &["--ended", "[retention]"]);
    assert_eq!(rows(&purge(&["--ended", "100", "--dry-run"]))[0]["removed"], 1);
    assert_eq!(office.states().len(), 4);
    office.place.write("postseal.toml", b"store = \"sqlite:postseal.db\"\n[retention]\nended_days = 100\n");
    let by_policy = rows(&purge(&["--config", "postseal.toml"]));
    assert_eq!((&by_policy[0]["removed"], &by_policy[0]["busy"]), (&1.into(), &0.into()));
    let left: Vec<String> = office.states().into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(left, ["CN=Alice Smith", "CN=Carol", "CN=Mallory"], "Alice ended 59 days ago, Carol is a tombstone");
    let trace = rows(&office.place.run(&["trace", "--json"]));
    let last = trace.last().unwrap();
    assert_eq!((&last["decision"], &last["by"]), (&"remove".into(), &"retention".into()));
}

#[test]
fn a_store_is_copied_whole_and_what_differs_is_told() {
    let office = Office::new();
    let other = office.place.run(&["import", "--tenant", "other", "--trust", "root.pem", JUNE[0], JUNE[1], "mail.eml"]);
    assert!(other.status.success());
    let copy = || office.place.run(&["store", "--json", "copy", "--to", "sqlite:copy.db"]);
    let first = rows(&copy());
    assert_eq!((&first[0]["written"], &first[0]["same"]), (&4.into(), &0.into()));
    let listed = |store: &str, tenant: &str| {
        stdout(&office.place.run(&["certs", "--json", "--store", store, "--tenant", tenant, "list"]))
    };
    for tenant in ["default", "other"] {
        assert_eq!(listed("sqlite:copy.db", tenant), listed("sqlite:postseal.db", tenant));
    }
    assert_eq!(rows(&copy())[0]["same"], 4);
    office.decides("disable", "Bob");
    let again = copy();
    assert_eq!(again.status.code(), Some(1), "somebody should look");
    assert_eq!(rows(&again)[0]["differing"][0]["address"], "bob@GOAL.example");
    let missing = office.place.run(&["store", "--store", "sqlite:missing.db", "copy", "--to", "sqlite:copy.db"]);
    complains(&missing, 1, &["missing.db", "there is no store"]);
    assert!(!office.place.path("missing.db").exists());
}

#[test]
fn a_store_is_checked_row_by_row() {
    let office = Office::new();
    let check = || office.place.run(&["store", "check"]);
    assert_eq!(stdout(&check()), "default: 3 addresses; 3 active, 1 held\n");
    let database = office.place.path("postseal.db");
    let damage = std::process::Command::new("python3")
        .args(["-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"UPDATE certificate SET der = x'3000'\"); c.commit()"])
        .arg(&database)
        .status();
    if !damage.is_ok_and(|status| status.success()) {
        return println!("SKIPPED: no python3 to damage the store");
    }
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("damage: tenant default: "), "{output:?}");
}

// hardening: L4
#[test]
fn a_flood_of_addresses_of_one_domain_ends_at_the_quota() {
    let office = Office::new();
    let text = b"store = \"sqlite:postseal.db\"\ntrust = [\"root.pem\"]\nimport = true\n[quotas]\nnew_addresses_per_domain_and_day = 2\n";
    office.place.write("postseal.toml", text);
    let outcome = |number: u64| {
        let mailbox = format!("flood{number}@flood.example");
        let person = office.root.issue(&CertSpec::mailbox(&mailbox, Key::P256(50 + number)));
        office.place.write("flood.eml", &SignedMail::new(&mailbox, &person).build());
        let args = [&["import", "--config", "postseal.toml", "--json"], &JUNE[..], &["flood.eml"]].concat();
        let rows = rows(&office.place.run(&args));
        (rows[0]["outcome"].as_str().unwrap().to_owned(), rows[0]["code"].clone())
    };
    assert_eq!(outcome(1), ("imported".to_owned(), Value::Null));
    assert_eq!(outcome(2), ("imported".to_owned(), Value::Null));
    assert_eq!(outcome(3), ("refused".to_owned(), "quota-exceeded".into()));
    assert_eq!(outcome(1).0, "already-known");
}
