//! Writing DER, and the few BER forms and deliberate oddities that test mail needs.
//!
//! Every function gives a whole element, so that they nest.

/// One element with its content in pieces, of definite length.
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::tlv(0x04, &[b"a", b"b"]), [4, 2, b'a', b'b']);
/// ```
#[must_use]
pub fn tlv(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
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

/// A SEQUENCE.
///
/// ```
/// use postseal_testkit::factory::der::{null, sequence};
/// assert_eq!(sequence(&[&null()]), [0x30, 2, 5, 0]);
/// ```
#[must_use]
pub fn sequence(pieces: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, pieces)
}

/// A SET OF in the order of DER.
///
/// ```
/// use postseal_testkit::factory::der::{integer, set_of};
/// assert_eq!(set_of(vec![integer(2), integer(1)]), [0x31, 6, 2, 1, 1, 2, 1, 2]);
/// ```
#[must_use]
pub fn set_of(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    tlv(0x31, &[&members.concat()])
}

/// An element of indefinite length (BER).
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::indefinite(0x30, &[]), [0x30, 0x80, 0, 0]);
/// ```
#[must_use]
pub fn indefinite(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80][..], &pieces.concat(), &[0, 0]].concat()
}

/// An OBJECT IDENTIFIER from its dotted text.
///
/// # Panics
/// When the text is not dotted numbers, at least two.
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::oid("1.2.840"), [6, 3, 0x2a, 0x86, 0x48]);
/// ```
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().expect("an arc is a number")).collect();
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut groups = vec![low_seven_bits(arc)];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push(0x80 | low_seven_bits(rest));
            rest >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    tlv(0x06, &[&content])
}

/// An OCTET STRING.
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::octet_string(b"a"), [4, 1, b'a']);
/// ```
#[must_use]
pub fn octet_string(value: &[u8]) -> Vec<u8> {
    tlv(0x04, &[value])
}

/// A BIT STRING of whole octets.
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::bit_string(&[7]), [3, 2, 0, 7]);
/// ```
#[must_use]
pub fn bit_string(value: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], value])
}

/// A BIT STRING of named bits: bit 0 is the highest; zeros at the end are left out (X.690 11.2.2).
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::named_bits(0xa000), [3, 2, 5, 0xa0]);
/// assert_eq!(postseal_testkit::factory::der::named_bits(0), [3, 1, 0]);
/// ```
#[must_use]
pub fn named_bits(bits: u16) -> Vec<u8> {
    let [high, low] = bits.to_be_bytes();
    let unused = |octet: u8| u8::try_from(octet.trailing_zeros()).unwrap();
    match (high, low) {
        (0, 0) => tlv(0x03, &[&[0]]),
        (high, 0) => tlv(0x03, &[&[unused(high), high]]),
        (high, low) => tlv(0x03, &[&[unused(low), high, low]]),
    }
}

/// A non-negative INTEGER.
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::integer(128), [2, 2, 0, 128]);
/// ```
#[must_use]
pub fn integer(value: u64) -> Vec<u8> {
    let octets: Vec<u8> = value.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    match octets.first() {
        None => tlv(0x02, &[&[0]]),
        Some(first) if first & 0x80 != 0 => tlv(0x02, &[&[0], &octets]),
        Some(_) => tlv(0x02, &[&octets]),
    }
}

/// BOOLEAN TRUE. (FALSE is always a default, which DER leaves out.)
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::yes(), [1, 1, 0xff]);
/// ```
#[must_use]
pub fn yes() -> Vec<u8> {
    tlv(0x01, &[&[0xff]])
}

/// NULL.
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::null(), [5, 0]);
/// ```
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// A UTF8String.
///
/// ```
/// assert_eq!(postseal_testkit::factory::der::utf8("a"), [0x0c, 1, b'a']);
/// ```
#[must_use]
pub fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, &[text.as_bytes()])
}

/// A time of RFC 3339 (UTC, whole seconds) as UTCTime, or as GeneralizedTime from 2050 on and before 1950 (RFC 5280 4.1.2.5).
///
/// ```
/// use postseal_testkit::factory::der::time;
/// assert_eq!(time("2026-01-01T00:00:00Z"), b"\x17\x0d260101000000Z");
/// assert_eq!(time("2050-01-01T00:00:00Z"), b"\x18\x0f20500101000000Z");
/// ```
#[must_use]
pub fn time(rfc3339: &str) -> Vec<u8> {
    let digits: String = rfc3339.chars().filter(char::is_ascii_digit).take(14).collect();
    if ("1950".."2050").contains(&digits.as_str()) {
        tlv(0x17, &[&digits.as_bytes()[2..], b"Z"])
    } else {
        tlv(0x18, &[digits.as_bytes(), b"Z"])
    }
}

fn low_seven_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap()
}
