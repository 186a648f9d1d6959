mod text;

use core::mem;
use postseal::Address;
use postseal::cert::TransientCert;
use postseal::directory::DirectoryReply;
use postseal::error::Fault;
use postseal::query::Unavailable;
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
/// as PEM, base64, hexadecimal digits or a JSON array of numbers, up to three times around each other. What it copies is
/// overwritten. Whether a limit left something out only [`decode_all`] says.
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
    read(value, about, limits).lent
}

/// What all values of a directory for `about` are as its answer, for directories of one's own: a value that is larger than is
/// read, or more certificates than the engine reads, make it a [`Partial`](DirectoryReply::Partial) one.
///
/// ```
/// use postseal::{Address, directory::DirectoryReply, verify::Limits};
/// use postseal_adapters::directory::decode_all;
/// let (alice, limits) = (Address::parse("alice@goal.example")?, Limits::default());
/// assert!(matches!(decode_all([], &alice, &limits), DirectoryReply::NotFound));
/// assert!(matches!(decode_all([&[0x30, 0][..]], &alice, &limits), DirectoryReply::Found(lent) if lent.len() == 1));
/// let large = vec![0x30; 70_000];
/// assert!(matches!(decode_all([large.as_slice()], &alice, &limits), DirectoryReply::Partial(..)));
/// # Ok::<(), postseal::Error>(())
/// ```
pub fn decode_all<'v>(values: impl IntoIterator<Item = &'v [u8]>, about: &Address, limits: &Limits) -> DirectoryReply {
    let mut all = Decoded::default();
    for value in values {
        all.add(read(value, about, limits));
        if is_too_many(all.lent.len(), limits) {
            all.is_cut = true;
            break;
        }
    }
    all.reply()
}

/// What values lend.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) lent: Vec<TransientCert>,
    /// Whether a limit left something out.
    pub(crate) is_cut: bool,
    /// Whether there was any ASN.1 in it: a page that says what is wrong has none.
    pub(crate) has_object: bool,
}

impl Decoded {
    pub(crate) fn add(&mut self, more: Self) {
        self.lent.extend(more.lent);
        self.is_cut |= more.is_cut;
        self.has_object |= more.has_object;
    }

    pub(crate) fn reply(self) -> DirectoryReply {
        match self {
            Self { lent, is_cut: true, .. } => DirectoryReply::Partial(lent, Unavailable::because(CUT)),
            Self { lent, .. } if lent.is_empty() => DirectoryReply::NotFound,
            Self { lent, .. } => DirectoryReply::Found(lent),
        }
    }
}

/// The same answer where there may be more.
#[cfg(any(feature = "ldap", feature = "smimea"))]
pub(crate) fn or_more(reply: DirectoryReply, why: Unavailable) -> DirectoryReply {
    match reply {
        DirectoryReply::Found(lent) | DirectoryReply::Partial(lent, _) => DirectoryReply::Partial(lent, why),
        DirectoryReply::NotFound => DirectoryReply::Unavailable(why),
        DirectoryReply::Unavailable(why) => DirectoryReply::Unavailable(why),
    }
}

/// Why not everything was read.
pub(crate) const CUT: &str = "the directory has more than is read";

/// What one value lends.
pub(crate) fn read(value: &[u8], about: &Address, limits: &Limits) -> Decoded {
    if value.len() > VALUE_BYTES {
        return Decoded { lent: vec![as_it_is(value)], is_cut: true, has_object: false };
    }
    let (mut lent, mut bare, mut has_object, mut is_cut) = (Vec::new(), Vec::new(), false, false);
    // Each piece is smaller than the one that it came out of, so that all of them together are bounded as well.
    let mut open = vec![Piece { octets: Zeroizing::new(value.to_vec()), steps: 0 }];
    while let Some(mut piece) = open.pop() {
        let room = PIECES.saturating_sub(open.len());
        match piece.look(room.saturating_add(1)) {
            Look::Object => {
                has_object = true;
                match TransientCert::from_cms(&piece.octets, about, limits) {
                    Ok(certificates) => lent.extend(certificates),
                    Err(error) => {
                        is_cut |= error.fault() == Fault::LimitExceeded;
                        bare.push(mem::take(&mut *piece.octets));
                    }
                }
            }
            Look::Pieces(inner) => {
                is_cut |= inner.len() > room;
                open.extend(inner.into_iter().take(room).rev());
            }
            Look::TooDeep => {
                is_cut = true;
                lent.push(as_it_is(&piece.octets));
            }
            Look::Unreadable => lent.push(as_it_is(&piece.octets)),
        }
        if is_too_many(lent.len(), limits) {
            is_cut = true;
            break;
        }
    }
    // PEM often has the chain behind the certificate.
    lent.extend(TransientCert::from_chain(bare, limits));
    Decoded { lent, is_cut, has_object }
}

/// Whether the engine reads no more of them.
const fn is_too_many(lent: usize, limits: &Limits) -> bool {
    lent > limits.candidates_read()
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
    /// Something in more encodings than are taken off: nobody knows what it is.
    TooDeep,
    Unreadable,
}

impl Piece {
    /// Looks at it; no more than `room` pieces come out.
    fn look(&self, room: usize) -> Look {
        let inner = match text::as_text(&self.octets) {
            None if self.octets.first() == Some(&0x30) => return Look::Object,
            None => key_exchange_certificates(&self.octets, room),
            Some(text) => text::decoded(text, room),
        };
        // The tagged form may stand below the last step, but not in itself.
        let most = if text::as_text(&self.octets).is_some() { STEPS } else { STEPS.saturating_add(1) };
        if self.steps >= most && !inner.is_empty() {
            return Look::TooDeep;
        }
        let steps = self.steps.saturating_add(1);
        let pieces: Vec<Self> = inner.into_iter().map(|octets| Self { octets, steps }).collect();
        if pieces.is_empty() { Look::Unreadable } else { Look::Pieces(pieces) }
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
