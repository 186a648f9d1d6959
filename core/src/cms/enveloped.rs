use super::cipher::Cipher;
use super::content_encryption::ContentEncryption;
use super::recipient_info::{Recipient, RecipientInfo, recipient_infos};
use crate::crypto::CryptoBackend;
use crate::der::writer::{
    END_OF_CONTENTS, append, element, header, indefinite_header, object_identifier, octets, set_of, small_integer,
};
use crate::der::{Tag, oids};
use crate::error::{Code, Error};
use crate::random::{self, Random};
use crate::verify::Limits;
use zeroize::Zeroizing;

/// Octets of the content in one segment of an octet string of unknown length.
const SEGMENT: usize = 16 << 10;

/// Octets of the encoded tag: `mac` (RFC 5083 2.1).
const MAC: u64 = 18;

/// Writes a ContentInfo with EnvelopedData (RFC 5652 6.1), or with AuthEnvelopedData (RFC 5083 2.1) when the content
/// encryption is authenticated, around content of the type id-data.
///
/// The content is read once and written once, and no more of it is kept than one segment. With its length known the
/// output is DER, otherwise BER with indefinite lengths; either way it does not depend on the pieces that come.
#[derive(Debug)]
pub(crate) struct Enveloper {
    cipher: Cipher,
    form: Form,
    /// Octets of the whole object, where they are known.
    length: Option<u64>,
    /// Why nothing more is written: an error does not go away because the next call could be obeyed.
    failed: Option<Error>,
}

#[derive(Debug)]
enum Form {
    /// Octets of plaintext still to come.
    Definite { left: u64 },
    /// Ciphertext that does not fill a segment yet.
    Segmented { segment: Vec<u8> },
}

/// A content key that is encrypted for everyone, and nothing written yet.
#[derive(Debug)]
pub(crate) struct Prepared {
    cipher: Cipher,
    beginning: Beginning,
}

impl Prepared {
    /// Encrypts a fresh content key for everyone.
    ///
    /// From `random` come, in this order: the content key, the initialization vector or nonce, the paddings of the
    /// recipients with RSA keys in their order (unless the backend has randomness of its own), and an ephemeral key for
    /// each other kind of key when the first recipient has one.
    ///
    /// # Errors
    /// [`Code::RecipientsMissing`], [`Code::RecipientsTooMany`], [`Code::RandomUnavailable`], or what is wrong with a
    /// recipient's key.
    pub(crate) fn new(
        crypto: &dyn CryptoBackend,
        algorithm: ContentEncryption,
        recipients: &[Recipient<'_>],
        random: &mut dyn Random,
        limits: &Limits,
    ) -> Result<Self, Error> {
        if recipients.is_empty() {
            return Err(Code::RecipientsMissing.into());
        }
        // Of a recipient there may be as many keys as are judged (`Policy::all_valid`); people are counted before they are looked for.
        if recipients.len() > limits.recipients.saturating_mul(limits.candidates.max(1)) {
            return Err(Code::RecipientsTooMany.into());
        }
        let mut key = Zeroizing::new(vec![0; algorithm.key_size()]);
        random::fill(random, &mut key)?;
        let mut iv = vec![0; algorithm.iv_size()];
        random::fill(random, &mut iv)?;
        let cipher = Cipher::new(crypto, algorithm, &key, &iv)?;
        let infos = recipient_infos(crypto, recipients, &key, random, limits)?;
        let beginning = Beginning::new(algorithm, &iv, infos);
        Ok(Self { cipher, beginning })
    }

    /// Writes all that stands before the content. `length` is that of the content, in octets.
    ///
    /// # Errors
    /// [`Code::ContentTooLong`]; then nothing was appended to `out`.
    pub(crate) fn begin(self, length: Option<u64>, out: &mut Vec<u8>) -> Result<Enveloper, Error> {
        let Self { cipher, beginning } = self;
        let (form, length) = match length {
            Some(length) => {
                let whole = beginning.write_definite(length, out).ok_or(Code::ContentTooLong)?;
                (Form::Definite { left: length }, Some(whole))
            }
            None => {
                beginning.write_indefinite(out);
                (Form::Segmented { segment: Vec::with_capacity(SEGMENT) }, None)
            }
        };
        Ok(Enveloper { cipher, form, length, failed: None })
    }
}

impl Enveloper {
    /// Octets of the whole object, where the length of its content was declared.
    pub(crate) const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Encrypts the next piece of the content.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`] when more comes than was declared, [`Code::ContentTooLong`]; then this piece was not
    /// written, and no message can be finished.
    pub(crate) fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = match &mut self.form {
            Form::Definite { left } => match left.checked_sub(octets(chunk.len())) {
                Some(rest) => {
                    *left = rest;
                    self.cipher.update(chunk, out)
                }
                None => Err(Code::LengthMismatch.into()),
            },
            Form::Segmented { segment } => push_segments(&mut self.cipher, segment, chunk, out),
        };
        self.failed = result.err();
        result
    }

    /// Writes what stands after the content.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`] when less came than was declared, or the error of an earlier call: what was written is no
    /// message.
    pub(crate) fn finish(self, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.form {
            Form::Definite { left: 0 } => {
                let tag = self.cipher.finish(out);
                out.extend(tag.map(|tag| element(Tag::OCTET_STRING, &[&tag])).unwrap_or_default());
            }
            Form::Definite { .. } => return Err(Code::LengthMismatch.into()),
            Form::Segmented { mut segment } => {
                let tag = self.cipher.finish(&mut segment);
                if !segment.is_empty() {
                    write_segment(&segment, out);
                }
                // The encryptedContent and the EncryptedContentInfo end here, then what is around them.
                out.extend([END_OF_CONTENTS; 2].concat());
                out.extend(tag.map(|tag| element(Tag::OCTET_STRING, &[&tag])).unwrap_or_default());
                out.extend([END_OF_CONTENTS; 3].concat());
            }
        }
        Ok(())
    }
}

/// Encrypts as much at a time as the segment has room for. The cipher never gives out more than it has room for: CBC
/// holds back less than a block, and a segment is whole blocks.
fn push_segments(cipher: &mut Cipher, segment: &mut Vec<u8>, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let mut rest = chunk;
    while !rest.is_empty() {
        let room = SEGMENT.saturating_sub(segment.len());
        let (piece, after) = rest.split_at(room.min(rest.len()));
        cipher.update(piece, segment)?;
        if segment.len() == SEGMENT {
            write_segment(segment, out);
            segment.clear();
        }
        rest = after;
    }
    Ok(())
}

fn write_segment(segment: &[u8], out: &mut Vec<u8>) {
    append(out, Tag::OCTET_STRING, &[segment]);
}

/// Everything before the encrypted content, without the headers around it.
#[derive(Debug)]
struct Beginning {
    algorithm: ContentEncryption,
    content_type: Vec<u8>,
    /// version and recipientInfos.
    before: Vec<u8>,
    /// contentType and contentEncryptionAlgorithm of the EncryptedContentInfo.
    info: Vec<u8>,
}

impl Beginning {
    fn new(algorithm: ContentEncryption, iv: &[u8], infos: Vec<RecipientInfo>) -> Self {
        let authenticated = algorithm.is_authenticated();
        let content_type = if authenticated { oids::ID_AUTH_ENVELOPED_DATA } else { oids::ID_ENVELOPED_DATA };
        // RFC 5652 6.1: 2 as soon as one RecipientInfo is not of version 0. RFC 5083 2.1: always 0.
        let version = if authenticated || infos.iter().all(|info| info.version == 0) { 0 } else { 2 };
        let recipient_infos = set_of(infos.into_iter().map(|info| info.encoded).collect());
        Self {
            algorithm,
            content_type: object_identifier(content_type),
            before: [small_integer(version), recipient_infos].concat(),
            info: [object_identifier(oids::ID_DATA), algorithm.algorithm_identifier(iv)].concat(),
        }
    }

    /// Octets of the whole object. `None`, and nothing written, when the content is too long.
    fn write_definite(&self, length: u64, out: &mut Vec<u8>) -> Option<u64> {
        let ciphertext = self.algorithm.ciphertext_length(length)?;
        let mac = if self.algorithm.is_authenticated() { MAC } else { 0 };
        // From the inside to the outside: how long each element is with its header.
        let whole = |tag: Tag, content: u64| octets(header(tag, content).len()).checked_add(content);
        let info = octets(self.info.len()).checked_add(whole(Tag::context(0), ciphertext)?)?;
        let object = octets(self.before.len()).checked_add(whole(Tag::SEQUENCE, info)?)?.checked_add(mac)?;
        let wrapped = whole(Tag::SEQUENCE, object)?;
        let content_info = octets(self.content_type.len()).checked_add(whole(Tag::context_constructed(0), wrapped)?)?;
        let all = whole(Tag::SEQUENCE, content_info)?;
        let pieces: [&[u8]; 8] = [
            &header(Tag::SEQUENCE, content_info),
            &self.content_type,
            &header(Tag::context_constructed(0), wrapped),
            &header(Tag::SEQUENCE, object),
            &self.before,
            &header(Tag::SEQUENCE, info),
            &self.info,
            &header(Tag::context(0), ciphertext),
        ];
        pieces.iter().for_each(|piece| out.extend_from_slice(piece));
        Some(all)
    }

    fn write_indefinite(&self, out: &mut Vec<u8>) {
        out.extend(indefinite_header(Tag::SEQUENCE));
        out.extend_from_slice(&self.content_type);
        out.extend(indefinite_header(Tag::context_constructed(0)));
        out.extend(indefinite_header(Tag::SEQUENCE));
        out.extend_from_slice(&self.before);
        out.extend(indefinite_header(Tag::SEQUENCE));
        out.extend_from_slice(&self.info);
        out.extend(indefinite_header(Tag::context_constructed(0)));
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::private_operation;
