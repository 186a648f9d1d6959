//! Every stable code, in one table. A number is never given twice; a retired one stays as a comment.

use core::fmt;

/// Whose fault it is that something did not happen.
///
/// ```
/// use postseal::{Code, error::Fault};
/// assert_eq!(Code::SignatureInvalid.fault(), Fault::Untrusted);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The caller's: can be put right by reading the call. Never caused by the bytes of a mail.
    ApiMisuse,
    /// The input asks for more than a field of [`Limits`](crate::verify::Limits) allows.
    LimitExceeded,
    /// The bytes do not follow their grammar.
    Malformed,
    /// The proof may be fine, but the profile says no.
    Refused,
    /// The world did not answer; try again later.
    Unavailable,
    /// The proof failed.
    Untrusted,
}

macro_rules! codes {
    ($($fault:ident { $($number:literal $variant:ident $name:literal $sentence:literal;)* })*) => {
        /// The stable code of a refusal or failure: a number for programs, a name for traces, a sentence for people.
        ///
        /// ```
        /// use postseal::Code;
        /// let code = Code::OlderThanActive;
        /// assert_eq!(code.name(), "older-than-active");
        /// assert_eq!(Code::from_number(code.number()), Some(code));
        /// ```
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code {
            $($(#[doc = $sentence] $variant = $number,)*)*
        }

        impl Code {
            /// All codes, in the order of their numbers.
            ///
            /// ```
            /// assert!(postseal::Code::ALL.len() > 50);
            /// ```
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)*)*];

            /// The number that programs compare. It never changes its meaning.
            ///
            /// ```
            /// assert_eq!(postseal::Code::ForeignAnswer.number(), 101);
            /// ```
            pub const fn number(self) -> u16 {
                match self { $($(Self::$variant => $number,)*)* }
            }

            /// The name that traces and the command print.
            ///
            /// ```
            /// assert_eq!(postseal::Code::SignatureInvalid.name(), "signature-invalid");
            /// ```
            pub const fn name(self) -> &'static str {
                match self { $($(Self::$variant => $name,)*)* }
            }

            /// One English sentence about what is wrong, with the section that says so.
            ///
            /// ```
            /// assert!(postseal::Code::SignersMany.sentence().contains("SignerInfo"));
            /// ```
            pub const fn sentence(self) -> &'static str {
                match self { $($(Self::$variant => $sentence,)*)* }
            }

            /// Whose fault it is.
            ///
            /// ```
            /// use postseal::{Code, error::Fault};
            /// assert_eq!(Code::StoreUnavailable.fault(), Fault::Unavailable);
            /// ```
            pub const fn fault(self) -> Fault {
                match self { $($(Self::$variant => Fault::$fault,)*)* }
            }

            /// The code with this number.
            ///
            /// ```
            /// assert_eq!(postseal::Code::from_number(1), None);
            /// ```
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($($number => Some(Self::$variant),)*)* _ => None }
            }
        }
    };
}

codes! {
    ApiMisuse {
        101 ForeignAnswer "foreign-answer" "The answer belongs to a question of another operation.";
        102 Unanswered "unanswered" "The operation waits for an answer, but no question is open.";
        103 PolledWhileFinished "polled-while-finished" "The operation has already given its result.";
        104 FingerprintMalformed "fingerprint-malformed" "A fingerprint is 64 hexadecimal digits.";
        105 LengthMismatch "length-mismatch" "The mail is not as long as was declared; no message was finished.";
        106 DirectoryUnknown "directory-unknown" "The host has no directory with this name.";
        107 StoreMissing "store-missing" "The host has no store, and this needs one.";
        108 QuestionAnswered "question-answered" "The question has been answered already; an answer is given once.";
        109 AnswerKind "answer-kind" "The answer is not of the kind that the question asks for.";
        110 ArgumentNull "argument-null" "An argument that must be given is NULL.";
        111 TextNotUtf8 "text-not-utf8" "A text is not UTF-8.";
        112 ConfigurationInvalid "configuration-invalid" "The configuration cannot be used as it is.";
        113 HandleInUse "handle-in-use" "The object is in use by another call, or is spent.";
        114 ValueUnknown "value-unknown" "The value is not one of those that are defined.";
    }
    LimitExceeded {
        201 MessageTooLarge "message-too-large" "The mail has more bytes than Limits::message_bytes.";
        202 HeaderBlockTooLarge "header-block-too-large" "A header block has more bytes than Limits::header_bytes.";
        203 HeaderLineTooLong "header-line-too-long" "A header field has more bytes than Limits::header_field_bytes.";
        204 HeadersTooMany "headers-too-many" "There are more header fields than Limits::header_fields.";
        205 MimeTooDeep "mime-too-deep" "MIME entities are nested deeper than Limits::mime_depth.";
        206 MimePartsTooMany "mime-parts-too-many" "There are more MIME parts than Limits::mime_parts.";
        207 CommentTooDeep "comment-too-deep" "Comments in an address are nested deeper than Limits::comment_depth.";
        210 Asn1TooDeep "asn1-too-deep" "ASN.1 elements are nested deeper than Limits::asn1_depth.";
        211 Asn1ElementsTooMany "asn1-elements-too-many" "There are more ASN.1 elements than Limits::asn1_elements, or more than 4096 indefinite lengths.";
        212 SegmentsTooMany "segments-too-many" "A constructed octet string has more segments than Limits::octet_string_segments.";
        213 CmsTooLarge "cms-too-large" "The CMS object has more bytes than Limits::cms_bytes.";
        214 CertificatesTooMany "certificates-too-many" "The mail carries more certificates than Limits::certificates.";
        215 CertificateTooLarge "certificate-too-large" "A certificate has more bytes than Limits::certificate_bytes.";
        216 NamesTooMany "names-too-many" "A certificate has more names than Limits::names, or more than sixteen times as many subtrees.";
        217 AttributesTooMany "attributes-too-many" "A SignerInfo has more attributes than Limits::attributes.";
        218 AttributesTooLarge "attributes-too-large" "The signed attributes have more bytes than Limits::attribute_bytes.";
        219 ExtensionsTooMany "extensions-too-many" "A certificate has more extensions than Limits::extensions.";
        220 CrlsTooLarge "crls-too-large" "A revocation list, or all of those in a mail together, has more bytes than Limits::crl_bytes.";
        221 RecipientsTooMany "recipients-too-many" "The message has more recipients than Limits::recipients.";
        222 CandidatesTooMany "candidates-too-many" "A directory lent more certificates for one address than Limits::candidates; only the best of them were judged.";
        223 ContentTooLong "content-too-long" "The content is longer than AES-GCM allows for one key and nonce: 2^36 - 32 octets (NIST SP 800-38D 5.2.1.1).";
        224 PoliciesTooMany "policies-too-many" "A certificate has more policies or policy mappings than Limits::policies.";
        225 OcspTooLarge "ocsp-too-large" "An OCSP response has more bytes than Limits::ocsp_bytes.";
        226 MessagesTooLarge "messages-too-large" "The messages that are to be made at once have more bytes than Limits::sealed_bytes.";
        230 PathTooDeep "path-too-deep" "The path to a trust anchor is longer than Limits::path_depth.";
        231 SignatureBudget "signature-budget" "Building the path needs more signature checks than Limits::path_signatures.";
        232 BuildBudget "build-budget" "Building the path needs more steps than Limits::path_steps.";
        233 NameBudget "name-budget" "Name constraints need more comparisons than Limits::name_comparisons.";
        234 PolicyBudget "policy-budget" "Certificate policies need a larger graph than Limits::policy_nodes.";
    }
    Malformed {
        301 DerTruncated "asn1-truncated" "An ASN.1 element ends before its length says (X.690 8.1).";
        302 DerTag "asn1-tag" "An ASN.1 element has another tag than its place in the structure asks for.";
        303 DerLength "asn1-length" "The length of an ASN.1 element is not a length (X.690 8.1.3).";
        304 DerTrailing "asn1-trailing" "Bytes follow where an ASN.1 structure has ended.";
        305 DerValue "asn1-value" "The value of an ASN.1 element is not one of its type.";
        306 DerTime "asn1-time" "A UTCTime or GeneralizedTime names no point in time (RFC 5280 4.1.2.5).";
        310 CmsNotSignedData "cms-not-signed-data" "The object is not a ContentInfo with signed-data (RFC 5652 5.1).";
        311 CmsMalformed "cms-malformed" "The structure of the SignedData does not follow RFC 5652 5.1.";
        312 CmsTrailing "cms-trailing" "Something other than white space or zero padding follows the ContentInfo.";
        320 CertificateMalformed "certificate-malformed" "The structure of a certificate does not follow RFC 5280 4.1.";
        321 ExtensionRepeated "extension-repeated" "A certificate has the same extension twice (RFC 5280 4.2).";
        322 ExtensionMalformed "extension-malformed" "An extension that matters here cannot be decoded (RFC 5280 4.2.1).";
        323 KeyMalformed "key-malformed" "The public key is not a key of its algorithm, or its point is not on the curve.";
        324 SignatureMalformed "signature-malformed" "The signature value or its parameters do not follow their algorithm.";
        325 CrlMalformed "crl-malformed" "The structure of a revocation list does not follow RFC 5280 5.1.";
        326 OcspMalformed "ocsp-malformed" "The structure of an OCSP response does not follow RFC 6960 4.2.";
        330 HeaderMalformed "header-malformed" "A header field does not follow RFC 5322 2.2, or holds a NUL, a bare CR or a bare LF.";
        331 FromMalformed "from-malformed" "The From field does not follow RFC 5322 3.6.2.";
        332 AddressMalformed "address-malformed" "The text is not a mailbox of RFC 5321 4.1.2 or RFC 6531.";
        333 ContentTypeMalformed "content-type-malformed" "The Content-Type field is ambiguous or does not follow RFC 2045 5.1.";
        334 Base64Malformed "base64-malformed" "Base64 with something other than white space beside its alphabet (RFC 2045 6.8).";
        335 QuotedPrintableMalformed "quoted-printable-malformed" "Quoted-printable text does not follow RFC 2045 6.7.";
        336 MultipartMalformed "multipart-malformed" "A multipart/signed is not exactly two closed parts (RFC 1847 2.1).";
        337 TransferEncodingUnknown "transfer-encoding-unknown" "The Content-Transfer-Encoding is not one of RFC 2045 6.1.";
        340 PemMalformed "pem-malformed" "The text has no readable PEM block with a certificate (RFC 7468).";
    }
    Refused {
        401 SignatureNotAtRoot "signature-not-at-root" "Only a part of the mail is signed; the signed entity must be the MIME root.";
        402 SmimeTypeMismatch "smime-type-mismatch" "The smime-type parameter contradicts the content (RFC 8551 3.2.2).";
        403 ProtocolMismatch "protocol-mismatch" "The protocol parameter is not a pkcs7 signature or differs from the second part (RFC 1847 2.1).";
        404 MultipartEncoded "multipart-encoded" "A multipart has a transfer encoding other than 7bit, 8bit or binary (RFC 2045 6.4).";
        405 CertsOnly "certs-only" "The SignedData has no signer: it only carries certificates (RFC 8551 3.8).";
        406 Encrypted "encrypted" "The mail is encrypted; what is inside is not looked at.";
        407 AlreadyEncrypted "already-encrypted" "The mail is encrypted already, and is not wrapped a second time.";
        410 FromMissing "from-missing" "The mail has no From field (RFC 5322 3.6).";
        411 FromRepeated "from-repeated" "The mail has more than one From field (RFC 5322 3.6).";
        412 FromNotOneMailbox "from-not-one-mailbox" "The From field names a group, nobody, or more than one mailbox.";
        413 ProtectedFromMismatch "protected-from-mismatch" "The protected From field differs from the outer one (RFC 9788 4.4).";
        420 SignersMany "signers-many" "The SignedData has more than one SignerInfo.";
        421 SignedAttributesMissing "signed-attributes-missing" "The SignerInfo has no signed attributes, so the signature does not say what it covers.";
        422 AttributeRepeated "attribute-repeated" "An attribute that may stand once stands twice or has several values (RFC 5652 11, RFC 8551 2.5).";
        423 ContentTypeMissing "content-type-missing" "The signed attributes lack contentType (RFC 5652 11.1).";
        424 ContentTypeMismatch "content-type-mismatch" "The contentType attribute, the eContentType and id-data are not the same (RFC 5652 11.1).";
        425 MessageDigestMissing "message-digest-missing" "The signed attributes lack messageDigest (RFC 5652 11.2).";
        426 ContentTwice "content-twice" "The content is given twice: detached and inside the SignedData.";
        427 ContentMissing "content-missing" "The SignedData has no content, and no detached content stands beside it.";
        428 ContentIsAttributes "content-is-attributes" "The content is itself a DER set of attributes, the shape of a known forgery.";
        429 SignerMismatch "signer-mismatch" "The signingCertificate attribute names another certificate than the signer identifier (RFC 5035 5).";
        430 AttributesNotDer "attributes-not-der" "The signature covers the signed attributes in another order than DER (RFC 5652 5.4).";
        431 AttributeMalformed "attribute-malformed" "A signed attribute is not of its type (RFC 5652 11, RFC 8551 2.5).";
        432 AttributeNotSigned "attribute-not-signed" "contentType, messageDigest or signingTime stands among the unsigned attributes (RFC 5652 11.1 to 11.3).";
        440 WeakDigest "weak-digest" "The digest (MD2, MD4, MD5 or SHA-1) can be forged.";
        441 DigestUnsupported "digest-unsupported" "The digest algorithm is not SHA-256, SHA-384 or SHA-512.";
        442 SignatureUnsupported "signature-unsupported" "The signature algorithm is not one of RFC 8551 2.2, or does not go with the key.";
        443 RsaTooSmall "rsa-too-small" "The RSA modulus has fewer bits than Limits::rsa_bits_min.";
        444 RsaTooLarge "rsa-too-large" "The RSA modulus has more bits than Limits::rsa_bits_max.";
        445 RsaExponent "rsa-exponent" "The RSA public exponent is even, too small or larger than 2^32.";
        446 RsaRoca "rsa-roca" "The RSA key has the fingerprint of CVE-2017-15361 (ROCA): it can be factored.";
        447 RsaClosePrimes "rsa-close-primes" "The RSA primes are so close that Fermat's method factors the key (CVE-2022-26320).";
        448 DsaKey "dsa-key" "DSA keys are not accepted.";
        449 ExplicitCurve "explicit-curve" "The curve is spelled out instead of named (CVE-2020-0601).";
        450 CurveUnsupported "curve-unsupported" "The curve is not P-256, P-384 or P-521.";
        451 KeyUnsupported "key-unsupported" "The algorithm of the public key is not one of RFC 8550 4.3.";
        452 KeyAlgorithmUse "key-algorithm-use" "The key's algorithm identifier does not allow this use (RFC 4055 1.2, RFC 5480 2.1.2).";
        453 AeadNotSupported "aead-not-supported" "Authenticated encryption is required, and the recipient's signed capabilities do not name it (RFC 8551 2.5.2, 2.7).";
        454 ContentEncryptionMismatch "content-encryption-mismatch" "No content encryption is allowed by the policy and read by every recipient.";
        460 AddressMissing "address-missing" "The certificate names no mailbox.";
        461 AddressMismatch "address-mismatch" "The mailbox of the author or recipient is not one of the certificate's (RFC 8550 3).";
        462 NameUndecodable "name-undecodable" "A mailbox in the certificate does not follow the strict grammar, so the whole certificate is refused.";
        463 DomainNotMapped "domain-not-mapped" "A domain label is not in the form that IDNA compares (RFC 9598 5).";
        464 RecipientsMissing "recipients-missing" "The message has no recipient.";
        465 RecipientRepeated "recipient-repeated" "The address stands twice among the recipients.";
        470 SignerIsCa "signer-is-ca" "The signer's certificate is a CA certificate; a CA is not a correspondent.";
        471 KeyUsageSign "key-usage-sign" "The key usage allows neither digitalSignature nor nonRepudiation (RFC 8550 4.4.2).";
        472 KeyUsageEncrypt "key-usage-encrypt" "The certificate cannot encrypt: keyEncipherment (RSA) or keyAgreement (EC) is missing (RFC 5280 4.2.1.3).";
        473 ExtendedKeyUsage "extended-key-usage" "The extended key usage does not include e-mail protection (RFC 8550 4.4.4).";
        474 KeyCannotEncrypt "key-cannot-encrypt" "The key's algorithm cannot encrypt (Ed25519, or an id-RSASSA-PSS key).";
        475 ProfileStrict "profile-strict" "The certificate breaks a rule of the strict profile (CA/B S/MIME BR 6, 7).";
        480 KeyPreferenceNotFound "key-preference-not-found" "The certificate that the signer prefers for encryption is neither in the mail nor in the store (RFC 8551 2.5.3).";
        481 KeyPreferenceUnusable "key-preference-unusable" "The certificate that the signer prefers for encryption failed a check.";
        482 NoCertificate "no-certificate" "Neither the store nor a directory has a certificate for the address.";
        483 CertificateHeld "certificate-held" "The certificate waits for an operator's decision.";
        484 RouteNeverSeals "route-never-seals" "This route does not encrypt.";
        490 OlderThanActive "older-than-active" "The certificate is older than the one in use, of which it is the same line.";
        491 CertificateRejected "certificate-rejected" "An operator rejected this certificate for this address.";
        492 CertificateDisabled "certificate-disabled" "An operator disabled this certificate for this address.";
        493 CertificateConflict "certificate-conflict" "The address has another certificate in use; an operator must decide.";
        494 AddressDecided "address-decided" "No certificate of the address can be used, and others of it were rejected or disabled, or wait; an operator must decide.";
        495 CertificateKnown "certificate-known" "The certificate is stored for this address, but waits or was replaced; approve it by its fingerprint.";
        496 CertificatePinned "certificate-pinned" "An operator pinned another certificate for this address; approve or remove that one first.";
        497 RevocationUnknown "revocation-unknown" "No revocation source that counts says anything about a certificate of the path.";
        498 QuotaExceeded "quota-exceeded" "The tenant learns no more certificates of this kind for now: a quota of its store is used up.";
    }
    Unavailable {
        501 StoreUnavailable "store-unavailable" "The store did not answer.";
        502 StoreContended "store-contended" "Other writers changed the entry more often than the engine tries again.";
        503 DirectoryUnavailable "directory-unavailable" "A directory did not answer, so that a certificate for the address may exist.";
        504 RandomUnavailable "random-unavailable" "The source of randomness failed, so that nothing was encrypted.";
        505 RevocationUnavailable "revocation-unavailable" "A revocation source of a certificate did not answer.";
        506 OcspUnavailable "ocsp-unavailable" "The OCSP responder gave no response: it is overloaded or not responsible (RFC 6960 2.3).";
        507 IssuerUnavailable "issuer-unavailable" "A missing issuer could not be fetched from where the certificate says.";
        508 InternalError "internal-error" "The engine failed because of a mistake of its own; the call counts as not done.";
        509 OutputFailed "output-failed" "The host did not take the output; what it took before is no message, and is to be thrown away.";
    }
    Untrusted {
        601 SignatureInvalid "signature-invalid" "The signature does not verify under the signer's key.";
        602 DigestMismatch "digest-mismatch" "The content is not the one that was signed (RFC 5652 5.6).";
        603 SignerNotFound "signer-not-found" "The signer's certificate is not in the mail (RFC 5652 5.3).";
        610 PathNotFound "path-not-found" "No path leads to a trust anchor.";
        611 CertificateExpired "certificate-expired" "A certificate of the path has expired.";
        612 CertificateNotYetValid "certificate-not-yet-valid" "A certificate of the path is not valid yet.";
        613 PathSignatureInvalid "path-signature-invalid" "A certificate of the path is not signed by its issuer's key.";
        614 IssuerNotCa "issuer-not-ca" "An issuer in the path is not a CA certificate (RFC 5280 4.2.1.9, 6.1.4 k).";
        615 IssuerKeyUsage "issuer-key-usage" "An issuer in the path may not sign certificates (RFC 5280 6.1.4 n).";
        616 PathLength "path-length" "A pathLenConstraint is exceeded (RFC 5280 6.1.4 l, m).";
        617 NameNotPermitted "name-not-permitted" "A name lies outside the permitted subtrees (RFC 5280 6.1.3 b).";
        618 NameExcluded "name-excluded" "A name lies inside an excluded subtree (RFC 5280 6.1.3 c).";
        619 NameConstraintUndecidable "name-constraint-undecidable" "A name constraint applies to a name that cannot be decoded or compared, so the path fails.";
        620 CriticalExtension "critical-extension" "A critical extension is not known (RFC 5280 4.2).";
        621 IssuerNameEmpty "issuer-name-empty" "A certificate of the path has an empty issuer name (RFC 5280 4.1.2.4).";
        622 PathAlgorithm "path-algorithm" "A certificate names two different signature algorithms (RFC 5280 4.1.1.2).";
        623 CertificateVersion "certificate-version" "An issuer is not a version 3 certificate (RFC 5280 6.1.4 k).";
        624 PolicyNotValid "policy-not-valid" "A certificate policy is required, and none, or none that was asked for, is valid for the whole path (RFC 5280 6.1.3 f, 6.1.5 g).";
        625 PolicyMappingAny "policy-mapping-any" "A CA of the path maps a policy from or to anyPolicy (RFC 5280 6.1.4 a).";
        630 CertificateRevoked "certificate-revoked" "A certificate of the path is revoked.";
        631 CrlStale "crl-stale" "A newer revocation list should exist: the time of its nextUpdate is over, or it has none (RFC 5280 5.1.2.5).";
        632 CrlNotYetValid "crl-not-yet-valid" "A revocation list was issued in the future.";
        633 CrlCriticalExtension "crl-critical-extension" "A critical extension of a revocation list or of an entry is not known (RFC 5280 5.2, 5.3).";
        634 CrlIssuerNotFound "crl-issuer-not-found" "No certificate of the list's issuer stands above the certificate, or was issued by who does (RFC 5280 6.3.3 f).";
        635 CrlIssuerKeyUsage "crl-issuer-key-usage" "The key of the list's issuer may not sign lists (RFC 5280 6.3.3 f).";
        636 CrlIssuerRevoked "crl-issuer-revoked" "The certificate of the list's issuer is revoked, or nothing is known about it where the policy wants to know.";
        637 CrlSignatureInvalid "crl-signature-invalid" "A revocation list is not signed by its issuer's key.";
        640 OcspStale "ocsp-stale" "The time of an OCSP response is over (RFC 6960 4.2.2.1).";
        641 OcspNotYetValid "ocsp-not-yet-valid" "An OCSP response was issued in the future.";
        642 OcspCriticalExtension "ocsp-critical-extension" "A critical extension of an OCSP response is not known.";
        643 OcspSignerNotFound "ocsp-signer-not-found" "The certificate of whoever signed the OCSP response is neither the issuer nor in the response.";
        644 OcspSignerNotAllowed "ocsp-signer-not-allowed" "The issuer did not name the signer of the OCSP response for this (RFC 6960 4.2.2.2).";
        645 OcspSignatureInvalid "ocsp-signature-invalid" "The signature of the OCSP response does not hold.";
        646 OcspMismatch "ocsp-mismatch" "The OCSP response is about other certificates.";
        647 OcspNonceMismatch "ocsp-nonce-mismatch" "The OCSP response does not repeat the nonce of the request (RFC 9654).";
        648 OcspUnknown "ocsp-unknown" "The OCSP responder does not know the certificate.";
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_and_stand_in_the_block_of_their_fault() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{} {}", pair[0], pair[1]);
        }
        for code in Code::ALL {
            let block = match code.fault() {
                Fault::ApiMisuse => 1,
                Fault::LimitExceeded => 2,
                Fault::Malformed => 3,
                Fault::Refused => 4,
                Fault::Unavailable => 5,
                Fault::Untrusted => 6,
            };
            assert_eq!(code.number().div_euclid(100), block, "{code}");
        }
    }

    #[test]
    fn names_are_unique_and_sentences_end() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.sentence().ends_with('.')));
    }
}
