use super::{ContentEncryption, KeyTransport};
use crate::der::{Document, Tag, oids};
use crate::error::Error;
use crate::verify::{Limits, OaepParameters};

/// What an SMIMECapabilities attribute names of what can be used here (RFC 8551 2.5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// Content encryptions, in the order of the list.
    pub(crate) content: Vec<ContentEncryption>,
    /// RSAES-OAEP with the parameters of its first mention (RFC 3560 5).
    pub(crate) oaep: Option<KeyTransport>,
}

/// Reads the list. A capability counts only in exactly its encoding, parameters included (RFC 8551 2.5.2: compared as a
/// whole; RFC 3565 4.1 and RFC 5084 have none); what is unknown is passed over. A list that cannot be read names nothing.
pub(crate) fn capabilities(der: &[u8], limits: &Limits) -> Named {
    read(der, limits).unwrap_or_default()
}

fn read(der: &[u8], limits: &Limits) -> Result<Named, Error> {
    let document = Document::new(der, limits);
    let mut list = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    let mut named = Named::default();
    while let Some(capability) = list.next()? {
        let mut fields = document.children(&capability.expect(Tag::SEQUENCE)?)?;
        let oid = fields.expect(Tag::OBJECT_IDENTIFIER)?.content();
        let parameters = fields.next()?;
        let content = ContentEncryption::ALL.iter().copied().find(|algorithm| algorithm.oid() == oid);
        match (content, parameters) {
            (Some(content), None) if !named.content.contains(&content) => named.content.push(content),
            (None, Some(parameters)) if oid == oids::RSAES_OAEP && named.oaep.is_none() => {
                let read = OaepParameters::read(&document, &parameters, limits);
                named.oaep = read.ok().map(KeyTransport::Oaep);
            }
            _ => {}
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::DigestAlgorithm;
    use postseal_testkit::factory::der::{null, oid, sequence, tlv};

    const AES_256_CBC: &str = "2.16.840.1.101.3.4.1.42";
    const AES_128_GCM: &str = "2.16.840.1.101.3.4.1.6";
    const OAEP: &str = "1.2.840.113549.1.1.7";

    fn named(list: &[Vec<u8>]) -> Named {
        capabilities(&sequence(&[&list.concat()]), &Limits::default())
    }

    #[test]
    fn what_is_known_is_named_in_order_and_once() {
        let list = [
            sequence(&[&oid(AES_128_GCM)]),
            sequence(&[&oid("1.2.840.113549.3.7")]),
            sequence(&[&oid(AES_256_CBC)]),
            sequence(&[&oid(AES_128_GCM)]),
        ];
        assert_eq!(named(&list).content, [ContentEncryption::Aes128Gcm, ContentEncryption::Aes256Cbc]);
    }

    #[test]
    fn another_encoding_is_another_capability() {
        assert_eq!(named(&[sequence(&[&oid(AES_256_CBC), &null()])]), Named::default());
        assert_eq!(named(&[sequence(&[&oid(OAEP)])]), Named::default());
    }

    #[test]
    fn oaep_is_named_with_its_parameters() {
        let sha256 = sequence(&[&oid("2.16.840.1.101.3.4.2.1"), &null()]);
        let mask = sequence(&[&oid("1.2.840.113549.1.1.8"), &sha256]);
        let parameters = sequence(&[&tlv(0xa0, &[&sha256]), &tlv(0xa1, &[&mask])]);
        for (parameters, digest) in [(sequence(&[]), DigestAlgorithm::Sha1), (parameters, DigestAlgorithm::Sha256)] {
            let expected = Some(KeyTransport::Oaep(OaepParameters::with(digest)));
            assert_eq!(named(&[sequence(&[&oid(OAEP), &parameters])]).oaep, expected);
        }
    }

    #[test]
    fn what_is_no_list_names_nothing() {
        for der in [&b""[..], b"\x30", b"\x30\x00\x00", b"\x31\x00", b"\x30\x02\x05\x00", b"\x30\x80\x00\x00"] {
            assert_eq!(capabilities(der, &Limits::default()), Named::default(), "{der:02x?}");
        }
    }
}
