use crate::proxy::Proxy;
use crate::server::{Postgres, case, import, store};
use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, Tenant};
use postseal_adapters::store::PostgresStore;
use std::env;
use std::time::{Duration, Instant};

// hardening: P1
#[test]
fn a_database_that_was_killed_and_came_back_needs_no_restart_of_ours() {
    let Some(mut server) = Postgres::start() else { return };
    let (store, case) = (store(&server.database("mail")), case("ctl-detached"));
    let import = |tenant: &str| {
        let context = Context::new(case.verify_at).tenant(Tenant::new(tenant));
        case.engine().import_mail(&case.mail, context, &store, &()).unwrap().outcome
    };
    assert_eq!(import("known"), Outcome::Imported);
    server.kill();
    assert_eq!(import("new"), Outcome::Deferred);
    assert!(server.run());
    let end = Instant::now() + Duration::from_secs(30);
    while store.check().is_err() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(import("known"), Outcome::AlreadyKnown, "what was acknowledged is there");
    assert_eq!(import("new"), Outcome::Imported);
    server.stop();
    assert!(server.run());
    assert_eq!(import("new"), Outcome::AlreadyKnown, "a connection that ended meanwhile is noticed");
}

/// All octets take minutes: `POSTSEAL_EVERY_OCTET=1`. Otherwise every eleventh.
// hardening: P1, P3
#[test]
fn a_line_that_is_cut_at_any_octet_leaves_all_or_nothing_and_a_retry_is_right() {
    let Some(server) = Postgres::start() else { return };
    let case = case("ctl-ecdsa");
    let direct = store(&server.database("mail"));
    direct.check().unwrap();
    let proxy = Proxy::before(server.port);
    let through = format!("postgresql://gateway@127.0.0.1:{}/mail?sslmode=disable", proxy.port);
    let import = |tenant: &Tenant, store: &dyn CertStore| {
        let context = Context::new(case.verify_at).tenant(tenant.clone());
        case.engine().import_mail(&case.mail, context, store, &()).unwrap().outcome
    };
    assert_eq!(import(&Tenant::new("whole"), &store(&through)), Outcome::Imported);
    let whole = proxy.passed();
    assert!(whole > 500, "{whole}");
    let (mut imported, mut deferred, mut kept) = (0, 0, 0);
    let step = if env::var_os("POSTSEAL_EVERY_OCTET").is_some() { 1 } else { 11 };
    for octets in (0..whole).step_by(step) {
        let tenant = Tenant::new(&octets.to_string());
        proxy.cut_after(octets);
        let outcome = import(&tenant, &store(&through));
        let rows = direct.entries(&tenant).unwrap();
        assert!(rows.iter().all(|entry| entry.certs.len() == 1 && entry.version.number() == 1), "{octets}: {rows:?}");
        match outcome {
            Outcome::Imported => {
                imported += 1;
                assert_eq!(rows.len(), 1, "{octets}: acknowledged and lost");
            }
            Outcome::Deferred => {
                deferred += 1;
                kept += rows.len();
                let right = if rows.is_empty() { Outcome::Imported } else { Outcome::AlreadyKnown };
                assert_eq!(import(&tenant, &direct), right, "{octets}");
            }
            other => panic!("{octets}: {other:?}"),
        }
    }
    eprintln!("{whole} octets: {deferred} deferred ({kept} of them stored all the same), {imported} imported");
    assert!(deferred > imported);
}

// hardening: P5
#[test]
fn a_database_that_does_not_answer_holds_nobody_up_for_longer_than_the_wait() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("postgresql://gateway@{}/mail?sslmode=disable", silent.local_addr().unwrap());
    let store = PostgresStore::at(&address).unwrap().waiting(Duration::from_millis(300)).store().unwrap();
    let start = Instant::now();
    let report = import(&case("ctl-detached"), &store);
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn somebody_who_holds_a_row_makes_the_store_unavailable_and_the_next_attempt_works() {
    let Some(server) = Postgres::start() else { return };
    let (address, case) = (server.database("mail"), case("ctl-detached"));
    let patient = store(&address);
    assert_eq!(import(&case, &patient).outcome, Outcome::Imported);
    server.sql("mail", "UPDATE postseal.certificate SET not_after = 0, state = 'rejected'");
    std::thread::scope(|scope| {
        let hold = "BEGIN; LOCK TABLE postseal.entry IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT";
        let holder = scope.spawn(|| server.sql("mail", hold));
        std::thread::sleep(Duration::from_millis(700));
        let hurried = PostgresStore::at(&address).unwrap().waiting(Duration::from_millis(500)).store().unwrap();
        assert_eq!(import(&case, &hurried).outcome, Outcome::Deferred);
        holder.join().unwrap();
        assert_eq!(import(&case, &hurried).outcome, Outcome::Refused, "rejected by an operator");
    });
}

#[test]
fn a_damaged_row_and_a_newer_schema_make_the_store_unavailable_and_never_a_certificate() {
    let Some(server) = Postgres::start() else { return };
    let (address, case) = (server.database("mail"), case("ctl-detached"));
    assert_eq!(import(&case, &store(&address)).outcome, Outcome::Imported);
    server.sql("mail", "UPDATE postseal.certificate SET der = '\\x3000'");
    let report = import(&case, &store(&address));
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(report.unavailable.unwrap().detail().contains("unreadable certificate"));
    server.sql("mail", "UPDATE postseal.version SET number = 9");
    let said = store(&address).check().unwrap_err();
    assert!(said.detail().contains("schema version 9"), "{said}");
}

// hardening: P4
#[test]
fn a_database_without_room_or_rights_is_unavailable_with_its_words() {
    let Some(server) = Postgres::start() else { return };
    let (address, case) = (server.database("mail"), case("ctl-detached"));
    let store = store(&address);
    store.check().unwrap();
    server.sql("mail", "ALTER DATABASE mail SET default_transaction_read_only = on");
    let fresh = crate::server::store(&address);
    let report = import(&case, &fresh);
    assert_eq!(report.outcome, Outcome::Deferred);
    let said = report.unavailable.unwrap();
    assert!(said.detail().contains("read-only transaction (25006)"), "{said}");
    server.sql("mail", "ALTER DATABASE mail RESET default_transaction_read_only");
    server.sql("mail", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'");
    assert_eq!(import(&case, &fresh).outcome, Outcome::Imported);

    // What the server says when its disk is full, or when somebody took rights away.
    let tenant = |name: &str| Context::new(case.verify_at).tenant(Tenant::new(name));
    for (state, name) in [("53100", "no-room"), ("42501", "no-rights")] {
        let refuse = format!(
            "CREATE FUNCTION postseal.refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{state}'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON postseal.certificate
                FOR EACH ROW EXECUTE FUNCTION postseal.refuse()"
        );
        server.sql("mail", &refuse);
        let report = case.engine().import_mail(&case.mail, tenant(name), &fresh, &()).unwrap();
        assert_eq!(report.outcome, Outcome::Deferred, "{name}");
        let said = report.unavailable.unwrap();
        assert!(said.detail().contains(&format!("not now ({state})")), "{said}");
        assert_eq!(import(&case, &fresh).outcome, Outcome::AlreadyKnown, "{name}: what is there can be read");
        server.sql("mail", "DROP FUNCTION postseal.refuse CASCADE");
        let report = case.engine().import_mail(&case.mail, tenant(name), &fresh, &()).unwrap();
        assert_eq!(report.outcome, Outcome::Imported, "{name}");
    }
}
