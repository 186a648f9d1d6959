mod text;

use core::mem;
use postseal::Address;
use postseal::cert::TransientCert;
use postseal::verify::Limits;
use zeroize::Zeroizing;

/// Octets of one value. A certificate with its chain has some 8 KiB; Entra Connect refuses more than 15 certificates.
const VALUE_BYTES: usize = 64 << 10;
/// Values of one address, where a directory has no limit of its own.
#[cfg(feature = "smimea")]
pub(crate) const VALUES: usize = 64;
/// Certificates, PEM blocks and elements that one value may hold.
const PIECES: usize = 64;
/// Encodings around each other: some entries hold base64 of base64.
const STEPS: u8 = 3;
/// The key exchange certificate in Exchange's tagged form (MS-OXOABK 2.2.4.36). The signing certificate is 0x0008, and the
/// capabilities 0x0002: nobody signed them.
const KEY_EXCHANGE_CERTIFICATE: u16 = 0x0003;

/// What one value of a directory lends for `about`. A value that cannot be read is lent as it is, so that the engine names it
/// and nobody takes it for an empty answer.
///
/// It is a certificate, a SignedData with certificates ([`TransientCert::from_cms`]), Exchange's tagged form, or any of these
/// as PEM, base64, hexadecimal digits or a JSON array of numbers, up to three times around each other. For directories of
/// one's own; those here use it themselves. What it copies is overwritten.
///
/// ```
/// use postseal::{Address, verify::Limits};
/// use postseal_adapters::directory::decode;
/// let alice = Address::parse("alice@goal.example")?;
/// let pem = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
/// assert_eq!(decode(pem, &alice, &Limits::default()).len(), 2);
/// assert_eq!(decode(b"System.Byte[]", &alice, &Limits::default()).len(), 1);
/// # Ok::<(), postseal::Error>(())
/// ```
pub fn decode(value: &[u8], about: &Address, limits: &Limits) -> Vec<TransientCert> {
    read(value, about, limits).0
}

/// The same where a value may also be a page that says what is wrong: `None` when there is nothing in it that could be a
/// certificate.
#[cfg(feature = "http")]
pub(crate) fn decode_if_any(value: &[u8], about: &Address, limits: &Limits) -> Option<Vec<TransientCert>> {
    let (lent, has_object) = read(value, about, limits);
    has_object.then_some(lent)
}

/// What it lends, and whether there was any ASN.1 in it.
fn read(value: &[u8], about: &Address, limits: &Limits) -> (Vec<TransientCert>, bool) {
    if value.len() > VALUE_BYTES {
        return (vec![as_it_is(value)], false);
    }
    let (mut lent, mut bare, mut has_object) = (Vec::new(), Vec::new(), false);
    // Each piece is smaller than the one that it came out of, so that all of them together are bounded as well.
    let mut open = vec![Piece { octets: Zeroizing::new(value.to_vec()), steps: 0 }];
    while let Some(mut piece) = open.pop() {
        match piece.look(PIECES.saturating_sub(open.len())) {
            Look::Object => {
                has_object = true;
                match TransientCert::from_cms(&piece.octets, about, limits) {
                    Ok(certificates) => lent.extend(certificates),
                    Err(_) => bare.push(mem::take(&mut *piece.octets)),
                }
            }
            Look::Pieces(inner) => open.extend(inner.into_iter().rev()),
            Look::Unreadable => lent.push(as_it_is(&piece.octets)),
        }
        if is_too_many(lent.len(), limits) {
            break;
        }
    }
    // PEM often has the chain behind the certificate.
    lent.extend(TransientCert::from_chain(bare, limits));
    (lent, has_object)
}

/// The same of all values of one address, until there are more certificates than the engine looks at.
#[cfg(any(feature = "ldap", feature = "smimea"))]
pub(crate) fn decode_all<'v>(
    values: impl IntoIterator<Item = &'v [u8]>,
    about: &Address,
    limits: &Limits,
) -> Vec<TransientCert> {
    let mut lent = Vec::new();
    for value in values {
        lent.extend(decode(value, about, limits));
        if is_too_many(lent.len(), limits) {
            break;
        }
    }
    lent
}

/// Whether the engine looks at no more of them, and says so.
const fn is_too_many(lent: usize, limits: &Limits) -> bool {
    lent > limits.candidates
}

fn as_it_is(octets: &[u8]) -> TransientCert {
    TransientCert::from_der(octets.to_vec())
}

/// What a value, or something that was encoded in it, turned out to be.
#[derive(Debug)]
struct Piece {
    octets: Zeroizing<Vec<u8>>,
    /// Encodings that were taken off.
    steps: u8,
}

#[derive(Debug)]
enum Look {
    /// ASN.1.
    Object,
    /// Something that other things are in.
    Pieces(Vec<Piece>),
    Unreadable,
}

impl Piece {
    /// Looks at it; no more than `room` pieces come out.
    fn look(&self, room: usize) -> Look {
        let inner = match text::as_text(&self.octets) {
            None if self.octets.first() == Some(&0x30) => return Look::Object,
            None => key_exchange_certificates(&self.octets, room),
            Some(_) if self.steps >= STEPS => return Look::Unreadable,
            Some(text) => text::decoded(text, room),
        };
        let steps = self.steps.saturating_add(1);
        let pieces: Vec<Self> = inner.into_iter().map(|octets| Self { octets, steps }).collect();
        // The tagged form may stand below the last step, but not in itself.
        if pieces.is_empty() || self.steps > STEPS { Look::Unreadable } else { Look::Pieces(pieces) }
    }
}

/// The certificates to encrypt to in Exchange's tagged form: TAG, LENGTH of the whole element, both little-endian, and DATA. None
/// when it is not that form to its end.
fn key_exchange_certificates(octets: &[u8], room: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let (mut rest, mut found) = (octets, Vec::new());
    while let Some((&[tag_low, tag_high, length_low, length_high], _)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_le_bytes([length_low, length_high]));
        let Some((element, after)) = rest.split_at_checked(length) else { return Vec::new() };
        let Some(data) = element.get(4..) else { return Vec::new() };
        if u16::from_le_bytes([tag_low, tag_high]) == KEY_EXCHANGE_CERTIFICATE && found.len() < room {
            found.push(Zeroizing::new(data.to_vec()));
        }
        rest = after;
    }
    if rest.is_empty() { found } else { Vec::new() }
}

#[cfg(test)]
mod tests;
