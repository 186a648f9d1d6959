use crate::people::People;
use crate::random::Random;
use postseal_testkit::factory::{Person, SignedMail};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

/// One correspondent has about ten mails; a few are renewed, a few contradicted, every twentieth mail is not signed.
pub(crate) fn write(count: u64, anchor: &Path) {
    let people = People::new();
    std::fs::write(anchor, people.root.pem()).unwrap();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut random = Random(7);
    let correspondents = count / 10 + 1;
    let mut persons: BTreeMap<u64, Person> = BTreeMap::new();
    for number in 0..count {
        let who = random.below(correspondents);
        let mailbox = format!("c{who}@corp{}.example", who % 97);
        let minutes = number * 3;
        let (day, hour, minute) = (1 + minutes / 1440 % 28, minutes / 60 % 24, minutes % 60);
        let date = format!("{day} May 2026 {hour:02}:{minute:02}:00 +0000");
        let mail = if number.is_multiple_of(20) {
            format!("From: {mailbox}\r\nSubject: hello\r\n\r\nhello\r\n").into_bytes()
        } else {
            // Another person behind the same address once in a while.
            let number = if random.below(200) == 0 { who + correspondents } else { who };
            let person = persons.entry(number).or_insert_with(|| people.person(&mailbox, number));
            SignedMail::new(&mailbox, person).build()
        };
        let mail = String::from_utf8(mail).unwrap().replace("\r\n", "\n");
        write!(out, "From sender Fri May  1 12:00:00 2026\nReceived: from a by b; {date}\n{mail}\n").unwrap();
    }
    out.flush().unwrap();
}
