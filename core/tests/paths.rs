//! In which order issuers are tried, and what a search says that finds no path.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

use postseal::verify::{Limits, PathInputs, Profile, TrustAnchors, find_path, find_path_with};
use postseal::{Certificate, Code, UnixTime};
use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Key, Name, der, extension};

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

fn at(time: &str) -> UnixTime {
    UnixTime::from_rfc3339(time).unwrap()
}

fn certificate(der: &[u8]) -> Certificate {
    Certificate::from_der(der, &Limits::default()).unwrap()
}

/// One of many CAs with the same name.
fn namesake(key: u64, change: impl Fn(&mut AuthoritySpec)) -> Authority {
    namesake_below(&root(), key, change)
}

fn namesake_below(authority: &Authority, key: u64, change: impl Fn(&mut AuthoritySpec)) -> Authority {
    let mut spec = AuthoritySpec::new("Namesake", Key::P256(key));
    change(&mut spec);
    authority.subordinate(&spec)
}

/// What the search says to Alice's certificate with these helping it, in this order and in the other.
fn both_ways(issuer: &Authority, others: &[Authority], limits: &Limits) -> [Result<usize, Code>; 2] {
    let leaf = certificate(issuer.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(3))).der());
    let anchors = TrustAnchors::new(vec![certificate(root().der())]);
    let now = at("2026-06-01T00:00:00Z");
    let mut pool: Vec<_> = others.iter().chain([issuer]).map(|authority| certificate(authority.der())).collect();
    [false, true].map(|turned| {
        if turned {
            pool.reverse();
        }
        find_path(&leaf, &pool, &anchors, Profile::Default, limits, now)
            .map(|path| path.intermediates().len())
            .map_err(|error| error.code())
    })
}

/// Two signatures are enough when the right one is tried first, however many bear its name (RFC 5280 4.2.1.1).
// hardening: D9
#[test]
fn the_key_identifier_says_which_issuer_is_tried_first() {
    let others: Vec<_> = (10..20).map(|key| namesake(key, |_| {})).collect();
    for (path_signatures, expected) in [(2, Ok(1)), (1, Err(Code::SignatureBudget))] {
        let mut limits = Limits::default();
        limits.path_signatures = path_signatures;
        assert_eq!(both_ways(&namesake(5, |_| {}), &others, &limits), [expected; 2]);
    }
}

/// Of faults that are as near to an anchor, that of the issuer which was tried first, in whatever order they came.
#[test]
fn the_most_promising_issuer_says_why_there_is_no_path() {
    let no_authority = |spec: &mut AuthoritySpec| spec.is_ca = Some(false);
    let strange = |spec: &mut AuthoritySpec| {
        spec.overrides.extra_extensions = vec![extension("1.3.6.1.4.1.99999.9", true, &[5, 0])];
    };
    let limits = Limits::default();
    let [first, turned] = both_ways(&namesake(5, no_authority), &[namesake(10, strange)], &limits);
    assert_eq!((first, turned), (Err(Code::IssuerNotCa), Err(Code::IssuerNotCa)));
    let [first, turned] = both_ways(&namesake(5, strange), &[namesake(10, no_authority)], &limits);
    assert_eq!((first, turned), (Err(Code::CriticalExtension), Err(Code::CriticalExtension)));
}

/// Ways to an anchor with one fault each, from the fault that is found farthest from it to the nearest.
fn faults() -> Vec<(Code, Vec<Authority>)> {
    let mut short = AuthoritySpec::new("Short", Key::P256(6));
    short.path_length = Some(0);
    let (short, middle) = (root().subordinate(&short), root().authority("Middle", Key::P256(7)));
    vec![
        (Code::PathNotFound, vec![namesake_below(&Authority::root("Nobody", Key::P256(8)), 5, |_| {})]),
        (Code::PathSignatureInvalid, vec![namesake(5, |spec| spec.overrides.broken_signature = true)]),
        (Code::IssuerNotCa, vec![namesake(5, |spec| spec.is_ca = Some(false))]),
        (Code::CertificateExpired, vec![namesake(5, |spec| "2026-05-01T00:00:00Z".clone_into(&mut spec.not_after))]),
        (Code::PathLength, vec![namesake_below(&short, 5, |_| {}), short]),
        (Code::PathTooDeep, vec![namesake_below(&middle, 5, |_| {}), middle]),
        (
            Code::NameNotPermitted,
            vec![namesake(5, |spec| spec.permitted = vec![Name::Rfc822(b"other.example".to_vec())])],
        ),
        (Code::PolicyNotValid, vec![namesake(5, |_| {})]),
    ]
}

/// Whoever asks why a mail was refused hears of the candidate that was nearly right.
#[test]
fn the_fault_that_is_nearest_to_an_anchor_is_named() {
    let leaf = namesake(5, |_| {}).issue(&CertSpec::mailbox("alice@goal.example", Key::P256(3)));
    let anchors = TrustAnchors::new(vec![certificate(root().der())]);
    let (mut inputs, mut limits) = (PathInputs::default(), Limits::default());
    (inputs.initial_explicit_policy, limits.path_depth) = (true, 2);
    let faults = faults();
    for (number, (nearer, ways)) in faults.iter().enumerate() {
        for others in faults.iter().take(number.max(1)) {
            let pool: Vec<_> = ways.iter().chain(&others.1).map(|authority| certificate(authority.der())).collect();
            let turned: Vec<_> = pool.iter().rev().cloned().collect();
            for pool in [pool, turned] {
                let now = at("2026-06-01T00:00:00Z");
                let path =
                    find_path_with(&certificate(leaf.der()), &pool, &anchors, &inputs, Profile::Default, &limits, now);
                assert_eq!(path.map_err(|error| error.code()).err(), Some(*nearer), "beside {}", others.0);
            }
        }
    }
}

/// Both ends belong to the validity (RFC 5280 4.1.2.5).
// hardening: D9
#[test]
fn a_certificate_is_valid_in_its_first_and_in_its_last_second() {
    let issuer = namesake(5, |_| {});
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(3));
    (spec.not_before, spec.not_after) = ("2026-02-01T00:00:00Z".to_owned(), "2026-03-01T00:00:00Z".to_owned());
    let leaf = certificate(issuer.issue(&spec).der());
    let anchors = TrustAnchors::new(vec![certificate(root().der())]);
    for (now, expected) in [
        ("2026-01-31T23:59:59Z", Some(Code::CertificateNotYetValid)),
        ("2026-02-01T00:00:00Z", None),
        ("2026-03-01T00:00:00Z", None),
        ("2026-03-01T00:00:01Z", Some(Code::CertificateExpired)),
    ] {
        let pool = [certificate(issuer.der())];
        let path = find_path(&leaf, &pool, &anchors, Profile::Default, &Limits::default(), at(now));
        assert_eq!(path.map_err(|error| error.code()).err(), expected, "{now}");
    }
}

fn of_leaf(change: impl Fn(&mut CertSpec)) -> Result<usize, Code> {
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(3));
    change(&mut spec);
    let anchors = TrustAnchors::new(vec![certificate(root().der())]);
    let now = at("2026-06-01T00:00:00Z");
    find_path(&certificate(root().issue(&spec).der()), &[], &anchors, Profile::Default, &Limits::default(), now)
        .map(|path| path.intermediates().len())
        .map_err(|error| error.code())
}

/// RFC 5280 4.2: what is critical is understood, or the certificate is refused. RFC 8550 4.4 has key identifiers understood.
// hardening: D9
#[test]
fn a_critical_extension_is_known_and_can_be_read() {
    let identifier = der::octet_string(&[1; 20]);
    let authority = der::sequence(&[&der::tlv(0x80, &[&Key::P256(1).identifier()])]);
    let by_serial = der::sequence(&[&der::tlv(0xa1, &[&der::tlv(0x82, &[b"ca.example"])]), &der::tlv(0x82, &[&[1]])]);
    let san = der::sequence(&[&der::tlv(0x81, &[b"alice@goal.example"])]);
    for (dotted, value) in [("2.5.29.14", &identifier), ("2.5.29.35", &authority), ("2.5.29.35", &by_serial)] {
        let is_critical = |value: &[u8]| {
            of_leaf(|spec| {
                let extensions = vec![extension("2.5.29.17", false, &san), extension(dotted, true, value)];
                spec.overrides.extensions = Some(extensions);
            })
        };
        assert_eq!(is_critical(value), Ok(0), "{dotted}");
        assert_eq!(is_critical(&[5, 0]), Err(Code::CriticalExtension), "{dotted}");
    }
    for dotted in ["2.5.29.31", "2.5.29.30", "2.5.29.46"] {
        for critical in [true, false] {
            let expected = match (critical, dotted) {
                (false, _) => Ok(0),
                (true, "2.5.29.30") => Err(Code::NameConstraintUndecidable),
                (true, _) => Err(Code::CriticalExtension),
            };
            let scraps = extension(dotted, critical, &[5, 0]);
            let result = of_leaf(|spec| spec.overrides.extra_extensions = vec![scraps.clone()]);
            assert_eq!(result, expected, "{dotted} {critical}");
        }
    }
    let scraps = |spec: &mut AuthoritySpec| {
        spec.overrides.extra_extensions = vec![extension("2.5.29.17", true, &[5, 0])];
    };
    assert_eq!(both_ways(&namesake(5, scraps), &[], &Limits::default()), [Err(Code::CriticalExtension); 2]);
}

/// A company has hundreds of domains, with three forms for each.
// hardening: D9
#[test]
fn an_authority_may_have_many_subtrees() {
    for (count, expected) in [(200, Ok(1)), (1024, Ok(1)), (1025, Err(Code::NamesTooMany))] {
        let domains = (1..count).map(|number| Name::Dns(format!("d{number}.example")));
        let permitted: Vec<_> = domains.chain([Name::Rfc822(b"goal.example".to_vec())]).collect();
        let issuer = namesake(5, |spec| spec.permitted.clone_from(&permitted));
        assert_eq!(both_ways(&issuer, &[], &Limits::default()), [expected; 2], "{count}");
    }
}
