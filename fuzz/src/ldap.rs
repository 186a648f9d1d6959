//! LDAP: what servers send, and how an address gets into a filter.

use crate::memory::{READING, bounded};
use crate::mutate::element;
use postseal::Address;
use postseal::verify::Limits;
use postseal_adapters::directory::decode;
use postseal_adapters::directory::ldap::LdapAddressFilter;
use postseal_adapters::directory::ldap::fuzzing;

/// Stands for an address in a filter: what it becomes is found again.
const LOCAL: &str = "qqlocalqq";
const DOMAIN: &str = "qqdomainqq.example";

/// Messages of a server: values are pieces of them, and reading them as certificates ends.
pub fn ldap_answer(bytes: &[u8]) {
    let values = bounded(bytes.len(), READING, || fuzzing::answer(bytes));
    let alice = Address::parse("alice@goal.example").unwrap();
    for value in values.into_iter().take(8) {
        assert!(bytes.as_ptr_range().contains(&value.as_ptr()) || value.is_empty());
        let _ = decode(value, &alice, &Limits::default());
    }
}

/// An address, and the text of a filter after a line feed. The plain filter decodes to exactly this address as a value; every
/// other one has the same shape for every address, and the address stands only where its text says.
pub fn ldap_filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (address, template) = text.split_once('\n').unwrap_or((text, ""));
    bounded(bytes.len(), 256, || {
        let template = LdapAddressFilter::template(template);
        let Ok(address) = Address::parse(address) else { return };
        check_generic(&address);
        if let Ok(filter) = template
            && !text.contains("qq")
        {
            check_shape(&filter, &address);
        }
    });
}

/// The filter in a search request (RFC 4511 4.5.1): the seventh field.
fn filter_of(request: &[u8]) -> &[u8] {
    let (_, message) = element(request).expect("a message");
    let (id, _) = element(message).expect("its number");
    let (_, mut fields) = element(&message[id.len()..]).expect("a request");
    for _ in 0..6 {
        let (field, _) = element(fields).expect("a field before the filter");
        fields = &fields[field.len()..];
    }
    element(fields).expect("the filter").0
}

/// What is in an element, one after the other.
fn children(octets: &[u8]) -> Vec<&[u8]> {
    let (_, mut inside) = element(octets).expect("an element");
    let mut found = Vec::new();
    while !inside.is_empty() {
        let (child, _) = element(inside).expect("an element inside");
        found.push(child);
        inside = &inside[child.len()..];
    }
    found
}

fn content(octets: &[u8]) -> &[u8] {
    element(octets).expect("an element").1
}

/// How the address is asked for: the local part as it is spelled, the domain in each of its forms that is not too long.
fn forms(address: &Address) -> Vec<String> {
    let local = address.as_str().rsplit_once('@').map_or("", |(local, _)| local);
    let (unicode, result) = idna::domain_to_unicode(address.domain());
    let mut forms = vec![format!("{local}@{}", address.domain())];
    let other = format!("{local}@{unicode}");
    if result.is_ok() && unicode != address.domain() && Address::parse(&other).is_ok() {
        forms.push(other);
    }
    forms
}

/// `mail` equals the address, or one of its two forms.
fn check_generic(address: &Address) {
    let Some(request) = fuzzing::request(&LdapAddressFilter::generic(), address) else { return };
    let filter = filter_of(&request);
    let tests = if filter[0] == 0xa1 { children(filter) } else { vec![filter] };
    let mut values = Vec::new();
    for test in tests {
        assert_eq!(test[0], 0xa3, "equalityMatch");
        let parts = children(test);
        let [attribute, value] = parts.as_slice() else { panic!("two parts, not {}", parts.len()) };
        assert_eq!((attribute[0], content(attribute), value[0]), (4, b"mail".as_slice(), 4));
        values.push(String::from_utf8(content(value).to_vec()).expect("text"));
        assert!(Address::parse(values.last().unwrap()).is_ok_and(|again| again == *address), "another address");
    }
    assert_eq!(values, forms(address));
}

fn check_shape(filter: &LdapAddressFilter, address: &Address) {
    let some = Address::parse(&format!("{LOCAL}@{DOMAIN}")).unwrap();
    let (Some(this), Some(some)) = (fuzzing::request(filter, address), fuzzing::request(filter, &some)) else { return };
    let local = address.as_str().rsplit_once('@').map_or("", |(local, _)| local);
    let forms = forms(address);
    let this = filter_of(&this);
    // With two forms of the domain it stands there twice.
    let alternatives = if forms.len() == 2 { children(this) } else { vec![this] };
    assert_eq!(alternatives.len(), forms.len());
    for (alternative, form) in alternatives.into_iter().zip(&forms) {
        let domain = form.rsplit_once('@').map_or("", |(_, domain)| domain);
        let mut open = vec![(alternative, filter_of(&some))];
        while let Some((this, some)) = open.pop() {
            assert_eq!(this[0], some[0], "another kind of test");
            if this[0] & 0x20 != 0 {
                let (this, some) = (children(this), children(some));
                assert_eq!(this.len(), some.len(), "another number of tests");
                open.extend(this.into_iter().zip(some));
            } else {
                assert_eq!(content(this), filled(content(some), local, domain), "another value");
            }
        }
    }
}

/// A value for the one that stands for all, with this address in it.
fn filled(value: &[u8], local: &str, domain: &str) -> Vec<u8> {
    let (mut filled, mut rest) = (Vec::new(), value);
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(LOCAL.as_bytes()) {
            filled.extend(local.as_bytes());
            rest = after;
        } else if let Some(after) = rest.strip_prefix(DOMAIN.as_bytes()) {
            filled.extend(domain.as_bytes());
            rest = after;
        } else {
            filled.push(*first);
            rest = &rest[1..];
        }
    }
    filled
}

/// Answers, and addresses with filters.
pub fn ldap_answer_seeds() -> Vec<(String, Vec<u8>)> {
    use postseal_testkit::factory::der::{integer, octet_string, sequence, tlv};
    let world = crate::world::world();
    let result = |tag: u8, code: u8, text: &[u8]| {
        sequence(&[&integer(7), &tlv(tag, &[&[0x0a, 1, code], &octet_string(b""), &octet_string(text)])])
    };
    let attribute = |name: &[u8], values: &[&[u8]]| {
        let values: Vec<u8> = values.iter().flat_map(|value| octet_string(value)).collect();
        sequence(&[&octet_string(name), &tlv(0x31, &[&values])])
    };
    let entry = |attributes: &[Vec<u8>]| {
        sequence(&[&integer(7), &tlv(0x64, &[&octet_string(b"cn=a"), &sequence(&[&attributes.concat()])])])
    };
    let certificate = world.certificates.last().unwrap();
    let found = entry(&[
        attribute(b"userCertificate;binary", &[certificate, b""]),
        attribute(b"mail", &[b"alice@goal.example"]),
        attribute(b"userSMIMECertificate", &[b"0\x03\x02\x01\x01"]),
    ]);
    let done = result(0x65, 0, b"");
    vec![
        ("bind".to_owned(), result(0x61, 49, b"80090308: data 52e")),
        ("found".to_owned(), [found.clone(), done.clone()].concat()),
        (
            "reference".to_owned(),
            [sequence(&[&integer(7), &tlv(0x73, &[&octet_string(b"ldap://x")])]), done.clone()].concat(),
        ),
        ("extended".to_owned(), result(0x78, 0, b"1.3.6.1.4.1.1466.20037")),
        ("intermediate".to_owned(), sequence(&[&integer(7), &tlv(0x79, &[])])),
        ("long".to_owned(), [&[0x30, 0x84, 0, 0, 0, done.len() as u8 - 2], &done[2..]].concat()),
    ]
}
