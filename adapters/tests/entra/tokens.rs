//! Tokens: how they are asked for, how long they are used, and that they are seen nowhere.

use crate::microsoft::{CLIENT, Microsoft, Route, SECRET, app_certificate, base64, error, give, patient};
use crate::server::{Reply, serve, with_fields};
use crate::world::{ALICE, ask, ask_one, contacts, der, invoke, preview, query};
use postseal::directory::DirectoryResolver as _;
use postseal_adapters::directory::entra::{EntraCredential, EntraError, ManagedIdentity};
use postseal_testkit::factory::{Key, pem};
use serde_json::json as j;
use std::sync::Arc;
use std::time::Duration;

fn microsoft_with_alice() -> Microsoft {
    let microsoft = Microsoft::start();
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&der(ALICE))]));
    microsoft.add("mailbox", ALICE, "BinaryArray 0x3A70", j!([base64(&der(ALICE))]));
    microsoft
}

#[test]
fn a_certificate_signs_who_asks() {
    let microsoft = microsoft_with_alice();
    let (certificate, key) = app_certificate();
    let credential = EntraCredential::certificate(CLIENT, certificate.as_bytes(), key.as_bytes()).unwrap();
    let directory = microsoft.directory_with(credential, patient()).with_source(preview()).with_source(contacts());
    assert_eq!(ask(&directory, &[ALICE, "no@goal.example"]), ["2", "none"]);
    assert_eq!(microsoft.count(Route::Login), 2, "one for Exchange, one for Graph");
    for (_, request) in &microsoft.state().requests {
        let shown = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!shown.contains("PRIVATE"));
    }
    let other = pem(&Key::Rsa(4).private_key()).replace("CERTIFICATE", "PRIVATE KEY");
    for (certificate, key, expected) in [
        (certificate.as_str(), other.as_str(), EntraError::CertificateOfAnotherKey),
        (certificate.as_str(), "none", EntraError::UnreadableKey),
        ("none", key.as_str(), EntraError::UnreadableCertificate),
    ] {
        let refused = EntraCredential::certificate(CLIENT, certificate.as_bytes(), key.as_bytes());
        assert_eq!(refused.unwrap_err(), expected);
    }
}

#[test]
fn a_federated_token_is_read_each_time() {
    let microsoft = microsoft_with_alice();
    microsoft.state().lifetime = Some(j!(1));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let credential = EntraCredential::federated_token_file(CLIENT, &file);
    let directory = microsoft.directory_with(credential, patient()).with_source(preview());
    assert_eq!(ask_one(&directory, ALICE), "the federated token cannot be read");
    for token in ["federated.token.1\n", "federated.token.2"] {
        std::fs::write(&file, token).unwrap();
        assert_eq!(ask_one(&directory, ALICE), "1");
        let sent = microsoft.state().requests.iter().rev().find(|(route, _)| *route == Route::Login).unwrap().1.clone();
        assert!(String::from_utf8(sent.body).unwrap().ends_with(&format!("client_assertion={}", token.trim())));
        std::thread::sleep(Duration::from_millis(1_100));
    }
}

#[test]
fn managed_identities_are_asked_as_platforms_want_it() {
    let microsoft = microsoft_with_alice();
    let state = Arc::clone(&microsoft.state);
    let port = serve(None, move |request| {
        let target = url::Url::parse(&format!("http://x{}", request.target)).unwrap();
        let option =
            |name: &str| target.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned());
        let is_machine = target.path() == "/metadata/identity/oauth2/token"
            && request.field("metadata") == Some("true")
            && option("api-version").as_deref() == Some("2018-02-01")
            && option("client_id").as_deref() == Some(CLIENT);
        let is_service = target.path() == "/msi/token"
            && request.field("x-identity-header") == Some("he&der")
            && option("api-version").as_deref() == Some("2019-08-01");
        match option("resource") {
            Some(resource) if is_machine || is_service => give(&mut state.lock().unwrap(), resource, &j!("86399")),
            _ => error(400, "invalid_request"),
        }
    });
    let machine = ManagedIdentity::of_machine_at(&format!("http://127.0.0.1:{port}")).unwrap();
    let service = ManagedIdentity::of_app_service(&format!("http://127.0.0.1:{port}/msi/token"), "he&der").unwrap();
    for (identity, client) in [(machine, Some(CLIENT)), (service, None)] {
        let credential = EntraCredential::managed_identity(identity, client);
        let directory = microsoft.directory_with(credential, patient()).with_source(preview()).with_source(contacts());
        assert_eq!(ask(&directory, &[ALICE, "no@goal.example"]), ["2", "none"]);
    }
    assert_eq!(microsoft.count(Route::Login), 0);
}

#[test]
fn one_token_serves_many_who_ask_at_once() {
    let microsoft = microsoft_with_alice();
    let directory = microsoft.directory().with_source(preview());
    std::thread::scope(|scope| {
        for thread in (0..12).map(|_| scope.spawn(|| ask_one(&directory, ALICE))).collect::<Vec<_>>() {
            assert_eq!(thread.join().unwrap(), "1");
        }
    });
    assert_eq!(microsoft.count(Route::Login), 1);
}

#[test]
fn a_token_is_renewed_before_its_end_and_used_on_when_that_fails() {
    let microsoft = microsoft_with_alice();
    microsoft.state().lifetime = Some(j!(10));
    let directory = microsoft.directory().with_source(preview());
    assert_eq!(ask_one(&directory, ALICE), "1");
    assert_eq!(ask_one(&directory, ALICE), "1");
    assert_eq!(microsoft.count(Route::Login), 1);
    std::thread::sleep(Duration::from_millis(8_100));
    microsoft.state().always.insert(Route::Login, error(400, "invalid_client"));
    assert_eq!(ask_one(&directory, ALICE), "1");
    assert_eq!(microsoft.count(Route::Login), 2);
}

// hardening: P9
#[test]
fn a_refused_token_is_fetched_anew_once() {
    let microsoft = microsoft_with_alice();
    let directory = microsoft.directory().with_source(preview());
    assert_eq!(ask_one(&directory, ALICE), "1");
    microsoft.state().revoke();
    assert_eq!(ask_one(&directory, ALICE), "1", "it was refused once, and anew it was taken");
    assert_eq!(microsoft.count(Route::Login), 2);
    microsoft.state().always.insert(Route::Exchange, error(401, "InvalidAuthenticationToken"));
    let before = microsoft.count(Route::Exchange);
    let words = "answers with status 401 (InvalidAuthenticationToken): it does not take the token";
    assert_eq!(ask_one(&directory, ALICE), words);
    assert_eq!((microsoft.count(Route::Exchange) - before, microsoft.count(Route::Login)), (2, 3));
}

// hardening: P9, R9
#[test]
fn tokens_and_secrets_are_seen_nowhere() {
    let microsoft = microsoft_with_alice();
    let directory = microsoft.directory().with_source(invoke()).with_source(contacts());
    let mut shown = format!("{:?}", directory.resolve(&query(&[ALICE, "no@goal.example"])).unwrap());
    for reply in
        [error(400, "x"), error(401, "x"), error(403, "x"), error(500, "x"), Reply::Raw(b"HTTP/1.1 700".to_vec())]
    {
        for route in [Route::Exchange, Route::Graph, Route::Batch, Route::Login] {
            let fresh = microsoft.directory().with_source(invoke()).with_source(contacts());
            microsoft.state().always = [(route, reply.clone())].into();
            shown.push_str(&format!("{:?} {fresh:?} {:?}", fresh.resolve(&query(&[ALICE])), fresh.check()));
        }
    }
    shown.push_str(&format!("{directory:?}"));
    let tokens = microsoft.state().given();
    assert!(tokens.len() > 4);
    for secret in tokens.iter().map(String::as_str).chain([SECRET, "alice", "\u{1b}", "eyJ"]) {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    // Each went to its own service, and none to the login service: the fake would not have taken it.
    assert_eq!(microsoft.violations(), Vec::<String>::new());
}

#[test]
fn a_wrong_clock_is_named() {
    let microsoft = microsoft_with_alice();
    let fields = [("Date", "Fri, 01 Jan 2100 00:00:00 GMT")];
    let body = j!({"error": "invalid_client", "error_codes": [700_024]});
    microsoft.state().always.insert(Route::Login, with_fields(401, &fields, &body));
    let words = ask_one(&microsoft.directory().with_source(preview()), ALICE);
    assert!(
        words.starts_with(
            "gives no token: status 401 (invalid_client, AADSTS700024); the clock of this machine differs from its by "
        ),
        "{words}"
    );
}

#[test]
fn what_is_no_token_is_none() {
    for (body, expected) in [
        (j!({"token_type": "Bearer", "expires_in": 3599}), "answers with something that is no token"),
        (
            j!({"token_type": "Bearer", "expires_in": 3599, "access_token": 7}),
            "answers with something that is no token",
        ),
        (j!([]), "answers with something that is no token"),
        (
            j!({"token_type": "pop", "expires_in": 3599, "access_token": "x"}),
            "answers with a token of another kind, or without its lifetime",
        ),
        (
            j!({"token_type": "Bearer", "expires_in": -1, "access_token": "x"}),
            "answers with a token of another kind, or without its lifetime",
        ),
        (
            j!({"token_type": "Bearer", "expires_in": 3599, "access_token": "x\r\ny: z"}),
            "answers with a token that is none",
        ),
    ] {
        let microsoft = microsoft_with_alice();
        microsoft.state().always.insert(Route::Login, crate::server::json(200, &body));
        assert_eq!(ask_one(&microsoft.directory().with_source(preview()), ALICE), expected, "{body}");
    }
}
