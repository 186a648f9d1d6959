use crate::der::writer::{algorithm_identifier, element};
use crate::der::{Tag, oids};
use crate::error::{Code, Error};
use crate::random::{self, Random};
use crate::verify::{DigestAlgorithm, OaepParameters, RsaKey, RsaScheme, mgf1};
use zeroize::Zeroizing;

/// Encoded NULL.
const NULL: &[u8] = &[0x05, 0x00];

/// How often padding without zeros is looked for. Each draw leaves one octet in 256 to be drawn again, so that a source
/// that needs the last draw is broken.
const PADDING_DRAWS: u32 = 32;

/// How a content key is encrypted for an RSA key.
///
/// ```
/// use postseal::crypto::KeyTransport;
/// assert_ne!(KeyTransport::Pkcs1, KeyTransport::OAEP_SHA_256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyTransport {
    /// RSAES-PKCS1-v1_5 (RFC 8017 7.2, RFC 3370 4.2.1).
    Pkcs1,
    /// RSAES-OAEP (RFC 8017 7.1, RFC 3560) with an empty label.
    Oaep(OaepParameters),
}

impl KeyTransport {
    /// RSAES-OAEP with SHA-256 for both (RFC 8551 2.3).
    pub const OAEP_SHA_256: Self = Self::Oaep(OaepParameters::with(DigestAlgorithm::Sha256));

    /// What may be used with `key` where this one is asked for. A key with id-RSAES-OAEP never does PKCS #1 v1.5, and one
    /// with parameters is used with exactly these (RFC 4055 4.1).
    pub(crate) const fn for_key(self, key: &RsaKey) -> Result<Self, Error> {
        match (key.scheme(), self) {
            (RsaScheme::Any, _) | (RsaScheme::Oaep(None), Self::Oaep(_)) => Ok(self),
            (RsaScheme::Oaep(Some(parameters)), _) => Ok(Self::Oaep(parameters)),
            (RsaScheme::Oaep(None), Self::Pkcs1) => Ok(Self::Oaep(OaepParameters::with(DigestAlgorithm::Sha256))),
            (RsaScheme::Pss(_), _) => Err(Error::new(Code::KeyCannotEncrypt)),
        }
    }

    /// The encoded keyEncryptionAlgorithm.
    pub(crate) fn algorithm_identifier(self) -> Vec<u8> {
        match self {
            Self::Pkcs1 => algorithm_identifier(oids::RSA_ENCRYPTION, NULL),
            Self::Oaep(parameters) => algorithm_identifier(oids::RSAES_OAEP, &oaep_parameters(parameters)),
        }
    }

    /// The padded content key: `size` octets, those of the modulus, of which the first is 0.
    pub(crate) fn encode(
        self,
        size: usize,
        content_key: &[u8],
        random: &mut dyn Random,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Self::Pkcs1 => eme_pkcs1(content_key, size, random),
            Self::Oaep(parameters) => eme_oaep(parameters, content_key, size, random),
        }
    }
}

/// EME-PKCS1-v1_5 (RFC 8017 7.2.1): 0, 2, at least eight octets other than 0, 0, message.
fn eme_pkcs1(message: &[u8], size: usize, random: &mut dyn Random) -> Result<Zeroizing<Vec<u8>>, Error> {
    let padding = size.checked_sub(message.len()).and_then(|room| room.checked_sub(3)).filter(|padding| *padding >= 8);
    let padding = padding.ok_or(Code::RsaTooSmall)?;
    let mut encoded = Zeroizing::new(Vec::with_capacity(size));
    encoded.extend_from_slice(&[0, 2]);
    let end = padding.saturating_add(2);
    for _ in 0..PADDING_DRAWS {
        let missing = end.saturating_sub(encoded.len());
        if missing == 0 {
            break;
        }
        let mut drawn = Zeroizing::new(vec![0; missing]);
        random::fill(random, &mut drawn)?;
        encoded.extend(drawn.iter().filter(|octet| **octet != 0));
    }
    if encoded.len() < end {
        return Err(Code::RandomUnavailable.into());
    }
    encoded.push(0);
    encoded.extend_from_slice(message);
    Ok(encoded)
}

/// EME-OAEP (RFC 8017 7.1.1 2): 0, masked seed, masked data block.
fn eme_oaep(
    parameters: OaepParameters,
    message: &[u8],
    size: usize,
    random: &mut dyn Random,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let OaepParameters { digest, mask_digest } = parameters;
    let block_size = size.checked_sub(digest.size()).and_then(|rest| rest.checked_sub(1)).ok_or(Code::RsaTooSmall)?;
    let zeros = block_size.checked_sub(digest.size()).and_then(|rest| rest.checked_sub(message.len()));
    let zeros = zeros.and_then(|rest| rest.checked_sub(1)).ok_or(Code::RsaTooSmall)?;

    let mut block = Zeroizing::new(Vec::with_capacity(block_size));
    block.extend_from_slice(&digest.digest(&[]));
    block.extend(core::iter::repeat_n(0, zeros));
    block.push(1);
    block.extend_from_slice(message);

    let mut seed = Zeroizing::new(vec![0; digest.size()]);
    random::fill(random, &mut seed)?;
    xor(&mut block, &mgf1(mask_digest, &seed, block_size));
    xor(&mut seed, &mgf1(mask_digest, &block, digest.size()));

    let mut encoded = Zeroizing::new(Vec::with_capacity(size));
    encoded.push(0);
    encoded.extend_from_slice(&seed);
    encoded.extend_from_slice(&block);
    Ok(encoded)
}

fn xor(octets: &mut [u8], mask: &[u8]) {
    octets.iter_mut().zip(mask).for_each(|(octet, mask)| *octet ^= mask);
}

/// RSAES-OAEP-params (RFC 4055 4.1): what is SHA-1 is left out, the default, and so is the empty label.
fn oaep_parameters(parameters: OaepParameters) -> Vec<u8> {
    let explicit = |number, digest: DigestAlgorithm, encoded: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        // RFC 4055 2.1: digests are written with NULL here.
        let identifier = || encoded(algorithm_identifier(digest.oid(), NULL));
        let default = digest == DigestAlgorithm::Sha1;
        if default { Vec::new() } else { element(Tag::context_constructed(number), &[&identifier()]) }
    };
    let digest = explicit(0, parameters.digest, &|digest| digest);
    let mask = explicit(1, parameters.mask_digest, &|digest| algorithm_identifier(oids::MGF1, &digest));
    element(Tag::SEQUENCE, &[&digest, &mask])
}

#[cfg(test)]
mod tests;
