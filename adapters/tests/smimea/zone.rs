//! The zone `example`, signed by BIND's own tools, with whatever a test breaks in it.

use crate::servers::Server;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Whether BIND is installed.
pub(crate) fn is_there() -> bool {
    let programs = ["named", "dnssec-keygen", "dnssec-signzone"];
    let is_program =
        |name: &&str| Command::new(name).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let is_there = programs.iter().all(is_program);
    if !is_there {
        eprintln!("SKIPPED: no BIND here (Debian: bind9, bind9-utils)");
    }
    is_there
}

#[derive(Debug)]
pub(crate) struct Zone {
    records: String,
    validity: [String; 2],
    is_signed: bool,
    changed: Option<&'static str>,
    stripped: Option<&'static str>,
    /// A zone below that is not signed: its name and its records.
    plain: Option<(String, String)>,
}

/// A zone and who serves it.
#[derive(Debug)]
pub(crate) struct Served {
    server: Server,
    /// Its key, as a DNSKEY record.
    pub(crate) anchor: String,
    _folder: TempDir,
}

impl Served {
    pub(crate) fn port(&self) -> u16 {
        self.server.port
    }

    pub(crate) fn pause(&self) {
        self.server.pause();
    }
}

const HEAD: &str = "$TTL 60\n@ IN SOA ns.example. admin.example. 1 3600 600 86400 60\n@ IN NS ns.example.\n";

pub(crate) fn owner(mailbox: &str) -> String {
    let (local, domain) = mailbox.rsplit_once('@').unwrap();
    let digest: String = Sha256::digest(local.as_bytes())[..28].iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{digest}._smimecert.{domain}.")
}

fn record(mailbox: &str, usage: &str, octets: &[u8]) -> String {
    let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{} IN SMIMEA {usage} {hex}\n", owner(mailbox))
}

impl Zone {
    pub(crate) fn new() -> Self {
        let records = format!("{HEAD}ns.example. IN A 127.0.0.1\n");
        let validity = ["20260101000000".to_owned(), "20400101000000".to_owned()];
        Self { records, validity, is_signed: true, changed: None, stripped: None, plain: None }
    }

    pub(crate) fn holds(mut self, mailbox: &str, usage: &str, octets: &[u8]) -> Self {
        self.records.push_str(&record(mailbox, usage, octets));
        self
    }

    pub(crate) fn alias(mut self, mailbox: &str, of: &str) -> Self {
        writeln!(self.records, "{} IN CNAME {}", owner(mailbox), owner(of)).unwrap();
        self
    }

    /// With this line, as it stands in zone files.
    pub(crate) fn and(mut self, line: &str) -> Self {
        writeln!(self.records, "{line}").unwrap();
        self
    }

    pub(crate) fn delegates_unsigned(mut self, name: &str, mailbox: &str, der: &[u8]) -> Self {
        writeln!(self.records, "{name}. IN NS ns.example.").unwrap();
        self.plain = Some((name.to_owned(), format!("{HEAD}{}", record(mailbox, "3 0 0", der))));
        self
    }

    pub(crate) fn signed_between(mut self, from: &str, to: &str) -> Self {
        self.validity = [from.to_owned(), to.to_owned()];
        self
    }

    pub(crate) const fn unsigned(mut self) -> Self {
        self.is_signed = false;
        self
    }

    /// The first octet of the certificate's key becomes another one behind the signer's back.
    pub(crate) const fn changed_after_signing(mut self, kind: &'static str) -> Self {
        self.changed = Some(kind);
        self
    }

    pub(crate) const fn without_signatures_of(mut self, kind: &'static str) -> Self {
        self.stripped = Some(kind);
        self
    }

    pub(crate) fn serve(self) -> Served {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("zone"), &self.records).unwrap();
        let key = run(folder.path(), "dnssec-keygen", &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "example"]);
        let key = fs::read_to_string(path(&format!("{}.key", key.trim()))).unwrap();
        let key = key.lines().find(|line| !line.starts_with(';')).unwrap();
        let [from, to] = &self.validity;
        // In full form each record stands on a line of its own. The tool does not look whether the signatures are of use.
        let sign =
            ["-q", "-P", "-S", "-z", "-O", "full", "-s", from, "-e", to, "-o", "example", "-f", "signed", "zone"];
        run(folder.path(), "dnssec-signzone", &sign);
        let signed = fs::read_to_string(path("signed")).unwrap();
        let lines = signed.lines().filter(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            !(fields.get(3) == Some(&"RRSIG") && self.stripped.is_some() && fields.get(4).copied() == self.stripped)
        });
        let change = |line: &str| match self.changed {
            Some(kind) if line.split_whitespace().nth(3) == Some(kind) => {
                let last = if line.ends_with('0') { '1' } else { '0' };
                format!("{}{last}", &line[..line.len() - 1])
            }
            _ => line.to_owned(),
        };
        let signed: Vec<String> = lines.map(change).collect();
        let text = if self.is_signed { signed.join("\n") + "\n" } else { self.records.clone() };
        fs::write(path("served"), text).unwrap();
        let mut zones = "zone \"example\" { type primary; file \"served\"; };\n".to_owned();
        if let Some((name, records)) = &self.plain {
            fs::write(path("plain"), records).unwrap();
            writeln!(zones, "zone \"{name}\" {{ type primary; file \"plain\"; }};").unwrap();
        }
        let server = Server::start("named", folder.path(), Some("all zones loaded"), &|port| {
            let text = format!(
                "options {{ directory \"{}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
                 recursion no; pid-file none; session-keyfile none; dnssec-validation no; allow-transfer {{ none; }};\n\
                 }};\ncontrols {{ }};\n{zones}",
                folder.path().display()
            );
            fs::write(path("named.conf"), text).unwrap();
            ["-g", "-n", "1", "-c", "named.conf"].map(ToOwned::to_owned).to_vec()
        });
        // The tools write no TTL.
        let anchor = key.replacen(" IN ", " 60 IN ", 1);
        Served { server: server.unwrap(), anchor, _folder: folder }
    }
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
