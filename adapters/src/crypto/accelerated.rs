//! AVX-512-IFMA for RSA.

use postseal::crypto::{
    CryptoBackend, PureRust, RsaOperation, RsaPublicKey, SignatureAlgorithm, SignatureKey, Uses, VerifyingKey,
    check_rsa_encoding,
};
use postseal::{Code, Error};
use postseal_accel::{Modulus, power_many};
use std::fmt;
use std::sync::Arc;

/// The exponent of nearly all keys.
const USUAL: u64 = 65_537;

/// The default backend, with RSA of 2048, 3072 and 4096 bits on AVX-512-IFMA: one signature at a time, eight recipients at a
/// time. Where the processor has not these instructions, and for other keys, it is [`PureRust`].
///
/// ```
/// use postseal::{Engine, verify::TrustAnchors};
/// use postseal_adapters::crypto::Accelerated;
/// use std::sync::Arc;
/// let engine = Engine::new(TrustAnchors::default()).with_crypto(Arc::new(Accelerated));
/// assert_eq!(engine.crypto().name(), "accel");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to choose")]
pub struct Accelerated;

impl CryptoBackend for Accelerated {
    fn name(&self) -> &'static str {
        "accel"
    }

    fn verifying_key(&self, key: SignatureKey<'_>, uses: Uses) -> Result<Arc<dyn VerifyingKey>, Error> {
        if let SignatureKey::Rsa(rsa) = key
            && let Some((modulus, exponent)) = Modulus::new(rsa.modulus).zip(exponent(rsa))
        {
            return Ok(Arc::new(Rsa { modulus, bits: bits(rsa.modulus), exponent }));
        }
        PureRust.verifying_key(key, uses)
    }

    fn rsa_public_operations(&self, operations: &[RsaOperation<'_>]) -> Vec<Option<Vec<u8>>> {
        let moduli: Vec<Option<Modulus>> = operations
            .iter()
            .map(|operation| Modulus::new(operation.key.modulus).filter(|_| exponent(operation.key) == Some(USUAL)))
            .collect();
        let here: Vec<(&Modulus, &[u8])> = moduli
            .iter()
            .zip(operations)
            .filter_map(|(modulus, operation)| Some((modulus.as_ref()?, operation.base)))
            .collect();
        let mut powers = power_many(&here, USUAL).into_iter();
        let each = moduli.iter().zip(operations).map(|(modulus, operation)| match modulus {
            Some(_) => powers.next().flatten(),
            None => PureRust.rsa_public_operations(std::slice::from_ref(operation)).pop().flatten(),
        });
        each.collect()
    }
}

/// An exponent of at most eight octets.
fn exponent(key: RsaPublicKey<'_>) -> Option<u64> {
    let number = key.exponent.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
    (key.exponent.len() <= 8).then_some(number)
}

fn bits(modulus: &[u8]) -> usize {
    let unused = modulus.first().map_or(0, |first| usize::try_from(first.leading_zeros()).unwrap_or_default());
    modulus.len().saturating_mul(8).saturating_sub(unused)
}

struct Rsa {
    modulus: Modulus,
    bits: usize,
    exponent: u64,
}

impl VerifyingKey for Rsa {
    fn verify(&self, algorithm: &SignatureAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        // Asked before the arithmetic: another kind of signature is not an invalid one.
        if !matches!(algorithm, SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_)) {
            return Err(Code::SignatureUnsupported.into());
        }
        let encoded =
            self.modulus.power(signature, self.exponent).ok_or_else(|| Error::from(Code::SignatureInvalid))?;
        check_rsa_encoding(algorithm, message, &encoded, self.bits)
    }
}

impl fmt::Debug for Rsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rsa").field("bits", &self.bits).finish_non_exhaustive()
    }
}
