use crate::error::{Code, Error};
use crate::text::is_invisible;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

/// Octets of a local part (RFC 5321 4.5.3.1.1) and of a domain (RFC 5321 4.5.3.1.2).
const LOCAL_PART_LIMIT: usize = 64;
const DOMAIN_LIMIT: usize = 255;

/// A mailbox: `local-part@domain` in the strict grammar of RFC 5321 4.1.2 (extended by RFC 6531), without source
/// routes, address literals, comments and white space.
///
/// Two addresses are equal when their domains are, as lower-case A-labels, and their local parts are: without regard to
/// ASCII case when they are ASCII, octet by octet otherwise (RFC 9598 5). Nothing else is folded: no Unicode
/// normalisation, no subaddresses.
///
/// ```
/// use postseal::Address;
/// let address = Address::parse("Alice@GOAL.example")?;
/// assert_eq!(address, Address::parse("alice@goal.example")?);
/// assert_eq!(address.as_str(), "Alice@GOAL.example");
/// assert_eq!(address.key(), "alice@goal.example");
/// assert_eq!(format!("{address:?}"), "Address([redacted])");
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Clone)]
pub struct Address {
    spelled: Box<str>,
    key: Box<str>,
}

impl Address {
    /// Reads a mailbox.
    ///
    /// # Errors
    /// [`Code::AddressMalformed`]; [`Code::DomainNotMapped`] when a label of the domain is not already in the form that
    /// IDNA compares (full-width letters, soft hyphens, capitals beyond ASCII): it is refused, not mapped.
    ///
    /// ```
    /// use postseal::{Address, Code};
    /// assert_eq!(Address::parse("a@b@goal.example").unwrap_err().code(), Code::AddressMalformed);
    /// assert_eq!(Address::parse("a@ｇoal.example").unwrap_err().code(), Code::DomainNotMapped);
    /// assert_eq!(Address::parse("a@bücher.example")?.domain(), "xn--bcher-kva.example");
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = || Error::from(Code::AddressMalformed);
        // A quoted local part may contain an `@`; a domain never does.
        let (local, domain) = text.rsplit_once('@').ok_or_else(malformed)?;
        if local.len() > LOCAL_PART_LIMIT || !is_local_part(local) {
            return Err(malformed());
        }
        let domain = comparable_domain(domain)?;
        let local = if local.is_ascii() { local.to_ascii_lowercase() } else { local.to_owned() };
        Ok(Self { spelled: text.into(), key: format!("{local}@{domain}").into() })
    }

    /// Reads the octets of an rfc822Name: ASCII only, the domain in A-labels (RFC 5280 4.2.1.6, RFC 9598 4).
    pub(crate) fn from_rfc822_name(octets: &[u8]) -> Result<Self, Error> {
        let text = core::str::from_utf8(octets).ok().filter(|text| text.is_ascii());
        Self::parse(text.ok_or(Code::AddressMalformed)?)
    }

    /// Reads the octets of a SmtpUTF8Mailbox: a local part that needs UTF-8, and a domain of lower-case A-labels or LDH
    /// labels (RFC 9598 3).
    pub(crate) fn from_smtp_utf8_mailbox(octets: &[u8]) -> Result<Self, Error> {
        let text = core::str::from_utf8(octets).map_err(|_| Error::from(Code::AddressMalformed))?;
        let address = Self::parse(text)?;
        let (local, domain) = text.rsplit_once('@').unwrap_or_default();
        let as_required = !local.is_ascii() && domain.is_ascii() && domain == address.domain();
        if as_required { Ok(address) } else { Err(Code::AddressMalformed.into()) }
    }

    /// The mailbox as it was spelled.
    ///
    /// ```
    /// assert_eq!(postseal::Address::parse("Bob@goal.example")?.as_str(), "Bob@goal.example");
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn as_str(&self) -> &str {
        &self.spelled
    }

    /// The form that is compared and that stores use as their key. Compare it octet by octet.
    ///
    /// ```
    /// assert_eq!(postseal::Address::parse("Bob@goal.example")?.key(), "bob@goal.example");
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The local part as it was spelled.
    pub(crate) fn local_part(&self) -> &str {
        self.spelled.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The domain as lower-case A-labels.
    ///
    /// ```
    /// assert_eq!(postseal::Address::parse("bob@GOAL.example")?.domain(), "goal.example");
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn domain(&self) -> &str {
        self.key.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A domain in the form that is compared: LDH labels, lower-case A-labels.
///
/// U-labels are converted, but only those that IDNA would leave as they are: the mapping of UTS #46 turns different
/// spellings into one domain, and a certificate for one of them must not serve mail for the other.
pub(crate) fn comparable_domain(domain: &str) -> Result<String, Error> {
    let malformed = || Error::from(Code::AddressMalformed);
    if domain.len() > DOMAIN_LIMIT || !domain.split('.').all(is_label) {
        return Err(malformed());
    }
    let lower = domain.to_ascii_lowercase();
    if lower.is_ascii() && !lower.split('.').any(|label| label.starts_with("xn--")) {
        return Ok(lower);
    }
    // Strictly: also not longer than DNS allows, which U-labels may become here.
    let ascii = idna::domain_to_ascii_strict(&lower).map_err(|_| not_mapped_or_malformed(&lower))?;
    let (unicode, decoded) = idna::domain_to_unicode(&ascii);
    decoded.map_err(|_| malformed())?;
    let unchanged = lower
        .split('.')
        .zip(ascii.split('.'))
        .zip(unicode.split('.'))
        .all(|((label, a_label), u_label)| if label.is_ascii() { label == a_label } else { label == u_label });
    if lower.split('.').count() != ascii.split('.').count() || !unchanged {
        return Err(Code::DomainNotMapped.into());
    }
    Ok(ascii)
}

fn not_mapped_or_malformed(domain: &str) -> Error {
    if domain.is_ascii() { Code::AddressMalformed.into() } else { Code::DomainNotMapped.into() }
}

/// An LDH label (RFC 1123 2.1), or one that may be a U-label; IDNA decides about the latter.
fn is_label(label: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && !c.is_control());
    !label.is_empty()
        && label.len() <= if label.is_ascii() { 63 } else { DOMAIN_LIMIT }
        && label.chars().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Dot-string or quoted-string of RFC 5321 4.1.2, with the UTF8-non-ascii of RFC 6531 3.3.
fn is_local_part(local: &str) -> bool {
    match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => is_quoted_content(quoted),
        None => local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character)),
    }
}

/// qtextSMTP and quoted-pairSMTP of RFC 5321 4.1.2.
fn is_quoted_content(content: &str) -> bool {
    let mut characters = content.chars();
    while let Some(character) = characters.next() {
        let fine = match character {
            '\\' => characters.next().is_some_and(|c| matches!(c, ' '..='~')),
            '"' => false,
            ' '..='~' => true,
            other => is_non_ascii_text(other),
        };
        if !fine {
            return false;
        }
    }
    true
}

fn is_atom_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character) || is_non_ascii_text(character)
}

/// RFC 6531 allows every character beyond ASCII; those that hide, or turn the direction of text, are not allowed here,
/// because nobody can see what they do to an address.
fn is_non_ascii_text(character: char) -> bool {
    !character.is_ascii() && !character.is_control() && !character.is_whitespace() && !is_invisible(character)
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Address {}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_in_use_are_read_and_compared_as_rfc_9598_says() {
        for (text, key) in [
            ("alice@goal.example", "alice@goal.example"),
            ("Alice.B+tag@Goal.Example", "alice.b+tag@goal.example"),
            ("\"a b\"@goal.example", "\"a b\"@goal.example"),
            ("\"a@b\\\"\"@goal.example", "\"a@b\\\"\"@goal.example"),
            ("Zoë@goal.example", "Zoë@goal.example"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
            ("a@localhost", "a@localhost"),
            ("o'brien@goal.example", "o'brien@goal.example"),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.key().to_owned()).as_deref(), Ok(key), "{text}");
        }
        assert_ne!(Address::parse("Zoë@goal.example"), Address::parse("zoë@goal.example"));
    }

    #[test]
    fn everything_outside_the_grammar_is_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a@b@c",
            "a b@c",
            "a@b c",
            " a@b",
            "a@b ",
            "a@b.",
            "a@.b",
            "a@b..c",
            "a.@b",
            ".a@b",
            "a..b@c",
            "a@-b",
            "a@b-",
            "a@[127.0.0.1]",
            "a@b_c",
            "<a@b>",
            "a@b,c@d",
            "a@b\0",
            "a\n@b",
            "a@b\r",
            "\"a\"b@c",
            "\"a@c",
            "\"\"\"@c",
            "a(b)@c",
            "a@b*",
            "a\u{202e}@b",
            "a@xn--a",
            "a@xn--",
            "a\u{feff}@b",
        ] {
            assert_eq!(Address::parse(text).map_err(|error| error.code()), Err(Code::AddressMalformed), "{text:?}");
        }
    }

    #[test]
    fn lengths_are_counted_in_octets_and_end_where_rfc_5321_says() {
        let code =
            |local: &str, domain: &str| Address::parse(&format!("{local}@{domain}")).err().map(|error| error.code());
        let malformed = Some(Code::AddressMalformed);
        let (longest_label, longest_domain) = ("a".repeat(63), "a.".repeat(127) + "a");
        assert_eq!((longest_label.len(), longest_domain.len()), (63, 255));
        for local in ["a".repeat(64), "ë".repeat(32), format!("\"{}\"", " ".repeat(62))] {
            assert_eq!(code(&local, "goal.example"), None, "{local}");
            assert_eq!(code(&local, &longest_domain), None, "{local}");
        }
        for local in ["a".repeat(65), "ë".repeat(33), format!("\"{}\"", " ".repeat(63))] {
            assert_eq!(code(&local, "goal.example"), malformed, "{local}");
        }
        assert_eq!(code("a", &(longest_domain + "a")), malformed);
        // 229 octets that become 505 with A-labels.
        let grows = ["aüa"; 46].join(".");
        assert_eq!(code("a", &grows), Some(Code::DomainNotMapped), "{}", grows.len());
        assert_eq!(code("a", &longest_label), None);
        assert_eq!(code("a", &(longest_label + "a")), malformed);
    }

    #[test]
    fn order_and_hash_follow_the_key_and_debug_shows_nothing() {
        let [alice, capital, bob] =
            ["alice@goal.example", "Alice@GOAL.example", "bob@goal.example"].map(|text| Address::parse(text).unwrap());
        assert_eq!(alice.partial_cmp(&capital), Some(Ordering::Equal));
        assert_eq!(alice.partial_cmp(&bob), Some(Ordering::Less));
        let hash = |address: &Address| {
            let mut hasher = std::hash::DefaultHasher::new();
            address.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&alice), hash(&capital));
        assert_ne!(hash(&alice), hash(&bob));
        assert_eq!(format!("{alice:?}"), "Address([redacted])");
    }

    #[test]
    fn labels_that_idna_would_map_are_refused_and_not_mapped() {
        for text in ["a@ｇoal.example", "a@go\u{ad}al.example", "a@BÜCHER.example", "a@ﬁ.example", "a@goal。example"]
        {
            let code = Address::parse(text).map_err(|error| error.code());
            assert!(matches!(code, Err(Code::DomainNotMapped)), "{text} {code:?}");
        }
    }

    #[test]
    fn certificate_names_are_stricter() {
        assert!(Address::from_rfc822_name("a@bücher.example".as_bytes()).is_err());
        assert!(Address::from_rfc822_name("zoë@goal.example".as_bytes()).is_err());
        assert!(Address::from_smtp_utf8_mailbox("zoë@goal.example".as_bytes()).is_ok());
        for text in ["zoe@goal.example", "zoë@bücher.example", "zoë@GOAL.example"] {
            assert!(Address::from_smtp_utf8_mailbox(text.as_bytes()).is_err(), "{text}");
        }
    }
}
