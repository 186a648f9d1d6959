use super::attributes::SignedAttributes;
use super::key_preference::KeyPreference;
use crate::cert::{Capabilities, Certificate, name};
use crate::crypto::CryptoBackend;
use crate::der::{Document, Element, Tag};
use crate::error::{Code, Error};
use crate::mail::canonical_chunks;
use crate::verify::{DigestAlgorithm, KnownKey, Limits, Sha1, SignatureAlgorithm};
use std::borrow::Cow;

/// One SignerInfo (RFC 5652 5.3).
#[derive(Debug)]
pub(crate) struct SignerInfo<'a> {
    pub(crate) identifier: SignerIdentifier<'a>,
    digest_algorithm: Result<DigestAlgorithm, Error>,
    pub(crate) signed_attributes: Option<SignedAttributes<'a>>,
    signature_algorithm: Result<SignatureAlgorithm, Error>,
    signature: Cow<'a, [u8]>,
    /// Whether an attribute that must be signed stands among the unsigned ones.
    pub(super) misplaced: bool,
    limits: Limits,
}

/// How the signer's certificate is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignerIdentifier<'a> {
    /// The issuer as names are compared: there may be many certificates to compare it with.
    IssuerAndSerial {
        issuer_key: Vec<u8>,
        serial: &'a [u8],
    },
    SubjectKeyIdentifier(Cow<'a, [u8]>),
}

/// The content that was signed.
#[derive(Debug)]
pub(crate) enum Content<'d, 'a> {
    /// Beside the SignedData; line ends are made canonical while hashing.
    Detached(&'a [u8]),
    /// The octet string inside, as sent.
    Encapsulated(&'d Document<'a>, Element<'a>),
    Absent,
}

/// Octets of content that cost as much to hash as an ordinary signature and its path do to check.
const HASHED: usize = 1 << 20;

/// In which order the signed attributes are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttributeOrder {
    /// As RFC 5652 5.4 says.
    Der,
    /// As they were sent, which some old signers hashed.
    AsSent,
}

impl<'d, 'a> Content<'d, 'a> {
    /// The digest of the content; computed once, however many signers there are.
    pub(crate) fn digest(&self, crypto: &dyn CryptoBackend, algorithm: DigestAlgorithm) -> Result<Vec<u8>, Error> {
        let mut hasher = crypto.hasher(algorithm);
        self.for_each(&mut |piece| hasher.update(piece))?;
        Ok(hasher.finish())
    }

    /// The octets of the content as they are hashed, piece by piece.
    pub(crate) fn for_each(&self, sink: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        match self {
            Self::Detached(bytes) => canonical_chunks(bytes, sink),
            Self::Encapsulated(document, string) if string.tag().primitive() == Tag::OCTET_STRING => {
                let mut segments = document.segments(string);
                while let Some(segment) = segments.next()? {
                    sink(segment);
                }
            }
            // A content type of PKCS #7 may have any type in place of the octet string; its content octets were hashed.
            Self::Encapsulated(_, other) => sink(other.content()),
            Self::Absent => return Err(Code::ContentMissing.into()),
        }
        Ok(())
    }

    /// About how many octets are hashed.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Detached(bytes) => bytes.len(),
            Self::Encapsulated(_, string) => string.content().len(),
            Self::Absent => 0,
        }
    }

    /// The first octets as they are hashed: those of the first `limit` octets as sent.
    pub(super) fn beginning_as_hashed(&self, limit: usize) -> Result<Vec<u8>, Error> {
        let sent = self.beginning(limit)?;
        let Self::Detached(_) = self else { return Ok(sent) };
        let mut canonical = Vec::new();
        canonical_chunks(&sent, &mut |piece| canonical.extend_from_slice(piece));
        Ok(canonical)
    }

    /// The first `limit` octets, for looking at header fields.
    pub(crate) fn beginning(&self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut beginning = Vec::new();
        match self {
            Self::Detached(bytes) => beginning.extend_from_slice(bytes.get(..limit).unwrap_or(bytes)),
            Self::Encapsulated(document, string) => {
                let mut segments = document.segments(string);
                while let Some(segment) = segments.next()? {
                    let room = limit.saturating_sub(beginning.len());
                    beginning.extend_from_slice(segment.get(..room).unwrap_or(segment));
                    if room <= segment.len() {
                        break;
                    }
                }
            }
            Self::Absent => {}
        }
        Ok(beginning)
    }
}

impl<'a> SignerInfo<'a> {
    pub(super) fn read(document: &Document<'a>, signer_info: &Element<'a>, limits: &Limits) -> Result<Self, Error> {
        let mut fields = document.children(&signer_info.expect(Tag::SEQUENCE)?)?;
        fields.expect(Tag::INTEGER)?;
        let identifier = identifier(document, &fields.required()?, limits)?;
        let digest_algorithm = algorithm_identifier(&fields.expect(Tag::SEQUENCE)?, limits)?;
        let digest_algorithm = DigestAlgorithm::from_algorithm_identifier(digest_algorithm, limits);
        let signed_attributes = match fields.optional(Tag::context_constructed(0))? {
            Some(set) => Some(SignedAttributes::read(document, &set, limits)?),
            None => None,
        };
        let signature_algorithm = algorithm_identifier(&fields.expect(Tag::SEQUENCE)?, limits)?;
        let signature_algorithm = digest_algorithm.and_then(|digest| {
            SignatureAlgorithm::from_algorithm_identifier(signature_algorithm, Some(digest), limits)
        });
        let string = fields.required()?;
        if string.tag().primitive() != Tag::OCTET_STRING {
            return Err(Error::from(Code::DerTag).at(string.offset()));
        }
        // The largest RSA modulus that is computed with has 2 KiB.
        let signature = document.segments(&string).concat(8 << 10, Code::SignatureMalformed)?;
        let misplaced = match fields.optional(Tag::context_constructed(1))? {
            Some(set) => {
                let room = Limits { attribute_bytes: limits.cms_bytes, ..limits.clone() };
                SignedAttributes::read(document, &set, &room)?.has_any_that_must_be_signed()
            }
            None => false,
        };
        fields.finish()?;
        let limits = limits.clone();
        Ok(Self { identifier, digest_algorithm, signed_attributes, signature_algorithm, signature, misplaced, limits })
    }

    /// Whether this SignerInfo names the certificate (RFC 5652 5.3). Several may match; each is to be tried.
    pub(crate) fn names(&self, certificate: &Certificate) -> bool {
        match &self.identifier {
            SignerIdentifier::IssuerAndSerial { issuer_key, serial } => {
                certificate.serial() == *serial && certificate.issuer_key(&self.limits) == *issuer_key
            }
            SignerIdentifier::SubjectKeyIdentifier(identifier) => {
                certificate.subject_key_identifier() == Some(identifier.as_ref())
            }
        }
    }

    /// Whether the two [orders](AttributeOrder) are one.
    pub(crate) fn attributes_are_in_der_order(&self) -> bool {
        self.signed_attributes.as_ref().is_none_or(SignedAttributes::are_in_der_order)
    }

    pub(crate) const fn digest_algorithm(&self) -> Result<DigestAlgorithm, Error> {
        self.digest_algorithm
    }

    pub(crate) const fn signature_algorithm(&self) -> Result<SignatureAlgorithm, Error> {
        self.signature_algorithm
    }

    /// Fails when a digest of the signature may not be relied on.
    pub(crate) fn require_digests(&self, sha1: Sha1) -> Result<(), Error> {
        self.digest_algorithm()?.require(sha1)?;
        self.signature_algorithm()?.require_digests(sha1)
    }

    /// The certificate that the signer wants to be encrypted to. Under a digest that can be forged, the preference is anybody's.
    pub(crate) fn key_preference(&self) -> Result<Option<KeyPreference>, Error> {
        match &self.signed_attributes {
            Some(attributes) if self.require_digests(Sha1::Refused).is_ok() => attributes.key_preference(),
            _ => Ok(None),
        }
    }

    /// The signed capabilities, unless under a digest that can be forged.
    pub(crate) fn capabilities(&self) -> Result<Option<Capabilities>, Error> {
        let Some(attributes) = &self.signed_attributes else { return Ok(None) };
        let signed_at = attributes.signing_time()?;
        let der = attributes.capabilities()?;
        let strong = self.require_digests(Sha1::Refused).is_ok();
        Ok(der.filter(|_| strong).map(|der| Capabilities::new(der.to_vec(), signed_at)))
    }

    /// What one [verification](Self::verify) costs, in those of [`KnownKey::cost`]: without signed attributes the whole content
    /// is hashed for each.
    pub(crate) fn cost(&self, key: &KnownKey, content: &Content<'_, 'a>) -> usize {
        let hashed = if self.signed_attributes.is_some() { 0 } else { content.len() };
        key.cost().saturating_add(hashed.div_euclid(HASHED))
    }

    /// Verifies the signature under one certificate's key: the content's digest, the signature over the attributes (or
    /// over the content, where there are none), the certificate that the attributes name.
    pub(crate) fn verify(
        &self,
        crypto: &dyn CryptoBackend,
        key: &KnownKey,
        certificate: &Certificate,
        content: &Content<'_, 'a>,
        digest: &[u8],
        order: AttributeOrder,
    ) -> Result<(), Error> {
        let algorithm = self.signature_algorithm()?;
        let Some(attributes) = &self.signed_attributes else {
            let mut whole = Vec::new();
            content.for_each(&mut |piece| whole.extend_from_slice(piece))?;
            return key.verify(crypto, &algorithm, &[&whole], &self.signature);
        };
        let stated = attributes.message_digest()?.ok_or(Code::MessageDigestMissing)?;
        if stated != digest {
            return Err(Code::DigestMismatch.into());
        }
        key.verify(crypto, &algorithm, &[&attributes.signed_octets(order)], &self.signature)?;
        attributes.check_signing_certificate(certificate)
    }
}

/// One that is longer than all signed attributes together has no parameters that anybody reads.
fn algorithm_identifier<'a>(sequence: &Element<'a>, limits: &Limits) -> Result<&'a [u8], Error> {
    if sequence.raw().len() > limits.attribute_bytes {
        return Err(Error::from(Code::CmsMalformed).at(sequence.offset()));
    }
    Ok(sequence.raw())
}

fn identifier<'a>(
    document: &Document<'a>,
    element: &Element<'a>,
    limits: &Limits,
) -> Result<SignerIdentifier<'a>, Error> {
    match element.tag() {
        Tag::SEQUENCE => {
            let mut fields = document.children(element)?;
            let issuer = fields.expect(Tag::SEQUENCE)?;
            let serial = fields.expect(Tag::INTEGER)?.content();
            fields.finish()?;
            // A name that is longer than a certificate is in none.
            if issuer.raw().len() > limits.certificate_bytes {
                return Err(Error::from(Code::CmsMalformed).at(issuer.offset()));
            }
            let issuer_key = name::comparison_key(issuer.raw(), limits);
            Ok(SignerIdentifier::IssuerAndSerial { issuer_key, serial })
        }
        // Constructed, it is in segments, or explicitly tagged as some signers write it: the octets are the same.
        tag if tag.primitive() == Tag::context(0) => {
            // An identifier that is longer than a certificate is in none.
            let octets = document.segments(element).concat(limits.certificate_bytes, Code::CmsMalformed)?;
            Ok(SignerIdentifier::SubjectKeyIdentifier(octets))
        }
        _ => Err(Error::from(Code::DerTag).at(element.offset())),
    }
}
