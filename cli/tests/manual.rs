//! Every command of the README and of the manual, as it stands there, and what it prints.
//!
//! A block `sh` is run, in a folder of its own for each page, with `examples` beside it. The block `text` after it is what it must
//! have printed; in it, a line `...` stands for any lines. A block `toml` whose first line is `# NAME.toml` becomes that file.
//! A block `sh,not-run` needs what no test has (it says what), and only has to be the command's own language.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo` as the pages use it: what they build is this build.
const SHELL: &str = r#"set -euo pipefail
cargo() {
    case "$*" in
        "install --path cli") ;;
        "run -q -p postseal-cli -- "*) shift 5; postseal "$@" ;;
        *) echo "no such use of cargo in the manual: $*" >&2; return 1 ;;
    esac
}
# This test is a part of it.
just() { [ "$*" = ci ]; }
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

struct Block<'t> {
    info: &'t str,
    text: String,
    line: usize,
}

/// Blocks between fences; one that is indented, as in a list, is brought to the margin.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(Block<'_>, usize)> = None;
    for (number, line) in page.lines().enumerate() {
        let trimmed = line.trim_start();
        match (&mut open, trimmed.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some((Block { info, text: String::new(), line: number + 1 }, line.len() - trimmed.len()));
            }
            (Some(_), Some("")) => found.extend(open.take().map(|(block, _)| block)),
            (Some((block, indent)), _) => {
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    found
}

fn run(script: &str, folder: &Path) -> (bool, String) {
    let binaries = Path::new(env!("CARGO_BIN_EXE_postseal")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", &format!("{SHELL}exec 2>&1\n{script}")])
        .current_dir(folder)
        .env("PATH", path)
        .env("HOME", folder)
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Line for line; `...` in `expected` stands for any number of lines.
fn is_as_printed(expected: &[&str], printed: &[&str]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|skipped| is_as_printed(rest, &printed[skipped..])),
        Some((line, rest)) => printed.first() == Some(line) && is_as_printed(rest, &printed[1..]),
    }
}

fn check(page: &Path) -> usize {
    let text = fs::read_to_string(page).unwrap();
    let folder = tempfile::tempdir().unwrap();
    symlink(root().join("examples"), folder.path().join("examples")).unwrap();
    // Somebody has mail of his own.
    symlink(root().join("examples/mail"), folder.path().join("Maildir")).unwrap();
    let mut printed = None;
    let mut commands = 0;
    for block in blocks(&text) {
        let place = format!("{}:{}", page.display(), block.line);
        match block.info {
            "sh" => {
                let (worked, output) = run(&block.text, folder.path());
                assert!(worked, "{place}: {}\n{output}", block.text);
                commands += 1;
                printed = Some(output);
            }
            "text" => {
                if let Some(output) = printed.take() {
                    let (expected, lines) =
                        (block.text.lines().collect::<Vec<_>>(), output.lines().collect::<Vec<_>>());
                    assert!(is_as_printed(&expected, &lines), "{place}: it says\n{}\nand prints\n{output}", block.text);
                }
            }
            "toml" => {
                let name = block.text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
                if name.ends_with(".toml") && !name.contains(['/', ' ']) {
                    fs::write(folder.path().join(name), &block.text).unwrap();
                }
            }
            // A block without a language would be taken for Rust by rustdoc, and read by nobody here.
            "" => panic!("{place}: a block without a language"),
            _ => {}
        }
    }
    commands
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

#[test]
fn every_command_runs_and_prints_what_the_page_says() {
    let commands: usize = pages().iter().map(|page| check(page)).sum();
    assert!(commands > 10, "{commands} blocks of commands");
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_in_the_summary() {
    let root = root();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            if target.contains("://") {
                continue;
            }
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let linked = fs::read(&file).unwrap_or_else(|_| panic!("{}: {target}", page.display()));
            let headings = String::from_utf8_lossy(&linked).lines().filter_map(anchor).collect::<BTreeSet<_>>();
            assert!(heading.is_empty() || headings.contains(heading), "{}: {target}", page.display());
        }
    }
    let summary = fs::read_to_string(root.join("docs/SUMMARY.md")).unwrap();
    for page in pages() {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(["SUMMARY.md", "README.md"].contains(&name) || summary.contains(&format!("({name})")), "{name}");
    }
}

/// What a heading is called in a link.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
}
