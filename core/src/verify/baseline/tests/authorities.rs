//! CAs have rules of their own.

use super::*;

/// A CA that meets every requirement.
fn authority() -> AuthoritySpec {
    let mut spec = AuthoritySpec::new("Mail CA", Key::P256(3));
    spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.4".to_owned()];
    spec.overrides.serial = Some(vec![0x4b, 1, 2, 3, 4, 5, 6, 7, 8]);
    spec.overrides.extra_extensions = vec![
        extension("2.5.29.32", false, &sequence(&[&policy("2.5.29.32.0")])),
        extension("2.5.29.31", false, &distribution_point(&[&uri("http://crl.example/root.crl")])),
    ];
    spec
}

/// The same with all its extensions by hand, without those that `without` names, and with others.
fn by_hand(without: &[&str], with: &[Vec<u8>]) -> AuthoritySpec {
    let authority_key = sequence(&[&tlv(0x80, &[b"key"])]);
    let usual = [
        ("2.5.29.19", true, sequence(&[&[1, 1, 0xff]])),
        ("2.5.29.15", true, vec![3, 2, 1, 6]),
        ("2.5.29.37", false, sequence(&[&oid("1.3.6.1.5.5.7.3.4")])),
        ("2.5.29.32", false, sequence(&[&policy("2.23.140.1.5.1.3")])),
        ("2.5.29.31", false, distribution_point(&[&uri("http://crl.example/root.crl")])),
        ("2.5.29.35", false, authority_key),
        ("2.5.29.14", false, octet_string(b"key")),
    ];
    let kept = usual.iter().filter(|(dotted, _, _)| !without.contains(dotted));
    let extensions = kept.map(|(dotted, critical, value)| extension(dotted, *critical, value));
    let mut spec = authority();
    spec.overrides.extensions = Some(extensions.chain(with.to_vec()).collect());
    spec
}

fn findings_of(spec: &AuthoritySpec) -> Vec<&'static str> {
    let der = Authority::root("Root", Key::P256(1)).subordinate(spec);
    let certificate = Certificate::from_der(der.der(), &Limits::default()).unwrap();
    baseline_findings(&certificate, &Limits::default()).iter().map(BaselineRule::name).collect()
}

#[test]
fn authorities_have_rules_of_their_own() {
    assert_eq!(findings_of(&authority()), [""; 0]);
    assert_eq!(findings_of(&by_hand(&[], &[])), [""; 0]);
    // A Cross Certificate may have no extended key usage.
    assert_eq!(findings_of(&by_hand(&["2.5.29.37"], &[])), [""; 0]);
    let key = || octet_string(b"key");
    let purposes = |dotted: &[&str]| sequence(&[&dotted.iter().flat_map(|dotted| oid(dotted)).collect::<Vec<u8>>()]);
    let list = distribution_point(&[&uri("http://crl.example/root.crl")]);
    let ldap = distribution_point(&[&uri("ldap://crl.example/root")]);
    let alone = sequence(&[&tlv(0x80, &[b"key"])]);
    let cases: &[(&str, &str, Option<Vec<u8>>)] = &[
        ("ca-certificate-policies", "2.5.29.32", None),
        ("ca-certificate-policies", "2.5.29.32", Some(extension("2.5.29.32", false, &sequence(&[&policy("1.2.3")])))),
        ("ca-crl-distribution-points", "2.5.29.31", None),
        ("ca-crl-distribution-points", "2.5.29.31", Some(extension("2.5.29.31", false, &ldap))),
        ("ca-crl-distribution-points", "2.5.29.31", Some(extension("2.5.29.31", true, &list))),
        ("ca-authority-information-access", "", Some(extension("1.3.6.1.5.5.7.1.1", true, &sequence(&[])))),
        ("ca-basic-constraints", "2.5.29.19", Some(extension("2.5.29.19", false, &sequence(&[&[1, 1, 0xff]])))),
        ("ca-key-usage", "2.5.29.15", None),
        ("ca-key-usage", "2.5.29.15", Some(extension("2.5.29.15", true, &[3, 2, 2, 4]))),
        ("ca-key-usage", "2.5.29.15", Some(extension("2.5.29.15", false, &[3, 2, 1, 6]))),
        ("ca-extended-key-usage", "2.5.29.37", Some(extension("2.5.29.37", false, &purposes(&["1.3.6.1.5.5.7.3.2"])))),
        (
            "ca-extended-key-usage",
            "2.5.29.37",
            Some(extension("2.5.29.37", false, &purposes(&["1.3.6.1.5.5.7.3.4", "2.5.29.37.0"]))),
        ),
        ("ca-authority-key-identifier", "2.5.29.35", None),
        ("ca-authority-key-identifier", "2.5.29.35", Some(extension("2.5.29.35", false, &sequence(&[])))),
        ("ca-authority-key-identifier", "2.5.29.35", Some(extension("2.5.29.35", true, &alone))),
        ("ca-subject-key-identifier", "2.5.29.14", None),
        ("ca-subject-key-identifier", "2.5.29.14", Some(extension("2.5.29.14", true, &key()))),
    ];
    for (number, (rule, without, with)) in cases.iter().enumerate() {
        assert_eq!(findings_of(&by_hand(&[without], with.as_slice())), [*rule], "case {number}");
    }
    let mut small = authority();
    small.overrides.serial = Some(vec![2]);
    assert_eq!(findings_of(&small), ["serial-number"]);
}

#[test]
fn the_strict_profile_looks_at_the_authorities_of_the_path() {
    let root = Authority::root("Root", Key::P256(1));
    let limits = Limits::default();
    let anchors = TrustAnchors::new(vec![Certificate::from_der(root.der(), &limits).unwrap()]);
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let path = |spec: &AuthoritySpec, first: &str, profile| {
        let ca = root.subordinate(spec);
        let mut person = CertSpec::mailbox(MAILBOX, Key::P256(2));
        person.not_before = first.to_owned();
        let [person, ca] = [ca.issue(&person).der(), ca.der()].map(|der| Certificate::from_der(der, &limits).unwrap());
        find_path(&person, &[ca], &anchors, profile, &limits, now).map(|path| path.intermediates().len())
    };
    let sound = authority();
    let mut lax = AuthoritySpec::new("Mail CA", Key::P256(3));
    let (transition, after) = ("2024-09-14T23:59:59Z", "2024-09-15T00:00:00Z");
    let refused = Err(Code::ProfileStrict.into());
    assert_eq!(path(&sound, after, Profile::Strict), Ok(1));
    assert_eq!(path(&lax, after, Profile::Strict), refused);
    assert_eq!(path(&lax, transition, Profile::Strict), refused);
    assert_eq!(path(&lax, after, Profile::Default), Ok(1));
    lax.not_before = "2023-08-31T23:59:59Z".to_owned();
    assert_eq!(path(&lax, transition, Profile::Strict), Ok(1));
    assert_eq!(path(&lax, after, Profile::Strict), refused);
}
