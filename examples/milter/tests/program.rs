//! The program: its arguments, its exit codes, its signals.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_postseal-milter"));
    program.args(arguments);
    program
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// Runs until it says this.
fn started(file: &str) -> Child {
    let mut child = program(&[file]).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("event=started"), "{line}");
    child
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_wrong_configuration_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("postseal.toml");
    let file = file.to_str().unwrap();
    for arguments in [&[][..], &["--help"], &["--check"], &[file, file]] {
        assert_eq!(run(arguments).status.code(), Some(64), "{arguments:?}");
    }
    for (text, words) in [
        ("import = true", "there is no [program.milter]"),
        ("[program.milter]\nlisten = \"127.0.0.1:0\"", "postseal.toml: the milter needs a `store`"),
        ("[program.milter]\nlisten = \"127.0.0.1:0\"\nlimit = 1", ":3: unknown field `limit`"),
        ("trust = [\"none.pem\"]\n[program.milter]\nlisten = \"127.0.0.1:0\"", ":1: trust: "),
        ("[program.milter]\nlisten = \"127.0.0.1:0\"\nworkers = 0", ":3: [program.milter] workers: "),
    ] {
        fs::write(file, text).unwrap();
        for arguments in [&["--check", file][..], &[file]] {
            let output = run(arguments);
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(78) && told.contains(words), "{told}");
        }
    }
}

#[test]
fn the_example_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("postseal.toml")).unwrap();
    let file = folder.path().join("postseal.toml");
    let checked = |text: &str| {
        fs::write(&file, text.replace("/var/lib/postseal/", "")).unwrap();
        let output = run(&["--check", file.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    // As it is installed: what the unit runs first must succeed.
    checked(&example);
    // With the directory that is only marked.
    fs::write(folder.path().join("staff.password"), "secret").unwrap();
    let is_key = |line: &str| line.contains(" = ") || (line.starts_with('[') && line.ends_with(']'));
    let unmarked = |line: &str| line.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(line).to_owned() + "\n";
    let whole: String = example.lines().map(unmarked).collect();
    assert!(whole.contains("\ndirectories = [") && whole.contains("\n[directory.staff]\n"), "{whole}");
    checked(&whole);
}

#[test]
fn it_listens_on_a_socket_also_after_it_was_killed_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("postseal.toml");
    fs::write(&file, "store = \"sqlite:store.db\"\n[program.milter]\nlisten = \"unix:milter.socket\"").unwrap();
    let (file, socket) = (file.to_str().unwrap(), folder.path().join("milter.socket"));
    for (name, code) in [("-KILL", None), ("-TERM", Some(0)), ("-INT", Some(0))] {
        let mut child = started(file);
        let connection = UnixStream::connect(&socket).unwrap();
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), code, "{name}");
        drop(connection);
    }
    let mut first = started(file);
    assert_eq!(run(&[file]).status.code(), Some(71), "somebody listens there");
    signal(&first, "-TERM");
    first.wait().unwrap();
}

/// Talks nonsense until the milter hangs up, which is worth a line in its log.
fn babbles(socket: &Path) {
    let mut connection = UnixStream::connect(socket).unwrap();
    connection.write_all(&[0xff; 64]).unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("451 4.3.0"), "{answer:?}");
}

#[test]
fn it_serves_on_when_nobody_takes_its_log_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (file, socket) = (folder.path().join("postseal.toml"), folder.path().join("milter.socket"));
    fs::write(&file, "store = \"sqlite:store.db\"\n[program.milter]\nlisten = \"unix:milter.socket\"").unwrap();
    let file = file.to_str().unwrap();
    let goes_on = |mut child: Child| {
        for _ in 0..3 {
            babbles(&socket);
            signal(&child, "-HUP");
        }
        babbles(&socket);
        signal(&child, "-TERM");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    };
    let mut child = started(file);
    drop(child.stderr.take());
    goes_on(child);
    fs::remove_file(&socket).unwrap();
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        return println!("SKIPPED: no /dev/full on this machine");
    };
    let full = || full.try_clone().unwrap();
    let child = program(&[file]).stderr(full()).spawn().unwrap();
    let mut tries = 0..1000;
    while !socket.exists() && tries.next().is_some() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    goes_on(child);
    let code = |arguments: &[&str]| program(arguments).stderr(full()).status().unwrap().code();
    assert_eq!((code(&[]), code(&["--check", folder.path().to_str().unwrap()])), (Some(64), Some(78)));
}
