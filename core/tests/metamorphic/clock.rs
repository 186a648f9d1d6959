//! Time is the host's clock; what a mail says of it counts for nothing.

use super::*;
use postseal::store::CertStore;
use postseal_testkit::factory::SignedMail;
use proptest::prelude::*;

const DAY: i64 = 86_400;

fn day(text: &str) -> i64 {
    at(text).seconds() / DAY
}

fn states(store: &dyn CertStore) -> Vec<(postseal::Fingerprint, postseal::store::State)> {
    let entries = store.entries(&Tenant::default()).unwrap();
    entries
        .iter()
        .flat_map(|entry| &entry.certs)
        .map(|(cert, state)| (cert.certificate.fingerprint(), *state))
        .collect()
}

// hardening: D12, P13
#[test]
fn a_mail_is_imported_exactly_while_its_path_is_valid_whatever_it_says_itself() {
    let engine = engine();
    let (first, last) = (day("2026-01-01T00:00:00Z"), day("2036-01-01T00:00:00Z"));
    let around = prop_oneof![first - 3..first + 3, last - 3..last + 3, first - 3_000..last + 20_000];
    runner("clock", 150)
        .run(&(around, 0..=1_i64, 1_951..2_049_i32, 1..=12_u8), |(today, second, year, month)| {
            let mail = SignedMail::new(FROM, &alice())
                .signed_at(&format!("{year}-{month:02}-01T12:00:00Z"))
                .header("Date: Thu, 01 Jan 1970 00:00:00 +0000");
            let now = UnixTime::from_seconds(today * DAY - second);
            let report = import(&engine, &mail.build(), now);
            // notAfter is the last moment (RFC 5280 4.1.2.5).
            let is_valid = at("2026-01-01T00:00:00Z") <= now && now <= at("2036-01-01T00:00:00Z");
            prop_assert_eq!(report.outcome == Outcome::Imported, is_valid, "{:?}", report.error);
            Ok(())
        })
        .unwrap();
}

/// A clock that jumps, mails at any time and in any order: whatever became of one, bringing it again at the same moment changes
/// nothing. What another moment may change is in the model of `just model`.
// hardening: D12, P13
#[test]
fn mails_that_come_again_change_nothing_however_the_clock_jumps() {
    let engine = engine();
    let (first, second) =
        (alice(), root().issue(&alice().renewal(["2035-12-01T00:00:00Z", "2038-01-01T00:00:00Z"], None)));
    let mails = [SignedMail::new(FROM, &first).build(), SignedMail::new(FROM, &second).build()];
    let arrivals = prop::collection::vec((0..2_usize, day("2025-06-01T00:00:00Z")..day("2039-01-01T00:00:00Z")), 1..12);
    runner("again", 100)
        .run(&arrivals, |arrivals| {
            let store = MemoryStore::new();
            for (which, today) in arrivals {
                let now = UnixTime::from_seconds(today * DAY);
                let context = || Context::new(now);
                let report = engine.import_mail(&mails[which], context(), &store, &()).unwrap();
                let before = states(&store);
                let again = engine.import_mail(&mails[which], context(), &store, &()).unwrap();
                prop_assert_eq!(states(&store), before, "{:?} and then {:?}", report.outcome, again.outcome);
                prop_assert!(!matches!(again.outcome, Outcome::Imported | Outcome::Renewed), "twice: {:?}", again);
            }
            Ok(())
        })
        .unwrap();
}
