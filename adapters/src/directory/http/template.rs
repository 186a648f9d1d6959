use super::Target;
use postseal::Address;
use std::fmt::Write;

/// A URL with places for an address.
#[derive(Clone, Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// Where every URL leads, with the port.
    place: String,
    host: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Address,
    Local,
    Domain,
}

/// What a template is tried out with.
const SAMPLE: &str = "a@goal.example";

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let after = text.strip_prefix("https://").ok_or("it does not begin with https://")?;
        let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains(['{', '}']) {
            return Err("the host is not fixed");
        }
        let parts = parts(text)?;
        if !parts.iter().any(|part| matches!(part, Part::Address | Part::Local)) {
            return Err("it has neither {addr} nor {local}: everybody would be looked for at one place");
        }
        let sample = Address::parse(SAMPLE).map_err(|_| "not a URL")?;
        let target = Target::parse(&expand(&parts, &sample))?;
        Ok(Self { parts, place: target.with_port(), host: target.host.written() })
    }

    /// The host, for people.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Where to ask about this address.
    pub(super) fn target(&self, about: &Address) -> Result<Target, &'static str> {
        let target = Target::parse(&expand(&self.parts, about))?;
        // No address can do that. It is looked at all the same: the credentials go there.
        if !target.is_tls || target.with_port() != self.place {
            return Err("the URL of the address leads to another host");
        }
        Ok(target)
    }
}

fn parts(text: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("a brace is not closed")?;
        parts.push(Part::Text(before.to_owned()));
        parts.push(match name {
            "addr" => Part::Address,
            "local" => Part::Local,
            "domain" => Part::Domain,
            _ => return Err("it has another placeholder than {addr}, {local} and {domain}"),
        });
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    let has_brace = |part: &Part| matches!(part, Part::Text(text) if text.contains(['{', '}']));
    if parts.iter().any(has_brace) { Err("a brace is not closed") } else { Ok(parts) }
}

fn expand(parts: &[Part], about: &Address) -> String {
    let key = about.key();
    let local = key.rsplit_once('@').map_or(key, |(local, _)| local);
    let mut url = String::new();
    for part in parts {
        match part {
            Part::Text(text) => url.push_str(text),
            Part::Address => encode(key, &mut url),
            Part::Local => encode(local, &mut url),
            Part::Domain => encode(about.domain(), &mut url),
        }
    }
    url
}

/// Percent-encodes everything but what RFC 3986 2.3 calls unreserved, so that nothing in an address means anything in a URL.
fn encode(text: &str, url: &mut String) {
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            url.push(char::from(octet));
        } else {
            // Writing to a string does not fail.
            let _ = write!(url, "%{octet:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(template: &str, address: &str) -> String {
        Template::parse(template).unwrap().target(&Address::parse(address).unwrap()).unwrap().path
    }

    #[test]
    fn places_are_filled_and_encoded() {
        for (template, address, expected) in [
            ("https://pki.example/{addr}", "Alice@GOAL.example", "/alice%40goal.example"),
            ("https://pki.example/{domain}/{local}.p7c", "o'brien+x@goal.example", "/goal.example/o%27brien%2Bx.p7c"),
            ("https://pki.example/?m={addr}&f=der", "a&b=c@goal.example", "/?m=a%26b%3Dc%40goal.example&f=der"),
            ("https://pki.example/{local}", "\"../../x?#\"@goal.example", "/%22..%2F..%2Fx%3F%23%22"),
            ("https://pki.example/{local}", "\"a@b\"@goal.example", "/%22a%40b%22"),
            ("https://pki.example/{local}", "%2e%2e@goal.example", "/%252e%252e"),
            ("https://pki.example/{addr}", "{addr}@goal.example", "/%7Baddr%7D%40goal.example"),
            ("https://pki.example/{addr}", "a@bücher.example", "/a%40xn--bcher-kva.example"),
            ("https://pki.example/{addr}", "zoë@goal.example", "/zo%C3%AB%40goal.example"),
            ("https://10.1.2.3:8443/{addr}", "a@goal.example", "/a%40goal.example"),
        ] {
            assert_eq!(path(template, address), expected, "{template}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for (template, words) in [
            ("http://pki.example/{addr}", "it does not begin with https://"),
            ("ftp://pki.example/{addr}", "it does not begin with https://"),
            ("https://{domain}/{addr}", "the host is not fixed"),
            ("https://pki.{domain}/{addr}", "the host is not fixed"),
            ("https://pki.example:{local}/{addr}", "the host is not fixed"),
            ("https://{local}@pki.example/{addr}", "the host is not fixed"),
            ("https://pki.example#{addr}", "the URL has characters that no URL may have"),
            ("https://user:secret@pki.example/{addr}", "the URL has user information"),
            ("https://pki.example/{user}", "it has another placeholder than {addr}, {local} and {domain}"),
            ("https://pki.example/{addr", "a brace is not closed"),
            ("https://pki.example/addr}{addr}", "a brace is not closed"),
            ("https://pki.example/{{addr}}", "it has another placeholder than {addr}, {local} and {domain}"),
            (
                "https://pki.example/{domain}",
                "it has neither {addr} nor {local}: everybody would be looked for at one place",
            ),
            ("https:///{addr}", "not a URL"),
            ("https://pki.example/ {addr}", "the URL has characters that no URL may have"),
        ] {
            assert_eq!(Template::parse(template).map(|_| ()).unwrap_err(), words, "{template}");
        }
    }
}
