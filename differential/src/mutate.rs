//! Seeded changes of one certificate of a chain, or of the chain itself. Each has a name, by which disagreements are grouped.

use crate::chain::{Draft, Edit, common_name, header, name_constraints, names, policies, utf8_mailbox};
use crate::random::Random;
use postseal_testkit::factory::der::{
    bit_string, integer, named_bits, null, octet_string, oid, sequence, tlv, utf8, yes,
};
use postseal_testkit::factory::{Key, Name, distinguished_name, extension};

type Mutation = fn(&mut Vec<Draft>, usize, &mut Random);

/// The certificate's number goes with each: 0 is the anchor. A change after signing keeps the old signature.
pub const MUTATIONS: &[(&str, Mutation)] = &[
    ("flip-tbs", |chain, at, random| chain[at].tbs_edit = Some((flip(random), false))),
    ("flip-tbs-signed", |chain, at, random| chain[at].tbs_edit = Some((flip(random), true))),
    ("flip-signature", |chain, at, random| chain[at].signature_edit = Some(flip(random))),
    ("long-length", |chain, at, random| chain[at].tbs_edit = Some((Edit::LongLength { at: random.below(16) }, true))),
    ("extension-dropped", |chain, at, random| {
        let list = &mut chain[at].extensions;
        list.remove(random.below(list.len()));
    }),
    ("extension-twice", |chain, at, random| {
        let again = random.pick(&chain[at].extensions);
        chain[at].extensions.push(again);
    }),
    ("extensions-swapped", |chain, at, random| {
        let list = &mut chain[at].extensions;
        let (one, other) = (random.below(list.len()), random.below(list.len()));
        list.swap(one, other);
    }),
    ("extensions-none", |chain, at, _| chain[at].extensions.clear()),
    ("extension-foreign", |chain, at, random| {
        let foreign = extension("1.3.6.1.4.1.99999.9", random.coin(), &null());
        chain[at].extensions.push(foreign);
    }),
    ("extension-flag", |chain, at, random| {
        let number = random.below(chain[at].extensions.len());
        let flag = random.pick(&[vec![1, 1, 0xff], vec![1, 1, 0], vec![1, 1, 1], vec![]]);
        rebuild(&mut chain[at].extensions[number], |_| flag, |value| value);
    }),
    ("extension-flip", |chain, at, random| {
        let number = random.below(chain[at].extensions.len());
        let (place, bit) = (random.below(1 << 16), random.below(8));
        rebuild(
            &mut chain[at].extensions[number],
            |flag| flag,
            |mut value| {
                let length = value.len();
                value[place % length] ^= 1 << bit;
                value
            },
        );
    }),
    ("extension-trailing", |chain, at, random| {
        let number = random.below(chain[at].extensions.len());
        rebuild(&mut chain[at].extensions[number], |flag| flag, |value| [value, vec![5, 0]].concat());
    }),
    ("time", time),
    ("subject-string", |chain, at, random| rename(chain, at, random, false)),
    ("names-of-both", |chain, at, random| rename(chain, at, random, true)),
    ("issuer-other", |chain, at, random| {
        chain[at].issuer = random.pick(&[sequence(&[]), distinguished_name("Nobody", None), common_name(0x0c, b"CA")]);
    }),
    ("basic-constraints", basic_constraints),
    ("key-usage", |chain, at, random| {
        let value = match random.below(5) {
            0 => bit_string(&[]),
            1 => tlv(3, &[&[0, 0x06, 0x00]]),
            2 => tlv(3, &[&[7, 0xff, 0x80]]),
            3 => tlv(3, &[&[9, 0x06]]),
            _ => named_bits((random.next() >> 40) as u16 & 0xff80),
        };
        let critical = random.coin();
        chain[at].set("2.5.29.15", critical, &value);
    }),
    ("extended-key-usage", |chain, at, random| {
        let purposes = ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0", "1.3.6.1.5.5.7.3.9"];
        let chosen: Vec<_> = (0..random.below(3)).map(|_| oid(random.pick(&purposes))).collect();
        let critical = random.coin();
        chain[at].set("2.5.29.37", critical, &sequence(&[&chosen.concat()]));
    }),
    ("name-constraints", constraints),
    ("subject-alt-name", alt_name),
    ("serial", |chain, at, random| {
        chain[at].serial = match random.below(8) {
            0 => integer(0),
            1 => tlv(2, &[&[0xff]]),
            2 => tlv(2, &[&[0x7f; 21]]),
            3 => tlv(2, &[&[0x11; 64]]),
            4 => tlv(2, &[&[0, 1]]),
            5 => tlv(2, &[&[0xff, 0xff]]),
            6 => tlv(2, &[]),
            _ => tlv(2, &[&[0x80; 20]]),
        };
    }),
    ("version", |chain, at, random| {
        let wrapped = |number: u64| tlv(0xa0, &[&integer(number)]);
        chain[at].version =
            random.pick(&[Vec::new(), wrapped(0), wrapped(1), wrapped(3), wrapped(255), tlv(0xa0, &[])]);
        if random.coin() {
            chain[at].extensions.clear();
        }
    }),
    ("algorithm", algorithm),
    ("public-key", |chain, at, random| {
        let point = Key::P256(9).public_key_info();
        chain[at].spki = match random.below(4) {
            0 => sequence(&[&sequence(&[&oid("1.2.840.10045.2.1")]), &bit_string(&point[point.len() - 65..])]),
            1 => sequence(&[&sequence(&[&oid("1.2.840.10045.2.1"), &null()]), &bit_string(&point[point.len() - 65..])]),
            2 => Key::Ed25519(9).public_key_info(),
            _ => Key::P521(9).public_key_info(),
        };
    }),
    ("signed-by-another", |chain, at, _| chain[at].signer = Key::P256(99)),
    ("trailing", |chain, at, random| {
        let octets = random.pick(&[vec![0], vec![0, 0], vec![5, 0], vec![0x30, 0]]);
        match random.below(3) {
            0 => chain[at].trailing_tbs = octets,
            1 => chain[at].trailing_inside = octets,
            _ => chain[at].trailing = octets,
        }
    }),
    ("unique-ids", |chain, at, random| {
        let id = |tag| tlv(tag, &[&[0, 1, 2]]);
        chain[at].unique_ids =
            random.pick(&[id(0x81), id(0x82), [id(0x81), id(0x82)].concat(), [id(0x82), id(0x81)].concat()]);
    }),
    ("key-identifier", |chain, at, random| {
        let other = Key::P256(77).identifier();
        match random.below(3) {
            0 => chain[at].set("2.5.29.14", random.coin(), &octet_string(&other)),
            1 => chain[at].set("2.5.29.35", random.coin(), &sequence(&[&tlv(0x80, &[&other])])),
            _ => {
                let name = tlv(0xa1, &[&tlv(0xa4, &[&distinguished_name("Nobody", None)])]);
                chain[at].set("2.5.29.35", false, &sequence(&[&name, &tlv(0x82, &[&[7]])]));
            }
        }
    }),
    ("policies", policy_extensions),
    ("chain-link-dropped", |chain, _, random| {
        if chain.len() > 2 {
            chain.remove(1 + random.below(chain.len() - 2));
        }
    }),
    ("chain-link-twice", |chain, at, _| {
        if at > 0 && at + 1 < chain.len() {
            let again = chain[at].clone();
            chain.insert(at, again);
        }
    }),
    ("chain-links-swapped", |chain, _, random| {
        let (one, other) = (random.below(chain.len()), random.below(chain.len()));
        chain.swap(one, other);
    }),
];

/// Changes the chain, and says how: the mutation, the extension if it is about one, and whether it was the anchor's.
pub fn mutate(chain: &mut Vec<Draft>, random: &mut Random) -> Vec<String> {
    let count = if random.below(5) == 0 { 2 } else { 1 };
    let mut done = Vec::new();
    for _ in 0..count {
        let (name, mutation) = random.pick(MUTATIONS);
        let at = random.below(chain.len());
        // What needs an extension finds none after some others.
        if chain[at].extensions.is_empty() && name.starts_with("extension") {
            continue;
        }
        let before = chain[at].extensions.clone();
        mutation(chain, at, random);
        let place = if name.starts_with("chain") {
            ""
        } else if at == 0 {
            "@anchor"
        } else {
            "@below"
        };
        let changed = if name.starts_with("extension-") { changed(&before, &chain[at].extensions) } else { None };
        done.push(format!("{name}{}{place}", changed.map(|last| format!(":{last}")).unwrap_or_default()));
    }
    done
}

/// The last number of the identifier of the first extension that is not as it was.
fn changed(before: &[Vec<u8>], after: &[Vec<u8>]) -> Option<u8> {
    let number = before.iter().zip(after).position(|(before, after)| before != after);
    let extension =
        number.map_or_else(|| before.get(after.len()).or_else(|| after.last()), |number| before.get(number))?;
    let name = &extension[header(extension)..];
    Some(name[1 + usize::from(name[1])])
}

fn flip(random: &mut Random) -> Edit {
    Edit::Flip { at: random.below(1 << 16), bit: random.below(8) as u8 }
}

/// Takes an Extension apart.
fn rebuild(whole: &mut Vec<u8>, flag: impl FnOnce(Vec<u8>) -> Vec<u8>, value: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let content = &whole[header(whole)..];
    let (name, rest) = content.split_at(2 + usize::from(content[1]));
    let (critical, octets) = if rest[0] == 1 { rest.split_at(3) } else { rest.split_at(0) };
    let inner = octets[header(octets)..].to_vec();
    *whole = sequence(&[name, &flag(critical.to_vec()), &octet_string(&value(inner))]);
}

fn time(chain: &mut Vec<Draft>, at: usize, random: &mut Random) {
    let times: [(u8, &[u8]); 14] = [
        (0x17, b"260501000000Z"),
        (0x17, b"260701000000Z"),
        (0x17, b"2605010000Z"),
        (0x17, b"260501000000+0100"),
        (0x17, b"260230000000Z"),
        (0x17, b"261301000000Z"),
        (0x17, b"500101000000Z"),
        (0x18, b"20260501000000Z"),
        (0x18, b"20360501000000Z"),
        (0x18, b"20260501000000.5Z"),
        (0x18, b"20260501000000"),
        (0x18, b"99991231235959Z"),
        (0x17, b"260501240000Z"),
        (0x17, b"260501000060Z"),
    ];
    let (tag, text) = random.pick(&times);
    let field = if random.coin() { &mut chain[at].not_before } else { &mut chain[at].not_after };
    *field = tlv(tag, &[text]);
}

/// Other spellings of a name: in the certificate only, or where the certificate below names its issuer as well.
fn rename(chain: &mut [Draft], at: usize, random: &mut Random, both: bool) {
    let text = format!("CA {at}");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let name = random.pick(&[
        common_name(0x13, text.as_bytes()),
        common_name(0x14, text.as_bytes()),
        common_name(0x16, text.as_bytes()),
        common_name(0x1e, &wide),
        common_name(0x0c, text.to_lowercase().as_bytes()),
        common_name(0x0c, format!(" {text}  ").as_bytes()),
        common_name(0x0c, format!("{text}\0").as_bytes()),
        common_name(0x0c, &[0xff, 0xfe]),
        common_name(0x04, text.as_bytes()),
        sequence(&[]),
    ]);
    chain[at].subject.clone_from(&name);
    if at == 0 && random.coin() {
        chain[at].issuer.clone_from(&name);
    }
    if both && let Some(below) = chain.get_mut(at + 1) {
        below.issuer = name;
    }
}

fn basic_constraints(chain: &mut Vec<Draft>, at: usize, random: &mut Random) {
    let length = |octets: &[u8]| tlv(2, &[octets]);
    let value = random.pick(&[
        sequence(&[]),
        sequence(&[&yes()]),
        sequence(&[&tlv(1, &[&[0]])]),
        sequence(&[&tlv(1, &[&[1]])]),
        sequence(&[&yes(), &length(&[0])]),
        sequence(&[&yes(), &length(&[1])]),
        sequence(&[&yes(), &length(&[0xff])]),
        sequence(&[&yes(), &length(&[0, 1])]),
        sequence(&[&yes(), &length(&[0x7f; 9])]),
        sequence(&[&length(&[0])]),
        sequence(&[&yes(), &length(&[5]), &null()]),
    ]);
    let critical = random.coin();
    chain[at].set("2.5.29.19", critical, &value);
}

fn constraints(chain: &mut Vec<Draft>, at: usize, random: &mut Random) {
    let goal = |text: &str| Name::Rfc822(text.as_bytes().to_vec());
    let raw = |tag: u8, octets: &[u8]| Name::Raw(tlv(tag, &[octets]));
    let name = random.pick(&[
        goal("goal.example"),
        goal(".goal.example"),
        goal("GOAL.example"),
        goal("alice@goal.example"),
        goal("Alice@goal.example"),
        goal("other.example"),
        goal(""),
        goal("."),
        goal("@"),
        goal("goal.example "),
        raw(0x82, b"goal.example"),
        raw(0x86, b"goal.example"),
        raw(0x87, &[10, 0, 0, 0, 255, 0, 0, 0]),
        raw(0x87, &[10, 0, 0]),
        raw(0xa4, &distinguished_name("Alice", None)),
        raw(0xa4, &sequence(&[])),
        raw(0xa4, &distinguished_name("Bob", None)),
        raw(0x88, &[0x2a, 3]),
        Name::Raw(utf8_mailbox("goal.example")),
    ]);
    let value = match random.below(8) {
        0 => sequence(&[]),
        1 => sequence(&[&tlv(random.pick(&[0xa0, 0xa1]), &[])]),
        2 => sequence(&[&tlv(0xa0, &[&sequence(&[&name.encode(), &tlv(0x80, &[&[1]])])])]),
        3 => sequence(&[&tlv(0xa1, &[&sequence(&[&name.encode(), &tlv(0x81, &[&[1]])])])]),
        4 => sequence(&[&tlv(0xa1, &[&sequence(&[&name.encode()])]), &tlv(0xa0, &[&sequence(&[&name.encode()])])]),
        5 => name_constraints(0xa1, &[name]),
        6 => name_constraints(0xa0, &[name, goal("goal.example")]),
        _ => name_constraints(0xa0, &[name]),
    };
    let critical = random.coin();
    chain[at].set("2.5.29.30", critical, &value);
    if random.coin() {
        alt_name(chain, chain.len() - 1, random);
    }
}

fn alt_name(chain: &mut Vec<Draft>, at: usize, random: &mut Random) {
    let mailbox = |octets: &[u8]| Name::Rfc822(octets.to_vec());
    let raw = |tag: u8, octets: &[u8]| Name::Raw(tlv(tag, &[octets]));
    let odd = random.pick(&[
        mailbox(b"eve@other.example"),
        mailbox(b"ALICE@GOAL.EXAMPLE"),
        mailbox(b"alice@sub.goal.example"),
        mailbox(b"\xfcber@goal.example"),
        mailbox("\u{fc}ber@goal.example".as_bytes()),
        mailbox(b"\"a@b\"@goal.example"),
        mailbox(b"alice"),
        mailbox(b"alice@goal.example\0"),
        mailbox(b"@goal.example"),
        mailbox(b""),
        raw(0x82, b"goal.example"),
        raw(0x86, b"http://goal.example/"),
        raw(0x86, b"http://[::1]/"),
        raw(0x87, &[10, 0, 0, 1]),
        raw(0x87, &[1, 2, 3]),
        raw(0xa3, &[]),
        raw(0xa4, &distinguished_name("Eve", None)),
        raw(0x88, &[0x2a, 3]),
        Name::Raw(utf8_mailbox("z\u{f6}e@goal.example")),
        Name::Raw(utf8_mailbox("z\u{f6}e@other.example")),
        Name::Raw(tlv(0xa0, &[&oid("1.3.6.1.4.1.311.20.2.3"), &tlv(0xa0, &[&utf8("alice@goal")])])),
        Name::Raw(tlv(0xa0, &[&null()])),
        raw(0x89, &[1]),
    ]);
    let value = match random.below(4) {
        0 => names(&[]),
        1 => names(&[odd]),
        2 => names(&[odd, mailbox(b"alice@goal.example")]),
        _ => names(&[mailbox(b"alice@goal.example"), odd]),
    };
    let critical = random.coin();
    chain[at].set("2.5.29.17", critical, &value);
    if random.below(4) == 0 {
        chain[at].subject =
            distinguished_name("Alice", Some(random.pick(&["eve@other.example", "alice@goal.example"])));
    }
}

fn algorithm(chain: &mut Vec<Draft>, at: usize, random: &mut Random) {
    let usual = chain[at].signer.scheme().algorithm(chain[at].signer.algorithm());
    let name = usual[2..4 + usize::from(usual[3])].to_vec();
    let other = random.pick(&[
        sequence(&[&name, &null()]),
        sequence(&[&name]),
        sequence(&[&name, &octet_string(&[1])]),
        sequence(&[&name, &null(), &null()]),
        sequence(&[&oid("1.2.840.10045.4.1"), &[]]),
        sequence(&[&oid("1.2.840.10045.4.3.4")]),
        sequence(&[&oid("1.2.840.113549.1.1.11"), &null()]),
        sequence(&[&oid("1.3.101.112")]),
        sequence(&[]),
    ]);
    match random.below(3) {
        0 => chain[at].inner_algorithm = Some(other),
        1 => chain[at].outer_algorithm = Some(other),
        _ => (chain[at].inner_algorithm, chain[at].outer_algorithm) = (Some(other.clone()), Some(other)),
    }
}

fn policy_extensions(chain: &mut Vec<Draft>, at: usize, random: &mut Random) {
    const GOLD: &str = "1.3.6.1.4.1.99999.1";
    const SILVER: &str = "1.3.6.1.4.1.99999.2";
    const ANY: &str = "2.5.29.32.0";
    let pair = |one: &str, other: &str| sequence(&[&sequence(&[&oid(one), &oid(other)])]);
    let critical = random.coin();
    let skip = random.pick(&[0, 0, 1, 2, 0xff]);
    let (name, value) = match random.below(5) {
        0 => {
            ("2.5.29.32", policies(&random.pick(&[vec![], vec![GOLD], vec![ANY], vec![GOLD, GOLD], vec![SILVER, ANY]])))
        }
        1 => ("2.5.29.33", random.pick(&[pair(GOLD, SILVER), pair(ANY, SILVER), pair(GOLD, ANY), sequence(&[])])),
        2 => ("2.5.29.36", sequence(&[&tlv(0x80, &[&[skip]])])),
        3 => ("2.5.29.36", random.pick(&[sequence(&[]), sequence(&[&tlv(0x81, &[&[skip]])]), tlv(4, &[])])),
        _ => ("2.5.29.54", tlv(2, &[&[skip]])),
    };
    chain[at].set(name, critical, &value);
    if random.coin() {
        let above = random.below(chain.len());
        chain[above].set("2.5.29.36", true, &sequence(&[&tlv(0x80, &[&[0]])]));
    }
}
