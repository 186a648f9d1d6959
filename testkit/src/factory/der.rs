//! Writing DER, and the few BER forms that test mail needs.

/// One element with its content in pieces.
pub(super) fn tlv(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let content = pieces.concat();
    let mut element = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => element.push(short),
        _ => {
            let octets: Vec<u8> = content.len().to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            element.push(0x80 | u8::try_from(octets.len()).unwrap());
            element.extend(octets);
        }
    }
    element.extend(content);
    element
}

pub(super) fn sequence(pieces: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, pieces)
}

/// A SET OF in the order of DER.
pub(super) fn set_of(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    tlv(0x31, &[&members.concat()])
}

/// An element of indefinite length.
pub(super) fn indefinite(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80][..], &pieces.concat(), &[0, 0]].concat()
}

/// The content octets of an OBJECT IDENTIFIER in an element.
pub(super) fn oid(octets: &[u8]) -> Vec<u8> {
    tlv(0x06, &[octets])
}

pub(super) fn octet_string(value: &[u8]) -> Vec<u8> {
    tlv(0x04, &[value])
}

pub(super) fn bit_string(value: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], value])
}

/// A positive INTEGER.
pub(super) fn integer(value: u64) -> Vec<u8> {
    let octets: Vec<u8> = value.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    match octets.first() {
        None => tlv(0x02, &[&[0]]),
        Some(first) if first & 0x80 != 0 => tlv(0x02, &[&[0], &octets]),
        Some(_) => tlv(0x02, &[&octets]),
    }
}

/// A time of RFC 3339 as UTCTime, or GeneralizedTime from 2050 on (RFC 5280 4.1.2.5).
pub(super) fn time(rfc3339: &str) -> Vec<u8> {
    let digits: String = rfc3339.chars().filter(char::is_ascii_digit).take(14).collect();
    if digits.as_str() < "2050" {
        tlv(0x17, &[&digits.as_bytes()[2..], b"Z"])
    } else {
        tlv(0x18, &[digits.as_bytes(), b"Z"])
    }
}
