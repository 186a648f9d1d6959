//! RSA key transport for many recipients: paddings first, in the order of the recipients, then the arithmetic for all of them,
//! which some backends do side by side.

use super::{RsaOperation, RsaRecipient};
use crate::error::{Code, Error};
use crate::random::Random;
use zeroize::Zeroizing;

/// Recipients that are computed at a time; their padded keys are secret, and held no longer.
const AT_A_TIME: usize = 64;

fn malformed() -> Error {
    Code::KeyMalformed.into()
}

pub(super) fn encrypt_content_key(
    compute: impl Fn(&[RsaOperation<'_>]) -> Vec<Option<Vec<u8>>>,
    content_key: &[u8],
    recipients: &[RsaRecipient<'_>],
    random: &mut dyn Random,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut encrypted = Vec::with_capacity(recipients.len());
    for some in recipients.chunks(AT_A_TIME) {
        let encode = |recipient: &RsaRecipient<'_>| {
            recipient.transport.encode(recipient.key.modulus.len(), content_key, &mut *random)
        };
        let encoded: Vec<Zeroizing<Vec<u8>>> = some.iter().map(encode).collect::<Result<_, _>>()?;
        let operations: Vec<_> =
            some.iter().zip(&encoded).map(|(recipient, base)| RsaOperation { key: recipient.key, base }).collect();
        // An encoded message begins with 0, so that it is smaller than the modulus.
        let results = compute(&operations).into_iter().map(|power| power.ok_or_else(malformed));
        for result in results {
            encrypted.push(result?);
        }
    }
    if encrypted.len() == recipients.len() { Ok(encrypted) } else { Err(malformed()) }
}
