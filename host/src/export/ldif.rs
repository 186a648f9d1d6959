use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postseal::Address;
use postseal::cert::Certificate;
use std::io::{self, Write};

/// An inetOrgPerson (RFC 2798) in LDIF (RFC 2849), with certificates as RFC 4523 2.1 wants them.
pub(super) fn write<'a>(
    out: &mut impl Write,
    address: &Address,
    base: Option<&str>,
    certificates: impl Iterator<Item = &'a Certificate>,
) -> io::Result<()> {
    let name = address.as_str();
    let below = base.map_or_else(|| of_domain(address.domain()), ToOwned::to_owned);
    let comma = if below.is_empty() { "" } else { "," };
    attribute(out, "dn", &format!("cn={}{comma}{below}", escaped(name)))?;
    attribute(out, "objectClass", "inetOrgPerson")?;
    // What the class demands; nothing is known of the owner but the address.
    for description in ["cn", "sn", "mail"] {
        attribute(out, description, name)?;
    }
    for certificate in certificates {
        folded(out, &format!("userCertificate;binary:: {}", STANDARD.encode(certificate.der())))?;
    }
    Ok(())
}

/// RFC 2247.
fn of_domain(domain: &str) -> String {
    let components: Vec<String> = domain.split('.').map(|label| format!("dc={}", escaped(label))).collect();
    components.join(",")
}

/// A value in a distinguished name (RFC 4514 2.4).
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        match character {
            '\0' => text.push_str("\\00"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            '#' if index == 0 => text.extend(['\\', character]),
            ' ' if index == 0 || index == last => text.extend(['\\', character]),
            other => text.push(other),
        }
    }
    text
}

fn attribute(out: &mut impl Write, description: &str, value: &str) -> io::Result<()> {
    if is_safe(value) {
        folded(out, &format!("{description}: {value}"))
    } else {
        folded(out, &format!("{description}:: {}", STANDARD.encode(value)))
    }
}

/// SAFE-STRING of RFC 2849; a space at the end is safe there, but not in what people do with such files.
fn is_safe(value: &str) -> bool {
    let begins_well = !value.starts_with([' ', ':', '<']);
    begins_well
        && !value.ends_with(' ')
        && value.chars().all(|character| character.is_ascii() && !character.is_control())
}

/// 76 octets in a line at the most, as is the custom; all of them are ASCII.
fn folded(out: &mut impl Write, line: &str) -> io::Result<()> {
    const OCTETS: usize = 76;
    let (first, rest) = line.split_at_checked(OCTETS).unwrap_or((line, ""));
    out.write_all(first.as_bytes())?;
    for more in rest.as_bytes().chunks(OCTETS.saturating_sub(1)) {
        out.write_all(b"\n ")?;
        out.write_all(more)?;
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_in_a_name_is_escaped() {
        assert_eq!(escaped("\"a, b+c\"@x.example"), "\\\"a\\, b\\+c\\\"@x.example");
        assert_eq!(escaped(" #a\0<>;\\ "), "\\ #a\\00\\<\\>\\;\\\\\\ ");
        assert_eq!(escaped("#a"), "\\#a");
        assert_eq!(of_domain("goal.example"), "dc=goal,dc=example");
    }

    #[test]
    fn what_is_not_safe_is_base64() {
        for (value, written) in [
            ("plain", "mail: plain\n"),
            (" x", "mail:: IHg=\n"),
            ("x ", "mail:: eCA=\n"),
            (":x", "mail:: Ong=\n"),
            ("<x", "mail:: PHg=\n"),
            ("ä", "mail:: w6Q=\n"),
            ("a\nb", "mail:: YQpi\n"),
        ] {
            let mut out = Vec::new();
            attribute(&mut out, "mail", value).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }

    #[test]
    fn lines_are_folded_and_unfold_to_what_they_were() {
        for length in [0, 75, 76, 77, 151, 152, 500] {
            let (line, mut out) = ("x".repeat(length), Vec::new());
            folded(&mut out, &line).unwrap();
            let written = String::from_utf8(out).unwrap();
            assert!(written.lines().all(|line| line.len() <= 76), "{written}");
            assert_eq!(written.strip_suffix('\n').unwrap().replace("\n ", ""), line);
        }
    }
}
