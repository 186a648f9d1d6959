//! The texts that binary values are found as.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// What old software leaves out or gets wrong at the end says nothing about the octets before it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// Labels of PEM blocks that hold certificates (RFC 7468 5 to 8, OpenSSL). A private key is never looked at.
const LABELS: [&str; 5] = ["CERTIFICATE", "X509 CERTIFICATE", "PKCS7", "PKCS #7 SIGNED DATA", "CMS"];
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The octets as text, if they are one: no ASN.1 object is without an octet below the space.
pub(super) fn as_text(octets: &[u8]) -> Option<&str> {
    let is_text = |octet: &u8| *octet >= b' ' || matches!(octet, b'\t' | b'\n' | b'\r');
    if octets.iter().all(is_text) { str::from_utf8(octets).ok() } else { None }
}

/// What the text stands for, at most `room` of it; nothing when it stands for nothing.
pub(super) fn decoded(text: &str, room: usize) -> Vec<Zeroizing<Vec<u8>>> {
    if text.contains(BEGIN) {
        return pem(text, room);
    }
    let text = text.trim_ascii();
    let one = match text.strip_prefix('[') {
        Some(list) => numbers(list),
        None => hexadecimal(text).or_else(|| base64(text)),
    };
    one.into_iter().filter(|octets| !octets.is_empty()).take(room).collect()
}

/// The blocks with certificates; of one that cannot be read, what it holds, so that it is not lost among the others.
fn pem(text: &str, room: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let Some((label, body)) = after.split_once(DASHES) else { break };
        let Some((body, after)) = body.split_once(END) else { break };
        rest = after;
        if !LABELS.contains(&label) {
            continue;
        }
        if blocks.len() >= room {
            break;
        }
        let unread = || Zeroizing::new(body.as_bytes().to_vec());
        blocks.push(base64(body).unwrap_or_else(unread));
    }
    blocks
}

/// Base64 in either alphabet (RFC 4648 4, 5), with white space anywhere.
fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(text.bytes().filter(|octet| !octet.is_ascii_whitespace()).map(|octet| match octet {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }));
    // As long as the text, which is more than enough: the vector never moves and leaves nothing behind.
    let mut octets = Zeroizing::new(vec![0; plain.len()]);
    let length = BASE64.decode_slice_unchecked(plain.as_slice(), &mut octets).ok()?;
    octets.truncate(length);
    Some(octets)
}

/// Pairs of digits, as `3082`, `0x3082`, `30:82` and `30 82`.
fn hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut high = None;
    for character in text.chars().filter(|character| !character.is_ascii_whitespace() && *character != ':') {
        let digit = u8::try_from(character.to_digit(16)?).ok()?;
        match high.take() {
            None => high = Some(digit),
            Some(high) => octets.push(high << 4 | digit),
        }
    }
    if high.is_none() { Some(octets) } else { None }
}

/// The rest of a JSON array of octets.
fn numbers(list: &str) -> Option<Zeroizing<Vec<u8>>> {
    let list = list.strip_suffix(']')?;
    let mut octets = Zeroizing::new(Vec::with_capacity(list.len()));
    for number in list.split(',') {
        let number = number.trim_ascii();
        if !number.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        octets.push(number.parse().ok()?);
    }
    Some(octets)
}
