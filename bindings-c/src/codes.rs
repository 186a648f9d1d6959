//! Generated from the engine's table of codes by `tests/generated.rs`. Not to be edited.

use core::ffi::CStr;

/// Success.
pub const POSTSEAL_OK: i32 = 0;
/// The answer belongs to a question of another operation.
pub const POSTSEAL_FOREIGN_ANSWER: i32 = 101;
/// The operation waits for an answer, but no question is open.
pub const POSTSEAL_UNANSWERED: i32 = 102;
/// The operation has already given its result.
pub const POSTSEAL_POLLED_WHILE_FINISHED: i32 = 103;
/// A fingerprint is 64 hexadecimal digits.
pub const POSTSEAL_FINGERPRINT_MALFORMED: i32 = 104;
/// The mail is not as long as was declared; no message was finished.
pub const POSTSEAL_LENGTH_MISMATCH: i32 = 105;
/// The host has no directory with this name.
pub const POSTSEAL_DIRECTORY_UNKNOWN: i32 = 106;
/// The host has no store, and this needs one.
pub const POSTSEAL_STORE_MISSING: i32 = 107;
/// The question has been answered already; an answer is given once.
pub const POSTSEAL_QUESTION_ANSWERED: i32 = 108;
/// The answer is not of the kind that the question asks for.
pub const POSTSEAL_ANSWER_KIND: i32 = 109;
/// An argument that must be given is NULL.
pub const POSTSEAL_ARGUMENT_NULL: i32 = 110;
/// A text is not UTF-8.
pub const POSTSEAL_TEXT_NOT_UTF8: i32 = 111;
/// The configuration cannot be used as it is.
pub const POSTSEAL_CONFIGURATION_INVALID: i32 = 112;
/// The object is in use by another call, or is spent.
pub const POSTSEAL_HANDLE_IN_USE: i32 = 113;
/// The value is not one of those that are defined.
pub const POSTSEAL_VALUE_UNKNOWN: i32 = 114;
/// The mail has more bytes than Limits::message_bytes.
pub const POSTSEAL_MESSAGE_TOO_LARGE: i32 = 201;
/// A header block has more bytes than Limits::header_bytes.
pub const POSTSEAL_HEADER_BLOCK_TOO_LARGE: i32 = 202;
/// A header field has more bytes than Limits::header_field_bytes.
pub const POSTSEAL_HEADER_LINE_TOO_LONG: i32 = 203;
/// There are more header fields than Limits::header_fields.
pub const POSTSEAL_HEADERS_TOO_MANY: i32 = 204;
/// MIME entities are nested deeper than Limits::mime_depth.
pub const POSTSEAL_MIME_TOO_DEEP: i32 = 205;
/// There are more MIME parts than Limits::mime_parts.
pub const POSTSEAL_MIME_PARTS_TOO_MANY: i32 = 206;
/// Comments in an address are nested deeper than Limits::comment_depth.
pub const POSTSEAL_COMMENT_TOO_DEEP: i32 = 207;
/// ASN.1 elements are nested deeper than Limits::asn1_depth.
pub const POSTSEAL_ASN1_TOO_DEEP: i32 = 210;
/// There are more ASN.1 elements than Limits::asn1_elements, or more than 4096 indefinite lengths.
pub const POSTSEAL_ASN1_ELEMENTS_TOO_MANY: i32 = 211;
/// A constructed octet string has more segments than Limits::octet_string_segments.
pub const POSTSEAL_SEGMENTS_TOO_MANY: i32 = 212;
/// The CMS object has more bytes than Limits::cms_bytes.
pub const POSTSEAL_CMS_TOO_LARGE: i32 = 213;
/// The mail carries more certificates than Limits::certificates.
pub const POSTSEAL_CERTIFICATES_TOO_MANY: i32 = 214;
/// A certificate has more bytes than Limits::certificate_bytes.
pub const POSTSEAL_CERTIFICATE_TOO_LARGE: i32 = 215;
/// A certificate has more names than Limits::names, or more than sixteen times as many subtrees.
pub const POSTSEAL_NAMES_TOO_MANY: i32 = 216;
/// A SignerInfo has more attributes than Limits::attributes.
pub const POSTSEAL_ATTRIBUTES_TOO_MANY: i32 = 217;
/// The signed attributes have more bytes than Limits::attribute_bytes.
pub const POSTSEAL_ATTRIBUTES_TOO_LARGE: i32 = 218;
/// A certificate has more extensions than Limits::extensions.
pub const POSTSEAL_EXTENSIONS_TOO_MANY: i32 = 219;
/// A revocation list, or all of those in a mail together, has more bytes than Limits::crl_bytes.
pub const POSTSEAL_CRLS_TOO_LARGE: i32 = 220;
/// The message has more recipients than Limits::recipients.
pub const POSTSEAL_RECIPIENTS_TOO_MANY: i32 = 221;
/// A directory lent more certificates for one address than Limits::candidates; only the best of them were judged.
pub const POSTSEAL_CANDIDATES_TOO_MANY: i32 = 222;
/// The content is longer than AES-GCM allows for one key and nonce: 2^36 - 32 octets (NIST SP 800-38D 5.2.1.1).
pub const POSTSEAL_CONTENT_TOO_LONG: i32 = 223;
/// A certificate has more policies or policy mappings than Limits::policies.
pub const POSTSEAL_POLICIES_TOO_MANY: i32 = 224;
/// An OCSP response has more bytes than Limits::ocsp_bytes.
pub const POSTSEAL_OCSP_TOO_LARGE: i32 = 225;
/// The messages that are to be made at once have more bytes than Limits::sealed_bytes.
pub const POSTSEAL_MESSAGES_TOO_LARGE: i32 = 226;
/// The path to a trust anchor is longer than Limits::path_depth.
pub const POSTSEAL_PATH_TOO_DEEP: i32 = 230;
/// Building the path needs more signature checks than Limits::path_signatures.
pub const POSTSEAL_SIGNATURE_BUDGET: i32 = 231;
/// Building the path needs more steps than Limits::path_steps.
pub const POSTSEAL_BUILD_BUDGET: i32 = 232;
/// Name constraints need more comparisons than Limits::name_comparisons.
pub const POSTSEAL_NAME_BUDGET: i32 = 233;
/// Certificate policies need a larger graph than Limits::policy_nodes.
pub const POSTSEAL_POLICY_BUDGET: i32 = 234;
/// An ASN.1 element ends before its length says (X.690 8.1).
pub const POSTSEAL_ASN1_TRUNCATED: i32 = 301;
/// An ASN.1 element has another tag than its place in the structure asks for.
pub const POSTSEAL_ASN1_TAG: i32 = 302;
/// The length of an ASN.1 element is not a length (X.690 8.1.3).
pub const POSTSEAL_ASN1_LENGTH: i32 = 303;
/// Bytes follow where an ASN.1 structure has ended.
pub const POSTSEAL_ASN1_TRAILING: i32 = 304;
/// The value of an ASN.1 element is not one of its type.
pub const POSTSEAL_ASN1_VALUE: i32 = 305;
/// A UTCTime or GeneralizedTime names no point in time (RFC 5280 4.1.2.5).
pub const POSTSEAL_ASN1_TIME: i32 = 306;
/// The object is not a ContentInfo with signed-data (RFC 5652 5.1).
pub const POSTSEAL_CMS_NOT_SIGNED_DATA: i32 = 310;
/// The structure of the SignedData does not follow RFC 5652 5.1.
pub const POSTSEAL_CMS_MALFORMED: i32 = 311;
/// Something other than white space or zero padding follows the ContentInfo.
pub const POSTSEAL_CMS_TRAILING: i32 = 312;
/// The structure of a certificate does not follow RFC 5280 4.1.
pub const POSTSEAL_CERTIFICATE_MALFORMED: i32 = 320;
/// A certificate has the same extension twice (RFC 5280 4.2).
pub const POSTSEAL_EXTENSION_REPEATED: i32 = 321;
/// An extension that matters here cannot be decoded (RFC 5280 4.2.1).
pub const POSTSEAL_EXTENSION_MALFORMED: i32 = 322;
/// The public key is not a key of its algorithm, or its point is not on the curve.
pub const POSTSEAL_KEY_MALFORMED: i32 = 323;
/// The signature value or its parameters do not follow their algorithm.
pub const POSTSEAL_SIGNATURE_MALFORMED: i32 = 324;
/// The structure of a revocation list does not follow RFC 5280 5.1.
pub const POSTSEAL_CRL_MALFORMED: i32 = 325;
/// The structure of an OCSP response does not follow RFC 6960 4.2.
pub const POSTSEAL_OCSP_MALFORMED: i32 = 326;
/// A header field does not follow RFC 5322 2.2, or holds a NUL, a bare CR or a bare LF.
pub const POSTSEAL_HEADER_MALFORMED: i32 = 330;
/// The From field does not follow RFC 5322 3.6.2.
pub const POSTSEAL_FROM_MALFORMED: i32 = 331;
/// The text is not a mailbox of RFC 5321 4.1.2 or RFC 6531.
pub const POSTSEAL_ADDRESS_MALFORMED: i32 = 332;
/// The Content-Type field is ambiguous or does not follow RFC 2045 5.1.
pub const POSTSEAL_CONTENT_TYPE_MALFORMED: i32 = 333;
/// Base64 with something other than white space beside its alphabet (RFC 2045 6.8).
pub const POSTSEAL_BASE64_MALFORMED: i32 = 334;
/// Quoted-printable text does not follow RFC 2045 6.7.
pub const POSTSEAL_QUOTED_PRINTABLE_MALFORMED: i32 = 335;
/// A multipart/signed is not exactly two closed parts (RFC 1847 2.1).
pub const POSTSEAL_MULTIPART_MALFORMED: i32 = 336;
/// The Content-Transfer-Encoding is not one of RFC 2045 6.1.
pub const POSTSEAL_TRANSFER_ENCODING_UNKNOWN: i32 = 337;
/// The text has no readable PEM block with a certificate (RFC 7468).
pub const POSTSEAL_PEM_MALFORMED: i32 = 340;
/// Only a part of the mail is signed; the signed entity must be the MIME root.
pub const POSTSEAL_SIGNATURE_NOT_AT_ROOT: i32 = 401;
/// The smime-type parameter contradicts the content (RFC 8551 3.2.2).
pub const POSTSEAL_SMIME_TYPE_MISMATCH: i32 = 402;
/// The protocol parameter is not a pkcs7 signature or differs from the second part (RFC 1847 2.1).
pub const POSTSEAL_PROTOCOL_MISMATCH: i32 = 403;
/// A multipart has a transfer encoding other than 7bit, 8bit or binary (RFC 2045 6.4).
pub const POSTSEAL_MULTIPART_ENCODED: i32 = 404;
/// The SignedData has no signer: it only carries certificates (RFC 8551 3.8).
pub const POSTSEAL_CERTS_ONLY: i32 = 405;
/// The mail is encrypted; what is inside is not looked at.
pub const POSTSEAL_ENCRYPTED: i32 = 406;
/// The mail is encrypted already, and is not wrapped a second time.
pub const POSTSEAL_ALREADY_ENCRYPTED: i32 = 407;
/// The mail has no From field (RFC 5322 3.6).
pub const POSTSEAL_FROM_MISSING: i32 = 410;
/// The mail has more than one From field (RFC 5322 3.6).
pub const POSTSEAL_FROM_REPEATED: i32 = 411;
/// The From field names a group, nobody, or more than one mailbox.
pub const POSTSEAL_FROM_NOT_ONE_MAILBOX: i32 = 412;
/// The protected From field differs from the outer one (RFC 9788 4.4).
pub const POSTSEAL_PROTECTED_FROM_MISMATCH: i32 = 413;
/// The SignedData has more than one SignerInfo.
pub const POSTSEAL_SIGNERS_MANY: i32 = 420;
/// The SignerInfo has no signed attributes, so the signature does not say what it covers.
pub const POSTSEAL_SIGNED_ATTRIBUTES_MISSING: i32 = 421;
/// An attribute that may stand once stands twice or has several values (RFC 5652 11, RFC 8551 2.5).
pub const POSTSEAL_ATTRIBUTE_REPEATED: i32 = 422;
/// The signed attributes lack contentType (RFC 5652 11.1).
pub const POSTSEAL_CONTENT_TYPE_MISSING: i32 = 423;
/// The contentType attribute, the eContentType and id-data are not the same (RFC 5652 11.1).
pub const POSTSEAL_CONTENT_TYPE_MISMATCH: i32 = 424;
/// The signed attributes lack messageDigest (RFC 5652 11.2).
pub const POSTSEAL_MESSAGE_DIGEST_MISSING: i32 = 425;
/// The content is given twice: detached and inside the SignedData.
pub const POSTSEAL_CONTENT_TWICE: i32 = 426;
/// The SignedData has no content, and no detached content stands beside it.
pub const POSTSEAL_CONTENT_MISSING: i32 = 427;
/// The content is itself a DER set of attributes, the shape of a known forgery.
pub const POSTSEAL_CONTENT_IS_ATTRIBUTES: i32 = 428;
/// The signingCertificate attribute names another certificate than the signer identifier (RFC 5035 5).
pub const POSTSEAL_SIGNER_MISMATCH: i32 = 429;
/// The signature covers the signed attributes in another order than DER (RFC 5652 5.4).
pub const POSTSEAL_ATTRIBUTES_NOT_DER: i32 = 430;
/// A signed attribute is not of its type (RFC 5652 11, RFC 8551 2.5).
pub const POSTSEAL_ATTRIBUTE_MALFORMED: i32 = 431;
/// contentType, messageDigest or signingTime stands among the unsigned attributes (RFC 5652 11.1 to 11.3).
pub const POSTSEAL_ATTRIBUTE_NOT_SIGNED: i32 = 432;
/// The digest (MD2, MD4, MD5 or SHA-1) can be forged.
pub const POSTSEAL_WEAK_DIGEST: i32 = 440;
/// The digest algorithm is not SHA-256, SHA-384 or SHA-512.
pub const POSTSEAL_DIGEST_UNSUPPORTED: i32 = 441;
/// The signature algorithm is not one of RFC 8551 2.2, or does not go with the key.
pub const POSTSEAL_SIGNATURE_UNSUPPORTED: i32 = 442;
/// The RSA modulus has fewer bits than Limits::rsa_bits_min.
pub const POSTSEAL_RSA_TOO_SMALL: i32 = 443;
/// The RSA modulus has more bits than Limits::rsa_bits_max.
pub const POSTSEAL_RSA_TOO_LARGE: i32 = 444;
/// The RSA public exponent is even, too small or larger than 2^32.
pub const POSTSEAL_RSA_EXPONENT: i32 = 445;
/// The RSA key has the fingerprint of CVE-2017-15361 (ROCA): it can be factored.
pub const POSTSEAL_RSA_ROCA: i32 = 446;
/// The RSA primes are so close that Fermat's method factors the key (CVE-2022-26320).
pub const POSTSEAL_RSA_CLOSE_PRIMES: i32 = 447;
/// DSA keys are not accepted.
pub const POSTSEAL_DSA_KEY: i32 = 448;
/// The curve is spelled out instead of named (CVE-2020-0601).
pub const POSTSEAL_EXPLICIT_CURVE: i32 = 449;
/// The curve is not P-256, P-384 or P-521.
pub const POSTSEAL_CURVE_UNSUPPORTED: i32 = 450;
/// The algorithm of the public key is not one of RFC 8550 4.3.
pub const POSTSEAL_KEY_UNSUPPORTED: i32 = 451;
/// The key's algorithm identifier does not allow this use (RFC 4055 1.2, RFC 5480 2.1.2).
pub const POSTSEAL_KEY_ALGORITHM_USE: i32 = 452;
/// Authenticated encryption is required, and the recipient's signed capabilities do not name it (RFC 8551 2.5.2, 2.7).
pub const POSTSEAL_AEAD_NOT_SUPPORTED: i32 = 453;
/// No content encryption is allowed by the policy and read by every recipient.
pub const POSTSEAL_CONTENT_ENCRYPTION_MISMATCH: i32 = 454;
/// The certificate names no mailbox.
pub const POSTSEAL_ADDRESS_MISSING: i32 = 460;
/// The mailbox of the author or recipient is not one of the certificate's (RFC 8550 3).
pub const POSTSEAL_ADDRESS_MISMATCH: i32 = 461;
/// A mailbox in the certificate does not follow the strict grammar, so the whole certificate is refused.
pub const POSTSEAL_NAME_UNDECODABLE: i32 = 462;
/// A domain label is not in the form that IDNA compares (RFC 9598 5).
pub const POSTSEAL_DOMAIN_NOT_MAPPED: i32 = 463;
/// The message has no recipient.
pub const POSTSEAL_RECIPIENTS_MISSING: i32 = 464;
/// The address stands twice among the recipients.
pub const POSTSEAL_RECIPIENT_REPEATED: i32 = 465;
/// The signer's certificate is a CA certificate; a CA is not a correspondent.
pub const POSTSEAL_SIGNER_IS_CA: i32 = 470;
/// The key usage allows neither digitalSignature nor nonRepudiation (RFC 8550 4.4.2).
pub const POSTSEAL_KEY_USAGE_SIGN: i32 = 471;
/// The certificate cannot encrypt: keyEncipherment (RSA) or keyAgreement (EC) is missing (RFC 5280 4.2.1.3).
pub const POSTSEAL_KEY_USAGE_ENCRYPT: i32 = 472;
/// The extended key usage does not include e-mail protection (RFC 8550 4.4.4).
pub const POSTSEAL_EXTENDED_KEY_USAGE: i32 = 473;
/// The key's algorithm cannot encrypt (Ed25519, or an id-RSASSA-PSS key).
pub const POSTSEAL_KEY_CANNOT_ENCRYPT: i32 = 474;
/// The certificate breaks a rule of the strict profile (CA/B S/MIME BR 6, 7).
pub const POSTSEAL_PROFILE_STRICT: i32 = 475;
/// The certificate that the signer prefers for encryption is neither in the mail nor in the store (RFC 8551 2.5.3).
pub const POSTSEAL_KEY_PREFERENCE_NOT_FOUND: i32 = 480;
/// The certificate that the signer prefers for encryption failed a check.
pub const POSTSEAL_KEY_PREFERENCE_UNUSABLE: i32 = 481;
/// Neither the store nor a directory has a certificate for the address.
pub const POSTSEAL_NO_CERTIFICATE: i32 = 482;
/// The certificate waits for an operator's decision.
pub const POSTSEAL_CERTIFICATE_HELD: i32 = 483;
/// This route does not encrypt.
pub const POSTSEAL_ROUTE_NEVER_SEALS: i32 = 484;
/// The certificate is older than the one in use, of which it is the same line.
pub const POSTSEAL_OLDER_THAN_ACTIVE: i32 = 490;
/// An operator rejected this certificate for this address.
pub const POSTSEAL_CERTIFICATE_REJECTED: i32 = 491;
/// An operator disabled this certificate for this address.
pub const POSTSEAL_CERTIFICATE_DISABLED: i32 = 492;
/// The address has another certificate in use; an operator must decide.
pub const POSTSEAL_CERTIFICATE_CONFLICT: i32 = 493;
/// No certificate of the address can be used, and others of it were rejected or disabled, or wait; an operator must decide.
pub const POSTSEAL_ADDRESS_DECIDED: i32 = 494;
/// The certificate is stored for this address, but waits or was replaced; approve it by its fingerprint.
pub const POSTSEAL_CERTIFICATE_KNOWN: i32 = 495;
/// An operator pinned another certificate for this address; approve or remove that one first.
pub const POSTSEAL_CERTIFICATE_PINNED: i32 = 496;
/// No revocation source that counts says anything about a certificate of the path.
pub const POSTSEAL_REVOCATION_UNKNOWN: i32 = 497;
/// The tenant learns no more certificates of this kind for now: a quota of its store is used up.
pub const POSTSEAL_QUOTA_EXCEEDED: i32 = 498;
/// The store did not answer.
pub const POSTSEAL_STORE_UNAVAILABLE: i32 = 501;
/// Other writers changed the entry more often than the engine tries again.
pub const POSTSEAL_STORE_CONTENDED: i32 = 502;
/// A directory did not answer, so that a certificate for the address may exist.
pub const POSTSEAL_DIRECTORY_UNAVAILABLE: i32 = 503;
/// The source of randomness failed, so that nothing was encrypted.
pub const POSTSEAL_RANDOM_UNAVAILABLE: i32 = 504;
/// A revocation source of a certificate did not answer.
pub const POSTSEAL_REVOCATION_UNAVAILABLE: i32 = 505;
/// The OCSP responder gave no response: it is overloaded or not responsible (RFC 6960 2.3).
pub const POSTSEAL_OCSP_UNAVAILABLE: i32 = 506;
/// A missing issuer could not be fetched from where the certificate says.
pub const POSTSEAL_ISSUER_UNAVAILABLE: i32 = 507;
/// The engine failed because of a mistake of its own; the call counts as not done.
pub const POSTSEAL_INTERNAL_ERROR: i32 = 508;
/// The host did not take the output; what it took before is no message, and is to be thrown away.
pub const POSTSEAL_OUTPUT_FAILED: i32 = 509;
/// The signature does not verify under the signer's key.
pub const POSTSEAL_SIGNATURE_INVALID: i32 = 601;
/// The content is not the one that was signed (RFC 5652 5.6).
pub const POSTSEAL_DIGEST_MISMATCH: i32 = 602;
/// The signer's certificate is not in the mail (RFC 5652 5.3).
pub const POSTSEAL_SIGNER_NOT_FOUND: i32 = 603;
/// No path leads to a trust anchor.
pub const POSTSEAL_PATH_NOT_FOUND: i32 = 610;
/// A certificate of the path has expired.
pub const POSTSEAL_CERTIFICATE_EXPIRED: i32 = 611;
/// A certificate of the path is not valid yet.
pub const POSTSEAL_CERTIFICATE_NOT_YET_VALID: i32 = 612;
/// A certificate of the path is not signed by its issuer's key.
pub const POSTSEAL_PATH_SIGNATURE_INVALID: i32 = 613;
/// An issuer in the path is not a CA certificate (RFC 5280 4.2.1.9, 6.1.4 k).
pub const POSTSEAL_ISSUER_NOT_CA: i32 = 614;
/// An issuer in the path may not sign certificates (RFC 5280 6.1.4 n).
pub const POSTSEAL_ISSUER_KEY_USAGE: i32 = 615;
/// A pathLenConstraint is exceeded (RFC 5280 6.1.4 l, m).
pub const POSTSEAL_PATH_LENGTH: i32 = 616;
/// A name lies outside the permitted subtrees (RFC 5280 6.1.3 b).
pub const POSTSEAL_NAME_NOT_PERMITTED: i32 = 617;
/// A name lies inside an excluded subtree (RFC 5280 6.1.3 c).
pub const POSTSEAL_NAME_EXCLUDED: i32 = 618;
/// A name constraint applies to a name that cannot be decoded or compared, so the path fails.
pub const POSTSEAL_NAME_CONSTRAINT_UNDECIDABLE: i32 = 619;
/// A critical extension is not known (RFC 5280 4.2).
pub const POSTSEAL_CRITICAL_EXTENSION: i32 = 620;
/// A certificate of the path has an empty issuer name (RFC 5280 4.1.2.4).
pub const POSTSEAL_ISSUER_NAME_EMPTY: i32 = 621;
/// A certificate names two different signature algorithms (RFC 5280 4.1.1.2).
pub const POSTSEAL_PATH_ALGORITHM: i32 = 622;
/// An issuer is not a version 3 certificate (RFC 5280 6.1.4 k).
pub const POSTSEAL_CERTIFICATE_VERSION: i32 = 623;
/// A certificate policy is required, and none, or none that was asked for, is valid for the whole path (RFC 5280 6.1.3 f, 6.1.5 g).
pub const POSTSEAL_POLICY_NOT_VALID: i32 = 624;
/// A CA of the path maps a policy from or to anyPolicy (RFC 5280 6.1.4 a).
pub const POSTSEAL_POLICY_MAPPING_ANY: i32 = 625;
/// A certificate of the path is revoked.
pub const POSTSEAL_CERTIFICATE_REVOKED: i32 = 630;
/// A newer revocation list should exist: the time of its nextUpdate is over, or it has none (RFC 5280 5.1.2.5).
pub const POSTSEAL_CRL_STALE: i32 = 631;
/// A revocation list was issued in the future.
pub const POSTSEAL_CRL_NOT_YET_VALID: i32 = 632;
/// A critical extension of a revocation list or of an entry is not known (RFC 5280 5.2, 5.3).
pub const POSTSEAL_CRL_CRITICAL_EXTENSION: i32 = 633;
/// No certificate of the list's issuer stands above the certificate, or was issued by who does (RFC 5280 6.3.3 f).
pub const POSTSEAL_CRL_ISSUER_NOT_FOUND: i32 = 634;
/// The key of the list's issuer may not sign lists (RFC 5280 6.3.3 f).
pub const POSTSEAL_CRL_ISSUER_KEY_USAGE: i32 = 635;
/// The certificate of the list's issuer is revoked, or nothing is known about it where the policy wants to know.
pub const POSTSEAL_CRL_ISSUER_REVOKED: i32 = 636;
/// A revocation list is not signed by its issuer's key.
pub const POSTSEAL_CRL_SIGNATURE_INVALID: i32 = 637;
/// The time of an OCSP response is over (RFC 6960 4.2.2.1).
pub const POSTSEAL_OCSP_STALE: i32 = 640;
/// An OCSP response was issued in the future.
pub const POSTSEAL_OCSP_NOT_YET_VALID: i32 = 641;
/// A critical extension of an OCSP response is not known.
pub const POSTSEAL_OCSP_CRITICAL_EXTENSION: i32 = 642;
/// The certificate of whoever signed the OCSP response is neither the issuer nor in the response.
pub const POSTSEAL_OCSP_SIGNER_NOT_FOUND: i32 = 643;
/// The issuer did not name the signer of the OCSP response for this (RFC 6960 4.2.2.2).
pub const POSTSEAL_OCSP_SIGNER_NOT_ALLOWED: i32 = 644;
/// The signature of the OCSP response does not hold.
pub const POSTSEAL_OCSP_SIGNATURE_INVALID: i32 = 645;
/// The OCSP response is about other certificates.
pub const POSTSEAL_OCSP_MISMATCH: i32 = 646;
/// The OCSP response does not repeat the nonce of the request (RFC 9654).
pub const POSTSEAL_OCSP_NONCE_MISMATCH: i32 = 647;
/// The OCSP responder does not know the certificate.
pub const POSTSEAL_OCSP_UNKNOWN: i32 = 648;

/// Number, name, sentence.
pub(crate) const WORDS: &[(i32, &CStr, &CStr)] = &[
    (POSTSEAL_FOREIGN_ANSWER, c"foreign-answer", c"The answer belongs to a question of another operation."),
    (POSTSEAL_UNANSWERED, c"unanswered", c"The operation waits for an answer, but no question is open."),
    (POSTSEAL_POLLED_WHILE_FINISHED, c"polled-while-finished", c"The operation has already given its result."),
    (POSTSEAL_FINGERPRINT_MALFORMED, c"fingerprint-malformed", c"A fingerprint is 64 hexadecimal digits."),
    (POSTSEAL_LENGTH_MISMATCH, c"length-mismatch", c"The mail is not as long as was declared; no message was finished."),
    (POSTSEAL_DIRECTORY_UNKNOWN, c"directory-unknown", c"The host has no directory with this name."),
    (POSTSEAL_STORE_MISSING, c"store-missing", c"The host has no store, and this needs one."),
    (POSTSEAL_QUESTION_ANSWERED, c"question-answered", c"The question has been answered already; an answer is given once."),
    (POSTSEAL_ANSWER_KIND, c"answer-kind", c"The answer is not of the kind that the question asks for."),
    (POSTSEAL_ARGUMENT_NULL, c"argument-null", c"An argument that must be given is NULL."),
    (POSTSEAL_TEXT_NOT_UTF8, c"text-not-utf8", c"A text is not UTF-8."),
    (POSTSEAL_CONFIGURATION_INVALID, c"configuration-invalid", c"The configuration cannot be used as it is."),
    (POSTSEAL_HANDLE_IN_USE, c"handle-in-use", c"The object is in use by another call, or is spent."),
    (POSTSEAL_VALUE_UNKNOWN, c"value-unknown", c"The value is not one of those that are defined."),
    (POSTSEAL_MESSAGE_TOO_LARGE, c"message-too-large", c"The mail has more bytes than Limits::message_bytes."),
    (POSTSEAL_HEADER_BLOCK_TOO_LARGE, c"header-block-too-large", c"A header block has more bytes than Limits::header_bytes."),
    (POSTSEAL_HEADER_LINE_TOO_LONG, c"header-line-too-long", c"A header field has more bytes than Limits::header_field_bytes."),
    (POSTSEAL_HEADERS_TOO_MANY, c"headers-too-many", c"There are more header fields than Limits::header_fields."),
    (POSTSEAL_MIME_TOO_DEEP, c"mime-too-deep", c"MIME entities are nested deeper than Limits::mime_depth."),
    (POSTSEAL_MIME_PARTS_TOO_MANY, c"mime-parts-too-many", c"There are more MIME parts than Limits::mime_parts."),
    (POSTSEAL_COMMENT_TOO_DEEP, c"comment-too-deep", c"Comments in an address are nested deeper than Limits::comment_depth."),
    (POSTSEAL_ASN1_TOO_DEEP, c"asn1-too-deep", c"ASN.1 elements are nested deeper than Limits::asn1_depth."),
    (POSTSEAL_ASN1_ELEMENTS_TOO_MANY, c"asn1-elements-too-many", c"There are more ASN.1 elements than Limits::asn1_elements, or more than 4096 indefinite lengths."),
    (POSTSEAL_SEGMENTS_TOO_MANY, c"segments-too-many", c"A constructed octet string has more segments than Limits::octet_string_segments."),
    (POSTSEAL_CMS_TOO_LARGE, c"cms-too-large", c"The CMS object has more bytes than Limits::cms_bytes."),
    (POSTSEAL_CERTIFICATES_TOO_MANY, c"certificates-too-many", c"The mail carries more certificates than Limits::certificates."),
    (POSTSEAL_CERTIFICATE_TOO_LARGE, c"certificate-too-large", c"A certificate has more bytes than Limits::certificate_bytes."),
    (POSTSEAL_NAMES_TOO_MANY, c"names-too-many", c"A certificate has more names than Limits::names, or more than sixteen times as many subtrees."),
    (POSTSEAL_ATTRIBUTES_TOO_MANY, c"attributes-too-many", c"A SignerInfo has more attributes than Limits::attributes."),
    (POSTSEAL_ATTRIBUTES_TOO_LARGE, c"attributes-too-large", c"The signed attributes have more bytes than Limits::attribute_bytes."),
    (POSTSEAL_EXTENSIONS_TOO_MANY, c"extensions-too-many", c"A certificate has more extensions than Limits::extensions."),
    (POSTSEAL_CRLS_TOO_LARGE, c"crls-too-large", c"A revocation list, or all of those in a mail together, has more bytes than Limits::crl_bytes."),
    (POSTSEAL_RECIPIENTS_TOO_MANY, c"recipients-too-many", c"The message has more recipients than Limits::recipients."),
    (POSTSEAL_CANDIDATES_TOO_MANY, c"candidates-too-many", c"A directory lent more certificates for one address than Limits::candidates; only the best of them were judged."),
    (POSTSEAL_CONTENT_TOO_LONG, c"content-too-long", c"The content is longer than AES-GCM allows for one key and nonce: 2^36 - 32 octets (NIST SP 800-38D 5.2.1.1)."),
    (POSTSEAL_POLICIES_TOO_MANY, c"policies-too-many", c"A certificate has more policies or policy mappings than Limits::policies."),
    (POSTSEAL_OCSP_TOO_LARGE, c"ocsp-too-large", c"An OCSP response has more bytes than Limits::ocsp_bytes."),
    (POSTSEAL_MESSAGES_TOO_LARGE, c"messages-too-large", c"The messages that are to be made at once have more bytes than Limits::sealed_bytes."),
    (POSTSEAL_PATH_TOO_DEEP, c"path-too-deep", c"The path to a trust anchor is longer than Limits::path_depth."),
    (POSTSEAL_SIGNATURE_BUDGET, c"signature-budget", c"Building the path needs more signature checks than Limits::path_signatures."),
    (POSTSEAL_BUILD_BUDGET, c"build-budget", c"Building the path needs more steps than Limits::path_steps."),
    (POSTSEAL_NAME_BUDGET, c"name-budget", c"Name constraints need more comparisons than Limits::name_comparisons."),
    (POSTSEAL_POLICY_BUDGET, c"policy-budget", c"Certificate policies need a larger graph than Limits::policy_nodes."),
    (POSTSEAL_ASN1_TRUNCATED, c"asn1-truncated", c"An ASN.1 element ends before its length says (X.690 8.1)."),
    (POSTSEAL_ASN1_TAG, c"asn1-tag", c"An ASN.1 element has another tag than its place in the structure asks for."),
    (POSTSEAL_ASN1_LENGTH, c"asn1-length", c"The length of an ASN.1 element is not a length (X.690 8.1.3)."),
    (POSTSEAL_ASN1_TRAILING, c"asn1-trailing", c"Bytes follow where an ASN.1 structure has ended."),
    (POSTSEAL_ASN1_VALUE, c"asn1-value", c"The value of an ASN.1 element is not one of its type."),
    (POSTSEAL_ASN1_TIME, c"asn1-time", c"A UTCTime or GeneralizedTime names no point in time (RFC 5280 4.1.2.5)."),
    (POSTSEAL_CMS_NOT_SIGNED_DATA, c"cms-not-signed-data", c"The object is not a ContentInfo with signed-data (RFC 5652 5.1)."),
    (POSTSEAL_CMS_MALFORMED, c"cms-malformed", c"The structure of the SignedData does not follow RFC 5652 5.1."),
    (POSTSEAL_CMS_TRAILING, c"cms-trailing", c"Something other than white space or zero padding follows the ContentInfo."),
    (POSTSEAL_CERTIFICATE_MALFORMED, c"certificate-malformed", c"The structure of a certificate does not follow RFC 5280 4.1."),
    (POSTSEAL_EXTENSION_REPEATED, c"extension-repeated", c"A certificate has the same extension twice (RFC 5280 4.2)."),
    (POSTSEAL_EXTENSION_MALFORMED, c"extension-malformed", c"An extension that matters here cannot be decoded (RFC 5280 4.2.1)."),
    (POSTSEAL_KEY_MALFORMED, c"key-malformed", c"The public key is not a key of its algorithm, or its point is not on the curve."),
    (POSTSEAL_SIGNATURE_MALFORMED, c"signature-malformed", c"The signature value or its parameters do not follow their algorithm."),
    (POSTSEAL_CRL_MALFORMED, c"crl-malformed", c"The structure of a revocation list does not follow RFC 5280 5.1."),
    (POSTSEAL_OCSP_MALFORMED, c"ocsp-malformed", c"The structure of an OCSP response does not follow RFC 6960 4.2."),
    (POSTSEAL_HEADER_MALFORMED, c"header-malformed", c"A header field does not follow RFC 5322 2.2, or holds a NUL, a bare CR or a bare LF."),
    (POSTSEAL_FROM_MALFORMED, c"from-malformed", c"The From field does not follow RFC 5322 3.6.2."),
    (POSTSEAL_ADDRESS_MALFORMED, c"address-malformed", c"The text is not a mailbox of RFC 5321 4.1.2 or RFC 6531."),
    (POSTSEAL_CONTENT_TYPE_MALFORMED, c"content-type-malformed", c"The Content-Type field is ambiguous or does not follow RFC 2045 5.1."),
    (POSTSEAL_BASE64_MALFORMED, c"base64-malformed", c"Base64 with something other than white space beside its alphabet (RFC 2045 6.8)."),
    (POSTSEAL_QUOTED_PRINTABLE_MALFORMED, c"quoted-printable-malformed", c"Quoted-printable text does not follow RFC 2045 6.7."),
    (POSTSEAL_MULTIPART_MALFORMED, c"multipart-malformed", c"A multipart/signed is not exactly two closed parts (RFC 1847 2.1)."),
    (POSTSEAL_TRANSFER_ENCODING_UNKNOWN, c"transfer-encoding-unknown", c"The Content-Transfer-Encoding is not one of RFC 2045 6.1."),
    (POSTSEAL_PEM_MALFORMED, c"pem-malformed", c"The text has no readable PEM block with a certificate (RFC 7468)."),
    (POSTSEAL_SIGNATURE_NOT_AT_ROOT, c"signature-not-at-root", c"Only a part of the mail is signed; the signed entity must be the MIME root."),
    (POSTSEAL_SMIME_TYPE_MISMATCH, c"smime-type-mismatch", c"The smime-type parameter contradicts the content (RFC 8551 3.2.2)."),
    (POSTSEAL_PROTOCOL_MISMATCH, c"protocol-mismatch", c"The protocol parameter is not a pkcs7 signature or differs from the second part (RFC 1847 2.1)."),
    (POSTSEAL_MULTIPART_ENCODED, c"multipart-encoded", c"A multipart has a transfer encoding other than 7bit, 8bit or binary (RFC 2045 6.4)."),
    (POSTSEAL_CERTS_ONLY, c"certs-only", c"The SignedData has no signer: it only carries certificates (RFC 8551 3.8)."),
    (POSTSEAL_ENCRYPTED, c"encrypted", c"The mail is encrypted; what is inside is not looked at."),
    (POSTSEAL_ALREADY_ENCRYPTED, c"already-encrypted", c"The mail is encrypted already, and is not wrapped a second time."),
    (POSTSEAL_FROM_MISSING, c"from-missing", c"The mail has no From field (RFC 5322 3.6)."),
    (POSTSEAL_FROM_REPEATED, c"from-repeated", c"The mail has more than one From field (RFC 5322 3.6)."),
    (POSTSEAL_FROM_NOT_ONE_MAILBOX, c"from-not-one-mailbox", c"The From field names a group, nobody, or more than one mailbox."),
    (POSTSEAL_PROTECTED_FROM_MISMATCH, c"protected-from-mismatch", c"The protected From field differs from the outer one (RFC 9788 4.4)."),
    (POSTSEAL_SIGNERS_MANY, c"signers-many", c"The SignedData has more than one SignerInfo."),
    (POSTSEAL_SIGNED_ATTRIBUTES_MISSING, c"signed-attributes-missing", c"The SignerInfo has no signed attributes, so the signature does not say what it covers."),
    (POSTSEAL_ATTRIBUTE_REPEATED, c"attribute-repeated", c"An attribute that may stand once stands twice or has several values (RFC 5652 11, RFC 8551 2.5)."),
    (POSTSEAL_CONTENT_TYPE_MISSING, c"content-type-missing", c"The signed attributes lack contentType (RFC 5652 11.1)."),
    (POSTSEAL_CONTENT_TYPE_MISMATCH, c"content-type-mismatch", c"The contentType attribute, the eContentType and id-data are not the same (RFC 5652 11.1)."),
    (POSTSEAL_MESSAGE_DIGEST_MISSING, c"message-digest-missing", c"The signed attributes lack messageDigest (RFC 5652 11.2)."),
    (POSTSEAL_CONTENT_TWICE, c"content-twice", c"The content is given twice: detached and inside the SignedData."),
    (POSTSEAL_CONTENT_MISSING, c"content-missing", c"The SignedData has no content, and no detached content stands beside it."),
    (POSTSEAL_CONTENT_IS_ATTRIBUTES, c"content-is-attributes", c"The content is itself a DER set of attributes, the shape of a known forgery."),
    (POSTSEAL_SIGNER_MISMATCH, c"signer-mismatch", c"The signingCertificate attribute names another certificate than the signer identifier (RFC 5035 5)."),
    (POSTSEAL_ATTRIBUTES_NOT_DER, c"attributes-not-der", c"The signature covers the signed attributes in another order than DER (RFC 5652 5.4)."),
    (POSTSEAL_ATTRIBUTE_MALFORMED, c"attribute-malformed", c"A signed attribute is not of its type (RFC 5652 11, RFC 8551 2.5)."),
    (POSTSEAL_ATTRIBUTE_NOT_SIGNED, c"attribute-not-signed", c"contentType, messageDigest or signingTime stands among the unsigned attributes (RFC 5652 11.1 to 11.3)."),
    (POSTSEAL_WEAK_DIGEST, c"weak-digest", c"The digest (MD2, MD4, MD5 or SHA-1) can be forged."),
    (POSTSEAL_DIGEST_UNSUPPORTED, c"digest-unsupported", c"The digest algorithm is not SHA-256, SHA-384 or SHA-512."),
    (POSTSEAL_SIGNATURE_UNSUPPORTED, c"signature-unsupported", c"The signature algorithm is not one of RFC 8551 2.2, or does not go with the key."),
    (POSTSEAL_RSA_TOO_SMALL, c"rsa-too-small", c"The RSA modulus has fewer bits than Limits::rsa_bits_min."),
    (POSTSEAL_RSA_TOO_LARGE, c"rsa-too-large", c"The RSA modulus has more bits than Limits::rsa_bits_max."),
    (POSTSEAL_RSA_EXPONENT, c"rsa-exponent", c"The RSA public exponent is even, too small or larger than 2^32."),
    (POSTSEAL_RSA_ROCA, c"rsa-roca", c"The RSA key has the fingerprint of CVE-2017-15361 (ROCA): it can be factored."),
    (POSTSEAL_RSA_CLOSE_PRIMES, c"rsa-close-primes", c"The RSA primes are so close that Fermat's method factors the key (CVE-2022-26320)."),
    (POSTSEAL_DSA_KEY, c"dsa-key", c"DSA keys are not accepted."),
    (POSTSEAL_EXPLICIT_CURVE, c"explicit-curve", c"The curve is spelled out instead of named (CVE-2020-0601)."),
    (POSTSEAL_CURVE_UNSUPPORTED, c"curve-unsupported", c"The curve is not P-256, P-384 or P-521."),
    (POSTSEAL_KEY_UNSUPPORTED, c"key-unsupported", c"The algorithm of the public key is not one of RFC 8550 4.3."),
    (POSTSEAL_KEY_ALGORITHM_USE, c"key-algorithm-use", c"The key's algorithm identifier does not allow this use (RFC 4055 1.2, RFC 5480 2.1.2)."),
    (POSTSEAL_AEAD_NOT_SUPPORTED, c"aead-not-supported", c"Authenticated encryption is required, and the recipient's signed capabilities do not name it (RFC 8551 2.5.2, 2.7)."),
    (POSTSEAL_CONTENT_ENCRYPTION_MISMATCH, c"content-encryption-mismatch", c"No content encryption is allowed by the policy and read by every recipient."),
    (POSTSEAL_ADDRESS_MISSING, c"address-missing", c"The certificate names no mailbox."),
    (POSTSEAL_ADDRESS_MISMATCH, c"address-mismatch", c"The mailbox of the author or recipient is not one of the certificate's (RFC 8550 3)."),
    (POSTSEAL_NAME_UNDECODABLE, c"name-undecodable", c"A mailbox in the certificate does not follow the strict grammar, so the whole certificate is refused."),
    (POSTSEAL_DOMAIN_NOT_MAPPED, c"domain-not-mapped", c"A domain label is not in the form that IDNA compares (RFC 9598 5)."),
    (POSTSEAL_RECIPIENTS_MISSING, c"recipients-missing", c"The message has no recipient."),
    (POSTSEAL_RECIPIENT_REPEATED, c"recipient-repeated", c"The address stands twice among the recipients."),
    (POSTSEAL_SIGNER_IS_CA, c"signer-is-ca", c"The signer's certificate is a CA certificate; a CA is not a correspondent."),
    (POSTSEAL_KEY_USAGE_SIGN, c"key-usage-sign", c"The key usage allows neither digitalSignature nor nonRepudiation (RFC 8550 4.4.2)."),
    (POSTSEAL_KEY_USAGE_ENCRYPT, c"key-usage-encrypt", c"The certificate cannot encrypt: keyEncipherment (RSA) or keyAgreement (EC) is missing (RFC 5280 4.2.1.3)."),
    (POSTSEAL_EXTENDED_KEY_USAGE, c"extended-key-usage", c"The extended key usage does not include e-mail protection (RFC 8550 4.4.4)."),
    (POSTSEAL_KEY_CANNOT_ENCRYPT, c"key-cannot-encrypt", c"The key's algorithm cannot encrypt (Ed25519, or an id-RSASSA-PSS key)."),
    (POSTSEAL_PROFILE_STRICT, c"profile-strict", c"The certificate breaks a rule of the strict profile (CA/B S/MIME BR 6, 7)."),
    (POSTSEAL_KEY_PREFERENCE_NOT_FOUND, c"key-preference-not-found", c"The certificate that the signer prefers for encryption is neither in the mail nor in the store (RFC 8551 2.5.3)."),
    (POSTSEAL_KEY_PREFERENCE_UNUSABLE, c"key-preference-unusable", c"The certificate that the signer prefers for encryption failed a check."),
    (POSTSEAL_NO_CERTIFICATE, c"no-certificate", c"Neither the store nor a directory has a certificate for the address."),
    (POSTSEAL_CERTIFICATE_HELD, c"certificate-held", c"The certificate waits for an operator's decision."),
    (POSTSEAL_ROUTE_NEVER_SEALS, c"route-never-seals", c"This route does not encrypt."),
    (POSTSEAL_OLDER_THAN_ACTIVE, c"older-than-active", c"The certificate is older than the one in use, of which it is the same line."),
    (POSTSEAL_CERTIFICATE_REJECTED, c"certificate-rejected", c"An operator rejected this certificate for this address."),
    (POSTSEAL_CERTIFICATE_DISABLED, c"certificate-disabled", c"An operator disabled this certificate for this address."),
    (POSTSEAL_CERTIFICATE_CONFLICT, c"certificate-conflict", c"The address has another certificate in use; an operator must decide."),
    (POSTSEAL_ADDRESS_DECIDED, c"address-decided", c"No certificate of the address can be used, and others of it were rejected or disabled, or wait; an operator must decide."),
    (POSTSEAL_CERTIFICATE_KNOWN, c"certificate-known", c"The certificate is stored for this address, but waits or was replaced; approve it by its fingerprint."),
    (POSTSEAL_CERTIFICATE_PINNED, c"certificate-pinned", c"An operator pinned another certificate for this address; approve or remove that one first."),
    (POSTSEAL_REVOCATION_UNKNOWN, c"revocation-unknown", c"No revocation source that counts says anything about a certificate of the path."),
    (POSTSEAL_QUOTA_EXCEEDED, c"quota-exceeded", c"The tenant learns no more certificates of this kind for now: a quota of its store is used up."),
    (POSTSEAL_STORE_UNAVAILABLE, c"store-unavailable", c"The store did not answer."),
    (POSTSEAL_STORE_CONTENDED, c"store-contended", c"Other writers changed the entry more often than the engine tries again."),
    (POSTSEAL_DIRECTORY_UNAVAILABLE, c"directory-unavailable", c"A directory did not answer, so that a certificate for the address may exist."),
    (POSTSEAL_RANDOM_UNAVAILABLE, c"random-unavailable", c"The source of randomness failed, so that nothing was encrypted."),
    (POSTSEAL_REVOCATION_UNAVAILABLE, c"revocation-unavailable", c"A revocation source of a certificate did not answer."),
    (POSTSEAL_OCSP_UNAVAILABLE, c"ocsp-unavailable", c"The OCSP responder gave no response: it is overloaded or not responsible (RFC 6960 2.3)."),
    (POSTSEAL_ISSUER_UNAVAILABLE, c"issuer-unavailable", c"A missing issuer could not be fetched from where the certificate says."),
    (POSTSEAL_INTERNAL_ERROR, c"internal-error", c"The engine failed because of a mistake of its own; the call counts as not done."),
    (POSTSEAL_OUTPUT_FAILED, c"output-failed", c"The host did not take the output; what it took before is no message, and is to be thrown away."),
    (POSTSEAL_SIGNATURE_INVALID, c"signature-invalid", c"The signature does not verify under the signer's key."),
    (POSTSEAL_DIGEST_MISMATCH, c"digest-mismatch", c"The content is not the one that was signed (RFC 5652 5.6)."),
    (POSTSEAL_SIGNER_NOT_FOUND, c"signer-not-found", c"The signer's certificate is not in the mail (RFC 5652 5.3)."),
    (POSTSEAL_PATH_NOT_FOUND, c"path-not-found", c"No path leads to a trust anchor."),
    (POSTSEAL_CERTIFICATE_EXPIRED, c"certificate-expired", c"A certificate of the path has expired."),
    (POSTSEAL_CERTIFICATE_NOT_YET_VALID, c"certificate-not-yet-valid", c"A certificate of the path is not valid yet."),
    (POSTSEAL_PATH_SIGNATURE_INVALID, c"path-signature-invalid", c"A certificate of the path is not signed by its issuer's key."),
    (POSTSEAL_ISSUER_NOT_CA, c"issuer-not-ca", c"An issuer in the path is not a CA certificate (RFC 5280 4.2.1.9, 6.1.4 k)."),
    (POSTSEAL_ISSUER_KEY_USAGE, c"issuer-key-usage", c"An issuer in the path may not sign certificates (RFC 5280 6.1.4 n)."),
    (POSTSEAL_PATH_LENGTH, c"path-length", c"A pathLenConstraint is exceeded (RFC 5280 6.1.4 l, m)."),
    (POSTSEAL_NAME_NOT_PERMITTED, c"name-not-permitted", c"A name lies outside the permitted subtrees (RFC 5280 6.1.3 b)."),
    (POSTSEAL_NAME_EXCLUDED, c"name-excluded", c"A name lies inside an excluded subtree (RFC 5280 6.1.3 c)."),
    (POSTSEAL_NAME_CONSTRAINT_UNDECIDABLE, c"name-constraint-undecidable", c"A name constraint applies to a name that cannot be decoded or compared, so the path fails."),
    (POSTSEAL_CRITICAL_EXTENSION, c"critical-extension", c"A critical extension is not known (RFC 5280 4.2)."),
    (POSTSEAL_ISSUER_NAME_EMPTY, c"issuer-name-empty", c"A certificate of the path has an empty issuer name (RFC 5280 4.1.2.4)."),
    (POSTSEAL_PATH_ALGORITHM, c"path-algorithm", c"A certificate names two different signature algorithms (RFC 5280 4.1.1.2)."),
    (POSTSEAL_CERTIFICATE_VERSION, c"certificate-version", c"An issuer is not a version 3 certificate (RFC 5280 6.1.4 k)."),
    (POSTSEAL_POLICY_NOT_VALID, c"policy-not-valid", c"A certificate policy is required, and none, or none that was asked for, is valid for the whole path (RFC 5280 6.1.3 f, 6.1.5 g)."),
    (POSTSEAL_POLICY_MAPPING_ANY, c"policy-mapping-any", c"A CA of the path maps a policy from or to anyPolicy (RFC 5280 6.1.4 a)."),
    (POSTSEAL_CERTIFICATE_REVOKED, c"certificate-revoked", c"A certificate of the path is revoked."),
    (POSTSEAL_CRL_STALE, c"crl-stale", c"A newer revocation list should exist: the time of its nextUpdate is over, or it has none (RFC 5280 5.1.2.5)."),
    (POSTSEAL_CRL_NOT_YET_VALID, c"crl-not-yet-valid", c"A revocation list was issued in the future."),
    (POSTSEAL_CRL_CRITICAL_EXTENSION, c"crl-critical-extension", c"A critical extension of a revocation list or of an entry is not known (RFC 5280 5.2, 5.3)."),
    (POSTSEAL_CRL_ISSUER_NOT_FOUND, c"crl-issuer-not-found", c"No certificate of the list's issuer stands above the certificate, or was issued by who does (RFC 5280 6.3.3 f)."),
    (POSTSEAL_CRL_ISSUER_KEY_USAGE, c"crl-issuer-key-usage", c"The key of the list's issuer may not sign lists (RFC 5280 6.3.3 f)."),
    (POSTSEAL_CRL_ISSUER_REVOKED, c"crl-issuer-revoked", c"The certificate of the list's issuer is revoked, or nothing is known about it where the policy wants to know."),
    (POSTSEAL_CRL_SIGNATURE_INVALID, c"crl-signature-invalid", c"A revocation list is not signed by its issuer's key."),
    (POSTSEAL_OCSP_STALE, c"ocsp-stale", c"The time of an OCSP response is over (RFC 6960 4.2.2.1)."),
    (POSTSEAL_OCSP_NOT_YET_VALID, c"ocsp-not-yet-valid", c"An OCSP response was issued in the future."),
    (POSTSEAL_OCSP_CRITICAL_EXTENSION, c"ocsp-critical-extension", c"A critical extension of an OCSP response is not known."),
    (POSTSEAL_OCSP_SIGNER_NOT_FOUND, c"ocsp-signer-not-found", c"The certificate of whoever signed the OCSP response is neither the issuer nor in the response."),
    (POSTSEAL_OCSP_SIGNER_NOT_ALLOWED, c"ocsp-signer-not-allowed", c"The issuer did not name the signer of the OCSP response for this (RFC 6960 4.2.2.2)."),
    (POSTSEAL_OCSP_SIGNATURE_INVALID, c"ocsp-signature-invalid", c"The signature of the OCSP response does not hold."),
    (POSTSEAL_OCSP_MISMATCH, c"ocsp-mismatch", c"The OCSP response is about other certificates."),
    (POSTSEAL_OCSP_NONCE_MISMATCH, c"ocsp-nonce-mismatch", c"The OCSP response does not repeat the nonce of the request (RFC 9654)."),
    (POSTSEAL_OCSP_UNKNOWN, c"ocsp-unknown", c"The OCSP responder does not know the certificate."),
];
