//! Less trust, less room or fewer answers never turn a refusal into an import.

use super::*;
use postseal::PerRoute;
use postseal::drive::{self, Keep};
use postseal::revocation::{Mode, RevocationPolicy};
use postseal_testkit::ScriptedFetcher;
use postseal_testkit::corpus::{Case, attacks};
use postseal_testkit::factory::{CrlSpec, OcspSpec, Revoked, SignedMail, access_at, crl_at};
use proptest::prelude::*;

/// Every mail of the attack corpus with its own anchors, with those of all others too, and with none.
// hardening: D9
#[test]
fn fewer_anchors_import_no_more() {
    let cases = attacks();
    let mut all = TrustAnchors::default();
    for case in &cases {
        all.extend(case.anchors.clone());
    }
    let all = postseal_testkit::engine(all);
    let none = postseal_testkit::engine(TrustAnchors::default());
    let mut imported = 0;
    for case in &cases {
        let own = import(&case.engine(), &case.mail, case.verify_at);
        assert_ne!(import(&none, &case.mail, case.verify_at).outcome, Outcome::Imported, "{}", case.name);
        if own.outcome == Outcome::Imported {
            let more = import(&all, &case.mail, case.verify_at);
            assert_eq!((more.outcome, more.fingerprint), (own.outcome, own.fingerprint), "{}", case.name);
            imported += 1;
        }
    }
    assert!(imported > 20, "{imported}");
}

fn narrow(limits: &mut Limits, which: usize, factor: f64) {
    let all: [&mut usize; 22] = [
        &mut limits.message_bytes,
        &mut limits.header_bytes,
        &mut limits.header_field_bytes,
        &mut limits.header_fields,
        &mut limits.mime_depth,
        &mut limits.mime_parts,
        &mut limits.comment_depth,
        &mut limits.asn1_depth,
        &mut limits.asn1_elements,
        &mut limits.octet_string_segments,
        &mut limits.cms_bytes,
        &mut limits.certificates,
        &mut limits.certificate_bytes,
        &mut limits.extensions,
        &mut limits.names,
        &mut limits.attributes,
        &mut limits.attribute_bytes,
        &mut limits.path_depth,
        &mut limits.path_signatures,
        &mut limits.path_steps,
        &mut limits.name_comparisons,
        &mut limits.policies,
    ];
    let count = all.len();
    for (number, limit) in all.into_iter().enumerate() {
        if number == which % count {
            *limit = (*limit as f64 * factor) as usize;
        }
    }
}

/// A limit that is reached refuses; it never hides what would have refused.
// hardening: R2
#[test]
fn narrower_limits_import_no_more() {
    let cases: Vec<Case> = attacks().into_iter().filter(|case| case.mail.len() < 50_000).collect();
    let reports: Vec<Report> = cases.iter().map(|case| import(&case.engine(), &case.mail, case.verify_at)).collect();
    // From no room at all over a handful of octets to nearly as much as before.
    let factor = (0.0..18.0_f64).prop_map(|exponent| if exponent > 17.5 { 0.0 } else { (-exponent).exp2() });
    let narrowed = prop::collection::vec((0..22_usize, factor), 1..4);
    runner("limits", 600)
        .run(&(0..cases.len(), narrowed), |(number, narrowed)| {
            let (case, before) = (&cases[number], &reports[number]);
            let mut limits = Limits::default();
            narrowed.into_iter().for_each(|(which, factor)| narrow(&mut limits, which, factor));
            let engine = case.engine().with_limits(limits);
            let store = MemoryStore::new();
            let report = engine.import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
            if report.outcome == Outcome::Imported {
                prop_assert_eq!(
                    (before.outcome, before.fingerprint),
                    (Outcome::Imported, report.fingerprint),
                    "{}",
                    case.name
                );
            }
            Ok(())
        })
        .unwrap();
}

/// What a source of revocation says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    Truth,
    /// The opposite, signed by a CA of the same name with another key.
    Forged,
    Garbage,
    Down,
}

const LIST: &str = "http://ca.example/1.crl";
const RESPONDER: &str = "http://ocsp.ca.example/";

fn fetcher(person: &Person, is_revoked: bool, list: Says, responder: Says) -> ScriptedFetcher {
    let (true_root, false_root) = (root(), Authority::root("Root", Key::P256(77)));
    let crl = |authority: &Authority, is_revoked: bool| {
        let entries = if is_revoked { vec![Revoked::new(person.spec().serial)] } else { Vec::new() };
        authority.crl(&CrlSpec::new(entries))
    };
    let ocsp = |authority: &Authority, is_revoked: bool| {
        authority.ocsp(person, &if is_revoked { OcspSpec::revoked(1) } else { OcspSpec::good() })
    };
    let mut fetcher = ScriptedFetcher::new();
    for (at, says, octets) in [
        (LIST, list, &crl as &dyn Fn(&Authority, bool) -> Vec<u8>),
        (RESPONDER, responder, &ocsp as &dyn Fn(&Authority, bool) -> Vec<u8>),
    ] {
        fetcher = match says {
            Says::Truth => fetcher.serves(at, octets(&true_root, is_revoked)),
            Says::Forged => fetcher.serves(at, octets(&false_root, !is_revoked)),
            Says::Garbage => fetcher.serves(at, b"<html>not found</html>".to_vec()),
            Says::Down => fetcher,
        };
    }
    fetcher
}

/// Where revocation must be known, a mail is imported exactly when its certificate is good and somebody who may say so does.
// hardening: D10
#[test]
fn a_source_that_is_gone_lies_or_stammers_never_makes_a_revoked_certificate_good() {
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(1));
    spec.overrides.extra_extensions = vec![crl_at(&[LIST]), access_at(&[RESPONDER], &[])];
    let person = root().issue(&spec);
    let mail = SignedMail::new(FROM, &person).build();
    let all = [Says::Truth, Says::Forged, Says::Garbage, Says::Down];
    for is_revoked in [false, true] {
        for (list, responder) in all.into_iter().flat_map(|list| all.map(|responder| (list, responder))) {
            for mode in [Mode::Hard, Mode::Soft] {
                let mut policy = RevocationPolicy::default();
                (policy.mode, policy.fetch) = (mode, true);
                let engine = engine().with_revocation(PerRoute::new(policy));
                let (store, fetcher) = (MemoryStore::new(), fetcher(&person, is_revoked, list, responder));
                let operation = engine.import(&mail, Context::new(at(NOW)));
                let report = drive::run(operation, &Keep::new(&store).fetching(&fetcher), &(), &|| false).unwrap();
                let is_known = list == Says::Truth || responder == Says::Truth;
                let expected = if is_known { !is_revoked } else { mode == Mode::Soft };
                let says =
                    format!("revoked {is_revoked}, list {list:?}, responder {responder:?}, {mode:?}: {report:?}");
                assert_eq!(report.outcome == Outcome::Imported, expected, "{says}");
            }
        }
    }
}

/// A profile that asks for more takes nothing that another one refuses.
// hardening: D8
#[test]
fn a_stricter_profile_imports_no_more() {
    let mut imported = [0, 0, 0];
    for case in attacks() {
        let [strict, default, legacy] = [Profile::Strict, Profile::Default, Profile::Legacy]
            .map(|profile| import(&case.engine().with_profile(profile), &case.mail, case.verify_at));
        for (narrow, wide) in [(&strict, &default), (&default, &legacy)] {
            if narrow.outcome == Outcome::Imported {
                assert_eq!((wide.outcome, wide.fingerprint), (narrow.outcome, narrow.fingerprint), "{}", case.name);
            }
        }
        for (count, report) in imported.iter_mut().zip([strict, default, legacy]) {
            *count += usize::from(report.outcome == Outcome::Imported);
        }
    }
    assert!(imported[1] > 20 && imported[2] >= imported[1], "{imported:?}");
}
