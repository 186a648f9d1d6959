use crate::text::is_invisible;

/// Most octets of text from a mail that reach a trace.
const LIMIT: usize = 256;

/// Text from a mail or a certificate, fit for a log line: control characters, line separators and characters that
/// change the direction of text or hide stand as `\u{…}`, the rest is cut after 256 octets with an ellipsis.
///
/// ```
/// use postseal::trace::escape;
/// assert_eq!(escape("a\r\nb\u{202e}c"), "a\\u{d}\\u{a}b\\u{202e}c");
/// assert_eq!(escape(&"x".repeat(300)).len(), 256 + "…".len());
/// ```
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        let before = escaped.len();
        if is_harmless(character) {
            escaped.push(character);
        } else {
            escaped.extend(character.escape_unicode());
        }
        if escaped.len() > LIMIT {
            escaped.truncate(before);
            escaped.push('…');
            break;
        }
    }
    escaped
}

fn is_harmless(character: char) -> bool {
    !(character.is_control() || character == '\\' || is_invisible(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    // hardening: R9
    #[test]
    fn what_escapes_cannot_be_taken_for_what_was_written() {
        assert_eq!(escape("\\u{a}"), "\\u{5c}u{a}");
        assert_ne!(escape("\\u{a}"), escape("\n"));
    }

    #[test]
    fn a_cut_never_splits_an_escape_or_a_character() {
        for text in ["\n".repeat(300), "ä".repeat(300), format!("{}\n", "x".repeat(255))] {
            let cut = escape(&text);
            assert!(cut.len() <= LIMIT + '…'.len_utf8() && cut.ends_with('…'), "{cut}");
            assert!(cut.matches("\\u{").count() == cut.matches('}').count());
        }
    }
}
