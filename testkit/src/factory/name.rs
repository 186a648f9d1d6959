use super::der::{oid, sequence, tlv, utf8};

/// A GeneralName, in a subjectAltName or as a name constraint.
///
/// ```
/// use postseal_testkit::factory::Name;
/// let name = Name::Rfc822(b"alice@goal.example".to_vec());
/// # let _ = name;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Name {
    /// An rfc822Name with these octets, whatever they are. As a constraint: a mailbox, a host, or `.host` for all below.
    Rfc822(Vec<u8>),
    /// A SmtpUTF8Mailbox (RFC 9598).
    SmtpUtf8Mailbox(String),
    /// A dNSName.
    Dns(String),
    /// A directoryName: a whole Name, encoded; see [`distinguished_name`].
    Directory(Vec<u8>),
    /// A whole GeneralName, encoded.
    Raw(Vec<u8>),
}

impl Name {
    /// The GeneralName (RFC 5280 4.2.1.6).
    ///
    /// ```
    /// use postseal_testkit::factory::Name;
    /// assert_eq!(Name::Dns("a".to_owned()).encode(), [0x82, 1, b'a']);
    /// ```
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Rfc822(octets) => tlv(0x81, &[octets]),
            Self::SmtpUtf8Mailbox(text) => tlv(0xa0, &[&oid("1.3.6.1.5.5.7.8.9"), &tlv(0xa0, &[&utf8(text)])]),
            Self::Dns(text) => tlv(0x82, &[text.as_bytes()]),
            // A CHOICE cannot be tagged implicitly.
            Self::Directory(name) => tlv(0xa4, &[name]),
            Self::Raw(octets) => octets.clone(),
        }
    }
}

/// A Name: the organisation of the test kit, a common name, and an emailAddress (PKCS #9) if there is one.
///
/// ```
/// use postseal_testkit::factory::distinguished_name;
/// assert!(distinguished_name("Alice", None).len() < distinguished_name("Alice", Some("a@goal.example")).len());
/// ```
#[must_use]
pub fn distinguished_name(common: &str, email: Option<&str>) -> Vec<u8> {
    let attribute = |kind: &str, value: Vec<u8>| tlv(0x31, &[&sequence(&[&oid(kind), &value])]);
    let email = email.map(|mailbox| attribute("1.2.840.113549.1.9.1", tlv(0x16, &[mailbox.as_bytes()])));
    sequence(&[
        &attribute("2.5.4.10", utf8("postseal test")),
        &attribute("2.5.4.3", utf8(common)),
        &email.unwrap_or_default(),
    ])
}
