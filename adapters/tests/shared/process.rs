//! Real servers, which end with the test.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

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
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.map(|folder| folder.join("scripts/servers").join(name)).find(|script| script.exists()).unwrap()
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
