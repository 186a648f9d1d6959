//! What the SignedData that a directory has for a mailbox holds (RFC 2798 2.8, draft-ietf-smime-certdist).

use super::{Address, Capabilities, Certificate, TransientCert};
use crate::cms::{AttributeOrder, Content, KeyPreference, SignedData};
use crate::crypto::PureRust;
use crate::der::{Document, oids};
use crate::error::{Code, Error};
use crate::verify::{Limits, Profile, Sha1, check_signer};
use zeroize::Zeroizing;

/// Certificates under which one signature is tried. Whoever puts more of them under one name has nothing to say.
const SIGNERS: usize = 4;

/// What the owner of the certificates says about himself.
#[derive(Debug, Default)]
struct Word {
    /// His certificate.
    signer: Option<Certificate>,
    capabilities: Option<Capabilities>,
    preference: Option<KeyPreference>,
}

pub(super) fn read(cms: &[u8], about: &Address, limits: &Limits) -> Result<Vec<TransientCert>, Error> {
    if cms.len() > limits.cms_bytes {
        return Err(Code::CmsTooLarge.into());
    }
    let document = Document::new(cms, limits);
    let signed = SignedData::read(&document, limits)?;
    let bag = Bag::read(signed.certificates.iter().copied(), limits);
    // Whoever cannot prove whose word it is has said nothing; his certificates are judged all the same.
    let word = word(&signed, &document, &bag, about, limits).unwrap_or_default();
    Ok(bag.lend(&word, limits))
}

/// Certificates that came together, without a word about them.
pub(super) fn read_chain(certificates: &[Zeroizing<Vec<u8>>], limits: &Limits) -> Vec<TransientCert> {
    Bag::read(certificates.iter().map(|der| der.as_slice()), limits).lend(&Word::default(), limits)
}

/// Certificates as they came, with what was read of them.
struct Bag<'a>(Vec<(&'a [u8], Option<Certificate>)>);

impl<'a> Bag<'a> {
    fn read(certificates: impl Iterator<Item = &'a [u8]>, limits: &Limits) -> Self {
        Self(certificates.map(|raw| (raw, Certificate::lent(raw, limits).ok())).collect())
    }

    fn known(&self) -> impl Iterator<Item = &Certificate> {
        self.0.iter().filter_map(|(_, certificate)| certificate.as_ref())
    }

    /// Each that is not a CA's, with the CAs' beside it.
    fn lend(&self, word: &Word, limits: &Limits) -> Vec<TransientCert> {
        let is_ca = |member: &&(&[u8], Option<Certificate>)| member.1.as_ref().is_some_and(Certificate::is_ca);
        let has_people = !self.0.iter().all(|member| is_ca(&member));
        let lend = |(raw, certificate): &(&[u8], Option<Certificate>)| {
            let issuers = self.0.iter().filter(is_ca).take(limits.certificates).map(|(raw, _)| raw.to_vec());
            let mut lent = TransientCert::from_der(raw.to_vec()).with_issuers(issuers.collect());
            if let Some(capabilities) = &word.capabilities {
                lent = lent.with_capabilities(capabilities.clone());
            }
            if let Some(signer) = word.signer.as_ref().filter(|signer| signer.der() != *raw) {
                lent = lent.vouched_for_by(signer.der());
            }
            let preference = word.preference.as_ref().zip(certificate.as_ref());
            let is_preferred = preference.is_some_and(|(wanted, certificate)| wanted.matches(certificate, limits));
            if is_preferred { lent.preferred() } else { lent }
        };
        self.0.iter().filter(|member| !has_people || !is_ca(member)).map(lend).collect()
    }
}

/// The signed attributes, when their signer is whom the directory was asked about.
fn word(
    signed: &SignedData<'_>,
    document: &Document<'_>,
    bag: &Bag<'_>,
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
    let digest = content.digest(&PureRust, signer.digest_algorithm()?)?;
    let subject_email = Profile::Default.rules().subject_email;
    let is_owner = |certificate: &&Certificate| {
        let bears = |mailboxes: Vec<Address>| mailboxes.contains(about);
        signer.names(certificate)
            && certificate.mailboxes(subject_email, limits).is_ok_and(bears)
            && check_signer(certificate, Profile::Default, limits).is_ok()
    };
    let verifies = |certificate: &Certificate| {
        let key = certificate.public_key(limits)?;
        signer.verify(&PureRust, key, certificate, &content, &digest, AttributeOrder::Der)
    };
    let mut owners = bag.known().filter(is_owner).take(SIGNERS);
    let owner = owners.find(|certificate| verifies(certificate).is_ok()).ok_or(Code::SignerNotFound)?;
    let (capabilities, preference) = (signer.capabilities()?, signer.key_preference()?);
    Ok(Word { signer: Some(owner.clone()), capabilities, preference })
}

#[cfg(test)]
mod tests;
