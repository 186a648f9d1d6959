//! The real servers, and the milter as the program that it is.

use crate::people::root;
use crate::process::{Process, are_there, script};
use crate::smtp::Sink;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal::store::Tenant;
use postseal_host::Configuration;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that a script runs in the foreground, at the same ports whenever it is started.
pub(crate) struct Server {
    script: PathBuf,
    arguments: Vec<String>,
    waits_for: Vec<u16>,
    process: Option<Process>,
    pub(crate) folder: TempDir,
}

impl Server {
    fn new(name: &str, folder: TempDir, arguments: &[String], waits_for: &[u16]) -> Self {
        let first = folder.path().to_str().unwrap().to_owned();
        let arguments = [vec![first], arguments.to_vec()].concat();
        Self { script: script(name), arguments, waits_for: waits_for.to_vec(), process: None, folder }
    }

    pub(crate) fn start(&mut self) {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let log = self.folder.path().join("log");
        let mut process = Process::start(&self.script, &arguments, &log);
        let is_up = process.listens(&self.waits_for, Duration::from_secs(90));
        assert!(is_up, "{}: {}", self.script.display(), fs::read_to_string(&log).unwrap_or_default());
        self.process = Some(process);
    }

    pub(crate) fn stop(&mut self) {
        self.process = None;
    }
}

/// OpenLDAP, which knows one person.
pub(crate) fn slapd(address: &str, certificate: &[u8]) -> (Server, u16) {
    let (folder, ldap, ldaps) = (tempfile::tempdir().unwrap(), free_port(), free_port());
    let certificate = STANDARD.encode(certificate);
    let entries = format!(
        "dn: dc=goal,dc=example\nobjectClass: domain\ndc: goal\n\n\
         dn: cn=lena,dc=goal,dc=example\nobjectClass: inetOrgPerson\ncn: lena\nsn: lena\nmail: {address}\n\
         userCertificate;binary:: {certificate}\n\n"
    );
    fs::write(folder.path().join("data.ldif"), entries).unwrap();
    let mut server = Server::new("slapd/run.sh", folder, &[ldap.to_string(), ldaps.to_string()], &[ldap, ldaps]);
    server.start();
    (server, ldap)
}

/// PostgreSQL with an empty database, and its URL.
pub(crate) fn postgres() -> (Server, String) {
    let port = free_port();
    let mut server = Server::new("postgres/run.sh", tempfile::tempdir().unwrap(), &[port.to_string()], &[port]);
    server.start();
    let socket = server.folder.path().join("run").to_str().unwrap().to_owned();
    let end = Instant::now() + Duration::from_secs(60);
    let create = || {
        let mut psql = Command::new("psql");
        psql.args([
            "-X",
            "-q",
            "-U",
            "postgres",
            "-h",
            &socket,
            "-p",
            &port.to_string(),
            "-c",
            "CREATE DATABASE mail OWNER gateway",
        ]);
        psql.stderr(Stdio::null()).status().unwrap().success()
    };
    while !create() {
        assert!(Instant::now() < end, "no database");
        sleep(Duration::from_millis(100));
    }
    (server, format!("postgresql://gateway@127.0.0.1:{port}/mail?sslmode=disable"))
}

/// Whether everything is here; otherwise it says what is not tested.
pub(crate) fn can_run(more: &[&str]) -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root {
        eprintln!("SKIPPED: Postfix needs root");
    }
    is_root
        && are_there(&["postfix", "slapd", "openssl"], "postfix slapd openssl")
        && are_there(more, "postgresql libpq-dev util-linux")
}

/// The milter, with its file.
pub(crate) struct Milter {
    child: Option<Child>,
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
    metrics: u16,
}

impl Milter {
    pub(crate) fn configured(store: &str, ldap: u16) -> Self {
        Self::with(&include_str!("postseal.toml").replace("STORE", store).replace("LDAP", &ldap.to_string()))
    }

    /// With this file, but for its ports.
    pub(crate) fn with(text: &str) -> Self {
        let (folder, port, metrics) = (tempfile::tempdir().unwrap(), free_port(), free_port());
        fs::write(folder.path().join("root.pem"), root().pem()).unwrap();
        let text = text.replace("PORT", &port.to_string()).replace("METRICS", &metrics.to_string());
        fs::write(folder.path().join("postseal.toml"), text).unwrap();
        Self { child: None, folder, port, metrics }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("postseal.toml")
    }

    pub(crate) fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let said = self.log().len();
        // A release build may be named, whose figures are looked at.
        let program = std::env::var_os("POSTSEAL_MILTER");
        let mut command = Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_postseal-milter").into()));
        self.child = Some(command.arg(self.file()).stderr(log).spawn().unwrap());
        self.wait_after(said, "event=started");
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// KiB of memory: the most it ever had, and what it has.
    pub(crate) fn memory(&self) -> [u64; 2] {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.as_ref().unwrap().id())).unwrap();
        ["VmHWM:", "VmRSS:"].map(|name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        })
    }

    /// A signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Asks it to end; whether it ended as it should.
    pub(crate) fn stop(&mut self) -> bool {
        self.signal("TERM");
        self.child.take().unwrap().wait().unwrap().success()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn wait_for(&self, words: &str) {
        self.wait_after(0, words);
    }

    /// Until it says so after this place of its log.
    fn wait_after(&self, place: usize, words: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while !self.log()[place..].contains(words) {
            assert!(Instant::now() < end, "no {words} in {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.metrics)).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// How many addresses the store has certificates for, by a look of its own.
    pub(crate) fn stored(&self) -> usize {
        let store = Configuration::read(&self.file()).unwrap().store().unwrap().unwrap();
        store.entries(&Tenant::new("goal")).unwrap().iter().filter(|entry| !entry.certs.is_empty()).count()
    }
}

impl Drop for Milter {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Postfix in front of both.
pub(crate) fn postfix(milter: u16, next: &Sink, filter: &Sink) -> (Server, u16) {
    postfix_with(milter, next, filter, &[])
}

/// With further lines of its `main.cf`.
pub(crate) fn postfix_with(milter: u16, next: &Sink, filter: &Sink, lines: &[&str]) -> (Server, u16) {
    let port = free_port();
    let milter = format!("inet:127.0.0.1:{milter}");
    let arguments = [port.to_string(), next.port.to_string(), milter, filter.port.to_string(), "-".to_owned()];
    let arguments: Vec<String> = arguments.into_iter().chain(lines.iter().map(ToString::to_string)).collect();
    let mut server = Server::new("postfix/run.sh", tempfile::tempdir().unwrap(), &arguments, &[port]);
    server.start();
    (server, port)
}

/// What OpenSSL makes of a sealed mail with this key.
pub(crate) fn opened(mail: &[u8], key: &[u8], folder: &Path) -> Vec<u8> {
    let (file, pem) = (folder.join("sealed.eml"), folder.join("key.pem"));
    fs::write(&file, mail).unwrap();
    fs::write(&pem, format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(key)))
        .unwrap();
    let output =
        Command::new("openssl").args(["cms", "-decrypt", "-in"]).arg(&file).arg("-inkey").arg(&pem).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
