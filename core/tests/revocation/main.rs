//! Revocation as a host sees it: sources, policies, and what the trace says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "test code"
)]

mod costs;
mod recipients;
mod speakers;

use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Keep, Lookup};
use postseal::import;
use postseal::resolve::{self, Outcome, RecipientReport};
use postseal::revocation::{Crl, Mode, Order, Reason, RevocationPolicy};
use postseal::store::Tenant;
use postseal::trace::Kind;
use postseal::verify::{Intermediates, Limits, TrustAnchors};
use postseal::{Address, Certificate, Code, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, CrlSpec, Form, Key, KeyUse, OcspSpec, Person, Revoked, SignedMail, access_at,
    crl_at, crl_scope, ocsp_nocheck,
};
use postseal_testkit::{MemoryStore, Recorder, ScriptedDirectory, ScriptedFetcher};
use std::sync::Arc;

const LIST: &str = "http://ca.example/1.crl";
const ROOT_LIST: &str = "http://root.example/1.crl";
const RESPONDER: &str = "http://ocsp.ca.example/";
const ALICE: &str = "alice@goal.example";

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

fn middle() -> Authority {
    let mut spec = AuthoritySpec::new("Mail CA", Key::P256(2));
    spec.serial = 77;
    spec.overrides.extra_extensions = vec![crl_at(&[ROOT_LIST])];
    root().subordinate(&spec)
}

fn spec() -> CertSpec {
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![crl_at(&[LIST]), access_at(&[RESPONDER], &[])];
    spec
}

fn alice() -> Person {
    middle().issue(&spec())
}

/// A name with an organization: an issuer is fetched only where an anchor shares it.
fn named(organization: &str, common: &str) -> Vec<u8> {
    use postseal_testkit::factory::der::{oid, sequence, set_of, utf8};
    let part = |kind: &str, text: &str| set_of(vec![sequence(&[&oid(kind), &utf8(text)])]);
    sequence(&[&part("2.5.4.10", organization), &part("2.5.4.3", common)])
}

fn mail(person: &Person, certificates: Vec<Vec<u8>>) -> Vec<u8> {
    let mut mail = SignedMail::new(&format!("Alice <{ALICE}>"), person).form(Form::OpaqueBer);
    for certificate in certificates {
        mail = mail.with_certificate(&certificate);
    }
    mail.build()
}

fn policy(mode: Mode, fetch: bool) -> RevocationPolicy {
    let mut policy = RevocationPolicy::default();
    (policy.mode, policy.fetch) = (mode, fetch);
    policy
}

fn engine(policy: RevocationPolicy) -> Engine {
    let limits = Limits::default();
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &limits).unwrap();
    let intermediates = Intermediates::from_pem(middle().pem().as_bytes(), &limits).unwrap();
    postseal_testkit::engine(anchors).with_intermediates(intermediates).with_revocation(PerRoute::new(policy))
}

fn crl(der: &[u8]) -> Crl {
    Crl::from_der(der, &Limits::default()).unwrap()
}

fn good_root_list() -> Vec<u8> {
    root().crl(&CrlSpec::new(Vec::new()))
}

/// Outcome, code and trace of an import into an empty store.
fn import(engine: &Engine, mail: &[u8], fetcher: &ScriptedFetcher) -> (&'static str, Option<Code>, Recorder) {
    let (store, recorder) = (MemoryStore::new(), Recorder::default());
    let operation = engine.import(mail, import::Context::new(now()));
    let report = drive::run(operation, &Keep::new(&store).fetching(fetcher), &recorder, &|| false).unwrap();
    (report.outcome.name(), report.error.map(|error| error.code()), recorder)
}

fn kinds(recorder: &Recorder) -> Vec<Kind> {
    recorder.events().into_iter().map(|event| event.kind).collect()
}

/// One recipient, with this lent certificate.
fn resolve(
    engine: &Engine,
    lent: &[u8],
    store: &MemoryStore,
    fetcher: &ScriptedFetcher,
) -> (Outcome, Option<Code>, Arc<Recorder>) {
    let (report, recorder) = report(engine, &[lent], store, fetcher);
    (report.outcome, report.error.map(|error| error.code()), recorder)
}

fn report(
    engine: &Engine,
    lent: &[&[u8]],
    store: &MemoryStore,
    fetcher: &ScriptedFetcher,
) -> (RecipientReport, Arc<Recorder>) {
    let engine = engine.clone().with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("staff"))));
    let address = Address::parse(ALICE).unwrap();
    let fill = |directory: ScriptedDirectory, der: &&[u8]| directory.lends(&address, der.to_vec());
    let directory = lent.iter().fold(ScriptedDirectory::new(), fill);
    let recorder = Arc::new(Recorder::default());
    let context = resolve::Context::new(now(), recorder.clone());
    let operation = engine.resolve(vec![address], Vec::new(), context).unwrap();
    let world = Lookup::new(store).directory(DirectoryId::new("staff"), &directory).fetching(fetcher);
    let resolution = drive::run(operation, &world, &*recorder, &|| false).unwrap();
    (resolution.reports().next().unwrap().clone(), recorder)
}

// hardening: D10
#[test]
fn unknown_passes_or_blocks_as_the_policy_says() {
    let mail = mail(&alice(), Vec::new());
    let nobody = ScriptedFetcher::new();
    for (mode, fetch, outcome, code) in [
        (Mode::Off, true, "imported", None),
        (Mode::Soft, false, "imported", None),
        (Mode::Soft, true, "imported", None),
        (Mode::Hard, false, "refused", Some(Code::RevocationUnknown)),
        (Mode::Hard, true, "deferred", Some(Code::RevocationUnavailable)),
    ] {
        let (got, error, recorder) = import(&engine(policy(mode, fetch)), &mail, &nobody);
        assert_eq!((got, error), (outcome, code), "{mode:?} {fetch}");
        let unknown = recorder.names().iter().filter(|name| **name == "revocation-unknown").count();
        assert_eq!(unknown, if mode == Mode::Off { 0 } else { 2 }, "{mode:?} {fetch}: leaf and intermediate");
    }
    // Off asks nobody; without fetching nobody is asked either.
    assert_eq!(nobody.asked().len(), 6, "two lists and one responder, twice: {:?}", nobody.asked());
}

#[test]
fn a_list_decides_wherever_it_comes_from() {
    let good = middle().crl(&CrlSpec::new(vec![Revoked::new(1)]));
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)]));
    let mail = mail(&alice(), Vec::new());
    for (list, outcome, code) in [(&good, "imported", None), (&revoked, "refused", Some(Code::CertificateRevoked))] {
        let configured = engine(policy(Mode::Hard, false)).with_crls(vec![crl(list), crl(&good_root_list())]);
        let (got, error, _) = import(&configured, &mail, &ScriptedFetcher::new());
        assert_eq!((got, error), (outcome, code));
        let fetcher = ScriptedFetcher::new().serves(LIST, list.clone()).serves(ROOT_LIST, good_root_list());
        let (got, error, recorder) = import(&engine(policy(Mode::Hard, true)), &mail, &fetcher);
        assert_eq!((got, error), (outcome, code));
        let at = UnixTime::from_rfc3339("2026-03-01T00:00:00Z").unwrap();
        let said = kinds(&recorder).iter().any(|kind| {
            matches!(kind, Kind::CertificateRevoked { at: since, reason: Reason::KeyCompromise, .. } if *since == at)
        });
        assert_eq!(said, code.is_some(), "{:?}", kinds(&recorder));
    }
    // Revoked blocks under the soft policy as well.
    let fetcher = ScriptedFetcher::new().serves(LIST, revoked);
    assert_eq!(import(&engine(policy(Mode::Soft, true)), &mail, &fetcher).1, Some(Code::CertificateRevoked));
}

#[test]
fn a_revoked_intermediate_ends_the_path_unless_another_ca_vouches_for_its_key() {
    let revoked = root().crl(&CrlSpec::new(vec![Revoked::new(77).because(2)]));
    let mail_of = |certificates| mail(&alice(), certificates);
    let engine = engine(policy(Mode::Soft, false)).with_crls(vec![crl(&revoked)]);
    let nobody = ScriptedFetcher::new();
    assert_eq!(import(&engine, &mail_of(Vec::new()), &nobody).1, Some(Code::CertificateRevoked));
    // The same CA, with the same key, in a certificate that is not revoked.
    let mut again = AuthoritySpec::new("Mail CA", Key::P256(2));
    again.serial = 78;
    let again = root().subordinate(&again);
    let (outcome, _, recorder) = import(&engine, &mail_of(vec![again.der().to_vec()]), &nobody);
    assert_eq!(outcome, "imported");
    assert!(recorder.names().contains(&"certificate-revoked"));
}

// hardening: D10
#[test]
fn lists_that_do_not_count_are_named() {
    let entry = || vec![Revoked::new(4096).because(1)];
    let spec = |change: &dyn Fn(&mut CrlSpec)| {
        let mut spec = CrlSpec::new(entry());
        change(&mut spec);
        spec
    };
    let unknown = postseal_testkit::factory::extension("1.3.6.1.4.1.99999.1", true, &[5, 0]);
    let hold = |spec: &mut CrlSpec| {
        spec.entries = vec![Revoked::new(4096).because(6)];
        spec.next_update = Some("2026-05-20T00:00:00Z".to_owned());
    };
    for (list, code) in [
        (middle().crl(&spec(&|spec| spec.broken_signature = true)), Code::CrlSignatureInvalid),
        (middle().crl(&spec(&|spec| spec.signed_by = Some(Key::P256(9)))), Code::CrlIssuerNotFound),
        (
            middle().crl(&spec(&|spec| (spec.signed_by, spec.key_identifier) = (Some(Key::P256(9)), false))),
            Code::CrlSignatureInvalid,
        ),
        (middle().crl(&spec(&hold)), Code::CrlStale),
        (middle().crl(&spec(&|spec| spec.this_update = "2026-06-02T00:00:00Z".to_owned())), Code::CrlNotYetValid),
        (middle().crl(&spec(&|spec| spec.extra_extensions = vec![unknown.clone()])), Code::CrlCriticalExtension),
        (
            middle().crl(&spec(&|spec| spec.entries[0].extra_extensions = vec![unknown.clone()])),
            Code::CrlCriticalExtension,
        ),
    ] {
        let engine = engine(policy(Mode::Soft, false)).with_crls(vec![crl(&list)]);
        let (outcome, _, recorder) = import(&engine, &mail(&alice(), Vec::new()), &ScriptedFetcher::new());
        assert_eq!(outcome, "imported", "{code:?}");
        let named = kinds(&recorder).into_iter().find_map(|kind| match kind {
            Kind::CrlUnusable { error, .. } => Some(error.code()),
            _ => None,
        });
        assert_eq!(named, Some(code), "{:?}", kinds(&recorder));
    }
}

#[test]
fn what_was_revoked_stays_revoked_when_the_list_is_old() {
    let mut old = CrlSpec::new(vec![Revoked::new(4096).because(4)]);
    old.next_update = Some("2026-05-20T00:00:00Z".to_owned());
    let stale = engine(policy(Mode::Soft, false)).with_crls(vec![crl(&middle().crl(&old))]);
    let mail = mail(&alice(), Vec::new());
    assert_eq!(import(&stale, &mail, &ScriptedFetcher::new()).1, Some(Code::CertificateRevoked));
    // A newer list that does not name it any more decides.
    let newer = middle().crl(&CrlSpec { this_update: "2026-05-21T00:00:00Z".to_owned(), ..CrlSpec::new(Vec::new()) });
    let engine = engine(policy(Mode::Soft, false)).with_crls(vec![crl(&middle().crl(&old)), crl(&newer)]);
    assert_eq!(import(&engine, &mail, &ScriptedFetcher::new()).0, "imported");
}

// hardening: D10
#[test]
fn the_scope_of_a_list_is_kept_to() {
    let scoped = |url, flags: &[u8]| {
        let spec = CrlSpec { scope: Some(crl_scope(url, flags)), ..CrlSpec::new(vec![Revoked::new(4096)]) };
        crl(&middle().crl(&spec))
    };
    let mail = mail(&alice(), Vec::new());
    for (list, is_about) in [
        (scoped(None, &[]), true),
        (scoped(Some(LIST), &[]), true),
        (scoped(Some("http://ca.example/2.crl"), &[]), false),
        (scoped(None, &[1]), true),
        (scoped(None, &[2]), false),
        (scoped(None, &[5]), false),
        (scoped(None, &[4]), true),
    ] {
        let engine = engine(policy(Mode::Soft, false)).with_crls(vec![list.clone()]);
        let (_, code, _) = import(&engine, &mail, &ScriptedFetcher::new());
        assert_eq!(code.is_some(), is_about, "{list:?}");
    }
}

// hardening: D10
#[test]
fn the_responder_is_asked_and_checked() {
    let responder = |spec: CertSpec| middle().issue(&spec);
    let delegate = || {
        let mut spec = CertSpec::mailbox("ocsp@ca.example", Key::P256(20));
        spec.names.clear();
        spec.key_use = KeyUse::Sign;
        spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.9".to_owned()];
        spec.overrides.extra_extensions = vec![ocsp_nocheck()];
        spec
    };
    let by = |spec: CertSpec| OcspSpec { responder: Some(responder(spec)), ..OcspSpec::good() };
    let stranger = Authority::root("Mail CA", Key::P256(30)).issue(&delegate());
    let other = CertSpec { extended_key_usage: vec!["1.3.6.1.5.5.7.3.4".to_owned()], ..delegate() };
    let expired = CertSpec { not_after: "2026-05-01T00:00:00Z".to_owned(), ..delegate() };
    let critical = postseal_testkit::factory::extension("1.3.6.1.4.1.99999.1", true, &[5, 0]);
    let mut odd = delegate();
    odd.overrides.extra_extensions.push(critical);
    let stale = OcspSpec { next_update: Some("2026-05-31T12:00:00Z".to_owned()), ..OcspSpec::good() };
    let early = OcspSpec { this_update: "2026-06-01T01:00:00Z".to_owned(), ..OcspSpec::good() };
    let another = OcspSpec { serial: Some(vec![2, 1, 9]), ..OcspSpec::good() };
    let cases = [
        (OcspSpec::good(), Ok(())),
        (OcspSpec { by_key: true, ..OcspSpec::good() }, Ok(())),
        (OcspSpec { digest: postseal_testkit::factory::Digest::Sha256, ..OcspSpec::good() }, Ok(())),
        (by(delegate()), Ok(())),
        (OcspSpec::revoked(4), Err(Code::CertificateRevoked)),
        (OcspSpec::unknown(), Err(Code::OcspUnknown)),
        (stale, Err(Code::OcspStale)),
        (early, Err(Code::OcspNotYetValid)),
        (another, Err(Code::OcspMismatch)),
        (OcspSpec { broken_signature: true, ..OcspSpec::good() }, Err(Code::OcspSignatureInvalid)),
        (by(other), Err(Code::OcspSignerNotAllowed)),
        (by(expired), Err(Code::OcspSignerNotAllowed)),
        (by(odd), Err(Code::OcspSignerNotAllowed)),
        (OcspSpec { responder: Some(stranger), ..OcspSpec::good() }, Err(Code::OcspSignerNotAllowed)),
    ];
    let mut ocsp_first = policy(Mode::Hard, true);
    ocsp_first.order = Order::OcspFirst;
    for (spec, expected) in cases {
        let response = middle().ocsp(&alice(), &spec);
        // The address of the list answers, with one that says nothing about her.
        let fetcher = ScriptedFetcher::new()
            .serves(RESPONDER, response)
            .serves(LIST, good_root_list())
            .serves(ROOT_LIST, good_root_list());
        let (outcome, code, recorder) = import(&engine(ocsp_first), &mail(&alice(), Vec::new()), &fetcher);
        match expected {
            Ok(()) => assert_eq!(outcome, "imported", "{spec:?}: {:?}", kinds(&recorder)),
            Err(expected) => {
                assert_eq!((outcome, code), ("refused", Some(expected)), "{spec:?}: {:?}", kinds(&recorder));
            }
        }
        assert_eq!(fetcher.asked()[0], RESPONDER);
    }
}

#[test]
fn nonces_are_sent_and_compared() {
    let seen = ScriptedFetcher::new();
    let import = |nonce: [u8; 32], required: bool, fetcher: &ScriptedFetcher| {
        let mut policy = policy(Mode::Hard, true);
        (policy.order, policy.nonce_required) = (Order::OcspFirst, required);
        let operation =
            engine(policy).import(&mail(&alice(), Vec::new()), import::Context::new(now()).ocsp_nonce(nonce));
        let store = MemoryStore::new();
        let report = drive::run(operation, &Keep::new(&store).fetching(fetcher), &(), &|| false).unwrap();
        report.error.map(|error| error.code())
    };
    import([1; 32], false, &seen);
    import([2; 32], false, &seen);
    assert_ne!(seen.requests()[0], seen.requests()[1], "each has a nonce of its own");
    // The nonce is the end of the request: an OCTET STRING of 32 octets (RFC 9654 2.1).
    let request = &seen.requests()[0];
    let nonce = request[request.len() - 32..].to_vec();
    let answer = |nonce: Option<Vec<u8>>| {
        let response = middle().ocsp(&alice(), &OcspSpec { nonce, ..OcspSpec::good() });
        let fetcher = ScriptedFetcher::new().serves(RESPONDER, response).serves(LIST, good_root_list());
        fetcher.serves(ROOT_LIST, good_root_list())
    };
    assert_eq!(import([1; 32], true, &answer(Some(nonce.clone()))), None);
    assert_eq!(import([1; 32], false, &answer(None)), None);
    assert_eq!(import([1; 32], true, &answer(None)), Some(Code::OcspNonceMismatch));
    assert_eq!(import([2; 32], false, &answer(Some(nonce))), Some(Code::OcspNonceMismatch));
}

#[test]
fn a_list_in_the_mail_counts_only_under_the_path() {
    let signed = |crl: Vec<u8>| {
        SignedMail::new(&format!("Alice <{ALICE}>"), &alice()).form(Form::OpaqueBer).with_crl(&crl).build()
    };
    let soft = engine(policy(Mode::Soft, false));
    let nobody = ScriptedFetcher::new();
    let revoked = CrlSpec::new(vec![Revoked::new(4096)]);
    assert_eq!(import(&soft, &signed(middle().crl(&revoked)), &nobody).1, Some(Code::CertificateRevoked));
    let forged = Authority::root("Mail CA", Key::P256(40)).crl(&revoked);
    assert_eq!(import(&soft, &signed(forged), &nobody).0, "imported");
    // Where something newer can be had, the one that the sender chose is not enough.
    let good = signed(middle().crl(&CrlSpec::new(Vec::new())));
    let newer = middle().crl(&CrlSpec { this_update: "2026-05-30T00:00:00Z".to_owned(), ..revoked });
    let fetcher = ScriptedFetcher::new().serves(LIST, newer);
    assert_eq!(import(&engine(policy(Mode::Soft, true)), &good, &fetcher).1, Some(Code::CertificateRevoked));
    let hard = engine(policy(Mode::Hard, false)).with_crls(vec![crl(&good_root_list())]);
    assert_eq!(import(&hard, &good, &nobody).0, "imported");
    // The same list from its own place is enough: no responder is asked.
    let same = ScriptedFetcher::new()
        .serves(LIST, middle().crl(&CrlSpec::new(Vec::new())))
        .serves(ROOT_LIST, good_root_list());
    assert_eq!(import(&engine(policy(Mode::Hard, true)), &good, &same).0, "imported");
    assert_eq!(same.asked(), [LIST, ROOT_LIST]);
}

#[test]
fn changes_to_a_list_are_taken_into_account() {
    let with = |delta: CrlSpec| {
        let base = CrlSpec::new(vec![Revoked::new(4096).because(6)]);
        let lists = vec![crl(&middle().crl(&base)), crl(&middle().crl(&delta)), crl(&good_root_list())];
        let engine = engine(policy(Mode::Hard, false)).with_crls(lists);
        import(&engine, &mail(&alice(), Vec::new()), &ScriptedFetcher::new()).1
    };
    let delta = |entries, number, base| CrlSpec {
        number: Some(number),
        base: Some(base),
        this_update: "2026-05-30T00:00:00Z".to_owned(),
        ..CrlSpec::new(entries)
    };
    let back = || vec![Revoked::new(4096).because(8)];
    assert_eq!(with(delta(back(), 2, 1)), None, "it was only suspended");
    assert_eq!(with(delta(Vec::new(), 2, 1)), Some(Code::CertificateRevoked));
    assert_eq!(with(delta(back(), 1, 1)), Some(Code::CertificateRevoked), "not newer than the complete list");
    assert_eq!(with(delta(back(), 3, 2)), Some(Code::CertificateRevoked), "continues another list");
    let stale = CrlSpec { next_update: Some("2026-05-31T00:00:00Z".to_owned()), ..delta(back(), 2, 1) };
    assert_eq!(with(stale), Some(Code::CertificateRevoked));
    let forged = CrlSpec { signed_by: Some(Key::P256(9)), key_identifier: true, ..delta(back(), 2, 1) };
    assert_eq!(with(forged), Some(Code::CertificateRevoked));
}

#[test]
fn what_was_fetched_serves_until_its_time_is_over_and_only_its_tenant() {
    let engine = engine(policy(Mode::Hard, true));
    let fetcher = ScriptedFetcher::new()
        .serves(LIST, middle().crl(&CrlSpec::new(Vec::new())))
        .serves(ROOT_LIST, good_root_list());
    let mail = mail(&alice(), Vec::new());
    let import = |tenant: &str, at: &str| {
        let at = UnixTime::from_rfc3339(at).unwrap();
        let operation = engine.import(&mail, import::Context::new(at).tenant(Tenant::new(tenant)));
        let store = MemoryStore::new();
        drive::run(operation, &Keep::new(&store).fetching(&fetcher), &(), &|| false).unwrap();
        fetcher.asked().len()
    };
    assert_eq!(import("a", "2026-06-01T00:00:00Z"), 2);
    assert_eq!(import("a", "2026-06-02T00:00:00Z"), 2, "from the cache");
    assert_eq!(import("b", "2026-06-02T00:00:00Z"), 4, "tenants share nothing");
    assert_eq!(import("a", "2026-07-02T00:00:00Z"), 7, "over: asked again, the responder too");
}

#[test]
fn a_forged_list_does_not_stay_in_the_cache() {
    let engine = engine(policy(Mode::Hard, true));
    let forged = Authority::root("Mail CA", Key::P256(40)).crl(&CrlSpec::new(Vec::new()));
    let first = ScriptedFetcher::new().serves(LIST, forged).serves(ROOT_LIST, good_root_list());
    let mail = mail(&alice(), Vec::new());
    assert_eq!(import(&engine, &mail, &first).0, "deferred", "the responder does not answer");
    let second = ScriptedFetcher::new().serves(LIST, middle().crl(&CrlSpec::new(Vec::new())));
    assert_eq!(import(&engine, &mail, &second).0, "imported");
}

// hardening: P11
#[test]
fn nobody_is_asked_about_a_certificate_without_a_path() {
    let stranger = Authority::root("Root", Key::P256(50)).issue(&spec());
    let fetcher = ScriptedFetcher::new();
    let (outcome, _, _) = import(&engine(policy(Mode::Hard, true)), &mail(&stranger, Vec::new()), &fetcher);
    assert_eq!((outcome, fetcher.asked().len()), ("refused", 0));
}

#[test]
fn an_entry_revokes_whatever_its_reason_looks_like() {
    let odd = postseal_testkit::factory::extension("2.5.29.21", false, &[2, 1, 1]);
    let entry = Revoked { extra_extensions: vec![odd], ..Revoked::new(4096) };
    let engine = engine(policy(Mode::Soft, false)).with_crls(vec![crl(&middle().crl(&CrlSpec::new(vec![entry])))]);
    let (_, code, _) = import(&engine, &mail(&alice(), Vec::new()), &ScriptedFetcher::new());
    assert_eq!(code, Some(Code::CertificateRevoked));
}

#[test]
fn a_certificate_with_unreadable_distribution_points_can_be_revoked() {
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![postseal_testkit::factory::extension("2.5.29.31", false, &[5, 0])];
    let mail = mail(&middle().issue(&spec), Vec::new());
    let nobody = ScriptedFetcher::new();
    let with = |mode, entries| {
        let lists = vec![crl(&middle().crl(&CrlSpec::new(entries))), crl(&good_root_list())];
        import(&engine(policy(mode, false)).with_crls(lists), &mail, &nobody).1
    };
    assert_eq!(with(Mode::Soft, vec![Revoked::new(4096)]), Some(Code::CertificateRevoked));
    assert_eq!(with(Mode::Hard, Vec::new()), Some(Code::ExtensionMalformed));
}

#[test]
fn what_may_become_known_later_is_deferred_whatever_old_lists_say() {
    let stale = CrlSpec { next_update: Some("2026-05-20T00:00:00Z".to_owned()), ..CrlSpec::new(Vec::new()) };
    let stale = middle().crl(&stale);
    let hard = engine(policy(Mode::Hard, true)).with_crls(vec![crl(&stale), crl(&good_root_list())]);
    let message = mail(&alice(), Vec::new());
    let (outcome, code, _) = import(&hard, &message, &ScriptedFetcher::new());
    assert_eq!((outcome, code), ("deferred", Some(Code::RevocationUnavailable)));
    // As when the responder asks to try again later.
    let later = ScriptedFetcher::new().serves(LIST, stale).serves(RESPONDER, vec![0x30, 3, 0x0a, 1, 3]);
    let hard = engine(policy(Mode::Hard, true)).with_crls(vec![crl(&good_root_list())]);
    let (outcome, code, _) = import(&hard, &message, &later);
    assert_eq!((outcome, code), ("deferred", Some(Code::OcspUnavailable)));
}

#[test]
fn a_required_nonce_cannot_come_from_nowhere() {
    let response = middle().ocsp(&alice(), &OcspSpec::good());
    let fetcher = ScriptedFetcher::new()
        .serves(RESPONDER, response)
        .serves(LIST, good_root_list())
        .serves(ROOT_LIST, good_root_list());
    let mut strict = policy(Mode::Hard, true);
    (strict.order, strict.nonce_required) = (Order::OcspFirst, true);
    let mail = mail(&alice(), Vec::new());
    // The host has supplied none.
    assert_eq!(import(&engine(strict), &mail, &fetcher).1, Some(Code::OcspNonceMismatch));
    // Another route was content without one.
    let mut lax = strict;
    lax.nonce_required = false;
    let routes = PerRoute::new(lax).route(Tenant::default(), "strict", strict);
    let engine = engine(lax).with_revocation(routes);
    assert_eq!(import(&engine, &mail, &fetcher).0, "imported");
    let context = import::Context::new(now()).route("strict").ocsp_nonce([1; 32]);
    let store = MemoryStore::new();
    let report =
        drive::run(engine.import(&mail, context), &Keep::new(&store).fetching(&fetcher), &(), &|| false).unwrap();
    assert_eq!(report.error.map(|error| error.code()), Some(Code::OcspNonceMismatch));
}

#[test]
fn a_list_of_a_new_key_does_not_speak_over_that_of_the_old_one() {
    let mut renewed = AuthoritySpec::new("Mail CA", Key::P256(80));
    renewed.serial = 79;
    renewed.not_before = "2026-05-01T00:00:00Z".to_owned();
    let renewed = root().subordinate(&renewed);
    let newer = |entries| CrlSpec { this_update: "2026-05-30T00:00:00Z".to_owned(), ..CrlSpec::new(entries) };
    let hers = || vec![Revoked::new(4096).because(1)];
    let mail = mail(&alice(), vec![renewed.der().to_vec()]);
    let with = |lists: &[Vec<u8>]| {
        let lists = lists.iter().map(|list| crl(list)).chain([crl(&good_root_list())]);
        let engine = engine(policy(Mode::Hard, false)).with_crls(lists.collect());
        import(&engine, &mail, &ScriptedFetcher::new()).1
    };
    // Some CAs give each of their keys a list of its own, of what that key has signed.
    let of_each = [renewed.crl(&newer(Vec::new())), middle().crl(&CrlSpec::new(hers()))];
    assert_eq!(with(&of_each), Some(Code::CertificateRevoked));
    // Others sign one list for all with the new key.
    let of_new = [renewed.crl(&newer(hers())), middle().crl(&CrlSpec::new(Vec::new()))];
    assert_eq!(with(&of_new), Some(Code::CertificateRevoked));
    assert_eq!(with(&[renewed.crl(&newer(Vec::new()))]), None);
}

#[test]
fn a_responder_that_may_be_revoked_must_be_known_where_the_policy_wants_to_know() {
    let mut spec = CertSpec::mailbox("ocsp@ca.example", Key::P256(20));
    spec.names.clear();
    (spec.key_use, spec.serial) = (KeyUse::Sign, 500);
    spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.9".to_owned()];
    let responder = || Some(middle().issue(&spec));
    let import = |mode| {
        let response = middle().ocsp(&alice(), &OcspSpec { responder: responder(), ..OcspSpec::good() });
        let mut ocsp_first = policy(mode, true);
        ocsp_first.order = Order::OcspFirst;
        let engine = engine(ocsp_first).with_crls(vec![crl(&good_root_list())]);
        let fetcher = ScriptedFetcher::new().serves(RESPONDER, response).serves(LIST, good_root_list());
        let (_, code, recorder) = import(&engine, &mail(&alice(), Vec::new()), &fetcher);
        (code, recorder.names().contains(&"ocsp-unusable"))
    };
    assert_eq!(import(Mode::Soft), (None, false));
    assert_eq!(import(Mode::Hard), (Some(Code::OcspSignerNotAllowed), true));
}
