//! The Online Certificate Status Protocol (RFC 6960): a request for one certificate, and what a response says of it.

use super::lists::{Listed, look_up};
use super::reason::Reason;
use super::speakers::Speakers;
use super::status::Status;
use crate::cert::{Certificate, name};
use crate::der::{Document, Element, Tag, oids, time, writer};
use crate::error::{Code, Error};
use crate::time::{CLOCK_SKEW, UnixTime};
use crate::verify::{DigestAlgorithm, Limits};

/// Seconds that a response without nextUpdate counts: newer information is available all the time (RFC 6960 2.4), so that
/// this is only the time on its way.
const AT_ONCE: i64 = 3600;

/// What a response is about, beside the certificate.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) issuer: &'a Certificate,
    /// The issuer, and who stands above it.
    pub(crate) authorities: &'a [Certificate],
    /// The nonce of the request (RFC 9654).
    pub(crate) nonce: Option<&'a [u8]>,
    /// Whether the response must repeat it; most responders sign beforehand and cannot.
    pub(crate) nonce_required: bool,
    /// Lists that may revoke a responder.
    pub(crate) lists: &'a [Listed],
    /// Whether they must know that it is good, unless its issuer says that nobody need ask.
    pub(crate) must_be_known: bool,
}

/// What a response comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) status: Status,
    /// Until when it counts.
    pub(crate) until: UnixTime,
}

/// An OCSPRequest for one certificate (RFC 6960 4.1.1). SHA-1 names the issuer here and protects nothing; every
/// responder knows it (RFC 6960 4.3).
pub(crate) fn request(certificate: &Certificate, issuer: &Certificate, nonce: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let digest = DigestAlgorithm::Sha1;
    let algorithm =
        writer::element(Tag::SEQUENCE, &[&writer::element(Tag::OBJECT_IDENTIFIER, &[oids::SHA_1]), &[0x05, 0x00]]);
    let octets = |value: &[u8]| writer::element(Tag::OCTET_STRING, &[value]);
    let cert_id = writer::element(
        Tag::SEQUENCE,
        &[
            &algorithm,
            &octets(&digest.digest(&[certificate.issuer()])),
            &octets(&digest.digest(&[key_bits(issuer)?])),
            &writer::element(Tag::INTEGER, &[certificate.serial()]),
        ],
    );
    let requests = writer::element(Tag::SEQUENCE, &[&writer::element(Tag::SEQUENCE, &[&cert_id])]);
    let extensions = nonce.map_or_else(Vec::new, |nonce| {
        let oid = writer::element(Tag::OBJECT_IDENTIFIER, &[oids::OCSP_NONCE]);
        let extension = writer::element(Tag::SEQUENCE, &[&oid, &octets(&octets(nonce))]);
        writer::element(Tag::context_constructed(2), &[&writer::element(Tag::SEQUENCE, &[&extension])])
    });
    Ok(writer::element(Tag::SEQUENCE, &[&writer::element(Tag::SEQUENCE, &[&requests, &extensions])]))
}

/// What the response says, once it is known that whoever signed it may.
pub(crate) fn evaluate(response: &[u8], asked: &Asked<'_>, speakers: &mut Speakers<'_>) -> Result<Answered, Error> {
    let limits = speakers.limits();
    if response.len() > limits.ocsp_bytes {
        return Err(Code::OcspTooLarge.into());
    }
    let document = Document::new(response, limits);
    let basic = basic_response(&document)?;
    let document = Document::new(basic, limits);
    let read = BasicResponse::read(&document, limits).map_err(malformed)?;
    read.check_signer(&document, asked, speakers)?;
    read.check_nonce(asked)?;
    let mut nearest = Error::from(Code::OcspMismatch);
    let mut best: Option<Answered> = None;
    let mut responses = document.children(&read.responses).map_err(malformed)?;
    while let Some(single) = responses.next().map_err(malformed)? {
        match single_response(&document, &single, asked, speakers.now(), limits) {
            Ok(Some(answered)) if best.is_none() || matches!(answered.status, Status::Revoked { .. }) => {
                best = Some(answered);
            }
            Ok(_) => {}
            Err(error) => nearest = error,
        }
    }
    best.ok_or(nearest)
}

fn malformed(error: Error) -> Error {
    match error.fault() {
        crate::error::Fault::LimitExceeded => error,
        _ => Error::from(Code::OcspMalformed).at(error.offset().unwrap_or_default()),
    }
}

/// OCSPResponse: a status, and the octets of a BasicOCSPResponse when it is successful.
fn basic_response<'a>(document: &Document<'a>) -> Result<&'a [u8], Error> {
    let read = || {
        let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
        let status = fields.expect(Tag(0x0a))?.content();
        let bytes = fields.optional(Tag::context_constructed(0))?;
        Ok((status, bytes))
    };
    let (status, bytes) = read().map_err(malformed)?;
    match (status, bytes) {
        ([0], Some(bytes)) => {
            let read = || {
                let mut inside = document.children(&bytes)?;
                let mut fields = document.children(&inside.expect(Tag::SEQUENCE)?)?;
                let kind = fields.expect(Tag::OBJECT_IDENTIFIER)?.content();
                let octets = fields.expect(Tag::OCTET_STRING)?.content();
                if kind == oids::OCSP_BASIC { Ok(octets) } else { Err(Code::OcspMalformed.into()) }
            };
            read().map_err(malformed)
        }
        // malformedRequest, internalError, tryLater, sigRequired, unauthorized: unsigned, and so nobody's word.
        ([_], _) => Err(Code::OcspUnavailable.into()),
        _ => Err(Code::OcspMalformed.into()),
    }
}

struct BasicResponse<'a> {
    tbs: &'a [u8],
    responder: Element<'a>,
    responses: Element<'a>,
    nonce: Option<&'a [u8]>,
    unknown_critical: bool,
    algorithm: &'a [u8],
    signature: &'a [u8],
    certificates: Vec<Certificate>,
}

impl<'a> BasicResponse<'a> {
    fn read(document: &Document<'a>, limits: &Limits) -> Result<Self, Error> {
        let mut outer = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
        let tbs = outer.expect(Tag::SEQUENCE)?;
        let algorithm = outer.expect(Tag::SEQUENCE)?.raw();
        let signature = outer.required()?.whole_bits()?;
        let certificates = outer.optional(Tag::context_constructed(0))?;
        outer.finish()?;
        let mut fields = document.children(&tbs)?;
        fields.optional(Tag::context_constructed(0))?;
        let responder = fields.required()?;
        time(&fields.required()?)?;
        let responses = fields.expect(Tag::SEQUENCE)?;
        let extensions = fields.optional(Tag::context_constructed(1))?;
        fields.finish()?;
        let (nonce, unknown_critical) = match extensions {
            Some(wrapper) => response_extensions(document, &wrapper, limits)?,
            None => (None, false),
        };
        Ok(Self {
            tbs: tbs.raw(),
            responder,
            responses,
            nonce,
            unknown_critical,
            algorithm,
            signature,
            certificates: certificates.map_or(Ok(Vec::new()), |list| read_certificates(document, &list, limits))?,
        })
    }

    /// The issuer itself, or whom the issuer has named for this by a certificate of its own (RFC 6960 4.2.2.2).
    fn check_signer(
        &self,
        document: &Document<'a>,
        asked: &Asked<'_>,
        speakers: &mut Speakers<'_>,
    ) -> Result<(), Error> {
        if self.unknown_critical {
            return Err(Code::OcspCriticalExtension.into());
        }
        let mut nearest = Error::from(Code::OcspSignerNotFound);
        for candidate in core::iter::once(asked.issuer).chain(&self.certificates) {
            if !self.names(document, candidate, speakers.limits())? {
                continue;
            }
            let is_issuer = candidate.public_key_info() == asked.issuer.public_key_info()
                && candidate.subject() == asked.issuer.subject();
            let allowed = if is_issuer { Ok(()) } else { check_delegate(candidate, asked, speakers) };
            let signed =
                allowed.and_then(|()| speakers.verify_octets(self.algorithm, &[self.tbs], self.signature, candidate));
            match signed {
                Ok(()) => return Ok(()),
                Err(error) if error.code() == Code::SignatureInvalid => nearest = Code::OcspSignatureInvalid.into(),
                Err(error) => nearest = error,
            }
        }
        Err(nearest)
    }

    /// Whether the responderID is this certificate's.
    fn names(&self, document: &Document<'a>, candidate: &Certificate, limits: &Limits) -> Result<bool, Error> {
        let mut inside = document.children(&self.responder).map_err(malformed)?;
        let id = inside.required().map_err(malformed)?;
        Ok(match self.responder.tag() {
            Tag(0xa1) => name::equal(id.raw(), candidate.subject(), limits),
            Tag(0xa2) => {
                id.tag() == Tag::OCTET_STRING && *id.content() == *DigestAlgorithm::Sha1.digest(&[key_bits(candidate)?])
            }
            _ => return Err(Code::OcspMalformed.into()),
        })
    }

    fn check_nonce(&self, asked: &Asked<'_>) -> Result<(), Error> {
        match (asked.nonce, self.nonce) {
            (Some(sent), Some(received)) if sent == received => Ok(()),
            (None, _) | (Some(_), None) if !asked.nonce_required => Ok(()),
            _ => Err(Code::OcspNonceMismatch.into()),
        }
    }
}

/// A delegated responder: issued by the very issuer, for this purpose, now. Without id-pkix-ocsp-nocheck the lists at hand
/// may revoke it, and in the hard mode must know it to be good; nobody is asked about it (RFC 6960 4.2.2.2.1 leaves that to
/// the client).
fn check_delegate(candidate: &Certificate, asked: &Asked<'_>, speakers: &mut Speakers<'_>) -> Result<(), Error> {
    let issuer = asked.issuer;
    let not_allowed = || Error::from(Code::OcspSignerNotAllowed);
    let limits = speakers.limits();
    if !name::equal(candidate.issuer(), issuer.subject(), limits)
        || candidate.extended_key_usage(oids::OCSP_SIGNING)? != Some(true)
        || candidate.key_usage()?.is_some_and(|usage| !usage.digital_signature() && !usage.non_repudiation())
        || speakers.check_certificate(candidate).is_err()
    {
        return Err(not_allowed());
    }
    let signed = [candidate.tbs()];
    speakers
        .verify_octets(candidate.signature_algorithm(), &signed, candidate.signature(), issuer)
        .map_err(|error| if error.code() == Code::SignatureInvalid { not_allowed() } else { error })?;
    if candidate.extension(oids::OCSP_NOCHECK).is_some() {
        return Ok(());
    }
    match look_up(candidate, asked.authorities, asked.lists, speakers).status {
        Status::Good => Ok(()),
        Status::Unknown(_) if !asked.must_be_known => Ok(()),
        _ => Err(not_allowed()),
    }
}

fn read_certificates(document: &Document<'_>, list: &Element<'_>, limits: &Limits) -> Result<Vec<Certificate>, Error> {
    let mut wrapper = document.children(list)?;
    let mut members = document.children(&wrapper.expect(Tag::SEQUENCE)?)?;
    let mut certificates = Vec::new();
    while let Some(member) = members.next()? {
        if certificates.len() >= limits.certificates {
            return Err(Code::CertificatesTooMany.into());
        }
        certificates.extend(Certificate::from_der(member.raw(), limits).ok());
    }
    Ok(certificates)
}

/// The nonce, and whether a critical extension is not known.
fn response_extensions<'a>(
    document: &Document<'a>,
    wrapper: &Element<'a>,
    limits: &Limits,
) -> Result<(Option<&'a [u8]>, bool), Error> {
    let mut inside = document.children(wrapper)?;
    let mut list = document.children(&inside.expect(Tag::SEQUENCE)?)?;
    let (mut nonce, mut unknown_critical) = (None, false);
    while let Some(extension) = list.next()? {
        let mut parts = document.children(&extension.expect(Tag::SEQUENCE)?)?;
        let oid = parts.expect(Tag::OBJECT_IDENTIFIER)?.content();
        let critical = parts.optional(Tag::BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
        let value = parts.expect(Tag::OCTET_STRING)?.content();
        if oid == oids::OCSP_NONCE {
            // RFC 9654 2.1 wraps it in an OCTET STRING; some responders forget to.
            let wrapped = Document::new(value, limits).root().and_then(|root| root.expect(Tag::OCTET_STRING));
            nonce = Some(wrapped.map_or(value, |root| root.content()));
        } else {
            unknown_critical |= critical;
        }
    }
    Ok((nonce, unknown_critical))
}

/// One SingleResponse; `None` when it is about another certificate.
fn single_response(
    document: &Document<'_>,
    single: &Element<'_>,
    asked: &Asked<'_>,
    now: UnixTime,
    limits: &Limits,
) -> Result<Option<Answered>, Error> {
    let mut fields = document.children(&single.expect(Tag::SEQUENCE)?).map_err(malformed)?;
    let id = fields.expect(Tag::SEQUENCE).map_err(malformed)?;
    if !is_about(document, &id, asked)? {
        return Ok(None);
    }
    let mut read = || {
        let status = fields.required()?;
        let this_update = time(&fields.required()?)?;
        let next_update = fields.optional(Tag::context_constructed(0))?;
        let next_update = next_update.map(|wrapper| time(&document.children(&wrapper)?.required()?)).transpose()?;
        let extensions = fields.optional(Tag::context_constructed(1))?;
        let unknown_critical = match extensions {
            Some(wrapper) => response_extensions(document, &wrapper, limits)?.1,
            None => false,
        };
        Ok((cert_status(document, &status)?, this_update, next_update, unknown_critical))
    };
    let (status, this_update, next_update, unknown_critical) = read().map_err(malformed)?;
    if unknown_critical {
        return Err(Code::OcspCriticalExtension.into());
    }
    if this_update.seconds() > now.seconds().saturating_add(CLOCK_SKEW) {
        return Err(Code::OcspNotYetValid.into());
    }
    let until = next_update.unwrap_or_else(|| UnixTime::from_seconds(this_update.seconds().saturating_add(AT_ONCE)));
    // As with lists: what was revoked stays revoked, unless it was only suspended.
    let is_final = matches!(status, Status::Revoked { reason, .. } if reason != Reason::CertificateHold);
    if until < now && !is_final {
        return Err(Code::OcspStale.into());
    }
    Ok(Some(Answered { status, until }))
}

/// CertID: the hashes of the issuer's name and key, and the serial number.
fn is_about(document: &Document<'_>, id: &Element<'_>, asked: &Asked<'_>) -> Result<bool, Error> {
    let read = || {
        let mut fields = document.children(id)?;
        let mut algorithm = document.children(&fields.expect(Tag::SEQUENCE)?)?;
        let oid = algorithm.expect(Tag::OBJECT_IDENTIFIER)?.content();
        let name = fields.expect(Tag::OCTET_STRING)?.content();
        let key = fields.expect(Tag::OCTET_STRING)?.content();
        let serial = fields.expect(Tag::INTEGER)?.content();
        Ok((oid, name, key, serial))
    };
    let (oid, name, key, serial) = read().map_err(malformed)?;
    let digest = match oid {
        oids::SHA_1 => DigestAlgorithm::Sha1,
        oids::SHA_256 => DigestAlgorithm::Sha256,
        oids::SHA_384 => DigestAlgorithm::Sha384,
        oids::SHA_512 => DigestAlgorithm::Sha512,
        _ => return Ok(false),
    };
    Ok(super::crl::significant(serial) == super::crl::significant(asked.certificate.serial())
        && *name == *digest.digest(&[asked.certificate.issuer()])
        && *key == *digest.digest(&[key_bits(asked.issuer)?]))
}

/// `good [0] NULL, revoked [1] { time, reason }, unknown [2] NULL`.
fn cert_status(document: &Document<'_>, status: &Element<'_>) -> Result<Status, Error> {
    match status.tag() {
        Tag(0x80) => Ok(Status::Good),
        Tag(0xa1) => {
            let mut fields = document.children(status)?;
            let at = time(&fields.required()?)?;
            let reason = match fields.optional(Tag::context_constructed(0))? {
                // It is revoked, whatever the reason looks like.
                Some(wrapper) => {
                    let reason = document.children(&wrapper).and_then(|mut inside| inside.required());
                    reason.and_then(Reason::read).unwrap_or(Reason::Unspecified)
                }
                None => Reason::Unspecified,
            };
            Ok(Status::Revoked { at, reason })
        }
        Tag(0x82 | 0xa2) => Ok(Status::Unknown(Code::OcspUnknown.into())),
        _ => Err(Error::from(Code::DerTag).at(status.offset())),
    }
}

/// The bits of the subjectPublicKey, which RFC 6960 hashes.
fn key_bits(certificate: &Certificate) -> Result<&[u8], Error> {
    let limits = Limits::default();
    let document = Document::new(certificate.public_key_info(), &limits);
    let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    fields.expect(Tag::SEQUENCE)?;
    fields.required()?.whole_bits()
}
