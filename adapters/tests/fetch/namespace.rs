//! The kernel's word for it: in a network namespace where every address is this machine's, it counts no connection.

use crate::guard::{ADDRESSES, REFUSED};
use crate::world::{literal, unbound};
use postseal::fetch::Fetcher;
use postseal::query::{FetchCrl, FetchIssuer, FetchOcsp};
use postseal_adapters::fetch::GuardedFetcher;
use std::fs;
use std::process::Command;

/// Set for the copy of this program that runs inside.
const INSIDE: &str = "POSTSEAL_TEST_IN_NAMESPACE";
/// Every address of both families is a local one.
const SETUP: &str = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo && \
                     exec \"$0\" --exact namespace::inside --ignored --nocapture";

// hardening: P11
#[test]
fn the_kernel_counts_no_connection() {
    let Ok(own) = std::env::current_exe() else { return eprintln!("SKIPPED: this program does not know its own path") };
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "sh", "-c", script]).arg(&own).env(INSIDE, "yes");
        command.output()
    };
    let probe = inside("ip link set lo up && ip -6 route add local ::/0 dev lo");
    if !probe.is_ok_and(|probe| probe.status.success()) {
        return eprintln!("SKIPPED: no network namespace with `unshare` and `ip` for this user");
    }
    let run = inside(SETUP).unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "runs inside of the namespace"]
fn inside() {
    if std::env::var_os(INSIDE).is_none() {
        return eprintln!("SKIPPED: not in a network namespace of its own");
    }
    let fetcher = GuardedFetcher::new().with_limits(unbound());
    let ask_all = |url: &str| {
        assert!(fetcher.fetch_crl(&FetchCrl::new(url, 1 << 20)).is_err(), "{url}");
        assert!(fetcher.fetch_ocsp(&FetchOcsp::new(url, vec![0x30, 0], 1 << 20)).is_err(), "{url}");
        assert!(fetcher.fetch_issuer(&FetchIssuer::new(url, 1 << 20)).is_err(), "{url}");
    };
    assert_eq!((connections(), packets()), (0, 0), "a namespace nobody used");
    REFUSED.iter().for_each(|(url, _)| ask_all(url));
    let refused = |(_, why): &&(&str, Option<&str>)| why.is_some();
    ADDRESSES.iter().filter(refused).for_each(|(address, _)| ask_all(&literal(address)));
    assert_eq!((connections(), packets()), (0, 0));
    // That the counters count, and that every address can be reached here.
    ask_all("http://8.8.8.8/");
    ask_all("http://[2600::1]/");
    assert_eq!(connections(), 6);
    assert!(packets() >= 12);
}

/// Connections that were tried, RFC 4022's tcpActiveOpens.
fn connections() -> u64 {
    let text = fs::read_to_string("/proc/self/net/snmp").unwrap();
    let mut tcp = text.lines().filter_map(|line| line.strip_prefix("Tcp: ")).map(|line| line.split(' '));
    let (names, mut values) = (tcp.next().unwrap(), tcp.next().unwrap());
    let at = names.into_iter().position(|name| name == "ActiveOpens").unwrap();
    values.nth(at).unwrap().parse().unwrap()
}

/// Packets of whatever protocol that any interface has seen.
fn packets() -> u64 {
    let text = fs::read_to_string("/proc/self/net/dev").unwrap();
    let received = |line: &str| line.split_once(':')?.1.split_whitespace().nth(1)?.parse::<u64>().ok();
    text.lines().filter_map(received).sum()
}
