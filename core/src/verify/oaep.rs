use super::DigestAlgorithm;
use super::mask;
use crate::der::{Document, Element, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;

/// RSAES-OAEP-params (RFC 4055 4.1) with an empty label: the only one that is used.
///
/// ```
/// use postseal::crypto::{DigestAlgorithm, OaepParameters};
/// let parameters = OaepParameters::with(DigestAlgorithm::Sha256);
/// assert_eq!(parameters.digest, parameters.mask_digest);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "RFC 4055 4.1")]
pub struct OaepParameters {
    /// Of the label.
    pub digest: DigestAlgorithm,
    /// Of MGF1.
    pub mask_digest: DigestAlgorithm,
}

impl OaepParameters {
    /// The same digest for both. With SHA-256 it is what RFC 8551 2.3 asks for.
    ///
    /// ```
    /// use postseal::crypto::{DigestAlgorithm, OaepParameters};
    /// assert_eq!(OaepParameters::with(DigestAlgorithm::Sha1).digest, DigestAlgorithm::Sha1);
    /// ```
    pub const fn with(digest: DigestAlgorithm) -> Self {
        Self { digest, mask_digest: digest }
    }

    /// Reads the parameters of a key, which must be used with exactly these (RFC 4055 4.1).
    pub(crate) fn read<'a>(document: &Document<'a>, raw: &Element<'a>, limits: &Limits) -> Result<Self, Error> {
        Self::read_fields(document, raw, limits).map_err(|error| match error.code() {
            Code::DigestUnsupported | Code::WeakDigest | Code::SignatureUnsupported | Code::KeyUnsupported => {
                Code::KeyUnsupported.into()
            }
            _ => Code::KeyMalformed.into(),
        })
    }

    fn read_fields<'a>(document: &Document<'a>, raw: &Element<'a>, limits: &Limits) -> Result<Self, Error> {
        let mut fields = document.children(&raw.expect(Tag::SEQUENCE)?)?;
        let (digest, mask_digest) = mask::read_digests(document, &mut fields, limits)?;
        if let Some(wrapper) = fields.optional(Tag::context_constructed(2))? {
            let mut source = document.children(&mask::inner(document, &wrapper)?.expect(Tag::SEQUENCE)?)?;
            let specified = source.expect(Tag::OBJECT_IDENTIFIER)?.content() == oids::P_SPECIFIED;
            let label = source.expect(Tag::OCTET_STRING)?;
            source.finish()?;
            if !specified || !label.content().is_empty() {
                return Err(Code::KeyUnsupported.into());
            }
        }
        fields.finish()?;
        if [digest, mask_digest].iter().any(|digest| !Self::SUPPORTED.contains(digest)) {
            return Err(Code::KeyUnsupported.into());
        }
        Ok(Self { digest, mask_digest })
    }

    /// SHA-1 is no weakness here: OAEP does not rest on it being free of collisions (RFC 8017 7.1, B.1).
    const SUPPORTED: [DigestAlgorithm; 4] =
        [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::writer::{algorithm_identifier, element};
    use crate::verify::PublicKey;
    use crate::verify::rsa::RsaScheme;

    const NULL: &[u8] = &[5, 0];
    const LABEL: u8 = 2;

    fn wrapped(number: u8, content: &[u8]) -> Vec<u8> {
        element(Tag::context_constructed(number), &[content])
    }

    fn mask(digest: &[u8]) -> Vec<u8> {
        wrapped(1, &algorithm_identifier(oids::MGF1, &algorithm_identifier(digest, NULL)))
    }

    fn label(source: &[u8], label: &[u8]) -> Vec<u8> {
        wrapped(LABEL, &algorithm_identifier(source, &element(Tag::OCTET_STRING, &[label])))
    }

    /// What is read from a key whose algorithm identifier has `parameters`.
    fn read(parameters: &[u8]) -> Result<Option<OaepParameters>, Code> {
        let number = |octets: &[u8]| element(Tag::INTEGER, &[&[0], octets]);
        let key = element(Tag::SEQUENCE, &[&number(&[0xff; 256]), &number(&[1, 0, 1])]);
        let algorithm = algorithm_identifier(oids::RSAES_OAEP, parameters);
        let spki = element(Tag::SEQUENCE, &[&algorithm, &element(Tag::BIT_STRING, &[&[0], &key])]);
        match PublicKey::from_spki(&spki, &Limits::default()).map_err(|error| error.code())? {
            PublicKey::Rsa(key) => match key.scheme() {
                RsaScheme::Oaep(parameters) => Ok(parameters),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn sequence(parts: &[&[u8]]) -> Vec<u8> {
        element(Tag::SEQUENCE, parts)
    }

    #[test]
    fn parameters_of_a_key_are_kept_with_their_defaults() {
        use DigestAlgorithm::{Sha1, Sha256, Sha512};
        let sha256 = wrapped(0, &algorithm_identifier(oids::SHA_256, NULL));
        let both = |digest, mask_digest| Ok(Some(OaepParameters { digest, mask_digest }));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&sequence(&[])), both(Sha1, Sha1));
        assert_eq!(read(&sequence(&[&sha256])), both(Sha256, Sha1));
        assert_eq!(read(&sequence(&[&sha256, &mask(oids::SHA_512)])), both(Sha256, Sha512));
        assert_eq!(read(&sequence(&[&label(oids::P_SPECIFIED, b"")])), both(Sha1, Sha1));
    }

    #[test]
    fn a_label_or_a_digest_that_is_not_used_makes_the_key_unsupported() {
        let digest = |oid| sequence(&[&wrapped(0, &algorithm_identifier(oid, NULL))]);
        for parameters in [
            sequence(&[&label(oids::P_SPECIFIED, b"TCPA")]),
            sequence(&[&label(oids::MGF1, b"")]),
            digest(oids::MD5),
            digest(oids::MD2),
            digest(oids::SHA_224),
            digest(oids::P_256),
            sequence(&[&mask(oids::MD5)]),
            sequence(&[&wrapped(
                1,
                &algorithm_identifier(oids::P_SPECIFIED, &algorithm_identifier(oids::SHA_1, NULL)),
            )]),
        ] {
            assert_eq!(read(&parameters), Err(Code::KeyUnsupported), "{parameters:02x?}");
        }
    }

    #[test]
    fn malformed_parameters_make_the_key_malformed() {
        let sha256 = wrapped(0, &algorithm_identifier(oids::SHA_256, NULL));
        for parameters in [
            NULL.to_vec(),
            sequence(&[&mask(oids::SHA_256), &sha256]),
            sequence(&[&wrapped(0, &[])]),
            sequence(&[&wrapped(0, NULL)]),
            sequence(&[&wrapped(1, &algorithm_identifier(oids::MGF1, &[]))]),
            sequence(&[&wrapped(LABEL, &algorithm_identifier(oids::P_SPECIFIED, &[]))]),
            sequence(&[&sha256, &wrapped(3, NULL)]),
        ] {
            assert_eq!(read(&parameters), Err(Code::KeyMalformed), "{parameters:02x?}");
        }
    }
}
