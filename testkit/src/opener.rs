//! Opens what was sealed for a test key, with a reader and primitives of its own: an independent look at every message.

use crate::factory::{Digest, Key, der};
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::{Aead, Payload};
use base64::Engine as _;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyInit, KeyIvInit};
use rsa::pkcs8::DecodePrivateKey as _;

/// One element: tag and content. Of indefinite length, the content ends before its end-of-contents octets.
#[derive(Clone, Copy)]
struct Tlv<'a> {
    tag: u8,
    content: &'a [u8],
    raw: &'a [u8],
}

fn read(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    if length == 0x80 {
        let mut rest = bytes.get(2..)?;
        let start = rest;
        while !rest.starts_with(&[0, 0]) {
            rest = read(rest)?.1;
        }
        let size = start.len() - rest.len();
        let after = rest.get(2..)?;
        return Some((Tlv { tag, content: &start[..size], raw: &bytes[..bytes.len() - after.len()] }, after));
    }
    let many = usize::from(length & 0x7f);
    let (size, head) = if length < 0x80 {
        (usize::from(length), 2)
    } else {
        (bytes.get(2..2 + many)?.iter().fold(0_usize, |size, octet| size << 8 | usize::from(*octet)), 2 + many)
    };
    let content = bytes.get(head..head.checked_add(size)?)?;
    Some((Tlv { tag, content, raw: &bytes[..head + size] }, &bytes[head + size..]))
}

impl<'a> Tlv<'a> {
    fn children(self) -> Option<Vec<Self>> {
        let mut rest = self.content;
        let mut children = Vec::new();
        while !rest.is_empty() {
            let (child, after) = read(rest)?;
            children.push(child);
            rest = after;
        }
        Some(children)
    }

    /// The octets of a string, whole or in segments.
    fn string(self) -> Option<Vec<u8>> {
        if self.tag & 0x20 == 0 {
            return Some(self.content.to_vec());
        }
        self.children()?.into_iter().map(Self::string).collect::<Option<Vec<_>>>().map(|segments| segments.concat())
    }
}

/// A recipient: what he decrypts with.
///
/// ```
/// use postseal_testkit::{Opener, factory::{Authority, CertSpec, Key}};
/// let alice = Authority::root("Root", Key::P256(1)).issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
/// assert_eq!(Opener::new(Key::P256(2)).open(b"no object"), None);
/// # let _ = alice;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Opener {
    key: Key,
}

impl Opener {
    /// With this key.
    ///
    /// ```
    /// let opener = postseal_testkit::Opener::new(postseal_testkit::factory::Key::X25519(1));
    /// # let _ = opener;
    /// ```
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key }
    }

    /// The content of an S/MIME mail, decoded from base64 and decrypted; `None` when the key opens none of its recipient
    /// infos or the object is not whole.
    ///
    /// ```
    /// use postseal_testkit::{Opener, factory::Key};
    /// assert_eq!(Opener::new(Key::P256(1)).open_mail(b"Subject: plain\r\n\r\nhello"), None);
    /// ```
    #[must_use]
    pub fn open_mail(self, mail: &[u8]) -> Option<Vec<u8>> {
        self.open(&cms_of(mail)?)
    }

    /// The content of a CMS object.
    ///
    /// ```
    /// use postseal_testkit::{Opener, factory::Key};
    /// assert_eq!(Opener::new(Key::P256(1)).open(&[0x30, 0]), None);
    /// ```
    #[must_use]
    pub fn open(self, cms: &[u8]) -> Option<Vec<u8>> {
        let (content_info, rest) = read(cms)?;
        let fields = content_info.children().filter(|_| rest.is_empty())?;
        let authenticated = fields.first()?.raw == der::oid("1.2.840.113549.1.9.16.1.23");
        let object = fields.get(1)?.children()?.first()?.children()?;
        let (infos, content, mac) = (object.get(1)?, object.get(2)?.children()?, object.get(3));
        let algorithm = content.get(1)?.children()?;
        let encrypted = content.get(2)?.string()?;
        let keys = infos.children()?.into_iter().filter_map(|info| self.content_key(info));
        keys.into_iter().find_map(|key| {
            let parameters = algorithm.get(1)?;
            if authenticated {
                let nonce = parameters.children()?.first()?.content;
                open_gcm(&key, nonce, &[encrypted.as_slice(), mac?.content].concat())
            } else {
                open_cbc(&key, parameters.content, &encrypted)
            }
        })
    }

    fn content_key(self, info: Tlv<'_>) -> Option<Vec<u8>> {
        let fields = info.children()?;
        match (info.tag, self.key) {
            (0x30, Key::Rsa(_)) => self.transported(*fields.get(2)?, fields.get(3)?.content),
            (0xa1, Key::Rsa(_)) | (0x30, _) => None,
            _ => self.agreed(&fields),
        }
    }

    fn transported(self, algorithm: Tlv<'_>, encrypted: &[u8]) -> Option<Vec<u8>> {
        let key = rsa::PrivateKey::from_pkcs8_der(&self.key.private_key()).unwrap();
        let fields = algorithm.children()?;
        if fields.first()?.raw == der::oid("1.2.840.113549.1.1.1") {
            return key.decrypt(rsa::Pkcs1v15Encrypt, encrypted).ok();
        }
        let parameters = fields.get(1)?;
        let sha256 = parameters.raw.windows(9).any(|window| window == &der::oid("2.16.840.1.101.3.4.2.1")[2..]);
        if sha256 {
            key.decrypt(rsa::Oaep::<sha2::Sha256>::new(), encrypted).ok()
        } else {
            key.decrypt(rsa::Oaep::<sha1::Sha1>::new(), encrypted).ok()
        }
    }

    fn agreed(self, fields: &[Tlv<'_>]) -> Option<Vec<u8>> {
        let originator = fields.get(1)?.children()?.first()?.children()?;
        let point = originator.get(1)?.content.get(1..)?;
        let secret = self.key.agree(point)?;
        let algorithm = fields.get(2)?.children()?;
        let wrap = algorithm.get(1)?.raw;
        // One for each recipient with a key on the curve; only his own comes out of its wrap.
        fields.get(3)?.children()?.into_iter().find_map(|recipient| {
            let wrapped = recipient.children()?.get(1)?.content;
            let size = wrapped.len().checked_sub(8)?;
            let bits = u32::try_from(size * 8).unwrap().to_be_bytes();
            let info = der::sequence(&[wrap, &der::tlv(0xa2, &[&der::octet_string(&bits)])]);
            let kek = derive(algorithm.first()?.raw, &secret, &info, size)?;
            unwrap(&kek, wrapped)
        })
    }
}

/// X9.63 with the digest of the scheme (RFC 5753 7.2), or HKDF with SHA-256 (RFC 8418 2.2).
fn derive(scheme: &[u8], secret: &[u8], info: &[u8], size: usize) -> Option<Vec<u8>> {
    if scheme == der::oid("1.2.840.113549.1.9.16.3.19") {
        let mut key = vec![0; size];
        hkdf::Hkdf::<sha2::Sha256>::new(None, secret).expand(info, &mut key).ok()?;
        return Some(key);
    }
    let digest =
        [("1.3.132.1.11.1", Digest::Sha256), ("1.3.132.1.11.2", Digest::Sha384), ("1.3.132.1.11.3", Digest::Sha512)]
            .into_iter()
            .find_map(|(dotted, digest)| (der::oid(dotted) == scheme).then_some(digest))?;
    Some(digest.of(&[secret, &[0, 0, 0, 1], info].concat())[..size].to_vec())
}

fn unwrap(kek: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let mut key = vec![0; wrapped.len() - 8];
    match kek.len() {
        16 => aes_kw::AesKw::<Aes128>::new_from_slice(kek).ok()?.unwrap_key(wrapped, &mut key).ok()?,
        24 => aes_kw::AesKw::<Aes192>::new_from_slice(kek).ok()?.unwrap_key(wrapped, &mut key).ok()?,
        _ => aes_kw::AesKw::<Aes256>::new_from_slice(kek).ok()?.unwrap_key(wrapped, &mut key).ok()?,
    };
    Some(key)
}

fn open_cbc(key: &[u8], iv: &[u8], encrypted: &[u8]) -> Option<Vec<u8>> {
    match key.len() {
        16 => cbc::Decryptor::<Aes128>::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(encrypted).ok(),
        24 => cbc::Decryptor::<Aes192>::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(encrypted).ok(),
        32 => cbc::Decryptor::<Aes256>::new_from_slices(key, iv).ok()?.decrypt_padded_vec::<Pkcs7>(encrypted).ok(),
        _ => None,
    }
}

fn open_gcm(key: &[u8], nonce: &[u8], encrypted: &[u8]) -> Option<Vec<u8>> {
    let payload = Payload { msg: encrypted, aad: b"" };
    let nonce: [u8; 12] = nonce.try_into().ok()?;
    match key.len() {
        16 => aes_gcm::Aes128Gcm::new_from_slice(key).ok()?.decrypt(&nonce.into(), payload).ok(),
        32 => aes_gcm::Aes256Gcm::new_from_slice(key).ok()?.decrypt(&nonce.into(), payload).ok(),
        _ => None,
    }
}

/// The CMS object of an S/MIME mail.
///
/// ```
/// assert_eq!(postseal_testkit::cms_of(b"A: b\r\n\r\nMAA=\r\n"), Some(vec![0x30, 0]));
/// ```
#[must_use]
pub fn cms_of(mail: &[u8]) -> Option<Vec<u8>> {
    let body = [&b"\r\n\r\n"[..], b"\n\n"].into_iter().find_map(|end| {
        let at = mail.windows(end.len()).position(|window| window == end)?;
        Some(&mail[at + end.len()..])
    })?;
    let text: Vec<u8> = body.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
