//! What an end entity's certificate may be used for (RFC 5280 4.2.1.3, RFC 8550 4.4).

use super::{KeyRole, KnownKey, Limits, Profile, baseline};
use crate::cert::Certificate;
use crate::der::oids;
use crate::error::{Code, Error};

/// Whether this is a person's certificate that may sign mail: key, purpose, key usage; not a CA. The path is
/// [`find_path`](super::find_path)'s.
///
/// # Errors
/// The first rule that it breaks.
///
/// ```
/// use postseal::{Certificate, Error, verify::{Limits, Profile, check_signer}};
/// fn signs(certificate: &Certificate) -> Result<(), Error> {
///     check_signer(certificate, Profile::Default, &Limits::default())
/// }
/// # let _ = signs;
/// ```
pub fn check_signer(certificate: &Certificate, profile: Profile, limits: &Limits) -> Result<(), Error> {
    check_person(certificate, limits)?.check_can_verify()?;
    check_signing(certificate, profile, limits)
}

/// Purpose and key usage of a signer (RFC 8550 4.4.2, 4.4.4), whatever its key is worth.
pub(crate) fn check_signing(certificate: &Certificate, profile: Profile, limits: &Limits) -> Result<(), Error> {
    check_purpose(certificate)?;
    match certificate.key_usage()? {
        Some(usage) if !usage.digital_signature() && !usage.non_repudiation() => Err(Code::KeyUsageSign.into()),
        _ => check_baseline(certificate, profile, limits),
    }
}

/// Whether this is a person's certificate that can be encrypted to: key, purpose, key usage; not a CA.
///
/// # Errors
/// The first rule that it breaks.
///
/// ```
/// use postseal::{Certificate, Error, verify::{Limits, Profile, check_recipient}};
/// fn decrypts(certificate: &Certificate) -> Result<(), Error> {
///     check_recipient(certificate, Profile::Default, &Limits::default())
/// }
/// # let _ = decrypts;
/// ```
pub fn check_recipient(certificate: &Certificate, profile: Profile, limits: &Limits) -> Result<(), Error> {
    let key = check_person(certificate, limits)?;
    key.check_can_encrypt()?;
    // RFC 5280 4.2.1.3: transport of keys is keyEncipherment, agreement is keyAgreement.
    match certificate.key_usage()? {
        Some(usage) if key.agrees() && !usage.key_agreement() => Err(Code::KeyUsageEncrypt.into()),
        Some(usage) if !key.agrees() && !usage.key_encipherment() => Err(Code::KeyUsageEncrypt.into()),
        _ => check_baseline(certificate, profile, limits),
    }
}

/// The last check: whatever else is wrong has a code of its own that says more.
fn check_baseline(certificate: &Certificate, profile: Profile, limits: &Limits) -> Result<(), Error> {
    if profile.rules().baseline { baseline::check_subscriber(certificate, limits) } else { Ok(()) }
}

fn check_person<'c>(certificate: &'c Certificate, limits: &Limits) -> Result<&'c KnownKey, Error> {
    let key = certificate.public_key(limits)?;
    key.check_strength(KeyRole::EndEntity, limits)?;
    if certificate.is_ca() {
        return Err(Code::SignerIsCa.into());
    }
    check_purpose(certificate)?;
    Ok(key)
}

/// RFC 8550 4.4.4: no extended key usage, or e-mail protection, or any. For end entities and for every intermediate.
pub(crate) fn check_purpose(certificate: &Certificate) -> Result<(), Error> {
    let email = certificate.extended_key_usage(oids::EMAIL_PROTECTION)?;
    let any = certificate.extended_key_usage(oids::ANY_EXTENDED_KEY_USAGE)?;
    match (email, any) {
        (Some(true), _) | (None, _) | (_, Some(true)) => Ok(()),
        (Some(false), _) => Err(Code::ExtendedKeyUsage.into()),
    }
}
