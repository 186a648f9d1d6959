//! What hostile mail leaves in a trace.

use postseal::import::Context;
use postseal_adapters::trace::{structured_data, to_json};
use postseal_testkit::corpus::attacks;
use postseal_testkit::{MemoryStore, Recorder};

/// Lines of the mail that somebody wrote: the Subject, and text before any base64.
fn written(mail: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(mail).into_owned();
    let subject = text.lines().filter_map(|line| line.strip_prefix("Subject: "));
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body = body.lines().filter(|line| line.contains(' ') && !line.contains(':'));
    subject.chain(body).map(str::trim).filter(|line| line.len() >= 16).map(str::to_owned).collect()
}

// hardening: R9
#[test]
fn every_mail_of_the_attack_corpus_leaves_plain_short_lines_that_quote_nothing_of_it() {
    let (mut lines, mut quotable) = (0, 0);
    for case in attacks() {
        let (store, recorder) = (MemoryStore::new(), Recorder::default());
        let written = written(&case.mail);
        quotable += written.len();
        case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &recorder).unwrap();
        for event in recorder.events() {
            let json = to_json(&event);
            for line in [json.to_string(), structured_data(&json)] {
                assert!(line.len() <= 2048, "{}: {} octets", case.name, line.len());
                assert!(!line.chars().any(char::is_control), "{}: {line:?}", case.name);
                assert!(!written.iter().any(|written| line.contains(written.as_str())), "{}: {line}", case.name);
                lines += 1;
            }
        }
    }
    assert!(lines > 500 && quotable > 200, "{lines} lines, {quotable} that could be quoted");
}
