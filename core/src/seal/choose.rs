//! Which algorithms: from what the recipients signed that they read, and from the policy (RFC 8551 2.7.1).

use super::policy::{KeyTransportRule, Policy};
use crate::cert::Capabilities;
use crate::cms::{self, ContentEncryption, KeyTransport};
use crate::error::{Code, Error};
use crate::verify::{DigestAlgorithm, Limits, OaepParameters};

impl Policy {
    /// What the owner of these capabilities reads.
    fn readable(&self, capabilities: Option<&Capabilities>, limits: &Limits) -> Vec<ContentEncryption> {
        let named = capabilities
            .filter(|_| self.follow_capabilities)
            .map(|capabilities| cms::capabilities(capabilities.der(), limits).content);
        named.filter(|named| !named.is_empty()).unwrap_or_else(|| self.assumed.clone())
    }

    /// Whether this content encryption may be used at all.
    fn allows(&self, algorithm: ContentEncryption) -> bool {
        self.allowed.contains(&algorithm) && (algorithm.is_authenticated() || !self.require_aead)
    }

    /// Fails for a recipient who reads nothing that may be used. Where CBC may, everybody does: clients must read it
    /// whatever they name (RFC 8551 2.7).
    pub(crate) fn check_readable(&self, capabilities: Option<&Capabilities>, limits: &Limits) -> Result<(), Error> {
        if self.allowed.iter().any(|algorithm| !algorithm.is_authenticated() && self.allows(*algorithm)) {
            return Ok(());
        }
        let readable = self.readable(capabilities, limits);
        if readable.into_iter().any(|algorithm| self.allows(algorithm)) {
            return Ok(());
        }
        let code = if self.require_aead { Code::AeadNotSupported } else { Code::ContentEncryptionMismatch };
        Err(code.into())
    }

    /// Of recipients who have nothing in common, by the capabilities of all their keys: whether each reads what most of them
    /// read.
    pub(crate) fn majority(&self, recipients: &[Vec<Option<&Capabilities>>], limits: &Limits) -> Vec<bool> {
        let reads = |algorithm: ContentEncryption| -> Vec<bool> {
            let each = |keys: &Vec<Option<&Capabilities>>| {
                keys.iter().all(|capabilities| self.readable(*capabilities, limits).contains(&algorithm))
            };
            recipients.iter().map(each).collect()
        };
        let allowed = self.allowed.iter().copied().filter(|algorithm| self.allows(*algorithm));
        let mut best = vec![false; recipients.len()];
        let count = |readers: &[bool]| readers.iter().filter(|reads| **reads).count();
        for readers in allowed.map(reads) {
            // The first of several with as many readers: the policy's order is one of preference.
            if count(&readers) > count(&best) {
                best = readers;
            }
        }
        best
    }

    /// The best content encryption that is allowed and that everybody reads. When nothing is common to all, it is the last
    /// one allowed that is not authenticated: clients must read AES-128-CBC whatever they name (RFC 8551 2.7).
    pub(crate) fn content_encryption<'c>(
        &self,
        recipients: impl Iterator<Item = Option<&'c Capabilities>>,
        limits: &Limits,
    ) -> Result<ContentEncryption, Error> {
        let allowed = self.allowed.iter().copied().filter(|algorithm| self.allows(*algorithm));
        let mut common: Vec<ContentEncryption> = allowed.clone().collect();
        for capabilities in recipients {
            let readable = self.readable(capabilities, limits);
            common.retain(|algorithm| readable.contains(algorithm));
        }
        let for_all = allowed.rev().find(|algorithm| !algorithm.is_authenticated());
        common.first().copied().or(for_all).ok_or_else(|| Code::ContentEncryptionMismatch.into())
    }

    /// How the content key gets to an RSA key that leaves the choice.
    pub(super) fn key_transport(&self, capabilities: Option<&Capabilities>, limits: &Limits) -> KeyTransport {
        let oaep = |digest| KeyTransport::Oaep(OaepParameters::with(digest));
        match self.key_transport {
            KeyTransportRule::Pkcs1 => KeyTransport::Pkcs1,
            KeyTransportRule::OaepSha1 => oaep(DigestAlgorithm::Sha1),
            KeyTransportRule::OaepSha256 => oaep(DigestAlgorithm::Sha256),
            KeyTransportRule::BySignedCapabilities => capabilities
                .filter(|_| self.follow_capabilities)
                .and_then(|capabilities| cms::capabilities(capabilities.der(), limits).oaep)
                .unwrap_or(KeyTransport::Pkcs1),
        }
    }
}
