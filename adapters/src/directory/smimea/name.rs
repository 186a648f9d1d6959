use hickory_resolver::proto::rr::Name;
use sha2::{Digest, Sha256};

/// Octets of the digest that stand in a name (RFC 8162 3).
const DIGEST: usize = 28;

/// The owner name for a mailbox of this domain: SHA2-256 of the local part, cut to 28 octets, in hexadecimal digits. `None` when the
/// DNS has no such name.
pub(super) fn owner(mailbox: &str, domain: &str) -> Option<Name> {
    let (local, _) = mailbox.rsplit_once('@')?;
    let digest = Sha256::digest(unquoted(local).as_bytes());
    let label: String = digest.iter().take(DIGEST).map(|octet| format!("{octet:02x}")).collect();
    let mut name = Name::from_ascii(format!("{label}._smimecert.{domain}.")).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// The local part that a quoted string stands for (RFC 8162 3: quotes and quoting are removed).
fn unquoted(local: &str) -> String {
    let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return local.to_owned() };
    let mut characters = quoted.chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_rfc() {
        let hugh = "c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6._smimecert.example.com.";
        for mailbox in ["hugh@example.com", "\"hugh\"@example.com", "\"h\\ugh\"@example.com"] {
            assert_eq!(owner(mailbox, "example.com").unwrap().to_ascii(), hugh, "{mailbox}");
        }
        for mailbox in ["Hugh@example.com", "\"hugh \"@example.com", "hugh+x@example.com"] {
            assert_ne!(owner(mailbox, "example.com").unwrap().to_ascii(), hugh, "{mailbox}");
        }
        assert_eq!(owner("hugh@example.com", &"a.".repeat(110)), None);
        assert_eq!(unquoted(r#""a\"\\b""#), r#"a"\b"#);
    }
}
