//! Sources that cost work or memory and say nothing.

use super::*;

#[test]
fn forged_lists_in_the_mail_do_not_use_up_what_the_right_one_costs() {
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)]));
    let stranger = Authority::root("Mail CA", Key::P256(40));
    let mut mail = SignedMail::new(&format!("Alice <{ALICE}>"), &alice()).form(Form::OpaqueBer);
    // As many as are looked at, and large: hashing them costs as well.
    let padding = postseal_testkit::factory::extension("1.3.6.1.4.1.99999.2", false, &vec![0; 310 << 10]);
    for number in 0..32 {
        let forged = CrlSpec {
            this_update: "2026-05-31T00:00:00Z".to_owned(),
            number: Some(number),
            key_identifier: false,
            extra_extensions: vec![padding.clone()],
            ..CrlSpec::new(Vec::new())
        };
        mail = mail.with_crl(&stranger.crl(&forged));
    }
    let mail = mail.build();
    let nobody = ScriptedFetcher::new();
    let configured = engine(policy(Mode::Soft, false)).with_crls(vec![crl(&revoked)]);
    assert_eq!(import(&configured, &mail, &nobody).1, Some(Code::CertificateRevoked));
    let fetcher = ScriptedFetcher::new().serves(LIST, revoked);
    assert_eq!(import(&engine(policy(Mode::Soft, true)), &mail, &fetcher).1, Some(Code::CertificateRevoked));
}

#[test]
fn a_list_about_others_does_not_stay_in_the_cache() {
    let engine = engine(policy(Mode::Soft, true));
    let mail = mail(&alice(), Vec::new());
    // The root's list holds, and says nothing about what the intermediate has issued.
    let wrong = ScriptedFetcher::new().serves(LIST, good_root_list()).serves(ROOT_LIST, good_root_list());
    assert_eq!(import(&engine, &mail, &wrong).0, "imported");
    let right = ScriptedFetcher::new().serves(LIST, middle().crl(&CrlSpec::new(vec![Revoked::new(4096)])));
    assert_eq!(import(&engine, &mail, &right).1, Some(Code::CertificateRevoked));
}

#[test]
fn addresses_of_issuers_that_do_not_answer_count_as_well() {
    let authority = |common: &str, key| {
        let mut spec = AuthoritySpec::new(common, key);
        spec.overrides.subject = Some(named("Goal", common));
        spec
    };
    let root = Authority::self_signed(&authority("Root", Key::P256(70)));
    let urls: Vec<String> = (0..20).map(|number| format!("http://{number}.example/ca.cer")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![access_at(&[], &urls)];
    let alice = root.subordinate(&authority("CA", Key::P256(71))).issue(&spec);
    let mut policy = RevocationPolicy::default();
    policy.fetch_issuers = true;
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let engine = postseal_testkit::engine(anchors).with_revocation(PerRoute::new(policy));
    let fetcher = ScriptedFetcher::new();
    let (outcome, code, _) = resolve(&engine, alice.der(), &MemoryStore::new(), &fetcher);
    assert_eq!((outcome, code), (Outcome::Unavailable, Some(Code::IssuerUnavailable)));
    assert_eq!(fetcher.asked().len(), 2);
}
