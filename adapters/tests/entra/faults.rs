//! Every fault of HTTP and of Microsoft's services: what is said, how often it is tried, and that it ends in time.

use crate::microsoft::{CLIENT, Microsoft, Route, SECRET, base64, error, patient, throttled};
use crate::server::{Reply, black_hole, dead_port, json, serve, tls_for, tls_root, with_fields};
use crate::world::{ALICE, ask, ask_one, contacts, der, invoke, preview};
use postseal_adapters::directory::entra::{Cloud, EntraCredential, EntraDirectory, EntraLimits};
use postseal_testkit::factory::{Authority, Key};
use serde_json::json as j;
use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

fn with_alice() -> Microsoft {
    let microsoft = Microsoft::start();
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&der(ALICE))]));
    microsoft.add("mailbox", ALICE, "BinaryArray 0x3A70", j!([base64(&der(ALICE))]));
    microsoft
}

fn within(total: Duration) -> EntraLimits {
    let mut limits = patient();
    (limits.total, limits.request) = (total, total);
    limits
}

fn secret() -> EntraCredential {
    EntraCredential::client_secret(CLIENT, SECRET)
}

// hardening: P9
#[test]
fn every_status_has_its_meaning_and_its_number_of_tries() {
    for (status, tries, words) in [
        (400, 1, "answers with status 400 (SomeCode): it does not know what it is asked for"),
        (401, 2, "answers with status 401 (SomeCode): it does not take the token"),
        (403, 1, "answers with status 403 (SomeCode): the application lacks a permission"),
        (404, 1, "answers with status 404 (SomeCode): this service does not offer it"),
        (409, 1, "answers with status 409 (SomeCode)"),
        (410, 1, "answers with status 410 (SomeCode): this service does not offer it"),
        (429, 4, "answers with status 429 (SomeCode)"),
        (500, 4, "answers with status 500 (SomeCode)"),
        (502, 4, "answers with status 502 (SomeCode)"),
        (503, 4, "answers with status 503 (SomeCode)"),
        (504, 4, "answers with status 504 (SomeCode)"),
        (302, 1, "answers with status 302 (SomeCode); redirects are not followed"),
        (204, 1, "answers with status 204"),
    ] {
        for (route, source) in [(Route::Exchange, invoke()), (Route::Graph, contacts())] {
            let microsoft = with_alice();
            let reply = if status == 204 {
                Reply::Answer { status, fields: vec![], body: vec![] }
            } else {
                error(status, "SomeCode")
            };
            microsoft.state().always.insert(route, reply);
            assert_eq!(ask_one(&microsoft.directory().with_source(source), ALICE), words);
            assert_eq!(microsoft.count(route), tries, "{status}");
        }
    }
}

#[test]
fn what_passes_is_waited_for() {
    for (after, least) in [
        (Some("0.3"), 300),
        (Some("1"), 1_000),
        (Some("in 2"), 900),
        (Some("in 0"), 0),
        (Some("nonsense"), 120),
        (None, 120),
    ] {
        let microsoft = with_alice();
        let seconds = after.and_then(|after| after.strip_prefix("in ")?.parse().ok());
        let date = seconds.map(|seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds)));
        let reply = throttled(date.as_deref().or(after));
        microsoft.state().next.insert(Route::Exchange, VecDeque::from([reply]));
        let directory = microsoft.directory().with_source(preview());
        let start = Instant::now();
        assert_eq!(ask_one(&directory, ALICE), "1", "{after:?}");
        assert!(start.elapsed() >= Duration::from_millis(least), "{after:?}: {:?}", start.elapsed());
    }
}

// hardening: P9
#[test]
fn who_asks_for_more_time_than_there_is_gets_it_without_being_waited_for() {
    for (after, seconds) in [("3600", "3600"), ("59.5", "59"), ("99999999999999999999999999", "18446744073709551615")] {
        let microsoft = with_alice();
        microsoft.state().always.insert(Route::Exchange, throttled(Some(after)));
        let directory = microsoft.directory_with(secret(), within(Duration::from_secs(20))).with_source(preview());
        let start = Instant::now();
        let words =
            format!("answers with status 429 (TooManyRequests) and asks to be left alone for {seconds} seconds");
        assert_eq!(ask_one(&directory, ALICE), words);
        assert_eq!(ask_one(&directory, ALICE), format!("is left alone for a while: {words}"));
        assert_eq!(microsoft.count(Route::Exchange), 1);
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_service_that_fails_again_and_again_is_left_alone_and_the_others_are_not() {
    let microsoft = with_alice();
    let mut limits = patient();
    (limits.retries, limits.rest) = (0, Duration::from_secs(3));
    let directory = microsoft.directory_with(secret(), limits).with_source(invoke()).with_source(contacts());
    microsoft.state().always.insert(Route::Exchange, error(500, "x"));
    for _ in 0..6 {
        let said = ask_one(&directory, ALICE);
        assert!(said.starts_with("1+: localhost: "), "of the other source: {said}");
    }
    assert_eq!(microsoft.count(Route::Exchange), 3);
    let words = "localhost: is left alone for a while: answers with status 500 (x)";
    assert_eq!(ask(&directory, &["no@goal.example"]), [words]);
    std::thread::sleep(Duration::from_millis(3_100));
    microsoft.state().always.clear();
    assert_eq!(ask(&directory, &["no@goal.example"]), ["none"]);
}

/// Bodies and heads that break every rule; all end in time, and none is taken for an empty answer.
// hardening: P9
#[test]
fn broken_answers_end_in_time_and_mean_nothing() {
    let head = |rest: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{rest}\r\n").into_bytes();
    let plain = |fields: &[(&str, &str)], body: Vec<u8>| {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Reply::Answer { status: 200, fields, body }
    };
    let kind = ("Content-Type", "application/json");
    let nested = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    for (reply, words) in [
        (Reply::Silence, "ended the connection too early|did not answer in time"),
        (Reply::Raw(vec![]), "ended the connection too early"),
        (Reply::Raw(b"SSH-2.0-x\r\n".to_vec()), "does not speak HTTP"),
        (Reply::Raw(head("Content-Length: 50\r\n")), "ended the connection too early"),
        (
            Reply::Raw([head("Transfer-Encoding: chunked\r\n"), b"5\r\n{\"v".to_vec()].concat()),
            "ended the connection too early",
        ),
        (
            Reply::Raw([head("Transfer-Encoding: chunked\r\n"), b"zz\r\n".to_vec()].concat()),
            "ended the connection too early",
        ),
        (Reply::Drip(b"HTTP/1.1 200 OK\r\nx:".to_vec()), "did not answer in time"),
        (Reply::Drip(head("")), "did not answer in time"),
        (Reply::Flood(b"HTTP/1.1 200 OK\r\nx:".to_vec()), "does not speak HTTP"),
        (Reply::Flood(head("")), "answers with more than is allowed"),
        (Reply::Flood(head("Content-Length: 99999999999\r\n")), "answers with more than is allowed"),
        (plain(&[kind], vec![b' '; 10 << 20]), "answers with more than is allowed"),
        (
            plain(&[kind, ("Content-Encoding", "gzip")], b"\x1f\x8b".to_vec()),
            "answers in an encoding that was not asked for",
        ),
        (plain(&[("Content-Type", "text/html")], b"{\"value\":[]}".to_vec()), "answers with something that is no JSON"),
        (plain(&[], b"{\"value\":[]}".to_vec()), "answers with something that is no JSON"),
        (plain(&[kind], b"{\"value\":[".to_vec()), "answers with JSON that is none"),
        (plain(&[kind], vec![]), "answers with JSON that is none"),
        (plain(&[kind], nested), "answers with JSON that is none"),
    ] {
        for (route, source) in [(Route::Exchange, preview()), (Route::Graph, contacts())] {
            let microsoft = with_alice();
            microsoft.state().always.insert(route, reply.clone());
            let directory =
                microsoft.directory_with(secret(), within(Duration::from_millis(2_500))).with_source(source);
            let start = Instant::now();
            let said = ask_one(&directory, ALICE);
            assert!(words.split('|').any(|words| words == said), "{said}, not {words}");
            assert!(start.elapsed() < Duration::from_secs(6), "{words}: {:?}", start.elapsed());
        }
    }
}

/// The same at the login service: a fault there is nobody's missing certificate either.
#[test]
fn a_broken_login_service_ends_in_time() {
    for (reply, words) in [
        (Reply::Raw(vec![]), "ended the connection too early"),
        (Reply::Drip(b"HTTP/1.1 200 OK\r\nx:".to_vec()), "did not answer in time"),
        (error(503, "x"), "answers with status 503 (x)|did not answer in time"),
        (
            Reply::Answer {
                status: 307,
                fields: vec![("Location".into(), "https://localhost:1/".into())],
                body: vec![],
            },
            "answers with status 307; redirects are not followed",
        ),
        (json(200, &j!("x")), "answers with something that is no token"),
        (Reply::Answer { status: 200, fields: vec![], body: vec![b' '; 1 << 20] }, "answers with more than is allowed"),
        (
            json(400, &j!({"error": "unauthorized_client", "error_codes": [700_016]})),
            "gives no token: status 400 (unauthorized_client, AADSTS700016)",
        ),
    ] {
        let microsoft = with_alice();
        microsoft.state().always.insert(Route::Login, reply);
        let directory = microsoft.directory_with(secret(), within(Duration::from_millis(2_500))).with_source(preview());
        let start = Instant::now();
        let said = ask(&directory, &[ALICE, "no@goal.example"]);
        assert_eq!(said[0], said[1]);
        let said = said[0].strip_prefix("localhost: ").unwrap();
        assert!(words.split('|').any(|words| words == said), "{said}, not {words}");
        assert!(start.elapsed() < Duration::from_secs(6));
    }
}

#[test]
fn who_is_out_of_reach_is_not_waited_for() {
    let microsoft = with_alice();
    let stranger = tls_for(&Authority::root("TLS", Key::P256(70)), "localhost");
    let answer = |_: &crate::server::Request| json(200, &j!({"value": []}));
    let impostor = serve(Some(stranger), answer);
    let misnamed = serve(Some(tls_for(&tls_root(), "good.example")), answer);
    let plain = serve(None, answer);
    for (port, words) in [
        (dead_port(), "refuses the connection"),
        (black_hole(), "did not answer in time"),
        (impostor, "shows no TLS certificate that is trusted for it"),
        (misnamed, "shows no TLS certificate that is trusted for it"),
    ] {
        let [login, graph, _] = microsoft.ports.map(|port| format!("https://localhost:{port}"));
        let cloud = Cloud::at(&login, &graph, &format!("https://localhost:{port}")).unwrap();
        microsoft.state().permissions.clear();
        let directory = EntraDirectory::new("goal.onmicrosoft.com", secret()).unwrap().with_cloud(cloud);
        let directory = directory.with_limits(within(Duration::from_millis(2_500))).with_source(preview());
        let directory = directory.with_tls_roots(tls_root().pem().as_bytes()).unwrap();
        // The fake gives tokens for its own Exchange only: this one stands in front of another.
        microsoft
            .state()
            .always
            .insert(Route::Login, json(200, &j!({"token_type": "Bearer", "expires_in": 3599, "access_token": "x"})));
        let start = Instant::now();
        assert_eq!(ask_one(&directory, ALICE), words);
        assert!(start.elapsed() < Duration::from_secs(6));
    }
    assert!(Cloud::at("https://localhost:1", "https://localhost:1", &format!("http://localhost:{plain}")).is_err());
}

// hardening: P9
#[test]
fn a_redirect_takes_the_token_nowhere() {
    let microsoft = with_alice();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(0));
    let counting = std::sync::Arc::clone(&seen);
    let evil = serve(Some(tls_for(&tls_root(), "localhost")), move |_| {
        *counting.lock().unwrap() += 1;
        json(200, &j!({"value": []}))
    });
    for status in [301, 302, 303, 307, 308] {
        let fields = [
            ("Location".to_owned(), format!("https://localhost:{evil}/")),
            ("Set-Cookie".to_owned(), "a=b".to_owned()),
        ];
        let reply = Reply::Answer { status, fields: fields.to_vec(), body: vec![] };
        for route in [Route::Login, Route::Exchange, Route::Graph] {
            microsoft.state().always = [(route, reply.clone())].into();
            let directory = microsoft.directory().with_source(preview()).with_source(contacts());
            let words = ask(&directory, &["no@goal.example"]);
            assert_eq!(words, [format!("localhost: answers with status {status}; redirects are not followed")]);
        }
    }
    assert_eq!(*seen.lock().unwrap(), 0);
    assert!(microsoft.state().requests.iter().all(|(_, request)| request.field("cookie").is_none()));
}

#[test]
fn items_of_a_batch_are_throttled_one_by_one() {
    let microsoft = Microsoft::start();
    let addresses: Vec<String> = (0..45).map(|number| format!("user{number}@goal.example")).collect();
    for address in &addresses {
        microsoft.add("mailbox", address, "BinaryArray 0x3A70", j!([base64(&der(address))]));
    }
    let dependent = with_fields(424, &[], &j!({"error": {"code": "FailedDependency"}}));
    let items =
        [throttled(Some("0.2")), throttled(None), dependent, error(503, "x"), error(401, "x"), error(403, "No")];
    microsoft.state().next.insert(Route::Item, VecDeque::from(items));
    let texts: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let replies = ask(&microsoft.directory().with_source(contacts()), &texts);
    assert_eq!(replies.iter().filter(|reply| *reply == "1").count(), 44, "{replies:?}");
    let refused = "localhost: answers with status 403 (No): the application lacks a permission";
    assert_eq!(replies.iter().filter(|reply| *reply == refused).count(), 1, "{replies:?}");
    assert_eq!(microsoft.count(Route::Login), 2, "the token was refused to one of them");
    assert!(microsoft.count(Route::Batch) < 15, "{}", microsoft.count(Route::Batch));
    assert_eq!(microsoft.violations(), Vec::<String>::new());
}

/// One who has too much keeps nobody else from being asked about, now or later.
#[test]
fn a_batch_that_is_too_much_is_asked_again_one_by_one() {
    let microsoft = Microsoft::start();
    for (address, octets) in [(ALICE, 10), ("large@goal.example", 40_000), ("bob@goal.example", 10)] {
        microsoft.add("mailbox", address, "BinaryArray 0x3A70", j!([base64(&vec![0x30; octets])]));
    }
    let mut limits = patient();
    limits.graph_bytes = 8 << 10;
    let directory = microsoft.directory_with(secret(), limits).with_source(contacts());
    let large = "localhost: answers with more than is allowed";
    for _ in 0..4 {
        assert_eq!(ask(&directory, &[ALICE, "large@goal.example", "bob@goal.example"]), ["1", large, "1"]);
    }
    assert_eq!(microsoft.violations(), Vec::<String>::new());
}

#[test]
fn what_is_read_of_values_has_the_limits_of_the_engine() {
    let microsoft = Microsoft::start();
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&[0; 3])]));
    let directory = microsoft.directory().with_source(preview());
    assert_eq!(ask_one(&directory, ALICE), "1");
    let mut limits = postseal::verify::Limits::default();
    limits.candidates = 0;
    let said = ask_one(&directory.with_certificate_limits(limits), ALICE);
    assert_eq!(said, "1+: the directory has more than is read");
}

#[test]
fn a_batch_that_leaves_somebody_out_says_nothing_about_him() {
    let words = "localhost: leaves a request of a batch without an answer";
    let one = j!({"id": "1", "status": 200, "headers": {}, "body": {"value": []}});
    for (body, expected) in [
        (j!({"responses": []}), [words; 2]),
        (j!({}), [words; 2]),
        (j!({"responses": [one, one, {"id": 0}, {"id": "7"}, 7]}), [words, "none"]),
        (
            j!({"responses": [one, {"id": "0", "status": 200, "body": "eA=="}]}),
            ["localhost: answers with JSON of another shape", "none"],
        ),
    ] {
        let microsoft = Microsoft::start();
        microsoft.state().always.insert(Route::Batch, json(200, &body));
        assert_eq!(
            ask(&microsoft.directory().with_source(contacts()), &[ALICE, "bob@goal.example"]),
            expected,
            "{body}"
        );
    }
}

#[test]
fn what_came_in_time_is_kept() {
    let microsoft = with_alice();
    microsoft.add("Get-Mailbox", "slow@goal.example", "UserCertificate", j!([base64(&der(ALICE))]));
    let mut limits = within(Duration::from_secs(3));
    limits.at_once = 1;
    let directory = microsoft.directory_with(secret(), limits).with_source(preview());
    assert_eq!(ask_one(&directory, ALICE), "1");
    let ok = json(200, &j!({"value": [{"PrimarySmtpAddress": ALICE, "UserCertificate": "MAA="}]}));
    let slow = Reply::Slow(Duration::from_secs(20), Box::new(ok.clone()));
    microsoft.state().next.insert(Route::Exchange, VecDeque::from([ok, slow]));
    let start = Instant::now();
    assert_eq!(ask(&directory, &[ALICE, "slow@goal.example"]), ["1", "localhost: did not answer in time"]);
    assert!(start.elapsed() < Duration::from_secs(6));
}

/// Answers with some octets changed, as of a server that is broken in ways nobody thought of: they are read or refused, and the
/// next question is answered as ever.
// hardening: P9, R1
#[test]
fn damaged_answers_do_no_harm() {
    let microsoft = with_alice();
    let mut limits = patient();
    (limits.failures, limits.retries) = (u32::MAX, 0);
    let directory = microsoft.directory_with(secret(), limits).with_source(invoke()).with_source(contacts());
    let person = j!({"id": "x", "EmailAddresses": [format!("SMTP:{ALICE}")], "UserCertificate": [base64(&der(ALICE)), [48, 0]],
        "emailAddresses": [{"address": ALICE}], "multiValueExtendedProperties": [{"id": "x", "value": ["MAA="]}]});
    let list =
        j!({"@odata.nextLink": "https://localhost/", "value": [person], "responses": [{"id": "0", "status": 200}]});
    let whole = list.to_string().into_bytes();
    let mut state = 1_u64;
    let mut dice = |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % sides
    };
    for _ in 0..300 {
        let mut body = whole.clone();
        for _ in 0..=dice(3) {
            let at = dice(body.len());
            match dice(4) {
                0 => body.truncate(at.max(1)),
                1 => body[at] = u8::try_from(dice(256)).unwrap(),
                2 => body.insert(at, b"{}[]\",:0n"[dice(9)]),
                _ => drop(body.remove(at)),
            }
        }
        let fields = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let reply = Reply::Answer { status: 200, fields, body };
        microsoft.state().always =
            [(Route::Exchange, reply.clone()), (Route::Graph, reply.clone()), (Route::Batch, reply)].into();
        let replies = ask(&directory, &[ALICE, "no@goal.example"]);
        assert_eq!(replies.len(), 2);
        assert!(replies.iter().all(|reply| reply.len() < 200 && !reply.contains("alice")), "{replies:?}");
    }
    microsoft.state().always.clear();
    assert_eq!(ask(&directory, &[ALICE, "no@goal.example"]), ["2", "none"], "one in each source");
}
