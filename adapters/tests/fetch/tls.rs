//! https of a real web server: which certificates are believed.

use crate::real::{private_pem, web_server_with};
use crate::world::{fetcher_for, patient};
use postseal::fetch::Fetcher;
use postseal::query::FetchCrl;
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, Name, pem};
use std::fs;

/// One server for each of the names, told apart by what the client asks for (RFC 6066 3).
fn configuration() -> String {
    let server = |host: &str| {
        format!(
            "server {{ listen 127.0.0.1:@PORT@ ssl; server_name {host}; root www;
                       ssl_certificate {host}.pem; ssl_certificate_key {host}.key; }}\n"
        )
    };
    HOSTS.iter().map(|(host, ..)| server(host)).collect()
}

const NOT_TRUSTED: Option<&str> = Some("shows no TLS certificate that is trusted for it");

/// Hosts, the name in their certificate, whether the root we trust issued it, its end, and what becomes of them.
const HOSTS: &[(&str, &str, bool, &str, Option<&str>)] = &[
    ("good.example", "good.example", true, "2045-01-01T00:00:00Z", None),
    ("wild.example", "*.example", true, "2045-01-01T00:00:00Z", NOT_TRUSTED),
    ("wrong.example", "good.example", true, "2045-01-01T00:00:00Z", NOT_TRUSTED),
    ("old.example", "old.example", true, "2026-02-01T00:00:00Z", NOT_TRUSTED),
    ("stranger.example", "stranger.example", false, "2045-01-01T00:00:00Z", NOT_TRUSTED),
];

#[test]
fn only_certificates_of_the_host_are_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("www")).unwrap();
    fs::write(path("www/1.crl"), "list").unwrap();
    let (root, stranger) = (Authority::root("TLS", Key::P256(50)), Authority::root("TLS", Key::P256(51)));
    for (number, (host, name, is_ours, end, _)) in HOSTS.iter().enumerate() {
        let key = Key::P256(60 + u64::try_from(number).unwrap());
        let mut spec = CertSpec::mailbox("www@ca.example", key);
        spec.names = vec![Name::Dns((*name).to_owned())];
        spec.key_use = KeyUse::Sign;
        spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.1".to_owned()];
        (spec.not_before, spec.not_after) = ("2025-01-01T00:00:00Z".to_owned(), (*end).to_owned());
        let issuer = if *is_ours { &root } else { &stranger };
        fs::write(path(&format!("{host}.pem")), pem(issuer.issue(&spec).der())).unwrap();
        fs::write(path(&format!("{host}.key")), private_pem(key)).unwrap();
    }
    let Some(server) = web_server_with(folder.path(), &configuration()) else { return };
    let hosts: Vec<&str> = HOSTS.iter().map(|(host, ..)| *host).collect();
    let fetcher = fetcher_for(&hosts, &[server.port]).with_limits(patient());
    let fetcher = fetcher.with_tls_roots(root.pem().as_bytes()).unwrap();
    for (host, .., words) in HOSTS {
        let got = fetcher.fetch_crl(&FetchCrl::new(&format!("https://{host}:{}/1.crl", server.port), 1 << 20));
        let expected = words.map_or_else(|| Ok(b"list".to_vec()), |words| Err(format!("{host}: {words}")));
        assert_eq!(got.map_err(|error| error.to_string()), expected, "{host}");
    }
    // The same server without TLS.
    let plain = fetcher.fetch_crl(&FetchCrl::new(&format!("http://good.example:{}/1.crl", server.port), 1 << 20));
    assert_eq!(plain.unwrap_err().detail(), "good.example: answers with status 400");
}
