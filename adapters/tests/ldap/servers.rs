//! Real servers, which end with the test.

use crate::world::ldif;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A process that ends with the test, also when the test fails.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(program: &Path, arguments: &[&str], log: &Path) -> Self {
        let log = File::create(log).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap())
    }

    /// Waits until something listens at all these ports; `false` when the process ended before.
    pub(crate) fn listens(&mut self, ports: &[u16], patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while Instant::now() < end {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return false;
            }
            if ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
                return true;
            }
            sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked first: what it started itself would otherwise stay.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        for _ in 0..40 {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/servers").join(name)
}

fn exists(program: &str) -> bool {
    let folders = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    folders.split(':').any(|folder| Path::new(folder).join(program).exists())
}

/// Whether all of these are installed; otherwise it says what is not tested.
pub(crate) fn are_there(programs: &[&str], packages: &str) -> bool {
    let missing = programs.iter().find(|program| !exists(program));
    if let Some(missing) = missing {
        eprintln!("SKIPPED: no `{missing}` (Debian: {packages})");
    }
    missing.is_none()
}

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
