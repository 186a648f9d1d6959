use super::content_encryption::{BLOCK, ContentEncryption, GCM_LONGEST};
use crate::crypto::{ContentCipher as Mode, CryptoBackend};
use crate::der::writer::octets;
use crate::error::{Code, Error};
use aes::cipher::common::KeySizeUser;
use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockCipherEncrypt, BlockModeEncrypt, InnerIvInit, KeyInit, StreamCipher};
use aes::{Aes128, Aes192, Aes256};
use core::fmt;
use ctr::{Ctr32BE, CtrCore};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use zeroize::Zeroizing;

/// The tag of authenticated encryption (RFC 5083 2.1 `mac`).
///
/// ```
/// let tag: postseal::crypto::MessageAuthenticationCode = [0; 16];
/// # let _ = tag;
/// ```
pub type MessageAuthenticationCode = [u8; BLOCK];

/// Octets that GCM encrypts before it hashes them, while they are still in the nearest cache.
const GCM_STRIDE: usize = 4 << 10;

/// Encryption of a content, piece by piece: any division into pieces gives the same octets.
pub(crate) struct Cipher(Box<dyn Mode>);

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(..)")
    }
}

impl Cipher {
    /// `key` and `iv` have the sizes that the algorithm asks for.
    pub(crate) fn new(
        crypto: &dyn CryptoBackend,
        algorithm: ContentEncryption,
        key: &[u8],
        iv: &[u8],
    ) -> Result<Self, Error> {
        crypto.content_cipher(algorithm, key, iv).map(Self)
    }

    /// Appends the ciphertext of `plain` to `out`. CBC keeps what does not fill a block for the next call. Fails with
    /// [`Code::ContentTooLong`] before anything is appended.
    pub(crate) fn update(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.0.update(plain, out)
    }

    /// Appends what is left: the padded block of CBC. GCM has a tag instead.
    pub(crate) fn finish(self, out: &mut Vec<u8>) -> Option<MessageAuthenticationCode> {
        self.0.finish(out)
    }
}

/// For the default backend.
pub(crate) fn new(algorithm: ContentEncryption, key: &[u8], iv: &[u8]) -> Result<Box<dyn Mode>, Error> {
    Ok(match algorithm {
        ContentEncryption::Aes128Cbc => Box::new(Cbc::new(keyed::<Aes128>(key)?, iv)?),
        ContentEncryption::Aes192Cbc => Box::new(Cbc::new(keyed::<Aes192>(key)?, iv)?),
        ContentEncryption::Aes256Cbc => Box::new(Cbc::new(keyed::<Aes256>(key)?, iv)?),
        ContentEncryption::Aes128Gcm => Box::new(Gcm::new(keyed::<Aes128>(key)?, iv)?),
        ContentEncryption::Aes256Gcm => Box::new(Gcm::new(keyed::<Aes256>(key)?, iv)?),
    })
}

/// What a block cipher must be; all AES are.
trait Aes: BlockCipherEncrypt<BlockSize = U16> + KeyInit + Clone + Send + Sync + 'static {}

impl<C: BlockCipherEncrypt<BlockSize = U16> + KeyInit + Clone + Send + Sync + 'static> Aes for C {}

fn keyed<C: KeyInit + KeySizeUser>(key: &[u8]) -> Result<C, Error> {
    C::new_from_slice(key).map_err(|_| Code::KeyMalformed.into())
}

/// CBC with the padding of RFC 5652 6.3.
struct Cbc<C: Aes> {
    encryptor: cbc::Encryptor<C>,
    /// Plaintext that waits for the rest of its block.
    partial: Partial,
}

impl<C: Aes> Cbc<C> {
    fn new(cipher: C, iv: &[u8]) -> Result<Self, Error> {
        let encryptor = cbc::Encryptor::inner_iv_slice_init(cipher, iv).map_err(|_| Error::from(Code::KeyMalformed))?;
        Ok(Self { encryptor, partial: Partial::default() })
    }

    /// Encrypts whole blocks where they stand: in `out`, from `start`.
    fn encrypt(&mut self, out: &mut [u8], start: usize) {
        let (blocks, _) = Array::slice_as_chunks_mut(out.get_mut(start..).unwrap_or_default());
        self.encryptor.encrypt_blocks(blocks);
    }
}

impl<C: Aes> Mode for Cbc<C> {
    fn update(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        let plain = self.partial.complete(plain);
        if let Some(block) = self.partial.take_full() {
            out.extend_from_slice(&*block);
        }
        let (whole, rest) = plain.split_at(plain.len() & !15);
        out.extend_from_slice(whole);
        self.encrypt(out, start);
        self.partial.fill(rest);
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Option<MessageAuthenticationCode> {
        let padding = BLOCK.saturating_sub(self.partial.filled);
        let octet = u8::try_from(padding).unwrap_or_default();
        self.partial.fill(&[octet; BLOCK]);
        let start = out.len();
        out.extend_from_slice(&*self.partial.octets);
        self.encrypt(out, start);
        None
    }
}

/// GCM without additional data (NIST SP 800-38D 7.1), from its parts, since no crate has it piece by piece.
struct Gcm<C: Aes> {
    stream: Ctr32BE<C>,
    hash: GHash,
    /// The first block of the key stream, which masks the tag.
    mask: Zeroizing<[u8; BLOCK]>,
    /// Ciphertext that waits for the rest of its block to be hashed.
    partial: Partial,
    /// Octets encrypted.
    length: u64,
}

impl<C: Aes> Gcm<C> {
    fn new(cipher: C, nonce: &[u8]) -> Result<Self, Error> {
        let nonce: &[u8; 12] = nonce.try_into().map_err(|_| Error::from(Code::KeyMalformed))?;
        let mut hash_key = Zeroizing::new([0; BLOCK]);
        cipher.encrypt_block(Array::cast_from_core_mut(&mut hash_key));
        let hash = GHash::new(Array::cast_from_core(&hash_key));
        // The counter begins at 1 for the mask of the tag; the content has it from 2.
        let mut counter = [0; BLOCK];
        counter.iter_mut().zip(nonce.iter().chain(&[0, 0, 0, 1])).for_each(|(octet, start)| *octet = *start);
        let core = CtrCore::inner_iv_init(cipher, &Array::from(counter));
        let mut stream = Ctr32BE::from_core(core);
        let mut mask = Zeroizing::new([0; BLOCK]);
        stream.apply_keystream(&mut *mask);
        Ok(Self { stream, hash, mask, partial: Partial::default(), length: 0 })
    }

    /// Hashes ciphertext; what does not fill a block waits.
    fn absorb(&mut self, ciphertext: &[u8]) {
        let ciphertext = self.partial.complete(ciphertext);
        if let Some(block) = self.partial.take_full() {
            self.hash.update(&[Array::from(*block)]);
        }
        let (blocks, rest) = Array::slice_as_chunks(ciphertext);
        self.hash.update(blocks);
        self.partial.fill(rest);
    }
}

impl<C: Aes> Mode for Gcm<C> {
    fn update(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let length = self.length.checked_add(octets(plain.len())).filter(|length| *length <= GCM_LONGEST);
        self.length = length.ok_or(Code::ContentTooLong)?;
        for piece in plain.chunks(GCM_STRIDE) {
            let start = out.len();
            out.extend_from_slice(piece);
            let ciphertext = out.get_mut(start..).unwrap_or_default();
            // The counter cannot run out before the length does.
            self.stream.try_apply_keystream(ciphertext).map_err(|_| Error::from(Code::ContentTooLong))?;
            self.absorb(ciphertext);
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &mut Vec<u8>) -> Option<MessageAuthenticationCode> {
        self.hash.update_padded(self.partial.octets.get(..self.partial.filled).unwrap_or_default());
        // The lengths in bits of the additional data, which is empty, and of the ciphertext.
        let lengths = u128::from(self.length) << 3;
        self.hash.update(&[Array::from(lengths.to_be_bytes())]);
        let mut tag: MessageAuthenticationCode = self.hash.finalize().into();
        tag.iter_mut().zip(self.mask.iter()).for_each(|(octet, mask)| *octet ^= mask);
        Some(tag)
    }
}

/// The beginning of a block.
#[derive(Default)]
struct Partial {
    octets: Zeroizing<[u8; BLOCK]>,
    filled: usize,
}

impl Partial {
    /// Takes what completes the block, if it was begun; gives back the rest.
    fn complete<'p>(&mut self, octets: &'p [u8]) -> &'p [u8] {
        if self.filled > 0 { self.fill(octets) } else { octets }
    }

    /// Takes what there is room for; gives back the rest.
    fn fill<'p>(&mut self, octets: &'p [u8]) -> &'p [u8] {
        let room = self.octets.get_mut(self.filled..).unwrap_or_default();
        let (head, rest) = octets.split_at(room.len().min(octets.len()));
        room.iter_mut().zip(head).for_each(|(place, octet)| *place = *octet);
        self.filled = self.filled.saturating_add(head.len());
        rest
    }

    /// The block, if it is full; then another one begins.
    fn take_full(&mut self) -> Option<Zeroizing<[u8; BLOCK]>> {
        (self.filled == BLOCK).then(|| {
            self.filled = 0;
            self.octets.clone()
        })
    }
}

#[cfg(test)]
mod tests;
