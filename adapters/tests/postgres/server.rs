use crate::process::{Process, are_there, script};
use postseal::import::{Context, Report};
use postseal::store::CertStore;
use postseal_adapters::store::PostgresStore;
use postseal_testkit::corpus::{self, Case};
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// A PostgreSQL that ends with the test.
pub(crate) struct Postgres {
    process: Option<Process>,
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
}

impl Postgres {
    pub(crate) fn start() -> Option<Self> {
        if !are_there(&["psql", "pg_config", "setpriv", "openssl"], "postgresql libpq-dev util-linux openssl") {
            return None;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut server = Self { process: None, folder: tempfile::tempdir().unwrap(), port };
        assert!(server.run(), "{}", fs::read_to_string(server.folder.path().join("log")).unwrap_or_default());
        Some(server)
    }

    /// Starts it, again with what it holds.
    pub(crate) fn run(&mut self) -> bool {
        self.process = None;
        let folder = self.folder.path();
        let arguments = [folder.to_str().unwrap(), &self.port.to_string()];
        let mut process = Process::start(&script("postgres/run.sh"), &arguments, &folder.join("log"));
        let listens = process.listens(&[self.port], Duration::from_secs(60));
        self.process = Some(process);
        // It listens before it answers.
        listens && (0..600).any(|_| self.psql("postgres", "SELECT 1").status.success() || nap())
    }

    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// As when the power fails: nobody is asked.
    pub(crate) fn kill(&mut self) {
        let file = fs::read_to_string(self.folder.path().join("run/data/postmaster.pid")).unwrap();
        let id = file.lines().next().unwrap();
        assert!(Command::new("kill").args(["-9", id]).status().unwrap().success());
        self.process = None;
        // Its children notice and end; until then the memory that they share is in the way.
        std::thread::sleep(Duration::from_millis(500));
    }

    pub(crate) fn sql(&self, database: &str, statement: &str) -> String {
        let output = self.psql(database, statement);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn psql(&self, database: &str, statement: &str) -> Output {
        let socket = self.folder.path().join("run");
        Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database])
            .args(["-c", "SET default_transaction_read_only = off", "-c", statement])
            .args(["-h", socket.to_str().unwrap(), "-p", &self.port.to_string()])
            .output()
            .unwrap()
    }

    /// The address of a new database.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER gateway"));
        self.address(name)
    }

    pub(crate) fn address(&self, database: &str) -> String {
        format!("postgresql://gateway@127.0.0.1:{}/{database}?sslmode=disable&connect_timeout=60", self.port)
    }
}

fn nap() -> bool {
    std::thread::sleep(Duration::from_millis(100));
    false
}

/// It waits for long, so that a machine with other work on it changes no outcome.
pub(crate) fn store(address: &str) -> PostgresStore {
    PostgresStore::at(address).unwrap().waiting(Duration::from_secs(60)).store().unwrap()
}

pub(crate) fn case(name: &str) -> Case {
    corpus::attacks().into_iter().find(|case| case.name == name).unwrap()
}

pub(crate) fn import(case: &Case, store: &dyn CertStore) -> Report {
    case.engine().import_mail(&case.mail, Context::new(case.verify_at), store, &()).unwrap()
}
