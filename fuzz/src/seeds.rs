//! Inputs to begin with, for the targets whose worlds make them.

#[cfg(feature = "outside")]
use crate::{c_calls, entra, ldap, record};
use crate::{directory_value, revocation, signed, world};

/// Seeds of a target, by name.
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    match target {
        "crl" | "ocsp" => {
            revocation::seeds(target).iter().map(|(name, seed)| ((*name).to_owned(), seed.to_vec())).collect()
        }
        "directory-value" => numbered(directory_value::seeds()),
        "verdict-stub" => world::seeds(),
        "signed-mail" => signed::signed_mail_seeds(),
        "mime" => [world::seeds(), signed::signed_mail_seeds()].concat(),
        "path" => paths(),
        "san" => names(),
        "address" => numbered(ADDRESSES.iter().map(|address| address.as_bytes().to_vec()).collect()),
        #[cfg(feature = "outside")]
        "ldap-answer" => ldap::ldap_answer_seeds(),
        #[cfg(feature = "outside")]
        "ldap-filter" => filters(),
        #[cfg(feature = "outside")]
        "entra-answer" => entra::entra_answer_seeds(),
        #[cfg(feature = "outside")]
        "store-record" => record::store_record_seeds(),
        #[cfg(feature = "outside")]
        "c-calls" => c_calls::c_calls_seeds(),
        _ => Vec::new(),
    }
}

/// Writes all of them, one folder for each target, below the one that `POSTSEAL_FUZZ_SEEDS` names.
pub fn write() {
    let folder = std::path::PathBuf::from(std::env::var_os("POSTSEAL_FUZZ_SEEDS").expect("POSTSEAL_FUZZ_SEEDS=FOLDER"));
    for target in TARGETS {
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, octets) in of(target) {
            std::fs::write(folder.join(name), octets).unwrap();
        }
    }
    std::process::exit(0);
}

/// All targets that have some.
pub const TARGETS: [&str; 14] = [
    "crl",
    "ocsp",
    "directory-value",
    "verdict-stub",
    "signed-mail",
    "mime",
    "path",
    "san",
    "address",
    "ldap-answer",
    "ldap-filter",
    "entra-answer",
    "store-record",
    "c-calls",
];

fn numbered(seeds: Vec<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    seeds.into_iter().enumerate().map(|(number, seed)| (number.to_string(), seed)).collect()
}

const ADDRESSES: [&str; 14] = [
    "alice@goal.example",
    "Alice@GOAL.example\nalice@goal.example",
    "a@b\u{fc}cher.example\na@xn--bcher-kva.example",
    "\u{fc}ser@goal.example\nu\u{308}ser@goal.example",
    "\"a b\"@goal.example\n\"a\\ b\"@goal.example",
    "\"alice@evil.example\"@goal.example",
    "a@\u{ff47}oal.example",
    "a@goal.example.\na@goal.example",
    "a@[127.0.0.1]",
    "a@XN--BCHER-KVA.example",
    "a@gro\u{df}.example\na@gross.example",
    "a@fa\u{df}.de\na@xn--fa-hia.de",
    "stra\u{df}e@goal.example\nSTRASSE@goal.example",
    "a@\u{5d0}\u{5d1}.example\na@1\u{5d0}.example",
];

#[cfg(feature = "outside")]
fn filters() -> Vec<(String, Vec<u8>)> {
    const FILTERS: [&str; 6] = [
        "(mail={addr})",
        "(|(mail={addr})(proxyAddresses=smtp:{addr})(otherMailbox={addr}))",
        "(&(objectClass=person)(!(ou=x*y*{local}))(|(uid={local})(mail=*@{domain}))(cn:dn:2.4.6:={addr})(sn~=a)(n>=1)(n<=2)(o=*))",
        "(cn=a\\2a\\28{local}\\29)",
        "(&(mail={addr})(!(employeeType=guest)))",
        "(:caseExactMatch:={addr})",
    ];
    let all = FILTERS.iter().flat_map(|filter| ADDRESSES.iter().map(move |address| (filter, address)));
    let seed = |(filter, address): (&&str, &&str)| {
        format!("{}\n{filter}", address.lines().next().unwrap_or_default()).into_bytes()
    };
    numbered(all.map(seed).collect())
}

/// Known certificates in a row, the leaf first; see `input::octets`.
fn paths() -> Vec<(String, Vec<u8>)> {
    let count = world::world().certificates.len() as u8;
    let all: Vec<u8> = (0..count).map(|number| number << 2).collect();
    let leaves = (0..count).map(|leaf| [&[4, count.min(23), leaf << 2], all.as_slice()].concat());
    let twos = (0..count).flat_map(|leaf| (0..3).map(move |issuer| vec![4, 2, leaf << 2, issuer << 2, 4]));
    numbered(leaves.chain(twos).collect())
}

/// Subject alternative names.
fn names() -> Vec<(String, Vec<u8>)> {
    use postseal_testkit::factory::{Name, der, distinguished_name};
    let names = [
        Name::Rfc822(b"alice@goal.example".to_vec()),
        Name::Rfc822(b"alice@goal.example\0.evil.example".to_vec()),
        Name::SmtpUtf8Mailbox("\u{fc}ser@goal.example".to_owned()),
        Name::Dns("goal.example".to_owned()),
        Name::Directory(distinguished_name("Alice", Some("alice@goal.example"))),
        Name::Raw(der::tlv(0x87, &[&[127, 0, 0, 1]])),
        Name::Raw(der::tlv(0x86, &[b"mailto:alice@goal.example"])),
        Name::Raw(der::tlv(0xa0, &[&der::oid("1.3.6.1.4.1.311.20.2.3"), &der::tlv(0xa0, &[b"\x0c\x01a"])])),
    ];
    let one = names.iter().map(|name| der::sequence(&[&name.encode()]));
    let all = names.iter().filter(|name| !name.encode().contains(&0)).map(Name::encode).collect::<Vec<_>>().concat();
    numbered(one.chain([der::sequence(&[&all]), der::sequence(&[])]).collect())
}
