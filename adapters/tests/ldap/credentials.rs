//! Credentials that are not accepted, at several servers.

use crate::fake::{BIND, result};
use crate::world::{BASE, PASSWORD, gateway, patient, root};
use postseal_adapters::directory::ldap::{LdapDirectory, LdapFaultKind, LdapServers};
use postseal_testkit::factory::{CertSpec, Key, KeyUse, Name};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

fn tls() -> Arc<ServerConfig> {
    let key = Key::P256(60);
    let mut spec = CertSpec::mailbox("ldap@goal.example", key);
    (spec.names, spec.key_use) = (vec![Name::Dns("localhost".to_owned())], KeyUse::Sign);
    spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.1".to_owned()];
    (spec.not_before, spec.not_after) = ("2025-01-01T00:00:00Z".to_owned(), "2045-01-01T00:00:00Z".to_owned());
    let chain = vec![CertificateDer::from(root().issue(&spec).der().to_vec())];
    let key = PrivateKeyDer::Pkcs8(key.private_key().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

/// Accepts no credentials, and counts those that it is shown.
fn refusing(shown: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut wire = StreamOwned::new(ServerConnection::new(tls()).unwrap(), stream);
            let mut request = [0; 1_024];
            let Ok(5..) = wire.read(&mut request) else { continue };
            shown.fetch_add(usize::from(request[5] == BIND), Ordering::SeqCst);
            let _ = wire.write_all(&result(1, 0x61, 49, "")).and_then(|()| wire.flush());
        }
    });
    port
}

#[test]
fn a_check_shows_wrong_credentials_to_one_server() {
    let shown = Arc::new(AtomicUsize::new(0));
    let ports = [refusing(Arc::clone(&shown)), refusing(Arc::clone(&shown)), refusing(Arc::clone(&shown))];
    let [first, second, third] = ports.map(|port| format!("localhost:{port}"));
    let servers = LdapServers::listed(&[&first, &second, &third]).unwrap();
    let setup = LdapDirectory::new(servers, BASE).with_limits(patient()).with_bind(gateway(PASSWORD));
    let directory = setup.with_tls_roots(root().pem().as_bytes()).unwrap().build().unwrap();
    let checks = directory.check();
    let refused = "does not accept the credentials: result 49";
    let untried = format!("was not tried, after this at {first}: {refused}");
    let said: Vec<(String, String)> =
        checks.iter().map(|check| (check.server.clone(), check.outcome.as_ref().unwrap_err().to_string())).collect();
    assert_eq!(said, [(first, refused.to_owned()), (second, untried.clone()), (third, untried)]);
    assert!(checks.iter().all(|check| check.outcome.as_ref().is_err_and(|fault| fault.kind() == LdapFaultKind::Setup)));
    assert_eq!(shown.load(Ordering::SeqCst), 1);
}
