use postseal::trace::escape;
use serde_json::Value;
use std::borrow::Cow;

/// The most octets of a line: what every receiver of syslog should take (RFC 5424 6.1).
const LIMIT: usize = 2048;

/// The identifier of the structured data. The number is the one that RFC 5612 keeps for examples: postseal has none of its own.
const IDENTIFIER: &str = "postseal@32473";

/// What a line that left something out ends with.
const CUT: &str = " cut=\"true\"]";

/// What stands first, so that it is there when a line is cut.
const FIRST: [&str; 10] =
    ["at", "event", "tenant", "route", "address", "fingerprint", "code", "source", "message_id", "reason"];

/// An event as one line: structured data of syslog (RFC 5424 6.3), `[postseal@32473 at="..." event="..." ...]`, in UTF-8.
///
/// It is not key=value because that has no rule for a quote in a value that every reader knows; RFC 5424 has one. Names are the
/// keys of [`to_json`](super::to_json), what is null is left out. A line has at most 2048 octets and no control character: a
/// parameter that does not fit is left out as a whole, and `cut="true"` says so.
///
/// ```
/// use postseal_adapters::trace::structured_data;
/// let event = serde_json::json!({ "event": "refused", "route": null, "number": 1203, "reason": "a ] \" \\ \n" });
/// let line = structured_data(&event);
/// assert_eq!(line, r#"[postseal@32473 event="refused" reason="a \] \" \\ \\u{a}" number="1203"]"#);
/// ```
pub fn structured_data(event: &Value) -> String {
    let mut line = format!("[{IDENTIFIER}");
    let mut is_cut = false;
    let rest = event.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let rest = rest.filter(|name| !FIRST.contains(name));
    for name in FIRST.into_iter().chain(rest).filter(|name| is_name(name)) {
        let value = match event.get(name) {
            Some(Value::String(text)) => plain(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Cow::from(value.to_string()),
            _ => continue,
        };
        let parameter = format!(" {name}=\"{}\"", escaped(&value));
        if line.len().saturating_add(parameter.len()).saturating_add(CUT.len()) > LIMIT {
            is_cut = true;
            continue;
        }
        line.push_str(&parameter);
    }
    line.push_str(if is_cut { CUT } else { "]" });
    line
}

/// Text of a trace without a character that could end a line, hide, or turn its direction: such a one stands as `\u{…}`, as
/// [`escape`] writes it. What is escaped already stays as it is, and nothing is cut.
///
/// ```
/// use postseal_adapters::trace::plain;
/// assert_eq!(plain("a\r\u{202e}"), "a\\u{d}\\u{202e}");
/// assert_eq!(plain("a\\u{d}"), "a\\u{d}");
/// ```
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return Cow::from(text);
    }
    let mut plain = String::new();
    for character in text.chars() {
        match character {
            '\\' => plain.push(character),
            _ => plain.push_str(&escape(character.encode_utf8(&mut [0; 4]))),
        }
    }
    Cow::from(plain)
}

/// RFC 5424 6.3.3: these three and nothing else.
fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for character in value.chars() {
        if matches!(character, '"' | '\\' | ']') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// PARAM-NAME: 1 to 32 printable characters of ASCII, but for four.
fn is_name(name: &str) -> bool {
    let is_allowed = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'=' | b']' | b'"');
    (1..=32).contains(&name.len()) && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Reads structured data as RFC 5424 6.3 has it.
    fn read(line: &str) -> Vec<(String, String)> {
        let mut rest = line.strip_prefix("[postseal@32473").unwrap();
        let mut parameters = Vec::new();
        while let Some(parameter) = rest.strip_prefix(' ') {
            let (name, value) = parameter.split_once("=\"").unwrap();
            let (mut text, mut characters) = (String::new(), value.char_indices());
            let end = loop {
                match characters.next().unwrap() {
                    (_, '\\') => text.push(characters.next().unwrap().1),
                    (_, ']') => panic!("a bracket that is not escaped"),
                    (at, '"') => break at,
                    (_, character) => text.push(character),
                }
            };
            parameters.push((name.to_owned(), text));
            rest = value[end..].strip_prefix('"').unwrap();
        }
        assert_eq!(rest, "]");
        parameters
    }

    // hardening: R9
    #[test]
    fn hostile_text_stays_in_its_value() {
        let hostile = "\"] [x@1 a=\"b\"]\\\r\n\0\u{85}\u{2028}\u{202e}\u{1b}[31m ä";
        let line = structured_data(&json!({ "event": hostile, "by": hostile, "a]b": "x", "tenant": "\\" }));
        assert!(!line.chars().any(char::is_control) && !line.contains('\u{202e}') && !line.contains('\u{2028}'));
        let expected = plain(hostile).into_owned();
        let pairs = [("event", expected.as_str()), ("tenant", "\\"), ("by", expected.as_str())];
        assert_eq!(read(&line), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    // hardening: R9
    #[test]
    fn a_line_is_never_longer_than_the_limit_and_says_that_it_is_cut() {
        for length in (0..5_000).step_by(7) {
            let line = structured_data(&json!({ "at": "now", "reason": "ä\"".repeat(length / 2), "by": "me" }));
            assert!(line.len() <= LIMIT);
            let names: Vec<_> = read(&line).into_iter().map(|(name, _)| name).collect();
            let is_cut = names.last().is_some_and(|name| name == "cut");
            assert_eq!(names.len(), 3 - usize::from(is_cut && names.len() == 2), "{length}: {names:?}");
            assert!(
                names[0] == "at" && is_cut == (names != ["at", "reason", "by"]) && is_cut == (length > 999),
                "{length}: {names:?}"
            );
        }
    }
}
