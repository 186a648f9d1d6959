# Made by make_codes.py; not to be edited.
from enum import IntEnum, StrEnum

class Fault(StrEnum):
    """Whose fault it is that something did not happen."""

    API_MISUSE = "api-misuse"
    LIMIT_EXCEEDED = "limit-exceeded"
    MALFORMED = "malformed"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    UNTRUSTED = "untrusted"

class Code(IntEnum):
    """The stable code of a refusal or failure: a number for programs, a label for traces, a sentence for people."""

    @property
    def label(self) -> str:
        """The name in traces, as `digest-mismatch`."""
    @property
    def sentence(self) -> str:
        """One English sentence about what is wrong, with the section that says so."""
    @property
    def fault(self) -> Fault:
        """Whose fault it is."""

    FOREIGN_ANSWER = 101
    """The answer belongs to a question of another operation."""
    UNANSWERED = 102
    """The operation waits for an answer, but no question is open."""
    POLLED_WHILE_FINISHED = 103
    """The operation has already given its result."""
    FINGERPRINT_MALFORMED = 104
    """A fingerprint is 64 hexadecimal digits."""
    LENGTH_MISMATCH = 105
    """The mail is not as long as was declared; no message was finished."""
    DIRECTORY_UNKNOWN = 106
    """The host has no directory with this name."""
    STORE_MISSING = 107
    """The host has no store, and this needs one."""
    QUESTION_ANSWERED = 108
    """The question has been answered already; an answer is given once."""
    ANSWER_KIND = 109
    """The answer is not of the kind that the question asks for."""
    ARGUMENT_NULL = 110
    """An argument that must be given is NULL."""
    TEXT_NOT_UTF8 = 111
    """A text is not UTF-8."""
    CONFIGURATION_INVALID = 112
    """The configuration cannot be used as it is."""
    HANDLE_IN_USE = 113
    """The object is in use by another call, or is spent."""
    VALUE_UNKNOWN = 114
    """The value is not one of those that are defined."""
    MESSAGE_TOO_LARGE = 201
    """The mail has more bytes than Limits::message_bytes."""
    HEADER_BLOCK_TOO_LARGE = 202
    """A header block has more bytes than Limits::header_bytes."""
    HEADER_LINE_TOO_LONG = 203
    """A header field has more bytes than Limits::header_field_bytes."""
    HEADERS_TOO_MANY = 204
    """There are more header fields than Limits::header_fields."""
    MIME_TOO_DEEP = 205
    """MIME entities are nested deeper than Limits::mime_depth."""
    MIME_PARTS_TOO_MANY = 206
    """There are more MIME parts than Limits::mime_parts."""
    COMMENT_TOO_DEEP = 207
    """Comments in an address are nested deeper than Limits::comment_depth."""
    ASN1_TOO_DEEP = 210
    """ASN.1 elements are nested deeper than Limits::asn1_depth."""
    ASN1_ELEMENTS_TOO_MANY = 211
    """There are more ASN.1 elements than Limits::asn1_elements, or more than 4096 indefinite lengths."""
    SEGMENTS_TOO_MANY = 212
    """A constructed octet string has more segments than Limits::octet_string_segments."""
    CMS_TOO_LARGE = 213
    """The CMS object has more bytes than Limits::cms_bytes."""
    CERTIFICATES_TOO_MANY = 214
    """The mail carries more certificates than Limits::certificates."""
    CERTIFICATE_TOO_LARGE = 215
    """A certificate has more bytes than Limits::certificate_bytes."""
    NAMES_TOO_MANY = 216
    """A certificate has more names than Limits::names, or more than sixteen times as many subtrees."""
    ATTRIBUTES_TOO_MANY = 217
    """A SignerInfo has more attributes than Limits::attributes."""
    ATTRIBUTES_TOO_LARGE = 218
    """The signed attributes have more bytes than Limits::attribute_bytes."""
    EXTENSIONS_TOO_MANY = 219
    """A certificate has more extensions than Limits::extensions."""
    CRLS_TOO_LARGE = 220
    """A revocation list, or all of those in a mail together, has more bytes than Limits::crl_bytes."""
    RECIPIENTS_TOO_MANY = 221
    """The message has more recipients than Limits::recipients."""
    CANDIDATES_TOO_MANY = 222
    """A directory lent more certificates for one address than Limits::candidates; only the best of them were judged."""
    CONTENT_TOO_LONG = 223
    """The content is longer than AES-GCM allows for one key and nonce: 2^36 - 32 octets (NIST SP 800-38D 5.2.1.1)."""
    POLICIES_TOO_MANY = 224
    """A certificate has more policies or policy mappings than Limits::policies."""
    OCSP_TOO_LARGE = 225
    """An OCSP response has more bytes than Limits::ocsp_bytes."""
    MESSAGES_TOO_LARGE = 226
    """The messages that are to be made at once have more bytes than Limits::sealed_bytes."""
    PATH_TOO_DEEP = 230
    """The path to a trust anchor is longer than Limits::path_depth."""
    SIGNATURE_BUDGET = 231
    """Building the path needs more signature checks than Limits::path_signatures."""
    BUILD_BUDGET = 232
    """Building the path needs more steps than Limits::path_steps."""
    NAME_BUDGET = 233
    """Name constraints need more comparisons than Limits::name_comparisons."""
    POLICY_BUDGET = 234
    """Certificate policies need a larger graph than Limits::policy_nodes."""
    ASN1_TRUNCATED = 301
    """An ASN.1 element ends before its length says (X.690 8.1)."""
    ASN1_TAG = 302
    """An ASN.1 element has another tag than its place in the structure asks for."""
    ASN1_LENGTH = 303
    """The length of an ASN.1 element is not a length (X.690 8.1.3)."""
    ASN1_TRAILING = 304
    """Bytes follow where an ASN.1 structure has ended."""
    ASN1_VALUE = 305
    """The value of an ASN.1 element is not one of its type."""
    ASN1_TIME = 306
    """A UTCTime or GeneralizedTime names no point in time (RFC 5280 4.1.2.5)."""
    CMS_NOT_SIGNED_DATA = 310
    """The object is not a ContentInfo with signed-data (RFC 5652 5.1)."""
    CMS_MALFORMED = 311
    """The structure of the SignedData does not follow RFC 5652 5.1."""
    CMS_TRAILING = 312
    """Something other than white space or zero padding follows the ContentInfo."""
    CERTIFICATE_MALFORMED = 320
    """The structure of a certificate does not follow RFC 5280 4.1."""
    EXTENSION_REPEATED = 321
    """A certificate has the same extension twice (RFC 5280 4.2)."""
    EXTENSION_MALFORMED = 322
    """An extension that matters here cannot be decoded (RFC 5280 4.2.1)."""
    KEY_MALFORMED = 323
    """The public key is not a key of its algorithm, or its point is not on the curve."""
    SIGNATURE_MALFORMED = 324
    """The signature value or its parameters do not follow their algorithm."""
    CRL_MALFORMED = 325
    """The structure of a revocation list does not follow RFC 5280 5.1."""
    OCSP_MALFORMED = 326
    """The structure of an OCSP response does not follow RFC 6960 4.2."""
    HEADER_MALFORMED = 330
    """A header field does not follow RFC 5322 2.2, or holds a NUL, a bare CR or a bare LF."""
    FROM_MALFORMED = 331
    """The From field does not follow RFC 5322 3.6.2."""
    ADDRESS_MALFORMED = 332
    """The text is not a mailbox of RFC 5321 4.1.2 or RFC 6531."""
    CONTENT_TYPE_MALFORMED = 333
    """The Content-Type field is ambiguous or does not follow RFC 2045 5.1."""
    BASE64_MALFORMED = 334
    """Base64 with something other than white space beside its alphabet (RFC 2045 6.8)."""
    QUOTED_PRINTABLE_MALFORMED = 335
    """Quoted-printable text does not follow RFC 2045 6.7."""
    MULTIPART_MALFORMED = 336
    """A multipart/signed is not exactly two closed parts (RFC 1847 2.1)."""
    TRANSFER_ENCODING_UNKNOWN = 337
    """The Content-Transfer-Encoding is not one of RFC 2045 6.1."""
    PEM_MALFORMED = 340
    """The text has no readable PEM block with a certificate (RFC 7468)."""
    SIGNATURE_NOT_AT_ROOT = 401
    """Only a part of the mail is signed; the signed entity must be the MIME root."""
    SMIME_TYPE_MISMATCH = 402
    """The smime-type parameter contradicts the content (RFC 8551 3.2.2)."""
    PROTOCOL_MISMATCH = 403
    """The protocol parameter is not a pkcs7 signature or differs from the second part (RFC 1847 2.1)."""
    MULTIPART_ENCODED = 404
    """A multipart has a transfer encoding other than 7bit, 8bit or binary (RFC 2045 6.4)."""
    CERTS_ONLY = 405
    """The SignedData has no signer: it only carries certificates (RFC 8551 3.8)."""
    ENCRYPTED = 406
    """The mail is encrypted; what is inside is not looked at."""
    ALREADY_ENCRYPTED = 407
    """The mail is encrypted already, and is not wrapped a second time."""
    FROM_MISSING = 410
    """The mail has no From field (RFC 5322 3.6)."""
    FROM_REPEATED = 411
    """The mail has more than one From field (RFC 5322 3.6)."""
    FROM_NOT_ONE_MAILBOX = 412
    """The From field names a group, nobody, or more than one mailbox."""
    PROTECTED_FROM_MISMATCH = 413
    """The protected From field differs from the outer one (RFC 9788 4.4)."""
    SIGNERS_MANY = 420
    """The SignedData has more than one SignerInfo."""
    SIGNED_ATTRIBUTES_MISSING = 421
    """The SignerInfo has no signed attributes, so the signature does not say what it covers."""
    ATTRIBUTE_REPEATED = 422
    """An attribute that may stand once stands twice or has several values (RFC 5652 11, RFC 8551 2.5)."""
    CONTENT_TYPE_MISSING = 423
    """The signed attributes lack contentType (RFC 5652 11.1)."""
    CONTENT_TYPE_MISMATCH = 424
    """The contentType attribute, the eContentType and id-data are not the same (RFC 5652 11.1)."""
    MESSAGE_DIGEST_MISSING = 425
    """The signed attributes lack messageDigest (RFC 5652 11.2)."""
    CONTENT_TWICE = 426
    """The content is given twice: detached and inside the SignedData."""
    CONTENT_MISSING = 427
    """The SignedData has no content, and no detached content stands beside it."""
    CONTENT_IS_ATTRIBUTES = 428
    """The content is itself a DER set of attributes, the shape of a known forgery."""
    SIGNER_MISMATCH = 429
    """The signingCertificate attribute names another certificate than the signer identifier (RFC 5035 5)."""
    ATTRIBUTES_NOT_DER = 430
    """The signature covers the signed attributes in another order than DER (RFC 5652 5.4)."""
    ATTRIBUTE_MALFORMED = 431
    """A signed attribute is not of its type (RFC 5652 11, RFC 8551 2.5)."""
    ATTRIBUTE_NOT_SIGNED = 432
    """contentType, messageDigest or signingTime stands among the unsigned attributes (RFC 5652 11.1 to 11.3)."""
    WEAK_DIGEST = 440
    """The digest (MD2, MD4, MD5 or SHA-1) can be forged."""
    DIGEST_UNSUPPORTED = 441
    """The digest algorithm is not SHA-256, SHA-384 or SHA-512."""
    SIGNATURE_UNSUPPORTED = 442
    """The signature algorithm is not one of RFC 8551 2.2, or does not go with the key."""
    RSA_TOO_SMALL = 443
    """The RSA modulus has fewer bits than Limits::rsa_bits_min."""
    RSA_TOO_LARGE = 444
    """The RSA modulus has more bits than Limits::rsa_bits_max."""
    RSA_EXPONENT = 445
    """The RSA public exponent is even, too small or larger than 2^32."""
    RSA_ROCA = 446
    """The RSA key has the fingerprint of CVE-2017-15361 (ROCA): it can be factored."""
    RSA_CLOSE_PRIMES = 447
    """The RSA primes are so close that Fermat's method factors the key (CVE-2022-26320)."""
    DSA_KEY = 448
    """DSA keys are not accepted."""
    EXPLICIT_CURVE = 449
    """The curve is spelled out instead of named (CVE-2020-0601)."""
    CURVE_UNSUPPORTED = 450
    """The curve is not P-256, P-384 or P-521."""
    KEY_UNSUPPORTED = 451
    """The algorithm of the public key is not one of RFC 8550 4.3."""
    KEY_ALGORITHM_USE = 452
    """The key's algorithm identifier does not allow this use (RFC 4055 1.2, RFC 5480 2.1.2)."""
    AEAD_NOT_SUPPORTED = 453
    """Authenticated encryption is required, and the recipient's signed capabilities do not name it (RFC 8551 2.5.2, 2.7)."""
    CONTENT_ENCRYPTION_MISMATCH = 454
    """No content encryption is allowed by the policy and read by every recipient."""
    ADDRESS_MISSING = 460
    """The certificate names no mailbox."""
    ADDRESS_MISMATCH = 461
    """The mailbox of the author or recipient is not one of the certificate's (RFC 8550 3)."""
    NAME_UNDECODABLE = 462
    """A mailbox in the certificate does not follow the strict grammar, so the whole certificate is refused."""
    DOMAIN_NOT_MAPPED = 463
    """A domain label is not in the form that IDNA compares (RFC 9598 5)."""
    RECIPIENTS_MISSING = 464
    """The message has no recipient."""
    RECIPIENT_REPEATED = 465
    """The address stands twice among the recipients."""
    SIGNER_IS_CA = 470
    """The signer's certificate is a CA certificate; a CA is not a correspondent."""
    KEY_USAGE_SIGN = 471
    """The key usage allows neither digitalSignature nor nonRepudiation (RFC 8550 4.4.2)."""
    KEY_USAGE_ENCRYPT = 472
    """The certificate cannot encrypt: keyEncipherment (RSA) or keyAgreement (EC) is missing (RFC 5280 4.2.1.3)."""
    EXTENDED_KEY_USAGE = 473
    """The extended key usage does not include e-mail protection (RFC 8550 4.4.4)."""
    KEY_CANNOT_ENCRYPT = 474
    """The key's algorithm cannot encrypt (Ed25519, or an id-RSASSA-PSS key)."""
    PROFILE_STRICT = 475
    """The certificate breaks a rule of the strict profile (CA/B S/MIME BR 6, 7)."""
    KEY_PREFERENCE_NOT_FOUND = 480
    """The certificate that the signer prefers for encryption is neither in the mail nor in the store (RFC 8551 2.5.3)."""
    KEY_PREFERENCE_UNUSABLE = 481
    """The certificate that the signer prefers for encryption failed a check."""
    NO_CERTIFICATE = 482
    """Neither the store nor a directory has a certificate for the address."""
    CERTIFICATE_HELD = 483
    """The certificate waits for an operator's decision."""
    ROUTE_NEVER_SEALS = 484
    """This route does not encrypt."""
    OLDER_THAN_ACTIVE = 490
    """The certificate is older than the one in use, of which it is the same line."""
    CERTIFICATE_REJECTED = 491
    """An operator rejected this certificate for this address."""
    CERTIFICATE_DISABLED = 492
    """An operator disabled this certificate for this address."""
    CERTIFICATE_CONFLICT = 493
    """The address has another certificate in use; an operator must decide."""
    ADDRESS_DECIDED = 494
    """No certificate of the address can be used, and others of it were rejected or disabled, or wait; an operator must decide."""
    CERTIFICATE_KNOWN = 495
    """The certificate is stored for this address, but waits or was replaced; approve it by its fingerprint."""
    CERTIFICATE_PINNED = 496
    """An operator pinned another certificate for this address; approve or remove that one first."""
    REVOCATION_UNKNOWN = 497
    """No revocation source that counts says anything about a certificate of the path."""
    QUOTA_EXCEEDED = 498
    """The tenant learns no more certificates of this kind for now: a quota of its store is used up."""
    STORE_UNAVAILABLE = 501
    """The store did not answer."""
    STORE_CONTENDED = 502
    """Other writers changed the entry more often than the engine tries again."""
    DIRECTORY_UNAVAILABLE = 503
    """A directory did not answer, so that a certificate for the address may exist."""
    RANDOM_UNAVAILABLE = 504
    """The source of randomness failed, so that nothing was encrypted."""
    REVOCATION_UNAVAILABLE = 505
    """A revocation source of a certificate did not answer."""
    OCSP_UNAVAILABLE = 506
    """The OCSP responder gave no response: it is overloaded or not responsible (RFC 6960 2.3)."""
    ISSUER_UNAVAILABLE = 507
    """A missing issuer could not be fetched from where the certificate says."""
    INTERNAL_ERROR = 508
    """The engine failed because of a mistake of its own; the call counts as not done."""
    OUTPUT_FAILED = 509
    """The host did not take the output; what it took before is no message, and is to be thrown away."""
    SIGNATURE_INVALID = 601
    """The signature does not verify under the signer's key."""
    DIGEST_MISMATCH = 602
    """The content is not the one that was signed (RFC 5652 5.6)."""
    SIGNER_NOT_FOUND = 603
    """The signer's certificate is not in the mail (RFC 5652 5.3)."""
    PATH_NOT_FOUND = 610
    """No path leads to a trust anchor."""
    CERTIFICATE_EXPIRED = 611
    """A certificate of the path has expired."""
    CERTIFICATE_NOT_YET_VALID = 612
    """A certificate of the path is not valid yet."""
    PATH_SIGNATURE_INVALID = 613
    """A certificate of the path is not signed by its issuer's key."""
    ISSUER_NOT_CA = 614
    """An issuer in the path is not a CA certificate (RFC 5280 4.2.1.9, 6.1.4 k)."""
    ISSUER_KEY_USAGE = 615
    """An issuer in the path may not sign certificates (RFC 5280 6.1.4 n)."""
    PATH_LENGTH = 616
    """A pathLenConstraint is exceeded (RFC 5280 6.1.4 l, m)."""
    NAME_NOT_PERMITTED = 617
    """A name lies outside the permitted subtrees (RFC 5280 6.1.3 b)."""
    NAME_EXCLUDED = 618
    """A name lies inside an excluded subtree (RFC 5280 6.1.3 c)."""
    NAME_CONSTRAINT_UNDECIDABLE = 619
    """A name constraint applies to a name that cannot be decoded or compared, so the path fails."""
    CRITICAL_EXTENSION = 620
    """A critical extension is not known (RFC 5280 4.2)."""
    ISSUER_NAME_EMPTY = 621
    """A certificate of the path has an empty issuer name (RFC 5280 4.1.2.4)."""
    PATH_ALGORITHM = 622
    """A certificate names two different signature algorithms (RFC 5280 4.1.1.2)."""
    CERTIFICATE_VERSION = 623
    """An issuer is not a version 3 certificate (RFC 5280 6.1.4 k)."""
    POLICY_NOT_VALID = 624
    """A certificate policy is required, and none, or none that was asked for, is valid for the whole path (RFC 5280 6.1.3 f, 6.1.5 g)."""
    POLICY_MAPPING_ANY = 625
    """A CA of the path maps a policy from or to anyPolicy (RFC 5280 6.1.4 a)."""
    CERTIFICATE_REVOKED = 630
    """A certificate of the path is revoked."""
    CRL_STALE = 631
    """A newer revocation list should exist: the time of its nextUpdate is over, or it has none (RFC 5280 5.1.2.5)."""
    CRL_NOT_YET_VALID = 632
    """A revocation list was issued in the future."""
    CRL_CRITICAL_EXTENSION = 633
    """A critical extension of a revocation list or of an entry is not known (RFC 5280 5.2, 5.3)."""
    CRL_ISSUER_NOT_FOUND = 634
    """No certificate of the list's issuer stands above the certificate, or was issued by who does (RFC 5280 6.3.3 f)."""
    CRL_ISSUER_KEY_USAGE = 635
    """The key of the list's issuer may not sign lists (RFC 5280 6.3.3 f)."""
    CRL_ISSUER_REVOKED = 636
    """The certificate of the list's issuer is revoked, or nothing is known about it where the policy wants to know."""
    CRL_SIGNATURE_INVALID = 637
    """A revocation list is not signed by its issuer's key."""
    OCSP_STALE = 640
    """The time of an OCSP response is over (RFC 6960 4.2.2.1)."""
    OCSP_NOT_YET_VALID = 641
    """An OCSP response was issued in the future."""
    OCSP_CRITICAL_EXTENSION = 642
    """A critical extension of an OCSP response is not known."""
    OCSP_SIGNER_NOT_FOUND = 643
    """The certificate of whoever signed the OCSP response is neither the issuer nor in the response."""
    OCSP_SIGNER_NOT_ALLOWED = 644
    """The issuer did not name the signer of the OCSP response for this (RFC 6960 4.2.2.2)."""
    OCSP_SIGNATURE_INVALID = 645
    """The signature of the OCSP response does not hold."""
    OCSP_MISMATCH = 646
    """The OCSP response is about other certificates."""
    OCSP_NONCE_MISMATCH = 647
    """The OCSP response does not repeat the nonce of the request (RFC 9654)."""
    OCSP_UNKNOWN = 648
    """The OCSP responder does not know the certificate."""
