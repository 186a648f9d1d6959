//! References to other servers in the middle of an answer (RFC 4511 4.5.3), which nobody follows.

/// Whether behind all of these URLs there is nobody: Active Directory ends every answer below the root of a domain with
/// references to its own partitions, which hold zones of the DNS, sites and the schema, and no persons.
pub(super) fn leads_to_nobody<'a>(urls: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut urls = urls.peekable();
    // One without a URL, which RFC 4511 does not have, leads anywhere.
    urls.peek().is_some() && urls.all(|url| dn_of(url).is_some_and(|dn| is_of_active_directory(&dn)))
}

/// The name in a URL of LDAP (RFC 4516 2), decoded.
fn dn_of(url: &[u8]) -> Option<String> {
    let url = str::from_utf8(url).ok()?;
    let (scheme, rest) = url.split_once("://")?;
    if !["ldap", "ldaps"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let (_, dn) = rest.split_once('/')?;
    let dn = dn.split('?').next().unwrap_or_default();
    percent_decoded(dn)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if *octet == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            let digit = |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            octets.push(digit(digits.first()?)? << 4 | digit(digits.last()?)?);
            rest = after;
        } else {
            octets.push(*octet);
        }
    }
    String::from_utf8(octets).ok()
}

/// Whether the name is that of the zones of the DNS, or of the configuration or the schema in it. In them nothing is escaped;
/// what is may be anything.
fn is_of_active_directory(dn: &str) -> bool {
    if dn.contains(['\\', '"', '+', ';']) {
        return false;
    }
    let dn = dn.to_ascii_lowercase();
    let parts: Vec<&str> = dn.split(',').map(str::trim).collect();
    let (["dc=domaindnszones" | "dc=forestdnszones" | "cn=configuration", domain @ ..]
    | ["cn=schema", "cn=configuration", domain @ ..]) = parts.as_slice()
    else {
        return false;
    };
    !domain.is_empty() && domain.iter().all(|part| part.strip_prefix("dc=").is_some_and(|label| !label.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(urls: &[&str]) -> bool {
        leads_to_nobody(urls.iter().map(|url| url.as_bytes()))
    }

    #[test]
    fn partitions_of_active_directory_hold_nobody() {
        for url in [
            "ldap://goal.example/CN=Configuration,DC=goal,DC=example",
            "ldap://goal.example/CN=Schema,CN=Configuration,DC=goal,DC=example",
            "ldap://DomainDnsZones.goal.example/DC=DomainDnsZones,DC=goal,DC=example",
            "LDAPS://ForestDnsZones.goal.example:636/dc=forestdnszones,%20dc=goal,dc=ex%61mple??sub",
        ] {
            assert!(leads(&[url]), "{url}");
        }
    }

    #[test]
    fn everything_else_may_hold_somebody() {
        for url in [
            "",
            "ldap://goal.example",
            "ldap://goal.example/",
            "ldap://sales.goal.example/DC=sales,DC=goal,DC=example",
            "ldap://x/OU=people,CN=Configuration,DC=goal,DC=example",
            "ldap://x/CN=Configuration",
            "ldap://x/CN=Configuration,O=goal",
            "ldap://x/CN=Configuration,DC=",
            "ldap://x/CN=Configuration\\,DC=x,DC=goal",
            "ldap://x/CN=Configuration%,DC=goal",
            "ldap://x/CN=Configuration%2,DC=goal",
            "ldap://x/CN=Configuration%+1,DC=goal",
            "http://x/CN=Configuration,DC=goal,DC=example",
            "ldap://x/DC=DomainDnsZonesX,DC=goal,DC=example",
        ] {
            assert!(!leads(&[url]), "{url}");
        }
        // Of several addresses of one place that may be somewhere else.
        let own = "ldap://goal.example/CN=Configuration,DC=goal,DC=example";
        assert!(leads(&[own, own]) && !leads(&[own, "ldap://x/OU=people,DC=goal,DC=example"]));
        assert!(!leads_to_nobody([&b"ldap://x/CN=\xff"[..]].into_iter()));
        assert!(!leads(&[]));
    }
}
