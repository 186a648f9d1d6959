//! Stores that fail at every call, and machines that fail below them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

use postseal::import::{Ask, Context, Outcome};
use postseal::operation::{Operation as _, Step};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Change, Decision, Entry, ManagedStore, PutOutcome, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, UnixTime};
use postseal_adapters::store::SqliteStore;
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use std::cell::Cell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::{env, fmt, fs};

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

/// Mails of two addresses: first contacts, renewals, contradictions, and what is known.
fn mails() -> (Engine, Vec<Vec<u8>>) {
    let root = Authority::root("Root", Key::P256(1));
    let mail = |mailbox: &str, subject: &str, key: u64, year: u32| {
        let mut spec = CertSpec::mailbox(mailbox, Key::P256(key));
        (spec.subject, spec.not_before) = (subject.to_owned(), format!("{year}-01-01T00:00:00Z"));
        SignedMail::new(mailbox, &root.issue(&spec)).build()
    };
    let (alice, bob) = ("alice@goal.example", "bob@goal.example");
    let mails = vec![
        mail(alice, "Alice", 10, 2024),
        mail(bob, "Bob", 11, 2024),
        mail(alice, "Alice", 10, 2025),
        mail(alice, "Mallory", 12, 2025),
        mail(alice, "Alice", 10, 2025),
        mail(bob, "Robert", 13, 2025),
        mail(bob, "Bob", 11, 2026),
    ];
    (postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap()), mails)
}

/// How one call fails.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Nothing is done.
    Before,
    /// It is done, and nobody hears of it.
    Unheard,
}

/// A store that fails at one of its calls.
struct Faulty<'a> {
    store: &'a dyn CertStore,
    calls: Cell<usize>,
    at: usize,
    fault: Fault,
}

impl Faulty<'_> {
    fn call<T>(&self, work: impl FnOnce() -> Result<T, Unavailable>) -> Result<T, Unavailable> {
        let call = self.calls.replace(self.calls.get() + 1);
        match self.fault {
            Fault::Before if call == self.at => Err(Unavailable::because("the store failed")),
            Fault::Unheard if call == self.at => work().and(Err(Unavailable::because("the answer was lost"))),
            _ => work(),
        }
    }
}

impl fmt::Debug for Faulty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

// One thread uses it at a time.
struct Shared<T>(std::sync::Mutex<T>);

impl fmt::Debug for Shared<Faulty<'_>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl CertStore for Shared<Faulty<'_>> {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        let faulty = self.0.lock().unwrap();
        faulty.call(|| faulty.store.find(query))
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        let faulty = self.0.lock().unwrap();
        faulty.call(|| faulty.store.put(query))
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        self.0.lock().unwrap().store.entries(tenant)
    }
}

/// Brings every mail until it is not deferred, with an operator's word between; gives how often one had to come again.
fn play(store: &dyn CertStore) -> usize {
    let (engine, mails) = mails();
    let mut again = 0;
    for (at, mail) in mails.iter().enumerate() {
        loop {
            let report = engine.import_mail(mail, Context::new(now()), store, &()).unwrap();
            if report.outcome != Outcome::Deferred {
                break;
            }
            assert!(report.error.is_some() && report.unavailable.is_some());
            again += 1;
        }
        if at == 4 {
            again += reject_what_waits(store);
        }
    }
    again
}

fn reject_what_waits(store: &dyn CertStore) -> usize {
    let alice = Address::parse("alice@goal.example").unwrap();
    let attempt = || -> Result<bool, Unavailable> {
        let entry = store.find(&FindStored::new(Tenant::default(), vec![alice.clone()]))?.remove(0);
        let Some((held, _)) = entry.certs.iter().find(|(_, state)| state.name() == "held") else { return Ok(true) };
        let change = Change::Decide { fingerprint: held.certificate.fingerprint(), decision: Decision::Reject };
        Ok(store.put(&PutStored::new(Tenant::default(), alice.clone(), entry.version, change))? == PutOutcome::Stored)
    };
    (0..).take_while(|_| !attempt().unwrap_or(false)).count()
}

// hardening: P1, P3
#[test]
fn whichever_call_fails_the_next_attempt_ends_as_if_it_had_not() {
    let clean = MemoryStore::new();
    let counting = Shared(std::sync::Mutex::new(Faulty {
        store: &clean,
        calls: Cell::new(0),
        at: usize::MAX,
        fault: Fault::Before,
    }));
    assert_eq!(play(&counting), 0);
    let calls = counting.0.into_inner().unwrap().calls.get();
    let expected = clean.entries(&Tenant::default()).unwrap();
    let states: Vec<usize> = expected.iter().map(|entry| entry.certs.len()).collect();
    assert!(calls > 14 && states == [3, 3], "{calls} calls, {states:?}");
    let folder = tempfile::tempdir().unwrap();
    for at in 0..calls {
        for fault in [Fault::Before, Fault::Unheard] {
            let sqlite = SqliteStore::open(&folder.path().join(format!("{at}{fault:?}.db"))).unwrap();
            let memory = MemoryStore::new();
            let stores: [&dyn CertStore; 2] = [&memory, &sqlite];
            for store in stores {
                let faulty = Shared(std::sync::Mutex::new(Faulty { store, calls: Cell::new(0), at, fault }));
                assert_eq!(play(&faulty), 1, "call {at}, {fault:?}");
                assert_eq!(store.entries(&Tenant::default()).unwrap(), expected, "call {at}, {fault:?}");
            }
        }
    }
}

/// A store, eight changes about eight addresses, and the file for those who spoil it.
fn eight_changes(folder: &Path) -> (SqliteStore, Vec<PutStored>, rusqlite::Connection) {
    let root = Authority::root("Root", Key::P256(1));
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
    let change = |number: u64| {
        let mailbox = format!("p{number}@goal.example");
        let mail = SignedMail::new(&mailbox, &root.issue(&CertSpec::mailbox(&mailbox, Key::P256(10 + number)))).build();
        let mut import = engine.import(&mail, Context::new(now()));
        loop {
            match import.poll(&()).unwrap() {
                Step::Ask(Ask::FindStored(pending)) => {
                    let absent = Entry::absent(pending.query().addresses[0].clone());
                    import.handle(pending.answer(Ok(vec![absent]))).unwrap();
                }
                Step::Ask(Ask::PutStored(pending)) => return pending.query().clone(),
                other => panic!("{other:?}"),
            }
        }
    };
    let store = SqliteStore::open(&folder.join("store.db")).unwrap();
    let spoiler = rusqlite::Connection::open(folder.join("store.db")).unwrap();
    (store, (0..8).map(change).collect(), spoiler)
}

// hardening: P1, P3
#[test]
fn a_commit_that_fails_is_told_to_everybody_who_waited_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, changes, spoiler) = eight_changes(folder.path());
    // What is owed at the end of a transaction, and never paid.
    spoiler
        .execute_batch(
            "CREATE TABLE paid (id INTEGER PRIMARY KEY);
             CREATE TABLE owed (id INTEGER REFERENCES paid DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER owe AFTER INSERT ON entry WHEN NEW.spelled = 'p5@goal.example'
                BEGIN INSERT INTO owed VALUES (1); END;",
        )
        .unwrap();
    let together: Vec<&PutStored> = changes.iter().collect();
    for outcome in store.put_all(&together) {
        let unavailable = outcome.unwrap_err();
        assert!(unavailable.detail().ends_with("store.db: FOREIGN KEY constraint failed"), "{unavailable}");
    }
    assert_eq!(store.entries(&Tenant::default()).unwrap(), [], "nothing of it is there");

    spoiler
        .execute_batch(
            "DROP TRIGGER owe; CREATE TRIGGER owe AFTER INSERT ON entry BEGIN INSERT INTO owed VALUES (1); END",
        )
        .unwrap();
    std::thread::scope(|scope| {
        let write = |change| store.put(change).unwrap_err();
        changes.iter().for_each(|change| drop(scope.spawn(move || write(change))));
    });
    assert_eq!(store.entries(&Tenant::default()).unwrap(), [], "nothing of it is there");

    spoiler.execute_batch("DROP TRIGGER owe").unwrap();
    assert!(store.put_all(&together).into_iter().all(|outcome| outcome == Ok(PutOutcome::Stored)));
    assert_eq!(store.damage().unwrap(), Vec::<String>::new());
}

#[test]
fn a_change_that_fails_does_not_take_others_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, changes, spoiler) = eight_changes(folder.path());
    let together: Vec<&PutStored> = changes.iter().collect();
    assert_eq!(store.put(&changes[2]).unwrap(), PutOutcome::Stored);
    spoiler
        .execute_batch(
            "UPDATE certificate SET state = 'nonsense';
             CREATE TRIGGER refuse AFTER INSERT ON certificate WHEN NEW.address = CAST('p5@goal.example' AS BLOB)
                BEGIN SELECT RAISE(ROLLBACK, 'not this one'); END;",
        )
        .unwrap();
    let outcomes = store.put_all(&together);
    for (outcome, number) in outcomes.iter().zip(0..) {
        match (number, outcome) {
            (2, Err(unavailable)) => assert!(unavailable.detail().ends_with("the store holds an unreadable state")),
            (5, Err(unavailable)) => assert!(unavailable.detail().ends_with("store.db: not this one")),
            (_, outcome) => assert_eq!(*outcome, Ok(PutOutcome::Stored), "{number}"),
        }
    }
    spoiler.execute_batch("UPDATE certificate SET state = 'active'; DROP TRIGGER refuse").unwrap();
    let stored = store.entries(&Tenant::default()).unwrap();
    assert_eq!(stored.len(), 7, "each that was told, and nothing of the other two");
    assert!(stored.iter().all(|entry| entry.certs.len() == 1 && entry.version.number() == 1));
    assert_eq!(store.put(&changes[5]).unwrap(), PutOutcome::Stored);
}

/// Not a test of its own: imports the mail whose number it reads, and says what came of it. `again` opens the store anew, `read` lets
/// somebody else look into it from then on.
#[test]
fn fault_worker() {
    let Ok(path) = env::var("POSTSEAL_FAULT_STORE") else { return };
    let (engine, mails) = mails();
    let mut kept: Option<Arc<SqliteStore>> = None;
    #[cfg(feature = "postgres")]
    let database = nowhere();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (command, number) = line.split_once(' ').unwrap();
        let mail = &mails[number.parse::<usize>().unwrap()];
        let import = |store: &SqliteStore| {
            let report = engine.import_mail(mail, Context::new(now()), store, &()).unwrap();
            let why = report.unavailable.map(|unavailable| unavailable.to_string()).unwrap_or_default();
            format!("{} {why}", report.outcome.name())
        };
        if command == "again" {
            kept = None;
        }
        let said = match (command, &kept) {
            #[cfg(feature = "postgres")]
            ("database", _) => database.check().unwrap_err().to_string(),
            ("read", Some(store)) => {
                let store = Arc::clone(store);
                let alice = FindStored::new(Tenant::default(), vec![Address::parse("alice@goal.example").unwrap()]);
                std::thread::spawn(move || {
                    loop {
                        let _entry = store.find(&alice);
                    }
                });
                "reading".to_owned()
            }
            (_, Some(store)) => import(store),
            (_, None) => match SqliteStore::open(Path::new(&path)) {
                Ok(store) => import(kept.insert(Arc::new(store))),
                Err(error) => format!("unopened {error}"),
            },
        };
        println!("said {said}");
    }
}

/// A database that is not there: whoever asks it needs a thread with a runtime.
#[cfg(feature = "postgres")]
fn nowhere() -> postseal_adapters::store::PostgresStore {
    let address = "postgresql://gateway@127.0.0.1:1/mail?sslmode=disable";
    postseal_adapters::store::PostgresStore::at(address).unwrap().store().unwrap()
}

struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(store: &Path) -> Self {
        Self::start_under(&[], store)
    }

    /// By this command, which gets its own as arguments.
    fn start_under(command: &[&str], store: &Path) -> Self {
        // What does not fit is an error of the write then, and not the end of the process.
        let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .args(command)
            .arg(env::current_exe().unwrap())
            .args(["fault_worker", "--exact", "--nocapture", "--test-threads=1"])
            .env("POSTSEAL_FAULT_STORE", store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn ask(&mut self, command: &str, mail: usize) -> String {
        writeln!(self.input.as_mut().unwrap(), "{command} {mail}").unwrap();
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the worker ended");
            if let Some((_, said)) = line.split_once("said ") {
                return said.trim_end().to_owned();
            }
        }
    }

    fn limit(&self, option: &str) -> bool {
        let id = self.child.id().to_string();
        Command::new("prlimit").args(["--pid", &id, option]).status().is_ok_and(|status| status.success())
    }

    /// With its store closed.
    fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn mount(disk: &Path, options: &str) -> bool {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(disk).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A disk that is taken away at the end.
struct Disk<'a>(&'a Path);

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _gone = Command::new("umount").args(["--lazy"]).arg(self.0).status();
    }
}

// hardening: P4
#[test]
fn whatever_the_machine_lacks_the_same_process_goes_on_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    fs::create_dir(&path).unwrap();
    if !mount(&path, "size=1m") {
        return println!("SKIPPED: only root can mount a disk that fails");
    }
    let disk = Disk(&path);
    let store = path.join("store.db");
    let mut worker = Worker::start(&store);
    assert_eq!(worker.ask("import", 0), "imported");

    // A disk becomes read-only when nobody writes to it.
    drop(worker);
    assert!(mount(&path, "remount,ro"));
    let mut worker = Worker::start(&store);
    let said = worker.ask("again", 1);
    assert!(said.starts_with("deferred ") && said.contains("store.db: "), "read-only: {said}");
    assert_eq!(worker.ask("again", 0), "already-known", "what is there can be read");
    assert_eq!(worker.ask("read", 0), "reading");
    assert!(mount(&path, "remount,rw,size=1m"));
    // Its connections are of a read-only file until one of them fails, and nobody uses another.
    let said = worker.ask("import", 1);
    if said != "imported" {
        assert!(said.starts_with("deferred ") && said.contains("store.db: "), "read-only before: {said}");
        assert_eq!(worker.ask("import", 1), "imported");
    }

    fs::write(path.join("filler"), vec![0; 2 << 20]).unwrap_err();
    let said = worker.ask("import", 2);
    assert!(said.starts_with("deferred ") && said.contains("full"), "no room: {said}");
    fs::remove_file(path.join("filler")).unwrap();
    assert_eq!(worker.ask("import", 2), "renewed");

    if !worker.limit("--fsize=4096:unlimited") {
        return println!("SKIPPED: no prlimit on this machine");
    }
    let said = worker.ask("import", 3);
    assert!(said.starts_with("deferred ") && said.contains("store.db: "), "an error of the write: {said}");
    assert!(worker.limit("--fsize=unlimited:unlimited"));
    assert_eq!(worker.ask("import", 3), "held");

    assert!(worker.limit("--nofile=3:4096"));
    let said = worker.ask("again", 5);
    assert!(said.starts_with("unopened ") && said.contains("store.db: "), "no file: {said}");
    assert!(worker.limit("--nofile=1024:4096"));
    assert_eq!(worker.ask("again", 5), "held");
    drop(worker);
    assert_eq!(SqliteStore::open(&store).unwrap().entries(&Tenant::default()).unwrap().len(), 2);
    drop(disk);
}

// hardening: P4
#[cfg(feature = "postgres")]
#[test]
fn a_store_that_could_not_start_its_runtime_starts_it_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Worker::start(&folder.path().join("store.db"));
    assert_eq!(worker.ask("import", 0), "imported");
    if !worker.limit("--nofile=3:4096") {
        return println!("SKIPPED: no prlimit on this machine");
    }
    assert_eq!(worker.ask("database", 0), "127.0.0.1/mail: this machine has no room for a thread");
    assert!(worker.limit("--nofile=1024:4096"));
    let said = worker.ask("database", 0);
    assert!(said.starts_with("127.0.0.1/mail: ") && said.contains("refused"), "{said}");
}

/// What SQLite does with its files, but for closing them.
const CALLS: [&str; 10] =
    ["openat", "pread64", "pwrite64", "fdatasync", "fsync", "ftruncate", "fcntl", "mmap", "newfstatat", "unlink"];

/// Imports so many mails with a worker under strace, each until it is stored; gives what strace says of calls on the store's files,
/// and how often a mail had to come again.
fn traced(folder: &Path, filter: &str, mails: usize) -> (String, usize) {
    let (store, log) = (folder.join("store.db"), folder.join("log"));
    let files = ["", "-wal", "-shm", "-journal"].map(|suffix| format!("{}{suffix}", store.display()));
    let mut command = vec!["strace", "-f", "-qq", "-e", filter, "-o", log.to_str().unwrap()];
    files.iter().for_each(|file| command.extend(["-P", file]));
    let mut worker = Worker::start_under(&command, &store);
    let mut again = 0;
    for mail in 0..mails {
        loop {
            assert!(again <= 1, "{filter}: one call failed, and not one attempt");
            let said = worker.ask("import", mail);
            match said.split_once(' ') {
                Some(("deferred" | "unopened", why)) => assert!(why.contains("store.db: "), "{filter}: {said}"),
                _ => break,
            }
            again += 1;
        }
    }
    worker.end();
    (fs::read_to_string(log).unwrap(), again)
}

/// The first three mails with each call of these kinds that SQLite makes on its files, failing once: every seventh, or all with
/// `POSTSEAL_EVERY_CALL=1`. Where a lock could not be given back, the one who notices has waited ten seconds for it.
// hardening: P3
#[test]
fn whichever_system_call_fails_the_next_attempt_ends_as_if_it_had_not() {
    let can_trace = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status();
    if !can_trace.is_ok_and(|status| status.success()) {
        return println!("SKIPPED: no strace on this machine, or nobody may trace");
    }
    let syncs = |mails| {
        let folder = tempfile::tempdir().unwrap();
        traced(folder.path(), "trace=fsync,fdatasync", mails).0.lines().count()
    };
    assert!(syncs(3) >= syncs(1) + 2, "what is acknowledged is on the disk");

    let clean = MemoryStore::new();
    let (engine, mails) = mails();
    for mail in &mails[..3] {
        engine.import_mail(mail, Context::new(now()), &clean, &()).unwrap();
    }
    let expected = clean.entries(&Tenant::default()).unwrap();
    let (mut failed, mut noticed) = (0, 0);
    let step = if env::var_os("POSTSEAL_EVERY_CALL").is_some() { 1 } else { 7 };
    for call in CALLS {
        for number in (1..).step_by(step) {
            let folder = tempfile::tempdir().unwrap();
            let (log, again) = traced(folder.path(), &format!("inject={call}:error=EIO:when={number}"), 3);
            if !log.contains("(INJECTED)") {
                break;
            }
            (failed, noticed) = (failed + 1, noticed + again);
            let store = SqliteStore::open(&folder.path().join("store.db")).unwrap();
            assert_eq!(store.entries(&Tenant::default()).unwrap(), expected, "{call} {number}");
            assert_eq!(store.damage().unwrap(), Vec::<String>::new(), "{call} {number}");
        }
    }
    println!("{failed} calls failed, {noticed} of them were noticed");
    assert!(failed > 20 && noticed > 5, "{failed} calls failed, {noticed} of them were noticed");
}
