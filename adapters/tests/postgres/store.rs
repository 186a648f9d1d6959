use crate::server::{Postgres, case, import, store};
use postseal::PerRoute;
use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, ManagedStore, Tenant};
use postseal_adapters::store::PostgresStore;
use postseal_testkit::conformance;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, thread};

#[test]
fn it_conforms() {
    let Some(server) = Postgres::start() else { return };
    let count = AtomicU32::new(0);
    conformance::store(&|| {
        let name = format!("conform{}", count.fetch_add(1, Ordering::Relaxed));
        Box::new(store(&server.database(&name)))
    });
}

// hardening: L4
#[test]
fn it_conforms_as_what_operators_use_and_with_quotas() {
    let Some(server) = Postgres::start() else { return };
    let count = AtomicU32::new(0);
    let address = || server.database(&format!("managed{}", count.fetch_add(1, Ordering::Relaxed)));
    conformance::managed_store(&|| Box::new(store(&address())));
    conformance::quotas(&|quotas| {
        let setup = PostgresStore::at(&address()).unwrap().with_quotas(PerRoute::new(quotas));
        Box::new(setup.store().unwrap())
    });
}

#[test]
fn tables_of_the_first_version_are_brought_up_to_date() {
    let Some(server) = Postgres::start() else { return };
    let (address, case) = (server.database("mail"), case("ctl-detached"));
    import(&case, &store(&address));
    server.sql(
        "mail",
        "DROP TABLE postseal.tenant, postseal.learned; UPDATE postseal.version SET number = 1;
         DROP INDEX postseal.certificate_fingerprint, postseal.certificate_not_after;
         INSERT INTO postseal.entry VALUES ('a', 'b', 'b@goal.example', 1);",
    );
    let store = store(&address);
    assert_eq!(store.tenants().unwrap(), [Tenant::new("a"), Tenant::default()]);
    assert_eq!(store.damage().unwrap(), Vec::<String>::new(), "the addresses are counted");
    assert_eq!(import(&case, &store).outcome, Outcome::AlreadyKnown);
    server.sql("mail", "UPDATE postseal.tenant SET addresses = 7");
    assert_eq!(store.damage().unwrap(), ["the addresses of 2 tenants are miscounted"]);
    server.sql("mail", "UPDATE postseal.version SET number = 9");
    let newer = PostgresStore::at(&address).unwrap().store().unwrap().check().unwrap_err();
    assert!(newer.detail().ends_with("the store has schema version 9, this postseal knows 2"), "{newer}");
}

#[test]
fn what_was_stored_is_there_for_whoever_comes_after() {
    let Some(server) = Postgres::start() else { return };
    let (address, case) = (server.database("mail"), case("ctl-detached"));
    let outcomes = [(); 2].map(|()| import(&case, &store(&address)).outcome);
    assert_eq!(outcomes, [Outcome::Imported, Outcome::AlreadyKnown]);
    assert_eq!(store(&address).entries(&Tenant::default()).unwrap().len(), 1);
}

#[test]
fn tables_that_are_there_need_no_right_to_make_any() {
    let Some(server) = Postgres::start() else { return };
    let address = server.database("mail");
    store(&address).check().unwrap();
    server.sql("mail", "ALTER DATABASE mail OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM gateway;");
    store(&address).check().unwrap();
}

/// Not a test of its own: what the other processes of the race run.
#[test]
fn race_worker() {
    if let Ok(address) = env::var("POSTSEAL_RACE_STORE") {
        let (store, case) = (store(&address), case("ctl-detached"));
        thread::scope(|scope| {
            let run = || {
                let report = import(&case, &store);
                report.unavailable.iter().for_each(|unavailable| eprintln!("{unavailable}"));
                report.outcome.name()
            };
            let workers: Vec<_> = (0..25).map(|_| scope.spawn(run)).collect();
            for worker in workers {
                println!("outcome={}", worker.join().unwrap());
            }
        });
    }
}

// hardening: P6
#[test]
fn a_hundred_threads_in_four_processes_import_a_new_sender_once_and_make_the_tables_once() {
    let Some(server) = Postgres::start() else { return };
    let address = server.database("mail");
    let spawn = |_| {
        Command::new(env::current_exe().unwrap())
            .args(["store::race_worker", "--exact", "--nocapture", "--test-threads=1"])
            .env("POSTSEAL_RACE_STORE", &address)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let workers: Vec<_> = (0..4).map(spawn).collect();
    let mut outcomes = Vec::new();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        outcomes.extend(text.lines().filter_map(|line| line.split("outcome=").nth(1)).map(str::to_owned));
    }
    assert_eq!(outcomes.len(), 100);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "imported").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "already-known").count(), 99, "{outcomes:?}");
    assert_eq!(server.sql("mail", "SELECT count(*) FROM postseal.certificate"), "1");
}

#[test]
fn it_can_be_asked_from_within_an_executor() {
    let Some(server) = Postgres::start() else { return };
    let store = store(&server.database("mail"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { store.check().unwrap() });
    runtime.block_on(async move { drop(store) });
}

#[test]
fn tls_is_spoken_with_whom_the_roots_name_and_nobody_else() {
    let Some(server) = Postgres::start() else { return };
    server.database("mail");
    let root = fs::read(server.folder.path().join("pki/root.pem")).unwrap();
    let tls = |host: &str, password: &str, roots: &[u8]| {
        let setup = PostgresStore::at(&format!("postgresql://gateway@{host}:{}/mail", server.port)).unwrap();
        let setup = setup.with_password(password).with_tls_roots(roots).unwrap();
        setup.store().unwrap().check().map_err(|unavailable| unavailable.to_string())
    };
    tls("localhost", "hunter2", &root).unwrap();
    let wrong_name = tls("127.0.0.1", "hunter2", &root).unwrap_err();
    assert!(wrong_name.contains("certificate"), "{wrong_name}");
    let stranger = postseal_testkit::factory::Authority::root("Other", postseal_testkit::factory::Key::P256(1)).pem();
    let wrong_root = tls("localhost", "hunter2", stranger.as_bytes()).unwrap_err();
    assert!(wrong_root.contains("UnknownIssuer") || wrong_root.contains("certificate"), "{wrong_root}");
    let wrong_password = tls("localhost", "swordfish", &root).unwrap_err();
    assert!(wrong_password.contains("password authentication failed") && !wrong_password.contains("swordfish"));
}

#[test]
fn of_several_hosts_the_first_that_can_be_written_to_is_used() {
    let Some(server) = Postgres::start() else { return };
    server.database("mail");
    let address = format!("postgresql://gateway@127.0.0.1:1,127.0.0.1:{}/mail?sslmode=disable", server.port);
    store(&address).check().unwrap();
    server.sql("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
    server.sql("postgres", "SELECT pg_reload_conf()");
    thread::sleep(std::time::Duration::from_millis(300));
    assert!(store(&address).check().is_err(), "none that can be written to");
}

#[test]
fn tenants_may_have_any_name() {
    let Some(server) = Postgres::start() else { return };
    let (store, case) = (store(&server.database("mail")), case("ctl-detached"));
    for name in ["", "a\0b", "'; DROP TABLE postseal.entry; --", "\u{202e}\u{1f600}"] {
        let context = Context::new(case.verify_at).tenant(Tenant::new(name));
        let report = case.engine().import_mail(&case.mail, context, &store, &()).unwrap();
        assert_eq!(report.outcome, Outcome::Imported);
        assert_eq!(store.entries(&Tenant::new(name)).unwrap().len(), 1);
    }
}
