//! The command as its user sees it: output, files, exit codes, and one clear line for everything that is wrong.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use postseal_testkit::corpus;
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, Name, Person};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

mod place;
use place::{AT, Place, complains, example, rows, stderr, stdout};

#[test]
fn a_mail_is_imported_listed_shown_exported_and_traced() {
    let place = Place::new();
    let (anchors, mail) = (example("anchors.pem"), example("alice-detached.eml"));
    let output = place.run(&["import", "--json", "--trust", &anchors, AT[0], AT[1], &mail]);
    let row = &rows(&output)[0];
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((row["outcome"].as_str(), row["address"].as_str()), (Some("imported"), Some("alice@goal.example")));
    assert_eq!((row["signature"].as_str(), row["path"].as_str()), (Some("valid"), Some("valid")));
    assert_eq!((row["candidate"].as_str(), row["source"].as_str()), (Some("signer"), Some("signed-mail")));
    assert!(
        row["code"].is_null()
            && row["not_after"] == "2036-01-01T00:00:00Z"
            && row["message_id"] == "<1001@goal.example>"
    );
    let fingerprint = row["fingerprint"].as_str().unwrap();

    let again = place.run(&["import", "--json", "--trust", &anchors, AT[0], AT[1], &mail]);
    assert_eq!(rows(&again)[0]["outcome"], "already-known");
    let list = rows(&place.run(&["certs", "list", "--json"]));
    assert_eq!((list.len(), list[0]["state"].as_str()), (1, Some("active")));
    assert!(stdout(&place.run(&["certs", "show", &fingerprint[..8]])).contains("CN=alice"));
    assert!(stdout(&place.run(&["certs", "export", "alice@goal.example"])).contains("-----BEGIN CERTIFICATE-----"));
    assert_eq!(stdout(&place.run(&["certs", "export", "bob@goal.example"])), "");
    let events = rows(&place.run(&["trace", "--json"]));
    let imported = events.iter().find(|event| event["event"] == "imported").unwrap();
    assert_eq!(
        (imported["fingerprint"].as_str(), imported["source"].as_str()),
        (Some(fingerprint), Some("signed-mail"))
    );
    assert_eq!(imported["not_before"], "2026-01-01T00:00:00Z");
    assert!(stdout(&place.run(&["trace", "--address", "bob@goal.example"])).is_empty());
    assert!(stdout(&place.run(&["trace", "--since", "2027-01-01T00:00:00Z"])).is_empty());
    assert!(stdout(&place.run(&["trace", "--tenant", "other"])).is_empty());
}

#[test]
fn operators_decisions_are_recorded() {
    let place = Place::new();
    let cases = corpus::attacks();
    let anchors = corpus::folder().join("attacks/anchors");
    for name in ["seq-alice-original", "seq-alice-attacker-dv"] {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let mail = place.write(&format!("{name}.eml"), &case.mail);
        let at = case.verify_at.to_string();
        let args: Vec<String> = ["root.pem", "other-root.pem"]
            .iter()
            .flat_map(|file| ["--trust".to_owned(), anchors.join(file).display().to_string()])
            .collect();
        let mut command = place.command(&["import", "--at", &at, mail.to_str().unwrap()]);
        assert!(command.args(&args).output().unwrap().status.success());
    }
    let states = || -> Vec<(String, String)> {
        let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let list = rows(&place.run(&["certs", "list", "--json"]));
        list.iter().map(|row| (field(row, "fingerprint"), field(row, "state"))).collect()
    };
    let before = states();
    assert_eq!((before[0].1.as_str(), before[1].1.as_str()), ("active", "held"));
    assert!(place.run(&["certs", "approve", &before[1].0]).status.success());
    assert_eq!((states()[0].1.as_str(), states()[1].1.as_str()), ("superseded", "active"));
    assert!(place.run(&["certs", "reject", &before[1].0[..12]]).status.success());
    assert_eq!(states()[1].1, "rejected");
    assert!(place.run(&["certs", "remove", &before[1].0]).status.success());
    assert_eq!(states().len(), 1);
    let events = rows(&place.run(&["trace", "--json"]));
    let decisions: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "decided")
        .map(|event| event["decision"].as_str().unwrap())
        .collect();
    assert_eq!(decisions, ["approve", "reject", "remove"]);
    complains(&place.run(&["certs", "show", "ffff"]), 2, &["ffff", "no such certificate"]);
}

#[test]
fn an_operators_certificate_is_checked_added_once_and_traced() {
    let place = Place::new();
    let (root, far) = (Authority::root("Root", Key::P256(1)), Authority::root("Far", Key::P256(8)));
    let middle = root.authority("Middle", Key::P256(2));
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::Rsa(0));
    spec.names.push(Name::Rfc822(b"a.smith@goal.example".to_vec()));
    let pem = |person: &Person| postseal_testkit::factory::pem(person.der());
    let alice = middle.issue(&spec);
    let trust = place.write("root.pem", root.pem().as_bytes());
    let other = place.write("far.pem", far.pem().as_bytes());
    let file = place.write("alice.pem", format!("{}{}", pem(&alice), middle.pem()).as_bytes());
    let alone = place.write("alone.pem", pem(&alice).as_bytes());
    let der = place.write("alice.der", alice.der());
    let signs = middle.issue(&CertSpec { key_use: KeyUse::Sign, ..spec.clone() });
    let signs = place.write("signs.pem", format!("{}{}", pem(&signs), middle.pem()).as_bytes());
    let add = |trust: &Path, file: &Path| {
        let trust = trust.to_str().unwrap();
        place.run(&["certs", "--trust", trust, "--at", "2026-06-01T00:00:00Z", "--json", "add", file.to_str().unwrap()])
    };
    complains(&place.run(&["certs", "add", file.to_str().unwrap()]), 2, &["no trust anchors"]);
    complains(&add(&other, &file), 1, &["alice.pem", "path-not-found"]);
    complains(&add(&trust, &alone), 1, &["alone.pem", "path-not-found"]);
    complains(&add(&trust, &der), 1, &["alice.der", "path-not-found"]);
    complains(&add(&trust, &signs), 1, &["signs.pem", "key-usage-encrypt"]);
    complains(&add(&trust, &place.path("missing.pem")), 1, &["missing.pem"]);
    complains(&add(&trust, &place.write("empty.pem", b"")), 1, &["empty.pem"]);
    fs::File::create(place.path("large.pem")).unwrap().set_len((4 << 20) + 1).unwrap();
    complains(&add(&trust, &place.path("large.pem")), 1, &["large.pem", "more than 4194304 octets"]);
    #[cfg(unix)]
    complains(&add(&trust, Path::new("/dev/zero")), 1, &["/dev/zero", "more than 4194304 octets"]);
    assert!(!place.path("postseal.db").exists());

    for outcome in ["added", "already-known"] {
        let told = rows(&add(&trust, &file));
        let addresses: Vec<_> = told.iter().map(|row| row["address"].as_str().unwrap()).collect();
        assert_eq!(addresses, ["alice@goal.example", "a.smith@goal.example"]);
        assert!(told.iter().all(|row| row["outcome"] == outcome), "{told:?}");
    }
    let listed = rows(&place.run(&["certs", "list", "--json"]));
    assert!(listed.iter().all(|row| row["source"] == "operator" && row["state"] == "active"), "{listed:?}");
    let events = rows(&place.run(&["trace", "--json"]));
    assert_eq!(events.iter().filter(|event| event["event"] == "added").count(), 2);
    assert!(events.iter().all(|event| event["by"].is_string() && event["fingerprint"] == listed[0]["fingerprint"]));

    let fingerprint = listed[0]["fingerprint"].as_str().unwrap();
    complains(&place.run(&["certs", "disable", fingerprint]), 2, &["a.smith@goal.example", "--address"]);
    complains(&place.run(&["certs", "disable", fingerprint, "--address", "nobody"]), 2, &["nobody"]);
    let of_alice = ["certs", "disable", &fingerprint[..8], "--address", "alice@goal.example"];
    assert!(place.run(&of_alice).status.success());
    complains(&add(&trust, &file), 1, &["certificate-disabled"]);
}

#[test]
fn a_dry_run_makes_no_file() {
    let place = Place::new();
    let output = place.run(&[
        "import",
        "--dry-run",
        "--json",
        "--trust",
        &example("anchors.pem"),
        AT[0],
        AT[1],
        &example("bob-opaque-ber.eml"),
    ]);
    let row = &rows(&output)[0];
    assert_eq!((row["outcome"].as_str(), row["dry_run"].as_bool()), (Some("imported"), Some(true)));
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 0);
}

#[test]
fn an_mbox_a_maildir_a_folder_and_standard_input_are_read() {
    let place = Place::new();
    let mails: Vec<Vec<u8>> =
        ["alice-detached.eml", "carol-ecdsa.eml"].iter().map(|name| fs::read(example(name)).unwrap()).collect();
    let unix = |mail: &[u8]| String::from_utf8(mail.to_vec()).unwrap().replace("\r\n", "\n");
    let mbox: String =
        mails.iter().map(|mail| format!("From sender Fri May  1 12:00:00 2026\n{}\n", unix(mail))).collect();
    place.write("mbox", mbox.as_bytes());
    for (index, mail) in mails.iter().enumerate() {
        place.write(&format!("folder/{index}.eml"), mail);
        place.write(&format!("maildir/cur/{index}:2,S"), mail);
    }
    place.write("folder/readme.txt", b"not a mail");
    fs::create_dir_all(place.path("maildir/new")).unwrap();
    for source in ["mbox", "folder", "maildir"] {
        let store = format!("sqlite:{source}.db");
        let output = place.run(&[
            "import",
            "--json",
            "--store",
            &store,
            "--trust",
            &example("anchors.pem"),
            AT[0],
            AT[1],
            source,
        ]);
        let outcomes: Vec<_> = rows(&output).iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect();
        assert_eq!(outcomes, ["imported", "imported"], "{source}: {}", stderr(&output));
    }
    let input = fs::File::open(example("alice-detached.eml")).unwrap();
    let output = place
        .command(&["import", "--json", "--trust", &example("anchors.pem"), AT[0], AT[1], "-"])
        .stdin(input)
        .output()
        .unwrap();
    assert_eq!(rows(&output)[0]["outcome"], "imported");
}

#[test]
fn inspect_shows_layers_without_deciding() {
    let place = Place::new();
    let output = place.run(&[
        "inspect",
        "--json",
        "--trust",
        &example("anchors.pem"),
        AT[0],
        AT[1],
        &example("bob-opaque-ber.eml"),
    ]);
    let row = &rows(&output)[0];
    assert_eq!((row["kind"].as_str(), row["encoding"].as_str()), (Some("opaque"), Some("BER")));
    assert_eq!(
        (row["layer"].as_str(), row["root"].as_bool(), row["address_match"].as_bool()),
        (Some("/"), Some(true), Some(true))
    );
    let signer = &row["signers"][0];
    assert_eq!((signer["signature"].as_str(), signer["path"].as_str()), (Some("valid"), Some("valid")));
    assert_eq!((signer["digest"].as_str(), signer["key"].as_str()), (Some("sha256"), Some("rsa-2048")));
    let weak = corpus::folder().join("attacks/mail/cms-sha1.eml");
    let output = place.run(&["inspect", "--json", weak.to_str().unwrap()]);
    let signer = &rows(&output)[0]["signers"][0];
    assert_eq!((signer["signature"].as_str(), &signer["weak"]), (Some("valid"), &serde_json::json!(["sha1"])));
    assert_eq!(signer["baseline"], serde_json::json!([]));
    let output = place.run(&["inspect", "--json", "--profile", "strict", weak.to_str().unwrap()]);
    let signer = &rows(&output)[0]["signers"][0];
    assert_eq!(signer["baseline"][0], serde_json::json!({ "section": "7.1.2.3 a", "name": "certificate-policies" }));
}

#[test]
fn wrong_usage_names_what_is_wrong() {
    let place = Place::new();
    let mail = example("alice-detached.eml");
    complains(&place.run(&["import", &mail]), 2, &["--trust"]);
    complains(&place.run(&["import", "--trust", "nowhere.pem", &mail]), 2, &["nowhere.pem"]);
    let bad = place.write("bad.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    complains(&place.run(&["import", "--trust", bad.to_str().unwrap(), &mail]), 2, &["bad.pem", "certificate 1"]);
    complains(
        &place.run(&["import", "--trust", &example("anchors.pem"), "--store", "redis:x", &mail]),
        2,
        &["\"redis\" is not a kind of store"],
    );
    assert_eq!(place.run(&["import"]).status.code(), Some(2));
    assert_eq!(place.run(&["import", "--at", "yesterday", &mail]).status.code(), Some(2));
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 1, "nothing was made");
}

#[test]
fn inputs_that_are_no_mails_are_named_and_the_others_still_read() {
    let place = Place::new();
    place.write("empty.eml", b"");
    place.write("binary.eml", &[0x89, b'P', b'N', b'G', 0, 1, 2, b'\n', 0]);
    let whole = fs::read(example("alice-detached.eml")).unwrap();
    place.write("truncated.eml", &whole[..whole.len() - 400]);
    let trust = example("anchors.pem");
    for (name, words) in [("empty.eml", "empty"), ("binary.eml", "no mail"), ("missing.eml", "No such file")] {
        let output =
            place.run(&["import", "--json", "--trust", &trust, AT[0], AT[1], name, &example("carol-ecdsa.eml")]);
        complains(&output, 1, &[name, words]);
        assert_eq!(rows(&output).len(), 1, "the other input was read");
    }
    let output = place.run(&["import", "--json", "--trust", &trust, AT[0], AT[1], "truncated.eml"]);
    assert_eq!((output.status.code(), rows(&output)[0]["code"].as_str()), (Some(0), Some("multipart-malformed")));
}

#[test]
fn a_store_that_cannot_be_used_is_named_and_nothing_is_half_written() {
    let place = Place::new();
    let (trust, mail) = (example("anchors.pem"), example("alice-detached.eml"));
    let import = |store: &str| place.run(&["import", "--store", store, "--trust", &trust, AT[0], AT[1], &mail]);
    place.write("corrupt.db", &[b'x'; 4096]);
    complains(&import("sqlite:corrupt.db"), 75, &["corrupt.db", "not a database"]);
    complains(&import("sqlite:no/such/folder/store.db"), 75, &["no/such/folder/store.db"]);
    assert!(import("sqlite:good.db").status.success());
    // What a crash of the disk does to the middle of a file.
    let mut bytes = fs::read(place.path("good.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[100..middle].fill(0xa5);
    fs::write(place.path("good.db"), &bytes).unwrap();
    let output = import("sqlite:good.db");
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert!(stderr(&output).contains("good.db"));
}

// A file name with a colon.
#[cfg(unix)]
#[test]
fn a_path_of_a_store_that_looks_like_a_url_is_a_path_to_whoever_writes_and_to_whoever_reads() {
    let place = Place::new();
    let (trust, mail, name) = (example("anchors.pem"), example("alice-detached.eml"), "file:store.db?mode=rwc");
    let store = format!("sqlite:{name}");
    assert!(place.run(&["import", "--store", &store, "--trust", &trust, AT[0], AT[1], &mail]).status.success());
    assert_eq!(rows(&place.run(&["certs", "list", "--json", "--store", &store])).len(), 1);
    assert!(place.path(name).exists());
}

/// A file system of this size at `at`; only root can have one.
fn small_disk(at: &Path, size: &str, again: bool) -> bool {
    let size = format!("size={size}{}", if again { ",remount" } else { "" });
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).stderr(Stdio::null()).status();
    mount.is_ok_and(|status| status.success())
}

#[test]
fn a_store_on_a_full_disk_is_told_and_works_again_when_there_is_room() {
    let place = Place::new();
    let disk = place.path("disk");
    fs::create_dir(&disk).unwrap();
    if !small_disk(&disk, "128k", false) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: only root can mount a small disk");
        return;
    }
    let (trust, trace) = (example("anchors.pem"), place.path("trace.jsonl").display().to_string());
    let import = |name: &str| {
        let store = ["--store", "sqlite:disk/store.db", "--trace", &trace, "--trust", &trust, AT[0], AT[1]];
        place.run(&[&["import"], store.as_slice(), &[&example(name)]].concat())
    };
    assert!(import("alice-detached.eml").status.success());
    fs::write(disk.join("filler"), vec![0; 1 << 20]).unwrap_err();
    let full = import("bob-opaque-ber.eml");
    let roomy = small_disk(&disk, "8m", true);
    let (again, list) =
        (import("bob-opaque-ber.eml"), place.run(&["certs", "list", "--store", "sqlite:disk/store.db"]));
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    assert!(roomy && full.status.code() == Some(1), "{full:?}");
    assert!(stderr(&full).contains("disk/store.db"), "{}", stderr(&full));
    assert!(again.status.success() && stdout(&again).contains("imported bob@goal.example"), "{again:?}");
    assert_eq!(stdout(&list).lines().count(), 2);
}

#[test]
fn a_trace_that_cannot_be_written_is_told_and_loses_no_certificate() {
    let place = Place::new();
    let full = Path::new("/dev/full");
    if !full.exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no /dev/full on this machine");
        return;
    }
    let (trust, mail) = (example("anchors.pem"), example("alice-detached.eml"));
    let output = place.run(&["import", "--trust", &trust, "--trace", "/dev/full", AT[0], AT[1], &mail]);
    complains(&output, 1, &["/dev/full", "could not be written"]);
    assert_eq!(rows(&place.run(&["certs", "list", "--json"])).len(), 1);
}

#[test]
fn the_configuration_turns_import_on_for_tenants_and_routes() {
    let place = Place::new();
    fs::copy(example("anchors.pem"), place.path("anchors.pem")).unwrap();
    place.write(
        "postseal.toml",
        b"trust = [\"anchors.pem\"]\n[tenants.goal]\nimport = true\n[tenants.goal.routes.outbound]\nimport = false\n",
    );
    let mail = example("alice-detached.eml");
    let outcome = |options: &[&str]| {
        let mut args = vec!["import", "--json", "--config", "postseal.toml", AT[0], AT[1], &mail];
        args.extend(options);
        rows(&place.run(&args))[0]["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(&[]), "not-active");
    assert_eq!(outcome(&["--tenant", "goal"]), "imported");
    assert_eq!(outcome(&["--tenant", "goal", "--route", "outbound"]), "not-active");
    let check = stdout(&place.run(&["config", "check", "--config", "postseal.toml"]));
    assert!(check.contains("tenant goal: import on") && check.contains("route outbound: import off"), "{check}");
    place.write("bad.toml", b"trust = []\n\nimprot = true\n");
    complains(&place.run(&["config", "check", "--config", "bad.toml"]), 2, &["bad.toml:3", "improt"]);
}

#[test]
fn the_whole_configuration_is_printed_and_holds_again() {
    let place = Place::new();
    fs::copy(example("anchors.pem"), place.path("anchors.pem")).unwrap();
    place.write("conf/postseal.toml", b"trust = [\"../anchors.pem\"]\n[tenants.goal]\nimport = true\n");
    let check = ["config", "check", "--config", "conf/postseal.toml"];
    let printed = place.run(&[&check[..], &["--defaults", "--revocation", "hard"]].concat());
    assert!(printed.status.success());
    let text = stdout(&printed);
    assert!(
        text.contains("[tenants.goal.revocation]\nmode = \"hard\"\n") && text.contains("path_depth = 6\n"),
        "{text}"
    );
    assert!(text.contains("postseal-trace.jsonl\"\n") && text.contains("store = \"sqlite:/"), "{text}");
    place.write("elsewhere/printed.toml", text.as_bytes());
    let again = stdout(&place.run(&["config", "check", "--config", "elsewhere/printed.toml", "--defaults"]));
    assert_eq!(again, text);
    let json = &rows(&place.run(&[&check[..], &["--json"]].concat()))[0];
    assert_eq!(json["configuration"]["tenants"]["goal"]["encrypt"]["mode"], "all-or-nothing");
    assert!(json["trust_anchors"].as_u64().unwrap() > 0);
    let schema: Value = serde_json::from_str(&stdout(&place.run(&["config", "schema"]))).unwrap();
    assert_eq!(schema["properties"]["profile"]["enum"][1], "strict");
}

#[test]
fn certificates_are_exported_in_every_format() {
    let place = Place::new();
    let (trust, mail) = (example("anchors.pem"), example("alice-detached.eml"));
    assert!(place.run(&["import", "--trust", &trust, AT[0], AT[1], &mail]).status.success());
    let export = |options: &[&str]| place.run(&[&["certs", "export"], options].concat());
    for (format, beginning) in [
        ("pem", &b"# alice@goal.example "[..]),
        ("p7c", b"\x30\x82"),
        ("vcard", b"BEGIN:VCARD\r\nVERSION:4.0\r\n"),
        ("ldif", b"version: 1\ndn: cn=alice@goal.example,dc=goal,dc=example\n"),
    ] {
        let output = export(&["--format", format]);
        assert!(output.status.success() && output.stdout.starts_with(beginning), "{format}");
        let to_file = export(&["--format", format, "--out", "exported", "alice@goal.example"]);
        assert!(to_file.status.success() && to_file.stdout.is_empty());
        assert_eq!(fs::read(place.path("exported")).unwrap(), output.stdout);
    }
    let below = stdout(&export(&["--format", "ldif", "--base", "ou=p,o=x"]));
    assert!(below.contains("dn: cn=alice@goal.example,ou=p,o=x\n"));
    complains(&export(&["--format", "vcard", "--issuers"]), 2, &["--issuers"]);
    complains(&export(&["--out", "no-folder/x.pem"]), 1, &["no-folder/x.pem"]);
    assert_eq!(export(&["--format", "p12"]).status.code(), Some(2));
}

#[test]
fn the_attack_corpus_through_the_command_has_the_same_verdicts() {
    let place = Place::new();
    let anchors = corpus::folder().join("attacks/anchors");
    let wanted = ["ctl-detached", "ctl-ecdsa", "san-nul-alice", "id-i3-two-from-a", "cms-c2-both-good"];
    for case in corpus::attacks().iter().filter(|case| wanted.contains(&case.name.as_str())) {
        let mail = place.write(&format!("{}.eml", case.name), &case.mail);
        let (root, at) = (anchors.join("root.pem").display().to_string(), case.verify_at.to_string());
        let output = place.run(&["import", "--json", "--trust", &root, "--at", &at, mail.to_str().unwrap()]);
        let imported = rows(&output)[0]["outcome"] != "refused";
        assert_eq!(imported, case.expected == corpus::Expected::MayImport, "{}", case.name);
    }
}
