use crate::world::{Connections, Names, literal, short, unbound};
use postseal::fetch::Fetcher;
use postseal::query::{FetchCrl, FetchIssuer, FetchOcsp, Unavailable};
use postseal_adapters::fetch::{Connect, GuardedFetcher, Resolve};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// URLs that are refused as they stand, with words of the reason.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    // schemes
    ("ldap://10.0.0.1/cn=x?userCertificate", "neither http"),
    ("file:///etc/passwd", "neither http"),
    ("ftp://ca.example/1.crl", "neither http"),
    ("gopher://ca.example/_x", "neither http"),
    ("data:,x", "neither http"),
    ("javascript:alert(1)", "neither http"),
    ("//ca.example/1.crl", "not a URL"),
    ("ca.example/1.crl", "not a URL"),
    ("", "not a URL"),
    ("http:ca.example/1.crl", "not a URL"),
    ("http:/ca.example/1.crl", "not a URL"),
    ("http:///ca.example/1.crl", "not a URL"),
    ("http://", "not a URL"),
    // user information
    ("http://a@b@127.0.0.1/", "user information"),
    ("http://user:secret@ca.example/1.crl", "user information"),
    ("http://ca.example@10.0.0.1/1.crl", "user information"),
    ("http://@ca.example/1.crl", "user information"),
    ("http://:@ca.example/1.crl", "user information"),
    // characters
    ("http://ca.example\\@10.0.0.1/", "characters"),
    ("http:\\\\10.0.0.1\\", "characters"),
    (" http://ca.example/", "characters"),
    ("http://ca.example/ ", "characters"),
    ("http://ca.example/a b", "characters"),
    ("ht\ttp://ca.example/", "characters"),
    ("http://ca.ex\nample/", "characters"),
    ("http://ca.example/\r\nHost: x", "characters"),
    ("http://ca.example/\0", "characters"),
    ("http://ca.example/#fragment", "characters"),
    ("http://ca.example/{x}", "characters"),
    // unicode digits, look-alikes, full stops and invisible letters
    ("http://①②⑦.⓪.⓪.①/", "characters"),
    ("http://127。0。0。1/", "characters"),
    ("http://１２７.0.0.1/", "characters"),
    ("http://localhoſt/", "characters"),
    ("http://loc\u{ad}alhost/", "characters"),
    ("http://bücher.example/", "characters"),
    ("http://xn--a.example/", "not a URL"),
    // hosts that are numbers in disguise
    ("http://2130706433/", "not written plainly"),
    ("http://0x7f000001/", "not written plainly"),
    ("http://0x7f.0.0.1/", "not written plainly"),
    ("http://0177.0.0.1/", "not written plainly"),
    ("http://017700000001/", "not written plainly"),
    ("http://127.1/", "not written plainly"),
    ("http://127.0.1/", "not written plainly"),
    ("http://0/", "not written plainly"),
    ("http://127.0.0.1./", "not written plainly"),
    ("http://008.8.8.8/", "not a URL"),
    ("http://127.0.0.256/", "not a URL"),
    ("http://1.2.3.4.5/", "not a URL"),
    ("http://%31%32%37.0.0.1/", "not written plainly"),
    ("http://%6c%6fcalhost/", "not written plainly"),
    ("http://ca.example%00.evil.example/", "not a URL"),
    ("http://[::ffff:7f00:1]/", "not written plainly"),
    ("http://[::ffff:127.0.0.1]:80/", "IPv4-mapped"),
    ("http://[::127.0.0.1]/", "not written plainly"),
    ("http://[64:ff9b::169.254.169.254]/", "not written plainly"),
    ("http://[64:ff9b::a9fe:a9fe]/", "translated"),
    ("http://[2002:7f00:1::]/", "6to4"),
    ("http://[0:0:0:0:0:0:0:1]/", "not written plainly"),
    ("http://[::0001]/", "not written plainly"),
    ("http://[fe80::1%25eth0]/", "not a URL"),
    ("http://[fe80::1%eth0]/", "not a URL"),
    ("http://[v1.a]/", "not a URL"),
    ("http://[::1/", "not a URL"),
    ("http://[127.0.0.1]/", "not a URL"),
    // names
    ("http://localhost/", "without a domain"),
    ("http://LOCALHOST/", "without a domain"),
    ("http://localhost./", "no name"),
    ("http://ca.example./", "no name"),
    ("http://intranet/1.crl", "without a domain"),
    ("http://metadata/", "without a domain"),
    ("http://a.localhost/", "a local name"),
    ("http://printer.local/", "a local name"),
    ("http://metadata.google.internal/computeMetadata/v1/", "a local name"),
    ("http://router.home.arpa/", "a local name"),
    ("http://metadata.goog/", "cloud metadata"),
    ("http://ca..example/", "no name"),
    ("http://.ca.example/", "no name"),
    ("http://-ca.example/", "no name"),
    ("http://ca!.example/", "no name"),
    // ports
    ("http://ca.example:22/", "a port that is not allowed"),
    ("http://ca.example:8080/", "a port that is not allowed"),
    ("http://ca.example:0/", "port is 0"),
    ("http://ca.example:/", "not written plainly"),
    ("http://ca.example:080/", "not written plainly"),
    ("http://ca.example:65536/", "not a URL"),
    ("http://ca.example:80:80/", "not a URL"),
    ("http://ca.example:-1/", "not a URL"),
];

/// Addresses with the reason why they are refused, or none.
pub(crate) const ADDRESSES: &[(&str, Option<&str>)] = &[
    ("0.0.0.0", Some("this network")),
    ("0.1.2.3", Some("this network")),
    ("9.255.255.255", None),
    ("10.0.0.0", Some("private")),
    ("10.255.255.255", Some("private")),
    ("11.0.0.0", None),
    ("100.63.255.255", None),
    ("100.64.0.0", Some("shared")),
    ("100.100.100.200", Some("metadata")),
    ("100.127.255.255", Some("shared")),
    ("100.128.0.0", None),
    ("127.0.0.1", Some("loopback")),
    ("127.255.255.254", Some("loopback")),
    ("168.63.129.16", Some("metadata")),
    ("168.63.129.17", None),
    ("169.253.255.255", None),
    ("169.254.169.254", Some("link-local")),
    ("169.254.170.2", Some("link-local")),
    ("172.15.255.255", None),
    ("172.16.0.1", Some("private")),
    ("172.31.255.255", Some("private")),
    ("172.32.0.0", None),
    ("192.0.0.192", Some("reserved")),
    ("192.0.2.1", Some("documentation")),
    ("192.88.99.1", Some("6to4")),
    ("192.167.255.255", None),
    ("192.168.0.1", Some("private")),
    ("192.169.0.0", None),
    ("198.17.255.255", None),
    ("198.18.0.0", Some("benchmarks")),
    ("198.19.255.255", Some("benchmarks")),
    ("198.20.0.0", None),
    ("198.51.100.1", Some("documentation")),
    ("203.0.113.1", Some("documentation")),
    ("223.255.255.255", None),
    ("224.0.0.1", Some("multicast")),
    ("239.255.255.255", Some("multicast")),
    ("240.0.0.1", Some("reserved")),
    ("255.255.255.255", Some("reserved")),
    ("::", Some("unspecified")),
    ("::1", Some("loopback")),
    ("::2", Some("IPv4-compatible")),
    ("::7f00:1", Some("IPv4-compatible")),
    ("::ffff:127.0.0.1", Some("IPv4-mapped")),
    ("::ffff:10.0.0.1", Some("IPv4-mapped")),
    ("::ffff:169.254.169.254", Some("IPv4-mapped")),
    ("::ffff:8.8.8.8", Some("IPv4-mapped")),
    ("64:ff9b::127.0.0.1", Some("translated")),
    ("64:ff9b::a9fe:a9fe", Some("translated")),
    ("64:ff9b:1::1", Some("translated")),
    ("100::1", Some("discard")),
    ("1fff::1", Some("not a global")),
    ("2000::1", None),
    ("2001::1", Some("protocols")),
    ("2001:0:7f00:1::", Some("protocols")),
    ("2001:db8::1", Some("documentation")),
    ("2001:4860:4860::8888", None),
    ("2002:7f00:1::1", Some("6to4")),
    ("2002:a9fe:a9fe::1", Some("6to4")),
    ("2600::1", None),
    ("3fff::1", Some("documentation")),
    ("2600::5efe:7f00:1", Some("ISATAP")),
    ("2600::200:5efe:808:808", Some("ISATAP")),
    ("2600::100:5efe:808:808", None),
    ("4000::1", Some("not a global")),
    ("5f00::1", Some("not a global")),
    ("fc00::1", Some("private")),
    ("fd00:ec2::254", Some("metadata")),
    ("fe80::1", Some("link-local")),
    ("febf::1", Some("link-local")),
    ("fec0::1", Some("site-local")),
    ("ff02::1", Some("multicast")),
];

/// What each of the three questions comes to.
fn ask_all(fetcher: &GuardedFetcher, url: &str) -> [String; 3] {
    let told = |reply: Result<Vec<u8>, Unavailable>| reply.unwrap_err().to_string();
    [
        told(fetcher.fetch_crl(&FetchCrl::new(url, 1 << 20))),
        told(fetcher.fetch_ocsp(&FetchOcsp::new(url, vec![0x30, 0], 1 << 20))),
        told(fetcher.fetch_issuer(&FetchIssuer::new(url, 1 << 20))),
    ]
}

// hardening: P11
#[test]
fn refused_urls_reach_neither_resolver_nor_connector() {
    assert!(REFUSED.len() >= 60);
    let (names, connections) = (Names::default(), Connections::default());
    let asked = names.asked();
    let fetcher = GuardedFetcher::new().with_resolver(names).with_connector(connections.clone());
    for (url, words) in REFUSED {
        for told in ask_all(&fetcher, url) {
            assert!(told.contains(words), "{url:?}: {told}");
        }
    }
    let long = format!("http://ca.example/{}", "a".repeat(2_048));
    assert!(ask_all(&fetcher, &long)[0].contains("too long"));
    assert!(asked.lock().unwrap().is_empty() && connections.seen().is_empty());
}

#[test]
fn urls_that_are_plain_reach_exactly_what_they_name() {
    let cases = [
        ("http://ca.example/1.crl", "9.9.9.9:80"),
        ("HTTP://CA.Example/1.crl", "9.9.9.9:80"),
        ("http://ca.example", "9.9.9.9:80"),
        ("http://ca.example?cn=a,b", "9.9.9.9:80"),
        ("http://ca.example:80/a%20b?x=%0d%0a", "9.9.9.9:80"),
        ("https://ca.example/", "9.9.9.9:443"),
        ("http://ca.example:443/", "9.9.9.9:443"),
        ("http://xn--bcher-kva.example/", "9.9.9.10:80"),
        ("http://crl_1.ca.example/", "9.9.9.11:80"),
        ("http://8.8.8.8/", "8.8.8.8:80"),
        ("http://[2600::1]/", "[2600::1]:80"),
    ];
    for (url, to) in cases {
        let names = Names::default()
            .with("ca.example", &[&["9.9.9.9"]])
            .with("xn--bcher-kva.example", &[&["9.9.9.10"]])
            .with("crl_1.ca.example", &[&["9.9.9.11"]]);
        let connections = Connections::default();
        let fetcher = GuardedFetcher::new().with_resolver(names).with_connector(connections.clone());
        let told = fetcher.fetch_crl(&FetchCrl::new(url, 1 << 20)).unwrap_err().to_string();
        assert!(told.ends_with("cannot be connected to: connection refused"), "{url}: {told}");
        assert_eq!(connections.seen(), [to.parse().unwrap()], "{url}");
    }
}

#[test]
fn addresses_are_judged_alike_as_literals_and_as_what_a_name_resolves_to() {
    assert!(ADDRESSES.len() >= 60);
    for (address, refusal) in ADDRESSES {
        let names = Names::default().with("ca.example", &[&[address]]);
        let connections = Connections::default();
        let fetcher =
            GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(connections.clone());
        for url in [literal(address), "http://ca.example/".to_owned(), "https://ca.example/".to_owned()] {
            let told = ask_all(&fetcher, &url);
            let words = refusal.unwrap_or("connection refused");
            assert!(told.iter().all(|told| told.contains(words)), "{address} by {url}: {told:?}");
        }
        assert_eq!(connections.seen().is_empty(), refusal.is_some(), "{address}");
    }
}

// hardening: P10
#[test]
fn an_answer_with_one_refused_address_is_refused_whole() {
    let mixed: &[&[&str]] = &[
        &["9.9.9.9", "127.0.0.1"],
        &["10.0.0.1", "9.9.9.9"],
        &["9.9.9.9", "::1"],
        &["2600::1", "192.168.1.1"],
        &["9.9.9.9", "9.9.9.10", "9.9.9.11", "9.9.9.12", "9.9.9.13", "169.254.169.254"],
    ];
    for answer in mixed {
        let names = Names::default().with("ca.example", &[answer]);
        let connections = Connections::default();
        let fetcher =
            GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(connections.clone());
        assert!(ask_all(&fetcher, "http://ca.example/").iter().all(|told| told.contains("resolves to")), "{answer:?}");
        assert!(connections.seen().is_empty(), "{answer:?}");
    }
}

// hardening: P10
#[test]
fn a_name_that_is_rebound_is_resolved_once_for_a_fetch() {
    // First a public address, then ever after this machine's: what a rebinding attack answers.
    let names = Names::default().with("ca.example", &[&["9.9.9.9"], &["127.0.0.1"]]);
    let (asked, connections) = (names.asked(), Connections::default());
    let fetcher = GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(connections.clone());
    let crl = || fetcher.fetch_crl(&FetchCrl::new("http://ca.example/", 1 << 20)).unwrap_err().to_string();
    assert!(crl().contains("connection refused"));
    assert_eq!((asked.lock().unwrap().len(), connections.seen().len()), (1, 1));
    assert!(crl().contains("resolves to 127.0.0.1: loopback"));
    assert_eq!((asked.lock().unwrap().len(), connections.seen().len()), (2, 1));
}

#[test]
fn what_names_and_paths_say_of_people_is_not_told() {
    let names = Names::default().with("ca.example", &[&["9.9.9.9"]]);
    let fetcher =
        GuardedFetcher::new().with_limits(unbound()).with_resolver(names).with_connector(Connections::default());
    let urls = [
        "http://ca.example/alice@goal.example?cn=Alice",
        "http://nowhere.example/alice",
        "http://10.0.0.1/alice",
        "http://alice:secret@ca.example/",
        "http://ca.example:99/alice",
        "http://\u{202e}alice.example/alice",
    ];
    for url in urls {
        for told in ask_all(&fetcher, url) {
            assert!(!told.contains("alice") && !told.contains("Alice") && told.is_ascii(), "{told}");
            assert!(!told.contains(|letter: char| letter.is_control()), "{told:?}");
        }
    }
}

#[test]
fn an_allowance_is_for_one_name_and_its_networks() {
    let names = Names::default()
        .with("pki.internal", &[&["10.1.2.3"]])
        .with("other.example", &[&["10.1.2.3"]])
        .with("elsewhere.internal", &[&["10.2.0.1"]]);
    let connections = Connections::default();
    let network = "10.1.0.0/16".parse().unwrap();
    let fetcher = GuardedFetcher::new()
        .with_limits(unbound())
        .with_resolver(names)
        .with_connector(connections.clone())
        .allow_addresses("PKI.internal", network)
        .and_then(|fetcher| fetcher.allow_addresses("elsewhere.internal", network))
        .and_then(|fetcher| fetcher.allow_addresses("10.1.0.1", network))
        .unwrap();
    assert!(ask_all(&fetcher, "http://other.example/")[0].contains("private"));
    assert!(ask_all(&fetcher, "http://elsewhere.internal/")[0].contains("private"));
    assert!(ask_all(&fetcher, "http://10.1.2.3/")[0].contains("private"));
    assert!(connections.seen().is_empty());
    assert!(ask_all(&fetcher, "http://pki.internal/")[0].contains("connection refused"));
    assert!(ask_all(&fetcher, "http://10.1.0.1/")[0].contains("connection refused"));
    assert_eq!(connections.seen().len(), 6);
}

#[test]
fn a_host_is_asked_only_so_often_and_rests_after_a_failure() {
    let names = Names::default().with("ca.example", &[&["9.9.9.9"]]).with("other.example", &[&["9.9.9.9"]]);
    let connections = Connections::default();
    let fetcher = GuardedFetcher::new().with_resolver(names).with_connector(connections.clone());
    assert!(ask_all(&fetcher, "http://ca.example/a")[2].contains("failed a short while ago"));
    assert_eq!(connections.seen().len(), 1);
    assert!(ask_all(&fetcher, "http://other.example/a")[0].contains("connection refused"));
    assert_eq!(connections.seen().len(), 2);
    let mut limits = unbound();
    limits.requests_per_minute = 2;
    let fetcher = fetcher.with_limits(limits);
    let told = ask_all(&fetcher, "http://ca.example/b");
    assert!(told[1].contains("too often"), "{told:?}");
}

#[test]
fn what_was_ruled_out_is_refused_also_where_it_is_public() {
    let names = Names::default().with("ca.example", &[&["193.0.2.7"]]);
    let connections = Connections::default();
    let fetcher = GuardedFetcher::new()
        .with_limits(unbound())
        .with_resolver(names)
        .with_connector(connections.clone())
        .refuse_addresses("193.0.2.0/24".parse().unwrap());
    for url in ["http://193.0.2.7/", "http://ca.example/"] {
        assert!(ask_all(&fetcher, url).iter().all(|told| told.contains("ruled out")), "{url}");
    }
    assert!(connections.seen().is_empty());
}

#[test]
fn a_port_that_is_dead_keeps_nobody_from_the_right_one() {
    let names = Names::default().with("ca.example", &[&["9.9.9.9"]]);
    let connections = Connections::default();
    let fetcher = GuardedFetcher::new().with_resolver(names).with_connector(connections.clone());
    assert!(ask_all(&fetcher, "https://ca.example/")[1].contains("failed a short while ago"));
    assert!(ask_all(&fetcher, "http://ca.example/")[0].contains("connection refused"));
    assert_eq!(connections.seen().len(), 2);
}

#[test]
fn a_resolver_that_is_late_leaves_no_time_to_connect() {
    /// Takes more time than it was given.
    #[derive(Debug)]
    struct Late;

    impl Resolve for Late {
        fn resolve(&self, _name: &str, within: Duration) -> Result<Vec<IpAddr>, Unavailable> {
            std::thread::sleep(within + Duration::from_millis(20));
            Ok(vec![IpAddr::from([9, 9, 9, 9])])
        }
    }
    let connections = Connections::default();
    let fetcher = GuardedFetcher::new().with_limits(short()).with_resolver(Late).with_connector(connections.clone());
    assert!(ask_all(&fetcher, "http://ca.example/").iter().all(|told| told.contains("in time")));
    assert!(connections.seen().is_empty());
}

#[test]
fn a_proxy_does_not_open_what_is_refused() {
    let connections = Connections::default();
    let names = Names::default().with("proxy.internal", &[&["10.0.0.9"]]);
    let asked = names.asked();
    let fetcher = GuardedFetcher::new()
        .with_limits(unbound())
        .with_resolver(names)
        .with_connector(connections.clone())
        .through_proxy("http://proxy.internal:3128")
        .unwrap();
    let literals = ADDRESSES.iter().filter(|(_, why)| why.is_some()).map(|(address, _)| literal(address));
    for url in REFUSED.iter().map(|(url, _)| (*url).to_owned()).chain(literals) {
        ask_all(&fetcher, &url);
    }
    assert!(asked.lock().unwrap().is_empty() && connections.seen().is_empty());
    // The name is for the proxy to resolve.
    ask_all(&fetcher, "http://ca.example/");
    assert_eq!(*asked.lock().unwrap(), ["proxy.internal"; 3]);
    assert_eq!(connections.seen(), ["10.0.0.9:3128".parse().unwrap(); 3]);
}

#[test]
fn addresses_that_swallow_everything_share_the_time_to_connect() {
    /// Uses up what it is given, which it writes down.
    #[derive(Clone, Debug, Default)]
    struct BlackHole(Arc<Mutex<Vec<Duration>>>);

    impl Connect for BlackHole {
        fn connect(&self, _address: SocketAddr, within: Duration) -> io::Result<TcpStream> {
            self.0.lock().unwrap().push(within);
            std::thread::sleep(within);
            Err(io::ErrorKind::TimedOut.into())
        }
    }
    let names = Names::default().with("ca.example", &[&["9.9.9.9"; 10]]);
    let hole = BlackHole::default();
    let fetcher = GuardedFetcher::new().with_limits(short()).with_resolver(names).with_connector(hole.clone());
    let told = fetcher.fetch_crl(&FetchCrl::new("http://ca.example/", 1)).unwrap_err();
    assert!(told.detail().starts_with("ca.example: cannot be connected to"), "{told}");
    let given = hole.0.lock().unwrap();
    assert!(given.len() <= 4 && given.iter().sum::<Duration>() <= short().connect, "{given:?}");
}
