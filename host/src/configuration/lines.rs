//! Where each key of a file stands, so that what is wrong with its value can be told with the line.

use crate::ConfigurationError;
use postseal::trace::escape;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line of each key, table and member of a list. A key is said as the names that lead to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    file: String,
    lines: BTreeMap<Vec<String>, usize>,
}

impl Lines {
    /// Of a file that can be read.
    pub(super) fn of(file: &str, text: &str) -> Self {
        let mut lines = BTreeMap::new();
        let root = DeTable::parse(text).map(Spanned::into_inner).unwrap_or_default();
        let mut open = vec![(Vec::new(), DeValue::Table(root))];
        while let Some((key, value)) = open.pop() {
            let members: Vec<_> = match value {
                DeValue::Table(table) => {
                    let members = table.into_iter();
                    members.map(|(name, value)| (name.get_ref().to_string(), name.span().start, value)).collect()
                }
                DeValue::Array(array) => {
                    let members = array.into_iter().enumerate();
                    members.map(|(number, value)| (number.to_string(), value.span().start, value)).collect()
                }
                _ => continue,
            };
            for (name, start, value) in members {
                let inner: Vec<String> = key.iter().cloned().chain([name]).collect();
                lines.insert(inner.clone(), line_at(text, start));
                open.push((inner, value.into_inner()));
            }
        }
        Self { file: file.to_owned(), lines }
    }

    /// What is said for this key does not come from the file any more.
    pub(super) fn forget(&mut self, key: &str) {
        self.lines.retain(|path, _| path.first().is_none_or(|first| first != key));
    }

    /// With the file, the line, and the key or the table around it, as far as the file has them.
    pub(super) fn locate(&self, error: ConfigurationError) -> ConfigurationError {
        let key = error.key();
        let known = (1..=key.len()).rev().filter_map(|length| key.get(..length));
        let Some(line) = known.into_iter().find_map(|path| self.lines.get(path)) else { return error };
        let place = format!("{}:{line}: {}", self.file, shown(key));
        error.standing(place)
    }
}

/// The line of an octet, from 1.
pub(super) fn line_at(text: &str, octet: usize) -> usize {
    let before = text.as_bytes().iter().take(octet);
    before.filter(|octet| **octet == b'\n').count().saturating_add(1)
}

/// `[directory.staff] servers`, `trust`. Members of lists are left out: the line says which one it is.
fn shown(key: &[String]) -> String {
    let names = key.iter().filter(|name| name.parse::<usize>().is_err());
    let names: Vec<String> = names.map(|name| escape(name)).collect();
    match names.split_last() {
        Some((table, [outer])) if outer == "directory" || outer == "program" => format!("[{outer}.{table}]"),
        Some((table, [])) if TABLES.contains(&table.as_str()) => format!("[{table}]"),
        Some((last, [])) => last.clone(),
        Some((last, tables)) => format!("[{}] {last}", tables.join(".")),
        None => String::new(),
    }
}

/// What is a table at the outermost level, and not a value.
const TABLES: [&str; 7] = ["encrypt", "revocation", "fetch", "limits", "quotas", "retention", "tenants"];

#[cfg(test)]
mod tests {
    use super::*;

    fn located(text: &str, key: &[&str]) -> String {
        let error = key.iter().rev().fold(ConfigurationError::new("no"), |error, name| error.at(name));
        Lines::of("c.toml", text).locate(error).to_string()
    }

    #[test]
    fn every_way_to_write_a_key_has_its_line() {
        let text = "trust = [\n  \"a\",\n  \"b\",\n]\nfetch.proxy = \"p\"\n[directory.staff]\nkind = \"ldap\"\n\
                    [directory.\"x y\"]\npassword = { env = \"A\" }\n";
        assert_eq!(located(text, &["trust", "1"]), "c.toml:3: trust: no");
        assert_eq!(located(text, &["fetch", "proxy"]), "c.toml:5: [fetch] proxy: no");
        assert_eq!(located(text, &["directory", "staff"]), "c.toml:6: [directory.staff]: no");
        assert_eq!(located(text, &["directory", "x y", "password"]), "c.toml:9: [directory.x y] password: no");
        assert_eq!(located(text, &["directory", "staff", "url"]), "c.toml:6: [directory.staff] url: no");
        assert_eq!(located(text, &["store"]), "no");
    }

    #[test]
    fn names_cannot_forge_a_line() {
        let text = "[directory.\"a\\u001b[31m\\nb\"]\nkind = \"host\"";
        let words = located(text, &["directory", "a\u{1b}[31m\nb"]);
        assert!(words.starts_with("c.toml:1: [directory.a") && !words.contains(['\u{1b}', '\n']), "{words}");
    }
}
