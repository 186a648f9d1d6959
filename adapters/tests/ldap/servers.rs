//! Real servers, which end with the test.

pub(crate) use crate::process::{Process, are_there, script};
use crate::world::ldif;
use std::fs;
use std::net::TcpListener;
use std::time::Duration;
use tempfile::TempDir;

/// OpenLDAP with these entries.
#[derive(Debug)]
pub(crate) struct Slapd {
    process: Option<Process>,
    pub(crate) folder: TempDir,
    pub(crate) ldap: u16,
    pub(crate) ldaps: u16,
}

impl Slapd {
    pub(crate) fn start(entries: &str) -> Option<Self> {
        if !are_there(&["slapd", "openssl"], "slapd openssl") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("data.ldif"), ldif() + entries).unwrap();
        let mut slapd = Self { process: None, folder, ldap: 0, ldaps: 0 };
        for _ in 0..3 {
            // Somebody else may take the ports in between; then it ends and others are tried.
            let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
            [slapd.ldap, slapd.ldaps] = listeners.map(|listener| listener.local_addr().unwrap().port());
            if slapd.run() {
                return Some(slapd);
            }
        }
        panic!("slapd does not start: {}", fs::read_to_string(slapd.folder.path().join("log")).unwrap_or_default());
    }

    /// Starts it again at the same ports, with what it holds.
    pub(crate) fn run(&mut self) -> bool {
        self.process = None;
        let (folder, ports) = (self.folder.path(), [self.ldap, self.ldaps]);
        let arguments = [folder.to_str().unwrap(), &ports[0].to_string(), &ports[1].to_string()];
        let mut process = Process::start(&script("slapd/run.sh"), &arguments, &folder.join("log"));
        let is_up = process.listens(&ports, Duration::from_secs(60));
        self.process = Some(process);
        is_up
    }

    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join("pki").join(name)).unwrap()
    }
}
