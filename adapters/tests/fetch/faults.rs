//! A server that breaks every rule of HTTP/1.1: each fault has its words, its time and its memory.

use crate::pki::{alice, engine, import, policy};
use crate::servers::{FaultServer, Script};
use crate::world::{fetcher_for, patient, short};
use postseal::fetch::Fetcher;
use postseal::query::{FetchCrl, FetchOcsp};
use postseal::revocation::{Mode, Order};
use postseal::{Code, UnixTime};
use postseal_testkit::factory::{Authority, Key};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

const HOST: &str = "ca.example";
/// What an answer may have in these tests.
const LIMIT: usize = 64 << 10;
const OK: &str = "HTTP/1.1 200 OK\r\n";

/// A root for https, which nothing here needs to come to.
static TLS_ROOT: LazyLock<Authority> = LazyLock::new(|| Authority::root("TLS", Key::P256(9)));

const LATE: Result<&str, &str> = Err("did not answer in time");
const EARLY: Result<&str, &str> = Err("ended the connection too early");
const NOT_HTTP: Result<&str, &str> = Err("does not speak HTTP");
const LONG_HEAD: Result<&str, &str> = Err("answers with too long a header");
const TOO_MUCH: Result<&str, &str> = Err("answers with more than is allowed");
const CHUNKS: Result<&str, &str> = Err("answers with broken chunks");
const NO_LENGTH: Result<&str, &str> = Err("answers with a length that is none");
const AMBIGUOUS: Result<&str, &str> = Err("answers with a length that is ambiguous");
const CODED: Result<&str, &str> = Err("answers in an encoding that was not asked for");

fn say(text: impl AsRef<[u8]>) -> Script {
    Script::Say(text.as_ref().to_vec())
}

fn hold(text: &str) -> Script {
    Script::Hold(text.into())
}

fn drip(first: &str, rest: &str) -> Script {
    Script::Drip(first.into(), rest.into())
}

fn flood(first: &str, rest: &str) -> Script {
    Script::Flood(first.into(), rest.repeat(4_096).into())
}

fn status(line: &str) -> Script {
    say(format!("HTTP/1.1 {line}\r\nContent-Length: 4\r\nLocation: http://10.0.0.1/\r\n\r\nlist"))
}

type Case = (&'static str, Script, Result<&'static str, &'static str>);

fn sound() -> Vec<Case> {
    let chunked = format!("{OK}Transfer-Encoding: chunked\r\n\r\n");
    vec![
        ("a length", say(format!("{OK}Content-Length: 4\r\n\r\nlist")), Ok("list")),
        ("a length, and then silence", hold("HTTP/1.1 200 OK\r\ncontent-length:4\r\n\r\nlist"), Ok("list")),
        (
            "a length that is less than what comes",
            say(format!("{OK}Content-Length: 4\r\n\r\nlist and more")),
            Ok("list"),
        ),
        ("until the end", say(format!("{OK}\r\nlist")), Ok("list")),
        ("HTTP/1.0", say("HTTP/1.0 200 OK\r\n\r\nlist"), Ok("list")),
        ("no words", say("HTTP/1.1 200\r\n\r\nlist"), Ok("list")),
        ("bare line feeds", say("HTTP/1.1 200 OK\nContent-Length: 4\n\nlist"), Ok("list")),
        ("chunks", say(format!("{chunked}1\r\nl\r\n3\r\nist\r\n0\r\n\r\n")), Ok("list")),
        ("chunks with extensions", say(format!("{chunked}4;a=\"b\"\r\nlist\r\n0;c\r\n\r\n")), Ok("list")),
        ("a trailer that never ends", flood(&format!("{chunked}4\r\nlist\r\n0\r\n"), "X: y\r\n"), Ok("list")),
        ("the wrong type", say(format!("{OK}Content-Type: text/html\r\nContent-Length: 4\r\n\r\nlist")), Ok("list")),
        ("no coding", say(format!("{OK}Content-Encoding: identity\r\nContent-Length: 4\r\n\r\nlist")), Ok("list")),
        ("nothing", say(format!("{OK}Content-Length: 0\r\n\r\n")), Ok("")),
        ("nothing, until the end", say(format!("{OK}\r\n")), Ok("")),
        (
            "interim answers",
            say(format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n{OK}\r\nlist")),
            Ok("list"),
        ),
    ]
}

fn slow_and_gone() -> Vec<Case> {
    vec![
        ("never answers", hold(""), LATE),
        ("closes at once", say(""), EARLY),
        ("resets", Script::Reset, EARLY),
        ("a status line that stops", hold("HTTP/1.1 20"), LATE),
        ("a status line that ends", say("HTTP/1.1 20"), EARLY),
        ("slow header fields", drip(OK, "X: y\r\n"), LATE),
        ("slow, one field", drip("HTTP/1.1 200 OK\r\nX: ", "y"), LATE),
        ("a slow body", drip("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", "x"), LATE),
        ("a slow body until the end", drip("HTTP/1.1 200 OK\r\n\r\n", "x"), LATE),
        ("slow chunks", drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), LATE),
        ("a slow size of a chunk", drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"), LATE),
        ("a body that stops", hold("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlist"), LATE),
        ("a body that ends", say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlist"), EARLY),
        ("a chunk that ends", say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlist"), EARLY),
        ("no last chunk", say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlist\r\n"), EARLY),
        ("an interim answer and no more", hold("HTTP/1.1 100 Continue\r\n\r\n"), LATE),
    ]
}

fn large() -> Vec<Case> {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        ("a huge body", flood("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "x"), TOO_MUCH),
        ("one more than allowed", say(format!("{OK}Content-Length: {}\r\n\r\n", LIMIT + 1)), TOO_MUCH),
        ("a huge body until the end", flood("HTTP/1.1 200 OK\r\n\r\n", "x"), TOO_MUCH),
        ("endless chunks", flood(chunked, "1\r\nx\r\n"), TOO_MUCH),
        ("a huge chunk", flood(&format!("{chunked}7fffffff\r\n"), "x"), TOO_MUCH),
        ("the largest chunk", say(format!("{chunked}ffffffffffffffff\r\n")), TOO_MUCH),
        ("a chunk beyond counting", say(format!("{chunked}10000000000000004\r\nlist\r\n0\r\n\r\n")), CHUNKS),
        ("an endless size of a chunk", flood(&format!("{chunked}1;"), "x"), CHUNKS),
        ("endless zeros", flood(chunked, "0"), CHUNKS),
        ("endless header fields", flood(OK, "X: y\r\n"), LONG_HEAD),
        ("an endless field", flood("HTTP/1.1 200 OK\r\nX: ", "y"), LONG_HEAD),
        ("an endless status line", flood("HTTP/1.1 200 ", "y"), LONG_HEAD),
        ("endless empty lines", flood("", "\r\n"), NOT_HTTP),
        ("endless interim answers", flood("", "HTTP/1.1 100 Continue\r\n\r\n"), LONG_HEAD),
        ("too many fields", say(format!("{OK}{}\r\n", "X: y\r\n".repeat(101))), NOT_HTTP),
        ("an endless answer to nothing", flood("HTTP/1.1 404 Not Found\r\n\r\n", "x"), Err("answers with status 404")),
    ]
}

fn not_http() -> Vec<Case> {
    vec![
        ("HTTP/0.9", say("list\n\n"), NOT_HTTP),
        ("HTTP/0.9, short", say("list"), EARLY),
        ("HTTP/2", say("HTTP/2.0 200 OK\r\n\r\nlist"), NOT_HTTP),
        ("ICY", say("ICY 200 OK\r\n\r\nlist"), NOT_HTTP),
        ("two digits", say("HTTP/1.1 20 OK\r\n\r\nlist"), NOT_HTTP),
        ("four digits", say("HTTP/1.1 2000 OK\r\n\r\nlist"), NOT_HTTP),
        ("no digits", say("HTTP/1.1 OK\r\n\r\nlist"), NOT_HTTP),
        ("a minus", say("HTTP/1.1 -200 OK\r\n\r\nlist"), NOT_HTTP),
        ("SSH", say("SSH-2.0-OpenSSH_9.2\r\n\r\n"), NOT_HTTP),
        ("SMTP", say("220 mail.example ESMTP\r\n\r\n"), NOT_HTTP),
        ("zeros", say([0; 64].iter().chain(b"\r\n\r\n").copied().collect::<Vec<u8>>()), NOT_HTTP),
        ("a greeting before the request", Script::Greet(b"220 ca.example FTP\r\n\r\n".to_vec()), NOT_HTTP),
        ("TLS", say(b"\x15\x03\x03\x00\x02\x02\x0a\r\n\r\n"), NOT_HTTP),
        ("a space before the colon", say(format!("{OK}Content-Length : 4\r\n\r\nlist")), NOT_HTTP),
        ("a folded field", say(format!("{OK}X: y\r\n Content-Length: 4\r\n\r\nlist")), NOT_HTTP),
        ("a field without a name", say(format!("{OK}: 4\r\n\r\nlist")), NOT_HTTP),
        ("a carriage return inside", say(format!("{OK}X: y\rContent-Length: 4\r\n\r\nlist")), NOT_HTTP),
        ("a zero inside", say(format!("{OK}X: y\0\r\n\r\nlist")), NOT_HTTP),
        ("101", status("101 Switching Protocols"), Err("answers with status 101")),
    ]
}

fn lengths() -> Vec<Case> {
    let with = |fields: &str| say(format!("{OK}{fields}\r\n\r\nlist"));
    let chunked = |body: &str| say(format!("{OK}Transfer-Encoding: chunked\r\n\r\n{body}"));
    vec![
        ("two lengths", with("Content-Length: 4\r\nContent-Length: 3"), AMBIGUOUS),
        ("a length twice", with("Content-Length: 4\r\ncontent-length: 4"), AMBIGUOUS),
        ("a list of lengths", with("Content-Length: 4, 4"), NO_LENGTH),
        ("a length in words", with("Content-Length: four"), NO_LENGTH),
        ("a negative length", with("Content-Length: -4"), NO_LENGTH),
        ("a length with a plus", with("Content-Length: +4"), NO_LENGTH),
        ("a length in hex", with("Content-Length: 0x4"), NO_LENGTH),
        ("no digits", with("Content-Length:"), NO_LENGTH),
        ("a length beyond counting", with("Content-Length: 18446744073709551620"), NO_LENGTH),
        ("chunks and a length", with("Transfer-Encoding: chunked\r\nContent-Length: 4"), AMBIGUOUS),
        ("chunks twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), AMBIGUOUS),
        ("chunks of gzip", with("Transfer-Encoding: gzip, chunked"), AMBIGUOUS),
        ("gzip for the way", with("Transfer-Encoding: gzip"), AMBIGUOUS),
        ("no coding for the way", with("Transfer-Encoding: identity"), AMBIGUOUS),
        ("gzip", with("Content-Encoding: gzip\r\nContent-Length: 4"), CODED),
        ("two codings", with("Content-Encoding: identity\r\nContent-Encoding: br"), CODED),
        ("a chunk of no size", chunked("\r\nlist\r\n"), CHUNKS),
        ("a chunk of no size but an extension", chunked(";x\r\nlist\r\n"), CHUNKS),
        ("a chunk of negative size", chunked("-4\r\nlist\r\n"), CHUNKS),
        ("a chunk that is longer than it says", chunked("3\r\nlist\r\n0\r\n\r\n"), CHUNKS),
        ("a chunk in words", chunked("four\r\nlist\r\n0\r\n\r\n"), CHUNKS),
    ]
}

fn statuses() -> Vec<Case> {
    vec![
        ("201", status("201 Created"), Err("answers with status 201")),
        ("204", status("204 No Content"), Err("answers with status 204")),
        ("206", status("206 Partial Content"), Err("answers with status 206")),
        ("301", status("301 Moved"), Err("answers with status 301; redirects are not followed")),
        ("302", status("302 Found"), Err("answers with status 302; redirects are not followed")),
        ("303", status("303 See Other"), Err("answers with status 303; redirects are not followed")),
        ("304", status("304 Not Modified"), Err("answers with status 304; redirects are not followed")),
        ("307", status("307 Temporary"), Err("answers with status 307; redirects are not followed")),
        ("308", status("308 Permanent"), Err("answers with status 308; redirects are not followed")),
        ("400", status("400 Bad Request"), Err("answers with status 400")),
        ("401", status("401 Unauthorized\r\nWWW-Authenticate: Basic"), Err("answers with status 401")),
        ("403", status("403 Forbidden"), Err("answers with status 403")),
        ("404", status("404 Not Found"), Err("answers with status 404")),
        ("409", status("409 Conflict"), Err("answers with status 409")),
        ("429", status("429 Too Many\r\nRetry-After: 99999999999999"), Err("answers with status 429")),
        ("500", status("500 Oops"), Err("answers with status 500")),
        ("502", status("502 Bad Gateway"), Err("answers with status 502")),
        ("503", status("503 Later\r\nRetry-After: never"), Err("answers with status 503")),
        ("504", status("504 Timeout"), Err("answers with status 504")),
        ("999", status("999 ?"), Err("answers with status 999")),
    ]
}

/// What the kernel may hold for a connection over loopback, with room to spare. Nothing else of a flood may have been taken.
const BUFFERED: usize = 32 << 20;
/// For a machine that does other things as well.
const SLACK: Duration = Duration::from_secs(15);

fn check(cases: Vec<Case>) {
    thread::scope(|scope| cases.into_iter().for_each(|case| drop(scope.spawn(|| check_one(case)))));
}

fn check_one((name, script, expected): Case) {
    let server = FaultServer::start(script);
    // Only what is late by its nature is not waited for: the machine may have other things to do.
    let limits = if expected == LATE { short() } else { patient() };
    let fetcher = fetcher_for(&[HOST], &[server.port]).with_limits(limits);
    let url = format!("http://{HOST}:{}/1", server.port);
    let expected = expected.map(|body| body.as_bytes().to_vec()).map_err(|words| format!("{HOST}: {words}"));
    let started = Instant::now();
    let crl = fetcher.fetch_crl(&FetchCrl::new(&url, LIMIT)).map_err(|error| error.to_string());
    assert_eq!(crl, expected, "{name}");
    let ocsp = fetcher.fetch_ocsp(&FetchOcsp::new(&url, vec![0x30, 0], LIMIT)).map_err(|error| error.to_string());
    assert_eq!(ocsp, expected, "{name}");
    assert!(started.elapsed() < limits.total * 2 + SLACK, "{name}: {:?}", started.elapsed());
    assert!(server.written() < BUFFERED, "{name}: {}", server.written());
    assert_eq!(server.connections(), 2, "{name}: nothing is tried twice");
}

#[test]
fn sound_answers_are_taken() {
    check(sound());
}

#[test]
fn slow_and_broken_off_answers_end_in_time() {
    check(slow_and_gone());
}

#[test]
fn large_answers_take_no_memory() {
    check(large());
}

#[test]
fn what_is_not_http_is_told_from_it() {
    check(not_http());
}

#[test]
fn lengths_that_can_be_read_in_two_ways_are_refused() {
    check(lengths());
}

#[test]
fn only_200_counts() {
    check(statuses());
}

/// Nothing of a URL becomes a line of its own, and nothing is told but what is asked for.
#[test]
fn requests_are_exactly_these() {
    let server = FaultServer::start(say(format!("{OK}\r\nlist")));
    let fetcher = fetcher_for(&[HOST], &[server.port]).with_limits(patient());
    let (port, url) = (server.port, |path: &str| format!("http://{HOST}:{}{path}", server.port));
    for path in ["", "/a%0d%0aX:%20y?b=%0A%00&c=d,e'f", "/?http://10.0.0.1/@x:80", "/%2e%2e/%2F"] {
        fetcher.fetch_crl(&FetchCrl::new(&url(path), LIMIT)).unwrap();
    }
    fetcher.fetch_ocsp(&FetchOcsp::new(&url("/o"), vec![0x30, 0], LIMIT)).unwrap();
    let rest = "Accept-Encoding: identity\r\nConnection: close\r\n";
    let head = |line: &str, accept: &str| {
        format!("{line} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUser-Agent: postseal\r\nAccept: {accept}\r\n{rest}")
    };
    let get = |path: &str| head(&format!("GET {path}"), "application/pkix-crl, */*") + "\r\n";
    let body = "Content-Type: application/ocsp-request\r\nContent-Length: 2\r\n\r\n0\0";
    let expected = [
        get("/"),
        get("/a%0d%0aX:%20y?b=%0A%00&c=d,e%27f"),
        get("/?http://10.0.0.1/@x:80"),
        get("/%2F"),
        head("POST /o", "application/ocsp-response") + body,
    ];
    assert_eq!(server.requests(), expected);
}

#[test]
fn proxies_are_asked_in_their_own_way() {
    for (answer, words) in [
        (format!("{OK}\r\nlist"), "does not agree on TLS"),
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_owned(), "the proxy answers with status 407"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n".to_owned(), "the proxy answers with status 502"),
        ("SSH-2.0\r\n\r\n".to_owned(), "does not speak HTTP"),
        (String::new(), "ended the connection too early"),
    ] {
        let proxy = FaultServer::start(say(&answer));
        let fetcher = fetcher_for(&[], &[]).with_limits(patient());
        let fetcher = fetcher.through_proxy(&format!("http://127.0.0.1:{}", proxy.port)).unwrap();
        let fetcher = fetcher.with_tls_roots(TLS_ROOT.pem().as_bytes()).unwrap();
        let plain = fetcher.fetch_crl(&FetchCrl::new("http://ca.example/1.crl", LIMIT));
        assert_eq!(plain.is_ok(), answer.starts_with(OK), "{answer}");
        let told = fetcher.fetch_crl(&FetchCrl::new("https://ca.example/1.crl", LIMIT)).unwrap_err();
        // With the answer may come what belongs into the tunnel; whether it does is up to the network.
        assert!(told.detail().ends_with(words) || told.detail().contains("before it is its turn"), "{told}");
        let lines: Vec<_> = proxy.requests().iter().map(|request| request.lines().next().unwrap().to_owned()).collect();
        assert_eq!(lines, ["GET http://ca.example/1.crl HTTP/1.1", "CONNECT ca.example:443 HTTP/1.1"]);
        assert!(proxy.requests().iter().all(|request| request.contains("\r\nHost: ca.example")));
    }
}

#[test]
fn only_the_proxy_is_told_its_password() {
    let proxy = FaultServer::start(say(format!("{OK}\r\nlist")));
    let fetcher = fetcher_for(&[], &[]).with_limits(patient());
    let fetcher = fetcher.through_proxy(&format!("http://127.0.0.1:{}", proxy.port)).unwrap();
    let fetcher = fetcher.with_proxy_password("gateway", "s3cret").unwrap();
    assert!(fetcher.fetch_crl(&FetchCrl::new("http://ca.example/1.crl", LIMIT)).is_ok());
    assert!(fetcher.fetch_crl(&FetchCrl::new("https://ca.example/1.crl", LIMIT)).is_err());
    let requests = proxy.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        // base64 of gateway:s3cret
        assert_eq!(request.matches("\r\nProxy-Authorization: Basic Z2F0ZXdheTpzM2NyZXQ=\r\n").count(), 1, "{request}");
        assert!(!request.contains("\r\nAuthorization:"), "{request}");
    }
    let server = FaultServer::start(say(format!("{OK}\r\nlist")));
    let direct = fetcher_for(&[HOST], &[server.port]).with_limits(patient()).with_proxy_password("a", "b").unwrap();
    assert!(direct.fetch_crl(&FetchCrl::new(&format!("http://{HOST}:{}/", server.port), LIMIT)).is_ok());
    assert!(!server.requests().concat().contains("Authorization"));
    for (name, password) in [("", "x"), ("a:b", "x"), ("a\r\nb", "x"), ("a", "x\n")] {
        assert!(fetcher_for(&[], &[]).with_proxy_password(name, password).is_err());
    }
}

#[test]
fn redirects_lead_nowhere() {
    let canary = FaultServer::start(say(format!("{OK}Content-Length: 4\r\n\r\nlist")));
    let to = format!("HTTP/1.1 302 Found\r\nLocation: http://{HOST}:{}/\r\nContent-Length: 0\r\n\r\n", canary.port);
    let server = FaultServer::start(say(to));
    let fetcher = fetcher_for(&[HOST], &[server.port, canary.port]).with_limits(patient());
    let url = format!("http://{HOST}:{}/", server.port);
    assert!(fetcher.fetch_crl(&FetchCrl::new(&url, LIMIT)).unwrap_err().detail().contains("redirects"));
    assert_eq!((server.connections(), canary.connections()), (1, 0));
}

#[test]
fn tls_is_not_spoken_to_what_does_not_speak_it() {
    for (script, words) in [
        (Script::Greet(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), "does not agree on TLS"),
        (Script::Greet(Vec::new()), "did not answer in time"),
        (Script::Reset, "ended the connection too early"),
    ] {
        let server = FaultServer::start(script);
        let limits = if words == LATE.unwrap_err() { short() } else { patient() };
        let fetcher = fetcher_for(&[HOST], &[server.port]).with_limits(limits);
        let fetcher = fetcher.with_tls_roots(TLS_ROOT.pem().as_bytes()).unwrap();
        let url = format!("https://{HOST}:{}/", server.port);
        let told = fetcher.fetch_crl(&FetchCrl::new(&url, LIMIT)).unwrap_err();
        assert_eq!(told.detail(), format!("{HOST}: {words}"));
    }
}

#[test]
fn a_host_that_is_out_of_order_is_left_alone_and_one_that_says_no_is_not() {
    for (line, connections) in [("500 Oops", 1), ("429 Too Many", 1), ("404 Not Found", 3), ("301 Moved", 3)] {
        let server = FaultServer::start(status(line));
        let fetcher = fetcher_for(&[HOST], &[server.port]);
        for _ in 0..3 {
            let url = format!("http://{HOST}:{}/", server.port);
            assert!(fetcher.fetch_crl(&FetchCrl::new(&url, LIMIT)).is_err());
        }
        assert_eq!(server.connections(), connections, "{line}");
    }
}

/// What the engine makes of it: an answer that nobody gave is asked for again, under the policy that needs it.
#[test]
fn a_fault_defers_a_mail_or_lets_it_pass_as_the_policy_says() {
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let cases = slow_and_gone().into_iter().chain(large()).chain(lengths()).chain(statuses());
    for (name, script, _) in cases.filter(|(name, ..)| !name.contains("slow")) {
        let server = FaultServer::start(script);
        let fetcher = fetcher_for(&[HOST], &[server.port]);
        let url = format!("http://{HOST}:{}/1", server.port);
        let fetcher = fetcher.with_limits(short());
        let person = alice(4096, &[&url], &[], &[]);
        let verdict = import(&engine(policy(Mode::Hard, Order::CrlFirst)), &person, &fetcher, now);
        assert_eq!((verdict.outcome, verdict.code), ("deferred", Some(Code::RevocationUnavailable)), "{name}");
        let verdict = import(&engine(policy(Mode::Soft, Order::CrlFirst)), &person, &fetcher, now);
        assert_eq!((verdict.outcome, verdict.code), ("imported", None), "{name}: {verdict:?}");
        assert!(verdict.events.contains("RevocationUnknown"), "{name}: {verdict:?}");
    }
}
