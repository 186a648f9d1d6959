//! A mail as the MTA tells it, the octets that arrived, and what has to be told so that it becomes another one.

use crate::protocol::Reply;
use postseal::Address;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Field names that only this milter writes. What came so from elsewhere is removed, whatever becomes of the mail.
const OWN_FIELDS: &[u8] = b"x-postseal-";

/// One header field: its value with the space before it, folded with LF, without the line end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// As it was written.
    pub name: Vec<u8>,
    /// What follows the colon.
    pub value: Vec<u8>,
}

/// One mail with its envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Of the MTA, for the log; empty where it did not say.
    pub queue_id: String,
    /// Who brought it.
    pub client: Option<IpAddr>,
    /// Whether he said who he is (SMTP AUTH).
    pub is_authenticated: bool,
    /// MAIL FROM, with brackets.
    pub sender: Vec<u8>,
    /// RCPT TO, with brackets.
    pub recipients: Vec<Vec<u8>>,
    /// The header.
    pub fields: Vec<Field>,
    /// The body.
    pub body: Vec<u8>,
    /// Octets of header and body that came, kept or not.
    pub octets: usize,
    /// More came than is kept: there is no body here, and of the header only the names of fields that only this milter writes, so that
    /// they can be removed.
    pub is_too_large: bool,
    /// Not even those are all here: the mail cannot go on.
    pub has_too_many_own: bool,
    /// Whether values come with the space after the colon. Where not, one is assumed.
    pub has_leading_space: bool,
}

impl Message {
    /// The mail as it arrived, without fields that only this milter writes. Lines end with CR LF.
    #[must_use]
    pub fn mail(&self) -> Vec<u8> {
        let mut mail = Vec::with_capacity(self.octets.saturating_add(self.fields.len().saturating_mul(4)));
        for field in self.fields.iter().filter(|field| !is_own(&field.name)) {
            mail.extend_from_slice(&field.name);
            mail.extend_from_slice(if self.has_leading_space { b":" } else { b": " });
            for (number, line) in field.value.split(|octet| *octet == b'\n').enumerate() {
                if number > 0 {
                    mail.extend_from_slice(b"\r\n");
                }
                mail.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            }
            mail.extend_from_slice(b"\r\n");
        }
        mail.extend_from_slice(b"\r\n");
        mail.extend_from_slice(&self.body);
        mail
    }

    /// The recipients of the envelope, each once; `None` where one of them is no address.
    #[must_use]
    pub fn addresses(&self) -> Option<Vec<Address>> {
        let mut seen = BTreeSet::new();
        let addresses: Option<Vec<_>> = self.recipients.iter().map(|path| address(path)).collect();
        Some(addresses?.into_iter().filter(|address| seen.insert(address.key().to_owned())).collect())
    }

    /// Those whom the header names, and those whom it does not: the second ones are nobody's business.
    #[must_use]
    pub fn visible_and_hidden(&self, addresses: Vec<Address>) -> (Vec<Address>, Vec<Address>) {
        // Only the envelope's are kept: a header can name a hundred times as many.
        let mut named: BTreeMap<String, bool> =
            addresses.iter().map(|address| (address.key().to_owned(), false)).collect();
        for address in self.named() {
            if let Some(is_named) = named.get_mut(address.key()) {
                *is_named = true;
            }
        }
        addresses.into_iter().partition(|address| named.get(address.key()) == Some(&true))
    }

    /// Every word in To and Cc that is an address. Whatever else stands there, its readers see it anyway.
    fn named(&self) -> impl Iterator<Item = Address> {
        let is_list = |field: &&Field| {
            [b"to".as_slice(), b"cc", b"resent-to", b"resent-cc"]
                .iter()
                .any(|name| field.name.eq_ignore_ascii_case(name))
        };
        let ends_word = |octet: &u8| octet.is_ascii_whitespace() || b"<>,;:()\"[]".contains(octet);
        self.fields.iter().filter(is_list).flat_map(move |field| field.value.split(ends_word)).filter_map(address)
    }

    /// What to tell the MTA so that it sends the mail as it is, without fields that only this milter writes.
    #[must_use]
    pub fn passed(&self) -> Vec<Reply> {
        self.changes(self.fields.iter().filter(|field| !is_own(&field.name)).cloned().collect())
    }

    /// What to tell the MTA so that it sends this mail instead.
    #[must_use]
    pub fn replaced(&self, mail: &[u8]) -> Vec<Reply> {
        let (fields, body) = read(mail, self.has_leading_space);
        self.changes(fields).into_iter().chain(Reply::body(body)).collect()
    }

    /// The n-th field of a name is changed where it differs, what is too much is removed from the last one on, so that no number
    /// changes its meaning meanwhile, and what is new comes last.
    fn changes(&self, wanted: Vec<Field>) -> Vec<Reply> {
        let (before, mut after) = (by_name(&self.fields), by_name(&wanted));
        let mut changes = Vec::new();
        for (name, before) in before {
            let after = after.remove(&name).unwrap_or_default();
            let numbered = (1..).zip(before.iter().zip(after.iter().map(Some).chain(std::iter::repeat(None))));
            for (number, (field, wanted)) in numbered.collect::<Vec<_>>().into_iter().rev() {
                match wanted {
                    Some(wanted) if unfolded(&wanted.value) == unfolded(&field.value) => {}
                    Some(wanted) => changes.push(Reply::ChangeHeader(number, field.name.clone(), wanted.value.clone())),
                    None => changes.push(Reply::ChangeHeader(number, field.name.clone(), Vec::new())),
                }
            }
            changes.extend(after.iter().skip(before.len()).map(|field| added(field)));
        }
        changes.extend(after.values().flatten().map(|field| added(field)));
        changes
    }
}

fn added(field: &Field) -> Reply {
    Reply::AddHeader(field.name.clone(), field.value.clone())
}

/// A path of the envelope, or a word of a header, as an address.
pub(crate) fn address(text: &[u8]) -> Option<Address> {
    let text = std::str::from_utf8(text).ok()?;
    Address::parse(text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text)).ok()
}

/// Whether only this milter writes fields of this name.
pub(crate) fn is_own(name: &[u8]) -> bool {
    name.get(..OWN_FIELDS.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(OWN_FIELDS))
}

fn by_name(fields: &[Field]) -> BTreeMap<Vec<u8>, Vec<&Field>> {
    let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for field in fields {
        names.entry(field.name.to_ascii_lowercase()).or_default().push(field);
    }
    names
}

/// Some MTAs fold with CR LF.
fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|octet| *octet != b'\r').collect()
}

/// The fields and the body of a mail that the engine wrote.
fn read(mail: &[u8], has_leading_space: bool) -> (Vec<Field>, &[u8]) {
    let mut fields: Vec<Field> = Vec::new();
    let mut rest = mail;
    while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
        let (line, after) = rest.split_at_checked(end.saturating_add(1)).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        rest = after;
        match (line.first(), fields.last_mut()) {
            (None, _) => break,
            (Some(b' ' | b'\t'), Some(field)) => {
                field.value.push(b'\n');
                field.value.extend_from_slice(line);
            }
            _ => {
                let mut parts = line.splitn(2, |octet| *octet == b':');
                let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let value = if has_leading_space { value } else { value.strip_prefix(b" ").unwrap_or(value) };
                fields.push(Field { name: name.to_vec(), value: value.to_vec() });
            }
        }
    }
    (fields, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(header: &str) -> Message {
        let (fields, _) = read(header.as_bytes(), true);
        Message { fields, has_leading_space: true, ..Message::default() }
    }

    /// What an MTA does with the replies.
    fn told(message: &Message, replies: &[Reply]) -> Vec<String> {
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> =
            message.fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect();
        for reply in replies {
            match reply {
                Reply::AddHeader(name, value) => fields.push((name.clone(), value.clone())),
                Reply::ChangeHeader(number, name, value) => {
                    let mut places = (0..fields.len()).filter(|place| fields[*place].0.eq_ignore_ascii_case(name));
                    let place = places.nth(usize::try_from(*number).unwrap().strict_sub(1)).unwrap();
                    if value.is_empty() {
                        fields.remove(place);
                    } else {
                        fields[place].1.clone_from(value);
                    }
                }
                _ => {}
            }
        }
        let line = |(name, value): &(Vec<u8>, Vec<u8>)| [name, b":".as_slice(), value].concat();
        fields.iter().map(|field| String::from_utf8_lossy(&line(field)).into_owned()).collect()
    }

    #[test]
    fn the_octets_that_arrived_come_back() {
        for header in ["A:  b \r\nB:c\r\nC:\r\nD: e\r\n\tf\r\n  g\r\n\r\n", "\r\n", "Subject: \u{e4}\r\n\r\n"] {
            assert_eq!(message(header).mail(), header.as_bytes());
        }
        let mut without_space = message("A:b\r\n\r\n");
        without_space.has_leading_space = false;
        assert_eq!(without_space.mail(), b"A: b\r\n\r\n");
    }

    #[test]
    fn any_header_becomes_any_other() {
        let headers = [
            "",
            "A: 1\r\n",
            "A: 1\r\nA: 2\r\nB: 3\r\na: 4\r\n",
            "A: 4\r\nB: 3\r\nB: 5\r\n",
            "Content-Type: a;\r\n b=c\r\nContent-Type: d\r\nContent-Transfer-Encoding: 8bit\r\n",
            "Content-Type: a;\r\n b=d\r\nMIME-Version: 1.0\r\n",
        ];
        for before in headers {
            for after in headers {
                let message = message(before);
                let replies = message.replaced(format!("{after}\r\nbody").as_bytes());
                assert_eq!(replies.last(), Some(&Reply::Body(b"body".into())));
                let mut lines = told(&message, &replies);
                let mut wanted = told(&self::message(after), &[]);
                lines.sort_by_key(|line| line.to_ascii_lowercase());
                wanted.sort_by_key(|line| line.to_ascii_lowercase());
                let lower = |lines: &[String]| lines.iter().map(|line| line.to_ascii_lowercase()).collect::<Vec<_>>();
                assert_eq!(lower(&lines), lower(&wanted), "{before:?} to {after:?}");
                assert!(before != after || replies.len() == 1);
            }
        }
    }

    #[test]
    fn fields_that_only_the_milter_writes_are_removed_wherever_they_stand() {
        let header =
            "X-Postseal-Result: a\r\nSubject: b\r\nx-postseal-result: c\r\nX-POSTSEAL-Split: d\r\nX-Postsea: e\r\n\r\n";
        let message = message(header);
        assert_eq!(message.mail(), b"Subject: b\r\nX-Postsea: e\r\n\r\n");
        assert_eq!(told(&message, &message.passed()), ["Subject: b", "X-Postsea: e"]);
    }

    #[test]
    fn whom_the_header_names_is_visible() {
        let mut message = message(
            "To: \"A, B\" <Alice@Goal.example>, team: carol@goal.example (c), <dave@goal.example>;\r\n\
             Cc: =?utf-8?q?x?=\r\n <erin@goal.example>\r\nBcc: frank@goal.example\r\nSubject: grace@goal.example\r\n\r\n",
        );
        let all = ["alice", "carol", "dave", "erin", "frank", "grace", "heidi"];
        message.recipients = all.iter().map(|name| format!("<{name}@goal.example>").into_bytes()).collect();
        let (visible, hidden) = message.visible_and_hidden(message.addresses().unwrap());
        let names =
            |list: Vec<Address>| list.iter().map(|one| one.as_str().replace("@goal.example", "")).collect::<Vec<_>>();
        assert_eq!(names(visible), ["alice", "carol", "dave", "erin"]);
        assert_eq!(names(hidden), ["frank", "grace", "heidi"]);
    }

    #[test]
    fn recipients_are_addresses_and_each_counts_once() {
        let of = |paths: &[&str]| {
            let recipients = paths.iter().map(|path| path.as_bytes().to_vec()).collect();
            Message { recipients, ..Message::default() }.addresses().map(|addresses| addresses.len())
        };
        assert_eq!(of(&["<a@goal.example>", "<A@Goal.example>", "b@goal.example"]), Some(2));
        assert_eq!(of(&["<a@goal.example>", "<postmaster>"]), None);
    }
}
