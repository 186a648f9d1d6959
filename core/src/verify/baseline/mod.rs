//! The S/MIME Baseline Requirements of the CA/Browser Forum (version 1.0.12) as one table: what a certificate, and those
//! of the CAs above it, show of them. `docs/baseline-requirements.md` says which findings of zlint and pkilint it covers.

mod algorithms;
mod authority;
mod extensions;
mod organization;
mod subject;
mod subscriber;

use crate::cert::Certificate;
use crate::error::{Code, Error};
use crate::verify::Limits;
use core::fmt;
use subscriber::Subscriber;

/// Whose certificates a requirement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Anybody,
    Subscriber,
    SubordinateCa,
}

/// One requirement that a certificate must meet in the strict profile.
///
/// ```
/// use postseal::verify::BASELINE_RULES;
/// let rule = BASELINE_RULES.iter().find(|rule| rule.name() == "validity-period").unwrap();
/// assert_eq!(rule.section(), "6.3.2");
/// assert!(rule.to_string().starts_with("S/MIME BR 6.3.2 (validity-period): "));
/// ```
#[derive(Clone, Copy)]
pub struct BaselineRule {
    section: &'static str,
    name: &'static str,
    sentence: &'static str,
    holder: Holder,
    /// Whether the certificate breaks it. Where a rule depends on the Generation or the Certificate Type and no reserved
    /// policy names them, the mildest Generation counts, and a rule for one Type does not apply: what is missing is broken once.
    broken: fn(&Subscriber<'_>) -> bool,
}

impl BaselineRule {
    /// The section of the Baseline Requirements.
    ///
    /// ```
    /// assert!(postseal::verify::BASELINE_RULES.iter().all(|rule| rule.section().starts_with(['6', '7'])));
    /// ```
    pub const fn section(&self) -> &'static str {
        self.section
    }

    /// A short name, stable.
    ///
    /// ```
    /// assert!(postseal::verify::BASELINE_RULES.iter().any(|rule| rule.name() == "key-usage"));
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the requirement is, for people.
    ///
    /// ```
    /// assert!(postseal::verify::BASELINE_RULES.iter().all(|rule| rule.sentence().ends_with('.')));
    /// ```
    pub const fn sentence(&self) -> &'static str {
        self.sentence
    }
}

impl PartialEq for BaselineRule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for BaselineRule {}

impl fmt::Debug for BaselineRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaselineRule({} {})", self.section, self.name)
    }
}

impl fmt::Display for BaselineRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S/MIME BR {} ({}): {}", self.section, self.name, self.sentence)
    }
}

const fn rule(
    section: &'static str,
    name: &'static str,
    broken: fn(&Subscriber<'_>) -> bool,
    sentence: &'static str,
) -> BaselineRule {
    BaselineRule { section, name, sentence, holder: Holder::Subscriber, broken }
}

impl BaselineRule {
    const fn of(self, holder: Holder) -> Self {
        Self { holder, ..self }
    }

    fn is_broken_by(&self, subscriber: &Subscriber<'_>, holder: Holder) -> bool {
        (self.holder == holder || self.holder == Holder::Anybody) && (self.broken)(subscriber)
    }
}

/// Every requirement that the strict profile looks at, in the order of the sections.
///
/// ```
/// assert!(postseal::verify::BASELINE_RULES.len() > 30);
/// ```
pub const BASELINE_RULES: &[BaselineRule] = &[
    rule(
        "6.1.5",
        "key-size",
        algorithms::key_size,
        "An RSA modulus has at least 2048 bits and whole octets, and an EC point lies on its curve.",
    )
    .of(Holder::Anybody),
    rule(
        "6.3.2",
        "validity-period",
        algorithms::validity,
        "The validity is at most 825 days, or 1185 in the Legacy Generation.",
    ),
    rule(
        "7.1",
        "serial-number",
        algorithms::serial_number,
        "The serial number is positive, below 2^159 and not too small to hold 64 random bits.",
    )
    .of(Holder::Anybody),
    rule("7.1.1", "version", algorithms::version, "The version is 3.").of(Holder::Anybody),
    rule(
        "7.1.2.2 a",
        "ca-certificate-policies",
        authority::policies,
        "certificatePolicies of a CA has a reserved policy of 7.1.6.1 or anyPolicy.",
    )
    .of(Holder::SubordinateCa),
    rule(
        "7.1.2.2 b",
        "ca-crl-distribution-points",
        authority::crl_distribution_points,
        "cRLDistributionPoints of a CA has an HTTP URI and is not critical.",
    )
    .of(Holder::SubordinateCa),
    rule(
        "7.1.2.2 c",
        "ca-authority-information-access",
        authority::information_access,
        "authorityInformationAccess of a CA is not critical.",
    )
    .of(Holder::SubordinateCa),
    rule("7.1.2.2 d", "ca-basic-constraints", authority::basic_constraints, "basicConstraints of a CA is critical.")
        .of(Holder::SubordinateCa),
    rule(
        "7.1.2.2 e",
        "ca-key-usage",
        authority::key_usage,
        "keyUsage of a CA is present and critical, with keyCertSign and cRLSign.",
    )
    .of(Holder::SubordinateCa),
    rule(
        "7.1.2.2 g",
        "ca-extended-key-usage",
        authority::extended_key_usage,
        "extKeyUsage of a CA, if present, has emailProtection and not any.",
    )
    .of(Holder::SubordinateCa),
    rule(
        "7.1.2.2 h",
        "ca-authority-key-identifier",
        authority::authority_key_identifier,
        "authorityKeyIdentifier of a CA is present and not critical, with a keyIdentifier and nothing else.",
    )
    .of(Holder::SubordinateCa),
    rule(
        "7.1.2.2 i",
        "ca-subject-key-identifier",
        authority::subject_key_identifier,
        "subjectKeyIdentifier of a CA is present and not critical.",
    )
    .of(Holder::SubordinateCa),
    rule(
        "7.1.2.3 a",
        "certificate-policies",
        extensions::reserved_policy,
        "Exactly one of the reserved policies of 7.1.6.1 is in certificatePolicies.",
    ),
    rule(
        "7.1.2.3 a",
        "policy-qualifiers",
        extensions::policy_qualifiers,
        "A CPS qualifier is an HTTP or HTTPS URL; a user notice has explicitText and no noticeRef.",
    ),
    rule(
        "7.1.2.3 b",
        "crl-distribution-points",
        extensions::crl_distribution_points,
        "cRLDistributionPoints has a fullName with a URI.",
    ),
    rule(
        "7.1.2.3 b",
        "crl-distribution-point-scheme",
        extensions::crl_scheme,
        "Every URI of a CRL is HTTP; in the Legacy Generation one is.",
    ),
    rule(
        "7.1.2.3 c",
        "authority-information-access",
        extensions::authority_information_access,
        "authorityInformationAccess is readable and not critical.",
    ),
    rule(
        "7.1.2.3 c",
        "ocsp-scheme",
        extensions::ocsp_scheme,
        "Every location of an OCSP responder is HTTP; in the Legacy Generation one is.",
    ),
    rule(
        "7.1.2.3 c",
        "ca-issuers-scheme",
        extensions::ca_issuers_scheme,
        "Every location of the issuer's certificate is HTTP; in the Legacy Generation one is.",
    ),
    rule(
        "7.1.2.3 d",
        "basic-constraints",
        extensions::basic_constraints,
        "basicConstraints, if present, says neither cA nor pathLenConstraint.",
    ),
    rule(
        "7.1.2.3 e",
        "key-usage",
        extensions::key_usage,
        "keyUsage is present with the bits of a signing, a key management or a dual use key of its algorithm.",
    ),
    rule(
        "7.1.2.3 f",
        "extended-key-usage",
        extensions::extended_key_usage,
        "extKeyUsage has emailProtection, none of serverAuth, codeSigning, timeStamping and any, and in the Strict Generation nothing else.",
    ),
    rule(
        "7.1.2.3 g",
        "authority-key-identifier",
        extensions::authority_key_identifier,
        "authorityKeyIdentifier is present and not critical, with a keyIdentifier and nothing else.",
    ),
    rule(
        "7.1.2.3 h",
        "subject-alternative-name",
        extensions::mailbox_present,
        "subjectAltName has a mailbox, and every mailbox in it is well-formed.",
    ),
    rule("7.1.2.3 i", "smime-capabilities", extensions::smime_capabilities, "smimeCapabilities is not critical."),
    rule(
        "7.1.2.3 j",
        "subject-directory-attributes",
        extensions::subject_directory_attributes,
        "subjectDirectoryAttributes is only in the Legacy Generation, not critical.",
    ),
    rule("7.1.2.3 k", "qc-statements", extensions::qc_statements, "qcStatements is not critical."),
    rule(
        "7.1.2.3 l",
        "legal-entity-identifier",
        extensions::legal_entity_identifier,
        "A Legal Entity Identifier is only in organization- and sponsor-validated certificates, its role only in the latter; neither is critical, and the check digits are right (ISO 17442-1).",
    ),
    rule(
        "7.1.2.3 m",
        "adobe-extensions",
        extensions::adobe_extensions,
        "Adobe's extensions are not critical, and not in the Strict Generation.",
    ),
    rule(
        "7.1.2.3 n",
        "subject-key-identifier",
        extensions::subject_key_identifier,
        "subjectKeyIdentifier is not critical.",
    ),
    rule(
        "7.1.3.1",
        "public-key-algorithm",
        algorithms::public_key,
        "The AlgorithmIdentifier of the key is one of those listed, octet by octet.",
    )
    .of(Holder::Anybody),
    rule(
        "7.1.3.2",
        "signature-algorithm",
        algorithms::signature,
        "The AlgorithmIdentifier of the signature is one of those listed, octet by octet.",
    )
    .of(Holder::Anybody),
    rule("7.1.4", "attribute-bounds", subject::bounds, "Subject attributes keep to the upper bounds of RFC 5280 A.1."),
    rule(
        "7.1.4.2",
        "attribute-placeholder",
        subject::placeholder,
        "No subject attribute consists of dots, hyphens and spaces only.",
    ),
    rule(
        "7.1.4.2.1",
        "alternative-name-forms",
        extensions::name_forms,
        "subjectAltName has mailboxes and directoryNames only; otherNames too, but not in the Strict Generation.",
    ),
    rule(
        "7.1.4.2.1",
        "mailbox-in-san",
        subject::mailboxes_in_san,
        "Every mailbox in the subject or in a directoryName is repeated in subjectAltName.",
    ),
    rule(
        "7.1.4.2.2 a",
        "common-name",
        subject::common_name,
        "commonName is a mailbox of the certificate, or what its Certificate Type allows: organizationName, or a name or pseudonym of the person.",
    ),
    rule(
        "7.1.4.2.2 d",
        "organization-identifier",
        organization::identifier,
        "organizationIdentifier is a string of a known Registration Scheme, a country, and what the scheme asks for.",
    ),
    rule(
        "7.1.4.2.2 d",
        "organization-country",
        organization::country,
        "The country of organizationIdentifier is countryName.",
    ),
    rule(
        "7.1.4.2.2 e",
        "name-or-pseudonym",
        subject::name_and_pseudonym,
        "pseudonym is not beside givenName or surname.",
    ),
    rule(
        "7.1.4.2.2 h",
        "email-address",
        subject::email_address,
        "emailAddress is there once at most, and a single mailbox.",
    ),
    rule(
        "7.1.4.2.2 j",
        "place-without-country",
        subject::places,
        "streetAddress is beside localityName or stateOrProvinceName; these and postalCode are beside countryName.",
    ),
    rule("7.1.4.2.2 n", "country-name", subject::country_name, "countryName is a code of ISO 3166-1, or XX."),
    rule(
        "7.1.4.2.3-6",
        "subject-attributes",
        subject::allowed,
        "The subject has only the attributes that its Certificate Type and Generation allow.",
    ),
    rule(
        "7.1.4.2.3-6",
        "subject-attributes-required",
        subject::required,
        "The subject has the attributes that its Certificate Type and Generation require.",
    ),
    rule(
        "7.1.6.1",
        "legacy-generation",
        algorithms::legacy_generation,
        "No certificate of the Legacy Generation is issued from 2025-07-15 on.",
    ),
];

/// The requirements that the certificate breaks, in the order of the sections: those for a Subordinate CA when it says that it
/// is one, else those for subscribers. About its path and whether its key is strong it says nothing.
///
/// ```
/// use postseal::{Certificate, verify::{Limits, baseline_findings}};
/// fn why(certificate: &Certificate) -> Vec<String> {
///     baseline_findings(certificate, &Limits::default()).iter().map(ToString::to_string).collect()
/// }
/// # use postseal_testkit::factory::{Authority, CertSpec, Key};
/// # let alice = Authority::root("Root", Key::P256(1)).issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
/// let certificate = Certificate::from_der(alice.der(), &Limits::default())?;
/// assert!(why(&certificate)[0].contains("825 days"));
/// # Ok::<(), postseal::Error>(())
/// ```
pub fn baseline_findings(certificate: &Certificate, limits: &Limits) -> Vec<BaselineRule> {
    let is_ca = matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.ca);
    broken(certificate, if is_ca { Holder::SubordinateCa } else { Holder::Subscriber }, limits).collect()
}

fn broken<'a>(
    certificate: &'a Certificate,
    holder: Holder,
    limits: &'a Limits,
) -> impl Iterator<Item = BaselineRule> + 'a {
    let subscriber = Subscriber::new(certificate, limits);
    BASELINE_RULES.iter().filter(move |rule| rule.is_broken_by(&subscriber, holder)).copied()
}

/// An end entity in the strict profile.
pub(super) fn check_subscriber(certificate: &Certificate, limits: &Limits) -> Result<(), Error> {
    refuse(broken(certificate, Holder::Subscriber, limits))
}

/// A CA between an end entity and the trust anchor in the strict profile. Of the anchor nothing is asked: who configures one
/// vouches for it.
pub(super) fn check_authority(
    certificate: &Certificate,
    subscriber: &Certificate,
    limits: &Limits,
) -> Result<(), Error> {
    if !authority::is_bound(certificate, subscriber) {
        return Ok(());
    }
    refuse(broken(certificate, Holder::SubordinateCa, limits))
}

fn refuse(mut broken: impl Iterator<Item = BaselineRule>) -> Result<(), Error> {
    broken.next().map_or(Ok(()), |_| Err(Code::ProfileStrict.into()))
}

#[cfg(test)]
mod tests;
