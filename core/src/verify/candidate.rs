//! The checks that make a certificate somebody's to encrypt to: the same for one that a signer prefers, one that is stored,
//! one that an operator brings and one that a directory lends.

use super::budget::Budget;
use super::{Path, Terms, check_recipient, find_path_within};
use crate::cert::{Address, Certificate};
use crate::error::{Code, Error};

/// path → address → usage, now.
pub(crate) fn check_candidate(
    terms: &Terms<'_>,
    address: &Address,
    certificate: &Certificate,
    pool: &[Certificate],
) -> Result<Path, Error> {
    check_candidate_within(&mut Budget::new(terms.limits), terms, address, certificate, pool)
}

/// The same with work that others have a share in.
pub(crate) fn check_candidate_within(
    budget: &mut Budget,
    terms: &Terms<'_>,
    address: &Address,
    certificate: &Certificate,
    pool: &[Certificate],
) -> Result<Path, Error> {
    let path = find_path_within(budget, terms, certificate, pool)?;
    let mailboxes = certificate.mailboxes(terms.profile.rules().subject_email, terms.limits)?;
    if !mailboxes.contains(address) {
        return Err(Code::AddressMismatch.into());
    }
    check_recipient(certificate, terms.profile, terms.limits)?;
    Ok(path)
}
