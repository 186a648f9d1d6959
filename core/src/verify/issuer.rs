//! The issuer that did not come along: whether one is missing, and where it may be fetched (RFC 5280 4.2.2.1).

use crate::cert::{Certificate, name};
use crate::der::oids;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::time::UnixTime;

/// Whether another issuer may help a certificate that failed so: there is none, or the one at hand has another key, as before a rekey,
/// or its time is over.
pub(crate) fn wants_issuer(error: Error, certificate: &Certificate, now: UnixTime) -> bool {
    match error.code() {
        Code::PathNotFound | Code::PathSignatureInvalid => true,
        Code::CertificateExpired => now <= certificate.not_after(),
        Code::CertificateNotYetValid => now >= certificate.not_before(),
        _ => false,
    }
}

/// Where a certificate says that its issuer is. Only under the name of an organization that the tenant trusts: the address is the word
/// of whoever made the certificate.
pub(crate) fn issuer_locations(engine: &Engine, certificate: &Certificate) -> Vec<String> {
    let limits = engine.limits();
    let mut trusted = engine.anchors().certificates().chain(engine.intermediates().certificates());
    if trusted.any(|known| name::share_organization(known.subject(), certificate.issuer(), limits)) {
        certificate.access_locations(oids::CA_ISSUERS, limits)
    } else {
        Vec::new()
    }
}
