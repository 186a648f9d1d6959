//! What must hold for a certificate wherever it stands in a path (RFC 5280 4.1, 4.2, 6.1.3 a).

use super::digest::Sha1;
use super::path::{Terms, Weakness};
use super::{Limits, SignatureAlgorithm, names};
use crate::cert::Certificate;
use crate::der::{Tag, oids};
use crate::error::{Code, Error, Fault};
use crate::time::UnixTime;

/// What holds for every certificate below the anchor, the leaf included.
pub(crate) fn check_certificate(certificate: &Certificate, terms: &Terms<'_>) -> Result<(), Error> {
    certificate.check_size(terms.limits)?;
    check_validity(certificate, terms.now)?;
    if !certificate.is_wrapped_in_der() {
        return Err(Code::CertificateMalformed.into());
    }
    // RFC 5280 4.1.2.4: an issuer has a name; an empty one would chain to anybody without one.
    if certificate.issuer() == [0x30, 0] {
        return Err(Code::IssuerNameEmpty.into());
    }
    // RFC 5280 4.1.1.2: the algorithm is named twice, once inside what is signed.
    if certificate.signature_algorithm() != certificate.inner_signature_algorithm() {
        return Err(Code::PathAlgorithm.into());
    }
    certificate_algorithm(certificate, terms)?;
    check_extensions(certificate, terms.limits)
}

pub(super) fn check_validity(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    if now < certificate.not_before() {
        return Err(Code::CertificateNotYetValid.into());
    }
    if now > certificate.not_after() { Err(Code::CertificateExpired.into()) } else { Ok(()) }
}

/// SHA-1 inside a certificate is refused in every profile: whoever finds a collision becomes anybody.
pub(super) fn certificate_algorithm(certificate: &Certificate, terms: &Terms<'_>) -> Result<SignatureAlgorithm, Error> {
    let raw = certificate.signature_algorithm();
    let algorithm = SignatureAlgorithm::from_algorithm_identifier(raw, None, terms.limits)?;
    if terms.weakness == Weakness::Refused {
        algorithm.require_digests(Sha1::Refused)?;
    }
    Ok(algorithm)
}

/// Critical extensions must be known (RFC 5280 4.2).
pub(super) fn check_extensions(certificate: &Certificate, limits: &Limits) -> Result<(), Error> {
    const KNOWN: [&[u8]; 13] = [
        oids::KEY_USAGE,
        oids::EXTENDED_KEY_USAGE,
        oids::BASIC_CONSTRAINTS,
        oids::SUBJECT_ALT_NAME,
        oids::NAME_CONSTRAINTS,
        oids::CERTIFICATE_POLICIES,
        oids::POLICY_MAPPINGS,
        oids::POLICY_CONSTRAINTS,
        oids::INHIBIT_ANY_POLICY,
        oids::CRL_DISTRIBUTION_POINTS,
        // RFC 8550 4.4 has them understood; RFC 5280 only forbids CAs to mark them.
        oids::FRESHEST_CRL,
        oids::AUTHORITY_KEY_IDENTIFIER,
        oids::SUBJECT_KEY_IDENTIFIER,
    ];
    for extension in certificate.extensions().filter(|extension| extension.critical) {
        if !KNOWN.contains(&extension.oid) {
            return Err(Code::CriticalExtension.into());
        }
        check_readable(certificate, extension.oid, limits)?;
    }
    // Known, and so readable, or the certificate says something that nobody has read.
    certificate.key_usage()?;
    certificate.basic_constraints()?;
    certificate.extended_key_usage(oids::EMAIL_PROTECTION)?;
    certificate.certificate_policies(limits)?;
    certificate.policy_mappings(limits)?;
    certificate.policy_constraints()?;
    certificate.inhibit_any_policy()?;
    Ok(())
}

/// The critical ones that nothing here reads otherwise, or only to find something.
fn check_readable(certificate: &Certificate, extension: &[u8], limits: &Limits) -> Result<(), Error> {
    let read = match extension {
        oids::SUBJECT_ALT_NAME => certificate.subject_alt_names(limits).map(|_| ()),
        oids::NAME_CONSTRAINTS => return names::check_readable(certificate, limits),
        oids::CRL_DISTRIBUTION_POINTS => certificate.distribution_points(limits).map(|_| ()),
        oids::FRESHEST_CRL => certificate.freshest(limits).map(|_| ()),
        oids::AUTHORITY_KEY_IDENTIFIER => certificate
            .decode(oids::AUTHORITY_KEY_IDENTIFIER, |document, root| {
                document.children(&root.expect(Tag::SEQUENCE)?)?.next()
            })
            .map(|_| ()),
        oids::SUBJECT_KEY_IDENTIFIER if certificate.subject_key_identifier().is_none() => {
            Err(Code::CriticalExtension.into())
        }
        _ => Ok(()),
    };
    read.map_err(|error| if error.fault() == Fault::LimitExceeded { error } else { Code::CriticalExtension.into() })
}

/// A certificate that says it is no CA, or that its key signs no certificates, issues none (RFC 5280 4.2.1.3, 4.2.1.9).
/// That goes for anchors too: whoever lists a person's certificate as one wants to trust that person.
pub(super) fn check_denial(issuer: &Certificate) -> Result<(), Error> {
    if issuer.basic_constraints()?.is_some_and(|constraints| !constraints.ca) {
        return Err(Code::IssuerNotCa.into());
    }
    match issuer.key_usage()? {
        Some(usage) if !usage.key_cert_sign() => Err(Code::IssuerKeyUsage.into()),
        _ => Ok(()),
    }
}
