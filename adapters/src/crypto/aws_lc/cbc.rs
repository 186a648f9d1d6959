use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use postseal::crypto::{ContentCipher, ContentEncryption, MessageAuthenticationCode};
use postseal::{Code, Error};
use std::sync::{Mutex, PoisonError};

/// Octets of a block, which may come out beyond what went in.
const BLOCK: usize = 16;

/// CBC with the padding of RFC 5652 6.3.
///
/// A sealer may be looked at by many threads, which this key may not be.
pub(super) struct Cbc(Mutex<StreamingEncryptingKey>);

impl Cbc {
    pub(super) fn new(algorithm: ContentEncryption, key: &[u8], iv: &[u8]) -> Option<Self> {
        let algorithm = match algorithm {
            ContentEncryption::Aes128Cbc => &AES_128,
            ContentEncryption::Aes192Cbc => &AES_192,
            ContentEncryption::Aes256Cbc => &AES_256,
            _ => return None,
        };
        let iv = FixedLength::<BLOCK>::try_from(iv).ok()?;
        let key = UnboundCipherKey::new(algorithm, key).ok()?;
        StreamingEncryptingKey::less_safe_cbc_pkcs7(key, EncryptionContext::Iv128(iv))
            .ok()
            .map(|key| Self(Mutex::new(key)))
    }
}

impl ContentCipher for Cbc {
    fn update(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        out.resize(start.saturating_add(plain.len()).saturating_add(BLOCK), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let key = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let written = key.update(plain, room).map(|update| update.written().len());
        out.truncate(start.saturating_add(written.unwrap_or_default()));
        written.map(|_| ()).map_err(|_| Code::ContentTooLong.into())
    }

    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Option<MessageAuthenticationCode> {
        let mut last = [0; BLOCK];
        // It fails only without room for a block. A message without its last block cannot be read: nothing leaks.
        if let Ok((_, update)) = self.0.into_inner().unwrap_or_else(PoisonError::into_inner).finish(&mut last) {
            out.extend_from_slice(update.written());
        }
        None
    }
}
