use super::ConfigurationError;
use postseal::verify::Limits;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;

macro_rules! limits {
    ($($(#[$doc:meta])* $field:ident: $number:ty,)*) => {
        /// Limits, as far as they differ from the defaults, which `postseal::verify::Limits` has with their sources. One that would
        /// let nothing through cannot be zero.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub(super) struct LimitsConfig { $($(#[$doc])* $field: Option<$number>,)* }

        impl LimitsConfig {
            pub(super) fn limits(&self) -> Limits {
                let mut limits = Limits::default();
                $(limits.$field = self.$field.map_or(limits.$field, usize::from);)*
                limits
            }

            /// Every limit. What is none is left out, so that it is the default.
            pub(super) fn of(limits: &Limits) -> Self {
                Self { $($field: <$number>::try_from(limits.$field).ok(),)* }
            }
        }

        #[cfg(test)]
        const FIELDS: &[&str] = &[$(stringify!($field),)*];
    };
}

limits! {
    /// Bytes of a whole mail. 50 MiB.
    message_bytes: NonZeroUsize,
    /// Bytes of one header block. 256 KiB.
    header_bytes: NonZeroUsize,
    /// Bytes of one header field with its folded lines. 64 KiB.
    header_field_bytes: NonZeroUsize,
    /// Header fields in one block. 1 000.
    header_fields: NonZeroUsize,
    /// Nesting of MIME entities. 16.
    mime_depth: NonZeroUsize,
    /// MIME parts looked at. 256.
    mime_parts: NonZeroUsize,
    /// Nesting of comments in an address (RFC 5322 3.2.2 sets none). 16.
    comment_depth: usize,
    /// Nesting of ASN.1 elements. 32.
    asn1_depth: NonZeroUsize,
    /// ASN.1 elements read in one object. 1 048 576.
    asn1_elements: NonZeroUsize,
    /// Segments of one constructed octet string. 262 144.
    octet_string_segments: usize,
    /// Bytes of a CMS object beside detached content. 4 MiB.
    cms_bytes: NonZeroUsize,
    /// Certificates carried by one mail. 32.
    certificates: NonZeroUsize,
    /// Bytes of one certificate. 64 KiB.
    certificate_bytes: NonZeroUsize,
    /// Extensions of one certificate. 64.
    extensions: NonZeroUsize,
    /// Names in one subjectAltName; a list of nameConstraints may have sixteen times as many subtrees. 64.
    names: NonZeroUsize,
    /// Attributes of one SignerInfo, signed and unsigned counted apart. 64.
    attributes: NonZeroUsize,
    /// Bytes of the signed attributes. 64 KiB.
    attribute_bytes: NonZeroUsize,
    /// Bytes of one revocation list, or of all those in one mail. 10 MiB.
    crl_bytes: usize,
    /// Bytes of one OCSP response. 64 KiB.
    ocsp_bytes: usize,
    /// Addresses of revocation sources that are asked about one certificate. 4.
    revocation_sources: usize,
    /// Bytes of fetched revocation lists and responses that an engine keeps until their time is over. 64 MiB.
    revocation_cache_bytes: usize,
    /// CA certificates whose signature an engine remembers as verified, with their key, 2 KB each. 4 096.
    known_signatures: usize,
    /// Certificates of senders that it remembers in the same way. 4 096.
    known_senders: usize,
    /// Keys of CAs for which it may keep a table that makes checks faster, 50 to 240 KB each. 32.
    key_tables: usize,
    /// Smallest RSA modulus in bits. 2048 (RFC 8551 2.2, RFC 8550 4.3).
    rsa_bits_min: NonZeroUsize,
    /// Largest RSA modulus in bits. 8192.
    rsa_bits_max: NonZeroUsize,
    /// Certificates in a path, the trust anchor not counted. 6 (rustls-webpki's depth).
    path_depth: NonZeroUsize,
    /// Signature checks while one path is built; one with P-384 or P-521 counts as three, one with RSA above 4096 bits as four. 100 (rustls-webpki, after CVE-2018-16875).
    path_signatures: NonZeroUsize,
    /// Candidates looked at while one path is built. 200 000 (rustls-webpki).
    path_steps: NonZeroUsize,
    /// Comparisons of names with name constraints while one path is built; a pair of names longer than 64 octets counts as several. 250 000 (rustls-webpki).
    name_comparisons: usize,
    /// Policies in one certificatePolicies, or mappings in one policyMappings. 128.
    policies: usize,
    /// Nodes of policy graphs, with the mappings between them, while one path is built, over all its candidates. 20 000.
    policy_nodes: usize,
    /// Recipients of one message. 50 000.
    recipients: NonZeroUsize,
    /// Bytes of the messages that are made at once and kept in memory, where there are several. 1 GiB.
    sealed_bytes: NonZeroUsize,
    /// Certificates of one directory that are judged for one address; eight times as many are read. 32.
    candidates: NonZeroUsize,
}

impl LimitsConfig {
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        let limits = self.limits();
        if limits.rsa_bits_min > limits.rsa_bits_max {
            let key = if self.rsa_bits_min.is_some() { "rsa_bits_min" } else { "rsa_bits_max" };
            let words = format!("no key has {} bits at least and {} at most", limits.rsa_bits_min, limits.rsa_bits_max);
            return Err(ConfigurationError::new(words).at(key));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set() {
        let shown = format!("{:?}", Limits::default());
        let names: Vec<&str> = shown.split([' ', '{', '}', ',']).filter_map(|word| word.strip_suffix(':')).collect();
        assert_eq!(names, FIELDS);
        let all: String = FIELDS.iter().map(|field| format!("{field} = 7\n")).collect();
        let limits = toml::from_str::<LimitsConfig>(&all).unwrap().limits();
        assert_eq!(format!("{limits:?}").matches(": 7").count(), FIELDS.len());
        assert_eq!(LimitsConfig::of(&limits).limits(), limits);
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        assert_eq!(LimitsConfig::default().limits(), Limits::default());
        assert_eq!(LimitsConfig::of(&Limits::default()).limits(), Limits::default());
        assert!(toml::from_str::<LimitsConfig>("mails = 7").is_err());
    }
}
