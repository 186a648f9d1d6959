use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postseal::Address;
use postseal::cert::Certificate;
use std::io::{self, Write};

/// A vCard 4.0 (RFC 6350): FN is the address, for nothing else is known of its owner that he has signed; KEY is the certificate
/// as RFC 6350 6.8.1 and RFC 2397 have it.
pub(super) fn write<'a>(
    out: &mut impl Write,
    address: &Address,
    certificates: impl Iterator<Item = &'a Certificate>,
) -> io::Result<()> {
    let address = text(address.as_str());
    for line in ["BEGIN:VCARD", "VERSION:4.0", &format!("FN:{address}"), &format!("EMAIL:{address}")] {
        content_line(out, line)?;
    }
    for certificate in certificates {
        let key = STANDARD.encode(certificate.der());
        content_line(out, &format!("KEY:data:application/pkix-cert;base64,{key}"))?;
    }
    content_line(out, "END:VCARD")
}

/// A value of type text (RFC 6350 3.4, 4).
fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' | ',' | ';' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            // No property may have one; an address has none.
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// 75 octets in a line at the most, its end not counted, and no character cut (RFC 6350 3.2).
fn content_line(out: &mut impl Write, line: &str) -> io::Result<()> {
    const OCTETS: usize = 75;
    let mut used = 0_usize;
    let mut buffer = [0; 4];
    for character in line.chars() {
        let octets = character.encode_utf8(&mut buffer).as_bytes();
        if used.saturating_add(octets.len()) > OCTETS {
            out.write_all(b"\r\n ")?;
            used = 1;
        }
        out.write_all(octets)?;
        used = used.saturating_add(octets.len());
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_75_octets_and_unfold_to_what_they_were() {
        for line in ["x".repeat(300), "ä€𝄞".repeat(60), "y".repeat(75), String::new()] {
            let mut written = Vec::new();
            content_line(&mut written, &line).unwrap();
            let written = String::from_utf8(written).unwrap();
            assert!(written.split("\r\n").all(|line| line.len() <= 75), "{written}");
            assert_eq!(written.strip_suffix("\r\n").unwrap().replace("\r\n ", ""), line);
        }
    }

    #[test]
    fn nothing_ends_a_property() {
        assert_eq!(text("a,b;c\\d\r\ne\u{1}"), "a\\,b\\;c\\\\d\\ne");
    }
}
