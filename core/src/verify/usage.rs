//! What an end entity's certificate may be used for (RFC 5280 4.2.1.3, RFC 8550 4.4).

use super::{KeyRole, Limits, Profile, PublicKey};
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
    check_person(certificate, profile, limits)?.check_can_verify()?;
    check_signing(certificate, profile)
}

/// Purpose and key usage of a signer (RFC 8550 4.4.2, 4.4.4), whatever its key is worth.
pub(crate) fn check_signing(certificate: &Certificate, profile: Profile) -> Result<(), Error> {
    check_purpose(certificate, profile)?;
    match certificate.key_usage()? {
        Some(usage) if !usage.digital_signature() && !usage.non_repudiation() => Err(Code::KeyUsageSign.into()),
        None if profile.rules().key_usage_required => Err(Code::ProfileStrict.into()),
        _ => Ok(()),
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
    let key = check_person(certificate, profile, limits)?;
    key.check_can_encrypt()?;
    // RFC 5280 4.2.1.3: transport of keys is keyEncipherment, agreement is keyAgreement.
    match certificate.key_usage()? {
        Some(usage) if key.agrees() && !usage.key_agreement() => Err(Code::KeyUsageEncrypt.into()),
        Some(usage) if !key.agrees() && !usage.key_encipherment() => Err(Code::KeyUsageEncrypt.into()),
        None if profile.rules().key_usage_required => Err(Code::ProfileStrict.into()),
        _ => Ok(()),
    }
}

fn check_person(certificate: &Certificate, profile: Profile, limits: &Limits) -> Result<PublicKey, Error> {
    let key = PublicKey::from_spki(certificate.public_key_info(), limits)?;
    key.check_strength(KeyRole::EndEntity, limits)?;
    if certificate.is_ca() {
        return Err(Code::SignerIsCa.into());
    }
    check_purpose(certificate, profile)?;
    Ok(key)
}

/// RFC 8550 4.4.4: no extended key usage, or e-mail protection, or any. For end entities and for every intermediate.
pub(crate) fn check_purpose(certificate: &Certificate, profile: Profile) -> Result<(), Error> {
    let email = certificate.extended_key_usage(oids::EMAIL_PROTECTION)?;
    let any = certificate.extended_key_usage(oids::ANY_EXTENDED_KEY_USAGE)?;
    let strict = profile.rules().email_protection_required && !certificate.is_ca();
    match (email, any) {
        (Some(true), Some(false)) => Ok(()),
        (Some(_), Some(true)) | (None, _) if strict => Err(Code::ProfileStrict.into()),
        (None, _) | (Some(_), Some(true)) | (Some(true), None) => Ok(()),
        (Some(false), _) => Err(Code::ExtendedKeyUsage.into()),
    }
}
