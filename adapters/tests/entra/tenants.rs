//! Many who ask: tenants beside each other, runtimes around, a thousand recipients.

use crate::microsoft::{CLIENT, Microsoft, Route, SECRET, base64, error, patient};
use crate::world::{ALICE, ask, ask_one, contacts, der, preview, query, shown};
use postseal::directory::DirectoryResolver as _;
use postseal_adapters::directory::entra::{EntraCredential, Usability};
use serde_json::json as j;
use std::time::Duration;

// hardening: P9, P15
#[test]
fn one_tenant_does_not_feel_the_others_trouble() {
    let (good, bad) = (Microsoft::start(), Microsoft::start());
    for microsoft in [&good, &bad] {
        microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&der(ALICE))]));
    }
    bad.state().always.insert(Route::Exchange, error(500, "x"));
    let mut limits = patient();
    limits.retries = 0;
    let secret = || EntraCredential::client_secret(CLIENT, SECRET);
    let (well, ill) =
        (good.directory().with_source(preview()), bad.directory_with(secret(), limits).with_source(preview()));
    for round in 0..6 {
        assert_ne!(ask_one(&ill, ALICE), "1");
        assert_eq!(ask_one(&well, ALICE), "1", "{round}");
    }
    assert_eq!((good.count(Route::Login), bad.count(Route::Login)), (1, 1), "each has a token of its own");
    let taken = |microsoft: &Microsoft| microsoft.state().given();
    assert!(taken(&good).iter().all(|token| !taken(&bad).contains(token)));
}

#[test]
fn it_works_inside_of_any_runtime() {
    let microsoft = Microsoft::start();
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&der(ALICE))]));
    let directory = microsoft.directory().with_source(preview());
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for runtime in [&one, &many] {
        let (blocking, awaited, check) = runtime.block_on(async {
            let blocking = ask_one(&directory, ALICE);
            let awaited = shown(&directory.resolve_async(&query(&[ALICE, "no@goal.example"])).await.unwrap());
            (blocking, awaited, directory.check_async().await.unwrap())
        });
        assert_eq!((blocking.as_str(), awaited), ("1", vec!["1".to_owned(), "none".to_owned()]));
        assert_eq!(check[0].usability, Usability::Usable);
    }
    // Its connections are not those of a runtime that has ended.
    drop((one, many));
    assert_eq!(ask_one(&directory, ALICE), "1");
}

// hardening: R8
#[test]
fn a_question_that_is_dropped_stops() {
    let microsoft = Microsoft::start();
    let mut limits = patient();
    limits.at_once = 1;
    let directory =
        microsoft.directory_with(EntraCredential::client_secret(CLIENT, SECRET), limits).with_source(preview());
    assert_eq!(ask_one(&directory, ALICE), "none");
    let answer = error(404, "Request_ResourceNotFound");
    microsoft
        .state()
        .always
        .insert(Route::Exchange, crate::server::Reply::Slow(Duration::from_millis(150), Box::new(answer)));
    let addresses: Vec<String> = (0..100).map(|number| format!("user{number}@goal.example")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = query(&addresses);
    let gave_up = runtime.block_on(async {
        tokio::time::timeout(Duration::from_millis(400), directory.resolve_async(&asked)).await.is_err()
    });
    assert!(gave_up);
    std::thread::sleep(Duration::from_millis(300));
    let then = microsoft.count(Route::Exchange);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(microsoft.count(Route::Exchange), then);
    microsoft.state().always.clear();
    assert_eq!(ask_one(&directory, ALICE), "none", "and nothing is left locked");
}

#[test]
fn a_thousand_recipients_go_in_batches() {
    let microsoft = Microsoft::start();
    let addresses: Vec<String> = (0..1_000).map(|number| format!("user{number}@goal.example")).collect();
    for address in addresses.iter().step_by(2) {
        microsoft.add("mailbox", address, "BinaryArray 0x3A70", j!([base64(&[0x30, 0])]));
    }
    let directory = microsoft.directory().with_source(contacts());
    let texts: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let replies = ask(&directory, &texts);
    let expected: Vec<&str> = (0..1_000).map(|number| if number % 2 == 0 { "1" } else { "none" }).collect();
    assert_eq!(replies, expected);
    // 1 000 lists and 500 contacts.
    assert!((75..=120).contains(&microsoft.count(Route::Batch)), "{}", microsoft.count(Route::Batch));
    // Who is left over goes by himself.
    assert_eq!(microsoft.count(Route::Item) + microsoft.count(Route::Graph), 1_500);
    assert_eq!(microsoft.count(Route::Login), 1);
    assert_eq!(microsoft.violations(), Vec::<String>::new());
    assert!(directory.resolve(&query(&[])).unwrap().is_empty());
}
