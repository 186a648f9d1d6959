//! What is read from files of certificates and lists.

use super::{read_file, read_up_to};
use crate::ConfigurationError;
use postseal::Error;
use postseal::revocation::Crl;
use postseal::verify::{Intermediates, Limits, TrustAnchors};
use postseal_adapters::email_roots;
use std::path::{Path, PathBuf};

/// The roots that Mozilla trusts for e-mail, instead of a file.
pub(super) const MOZILLA: &str = "mozilla";

/// Octets of a list in a file: no mail brings it and nobody waits for it, so it may be larger than a fetched one.
const CRL_FILE_BYTES: usize = 1 << 30;

/// The same in PEM, which is longer by a third and its lines.
const CRL_PEM_BYTES: u64 = 3 << 29;

pub(super) fn anchors(sources: &[String], limits: &Limits) -> Result<TrustAnchors, ConfigurationError> {
    let mut anchors = TrustAnchors::default();
    for (number, source) in sources.iter().enumerate() {
        let file = Path::new(source);
        anchors.extend(if source == MOZILLA {
            email_roots::trust_anchors().map_err(ConfigurationError::new)?
        } else {
            let read = read_file(file).map_err(|error| error.at(number))?;
            TrustAnchors::from_pem(&read, limits).map_err(|error| unreadable(file, error).at(number))?
        });
    }
    Ok(anchors)
}

pub(super) fn intermediates(files: &[PathBuf], limits: &Limits) -> Result<Intermediates, ConfigurationError> {
    let mut intermediates = Intermediates::default();
    for (number, file) in files.iter().enumerate() {
        let read = read_file(file).map_err(|error| error.at(number))?;
        intermediates
            .extend(Intermediates::from_pem(&read, limits).map_err(|error| unreadable(file, error).at(number))?);
    }
    Ok(intermediates)
}

pub(super) fn crls(files: &[PathBuf], limits: &Limits) -> Result<Vec<Crl>, ConfigurationError> {
    let mut limits = limits.clone();
    limits.crl_bytes = limits.crl_bytes.max(CRL_FILE_BYTES);
    let mut crls = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let read = read_up_to(file, CRL_PEM_BYTES).map_err(|error| error.at(number))?;
        let wrong = |error: Error| ConfigurationError::of_file(file, error.code().sentence()).at(number);
        crls.extend(Crl::read_all(&read, &limits).map_err(wrong)?);
    }
    Ok(crls)
}

fn unreadable(file: &Path, error: Error) -> ConfigurationError {
    let certificate = error.offset().map(|number| format!(" (certificate {number})")).unwrap_or_default();
    ConfigurationError::of_file(file, format_args!("{}{certificate}", error.code().sentence()))
}
