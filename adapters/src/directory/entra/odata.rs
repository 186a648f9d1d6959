//! Addresses of Graph. Whatever a person is called has to stay one string, in the literal and in the URL around it.

/// An OData string literal (OData 4.01 URL conventions 5.1.1.14.1): quotes doubled, nothing else has a meaning.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Everything but the unreserved characters of RFC 3986 as percent and two digits: a `+` left alone would be a space to
/// Graph, a `#` the end, a `&` another option.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    encoded
}

/// A path under a base with options, each encoded.
pub(super) fn url(base: &str, segments: &[&str], options: &[(&str, &str)]) -> String {
    let mut url = base.to_owned();
    for segment in segments {
        url.push('/');
        url.push_str(&encode(segment));
    }
    for (number, (name, value)) in options.iter().enumerate() {
        url.push(if number == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(&encode(value));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_then_encoded() {
        assert_eq!(literal("smtp:o'hara+x@c.com"), "'smtp:o''hara+x@c.com'");
        assert_eq!(encode(&literal("o'h+x")), "%27o%27%27h%2Bx%27");
        let url = url("https://g.example/v1.0", &["users", "a/b#c?"], &[("$top", "5"), ("$filter", "a eq 'ü&'")]);
        assert_eq!(url, "https://g.example/v1.0/users/a%2Fb%23c%3F?$top=5&$filter=a%20eq%20%27%C3%BC%26%27");
    }

    /// Every path segment but these two: no server may take a name for a step upwards.
    #[test]
    fn dots_alone_are_no_name() {
        assert_eq!(encode(".."), "..");
    }
}
