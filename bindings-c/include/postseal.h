/**
 * @file
 * The S/MIME engine postseal, for C and everything that speaks C.
 *
 * Generated from bindings-c/src by cbindgen. Not to be edited; a test compares.
 *
 * Status. A call that can fail returns 0 (POSTSEAL_OK) or the number of a code, and takes `postseal_error **err` last: NULL, or
 * a place that gets NULL, or an error that is yours to free. A place for a result gets NULL when the call fails. There is no
 * "last error", and errno is not touched. A getter cannot fail: it says NULL, 0 or false where there is nothing to say, also
 * for NULL.
 *
 * Owners. What a call puts into a `postseal_x **` is yours: give it back once, with `postseal_x_free`. NULL can always be freed.
 * `const postseal_x *` as a result is borrowed from the object that it came from, and lives as long as that; so do texts and
 * octets. An argument is only looked at during the call, and copied where it is kept. No memory is allocated on one side and
 * freed on the other.
 *
 * Text is UTF-8 with a NUL at its end. Octets are a pointer and a length; NULL and 0 are none. Times are seconds since 1970 UTC.
 *
 * Structs with `struct_size` grow at their end: set it to the size that your compiler knows, and everything else that you do not
 * use to zero.
 *
 * Threads. Every object may be used from every thread. Getters and an engine may be used by several at once; where one call at a
 * time is possible, another one gets POSTSEAL_HANDLE_IN_USE. While an object is freed, and after that, nobody may use it.
 *
 * Fork. Make an engine after the fork, in the process that uses it. An open SQLite connection that is carried over a fork may
 * damage the file, and a lock that another thread held is never released in the child.
 *
 * Callbacks run on the thread that made the call, and may call the library. They must not unwind, throw or `longjmp` through it.
 * A callback that fails means that whatever was asked was not to be had, never that it does not exist.
 *
 * A mistake of the library is POSTSEAL_INTERNAL_ERROR. What Rust prints about it on stderr is not for users.
 *
 * Certificates that a directory lends only go in. Nothing leads from here to one of them, but for its source and fingerprint.
 */


#ifndef POSTSEAL_H
#define POSTSEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Before a function: the compiler warns when nobody looks at its status. */
#if defined(__GNUC__) || defined(__clang__)
#define POSTSEAL_MUST_USE __attribute__((warn_unused_result))
#else
#define POSTSEAL_MUST_USE
#endif


/**
 * Of the header that a program was compiled with. Before 1.0 another minor version may be another interface.
 */
#define POSTSEAL_VERSION_MAJOR 0

/**
 * See `POSTSEAL_VERSION_MAJOR`.
 */
#define POSTSEAL_VERSION_MINOR 1

/**
 * See `POSTSEAL_VERSION_MAJOR`.
 */
#define POSTSEAL_VERSION_PATCH 0

/**
 * Success.
 */
#define POSTSEAL_OK 0

/**
 * The answer belongs to a question of another operation.
 */
#define POSTSEAL_FOREIGN_ANSWER 101

/**
 * The operation waits for an answer, but no question is open.
 */
#define POSTSEAL_UNANSWERED 102

/**
 * The operation has already given its result.
 */
#define POSTSEAL_POLLED_WHILE_FINISHED 103

/**
 * A fingerprint is 64 hexadecimal digits.
 */
#define POSTSEAL_FINGERPRINT_MALFORMED 104

/**
 * The mail is not as long as was declared; no message was finished.
 */
#define POSTSEAL_LENGTH_MISMATCH 105

/**
 * The host has no directory with this name.
 */
#define POSTSEAL_DIRECTORY_UNKNOWN 106

/**
 * The host has no store, and this needs one.
 */
#define POSTSEAL_STORE_MISSING 107

/**
 * The question has been answered already; an answer is given once.
 */
#define POSTSEAL_QUESTION_ANSWERED 108

/**
 * The answer is not of the kind that the question asks for.
 */
#define POSTSEAL_ANSWER_KIND 109

/**
 * An argument that must be given is NULL.
 */
#define POSTSEAL_ARGUMENT_NULL 110

/**
 * A text is not UTF-8.
 */
#define POSTSEAL_TEXT_NOT_UTF8 111

/**
 * The configuration cannot be used as it is.
 */
#define POSTSEAL_CONFIGURATION_INVALID 112

/**
 * The object is in use by another call, or is spent.
 */
#define POSTSEAL_HANDLE_IN_USE 113

/**
 * The value is not one of those that are defined.
 */
#define POSTSEAL_VALUE_UNKNOWN 114

/**
 * The mail has more bytes than Limits::message_bytes.
 */
#define POSTSEAL_MESSAGE_TOO_LARGE 201

/**
 * A header block has more bytes than Limits::header_bytes.
 */
#define POSTSEAL_HEADER_BLOCK_TOO_LARGE 202

/**
 * A header field has more bytes than Limits::header_field_bytes.
 */
#define POSTSEAL_HEADER_LINE_TOO_LONG 203

/**
 * There are more header fields than Limits::header_fields.
 */
#define POSTSEAL_HEADERS_TOO_MANY 204

/**
 * MIME entities are nested deeper than Limits::mime_depth.
 */
#define POSTSEAL_MIME_TOO_DEEP 205

/**
 * There are more MIME parts than Limits::mime_parts.
 */
#define POSTSEAL_MIME_PARTS_TOO_MANY 206

/**
 * Comments in an address are nested deeper than Limits::comment_depth.
 */
#define POSTSEAL_COMMENT_TOO_DEEP 207

/**
 * ASN.1 elements are nested deeper than Limits::asn1_depth.
 */
#define POSTSEAL_ASN1_TOO_DEEP 210

/**
 * There are more ASN.1 elements than Limits::asn1_elements, or more than 4096 indefinite lengths.
 */
#define POSTSEAL_ASN1_ELEMENTS_TOO_MANY 211

/**
 * A constructed octet string has more segments than Limits::octet_string_segments.
 */
#define POSTSEAL_SEGMENTS_TOO_MANY 212

/**
 * The CMS object has more bytes than Limits::cms_bytes.
 */
#define POSTSEAL_CMS_TOO_LARGE 213

/**
 * The mail carries more certificates than Limits::certificates.
 */
#define POSTSEAL_CERTIFICATES_TOO_MANY 214

/**
 * A certificate has more bytes than Limits::certificate_bytes.
 */
#define POSTSEAL_CERTIFICATE_TOO_LARGE 215

/**
 * A certificate has more names than Limits::names, or more than sixteen times as many subtrees.
 */
#define POSTSEAL_NAMES_TOO_MANY 216

/**
 * A SignerInfo has more attributes than Limits::attributes.
 */
#define POSTSEAL_ATTRIBUTES_TOO_MANY 217

/**
 * The signed attributes have more bytes than Limits::attribute_bytes.
 */
#define POSTSEAL_ATTRIBUTES_TOO_LARGE 218

/**
 * A certificate has more extensions than Limits::extensions.
 */
#define POSTSEAL_EXTENSIONS_TOO_MANY 219

/**
 * A revocation list, or all of those in a mail together, has more bytes than Limits::crl_bytes.
 */
#define POSTSEAL_CRLS_TOO_LARGE 220

/**
 * The message has more recipients than Limits::recipients.
 */
#define POSTSEAL_RECIPIENTS_TOO_MANY 221

/**
 * A directory lent more certificates for one address than Limits::candidates; only the best of them were judged.
 */
#define POSTSEAL_CANDIDATES_TOO_MANY 222

/**
 * The content is longer than AES-GCM allows for one key and nonce: 2^36 - 32 octets (NIST SP 800-38D 5.2.1.1).
 */
#define POSTSEAL_CONTENT_TOO_LONG 223

/**
 * A certificate has more policies or policy mappings than Limits::policies.
 */
#define POSTSEAL_POLICIES_TOO_MANY 224

/**
 * An OCSP response has more bytes than Limits::ocsp_bytes.
 */
#define POSTSEAL_OCSP_TOO_LARGE 225

/**
 * The messages that are to be made at once have more bytes than Limits::sealed_bytes.
 */
#define POSTSEAL_MESSAGES_TOO_LARGE 226

/**
 * The path to a trust anchor is longer than Limits::path_depth.
 */
#define POSTSEAL_PATH_TOO_DEEP 230

/**
 * Building the path needs more signature checks than Limits::path_signatures.
 */
#define POSTSEAL_SIGNATURE_BUDGET 231

/**
 * Building the path needs more steps than Limits::path_steps.
 */
#define POSTSEAL_BUILD_BUDGET 232

/**
 * Name constraints need more comparisons than Limits::name_comparisons.
 */
#define POSTSEAL_NAME_BUDGET 233

/**
 * Certificate policies need a larger graph than Limits::policy_nodes.
 */
#define POSTSEAL_POLICY_BUDGET 234

/**
 * An ASN.1 element ends before its length says (X.690 8.1).
 */
#define POSTSEAL_ASN1_TRUNCATED 301

/**
 * An ASN.1 element has another tag than its place in the structure asks for.
 */
#define POSTSEAL_ASN1_TAG 302

/**
 * The length of an ASN.1 element is not a length (X.690 8.1.3).
 */
#define POSTSEAL_ASN1_LENGTH 303

/**
 * Bytes follow where an ASN.1 structure has ended.
 */
#define POSTSEAL_ASN1_TRAILING 304

/**
 * The value of an ASN.1 element is not one of its type.
 */
#define POSTSEAL_ASN1_VALUE 305

/**
 * A UTCTime or GeneralizedTime names no point in time (RFC 5280 4.1.2.5).
 */
#define POSTSEAL_ASN1_TIME 306

/**
 * The object is not a ContentInfo with signed-data (RFC 5652 5.1).
 */
#define POSTSEAL_CMS_NOT_SIGNED_DATA 310

/**
 * The structure of the SignedData does not follow RFC 5652 5.1.
 */
#define POSTSEAL_CMS_MALFORMED 311

/**
 * Something other than white space or zero padding follows the ContentInfo.
 */
#define POSTSEAL_CMS_TRAILING 312

/**
 * The structure of a certificate does not follow RFC 5280 4.1.
 */
#define POSTSEAL_CERTIFICATE_MALFORMED 320

/**
 * A certificate has the same extension twice (RFC 5280 4.2).
 */
#define POSTSEAL_EXTENSION_REPEATED 321

/**
 * An extension that matters here cannot be decoded (RFC 5280 4.2.1).
 */
#define POSTSEAL_EXTENSION_MALFORMED 322

/**
 * The public key is not a key of its algorithm, or its point is not on the curve.
 */
#define POSTSEAL_KEY_MALFORMED 323

/**
 * The signature value or its parameters do not follow their algorithm.
 */
#define POSTSEAL_SIGNATURE_MALFORMED 324

/**
 * The structure of a revocation list does not follow RFC 5280 5.1.
 */
#define POSTSEAL_CRL_MALFORMED 325

/**
 * The structure of an OCSP response does not follow RFC 6960 4.2.
 */
#define POSTSEAL_OCSP_MALFORMED 326

/**
 * A header field does not follow RFC 5322 2.2, or holds a NUL, a bare CR or a bare LF.
 */
#define POSTSEAL_HEADER_MALFORMED 330

/**
 * The From field does not follow RFC 5322 3.6.2.
 */
#define POSTSEAL_FROM_MALFORMED 331

/**
 * The text is not a mailbox of RFC 5321 4.1.2 or RFC 6531.
 */
#define POSTSEAL_ADDRESS_MALFORMED 332

/**
 * The Content-Type field is ambiguous or does not follow RFC 2045 5.1.
 */
#define POSTSEAL_CONTENT_TYPE_MALFORMED 333

/**
 * Base64 with something other than white space beside its alphabet (RFC 2045 6.8).
 */
#define POSTSEAL_BASE64_MALFORMED 334

/**
 * Quoted-printable text does not follow RFC 2045 6.7.
 */
#define POSTSEAL_QUOTED_PRINTABLE_MALFORMED 335

/**
 * A multipart/signed is not exactly two closed parts (RFC 1847 2.1).
 */
#define POSTSEAL_MULTIPART_MALFORMED 336

/**
 * The Content-Transfer-Encoding is not one of RFC 2045 6.1.
 */
#define POSTSEAL_TRANSFER_ENCODING_UNKNOWN 337

/**
 * The text has no readable PEM block with a certificate (RFC 7468).
 */
#define POSTSEAL_PEM_MALFORMED 340

/**
 * Only a part of the mail is signed; the signed entity must be the MIME root.
 */
#define POSTSEAL_SIGNATURE_NOT_AT_ROOT 401

/**
 * The smime-type parameter contradicts the content (RFC 8551 3.2.2).
 */
#define POSTSEAL_SMIME_TYPE_MISMATCH 402

/**
 * The protocol parameter is not a pkcs7 signature or differs from the second part (RFC 1847 2.1).
 */
#define POSTSEAL_PROTOCOL_MISMATCH 403

/**
 * A multipart has a transfer encoding other than 7bit, 8bit or binary (RFC 2045 6.4).
 */
#define POSTSEAL_MULTIPART_ENCODED 404

/**
 * The SignedData has no signer: it only carries certificates (RFC 8551 3.8).
 */
#define POSTSEAL_CERTS_ONLY 405

/**
 * The mail is encrypted; what is inside is not looked at.
 */
#define POSTSEAL_ENCRYPTED 406

/**
 * The mail is encrypted already, and is not wrapped a second time.
 */
#define POSTSEAL_ALREADY_ENCRYPTED 407

/**
 * The mail has no From field (RFC 5322 3.6).
 */
#define POSTSEAL_FROM_MISSING 410

/**
 * The mail has more than one From field (RFC 5322 3.6).
 */
#define POSTSEAL_FROM_REPEATED 411

/**
 * The From field names a group, nobody, or more than one mailbox.
 */
#define POSTSEAL_FROM_NOT_ONE_MAILBOX 412

/**
 * The protected From field differs from the outer one (RFC 9788 4.4).
 */
#define POSTSEAL_PROTECTED_FROM_MISMATCH 413

/**
 * The SignedData has more than one SignerInfo.
 */
#define POSTSEAL_SIGNERS_MANY 420

/**
 * The SignerInfo has no signed attributes, so the signature does not say what it covers.
 */
#define POSTSEAL_SIGNED_ATTRIBUTES_MISSING 421

/**
 * An attribute that may stand once stands twice or has several values (RFC 5652 11, RFC 8551 2.5).
 */
#define POSTSEAL_ATTRIBUTE_REPEATED 422

/**
 * The signed attributes lack contentType (RFC 5652 11.1).
 */
#define POSTSEAL_CONTENT_TYPE_MISSING 423

/**
 * The contentType attribute, the eContentType and id-data are not the same (RFC 5652 11.1).
 */
#define POSTSEAL_CONTENT_TYPE_MISMATCH 424

/**
 * The signed attributes lack messageDigest (RFC 5652 11.2).
 */
#define POSTSEAL_MESSAGE_DIGEST_MISSING 425

/**
 * The content is given twice: detached and inside the SignedData.
 */
#define POSTSEAL_CONTENT_TWICE 426

/**
 * The SignedData has no content, and no detached content stands beside it.
 */
#define POSTSEAL_CONTENT_MISSING 427

/**
 * The content is itself a DER set of attributes, the shape of a known forgery.
 */
#define POSTSEAL_CONTENT_IS_ATTRIBUTES 428

/**
 * The signingCertificate attribute names another certificate than the signer identifier (RFC 5035 5).
 */
#define POSTSEAL_SIGNER_MISMATCH 429

/**
 * The signature covers the signed attributes in another order than DER (RFC 5652 5.4).
 */
#define POSTSEAL_ATTRIBUTES_NOT_DER 430

/**
 * A signed attribute is not of its type (RFC 5652 11, RFC 8551 2.5).
 */
#define POSTSEAL_ATTRIBUTE_MALFORMED 431

/**
 * contentType, messageDigest or signingTime stands among the unsigned attributes (RFC 5652 11.1 to 11.3).
 */
#define POSTSEAL_ATTRIBUTE_NOT_SIGNED 432

/**
 * The digest (MD2, MD4, MD5 or SHA-1) can be forged.
 */
#define POSTSEAL_WEAK_DIGEST 440

/**
 * The digest algorithm is not SHA-256, SHA-384 or SHA-512.
 */
#define POSTSEAL_DIGEST_UNSUPPORTED 441

/**
 * The signature algorithm is not one of RFC 8551 2.2, or does not go with the key.
 */
#define POSTSEAL_SIGNATURE_UNSUPPORTED 442

/**
 * The RSA modulus has fewer bits than Limits::rsa_bits_min.
 */
#define POSTSEAL_RSA_TOO_SMALL 443

/**
 * The RSA modulus has more bits than Limits::rsa_bits_max.
 */
#define POSTSEAL_RSA_TOO_LARGE 444

/**
 * The RSA public exponent is even, too small or larger than 2^32.
 */
#define POSTSEAL_RSA_EXPONENT 445

/**
 * The RSA key has the fingerprint of CVE-2017-15361 (ROCA): it can be factored.
 */
#define POSTSEAL_RSA_ROCA 446

/**
 * The RSA primes are so close that Fermat's method factors the key (CVE-2022-26320).
 */
#define POSTSEAL_RSA_CLOSE_PRIMES 447

/**
 * DSA keys are not accepted.
 */
#define POSTSEAL_DSA_KEY 448

/**
 * The curve is spelled out instead of named (CVE-2020-0601).
 */
#define POSTSEAL_EXPLICIT_CURVE 449

/**
 * The curve is not P-256, P-384 or P-521.
 */
#define POSTSEAL_CURVE_UNSUPPORTED 450

/**
 * The algorithm of the public key is not one of RFC 8550 4.3.
 */
#define POSTSEAL_KEY_UNSUPPORTED 451

/**
 * The key's algorithm identifier does not allow this use (RFC 4055 1.2, RFC 5480 2.1.2).
 */
#define POSTSEAL_KEY_ALGORITHM_USE 452

/**
 * Authenticated encryption is required, and the recipient's signed capabilities do not name it (RFC 8551 2.5.2, 2.7).
 */
#define POSTSEAL_AEAD_NOT_SUPPORTED 453

/**
 * No content encryption is allowed by the policy and read by every recipient.
 */
#define POSTSEAL_CONTENT_ENCRYPTION_MISMATCH 454

/**
 * The certificate names no mailbox.
 */
#define POSTSEAL_ADDRESS_MISSING 460

/**
 * The mailbox of the author or recipient is not one of the certificate's (RFC 8550 3).
 */
#define POSTSEAL_ADDRESS_MISMATCH 461

/**
 * A mailbox in the certificate does not follow the strict grammar, so the whole certificate is refused.
 */
#define POSTSEAL_NAME_UNDECODABLE 462

/**
 * A domain label is not in the form that IDNA compares (RFC 9598 5).
 */
#define POSTSEAL_DOMAIN_NOT_MAPPED 463

/**
 * The message has no recipient.
 */
#define POSTSEAL_RECIPIENTS_MISSING 464

/**
 * The address stands twice among the recipients.
 */
#define POSTSEAL_RECIPIENT_REPEATED 465

/**
 * The signer's certificate is a CA certificate; a CA is not a correspondent.
 */
#define POSTSEAL_SIGNER_IS_CA 470

/**
 * The key usage allows neither digitalSignature nor nonRepudiation (RFC 8550 4.4.2).
 */
#define POSTSEAL_KEY_USAGE_SIGN 471

/**
 * The certificate cannot encrypt: keyEncipherment (RSA) or keyAgreement (EC) is missing (RFC 5280 4.2.1.3).
 */
#define POSTSEAL_KEY_USAGE_ENCRYPT 472

/**
 * The extended key usage does not include e-mail protection (RFC 8550 4.4.4).
 */
#define POSTSEAL_EXTENDED_KEY_USAGE 473

/**
 * The key's algorithm cannot encrypt (Ed25519, or an id-RSASSA-PSS key).
 */
#define POSTSEAL_KEY_CANNOT_ENCRYPT 474

/**
 * The certificate breaks a rule of the strict profile (CA/B S/MIME BR 6, 7).
 */
#define POSTSEAL_PROFILE_STRICT 475

/**
 * The certificate that the signer prefers for encryption is neither in the mail nor in the store (RFC 8551 2.5.3).
 */
#define POSTSEAL_KEY_PREFERENCE_NOT_FOUND 480

/**
 * The certificate that the signer prefers for encryption failed a check.
 */
#define POSTSEAL_KEY_PREFERENCE_UNUSABLE 481

/**
 * Neither the store nor a directory has a certificate for the address.
 */
#define POSTSEAL_NO_CERTIFICATE 482

/**
 * The certificate waits for an operator's decision.
 */
#define POSTSEAL_CERTIFICATE_HELD 483

/**
 * This route does not encrypt.
 */
#define POSTSEAL_ROUTE_NEVER_SEALS 484

/**
 * The certificate is older than the one in use, of which it is the same line.
 */
#define POSTSEAL_OLDER_THAN_ACTIVE 490

/**
 * An operator rejected this certificate for this address.
 */
#define POSTSEAL_CERTIFICATE_REJECTED 491

/**
 * An operator disabled this certificate for this address.
 */
#define POSTSEAL_CERTIFICATE_DISABLED 492

/**
 * The address has another certificate in use; an operator must decide.
 */
#define POSTSEAL_CERTIFICATE_CONFLICT 493

/**
 * No certificate of the address can be used, and others of it were rejected or disabled, or wait; an operator must decide.
 */
#define POSTSEAL_ADDRESS_DECIDED 494

/**
 * The certificate is stored for this address, but waits or was replaced; approve it by its fingerprint.
 */
#define POSTSEAL_CERTIFICATE_KNOWN 495

/**
 * An operator pinned another certificate for this address; approve or remove that one first.
 */
#define POSTSEAL_CERTIFICATE_PINNED 496

/**
 * No revocation source that counts says anything about a certificate of the path.
 */
#define POSTSEAL_REVOCATION_UNKNOWN 497

/**
 * The tenant learns no more certificates of this kind for now: a quota of its store is used up.
 */
#define POSTSEAL_QUOTA_EXCEEDED 498

/**
 * The store did not answer.
 */
#define POSTSEAL_STORE_UNAVAILABLE 501

/**
 * Other writers changed the entry more often than the engine tries again.
 */
#define POSTSEAL_STORE_CONTENDED 502

/**
 * A directory did not answer, so that a certificate for the address may exist.
 */
#define POSTSEAL_DIRECTORY_UNAVAILABLE 503

/**
 * The source of randomness failed, so that nothing was encrypted.
 */
#define POSTSEAL_RANDOM_UNAVAILABLE 504

/**
 * A revocation source of a certificate did not answer.
 */
#define POSTSEAL_REVOCATION_UNAVAILABLE 505

/**
 * The OCSP responder gave no response: it is overloaded or not responsible (RFC 6960 2.3).
 */
#define POSTSEAL_OCSP_UNAVAILABLE 506

/**
 * A missing issuer could not be fetched from where the certificate says.
 */
#define POSTSEAL_ISSUER_UNAVAILABLE 507

/**
 * The engine failed because of a mistake of its own; the call counts as not done.
 */
#define POSTSEAL_INTERNAL_ERROR 508

/**
 * The host did not take the output; what it took before is no message, and is to be thrown away.
 */
#define POSTSEAL_OUTPUT_FAILED 509

/**
 * The signature does not verify under the signer's key.
 */
#define POSTSEAL_SIGNATURE_INVALID 601

/**
 * The content is not the one that was signed (RFC 5652 5.6).
 */
#define POSTSEAL_DIGEST_MISMATCH 602

/**
 * The signer's certificate is not in the mail (RFC 5652 5.3).
 */
#define POSTSEAL_SIGNER_NOT_FOUND 603

/**
 * No path leads to a trust anchor.
 */
#define POSTSEAL_PATH_NOT_FOUND 610

/**
 * A certificate of the path has expired.
 */
#define POSTSEAL_CERTIFICATE_EXPIRED 611

/**
 * A certificate of the path is not valid yet.
 */
#define POSTSEAL_CERTIFICATE_NOT_YET_VALID 612

/**
 * A certificate of the path is not signed by its issuer's key.
 */
#define POSTSEAL_PATH_SIGNATURE_INVALID 613

/**
 * An issuer in the path is not a CA certificate (RFC 5280 4.2.1.9, 6.1.4 k).
 */
#define POSTSEAL_ISSUER_NOT_CA 614

/**
 * An issuer in the path may not sign certificates (RFC 5280 6.1.4 n).
 */
#define POSTSEAL_ISSUER_KEY_USAGE 615

/**
 * A pathLenConstraint is exceeded (RFC 5280 6.1.4 l, m).
 */
#define POSTSEAL_PATH_LENGTH 616

/**
 * A name lies outside the permitted subtrees (RFC 5280 6.1.3 b).
 */
#define POSTSEAL_NAME_NOT_PERMITTED 617

/**
 * A name lies inside an excluded subtree (RFC 5280 6.1.3 c).
 */
#define POSTSEAL_NAME_EXCLUDED 618

/**
 * A name constraint applies to a name that cannot be decoded or compared, so the path fails.
 */
#define POSTSEAL_NAME_CONSTRAINT_UNDECIDABLE 619

/**
 * A critical extension is not known (RFC 5280 4.2).
 */
#define POSTSEAL_CRITICAL_EXTENSION 620

/**
 * A certificate of the path has an empty issuer name (RFC 5280 4.1.2.4).
 */
#define POSTSEAL_ISSUER_NAME_EMPTY 621

/**
 * A certificate names two different signature algorithms (RFC 5280 4.1.1.2).
 */
#define POSTSEAL_PATH_ALGORITHM 622

/**
 * An issuer is not a version 3 certificate (RFC 5280 6.1.4 k).
 */
#define POSTSEAL_CERTIFICATE_VERSION 623

/**
 * A certificate policy is required, and none, or none that was asked for, is valid for the whole path (RFC 5280 6.1.3 f, 6.1.5 g).
 */
#define POSTSEAL_POLICY_NOT_VALID 624

/**
 * A CA of the path maps a policy from or to anyPolicy (RFC 5280 6.1.4 a).
 */
#define POSTSEAL_POLICY_MAPPING_ANY 625

/**
 * A certificate of the path is revoked.
 */
#define POSTSEAL_CERTIFICATE_REVOKED 630

/**
 * A newer revocation list should exist: the time of its nextUpdate is over, or it has none (RFC 5280 5.1.2.5).
 */
#define POSTSEAL_CRL_STALE 631

/**
 * A revocation list was issued in the future.
 */
#define POSTSEAL_CRL_NOT_YET_VALID 632

/**
 * A critical extension of a revocation list or of an entry is not known (RFC 5280 5.2, 5.3).
 */
#define POSTSEAL_CRL_CRITICAL_EXTENSION 633

/**
 * No certificate of the list's issuer stands above the certificate, or was issued by who does (RFC 5280 6.3.3 f).
 */
#define POSTSEAL_CRL_ISSUER_NOT_FOUND 634

/**
 * The key of the list's issuer may not sign lists (RFC 5280 6.3.3 f).
 */
#define POSTSEAL_CRL_ISSUER_KEY_USAGE 635

/**
 * The certificate of the list's issuer is revoked, or nothing is known about it where the policy wants to know.
 */
#define POSTSEAL_CRL_ISSUER_REVOKED 636

/**
 * A revocation list is not signed by its issuer's key.
 */
#define POSTSEAL_CRL_SIGNATURE_INVALID 637

/**
 * The time of an OCSP response is over (RFC 6960 4.2.2.1).
 */
#define POSTSEAL_OCSP_STALE 640

/**
 * An OCSP response was issued in the future.
 */
#define POSTSEAL_OCSP_NOT_YET_VALID 641

/**
 * A critical extension of an OCSP response is not known.
 */
#define POSTSEAL_OCSP_CRITICAL_EXTENSION 642

/**
 * The certificate of whoever signed the OCSP response is neither the issuer nor in the response.
 */
#define POSTSEAL_OCSP_SIGNER_NOT_FOUND 643

/**
 * The issuer did not name the signer of the OCSP response for this (RFC 6960 4.2.2.2).
 */
#define POSTSEAL_OCSP_SIGNER_NOT_ALLOWED 644

/**
 * The signature of the OCSP response does not hold.
 */
#define POSTSEAL_OCSP_SIGNATURE_INVALID 645

/**
 * The OCSP response is about other certificates.
 */
#define POSTSEAL_OCSP_MISMATCH 646

/**
 * The OCSP response does not repeat the nonce of the request (RFC 9654).
 */
#define POSTSEAL_OCSP_NONCE_MISMATCH 647

/**
 * The OCSP responder does not know the certificate.
 */
#define POSTSEAL_OCSP_UNKNOWN 648

/**
 * Stored: first contact, or nothing usable was left.
 */
#define POSTSEAL_OUTCOME_IMPORTED 1

/**
 * Stored as the successor of the certificate in use.
 */
#define POSTSEAL_OUTCOME_RENEWED 2

/**
 * Stored before.
 */
#define POSTSEAL_OUTCOME_ALREADY_KNOWN 3

/**
 * Kept as a candidate; an operator decides.
 */
#define POSTSEAL_OUTCOME_HELD 4

/**
 * Not stored; the error of the report says why.
 */
#define POSTSEAL_OUTCOME_REFUSED 5

/**
 * The mail carries no S/MIME signature at its root.
 */
#define POSTSEAL_OUTCOME_NOT_SIGNED 6

/**
 * The tenant or route does not import.
 */
#define POSTSEAL_OUTCOME_NOT_ACTIVE 7

/**
 * The store did not answer; bring the mail again.
 */
#define POSTSEAL_OUTCOME_DEFERRED 8

/**
 * It holds.
 */
#define POSTSEAL_VERDICT_VALID 1

/**
 * It does not hold.
 */
#define POSTSEAL_VERDICT_INVALID 2

/**
 * Something before it failed, or it cannot be computed.
 */
#define POSTSEAL_VERDICT_NOT_CHECKED 3

/**
 * The signer's own.
 */
#define POSTSEAL_CANDIDATE_SIGNER 1

/**
 * The one that the signer prefers for encryption (RFC 8551 2.5.3).
 */
#define POSTSEAL_CANDIDATE_KEY_PREFERENCE 2

/**
 * There is a certificate that passed every check now.
 */
#define POSTSEAL_RECIPIENT_FOUND 1

/**
 * The store and every directory were asked, and have none.
 */
#define POSTSEAL_RECIPIENT_NOT_FOUND 2

/**
 * There are certificates, and none of them can be used.
 */
#define POSTSEAL_RECIPIENT_UNUSABLE 3

/**
 * The store or a directory did not answer, so that nobody knows. Never the same as not found.
 */
#define POSTSEAL_RECIPIENT_UNAVAILABLE 4

/**
 * Nobody was asked: the route does not encrypt, or the list of recipients is not one.
 */
#define POSTSEAL_RECIPIENT_NOT_ASKED 5

/**
 * In use.
 */
#define POSTSEAL_STATE_ACTIVE 1

/**
 * Was in use before the active one; stays usable until it ends.
 */
#define POSTSEAL_STATE_SUPERSEDED 2

/**
 * A candidate that contradicts what is in use; an operator decides.
 */
#define POSTSEAL_STATE_HELD 3

/**
 * An operator said no. It stays, so that it is refused when it comes again.
 */
#define POSTSEAL_STATE_REJECTED 4

/**
 * An operator switched it off. It stays as well.
 */
#define POSTSEAL_STATE_DISABLED 5

/**
 * An operator chose it. Nothing that mail brings replaces it.
 */
#define POSTSEAL_STATE_PINNED 6

/**
 * Learned from a signed mail.
 */
#define POSTSEAL_SOURCE_SIGNED_MAIL 1

/**
 * Added by an operator.
 */
#define POSTSEAL_SOURCE_OPERATOR 2

/**
 * Use it from now on; what was active becomes superseded.
 */
#define POSTSEAL_DECISION_APPROVE 1

/**
 * Never use it, and refuse it when it comes again.
 */
#define POSTSEAL_DECISION_REJECT 2

/**
 * Use it, and let nothing that mail brings replace it.
 */
#define POSTSEAL_DECISION_PIN 3

/**
 * Do not use it any more, and refuse it when it comes again.
 */
#define POSTSEAL_DECISION_DISABLE 4

/**
 * Forget it.
 */
#define POSTSEAL_DECISION_REMOVE 5

/**
 * Take back what was said about it: it is a candidate again, and waits for another word.
 */
#define POSTSEAL_DECISION_HOLD 6

/**
 * The caller's: can be put right by reading the call. Never caused by the bytes of a mail.
 */
#define POSTSEAL_FAULT_API_MISUSE 1

/**
 * The input asks for more than a limit allows.
 */
#define POSTSEAL_FAULT_LIMIT_EXCEEDED 2

/**
 * The bytes do not follow their grammar.
 */
#define POSTSEAL_FAULT_MALFORMED 3

/**
 * The proof may be fine, but the profile says no.
 */
#define POSTSEAL_FAULT_REFUSED 4

/**
 * The world did not answer; try again later.
 */
#define POSTSEAL_FAULT_UNAVAILABLE 5

/**
 * The proof failed.
 */
#define POSTSEAL_FAULT_UNTRUSTED 6

/**
 * What is kept for these addresses: one entry for each, in the same order, absent ones too.
 */
#define POSTSEAL_QUESTION_FIND_STORED 1

/**
 * Change the entry of one address, if it still has the expected version.
 */
#define POSTSEAL_QUESTION_PUT_STORED 2

/**
 * What a directory lends for these addresses: one reply for each.
 */
#define POSTSEAL_QUESTION_RESOLVE_DIRECTORY 3

/**
 * The revocation list at an address that a certificate names: DER or PEM, as it was served.
 */
#define POSTSEAL_QUESTION_FETCH_CRL 4

/**
 * What an OCSP responder that a certificate names answers to a request (RFC 6960 appendix A.1: a POST).
 */
#define POSTSEAL_QUESTION_FETCH_OCSP 5

/**
 * The issuer of a certificate, from where the certificate says (RFC 5280 4.2.2.1): a certificate or a certs-only CMS.
 */
#define POSTSEAL_QUESTION_FETCH_ISSUER 6

/**
 * All entries of a tenant, in the order of their addresses. No operation asks this; an operator's list does.
 */
#define POSTSEAL_QUESTION_ENTRIES 7

/**
 * First contact, or nothing usable was left: use this certificate.
 */
#define POSTSEAL_CHANGE_ACTIVATE 1

/**
 * The successor of the active certificate, which stays as superseded.
 */
#define POSTSEAL_CHANGE_RENEW 2

/**
 * A candidate that contradicts what is in use.
 */
#define POSTSEAL_CHANGE_HOLD 3

/**
 * The owner of a stored certificate signed a newer list of capabilities.
 */
#define POSTSEAL_CHANGE_UPDATE_CAPABILITIES 4

/**
 * An operator's word about a stored certificate.
 */
#define POSTSEAL_CHANGE_DECIDE 5

/**
 * The path of a stored certificate holds no longer, and a mail has another.
 */
#define POSTSEAL_CHANGE_UPDATE_PATH 6

/**
 * `postseal_operation_poll` has given a question: carry it out, and hand its answer in.
 */
#define POSTSEAL_STEP_ASK 1

/**
 * Nothing more to ask until an open question is answered.
 */
#define POSTSEAL_STEP_WAIT 2

/**
 * The result is there. The operation is over.
 */
#define POSTSEAL_STEP_DONE 3

/**
 * The answer to one question. Of your own when `postseal_answer_new` gave it: hand it in with `postseal_operation_answer`, and
 * free it with `postseal_answer_free` in any case. Borrowed for the call when a callback gets it, to be filled in.
 *
 * Everything that is put in is copied. What is left out counts as unavailable, never as "there is none".
 */
typedef struct postseal_answer postseal_answer;

/**
 * What becomes of an entry. Borrowed from its question.
 */
typedef struct postseal_change postseal_change;

/**
 * What came of encrypting one mail. Free it with `postseal_encryption_free`.
 */
typedef struct postseal_encryption postseal_encryption;

/**
 * An engine with its store, directories, fetcher and tracer, made of a configuration. It can be used from any number of
 * threads at the same time.
 */
typedef struct postseal_engine postseal_engine;

/**
 * All that is stored for a tenant, in the order of the addresses. Free it with `postseal_entries_free`.
 */
typedef struct postseal_entries postseal_entries;

/**
 * What a store keeps for one mailbox: the address, a version, and certificates with their states, oldest first. Certificates are
 * only ever added to it, so that what was borrowed from it stays until it is freed.
 */
typedef struct postseal_entry postseal_entry;

/**
 * Why something did not happen. It holds nothing of a mail, but for the recipients of a mail that was not encrypted.
 *
 * Of your own when a call put it into `*err`: give it back with `postseal_error_free`. Borrowed when it is a part of a report.
 */
typedef struct postseal_error postseal_error;

/**
 * One finished message, borrowed from its `postseal_encryption`.
 */
typedef struct postseal_message postseal_message;

/**
 * A decision in progress. It does nothing by itself, and asks nobody: you poll it, carry its questions out in any order, also
 * several at a time, and hand the answers in. It may be freed at any time. One call at a time works with it; another one
 * meanwhile, also out of a callback, gets POSTSEAL_HANDLE_IN_USE.
 */
typedef struct postseal_operation postseal_operation;

/**
 * Which messages are to be made of one mail, and who gets none. Free it with `postseal_plan_free`.
 */
typedef struct postseal_plan postseal_plan;

/**
 * One question. Of your own when `postseal_operation_poll` gave it: free it with `postseal_question_free`, answered or not.
 * Borrowed for the call when a callback gets it.
 */
typedef struct postseal_question postseal_question;

/**
 * One recipient: the outcome, what was found, and every candidate that was rejected. Always borrowed, from an encryption, an
 * operation, a plan or an error.
 *
 * Of a certificate that a directory lends, source and fingerprint are all there ever is.
 */
typedef struct postseal_recipient postseal_recipient;

/**
 * What became of one mail, and how far the proof went. Free it with `postseal_report_free`.
 */
typedef struct postseal_report postseal_report;

/**
 * Makes one message from one mail, in pieces of any size and in constant memory. Free it with `postseal_sealer_free`.
 *
 * A message is whole only when `postseal_sealer_finish` has succeeded: what was written before is to be thrown away when it does
 * not. One call at a time works with it; another one meanwhile gets POSTSEAL_HANDLE_IN_USE.
 */
typedef struct postseal_sealer postseal_sealer;

/**
 * 0 (`POSTSEAL_OK`), or the number of a code: one of the `POSTSEAL_*` below 700. A number never changes its meaning.
 */
typedef int32_t postseal_status;

/**
 * For whom and when a mail is imported or encrypted. Begin with `{ .struct_size = sizeof(postseal_options) }`; what stays zero
 * is left out.
 */
typedef struct postseal_options {
    /**
     * `sizeof(postseal_options)`.
     */
    size_t struct_size;
    /**
     * Whose store, directories and policies; NULL: "default".
     */
    const char *tenant;
    /**
     * The route inside the tenant; NULL: none.
     */
    const char *route;
    /**
     * The time for which everything is decided, in seconds since 1970 UTC; 0: the clock of the system.
     */
    int64_t now;
    /**
     * Import only. Not 0: decide, but ask the store for nothing that changes it.
     */
    int32_t dry_run;
    /**
     * Must be 0.
     */
    int32_t reserved;
    /**
     * Where the library asks and you wait. Milliseconds after which nothing more is asked, so that what is still
     * open counts as unavailable. A question that is on its way is not called off. 0: no such time.
     */
    uint64_t timeout_ms;
    /**
     * As `timeout_ms`: is asked before each question, and says with another value than 0 that the time is over. NULL: nobody.
     */
    int32_t (*expired)(void *userdata);
    /**
     * For `expired`.
     */
    void *expired_userdata;
    /**
     * 32 random octets for the nonces of OCSP requests (RFC 9654), never used twice; NULL: of the system's randomness.
     */
    const uint8_t *ocsp_nonce;
} postseal_options;

/**
 * Answers one question. `question` and `answer` are there until it returns. 0: what was put into `answer` counts; any other
 * value: whatever was asked was not to be had.
 *
 * It is called on the thread that made the call, by several threads at once when several make calls. It must not unwind,
 * `longjmp` or throw through the library. It may call the library, also with the same engine.
 */
typedef int32_t (*postseal_callback)(void *userdata,
                                     const struct postseal_question *question,
                                     struct postseal_answer *answer);

/**
 * A store of your own. Begin with `{ .struct_size = sizeof(postseal_store_table) }`.
 *
 * A store holds no rule: it reads an entry, and under a lock it compares the version, lets `postseal_change_apply` make the new
 * entry, and writes it. All callbacks are needed, but for `destroy`.
 */
typedef struct postseal_store_table {
    /**
     * `sizeof(postseal_store_table)`.
     */
    size_t struct_size;
    /**
     * find-stored: `postseal_answer_entry` for each address of the question, in the same order, with version 0 and no certificate
     * for one that is not known.
     */
    postseal_callback find;
    /**
     * put-stored: compares, applies, writes, and says `postseal_answer_stored` when the change survives a crash, or
     * `postseal_answer_conflict`.
     */
    postseal_callback put;
    /**
     * entries: `postseal_answer_entry` for each that the tenant has, in the order of their keys.
     */
    postseal_callback entries;
    /**
     * Called once, when nobody can call the store any more. May be NULL.
     */
    void (*destroy)(void *userdata);
} postseal_store_table;

/**
 * A directory of your own. Begin with `{ .struct_size = sizeof(postseal_directory_table) }`.
 *
 * It holds no rule: everything that it lends is judged by the engine. It keeps nothing of what it lent.
 */
typedef struct postseal_directory_table {
    /**
     * `sizeof(postseal_directory_table)`.
     */
    size_t struct_size;
    /**
     * resolve-directory: for each address of the question one of `postseal_answer_found`, `postseal_answer_found_cms`,
     * `postseal_answer_not_found` and `postseal_answer_not_answered`. An address without a reply counts as not answered. Needed.
     */
    postseal_callback resolve;
    /**
     * Called once, when nobody can call the directory any more. May be NULL.
     */
    void (*destroy)(void *userdata);
} postseal_directory_table;

/**
 * What fetches from the addresses that certificates name. Begin with `{ .struct_size = sizeof(postseal_fetcher_table) }`.
 *
 * The addresses were written by whoever made the certificates: which of them may be reached is yours to decide. Everything that
 * comes back is checked by the engine.
 */
typedef struct postseal_fetcher_table {
    /**
     * `sizeof(postseal_fetcher_table)`.
     */
    size_t struct_size;
    /**
     * fetch-crl, fetch-ocsp and fetch-issuer: `postseal_answer_body`, or `postseal_answer_unavailable` also for a kind that you
     * do not fetch. Needed.
     */
    postseal_callback fetch;
    /**
     * Called once, when nobody can call the fetcher any more. May be NULL.
     */
    void (*destroy)(void *userdata);
} postseal_fetcher_table;

/**
 * A tracer of your own. Begin with `{ .struct_size = sizeof(postseal_tracer_table) }`.
 */
typedef struct postseal_tracer_table {
    /**
     * `sizeof(postseal_tracer_table)`.
     */
    size_t struct_size;
    /**
     * One event: its name, and all of it as one JSON object, as a line of the JSON Lines trace. Both are there until it returns.
     * It names persons. Needed; it must not block for long, and what a callback must not do, it must not do either.
     */
    void (*event)(void *userdata, const char *name, const char *json);
    /**
     * Called once, when no event can come any more. May be NULL.
     */
    void (*destroy)(void *userdata);
} postseal_tracer_table;

/**
 * Octets of somebody else.
 */
typedef struct postseal_octets {
    /**
     * The first; may be NULL when there are none.
     */
    const uint8_t *data;
    /**
     * How many.
     */
    size_t len;
} postseal_octets;

/**
 * A certificate that a directory lends for one delivery. It only ever goes in: nothing gives it back. Your own copy of it is
 * yours to forget.
 *
 * Begin with `{ .struct_size = sizeof(postseal_loan) }`; what stays zero is left out.
 */
typedef struct postseal_loan {
    /**
     * `sizeof(postseal_loan)`.
     */
    size_t struct_size;
    /**
     * The certificate, DER.
     */
    struct postseal_octets der;
    /**
     * CA certificates that came beside it and may help to build its path, DER.
     */
    const struct postseal_octets *issuers;
    /**
     * How many.
     */
    size_t issuers_len;
    /**
     * SMIMECapabilities that its owner signed, DER, when you have verified that signature; else `{NULL, 0}`.
     */
    struct postseal_octets capabilities;
    /**
     * When its owner says that he signed them, in seconds since 1970 UTC.
     */
    int64_t capabilities_signed_at;
    /**
     * Not 0: `capabilities_signed_at` is known.
     */
    int32_t capabilities_are_dated;
    /**
     * Not 0: the one that its owner prefers among those that the directory lends (RFC 8551 2.5.3).
     */
    int32_t preferred;
} postseal_loan;

/**
 * A certificate that a store keeps, with what is kept beside it: all that a store has to write down and to bring back.
 *
 * Begin with `{ .struct_size = sizeof(postseal_stored_cert) }`. What `postseal_entry_cert` fills in is borrowed from the entry.
 */
typedef struct postseal_stored_cert {
    /**
     * `sizeof(postseal_stored_cert)`.
     */
    size_t struct_size;
    /**
     * What it is to its mailbox, a `POSTSEAL_STATE_*`.
     */
    int32_t state;
    /**
     * Where it came from, a `POSTSEAL_SOURCE_*`.
     */
    int32_t source;
    /**
     * The certificate, DER.
     */
    struct postseal_octets der;
    /**
     * CA certificates of the path that it was verified with, nearest issuer first, without the anchor, DER.
     */
    const struct postseal_octets *issuers;
    /**
     * How many.
     */
    size_t issuers_len;
    /**
     * 32 octets: SHA-256 of the SubjectPublicKeyInfo that signed it.
     */
    const uint8_t *issuer_key;
    /**
     * The SMIMECapabilities that its owner signed, DER; `{NULL, 0}` without any.
     */
    struct postseal_octets capabilities;
    /**
     * Not 0: `capabilities_signed_at` is known.
     */
    int32_t capabilities_are_dated;
    /**
     * Must be 0.
     */
    int32_t reserved;
    /**
     * When its owner says that he signed them, in seconds since 1970 UTC.
     */
    int64_t capabilities_signed_at;
    /**
     * When it was stored, in seconds since 1970 UTC.
     */
    int64_t imported_at;
} postseal_stored_cert;

/**
 * Takes octets of the message. They are there until it returns. 0: it has taken all of them; any other value: it failed, and the
 * message is given up. What `postseal_callback` must not do, it must not do either.
 */
typedef int32_t (*postseal_write)(void *userdata, const uint8_t *data, size_t len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Of the library that is loaded, as "0.1.0". It is never freed.
 */
const char *postseal_version(void);

/**
 * The number of the code; 0 for NULL.
 */
postseal_status postseal_error_number(const struct postseal_error *error);

/**
 * The name of the code, as in traces: `address-mismatch`. It is never freed. NULL for NULL.
 */
const char *postseal_error_name(const struct postseal_error *error);

/**
 * The sentence of the code, with the section of the RFC that says so. It is never freed. NULL for NULL.
 */
const char *postseal_error_sentence(const struct postseal_error *error);

/**
 * The sentence, with the offset and what else is known. It lives as long as the error. NULL for NULL.
 */
const char *postseal_error_message(const struct postseal_error *error);

/**
 * Whose fault it is, a `POSTSEAL_FAULT_*`; 0 for NULL.
 */
int32_t postseal_error_fault(const struct postseal_error *error);

/**
 * Whether the fault has a place in the input, and the byte at which it was seen in `*offset`, unless `offset` is NULL.
 */
bool postseal_error_offset(const struct postseal_error *error,
                           size_t *offset);

/**
 * How many recipients are the reason why a mail was not encrypted. 0 for every other error, and for NULL.
 */
size_t postseal_error_recipient_count(const struct postseal_error *error);

/**
 * One of these recipients, borrowed from the error. NULL where there is none.
 */
const struct postseal_recipient *postseal_error_recipient(const struct postseal_error *error, size_t index);

/**
 * Frees an error that a call gave. NULL is allowed.
 */
void postseal_error_free(struct postseal_error *error);

/**
 * What became of a mail that was brought to be learned from. The name of a `POSTSEAL_OUTCOME_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_outcome_name(int32_t outcome);

/**
 * What is known about a signature or a path. The name of a `POSTSEAL_VERDICT_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_verdict_name(int32_t verdict);

/**
 * Which certificate of a mail is the one to keep. The name of a `POSTSEAL_CANDIDATE_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_candidate_name(int32_t candidate);

/**
 * What became of one recipient. The name of a `POSTSEAL_RECIPIENT_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_recipient_outcome_name(int32_t recipient_outcome);

/**
 * What a stored certificate is to its mailbox. The name of a `POSTSEAL_STATE_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_state_name(int32_t state);

/**
 * How a certificate came into the store. The name of a `POSTSEAL_SOURCE_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_source_name(int32_t source);

/**
 * What an operator can say about a stored certificate. The name of a `POSTSEAL_DECISION_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_decision_name(int32_t decision);

/**
 * Whose fault it is that something did not happen. The name of a `POSTSEAL_FAULT_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_fault_name(int32_t fault);

/**
 * What is asked. The name of a `POSTSEAL_QUESTION_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_question_name(int32_t question);

/**
 * What becomes of an entry. The name of a `POSTSEAL_CHANGE_*`, as in traces and reports. It is never freed. NULL for any other number.
 */
const char *postseal_change_name(int32_t change);

/**
 * Makes an engine of the text of a configuration (`postseal.toml`). Paths in it are relative to `folder`, or to the current
 * folder where that is NULL.
 *
 * POSTSEAL_CONFIGURATION_INVALID: the message says why. POSTSEAL_ARGUMENT_NULL, POSTSEAL_TEXT_NOT_UTF8.
 *
 * Example: `examples/c/own_store.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_from_text(const char *configuration,
                                          const char *folder,
                                          struct postseal_engine **engine,
                                          struct postseal_error **err);

/**
 * Makes an engine of a configuration file. Paths in it are relative to the folder of the file.
 *
 * As `postseal_engine_from_text`.
 *
 * Example: `examples/c/learn.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_from_file(const char *path,
                                          struct postseal_engine **engine,
                                          struct postseal_error **err);

/**
 * Frees an engine. NULL is allowed. No call that was given the engine may be going on; what was made with it lives on.
 */
void postseal_engine_free(struct postseal_engine *engine);

/**
 * Learns from one mail as it was received: verifies it, and stores the certificate of its author. Blocks while the store
 * works.
 *
 * What is wrong with the mail, or with a store that does not answer, is in the report. POSTSEAL_STORE_MISSING: the engine
 * has no store.
 *
 * Example: `examples/c/learn.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_import_mail(const struct postseal_engine *engine,
                                     const uint8_t *mail,
                                     size_t mail_len,
                                     const struct postseal_options *options,
                                     struct postseal_report **report,
                                     struct postseal_error **err);

/**
 * What became of the mail, a `POSTSEAL_OUTCOME_*`; 0 for NULL.
 */
int32_t postseal_report_outcome(const struct postseal_report *report);

/**
 * The Message-ID, escaped and cut; NULL without one.
 */
const char *postseal_report_message_id(const struct postseal_report *report);

/**
 * The mailbox of the certificate, once From and certificate agree on it; NULL before.
 */
const char *postseal_report_address(const struct postseal_report *report);

/**
 * SHA-256 of the candidate, or of the signer's certificate when it did not get that far, as 64 hexadecimal digits; or NULL.
 */
const char *postseal_report_fingerprint(const struct postseal_report *report);

/**
 * Whether there is such a certificate, and the start of its validity in `*seconds` (since 1970 UTC) unless that is NULL.
 */
bool postseal_report_not_before(const struct postseal_report *report,
                                int64_t *seconds);

/**
 * As `postseal_report_not_before`, the end.
 */
bool postseal_report_not_after(const struct postseal_report *report, int64_t *seconds);

/**
 * Whether the signature of the mail holds, a `POSTSEAL_VERDICT_*`; 0 for NULL.
 */
int32_t postseal_report_signature(const struct postseal_report *report);

/**
 * Whether a path to a trust anchor holds, a `POSTSEAL_VERDICT_*`; 0 for NULL.
 */
int32_t postseal_report_path(const struct postseal_report *report);

/**
 * Which certificate of the mail is the candidate, a `POSTSEAL_CANDIDATE_*`; 0 when it did not get that far.
 */
int32_t postseal_report_candidate(const struct postseal_report *report);

/**
 * Why it was refused, held or deferred, borrowed from the report; or NULL.
 */
const struct postseal_error *postseal_report_error(const struct postseal_report *report);

/**
 * What the store said when it did not answer; or NULL.
 */
const char *postseal_report_unavailable(const struct postseal_report *report);

/**
 * Frees a report. NULL is allowed.
 */
void postseal_report_free(struct postseal_report *report);

/**
 * Encrypts one mail for its recipients: one message for all of `visible`, or several where they read no content encryption in
 * common, and one for each of `hidden`. Send all of them. Blocks while the store and the directories work. The mode of the
 * route says what happens when somebody cannot be reached.
 *
 * When no message may be made, the error names the recipients who are the reason (`postseal_error_recipient`).
 * POSTSEAL_STORE_MISSING: the engine has no store. POSTSEAL_ADDRESS_MALFORMED: a text is no mailbox.
 *
 * Example: `examples/c/seal.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_encrypt(const struct postseal_engine *engine,
                                 const uint8_t *mail,
                                 size_t mail_len,
                                 const char *const *visible,
                                 size_t visible_len,
                                 const char *const *hidden,
                                 size_t hidden_len,
                                 const struct postseal_options *options,
                                 struct postseal_encryption **encryption,
                                 struct postseal_error **err);

/**
 * How many messages are to be sent. 0 for NULL.
 */
size_t postseal_encryption_message_count(const struct postseal_encryption *encryption);

/**
 * One of the messages; NULL where there is none.
 */
const struct postseal_message *postseal_encryption_message(const struct postseal_encryption *encryption,
                                                           size_t index);

/**
 * How many recipients get none of the messages. 0 for NULL.
 */
size_t postseal_encryption_left_out_count(const struct postseal_encryption *encryption);

/**
 * One of those who get none, borrowed; NULL where there is none.
 */
const struct postseal_recipient *postseal_encryption_left_out(const struct postseal_encryption *encryption,
                                                              size_t index);

/**
 * Whether the route lets you send plaintext to those who are left out, as far as `postseal_recipient_may_get_plaintext` says so
 * of each.
 */
bool postseal_encryption_plaintext_allowed(const struct postseal_encryption *encryption);

/**
 * Whether the mail is encrypted already, and the policy says to send it as it is, its header included, to all recipients.
 */
bool postseal_encryption_is_passed(const struct postseal_encryption *encryption);

/**
 * Frees an encryption with its messages. NULL is allowed.
 */
void postseal_encryption_free(struct postseal_encryption *encryption);

/**
 * The message, ready to be sent, and its octets in `*len` unless that is NULL.
 */
const uint8_t *postseal_message_mail(const struct postseal_message *message, size_t *len);

/**
 * How many recipients its envelope has. 0 for NULL.
 */
size_t postseal_message_address_count(const struct postseal_message *message);

/**
 * One of the recipients of its envelope; NULL where there is none.
 */
const char *postseal_message_address(const struct postseal_message *message, size_t index);

/**
 * Whether it is for one hidden recipient.
 */
bool postseal_message_hidden(const struct postseal_message *message);

/**
 * How its content is encrypted, as `aes256-gcm`; NULL for NULL.
 */
const char *postseal_message_content_encryption(const struct postseal_message *message);

/**
 * The address as it was given; NULL for NULL.
 */
const char *postseal_recipient_address(const struct postseal_recipient *recipient);

/**
 * Whether the other recipients must not learn of this one.
 */
bool postseal_recipient_hidden(const struct postseal_recipient *recipient);

/**
 * What became of it, a `POSTSEAL_RECIPIENT_*`; 0 for NULL.
 */
int32_t postseal_recipient_outcome(const struct postseal_recipient *recipient);

/**
 * How many certificates are encrypted to. 0 for NULL.
 */
size_t postseal_recipient_found_count(const struct postseal_recipient *recipient);

/**
 * Where one of them came from: "store", or the name of a directory. The best stands first. NULL where there is none.
 */
const char *postseal_recipient_found_source(const struct postseal_recipient *recipient,
                                            size_t index);

/**
 * Its SHA-256, as 64 hexadecimal digits. NULL where there is none.
 */
const char *postseal_recipient_found_fingerprint(const struct postseal_recipient *recipient, size_t index);

/**
 * How many candidates were not taken. 0 for NULL.
 */
size_t postseal_recipient_rejected_count(const struct postseal_recipient *recipient);

/**
 * Where one of them came from, as `postseal_recipient_found_source`.
 */
const char *postseal_recipient_rejected_source(const struct postseal_recipient *recipient, size_t index);

/**
 * Its SHA-256, if it could be read as a certificate; or NULL.
 */
const char *postseal_recipient_rejected_fingerprint(const struct postseal_recipient *recipient, size_t index);

/**
 * The check that it failed, borrowed. NULL where there is none.
 */
const struct postseal_error *postseal_recipient_rejected_error(const struct postseal_recipient *recipient,
                                                               size_t index);

/**
 * Why nothing was found, of several reasons that of the best candidate, borrowed; or NULL.
 */
const struct postseal_error *postseal_recipient_error(const struct postseal_recipient *recipient);

/**
 * What the store or the directory said that did not answer; or NULL.
 */
const char *postseal_recipient_unavailable(const struct postseal_recipient *recipient);

/**
 * Whether an operator has to decide first: a certificate that he pinned cannot be used; or one waits for him that contradicts the
 * active one, and nothing else can be used or the policy fails closed.
 */
bool postseal_recipient_needs_operator(const struct postseal_recipient *recipient);

/**
 * Whether plaintext may go to this one where the route allows it: not when nobody answered, and not when an operator has to
 * decide.
 */
bool postseal_recipient_may_get_plaintext(const struct postseal_recipient *recipient);

/**
 * Gives the engine a store of your own, instead of one that is configured. Calls that are going on end with the one before.
 * `userdata` is the library's from here on, also when the call fails, as far as the table could be read: it goes back through
 * `destroy`.
 *
 * Example: `examples/c/own_store.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_set_store(struct postseal_engine *engine,
                                          const struct postseal_store_table *table,
                                          void *userdata,
                                          struct postseal_error **err);

/**
 * Gives the engine a directory of your own under this name, instead of one that is configured. Who asks it, in which order and
 * about which domains, is said in the configuration: `[directory.NAME]` with `kind = "host"`. `userdata` as with
 * `postseal_engine_set_store`.
 *
 * POSTSEAL_DIRECTORY_UNKNOWN: the configuration has no directory of this name, so that nobody would ask it.
 *
 * Example: `examples/c/own_directory.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_set_directory(struct postseal_engine *engine,
                                              const char *name,
                                              const struct postseal_directory_table *table,
                                              void *userdata,
                                              struct postseal_error **err);

/**
 * Gives the engine a fetcher of your own, instead of the library's. Whether anything is fetched is said in the configuration
 * (`[revocation]`). `userdata` as with `postseal_engine_set_store`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_set_fetcher(struct postseal_engine *engine,
                                            const struct postseal_fetcher_table *table,
                                            void *userdata,
                                            struct postseal_error **err);

/**
 * Gives the engine a tracer of your own, instead of one that is configured. It hears of every decision. `userdata` as with
 * `postseal_engine_set_store`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_set_tracer(struct postseal_engine *engine,
                                           const struct postseal_tracer_table *table,
                                           void *userdata,
                                           struct postseal_error **err);

/**
 * What is asked, a `POSTSEAL_QUESTION_*`; 0 for NULL.
 */
int32_t postseal_question_kind(const struct postseal_question *question);

/**
 * Whose store or directory is asked. NULL where an address that a certificate names is asked.
 */
const char *postseal_question_tenant(const struct postseal_question *question);

/**
 * How many mailboxes it is about: any number, each once, for find-stored and resolve-directory; 1 for put-stored; else 0.
 */
size_t postseal_question_address_count(const struct postseal_question *question);

/**
 * One of the mailboxes, as it was spelled. NULL where there is none.
 */
const char *postseal_question_address(const struct postseal_question *question, size_t index);

/**
 * The mailbox in the form that is compared, octet by octet: what a store has as its key. NULL where there is none.
 */
const char *postseal_question_key(const struct postseal_question *question,
                                  size_t index);

/**
 * resolve-directory: which directory. Else NULL.
 */
const char *postseal_question_directory(const struct postseal_question *question);

/**
 * put-stored: the version that the entry must still have. Else 0.
 */
uint64_t postseal_question_expect(const struct postseal_question *question);

/**
 * put-stored: what becomes of the entry. Else NULL.
 */
const struct postseal_change *postseal_question_change(const struct postseal_question *question);

/**
 * fetch-crl, fetch-ocsp, fetch-issuer: the URL, http or https. It was written by whoever made the certificate: which addresses
 * may be reached is yours to decide. Else NULL.
 */
const char *postseal_question_at(const struct postseal_question *question);

/**
 * fetch-ocsp: the OCSPRequest, and its octets in `*len` unless that is NULL. Else NULL and 0.
 */
const uint8_t *postseal_question_request(const struct postseal_question *question, size_t *len);

/**
 * fetch-crl, fetch-ocsp, fetch-issuer: octets that the answer may have. Else 0.
 */
size_t postseal_question_limit(const struct postseal_question *question);

/**
 * Frees a question that an operation gave. NULL is allowed. One that was not answered stays open: its operation waits for ever.
 */
void postseal_question_free(struct postseal_question *question);

/**
 * What kind of change it is, a `POSTSEAL_CHANGE_*`; 0 for NULL. For your own log: a store lets `postseal_change_apply` decide.
 */
int32_t postseal_change_kind(const struct postseal_change *change);

/**
 * SHA-256 of the certificate that it is about, as 64 hexadecimal digits. NULL for NULL.
 */
const char *postseal_change_fingerprint(const struct postseal_change *change);

/**
 * What an operator said, a `POSTSEAL_DECISION_*`; 0 when it is not an operator's change.
 */
int32_t postseal_change_decision(const struct postseal_change *change);

/**
 * The entry after this change, with the next version, as a new object: what the store writes. `before` is the entry as the store
 * has it, read under the same lock.
 */
POSTSEAL_MUST_USE
postseal_status postseal_change_apply(const struct postseal_change *change,
                                      const struct postseal_entry *before,
                                      struct postseal_entry **after,
                                      struct postseal_error **err);

/**
 * Begins the answer to a question of an operation. It stays good when the question is freed.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_new(const struct postseal_question *question,
                                    struct postseal_answer **answer,
                                    struct postseal_error **err);

/**
 * Everything: whatever is asked was not to be had. `why` is for your own log: it names the file or the host, never a person.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_unavailable(struct postseal_answer *answer,
                                            const char *why,
                                            struct postseal_error **err);

/**
 * find-stored, entries: the next entry. find-stored wants one for each address, in the same order, also for an address that has
 * none.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_entry(struct postseal_answer *answer,
                                      const struct postseal_entry *entry,
                                      struct postseal_error **err);

/**
 * put-stored: the change is durable.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_stored(struct postseal_answer *answer,
                                       struct postseal_error **err);

/**
 * put-stored: somebody else changed the entry first, and this is what it looks like now. Nothing was written.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_conflict(struct postseal_answer *answer,
                                         const struct postseal_entry *entry,
                                         struct postseal_error **err);

/**
 * resolve-directory: a certificate for the address at `index` of the question. Called again, it adds another one. With `loan`
 * NULL, the directory knows the address, and this call adds none.
 *
 * POSTSEAL_VALUE_UNKNOWN: this address has another reply, which stays; or the question has not as many addresses, and then the
 * whole answer counts as unavailable.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_found(struct postseal_answer *answer,
                                      size_t index,
                                      const struct postseal_loan *loan,
                                      struct postseal_error **err);

/**
 * resolve-directory: what a directory keeps for the address at `index` of the question as one CMS object, DER or BER: a
 * SignedData with certificates, with a signer or without any (userSMIMECertificate, RFC 2798 2.8; a certs-only message,
 * RFC 8551 3.8). Each certificate in it is lent, with its CA certificates as issuers; so are CA certificates by
 * themselves, to be refused with a reason. Called again, or after `postseal_answer_found`, it adds more.
 *
 * Capabilities and the preference that the owner signed come along when the signature holds under a certificate inside
 * that bears the address. They stand in for no check.
 *
 * POSTSEAL_CMS_NOT_SIGNED_DATA: something else, as a bare certificate; or the code of what cannot be read, or of a limit.
 * Nothing was added then: without another reply, the address counts as not answered. POSTSEAL_VALUE_UNKNOWN as in
 * `postseal_answer_found`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_found_cms(struct postseal_answer *answer,
                                          size_t index,
                                          const uint8_t *cms,
                                          size_t len,
                                          struct postseal_error **err);

/**
 * resolve-directory: the directory was asked about this address, and has none.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_not_found(struct postseal_answer *answer,
                                          size_t index,
                                          struct postseal_error **err);

/**
 * resolve-directory: the directory did not answer about this address. After `postseal_answer_found` or
 * `postseal_answer_found_cms`: what was found may not be all. Where nothing of it can be used, nobody knows whether the
 * recipient has a certificate.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_not_answered(struct postseal_answer *answer,
                                             size_t index,
                                             const char *why,
                                             struct postseal_error **err);

/**
 * fetch-crl, fetch-ocsp, fetch-issuer: the octets, as they were served.
 */
POSTSEAL_MUST_USE
postseal_status postseal_answer_body(struct postseal_answer *answer,
                                     const uint8_t *data,
                                     size_t len,
                                     struct postseal_error **err);

/**
 * Frees an answer of your own, handed in or not. NULL is allowed.
 */
void postseal_answer_free(struct postseal_answer *answer);

/**
 * Begins an entry: the mailbox as it was spelled when it was first stored, and how often its entry was changed. With version 0
 * and without a certificate it is that of an address for which nothing is kept. Free it with `postseal_entry_free`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_entry_new(const char *address,
                                   uint64_t version,
                                   struct postseal_entry **entry,
                                   struct postseal_error **err);

/**
 * Adds a certificate, the oldest first. Everything is copied. Certificates that cannot be read are refused here; whether they
 * are any good is decided each time they are used.
 */
POSTSEAL_MUST_USE
postseal_status postseal_entry_add(struct postseal_entry *entry,
                                   const struct postseal_stored_cert *cert,
                                   struct postseal_error **err);

/**
 * The mailbox as it was spelled when it was first stored. NULL for NULL.
 */
const char *postseal_entry_address(const struct postseal_entry *entry);

/**
 * The mailbox in the form that is compared, octet by octet: what a store has as its key. NULL for NULL.
 */
const char *postseal_entry_key(const struct postseal_entry *entry);

/**
 * How often the entry was changed; 0: nothing was ever stored.
 */
uint64_t postseal_entry_version(const struct postseal_entry *entry);

/**
 * How many certificates it has. 0 for NULL.
 */
size_t postseal_entry_cert_count(const struct postseal_entry *entry);

/**
 * Fills `*cert`, whose `struct_size` is set, from one of its certificates.
 *
 * POSTSEAL_VALUE_UNKNOWN when it has not as many.
 */
POSTSEAL_MUST_USE
postseal_status postseal_entry_cert(const struct postseal_entry *entry,
                                    size_t index,
                                    struct postseal_stored_cert *cert,
                                    struct postseal_error **err);

/**
 * SHA-256 of one of its certificates, as 64 hexadecimal digits. NULL where there is none.
 */
const char *postseal_entry_fingerprint(const struct postseal_entry *entry, size_t index);

/**
 * Whether it has as many certificates, and the start and the end of the validity of this one, in seconds since 1970 UTC, in what
 * of `*not_before` and `*not_after` is not NULL.
 */
bool postseal_entry_validity(const struct postseal_entry *entry,
                             size_t index,
                             int64_t *not_before,
                             int64_t *not_after);

/**
 * Frees an entry of your own. NULL is allowed.
 */
void postseal_entry_free(struct postseal_entry *entry);

/**
 * Lists what is stored for a tenant; NULL is "default".
 *
 * POSTSEAL_STORE_MISSING, POSTSEAL_STORE_UNAVAILABLE.
 *
 * Example: `examples/c/own_store.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_entries(const struct postseal_engine *engine,
                                        const char *tenant_name,
                                        struct postseal_entries **entries,
                                        struct postseal_error **err);

/**
 * How many there are. 0 for NULL.
 */
size_t postseal_entries_count(const struct postseal_entries *entries);

/**
 * One of them, borrowed. NULL where there is none.
 */
const struct postseal_entry *postseal_entries_entry(const struct postseal_entries *entries, size_t index);

/**
 * Frees a list with its entries. NULL is allowed.
 */
void postseal_entries_free(struct postseal_entries *entries);

/**
 * An operator's decision, a `POSTSEAL_DECISION_*`, about a stored certificate, with an event that says who made it. `entry` is
 * what the operator looked at, `fingerprint` 64 hexadecimal digits, `by` who he is, as you know him. `now`: seconds since 1970
 * UTC; 0: the clock of the system.
 *
 * POSTSEAL_NO_CERTIFICATE: the entry does not have it. POSTSEAL_STORE_CONTENDED: the entry has changed in the meantime.
 * POSTSEAL_FINGERPRINT_MALFORMED, POSTSEAL_VALUE_UNKNOWN, POSTSEAL_STORE_MISSING, POSTSEAL_STORE_UNAVAILABLE.
 */
POSTSEAL_MUST_USE
postseal_status postseal_engine_decide(const struct postseal_engine *engine,
                                       const char *tenant_name,
                                       const struct postseal_entry *entry,
                                       const char *fingerprint,
                                       int32_t decision,
                                       const char *by,
                                       int64_t now,
                                       struct postseal_error **err);

/**
 * Begins to learn from one mail as it was received. The mail is read and verified here; nothing of it is kept. What is wrong with
 * it is in the report. `timeout_ms` and `expired` of the options are not looked at: time is yours.
 */
POSTSEAL_MUST_USE
postseal_status postseal_import_operation(const struct postseal_engine *engine,
                                          const uint8_t *mail,
                                          size_t mail_len,
                                          const struct postseal_options *options,
                                          struct postseal_operation **operation,
                                          struct postseal_error **err);

/**
 * Begins to encrypt one mail: the operation finds a certificate for each recipient. As `postseal_encrypt`, and the options as with
 * `postseal_import_operation`.
 *
 * A mail that goes in pieces through a sealer afterwards need not be there yet: `mail` NULL. Whether it is encrypted already is
 * then only seen by the sealer, which refuses it.
 */
POSTSEAL_MUST_USE
postseal_status postseal_encrypt_operation(const struct postseal_engine *engine,
                                           const uint8_t *mail,
                                           size_t mail_len,
                                           const char *const *visible,
                                           size_t visible_len,
                                           const char *const *hidden,
                                           size_t hidden_len,
                                           const struct postseal_options *options,
                                           struct postseal_operation **operation,
                                           struct postseal_error **err);

/**
 * The next step, a `POSTSEAL_STEP_*`, in `*step`. With POSTSEAL_STEP_ASK, a question of your own in `*question`; else that is
 * NULL.
 *
 * POSTSEAL_POLLED_WHILE_FINISHED after POSTSEAL_STEP_DONE; POSTSEAL_HANDLE_IN_USE.
 */
POSTSEAL_MUST_USE
postseal_status postseal_operation_poll(struct postseal_operation *operation,
                                        int32_t *step,
                                        struct postseal_question **question,
                                        struct postseal_error **err);

/**
 * Hands in the answer to one of the operation's own questions. The answer is spent by that, and the question is answered.
 *
 * POSTSEAL_QUESTION_ANSWERED: it was before; nothing changes. POSTSEAL_FOREIGN_ANSWER: the question is another operation's; this
 * operation goes on as if nothing had been handed in, and the question is lost for the other one. POSTSEAL_HANDLE_IN_USE.
 */
POSTSEAL_MUST_USE
postseal_status postseal_operation_answer(struct postseal_operation *operation,
                                          struct postseal_answer *answer,
                                          struct postseal_error **err);

/**
 * Does for an encryption what is left to do, with the store, the directories and the fetcher of the engine, and blocks meanwhile:
 * the beginning of `postseal_encrypt`, for a mail that goes in pieces. Of the options, `timeout_ms` and `expired` count.
 *
 * POSTSEAL_STORE_MISSING: the engine has no store. POSTSEAL_VALUE_UNKNOWN: it is an import. POSTSEAL_UNANSWERED: a question is open
 * that was given to you, and the operation is given up. POSTSEAL_POLLED_WHILE_FINISHED, POSTSEAL_HANDLE_IN_USE.
 *
 * Example: `examples/c/stream.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_operation_carry_out(struct postseal_operation *operation,
                                             const struct postseal_engine *engine,
                                             const struct postseal_options *options,
                                             struct postseal_error **err);

/**
 * The report of an import that is done, borrowed from the operation. NULL before, and for an encryption.
 */
const struct postseal_report *postseal_operation_report(const struct postseal_operation *operation);

/**
 * How many recipients an encryption has that is done: the visible ones first, in the order in which they were given. 0 before,
 * and when the mail goes as it is.
 */
size_t postseal_operation_recipient_count(const struct postseal_operation *operation);

/**
 * What became of one of them, borrowed from the operation. NULL where there is none.
 */
const struct postseal_recipient *postseal_operation_recipient(const struct postseal_operation *operation,
                                                              size_t index);

/**
 * Seals the mail with what an encryption has found, once: what directories lent was lent for one mail. `mail` is the one that it
 * began with. As `postseal_encrypt`.
 *
 * POSTSEAL_UNANSWERED: it is not done. POSTSEAL_HANDLE_IN_USE: this, or `postseal_operation_plan`, was called before.
 */
POSTSEAL_MUST_USE
postseal_status postseal_operation_seal(struct postseal_operation *operation,
                                        const uint8_t *mail,
                                        size_t mail_len,
                                        struct postseal_encryption **encryption,
                                        struct postseal_error **err);

/**
 * As `postseal_operation_seal`, for a mail that goes in pieces: which messages are to be made, and who gets none.
 */
POSTSEAL_MUST_USE
postseal_status postseal_operation_plan(struct postseal_operation *operation,
                                        struct postseal_plan **plan,
                                        struct postseal_error **err);

/**
 * Frees an operation, done or not, with what is borrowed from it. NULL is allowed.
 */
void postseal_operation_free(struct postseal_operation *operation);

/**
 * How many messages are to be made: one for all visible recipients, or one for each content encryption that some of them read
 * where none is common to all, and one for each hidden one. 0 for NULL.
 */
size_t postseal_plan_message_count(const struct postseal_plan *plan);

/**
 * How many recipients a message has. 0 where there is none.
 */
size_t postseal_plan_address_count(const struct postseal_plan *plan, size_t message);

/**
 * One of the recipients of a message; NULL where there is none.
 */
const char *postseal_plan_address(const struct postseal_plan *plan, size_t message, size_t index);

/**
 * Whether a message is for one hidden recipient.
 */
bool postseal_plan_hidden(const struct postseal_plan *plan, size_t message);

/**
 * How many recipients get none of the messages. 0 for NULL.
 */
size_t postseal_plan_left_out_count(const struct postseal_plan *plan);

/**
 * One of those who get none, borrowed; NULL where there is none.
 */
const struct postseal_recipient *postseal_plan_left_out(const struct postseal_plan *plan, size_t index);

/**
 * As `postseal_encryption_plaintext_allowed`.
 */
bool postseal_plan_plaintext_allowed(const struct postseal_plan *plan);

/**
 * As `postseal_encryption_is_passed`.
 */
bool postseal_plan_is_passed(const struct postseal_plan *plan);

/**
 * Begins one of the messages, once. `length`: octets of the whole mail, which makes the object DER, and another length an error;
 * negative when that is not known, which makes it BER. Everything random is drawn here, the recipients' keys are used here.
 *
 * POSTSEAL_VALUE_UNKNOWN: the plan has not as many messages. POSTSEAL_HANDLE_IN_USE: it was begun before.
 * POSTSEAL_RANDOM_UNAVAILABLE, POSTSEAL_CONTENT_ENCRYPTION_MISMATCH.
 *
 * Example: `examples/c/stream.c`.
 */
POSTSEAL_MUST_USE
postseal_status postseal_plan_sealer(struct postseal_plan *plan,
                                     size_t message,
                                     int64_t length,
                                     struct postseal_sealer **sealer,
                                     struct postseal_error **err);

/**
 * Frees a plan. NULL is allowed. Sealers that were begun live on; what was lent for a message that was not begun is gone.
 */
void postseal_plan_free(struct postseal_plan *plan);

/**
 * The next piece of the mail; what can be written is given to `write`, perhaps nothing.
 *
 * POSTSEAL_ALREADY_ENCRYPTED; POSTSEAL_HEADER_MALFORMED and the limits of a header; POSTSEAL_LENGTH_MISMATCH when the mail is
 * longer than was said; POSTSEAL_CONTENT_TOO_LONG: the sealer only repeats them from then on. POSTSEAL_OUTPUT_FAILED: `write` did,
 * and the sealer is spent. POSTSEAL_HANDLE_IN_USE, also when it is spent.
 */
POSTSEAL_MUST_USE
postseal_status postseal_sealer_push(struct postseal_sealer *sealer,
                                     const uint8_t *piece,
                                     size_t piece_len,
                                     postseal_write write,
                                     void *userdata,
                                     struct postseal_error **err);

/**
 * The mail has ended: the rest of the message. The sealer is spent.
 *
 * As `postseal_sealer_push`; POSTSEAL_LENGTH_MISMATCH when the mail is shorter than was said.
 */
POSTSEAL_MUST_USE
postseal_status postseal_sealer_finish(struct postseal_sealer *sealer,
                                       postseal_write write,
                                       void *userdata,
                                       struct postseal_error **err);

/**
 * How the content is encrypted, as `aes256-gcm`. NULL for NULL.
 */
const char *postseal_sealer_content_encryption(const struct postseal_sealer *sealer);

/**
 * Frees a sealer, finished or not. NULL is allowed.
 */
void postseal_sealer_free(struct postseal_sealer *sealer);

#if defined(POSTSEAL_TEST_PANIC)
/**
 * The next guarded call of this thread panics.
 */
void postseal_test_panic(void);
#endif

#if defined(POSTSEAL_TEST_PANIC)
/**
 * Whether the switch is on: no guarded call came since.
 */
bool postseal_test_panic_is_armed(void);
#endif

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POSTSEAL_H */
