//! The certificate of a Subordinate CA (S/MIME BR 7.1.2.2, 7.1.6.3).

use super::extensions::{has_http_crl, is_critical, is_key_identifier_alone, is_present};
use super::subscriber::Subscriber;
use crate::cert::Certificate;
use crate::der::oids;

/// 2023-09-01: the requirements take effect. 2024-09-15: no subscriber's certificate comes from an older CA that does not
/// meet them (S/MIME BR Appendix B).
const EFFECTIVE: i64 = 1_693_526_400;
const END_OF_TRANSITION: i64 = 1_726_358_400;

/// Whether the requirements bind this CA when it has issued, or stands above, this subscriber's certificate.
pub(super) fn is_bound(authority: &Certificate, subscriber: &Certificate) -> bool {
    authority.not_before().seconds() >= EFFECTIVE || subscriber.not_before().seconds() >= END_OF_TRANSITION
}

/// A reserved policy, or anyPolicy in the hands of an Affiliate; who is one, no certificate says.
pub(super) fn policies(authority: &Subscriber<'_>) -> bool {
    let policies = authority.certificate.certificate_policies(authority.limits).ok().flatten().unwrap_or_default();
    authority.reserved.is_empty() && !policies.contains(oids::ANY_POLICY)
}

pub(super) fn crl_distribution_points(authority: &Subscriber<'_>) -> bool {
    is_critical(authority, oids::CRL_DISTRIBUTION_POINTS) || !has_http_crl(authority)
}

pub(super) fn information_access(authority: &Subscriber<'_>) -> bool {
    is_critical(authority, oids::AUTHORITY_INFORMATION_ACCESS)
}

pub(super) fn basic_constraints(authority: &Subscriber<'_>) -> bool {
    !is_critical(authority, oids::BASIC_CONSTRAINTS)
}

pub(super) fn key_usage(authority: &Subscriber<'_>) -> bool {
    const SIGNS: u16 = 0x0600;
    let usage = authority.certificate.key_usage();
    let signs = matches!(usage, Ok(Some(usage)) if usage.bits() & SIGNS == SIGNS);
    !signs || !is_critical(authority, oids::KEY_USAGE)
}

/// A Cross Certificate may have none, and others than mail; which one is a Cross Certificate, it does not say itself.
pub(super) fn extended_key_usage(authority: &Subscriber<'_>) -> bool {
    let purposes = authority.certificate.key_purposes();
    !purposes.is_ok_and(|purposes| {
        purposes.is_none_or(|purposes| {
            purposes.contains(&oids::EMAIL_PROTECTION) && !purposes.contains(&oids::ANY_EXTENDED_KEY_USAGE)
        })
    })
}

pub(super) fn authority_key_identifier(authority: &Subscriber<'_>) -> bool {
    !is_key_identifier_alone(authority) || is_critical(authority, oids::AUTHORITY_KEY_IDENTIFIER)
}

pub(super) fn subject_key_identifier(authority: &Subscriber<'_>) -> bool {
    !is_present(authority, oids::SUBJECT_KEY_IDENTIFIER) || is_critical(authority, oids::SUBJECT_KEY_IDENTIFIER)
}
