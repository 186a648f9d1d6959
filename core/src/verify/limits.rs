/// How much work one mail may cause. Every limit is checked before the work or the allocation that it bounds.
///
/// The defaults fit real mail with a wide margin; all of them can be set in both directions.
///
/// ```
/// use postseal::verify::Limits;
/// let mut limits = Limits::default();
/// limits.message_bytes = 10 << 20;
/// assert_eq!(limits.path_depth, 6);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a whole mail. 50 MiB: above what mail providers accept (Exchange Online 150 MB at most, 35 MB by default).
    pub message_bytes: usize,
    /// Bytes of one header block. 256 KiB: Postfix's header_size_limit is 100 KiB.
    pub header_bytes: usize,
    /// Bytes of one header field with its folded lines. 64 KiB.
    pub header_field_bytes: usize,
    /// Header fields in one block. 1 000: half a million took Dovecot 18 minutes (CVE-2024-23184).
    pub header_fields: usize,
    /// Nesting of MIME entities. 16: parsers that recurse abort near 20 000.
    pub mime_depth: usize,
    /// MIME parts looked at. 256.
    pub mime_parts: usize,
    /// Nesting of comments in an address (RFC 5322 3.2.2 sets none). 16.
    pub comment_depth: usize,
    /// Nesting of ASN.1 elements. 32: OpenSSL's ASN1_MAX_CONSTRUCTED_NEST is 30.
    pub asn1_depth: usize,
    /// ASN.1 elements read in one object. 1 048 576.
    pub asn1_elements: usize,
    /// Segments of one constructed octet string. 262 144: 50 MiB in segments of 200 bytes.
    pub octet_string_segments: usize,
    /// Bytes of a CMS object beside detached content. 4 MiB. An opaque one is bounded by `message_bytes`.
    pub cms_bytes: usize,
    /// Certificates carried by one mail. 32.
    pub certificates: usize,
    /// Bytes of one certificate. 64 KiB: the largest in the public e-mail PKIs have 4 KiB.
    pub certificate_bytes: usize,
    /// Extensions of one certificate. 64.
    pub extensions: usize,
    /// Names in one subjectAltName; a list of nameConstraints may have sixteen times as many subtrees. 64.
    pub names: usize,
    /// Attributes of one SignerInfo, signed and unsigned counted apart. 64.
    pub attributes: usize,
    /// Bytes of the signed attributes. 64 KiB.
    pub attribute_bytes: usize,
    /// Bytes of one revocation list, or of all those in one mail. 10 MiB.
    pub crl_bytes: usize,
    /// Bytes of one OCSP response. 64 KiB.
    pub ocsp_bytes: usize,
    /// Addresses of revocation sources that are asked about one certificate. 4.
    pub revocation_sources: usize,
    /// Bytes of fetched revocation lists and responses that an engine keeps until their time is over. 64 MiB.
    pub revocation_cache_bytes: usize,
    /// CA certificates whose signature an engine remembers as verified, with their key, 2 KB each. 4 096: the CAs that Mozilla
    /// trusts for e-mail have some hundreds of intermediates.
    pub known_signatures: usize,
    /// Certificates of senders that it remembers in the same way. 4 096.
    pub known_senders: usize,
    /// Keys of CAs for which it may keep a table that makes checks faster, 50 to 240 KB each. 32.
    pub key_tables: usize,
    /// Smallest RSA modulus in bits. 2048 (RFC 8551 2.2, RFC 8550 4.3).
    pub rsa_bits_min: usize,
    /// Largest RSA modulus in bits. 8192: the cost of a check grows with the square.
    pub rsa_bits_max: usize,
    /// Certificates in a path, the trust anchor not counted. 6 (rustls-webpki's depth).
    pub path_depth: usize,
    /// Signature checks while one path is built; one with P-384 or P-521 counts as three, one with RSA above 4096 bits as
    /// four, and another exponent than 65537 up to four times that. 100 (rustls-webpki, after CVE-2018-16875).
    pub path_signatures: usize,
    /// Candidates looked at while one path is built. 200 000 (rustls-webpki).
    pub path_steps: usize,
    /// Comparisons of names with name constraints while one path is built; a pair of names longer than 64 octets counts
    /// as several. 250 000 (rustls-webpki).
    pub name_comparisons: usize,
    /// Policies in one certificatePolicies, or mappings in one policyMappings. 128: the cross certificates of bridge CAs
    /// have some dozens.
    pub policies: usize,
    /// Nodes of policy graphs, with the mappings between them and the certificates they stand in, while one path is built,
    /// over all its candidates. 20 000: OpenSSL allows one path 1 000 (after CVE-2023-0464).
    pub policy_nodes: usize,
    /// Recipients of one message. 50 000: Postfix takes 1 000 in one envelope (smtpd_recipient_limit).
    pub recipients: usize,
    /// Bytes of the messages that are made at once and kept in memory, where there are several: one for each hidden recipient.
    /// 1 GiB. Whoever seals envelope by envelope has no such limit.
    pub sealed_bytes: usize,
    /// Certificates of one directory that are judged for one address; eight times as many are read, so that it is the best
    /// that are judged. 32: userCertificate has many values where every logon card left one.
    pub candidates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 50 << 20,
            header_bytes: 256 << 10,
            header_field_bytes: 64 << 10,
            header_fields: 1_000,
            mime_depth: 16,
            mime_parts: 256,
            comment_depth: 16,
            asn1_depth: 32,
            asn1_elements: 1 << 20,
            octet_string_segments: 1 << 18,
            cms_bytes: 4 << 20,
            certificates: 32,
            certificate_bytes: 64 << 10,
            extensions: 64,
            names: 64,
            attributes: 64,
            attribute_bytes: 64 << 10,
            crl_bytes: 10 << 20,
            ocsp_bytes: 64 << 10,
            revocation_sources: 4,
            revocation_cache_bytes: 64 << 20,
            known_signatures: 4_096,
            known_senders: 4_096,
            key_tables: 32,
            rsa_bits_min: 2048,
            rsa_bits_max: 8192,
            path_depth: 6,
            path_signatures: 100,
            path_steps: 200_000,
            name_comparisons: 250_000,
            policies: 128,
            policy_nodes: 20_000,
            recipients: 50_000,
            sealed_bytes: 1 << 30,
            candidates: 32,
        }
    }
}

impl Limits {
    /// The limits to read a certificate with that a store gives back: the defaults without those of size and structure. It was
    /// accepted under whatever limits held then, and nobody could use, see or remove it if others made it unreadable. Whether it
    /// may be used is judged with the engine's limits each time.
    ///
    /// ```
    /// use postseal::verify::Limits;
    /// assert!(Limits::for_stored().certificate_bytes > Limits::default().certificate_bytes);
    /// assert_eq!(Limits::for_stored().names, Limits::default().names);
    /// ```
    #[must_use]
    pub fn for_stored() -> Self {
        Self {
            certificate_bytes: usize::MAX,
            extensions: usize::MAX,
            asn1_depth: usize::MAX,
            asn1_elements: usize::MAX,
            ..Self::default()
        }
    }

    /// How many certificates of one directory are read for one address, so that the best `candidates` among them can be told.
    ///
    /// ```
    /// assert_eq!(postseal::verify::Limits::default().candidates_read(), 256);
    /// ```
    #[must_use]
    pub const fn candidates_read(&self) -> usize {
        self.candidates.saturating_mul(8)
    }
}
