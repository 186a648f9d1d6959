//! As much of OData as Graph's answers need: a query taken apart strictly, so that a fault of quoting shows.

use std::collections::BTreeMap;

/// Path segments and options of a target, decoded as Graph does.
pub(crate) fn target(target: &str) -> Result<(Vec<String>, BTreeMap<String, String>), String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let segments = path.strip_prefix('/').ok_or("no path")?.split('/').map(|part| decode(part, false));
    let mut options = BTreeMap::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').ok_or("an option without a value")?;
        if options.insert(decode(name, true)?, decode(value, true)?).is_some() {
            return Err(format!("{name} twice"));
        }
    }
    Ok((segments.collect::<Result<_, _>>()?, options))
}

fn decode(text: &str, plus_is_space: bool) -> Result<String, String> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or(b'x')));
                let digits: String = digits.iter().collect();
                octets.push(u8::from_str_radix(&digits, 16).map_err(|_| format!("%{digits}"))?);
            }
            b'+' if plus_is_space => octets.push(b' '),
            b'\'' | b'"' | b'<' | b'>' | b' ' | b'#' | b'\\' | 0x80.. => return Err(format!("{octet:#x} in a URL")),
            _ => octets.push(octet),
        }
    }
    String::from_utf8(octets).map_err(|_| "no UTF-8".to_owned())
}

/// `name eq 'text'`, or `list/any(x:x eq 'text')`, or `list/any(x:x/name eq 'text')`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn filter(text: &str) -> Result<Filter, String> {
    let (name, rest) = identifier(text)?;
    if let Some(rest) = rest.strip_prefix("/any(") {
        let (variable, rest) = identifier(rest)?;
        let rest = rest.strip_prefix(':').and_then(|rest| rest.strip_prefix(variable)).ok_or("no variable")?;
        let (path, rest) = match rest.strip_prefix('/') {
            Some(rest) => identifier(rest).map(|(member, rest)| (format!("{name}/{member}"), rest))?,
            None => (name.to_owned(), rest),
        };
        let (text, rest) = literal(rest.strip_prefix(" eq ").ok_or("no eq")?)?;
        return if rest == ")" { Ok(Filter { path, text }) } else { Err(format!("{rest} after the end")) };
    }
    let (text, rest) = literal(rest.strip_prefix(" eq ").ok_or("no eq")?)?;
    if rest.is_empty() { Ok(Filter { path: name.to_owned(), text }) } else { Err(format!("{rest} after the end")) }
}

fn identifier(text: &str) -> Result<(&str, &str), String> {
    let end = text.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(text.len());
    if end == 0 { Err(format!("no name at {text}")) } else { Ok(text.split_at(end)) }
}

fn literal(text: &str) -> Result<(String, &str), String> {
    let mut rest = text.strip_prefix('\'').ok_or("no literal")?;
    let mut value = String::new();
    loop {
        let (before, after) = rest.split_once('\'').ok_or("a literal without an end")?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(after) => (value.push('\''), rest = after).1,
            None => return Ok((value, after)),
        }
    }
}

#[test]
fn filters_are_taken_apart() {
    let of = |path: &str, text: &str| Ok(Filter { path: path.to_owned(), text: text.to_owned() });
    assert_eq!(filter("mail eq 'o''hara@c.com'"), of("mail", "o'hara@c.com"));
    assert_eq!(filter("proxyAddresses/any(x:x eq 'smtp:a')"), of("proxyAddresses", "smtp:a"));
    assert_eq!(filter("emailAddresses/any(a:a/address eq '')"), of("emailAddresses/address", ""));
    for bad in
        ["mail eq 'o'hara'", "mail eq 'a' or 1 eq 1", "mail eq 'a", "mail ne 'a'", "", "proxyAddresses/any(x:y eq 'a')"]
    {
        assert!(filter(bad).is_err(), "{bad}");
    }
    assert!(target("/users?$filter=a'b").is_err() && target("/users?$filter=a+b").unwrap().1["$filter"] == "a b");
}
