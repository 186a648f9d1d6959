use crate::{event, read, writers};
use postseal::trace::Tracer;
use postseal_adapters::trace::{JsonLines, Reader, Rotation, rotated_files};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

// hardening: P14
#[test]
fn a_folder_that_is_gone_is_counted_and_used_again_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    for rotation in [None, Some(Rotation::at(1_000))] {
        fs::create_dir(&inner).unwrap();
        let path = inner.join("trace.jsonl");
        let open = |rotation| JsonLines::rotating(&path, rotation);
        let tracer = rotation.map_or_else(|| JsonLines::open(&path), open).unwrap();
        tracer.event(&event("before"));
        fs::remove_dir_all(&inner).unwrap();
        tracer.event(&event("lost"));
        tracer.event(&event("lost as well"));
        assert_eq!(tracer.lost(), 2);
        fs::create_dir(&inner).unwrap();
        (0..10).for_each(|number| tracer.event(&event(&number.to_string())));
        assert_eq!((tracer.lost(), read(&path).0.len()), (2, 10));
        assert_eq!(rotated_files(&path).unwrap().is_empty(), rotation.is_none());
        fs::remove_dir_all(&inner).unwrap();
    }
}

#[test]
fn a_file_that_another_tool_moved_or_deleted_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let tracer = JsonLines::open(&path).unwrap();
    tracer.event(&event("moved"));
    fs::rename(&path, folder.path().join("trace.jsonl.1")).unwrap();
    tracer.event(&event("deleted"));
    fs::remove_file(&path).unwrap();
    tracer.event(&event("stays"));
    assert_eq!(writers(&read(&path).0), ["stays"]);
    assert_eq!(writers(&read(&folder.path().join("trace.jsonl.1")).0), ["moved"]);
    assert_eq!(tracer.lost(), 0);
}

#[cfg(unix)]
#[test]
fn what_is_made_belongs_to_its_owner_and_what_is_there_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (plain, rotated) = (folder.path().join("plain.jsonl"), folder.path().join("rotated.jsonl"));
    JsonLines::open(&plain).unwrap().event(&event("plain"));
    let tracer = JsonLines::rotating(&rotated, Rotation::at(1_000)).unwrap();
    (0..20).for_each(|number| tracer.event(&event(&number.to_string())));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.len() > 4 && names.contains(&folder.path().join("rotated.jsonl.lock")), "{names:?}");
    assert!(names.iter().all(|path| mode(path) == 0o600), "{names:?}");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o640)).unwrap();
    JsonLines::open(&plain).unwrap().event(&event("again"));
    assert_eq!(mode(&plain), 0o640);
}

#[test]
fn what_is_left_of_a_torn_line_costs_no_other_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let tracer = JsonLines::open(&path).unwrap();
    tracer.event(&event("before"));
    // Another process, whose disk was full.
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"at\":\"1970-01-0").unwrap();
    tracer.event(&event("after"));
    let (events, unreadable) = read(&path);
    assert_eq!((writers(&events), unreadable), (vec!["before".to_owned(), "after".to_owned()], 1));
}

#[cfg(unix)]
#[test]
fn behind_a_link_the_file_is_rotated_and_not_the_link() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("real")).unwrap();
    let (link, real) = (folder.path().join("link.jsonl"), folder.path().join("real/trace.jsonl"));
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let tracer = JsonLines::rotating(&link, Rotation::at(1)).unwrap();
    (0..3).for_each(|number| tracer.event(&event(&number.to_string())));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(rotated_files(&real).unwrap().len(), 2);
    assert_eq!(writers(&read(&link).0), ["0", "1", "2"]);
}

/// A file system of this size; only root can have one.
fn small_disk(at: &Path, size: &str, again: bool) -> bool {
    let size = format!("size={size}{}", if again { ",remount" } else { "" });
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).stderr(Stdio::null());
    mount.status().is_ok_and(|status| status.success())
}

// hardening: P14
#[test]
fn a_full_disk_is_counted_and_written_to_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    if !small_disk(folder.path(), "16k", false) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: only root can mount a small disk");
        return;
    }
    let path = folder.path().join("trace.jsonl");
    let (one, two) = (JsonLines::open(&path).unwrap(), JsonLines::open(&path).unwrap());
    let mut number = 0;
    while one.lost() == 0 {
        one.event(&event(&number.to_string()));
        number += 1;
    }
    let roomy = small_disk(folder.path(), "1m", true);
    // The other one knows nothing of the torn line.
    two.event(&event("two"));
    one.event(&event("one"));
    let mut reader = Reader::open(&path).unwrap();
    let events: Vec<_> = std::iter::from_fn(|| reader.next_event().unwrap()).collect();
    let (unreadable, lost) = (reader.unreadable(), (one.lost(), two.lost()));
    drop((reader, one, two));
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    assert!(roomy);
    let found = writers(&events);
    assert_eq!(found.len(), number - 1 + 2);
    assert_eq!(found[number - 1..], ["two", "one"]);
    assert_eq!((unreadable, lost), (1, (1, 0)), "one line is torn, and no other one");
}
