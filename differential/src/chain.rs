//! Certificates in pieces, so that each can be changed and the whole be signed again.

use crate::random::Random;
use postseal_testkit::factory::der::{bit_string, integer, named_bits, octet_string, oid, sequence, tlv, utf8};
use postseal_testkit::factory::{Key, Name, distinguished_name, extension};

/// A certificate before it is signed. All pieces are encoded.
#[derive(Clone, Debug)]
pub struct Draft {
    pub version: Vec<u8>,
    pub serial: Vec<u8>,
    pub inner_algorithm: Option<Vec<u8>>,
    pub outer_algorithm: Option<Vec<u8>>,
    pub issuer: Vec<u8>,
    pub not_before: Vec<u8>,
    pub not_after: Vec<u8>,
    pub subject: Vec<u8>,
    pub key: Key,
    pub spki: Vec<u8>,
    /// issuerUniqueID and subjectUniqueID.
    pub unique_ids: Vec<u8>,
    /// Whole Extensions; no field when empty.
    pub extensions: Vec<Vec<u8>>,
    /// After the extensions, inside what is signed.
    pub trailing_tbs: Vec<u8>,
    /// After the signature, inside of the certificate.
    pub trailing_inside: Vec<u8>,
    /// After the certificate.
    pub trailing: Vec<u8>,
    /// Who signs.
    pub signer: Key,
    /// A change of the octets that are signed, before or after signing.
    pub tbs_edit: Option<(Edit, bool)>,
    pub signature_edit: Option<Edit>,
}

#[derive(Clone, Copy, Debug)]
pub enum Edit {
    Flip {
        at: usize,
        bit: u8,
    },
    /// The length of the element that stands nearest after `at`, in a longer form than DER has.
    LongLength {
        at: usize,
    },
}

impl Draft {
    pub fn encode(&self) -> Vec<u8> {
        let algorithm = self.signer.scheme().algorithm(self.signer.algorithm());
        let validity = sequence(&[&self.not_before, &self.not_after]);
        let list = self.extensions.concat();
        let extensions = if list.is_empty() { Vec::new() } else { tlv(0xa3, &[&sequence(&[&list])]) };
        let mut tbs = sequence(&[
            &self.version,
            &self.serial,
            self.inner_algorithm.as_ref().unwrap_or(&algorithm),
            &self.issuer,
            &validity,
            &self.subject,
            &self.spki,
            &self.unique_ids,
            &extensions,
            &self.trailing_tbs,
        ]);
        let edit = |tbs: &mut Vec<u8>, wanted: bool| {
            if let Some((edit, signed)) = self.tbs_edit
                && signed == wanted
            {
                apply(edit, tbs);
            }
        };
        edit(&mut tbs, true);
        let mut signature = self.signer.sign(self.signer.scheme(), &tbs);
        edit(&mut tbs, false);
        if let Some(edit) = self.signature_edit {
            apply(edit, &mut signature);
        }
        let outer = self.outer_algorithm.as_ref().unwrap_or(&algorithm);
        let certificate = sequence(&[&tbs, outer, &bit_string(&signature), &self.trailing_inside]);
        [certificate, self.trailing.clone()].concat()
    }

    /// The extension with this identifier.
    pub fn find(&mut self, dotted: &str) -> Option<&mut Vec<u8>> {
        let wanted = oid(dotted);
        self.extensions.iter_mut().find(|extension| {
            extension.windows(wanted.len()).next().is_some() && {
                let start = header(extension);
                extension[start..].starts_with(&wanted)
            }
        })
    }

    /// In place of the extension with this identifier, or after all others.
    pub fn set(&mut self, dotted: &str, critical: bool, value: &[u8]) {
        let new = extension(dotted, critical, value);
        match self.find(dotted) {
            Some(old) => *old = new,
            None => self.extensions.push(new),
        }
    }
}

/// Octets before the content.
pub fn header(element: &[u8]) -> usize {
    match element.get(1) {
        Some(length) if length & 0x80 != 0 => 2 + usize::from(length & 0x7f),
        _ => 2,
    }
}

fn apply(edit: Edit, octets: &mut Vec<u8>) {
    match edit {
        Edit::Flip { at, bit } => {
            let at = at % octets.len();
            octets[at] ^= 1 << (bit % 8);
        }
        Edit::LongLength { at } => {
            // Elements around it keep their lengths: only the outermost is made right again.
            let start = header(octets);
            let mut content = octets[start..].to_vec();
            let mut positions = Vec::new();
            let mut position = 0;
            while position + 1 < content.len() {
                let size = header(&content[position..]);
                let length = length(&content[position..]);
                positions.push(position);
                position += size + length;
            }
            let position = positions[at % positions.len()];
            let long = match content[position + 1] {
                short @ 0..=0x7f => vec![0x81, short],
                0x81 => vec![0x82, 0, content[position + 2]],
                _ => vec![0x83, 0, content[position + 2], content[position + 3]],
            };
            let end = position + header(&content[position..]);
            content.splice(position + 1..end, long);
            *octets = tlv(octets[0], &[&content]);
        }
    }
}

fn length(element: &[u8]) -> usize {
    match element[1] {
        short @ 0..=0x7f => usize::from(short),
        long => element[2..2 + usize::from(long & 0x7f)].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)),
    }
}

fn key_identifiers(key: Key, issuer: Key) -> [Vec<u8>; 2] {
    let authority = sequence(&[&tlv(0x80, &[&issuer.identifier()])]);
    [extension("2.5.29.14", false, &octet_string(&key.identifier())), extension("2.5.29.35", false, &authority)]
}

pub fn policies(names: &[&str]) -> Vec<u8> {
    let list: Vec<_> = names.iter().map(|name| sequence(&[&oid(name)])).collect();
    sequence(&[&list.concat()])
}

pub fn name_constraints(tag: u8, names: &[Name]) -> Vec<u8> {
    let list: Vec<_> = names.iter().map(|name| sequence(&[&name.encode()])).collect();
    sequence(&[&tlv(tag, &[&list.concat()])])
}

pub fn names(names: &[Name]) -> Vec<u8> {
    let list: Vec<_> = names.iter().map(Name::encode).collect();
    sequence(&[&list.concat()])
}

fn draft(subject: Vec<u8>, key: Key, serial: u64) -> Draft {
    Draft {
        version: tlv(0xa0, &[&integer(2)]),
        serial: integer(serial),
        inner_algorithm: None,
        outer_algorithm: None,
        issuer: Vec::new(),
        not_before: tlv(0x17, &[b"250101000000Z"]),
        not_after: tlv(0x17, &[b"350101000000Z"]),
        subject,
        key,
        spki: key.public_key_info(),
        unique_ids: Vec::new(),
        extensions: Vec::new(),
        trailing_tbs: Vec::new(),
        trailing_inside: Vec::new(),
        trailing: Vec::new(),
        signer: key,
        tbs_edit: None,
        signature_edit: None,
    }
}

/// A valid chain of two to four certificates, the anchor first.
pub fn valid(random: &mut Random) -> Vec<Draft> {
    let length = 2 + random.below(3);
    let policy = random.below(4) == 0;
    let mut chain: Vec<Draft> = Vec::new();
    for height in 0..length {
        let last = height + 1 == length;
        let seed = height as u64 + 1;
        let key = match random.below(12) {
            0 => Key::Rsa(height),
            1 => Key::P384(seed),
            _ => Key::P256(seed),
        };
        let subject =
            if last { distinguished_name("Alice", None) } else { distinguished_name(&format!("CA {height}"), None) };
        let mut certificate = draft(subject, key, 100 + seed);
        let above = chain.last();
        certificate.issuer = above.map_or_else(|| certificate.subject.clone(), |above| above.subject.clone());
        certificate.signer = above.map_or(key, |above| above.key);
        certificate.extensions.extend(key_identifiers(key, certificate.signer));
        if last {
            certificate.set("2.5.29.19", true, &sequence(&[]));
            certificate.set("2.5.29.15", true, &named_bits(0x8000));
            certificate.set("2.5.29.37", false, &sequence(&[&oid("1.3.6.1.5.5.7.3.4")]));
            certificate.set("2.5.29.17", false, &names(&[Name::Rfc822(b"alice@goal.example".to_vec())]));
        } else {
            certificate.set("2.5.29.19", true, &sequence(&[&tlv(1, &[&[0xff]])]));
            certificate.set("2.5.29.15", true, &named_bits(0x0600));
        }
        if policy && height > 0 {
            certificate.set("2.5.29.32", false, &policies(&["1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"]));
        }
        chain.push(certificate);
    }
    chain
}

/// A name of one attribute, as a string of this type.
pub fn common_name(tag: u8, text: &[u8]) -> Vec<u8> {
    let attribute = sequence(&[&oid("2.5.4.3"), &tlv(tag, &[text])]);
    sequence(&[&tlv(0x31, &[&attribute])])
}

pub fn utf8_mailbox(text: &str) -> Vec<u8> {
    tlv(0xa0, &[&oid("1.3.6.1.5.5.7.8.9"), &tlv(0xa0, &[&utf8(text)])])
}
