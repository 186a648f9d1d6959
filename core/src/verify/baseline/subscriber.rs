use crate::cert::name::{Attribute, attributes};
use crate::cert::{Address, Certificate, GeneralName, SubjectEmail};
use crate::der::oids;
use crate::verify::Limits;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// S/MIME BR 1.2: whose identity the subject holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateType {
    Mailbox,
    Organization,
    Sponsor,
    Individual,
}

/// S/MIME BR 1.2: how closely a certificate is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    Legacy,
    Multipurpose,
    Strict,
}

/// A certificate with what several rules look at, read once. What cannot be read is `None`, and broken by the rule that asks
/// for it.
pub(super) struct Subscriber<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) limits: &'a Limits,
    /// What each reserved policy says; exactly one, in a certificate that meets the requirements.
    pub(super) reserved: Vec<(CertificateType, Generation)>,
    pub(super) alternative_names: Option<Vec<GeneralName<'a>>>,
    /// Those of the subjectAltName; none when one of them is malformed.
    pub(super) mailboxes: BTreeSet<Address>,
    pub(super) subject: Option<Vec<Attribute<'a>>>,
    /// The directoryNames of the subjectAltName.
    pub(super) directory_names: Option<Vec<Vec<Attribute<'a>>>>,
}

impl<'a> Subscriber<'a> {
    pub(super) fn new(certificate: &'a Certificate, limits: &'a Limits) -> Self {
        let policies = certificate.certificate_policies(limits).ok().flatten().unwrap_or_default();
        let alternative_names = certificate.subject_alt_names(limits).ok().map(Option::unwrap_or_default);
        let directory_names = alternative_names.iter().flatten().filter_map(|name| match name {
            GeneralName::Directory(name) => Some(attributes(name, limits).ok()),
            GeneralName::Undecodable(4) => Some(None),
            _ => None,
        });
        Self {
            certificate,
            limits,
            reserved: policies.into_iter().filter_map(reserved).collect(),
            mailboxes: certificate
                .mailboxes(SubjectEmail::Ignore, limits)
                .map(|mailboxes| mailboxes.into_iter().collect())
                .unwrap_or_default(),
            subject: attributes(certificate.subject(), limits).ok(),
            directory_names: directory_names.collect(),
            alternative_names,
        }
    }

    pub(super) fn certificate_type(&self) -> Option<CertificateType> {
        self.reserved.first().map(|(certificate_type, _)| *certificate_type)
    }

    pub(super) fn generation(&self) -> Generation {
        self.reserved.first().map_or(Generation::Legacy, |(_, generation)| *generation)
    }

    /// The subject and every directoryName (S/MIME BR 7.1.4.2.1: the rules for the one hold for the others).
    pub(super) fn names(&self) -> impl Iterator<Item = &[Attribute<'a>]> {
        let directory_names = self.directory_names.iter().flatten();
        self.subject.iter().chain(directory_names).map(Vec::as_slice)
    }

    pub(super) fn is_mailbox_of_san(&self, text: &str) -> bool {
        Address::parse(text).is_ok_and(|address| self.mailboxes.contains(&address))
    }
}

/// The reserved policy identifiers of S/MIME BR 7.1.6.1.
fn reserved(policy: &[u8]) -> Option<(CertificateType, Generation)> {
    let Some([certificate_type, generation]) = policy.strip_prefix(oids::SMIME_BASELINE) else { return None };
    let certificate_type = match certificate_type {
        1 => CertificateType::Mailbox,
        2 => CertificateType::Organization,
        3 => CertificateType::Sponsor,
        4 => CertificateType::Individual,
        _ => return None,
    };
    let generation = match generation {
        1 => Generation::Legacy,
        2 => Generation::Multipurpose,
        3 => Generation::Strict,
        _ => return None,
    };
    Some((certificate_type, generation))
}

/// The texts of all attributes of one type; not copied, because the certificate may be lent.
pub(super) fn values<'n, 'a>(
    name: &'n [Attribute<'a>],
    kind: &'static [u8],
) -> impl Iterator<Item = Cow<'a, str>> + use<'n, 'a> {
    name.iter().filter(move |attribute| attribute.kind == kind).map(Attribute::text)
}

pub(super) fn has(name: &[Attribute<'_>], kinds: &[&[u8]]) -> bool {
    name.iter().any(|attribute| kinds.contains(&attribute.kind))
}
