use super::Certificate;
use crate::der::writer::{element, object_identifier, set_of, small_integer};
use crate::der::{Tag, oids};

/// Certificates as a certs-only message (RFC 8551 3.8): a SignedData without content and without signers (RFC 5652 5.1), as files
/// `.p7c` hold it. In DER, each certificate once, in the order of DER (X.690 11.6).
///
/// ```
/// use postseal::cert::certs_only;
/// let empty = certs_only(&[]);
/// // SEQUENCE { signedData, [0] { SEQUENCE { 1, SET {}, SEQUENCE { data }, SET {} } } }
/// assert_eq!((empty.len(), &empty[..2]), (37, &[0x30, 0x23][..]));
/// ```
pub fn certs_only(certificates: &[&Certificate]) -> Vec<u8> {
    let mut encoded: Vec<&[u8]> = certificates.iter().map(|certificate| certificate.der()).collect();
    encoded.sort_unstable();
    encoded.dedup();
    // A bag without certificates is left out.
    let bag = match encoded.as_slice() {
        [] => Vec::new(),
        members => element(Tag::context_constructed(0), members),
    };
    let content = element(Tag::SEQUENCE, &[&object_identifier(oids::ID_DATA)]);
    let nobody = set_of(Vec::new());
    let signed = element(Tag::SEQUENCE, &[&small_integer(1), &nobody, &content, &bag, &nobody]);
    let inner = element(Tag::context_constructed(0), &[&signed]);
    element(Tag::SEQUENCE, &[&object_identifier(oids::ID_SIGNED_DATA), &inner])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Address;
    use crate::cert::TransientCert;
    use crate::verify::Limits;
    use postseal_testkit::factory::{Authority, CertSpec, Key};

    #[test]
    fn what_is_written_is_read_again_each_once() {
        let root = Authority::root("Root", Key::P256(1));
        let person = |key, serial| {
            let spec = CertSpec { serial, ..CertSpec::mailbox("alice@goal.example", Key::P256(key)) };
            Certificate::from_der(root.issue(&spec).der(), &Limits::default()).unwrap()
        };
        let (one, two) = (person(2, 2), person(3, 3));
        let message = certs_only(&[&one, &two, &one]);
        assert_eq!(message, certs_only(&[&two, &one]));
        let alice = Address::parse("alice@goal.example").unwrap();
        let read = TransientCert::from_cms(&message, &alice, &Limits::default()).unwrap();
        let mut read: Vec<Vec<u8>> =
            read.iter().map(|lent| lent.certificate(&Limits::default()).unwrap().der().to_vec()).collect();
        read.sort();
        let mut written = vec![one.der().to_vec(), two.der().to_vec()];
        written.sort();
        assert_eq!(read, written);
        assert!(TransientCert::from_cms(&certs_only(&[]), &alice, &Limits::default()).unwrap().is_empty());
    }
}
