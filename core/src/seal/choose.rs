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

    /// Fails for a recipient who does not read what [`Policy::require_aead`] demands.
    pub(crate) fn check_aead(&self, capabilities: Option<&Capabilities>, limits: &Limits) -> Result<(), Error> {
        let readable = self.readable(capabilities, limits);
        let reads = |algorithm: &ContentEncryption| algorithm.is_authenticated() && readable.contains(algorithm);
        if !self.require_aead || self.allowed.iter().any(reads) { Ok(()) } else { Err(Code::AeadNotSupported.into()) }
    }

    /// The best content encryption that is allowed and that everybody reads. When nothing is common to all, it is the last
    /// one allowed that is not authenticated: clients must read AES-128-CBC whatever they name (RFC 8551 2.7).
    pub(super) fn content_encryption<'c>(
        &self,
        recipients: impl Iterator<Item = Option<&'c Capabilities>>,
        limits: &Limits,
    ) -> Result<ContentEncryption, Error> {
        let allowed =
            self.allowed.iter().copied().filter(|algorithm| algorithm.is_authenticated() || !self.require_aead);
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
                .and_then(|capabilities| cms::capabilities(capabilities.der(), limits).oaep)
                .unwrap_or(KeyTransport::Pkcs1),
        }
    }
}
