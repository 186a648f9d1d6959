use crate::certificates::{Authority, Person};
use crate::keys::Stream;
use base64::Engine as _;
use postseal_testkit::factory::der::{indefinite, integer, octet_string, oid, sequence, set_of, time, tlv};
use postseal_testkit::factory::{Digest, attribute};

const DATA: &str = "1.2.840.113549.1.7.1";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const CAPABILITIES: &str = "1.2.840.113549.1.9.15";

/// What `openssl cms -sign -stream` puts into one segment.
const SEGMENT: usize = 4096;

/// Octets of a line of text, and of the base64 of an attachment.
const COLUMNS: usize = 76;

/// How the signature stands in the mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Detached,
    Opaque,
    Ber,
}

impl Form {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detached => "detached",
            Self::Opaque => "opaque",
            Self::Ber => "ber",
        }
    }
}

/// A MIME entity of exactly so many octets, in canonical lines: a text, and beyond 4 KiB an attachment in base64.
pub fn entity(size: usize, name: &str) -> Vec<u8> {
    let mut stream = Stream::new(&format!("entity {size} {name}"));
    let text = b"Content-Type: text/plain; charset=utf-8\r\n\r\n";
    if size <= 4096 {
        return [text.as_slice(), &lines(&mut stream, size - text.len())].concat();
    }
    let open = [b"Content-Type: multipart/mixed; boundary=\"parts\"\r\n\r\n--parts\r\n".as_slice(), text].concat();
    let words = lines(&mut stream, 2000);
    let attachment = b"\r\n--parts\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n\
        Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"report.pdf\"\r\n\r\n";
    let close = b"\r\n--parts--\r\n";
    let room = size - open.len() - words.len() - attachment.len() - close.len();
    [&open, &words, attachment.as_slice(), &lines(&mut stream, room), close].concat()
}

/// So many octets of base64 in lines, the last one whole.
fn lines(stream: &mut Stream, size: usize) -> Vec<u8> {
    let mut octets = vec![0; size * 3 / 4];
    stream.fill(&mut octets);
    let text = base64::engine::general_purpose::STANDARD.encode(octets);
    let mut lines: Vec<u8> =
        text.as_bytes().chunks(COLUMNS).flat_map(|line| [line, b"\r\n"].concat()).take(size - 2).collect();
    // Where it was cut, no line end may be left that is none.
    let cut = lines.iter().rposition(|octet| *octet != b'\r' && *octet != b'\n').map_or(0, |last| last + 1);
    lines[cut..].fill(b'A');
    lines.extend(b"\r\n");
    lines
}

/// A whole mail.
pub fn signed(form: Form, sender: &Person, ca: &Authority, entity: &[u8]) -> Vec<u8> {
    let head = format!(
        "Received: from mx1.bench.example (mx1.bench.example [192.0.2.7])\r\n\tby mail.bench.example with ESMTPS\r\n\
         \tfor <office@bench.example>; Fri, 01 May 2026 12:00:01 +0000\r\n\
         From: \"Some Person\" <{0}>\r\nTo: \"Office\" <office@bench.example>\r\nSubject: quarterly report\r\n\
         Date: Fri, 01 May 2026 12:00:00 +0000\r\nMessage-ID: <1.{0}>\r\nMIME-Version: 1.0\r\n",
        sender.address
    );
    let cms = base64_lines(&cms(form, sender, ca, entity));
    if form != Form::Detached {
        let kind = "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\r\n\
            Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";
        return [head.as_bytes(), kind.as_bytes(), &cms].concat();
    }
    let open = "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n\
        \tboundary=\"----=signed\"\r\n\r\nThis is an S/MIME signed message\r\n\r\n------=signed\r\n";
    let signature = "\r\n------=signed\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
        Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n";
    [head.as_bytes(), open.as_bytes(), entity, signature.as_bytes(), &cms, b"\r\n------=signed--\r\n"].concat()
}

/// SignedData (RFC 5652 5.1) with the certificates of the sender and his CA.
fn cms(form: Form, sender: &Person, ca: &Authority, entity: &[u8]) -> Vec<u8> {
    let content = match form {
        Form::Detached => Vec::new(),
        Form::Opaque => tlv(0xa0, &[&octet_string(entity)]),
        Form::Ber => {
            let segments: Vec<Vec<u8>> = entity.chunks(SEGMENT).map(octet_string).collect();
            indefinite(0xa0, &[&indefinite(0x24, &[&segments.concat()])])
        }
    };
    let wrap = |tag: u8, pieces: &[&[u8]]| if form == Form::Ber { indefinite(tag, pieces) } else { tlv(tag, pieces) };
    let signed_data = wrap(
        0x30,
        &[
            &integer(1),
            &set_of(vec![Digest::Sha256.algorithm()]),
            &wrap(0x30, &[&oid(DATA), &content]),
            &tlv(0xa0, &[&sender.der, &ca.der]),
            &set_of(vec![signer_info(sender, entity)]),
        ],
    );
    wrap(0x30, &[&oid(SIGNED_DATA), &wrap(0xa0, &[&signed_data])])
}

fn signer_info(sender: &Person, entity: &[u8]) -> Vec<u8> {
    let reads = sequence(&[
        &sequence(&[&oid("2.16.840.1.101.3.4.1.42")]),
        &sequence(&[&oid("2.16.840.1.101.3.4.1.22")]),
        &sequence(&[&oid("2.16.840.1.101.3.4.1.2")]),
    ]);
    let signed = set_of(vec![
        attribute(CONTENT_TYPE, &oid(DATA)),
        attribute(SIGNING_TIME, &time("2026-05-01T12:00:00Z")),
        attribute(MESSAGE_DIGEST, &octet_string(&Digest::Sha256.of(entity))),
        attribute(CAPABILITIES, &reads),
    ]);
    sequence(&[
        &integer(1),
        &sequence(&[&sender.issuer, &sender.serial]),
        &Digest::Sha256.algorithm(),
        // Signed as a SET OF, sent as [0] IMPLICIT (RFC 5652 5.4).
        &[&[0xa0], &signed[1..]].concat(),
        &sender.flavour.signature_algorithm(),
        &octet_string(&sender.key.sign(&signed)),
    ])
}

fn base64_lines(octets: &[u8]) -> Vec<u8> {
    let text = base64::engine::general_purpose::STANDARD.encode(octets);
    text.as_bytes().chunks(64).flat_map(|line| [line, b"\r\n"].concat()).collect()
}
