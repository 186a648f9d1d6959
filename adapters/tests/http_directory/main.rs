//! The directory over HTTP against a server with TLS that does what a test tells it: conformance, and every fault.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

mod server;

use postseal::Address;
use postseal::directory::{DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::store::Tenant;
use postseal_adapters::directory::{HttpDirectory, HttpLimits};
use postseal_adapters::fetch::Resolve;
use postseal_testkit::conformance::{self, Listed};
use postseal_testkit::factory::{Authority, Key, pem};
use server::{Act, TlsServer, serves};
use std::net::{IpAddr, TcpListener};
use std::time::{Duration, Instant};

const HOST: &str = "pki.example";
const OK: &str = "HTTP/1.1 200 OK\r\n";

/// Every name is this machine.
#[derive(Debug)]
struct Here;

impl Resolve for Here {
    fn resolve(&self, _name: &str, _within: Duration) -> Result<Vec<IpAddr>, Unavailable> {
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

/// As `GET /find?mail=…` of this server, with little patience.
fn directory(port: u16) -> HttpDirectory {
    let mut limits = HttpLimits::default();
    (limits.connect, limits.total) = (Duration::from_secs(1), Duration::from_secs(2));
    let template = format!("https://{HOST}:{port}/find?mail={{addr}}");
    let directory = HttpDirectory::new(&template).unwrap().with_resolver(Here).with_limits(limits);
    directory.with_tls_roots(server::root().pem().as_bytes()).unwrap()
}

fn ask(directory: &HttpDirectory, addresses: &[&str]) -> Vec<DirectoryReply> {
    let addresses = addresses.iter().map(|text| Address::parse(text).unwrap()).collect();
    directory.resolve(&ResolveDirectory::new(Tenant::default(), DirectoryId::new("http"), addresses)).unwrap()
}

/// How many certificates, or why none.
fn told(reply: &DirectoryReply) -> Result<usize, String> {
    match reply {
        DirectoryReply::Found(lent) => Ok(lent.len()),
        DirectoryReply::Partial(lent, unavailable) => Err(format!("{}+: {unavailable}", lent.len())),
        DirectoryReply::NotFound => Ok(0),
        DirectoryReply::Unavailable(unavailable) => Err(unavailable.detail().to_owned()),
    }
}

fn told_by(act: Act) -> Result<usize, String> {
    let server = TlsServer::start(move |_| act.clone());
    told(&ask(&directory(server.port), &["alice@goal.example"])[0])
}

#[test]
fn it_conforms() {
    let servers = std::sync::Mutex::new(Vec::new());
    conformance::directory(
        &|listed: &[Listed]| {
            let listed = listed.to_vec();
            let server = TlsServer::start(move |request| {
                let mail = server::mail_of(request);
                let held = listed.iter().filter(|one| one.address.key() == mail).map(|one| pem(&one.der));
                let body = held.collect::<String>();
                if body.is_empty() {
                    Act::Say("HTTP/1.1 404 Not Found\r\n\r\n".into())
                } else {
                    serves(body.as_bytes())
                }
            });
            let directory = directory(server.port);
            servers.lock().unwrap().push(server);
            Box::new(directory)
        },
        &|| {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            Box::new(directory(port))
        },
    );
}

#[test]
fn only_a_plain_answer_says_that_there_is_nothing() {
    let say = |text: &str| told_by(Act::Say(text.into()));
    for nothing in [
        "HTTP/1.1 404 Not Found\r\n\r\n<html>",
        "HTTP/1.1 410 Gone\r\n\r\n",
        &format!("{OK}\r\n"),
        &format!("{OK}\r\n \r\n"),
    ] {
        assert_eq!(say(nothing), Ok(0), "{nothing}");
    }
    assert_eq!(say(&format!("{OK}\r\nMAA=")), Ok(1));
    // What may be a certificate is lent, for the engine to say whether it is; a page is no word about anybody.
    for page in ["<html>Sign in!</html>", "{\"error\": \"maintenance\"}", "-----BEGIN CERTIFICATE-----"] {
        let words = Err(format!("{HOST}: answers with something that is no certificate"));
        assert_eq!(say(&format!("{OK}\r\n{page}")), words, "{page}");
    }
    for status in [201, 204, 206, 400, 401, 403, 405, 407, 408, 409, 418, 429, 451, 500, 502, 503, 504, 999] {
        let answer = format!("HTTP/1.1 {status} X\r\nRetry-After: 99999999999\r\nContent-Length: 4\r\n\r\nMAA=");
        assert_eq!(say(&answer), Err(format!("{HOST}: answers with status {status}")), "{status}");
    }
}

#[test]
fn redirects_are_not_followed_and_credentials_stay() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = TlsServer::start(|_| serves(b"MAA="));
        let location = format!("HTTP/1.1 {status} X\r\nLocation: https://{HOST}:{}/x\r\n\r\n", elsewhere.port);
        let server = TlsServer::start(move |_| Act::Say(location.clone().into()));
        let directory = directory(server.port).with_bearer_token("t0ken").unwrap();
        let reply = told(&ask(&directory, &["alice@goal.example"])[0]);
        let words = format!("{HOST}: answers with status {status}; redirects are not followed");
        assert_eq!((reply, elsewhere.requests().len()), (Err(words), 0));
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn the_request_is_what_was_configured() {
    let server = TlsServer::start(|_| serves(b"MAA="));
    let bearer = directory(server.port).with_bearer_token("t0ken").unwrap();
    let basic = directory(server.port).with_password("gateway", "s3cret").unwrap();
    for directory in [&bearer, &basic, &directory(server.port)] {
        assert_eq!(told(&ask(directory, &["\"a b\r\"@goal.example".replace('\r', "").as_str()])[0]), Ok(1));
        assert_eq!(format!("{directory:?}"), "HttpDirectory(pki.example)");
    }
    let requests = server.requests();
    let authorization =
        |request: &String| request.lines().find_map(|line| line.strip_prefix("Authorization: ")).map(ToOwned::to_owned);
    let sent: Vec<_> = requests.iter().map(authorization).collect();
    assert_eq!(sent, [Some("Bearer t0ken".to_owned()), Some("Basic Z2F0ZXdheTpzM2NyZXQ=".to_owned()), None]);
    let host = format!("Host: {HOST}:{}", server.port);
    for request in &requests {
        assert!(request.starts_with("GET /find?mail=%22a%20b%22%40goal.example HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&host) && request.ends_with("\r\n\r\n"), "{request}");
    }
}

#[test]
fn every_fault_has_its_words_and_its_time() {
    let (late, early) = ("did not answer in time", "ended the connection too early");
    let much = "answers with more than is allowed";
    for (act, words) in [
        (Act::Hold(Vec::new()), late),
        (Act::Hold("HTTP/1.1 20".into()), late),
        (Act::Hold(format!("{OK}Content-Length: 9\r\n\r\nMAA=").into()), late),
        (Act::Drip(OK.into(), "X: y\r\n".into()), late),
        (Act::Drip(format!("{OK}\r\n").into(), "A".into()), late),
        (Act::Say(Vec::new()), early),
        (Act::Say(format!("{OK}Content-Length: 9\r\n\r\nMAA=").into()), early),
        // Without the end that TLS knows, anybody may have cut it off.
        (Act::Cut(format!("{OK}\r\nMAA=").into()), early),
        (Act::Say(format!("{OK}Transfer-Encoding: chunked\r\n\r\n4\r\nMA").into()), early),
        (Act::Flood(OK.into(), b"X: y\r\n".repeat(99)), "answers with too long a header"),
        (Act::Flood(format!("{OK}\r\n").into(), b"AAAA".repeat(999)), much),
        (Act::Say(format!("{OK}Content-Length: 10485760\r\n\r\n").into()), much),
        (Act::Flood(format!("{OK}Transfer-Encoding: chunked\r\n\r\n").into(), b"4\r\nAAAA\r\n".repeat(99)), much),
        (
            Act::Say(format!("{OK}Content-Encoding: gzip\r\n\r\nx").into()),
            "answers in an encoding that was not asked for",
        ),
        (
            Act::Say(format!("{OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx").into()),
            "answers with a length that is ambiguous",
        ),
        (Act::Say("SSH-2.0-x\r\n\r\n".into()), "does not speak HTTP"),
        (Act::Close, early),
    ] {
        let begun = Instant::now();
        let name = format!("{act:?}").chars().take(80).collect::<String>();
        assert_eq!(told_by(act), Err(format!("{HOST}: {words}")), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
    }
}

#[test]
fn only_the_hosts_own_certificate_is_believed() {
    let server = TlsServer::start(|_| serves(b"MAA="));
    let untrusted = "shows no TLS certificate that is trusted for it";
    let stranger = Authority::root("TLS", Key::P256(77)).pem();
    let refused =
        directory(server.port).with_bearer_token("t0ken").unwrap().with_tls_roots(stranger.as_bytes()).unwrap();
    assert_eq!(told(&ask(&refused, &["alice@goal.example"])[0]), Err(format!("{HOST}: {untrusted}")));
    let other = HttpDirectory::new(&format!("https://other.example:{}/{{addr}}", server.port)).unwrap();
    let other = other.with_resolver(Here).with_tls_roots(server::root().pem().as_bytes()).unwrap();
    assert_eq!(told(&ask(&other, &["alice@goal.example"])[0]), Err(format!("other.example: {untrusted}")));
    assert_eq!(server.requests().len(), 0, "nothing was asked of a stranger");
}

/// Those who hang take no time of the others beyond the deadline, and each has a reply.
#[test]
fn many_are_asked_within_one_deadline() {
    let server = TlsServer::start(|request| match server::mail_of(request) {
        mail if mail.starts_with("slow") => Act::Hold(Vec::new()),
        mail if mail.starts_with("gone") => Act::Say("HTTP/1.1 404 X\r\n\r\n".into()),
        _ => serves(b"MAA="),
    });
    let addresses: Vec<String> = (0..40)
        .map(|number| format!("{}{number}@goal.example", ["here", "gone", "here", "here"][number % 4]))
        .chain((0..6).map(|number| format!("slow{number}@goal.example")))
        .collect();
    let begun = Instant::now();
    let mut limits = HttpLimits::default();
    limits.total = Duration::from_secs(6);
    let directory = directory(server.port).with_limits(limits);
    let replies = ask(&directory, &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    let told: Vec<_> = replies.iter().map(told).collect();
    for (address, told) in addresses.iter().zip(&told) {
        let expected = match &address[..4] {
            "here" => Ok(1),
            "gone" => Ok(0),
            _ => Err(format!("{HOST}: did not answer in time")),
        };
        assert_eq!(told, &expected, "{address}");
    }
}
