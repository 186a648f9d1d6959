//! What the SignedData that a directory has for a mailbox holds (RFC 2798 2.8, draft-ietf-smime-certdist).

use super::{Address, Capabilities, Certificate, TransientCert};
use crate::cms::{AttributeOrder, Content, KeyPreference, SignedData};
use crate::der::{Document, oids};
use crate::error::{Code, Error};
use crate::verify::{Limits, Profile, PublicKey, Sha1, check_signer};

/// Certificates under which one signature is tried. Whoever puts more of them under one name has nothing to say.
const SIGNERS: usize = 4;

/// What the owner of the certificates says about himself.
#[derive(Debug, Default)]
struct Word {
    capabilities: Option<Capabilities>,
    preference: Option<KeyPreference>,
}

pub(super) fn read(cms: &[u8], about: &Address, limits: &Limits) -> Result<Vec<TransientCert>, Error> {
    if cms.len() > limits.cms_bytes {
        return Err(Code::CmsTooLarge.into());
    }
    let document = Document::new(cms, limits);
    let signed = SignedData::read(&document, limits)?;
    let read = |raw: &&[u8]| Certificate::lent(raw, limits).ok();
    let certificates: Vec<Option<Certificate>> = signed.certificates.iter().map(read).collect();
    // Whoever cannot prove whose word it is has said nothing; his certificates are judged all the same.
    let word = word(&signed, &document, &certificates, about, limits).unwrap_or_default();
    let is_ca = |certificate: &Option<Certificate>| certificate.as_ref().is_some_and(Certificate::is_ca);
    let has_people = certificates.iter().any(|certificate| !is_ca(certificate));
    let issuers = || {
        let known = signed.certificates.iter().zip(&certificates);
        known.filter(|(_, certificate)| is_ca(certificate)).map(|(raw, _)| raw.to_vec()).collect()
    };
    let lend = |raw: &[u8], certificate: &Option<Certificate>| {
        let mut lent = TransientCert::from_der(raw.to_vec()).with_issuers(issuers());
        if let Some(capabilities) = &word.capabilities {
            lent = lent.with_capabilities(capabilities.clone());
        }
        let preference = word.preference.as_ref().zip(certificate.as_ref());
        let is_preferred = preference.is_some_and(|(wanted, certificate)| wanted.matches(certificate, limits));
        if is_preferred { lent.preferred() } else { lent }
    };
    let members = signed.certificates.iter().zip(&certificates);
    let lent = members.filter(|(_, certificate)| !has_people || !is_ca(certificate));
    Ok(lent.map(|(raw, certificate)| lend(raw, certificate)).collect())
}

/// The signed attributes, when their signer is whom the directory was asked about.
fn word(
    signed: &SignedData<'_>,
    document: &Document<'_>,
    certificates: &[Option<Certificate>],
    about: &Address,
    limits: &Limits,
) -> Result<Word, Error> {
    // Published certificates are all that is said: most of their objects have no content, and its digest is that of nothing.
    let content = match signed.content {
        Some(string) => Content::Encapsulated(document, string),
        None => Content::Detached(&[]),
    };
    let types = [oids::ID_DATA, oids::ID_PUBLISHED_CERTIFICATES];
    let signer = signed.only_signer_of(&types, &content, limits)?;
    signer.require_digests(Sha1::Refused)?;
    let digest = content.digest(signer.digest_algorithm()?)?;
    let subject_email = Profile::Default.rules().subject_email;
    let is_owner = |certificate: &&Certificate| {
        let bears = |mailboxes: Vec<Address>| mailboxes.contains(about);
        signer.names(certificate)
            && certificate.mailboxes(subject_email, limits).is_ok_and(bears)
            && check_signer(certificate, Profile::Default, limits).is_ok()
    };
    let verifies = |certificate: &Certificate| {
        let key = PublicKey::from_spki(certificate.public_key_info(), limits)?;
        signer.verify(&key, certificate, &content, &digest, AttributeOrder::Der)
    };
    let mut owners = certificates.iter().flatten().filter(is_owner).take(SIGNERS);
    if !owners.any(|certificate| verifies(certificate).is_ok()) {
        return Err(Code::SignerNotFound.into());
    }
    Ok(Word { capabilities: signer.capabilities()?, preference: signer.key_preference()? })
}

#[cfg(test)]
mod tests;
