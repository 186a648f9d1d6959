use super::cursor::Cursor;
use super::headers::Headers;
use crate::cert::Address;
use crate::error::{Code, Error};
use crate::text::turns_direction;
use crate::verify::Limits;

/// The one author of a mail: exactly one From field with exactly one mailbox, in the strict grammar of RFC 5322 3.6.2.
///
/// Read from the raw bytes, because lenient parsers disagree about hostile ones. A display name is only text, and is not
/// decoded.
pub(super) fn author_of(headers: &Headers<'_>, limits: &Limits) -> Result<Address, Error> {
    let field = headers.only("from", Code::FromRepeated)?.ok_or(Code::FromMissing)?;
    mailbox(field.clean_value()?, limits)
}

/// As [`author_of`], for a whole mail.
pub(crate) fn author(mail: &[u8], limits: &Limits) -> Result<Address, Error> {
    author_of(&Headers::read(mail, limits)?.0, limits)
}

/// The addresses that the From fields seem to name, for people who look at an odd mail. Never for a decision.
pub(crate) fn author_texts(mail: &[u8], limits: &Limits) -> Vec<String> {
    let Ok((headers, _)) = Headers::read_leniently(mail, limits) else { return Vec::new() };
    let texts = headers.all("from").flat_map(|field| {
        let text = String::from_utf8_lossy(&field.unfolded()).into_owned();
        let inside = |piece: &str| match (piece.rfind('<'), piece.rfind('>')) {
            (Some(open), Some(close)) if open < close => piece.get(open.saturating_add(1)..close).map(str::to_owned),
            _ => Some(piece.to_owned()),
        };
        text.split(',').filter_map(inside).map(|text| text.trim().to_owned()).collect::<Vec<_>>()
    });
    texts.filter(|text| text.contains('@')).take(limits.names).collect()
}

/// `mailbox = name-addr / addr-spec` and nothing else (RFC 5322 3.4), non-ASCII as RFC 6532 allows.
fn mailbox(value: &[u8], limits: &Limits) -> Result<Address, Error> {
    let text = core::str::from_utf8(value).map_err(|_| Error::from(Code::FromMalformed))?;
    if text.chars().any(is_deceptive) {
        return Err(Code::FromMalformed.into());
    }
    let mut cursor = Cursor::new(value, limits.comment_depth, Code::FromMalformed);
    cursor.skip_cfws()?;
    if cursor.peek().is_none() {
        return Err(Code::FromNotOneMailbox.into());
    }
    let start = cursor.clone();
    let address = match phrase(&mut cursor)? {
        Phrase::BeforeAngle => angle_address(&mut cursor)?,
        Phrase::AddrSpec => {
            cursor = start;
            addr_spec(&mut cursor)?
        }
    };
    cursor.skip_cfws()?;
    match cursor.peek() {
        None => Ok(address),
        Some(b',' | b';') => Err(Code::FromNotOneMailbox.into()),
        Some(_) => Err(Code::FromMalformed.into()),
    }
}

enum Phrase {
    /// A display name (perhaps none) ended at the `<`.
    BeforeAngle,
    /// It was the local part of an addr-spec without angle brackets.
    AddrSpec,
}

/// Reads words and dots up to what tells a display name from a local part. Whether it is one, [`addr_spec`] says.
fn phrase(cursor: &mut Cursor<'_>) -> Result<Phrase, Error> {
    loop {
        cursor.skip_cfws()?;
        match cursor.peek() {
            Some(b'<') => return Ok(Phrase::BeforeAngle),
            Some(b'@') => return Ok(Phrase::AddrSpec),
            Some(b':' | b',' | b';') => return Err(Code::FromNotOneMailbox.into()),
            Some(b'"') => {
                cursor.quoted_string()?;
            }
            // A dot in a display name is the obs-phrase that everybody writes ("John Q. Public").
            Some(octet) if is_word(octet) => {
                cursor.run(is_word);
            }
            Some(_) => return Err(Code::FromMalformed.into()),
            // A name without an address.
            None => return Err(Code::FromNotOneMailbox.into()),
        }
    }
}

fn angle_address(cursor: &mut Cursor<'_>) -> Result<Address, Error> {
    cursor.take(b'<');
    skip_white_space(cursor);
    let address = addr_spec(cursor)?;
    skip_white_space(cursor);
    if cursor.take(b'>') { Ok(address) } else { Err(cursor.error()) }
}

/// White space directly inside the angle brackets is harmless; a comment there is not, because parsers disagree about it.
fn skip_white_space(cursor: &mut Cursor<'_>) {
    cursor.run(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n'));
}

/// local-part "@" domain without anything between; the grammar itself is [`Address::parse`]'s.
fn addr_spec(cursor: &mut Cursor<'_>) -> Result<Address, Error> {
    let local = match cursor.peek() {
        Some(b'"') => cursor.quoted_string()?,
        _ => cursor.run(is_word),
    };
    if !cursor.take(b'@') {
        return Err(cursor.error());
    }
    let domain = cursor.run(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.') || octet >= 0x80);
    let text = [local, b"@", domain].concat();
    let text = core::str::from_utf8(&text).map_err(|_| cursor.error())?;
    Address::parse(text).map_err(|error| if error.code() == Code::AddressMalformed { cursor.error() } else { error })
}

/// atext, dots, and the octets of UTF-8 (RFC 5322 3.2.3, RFC 6532 3.2).
fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet) || octet >= 0x80
}

/// Characters that turn the direction of text, or that are control characters, show a reader something else than what
/// stands there.
fn is_deceptive(character: char) -> bool {
    let control = character.is_control() && !matches!(character, '\r' | '\n' | '\t');
    control || turns_direction(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<String, Code> {
        mailbox(value.as_bytes(), &Limits::default())
            .map(|address| address.as_str().to_owned())
            .map_err(|error| error.code())
    }

    #[test]
    fn one_mailbox_in_all_its_spellings() {
        for value in [
            " alice@goal.example",
            " Alice <alice@goal.example>",
            " <alice@goal.example>",
            " \"Alice, A.\" <alice@goal.example>",
            " John Q. Public <alice@goal.example>",
            " =?utf-8?q?Alice?= <alice@goal.example>",
            " alice@goal.example (Alice (and more))",
            " (hello) Alice (there) <alice@goal.example> (bye)",
            "\r\n Alice\r\n\t<alice@goal.example>\r\n ",
            " Zoë <alice@goal.example>",
            " \"bob@goal.example\" <alice@goal.example>",
            " < alice@goal.example >",
        ] {
            assert_eq!(read(value).as_deref(), Ok("alice@goal.example"), "{value:?}");
        }
    }

    #[test]
    fn a_quoted_local_part_is_one() {
        for value in [" \"alice <b@c>, d\"@goal.example", " Alice <\"alice <b@c>, d\"@goal.example>"] {
            assert_eq!(read(value).as_deref(), Ok("\"alice <b@c>, d\"@goal.example"), "{value:?}");
        }
    }

    #[test]
    fn for_people_every_text_that_looks_like_an_address_is_shown() {
        let texts = |mail: &str| author_texts(mail.as_bytes(), &Limits::default());
        let two = "From: Alice <alice@goal.example>, bob@goal.example\r\nFrom: >c@d.example<\r\n\r\n";
        assert_eq!(texts(two), ["alice@goal.example", "bob@goal.example", ">c@d.example<"]);
        assert!(texts("Subject: a@b.example\r\n\r\n").is_empty());
    }

    #[test]
    fn everything_else_is_refused() {
        for value in [
            " Alice alice@goal.example",
            " bob@goal.example <alice@goal.example>",
            " alice @goal.example",
            " \"alice\" @goal.example",
            " \"alice\"b@goal.example",
            " @goal.example",
            " Alice @goal.example",
            " alice@ goal.example",
            " alice@goal.example.",
            " alice(c)@goal.example",
            " <alice(c)@goal.example>",
            " <alice@goal.example",
            " alice@goal.example>",
            " <<alice@goal.example>>",
            " Alice <alice@goal.example> x",
            " alice@[127.0.0.1]",
            " <@route:alice@goal.example>",
            " Alice [A] <alice@goal.example>",
            " Alice) <alice@goal.example>",
            " > <alice@goal.example>",
            " \\ <alice@goal.example>",
            " \u{202e}Alice <alice@goal.example>",
            " \"Alice <alice@goal.example>",
            " (Alice <alice@goal.example>",
            " alice＠goal.example",
        ] {
            let code = read(value).unwrap_err();
            assert!(matches!(code, Code::FromMalformed | Code::FromNotOneMailbox), "{value:?} {code}");
        }
        for value in
            ["", " ", " (c)", " Alice", " a@b.example, c@d.example", " Group: a@b.example;", " <a@b.example>, "]
        {
            assert_eq!(read(value), Err(Code::FromNotOneMailbox), "{value:?}");
        }
        assert_eq!(read(&"(".repeat(100_000)), Err(Code::CommentTooDeep));
        assert!(mailbox(b" \xe4 <alice@goal.example>", &Limits::default()).is_err());
    }
}
