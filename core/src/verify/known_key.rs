//! A public key with what was found out about it, so that it is found out once.

use super::tables::{Table, Tables};
use super::{KeyRole, Limits, PublicKey, SignatureAlgorithm};
use crate::crypto::{CryptoBackend, SignatureKey, Uses, VerifyingKey};
use crate::error::{Code, Error};
use core::ops::Deref;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// Checks after which a table for the key of an authority pays: making one costs what five checks do, and it takes memory.
const OFTEN: u32 = 8;

/// All that is kept here is arithmetic on the octets of the key: the same for every tenant, at every time, with every anchor.
/// What is not yet found out has no more room than a pointer: room that nobody has written holds what lay on the stack
/// before, perhaps octets of a lent certificate.
#[derive(Debug)]
pub(crate) struct KnownKey {
    key: PublicKey,
    soundness: OnceLock<Result<(), Error>>,
    few: OnceLock<Box<Prepared>>,
    many: OnceLock<Box<(Prepared, Table)>>,
    /// Checks that succeeded: those of forged certificates teach nothing.
    uses: AtomicU32,
}

/// Engines with different backends may share a certificate.
#[derive(Debug)]
struct Prepared {
    backend: &'static str,
    key: Arc<dyn VerifyingKey>,
}

impl KnownKey {
    #[cfg(test)]
    pub(crate) fn from_spki(spki: &[u8], limits: &Limits) -> Result<Self, Error> {
        PublicKey::from_spki(spki, limits).map(Self::from)
    }

    /// Refuses keys that can be broken or that cost too much.
    pub(crate) fn check_strength(&self, role: KeyRole, limits: &Limits) -> Result<(), Error> {
        self.key.check_size(role, limits)?;
        *self.soundness.get_or_init(|| self.key.check_soundness())
    }

    /// Verifies `signature` over `message`, which is given in pieces.
    pub(crate) fn verify(
        &self,
        crypto: &dyn CryptoBackend,
        algorithm: &SignatureAlgorithm,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), Error> {
        algorithm.check_key(&self.key)?;
        let prepared = match self.few.get() {
            Some(prepared) => prepared,
            None => {
                let prepared = self.prepare(crypto, Uses::Few)?;
                self.few.get_or_init(|| Box::new(prepared))
            }
        };
        if prepared.backend == crypto.name() {
            return prepared.key.verify(algorithm, message, signature);
        }
        self.prepare(crypto, Uses::Few)?.key.verify(algorithm, message, signature)
    }

    /// As [`Self::verify`], with the key of an authority, which is used often.
    pub(crate) fn verify_issued(
        &self,
        crypto: &dyn CryptoBackend,
        tables: Option<Tables>,
        limits: &Limits,
        algorithm: &SignatureAlgorithm,
        (message, signature): (&[&[u8]], &[u8]),
    ) -> Result<(), Error> {
        if let Some(prepared) = self.many.get().map(|many| &many.0)
            && prepared.backend == crypto.name()
        {
            algorithm.check_key(&self.key)?;
            return prepared.key.verify(algorithm, message, signature);
        }
        self.verify(crypto, algorithm, message, signature)?;
        let is_often = matches!(self.key, PublicKey::Ec(_)) && self.uses.fetch_add(1, Ordering::Relaxed) >= OFTEN;
        if is_often
            && self.many.get().is_none()
            && let Some(table) = tables.and_then(|tables| tables.take(limits.key_tables))
        {
            // Another thread may have been faster; or another engine, with another backend: that one keeps its table.
            let _ = self.many.set(Box::new((self.prepare(crypto, Uses::Many)?, table)));
        }
        Ok(())
    }

    fn prepare(&self, crypto: &dyn CryptoBackend, uses: Uses) -> Result<Prepared, Error> {
        let key = match &self.key {
            PublicKey::Rsa(key) => SignatureKey::Rsa(key.numbers()),
            PublicKey::Ec(key) => SignatureKey::Ec { curve: key.curve, point: &key.point },
            PublicKey::Ed25519(key) => SignatureKey::Ed25519(key),
            // It agrees only, so that no algorithm of signatures belongs to it.
            PublicKey::X25519(_) => return Err(Code::KeyAlgorithmUse.into()),
        };
        Ok(Prepared { backend: crypto.name(), key: crypto.verifying_key(key, uses)? })
    }
}

impl From<PublicKey> for KnownKey {
    fn from(key: PublicKey) -> Self {
        Self { key, soundness: OnceLock::new(), few: OnceLock::new(), many: OnceLock::new(), uses: AtomicU32::new(0) }
    }
}

impl Deref for KnownKey {
    type Target = PublicKey;

    fn deref(&self) -> &PublicKey {
        &self.key
    }
}
