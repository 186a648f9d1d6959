//! Writing a transcript: always the same text for the same transcript, in lines that editors and version control take well.

use crate::form::Transcript;
use std::fmt::Write as _;
use toml::{Table, Value};

/// Members stand in this order; what is not named here follows, by name.
const ORDER: [&str; 44] = [
    "about",
    "operation",
    "now",
    "tenant",
    "route",
    "ocsp_nonce",
    "dry_run",
    "visible",
    "hidden",
    "configuration",
    "mail",
    "number",
    "question",
    "kind",
    "to",
    "directory",
    "addresses",
    "address",
    "hidden",
    "version",
    "expect",
    "change",
    "state",
    "outcome",
    "code",
    "fault",
    "offset",
    "source",
    "fingerprint",
    "at",
    "event",
    "limit",
    "request",
    "der",
    "issuers",
    "issuer_key",
    "capabilities",
    "signed_at",
    "imported_at",
    "preferred",
    "certs",
    "found",
    "rejected",
    "recipients",
];

/// Base64 longer than this is broken into lines.
const WIDTH: usize = 120;

impl Transcript {
    /// The text of the file.
    ///
    /// ```
    /// let text = "about = \"x\"\noperation = \"import\"\nnow = 0\ntenant = \"default\"\nconfiguration = \"\"\nmail = \"\"\n\n[outcome]\n";
    /// assert_eq!(postseal_transcripts::Transcript::parse(text).unwrap().write(), text);
    /// ```
    #[must_use]
    pub fn write(&self) -> String {
        let mut tree = Table::try_from(self).expect("a transcript has nothing that TOML cannot say");
        let mut out = String::new();
        let parts = ["turn", "outcome", "event"].map(|part| (part, tree.remove(part)));
        table(&tree, "", &mut out);
        for (name, part) in parts {
            match part {
                Some(Value::Array(tables)) => {
                    tables.iter().for_each(|each| section(each, &format!("[[{name}]]"), name, &mut out))
                }
                Some(each) => section(&each, &format!("[{name}]"), name, &mut out),
                None => {}
            }
        }
        out
    }
}

fn section(value: &Value, header: &str, path: &str, out: &mut String) {
    let members = value.as_table().expect("a section is a table");
    // A turn stands right under the header that begins it.
    let gap = if out.ends_with("]]\n") { "" } else { "\n" };
    let _ = writeln!(out, "{gap}{header}");
    table(members, path, out);
}

fn rank(key: &str) -> (usize, &str) {
    (ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len()), key)
}

/// Values first, then tables and lists of tables, which have headers.
fn table(members: &Table, path: &str, out: &mut String) {
    let mut keys: Vec<&String> = members.keys().collect();
    keys.sort_by_key(|key| rank(key));
    let (sections, values): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| has_header(&members[*key]));
    for key in values {
        let _ = writeln!(out, "{key} = {}", inline(&members[key]));
    }
    for key in sections {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &members[key] {
            Value::Array(tables) => {
                tables.iter().for_each(|each| section(each, &format!("[[{path}]]"), &path, out));
            }
            each => section(each, &format!("[{path}]"), &path, out),
        }
    }
}

fn has_header(value: &Value) -> bool {
    match value {
        Value::Table(_) => true,
        Value::Array(values) => values.iter().any(Value::is_table),
        _ => false,
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(values) if values.iter().any(|value| value.as_str().is_some_and(is_long)) => {
            let lines: String = values.iter().map(|value| format!("{},\n", inline(value))).collect();
            format!("[\n{lines}]")
        }
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn is_long(text: &str) -> bool {
    text.len() > WIDTH && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+/=".contains(&octet))
}

fn string(text: &str) -> String {
    if is_long(text) {
        // A line that ends with a backslash goes on in the next one: the value has no line ends.
        let lines: Vec<_> = text.as_bytes().chunks(WIDTH).map(String::from_utf8_lossy).collect();
        return format!("\"\"\"\\\n{}\"\"\"", lines.join("\\\n"));
    }
    let is_plain = |octet: u8| (b' '..=b'~').contains(&octet) || octet == b'\n';
    if text.contains('\n') && text.bytes().all(is_plain) && !text.contains("'''") {
        return format!("'''\n{text}'''");
    }
    Value::String(text.to_owned()).to_string()
}
