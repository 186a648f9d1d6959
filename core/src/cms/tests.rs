#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::disallowed_methods, reason = "test code")]

mod attacks;
mod encoding;
mod rules;
mod signature;

use super::*;
use crate::cert::Certificate;
use crate::crypto::PureRust;
use crate::der::{Document, oids};
use crate::error::{Code, Error};
use crate::verify::{KnownKey, Limits};

/// What an import does with an object before it looks at paths: structure, digest, signature under one of the
/// certificates that the signer identifier names.
fn check(object: &[u8], beside: Option<&[u8]>, order: AttributeOrder) -> Result<(), Code> {
    check_with(object, beside, order, &Limits::default()).map_err(|error| error.code())
}

fn check_with(object: &[u8], beside: Option<&[u8]>, order: AttributeOrder, limits: &Limits) -> Result<(), Error> {
    let document = Document::new(object, limits);
    let signed = SignedData::read(&document, limits)?;
    let content = content(&document, &signed, beside);
    let signer = signed.only_signer(&content, limits)?;
    verify(&signed, signer, &content, order, limits)
}

fn content<'d, 'a>(document: &'d Document<'a>, signed: &SignedData<'a>, beside: Option<&'a [u8]>) -> Content<'d, 'a> {
    match (beside, signed.content) {
        (Some(bytes), _) => Content::Detached(bytes),
        (None, Some(string)) => Content::Encapsulated(document, string),
        (None, None) => Content::Absent,
    }
}

fn verify<'a>(
    signed: &SignedData<'a>,
    signer: &SignerInfo<'a>,
    content: &Content<'_, 'a>,
    order: AttributeOrder,
    limits: &Limits,
) -> Result<(), Error> {
    let read = |raw: &&[u8]| Certificate::from_der(raw, limits).unwrap();
    let certificates: Vec<Certificate> = signed.certificates.iter().map(read).collect();
    let digest = content.digest(&PureRust, signer.digest_algorithm()?)?;
    let mut outcome = Err(Code::SignerNotFound.into());
    for named in certificates.iter().filter(|certificate| signer.names(certificate)) {
        let key = KnownKey::from_spki(named.public_key_info(), limits)?;
        outcome = signer.verify(&PureRust, &key, named, content, &digest, order);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}
