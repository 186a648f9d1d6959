//! Changes of header fields, parts and encodings, and of the CMS object in a mail.

use super::ber;
use super::random::{Random, octets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// Fields that the rules ask for, and those that some reader shows instead.
const FIELDS: [&[u8]; 26] = [
    b"From: Alice <alice@goal.example>",
    b"From: mallory@evil.example",
    b"From: alice@goal.example, mallory@evil.example",
    b"From: \"alice@goal.example\" <mallory@evil.example>",
    b"From: =?utf-8?q?alice=40goal.example?= <mallory@evil.example>",
    b"From: list: alice@goal.example, mallory@evil.example;",
    b"from : alice@goal.example",
    b"From:",
    b"Sender: alice@goal.example",
    b"Resent-From: alice@goal.example",
    b"MIME-Version: 1.0",
    b"Content-Type: text/plain",
    b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=\"b\"",
    b"Content-Type: multipart/mixed; boundary=\"b\"",
    b"Content-Type: application/pkcs7-mime; smime-type=signed-data",
    b"Content-Type: application/x-pkcs7-mime; smime-type=certs-only",
    b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data",
    b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"",
    b"Content-Type: message/rfc822",
    b"Content-Type: message/rfc822; hp=\"clear\"",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Transfer-Encoding: binary",
    b"Content-Disposition: attachment; filename=smime.p7m",
    b"HP-Outer: From: alice@goal.example",
    b"Message-ID: <1@goal.example>",
];

/// Pieces that end, open or hide something.
const TOKENS: [&[u8]; 40] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n ",
    b"\r\n\t",
    b"\r\n\r\n",
    b"--",
    b"--b",
    b"--b--",
    b";",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"<",
    b">",
    b",",
    b":",
    b"@",
    b"=",
    b"*=",
    b"*0=",
    b"*0*=utf-8''",
    b"%0d",
    b"=?utf-8?q?",
    b"?=",
    b"\0",
    b" ",
    b"\t",
    b"\x0c",
    b"\xa0",
    b"\xc3\xbc",
    b"\xe2\x80\xae",
    b"boundary=b",
    b"charset=utf-16",
    b"<alice@goal.example>",
    b"<mallory@evil.example>",
    b"alice@goal.example",
    b"xn--",
    b"group:",
];

pub(super) fn mutate(mail: &[u8], random: &mut Random) -> Vec<u8> {
    let objects = objects(mail);
    if !objects.is_empty() && random.below(100) < 55 {
        let range = random.pick(&objects).clone();
        return with_other_object(mail, range, random);
    }
    match random.below(10) {
        0 => bytes(mail, random),
        1 => nest(mail, random),
        2 => line_ends(mail, random),
        3 | 4 => parts(mail, random),
        _ => fields(mail, random),
    }
}

/// Lines of base64, enough of them to be an object.
fn objects(mail: &[u8]) -> Vec<Range<usize>> {
    let is_base64 = |line: &[u8]| {
        let line = line.trim_ascii_end();
        !line.is_empty() && line.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+/=".contains(octet))
    };
    let (mut found, mut at, mut start) = (Vec::new(), 0, None);
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        match start {
            None if is_base64(line) && line.len() >= 40 => start = Some(at),
            Some(from) if !is_base64(line) => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
        at += line.len();
    }
    found.extend(start.map(|from| from..at));
    found
}

fn with_other_object(mail: &[u8], range: Range<usize>, random: &mut Random) -> Vec<u8> {
    let text: Vec<u8> = mail[range.clone()].iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    let Ok(object) = STANDARD.decode(text) else { return bytes(mail, random) };
    let changed = STANDARD.encode(ber::mutate(&object, random));
    let width = *random.pick(&[64, 64, 64, 76, 4, 1_000_000]);
    let end: &[u8] = if mail.get(range.end.wrapping_sub(2)) == Some(&b'\r') { b"\r\n" } else { b"\n" };
    let lines: Vec<u8> = changed.as_bytes().chunks(width).flat_map(|line| [line, end].concat()).collect();
    [&mail[..range.start], &lines, &mail[range.end..]].concat()
}

fn bytes(mail: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = mail.to_vec();
    octets(&mut changed, random);
    changed
}

/// A field of a header, of the mail or of one of its parts: with its folds.
fn all_fields(mail: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at, mut in_header) = (Vec::<Range<usize>>::new(), 0, true);
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        let end = at + line.len();
        if line.starts_with(b"--") {
            in_header = true;
        } else if line.trim_ascii().is_empty() {
            in_header = false;
        } else if in_header && (line[0] == b' ' || line[0] == b'\t') {
            if let Some(last) = found.last_mut().filter(|last| last.end == at) {
                last.end = end;
            }
        } else if in_header {
            found.push(at..end);
        }
        at = end;
    }
    found
}

fn fields(mail: &[u8], random: &mut Random) -> Vec<u8> {
    let found = all_fields(mail);
    if found.is_empty() {
        return [*random.pick(&FIELDS), b"\r\n", mail].concat();
    }
    let field = random.pick(&found).clone();
    let (before, this, after) = (&mail[..field.start], &mail[field.clone()], &mail[field.end..]);
    let inserted = [*random.pick(&FIELDS), b"\r\n"].concat();
    match random.below(10) {
        0 => [before, this, this, after].concat(),
        1 => [before, after].concat(),
        2 => [before, &inserted, this, after].concat(),
        3 => [before, &inserted, after].concat(),
        4 => {
            let other = random.pick(&found).clone();
            [before, &mail[other], this, after].concat()
        }
        5 => {
            let cased = this.iter().map(|octet| if octet.is_ascii_alphabetic() { octet ^ 0x20 } else { *octet });
            let colon = this.iter().position(|octet| *octet == b':').unwrap_or_default();
            let name: Vec<u8> = cased.take(colon).collect();
            [before, &name, &this[colon..], after].concat()
        }
        6 => [before, &fold(this, random), after].concat(),
        _ => {
            let range = random.range(this.len());
            let token = *random.pick(&TOKENS);
            let keep = if random.below(2) == 0 { range.start } else { range.end };
            [before, &this[..range.start], token, &this[keep..], after].concat()
        }
    }
}

/// Folded at each space, or at one.
fn fold(field: &[u8], random: &mut Random) -> Vec<u8> {
    let every = random.below(2) == 0;
    let mut folded = Vec::new();
    for octet in field {
        if *octet == b' ' && (every || random.below(4) == 0) {
            folded.extend(b"\r\n");
        }
        folded.push(*octet);
    }
    folded
}

/// The whole mail as a part, or as the message in one; its From field stays outside, or not.
fn nest(mail: &[u8], random: &mut Random) -> Vec<u8> {
    let from = *random.pick(&[&b""[..], b"From: alice@goal.example\r\n", b"From: mallory@evil.example\r\n"]);
    let head = *random.pick(&[
        &b"Content-Type: multipart/mixed; boundary=n\r\n\r\n--n\r\n"[..],
        b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=n\r\n\r\n--n\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: multipart/alternative; boundary=n\r\n\r\n--n\r\n\r\nhello\r\n--n\r\n",
    ]);
    let end: &[u8] = if random.below(2) == 0 { b"\r\n--n--\r\n" } else { b"" };
    [from, head, mail, end].concat()
}

fn line_ends(mail: &[u8], random: &mut Random) -> Vec<u8> {
    let every = random.below(2) == 0;
    let mut changed = Vec::new();
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        let text = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        changed.extend(text);
        if every || random.below(8) == 0 {
            changed.extend(*random.pick(&[&b"\n"[..], b"\r\n", b"\r\r\n", b"\r"]));
        } else {
            changed.extend(&line[text.len()..]);
        }
    }
    changed
}

/// Parts between delimiters repeated, left out or changed round; or another boundary.
fn parts(mail: &[u8], random: &mut Random) -> Vec<u8> {
    let (mut pieces, mut at, mut start) = (Vec::new(), 0, 0);
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"--") && at > start {
            pieces.push(&mail[start..at]);
            start = at;
        }
        at += line.len();
    }
    pieces.push(&mail[start..]);
    let place = random.below(pieces.len());
    match random.below(5) {
        0 => pieces.insert(place, pieces[place]),
        1 => drop(pieces.remove(place)),
        2 => {
            let other = random.below(pieces.len());
            pieces.swap(place, other);
        }
        3 => {
            let other = pieces[random.below(pieces.len())];
            pieces[place] = other;
        }
        _ => pieces.insert(place, b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"),
    }
    pieces.concat()
}
