//! The hostile mails whose fault lies in the CMS object, down to the code that refuses them.

use super::*;
use crate::mail::{self, Root, SignedContent};
use crate::verify::Sha1;
use std::path::Path;

const REFUSED: &[(&str, Code)] = &[
    ("asn1-constructed-octets", Code::Asn1TooDeep),
    ("asn1-empty", Code::DerTruncated),
    ("asn1-eoc-only", Code::DerTag),
    ("asn1-indef-primitive", Code::DerLength),
    ("asn1-int-1mb", Code::CmsMalformed),
    ("asn1-len-4g", Code::DerTruncated),
    ("asn1-len-nonminimal", Code::CmsNotSignedData),
    ("asn1-trunc-2", Code::DerTruncated),
    ("asn1-trunc-4", Code::DerTruncated),
    ("cms-attr-20000", Code::AttributesTooLarge),
    ("cms-attr-dup-signingtime", Code::AttributeRepeated),
    ("cms-attr-no-contenttype", Code::ContentTypeMissing),
    ("cms-attr-no-messagedigest", Code::MessageDigestMissing),
    ("cms-bad-signature", Code::SignatureInvalid),
    ("cms-c1-econtent-in-detached", Code::ContentTwice),
    ("cms-c1-econtent-same", Code::ContentTwice),
    ("cms-c2-both-good", Code::SignersMany),
    ("cms-c2-good-eve-bad-alice", Code::SignersMany),
    ("cms-c2-same-signer-two-digests", Code::SignersMany),
    ("cms-c3-no-signers", Code::CertsOnly),
    ("cms-c3-no-signers-no-certs", Code::CertsOnly),
    ("cms-econtenttype-tst", Code::ContentTypeMismatch),
    ("cms-empty-signature", Code::SignatureInvalid),
    ("cms-md5", Code::WeakDigest),
    ("cms-no-signedattrs", Code::SignedAttributesMissing),
    ("cms-sa-as-content-opaque", Code::ContentIsAttributes),
    ("cms-sha1", Code::WeakDigest),
    ("cms-signeddata-absent", Code::CmsMalformed),
    ("cms-trailing-garbage", Code::CmsTrailing),
    ("ekp-two-prefs", Code::AttributeRepeated),
];

const PASSED: &[&str] = &[
    "cms-digestalgs-empty",
    "cms-dup-issuer-serial",
    "cms-dup-issuer-serial-forged",
    "ekp-expired",
    "ekp-other-address",
    "ekp-other-ca",
];

/// Mail, structure, digest and signature of one mail of the attack corpus; certificates that cannot be read are left out.
fn outcome(case: &str) -> Result<(), Code> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/attacks/mail").join(format!("{case}.eml"));
    let mail = std::fs::read(file).unwrap();
    judge(&mail).map_err(|error| error.code())
}

fn judge(bytes: &[u8]) -> Result<(), Error> {
    let limits = Limits::default();
    let Root::Signed(entity) = mail::root(bytes, &limits)? else { panic!("not signed at all") };
    let document = Document::new(&entity.cms, &limits);
    let signed = SignedData::read(&document, &limits)?;
    let beside = match entity.content {
        SignedContent::Detached(bytes) => Some(bytes),
        SignedContent::Opaque => None,
    };
    let content = content(&document, &signed, beside);
    let signer = signed.only_signer(&content, &limits)?;
    signer.require_digests(Sha1::Refused)?;
    verify(&signed, signer, &content, AttributeOrder::Der, &limits)?;
    signer.signed_attributes.as_ref().unwrap().key_preference().map(|_| ())
}

// hardening: D6
#[test]
fn every_hostile_object_is_refused_with_its_own_code() {
    for (case, expected) in REFUSED {
        assert_eq!(outcome(case), Err(*expected), "{case}");
    }
}

#[test]
fn what_only_the_path_or_the_address_can_refuse_passes_here() {
    for case in PASSED {
        assert_eq!(outcome(case), Ok(()), "{case}");
    }
}

// hardening: D6
#[test]
fn every_case_about_the_object_is_in_one_of_the_tables() {
    let known: Vec<&str> = REFUSED.iter().map(|(case, _)| *case).chain(PASSED.iter().copied()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/attacks/mail");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let case = name.trim_end_matches(".eml");
        let about_the_object = ["cms-", "asn1-", "ekp-"].iter().any(|class| case.starts_with(class));
        assert_eq!(about_the_object, known.contains(&case), "{case}");
    }
}
